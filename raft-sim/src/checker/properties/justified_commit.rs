//! Justified Commit.

use std::collections::BTreeMap;
use std::hash::Hash;

use super::Property;
use super::follower_matches_leader::acknowledged;
use super::quorum_durability::held_by_quorum;
use crate::checker::chain::Link;
use crate::checker::properties::hooks::{Checker, Commit, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::quorum::names;
use crate::checker::record::Record;
use crate::mix::MixHasher;
use crate::model::{Body, LogIndex, Message, NodeId, Position, Term};
use crate::subject::Role;

/// Justified Commit (Figure 2, leaders; §5.3): a leader commits what a quorum has acknowledged to it in its term: from each
/// server that it counts it has taken a success that reaches the entry. Its own disk counts once that has the entry.
///
/// What it knows of the others belongs to its leadership (Figure 2: volatile state, reinitialized after election): the
/// matchIndex that it shows was acknowledged in it, and a snapshot begins with its first part, unless the follower has said
/// that it has some already.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct JustifiedCommit {
    /// What each server, S1 first, has learned from each other one as the leader of a term.
    learned: Vec<Vec<Learned>>,
}

/// What a leader has learned from another server.
#[derive(Clone, Debug, Default, Hash)]
struct Learned {
    /// The highest index that the server acknowledged.
    acknowledged: u64,
    /// The snapshots of which it was sent parts or has reported some, and the number of bytes.
    parts: BTreeMap<Position, u64>,
}

impl JustifiedCommit {
    fn forget(&mut self, slot: usize) {
        self.learned[slot].fill(Learned::default());
    }

    /// A leader of this term takes a message of it.
    fn learn(learned: &mut Learned, body: &Body) {
        if let Some(matched) = acknowledged(body) {
            learned.acknowledged = learned.acknowledged.max(matched.get());
        } else if let Body::InstallSnapshotReply { last, received, .. } = *body {
            let known = learned.parts.entry(last).or_default();
            *known = received.max(*known);
        }
    }
}

impl Checker for JustifiedCommit {
    fn new(record: &Record) -> JustifiedCommit {
        let servers = record.servers.len();
        JustifiedCommit { learned: vec![vec![Learned::default(); servers]; servers] }
    }

    /// What a server has learned counts as long as it leads.
    fn feed(&self, record: &Record, hasher: &mut MixHasher) {
        for (server, learned) in std::iter::zip(&record.servers, &self.learned) {
            (server.view.role == Role::Leader).then_some(learned).hash(hasher);
        }
    }

    #[inline]
    fn receives(&mut self, at: &mut Context<'_>, message: &Message) {
        let view = &at.server.view;
        if view.role == Role::Leader
            && view.term == message.term
            && let Some(from) = at.record.find(message.from)
        {
            JustifiedCommit::learn(&mut self.learned[at.slot][from], &message.body);
        }
    }

    #[inline]
    fn elected(&mut self, at: &mut Context<'_>, _: Term) -> Verdict {
        self.forget(at.slot);
        Ok(())
    }

