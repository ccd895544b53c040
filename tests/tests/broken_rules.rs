//! The broken rules are complete, each edit still fits the core, and their page is about them.

use std::collections::BTreeSet;
use std::fs;

use raft_tests::broken_rules::{PAGE, all, page, rows};
use raft_tests::paper_map::{PLACES, RULES, Where};
use raft_tests::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a file of the repository can be read")
}

#[test]
fn an_edit_fits_one_place_in_the_core_and_changes_it() {
    for rule in all() {
        let text = read(&format!("raft-core/src/{}", rule.file));
        assert_eq!(text.matches(rule.find).count(), 1, "{}: {}", rule.id, rule.find);
        assert_ne!(rule.find, rule.replace, "{}", rule.id);
    }
}

#[test]
fn a_broken_rule_has_a_unique_name() {
    let names: BTreeSet<&str> = all().map(|rule| rule.id).collect();
    assert_eq!(names.len(), all().count());
    for name in names {
        let letters = name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        assert!(letters, "{name}: small letters with dashes");
    }
}

#[test]
fn every_rule_that_the_core_has_is_broken() {
    let mut rules: Vec<&str> = RULES.iter().map(|(rule, ..)| *rule).collect();
    rules.extend(PLACES.iter().filter_map(|(section, place)| match place {
        Where::Core(_) => Some(*section),
        Where::Paper(_) | Where::Outside(_) => None,
    }));
    let unbroken: Vec<&&str> =
        rules.iter().filter(|name| all().all(|rule| rule.rule != **name)).collect();
    assert!(unbroken.is_empty(), "nothing breaks {unbroken:?}");
    for rule in all().filter(|rule| !rule.rule.starts_with('§')) {
        let known = rules.contains(&rule.rule);
        assert!(known, "{}: `{}` is no rule of the core in the paper map", rule.id, rule.rule);
    }
}

#[test]
fn the_page_is_made_of_the_data_and_has_a_row_for_each_broken_rule() {
    let again = "cargo run -p raft-tests --bin broken-rules";
    let rows = rows().expect("the data can be read");
    assert_eq!(read(PAGE), page::render(&rows), "{again}");
    assert_eq!(rows.len(), all().count(), "{again}");
    for (rule, row) in all().zip(&rows) {
        assert_eq!(rule.id, row.id, "{again}");
        assert!(!row.scenarios.is_empty() || row.by_campaign(), "{}: nothing notices", rule.id);
        let found = row.by_campaign();
        assert_eq!(!found, rule.silent.is_some(), "{}: if no campaign finds it, why?", rule.id);
    }
}

#[test]
fn the_page_names_scenarios_that_exist() {
    let page = read(PAGE);
    for link in page.split("](../").skip(1) {
        let path = link.split(')').next().unwrap_or_default();
        assert!(root().join(path).exists(), "{path}: make the page again");
    }
}
