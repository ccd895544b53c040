//! The words of a story: messages, entries, and what one step of a server came to. Pure text.

use crate::subject::{Answer, Effects, Event, LogWrite, Role, View, Write};
use crate::words::{
    AppendReply, Body, Entry, LogIndex, Message, NodeId, Payload, Position, Term, length,
};

/// More entries than this are told by the first, the last and their number.
const MOST_ENTRIES: usize = 4;
/// A command of more bytes than this is not shown.
const LONGEST_COMMAND: usize = 32;

/// What a message says, without its link: `AppendEntries term 3, prev 4/2, entries 5/3:x, commit 4`.
/// An entry is told as index/term.
pub(super) fn body(message: &Message) -> String {
    let term = message.term;
    match &message.body {
        Body::RequestVote { last } => {
            format!("RequestVote term {term}, last {}", position(*last))
        }
        Body::RequestVoteReply { granted: true } => {
            format!("RequestVoteReply term {term}, granted")
        }
        Body::RequestVoteReply { granted: false } => {
            format!("RequestVoteReply term {term}, refused")
        }
        Body::AppendEntries { prev, entries: new, commit } => format!(
            "AppendEntries term {term}, prev {}, entries {}, commit {}",
            position(*prev),
            entries(new),
            length(*commit)
        ),
        Body::AppendEntriesReply(AppendReply::Success { matched }) => {
            format!("AppendEntriesReply term {term}, success, match {}", length(*matched))
        }
        Body::AppendEntriesReply(AppendReply::Refused { prev, conflict }) => {
            let prev = length(*prev);
            let parts = match conflict {
                None => String::new(),
                Some(conflict) => match conflict.term {
                    Some(of) => format!(", first entry of term {of} is {}", conflict.first),
                    None => format!(", log ends at {}", length(conflict.first.before())),
                },
            };
            format!("AppendEntriesReply term {term}, refused, prev {prev}{parts}")
        }
    }
}

fn position(position: Option<Position>) -> String {
    position.map_or_else(|| "none".to_owned(), |position| position.to_string())
}

fn entries(entries: &[Entry]) -> String {
    match entries {
        [] => "none".to_owned(),
        [first, .., last] if entries.len() > MOST_ENTRIES => {
            format!("{} to {} ({})", entry(first), entry(last), entries.len())
        }
        _ => entries.iter().map(entry).collect::<Vec<_>>().join(" "),
    }
}

/// An entry as index/term, and its command if that can be read.
fn entry(entry: &Entry) -> String {
    let position = entry.position().to_string();
    match &entry.payload {
        Payload::Noop => position + ":no-op",
        Payload::Command(command) => match readable(command) {
            // A scenario's entry without a label carries its own position.
            Some(text) if text != position => format!("{position}:{text}"),
            Some(_) | None => position,
        },
    }
}

/// A command as text, if it is short and every byte of it is a printable ASCII character.
fn readable(command: &[u8]) -> Option<&str> {
    let shown =
        (1..=LONGEST_COMMAND).contains(&command.len()) && command.iter().all(u8::is_ascii_graphic);
    if shown { std::str::from_utf8(command).ok() } else { None }
}

/// What a server takes, as the beginning of a line; `None` for what only lets it go on.
pub(super) fn event(event: &Event, before: &View, effects: &Effects) -> Option<String> {
    let after = &effects.view;
    match event {
        Event::Tick => {
            let stands = after.role == Role::Candidate
                && (before.role, before.term) != (after.role, after.term);
            stands.then(|| "election timeout elapses".to_owned())
        }
        Event::Receive(message) => Some(body(message)),
        Event::Propose(_, command) => Some(match readable(command) {
            Some(text) => format!("a client proposes {text}"),
            None => "a client proposes a command".to_owned(),
        }),
        Event::Persisted(_) => None,
    }
}

/// How role and term changed, if they did (Figure 4).
pub(super) fn role(server: NodeId, before: &View, after: &View) -> Option<String> {
    let term = after.term;
    if before.role == after.role && before.term == term {
        return None;
    }
    Some(match (before.role, after.role) {
        (Role::Follower | Role::Candidate | Role::Leader, Role::Candidate) => {
            let vote = if after.voted_for == Some(server) { ", votes for itself" } else { "" };
            format!("becomes candidate in term {term}{vote}")
        }
        (Role::Follower | Role::Candidate | Role::Leader, Role::Leader) => {
            format!("becomes leader of term {term}")
        }
        (Role::Leader, Role::Follower) => format!("steps down: follower in term {term}"),
        (Role::Candidate, Role::Follower) => format!("returns to follower in term {term}"),
        (Role::Follower, Role::Follower) => format!("enters term {term}"),
    })
}

