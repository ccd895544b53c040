//! Results as one JSON object: `{summary, scenarios: [{file, title, paper, verdict, line, message}]}`.

use std::io::{self, Write};

use serde::Serialize;

use super::{Case, Report, Result, Summary};

#[derive(Serialize)]
struct Document<'r> {
    summary: Summary,
    scenarios: Vec<Row<'r>>,
}

#[derive(Serialize)]
struct Row<'r> {
    file: &'r str,
    title: &'r str,
    paper: &'r str,
    /// `passed`, `failed`, `skipped` or `unusable`
    verdict: &'static str,
    line: Option<u32>,
    message: Option<String>,
}

/// Writes all results. `line` and `message` may be null.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let document =
        Document { summary: report.summary(), scenarios: report.cases.iter().map(row).collect() };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn row(case: &Case) -> Row<'_> {
    let (verdict, line, message) = match &case.result {
        Result::Passed => ("passed", None, None),
        Result::Skipped(skip) => ("skipped", None, Some(skip.to_string())),
        Result::Failed(failed) => {
            let failure = &failed.failure;
            ("failed", Some(failure.line), Some(failure.message.clone()))
        }
        Result::Unusable { line, message } => ("unusable", *line, Some(message.clone())),
    };
    Row { file: &case.file, title: &case.title, paper: &case.paper, verdict, line, message }
}
