//! Handlers of keys.

use std::collections::VecDeque;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use raft_core::{SessionId, length};
use raft_host::{Reply, Request};
use serde::Deserialize;

use super::problem::{Kind, Problem};
use super::{App, ask, at, json, number};
use crate::machine::kv::{self, Answer, Command, Outcome, encode};
use crate::machine::replicated;
use crate::types::{self, Item, Opened, Scan, Swap, Value, Written};

/// Items of a scan, unless the client says how many, and at most.
const ITEMS: (u32, u32) = (100, 10_000);
/// Changes that are sent at a time.
const CHANGES: u32 = 256;

/// How recent an answer must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Consistency {
    /// As recent as the question (§8, diss. §6.4).
    #[default]
    Linearizable,
    /// As recent as this server happens to be.
    Stale,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Read {
    #[serde(default)]
    consistency: Consistency,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    #[serde(default)]
    prefix: String,
    after: Option<String>,
    limit: Option<u32>,
    #[serde(default)]
    consistency: Consistency,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Watch {
    #[serde(default)]
    prefix: String,
    from: Option<u64>,
}

pub(super) async fn get(
    State(app): State<App>,
    Path(key): Path<String>,
    Query(read): Query<Read>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check(&key)?;
    let query = kv::Query::Get { key: &key };
    match query_of(&app, &headers, read.consistency, &query).await? {
        (index, Answer::Value(Some(item))) => {
            let mut response = Bytes::copy_from_slice(&item.value).into_response();
            let version = HeaderValue::from_str(&format!("\"{}\"", item.version));
            if let Ok(version) = version {
                response.headers_mut().insert(header::ETAG, version);
            }
            Ok(at(index, response))
        }
        (index, Answer::Value(None)) => {
            Ok(at(index, Problem::new(Kind::NotFound, format!("key {key:?}")).into_response()))
        }
        (_, answer) => Err(strange(&answer)),
    }
}

pub(super) async fn put(
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Written>, Problem> {
    check(&key)?;
    check_value(&body)?;
    written(execute(&app, &headers, &Command::Put { key: &key, value: &body }).await?)
}

pub(super) async fn delete(
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Written>, Problem> {
    check(&key)?;
    written(execute(&app, &headers, &Command::Delete { key: &key }).await?)
}

pub(super) async fn swap(
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Written>, Problem> {
    check(&key)?;
    let Swap { expected, value } = json(&body)?;
    let bytes = |name: &str, value: Option<Value>| {
        let wrong = |text: String| Problem::malformed(format!("{name}: {text}"));
        let Some(value) = value else { return Ok(None) };
        let bytes = value.bytes().map_err(|error| wrong(error.to_string()))?;
        bytes.map(Some).ok_or_else(|| wrong("needs `value` or `base64`".to_string()))
    };
    let (expected, value) = (bytes("expected", expected)?, bytes("value", value)?);
    check_value(value.as_deref().unwrap_or_default())?;
    let command =
        Command::Swap { key: &key, expected: expected.as_deref(), value: value.as_deref() };
    written(execute(&app, &headers, &command).await?)
}

pub(super) async fn scan(
    State(app): State<App>,
    Query(range): Query<Range>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = range.limit.unwrap_or(ITEMS.0);
    if limit == 0 || limit > ITEMS.1 {
        return Err(Problem::malformed(format!("limit: expected 1 to {}", ITEMS.1)));
    }
    let (prefix, after) = (&range.prefix, range.after.as_deref());
    let query = kv::Query::Scan { prefix, after, limit };
    match query_of(&app, &headers, range.consistency, &query).await? {
        (index, Answer::Items { items, more }) => {
            let items = items.into_iter().map(|(key, item)| Item {
                key,
                value: Value::from(&*item.value),
                version: item.version,
            });
            Ok(at(index, Json(Scan { items: items.collect(), more }).into_response()))
        }
        (_, answer) => Err(strange(&answer)),
    }
}

pub(super) async fn open(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Json<Opened>, Problem> {
    let reply = ask(&app, &headers, Request::Register).await?;
    let Reply::Registered(_, session) = reply else { return Err(reply.into()) };
    Ok(Json(Opened { session: session.0 }))
}

/// Lines of JSON, one for each change, without an end.
pub(super) async fn watch(
    State(app): State<App>,
    Query(watch): Query<Watch>,
) -> Result<Response, Problem> {
    let mut news = app.handle().news();
    let applied = length(news.borrow_and_update().applied);
    let from = watch.from.unwrap_or(applied + 1);
    // The first question tells whether the changes are still there.
    let (changes, next) = changes_from(&app, &watch.prefix, from).await?;
    let state = (app, watch.prefix, news, VecDeque::from(changes), next);
    let lines =
        stream::unfold(state, |(app, prefix, mut news, mut changes, mut next)| async move {
            while changes.is_empty() {
                if length(news.borrow_and_update().applied) >= next {
                    let (found, after) = changes_from(&app, &prefix, next).await.ok()?;
                    (changes, next) = (found.into(), after);
                } else {
                    // The server has stopped: so does the answer.
                    news.changed().await.ok()?;
                }
            }
            let mut lines = Vec::new();
            for change in changes.drain(..) {
                serde_json::to_writer(&mut lines, &change).ok()?;
                lines.push(b'\n');
            }
            let state = (app, prefix, news, changes, next);
            Some((std::io::Result::Ok(Bytes::from(lines)), state))
        });
    let json = [(header::CONTENT_TYPE, "application/jsonl")];
    Ok((json, Body::from_stream(lines)).into_response())
}

async fn changes_from(
    app: &App,
    prefix: &str,
    from: u64,
) -> Result<(Vec<types::Change>, u64), Problem> {
    let query = kv::Query::Changes { prefix, from, limit: CHANGES };
    match query_of(app, &HeaderMap::new(), Consistency::Stale, &query).await? {
        (_, Answer::Changes { changes, next }) => {
            let changes = changes.into_iter().map(|kv::Change { index, key, value }| {
                let value = value.map(|value| Value::from(&*value)).unwrap_or_default();
                types::Change { index, key, value }
            });
            Ok((changes.collect(), next))
        }
        (_, Answer::Forgotten { oldest }) => {
            let detail = format!("the first index to watch from is {oldest}");
            Err(Problem::new(Kind::Forgotten, detail))
        }
        (_, answer) => Err(strange(&answer)),
    }
}

/// Asks the state machine; gives the index after which it answered, too.
async fn query_of(
    app: &App,
    headers: &HeaderMap,
    consistency: Consistency,
    query: &kv::Query<'_>,
) -> Result<(u64, Answer), Problem> {
    let question = encode(query);
    let request = match consistency {
        Consistency::Linearizable => Request::Read(question),
        Consistency::Stale => Request::StaleRead(question),
    };
    let reply = ask(app, headers, request).await?;
    let Reply::Read(index, answer) = reply else { return Err(reply.into()) };
    Ok((length(index), postcard::from_bytes(&answer).unwrap_or(Answer::Malformed)))
}

/// Hands in a command, in the session that the headers name, if they name one.
async fn execute(
    app: &App,
    headers: &HeaderMap,
    command: &Command<'_>,
) -> Result<Outcome, Problem> {
    let command = replicated::command(&encode(command));
    let session = number(headers, types::SESSION)?;
    let serial = number(headers, types::SERIAL)?;
    let request = match (session, serial) {
        (Some(session), Some(serial)) => {
            Request::Once { session: SessionId(session), serial, command }
        }
        (None, None) => Request::Command(command),
        (Some(_), None) | (None, Some(_)) => {
            let (session, serial) = (types::SESSION, types::SERIAL);
            return Err(Problem::malformed(format!("{session} and {serial} go together")));
        }
    };
    let reply = ask(app, headers, request).await?;
    let Reply::Applied(_, outcome) = reply else { return Err(reply.into()) };
    let outcome = outcome.ok_or_else(|| {
        let detail = "a later command of this session was carried out, and this one before it";
        Problem::new(Kind::Conflict, detail)
    })?;
    Ok(postcard::from_bytes(&outcome).unwrap_or(Outcome::Malformed))
}

fn written(outcome: Outcome) -> Result<Json<Written>, Problem> {
    match outcome {
        Outcome::Done { index, existed } => Ok(Json(Written { index, existed })),
        Outcome::Mismatch { actual } => Err(Problem::mismatch(actual.as_deref())),
        Outcome::Malformed => {
            Err(Problem::new(Kind::Internal, "the state machine did not understand the command"))
        }
    }
}

fn strange(answer: &Answer) -> Problem {
    let detail = match answer {
        Answer::Malformed => "the state machine did not understand the question",
        Answer::Value(_)
        | Answer::Items { .. }
        | Answer::Changes { .. }
        | Answer::Forgotten { .. } => "the state machine answered another question",
    };
    Problem::new(Kind::Internal, detail)
}

fn check(key: &str) -> Result<(), Problem> {
    if key.len() > kv::LONGEST_KEY {
        return Err(Problem::malformed(format!("a key has at most {} bytes", kv::LONGEST_KEY)));
    }
    Ok(())
}

fn check_value(value: &[u8]) -> Result<(), Problem> {
    if value.len() > kv::LONGEST_VALUE {
        let detail = format!("a value has at most {} bytes", kv::LONGEST_VALUE);
        return Err(Problem::new(Kind::TooLarge, detail));
    }
    Ok(())
}
