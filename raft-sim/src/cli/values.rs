//! The values that options take, and what is said about wrong ones.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::time::Duration;

use clap::ValueEnum;

use crate::campaign::Caller;
use crate::plan::{FaultClass, Profile, TaskClass, Wishes};
use crate::subject::Capability;

/// What `run` and `fuzz` let one say about a plan beside its seed.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct WishArgs {
    /// How many servers the cluster begins with [default: drawn, mostly 3 or 5]
    #[arg(long, value_name = "1..9", value_parser = clap::value_parser!(u32).range(1..=9))]
    servers: Option<u32>,
    /// How long the cluster runs, in virtual milliseconds [default: drawn, 300 to 3000]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    duration: Option<u64>,
    /// What the runs are mostly about [default: swarm, in which each seed draws]
    #[arg(long, value_name = "PROFILE", default_value_t, hide_default_value = true, value_enum)]
    profile: Profile,
    #[arg(long, value_name = "none|CLASS,…", value_parser = faults, help = faults_help())]
    faults: Option<Classes<FaultClass>>,
    #[arg(long, value_name = "none|CLASS,…", value_parser = tasks, help = tasks_help())]
    tasks: Option<Classes<TaskClass>>,
}

impl WishArgs {
    /// What is wished of an implementation that can do this.
    pub(super) fn wishes(&self, capabilities: &[Capability]) -> Wishes {
        Wishes {
            servers: self.servers,
            duration_ms: self.duration,
            profile: self.profile,
            faults: self.faults.clone().map(|Classes(classes)| classes),
            tasks: self.tasks.clone().map(|Classes(classes)| classes),
            capabilities: Some(capabilities.to_vec()),
        }
    }

    /// The command that runs a seed under these wishes.
    pub(super) fn replay(&self, seed: u64, caller: &Caller) -> String {
        caller.command(&format!("run --seed {seed}{}", self.options()))
    }

    /// The options that say what is wished, each with a space before it.
    pub(super) fn options(&self) -> String {
        let mut command = String::new();
        // Writing to a string does not fail.
        if let Some(servers) = self.servers {
            let _ = write!(command, " --servers {servers}");
        }
        if let Some(duration) = self.duration {
            let _ = write!(command, " --duration {duration}");
        }
        if self.profile != Profile::Swarm {
            let _ = write!(command, " --profile {}", self.profile);
        }
        if let Some(classes) = &self.faults {
            let _ = write!(command, " --faults {classes}");
        }
        if let Some(classes) = &self.tasks {
            let _ = write!(command, " --tasks {classes}");
        }
        command
    }
}

/// The classes of faults, or of tasks, that are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Classes<C>(pub(super) Vec<C>);

impl<C: ValueEnum> std::fmt::Display for Classes<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { f.write_str("none") } else { f.write_str(&names(&self.0, ",")) }
    }
}

fn names<C: ValueEnum>(classes: &[C], between: &str) -> String {
    let values = classes.iter().filter_map(ValueEnum::to_possible_value);
    let names: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
    names.join(between)
}

fn faults_help() -> String {
    let (fair, unfair): (Vec<FaultClass>, Vec<FaultClass>) =
        FaultClass::ALL.into_iter().partition(|class| class.is_fair());
    let (fair, unfair) = (names(&fair, ", "), names(&unfair, ", "));
    format!(
        "Which faults may happen: none, or some of {fair} [default: drawn]; and of {unfair}, which Raft is \
         not made for"
    )
}

fn tasks_help() -> String {
    let classes = names(&TaskClass::ALL, ", ");
    format!(
        "What clients and administrators may do beside plain commands: none, or some of {classes} \
         [default: drawn]"
    )
}

fn faults(text: &str) -> Result<Classes<FaultClass>, String> {
    classes(text, "faults", &FaultClass::ALL)
}

fn tasks(text: &str) -> Result<Classes<TaskClass>, String> {
    classes(text, "tasks", &TaskClass::ALL)
}

fn classes<C: ValueEnum>(text: &str, of: &str, all: &[C]) -> Result<Classes<C>, String> {
    if text == "none" {
        return Ok(Classes(Vec::new()));
    }
    let class = |word: &str| {
        C::from_str(word, false).map_err(|_| {
            format!("no class of {of} is called `{word}`; there are {}", names(all, ", "))
        })
    };
    text.split(',').map(class).collect::<Result<_, _>>().map(Classes)
}

/// A seed.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    let wrong = |_| format!("expected a whole number from 0 to {}", u64::MAX);
    text.parse().map_err(wrong)
}

/// A range of seeds, `A..B`: A and on, without B; or on without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seeds {
    pub(super) from: u64,
    pub(super) to: Option<u64>,
}

