//! Sessions: the way back leads to the same states, branches differ where they should, and what is saved replays.

use super::*;
use crate::export::lines::line;
use crate::faulty::Forgetful;
use crate::model::length;
use crate::observation::{Observation, Stop};
use crate::plan::PlanOptions;
use crate::reference::Reference;
use crate::run::run;
use crate::scenario::packaged::PACKAGED;
use crate::scenario::parse::parse;
use crate::scenario::replay::replay;
use crate::scenario::source::Source;
use crate::subject::{Role, View};
use crate::time::Micros;

fn plan(seed: u64) -> Plan {
    let options =
        PlanOptions { servers: Some(3), duration_ms: Some(500), ..PlanOptions::default() };
    Plan::draw(seed, &options)
}

fn session(seed: u64, implementation: &dyn Implementation) -> Session<'_> {
    Session::new(Base::Plan(Box::new(plan(seed))), implementation).expect("its servers boot")
}

fn scenario(text: &str) -> Scenario {
    parse(&Source::new("test.raft", text)).unwrap_or_else(|error| panic!("{error}"))
}

fn packaged(name: &str) -> Scenario {
    let of_name = |path: &str| path.ends_with(&format!("/{name}.raft"));
    scenario(PACKAGED.iter().find(|it| of_name(it.path)).expect("it is packaged").text)
}

/// The views of all servers after each action, as the run itself has them.
#[derive(Default)]
struct Views {
    now: BTreeMap<NodeId, View>,
    after: Vec<(Micros, BTreeMap<NodeId, View>)>,
}

impl Observer for Views {
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        if let Observation::Action { .. } = observation {
            self.after.push((at, self.now.clone()));
        }
        if let Observation::Stepped { server, effects, .. } = observation {
            self.now.insert(*server, effects.view);
        }
        if let Observation::Booted { server, view, .. } = observation {
            self.now.insert(*server, *view);
        }
        Ok(())
    }
}

/// A view as a state shows it.
fn shown(state: &ServerState) -> (Role, u64, Option<NodeId>, u64, u64) {
    (state.role, state.term, state.vote, state.commit, state.applied)
}

#[test]
fn every_step_has_the_state_that_the_run_had_there_in_any_order() {
    for seed in 0..4 {
        let mut views = Views::default();
        run(&plan(seed), &Reference, true, &mut views).expect("its servers boot");
        let mut session = session(seed, &Reference);
        let steps = session.steps(0);
        assert_eq!(steps, views.after.len());
        // Forwards, backwards, and here and there.
        let there = (0..60).map(|nth| nth * 7_919 % steps);
        for step in there.chain((0..steps).rev().step_by(97)) {
            let state = session.state(0, step).expect("the step is there");
            let (at, views) = &views.after[step];
            assert!(state.time <= *at, "seed {seed}, step {step}");
            for server in state.servers.iter().filter(|server| server.up) {
                let view = views[&server.server];
                let (commit, applied) = (length(view.commit), length(view.applied));
                let expected = (view.role, view.term.0, view.voted_for, commit, applied);
                assert_eq!(shown(server), expected, "seed {seed}, step {step}, {}", server.server);
            }
        }
    }
}

/// Observations as lines.
#[derive(Default)]
struct Lines(Vec<String>);

impl Observer for Lines {
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.0.push(line(at, observation));
        Ok(())
    }
}

#[test]
fn all_that_a_run_observed_is_observed_again() {
    for seed in 0..4 {
        let (mut first, mut again) = (Lines::default(), Lines::default());
        run(&plan(seed), &Reference, true, &mut first).expect("its servers boot");
        let mut session = session(seed, &Reference);
        session.observe_boot(&mut again);
        let (steps, half) = (session.steps(0), session.steps(0) / 2);
        session.observe(0, 0, half, &mut again);
        session.observe(0, half, steps, &mut again);
        assert!(first.0 == again.0, "seed {seed}");
    }
    let (mut first, mut again) = (Lines::default(), Lines::default());
    let scenario = packaged("figure-8-e");
    let _ = replay(&scenario, &Reference, &mut first);
    let base = Base::Scenario(Box::new(scenario));
    let mut session = Session::new(base, &Reference).expect("its servers boot");
    session.observe_boot(&mut again);
    session.observe(0, 0, session.steps(0), &mut again);
    assert_eq!(first.0, again.0);
}

