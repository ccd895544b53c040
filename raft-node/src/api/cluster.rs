//! Handlers of the log and the cluster.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use raft_core::{Entry, LogIndex, NodeId, Payload, length};
use raft_host::{Reply, Request};
use serde::Deserialize;

use super::problem::{Kind, Problem};
use super::{App, ask, json};
use crate::config::Addresses;
use crate::machine::kv::Command;
use crate::server::{self, Ended, command_of};
use crate::types::{
    Changed, Health, Joiner, Log, LogEntry, Members, Peer, Server, Status, Transfer,
};

/// Entries of the log in one answer: those of a status, unless the client says how many, and at most.
const ENTRIES: (usize, usize, usize) = (10, 100, 1_000);
/// Characters of an entry's text, at most.
const TEXT: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    from: Option<u64>,
    limit: Option<usize>,
}

fn ended(_: Ended) -> Problem {
    Reply::Stopped.into()
}

pub(super) async fn log(
    State(app): State<App>,
    Query(part): Query<Part>,
) -> Result<Json<Log>, Problem> {
    let limit = part.limit.unwrap_or(ENTRIES.1);
    if limit == 0 || limit > ENTRIES.2 {
        return Err(Problem::malformed(format!("limit: expected 1 to {}", ENTRIES.2)));
    }
    let from = match part.from {
        None => None,
        Some(number) => Some(
            LogIndex::new(number)
                .ok_or_else(|| Problem::malformed("from: the first index is 1"))?,
        ),
    };
    let status = app.handle().status().await.map_err(ended)?;
    let entries = app.handle().log(from, limit).await.map_err(ended)?;
    let base = length(status.snapshot.map(|last| last.index));
    let entries = entries.iter().map(|entry| described(entry, status.commit)).collect();
    Ok(Json(Log { base, commit: status.commit, entries }))
}

/// An entry in words.
fn described(entry: &Entry, commit: u64) -> LogEntry {
    let (kind, text) = match &entry.payload {
        Payload::Noop => ("noop", String::new()),
        Payload::Register => ("register", "opens a session".to_string()),
        Payload::Membership(membership) => {
            let list = |servers: &[NodeId]| {
                let names: Vec<String> = servers.iter().map(NodeId::to_string).collect();
                names.join(" ")
            };
            let mut text = format!("voters {}", list(&membership.voters));
            if !membership.outgoing.is_empty() {
                text += &format!(", outgoing {}", list(&membership.outgoing));
            }
            if !membership.learners.is_empty() {
                text += &format!(", learners {}", list(&membership.learners));
            }
            ("membership", text)
        }
        Payload::Command(_) | Payload::Once(_) => ("command", command_text(entry)),
    };
    let text = text.chars().take(TEXT).collect();
    let (index, term) = (entry.index.get(), entry.term.0);
    LogEntry { index, term, kind: kind.to_string(), text, committed: index <= commit }
}

fn command_text(entry: &Entry) -> String {
    let Some(bytes) = command_of(entry) else { return "addresses of a server".to_string() };
    let text =
        |value: &[u8]| String::from_utf8_lossy(value).chars().take(TEXT / 2).collect::<String>();
    let or_none = |value: Option<&[u8]>| value.map_or("nothing".to_string(), text);
    match postcard::from_bytes(bytes) {
        Ok(Command::Put { key, value }) => format!("put {key} = {}", text(value)),
        Ok(Command::Delete { key }) => format!("delete {key}"),
        Ok(Command::Swap { key, expected, value }) => {
            format!("cas {key}: {} to {}", or_none(expected), or_none(value))
        }
        Err(_) => format!("{} bytes", bytes.len()),
    }
}

pub(super) async fn status(State(app): State<App>) -> Result<Json<Status>, Problem> {
    let status = app.handle().status().await.map_err(ended)?;
    let recent = app.handle().log(None, ENTRIES.0).await.map_err(ended)?;
    let mut servers = app.0.servers.clone();
    servers.extend(status.addresses.clone());
    let servers =
        servers.into_iter().map(|(id, Addresses { peer, api })| Server { id: id.0, peer, api });
    let peers = status.peers.iter().map(|peer| Peer {
        id: peer.id.0,
        matched: peer.matched,
        next: peer.next,
    });
    Ok(Json(Status {
        id: status.id.0,
        cluster: status.cluster,
        role: status.role.to_string(),
        term: status.term,
        voted_for: status.voted_for.map(|id| id.0),
        leader: status.leader.map(|id| id.0),
        commit: status.commit,
        applied: status.applied,
        last: length(status.last.map(|last| last.index)),
        snapshot: length(status.snapshot.map(|last| last.index)),
        members: members_of(&status),
        servers: servers.collect(),
        peers: peers.collect(),
        heard_ms: status.heard_ms,
        election_ms: status.election_ms,
        waiting: status.waiting as u64,
        healthy: healthy(&status),
        disk_full: status.full,
        recent: recent.iter().map(|entry| described(entry, status.commit)).collect(),
    }))
}

