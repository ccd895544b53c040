//! Faults: when they begin, whom they hit, what they do to links and servers, and how they end.

use std::borrow::Cow;

use super::{Due, Run};
use crate::action::Action;
use crate::disk::Survives;
use crate::mix::{below, mix};
use crate::model::NodeId;
use crate::observation::{Observation, Observer};
use crate::plan::{FaultKind, FaultSort, Plan, Target, Trigger};
use crate::subject::Role;
use crate::trigger::Fired;
use crate::world::{Halt, Launch};

/// What is due for a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It begins.
    Begin,
    /// It ends.
    End,
    /// A link comes back, or goes again; a server with a full disk is started once more.
    Turn,
}

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
    AdminOp(u64),
}

impl<L: Launch + ?Sized, O: Observer> Run<'_, L, O> {
    /// Something is due for a fault.
    pub(super) fn fault(&mut self, index: usize, part: Part) -> Result<(), Halt> {
        match part {
            Part::Begin => match self.plan.faults[index].trigger {
                Some(trigger) => self.wait(trigger, Waiting::Fault(index)),
                None => {
                    self.begin(index, None)?;
                }
            },
            Part::End => self.end(index)?,
            Part::Turn => self.turn_fault(index)?,
        }
        Ok(())
    }

    /// Something waits for its moment from now on.
    pub(super) fn wait(&mut self, trigger: Trigger, waiting: Waiting) {
        self.waiting.push((trigger, waiting));
        self.folds.watch.want(self.waiting.iter().map(|(trigger, _)| *trigger));
    }

    /// What waited for a moment that has come begins.
    pub(super) fn triggers(&mut self) -> Result<(), Halt> {
        for fired in self.folds.watch.fired() {
            let due = self.waiting.iter().filter(|(trigger, _)| *trigger == fired.trigger);
            let due: Vec<(Trigger, Waiting)> = due.copied().collect();
            for (trigger, waiting) in due {
                let begun = match waiting {
                    Waiting::Fault(index) => self.begin_late(index, fired)?,
                    Waiting::AdminOp(number) => self.ask(number, Some(fired))?,
                };
                if begun {
                    self.waiting.retain(|other| *other != (trigger, waiting));
                }
            }
        }
        self.folds.watch.want(self.waiting.iter().map(|(trigger, _)| *trigger));
        Ok(())
    }

    /// A fault's moment has come. It lasts from now on as long as it was to last. False if it finds nobody.
    fn begin_late(&mut self, index: usize, fired: Fired) -> Result<bool, Halt> {
        let begun = self.begin(index, Some(fired))?;
        if begun {
            let fault = &self.plan.faults[index];
            let until = self.world.now() + (fault.until - fault.at);
            self.schedule(until, Due::Fault(index, Part::End));
        }
        Ok(begun)
    }

    /// A fault begins. False if it finds nobody to hit.
    fn begin(&mut self, index: usize, fired: Option<Fired>) -> Result<bool, Halt> {
        let kind = &self.plan.faults[index].kind;
        let hit: Vec<NodeId> = match (kind.target(), kind) {
            (Some(target), _) => self.target(target, fired).into_iter().collect(),
            (None, FaultKind::CrashAll) => self.world.ids().collect(),
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
        let servers = Cow::Borrowed(&*struck);
        let began = Observation::FaultBegan { fault: index, servers };
        self.folds.observe(self.world.now(), &began)?;
        self.underway[index] = Some(Underway { hit: struck, on: false });
        self.links(index, true)?;
        if let FaultKind::Flap(_, _, period) = kind {
            self.schedule(self.world.now() + period, Due::Fault(index, Part::Turn));
        }
        self.begun(index, fired);
        Ok(true)
    }

    /// Counts a fault that has begun.
    fn begun(&mut self, index: usize, fired: Option<Fired>) {
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
        if let Some(fired) = fired {
            self.count(FaultSort::of_trigger(fired.trigger));
        }
    }

    pub(super) fn count(&mut self, sort: FaultSort) {
        self.counts[sort as usize] += 1;
    }

    /// Counts what the whole of a run was like, and what its power losses left.
    pub(super) fn count_whole(&mut self) {
        let Plan { conditions, sync, clocks, .. } = self.plan;
        let (whole, torn) = self.folds.answers.saved;
        let uneven = clocks.iter().any(|clock| clock.tick != clocks[0].tick);
        for (sort, count) in [
            (FaultSort::Loss, u64::from(conditions.loss_ppm > 0)),
            (FaultSort::Duplicate, u64::from(conditions.duplicate_ppm > 0)),
            (FaultSort::SlowDisks, u64::from(sync.max > 0)),
            (FaultSort::LateNotices, u64::from(sync.notice > 0)),
            (FaultSort::UnevenClocks, u64::from(uneven)),
            (FaultSort::CrashSaved, whole),
            (FaultSort::CrashTorn, torn),
        ] {
            self.counts[sort as usize] += count;
        }
    }

    fn target(&self, target: Target, fired: Option<Fired>) -> Option<NodeId> {
        let up = || self.world.ids().filter(|&id| self.world.server(id).is_up());
        let view = |id: &NodeId| self.world.server(*id).view();
        match target {
            Target::Server(server) => Some(NodeId(server)),
            Target::Leader => self.world.leader(),
            Target::Follower(place) => {
                let mut others: Vec<NodeId> =
                    up().filter(|id| view(id).role != Role::Leader).collect();
                let count = others.len().max(1);
                others.drain(..).nth(place as usize % count)
            }
            Target::Candidate => {
                up().filter(|id| view(id).role == Role::Candidate).max_by_key(|id| view(id).term)
            }
            Target::Voter => self.folds.watch.last_voter(),
            Target::Deposed => {
                let leader = self.world.leader();
                up().find(|id| Some(*id) != leader && view(id).role == Role::Leader)
            }
            Target::Behind => up().min_by_key(|id| view(id).commit),
            Target::Actor => fired.map(|fired| fired.server),
            Target::Peer => fired.and_then(|fired| fired.peer),
        }
    }

    /// What a fault does to a server that it hits. False if that makes no difference: the server is down.
    fn strike(&mut self, index: usize, server: NodeId) -> Result<bool, Halt> {
        let plan = self.plan;
        let action = match &plan.faults[index].kind {
            FaultKind::Crash(_, survives) => return self.crash(server, *survives),
            FaultKind::CrashAll => return self.crash(server, Survives::default()),
            FaultKind::RestartWith(_, settings) => {
                let crashed = self.crash(server, Survives::default())?;
                if crashed {
                    self.act(Action::Configure { server, settings: settings.clone() })?;
                }
                return Ok(crashed);
            }
            FaultKind::Wipe(_) => {
                let crashed = self.crash(server, Survives::default())?;
                if crashed {
                    self.act(Action::Wipe { server })?;
                }
                return Ok(crashed);
            }
            _ if !self.world.server(server).is_up() => return Ok(false),
            FaultKind::CrashAtWrite(_, survives) => {
                Action::CrashAtWrite { server, survives: Some(*survives) }
            }
            FaultKind::FullDisk(_) => Action::FailWrites { server, fail: true },
            FaultKind::Stall(_) => Action::Stall { server, stalled: true },
            FaultKind::Pause(_) => Action::Pause { server, paused: true },
            FaultKind::StallApply(_) => Action::PauseApply { server, paused: true },
            FaultKind::Rate(_, tick) => Action::SetTick { server, tick: *tick },
            FaultKind::Jump(_, ticks) => Action::Jump { server, ticks: *ticks },
            FaultKind::Freeze(_) => Action::Freeze { server, frozen: true },
            FaultKind::Lie(_) => Action::Lie { server, lies: true },
            FaultKind::Partition(_)
            | FaultKind::OneWay(..)
            | FaultKind::Isolate(..)
            | FaultKind::Flap(..)
            | FaultKind::Hold(..)
            | FaultKind::HoldKinds(..)
            | FaultKind::Slow(..) => return Ok(true),
        };
        self.act(action)?;
        Ok(true)
    }

    fn crash(&mut self, server: NodeId, survives: Survives) -> Result<bool, Halt> {
        let crashed = self.act(Action::Crash { server, survives })?;
        self.tally.crashes += u64::from(crashed);
        Ok(crashed)
    }

    /// Servers have died of a write. One whose disk is full is started again after a while.
    pub(super) fn reap(&mut self) {
        for id in std::mem::take(&mut self.folds.answers.died) {
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
                    let bits = mix(mix(self.plan.seed, self.world.now()), u64::from(id.0));
                    let time = self.world.now() + 2_000 + below(bits, 30_000);
                    self.schedule(time, Due::Fault(index, Part::Turn));
                }
            }
        }
    }

    fn has_hit(&self, index: usize, id: NodeId) -> bool {
        self.underway[index].as_ref().is_some_and(|underway| underway.hit.contains(&id))
    }

    /// A fault that comes and goes turns.
    fn turn_fault(&mut self, index: usize) -> Result<(), Halt> {
        let Some(underway) = &self.underway[index] else { return Ok(()) };
        let (hit, on) = (underway.hit.clone(), underway.on);
        let kind = &self.plan.faults[index].kind;
        if let FaultKind::Flap(_, _, period) = kind {
            self.schedule(self.world.now() + period, Due::Fault(index, Part::Turn));
            self.links(index, !on)?;
        }
        if let FaultKind::FullDisk(_) = kind {
            for id in hit {
                self.restart(index, id)?;
            }
        }
        Ok(())
    }

    /// A fault ends, if it has begun and not ended.
    pub(super) fn end(&mut self, index: usize) -> Result<(), Halt> {
        self.links(index, false)?;
        let Some(Underway { hit, .. }) = self.underway[index].take() else { return Ok(()) };
        let now = self.world.now();
        self.folds.observe(now, &Observation::FaultEnded { fault: index })?;
        for id in hit {
            self.let_go(index, id)?;
        }
        Ok(())
    }

    /// What the end of a fault means to a server that it hit.
    fn let_go(&mut self, index: usize, id: NodeId) -> Result<(), Halt> {
        let kind = &self.plan.faults[index].kind;
        let sort = FaultSort::of_kind(kind);
        let others = 0..self.plan.faults.len();
        let again = others
            .filter(|&other| FaultSort::of_kind(&self.plan.faults[other].kind) == sort)
            .any(|other| self.has_hit(other, id));
        let server = id;
        match kind {
            FaultKind::Crash(..)
            | FaultKind::CrashAll
            | FaultKind::RestartWith(..)
            | FaultKind::Wipe(_) => self.restart(index, id)?,
            // Another fault of the same kind goes on.
            _ if again => {}
            FaultKind::CrashAtWrite(..) => {
                self.act(Action::CrashAtWrite { server, survives: None })?;
                self.restart(index, id)?;
            }
            FaultKind::FullDisk(_) => {
                self.act(Action::FailWrites { server, fail: false })?;
                self.restart(index, id)?;
            }
            FaultKind::Stall(_) => {
                self.act(Action::Stall { server, stalled: false })?;
            }
            FaultKind::Pause(_) => {
                self.act(Action::Pause { server, paused: false })?;
            }
            FaultKind::StallApply(_) => {
                self.act(Action::PauseApply { server, paused: false })?;
            }
            FaultKind::Rate(..) => {
                let tick = self.plan.clocks[id.0 as usize - 1].tick;
                self.act(Action::SetTick { server, tick })?;
            }
            FaultKind::Freeze(_) => {
                self.act(Action::Freeze { server, frozen: false })?;
            }
            FaultKind::Lie(_) => {
                self.crash(id, Survives::default())?;
                self.restart(index, id)?;
            }
            FaultKind::Jump(..)
            | FaultKind::Partition(_)
            | FaultKind::OneWay(..)
            | FaultKind::Isolate(..)
            | FaultKind::Flap(..)
            | FaultKind::Hold(..)
            | FaultKind::HoldKinds(..)
            | FaultKind::Slow(..) => {}
        }
        Ok(())
    }

    /// Starts a server again, unless another fault than this one keeps it down.
    fn restart(&mut self, index: usize, id: NodeId) -> Result<(), Halt> {
        let mut others = (0..self.plan.faults.len()).filter(|&other| other != index);
        let down = others.any(|other| {
            let kind = &self.plan.faults[other].kind;
            let keeps = matches!(
                kind,
                FaultKind::Crash(..)
                    | FaultKind::CrashAll
                    | FaultKind::RestartWith(..)
                    | FaultKind::Wipe(_)
            );
            keeps && self.has_hit(other, id)
        });
        if !down {
            self.act(Action::Restart { server: id })?;
        }
        Ok(())
    }
}
