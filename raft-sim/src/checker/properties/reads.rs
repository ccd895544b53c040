//! Reads (20).

use super::Property;
use super::exactly_once::committed_at;
use crate::checker::asked::Asked;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{LogIndex, length};
use crate::subject::{Answer, Event, Request};
use crate::time::Micros;

/// Reads (§8, dissertation §6.4): a read returns no state older than what any client had received when the read was
/// requested. So all of it is linearizable: an answer to one client is past for every later request.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct Reads {
    /// The highest index that was reported to any client.
    reported: u64,
}

impl Reads {
    fn check(at: &mut Context<'_>, index: LogIndex, reported: u64) -> Verdict {
        if reported > 0 {
            at.count(Property::Reads);
        }
        let (id, applied) = (at.id(), at.server.applied);
        let breach = if index.get() < reported {
            format!(
                "{id} answered a read from index {index}, after index {reported} had been reported to a client"
            )
        } else if index.get() > applied {
            format!("{id} answered a read from index {index}, and has applied {applied}")
        } else {
            return Ok(());
        };
        violated(Property::Reads, id, breach)
    }
}

impl Checker for Reads {
    fn new(_: &Record) -> Reads {
        Reads { reported: 0 }
    }

    #[inline]
    fn asked(&mut self, _: &mut Context<'_>, _: Micros, event: &Event, asked: &mut Asked) {
        if let Event::Read(_) = event {
            asked.reported = self.reported;
        }
    }

    #[inline]
    fn answered(
        &mut self,
        at: &mut Context<'_>,
        _: Micros,
        _: Request,
        answer: &Answer,
        asked: &Asked,
    ) -> Verdict {
        let read = if let Answer::Read(index) = *answer { Some(index) } else { None };
        if let Some(index) = read {
            Reads::check(at, index, asked.reported)?;
        }
        let index = read.or_else(|| committed_at(answer));
        self.reported = self.reported.max(length(index));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::once;
    use crate::checker::testing::{History, raises, silent};
    use crate::model::LogIndex;
    use crate::subject::{Answer, Outcome, Request};

    fn at(index: u64) -> LogIndex {
        LogIndex::new(index).expect("an index")
    }

    #[test]
    fn reads_older_than_what_was_reported() {
        let mut history = History::twice();
        silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
        silent(history.apply_as(1, once(2, 1, 5), Outcome::Repeated));
        silent(history.apply_as(2, once(1, 1, 5), Outcome::Executed));
        silent(history.answer(1, 1, Answer::Committed(at(2))));
        history.ask_read(2, 2);
        let verdict = history.answer(2, 2, Answer::Read(at(1)));
        let words = "S2 answered a read from index 1, after index 2 had been reported to a client";
        raises(verdict, Property::Reads, words);
    }

    #[test]
    fn reads_older_than_another_read() {
        let mut history = History::twice();
        silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
        silent(history.apply_as(1, once(2, 1, 5), Outcome::Repeated));
        silent(history.apply_as(2, once(1, 1, 5), Outcome::Executed));
        history.ask_read(1, 3);
        silent(history.answer(1, 3, Answer::Read(at(2))));
        assert_eq!(history.exercised(Property::Reads), 0);
        history.ask_read(2, 2);
        raises(
            history.answer(2, 2, Answer::Read(at(1))),
            Property::Reads,
            "after index 2 had been reported",
        );
    }

    #[test]
    fn reads_ahead_of_the_state_machine() {
        let mut history = History::twice();
        history.ask_read(2, 1);
        let verdict = history.answer(2, 1, Answer::Read(at(1)));
        raises(verdict, Property::Reads, "S2 answered a read from index 1, and has applied 0");
    }

    /// S2 lags, and answers at exactly the index that had been reported when the read was requested; what was
    /// reported since counts for later reads only.
    #[test]
    fn reads_of_a_lagging_follower_at_exactly_what_was_reported() {
        let mut history = History::twice();
        silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
        silent(history.answer(1, 1, Answer::Committed(at(1))));
        history.ask_read(2, 2);
        silent(history.apply_as(1, once(2, 1, 5), Outcome::Repeated));
        silent(history.answer(1, 3, Answer::Committed(at(2))));
        silent(history.apply_as(2, once(1, 1, 5), Outcome::Executed));
        silent(history.answer(2, 2, Answer::Read(at(1))));
        assert_eq!(history.exercised(Property::Reads), 1);
    }

    /// A crash ends the pending reads of a server; and a refusal ends a read, too.
    #[test]
    fn reads_without_an_answer_are_forgotten() {
        let mut history = History::twice();
        history.ask_read(1, 1);
        history.ask_read(2, 2);
        history.ask_read(2, 3);
        history.crash(1);
        silent(history.answer(2, 2, Answer::NotLeader(None)));
        // All that is left of the first is its operation on the clients' register.
        assert!(history.checkers.requests.names().eq([1, 3].map(Request)));
    }
}
