//! Faults, one after the other, drawn from a seed.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use raft_node::types::Members;
use rustix::process::Signal;

use crate::namespace;
use crate::proxy::{Link, Mode};
use crate::rng::Rng;
use crate::servers::Servers;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A server is killed, and starts again.
    Kill,
    /// The leader is killed, and starts again.
    KillLeader,
    /// All servers are killed at once, and start again.
    KillAll,
    /// The leader is paused (SIGSTOP), and goes on.
    PauseLeader,
    /// A server is cut off from all others.
    Isolate,
    /// Nothing that the leader sends arrives; it still hears the others.
    MuteLeader,
    /// All links are slow.
    Slow,
    /// All links lose, repeat and reorder.
    Shuffle,
    /// Nothing but elections gets through, and a server is killed then.
    KillVoter,
    /// A server ends in order, and starts again.
    Restart,
    /// A voter becomes a learner, and a voter again.
    Change,
    /// The packets from and to a server vanish; connections stay open.
    Vanish,
    /// The packets on the connections that the leader has made vanish; it still hears the others.
    VanishFromLeader,
    /// The file system of a server is full for a while.
    FullDisk,
    /// Syncs of a server fail now and then; it ends, and starts again.
    FailingDisk,
    /// The clocks of a server jump forward, or that of the day alone does, or goes back.
    Clock,
}

impl Fault {
    /// All kinds that can be had.
    pub(crate) fn all() -> Vec<Fault> {
        let system: &[Fault] = if namespace::is_there() { &Fault::SYSTEM } else { &[] };
        [&Fault::ALL, system].concat()
    }

    /// Those that need a namespace.
    const SYSTEM: [Fault; 5] =
        [Fault::Vanish, Fault::VanishFromLeader, Fault::FullDisk, Fault::FailingDisk, Fault::Clock];

    /// Those that need none.
    const ALL: [Fault; 11] = [
        Fault::Kill,
        Fault::KillLeader,
        Fault::KillAll,
        Fault::PauseLeader,
        Fault::Isolate,
        Fault::MuteLeader,
        Fault::Slow,
        Fault::Shuffle,
        Fault::KillVoter,
        Fault::Restart,
        Fault::Change,
    ];
}

/// What makes faults.
pub(crate) struct Nemesis<'a> {
    rng: Rng,
    faults: &'a [Fault],
    done: BTreeMap<Fault, u32>,
}

