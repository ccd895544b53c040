//! The driver of a run: what is due next, the world's or the plan's, is done.

use std::collections::BTreeMap;

use super::Tally;
use super::admin_ops::Tried;
use super::answers::Answers;
use super::clients::Client;
use super::faults::{Part, Underway, Waiting};
use super::healing::Liveness;
use crate::action::Action;
use crate::checker::{Property, Violation};
use crate::model::{NodeId, length};
use crate::observation::{Observation, Observer, Stop};
use crate::plan::{FaultSort, Plan, Trigger};
use crate::subject::Request;
use crate::time::Micros;
use crate::trigger::Watch;
use crate::world::{Design, Halt, Launch, Next, Start, World};

/// How often a request is tried.
pub(super) const ATTEMPTS: u64 = 8;
/// From here on the numbers of requests are those of administrators, [`SERVERS`] for each try.
pub(super) const FIRST_ADMIN: u64 = 1 << 32;
/// More servers than any cluster has.
pub(super) const SERVERS: u64 = 128;
/// From here on numbers of requests are those of healing.
pub(super) const FIRST_PROBE: u64 = 1 << 62;
/// Most steps of a run: so many, and so many for each virtual millisecond of its plan. A busy cluster of nine
/// servers takes forty in a millisecond.
const MOST_STEPS: (u64, u64) = (2_000_000, 1_000);
/// Most messages in flight at once: a storm of them is found before memory is full of it.
const MOST_MESSAGES: usize = 1_000_000;

/// Something that a run has to do at a time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Due {
    /// A fault of the plan, by its place: something is due for it.
    Fault(usize, Part),
    /// A try of an administrator's request: [`ATTEMPTS`] for each.
    AdminOp(u64),
    /// A try of a client's request: [`ATTEMPTS`] for each.
    Request(u64),
}

/// What a run did, as far as its driver knows.
#[derive(Clone, Debug)]
pub struct Driven {
    /// When it ended, in virtual microseconds.
    pub ended: Micros,
    /// What is violated, if the driver itself saw it: that steps are bounded, or that progress is made in time.
    pub violation: Option<Violation>,
    /// How often each goal of liveness was met.
    pub met: BTreeMap<Property, u64>,
    /// How often each sort of fault hit, in the order of [`FaultSort::all`].
    pub faults: Vec<u64>,
    /// For each fault of the plan, then for each of its admin operations, whether it ever began.
    pub fired: Vec<bool>,
    /// What happened, in numbers.
    pub tally: Tally,
    /// Whether it made the progress that it owed.
    pub liveness: Liveness,
}

/// Why there was no run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// A server did not boot, and why.
    NoBoot(String),
    /// An observer ended the run before all servers had booted.
    Stopped,
}

/// Runs a plan to its end, or until an observer ends it. Nothing is judged but what the driver itself sees: that steps are
/// bounded, and that progress is made in time.
///
/// # Errors
/// Why there was no run, or no further.
pub fn drive<L: Launch + ?Sized>(
    plan: &Plan,
    launch: &L,
    observer: &mut impl Observer,
) -> Result<Driven, Failed> {
    Run::new(plan, launch, observer)?.drive()
}

pub(super) fn not_booted(server: NodeId, why: &str) -> String {
    format!("{server} does not boot: {why}")
}

/// What observes a run: the caller's observer, and what the driver has to know.
pub(super) struct Folds<O> {
    pub(super) observer: O,
    pub(super) watch: Watch,
    pub(super) answers: Answers,
}

impl<O: Observer> Observer for Folds<O> {
    #[inline]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.observer.observe(at, observation)?;
        self.watch.observe(at, observation)?;
        self.answers.observe(at, observation)
    }
}