/// A range of seeds.
pub(super) fn seeds(text: &str) -> Result<Seeds, String> {
    let (from, to) = text
        .split_once("..")
        .ok_or("expected a range like 0..1000: the first seed, and the one behind the last")?;
    let from = seed(from)?;
    if to.is_empty() {
        return Ok(Seeds { from, to: None });
    }
    let to = seed(to)?;
    match from.cmp(&to) {
        Ordering::Less => Ok(Seeds { from, to: Some(to) }),
        Ordering::Equal => {
            Err(format!("the range has no seeds: it ends before {to}, where it begins"))
        }
        Ordering::Greater => Err(format!("the range is backwards: {from} is behind {to}")),
    }
}

/// A time of the wall clock.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let time = number.parse().ok().and_then(|number: u64| number.checked_mul(millis));
    // Longer than any machine runs; and the clock can still add it.
    match time.filter(|time| (1..=u64::from(u32::MAX) * 1_000).contains(time)) {
        Some(time) => Ok(Duration::from_millis(time)),
        None => Err("expected a time above 0 with its unit, like 500ms, 60s, 5m or 2h".to_owned()),
    }
}

/// One shard of several, `I/N`.
pub(super) fn shard(text: &str) -> Result<(u64, u64), String> {
    let numbers = text.split_once('/').map(|(shard, of)| (shard.parse(), of.parse()));
    match numbers {
        Some((Ok(shard), Ok(of))) if shard < of => Ok((shard, of)),
        Some((Ok(shard), Ok(of))) => {
            Err(format!("there is no shard {shard} of {of}: they are numbered from 0"))
        }
        Some(_) | None => Err("expected a shard and their number, like 0/4".to_owned()),
    }
}

/// A number of threads.
pub(super) fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    const MOST: usize = 256;
    match text.parse() {
        Ok(jobs) if jobs <= NonZeroUsize::MIN.saturating_add(MOST - 1) => Ok(jobs),
        Ok(_) | Err(_) => Err(format!("expected a number of threads from 1 to {MOST}")),
    }
}

/// How many threads there are to be, if nothing is said.
pub(super) fn available(jobs: Option<NonZeroUsize>) -> NonZeroUsize {
    jobs.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_seeds() {
        assert_eq!(seeds("0..10"), Ok(Seeds { from: 0, to: Some(10) }));
        assert_eq!(seeds("7.."), Ok(Seeds { from: 7, to: None }));
        for (wrong, why) in [
            ("5..5", "has no seeds"),
            ("9..5", "backwards"),
            ("5", "expected a range"),
            ("a..5", "expected a whole number"),
            ("0..99999999999999999999", "expected a whole number"),
        ] {
            let error = seeds(wrong).expect_err(wrong);
            assert!(error.contains(why), "{wrong}: {error}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        let ms = Duration::from_millis;
        for (text, is) in [("500ms", 500), ("60s", 60_000), ("5m", 300_000), ("2h", 7_200_000)] {
            assert_eq!(time(text), Ok(ms(is)));
        }
        for wrong in
            ["0s", "60", "s", "-1s", "1.5s", "1 s", "1d", "", "99999999999999999999h", "9999999h"]
        {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shards_are_numbered_from_0() {
        assert_eq!(shard("0/1"), Ok((0, 1)));
        assert_eq!(shard("3/4"), Ok((3, 4)));
        for wrong in ["4/4", "0/0", "1", "/", "-1/4", "a/b", "1/2/3"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_replay_command_says_what_was_wished() {
        let wished = WishArgs {
            servers: Some(3),
            duration: Some(700),
            profile: Profile::Disk,
            faults: faults("crash,slow-disk").ok(),
            tasks: tasks("reads").ok(),
        };
        assert_eq!(
            wished.replay(7, &Caller::default()),
            "raft-sim run --seed 7 --servers 3 --duration 700 --profile disk \
             --faults crash,slow-disk --tasks reads"
        );
        let calm = WishArgs {
            faults: faults("none").ok(),
            tasks: tasks("none").ok(),
            ..WishArgs::default()
        };
        assert_eq!(
            calm.replay(7, &Caller::default()),
            "raft-sim run --seed 7 --faults none --tasks none"
        );
        assert_eq!(WishArgs::default().replay(7, &Caller::default()), "raft-sim run --seed 7");
    }

    #[test]
    fn numbers_of_threads() {
        assert_eq!(jobs("256").map(NonZeroUsize::get), Ok(256));
        for wrong in ["0", "257", "-1", "x", ""] {
            assert!(jobs(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_class_is_named_with_those_there_are() {
        let error = faults("crash,flood").expect_err("there is no flood");
        assert!(error.contains("`flood`"), "{error}");
        assert!(error.contains("loss, duplicate, partition"), "{error}");
        let error = tasks("reads,loss").expect_err("loss is a fault");
        assert!(error.contains("`loss`"), "{error}");
        assert!(error.contains("membership, transfer, compaction"), "{error}");
    }
}
