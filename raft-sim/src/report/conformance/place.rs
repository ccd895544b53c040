//! The place of a scenario in the paper.

use crate::report::Case;
use crate::scenario::paper::{self, DISSERTATION, FIGURES, SECTIONS};

/// The section of a scenario: the first one that it names.
pub(super) fn section(case: &Case) -> &str {
    paper::named(&case.paper).next().unwrap_or_default()
}

/// The rules, figures and sections that a scenario is about.
pub(super) fn about(case: &Case) -> Vec<&str> {
    let mut about: Vec<&str> = paper::about(&case.paper).collect();
    if about.is_empty() {
        about.push(section(case));
    }
    about
}

/// The statement at a place of the paper; empty if the place is unknown.
pub(super) fn says(name: &str) -> &'static str {
    let items = SECTIONS.iter().chain(FIGURES.iter().flat_map(|(_, items)| *items));
    items.chain(&DISSERTATION).find(|item| item.name == name).map_or("", |item| item.says)
}
