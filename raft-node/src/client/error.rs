//! Reasons why an operation has no answer.

use std::fmt;

use crate::types::Problem;

/// Reason why an operation has no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientError {
    /// The servers refuse it. A command was not carried out, unless the problem says that this is unknown.
    Refused(Box<Problem>),
    /// No server gave an answer in time. The text has the last trouble.
    TimedOut {
        /// True if the command may have been carried out, or may yet be.
        maybe: bool,
        /// The last trouble.
        last: String,
    },
    /// The client can't work as it is told: no servers, say, or certificates that can't be read.
    Unusable(String),
    /// A server answered what no such server does.
    Strange(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Refused(problem) => write!(f, "{}: {}", problem.title, problem.detail),
            ClientError::TimedOut { maybe: false, last } => write!(f, "no answer in time: {last}"),
            ClientError::TimedOut { maybe: true, last } => write!(
                f,
                "no answer in time, and the command may have been carried out, or may yet be: {last}"
            ),
            ClientError::Unusable(text) | ClientError::Strange(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ClientError {}

impl ClientError {
    /// Returns whether a command may have been carried out, or may yet be.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            ClientError::Refused(problem) => is_kind(problem, "unknown-outcome"),
            ClientError::TimedOut { maybe, .. } => *maybe,
            ClientError::Strange(_) => true,
            ClientError::Unusable(_) => false,
        }
    }
}

/// Returns whether a problem is of the kind with this word.
pub(super) fn is_kind(problem: &Problem, word: &str) -> bool {
    problem.kind.strip_prefix("urn:raft-node:") == Some(word)
}