#[test]
fn a_session_is_the_run_and_a_branch_without_a_message_is_another() {
    let mut session = session(7, &Reference);
    let digest = run(&plan(7), &Reference, true, ()).expect("its servers boot").digest;
    let whole = session.summary(0).expect("branch 0");
    assert_eq!(whole.digest, Some(format!("{digest:016x}")));
    let flying = (0..whole.steps)
        .find(|step| session.state(0, *step).is_some_and(|state| !state.flights.is_empty()));
    let step = flying.expect("a message flies");
    let choices = session.choices(0, step);
    let drop = choices.iter().find(|choice| choice.text.starts_with("drop ")).expect("a message");
    let branch = session.apply(0, step, drop.action.clone()).expect("it is there");
    let changed = session.summary(branch).expect("the branch");
    assert_eq!((changed.parent, changed.forked), (Some(0), Some(step)));
    assert!(changed.held && changed.digest != whole.digest && changed.steps > step);
    assert_eq!(session.state(branch, step), session.state(0, step));
    let [before, after] = [step, step + 1].map(|step| session.state(branch, step).expect("it"));
    assert_eq!(before.flights.len(), after.flights.len() + 1);
    assert!(session.marks(branch)[step].injected);
    // The parent is as it was.
    assert_eq!(session.summary(0).expect("branch 0").digest, whole.digest);
    // A branch of the branch keeps the change.
    let crash = Action::Crash { server: NodeId(1), survives: Default::default() };
    let third = session.apply(branch, step + 1, crash).expect("S1 is up");
    assert_eq!(session.marks(third)[step].action, drop.action);
    assert!(session.state(third, step + 2).is_some_and(|state| !state.servers[0].up));
}

/// Every action that is offered can be done, and saved; the file leads to the same state.
#[test]
fn every_choice_can_be_done_and_saved() {
    let mut session = session(3, &Reference);
    let step = session.steps(0) / 3;
    for choice in session.choices(0, step) {
        let branch = session.apply(0, step, choice.action).expect(&choice.text);
        let end = (step + 40).min(session.steps(branch));
        let saved = session.save(branch, end, "seed 3").expect("the step is there");
        assert!(saved.same, "{}: {}\n{}", choice.text, saved.verdict, saved.scenario);
        assert_eq!(saved.verdict, "passed", "{}", choice.text);
        let again = scenario(&saved.scenario);
        assert_eq!(again.to_string(), saved.scenario);
    }
}

#[test]
fn the_run_of_a_plan_is_saved_at_any_step() {
    for seed in [1, 5] {
        let mut session = session(seed, &Reference);
        let steps = session.steps(0);
        for step in [0, 1, steps / 2, steps] {
            let saved = session.save(0, step, &format!("seed {seed}")).expect("the step is there");
            assert!(saved.same, "seed {seed}, step {step}: {}\n{}", saved.verdict, saved.scenario);
        }
    }
}

#[test]
fn a_scenario_is_saved_at_every_step_with_its_labels() {
    for name in ["figure-8-e", "crash-before-the-disk-has-the-vote", "figure-7-f"] {
        let base = Base::Scenario(Box::new(packaged(name)));
        let mut session = Session::new(base, &Reference).expect("its servers boot");
        for step in 0..=session.steps(0) {
            let saved = session.save(0, step, name).expect("the step is there");
            assert!(saved.same, "{name}, step {step}: {}\n{}", saved.verdict, saved.scenario);
        }
    }
    let base = Base::Scenario(Box::new(packaged("figure-8-e")));
    let mut session = Session::new(base, &Reference).expect("its servers boot");
    let saved = session.save(0, session.steps(0), "figure-8-e").expect("the last step");
    assert!(saved.scenario.contains("\npropose   S1 z\n"), "{}", saved.scenario);
}

#[test]
fn an_action_of_ones_own_ends_a_scenario_and_the_checkers_judge_it() {
    // Two servers of three lose an entry that is committed: more than Raft survives.
    let text = "scenario  Loss\npaper     §5.4\nservers   S1 S2 S3\n\nelect S1\npropose S1 x\nsettle\n\
                crash S1 S2\nwipe S1\nwipe S2\nrestart S1 S2\ntimeout S1\ntimeout S1\n\
                deliver S1 -> S2 RequestVote term 2\n";
    let base = Base::Scenario(Box::new(scenario(text)));
    let mut session = Session::new(base, &Reference).expect("its servers boot");
    let steps = session.steps(0);
    let choices = session.choices(0, steps);
    let crash = Action::Crash { server: NodeId(3), survives: Default::default() };
    let harmless = session.apply(0, steps, crash.clone()).expect("S3 is up");
    assert!(session.summary(harmless).is_some_and(|summary| summary.held));
    let vote = choices.iter().find(|it| it.text.starts_with("deliver S2 → S1  RequestVoteReply"));
    let branch = session.apply(0, steps, vote.expect("it flies").action.clone()).expect("it flies");
    let summary = session.summary(branch).expect("the branch");
    assert_eq!((summary.steps, summary.forked), (steps + 1, Some(steps)));
    let violation = summary.violation.expect("the checkers see it");
    assert_eq!(violation.property, "leader-completeness", "{}", violation.detail);
    let why = session.apply(branch, steps + 1, crash).expect_err("the run is over");
    assert!(why.contains("go a step back"), "{why}");
    assert_eq!(session.choices(branch, steps + 1), []);
    let saved = session.save(branch, steps + 1, "loss").expect("the last step");
    assert_eq!(saved.verdict, "passed", "{}", saved.scenario);
    assert!(saved.scenario.contains("\nviolates  leader-completeness\n"), "{}", saved.scenario);
}

