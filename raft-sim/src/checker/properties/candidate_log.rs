//! Candidate Log.

use std::hash::Hash;

use super::Property;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::mix::MixHasher;
use crate::model::{Body, Message, Position, Snapshot, Term};
use crate::subject::{LogWrite, View, Write};

/// Candidate Log (Figure 2, RequestVote arguments; §5.4.1): lastLogIndex and lastLogTerm in a request for a vote or a
/// pre-vote are those of the candidate's last log entry. A request that waited for the disk, or in the server, has those
/// of then; as it carries the server's term, they are from a time since the server entered that term.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct CandidateLog {
    /// For each server, S1 first, the former last entries of its log in the term in which it last changed.
    former: Vec<Former>,
}

/// The former last entries of a server's log in one term.
#[derive(Clone, Debug, Default, Hash)]
struct Former {
    term: Term,
    ends: Vec<Option<Position>>,
}

/// The last entry of a log in words.
pub(super) fn end(last: Option<Position>) -> String {
    last.map_or("nothing".to_owned(), |last| last.to_string())
}

impl CandidateLog {
    /// The log of the server changes, in a step after which it shows this.
    #[inline]
    fn changes(&mut self, at: &Context<'_>, after: &View) {
        let former = &mut self.former[at.slot];
        if former.term != after.term {
            former.term = after.term;
            former.ends.clear();
        }
        former.ends.push(at.server.last());
    }
}

impl Checker for CandidateLog {
    fn new(record: &Record) -> CandidateLog {
        CandidateLog { former: vec![Former::default(); record.servers.len()] }
    }

    /// Former ends count as long as the term lasts.
    fn feed(&self, record: &Record, hasher: &mut MixHasher) {
        for (former, server) in std::iter::zip(&self.former, &record.servers) {
            (former.term == server.view.term).then_some(&former.ends).hash(hasher);
        }
    }

    #[inline]
    fn writes_log(&mut self, at: &mut Context<'_>, _: &LogWrite, after: &View) -> Verdict {
        self.changes(at, after);
        Ok(())
    }

    #[inline]
    fn writes_snapshot(
        &mut self,
        at: &mut Context<'_>,
        _: &Snapshot,
        _: &Write,
        after: &View,
    ) -> Verdict {
        self.changes(at, after);
        Ok(())
    }

    #[inline]
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        let (Body::RequestVote { last, .. } | Body::PreVote { last }) = &message.body else {
            return Ok(());
        };
        at.count(Property::CandidateLog);
        let own = at.server.last();
        let former = &self.former[at.slot];
        let was = || former.term == message.term && former.ends.contains(last);
        if *last == own || message.term < at.server.view.term || was() {
            return Ok(());
        }
        let id = at.id();
        let (name, says, is) = (message.body.name(), end(*last), end(own));
        let detail =
            format!("{id} says in a {name} that its log ends with {says}; it ends with {is}");
        violated(Property::CandidateLog, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, raises, silent};
    use crate::model::{Body, LogIndex, Position, Term};
    use crate::subject::Role;

    /// A request waits for the disk while the candidate follows a leader, and leaves then, in the same term.
    #[test]
    fn candidate_log_of_a_request_that_waited() {
        let mut history = History::given(&[(&[1], 1, None), (&[], 1, None)]);
        silent(history.enter(1, Role::Candidate, 2, Some(1)));
        silent(history.enter(1, Role::Follower, 2, Some(1)));
        silent(history.write(1, 2, &[2]));
        let last = LogIndex::new(1).map(|index| Position { index, term: Term(1) });
        silent(history.makes(1, 2, 2, Body::RequestVote { last, transfer: false }));
        silent(history.makes(1, 2, 2, Body::PreVote { last }));
        // In the next term it has no request of before.
        silent(history.enter(1, Role::Candidate, 3, Some(1)));
        let verdict = history.makes(1, 2, 3, Body::RequestVote { last, transfer: false });
        raises(verdict, Property::CandidateLog, "ends with 1/1; it ends with 2/2");
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
