//! The phrases of a timeline: the event that a server takes, and the effects of a step. Text only.

use super::messages::{body, configuration, entries, readable};
use crate::disk::Torn;
use crate::model::{
    AppendReply, Body, Entry, LogIndex, Membership, Message, NodeId, Payload, Snapshot, length,
};
use crate::subject::{
    Answer, Applied, Effects, Event, LogWrite, Outcome, Role, Settings, View, Write,
};

/// The event that a server takes, as the beginning of a line; `None` for an event that only lets it continue.
pub(crate) fn event(event: &Event, before: &View, effects: &Effects) -> Option<String> {
    let after = &effects.view;
    match event {
        Event::Tick => {
            let stands = after.role == Role::Candidate
                && (before.role, before.term) != (after.role, after.term);
            (stands || asks(effects)).then(|| "election timeout elapses".to_owned())
        }
        Event::Receive(message) => Some(body(message)),
        Event::Propose(_, command) => Some(match readable(command) {
            Some(text) => format!("a client proposes {text}"),
            None => "a client proposes a command".to_owned(),
        }),
        Event::Register(_) => Some("a client opens a session".to_owned()),
        Event::ProposeOnce(_, once) => {
            let name = readable(&once.command).unwrap_or("a command");
            Some(format!(
                "a client proposes {name} (session {}, serial {})",
                once.session.0, once.serial
            ))
        }
        Event::Read(_) => Some("a client wants to read".to_owned()),
        Event::ChangeMembership(_, voters, learners) => {
            let wanted = Membership {
                voters: voters.clone(),
                outgoing: Vec::new(),
                learners: learners.clone(),
            };
            Some(format!("is asked for the configuration {}", configuration(&wanted)))
        }
        Event::Transfer(_, to) => Some(format!("is asked to hand leadership to {to}")),
        Event::Compact(_) => {
            let taken = effects.writes.iter().any(|write| write.snapshot.is_some());
            (!taken).then(|| "is asked for a snapshot".to_owned())
        }
        Event::Persisted(_) | Event::Apply => None,
    }
}

/// The change of role and term, if there was one (Figure 4).
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

/// The effects of a step, in order. `length` is the number of entries in the log before.
pub(crate) fn consequences(
    server: NodeId,
    event: &Event,
    before: &View,
    effects: &Effects,
    length: u64,
) -> Vec<String> {
    let after = &effects.view;
    let mut phrases = Vec::new();
    if let Some(why) = &effects.refused {
        phrases.push(format!("refuses it: {why}"));
    }
    phrases.extend(role(server, before, after));
    phrases.extend(allegiance(server, before, after));
    if asks(effects) {
        phrases.push(format!("asks who would vote for it in term {}", after.term.next()));
    }
    phrases.extend(messages(effects).filter_map(reply));
    phrases.extend(stored(effects, length));
    phrases.extend(commit(before.commit, after.commit));
    phrases.extend(applied(effects));
    let at_once = event.request();
    let answers = effects.answers.iter();
    phrases.extend(answers.filter_map(|(request, given)| match at_once == Some(*request) {
        true => answer_at_once(event, *given),
        false => Some(answer(*given)),
    }));
    phrases
}

/// The messages of a step, sent at once or after a write.
fn messages(effects: &Effects) -> impl Iterator<Item = &Message> {
    effects.sends.iter().chain(effects.held.iter().map(|held| &held.message))
}

/// True if a step sends pre-vote requests.
fn asks(effects: &Effects) -> bool {
    messages(effects).any(|message| matches!(message.body, Body::PreVote { .. }))
}

/// The vote of the server, and the leader that it follows, if they changed.
fn allegiance(server: NodeId, before: &View, after: &View) -> Vec<String> {
    let mut phrases = Vec::new();
    let votes = (before.term, before.voted_for) != (after.term, after.voted_for);
    if let Some(candidate) = after.voted_for
        && votes
        && candidate != server
    {
        phrases.push(format!("grants its vote to {candidate} in term {}", after.term));
    }
    let follows = (before.term, before.leader) != (after.term, after.leader);
    if let Some(leader) = after.leader
        && follows
        && leader != server
    {
        phrases.push(format!("recognizes {leader} as leader of term {}", after.term));
    }
    phrases
}

