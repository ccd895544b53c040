//! The zoo is complete: each edit still fits the core, each bug has been hunted, and the page is about them.

use std::collections::BTreeSet;
use std::fs;

use raft_tests::workshop::{Edit, bodies, body_of};
use raft_tests::zoo::published::SANDTABLE;
use raft_tests::zoo::{Judge, PAGE, UNSEEN, all, page, rows};
use raft_tests::{matrix, root};

const AGAIN: &str = "cargo run --release -p raft-tests";

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a file of the repository can be read")
}

#[test]
fn an_edit_fits_one_place_in_the_sources_and_changes_it() {
    let fits = |edit: &Edit<'_>, of: &str| {
        assert_eq!(read(edit.file).matches(edit.find).count(), 1, "{of}: {}", edit.find);
        assert_ne!(edit.find, edit.replace, "{of}");
    };
    for bug in all() {
        bug.edits.iter().chain(bug.room).for_each(|edit| fits(edit, bug.id));
    }
    for judge in Judge::ALL {
        judge.edits().iter().for_each(|edit| fits(edit, "a way to judge"));
    }
}

#[test]
fn an_edit_is_in_the_body_of_a_function_so_that_one_build_has_all_bugs() {
    for bug in all() {
        let variant = bug.variant().expect("its edits fit");
        for (file, changes) in &variant.changes {
            let bodies = bodies(&read(file)).expect("a source file");
            for change in changes {
                let inside = body_of(&bodies, change).is_some();
                assert!(inside, "{}: room has to be made for {}", bug.id, change.with);
            }
        }
    }
}

#[test]
fn a_bug_has_a_unique_name_and_names_its_sources() {
    let names: BTreeSet<&str> = all().map(|bug| bug.id).collect();
    assert_eq!(names.len(), all().count());
    for bug in all() {
        let letters =
            bug.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        assert!(letters, "{}: small letters, digits and dashes", bug.id);
        assert!(!bug.tags.is_empty() && !bug.sources.is_empty(), "{}", bug.id);
    }
}

#[test]
fn the_page_is_made_of_the_data_and_every_bug_was_hunted() {
    let rows = rows().expect("the data can be read");
    assert_eq!(read(PAGE), page::render(&rows), "{AGAIN}");
    let planted: Vec<&str> = all().map(|bug| bug.id).collect();
    let hunted: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(planted, hunted, "{AGAIN}");
}

#[test]
fn every_bug_is_found_or_has_a_reason_why_not() {
    for row in rows().expect("the data can be read") {
        for judge in Judge::ALL {
            let search = row.search(judge);
            let explained = UNSEEN.iter().any(|(id, of, _)| *id == row.id && of.contains(&judge));
            let expected = match judge {
                // It is enough that most campaigns find it.
                Judge::Histories => search.range(|hunt| hunt.seeds).is_some(),
                Judge::AnyRaft | Judge::Rules => search.is_found(),
            };
            assert_ne!(expected, explained, "{}, {judge:?}: found, or a reason why not", row.id);
        }
    }
}

#[test]
fn published_figures_are_about_bugs_of_the_zoo() {
    for published in SANDTABLE {
        assert!(all().any(|bug| bug.id == published.bug), "{}", published.name);
    }
}

#[test]
fn every_scenario_catches_something() {
    let matrix = matrix::matrix().expect("scenarios and results can be read");
    let nothing = |(path, caught): (&String, &matrix::Caught)| {
        (caught.rules.is_empty() && caught.bugs.is_empty()).then(|| path.clone())
    };
    let idle: Vec<String> = matrix.iter().filter_map(nothing).collect();
    assert!(idle.is_empty(), "nothing that is planted makes these fail: {idle:?}");
    let page = matrix::render(&matrix);
    assert_eq!(read(matrix::PAGE), page, "{AGAIN}");
}

#[test]
fn the_page_names_scenarios_that_exist() {
    let page = read(PAGE);
    for link in page.split("](../").skip(1) {
        let path = link.split(')').next().unwrap_or_default();
        assert!(root().join(path).exists(), "{path}: make the page again");
    }
}
