//! Faults: when they begin, whom they hit, what they do to links and servers, and how they end.

use super::{PARTS, Run};
use crate::checker::Violation;
use crate::cluster::{BootFailure, Came, Survives};
use crate::mix::{below, mix};
use crate::plan::{FaultKind, FaultSort, Moment, Plan, Target};
use crate::subject::Role;
use crate::words::NodeId;

/// What an agenda item means to a fault.
pub(super) const BEGINS: u64 = 0;
pub(super) const ENDS: u64 = 1;
/// Halfway: a link comes back, or goes again; a server with a full disk is started once more.
pub(super) const TURNS: u64 = 2;

/// A fault under way.
#[derive(Clone, Debug)]
pub(super) struct Underway {
    /// Whom it has hit, if it hits servers.
    pub(super) hit: Vec<NodeId>,
    /// Whether its links are as it wants them; flapping ones are, and are not, in turn.
    pub(super) on: bool,
}

/// What waits for its moment: a fault by its place in the plan, or a try of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    Fault(usize),
    Task(u64),
}

impl Run<'_> {
    /// Something is due for a fault.
    pub(super) fn fault(&mut self, index: usize, item: u64) -> Result<(), BootFailure> {
        match item {
            BEGINS => match self.plan.faults[index].moment {
                Some(moment) => self.wait(moment, Waiting::Fault(index)),
                None => {
                    self.begin(index, None)?;
                }
            },
            ENDS => self.end(index)?,
            _ => self.halfway(index)?,
        }
        Ok(())
    }

    /// Something waits for its moment from now on.
    pub(super) fn wait(&mut self, moment: Moment, waiting: Waiting) {
        self.waiting.push((moment, waiting));
        self.cluster.watch(self.waiting.iter().map(|(moment, _)| *moment));
    }

    /// What waited for a moment that has come begins.
    pub(super) fn moments(&mut self) -> Result<(), BootFailure> {
        for came in self.cluster.came() {
            let due = self.waiting.iter().filter(|(moment, _)| *moment == came.moment);
            let due: Vec<(Moment, Waiting)> = due.copied().collect();
            for (moment, waiting) in due {
                let begun = match waiting {
                    Waiting::Fault(index) => self.begin_late(index, came)?,
                    Waiting::Task(number) => self.ask(number, Some(came))?,
                };
                if begun {
                    self.waiting.retain(|other| *other != (moment, waiting));
                }
            }
        }
        self.cluster.watch(self.waiting.iter().map(|(moment, _)| *moment));
        Ok(())
    }

    /// A fault's moment has come. It lasts from now on as long as it was to last. False if it finds nobody.
    fn begin_late(&mut self, index: usize, came: Came) -> Result<bool, Violation> {
        let begun = self.begin(index, Some(came))?;
        if begun {
            let fault = &self.plan.faults[index];
            let until = self.cluster.now() + (fault.until - fault.at);
            self.cluster.schedule(until, index as u64 * PARTS + ENDS);
        }
        Ok(begun)
    }

    /// A fault begins. False if it finds nobody to hit.
    fn begin(&mut self, index: usize, came: Option<Came>) -> Result<bool, Violation> {
        let kind = &self.plan.faults[index].kind;
        let hit: Vec<NodeId> = match (kind.target(), kind) {
            (Some(target), _) => self.target(target, came).into_iter().collect(),
            (None, FaultKind::CrashAll) => self.cluster.ids().collect(),
            (None, _) => Vec::new(),
        };
        let aimed = kind.target().is_some() || *kind == FaultKind::CrashAll;
        let mut struck = Vec::new();
        for id in hit {
            if self.strike(index, id)? {
                struck.push(id);
            }
        }
        if aimed && struck.is_empty() {
            return Ok(false);
        }
        self.underway[index] = Some(Underway { hit: struck, on: false });
        self.links(index, true);
        if let FaultKind::Flap(_, _, period) = kind {
            self.cluster.schedule(self.cluster.now() + period, index as u64 * PARTS + TURNS);
        }
        self.begun(index, came);
        Ok(true)
    }

    /// Counts a fault that has begun.
    fn begun(&mut self, index: usize, came: Option<Came>) {
        let kind = &self.plan.faults[index].kind;
        self.fired[index] = true;
        self.tally.faults += 1;
        // What waits for a write has not happened yet.
        if !matches!(kind, FaultKind::CrashAtWrite(..) | FaultKind::FullDisk(_)) {
            self.count(FaultSort::of_kind(kind));
        }
        if let Some(target) = kind.target() {
            self.count(FaultSort::of_target(target));
        }
        if let Some(came) = came {
            self.count(FaultSort::of_moment(came.moment));
        }
    }

    pub(super) fn count(&mut self, sort: FaultSort) {
        self.counts[sort as usize] += 1;
    }

    /// Counts what the whole of a run was like, and what its power losses left.
    pub(super) fn count_whole(&mut self) {
        let Plan { weather, sync, clocks, .. } = self.plan;
        let (whole, torn) = self.cluster.saved();
        let uneven = clocks.iter().any(|clock| clock.tick != clocks[0].tick);
        for (sort, count) in [
            (FaultSort::Loss, u64::from(weather.loss_ppm > 0)),
            (FaultSort::Duplicate, u64::from(weather.duplicate_ppm > 0)),
            (FaultSort::SlowDisks, u64::from(sync.max > 0)),
            (FaultSort::LateNotices, u64::from(sync.notice > 0)),
            (FaultSort::UnevenClocks, u64::from(uneven)),
            (FaultSort::CrashSaved, whole),
            (FaultSort::CrashTorn, torn),
        ] {
            self.counts[sort as usize] += count;
        }
    }

    fn target(&self, target: Target, came: Option<Came>) -> Option<NodeId> {
        let up = || self.cluster.ids().filter(|&id| self.cluster.server(id).is_up());
        let view = |id: &NodeId| self.cluster.server(*id).view();
        match target {
            Target::Server(server) => Some(NodeId(server)),
            Target::Leader => self.cluster.leader(),
            Target::Follower(place) => {
                let mut others: Vec<NodeId> =
                    up().filter(|id| view(id).role != Role::Leader).collect();
                let count = others.len().max(1);
                others.drain(..).nth(place as usize % count)
            }
            Target::Candidate => {
                up().filter(|id| view(id).role == Role::Candidate).max_by_key(|id| view(id).term)
            }
            Target::Voter => self.cluster.last_voter(),
            Target::Deposed => {
                let leader = self.cluster.leader();
                up().find(|id| Some(*id) != leader && view(id).role == Role::Leader)
            }
            Target::Behind => up().min_by_key(|id| view(id).commit),
            Target::Doer => came.map(|came| came.server),
            Target::Peer => came.and_then(|came| came.peer),
        }
    }

    /// What a fault does to a server that it hits. False if that makes no difference: the server is down.
    fn strike(&mut self, index: usize, id: NodeId) -> Result<bool, Violation> {
        let cluster = &mut self.cluster;
        match &self.plan.faults[index].kind {
            FaultKind::Crash(_, survives) => return Ok(self.crash(id, *survives)),
            FaultKind::CrashAll => return Ok(self.crash(id, Survives::default())),
            FaultKind::Renew(_, settings) => {
                let settings = **settings;
                let crashed = self.crash(id, Survives::default());
                if crashed {
                    self.cluster.configure(id, settings);
                }
                return Ok(crashed);
            }
            FaultKind::Wipe(_) => {
                let crashed = self.crash(id, Survives::default());
                if crashed {
                    self.cluster.wipe(id);
                }
                return Ok(crashed);
            }
            _ if !cluster.server(id).is_up() => return Ok(false),
            FaultKind::CrashAtWrite(_, survives) => cluster.arm_crash(id, *survives),
            FaultKind::FullDisk(_) => cluster.fail_writes(id, true),
            FaultKind::Stall(_) => cluster.stall(id, true)?,
            FaultKind::Pause(_) => cluster.pause(id, true)?,
            FaultKind::Laze(_) => cluster.pause_apply(id, true)?,
            FaultKind::Rate(_, tick) => cluster.set_tick(id, *tick),
            FaultKind::Jump(_, ticks) => cluster.jump(id, *ticks)?,
            FaultKind::Freeze(_) => cluster.freeze(id, true),
            FaultKind::Lie(_) => cluster.lie(id, true),
            FaultKind::Partition(_)
            | FaultKind::OneWay(..)
            | FaultKind::Isolate(..)
            | FaultKind::Flap(..)
            | FaultKind::Hold(..)
            | FaultKind::Vault(..)
            | FaultKind::Slow(..) => {}
        }
        Ok(true)
    }

    fn crash(&mut self, id: NodeId, survives: Survives) -> bool {
        let crashed = self.cluster.crash(id, survives);
        self.tally.crashes += u64::from(crashed);
        crashed
    }

    /// Servers have died of a write. One whose disk is full is started again after a while.
    pub(super) fn bury(&mut self) {
        for id in std::mem::take(&mut self.cluster.died) {
            self.tally.crashes += 1;
            for index in 0..self.underway.len() {
                let kind = &self.plan.faults[index].kind;
                if !self.has_hit(index, id) {
                    continue;
                }
                if let FaultKind::CrashAtWrite(..) = kind {
                    self.count(FaultSort::CrashAtWrite);
                }
                if let FaultKind::FullDisk(_) = kind {
                    self.count(FaultSort::FullDisk);
                    let bits = mix(mix(self.plan.seed, self.cluster.now()), u64::from(id.0));
                    let time = self.cluster.now() + 2_000 + below(bits, 30_000);
                    self.cluster.schedule(time, index as u64 * PARTS + TURNS);
                }
            }
        }
    }

    fn has_hit(&self, index: usize, id: NodeId) -> bool {
        self.underway[index].as_ref().is_some_and(|underway| underway.hit.contains(&id))
    }

    /// A fault is halfway.
    fn halfway(&mut self, index: usize) -> Result<(), BootFailure> {
        let Some(underway) = &self.underway[index] else { return Ok(()) };
        let (hit, on) = (underway.hit.clone(), underway.on);
        let kind = &self.plan.faults[index].kind;
        if let FaultKind::Flap(_, _, period) = kind {
            self.cluster.schedule(self.cluster.now() + period, index as u64 * PARTS + TURNS);
            self.links(index, !on);
        }
        if let FaultKind::FullDisk(_) = kind {
            for id in hit {
                self.restart(index, id)?;
            }
        }
        Ok(())
    }

    /// A fault ends, if it has begun and not ended.
    pub(super) fn end(&mut self, index: usize) -> Result<(), BootFailure> {
        self.links(index, false);
        let Some(Underway { hit, .. }) = self.underway[index].take() else { return Ok(()) };
        for id in hit {
            self.let_go(index, id)?;
        }
        Ok(())
    }

    /// What the end of a fault means to a server that it hit.
    fn let_go(&mut self, index: usize, id: NodeId) -> Result<(), BootFailure> {
        let kind = &self.plan.faults[index].kind;
        let sort = FaultSort::of_kind(kind);
        let others = 0..self.plan.faults.len();
        let again = others
            .filter(|&other| FaultSort::of_kind(&self.plan.faults[other].kind) == sort)
            .any(|other| self.has_hit(other, id));
        let cluster = &mut self.cluster;
        match kind {
            FaultKind::Crash(..)
            | FaultKind::CrashAll
            | FaultKind::Renew(..)
            | FaultKind::Wipe(_) => self.restart(index, id)?,
            // Another fault of the same kind goes on.
            _ if again => {}
            FaultKind::CrashAtWrite(..) => {
                cluster.disarm(id);
                self.restart(index, id)?;
            }
            FaultKind::FullDisk(_) => {
                cluster.fail_writes(id, false);
                self.restart(index, id)?;
            }
            FaultKind::Stall(_) => cluster.stall(id, false)?,
            FaultKind::Pause(_) => cluster.pause(id, false)?,
            FaultKind::Laze(_) => cluster.pause_apply(id, false)?,
            FaultKind::Rate(..) => cluster.set_tick(id, self.plan.clocks[id.0 as usize - 1].tick),
            FaultKind::Freeze(_) => cluster.freeze(id, false),
            FaultKind::Lie(_) => {
                self.crash(id, Survives::default());
                self.restart(index, id)?;
            }
            FaultKind::Jump(..)
            | FaultKind::Partition(_)
            | FaultKind::OneWay(..)
            | FaultKind::Isolate(..)
            | FaultKind::Flap(..)
            | FaultKind::Hold(..)
            | FaultKind::Vault(..)
            | FaultKind::Slow(..) => {}
        }
        Ok(())
    }

    /// Starts a server again, unless another fault than this one keeps it down.
    fn restart(&mut self, index: usize, id: NodeId) -> Result<(), BootFailure> {
        let mut others = (0..self.plan.faults.len()).filter(|&other| other != index);
        let down = others.any(|other| {
            let kind = &self.plan.faults[other].kind;
            let keeps = matches!(
                kind,
                FaultKind::Crash(..)
                    | FaultKind::CrashAll
                    | FaultKind::Renew(..)
                    | FaultKind::Wipe(_)
            );
            keeps && self.has_hit(other, id)
        });
        if down { Ok(()) } else { self.cluster.restart(id) }
    }
}
