//! The header of results: the first line of their file, which identifies their campaign.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Caller, Kind, Options, Part, SeedOptions};

/// The name of the format.
const FORMAT: &str = "raft-sim results";
/// The version of the format that is written. Version 1 is read as well: its options are texts.
const VERSION: u32 = 2;

/// The header of results: which campaign they are of. Its private fields say what format this is, and what ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    format: String,
    version: u32,
    program: String,
    /// The beginning and the end of commands.
    #[serde(default)]
    caller: Caller,
    implementation: String,
    /// Options of each seed.
    pub options: SeedOptions,
    /// The seeds. One part if one process runs them.
    pub parts: Vec<Part>,
}

impl Header {
    /// The header of a campaign of an implementation.
    pub(super) fn new(caller: Caller, implementation: &str, options: &Options) -> Header {
        Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            caller,
            implementation: implementation.to_owned(),
            options: options.each.clone(),
            parts: vec![options.part],
        }
    }

    /// The name of the implementation that was tested.
    #[must_use]
    pub fn implementation(&self) -> &str {
        &self.implementation
    }

    /// Reads the first line of a file.
    pub(super) fn read(line: &[u8]) -> Result<Header, String> {
        /// The fields that the first line of every version has.
        #[derive(Deserialize)]
        struct Any {
            format: String,
            version: u32,
        }
        let any: Any = serde_json::from_slice(line)
            .map_err(|_| "is not a file of results, or its first line is damaged".to_owned())?;
        if any.format != FORMAT {
            return Err(format!("is no file of results: its format is `{}`", any.format));
        }
        let header = match any.version {
            VERSION => serde_json::from_slice(line).map_err(|error| error.to_string()),
            1 => Header::of_version_1(line),
            version => {
                return Err(format!(
                    "is of version {version} of the format; this program knows version {VERSION} and those before it"
                ));
            }
        };
        let header = header.map_err(|error| format!("its first line is damaged: {error}"))?;
        let sound = |part: &Part| part.shard < part.of && part.from <= part.end();
        if header.parts.is_empty() || !header.parts.iter().all(sound) {
            return Err("its first line is damaged: these are no seeds".to_owned());
        }
        Ok(header)
    }

    fn of_version_1(line: &[u8]) -> Result<Header, String> {
        #[derive(Deserialize)]
        struct Old {
            format: String,
            program: String,
            #[serde(default)]
            caller: Caller,
            implementation: String,
            #[serde(rename = "wishes")]
            plan_options: String,
            each: String,
            parts: Vec<Part>,
        }
        let old: Old = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let Old { format, program, caller, implementation, plan_options, each, parts } = old;
        let options = SeedOptions::of_version_1(&plan_options, &each)?;
        Ok(Header { format, version: VERSION, program, caller, implementation, options, parts })
    }

    /// The command that runs a seed as it was run here.
    #[must_use]
    pub fn replay(&self, seed: u64) -> String {
        self.caller.replay(seed, &self.options.plan)
    }

    /// The command that shows the finding of a seed again: one run does not show that two differ.
    #[must_use]
    pub fn show(&self, kind: Kind, seed: u64) -> String {
        if kind != Kind::NotRepeatable {
            return self.replay(seed);
        }
        let (next, plan) = (seed.saturating_add(1), &self.options.plan);
        let command = format!("fuzz --check-determinism --seeds {seed}..{next} {plan}");
        self.caller.command(command.trim_end())
    }

    /// The command that runs a plan in a file.
    #[must_use]
    pub fn replay_plan(&self, path: &Path) -> String {
        self.caller.replay_plan(path)
    }

    /// Its seeds, for a reader.
    #[must_use]
    pub fn seeds(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(Part::to_string).collect();
        parts.join("; ")
    }

    /// The first difference, apart from the seeds, that makes the two headers ones of different campaigns.
    pub(super) fn differs(&self, other: &Header) -> Option<String> {
        let rows = |header: &Header| {
            let Header { program, implementation, caller, options, .. } = header;
            let capabilities = options.plan.capabilities.iter().flatten();
            let capabilities: Vec<&str> =
                capabilities.map(|capability| capability.word()).collect();
            [
                ("the program's version", program.clone()),
                ("the implementation", implementation.clone()),
                ("the subject", caller.subject.clone().unwrap_or_default()),
                ("the set of plan options", options.plan.to_string()),
                ("the set of capabilities", capabilities.join(", ")),
                ("what is done with each seed", options.done()),
            ]
        };
        let rows = std::iter::zip(rows(self), rows(other));
        let mut differ = rows.filter(|((_, one), (_, other))| one != other);
        differ
            .next()
            .map(|((what, one), (_, other))| format!("{what} differs: `{one}` and `{other}`"))
    }
}
