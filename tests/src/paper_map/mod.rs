//! The paper map: the scenarios about each rule and figure of the paper, and the place of the rule in the reference
//! core. Made from the `paper` lines of the scenarios; the suite checks that it is complete.

mod cases;
mod core;
mod dissertation;

use std::fmt::Write as _;

use raft_sim::scenario::paper::{self, DISSERTATION, FIGURES};
use raft_sim::scenario::syntax::Scenario;

pub use cases::CASES;
pub use core::{RULES, place};
pub use dissertation::{PLACES, Where};

/// The subjects of a scenario: the items of its `paper` line, and the sections of the dissertation, after the section
/// of its folder.
pub fn about(scenario: &Scenario) -> impl Iterator<Item = &str> {
    paper::about(&scenario.header.paper)
}

/// Renders the page.
#[must_use]
pub fn render(scenarios: &[(String, Scenario)]) -> String {
    let mut page = String::from(
        "# Paper map\n\n\
         The scenarios about each rule and figure of the extended Raft paper and each section of the \
         dissertation,\nwith the place of the rule in the reference core. Made from the `paper` lines of \
         the scenarios by\n`cargo run -p raft-tests --bin paper-map > docs/paper-map.md`; `cargo test` \
         fails if the page is out of date, or if a\nrule has no scenario.\n",
    );
    for (heading, items) in FIGURES {
        let _ = write!(
            page,
            "\n## {heading}\n\n| | what | in the core | scenarios |\n|---|---|---|---|\n"
        );
        for item in items {
            let core = place(item.name).map_or(String::new(), |(file, text)| {
                let text = text.trim_end_matches(':');
                format!("[`{file}`](../raft-core/src/{file}): {text}")
            });
            let name = item.name.trim_start_matches("Figure 2 ").trim_start_matches("Figure 3 ");
            let files = links(scenarios, |scenario| about(scenario).any(|it| it == item.name));
            let _ = writeln!(page, "| {name} | {} | {core} | {files} |", item.says);
        }
    }
    sections(&mut page, scenarios);
    page.push_str(
        "\n## Cases that small implementations test\n\n| case | scenarios |\n|---|---|\n",
    );
    for (case, files) in CASES {
        let links = files.iter().map(|file| format!("[{file}](../scenarios/{file}.raft)"));
        let _ = writeln!(page, "| {case} | {} |", links.collect::<Vec<_>>().join("<br>"));
    }
    page
}

/// Renders the table of the dissertation's sections.
fn sections(page: &mut String, scenarios: &[(String, Scenario)]) {
    page.push_str(
        "\n## The dissertation, chapters 3 to 6, 9.6 and 10.2\n\n\
         | | what | in the core | scenarios |\n|---|---|---|---|\n",
    );
    for (item, (_, place)) in DISSERTATION.iter().zip(&PLACES) {
        let (core, files) = match place {
            Where::Paper(folders) => {
                let folders = folders.iter().map(|folder| {
                    let count = scenarios
                        .iter()
                        .filter(|(path, _)| path.split('/').nth(1) == Some(folder))
                        .count();
                    format!("all {count} of [{folder}](../scenarios/{folder})")
                });
                ("as in the paper".to_string(), folders.collect::<Vec<_>>().join("<br>"))
            }
            Where::Core(file) => {
                let files = links(scenarios, |scenario| about(scenario).any(|it| it == item.name));
                (format!("[`{file}`](../raft-core/src/{file})"), files)
            }
            Where::Outside(why) => ((*why).to_string(), String::new()),
        };
        let number = item.name.trim_start_matches("diss. §");
        let _ = writeln!(page, "| {number} | {} | {core} | {files} |", item.says);
    }
}

/// Renders links to the scenarios for which `holds` is true.
fn links(scenarios: &[(String, Scenario)], holds: impl Fn(&Scenario) -> bool) -> String {
    let files = scenarios.iter().filter(|(_, scenario)| holds(scenario));
    let link = |(path, _): &(String, Scenario)| {
        let short = path.trim_start_matches("scenarios/").trim_end_matches(".raft");
        format!("[{short}](../{path})")
    };
    files.map(link).collect::<Vec<_>>().join("<br>")
}
