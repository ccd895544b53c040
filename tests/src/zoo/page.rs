//! The page of the zoo: each bug, and the time it takes to find it.

use std::fmt::Write as _;

use raft_sim::checker::Property;

use super::published::{Published, SANDTABLE};
use super::row::{Row, Search};
use super::{BOUND, Bug, CAMPAIGNS, Difficulty, Judge, Tag, UNSEEN, all, tables};
use crate::evidence::{Failed, Found, Hunt};

/// The largest number of scenarios that are named in a row.
const NAMED: usize = 3;

/// Renders the page. A bug without a result is marked as not hunted yet.
#[must_use]
pub fn render(rows: &[Row]) -> String {
    let mut page = format!(
        "# The bug zoo\n\n\
         Bugs that Raft implementations really had, each planted in a copy of the reference core by a small edit, \
         and hunted:\n`cargo run --release -p raft-tests` hunts them all and writes this page and the data behind \
         it,\n`tests/data/bug-zoo.jsonl`; `cargo run --release -p raft-tests -- stale-vote figure8` hunts these two. \
         The core has no\nswitch for any of them: the edits are in `tests/src/zoo/`, with what each does. They are \
         made in a copy of the repository,\nwhere one build has all bugs, and an environment variable says which is \
         in force.\n\n\
         Each bug is hunted by {CAMPAIGNS} campaigns (`raft-sim fuzz`, from seeds 0, 100,000,000 and so on) that \
         know nothing of it and\nend with the first finding, or after {} seeds or {} steps. *Seeds* and *steps* are \
         the\nmedian of the campaigns, with the least and the greatest; a campaign that found nothing counts as more \
         than any number.\nThey depend on the version of the program and on nothing else. Below them stand the \
         properties whose violation was reported\nfirst (one in small letters is of a former version, and was recorded \
         then), then the result of `raft-sim shrink`\nfor the first finding.\n\n\
         The runs of each bug are judged in three ways:\n\n\
         1. *As any Raft is judged*: by all properties of any implementation. Nothing is known of its inside beyond \
         what it\n   reports, and no rules are claimed. This is the figure for your Raft.\n\
         2. *By histories alone*: by the properties of Figure 3, by what clients see, and by progress; by terms that \
         grow along\n   each log, and by whether servers crash and runs end. All else (the disk of a server, its \
         votes, its configurations,\n   the counting of its leader) is not judged. This is the figure to compare \
         with tools that see a system from outside.\n\
         3. *With all rules*: the reference core claims to keep the rules of Figures 2 and 13 to the letter, so that \
         every single\n   step of it can be judged (see [invariants](invariants.md)).\n\n\
         Scenarios catch a bug with no search at all; they run with all rules.\n\n\
         Letters: S safety, L liveness, C seen by clients, D durability, I an internal property alone. *Expected* is \
         how hard\nit was thought to be to find at random, before anything was measured. Lines are statements of a \
         scenario; where no\nexact steps were found, a plan is left, of faults, admin operations and requests \
         (atoms).\n\n",
        digits(BOUND.seeds),
        digits(BOUND.steps),
    );
    summary(&mut page, rows);
    for (title, bugs) in tables() {
        let _ = write!(
            page,
            "\n## {title}\n\n\
             | bug | what it does | expected | as any Raft is judged | by histories alone | with all rules | \
             scenarios |\n\
             |---|---|---|---|---|---|---|\n"
        );
        for bug in *bugs {
            let row = rows.iter().find(|row| row.id == bug.id);
            let _ = writeln!(page, "{} {} |", head(bug), found(bug, row));
        }
    }
    published(&mut page, rows);
    sources(&mut page);
    page
}

/// Renders the table of published figures, beside those of this page.
fn published(page: &mut String, rows: &[Row]) {
    page.push_str(
        "\n## Beside published figures\n\n\
         SandTable (EuroSys 2024) went breadth first through specifications of eight systems, with 20 threads and two \
         or three servers.\nIt needs a specification, and gives the shortest way there is; here the code itself \
         runs, on two threads, and shrinking makes\nthe way short afterwards. So these are figures of different \
         things, and only their order of magnitude can be set side by side.\n\n\
         | its bug | here | its time, depth, states | here by histories alone: seeds, steps, time |\n\
         |---|---|---|---|\n",
    );
    for Published { name, bug, time: took, depth, states } in SANDTABLE {
        let row = rows.iter().find(|row| row.id == *bug);
        let here = row.and_then(|row| {
            let median = |number: fn(&Hunt) -> u64| row.histories.range(number).map(|of| of[1]);
            let seeds = median(|hunt| hunt.seeds)?;
            let (steps, millis) = (median(|hunt| hunt.steps)?, median(|hunt| hunt.millis)?);
            Some(format!("{}, {} steps, {}", digits(seeds), digits(steps), time(millis)))
        });
        let here = here.unwrap_or("not found".to_owned());
        let _ =
            writeln!(page, "| {name} | `{bug}` | {took}, {depth}, {} | {here} |", digits(*states));
    }
}

