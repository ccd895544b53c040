//! Candidate Log.

use std::hash::Hash;

use super::Property;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::mix::MixHasher;
use crate::model::{Body, Message, Position, Snapshot};
use crate::subject::{Effects, Event, LogWrite, View, Write};

/// Candidate Log (Figure 2, RequestVote arguments; §5.4.1): lastLogIndex and lastLogTerm in a request for a vote or a
/// pre-vote are those of the candidate's last log entry. A request that waited for the disk has those of then.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct CandidateLog {
    /// For each server, S1 first, the former last entries of its log since it last knew all of its writes to be durable.
    former: Vec<Vec<Option<Position>>>,
    /// The number of writes that it does not know to be durable.
    unnotified: Vec<usize>,
}

/// The last entry of a log in words.
pub(super) fn end(last: Option<Position>) -> String {
    last.map_or("nothing".to_owned(), |last| last.to_string())
}

impl CandidateLog {
    /// The log of the server changes.
    #[inline]
    fn changes(&mut self, at: &Context<'_>) {
        let former = &mut self.former[at.slot];
        if self.unnotified[at.slot] == 0 {
            former.clear();
        }
        former.push(at.server.last());
    }
}

impl Checker for CandidateLog {
    fn new(record: &Record) -> CandidateLog {
        let servers = record.servers.len();
        CandidateLog { former: vec![Vec::new(); servers], unnotified: vec![0; servers] }
    }

    /// Former ends count as long as a write is pending.
    fn feed(&self, _: &Record, hasher: &mut MixHasher) {
        for (former, unnotified) in std::iter::zip(&self.former, &self.unnotified) {
            (unnotified, (*unnotified > 0).then_some(former)).hash(hasher);
        }
    }

    #[inline]
    fn takes(&mut self, at: &mut Context<'_>, event: &Event) {
        if let Event::Persisted(_) = event {
            self.unnotified[at.slot] = self.unnotified[at.slot].saturating_sub(1);
        }
    }

    #[inline]
    fn stepped(&mut self, at: &mut Context<'_>, effects: &Effects) -> Verdict {
        // One that waits for its disk is notified of nothing, and sends nothing that waited.
        if !at.record.waits {
            self.unnotified[at.slot] += effects.writes.len();
        }
        Ok(())
    }

    #[inline]
    fn writes_log(&mut self, at: &mut Context<'_>, _: &LogWrite, _: &View) -> Verdict {
        self.changes(at);
        Ok(())
    }

    #[inline]
    fn writes_snapshot(
        &mut self,
        at: &mut Context<'_>,
        _: &Snapshot,
        _: &Write,
        _: &View,
    ) -> Verdict {
        self.changes(at);
        Ok(())
    }

    #[inline]
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        let (Body::RequestVote { last, .. } | Body::PreVote { last }) = &message.body else {
            return Ok(());
        };
        at.count(Property::CandidateLog);
        let own = at.server.last();
        let was = || self.former[at.slot].contains(last);
        if *last == own || message.term < at.server.view.term || was() {
            return Ok(());
        }
        let id = at.id();
        let (name, says, is) = (message.body.name(), end(*last), end(own));
        let detail =
            format!("{id} says in a {name} that its log ends with {says}; it ends with {is}");
        violated(Property::CandidateLog, id, detail)
    }

    #[inline]
    fn crashed(&mut self, at: &mut Context<'_>) {
        self.unnotified[at.slot] = 0;
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, raises, silent};
    use crate::model::{Body, LogIndex, Position, Term};
    use crate::subject::{Event, Role, Token};

    /// A request waits for the disk while the candidate follows a leader, and leaves then.
    #[test]
    fn candidate_log_of_a_request_that_waited() {
        let mut history = History::given(&[(&[1], 1, None), (&[], 1, None)]);
        silent(history.enter(1, Role::Candidate, 2, Some(1)));
        silent(history.enter(1, Role::Follower, 2, Some(1)));
        silent(history.write(1, 2, &[2]));
        let last = LogIndex::new(1).map(|index| Position { index, term: Term(1) });
        silent(history.makes(1, 2, 2, Body::RequestVote { last, transfer: false }));
        history.flush(1);
        // It is notified of the three writes, one by one.
        for write in 0..3 {
            silent(history.makes(1, 2, 2, Body::PreVote { last }));
            history.event = Some(Event::Persisted(Token(write)));
            silent(history.show(1, |_| {}));
        }
        silent(history.write(1, 3, &[2]));
        let verdict = history.makes(1, 2, 2, Body::PreVote { last });
        raises(verdict, Property::CandidateLog, "ends with 1/1; it ends with 3/2");
    }

    #[test]
    fn candidate_log_ends_where_the_candidate_says() {
        let mut history = History::given(&[(&[1, 2], 2, None), (&[], 1, None)]);
        history.stand(1, 3);
        let position =
            |index, term| LogIndex::new(index).map(|index| Position { index, term: Term(term) });
        for (last, right) in [(position(2, 2), true), (position(3, 2), false), (None, false)] {
            for body in [Body::RequestVote { last, transfer: false }, Body::PreVote { last }] {
                let name = body.name();
                let verdict = history.makes(1, 2, 3, body);
                if right {
                    silent(verdict);
                } else {
                    let words = format!("S1 says in a {name} that its log ends with");
                    raises(verdict, Property::CandidateLog, &words);
                }
            }
        }
        assert_eq!(history.exercised(Property::CandidateLog), 6);
    }
}
