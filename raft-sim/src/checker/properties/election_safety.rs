//! Election Safety (1).

use std::collections::BTreeMap;

use super::Property;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{Body, Message, NodeId, Term};

/// Election Safety (Figure 3, §5.2): at most one leader can be elected in a given term.
#[derive(Debug)]
pub(in crate::checker) struct ElectionSafety {
    /// The leader of each term.
    leaders: BTreeMap<Term, NodeId>,
    /// The last term of each server that is on record as led by it: a cache, read for every message.
    led: Vec<Option<Term>>,
}

impl ElectionSafety {
    fn leads(&mut self, at: &Context<'_>, term: Term, what: &str) -> Verdict {
        let id = at.id();
        let leader = *self.leaders.entry(term).or_insert(id);
        if leader == id {
            self.led[at.slot] = Some(term);
            return Ok(());
        }
        let detail = format!("{id} {what} term {term}, which {leader} already leads");
        violated(Property::ElectionSafety, id, detail)
    }

    /// Seen from outside: only the leader of a term sends `what`, such as its AppendEntries.
    #[inline]
    fn sends(&mut self, at: &Context<'_>, term: Term, what: &str) -> Verdict {
        if self.led[at.slot] == Some(term) { Ok(()) } else { self.leads(at, term, what) }
    }
}

impl Checker for ElectionSafety {
    fn new(record: &Record) -> ElectionSafety {
        ElectionSafety { leaders: BTreeMap::new(), led: vec![None; record.servers.len()] }
    }

    #[inline]
    fn elected(&mut self, at: &mut Context<'_>, term: Term) -> Verdict {
        at.count(Property::ElectionSafety);
        self.leads(at, term, "became leader of")
    }

    #[inline]
    fn sent(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        match message.body {
            Body::AppendEntries { .. } => self.sends(at, message.term, "sent an AppendEntries of"),
            Body::InstallSnapshot { .. } => {
                self.sends(at, message.term, "sent an InstallSnapshot of")
            }
            Body::TimeoutNow => self.sends(at, message.term, "sent a TimeoutNow of"),
            Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => Ok(()),
        }
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
