//! The phase after the faults: conditions become fair, and the cluster must make progress, one goal after another.
//! `docs/liveness.md` has the goals, their bounds, and the cases without an obligation.

mod alarm;
mod transfer;

use serde::Serialize;

use super::obligation::{Known, all_members};
use super::{FIRST_PROBE, Run};
use crate::action::{Action, Change, LinkChange};
use crate::checker::{Property, has_quorum};
use crate::disk::Survives;
use crate::model::{Membership, NodeId, Term, length};
use crate::network::{Conditions, Delay};
use crate::observation::Observer;
use crate::plan::Healing;
use crate::subject::{Answer, Event, Request, Role};
use crate::time::{Micros, TICK};
use crate::world::{Halt, Launch, Next};

/// The outcome of a run's liveness obligations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Liveness {
    /// There was no healing phase: the plan has none, or a violation ended the run before.
    Unasked,
    /// Every goal was met.
    Met {
        /// The longest election timeout of all servers, in virtual microseconds.
        timeout: Micros,
        /// The goals, in the order in which they were met, and how long each took.
        took: Vec<(&'static str, Micros)>,
    },
    /// There was no obligation, for this reason.
    NoObligation(String),
    /// A goal was not met in time.
    Violated,
}

/// The network conditions of this phase: every delay is much shorter than the shortest election timeout.
const FAIR: Conditions =
    Conditions { delay: Delay::Uniform(200, 1_500), loss_ppm: 0, duplicate_ppm: 0 };
/// The time that each entry, or each part of a snapshot, may take beside a heartbeat interval: two round trips.
const CARRIED: Micros = 6_000;
/// Most commands that are proposed between two checks.
const FILL: u64 = 64;

/// The phase under way.
pub(super) struct Phase<'p> {
    healing: &'p Healing,
    /// The longest election timeout.
    timeout: Micros,
    known: Known,
    /// Live servers that can't talk to those that must make progress.
    apart: Vec<NodeId>,
    /// The leader that all follow, its term, and since when.
    steady: Option<(NodeId, Term, Micros)>,
    /// The request under way.
    probe: Option<Probe>,
    /// True if the last change was refused, with none under way: a server may do that.
    refused: bool,
    /// The target of the transfer under way.
    target: Option<NodeId>,
    /// The number of transfers for which a leader stepped down and another server than the target was elected.
    lost: u32,
    /// The number of requests so far.
    requests: u64,
    took: Vec<(&'static str, Micros)>,
}

/// A request of this phase.
struct Probe {
    to: NodeId,
    request: Request,
    answer: Option<Answer>,
}

/// The reason why the goals were not reached.
enum End {
    NoObligation(String),
    Halted(Halt),
}

impl From<Halt> for End {
    fn from(halt: Halt) -> End {
        End::Halted(halt)
    }
}

/// Checks if a goal is met, and makes the requests that it needs.
type Goal<'a, L, O> = fn(&mut Run<'a, L, O>, &mut Phase<'_>) -> Result<bool, Halt>;

impl<'a, L: Launch + ?Sized, O: Observer> Run<'a, L, O> {
    /// Ends all faults, then demands the goals one after the other.
    pub(super) fn heal(&mut self, healing: &Healing) -> Result<Liveness, Halt> {
        let known = self.known(None);
        self.act(Action::Recover { conditions: FAIR })?;
        let cut = |&(from, to): &(u32, u32)| LinkChange {
            from: NodeId(from),
            to: NodeId(to),
            change: Change::Cut,
        };
        self.act(Action::Links { changes: healing.cut.iter().map(cut).collect() })?;
        for server in self.world.ids() {
            if healing.down.contains(&server.0) {
                self.act(Action::Crash { server, survives: Survives::default() })?;
            } else {
                self.act(Action::Restart { server })?;
            }
        }
        let Some(known) = known else { return Ok(Liveness::Unasked) };
        let apart = match self.exempt(healing, &known) {
            Ok(apart) => apart,
            Err(why) => return Ok(Liveness::NoObligation(why)),
        };
        let ids = self.world.ids();
        let ticks = ids.map(|id| self.world.settings(id).election_timeout.1).max();
        let mut phase = Phase {
            healing,
            timeout: u64::from(ticks.unwrap_or(1)) * TICK,
            known,
            apart,
            steady: None,
            probe: None,
            refused: false,
            target: None,
            lost: 0,
            requests: 0,
            took: Vec::new(),
        };
        match self.reach(&mut phase) {
            Ok(()) => Ok(Liveness::Met { timeout: phase.timeout, took: phase.took }),
            Err(End::NoObligation(why)) => Ok(Liveness::NoObligation(why)),
            Err(End::Halted(halt)) => Err(halt),
        }
    }

