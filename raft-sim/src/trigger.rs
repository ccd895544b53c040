//! Triggers: the one table of what faults and admin operations may wait for, and the observer that tells when they fire. As
//! long as nothing waits, a step pays for one comparison.

use serde::{Deserialize, Serialize};

use crate::model::{AppendReply, Body, Message, NodeId};
use crate::network::MessageId;
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Answer, Effects, Role, View};
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
    /// It asks its peer for a pre-vote.
    AsksPreVote,
    /// It refuses its peer a pre-vote.
    RefusesPreVote,
    /// It acknowledges a part of a snapshot to its peer.
    AcknowledgesSnapshot,
    /// It asks its peer, the leader, to answer a read.
    AsksToRead,
    /// It answers that a command, or a change of the configuration, is committed.
    Answers,
}

/// The table row of a trigger. [`Watch`] decides when it fires.
struct Facts {
    trigger: Trigger,
    /// True if the server sends its peer a message.
    has_peer: bool,
    /// Its title in reports.
    title: &'static str,
    /// The event, as a sentence.
    event: &'static str,
}

/// The triggers, in order.
#[rustfmt::skip]
const TABLE: [Facts; 20] = [
    Facts { trigger: Trigger::Stands, has_peer: false,
        title: "trigger: candidacy", event: "a server stands for election" },
    Facts { trigger: Trigger::Votes, has_peer: true,
        title: "trigger: vote sent", event: "a server sends its vote" },
    Facts { trigger: Trigger::Leads, has_peer: false,
        title: "trigger: leader elected", event: "a server becomes leader" },
    Facts { trigger: Trigger::StepsDown, has_peer: false,
        title: "trigger: leader steps down", event: "a leader leads no more" },
    Facts { trigger: Trigger::Replicates, has_peer: true,
        title: "trigger: entries sent", event: "a leader sends entries" },
    Facts { trigger: Trigger::Acknowledges, has_peer: true,
        title: "trigger: append acknowledged", event: "a server acknowledges entries" },
    Facts { trigger: Trigger::Truncates, has_peer: false,
        title: "trigger: entries truncated", event: "a server cuts off or replaces entries" },
    Facts { trigger: Trigger::Commits, has_peer: false,
        title: "trigger: leader commits", event: "a leader commits" },
    Facts { trigger: Trigger::Reconfigures, has_peer: false,
        title: "trigger: change logged", event: "a configuration comes into a log" },
    Facts { trigger: Trigger::CommitsConfiguration, has_peer: false,
        title: "trigger: change committed", event: "a leader commits a configuration" },
    Facts { trigger: Trigger::Compacts, has_peer: false,
        title: "trigger: snapshot taken", event: "a server takes a snapshot" },
    Facts { trigger: Trigger::SendsSnapshot, has_peer: true,
        title: "trigger: snapshot sent", event: "a leader sends a snapshot" },
    Facts { trigger: Trigger::Installs, has_peer: false,
        title: "trigger: snapshot installed", event: "a server installs a snapshot" },
    Facts { trigger: Trigger::HandsOver, has_peer: true,
        title: "trigger: leadership moves", event: "a leader hands over" },
    Facts { trigger: Trigger::Boots, has_peer: false,
        title: "trigger: restart", event: "a server restarts" },
    Facts { trigger: Trigger::AsksPreVote, has_peer: true,
        title: "trigger: pre-vote asked", event: "a server asks for a pre-vote" },
    Facts { trigger: Trigger::RefusesPreVote, has_peer: true,
        title: "trigger: pre-vote refused", event: "a server refuses a pre-vote" },
    Facts { trigger: Trigger::AcknowledgesSnapshot, has_peer: true,
        title: "trigger: snapshot received", event: "a server acknowledges a part of a snapshot" },
    Facts { trigger: Trigger::AsksToRead, has_peer: true,
        title: "trigger: read passed on", event: "a follower asks its leader to answer a read" },
    Facts { trigger: Trigger::Answers, has_peer: false,
        title: "trigger: commit answered", event: "a server answers that an entry is committed" },
];

impl Trigger {
    /// All triggers, in order.
    pub const ALL: [Trigger; TABLE.len()] = {
        let mut all = [TABLE[0].trigger; TABLE.len()];
        let mut place = 0;
        while place < all.len() {
            all[place] = TABLE[place].trigger;
            assert!(all[place] as usize == place, "the rows are in the order of the triggers");
            place += 1;
        }
        all
    };

