//! From trials to a report: sorts results into sections, requirements and properties.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::place::{about, says, section};
use super::symptom::seen;
use super::{
    Cause, Cell, Conformance, Exercised, FORMAT, Judged, Known, Lacking, Mark, Results, Row,
    Subject, Trial, Weight, causes,
};
use crate::campaign::{Campaign, Kind, Share};
use crate::checker::Property;
use crate::report::{Case, End, Result};
use crate::scenario::paper::{self, DISSERTATION, FIGURES, SECTIONS};
use crate::subject::Capability;

/// The group of the sections of the dissertation.
const DISSERTATION_GROUP: &str = "The dissertation";
/// The group of the sections of the paper.
const PAPER_GROUP: &str = "The paper";
/// The group of everything else.
const OTHER_GROUP: &str = "Others";

pub(super) fn conformance(trials: &[Trial], known: &Known) -> Conformance {
    let cases: Vec<&[Case]> =
        trials.iter().map(|trial| trial.first().scenarios.cases.as_slice()).collect();
    Conformance {
        format: FORMAT,
        program: format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        seeds: trials.first().map_or(String::new(), |trial| trial.first().header.seeds()),
        subjects: trials.iter().enumerate().map(|(at, _)| subject(trials, at, known)).collect(),
        sections: sections(trials, &cases),
        requirements: requirements(trials, &cases),
        properties: Property::ALL.into_iter().map(|it| judged(it, trials)).collect(),
        scenarios: scenarios(&cases, &section_names(&cases)),
    }
}

fn subject(trials: &[Trial], at: usize, known: &Known) -> Subject {
    let trial = &trials[at];
    let Trial { name, capabilities, is_whole, .. } = trial;
    let (scenarios, campaign) = (&trial.first().scenarios, &trial.first().campaign);
    let causes = causes::all(trial, known);
    let results = results(scenarios.cases.iter());
    let end = end(trial, &causes, &results);
    Subject {
        name: match trials.iter().filter(|other| other.name == *name).count() {
            1 => name.clone(),
            _ => format!("{name} ({})", at + 1),
        },
        command: scenarios.caller.subject.clone(),
        capabilities: capabilities.iter().map(|capability| capability.word()).collect(),
        verdict: verdict(trial, &causes, &results),
        exit_code: end.code(),
        end,
        is_whole: *is_whole,
        scenarios: results,
        seeds: campaign.sums.seeds,
        seeds_with_findings: campaign.findings.seeds().map(|(_, seeds)| seeds).sum(),
        steps: campaign.sums.steps,
        digest: format!("{:016x}", campaign.sums.digest),
        known_unused: known.unused(causes.iter().map(|cause| cause.id.as_str())),
        causes,
        skipped: lacking(&scenarios.cases),
    }
}

/// The verdict: that of the gravest cause which is not known.
fn verdict(trial: &Trial, causes: &[Cause], results: &Results) -> &'static str {
    let gravest = causes.iter().filter(|cause| !cause.known).map(|cause| cause.weight).min();
    match gravest {
        Some(weight) if weight != Weight::SetUp => weight.verdict(),
        Some(_) | None if !trial.is_whole => "conforms until it was interrupted",
        None if !causes.is_empty() => "conforms but for what is known",
        Some(weight) => weight.verdict(),
        None if results.skipped > 0 => "conforms in what it claims",
        None => "conforms",
    }
}

/// The end of the program if this is the only subject.
fn end(trial: &Trial, causes: &[Cause], results: &Results) -> End {
    let new = causes.iter().filter(|cause| !cause.known);
    let end = End::of(new.map(|cause| cause.weight.end()));
    let nothing = trial.first().campaign.sums.seeds == 0
        || (results.not_set_up > 0 && results.passed + results.failed == 0);
    match end {
        End::Held if !trial.is_whole => End::Interrupted,
        End::Held if nothing => End::Undecided,
        End::Held
        | End::Violated
        | End::Unusable
        | End::Stuck
        | End::Undecided
        | End::Unrepeatable
        | End::Interrupted => end,
    }
}

