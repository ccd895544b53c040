//! Traces a run as the exact steps of a scenario: an observer records what happened to each server, in order. Time,
//! network conditions and faults are gone: a lost message is never delivered.

use std::collections::BTreeMap;

use crate::action::Action;
use crate::checker::{Class, Violation};
use crate::disk;
use crate::model::{Body, Command, Message, NodeId, SessionId};
use crate::observation::{Observation, Observer, Stop};
use crate::plan::Plan;
use crate::run::run;
use crate::scenario::replay::Move;
use crate::scenario::syntax::{self, Header, Label, Network, Statement};
use crate::subject::{
    Answer, Effects, Event, Implementation, Request, Role, Settings, Token, View,
};
use crate::time::Micros;

/// A run that violated a property, as exact steps; for a property of liveness, the run until the end of its faults.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// The cluster.
    pub header: Header,
    /// The steps.
    pub steps: Vec<Traced>,
    /// The violation.
    pub violation: Violation,
}

/// One exact step.
#[derive(Clone, Debug)]
pub(super) struct Traced {
    /// The step.
    pub step: Move,
    /// A simpler step that may replace it: for ticks, the effect of the last of them, if it had one.
    pub brief: Option<Move>,
}

impl From<Move> for Traced {
    /// A step that has no simpler form.
    fn from(step: Move) -> Traced {
        Traced { brief: Some(step.clone()), step }
    }
}

/// Runs a plan and records it; if it violates a property of liveness, until the end of its faults. `None` if it
/// violates no property.
///
/// # Errors
/// The reason why a server did not boot.
pub(super) fn trace(
    plan: &Plan,
    implementation: &dyn Implementation,
) -> Result<Option<Trace>, String> {
    let mut recorder = Recorder::new(plan);
    let outcome = run(plan, implementation, true, &mut recorder as &mut dyn Observer)?;
    let Some((_, violation)) = outcome.violation else { return Ok(None) };
    if violation.property.class() == Class::Liveness
        && let Some(before) = recorder.recovery.take()
    {
        recorder = *before;
    }
    let header = Header {
        title: violation.property.title().to_string(),
        paper: violation.property.section().to_string(),
        ..cluster(plan)
    };
    Ok(Some(Trace { header, steps: recorder.finish(), violation }))
}

/// The header of a scenario with the cluster of a plan, without title.
pub(super) fn cluster(plan: &Plan) -> Header {
    Header {
        title: String::new(),
        paper: String::new(),
        servers: plan.servers().collect(),
        outside: plan.servers().skip(plan.members as usize).collect(),
        requires: Vec::new(),
        requires_not: Vec::new(),
        violates: None,
        set_aside: plan.set_aside.clone(),
        settings: plan
            .servers()
            .map(|id| syntax::Settings::change(Settings::default(), plan.settings_of(id)))
            .collect(),
        network: Network { seed: plan.settings.seed, ..Network::default() },
        durable_state_machine: plan.durable_state_machine,
        given: Vec::new(),
    }
}

/// The observer that records the steps.
#[derive(Clone)]
pub(super) struct Recorder {
    steps: Vec<Traced>,
    /// A copy of it from the time when the faults had ended and conditions became fair.
    recovery: Option<Box<Recorder>>,
    /// The event that a server is taking.
    event: Option<Event>,
    servers: Vec<Known>,
    /// Steps that deliver a message which was delivered once more, from a copy.
    twice: Vec<usize>,
    commands: BTreeMap<Vec<u8>, Label>,
    /// The sessions that were opened, by the request for each.
    registers: BTreeMap<Request, Label>,
    sessions: BTreeMap<SessionId, Label>,
    requests: u64,
    /// The width of commands' labels: if the size of commands can matter, it is that of the run.
    width: usize,
    /// True if commands are labels.
    labelled: bool,
}

/// The state of one server, as far as it matters here.
#[derive(Clone, Debug)]
struct Known {
    settings: Settings,
    booted: bool,
    /// The ticks without effect since its last other event.
    idle: u32,
    /// The messages in flight to it.
    coming: Vec<Message>,
    /// The number of its writes that are not durable.
    unsynced: usize,
    /// The durable ones of which it has not been notified.
    unnotified: Vec<Token>,
    /// True if its state machine has not applied everything that it was handed.
    behind: bool,
    /// True if its disk takes time: something happened while a write was not durable, or not notified.
    slow: bool,
    /// True if its state machine takes time: something happened while it was behind.
    lags: bool,
}

