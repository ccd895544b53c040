//! The scenarios that come with the library: they are the repository's, and the program has them in any folder.

use std::path::Path;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use raft_sim::scenario::corpus::{find, load};
use raft_sim::scenario::packaged::PACKAGED;

const ONE: &str = "scenarios/5.2-election/candidate-yields-to-the-leader-of-its-term.raft";

/// Runs the program in a folder of its own, empty but for a file of scenarios if there is a text for it.
fn raft_sim(name: &str, own: Option<&str>, args: &[&str]) -> Assert {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packaged").join(name);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    if let Some(text) = own {
        let scenarios = folder.join("scenarios");
        std::fs::create_dir_all(&scenarios).expect("the folder can be made");
        std::fs::write(scenarios.join("own.raft"), text).expect("the file can be written");
    }
    Command::new(env!("CARGO_BIN_EXE_raft-sim")).current_dir(folder).args(args).assert()
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).expect("it is text")
}

#[test]
fn packaged_scenarios_are_those_of_the_repository_in_its_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = find(&[root.join("scenarios")]).expect("they are there");
    let names = files.iter().map(|file| file.strip_prefix(&root).expect("it is below the root"));
    assert!(names.eq(PACKAGED.iter().map(|packaged| Path::new(packaged.path))));
    for (file, packaged) in files.iter().zip(PACKAGED) {
        let (source, _) = load(file).expect("it parses");
        assert_eq!(source.text(), packaged.source().text(), "{}", packaged.path);
    }
}

#[test]
fn without_a_folder_of_scenarios_the_packaged_ones_run() {
    let list = stdout(&raft_sim("none", None, &["list"]).success());
    assert_eq!(list.lines().count(), PACKAGED.len());
    let folder =
        stdout(&raft_sim("none", None, &["test", "--all", "scenarios/5.6-timing"]).success());
    assert!(folder.ends_with("\n2 passed, 0 failed, 0 skipped\n"), "{folder}");
    let one = stdout(&raft_sim("none", None, &["explain", ONE]).success());
    assert!(one.contains("  scenario  ") && one.ends_with("\npassed\n"), "{one}");
    let twice = stdout(&raft_sim("none", None, &["list", ONE, "./scenarios/5.2-election", ONE]));
    assert_eq!(twice.matches(ONE).count(), 1);
    for unknown in ["scenarios/9-none", "scenarios/5.2-election/none.raft"] {
        let refused = raft_sim("none", None, &["test", unknown]).code(2);
        let error = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(error.contains(&format!("{unknown}: cannot be read")), "{error}");
    }
}

#[test]
fn scenarios_on_the_disk_come_first_and_are_not_mixed_with_packaged_ones() {
    let own = "scenario  An own one\npaper     §5.2\nservers   S1\n\nelect     S1\n";
    let list = stdout(&raft_sim("own", Some(own), &["list"]).success());
    assert_eq!(list, "§5.2  scenarios/own.raft  An own one\n");
    let one = stdout(&raft_sim("own", Some(own), &["explain", ONE]).success());
    assert!(one.ends_with("\npassed\n"), "{one}");
}
