//! Administrators: they change the configuration, hand leadership over, and have snapshots taken. And reads at certain
//! servers.

use super::faults::Waiting;
use super::{ATTEMPTS, Due, FIRST_ADMIN, Run, SERVERS};
use crate::action::Action;
use crate::mix::{below, mix};
use crate::model::NodeId;
use crate::observation::Observer;
use crate::plan::{AdminKind, AdminOp, AdminTarget, FaultSort, Target};
use crate::subject::{Answer, Event, Request, Role};
use crate::time::Micros;
use crate::trigger::Fired;
use crate::world::{Halt, Launch};

/// An admin operation, and its latest try, made or scheduled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried<'a> {
    admin_op: &'a AdminOp,
    latest: u64,
}

impl<'a, L: Launch + ?Sized, O: Observer> Run<'a, L, O> {
    /// Schedules the admin operations of the plan.
    pub(super) fn schedule_admin_ops(&mut self) {
        for admin_op in &self.plan.admin_ops {
            let first = u64::from(admin_op.number) * ATTEMPTS;
            self.admin_ops.insert(admin_op.number, Tried { admin_op, latest: first });
            self.schedule(admin_op.at, Due::AdminOp(first));
        }
    }

    fn admin_op(&self, number: u64) -> Option<Tried<'a>> {
        self.admin_ops.get(&((number / ATTEMPTS) as u32)).copied()
    }

    /// The `number % ATTEMPTS`-th try of admin operation `number / ATTEMPTS`: the first goes to the target in the
    /// plan, the others to the leader.
    pub(super) fn try_admin_op(&mut self, number: u64) -> Result<(), Halt> {
        let Some(Tried { admin_op, .. }) = self.admin_op(number) else { return Ok(()) };
        match admin_op.trigger {
            Some(trigger) if number.is_multiple_of(ATTEMPTS) => {
                self.wait(trigger, Waiting::AdminOp(number));
            }
            Some(_) | None => {
                self.ask(number, None)?;
            }
        }
        Ok(())
    }

    /// Makes a try at once, with its trigger if it waited for one. False if no server takes the request.
    pub(super) fn ask(&mut self, number: u64, fired: Option<Fired>) -> Result<bool, Halt> {
        let Some(Tried { admin_op, .. }) = self.admin_op(number) else { return Ok(false) };
        let first = number.is_multiple_of(ATTEMPTS);
        let of = if first { admin_op.of } else { AdminTarget::One(Target::Leader) };
        let servers: Vec<NodeId> = match of {
            AdminTarget::One(target) => self.target(target, fired).into_iter().collect(),
            AdminTarget::Leaders => {
                self.world.ids().filter(|&id| self.believes_to_lead(id)).collect()
            }
            AdminTarget::Everybody => self.world.ids().collect(),
        };
        let mut taken = false;
        for server in servers {
            let request = Request(FIRST_ADMIN + number * SERVERS + u64::from(server.0));
            let ids = |numbers: &[u32]| numbers.iter().copied().map(NodeId).collect();
            let event = match &admin_op.kind {
                AdminKind::Membership { voters, learners } => {
                    Event::ChangeMembership(request, ids(voters), ids(learners))
                }
                AdminKind::Transfer(to) => Event::Transfer(request, NodeId(*to)),
                AdminKind::Compaction => Event::Compact(request),
                AdminKind::Read => Event::Read(request),
            };
            taken |= self.act(Action::Request { server, event })?;
        }
        if !taken {
            // An operation with a trigger waits until that fires again.
            if fired.is_none() {
                self.try_again(number, 50_000);
            }
            return Ok(false);
        }
        if fired.is_some() {
            self.count(FaultSort::AdminAtTrigger);
        }
        let place = self.plan.admin_ops.iter().position(|other| other.number == admin_op.number);
        if let Some(place) = place {
            self.fired[self.plan.faults.len() + place] = true;
        }
        Ok(true)
    }

    fn believes_to_lead(&self, id: NodeId) -> bool {
        let server = self.world.server(id);
        server.is_up() && server.view().role == Role::Leader
    }

    /// Schedules the next try of an admin operation after about this time, if there is one and it is not under way. A
    /// request for a snapshot, and a read, are not repeated.
    fn try_again(&mut self, number: u64, after: Micros) {
        let next = number + 1;
        let Some(tried) = self.admin_ops.get_mut(&((number / ATTEMPTS) as u32)) else { return };
        let again = match tried.admin_op.kind {
            AdminKind::Membership { .. } | AdminKind::Transfer(_) => tried.latest < next,
            AdminKind::Compaction | AdminKind::Read => false,
        };
        if again && !next.is_multiple_of(ATTEMPTS) {
            tried.latest = next;
            let bits = mix(mix(self.plan.seed, 0x7461_736b), number);
            let time = self.world.now() + after / 2 + below(bits, after);
            self.schedule(time, Due::AdminOp(next));
        }
    }

    /// An administrator receives an answer.
    pub(super) fn admin_answered(&mut self, request: u64, answer: &Answer) {
        let number = (request - FIRST_ADMIN) / SERVERS;
        let changes = self.admin_op(number).is_some_and(|tried| match tried.admin_op.kind {
            AdminKind::Membership { .. } => true,
            AdminKind::Transfer(_) | AdminKind::Compaction | AdminKind::Read => false,
        });
        match answer {
            Answer::NotLeader(Some(_)) => self.try_again(number, 2_000),
            Answer::NotLeader(None) | Answer::Busy => self.try_again(number, 30_000),
            // Mostly since another change is under way.
            Answer::Rejected | Answer::Superseded | Answer::Unknown if changes => {
                self.try_again(number, 30_000);
            }
            Answer::Committed(_)
            | Answer::Registered(..)
            | Answer::NoSession(_)
            | Answer::Read(_)
            | Answer::Done
            | Answer::Superseded
            | Answer::Unknown
            | Answer::Rejected => {}
        }
    }
}
