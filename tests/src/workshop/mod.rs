//! A copy of the workspace in which bugs are planted, and the questions put to the programs that are built there. The
//! copy is below `target/`; the core itself is never touched. One program has nearly all bugs, each behind a switch.

mod program;
mod switch;
mod variant;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use serde_json::Value;

use crate::root;
pub use program::{Bound, Ended, Program};
use switch::Arm;
pub use switch::{Change, Switch, bodies, body_of};
pub use variant::{Edit, Variant};

/// The files and folders that are copied.
const COPIED: [&str; 13] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "clippy.toml",
    "docs",
    "raft-core",
    "raft-host",
    "raft-node",
    "raft-sim",
    "scenarios",
    "subjects/rust",
    "subjects/rust-example",
    "tests",
];

/// The sources of the core.
const CORE: &str = "raft-core/src/";

/// The profile of builds. Quick builds matter more here than fast programs.
pub const PROFILE: &str = "mutants";

/// The copy. All copies are built in one folder, in which the dependencies are built once.
#[derive(Debug)]
pub struct Workshop {
    /// Its folder.
    pub folder: PathBuf,
    variants: Vec<Variant>,
    /// The variants that have a program of their own, by place.
    alone: Vec<usize>,
}

impl Workshop {
    /// Makes a copy of this name, in place of an earlier one, and builds `raft-sim` there: one program in which the
    /// variants stand behind their switches, and one more for each variant that can't. Such a variant changes something
    /// outside of functions, or does not compile as an arm of a `match`.
    ///
    /// # Errors
    /// A file that can't be copied, changes that exclude each other, or the errors of a build.
    pub fn open(name: &str, variants: Vec<Variant>) -> Result<Workshop, String> {
        let mut workshop = Workshop::copied(name, variants)?;
        let mut alone = workshop.outside_of_functions()?;
        alone.extend(workshop.together(&alone, Workshop::build)?);
        workshop.keep("all")?;
        for place in alone {
            let name = workshop.variants[place].name.clone();
            let wrong = |error| format!("{name}: {error}");
            let rejected = workshop.apart(place, Workshop::build).map_err(wrong)?;
            if let Some(error) = rejected.first() {
                return Err(format!("{name} does not build:\n{}", error.rendered));
            }
            workshop.keep(&name)?;
            workshop.alone.push(place);
        }
        Ok(workshop)
    }

    /// Makes the copy, and builds nothing.
    ///
    /// # Errors
    /// A file that can't be copied.
    pub fn copied(name: &str, variants: Vec<Variant>) -> Result<Workshop, String> {
        let folder = root().join("target/workshops").join(name);
        for name in COPIED {
            let (from, to) = (root().join(name), folder.join(name));
            let cleared = if to.is_dir() { fs::remove_dir_all(&to) } else { Ok(()) };
            let copied = cleared.and_then(|()| copy(&from, &to));
            copied.map_err(|error| format!("{} can't be copied: {error}", from.display()))?;
        }
        Ok(Workshop { folder, variants, alone: Vec::new() })
    }

    /// The names of the variants that have a program of their own.
    pub fn alone(&self) -> impl Iterator<Item = &str> {
        self.alone.iter().map(|place| self.variants[*place].name.as_str())
    }

    /// The places of the variants with a change that is in no function that can be switched.
    ///
    /// # Errors
    /// A file that can't be read or parsed.
    pub fn outside_of_functions(&self) -> Result<Vec<usize>, String> {
        let mut bodies = BTreeMap::new();
        for file in self.variants.iter().flat_map(|variant| variant.changes.keys()) {
            if !bodies.contains_key(file) {
                let found = switch::bodies(&self.original(file)?);
                bodies.insert(file, found.map_err(|error| format!("{file}: {error}"))?);
            }
        }
        let outside = |(_, variant): &(usize, &Variant)| {
            let mut changes =
                variant.changes.iter().flat_map(|(file, of)| of.iter().map(move |one| (file, one)));
            changes.any(|(file, change)| switch::body_of(&bodies[file], change).is_none())
        };
        let variants = self.variants.iter().enumerate();
        Ok(variants.filter(outside).map(|(place, _)| place).collect())
    }

