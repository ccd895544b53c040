//! What a leader sends (27), and how much at a time (28).

use super::Step;
use super::lead::{Lead, Peer, ReplicationState};
use crate::checker::properties::Property;
use crate::checker::properties::violation::Violation;
use crate::model::{Body, Chunk, Entries, NodeId, Payload, Position, length};

/// What a step is to send beside entries.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The latest round before the step.
    pub(super) round: u64,
    /// Rounds of heartbeats that begin.
    pub(super) beats: u64,
    /// Reads of followers that are confirmed: who, its name for the question, and the index.
    pub(super) confirmed: Vec<(NodeId, u64, u64)>,
}

/// What may be sent.
#[derive(Clone, Copy)]
struct Reach {
    /// The last entry, and the last that the snapshot stands for.
    last: u64,
    base: u64,
    window: u64,
}

impl Peer {
    /// How many entries may be sent now.
    fn room(&self, window: u64) -> u64 {
        match self.replication {
            ReplicationState::Probing(asked) => {
                if asked {
                    0
                } else {
                    window
                }
            }
            ReplicationState::Streaming => window.saturating_sub(self.next - 1 - self.matched),
            ReplicationState::Installing(..) => 0,
        }
    }

    fn asked(&self) -> bool {
        match self.replication {
            ReplicationState::Probing(asked) | ReplicationState::Installing(_, _, _, asked) => {
                asked
            }
            ReplicationState::Streaming => false,
        }
    }

    /// Whether it lacks something that may be sent now.
    fn lacks(&self, reach: Reach) -> bool {
        let may = self.next <= reach.base || self.room(reach.window) > 0;
        self.next <= reach.last && !self.asked() && may
    }

    fn note(&mut self, reach: Reach) {
        self.served |= self.due && !self.lacks(reach);
    }
}

impl Lead {
    /// If last log index ≥ nextIndex for a follower: send AppendEntries with log entries starting at nextIndex
    /// (Figure 2), or the snapshot if that is discarded (Figure 13), as much as its replication state
    /// allows. Each round of heartbeats goes to all followers.
    pub(super) fn check_sends(&mut self, step: &mut Step, sent: &Sent) -> Result<(), Violation> {
        let base = length(step.after().snapshot);
        let reach = Reach { last: step.last(), base, window: u64::from(step.settings.window) };
        if sent.beats == 0
            && step.effects.sends.is_empty()
            && sent.confirmed.is_empty()
            && !self.peers.iter().any(|peer| peer.due)
        {
            return Ok(());
        }
        for peer in &mut self.peers {
            peer.note(reach);
        }
        self.check_messages(step, sent, reach)?;
        self.check_served(step, sent, reach)
    }

    fn check_messages(
        &mut self,
        step: &mut Step,
        sent: &Sent,
        reach: Reach,
    ) -> Result<(), Violation> {
        let mut replies = Vec::new();
        for message in &step.effects.sends {
            let (entries, prev, commit, round) = match &message.body {
                Body::AppendEntries { prev, entries, commit, round } => {
                    (entries, *prev, *commit, *round)
                }
                Body::InstallSnapshot { chunk, round } => {
                    self.check_round(step, *round, sent)?;
                    self.check_part(step, message.to, chunk, reach)?;
                    continue;
                }
                Body::ReadIndexReply { request, index } => {
                    replies.push((message.to, *request, index.get()));
                    continue;
                }
                Body::RequestVote { .. }
                | Body::RequestVoteReply { .. }
                | Body::PreVote { .. }
                | Body::PreVoteReply { .. }
                | Body::AppendEntriesReply { .. }
                | Body::InstallSnapshotReply { .. }
                | Body::TimeoutNow
                | Body::ReadIndex { .. }
                | Body::Other { .. } => continue,
            };
            self.check_round(step, round, sent)?;
            if commit < step.before.commit || commit > step.after().commit {
                let what = format!(
                    "sends {} leaderCommit {}, which is not its commit index",
                    message.to,
                    length(commit)
                );
                return Err(step.breach(Property::Leading, &what));
            }
            if entries.is_empty() {
                self.check_heartbeat(step, message.to, prev, reach)?;
            } else {
                self.check_entries(step, message.to, (prev, entries), reach)?;
            }
        }
        self.check_replies(step, &replies, sent)
    }

    /// Everybody has got the heartbeats that are due, and what it lacks.
    fn check_served(
        &mut self,
        step: &mut Step,
        sent: &Sent,
        reach: Reach,
    ) -> Result<(), Violation> {
        let own = step.server.id.0 as usize - 1;
        for (place, peer) in self.peers.iter_mut().enumerate() {
            let (due, served, beats) = (peer.due, peer.served, peer.beats);
            (peer.due, peer.served, peer.beats) = (false, false, 0);
            if place == own || !peer.receives {
                continue;
            }
            let id = NodeId(place as u32 + 1);
            if beats != sent.beats {
                let what = format!("sends {id} {beats} heartbeats where {} are due", sent.beats);
                return Err(step.breach(Property::Leading, &what));
            }
            if due {
                step.count(Property::Leading);
                if !served && peer.lacks(reach) {
                    let what =
                        format!("does not send {id} what it lacks from index {} on", peer.next);
                    return Err(step.breach(Property::Leading, &what));
                }
            }
        }
        Ok(())
    }

