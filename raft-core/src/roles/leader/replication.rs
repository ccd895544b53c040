//! Replication: what a leader sends its followers, and what follows from their replies (§5.3, §7).

use alloc::sync::Arc;

use super::{Leader, Peer};
use crate::message::{AppendReply, Body, Conflict};
use crate::output::Refusal;
use crate::progress::SnapshotProgress;
use crate::state::State;
use crate::types::{Chunk, LogIndex, NodeId, Position};

impl Leader {
    /// Takes the reply to an AppendEntries.
    pub(crate) fn append_reply(
        &mut self,
        state: &mut State,
        from: NodeId,
        reply: AppendReply,
        round: u64,
    ) {
        // A refusal of an older term has a round of that term: it says nothing about this one.
        if let AppendReply::Refused { conflict: None, .. } = reply {
            return;
        }
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.server == from) else { return };
        let news = peer.progress.replied(round.min(self.rounds.latest()));
        match reply {
            AppendReply::Success { matched } => self.acknowledged(state, from, matched),
            AppendReply::Refused { prev, conflict } => {
                self.refused(state, from, (prev, conflict), round);
            }
        }
        if news {
            self.confirm_round(state);
        }
    }

    /// Acknowledges to itself what it has appended: the held reply arrives when the entries are durable
    /// (diss. §10.2.1).
    pub(super) fn acknowledge_own(&mut self, state: &mut State) {
        let reply = AppendReply::Success { matched: state.log.last_index() };
        let round = self.rounds.latest();
        state.hold(state.id, Body::AppendEntriesReply { reply, round });
    }

    /// If successful: update nextIndex and matchIndex for follower (§5.3).
    fn acknowledged(&mut self, state: &mut State, from: NodeId, matched: Option<LogIndex>) {
        if matched > state.log.last_index() {
            state.outbox.refused = matched.map(Refusal::AcknowledgesUnsent);
            return;
        }
        let round = self.rounds.latest();
        let Some(peer) = self.peer(from) else { return };
        if !peer.progress.acknowledged(matched) {
            return replicate(state, round, peer);
        }
        if matched > state.commit {
            self.advance_commit(state);
        }
        if self.change.is_some() {
            self.catch_up(state);
        }
        if self.handover.is_some() {
            self.hand_over(state);
        }
        self.replicate_to(state, from);
    }

    /// If AppendEntries fails because of log inconsistency: decrement nextIndex and retry (§5.3), a term
    /// at a time rather than an entry at a time.
    fn refused(
        &mut self,
        state: &mut State,
        from: NodeId,
        (prev, conflict): (Option<LogIndex>, Option<Conflict>),
        round: u64,
    ) {
        let latest = self.rounds.latest();
        let (Some(peer), Some(conflict)) = (self.peer(from), conflict) else {
            return;
        };
        // If this log has entries of the follower's conflicting term, the logs may agree up to the last
        // of them. If not, none of the follower's entries of that term can stay.
        let ours = conflict.term.and_then(|term| state.log.last_of_term(term));
        let mut retry = ours.map_or(conflict.first, |last| LogIndex::after(Some(last)));
        // Entries that it acknowledged may be of that term as well, and agree all the same.
        if conflict.term.is_some() {
            retry = retry.max(LogIndex::after(peer.progress.matched()));
        }
        // Discarded entries are committed: the follower may well have them. The snapshot is sent if not
        // even the last entry in it matches.
        let base = state.log.base().map(|base| base.index);
        if prev > base {
            retry = retry.max(LogIndex::after(base));
        }
        let obeyed = peer.progress.refused(prev, retry, (round, latest));
        // A follower that needs the snapshot refuses every heartbeat: the occasion to send a part of it.
        if obeyed || Some(peer.progress.next()) <= base {
            replicate(state, latest, peer);
        }
    }

    /// Takes a follower's reply to a part of a snapshot (§7): sends the next one.
    pub(crate) fn snapshot_reply(
        &mut self,
        state: &mut State,
        from: NodeId,
        (last, received): (Position, u64),
        round: u64,
    ) {
        if let Some(peer) = self.peer(from)
            && peer.progress.received(last.index, received)
        {
            self.replicate_to(state, from);
        }
        self.round_replied(state, from, round);
    }

    /// Sends all servers the entries that they lack, as far as their replication states allow.
    pub(super) fn replicate_to_all(&mut self, state: &mut State) {
        let round = self.rounds.latest();
        self.peers.iter_mut().for_each(|peer| replicate(state, round, peer));
    }

    fn replicate_to(&mut self, state: &mut State, server: NodeId) {
        let round = self.rounds.latest();
        if let Some(peer) = self.peer(server) {
            replicate(state, round, peer);
        }
    }

    /// Sends all other servers a heartbeat of the latest round. It speaks of the entry before `nextIndex`,
    /// so that a follower that lost a request says so; of the last in the snapshot, if that one is
    /// discarded.
    pub(super) fn send_heartbeats(&mut self, state: &mut State) {
        let (round, commit) = (self.rounds.latest(), state.commit);
        let own = state.id;
        for Peer { server, progress, .. } in self.peers.iter_mut().filter(|peer| peer.server != own)
        {
            progress.heartbeat();
            let known = state.log.position(progress.next().before());
            let prev = known.or(state.log.base());
            state.send(
                *server,
                Body::AppendEntries { prev, entries: <_>::default(), commit, round },
            );
        }
    }
}

/// If last log index ≥ nextIndex for a follower: send AppendEntries with log entries starting at nextIndex
/// (§5.3), as many requests as its replication state allows. If that entry is discarded, send the snapshot
/// first (§7).
#[inline(always)]
fn replicate(state: &mut State, round: u64, peer: &mut Peer) {
    let lacks = Some(peer.progress.next()) <= state.log.last_index();
    if lacks && !peer.progress.is_paused() && peer.server != state.id {
        send_missing(state, round, peer);
    }
}

fn send_missing(state: &mut State, round: u64, peer: &mut Peer) {
    let Peer { server, progress, .. } = peer;
    loop {
        let limit = progress.room(state.settings.window).min(state.settings.entries_per_message);
        if Some(progress.next()) <= state.log.base().map(|base| base.index) {
            return send_snapshot(state, round, peer);
        }
        if limit == 0 || Some(progress.next()) > state.log.last_index() {
            return;
        }
        let entries = state.log.share(progress.next(), limit, state.settings.bytes_per_message);
        let prev = state.log.position(progress.next().before());
        progress.sent(entries.len() as u64);
        state.send(*server, Body::AppendEntries { prev, entries, commit: state.commit, round });
    }
}

/// InstallSnapshot, sender (Figure 13): the next part, if none is under way.
fn send_snapshot(state: &mut State, round: u64, peer: &mut Peer) {
    let Some(snapshot) = &state.snapshot else { return };
    let Some(SnapshotProgress { snapshot, received, .. }) = peer.progress.install(snapshot) else {
        return;
    };
    let rest = snapshot.data.get(*received as usize..).unwrap_or_default();
    let part = rest.get(..state.settings.snapshot_chunk as usize).unwrap_or(rest);
    let chunk = Chunk {
        last: snapshot.last,
        membership: snapshot.membership.clone(),
        cluster: snapshot.cluster,
        offset: *received,
        size: snapshot.data.len() as u64,
        data: Arc::from(part),
    };
    state.send(peer.server, Body::InstallSnapshot { chunk: Arc::new(chunk), round });
}
