//! Justified Vote.

use super::Property;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::checker::server::Server;
use crate::model::{Body, Message, NodeId, Position, Term};
use crate::subject::{Event, View};

/// Justified Vote (Figure 2, RequestVote; §5.4.1, dissertation §9.6): a server gives its vote only to a candidate that asked
/// for it in that term, and whose log is at least as up-to-date as its own. The same for a pre-vote, which stands for a
/// vote in the term after that of the request.
///
/// The log that counts is that when it took the request, or that when it votes.
#[derive(Debug)]
pub(in crate::checker) struct JustifiedVote {
    /// What each server, S1 first, was last asked for by each other one.
    votes: Vec<Vec<Asked>>,
    pre_votes: Vec<Vec<Asked>>,
}

/// The request of the latest term of a candidate that a server has taken.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    term: Term,
    last: Option<Position>,
    /// True if the candidate's log was as up-to-date as the server's when the request was taken.
    up_to_date: bool,
}

/// Raft determines which of two logs is more up-to-date by comparing the index and term of the last entries (§5.4.1).
fn up_to_date(last: Option<Position>, server: &Server) -> bool {
    let order = |position: Option<Position>| position.map(|Position { index, term }| (term, index));
    order(last) >= order(server.last())
}

impl JustifiedVote {
    #[cold]
    fn unjustified(at: &Context<'_>, to: NodeId, term: Term, what: &str, asked: &Asked) -> Verdict {
        let id = at.id();
        let last = |position: Option<Position>| {
            position.map_or("nothing".to_owned(), |position| position.to_string())
        };
        let why = if asked.term == term || what == "pre-vote" && asked.term != Term(0) {
            let (theirs, own) = (last(asked.last), last(at.server().last()));
            format!("whose log ends with {theirs}, and its own with {own}")
        } else {
            "which did not ask for it".to_owned()
        };
        let detail = format!("{id} gave its {what} in term {term} to {to}, {why}");
        violated(Property::JustifiedVote, id, detail)
    }
}

impl Checker for JustifiedVote {
    fn new(record: &Record) -> JustifiedVote {
        let servers = record.servers.len();
        let none = vec![vec![Asked::default(); servers]; servers];
        JustifiedVote { votes: none.clone(), pre_votes: none }
    }

    #[inline]
    fn takes(&mut self, at: &mut Context<'_>, event: &Event) {
        let Event::Receive(message) = event else { return };
        let (table, last) = match message.body {
            Body::RequestVote { last, .. } => (&mut self.votes, last),
            Body::PreVote { last } => (&mut self.pre_votes, last),
            Body::RequestVoteReply { .. }
            | Body::PreVoteReply { .. }
            | Body::AppendEntries { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshot { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::TimeoutNow
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => return,
        };
        let Some(candidate) = at.record.find(message.from) else { return };
        let up_to_date = up_to_date(last, at.server());
        let asked = &mut table[at.slot][candidate];
        // A late request of an older term takes nothing away.
        if message.term >= asked.term {
            let up_to_date = up_to_date || asked.up_to_date && message.term == asked.term;
            *asked = Asked { term: message.term, last, up_to_date };
        }
    }

    /// It gives its vote.
    #[inline]
    fn moves(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        let server = at.server();
        let before = (server.view.term, server.view.voted_for);
        let Some(candidate) = after.voted_for.filter(|candidate| *candidate != server.id) else {
            return Ok(());
        };
        if before == (after.term, after.voted_for) || !at.record.announced {
            return Ok(());
        }
        at.count(Property::JustifiedVote);
        let slot = at.record.find(candidate);
        let asked = slot.map_or(Asked::default(), |slot| self.votes[at.slot][slot]);
        if asked.term == after.term && (asked.up_to_date || up_to_date(asked.last, server)) {
            return Ok(());
        }
        JustifiedVote::unjustified(at, candidate, after.term, "vote", &asked)
    }

    #[inline]
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        let Body::PreVoteReply { granted: true } = message.body else { return Ok(()) };
        at.count(Property::JustifiedVote);
        let (server, slot) = (at.server(), at.record.find(message.to));
        let asked = slot.map_or(Asked::default(), |slot| self.pre_votes[at.slot][slot]);
        let in_time = asked.term.0.saturating_add(1) >= server.view.term.0;
        if in_time && (asked.up_to_date || up_to_date(asked.last, server)) {
            return Ok(());
        }
        JustifiedVote::unjustified(at, message.to, server.view.term, "pre-vote", &asked)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, Verdict, raises, silent};
    use crate::model::{Body, LogIndex, NodeId, Position, Term};

    fn position(index: u64, term: u64) -> Option<Position> {
        LogIndex::new(index).map(|index| Position { index, term: Term(term) })
    }

    /// S2, with two entries of term 2, takes a request of S1 in term 3, and votes for this server in term 3.
    fn votes(last: Option<Position>, vote: u32) -> (History, Verdict) {
        let mut history = History::given(&[(&[1], 2, None), (&[2, 2], 2, None), (&[1], 2, None)]);
        history.takes(2, 1, 3, Body::RequestVote { last, transfer: false });
        let verdict = history.show(2, |view| {
            (view.term, view.voted_for) = (Term(3), Some(NodeId(vote)));
        });
        (history, verdict)
    }

    #[test]
    fn justified_vote_for_a_log_that_is_as_up_to_date() {
        for last in [position(2, 2), position(3, 2), position(1, 3)] {
            let (history, verdict) = votes(last, 1);
            silent(verdict);
            assert_eq!(history.exercised(Property::JustifiedVote), 1);
        }
        for last in [position(1, 2), position(9, 1), None] {
            let words = "S2 gave its vote in term 3 to S1, whose log ends with";
            raises(votes(last, 1).1, Property::JustifiedVote, words);
        }
    }

    #[test]
    fn justified_vote_for_a_server_that_did_not_ask() {
        let verdict = votes(position(2, 2), 3).1;
        let words = "S2 gave its vote in term 3 to S3, which did not ask for it";
        raises(verdict, Property::JustifiedVote, words);
    }

    #[test]
    fn justified_vote_pre_vote() {
        let grants = |term, last| {
            let mut history = votes(position(2, 2), 1).0;
            history.takes(2, 1, term, Body::PreVote { last });
            silent(history.show(2, |_| {}));
            history.makes(2, 1, 3, Body::PreVoteReply { granted: true })
        };
        silent(grants(3, position(2, 2)));
        let words =
            "S2 gave its pre-vote in term 3 to S1, whose log ends with 1/2, and its own with 2/2";
        raises(grants(3, position(1, 2)), Property::JustifiedVote, words);
        raises(grants(1, position(2, 2)), Property::JustifiedVote, "S2 gave its pre-vote");
    }
}
