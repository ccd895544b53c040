//! The events that show a violation, beside the event at which it was seen.

use std::collections::BTreeMap;

use super::Trace;
use super::event::{Event, What};
use crate::checker::{Property, Violation};
use crate::model::{NodeId, Payload, Term};
use crate::subject::Role;

/// The place of an event in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The server of the event.
    pub server: NodeId,
    /// The event's number among those of its server, from 0, in the server's own order.
    pub nth: usize,
}

/// The places of the events that a violation may be related to.
pub(super) struct Places<'t> {
    trace: &'t Trace,
    /// The term that each server is in.
    terms: BTreeMap<NodeId, Term>,
    /// The first event that made a server leader of each term.
    leaders: BTreeMap<Term, At>,
    /// Each server's last leadership, vote, commit and start.
    led: BTreeMap<NodeId, At>,
    commits: BTreeMap<NodeId, At>,
    starts: BTreeMap<NodeId, At>,
    moves: BTreeMap<NodeId, At>,
    votes: BTreeMap<(NodeId, Term), At>,
    /// The first event that put each entry into a log.
    entries: BTreeMap<(u64, Term), At>,
    /// The first event that committed an index, each with its term. Indexes increase.
    committed: Vec<(u64, Term, At)>,
    /// The first event that applied each index.
    applied: BTreeMap<u64, At>,
}

impl<'t> Places<'t> {
    pub(super) fn new(trace: &'t Trace) -> Places<'t> {
        Places {
            trace,
            terms: BTreeMap::new(),
            leaders: BTreeMap::new(),
            led: BTreeMap::new(),
            commits: BTreeMap::new(),
            starts: BTreeMap::new(),
            moves: BTreeMap::new(),
            votes: BTreeMap::new(),
            entries: BTreeMap::new(),
            committed: Vec::new(),
            applied: BTreeMap::new(),
        }
    }

    /// Remembers an event that was taken.
    pub(super) fn note(&mut self, at: At, event: &Event) {
        let server = event.server;
        if let Some(term) = event.what.term() {
            self.terms.insert(server, term);
        }
        match &event.what {
            What::Start(start) => {
                self.starts.insert(server, at);
                self.commits.remove(&server);
                self.moves.insert(server, at);
                if start.found.voted_for.flatten().is_some() {
                    self.votes.entry((server, start.found.term)).or_insert(at);
                }
            }
            What::Role(role, term) => {
                self.moves.insert(server, at);
                match role {
                    Role::Follower => {}
                    Role::Candidate => _ = self.votes.entry((server, *term)).or_insert(at),
                    Role::Leader => {
                        self.leaders.entry(*term).or_insert(at);
                        self.led.insert(server, at);
                    }
                }
            }
            What::Vote(term, _) => {
                self.moves.insert(server, at);
                self.votes.entry((server, *term)).or_insert(at);
            }
            What::Append(_, entries) => {
                for entry in entries {
                    self.entries.entry((entry.index.get(), entry.term)).or_insert(at);
                }
            }
            What::Commit(to) => {
                self.commits.insert(server, at);
                if self.committed.last().is_none_or(|(known, ..)| *known < to.get()) {
                    self.committed.push((to.get(), self.term(event), at));
                }
            }
            What::Apply(index, ..) => _ = self.applied.entry(index.get()).or_insert(at),
            What::Snapshot(_) | What::Install(_) | What::Durable(_) => {}
        }
    }

    /// The term that a server is in at its next event.
    fn term(&self, event: &Event) -> Term {
        let known = || self.terms.get(&event.server).copied();
        event.what.term().or_else(known).unwrap_or_default()
    }

    fn events(&self, server: NodeId) -> &'t [Event] {
        &self.trace.events[server.0 as usize - 1]
    }

