//! The scenarios that come with the library: those of the repository, as they were when it was built. Nothing here
//! reads a file.

use std::path::Path;

use super::source::Source;

/// A scenario that comes with the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packaged {
    /// Its path in the repository, with `/` on every system: `scenarios/5.2-election/…`.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// All of them, in the order in which [`find`](super::corpus::find) finds them in the repository.
pub static PACKAGED: &[Packaged] = include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

impl Packaged {
    /// Its text under its path.
    #[must_use]
    pub fn source(&self) -> Source {
        Source::new(self.path, self.text)
    }
}

/// The packaged scenario of this path, or those in the folder of this path, in order; none for the empty path.
pub fn at(path: &Path) -> impl Iterator<Item = &'static Packaged> {
    let path = path.strip_prefix(".").unwrap_or(path);
    let all = if path == Path::new("") { &[] } else { PACKAGED };
    all.iter().filter(move |packaged| Path::new(packaged.path).starts_with(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_files_are_found_by_their_paths() {
        let count = |path: &str| at(Path::new(path)).count();
        assert_eq!(count("scenarios"), PACKAGED.len());
        assert_eq!(count("./scenarios/"), PACKAGED.len());
        assert!((1..PACKAGED.len()).contains(&count("scenarios/5.2-election")));
        assert_eq!(count("scenarios/5.4.2-commit/figure-8-e.raft"), 1);
        for unknown in ["", ".", "scenario", "scenarios/5.2", "5.2-election", "/scenarios"] {
            assert_eq!(count(unknown), 0, "{unknown:?}");
        }
    }
}
