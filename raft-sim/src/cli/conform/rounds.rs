//! The rounds of one subject: one in which everything is judged, then further ones in which what was found is set
//! aside, so that a cause that stops everything does not hide the others.

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Args;
use crate::campaign::{Ended, Ending, Kind, Options, Part, Runner, SeedOptions};
use crate::checker::{Property, Symptom};
use crate::cli::progress::{Clock, Deadline, Limits, Progress};
use crate::cli::subject::Target;
use crate::cli::{Error, test};
use crate::panics::caught;
use crate::parallel;
use crate::plan::PlanOptions;
use crate::report::conformance::{Round, Trial, symptom};
use crate::report::{Case, Report, Result as CaseResult};
use crate::scenario::corpus::load;
use crate::shrink::{cut, shorten};

/// Most rounds in which something is set aside.
const FURTHER: usize = 3;
/// A property hides others if it stops one in this many of the scenarios, or of the seeds.
const SHARE: usize = 4;
/// Most seeds of a round in which something is set aside.
const FURTHER_SEEDS: u64 = 200;
/// The part of the time for shrinking that is spent in such a round.
const FURTHER_PATIENCE: u32 = 3;
/// The number of lines at which a scenario is short enough.
pub(super) const SHORT: usize = 15;

/// Everything that the rounds of one subject need.
pub(super) struct Judge<'a> {
    pub(super) args: &'a Args,
    pub(super) files: &'a [PathBuf],
    pub(super) jobs: NonZeroUsize,
    pub(super) target: &'a Target<'a>,
    pub(super) asked_to_stop: &'a AtomicBool,
}

