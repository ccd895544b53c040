//! The tables of what was found in real Rafts are made of the data, and the data is about files that exist.

use std::fs;

use raft_tests::findings::{AGAIN, pages, subjects};
use raft_tests::{files, root};

#[test]
fn the_tables_are_made_of_the_data() {
    let subjects = subjects().expect("the data can be read");
    for (path, text) in pages(&subjects).expect("there is a place for each table") {
        let found = fs::read_to_string(root().join(&path)).expect("a page can be read");
        assert_eq!(found, text, "{path} is stale: {AGAIN}");
    }
}

#[test]
fn each_scenario_of_a_subject_is_the_replay_of_a_finding() {
    let subjects = subjects().expect("the data can be read");
    let replays: Vec<&String> =
        subjects.iter().flat_map(|subject| &subject.findings).flat_map(|it| &it.replay).collect();
    for folder in ["subjects/etcd-raft/scenarios", "subjects/raft-rs/scenarios"] {
        for file in files(folder, "raft").expect("the folder can be read") {
            assert!(
                replays.iter().any(|replay| replay.contains(&file)),
                "{file}: no finding names it"
            );
        }
    }
    let words = replays.iter().flat_map(|replay| replay.split_whitespace());
    for path in words.filter(|word| word.ends_with(".raft")) {
        assert!(root().join(path).exists(), "{path}: there is no such scenario");
    }
}