    fn reach(&mut self, phase: &mut Phase<'_>) -> Result<(), End> {
        self.goal(phase, Property::LeaderEmerges, "a leader that all follow", Run::is_led)?;
        self.progress(phase)?;
        if phase.healing.change {
            let expected = "the end of the change under way, and of one more,";
            self.goal(phase, Property::ChangeCompletes, expected, Run::changes)?;
        }
        if phase.healing.transfer {
            self.goal(phase, Property::TransferEnds, "the end of a transfer", Run::hands_over)?;
        }
        self.progress(phase)?;
        let expected = "an answer to every request";
        self.goal(phase, Property::EverybodyAnswered, expected, Run::has_answered)?;
        self.goal(
            phase,
            Property::Convergence,
            "one log, committed and applied by all,",
            Run::converged,
        )?;
        Ok(self.drain(phase)?)
    }

    /// Demands a command, if the implementation takes any.
    fn progress(&mut self, phase: &mut Phase<'_>) -> Result<(), End> {
        if !phase.healing.commands {
            return Ok(());
        }
        self.goal(phase, Property::Progress, "the commitment of a command", Run::commits)
    }

    /// Lets time pass until a goal is met.
    fn goal(
        &mut self,
        phase: &mut Phase<'_>,
        property: Property,
        expected: &str,
        met: Goal<'a, L, O>,
    ) -> Result<(), End> {
        let began = self.world.now();
        let until = began + self.patience(phase, property);
        phase.probe = None;
        loop {
            self.shut_out(phase)?;
            if met(self, phase)? {
                break;
            }
            if self.world.now() >= until && property == Property::ChangeCompletes && phase.refused {
                return Ok(());
            }
            if self.world.now() >= until {
                // A change that was under way may since have led to a configuration without a quorum.
                let apart = self.exempt(phase.healing, &phase.known).map_err(End::NoObligation)?;
                if apart != phase.apart {
                    let why = "the configuration has changed to servers that were cut off";
                    return Err(End::NoObligation(why.to_owned()));
                }
                self.undisturbed(&phase.known).map_err(End::NoObligation)?;
                let within = (until - began).div_ceil(phase.timeout);
                let missed = self.missed(property, expected, within);
                return Err(self.violated(missed).into());
            }
            self.pass(phase, self.world.now() + TICK)?;
        }
        phase.took.push((property.name(), self.world.now() - began));
        self.meet(property);
        Ok(())
    }

    /// The time that a goal may take. An election needs no transfer of entries; every other goal may have to wait for
    /// it.
    fn patience(&self, phase: &Phase<'_>, property: Property) -> Micros {
        let patience = phase.timeout * u64::from(phase.healing.patience);
        if property == Property::LeaderEmerges {
            patience
        } else if property == Property::ChangeCompletes {
            patience + self.to_carry() + self.to_catch_up(phase)
        } else {
            patience + self.to_carry()
        }
    }

    /// The time to send everything to a server that has nothing.
    fn to_carry(&self) -> Micros {
        let longest = self.world.ids().map(|id| self.world.server(id).longest()).max();
        let parts = |id| {
            let snapshot = self.world.server(id).disk().written_snapshot();
            let size = snapshot.map_or(0, |snapshot| snapshot.data.len() as u64);
            size / u64::from(self.world.settings(id).snapshot_chunk)
        };
        let parts = self.world.ids().map(parts).max();
        // Requests that overtake one another are refused, and a leader may wait for its next heartbeat then.
        let heartbeats = self.world.ids().map(|id| self.world.settings(id).heartbeat);
        let interval = Micros::from(heartbeats.max().unwrap_or(0)) * TICK;
        (longest.unwrap_or(0) + parts.unwrap_or(0)) * (interval + CARRIED)
    }

    /// The time that a leader waits for a joining server that does not catch up.
    fn to_catch_up(&self, phase: &Phase<'_>) -> Micros {
        let rounds = self.world.ids().map(|id| self.world.settings(id).catch_up_rounds).max();
        u64::from(rounds.unwrap_or(0)) * phase.timeout
    }