    /// The events that show a violation. The last one is the event at which it was seen.
    pub(super) fn of(&self, violation: &Violation, at: At, event: &Event) -> Vec<At> {
        let (server, term) = (event.server, self.term(event));
        let get = |known: &BTreeMap<NodeId, At>, server: NodeId| known.get(&server).copied();
        let leader = self.leaders.get(&term).copied();
        let commits = matches!(event.what, What::Commit(_));
        let own_commit = get(&self.commits, server);
        let earlier = self.committed.iter().rev().find(|(_, when, _)| *when < term);
        let (earlier, committer) = match violation.server == server {
            true => (earlier.map(|(.., at)| *at), None),
            false => (get(&self.led, violation.server), get(&self.led, server)),
        };
        use Property::{
            CommitOwnTerm, CommittedNeverTruncated, ElectionSafety, LeaderAppendOnly,
            LeaderCompleteness, LegalRoles, LogMatching, LogTerms, Monotonicity, NoRivalEntry,
            OneVotePerTerm, PersistBeforeSend, QuorumDurability, StateMachineSafety,
        };
        let of_leaders = [CommitOwnTerm, QuorumDurability, LeaderAppendOnly];
        let table: [(&[Property], Option<At>); 12] = [
            (&[ElectionSafety, NoRivalEntry], leader),
            (&[OneVotePerTerm], self.votes.get(&(server, term)).copied()),
            (&[LogMatching], self.another(event)),
            (&[LogTerms, LegalRoles, Monotonicity], get(&self.moves, server)),
            (&[LogTerms, LegalRoles, Monotonicity], own_commit.filter(|_| commits)),
            (&[LeaderCompleteness], earlier),
            (&[LeaderCompleteness], committer),
            (&[StateMachineSafety], self.decided(event)),
            (&[CommittedNeverTruncated], own_commit),
            (&of_leaders, get(&self.led, server)),
            (&of_leaders, self.has(event)),
            (&[PersistBeforeSend], get(&self.starts, server)),
        ];
        let shows = table.into_iter().filter(|(of, _)| of.contains(&violation.property));
        let mut shown: Vec<At> = shows.filter_map(|(_, at)| at).collect();
        if violation.property == PersistBeforeSend {
            shown.extend(self.last_append(at));
        }
        shown.push(at);
        shown.dedup();
        shown
    }

    /// An earlier event with one of these entries, but with another content in it or before it.
    fn another(&self, event: &Event) -> Option<At> {
        let What::Append(_, entries) = &event.what else { return None };
        let known = |entry: &&crate::model::Entry| {
            self.entries.get(&(entry.index.get(), entry.term)).copied()
        };
        let differs = entries.iter().find(|entry| {
            let theirs = known(entry).and_then(|at| self.payload(at, entry.index.get()));
            theirs.is_some_and(|theirs| *theirs != entry.payload)
        });
        differs.as_ref().and_then(known).or_else(|| entries.iter().find_map(|entry| known(&entry)))
    }

    fn payload(&self, at: At, index: u64) -> Option<&'t Payload> {
        let What::Append(_, entries) = &self.events(at.server)[at.nth].what else { return None };
        entries.iter().find(|entry| entry.index.get() == index).map(|entry| &entry.payload)
    }

    /// The first event that committed or applied the index of an event.
    fn decided(&self, event: &Event) -> Option<At> {
        let (What::Commit(index) | What::Apply(index, ..)) = &event.what else { return None };
        let index = index.get();
        let committed =
            self.committed.iter().find(|(to, ..)| *to >= index).or(self.committed.last());
        let committed = committed.map(|(.., at)| *at);
        let applied = self.applied.get(&index).copied();
        applied.filter(|_| matches!(event.what, What::Apply(..))).or(committed)
    }

    /// The event with which a leader got the entry that it commits.
    fn has(&self, event: &Event) -> Option<At> {
        let What::Commit(to) = &event.what else { return None };
        let of_server = self.events(event.server).iter().enumerate().rev();
        let mut appends = of_server.filter(|(_, other)| {
            let What::Append(_, entries) = &other.what else { return false };
            (other.file, other.line) != (event.file, event.line)
                && entries.iter().any(|entry| entry.index == *to)
        });
        appends.next().map(|(nth, _)| At { server: event.server, nth })
    }

    /// The last append of a server before this event.
    fn last_append(&self, at: At) -> Option<At> {
        let before = &self.events(at.server)[..at.nth];
        let nth = before.iter().rposition(|event| matches!(event.what, What::Append(..)))?;
        Some(At { server: at.server, nth })
    }
}
