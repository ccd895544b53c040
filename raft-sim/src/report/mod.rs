//! What replaying scenarios came to, and how it is written: for a reader, as JSON, as JUnit's XML.
//!
//! A report is a function of the results: it shows no clock and no machine, and cases stand in the order
//! in which they were given.

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
use crate::scenario::replay::{Failure, FailureKind, Verdict, replay};
use crate::scenario::source::Source;
use crate::scenario::syntax::Scenario;
use crate::subject::{Capability, Implementation};
use crate::timeline::{Line, Recorder};

/// How many steps before a violation or a failure are told.
pub(crate) const LAST_STEPS: usize = 20;

/// How a command of the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All held.
    Held,
    /// A property was violated, or an expectation failed.
    Violated,
    /// Some file could not be used; it was told.
    Unusable,
    /// Nothing but progress was missing.
    Stuck,
    /// Nobody knows: the check gave up.
    Undecided,
    /// What is under test does different things when it is told the same.
    Unrepeatable,
    /// All held so far, and then somebody asked it to stop.
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

    /// How the whole of several ended: a file that can't be used weighs most, since nobody knows what it would have
    /// shown; missing progress weighs least.
    #[must_use]
    pub fn of(ends: impl IntoIterator<Item = End>) -> End {
        let weight = |end: &End| match end {
            End::Held | End::Interrupted => 0,
            End::Stuck => 1,
            End::Undecided => 2,
            End::Violated => 3,
            End::Unrepeatable => 4,
            End::Unusable => 5,
        };
        ends.into_iter().max_by_key(weight).unwrap_or(End::Held)
    }
}

/// What a good end looks like in a terminal.
#[cfg(feature = "cli")]
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What a bad end looks like in a terminal.
#[cfg(feature = "cli")]
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// All results, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How the commands in it begin and end.
    pub caller: Caller,
    /// One for each file.
    pub cases: Vec<Case>,
}

/// What became of one scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its path.
    pub file: String,
    /// What it says holds; empty if the file could not be used.
    pub title: String,
    /// Where the paper describes it; empty if the file could not be used.
    pub paper: String,
    /// How it ended.
    pub result: Result,
}

/// How a scenario file ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Result {
    /// Every expectation held, and every oracle.
    Passed,
    /// The implementation lacks what it requires.
    Skipped(Vec<Capability>),
    /// Something did not hold.
    Failed(Failed),
    /// The file can't be read, or has an error in its text.
    Unusable {
        /// The line of the error, from 1, if it is one of the text.
        line: Option<u32>,
        /// What is wrong, in one line that begins with the file's path.
        message: String,
    },
}

/// What did not hold, and what led there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Where, and what.
    pub failure: Failure,
    /// The text of that line.
    pub text: String,
    /// The last steps before it.
    pub steps: Vec<Line>,
}

/// How many cases ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Every expectation held, and every oracle.
    pub passed: usize,
    /// Something did not hold.
    pub failed: usize,
    /// The implementation lacks what is required.
    pub skipped: usize,
    /// The file could not be used.
    pub unusable: usize,
}

impl Summary {
    /// That of these cases.
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
    /// How many cases ended in which way.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.cases)
    }

    /// How the whole ended, as [`End::of`] puts it.
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
    /// Replays a scenario, and once more if it fails, for the last steps before that.
    #[must_use]
    pub fn judge(
        source: &Source,
        scenario: &Scenario,
        implementation: &dyn Implementation,
    ) -> Case {
        let mut last = Recorder::last(LAST_STEPS);
        let result = match replay(scenario, implementation, &mut last) {
            Verdict::Passed => Result::Passed,
            Verdict::Skipped(lacking) => Result::Skipped(lacking),
            Verdict::Failed(failure) => {
                let at = failure.line.saturating_sub(1) as usize;
                let text = source.text().lines().nth(at).unwrap_or_default().trim_end().to_owned();
                Result::Failed(Failed { failure, text, steps: last.into_lines() })
            }
        };
        Case {
            file: source.name().to_owned(),
            title: scenario.header.title.clone(),
            paper: scenario.header.paper.clone(),
            result,
        }
    }

    /// The command that shows what happened, statement by statement.
    #[must_use]
    pub fn replay(&self, caller: &Caller) -> String {
        caller.command(&format!("explain {}", quoted(&self.file)))
    }
}

/// How the program ends if this was the worst failure.
pub(crate) fn failure_end(kind: FailureKind) -> End {
    match kind {
        FailureKind::Violation | FailureKind::Statement => End::Violated,
        FailureKind::Liveness => End::Stuck,
    }
}

/// What is required: `requires forge, no-op`.
pub(crate) fn requires(capabilities: &[Capability]) -> String {
    let labels: Vec<&str> = capabilities.iter().map(|capability| capability.word()).collect();
    format!("requires {}", labels.join(", "))
}

/// How many characters wide the widest text is.
#[cfg(feature = "cli")]
pub(crate) fn width<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}
