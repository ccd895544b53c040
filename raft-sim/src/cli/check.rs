//! `raft-sim check`: histories of clients, and whether they are linearizable.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use super::Error;
use super::files::{new_folder, write};
use super::output::{ASIDE, BAD, GOOD, heading, read_or_report, report_wrong};
use crate::campaign::quoted;
use crate::history::{self, Explanation, GaveUp, History, Key, Limits, Operation, Verdict};
use crate::report::End;
use crate::view;

/// Widest drawing, in characters.
const WIDTH: usize = 100;

/// Check histories of clients: whether each history is linearizable
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim check history.edn\n  raft-sim run --seed 42 --history h.jsonl && raft-sim check h.jsonl\n  \
                        raft-sim check history.edn --view pages\n  \
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
    /// A new folder for pages that show the histories: the operations on lanes of their clients, and those that can't be
    /// put in order
    #[arg(long, value_name = "DIR")]
    view: Option<PathBuf>,
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
    /// The page that shows it.
    page: Option<PathBuf>,
}

pub(super) fn check(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> Result<End, Error> {
    let limits = Limits { memory: (args.memory as usize) << 20 };
    let folder = args.view.as_deref();
    folder.map_or(Ok(()), |folder| new_folder(folder, "pages"))?;
    let mut cases = Vec::new();
    for path in &args.files {
        let case = one(path, &limits, folder, err)?;
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

/// Reads and judges a file, and draws it into the folder if there is one. Errors in it are written to `err` at once.
fn one(
    path: &Path,
    limits: &Limits,
    folder: Option<&Path>,
    err: &mut dyn Write,
) -> Result<Case, Error> {
    let file = path.display().to_string();
    let history = match load(path, err)? {
        Ok(history) => history,
        Err(message) => return Ok(Case { file, size: None, result: Err(message), page: None }),
    };
    let verdict = history::check(&history, limits);
    let page = folder.map(|folder| draw(path, &history, &verdict, folder)).transpose()?;
    Ok(Case { file, size: Some(history.size()), result: Ok(verdict), page })
}

/// Draws a history into a file of the folder that has its name, with a number if there are several of it.
fn draw(
    path: &Path,
    history: &History,
    verdict: &Verdict,
    folder: &Path,
) -> Result<PathBuf, Error> {
    let file = path.display().to_string();
    let stem = path.file_stem().map_or("-".into(), |stem| stem.to_string_lossy());
    let stem = if stem == "-" { "history".into() } else { stem };
    let name = |number: u32| match number {
        1 => folder.join(format!("{stem}.html")),
        _ => folder.join(format!("{stem}-{number}.html")),
    };
    let page = (1..).map(name).find(|page| !page.exists()).unwrap_or_else(|| name(1));
    let replay = format!("raft-sim check {}", quoted(&file));
    let run = view::history(history, verdict, format!("history {file}"), replay);
    write(&page, |out| out.write_all(view::page(&[run]).as_bytes()))?;
    Ok(page)
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
    let Case { file, size, result, page } = case;
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
    }?;
    page.as_ref().map_or(Ok(()), |page| writeln!(out, "drawn in {}", page.display()))
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
    /// The page that shows it, with `--view`.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'c Path>,
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
        page: case.page.as_deref(),
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
