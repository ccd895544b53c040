//! Persist before Send (18).

use super::Property;
use super::one_vote_per_term::vote;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::checker::server::Server;
use crate::model::{Body, LogIndex, Message};

/// Persist before Send (Figure 2, §5.6): persistent state is updated on stable storage before responding to RPCs.
/// What leaves a server must survive its power loss: its term in every message, its vote in a RequestVote (for
/// itself) and in a granted reply, its entries in a successful AppendEntriesReply, or the snapshot that stands for
/// them. The leader's AppendEntries reports its term only (dissertation §10.2.1); so do parts of snapshots, reads
/// and pre-votes.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct PersistBeforeSend;

impl Checker for PersistBeforeSend {
    fn new(_: &Record) -> PersistBeforeSend {
        PersistBeforeSend
    }

    #[inline]
    fn sent(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        at.count(Property::PersistBeforeSend);
        let server = at.server;
        if server.durable.term < message.term {
            return too_early(server, message, "its term");
        }
        // Writes become durable in order: the disk had what this message reports before it had a later term.
        if server.durable.term > message.term {
            return Ok(());
        }
        match vote(message) {
            Some(candidate) if server.durable.voted_for != Some(candidate) => {
                let asks = matches!(message.body, Body::RequestVote { .. });
                let reported = if asks { "its vote for itself" } else { "its vote" };
                too_early(server, message, reported)
            }
            Some(_) | None => Ok(()),
        }
    }

    #[inline]
    fn acknowledges(
        &mut self,
        at: &mut Context<'_>,
        message: &Message,
        matched: LogIndex,
    ) -> Verdict {
        let server = at.server;
        if server.durable.term == message.term && !holds_durably(server, message, matched.get()) {
            return too_early(server, message, "the entries it acknowledges");
        }
        Ok(())
    }
}

/// True if the disk has the log that the server acknowledges. Once the server is in a later term its own log may
/// have moved on ahead of the disk, and is no longer the measure.
fn holds_durably(server: &Server, message: &Message, matched: u64) -> bool {
    let durable = server.durable_log.at(matched);
    durable.is_some() && (server.view.term > message.term || durable == server.log.at(matched))
}

#[cold]
fn too_early(server: &Server, message: &Message, reported: &str) -> Verdict {
    let what = message.body.with_article();
    let (id, to, term) = (server.id, message.to, message.term);
    let detail = format!("{id} sent {to} {what} of term {term} before {reported} was on its disk");
    violated(Property::PersistBeforeSend, id, detail)
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, raises, silent, success};
    use crate::model::{AppendReply, Body, LogIndex};
    use crate::subject::Role;

    #[test]
    fn persist_before_send_term() {
        let mut history = History::new(3);
        silent(history.enter(1, Role::Follower, 2, None));
        let refused = Body::AppendEntriesReply {
            reply: AppendReply::Refused { prev: None, conflict: None },
            round: 0,
        };
        let verdict = history.send(1, 2, 2, refused);
        raises(verdict, Property::PersistBeforeSend, "of term 2 before its term was on its disk");
    }

    #[test]
    fn persist_before_send_vote() {
        let mut history = History::given(&[(&[], 1, None), (&[], 1, None), (&[], 1, None)]);
        silent(history.enter(2, Role::Follower, 1, Some(1)));
        let verdict = history.vote(2, 1, 1);
        raises(
            verdict,
            Property::PersistBeforeSend,
            "a RequestVoteReply of term 1 before its vote",
        );
    }

    #[test]
    fn persist_before_send_own_vote() {
        let mut history = History::new(3);
        silent(history.enter(1, Role::Follower, 1, None));
        history.flush(1);
        // The term is durable, the vote for itself is not.
        let verdict = history.ask(1, 1);
        raises(verdict, Property::PersistBeforeSend, "before its vote for itself was on its disk");
    }

    #[test]
    fn persist_before_send_acknowledged_entries() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history.propose(1);
        silent(history.write(2, 1, &[1]));
        let verdict = history.send(2, 1, 1, success(1));
        raises(verdict, Property::PersistBeforeSend, "before the entries it acknowledges");
    }

    #[test]
    fn persist_before_send_acknowledged_entries_over_an_old_tail() {
        // The disk of S2 still has another entry at the index that it acknowledges.
        let mut history =
            History::given(&[(&[1, 2], 2, None), (&[1, 1], 1, None), (&[1, 1], 1, None)]);
        history.elect(1, 3, &[2]);
        silent(history.write(2, 2, &[2]));
        let verdict = history.send(2, 1, 3, success(2));
        raises(verdict, Property::PersistBeforeSend, "before the entries it acknowledges");
    }

    #[test]
    fn persist_before_send_everything_durable() {
        let mut history = History::two_committed();
        let before = history.exercised(Property::PersistBeforeSend);
        silent(history.send(2, 1, 1, success(2)));
        assert_eq!(history.exercised(Property::PersistBeforeSend), before + 1);
        assert_eq!(LogIndex::new(2), history.last(2).map(|last| last.index));
    }

    /// An acknowledgement waits for the disk, and leaves when its server follows a later leader that
    /// made it drop the acknowledged entry.
    #[test]
    fn held_acknowledgement_leaves_in_a_later_term() {
        let mut history = History::new(5);
        history.elect(1, 1, &[2, 3]);
        history.propose(1);
        history.elect(4, 2, &[3, 5]);
        history.propose(4);
        silent(history.write(2, 1, &[1]));
        history.flush(2);
        silent(history.enter(2, Role::Follower, 2, None));
        silent(history.write(2, 1, &[2]));
        // Term 1 is what the disk has, term 2 what the server is in.
        silent(history.send(2, 1, 1, success(1)));
        history.flush(2);
        silent(history.send(2, 1, 1, success(1)));
    }

    /// Votes and requests for them that waited for the disk leave when their server has moved on.
    #[test]
    fn held_vote_leaves_in_a_later_term() {
        let mut history = History::new(3);
        silent(history.enter(1, Role::Candidate, 1, Some(1)));
        silent(history.enter(2, Role::Follower, 1, Some(1)));
        history.flush(1);
        history.flush(2);
        silent(history.enter(1, Role::Candidate, 2, Some(1)));
        silent(history.enter(2, Role::Candidate, 2, Some(2)));
        silent(history.ask(1, 1));
        history.flush(1);
        silent(history.ask(1, 2));
        history.flush(2);
        silent(history.vote(2, 1, 1));
        // The vote for term 1 does not count in the election of term 2.
        assert_eq!(history.exercised(Property::NoRivalEntry), 0);
    }
}
