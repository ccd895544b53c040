//! A plan, as a reader wants to see it before the run.

use std::io::{self, Write};

use crate::network::Delay;
use crate::plan::{Direction, FaultKind, Plan, Target};
use crate::story::milliseconds as ms;

/// How wide the names in front are.
const NAMES: usize = 17;

/// Prints all of a plan, indented by two.
pub(super) fn print(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let mut row = |name: &str, value: &str| writeln!(out, "  {name:<NAMES$}{value}");
    for (id, clock) in plan.servers().zip(&plan.clocks) {
        let name = if id.0 == 1 { "servers" } else { "" };
        let (tick, first) = (ms(clock.tick), ms(clock.first));
        row(name, &format!("{id}  its clock ticks every {tick}, first at {first}"))?;
    }
    let settings = &plan.settings;
    let (shortest, longest) = settings.election_timeout;
    row("election timeout", &format!("{shortest} to {longest} ticks"))?;
    row("heartbeat", &format!("every {}", count(settings.heartbeat, "tick", "ticks")))?;
    row(
        "AppendEntries",
        &format!(
            "at most {} in a message, {} in flight to a follower",
            count(settings.entries_per_message, "entry", "entries"),
            settings.window
        ),
    )?;
    row(
        "uncommitted",
        &format!("at most {} on a leader", count(settings.uncommitted_limit, "entry", "entries")),
    )?;
    row("messages", &weather(plan))?;
    let disks = match plan.sync.max {
        0 => "durable at once".to_owned(),
        max => format!("durable after {} to {}", ms(plan.sync.min), ms(max)),
    };
    row("writes", &disks)?;
    let survives = if plan.durable_state_machine {
        "survives a crash"
    } else {
        "is rebuilt from the log after a crash"
    };
    row("state machine", survives)?;
    let clients = &plan.clients;
    row(
        "clients",
        &format!(
            "a command of {} every {}, {} % of them to any server",
            count(clients.size, "byte", "bytes"),
            ms(clients.interval),
            clients.wander
        ),
    )?;
    row("duration", &ms(plan.duration))?;
    if plan.faults.is_empty() {
        row("faults", "none that come and go")?;
    }
    for (index, fault) in plan.faults.iter().enumerate() {
        let name = if index == 0 { "faults" } else { "" };
        let (at, until) = (ms(fault.at), ms(fault.until));
        row(name, &format!("{at:>12} to {until:>12}  {}", describe(&fault.kind)))?;
    }
    Ok(())
}

fn count(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Parts in a million as percent, as many digits as it takes.
fn percent(ppm: u32) -> String {
    let text = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} %")
}

fn weather(plan: &Plan) -> String {
    let delay = match plan.weather.delay {
        Delay::Fixed(delay) => format!("take {}", ms(delay)),
        Delay::Uniform(low, high) => format!("take {} to {}", ms(low), ms(high)),
        Delay::HeavyTail(low, high) => {
            format!("take {} to {}, some up to 64 times that", ms(low), ms(high))
        }
    };
    let share = |ppm, what| match ppm {
        0 => format!("none {what}"),
        ppm => format!("{} {what}", percent(ppm)),
    };
    let lost = share(plan.weather.loss_ppm, "lost");
    let twice = share(plan.weather.duplicate_ppm, "twice");
    format!("{delay}; {lost}, {twice}")
}

/// A fault, in the scenario language's words where it has some.
fn describe(kind: &FaultKind) -> String {
    match kind {
        FaultKind::Partition(groups) => {
            let group = |group: &Vec<u32>| {
                let names: Vec<String> = group.iter().map(|server| format!("S{server}")).collect();
                names.join(" ")
            };
            let sides: Vec<String> =
                groups.iter().filter(|group| !group.is_empty()).map(group).collect();
            format!("partition {}", sides.join(" | "))
        }
        FaultKind::OneWay(from, to) => format!("cut S{from} -> S{to}"),
        FaultKind::Isolate(target, direction) => {
            let direction = match direction {
                Direction::Both => "",
                Direction::Outgoing => ": what it sends is lost",
                Direction::Incoming => ": what is sent to it is lost",
            };
            format!("isolate {}{direction}", whom(*target))
        }
        FaultKind::Hold(from, to) => format!("hold S{from} -> S{to}"),
        FaultKind::Crash(target, survives) => {
            let survives = match survives {
                0 => String::new(),
                1 => ": at most 1 write under way survives".to_owned(),
                writes => format!(": at most {writes} writes under way survive"),
            };
            format!("crash {}{survives}", whom(*target))
        }
        FaultKind::CrashAll => "crash all".to_owned(),
    }
}

fn whom(target: Target) -> String {
    match target {
        Target::Server(server) => format!("S{server}"),
        Target::Leader => "the leader".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_described_in_the_language_of_scenarios() {
        let told = |kind| describe(&kind);
        assert_eq!(
            told(FaultKind::Partition(vec![vec![1, 2], vec![2, 3], vec![]])),
            "partition S1 S2 | S2 S3"
        );
        assert_eq!(
            told(FaultKind::Isolate(Target::Leader, Direction::Incoming)),
            "isolate the leader: what is sent to it is lost"
        );
        assert_eq!(
            told(FaultKind::Crash(Target::Server(2), 1)),
            "crash S2: at most 1 write under way survives"
        );
    }

    #[test]
    fn parts_in_a_million_are_percent() {
        for (ppm, text) in [(1_000, "0.1 %"), (10_000, "1 %"), (100_000, "10 %"), (1, "0.0001 %")] {
            assert_eq!(percent(ppm), text);
        }
    }
}
