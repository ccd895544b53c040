//! Finding scenario files in folders and among the packaged ones, and loading them.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::error::ParseError;
use super::packaged;
use super::parse::parse;
use super::source::{ReadError, Source};
use super::syntax::Scenario;

/// The extension of a scenario file.
pub const EXTENSION: &str = "raft";

/// Finds scenarios as [`find`] does. A path that is not on the disk and names packaged scenarios (one, or a folder
/// of them) stands for these.
///
/// # Errors
/// Those of [`find`].
pub fn find_or_packaged(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FindError> {
    let mut found = Vec::new();
    for path in paths {
        let packaged = packaged::at(path).map(|packaged| PathBuf::from(packaged.path));
        let packaged: Vec<PathBuf> = packaged.collect();
        if path.exists() || packaged.is_empty() {
            found.extend(find(std::slice::from_ref(path))?);
        } else {
            found.extend(packaged);
        }
    }
    let mut known = BTreeSet::new();
    found.retain(|file| known.insert(file.clone()));
    Ok(found)
}

/// All scenario files of these files and folders, in the order of the arguments and sorted within a
/// folder. A folder is searched with all folders in it, for names that end in `.raft`; a file that is
/// named is taken whatever its name ends in. No file comes twice under one name.
///
/// # Errors
/// A path that does not exist or can't be read, or a folder without a scenario.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FindError> {
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    for path in paths {
        let metadata =
            std::fs::metadata(path).map_err(|cause| FindError::unreadable(path, cause))?;
        let mut files = Vec::new();
        if metadata.is_dir() {
            search(path, &mut files)?;
            if files.is_empty() {
                return Err(FindError::Empty { path: path.clone() });
            }
            files.sort();
        } else {
            files.push(path.clone());
        }
        found.extend(files.into_iter().filter(|file| known.insert(file.clone())));
    }
    Ok(found)
}

/// Adds the scenario files of a folder and the folders in it. Links to folders are not followed: they
/// could lead in a circle.
fn search(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), FindError> {
    let unreadable = |cause| FindError::unreadable(folder, cause);
    for item in std::fs::read_dir(folder).map_err(unreadable)? {
        let item = item.map_err(unreadable)?;
        let path = item.path();
        if item.file_type().map_err(unreadable)?.is_dir() {
            search(&path, files)?;
        } else if path.extension().is_some_and(|end| end == EXTENSION) && !path.is_dir() {
            files.push(path);
        }
    }
    Ok(())
}

/// Reads and parses a file; if there is none of this path on the disk, the packaged scenario of this path.
///
/// # Errors
/// The reason why it can't be read, or the first error in its text.
pub fn load(path: &Path) -> Result<(Source, Scenario), LoadError> {
    let source = match packaged::at(path).next() {
        Some(packaged) if !path.exists() => packaged.source(),
        Some(_) | None => Source::read(path).map_err(LoadError::Read)?,
    };
    match parse(&source) {
        Ok(scenario) => Ok((source, scenario)),
        Err(error) => Err(LoadError::Parse(source, Box::new(error))),
    }
}

/// The reason why scenario files were not found.
#[derive(Debug)]
pub enum FindError {
    /// The operating system reported an error.
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        cause: io::Error,
    },
    /// A folder has no scenario in it.
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

impl FindError {
    fn unreadable(path: &Path, cause: io::Error) -> FindError {
        FindError::Unreadable { path: path.to_owned(), cause }
    }
}

impl fmt::Display for FindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FindError::Unreadable { path, cause } => {
                write!(f, "{}: cannot be read: {cause}", path.display())
            }
            FindError::Empty { path } => write!(
                f,
                "{}: no scenario in this folder (no file ends in .{EXTENSION})",
                path.display()
            ),
        }
    }
}

impl std::error::Error for FindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FindError::Unreadable { cause, .. } => Some(cause),
            FindError::Empty { .. } => None,
        }
    }
}

/// The reason why a file is no scenario.
#[derive(Debug)]
pub enum LoadError {
    /// It can't be read.
    Read(ReadError),
    /// Its text has an error; with the text, to draw it.
    Parse(Source, Box<ParseError>),
}

impl LoadError {
    /// The error with its place drawn below the source line, if it has one; several lines of text, with
    /// or without colour.
    #[cfg(feature = "cli")]
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        match self {
            LoadError::Read(error) => error.to_string(),
            LoadError::Parse(source, error) => error.render(source, color),
        }
    }

    /// The line of the file with the error, from 1; `None` if the file can't be read.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        match self {
            LoadError::Read(_) => None,
            LoadError::Parse(_, error) => Some(error.line),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Read(error) => error.fmt(f),
            LoadError::Parse(_, error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LoadError::Read(error) => Some(error),
            LoadError::Parse(_, error) => Some(error.as_ref()),
        }
    }
}
