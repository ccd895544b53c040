//! The interface's types as lines of the protocol.

use serde_json::value::RawValue;

use super::text;
use super::wire::{
    self, Entry, EntryKind, Is, Kind, Matched, Message, Outcome, Reply, Role, Snapshot, Text, View,
    Write,
};
use crate::{
    Answer, AppendReply, Applied, Body, Command, Effects, LogIndex, Membership, NodeId, Payload,
    Position, Term, Token, length,
};

/// The answer of a server to a step; `before` is its view before it. `message` encodes a message, with the write that
/// it waits for.
#[must_use]
pub fn answer<'a>(
    before: &crate::View,
    effects: &'a Effects,
    message: &mut dyn FnMut(&'a crate::Message, Option<Token>) -> Message<'a>,
) -> wire::Answer<'a> {
    let sends = effects.sends.iter().map(|sent| (sent, None));
    let held = effects.held.iter().map(|held| (&held.message, Some(held.after)));
    let passed = effects.passed.iter().chain([&effects.view]);
    let views = (!effects.passed.is_empty()).then(|| passed.map(view).collect());
    wire::Answer {
        view: (views.is_none() && effects.view != *before).then(|| view(&effects.view)),
        views,
        writes: some(effects.writes.iter().map(write)),
        messages: some(sends.chain(held).map(|(sent, after)| message(sent, after))),
        restored: effects.restored.is_some().then_some(true),
        applied: some(effects.applied.iter().map(applied)),
        answers: some(effects.answers.iter().map(|(request, answer)| reply(*request, answer))),
        matched: effects.matched.map(matched),
        refused: effects.refused.as_deref().map(|why| Text(why.into())),
        swallowed: effects.swallowed.as_deref().map(|what| Text(what.into())),
        ..wire::Answer::default()
    }
}

/// A list, if there is anything in it.
fn some<T>(items: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let items: Vec<T> = items.collect();
    (!items.is_empty()).then_some(items)
}

/// A message, with the data that its sender has it carry along.
#[must_use]
pub fn message<'a>(message: &'a crate::Message, own: Option<&'a RawValue>) -> Message<'a> {
    let said = body(&message.body);
    let (from, to, term) = (Some(message.from.0), Some(message.to.0), Some(message.term.0));
    Message { from, to, term, own, ..said }
}

fn body(body: &Body) -> Message<'_> {
    let bare = |kind| Message { kind: Some(kind), ..Message::default() };
    match body {
        Body::RequestVote { last, transfer } => {
            Message { transfer: Some(*transfer), ..candidate(Kind::RequestVote, *last) }
        }
        Body::PreVote { last } => candidate(Kind::PreVote, *last),
        Body::RequestVoteReply { granted } => {
            Message { vote_granted: Some(*granted), ..bare(Kind::RequestVoteReply) }
        }
        Body::PreVoteReply { granted } => {
            Message { vote_granted: Some(*granted), ..bare(Kind::PreVoteReply) }
        }
        Body::AppendEntries { prev, entries, commit, round } => Message {
            prev_log_index: Some(index_of(*prev)),
            prev_log_term: Some(term_of(*prev)),
            entries: Some(entries.iter().map(entry).collect()),
            leader_commit: Some(length(*commit)),
            round: Some(*round),
            ..bare(Kind::AppendEntries)
        },
        Body::AppendEntriesReply { reply, round } => {
            Message { round: Some(*round), ..append_reply(reply) }
        }
        Body::InstallSnapshot { chunk, round } => Message {
            last_included_index: Some(chunk.last.index.get()),
            last_included_term: Some(chunk.last.term.0),
            voters: Some(servers(&chunk.membership.voters)),
            old: Some(servers(&chunk.membership.outgoing)),
            learners: Some(servers(&chunk.membership.learners)),
            offset: Some(chunk.offset),
            size: Some(chunk.size),
            data: Some(Text(text::of_data(&chunk.data))),
            round: Some(*round),
            ..bare(Kind::InstallSnapshot)
        },
        Body::InstallSnapshotReply { last, received, round } => Message {
            last_included_index: Some(last.index.get()),
            last_included_term: Some(last.term.0),
            received: Some(*received),
            round: Some(*round),
            ..bare(Kind::InstallSnapshotReply)
        },
        Body::TimeoutNow => bare(Kind::TimeoutNow),
        Body::ReadIndex { request } => {
            Message { request: Some(wire::name(*request)), ..bare(Kind::ReadIndex) }
        }
        Body::ReadIndexReply { request, index } => Message {
            request: Some(wire::name(*request)),
            index: Some(index.get()),
            ..bare(Kind::ReadIndexReply)
        },
        Body::Other { what } => Message { what: Some(Text((&**what).into())), ..bare(Kind::Other) },
    }
}

