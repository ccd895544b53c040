//! Replays a scenario on an implementation and judges it.
//!
//! Messages move only when a statement moves them, clocks tick only when a statement lets them. After
//! every step the oracles have spoken and every `never` and `reach` is looked at.

mod clients;
mod conditions;
mod ears;
mod hosts;
mod lenient;
mod links;
mod logs;
mod messages;
mod needs;
mod passing;
mod prospect;
mod selectors;
mod start;

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::checker::{Property, Violation};
use crate::cluster::{BootFailure, Cluster, Listener, Survives};
use crate::scenario::syntax::{
    Capability, Condition, Header, Kind, Label, Link, Scenario, Settings, Statement,
};
use crate::subject::Implementation;
use crate::words::{NodeId, SessionId};

pub use lenient::{Attempt, Durable, Move, attempt, durable, in_words};
pub use prospect::{Prospect, prospect};

use clients::Asked;
use ears::{Ears, SharedRecord};
use needs::needed;
use start::design;

/// How a replay ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every expectation held, and every oracle.
    Passed,
    /// The implementation lacks what the scenario requires.
    Skipped(Vec<Capability>),
    /// Something did not hold.
    Failed(Failure),
}

/// What did not hold, and where the file was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Line of the file, from 1.
    pub line: u32,
    /// What kind of failure.
    pub kind: FailureKind,
    /// The property that an oracle saw violated; `None` if it is the scenario that is not met.
    pub property: Option<Property>,
    /// What was expected and what was found, in the paper's words; may have several lines.
    pub message: String,
}

/// Kinds of failure, for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// An oracle saw a property violated, or an expectation did not hold.
    Violation,
    /// `within` ran out of time.
    Liveness,
    /// A statement can't be carried out: nothing to deliver, no such server up, …
    Statement,
}

/// Replays a scenario. `listener` hears every step, for a story.
#[must_use]
pub fn replay<'a>(
    scenario: &'a Scenario,
    implementation: &'a dyn Implementation,
    listener: Option<&'a mut dyn Listener>,
) -> Verdict {
    let needed = needed(scenario);
    let lacking = |capability: &Capability| !implementation.capabilities().contains(capability);
    let lacks: Vec<Capability> = needed.iter().copied().filter(lacking).collect();
    if !lacks.is_empty() {
        return Verdict::Skipped(lacks);
    }
    let mut ears = Ears::of(scenario, listener);
    let ended = Replay::start(scenario, implementation, &mut ears).and_then(Replay::play);
    verdict(&scenario.header, ended)
}

/// What a replay may be made for: what is wrong with the implementation, and not with the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// An oracle saw a property violated.
    Violation(Violation),
    /// What the last statement waits for does not come about in time.
    Overdue,
}

/// Replays a scenario on an implementation that need not have what it requires, and tells what is wrong with that;
/// `None` if nothing is, or something else fails before.
#[must_use]
pub fn alarm(scenario: &Scenario, implementation: &dyn Implementation) -> Option<Alarm> {
    let mut ears = Ears::of(scenario, None);
    let ended = Replay::start(scenario, implementation, &mut ears).and_then(Replay::play);
    match ended.err()? {
        Stop::Violation(_, violation) => Some(Alarm::Violation(violation)),
        Stop::Failed(Failure { line, kind: FailureKind::Liveness, .. }) => {
            let is_last = scenario.steps.last().is_some_and(|last| last.line == line);
            is_last.then_some(Alarm::Overdue)
        }
        Stop::Failed(_) | Stop::Expected => None,
    }
}

/// Why a replay ended before, or at, its end.
enum Stop {
    Failed(Failure),
    Violation(u32, Violation),
    /// The violation that a negative control is there to show.
    Expected,
}

