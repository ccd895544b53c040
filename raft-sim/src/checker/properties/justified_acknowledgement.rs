//! Justified Acknowledgement.

use super::Property;
use super::follower_matches_leader::acknowledged;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{Body, Message, NodeId, Term, length};
use crate::subject::Event;

/// Justified Acknowledgement (Figure 2, AppendEntries; §5.3): success says that the follower has the entries of a request
/// of the leader, which the consistency check has verified. What lies behind them in its log may be another leader's.
///
/// What the follower knows to be committed needs no request.
#[derive(Debug)]
pub(in crate::checker) struct JustifiedAcknowledgement {
    /// The leader whose requests each server took last, S1 first.
    requests: Vec<Requests>,
}

/// The requests of a leader that a server has taken in the current term.
#[derive(Clone, Copy, Debug, Default)]
struct Requests {
    term: Term,
    leader: Option<NodeId>,
    /// The highest index that one of them reaches.
    end: u64,
}

impl Checker for JustifiedAcknowledgement {
    fn new(record: &Record) -> JustifiedAcknowledgement {
        JustifiedAcknowledgement { requests: vec![Requests::default(); record.servers.len()] }
    }

    #[inline]
    fn takes(&mut self, at: &mut Context<'_>, event: &Event) {
        let Event::Receive(message) = event else { return };
        let end = match &message.body {
            Body::AppendEntries { prev, entries, .. } => {
                length(prev.map(|prev| prev.index)) + entries.len() as u64
            }
            Body::InstallSnapshot { chunk, .. } => chunk.last.index.get(),
            Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::TimeoutNow
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => return,
        };
        let (term, leader) = (message.term, Some(message.from));
        let requests = &mut self.requests[at.slot];
        if (requests.term, requests.leader) == (term, leader) {
            requests.end = requests.end.max(end);
        } else if term >= requests.term {
            *requests = Requests { term, leader, end };
        }
    }

    #[inline]
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        let Some(matched) = acknowledged(&message.body) else { return Ok(()) };
        let Requests { term, leader, end } = self.requests[at.slot];
        if message.term < at.server().view.term || message.to == at.id() {
            return Ok(());
        }
        at.count(Property::JustifiedAcknowledgement);
        let asked = (term, leader) == (message.term, Some(message.to));
        let committed = Some(matched) <= at.server().view.commit;
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
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, entry, raises, silent, success};
    use crate::model::{Body, LogIndex, Position, Term};

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
}
