//! Results for a reader: a line for each case, then the details of each failure; and the findings of a campaign.

use std::io::{self, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::campaign::{Caller, Finding, Header, scenarios};
use crate::timeline::texts;

use super::{BAD, Case, Failed, GOOD, Report, Result, Summary, width};

const SKIPPED: Style = AnsiColor::Yellow.on_default();

/// Writes all results.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let names = width(report.cases.iter().map(|case| case.file.as_str()));
    report.cases.iter().try_for_each(|case| line(case, names, out))?;
    failures(report, out)
}

/// Writes a case in one line. The names of files are `names` characters wide.
///
/// # Errors
/// Those of `out`.
pub(crate) fn line(case: &Case, names: usize, out: &mut dyn Write) -> io::Result<()> {
    let (file, title) = (&case.file, &case.title);
    match &case.result {
        Result::Passed => writeln!(out, "{GOOD}passed{GOOD:#}   {file:<names$}  {title}"),
        Result::Skipped(skip) => {
            writeln!(out, "{SKIPPED}skipped{SKIPPED:#}  {file:<names$}  {title}: {skip}")
        }
        Result::Failed(Failed { failure, .. }) => {
            let message = failure.message.lines().next().unwrap_or_default();
            let line = failure.line;
            writeln!(out, "{BAD}FAILED{BAD:#}   {file:<names$}  line {line}: {message}")
        }
        Result::Unusable { message, .. } => {
            let message = message.strip_prefix(file.as_str()).unwrap_or(message);
            let message = message.trim_start_matches(':');
            writeln!(out, "{BAD}ERROR{BAD:#}    {file:<names$}  {}", message.trim_start())
        }
    }
}

/// Writes the details of each failure, and the number of cases with each result.
///
/// # Errors
/// Those of `out`.
pub(crate) fn failures(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for case in &report.cases {
        if let Result::Failed(failed) = &case.result {
            failure(case, failed, &report.caller, out)?;
        }
    }
    let Summary { passed, failed, skipped, unusable } = report.summary();
    write!(out, "\n{passed} passed, {failed} failed, {skipped} skipped")?;
    match unusable {
        0 => writeln!(out),
        unusable => writeln!(out, ", {unusable} that could not be read"),
    }
}

/// Writes the details of a failure, with an empty line before them.
///
/// # Errors
/// Those of `out`.
pub fn failure(
    case: &Case,
    failed: &Failed,
    caller: &Caller,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Failed { failure, text, steps, .. } = failed;
    let (file, line) = (&case.file, failure.line);
    writeln!(out, "\n{BAD}{file}:{line}{BAD:#}  {} ({})", case.title, case.paper)?;
    for part in failure.message.lines() {
        writeln!(out, "  {part}")?;
    }
    writeln!(out, "\n  {line:>4} | {text}")?;
    if !steps.is_empty() {
        writeln!(out, "\n  The last steps before it:")?;
    }
    for step in texts(steps) {
        writeln!(out, "  {step}")?;
    }
    writeln!(out, "\n  To see all of it: {}", case.replay(caller))
}

/// Writes a finding: its seed, the command that replays it, and the evidence. `file` is the file of results, if there is one.
///
/// # Errors
/// Those of `out`.
pub fn finding(
    header: &Header,
    finding: &Finding,
    file: Option<&Path>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Finding { seed, kind, detail, .. } = finding;
    let title = kind.title();
    let replay = match (&finding.plan, file) {
        (Some(_), Some(file)) => header.replay_plan(&scenarios(file).join(finding.plan_file())),
        (Some(_), None) => format!("its plan is beside its results: {}", finding.plan_file()),
        (None, _) => header.show(*kind, *seed),
    };
    writeln!(out, "{BAD}seed {seed}{BAD:#}  {title}  {replay}")?;
    writeln!(out, "  {detail}")
}

/// Writes what a finding was shrunk to, below the one line that names it. The scenario is in a file if the results are; otherwise
/// it is written as well.
///
/// # Errors
/// Those of `out`.
pub fn scenario(finding: &Finding, file: Option<&Path>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(note) = &finding.note {
        writeln!(out, "  {note}")?;
    }
    match (&finding.scenario, file) {
        (Some(_), Some(file)) => {
            writeln!(out, "  {}", scenarios(file).join(finding.file()).display())
        }
        (Some(scenario), None) => scenario.lines().try_for_each(|line| match line {
            "" => writeln!(out),
            line => writeln!(out, "    {line}"),
        }),
        (None, _) => Ok(()),
    }
}