/// The number of cases with each result.
fn results<'c>(cases: impl IntoIterator<Item = &'c Case>) -> Results {
    let mut results = Results::default();
    for case in cases {
        let count = match &case.result {
            Result::Passed => &mut results.passed,
            Result::Skipped(_) => &mut results.skipped,
            Result::Failed(failed) if seen(failed).weight == Weight::SetUp => {
                &mut results.not_set_up
            }
            Result::Failed(_) => &mut results.failed,
            Result::Unusable { .. } => &mut results.unusable,
        };
        *count += 1;
    }
    results
}

/// The lacking capabilities, those that most scenarios need first.
fn lacking(cases: &[Case]) -> Vec<Lacking> {
    let mut counts: BTreeMap<Capability, usize> = BTreeMap::new();
    for capability in cases.iter().flat_map(lacks) {
        *counts.entry(*capability).or_default() += 1;
    }
    let mut lacking: Vec<Lacking> = counts
        .into_iter()
        .map(|(capability, scenarios)| Lacking { capability: capability.unmet(), scenarios })
        .collect();
    lacking.sort_by_key(|lacking| Reverse(lacking.scenarios));
    lacking
}

/// The capabilities for which a scenario was skipped.
fn lacks(case: &Case) -> &[Capability] {
    match &case.result {
        Result::Skipped(skip) => skip.lacks(),
        Result::Passed | Result::Failed(_) | Result::Unusable { .. } => &[],
    }
}

/// Names in the order of the paper, unknown ones last.
fn in_order<'n>(known: impl Iterator<Item = &'n str>, named: &[&'n str]) -> Vec<&'n str> {
    let mut names: Vec<&str> = known.filter(|known| named.contains(known)).collect();
    for name in named {
        if !names.contains(name) {
            names.push(name);
        }
    }
    names
}

/// The sections of the scenarios.
fn section_names<'c>(cases: &[&'c [Case]]) -> Vec<&'c str> {
    let readable = cases.first().into_iter().flat_map(|cases| cases.iter());
    let named: Vec<&str> = readable.filter(|case| !case.paper.is_empty()).map(section).collect();
    in_order(SECTIONS.iter().chain(&DISSERTATION).map(|item| item.name), &named)
}

fn sections(trials: &[Trial], cases: &[&[Case]]) -> Vec<Row> {
    let names = section_names(cases);
    let row = |name: &&str| {
        let of = |campaign: &Campaign| {
            let seeds = campaign.findings.seeds();
            let here = seeds.filter(|(kind, _)| stands_in(*kind, &names) == Some(*name));
            here.map(|(_, seeds)| seeds).sum()
        };
        let cells = std::iter::zip(trials, cases).map(|(trial, cases)| {
            let here = cases.iter().filter(|case| section(case) == *name);
            cell(here, of(&trial.first().campaign))
        });
        Row {
            group: String::new(),
            name: (*name).to_owned(),
            says: says(name).to_owned(),
            cells: cells.collect(),
        }
    };
    names.iter().map(row).collect()
}

/// The first of these sections that states what a seed violates.
fn stands_in<'n>(kind: Kind, sections: &[&'n str]) -> Option<&'n str> {
    let stated: Vec<&str> = paper::named(kind.section()).collect();
    let within = |section: &&&str| {
        let in_it = |stated: &&str| {
            section
                .strip_prefix(stated)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        stated.iter().any(in_it)
    };
    sections.iter().find(within).copied()
}

