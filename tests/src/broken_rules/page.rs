//! The page: each broken rule, and who noticed.

use std::fmt::Write as _;

use super::BrokenRule;

/// So many scenarios are named in a row.
const NAMED: usize = 4;

/// How many seeds the campaign runs, from 0 on.
pub const SEEDS: u64 = 200;

/// What came of one broken rule.
#[derive(Debug)]
pub struct Noticed {
    /// The rule.
    pub rule: &'static BrokenRule,
    /// The scenarios that failed: those about the rule first.
    pub scenarios: Vec<Failed>,
    /// What the campaign saw.
    pub campaign: Campaign,
}

/// A scenario that failed.
#[derive(Debug)]
pub struct Failed {
    /// Its path from the root of the repository.
    pub path: String,
    /// What noticed.
    pub by: By,
}

/// What noticed, in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Something the scenario says.
    Expectation,
    /// An oracle.
    Oracle,
    /// The program came to a bad end: it panicked, or had to be stopped.
    Crash,
}

/// What the campaign saw.
#[derive(Debug)]
pub enum Campaign {
    /// Properties that were violated: how many seeds, and the first of them. None if all held.
    Ended(Vec<Raised>),
    /// A server could not boot, and no more seeds were run.
    NoBoot,
    /// The program panicked.
    Panicked,
    /// It did not end, and was stopped.
    Stopped,
}

/// A property that the campaign saw violated.
#[derive(Debug, PartialEq, Eq)]
pub struct Raised {
    /// How reports call it.
    pub property: String,
    /// By how many seeds.
    pub seeds: u64,
    /// The first of them.
    pub first: u64,
}

impl Noticed {
    fn by_campaign(&self) -> bool {
        !matches!(&self.campaign, Campaign::Ended(raised) if raised.is_empty())
    }

    fn by_nobody(&self) -> bool {
        self.scenarios.is_empty() && !self.by_campaign()
    }
}

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

/// The page.
#[must_use]
pub fn render(all: &[Noticed]) -> String {
    let mut page = format!(
        "# Broken rules\n\n\
         Do the scenarios and the oracles bite? Each rule that the [paper map](paper-map.md) finds in the \
         reference core is broken\nhere, one at a time, by a small edit that somebody might make; then the \
         whole corpus and {SEEDS} seeds of the campaign\n(`raft-sim fuzz --seeds 0..{SEEDS}`) say what they \
         see. Made by\n`cargo run -p raft-tests --bin broken-rules > docs/broken-rules.md`; `cargo test` \
         fails if a rule has no row here, or if a\nrow is about an edit that no longer fits the core.\n\n"
    );
    summary(&mut page, all);
    page.push_str(
        "\nScenarios about the rule come first. A scenario notices by an *expectation* of its own, or by \
         the *alarm* of an oracle;\n`(seed 7)` is the first seed of the campaign that raised this property.\n\n\
         | | rule | what is broken | scenarios | campaign |\n|---|---|---|---|---|\n",
    );
    for noticed in all {
        let (head, scenarios) = (head(noticed.rule), scenarios(&noticed.scenarios));
        let campaign = campaign(&noticed.campaign);
        let _ = writeln!(page, "{head} {scenarios} | {campaign} |");
    }
    page
}

fn summary(page: &mut String, all: &[Noticed]) {
    let count = |which: fn(&Noticed) -> bool| all.iter().filter(|noticed| which(noticed)).count();
    let by_scenario = count(|noticed| !noticed.scenarios.is_empty());
    let _ = writeln!(
        page,
        "Of {} broken rules, {by_scenario} are noticed by a scenario and {} by the campaign; {} by nobody.",
        all.len(),
        count(Noticed::by_campaign),
        count(Noticed::by_nobody),
    );
    page.push_str("The campaign judges safety alone: a core that merely stands still passes it.\n");
    for noticed in all.iter().filter(|noticed| noticed.by_nobody()) {
        let why = noticed.rule.silent.unwrap_or("**a hole in the suite**");
        let _ = writeln!(page, "\n- `{}`: {why}", noticed.rule.id);
    }
}

fn scenarios(failed: &[Failed]) -> String {
    if failed.is_empty() {
        return "none".to_owned();
    }
    let count = |by| failed.iter().filter(|failed| failed.by == by).count();
    let (crashed, alarmed) = (count(By::Crash), count(By::Oracle));
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

fn campaign(campaign: &Campaign) -> String {
    match campaign {
        Campaign::Ended(raised) if raised.is_empty() => "none".to_owned(),
        Campaign::Ended(raised) => {
            let told: Vec<String> = raised
                .iter()
                .map(|Raised { property, seeds, first }| {
                    let plural = if *seeds == 1 { "" } else { "s" };
                    format!("{property}: {seeds} seed{plural} (seed {first})")
                })
                .collect();
            told.join("<br>")
        }
        Campaign::NoBoot => "a server does not boot".to_owned(),
        Campaign::Panicked => "panics".to_owned(),
        Campaign::Stopped => "does not end".to_owned(),
    }
}
