//! Keeps the scenarios of the causes as files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::cli::Error;
use crate::report::conformance::{Cause, Conformance, Subject};

/// Writes the scenario of each cause to a file of its own in a folder. With several subjects each has a folder in it.
pub(super) fn scenarios(report: &Conformance, folder: &Path) -> Result<(), Error> {
    for subject in &report.subjects {
        let folder = match report.subjects.len() {
            1 => folder.to_owned(),
            _ => folder.join(plain(&subject.name)),
        };
        let wrong =
            |error| Error::Message(format!("{}: cannot be written: {error}", folder.display()));
        fs::create_dir_all(&folder).map_err(wrong)?;
        for (name, cause) in files(subject) {
            let text = cause.scenario.as_deref().unwrap_or_default();
            fs::write(folder.join(format!("{name}.raft")), text).map_err(wrong)?;
        }
    }
    Ok(())
}

/// The names of files for the causes of a subject that have scenarios: the first cause of a property has the property's name, the
/// next one a number behind it.
pub(super) fn files(subject: &Subject) -> Vec<(String, &Cause)> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut file = |cause: &Cause| {
        let name = plain(cause.id.split(": ").next().unwrap_or_default());
        let number = seen.entry(name.clone()).or_default();
        *number += 1;
        if *number == 1 { name } else { format!("{name}-{number}") }
    };
    let causes = subject.causes.iter().map(|cause| (file(cause), cause));
    causes.filter(|(_, cause)| cause.scenario.is_some()).collect()
}

/// A text as a part of a path.
pub(super) fn plain(text: &str) -> String {
    let sign = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    text.chars().map(sign).collect()
}
