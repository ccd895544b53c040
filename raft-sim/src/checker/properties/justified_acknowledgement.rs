//! Justified Acknowledgement.

use std::hash::Hash;

use super::Property;
use super::follower_matches_leader::acknowledged;
use crate::checker::properties::hooks::{Checker, Commit, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::mix::MixHasher;
use crate::model::{Body, Message, NodeId, Term, length};

/// Justified Acknowledgement (Figure 2, AppendEntries; §5.3): success says that the follower has the entries of a request
/// of the leader, which the consistency check has verified. What lies behind them in its log may be another leader's.
///
/// What the follower knows to be committed needs no request. That it knows from requests, too (Justified Commit): its commit
/// index does not pass what a leader has said in its term to be committed, nor what the requests of that term reach.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct JustifiedAcknowledgement {
    /// The leader whose requests each server took last, S1 first.
    requests: Vec<Requests>,
    /// True if messages carry data of the implementation's own, which may say what is committed.
    carries_own: bool,
}

/// The requests of a leader that a server has taken in the current term.
#[derive(Clone, Copy, Debug, Default, Hash)]
struct Requests {
    term: Term,
    leader: Option<NodeId>,
    /// The highest index that one of them reaches.
    end: u64,
    /// The highest commit index that one of them says.
    commit: u64,
    /// The latest term of a message that the paper has no name for: it may say what is committed. That the server adopts this
    /// term is not said.
    other: Term,
}

impl Checker for JustifiedAcknowledgement {
    fn new(record: &Record) -> JustifiedAcknowledgement {
        let requests = vec![Requests::default(); record.servers.len()];
        JustifiedAcknowledgement { requests, carries_own: false }
    }

    /// Requests count as long as their term is not over.
    fn feed(&self, record: &Record, hasher: &mut MixHasher) {
        for (server, requests) in std::iter::zip(&record.servers, &self.requests) {
            let Requests { term, leader, end, commit, other } = *requests;
            let counts = term >= server.view.term;
            (counts.then_some((term, leader, end, commit)), other).hash(hasher);
        }
        self.carries_own.hash(hasher);
    }