    /// Builds with all variants behind their switches, except those at the places `without`, and leaves out one after
    /// the other that the compiler rejects. Returns the places of these.
    ///
    /// # Errors
    /// Changes that exclude each other, an error of the compiler that is in none of the arms, and the errors of `build`.
    pub fn together(
        &self,
        without: &[usize],
        mut build: impl FnMut(&Workshop) -> Result<Vec<Rejected>, String>,
    ) -> Result<Vec<usize>, String> {
        let mut out: BTreeSet<usize> = BTreeSet::new();
        loop {
            let without: Vec<usize> = without.iter().chain(&out).copied().collect();
            let arms = self.write(&without, None)?;
            let rejected = build(self)?;
            if rejected.is_empty() {
                return Ok(out.into_iter().collect());
            }
            for Rejected { file, at, rendered } in rejected {
                let arms = arms.get(&file).map(Vec::as_slice).unwrap_or_default();
                let hit = arms.iter().find(|arm| arm.at.contains(&at));
                let arm = hit.ok_or_else(|| format!("it does not build:\n{rendered}"))?;
                out.insert(arm.number - 1);
            }
        }
    }

    /// Builds with the changes of one variant and no other, without a switch, and returns what the compiler rejects.
    /// The properties can still be chosen.
    ///
    /// # Errors
    /// Changes that exclude each other, and the errors of `build`.
    pub fn apart(
        &self,
        place: usize,
        build: impl FnOnce(&Workshop) -> Result<Vec<Rejected>, String>,
    ) -> Result<Vec<Rejected>, String> {
        let planted = |place: &usize| self.variants[*place].switch == Switch::Planted;
        let others: Vec<usize> = (0..self.variants.len()).filter(planted).collect();
        self.write(&others, Some(place))?;
        build(self)
    }

