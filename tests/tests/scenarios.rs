//! Every scenario file, and every example in `docs/scenario-language.md`, is a test of its own name:
//! `cargo test figure_8` replays Figure 8.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use raft_sim::harness;
use raft_sim::reference::Reference;
use raft_sim::scenario::source::Source;
use raft_sim::subject::{Capability, Implementation};

const PROGRAM: &str = "cargo run --release -p raft-sim --";

fn main() -> ExitCode {
    // This ensures that no scenario is left out.
    assert_eq!(Reference.capabilities(), Capability::ALL, "the core supports all there is");
    let mut trials = harness::scenarios(PROGRAM, &Reference);
    let page = raft_tests::root().join("docs/scenario-language.md");
    for (number, text) in examples(&page).into_iter().enumerate() {
        let name = format!("docs::scenario_language::example_{}", number + 1);
        trials.push(harness::scenario(&name, Source::new(&name, &text), PROGRAM, &Reference));
    }
    harness::run(trials)
}

/// The complete scenarios among a page's fenced blocks.
fn examples(page: &Path) -> Vec<String> {
    let page = fs::read_to_string(page).expect("the page can be read");
    let blocks = page.split("```raft\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default().to_string()).collect()
}
