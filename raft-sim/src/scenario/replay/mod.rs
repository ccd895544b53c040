//! Replays a scenario on an implementation and judges it.
//!
//! Messages move only when a statement moves them, clocks tick only when a statement lets them. After
//! every step the oracles have spoken and every `never` and `reach` is looked at.

mod conditions;
mod messages;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::cluster::{BootFailure, Cluster, Design, Happened, Heard, Listener, Start, TICK};
use crate::disk::SyncTime;
use crate::network::{Delay, Weather};
use crate::oracle::{Property, Violation};
use crate::scenario::syntax::{
    Capability, Condition, Duration, Header, Kind, Label, Link, Scenario, Statement, Unit,
};
use crate::subject::{Answer, Implementation, Request, Role, Settings};
use crate::time::Micros;
use crate::words::{Entry, HardState, LogIndex, NodeId, Payload, Term};

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

/// Most deliveries of one `settle`: a network that is not quiet by then never will be.
const SETTLE_LIMIT: u32 = 100_000;

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
    let applied = Rc::new(RefCell::new(vec![Vec::new(); scenario.header.servers.len()]));
    let durable = scenario.header.durable_state_machine;
    let mut ears = Ears { applied: Rc::clone(&applied), durable, listener };
    let stopped = match Cluster::new(implementation, design(&scenario.header), Some(&mut ears)) {
        Ok(cluster) => Replay::new(scenario, cluster, applied).play(),
        Err(why) => {
            Err(Stop::Failed(Failure { line: 1, kind: FailureKind::Statement, message: why }))
        }
    };
    verdict(&scenario.header, stopped)
}

/// What a scenario needs of an implementation: what it says, and what its statements imply.
fn needed(scenario: &Scenario) -> Vec<Capability> {
    let header = &scenario.header;
    let mut needed = header.requires.clone();
    if header.durable_state_machine {
        needed.push(Capability::DurableStateMachine);
    }
    if header.settings.uncommitted_limit.is_some() {
        needed.push(Capability::TailLimit);
    }
    if scenario.steps.iter().any(|step| matches!(step.statement, Statement::Forge(_))) {
        needed.push(Capability::Forge);
    }
    needed.sort_unstable();
    needed.dedup();
    needed
}

/// Why a replay ended before, or at, its end.
enum Stop {
    Failed(Failure),
    Violation(u32, Violation),
}

fn verdict(header: &Header, ended: Result<(), Stop>) -> Verdict {
    let failed =
        |line, message| Verdict::Failed(Failure { line, kind: FailureKind::Violation, message });
    match (ended, &header.violates) {
        (Ok(()), None) => Verdict::Passed,
        (Ok(()), Some(expected)) => {
            failed(1, format!("expected a violation of {expected}; every property held"))
        }
        (Err(Stop::Violation(_, seen)), Some(expected)) if seen.property.name() == expected => {
            Verdict::Passed
        }
        (Err(Stop::Violation(line, seen)), _) => failed(line, seen.to_string()),
        (Err(Stop::Failed(failure)), _) => Verdict::Failed(failure),
    }
}

fn design(header: &Header) -> Design {
    let default = Settings::default();
    let settings = Settings {
        seed: header.network.seed,
        election_timeout: header.settings.election_timeout.unwrap_or(default.election_timeout),
        heartbeat: header.settings.heartbeat.unwrap_or(default.heartbeat),
        entries_per_message: header
            .settings
            .entries_per_message
            .unwrap_or(default.entries_per_message),
        window: default.window,
        uncommitted_limit: header.settings.uncommitted_limit.unwrap_or(default.uncommitted_limit),
    };
    let start = |&server: &NodeId| {
        let given = header.given.iter().find(|given| given.server == server);
        let hard_state = given.map_or(HardState::default(), |given| HardState {
            term: given.term,
            voted_for: given.vote,
        });
        let log = given.map_or(&[][..], |given| &given.log);
        let entries = log.iter().zip(1..).filter_map(|(drawn, index)| {
            let payload = Payload::Command(command(&labelled(header, index, drawn.term)));
            Some(Entry { index: LogIndex::new(index)?, term: drawn.term, payload })
        });
        Start { hard_state, log: entries.collect(), tick: TICK, first_tick: TICK }
    };
    let (shortest, longest) = header.network.delay;
    Design {
        servers: header.servers.iter().map(start).collect(),
        settings,
        seed: header.network.seed,
        weather: Weather {
            delay: Delay::Uniform(shortest, longest),
            loss_ppm: header.network.loss * 10_000,
            duplicate_ppm: header.network.duplicate * 10_000,
        },
        sync: SyncTime { min: 0, max: 0 },
        durable_state_machine: header.durable_state_machine,
        oracles: true,
    }
}

/// The command in a box of a drawn log: the label it has on any server's log (the same index and term
/// are the same entry), or else a name that no label can have.
fn labelled(header: &Header, index: u64, term: Term) -> String {
    let boxes = header.given.iter().filter_map(|given| given.log.get(index as usize - 1));
    let mut labels =
        boxes.filter(|drawn| drawn.term == term).filter_map(|drawn| drawn.label.as_ref());
    labels.next().map_or_else(|| format!("{index}/{term}"), |label| label.0.clone())
}

