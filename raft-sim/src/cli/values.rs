//! The values of options, and the errors for wrong ones.

use std::cmp::Ordering;
use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Arg;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::error::ErrorKind;

use crate::campaign::Part;
use crate::checker::Property;
use crate::parallel;
use crate::plan::{PLAN_OPTIONS, PlanOption, PlanOptions, options};
use crate::subject::Capability;

/// The plan options that `run`, `fuzz` and `shrink` take.
#[derive(Clone, Debug, Default)]
pub(super) struct PlanArgs(PlanOptions);

impl PlanArgs {
    /// The plan options as given.
    pub(super) fn said(&self) -> &PlanOptions {
        &self.0
    }

    /// The plan options for an implementation with these capabilities.
    pub(super) fn plan_options(&self, capabilities: &[Capability]) -> PlanOptions {
        PlanOptions { capabilities: Some(capabilities.to_vec()), ..self.0.clone() }
    }

    /// The names of the plan options.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        PLAN_OPTIONS.iter().map(|option| option.name)
    }
}

impl clap::Args for PlanArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        PLAN_OPTIONS.iter().fold(command, |command, option| command.arg(argument(option)))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        PlanArgs::augment_args(command)
    }
}

impl clap::FromArgMatches for PlanArgs {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<PlanArgs, clap::Error> {
        let mut args = PlanArgs::default();
        args.update_from_arg_matches(matches).map(|()| args)
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        for option in &PLAN_OPTIONS {
            if let Some(text) = matches.get_one::<String>(option.name) {
                let wrong = |why| clap::Error::raw(ErrorKind::ValueValidation, why);
                option.set(&mut self.0, text).map_err(wrong)?;
            }
        }
        Ok(())
    }
}

/// Makes an argument of a plan option.
fn argument(option: &'static PlanOption) -> Arg {
    let argument =
        Arg::new(option.name).long(option.name).value_name(option.value).aliases(option.old_name);
    let argument = argument.help((option.help)()).allow_negative_numbers(true);
    if option.choices.is_empty() {
        let sound =
            |text: &str| option.set(&mut PlanOptions::default(), text).map(|()| text.to_owned());
        return argument.value_parser(sound);
    }
    let choices = option.choices.iter();
    let choices = choices.map(|(name, help)| PossibleValue::new(name).help(help.trim_start()));
    argument.value_parser(PossibleValuesParser::new(choices))
}

/// Parses a seed.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    let wrong = |_| format!("expected a whole number from 0 to {}", u64::MAX);
    text.parse().map_err(wrong)
}

/// Parses a range of seeds, `A..B`, or one without end, `A..`.
pub(super) fn seeds(text: &str) -> Result<Part, String> {
    let (from, to) = text
        .split_once("..")
        .ok_or("expected a range like 0..1000: the first seed, and the one after the last")?;
    let from = seed(from)?;
    if to.is_empty() {
        return Ok(Part { from, ..Part::default() });
    }
    let to = seed(to)?;
    match from.cmp(&to) {
        Ordering::Less => Ok((from..to).into()),
        Ordering::Equal => {
            Err(format!("the range has no seeds: it ends before {to}, where it begins"))
        }
        Ordering::Greater => Err(format!("the range is backwards: {from} is after {to}")),
    }
}

/// Parses a duration of the wall clock.
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
    // The bound is longer than any machine runs, and the clock can still add it.
    match time.filter(|time| (1..=u64::from(u32::MAX) * 1_000).contains(time)) {
        Some(time) => Ok(Duration::from_millis(time)),
        None => Err("expected a time above 0 with its unit, like 500ms, 60s, 5m or 2h".to_owned()),
    }
}

/// Parses a shard and the number of shards, `I/N`.
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

/// Properties by their names, as one value.
#[derive(Clone, Debug)]
pub(super) struct Properties(pub(super) Vec<Property>);

/// Parses properties: `persist-before-send,match-index`.
pub(super) fn properties(text: &str) -> Result<Properties, String> {
    options::properties(text).map(Properties)
}

/// Parses a number of threads.
pub(super) fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    const MOST: usize = 256;
    match text.parse() {
        Ok(jobs) if jobs <= NonZeroUsize::MIN.saturating_add(MOST - 1) => Ok(jobs),
        Ok(_) | Err(_) => Err(format!("expected a number of threads from 1 to {MOST}")),
    }
}

/// The given number of threads; by default as many as the machine runs at once.
pub(super) fn available(jobs: Option<NonZeroUsize>) -> NonZeroUsize {
    jobs.unwrap_or_else(parallel::available)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_seeds() {
        assert_eq!(seeds("0..10"), Ok((0..10).into()));
        assert_eq!(seeds("7.."), Ok(Part { from: 7, ..Part::default() }));
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
    fn numbers_of_threads() {
        assert_eq!(jobs("256").map(NonZeroUsize::get), Ok(256));
        for wrong in ["0", "257", "-1", "x", ""] {
            assert!(jobs(wrong).is_err(), "{wrong}");
        }
    }
}
