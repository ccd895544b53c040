//! The matrix of scenarios and planted bugs: the broken rules and the bugs of the zoo that each scenario catches. A
//! scenario that no planted bug makes fail is useless.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use crate::evidence::Failed;
use crate::{broken_rules, root, scenarios, zoo};

/// The path of the page.
pub const PAGE: &str = "docs/scenario-matrix.md";

/// The largest number of rules, and of bugs, that are named for a scenario.
const NAMED: usize = 4;

/// The planted bugs that make a scenario fail.
#[derive(Debug, Default)]
pub struct Caught {
    /// Broken rules, by name.
    pub rules: Vec<String>,
    /// Bugs of the zoo, by name.
    pub bugs: Vec<String>,
}

/// Returns what each scenario catches, by its path from the root of the repository.
///
/// # Errors
/// A scenario or a result that can't be read.
pub fn matrix() -> Result<BTreeMap<String, Caught>, String> {
    let mut matrix: BTreeMap<String, Caught> =
        scenarios()?.into_iter().map(|(path, _)| (path, Caught::default())).collect();
    let mut note = |failed: &[Failed], id: &str, list: fn(&mut Caught) -> &mut Vec<String>| {
        for Failed { path, .. } in failed {
            if let Some(caught) = matrix.get_mut(path) {
                list(caught).push(id.to_owned());
            }
        }
    };
    for row in broken_rules::rows()? {
        note(&row.scenarios, &row.id, |caught| &mut caught.rules);
    }
    for row in zoo::rows()? {
        note(&row.scenarios, &row.id, |caught| &mut caught.bugs);
    }
    Ok(matrix)
}

/// Renders the page.
#[must_use]
pub fn render(matrix: &BTreeMap<String, Caught>) -> String {
    let mut page = "# What each scenario catches\n\n\
         Every scenario must fail when something is broken. This page lists, for each scenario, the \
         [broken\nrules](broken-rules.md) and the bugs of the [zoo](bug-zoo.md) that make it fail; their own pages \
         list the scenarios\nthat notice them. The programs that make those pages make this one from the same data; \
         `cargo test` fails if a\nscenario catches nothing.\n\n"
        .to_owned();
    let count = |which: fn(&Caught) -> bool| matrix.values().filter(|caught| which(caught)).count();
    let _ = writeln!(
        page,
        "Of {} scenarios, {} catch a broken rule and {} a bug of the zoo; {} catch nothing.",
        matrix.len(),
        count(|caught| !caught.rules.is_empty()),
        count(|caught| !caught.bugs.is_empty()),
        count(|caught| caught.rules.is_empty() && caught.bugs.is_empty()),
    );
    let mut section = "";
    for (path, caught) in matrix {
        let short = path.trim_start_matches("scenarios/").trim_end_matches(".raft");
        let (folder, name) = short.rsplit_once('/').unwrap_or(("", short));
        if folder != section {
            section = folder;
            let _ = write!(
                page,
                "\n## {folder}\n\n| scenario | broken rules | bugs of the zoo |\n|---|---|---|\n"
            );
        }
        let (rules, bugs) = (names(&caught.rules), names(&caught.bugs));
        let _ = writeln!(page, "| [{name}](../{path}) | {rules} | {bugs} |");
    }
    page
}

fn names(all: &[String]) -> String {
    let named: Vec<String> = all.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let mut cell = format!("{}: {}", all.len(), named.join(", "));
    if all.is_empty() {
        return "none".to_owned();
    }
    if all.len() > NAMED {
        cell += ", …";
    }
    cell
}

/// Renders the page and writes it.
///
/// # Errors
/// A file that can't be read or written.
pub fn write() -> Result<(), String> {
    let page = render(&matrix()?);
    fs::write(root().join(PAGE), page).map_err(|error| format!("{PAGE}: {error}"))
}
