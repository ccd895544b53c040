//! Replays a scenario on an implementation and judges it.
//!
//! Messages move only when a statement moves them, clocks tick only when a statement lets them. After every step
//! the checkers have judged it, and every `never` and `reach` is evaluated.

mod by_design;
mod carry_out;
mod clients;
mod conditions;
mod facts;
mod hosts;
mod lenient;
mod links;
mod logs;
mod messages;
mod needs;
mod passing;
mod prospect;
mod reasons;
mod record;
mod selectors;
mod start;

use std::collections::BTreeMap;
use std::fmt;

use crate::action::Action;
use crate::checker::{Checkers, NoPanic, Property, Violation};
use crate::digest::Digest;
use crate::model::{NodeId, SessionId};
use crate::observation::{self, Observation, Observer};
use crate::scenario::syntax::{
    Capability, Condition, Header, Kind, Label, Link, Scenario, Settings,
};
use crate::subject::{Answer, Implementation, Request};
use crate::time::Micros;
use crate::world::{Halt, World};

pub use lenient::{Attempt, Durable, Move, attempt, durable, in_words};
pub use prospect::{Prospect, prospect};
pub use start::{checkers, design};

use by_design::barred;
use clients::Asked;
use needs::needed;
use record::Record;

/// The outcome of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every expectation held, and every property.
    Passed,
    /// The implementation can't do what the scenario is about.
    Skipped(Skip),
    /// Something did not hold.
    Failed(Failure),
}

/// The reason why a scenario says nothing about an implementation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    /// It lacks these capabilities, or by design these facts hold of it, with which the scenario says nothing.
    Lacks(Vec<Capability>),
    /// It has these capabilities, which the scenario excludes.
    Has(Vec<Capability>),
    /// It does its work in a way that leaves a statement nothing to do.
    Unable {
        /// Line of the statement, from 1.
        line: u32,
        /// The reason, in one line.
        why: String,
    },
}

impl Skip {
    /// The capabilities that the implementation lacks.
    #[must_use]
    pub fn lacks(&self) -> &[Capability] {
        match self {
            Skip::Lacks(lacks) => lacks,
            Skip::Has(_) | Skip::Unable { .. } => &[],
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |capabilities: &[Capability], word: fn(Capability) -> &'static str| {
            capabilities.iter().map(|&one| word(one)).collect::<Vec<_>>().join(", ")
        };
        match self {
            Skip::Lacks(lacks) => write!(f, "requires {}", words(lacks, Capability::unmet)),
            Skip::Has(has) => write!(f, "requires not {}", words(has, Capability::word)),
            Skip::Unable { line, why } => write!(f, "line {line}: {why}"),
        }
    }
}

/// The expectation or property that did not hold, and its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Line of the file, from 1.
    pub line: u32,
    /// The kind of failure.
    pub kind: FailureKind,
    /// The property that a checker found violated; `None` if an expectation of the scenario was not met.
    pub property: Option<Property>,
    /// The expected and the actual state, in the paper's words; may have several lines.
    pub message: String,
}

/// Kinds of failure, for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A checker found a property violated, or an expectation did not hold.
    Violation,
    /// `within` ran out of time.
    Liveness,
    /// A statement can't be carried out: nothing to deliver, no such server up, …
    Statement,
}

/// Replays a scenario. `observer` observes all of it, before it is judged.
#[must_use]
pub fn replay(
    scenario: &Scenario,
    implementation: &dyn Implementation,
    observer: &mut dyn Observer,
) -> Verdict {
    let needed = needed(scenario);
    let lacking = |capability: &Capability| !implementation.capabilities().contains(capability);
    let mut lacks: Vec<Capability> = needed.iter().copied().filter(lacking).collect();
    if lacks.is_empty() {
        lacks = barred(scenario, implementation.capabilities());
    }
    if !lacks.is_empty() {
        return Verdict::Skipped(Skip::Lacks(lacks));
    }
    let excluded = scenario.header.requires_not.iter().copied();
    let has: Vec<Capability> = excluded.filter(|capability| !lacking(capability)).collect();
    if !has.is_empty() {
        return Verdict::Skipped(Skip::Has(has));
    }
    let ended = entered(scenario, implementation, observer, |replay| replay.play()).flatten();
    verdict(&scenario.header, ended)
}

/// The alarms of a replay: faults of the implementation, not of the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A checker found a property violated.
    Violation(Violation),
    /// The condition of the last statement, a `within`, did not hold in time.
    Overdue,
}

/// Replays a scenario on an implementation that need not have the required capabilities, and returns the alarm;
/// `None` if there is none, or something else fails before.
#[must_use]
pub fn alarm(scenario: &Scenario, implementation: &dyn Implementation) -> Option<Alarm> {
    match entered(scenario, implementation, &mut (), |replay| replay.play()).flatten().err()? {
        Stop::Violation(_, violation) => Some(Alarm::Violation(violation)),
        Stop::Failed(Failure { line, kind: FailureKind::Liveness, .. }) => {
            let is_last = scenario.steps.last().is_some_and(|last| last.line == line);
            is_last.then_some(Alarm::Overdue)
        }
        Stop::Failed(_) | Stop::Unable(..) | Stop::Expected => None,
    }
}