impl Known {
    fn new(settings: Settings) -> Known {
        Known {
            settings,
            booted: false,
            idle: 0,
            coming: Vec::new(),
            unsynced: 0,
            unnotified: Vec::new(),
            behind: false,
            slow: false,
            lags: false,
        }
    }

    /// Called when something happens that is not an immediate consequence of this server's step.
    fn waits(&mut self) {
        self.slow |= self.unsynced > 0 || !self.unnotified.is_empty();
        self.lags |= self.behind;
    }
}

impl Recorder {
    pub(super) fn new(plan: &Plan) -> Recorder {
        let settings: Vec<Settings> = plan.servers().map(|id| plan.settings_of(id)).collect();
        let most = Settings::default().bytes_per_message;
        let sized = settings.iter().any(|settings| settings.bytes_per_message < most);
        let width = if sized { plan.clients.size.max(8) as usize - 1 } else { 0 };
        Recorder { width, labelled: false, ..Recorder::labelled(settings) }
    }

    /// A recorder for servers with these settings, S1 first, whose commands are labels.
    pub(super) fn labelled(settings: Vec<Settings>) -> Recorder {
        Recorder {
            steps: Vec::new(),
            recovery: None,
            event: None,
            servers: settings.into_iter().map(Known::new).collect(),
            twice: Vec::new(),
            commands: BTreeMap::new(),
            registers: BTreeMap::new(),
            sessions: BTreeMap::new(),
            requests: 0,
            width: 0,
            labelled: true,
        }
    }

    /// All steps, without those that quick disks and state machines make by themselves.
    pub(super) fn finish(self) -> Vec<Traced> {
        let Recorder { steps, twice, servers, .. } = self;
        let known = |server: &NodeId| &servers[server.0 as usize - 1];
        let mut all = Vec::new();
        for (server, Known { slow, lags, .. }) in (1..).map(NodeId).zip(&servers) {
            all.extend(slow.then_some(Move::Do(Statement::Stall(server.into())).into()));
            all.extend(lags.then_some(Move::Do(Statement::PauseApply(server)).into()));
        }
        for (place, traced) in steps.into_iter().enumerate() {
            if let Move::Do(Statement::Flush(server, _) | Statement::Tell(server, _)) = &traced.step
                && server.server().is_some_and(|server| !known(&server).slow)
            {
                continue;
            }
            if let Move::Do(Statement::Apply(server)) = &traced.step
                && !known(server).lags
            {
                continue;
            }
            let copies = twice.iter().filter(|&&other| other == place).count();
            if let Move::Deliver(message) = &traced.step {
                let copy = Traced::from(Move::Duplicate(message.clone()));
                all.extend(std::iter::repeat_n(copy, copies));
            }
            all.push(traced);
        }
        // The violation may be that a tick has no effect.
        let idle = (1..).map(NodeId).zip(&servers).filter(|(_, known)| known.idle > 0);
        let ticks =
            |(server, known): (NodeId, &Known)| Statement::Tick(vec![server].into(), known.idle);
        all.extend(idle.map(|last| Traced::from(Move::Do(ticks(last)))));
        all
    }

    fn known(&mut self, server: NodeId) -> &mut Known {
        &mut self.servers[server.0 as usize - 1]
    }

    fn say(&mut self, statement: Statement) {
        self.steps.push(Move::Do(statement).into());
    }

    fn label(&mut self, letter: char) -> Label {
        self.requests += 1;
        Label(format!("{letter}{}", self.requests))
    }

    /// Marks every server that still waits for its disk or its state machine as slow: something else happens.
    /// `follows` is the server of which this may be an immediate consequence.
    fn meanwhile(&mut self, follows: Option<NodeId>) {
        for (id, known) in (1..).map(NodeId).zip(&mut self.servers) {
            if follows != Some(id) {
                known.waits();
            }
        }
    }

