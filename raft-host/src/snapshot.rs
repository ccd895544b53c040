//! Snapshots in files of their own: written, read and sent piece by piece. The core has only a small [`Handle`] of each, as
//! the snapshot's data.
//!
//! ```text
//! ├ length ┼ sum ┼ kind ┼ content ┤├ length ┼ sum ┼ kind ┼ content ┤ …
//! ```
//!
//! Length and sum take four bytes, little-endian; the length is that of kind and content. The sum is over the one before as
//! well, so that the last one is a sum of the file.

use alloc::vec::Vec;

use raft_core::Position;

use crate::record::sum;

/// The bytes before a part's content.
const HEADER: usize = 9;

/// Most bytes of the content of a part of our own: a piece of the state machine may have more.
const PART: usize = 1 << 20;

/// The first part: cluster, index and term.
const HEAD: u8 = 1;
/// A part of the sessions.
const SESSIONS: u8 = 2;
/// A piece of the state machine.
const PIECE: u8 = 3;
/// The last part, which is empty.
const END: u8 = 4;

/// The file of a snapshot in two numbers: what the core keeps, and sends, as the data of the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// The bytes of the file.
    pub size: u64,
    /// The last sum in it.
    pub sum: u32,
}

impl Handle {
    /// The bytes of a handle.
    pub const SIZE: usize = 12;

    /// The handle as bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Handle::SIZE] {
        let mut bytes = [0; Handle::SIZE];
        bytes[..8].copy_from_slice(&self.size.to_le_bytes());
        bytes[8..].copy_from_slice(&self.sum.to_le_bytes());
        bytes
    }

    /// The handle in these bytes, if it is one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Handle> {
        let (size, sum) = bytes.split_first_chunk()?;
        let sum = u32::from_le_bytes(sum.try_into().ok()?);
        Some(Handle { size: u64::from_le_bytes(*size), sum })
    }
}

/// Makes the file of a snapshot, part by part.
#[derive(Debug)]
pub(crate) struct Writer {
    written: Handle,
    /// Parts that are made and not taken.
    bytes: Vec<u8>,
}

impl Writer {
    /// Begins the file of the snapshot that ends at `last`, with these sessions.
    pub(crate) fn new(cluster: u64, last: Position, sessions: &[u8]) -> Writer {
        let mut writer = Writer { written: Handle { size: 0, sum: 0 }, bytes: Vec::new() };
        let head = [cluster, last.index.get(), last.term.0].map(u64::to_le_bytes).concat();
        writer.part(HEAD, &head);
        sessions.chunks(PART).for_each(|part| writer.part(SESSIONS, part));
        writer
    }

    /// Adds a piece of the state machine.
    pub(crate) fn piece(&mut self, piece: &[u8]) {
        self.part(PIECE, piece);
    }

    /// Ends the file. Returns its handle.
    pub(crate) fn end(&mut self) -> Handle {
        self.part(END, &[]);
        self.written
    }

    /// The number of bytes that are made and not taken.
    pub(crate) fn pending(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes since this was asked last, and their place in the file.
    pub(crate) fn take(&mut self) -> (u64, Vec<u8>) {
        let bytes = core::mem::take(&mut self.bytes);
        (self.written.size - bytes.len() as u64, bytes)
    }

    fn part(&mut self, kind: u8, content: &[u8]) {
        let sum = sum(&[&self.written.sum.to_le_bytes(), &[kind], content]);
        let length = content.len() as u32 + 1;
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(sum.to_le_bytes());
        self.bytes.push(kind);
        self.bytes.extend_from_slice(content);
        self.written = Handle { size: self.written.size + (HEADER + content.len()) as u64, sum };
    }
}

/// Reads the file of a snapshot, as bytes of it come.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    cluster: u64,
    last: Position,
    /// The file that is expected.
    handle: Handle,
    /// Bytes that came and are not read.
    bytes: Vec<u8>,
    /// The part of the file that was read.
    read: Handle,
    sessions: Vec<u8>,
    /// The kind of the part before.
    before: u8,
}

/// Progress of a reader.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// More bytes are needed.
    More,
    /// A piece of the state machine.
    Piece(Vec<u8>),
    /// The file is complete, and as it was written. It has these sessions.
    Complete(Vec<u8>),
}

impl Reader {
    pub(crate) fn new(cluster: u64, last: Position, handle: Handle) -> Reader {
        let read = Handle { size: 0, sum: 0 };
        let (bytes, sessions) = (Vec::new(), Vec::new());
        Reader { cluster, last, handle, bytes, read, sessions, before: 0 }
    }

    /// The place in the file of the byte that is to come next.
    pub(crate) fn at(&self) -> u64 {
        self.read.size + self.bytes.len() as u64
    }

    /// The bytes of the file that are to come.
    pub(crate) fn left(&self) -> u64 {
        self.handle.size.saturating_sub(self.at())
    }

    /// Takes the next bytes of the file.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next part.
    ///
    /// # Errors
    /// The place of the part that is not as it was written, and the reason.
    pub(crate) fn next(&mut self) -> Result<Part, (u64, &'static str)> {
        let mut taken = 0;
        let part = loop {
            match self.part(&mut taken) {
                Ok(Some(part)) => break Ok(part),
                Ok(None) => {}
                Err(reason) => break Err((self.read.size, reason)),
            }
        };
        self.bytes.drain(..taken);
        part
    }

    /// The next part behind those that were taken; `None` if nothing follows from it by itself.
    fn part(&mut self, taken: &mut usize) -> Result<Option<Part>, &'static str> {
        let rest = &self.bytes[*taken..];
        let left = self.handle.size - self.read.size;
        if left < HEADER as u64 {
            return Err("it ends too early");
        }
        let Some(header) = rest.first_chunk::<HEADER>() else { return Ok(Some(Part::More)) };
        let four = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|nth| header[at + nth]));
        let (length, kind) = (four(0) as usize, header[8]);
        let end = HEADER + length.checked_sub(1).ok_or("it has a part without content")?;
        if left < end as u64 {
            return Err("a part reaches beyond its end");
        }
        let Some(content) = rest.get(HEADER..end) else { return Ok(Some(Part::More)) };
        if sum(&[&self.read.sum.to_le_bytes(), &[kind], content]) != four(4) {
            return Err("a part is not as it was written");
        }
        self.read = Handle { size: self.read.size + end as u64, sum: four(4) };
        *taken += end;
        let before = core::mem::replace(&mut self.before, kind);
        match (before, kind) {
            (0, HEAD) => {
                let Position { index, term } = self.last;
                let head = [self.cluster, index.get(), term.0].map(u64::to_le_bytes).concat();
                if content != head {
                    return Err("it is another snapshot");
                }
                Ok(None)
            }
            (HEAD | SESSIONS, SESSIONS) => {
                self.sessions.extend_from_slice(content);
                Ok(None)
            }
            (SESSIONS | PIECE, PIECE) => Ok(Some(Part::Piece(content.to_vec()))),
            (SESSIONS | PIECE, END) if self.read == self.handle => {
                Ok(Some(Part::Complete(core::mem::take(&mut self.sessions))))
            }
            (SESSIONS | PIECE, END) => Err("it is another snapshot than the log names"),
            (_, _) => Err("its parts are not in order"),
        }
    }
}
