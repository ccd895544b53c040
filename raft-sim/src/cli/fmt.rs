//! `raft-sim fmt`: brings scenario files into canonical form.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Error;
use super::files::is_stdin;
use super::output::load_or_report;
use crate::report::End;
use crate::scenario::corpus::find;

/// Bring scenario files into canonical form, in place
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim fmt scenarios\n  raft-sim fmt --check scenarios\n  raft-sim fmt - < my.raft"
)]
pub(super) struct Args {
    /// Scenario files, and folders to search for files that end in .raft; `-` is the standard input, which goes to the
    /// standard output
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Change nothing: name the files that are not in canonical form, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
}

pub(super) fn fmt(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> Result<End, Error> {
    if args.files.iter().any(|path| is_stdin(path)) {
        return stdin(args, out, err);
    }
    let files = find(&args.files).map_err(|error| Error::Message(error.to_string()))?;
    let (mut unusable, mut differ) = (false, false);
    for path in files {
        let Some((_, scenario)) = load_or_report(&path, err)? else {
            unusable = true;
            continue;
        };
        let canonical = scenario.to_string();
        // The bytes on the disk, since a byte order mark is not part of the source.
        let failed = |error: io::Error| Error::Message(format!("{}: {error}", path.display()));
        if fs::read(&path).map_err(failed)? == canonical.as_bytes() {
            continue;
        }
        differ = true;
        if !args.check {
            replace(&path, &canonical).map_err(failed)?;
        }
        writeln!(out, "{}", path.display())?;
    }
    Ok(match (unusable, args.check && differ) {
        (true, _) => End::Unusable,
        (false, true) => End::Violated,
        (false, false) => End::Held,
    })
}

/// Brings the standard input into canonical form, on the standard output.
fn stdin(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> Result<End, Error> {
    let [path] = args.files.as_slice() else {
        return Err(Error::Message("`-` is the standard input, and goes alone".to_owned()));
    };
    let Some((source, scenario)) = load_or_report(path, err)? else { return Ok(End::Unusable) };
    let canonical = scenario.to_string();
    if !args.check {
        out.write_all(canonical.as_bytes())?;
    }
    Ok(if args.check && source.text() != canonical { End::Violated } else { End::Held })
}

/// Replaces a file as a whole: a reader, during the replacement or after a crash, sees the old text or the new one. A
/// link keeps its target.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = write(&temporary, &path, text).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write(temporary: &Path, original: &Path, text: &str) -> io::Result<()> {
    let permissions = fs::metadata(original)?.permissions();
    let mut file = OpenOptions::new().write(true).create_new(true).open(temporary)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(permissions)?;
    file.sync_all()
}
