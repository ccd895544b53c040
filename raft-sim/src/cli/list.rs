//! `raft-sim list`: the available scenarios.

use std::io::Write;
use std::path::PathBuf;

use super::Error;
use super::output::load_or_report;
use crate::report::{End, requires, width};

/// List scenarios: their places in the paper, files, titles and required capabilities
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario files, and folders to search for files that end in .raft; a path that is not on the disk is looked for
    /// among the scenarios that come with the program
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
}

pub(super) fn list(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> Result<End, Error> {
    let files = super::test::files(&args.paths)?;
    let mut rows = Vec::new();
    let mut end = End::Held;
    for path in files {
        match load_or_report(&path, err)? {
            Some((_, scenario)) => rows.push((path.display().to_string(), scenario.header)),
            None => end = End::Unusable,
        }
    }
    let papers = width(rows.iter().map(|(_, header)| header.paper.as_str()));
    let names = width(rows.iter().map(|(file, _)| file.as_str()));
    for (file, header) in &rows {
        let (paper, title) = (&header.paper, &header.title);
        write!(out, "{paper:<papers$}  {file:<names$}  {title}")?;
        match header.requires.as_slice() {
            [] => writeln!(out)?,
            needed => writeln!(out, "  ({})", requires(needed))?,
        }
    }
    Ok(end)
}
