//! Symptoms of failing scenarios: failures with the same are of one cause.

use super::Weight;
use crate::campaign::Kind;
use crate::checker::{Symptom, claim, without_variables};
use crate::report::Failed;
use crate::scenario::replay::FailureKind;
use crate::scenario::vocabulary::syntax;

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

/// The word of the statement and the fact that was found, without names, numbers and labels.
fn fact(text: &str, message: &str) -> String {
    let statement = text.split('#').next().unwrap_or_default();
    let word = statement.split_whitespace().next().unwrap_or_default();
    let words = syntax();
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let labels: Vec<String> = (statement.split_whitespace().map(bare))
        .filter(|name| !name.is_empty() && !words.iter().any(|word| word.name == *name))
        .collect();
    let nameless = |word: &str| {
        let name = bare(word);
        if labels.contains(&name) { word.replacen(&name, "0", 1) } else { word.to_owned() }
    };
    let found: Vec<String> = found(message).split_whitespace().map(nameless).collect();
    format!("{word}: {}", without_variables(&found.join(" ")))
}

/// The fact in a message, without what every message of its kind begins with.
fn found(message: &str) -> &str {
    let begins = [
        "this did not come about in time: ",
        "this never came about; at the end ",
        "this came about in line ",
    ];
    let begins = begins.into_iter().find_map(|begin| Some((begin, message.strip_prefix(begin)?)));
    match begins {
        Some((begin, rest)) if begin.ends_with("line ") => {
            rest.split_once(": ").map_or(rest, |(_, fact)| fact)
        }
        Some((_, rest)) => rest,
        None => message,
    }
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
    fn an_expectation_is_named_by_the_fact_that_was_found() {
        let vote = fact("expect    S1 S2 vote S1  # at last", "S2 has vote none, not vote S1");
        assert_eq!(vote, "expect: # has vote none, not vote #");
        assert_eq!(fact("expect S3 vote S2", "S3 has vote none, not vote S2"), vote);
        let lacks = fact("expect S2 holds x", "S2 lacks x; its log is 1 2");
        assert_eq!(lacks, "expect: # lacks #; its log is #");
        assert_eq!(fact("expect S3 holds why", "S3 lacks why; its log is 1"), lacks);
        let late = "this did not come about in time: no live server leads";
        assert_eq!(fact("within 5 ticks a leader", late), "within: no live server leads");
        let never = "this came about in line 12: S1 leads term 2";
        assert_eq!(fact("never a leader", never), "never: # leads term #");
        assert_eq!(fact("deliver S1 -> S2", "no message to S2"), "deliver: no message to #");
    }
}
