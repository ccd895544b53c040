//! Faults, one after the other, drawn from a seed.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use raft_node::types::Members;
use rustix::process::Signal;

use crate::proxy::Mode;
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
}

impl Fault {
    pub(crate) const ALL: [Fault; 11] = [
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
        }
    }

    fn kill(&mut self, servers: &mut Servers, id: u32) {
        servers.kill(id);
        self.pause(50, 800);
        servers.run(id);
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