    fn facts(self) -> &'static Facts {
        &TABLE[self as usize]
    }

    /// True if it fires when the server sends a peer a message.
    #[must_use]
    pub fn has_peer(self) -> bool {
        self.facts().has_peer
    }

    /// Its title in reports: `trigger: vote sent`.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.facts().title
    }

    /// The event at which it fires: `a server sends its vote`.
    #[must_use]
    pub fn event(self) -> &'static str {
        self.facts().event
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
    /// That message, if it is in flight.
    pub message: Option<MessageId>,
}

/// An observer that watches for triggers.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// A bit for each trigger that is waited for.
    wanted: u32,
    fire: Vec<Fired>,
    /// The place in `fire` of the message that is leaving.
    leaving: Option<usize>,
    /// The latest copy of a message that was put in flight.
    copy: Option<MessageId>,
    /// The server that sent a vote last, if any did.
    voter: Option<NodeId>,
}

impl Watch {
    #[inline]
    fn fire(&mut self, trigger: Trigger, server: NodeId, peer: Option<NodeId>) {
        if self.wanted & 1 << trigger as u32 != 0 {
            self.fire.push(Fired { trigger, server, peer, message: None });
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
    #[inline(always)]
    fn sent(&mut self, message: &Message) {
        if let Body::RequestVoteReply { granted: true } = message.body {
            self.voter = Some(message.from);
        }
        if self.wanted != 0 {
            self.look_at(message);
        }
    }

    fn look_at(&mut self, Message { from, to, body, .. }: &Message) {
        let trigger = match body {
            Body::RequestVoteReply { granted: true } => Trigger::Votes,
            Body::AppendEntries { entries, .. } if !entries.is_empty() => Trigger::Replicates,
            Body::AppendEntriesReply {
                reply: AppendReply::Success { matched: Some(_) }, ..
            } => Trigger::Acknowledges,
            Body::InstallSnapshot { .. } => Trigger::SendsSnapshot,
            Body::TimeoutNow => Trigger::HandsOver,
            Body::PreVote { .. } => Trigger::AsksPreVote,
            Body::PreVoteReply { granted: false } => Trigger::RefusesPreVote,
            Body::InstallSnapshotReply { .. } => Trigger::AcknowledgesSnapshot,
            Body::ReadIndex { .. } => Trigger::AsksToRead,
            Body::RequestVote { .. }
            | Body::RequestVoteReply { granted: false }
            | Body::PreVoteReply { granted: true }
            | Body::AppendEntries { .. }
            | Body::AppendEntriesReply { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => {
                self.leaving = None;
                return;
            }
        };
        let before = self.fire.len();
        self.fire(trigger, *from, Some(*to));
        self.leaving = (self.fire.len() > before).then_some(before);
    }

    /// A message is in flight, or a copy of one.
    #[inline]
    fn in_flight(&mut self, message: MessageId, copy: bool) {
        if copy {
            self.copy = Some(message);
        } else if let Some(place) = self.leaving.take()
            && let Some(fired) = self.fire.get_mut(place)
        {
            fired.message = Some(message);
        }
    }

    /// Watches for these triggers from now on, and for no others.
    pub fn want(&mut self, triggers: impl Iterator<Item = Trigger>) {
        self.wanted = triggers.fold(0, |wanted, trigger| wanted | 1 << trigger as u32);
    }

    /// The watched triggers that have fired since the last call.
    pub fn fired(&mut self) -> Vec<Fired> {
        self.leaving = None;
        std::mem::take(&mut self.fire)
    }

    /// The latest copy of a message that was put in flight, if there is one.
    #[must_use]
    pub fn last_copy(&self) -> Option<MessageId> {
        self.copy
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
            Observation::Stepped { server, before, length, effects, changed }
                if self.wanted != 0 && (*changed || !effects.writes.is_empty()) =>
            {
                self.look(*server, before, effects, *length);
            }
            Observation::Sent { message } => self.sent(message),
            Observation::InFlight { message, copy, .. } => self.in_flight(*message, *copy),
            Observation::Lost { message: None, .. } => self.leaving = None,
            Observation::Answered { server, answer: Answer::Committed(_), .. } => {
                self.fire(Trigger::Answers, *server, None);
            }
            Observation::Booted { server, .. } => self.fire(Trigger::Boots, *server, None),
            _ => {}
        }
        Ok(())
    }
}
