//! Match Index (13).

use std::hash::Hash;

use super::Property;
use crate::checker::properties::hooks::{Checker, Context, New};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::quorum::contains;
use crate::checker::record::Record;
use crate::mix::MixHasher;
use crate::model::{LogIndex, NodeId, Payload, Term};
use crate::subject::{Role, View};

/// Match Index (Figure 2, §5.3): matchIndex is the highest log entry known to be replicated on a server:
/// it is durable there, with all before it, and what is known does not go back as long as the server is
/// led.
///
/// Silent if the follower's disk is in a later term: the leader is deposed without knowing, and the follower may
/// have dropped the entries since, on a later leader's request.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct MatchIndex {
    /// matchIndex of each server, as far as each server showed them in its last leadership.
    matched: Vec<Vec<u64>>,
}

impl Checker for MatchIndex {
    fn new(record: &Record) -> MatchIndex {
        let servers = record.servers.len();
        MatchIndex { matched: vec![vec![0; servers]; servers] }
    }

    /// It counts as long as the server leads.
    fn feed(&self, record: &Record, hasher: &mut MixHasher) {
        for (server, matched) in std::iter::zip(&record.servers, &self.matched) {
            (server.view.role == Role::Leader).then_some(matched).hash(hasher);
        }
    }

    #[inline]
    fn elected(&mut self, at: &mut Context<'_>, _: Term) -> Verdict {
        self.matched[at.slot].fill(0);
        Ok(())
    }

    /// The matchIndex of a server is forgotten when the server leaves, and begins anew when it joins.
    #[inline]
    fn appends(&mut self, at: &mut Context<'_>, new: &New<'_>, after: &View) -> Verdict {
        if let Payload::Membership(next) = &new.entry.payload
            && at.leads(after)
        {
            let previous = at.server.log.configurations.latest().1;
            for (slot, matched) in self.matched[at.slot].iter_mut().enumerate() {
                let other = NodeId(slot as u32 + 1);
                if !contains(previous, other) || !contains(next, other) {
                    *matched = 0;
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn matches(&mut self, at: &mut Context<'_>, other: NodeId, matched: LogIndex) -> Verdict {
        let Some(slot) = at.record.find(other) else {
            return Ok(());
        };
        let (leader, there) = (at.server, &at.record.servers[slot]);
        let known = &mut self.matched[at.slot][slot];
        let (matched, before) = (matched.get(), *known);
        let leads = leader.view.role == Role::Leader;
        if matched == before || !leads || there.durable.term > leader.view.term {
            return Ok(());
        }
        let id = leader.id;
        let ours = leader.log.at(matched);
        // Of a server that is joining, the leader may begin to know anew.
        let breach = if matched < before && contains(leader.log.configurations.latest().1, other) {
            format!("went back from {before}")
        } else if ours.is_none() || there.durable_log.at(matched) != ours {
            "is not what that has on its disk".to_owned()
        } else {
            *known = matched;
            at.count(Property::MatchIndex);
            return Ok(());
        };
        let detail = format!("the matchIndex {matched} of {id} for {other} {breach}");
        violated(Property::MatchIndex, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::members;
    use crate::checker::testing::{History, raises, silent};
    use crate::subject::Role;

    #[test]
    fn match_index_beyond_the_followers_disk() {
        let mut history = History::led();
        history.propose(1);
        raises(
            history.matched(1, 2, 2),
            Property::MatchIndex,
            "the matchIndex 2 of S1 for S2 is not",
        );
        let log = history.at(1).log.clone();
        let mut history = History::led();
        history.propose(1);
        silent(history.write_entries(2, 2, &log[1..]));
        // Written is not durable.
        raises(history.matched(1, 2, 2), Property::MatchIndex, "is not what that has on its disk");
    }

    #[test]
    fn match_index_beyond_the_leaders_log() {
        let mut history = History::given(&[(&[1], 1, None), (&[1, 1], 1, None), (&[], 1, None)]);
        history.elect(1, 2, &[3]);
        raises(history.matched(1, 2, 2), Property::MatchIndex, "is not what that has on its disk");
    }

    #[test]
    fn match_index_goes_back() {
        let mut history = History::led();
        history.propose(1);
        history.replicate(1, 2);
        silent(history.matched(1, 2, 2));
        raises(history.matched(1, 2, 1), Property::MatchIndex, "for S2 went back from 2");
    }

    /// Figure 2: matchIndex is initialized after each election.
    #[test]
    fn match_index_starts_over_in_a_new_leadership() {
        let mut history = History::led();
        history.propose(1);
        history.replicate(1, 2);
        silent(history.matched(1, 2, 2));
        history.elect(2, 2, &[3]);
        silent(history.enter(1, Role::Follower, 2, None));
        history.elect(1, 3, &[2]);
        silent(history.matched(1, 2, 1));
        silent(history.matched(1, 2, 1));
        assert_eq!(history.exercised(Property::MatchIndex), 2);
    }

    /// The acknowledgement of a follower arrives when that follows another leader, which made it drop the
    /// entry: the old leader can't know.
    #[test]
    fn match_index_of_a_deposed_leader_is_history() {
        let mut history = History::led();
        history.propose(1);
        history.replicate(1, 3);
        history.elect(2, 2, &[3]);
        history.propose(2);
        history.replicate(2, 3);
        silent(history.matched(1, 3, 2));
        assert_eq!(history.exercised(Property::MatchIndex), 0);
    }

    /// A server goes and comes back in one leadership: a late acknowledgement is all that the leader knows of it.
    #[test]
    fn match_index_starts_over_when_a_server_comes_back() {
        let mut history = History::led();
        history.replicate(1, 3);
        silent(history.matched(1, 3, 1));
        silent(history.configure(1, &members(&[1, 2], &[])));
        history.replicate(1, 2);
        history.replicate(1, 3);
        silent(history.matched(1, 3, 2));
        silent(history.commit(1, 2));
        silent(history.matched(1, 3, 1));
        silent(history.configure(1, &members(&[1, 2, 3], &[])));
        silent(history.matched(1, 3, 1));
    }
}