/// The reason why a replay ended before, or at, its end.
enum Stop {
    Failed(Failure),
    Violation(u32, Violation),
    /// The statement in this line has nothing to do on this implementation.
    Unable(u32, String),
    /// The violation that a negative control is there to show.
    Expected,
}

fn not_booted(line: u32, server: NodeId, why: &str) -> Stop {
    let message = format!("{server} does not boot: {why}");
    Stop::Failed(Failure { line, kind: FailureKind::Statement, property: None, message })
}

/// Boots the cluster that the header describes, and plays in it.
fn entered<R>(
    scenario: &Scenario,
    implementation: &dyn Implementation,
    observer: &mut dyn Observer,
    play: impl FnOnce(Replay<'_>) -> R,
) -> Result<R, Stop> {
    let own = implementation.enter(scenario.header.network.seed);
    let own = own.map_err(|why| {
        let given = scenario.header.given.iter().find(|given| given.server == NodeId(1));
        not_booted(given.map_or(1, |given| given.line), NodeId(1), &why)
    })?;
    Replay::start(scenario, own.as_deref().unwrap_or(implementation), observer).map(play)
}

/// The observers of a replay: the caller's, and those that the replay itself needs.
struct Folds<'a> {
    observer: &'a mut dyn Observer,
    record: Record,
    /// The answers to clients since they were taken last.
    answers: Vec<(NodeId, Request, Answer)>,
    digest: Digest,
    no_panic: NoPanic,
    checkers: Checkers,
}

impl Folds<'_> {
    /// A checker found a property violated, on the line that `line` returns.
    fn stopped(&self, line: impl FnOnce(&Violation) -> u32) -> Stop {
        match self.no_panic.violation.as_ref().or(self.checkers.violation()) {
            Some(violation) => Stop::Violation(line(violation), violation.clone()),
            None => Stop::Expected,
        }
    }
}

impl Observer for Folds<'_> {
    fn observe(
        &mut self,
        at: Micros,
        observation: &Observation<'_>,
    ) -> Result<(), observation::Stop> {
        self.record.observe(at, observation)?;
        self.observer.observe(at, observation)?;
        self.digest.observe(at, observation)?;
        self.no_panic.observe(at, observation)?;
        self.checkers.observe(at, observation)?;
        if let Observation::Answered { server, request, answer } = observation {
            self.answers.push((*server, *request, *answer));
        }
        Ok(())
    }
}

fn verdict(header: &Header, ended: Result<(), Stop>) -> Verdict {
    let failed = |line, property, message| {
        Verdict::Failed(Failure { line, kind: FailureKind::Violation, property, message })
    };
    match (ended, &header.violates) {
        (Ok(()), None) => Verdict::Passed,
        (Ok(()), Some(expected)) => {
            failed(1, None, format!("expected a violation of {expected}; every property held"))
        }
        (Err(Stop::Expected), _) => Verdict::Passed,
        (Err(Stop::Violation(line, seen)), _) => {
            failed(line, Some(seen.property), seen.to_string())
        }
        (Err(Stop::Failed(failure)), _) => Verdict::Failed(failure),
        (Err(Stop::Unable(line, why)), _) => Verdict::Skipped(Skip::Unable { line, why }),
    }
}

struct Replay<'a> {
    scenario: &'a Scenario,
    world: World<'a, dyn Implementation + 'a>,
    folds: Folds<'a>,
    /// The requests of clients and administrators, and their outcomes.
    requests: BTreeMap<Label, Asked>,
    /// The label of each request, if it has one; several requests may have the same.
    asked: Vec<Option<Label>>,
    /// The latest serial number of each session.
    serials: BTreeMap<SessionId, u64>,
    /// The holds: a link and a kind.
    holds: Vec<(Link, Kind)>,
    /// The settings of each server's next boot.
    settings: Vec<Settings>,
    /// The claims of the implementation.
    claims: Vec<Capability>,
    never: Vec<(u32, Condition)>,
    reach: Vec<(u32, Condition, bool)>,
    /// The line of the statement under way.
    line: u32,
}

