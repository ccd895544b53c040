//! Changes of the configuration: in one entry (diss. §4.1) or by joint consensus (§6), once new voters have
//! caught up (diss. §4.2.1).
//!
//! A leader may crash or be deposed in the middle of a change. While new voters catch up, only the leader
//! knows of it, and it is gone. From the first entry on it is in the log, and is committed or rolled back
//! like any entry; C_old,new that is committed is completed by the next leader.

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use core::mem::discriminant;

use super::Leader;
use crate::output::{Answer, Rejection};
use crate::settings::Changes;
use crate::state::State;
use crate::types::{LogIndex, Membership, NodeId, Payload, Position, Request};

/// Change under way. One whose last entry is in the log is over for the leader: the client waits for that
/// entry.
#[derive(Clone, Debug)]
pub(super) struct Change {
    request: Request,
    phase: Phase,
}

#[derive(Clone, Debug)]
enum Phase {
    /// New voters receive the log, and are not counted yet.
    CatchingUp { wanted: Membership, joiners: Vec<Joiner> },
    /// C_old,new is in the log.
    Joint,
}

/// Server that catches up, in rounds: each brings the entries that the log had when it began. When a round
/// takes less than an election timeout, so will the rest, and the change will not hold up commitment for
/// longer.
#[derive(Clone, Debug)]
struct Joiner {
    server: NodeId,
    /// Rounds begun.
    rounds: u32,
    /// The last entry of this one, and the tick at which it began.
    end: Option<LogIndex>,
    began: u64,
}

impl Change {
    /// Feeds the hasher with all that later steps depend on, seen from this tick.
    pub(super) fn fingerprint(&self, tick: u64, hasher: &mut impl Hasher) {
        let Change { request, phase } = self;
        (request, discriminant(phase)).hash(hasher);
        match phase {
            Phase::CatchingUp { wanted, joiners } => {
                (wanted, joiners.len()).hash(hasher);
                for Joiner { server, rounds, end, began } in joiners {
                    (server, rounds, end, tick - began).hash(hasher);
                }
            }
            Phase::Joint => {}
        }
    }

    /// Servers that catch up.
    pub(super) fn joiners(&self) -> Vec<NodeId> {
        match &self.phase {
            Phase::CatchingUp { joiners, .. } => {
                joiners.iter().map(|joiner| joiner.server).collect()
            }
            Phase::Joint => Vec::new(),
        }
    }

    /// Answers the client when its leader leads no longer.
    pub(super) fn abandon(self, state: &mut State) {
        let answer = match self.phase {
            // No other server has heard of it.
            Phase::CatchingUp { .. } => Answer::NotLeader(None),
            Phase::Joint => Answer::Unknown,
        };
        state.answer(self.request, answer);
    }
}

impl Leader {
    /// Begins a change to this configuration, as an administrator wants.
    pub(crate) fn change_membership(
        &mut self,
        state: &mut State,
        request: Request,
        voters: Vec<NodeId>,
        learners: Vec<NodeId>,
    ) {
        if let Some(handover) = &self.handover {
            return state.answer(request, Answer::Transferring(handover.to));
        }
        let wanted = match self.check_change(state, voters, learners) {
            Ok(wanted) => wanted,
            Err(rejection) => return state.answer(request, Answer::Rejected(rejection)),
        };
        let current = state.membership();
        let new = wanted.voters.iter().filter(|server| !current.voters.contains(server));
        let joiners = new.map(|&server| Joiner {
            server,
            rounds: 1,
            end: state.log.last_index(),
            began: self.ticks,
        });
        let phase = Phase::CatchingUp { joiners: joiners.collect(), wanted };
        self.change = Some(Change { request, phase });
        self.refresh_peers(state);
        self.replicate_to_all(state);
        self.catch_up(state);
    }

