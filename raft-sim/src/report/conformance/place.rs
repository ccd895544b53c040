//! Where a scenario stands in the paper.

use crate::report::Case;
use crate::scenario::paper::{self, DISSERTATION, FIGURES, SECTIONS};

/// Where a scenario stands: the first section that it names.
pub(super) fn section(case: &Case) -> &str {
    paper::named(&case.paper).next().unwrap_or_default()
}

/// What a scenario is about.
pub(super) fn about(case: &Case) -> Vec<&str> {
    let mut about: Vec<&str> = paper::about(&case.paper).collect();
    if about.is_empty() {
        about.push(section(case));
    }
    about
}

/// What the paper says at a place, if it is known.
pub(super) fn says(name: &str) -> &'static str {
    let items = SECTIONS.iter().chain(FIGURES.iter().flat_map(|(_, items)| *items));
    items.chain(&DISSERTATION).find(|item| item.name == name).map_or("", |item| item.says)
}
