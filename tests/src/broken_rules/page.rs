//! The page: each broken rule, and who noticed.

use std::fmt::Write as _;

use raft_sim::checker::Property;

use super::row::{CAMPAIGNS, Campaign, Row, SEEDS};
use super::{BrokenRule, all};
use crate::evidence::{By, Failed, Shrunk};

/// So many scenarios are named in a row.
const NAMED: usize = 3;

/// What is found within so many seeds in the median is called shallow, what takes longer deep.
const SHALLOW: u64 = 100;

/// How a row begins: all that is known without running anything.
#[must_use]
pub fn head(rule: &BrokenRule) -> String {
    let short = rule.rule.trim_start_matches("Figure 2 ");
    let BrokenRule { id, what, file, .. } = rule;
    let (find, replace) = (code(rule.find), code(rule.replace));
    let edit = if replace.is_empty() {
        format!("without `{find}`")
    } else {
        format!("`{find}` becomes `{replace}`")
    };
    format!("| `{id}` | {short} | {what}<br>[`{file}`](../raft-core/src/{file}): {edit} |")
}

/// Code as it stands in one line of a table.
fn code(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ").replace('|', "\\|")
}

/// The page. Broken rules of which there is no result are left out.
#[must_use]
pub fn render(rows: &[Row]) -> String {
    let mut page = format!(
        "# Broken rules\n\n\
         Do the scenarios and the oracles bite? Each rule that the [paper map](paper-map.md) finds in the \
         reference core is broken\nhere, one at a time, by a small edit that somebody might make. Then the \
         whole corpus says what it sees, {CAMPAIGNS} campaigns\n(`raft-sim fuzz`, from seeds 0, 1,000,000 \
         and so on, at most {SEEDS} each) look for it without a hint, and the first finding is\nshrunk to a \
         scenario (`raft-sim shrink`). Made by `cargo run -p raft-tests --bin broken-rules`, which writes \
         this page and\nthe data behind it, `tests/data/broken-rules.jsonl`; `cargo test` fails if a rule \
         has no row here, or if a row is about an\nedit that no longer fits the core.\n\n"
    );
    let rows: Vec<(&BrokenRule, &Row)> = all()
        .filter_map(|rule| rows.iter().find(|row| row.id == rule.id).map(|row| (rule, row)))
        .collect();
    summary(&mut page, &rows);
    page.push_str(
        "\nScenarios about the rule come first. A scenario notices by an *expectation* of its own, or by \
         the *alarm* of an oracle.\n*Seeds* is how many the campaigns ran until they found something, in the \
         median, and which property spoke. *Shrunk* is\nwhat is left: faults, tasks and requests of the plan \
         (*atoms*), then statements of the scenario (*steps*), and how long it\ntook on the machine that \
         made this page, in a build without link-time optimization.\n\n\
         | | rule | what is broken | scenarios | seeds | shrunk |\n|---|---|---|---|---|---|\n",
    );
    for (rule, row) in rows {
        let (head, scenarios) = (head(rule), scenarios(&row.scenarios));
        let (campaigns, shrunk) = (campaigns(row), shrunk(row.shrunk.as_ref()));
        let _ = writeln!(page, "{head} {scenarios} | {campaigns} | {shrunk} |");
    }
    page
}

fn summary(page: &mut String, rows: &[(&BrokenRule, &Row)]) {
    let count = |which: fn(&Row) -> bool| rows.iter().filter(|(_, row)| which(row)).count();
    let _ = writeln!(
        page,
        "Of {} broken rules, {} are noticed by a scenario and {} by a campaign; {} by nobody.",
        rows.len(),
        count(|row| !row.scenarios.is_empty()),
        count(Row::by_campaign),
        count(|row| row.scenarios.is_empty() && !row.by_campaign()),
    );
    for (name, deep) in [("shallow", false), ("deep", true)] {
        let shrunk: Vec<&Shrunk> = rows
            .iter()
            .filter(|(_, row)| row.median().is_none_or(|median| median > SHALLOW) == deep)
            .filter_map(|(_, row)| row.shrunk.as_ref())
            .collect();
        let steps = median(shrunk.iter().map(|shrunk| shrunk.steps));
        let most = shrunk.iter().map(|shrunk| shrunk.millis).max().unwrap_or(0);
        let when = if deep {
            "later than that".to_owned()
        } else {
            format!("within {SHALLOW} seeds in the median")
        };
        let _ = writeln!(
            page,
            "The {} {name} ones (found {when}) shrink to {steps} steps in the median, in {} s at most.",
            shrunk.len(),
            tenths(most)
        );
    }
    for (rule, row) in rows {
        if !row.by_campaign() {
            let why = rule.silent.unwrap_or("**a hole in the campaign**");
            let _ = writeln!(page, "\n- `{}` is found by no campaign: {why}", rule.id);
        }
    }
}

fn median(numbers: impl Iterator<Item = u64>) -> u64 {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or(0)
}

/// Milliseconds as seconds with one digit.
fn tenths(millis: u64) -> String {
    format!("{}.{}", millis / 1_000, millis % 1_000 / 100)
}

fn scenarios(failed: &[Failed]) -> String {
    if failed.is_empty() {
        return "none".to_owned();
    }
    let count = |by| failed.iter().filter(|failed| failed.by == by).count();
    let (crashed, alarmed) = (count(By::Crash), count(By::Checker));
    let expected = count(By::Expectation);
    let mut cell = format!("{}: {expected} by expectation, {alarmed} by alarm", failed.len());
    if crashed > 0 {
        let _ = write!(cell, ", {crashed} by crash");
    }
    for Failed { path, .. } in failed.iter().take(NAMED) {
        let short = path.trim_start_matches("scenarios/").trim_end_matches(".raft");
        let _ = write!(cell, "<br>[{short}](../{path})");
    }
    if failed.len() > NAMED {
        let _ = write!(cell, "<br>+{} more", failed.len() - NAMED);
    }
    cell
}

fn campaigns(row: &Row) -> String {
    let mut cell = match row.median() {
        Some(median) => median.to_string(),
        None if row.by_campaign() => format!("more than {SEEDS}"),
        None => return "none".to_owned(),
    };
    let mut spoke: Vec<&str> = Vec::new();
    for campaign in &row.campaigns {
        let title = match campaign {
            Campaign::Found { property, .. } => title(property),
            Campaign::Stopped => "does not end",
            Campaign::Nothing => continue,
        };
        if !spoke.contains(&title) {
            spoke.push(title);
        }
    }
    let _ = write!(cell, "<br>{}", spoke.join(", "));
    cell
}

/// How reports call the property of this name.
fn title(name: &str) -> &str {
    Property::named(name).map_or(name, |property| property.title())
}

fn shrunk(shrunk: Option<&Shrunk>) -> String {
    shrunk.map_or("none".to_owned(), |Shrunk { atoms, steps, replays, millis, .. }| {
        format!("{atoms} atoms, {steps} steps<br>{replays} replays, {} s", tenths(*millis))
    })
}