    fn stepped(&mut self, server: NodeId, event: &Event, effects: &Effects, before: &View) {
        let known = self.known(server);
        let follows = match event {
            Event::Persisted(token) => known.unnotified.first() == Some(token),
            Event::Apply => known.unsynced == 0 && known.unnotified.is_empty(),
            Event::Tick
            | Event::Receive(_)
            | Event::Propose(..)
            | Event::Register(_)
            | Event::ProposeOnce(..)
            | Event::Read(_)
            | Event::ChangeMembership(..)
            | Event::Transfer(..)
            | Event::Compact(_) => false,
        };
        self.meanwhile(follows.then_some(server));
        self.happened(server, event, effects, before);
        let known = self.known(server);
        known.unsynced += effects.writes.len();
        known.behind =
            known.settings.apply_limit.is_some() && effects.view.commit > effects.view.applied;
    }

    fn happened(&mut self, server: NodeId, event: &Event, effects: &Effects, before: &View) {
        if matches!(event, Event::Tick) {
            return self.tick(server, effects, before);
        }
        let idle = std::mem::take(&mut self.known(server).idle);
        if idle > 0 {
            let step = Move::Do(Statement::Tick(vec![server].into(), idle));
            self.steps.push(Traced { step, brief: None });
        }
        match event {
            Event::Receive(message) => self.receive(message),
            Event::Propose(_, command) => self.propose(server, command, None),
            Event::ProposeOnce(_, once) => {
                let session = self.sessions.get(&once.session).cloned();
                self.propose(server, &once.command, session);
            }
            Event::Register(request) => {
                let label = self.label('s');
                self.registers.insert(*request, label.clone());
                self.say(Statement::Register(server.into(), label));
            }
            Event::Read(_) => {
                let label = self.label('r');
                self.say(Statement::Read(server.into(), label));
            }
            Event::ChangeMembership(_, voters, learners) => {
                let label = self.label('m');
                let (voters, learners) = (voters.clone().into(), learners.clone().into());
                self.say(Statement::Change { server: server.into(), label, voters, learners });
            }
            Event::Transfer(_, to) => {
                let label = self.label('t');
                self.say(Statement::Transfer { server: server.into(), label, to: *to });
            }
            // A rejected request for a snapshot has no effect.
            Event::Compact(request) if effects.answers.contains(&(*request, Answer::Rejected)) => {}
            Event::Compact(_) => self.say(Statement::Compact(vec![server].into())),
            Event::Persisted(token) => {
                let unnotified = &mut self.known(server).unnotified;
                if let Some(place) = unnotified.iter().position(|other| other == token) {
                    unnotified.remove(place);
                    self.say(Statement::Tell(server.into(), place as u32 + 1));
                }
            }
            Event::Apply => self.say(Statement::Apply(server)),
            Event::Tick => {}
        }
    }

    fn crashed(&mut self, server: NodeId, lost: usize, torn: Option<disk::Torn>) {
        self.meanwhile(None);
        let known = self.known(server);
        known.slow |= lost > 0;
        (known.idle, known.unsynced, known.behind) = (0, 0, false);
        known.unnotified.clear();
        let crash = match torn {
            // The surviving part of the torn write was observed as durable.
            Some(torn) => {
                self.steps.pop();
                let torn = match torn {
                    disk::Torn::Entries(entries) => syntax::Torn::Entries(entries as u32),
                    disk::Torn::Snapshot => syntax::Torn::Snapshot,
                };
                Statement::CrashTorn(server.into(), torn)
            }
            None => Statement::Crash(vec![server].into()),
        };
        self.say(crash);
    }

    fn booted(&mut self, server: NodeId, changed: Option<&Settings>) {
        self.meanwhile(None);
        let known = self.known(server);
        if !std::mem::replace(&mut known.booted, true) {
            return;
        }
        if let Some(settings) = changed {
            let before = std::mem::replace(&mut known.settings, *settings);
            let change = syntax::Settings::change(before, *settings);
            self.say(Statement::Settings(vec![server].into(), change));
        }
        self.say(Statement::Restart(vec![server].into()));
    }

