//! Shrinking of failing runs, for implementations with a planted bug.

mod common;

use raft_sim::checker::Property;
use raft_sim::model::{Body, Term};
use raft_sim::plan::{Plan, Profile};
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::scenario::replay::{Verdict, replay};
use raft_sim::scenario::syntax::Statement;
use raft_sim::shrink::{NoScenario, Patience, Shrunk, shrink, shrink_within};
use raft_sim::subject::{Boot, Capability, Effects, Event, Implementation, Role, Subject, View};

use std::cell::Cell;

use common::parsed;

/// The reference core with an adapter that changes the effects of each step, given the role before it.
struct Broken(fn(Role, &mut Effects));

struct Server(Box<dyn Subject>, fn(Role, &mut Effects));

impl Implementation for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn capabilities(&self) -> &[Capability] {
        Reference.capabilities()
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Reference.boot(boot)?;
        Ok((Box::new(Server(server, self.0)), view))
    }
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        let before = effects.view.role;
        self.0.step(event, effects);
        (self.1)(before, effects);
    }
}

/// A server that becomes leader forgets its commit index.
const FORGETFUL: Broken = Broken(|before, effects| {
    if effects.view.role == Role::Leader && before != Role::Leader {
        effects.view.commit = None;
    }
});

/// Every candidate that asks for a vote gets it.
const GENEROUS: Broken = Broken(|_, effects| {
    for message in &mut effects.sends {
        if let Body::RequestVoteReply { granted } = &mut message.body {
            *granted = true;
        }
    }
});

/// A leader that steps down panics.
const PROUD: Broken = Broken(|before, effects| {
    assert!(before != Role::Leader || effects.view.role == Role::Leader, "it will not go");
});

/// A leader that steps down panics; so does, elsewhere, a server that stands for election a second time.
const TWO_BUGS: Broken = Broken(|before, effects| {
    assert!(before != Role::Leader || effects.view.role == Role::Leader, "it will not go");
    assert!(effects.view.role != Role::Candidate || effects.view.term < Term(3), "not again");
});

/// Patience that is used up after a number of questions.
struct Few(Cell<u32>);

impl Patience for Few {
    fn used(&self) -> u32 {
        self.0.set(self.0.get().saturating_sub(1));
        if self.0.get() == 0 { 100 } else { 0 }
    }
}

/// A short run of this seed.
fn plan(seed: u64) -> Plan {
    common::plan(Profile::default(), seed)
}

/// Finds the first seed that violates the property, and shrinks it.
fn shrunk(implementation: &Broken, property: Property) -> (u64, Shrunk) {
    common::shrunk(&plan, 0, property, implementation)
}

/// The failure of the scenario of this text.
fn violated(text: &str, implementation: &Broken) -> String {
    let scenario = parsed(text);
    assert_eq!(scenario.to_string(), text, "it is in canonical form");
    match replay(&scenario, implementation, &mut ()) {
        Verdict::Failed(failure) => failure.message,
        Verdict::Passed | Verdict::Skipped(_) => panic!("it does not fail:\n{text}"),
    }
}

#[test]
fn a_shrunk_scenario_is_short_and_fails_on_its_own() {
    for (implementation, property, most) in [
        (FORGETFUL, Property::Monotonicity, 8),
        (GENEROUS, Property::Voting, 8),
        (PROUD, Property::NoPanic, 6),
    ] {
        let (_, shrunk) = shrunk(&implementation, property);
        assert_eq!(shrunk.property, property);
        let text = shrunk.scenario.expect("exact steps show it");
        assert!(violated(&text, &implementation).starts_with(property.title()), "{text}");
        assert!(shrunk.steps <= most, "{text}");
        assert!(shrunk.replays < 10_000, "{}", shrunk.replays);
        let last = parsed(&text).steps.pop().map(|step| step.statement);
        assert_ne!(last, Some(Statement::Settle), "the last line names its message: {text}");
    }
}

