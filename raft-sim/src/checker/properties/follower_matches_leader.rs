//! Follower Matches Leader (12).

use super::Property;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::{AppendReply, Body, LogIndex, Message};
use crate::subject::Role;

/// Follower Matches Leader (§5.3): whenever AppendEntries returns successfully, the leader knows
/// that the follower's log is identical to its own log up through the new entries.
///
/// Silent if either has left the term of the reply: the leader's log is no longer the measure, or the follower may
/// have dropped the entries since, on a later leader's request.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct FollowerMatchesLeader;

/// The index up to which a message acknowledges that logs match, if it does.
#[inline]
pub(in crate::checker) fn acknowledged(body: &Body) -> Option<LogIndex> {
    match body {
        Body::AppendEntriesReply { reply: AppendReply::Success { matched }, .. } => *matched,
        Body::AppendEntriesReply { reply: AppendReply::Refused { .. }, .. }
        | Body::RequestVote { .. }
        | Body::RequestVoteReply { .. }
        | Body::PreVote { .. }
        | Body::PreVoteReply { .. }
        | Body::AppendEntries { .. }
        | Body::InstallSnapshot { .. }
        | Body::InstallSnapshotReply { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => None,
    }
}

impl Checker for FollowerMatchesLeader {
    fn new(_: &Record) -> FollowerMatchesLeader {
        FollowerMatchesLeader
    }

    #[inline]
    fn acknowledges(
        &mut self,
        at: &mut Context<'_>,
        message: &Message,
        matched: LogIndex,
    ) -> Verdict {
        let Some(leader) = at.record.find(message.to) else {
            return Ok(());
        };
        let (follower, leader) = (at.server, &at.record.servers[leader]);
        if leader.view.role != Role::Leader
            || leader.view.term != message.term
            || follower.view.term != message.term
        {
            return Ok(());
        }
        let theirs = follower.log.at(matched.get());
        if theirs.is_some() && theirs == leader.log.at(matched.get()) {
            at.count(Property::FollowerMatchesLeader);
            return Ok(());
        }
        let id = follower.id;
        let detail = format!(
            "{id} reported to {} that their logs match up to index {matched}, where they differ",
            leader.id
        );
        violated(Property::FollowerMatchesLeader, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, raises, silent, success};
    use crate::subject::Role;

    #[test]
    fn follower_matches_leader_other_entry() {
        let mut history =
            History::given(&[(&[1, 2], 2, None), (&[1, 1], 1, None), (&[1, 1], 1, None)]);
        history.elect(1, 3, &[2]);
        silent(history.send(2, 1, 3, success(1)));
        let verdict = history.send(2, 1, 3, success(2));
        raises(verdict, Property::FollowerMatchesLeader, "match up to index 2");
    }

    #[test]
    fn follower_matches_leader_past_either_log() {
        let given = || {
            let mut history =
                History::given(&[(&[1, 1], 1, None), (&[1], 1, None), (&[1, 1, 1], 1, None)]);
            history.elect(1, 2, &[2]);
            silent(history.enter(3, Role::Follower, 2, None));
            history.flush(3);
            history
        };
        raises(
            given().send(2, 1, 2, success(2)),
            Property::FollowerMatchesLeader,
            "S2 reported to S1",
        );
        raises(
            given().send(3, 1, 2, success(3)),
            Property::FollowerMatchesLeader,
            "S3 reported to S1",
        );
    }

    #[test]
    fn follower_matches_leader_up_to_the_agreed_index() {
        let mut history =
            History::given(&[(&[1, 2], 2, None), (&[1, 1], 1, None), (&[1, 1], 1, None)]);
        history.elect(1, 3, &[2]);
        silent(history.send(2, 1, 3, success(1)));
        assert_eq!(history.exercised(Property::FollowerMatchesLeader), 1);
    }
}
