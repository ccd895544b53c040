//! Logs: the leader's only grows (3), equal positions mean equal histories (4), the committed part
//! stays (7), terms are in order (11), and a follower has what it says it has (12) and what its leader
//! takes it to have (13).

use super::chain::{Link, Seen};
use super::configuration::contains;
use super::property::violated;
use super::{Oracles, Property, Violation};
use crate::subject::{LogWrite, Role, View};
use crate::words::{Entry, LogIndex, Message, NodeId, Payload, Term, length};

impl Oracles {
    /// A server changes its log.
    pub(super) fn check_log_write(
        &mut self,
        slot: usize,
        write: &LogWrite,
        after: &View,
    ) -> Result<(), Violation> {
        let last = self.servers[slot].log.len();
        let from = write.from.get();
        if self.leads(slot, after) {
            self.check_leader_appends(slot, from, last)?;
        }
        let Some(mut previous) = self.servers[slot].log.at(from - 1) else {
            let id = self.servers[slot].id;
            let detail =
                format!("{id} wrote from index {from} on, behind a log that ends at {last}");
            return Err(Violation::new(Property::LogMatching, id, detail));
        };
        if from <= last {
            self.count(Property::CommittedNeverTruncated);
        }
        // What it knew to be committed when the step began, in this incarnation.
        let committed = length(self.servers[slot].view.commit);
        // A configuration that goes is out of force (§6).
        self.servers[slot].log.configurations.truncate(from - 1);
        for (index, entry) in (from..).zip(write.entries.iter()) {
            let link = self.check_entry(slot, index, previous, entry, after.term)?;
            if index <= committed {
                self.check_unchanged(slot, index, link)?;
            }
            self.record_author(slot, entry.term, after);
            if let Payload::Membership(membership) = &entry.payload {
                if self.leads(slot, after) {
                    self.check_appended(slot, index, membership, after)?;
                }
                self.servers[slot].log.configurations.push(index, membership);
            }
            self.servers[slot].log.set(index, link);
            previous = link;
        }
        let end = from - 1 + write.entries.len() as u64;
        let server = &mut self.servers[slot];
        server.log.truncate(end);
        if end < committed {
            let id = server.id;
            let detail = format!("{id} cut its log to {end}, below its commit index {committed}");
            violated(Property::CommittedNeverTruncated, id, detail)?;
        }
        Ok(())
    }

    /// Leader Append-Only (Figure 3, §5.3): a leader never overwrites or deletes entries in its log;
    /// it only appends new entries.
    fn check_leader_appends(&mut self, slot: usize, from: u64, last: u64) -> Result<(), Violation> {
        self.count(Property::LeaderAppendOnly);
        if from > last {
            return Ok(());
        }
        let id = self.servers[slot].id;
        let detail = format!("{id}, a leader, wrote from index {from} on over a log up to {last}");
        violated(Property::LeaderAppendOnly, id, detail)
    }

    /// Log Terms (§5.1, §5.3): an entry is stamped with the term of the leader that made it, and
    /// leaders come in the order of their terms. So terms do not decrease along a log, and none is
    /// above the server's own, `term`.
    ///
    /// Log Matching (Figure 3, §5.3): if two logs contain an entry with the same index and term, then
    /// the logs are identical in all entries up through the given index. Logs of the past count too.
    ///
    /// Gives the link of the entry.
    #[inline]
    pub(super) fn check_entry(
        &mut self,
        slot: usize,
        index: u64,
        previous: Link,
        entry: &Entry,
        term: Term,
    ) -> Result<Link, Violation> {
        let link = previous.then(entry);
        self.count(Property::LogTerms);
        if entry.term < previous.term || entry.term > term {
            return Err(self.bad_term(slot, previous, entry, term));
        }
        let seen = self.table.record(index, link);
        if seen == Seen::Same {
            self.count(Property::LogMatching);
        }
        if seen == Seen::Different || entry.index.get() != index {
            return Err(self.bad_match(slot, index, entry));
        }
        Ok(link)
    }

