//! A seed becomes a plan: servers, weather, clients and faults. What a run makes of Raft's features is
//! drawn in `features`, from streams of its own.

use super::features;
use super::{Clients, Clock, Direction, Fault, FaultClass, FaultKind, Plan, Target, Wishes};
use crate::cluster::TICK;
use crate::dice::Dice;
use crate::disk::SyncTime;
use crate::network::{Delay, Weather};
use crate::subject::Settings;
use crate::time::Micros;

/// The plan of a seed.
pub(super) fn plan(seed: u64, wishes: &Wishes) -> Plan {
    let mut dice = Dice::new(seed);
    // Everything is drawn whether it is wished otherwise or not: a wish then changes what it names only.
    let drawn_servers = dice.pick(&[3, 5, 3, 5, 3, 5, 3, 5, 2, 4, 7, 1]);
    let servers = wishes.servers.unwrap_or(drawn_servers);
    let duration = wishes.duration_ms.unwrap_or(5_000) * 1_000;
    let mut possible = [false; FaultClass::ALL.len()];
    for (class, possible) in FaultClass::ALL.iter().zip(&mut possible) {
        let drawn = dice.percent(50);
        *possible = wishes.faults.as_ref().map_or(drawn, |wished| wished.contains(class));
    }
    let may = |class: FaultClass| possible[class as usize];

    let settings = settings(&mut dice, seed);
    let weather = weather(&mut dice, &may);
    let slow = dice.range(1, 4) * 2_000;
    let sync_max = if may(FaultClass::SlowDisk) { slow } else { 0 };
    let clocks = (0..servers).map(|_| clock(&mut dice, may(FaultClass::Clock))).collect();
    let clients = Clients {
        interval: dice.pick(&[1_000, 5_000, 20_000]),
        size: dice.pick(&[8, 16, 64]) as u32,
        wander: 10,
        reads: 0,
        once: 0,
        sessions: 0,
        patience: 0,
    };
    let mut plan = Plan {
        seed,
        duration,
        settings,
        exceptions: Vec::new(),
        clocks,
        members: servers,
        weather,
        sync: SyncTime { min: sync_max / 8, max: sync_max, notice: 0 },
        apply_time: 0,
        durable_state_machine: dice.percent(25),
        clients,
        faults: Vec::new(),
        tasks: Vec::new(),
    };
    plan.faults = faults(&mut dice, servers, duration, &may);
    features::add(&mut plan, &may, wishes);
    plan
}

fn settings(dice: &mut Dice, seed: u64) -> Settings {
    let entries_per_message = dice.pick(&[1, 2, 8, 64, 64]) as u32;
    let shortest = dice.pick(&[5, 10, 10, 15]) as u32;
    let width = dice.pick(&[5, 10, 10, 20]) as u32;
    Settings {
        seed,
        election_timeout: (shortest, shortest + width),
        heartbeat: dice.pick(&[1, 1, 2, 3]) as u32,
        entries_per_message,
        window: entries_per_message * dice.pick(&[1, 4, 16]) as u32,
        uncommitted_limit: dice.pick(&[8, 256, 65_536]) as u32,
        ..Settings::default()
    }
}

fn weather(dice: &mut Dice, may: &impl Fn(FaultClass) -> bool) -> Weather {
    // The slowest take as long as an election timeout: replies then come terms too late.
    let low = dice.pick(&[100, 500, 1_000, 1_000, 10_000]);
    let high = low * dice.pick(&[2, 10, 20]);
    let delay = match dice.range(0, 3) {
        0 => Delay::Fixed(low),
        1 => Delay::HeavyTail(low, high),
        _ => Delay::Uniform(low, high),
    };
    let loss = dice.pick(&[1_000, 10_000, 50_000]) as u32;
    let duplicate = dice.pick(&[1_000, 10_000, 100_000]) as u32;
    Weather {
        delay,
        loss_ppm: if may(FaultClass::Loss) { loss } else { 0 },
        duplicate_ppm: if may(FaultClass::Duplicate) { duplicate } else { 0 },
    }
}

pub(super) fn clock(dice: &mut Dice, uneven: bool) -> Clock {
    let first = dice.range(1, TICK);
    let tick = dice.range(TICK * 8 / 10, TICK * 12 / 10);
    Clock { tick: if uneven { tick } else { TICK }, first }
}

/// Faults come one after the other with pauses between, and may overlap.
fn faults(
    dice: &mut Dice,
    servers: u32,
    duration: Micros,
    may: &impl Fn(FaultClass) -> bool,
) -> Vec<Fault> {
    let kinds = [
        FaultClass::Partition,
        FaultClass::OneWay,
        FaultClass::Isolate,
        FaultClass::Hold,
        FaultClass::Crash,
    ];
    let mut faults = Vec::new();
    let pause = dice.pick(&[100_000, 300_000, 800_000]);
    let mut at = dice.range(50_000, pause);
    while at < duration {
        let class = dice.pick(&kinds);
        let length = dice.pick(&[20_000, 60_000, 200_000, 200_000, 600_000]);
        let kind = fault(dice, class, servers);
        let until = at + dice.range(length / 4, length);
        // One server alone has no links.
        if may(class) && (servers > 1 || class == FaultClass::Crash) {
            faults.push(Fault { at, until, kind });
        }
        at += dice.range(pause / 8, pause);
    }
    faults
}

fn fault(dice: &mut Dice, class: FaultClass, servers: u32) -> FaultKind {
    let any = |dice: &mut Dice| dice.range(1, u64::from(servers)) as u32;
    let target = |dice: &mut Dice| {
        let server = any(dice);
        if dice.percent(60) { Target::Leader } else { Target::Server(server) }
    };
    let link = |dice: &mut Dice| {
        let from = any(dice);
        let step = dice.range(1, u64::from(servers.max(2)) - 1) as u32;
        (from, (from - 1 + step) % servers + 1)
    };
    match class {
        FaultClass::Partition => {
            let mut groups = vec![Vec::new(), Vec::new()];
            let bridge = if dice.percent(25) { Some(any(dice)) } else { None };
            for server in 1..=servers {
                let side = dice.range(0, 1) as usize;
                groups[side].push(server);
                if bridge == Some(server) {
                    groups[1 - side].push(server);
                }
            }
            FaultKind::Partition(groups)
        }
        FaultClass::OneWay => {
            let (from, to) = link(dice);
            FaultKind::OneWay(from, to)
        }
        FaultClass::Isolate => {
            let direction = dice.pick(&[Direction::Both, Direction::Outgoing, Direction::Incoming]);
            FaultKind::Isolate(target(dice), direction)
        }
        FaultClass::Hold => {
            let (from, to) = link(dice);
            FaultKind::Hold(from, to)
        }
        FaultClass::Crash if dice.percent(10) => FaultKind::CrashAll,
        FaultClass::Crash => FaultKind::Crash(target(dice), dice.range(0, 3) as u32),
        FaultClass::Loss | FaultClass::Duplicate | FaultClass::SlowDisk | FaultClass::Clock => {
            unreachable!("these are weather, not events")
        }
    }
}