/// The content of a reply that no state shows: a refusal, or an intention.
fn reply(Message { to, body, .. }: &Message) -> Option<String> {
    match body {
        Body::RequestVoteReply { granted: false } => Some(format!("does not vote for {to}")),
        Body::PreVoteReply { granted: false } => Some(format!("would not vote for {to}")),
        Body::PreVoteReply { granted: true } => Some(format!("would vote for {to}")),
        Body::AppendEntriesReply { reply: AppendReply::Refused { .. }, .. } => {
            Some(format!("refuses entries of {to}"))
        }
        Body::RequestVote { .. }
        | Body::RequestVoteReply { granted: true }
        | Body::PreVote { .. }
        | Body::AppendEntries { .. }
        | Body::AppendEntriesReply { reply: AppendReply::Success { .. }, .. }
        | Body::InstallSnapshot { .. }
        | Body::InstallSnapshotReply { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => None,
    }
}

/// The changes of snapshot and log.
fn stored(effects: &Effects, mut length: u64) -> Vec<String> {
    let mut phrases: Vec<String> = install(effects).into_iter().collect();
    for Write { snapshot, log, .. } in &effects.writes {
        if let Some(snapshot) = snapshot
            && effects.restored.is_none()
        {
            let last = snapshot.last;
            phrases.push(format!("takes a snapshot up to {last}, in place of its log up to there"));
        }
        if let Some(log) = log {
            phrases.extend(log_write(log, length));
            length = log.from.get() - 1 + log.entries.len() as u64;
        }
    }
    phrases
}

/// The replacement of the state machine's state, if there was one.
fn install(effects: &Effects) -> Option<String> {
    let Snapshot { last, membership, .. } = &**effects.restored.as_ref()?;
    let configuration = configuration(membership);
    Some(format!("installs the snapshot up to {last} with configuration {configuration}"))
}

fn log_write(log: &LogWrite, length: u64) -> Option<String> {
    let from = log.from;
    match (from.get() <= length, log.entries.is_empty()) {
        // A snapshot has replaced all of it.
        (false, true) => None,
        (false, false) => Some(format!("appends {}", entries(&log.entries))),
        (true, true) => Some(format!("deletes its log from {from} on")),
        (true, false) => {
            Some(format!("replaces its log from {from} on by {}", entries(&log.entries)))
        }
    }
}

/// The milestones beside roles and commitment: a leader's new configuration, an installed snapshot.
pub(super) fn milestones(effects: &Effects) -> Vec<String> {
    let mut phrases: Vec<String> = install(effects).into_iter().collect();
    if effects.view.role == Role::Leader {
        let logs = effects.writes.iter().filter_map(|write| write.log.as_ref());
        phrases.extend(logs.flat_map(|log| log.entries.iter()).filter_map(|entry| {
            match &entry.payload {
                Payload::Membership(membership) => {
                    Some(format!("appends the configuration {}", configuration(membership)))
                }
                Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_) => None,
            }
        }));
    }
    phrases
}

/// The change of the commit index, if there was one; 0 is none.
pub(super) fn commit(before: Option<LogIndex>, after: Option<LogIndex>) -> Option<String> {
    let [before, after] = [before, after].map(length);
    (before != after).then(|| format!("commit index {before} → {after}"))
}

/// The entries that the state machine applied, and those of them that it did not execute.
fn applied(effects: &Effects) -> Vec<String> {
    let mut phrases = Vec::new();
    if !effects.applied.is_empty() {
        let applied: Vec<Entry> =
            effects.applied.iter().map(|applied| applied.entry.clone()).collect();
        phrases.push(format!("applies {}", entries(&applied)));
    }
    phrases.extend(effects.applied.iter().filter_map(|Applied { entry, outcome }| match outcome {
        Outcome::Repeated => Some(format!("does not execute {} again", entry.position())),
        Outcome::NoSession => Some(format!("does not execute {}: no session", entry.position())),
        Outcome::Nothing | Outcome::Executed | Outcome::Registered(_) => None,
    }));
    phrases
}

