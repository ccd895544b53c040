//! The HTTP API of a server: keys, the log, the cluster. Errors are problem details (RFC 9457).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use raft_core::NodeId;

use crate::config::{Addresses, Config, Follower};
use crate::machine::kv;
use crate::server::Handle;
use crate::types;

mod cluster;
mod keys;
mod metrics;
mod openapi;
mod problem;
mod relay;

pub use problem::{Kind, Problem};

/// Longest body of a request, in bytes: a value in base64, and what is around it.
const BODY: usize = 2 * kv::LONGEST_VALUE;

/// What the handlers share.
#[derive(Clone)]
struct App(Arc<Shared>);

struct Shared {
    handle: Handle,
    /// The addresses in the configuration file; those in the log count more.
    servers: BTreeMap<NodeId, Addresses>,
    follower: Follower,
    token: Option<String>,
    secure: bool,
    relay: relay::Relay,
    counts: Counts,
}

/// Requests that were answered, by the first digit of their status, and the microseconds that they took.
#[derive(Debug, Default)]
struct Counts {
    answered: [AtomicU64; 6],
    micros: AtomicU64,
}

/// The routes of a server.
pub fn router(config: &Config, handle: Handle) -> Router {
    let app = App(Arc::new(Shared {
        handle,
        servers: config.servers.clone(),
        follower: config.follower,
        token: config.token.clone(),
        secure: config.tls.api.is_some(),
        relay: relay::Relay::new(config),
        counts: Counts::default(),
    }));
    Router::new()
        .route("/v1/keys", get(keys::scan))
        .route("/v1/keys/{*key}", get(keys::get).put(keys::put).delete(keys::delete))
        .route("/v1/cas/{*key}", post(keys::swap))
        .route("/v1/watch", get(keys::watch))
        .route("/v1/sessions", post(keys::open))
        .route("/v1/log", get(cluster::log))
        .route("/v1/status", get(cluster::status))
        .route("/v1/members", get(cluster::members).put(cluster::set))
        .route("/v1/members/{id}", put(cluster::add).delete(cluster::remove))
        .route("/v1/transfer", post(cluster::transfer))
        .route("/v1/snapshot", post(cluster::snapshot))
        .route("/health", get(cluster::health))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi::openapi))
        .fallback(|| async {
            Problem::new(Kind::NoResource, "see /openapi.json for those there are")
        })
        .method_not_allowed_fallback(|| async {
            Problem::new(Kind::Method, "see /openapi.json for those that it has")
        })
        .layer(from_fn_with_state(app.clone(), relay::relay))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(app.clone(), admit))
        .with_state(app)
}

/// Around every request: checks the token, counts, and makes every error a problem.
async fn admit(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let open = ["/health", "/openapi.json"].contains(&request.uri().path());
    let response = if open || app.may(request.headers()) {
        problematic(next.run(request).await).await
    } else {
        let detail = "send the header `Authorization: Bearer TOKEN`";
        Problem::new(Kind::Unauthorized, detail).into_response()
    };
    let class = usize::from(response.status().as_u16() / 100).min(5);
    app.0.counts.answered[class].fetch_add(1, Ordering::Relaxed);
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    app.0.counts.micros.fetch_add(micros, Ordering::Relaxed);
    response
}

/// An error that the framework has found, such as a body that is no JSON, as a problem.
async fn problematic(response: Response) -> Response {
    let status = response.status();
    let typed = response.headers().get(header::CONTENT_TYPE);
    if !(status.is_client_error() || status.is_server_error())
        || typed.is_some_and(|typed| typed == "application/problem+json")
    {
        return response;
    }
    let text = to_bytes(response.into_body(), 4096).await.unwrap_or_default();
    let detail = String::from_utf8_lossy(&text).into_owned();
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
        StatusCode::NOT_FOUND => Kind::NoResource,
        status if status.is_client_error() => Kind::Malformed,
        _ => Kind::Internal,
    };
    Problem::new(kind, detail).into_response()
}

impl App {
    /// Returns whether a request shows the token, if one is needed. The comparison takes as long for any token of that length.
    fn may(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.0.token else { return true };
        let shown = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        let Some(shown) = shown.and_then(|shown| shown.strip_prefix(b"Bearer ")) else {
            return false;
        };
        let differences = shown.iter().zip(token.as_bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
        shown.len() == token.len() && differences == 0
    }

    fn handle(&self) -> &Handle {
        &self.0.handle
    }

    /// The addresses of all servers that are known: those in the log, and in the file.
    async fn addresses(&self) -> BTreeMap<NodeId, Addresses> {
        let mut addresses = self.0.servers.clone();
        if let Ok(status) = self.handle().status().await {
            addresses.extend(status.addresses);
        }
        addresses
    }
}

/// A header that is a number.
fn number(headers: &HeaderMap, name: &str) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    let wrong = || Problem::malformed(format!("header {name}: expected a number"));
    number.map(Some).ok_or_else(wrong)
}

/// The deadline that a client asks for.
fn deadline(headers: &HeaderMap) -> Result<Option<Duration>, Problem> {
    Ok(number(headers, types::TIMEOUT)?.map(Duration::from_millis))
}

/// Hands a request to the host, with the deadline of its headers.
async fn ask(
    app: &App,
    headers: &HeaderMap,
    request: raft_host::Request,
) -> Result<raft_host::Reply, Problem> {
    Ok(match deadline(headers)? {
        Some(deadline) => app.handle().request_within(request, deadline).await,
        None => app.handle().request(request).await,
    })
}

/// A JSON body.
fn json<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::malformed(format!("body: {error}")))
}

/// A response with the index after which it was given.
fn at(index: u64, mut response: Response<Body>) -> Response {
    response.headers_mut().insert(types::INDEX, HeaderValue::from(index));
    response
}