#[test]
fn a_violation_ends_the_run_and_is_saved_with_it() {
    let mut session = session(7, &Forgetful);
    let summary = session.summary(0).expect("branch 0");
    let violation = summary.violation.expect("its servers forget their votes");
    let saved = session.save(0, summary.steps, "seed 7").expect("the last step");
    assert!(
        saved.scenario.contains(&format!("violates  {}\n", violation.property)),
        "{}",
        saved.scenario
    );
    assert_eq!(saved.verdict, "passed", "{}", saved.scenario);
}

#[test]
fn a_negative_control_shows_the_violation_that_it_is_there_for() {
    let base = Base::Scenario(Box::new(packaged("wiped-disk-loses-a-committed-entry")));
    let mut session = Session::new(base, &Reference).expect("its servers boot");
    let summary = session.summary(0).expect("branch 0");
    let violation = summary.violation.expect("it is there to fail");
    let saved = session.save(0, summary.steps, "a loss").expect("the last step");
    assert!(
        saved.scenario.contains(&format!("violates  {}\n", violation.property)),
        "{}",
        saved.scenario
    );
    assert_eq!((&*saved.verdict, saved.same), ("passed", true), "{}", saved.scenario);
}

#[test]
fn the_likelihood_is_counted_over_runs_that_share_their_beginning() {
    let session = session(7, &Forgetful);
    let steps = session.steps(0);
    let early = session.likelihood(0, 0, 0..20).expect("it is a plan's");
    assert_eq!(early.runs, 20);
    assert_eq!(early.held + early.violated.values().sum::<u64>(), 20);
    assert_eq!(session.likelihood(0, 0, 0..20), Ok(early), "the same seeds, the same counts");
    let late = session.likelihood(0, steps, 0..5).expect("it is a plan's");
    assert_eq!(late.held, 0, "it has happened already: {late:?}");
}

#[test]
fn what_is_not_there_is_an_error() {
    let mut session = session(0, &Reference);
    let steps = session.steps(0);
    assert_eq!(session.state(0, steps + 1), None);
    assert_eq!(session.state(1, 0), None);
    let tick = |server| Action::Tick { server: NodeId(server) };
    for (branch, step, action, why) in [
        (1, 0, tick(1), "branch 1 has no step 0"),
        (0, steps + 1, tick(1), "has no step"),
        (0, 0, tick(9), "there is no server S9"),
        (0, 0, tick(0), "there is no server S0"),
        (0, 0, Action::Deliver { message: MessageId { number: 5, slot: 0 } }, "is not in flight"),
    ] {
        let error = session.apply(branch, step, action).expect_err("it is refused");
        assert!(error.contains(why), "{error}");
    }
    let base = Base::Scenario(Box::new(packaged("figure-8-e")));
    let session = Session::new(base, &Reference).expect("its servers boot");
    let why = session.likelihood(0, 0, 0..1).expect_err("there is no chance");
    assert_eq!(why, "nothing in a scenario depends on chance");
}

#[test]
fn a_run_is_made_from_an_empty_cluster_act_by_act() {
    for settings in ["", "settings pre-vote check-quorum\n"] {
        let text = format!("scenario  Three servers\npaper     §5\nservers   S1 S2 S3\n{settings}");
        let base = Base::Scenario(Box::new(scenario(&text)));
        let mut session = Session::new(base, &Reference).expect("its servers boot");
        assert_eq!(session.deliver_all(0, 0), Err("no message is in flight".to_owned()));
        let stands = session.time_out(0, 0, NodeId(1)).expect("it times out");
        let end = session.steps(stands);
        let state = session.state(stands, end).expect("the last step");
        assert_eq!(state.flights.len(), 2, "it asks the others");
        let leads = session.deliver_all(stands, end).expect("they are in flight");
        let end = session.steps(leads);
        let state = session.state(leads, end).expect("the last step");
        assert_eq!((state.servers[0].role, state.flights.len()), (Role::Leader, 0));
        let beats = session.time_out(leads, end, NodeId(1)).expect("it sends heartbeats");
        let end = session.steps(beats);
        let state = session.state(beats, end).expect("the last step");
        assert_eq!(state.flights.len(), 2);
        let crash = Action::Crash { server: NodeId(1), survives: Default::default() };
        let crashed = session.apply(beats, end, crash).expect("it is up");
        assert_eq!(session.time_out(crashed, end + 1, NodeId(1)), Err("S1 is down".to_owned()));
        let saved = session.save(crashed, end + 1, "Three servers").expect("the last step");
        assert!(saved.same && saved.verdict == "passed", "{}", saved.scenario);
    }
}