/// An answer that comes with the request itself.
fn answer_at_once(event: &Event, given: Answer) -> Option<String> {
    match given {
        Answer::NotLeader(Some(leader)) => Some(format!("refuses: the leader is {leader}")),
        Answer::NotLeader(None) => Some("refuses: knows no leader".to_owned()),
        Answer::Rejected => Some("refuses: invalid, or not possible now".to_owned()),
        // The snapshot has its own phrase.
        Answer::Done if matches!(event, Event::Compact(_)) => None,
        Answer::Committed(_)
        | Answer::Registered(..)
        | Answer::NoSession(_)
        | Answer::Read(_)
        | Answer::Done
        | Answer::Superseded
        | Answer::Unknown
        | Answer::Busy => Some(answer(given)),
    }
}

/// The answer that a client or an administrator gets.
pub(crate) fn answer(answer: Answer) -> String {
    match answer {
        Answer::Committed(_) => "tells the client that it is committed".to_owned(),
        Answer::Registered(_, session) => {
            format!("tells the client that it has session {}", session.0)
        }
        Answer::NoSession(_) => "tells the client that its session is gone".to_owned(),
        Answer::Read(index) => format!("answers a read from the state after entry {index}"),
        Answer::Done => "tells the administrator that it is done".to_owned(),
        Answer::Unknown => "tells the client that it does not know the outcome".to_owned(),
        Answer::Rejected => "tells the administrator that it gave up".to_owned(),
        Answer::Superseded => "tells the client that it never will be committed".to_owned(),
        Answer::NotLeader(Some(leader)) => format!("tells the client that {leader} leads"),
        Answer::NotLeader(None) => "tells the client that it does not lead".to_owned(),
        Answer::Busy => "refuses: not now".to_owned(),
    }
}

/// The content that is durable now: `durable: term 3, vote S1, log 5/3:x`.
pub(crate) fn durable(write: &Write) -> String {
    let mut parts = Vec::new();
    if let Some(state) = write.hard_state {
        let vote = vote(state.voted_for);
        parts.push(format!("term {}, vote {vote}", state.term));
    }
    if let Some(snapshot) = &write.snapshot {
        parts.push(format!("snapshot up to {}", snapshot.last));
    }
    if let Some(log) = &write.log {
        parts.push(if log.entries.is_empty() {
            format!("log without {} and what follows", log.from)
        } else {
            format!("log {}", entries(&log.entries))
        });
    }
    if parts.is_empty() {
        return "durable: neither term and vote nor entries of the write".to_owned();
    }
    format!("durable: {}", parts.join(", "))
}

/// A restart of a server.
pub(crate) fn restart(view: &View, settings: Option<&Settings>) -> String {
    let View { term, voted_for, snapshot, applied, .. } = view;
    let snapshot = snapshot.map(|last| format!(", snapshot up to {last}")).unwrap_or_default();
    let (vote, applied) = (vote(*voted_for), length(*applied));
    let settings = settings.map_or("", |_| ", with changed settings");
    format!("restarts in term {term}, vote {vote}{snapshot}, last applied {applied}{settings}")
}

fn vote(vote: Option<NodeId>) -> String {
    vote.map_or_else(|| "none".to_owned(), |vote| vote.to_string())
}

/// A crash of a server.
pub(crate) fn crash(lost: usize, torn: Option<Torn>) -> String {
    let crash = match lost {
        0 => "crashes".to_owned(),
        1 => "crashes, losing 1 write that was not durable".to_owned(),
        lost => format!("crashes, losing {lost} writes that were not durable"),
    };
    match torn {
        None => crash,
        Some(Torn::Snapshot) => {
            format!("{crash}; of the oldest, which has a snapshot, term and vote survive")
        }
        Some(Torn::Entries(0)) => format!("{crash}; all but the entries of the oldest survives"),
        Some(Torn::Entries(1)) => {
            format!("{crash}; of the entries of the oldest the first survives")
        }
        Some(Torn::Entries(entries)) => {
            format!("{crash}; of the entries of the oldest the first {entries} survive")
        }
    }
}

/// The wipe of a disk.
pub(crate) const WIPED: &str = "loses all that was on its disk";

/// The beginning or end of a disk's lie.
pub(crate) fn lie(lies: bool) -> &'static str {
    if lies {
        "its disk lies from here on: a crash loses what it reports as durable"
    } else {
        "its disk lies no longer: what it reported as durable is durable"
    }
}