pub(super) struct Run<'a, L: Launch + ?Sized, O> {
    pub(super) plan: &'a Plan,
    pub(super) world: World<'a, L>,
    pub(super) folds: Folds<O>,
    /// What is due later, by the number of its alarm.
    pub(super) due: Vec<Due>,
    /// What is violated, if the run itself saw it.
    pub(super) violation: Option<Violation>,
    /// How often each goal of liveness was met.
    pub(super) met: BTreeMap<Property, u64>,
    /// Each fault of the plan while it is under way.
    pub(super) underway: Vec<Option<Underway>>,
    /// What waits for a trigger.
    pub(super) waiting: Vec<(Trigger, Waiting)>,
    /// As in [`Driven`].
    pub(super) fired: Vec<bool>,
    pub(super) counts: Vec<u64>,
    /// What administrators ask for, by its number.
    pub(super) admin_ops: BTreeMap<u32, Tried<'a>>,
    /// The bytes of the command handed in last.
    pub(super) command: Vec<u8>,
    /// The clients that have sessions.
    pub(super) clients: Vec<Client>,
    /// The leader that clients last heard of.
    pub(super) leader: Option<NodeId>,
    pub(super) tally: Tally,
    pub(super) liveness: Liveness,
}

impl<'a, L: Launch + ?Sized, O: Observer> Run<'a, L, O> {
    fn new(plan: &'a Plan, launch: &'a L, observer: O) -> Result<Run<'a, L, O>, Failed> {
        let start = |(id, clock): (NodeId, &crate::plan::Clock)| Start {
            settings: plan.settings_of(id),
            tick: clock.tick,
            first_tick: clock.first,
            ..Start::default()
        };
        let design = Design {
            servers: plan.servers().zip(&plan.clocks).map(start).collect(),
            members: plan.servers().take(plan.members as usize).collect(),
            seed: plan.seed,
            conditions: plan.conditions,
            sync: plan.sync,
            apply_time: plan.apply_time,
            durable_state_machine: plan.durable_state_machine,
        };
        let (watch, answers) = (Watch::default(), Answers::default());
        let mut folds = Folds { observer, watch, answers };
        let world = World::new(launch, design, &mut folds).map_err(|halt| match halt {
            Halt::NoBoot { server, why } => Failed::NoBoot(not_booted(server, &why)),
            Halt::Stopped => Failed::Stopped,
        })?;
        Ok(Run {
            plan,
            world,
            folds,
            due: Vec::new(),
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
        match self.play() {
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
    /// Does this to the world.
    #[inline]
    pub(super) fn act(&mut self, action: Action) -> Result<bool, Halt> {
        self.world.apply(action, &mut self.folds)
    }

    /// Puts something on the agenda.
    pub(super) fn schedule(&mut self, time: Micros, due: Due) {
        self.world.set_alarm(time, self.due.len() as u64);
        self.due.push(due);
    }

    /// The run ends with this violation.
    #[cold]
    pub(super) fn violated(&mut self, violation: Violation) -> Halt {
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
                Next::Alarm(number) => match self.due[number as usize] {
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
                self.hear_answers();
            }
        }
        // What still waits for its trigger has no part in what follows.
        self.folds.watch.want(std::iter::empty());
        if let Some(healing) = &self.plan.healing {
            self.liveness = self.heal(healing)?;
        }
        Ok(())
    }

    /// Bounded Steps: a run comes to its end.
    #[inline]
    pub(super) fn check_steps(&mut self) -> Result<(), Halt> {
        let (most, each) = MOST_STEPS;
        let steps = self.folds.answers.steps;
        let messages = self.world.network().most_in_flight();
        if steps <= most + self.plan.duration / 1_000 * each && messages <= MOST_MESSAGES {
            return Ok(());
        }
        let ms = self.world.now() / 1_000;
        let detail = format!(
            "{steps} steps in {ms} ms of virtual time, and up to {messages} messages in flight"
        );
        let property = Property::BoundedSteps;
        Err(self.violated(Violation { property, server: NodeId(1), detail }))
    }

    fn hear_answers(&mut self) {
        let mut answers = std::mem::take(&mut self.folds.answers.answers);
        for (server, Request(number), answer) in answers.drain(..) {
            if number < FIRST_ADMIN {
                self.hear(server, number, &answer);
            } else {
                self.admin_answered(number, &answer);
            }
        }
        self.folds.answers.answers = answers;
    }
}
