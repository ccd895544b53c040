//! The meaning of each event of a trace for the checkers.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Trace;
use super::event::{Event, Start, What};
use super::facts::{Facts, Gaps};
use super::stream::Stream;
use crate::checker::{Found, Property, Quorum, Restarted, Traced, Violation};
use crate::model::{
    Entry, HardState, LARGEST, LogIndex, Membership, NodeId, Position, Snapshot, Term,
};
use crate::subject::{LogWrite, Role, Token, Write};

/// The readiness of an event: it can be taken now, or it waits for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// All events that must come before it have been taken.
    Now,
    /// An event that may still come is missing. If only waiting events are left, the lowest number is taken first.
    Waits(u8),
}

/// The checkers, with knowledge of the servers that the checkers don't need.
pub(super) struct Feed<'t> {
    checkers: Traced,
    facts: &'t Facts,
    servers: Vec<Server>,
    pub(super) gaps: Gaps,
}

/// Knowledge of a server beside its state.
#[derive(Default)]
struct Server {
    /// True if it reported how it started.
    has_start: bool,
    /// True if it reported its role.
    has_role: bool,
    /// True if it reported, at its start or later, how far its state machine is.
    has_applied: bool,
    /// True if it reported where its log ends: at its start, or with an append.
    has_log: bool,
    /// True if the content of its log is unknown from here on.
    lost: bool,
    /// The number of events that it reported since it started.
    count: u64,
    /// Writes that may not be durable, each with the number of its event.
    pending: VecDeque<(u64, Write)>,
}

