//! Requests of clients and administrators, and the answers to them.

use std::collections::VecDeque;
use std::sync::Arc;

use raft::eraftpb::ConfChangeTransition;
use raft_sim::model::{Entries, Entry, LogIndex, NodeId, Payload, Term};
use raft_sim::subject::{Answer, Applied, Changes, Effects, Outcome, Request, Write};

use super::Server;
use crate::{configuration, entry, message};

/// The requests that wait for an answer.
#[derive(Default)]
pub(super) struct Requests {
    /// Requests that wait for an entry, by its index and term, in order.
    entries: VecDeque<((u64, u64), Request)>,
    /// Requests that wait for the end of joint consensus.
    change: Option<Request>,
    /// Requests that wait for another server to lead.
    transfer: Option<Request>,
    /// Reads that wait for an index, each with its number of ticks.
    reads: Vec<(Request, u32)>,
    /// Requests that wait for the state machine to reach an index.
    readable: Vec<(u64, Request)>,
}

impl Requests {
    fn wait_for(&mut self, position: (u64, u64), request: Request) {
        let place = self.entries.partition_point(|(other, _)| *other < position);
        self.entries.insert(place, (position, request));
    }

    /// Answers requests when the state machine has applied an entry.
    pub(super) fn applied(&mut self, applied: &Applied, effects: &mut Effects) {
        let Applied { entry, outcome } = applied;
        let position = (entry.index.get(), entry.term.0);
        let until = |((index, _), _): &mut ((u64, u64), Request)| *index <= position.0;
        while let Some((waits, request)) = self.entries.pop_front_if(until) {
            let joint =
                matches!(&entry.payload, Payload::Membership(to) if !to.outgoing.is_empty());
            if waits != position {
                effects.answers.push((request, Answer::Superseded));
            } else if joint {
                self.change = Some(request);
            } else {
                effects.answers.push((request, committed(entry.index, *outcome)));
            }
        }
        if let Payload::Membership(to) = &entry.payload
            && to.outgoing.is_empty()
            && let Some(request) = self.change.take()
        {
            effects.answers.push((request, Answer::Committed(entry.index)));
        }
    }

    /// Answers requests for entries that a snapshot stands for: it does not tell their outcome.
    pub(super) fn restored(&mut self, index: u64, effects: &mut Effects) {
        while let Some((_, request)) = self.entries.pop_front_if(|((at, _), _)| *at <= index) {
            effects.answers.push((request, Answer::Unknown));
        }
    }

    /// Lets a read be answered once the state machine has reached an index.
    pub(super) fn readable(&mut self, read: u64, index: u64) {
        let place = self.reads.iter().position(|(Request(other), _)| *other == read);
        if let Some(place) = place {
            let (request, _) = self.reads.remove(place);
            self.readable.push((index, request));
        }
    }

    /// Passes one tick. A read that is not answered in some time never will be: raft-rs forgets reads that come too
    /// early, and those that get lost on their way to the leader.
    pub(super) fn tick(&mut self, patience: u32, effects: &mut Effects) {
        self.reads.retain_mut(|(request, ticks)| {
            *ticks += 1;
            let waits = *ticks < patience;
            if !waits {
                effects.answers.push((*request, Answer::Busy));
            }
            waits
        });
    }
}

/// The answer to a client whose entry is committed.
fn committed(index: LogIndex, outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Registered(session) => Answer::Registered(index, session),
        Outcome::NoSession => Answer::NoSession(index),
        Outcome::Nothing | Outcome::Executed | Outcome::Repeated => Answer::Committed(index),
    }
}

impl Server {
    fn leader(&self) -> Option<NodeId> {
        let leader = self.node.raft.leader_id;
        (leader != 0 && !self.leads()).then(|| configuration::name(leader))
    }

    /// The answer to a client whose proposal can't be taken now, if so.
    fn refusal(&self) -> Option<Answer> {
        // raft-rs's followers would pass it on, and forget the client.
        if !self.leads() {
            return Some(Answer::NotLeader(self.leader()));
        }
        // The only voter leads before its term is on its disk. If that is lost, it leads the same term again.
        let early = self.is_careful() && self.pending(self.hard_state).is_some();
        early.then_some(Answer::Busy)
    }

    /// Puts a client's command, or session, into the log.
    pub(super) fn propose(&mut self, request: Request, payload: Payload, effects: &mut Effects) {
        if let Some(refusal) = self.refusal() {
            return effects.answers.push((request, refusal));
        }
        let (data, context) = entry::proposal(&payload);
        if self.node.propose(context, data).is_err() {
            return effects.answers.push((request, self.dropped()));
        }
        let (index, term) = self.appended(request);
        self.known = Some(Entries::from(Entry { index, term, payload }));
    }

