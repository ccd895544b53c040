//! The phase after the faults: conditions turn fair, and the cluster owes progress, one goal after another.
//! `docs/liveness.md` has the goals, their bounds, and when nothing is owed.

mod transfer;

use serde::Serialize;

use super::obligation::{Known, everybody};
use super::{FIRST_PROBE, Run};
use crate::action::{Action, Change, LinkChange};
use crate::checker::{Property, Violation, has_quorum};
use crate::disk::Survives;
use crate::model::{Membership, NodeId, Term, length};
use crate::network::{Conditions, Delay};
use crate::observation::Observer;
use crate::plan::Healing;
use crate::subject::{Answer, Event, Request, Role};
use crate::time::{Micros, TICK};
use crate::world::{Halt, Launch, Next};

/// How a run ended, as to progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Liveness {
    /// The plan ends with its faults, or a violation came before.
    Unasked,
    /// Every goal that was owed was met.
    Met {
        /// The longest election timeout of all servers, in virtual microseconds.
        timeout: Micros,
        /// The goals, in the order in which they were met, and how long each took.
        took: Vec<(&'static str, Micros)>,
    },
    /// Nothing is owed, for this reason.
    NoObligation(String),
    /// A goal was not met in time.
    Violated,
}

/// The weather of this phase: no delay comes near the shortest election timeout.
const FAIR: Conditions =
    Conditions { delay: Delay::Uniform(200, 1_500), loss_ppm: 0, duplicate_ppm: 0 };
/// What each entry, or each part of a snapshot, may take beside a heartbeat interval: there and back once, and
/// once more.
const CARRIED: Micros = 6_000;
/// Most commands that are handed in between two looks.
const FILL: u64 = 64;

/// The phase under way.
pub(super) struct Phase<'p> {
    healing: &'p Healing,
    /// The longest election timeout.
    timeout: Micros,
    known: Known,
    /// Live servers that can't talk to those of whom progress is owed.
    apart: Vec<NodeId>,
    /// The leader that all follow, its term, and since when.
    steady: Option<(NodeId, Term, Micros)>,
    /// The request under way.
    probe: Option<Probe>,
    /// To whom leadership is handed over.
    target: Option<NodeId>,
    /// How many transfers there were for which a leader stepped down and somebody else was elected.
    lost: u32,
    /// How many requests there were.
    requests: u64,
    took: Vec<(&'static str, Micros)>,
}

/// A request of this phase.
struct Probe {
    to: NodeId,
    request: Request,
    answer: Option<Answer>,
}

/// Why the goals were not reached.
enum End {
    NoObligation(String),
    Halted(Halt),
}

impl From<Halt> for End {
    fn from(halt: Halt) -> End {
        End::Halted(halt)
    }
}

/// Looks whether a goal is met, and does what brings it nearer.
type Goal<'a, L, O> = fn(&mut Run<'a, L, O>, &mut Phase<'_>) -> Result<bool, Halt>;

impl<'a, L: Launch + ?Sized, O: Observer> Run<'a, L, O> {
    /// All faults end, and the goals are owed one after the other.
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
        let apart = match self.obligation(healing, &known) {
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
        self.goal(phase, Property::LeaderEmerges, "a leader whom all follow", Run::is_led)?;
        self.goal(phase, Property::Progress, "the commitment of a command", Run::commits)?;
        if phase.healing.change {
            let obligation = "the end of the change under way, and of one more,";
            self.goal(phase, Property::ChangeCompletes, obligation, Run::changes)?;
        }
        if phase.healing.transfer {
            self.goal(phase, Property::TransferEnds, "the end of a transfer", Run::hands_over)?;
        }
        self.goal(phase, Property::Progress, "the commitment of a command", Run::commits)?;
        let obligation = "an answer to every request";
        self.goal(phase, Property::EverybodyAnswered, obligation, Run::has_answered)?;
        self.goal(
            phase,
            Property::Convergence,
            "one log, committed and applied by all,",
            Run::converged,
        )?;
        Ok(self.drain(phase)?)
    }

