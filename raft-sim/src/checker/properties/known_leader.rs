//! Known Leader.

use super::Property;
use crate::checker::asked::Asked;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{NodeId, Term};
use crate::subject::{Answer, Request, View};
use crate::time::Micros;

/// Known Leader (Figure 2, §5.2): the server that another one shows as the leader of its term, or names to a client, has
/// led. It has said so itself, by a message that only a leader sends.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct KnownLeader {
    /// The last term that each server led, S1 first.
    led: Vec<Option<Term>>,
}

impl KnownLeader {
    /// True if a server has led this term or a later one.
    fn has_led(&self, at: &Context<'_>, leader: NodeId, term: Term) -> bool {
        at.record.find(leader).is_some_and(|slot| self.led[slot] >= Some(term))
    }

    /// The term in which the server of the context has heard from this one as its leader, if it did so last.
    fn heard(at: &Context<'_>, leader: NodeId) -> Option<Term> {
        at.server.heard.filter(|heard| heard.leader == leader).map(|heard| heard.term)
    }
}

impl Checker for KnownLeader {
    fn new(record: &Record) -> KnownLeader {
        KnownLeader { led: vec![None; record.servers.len()] }
    }

    #[inline]
    fn elected(&mut self, at: &mut Context<'_>, term: Term) -> Verdict {
        self.led[at.slot] = Some(term);
        Ok(())
    }

    #[inline]
    fn shows(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        let before = &at.server.view;
        let Some(leader) = after.leader else { return Ok(()) };
        let same = (before.leader, before.term) == (after.leader, after.term);
        if same || !at.record.announced {
            return Ok(());
        }
        at.count(Property::KnownLeader);
        if self.has_led(at, leader, after.term)
            || KnownLeader::heard(at, leader) == Some(after.term)
        {
            return Ok(());
        }
        let (id, term) = (at.id(), after.term);
        let detail =
            format!("{id} shows {leader} as the leader of term {term}, which it has not led");
        violated(Property::KnownLeader, id, detail)
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
        let Answer::NotLeader(Some(leader)) = *answer else { return Ok(()) };
        if self.has_led(at, leader, Term(0)) || KnownLeader::heard(at, leader).is_some() {
            return Ok(());
        }
        let id = at.id();
        let detail = format!("{id} told a client that {leader} leads, which has never led");
        violated(Property::KnownLeader, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, heartbeat, raises, silent};
    use crate::model::{NodeId, Term};
    use crate::subject::{Answer, Event, Role};

    /// S1 leads term 1 of three servers.
    fn led() -> History {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history
    }

    #[test]
    fn known_leader_has_led_the_term() {
        let mut history = led();
        history.event = Some(Event::Tick);
        silent(history.show(2, |view| view.leader = Some(NodeId(1))));
        assert_eq!(history.exercised(Property::KnownLeader), 1);
        // It enters a later term, and still shows the leader of the earlier one.
        history.event = Some(Event::Tick);
        let verdict = history.show(2, |view| (view.term, view.voted_for) = (Term(2), None));
        let words = "S2 shows S1 as the leader of term 2, which it has not led";
        raises(verdict, Property::KnownLeader, words);
    }

    /// A message that only a leader sends is all that a server can know.
    #[test]
    fn known_leader_has_said_so() {
        let mut history = led();
        history.takes(3, 2, 2, heartbeat());
        silent(history.show(3, |view| (view.term, view.leader) = (Term(2), Some(NodeId(2)))));
    }

    #[test]
    fn known_leader_is_named_to_a_client() {
        let mut history = led();
        silent(history.enter(3, Role::Follower, 1, None));
        silent(history.answer(3, 1, Answer::NotLeader(None)));
        silent(history.answer(3, 1, Answer::NotLeader(Some(NodeId(1)))));
        let verdict = history.answer(3, 1, Answer::NotLeader(Some(NodeId(2))));
        let words = "S3 told a client that S2 leads, which has never led";
        raises(verdict, Property::KnownLeader, words);
    }
}