    fn check_change(
        &self,
        state: &State,
        voters: Vec<NodeId>,
        learners: Vec<NodeId>,
    ) -> Result<Membership, Rejection> {
        let wanted = Membership::new(voters, learners)?;
        let current = state.membership();
        // One at a time (diss. §4.1): the next begins when the last is committed.
        let pending = current.is_joint() || state.configurations.index() > state.commit;
        if self.change.is_some() || pending {
            return Err(Rejection::ChangePending);
        }
        // Diss. §4.1 as corrected in 2015: else two leaders could each change a configuration that the other
        // has not seen, and end with quorums that share no server.
        if !state.has_committed_in_term() {
            return Err(Rejection::NothingCommitted);
        }
        if state.settings.changes == Changes::Single && current.distance(&wanted) > 1 {
            return Err(Rejection::TooManyAtOnce);
        }
        Ok(wanted)
    }

    /// Follows the progress of new voters: begins their next rounds, appends the configuration when all
    /// have caught up, gives up if one does not.
    pub(super) fn catch_up(&mut self, state: &mut State) {
        // While leadership is handed over, nothing is appended.
        if self.handover.is_some() {
            return;
        }
        let Some(mut change) = self.change.take() else { return };
        let Phase::CatchingUp { joiners, .. } = &mut change.phase else {
            self.change = Some(change);
            return;
        };
        let mut late = None;
        joiners.retain_mut(|joiner| {
            let matched = self.matched(joiner.server);
            let settings = &state.settings;
            let patience = u64::from(settings.election_timeout_max);
            while matched >= joiner.end {
                if self.ticks - joiner.began < patience {
                    return false;
                }
                joiner.rounds += 1;
                joiner.end = state.log.last_index();
                joiner.began = self.ticks;
            }
            // A server that can't be reached never ends its round.
            let spent = self.ticks - joiner.began >= patience * u64::from(settings.catch_up_rounds);
            if joiner.rounds > settings.catch_up_rounds || spent {
                late = Some(joiner.server);
            }
            true
        });
        let Change { request, phase } = change;
        match (late, phase) {
            (Some(server), _) => {
                let rejection = Rejection::NotCaughtUp(server);
                state.answer(request, Answer::Rejected(rejection));
                self.refresh_peers(state);
            }
            (None, Phase::CatchingUp { wanted, joiners }) if joiners.is_empty() => {
                self.append_change(state, request, wanted);
            }
            (None, phase) => self.change = Some(Change { request, phase }),
        }
    }

    /// Appends the new configuration, or C_old,new, once all new voters have caught up.
    fn append_change(&mut self, state: &mut State, request: Request, wanted: Membership) {
        let current = state.membership();
        let joint = match state.settings.changes {
            Changes::Single => false,
            Changes::Joint => true,
            Changes::Shortest => current.distance(&wanted) > 1,
        };
        if joint {
            let outgoing = current.voters.clone();
            self.append_configuration(state, Membership { outgoing, ..wanted });
            self.change = Some(Change { request, phase: Phase::Joint });
        } else if let Some(position) = self.append_configuration(state, wanted) {
            state.wait_for(position, request);
        }
    }

    /// Appends a configuration. It is in force as soon as it is in the log (§6), and decides on its own
    /// commitment.
    fn append_configuration(
        &mut self,
        state: &mut State,
        membership: Membership,
    ) -> Option<Position> {
        let position = state.append(Payload::Membership(membership.into()));
        self.refresh_peers(state);
        self.acknowledge_own(state);
        self.replicate_to_all(state);
        position
    }

    /// Completes a change when the commit index moved (§6): once C_old,new is committed, the leader, be it
    /// another than began the change, appends C_new. Once C_new is committed, a leader that is not in it
    /// steps down.
    pub(super) fn configuration_may_be_committed(&mut self, state: &mut State) {
        if state.configurations.index() > state.commit {
            return;
        }
        let current = state.membership();
        if current.is_joint() {
            let Membership { voters, learners, .. } = Membership::clone(current);
            let next = Membership { voters, outgoing: Vec::new(), learners };
            let position = self.append_configuration(state, next);
            if let (Some(Change { request, .. }), Some(position)) = (self.change.take(), position) {
                state.wait_for(position, request);
            }
        } else if !current.is_voter(state.id) {
            self.over = true;
        }
    }
}
