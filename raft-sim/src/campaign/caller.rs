//! The commands that reports name: their program and their subject.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::plan::PlanOptions;

/// The beginning and the end of the commands that reports name, so that a command repeats what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The program.
    pub program: String,
    /// The command of the child that is under test, if it is one.
    pub subject: Option<String>,
    /// True if the program's own Raft runs in its host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub host: bool,
}

impl Default for Caller {
    fn default() -> Caller {
        Caller { program: "raft-sim".to_owned(), subject: None, host: false }
    }
}

impl Caller {
    /// The whole command for `rest`: `raft-sim run --seed 7` for `run --seed 7`.
    #[must_use]
    pub fn command(&self, rest: &str) -> String {
        format!("{} {rest}{}", self.program, self.option())
    }

    /// The command that runs a seed with these plan options.
    #[must_use]
    pub fn replay(&self, seed: u64, plan_options: &PlanOptions) -> String {
        self.command(format!("run --seed {seed} {plan_options}").trim_end())
    }

    /// The command that runs a plan in a file.
    #[must_use]
    pub fn replay_plan(&self, path: &Path) -> String {
        self.command(&format!("run --plan {}", quoted(&path.display().to_string())))
    }

    /// The option `--subject` or `--host`, with a space before it; empty if the program's own Raft is under test.
    fn option(&self) -> String {
        if self.host {
            return " --host".to_owned();
        }
        self.subject
            .as_deref()
            .map_or_else(String::new, |subject| format!(" --subject {}", quoted(subject)))
    }
}

/// Quotes a text, if need be, so that a shell takes it for one word.
#[must_use]
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_replays_a_seed_has_its_plan_options() {
        let caller = |subject: Option<&str>| Caller {
            program: "raft-sim".to_owned(),
            subject: subject.map(str::to_owned),
            host: false,
        };
        let plan_options =
            PlanOptions::parse("--servers 3 --faults none").expect("these are options");
        assert_eq!(
            caller(Some("./my raft")).replay(7, &plan_options),
            "raft-sim run --seed 7 --servers 3 --faults none --subject './my raft'"
        );
        assert_eq!(caller(None).replay(7, &PlanOptions::default()), "raft-sim run --seed 7");
    }
}
