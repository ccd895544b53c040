//! Faults: each class has a stream of its own, in which one comes after the other with pauses between. They may
//! overlap, and so may those of different classes.

use super::settings::restarted;
use super::{FAULTS, Scale};
use crate::disk::Survives;
use crate::model::NodeId;
use crate::network::Kinds;
use crate::plan::{Direction, Fault, FaultClass, FaultKind, Plan, Profile, Target, Trigger};
use crate::rng::PlanRng;
use crate::time::{Micros, TICK};

/// All faults of a plan that has servers and settings, in order.
pub(super) fn all(plan: &Plan, scale: &Scale) -> Vec<Fault> {
    let mut faults = Vec::new();
    for class in FaultClass::ALL {
        if scale.draw.has(class) {
            let rng = PlanRng::stream(plan.seed, FAULTS + class as u64);
            faults.extend(Source { rng, class, plan, scale, next: 0 }.all());
        }
    }
    faults.sort_by_key(|fault| fault.at);
    faults
}

/// Draws the faults of one class.
struct Source<'a> {
    rng: PlanRng,
    class: FaultClass,
    plan: &'a Plan,
    scale: &'a Scale,
    /// Whose turn it is, where servers take turns.
    next: u32,
}

impl Source<'_> {
    fn all(mut self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let pause = self.rng.pick(match self.scale.draw.profile {
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
        let rolling = self.rng.percent(50);
        let mut at = self.rng.range(pause / 8, pause);
        while at < self.plan.duration {
            let length = self.length();
            let deposed = self.rng.pick(&[None, Some(Trigger::Leads), Some(Trigger::Commits)]);
            let trigger = self.trigger();
            let target = self.target(trigger);
            // There is one mostly when another one leads.
            let trigger = if target == Target::Deposed { deposed } else { trigger };
            let kind = self.kind(target, rolling);
            if let Some(kind) = kind.filter(|kind| self.makes_sense(kind)) {
                faults.push(Fault { at, until: at + length, trigger, kind });
            }
            at += self.rng.range(pause / 8, pause);
        }
        faults
    }

    /// Mostly short: many terms in little time.
    fn length(&mut self) -> Micros {
        let short = self.rng.pick(&[5_000, 20_000, 20_000, 60_000, 200_000]);
        let long = self.rng.pick(&[20_000, 60_000, 200_000, 200_000, 600_000]);
        let most = match self.class {
            _ if self.scale.draw.profile == Profile::Elections => short,
            FaultClass::Crash
            | FaultClass::CrashAtWrite
            | FaultClass::RestartWith
            | FaultClass::Pause
            | FaultClass::Wipe => short,
            FaultClass::Loss
            | FaultClass::Duplicate
            | FaultClass::Partition
            | FaultClass::OneWay
            | FaultClass::Isolate
            | FaultClass::Flap
            | FaultClass::Hold
            | FaultClass::HoldKinds
            | FaultClass::SlowLink
            | FaultClass::FullDisk
            | FaultClass::SlowDisk
            | FaultClass::Clock
            | FaultClass::Lie
            | FaultClass::Skew => long,
        };
        self.rng.range(most / 4, most)
    }

    fn trigger(&mut self) -> Option<Trigger> {
        let often = self.rng.pick(&[
            Trigger::Stands,
            Trigger::Votes,
            Trigger::Leads,
            Trigger::Leads,
            Trigger::Replicates,
            Trigger::Replicates,
            Trigger::Acknowledges,
            Trigger::Commits,
        ]);
        let any = self.rng.pick(&Trigger::ALL);
        let (waits, rare) = (self.rng.percent(45), self.rng.percent(50));
        waits.then_some(if rare { any } else { often })
    }

    /// Any server; one of those that wait to be added as well, if they may be.
    fn any(&mut self) -> u32 {
        let member = self.rng.range(1, u64::from(self.scale.members)) as u32;
        let all = u64::from(self.scale.members + self.scale.joiners);
        let server = self.rng.range(1, all) as u32;
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

    fn target(&mut self, trigger: Option<Trigger>) -> Target {
        let server = Target::Server(self.any());
        let place = Target::Follower(self.rng.range(0, 7) as u32);
        let role = self.rng.pick(&[
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
        let own = self.rng.pick(&[Target::Actor, Target::Actor, Target::Actor, Target::Peer, role]);
        match trigger {
            None => role,
            Some(trigger) if own == Target::Peer && !trigger.has_peer() => Target::Actor,
            Some(_) => own,
        }
    }

    fn direction(&mut self) -> Direction {
        self.rng.pick(&[Direction::Both, Direction::Both, Direction::Outgoing, Direction::Incoming])
    }

    fn survives(&mut self) -> Survives {
        let writes = self.rng.pick(&[0, 0, 1, 2]) as usize;
        let torn = self.rng.pick(&[0, 0, 1, 2]) as usize;
        Survives { writes, torn: self.rng.percent(50).then_some(torn) }
    }

    /// Sides of a partition, as groups of servers that can talk to each other.
    fn groups(&mut self) -> Vec<Vec<u32>> {
        let all = self.plan.clocks.len() as u32;
        let bridge = self.any();
        let shape = self.rng.range(0, 9);
        let sides: Vec<bool> = (0..16).map(|_| self.rng.percent(50)).collect();
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
        let (requests, replies) = self.rng.pick(&[
            (Kinds::REQUEST_VOTE, Kinds::REQUEST_VOTE_REPLY),
            (Kinds::REQUEST_VOTE, Kinds::REQUEST_VOTE_REPLY),
            (Kinds::PRE_VOTE, Kinds::PRE_VOTE_REPLY),
            (Kinds::APPEND_ENTRIES, Kinds::APPEND_ENTRIES_REPLY),
            (Kinds::APPEND_ENTRIES, Kinds::APPEND_ENTRIES_REPLY),
            (Kinds::INSTALL_SNAPSHOT, Kinds::INSTALL_SNAPSHOT_REPLY),
            (Kinds::TIMEOUT_NOW, Kinds::REQUEST_VOTE),
            (Kinds::READ_INDEX, Kinds::READ_INDEX_REPLY),
        ]);
        match self.rng.range(0, 3) {
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
                let period = self.rng.pick(&[5_000, 20_000, 50_000, 150_000]);
                FaultKind::Flap(target, self.direction(), period)
            }
            FaultClass::Hold => {
                let (from, to) = self.link();
                FaultKind::Hold(from, to)
            }
            FaultClass::HoldKinds => FaultKind::HoldKinds(target, self.direction(), self.kinds()),
            FaultClass::SlowLink => {
                let (from, to) = self.link();
                FaultKind::Slow(from, to, self.rng.pick(&[5_000, 30_000, 100_000, 400_000]))
            }
            FaultClass::Crash if self.rng.percent(10) => FaultKind::CrashAll,
            FaultClass::Crash => FaultKind::Crash(target, self.survives()),
            FaultClass::CrashAtWrite => FaultKind::CrashAtWrite(target, self.survives()),
            FaultClass::FullDisk => FaultKind::FullDisk(target),
            FaultClass::SlowDisk => FaultKind::Stall(target),
            FaultClass::Pause if self.rng.percent(30) => FaultKind::StallApply(target),
            FaultClass::Pause => FaultKind::Pause(target),
            FaultClass::RestartWith => {
                let any = self.any();
                self.next = self.next % self.plan.clocks.len() as u32 + 1;
                let server = if rolling { self.next } else { any };
                let before = self.plan.settings_of(NodeId(server));
                let settings = restarted(&mut self.rng, before);
                FaultKind::RestartWith(server, Box::new(settings))
            }
            FaultClass::Clock => self.clock(target, TICK * 8 / 10, TICK * 12 / 10),
            FaultClass::Skew => self.clock(target, TICK / 4, TICK * 4),
            FaultClass::Wipe => FaultKind::Wipe(target),
            FaultClass::Lie => FaultKind::Lie(target),
        })
    }

    fn clock(&mut self, target: Target, fastest: Micros, slowest: Micros) -> FaultKind {
        let tick = self.rng.range(fastest, slowest);
        let ticks = self.rng.range(1, 30) as u32;
        match self.rng.range(0, 2) {
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
            | FaultKind::HoldKinds(..)
            | FaultKind::Slow(..) => links,
            FaultKind::Crash(..)
            | FaultKind::CrashAll
            | FaultKind::CrashAtWrite(..)
            | FaultKind::FullDisk(_)
            | FaultKind::Stall(_)
            | FaultKind::Pause(_)
            | FaultKind::StallApply(_)
            | FaultKind::RestartWith(..)
            | FaultKind::Rate(..)
            | FaultKind::Wipe(_)
            | FaultKind::Lie(_) => true,
        }
    }
}
