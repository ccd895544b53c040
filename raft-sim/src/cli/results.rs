//! The sums of a campaign as text, and its exit code.

use std::io::{self, Write};
use std::path::Path;

use super::output::{BAD, GOOD, heading};
use super::run::tally;
use crate::campaign::{Campaign, Finding, Kind, Share};
use crate::checker::{Class, Property};
use crate::coverage::Feature;
use crate::plan::FaultSort;
use crate::report::{End, human};

/// Writes what the findings were shrunk to: of each the shortest scenario.
pub(super) fn scenarios(
    out: &mut dyn Write,
    campaign: &Campaign,
    file: Option<&Path>,
) -> io::Result<()> {
    let is_told = |finding: &Finding| finding.scenario.is_some() || finding.note.is_some();
    let mut told = campaign.findings.symptoms().filter(|(_, shown)| is_told(shown)).peekable();
    if told.peek().is_some() {
        heading(out, "What was found, shrunk")?;
    }
    for (first, shown) in told {
        let (seed, title) = (shown.seed, shown.kind.title());
        write!(out, "{BAD}seed {seed}{BAD:#}  {title}")?;
        if first.seed != seed {
            write!(out, ", as in seed {}", first.seed)?;
        }
        writeln!(out)?;
        human::scenario(shown, file, out)?;
    }
    Ok(())
}

/// The option of the commands that print sums.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Stats {
    /// Print what happened and what was checked in numbers, too: whether a property, a feature or a fault was not
    /// exercised
    #[arg(long)]
    pub(super) stats: bool,
}

/// Writes the verdict on all seeds, and with `stats` their sums before it.
pub(super) fn sums(
    out: &mut dyn Write,
    campaign: &Campaign,
    Stats { stats }: Stats,
) -> io::Result<()> {
    let sums = &campaign.sums;
    if stats {
        tables(out, campaign)?;
    }
    if campaign.findings.seeds().next().is_some() {
        heading(out, "What was found, and in how many of the seeds")?;
    }
    for (kind, seeds) in campaign.findings.seeds() {
        let percent = percent(seeds, sums.seeds);
        writeln!(out, "  {:<28}{:<20}{seeds:>13}{percent}", kind.title(), kind.section())?;
    }
    writeln!(out, "\n{} seeds, {} steps, digest {:016x}", sums.seeds, sums.steps, sums.digest)?;
    match campaign.findings.seeds().map(|(_, seeds)| seeds).sum() {
        0 if sums.seeds == 0 => {
            writeln!(out, "{BAD}no seed was run, so nothing was checked{BAD:#}")
        }
        0 => writeln!(out, "{GOOD}all held{GOOD:#}"),
        1 => writeln!(out, "{BAD}1 seed violated a property{BAD:#}"),
        seeds => writeln!(out, "{BAD}{seeds} seeds violated a property{BAD:#}"),
    }
}

/// Writes the sums of all seeds.
fn tables(out: &mut dyn Write, campaign: &Campaign) -> io::Result<()> {
    let sums = &campaign.sums;
    heading(out, "In numbers")?;
    tally(out, &sums.tally)?;
    writeln!(out, "  {:<28}{:>12}", "seeds with obligations", sums.progress.obligation)?;
    writeln!(out, "  {:<28}{:>12}", "seeds without obligations", sums.progress.no_obligation)?;
    for (class, what) in [
        (Class::Safety, "What was checked for safety, how often, and by how many of the seeds"),
        (Class::Rules, "What was checked of the rules"),
        (Class::Liveness, "What was checked for progress"),
    ] {
        let exercised =
            |property: Property| Some((property, sums.exercised.get(property as usize)?));
        let rows = Property::ALL.into_iter().filter_map(exercised);
        let rows = rows.filter(|(property, _)| property.class() == class);
        let rows =
            rows.map(|(property, share)| (property.title(), property.section(), *share, NEVER));
        table(out, what, sums.seeds, rows)?;
    }
    let rows = Feature::ALL.iter().zip(&sums.features);
    let rows = rows.map(|(feature, share)| (feature.title(), feature.section(), *share, NEVER));
    table(out, "What took part, how often, and in how many of the seeds", sums.seeds, rows)?;
    let rows = FaultSort::all().zip(&sums.faults);
    let rows = rows.map(|(sort, share)| {
        (sort.title(), "", *share, if sort.is_fair() { NEVER } else { "off" })
    });
    table(out, "Faults injected, how often, and in how many of the seeds", sums.seeds, rows)
}

/// The end of a campaign that was not interrupted.
pub(super) fn end(campaign: &Campaign) -> End {
    let safe = campaign.findings.seeds().all(|(kind, _)| kind.is_liveness());
    let repeats = campaign.findings.seeds().all(|(kind, _)| kind != Kind::NotRepeatable);
    match campaign.findings.seeds().next() {
        None if campaign.sums.seeds == 0 => End::Undecided,
        None => End::Held,
        Some(_) if !repeats => End::Unrepeatable,
        Some(_) if safe => End::Stuck,
        Some(_) => End::Violated,
    }
}

/// The text in place of a count of 0 for something that ought to happen.
const NEVER: &str = "not exercised";

/// Writes rows: a title, a section, a count, and the text in place of a count of 0.
fn table<'a>(
    out: &mut dyn Write,
    what: &str,
    seeds: u64,
    rows: impl Iterator<Item = (&'a str, &'a str, Share, &'a str)>,
) -> io::Result<()> {
    heading(out, what)?;
    for (title, section, Share(total, of_seeds), nothing) in rows {
        let total = match total {
            0 => nothing.to_owned(),
            total => total.to_string(),
        };
        let percent = percent(of_seeds, seeds);
        writeln!(out, "  {title:<28}{section:<20}{total:>13}{percent}")?;
    }
    Ok(())
}

fn percent(of_seeds: u64, seeds: u64) -> String {
    let permille = of_seeds * 1_000 / seeds.max(1);
    let (percent, tenth) = (permille / 10, permille % 10);
    format!("{percent:>6}.{tenth} %")
}
