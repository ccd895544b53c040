//! `raft-sim explain`: one scenario, statement by statement, with what happened.

mod disks;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use super::Error;
use super::files::is_stdin;
use super::output::{ASIDE, BAD, GOOD, HEADING, load_or_report, timeline};
use super::subject::{SubjectArgs, Target};
use super::values::{self, Properties};
use crate::report::{End, failure_end};
use crate::scenario::packaged::PACKAGED;
use crate::scenario::replay::{Failure, Verdict, replay};
use crate::timeline::{Line, Recorder, texts};

use disks::Disks;

/// Replay one scenario and print below each statement what happened
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim explain figure-8-e\n  raft-sim explain my.raft --from 12 --all\n  \
                        raft-sim explain my.raft --format json | jq .lines"
)]
pub(super) struct Args {
    /// The scenario file, or the name of a scenario that comes with the program: its path, or the name of its file;
    /// `-` is the standard input
    #[arg(value_name = "FILE|NAME")]
    file: PathBuf,
    /// Print all that happened at a statement; otherwise the middle of many lines is left out
    #[arg(long)]
    all: bool,
    /// Begin at this line of the file
    #[arg(long, value_name = "LINE", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    from: u32,
    /// The format of the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Properties that are not judged, beside those that the scenario sets aside: the replay goes on behind their
    /// violations
    #[arg(long, value_name = "PROPERTY,…", value_parser = values::properties)]
    set_aside: Option<Properties>,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// lines for a reader
    Human,
    /// one JSON object
    Json,
}

/// A line of the file, and what happened there.
#[derive(Serialize)]
struct Row<'s> {
    /// The number of the line, from 1.
    line: u32,
    text: &'s str,
    /// True if its statement was begun.
    begun: bool,
    happened: Vec<String>,
    /// The writes that are not durable when the statement is over, for each server that has some and whose number of
    /// them has changed.
    disks: Vec<String>,
}

#[derive(Serialize)]
struct Document<'s> {
    file: &'s str,
    title: &'s str,
    /// `passed`, `skipped` or `failed`
    verdict: &'static str,
    /// The line of the failure, and what failed.
    line: Option<u32>,
    message: Option<String>,
    lines: Vec<Row<'s>>,
}

