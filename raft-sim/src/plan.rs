//! The plan: everything about a run that is decided before it starts, as plain data.
//!
//! A seed expands to a plan ([`Plan::draw`]). A plan can as well be written by hand or drawn by a property
//! test: running it asks nothing of where it came from. Each fault is whole in itself (it begins, and it
//! ends), so any of them can be taken out and the rest still means the same.

use serde::{Deserialize, Serialize};

use crate::cluster::TICK;
use crate::dice::Dice;
use crate::disk::SyncTime;
use crate::network::{Delay, Weather};
use crate::subject::Settings;
use crate::time::Micros;
use crate::words::NodeId;

/// Everything that is decided before a run starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Seed of what is drawn while running: delays, losses, sync times, client's choices.
    pub seed: u64,
    /// How long it runs, in virtual microseconds.
    pub duration: Micros,
    /// The servers' timing and limits.
    pub settings: Settings,
    /// Each server's clock; their number is the number of servers.
    pub clocks: Vec<Clock>,
    /// What the network does to every message.
    pub weather: Weather,
    /// How long the disks take.
    pub sync: SyncTime,
    /// Whether what was applied survives a crash.
    pub durable_state_machine: bool,
    /// What the clients do.
    pub clients: Clients,
    /// What goes wrong, in order of `at`.
    pub faults: Vec<Fault>,
}

/// A server's clock, in virtual microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Between two of its ticks; 10,000 is the nominal rate.
    pub tick: Micros,
    /// Its first tick.
    pub first: Micros,
}

/// The clients: each proposal goes to a random server or to the last known leader, and follows hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clients {
    /// Virtual microseconds between two proposals.
    pub interval: Micros,
    /// Bytes of a command, at least 8.
    pub size: u32,
    /// Percent of proposals that go to a random server although a leader is known.
    pub wander: u32,
}

/// Something that goes wrong for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When it begins.
    pub at: Micros,
    /// When it ends: links heal, held messages leave, the server restarts.
    pub until: Micros,
    /// What it is.
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Only servers that share a group can talk. A server in several groups is a bridge; one in none is
    /// alone.
    Partition(Vec<Vec<u32>>),
    /// Nothing gets from the first server to the second.
    OneWay(u32, u32),
    /// A server can't send, can't receive, or neither.
    Isolate(Target, Direction),
    /// What the first server sends to the second stays in flight until the fault ends.
    Hold(u32, u32),
    /// A server loses its power. Of its writes that were not durable, this many survive, oldest first.
    Crash(Target, u32),
    /// All servers lose their power at once.
    CrashAll,
}

/// Whom a fault hits; looked up when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// This server.
    Server(u32),
    /// The live leader of the highest term; nobody if there is none.
    Leader,
}

/// Which way an isolated server is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// What it sends is lost.
    Outgoing,
    /// What is sent to it is lost.
    Incoming,
    /// Both.
    Both,
}

/// A class of faults that a run may have; `--faults` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum FaultClass {
    /// messages are lost
    Loss,
    /// messages arrive twice
    Duplicate,
    /// halves, minorities and bridges
    Partition,
    /// links that work in one direction only
    OneWay,
    /// one server, often the leader, is cut off
    Isolate,
    /// messages of a link are held back and arrive late
    Hold,
    /// servers lose their power and restart
    Crash,
    /// writes take time to become durable
    SlowDisk,
    /// clocks run at different rates
    Clock,
}

impl FaultClass {
    /// All of them.
    pub const ALL: [FaultClass; 9] = [
        FaultClass::Loss,
        FaultClass::Duplicate,
        FaultClass::Partition,
        FaultClass::OneWay,
        FaultClass::Isolate,
        FaultClass::Hold,
        FaultClass::Crash,
        FaultClass::SlowDisk,
        FaultClass::Clock,
    ];
}

/// What may be said about a plan beside its seed.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// How many servers, 1 to 9; drawn if not said (mostly three or five).
    pub servers: Option<u32>,
    /// How long, in virtual milliseconds; 5,000 if not said.
    pub duration_ms: Option<u64>,
    /// Which faults may happen; if not said, each may with even chances.
    pub faults: Option<Vec<FaultClass>>,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn draw(seed: u64, wishes: &Wishes) -> Plan {
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
        };
        let mut plan = Plan {
            seed,
            duration,
            settings,
            clocks,
            weather,
            sync: SyncTime { min: sync_max / 8, max: sync_max },
            durable_state_machine: dice.percent(25),
            clients,
            faults: Vec::new(),
        };
        plan.faults = faults(&mut dice, servers, duration, &may);
        plan
    }

    /// All servers, in order.
    pub fn servers(&self) -> impl Iterator<Item = NodeId> + use<> {
        (1..=self.clocks.len() as u32).map(NodeId)
    }
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

fn clock(dice: &mut Dice, uneven: bool) -> Clock {
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