fn not_booted(line: u32, server: NodeId, failure: BootFailure) -> Stop {
    match failure {
        BootFailure::Violation(violation) => Stop::Violation(line, violation),
        BootFailure::Refused(why) => {
            let message = format!("{server} does not boot: {why}");
            Stop::Failed(Failure { line, kind: FailureKind::Statement, property: None, message })
        }
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
    cluster: Cluster<'a>,
    record: SharedRecord,
    /// What clients and administrators asked for, and what came of it.
    requests: BTreeMap<Label, Asked>,
    /// Under which label each request was made, if it has one; of one label there may be several.
    asked: Vec<Option<Label>>,
    /// The latest serial number of each session.
    serials: BTreeMap<SessionId, u64>,
    /// What is held: a link and a kind.
    holds: Vec<(Link, Kind)>,
    /// The settings of each server's next boot.
    settings: Vec<Settings>,
    never: Vec<(u32, &'a Condition)>,
    reach: Vec<(u32, &'a Condition, bool)>,
    /// The line of the statement under way.
    line: u32,
}

impl<'a> Replay<'a> {
    /// Boots the cluster that the header describes.
    fn start(
        scenario: &'a Scenario,
        implementation: &'a dyn Implementation,
        ears: &'a mut Ears<'_>,
    ) -> Result<Replay<'a>, Stop> {
        let record = Rc::clone(&ears.record);
        let header = &scenario.header;
        let cluster = Cluster::new(implementation, design(header), Some(ears));
        let cluster = cluster.map_err(|(server, failure)| {
            let given = header.given.iter().find(|given| given.server == server);
            not_booted(given.map_or(1, |given| given.line), server, failure)
        })?;
        Ok(Replay {
            scenario,
            cluster,
            record,
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
        if let Some(unknown) = &scenario.header.violates
            && Property::named(unknown).is_none()
        {
            let known = Property::ALL.map(Property::name);
            let message = format!("no oracle is called {unknown}; there are {}", known.join(", "));
            self.line = 1;
            return Err(self.statement(message));
        }
        let last = scenario.steps.last().map_or(0, |step| step.line);
        for step in &scenario.steps {
            self.line = step.line;
            self.cluster.announce(step.line);
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
            Some((line, _, _)) => Err(self.unmet(
                *line,
                FailureKind::Violation,
                "this was to come about on the way, and never did",
            )),
            None => Ok(()),
        }
    }

    fn carry_out(&mut self, statement: &'a Statement) -> Result<(), Stop> {
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
                self.cluster.network.park(messages::forged(forged));
                Ok(())
            }
            Statement::Crash(servers) => servers.iter().try_for_each(|&server| {
                self.must_be_up(server)?;
                self.cluster.crash(server, Survives::default());
                Ok(())
            }),
            Statement::CrashTorn(server, entries) => self.crash_torn(*server, *entries as usize),
            Statement::Settings(servers, settings) => {
                servers.iter().try_for_each(|&server| self.reconfigure(server, *settings))
            }
            Statement::Restart(servers) => servers.iter().try_for_each(|&server| {
                self.must_be_down(server)?;
                let line = self.line;
                self.cluster.restart(server).map_err(|failure| not_booted(line, server, failure))
            }),
            Statement::Stall(server) => self.host(|cluster| cluster.stall(*server, true)),
            Statement::Sync(server) => self.host(|cluster| cluster.sync_all(*server)),
            Statement::SyncNewest(server) => self.host(|cluster| cluster.sync_newest(*server)),
            Statement::Flush(server, writes) => self.flush(*server, *writes as usize),
            Statement::Tell(server, ordinal) => self.tell(*server, *ordinal as usize),
            Statement::Unstall(server) => self.host(|cluster| cluster.stall(*server, false)),
            Statement::Lie(server) => {
                self.cluster.lie(*server, true);
                Ok(())
            }
            Statement::Wipe(server) => {
                self.must_be_down(*server)?;
                self.cluster.wipe(*server);
                Ok(())
            }
            Statement::Partition(groups) => {
                self.partition(groups);
                Ok(())
            }
            Statement::Isolate(servers) => {
                self.isolate(servers);
                Ok(())
            }
            Statement::Cut(links) => {
                self.set_links(links, true);
                Ok(())
            }
            Statement::Heal(Some(links)) => {
                self.set_links(links, false);
                Ok(())
            }
            Statement::Heal(None) => {
                self.heal_all();
                Ok(())
            }
            Statement::Propose { server, commands, session } => {
                self.propose(*server, commands, session.as_ref())
            }
            Statement::Retry(server, label) => self.retry(*server, label),
            Statement::Register(server, label) => {
                self.ask(*server, label, |cluster, request| cluster.register(*server, request))
            }
            Statement::Read(server, label) => {
                self.ask(*server, label, |cluster, request| cluster.read(*server, request))
            }
            Statement::Change { server, label, voters, learners } => {
                let (voters, learners) = (voters.clone(), learners.clone());
                self.ask(*server, label, |cluster, request| {
                    cluster.change_membership(*server, request, voters, learners)
                })
            }
            Statement::Transfer { server, label, to } => {
                self.ask(*server, label, |cluster, request| cluster.transfer(*server, request, *to))
            }
            Statement::Compact(servers) => {
                servers.iter().try_for_each(|&server| self.compact(server))
            }
            Statement::PauseApply(server) => {
                self.must_be_up(*server)?;
                self.host(|cluster| cluster.pause_apply(*server, true))
            }
            Statement::Apply(server) => self.apply(*server),
            Statement::ResumeApply(server) => {
                self.must_be_up(*server)?;
                self.host(|cluster| cluster.pause_apply(*server, false))
            }
            Statement::Expect(condition) => self.expect(condition),
            Statement::Never(condition) => {
                self.never.push((self.line, condition));
                Ok(())
            }
            Statement::Reach(condition) => {
                self.reach.push((self.line, condition, false));
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

    /// Something that should hold and does not; what there is instead is told below.
    fn unmet(&self, line: u32, kind: FailureKind, message: &str) -> Stop {
        let message = format!("{message}\n{}", self.situation());
        Stop::Failed(Failure { line, kind, property: None, message })
    }

    /// After everything that happened: clients have heard, holds apply to what was sent, and what must
    /// never be and what must be reached are looked at.
    fn after_step(&mut self) -> Result<(), Stop> {
        self.hear_answers();
        self.apply_holds();
        for (line, condition) in &self.never {
            if self.holds(condition) {
                return Err(self.unmet(*line, FailureKind::Violation, "this came about"));
            }
        }
        let mut reach = std::mem::take(&mut self.reach);
        for (_, condition, reached) in &mut reach {
            *reached = *reached || self.holds(condition);
        }
        self.reach = reach;
        Ok(())
    }

    fn stepped(&mut self, step: Result<(), Violation>) -> Result<(), Stop> {
        step.map_err(|violation| Stop::Violation(self.line, violation))?;
        self.after_step()
    }

    fn tick(&mut self, server: NodeId) -> Result<(), Stop> {
        let step = self.cluster.tick(server);
        self.stepped(step)
    }

    fn expect(&mut self, condition: &Condition) -> Result<(), Stop> {
        if self.holds(condition) {
            return Ok(());
        }
        Err(self.unmet(self.line, FailureKind::Violation, "this does not hold"))
    }
}
