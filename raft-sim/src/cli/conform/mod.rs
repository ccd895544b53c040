//! `raft-sim conform`: scenarios and seeds on one subject or several, and a report of what they show.

mod pages;
mod record;
mod rounds;
#[cfg(test)]
mod tests;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::ValueEnum;

use super::files::new_folder;
use super::subject::{SubjectsArgs, Target};
use super::{Error, test, values};
use crate::campaign::Part;
use crate::report::End;
use crate::report::conformance::{self, Conformance, Known, html, human, junit, markdown};
use rounds::Judge;

/// Judge a Raft by scenarios and by seeds, and write a report of how it stands with the paper
///
/// The report begins with the findings, the gravest first, each with the command that shows it again; then the checks
/// that were made and those that were not, and why; then every requirement and every scenario. It is the same for any
/// number of threads; progress goes to the standard error.
///
/// Ctrl-C, SIGTERM and SIGHUP end it with a report of what was judged by then; the exit code is 130 unless something was found.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario files, and folders to search for files that end in .raft; what is not on the disk is looked for among
    /// the scenarios that come with the program
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// The seeds of the campaign: from A on, up to and without B
    #[arg(long, value_name = "A..B", value_parser = bounded, default_value = "0..1000")]
    seeds: Part,
    /// The most time to shrink one seed; the best scenario by then is kept
    #[arg(long, value_name = "TIME", value_parser = values::time, default_value = "60s")]
    shrink_time: Duration,
    /// Findings by design: a file with a line for each cause that is known, by its name in the report, or with the name
    /// of a property for all of its causes. They count for nothing
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// A new folder for the scenarios of the causes, a file for each
    #[arg(long, value_name = "FOLDER")]
    record: Option<PathBuf>,
    /// A new folder for pages that show the causes, as `raft-sim view` draws them; the report links to them
    #[arg(long, value_name = "FOLDER")]
    view: Option<PathBuf>,
    /// Format of the report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// A file for the report, written over if it is there; the standard output then has the verdicts alone
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Number of threads, 1 to 256 [default: as many as the machine runs at once]
    #[arg(long, value_name = "J", value_parser = values::jobs)]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) subjects: SubjectsArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// text for a terminal
    Human,
    /// one JSON object
    Json,
    /// JUnit's XML, which build servers read
    Junit,
    /// Markdown, for a comment or a summary
    Markdown,
    /// one page that needs nothing else
    Html,
}

fn bounded(text: &str) -> Result<Part, String> {
    match values::seeds(text)? {
        Part { from, to: None, .. } => Err(format!("it has no end: say where by {from}..B")),
        seeds => Ok(seeds),
    }
}

pub(super) fn conform(
    args: &Args,
    targets: &[Target<'_>],
    asked_to_stop: &AtomicBool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    let (files, jobs) = (test::files(&args.paths)?, values::available(args.jobs));
    let known = args.known.as_deref().map_or(Ok(Known::default()), known)?;
    // Fail now, not after an hour, if the report can't be written.
    args.out.as_deref().map_or(Ok(()), writable)?;
    let folders = [(&args.record, "scenarios"), (&args.view, "pages")];
    for (folder, purpose) in folders {
        folder.as_deref().map_or(Ok(()), |folder| new_folder(folder, purpose))?;
    }
    let mut trials = Vec::new();
    for (at, target) in targets.iter().enumerate() {
        if targets.len() > 1 {
            writeln!(err, "{}:", target.implementation().name())?;
        }
        let judge = Judge { args, files: &files, jobs, target, asked_to_stop };
        let mut errors = Vec::new();
        let trial = judge.trial(&mut errors, err);
        // An error in a file is the same for all subjects.
        if at == 0 {
            err.write_all(&errors)?;
        }
        trials.push(trial?);
        if asked_to_stop.load(Ordering::Relaxed) {
            writeln!(err, "interrupted: the report has what was judged by then")?;
            break;
        }
    }
    let mut report = Conformance::of(&trials, &known);
    if let Some(folder) = &args.view {
        pages::draw(&mut report, targets, folder, args.out.as_deref())?;
    }
    if let Some(folder) = &args.record {
        record::scenarios(&report, folder)?;
    }
    match &args.out {
        None => write(args.format, &report, out)?,
        Some(path) => {
            let mut text = Vec::new();
            write(args.format, &report, &mut text)?;
            fs::write(path, plain(text)).map_err(|error| unwritable(path, &error))?;
            human::top(&report, out)?;
            writeln!(out, "\n{}", path.display())?;
        }
    }
    Ok(report.end())
}

fn write(format: Format, report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, out),
        Format::Json => conformance::json(report, out),
        Format::Junit => junit::write(report, out),
        Format::Markdown => markdown::write(report, out),
        Format::Html => html::write(report, out),
    }
}

/// Removes colours, which do not belong in a file.
fn plain(text: Vec<u8>) -> Vec<u8> {
    anstream::adapter::strip_bytes(&text).into_vec()
}

/// Reads a file of known causes.
fn known(path: &Path) -> Result<Known, Error> {
    let text = fs::read_to_string(path);
    let text = text
        .map_err(|error| Error::Message(format!("{}: cannot be read: {error}", path.display())));
    text.map(|text| Known::read(&text))
}

fn writable(path: &Path) -> Result<(), Error> {
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map(|_| ()).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::Message(format!("{}: cannot be written: {error}", path.display()))
}
