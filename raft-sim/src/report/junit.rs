//! Results as JUnit's XML, for build servers.

use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::campaign::Caller;
use crate::timeline::texts;

use super::{Case, Report, Result};

/// Writes all results. `times` are those of the first cases, in their order.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, times: &[Duration], out: &mut dyn Write) -> io::Result<()> {
    let mut suite = TestSuite::new("scenarios");
    for (place, case) in report.cases.iter().enumerate() {
        let mut test_case = test_case(case, &report.caller);
        if let Some(&time) = times.get(place) {
            test_case.set_time(time);
        }
        suite.add_test_case(test_case);
    }
    if !times.is_empty() {
        suite.set_time(times.iter().sum::<Duration>());
    }
    let mut document = quick_junit::Report::new("raft-sim");
    document.add_test_suite(suite);
    // By way of a string, so that an error of `out` keeps its kind.
    let text = document.to_string().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

fn test_case(case: &Case, caller: &Caller) -> TestCase {
    let status = match &case.result {
        Result::Passed => TestCaseStatus::success(),
        Result::Skipped(skip) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(skip.to_string());
            status
        }
        Result::Failed(failed) => {
            let failure = &failed.failure;
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(format!("line {}: {}", failure.line, failure.message));
            status.set_description(format!(
                "{}:{}: {}\n{}\n\n{}\n\n{}",
                case.file,
                failure.line,
                failure.message,
                failed.text,
                texts(&failed.steps).join("\n"),
                case.replay(caller)
            ));
            status
        }
        Result::Unusable { message, .. } => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(message.clone());
            status
        }
    };
    let mut test_case = TestCase::new(case.file.clone(), status);
    test_case.set_classname(case.paper.clone());
    test_case
}
