//! A seed's plan is widened: settings of Raft's features, servers that wait to be added, what clients do
//! beside plain commands, and what administrators ask for. Drawn from streams of their own, so that a seed has
//! the same weather and faults with and without them.

use super::draw::clock;
use super::{Clients, Fault, FaultClass, FaultKind, Plan, Target, Task, TaskClass, TaskKind};
use super::{Whom, Wishes};
use crate::dice::Dice;
use crate::subject::{Changes, Settings};
use crate::time::Micros;

/// Adds all of it to a plan that has servers, weather and faults.
pub(super) fn add(plan: &mut Plan, may: &impl Fn(FaultClass) -> bool, wishes: &Wishes) {
    let mut dice = Dice::stream(plan.seed, 1);
    let mut possible = [false; TaskClass::ALL.len()];
    for (class, possible) in TaskClass::ALL.iter().zip(&mut possible) {
        let drawn = dice.percent(50);
        *possible = wishes.tasks.as_ref().map_or(drawn, |wished| wished.contains(class));
    }
    let allowed = |class: TaskClass| possible[class as usize];

    let joiners = dice.pick(&[0, 1, 1, 2, 3]);
    let clocks: Vec<_> = (0..joiners).map(|_| clock(&mut dice, may(FaultClass::Clock))).collect();
    if allowed(TaskClass::Membership) {
        plan.clocks.extend(clocks);
        let mut dice = Dice::stream(plan.seed, 2);
        let Plan { clocks, members, faults, .. } = plan;
        faults.iter_mut().for_each(|fault| widen(&mut dice, fault, *members, clocks.len() as u32));
    }
    settings(&mut dice, plan);
    let notice = dice.pick(&[0, 0, 1_000, 10_000]);
    plan.sync.notice = if may(FaultClass::SlowDisk) { notice } else { 0 };
    clients(&mut dice, &mut plan.clients, &allowed);

    // Each kind of task has its own stream: a longer run does not change what comes first in it.
    let kinds: [(u64, [Micros; 3], Draw); 3] = [
        (3, [100_000, 400_000, 1_000_000], membership),
        (4, [100_000, 400_000, 1_000_000], transfer),
        (5, [20_000, 60_000, 200_000], compaction),
    ];
    for (stream, pauses, draw) in kinds {
        let tasks = tasks(Dice::stream(plan.seed, stream), plan, pauses, draw);
        plan.tasks.extend(tasks.into_iter().filter(|task| allowed(task.kind.class())));
    }
    plan.tasks.sort_by_key(|task| task.at);
    for (number, task) in (0..).zip(&mut plan.tasks) {
        task.number = number;
    }
}

/// A fault that was drawn for the first configuration takes in the servers that wait: each stands on a side
/// of a partition, and each may be the one that is hit.
fn widen(dice: &mut Dice, fault: &mut Fault, members: u32, servers: u32) {
    let joiner = dice.range(u64::from(members) + 1, u64::from(servers)) as u32;
    let hit = servers > members && dice.range(1, u64::from(servers)) > u64::from(members);
    match &mut fault.kind {
        FaultKind::Partition(groups) => {
            for server in members + 1..=servers {
                groups[dice.range(0, 1) as usize].push(server);
            }
        }
        FaultKind::OneWay(from, _) | FaultKind::Hold(_, from) if hit => *from = joiner,
        FaultKind::Isolate(target @ Target::Server(_), _)
        | FaultKind::Crash(target @ Target::Server(_), _)
            if hit =>
        {
            *target = Target::Server(joiner);
        }
        FaultKind::OneWay(..)
        | FaultKind::Hold(..)
        | FaultKind::Isolate(..)
        | FaultKind::Crash(..)
        | FaultKind::CrashAll => {}
    }
}

fn settings(dice: &mut Dice, plan: &mut Plan) {
    // On all servers, on none, or on some.
    let [pre_vote, check_quorum] = [0, 1].map(|_| {
        let (share, all) = (dice.pick(&[0, 100, 100, 50]), plan.clocks.len());
        (0..all).map(|_| dice.percent(share)).collect::<Vec<bool>>()
    });
    let tight = dice.percent(50);
    let leases = dice.percent(60);
    let chunk = dice.range(1, 64) as u32;
    let sessions = dice.range(1, 4) as u32;
    plan.settings = Settings {
        changes: dice.pick(&[Changes::Single, Changes::Joint, Changes::Shortest]),
        bytes_per_message: dice.pick(&[1, 64, 256, 1 << 20, 1 << 20, 1 << 20]) as u32,
        catch_up_rounds: dice.pick(&[1, 3, 10, 10]) as u32,
        snapshot_chunk: if dice.percent(40) { chunk } else { 1 << 16 },
        apply_limit: dice.pick(&[None, None, Some(1), Some(8), Some(1_000)]),
        sessions: if dice.percent(50) { sessions } else { 1_000 },
        ..plan.settings
    };
    plan.apply_time = dice.pick(&[1_000, 10_000, 60_000]);
    if leases && check_quorum.iter().all(|on| *on) {
        let drift = drift(plan);
        plan.settings.lease_drift = Some(if tight { drift } else { drift.max(50) });
    }
    plan.settings.pre_vote = pre_vote[0];
    plan.settings.check_quorum = check_quorum[0];
    for (server, (pre_vote, check_quorum)) in (1..).zip(pre_vote.into_iter().zip(check_quorum)) {
        let settings = Settings { pre_vote, check_quorum, ..plan.settings };
        if settings != plan.settings {
            plan.exceptions.push((server, settings));
        }
    }
}

