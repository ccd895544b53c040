//! States of the cluster as lines of text, for readers and for other programs that explore the same model.

use std::fmt::Write;

use super::bounds::{Bounded, Used};
use super::frontier::{SERVERS, USED, Words};
use super::server::Servers;
use super::worker::Shared;
use crate::model::{AppendReply, Body, Message, length};

/// A state as one line: its servers in order, the messages in flight in the order of their text, and what was used up.
pub(super) fn line(shared: &Shared<'_>, servers: &Servers<'_>, words: &Words) -> String {
    let behind = SERVERS + shared.bounds.everyone() as usize;
    let mut line = String::new();
    for &state in &words[SERVERS..behind] {
        let text = servers.part(state).subject().and_then(crate::subject::Subject::describe);
        let view = servers.part(state).server().view();
        line += &text.unwrap_or_else(|| format!("{view:?}"));
        line += " | ";
    }
    let of = |number: &u32| text(&shared.tables.messages.get(*number).message);
    let mut messages: Vec<String> = words[behind..].iter().map(of).collect();
    messages.sort_unstable();
    line += &messages.join("; ");
    line += " |";
    for (what, name) in Bounded::ALL {
        let _ = write!(line, " {name}={}", Used(words[USED]).of(what));
    }
    line
}

/// A message in a few words.
fn text(message: &Message) -> String {
    let Message { from, to, term, body, .. } = message;
    let name = body.name();
    let mut text = format!("{from}>{to} term={term} {name}");
    let optional = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    let _ = match body {
        Body::RequestVote { last, transfer } => {
            let last = optional(last.map(|last| last.to_string()));
            write!(text, " last={last}{}", if *transfer { " transfer" } else { "" })
        }
        Body::PreVote { last } => {
            write!(text, " last={}", optional(last.map(|last| last.to_string())))
        }
        Body::RequestVoteReply { granted } | Body::PreVoteReply { granted } => {
            write!(text, " granted={granted}")
        }
        Body::AppendEntries { prev, entries, commit, round } => {
            let entries = entries.iter().map(|entry| format!("{}:{}", entry.term, entry.payload));
            let (prev, entries) = (prev.map(|prev| prev.to_string()), entries.collect::<Vec<_>>());
            let (prev, entries, commit) = (optional(prev), entries.join(" "), length(*commit));
            write!(text, " prev={prev} entries=[{entries}] commit={commit} round={round}")
        }
        Body::AppendEntriesReply { reply: AppendReply::Success { matched }, round } => {
            write!(text, " matched={} round={round}", length(*matched))
        }
        Body::AppendEntriesReply { reply: AppendReply::Refused { prev, conflict }, round } => {
            let conflict = conflict.map(|conflict| {
                let term = optional(conflict.term.map(|term| term.to_string()));
                format!("{}/{term}", conflict.first)
            });
            let prev = length(*prev);
            write!(text, " refused prev={prev} conflict={} round={round}", optional(conflict))
        }
        Body::InstallSnapshot { chunk, round } => {
            write!(text, " last={} offset={} round={round}", chunk.last, chunk.offset)
        }
        Body::InstallSnapshotReply { last, received, round } => {
            write!(text, " last={last} received={received} round={round}")
        }
        Body::TimeoutNow => Ok(()),
        Body::ReadIndex { request } => write!(text, " request={request}"),
        Body::ReadIndexReply { request, index } => write!(text, " request={request} index={index}"),
        Body::Other { what } => write!(text, " {what}"),
    };
    text
}
