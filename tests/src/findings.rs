//! Findings in real Rafts, as data: a file beside each subject says what was found, where the paper speaks of it and how
//! to see it again. The table in the README and the one on the subject's page are made from it.

use std::fs;

use serde::Deserialize;

use crate::root;

/// Command that brings the tables up to date.
pub const AGAIN: &str = "cargo run -p raft-tests --bin findings -- --tables";

/// The files of the findings, by path from the root of the repository, in the order of the README's table.
pub const FILES: [&str; 2] = ["subjects/etcd-raft/findings.toml", "subjects/raft-rs/findings.toml"];

const BEGIN: &str =
    "<!-- made by `cargo run -p raft-tests --bin findings` from subjects/*/findings.toml -->\n";
const END: &str = "<!-- end -->\n";

/// A real Raft behind the subject interface.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Its name for readers.
    pub name: String,
    /// Its page, by path from the root of the repository.
    pub page: String,
    /// The command of a shell that writes a report on it; `conform`'s options may follow.
    pub report: String,
    /// What was found, in the order of its page.
    #[serde(rename = "finding")]
    pub findings: Vec<Finding>,
}

/// Something that was found.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The sections of the paper that it is about.
    pub section: String,
    /// Its line in the README, if it has one.
    pub symptom: Option<String>,
    /// The line on its page.
    pub what: String,
    /// Commands that show it again, and scenarios.
    pub replay: Vec<String>,
    /// The precaution by which an application avoids it; none if there is none.
    pub precaution: Option<String>,
    /// True if it comes only where servers have different settings.
    #[serde(default)]
    pub different_settings: bool,
}

/// All subjects.
///
/// # Errors
/// A file that can't be read, or is not such data.
pub fn subjects() -> Result<Vec<Subject>, String> {
    FILES
        .iter()
        .map(|file| toml::from_str(&read(file)?).map_err(|e| format!("{file}: {e}")))
        .collect()
}

/// The files that have a table, each as it is to be.
///
/// # Errors
/// A file that can't be read, or has no place for its table.
pub fn pages(subjects: &[Subject]) -> Result<Vec<(String, String)>, String> {
    let mut pages = vec![("README.md".to_string(), in_readme(subjects))];
    pages.extend(subjects.iter().map(|subject| (subject.page.clone(), on_page(subject))));
    pages.into_iter().map(|(path, table)| Ok((path.clone(), with_table(&path, &table)?))).collect()
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}

/// The text of a file with this table in the place of its own.
fn with_table(path: &str, table: &str) -> Result<String, String> {
    let text = read(path)?;
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| {
        rest.split_once(END).map(|(_, after)| format!("{before}{BEGIN}{table}{END}{after}"))
    });
    parts.ok_or(format!("{path}: expected a table between {BEGIN:?} and {END:?}"))
}

/// The rows of the README's table.
fn in_readme(subjects: &[Subject]) -> String {
    let mut rows = String::from("| | |\n|---|---|\n");
    for Subject { name, page, findings, .. } in subjects {
        let apart = findings.iter().filter(|finding| finding.different_settings).count();
        let only = match apart {
            0 => String::new(),
            apart => format!("; {apart} of them only where servers have different settings"),
        };
        let count = findings.len();
        let link = format!("[{name}]({page}#what-was-found)");
        rows += &format!("| {link} | {count} findings, each with its replay{only} |\n");
        for finding in findings {
            if let Some(symptom) = &finding.symptom {
                rows += &format!("| | {symptom} ({}) |\n", finding.section);
            }
        }
    }
    rows
}

/// The table on a subject's page.
fn on_page(subject: &Subject) -> String {
    let mut rows =
        String::from("| | | what happens | replay | the precaution |\n|---|---|---|---|---|\n");
    for (number, finding) in (1..).zip(&subject.findings) {
        let Finding { section, what, replay, precaution, .. } = finding;
        let replay: Vec<String> = replay.iter().map(|replay| format!("`{replay}`")).collect();
        let (replay, none) = (replay.join("; "), "none".to_string());
        let precaution = precaution.as_ref().unwrap_or(&none);
        rows += &format!("| {number} | {section} | {what} | {replay} | {precaution} |\n");
    }
    rows
}
