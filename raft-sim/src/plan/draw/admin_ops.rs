//! Admin operations: each class has its own stream, in which they follow one another, or come a few at once.

use super::{ADMIN_OPS, Scale};
use crate::plan::{AdminClass, AdminKind, AdminOp, AdminTarget, Plan, Target, Trigger};
use crate::rng::PlanRng;
use crate::subject::Changes;
use crate::time::Micros;

/// All admin operations of a plan that has servers and settings, in order.
pub(super) fn all(plan: &Plan, scale: &Scale) -> Vec<AdminOp> {
    // A longer run begins with the same operations.
    let kinds: [(AdminClass, [Micros; 3], &[Trigger], Draw); 4] = [
        (
            AdminClass::Membership,
            [50_000, 200_000, 600_000],
            &[
                Trigger::Leads,
                Trigger::Leads,
                Trigger::Reconfigures,
                Trigger::CommitsConfiguration,
                Trigger::StepsDown,
                Trigger::Installs,
                Trigger::Stands,
            ],
            membership,
        ),
        (
            AdminClass::Transfer,
            [150_000, 400_000, 1_000_000],
            &[Trigger::Leads, Trigger::Reconfigures, Trigger::Replicates, Trigger::HandsOver],
            transfer,
        ),
        (
            AdminClass::Compaction,
            [20_000, 60_000, 200_000],
            &[
                Trigger::Commits,
                Trigger::Commits,
                Trigger::Leads,
                Trigger::Reconfigures,
                Trigger::CommitsConfiguration,
                Trigger::SendsSnapshot,
                Trigger::Installs,
                Trigger::Truncates,
            ],
            compaction,
        ),
        (
            AdminClass::Reads,
            [50_000, 150_000, 500_000],
            &[
                Trigger::Leads,
                Trigger::Leads,
                Trigger::Boots,
                Trigger::Boots,
                Trigger::Answers,
                Trigger::Commits,
                Trigger::StepsDown,
                Trigger::Installs,
                Trigger::Replicates,
                Trigger::Acknowledges,
            ],
            read,
        ),
    ];
    let mut admin_ops = Vec::new();
    for (class, pauses, triggers, draw) in kinds {
        if scale.draw.does(class) {
            let rng = PlanRng::stream(plan.seed, ADMIN_OPS + class as u64);
            admin_ops.extend(of_class(rng, plan, pauses, triggers, draw));
        }
    }
    admin_ops.sort_by_key(|admin_op| admin_op.at);
    for (number, admin_op) in (0..).zip(&mut admin_ops) {
        admin_op.number = number;
    }
    admin_ops
}

/// Draws a request and its target.
type Draw = fn(&mut PlanRng, &Plan, &mut Configuration) -> (AdminTarget, AdminKind);

/// Admin operations of one class, one after the other with pauses of at most one of `pauses` in between; some are a
/// burst of several.
fn of_class(
    mut rng: PlanRng,
    plan: &Plan,
    pauses: [Micros; 3],
    triggers: &[Trigger],
    draw: Draw,
) -> Vec<AdminOp> {
    let mut admin_ops = Vec::new();
    let mut configuration = Configuration::first(plan);
    let pause = rng.pick(&pauses);
    let mut at = rng.range(pause / 8, pause);
    while at < plan.duration {
        let trigger = rng.pick(triggers);
        let trigger = rng.percent(35).then_some(trigger);
        let burst = if rng.percent(20) { rng.range(2, 4) } else { 1 };
        // At the same time, or one right after the other.
        let apart: Micros = rng.pick(&[0, 0, 500, 5_000]);
        for place in 0..burst {
            let (of, kind) = draw(&mut rng, plan, &mut configuration);
            let actor = trigger.is_some() && rng.percent(40);
            let of = if actor { AdminTarget::One(Target::Actor) } else { of };
            // There is a deposed leader mostly when another one leads.
            let other = rng.pick(&[Trigger::Leads, Trigger::Commits, Trigger::Answers]);
            let deposed = of == AdminTarget::One(Target::Deposed);
            let trigger = if deposed { trigger.or(Some(other)) } else { trigger };
            admin_ops.push(AdminOp { number: 0, at: at + place * apart, trigger, of, kind });
        }
        at += rng.range(pause / 8, pause);
    }
    admin_ops
}

