//! Election Safety (1).

use std::collections::BTreeMap;

use super::Property;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{Body, Message, NodeId, Term};

/// Election Safety (Figure 3, §5.2): at most one leader can be elected in a given term.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct ElectionSafety {
    /// The leader of each term.
    leaders: BTreeMap<Term, NodeId>,
    /// The last term of each server that is on record as led by it: a cache, read for every message.
    led: Vec<Option<Term>>,
}

impl ElectionSafety {
    /// A server leads a term. Returns the other one that does, if there is one.
    fn rival(&mut self, at: &Context<'_>, term: Term) -> Option<NodeId> {
        let leader = *self.leaders.entry(term).or_insert(at.id());
        if leader != at.id() {
            return Some(leader);
        }
        self.led[at.slot] = Some(term);
        None
    }

    #[cold]
    fn second(id: NodeId, what: &str, term: Term, leader: NodeId) -> Verdict {
        let detail = format!("{id} {what} of term {term}, which {leader} already leads");
        violated(Property::ElectionSafety, id, detail)
    }
}

impl Checker for ElectionSafety {
    fn new(record: &Record) -> ElectionSafety {
        ElectionSafety { leaders: BTreeMap::new(), led: vec![None; record.servers.len()] }
    }

    #[inline]
    fn elected(&mut self, at: &mut Context<'_>, term: Term) -> Verdict {
        at.count(Property::ElectionSafety);
        match self.rival(at, term) {
            Some(leader) => ElectionSafety::second(at.id(), "became leader", term, leader),
            None => Ok(()),
        }
    }

    /// Seen from outside: only the leader of a term sends the messages of one.
    #[inline]
    fn leads(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        let term = message.term;
        if self.led[at.slot] == Some(term) {
            return Ok(());
        }
        match self.rival(at, term) {
            Some(leader) => {
                let what = format!("sent {}", message.body.with_article());
                ElectionSafety::second(at.id(), &what, term, leader)
            }
            None => Ok(()),
        }
    }
}

/// True if only the leader of a term sends such a message.
#[inline]
pub(in crate::checker) fn is_leaders(body: &Body) -> bool {
    match body {
        Body::AppendEntries { .. } | Body::InstallSnapshot { .. } | Body::TimeoutNow => true,
        Body::RequestVote { .. }
        | Body::RequestVoteReply { .. }
        | Body::PreVote { .. }
        | Body::PreVoteReply { .. }
        | Body::AppendEntriesReply { .. }
        | Body::InstallSnapshotReply { .. }
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, heartbeat, raises, silent};
    use crate::model::Body;
    use crate::subject::Role;

    #[test]
    fn election_safety_two_leaders_of_one_term() {
        let mut history = History::new(3);
        history.elect(1, 4, &[2]);
        silent(history.enter(3, Role::Candidate, 4, Some(3)));
        let verdict = history.lead(3);
        let words =
            "Election Safety (Figure 3, §5.2): S3 became leader of term 4, which S1 already leads";
        raises(verdict, Property::ElectionSafety, words);
    }

    #[test]
    fn election_safety_append_entries_of_another_leaders_term() {
        let mut history = History::new(3);
        history.elect(1, 4, &[2]);
        let verdict = history.send(2, 3, 4, heartbeat());
        raises(verdict, Property::ElectionSafety, "S2 sent an AppendEntries of term 4");
    }

    #[test]
    fn election_safety_leaders_of_different_terms_are_legal() {
        let mut history = History::new(3);
        history.elect(1, 4, &[2]);
        history.elect(3, 5, &[2]);
        silent(history.send(1, 2, 4, heartbeat()));
        silent(history.send(3, 2, 5, heartbeat()));
        silent(history.send(1, 2, 4, heartbeat()));
        assert_eq!(history.exercised(Property::ElectionSafety), 2);
    }

    #[test]
    fn election_safety_snapshots_and_transfers_come_from_the_leader() {
        let mut history = History::led();
        silent(history.send(1, 2, 1, Body::TimeoutNow));
        silent(history.enter(3, Role::Follower, 1, None));
        history.flush(3);
        let verdict = history.send(3, 2, 1, Body::TimeoutNow);
        raises(
            verdict,
            Property::ElectionSafety,
            "S3 sent a TimeoutNow of term 1, which S1 already leads",
        );
    }

    /// With two leaders at once the one of the lower term is deposed without knowing: it goes on sending
    /// and appending, and commits nothing.
    #[test]
    fn deposed_leader_goes_on_in_its_term() {
        let mut history = History::two_committed();
        history.elect(2, 2, &[3]);
        history.propose(1);
        silent(history.send(1, 3, 1, heartbeat()));
        raises(history.commit(1, 3), Property::QuorumDurability, "1 servers of 3");
    }
}
