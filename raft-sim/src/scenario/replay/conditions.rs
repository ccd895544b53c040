//! Conditions: what is true of the cluster now, in the terms of Figure 2.

use super::Replay;
use super::facts::{commit, durable, hard_state, role_word};
use super::logs::{carries, is_drawn, members, sorted};
use crate::model::{NodeId, length};
use crate::scenario::syntax::{Bound, Condition, Fact, Label, Number, Servers};
use crate::subject::Role;

impl Replay<'_> {
    /// True if a condition holds now.
    pub(super) fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Not(condition) => !self.holds(condition),
            Condition::Any(conditions) => conditions.iter().any(|one| self.holds(one)),
            Condition::Servers(servers, facts) => self.named(servers).is_some_and(|servers| {
                servers.iter().all(|&server| facts.iter().all(|fact| self.is_fact(server, fact)))
            }),
            Condition::ALeader => self.leaders().iter().any(|&(leader, term)| {
                self.leaders().iter().all(|&(other, theirs)| other == leader || theirs < term)
            }),
            Condition::NoLeader => self.leaders().is_empty(),
            Condition::OnMajority(label) => {
                self.leading_configuration().has_quorum(|server| self.has(server, label))
            }
            Condition::On(label, servers) => {
                self.world.ids().all(|server| self.has(server, label) == servers.contains(&server))
            }
            Condition::Committed(label) => {
                self.world.ids().any(|server| self.has_committed(server, label))
            }
            Condition::Answered(label, answer) => self.is_answered(label, *answer),
            Condition::Sees(read, labels) => {
                self.seen(read, labels).is_some_and(|seen| seen.len() == labels.len())
            }
            Condition::Misses(read, labels) => {
                self.seen(read, labels).is_some_and(|seen| seen.is_empty())
            }
            Condition::InFlight(selector) => self.is_in_flight(selector),
            Condition::Quiet => self.world.network().in_flight().is_empty(),
        }
    }

    /// The servers that a condition is about; `None` if it is about the leader and there is none.
    pub(super) fn named(&self, servers: &Servers) -> Option<Vec<NodeId>> {
        if servers.is_leader() {
            return self.world.leader().map(|leader| vec![leader]);
        }
        Some(servers.to_vec())
    }

    /// Live leaders and their terms.
    pub(super) fn leaders(&self) -> Vec<(NodeId, u64)> {
        let server = |id| self.world.server(id);
        let leads = |&id: &NodeId| server(id).is_up() && server(id).view().role == Role::Leader;
        self.world.ids().filter(leads).map(|id| (id, server(id).view().term.0)).collect()
    }

    pub(super) fn is_fact(&self, id: NodeId, fact: &Fact) -> bool {
        let server = self.world.server(id);
        match fact {
            Fact::Role(role) => server.is_up() && role_word(server.view().role) == *role,
            Fact::Up => server.is_up(),
            Fact::Down => !server.is_up(),
            Fact::Term(number) => is_number(hard_state(server).term.0, *number),
            Fact::TermAs(other) => {
                hard_state(server).term == hard_state(self.world.server(*other)).term
            }
            Fact::Vote(vote) => hard_state(server).voted_for == *vote,
            Fact::Log { entries, open } => is_drawn(&self.log(id), entries, *open),
            Fact::LogAs(other) => self.log(id) == self.log(*other),
            Fact::Holds(labels) => labels.iter().all(|label| self.has(id, label)),
            Fact::Lacks(labels) => labels.iter().all(|label| !self.has(id, label)),
            Fact::Commit(number) => is_number(commit(server), *number),
            Fact::Committed(labels) => labels.iter().all(|label| self.has_committed(id, label)),
            Fact::Reported => self.folds.record.reported(id),
            Fact::Applied(labels) => {
                let record = &self.folds.record;
                // Boxes drawn without a label have names that no label can have: they do not count.
                let named = record.executed(id).iter().filter(|name| !name.contains('/'));
                named.eq(labels.iter().map(|label| &label.0))
            }
            Fact::Members(servers) => members(&self.configuration(id)) == sorted(servers),
            Fact::Learners(servers) => self.configuration(id).learners == sorted(servers),
            Fact::Joint => self.configuration(id).is_joint(),
            Fact::Snapshot(number) => is_number(length(self.snapshot(id)), *number),
            Fact::Unsynced => server.is_up() && server.disk().is_dirty(),
            Fact::Durable(number) => is_number(durable(server), *number),
            Fact::Next(other, number) => {
                is_number(self.folds.record.progress(id, *other).next, *number)
            }
            Fact::Match(other, number) => {
                is_number(self.folds.record.progress(id, *other).matched, *number)
            }
        }
    }

    pub(super) fn has(&self, server: NodeId, label: &Label) -> bool {
        self.log(server).iter().any(|entry| carries(entry, label))
    }

    /// For each of these commands, whether a read was answered from a state that has it; `None` if it was not
    /// answered.
    pub(super) fn seen<'a>(&self, read: &Label, labels: &'a [Label]) -> Option<Vec<&'a Label>> {
        let index = self.read_at(read)?;
        let record = &self.folds.record;
        let executed: Vec<String> = record.executed_up_to(Some(index)).collect();
        Some(labels.iter().filter(|label| executed.contains(&label.0)).collect())
    }

    pub(super) fn has_committed(&self, id: NodeId, label: &Label) -> bool {
        let server = self.world.server(id);
        let log = self.log(id);
        log.iter().take(commit(server) as usize).any(|entry| carries(entry, label))
    }
}

fn is_number(value: u64, number: Number) -> bool {
    match number.bound {
        Bound::Exactly => value == number.value,
        Bound::AtLeast => value >= number.value,
        Bound::AtMost => value <= number.value,
    }
}
