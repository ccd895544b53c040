//! Conditions: what is true of the cluster now, seen as Figure 2 sees it.

use std::fmt::Write as _;

use super::{Replay, messages};
use crate::cluster::Server;
use crate::scenario::syntax::{
    Answer as AnswerWord, Bound, Condition, DrawnEntry, Fact, Label, Number, RoleWord,
};
use crate::subject::{Answer, Role};
use crate::words::{Entry, HardState, NodeId, Payload, length};

impl Replay<'_> {
    /// Whether a condition holds now.
    pub(super) fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Not(condition) => !self.holds(condition),
            Condition::Servers(servers, facts) => {
                servers.iter().all(|&server| facts.iter().all(|fact| self.is_fact(server, fact)))
            }
            Condition::ALeader => self.leaders().iter().any(|&(leader, term)| {
                self.leaders().iter().all(|&(other, theirs)| other == leader || theirs < term)
            }),
            Condition::NoLeader => self.leaders().is_empty(),
            Condition::OnMajority(label) => {
                let holders = self.cluster.ids().filter(|&server| self.has(server, label)).count();
                holders > self.cluster.ids().count() / 2
            }
            Condition::On(label, servers) => self
                .cluster
                .ids()
                .all(|server| self.has(server, label) == servers.contains(&server)),
            Condition::Committed(label) => {
                self.cluster.ids().any(|server| self.has_committed(server, label))
            }
            Condition::Answered(label, answer) => self.is_answered(label, *answer),
            Condition::InFlight(selector) => self.is_in_flight(selector),
            Condition::Quiet => self.cluster.network.in_flight().is_empty(),
        }
    }

    /// Live leaders and their terms.
    fn leaders(&self) -> Vec<(NodeId, u64)> {
        let server = |id| self.cluster.server(id);
        let leads = |&id: &NodeId| server(id).is_up() && server(id).view().role == Role::Leader;
        self.cluster.ids().filter(leads).map(|id| (id, server(id).view().term.0)).collect()
    }

    fn is_fact(&self, id: NodeId, fact: &Fact) -> bool {
        let server = self.cluster.server(id);
        match fact {
            Fact::Role(role) => server.is_up() && role_word(server.view().role) == *role,
            Fact::Up => server.is_up(),
            Fact::Down => !server.is_up(),
            Fact::Term(number) => is_number(hard_state(server).term.0, *number),
            Fact::TermAs(other) => {
                hard_state(server).term == hard_state(self.cluster.server(*other)).term
            }
            Fact::Vote(vote) => hard_state(server).voted_for == *vote,
            Fact::Log { entries, open } => is_drawn(&server.disk().written_log(), entries, *open),
            Fact::LogAs(other) => {
                server.disk().written_log() == self.cluster.server(*other).disk().written_log()
            }
            Fact::Holds(labels) => labels.iter().all(|label| self.has(id, label)),
            Fact::Lacks(labels) => labels.iter().all(|label| !self.has(id, label)),
            Fact::Commit(number) => is_number(commit(server), *number),
            Fact::Committed(labels) => labels.iter().all(|label| self.has_committed(id, label)),
            Fact::Reported => self.known.borrow()[id.0 as usize - 1].reported,
            Fact::Applied(labels) => {
                let known = &self.known.borrow()[id.0 as usize - 1];
                // Boxes drawn without a label have names that no label can have: they do not count.
                let named =
                    known.applied.iter().map(|(_, name)| name).filter(|name| !name.contains('/'));
                named.eq(labels.iter().map(|label| &label.0))
            }
        }
    }

    fn has(&self, server: NodeId, label: &Label) -> bool {
        self.cluster.server(server).disk().written_log().iter().any(|entry| carries(entry, label))
    }

    fn has_committed(&self, id: NodeId, label: &Label) -> bool {
        let server = self.cluster.server(id);
        let log = server.disk().written_log();
        log.iter().take(commit(server) as usize).any(|entry| carries(entry, label))
    }

    fn is_answered(&self, label: &Label, expected: AnswerWord) -> bool {
        let Some((_, answer)) = self.requests.get(label) else {
            return false;
        };
        match answer {
            None => expected == AnswerWord::Pending,
            Some(Answer::Committed) => expected == AnswerWord::Acknowledged,
            Some(Answer::Superseded) => expected == AnswerWord::Failed,
            Some(Answer::NotLeader(_) | Answer::Busy) => expected == AnswerWord::Refused,
        }
    }

    /// What there is, for somebody whose expectation was not met: each server, and what is in flight.
    pub(super) fn situation(&self) -> String {
        let mut lines = String::from("there is:\n");
        for id in self.cluster.ids() {
            let server = self.cluster.server(id);
            let state = hard_state(server);
            let role = match server.view().role {
                _ if !server.is_up() => "down",
                Role::Follower => "follower",
                Role::Candidate => "candidate",
                Role::Leader => "leader",
            };
            let vote = state.voted_for.map_or("none".to_string(), |vote| vote.to_string());
            let log: Vec<String> = server.disk().written_log().iter().map(drawn).collect();
            let log = if log.is_empty() { "none".to_string() } else { log.join(" ") };
            let _ = writeln!(
                lines,
                "  {id}  {role:<9}  term {}  vote {vote}  commit {}  log {log}",
                state.term,
                commit(server),
            );
        }
        lines.push_str("in flight:\n");
        lines + &messages::list(&self.cluster.network.in_flight())
    }
}

/// currentTerm and votedFor: of a server that is down, what its disk has.
fn hard_state(server: &Server) -> HardState {
    if server.is_up() {
        HardState { term: server.view().term, voted_for: server.view().voted_for }
    } else {
        server.disk().hard_state()
    }
}

/// The commit index as a number. A server that is down has none.
fn commit(server: &Server) -> u64 {
    if server.is_up() { length(server.view().commit) } else { 0 }
}

fn role_word(role: Role) -> RoleWord {
    match role {
        Role::Follower => RoleWord::Follower,
        Role::Candidate => RoleWord::Candidate,
        Role::Leader => RoleWord::Leader,
    }
}

fn is_number(value: u64, number: Number) -> bool {
    match number.bound {
        Bound::Exactly => value == number.value,
        Bound::AtLeast => value >= number.value,
        Bound::AtMost => value <= number.value,
    }
}

fn is_drawn(log: &[Entry], boxes: &[DrawnEntry], open: bool) -> bool {
    let fits = if open { log.len() >= boxes.len() } else { log.len() == boxes.len() };
    fits && log.iter().zip(boxes).all(|(entry, drawn)| {
        entry.term == drawn.term && drawn.label.as_ref().is_none_or(|label| carries(entry, label))
    })
}

fn carries(entry: &Entry, label: &Label) -> bool {
    match &entry.payload {
        Payload::Command(command) => **command == *label.0.as_bytes(),
        Payload::Noop => false,
    }
}

/// An entry as a box of a drawn log: its term, and its command if it has a name.
fn drawn(entry: &Entry) -> String {
    match &entry.payload {
        Payload::Command(command) if !command.contains(&b'/') => {
            format!("{}:{}", entry.term, String::from_utf8_lossy(command))
        }
        Payload::Command(_) | Payload::Noop => entry.term.to_string(),
    }
}
