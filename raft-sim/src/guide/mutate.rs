//! Small changes of a plan. What is added comes from another plan, which may have it under the same wishes.
//! Whatever comes out is as fair as what went in.

use crate::dice::Dice;
use crate::plan::{Direction, Fault, FaultKind, Moment, Plan, Target, Task, Whom, fit};
use crate::time::Micros;

/// From so many faults and tasks on, nothing is added to a plan.
const MOST: usize = 300;
/// How long a run goes on at most behind the state that it starts out from, in virtual microseconds.
const TAILS: [Micros; 6] = [30_000, 80_000, 150_000, 150_000, 300_000, 600_000];

/// The plan up to a time at which its run was in a state that few reach, and from there on something else.
pub(super) fn continued(plan: &Plan, from: Micros, donor: &Plan, dice: &mut Dice) -> Plan {
    let mut plan = plan.clone();
    let from = from.min(plan.duration);
    plan.duration = from + dice.pick(&TAILS);
    if dice.percent(70) {
        plan.faults.retain(|fault| fault.at <= from);
        plan.tasks.retain(|task| task.at <= from);
    }
    for _ in 0..dice.range(1, 4) {
        add(&mut plan, from, donor, dice);
    }
    heal(&mut plan, donor, dice);
    fitted(plan)
}

/// The plan with a few changes anywhere.
pub(super) fn changed(plan: &Plan, from: Micros, donor: &Plan, dice: &mut Dice) -> Plan {
    let mut plan = plan.clone();
    plan.duration = plan.duration.min(from + dice.pick(&TAILS));
    for _ in 0..dice.range(1, 3) {
        change(&mut plan, donor, dice);
    }
    heal(&mut plan, donor, dice);
    fitted(plan)
}

/// In few runs progress is owed: it takes about as long as all the rest.
fn heal(plan: &mut Plan, donor: &Plan, dice: &mut Dice) {
    let healing = if plan.healing.is_some() { &plan.healing } else { &donor.healing };
    plan.healing = if dice.percent(25) { healing.clone() } else { None };
}

/// Only what fits stays.
fn fitted(mut plan: Plan) -> Plan {
    let faults = std::mem::take(&mut plan.faults);
    plan.faults = fit::faults(faults, &plan);
    let tasks = std::mem::take(&mut plan.tasks);
    plan.tasks = fit::tasks(tasks, &plan);
    plan.healing = plan.healing.take().map(|healing| fit::healing(healing, &plan));
    plan
}

/// Adds a fault or a task of the donor, at a time soon behind this one.
fn add(plan: &mut Plan, from: Micros, donor: &Plan, dice: &mut Dice) {
    let at = from + dice.pick(&[0, 1, 1_000, 5_000, 20_000, 60_000, 150_000]);
    let at = dice.range(from, at);
    let all = donor.faults.len() + donor.tasks.len();
    if all == 0 || plan.faults.len() + plan.tasks.len() >= MOST {
        return;
    }
    // As likely a task as a fault, if there are both.
    let task = donor.faults.is_empty() || (!donor.tasks.is_empty() && dice.percent(35));
    if task {
        let place = dice.range(0, donor.tasks.len() as u64 - 1) as usize;
        plan.tasks.push(Task { at, ..donor.tasks[place].clone() });
    } else {
        let place = dice.range(0, donor.faults.len() as u64 - 1) as usize;
        let fault = donor.faults[place].clone();
        let length = (fault.until - fault.at).min(dice.pick(&[10_000, 50_000, 200_000, 600_000]));
        plan.faults.push(Fault { at, until: at + length, ..fault });
    }
}

/// One change.
fn change(plan: &mut Plan, donor: &Plan, dice: &mut Dice) {
    let when = dice.range(0, plan.duration);
    match dice.range(0, 15) {
        0 | 1 => remove(plan, dice),
        2 => shift(plan, dice),
        3 => again(plan, dice),
        4 => {
            let servers = plan.clocks.len() as u64;
            if let Some(fault) = one(&mut plan.faults, dice) {
                retarget(fault, servers, dice);
            }
        }
        5 => wait(plan, dice),
        6 => {
            plan.faults.retain(|fault| fault.at < when);
            plan.faults.extend(donor.faults.iter().filter(|fault| fault.at >= when).cloned());
        }
        7 => {
            plan.tasks.retain(|task| task.at < when);
            plan.tasks.extend(donor.tasks.iter().filter(|task| task.at >= when).cloned());
        }
        8 => limits(plan, donor),
        9 => plan.weather = donor.weather,
        10 => {
            plan.sync = donor.sync;
            plan.apply_time = donor.apply_time;
            plan.durable_state_machine = donor.durable_state_machine;
        }
        11 => plan.clients = donor.clients.clone(),
        12 => plan.seed = dice.range(0, u64::MAX - 1),
        13 => {
            let seed = dice.range(0, u64::MAX - 1);
            plan.change_settings(|settings| settings.seed = seed);
        }
        _ => add(plan, when, donor, dice),
    }
}

