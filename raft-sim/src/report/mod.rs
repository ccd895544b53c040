//! Reports on replayed scenarios: for a reader, as JSON, as JUnit's XML.
//!
//! A report is a function of the results. Only JSON and JUnit's XML have the times of the cases, if these are given. Cases
//! keep the order in which they were given.

#[cfg(feature = "cli")]
pub mod conformance;
#[cfg(feature = "cli")]
pub mod human;
pub mod json;
#[cfg(feature = "cli")]
pub mod junit;
#[cfg(all(test, feature = "cli"))]
mod tests;

#[cfg(feature = "cli")]
use anstyle::{AnsiColor, Style};

use crate::campaign::{Caller, quoted};
use crate::observation::Observer;
use crate::scenario::replay::{Failure, FailureKind, Skip, Verdict, replay};
use crate::scenario::source::Source;
use crate::scenario::syntax::{Scenario, Statement, Step};
use crate::subject::Implementation;
use crate::timeline::{Line, Recorder};

/// The number of steps that are shown before a violation or a failure.
pub(crate) const LAST_STEPS: usize = 20;

/// The end of a command of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All held.
    Held,
    /// A property was violated, or an expectation failed.
    Violated,
    /// A file could not be used.
    Unusable,
    /// The only failures are ones of liveness.
    Stuck,
    /// The check gave up, or nothing was checked: the answer is unknown.
    Undecided,
    /// The implementation under test is nondeterministic.
    Unrepeatable,
    /// All held until the command was interrupted.
    Interrupted,
}

impl End {
    /// The program's exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            End::Held => 0,
            End::Violated => 1,
            End::Unusable => 2,
            End::Stuck => 3,
            End::Undecided => 4,
            End::Unrepeatable => 5,
            End::Interrupted => 130,
        }
    }

    /// The end of several together. A file that can't be used weighs most, since it might have shown anything; missing
    /// progress weighs least.
    #[must_use]
    pub fn of(ends: impl IntoIterator<Item = End>) -> End {
        let weight = |end: &End| match end {
            End::Held => 0,
            End::Interrupted => 1,
            End::Stuck => 2,
            End::Undecided => 3,
            End::Violated => 4,
            End::Unrepeatable => 5,
            End::Unusable => 6,
        };
        ends.into_iter().max_by_key(weight).unwrap_or(End::Held)
    }
}

/// The style of a good end in a terminal.
#[cfg(feature = "cli")]
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// The style of a bad end in a terminal.
#[cfg(feature = "cli")]
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// All results, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The beginning and the end of the commands in it.
    pub caller: Caller,
    /// One for each file.
    pub cases: Vec<Case>,
}

/// The result of one scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its path.
    pub file: String,
    /// Its title: the claim that it makes; empty if the file could not be used.
    pub title: String,
    /// Its place in the paper; empty if the file could not be used.
    pub paper: String,
    /// True if its servers have different settings.
    pub is_mixed: bool,
    /// The result.
    pub result: Result,
}

/// The result of a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Result {
    /// Every expectation and every property held.
    Passed,
    /// The implementation can't do what the scenario is about.
    Skipped(Skip),
    /// An expectation or a property did not hold.
    Failed(Failed),
    /// The file can't be read, or has an error in its text.
    Unusable {
        /// The line of the error, from 1, if it is one of the text.
        line: Option<u32>,
        /// The error, in one line that begins with the file's path.
        message: String,
    },
}

/// A failure, and the steps that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The failure.
    pub failure: Failure,
    /// The text of that line.
    pub text: String,
    /// The last steps before it.
    pub steps: Vec<Line>,
    /// The text of a short scenario that fails in the same way, if it was looked for.
    pub short: Option<String>,
}

/// The number of cases with each result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Cases in which every expectation and every property held.
    pub passed: usize,
    /// Cases in which something did not hold.
    pub failed: usize,
    /// Cases that the implementation can't do: it lacks a capability, for example.
    pub skipped: usize,
    /// Cases whose file could not be used.
    pub unusable: usize,
}

