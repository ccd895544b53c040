//! Which events show a violation, beside the one that it was seen at.

use std::collections::BTreeMap;

use super::Trace;
use super::event::{Event, What};
use crate::checker::{Property, Violation};
use crate::model::{NodeId, Payload, Term};
use crate::subject::Role;

/// An event of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// Whose.
    pub server: NodeId,
    /// Which of its events, from 0, in its own order.
    pub nth: usize,
}

/// Where was told what a violation may have to do with.
pub(super) struct Places<'t> {
    trace: &'t Trace,
    /// The term that each server is in.
    terms: BTreeMap<NodeId, Term>,
    /// Who became leader of each term first.
    leaders: BTreeMap<Term, At>,
    /// Each server's last leadership, vote, commit and start.
    led: BTreeMap<NodeId, At>,
    commits: BTreeMap<NodeId, At>,
    starts: BTreeMap<NodeId, At>,
    moves: BTreeMap<NodeId, At>,
    votes: BTreeMap<(NodeId, Term), At>,
    /// Who had each entry first.
    entries: BTreeMap<(u64, Term), At>,
    /// Who committed an index first, each with the term in which it was; indexes increase.
    committed: Vec<(u64, Term, At)>,
    /// Who applied each index first.
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

    /// The events that show a violation, seen at this one; that comes last.
    pub(super) fn of(&self, violation: &Violation, at: At, event: &Event) -> Vec<At> {
        let (server, term) = (event.server, self.term(event));
        let get = |known: &BTreeMap<NodeId, At>, server: NodeId| known.get(&server).copied();
        let leader = self.leaders.get(&term).copied();
        let commits = matches!(event.what, What::Commit(_));
        let own_commit = get(&self.commits, server);
        let obligation = self.committed.iter().rev().find(|(_, when, _)| *when < term);
        let (obligation, committer) = match violation.server == server {
            true => (obligation.map(|(.., at)| *at), None),
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
            (&[LeaderCompleteness], obligation),
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

    /// Who had one of these entries before, with something else in it or before it.
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

    /// Who committed or applied first what an event is about.
    fn decided(&self, event: &Event) -> Option<At> {
        let (What::Commit(index) | What::Apply(index, ..)) = &event.what else { return None };
        let index = index.get();
        let committed =
            self.committed.iter().find(|(to, ..)| *to >= index).or(self.committed.last());
        let committed = committed.map(|(.., at)| *at);
        let applied = self.applied.get(&index).copied();
        applied.filter(|_| matches!(event.what, What::Apply(..))).or(committed)
    }

    /// Who had the entry first that a leader commits.
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

    /// What a server put into its log last, before this event.
    fn last_append(&self, at: At) -> Option<At> {
        let before = &self.events(at.server)[..at.nth];
        let nth = before.iter().rposition(|event| matches!(event.what, What::Append(..)))?;
        Some(At { server: at.server, nth })
    }
}