impl<'t> Feed<'t> {
    pub(super) fn new(trace: &Trace, facts: &'t Facts, streams: &[Stream<'_>]) -> Feed<'t> {
        let all: Vec<NodeId> = (1..=streams.len() as u32).map(NodeId).collect();
        let mut checkers = Traced::new(&all, &facts.voters, trace.base);
        let mut servers = Vec::new();
        for (id, stream) in all.into_iter().zip(streams) {
            let started = matches!(stream.head().map(|event| &event.what), Some(What::Start(_)));
            if !started {
                let term = stream.first.unwrap_or(Term(LARGEST));
                checkers.appeared(id, term);
            }
            servers.push(Server::default());
        }
        Feed { checkers, facts, servers, gaps: Gaps::default() }
    }

    pub(super) fn exercised(&self, property: Property) -> u64 {
        self.checkers.exercised(property)
    }

    /// True if something that a server did up to this term may not have been taken yet, or was never reported.
    fn may(&self, server: NodeId, term: Term, streams: &[Stream<'_>]) -> bool {
        let slot = slot(server);
        let known = &self.servers[slot];
        // Durable events are counted from a start on.
        let unsure = known.lost || (self.facts.durable && !known.has_start);
        // What it wrote in this term may become durable later, and counts as of then.
        let writes = known.pending.iter().filter(|(_, write)| write.log.is_some());
        let most = streams[slot].durable();
        let becomes_durable = writes.map(|(number, _)| *number).any(|number| number <= most);
        self.facts.is_named(server) && (unsure || becomes_durable || streams[slot].may_act_in(term))
    }

    /// True if a server other than this follower may have committed something in this term or before.
    fn may_lead(&self, follower: NodeId, other: NodeId, streams: &[Stream<'_>]) -> bool {
        let term = self.checkers.view_of(follower).term;
        if self.facts.voters.is_empty()
            || !self.facts.leaders
            || !self.facts.followers
            || !self.servers[slot(follower)].has_role
        {
            return true;
        }
        other != follower && self.may(other, term, streams)
    }

    /// Tells if an event can be taken, or if something must come before.
    pub(super) fn ready(&self, event: &Event, streams: &[Stream<'_>]) -> Ready {
        let server = event.server;
        let lost = self.servers[slot(server)].lost;
        let view = self.checkers.view_of(server);
        match &event.what {
            What::Commit(to) if !lost && self.facts.logs => self.may_commit(server, *to, streams),
            What::Role(Role::Leader, term)
                if self.facts.votes && self.facts.candidates && view.term == *term =>
            {
                let may = |voter| self.may(voter, *term, streams);
                match self.checkers.votes_for(server, *term, &may) {
                    Quorum::Possible => Ready::Waits(1),
                    Quorum::Reached | Quorum::Impossible | Quorum::Unknown => Ready::Now,
                }
            }
            What::Install(last) if !lost && self.facts.logs => {
                match self.checkers.knows_committed() < last.index.get() {
                    true => Ready::Waits(3),
                    false => Ready::Now,
                }
            }
            What::Commit(_)
            | What::Apply(..)
            | What::Role(..)
            | What::Install(_)
            | What::Start(_)
            | What::Vote(..)
            | What::Append(..)
            | What::Snapshot(_)
            | What::Durable(_) => Ready::Now,
        }
    }

    fn may_commit(&self, server: NodeId, to: LogIndex, streams: &[Stream<'_>]) -> Ready {
        let view = self.checkers.view_of(server);
        if view.role == Role::Leader {
            let may = |voter| self.may(voter, view.term, streams);
            return match self.checkers.holds(server, to.get(), &may) {
                Quorum::Possible => Ready::Waits(0),
                Quorum::Reached | Quorum::Impossible | Quorum::Unknown => Ready::Now,
            };
        }
        let known = self.checkers.knows_committed() >= to.get();
        let all = (1..=streams.len() as u32).map(NodeId);
        let may_come = all.into_iter().any(|other| self.may_lead(server, other, streams));
        if known || !may_come { Ready::Now } else { Ready::Waits(2) }
    }

    /// Takes an event as it is.
    pub(super) fn take(&mut self, event: &Event, streams: &[Stream<'_>]) -> Result<(), Violation> {
        let server = event.server;
        let known = &mut self.servers[slot(server)];
        known.count += 1;
        let skipped = known.lost && self.facts.logs;
        match &event.what {
            What::Start(start) => self.start(server, start),
            What::Role(role, term) => self.role(server, *role, *term, streams),
            What::Vote(term, candidate) => {
                self.gives(server, *term, *candidate)?;
                self.checkers.voted(server, *term, *candidate)?;
                self.hard_state(server)
            }
            What::Durable(count) if self.servers[slot(server)].has_start => {
                self.durable(server, *count)
            }
            What::Durable(_) => Ok(()),
            What::Append(..)
            | What::Commit(_)
            | What::Snapshot(_)
            | What::Install(_)
            | What::Apply(..)
                if skipped =>
            {
                self.gaps.skipped += 1;
                if let What::Append(from, entries) = &event.what {
                    return self.checkers.continues(server, *from, entries, true);
                }
                Ok(())
            }
            What::Append(from, entries) => {
                self.checkers.continues(server, *from, entries, false)?;
                self.servers[slot(server)].has_log = true;
                let highest = entries.iter().map(|entry| entry.term).max();
                if let Some(term) = highest.filter(|_| !self.facts.terms()) {
                    self.checkers.came_to(server, term);
                }
                let base = self.checkers.base();
                let first = (*from).max(LogIndex::after(LogIndex::new(base)));
                let known = entries.iter().filter(|entry| entry.index.get() > base);
                let legible = |entry: &Entry| Entry {
                    payload: self.facts.legible(&entry.payload),
                    ..entry.clone()
                };
                let entries: Vec<Entry> = known.map(legible).collect();
                let entries = entries.as_slice().into();
                let log = LogWrite { from: first, entries };
                self.checkers.wrote(server, &log)?;
                self.write(server, Write { log: Some(log), ..Write::new(Token(0)) })
            }
            What::Commit(to) if self.facts.logs => self.commit(server, *to, streams),
            What::Commit(to) => self.checkers.advanced(server, *to),
            What::Apply(index, term, payload) => {
                if !std::mem::replace(&mut self.servers[slot(server)].has_applied, true) {
                    self.checkers.resumes(server, index.get() - 1);
                }
                if !self.facts.logs {
                    return self.checkers.applied_unlogged(
                        server,
                        *index,
                        (*term, payload.as_ref()),
                    );
                }
                let known = &self.servers[slot(server)];
                let committed = self.checkers.view_of(server).commit;
                if !self.facts.commits || (!known.has_start && committed < Some(*index)) {
                    self.checkers.advanced(server, *index)?;
                    self.checkers.took_for_committed(server, *index)?;
                }
                let payload = payload.as_ref().map(|payload| self.facts.legible(payload));
                self.checkers.applied(server, *index, *term, payload.as_ref())
            }
            What::Install(last) if !self.facts.logs => {
                self.servers[slot(server)].has_applied = true;
                self.checkers.resumes(server, last.index.get());
                Ok(())
            }
            What::Snapshot(last) => self.checkers.snapshotted(server, *last),
            What::Install(last) => self.install(server, *last),
        }
    }

    fn start(&mut self, server: NodeId, start: &Start) -> Result<(), Violation> {
        let known = &mut self.servers[slot(server)];
        let first = known.count == 1;
        let pending: Vec<Write> = known.pending.drain(..).map(|(_, write)| write).collect();
        let was_lost = std::mem::take(&mut known.lost);
        known.count = 1;
        (known.has_start, known.has_role, known.has_log) = (true, true, true);
        known.has_applied = start.applied.is_some();
        let last = start.found.last.filter(|_| self.facts.logs);
        let found = Found { last, ..start.found };
        self.checkers.ends(server, last);
        if first {
            self.checkers.began(server, &found);
        } else {
            self.gaps.restarts += 1;
            if was_lost {
                self.checkers.forget_log(server);
            }
            match self.checkers.restarted(server, &found, &pending)? {
                Restarted::Kept => {}
                Restarted::Longer => self.gaps.longer += 1,
                Restarted::Unknown => self.lose(server),
            }
        }
        if let Some(applied) = start.applied {
            self.checkers.resumes(server, applied);
        }
        Ok(())
    }

    /// Marks the content of a server's log as unknown.
    fn lose(&mut self, server: NodeId) {
        let known = &mut self.servers[slot(server)];
        known.lost = true;
        for (_, write) in &mut known.pending {
            (write.log, write.snapshot) = (None, None);
        }
        self.gaps.lost.push(server);
        self.checkers.forget_log(server);
    }

    fn role(
        &mut self,
        server: NodeId,
        role: Role,
        term: Term,
        streams: &[Stream<'_>],
    ) -> Result<(), Violation> {
        let view = self.checkers.view_of(server);
        let known = &mut self.servers[slot(server)];
        let had_role = std::mem::replace(&mut known.has_role, true);
        let (lost, has_log) = (known.lost, known.has_log);
        let stood = view.role != Role::Follower && view.term == term;
        if role == Role::Leader && !stood && (!had_role || !self.facts.candidates) {
            // It stood for election without an event that says so.
            self.role(server, Role::Candidate, term, streams)?;
        }
        if role == Role::Leader && lost {
            return self.checkers.led(server, term);
        }
        if role == Role::Candidate {
            self.gives(server, term, server)?;
        }
        self.checkers.moved(server, role, term)?;
        self.hard_state(server)?;
        let has_log = has_log || !self.facts.logs;
        if role == Role::Leader && !(self.facts.followers && has_log) {
            self.checkers.only_elected(server);
        } else if role == Role::Leader && (view.role, view.term) != (role, term) {
            self.checkers.completes(server, term)?;
        }
        if role == Role::Leader && self.facts.votes && self.facts.candidates {
            let may = |voter| self.may(voter, term, streams);
            if self.checkers.votes_for(server, term, &may) == Quorum::Impossible {
                return self.checkers.not_elected(server, term);
            }
        }
        Ok(())
    }

    fn commit(
        &mut self,
        server: NodeId,
        to: LogIndex,
        streams: &[Stream<'_>],
    ) -> Result<(), Violation> {
        let view = self.checkers.view_of(server);
        if self.facts.followers && self.may_commit(server, to, streams) != Ready::Now {
            match view.role {
                Role::Leader => self.gaps.leaders += 1,
                Role::Follower | Role::Candidate => self.gaps.followers += 1,
            }
        }
        let leads = view.role == Role::Leader;
        let may: Vec<bool> = (1..=streams.len() as u32)
            .map(NodeId)
            .map(|other| match leads {
                true => self.may(other, view.term, streams),
                false => self.may_lead(server, other, streams),
            })
            .collect();
        self.checkers.committed(server, to, &|other| may.get(slot(other)).is_none_or(|may| *may))
    }

    fn install(&mut self, server: NodeId, last: Position) -> Result<(), Violation> {
        self.servers[slot(server)].has_applied = true;
        self.checkers.ends(server, Some(last));
        if !self.checkers.installed(server, last)? {
            self.lose(server);
            return Ok(());
        }
        let snapshot = Snapshot {
            last,
            membership: Arc::new(Membership::default()),
            cluster: 0,
            data: Arc::from([]),
        };
        self.write(server, Write { snapshot: Some(Arc::new(snapshot)), ..Write::new(Token(0)) })
    }

    /// Writes the term and vote of a server, which are durable or will be.
    fn hard_state(&mut self, server: NodeId) -> Result<(), Violation> {
        let view = self.checkers.view_of(server);
        let hard_state = HardState { term: view.term, voted_for: view.voted_for };
        self.write(server, Write { hard_state: Some(hard_state), ..Write::new(Token(0)) })
    }

    fn write(&mut self, server: NodeId, write: Write) -> Result<(), Violation> {
        if self.facts.durable {
            let known = &mut self.servers[slot(server)];
            known.pending.push_back((known.count, write));
            return Ok(());
        }
        self.persist(server, &write)
    }

    fn durable(&mut self, server: NodeId, count: u64) -> Result<(), Violation> {
        while let Some((number, _)) = self.servers[slot(server)].pending.front()
            && *number <= count
        {
            let write = self.servers[slot(server)].pending.pop_front();
            if let Some((_, write)) = write {
                self.persist(server, &write)?;
            }
        }
        Ok(())
    }

    /// Counts a vote that is durable as soon as it is reported.
    fn gives(&mut self, server: NodeId, term: Term, candidate: NodeId) -> Result<(), Violation> {
        if self.facts.durable { Ok(()) } else { self.checkers.gave(server, term, candidate) }
    }

    fn persist(&mut self, server: NodeId, write: &Write) -> Result<(), Violation> {
        self.checkers.persisted(server, write);
        match write.hard_state {
            Some(HardState { term, voted_for: Some(candidate) }) => {
                self.checkers.gave(server, term, candidate)
            }
            Some(HardState { voted_for: None, .. }) | None => Ok(()),
        }
    }
}

fn slot(server: NodeId) -> usize {
    server.0 as usize - 1
}
