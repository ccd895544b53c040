//! `raft-sim merge`: the results of several machines, joined into one.

use std::io::Write;
use std::path::PathBuf;

use super::{Error, results};
use crate::campaign::{Results, load, merge as join};
use crate::report::{End, human};

/// Join the results of campaigns that shared their seeds
///
/// Prints what one `raft-sim fuzz` over all these seeds would have printed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  raft-sim merge 0.jsonl 1.jsonl 2.jsonl --out all.jsonl --stats"
)]
pub(super) struct Args {
    /// Files that `raft-sim fuzz --out` or `raft-sim merge --out` wrote
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A file for the joined results; scenarios go into a folder beside it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    stats: results::Stats,
}

pub(super) fn merge(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> Result<End, Error> {
    let mut loaded = Vec::new();
    for path in &args.files {
        let file = load(path).map_err(Error::Message)?;
        for note in file.cut.iter().chain(&file.unfinished(path)) {
            writeln!(err, "{note}")?;
        }
        loaded.push((path.clone(), file));
    }
    let (header, campaign) = join(loaded).map_err(Error::Message)?;
    if let Some(path) = &args.out {
        let written = Results::create(path, &header).and_then(|mut file| file.save(&campaign));
        written.map_err(Error::Message)?;
    }
    writeln!(out, "seeds {}", header.seeds())?;
    let file = args.out.as_deref();
    for (first, _) in campaign.findings.symptoms() {
        human::finding(&header, first, file, out)?;
    }
    results::scenarios(out, &campaign, file)?;
    results::sums(out, &campaign, args.stats)?;
    Ok(results::end(&campaign))
}
