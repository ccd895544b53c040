//! Files: the data directory of a server, and the threads that carry out what its host wants of the disk.
//!
//! Each lane has a thread, so that no sync of the log waits for a snapshot. A write without space is tried again until there is
//! some; what else failed, any sync included, is reported, and the host stops.

use std::collections::BTreeMap;
use std::fs::{self, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use raft_core::NodeId;
use raft_host::{Failure, File, Files, Lane, Operation, Work};
use serde::{Deserialize, Serialize};

use spare::Spare;

mod spare;
#[cfg(test)]
mod tests;

/// Time between tries on a disk that is full.
const RETRY: Duration = Duration::from_millis(250);
/// Files that a lane keeps open.
const OPEN: usize = 8;
/// Name of the file that a server locks while it runs.
const LOCK: &str = "LOCK";
/// Name of the file that says whose directory it is.
const IDENTITY: &str = "identity.json";

/// The server that a directory belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The number of the cluster.
    pub cluster: u64,
    /// The server.
    pub server: NodeId,
}

impl Owner {
    /// The owner of a directory, if it has one.
    ///
    /// # Errors
    /// If the file that says so can't be read, or says something else.
    pub fn of(path: &Path) -> io::Result<Option<Owner>> {
        match fs::read(path.join(IDENTITY)) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| {
                let text = format!("{}: {error}", path.join(IDENTITY).display());
                io::Error::new(io::ErrorKind::InvalidData, text)
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes it down, for good.
    fn write(self, path: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(&self).map_err(io::Error::other)?;
        let temporary = path.join(format!("{IDENTITY}.tmp"));
        let mut file = fs::File::create(&temporary)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(temporary, path.join(IDENTITY))?;
        fs::File::open(path)?.sync_all()
    }
}

/// Returns whether a server runs on a directory.
#[must_use]
pub fn is_locked(path: &Path) -> bool {
    fs::File::open(path.join(LOCK))
        .is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// The data directory of a server, locked for it.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// Released when it is closed.
    _lock: fs::File,
}

impl Directory {
    /// Opens a directory, which is made if it is not there, and locks it.
    ///
    /// # Errors
    /// If it can't be made or read, if another process has it, or if it is another server's.
    pub fn open(path: &Path, owner: Owner) -> io::Result<Directory> {
        let at = |error: io::Error| {
            io::Error::new(error.kind(), format!("data directory {}: {error}", path.display()))
        };
        fs::create_dir_all(path).map_err(at)?;
        let mut options = fs::OpenOptions::new();
        let options = options.create(true).truncate(false).write(true);
        let lock = options.open(path.join(LOCK)).map_err(at)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let text = "another process uses it: each server needs one of its own";
                return Err(at(io::Error::other(text)));
            }
            Err(TryLockError::Error(error)) => return Err(at(error)),
        }
        match Owner::of(path).map_err(at)? {
            None => owner.write(path).map_err(at)?,
            Some(found) if found == owner => {}
            Some(Owner { cluster, server }) => {
                let text = format!("it belongs to {server} of cluster {cluster}");
                return Err(at(io::Error::other(text)));
            }
        }
        Spare::remove(path).map_err(at)?;
        Ok(Directory { path: path.to_path_buf(), _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The files in it, to be read.
    #[must_use]
    pub fn files(&self) -> Reader {
        Reader::new(&self.path)
    }
}

/// The files of a directory, which are only read.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    open: Option<(File, fs::File)>,
}

impl Reader {
    /// The files of this directory, which need not be locked.
    #[must_use]
    pub fn new(path: &Path) -> Reader {
        Reader { path: path.to_path_buf(), open: None }
    }

    fn opened(&mut self, file: File) -> io::Result<&fs::File> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != file) {
            self.open = Some((file, fs::File::open(self.path.join(file.to_string()))?));
        }
        self.open.as_ref().map(|(_, open)| open).ok_or_else(|| io::Error::other("not open"))
    }

    fn bytes(&mut self, file: File, at: u64, length: usize) -> io::Result<Vec<u8>> {
        read(self.opened(file)?, at, length)
    }
}

impl Files for Reader {
    fn list(&mut self) -> Result<Vec<(File, u64)>, String> {
        let at = |error: io::Error| format!("{}: {error}", self.path.display());
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(at)? {
            let entry = entry.map_err(at)?;
            if let Some(file) = entry.file_name().to_str().and_then(File::named) {
                files.push((file, entry.metadata().map_err(at)?.len()));
            }
        }
        files.sort_unstable();
        Ok(files)
    }

    fn read(&mut self, file: File, at: u64, length: usize) -> Result<Vec<u8>, String> {
        self.bytes(file, at, length)
            .map_err(|error| format!("{}: {error}", self.path.join(file.to_string()).display()))
    }
}

