//! The election timer (Figure 2, followers and candidates; §5.2), and what it stands for in §6: how long a server
//! believes that there is a current leader.
//!
//! No rule says how long a timeout is, only that it lies between the shortest and the longest, and is chosen
//! randomly. So it is certain that no server stands before the shortest and every server does at the longest.

use std::hash::{Hash, Hasher};

use crate::model::{HardState, NodeId, Term};
use crate::subject::Settings;

/// The known state of a server's election timer; `None` where it is not known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timer {
    /// Ticks since it started.
    pub(super) elapsed: Option<u32>,
    /// Ticks for which the server has to believe that there is a current leader.
    believes: Option<u32>,
    /// The term in which it started: the timeout is chosen for each election.
    pub(super) started_in: Term,
    /// The last of these terms in which it ran out.
    ran_out_in: Option<Term>,
}

/// The terms in which it started and ran out are of the statistics alone.
impl Hash for Timer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Timer { elapsed, believes, started_in: _, ran_out_in: _ } = self;
        (elapsed, believes).hash(state);
    }
}

impl Timer {
    /// The timer of the same server after a restart. A leader with a lease relies on restarted servers, too (diss.
    /// §6.4.1): they may have supported a leader before, unless they boot for the first time.
    pub(super) fn booted(self, settings: &Settings, durable: HardState) -> Timer {
        let supported = settings.lease_drift.is_some() && durable != HardState::default();
        Timer {
            elapsed: Some(0),
            believes: Some(if supported { settings.election_timeout.0 } else { 0 }),
            started_in: durable.term,
            ran_out_in: self.ran_out_in,
        }
    }

    /// It starts anew.
    pub(super) fn restart(&mut self, term: Term) {
        self.elapsed = Some(0);
        self.started_in = term;
    }

    /// The server believes in a leader for this number of ticks.
    pub(super) fn believe(&mut self, ticks: u32) {
        self.believes = Some(ticks);
    }

    pub(super) fn believes(&self) -> Option<bool> {
        self.believes.map(|ticks| ticks > 0)
    }

    /// It may have started anew.
    pub(super) fn unclear(&mut self) {
        (self.elapsed, self.believes) = (None, None);
    }

    pub(super) fn tick(&mut self) {
        self.elapsed = self.elapsed.map(|elapsed| elapsed + 1);
        self.believes = self.believes.map(|ticks| ticks.saturating_sub(1));
    }
}

/// A row of equal timeouts, one after another.
#[derive(Clone, Copy, Debug, Default, Hash)]
struct Row {
    /// The ticks by which they were longer than the shortest.
    excess: u32,
    /// The odds of that: it happens once in this number of times.
    odds: u64,
}

/// Statistics of how timeouts are chosen, over a whole run.
///
/// A timer that has not run out at a length runs out at the next with a known probability, whatever happened to all
/// others: one in as many as there are lengths left. So a row of timers that all run out at one length, none of them
/// running past it, has odds that multiply.
#[derive(Clone, Debug, Default)]
pub(super) struct Draws {
    /// The row of all servers in all terms.
    all: Row,
    /// The row of different servers in the same term, and the last of them.
    same_term: Row,
    last: Option<(NodeId, Term)>,
}

/// A row of timeouts that have only one length has no odds: it makes no difference.
impl Hash for Draws {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Draws { all, same_term, last } = self;
        if all.odds > 1 || same_term.odds > 1 {
            (all, same_term, last).hash(state);
        }
    }
}

/// No run of any campaign sees so improbable a row.
const IMPOSSIBLE: u64 = 1 << 50;

impl Row {
    /// A timer has run out, with `left` lengths left.
    fn ran_out(&mut self, excess: u32, left: u64) {
        let odds = if self.excess == excess { self.odds.max(1) } else { 1 };
        *self = Row { excess, odds: odds.saturating_mul(left) };
    }

    /// A timer has run past this length.
    fn passed(&mut self, excess: u32) {
        if self.excess == excess {
            self.odds = 1;
        }
    }
}

impl Draws {
    /// A timer of a server has run out.
    pub(super) fn ran_out(
        &mut self,
        server: NodeId,
        timer: &mut Timer,
        excess: u32,
        left: u64,
    ) -> Result<(), String> {
        let term = timer.started_in;
        // Within a term a timeout may stay the same.
        if timer.ran_out_in.replace(term) == Some(term) {
            return Ok(());
        }
        self.all.ran_out(excess, left);
        let others = self.last.is_some_and(|(other, last)| last == term && other != server);
        if others && self.same_term.excess == excess {
            self.same_term.ran_out(excess, left);
        } else if others {
            self.same_term = Row { excess, odds: 1 };
        } else {
            self.same_term.excess = excess;
        }
        self.last = Some((server, term));
        let how = if self.all.odds >= IMPOSSIBLE {
            "all"
        } else if self.same_term.odds >= IMPOSSIBLE {
            "those of different servers in the same term"
        } else {
            return Ok(());
        };
        Err(format!("chooses its election timeout, and {how} were the same for long"))
    }

    /// A timer of a server has not run out.
    pub(super) fn passed(&mut self, server: NodeId, term: Term, excess: u32) {
        self.all.passed(excess);
        if self.last.is_some_and(|(other, last)| last == term && other != server) {
            self.same_term.passed(excess);
        }
    }
}
