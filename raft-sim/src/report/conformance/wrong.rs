//! The problems of a subject: each once, however many scenarios and seeds show it.

use std::cmp::Reverse;

use super::place::{about, says, section};
use super::{Example, Source, Trial, Weight, Wrong};
use crate::campaign::{Finding, Kind};
use crate::checker::Property;
use crate::report::{Case, Failed, Result};
use crate::scenario::replay::FailureKind;
use crate::timeline::texts;

/// All problems, the gravest first; among equals, those that most scenarios show, then those that most seeds show.
pub(super) fn all(trial: &Trial) -> Vec<Wrong> {
    let mut all = Vec::new();
    for property in Property::ALL {
        all.extend(of_kind(trial, Kind::Violation(property)));
    }
    all.extend([Kind::NotRepeatable, Kind::NoBoot].into_iter().filter_map(|it| of_kind(trial, it)));
    for case in &trial.scenarios.cases {
        unmet(&mut all, trial, case);
    }
    all.sort_by_key(|wrong| (wrong.weight, Reverse(wrong.scenarios), Reverse(wrong.seeds)));
    all
}

/// True if a scenario shows a violation of this property.
pub(super) fn violated(trial: &Trial, property: Property) -> bool {
    trial.scenarios.cases.iter().any(|case| shows(case, property).is_some())
}

fn shows(case: &Case, property: Property) -> Option<&Failed> {
    match &case.result {
        Result::Failed(failed) if failed.failure.property == Some(property) => Some(failed),
        Result::Failed(_) | Result::Passed | Result::Skipped(_) | Result::Unusable { .. } => None,
    }
}

/// The problem of one kind of finding, if scenarios or seeds show it.
fn of_kind(trial: &Trial, kind: Kind) -> Option<Wrong> {
    let (weight, says) = match kind {
        Kind::Violation(property) => (Weight::of(property.class()), property.says()),
        Kind::Former(_) => (Weight::Rules, "a property of a former version"),
        Kind::NotRepeatable => (Weight::Repeatability, "the same seed makes the same run"),
        Kind::NoBoot => (Weight::Boot, "a server boots from what is durable"),
    };
    let mut examples: Vec<Example> = match kind {
        Kind::Violation(property) => {
            let cases = trial.scenarios.cases.iter();
            let shown = cases.filter_map(|case| Some((case, shows(case, property)?)));
            shown.map(|(case, failed)| of_case(trial, case, failed)).collect()
        }
        Kind::Former(_) | Kind::NotRepeatable | Kind::NoBoot => Vec::new(),
    };
    plainest_first(&mut examples);
    let scenarios = examples.len();
    let campaign = &trial.campaign;
    let findings = campaign.findings.distinct().filter(|finding| finding.kind == kind);
    examples.extend(findings.map(|finding| of_seed(trial, finding)));
    let seeds = campaign.findings.seeds().find(|(of, _)| *of == kind).map_or(0, |(_, seeds)| seeds);
    (!examples.is_empty()).then(|| Wrong {
        weight,
        name: kind.title().to_owned(),
        says: says.to_owned(),
        paper: kind.section().to_owned(),
        scenarios,
        seeds,
        examples,
    })
}

/// Adds a failure of a scenario that violates no property, under the first rule that the scenario is about.
fn unmet(all: &mut Vec<Wrong>, trial: &Trial, case: &Case) {
    let name = about(case)[0];
    let (weight, name, says, example) = match &case.result {
        Result::Failed(failed) if failed.failure.property.is_none() => {
            let weight = match failed.failure.kind {
                FailureKind::Violation | FailureKind::Statement => Weight::Scenarios,
                FailureKind::Liveness => Weight::Progress,
            };
            (weight, name, says(name), of_case(trial, case, failed))
        }
        Result::Unusable { line, message } => {
            let source = Source::Scenario {
                file: case.file.clone(),
                title: String::new(),
                line: *line,
                text: String::new(),
                steps: Vec::new(),
            };
            let example = Example {
                source,
                message: message.clone(),
                replay: case.replay(&trial.scenarios.caller),
            };
            (Weight::Files, "Files", "a scenario can be read, and says what it is about", example)
        }
        Result::Failed(_) | Result::Passed | Result::Skipped(_) => return,
    };
    let alike = all.iter_mut().find(|wrong| wrong.weight == weight && wrong.name == name);
    if let Some(wrong) = alike {
        wrong.scenarios += 1;
        wrong.examples.push(example);
        plainest_first(&mut wrong.examples);
        return;
    }
    let paper = if section(case) == name { "" } else { section(case) };
    all.push(Wrong {
        weight,
        name: name.to_owned(),
        says: says.to_owned(),
        paper: paper.to_owned(),
        scenarios: 1,
        seeds: 0,
        examples: vec![example],
    });
}

/// Sorts examples: the fewer lines an example takes, the plainer it is.
fn plainest_first(examples: &mut [Example]) {
    examples.sort_by_key(|example| match &example.source {
        Source::Scenario { line, .. } => line.unwrap_or_default(),
        Source::Seed { .. } => u32::MAX,
    });
}

fn of_case(trial: &Trial, case: &Case, failed: &Failed) -> Example {
    let Failed { failure, text, steps } = failed;
    let source = Source::Scenario {
        file: case.file.clone(),
        title: case.title.clone(),
        line: Some(failure.line),
        text: text.clone(),
        steps: texts(steps),
    };
    Example {
        source,
        message: failure.message.clone(),
        replay: case.replay(&trial.scenarios.caller),
    }
}

fn of_seed(trial: &Trial, finding: &Finding) -> Example {
    let Finding { kind, seed, detail, scenario, .. } = finding;
    Example {
        source: Source::Seed { seed: *seed, scenario: scenario.clone() },
        message: detail.clone(),
        replay: trial.header.show(*kind, *seed),
    }
}
