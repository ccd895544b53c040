//! Every scenario file, and every example in `docs/scenario-language.md`, is a test of its own name:
//! `cargo test figure_8` replays Figure 8.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use raft_sim::reference::Reference;
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::replay::{Verdict, replay};
use raft_sim::scenario::source::Source;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut trials = Vec::new();
    for file in files(&root.join("scenarios")) {
        let name = test_name(file.strip_prefix(&root).unwrap_or(&file));
        trials.push(Trial::test(name, move || {
            check(&Source::read(&file).map_err(|error| error.to_string())?)
        }));
    }
    for (number, text) in examples(&root.join("docs/scenario-language.md")).into_iter().enumerate()
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
fn test_name(file: &Path) -> String {
    let path = file.with_extension("");
    let parts: Vec<String> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy().replace(['.', '-'], "_"))
        .collect();
    parts.join("::")
}

/// All scenario files below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder of scenarios can be read")
        .map(|entry| entry.expect("its entries too").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|extension| extension == "raft") {
            files.push(path);
        }
    }
    files
}

/// The complete scenarios among a page's fenced blocks.
fn examples(page: &Path) -> Vec<String> {
    let page = fs::read_to_string(page).expect("the page can be read");
    let blocks = page.split("```raft\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default().to_string()).collect()
}
