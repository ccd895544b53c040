//! Prints a plan for a reader.

use std::io::{self, Write};

use crate::network::Delay;
use crate::plan::fault::{count, names};
use crate::plan::options::class_list;
use crate::plan::{AdminKind, AdminOp, AdminTarget, Draw, Fault, Plan};
use crate::scenario::syntax;
use crate::subject::{SETTINGS, Settings};
use crate::time::milliseconds as ms;
use crate::timeline::ends;

/// The width of the names in front.
const NAMES: usize = 17;

/// Prints the classes that a seed drew before its plan, indented by two.
pub(super) fn print_draw(out: &mut dyn Write, draw: &Draw) -> io::Result<()> {
    let mut row = |name: &str, value: &str| writeln!(out, "  {name:<NAMES$}{value}");
    row("profile", &draw.profile.to_string())?;
    row("faults drawn", &class_list(&draw.faults))?;
    row("operations drawn", &class_list(&draw.admin_ops))
}

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
    row("settings", &set(settings))?;
    for (server, other) in &plan.exceptions {
        row("", &format!("S{server}: {}", set_otherwise(settings, other)))?;
    }
    row("messages", &conditions(plan))?;
    row("writes", &disks(plan))?;
    row("state machine", &state_machine(plan))?;
    row("clients", &clients(plan))?;
    row("duration", &ms(plan.duration))?;
    if plan.faults.is_empty() {
        row("faults", "none that come and go")?;
    }
    let faults: Vec<String> = plan.faults.iter().map(Fault::describe).collect();
    listed(&mut row, "faults", &shortened(&faults))?;
    admin_ops(&mut row, plan)?;
    listed(&mut row, "then", &[healing(plan)])
}

/// The most faults that are printed, and the most admin operations. Snapshots, which are many, are only counted.
const MOST: usize = 20;

/// The first and the last of many lines.
fn shortened(lines: &[String]) -> Vec<String> {
    let (head, left_out, tail) = ends(lines, MOST);
    let between = (left_out > 0).then(|| format!("… {left_out} more"));
    head.iter().cloned().chain(between).chain(tail.iter().cloned()).collect()
}

/// Several lines under one name.
fn listed(
    row: &mut impl FnMut(&str, &str) -> io::Result<()>,
    name: &str,
    lines: &[String],
) -> io::Result<()> {
    let name = |index| if index == 0 { name } else { "" };
    lines.iter().enumerate().try_for_each(|(index, line)| row(name(index), line))
}

fn admin_ops(row: &mut impl FnMut(&str, &str) -> io::Result<()>, plan: &Plan) -> io::Result<()> {
    let operations: Vec<String> = plan.admin_ops.iter().filter_map(admin_op).collect();
    let mut lines = shortened(&operations);
    match plan.admin_ops.len() - operations.len() {
        0 if lines.is_empty() => lines.push("none".to_owned()),
        0 => {}
        snapshots => {
            lines.push(format!("a snapshot, {}", count(snapshots as u32, "time", "times")))
        }
    }
    listed(row, "admin operations", &lines)
}

/// The servers and links that stay broken when the faults are over.
fn healing(plan: &Plan) -> String {
    let Some(healing) = &plan.healing else { return "the run is over".to_owned() };
    let mut text = "faults end, and the cluster must make progress".to_owned();
    if !healing.down.is_empty() {
        text += &format!("; down: {}", names(&healing.down));
    }
    if !healing.cut.is_empty() {
        let cut = healing.cut.iter().map(|(from, to)| format!("S{from} -> S{to}"));
        text += &format!("; cut: {}", cut.collect::<Vec<_>>().join(", "));
    }
    text
}

/// An admin operation; `None` if it is a snapshot.
fn admin_op(admin_op: &AdminOp) -> Option<String> {
    let what = match &admin_op.kind {
        AdminKind::Membership { voters, learners } if learners.is_empty() => {
            format!("change the configuration to {}", names(voters))
        }
        AdminKind::Membership { voters, learners } => {
            format!("change the configuration to {}, learners {}", names(voters), names(learners))
        }
        AdminKind::Transfer(to) => format!("transfer leadership to S{to}"),
        AdminKind::Compaction => return None,
        AdminKind::Read => "read".to_owned(),
    };
    let of = match admin_op.of {
        AdminTarget::One(target) => target.to_string(),
        AdminTarget::Leaders => "every self-styled leader".to_owned(),
        AdminTarget::Everybody => "every server".to_owned(),
    };
    let when =
        admin_op.trigger.map_or(String::new(), |trigger| format!("once {}, ", trigger.event()));
    Some(format!("{:>12}  {when}request to {of}: {what}", ms(admin_op.at)))
}

