//! Files that commands read and write. Nothing that is there is overwritten silently.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::Error;

/// The path that stands for the standard input.
pub(super) const STDIN: &str = "-";

/// True for the path that stands for the standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// Reads a file or a pipe, or the standard input for `-`.
///
/// # Errors
/// A message that names the file: it can't be read, or it is a device, which may have no end.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    bytes(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))
}

/// The same as [`read`], with the error as the system has it.
///
/// # Errors
/// Those of [`read`].
pub(super) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if is_stdin(path) {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    if is_endless(path) {
        return Err(io::Error::other("it is a device, not a file"));
    }
    fs::read(path)
}

/// True for a path that may have no end.
pub(super) fn is_endless(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|there| is_device(there.file_type()))
}

#[cfg(unix)]
fn is_device(kind: fs::FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_char_device() || kind.is_block_device() || kind.is_socket()
}

#[cfg(not(unix))]
fn is_device(_: fs::FileType) -> bool {
    false
}

/// The options of a command that writes files.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Overwrite {
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

impl Overwrite {
    /// Checks the files that a command is going to write, before it does any work.
    ///
    /// # Errors
    /// A message: two of them are the same file, one is there already and has content, or one is `-`.
    pub(super) fn check(self, outputs: &[(&str, &Option<PathBuf>)]) -> Result<(), Error> {
        let mut known: Vec<(&str, PathBuf)> = Vec::new();
        for (option, path) in outputs {
            let Some(path) = path else { continue };
            let name = path.display();
            let refused = |why: String| Err(Error::Message(format!("{option} {name}: {why}")));
            if is_stdin(path) {
                return refused("is no file: the standard output has the report".to_owned());
            }
            let content = fs::metadata(path).is_ok_and(|there| there.is_file() && there.len() > 0);
            if content && !self.force {
                return refused(
                    "already exists; choose another name, or overwrite it with --force".to_owned(),
                );
            }
            let place = placed(path);
            if let Some((other, _)) = known.iter().find(|(_, known)| *known == place) {
                return refused(format!("is the file of {other}, too; choose another name"));
            }
            known.push((option, place));
        }
        Ok(())
    }
}

/// The path of a file with its folder in full.
fn placed(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).unwrap_or_default();
    fs::canonicalize(path).unwrap_or_else(|_| folder.join(path.file_name().unwrap_or_default()))
}

/// Writes a file.
pub(super) fn write(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let written = File::create(path).and_then(|file| {
        let mut file = BufWriter::new(file);
        content(&mut file)?;
        file.flush()
    });
    written
        .map_err(|error| Error::Message(format!("{}: cannot be written: {error}", path.display())))
}

/// Makes a folder, which must have nothing in it: no file in it is written over. `purpose` says what it is for.
pub(super) fn new_folder(folder: &Path, purpose: &str) -> Result<(), Error> {
    let wrong = |error| Error::Message(format!("{}: cannot be used: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(wrong)?;
    match fs::read_dir(folder).map_err(wrong)?.next() {
        None => Ok(()),
        Some(_) => {
            let why = format!("is not empty; expected a new folder for the {purpose}");
            Err(Error::Message(format!("{}: {why}", folder.display())))
        }
    }
}

/// Makes a file, which must not exist yet: one that is written while a command works.
pub(super) fn new_file(path: &Path) -> Result<File, Error> {
    File::create_new(path).map_err(|error| {
        let exists = error.kind() == io::ErrorKind::AlreadyExists;
        let why = if exists {
            "already exists; choose another name".to_owned()
        } else {
            format!("cannot be written: {error}")
        };
        Error::Message(format!("{}: {why}", path.display()))
    })
}
