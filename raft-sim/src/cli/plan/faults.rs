//! A fault of a plan, in words.

use crate::disk::Survives;
use crate::network::Kinds;
use crate::plan::{Direction, Fault, FaultKind, Target, Trigger};
use crate::timeline::milliseconds as ms;

/// A fault, in the scenario language's words where it has some.
pub(super) fn describe(Fault { at, until, trigger, kind }: &Fault) -> String {
    let what = what(kind);
    match trigger {
        None => format!("{:>12} to {:>12}  {what}", ms(*at), ms(*until)),
        Some(trigger) => {
            let length = ms(until - at);
            format!("{:>12} for {length:>11}  once {}: {what}", ms(*at), once(*trigger))
        }
    }
}

fn what(kind: &FaultKind) -> String {
    match kind {
        FaultKind::Partition(groups) => {
            let sides = groups.iter().filter(|group| !group.is_empty());
            let sides: Vec<String> = sides.map(|group| super::names(group)).collect();
            match sides.is_empty() {
                true => "everybody alone".to_owned(),
                false => format!("partition {}", sides.join(" | ")),
            }
        }
        FaultKind::OneWay(from, to) => format!("cut S{from} -> S{to}"),
        FaultKind::Isolate(target, direction) => {
            format!("isolate {}{}", shown(*target), lost(*direction))
        }
        FaultKind::Flap(target, direction, period) => {
            let (target, lost) = (shown(*target), lost(*direction));
            format!("isolate {target}{lost}, on and off every {}", ms(*period))
        }
        FaultKind::Hold(from, to) => format!("hold S{from} -> S{to}"),
        FaultKind::HoldKinds(target, direction, kinds) => {
            let way = match direction {
                Direction::Both => "from and to",
                Direction::Outgoing => "from",
                Direction::Incoming => "to",
            };
            format!("hold {} {way} {}", messages(*kinds), shown(*target))
        }
        FaultKind::Slow(from, to, extra) => format!("S{from} -> S{to} takes {} more", ms(*extra)),
        FaultKind::Crash(target, survives) => {
            format!("crash {}{}", shown(*target), survive(*survives))
        }
        FaultKind::CrashAll => "crash all".to_owned(),
        FaultKind::CrashAtWrite(target, survives) => {
            format!("crash {} at its next write{}", shown(*target), survive(*survives))
        }
        FaultKind::FullDisk(target) => format!("the disk of {} is full", shown(*target)),
        FaultKind::Stall(target) => format!("stall the disk of {}", shown(*target)),
        FaultKind::Pause(target) => format!("stop {}", shown(*target)),
        FaultKind::StallApply(target) => format!("stop the state machine of {}", shown(*target)),
        FaultKind::RestartWith(server, settings) => {
            let how = super::set(settings);
            format!("restart S{server} with other settings: {how}")
        }
        FaultKind::Rate(target, tick) => {
            format!("the clock of {} ticks every {}", shown(*target), ms(*tick))
        }
        FaultKind::Jump(target, ticks) => {
            format!(
                "the clock of {} jumps by {}",
                shown(*target),
                super::count(*ticks, "tick", "ticks")
            )
        }
        FaultKind::Freeze(target) => format!("the clock of {} stands still", shown(*target)),
        FaultKind::Wipe(target) => format!("wipe {}", shown(*target)),
        FaultKind::Lie(target) => format!("the disk of {} lies", shown(*target)),
    }
}

fn lost(direction: Direction) -> &'static str {
    match direction {
        Direction::Both => "",
        Direction::Outgoing => ": what it sends is lost",
        Direction::Incoming => ": what is sent to it is lost",
    }
}

fn survive(Survives { writes, torn }: Survives) -> String {
    let whole = match writes {
        0 => String::new(),
        1 => ": at most 1 write under way survives".to_owned(),
        writes => format!(": at most {writes} writes under way survive"),
    };
    match torn {
        None => whole,
        Some(entries) => {
            let between = if writes == 0 { ":" } else { ", and" };
            let entries = super::count(entries as u32, "entry", "entries");
            format!("{whole}{between} the next one is torn after {entries}")
        }
    }
}

