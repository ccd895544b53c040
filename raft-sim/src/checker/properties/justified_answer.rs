//! Justified Answer.

use super::Property;
use crate::checker::asked::{Asked, Wanted};
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{LogIndex, Membership};
use crate::subject::{Answer, Request, Role};
use crate::time::Micros;

/// Justified Answer (§8, dissertation chapter 6): a client is told that its command is committed at an index only if the
/// entry there is that command, and is committed; an administrator that a configuration is in force only if it is the latest
/// that is committed up to there, and that a leadership was handed over only if it is over.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct JustifiedAnswer;

impl JustifiedAnswer {
    /// True if the entry that was wanted is committed at this index.
    fn is_committed(at: &Context<'_>, wanted: &Wanted, index: LogIndex) -> bool {
        let (ledger, index) = (&at.record.ledger, index.get());
        let (Some(previous), Some(link)) = (ledger.at(index - 1), ledger.at(index)) else {
            return false;
        };
        wanted.content().is_some_and(|content| previous.followed_by(link.term, content) == link)
    }

    /// True if this configuration is the latest that is committed up to this index.
    fn is_latest(at: &Context<'_>, membership: &Membership, index: LogIndex) -> bool {
        let (ledger, index) = (&at.record.ledger, index.get());
        ledger.at(index).is_some() && **ledger.configurations.up_to(index) == *membership
    }
}

impl Checker for JustifiedAnswer {
    fn new(_: &Record) -> JustifiedAnswer {
        JustifiedAnswer
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
        let Some(wanted) = &asked.wanted else { return Ok(()) };
        let breach = match (answer, wanted) {
            (
                Answer::Committed(index) | Answer::NoSession(index),
                Wanted::Command(_) | Wanted::Once(_) | Wanted::Session,
            ) => (!JustifiedAnswer::is_committed(at, wanted, *index))
                .then(|| format!("its command is not committed at index {index}")),
            (Answer::Registered(index, _), Wanted::Session) => {
                (!JustifiedAnswer::is_committed(at, wanted, *index))
                    .then(|| format!("no session is opened by a committed entry at index {index}"))
            }
            (Answer::Committed(index), Wanted::Configuration(membership)) => {
                (!JustifiedAnswer::is_latest(at, membership, *index)).then(|| {
                    format!(
                        "another configuration is the latest that is committed up to index {index}"
                    )
                })
            }
            (Answer::Done, Wanted::Handover(term)) => {
                let view = &at.server.view;
                let leads = view.term == *term && view.role == Role::Leader;
                leads.then(|| format!("it still leads term {term}"))
            }
            (
                Answer::Superseded
                | Answer::Unknown
                | Answer::NotLeader(_)
                | Answer::Busy
                | Answer::Rejected,
                _,
            ) => return Ok(()),
            (
                Answer::Committed(_)
                | Answer::Registered(..)
                | Answer::NoSession(_)
                | Answer::Read(_)
                | Answer::Done,
                _,
            ) => Some(format!("that is no answer to what it asked for: {answer:?}")),
        };
        at.count(Property::JustifiedAnswer);
        let Some(breach) = breach else { return Ok(()) };
        let id = at.id();
        let detail = format!("{id} reported success to a client, and {breach}");
        violated(Property::JustifiedAnswer, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::members;
    use crate::checker::testing::{History, Verdict, entry, raises, silent};
    use crate::model::{LogIndex, NodeId, Payload};
    use crate::subject::{Answer, Event, Request, Role};

    fn at(index: u64) -> LogIndex {
        LogIndex::new(index).expect("an index")
    }

    /// A client proposes the command of the entry at index 2, and is answered.
    fn answers(history: &mut History, answer: Answer) -> Verdict {
        let Payload::Command(command) = entry(2, 1).payload else { panic!("a command") };
        history.checkers.asked(0, NodeId(1), &Event::Propose(Request(1), command));
        history.answer(1, 1, answer)
    }

    fn applied() -> History {
        let mut history = History::two_committed();
        silent(history.apply(1, &[entry(1, 1), entry(2, 1)]));
        history
    }

    #[test]
    fn justified_answer_names_the_entry_of_the_command() {
        let mut history = applied();
        silent(answers(&mut history, Answer::Committed(at(2))));
        assert_eq!(history.exercised(Property::JustifiedAnswer), 1);
        silent(answers(&mut applied(), Answer::Unknown));
        let verdict = answers(&mut applied(), Answer::Committed(at(1)));
        let words = "S1 reported success to a client, and its command is not committed at index 1";
        raises(verdict, Property::JustifiedAnswer, words);
        let verdict = answers(&mut applied(), Answer::Done);
        raises(verdict, Property::JustifiedAnswer, "that is no answer to what it asked for");
    }

    #[test]
    fn justified_answer_about_a_configuration() {
        for (asked, right) in [([1, 2, 3, 4], true), ([1, 2, 3, 5], false)] {
            let mut history = History::led();
            silent(history.configure(1, &members(&[1, 2, 3, 4], &[])));
            for server in [2, 3] {
                history.replicate(1, server);
            }
            silent(history.commit(1, 2));
            let log = history.at(1).log.clone();
            silent(history.apply(1, &log));
            let voters = asked.map(NodeId).into_iter().rev().collect();
            let event = Event::ChangeMembership(Request(1), voters, Vec::new());
            history.checkers.asked(0, NodeId(1), &event);
            let verdict = history.answer(1, 1, Answer::Committed(at(2)));
            if right {
                silent(verdict);
            } else {
                let words = "another configuration is the latest that is committed up to index 2";
                raises(verdict, Property::JustifiedAnswer, words);
            }
        }
    }

    #[test]
    fn justified_answer_about_a_handover() {
        let mut history = applied();
        let asks = |history: &mut History, request| {
            let event = Event::Transfer(Request(request), NodeId(2));
            history.checkers.asked(0, NodeId(1), &event);
        };
        asks(&mut history, 1);
        let verdict = history.answer(1, 1, Answer::Done);
        raises(verdict, Property::JustifiedAnswer, "and it still leads term 1");
        asks(&mut history, 2);
        silent(history.enter(1, Role::Follower, 2, Some(2)));
        silent(history.answer(1, 2, Answer::Done));
    }
}