    #[inline]
    fn receives(&mut self, at: &mut Context<'_>, message: &Message) {
        self.carries_own |= !message.own.is_empty();
        let (term, leader) = (message.term, message.from);
        let requests = &mut self.requests[at.slot];
        let (end, commit) = match &message.body {
            Body::AppendEntries { prev, entries, commit, .. } => {
                (length(prev.map(|prev| prev.index)) + entries.len() as u64, length(*commit))
            }
            Body::InstallSnapshot { chunk, .. } => (chunk.last.index.get(), chunk.last.index.get()),
            Body::Other { .. } => {
                requests.other = requests.other.max(term);
                return;
            }
            Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::TimeoutNow
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. } => return,
        };
        if term == requests.term && requests.leader.is_none_or(|known| known == leader) {
            requests.leader = Some(leader);
            requests.end = requests.end.max(end);
            requests.commit = requests.commit.max(commit);
        } else if term >= requests.term {
            *requests = Requests { term, leader: Some(leader), end, commit, ..*requests };
        }
    }

    #[inline]
    fn commits(&mut self, at: &mut Context<'_>, commit: &Commit) -> Verdict {
        let Requests { term, end, commit: said, other, .. } = self.requests[at.slot];
        if commit.leads || other >= commit.term || self.carries_own || !at.record.announced {
            return Ok(());
        }
        let reach = if term == commit.term { end.min(said) } else { 0 };
        if commit.to <= reach {
            return Ok(());
        }
        let (id, to, term) = (at.id(), commit.to, commit.term);
        let detail = format!(
            "{id} committed up to index {to}, and what it was sent in term {term} says that of index {reach} at most"
        );
        violated(Property::JustifiedCommit, id, detail)
    }

    #[inline]
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        let Some(matched) = acknowledged(&message.body) else { return Ok(()) };
        let Requests { term, leader, end, .. } = self.requests[at.slot];
        if message.term < at.server.view.term || message.to == at.id() {
            return Ok(());
        }
        at.count(Property::JustifiedAcknowledgement);
        let asked = (term, leader) == (message.term, Some(message.to));
        let committed = Some(matched) <= at.server.view.commit;
        if asked && matched.get() <= end || committed {
            return Ok(());
        }
        let (id, to) = (at.id(), message.to);
        let reach = if asked { end } else { 0 };
        let detail = format!(
            "{id} acknowledged the log of {to} up to index {matched}, whose requests in term {} reach index {reach}",
            message.term
        );
        violated(Property::JustifiedAcknowledgement, id, detail)
    }

    /// It may come back in an earlier term. In the same one, its disk has what it acknowledged.
    #[inline]
    fn crashed(&mut self, at: &mut Context<'_>) {
        let (server, requests) = (at.server, &mut self.requests[at.slot]);
        if requests.term > server.durable.term {
            *requests = Requests::default();
        }
        requests.end = requests.end.min(server.durable_log.len());
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, entry, raises, silent, success};
    use crate::model::{Body, Entries, LogIndex, Position, Term};

    /// S2 has three entries of term 1, and takes a request of S1 in term 2 that reaches index 2.
    fn requested() -> History {
        let mut history = History::given(&[(&[1], 1, None), (&[1, 1, 1], 2, None), (&[], 1, None)]);
        let prev = LogIndex::new(1).map(|index| Position { index, term: Term(1) });
        let entries = entry(2, 1).into();
        history.takes(2, 1, 2, Body::AppendEntries { prev, entries, commit: None, round: 0 });
        silent(history.show(2, |_| {}));
        history
    }

    #[test]
    fn a_message_without_a_name_takes_no_request_back() {
        let mut history = requested();
        // It is of a later term, which the server does not adopt because of it.
        history.takes(2, 1, 3, Body::Other { what: "a part of a snapshot".into() });
        silent(history.show(2, |_| {}));
        silent(history.makes(2, 1, 2, success(2)));
    }

    #[test]
    fn justified_acknowledgement_reaches_as_far_as_the_request() {
        let mut history = requested();
        silent(history.makes(2, 1, 2, success(2)));
        assert_eq!(history.exercised(Property::JustifiedAcknowledgement), 1);
        let words =
            "S2 acknowledged the log of S1 up to index 3, whose requests in term 2 reach index 2";
        raises(history.makes(2, 1, 2, success(3)), Property::JustifiedAcknowledgement, words);
    }

    #[test]
    fn justified_acknowledgement_to_a_server_that_requested_nothing() {
        let mut history = requested();
        let words =
            "S2 acknowledged the log of S3 up to index 1, whose requests in term 2 reach index 0";
        raises(history.makes(2, 3, 2, success(1)), Property::JustifiedAcknowledgement, words);
    }

    /// What the paper has no name for may come from any server, and takes nothing away.
    #[test]
    fn justified_acknowledgement_after_a_message_without_a_name() {
        let mut history = requested();
        history.takes(2, 3, 2, Body::Other { what: "gossip".into() });
        silent(history.show(2, |_| {}));
        silent(history.makes(2, 1, 2, success(2)));
        let verdict = history.makes(2, 1, 2, success(3));
        raises(
            verdict,
            Property::JustifiedAcknowledgement,
            "whose requests in term 2 reach index 2",
        );
    }

    /// S2 has taken a request that reaches index 1 and says that index 2 is committed.
    #[test]
    fn justified_commit_of_a_follower_is_what_a_leader_says_and_has_verified() {
        for (to, right) in [(1, true), (2, false)] {
            let mut history = History::two_committed();
            let commit = LogIndex::new(2);
            let prev = LogIndex::new(1).map(|index| Position { index, term: Term(1) });
            let entries = Entries::default();
            history.takes(2, 1, 1, Body::AppendEntries { prev, entries, commit, round: 0 });
            let verdict = history.show(2, |view| view.commit = LogIndex::new(to));
            let words = "S2 committed up to index 2, and what it was sent in term 1 says that of index 1 at most";
            if right { silent(verdict) } else { raises(verdict, Property::JustifiedCommit, words) }
        }
    }
}
