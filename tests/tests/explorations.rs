//! Explorations within small bounds: the counts are those of docs/exploration.md, which TLC has counted, too.

use std::collections::BTreeSet;
use std::fs;

use raft_sim::explore::{Bounds, End, Explored, Options, explore};
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

/// An exploration of the core within the bounds of a row.
fn explored(words: &str, dump: bool) -> Explored {
    let options = Options { dump, ..Options::new(bounds(words)) };
    explore(&Reference, &options, &mut |_| false).expect("it can be explored")
}

#[test]
fn small_explorations_have_the_counts_that_tlc_has() {
    let page = fs::read_to_string(root().join("docs/exploration.md")).expect("the page");
    let rows: Vec<_> = page.lines().filter_map(row).filter(|(_, it)| it[0] <= SMALL).collect();
    assert!(rows.len() >= 10, "the page has only {} rows", rows.len());
    for (words, counted) in rows {
        let Explored { reach, end, .. } = explored(words, false);
        assert!(matches!(end, End::Exhausted), "servers {words}: {end:?}");
        assert_eq!(
            [reach.distinct, reach.generated, u64::from(reach.depth)],
            counted,
            "servers {words}"
        );
    }
}

#[test]
fn each_state_has_a_text_of_its_own() {
    for words in [
        "2, terms 1, heartbeats 1, reads 2",
        "2, terms 2, entries 1, crashes 1, snapshots 1",
        "2, joiners 1, terms 1, heartbeats 1, members 1, snapshots 1",
        "2, terms 2, entries 1, transfers 1, timeouts 2",
    ] {
        let Explored { reach, states, .. } = explored(words, true);
        let texts: BTreeSet<&String> = states.iter().collect();
        assert_eq!(texts.len() as u64, reach.distinct, "servers {words}");
    }
}
