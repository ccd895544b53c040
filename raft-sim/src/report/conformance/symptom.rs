//! Symptoms of failing scenarios: failures with the same are of one cause.

use super::Weight;
use crate::campaign::Kind;
use crate::checker::{Symptom, claim, without_variables};
use crate::report::Failed;
use crate::scenario::replay::FailureKind;

/// What every failed expectation says, whatever it expects.
const GENERIC: [&str; 5] = [
    "this does not hold",
    "this came about",
    "this never came about",
    "this did not come about in time",
    "this was due",
];

/// The symptom of a failure: that of a seed with the same cause if a property is violated, else the statement and the
/// fact that was found.
pub(super) struct Seen {
    /// Its weight.
    pub(super) weight: Weight,
    /// The kind of finding, if a seed may show the same.
    pub(super) kind: Option<Kind>,
    /// The claim that went wrong, without what varies from run to run.
    pub(super) claim: String,
}

/// The symptom of a scenario that violates a property; `None` if it fails otherwise.
#[must_use]
pub fn symptom(failed: &Failed) -> Option<Symptom> {
    let property = failed.failure.property?;
    Some(Symptom { property, claim: claim(property, detail(failed)) })
}

/// The symptom of a failure.
pub(super) fn seen(failed: &Failed) -> Seen {
    if let Some(Symptom { property, claim }) = symptom(failed) {
        let weight = Weight::of(property.class());
        return Seen { weight, kind: Some(Kind::Violation(property)), claim };
    }
    let first = failed.failure.message.lines().next().unwrap_or_default();
    if failed.failure.kind == FailureKind::Statement && first.contains(" does not boot: ") {
        let claim = without_variables(first);
        return Seen { weight: Weight::Boot, kind: Some(Kind::NoBoot), claim };
    }
    let weight = match failed.failure.kind {
        FailureKind::Statement => Weight::SetUp,
        FailureKind::Liveness => Weight::Progress,
        FailureKind::Violation => Weight::Scenarios,
    };
    Seen { weight, kind: None, claim: fact(&failed.text, first) }
}

/// The statement, and the fact that was found if the message says one.
fn fact(text: &str, message: &str) -> String {
    let statement = without_variables(text.split('#').next().unwrap_or_default());
    if GENERIC.iter().any(|generic| message.starts_with(generic)) {
        return statement;
    }
    let word = statement.split(' ').next().unwrap_or_default();
    format!("{word}: {}", without_variables(message))
}

/// The evidence of a violation, without the property's name.
pub(super) fn detail(failed: &Failed) -> &str {
    let message = &failed.failure.message;
    let named = failed.failure.property.map(|it| format!("{} ({}): ", it.title(), it.section()));
    named.and_then(|named| message.strip_prefix(&named)).unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expectation_is_named_by_its_statement_and_by_what_was_found() {
        let said = "expect    S1 S2 leader term 2  # at last";
        assert_eq!(fact(said, "this does not hold"), "expect # leader term #");
        assert_eq!(fact(said, "S2 is a follower of term 1"), "expect: # is a follower of term #");
        assert_eq!(fact("deliver S1 -> S2", "no message to S2"), "deliver: no message to #");
    }
}
