//! A run that fails becomes a scenario that fails by the same property, whatever the run needed for it: slow disks,
//! torn writes, state machines that lag, other settings, or faults that end without any progress.

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use raft_sim::checker::Property;
use raft_sim::model::{Body, NodeId, Term, length};
use raft_sim::plan::{Direction, Fault, FaultKind, Plan, Profile, Target};
use raft_sim::reference::Reference;
use raft_sim::scenario::replay::{Alarm, Verdict, alarm, replay};
use raft_sim::scenario::syntax::Statement;
use raft_sim::subject::{
    Boot, Capability, Effects, Event, Implementation, Role, Settings, Subject, Token, View,
};

use common::{parsed, plan, shrunk};

/// The event at which a server of [`Touchy`] has its term go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trigger {
    /// It is notified of a write before an earlier one.
    LateNotice,
    /// Its state machine has several entries to apply at once.
    Backlog,
    /// It comes back with some entries of a write, and not with all.
    HalfAWrite,
    /// It comes back with other settings.
    OtherSettings,
}

/// The reference core, but a server's term goes back when something legal happens to it.
#[derive(Debug)]
struct Touchy {
    trigger: Trigger,
    /// The last state of each server while it was up.
    known: Arc<Mutex<BTreeMap<NodeId, Known>>>,
}

/// State that outlives a crash.
#[derive(Debug)]
struct Known {
    settings: Settings,
    /// The last indexes of its writes.
    ends: Vec<u64>,
    up: bool,
}

impl Touchy {
    fn at(trigger: Trigger) -> Touchy {
        Touchy { trigger, known: Arc::default() }
    }
}

impl Implementation for Touchy {
    fn name(&self) -> &str {
        "touchy"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let last = boot.log.last().map_or(0, |entry| entry.index.get());
        // No server is up: this is another cluster, or equivalent to one.
        if known.values().all(|known| !known.up) {
            known.clear();
        }
        let fresh = Known { settings: boot.settings, ends: vec![last], up: true };
        let before = known.entry(boot.id).or_insert(fresh);
        before.up = true;
        let hit = match self.trigger {
            Trigger::HalfAWrite => last > 0 && !before.ends.contains(&last),
            Trigger::OtherSettings => before.settings != boot.settings,
            Trigger::LateNotice | Trigger::Backlog => false,
        };
        drop(known);
        let (trigger, id, known) = (self.trigger, boot.id, Arc::clone(&self.known));
        let (inner, view) = Reference.boot(boot)?;
        Ok((Box::new(Server { inner, id, trigger, hit, unnotified: Vec::new(), known }), view))
    }
}

struct Server {
    inner: Box<dyn Subject>,
    id: NodeId,
    trigger: Trigger,
    /// True if the term is to go back at the next step.
    hit: bool,
    /// Writes that it has not been notified of, in order.
    unnotified: Vec<Token>,
    known: Arc<Mutex<BTreeMap<NodeId, Known>>>,
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        if let Event::Persisted(token) = &event {
            self.hit |=
                self.trigger == Trigger::LateNotice && self.unnotified.first() != Some(token);
            self.unnotified.retain(|other| other != token);
        }
        let behind = length(effects.view.commit).saturating_sub(length(effects.view.applied));
        self.hit |= self.trigger == Trigger::Backlog && matches!(event, Event::Apply) && behind > 1;
        self.inner.step(event, effects);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for write in &effects.writes {
            self.unnotified.push(write.token);
            if let (Some(log), Some(known)) = (&write.log, known.get_mut(&self.id)) {
                known.ends.push(log.from.get() + log.entries.len() as u64 - 1);
            }
        }
        if self.hit && effects.view.term > Term(0) {
            effects.view.term = Term(0);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get_mut(&self.id) {
            known.up = false;
        }
    }
}

/// The reference core, but followers never learn what is committed.
#[derive(Debug)]
struct Uninformed;

struct Follower(Box<dyn Subject>);

impl Implementation for Uninformed {
    fn name(&self) -> &str {
        "uninformed"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Reference.boot(boot)?;
        Ok((Box::new(Follower(server)), view))
    }
}

impl Subject for Follower {
    fn step(&mut self, mut event: Event, effects: &mut Effects) {
        if let Event::Receive(message) = &mut event
            && let Body::AppendEntries { commit, .. } = &mut message.body
        {
            *commit = None;
        }
        self.0.step(event, effects);
    }
}

/// The reference core, but a leader misses three of four ticks: its leases last four times as long.
#[derive(Debug)]
struct Drowsy;

struct Leader {
    inner: Box<dyn Subject>,
    ticks: u32,
}

impl Implementation for Drowsy {
    fn name(&self) -> &str {
        "drowsy"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (inner, view) = Reference.boot(boot)?;
        Ok((Box::new(Leader { inner, ticks: 0 }), view))
    }
}

