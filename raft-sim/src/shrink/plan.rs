//! From a failing plan to a small one that fails likewise.
//!
//! What there is too much of is taken out or made plain, and the rest is run: if it violates the same property it
//! is the plan to go on with, and it ends where the violation was. That is repeated until nothing can go.

use std::collections::BTreeSet;
use std::mem::discriminant;

use super::delta::minimize;
use super::plain::{EDITS, NOMINAL, plain_settings, settings, timing};
use super::servers::without;
use crate::checker::{Property, Violation};
use crate::mix::mix_bytes;
use crate::plan::{AdminClass, Fault, FaultKind, Plan};
use crate::run::run;
use crate::subject::{Field, Implementation};
use crate::time::Micros;

/// Most runs of one search. What it has by then may still be too much, but fails.
const MOST_RUNS: u64 = 3_000;
/// Most steps of servers in all of these runs, likewise: what takes some ten seconds.
const MOST_STEPS: u64 = 8_000_000;

/// A plan that fails and has little in it.
#[derive(Clone, Debug)]
pub(super) struct Small {
    /// The plan. It ends with the violation.
    pub(super) plan: Plan,
    /// What its run violates.
    pub(super) violation: Violation,
    /// How many runs were made to find it.
    pub(super) runs: u64,
}

/// The smallest plan that was found to violate the property that this one does; `None` if it violates none.
///
/// # Errors
/// Why a server does not boot under this plan.
pub(super) fn smallest(
    plan: &Plan,
    implementation: &dyn Implementation,
) -> Result<Option<Small>, String> {
    let outcome = run(plan, implementation, true, &mut ())?;
    let Some((at, violation)) = outcome.violation else { return Ok(None) };
    let mut search = Search {
        implementation,
        property: violation.property,
        violation,
        best: needed(plan, at, &outcome.fired),
        tried: BTreeSet::new(),
        runs: 1,
        steps: outcome.steps,
    };
    loop {
        let before = search.best.clone();
        search.round();
        if search.best == before {
            break;
        }
    }
    let Search { best, violation, runs, .. } = search;
    Ok(Some(Small { plan: best, violation, runs }))
}

/// How many faults, tasks and requests of clients a plan has in it.
pub(super) fn atoms(plan: &Plan) -> usize {
    plan.faults.len() + plan.admin_ops.len() + requests(plan).len()
}

/// The requests that clients make in the course of a plan.
fn requests(plan: &Plan) -> Vec<u64> {
    let most = plan.duration / plan.clients.interval.max(1);
    match &plan.clients.only {
        Some(only) => only.iter().copied().filter(|request| *request < most).collect(),
        None => (0..most).collect(),
    }
}

/// What of the plan has come by this time, when its run ended: faults and tasks that began, by whether each did.
fn needed(plan: &Plan, at: Micros, fired: &[bool]) -> Plan {
    let mut plan = plan.clone();
    // Within the healing phase it is the faults' end that the time is counted from.
    if at < plan.duration {
        plan.duration = at;
        plan.healing = None;
    }
    let (faults, admin_ops) = fired.split_at(plan.faults.len());
    retain(&mut plan.faults, faults);
    retain(&mut plan.admin_ops, admin_ops);
    plan
}

/// Keeps the items of which this is true.
fn retain<T>(items: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| keep.next().is_some_and(|keep| *keep));
}

struct Search<'a> {
    implementation: &'a dyn Implementation,
    property: Property,
    /// The smallest plan so far, and what it violates.
    best: Plan,
    violation: Violation,
    /// Digests of the plans that were run.
    tried: BTreeSet<u64>,
    runs: u64,
    /// How much happened to servers in these.
    steps: u64,
}

