//! Tasks: each class has a stream of its own, in which they come one after the other, or a few at once.

use super::{Scale, TASKS};
use crate::dice::Dice;
use crate::plan::{Moment, Plan, Task, TaskClass, TaskKind, Whom};
use crate::subject::Changes;
use crate::time::Micros;

/// All tasks of a plan that has servers and settings, in order.
pub(super) fn all(plan: &Plan, scale: &Scale) -> Vec<Task> {
    // A longer run does not change what comes first in it.
    let kinds: [(TaskClass, [Micros; 3], &[Moment], Draw); 3] = [
        (
            TaskClass::Membership,
            [50_000, 200_000, 600_000],
            &[
                Moment::Leads,
                Moment::Leads,
                Moment::Reconfigures,
                Moment::CommitsConfiguration,
                Moment::StepsDown,
                Moment::Installs,
                Moment::Stands,
            ],
            membership,
        ),
        (
            TaskClass::Transfer,
            [150_000, 400_000, 1_000_000],
            &[Moment::Leads, Moment::Reconfigures, Moment::Replicates, Moment::HandsOver],
            transfer,
        ),
        (
            TaskClass::Compaction,
            [20_000, 60_000, 200_000],
            &[
                Moment::Commits,
                Moment::Commits,
                Moment::Leads,
                Moment::Reconfigures,
                Moment::CommitsConfiguration,
                Moment::SendsSnapshot,
                Moment::Installs,
                Moment::Truncates,
            ],
            compaction,
        ),
    ];
    let mut tasks = Vec::new();
    for (class, pauses, moments, draw) in kinds {
        if scale.draw.does(class) {
            let dice = Dice::stream(plan.seed, TASKS + class as u64);
            tasks.extend(of_class(dice, plan, pauses, moments, draw));
        }
    }
    tasks.sort_by_key(|task| task.at);
    for (number, task) in (0..).zip(&mut tasks) {
        task.number = number;
    }
    tasks
}

/// Draws what is asked of whom.
type Draw = fn(&mut Dice, &Plan, &mut Configuration) -> (Whom, TaskKind);

/// Tasks of one class, one after the other with pauses between, which are at most one of `pauses`; some are a burst of several.
fn of_class(
    mut dice: Dice,
    plan: &Plan,
    pauses: [Micros; 3],
    moments: &[Moment],
    draw: Draw,
) -> Vec<Task> {
    let mut tasks = Vec::new();
    let mut configuration = Configuration::first(plan);
    let pause = dice.pick(&pauses);
    let mut at = dice.range(pause / 8, pause);
    while at < plan.duration {
        let moment = dice.pick(moments);
        let moment = dice.percent(35).then_some(moment);
        let burst = if dice.percent(20) { dice.range(2, 4) } else { 1 };
        // At the same moment, or one right after the other.
        let apart: Micros = dice.pick(&[0, 0, 500, 5_000]);
        for place in 0..burst {
            let (of, kind) = draw(&mut dice, plan, &mut configuration);
            let doer = moment.is_some() && dice.percent(40);
            let of = if doer { Whom::Doer } else { of };
            tasks.push(Task { number: 0, at: at + place * apart, moment, of, kind });
        }
        at += dice.range(pause / 8, pause);
    }
    tasks
}

/// Where administrators believe the cluster to be.
#[derive(Clone, Debug)]
struct Configuration {
    voters: Vec<u32>,
    learners: Vec<u32>,
    /// The one before.
    before: Vec<u32>,
}

impl Configuration {
    fn first(plan: &Plan) -> Configuration {
        let voters: Vec<u32> = (1..=plan.members).collect();
        Configuration { before: voters.clone(), voters, learners: Vec::new() }
    }

    /// One server, any one, comes to vote, to learn, or leaves. Somebody votes always.
    fn moved(mut self, dice: &mut Dice, plan: &Plan) -> Configuration {
        let server = any(dice, plan);
        let votes = self.voters.contains(&server);
        let learns = self.learners.contains(&server);
        self.before.clone_from(&self.voters);
        self.voters.retain(|other| *other != server);
        self.learners.retain(|other| *other != server);
        match dice.range(0, 2) {
            _ if self.voters.is_empty() => self.voters.push(server),
            0 if votes => self.learners.push(server),
            0 if learns => self.voters.push(server),
            0 => self.learners.push(server),
            1 | 2 if votes => {}
            _ => self.voters.push(server),
        }
        self.voters.sort_unstable();
        self.learners.sort_unstable();
        self
    }

    /// Back to the voters of before, which is how a server is added, removed, and added again.
    fn back(self) -> Configuration {
        Configuration { voters: self.before, before: self.voters, learners: Vec::new() }
    }

    fn wanted(&self) -> TaskKind {
        let Configuration { voters, learners, .. } = self.clone();
        TaskKind::Membership { voters, learners }
    }
}

fn any(dice: &mut Dice, plan: &Plan) -> u32 {
    dice.range(1, plan.clocks.len() as u64) as u32
}

/// To add, remove, replace; a server or several; to be a learner or a voter; and back again. Some make no sense.
fn membership(dice: &mut Dice, plan: &Plan, now: &mut Configuration) -> (Whom, TaskKind) {
    let first = Configuration::first(plan);
    let few = plan.settings.changes == Changes::Single;
    *now = match dice.range(0, 11) {
        0 | 1 => first,
        2..=4 => now.clone().back(),
        5..=7 if few => first.moved(dice, plan),
        5..=7 => now.clone().moved(dice, plan),
        _ if few => now.clone().moved(dice, plan),
        8..=10 => (0..dice.range(2, 4)).fold(now.clone(), |to, _| to.moved(dice, plan)),
        _ => (0..plan.clocks.len()).fold(first, |to, _| to.moved(dice, plan)),
    };
    let server = any(dice, plan);
    let of = dice.pick(&[Whom::Leader, Whom::Leader, Whom::Leaders, Whom::Server(server)]);
    let kind = match dice.range(0, 49) {
        0 => TaskKind::Membership { voters: Vec::new(), learners: now.voters.clone() },
        1 => TaskKind::Membership { voters: vec![server, server], learners: Vec::new() },
        2 => TaskKind::Membership { voters: now.voters.clone(), learners: now.voters.clone() },
        _ => now.wanted(),
    };
    (of, kind)
}

fn transfer(dice: &mut Dice, plan: &Plan, _: &mut Configuration) -> (Whom, TaskKind) {
    let of = dice.pick(&[Whom::Leader, Whom::Leader, Whom::Leaders]);
    (of, TaskKind::Transfer(any(dice, plan)))
}

fn compaction(dice: &mut Dice, plan: &Plan, _: &mut Configuration) -> (Whom, TaskKind) {
    let server = Whom::Server(any(dice, plan));
    let of = dice.pick(&[Whom::Leader, server, server, Whom::Everybody, Whom::Everybody]);
    (of, TaskKind::Compaction)
}
