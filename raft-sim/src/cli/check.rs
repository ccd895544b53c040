//! `raft-sim check`: histories of clients, and whether they are linearizable.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use super::Error;
use super::output::{ASIDE, BAD, GOOD, heading, read_or_report, report_wrong};
use crate::history::{self, Explanation, GaveUp, History, Key, Limits, Operation, Verdict};
use crate::report::End;

/// Widest drawing, in characters.
const WIDTH: usize = 100;

/// Check histories of clients: whether each history is linearizable
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim check history.edn\n  raft-sim run --seed 42 --history h.jsonl && raft-sim check h.jsonl\n  \
                        zcat h.jsonl.gz | raft-sim check -"
)]
pub(super) struct Args {
    /// Histories: JSON with one event a line, or Jepsen's EDN; `-` is the standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Format of the results
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Memory that the search may take, in MiB, before it gives up
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    memory: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// lines for a reader
    Human,
    /// one JSON object
    Json,
}

/// The result for one file.
struct Case {
    file: String,
    /// The number of its operations and of its keys, if it could be read.
    size: Option<(usize, usize)>,
    result: Result<Verdict, String>,
}

pub(super) fn check(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> Result<End, Error> {
    let limits = Limits { memory: (args.memory as usize) << 20 };
    let mut cases = Vec::new();
    for path in &args.files {
        let case = one(path, &limits, err)?;
        match args.format {
            Format::Human => human(&case, args.memory, out)?,
            Format::Json => {}
        }
        cases.push(case);
    }
    match args.format {
        Format::Human => {}
        Format::Json => {
            let histories: Vec<Row> = cases.iter().map(row).collect();
            serde_json::to_writer_pretty(&mut *out, &Document { histories })
                .map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(End::of(cases.iter().map(|case| match case.result {
        Ok(Verdict::Linearizable) => End::Held,
        Ok(Verdict::Illegal(_)) => End::Violated,
        Ok(Verdict::GaveUp(_)) => End::Undecided,
        Err(_) => End::Unusable,
    })))
}

/// Reads and judges a file. Errors are written to `err` at once.
fn one(path: &Path, limits: &Limits, err: &mut dyn Write) -> io::Result<Case> {
    let file = path.display().to_string();
    let (size, result) = match load(path, err)? {
        Ok(history) => (Some(history.size()), Ok(history::check(&history, limits))),
        Err(message) => (None, Err(message)),
    };
    Ok(Case { file, size, result })
}

fn load(path: &Path, err: &mut dyn Write) -> io::Result<Result<History, String>> {
    let bytes = match read_or_report(path, err)? {
        Ok(bytes) => bytes,
        Err(message) => return Ok(Err(message)),
    };
    match history::read(&bytes) {
        Ok(history) => Ok(Ok(history)),
        Err(error) => report_wrong(&path.display().to_string(), &bytes, error, err).map(Err),
    }
}

fn human(case: &Case, memory: u32, out: &mut dyn Write) -> io::Result<()> {
    let Case { file, size, result } = case;
    let Some((operations, keys)) = *size else { return Ok(()) };
    write!(out, "{file}: {}, {}: ", number(operations, "operation"), number(keys, "key"))?;
    match result {
        Ok(Verdict::Linearizable) => writeln!(out, "{GOOD}linearizable{GOOD:#}"),
        Ok(Verdict::Illegal(explanation)) => {
            writeln!(out, "{BAD}not linearizable{BAD:#}")?;
            illegal(explanation, out)
        }
        Ok(Verdict::GaveUp(GaveUp { key, events, configurations })) => {
            writeln!(out, "{BAD}no verdict{BAD:#}")?;
            writeln!(
                out,
                "{}the search gave up after {configurations} configurations: more don't fit into {memory} MiB \
                 (--memory)\nof the first {events} events an order is known",
                of_key(key.as_ref())
            )
        }
        Err(_) => Ok(()),
    }
}

fn illegal(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let Explanation { key, events, operations, reason } = explanation;
    writeln!(out, "{}{reason}", of_key(key.as_ref()))?;
    heading(out, "Operations that can't be put in order")?;
    let (left_out, lines) = history::timeline(operations, WIDTH - 2);
    if left_out > 0 {
        writeln!(out, "  {ASIDE}… {left_out} more before{ASIDE:#}")?;
    }
    for line in lines {
        writeln!(out, "  {line}")?;
    }
    writeln!(
        out,
        "\nThe first {} are illegal already; without the last of them they are not.",
        number(*events, "event")
    )
}

fn of_key(key: Option<&Key>) -> String {
    key.map_or_else(String::new, |key| format!("key {key}: "))
}

fn number(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[derive(Serialize)]
struct Document<'c> {
    histories: Vec<Row<'c>>,
}

#[derive(Serialize)]
struct Row<'c> {
    file: &'c str,
    /// `linearizable`, `illegal`, `gave-up` or `unusable`
    verdict: &'static str,
    /// Invoked operations, and their keys; null if the file could not be used.
    operations: Option<usize>,
    keys: Option<usize>,
    /// The key in question.
    key: Option<&'c str>,
    /// Of an illegal history, the number of events from the first on that are illegal. If the search gave up, the
    /// number of events that have a known order.
    events: Option<usize>,
    configurations: Option<usize>,
    message: Option<&'c str>,
    /// Operations that can't be put in order, each in the form of its last event, with the numbers of its events,
    /// from 1.
    core: &'c [Operation],
}

fn row(case: &Case) -> Row<'_> {
    let (operations, keys) = case.size.unzip();
    let row = Row {
        file: &case.file,
        verdict: "linearizable",
        operations,
        keys,
        key: None,
        events: None,
        configurations: None,
        message: None,
        core: &[],
    };
    match &case.result {
        Ok(Verdict::Linearizable) => row,
        Ok(Verdict::Illegal(explanation)) => Row {
            verdict: "illegal",
            key: explanation.key.as_deref(),
            events: Some(explanation.events),
            message: Some(&explanation.reason),
            core: &explanation.operations,
            ..row
        },
        Ok(Verdict::GaveUp(GaveUp { key, events, configurations })) => Row {
            verdict: "gave-up",
            key: key.as_deref(),
            events: Some(*events),
            configurations: Some(*configurations),
            ..row
        },
        Err(message) => Row { verdict: "unusable", message: Some(message), ..row },
    }
}
