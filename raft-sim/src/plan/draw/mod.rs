//! Draws the plan of a seed. Everything has its own stream, and is drawn even if an option overrides it: an option
//! changes only the part that it names.

mod admin_ops;
mod faults;
mod settings;

use super::{
    AdminClass, Clients, Clock, Draw, FaultClass, Plan, PlanOptions, Profile, able, healing,
};
use crate::disk::SyncTime;
use crate::network::{Conditions, Delay};
use crate::rng::PlanRng;
use crate::subject::Settings;
use crate::time::{Micros, TICK};

/// Streams of a seed. [`PlanRng::new`] is the stream 0: the number of servers, and the duration.
pub(super) const DRAW: u64 = 1;
const SETTINGS: u64 = 2;
const LEADERS: u64 = 3;
const CONDITIONS: u64 = 4;
const HOSTS: u64 = 5;
const CLOCKS: u64 = 6;
const CLIENTS: u64 = 7;
/// One stream for each class of admin operations, and one for each class of faults.
const ADMIN_OPS: u64 = 16;
const FAULTS: u64 = 32;

/// Most servers that wait to be added.
const MOST_JOINERS: u64 = 3;

/// The part of a plan that is drawn first.
struct Scale {
    draw: Draw,
    /// The number of servers in the first configuration.
    members: u32,
    /// The number of additional servers if configurations change.
    joiners: u32,
    /// The duration, unless an option sets it.
    duration: Micros,
}

/// The plan of a seed.
pub(super) fn plan(seed: u64, plan_options: &PlanOptions) -> Plan {
    let draw = Draw::of(seed, plan_options);
    let mut rng = PlanRng::new(seed);
    let members = members(&mut rng, draw.profile);
    let drawn = rng.pick(&[300, 500, 800, 1_200, 2_000, 3_000]) * 1_000;
    let joiners = rng.pick(&[0, 1, 1, 2, MOST_JOINERS as u32]);
    let settings = settings::common(seed, draw.profile);
    // Long enough for a few elections.
    let duration = drawn.max(4 * u64::from(settings.election_timeout.1) * TICK);
    let scale = Scale { draw, members: plan_options.servers.unwrap_or(members), joiners, duration };
    let mut plan = Plan {
        seed,
        duration: plan_options.duration_ms.map_or(duration, |ms| ms * 1_000),
        settings,
        exceptions: Vec::new(),
        clocks: clocks(seed, &scale),
        members: scale.members,
        conditions: conditions(seed, &scale.draw, &settings),
        sync: SyncTime { min: 0, max: 0, notice: 0 },
        apply_time: 0,
        durable_state_machine: false,
        clients: clients(seed, &scale, &settings),
        faults: Vec::new(),
        admin_ops: Vec::new(),
        healing: None,
        most_steps: plan_options.most_steps,
        set_aside: plan_options.set_aside.clone(),
    };
    hosts(&mut plan, &scale.draw);
    settings::leaders(&mut plan, &scale);
    plan.faults = faults::all(&plan, &scale);
    plan.admin_ops = admin_ops::all(&plan, &scale);
    if let Some(capabilities) = &plan_options.capabilities {
        able::limit(&mut plan, capabilities);
    }
    plan.healing = healing::draw(&plan, plan_options);
    plan
}

fn members(rng: &mut PlanRng, profile: Profile) -> u32 {
    let few = rng.pick(&[2, 2, 3, 3, 3, 3, 4, 5]);
    let some = rng.pick(&[1, 1, 2, 2, 3, 3, 3, 4, 4, 5]);
    let any = rng.pick(&[1, 1, 2, 2, 3, 3, 3, 3, 3, 4, 4, 5, 5, 5, 5, 6, 7]);
    let many = rng.percent(2);
    match profile {
        Profile::Elections => few,
        Profile::Membership | Profile::Snapshots | Profile::Clock => some,
        Profile::Calm | Profile::Network if many => 9,
        Profile::Swarm
        | Profile::Network
        | Profile::Disk
        | Profile::Process
        | Profile::Clients
        | Profile::Calm => any,
    }
}

