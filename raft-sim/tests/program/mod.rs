//! The program as its user meets it, and the pages that show its output.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// Runs the program in a folder and returns its exit code, standard output and standard error.
pub(crate) fn said(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let program = env!("CARGO_BIN_EXE_raft-sim");
    let output = Command::new(program).current_dir(folder).args(args).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Checks that each console block of the page with one command shows the real output. Returns the number of blocks.
#[track_caller]
pub(crate) fn shows(page: &str) -> usize {
    let page = fs::read_to_string(root().join(page)).expect("the page is there");
    let mut shown = 0;
    for block in page.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let Some((command, expected)) = block.split_once('\n') else { continue };
        let Some(args) = command.strip_prefix("$ raft-sim ") else { continue };
        let args: Vec<&str> = args.split(' ').collect();
        let (_, out, err) = said(&root(), &args);
        assert_eq!(out + &err, expected, "{command}");
        shown += 1;
    }
    shown
}
