//! Variants of a program: what a planted bug changes in the sources.

use std::collections::BTreeMap;
use std::fs;

use super::switch::{Change, Switch};
use crate::root;

/// A place in the sources, and the text that replaces it when a bug is planted.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// The file, from the root of the repository.
    pub file: &'a str,
    /// The text to replace, which occurs there exactly once.
    pub find: &'a str,
    /// The replacement.
    pub replace: &'a str,
}

/// A planted bug, or a choice of properties: the edits of one variant of the program.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// The switch that it stands behind.
    pub switch: Switch,
    /// The changes that it makes, by file.
    pub changes: BTreeMap<String, Vec<Change>>,
    /// The changes that make room for it, by file: they stand in every program of the workshop, and alone they change
    /// nothing.
    pub room: BTreeMap<String, Vec<Change>>,
}

impl Variant {
    /// The variant that these edits make.
    ///
    /// # Errors
    /// A file that can't be read, or an edit that does not fit there exactly once.
    pub fn new(
        name: &str,
        switch: Switch,
        edits: &[Edit<'_>],
        room: &[Edit<'_>],
    ) -> Result<Variant, String> {
        let changes = |edits: &[Edit<'_>]| -> Result<BTreeMap<String, Vec<Change>>, String> {
            let mut changes: BTreeMap<String, Vec<Change>> = BTreeMap::new();
            for edit in edits {
                let text = fs::read_to_string(root().join(edit.file));
                let text = text.map_err(|error| format!("{}: {error}", edit.file))?;
                let change = Change::of(edit, &text).map_err(|error| format!("{name}: {error}"))?;
                changes.entry(edit.file.to_owned()).or_default().push(change);
            }
            Ok(changes)
        };
        let (changes, room) = (changes(edits)?, changes(room)?);
        Ok(Variant { name: name.to_owned(), switch, changes, room })
    }
}
