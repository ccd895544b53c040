//! Options of a campaign, as plain data.

use serde::{Deserialize, Serialize};

use super::Part;
use crate::plan::PlanOptions;

/// Options of a campaign. Two campaigns of an implementation with equal [`SeedOptions`] are the same one with other
/// seeds: their results can be joined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The seeds: all there are by default, and no campaign comes to the end of these.
    pub part: Part,
    /// Options of each seed.
    pub each: SeedOptions,
    /// Limits that end the campaign before its last seed.
    pub limits: Limits,
}

/// Options of each seed of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedOptions {
    /// The plan options. Capabilities that are not given are those of the implementation.
    pub plan: PlanOptions,
    /// Run every seed twice, not only one in 64, to detect nondeterminism.
    pub twice: bool,
    /// Shrink findings to scenarios.
    pub shrink: bool,
    /// Change plans that reach rare states, instead of drawing each plan from its seed: the [guide](crate::guide).
    pub guided: bool,
}

/// Limits that end a campaign before its last seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// End at this many distinct findings.
    pub findings: Option<u64>,
    /// End at the seed with which this many steps have been taken.
    pub steps: Option<u64>,
}

impl Default for SeedOptions {
    fn default() -> SeedOptions {
        SeedOptions { plan: PlanOptions::default(), twice: false, shrink: true, guided: false }
    }
}

impl SeedOptions {
    /// The options beside those of the plan, for a reader: `run, shrunk`.
    pub(super) fn done(&self) -> String {
        let run = if self.twice { "run twice" } else { "run" };
        let shrunk = if self.shrink { "shrunk" } else { "not shrunk" };
        let guided = if self.guided { ", guided" } else { "" };
        format!("{run}, {shrunk}{guided}")
    }

    /// Reads the texts of files of version 1: plan options as those of a command, and the others as [`SeedOptions::done`]
    /// writes them.
    pub(super) fn of_version_1(plan: &str, done: &str) -> Result<SeedOptions, String> {
        let mut options = SeedOptions { plan: PlanOptions::parse(plan)?, ..SeedOptions::default() };
        for word in done.split(", ") {
            match word {
                "run" | "shrunk" => {}
                "run twice" => options.twice = true,
                "not shrunk" => options.shrink = false,
                "guided" => options.guided = true,
                _ => return Err(format!("nothing that is done with a seed is called `{word}`")),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_data_and_what_is_left_out_has_its_default() {
        let options = Options {
            part: (3..20).into(),
            each: SeedOptions { guided: true, shrink: false, ..SeedOptions::default() },
            limits: Limits { findings: Some(1), steps: None },
        };
        let text = serde_json::to_string(&options).expect("they are data");
        assert_eq!(serde_json::from_str::<Options>(&text).expect("they are data"), options);
        let some: Options =
            serde_json::from_str(r#"{"each":{"plan":{"servers":3}}}"#).expect("data");
        let plan = PlanOptions { servers: Some(3), ..PlanOptions::default() };
        let each = SeedOptions { plan, ..SeedOptions::default() };
        assert_eq!(some, Options { each, ..Options::default() });
        serde_json::from_str::<Options>(r#"{"seeds":"0..9"}"#).expect_err("not ignored");
    }

    #[test]
    fn what_version_1_says_is_read_back() {
        for (twice, shrink, guided) in
            [(false, true, false), (true, false, false), (false, false, true)]
        {
            let plan = PlanOptions { servers: Some(3), ..PlanOptions::default() };
            let options = SeedOptions { plan, twice, shrink, guided };
            let read = SeedOptions::of_version_1("--servers 3", &options.done());
            assert_eq!(read, Ok(options));
        }
        let error = SeedOptions::of_version_1("", "run, painted").expect_err("it is unknown");
        assert!(error.contains("`painted`"), "{error}");
    }
}
