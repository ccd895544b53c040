//! Runs a plan: chooses the actions of clients, administrators and faults, and lets time flow in between.
//!
//! [`run`] is the run with checkers and counters, as a campaign makes it for each seed. [`drive`] is the run alone:
//! it carries out whatever is due next in the world or in the plan.

mod admin_ops;
mod answers;
mod clients;
mod faults;
mod healing;
mod history;
mod interrupt;
mod judged;
mod links;
mod obligation;
mod script;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::checker::{Property, Violation};
use crate::model::{NodeId, length};
use crate::observation::{Observation, Observer, Stop};
use crate::plan::{FaultSort, Plan, Trigger};
use crate::subject::Request;
use crate::time::Micros;
use crate::trigger::Watch;
use crate::world::{Design, Halt, Launch, Next, Start, World};

pub use healing::Liveness;
pub use history::ClientHistory;
pub(crate) use interrupt::Interrupt;
pub use judged::{Outcome, checkers, recorded, run, run_on, run_scripted};
pub use script::Script;

use admin_ops::Tried;
use answers::Answers;
use clients::Client;
use faults::{Part, Underway, Waiting};

/// Counts of what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Commands that clients proposed.
    pub proposed: u64,
    /// Of these, answered as committed.
    pub committed: u64,
    /// Of these, answered as superseded by another entry, or as unknown.
    pub superseded: u64,
    /// Faults that found a target.
    pub faults: u64,
    /// Servers that crashed.
    pub crashes: u64,
    /// The highest commit index that any server reached.
    pub commit: u64,
    /// The highest term that any server reached.
    pub term: u64,
}

/// The number of tries of a request.
const ATTEMPTS: u64 = 8;
/// Request numbers from here on are those of administrators, [`SERVERS`] for each try.
const FIRST_ADMIN: u64 = 1 << 32;
/// More servers than any cluster has.
const SERVERS: u64 = 128;
/// Request numbers from here on are those of healing.
const FIRST_PROBE: u64 = 1 << 62;
/// Most messages in flight at once, so that a message storm is reported before it fills the memory.
const MOST_MESSAGES: usize = 1_000_000;

/// An alarm of a run.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// A part of a fault of the plan, by its place.
    Fault(usize, Part),
    /// A try of an administrator's request: [`ATTEMPTS`] for each.
    AdminOp(u64),
    /// A try of a client's request: [`ATTEMPTS`] for each.
    Request(u64),
}

impl Due {
    /// The number of its alarm.
    fn alarm(self) -> u64 {
        let (number, kind) = match self {
            Due::Fault(place, Part::Begin) => (place as u64, 0),
            Due::Fault(place, Part::End) => (place as u64, 1),
            Due::Fault(place, Part::Turn) => (place as u64, 2),
            Due::AdminOp(number) => (number, 3),
            Due::Request(number) => (number, 4),
        };
        number << 3 | kind
    }

    /// The alarm of this number.
    fn of(alarm: u64) -> Due {
        let number = alarm >> 3;
        match alarm & 7 {
            0 => Due::Fault(number as usize, Part::Begin),
            1 => Due::Fault(number as usize, Part::End),
            2 => Due::Fault(number as usize, Part::Turn),
            3 => Due::AdminOp(number),
            _ => Due::Request(number),
        }
    }
}

/// The outcome of a run, as far as its driver knows it.
#[derive(Clone, Debug)]
pub struct Driven {
    /// The time of its end, in virtual microseconds.
    pub ended: Micros,
    /// The violation, if the driver itself found one: of bounded steps, or of liveness.
    pub violation: Option<Violation>,
    /// The number of times that each goal of liveness was met.
    pub met: BTreeMap<Property, u64>,
    /// The number of times that each sort of fault was injected, in the order of [`FaultSort::all`].
    pub faults: Vec<u64>,
    /// For each fault of the plan, then for each of its admin operations: true if it ever began.
    pub fired: Vec<bool>,
    /// Counts of what happened.
    pub tally: Tally,
    /// The outcome of its liveness obligations.
    pub liveness: Liveness,
}

/// The reason why there was no run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// A server did not boot, for this reason.
    NoBoot(String),
    /// An observer ended the run before all servers had booted.
    Stopped,
}

/// Runs a plan to its end, or until an observer ends it. There are no checkers: the driver itself checks only that
/// steps are bounded, and that progress is made in time.
///
/// # Errors
/// The reason why the run did not start, or was not completed.
pub fn drive<L: Launch + ?Sized>(
    plan: &Plan,
    launch: &L,
    observer: &mut impl Observer,
) -> Result<Driven, Failed> {
    drive_scripted(plan, launch, &Script::default(), observer)
}

