//! Writes the list of the scenario files, to be built into the library.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let folder = folder(&manifest);
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    search(&folder, "scenarios", &mut files)?;
    // The order of a search in the folder on the disk: by the parts of the path.
    files.sort_by(|(one, _), (other, _)| Path::new(one).cmp(Path::new(other)));
    let mut list = String::from("&[\n");
    for (name, path) in files {
        // Writing to a string does not fail.
        let _ = writeln!(list, "    Packaged {{ path: {name:?}, text: include_str!({path:?}) }},");
    }
    list.push_str("]\n");
    let out = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    fs::write(out.join("scenarios.rs"), list)
}

/// The folder of the scenarios. In the published crate they are in it. In a checkout a symbolic link stands there, which is
/// a file with text on a system that has none.
fn folder(manifest: &Path) -> PathBuf {
    let own = manifest.join("scenarios");
    if own.is_dir() { own } else { manifest.join("..").join("scenarios") }
}

/// Adds all scenario files of a folder: the name, with `/` between its parts, and the path.
fn search(folder: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for item in fs::read_dir(folder)? {
        let path = item?.path();
        let name = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            search(&path, &name, files)?;
        } else if path.extension().is_some_and(|end| end == "raft") {
            files.push((name, path));
        }
    }
    Ok(())
}
