//! Faults under way: when they begin, which servers they hit, and when they end. What each does is in `plan/fault/kind.rs`.

use std::borrow::Cow;

use super::{Due, Run};
use crate::action::Action;
use crate::mix::{below, mix};
use crate::model::NodeId;
use crate::network::MessageId;
use crate::observation::{Observation, Observer};
use crate::plan::fault::{Aim, Facts, OnMessage, Power};
use crate::plan::{
    ConditionSort, Ending, EndingAt, FaultKind, FaultSort, KindSort, Plan, Target, Trigger,
};
use crate::subject::Role;
use crate::trigger::Fired;
use crate::world::{Halt, Launch};

/// A part of a fault that is due.
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
    /// The servers that it has hit.
    pub(super) hit: Vec<NodeId>,
    /// The message that it holds back, if any.
    message: Option<MessageId>,
    /// True while its links are changed; for flapping links, alternately true and false.
    pub(super) on: bool,
}

/// Something that waits for its trigger: a fault by its place in the plan, to begin or to end; or a try of an admin
/// operation by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    Fault(usize),
    End(usize),
    AdminOp(u64),
}

impl<L: Launch + ?Sized, O: Observer> Run<'_, L, O> {
    /// A part of a fault is due.
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

    /// Something waits for its trigger from now on.
    pub(super) fn wait(&mut self, trigger: Trigger, waiting: Waiting) {
        self.waiting.push((trigger, waiting));
        self.watch_triggers();
    }

    /// Watches for the triggers that something waits for, and for no others.
    fn watch_triggers(&mut self) {
        self.folds.watch.want(self.waiting.iter().map(|(trigger, _)| *trigger));
    }

    /// Whatever waits for a trigger that has fired begins.
    pub(super) fn triggers(&mut self) -> Result<(), Halt> {
        let fired = self.folds.watch.fired();
        if fired.is_empty() {
            return Ok(());
        }
        for fired in fired {
            let due = self.waiting.iter().filter(|(trigger, _)| *trigger == fired.trigger);
            let due: Vec<(Trigger, Waiting)> = due.copied().collect();
            for (trigger, waiting) in due {
                let begun = match waiting {
                    Waiting::Fault(index) => self.begin_late(index, fired)?,
                    Waiting::End(index) => self.end_early(index, fired)?,
                    Waiting::AdminOp(number) => self.ask(number, Some(fired))?,
                };
                if begun {
                    self.waiting.retain(|other| *other != (trigger, waiting));
                }
            }
        }
        self.watch_triggers();
        Ok(())
    }

    /// A fault's trigger has fired: it begins, and lasts as long as it was to last. False if there is no server to hit.
    fn begin_late(&mut self, index: usize, fired: Fired) -> Result<bool, Halt> {
        let begun = self.begin(index, Some(fired))?;
        if begun {
            let fault = &self.plan.faults[index];
            let until = self.world.now() + (fault.until - fault.at);
            self.schedule(until, Due::Fault(index, Part::End));
        }
        Ok(begun)
    }

    /// A fault begins. False if there is no server to hit.
    fn begin(&mut self, index: usize, fired: Option<Fired>) -> Result<bool, Halt> {
        let kind = &self.plan.faults[index].kind;
        let hit: Option<Vec<NodeId>> = match kind.clone().aim() {
            Aim::All => Some(self.world.ids().collect()),
            Aim::Target(target) | Aim::Around(target, _) => {
                Some(self.target(*target, fired).into_iter().collect())
            }
            Aim::Server(server) => Some(vec![NodeId(*server)]),
            // Its receiver; if it was lost, there is nothing to hit.
            Aim::Message => {
                let peer = fired.filter(|fired| fired.message.is_some()).and_then(|it| it.peer);
                Some(peer.into_iter().collect())
            }
            Aim::Link(..) | Aim::Groups(_) => None,
        };
        let aims_at_servers = hit.is_some();
        let mut struck = Vec::new();
        for id in hit.into_iter().flatten() {
            if self.strike(kind, id)? {
                struck.push(id);
            }
        }
        if aims_at_servers && struck.is_empty() {
            return Ok(false);
        }
        let servers = Cow::Borrowed(&*struck);
        let began = Observation::FaultBegan { fault: index, servers };
        self.folds.observe(self.world.now(), &began)?;
        let Facts { sort, message, period, power, .. } = kind.facts();
        let message = self.hold_message(message, fired)?;
        self.underway[index] = Some(Underway { hit: struck, message, on: false });
        self.links(index, true)?;
        if let Some(Ending { trigger, .. }) = self.plan.faults[index].ending {
            self.wait(trigger, Waiting::End(index));
        }
        if let Some(period) = period {
            self.schedule(self.world.now() + period, Due::Fault(index, Part::Turn));
        }
        self.fired[index] = true;
        self.tally.faults += 1;
        match power {
            Power::On | Power::Off => self.count(FaultSort::Kind(sort)),
            // It has not happened yet.
            Power::DiesAtWrite | Power::DiesAtEachWrite => {}
        }
        if let Some(target) = kind.target() {
            self.count(FaultSort::Target(target.sort()));
        }
        if let Some(fired) = fired {
            self.count(FaultSort::Trigger(fired.trigger));
        }
        Ok(true)
    }

    /// Holds back the message with which a trigger has fired, or a copy of it, if the fault has that effect.
    fn hold_message(
        &mut self,
        effect: OnMessage,
        fired: Option<Fired>,
    ) -> Result<Option<MessageId>, Halt> {
        let Some(message) = fired.and_then(|fired| fired.message) else { return Ok(None) };
        let message = match effect {
            OnMessage::None => return Ok(None),
            OnMessage::Held => message,
            OnMessage::Repeated => {
                if !self.act(Action::Duplicate { message })? {
                    return Ok(None);
                }
                let Some(copy) = self.folds.watch.last_copy() else { return Ok(None) };
                copy
            }
        };
        self.act(Action::SetHeld { message, held: true })?;
        Ok(Some(message))
    }

    /// A trigger has fired that ends a fault, if it did so at the right server. True if the fault is over.
    fn end_early(&mut self, index: usize, fired: Fired) -> Result<bool, Halt> {
        let fault = &self.plan.faults[index];
        let affected = match fault.kind.clone().aim() {
            Aim::All | Aim::Groups(_) => true,
            Aim::Link(_, to) => fired.server.0 == *to,
            Aim::Target(_) | Aim::Around(..) | Aim::Server(_) | Aim::Message => {
                self.has_hit(index, fired.server)
            }
        };
        let everywhere = fault.ending.is_some_and(|ending| ending.at == EndingAt::Any);
        let ends = affected || everywhere;
        if ends && self.underway[index].is_some() {
            self.count(FaultSort::EndAtTrigger);
            self.end(index)?;
        }
        Ok(ends)
    }

    pub(super) fn count(&mut self, sort: FaultSort) {
        self.counts[sort.place()] += 1;
    }

    /// Counts the conditions of the run, and what its power losses left.
    pub(super) fn count_whole(&mut self) {
        let Plan { conditions, sync, clocks, .. } = self.plan;
        let (whole, torn) = self.folds.answers.saved;
        let uneven = clocks.iter().any(|clock| clock.tick != clocks[0].tick);
        for (sort, count) in [
            (FaultSort::Condition(ConditionSort::Loss), u64::from(conditions.loss_ppm > 0)),
            (
                FaultSort::Condition(ConditionSort::Duplicate),
                u64::from(conditions.duplicate_ppm > 0),
            ),
            (FaultSort::Condition(ConditionSort::SlowDisks), u64::from(sync.max > 0)),
            (FaultSort::Condition(ConditionSort::LateNotices), u64::from(sync.notice > 0)),
            (FaultSort::Condition(ConditionSort::UnevenClocks), u64::from(uneven)),
            (FaultSort::Kind(KindSort::CrashSaved), whole),
            (FaultSort::Kind(KindSort::CrashTorn), torn),
        ] {
            self.counts[sort.place()] += count;
        }
    }

    pub(super) fn target(&self, target: Target, fired: Option<Fired>) -> Option<NodeId> {
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

    /// A fault hits a server. False if the server is down.
    fn strike(&mut self, kind: &FaultKind, server: NodeId) -> Result<bool, Halt> {
        if !self.world.server(server).is_up() {
            return Ok(false);
        }
        let [begin, _] = kind.on_server(server, self.plan);
        for action in begin {
            self.act_of_fault(action)?;
        }
        Ok(true)
    }

    /// Carries out an action of a fault, and counts it if it is a crash.
    fn act_of_fault(&mut self, action: Action) -> Result<(), Halt> {
        let crash = matches!(action, Action::Crash { .. });
        let done = self.act(action)?;
        self.tally.crashes += u64::from(crash && done);
        Ok(())
    }

    /// Servers have died of a write. One whose disk is full is started again after a while.
    pub(super) fn reap(&mut self) {
        for id in std::mem::take(&mut self.folds.answers.died) {
            self.tally.crashes += 1;
            for index in 0..self.underway.len() {
                if !self.has_hit(index, id) {
                    continue;
                }
                let Facts { sort, power, .. } = self.plan.faults[index].kind.facts();
                match power {
                    Power::On | Power::Off => {}
                    Power::DiesAtWrite => self.count(FaultSort::Kind(sort)),
                    Power::DiesAtEachWrite => {
                        self.count(FaultSort::Kind(sort));
                        let bits = mix(mix(self.plan.seed, self.world.now()), u64::from(id.0));
                        let time = self.world.now() + 2_000 + below(bits, 30_000);
                        self.schedule(time, Due::Fault(index, Part::Turn));
                    }
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
        let Facts { period, power, .. } = self.plan.faults[index].kind.facts();
        if let Some(period) = period {
            self.schedule(self.world.now() + period, Due::Fault(index, Part::Turn));
            self.links(index, !on)?;
        }
        if power == Power::DiesAtEachWrite {
            for id in hit {
                self.restart(index, id)?;
            }
        }
        Ok(())
    }

    /// A fault ends, if it has begun and not ended.
    pub(super) fn end(&mut self, index: usize) -> Result<(), Halt> {
        self.links(index, false)?;
        let Some(Underway { hit, message, .. }) = self.underway[index].take() else {
            return Ok(());
        };
        self.waiting.retain(|(_, waiting)| *waiting != Waiting::End(index));
        self.watch_triggers();
        if let Some(message) = message {
            self.act(Action::SetHeld { message, held: false })?;
        }
        let now = self.world.now();
        self.folds.observe(now, &Observation::FaultEnded { fault: index })?;
        for id in hit {
            self.let_go(index, id)?;
        }
        Ok(())
    }

    /// A fault ends for a server that it hit. If another one of its sort goes on, the server only loses what keeps it down.
    fn let_go(&mut self, index: usize, id: NodeId) -> Result<(), Halt> {
        let faults = &self.plan.faults;
        let Facts { sort, power, .. } = faults[index].kind.facts();
        let mut others = (0..faults.len()).filter(|&other| self.has_hit(other, id));
        if power != Power::Off && others.any(|other| faults[other].kind.sort() == sort) {
            return Ok(());
        }
        let [_, end] = faults[index].kind.on_server(id, self.plan);
        for action in end {
            if matches!(action, Action::Restart { .. }) {
                self.restart(index, id)?;
            } else {
                self.act_of_fault(action)?;
            }
        }
        Ok(())
    }

    /// Starts a server again, unless another fault than this one keeps it down.
    fn restart(&mut self, index: usize, server: NodeId) -> Result<(), Halt> {
        let faults = &self.plan.faults;
        let mut others = (0..faults.len()).filter(|&other| other != index);
        let down = others.any(|other| {
            self.has_hit(other, server) && faults[other].kind.facts().power == Power::Off
        });
        if !down {
            self.act(Action::Restart { server })?;
        }
        Ok(())
    }
}
