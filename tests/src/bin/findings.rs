//! Writes what was found in real Rafts into the README and onto their pages, and a report on each into `target/reports`:
//! `cargo run --release -p raft-tests --bin findings`.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use clap::Parser;
use raft_tests::findings::{self, Subject};
use raft_tests::root;

/// Write what was found in real Rafts into the README and onto their pages, and a report on each into target/reports.
#[derive(Parser)]
struct Options {
    /// Write the tables alone.
    #[arg(long)]
    tables: bool,
}

fn main() -> ExitCode {
    match write(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn write(options: &Options) -> Result<(), String> {
    let subjects = findings::subjects()?;
    for (path, text) in findings::pages(&subjects)? {
        fs::write(root().join(&path), text).map_err(|error| format!("{path}: {error}"))?;
    }
    if !options.tables {
        subjects.iter().try_for_each(report)?;
    }
    Ok(())
}

/// Writes the report on a subject.
fn report(subject: &Subject) -> Result<(), String> {
    let name = Path::new(&subject.page).with_extension("html");
    let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let out = format!("target/reports/{name}");
    fs::create_dir_all(root().join("target/reports")).map_err(|error| format!("{out}: {error}"))?;
    let command = format!("{} --format html --out {out}", subject.report);
    println!("{command}");
    let ended = Command::new("bash").args(["-c", &command]).current_dir(root()).status();
    let ended = ended.map_err(|error| format!("{command}: {error}"))?;
    // 1: a property was violated, 3: only ones of liveness.
    match ended.code() {
        Some(0 | 1 | 3) => Ok(()),
        Some(_) | None => Err(format!("{command}: {ended}")),
    }
}
