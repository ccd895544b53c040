//! State Machine Safety (6): on commit, on apply, and by results.

use super::Property;
use crate::checker::properties::hooks::{Checker, Commit, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{NodeId, length};
use crate::subject::{Applied, View};

/// State Machine Safety (Figure 3, §5.4.3): if a server has applied a log entry at a
/// given index to its state machine, no other server will ever apply a different log entry for
/// the same index. Each applies in log order, without a gap and without a repeat, and nothing
/// above its commit index (§5.3). A snapshot that takes the place of the state machine's state takes
/// that of the entries up to its last (§7).
///
/// Every server commits the same entry at an index. Only a leader can decide that an entry is committed; all other
/// servers commit what a leader committed before.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct StateMachineSafety {
    /// The state that state machines showed after each number of entries; 0 if none did.
    states: Vec<u64>,
}

impl StateMachineSafety {
    /// A server that does not lead commits up to here, which no leader has.
    #[cold]
    pub(in crate::checker) fn undecided(id: NodeId, to: u64) -> Verdict {
        let detail =
            format!("{id} committed up to index {to}, where no leader has committed anything");
        violated(Property::StateMachineSafety, id, detail)
    }

    /// An entry that a server commits is in its log, and is the one that was committed at this index before, if any was.
    pub(in crate::checker) fn check_agreed(at: &Context<'_>, to: u64) -> Verdict {
        let (server, ledger) = (at.server, &at.record.ledger);
        let known = to.min(ledger.len());
        let id = server.id;
        let breach = if server.log.len() < to {
            format!("{id} committed up to index {to}, past its last entry")
        } else if server.log.at(known) != ledger.at(known) {
            format!("{id} committed up to index {to} what differs from what was committed before")
        } else {
            return Ok(());
        };
        violated(Property::StateMachineSafety, id, breach)
    }

    /// A server applies this index: it is the next, and committed.
    #[inline]
    pub(in crate::checker) fn check_next(at: &mut Context<'_>, index: u64, commit: u64) -> Verdict {
        let next = at.server.applied + 1;
        if index != next || index > commit {
            let id = at.id();
            let detail = format!(
                "{id} applied index {index} where index {next} is next and {commit} its commit index"
            );
            violated(Property::StateMachineSafety, id, detail)?;
        }
        at.count(Property::StateMachineSafety);
        Ok(())
    }

    /// A server applied something else than what was committed there.
    #[cold]
    pub(in crate::checker) fn another(id: NodeId, index: u64) -> Verdict {
        let detail =
            format!("{id} applied at index {index} something else than what was committed there");
        violated(Property::StateMachineSafety, id, detail)
    }
}

impl Checker for StateMachineSafety {
    fn new(_: &Record) -> StateMachineSafety {
        StateMachineSafety { states: Vec::new() }
    }

    #[inline]
    fn commits(&mut self, at: &mut Context<'_>, commit: &Commit) -> Verdict {
        let known = commit.to.min(at.record.ledger.len());
        if known > 0 || !commit.leads {
            at.count(Property::StateMachineSafety);
        }
        if known < commit.to && !commit.leads {
            return StateMachineSafety::undecided(at.id(), commit.to);
        }
        StateMachineSafety::check_agreed(at, commit.to)
    }

    #[inline]
    fn applies(&mut self, at: &mut Context<'_>, applied: &Applied, after: &View) -> Verdict {
        let index = applied.entry.index.get();
        StateMachineSafety::check_next(at, index, length(after.commit))?;
        let ledger = &at.record.ledger;
        let link = ledger.at(index - 1).map(|previous| previous.then(&applied.entry));
        if link == ledger.at(index) { Ok(()) } else { StateMachineSafety::another(at.id(), index) }
    }

    #[inline]
    fn applied(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        let (applied, shown) = (at.server.applied, length(after.applied));
        if applied == shown {
            return Ok(());
        }
        let id = at.id();
        let detail = format!("{id} has applied up to index {applied}, and shows {shown}");
        violated(Property::StateMachineSafety, id, detail)
    }