    #[cold]
    fn bad_term(&self, slot: usize, previous: Link, entry: &Entry, term: Term) -> Violation {
        let id = self.servers[slot].id;
        let at = entry.position();
        let detail = if entry.term > term {
            format!("{id} wrote entry {at} while its own term is {term}")
        } else {
            format!("{id} wrote entry {at} behind an entry of term {}", previous.term)
        };
        Violation::new(Property::LogTerms, id, detail)
    }

    #[cold]
    fn bad_match(&self, slot: usize, index: u64, entry: &Entry) -> Violation {
        let id = self.servers[slot].id;
        let at = entry.position();
        let detail = if entry.index.get() == index {
            format!("{id} wrote entry {at}, which another log has with other contents or history")
        } else {
            format!("{id} wrote entry {at} at index {index}")
        };
        Violation::new(Property::LogMatching, id, detail)
    }

    /// Committed Never Truncated (§5.3): committed entries are durable, so no server replaces or cuts
    /// off what it knows to be committed. Writing the same entry again is no change.
    ///
    /// Only the server's own commit index counts: what it does not know to be committed, an old
    /// leader's late AppendEntries may make it drop.
    fn check_unchanged(&self, slot: usize, index: u64, link: Link) -> Result<(), Violation> {
        let server = &self.servers[slot];
        if server.log.at(index) == Some(link) {
            return Ok(());
        }
        let id = server.id;
        let committed = length(server.view.commit);
        let detail = format!(
            "{id} replaced the entry at index {index}, at or below its commit index {committed}"
        );
        violated(Property::CommittedNeverTruncated, id, detail)
    }

    /// Follower Matches Leader (§5.3): whenever AppendEntries returns successfully, the leader knows
    /// that the follower's log is identical to its own log up through the new entries.
    ///
    /// Silent if either has left the term of the reply: the leader's log is no longer the measure, or
    /// the follower may have been told to drop the entries since.
    #[inline]
    pub(super) fn check_acknowledged(
        &mut self,
        slot: usize,
        message: &Message,
        matched: LogIndex,
    ) -> Result<(), Violation> {
        let Some(leader) = self.find(message.to) else {
            return Ok(());
        };
        let (follower, leader) = (&self.servers[slot], &self.servers[leader]);
        if leader.view.role != Role::Leader
            || leader.view.term != message.term
            || follower.view.term != message.term
        {
            return Ok(());
        }
        let theirs = follower.log.at(matched.get());
        if theirs.is_some() && theirs == leader.log.at(matched.get()) {
            self.count(Property::FollowerMatchesLeader);
            return Ok(());
        }
        let id = follower.id;
        let detail = format!(
            "{id} told {} that their logs match up to index {matched}, where they differ",
            leader.id
        );
        violated(Property::FollowerMatchesLeader, id, detail)
    }

    /// Match Index (Figure 2, §5.3): matchIndex is the highest log entry known to be replicated on a server:
    /// it is durable there, with all before it, and what is known does not go back as long as the server is
    /// led.
    ///
    /// Silent if the follower's disk is in a later term: the leader is deposed without knowing, and the
    /// follower may have been told to drop the entries since.
    #[inline]
    pub(super) fn check_matched(
        &mut self,
        slot: usize,
        follower: NodeId,
        matched: LogIndex,
    ) -> Result<(), Violation> {
        let Some(other) = self.find(follower) else {
            return Ok(());
        };
        let (leader, there) = (&self.servers[slot], &self.servers[other]);
        let (matched, before) = (matched.get(), leader.matched[other]);
        let leads = leader.view.role == Role::Leader;
        if matched == before || !leads || there.durable.term > leader.view.term {
            return Ok(());
        }
        let id = leader.id;
        let ours = leader.log.at(matched);
        // Of a server that is joining, the leader may begin to know anew.
        let breach = if matched < before && contains(leader.log.configurations.latest().1, follower)
        {
            format!("went back from {before}")
        } else if ours.is_none() || there.durable_log.at(matched) != ours {
            "is not what that has on its disk".to_owned()
        } else {
            self.servers[slot].matched[other] = matched;
            self.count(Property::MatchIndex);
            return Ok(());
        };
        let detail = format!("the matchIndex {matched} of {id} for {follower} {breach}");
        violated(Property::MatchIndex, id, detail)
    }
}