impl Summary {
    /// The summary of these cases.
    pub(crate) fn of<'c>(cases: impl IntoIterator<Item = &'c Case>) -> Summary {
        let mut summary = Summary::default();
        for case in cases {
            let count = match &case.result {
                Result::Passed => &mut summary.passed,
                Result::Skipped(_) => &mut summary.skipped,
                Result::Failed(_) => &mut summary.failed,
                Result::Unusable { .. } => &mut summary.unusable,
            };
            *count += 1;
        }
        summary
    }
}

impl Report {
    /// The number of cases with each result.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.cases)
    }

    /// The end of the whole, by [`End::of`].
    #[must_use]
    pub fn end(&self) -> End {
        let ends = self.cases.iter().map(|case| match &case.result {
            Result::Passed | Result::Skipped(_) => End::Held,
            Result::Failed(failed) => failure_end(failed.failure.kind),
            Result::Unusable { .. } => End::Unusable,
        });
        End::of(ends)
    }
}

impl Case {
    /// Replays a scenario; if it fails, the case has the last steps before that.
    #[must_use]
    pub fn judge(
        source: &Source,
        scenario: &Scenario,
        implementation: &dyn Implementation,
    ) -> Case {
        Case::judge_watched(source, scenario, implementation, &mut ())
    }

    /// The same as [`Case::judge`] with an observer, which may end the replay: the case counts as passed then.
    pub(crate) fn judge_watched(
        source: &Source,
        scenario: &Scenario,
        implementation: &dyn Implementation,
        observer: &mut dyn Observer,
    ) -> Case {
        let mut last = Recorder::last(LAST_STEPS);
        let result = match replay(scenario, implementation, &mut (&mut last, observer)) {
            Verdict::Passed => Result::Passed,
            Verdict::Skipped(skip) => Result::Skipped(skip),
            Verdict::Failed(failure) => {
                let at = failure.line.saturating_sub(1) as usize;
                let text = source.text().lines().nth(at).unwrap_or_default().trim_end().to_owned();
                Result::Failed(Failed { failure, text, steps: last.into_lines(), short: None })
            }
        };
        Case {
            file: source.name().to_owned(),
            title: scenario.header.title.clone(),
            paper: scenario.header.paper.clone(),
            is_mixed: is_mixed(scenario),
            result,
        }
    }

    /// True if nothing is wrong with it: it passed, or was skipped.
    #[cfg(feature = "cli")]
    pub(crate) fn holds(&self) -> bool {
        match &self.result {
            Result::Passed | Result::Skipped(_) => true,
            Result::Failed(_) | Result::Unusable { .. } => false,
        }
    }

    /// The command that shows what happened, statement by statement.
    #[must_use]
    pub fn replay(&self, caller: &Caller) -> String {
        caller.command(&format!("explain {}", quoted(&self.file)))
    }
}

/// True if the servers of a scenario have different settings, from the start or after a restart.
pub(crate) fn is_mixed(scenario: &Scenario) -> bool {
    let settings = &scenario.header.settings;
    let all = scenario.header.servers.len();
    let changes = |step: &Step| matches!(&step.statement, Statement::Settings(servers, _) if servers.len() < all);
    settings.iter().any(|other| *other != settings[0]) || scenario.steps.iter().any(changes)
}

/// The end of the program if this is the worst failure.
pub(crate) fn failure_end(kind: FailureKind) -> End {
    match kind {
        FailureKind::Violation | FailureKind::Statement => End::Violated,
        FailureKind::Liveness => End::Stuck,
    }
}

/// The required capabilities as text: `requires forge, no-op`.
#[cfg(feature = "cli")]
pub(crate) fn requires(capabilities: &[crate::subject::Capability]) -> String {
    Skip::Lacks(capabilities.to_vec()).to_string()
}

/// The width of the widest text, in characters.
#[cfg(feature = "cli")]
pub(crate) fn width<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// A number with commas between its thousands: `1,234,567`.
#[cfg(feature = "cli")]
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