    /// The answer to a proposal that was dropped.
    fn dropped(&self) -> Answer {
        match self.node.raft.lead_transferee {
            Some(_) => Answer::Busy,
            // A leader that is no member any more.
            None => Answer::NotLeader(None),
        }
    }

    /// The position of a proposed entry: the last of the log.
    fn appended(&mut self, request: Request) -> (LogIndex, Term) {
        let raft = &self.node.raft;
        let position = (raft.raft_log.last_index(), raft.term);
        self.requests.wait_for(position, request);
        (entry::index(position.0), Term(position.1))
    }

    /// Starts a read for a client.
    pub(super) fn read(&mut self, request: Request, effects: &mut Effects) {
        let Request(number) = request;
        if !self.leads() && self.leader().is_none() {
            return effects.answers.push((request, Answer::NotLeader(None)));
        }
        // raft-rs would drop it silently.
        if self.leads() && !self.node.raft.commit_to_current_term() {
            return effects.answers.push((request, Answer::Busy));
        }
        self.requests.reads.push((request, 0));
        self.node.read_index(message::context(number));
    }

    /// Starts a change of the configuration for an administrator.
    pub(super) fn change(
        &mut self,
        request: Request,
        voters: Vec<NodeId>,
        learners: Vec<NodeId>,
        effects: &mut Effects,
    ) {
        if let Some(refusal) = self.refusal() {
            return effects.answers.push((request, refusal));
        }
        let from = self.node.store().in_force().1.clone();
        let always = self.settings.changes == Changes::Joint;
        let transition =
            if always { ConfChangeTransition::Implicit } else { ConfChangeTransition::Auto };
        let change = configuration::change(&from, &voters, &learners, transition);
        let joint = change.enter_joint().is_some();
        // raft-rs would turn these into an entry without a meaning, or find the error only when it applies them.
        let impossible = self.node.raft.has_pending_conf()
            || !from.outgoing.is_empty()
            || (joint && self.settings.changes == Changes::Single);
        let next = configuration::next(&from, voters, learners, joint);
        let Some(next) = next.filter(|_| !impossible) else {
            return effects.answers.push((request, Answer::Rejected));
        };
        let context = configuration::context(&next);
        if self.node.propose_conf_change(context, change).is_err() {
            return effects.answers.push((request, self.dropped()));
        }
        self.appended(request);
    }

    /// Starts a transfer of leadership for an administrator.
    pub(super) fn transfer(&mut self, request: Request, to: NodeId, effects: &mut Effects) {
        if !self.leads() {
            return effects.answers.push((request, Answer::NotLeader(self.leader())));
        }
        if self.node.raft.lead_transferee.is_some() {
            return effects.answers.push((request, Answer::Rejected));
        }
        self.node.transfer_leader(u64::from(to.0));
        self.requests.transfer = Some(request);
    }

    /// Takes a snapshot of the state machine, in place of the log.
    pub(super) fn compact(&mut self, request: Request, effects: &mut Effects) {
        let store = self.node.store();
        let saved = store.saved().filter(|saved| saved.last.index.get() > store.base());
        // A server that was added, and has not applied the entry that says so, knows no configuration.
        let Some(saved) = saved.filter(|saved| !saved.membership.voters.is_empty()) else {
            return effects.answers.push((request, Answer::Rejected));
        };
        let saved = Arc::new(saved);
        self.node.mut_store().compact(saved.clone());
        let snapshot = Some(saved);
        self.submit(|token| Write { snapshot, ..Write::new(token) }, effects);
        effects.answers.push((request, Answer::Done));
    }

    /// After a step: answers requests whose outcome is known by now, or can't be any more.
    pub(super) fn follow_up(&mut self, effects: &mut Effects) {
        let leads = self.leads();
        let over = self.node.raft.lead_transferee.is_none();
        if let Some(request) = self.requests.transfer.take_if(|_| over) {
            let answer = if leads { Answer::Rejected } else { Answer::Done };
            effects.answers.push((request, answer));
        }
        if !leads && let Some(request) = self.requests.change.take() {
            effects.answers.push((request, Answer::Unknown));
        }
        let applied = self.node.store().applied();
        if let Some(index) = LogIndex::new(applied) {
            let ready = self.requests.readable.extract_if(.., |(needs, _)| *needs <= applied);
            effects.answers.extend(ready.map(|(_, request)| (request, Answer::Read(index))));
        }
    }
}