/// The kinds of messages that a fault may hold, as reports write them.
const MESSAGES: [(Kinds, &str); 11] = [
    (Kinds::REQUEST_VOTE, "RequestVote"),
    (Kinds::REQUEST_VOTE_REPLY, "RequestVote replies"),
    (Kinds::PRE_VOTE, "PreVote"),
    (Kinds::PRE_VOTE_REPLY, "PreVote replies"),
    (Kinds::APPEND_ENTRIES, "AppendEntries"),
    (Kinds::APPEND_ENTRIES_REPLY, "AppendEntries replies"),
    (Kinds::INSTALL_SNAPSHOT, "InstallSnapshot"),
    (Kinds::INSTALL_SNAPSHOT_REPLY, "InstallSnapshot replies"),
    (Kinds::TIMEOUT_NOW, "TimeoutNow"),
    (Kinds::READ_INDEX, "ReadIndex"),
    (Kinds::READ_INDEX_REPLY, "ReadIndex replies"),
];

fn messages(kinds: Kinds) -> String {
    let named = MESSAGES.iter().filter(|(kind, _)| kinds | *kind == kinds);
    let names: Vec<&str> = named.map(|(_, name)| *name).collect();
    names.join(", ")
}

fn shown(target: Target) -> String {
    match target {
        Target::Server(server) => format!("S{server}"),
        Target::Leader => "the leader".to_owned(),
        Target::Follower(_) => "a server that does not lead".to_owned(),
        Target::Candidate => "the candidate".to_owned(),
        Target::Voter => "the server that voted last".to_owned(),
        Target::Deposed => "a deposed leader".to_owned(),
        Target::Behind => "the server furthest behind".to_owned(),
        Target::Actor => "this server".to_owned(),
        Target::Peer => "the other server".to_owned(),
    }
}

/// What a moment is, behind "once".
pub(super) fn once(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Stands => "a server stands for election",
        Trigger::Votes => "a server sends its vote",
        Trigger::Leads => "a server becomes leader",
        Trigger::StepsDown => "a leader leads no more",
        Trigger::Replicates => "a leader sends entries",
        Trigger::Acknowledges => "a server acknowledges entries",
        Trigger::Truncates => "a server cuts off or replaces entries",
        Trigger::Commits => "a leader commits",
        Trigger::Reconfigures => "a configuration comes into a log",
        Trigger::CommitsConfiguration => "a leader commits a configuration",
        Trigger::Compacts => "a server takes a snapshot",
        Trigger::SendsSnapshot => "a leader sends a snapshot",
        Trigger::Installs => "a server installs a snapshot",
        Trigger::HandsOver => "a leader hands over",
        Trigger::Boots => "a server restarts",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_described_in_the_language_of_scenarios() {
        for (kind, reported) in [
            (FaultKind::Partition(vec![vec![1, 2], vec![2, 3], vec![]]), "partition S1 S2 | S2 S3"),
            (
                FaultKind::Isolate(Target::Leader, Direction::Incoming),
                "isolate the leader: what is sent to it is lost",
            ),
            (
                FaultKind::Crash(Target::Server(2), Survives { writes: 1, torn: Some(1) }),
                "crash S2: at most 1 write under way survives, and the next one is torn after 1 entry",
            ),
            (
                FaultKind::HoldKinds(
                    Target::Peer,
                    Direction::Incoming,
                    Kinds::REQUEST_VOTE | Kinds::TIMEOUT_NOW,
                ),
                "hold RequestVote, TimeoutNow to the other server",
            ),
        ] {
            assert_eq!(what(&kind), reported);
        }
    }

    #[test]
    fn a_fault_says_when_it_begins_and_what_it_waits_for() {
        let kind = FaultKind::Stall(Target::Actor);
        let at_once = Fault { at: 1_000, until: 3_500, trigger: None, kind };
        assert_eq!(
            describe(&at_once),
            "    1.000 ms to     3.500 ms  stall the disk of this server"
        );
        let waits = Fault { trigger: Some(Trigger::Votes), ..at_once };
        let reported = "    1.000 ms for    2.500 ms  once a server sends its vote: stall the disk of this server";
        assert_eq!(describe(&waits), reported);
    }
}
