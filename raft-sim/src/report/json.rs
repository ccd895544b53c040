//! Results as one JSON object: `{summary, scenarios: [{file, title, paper, verdict, line, message, seconds}]}`.

use std::io::{self, Write};
use std::time::Duration;

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
    /// The time that the replay took, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

/// Writes all results. `line` and `message` may be null. `times` are those of the first cases, in their order.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, times: &[Duration], out: &mut dyn Write) -> io::Result<()> {
    let rows = report.cases.iter().enumerate().map(|(place, case)| row(case, times.get(place)));
    let document = Document { summary: report.summary(), scenarios: rows.collect() };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn row<'c>(case: &'c Case, time: Option<&Duration>) -> Row<'c> {
    let (verdict, line, message) = match &case.result {
        Result::Passed => ("passed", None, None),
        Result::Skipped(skip) => ("skipped", None, Some(skip.to_string())),
        Result::Failed(failed) => {
            let failure = &failed.failure;
            ("failed", Some(failure.line), Some(failure.message.clone()))
        }
        Result::Unusable { line, message } => ("unusable", *line, Some(message.clone())),
    };
    let (file, title, paper) = (&case.file, &case.title, &case.paper);
    let seconds = time.map(Duration::as_secs_f64);
    Row { file, title, paper, verdict, line, message, seconds }
}
