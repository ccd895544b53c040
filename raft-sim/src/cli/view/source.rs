//! The run that a page shows, by what the arguments name.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::campaign::{self, Finding};
use crate::checker::{Class, Property};
use crate::cli::Error;
use crate::cli::explain::found;
use crate::cli::files;
use crate::cli::output::{load_or_report, report_wrong};
use crate::cli::subject::Target;
use crate::cli::values::PlanArgs;
use crate::cli::which;
use crate::plan::{Plan, PlanOptions};
use crate::report::{End, failure_end};
use crate::run::{self, ClientHistory};
use crate::scenario::parse::parse;
use crate::scenario::replay::{Failure, Verdict, checkers, design, replay};
use crate::scenario::source::Source;
use crate::scenario::syntax::Scenario;
use crate::subject::Implementation;
use crate::trace;
use crate::view::{self, About, Run};

/// What the arguments name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named<'a> {
    Seed(u64),
    Files(&'a [PathBuf]),
}

/// A run to show.
pub(super) struct Shown {
    pub(super) run: Run,
    /// Its name and its verdict.
    pub(super) line: String,
    pub(super) end: End,
    /// The request that loads it into the WebAssembly module; `None` if nothing does.
    pub(super) load: Option<String>,
}

/// Kinds of files, told apart by how they begin.
enum Content {
    Results,
    Plan,
    Trace,
    Scenario,
}

impl Named<'_> {
    /// Makes the run; `None` if the reason why there is none was written to `err`.
    pub(super) fn shown(
        self,
        finding: Option<u64>,
        plan_options: &PlanArgs,
        target: &Target<'_>,
        err: &mut dyn Write,
    ) -> Result<Option<Shown>, Error> {
        let paths = match self {
            Named::Files(paths) => paths,
            Named::Seed(seed) => {
                let capabilities = target.implementation().capabilities();
                let plan = Plan::draw(seed, &plan_options.plan_options(capabilities));
                let command = target.caller.replay(seed, plan_options.said());
                return of_plan(format!("seed {seed}"), command, &plan, target).map(Some);
            }
        };
        let path = found(&paths[0])?;
        // A pipe can be read only once: what comes through one is a scenario.
        let bytes = path.is_file().then(|| files::read(&path)).and_then(Result::ok);
        let content = bytes.as_deref().map_or(Content::Scenario, content);
        let wrong = |what: &str| Err(Error::Message(what.to_owned()));
        if finding.is_some() && !matches!(content, Content::Results) {
            return wrong("--finding is for a file of results, as `raft-sim fuzz --out` writes it");
        }
        if paths.len() > 1 && !matches!(content, Content::Trace) {
            return wrong("several files are only those of one trace");
        }
        match content {
            Content::Results => of_results(&path, finding, target).map(Some),
            Content::Plan => {
                let plan = which::read(&path).map_err(Error::Message)?;
                let plan = plan.limited(target.implementation().capabilities());
                let title = format!("plan {}", path.display());
                of_plan(title, target.caller.replay_plan(&path), &plan, target).map(Some)
            }
            Content::Trace => of_trace(paths, err),
            Content::Scenario => of_scenario(&path, target, err),
        }
    }
}