#[test]
fn the_reference_passes_scenarios_that_show_planted_bugs() {
    let (_, shrunk) = shrunk(&FORGETFUL, Property::Monotonicity);
    let text = shrunk.scenario.expect("exact steps show it");
    assert_eq!(replay(&parsed(&text), &Reference, &mut ()), Verdict::Passed, "{text}");
}

#[test]
fn the_same_plan_shrinks_to_the_same_scenario() {
    let (seed, once) = shrunk(&FORGETFUL, Property::Monotonicity);
    let again = shrink(&plan(seed), &FORGETFUL).expect("its servers boot");
    assert_eq!(again, Some(once));
}

#[test]
fn the_smaller_plan_violates_the_same_property_and_all_in_it_has_begun() {
    let (seed, shrunk) = shrunk(&PROUD, Property::NoPanic);
    let before = plan(seed);
    let outcome = run(&shrunk.plan, &PROUD, true, &mut ()).expect("its servers boot");
    let (at, seen) = outcome.violation.expect("it violates the same");
    assert_eq!(seen.property, Property::NoPanic);
    assert!(at <= shrunk.plan.duration || shrunk.plan.healing.is_some());
    assert!(outcome.fired.iter().all(|fired| *fired), "{:?}", shrunk.plan);
    assert!(shrunk.plan.clocks.len() <= before.clocks.len());
    assert!(shrunk.atoms <= 3, "{:?}", shrunk.plan);
}

#[test]
fn a_scenario_shows_the_bug_of_its_seed_and_no_other() {
    let mut shown = 0;
    for seed in 0..200 {
        let outcome = run(&plan(seed), &TWO_BUGS, true, &mut ()).expect("its servers boot");
        let Some((_, seen)) = outcome.violation.filter(|(_, it)| it.detail.contains("not go"))
        else {
            continue;
        };
        let shrunk = shrink(&plan(seed), &TWO_BUGS).expect("they boot").expect("it fails");
        let text = shrunk.scenario.expect("exact steps show it");
        let message = violated(&text, &TWO_BUGS);
        assert!(message.contains("it will not go"), "seed {seed}, {}: {message}", seen.detail);
        assert!(parsed(&text).header.servers.len() > 1, "a cluster stays one: {text}");
        shown += 1;
        if shown == 6 {
            return;
        }
    }
    panic!("only {shown} seeds show it");
}

#[test]
fn the_best_so_far_is_kept_when_patience_ends() {
    let (seed, whole) = shrunk(&FORGETFUL, Property::Monotonicity);
    assert!(!whole.is_cut);
    let short = shrink_within(&plan(seed), &FORGETFUL, &Few(Cell::new(40)));
    let short = short.expect("its servers boot").expect("it fails");
    assert!(short.is_cut && short.replays < whole.replays, "{} replays", short.replays);
    let text = short.scenario.expect("there is one all the same");
    assert!(violated(&text, &FORGETFUL).starts_with("Monotonicity"), "{text}");
    let none = shrink_within(&plan(seed), &FORGETFUL, &Few(Cell::new(1)));
    assert!(none.is_err_and(|why| why.contains("no time was left")));
}

#[test]
fn a_run_without_end_says_why_it_has_no_scenario() {
    let endless = Plan { most_steps: Some(50), ..plan(1) };
    let shrunk = shrink(&endless, &Reference).expect("they boot").expect("it takes more steps");
    assert_eq!((shrunk.scenario, shrunk.why), (None, Some(NoScenario::Endless)));
}

#[test]
fn only_one_line_says_where_it_was_found() {
    let (seed, shrunk) = shrunk(&GENEROUS, Property::Voting);
    let text = shrunk.scenario.clone().expect("exact steps show it");
    let body = shrunk.body().expect("as above");
    let found = format!("# Found in the run of seed {seed} and shrunk; it fails on its own.\n");
    assert_eq!(text, found + body);
    let by = shrunk.found_by("raft-sim run --seed 7").expect("as above");
    assert!(by.ends_with(body) && by.contains("`raft-sim run --seed 7`"), "{by}");
}

#[test]
fn a_plan_that_violates_nothing_is_not_shrunk() {
    assert_eq!(shrink(&plan(1), &Reference), Ok(None));
}
