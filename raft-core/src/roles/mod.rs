//! The three roles of Figure 4. What belongs to a role lives in it: a follower has no `nextIndex`.

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

use crate::settings::Settings;
use crate::types::{NodeId, Term};

/// What a server is at the moment (§5.1, Figure 4).
#[derive(Debug)]
pub enum Role {
    /// Answers requests; stands for election when it hears of no leader.
    Follower(Follower),
    /// A follower that asks whether it could win an election (diss. §9.6).
    PreCandidate(PreCandidate),
    /// Asks for votes.
    Candidate(Candidate),
    /// Takes commands from clients and replicates them.
    Leader(Box<Leader>),
}

/// Counts ticks towards an election (§5.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ElectionTimer {
    elapsed: u32,
    /// Drawn for this term.
    timeout: u32,
    term: Term,
}

impl ElectionTimer {
    /// A timer that starts now, with the timeout of this server and term.
    pub(crate) fn new(settings: &Settings, id: NodeId, term: Term) -> ElectionTimer {
        ElectionTimer { elapsed: 0, timeout: settings.election_timeout(id, term), term }
    }

    /// Starts anew. Within a term the timeout stays: it is drawn for each election, not for each start.
    pub(crate) fn restart(&mut self, settings: &Settings, id: NodeId, term: Term) {
        if self.term == term {
            self.elapsed = 0;
        } else {
            *self = ElectionTimer::new(settings, id, term);
        }
    }

    /// One tick passes; true if the timeout has elapsed.
    pub(crate) fn tick(&mut self) -> bool {
        self.elapsed += 1;
        self.elapsed >= self.timeout
    }
}