fn healthy(status: &server::Status) -> bool {
    status.leader.is_some() && !status.full && !status.loading
}

fn members_of(status: &server::Status) -> Members {
    let numbers = |servers: &[NodeId]| servers.iter().map(|id| id.0).collect();
    let membership = &status.membership;
    Members {
        voters: numbers(&membership.voters),
        learners: numbers(&membership.learners),
        outgoing: numbers(&membership.outgoing),
    }
}

pub(super) async fn health(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let status = app.handle().status().await.ok();
    let healthy = status.as_ref().is_some_and(healthy);
    let leader = status.and_then(|status| status.leader).map(|leader| leader.0);
    let code = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(Health { healthy, leader }))
}

pub(super) async fn members(State(app): State<App>) -> Result<Json<Members>, Problem> {
    let status = app.handle().status().await.map_err(ended)?;
    Ok(Json(members_of(&status)))
}

/// Changes to a complete new configuration.
pub(super) async fn set(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Changed>, Problem> {
    let members: Members = json(&body)?;
    if !members.outgoing.is_empty() {
        return Err(Problem::malformed("outgoing: it follows from the configuration before"));
    }
    let known = app.addresses().await;
    let all = members.voters.iter().chain(&members.learners);
    if let Some(unknown) = all.map(|id| NodeId(*id)).find(|id| !known.contains_key(id)) {
        let detail = format!("{unknown} has no address: add it with PUT /v1/members/{}", unknown.0);
        return Err(Problem::malformed(detail));
    }
    change(&app, &headers, members).await
}

/// Adds a server: first its address, so that all can reach it, then its membership.
pub(super) async fn add(
    State(app): State<App>,
    Path(id): Path<u32>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Changed>, Problem> {
    let Joiner { peer, api, learner } = json(&body)?;
    if id == 0 {
        return Err(Problem::malformed("the first server is 1"));
    }
    let addresses = Addresses { peer, api };
    addresses.check().map_err(|error| Problem::malformed(error.to_string()))?;
    for (other, held) in app.addresses().await {
        if other.0 != id && (held.peer == addresses.peer || held.api == addresses.api) {
            return Err(Problem::malformed(format!("{other} has that address")));
        }
    }
    let reply = app.handle().introduce(NodeId(id), &addresses).await;
    let Reply::Applied(..) = reply else { return Err(reply.into()) };
    let mut members = current(&app).await?;
    members.voters.retain(|voter| *voter != id);
    members.learners.retain(|learner| *learner != id);
    if learner {
        members.learners.push(id)
    } else {
        members.voters.push(id)
    }
    change(&app, &headers, members).await
}

pub(super) async fn remove(
    State(app): State<App>,
    Path(id): Path<u32>,
    headers: HeaderMap,
) -> Result<Json<Changed>, Problem> {
    let mut members = current(&app).await?;
    if !members.voters.contains(&id) && !members.learners.contains(&id) {
        let detail = format!("S{id} is not in the configuration");
        return Err(Problem::new(Kind::Conflict, detail));
    }
    members.voters.retain(|voter| *voter != id);
    members.learners.retain(|learner| *learner != id);
    change(&app, &headers, members).await
}

/// The configuration in force, of the leader: another server may not know it.
async fn current(app: &App) -> Result<Members, Problem> {
    let status = app.handle().status().await.map_err(ended)?;
    if status.role != "leader" {
        return Err(Reply::NotLeader { leader: status.leader }.into());
    }
    Ok(members_of(&status))
}

async fn change(
    app: &App,
    headers: &HeaderMap,
    members: Members,
) -> Result<Json<Changed>, Problem> {
    let ids = |servers: &[u32]| servers.iter().map(|id| NodeId(*id)).collect();
    let (voters, learners) = (ids(&members.voters), ids(&members.learners));
    match ask(app, headers, Request::ChangeMembership { voters, learners }).await? {
        Reply::Changed(index) => Ok(Json(Changed { index: Some(index.get()) })),
        Reply::Done => Ok(Json(Changed { index: None })),
        reply @ (Reply::Applied(..)
        | Reply::Registered(..)
        | Reply::NoSession(_)
        | Reply::Read(..)
        | Reply::Superseded
        | Reply::Unknown { .. }
        | Reply::NotLeader { .. }
        | Reply::Expired
        | Reply::Busy(_)
        | Reply::Rejected(_)
        | Reply::Stopped) => Err(reply.into()),
    }
}

pub(super) async fn transfer(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Changed>, Problem> {
    let Transfer { to } = json(&body)?;
    done(ask(&app, &headers, Request::TransferLeadership(NodeId(to))).await?)
}

pub(super) async fn snapshot(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Json<Changed>, Problem> {
    done(ask(&app, &headers, Request::Snapshot).await?)
}

fn done(reply: Reply) -> Result<Json<Changed>, Problem> {
    let Reply::Done = reply else { return Err(reply.into()) };
    Ok(Json(Changed { index: None }))
}