fn command(label: &str) -> Arc<[u8]> {
    Arc::from(label.as_bytes())
}

/// What each server's state machine has applied: index and command.
type Applied = Rc<RefCell<Vec<Vec<(LogIndex, String)>>>>;

/// Hears what state machines apply, and passes everything on.
struct Ears<'a> {
    applied: Applied,
    durable: bool,
    listener: Option<&'a mut dyn Listener>,
}

impl Listener for Ears<'_> {
    fn hear(&mut self, now: Micros, heard: &Heard<'_>) {
        match heard {
            Heard::Step { server, effects, .. } => {
                let applied = &mut self.applied.borrow_mut()[server.0 as usize - 1];
                for entry in &effects.applied {
                    if let Payload::Command(command) = &entry.payload {
                        let name = String::from_utf8_lossy(command).into_owned();
                        applied.push((entry.index, name));
                    }
                }
            }
            Heard::Booted(server, view) => {
                let applied = &mut self.applied.borrow_mut()[server.0 as usize - 1];
                applied.retain(|(index, _)| self.durable && Some(*index) <= view.applied);
            }
            Heard::Sent(_) | Heard::Durable(..) | Heard::Crashed(..) | Heard::Statement(_) => {}
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(now, heard);
        }
    }
}

struct Replay<'a> {
    scenario: &'a Scenario,
    cluster: Cluster<'a>,
    applied: Applied,
    /// The request under which each command was proposed, and what came of it.
    requests: BTreeMap<Label, (Request, Option<Answer>)>,
    /// What is held: a link and a kind.
    holds: Vec<(Link, Kind)>,
    never: Vec<(u32, &'a Condition)>,
    reach: Vec<(u32, &'a Condition, bool)>,
    /// The line of the statement under way.
    line: u32,
}

impl<'a> Replay<'a> {
    fn new(scenario: &'a Scenario, cluster: Cluster<'a>, applied: Applied) -> Replay<'a> {
        Replay {
            scenario,
            cluster,
            applied,
            requests: BTreeMap::new(),
            holds: Vec::new(),
            never: Vec::new(),
            reach: Vec::new(),
            line: 0,
        }
    }

    fn play(mut self) -> Result<(), Stop> {
        let scenario = self.scenario;
        let names = || Property::ALL.iter().map(|property| property.name());
        if let Some(unknown) = &scenario.header.violates
            && !names().any(|name| name == unknown)
        {
            let known: Vec<&str> = names().collect();
            let message = format!("no oracle is called {unknown}; there are {}", known.join(", "));
            self.line = 1;
            return Err(self.statement(message));
        }
        for step in &scenario.steps {
            self.line = step.line;
            self.cluster.announce(step.line);
            self.carry_out(&step.statement)?;
            self.after_step()?;
        }
        for (line, _, reached) in &self.reach {
            if !reached {
                let message = "never reached".to_string();
                let kind = FailureKind::Violation;
                return Err(Stop::Failed(Failure { line: *line, kind, message }));
            }
        }
        Ok(())
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
                self.cluster.crash(server, 0);
                Ok(())
            }),
            Statement::Restart(servers) => servers.iter().try_for_each(|&server| {
                self.must_be_down(server)?;
                self.cluster.restart(server).map_err(|failure| match failure {
                    BootFailure::Violation(violation) => Stop::Violation(self.line, violation),
                    BootFailure::Refused(why) => {
                        self.statement(format!("{server} does not boot: {why}"))
                    }
                })
            }),
            Statement::Stall(server) => self.disk(|cluster| cluster.stall(*server, true)),
            Statement::Sync(server) => self.disk(|cluster| cluster.sync_all(*server)),
            Statement::Unstall(server) => self.disk(|cluster| cluster.stall(*server, false)),
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
            Statement::Propose(server, labels) => {
                labels.iter().try_for_each(|label| self.propose(*server, label))
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

    fn disk(
        &mut self,
        change: impl FnOnce(&mut Cluster<'a>) -> Result<(), Violation>,
    ) -> Result<(), Stop> {
        change(&mut self.cluster).map_err(|violation| Stop::Violation(self.line, violation))
    }

    /// A statement that can't be carried out.
    fn statement(&self, message: String) -> Stop {
        Stop::Failed(Failure { line: self.line, kind: FailureKind::Statement, message })
    }

    /// Something that should hold and does not; what there is instead is told below.
    fn unmet(&self, line: u32, kind: FailureKind, message: &str) -> Stop {
        let message = format!("{message}\n{}", self.situation());
        Stop::Failed(Failure { line, kind, message })
    }

    fn must_be_up(&self, server: NodeId) -> Result<(), Stop> {
        if self.cluster.server(server).is_up() {
            return Ok(());
        }
        Err(self.statement(format!("{server} is down; restart it first")))
    }

    fn must_be_down(&self, server: NodeId) -> Result<(), Stop> {
        if self.cluster.server(server).is_up() {
            return Err(self.statement(format!("{server} is up; crash it first")));
        }
        Ok(())
    }

    /// After everything that happened: clients have heard, holds apply to what was sent, and what must
    /// never be and what must be reached are looked at.
    fn after_step(&mut self) -> Result<(), Stop> {
        for (_, request, answer) in std::mem::take(&mut self.cluster.answers) {
            let asked = self.requests.values_mut().find(|(asked, _)| *asked == request);
            if let Some((_, answered)) = asked {
                *answered = Some(answer);
            }
        }
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

    fn timeout(&mut self, server: NodeId) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let before = *self.cluster.server(server).view();
        if before.role == Role::Leader {
            return Err(self.statement(format!("{server} leads; it has no election timeout")));
        }
        let longest = self.settings().election_timeout.1;
        for _ in 0..longest * 2 {
            self.tick(server)?;
            if self.cluster.server(server).view().term > before.term {
                return Ok(());
            }
        }
        let message = format!(
            "{server} did not stand for election within {} ticks: twice the longest election timeout",
            longest * 2
        );
        Err(self.unmet(self.line, FailureKind::Violation, &message))
    }

    fn elect(&mut self, server: NodeId) -> Result<(), Stop> {
        self.timeout(server)?;
        self.settle()?;
        if self.cluster.server(server).view().role == Role::Leader {
            return Ok(());
        }
        let message = format!("{server} was not elected");
        Err(self.unmet(self.line, FailureKind::Violation, &message))
    }

    fn heartbeat(&mut self, server: NodeId) -> Result<(), Stop> {
        self.must_be_up(server)?;
        if self.cluster.server(server).view().role != Role::Leader {
            return Err(self.statement(format!("{server} does not lead; it sends no heartbeats")));
        }
        for _ in 0..self.settings().heartbeat {
            self.tick(server)?;
        }
        Ok(())
    }

    fn propose(&mut self, server: NodeId, label: &Label) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let request = Request(self.requests.len() as u64 + 1);
        self.requests.insert(label.clone(), (request, None));
        let step = self.cluster.propose(server, request, command(&label.0)).map(|_| ());
        self.stepped(step)
    }

    fn expect(&mut self, condition: &Condition) -> Result<(), Stop> {
        if self.holds(condition) {
            return Ok(());
        }
        Err(self.unmet(self.line, FailureKind::Violation, "this does not hold"))
    }

    fn within(&mut self, duration: Duration, condition: &Condition) -> Result<(), Stop> {
        if self.holds(condition) || self.flow(duration, Some(condition))? {
            return Ok(());
        }
        Err(self.unmet(self.line, FailureKind::Liveness, "this did not come about in time"))
    }

    /// Lets time flow; true as soon as `until` holds, false when the time is over.
    fn flow(&mut self, duration: Duration, until: Option<&Condition>) -> Result<bool, Stop> {
        let end = self.cluster.now() + self.micros(duration);
        self.cluster.flow();
        let reached = loop {
            match self.cluster.next(end) {
                Ok(None) => break false,
                Ok(Some(Happened::Step | Happened::Agenda(_))) => {}
                Err(violation) => return Err(Stop::Violation(self.line, violation)),
            }
            self.after_step()?;
            if until.is_some_and(|condition| self.holds(condition)) {
                break true;
            }
        };
        self.cluster.still();
        Ok(reached)
    }

    fn micros(&self, duration: Duration) -> Micros {
        let settings = self.settings();
        let unit = match duration.unit {
            Unit::ElectionTimeouts => u64::from(settings.election_timeout.1) * TICK,
            Unit::Heartbeats => u64::from(settings.heartbeat) * TICK,
            Unit::Ticks => TICK,
            Unit::Milliseconds => 1_000,
        };
        u64::from(duration.count) * unit
    }

    fn settings(&self) -> Settings {
        self.cluster.settings()
    }

    fn heal_all(&mut self) {
        let ids: Vec<NodeId> = self.cluster.ids().collect();
        for &from in &ids {
            for &to in &ids {
                self.cluster.network.heal(from, to);
            }
        }
    }

    fn partition(&mut self, groups: &[Vec<NodeId>]) {
        self.heal_all();
        let ids: Vec<NodeId> = self.cluster.ids().collect();
        for &from in &ids {
            for &to in ids.iter().filter(|&&to| to != from) {
                if !groups.iter().any(|group| group.contains(&from) && group.contains(&to)) {
                    self.cluster.network.cut(from, to, true);
                }
            }
        }
    }

    fn isolate(&mut self, servers: &[NodeId]) {
        let ids: Vec<NodeId> = self.cluster.ids().collect();
        for &server in servers {
            for &other in ids.iter().filter(|&&other| other != server) {
                self.set_links(
                    &[Link { from: server, to: other }, Link { from: other, to: server }],
                    true,
                );
            }
        }
    }

    /// Cuts links, or heals them; a link that is cut twice is healed at once.
    fn set_links(&mut self, links: &[Link], cut: bool) {
        for link in links {
            self.cluster.network.heal(link.from, link.to);
            if cut {
                self.cluster.network.cut(link.from, link.to, true);
            }
        }
    }
}
