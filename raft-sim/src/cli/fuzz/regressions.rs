//! A file of seeds that failed: they are run first, and new ones are added.
//!
//! ```text
//! # seeds that failed, one a line
//! 17  # Justified Vote
//! ```

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Args;
use crate::campaign::{
    Campaign, Finding, Header, Limits, Options, Runner, SeedOptions, Sink, Watch,
};
use crate::cli::subject::Target;
use crate::cli::{Error, files, values};
use crate::report::{End, human};

/// The seeds of a file.
pub(super) struct Regressions {
    path: PathBuf,
    seeds: Vec<u64>,
}

impl Regressions {
    /// Reads a file; one that is not there has no seeds.
    pub(super) fn read(path: &Path) -> Result<Regressions, Error> {
        let name = path.display();
        let text = match path.exists() {
            true => files::read(path).map_err(Error::Message)?,
            false => Vec::new(),
        };
        let mut seeds = Vec::new();
        for (number, line) in (1..).zip(String::from_utf8_lossy(&text).lines()) {
            let seed = line.split('#').next().unwrap_or_default().trim();
            if !seed.is_empty() {
                let wrong = |why| Error::Message(format!("{name}: line {number}: `{seed}`: {why}"));
                seeds.push(values::seed(seed).map_err(wrong)?);
            }
        }
        Ok(Regressions { path: path.to_owned(), seeds })
    }

    /// Runs the seeds until the watch asks to stop, and prints what each does now. Returns the worst end of them.
    pub(super) fn run(
        &self,
        args: &Args,
        target: &Target<'_>,
        watch: &dyn Watch,
        out: &mut dyn Write,
    ) -> Result<End, Error> {
        let mut ends = Vec::new();
        for &seed in self.seeds.iter().take_while(|_| !watch.stop()) {
            let plan = args.plan_options.said().clone();
            let twice = args.check_determinism;
            let each = SeedOptions { plan, twice, shrink: false, ..SeedOptions::default() };
            let part = (seed..seed.saturating_add(1)).into();
            let options = Options { part, each, limits: Limits::default() };
            let runner = Runner::new(options, target.implementation());
            let runner = runner.caller(target.caller.clone()).watch(watch);
            let ended = runner.run(&mut Printer(&mut *out))?;
            if ended.campaign.sums.seeds > 0 {
                let end = crate::cli::results::end(&ended.campaign);
                if end == End::Held {
                    writeln!(out, "seed {seed} of {} holds", self.path.display())?;
                }
                ends.push(end);
            }
        }
        Ok(End::of(ends))
    }

    /// Adds the first seed of each finding that is not there yet.
    pub(super) fn add(&self, campaign: &Campaign) -> Result<(), Error> {
        let firsts = campaign.findings.symptoms().map(|(first, _)| first);
        let new: String = firsts
            .filter(|first| !self.seeds.contains(&first.seed))
            .map(|first| format!("{}  # {}\n", first.seed, first.kind.title()))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let file = OpenOptions::new().append(true).create(true).open(&self.path);
        file.and_then(|mut file| file.write_all(new.as_bytes())).map_err(|error| {
            Error::Message(format!("{}: cannot be written: {error}", self.path.display()))
        })
    }
}

/// Prints each finding.
struct Printer<'a>(&'a mut dyn Write);

impl Sink for Printer<'_> {
    fn finding(&mut self, header: &Header, finding: &Finding) -> io::Result<()> {
        human::finding(header, finding, None, self.0)
    }
}
