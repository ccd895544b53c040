//! Triggers: events that faults and admin operations may wait for. While nothing waits, a step costs one comparison.

use serde::{Deserialize, Serialize};

use crate::model::{AppendReply, Body, Message, NodeId};
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Effects, Role, View};
use crate::time::Micros;

/// Something that a server does and that a fault or an admin operation may wait for. That server is the *server of
/// the trigger*. If it does so by sending a message, the receiver is its *peer*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// It stands for election.
    Stands,
    /// It sends its vote for its peer.
    Votes,
    /// It becomes leader.
    Leads,
    /// It stops leading.
    StepsDown,
    /// As a leader, it sends its peer entries.
    Replicates,
    /// It acknowledges entries to its peer.
    Acknowledges,
    /// It deletes or replaces entries of its log.
    Truncates,
    /// As a leader, it commits.
    Commits,
    /// A configuration enters its log.
    Reconfigures,
    /// As a leader, it commits a configuration.
    CommitsConfiguration,
    /// It takes a snapshot of its own.
    Compacts,
    /// It sends its peer a part of a snapshot.
    SendsSnapshot,
    /// A snapshot takes the place of its state machine's state.
    Installs,
    /// It sends its peer TimeoutNow.
    HandsOver,
    /// It is back after a crash.
    Boots,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Trigger; 15] = [
        Trigger::Stands,
        Trigger::Votes,
        Trigger::Leads,
        Trigger::StepsDown,
        Trigger::Replicates,
        Trigger::Acknowledges,
        Trigger::Truncates,
        Trigger::Commits,
        Trigger::Reconfigures,
        Trigger::CommitsConfiguration,
        Trigger::Compacts,
        Trigger::SendsSnapshot,
        Trigger::Installs,
        Trigger::HandsOver,
        Trigger::Boots,
    ];

    /// True if the server of the trigger has a peer.
    #[must_use]
    pub fn has_peer(self) -> bool {
        match self {
            Trigger::Votes
            | Trigger::Replicates
            | Trigger::Acknowledges
            | Trigger::SendsSnapshot
            | Trigger::HandsOver => true,
            Trigger::Stands
            | Trigger::Leads
            | Trigger::StepsDown
            | Trigger::Truncates
            | Trigger::Commits
            | Trigger::Reconfigures
            | Trigger::CommitsConfiguration
            | Trigger::Compacts
            | Trigger::Installs
            | Trigger::Boots => false,
        }
    }
}

/// A trigger that has fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fired {
    /// The trigger.
    pub trigger: Trigger,
    /// The server of the trigger.
    pub server: NodeId,
    /// Its peer, if it sent a message.
    pub peer: Option<NodeId>,
}

/// An observer that watches for triggers.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// A bit for each trigger that is waited for.
    wanted: u32,
    fire: Vec<Fired>,
    /// The server that sent a vote last, if any did.
    voter: Option<NodeId>,
}

impl Watch {
    #[inline]
    fn fire(&mut self, trigger: Trigger, server: NodeId, peer: Option<NodeId>) {
        if self.wanted & 1 << trigger as u32 != 0 {
            self.fire.push(Fired { trigger, server, peer });
        }
    }

    fn look(&mut self, id: NodeId, before: &View, effects: &Effects, length: u64) {
        let after = &effects.view;
        let led = before.role == Role::Leader;
        let leads = after.role == Role::Leader;
        let mut fire = |trigger, has: bool| {
            if has {
                self.fire(trigger, id, None);
            }
        };
        fire(Trigger::Stands, after.role == Role::Candidate && after.term > before.term);
        fire(Trigger::Leads, leads && (!led || after.term > before.term));
        fire(Trigger::StepsDown, led && !leads);
        let commits = (led || leads) && after.commit > before.commit;
        fire(Trigger::Commits, commits);
        fire(Trigger::Reconfigures, after.configuration > before.configuration);
        fire(
            Trigger::CommitsConfiguration,
            commits && after.configuration > before.commit && after.configuration <= after.commit,
        );
        let restored = effects.restored.is_some();
        fire(Trigger::Installs, restored);
        fire(Trigger::Compacts, !restored && after.snapshot > before.snapshot);
        if self.wanted & 1 << Trigger::Truncates as u32 != 0 {
            let mut writes = effects.writes.iter().filter_map(|write| write.log.as_ref());
            if let Some(first) = writes.next()
                && first.from.get() <= length
            {
                self.fire(Trigger::Truncates, id, None);
            }
        }
    }

    /// A message leaves.
    #[inline]
    fn sent(&mut self, Message { from, to, body, .. }: &Message) {
        let trigger = match body {
            Body::RequestVoteReply { granted: true } => {
                self.voter = Some(*from);
                Trigger::Votes
            }
            Body::AppendEntries { entries, .. } if !entries.is_empty() => Trigger::Replicates,
            Body::AppendEntriesReply {
                reply: AppendReply::Success { matched: Some(_) }, ..
            } => Trigger::Acknowledges,
            Body::InstallSnapshot { .. } => Trigger::SendsSnapshot,
            Body::TimeoutNow => Trigger::HandsOver,
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
        self.fire(trigger, *from, Some(*to));
    }

    /// Watches for these triggers from now on, and for no others.
    pub fn want(&mut self, triggers: impl Iterator<Item = Trigger>) {
        self.wanted = triggers.fold(0, |wanted, trigger| wanted | 1 << trigger as u32);
    }

    /// The watched triggers that have fired since the last call.
    pub fn fired(&mut self) -> Vec<Fired> {
        std::mem::take(&mut self.fire)
    }

    /// The server that sent a vote last (§5.2); `None` if none has.
    #[must_use]
    pub fn last_voter(&self) -> Option<NodeId> {
        self.voter
    }
}

impl Observer for Watch {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    #[inline(always)]
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Stepped { server, before, length, effects } => {
                if self.wanted != 0 && (effects.view != *before || !effects.writes.is_empty()) {
                    self.look(*server, before, effects, *length);
                }
            }
            Observation::Sent { message } => self.sent(message),
            Observation::Booted { server, .. } => self.fire(Trigger::Boots, *server, None),
            _ => {}
        }
        Ok(())
    }
}
