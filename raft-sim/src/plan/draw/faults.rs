//! Faults: each class has a stream of its own, in which one comes after the other with pauses between. They may
//! overlap, and so may those of different classes.

use super::settings::renewed;
use super::{FAULTS, Scale};
use crate::dice::Dice;
use crate::disk::Survives;
use crate::network::Kinds;
use crate::plan::{Direction, Fault, FaultClass, FaultKind, Moment, Plan, Profile, Target};
use crate::time::{Micros, TICK};
use crate::words::NodeId;

/// All faults of a plan that has servers and settings, in order.
pub(super) fn all(plan: &Plan, scale: &Scale) -> Vec<Fault> {
    let mut faults = Vec::new();
    for class in FaultClass::ALL {
        if scale.draw.has(class) {
            let dice = Dice::stream(plan.seed, FAULTS + class as u64);
            faults.extend(Source { dice, class, plan, scale, next: 0 }.all());
        }
    }
    faults.sort_by_key(|fault| fault.at);
    faults
}

/// Draws the faults of one class.
struct Source<'a> {
    dice: Dice,
    class: FaultClass,
    plan: &'a Plan,
    scale: &'a Scale,
    /// Whose turn it is, where servers take turns.
    next: u32,
}

impl Source<'_> {
    fn all(mut self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let pause = self.dice.pick(match self.scale.draw.profile {
            Profile::Elections => &[100_000, 200_000, 400_000],
            Profile::Calm => &[600_000, 1_500_000],
            Profile::Swarm
            | Profile::Network
            | Profile::Disk
            | Profile::Process
            | Profile::Clock
            | Profile::Membership
            | Profile::Snapshots
            | Profile::Clients => &[100_000, 250_000, 600_000, 1_500_000],
        });
        let rolling = self.dice.percent(50);
        let mut at = self.dice.range(pause / 8, pause);
        while at < self.plan.duration {
            let length = self.length();
            let deposed = self.dice.pick(&[None, Some(Moment::Leads), Some(Moment::Commits)]);
            let moment = self.moment();
            let target = self.target(moment);
            // There is one mostly when another one leads.
            let moment = if target == Target::Deposed { deposed } else { moment };
            let kind = self.kind(target, rolling);
            if let Some(kind) = kind.filter(|kind| self.makes_sense(kind)) {
                faults.push(Fault { at, until: at + length, moment, kind });
            }
            at += self.dice.range(pause / 8, pause);
        }
        faults
    }

    /// Mostly short: many terms in little time.
    fn length(&mut self) -> Micros {
        let short = self.dice.pick(&[5_000, 20_000, 20_000, 60_000, 200_000]);
        let long = self.dice.pick(&[20_000, 60_000, 200_000, 200_000, 600_000]);
        let most = match self.class {
            _ if self.scale.draw.profile == Profile::Elections => short,
            FaultClass::Crash
            | FaultClass::CrashAtWrite
            | FaultClass::Renew
            | FaultClass::Pause
            | FaultClass::Wipe => short,
            FaultClass::Loss
            | FaultClass::Duplicate
            | FaultClass::Partition
            | FaultClass::OneWay
            | FaultClass::Isolate
            | FaultClass::Flap
            | FaultClass::Hold
            | FaultClass::Vault
            | FaultClass::SlowLink
            | FaultClass::FullDisk
            | FaultClass::SlowDisk
            | FaultClass::Clock
            | FaultClass::Lie
            | FaultClass::Skew => long,
        };
        self.dice.range(most / 4, most)
    }

    fn moment(&mut self) -> Option<Moment> {
        let often = self.dice.pick(&[
            Moment::Stands,
            Moment::Votes,
            Moment::Leads,
            Moment::Leads,
            Moment::Replicates,
            Moment::Replicates,
            Moment::Acknowledges,
            Moment::Commits,
        ]);
        let any = self.dice.pick(&Moment::ALL);
        let (waits, rare) = (self.dice.percent(45), self.dice.percent(50));
        waits.then_some(if rare { any } else { often })
    }

    /// Any server; one of those that wait to be added as well, if they may be.
    fn any(&mut self) -> u32 {
        let member = self.dice.range(1, u64::from(self.scale.members)) as u32;
        let all = u64::from(self.scale.members + self.scale.joiners);
        let server = self.dice.range(1, all) as u32;
        if server as usize <= self.plan.clocks.len() { server } else { member }
    }

    fn link(&mut self) -> (u32, u32) {
        let (from, to, other) = (self.any(), self.any(), self.any());
        let next = from % self.plan.clocks.len() as u32 + 1;
        (
            from,
            if to != from {
                to
            } else if other != from {
                other
            } else {
                next
            },
        )
    }

    fn target(&mut self, moment: Option<Moment>) -> Target {
        let server = Target::Server(self.any());
        let place = Target::Follower(self.dice.range(0, 7) as u32);
        let role = self.dice.pick(&[
            Target::Leader,
            Target::Leader,
            Target::Leader,
            Target::Leader,
            place,
            server,
            server,
            Target::Candidate,
            Target::Voter,
            Target::Deposed,
            Target::Behind,
        ]);
        let own = self.dice.pick(&[Target::Doer, Target::Doer, Target::Doer, Target::Peer, role]);
        match moment {
            None => role,
            Some(moment) if own == Target::Peer && !moment.has_peer() => Target::Doer,
            Some(_) => own,
        }
    }

    fn direction(&mut self) -> Direction {
        self.dice.pick(&[
            Direction::Both,
            Direction::Both,
            Direction::Outgoing,
            Direction::Incoming,
        ])
    }

    fn survives(&mut self) -> Survives {
        let writes = self.dice.pick(&[0, 0, 1, 2]) as usize;
        let torn = self.dice.pick(&[0, 0, 1, 2]) as usize;
        Survives { writes, torn: self.dice.percent(50).then_some(torn) }
    }

    /// Sides of a partition, as groups of servers that can talk to each other.
    fn groups(&mut self) -> Vec<Vec<u32>> {
        let all = self.plan.clocks.len() as u32;
        let bridge = self.any();
        let shape = self.dice.range(0, 9);
        let sides: Vec<bool> = (0..16).map(|_| self.dice.percent(50)).collect();
        let side = |of: bool| {
            let on = |server: u32| sides[server as usize % sides.len()] == of;
            (1..=all).filter(|&server| on(server) || shape >= 8 && server == bridge).collect()
        };
        let next = |server: u32| vec![server, server % all + 1];
        match shape {
            // Each with the next one: a ring, and the same without one link.
            0 => (1..=all).map(next).collect(),
            1 => (1..all).map(next).collect(),
            // Everybody alone.
            2 => Vec::new(),
            _ => vec![side(true), side(false)],
        }
    }

    /// Messages of what kinds are held: those of one conversation, requests, answers, or both.
    fn kinds(&mut self) -> Kinds {
        let (requests, replies) = self.dice.pick(&[
            (Kinds::REQUEST_VOTE, Kinds::REQUEST_VOTE_REPLY),
            (Kinds::REQUEST_VOTE, Kinds::REQUEST_VOTE_REPLY),
            (Kinds::PRE_VOTE, Kinds::PRE_VOTE_REPLY),
            (Kinds::APPEND_ENTRIES, Kinds::APPEND_ENTRIES_REPLY),
            (Kinds::APPEND_ENTRIES, Kinds::APPEND_ENTRIES_REPLY),
            (Kinds::INSTALL_SNAPSHOT, Kinds::INSTALL_SNAPSHOT_REPLY),
            (Kinds::TIMEOUT_NOW, Kinds::REQUEST_VOTE),
            (Kinds::READ_INDEX, Kinds::READ_INDEX_REPLY),
        ]);
        match self.dice.range(0, 3) {
            0 => requests,
            1 => requests | replies,
            _ => replies,
        }
    }

    fn kind(&mut self, target: Target, rolling: bool) -> Option<FaultKind> {
        Some(match self.class {
            // These are weather, not events.
            FaultClass::Loss | FaultClass::Duplicate => return None,
            FaultClass::Partition => FaultKind::Partition(self.groups()),
            FaultClass::OneWay => {
                let (from, to) = self.link();
                FaultKind::OneWay(from, to)
            }
            FaultClass::Isolate => FaultKind::Isolate(target, self.direction()),
            FaultClass::Flap => {
                let period = self.dice.pick(&[5_000, 20_000, 50_000, 150_000]);
                FaultKind::Flap(target, self.direction(), period)
            }
            FaultClass::Hold => {
                let (from, to) = self.link();
                FaultKind::Hold(from, to)
            }
            FaultClass::Vault => FaultKind::Vault(target, self.direction(), self.kinds()),
            FaultClass::SlowLink => {
                let (from, to) = self.link();
                FaultKind::Slow(from, to, self.dice.pick(&[5_000, 30_000, 100_000, 400_000]))
            }
            FaultClass::Crash if self.dice.percent(10) => FaultKind::CrashAll,
            FaultClass::Crash => FaultKind::Crash(target, self.survives()),
            FaultClass::CrashAtWrite => FaultKind::CrashAtWrite(target, self.survives()),
            FaultClass::FullDisk => FaultKind::FullDisk(target),
            FaultClass::SlowDisk => FaultKind::Stall(target),
            FaultClass::Pause if self.dice.percent(30) => FaultKind::Laze(target),
            FaultClass::Pause => FaultKind::Pause(target),
            FaultClass::Renew => {
                let any = self.any();
                self.next = self.next % self.plan.clocks.len() as u32 + 1;
                let server = if rolling { self.next } else { any };
                let before = self.plan.settings_of(NodeId(server));
                let settings = renewed(&mut self.dice, before);
                FaultKind::Renew(server, Box::new(settings))
            }
            FaultClass::Clock => self.clock(target, TICK * 8 / 10, TICK * 12 / 10),
            FaultClass::Skew => self.clock(target, TICK / 4, TICK * 4),
            FaultClass::Wipe => FaultKind::Wipe(target),
            FaultClass::Lie => FaultKind::Lie(target),
        })
    }

    fn clock(&mut self, target: Target, fastest: Micros, slowest: Micros) -> FaultKind {
        let tick = self.dice.range(fastest, slowest);
        let ticks = self.dice.range(1, 30) as u32;
        match self.dice.range(0, 2) {
            0 => FaultKind::Rate(target, tick),
            1 => FaultKind::Jump(target, ticks),
            _ => FaultKind::Freeze(target),
        }
    }

    /// One server alone has no links. Where leases are, no fair clock leaves the bound that they assume.
    fn makes_sense(&self, kind: &FaultKind) -> bool {
        let links = self.plan.clocks.len() > 1;
        let leases = self.plan.settings.lease_drift.is_some();
        match kind {
            FaultKind::Jump(..) | FaultKind::Freeze(_) => !leases || !self.class.is_fair(),
            FaultKind::Partition(_)
            | FaultKind::OneWay(..)
            | FaultKind::Isolate(..)
            | FaultKind::Flap(..)
            | FaultKind::Hold(..)
            | FaultKind::Vault(..)
            | FaultKind::Slow(..) => links,
            FaultKind::Crash(..)
            | FaultKind::CrashAll
            | FaultKind::CrashAtWrite(..)
            | FaultKind::FullDisk(_)
            | FaultKind::Stall(_)
            | FaultKind::Pause(_)
            | FaultKind::Laze(_)
            | FaultKind::Renew(..)
            | FaultKind::Rate(..)
            | FaultKind::Wipe(_)
            | FaultKind::Lie(_) => true,
        }
    }
}
