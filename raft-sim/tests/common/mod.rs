//! Failing runs that shrink quickly, for the tests of shrinking.

use raft_sim::checker::Property;
use raft_sim::plan::{Plan, PlanOptions, Profile};
use raft_sim::run::run;
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::source::Source;
use raft_sim::scenario::syntax::Scenario;
use raft_sim::shrink::{Shrunk, shrink};
use raft_sim::subject::Implementation;

/// A short run of few servers.
pub(crate) fn plan(profile: Profile, seed: u64) -> Plan {
    let plan_options =
        PlanOptions { profile, servers: Some(3), duration_ms: Some(400), ..PlanOptions::default() };
    Plan::draw(seed, &plan_options)
}

/// Finds the first seed from this one on whose plan violates the property, and shrinks it.
pub(crate) fn shrunk(
    plan: &dyn Fn(u64) -> Plan,
    from: u64,
    property: Property,
    broken: &dyn Implementation,
) -> (u64, Shrunk) {
    let violates = |seed: &u64| {
        let outcome = run(&plan(*seed), broken, true, &mut ()).expect("its servers boot");
        outcome.violation.is_some_and(|(_, seen)| seen.property == property)
    };
    let seed = (from..from + 400).find(violates).expect("some seed shows it");
    let shrunk = shrink(&plan(seed), broken).expect("its servers boot");
    (seed, shrunk.expect("it violates a property"))
}

/// Parses the text of a scenario.
pub(crate) fn parsed(text: &str) -> Scenario {
    parse(&Source::new("shrunk.raft", text)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}