    fn check_round(&self, step: &Step, round: u64, sent: &Sent) -> Result<(), Violation> {
        let latest = self.rounds.latest();
        if (sent.round..=latest).contains(&round) {
            return Ok(());
        }
        let what = format!("sends round {round}, where {latest} is the latest");
        Err(step.breach(Property::Leading, &what))
    }

    /// A heartbeat speaks of the entry before nextIndex, so that a follower that lost a request says so; of the
    /// last in the snapshot, if that one is discarded. Whatever was under way may be lost.
    fn check_heartbeat(
        &mut self,
        step: &Step,
        to: NodeId,
        prev: Option<Position>,
        reach: Reach,
    ) -> Result<(), Violation> {
        let Some(peer) = self.peer(to) else { return Ok(()) };
        peer.note(reach);
        peer.beats += 1;
        match &mut peer.replication {
            ReplicationState::Probing(asked) | ReplicationState::Installing(_, _, _, asked) => {
                *asked = false
            }
            ReplicationState::Streaming => {}
        }
        let speaks = length(prev.map(|prev| prev.index));
        let expected = (peer.next - 1).max(reach.base);
        check_prev(step, (to, prev), speaks, expected)
    }

    fn check_entries(
        &mut self,
        step: &mut Step,
        to: NodeId,
        (prev, entries): (Option<Position>, &Entries),
        reach: Reach,
    ) -> Result<(), Violation> {
        let Some(peer) = self.peer(to) else { return Ok(()) };
        let count = entries.len() as u64;
        let next = peer.next;
        let (room, asked) = (peer.room(reach.window), peer.asked());
        match &mut peer.replication {
            ReplicationState::Probing(asked) => *asked = true,
            ReplicationState::Streaming => peer.next += count,
            ReplicationState::Installing(..) => {}
        }
        peer.note(reach);
        check_prev(step, (to, prev), length(prev.map(|prev| prev.index)), next - 1)?;
        step.count(Property::Limits);
        let most = u64::from(step.settings.entries_per_message);
        let bytes: u64 = entries.iter().map(|entry| size(&entry.payload)).sum();
        let limit = u64::from(step.settings.bytes_per_message);
        let (property, what) = if asked {
            (Property::Leading, "before what is under way is answered".to_owned())
        } else if count > most {
            (Property::Limits, format!("in one message, which takes {most}"))
        } else if bytes > limit && count > 1 {
            (Property::Limits, format!("of {bytes} bytes in one message, which takes {limit}"))
        } else if count > room {
            (Property::Limits, format!("where the window has room for {room}"))
        } else {
            return Ok(());
        };
        Err(step.breach(property, &format!("sends {to} {count} entries {what}")))
    }

    /// InstallSnapshot, sender (Figure 13): part by part, each from where the last ended, of a snapshot that stays the
    /// same until it has arrived; if the next entry is discarded, and only then.
    fn check_part(
        &mut self,
        step: &mut Step,
        to: NodeId,
        chunk: &Chunk,
        reach: Reach,
    ) -> Result<(), Violation> {
        step.count(Property::Limits);
        let Some(peer) = self.peer(to) else { return Ok(()) };
        let next = peer.next;
        let (snapshot, size, received, asked) = match peer.replication {
            ReplicationState::Installing(snapshot, size, received, asked) => {
                (snapshot, size, received, asked)
            }
            ReplicationState::Probing(_) | ReplicationState::Streaming => {
                (chunk.last, chunk.size, 0, peer.asked())
            }
        };
        let begins =
            matches!(peer.replication, ReplicationState::Probing(_) | ReplicationState::Streaming);
        peer.replication = ReplicationState::Installing(snapshot, size, received, true);
        peer.note(reach);
        let limit = u64::from(step.settings.snapshot_chunk);
        let rest = limit.min(size.saturating_sub(received));
        let length = chunk.data.len() as u64;
        let (property, what) = if next > reach.base {
            (Property::Leading, format!("though its next entry, {next}, is not discarded"))
        } else if asked {
            (Property::Leading, "before what is under way is answered".to_owned())
        } else if chunk.last != snapshot || (begins && snapshot.index.get() != reach.base) {
            (Property::Leading, format!("up to {}, which is another one", chunk.last))
        } else if chunk.offset != received {
            (Property::Leading, format!("from byte {} on, where it has {received}", chunk.offset))
        } else if length > limit {
            (Property::Limits, format!("of {length} bytes, where a message takes {limit}"))
        } else if length != rest {
            (Property::Leading, format!("of {length} bytes, where {rest} are next"))
        } else {
            return Ok(());
        };
        Err(step.breach(property, &format!("sends {to} a part of a snapshot {what}")))
    }
}

/// prevLogIndex and prevLogTerm are those of the entry before.
fn check_prev(
    step: &Step,
    (to, prev): (NodeId, Option<Position>),
    speaks: u64,
    expected: u64,
) -> Result<(), Violation> {
    let term = prev.map(|prev| prev.term);
    let ours = step.server.log.at(expected).map(|link| link.term).filter(|_| expected > 0);
    if speaks == expected && term == ours {
        return Ok(());
    }
    let what =
        format!("sends {to} an AppendEntries behind {speaks}, where nextIndex is {}", expected + 1);
    Err(step.breach(Property::Leading, &what))
}

/// Bytes of what an entry carries for the state machine.
fn size(payload: &Payload) -> u64 {
    match payload {
        Payload::Command(command) => command.len() as u64,
        Payload::Once(once) => once.command.len() as u64,
        Payload::Noop | Payload::Membership(_) | Payload::Register => 0,
    }
}