fn candidate<'a>(kind: Kind, last: Option<Position>) -> Message<'a> {
    Message {
        kind: Some(kind),
        last_log_index: Some(index_of(last)),
        last_log_term: Some(term_of(last)),
        ..Message::default()
    }
}

fn append_reply<'a>(reply: &AppendReply) -> Message<'a> {
    let kind = Some(Kind::AppendEntriesReply);
    match reply {
        AppendReply::Success { matched } => Message {
            kind,
            success: Some(true),
            match_index: Some(length(*matched)),
            ..Message::default()
        },
        AppendReply::Refused { prev, conflict } => Message {
            kind,
            success: Some(false),
            prev_log_index: Some(length(*prev)),
            conflict_index: conflict.map(|conflict| conflict.first.get()),
            conflict_term: conflict.map(|conflict| conflict.term.map_or(0, |Term(term)| term)),
            ..Message::default()
        },
    }
}

/// An entry whose place shows its index.
#[must_use]
pub fn entry(entry: &crate::Entry) -> Entry<'_> {
    let said = match &entry.payload {
        Payload::Noop => of_kind(EntryKind::NoOp),
        Payload::Register => of_kind(EntryKind::Register),
        Payload::Command(bytes) => Entry { command: Some(command(bytes)), ..Entry::default() },
        Payload::Once(once) => Entry {
            session: Some(once.session.0),
            serial: Some(once.serial),
            command: Some(command(&once.command)),
            ..of_kind(EntryKind::Command)
        },
        Payload::Membership(membership) => Entry {
            voters: Some(servers(&membership.voters)),
            old: Some(servers(&membership.outgoing)),
            learners: Some(servers(&membership.learners)),
            ..of_kind(EntryKind::Configuration)
        },
    };
    Entry { term: Some(entry.term.0), ..said }
}

fn of_kind<'a>(kind: EntryKind) -> Entry<'a> {
    Entry { kind: Some(kind), ..Entry::default() }
}

/// An entry that was applied, with its outcome if that is not the plain one.
fn applied(applied: &Applied) -> Entry<'_> {
    let said = Entry { index: Some(applied.entry.index.get()), ..entry(&applied.entry) };
    if applied.outcome == plain_outcome(&applied.entry.payload) {
        return said;
    }
    let (outcome, session) = match applied.outcome {
        crate::Outcome::Nothing => (Outcome::Nothing, said.session),
        crate::Outcome::Executed => (Outcome::Executed, said.session),
        crate::Outcome::Repeated => (Outcome::Repeated, said.session),
        crate::Outcome::NoSession => (Outcome::NoSession, said.session),
        crate::Outcome::Registered(session) => (Outcome::Registered, Some(session.0)),
    };
    Entry { outcome: Some(outcome), session, ..said }
}

/// The outcome of an entry where none is given.
pub(super) fn plain_outcome(payload: &Payload) -> crate::Outcome {
    match payload {
        Payload::Command(_) | Payload::Once(_) => crate::Outcome::Executed,
        Payload::Noop | Payload::Membership(_) | Payload::Register => crate::Outcome::Nothing,
    }
}

