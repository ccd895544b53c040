//! The digest of a run: one number that stands for what every server did, said and wrote.

use crate::mix::{mix, mix_bytes, mix_lists, mix_pair};
use crate::model::{AppendReply, Body, LogIndex, Membership, Message, NodeId, Payload, length};
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Answer, Effects, Event, Request, View, Write};
use crate::time::Micros;

/// Digests the observations, equal for equal histories, and counts the steps.
#[derive(Clone, Copy, Debug)]
pub struct Digest {
    value: u64,
    steps: u64,
}

impl Digest {
    /// The digest of a run of this seed in which nothing has happened.
    #[must_use]
    pub fn new(seed: u64) -> Digest {
        Digest { value: mix(0, seed), steps: 0 }
    }

    /// The digest so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.value
    }

    /// The number of steps so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }
}

impl Observer for Digest {
    #[inline(always)]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        let digest = self.value;
        self.value = match observation {
            Observation::Step { server, event } => {
                self.steps += 1;
                mix_event(digest, at, *server, event)
            }
            Observation::Stepped { effects, changed, .. } if effects.ended.is_none() => {
                let digest = if *changed { mix_view(digest, &effects.view) } else { digest };
                let digest = effects.passed.iter().fold(digest, mix_view);
                effects.writes.iter().fold(digest, mix_write)
            }
            Observation::Answered { request, answer, .. } => mix_answer(digest, *request, answer),
            Observation::Sent { message } => mix_message(digest, message),
            Observation::Crashed { server, .. } => mix(mix(digest, 5), u64::from(server.0)),
            Observation::Wiped { server } => mix(mix(digest, 7), u64::from(server.0)),
            Observation::Booted { server, again, changed, .. } => {
                let digest = if *again { mix(mix(digest, 6), u64::from(server.0)) } else { digest };
                if *changed { mix(digest, 8) } else { digest }
            }
            Observation::Action { .. }
            | Observation::NotBooted { .. }
            | Observation::Stepped { .. }
            | Observation::Asked { .. }
            | Observation::Took { .. }
            | Observation::Durable { .. }
            | Observation::InFlight { .. }
            | Observation::Held { .. }
            | Observation::Delivered { .. }
            | Observation::Lost { .. }
            | Observation::Lies { .. }
            | Observation::FaultBegan { .. }
            | Observation::FaultEnded { .. }
            | Observation::Statement { .. } => digest,
        };
        Ok(())
    }
}

/// Mixes in an event, its server and its time.
#[inline]
fn mix_event(digest: u64, now: Micros, id: NodeId, event: &Event) -> u64 {
    let word = match event {
        Event::Tick => 1,
        Event::Receive(message) => 2 | (u64::from(message.from.0) << 8),
        Event::Propose(request, _) => 3 | (request.0 << 8),
        Event::Persisted(token) => 4 | (token.0 << 8),
        Event::Register(request) => 5 | (request.0 << 8),
        Event::ProposeOnce(request, _) => 6 | (request.0 << 8),
        Event::Read(request) => 7 | (request.0 << 8),
        Event::ChangeMembership(request, ..) => 8 | (request.0 << 8),
        Event::Transfer(request, _) => 9 | (request.0 << 8),
        Event::Compact(request) => 10 | (request.0 << 8),
        Event::Apply => 11,
    };
    let digest = mix_pair(digest, now, (u64::from(id.0) << 56) ^ word);
    if (6..=9).contains(&(word & 0xff)) { mix_request(digest, event) } else { digest }
}

/// Mixes in a request of a client or an administrator that is more than a command.
#[cold]
fn mix_request(digest: u64, event: &Event) -> u64 {
    match event {
        Event::ProposeOnce(_, once) => mix_pair(digest, once.session.0, once.serial),
        Event::ChangeMembership(_, voters, learners) => mix_lists(digest, [voters, learners]),
        Event::Transfer(_, to) => mix(digest, u64::from(to.0)),
        Event::Tick
        | Event::Receive(_)
        | Event::Propose(..)
        | Event::Persisted(_)
        | Event::Register(_)
        | Event::Read(_)
        | Event::Compact(_)
        | Event::Apply => digest,
    }
}

/// A step in two numbers: one for the event, its server and its time, one for the effects.
pub(crate) fn step_digests(
    now: Micros,
    id: NodeId,
    event: &Event,
    effects: &Effects,
) -> (u64, u64) {
    let mut happened = mix_event(0, now, id, event);
    if let Event::Receive(message) = event {
        happened = mix_message(happened, message);
    }
    let mut did = mix_view(0, &effects.view);
    did = effects.passed.iter().fold(did, mix_view);
    did = effects.writes.iter().fold(did, mix_write);
    did = effects.sends.iter().fold(did, mix_message);
    did = effects.held.iter().fold(did, |did, held| mix_message(did, &held.message));
    did = effects
        .answers
        .iter()
        .fold(did, |did, (request, answer)| mix_answer(did, *request, answer));
    (happened, did)
}