/// The same with actions of one's own.
///
/// # Errors
/// Those of [`drive`].
pub fn drive_scripted<L: Launch + ?Sized>(
    plan: &Plan,
    launch: &L,
    script: &Script,
    observer: &mut impl Observer,
) -> Result<Driven, Failed> {
    Run::new(plan, launch, script, observer)?.drive()
}

/// The cluster of a plan.
#[must_use]
pub fn design(plan: &Plan) -> Design {
    let start = |(id, clock): (NodeId, &crate::plan::Clock)| Start {
        settings: plan.settings_of(id),
        tick: clock.tick,
        first_tick: clock.first,
        ..Start::default()
    };
    Design {
        servers: plan.servers().zip(&plan.clocks).map(start).collect(),
        members: plan.servers().take(plan.members as usize).collect(),
        seed: plan.seed,
        conditions: plan.conditions,
        sync: plan.sync,
        apply_time: plan.apply_time,
        durable_state_machine: plan.durable_state_machine,
    }
}

fn not_booted(server: NodeId, why: &str) -> String {
    format!("{server} does not boot: {why}")
}

/// The observers of a run: the caller's, and those that the driver needs.
struct Folds<'a, O> {
    observer: &'a mut O,
    watch: Watch,
    answers: Answers,
}

impl<O: Observer> Observer for Folds<'_, O> {
    #[inline(always)]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.observer.observe(at, observation)?;
        self.watch.observe(at, observation)?;
        self.answers.observe(at, observation)
    }

    #[inline(always)]
    fn observe_made<'b>(
        &mut self,
        at: Micros,
        make: impl Fn() -> Observation<'b>,
    ) -> Result<(), Stop> {
        self.observer.observe_made(at, &make)?;
        self.watch.observe_made(at, &make)?;
        self.answers.observe_made(at, make)
    }
}

struct Run<'a, L: Launch + ?Sized, O> {
    plan: &'a Plan,
    script: &'a Script,
    /// The number of actions that were carried out.
    acted: u64,
    /// The number of the action before which the script has something to do.
    scripted: u64,
    world: World<'a, L>,
    folds: Folds<'a, O>,
    /// Most steps until its plan's time is over.
    most_steps: u64,
    /// The violation, if the run itself found one.
    violation: Option<Violation>,
    /// The number of times that each goal of liveness was met.
    met: BTreeMap<Property, u64>,
    /// Each fault of the plan while it is under way.
    underway: Vec<Option<Underway>>,
    /// The faults and admin operations that wait for a trigger.
    waiting: Vec<(Trigger, Waiting)>,
    /// As in [`Driven`].
    fired: Vec<bool>,
    counts: Vec<u64>,
    /// The admin operations, by number.
    admin_ops: BTreeMap<u32, Tried<'a>>,
    /// The bytes of the command handed in last.
    command: Vec<u8>,
    /// The clients that have sessions.
    clients: Vec<Client>,
    /// The leader that clients last learned of.
    leader: Option<NodeId>,
    tally: Tally,
    liveness: Liveness,
}

impl<'a, L: Launch + ?Sized, O: Observer> Run<'a, L, O> {
    fn new(
        plan: &'a Plan,
        launch: &'a L,
        script: &'a Script,
        observer: &'a mut O,
    ) -> Result<Run<'a, L, O>, Failed> {
        let (watch, answers) = (Watch::default(), Answers::default());
        let mut folds = Folds { observer, watch, answers };
        let world = World::new(launch, design(plan), &mut folds).map_err(|halt| match halt {
            Halt::NoBoot { server, why } => Failed::NoBoot(not_booted(server, &why)),
            Halt::Stopped => Failed::Stopped,
        })?;
        Ok(Run {
            plan,
            script,
            acted: 0,
            scripted: script.next(0),
            world,
            folds,
            most_steps: plan.most_steps(),
            violation: None,
            met: BTreeMap::new(),
            underway: vec![None; plan.faults.len()],
            waiting: Vec::new(),
            fired: vec![false; plan.faults.len() + plan.admin_ops.len()],
            counts: vec![0; FaultSort::COUNT],
            admin_ops: BTreeMap::new(),
            command: vec![0; plan.clients.size.max(8) as usize],
            clients: vec![Client::default(); plan.clients.sessions as usize],
            leader: None,
            tally: Tally::default(),
            liveness: Liveness::Unasked,
        })
    }

    fn drive(mut self) -> Result<Driven, Failed> {
        let played = self.play().and_then(|()| self.rest_of_script());
        match played {
            Ok(()) | Err(Halt::Stopped) => {}
            Err(Halt::NoBoot { why, .. }) => return Err(Failed::NoBoot(why)),
        }
        for view in self.world.ids().map(|id| *self.world.server(id).view()) {
            self.tally.commit = self.tally.commit.max(length(view.commit));
            self.tally.term = self.tally.term.max(view.term.0);
        }
        self.count_whole();
        Ok(Driven {
            ended: self.world.now(),
            violation: self.violation,
            met: self.met,
            faults: self.counts,
            fired: self.fired,
            tally: self.tally,
            liveness: self.liveness,
        })
    }
}