    /// Lets time pass until a goal is met.
    fn goal(
        &mut self,
        phase: &mut Phase<'_>,
        property: Property,
        obligation: &str,
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
            if self.world.now() >= until {
                // A change that was under way may since have brought a configuration without a quorum.
                let apart =
                    self.obligation(phase.healing, &phase.known).map_err(End::NoObligation)?;
                if apart != phase.apart {
                    let why = "the configuration has changed to servers that were cut off";
                    return Err(End::NoObligation(why.to_owned()));
                }
                self.undisturbed(&phase.known).map_err(End::NoObligation)?;
                let within = (until - began).div_ceil(phase.timeout);
                let missed =
                    self.missed(property, &format!("{obligation} is owed within {within}"));
                return Err(self.violated(missed).into());
            }
            self.pass(phase, self.world.now() + TICK)?;
        }
        phase.took.push((property.name(), self.world.now() - began));
        self.meet(property);
        Ok(())
    }

    /// How long a goal may take: to elect, nothing must be carried; all else may have to wait for it.
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

    /// How long it takes to bring everything to somebody who has nothing.
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

    /// How long a leader waits for a joining server that does not catch up.
    fn to_catch_up(&self, phase: &Phase<'_>) -> Micros {
        let rounds = self.world.ids().map(|id| self.world.settings(id).catch_up_rounds).max();
        u64::from(rounds.unwrap_or(0)) * phase.timeout
    }

    /// Lets time pass. Clients, administrators and faults of the plan have their day no more.
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

    /// A server that was removed and does not know it can only be switched off, unless all others disregard
    /// it (§6, dissertation §4.2.3).
    fn shut_out(&mut self, phase: &mut Phase<'_>) -> Result<(), Halt> {
        let Some(known) = self.known(Some(phase.known.clone())) else { return Ok(()) };
        phase.known = known;
        let (index, configuration) = &phase.known.configuration;
        let Some(leader) = self.leader_of(phase) else { return Ok(()) };
        let (at, in_force) = self.in_force(leader);
        let members = everybody(configuration);
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

    /// The live leader of the highest term among those of whom progress is owed.
    fn leader_of(&self, phase: &Phase<'_>) -> Option<NodeId> {
        let view = |id: &NodeId| self.world.server(*id).view();
        self.live()
            .filter(|id| !phase.apart.contains(id) && view(id).role == Role::Leader)
            .max_by_key(|id| view(id).term)
    }

    /// Who owes something to a leader: the live servers of its configuration that can talk to it.
    fn owing(&self, leader: NodeId, configuration: &Membership) -> Vec<NodeId> {
        let everybody = everybody(configuration).into_iter();
        let live = everybody.filter(|&id| self.world.server(id).is_up());
        live.filter(|&id| self.linked(id, leader)).collect()
    }

    /// The leader, if a quorum and all who can talk to it follow it; and these.
    fn followed(&self, phase: &Phase<'_>) -> Option<(NodeId, Vec<NodeId>)> {
        let leader = self.leader_of(phase)?;
        let (_, configuration) = self.in_force(leader);
        let term = self.world.server(leader).view().term;
        let owing = self.owing(leader, &configuration);
        let follows = |id: NodeId| {
            let view = self.world.server(id).view();
            view.term == term && (id == leader || view.role == Role::Follower)
        };
        let all = owing.iter().all(|&id| follows(id));
        (all && has_quorum(&configuration, |id| owing.contains(&id))).then_some((leader, owing))
    }

    /// Somebody leads, and goes on leading for longer than an election timeout.
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

    /// A command is handed to the leader and committed, once it is.
    fn commits(&mut self, phase: &mut Phase<'_>) -> Result<bool, Halt> {
        let Some(leader) = self.leader_of(phase) else { return Ok(false) };
        match self.answer_of(phase, leader) {
            Asked::Answered(Answer::Committed(_)) => Ok(true),
            Asked::Waits => Ok(false),
            Asked::Answered(_) | Asked::Nobody => {
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

    /// No change is under way, and one to the configuration that there is has been made.
    fn changes(&mut self, phase: &mut Phase<'_>) -> Result<bool, Halt> {
        let Some((leader, _)) = self.followed(phase) else { return Ok(false) };
        match self.answer_of(phase, leader) {
            Asked::Answered(Answer::Committed(_)) => Ok(true),
            Asked::Waits => Ok(false),
            Asked::Answered(_) | Asked::Nobody => {
                let (index, configuration) = self.in_force(leader);
                if configuration.is_joint() || index > length(self.commit(leader)) {
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

    /// Nobody who can talk to the leader owes an answer. Who lost entries in which clients wait can tell them
    /// only when the log has come so far again: it is helped along.
    fn has_answered(&mut self, phase: &mut Phase<'_>) -> Result<bool, Halt> {
        let Some((leader, owing)) = self.followed(phase) else { return Ok(false) };
        let late = owing.iter().filter(|&&id| self.world.unanswered(id).len() > 0);
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

    /// All who can talk to the leader have its log, have committed and applied all of it.
    fn converged(&mut self, phase: &mut Phase<'_>) -> Result<bool, Halt> {
        let Some((leader, owing)) = self.followed(phase) else { return Ok(false) };
        let last = self.world.server(leader).length();
        Ok(owing.iter().all(|&id| {
            let server = self.world.server(id);
            let (view, written) = (server.view(), server.length());
            [length(view.commit), length(view.applied), written] == [last; 3]
        }))
    }

    /// Without clocks, what is in flight comes to an end.
    fn drain(&mut self, phase: &mut Phase<'_>) -> Result<(), Halt> {
        let began = self.world.now();
        self.act(Action::StopClocks)?;
        self.pass(phase, began + phase.timeout)?;
        if !self.world.network().in_flight().is_empty() {
            // Some who can't talk to the others may have much to tell each other.
            self.pass(phase, began + phase.timeout + self.to_carry())?;
        }
        let left = self.world.network().in_flight().len();
        if left > 0 {
            let within = (self.world.now() - began).div_ceil(phase.timeout);
            let obligation =
                format!("{left} messages are in flight: that they end is owed within {within}");
            let missed = self.missed(Property::NetworkDrains, &obligation);
            return Err(self.violated(missed));
        }
        phase.took.push((Property::NetworkDrains.name(), self.world.now() - began));
        self.meet(Property::NetworkDrains);
        Ok(())
    }

    /// What became of the request under way. Who leads no longer is not waited for.
    fn answer_of(&self, phase: &Phase<'_>, leader: NodeId) -> Asked {
        match &phase.probe {
            Some(Probe { answer: Some(answer), .. }) => Asked::Answered(*answer),
            Some(Probe { to, .. }) if *to == leader => Asked::Waits,
            Some(_) | None => Asked::Nobody,
        }
    }

    /// A goal of liveness was owed, and was met.
    fn meet(&mut self, goal: Property) {
        *self.met.entry(goal).or_default() += 1;
    }

    /// The alarm: what was owed, and how things are.
    #[cold]
    fn missed(&self, property: Property, obligation: &str) -> Violation {
        self.alarm(property, &format!("{obligation} election timeouts"))
    }

    #[cold]
    fn alarm(&self, property: Property, detail: &str) -> Violation {
        let servers: Vec<NodeId> = self.world.ids().collect();
        let reported: Vec<String> = servers.iter().map(|&id| self.situation(id)).collect();
        let server = self.world.leader().or(servers.first().copied()).unwrap_or(NodeId(1));
        let detail = format!("{detail}; {}", reported.join("; "));
        Violation { property, server, detail }
    }

    fn situation(&self, id: NodeId) -> String {
        let server = self.world.server(id);
        if !server.is_up() {
            return format!("{id} is down");
        }
        let view = server.view();
        let role = match view.role {
            Role::Follower => "follower",
            Role::Candidate => "candidate",
            Role::Leader => "leader",
        };
        let [commit, applied] = [view.commit, view.applied].map(length);
        let log = server.length();
        let owes = match self.world.unanswered(id).len() {
            0 => String::new(),
            1 => ", owes 1 answer".to_owned(),
            answers => format!(", owes {answers} answers"),
        };
        let term = view.term.0;
        format!(
            "{id} {role} of term {term}, log to {log}, commit {commit}, applied {applied}{owes}"
        )
    }
}

/// What became of a request.
enum Asked {
    Nobody,
    Waits,
    Answered(Answer),
}

impl Phase<'_> {
    /// The name of one more request.
    fn request(&mut self) -> Request {
        self.requests += 1;
        Request(FIRST_PROBE + self.requests)
    }
}