fn summary(page: &mut String, rows: &[Row]) {
    let row = |bug: &Bug| rows.iter().find(|row| row.id == bug.id);
    let rows_of = || all().filter_map(row);
    let by_scenario = rows_of().filter(|row| !row.scenarios.is_empty()).count();
    let _ = writeln!(
        page,
        "Of {} bugs, {by_scenario} are caught by a scenario, and by campaigns:\n\n\
         | | found by every campaign | by most | by one at least | seeds: median of medians, greatest |\n\
         |---|---|---|---|---|",
        all().count(),
    );
    for judge in Judge::ALL {
        let count =
            |found: fn(&Search) -> bool| rows_of().filter(|row| found(row.search(judge))).count();
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            title(judge),
            count(Search::is_found),
            count(|search| search.range(|hunt| hunt.seeds).is_some()),
            count(|search| search.hunts.iter().any(|hunt| hunt.found.is_some())),
            middle(rows_of().map(|row| row.search(judge))).0,
        );
    }
    let older = rows_of()
        .flat_map(|row| Judge::ALL.map(|judge| row.search(judge)))
        .filter(|search| {
            let missed = search.hunts.iter().filter(|hunt| hunt.found.is_none()).count();
            let complete =
                [search.hunts.len() as u64, 2 * missed as u64].iter().any(|n| *n >= CAMPAIGNS);
            !complete || search.hunts.iter().any(|hunt| hunt.seeds > BOUND.seeds)
        })
        .count();
    if older > 0 {
        let _ = writeln!(
            page,
            "\n{older} of the searches are older and had other bounds, or have fewer campaigns yet."
        );
    }
    page.push_str(
        "\nAs any Raft is judged, by expected difficulty:\n\n\
         | expected | bugs | found by most campaigns within the bound | seeds: median of medians, greatest |\n\
         |---|---|---|---|\n",
    );
    for difficulty in [Difficulty::Shallow, Difficulty::Medium, Difficulty::Deep] {
        let of = || all().filter(|bug| bug.expected == difficulty);
        let (seeds, medians) = middle(of().filter_map(row).map(|row| &row.any_raft));
        let _ = writeln!(
            page,
            "| {} (within {}) | {} | {} | {seeds} |",
            name(difficulty),
            digits(difficulty.seeds()),
            of().count(),
            medians.iter().filter(|median| **median <= difficulty.seeds()).count(),
        );
    }
    let millis: u64 = rows_of()
        .flat_map(|row| Judge::ALL.map(|judge| row.search(judge)))
        .flat_map(|search| {
            let shrunk = search.shrunk.iter().map(|shrunk| shrunk.millis);
            search.hunts.iter().map(|hunt| hunt.millis).chain(shrunk)
        })
        .sum();
    let _ = writeln!(
        page,
        "\nThe campaigns and the shrinking took {} minutes of one core, each on one thread.",
        millis / 60_000
    );
}

/// Renders the median and the greatest of the medians of these searches, and returns the medians, too.
fn middle<'a>(searches: impl Iterator<Item = &'a Search>) -> (String, Vec<u64>) {
    let median = |search: &Search| search.range(|hunt| hunt.seeds).map(|[_, median, _]| median);
    let mut medians: Vec<u64> = searches.filter_map(median).collect();
    medians.sort_unstable();
    let middle = medians.get(medians.len() / 2).copied().unwrap_or(0);
    let greatest = medians.last().copied().unwrap_or(0);
    (format!("{}, {}", digits(middle), digits(greatest)), medians)
}

fn title(judge: Judge) -> &'static str {
    match judge {
        Judge::AnyRaft => "as any Raft is judged",
        Judge::Histories => "by histories alone",
        Judge::Rules => "with all rules",
    }
}

