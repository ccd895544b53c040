//! A session that is asked in JSON: the interface of the WebAssembly module. `raft-sim/wasm/README.md` has the requests.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::action::Action;
use crate::checker::Property;
use crate::export::lines::line;
use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::plan::{PLAN_OPTIONS, Plan, PlanOptions};
use crate::run::ClientHistory;
use crate::scenario::parse::parse;
use crate::scenario::source::Source;
use crate::session::{Base, Session};
use crate::subject::Implementation;
use crate::time::Micros;
use crate::view::{self, About};

/// The name of the interface.
const FORMAT: &str = "raft-sim what-if";
/// Its version.
const VERSION: u32 = 1;

/// The most continuations of one request, so that a page stays alive.
const MOST_RUNS: u64 = 1_000;

/// A desk at which one session is asked.
pub struct Desk<'a> {
    implementation: &'a (dyn Implementation + 'a),
    /// The session, and the name of its run.
    loaded: Option<(Session<'a>, String)>,
}

/// A request.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
enum Ask {
    Version {},
    Load(Box<Load>),
    Branches {},
    Steps { branch: usize, from: usize, to: usize },
    State { branch: usize, step: usize },
    Enabled { branch: usize, step: usize },
    Apply { branch: usize, step: usize, action: Box<Action> },
    TimeOut { branch: usize, step: usize, server: NodeId },
    DeliverAll { branch: usize, step: usize },
    Likelihood { branch: usize, step: usize, runs: u64, first: u64 },
    Save { branch: usize, step: usize },
    Observations { branch: usize, from: usize, to: usize },
    Page { branches: Vec<usize> },
    Data { branch: usize },
}

/// The run to load: exactly one of the three.
#[derive(Deserialize)]
struct Load {
    seed: Option<String>,
    #[serde(default)]
    options: std::collections::BTreeMap<String, String>,
    plan: Option<Plan>,
    scenario: Option<String>,
}

impl<'a> Desk<'a> {
    /// A desk for sessions with this implementation.
    #[must_use]
    pub fn new(implementation: &'a (dyn Implementation + 'a)) -> Desk<'a> {
        Desk { implementation, loaded: None }
    }

    /// Answers a request. An answer is a JSON object; one with `error` says what is wrong with the request.
    pub fn ask(&mut self, request: &str) -> String {
        let answer = serde_json::from_str(request).map_err(|error| format!("the request: {error}"));
        let answer = answer.and_then(|ask| self.answer(ask));
        answer.unwrap_or_else(|error| json!({ "error": error })).to_string()
    }

    fn answer(&mut self, ask: Ask) -> Result<Value, String> {
        let (session, name) = match ask {
            Ask::Version {} => {
                let program = env!("CARGO_PKG_VERSION");
                return Ok(json!({ "format": FORMAT, "version": VERSION, "program": program }));
            }
            Ask::Load(load) => return self.load(*load),
            Ask::Branches {}
            | Ask::Steps { .. }
            | Ask::State { .. }
            | Ask::Enabled { .. }
            | Ask::Apply { .. }
            | Ask::TimeOut { .. }
            | Ask::DeliverAll { .. }
            | Ask::Likelihood { .. }
            | Ask::Save { .. }
            | Ask::Observations { .. }
            | Ask::Page { .. }
            | Ask::Data { .. } => self.loaded.as_mut().ok_or("nothing is loaded")?,
        };
        match ask {
            Ask::Version {} | Ask::Load(_) => Ok(json!({})),
            Ask::Branches {} => {
                let all = (0..session.branches()).filter_map(|branch| session.summary(branch));
                Ok(json!({ "branches": all.collect::<Vec<_>>() }))
            }
            Ask::Steps { branch, from, to } => {
                Ok(json!({ "steps": steps(session, branch, from, to)? }))
            }
            Ask::State { branch, step } => {
                let state = session.state(branch, step);
                value(&state.ok_or_else(|| format!("branch {branch} has no step {step}"))?)
            }
            Ask::Enabled { branch, step } => {
                has(session, branch, step)?;
                Ok(json!({ "enabled": session.choices(branch, step) }))
            }
            Ask::Apply { branch, step, action } => {
                let new = session.apply(branch, step, *action)?;
                value(&session.summary(new))
            }
            Ask::TimeOut { branch, step, server } => {
                let new = session.time_out(branch, step, server)?;
                value(&session.summary(new))
            }
            Ask::DeliverAll { branch, step } => {
                let new = session.deliver_all(branch, step)?;
                value(&session.summary(new))
            }
            Ask::Likelihood { branch, step, runs, first } => {
                if runs > MOST_RUNS {
                    return Err(format!("at most {MOST_RUNS} runs in one request"));
                }
                value(&session.likelihood(branch, step, first..first.saturating_add(runs))?)
            }
            Ask::Save { branch, step } => value(&session.save(branch, step, name)?),
            Ask::Observations { branch, from, to } => {
                has(session, branch, to)?;
                let mut lines = Lines(Vec::new());
                session.observe(branch, from, to, &mut lines);
                Ok(json!({ "lines": lines.0 }))
            }
            Ask::Page { branches } => {
                branches.iter().try_for_each(|branch| has(session, *branch, 0))?;
                let title = |branch: usize| match branch {
                    0 => name.clone(),
                    _ => format!("{name}, branch {branch}"),
                };
                let runs = branches.iter().map(|it| drawn(session, *it, title(*it)));
                Ok(json!({ "page": view::page(&runs.collect::<Vec<_>>()) }))
            }
            Ask::Data { branch } => {
                has(session, branch, 0)?;
                let (data, sum) = view::data(&drawn(session, branch, name.clone()));
                Ok(json!({ "data": data, "sum": sum }))
            }
        }
    }

    fn load(&mut self, load: Load) -> Result<Value, String> {
        let Load { seed, options, plan, scenario } = load;
        let capabilities = self.implementation.capabilities();
        let (base, name) = match (seed, plan, scenario) {
            (Some(seed), None, None) => {
                let number = seed.parse().map_err(|_| format!("`{seed}` is no seed"))?;
                let plan = Plan::draw(number, &plan_options(self.implementation, &options)?);
                (Base::Plan(Box::new(plan)), format!("seed {seed}"))
            }
            (None, Some(plan), None) => {
                plan.check().map_err(|why| format!("is no plan that can be run: {why}"))?;
                let name = format!("a plan of seed {}", plan.seed);
                (Base::Plan(Box::new(plan.limited(capabilities))), name)
            }
            (None, None, Some(text)) => {
                let parsed = parse(&Source::new("scenario", &text));
                let scenario = parsed.map_err(|error| error.to_string())?;
                let name = scenario.header.title.clone();
                (Base::Scenario(Box::new(scenario)), name)
            }
            (_, _, _) => return Err("load takes a seed, a plan or a scenario".to_owned()),
        };
        let session = Session::new(base, self.implementation)?;
        let mut summary = value(&session.summary(0))?;
        summary["name"] = json!(name);
        self.loaded = Some((session, name));
        Ok(summary)
    }
}