    /// Lets time pass. Clients, administrators and faults of the plan take no further part.
    fn pass(&mut self, phase: &mut Phase<'_>, until: Micros) -> Result<(), Halt> {
        while let Some(next) = self.world.next(until) {
            match next {
                Next::Action(action) => {
                    self.act(action)?;
                    self.check_steps()?;
                }
                Next::Alarm(_) | Next::Void => {}
            }
        }
        for (_, request, answer) in self.folds.answers.answers.drain(..) {
            if let Some(probe) = &mut phase.probe
                && probe.request == request
            {
                probe.answer = Some(answer);
            }
        }
        Ok(())
    }

    /// Crashes servers that were removed and do not know it, unless all others disregard them (§6, dissertation
    /// §4.2.3).
    fn shut_out(&mut self, phase: &mut Phase<'_>) -> Result<(), Halt> {
        let Some(known) = self.known(Some(phase.known.clone())) else { return Ok(()) };
        phase.known = known;
        let (index, configuration) = &phase.known.configuration;
        let Some(leader) = self.leader_of(phase) else { return Ok(()) };
        let (at, in_force) = self.in_force(leader);
        let members = all_members(configuration);
        let loyal =
            |id: &NodeId| !self.world.server(*id).is_up() || self.world.settings(*id).check_quorum;
        if configuration.is_joint() || at < *index || members.iter().all(loyal) {
            return Ok(());
        }
        let removed = |id: &NodeId| {
            !members.contains(id)
                && !in_force.is_voter(*id)
                && self.configurations(*id).iter().any(|(_, one)| one.is_voter(*id))
                && members.iter().all(|&member| {
                    let (at, one) = self.in_force(member);
                    at <= *index || !one.is_voter(*id)
                })
        };
        let removed: Vec<NodeId> = self.live().filter(removed).collect();
        for server in removed {
            self.act(Action::Crash { server, survives: Survives::default() })?;
        }
        Ok(())
    }

    /// The live leader of the highest term among the servers that must make progress.
    fn leader_of(&self, phase: &Phase<'_>) -> Option<NodeId> {
        let view = |id: &NodeId| self.world.server(*id).view();
        self.live()
            .filter(|id| !phase.apart.contains(id) && view(id).role == Role::Leader)
            .max_by_key(|id| view(id).term)
    }

    /// The servers that must follow a leader: the live servers of its configuration that can talk to it.
    fn obliged(&self, leader: NodeId, configuration: &Membership) -> Vec<NodeId> {
        let members = all_members(configuration).into_iter();
        let live = members.filter(|&id| self.world.server(id).is_up());
        live.filter(|&id| self.linked(id, leader)).collect()
    }

    /// The leader, if a quorum and all servers that can talk to it follow it; and those servers.
    fn followed(&self, phase: &Phase<'_>) -> Option<(NodeId, Vec<NodeId>)> {
        let leader = self.leader_of(phase)?;
        let (_, configuration) = self.in_force(leader);
        let term = self.world.server(leader).view().term;
        let obliged = self.obliged(leader, &configuration);
        let follows = |id: NodeId| {
            let view = self.world.server(id).view();
            view.term == term && (id == leader || view.role == Role::Follower)
        };
        let all = obliged.iter().all(|&id| follows(id));
        (all && has_quorum(&configuration, |id| obliged.contains(&id))).then_some((leader, obliged))
    }

    /// One server leads, and goes on leading for longer than an election timeout.
    fn is_led(&mut self, phase: &mut Phase<'_>) -> Result<bool, Halt> {
        let Some((leader, _)) = self.followed(phase) else {
            phase.steady = None;
            return Ok(false);
        };
        let now = self.world.now();
        let term = self.world.server(leader).view().term;
        let since = match phase.steady {
            Some((who, of, since)) if (who, of) == (leader, term) => since,
            Some(_) | None => now,
        };
        phase.steady = Some((leader, term, since));
        Ok(now - since > phase.timeout + 2 * TICK)
    }

    /// A command is proposed to the leader, and is answered as committed.
    fn commits(&mut self, phase: &mut Phase<'_>) -> Result<bool, Halt> {
        let Some(leader) = self.leader_of(phase) else { return Ok(false) };
        match self.answer_of(phase, leader) {
            Probed::Answered(Answer::Committed(_)) => Ok(true),
            Probed::Waits => Ok(false),
            Probed::Answered(_) | Probed::Not => {
                let request = phase.request();
                self.fill(leader, request)?;
                phase.probe = Some(Probe { to: leader, request, answer: None });
                Ok(false)
            }
        }
    }