/// Reads from a place on: this many bytes, fewer only at the end of the file.
fn read(file: &fs::File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let left = usize::try_from(file.metadata()?.len().saturating_sub(at)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length.min(left)];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

/// Threads that carry out operations. They end when this is dropped and all that was handed in is done.
#[derive(Debug)]
pub struct Disk {
    lanes: BTreeMap<Lane, mpsc::Sender<Operation>>,
    threads: Vec<thread::JoinHandle<()>>,
}

/// What became of an operation.
pub type Report = (u64, Result<Vec<u8>, Failure>);

impl Disk {
    /// Starts the threads. Each calls `report` when an operation is done, or can't be done; it is called
    /// twice for one that had to wait for space.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start(
        path: &Path,
        report: impl Fn(Report) + Clone + Send + 'static,
    ) -> io::Result<Disk> {
        let (mut lanes, mut threads) = (BTreeMap::new(), Vec::new());
        for (lane, name) in [(Lane::Log, "log"), (Lane::Bulk, "snapshots")] {
            let (sender, queue) = mpsc::channel::<Operation>();
            let mut worker = Worker {
                path: path.to_path_buf(),
                open: Vec::new(),
                spare: None,
                #[cfg(feature = "bugs")]
                volatile: crate::bugs::Volatile::from_environment(),
            };
            let report = report.clone();
            let run = move || {
                while let Ok(operation) = queue.recv() {
                    worker.carry_out(&operation, &report);
                }
            };
            threads.push(thread::Builder::new().name(name.to_string()).spawn(run)?);
            lanes.insert(lane, sender);
        }
        Ok(Disk { lanes, threads })
    }

    /// Hands an operation to its lane.
    pub fn submit(&self, operation: Operation) {
        if let Some(lane) = self.lanes.get(&operation.lane) {
            // A thread ends only after the sender is gone.
            let _ = lane.send(operation);
        }
    }
}

impl Drop for Disk {
    /// Waits until all that was handed in is done.
    fn drop(&mut self) {
        self.lanes.clear();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// One lane.
struct Worker {
    path: PathBuf,
    /// Open files, the one that was used last at the end.
    open: Vec<(File, fs::File)>,
    spare: Option<Spare>,
    #[cfg(feature = "bugs")]
    volatile: Option<crate::bugs::Volatile>,
}

impl Worker {
    fn carry_out(&mut self, operation: &Operation, report: &impl Fn(Report)) {
        let mut waits = false;
        loop {
            match self.work(&operation.work) {
                Ok(bytes) => return report((operation.id, Ok(bytes))),
                Err(error) if is_full(&error) && operation.work.can_be_repeated() => {
                    if !waits {
                        tracing::error!(operation = %operation.work, %error, "the disk is full");
                        report((operation.id, Err(Failure::NoSpace)));
                        waits = true;
                    }
                    thread::sleep(RETRY);
                }
                Err(error) => {
                    return report((operation.id, Err(Failure::Io(error.to_string()))));
                }
            }
        }
    }

    #[cfg(not(feature = "bugs"))]
    fn work(&mut self, work: &Work) -> io::Result<Vec<u8>> {
        self.really(work)
    }

    /// Does what a disk with a cache does: what is written is only there once it is synced.
    #[cfg(feature = "bugs")]
    fn work(&mut self, work: &Work) -> io::Result<Vec<u8>> {
        let Some(mut volatile) = self.volatile.take() else { return self.really(work) };
        let done = volatile.work(work, &mut |work| self.really(work));
        self.volatile = Some(volatile);
        done
    }

    fn really(&mut self, work: &Work) -> io::Result<Vec<u8>> {
        match work {
            Work::Create { file, length } => {
                self.close(*file);
                let name = self.name(*file);
                let spare = self.spare.take().and_then(|spare| spare.take(&name, *length));
                let made = match spare {
                    Some(made) => made,
                    None => {
                        let made = spare::create(&name)?;
                        spare::zeros(&made, *length, |_| Ok(()))?;
                        made
                    }
                };
                self.keep(*file, made);
            }
            Work::Write { file, at, bytes } => {
                self.file(*file)?.write_all_at(bytes, *at)?;
                match file {
                    File::Segment(_) => self.look_ahead(*file, *at)?,
                    // Else the last sync would find all of it, and the log's syncs wait behind that.
                    File::Partial(_) => self.file(*file)?.sync_data().map_err(final_failure)?,
                    File::Snapshot(_) => {}
                }
            }
            Work::Sync { file } => self.file(*file)?.sync_data()?,
            Work::SyncDirectory => fs::File::open(&self.path)?.sync_all()?,
            Work::Rename { file, to } => {
                self.close(*file);
                self.close(*to);
                fs::rename(self.name(*file), self.name(*to))?;
            }
            Work::Remove { file } => {
                self.close(*file);
                match fs::remove_file(self.name(*file)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    Ok(()) | Err(_) => {}
                }
            }
            Work::Read { file, at, length } => {
                return read(self.file(*file)?, *at, *length as usize);
            }
        }
        Ok(Vec::new())
    }

    /// Begins to make the next file of the log once this one is half full.
    fn look_ahead(&mut self, file: File, at: u64) -> io::Result<()> {
        if self.spare.is_some() {
            return Ok(());
        }
        let length = self.file(file)?.metadata()?.len();
        if at >= length / 2 {
            // Without a thread the file is made when it is needed.
            self.spare = Spare::begin(&self.path, length).ok();
        }
        Ok(())
    }

    fn name(&self, file: File) -> PathBuf {
        self.path.join(file.to_string())
    }

    /// The file, open.
    fn file(&mut self, file: File) -> io::Result<&fs::File> {
        let opened = match self.open.iter().position(|(open, _)| *open == file) {
            Some(at) => self.open.remove(at).1,
            None => fs::OpenOptions::new().read(true).write(true).open(self.name(file))?,
        };
        self.keep(file, opened);
        self.open.last().map(|(_, open)| open).ok_or_else(|| io::Error::other("not open"))
    }

    fn keep(&mut self, file: File, opened: fs::File) {
        if self.open.len() >= OPEN {
            self.open.remove(0);
        }
        self.open.push((file, opened));
    }

    fn close(&mut self, file: File) {
        self.open.retain(|(open, _)| *open != file);
    }
}

/// A failure that is none of space: after a sync that found none it is unknown what is on the disk.
fn final_failure(error: io::Error) -> io::Error {
    io::Error::other(error)
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
