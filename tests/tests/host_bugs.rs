//! The bugs planted in the host: each edit still fits, and each was found and shrunk.

use std::fs;

use raft_tests::host_bugs::{ALL, PAGE, page, rows};
use raft_tests::root;

const AGAIN: &str = "cargo run --release -p raft-tests --bin host-bugs";

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a file of the repository can be read")
}

#[test]
fn an_edit_fits_one_place_in_the_host_and_changes_it() {
    for bug in ALL {
        let text = read(bug.edit.file);
        assert_eq!(text.matches(bug.edit.find).count(), 1, "{}: {}", bug.id, bug.edit.find);
        assert_ne!(bug.edit.find, bug.edit.replace, "{}", bug.id);
    }
}

#[test]
fn every_bug_of_the_host_is_found_by_each_campaign_and_shrunk() {
    let rows = rows().expect("the data can be read");
    let hunted: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(hunted, ALL.map(|bug| bug.id), "{AGAIN}");
    for row in &rows {
        assert!(row.hunts.iter().all(|hunt| hunt.found.is_some()), "{}: {AGAIN}", row.id);
        assert!(row.shrunk.is_some(), "{}: {AGAIN}", row.id);
    }
    assert_eq!(read(PAGE), page(&rows).expect("it has a table"), "{AGAIN}");
}