/// The settings other than the defaults, in the words of scenarios.
fn set(settings: &Settings) -> String {
    let set = syntax::Settings::change(Settings::default(), *settings);
    if set.all().count() == 0 { "the defaults".to_owned() } else { set.to_string() }
}

/// The settings that differ from others, in the same words.
fn set_otherwise(from: &Settings, to: &Settings) -> String {
    let differing = SETTINGS.iter().filter(|setting| setting.differs(*from, *to));
    let words = differing.map(|setting| {
        let mut one = syntax::Settings::default();
        one.set(setting, *to);
        if setting.is_off(*to) { format!("no {}", setting.word) } else { one.to_string() }
    });
    words.collect::<Vec<String>>().join(" ")
}

fn disks(plan: &Plan) -> String {
    let durable = match plan.sync.max {
        0 => "durable at once".to_owned(),
        max => format!("durable after {} to {}", ms(plan.sync.min), ms(max)),
    };
    match plan.sync.notice {
        0 => durable,
        notice => format!("{durable}; the server is notified up to {} later", ms(notice)),
    }
}

fn state_machine(plan: &Plan) -> String {
    let survives = if plan.durable_state_machine {
        "survives a crash"
    } else {
        "is rebuilt from the log after a crash"
    };
    match plan.settings.apply_limit {
        None => survives.to_owned(),
        Some(_) => format!("{survives}, takes up to {} to apply", ms(plan.apply_time)),
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
    if let Some(only) = &clients.only {
        text += &format!("; only {} of these", count(only.len() as u32, "request", "requests"));
    }
    text
}

/// Parts in a million as percent, with as many digits as it takes.
fn percent(ppm: u32) -> String {
    let text = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} %")
}

fn conditions(plan: &Plan) -> String {
    let delay = match plan.conditions.delay {
        Delay::Fixed(delay) => format!("take {}", ms(delay)),
        Delay::Uniform(low, high) => format!("take {} to {}", ms(low), ms(high)),
        Delay::HeavyTail(low, high) => {
            format!("take {} to {}, some up to 64 times that", ms(low), ms(high))
        }
        Delay::Exponential(mean) => format!("take {} on average, some much longer", ms(mean)),
    };
    let share = |ppm, what| match ppm {
        0 => format!("none {what}"),
        ppm => format!("{} {what}", percent(ppm)),
    };
    let lost = share(plan.conditions.loss_ppm, "lost");
    let twice = share(plan.conditions.duplicate_ppm, "twice");
    format!("{delay}; {lost}, {twice}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Target;

    #[test]
    fn admin_operations_name_their_target_and_request() {
        let text = |of, kind| {
            admin_op(&AdminOp { number: 0, at: 1_500, trigger: None, of, kind }).unwrap_or_default()
        };
        let kind = AdminKind::Membership { voters: vec![1, 2], learners: vec![4] };
        let wanted = "    1.500 ms  request to S3: change the configuration to S1 S2, learners S4";
        let server = AdminTarget::One(Target::Server(3));
        assert_eq!(text(server, kind), wanted);
        let wanted = "    1.500 ms  request to every self-styled leader: transfer leadership to S2";
        assert_eq!(text(AdminTarget::Leaders, AdminKind::Transfer(2)), wanted);
        assert_eq!(text(AdminTarget::Everybody, AdminKind::Compaction), "");
        let wanted = "    1.500 ms  request to a deposed leader: read";
        assert_eq!(text(AdminTarget::One(Target::Deposed), AdminKind::Read), wanted);
    }

    #[test]
    fn settings_are_printed_in_the_words_of_scenarios() {
        let default = Settings::default();
        assert_eq!(set(&default), "the defaults");
        let own = Settings { heartbeat: 2, check_quorum: true, ..default };
        assert_eq!(set(&own), "heartbeat 2 check-quorum");
        let other = Settings { heartbeat: 1, pre_vote: true, check_quorum: false, ..own };
        assert_eq!(set_otherwise(&own, &other), "heartbeat 1 pre-vote no check-quorum");
    }

    #[test]
    fn what_is_left_of_the_requests_is_counted() {
        let mut plan = Plan::draw(1, &crate::plan::PlanOptions::default());
        assert!(!clients(&plan).contains("; only "));
        plan.clients.only = Some(vec![3, 8]);
        assert!(clients(&plan).ends_with("; only 2 requests of these"));
    }

    #[test]
    fn parts_in_a_million_are_percent() {
        for (ppm, text) in [(1_000, "0.1 %"), (10_000, "1 %"), (100_000, "10 %"), (1, "0.0001 %")] {
            assert_eq!(percent(ppm), text);
        }
    }
}
