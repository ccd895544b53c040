//! The three roles of Figure 4. Each has its own state: a follower has no `nextIndex`.

mod candidate;
mod follower;
mod install;
mod leader;
mod voter;

pub(crate) use candidate::Cause;
pub use candidate::{Candidate, PreCandidate};
pub use follower::Follower;
pub use leader::Leader;
pub(crate) use voter::{pre_vote, vote};

use alloc::boxed::Box;
use core::hash::{Hash, Hasher};
use core::mem::discriminant;

use crate::settings::Settings;
use crate::state::State;
use crate::types::{NodeId, Term};

/// Role of a server (§5.1, Figure 4).
#[derive(Clone, Debug)]
pub enum Role {
    /// Replies to requests; stands for election when it hears of no leader.
    Follower(Follower),
    /// A follower that asks whether it could win an election (diss. §9.6).
    PreCandidate(PreCandidate),
    /// Asks for votes.
    Candidate(Candidate),
    /// Takes commands from clients and replicates them.
    Leader(Box<Leader>),
}

impl Role {
    /// Feeds the hasher with all that later steps depend on.
    pub(crate) fn fingerprint(&self, state: &State, hasher: &mut impl Hasher) {
        discriminant(self).hash(hasher);
        match self {
            Role::Follower(follower) => follower.fingerprint(state, hasher),
            Role::PreCandidate(pre_candidate) => pre_candidate.fingerprint(hasher),
            Role::Candidate(candidate) => candidate.fingerprint(hasher),
            Role::Leader(leader) => leader.fingerprint(state, hasher),
        }
    }
}

/// Counter of ticks towards an election (§5.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ElectionTimer {
    elapsed: u32,
    /// The timeout of this term, in ticks.
    timeout: u32,
    term: Term,
}

impl ElectionTimer {
    /// Creates a timer that starts now, with the timeout of this server and term.
    pub(crate) fn new(settings: &Settings, id: NodeId, term: Term) -> ElectionTimer {
        ElectionTimer { elapsed: 0, timeout: settings.election_timeout(id, term), term }
    }

    /// Feeds the hasher with the number of ticks after which the timeout has elapsed.
    pub(crate) fn fingerprint(&self, hasher: &mut impl Hasher) {
        // The term only tells whether the timeout has to be drawn.
        let ElectionTimer { elapsed, timeout, term: _ } = self;
        // One that has elapsed already, on a server that may not stand, elapses again with the next tick.
        timeout.saturating_sub(*elapsed).max(1).hash(hasher);
    }

    /// Starts anew. Within a term the timeout stays: it is drawn for each election, not for each start.
    pub(crate) fn restart(&mut self, settings: &Settings, id: NodeId, term: Term) {
        if self.term == term {
            self.elapsed = 0;
        } else {
            *self = ElectionTimer::new(settings, id, term);
        }
    }

    /// Counts a tick; true if the timeout has elapsed.
    pub(crate) fn tick(&mut self) -> bool {
        self.elapsed += 1;
        self.elapsed >= self.timeout
    }
}
