//! The next file of the log, made before it is needed.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

/// Name of the file until it is needed. It means nothing to a server that boots.
const NAME: &str = "spare";
/// Bytes that are written, and synced, at a time.
const BLOCK: usize = 1 << 20;

/// A file of zeros that a thread of its own makes, so that no sync of the log waits until a whole file of zeros is on the disk.
#[derive(Debug)]
pub(super) struct Spare {
    path: PathBuf,
    length: u64,
    thread: Option<JoinHandle<io::Result<fs::File>>>,
}

impl Spare {
    /// Begins to make a file of this length.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub(super) fn begin(directory: &Path, length: u64) -> io::Result<Spare> {
        let path = directory.join(NAME);
        let at = path.clone();
        let make = move || {
            let made = create(&at).and_then(|file| {
                zeros(&file, length, fs::File::sync_data)?;
                Ok(file)
            });
            if made.is_err() {
                // What takes space is better gone.
                let _ = fs::remove_file(&at);
            }
            made
        };
        let thread = thread::Builder::new().name("spare".to_string()).spawn(make)?;
        Ok(Spare { path, length, thread: Some(thread) })
    }

    /// Gives the file this name, once it is made; `None` if it could not be made, or is of another length.
    pub(super) fn take(mut self, name: &Path, length: u64) -> Option<fs::File> {
        let made = self.thread.take()?.join().ok()?.ok()?;
        let taken = self.length == length && fs::rename(&self.path, name).is_ok();
        taken.then_some(made)
    }

    /// Removes what a server left that ended before it needed the file.
    ///
    /// # Errors
    /// If it is there and can't be removed.
    pub(super) fn remove(directory: &Path) -> io::Result<()> {
        match fs::remove_file(directory.join(NAME)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Drop for Spare {
    /// Waits until nothing is written any more: another server may open the directory next.
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // The file is removed at the next boot, made or not.
            let _ = thread.join();
        }
    }
}

/// Makes an empty file.
pub(super) fn create(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).open(path)
}

/// Fills a file with zeros, which are written, so that later syncs have no blocks to find; `after` is called after each block.
pub(super) fn zeros(
    file: &fs::File,
    length: u64,
    after: impl Fn(&fs::File) -> io::Result<()>,
) -> io::Result<()> {
    let block = vec![0; BLOCK];
    let mut at = 0;
    while at < length {
        let part = usize::try_from(length - at).unwrap_or(usize::MAX).min(BLOCK);
        file.write_all_at(&block[..part], at)?;
        after(file)?;
        at += part as u64;
    }
    Ok(())
}