/// The plan options with these names and values.
fn plan_options(
    implementation: &dyn Implementation,
    given: &std::collections::BTreeMap<String, String>,
) -> Result<PlanOptions, String> {
    let mut options = PlanOptions::default();
    for (name, text) in given {
        let option = PLAN_OPTIONS.iter().find(|option| option.name == name);
        let option = option.ok_or_else(|| format!("there is no option `{name}`"))?;
        option.set(&mut options, text).map_err(|why| format!("{name}: {why}"))?;
    }
    options.capabilities = Some(implementation.capabilities().to_vec());
    Ok(options)
}

fn has(session: &Session<'_>, branch: usize, step: usize) -> Result<(), String> {
    let there = branch < session.branches() && step <= session.steps(branch);
    if there { Ok(()) } else { Err(format!("branch {branch} has no step {step}")) }
}

/// Steps in words, from one to another, that one included.
fn steps(
    session: &mut Session<'_>,
    branch: usize,
    from: usize,
    to: usize,
) -> Result<Vec<Value>, String> {
    has(session, branch, to)?;
    let marks: Vec<_> = session.marks(branch).to_vec();
    let texts = session.words_between(branch, from.saturating_sub(1), to);
    let steps = marks.iter().enumerate().take(to).skip(from.saturating_sub(1));
    let shown = steps.zip(texts).map(|((place, mark), text)| {
        json!({
            "step": place + 1, "time": mark.at, "action": mark.action, "text": text,
            "injected": mark.injected, "line": mark.line,
        })
    });
    Ok(shown.collect())
}

/// A branch as a page shows it, under a title.
fn drawn(session: &mut Session<'_>, branch: usize, title: String) -> view::Run {
    let mut recorder = view::Recorder::new();
    session.observe_boot(&mut recorder);
    session.observe(branch, 0, session.steps(branch), &mut recorder);
    let about = match session.base() {
        Base::Plan(plan) => About::of_plan(plan),
        Base::Scenario(scenario) => About::of_scenario(scenario, &scenario.to_string()),
    };
    let summary = session.summary(branch);
    let violation = session.violation(branch).cloned();
    let mut about = About {
        title,
        subject: session.implementation().name().to_owned(),
        verdict: summary.map(|summary| summary.verdict).unwrap_or_default(),
        violation: violation.as_ref().map(view::Shown::of),
        ..about
    };
    if violation.is_some_and(|violation| violation.property == Property::Linearizability) {
        let mut checkers = session.checkers();
        checkers.record();
        session.observe_boot(&mut checkers);
        session.observe(branch, 0, session.steps(branch), &mut checkers);
        recorder.explain(&ClientHistory::of(checkers.reported()), &mut about);
    }
    recorder.into_run(about)
}

fn value(of: &impl Serialize) -> Result<Value, String> {
    serde_json::to_value(of).map_err(|error| error.to_string())
}

/// Observations as JSON lines.
struct Lines(Vec<String>);

impl Observer for Lines {
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.0.push(line(at, observation));
        Ok(())
    }
}
