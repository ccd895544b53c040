//! Monotonicity (10).

use super::Property;
use crate::checker::properties::hooks::{Boot, Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{HardState, length};
use crate::subject::View;

/// Monotonicity (Figure 2, §5.1): currentTerm, commitIndex and lastApplied increase
/// monotonically, and a vote stands for its term.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct Monotonicity {
    /// The term and vote of each server as last handed to its disk.
    written: Vec<HardState>,
}

impl Monotonicity {
    /// Across a restart (Figure 2, persistent state): term and vote are as they were
    /// durable. Commit index and last applied are volatile and may start over.
    pub(in crate::checker) fn check_restart(at: &mut Context<'_>, view: &View) -> Verdict {
        let (id, durable) = (at.id(), at.server.durable);
        if durable == HardState::default() {
            return Ok(());
        }
        at.count(Property::Monotonicity);
        let new = HardState { term: view.term, voted_for: view.voted_for };
        match went_back(durable, new) {
            None => Ok(()),
            Some(what) => {
                let detail = format!("{id} started from its disk: {what}");
                violated(Property::Monotonicity, id, detail)
            }
        }
    }

    /// lastApplied across a restart (§5.3): a state machine goes on where what it kept ends,
    /// or the snapshot if that is later (§7), so that it applies nothing twice and leaves nothing out.
    fn check_kept(at: &mut Context<'_>, boot: &Boot<'_>) -> Verdict {
        let expected = boot.kept.max(boot.snapshot);
        if expected.is_some() {
            at.count(Property::Monotonicity);
        }
        if boot.view.applied == expected {
            return Ok(());
        }
        let id = at.id();
        let (expected, applied) = (length(expected), length(boot.view.applied));
        let detail = format!(
            "{id} started with last applied {applied}, though its state machine has kept {expected}"
        );
        violated(Property::Monotonicity, id, detail)
    }

    /// Compares the state that a server shows after a step with the one before.
    pub(in crate::checker) fn check_forward(at: &mut Context<'_>, after: &View) -> Verdict {
        let before = &at.server.view;
        let commits = (length(before.commit), length(after.commit));
        let applied = (length(before.applied), length(after.applied));
        let moved = before.term != after.term || before.voted_for != after.voted_for;
        if !moved && commits.0 == commits.1 && applied.0 == applied.1 {
            return Ok(());
        }
        let id = at.id();
        let old = HardState { term: before.term, voted_for: before.voted_for };
        let new = HardState { term: after.term, voted_for: after.voted_for };
        let breach = match went_back(old, new) {
            Some(what) => Some(what),
            None if commits.1 < commits.0 => {
                Some(format!("its commit index went from {} to {}", commits.0, commits.1))
            }
            None if applied.1 < applied.0 => {
                Some(format!("its last applied went from {} to {}", applied.0, applied.1))
            }
            None => None,
        };
        at.count(Property::Monotonicity);
        match breach {
            None => Ok(()),
            Some(what) => violated(Property::Monotonicity, id, format!("{id}: {what}")),
        }
    }
}

impl Checker for Monotonicity {
    fn new(record: &Record) -> Monotonicity {
        Monotonicity { written: vec![HardState::default(); record.servers.len()] }
    }

    #[inline]
    fn boots(&mut self, at: &mut Context<'_>, boot: &Boot<'_>) -> Verdict {
        self.written[at.slot] = at.server.durable;
        Monotonicity::check_restart(at, boot.view)?;
        Monotonicity::check_kept(at, boot)
    }

    #[inline]
    fn moves(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        Monotonicity::check_forward(at, after)
    }

    /// A write that is handed to the disk must not undo an earlier one.
    #[inline]
    fn writes_hard_state(&mut self, at: &mut Context<'_>, new: HardState) -> Verdict {
        at.count(Property::Monotonicity);
        let id = at.id();
        let old = std::mem::replace(&mut self.written[at.slot], new);
        match went_back(old, new) {
            None => Ok(()),
            Some(what) => {
                let detail = format!("{id} wrote to its disk: {what}");
                violated(Property::Monotonicity, id, detail)
            }
        }
    }
}

