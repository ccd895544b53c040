//! `raft-sim check-trace`: judges the events that the servers of a running cluster reported.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::Error;
use super::check::Format;
use super::output::{ASIDE, BAD, GOOD, heading, read_or_report, report_wrong};
use crate::checker::{Property, Violation};
use crate::report::End;
use crate::trace::{self, At, JUDGED, Judgement, Trace};

/// Check the trace of a running cluster: the events that its servers reported, judged by the same checkers as runs of
/// the simulator
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The trace, as JSON with one event a line: one file with all servers, or several, with those of one server in
    /// their order
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Format of the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn check_trace(
    args: &Args,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    let mut files = Vec::new();
    let mut unreadable = Vec::new();
    for path in &args.files {
        match read_or_report(path, err)? {
            Ok(bytes) => files.push((path.display().to_string(), bytes)),
            Err(message) => unreadable.push(message),
        }
    }
    let trace = match unreadable.into_iter().next() {
        Some(message) => Err(message),
        None => match trace::read(&files) {
            Ok(trace) => Ok(trace),
            Err(trace::Error { file, error }) => {
                let (name, bytes) = &files[file];
                Err(report_wrong(name, bytes, error, err)?)
            }
        },
    };
    let judged = trace.map(|trace| {
        let judgement = trace::judge(&trace);
        (trace, judgement)
    });
    let end = match &judged {
        Ok((_, judgement)) => end(judgement),
        Err(_) => End::Unusable,
    };
    match args.format {
        Format::Human => {
            if let Ok((trace, judgement)) = &judged {
                human(trace, judgement, out)?;
            }
        }
        Format::Json => {
            let row = match &judged {
                Ok((trace, judgement)) => row(trace, judgement),
                Err(message) => Row { message: Some(message.clone()), ..Row::default() },
            };
            serde_json::to_writer_pretty(&mut *out, &row).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(end)
}

fn end(judgement: &Judgement) -> End {
    let checked = JUDGED.iter().any(|property| judgement.exercised[*property as usize] > 0);
    match (&judgement.violation, checked) {
        (Some(_), _) => End::Violated,
        (None, true) => End::Held,
        (None, false) => End::Undecided,
    }
}

fn human(trace: &Trace, judgement: &Judgement, out: &mut dyn Write) -> io::Result<()> {
    let Judgement { violation, exercised, unchecked, .. } = judgement;
    write!(
        out,
        "{} of {}: ",
        number(trace.len(), "event"),
        number(trace.servers().count(), "server")
    )?;
    match (violation, end(judgement)) {
        (Some((Violation { property, .. }, _)), _) => {
            writeln!(out, "{BAD}{} violated{BAD:#}", property.title())?;
        }
        (None, End::Held) => writeln!(out, "{GOOD}all held{GOOD:#}")?,
        (None, _) => writeln!(out, "{BAD}nothing could be checked{BAD:#}")?,
    }
    for (id, name) in trace.renamed() {
        writeln!(out, "{ASIDE}{id} is {name}{ASIDE:#}")?;
    }
    if let Some((violation, events)) = violation {
        writeln!(out, "{violation}")?;
        heading(out, "The events that show it")?;
        for at in events {
            writeln!(out, "  {}", described(trace, *at))?;
        }
    }
    heading(out, "What was checked, and how often")?;
    for property in JUDGED {
        let count = match exercised[property as usize] {
            0 => "not checked".to_owned(),
            count => count.to_string(),
        };
        let (title, section) = (property.title(), property.section());
        writeln!(out, "  {title:<28}{section:<20}{count:>13}")?;
    }
    if !unchecked.is_empty() {
        heading(out, "What could not be checked")?;
        for what in unchecked {
            writeln!(out, "  {what}")?;
        }
    }
    Ok(())
}

/// An event, with its place and the time of its server's clock.
fn described(trace: &Trace, at: At) -> String {
    let event = trace.event(at);
    let file = trace.file(event);
    let time = event.time.as_ref().map(|time| format!(" (at {time} by its clock)"));
    format!("{file}:{}: {} {}{}", event.line, event.server, event.what, time.unwrap_or_default())
}

fn number(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The whole result; for a trace that can't be used, only the message.
#[derive(Serialize)]
struct Row {
    /// `held`, `violated`, `nothing-checked` or `unusable`
    verdict: &'static str,
    /// The property's name.
    property: Option<&'static str>,
    section: Option<&'static str>,
    message: Option<String>,
    /// The events that show it.
    events: Vec<Shown>,
    checked: Vec<Checked>,
    unchecked: Vec<String>,
}

#[derive(Serialize)]
struct Shown {
    file: String,
    line: u32,
    server: String,
    what: String,
}

#[derive(Serialize)]
struct Checked {
    property: &'static str,
    times: u64,
}

impl Default for Row {
    fn default() -> Row {
        Row {
            verdict: "unusable",
            property: None,
            section: None,
            message: None,
            events: Vec::new(),
            checked: Vec::new(),
            unchecked: Vec::new(),
        }
    }
}

fn row(trace: &Trace, judgement: &Judgement) -> Row {
    let Judgement { violation, exercised, unchecked, .. } = judgement;
    let verdict = match (violation, end(judgement) == End::Held) {
        (Some(_), _) => "violated",
        (None, true) => "held",
        (None, false) => "nothing-checked",
    };
    let checked = |property: Property| Checked {
        property: property.name(),
        times: exercised[property as usize],
    };
    let shown = |at: &At| {
        let event = trace.event(*at);
        Shown {
            file: trace.file(event).to_owned(),
            line: event.line,
            server: trace.name(event.server).to_owned(),
            what: event.what.to_string(),
        }
    };
    let seen = violation.as_ref().map(|(violation, _)| violation);
    Row {
        verdict,
        property: seen.map(|violation| violation.property.name()),
        section: seen.map(|violation| violation.property.section()),
        message: seen.map(Violation::to_string),
        events: violation.iter().flat_map(|(_, events)| events).map(shown).collect(),
        checked: JUDGED.map(checked).into(),
        unchecked: unchecked.clone(),
    }
}