impl<'a> Replay<'a> {
    /// Boots the cluster that the header describes.
    fn start(
        scenario: &'a Scenario,
        implementation: &'a dyn Implementation,
        observer: &'a mut dyn Observer,
    ) -> Result<Replay<'a>, Stop> {
        let header = &scenario.header;
        let capabilities = implementation.capabilities();
        let design = design(header, capabilities);
        let mut folds = Folds {
            observer,
            record: Record::of(header.servers.len()),
            answers: Vec::new(),
            digest: Digest::new(design.seed),
            no_panic: NoPanic::default(),
            checkers: checkers(header, &design, capabilities),
        };
        let line = |server| {
            let given = header.given.iter().find(|given| given.server == server);
            given.map_or(1, |given| given.line)
        };
        let world = World::new(implementation, design, &mut folds);
        let world = world.map_err(|halt| match halt {
            Halt::NoBoot { server, why } => not_booted(line(server), server, &why),
            Halt::Stopped => folds.stopped(|violation| line(violation.server)),
        })?;
        Ok(Replay {
            scenario,
            world,
            folds,
            requests: BTreeMap::new(),
            asked: Vec::new(),
            serials: BTreeMap::new(),
            holds: Vec::new(),
            settings: scenario.header.settings.clone(),
            claims: capabilities.to_vec(),
            never: Vec::new(),
            reach: Vec::new(),
            line: 0,
        })
    }

    fn play(mut self) -> Result<(), Stop> {
        let scenario = self.scenario;
        let names = || Property::ALL.iter().map(|property| property.name());
        if let Some(unknown) = &scenario.header.violates
            && !names().any(|name| name == unknown)
        {
            let known: Vec<&str> = names().collect();
            let message =
                format!("no property is called {unknown}; the properties are {}", known.join(", "));
            self.line = 1;
            return Err(self.statement(message));
        }
        let last = scenario.steps.last().map_or(0, |step| step.line);
        for step in &scenario.steps {
            self.line = step.line;
            let statement = Observation::Statement { line: step.line };
            self.folds.observe(self.world.now(), &statement).map_err(|_| self.stopped())?;
            let done = self.carry_out(&step.statement).and_then(|()| self.after_step());
            match (done, &scenario.header.violates) {
                (Ok(()), _) => {}
                (Err(Stop::Violation(line, seen)), Some(expected))
                    if seen.property.name() == expected && line == last =>
                {
                    self.all_reached()?;
                    return Err(Stop::Expected);
                }
                (Err(stop), _) => return Err(stop),
            }
        }
        self.all_reached()
    }

    fn all_reached(&self) -> Result<(), Stop> {
        match self.reach.iter().find(|(_, _, reached)| !reached) {
            Some((line, condition, _)) => {
                let reasons = self.reasons(condition).join("\n");
                let message = format!("this never came about; at the end {reasons}");
                Err(self.unmet(*line, FailureKind::Violation, &message))
            }
            None => Ok(()),
        }
    }

    /// A statement that can't be carried out.
    fn statement(&self, message: String) -> Stop {
        let (line, kind) = (self.line, FailureKind::Statement);
        Stop::Failed(Failure { line, kind, property: None, message })
    }

    /// A statement that has nothing to do on this implementation.
    fn unable(&self, why: String) -> Stop {
        Stop::Unable(self.line, why)
    }

    /// An expectation that does not hold; the message shows the actual state below it.
    fn unmet(&self, line: u32, kind: FailureKind, message: &str) -> Stop {
        let message = format!("{message}\n{}", self.situation());
        Stop::Failed(Failure { line, kind, property: None, message })
    }

    /// Runs after every step: answers are handed out, holds apply to the messages sent, and every `never` and
    /// `reach` is evaluated.
    fn after_step(&mut self) -> Result<(), Stop> {
        self.take_answers();
        self.apply_holds()?;
        for (line, condition) in &self.never {
            if self.holds(condition) {
                let reasons = self.reasons(condition).join("\n");
                let message = format!("this came about in line {}: {reasons}", self.line);
                return Err(self.unmet(*line, FailureKind::Violation, &message));
            }
        }
        let mut reach = std::mem::take(&mut self.reach);
        for (_, condition, reached) in &mut reach {
            *reached = *reached || self.holds(condition);
        }
        self.reach = reach;
        Ok(())
    }

    /// Does this to the world.
    fn act(&mut self, action: Action) -> Result<bool, Stop> {
        self.world.apply(action, &mut self.folds).map_err(|halt| match halt {
            Halt::NoBoot { server, why } => not_booted(self.line, server, &why),
            Halt::Stopped => self.stopped(),
        })
    }

    /// Does this to the world as an event of its own: every `never` and `reach` is evaluated after it.
    fn step(&mut self, action: Action) -> Result<(), Stop> {
        self.act(action)?;
        self.after_step()
    }

    /// The observers ended the replay.
    fn stopped(&self) -> Stop {
        self.folds.stopped(|_| self.line)
    }

    fn tick(&mut self, server: NodeId) -> Result<(), Stop> {
        self.step(Action::Tick { server })
    }

    fn expect(&mut self, condition: &Condition) -> Result<(), Stop> {
        if self.holds(condition) {
            return Ok(());
        }
        let reasons = self.reasons(condition).join("\n");
        Err(self.unmet(self.line, FailureKind::Violation, &reasons))
    }
}
