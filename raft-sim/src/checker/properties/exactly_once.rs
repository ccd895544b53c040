//! Exactly Once (19).

use std::collections::BTreeMap;

use super::Property;
use crate::checker::asked::Asked;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{LogIndex, Once, Payload, SessionId};
use crate::subject::{Answer, Applied, Outcome, Request, View};
use crate::time::Micros;

/// Exactly Once (§8, dissertation §6.3): a command under a serial number of a session is executed at one index of
/// the log, the same on every server, however often it is in the log. A client's request is acknowledged only when
/// it is committed, and when the server that acknowledges it has applied it.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct ExactlyOnce {
    /// The index at which each command of a session was executed.
    executed: BTreeMap<(SessionId, u64), u64>,
}

/// The index that an answer reports as committed, if it does.
#[inline]
pub(super) fn committed_at(answer: &Answer) -> Option<LogIndex> {
    match answer {
        Answer::Committed(index) | Answer::Registered(index, _) | Answer::NoSession(index) => {
            Some(*index)
        }
        Answer::Read(_)
        | Answer::Done
        | Answer::Superseded
        | Answer::Unknown
        | Answer::NotLeader(_)
        | Answer::Busy
        | Answer::Rejected => None,
    }
}

impl ExactlyOnce {
    #[cold]
    fn check_once(
        &mut self,
        at: &mut Context<'_>,
        index: u64,
        once: &Once,
        outcome: Outcome,
    ) -> Verdict {
        let executed = match outcome {
            Outcome::Executed => true,
            Outcome::Nothing | Outcome::Repeated | Outcome::NoSession | Outcome::Registered(_) => {
                false
            }
        };
        let command = (once.session, once.serial);
        let Some(&known) = self.executed.get(&command) else {
            if executed {
                self.executed.insert(command, index);
            }
            return Ok(());
        };
        at.count(Property::ExactlyOnce);
        if !executed || known == index {
            return Ok(());
        }
        let id = at.id();
        let detail = format!(
            "{id} executed command {} of session {} at index {index}, which was executed at index {known}",
            once.serial, once.session.0
        );
        violated(Property::ExactlyOnce, id, detail)
    }
}

impl Checker for ExactlyOnce {
    fn new(_: &Record) -> ExactlyOnce {
        ExactlyOnce { executed: BTreeMap::new() }
    }

    #[inline]
    fn applies(&mut self, at: &mut Context<'_>, applied: &Applied, _: &View) -> Verdict {
        match &applied.entry.payload {
            Payload::Once(once) => {
                self.check_once(at, applied.entry.index.get(), once, applied.outcome)
            }
            Payload::Noop | Payload::Command(_) | Payload::Membership(_) | Payload::Register => {
                Ok(())
            }
        }
    }

    #[inline]
    fn answered(
        &mut self,
        at: &mut Context<'_>,
        _: Micros,
        _: Request,
        answer: &Answer,
        _: &Asked,
    ) -> Verdict {
        let Some(index) = committed_at(answer) else { return Ok(()) };
        let (id, applied, committed) = (at.id(), at.server.applied, at.record.ledger.len());
        if index.get() <= applied.min(committed) {
            return Ok(());
        }
        let detail = format!(
            "{id} reported index {index} to a client, when it had applied {applied} and {committed} were \
             committed"
        );
        violated(Property::ExactlyOnce, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::once;
    use crate::checker::testing::{History, raises, silent};
    use crate::model::{LogIndex, SessionId};
    use crate::subject::{Answer, Outcome, Role};

    fn at(index: u64) -> LogIndex {
        LogIndex::new(index).expect("an index")
    }

    #[test]
    fn exactly_once_executed_twice() {
        let mut history = History::twice();
        silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
        let verdict = history.apply_as(1, once(2, 1, 5), Outcome::Executed);
        let words = "S1 executed command 5 of session 1 at index 2, which was executed at index 1";
        raises(verdict, Property::ExactlyOnce, words);
    }

    #[test]
    fn exactly_once_executed_elsewhere_by_another_server() {
        let mut history = History::twice();
        silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
        silent(history.apply_as(2, once(1, 1, 5), Outcome::NoSession));
        let verdict = history.apply_as(2, once(2, 1, 5), Outcome::Executed);
        raises(verdict, Property::ExactlyOnce, "S2 executed command 5 of session 1 at index 2");
    }

    #[test]
    fn exactly_once_the_same_everywhere() {
        let mut history = History::twice();
        for server in [1, 2] {
            silent(history.apply_as(server, once(1, 1, 5), Outcome::Executed));
            silent(history.apply_as(server, once(2, 1, 5), Outcome::Repeated));
        }
        assert_eq!(history.exercised(Property::ExactlyOnce), 3);
        // After a crash it executes the command again, in a state machine that starts over.
        history.crash(1);
        silent(history.restart(1));
        silent(history.commit(1, 2));
        silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
    }

    /// A command that comes late, behind a later one of its session, was perhaps never executed. Nor will it be.
    #[test]
    fn exactly_once_a_command_out_of_order_is_repeated_without_a_first_time() {
        let mut history = History::new(1);
        silent(history.enter(1, Role::Leader, 1, Some(1)));
        silent(history.write_entries(1, 1, &[once(1, 1, 5), once(2, 1, 4)]));
        history.flush(1);
        silent(history.commit(1, 2));
        silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
        silent(history.apply_as(1, once(2, 1, 4), Outcome::Repeated));
    }

    #[test]
    fn exactly_once_client_is_answered_too_early() {
        let mut history = History::twice();
        silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
        silent(history.answer(1, 1, Answer::Committed(at(1))));
        silent(history.answer(1, 2, Answer::Superseded));
        for answer in [
            Answer::Committed(at(2)),
            Answer::Registered(at(2), SessionId(1)),
            Answer::NoSession(at(2)),
        ] {
            let verdict = history.answer(1, 3, answer);
            let words =
                "S1 reported index 2 to a client, when it had applied 1 and 2 were committed";
            raises(verdict, Property::ExactlyOnce, words);
        }
    }
}
