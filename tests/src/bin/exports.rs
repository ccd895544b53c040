//! Writes the tables of `docs/exports.md`: `cargo run -p raft-tests --bin exports`.

use std::fs;

use raft_tests::{exports, root};

fn main() -> Result<(), String> {
    let path = root().join("docs/exports.md");
    let old = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    fs::write(&path, exports::page(&old)?).map_err(|error| error.to_string())
}