    fn original(&self, file: &str) -> Result<String, String> {
        fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))
    }

    /// Writes all edited files of the copy: with the variants behind their switches, those at the places `without` left
    /// out, and with the changes of one in any case. Returns the arms, by file.
    fn write(
        &self,
        without: &[usize],
        always: Option<usize>,
    ) -> Result<BTreeMap<String, Vec<Arm>>, String> {
        let files: BTreeSet<&String> = self
            .variants
            .iter()
            .flat_map(|variant| variant.changes.keys().chain(variant.room.keys()))
            .collect();
        let mut arms = BTreeMap::new();
        for file in files {
            let of = |changes: &BTreeMap<String, Vec<Change>>| -> Vec<Change> {
                changes.get(file).cloned().unwrap_or_default()
            };
            let mut common: Vec<Change> =
                self.variants.iter().flat_map(|variant| of(&variant.room)).collect();
            common.extend(always.iter().flat_map(|place| of(&self.variants[*place].changes)));
            let switched: Vec<switch::Variant<'_>> = (1..)
                .zip(&self.variants)
                .filter(|(number, _)| !without.contains(&(number - 1)))
                .filter_map(|(number, variant)| {
                    let changes = variant.changes.get(file)?;
                    Some(switch::Variant { switch: variant.switch, number, changes })
                })
                .collect();
            let core = file.starts_with(CORE);
            let krate = if core { "crate" } else { "raft_core" };
            let made = switch::switched(&self.original(file)?, krate, &common, &switched);
            let (text, of) = made.map_err(|error| format!("{file}: {error}"))?;
            put(&self.folder.join(file), &text)?;
            arms.insert(file.clone(), of);
        }
        let root = format!("{CORE}lib.rs");
        put(&self.folder.join(&root), &(self.original(&root)? + &switch::functions()))?;
        Ok(arms)
    }

    /// Builds the program, and returns what the compiler rejects.
    fn build(&self) -> Result<Vec<Rejected>, String> {
        let built = self.cargo(&["build", "--profile", PROFILE, "--package", "raft-sim"])?;
        Ok(built.rejected)
    }

    /// Runs cargo in the copy, and returns the programs that it built and what the compiler rejected.
    ///
    /// # Errors
    /// The reason why cargo can't be run, or its output if it failed for another reason.
    pub fn cargo(&self, args: &[&str]) -> Result<Built, String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(args)
            .args(["--quiet", "--message-format", "json", "--target-dir", "../target"])
            .current_dir(&self.folder)
            .output()
            .map_err(|error| error.to_string())?;
        let (mut programs, mut rejected) = (Vec::new(), Vec::new());
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let message: Value = serde_json::from_str(line).unwrap_or_default();
            if let Some(program) = message["executable"].as_str() {
                programs.push(PathBuf::from(program));
            }
            rejected.extend(Rejected::of(&message["message"]));
        }
        match output.status.success() || !rejected.is_empty() {
            true => Ok(Built { programs, rejected }),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Keeps the program that was built last under this name.
    fn keep(&self, name: &str) -> Result<(), String> {
        let kept = self.kept(name);
        let built = self.folder.join("../target").join(PROFILE).join("raft-sim");
        copy(&built, &kept).map_err(|error| format!("{}: {error}", kept.display()))
    }

    fn kept(&self, name: &str) -> PathBuf {
        self.folder.join("programs").join(name)
    }

    /// The program in which the variants of these names are in force; without a name, the unchanged one.
    ///
    /// # Panics
    /// No variant has that name.
    #[must_use]
    pub fn program(&self, names: &[&str]) -> Program {
        let mut path = self.kept("all");
        let mut environment = Vec::new();
        for name in names {
            let place = self.variants.iter().position(|variant| variant.name == *name);
            let place = place.unwrap_or_else(|| panic!("no variant is called {name}"));
            match self.alone.contains(&place) {
                true => path = self.kept(name),
                false => environment.push(self.variable(place)),
            }
        }
        let results = self.folder.join(format!("programs/{}.jsonl", names.join("+")));
        Program { path, folder: root(), environment, results: Some(results) }
    }

    /// The environment variable that puts a variant in force, and its value.
    #[must_use]
    pub fn variable(&self, place: usize) -> (&'static str, String) {
        (self.variants[place].switch.variable(), (place + 1).to_string())
    }
}

/// The result of a build.
#[derive(Clone, Debug)]
pub struct Built {
    /// The executables, in no particular order.
    pub programs: Vec<PathBuf>,
    /// What the compiler rejects; nothing if the build succeeded.
    pub rejected: Vec<Rejected>,
}

/// A place in the copy that the compiler rejects.
#[derive(Clone, Debug)]
pub struct Rejected {
    file: String,
    /// In bytes.
    at: usize,
    rendered: String,
}

impl Rejected {
    /// What is rejected by a message of the compiler, if it is an error with a place.
    fn of(message: &Value) -> Option<Rejected> {
        if message["level"] != "error" {
            return None;
        }
        let mut spans = message["spans"].as_array()?.iter();
        let span = spans.find(|span| span["is_primary"] == true)?;
        Some(Rejected {
            file: span["file_name"].as_str()?.to_owned(),
            at: span["byte_start"].as_u64()? as usize,
            rendered: message["rendered"].as_str().unwrap_or_default().to_owned(),
        })
    }
}

/// Writes a file of the copy, unless it has that text already: cargo builds what is newer again.
fn put(path: &Path, text: &str) -> Result<(), String> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Folders of what was built or fetched, such as the WebAssembly module and the page's tools.
const MADE: [&str; 2] = ["target", "node_modules"];

/// Copies a file, or a folder with all that is in it and was not made.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            if MADE.iter().all(|made| entry.file_name() != *made) {
                copy(&entry.path(), &to.join(entry.file_name()))?;
            }
        }
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(|_| ())
}
