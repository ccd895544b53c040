//! The states of one depth, which are to be taken next.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A state of the cluster as words: what was used up, the memory of the checkers, the state of each server, and the
/// messages in flight in the order of their numbers.
pub(super) type Words = [u32];

/// The word that says what was used up.
pub(super) const USED: usize = 0;
/// The word that is the number of a memory.
pub(super) const MEMORY: usize = 1;
/// The first word that is the state of a server.
pub(super) const SERVERS: usize = 2;

/// The words of a full chunk.
pub(super) const CHUNK: usize = 1 << 17;

/// States one after another: for each the number of its words, its fingerprint in four words, and its words.
#[derive(Default)]
pub(super) struct Chunk(pub(super) Vec<u32>);

impl Chunk {
    /// Adds a state.
    pub(super) fn push(&mut self, fingerprint: u128, words: &Words) {
        let parts = [96, 64, 32, 0].map(|shift| (fingerprint >> shift) as u32);
        self.0.push(words.len() as u32);
        self.0.extend_from_slice(&parts);
        self.0.extend_from_slice(words);
    }

    /// The bytes that it takes.
    pub(super) fn bytes(&self) -> u64 {
        4 * self.0.len() as u64
    }

    /// The states.
    pub(super) fn states(&self) -> impl Iterator<Item = (u128, &Words)> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (&[length, a, b, c, d], behind) = rest.split_first_chunk()?;
            let parts = [a, b, c, d].into_iter();
            let fingerprint = parts.fold(0, |whole, part| whole << 32 | u128::from(part));
            let (words, behind) = behind.split_at(length as usize);
            rest = behind;
            Some((fingerprint, words))
        })
    }
}

/// The folder for waiting states that do not fit into memory.
#[derive(Clone, Debug)]
pub struct Spill {
    /// The folder of their files.
    pub folder: PathBuf,
    /// The most bytes of the states of one depth in memory.
    pub memory: u64,
}

/// The chunks of one depth: the first in memory, the others perhaps in a file.
pub(super) struct Frontier {
    chunks: VecDeque<Chunk>,
    bytes: u64,
    spilled: Option<Spilled>,
}

/// Chunks in a file, one after another.
struct Spilled {
    path: PathBuf,
    file: File,
    /// The places and the bytes of those that are not taken.
    left: VecDeque<(u64, usize)>,
    end: u64,
}

impl Frontier {
    pub(super) fn new() -> Frontier {
        Frontier { chunks: VecDeque::new(), bytes: 0, spilled: None }
    }

    /// A frontier of this chunk.
    pub(super) fn first(chunk: Chunk) -> Frontier {
        Frontier { bytes: chunk.bytes(), chunks: VecDeque::from([chunk]), spilled: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
            && self.spilled.as_ref().is_none_or(|spilled| spilled.left.is_empty())
    }

    /// The bytes in memory.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Puts a chunk back before all others.
    pub(super) fn put_back(&mut self, chunk: Chunk) {
        self.bytes += chunk.bytes();
        self.chunks.push_front(chunk);
    }

    /// Adds a chunk behind all others.
    ///
    /// # Errors
    /// It can't be written, and is kept in memory.
    pub(super) fn push(
        &mut self,
        chunk: Chunk,
        spill: Option<&Spill>,
        depth: u32,
    ) -> io::Result<()> {
        let exceeds = |spill: &&Spill| self.bytes + chunk.bytes() > spill.memory;
        let spilled = match spill.filter(exceeds) {
            Some(Spill { folder, .. }) => self.spill(&chunk, folder, depth),
            None => Ok(false),
        };
        if !matches!(spilled, Ok(true)) {
            self.bytes += chunk.bytes();
            self.chunks.push_back(chunk);
        }
        spilled.map(|_| ())
    }

    /// Writes a chunk to the file. True if it is there.
    fn spill(&mut self, chunk: &Chunk, folder: &Path, depth: u32) -> io::Result<bool> {
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            None => self.spilled.insert(Spilled::new(folder, depth)?),
        };
        spilled.push(chunk).map(|()| true)
    }

    /// Takes the first chunk.
    ///
    /// # Errors
    /// It can't be read.
    pub(super) fn pop(&mut self) -> io::Result<Option<Chunk>> {
        if let Some(chunk) = self.chunks.pop_front() {
            self.bytes -= chunk.bytes();
            return Ok(Some(chunk));
        }
        self.spilled.as_mut().map_or(Ok(None), Spilled::pop)
    }
}

impl Spilled {
    fn new(folder: &Path, depth: u32) -> io::Result<Spilled> {
        let path = folder.join(format!("depth-{depth}"));
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok(Spilled { path, file, left: VecDeque::new(), end: 0 })
    }

    fn push(&mut self, chunk: &Chunk) -> io::Result<()> {
        let bytes: Vec<u8> = chunk.0.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&bytes)?;
        self.left.push_back((self.end, bytes.len()));
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn pop(&mut self) -> io::Result<Option<Chunk>> {
        let Some((place, length)) = self.left.front().copied() else { return Ok(None) };
        let mut bytes = vec![0; length];
        self.file.seek(SeekFrom::Start(place))?;
        self.file.read_exact(&mut bytes)?;
        self.left.pop_front();
        let (words, _) = bytes.as_chunks::<4>();
        Ok(Some(Chunk(words.iter().map(|word| u32::from_le_bytes(*word)).collect())))
    }
}

/// The file is of no use to anybody else.
impl Drop for Spilled {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
