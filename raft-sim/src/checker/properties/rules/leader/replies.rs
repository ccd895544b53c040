//! What a leader makes of the answers it gets (27), and what it commits by them (29).

use super::Step;
use super::lead::{Lead, News, ReplicationState};
use super::rounds::reached;
use super::sends::Sent;
use super::took::Refused;
use crate::checker::properties::Property;
use crate::checker::properties::violation::Violation;
use crate::model::{NodeId, Position, Term, length};
use crate::subject::{Role, Token};

impl Lead {
    /// Success: update nextIndex and matchIndex for the follower (Figure 2).
    pub(super) fn success(
        &mut self,
        step: &mut Step,
        from: NodeId,
        matched: u64,
        sent: &mut Sent,
        news: &mut News,
    ) -> Result<(), Violation> {
        let Some(peer) = self.peer(from) else { return Ok(()) };
        peer.due = true;
        if matched > peer.matched {
            peer.matched = matched;
            peer.next = peer.next.max(matched + 1);
            peer.replication = ReplicationState::Streaming;
            self.acknowledged(step, matched, sent, news)?;
        }
        let known = self.matched(from);
        let shown = step.effects.matched.map_or(0, |(_, matched)| matched.get());
        if step.after().role == Role::Leader && shown != known {
            let what = format!("takes {shown} for the matchIndex of {from}, which is {known}");
            return Err(step.breach(Property::Leading, &what));
        }
        Ok(())
    }

    /// What the leader has appended itself is on its disk.
    pub(super) fn own_durable(
        &mut self,
        step: &mut Step,
        observed: Option<Token>,
        sent: &mut Sent,
        news: &mut News,
    ) -> Result<(), Violation> {
        let id = step.server.id;
        while let Some((_, matched)) = self.own.pop_front_if(|(token, _)| Some(*token) <= observed)
        {
            if let Some(peer) = self.peer(id).filter(|peer| peer.matched < matched) {
                peer.matched = matched;
                self.acknowledged(step, matched, sent, news)?;
            }
        }
        Ok(())
    }

    /// A matchIndex has moved. If there exists an N such that N > commitIndex, a majority of matchIndex\[i\] ≥ N, and
    /// log\[N\].term == currentTerm: set commitIndex = N (Figure 2).
    fn acknowledged(
        &mut self,
        step: &mut Step,
        matched: u64,
        sent: &mut Sent,
        news: &mut News,
    ) -> Result<(), Violation> {
        if matched > self.commit {
            step.count(Property::Committing);
            let configuration = step.server.log.configurations.nth(self.counts_by).1;
            let index = reached(configuration, |server| self.matched(server));
            let term = step.server.log.at(index).map(|link| link.term);
            if index > self.commit && term == Some(self.term()) {
                self.commit = index;
                self.early_reads(step, sent, news);
                self.configuration_committed(step, news)?;
            }
        }
        self.catch_up(step, step.length.max(self.commit), news)
    }

    /// If AppendEntries fails because of log inconsistency: decrement nextIndex and retry (Figure 2), by a term
    /// at a time (end of §5.3). A refusal of something else than what was asked last says nothing.
    pub(super) fn refused(
        &mut self,
        step: &Step,
        from: NodeId,
        Refused { prev, conflict }: Refused,
        round: u64,
    ) {
        let base = length(step.before.snapshot);
        let ours = conflict.term.and_then(|term| last_of_term(step, term, base));
        let mut retry = ours.map_or(conflict.first.get(), |last| last + 1);
        if prev > base {
            retry = retry.max(base + 1);
        }
        let latest = self.rounds.latest();
        let Some(peer) = self.peer(from) else { return };
        if conflict.term.is_some() {
            retry = retry.max(peer.matched + 1);
        }
        let stale = match peer.replication {
            ReplicationState::Probing(_) => prev + 1 != peer.next || prev <= peer.matched,
            ReplicationState::Streaming => {
                round < peer.void
                    || prev <= peer.matched
                    || retry <= peer.matched
                    || prev >= peer.next
            }
            ReplicationState::Installing(..) => true,
        };
        if !stale {
            if matches!(peer.replication, ReplicationState::Streaming) {
                // Of requests that followed one another each is refused: once is enough.
                peer.void = latest + 1;
            }
            peer.next = prev.min(retry).max(1).max(peer.matched + 1);
            peer.replication = ReplicationState::Probing(false);
        }
        peer.due |= !stale || peer.next <= base;
    }

    /// A follower says how much of a snapshot it has: perhaps none any more.
    pub(super) fn part(&mut self, from: NodeId, last: Position, bytes: u64) {
        let Some(peer) = self.peer(from) else { return };
        if let ReplicationState::Installing(snapshot, size, received, asked) = &mut peer.replication
            && snapshot.index == last.index
            && *received != bytes
            && bytes <= *size
        {
            *received = bytes;
            *asked = false;
            peer.due = true;
        }
    }
}

/// The last entry of a term behind the snapshot. Terms do not decrease along a log.
fn last_of_term(step: &Step, term: Term, base: u64) -> Option<u64> {
    let (mut low, mut high) = (base, step.last());
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if step.server.log.at(middle).is_some_and(|link| link.term <= term) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    (low > base && step.server.log.at(low).is_some_and(|link| link.term == term)).then_some(low)
}
