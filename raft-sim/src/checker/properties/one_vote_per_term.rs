//! One Vote per Term (2).

use std::collections::BTreeMap;

use super::Property;
use crate::checker::properties::hooks::{Boot, Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{Body, Message, NodeId, Term};

/// One Vote per Term (Figure 2, §5.2): each server votes for at most one candidate in a given term. A RequestVote is its
/// sender's vote for itself.
///
/// Judged by the votes that left the server, which its crashes can't take back.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct OneVotePerTerm {
    voters: Vec<Voter>,
}

/// The votes of a server.
#[derive(Clone, Debug, Default, Hash)]
struct Voter {
    /// Every vote it gave away, never forgotten.
    votes: BTreeMap<Term, NodeId>,
    last: Option<(Term, NodeId)>,
}

/// The candidate for which a message is its sender's vote, if it is one.
#[inline]
pub(in crate::checker) fn vote(message: &Message) -> Option<NodeId> {
    match message.body {
        Body::RequestVote { .. } => Some(message.from),
        Body::RequestVoteReply { granted: true } => Some(message.to),
        Body::RequestVoteReply { granted: false }
        | Body::PreVote { .. }
        | Body::PreVoteReply { .. }
        | Body::AppendEntries { .. }
        | Body::AppendEntriesReply { .. }
        | Body::InstallSnapshot { .. }
        | Body::InstallSnapshotReply { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => None,
    }
}

impl OneVotePerTerm {
    /// A server's disk has had this vote all along.
    pub(in crate::checker) fn had_voted(&mut self, slot: usize, term: Term, candidate: NodeId) {
        self.voters[slot].votes.entry(term).or_insert(candidate);
    }

    /// The candidate for which a server voted in a term.
    pub(in crate::checker) fn vote(&self, slot: usize, term: Term) -> Option<NodeId> {
        self.voters[slot].votes.get(&term).copied()
    }
}

impl Checker for OneVotePerTerm {
    fn new(record: &Record) -> OneVotePerTerm {
        OneVotePerTerm { voters: vec![Voter::default(); record.servers.len()] }
    }

    #[inline]
    fn boots(&mut self, at: &mut Context<'_>, boot: &Boot<'_>) -> Verdict {
        let durable = at.server.durable;
        if let Some(candidate) = durable.voted_for.filter(|_| boot.first) {
            self.had_voted(at.slot, durable.term, candidate);
        }
        Ok(())
    }

    #[inline]
    fn votes(&mut self, at: &mut Context<'_>, term: Term, candidate: NodeId) -> Verdict {
        let voter = &mut self.voters[at.slot];
        if voter.last == Some((term, candidate)) {
            return Ok(());
        }
        let first = *voter.votes.entry(term).or_insert(candidate);
        voter.last = Some((term, first));
        at.count(Property::OneVotePerTerm);
        if first == candidate {
            return Ok(());
        }
        let id = at.id();
        let detail = format!("{id} voted for {candidate} in term {term}, after voting for {first}");
        violated(Property::OneVotePerTerm, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, raises, silent};
    use crate::subject::Role;

    #[test]
    fn one_vote_per_term_second_candidate() {
        let mut history = History::new(3);
        history.stand(1, 1);
        history.grant(2, 1, 1);
        let verdict = history.vote(2, 3, 1);
        raises(verdict, Property::OneVotePerTerm, "S2 voted for S3 in term 1, after voting for S1");
    }

    #[test]
    fn one_vote_per_term_own_candidacy_is_a_vote() {
        let mut history = History::new(3);
        history.stand(1, 1);
        let verdict = history.vote(1, 3, 1);
        raises(verdict, Property::OneVotePerTerm, "after voting for S1");
    }

    #[test]
    fn one_vote_per_term_wiped_server_votes_again() {
        let mut history = History::new(3);
        history.stand(1, 1);
        history.grant(2, 1, 1);
        history.wipe(2);
        silent(history.restart(2));
        silent(history.enter(2, Role::Follower, 1, Some(3)));
        history.flush(2);
        raises(history.vote(2, 3, 1), Property::OneVotePerTerm, "after voting for S1");
    }

    #[test]
    fn one_vote_per_term_given_vote_counts() {
        let mut history = History::given(&[(&[], 3, Some(3)), (&[], 3, None), (&[], 3, Some(3))]);
        let verdict = history.vote(1, 2, 3);
        raises(verdict, Property::OneVotePerTerm, "S1 voted for S2 in term 3, after voting for S3");
    }

    #[test]
    fn one_vote_per_term_repeated_reply_and_next_term_are_legal() {
        let mut history = History::new(3);
        history.stand(1, 1);
        history.grant(2, 1, 1);
        silent(history.vote(2, 1, 1));
        history.crash(2);
        silent(history.restart(2));
        silent(history.vote(2, 1, 1));
        history.stand(3, 2);
        history.grant(2, 3, 2);
        assert_eq!(history.exercised(Property::OneVotePerTerm), 4);
    }

    /// A crash takes back a vote that was on its way to the disk and not sent: the server may give it to
    /// another.
    #[test]
    fn vote_that_was_never_durable_is_given_again() {
        let mut history = History::new(3);
        silent(history.enter(2, Role::Follower, 1, Some(1)));
        history.crash(2);
        silent(history.restart(2));
        history.stand(3, 1);
        history.grant(2, 3, 1);
        silent(history.lead(3));
    }
}