    fn fill(&mut self, leader: NodeId, request: Request) -> Result<(), Halt> {
        let event = Event::Propose(request, request.0.to_le_bytes()[..].into());
        self.act(Action::Request { server: leader, event }).map(|_| ())
    }

    /// No change is under way, and the present configuration, requested once more, is committed.
    fn changes(&mut self, phase: &mut Phase<'_>) -> Result<bool, Halt> {
        let Some((leader, _)) = self.followed(phase) else { return Ok(false) };
        match self.answer_of(phase, leader) {
            Probed::Answered(Answer::Committed(_)) => Ok(true),
            Probed::Waits => Ok(false),
            probed @ (Probed::Answered(_) | Probed::Not) => {
                let (index, configuration) = self.in_force(leader);
                let ended = !configuration.is_joint() && index <= length(self.commit(leader));
                phase.refused = ended && matches!(probed, Probed::Answered(Answer::Rejected));
                if !ended {
                    return Ok(false);
                }
                let Membership { voters, learners, .. } = Membership::clone(&configuration);
                let request = phase.request();
                let event = Event::ChangeMembership(request, voters, learners);
                self.act(Action::Request { server: leader, event })?;
                phase.probe = Some(Probe { to: leader, request, answer: None });
                Ok(false)
            }
        }
    }

    /// Every server that can talk to the leader has answered all its requests. A server that lost entries for which
    /// clients wait can answer only when the log has reached their indexes again, so commands are proposed until it
    /// has.
    fn has_answered(&mut self, phase: &mut Phase<'_>) -> Result<bool, Halt> {
        let Some((leader, obliged)) = self.followed(phase) else { return Ok(false) };
        let late = obliged.iter().filter(|&&id| self.world.unanswered(id).len() > 0);
        let Some(longest) = late.map(|&id| self.world.server(id).longest()).max() else {
            return Ok(true);
        };
        let missing = longest.saturating_sub(self.world.server(leader).length());
        let room = u64::from(self.world.settings(leader).uncommitted_limit);
        for _ in 0..missing.min(room).min(FILL) {
            let request = phase.request();
            self.fill(leader, request)?;
        }
        Ok(false)
    }

    /// All servers that can talk to the leader have its log, and have committed and applied all of it.
    fn converged(&mut self, phase: &mut Phase<'_>) -> Result<bool, Halt> {
        let Some((leader, obliged)) = self.followed(phase) else { return Ok(false) };
        let last = self.world.server(leader).length();
        Ok(obliged.iter().all(|&id| {
            let server = self.world.server(id);
            let (view, written) = (server.view(), server.length());
            [length(view.commit), length(view.applied), written] == [last; 3]
        }))
    }

    /// With all clocks stopped, no message stays in flight.
    fn drain(&mut self, phase: &mut Phase<'_>) -> Result<(), Halt> {
        let began = self.world.now();
        self.act(Action::StopClocks)?;
        self.pass(phase, began + phase.timeout)?;
        if !self.world.network().in_flight().is_empty() {
            // Servers that can't talk to the others may still exchange many messages.
            self.pass(phase, began + phase.timeout + self.to_carry())?;
        }
        let left = self.world.network().in_flight().len();
        if left > 0 {
            let within = (self.world.now() - began).div_ceil(phase.timeout);
            let expected = format!("the arrival of the {left} messages that are in flight");
            let missed = self.missed(Property::NetworkDrains, &expected, within);
            return Err(self.violated(missed));
        }
        phase.took.push((Property::NetworkDrains.name(), self.world.now() - began));
        self.meet(Property::NetworkDrains);
        Ok(())
    }

    /// The state of the request under way. A server that no longer leads is not waited for.
    fn answer_of(&self, phase: &Phase<'_>, leader: NodeId) -> Probed {
        match &phase.probe {
            Some(Probe { answer: Some(answer), .. }) => Probed::Answered(*answer),
            Some(Probe { to, .. }) if *to == leader => Probed::Waits,
            Some(_) | None => Probed::Not,
        }
    }

    /// Counts a goal that was met.
    fn meet(&mut self, goal: Property) {
        *self.met.entry(goal).or_default() += 1;
    }
}

/// The state of the request under way.
enum Probed {
    /// No request was made, or its server leads no longer.
    Not,
    Waits,
    Answered(Answer),
}

impl Phase<'_> {
    /// The number of a new request.
    fn request(&mut self) -> Request {
        self.requests += 1;
        Request(FIRST_PROBE + self.requests)
    }
}
