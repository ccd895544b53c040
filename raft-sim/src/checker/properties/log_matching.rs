//! Log Matching (4) and Log Terms (11): what each entry of a log must be, by what is before it and in other logs.

use super::Property;
use crate::checker::chain::Seen;
use crate::checker::properties::hooks::{Checker, Context, New};
use crate::checker::properties::violation::{Verdict, Violation};
use crate::checker::record::Record;
use crate::model::NodeId;
use crate::subject::{LogWrite, View};

/// Log Terms (§5.1, §5.3): an entry is stamped with the term of the leader that made it, and
/// leaders come in the order of their terms. So terms do not decrease along a log, and none is
/// above the server's own.
///
/// Log Matching (Figure 3, §5.3): if two logs contain an entry with the same index and term, then
/// the logs are identical in all entries up through the given index. Logs of the past count too. A log has no gaps.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct LogMatching;

impl LogMatching {
    #[inline]
    fn check(at: &mut Context<'_>, new: &New<'_>) -> Verdict {
        at.count(Property::LogTerms);
        if new.entry.term < new.previous.term || new.entry.term > new.term {
            return Err(bad_term(at.id(), new));
        }
        if new.seen == Seen::Same {
            at.count(Property::LogMatching);
        }
        if new.seen == Seen::Different || new.entry.index.get() != new.index {
            return Err(bad_match(at.id(), new));
        }
        Ok(())
    }
}

#[cold]
fn bad_term(id: NodeId, new: &New<'_>) -> Violation {
    let position = new.entry.position();
    let detail = if new.entry.term > new.term {
        format!("{id} wrote entry {position} while its own term is {}", new.term)
    } else {
        format!("{id} wrote entry {position} behind an entry of term {}", new.previous.term)
    };
    Violation::new(Property::LogTerms, id, detail)
}

#[cold]
fn bad_match(id: NodeId, new: &New<'_>) -> Violation {
    let position = new.entry.position();
    let detail = if new.entry.index.get() == new.index {
        format!("{id} wrote entry {position}, which another log has with other contents or history")
    } else {
        format!("{id} wrote entry {position} at index {}", new.index)
    };
    Violation::new(Property::LogMatching, id, detail)
}

impl Checker for LogMatching {
    fn new(_: &Record) -> LogMatching {
        LogMatching
    }

    #[inline]
    fn given(&mut self, at: &mut Context<'_>, new: &New<'_>) -> Verdict {
        LogMatching::check(at, new)
    }

    #[inline]
    fn writes_log(&mut self, at: &mut Context<'_>, write: &LogWrite, _: &View) -> Verdict {
        let (from, log) = (write.from.get(), &at.server.log);
        if log.at(from - 1).is_some() {
            return Ok(());
        }
        let (id, last) = (at.id(), log.len());
        let detail = format!("{id} wrote from index {from} on, behind a log that ends at {last}");
        Err(Violation::new(Property::LogMatching, id, detail))
    }

    #[inline]
    fn appends(&mut self, at: &mut Context<'_>, new: &New<'_>, _: &View) -> Verdict {
        LogMatching::check(at, new)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::Checkers;
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::members;
    use crate::checker::testing::{History, entry, raises, silent};
    use crate::model::{Entry, HardState, NodeId, Payload, Term};
    use crate::subject::{Role, View};

    /// A log that is a snapshot up to an entry of term 2 goes on in term 2 or later.
    #[test]
    fn log_terms_behind_a_snapshot() {
        let goes_on = |term| {
            let mut history =
                History::given(&[(&[1, 2], 2, None), (&[1, 2], 2, None), (&[], 2, None)]);
            history.elect(1, 3, &[2]);
            history.propose(1);
            history.replicate(1, 2);
            silent(history.commit(1, 3));
            let log = history.at(1).log.clone();
            silent(history.apply(1, &log[..2]));
            let snapshot = history.snapshot(1, 2, &members(&[1, 2, 3], &[]));
            silent(history.enter(3, Role::Follower, 3, None));
            silent(history.install(1, 3, &snapshot));
            history.write(3, 3, &[term])
        };
        raises(goes_on(1), Property::LogTerms, "S3 wrote entry 3/1 behind an entry of term 2");
        silent(goes_on(3));
    }

    #[test]
    fn log_matching_other_command_at_the_same_position() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history.propose(1);
        let other = Entry { payload: Payload::Noop, ..entry(1, 1) };
        let verdict = history.write_entries(2, 1, &[other]);
        raises(verdict, Property::LogMatching, "S2 wrote entry 1/1, which another log has");
    }

    #[test]
    fn log_matching_other_history_before_the_same_position() {
        let mut history = History::given(&[(&[1, 2], 3, None), (&[2], 3, None), (&[], 3, None)]);
        let verdict = history.write(2, 2, &[2]);
        raises(verdict, Property::LogMatching, "S2 wrote entry 2/2");
    }

    #[test]
    fn log_matching_write_with_a_gap() {
        let mut history = History::given(&[(&[1], 1, None)]);
        let verdict = history.write(1, 3, &[1]);
        raises(verdict, Property::LogMatching, "from index 3 on, behind a log that ends at 1");
    }

    #[test]
    fn log_matching_entry_under_a_false_index() {
        let mut history = History::given(&[(&[], 1, None)]);
        let verdict = history.write_entries(1, 1, &[entry(2, 1)]);
        raises(verdict, Property::LogMatching, "S1 wrote entry 2/1 at index 1");
    }

    #[test]
    fn log_matching_logs_of_different_terms_may_differ() {
        let mut history = History::given(&[(&[1, 2], 3, None), (&[1, 3], 3, None), (&[], 3, None)]);
        silent(history.write(3, 1, &[1, 2]));
        silent(history.write(3, 2, &[3]));
        assert_eq!(history.exercised(Property::LogMatching), 4);
    }

    #[test]
    fn log_terms_decrease_along_the_log() {
        let mut history = History::given(&[(&[1, 3], 3, None)]);
        let verdict = history.write(1, 3, &[2]);
        raises(verdict, Property::LogTerms, "S1 wrote entry 3/2 behind an entry of term 3");
    }

    #[test]
    fn log_terms_exceed_the_own_term() {
        let mut history = History::given(&[(&[1], 3, None)]);
        let verdict = history.write(1, 2, &[4]);
        raises(verdict, Property::LogTerms, "S1 wrote entry 2/4 while its own term is 3");
    }

    #[test]
    fn log_terms_given_log_is_judged() {
        let mut checkers = Checkers::new(&[NodeId(1)]);
        let durable = HardState { term: Term(1), voted_for: None };
        let view = View { term: Term(1), ..View::default() };
        let verdict = checkers.booted(NodeId(1), durable, None, &[entry(1, 2)], None, &view);
        raises(verdict, Property::LogTerms, "S1 wrote entry 1/2 while its own term is 1");
    }

    #[test]
    fn log_terms_rise_with_jumps() {
        let mut history = History::given(&[(&[1], 6, None), (&[], 6, None)]);
        silent(history.write(1, 2, &[4, 4, 6]));
        assert_eq!(history.exercised(Property::LogTerms), 4);
    }

    /// Logs that a crash cut back may grow again with other entries, under the next leader.
    #[test]
    fn entries_that_were_never_durable_are_replaced() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        silent(history.write(1, 1, &[1, 1]));
        history.crash(1);
        silent(history.restart(1));
        history.elect(1, 2, &[3]);
        history.propose(1);
        assert_eq!(history.last(1).map(|last| last.to_string()), Some("1/2".to_owned()));
        history.replicate(1, 3);
        silent(history.commit(1, 1));
    }
}