/// The description of how a term, or a vote within a term, was taken back, if it was.
fn went_back(old: HardState, new: HardState) -> Option<String> {
    if new.term < old.term {
        return Some(format!("its term went from {} to {}", old.term, new.term));
    }
    let vote = old.voted_for?;
    if new.term > old.term || new.voted_for == Some(vote) {
        return None;
    }
    Some(match new.voted_for {
        Some(other) => format!("its vote in term {} went from {vote} to {other}", old.term),
        None => format!("its vote for {vote} in term {} was forgotten", old.term),
    })
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, entry, raises, silent, writing};
    use crate::model::{HardState, LogIndex, NodeId, Term};
    use crate::subject::{Role, View, Write};

    #[test]
    fn monotonicity_term_goes_back() {
        let mut history = History::given(&[(&[], 3, None), (&[], 3, None)]);
        let verdict = history.show(1, |view| view.term = Term(2));
        raises(verdict, Property::Monotonicity, "its term went from 3 to 2");
    }

    #[test]
    fn monotonicity_vote_changes_or_is_forgotten() {
        let given = || History::given(&[(&[], 3, Some(2)), (&[], 3, None)]);
        let verdict = given().show(1, |view| view.voted_for = Some(NodeId(1)));
        raises(verdict, Property::Monotonicity, "its vote in term 3 went from S2 to S1");
        let verdict = given().show(1, |view| view.voted_for = None);
        raises(verdict, Property::Monotonicity, "its vote for S2 in term 3 was forgotten");
    }

    #[test]
    fn monotonicity_commit_or_applied_goes_back() {
        let mut history = History::two_committed();
        raises(history.commit(1, 1), Property::Monotonicity, "its commit index went from 2 to 1");
        let mut history = History::two_committed();
        silent(history.apply(1, &[entry(1, 1)]));
        let verdict = history.show(1, |view| view.applied = None);
        raises(verdict, Property::Monotonicity, "its last applied went from 1 to 0");
    }

    #[test]
    fn monotonicity_restart_forgets_term_or_vote() {
        let mut history = History::two_committed();
        history.crash(2);
        let forgot_vote = View { term: Term(1), ..View::default() };
        let verdict = history.restart_as(2, forgot_vote);
        raises(verdict, Property::Monotonicity, "its vote for S1 in term 1 was forgotten");
        let mut history = History::two_committed();
        history.crash(2);
        let verdict = history.restart_as(2, View::default());
        raises(
            verdict,
            Property::Monotonicity,
            "S2 started from its disk: its term went from 1 to 0",
        );
    }

    #[test]
    fn monotonicity_state_machine_starts_over_or_runs_ahead() {
        for (kept, applied, found) in [(2, 0, 0), (0, 1, 1)] {
            let mut history = History::two_committed();
            history.crash(1);
            let [kept, applied] = [kept, applied].map(LogIndex::new);
            let view = History::booted_at(1, 1, applied);
            let verdict = history.restart_keeping(1, kept, view);
            let detail = format!("S1 started with last applied {found}, though its state machine");
            raises(verdict, Property::Monotonicity, &detail);
        }
        let mut history = History::two_committed();
        history.crash(1);
        let kept = LogIndex::new(2);
        silent(history.restart_keeping(1, kept, History::booted_at(1, 1, kept)));
    }

    #[test]
    fn monotonicity_write_undoes_a_vote() {
        let mut history = History::new(3);
        silent(history.enter(1, Role::Follower, 1, Some(2)));
        let verdict = history.step(1, |effects| {
            let hard_state = Some(HardState { term: Term(1), voted_for: Some(NodeId(3)) });
            effects.writes.push(Write { hard_state, ..writing(None) });
        });
        raises(verdict, Property::Monotonicity, "S1 wrote to its disk: its vote in term 1");
    }

    #[test]
    fn monotonicity_new_term_clears_the_vote() {
        let mut history = History::given(&[(&[], 3, Some(2)), (&[], 3, None)]);
        let before = history.exercised(Property::Monotonicity);
        silent(history.enter(1, Role::Follower, 4, None));
        silent(history.enter(1, Role::Follower, 4, Some(2)));
        assert!(history.exercised(Property::Monotonicity) > before);
    }

    /// commitIndex and lastApplied are volatile: both start over, and entries are applied anew.
    #[test]
    fn commit_and_applied_go_back_over_a_restart() {
        let mut history = History::two_committed();
        silent(history.apply(1, &[entry(1, 1), entry(2, 1)]));
        history.crash(1);
        silent(history.restart(1));
        assert_eq!(history.committed(1), 0);
        silent(history.commit(1, 1));
        silent(history.apply(1, &[entry(1, 1)]));
        // With the commit index behind, an entry that others committed is still where it was.
        silent(history.write(1, 2, &[1]));
    }

    /// A state machine that survives crashes boots with what it has applied, and goes on from there.
    #[test]
    fn durable_state_machine_goes_on_after_a_restart() {
        let mut history = History::two_committed();
        silent(history.apply(1, &[entry(1, 1)]));
        history.crash(1);
        let first = LogIndex::new(1);
        let view = View {
            term: Term(1),
            voted_for: Some(NodeId(1)),
            commit: first,
            applied: first,
            ..View::default()
        };
        silent(history.restart_as(1, view));
        silent(history.commit(1, 2));
        silent(history.apply(1, &[entry(2, 1)]));
    }
}
