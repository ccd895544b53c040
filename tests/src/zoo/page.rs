//! The page: each bug, and how long it takes to find it.

use std::fmt::Write as _;

use raft_sim::checker::Property;

use super::published::{Published, SANDTABLE};
use super::row::{Row, Search};
use super::{Bug, CAMPAIGNS, Difficulty, OUTSIDE_LIMIT, Tag, UNSEEN, all, tables};
use crate::evidence::{Failed, Found, Hunt};

/// So many scenarios are named in a row.
const NAMED: usize = 3;

/// The page. Of bugs of which there is no result it says so.
#[must_use]
pub fn render(rows: &[Row]) -> String {
    let mut page = format!(
        "# The bug zoo\n\n\
         Bugs that Raft implementations really had, each planted in a copy of the reference core by a small edit, \
         and hunted:\n`cargo run --release -p raft-tests` hunts them all and writes this page and the data behind \
         it, `tests/data/bug-zoo.jsonl`;\n`cargo run --release -p raft-tests -- stale-vote figure8` hunts these two. \
         The core has no switch for any of them: the edits\nare in `tests/src/zoo/`, with what each does.\n\n\
         Each is looked for by {CAMPAIGNS} campaigns (`raft-sim fuzz`, from seeds 0, 100,000,000 and so on) that know \
         nothing of it and end\nwith the first finding, or by one if that takes longer than two minutes. *Seeds*, \
         *steps* and *time* are the median of the\ncampaigns, with the least and the greatest; the time is that of \
         two cores of a shared virtual machine, in a build without\nlink-time optimization, and only its order of \
         magnitude means much. Which property spoke first is named, then what\n`raft-sim shrink` made of the first \
         finding, and the scenarios that catch the bug with no search at all.\n\n\
         The core promises to keep the rules of Figures 2 and 13 to the letter, so that every single step of it can \
         be judged\n(*conduct*, see [invariants](invariants.md)). An implementation that does things in its own way \
         can only be judged by what a\nhistory shows: safety, and progress after healing. So each bug is hunted \
         once more *by histories alone*: by the\nproperties of Figure 3, by what clients see, and by progress; by \
         terms that grow along each log, and by whether servers and\nruns come to their ends. All else (its disk, its \
         votes, its configurations, what its leader counts) is then judged by nobody.\nEach campaign has {} seconds \
         for that, and after one that found nothing there is no other. That is the harder search, and\nthe figure to \
         compare with other tools.\n\n\
         Letters: S safety, L liveness, C seen by clients, D durability, I an internal property alone. *Expected* is \
         how hard it was thought\nto be to find at random, before anything was measured. Lines are statements of a \
         scenario; where no exact steps were found, a\nplan is left, of faults, tasks and requests (atoms).\n\n\
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

/// The figures of others, beside those of this page.
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

/// After how many seeds, steps and milliseconds campaigns found it, which property spoke, and what became of that.
fn search(search: &Search) -> String {
    let tell = |number: fn(&Hunt) -> u64, tell: fn(u64) -> String| {
        let [least, median, greatest] = search.range(number)?;
        Some(if search.hunts.len() == 1 {
            format!("{} (one campaign)", tell(median))
        } else if greatest == u64::MAX {
            format!("{} (from {})", tell(median), tell(least))
        } else {
            format!("{} ({}–{})", tell(median), tell(least), tell(greatest))
        })
    };
    let (seeds, steps) = (tell(|hunt| hunt.seeds, digits), tell(|hunt| hunt.steps, digits));
    let time = tell(|hunt| hunt.millis, time);
    let spoke = spoke(&search.hunts);
    let Some(((seeds, steps), time)) = seeds.zip(steps).zip(time) else {
        let found = search.hunts.iter().filter(|hunt| hunt.found.is_some()).count();
        let seeds = search.hunts.iter().map(|hunt| hunt.seeds).sum();
        let campaigns = match found {
            0 => "**not found**".to_owned(),
            _ => format!("**found by {found} of {}**", search.hunts.len()),
        };
        let seeds = digits(seeds);
        return match spoke.is_empty() {
            true => format!("{campaigns} in {seeds} | | "),
            false => format!("{campaigns} in {seeds} | | {spoke}<br>"),
        };
    };
    let shrunk = search.shrunk.as_ref();
    let shrunk = shrunk.map_or("no scenario".to_owned(), |shrunk| match shrunk.steps {
        0 => format!("a plan of {} atoms", shrunk.atoms),
        1 => "1 line".to_owned(),
        steps => format!("{steps} lines"),
    });
    format!("{seeds}<br>{steps} steps | {time} | {spoke}<br>{shrunk}")
}

/// The properties that spoke first, the most frequent first.
fn spoke(hunts: &[Hunt]) -> String {
    let mut spoke: Vec<(usize, &str)> = Vec::new();
    for hunt in hunts {
        let title = match &hunt.found {
            None => continue,
            Some(Found::Stuck) => "does not end",
            Some(Found::Violation { property, .. }) => {
                Property::named(property).map_or(property.as_str(), |known| known.title())
            }
        };
        match spoke.iter_mut().find(|(_, known)| *known == title) {
            Some((times, _)) => *times += 1,
            None => spoke.push((1, title)),
        }
    }
    spoke.sort_by_key(|(times, _)| usize::MAX - times);
    spoke.iter().map(|(_, title)| *title).collect::<Vec<&str>>().join(", ")
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

/// Milliseconds as a reader says them.
fn time(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..120_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min", millis / 60_000),
    }
}
