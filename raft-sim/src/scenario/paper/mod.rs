//! What a `paper` line can name: the sections, rules and figures of the extended paper, and the sections of the
//! dissertation, each with what it says in short. Scenarios may name others; these are what there is to be covered.

mod figures;
mod sections;

pub use figures::FIGURES;
pub use sections::{DISSERTATION, SECTIONS};

/// A section, rule, property or figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// How a `paper` line names it: `Figure 2 AppendEntries 1`, `diss. §3.10`.
    pub name: &'static str,
    /// What it says, in short.
    pub says: &'static str,
}

const fn item(name: &'static str, says: &'static str) -> Item {
    Item { name, says }
}

/// What a `paper` line names, in order.
pub fn named(paper: &str) -> impl Iterator<Item = &str> {
    paper.split(',').map(str::trim)
}

/// What it says it is about: the rules and figures, and the sections of the dissertation; the sections of the paper
/// only say where these stand.
pub fn about(paper: &str) -> impl Iterator<Item = &str> {
    named(paper).filter(|item| !item.starts_with('§'))
}
