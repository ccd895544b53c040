//! Errors as problem details (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use raft_core::{NodeId, Rejection};
use raft_host::{Busy, Reply};

use crate::types;

/// Kind of a problem: a word, its status, and a title.
macro_rules! kinds {
    ($($kind:ident $word:literal $status:ident $title:literal;)+) => {
        /// Kind of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $(#[doc = $title] $kind,)+
        }

        impl Kind {
            fn parts(self) -> (&'static str, StatusCode, &'static str) {
                match self {
                    $(Kind::$kind => ($word, StatusCode::$status, $title),)+
                }
            }
        }
    };
}

kinds! {
    Malformed "malformed" BAD_REQUEST "The request makes no sense";
    Unauthorized "unauthorized" UNAUTHORIZED "The bearer token is missing or wrong";
    NotFound "not-found" NOT_FOUND "There is no such key";
    NoResource "no-resource" NOT_FOUND "There is no such resource";
    Method "method-not-allowed" METHOD_NOT_ALLOWED "The resource does not have this method";
    TooLarge "too-large" PAYLOAD_TOO_LARGE "The body is too large";
    Conflict "conflict" CONFLICT "The change can't be made now";
    SessionGone "session-gone" GONE "The session has expired or was never opened";
    Forgotten "forgotten" GONE "Changes as old as that are not remembered any more";
    Mismatch "mismatch" PRECONDITION_FAILED "The key does not hold the expected value";
    NotLeader "not-leader" TEMPORARY_REDIRECT "Another server leads";
    NoLeader "no-leader" SERVICE_UNAVAILABLE "No leader is known";
    Busy "busy" SERVICE_UNAVAILABLE "Too much waits; try again later";
    Superseded "superseded" SERVICE_UNAVAILABLE "The command was not carried out; try again";
    Stopped "stopped" SERVICE_UNAVAILABLE "The server stops";
    Unknown "unknown-outcome" GATEWAY_TIMEOUT "The command may have been carried out, or may yet be";
    Expired "expired" GATEWAY_TIMEOUT "There was no answer in time; nothing was changed";
    DiskFull "disk-full" INSUFFICIENT_STORAGE "The disk is full";
    Internal "internal" INTERNAL_SERVER_ERROR "The server has a fault";
}

/// A problem to be answered with.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    leader: Option<NodeId>,
    actual: Option<types::Value>,
}

/// The leader that a response of the kind [`Kind::NotLeader`] tells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeaderElsewhere(pub(super) NodeId);

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Problem {
        Problem { kind, detail: detail.into(), leader: None, actual: None }
    }

    /// A request that makes no sense.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Problem {
        Problem::new(Kind::Malformed, detail)
    }

    /// A compare-and-swap that found another value.
    #[must_use]
    pub fn mismatch(actual: Option<&[u8]>) -> Problem {
        let detail = match actual {
            Some(_) => "the key holds another value",
            None => "the key is not there",
        };
        let mut problem = Problem::new(Kind::Mismatch, detail);
        problem.actual = Some(actual.map(types::Value::from).unwrap_or_default());
        problem
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    fn leader(kind: Kind, detail: &str, leader: Option<NodeId>) -> Problem {
        Problem { leader, ..Problem::new(kind, detail) }
    }
}

/// A reply of the host that is no success, as a problem. A success that is not what was asked for is a fault of the server.
impl From<Reply> for Problem {
    fn from(reply: Reply) -> Problem {
        match reply {
            Reply::NotLeader { leader: Some(leader) } => {
                Problem::leader(Kind::NotLeader, &format!("{leader} leads"), Some(leader))
            }
            Reply::NotLeader { leader: None } => {
                Problem::new(Kind::NoLeader, "an election may be under way")
            }
            Reply::Unknown { leader } => {
                let detail = "ask again with the same session and serial number to find out";
                Problem::leader(Kind::Unknown, detail, leader)
            }
            Reply::Superseded => {
                Problem::new(Kind::Superseded, "another entry was committed in its place")
            }
            Reply::Expired => Problem::new(Kind::Expired, "no majority answered in time"),
            Reply::NoSession(_) => Problem::new(Kind::SessionGone, "open another one"),
            Reply::Busy(Busy::DiskFull) => Problem::new(
                Kind::DiskFull,
                "reads are answered; writes will be when there is space",
            ),
            Reply::Busy(
                busy @ (Busy::Requests
                | Busy::Bytes
                | Busy::Uncommitted
                | Busy::Transferring(_)
                | Busy::Loading
                | Busy::Snapshotting),
            ) => Problem::new(Kind::Busy, busy.to_string()),
            Reply::Rejected(rejection) => {
                let kind = match rejection {
                    Rejection::NoVoters | Rejection::Duplicate(_) => Kind::Malformed,
                    Rejection::TooManyAtOnce
                    | Rejection::ChangePending
                    | Rejection::NothingCommitted
                    | Rejection::NotCaughtUp(_)
                    | Rejection::UnknownServer(_)
                    | Rejection::NotAVoter(_)
                    | Rejection::AlreadyLeads
                    | Rejection::TransferPending(_)
                    | Rejection::NotTransferred(_)
                    | Rejection::AlreadyCompacted(_)
                    | Rejection::NotApplied(_)
                    | Rejection::ConfigurationUnknown(_) => Kind::Conflict,
                };
                Problem::new(kind, rejection.to_string())
            }
            Reply::Stopped => Problem::new(Kind::Stopped, "ask another server"),
            Reply::Applied(..)
            | Reply::Registered(..)
            | Reply::Read(..)
            | Reply::Changed(_)
            | Reply::Done => Problem::new(Kind::Internal, "the answer is of another request"),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (word, status, title) = self.kind.parts();
        let body = types::Problem {
            kind: format!("urn:raft-node:{word}"),
            title: title.to_string(),
            status: status.as_u16(),
            detail: self.detail,
            leader: self.leader.map(|leader| leader.0),
            actual: self.actual,
        };
        let mut response = (status, Json(body)).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        match self.kind {
            Kind::NotLeader => {
                if let Some(leader) = self.leader {
                    response.extensions_mut().insert(LeaderElsewhere(leader));
                }
            }
            Kind::Unauthorized => {
                let bearer = HeaderValue::from_static("Bearer");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
            }
            Kind::NoLeader | Kind::Busy | Kind::Superseded | Kind::Stopped | Kind::DiskFull => {
                let second = HeaderValue::from_static("1");
                response.headers_mut().insert(header::RETRY_AFTER, second);
            }
            Kind::Malformed
            | Kind::NotFound
            | Kind::NoResource
            | Kind::Method
            | Kind::TooLarge
            | Kind::Conflict
            | Kind::SessionGone
            | Kind::Forgotten
            | Kind::Mismatch
            | Kind::Unknown
            | Kind::Expired
            | Kind::Internal => {}
        }
        response
    }
}