impl Judge<'_> {
    /// Judges the subject, round by round. Errors in files go to `errors`, progress to `err`.
    pub(super) fn trial(
        &self,
        errors: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Result<Trial, Error> {
        let Judge { files, jobs, target, asked_to_stop, .. } = self;
        let scenarios = test::judged(files, target, *jobs, asked_to_stop, errors)?;
        let mut is_whole = scenarios.cases.len() == files.len();
        let (first, ending) = self.round(Vec::new(), scenarios, self.args.seeds, err)?;
        is_whole &= ending == Ending::Done;
        let mut rounds = vec![first];
        while rounds.len() <= FURTHER && is_whole {
            let Some(set_aside) = set_aside(&rounds) else { break };
            let names: Vec<&str> = set_aside.iter().map(|property| property.title()).collect();
            writeln!(err, "with {} set aside:", names.join(", "))?;
            let scenarios = self.stopped(&rounds, &set_aside)?;
            // What was found by then is not lost if this round can't be completed.
            match self.round(set_aside, scenarios, self.few(), err) {
                Ok((round, ending)) => {
                    is_whole &= ending == Ending::Done;
                    rounds.push(round);
                }
                Err(Error::Message(why)) => {
                    writeln!(err, "{why}; the report has the rounds before this one")?;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        let subject = target.implementation();
        let (name, capabilities) = (subject.name().to_owned(), subject.capabilities().to_vec());
        Ok(Trial { name, capabilities, rounds, is_whole })
    }

    /// The first seeds.
    fn few(&self) -> Part {
        let Part { from, to, .. } = self.args.seeds;
        let end = from.saturating_add(FURTHER_SEEDS);
        (from..to.map_or(end, |to| to.min(end))).into()
    }

    /// Runs the seeds, and looks for short forms of the scenarios that fail.
    fn round(
        &self,
        set_aside: Vec<Property>,
        mut scenarios: Report,
        seeds: Part,
        err: &mut dyn Write,
    ) -> Result<(Round, Ending), Error> {
        let Ended { header, campaign, ending, .. } = self.campaign(&set_aside, seeds, err)?;
        self.shorten(&mut scenarios, &set_aside)?;
        Ok((Round { set_aside, scenarios, header, campaign }, ending))
    }

    /// Runs the seeds, and prints only their progress.
    fn campaign(
        &self,
        set_aside: &[Property],
        part: Part,
        err: &mut dyn Write,
    ) -> Result<Ended, Error> {
        let plan = PlanOptions { set_aside: set_aside.to_vec(), ..PlanOptions::default() };
        let each = SeedOptions { plan, ..SeedOptions::default() };
        let options = Options { part, each, ..Options::default() };
        let limits = Limits { time: None, shrink: self.shrink_time(set_aside) };
        let clock = Clock::new(limits, self.asked_to_stop);
        let runner = Runner::new(options, self.target.implementation()).watch(&clock);
        let runner = runner.caller(self.target.caller.clone()).threads(self.jobs).short(SHORT);
        let ended = runner.run(&mut Progress::new(&clock, err))?;
        match ended.ending {
            Ending::Failed { seed, why } => Err(Error::Message(format!("seed {seed}: {why}"))),
            Ending::Done | Ending::Enough | Ending::Stopped => Ok(ended),
        }
    }

    /// The most time to shrink one seed or scenario: less for what may follow from other causes.
    fn shrink_time(&self, set_aside: &[Property]) -> Duration {
        let time = self.args.shrink_time;
        if set_aside.is_empty() { time } else { time / FURTHER_PATIENCE }
    }

    /// Replays the scenarios that were stopped by a property which is set aside now.
    fn stopped(&self, rounds: &[Round], set_aside: &[Property]) -> Result<Report, Error> {
        let mut latest: BTreeMap<&str, &Case> = BTreeMap::new();
        let cases = rounds.iter().flat_map(|round| &round.scenarios.cases);
        latest.extend(cases.map(|case| (case.file.as_str(), case)));
        let stopped = |file: &&PathBuf| {
            let case = latest.get(file.display().to_string().as_str());
            let violated = case.and_then(|case| violated(case));
            violated.is_some_and(|property| set_aside.contains(&property))
        };
        let files: Vec<&PathBuf> = self.files.iter().filter(stopped).collect();
        let one = |at: usize| {
            let goes_on = !self.asked_to_stop.load(Ordering::Relaxed);
            goes_on.then(|| self.replay(files[at], set_aside)).flatten()
        };
        let cases = parallel::in_order(self.jobs, files.len(), one, || Ok::<(), Error>(()))?;
        let cases = cases.into_iter().flatten().collect();
        Ok(Report { caller: self.target.caller.clone(), cases })
    }

    fn replay(&self, path: &Path, set_aside: &[Property]) -> Option<Case> {
        let (source, mut scenario) = load(path).ok()?;
        // One that is there to violate a property shows nothing once that is set aside.
        let violates = scenario.header.violates.as_deref().and_then(Property::named);
        if violates.is_some_and(|property| set_aside.contains(&property)) {
            return None;
        }
        scenario.header.set_aside.extend(set_aside);
        caught(|| Case::judge(&source, &scenario, self.target.implementation())).ok()
    }

    /// Finds a short form of one scenario for each symptom: of the one that fails after the fewest lines.
    fn shorten(&self, report: &mut Report, set_aside: &[Property]) -> Result<(), Error> {
        let mut first: BTreeMap<(Option<Symptom>, String), usize> = BTreeMap::new();
        for (at, case) in report.cases.iter().enumerate() {
            let CaseResult::Failed(failed) = &case.result else { continue };
            if failed.failure.property.is_some_and(|property| set_aside.contains(&property)) {
                continue;
            }
            let symptom = symptom(failed);
            let fact = if symptom.is_none() { failed.text.clone() } else { String::new() };
            let place = first.entry((symptom, fact)).or_insert(at);
            if line(&report.cases[*place]) > failed.failure.line {
                *place = at;
            }
        }
        let places: Vec<((Option<Symptom>, String), usize)> = first.into_iter().collect();
        let work = |at: usize| {
            let ((symptom, _), place) = &places[at];
            self.short(&report.cases[*place], symptom.as_ref(), set_aside)
        };
        let texts = parallel::in_order(self.jobs, places.len(), work, || Ok::<(), Error>(()))?;
        for ((_, place), text) in places.into_iter().zip(texts) {
            if let CaseResult::Failed(failed) = &mut report.cases[place].result {
                failed.short = text;
            }
        }
        Ok(())
    }

    fn short(
        &self,
        case: &Case,
        symptom: Option<&Symptom>,
        set_aside: &[Property],
    ) -> Option<String> {
        let (_, mut scenario) = load(Path::new(&case.file)).ok()?;
        scenario.header.set_aside.extend(set_aside);
        let text = match symptom {
            None => cut(&scenario, line(case)),
            Some(symptom) => {
                let patience = Deadline::new(self.shrink_time(set_aside), self.asked_to_stop);
                let implementation = self.target.implementation();
                let short = || shorten(&scenario, line(case), symptom, implementation, &patience);
                caught(short).ok().flatten()?
            }
        };
        Some(format!("# From {}.\n{text}", case.file))
    }
}

/// The line in which a scenario fails.
fn line(case: &Case) -> u32 {
    match &case.result {
        CaseResult::Failed(failed) => failed.failure.line,
        CaseResult::Passed | CaseResult::Skipped(_) | CaseResult::Unusable { .. } => u32::MAX,
    }
}

/// The property that a scenario violates.
fn violated(case: &Case) -> Option<Property> {
    match &case.result {
        CaseResult::Failed(failed) => failed.failure.property,
        CaseResult::Passed | CaseResult::Skipped(_) | CaseResult::Unusable { .. } => None,
    }
}

/// The properties to set aside in the next round: all that were found violated, if one of those that the last round found
/// stops many of its scenarios or seeds. `None` if none does, or if behind none of them a run can go on.
fn set_aside(rounds: &[Round]) -> Option<Vec<Property>> {
    let last = rounds.last()?;
    let cases = last.scenarios.cases.iter();
    let replayed =
        cases.clone().filter(|case| !matches!(case.result, CaseResult::Skipped(_))).count();
    let mut scenarios: BTreeMap<Property, usize> = BTreeMap::new();
    for property in cases.filter_map(violated) {
        *scenarios.entry(property).or_default() += 1;
    }
    let property = |(kind, seeds): (Kind, u64)| match kind {
        Kind::Violation(property) => Some((property, seeds)),
        Kind::Former(_) | Kind::NotRepeatable | Kind::NoBoot => None,
    };
    let seeds: BTreeMap<Property, u64> =
        last.campaign.findings.seeds().filter_map(property).collect();
    let run = last.campaign.sums.seeds;
    let hides = |property: &Property| {
        let stopped = scenarios.get(property).copied().unwrap_or(0);
        let of_seeds = seeds.get(property).copied().unwrap_or(0);
        property.can_go_on()
            && !last.set_aside.contains(property)
            && (stopped * SHARE >= replayed && stopped > 0
                || of_seeds * SHARE as u64 >= run && of_seeds > 0)
    };
    Property::ALL.iter().any(hides).then(|| {
        let is_found = |property: &Property| {
            last.set_aside.contains(property)
                || scenarios.contains_key(property)
                || seeds.contains_key(property)
        };
        Property::ALL.into_iter().filter(is_found).collect()
    })
}
