//! The time it takes to check a history: `cargo bench --bench histories`.
//!
//! The histories are those of clients of a true register, drawn at random; the illegal ones have a stale read at their
//! end. Times are medians, of the processor where Linux tells them: a busy machine counts less then.

mod clock;

use std::hint::black_box;

use raft_sim::history::{Call, Event, History, Key, Kind, Limits, Value, Verdict, check};
use raft_sim::rng::PlanRng;

const ROUNDS: usize = 3;

/// The number of operations of a history.
const OPERATIONS: u64 = 10_000;

fn main() {
    println!("milliseconds for {OPERATIONS} operations, medians of {ROUNDS} rounds");
    println!("{:<58} {:>10}  verdict", "", "ms");
    let once = [(u64::MAX, "each value once"), (OPERATIONS, "10000 values"), (5, "5 values")];
    let plain = Load { clients: 10, keys: 1, values: u64::MAX, unknown: 0, ends_stale: false };
    for (keys, what) in [(1, "1 key"), (100, "100 keys")] {
        for unknown in [0, 50] {
            for (values, which) in once {
                let name = format!("{what}, {which}, {} % unknown", unknown / 10);
                row(&name, &Load { keys, values, unknown, ..plain });
            }
        }
    }
    for clients in [10, 20, 30] {
        for (values, which) in once {
            let name = format!("{clients} clients, {which}, stale read at the end");
            row(&name, &Load { clients, values, ends_stale: true, ..plain });
        }
    }
    for unknown in [50, 200] {
        for (values, which) in once {
            let name = format!("{which}, {} % unknown, stale read at the end", unknown / 10);
            row(&name, &Load { unknown, values, ends_stale: true, ..plain });
        }
    }
    for (writes, times) in [(15, 2), (18, 2), (20, 2), (100, 2)] {
        at_once(writes, times);
    }
}

/// The workload of the clients.
#[derive(Clone, Copy)]
struct Load {
    clients: u64,
    keys: u64,
    /// The number of different values that are written; if unlimited, each is written once, and there is no cas.
    values: u64,
    /// The number of operations in a thousand that are left unknown; half of these happen.
    unknown: u64,
    /// True if a read at the end sees an overwritten value.
    ends_stale: bool,
}

/// The state of a client of the true register.
struct Client {
    process: u64,
    /// The operation under way, and true if it has happened already.
    open: Option<(usize, Call, bool, Kind)>,
}

/// The history of clients of a true register. The client drawn next invokes, is served, or gets its answer.
fn draw(load: &Load) -> History {
    let mut rng = PlanRng::new(7);
    let mut history = History::default();
    let mut registers = vec![None; load.keys as usize];
    let new = |process| Client { process, open: None };
    let mut clients: Vec<Client> = (0..load.clients).map(new).collect();
    let mut processes = load.clients;
    let mut invoked = 0;
    while invoked < OPERATIONS || clients.iter().any(|client| client.open.is_some()) {
        let at = rng.range(0, load.clients - 1) as usize;
        let process = clients[at].process;
        match clients[at].open.clone() {
            None if invoked == OPERATIONS => {}
            None => {
                let register = rng.range(0, load.keys - 1) as usize;
                let value =
                    if load.values > OPERATIONS { invoked } else { rng.range(0, load.values - 1) };
                let value = Some(Value::from(value as i64));
                let call = match rng.range(0, 9) {
                    0..5 => Call::Read(None),
                    5..9 => Call::Write(value),
                    _ if load.values == u64::MAX => Call::Read(None),
                    // Most find another value, and fail.
                    _ => Call::Cas(registers[register].clone().or(Some(0.into())), value),
                };
                clients[at].open = Some((register, call.clone(), false, Kind::Ok));
                push(&mut history, process, Kind::Invoke, register, call);
                invoked += 1;
            }
            Some((register, call, false, _)) => {
                let is_unknown = rng.range(0, 999) < load.unknown;
                let happens = !is_unknown || rng.percent(50);
                let (call, kind) = match happens {
                    true => serve(&mut registers[register], call),
                    false => (call, Kind::Info),
                };
                let kind = if is_unknown { Kind::Info } else { kind };
                clients[at].open = Some((register, call, true, kind));
            }
            Some((register, call, true, kind)) => {
                push(&mut history, process, kind, register, call);
                let next = if kind == Kind::Info { processes } else { process };
                processes += u64::from(kind == Kind::Info);
                clients[at] = new(next);
            }
        }
    }
    if load.ends_stale {
        let [first, second] = [-1, -2].map(|value| Some(Value::from(value)));
        for call in [Call::Write(first.clone()), Call::Write(second), Call::Read(first)] {
            push(&mut history, processes, Kind::Invoke, 0, call.clone());
            push(&mut history, processes, Kind::Ok, 0, call);
        }
    }
    history
}

/// The outcome of a call.
fn serve(register: &mut Option<Value>, call: Call) -> (Call, Kind) {
    match &call {
        Call::Read(_) => return (Call::Read(register.clone()), Kind::Ok),
        Call::Write(value) => *register = value.clone(),
        Call::Cas(old, new) if register == old => *register = new.clone(),
        Call::Cas(..)
        | Call::Refused { .. }
        | Call::Append(_)
        | Call::Acquire(_)
        | Call::Release(_)
        | Call::Transaction(_) => return (call, Kind::Fail),
    }
    (call, Kind::Ok)
}

fn push(history: &mut History, process: u64, kind: Kind, register: usize, call: Call) {
    let key = Some(Key::from(register.to_string()));
    history
        .push(Event { process, kind, key, call, version: None, time: None })
        .expect("a client of a true register");
}

/// Writes at the same time, each value `times` times, and two later reads that see different values.
fn at_once(writes: u64, times: u64) {
    let value = |number: u64| Some(Value::from(number as i64));
    let mut history = History::default();
    for kind in [Kind::Invoke, Kind::Ok] {
        for process in 0..writes {
            push(&mut history, process, kind, 0, Call::Write(value(process / times)));
        }
    }
    for seen in [2, 3] {
        for kind in [Kind::Invoke, Kind::Ok] {
            push(&mut history, 0, kind, 0, Call::Read(value(seen)));
        }
    }
    measure(
        &format!("{writes} writes at once, each value {times} times, two reads disagree"),
        &history,
    );
}

fn row(name: &str, load: &Load) {
    measure(name, &draw(load));
}

fn measure(name: &str, history: &History) {
    let mut times = Vec::new();
    let mut reported = String::new();
    while times.len() < ROUNDS {
        let (verdict, seconds) = clock::timed(|| check(black_box(history), &Limits::default()));
        times.push(seconds * 1e3);
        reported = match verdict {
            Verdict::Linearizable => "linearizable".to_owned(),
            Verdict::Illegal(explanation) => format!("illegal: {}", explanation.operations.len()),
            Verdict::GaveUp(gave_up) => {
                format!("gave up: {} configurations", gave_up.configurations)
            }
        };
        if times[0] > 2_000.0 {
            break;
        }
    }
    times.sort_by(f64::total_cmp);
    println!("{name:<58} {:>10.1}  {reported}", times[times.len() / 2]);
}