    #[inline]
    fn commits(&mut self, at: &mut Context<'_>, commit: &Commit) -> Verdict {
        // One past its log has raised an alarm.
        let link = at.server.log.at(commit.to).filter(|_| commit.leads && at.record.announced);
        let Some(link) = link else { return Ok(()) };
        at.count(Property::JustifiedCommit);
        let learned = &self.learned[at.slot];
        let holds = |at: &Context<'_>, voter: NodeId, (index, link): (u64, Link)| {
            let leader = at.server;
            if voter == leader.id {
                return at.record.waits || at.record.is_durable(voter, index, link);
            }
            let slot = at.record.find(voter);
            slot.is_some_and(|slot| learned[slot].acknowledged >= index)
        };
        if held_by_quorum(at, (commit.to, link), &commit.configured, holds) {
            return Ok(());
        }
        let (id, to) = (at.id(), commit.to);
        let configuration = at.server.log.configurations.nth(commit.configured.start).1;
        let detail = format!(
            "{id} committed up to index {to}, which no quorum of {} has acknowledged to it in term {}",
            names(configuration),
            commit.term
        );
        violated(Property::JustifiedCommit, id, detail)
    }

    #[inline]
    fn matches(&mut self, at: &mut Context<'_>, other: NodeId, matched: LogIndex) -> Verdict {
        let leads = at.server.view.role == Role::Leader && at.record.announced;
        let Some(slot) = at.record.find(other).filter(|slot| leads && *slot != at.slot) else {
            return Ok(());
        };
        let acknowledged = self.learned[at.slot][slot].acknowledged;
        if matched.get() <= acknowledged {
            return Ok(());
        }
        let (id, term) = (at.id(), at.server.view.term);
        let detail = format!(
            "{id} takes {matched} for the matchIndex of {other}, which has acknowledged {acknowledged} to it in \
             term {term}"
        );
        violated(Property::JustifiedCommit, id, detail)
    }

    #[inline]
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        let Body::InstallSnapshot { chunk, .. } = &message.body else { return Ok(()) };
        let Some(to) = at.record.find(message.to) else { return Ok(()) };
        let known = self.learned[at.slot][to].parts.entry(chunk.last).or_default();
        if chunk.offset <= *known {
            *known = (chunk.offset + chunk.data.len() as u64).max(*known);
            return Ok(());
        }
        let (id, to, known) = (at.id(), message.to, *known);
        let detail = format!(
            "{id} goes on with a snapshot for {to} at byte {}, which it has sent or heard of up to byte {known} in \
             term {}",
            chunk.offset, message.term
        );
        violated(Property::JustifiedCommit, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::checker::properties::Property;
    use crate::checker::testing::moves::members;
    use crate::checker::testing::{History, Verdict, raises, silent, success};
    use crate::model::{Body, Chunk, LogIndex, NodeId, Position, Term};
    use crate::subject::Role;

    /// S1 leads term 1 of three servers with two entries on its disk and on S2's.
    fn replicated() -> History {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history.propose(1);
        history.propose(1);
        history.replicate(1, 2);
        history
    }

    fn commits(history: &mut History, matched: u64, term: u64, commit: u64) -> Verdict {
        history.takes(1, 2, term, success(matched));
        history.show(1, |view| view.commit = LogIndex::new(commit))
    }

    #[test]
    fn justified_commit_of_what_was_acknowledged() {
        let mut history = replicated();
        silent(commits(&mut history, 2, 1, 2));
        assert_eq!(history.exercised(Property::JustifiedCommit), 1);
        let words = "S1 committed up to index 2, which no quorum of S1 S2 S3 has acknowledged to it in term 1";
        raises(commits(&mut replicated(), 1, 1, 2), Property::JustifiedCommit, words);
    }

    #[test]
    fn justified_commit_of_what_another_leadership_was_told() {
        let mut history = replicated();
        silent(commits(&mut history, 2, 1, 1));
        silent(history.show(1, |view| view.role = Role::Follower));
        history.elect(1, 2, &[3]);
        history.propose(1);
        silent(history.enter(2, Role::Follower, 2, None));
        history.flush(2);
        history.replicate(1, 3);
        let verdict = commits(&mut history, 3, 1, 3);
        raises(verdict, Property::JustifiedCommit, "has acknowledged to it in term 2");
    }

    /// In joint consensus each half counts by itself, also one of a single server (§6).
    #[test]
    fn justified_commit_needs_both_halves() {
        for (acknowledges, right) in [(3, true), (2, false)] {
            let mut history = History::led();
            silent(history.configure(1, &members(&[3], &[1, 2, 3])));
            history.replicate(1, 2);
            history.replicate(1, 3);
            history.takes(1, acknowledges, 1, success(2));
            let verdict = history.show(1, |view| view.commit = LogIndex::new(2));
            if right {
                silent(verdict);
            } else {
                raises(verdict, Property::JustifiedCommit, "S3 with C_old S1 S2 S3");
            }
        }
    }

    #[test]
    fn justified_commit_match_index_that_nobody_acknowledged() {
        let mut history = replicated();
        let shows = |history: &mut History, index| {
            history.takes(1, 2, 1, success(1));
            history.step(1, |effects| {
                effects.matched = LogIndex::new(index).map(|index| (NodeId(2), index));
            })
        };
        silent(shows(&mut history, 1));
        let words = "S1 takes 2 for the matchIndex of S2, which has acknowledged 1 to it in term 1";
        raises(shows(&mut history, 2), Property::JustifiedCommit, words);
    }

    #[test]
    fn justified_commit_snapshot_that_goes_on_from_another_leadership() {
        let last = Position { index: LogIndex::FIRST, term: Term(1) };
        let part = |offset| {
            let data = [1, 2].as_slice().into();
            let membership = Arc::new(members(&[1, 2, 3], &[]));
            let chunk = Chunk { last, membership, cluster: 1, offset, data, size: 9 };
            Body::InstallSnapshot { chunk: Arc::new(chunk), round: 0 }
        };
        let mut history = replicated();
        silent(history.makes(1, 3, 1, part(0)));
        silent(history.makes(1, 3, 1, part(2)));
        history.takes(1, 3, 1, Body::InstallSnapshotReply { last, received: 6, round: 0 });
        silent(history.show(1, |_| {}));
        silent(history.makes(1, 3, 1, part(6)));
        silent(history.show(1, |view| view.role = Role::Follower));
        history.elect(1, 2, &[2]);
        silent(history.makes(1, 2, 2, part(0)));
        let words = "S1 goes on with a snapshot for S3 at byte 8, which it has sent or heard of up to byte 0 in term 2";
        raises(history.makes(1, 3, 2, part(8)), Property::JustifiedCommit, words);
    }
}