impl<L: Launch + ?Sized, O: Observer> Run<'_, L, O> {
    /// Carries out an action.
    #[inline]
    fn act(&mut self, action: Action) -> Result<bool, Halt> {
        if self.acted == self.scripted {
            self.scripted()?;
        }
        self.acted += 1;
        self.world.apply(action, &mut self.folds)
    }

    /// Does what the script has before the next action.
    #[cold]
    fn scripted(&mut self) -> Result<(), Halt> {
        let script = self.script;
        if let Some((number, seed)) = script.anew
            && number == self.acted
        {
            self.world.draw_anew(seed);
        }
        while let Some((_, action)) =
            script.injected.iter().find(|(number, _)| *number == self.acted)
        {
            self.acted += 1;
            self.world.apply(action.clone(), &mut self.folds)?;
        }
        self.scripted = script.next(self.acted);
        Ok(())
    }

    /// Does what the script has behind the end of the run.
    fn rest_of_script(&mut self) -> Result<(), Halt> {
        let script = self.script;
        let rest = script.injected.iter().filter(|(number, _)| *number >= self.acted);
        for (_, action) in rest {
            self.world.apply(action.clone(), &mut self.folds)?;
        }
        Ok(())
    }

    /// Schedules something.
    fn schedule(&mut self, time: Micros, due: Due) {
        self.world.set_alarm(time, due.alarm());
    }

    /// Ends the run with this violation.
    #[cold]
    fn violated(&mut self, violation: Violation) -> Halt {
        self.violation = Some(violation);
        Halt::Stopped
    }

    fn play(&mut self) -> Result<(), Halt> {
        for (index, fault) in self.plan.faults.iter().enumerate() {
            self.schedule(fault.at, Due::Fault(index, Part::Begin));
            if fault.trigger.is_none() {
                self.schedule(fault.until, Due::Fault(index, Part::End));
            }
        }
        self.schedule_admin_ops();
        self.schedule_request(0);
        self.act(Action::Flow { flows: true })?;
        while let Some(next) = self.world.next(self.plan.duration) {
            match next {
                Next::Action(action) => {
                    self.act(action)?;
                    self.check_steps()?;
                }
                Next::Alarm(number) => match Due::of(number) {
                    Due::Fault(index, part) => self.fault(index, part)?,
                    Due::AdminOp(number) => self.try_admin_op(number)?,
                    Due::Request(number) => self.try_request(number)?,
                },
                Next::Void => {}
            }
            if !self.folds.answers.died.is_empty() {
                self.reap();
            }
            if !self.waiting.is_empty() {
                self.triggers()?;
            }
            if !self.folds.answers.answers.is_empty() {
                self.handle_answers();
            }
        }
        // Operations that still wait for a trigger are dropped.
        self.folds.watch.want(std::iter::empty());
        if let Some(healing) = &self.plan.healing {
            self.liveness = self.heal(healing)?;
        }
        Ok(())
    }

    /// Bounded Steps: a run must end.
    #[inline]
    fn check_steps(&mut self) -> Result<(), Halt> {
        let steps = self.folds.answers.steps;
        let messages = self.world.network().most_in_flight();
        if steps <= self.most_steps && messages <= MOST_MESSAGES {
            return Ok(());
        }
        Err(self.too_many(steps, messages))
    }

    #[cold]
    fn too_many(&mut self, steps: u64, messages: usize) -> Halt {
        let (ms, most) = (self.world.now() / 1_000, self.most_steps);
        let reached = if steps > most {
            format!("the run took more than the {most} steps that it may take (--most-steps)")
        } else {
            format!("the run had more than {MOST_MESSAGES} messages in flight, after {steps} steps")
        };
        let detail =
            format!("{reached}: {ms} ms of virtual time, up to {messages} messages in flight");
        let property = Property::BoundedSteps;
        self.violated(Violation { property, server: NodeId(1), detail })
    }

    fn handle_answers(&mut self) {
        let mut answers = std::mem::take(&mut self.folds.answers.answers);
        for (server, Request(number), answer) in answers.drain(..) {
            if number < FIRST_ADMIN {
                self.client_answered(server, number, &answer);
            } else {
                self.admin_answered(number, &answer);
            }
        }
        self.folds.answers.answers = answers;
    }
}
