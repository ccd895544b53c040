//! Every scenario file, and every example in `docs/scenario-language.md`, is a test of its own name:
//! `cargo test figure_8` replays Figure 8.

use std::fs;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use raft_sim::reference::Reference;
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::replay::{Verdict, replay};
use raft_sim::scenario::source::Source;

fn main() {
    let files = raft_tests::files("scenarios", "raft").expect("the scenarios can be read");
    let mut trials = Vec::new();
    for file in files {
        let path = raft_tests::root().join(&file);
        trials.push(Trial::test(test_name(&file), move || {
            check(&Source::read(&path).map_err(|error| error.to_string())?)
        }));
    }
    for (number, text) in
        examples(&raft_tests::root().join("docs/scenario-language.md")).into_iter().enumerate()
    {
        let name = format!("docs::scenario_language::example_{}", number + 1);
        trials.push(Trial::test(name.clone(), move || check(&Source::new(&name, &text))));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Replays one scenario on the reference core, which supports all there is: nothing may be skipped.
fn check(source: &Source) -> Result<(), Failed> {
    let scenario = parse(source).map_err(|error| error.render(source, false))?;
    match replay(&scenario, &Reference, None) {
        Verdict::Passed => Ok(()),
        Verdict::Skipped(lacking) => Err(format!("the core lacks {lacking:?}").into()),
        Verdict::Failed(failure) => {
            let line = source.text().lines().nth(failure.line as usize - 1).unwrap_or_default();
            Err(format!("{}:{}: {line}\n{}", source.name(), failure.line, failure.message).into())
        }
    }
}

/// `scenarios/5.4.2-commit/figure-8.raft` becomes `scenarios::5_4_2_commit::figure_8`.
fn test_name(file: &str) -> String {
    file.trim_end_matches(".raft").replace(['.', '-'], "_").replace('/', "::")
}

/// The complete scenarios among a page's fenced blocks.
fn examples(page: &Path) -> Vec<String> {
    let page = fs::read_to_string(page).expect("the page can be read");
    let blocks = page.split("```raft\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default().to_string()).collect()
}