impl Subject for Leader {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        if matches!(event, Event::Tick) && effects.view.role == Role::Leader {
            self.ticks += 1;
            if !self.ticks.is_multiple_of(4) {
                return;
            }
        }
        self.inner.step(event, effects);
    }
}

/// The scenario of the first seed from this one on that violates a property.
fn scenario(
    plan: &dyn Fn(u64) -> Plan,
    from: u64,
    property: Property,
    broken: &dyn Implementation,
) -> String {
    let (_, shrunk) = shrunk(plan, from, property, broken);
    assert_eq!(shrunk.property, property);
    shrunk.scenario.expect("exact steps show it")
}

/// A text that makes a touchy server's term go back, and passes on the reference core.
fn touched(profile: Profile, from: u64, trigger: Trigger) -> String {
    let broken = Touchy::at(trigger);
    let text = scenario(&|seed| plan(profile, seed), from, Property::Monotonicity, &broken);
    let scenario = parsed(&text);
    let seen = alarm(&scenario, &broken);
    assert!(
        matches!(&seen, Some(Alarm::Violation(seen)) if seen.property == Property::Monotonicity),
        "{seen:?}\n{text}"
    );
    assert_eq!(replay(&scenario, &Reference, &mut ()), Verdict::Passed, "{text}");
    assert!(scenario.steps.len() <= 25, "{text}");
    text
}

#[test]
fn a_late_notice_of_a_slow_disk_becomes_a_statement() {
    let text = touched(Profile::Disk, 2, Trigger::LateNotice);
    assert!(text.contains("\nstall ") && text.contains("#2"), "{text}");
}

#[test]
fn a_state_machine_that_lags_becomes_a_statement() {
    let text = touched(Profile::Swarm, 1, Trigger::Backlog);
    assert!(text.contains("apply-queue") && text.contains("apply  "), "{text}");
}

#[test]
fn a_torn_write_becomes_a_statement() {
    let text = touched(Profile::Disk, 213, Trigger::HalfAWrite);
    assert!(text.contains(" torn "), "{text}");
}

#[test]
fn a_restart_with_other_settings_becomes_a_statement() {
    let text = touched(Profile::Process, 1, Trigger::OtherSettings);
    let statements = text.split_once("\n\n").expect("statements come behind an empty line").1;
    assert!(statements.contains("settings "), "{text}");
}

#[test]
fn missing_progress_becomes_an_expectation_in_the_last_line() {
    let text = scenario(&|seed| plan(Profile::Swarm, seed), 0, Property::Convergence, &Uninformed);
    let scenario = parsed(&text);
    assert_eq!(alarm(&scenario, &Uninformed), Some(Alarm::Overdue), "{text}");
    assert_eq!(replay(&scenario, &Reference, &mut ()), Verdict::Passed, "{text}");
    assert!(
        text.trim_end().lines().last().is_some_and(|last| last.starts_with("within ")),
        "{text}"
    );
}

/// Clocks that drift apart make reads from a lease stale in any Raft.
#[test]
fn a_lease_that_lasts_too_long_is_shown_in_ticks_of_equal_clocks() {
    let isolated = Fault {
        at: 150_000,
        until: 400_000,
        trigger: None,
        ending: None,
        kind: FaultKind::Isolate(Target::Leader, Direction::Both),
    };
    let leased = |seed| {
        let mut plan = plan(Profile::Calm, seed);
        plan.settings = Settings {
            election_timeout: (5, 10),
            check_quorum: true,
            lease_drift: Some(50),
            ..Settings::default()
        };
        plan.exceptions.clear();
        (plan.clients.reads, plan.clients.wander, plan.clients.interval) = (50, 50, 2_000);
        (plan.faults, plan.admin_ops) = (vec![isolated.clone()], Vec::new());
        plan
    };
    let text = scenario(&leased, 8, Property::Reads, &Drowsy);
    assert!(text.contains("lease-reads 50%") && !text.contains("\ntimeout "), "{text}");
    let scenario = parsed(&text);
    let ticks = |server: &NodeId| -> u32 {
        let statements = scenario.steps.iter().map(|step| &step.statement);
        statements.filter_map(|statement| ticks_of(statement, *server)).sum()
    };
    let ticks: Vec<u32> = scenario.header.servers.iter().map(ticks).collect();
    assert!(ticks.iter().max() <= ticks.iter().min().map(|least| least + 2).as_ref(), "{text}");
    assert_eq!(alarm(&scenario, &Reference), None, "{text}");
}

/// The number of times that a server's clock ticks here.
fn ticks_of(statement: &Statement, server: NodeId) -> Option<u32> {
    if let Statement::Tick(servers, count) = statement
        && servers.contains(&server)
    {
        Some(*count)
    } else {
        None
    }
}
