//! Checks an implementation under a plan.

use proptest::test_runner::{Config, TestCaseError};

use crate::plan::Plan;
use crate::shrink::{Shrunk, shrink};
use crate::subject::Implementation;

/// Checks that an implementation runs this plan without violating a property.
///
/// A plan that fails is [shrunk](crate::shrink) to a scenario. The error contains it, so the test prints it: keep it
/// as a file. Shrinking takes many runs, so tests that call this should use [`config`], with which proptest does not
/// shrink.
///
/// # Errors
/// A failed case with the property, the server and the scenario; or the reason why a server did not boot.
pub fn check(plan: &Plan, implementation: &dyn Implementation) -> Result<(), TestCaseError> {
    match shrink(plan, implementation) {
        Ok(None) => Ok(()),
        Ok(Some(shrunk)) => Err(TestCaseError::fail(failure(&shrunk, implementation.name()))),
        Err(why) => Err(TestCaseError::fail(why)),
    }
}

/// Proptest's own configuration, but it does not shrink: [`check`] does.
#[must_use]
pub fn config() -> Config {
    Config { max_shrink_iters: 0, ..Config::default() }
}

/// The error text of a failing plan.
fn failure(shrunk: &Shrunk, name: &str) -> String {
    let property = shrunk.property;
    let (title, section) = (property.title(), property.section());
    let found = format!("{name} violates {title} ({section})");
    match shrunk.body() {
        Some(body) => format!(
            "{found}. Keep this scenario as a file; it fails on its own:\n\n\
             # Found by a property test and shrunk; it fails on its own.\n{body}"
        ),
        None => format!("{found}. This is left of its plan: {:#?}", shrunk.plan),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Body;
    use crate::plan::PlanOptions;
    use crate::reference::Reference;
    use crate::scenario::parse::parse;
    use crate::scenario::replay::{Verdict, replay};
    use crate::scenario::source::Source;
    use crate::subject::{Boot, Capability, Effects, Event, Subject, View};

    /// The reference core with a bug: every candidate gets every vote.
    struct Generous;

    struct Server(Box<dyn Subject>);

    impl Implementation for Generous {
        fn name(&self) -> &str {
            "generous"
        }

        fn capabilities(&self) -> &[Capability] {
            Reference.capabilities()
        }

        fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
            let (server, view) = Reference.boot(boot)?;
            Ok((Box::new(Server(server)), view))
        }
    }

    impl Subject for Server {
        fn step(&mut self, event: Event, effects: &mut Effects) {
            self.0.step(event, effects);
            for message in &mut effects.sends {
                if let Body::RequestVoteReply { granted } = &mut message.body {
                    *granted = true;
                }
            }
        }
    }

    /// The error of a failing plan contains a scenario that fails on its own.
    #[test]
    fn the_error_of_a_failing_plan_has_a_scenario() {
        let plan_options =
            PlanOptions { servers: Some(3), duration_ms: Some(400), ..PlanOptions::default() };
        let failing = (0..50).find_map(|seed| {
            let plan = Plan::draw(seed, &plan_options);
            check(&plan, &Reference).expect("the core violates nothing");
            check(&plan, &Generous).err()
        });
        let Some(TestCaseError::Fail(why)) = failing else {
            panic!("some plan fails: {failing:?}")
        };
        let (said, text) = why.message().split_once("\n\n").expect("there is a scenario");
        assert!(said.starts_with("generous violates "), "{said}");
        let scenario = parse(&Source::new("t.raft", text)).expect("it parses");
        assert!(matches!(replay(&scenario, &Generous, &mut ()), Verdict::Failed(_)));
    }
}