fn head(bug: &Bug) -> String {
    let tags: Vec<&str> = bug.tags.iter().map(|tag| letter(*tag)).collect();
    let (tags, expected) = (tags.join(", "), name(bug.expected));
    format!("| `{}` ({tags}) | {}<br>{} | {expected} |", bug.id, bug.what, bug.exposure)
}

fn found(bug: &Bug, row: Option<&Row>) -> String {
    let Some(row) = row else { return "not hunted yet | | | |".to_owned() };
    let mut cells = String::new();
    for judge in Judge::ALL {
        let why = UNSEEN.iter().find(|(id, of, _)| *id == bug.id && of.contains(&judge));
        let why = why.map_or(String::new(), |(_, _, why)| format!("<br>{why}"));
        let _ = write!(cells, "{}{why} | ", search(row.search(judge)));
    }
    cells + &scenarios(&row.scenarios)
}

/// Renders the seeds and steps after which campaigns found it, the properties that were violated, and the result of
/// shrinking.
fn search(search: &Search) -> String {
    let range = |number: fn(&Hunt) -> u64| {
        let [least, median, greatest] = search.range(number)?;
        let greatest = match greatest {
            u64::MAX => "not found".to_owned(),
            found => digits(found),
        };
        Some(format!("{} ({}–{greatest})", digits(median), digits(least)))
    };
    let violated = violated(&search.hunts);
    let Some((seeds, steps)) = range(|hunt| hunt.seeds).zip(range(|hunt| hunt.steps)) else {
        let found = search.hunts.iter().filter(|hunt| hunt.found.is_some()).count();
        return match found {
            0 => "**not found**".to_owned(),
            _ => format!("**found by {found} of {}**<br>{violated}", search.hunts.len()),
        };
    };
    let shrunk = search.shrunk.as_ref();
    let shrunk = shrunk.map_or("not shrunk".to_owned(), |shrunk| match shrunk.steps {
        0 => format!("a plan of {} atoms", shrunk.atoms),
        1 => "1 line".to_owned(),
        steps => format!("{steps} lines"),
    });
    format!("{seeds}<br>{steps} steps<br>{violated}<br>{shrunk}")
}

/// The properties whose violation was reported first, the most frequent one first.
fn violated(hunts: &[Hunt]) -> String {
    let mut violated: Vec<(usize, &str)> = Vec::new();
    for hunt in hunts {
        let title = match &hunt.found {
            None => continue,
            Some(Found::Stuck) => "does not end",
            Some(Found::Violation { property, .. }) => {
                Property::named(property).map_or(property.as_str(), |known| known.title())
            }
        };
        match violated.iter_mut().find(|(_, known)| *known == title) {
            Some((times, _)) => *times += 1,
            None => violated.push((1, title)),
        }
    }
    violated.sort_by_key(|(times, _)| usize::MAX - times);
    violated.iter().map(|(_, title)| *title).collect::<Vec<&str>>().join(", ")
}

fn scenarios(failed: &[Failed]) -> String {
    let mut cell = match failed.len() {
        0 => return "none".to_owned(),
        count => format!("{count}:"),
    };
    for Failed { path, .. } in failed.iter().take(NAMED) {
        let short = path.trim_start_matches("scenarios/").trim_end_matches(".raft");
        let _ = write!(cell, " [{short}](../{path})");
    }
    if failed.len() > NAMED {
        cell += " …";
    }
    cell
}

fn sources(page: &mut String) {
    page.push_str("\n## Where they were seen\n\n| bug | sources |\n|---|---|\n");
    for bug in all() {
        let _ = writeln!(page, "| `{}` | {} |", bug.id, bug.sources);
    }
}

fn letter(tag: Tag) -> &'static str {
    match tag {
        Tag::S => "S",
        Tag::L => "L",
        Tag::C => "C",
        Tag::D => "D",
        Tag::I => "I",
    }
}

fn name(difficulty: Difficulty) -> &'static str {
    match difficulty {
        Difficulty::Shallow => "shallow",
        Difficulty::Medium => "medium",
        Difficulty::Deep => "deep",
    }
}

/// A number with its digits in groups of three.
fn digits(number: u64) -> String {
    let plain = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Milliseconds in a readable unit.
fn time(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..120_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min", millis / 60_000),
    }
}