pub(super) fn explain(
    args: &Args,
    target: &Target<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    let Some((source, mut scenario)) = load_or_report(&found(&args.file)?, err)? else {
        return Ok(End::Unusable);
    };
    scenario.header.set_aside.extend(args.set_aside.iter().flat_map(|Properties(all)| all));
    let (mut recorder, mut disks) = (Recorder::all(), Disks::default());
    let verdict = replay(&scenario, target.implementation(), &mut (&mut recorder, &mut disks));
    let begun: BTreeSet<u32> = recorder.statements().iter().copied().collect();
    let mut happened: BTreeMap<u32, Vec<Line>> = BTreeMap::new();
    for line in recorder.into_lines() {
        happened.entry(line.statement.unwrap_or(0)).or_default().push(line);
    }
    let mut disks = disks.into_lines();
    let rows = (1..).zip(source.text().lines()).map(|(line, text)| Row {
        line,
        text: text.trim_end(),
        begun: begun.contains(&line),
        happened: folded(texts(&happened.remove(&line).unwrap_or_default())),
        disks: disks.remove(&line).unwrap_or_default(),
    });
    let rows: Vec<Row<'_>> = rows.filter(|row| row.line >= args.from).collect();
    match args.format {
        Format::Human => {
            let not_begun = scenario.steps.iter().find(|step| !begun.contains(&step.line));
            human(args, &rows, &verdict, not_begun.map(|step| step.line), out)?;
        }
        Format::Json => {
            let title = &scenario.header.title;
            let (verdict, line, message) = match &verdict {
                Verdict::Passed => ("passed", None, None),
                Verdict::Skipped(skip) => ("skipped", None, Some(skip.to_string())),
                Verdict::Failed(Failure { line, message, .. }) => {
                    ("failed", Some(*line), Some(message.clone()))
                }
            };
            let document =
                Document { file: source.name(), title, verdict, line, message, lines: rows };
            serde_json::to_writer_pretty(&mut *out, &document).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(match &verdict {
        Verdict::Passed | Verdict::Skipped(_) => End::Held,
        Verdict::Failed(failure) => failure_end(failure.kind),
    })
}

fn human(
    args: &Args,
    rows: &[Row<'_>],
    verdict: &Verdict,
    not_begun: Option<u32>,
    out: &mut dyn Write,
) -> io::Result<()> {
    const MARGIN: &str = "            ";
    for Row { line, text, begun, happened, disks } in rows {
        let style = if *begun { HEADING } else { ASIDE };
        writeln!(out, "{style}{line:>4}  {text}{style:#}")?;
        if args.all {
            happened.iter().try_for_each(|line| writeln!(out, "{MARGIN}{line}"))?;
        } else {
            timeline(out, happened, MARGIN)?;
        }
        disks.iter().try_for_each(|line| writeln!(out, "{MARGIN}{ASIDE}{line}{ASIDE:#}"))?;
        if let Verdict::Failed(failure) = verdict
            && failure.line == *line
        {
            for text in failure.message.lines() {
                writeln!(out, "{MARGIN}{BAD}{text}{BAD:#}")?;
            }
        }
    }
    writeln!(out)?;
    match verdict {
        Verdict::Passed => writeln!(out, "{GOOD}passed{GOOD:#}"),
        Verdict::Skipped(skip) => writeln!(out, "skipped: {skip}"),
        Verdict::Failed(failure) => {
            if let Some(line) = not_begun {
                writeln!(out, "Line {line} and what follows was not reached.")?;
            }
            let message = failure.message.lines().next().unwrap_or_default();
            writeln!(out, "{BAD}FAILED{BAD:#} line {}: {message}", failure.line)
        }
    }
}

/// The lines with equal ones behind each other as one, with their number.
fn folded(lines: Vec<String>) -> Vec<String> {
    let equal = lines.chunk_by(|one, other| one == other);
    equal
        .map(|lines| match lines {
            [line] => line.clone(),
            _ => format!("{}  ({} times)", lines[0], lines.len()),
        })
        .collect()
}

/// The file of this name, or the packaged scenario with this name or with a file of this name.
pub(super) fn found(name: &Path) -> Result<PathBuf, Error> {
    if is_stdin(name) || name.exists() || name.components().count() > 1 {
        return Ok(name.to_owned());
    }
    let wanted = name.with_extension("");
    let named = |path: &&str| Path::new(path).file_stem() == Some(wanted.as_os_str());
    let paths = || PACKAGED.iter().map(|packaged| packaged.path);
    match paths().filter(named).collect::<Vec<_>>().as_slice() {
        [path] => return Ok(PathBuf::from(path)),
        [] => {}
        several => return Err(several_named(name, several)),
    }
    if name.extension().is_some() {
        return Ok(name.to_owned());
    }
    let text = wanted.to_string_lossy();
    let near: Vec<&str> = paths().filter(|path| path.contains(&*text)).collect();
    if near.is_empty() { Ok(name.to_owned()) } else { Err(several_named(name, &near)) }
}

/// An error: a name that is that of no scenario, or of several.
fn several_named(name: &Path, paths: &[&str]) -> Error {
    let listed: Vec<String> = paths.iter().take(10).map(|path| format!("\n  {path}")).collect();
    let more = match paths.len() - listed.len() {
        0 => String::new(),
        more => format!("\n  … {more} more"),
    };
    let name = name.display();
    Error::Message(format!(
        "{name}: no file, and no scenario of just this name; there are{}{more}",
        listed.concat()
    ))
}