/// The kind of a file. What is none of the others is taken for a scenario, whose parser says what is wrong with it.
fn content(bytes: &[u8]) -> Content {
    let text = bytes.trim_ascii_start();
    if !text.starts_with(b"{") {
        return Content::Scenario;
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let field = |name: &str| {
        let value: Option<serde_json::Value> = serde_json::from_slice(line).ok();
        value.is_some_and(|value| value.get(name).is_some())
    };
    if field("format") {
        Content::Results
    } else if serde_json::from_slice::<serde_json::Value>(text)
        .is_ok_and(|value| value.get("clocks").is_some())
    {
        Content::Plan
    } else {
        Content::Trace
    }
}

/// The run of a plan.
pub(super) fn of_plan(
    title: String,
    command: String,
    plan: &Plan,
    target: &Target<'_>,
) -> Result<Shown, Error> {
    let mut recorder = view::Recorder::new();
    let (outcome, clients) = run::recorded(plan, target.implementation(), &mut recorder)
        .map_err(|why| Error::Message(format!("{title}: {why}")))?;
    let violation = outcome.violation.as_ref().map(|(_, violation)| violation);
    let end = match violation.map(|violation| violation.property.class()) {
        None => End::Held,
        Some(Class::Safety | Class::Rules) => End::Violated,
        Some(Class::Liveness) => End::Stuck,
    };
    let line = match violation {
        None => format!("{title}: all held"),
        Some(violation) => format!("{title}: violated: {violation}"),
    };
    let mut about = About {
        title,
        subject: target.implementation().name().to_owned(),
        replay: command,
        verdict: "all held".to_owned(),
        violation: violation.map(view::Shown::of),
        ..About::of_plan(plan)
    };
    if violation.is_some_and(|violation| violation.property == Property::Linearizability) {
        recorder.explain(&clients, &mut about);
    }
    let load = Some(json!({ "op": "load", "plan": plan }).to_string());
    Ok(Shown { run: recorder.into_run(about), line, end, load })
}

/// The run of a finding of a campaign.
fn of_results(path: &Path, number: Option<u64>, target: &Target<'_>) -> Result<Shown, Error> {
    let loaded = campaign::load(path).map_err(Error::Message)?;
    let findings: Vec<&Finding> = loaded
        .campaign
        .findings
        .alike_each()
        .filter_map(|it| it.findings.first().copied())
        .collect();
    let name = path.display();
    let number = number.unwrap_or(1);
    let Some(finding) = findings.get(number as usize - 1) else {
        let has = match findings.len() {
            0 => "no finding".to_owned(),
            1 => "one finding".to_owned(),
            count => format!("{count} findings"),
        };
        return Err(Error::Message(format!("{name}: has {has}; there is no number {number}")));
    };
    let capabilities = target.implementation().capabilities();
    let plan = match &finding.plan {
        Some(plan) => plan.as_ref().clone().limited(capabilities),
        None => {
            let options = loaded.header.options.plan.clone();
            let options = PlanOptions { capabilities: Some(capabilities.to_vec()), ..options };
            Plan::draw(finding.seed, &options)
        }
    };
    let title = format!("seed {}, finding {number} of {name}", finding.seed);
    let shown = of_plan(title, loaded.header.show(finding.kind, finding.seed), &plan, target)?;
    let (found_in, own) = (loaded.header.implementation(), target.implementation().name());
    if shown.end != End::Held || found_in == own {
        return Ok(shown);
    }
    let line = format!("{} by {own}; it was found in {found_in} (--subject)", shown.line);
    Ok(Shown { line, ..shown })
}

/// The replay of a scenario.
fn of_scenario(
    path: &Path,
    target: &Target<'_>,
    err: &mut dyn Write,
) -> Result<Option<Shown>, Error> {
    let Some((source, scenario)) = load_or_report(path, err)? else { return Ok(None) };
    let command = target.caller.command(&format!("explain {}", campaign::quoted(source.name())));
    replayed(&source, scenario, command, target).map(Some)
}

/// The replay of a scenario that a program made.
pub(super) fn of_text(
    name: &str,
    text: &str,
    command: String,
    target: &Target<'_>,
) -> Result<Shown, Error> {
    let source = Source::new(name, text);
    let scenario = parse(&source).map_err(|error| Error::Message(error.to_string()))?;
    replayed(&source, scenario, command, target)
}

fn replayed(
    source: &Source,
    mut scenario: Scenario,
    command: String,
    target: &Target<'_>,
) -> Result<Shown, Error> {
    // The violation that a negative control is there to show is what its page shows.
    let expected = scenario.header.violates.take();
    let mut recorder = view::Recorder::new();
    let verdict = replay(&scenario, target.implementation(), &mut recorder);
    let mut about = About {
        subject: target.implementation().name().to_owned(),
        replay: command,
        ..About::of_scenario(&scenario, source.text())
    };
    let (line, end) = match verdict {
        Verdict::Passed => {
            about.verdict = "passed".to_owned();
            ("passed".to_owned(), End::Held)
        }
        Verdict::Skipped(skip) => {
            return Err(Error::Message(format!(
                "{}: is skipped, so there is nothing to draw: {skip}",
                source.name()
            )));
        }
        Verdict::Failed(failure) => {
            let seen = failure.property.map(|property| property.name());
            let is_expected = expected.is_some() && seen == expected.as_deref();
            let end = if is_expected { End::Held } else { failure_end(failure.kind) };
            let first = failure.message.lines().next().unwrap_or_default();
            let how = if is_expected { "fails, as it is there to show," } else { "failed" };
            let line = format!("{how} in line {}: {first}", failure.line);
            about.violation = Some(unmet(&failure));
            if failure.property == Some(Property::Linearizability) {
                recorder.explain(&clients_of(&scenario, target.implementation()), &mut about);
            }
            (line, end)
        }
    };
    let line = format!("{}: {line}", source.name());
    let load = Some(json!({ "op": "load", "scenario": source.text() }).to_string());
    Ok(Shown { run: recorder.into_run(about), line, end, load })
}

/// The history of a scenario's clients.
fn clients_of(scenario: &Scenario, implementation: &dyn Implementation) -> ClientHistory {
    let capabilities = implementation.capabilities();
    let cluster = design(&scenario.header, capabilities);
    let mut checkers = checkers(&scenario.header, &cluster, capabilities);
    checkers.record();
    let _ = replay(scenario, implementation, &mut checkers);
    ClientHistory::of(checkers.reported())
}

/// What failed in a scenario.
fn unmet(failure: &Failure) -> view::Shown {
    let Failure { line, property, message, .. } = failure;
    let detail = match property {
        // The message of a property begins with its title and section.
        Some(_) => message.split_once("): ").map_or(&**message, |(_, detail)| detail).to_owned(),
        None => format!("line {line}: {message}"),
    };
    view::Shown {
        property: property.map_or("", |it| it.title()).to_owned(),
        section: property.map_or("", |it| it.section()).to_owned(),
        detail,
        server: 0,
        liveness: property.is_some_and(|it| it.class() == Class::Liveness),
    }
}

/// The trace of a running cluster.
fn of_trace(paths: &[PathBuf], err: &mut dyn Write) -> Result<Option<Shown>, Error> {
    let read = |path: &PathBuf| Ok((path.display().to_string(), files::read(path)?));
    let files = paths.iter().map(read).collect::<Result<Vec<_>, String>>();
    let files = files.map_err(Error::Message)?;
    let trace = match trace::read(&files) {
        Ok(trace) => trace,
        Err(trace::Error { file, error }) => {
            let (name, bytes) = &files[file];
            report_wrong(name, bytes, error, err)?;
            return Ok(None);
        }
    };
    let judgement = trace::judge(&trace);
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let quoted: Vec<String> = names.iter().map(|name| campaign::quoted(name)).collect();
    let title = format!("trace {}", names.join(" "));
    let (line, end) = match &judgement.violation {
        None => (format!("{title}: all held that could be checked"), End::Held),
        Some((violation, _)) => (format!("{title}: violated: {violation}"), End::Violated),
    };
    let replay = format!("raft-sim check-trace {}", quoted.join(" "));
    let run = view::traced(&trace, &judgement, title, replay);
    Ok(Some(Shown { run, line, end, load: None }))
}
