//! Shrinks a failing plan to a small one that fails with the same symptom.
//!
//! A part is removed or made plain, and the rest is run. If it fails with the same symptom it becomes the best plan,
//! and ends at the violation. That is repeated until nothing can go.

use std::collections::BTreeSet;
use std::mem::discriminant;

use super::delta::minimize;
use super::patience::{PLAN, Patience, TEXT};
use super::plain::{EDITS, NOMINAL, plain_settings, settings, timing};
use super::servers::without;
use crate::checker::{Symptom, Violation};
use crate::mix::mix_bytes;
use crate::plan::{AdminClass, Fault, FaultKind, Plan};
use crate::run::{Interrupt, Outcome, run};
use crate::subject::{Field, Implementation};
use crate::time::Micros;

/// Most runs of one search. The best plan by then may not be minimal, but fails.
const MOST_RUNS: u64 = 3_000;
/// Most steps of servers in all of these runs, likewise: they take some ten seconds.
const MOST_STEPS: u64 = 8_000_000;

/// A plan that fails and has little in it.
#[derive(Clone, Debug)]
pub(super) struct Small {
    /// The plan. It ends with the violation.
    pub(super) plan: Plan,
    /// The violation of its run.
    pub(super) violation: Violation,
    /// The number of runs made to find it.
    pub(super) runs: u64,
    /// True if patience ended the search.
    pub(super) is_cut: bool,
}

/// The smallest plan found with the symptom of this one; `None` if this one violates nothing.
///
/// # Errors
/// The reason why a server does not boot under this plan, or that patience ended its run.
pub(super) fn smallest(
    plan: &Plan,
    implementation: &dyn Implementation,
    patience: &dyn Patience,
) -> Result<Option<Small>, String> {
    let outcome = ran(plan, implementation, &|| patience.used() >= TEXT)
        .ok_or("no time was left to repeat its run")??;
    let Some((at, violation)) = outcome.violation else { return Ok(None) };
    let mut search = Search {
        implementation,
        patience,
        symptom: violation.symptom(),
        violation,
        best: needed(plan, at, &outcome.fired),
        tried: BTreeSet::new(),
        runs: 1,
        steps: outcome.steps,
        is_cut: false,
    };
    loop {
        let before = search.best.clone();
        search.round();
        if search.best == before {
            break;
        }
    }
    let Search { best, violation, runs, is_cut, .. } = search;
    Ok(Some(Small { plan: best, violation, runs, is_cut }))
}

/// Runs a plan; `None` if `stop` ended the run.
fn ran(
    plan: &Plan,
    implementation: &dyn Implementation,
    stop: &dyn Fn() -> bool,
) -> Option<Result<Outcome, String>> {
    let mut interrupt = Interrupt::new(stop);
    let ran = run(plan, implementation, true, &mut interrupt);
    (!interrupt.fired()).then_some(ran)
}

/// The number of faults, admin operations and requests of clients in a plan.
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

/// The part of the plan that its run reached, which ended at this time: the faults and admin operations that began.
fn needed(plan: &Plan, at: Micros, fired: &[bool]) -> Plan {
    let mut plan = plan.clone();
    // Times of the healing phase are counted from the end of the faults.
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
    patience: &'a dyn Patience,
    symptom: Symptom,
    /// The smallest plan so far, and its violation.
    best: Plan,
    violation: Violation,
    /// Digests of the plans that were run.
    tried: BTreeSet<u64>,
    runs: u64,
    /// The number of steps of servers in these.
    steps: u64,
    /// True if patience ended the search.
    is_cut: bool,
}

impl Search<'_> {
    /// Runs a plan that is smaller than the best one. It becomes the best one if it has the same symptom.
    fn accepts(&mut self, plan: Plan) -> bool {
        let digest = mix_bytes(0, format!("{plan:?}").as_bytes());
        let stop = || self.patience.used() >= PLAN;
        self.is_cut |= stop();
        let spent = self.runs >= MOST_RUNS || self.steps >= MOST_STEPS || self.is_cut;
        if plan == self.best || spent || !self.tried.insert(digest) {
            return false;
        }
        self.runs += 1;
        // Settings with which a server does not boot are rejected.
        let Some(Ok(outcome)) = ran(&plan, self.implementation, &stop) else { return false };
        self.steps += outcome.steps;
        let Some((at, violation)) = outcome.violation else { return false };
        if !self.symptom.is_of(&violation) {
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

    /// Makes a list of the plan as short as possible.
    fn fewer<T: Clone>(&mut self, list: fn(&mut Plan) -> &mut Vec<T>) {
        let all = list(&mut self.best).clone();
        minimize(all, |kept| self.with(|plan| *list(plan) = kept.to_vec()));
    }

    /// One round of all reductions.
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

    /// Makes conditions, disks, clocks, state machines and settings plain.
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

    /// Removes all faults, or all admin operations, of one class.
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

    /// Reduces the requests of clients.
    fn requests(&mut self) {
        let all = requests(&self.best);
        minimize(all, |kept| self.with(|plan| plan.clients.only = Some(kept.to_vec())));
    }

    /// Reduces the time until the faults end, if the violation comes afterwards.
    fn time(&mut self) {
        self.with(|plan| plan.duration = 0);
        while self.best.healing.is_some() && self.with(|plan| plan.duration /= 2) {}
    }

    /// Removes servers, the last one first. A cluster of several stays one: alone, a server fails for other reasons.
    fn servers(&mut self) {
        for server in (1..=self.best.clocks.len() as u32).rev() {
            let several = self.best.members > 1;
            let smaller = without(&self.best, server);
            if let Some(plan) = smaller.filter(|plan| !several || plan.members > 1) {
                self.accepts(plan);
            }
        }
    }

    /// Merges two faults of the same kind into one, from the beginning of the first to the end of the last.
    fn merge(&mut self) {
        let mut first = 0;
        while first < self.best.faults.len() {
            let Fault { kind, trigger, ending, .. } = self.best.faults[first].clone();
            let others = self.best.faults.iter().enumerate().skip(first + 1);
            let equal = others
                .filter(|(_, other)| {
                    (&other.kind, other.trigger, other.ending) == (&kind, trigger, ending)
                })
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

    /// Rounds times: beginnings become somewhat earlier, ends somewhat later. Faults end by their time alone.
    fn times(&mut self) {
        let down = |time: Micros, to: Micros| time - time % to;
        for place in 0..self.best.faults.len() {
            self.with(|plan| {
                plan.faults.iter_mut().skip(place).take(1).for_each(|fault| fault.ending = None)
            });
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

    /// Rounds a time of the plan as much as possible.
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
