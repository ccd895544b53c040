//! Keeps the scenarios of the causes as files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::cli::Error;
use crate::report::conformance::{Cause, Conformance, Subject};

/// Makes the folder, which must have nothing in it: no scenario is written over.
pub(super) fn prepare(folder: &Path) -> Result<(), Error> {
    let wrong = |error| Error::Message(format!("{}: cannot be used: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(wrong)?;
    match fs::read_dir(folder).map_err(wrong)?.next() {
        None => Ok(()),
        Some(_) => {
            let why = "is not empty; expected a new folder for the scenarios";
            Err(Error::Message(format!("{}: {why}", folder.display())))
        }
    }
}

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
        for (name, text) in files(subject) {
            fs::write(folder.join(name), text).map_err(wrong)?;
        }
    }
    Ok(())
}

/// The files of a subject: the first cause of a property has the property's name, the next one a number behind it.
fn files(subject: &Subject) -> Vec<(String, &str)> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut file = |cause: &Cause| {
        let name = plain(cause.id.split(": ").next().unwrap_or_default());
        let number = seen.entry(name.clone()).or_default();
        *number += 1;
        if *number == 1 { format!("{name}.raft") } else { format!("{name}-{number}.raft") }
    };
    let causes = subject.causes.iter();
    causes.filter_map(|cause| Some((file(cause), cause.scenario.as_deref()?))).collect()
}

/// A text as a part of a path.
fn plain(text: &str) -> String {
    let sign = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    text.chars().map(sign).collect()
}