    /// State machines are deterministic, so those that have applied as much are in the same state, whether by
    /// entries or by a snapshot.
    #[inline]
    fn shows(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        let before = &at.server.view;
        let went_on = before.applied != after.applied || before.state != after.state;
        if !went_on || after.state == 0 {
            return Ok(());
        }
        let applied = length(after.applied) as usize;
        if self.states.len() <= applied {
            self.states.resize(applied + 1, 0);
        }
        let known = self.states[applied];
        if known == 0 {
            self.states[applied] = after.state;
            return Ok(());
        }
        at.count(Property::StateMachineSafety);
        if known == after.state {
            return Ok(());
        }
        let id = at.id();
        let detail = format!(
            "the state of {id}'s state machine after index {applied} is not what another's was there"
        );
        violated(Property::StateMachineSafety, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::checker::properties::Property;

    use crate::checker::testing::{History, entry, raises, silent, writing};
    use crate::model::{Entry, HardState, LogIndex, NodeId, Payload, Term};
    use crate::subject::{Effects, LogWrite, Role, View, Write};

    #[test]
    fn state_machine_safety_follower_commits_another_entry() {
        let mut history = History::new(5);
        history.elect(1, 1, &[2, 3]);
        history.propose(1);
        history.elect(4, 2, &[5, 3]);
        history.propose(4);
        history.replicate(4, 3);
        history.replicate(4, 5);
        silent(history.commit(4, 1));
        silent(history.enter(1, Role::Follower, 2, None));
        let verdict = history.commit(1, 1);
        raises(verdict, Property::StateMachineSafety, "differs from what was committed before");
    }

    #[test]
    fn state_machine_safety_commit_that_no_leader_made() {
        let mut history = History::two_committed();
        history.propose(1);
        history.replicate(1, 2);
        let verdict = history.commit(2, 3);
        raises(verdict, Property::StateMachineSafety, "where no leader has committed anything");
    }

    /// A leader takes an acknowledgement, and then a message of a later term, in one step.
    #[test]
    fn leader_commits_and_steps_down_in_one_step() {
        let stepped_down = |replicated: bool| {
            let mut history = History::new(3);
            history.elect(1, 1, &[2]);
            history.propose(1);
            if replicated {
                history.replicate(1, 2);
            }
            let verdict = history.step(1, |effects| {
                let hard_state = HardState { term: Term(2), voted_for: None };
                let view = &mut effects.view;
                (view.role, view.term, view.voted_for) = (Role::Follower, hard_state.term, None);
                view.commit = LogIndex::new(1);
                effects.writes.push(Write { hard_state: Some(hard_state), ..writing(None) });
            });
            (verdict, history.committed_len())
        };
        let (verdict, committed) = stepped_down(true);
        silent(verdict);
        assert_eq!(committed, 1);
        raises(stepped_down(false).0, Property::QuorumDurability, "on the disks of 1 servers");
    }

    /// The only voter stands, leads, commits, and learns of a later term, in one step.
    #[test]
    fn only_voter_commits_between_two_terms_in_one_step() {
        let mut history = History::new(1);
        let step = |effects: &mut Effects| {
            let hard_state = HardState { term: Term(2), voted_for: None };
            effects.view.term = hard_state.term;
            effects.view.commit = LogIndex::new(1);
            let log = LogWrite { from: LogIndex::FIRST, entries: entry(1, 1).into() };
            effects.writes.push(Write { hard_state: Some(hard_state), ..writing(Some(log)) });
        };
        history.checkers = history.checkers.waiting_for_disks();
        silent(history.step(1, step));
        assert_eq!(history.committed_len(), 1);
    }

    #[test]
    fn state_machine_safety_commit_past_the_own_log() {
        let mut history = History::two_committed();
        let verdict = history.commit(3, 2);
        raises(verdict, Property::StateMachineSafety, "past its last entry");
    }

    #[test]
    fn state_machine_safety_boots_with_a_commit_that_no_leader_made() {
        let mut history = History::two_committed();
        silent(history.write(2, 3, &[1]));
        history.flush(2);
        history.crash(2);
        let commit = LogIndex::new(3);
        let view = View { term: Term(1), voted_for: Some(NodeId(1)), commit, ..View::default() };
        let verdict = history.restart_as(2, view);
        raises(verdict, Property::StateMachineSafety, "where no leader has committed anything");
    }

    #[test]
    fn state_machine_safety_applies_another_command() {
        let mut history = History::two_committed();
        let other = Entry { payload: Payload::Noop, ..entry(2, 1) };
        let verdict = history.apply(1, &[entry(1, 1), other]);
        raises(verdict, Property::StateMachineSafety, "S1 applied at index 2 something else");
    }

    #[test]
    fn state_machine_safety_applies_with_a_gap_or_twice_or_too_early() {
        let verdict = History::two_committed().apply(1, &[entry(2, 1)]);
        raises(verdict, Property::StateMachineSafety, "applied index 2 where index 1 is next");
        let verdict = History::two_committed().apply(1, &[entry(1, 1), entry(1, 1)]);
        raises(verdict, Property::StateMachineSafety, "applied index 1 where index 2 is next");
        let verdict = History::two_committed().apply(2, &[entry(1, 1)]);
        raises(verdict, Property::StateMachineSafety, "0 its commit index");
    }

    #[test]
    fn state_machine_safety_commits_and_applies_of_the_same() {
        let mut history = History::two_committed();
        silent(history.commit(2, 1));
        silent(history.apply(2, &[entry(1, 1)]));
        silent(history.commit(2, 2));
        silent(history.apply(2, &[entry(2, 1)]));
        assert_eq!(history.exercised(Property::StateMachineSafety), 4);
        assert_eq!(history.committed_len(), 2);
    }

    #[test]
    fn state_machine_safety_shows_another_index_than_it_applied() {
        let (mut history, _) = History::with_snapshot();
        let verdict = history.show(1, |view| view.applied = LogIndex::new(4));
        raises(verdict, Property::StateMachineSafety, "has applied up to index 3, and shows 4");
        let (mut history, snapshot) = History::with_snapshot();
        silent(history.commit(2, 4));
        let verdict = history.step(2, |effects| effects.restored = Some(Arc::new(snapshot)));
        raises(verdict, Property::StateMachineSafety, "has applied up to index 3, and shows 0");
    }

    #[test]
    fn state_machine_safety_results_differ() {
        for (state, right) in [(7, true), (8, false)] {
            let (mut history, snapshot) = History::with_snapshot();
            silent(history.show(1, |view| view.state = 7));
            silent(history.enter(3, Role::Follower, 1, None));
            silent(history.show(3, |view| view.state = 5));
            let before = history.exercised(Property::StateMachineSafety);
            // The snapshot takes it to the index that S1 reached by entries.
            let verdict = history.install_as(1, 3, &snapshot, |view| view.state = state);
            if right {
                silent(verdict);
                assert_eq!(history.exercised(Property::StateMachineSafety), before + 2);
            } else {
                let words =
                    "the state of S3's state machine after index 3 is not what another's was";
                raises(verdict, Property::StateMachineSafety, words);
            }
        }
    }
}
