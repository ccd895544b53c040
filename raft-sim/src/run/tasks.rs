//! Administrators: they change the configuration, hand leadership over, and have snapshots taken.

use super::faults::Waiting;
use super::{ATTEMPTS, FIRST_TASK, Run, SERVERS};
use crate::checker::Violation;
use crate::cluster::Came;
use crate::mix::{below, mix};
use crate::plan::{FaultSort, Task, TaskKind, Whom};
use crate::subject::{Answer, Request, Role};
use crate::time::Micros;
use crate::words::NodeId;

/// A task, and its latest try that was made or is to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried<'a> {
    task: &'a Task,
    latest: u64,
}

impl<'a> Run<'a> {
    /// Puts the tasks of the plan on the agenda.
    pub(super) fn schedule_tasks(&mut self) {
        for task in &self.plan.tasks {
            let first = u64::from(task.number) * ATTEMPTS;
            self.tasks.insert(task.number, Tried { task, latest: first });
            self.cluster.schedule(task.at, FIRST_TASK + first);
        }
    }

    fn task(&self, number: u64) -> Option<Tried<'a>> {
        self.tasks.get(&((number / ATTEMPTS) as u32)).copied()
    }

    /// The `number % ATTEMPTS`-th try of task `number / ATTEMPTS`: the first goes to those whom the plan
    /// names, the others to whoever leads.
    pub(super) fn try_task(&mut self, number: u64) -> Result<(), Violation> {
        let Some(Tried { task, .. }) = self.task(number) else { return Ok(()) };
        match task.moment {
            Some(moment) if number.is_multiple_of(ATTEMPTS) => {
                self.wait(moment, Waiting::Task(number));
            }
            Some(_) | None => {
                self.ask(number, None)?;
            }
        }
        Ok(())
    }

    /// The same at once, for a moment that has come if it was to wait for one. False if nobody is there to be
    /// asked.
    pub(super) fn ask(&mut self, number: u64, came: Option<Came>) -> Result<bool, Violation> {
        let Some(Tried { task, .. }) = self.task(number) else { return Ok(false) };
        let of = if number.is_multiple_of(ATTEMPTS) { task.of } else { Whom::Leader };
        let servers: Vec<NodeId> = match of {
            Whom::Server(server) => vec![NodeId(server)],
            Whom::Leader => self.cluster.leader().into_iter().collect(),
            Whom::Leaders => self.cluster.ids().filter(|&id| self.believes_to_lead(id)).collect(),
            Whom::Everybody => self.cluster.ids().collect(),
            Whom::Doer => came.iter().map(|came| came.server).collect(),
        };
        let mut taken = false;
        for server in servers {
            let request = Request(FIRST_TASK + number * SERVERS + u64::from(server.0));
            let ids = |numbers: &[u32]| numbers.iter().copied().map(NodeId).collect();
            taken |= match &task.kind {
                TaskKind::Membership { voters, learners } => {
                    let (voters, learners) = (ids(voters), ids(learners));
                    self.cluster.change_membership(server, request, voters, learners)?
                }
                TaskKind::Transfer(to) => self.cluster.transfer(server, request, NodeId(*to))?,
                TaskKind::Compaction => self.cluster.compact(server, request)?,
            };
        }
        if !taken {
            // Who waits for a moment waits for the next one.
            if came.is_none() {
                self.try_again(number, 50_000);
            }
            return Ok(false);
        }
        if came.is_some() {
            self.count(FaultSort::TaskAtMoment);
        }
        let place = self.plan.tasks.iter().position(|other| other.number == task.number);
        if let Some(place) = place {
            self.fired[self.plan.faults.len() + place] = true;
        }
        Ok(true)
    }

    fn believes_to_lead(&self, id: NodeId) -> bool {
        let server = self.cluster.server(id);
        server.is_up() && server.view().role == Role::Leader
    }

    /// The next try of a task, if it has one and that is not under way, after about this time. Who was to take
    /// a snapshot and did not is not asked again.
    fn try_again(&mut self, number: u64, after: Micros) {
        let next = number + 1;
        let Some(tried) = self.tasks.get_mut(&((number / ATTEMPTS) as u32)) else { return };
        let again = match tried.task.kind {
            TaskKind::Membership { .. } | TaskKind::Transfer(_) => tried.latest < next,
            TaskKind::Compaction => false,
        };
        if again && !next.is_multiple_of(ATTEMPTS) {
            tried.latest = next;
            let bits = mix(mix(self.plan.seed, 0x7461_736b), number);
            let time = self.cluster.now() + after / 2 + below(bits, after);
            self.cluster.schedule(time, FIRST_TASK + next);
        }
    }

    /// An administrator is told what became of its request.
    pub(super) fn hear_task(&mut self, request: u64, answer: &Answer) {
        let number = (request - FIRST_TASK) / SERVERS;
        let changes = self.task(number).is_some_and(|tried| match tried.task.kind {
            TaskKind::Membership { .. } => true,
            TaskKind::Transfer(_) | TaskKind::Compaction => false,
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
