//! Rounds of heartbeats, by which a leader learns that it still leads. They serve reads (diss. §6.4), leases
//! (diss. §6.4.1) and CheckQuorum (diss. §6.2) alike.

use alloc::collections::VecDeque;
use core::hash::{Hash, Hasher};

use super::Leader;
use crate::settings::Settings;
use crate::state::State;
use crate::types::NodeId;

/// Rounds of heartbeats, numbered from 1 on in this leader's term.
#[derive(Clone, Debug, Default)]
pub(super) struct Rounds {
    latest: u64,
    /// Rounds that no quorum has answered yet, and the tick at which each began; old ones are forgotten.
    open: VecDeque<(u64, u64)>,
    /// The latest round that a quorum has answered; 0 if none.
    confirmed: u64,
    /// The tick at which the latest of them began that is not forgotten; `None` before the first.
    confirmed_from: Option<u64>,
}

impl Rounds {
    /// Feeds the hasher with all that later steps depend on, seen from this tick.
    pub(super) fn fingerprint(&self, settings: &Settings, tick: u64, hasher: &mut impl Hasher) {
        let Rounds { latest, open, confirmed, confirmed_from } = self;
        (latest, confirmed).hash(hasher);
        // When rounds began matters to CheckQuorum, and to leases, which rest on that. `confirmed` says if one is confirmed:
        // one that was forgotten before a quorum answered it is older than this leadership can be then.
        if !settings.check_quorum {
            return;
        }
        (tick - confirmed_from.unwrap_or(0), open.len()).hash(hasher);
        open.iter().for_each(|(round, began)| (round, tick - began).hash(hasher));
    }

    /// The number of the latest round; 0 before the first.
    pub(super) fn latest(&self) -> u64 {
        self.latest
    }

    /// The latest round that a quorum has answered; 0 if none.
    pub(super) fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// The tick at which the latest round began that a quorum has answered.
    pub(super) fn confirmed_from(&self) -> Option<u64> {
        self.confirmed_from
    }

    /// Begins a round at this tick, and forgets open rounds that are more than `memory` ticks old.
    fn begin(&mut self, tick: u64, memory: u64) {
        self.latest += 1;
        self.open.push_back((self.latest, tick));
        while self.open.front().is_some_and(|(_, began)| began + memory < tick) {
            self.open.pop_front();
        }
    }

    /// Notes that a quorum has answered this round, and so all before it. True if that is news.
    fn confirm(&mut self, round: u64) -> bool {
        if round <= self.confirmed {
            return false;
        }
        self.confirmed = round;
        while let Some((_, began)) = self.open.pop_front_if(|(open, _)| *open <= round) {
            self.confirmed_from = Some(began);
        }
        true
    }
}

impl Leader {
    /// Begins a round of heartbeats.
    pub(super) fn begin_round(&mut self, state: &mut State) {
        self.rounds.begin(self.ticks, u64::from(state.settings.election_timeout_max));
        self.send_heartbeats(state);
        self.round_replied(state, state.id, self.rounds.latest);
    }

    /// Takes a server's reply to a request of this round: in that round, it took this server for its leader.
    pub(super) fn round_replied(&mut self, state: &mut State, from: NodeId, round: u64) {
        let round = round.min(self.rounds.latest);
        if self.peer(from).is_some_and(|peer| peer.progress.replied(round)) {
            self.confirm_round(state);
        }
    }

    /// Confirms the latest round that a quorum has answered by now.
    pub(super) fn confirm_round(&mut self, state: &mut State) {
        let confirmed = self.quorum(state, |progress| progress.round());
        if self.rounds.confirm(confirmed) {
            self.reads_confirmed(state, confirmed);
        }
    }

    /// Returns whether an election timeout has passed without a round that a quorum answered (CheckQuorum,
    /// diss. §6.2).
    pub(super) fn has_lost_quorum(&self, state: &State) -> bool {
        let from = self.rounds.confirmed_from.unwrap_or(0);
        self.ticks - from >= u64::from(state.settings.election_timeout_max)
    }
}
