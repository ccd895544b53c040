//! The way back from syntax to text, which `parse` reads as the same syntax.
//!
//! Everything of the syntax is displayed as its words, with one space between two. A whole [`Scenario`] is
//! displayed in canonical form, with its comments (`layout`).
//!
//! [`Scenario`]: super::syntax::Scenario

mod condition;
mod header;
mod layout;
mod message;
mod statement;

use std::fmt::{self, Display, Formatter};

use super::syntax::{DrawnEntry, Label, Servers, Target};
use super::vocabulary::{FactWord, Particle};

/// Writes these with a space between two.
fn words(f: &mut Formatter<'_>, words: &[&dyn Display]) -> fmt::Result {
    for (place, word) in words.iter().enumerate() {
        if place > 0 {
            f.write_str(" ")?;
        }
        word.fmt(f)?;
    }
    Ok(())
}

/// Items with a space between two, or `none`.
struct List<'a, T>(&'a [T]);

impl<T: Display> Display for List<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Particle::None.fmt(f);
        }
        let items: Vec<&dyn Display> = self.0.iter().map(|item| item as &dyn Display).collect();
        words(f, &items)
    }
}

/// The value, or `none`.
struct OrNone<T>(Option<T>);

impl<T: Display> Display for OrNone<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(item) => item.fmt(f),
            None => Particle::None.fmt(f),
        }
    }
}

impl Display for Label {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Display for Servers {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            Particle::All.fmt(f)
        } else if self.is_leader() {
            FactWord::Leader.fmt(f)
        } else {
            List(self).fmt(f)
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Target::Server(server) => server.fmt(f),
            Target::Leader => FactWord::Leader.fmt(f),
        }
    }
}

impl Display for DrawnEntry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.term.fmt(f)?;
        match &self.label {
            Some(label) => write!(f, ":{label}"),
            None => Ok(()),
        }
    }
}