fn one<'a, T>(items: &'a mut [T], dice: &mut Dice) -> Option<&'a mut T> {
    let last = items.len().checked_sub(1)?;
    items.get_mut(dice.range(0, last as u64) as usize)
}

fn remove(plan: &mut Plan, dice: &mut Dice) {
    let all = (plan.faults.len() + plan.tasks.len()) as u64;
    let place = dice.range(0, all.saturating_sub(1)) as usize;
    if place < plan.faults.len() {
        plan.faults.remove(place);
    } else if place - plan.faults.len() < plan.tasks.len() {
        plan.tasks.remove(place - plan.faults.len());
    }
}

/// A fault or a task comes sooner or later, or a fault takes longer or shorter.
fn shift(plan: &mut Plan, dice: &mut Dice) {
    let by = dice.pick(&[500, 2_000, 10_000, 50_000, 200_000]);
    let (earlier, what) = (dice.percent(50), dice.range(0, 2));
    let moved = |time: Micros| if earlier { time.saturating_sub(by) } else { time + by };
    match what {
        0 => one(&mut plan.tasks, dice).into_iter().for_each(|task| task.at = moved(task.at)),
        1 => one(&mut plan.faults, dice).into_iter().for_each(|fault| {
            let length = fault.until - fault.at;
            fault.at = moved(fault.at);
            fault.until = fault.at + length;
        }),
        _ => one(&mut plan.faults, dice)
            .into_iter()
            .for_each(|fault| fault.until = moved(fault.until).max(fault.at + 1)),
    }
}

/// A fault or a task comes once more, later.
fn again(plan: &mut Plan, dice: &mut Dice) {
    let later = dice.pick(&[5_000, 30_000, 100_000, 300_000]);
    if dice.percent(35) {
        let task = one(&mut plan.tasks, dice).cloned();
        plan.tasks.extend(task.map(|task| Task { at: task.at + later, ..task }));
    } else {
        let fault = one(&mut plan.faults, dice).cloned();
        let later =
            |fault: Fault| Fault { at: fault.at + later, until: fault.until + later, ..fault };
        plan.faults.extend(fault.map(later));
    }
}

/// A fault hits somebody else.
fn retarget(fault: &mut Fault, servers: u64, dice: &mut Dice) {
    let server = dice.range(1, servers) as u32;
    let to = dice.pick(&[
        Target::Leader,
        Target::Follower(server - 1),
        Target::Server(server),
        Target::Candidate,
        Target::Voter,
        Target::Deposed,
        Target::Behind,
    ]);
    let to = match fault.moment {
        Some(moment) if moment.has_peer() => dice.pick(&[Target::Doer, Target::Peer, to]),
        Some(_) => dice.pick(&[Target::Doer, to]),
        None => to,
    };
    let direction = dice.pick(&[Direction::Both, Direction::Outgoing, Direction::Incoming]);
    match &mut fault.kind {
        FaultKind::Isolate(target, way)
        | FaultKind::Flap(target, way, _)
        | FaultKind::Vault(target, way, _) => (*target, *way) = (to, direction),
        FaultKind::Crash(target, _)
        | FaultKind::CrashAtWrite(target, _)
        | FaultKind::FullDisk(target)
        | FaultKind::Stall(target)
        | FaultKind::Pause(target)
        | FaultKind::Laze(target)
        | FaultKind::Rate(target, _)
        | FaultKind::Jump(target, _)
        | FaultKind::Freeze(target)
        | FaultKind::Wipe(target)
        | FaultKind::Lie(target) => *target = to,
        FaultKind::OneWay(from, to) | FaultKind::Hold(from, to) | FaultKind::Slow(from, to, _) => {
            std::mem::swap(from, to);
        }
        FaultKind::Partition(_) | FaultKind::CrashAll | FaultKind::Renew(..) => {}
    }
}

/// A fault or a task waits for another moment, or for none.
fn wait(plan: &mut Plan, dice: &mut Dice) {
    let moment = dice.pick(&Moment::ALL);
    let moment = dice.percent(75).then_some(moment);
    if dice.percent(35) {
        if let Some(task) = one(&mut plan.tasks, dice) {
            task.moment = moment;
            if moment.is_none() && task.of == Whom::Doer {
                task.of = Whom::Leader;
            }
        }
        return;
    }
    let servers = plan.clocks.len() as u64;
    if let Some(fault) = one(&mut plan.faults, dice) {
        fault.moment = moment;
        retarget(fault, servers, dice);
    }
}

/// How much is sent at once, how much may be under way, and how state machines keep up.
fn limits(plan: &mut Plan, donor: &Plan) {
    let theirs = donor.settings;
    plan.change_settings(|settings| {
        settings.entries_per_message = theirs.entries_per_message;
        settings.bytes_per_message = theirs.bytes_per_message;
        settings.window = theirs.window;
        settings.uncommitted_limit = theirs.uncommitted_limit;
        settings.snapshot_chunk = theirs.snapshot_chunk;
        settings.catch_up_rounds = theirs.catch_up_rounds;
        settings.apply_limit = theirs.apply_limit;
        settings.sessions = theirs.sessions;
        settings.changes = theirs.changes;
    });
}
