//! Replays a scenario on an implementation and judges it.
//!
//! Messages move only when a statement moves them, clocks tick only when a statement lets them. After every step
//! the checkers have judged it, and every `never` and `reach` is evaluated.

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

use crate::action::Action;
use crate::checker::{Checkers, NoPanic, Property, Violation};
use crate::digest::Digest;
use crate::disk::Survives;
use crate::model::{NodeId, SessionId};
use crate::observation::{self, Observation, Observer};
use crate::scenario::syntax::{
    Capability, Condition, Header, Kind, Label, Link, Scenario, Settings, Statement,
};
use crate::subject::{Answer, Event, Implementation, Request};
use crate::time::Micros;
use crate::world::{Halt, World};

pub use lenient::{Attempt, Durable, Move, attempt, durable, in_words};
pub use prospect::{Prospect, prospect};

use clients::Asked;
use needs::needed;
use record::Record;
use start::design;

/// The outcome of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every expectation held, and every property.
    Passed,
    /// The implementation lacks what the scenario requires.
    Skipped(Vec<Capability>),
    /// Something did not hold.
    Failed(Failure),
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
    let lacks: Vec<Capability> = needed.iter().copied().filter(lacking).collect();
    if !lacks.is_empty() {
        return Verdict::Skipped(lacks);
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
        Stop::Failed(_) | Stop::Expected => None,
    }
}

/// The reason why a replay ended before, or at, its end.
enum Stop {
    Failed(Failure),
    Violation(u32, Violation),
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
        let design = design(header);
        let settings = design.servers.iter().map(|server| server.settings).collect();
        let capabilities = implementation.capabilities();
        let mut folds = Folds {
            observer,
            record: Record::of(header.servers.len()),
            answers: Vec::new(),
            digest: Digest::new(design.seed),
            no_panic: NoPanic::default(),
            checkers: Checkers::of(capabilities, &header.servers, &design.members, settings)
                .setting_aside(&header.set_aside),
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

    fn carry_out(&mut self, statement: &Statement) -> Result<(), Stop> {
        match statement {
            Statement::Timeout(servers) => {
                servers.iter().try_for_each(|&server| self.timeout(server))
            }
            Statement::Elect(server) => self.elect(*server),
            Statement::Heartbeat(server) => self.heartbeat(*server),
            Statement::Tick(servers, count) => {
                for server in servers {
                    self.must_be_up(*server)?;
                }
                for &server in servers.iter().cycle().take(servers.len() * *count as usize) {
                    self.tick(server)?;
                }
                Ok(())
            }
            Statement::Settle => self.settle(),
            Statement::Run(duration) => self.flow(*duration, None).map(|_| ()),
            Statement::Deliver(selection) => self.deliver(selection),
            Statement::Drop(selection) => self.drop_messages(selection),
            Statement::Duplicate(selection) => self.duplicate(selection),
            Statement::Hold(selector) => {
                self.hold(selector);
                Ok(())
            }
            Statement::Release(selector) => self.release(selector),
            Statement::Forge(forged) => {
                self.act(Action::Forge { message: messages::forged(forged) }).map(|_| ())
            }
            Statement::Crash(servers) => servers.iter().try_for_each(|&server| {
                self.must_be_up(server)?;
                self.act(Action::Crash { server, survives: Survives::default() }).map(|_| ())
            }),
            Statement::CrashTorn(server, entries) => self.crash_torn(*server, *entries as usize),
            Statement::Settings(servers, settings) => {
                servers.iter().try_for_each(|&server| self.reconfigure(server, *settings))
            }
            Statement::Restart(servers) => servers.iter().try_for_each(|&server| {
                self.must_be_down(server)?;
                self.act(Action::Restart { server }).map(|_| ())
            }),
            &Statement::Stall(server) => {
                self.act(Action::Stall { server, stalled: true }).map(|_| ())
            }
            &Statement::Sync(server) => self.act(Action::SyncAll { server }).map(|_| ()),
            &Statement::SyncNewest(server) => self.act(Action::SyncNewest { server }).map(|_| ()),
            Statement::Flush(server, writes) => self.flush(*server, *writes as usize),
            Statement::Tell(server, ordinal) => self.tell(*server, *ordinal as usize),
            &Statement::Unstall(server) => {
                self.act(Action::Stall { server, stalled: false }).map(|_| ())
            }
            &Statement::Lie(server) => self.act(Action::Lie { server, lies: true }).map(|_| ()),
            &Statement::Wipe(server) => {
                self.must_be_down(server)?;
                self.act(Action::Wipe { server }).map(|_| ())
            }
            Statement::Partition(groups) => self.partition(groups),
            Statement::Isolate(servers) => self.isolate(servers),
            Statement::Cut(links) => self.set_links(links, true),
            Statement::Heal(Some(links)) => self.set_links(links, false),
            Statement::Heal(None) => self.heal_all(),
            Statement::Propose { server, commands, session } => {
                self.propose(*server, commands, session.as_ref())
            }
            Statement::Retry(server, label) => self.retry(*server, label),
            Statement::Register(server, label) => self.ask(*server, label, Event::Register),
            Statement::Read(server, label) => self.ask(*server, label, Event::Read),
            Statement::Change { server, label, voters, learners } => {
                let (voters, learners) = (voters.to_vec(), learners.to_vec());
                let change = |request| Event::ChangeMembership(request, voters, learners);
                self.ask(*server, label, change)
            }
            Statement::Transfer { server, label, to } => {
                self.ask(*server, label, |request| Event::Transfer(request, *to))
            }
            Statement::Compact(servers) => {
                servers.iter().try_for_each(|&server| self.compact(server))
            }
            &Statement::PauseApply(server) => {
                self.must_be_up(server)?;
                self.act(Action::PauseApply { server, paused: true }).map(|_| ())
            }
            Statement::Apply(server) => self.apply(*server),
            &Statement::ResumeApply(server) => {
                self.must_be_up(server)?;
                self.act(Action::PauseApply { server, paused: false }).map(|_| ())
            }
            Statement::Expect(condition) => self.expect(condition),
            Statement::Never(condition) => {
                self.never.push((self.line, condition.clone()));
                Ok(())
            }
            Statement::Reach(condition) => {
                self.reach.push((self.line, condition.clone(), false));
                Ok(())
            }
            Statement::Within(duration, condition) => self.within(*duration, condition),
        }
    }

    /// A statement that can't be carried out.
    fn statement(&self, message: String) -> Stop {
        let (line, kind) = (self.line, FailureKind::Statement);
        Stop::Failed(Failure { line, kind, property: None, message })
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
