//! A plan, as a reader wants to see it before the run.

use std::io::{self, Write};

use crate::network::Delay;
use crate::plan::{Direction, FaultKind, Plan, Target, Task, TaskKind, Whom};
use crate::story::{ends, milliseconds as ms};
use crate::subject::{Changes, Settings};

/// How wide the names in front are.
const NAMES: usize = 17;

/// Prints all of a plan, indented by two.
pub(super) fn print(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let mut row = |name: &str, value: &str| writeln!(out, "  {name:<NAMES$}{value}");
    for (id, clock) in plan.servers().zip(&plan.clocks) {
        let name = if id.0 == 1 { "servers" } else { "" };
        let (tick, first) = (ms(clock.tick), ms(clock.first));
        let outside = if id.0 > plan.members { "; waits to be added" } else { "" };
        row(name, &format!("{id}  its clock ticks every {tick}, first at {first}{outside}"))?;
    }
    let settings = &plan.settings;
    let (shortest, longest) = settings.election_timeout;
    row("election timeout", &format!("{shortest} to {longest} ticks"))?;
    row("heartbeat", &format!("every {}", count(settings.heartbeat, "tick", "ticks")))?;
    row(
        "AppendEntries",
        &format!(
            "at most {} or {} in a message, {} in flight to a follower",
            count(settings.entries_per_message, "entry", "entries"),
            count(settings.bytes_per_message, "byte", "bytes"),
            settings.window
        ),
    )?;
    row(
        "uncommitted",
        &format!("at most {} on a leader", count(settings.uncommitted_limit, "entry", "entries")),
    )?;
    row("leaders", &leaders(settings))?;
    for (server, settings) in &plan.exceptions {
        row("", &format!("S{server}: {}", leaders(settings)))?;
    }
    row("changes", &changes(settings))?;
    let chunk = count(settings.snapshot_chunk, "byte", "bytes");
    row("snapshots", &format!("at most {chunk} in a message"))?;
    row("messages", &weather(plan))?;
    row("writes", &disks(plan))?;
    row("state machine", &state_machine(plan))?;
    row("clients", &clients(plan))?;
    row("duration", &ms(plan.duration))?;
    if plan.faults.is_empty() {
        row("faults", "none that come and go")?;
    }
    for (index, fault) in plan.faults.iter().enumerate() {
        let name = if index == 0 { "faults" } else { "" };
        let (at, until) = (ms(fault.at), ms(fault.until));
        row(name, &format!("{at:>12} to {until:>12}  {}", describe(&fault.kind)))?;
    }
    tasks(&mut row, plan)
}

/// Most tasks that are told. Of snapshots, which are many, only how many are.
const MOST_TASKS: usize = 20;

fn tasks(row: &mut impl FnMut(&str, &str) -> io::Result<()>, plan: &Plan) -> io::Result<()> {
    let told: Vec<String> = plan.tasks.iter().filter_map(task).collect();
    let (head, left_out, tail) = ends(&told, MOST_TASKS);
    let mut lines = head.to_vec();
    if left_out > 0 {
        lines.push(format!("… {left_out} more"));
    }
    lines.extend_from_slice(tail);
    match plan.tasks.len() - told.len() {
        0 if lines.is_empty() => lines.push("none".to_owned()),
        0 => {}
        snapshots => {
            lines.push(format!("a snapshot, {}", count(snapshots as u32, "time", "times")))
        }
    }
    let name = |index| if index == 0 { "tasks" } else { "" };
    lines.iter().enumerate().try_for_each(|(index, line)| row(name(index), line))
}

