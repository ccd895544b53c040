//! The names of a `paper` line: the sections, rules and figures of the extended paper, and the sections of the
//! dissertation, each with what it says in short. Scenarios may name others; coverage is measured against these.

mod figures;
mod sections;

pub use figures::FIGURES;
pub use sections::{DISSERTATION, SECTIONS};

/// A section, rule, property or figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name in a `paper` line: `Figure 2 AppendEntries 1`, `diss. §3.10`.
    pub name: &'static str,
    /// Its content, in short.
    pub says: &'static str,
}

const fn item(name: &'static str, says: &'static str) -> Item {
    Item { name, says }
}

/// The names in a `paper` line, in order.
pub fn named(paper: &str) -> impl Iterator<Item = &str> {
    paper.split(',').map(str::trim)
}

/// The subject of a `paper` line: the rules and figures, and the sections of the dissertation. Sections of the
/// paper only locate these.
pub fn about(paper: &str) -> impl Iterator<Item = &str> {
    named(paper).filter(|item| !item.starts_with('§'))
}