fn mix_view(digest: u64, view: &View) -> u64 {
    let server = |server: Option<NodeId>| server.map_or(0, |server| u64::from(server.0) + 1);
    let vote = server(view.voted_for) << 40;
    let state = view.term.0 ^ vote ^ (server(view.leader) << 50) ^ ((view.role as u64) << 60);
    let digest =
        mix_pair(digest, state, length(view.commit) ^ (length(view.applied) << 32) ^ view.state);
    match (view.snapshot, view.configuration) {
        (None, None) => digest,
        (snapshot, configuration) => mix_pair(digest, length(snapshot), length(configuration)),
    }
}

fn mix_answer(digest: u64, request: Request, answer: &Answer) -> u64 {
    let (kind, detail) = match answer {
        Answer::Committed(index) => (1, index.get()),
        Answer::Registered(index, session) => (2, index.get() ^ session.0.rotate_left(32)),
        Answer::NoSession(index) => (3, index.get()),
        Answer::Read(index) => (4, index.get()),
        Answer::Done => (5, 0),
        Answer::Superseded => (6, 0),
        Answer::Unknown => (7, 0),
        Answer::NotLeader(leader) => (8, leader.map_or(0, |leader| u64::from(leader.0) + 1)),
        Answer::Busy => (9, 0),
        Answer::Rejected => (10, 0),
    };
    mix_pair(digest, request.0 ^ (kind << 60), detail)
}

fn mix_write(digest: u64, write: &Write) -> u64 {
    let mut digest = mix(digest, write.token.0);
    if let Some(state) = write.hard_state {
        digest = mix(digest, state.term.0);
    }
    if let Some(commit) = write.commit {
        digest = mix(digest, commit.get());
    }
    if let Some(blob) = &write.blob {
        digest = mix_bytes(digest, blob);
    }
    if let Some(snapshot) = &write.snapshot {
        digest = mix_pair(digest, snapshot.last.index.get(), snapshot.last.term.0);
        digest = mix_bytes(mix_membership(digest, &snapshot.membership), &snapshot.data);
    }
    if let Some(log) = &write.log {
        digest = mix(digest, log.from.get());
        for entry in log.entries.iter() {
            digest = mix(digest, entry.term.0);
            digest = match &entry.payload {
                Payload::Noop => digest,
                Payload::Command(command) => mix_bytes(digest, command),
                Payload::Membership(membership) => mix_membership(digest, membership),
                Payload::Register => mix(digest, 1),
                Payload::Once(once) => {
                    mix_bytes(mix_pair(digest, once.session.0, once.serial), &once.command)
                }
            };
        }
    }
    digest
}

fn mix_membership(digest: u64, membership: &Membership) -> u64 {
    mix_lists(digest, [&membership.voters, &membership.outgoing, &membership.learners])
}

fn mix_message(digest: u64, message: &Message) -> u64 {
    let number = |index: Option<LogIndex>| length(index);
    let said = match &message.body {
        Body::RequestVote { last, transfer } => {
            1 ^ (number(last.map(|last| last.index)) << 8) ^ (u64::from(*transfer) << 60)
        }
        Body::PreVote { last } => 6 ^ (number(last.map(|last| last.index)) << 8),
        Body::PreVoteReply { granted } => 7 ^ (u64::from(*granted) << 8),
        Body::RequestVoteReply { granted } => 2 ^ (u64::from(*granted) << 8),
        Body::AppendEntries { prev, entries, commit, round } => {
            let prev = number(prev.map(|prev| prev.index));
            3 ^ (prev << 4)
                ^ ((entries.len() as u64) << 32)
                ^ (number(*commit) << 40)
                ^ round.rotate_left(52)
        }
        Body::AppendEntriesReply { reply: AppendReply::Success { matched }, round } => {
            4 ^ (number(*matched) << 8) ^ round.rotate_left(52)
        }
        Body::AppendEntriesReply { reply: AppendReply::Refused { prev, conflict }, round } => {
            let first = conflict.map_or(0, |conflict| conflict.first.get());
            5 ^ (number(*prev) << 8) ^ (first << 36) ^ round.rotate_left(52)
        }
        Body::InstallSnapshot { chunk, round } => {
            let part = (chunk.data.len() as u64).rotate_left(44) ^ chunk.size.rotate_left(20);
            8 ^ (chunk.last.index.get() << 8) ^ (chunk.offset << 32) ^ part ^ round.rotate_left(52)
        }
        Body::InstallSnapshotReply { last, received, round } => {
            9 ^ (last.index.get() << 8) ^ (received << 32) ^ round.rotate_left(52)
        }
        Body::TimeoutNow => 10,
        Body::ReadIndex { request } => 11 ^ (request << 8),
        Body::ReadIndexReply { request, index } => 12 ^ (request << 8) ^ (index.get() << 36),
        Body::Other { what } => mix_bytes(13, what.as_bytes()),
    };
    let link = u64::from(message.from.0) << 32 | u64::from(message.to.0);
    mix_pair(digest, said, message.term.0 ^ (link << 16))
}