/// A command in the form of a text.
#[must_use]
pub fn command(command: &Command) -> Text<'_> {
    Text(text::of_command(command))
}

/// Data of an implementation's own.
#[must_use]
pub fn blob(data: &[u8]) -> Text<'_> {
    Text(text::of_data(data))
}

/// A snapshot.
#[must_use]
pub fn snapshot(snapshot: &crate::Snapshot) -> Snapshot<'_> {
    let Membership { voters, outgoing, learners } = &*snapshot.membership;
    Snapshot {
        last_included_index: Some(snapshot.last.index.get()),
        last_included_term: Some(snapshot.last.term.0),
        voters: Some(servers(voters)),
        old: Some(servers(outgoing)),
        learners: Some(servers(learners)),
        data: Some(Text(text::of_data(&snapshot.data))),
    }
}

/// The numbers of servers.
#[must_use]
pub fn servers(servers: &[NodeId]) -> Vec<u32> {
    servers.iter().map(|server| server.0).collect()
}

fn write(write: &crate::Write) -> Write<'_> {
    Write {
        token: Some(write.token.0),
        current_term: write.hard_state.map(|state| state.term.0),
        voted_for: write.hard_state.map(|state| server(state.voted_for)),
        commit_index: write.commit.map(LogIndex::get),
        blob: write.blob.as_deref().map(blob),
        truncate: None,
        from: write.log.as_ref().map(|log| log.from.get()),
        entries: write.log.as_ref().map(|log| log.entries.iter().map(entry).collect()),
        snapshot: write.snapshot.as_deref().map(snapshot),
    }
}

pub(super) fn view(view: &crate::View) -> View {
    View {
        role: Some(match view.role {
            crate::Role::Follower => Role::Follower,
            crate::Role::Candidate => Role::Candidate,
            crate::Role::Leader => Role::Leader,
        }),
        current_term: Some(view.term.0),
        voted_for: view.voted_for.map(|server| Some(server.0)),
        commit_index: view.commit.map(LogIndex::get),
        last_applied: view.applied.map(LogIndex::get),
        leader: view.leader.map(|server| Some(server.0)),
        snapshot: view.snapshot.map(LogIndex::get),
        configuration: view.configuration.map(LogIndex::get),
        state: (view.state != 0).then_some(view.state),
    }
}

fn reply(request: crate::Request, answer: &Answer) -> Reply {
    let reply =
        |is| Reply { request: Some(wire::name(request.0)), is: Some(is), ..Reply::default() };
    let at = |is, index: LogIndex| Reply { index: Some(index.get()), ..reply(is) };
    match answer {
        Answer::Committed(index) => at(Is::Committed, *index),
        Answer::Registered(index, session) => {
            Reply { session: Some(session.0), ..at(Is::Registered, *index) }
        }
        Answer::NoSession(index) => at(Is::NoSession, *index),
        Answer::Read(index) => at(Is::Read, *index),
        Answer::Done => reply(Is::Done),
        Answer::Superseded => reply(Is::Superseded),
        Answer::Unknown => reply(Is::Unknown),
        Answer::NotLeader(leader) => {
            Reply { leader: leader.map(|server| server.0), ..reply(Is::NotLeader) }
        }
        Answer::Busy => reply(Is::Busy),
        Answer::Rejected => reply(Is::Rejected),
    }
}

fn matched((server, index): (NodeId, LogIndex)) -> Matched {
    Matched { server: Some(server.0), match_index: Some(index.get()) }
}

/// The number of a server; `None` is null.
#[must_use]
pub fn server(server: Option<NodeId>) -> Option<u32> {
    server.map(|server| server.0)
}

fn index_of(position: Option<Position>) -> u64 {
    length(position.map(|position| position.index))
}

fn term_of(position: Option<Position>) -> u64 {
    position.map_or(0, |position| position.term.0)
}
