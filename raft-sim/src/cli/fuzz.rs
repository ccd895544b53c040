//! `raft-sim fuzz`: many seeds, what they found, and whether they put the properties to the test.

use std::io::Write;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::Instant;

use super::output::{BAD, GOOD, heading};
use super::run::tally;
use super::values::{self, WishArgs};
use super::{Error, parallel};
use crate::cluster::Feature;
use crate::mix::mix;
use crate::oracle::Property;
use crate::plan::Plan;
use crate::report::End;
use crate::run::{Outcome, Tally, run as play};
use crate::subject::Implementation;

/// So many seeds are run before their findings are printed: enough that no thread waits long.
const BATCH: u64 = 512;

/// Run many seeds and tell which of them violate a property
///
/// The standard output is the same for any number of threads; how fast it went is told on the standard
/// error.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The seeds: from A on, up to and without B
    #[arg(long, value_name = "A..B", value_parser = values::seeds)]
    seeds: Range<u64>,
    /// How many threads, 1 to 256 [default: as many as the machine runs at once]
    #[arg(long, value_name = "J", value_parser = values::jobs)]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    wishes: WishArgs,
}

#[expect(
    clippy::disallowed_methods,
    reason = "how fast it went is for the person at the terminal; no run knows of it"
)]
pub(super) fn fuzz(
    args: &Args,
    implementation: &(dyn Implementation + Sync),
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    let began = Instant::now();
    let jobs = values::available(args.jobs);
    let wishes = args.wishes.wishes();
    let mut sums = Sums::default();
    let mut from = args.seeds.start;
    writeln!(out, "seeds {from}..{}", args.seeds.end)?;
    while from < args.seeds.end {
        let count = BATCH.min(args.seeds.end - from);
        let outcomes = parallel::in_order(jobs, count as usize, |at| {
            let plan = Plan::draw(from + at as u64, &wishes);
            play(&plan, implementation, true, None)
        });
        for (seed, outcome) in (from..).zip(outcomes) {
            let outcome = outcome.map_err(|why| Error::Told(format!("seed {seed}: {why}")))?;
            if let Some((_, violation)) = &outcome.violation {
                let (title, replay) = (violation.property.title(), args.wishes.replay(seed));
                writeln!(out, "{BAD}seed {seed}{BAD:#}  {title}  {replay}")?;
                out.flush()?;
            }
            sums.add(&outcome);
        }
        from += count;
    }
    sums.print(out)?;
    out.flush()?;
    let took = began.elapsed();
    let rate = u128::from(sums.steps) * 1_000 / took.as_millis().max(1);
    writeln!(
        err,
        "{} threads, {}.{:03} s, {rate} steps per second",
        jobs,
        took.as_secs(),
        took.subsec_millis()
    )?;
    Ok(if sums.violations == 0 { End::Held } else { End::Violated })
}

/// What all seeds came to.
#[derive(Default)]
struct Sums {
    seeds: u64,
    violations: u64,
    steps: u64,
    digest: u64,
    tally: Tally,
    /// For each property, how often it was put to the test, and by how many seeds.
    exercised: [(u64, u64); Property::ALL.len()],
    /// For each feature, how often it took part, and in how many seeds.
    features: [(u64, u64); Feature::ALL.len()],
}

impl Sums {
    /// Takes the next seed's outcome; the digest depends on their order.
    fn add(&mut self, outcome: &Outcome) {
        self.seeds += 1;
        self.violations += u64::from(outcome.violation.is_some());
        self.steps += outcome.steps;
        self.digest = mix(self.digest, outcome.digest);
        let exercised = self.exercised.iter_mut().zip(&outcome.exercised);
        let features = self.features.iter_mut().zip(&outcome.features);
        for ((total, seeds), count) in exercised.chain(features) {
            *total += count;
            *seeds += u64::from(*count > 0);
        }
        let (sum, one) = (&mut self.tally, &outcome.tally);
        sum.proposed += one.proposed;
        sum.committed += one.committed;
        sum.superseded += one.superseded;
        sum.faults += one.faults;
        sum.crashes += one.crashes;
        sum.commit = sum.commit.max(one.commit);
        sum.term = sum.term.max(one.term);
    }

    fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        heading(out, "In numbers")?;
        tally(out, &self.tally)?;
        heading(out, "What was checked, how often, and by how many of the seeds")?;
        for (property, sum) in Property::ALL.iter().zip(self.exercised) {
            self.print_share(out, property.title(), property.section(), sum)?;
        }
        heading(out, "What took part, how often, and in how many of the seeds")?;
        for (feature, sum) in Feature::ALL.iter().zip(self.features) {
            self.print_share(out, feature.title(), feature.section(), sum)?;
        }
        let Sums { seeds, violations, steps, digest, .. } = self;
        writeln!(out, "\n{seeds} seeds, {steps} steps, digest {digest:016x}")?;
        match violations {
            0 => writeln!(out, "{GOOD}all held{GOOD:#}"),
            1 => writeln!(out, "{BAD}1 seed violated a property{BAD:#}"),
            violations => writeln!(out, "{BAD}{violations} seeds violated a property{BAD:#}"),
        }
    }

    fn print_share(
        &self,
        out: &mut dyn Write,
        title: &str,
        section: &str,
        (total, seeds): (u64, u64),
    ) -> std::io::Result<()> {
        let total = match total {
            0 => "not exercised".to_owned(),
            total => total.to_string(),
        };
        let permille = seeds * 1_000 / self.seeds.max(1);
        let (percent, tenth) = (permille / 10, permille % 10);
        writeln!(out, "  {title:<28}{section:<20}{total:>13}{percent:>6}.{tenth} %")
    }
}

#[cfg(test)]
mod tests {
    use super::super::faulty::Forgetful;
    use super::*;

    fn printed(jobs: usize) -> (End, String) {
        let args =
            Args { seeds: 0..20, jobs: NonZeroUsize::new(jobs), wishes: WishArgs::default() };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let end = fuzz(&args, &Forgetful, &mut out, &mut err).expect("every seed boots");
        let text = String::from_utf8(out).expect("it is text");
        (end, anstream::adapter::strip_str(&text).to_string())
    }

    #[test]
    fn findings_are_told_in_the_order_of_seeds_for_any_number_of_threads() {
        let (end, text) = printed(1);
        assert_eq!(end, End::Violated);
        let findings: Vec<&str> = text.lines().filter(|line| line.starts_with("seed ")).collect();
        assert!(findings.len() > 1, "{text}");
        for finding in &findings {
            let seed = finding.split_whitespace().nth(1).unwrap_or_default();
            let whole = format!("seed {seed}  Monotonicity  raft-sim run --seed {seed}");
            assert_eq!(*finding, whole);
        }
        for feature in Feature::ALL {
            assert!(text.contains(&format!("\n  {} ", feature.title())), "{feature:?}: {text}");
        }
        let sum = format!("{} seeds violated a property\n", findings.len());
        assert!(text.ends_with(&sum), "{text}");
        assert_eq!(printed(3).1, text);
    }
}
