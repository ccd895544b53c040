//! Triggers: what faults and admin operations may wait for. As long as nothing waits, a step pays for one comparison.

use serde::{Deserialize, Serialize};

use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Effects, Role, View};
use crate::time::Micros;
use crate::words::{AppendReply, Body, Message, NodeId};

/// Something that a server does, and that somebody may wait for. The server that does it is the one *of the
/// moment*; if it does so by sending a message, whom it sends that to is its *peer*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// It stands for election.
    Stands,
    /// It sends its vote for its peer.
    Votes,
    /// It becomes leader.
    Leads,
    /// It leads no more.
    StepsDown,
    /// As a leader, it sends its peer entries.
    Replicates,
    /// It tells its peer that it has entries.
    Acknowledges,
    /// It cuts off or replaces entries of its log.
    Truncates,
    /// As a leader, it commits.
    Commits,
    /// A configuration comes into its log.
    Reconfigures,
    /// As a leader, it commits a configuration.
    CommitsConfiguration,
    /// It takes a snapshot of its own.
    Compacts,
    /// It sends its peer a part of a snapshot.
    SendsSnapshot,
    /// A snapshot takes the place of its state machine's state.
    Installs,
    /// It tells its peer to stand for election.
    HandsOver,
    /// It is back after a crash.
    Boots,
}

impl Moment {
    /// All of them.
    pub const ALL: [Moment; 15] = [
        Moment::Stands,
        Moment::Votes,
        Moment::Leads,
        Moment::StepsDown,
        Moment::Replicates,
        Moment::Acknowledges,
        Moment::Truncates,
        Moment::Commits,
        Moment::Reconfigures,
        Moment::CommitsConfiguration,
        Moment::Compacts,
        Moment::SendsSnapshot,
        Moment::Installs,
        Moment::HandsOver,
        Moment::Boots,
    ];

    /// Whether the server of the moment has a peer.
    #[must_use]
    pub fn has_peer(self) -> bool {
        match self {
            Moment::Votes
            | Moment::Replicates
            | Moment::Acknowledges
            | Moment::SendsSnapshot
            | Moment::HandsOver => true,
            Moment::Stands
            | Moment::Leads
            | Moment::StepsDown
            | Moment::Truncates
            | Moment::Commits
            | Moment::Reconfigures
            | Moment::CommitsConfiguration
            | Moment::Compacts
            | Moment::Installs
            | Moment::Boots => false,
        }
    }
}

/// A moment that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// Which.
    pub moment: Moment,
    /// The server of the moment.
    pub server: NodeId,
    /// Its peer, if it sent a message.
    pub peer: Option<NodeId>,
}

/// Looks out for triggers.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// A bit for each moment that somebody waits for.
    wanted: u32,
    came: Vec<Came>,
    /// The server that sent a vote last, if any did.
    voter: Option<NodeId>,
}

impl Watch {
    #[inline]
    fn came(&mut self, moment: Moment, server: NodeId, peer: Option<NodeId>) {
        if self.wanted & 1 << moment as u32 != 0 {
            self.came.push(Came { moment, server, peer });
        }
    }

    fn look(&mut self, id: NodeId, before: &View, effects: &Effects, length: u64) {
        let after = &effects.view;
        let led = before.role == Role::Leader;
        let leads = after.role == Role::Leader;
        let mut came = |moment, has: bool| {
            if has {
                self.came(moment, id, None);
            }
        };
        came(Moment::Stands, after.role == Role::Candidate && after.term > before.term);
        came(Moment::Leads, leads && (!led || after.term > before.term));
        came(Moment::StepsDown, led && !leads);
        let commits = (led || leads) && after.commit > before.commit;
        came(Moment::Commits, commits);
        came(Moment::Reconfigures, after.configuration > before.configuration);
        came(
            Moment::CommitsConfiguration,
            commits && after.configuration > before.commit && after.configuration <= after.commit,
        );
        let restored = effects.restored.is_some();
        came(Moment::Installs, restored);
        came(Moment::Compacts, !restored && after.snapshot > before.snapshot);
        if self.wanted & 1 << Moment::Truncates as u32 != 0 {
            let mut writes = effects.writes.iter().filter_map(|write| write.log.as_ref());
            if let Some(first) = writes.next()
                && first.from.get() <= length
            {
                self.came(Moment::Truncates, id, None);
            }
        }
    }

    /// A message leaves.
    #[inline]
    fn sent(&mut self, Message { from, to, body, .. }: &Message) {
        let moment = match body {
            Body::RequestVoteReply { granted: true } => {
                self.voter = Some(*from);
                Moment::Votes
            }
            Body::AppendEntries { entries, .. } if !entries.is_empty() => Moment::Replicates,
            Body::AppendEntriesReply {
                reply: AppendReply::Success { matched: Some(_) }, ..
            } => Moment::Acknowledges,
            Body::InstallSnapshot { .. } => Moment::SendsSnapshot,
            Body::TimeoutNow => Moment::HandsOver,
            Body::RequestVote { .. }
            | Body::RequestVoteReply { granted: false }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
            | Body::AppendEntries { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => return,
        };
        self.came(moment, *from, Some(*to));
    }

    /// From now on looks out for these triggers, and for no others.
    pub fn want(&mut self, moments: impl Iterator<Item = Moment>) {
        self.wanted = moments.fold(0, |wanted, moment| wanted | 1 << moment as u32);
    }

    /// The triggers that have fired since this was asked last, of those it looks out for.
    pub fn fired(&mut self) -> Vec<Came> {
        std::mem::take(&mut self.came)
    }

    /// The server that sent a vote last (§5.2); `None` if none has.
    #[must_use]
    pub fn last_voter(&self) -> Option<NodeId> {
        self.voter
    }
}

impl Observer for Watch {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    #[inline]
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Stepped { server, before, length, effects } => {
                if self.wanted != 0 && (effects.view != *before || !effects.writes.is_empty()) {
                    self.look(*server, before, effects, *length);
                }
            }
            Observation::Sent { message } => self.sent(message),
            Observation::Booted { server, .. } => self.came(Moment::Boots, *server, None),
            _ => {}
        }
        Ok(())
    }
}
