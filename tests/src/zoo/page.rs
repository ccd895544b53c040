//! The page of the zoo: each bug, and the time it takes to find it.

use std::fmt::Write as _;

use raft_sim::checker::Property;

use super::published::{Published, SANDTABLE};
use super::row::{Row, Search};
use super::{Bug, CAMPAIGNS, Difficulty, OUTSIDE_LIMIT, Tag, UNSEEN, all, tables};
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
         The core has no\nswitch for any of them: the edits are in `tests/src/zoo/`, with what each does.\n\n\
         Each bug is hunted by {CAMPAIGNS} campaigns (`raft-sim fuzz`, from seeds 0, 100,000,000 and so on) that \
         know nothing of it and\nend with the first finding, or by one if that takes longer than two minutes. \
         *Seeds*, *steps* and *time* are the\nmedian of the campaigns, with the least and the greatest; the time is \
         that of two cores of a shared virtual machine,\nin a build without link-time optimization, and only its \
         order of magnitude means much. The table names the properties\nwhose violation was reported first, one \
         in small letters is\nof a former version, and was recorded then; then the \
         result of `raft-sim shrink` for the first finding, and the scenarios that\ncatch the bug with no search at \
         all.\n\n\
         The core claims to keep the rules of Figures 2 and 13 to the letter, so that every single step of it can be \
         judged\n(*rules*, see [invariants](invariants.md)). An implementation that differs from them inside can \
         only be judged by its\nhistory: safety, and progress after healing. So each bug is hunted once more *by \
         histories alone*: by the properties\nof Figure 3, by what clients see, and by progress; by terms that grow \
         along each log, and by whether servers crash and\nruns end. All else (the disk of a server, its votes, its \
         configurations, the counting of its leader) is then not\njudged. Each campaign has {} seconds for that, and \
         after one that found nothing there is no other. That is the harder\nsearch, and the figure to compare with \
         other tools.\n\n\
         Letters: S safety, L liveness, C seen by clients, D durability, I an internal property alone. *Expected* is \
         how hard\nit was thought to be to find at random, before anything was measured. Lines are statements of a \
         scenario; where no\nexact steps were found, a plan is left, of faults, admin operations and requests \
         (atoms).\n\n\
         All of it takes about three quarters of an hour on two cores: this page was made by two halves at once, in \
         28 minutes.\n\n",
        OUTSIDE_LIMIT.as_secs(),
    );
    summary(&mut page, rows);
    for (title, bugs) in tables() {
        let _ = write!(
            page,
            "\n## {title}\n\n\
             | bug | what it does | expected | seeds, steps | time | first seen by, shrunk to | scenarios | by \
             histories alone: seeds, steps | time | first seen by, shrunk to |\n\
             |---|---|---|---|---|---|---|---|---|---|\n"
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
            let median = |number: fn(&Hunt) -> u64| row.outside.range(number).map(|of| of[1]);
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
    let count = all().count();
    let by_campaign = all().filter(|bug| row(bug).is_some_and(|row| row.all.is_found())).count();
    let by_scenario =
        all().filter(|bug| row(bug).is_some_and(|row| !row.scenarios.is_empty())).count();
    let seen = |row: &Row| row.outside.range(|hunt| hunt.seeds).is_some();
    let outside = all().filter(|bug| row(bug).is_some_and(seen)).count();
    let _ = writeln!(
        page,
        "Of {count} bugs, {by_campaign} are found by every campaign, {outside} of them by most campaigns that judge by \
         histories alone, and\n{by_scenario} by a scenario.\n\n\
         | expected | bugs | found in the median within the bound | seeds: median of medians, greatest |\n\
         |---|---|---|---|"
    );
    for difficulty in [Difficulty::Shallow, Difficulty::Medium, Difficulty::Deep] {
        let of: Vec<Option<[u64; 3]>> = all()
            .filter(|bug| bug.expected == difficulty)
            .map(|bug| row(bug).and_then(|row| row.all.range(|hunt| hunt.seeds)))
            .collect();
        let mut medians: Vec<u64> = of.iter().flatten().map(|[_, median, _]| *median).collect();
        medians.sort_unstable();
        let within = medians.iter().filter(|median| **median <= difficulty.seeds()).count();
        let middle = medians.get(medians.len() / 2).copied().unwrap_or(0);
        let _ = writeln!(
            page,
            "| {} (within {}) | {} | {within} | {}, {} |",
            name(difficulty),
            digits(difficulty.seeds()),
            of.len(),
            digits(middle),
            digits(medians.last().copied().unwrap_or(0)),
        );
    }
}

fn head(bug: &Bug) -> String {
    let tags: Vec<&str> = bug.tags.iter().map(|tag| letter(*tag)).collect();
    let (tags, expected) = (tags.join(", "), name(bug.expected));
    format!("| `{}` ({tags}) | {}<br>{} | {expected} |", bug.id, bug.what, bug.exposure)
}

fn found(bug: &Bug, row: Option<&Row>) -> String {
    let Some(row) = row else { return "not hunted yet | | | | | |".to_owned() };
    let (all, outside) = (search(&row.all), search(&row.outside));
    let unseen = UNSEEN.iter().find(|(id, _)| *id == bug.id);
    let unseen = unseen.map_or(String::new(), |(_, why)| why.to_string());
    format!("{all} | {} | {outside}{unseen}", scenarios(&row.scenarios))
}

/// Renders the seeds, steps and milliseconds after which campaigns found it, the properties that were violated, and
/// the result of shrinking.
fn search(search: &Search) -> String {
    let range = |number: fn(&Hunt) -> u64, show: fn(u64) -> String| {
        let [least, median, greatest] = search.range(number)?;
        Some(if search.hunts.len() == 1 {
            format!("{} (one campaign)", show(median))
        } else if greatest == u64::MAX {
            format!("{} (from {})", show(median), show(least))
        } else {
            format!("{} ({}–{})", show(median), show(least), show(greatest))
        })
    };
    let (seeds, steps) = (range(|hunt| hunt.seeds, digits), range(|hunt| hunt.steps, digits));
    let time = range(|hunt| hunt.millis, time);
    let violated = violated(&search.hunts);
    let Some(((seeds, steps), time)) = seeds.zip(steps).zip(time) else {
        let found = search.hunts.iter().filter(|hunt| hunt.found.is_some()).count();
        let seeds = search.hunts.iter().map(|hunt| hunt.seeds).sum();
        let campaigns = match found {
            0 => "**not found**".to_owned(),
            _ => format!("**found by {found} of {}**", search.hunts.len()),
        };
        let seeds = digits(seeds);
        return match violated.is_empty() {
            true => format!("{campaigns} in {seeds} | | "),
            false => format!("{campaigns} in {seeds} | | {violated}<br>"),
        };
    };
    let shrunk = search.shrunk.as_ref();
    let shrunk = shrunk.map_or("no scenario".to_owned(), |shrunk| match shrunk.steps {
        0 => format!("a plan of {} atoms", shrunk.atoms),
        1 => "1 line".to_owned(),
        steps => format!("{steps} lines"),
    });
    format!("{seeds}<br>{steps} steps | {time} | {violated}<br>{shrunk}")
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