impl<'a> Nemesis<'a> {
    pub(crate) fn new(seed: u64, faults: &'a [Fault]) -> Nemesis<'a> {
        Nemesis { rng: Rng::new(seed), faults, done: BTreeMap::new() }
    }

    /// Makes faults, each followed by a time without one, until the time is over.
    pub(crate) fn run(&mut self, servers: &mut Servers, time: Duration) {
        let end = Instant::now() + time;
        // Each kind comes once before any comes again.
        let mut left: Vec<Fault> = Vec::new();
        self.pause(800, 1_200);
        while Instant::now() < end {
            if left.is_empty() {
                left = self.faults.to_vec();
            }
            let fault = left.swap_remove(self.rng.below(left.len() as u64) as usize);
            self.make(servers, fault);
            *self.done.entry(fault).or_default() += 1;
            self.pause(100, 700);
        }
    }

    /// Makes all whole again.
    pub(crate) fn end(&self, servers: &mut Servers) {
        servers.heal();
        for id in 1..=servers.count() {
            servers.signal(id, Signal::CONT);
            servers.run(id);
        }
    }

    pub(crate) fn summary(&self) -> String {
        let all: Vec<String> =
            self.done.iter().map(|(fault, count)| format!("{fault:?} {count}")).collect();
        all.join(", ")
    }

    fn pause(&mut self, least: u64, most: u64) {
        sleep(Duration::from_millis(least + self.rng.below(most - least)));
    }

    fn make(&mut self, servers: &mut Servers, fault: Fault) {
        let count = servers.count();
        let any = 1 + self.rng.below(u64::from(count)) as u32;
        let leader = || servers.leader().unwrap_or(any);
        match fault {
            Fault::Kill => self.kill(servers, any),
            Fault::KillLeader => {
                let leader = leader();
                self.kill(servers, leader);
            }
            Fault::KillAll => {
                (1..=count).for_each(|id| servers.kill(id));
                (1..=count).for_each(|id| servers.run(id));
            }
            Fault::PauseLeader => {
                let leader = leader();
                servers.signal(leader, Signal::STOP);
                self.pause(300, 1_500);
                servers.signal(leader, Signal::CONT);
            }
            Fault::Isolate => {
                let links = servers.links.iter().filter(|link| link.from == any || link.to == any);
                links.for_each(|link| link.set(Mode::Cut));
                self.pause(400, 1_200);
                servers.heal();
            }
            Fault::MuteLeader => {
                let leader = leader();
                let links = servers.links.iter().filter(|link| link.from == leader);
                links.for_each(|link| link.set(Mode::Cut));
                self.pause(400, 1_200);
                servers.heal();
            }
            Fault::Slow | Fault::Shuffle => {
                let most = *self.rng.pick(&[5, 20, 60]);
                let mode = if fault == Fault::Slow { Mode::Slow(most) } else { Mode::Shuffled };
                servers.links.iter().for_each(|link| link.set(mode));
                self.pause(400, 1_500);
                servers.heal();
            }
            Fault::KillVoter => {
                servers.links.iter().for_each(|link| link.set(Mode::ElectionsOnly));
                self.pause(600, 1_200);
                servers.kill(any);
                servers.run(any);
                self.pause(300, 600);
                servers.heal();
            }
            Fault::Restart => {
                servers.stop(any);
                self.pause(50, 400);
                servers.run(any);
            }
            Fault::Change => self.change(servers, any),
            Fault::Vanish => self.vanish(servers, |link| link.from == any || link.to == any),
            Fault::VanishFromLeader => {
                let leader = leader();
                self.vanish(servers, |link| link.from == leader);
            }
            Fault::FullDisk => {
                namespace::fill(&servers.data(), any);
                // Some segments and a snapshot long.
                self.pause(3_000, 6_000);
                namespace::make_room(&servers.data(), any);
            }
            Fault::FailingDisk => {
                servers.kill(any);
                servers.run_with(any, namespace::failing());
                self.pause(1_000, 3_000);
                self.kill(servers, any);
            }
            Fault::Clock => self.jump(servers, any),
        }
    }

    fn kill(&mut self, servers: &mut Servers, id: u32) {
        servers.kill(id);
        self.pause(50, 800);
        servers.run(id);
    }

    /// Longer than a server waits for a word from a peer.
    fn vanish(&mut self, servers: &Servers, lost: impl Fn(&Link) -> bool) {
        let links = servers.links.iter().filter(|link| lost(link));
        let ports: Vec<u16> = links.map(|link| link.address.port()).collect();
        namespace::lose(&ports);
        self.pause(500, 4_000);
        namespace::find();
    }

    fn jump(&mut self, servers: &mut Servers, id: u32) {
        let file = servers.directory.join(format!("clock-{id}"));
        namespace::set(&file, 0);
        // What is called monotonic does not go back.
        let day = self.rng.below(2) == 0;
        servers.kill(id);
        servers.run_with(id, namespace::clock(&file, day));
        self.pause(500, 1_500);
        let far = *self.rng.pick(&[1, 7, 3_600]);
        let back = day && self.rng.below(2) == 0;
        namespace::set(&file, if back { -far } else { far });
        self.pause(1_200, 2_500);
        self.kill(servers, id);
    }

    /// Either change may fail, or be given up: there may be no leader in time.
    fn change(&mut self, servers: &Servers, learner: u32) {
        let mut client = servers.client(Duration::from_secs(3));
        let all = 1..=servers.count();
        let voters = all.clone().filter(|id| *id != learner).collect();
        let less = Members { voters, learners: vec![learner], ..Members::default() };
        let _ = client.set_members(&less);
        self.pause(50, 300);
        let _ = client.set_members(&Members { voters: all.collect(), ..Members::default() });
    }
}