/// What came of a step, in order. `length` is how many entries the log had before.
pub(super) fn consequences(
    server: NodeId,
    before: &View,
    effects: &Effects,
    length: u64,
) -> Vec<String> {
    let after = &effects.view;
    let mut told = Vec::new();
    if let Some(why) = &effects.refused {
        told.push(format!("refuses it as impossible: {why}"));
    }
    told.extend(role(server, before, after));
    told.extend(allegiance(server, before, after));
    told.extend(refusals(effects));
    let mut length = length;
    for log in effects.writes.iter().filter_map(|write| write.log.as_ref()) {
        told.push(log_write(log, length));
        length = log.from.get() - 1 + log.entries.len() as u64;
    }
    told.extend(commit(before.commit, after.commit));
    if !effects.applied.is_empty() {
        told.push(format!("applies {}", entries(&effects.applied)));
    }
    told.extend(effects.answers.iter().map(|(_, given)| answer(*given)));
    told
}

/// Whom the server votes for and follows, where that changed.
fn allegiance(server: NodeId, before: &View, after: &View) -> Vec<String> {
    let mut told = Vec::new();
    let votes = (before.term, before.voted_for) != (after.term, after.voted_for);
    if let Some(candidate) = after.voted_for
        && votes
        && candidate != server
    {
        told.push(format!("grants its vote to {candidate} in term {}", after.term));
    }
    let follows = (before.term, before.leader) != (after.term, after.leader);
    if let Some(leader) = after.leader
        && follows
        && leader != server
    {
        told.push(format!("recognizes {leader} as leader of term {}", after.term));
    }
    told
}

/// What the server says no to.
fn refusals(effects: &Effects) -> impl Iterator<Item = String> {
    let held = effects.held.iter().map(|held| &held.message);
    effects.sends.iter().chain(held).filter_map(|Message { to, body, .. }| match body {
        Body::RequestVoteReply { granted: false } => Some(format!("does not vote for {to}")),
        Body::AppendEntriesReply(AppendReply::Refused { .. }) => {
            Some(format!("refuses entries of {to}"))
        }
        Body::RequestVote { .. }
        | Body::RequestVoteReply { granted: true }
        | Body::AppendEntries { .. }
        | Body::AppendEntriesReply(AppendReply::Success { .. }) => None,
    })
}

fn log_write(log: &LogWrite, length: u64) -> String {
    let from = log.from;
    match (from.get() <= length, log.entries.is_empty()) {
        (false, _) => format!("appends {}", entries(&log.entries)),
        (true, true) => format!("deletes its log from {from} on"),
        (true, false) => format!("replaces its log from {from} on by {}", entries(&log.entries)),
    }
}

/// How the commit index moved, if it did; 0 is none.
pub(super) fn commit(before: Option<LogIndex>, after: Option<LogIndex>) -> Option<String> {
    let [before, after] = [before, after].map(length);
    (before != after).then(|| format!("commit index {before} → {after}"))
}

fn answer(answer: Answer) -> String {
    match answer {
        Answer::Committed => "tells the client that it is committed".to_owned(),
        Answer::Superseded => "tells the client that it never will be committed".to_owned(),
        Answer::NotLeader(Some(leader)) => format!("refuses: the leader is {leader}"),
        Answer::NotLeader(None) => "refuses: knows no leader".to_owned(),
        Answer::Busy => "refuses: too many entries are uncommitted".to_owned(),
    }
}

/// What is on the disk now: `durable: term 3, vote S1, log 5/3:x`.
pub(super) fn durable(write: &Write) -> String {
    let mut parts = Vec::new();
    if let Some(state) = write.hard_state {
        let vote = vote(state.voted_for);
        parts.push(format!("term {}, vote {vote}", state.term));
    }
    if let Some(log) = &write.log {
        parts.push(if log.entries.is_empty() {
            format!("log without {} and what follows", log.from)
        } else {
            format!("log {}", entries(&log.entries))
        });
    }
    format!("durable: {}", parts.join(", "))
}

/// How a server comes up again.
pub(super) fn restart(view: &View) -> String {
    let Term(term) = view.term;
    format!(
        "restarts in term {term}, vote {}, last applied {}",
        vote(view.voted_for),
        length(view.applied)
    )
}

fn vote(vote: Option<NodeId>) -> String {
    vote.map_or_else(|| "none".to_owned(), |vote| vote.to_string())
}

/// How a server dies.
pub(super) fn crash(lost: usize) -> String {
    match lost {
        0 => "crashes".to_owned(),
        1 => "crashes, losing 1 write that was not durable".to_owned(),
        lost => format!("crashes, losing {lost} writes that were not durable"),
    }
}