/// By how many percent the fastest clock is faster than the slowest, rounded up.
fn drift(plan: &Plan) -> u32 {
    let ticks = plan.clocks.iter().map(|clock| clock.tick);
    let (fastest, slowest) = (ticks.clone().min().unwrap_or(1), ticks.max().unwrap_or(1));
    ((slowest * 100).div_ceil(fastest) - 100) as u32
}

fn clients(dice: &mut Dice, clients: &mut Clients, allowed: &impl Fn(TaskClass) -> bool) {
    let reads = dice.pick(&[5, 20, 50]) as u32;
    let once = dice.pick(&[10, 40, 80]) as u32;
    clients.reads = if allowed(TaskClass::Reads) { reads } else { 0 };
    clients.once = if allowed(TaskClass::Sessions) { once } else { 0 };
    clients.sessions = dice.pick(&[1, 3, 6]) as u32;
    clients.patience = dice.pick(&[30_000, 100_000, 300_000]);
}

/// Draws what is asked of whom.
type Draw = fn(&mut Dice, &Plan, &mut Configuration) -> (Whom, TaskKind);

/// Tasks of one kind, one after the other with pauses between, which are at most one of `pauses`.
fn tasks(mut dice: Dice, plan: &Plan, pauses: [Micros; 3], draw: Draw) -> Vec<Task> {
    let mut tasks = Vec::new();
    let mut configuration = Configuration::first(plan);
    let pause = dice.pick(&pauses);
    let mut at = dice.range(pause / 8, pause);
    while at < plan.duration {
        let (of, kind) = draw(&mut dice, plan, &mut configuration);
        tasks.push(Task { number: 0, at, of, kind });
        at += dice.range(pause / 8, pause);
    }
    tasks
}

/// Where administrators believe the cluster to be: every change is meant to succeed.
#[derive(Clone, Debug)]
struct Configuration {
    voters: Vec<u32>,
    learners: Vec<u32>,
}

impl Configuration {
    fn first(plan: &Plan) -> Configuration {
        Configuration { voters: (1..=plan.members).collect(), learners: Vec::new() }
    }

    /// One server, any one, comes to vote, to learn, or leaves. Somebody votes always.
    fn moved(mut self, dice: &mut Dice, plan: &Plan) -> Configuration {
        let server = any(dice, plan);
        let votes = self.voters.contains(&server);
        let learns = self.learners.contains(&server);
        self.voters.retain(|other| *other != server);
        self.learners.retain(|other| *other != server);
        match dice.range(0, 2) {
            _ if self.voters.is_empty() => self.voters.push(server),
            0 if votes => self.learners.push(server),
            0 if learns => self.voters.push(server),
            0 => self.learners.push(server),
            1 | 2 if votes => {}
            _ => self.voters.push(server),
        }
        self.voters.sort_unstable();
        self.learners.sort_unstable();
        self
    }
}

fn any(dice: &mut Dice, plan: &Plan) -> u32 {
    dice.range(1, plan.clocks.len() as u64) as u32
}

/// To add, remove, replace; a server or several; to be a learner or a voter; and back again.
fn membership(dice: &mut Dice, plan: &Plan, now: &mut Configuration) -> (Whom, TaskKind) {
    let first = Configuration::first(plan);
    let few = plan.settings.changes == Changes::Single;
    *now = match dice.range(0, 9) {
        0..=2 => first,
        3..=6 if few => first.moved(dice, plan),
        3..=6 => now.clone().moved(dice, plan),
        _ if few => now.clone().moved(dice, plan),
        7 | 8 => (0..dice.range(2, 4)).fold(now.clone(), |to, _| to.moved(dice, plan)),
        _ => (0..plan.clocks.len()).fold(first, |to, _| to.moved(dice, plan)),
    };
    let Configuration { voters, learners } = now.clone();
    let server = any(dice, plan);
    let of = dice.pick(&[Whom::Leader, Whom::Leader, Whom::Leaders, Whom::Server(server)]);
    (of, TaskKind::Membership { voters, learners })
}

fn transfer(dice: &mut Dice, plan: &Plan, _: &mut Configuration) -> (Whom, TaskKind) {
    let of = dice.pick(&[Whom::Leader, Whom::Leader, Whom::Leaders]);
    (of, TaskKind::Transfer(any(dice, plan)))
}

fn compaction(dice: &mut Dice, plan: &Plan, _: &mut Configuration) -> (Whom, TaskKind) {
    let server = Whom::Server(any(dice, plan));
    (dice.pick(&[Whom::Leader, server, server, Whom::Everybody]), TaskKind::Compaction)
}
