//! The page of broken rules: each rule, and the scenarios and campaigns that noticed.

use std::fmt::Write as _;

use raft_sim::checker::Property;

use super::row::{CAMPAIGNS, Campaign, Row, SEEDS};
use super::{BrokenRule, all};
use crate::evidence::{By, Failed, Shrunk};

/// The largest number of scenarios that are named in a row.
const NAMED: usize = 3;

/// The largest median of seeds of a broken rule that is called shallow; others are called deep.
const SHALLOW: u64 = 100;

/// Renders the first cells of a row: all that is known without running anything.
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

/// Code in the form of one line of a table.
fn code(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ").replace('|', "\\|")
}

/// Renders the page. Broken rules without a result are left out.
#[must_use]
pub fn render(rows: &[Row]) -> String {
    let mut page = format!(
        "# Broken rules\n\n\
         Do the scenarios and the checkers notice broken rules? Each rule that the [paper map](paper-map.md) finds \
         in the\nreference core is broken here, one at a time, by small edits that could be slips. Then the whole \
         corpus runs against\nthem, {CAMPAIGNS} campaigns (`raft-sim fuzz`, from seeds 0, 1,000,000 and so on, at \
         most {SEEDS} each) search without a hint, with all\nrules, and the first finding is shrunk to a scenario \
         (`raft-sim shrink`). Made by `cargo run -p raft-tests --bin broken-rules`,\nwhich writes this page and the \
         data behind it, `tests/data/broken-rules.jsonl`; `cargo test` fails if a rule has no row\nhere, or if a row \
         is about an edit that no longer fits the core.\n\n\
         [Mutation testing](mutation-testing.md) makes edits of one operator or one condition, and the \
         [zoo](bug-zoo.md) has the bugs of real\nRafts. Such an edit is listed here only if it is the only one that \
         breaks its rule.\n\n"
    );
    let rows: Vec<(&BrokenRule, &Row)> = all()
        .filter_map(|rule| rows.iter().find(|row| row.id == rule.id).map(|row| (rule, row)))
        .collect();
    summary(&mut page, &rows);
    page.push_str(
        "\nScenarios about the rule come first. A scenario notices by an *expectation* of its own, or by the *alarm* \
         of a\nchecker. *Seeds* is the number that the campaigns ran until they found something, in the median, with \
         the property\nthat was violated; one in small letters is of a former version, and was recorded then. *Shrunk* is what is left: faults, admin operations and requests of the \
         plan (*atoms*), then\nstatements of the scenario (*steps*), and the time it took on the machine that made \
         this page, in a build without\nlink-time optimization.\n\n\
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
        "Of {} broken rules, {} are noticed by a scenario and {} by a campaign; {} by neither.",
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
    let mut violated: Vec<&str> = Vec::new();
    for campaign in &row.campaigns {
        let title = match campaign {
            Campaign::Found { property, .. } => title(property),
            Campaign::Stopped => "does not end",
            Campaign::Nothing => continue,
        };
        if !violated.contains(&title) {
            violated.push(title);
        }
    }
    let _ = write!(cell, "<br>{}", violated.join(", "));
    cell
}

/// The title that reports use for the property of this name.
fn title(name: &str) -> &str {
    Property::named(name).map_or(name, |property| property.title())
}

fn shrunk(shrunk: Option<&Shrunk>) -> String {
    shrunk.map_or("none".to_owned(), |Shrunk { atoms, steps, replays, millis, .. }| {
        format!("{atoms} atoms, {steps} steps<br>{replays} replays, {} s", tenths(*millis))
    })
}
