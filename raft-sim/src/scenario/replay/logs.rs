//! Logs as a whole, what a snapshot stands for included, and the configuration in force.

use std::fmt::Write as _;
use std::sync::Arc;

use super::facts::{commit, hard_state, role_word};
use super::start::{command_in, first_configuration};
use super::{Replay, messages};
use crate::model::{Entry, HardState, LogIndex, Membership, NodeId, Payload};
use crate::scenario::syntax::{Bound, DrawnEntry, Fact, Label, Number};

impl Replay<'_> {
    /// A server's whole log: the entries that its snapshot stands for, as a state machine applied them, and
    /// those behind it, durable or not.
    pub(super) fn log(&self, server: NodeId) -> Vec<Entry> {
        let record = &self.folds.record;
        let mut log: Vec<Entry> = record.entries(self.snapshot(server)).cloned().collect();
        log.extend(self.world.server(server).disk().written_log());
        log
    }

    /// The last entry that a server's snapshot stands for.
    pub(super) fn snapshot(&self, server: NodeId) -> Option<LogIndex> {
        let snapshot = self.world.server(server).disk().written_snapshot();
        snapshot.map(|snapshot| snapshot.last.index)
    }

    /// The configuration in force on a server: the latest in its log, committed or not (§6), or the latest that it
    /// has applied; or that of its snapshot, or the first.
    pub(super) fn configuration(&self, server: NodeId) -> Arc<Membership> {
        let disk = self.world.server(server).disk();
        let until = self.world.configured_up_to(server);
        let log =
            disk.written_log().into_iter().rev().skip_while(|entry| entry.index.get() > until);
        let logged = log.into_iter().find_map(|entry| match entry.payload {
            Payload::Membership(membership) => Some(membership),
            Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_) => None,
        });
        let snapshot = || disk.written_snapshot().map(|snapshot| snapshot.membership.clone());
        logged.or_else(snapshot).unwrap_or_else(|| self.first_configuration(server))
    }

    /// The configuration that a server boots with for the first time: none if it is outside.
    fn first_configuration(&self, server: NodeId) -> Arc<Membership> {
        let header = &self.scenario.header;
        if header.outside.contains(&server) {
            return Arc::default();
        }
        Arc::new(Membership { voters: first_configuration(header), ..Membership::default() })
    }

    /// The configuration in force at the live leader of the highest term, or the first.
    pub(super) fn leading_configuration(&self) -> Arc<Membership> {
        let outside = &self.scenario.header.outside;
        let member = self.world.ids().find(|server| !outside.contains(server));
        match (self.world.leader(), member) {
            (Some(leader), _) => self.configuration(leader),
            (None, Some(member)) => self.first_configuration(member),
            (None, None) => Arc::default(),
        }
    }

    /// The state of each server and the messages in flight, for the report of an expectation that was not met.
    pub(super) fn situation(&self) -> String {
        let mut lines = String::from("there is:\n");
        for id in self.world.ids() {
            let server = self.world.server(id);
            let role =
                if server.is_up() { Fact::Role(role_word(server.view().role)) } else { Fact::Down };
            let _ = write!(lines, "  {id}  {:<9}", role.to_string());
            for fact in self.facts(id) {
                let _ = write!(lines, "  {fact}");
            }
            lines.push('\n');
        }
        lines.push_str("in flight:\n");
        lines + &messages::list(&self.world.network().in_flight())
    }

    /// The facts about a server beside its role: its snapshot only if it has one, and its configuration only if it
    /// differs from the first one.
    fn facts(&self, id: NodeId) -> Vec<Fact> {
        let server = self.world.server(id);
        let HardState { term, voted_for } = hard_state(server);
        let number = |value| Number { value, bound: Bound::Exactly };
        let mut facts = vec![
            Fact::Term(number(term.0)),
            Fact::Vote(voted_for),
            Fact::Commit(number(commit(server))),
        ];
        facts.extend(self.snapshot(id).map(|index| Fact::Snapshot(number(index.get()))));
        let configuration = self.configuration(id);
        let Membership { voters, outgoing, learners } = &*configuration;
        if *voters != first_configuration(&self.scenario.header) || !outgoing.is_empty() {
            facts.push(Fact::Members(members(&configuration).into()));
        }
        if !outgoing.is_empty() {
            facts.push(Fact::Joint);
        }
        if !learners.is_empty() {
            facts.push(Fact::Learners(learners.clone().into()));
        }
        let entries = self.log(id).iter().map(drawn).collect();
        facts.push(Fact::Log { entries, open: false });
        facts
    }
}

/// The voters of a configuration: in C_old,new those of both, in order.
pub(super) fn members(configuration: &Membership) -> Vec<NodeId> {
    let Membership { voters, outgoing, learners: _ } = configuration;
    sorted(&[&voters[..], outgoing].concat())
}

/// These servers in order, each once.
pub(super) fn sorted(servers: &[NodeId]) -> Vec<NodeId> {
    let mut servers = servers.to_vec();
    servers.sort_unstable();
    servers.dedup();
    servers
}

/// True if a log looks as drawn; if it is open, more may follow.
pub(super) fn is_drawn(log: &[Entry], boxes: &[DrawnEntry], open: bool) -> bool {
    let fits = if open { log.len() >= boxes.len() } else { log.len() == boxes.len() };
    fits && log.iter().zip(boxes).all(|(entry, drawn)| {
        entry.term == drawn.term && drawn.label.as_ref().is_none_or(|label| carries(entry, label))
    })
}

/// True if an entry carries this command.
pub(super) fn carries(entry: &Entry, label: &Label) -> bool {
    command_in(entry).is_some_and(|command| **command == *label.0.as_bytes())
}

/// An entry as a box of a drawn log: its term, and its command if it has a name.
pub(super) fn drawn(entry: &Entry) -> DrawnEntry {
    let command = command_in(entry).filter(|command| !command.contains(&b'/'));
    let label = command.map(|command| Label(String::from_utf8_lossy(command).into_owned()));
    DrawnEntry { term: entry.term, label }
}
