//! Shared parts of the test targets: the place of the repository, its scenario files, the paper map, the rules that
//! are broken on purpose, the zoo of real bugs, and what was found in real Rafts.

pub mod broken_rules;
pub mod evidence;
pub mod explored_bugs;
pub mod exports;
pub mod findings;
pub mod host_bugs;
pub mod matrix;
pub mod mutants;
pub mod paper_map;
pub mod workshop;
pub mod zoo;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io, thread};

use raft_sim::scenario::corpus::{find, load};
use raft_sim::scenario::syntax::Scenario;

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs a program whose arguments are names, or none for all, and prints its error: that of `run`, or the first name that
/// is unknown; `what` says what the names are of.
pub fn program(
    what: &str,
    is_known: impl Fn(&str) -> bool,
    run: impl FnOnce(&[String]) -> Result<(), String>,
) -> ExitCode {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let done = match named.iter().find(|name| !is_known(name)) {
        Some(unknown) => Err(format!("no {what} is called {unknown}")),
        None => run(&named),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// All files below a folder of the repository with this extension, by path from the root, in order.
///
/// # Errors
/// A folder that can't be read.
pub fn files(folder: &str, extension: &str) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_string()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder))? {
            let entry = entry?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if Path::new(&path).extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// All scenario files, parsed, by path from the root of the repository, in order.
///
/// # Errors
/// A file that can't be found, read or parsed.
pub fn scenarios() -> Result<Vec<(String, Scenario)>, String> {
    let mut scenarios = Vec::new();
    for file in find(&[root().join("scenarios")]).map_err(|error| error.to_string())? {
        let (_, scenario) = load(&file).map_err(|error| error.to_string())?;
        let path = file.strip_prefix(root()).unwrap_or(&file);
        scenarios.push((path.to_string_lossy().into_owned(), scenario));
    }
    Ok(scenarios)
}

/// All scenario files by path from the root of the repository, in order, each with its `paper` line.
///
/// # Errors
/// A file that can't be found, read or parsed.
pub fn suite() -> Result<Vec<(String, String)>, String> {
    Ok(scenarios()?.into_iter().map(|(path, scenario)| (path, scenario.header.paper)).collect())
}

/// Calls `work` with each of these, on as many threads as the machine runs at once. An error ends it.
///
/// # Errors
/// The error of `work`.
pub fn each<T: Sync>(
    items: &[T],
    work: impl Fn(&T) -> Result<(), String> + Sync,
) -> Result<(), String> {
    let next = AtomicUsize::new(0);
    let worker = || -> Result<(), String> {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(item).inspect_err(|_| next.store(items.len(), Ordering::Relaxed))?;
        }
        Ok(())
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// The Rust of the tutorial, so that it keeps compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/write-a-subject.md")]
pub struct WriteASubject;
