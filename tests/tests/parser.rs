//! The parser takes any text without panicking, and the printed form of an accepted text has the same meaning.

use proptest::prelude::*;
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::source::Source;
use raft_sim::scenario::syntax::{Scenario, Statement};

/// Words of the language, and some that are none.
const WORDS: [&str; 91] = [
    "scenario",
    "paper",
    "servers",
    "requires",
    "settings",
    "network",
    "given",
    "violates",
    "set-aside",
    "state-machine",
    "durable",
    "§5.3",
    "S1",
    "S2",
    "S3",
    "S9",
    "log",
    "term",
    "vote",
    "1",
    "2",
    "2:x",
    "none",
    "...",
    "expect",
    "never",
    "reach",
    "within",
    "leader",
    "follower",
    "candidate",
    "commit",
    "at",
    "least",
    "most",
    "deliver",
    "drop",
    "duplicate",
    "hold",
    "release",
    "->",
    "--",
    "|",
    "all",
    "#1",
    "AppendEntries",
    "RequestVote",
    "granted",
    "refused",
    "crash",
    "restart",
    "partition",
    "heal",
    "propose",
    "x",
    "on",
    "a",
    "majority",
    "election-timeouts",
    "settle",
    "999999999999999999999",
    "outside",
    "pre-vote",
    "check-quorum",
    "apply-queue",
    "session",
    "register",
    "retry",
    "read",
    "change",
    "transfer",
    "to",
    "learners",
    "members",
    "joint",
    "snapshot",
    "compact",
    "pause-apply",
    "sync",
    "newest",
    "flush",
    "tell",
    "apply",
    "torn",
    "lie",
    "PreVote",
    "sees",
    "misses",
    "unknown",
    "offset",
    "y",
];

fn statements(scenario: &Scenario) -> Vec<&Statement> {
    scenario.steps.iter().map(|step| &step.statement).collect()
}

/// Errors render, and a text that parses is printed as one that means the same and is printed as itself.
fn survives(text: &str) -> Result<(), TestCaseError> {
    let source = Source::new("input", text);
    match parse(&source) {
        Err(error) => {
            prop_assert!(error.to_string().starts_with("input:"));
            prop_assert!(!error.render(&source, false).is_empty());
        }
        Ok(scenario) => {
            let written = scenario.to_string();
            let again = parse(&Source::new("written", &written)).expect("what is written parses");
            prop_assert_eq!(statements(&scenario), statements(&again));
            prop_assert_eq!(written, again.to_string());
        }
    }
    Ok(())
}

/// A real scenario with one line taken out, doubled, or with one word changed.
fn mangled() -> impl Strategy<Value = String> {
    let texts: Vec<String> = raft_tests::scenarios()
        .expect("every scenario parses")
        .iter()
        .map(|(_, scenario)| scenario.to_string())
        .collect();
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (prop::sample::select(texts), change, 0..3_u8, prop::sample::select(&WORDS[..])).prop_map(
        |(text, (line, word), change, new)| {
            let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
            let at = line.index(lines.len());
            match change {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at].clone()),
                _ => {
                    let mut words: Vec<&str> = lines[at].split(' ').collect();
                    let count = words.len();
                    words[word.index(count)] = new;
                    lines[at] = words.join(" ");
                }
            }
            lines.join("\n")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "(?s).{0,200}") {
        survives(&text)?;
    }

    #[test]
    fn any_words(lines in prop::collection::vec(prop::collection::vec(prop::sample::select(&WORDS[..]), 0..8), 0..12)) {
        let body: Vec<String> = lines.iter().map(|words| words.join(" ")).collect();
        survives(&body.join("\n"))?;
        let header = "scenario  t\npaper     §5.3\nservers   S1 S2 S3\n";
        survives(&format!("{header}{}", body.join("\n")))?;
    }

    #[test]
    fn real_scenarios_mangled(text in mangled()) {
        survives(&text)?;
    }
}
