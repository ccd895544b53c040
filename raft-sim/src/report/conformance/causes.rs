//! The causes of all failures of a subject: each symptom once, however many scenarios and seeds show it.

use std::cmp::Reverse;

use super::place::{about, says, section};
use super::symptom::{detail, seen};
use super::{Cause, Example, Known, Round, Source, Trial, Weight, advice};
use crate::campaign::{Alike, Finding, Kind, quoted};
use crate::checker::Property;
use crate::report::{Case, Failed, Result, is_mixed};
use crate::scenario::parse::parse;
use crate::scenario::source;
use crate::timeline::texts;

/// All causes, in the order of their groups: those that are not known first, and those that were found with everything judged;
/// then the gravest, and among equals those that most scenarios and seeds show. Among those that may follow from others,
/// what a scenario shows comes first: its situation is made for one rule, while a seed may show what comes of another cause.
pub(super) fn all(trial: &Trial, known: &Known) -> Vec<Cause> {
    let mut all: Vec<Cause> = Vec::new();
    for round in &trial.rounds {
        let mut found = Vec::new();
        of_seeds(&mut found, round);
        of_scenarios(&mut found, round);
        // A later round may see once more what an earlier one has found.
        found.retain(|cause| !all.iter().any(|other| other.id == cause.cause.id));
        all.extend(found.into_iter().map(Draft::finish));
    }
    for cause in &mut all {
        cause.known = known.has(&cause.id);
    }
    all.sort_by_key(|cause| {
        let shown_by = cause.scenarios as u64 + cause.seeds;
        let set_up = cause.weight == Weight::SetUp;
        let group = (cause.known, set_up, cause.mixed_settings, cause.is_behind());
        let is_late = cause.is_behind() && cause.scenarios == 0;
        (group, cause.weight, is_late, Reverse(shown_by))
    });
    all
}

/// True if a scenario shows a violation of this property.
pub(super) fn violated(trial: &Trial, property: Property) -> bool {
    let shows = |case: &Case| match &case.result {
        Result::Failed(failed) => failed.failure.property == Some(property),
        Result::Passed | Result::Skipped(_) | Result::Unusable { .. } => false,
    };
    trial.first().scenarios.cases.iter().any(shows)
}

/// A cause of which not all examples are known.
struct Draft {
    cause: Cause,
    /// The scenarios that show it and are short: their texts, and the commands that show them.
    short: Vec<(String, String)>,
    /// True if an example has the same settings on all servers.
    is_plain: bool,
}

impl Draft {
    fn new(id: String, weight: Weight, name: &str, look_at: &'static str, round: &Round) -> Draft {
        let cause = Cause {
            id,
            weight,
            name: name.to_owned(),
            says: String::new(),
            paper: String::new(),
            look_at,
            known: false,
            mixed_settings: false,
            set_aside: round.set_aside.clone(),
            scenarios: 0,
            seeds: 0,
            scenario: None,
            replay: String::new(),
            page: None,
            examples: Vec::new(),
        };
        Draft { cause, short: Vec::new(), is_plain: false }
    }

    /// Chooses the shortest scenario; if there is none, the plainest example is the one to replay.
    fn finish(mut self) -> Cause {
        let shown = |example: &Example| match &example.source {
            Source::Scenario { line, .. } => line.unwrap_or_default(),
            Source::Seed { .. } => u32::MAX,
        };
        self.cause.examples.sort_by_key(shown);
        self.cause.mixed_settings = !self.is_plain;
        self.cause.replay =
            self.cause.examples.first().map_or(String::new(), |example| example.replay.clone());
        if let Some((text, replay)) =
            self.short.into_iter().min_by_key(|(text, _)| statements(text))
        {
            (self.cause.scenario, self.cause.replay) = (Some(text), replay);
        }
        self.cause
    }
}

/// The number of lines of a scenario that are no comments.
pub(super) fn statements(text: &str) -> usize {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).count()
}

/// The name of a cause in a file of known ones.
fn id(name: &str, claim: &str) -> String {
    if claim.is_empty() { name.to_owned() } else { format!("{name}: {claim}") }
}

/// Adds what the seeds of a round show.
fn of_seeds(found: &mut Vec<Draft>, round: &Round) {
    for alike in round.campaign.findings.alike_each() {
        let Alike { kind, claim, seeds, findings } = alike;
        let mut draft = of_kind(kind, claim, round);
        draft.cause.seeds = seeds;
        for finding in findings {
            let example = of_seed(round, finding);
            let mixed = finding.scenario.as_deref().is_some_and(has_mixed_settings);
            draft.is_plain |= !mixed;
            if let Some(text) = &finding.scenario {
                draft.short.push((text.clone(), example.replay.clone()));
            }
            draft.cause.examples.push(example);
        }
        found.push(draft);
    }
}

