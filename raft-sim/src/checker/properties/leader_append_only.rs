//! Leader Append-Only (3).

use super::Property;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{NodeId, Position};
use crate::subject::{LogWrite, View};

/// Leader Append-Only (Figure 3, §5.3): a leader never overwrites or deletes entries in its log;
/// it only appends new entries.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct LeaderAppendOnly;

impl LeaderAppendOnly {
    /// A leader replaced its log by a snapshot.
    #[cold]
    pub(in crate::checker) fn replaced(id: NodeId, last: Position) -> Verdict {
        let detail = format!("{id}, a leader, replaced its log by a snapshot up to {last}");
        violated(Property::LeaderAppendOnly, id, detail)
    }
}

impl Checker for LeaderAppendOnly {
    fn new(_: &Record) -> LeaderAppendOnly {
        LeaderAppendOnly
    }

    #[inline]
    fn writes_log(&mut self, at: &mut Context<'_>, write: &LogWrite, after: &View) -> Verdict {
        if !at.record.leads_throughout(at.slot, after) {
            return Ok(());
        }
        at.count(Property::LeaderAppendOnly);
        let (id, from, last) = (at.id(), write.from.get(), at.server.log.len());
        if from > last {
            return Ok(());
        }
        let detail = format!("{id}, a leader, wrote from index {from} on over a log up to {last}");
        violated(Property::LeaderAppendOnly, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::members;
    use crate::checker::testing::{History, entry, raises, silent, writing};
    use crate::model::{HardState, LogIndex, NodeId, Term};
    use crate::subject::{LogWrite, Role, Write};

    #[test]
    fn leader_append_only_rewrite_of_an_uncommitted_entry() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history.propose(1);
        let verdict = history.write(1, 1, &[1, 1]);
        raises(verdict, Property::LeaderAppendOnly, "S1, a leader, wrote from index 1 on");
    }

    #[test]
    fn leader_append_only_follower_may_truncate() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history.propose(1);
        history.elect(2, 2, &[3]);
        history.propose(2);
        history.replicate(2, 1);
        assert_eq!(history.exercised(Property::LeaderAppendOnly), 2);
    }

    /// It takes the entries of its leader, which is no voter any more, then is told to stand, and leads.
    #[test]
    fn only_voter_replaces_entries_before_it_leads_in_one_step() {
        let mut history = History::given(&[(&[1], 1, None)]);
        silent(history.step(1, |effects| {
            let hard_state = HardState { term: Term(3), voted_for: Some(NodeId(1)) };
            let view = &mut effects.view;
            (view.role, view.term, view.voted_for) =
                (Role::Leader, hard_state.term, hard_state.voted_for);
            let log = LogWrite { from: LogIndex::FIRST, entries: entry(1, 2).into() };
            effects.writes.push(Write { hard_state: Some(hard_state), ..writing(Some(log)) });
        }));
        let verdict = history.write(1, 1, &[3]);
        raises(verdict, Property::LeaderAppendOnly, "S1, a leader, wrote from index 1 on");
    }

    /// A leader has its log, and takes no snapshot in place of it.
    #[test]
    fn leader_append_only_snapshot_in_place_of_the_log() {
        let mut history = History::new(5);
        history.stand(1, 2);
        history.grant(2, 1, 2);
        history.grant(3, 1, 2);
        history.elect(4, 3, &[2, 3]);
        history.propose(4);
        history.replicate(4, 2);
        history.replicate(4, 3);
        silent(history.commit(4, 1));
        // It need not have the entries of term 3, since it leads term 2.
        silent(history.lead(1));
        let snapshot = history.snapshot(4, 1, &members(&[1, 2, 3, 4, 5], &[]));
        let verdict = history.install(4, 1, &snapshot);
        raises(verdict, Property::LeaderAppendOnly, "S1, a leader, replaced its log by a snapshot");
    }
}