/// A task, unless it is a snapshot.
fn task(task: &Task) -> Option<String> {
    let what = match &task.kind {
        TaskKind::Membership { voters, learners } if learners.is_empty() => {
            format!("the configuration {}", names(voters))
        }
        TaskKind::Membership { voters, learners } => {
            format!("the configuration {}, learners {}", names(voters), names(learners))
        }
        TaskKind::Transfer(to) => format!("that S{to} leads"),
        TaskKind::Compaction => return None,
    };
    let of = match task.of {
        Whom::Server(server) => format!("S{server}"),
        Whom::Leader => "the leader".to_owned(),
        Whom::Leaders => "whoever believes to lead".to_owned(),
        Whom::Everybody => "all".to_owned(),
    };
    Some(format!("{:>12}  of {of}: {what}", ms(task.at)))
}

fn names(servers: &[u32]) -> String {
    let names: Vec<String> = servers.iter().map(|server| format!("S{server}")).collect();
    names.join(" ")
}

/// How leaders come and go.
fn leaders(settings: &Settings) -> String {
    let asks = if settings.pre_vote { "elected after a pre-vote" } else { "elected at once" };
    let quorum = if settings.check_quorum { "step down without a quorum" } else { "stay" };
    match settings.lease_drift {
        None => format!("{asks}, {quorum}"),
        Some(drift) => {
            format!("{asks}, {quorum}, read from a lease (clocks within {drift} %)")
        }
    }
}

fn changes(settings: &Settings) -> String {
    let how = match settings.changes {
        Changes::Single => "one server at a time",
        Changes::Joint => "by joint consensus",
        Changes::Shortest => "in one entry or by joint consensus",
    };
    format!("{how}; joiners catch up in {}", count(settings.catch_up_rounds, "round", "rounds"))
}

fn disks(plan: &Plan) -> String {
    let durable = match plan.sync.max {
        0 => "durable at once".to_owned(),
        max => format!("durable after {} to {}", ms(plan.sync.min), ms(max)),
    };
    match plan.sync.notice {
        0 => durable,
        notice => format!("{durable}; the server hears of it up to {} later", ms(notice)),
    }
}

fn state_machine(plan: &Plan) -> String {
    let survives = if plan.durable_state_machine {
        "survives a crash"
    } else {
        "is rebuilt from the log after a crash"
    };
    let sessions = count(plan.settings.sessions, "session", "sessions");
    let keeps = format!("{survives}, keeps at most {sessions}");
    match plan.settings.apply_limit {
        None => keeps,
        Some(limit) => {
            let entries = count(limit, "entry", "entries");
            format!("{keeps}, takes up to {} for at most {entries}", ms(plan.apply_time))
        }
    }
}

fn clients(plan: &Plan) -> String {
    let clients = &plan.clients;
    let mut text = format!(
        "a command of {} every {}, {} % of them to any server",
        count(clients.size, "byte", "bytes"),
        ms(clients.interval),
        clients.wander
    );
    if clients.reads > 0 {
        text += &format!("; {} % are reads", clients.reads);
    }
    if clients.once > 0 {
        let sessions = count(clients.sessions, "session", "sessions");
        text += &format!("; {} % of the others under {sessions}", clients.once);
    }
    text
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
            let sides = groups.iter().filter(|group| !group.is_empty());
            let sides: Vec<String> = sides.map(|group| names(group)).collect();
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
    fn tasks_say_what_is_asked_of_whom() {
        let told = |of, kind| task(&Task { number: 0, at: 1_500, of, kind }).unwrap_or_default();
        let kind = TaskKind::Membership { voters: vec![1, 2], learners: vec![4] };
        let wanted = "    1.500 ms  of S3: the configuration S1 S2, learners S4";
        assert_eq!(told(Whom::Server(3), kind), wanted);
        let wanted = "    1.500 ms  of whoever believes to lead: that S2 leads";
        assert_eq!(told(Whom::Leaders, TaskKind::Transfer(2)), wanted);
        assert_eq!(told(Whom::Everybody, TaskKind::Compaction), "");
    }

    #[test]
    fn parts_in_a_million_are_percent() {
        for (ppm, text) in [(1_000, "0.1 %"), (10_000, "1 %"), (100_000, "10 %"), (1, "0.0001 %")] {
            assert_eq!(percent(ppm), text);
        }
    }
}
