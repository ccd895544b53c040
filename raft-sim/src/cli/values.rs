//! The values that options take, and what is said about wrong ones.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::ops::Range;

use clap::ValueEnum;

use crate::plan::{FaultClass, TaskClass, Wishes};

/// What `run` and `fuzz` let one say about a plan beside its seed.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct WishArgs {
    /// How many servers the cluster begins with [default: drawn, mostly 3 or 5]
    #[arg(long, value_name = "1..9", value_parser = clap::value_parser!(u32).range(1..=9))]
    servers: Option<u32>,
    /// How long the cluster runs, in virtual milliseconds [default: 5000]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    duration: Option<u64>,
    #[arg(long, value_name = "none|CLASS,…", value_parser = faults, help = faults_help())]
    faults: Option<Classes<FaultClass>>,
    #[arg(long, value_name = "none|CLASS,…", value_parser = tasks, help = tasks_help())]
    tasks: Option<Classes<TaskClass>>,
}

impl WishArgs {
    pub(super) fn wishes(&self) -> Wishes {
        Wishes {
            servers: self.servers,
            duration_ms: self.duration,
            faults: self.faults.clone().map(|Classes(classes)| classes),
            tasks: self.tasks.clone().map(|Classes(classes)| classes),
        }
    }

    /// The command that runs a seed under these wishes.
    pub(super) fn replay(&self, seed: u64) -> String {
        let mut command = format!("raft-sim run --seed {seed}");
        // Writing to a string does not fail.
        if let Some(servers) = self.servers {
            let _ = write!(command, " --servers {servers}");
        }
        if let Some(duration) = self.duration {
            let _ = write!(command, " --duration {duration}");
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
pub(super) struct Classes<C>(Vec<C>);

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
    let classes = names(&FaultClass::ALL, ", ");
    format!("Which faults may happen: none, or some of {classes} [default: each with even chances]")
}

fn tasks_help() -> String {
    let classes = names(&TaskClass::ALL, ", ");
    format!(
        "What clients and administrators may do beside plain commands: none, or some of {classes} \
         [default: each with even chances]"
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

/// A range of seeds, `A..B`: A and on, without B.
pub(super) fn seeds(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text
        .split_once("..")
        .ok_or("expected a range like 0..1000: the first seed, and the one behind the last")?;
    let range = seed(from)?..seed(to)?;
    if range.is_empty() {
        let (from, to) = (range.start, range.end);
        return Err(if from == to {
            format!("the range has no seeds: it ends before {to}, where it begins")
        } else {
            format!("the range is backwards: {from} is behind {to}")
        });
    }
    Ok(range)
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
        assert_eq!(seeds("0..10"), Ok(0..10));
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
    fn the_replay_command_says_what_was_wished() {
        let wished = WishArgs {
            servers: Some(3),
            duration: Some(700),
            faults: faults("crash,slow-disk").ok(),
            tasks: tasks("reads").ok(),
        };
        assert_eq!(
            wished.replay(7),
            "raft-sim run --seed 7 --servers 3 --duration 700 --faults crash,slow-disk --tasks reads"
        );
        let calm = WishArgs {
            faults: faults("none").ok(),
            tasks: tasks("none").ok(),
            ..WishArgs::default()
        };
        assert_eq!(calm.replay(7), "raft-sim run --seed 7 --faults none --tasks none");
        assert_eq!(WishArgs::default().replay(7), "raft-sim run --seed 7");
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