fn conditions(seed: u64, draw: &Draw, settings: &Settings) -> Conditions {
    let mut rng = PlanRng::stream(seed, CONDITIONS);
    let low = rng.pick(&[100, 500, 1_000, 1_000, 3_000, 10_000]);
    let high = low * rng.pick(&[2, 10, 20]);
    // Only in few seeds do messages take as long as an election timeout: replies then arrive terms too late, and
    // elections rarely succeed.
    let limit =
        if rng.percent(8) { high } else { u64::from(settings.election_timeout.0) * TICK / 3 };
    let (low, high) = (low.min(limit / 2), high.min(limit));
    let delay = match rng.range(0, 4) {
        0 => Delay::Fixed(low),
        1 => Delay::HeavyTail(low, high),
        2 => Delay::Exponential(low),
        _ => Delay::Uniform(low, high),
    };
    let loss = rng.pick(&[1_000, 10_000, 50_000, 200_000]) as u32;
    let duplicate = rng.pick(&[1_000, 10_000, 100_000, 300_000]) as u32;
    Conditions {
        delay,
        loss_ppm: if draw.has(FaultClass::Loss) { loss } else { 0 },
        duplicate_ppm: if draw.has(FaultClass::Duplicate) { duplicate } else { 0 },
    }
}

/// The clocks of all servers, including those that wait to be added.
fn clocks(seed: u64, scale: &Scale) -> Vec<Clock> {
    let mut rng = PlanRng::stream(seed, CLOCKS);
    let joiners = if scale.draw.does(AdminClass::Membership) { scale.joiners } else { 0 };
    let uneven = scale.draw.has(FaultClass::Clock);
    let clock = |_| {
        let first = rng.range(1, TICK);
        let tick = rng.range(TICK * 8 / 10, TICK * 12 / 10);
        Clock { tick: if uneven { tick } else { TICK }, first }
    };
    (0..scale.members + joiners).map(clock).collect()
}

/// Draws disks and state machines.
fn hosts(plan: &mut Plan, draw: &Draw) {
    let mut rng = PlanRng::stream(plan.seed, HOSTS);
    let max = rng.range(1, 4) * rng.pick(&[500, 2_000, 2_000, 5_000]);
    let notice = rng.pick(&[0, 0, 1_000, 10_000]);
    if draw.has(FaultClass::SlowDisk) {
        plan.sync = SyncTime { min: max / 8, max, notice };
    }
    plan.apply_time = rng.pick(&[1_000, 10_000, 60_000]);
    plan.durable_state_machine = rng.percent(25);
}

/// Draws the clients. The interval between requests is such that the run has about the intended number of steps.
fn clients(seed: u64, scale: &Scale, settings: &Settings) -> Clients {
    let mut rng = PlanRng::stream(seed, CLIENTS);
    let steps: u64 = rng.pick(&[1_500, 3_000, 5_000, 7_000, 9_000]);
    let others = u64::from(scale.members) - 1;
    // Ticks, and heartbeats with their answers. Then a request, the messages that the leader sends for it, and the
    // answers.
    let idle = scale.duration / TICK
        * (u64::from(scale.members) + 2 * others / u64::from(settings.heartbeat));
    let each = 1 + 2 * others;
    let interval = scale.duration * each / steps.saturating_sub(idle).max(steps / 6);
    let reads = rng.pick(&[5, 20, 50]) as u32;
    let once = rng.pick(&[10, 40, 80]) as u32;
    Clients {
        interval: interval.clamp(800, 100_000),
        size: rng.pick(&[8, 16, 64]) as u32,
        wander: rng.pick(&[0, 10, 10, 50]) as u32,
        reads: if scale.draw.does(AdminClass::Reads) { reads } else { 0 },
        once: if scale.draw.does(AdminClass::Sessions) { once } else { 0 },
        sessions: rng.pick(&[1, 3, 6]) as u32,
        patience: rng.pick(&[10_000, 30_000, 100_000, 300_000]),
        only: None,
    }
}