fn of_kind(kind: Kind, claim: &str, round: &Round) -> Draft {
    let (weight, says) = match kind {
        Kind::Violation(property) => (Weight::of(property.class()), property.says()),
        Kind::Former(_) => (Weight::Rules, "a property of a former version"),
        Kind::NotRepeatable => (Weight::Repeatability, "the same seed makes the same run"),
        Kind::NoBoot => (Weight::Boot, "a server boots from what is durable"),
    };
    let look_at = advice::of_kind(kind);
    let mut draft = Draft::new(id(kind.name(), claim), weight, kind.title(), look_at, round);
    (draft.cause.says, draft.cause.paper) = (says.to_owned(), kind.section().to_owned());
    draft
}

fn has_mixed_settings(text: &str) -> bool {
    parse(&source::Source::new("", text)).is_ok_and(|scenario| is_mixed(&scenario))
}

/// Adds what the scenarios of a round show.
fn of_scenarios(found: &mut Vec<Draft>, round: &Round) {
    for case in &round.scenarios.cases {
        let (new, example, short) = match &case.result {
            Result::Failed(failed) => {
                let set_aside = |property| round.set_aside.contains(&property);
                if failed.failure.property.is_some_and(set_aside) {
                    continue;
                }
                (of_failure(case, failed, round), of_case(round, case, failed), &failed.short)
            }
            Result::Unusable { line, message } => {
                (of_files(round), of_file(round, case, *line, message), &None)
            }
            Result::Passed | Result::Skipped(_) => continue,
        };
        let known = found.iter().position(|draft| draft.cause.id == new.cause.id);
        let place = known.unwrap_or(found.len());
        if known.is_none() {
            found.push(new);
        }
        let draft = &mut found[place];
        draft.cause.scenarios += 1;
        draft.is_plain |= !case.is_mixed;
        if let Some(text) = short {
            draft.short.push((text.clone(), example.replay.clone()));
        }
        draft.cause.examples.push(example);
    }
}

fn of_failure(case: &Case, failed: &Failed, round: &Round) -> Draft {
    let seen = seen(failed);
    if let Some(kind) = seen.kind {
        return of_kind(kind, &seen.claim, round);
    }
    let what = if seen.weight == Weight::SetUp { "set-up" } else { "scenario" };
    let look_at = advice::of_weight(seen.weight);
    let mut draft = Draft::new(id(what, &seen.claim), seen.weight, &seen.claim, look_at, round);
    let rule = about(case)[0];
    draft.cause.says = says(rule).to_owned();
    let place = section(case);
    draft.cause.paper = if place == rule { place.to_owned() } else { format!("{rule}, {place}") };
    draft
}

fn of_files(round: &Round) -> Draft {
    let look_at = advice::of_weight(Weight::Files);
    let mut draft = Draft::new("files".to_owned(), Weight::Files, "Files", look_at, round);
    draft.cause.says = "a scenario can be read, and says what it is about".to_owned();
    draft
}

fn of_case(round: &Round, case: &Case, failed: &Failed) -> Example {
    let Failed { failure, text, steps, .. } = failed;
    let source = Source::Scenario {
        file: case.file.clone(),
        title: case.title.clone(),
        line: Some(failure.line),
        text: text.clone(),
        steps: texts(steps),
    };
    let message = detail(failed).to_owned();
    Example { source, message, replay: replay(round, case) }
}

fn of_file(round: &Round, case: &Case, line: Option<u32>, message: &str) -> Example {
    let source = Source::Scenario {
        file: case.file.clone(),
        title: String::new(),
        line,
        text: String::new(),
        steps: Vec::new(),
    };
    Example { source, message: message.to_owned(), replay: replay(round, case) }
}

/// The command that shows what happened in a scenario, with the same properties set aside.
fn replay(round: &Round, case: &Case) -> String {
    let names: Vec<&str> = round.set_aside.iter().map(|property| property.name()).collect();
    let aside =
        if names.is_empty() { String::new() } else { format!(" --set-aside {}", names.join(",")) };
    round.scenarios.caller.command(&format!("explain {}{aside}", quoted(&case.file)))
}

fn of_seed(round: &Round, finding: &Finding) -> Example {
    let Finding { kind, seed, detail, scenario, .. } = finding;
    Example {
        source: Source::Seed { seed: *seed, scenario: scenario.clone() },
        message: detail.clone(),
        replay: round.header.show(*kind, *seed),
    }
}