    /// Counts ticks without effect; they become steps only when they matter.
    fn tick(&mut self, server: NodeId, effects: &Effects, before: &View) {
        let idle = &mut self.known(server).idle;
        *idle += 1;
        if is_idle(effects, before) {
            return;
        }
        let count = std::mem::take(idle);
        let ticks = Statement::Tick(vec![server].into(), count);
        let brief = done(server, effects, before).unwrap_or_else(|| ticks.clone());
        self.steps.push(Traced { step: Move::Do(ticks), brief: Some(Move::Do(brief)) });
    }

    fn receive(&mut self, message: &Message) {
        let coming = &mut self.known(message.to).coming;
        if let Some(place) = coming.iter().position(|other| other.says_same(message)) {
            coming.remove(place);
        } else {
            let same = |traced: &Traced| traced.step == Move::Deliver(message.said());
            self.twice.extend(self.steps.iter().rposition(same));
        }
        self.steps.push(Move::Deliver(message.said()).into());
    }

    fn propose(&mut self, server: NodeId, command: &Command, session: Option<Label>) {
        if let Some(label) = self.commands.get(&command[..]) {
            let again = Statement::Retry(server.into(), label.clone());
            return self.say(again);
        }
        let own = std::str::from_utf8(command).ok().filter(|_| self.labelled);
        let label = own.map_or_else(
            || format!("c{:0width$}", self.commands.len() + 1, width = self.width),
            str::to_owned,
        );
        let label = Label(label);
        self.commands.insert(command.to_vec(), label.clone());
        self.say(Statement::Propose { server: server.into(), commands: vec![label], session });
    }
}

impl Observer for Recorder {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Action { action } if matches!(**action, Action::Recover { .. }) => {
                self.recovery = Some(Box::new(self.clone()));
            }
            Observation::Took { event, .. } => self.event = Some(event.clone().into_owned()),
            Observation::Stepped { server, effects, before, .. } => {
                let Some(event) = self.event.take() else { return Ok(()) };
                self.stepped(*server, &event, effects, before);
                for (request, answer) in &effects.answers {
                    if let Answer::Registered(_, session) = answer
                        && let Some(label) = self.registers.get(request)
                    {
                        self.sessions.insert(*session, label.clone());
                    }
                }
            }
            Observation::Sent { message } => {
                self.known(message.to).coming.push(message.clone().into_owned());
            }
            Observation::Durable { server, write } => {
                let known = self.known(*server);
                known.unsynced = known.unsynced.saturating_sub(1);
                known.unnotified.push(write.token);
                self.say(Statement::Flush((*server).into(), 1));
            }
            Observation::Booted { server, settings, changed, .. } => {
                self.booted(*server, changed.then_some(&**settings));
            }
            Observation::Crashed { server, lost, torn, .. } => self.crashed(*server, *lost, *torn),
            Observation::Wiped { server } => self.say(Statement::Wipe(*server)),
            Observation::Lies { server, lies: true } => self.say(Statement::Lie(*server)),
            _ => {}
        }
        Ok(())
    }
}

/// True if a step had no visible effect.
fn is_idle(effects: &Effects, before: &View) -> bool {
    let Effects {
        writes,
        sends,
        held,
        restored,
        applied,
        answers,
        matched,
        refused,
        swallowed,
        passed,
        ended,
        instant: _,
        now: _,
        view,
    } = effects;
    writes.is_empty()
        && sends.is_empty()
        && held.is_empty()
        && restored.is_none()
        && applied.is_empty()
        && answers.is_empty()
        && matched.is_none()
        && refused.is_none()
        && swallowed.is_none()
        && passed.is_empty()
        && ended.is_none()
        && view == before
}

/// The effect of a tick on a server, if there is a statement for it.
fn done(server: NodeId, effects: &Effects, before: &View) -> Option<Statement> {
    let mut leaving = effects.sends.iter().chain(effects.held.iter().map(|held| &held.message));
    let asks = leaving.any(|message| matches!(message.body, Body::PreVote { .. }));
    if asks || effects.view.term > before.term {
        Some(Statement::Timeout(vec![server].into()))
    } else if before.role == Role::Leader && effects.view.role == Role::Leader {
        Some(Statement::Heartbeat(server.into()))
    } else {
        None
    }
}