/// The configuration that administrators believe to be in force.
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

    /// Changes one random server: it votes, learns or leaves. At least one server always votes.
    fn moved(mut self, rng: &mut PlanRng, plan: &Plan) -> Configuration {
        let server = any(rng, plan);
        let votes = self.voters.contains(&server);
        let learns = self.learners.contains(&server);
        self.before.clone_from(&self.voters);
        self.voters.retain(|other| *other != server);
        self.learners.retain(|other| *other != server);
        match rng.range(0, 2) {
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

    /// Comes to this many voters, or one step closer to it if `single`: random servers come or go.
    fn resized(
        mut self,
        rng: &mut PlanRng,
        plan: &Plan,
        size: usize,
        single: bool,
    ) -> Configuration {
        self.before.clone_from(&self.voters);
        let size = size.min(plan.clocks.len());
        while self.voters.len() != size {
            if self.voters.len() > size {
                self.voters.remove(rng.range(0, self.voters.len() as u64 - 1) as usize);
            } else {
                let others = (1..=plan.clocks.len() as u32).filter(|it| !self.voters.contains(it));
                let others: Vec<u32> = others.collect();
                self.voters.push(rng.pick(&others));
            }
            if single {
                break;
            }
        }
        self.voters.sort_unstable();
        self.learners.retain(|server| !self.voters.contains(server));
        self
    }

    /// Returns to the previous voters, so that a server is added, removed, and added again.
    fn back(self) -> Configuration {
        Configuration { voters: self.before, before: self.voters, learners: Vec::new() }
    }

    fn wanted(&self) -> AdminKind {
        let Configuration { voters, learners, .. } = self.clone();
        AdminKind::Membership { voters, learners }
    }
}

fn any(rng: &mut PlanRng, plan: &Plan) -> u32 {
    rng.range(1, plan.clocks.len() as u64) as u32
}

/// Draws a change: servers are added, removed or replaced, one or several, as learners or voters; or few are left, or
/// the previous change is undone. Some changes make no sense.
fn membership(rng: &mut PlanRng, plan: &Plan, now: &mut Configuration) -> (AdminTarget, AdminKind) {
    let first = Configuration::first(plan);
    let few = plan.settings.changes == Changes::Single;
    let size = rng.pick(&[1, 1, 2, 2, 3, 4]);
    *now = match rng.range(0, 16) {
        0 | 1 => first,
        2..=4 => now.clone().back(),
        5..=7 if few => first.moved(rng, plan),
        5..=7 => now.clone().moved(rng, plan),
        8..=11 if few => now.clone().moved(rng, plan),
        8..=10 => (0..rng.range(2, 4)).fold(now.clone(), |to, _| to.moved(rng, plan)),
        11 => (0..plan.clocks.len()).fold(first, |to, _| to.moved(rng, plan)),
        _ => now.clone().resized(rng, plan, size, few),
    };
    let server = any(rng, plan);
    let of =
        rng.pick(&[LEADER, LEADER, AdminTarget::Leaders, AdminTarget::One(Target::Server(server))]);
    let kind = match rng.range(0, 49) {
        0 => AdminKind::Membership { voters: Vec::new(), learners: now.voters.clone() },
        1 => AdminKind::Membership { voters: vec![server, server], learners: Vec::new() },
        2 => AdminKind::Membership { voters: now.voters.clone(), learners: now.voters.clone() },
        _ => now.wanted(),
    };
    (of, kind)
}

/// A request to the leader.
const LEADER: AdminTarget = AdminTarget::One(Target::Leader);

fn transfer(rng: &mut PlanRng, plan: &Plan, _: &mut Configuration) -> (AdminTarget, AdminKind) {
    let of = rng.pick(&[LEADER, LEADER, AdminTarget::Leaders]);
    (of, AdminKind::Transfer(any(rng, plan)))
}

fn compaction(rng: &mut PlanRng, plan: &Plan, _: &mut Configuration) -> (AdminTarget, AdminKind) {
    let server = AdminTarget::One(Target::Server(any(rng, plan)));
    let of = rng.pick(&[LEADER, server, server, AdminTarget::Everybody, AdminTarget::Everybody]);
    (of, AdminKind::Compaction)
}

/// Draws a read where it is likely to go wrong: at a leader that is none any more, at a server that is behind.
fn read(rng: &mut PlanRng, plan: &Plan, _: &mut Configuration) -> (AdminTarget, AdminKind) {
    let server = any(rng, plan);
    let of = rng.pick(&[
        AdminTarget::One(Target::Deposed),
        AdminTarget::One(Target::Deposed),
        AdminTarget::One(Target::Deposed),
        AdminTarget::One(Target::Behind),
        AdminTarget::One(Target::Behind),
        AdminTarget::One(Target::Follower(server - 1)),
        AdminTarget::Leaders,
        AdminTarget::Everybody,
        LEADER,
    ]);
    (of, AdminKind::Read)
}