fn requirements(trials: &[Trial], cases: &[&[Case]]) -> Vec<Row> {
    let readable = cases.first().into_iter().flat_map(|cases| cases.iter());
    let named: Vec<&str> = readable.filter(|case| !case.paper.is_empty()).flat_map(about).collect();
    let figures = FIGURES.iter().flat_map(|(_, items)| *items);
    let names = in_order(figures.chain(&DISSERTATION).map(|item| item.name), &named);
    let row = |name: &str| {
        let cells = std::iter::zip(trials, cases).map(|(trial, cases)| {
            let here = cases.iter().filter(|case| about(case).contains(&name));
            let states = |kind: Kind| name.strip_prefix("Figure 3 ") == Some(kind.title());
            let seeds = trial.first().campaign.findings.seeds().filter(|(kind, _)| states(*kind));
            cell(here, seeds.map(|(_, seeds)| seeds).sum())
        });
        Row {
            group: group(name).to_owned(),
            name: name.to_owned(),
            says: says(name).to_owned(),
            cells: cells.collect(),
        }
    };
    names.into_iter().map(row).collect()
}

fn group(name: &str) -> &'static str {
    let in_it = |items: &[paper::Item]| items.iter().any(|item| item.name == name);
    let figure = FIGURES.iter().find(|(_, items)| in_it(items));
    match figure {
        Some((heading, _)) => heading,
        None if in_it(&SECTIONS) => PAPER_GROUP,
        None if in_it(&DISSERTATION) => DISSERTATION_GROUP,
        None => OTHER_GROUP,
    }
}

fn scenarios(cases: &[&[Case]], sections: &[&str]) -> Vec<Row> {
    let Some(first) = cases.first() else { return Vec::new() };
    let row = |(at, case): (usize, &Case)| {
        let section = section(case);
        let group = if section.is_empty() { OTHER_GROUP } else { section };
        Row {
            group: group.to_owned(),
            name: case.file.clone(),
            says: case.title.clone(),
            cells: cases.iter().map(|cases| cell(cases.get(at).into_iter(), 0)).collect(),
        }
    };
    let mut rows: Vec<Row> = first.iter().enumerate().map(row).collect();
    let place = |row: &Row| sections.iter().position(|section| *section == row.group);
    rows.sort_by_key(|row| place(row).unwrap_or(sections.len()));
    rows
}

fn cell<'c>(cases: impl Iterator<Item = &'c Case> + Clone, seeds: u64) -> Cell {
    let scenarios = results(cases.clone());
    let mut lacking: Vec<Capability> = cases.flat_map(lacks).copied().collect();
    lacking.sort_unstable();
    lacking.dedup();
    let Results { passed, failed, not_set_up, skipped, unusable } = scenarios;
    let mark = match () {
        () if failed > 0 || seeds > 0 => Mark::Failed,
        () if passed > 0 => Mark::Passed,
        () if not_set_up > 0 => Mark::NotSetUp,
        () if skipped > 0 => Mark::Skipped,
        () if unusable > 0 => Mark::Unusable,
        () => Mark::Untested,
    };
    let lacking = lacking.into_iter().map(Capability::unmet).collect();
    Cell { mark, scenarios, lacking, seeds }
}

fn judged(property: Property, trials: &[Trial]) -> Judged {
    Judged {
        name: property.name(),
        title: property.title(),
        paper: property.section(),
        says: property.says(),
        weight: Weight::of(property.class()),
        claims: property.claims().iter().map(|claim| claim.word()).collect(),
        cells: trials.iter().map(|trial| exercised(property, trial)).collect(),
    }
}

fn exercised(property: Property, trial: &Trial) -> Exercised {
    let (campaign, capabilities) = (&trial.first().campaign, &trial.capabilities);
    let exercised = campaign.sums.exercised.get(property as usize);
    let Share(times, seeds) = exercised.copied().unwrap_or_default();
    let mut found = campaign.findings.seeds();
    let violated = found.find(|(kind, _)| *kind == Kind::Violation(property));
    let violated = violated.map_or(0, |(_, seeds)| seeds);
    let claims = property.claims();
    let is_judged = claims.is_empty() || claims.iter().any(|claim| capabilities.contains(claim));
    let mark = match () {
        () if violated > 0 || causes::violated(trial, property) => Mark::Failed,
        () if !is_judged => Mark::Skipped,
        () if times > 0 => Mark::Passed,
        () => Mark::Untested,
    };
    Exercised { mark, times, seeds, violated }
}
