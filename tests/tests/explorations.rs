//! Explorations within small bounds: the counts are those of docs/exploration.md, which TLC has counted, too.

use std::fs;
use std::num::NonZeroUsize;

use raft_sim::explore::{Bounds, End, Options, Reductions, explore};
use raft_sim::reference::Reference;
use raft_tests::root;
use serde_json::{Value, json};

/// The largest number of distinct states that is counted here.
const SMALL: u64 = 15_000;

/// A row of the table: bounds in words, distinct, generated and depth.
fn row(line: &str) -> Option<(&str, [u64; 3])> {
    let mut cells = line.strip_prefix("| servers ")?.split(" | ");
    let bounds = cells.next()?;
    let number = |cell: &str| cell.replace(',', "").parse().ok();
    let counts = [cells.next()?, cells.next()?, cells.next()?].map(number);
    Some((bounds, [counts[0]?, counts[1]?, counts[2]?]))
}

/// The bounds of a row, of which the first word is left out.
fn bounds(words: &str) -> Bounds {
    let mut bounds = json!({ "timeouts": null, "slow_disks": false });
    for name in [
        "joiners",
        "entries",
        "crashes",
        "duplicates",
        "heartbeats",
        "reads",
        "members",
        "snapshots",
        "transfers",
    ] {
        bounds[name] = json!(0);
    }
    for part in format!("servers {words}").split(", ") {
        let (name, number) = part.split_once(' ').expect("a word and a number");
        bounds[name] = number.parse::<Value>().expect("a number");
    }
    serde_json::from_value(bounds).expect("bounds")
}

#[test]
fn small_explorations_have_the_counts_that_tlc_has() {
    let page = fs::read_to_string(root().join("docs/exploration.md")).expect("the page");
    let rows: Vec<_> = page.lines().filter_map(row).filter(|(_, it)| it[0] <= SMALL).collect();
    assert!(rows.len() >= 10, "the page has only {} rows", rows.len());
    for (words, counted) in rows {
        let options = Options {
            bounds: bounds(words),
            settings: String::new(),
            histories: false,
            live: false,
            reductions: Reductions::default(),
            spill: None,
            depth_first: None,
            threads: NonZeroUsize::MIN,
            dump: false,
            save: None,
            resume: None,
        };
        let explored = explore(&Reference, &options, &mut |_| false).expect("it can be explored");
        assert!(matches!(explored.end, End::Exhausted), "servers {words}: {:?}", explored.end);
        let reach = explored.reach;
        assert_eq!(
            [reach.distinct, reach.generated, u64::from(reach.depth)],
            counted,
            "servers {words}"
        );
    }
}
