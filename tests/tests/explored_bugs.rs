//! The bugs of the zoo under exploration: their data, and the page that has the table of it.

use std::fs;

use raft_tests::explored_bugs::{BOUNDS, PAGE, page, rows};
use raft_tests::root;
use raft_tests::zoo::all;

#[test]
fn the_page_has_the_table_of_the_data() {
    let rows = rows().expect("the data can be read");
    let there = fs::read_to_string(root().join(PAGE)).expect("the page can be read");
    let made = page(&rows).expect("the page has a place for the table");
    assert!(made == there, "{PAGE}: `cargo run --release -p raft-tests --bin explored-bugs`");
}

#[test]
fn each_history_that_was_found_is_a_scenario_that_fails_or_leads_to_a_trap() {
    let rows = rows().expect("the data can be read");
    for row in &rows {
        assert!(all().any(|bug| bug.id == row.id), "no bug of the zoo is called {}", row.id);
        let Some(found) = &row.found else { continue };
        // The scenario of a trap leads there, and passes.
        assert!(found.fails != found.trap, "{}", row.id);
        assert!(BOUNDS.contains(&found.bounds.as_str()), "{}: {}", row.id, found.bounds);
    }
}