impl Search<'_> {
    /// Runs a plan that is smaller than the best one. It is the best one from now on if it fails likewise.
    fn accepts(&mut self, plan: Plan) -> bool {
        let digest = mix_bytes(0, format!("{plan:?}").as_bytes());
        let spent = self.runs >= MOST_RUNS || self.steps >= MOST_STEPS;
        if plan == self.best || spent || !self.tried.insert(digest) {
            return false;
        }
        self.runs += 1;
        // Settings that no server boots with are none to go on with.
        let Ok(outcome) = run(&plan, self.implementation, true, &mut ()) else { return false };
        self.steps += outcome.steps;
        let Some((at, violation)) = outcome.violation else { return false };
        if violation.property != self.property {
            return false;
        }
        self.best = needed(&plan, at, &outcome.fired);
        self.violation = violation;
        true
    }

    /// Tries the best plan with this change.
    fn with(&mut self, change: impl FnOnce(&mut Plan)) -> bool {
        let mut plan = self.best.clone();
        change(&mut plan);
        self.accepts(plan)
    }

    /// Makes a list of the plan as short as it can be.
    fn fewer<T: Clone>(&mut self, list: fn(&mut Plan) -> &mut Vec<T>) {
        let all = list(&mut self.best).clone();
        minimize(all, |kept| self.with(|plan| *list(plan) = kept.to_vec()));
    }

    /// Everything once.
    fn round(&mut self) {
        self.surroundings();
        self.classes();
        self.time();
        self.servers();
        self.fewer(|plan| &mut plan.faults);
        self.fewer(|plan| &mut plan.admin_ops);
        self.fewer(|plan| &mut plan.exceptions);
        self.requests();
        self.merge();
        self.times();
    }

    /// Conditions, disks, clocks, state machines and settings.
    fn surroundings(&mut self) {
        for edit in EDITS {
            self.with(edit);
        }
        self.with(plain_settings);
        for setting in settings() {
            if matches!(setting.field, Field::Ticks(_)) {
                self.with(|plan| plan.change_settings(timing));
            }
            self.with(|plan| plan.change_settings(|settings| setting.reset(settings)));
        }
        for server in 0..self.best.clocks.len() {
            self.with(|plan| plan.clocks[server] = NOMINAL);
        }
    }

    /// All faults, or all tasks, of one class.
    fn classes(&mut self) {
        let kinds: Vec<FaultKind> =
            self.best.faults.iter().map(|fault| fault.kind.clone()).collect();
        for kind in kinds {
            let class = discriminant(&kind);
            self.with(|plan| plan.faults.retain(|fault| discriminant(&fault.kind) != class));
        }
        for class in AdminClass::ALL {
            self.with(|plan| plan.admin_ops.retain(|admin_op| admin_op.kind.class() != class));
        }
    }

    /// Few requests of clients.
    fn requests(&mut self) {
        let all = requests(&self.best);
        minimize(all, |kept| self.with(|plan| plan.clients.only = Some(kept.to_vec())));
    }

    /// Less time until the faults end, if the violation comes afterwards.
    fn time(&mut self) {
        self.with(|plan| plan.duration = 0);
        while self.best.healing.is_some() && self.with(|plan| plan.duration /= 2) {}
    }

    /// A cluster without one of its servers, the last one first.
    fn servers(&mut self) {
        for server in (1..=self.best.clocks.len() as u32).rev() {
            if let Some(plan) = without(&self.best, server) {
                self.accepts(plan);
            }
        }
    }

    /// One fault for two of the same kind, from the beginning of the first to the end of the last.
    fn merge(&mut self) {
        let mut first = 0;
        while first < self.best.faults.len() {
            let Fault { kind, trigger, .. } = self.best.faults[first].clone();
            let others = self.best.faults.iter().enumerate().skip(first + 1);
            let equal = others
                .filter(|(_, other)| (&other.kind, other.trigger) == (&kind, trigger))
                .map(|(place, _)| place);
            let equal: Vec<usize> = equal.collect();
            let merged = equal.into_iter().any(|place| {
                self.with(|plan| {
                    let other = plan.faults.remove(place);
                    let fault = &mut plan.faults[first];
                    fault.until = fault.until.max(other.until);
                })
            });
            first += usize::from(!merged);
        }
    }

    /// Round times: what begins does so somewhat earlier, what ends somewhat later.
    fn times(&mut self) {
        let down = |time: Micros, to: Micros| time - time % to;
        for place in 0..self.best.faults.len() {
            self.rounder(|plan| Some(&mut plan.faults.get_mut(place)?.at), down);
            self.rounder(
                |plan| Some(&mut plan.faults.get_mut(place)?.until),
                |time, to| down(time + to - 1, to),
            );
        }
        for place in 0..self.best.admin_ops.len() {
            self.rounder(|plan| Some(&mut plan.admin_ops.get_mut(place)?.at), down);
        }
    }

    /// A time of the plan made as round as can be.
    fn rounder(
        &mut self,
        find: impl Fn(&mut Plan) -> Option<&mut Micros>,
        rounded: impl Fn(Micros, Micros) -> Micros,
    ) {
        for to in [1_000_000, 100_000, 10_000, 1_000] {
            let Some(&mut time) = find(&mut self.best) else { return };
            let done = time == rounded(time, to);
            if done
                || self
                    .with(|plan| find(plan).into_iter().for_each(|time| *time = rounded(*time, to)))
            {
                return;
            }
        }
    }
}
