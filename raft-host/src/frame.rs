//! Frames: what servers send one another, as bytes.
//!
//! ```text
//! 0        4        8         10        12                  20                 20 + length
//! ├────────┼────────┼─────────┼─────────┼───────────────────┼─────────────────────┤
//! │ length │ sum    │ version │ reserved│ cluster           │ body                │
//! ```
//!
//! All numbers are little-endian. The sum (CRC-32) is over everything behind it. The body is encoded by postcard.

use alloc::vec::Vec;
use core::fmt;

use raft_core::{Body, Message, NodeId, Position};
use serde::{Deserialize, Serialize};

/// The version of the format.
pub const VERSION: u16 = 1;

/// The bytes of a header.
pub const HEADER: usize = 20;

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frame {
    /// A message of the core.
    Raft(Message),
    /// Request for the bytes of a snapshot's file, from a server that is to install it.
    Fetch {
        /// The server that asks.
        from: NodeId,
        /// The server that has the file.
        to: NodeId,
        /// The last entry of the snapshot.
        snapshot: Position,
        /// The place of the first byte that is asked for.
        at: u64,
    },
    /// Part of a snapshot's file.
    Part {
        /// The server that has the file.
        from: NodeId,
        /// The server that asked.
        to: NodeId,
        /// The last entry of the snapshot.
        snapshot: Position,
        /// The place of the first byte.
        at: u64,
        /// The bytes; none if the file is there no more.
        #[serde(with = "bytes")]
        bytes: Vec<u8>,
    },
}

/// Urgency of a frame. An urgent one should not wait behind bulk; those of one class leave in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Votes, heartbeats, acknowledgements and all that is small.
    Urgent,
    /// Entries, and parts of snapshots.
    Bulk,
}

impl Frame {
    /// The server that sends it.
    #[must_use]
    pub fn from(&self) -> NodeId {
        match self {
            Frame::Raft(message) => message.from,
            Frame::Fetch { from, .. } | Frame::Part { from, .. } => *from,
        }
    }

    /// The server it is for.
    #[must_use]
    pub fn to(&self) -> NodeId {
        match self {
            Frame::Raft(message) => message.to,
            Frame::Fetch { to, .. } | Frame::Part { to, .. } => *to,
        }
    }

    /// The urgency.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Frame::Raft(Message { body: Body::AppendEntries { entries, .. }, .. })
                if !entries.is_empty() =>
            {
                Class::Bulk
            }
            Frame::Raft(_) | Frame::Fetch { .. } => Class::Urgent,
            Frame::Part { .. } => Class::Bulk,
        }
    }
}

/// The bytes of a frame in a cluster.
#[must_use]
pub fn encode(cluster: u64, frame: &Frame) -> Vec<u8> {
    let mut bytes = alloc::vec![0; HEADER];
    // Nothing of a frame is without an encoding, and memory is all it takes.
    bytes = postcard::to_extend(frame, bytes).unwrap_or_default();
    let length = (bytes.len() - HEADER) as u32;
    bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
    bytes[12..20].copy_from_slice(&cluster.to_le_bytes());
    let sum = crc32fast::hash(&bytes[8..]);
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes[4..8].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// Takes frames out of a stream of bytes.
#[derive(Clone, Debug)]
pub struct Decoder {
    cluster: u64,
    most: usize,
    bytes: Vec<u8>,
    /// The number of bytes at the beginning that were taken.
    taken: usize,
}

impl Decoder {
    /// A decoder for frames of this cluster whose bodies have at most `most` bytes.
    #[must_use]
    pub fn new(cluster: u64, most: usize) -> Decoder {
        Decoder { cluster, most, bytes: Vec::new(), taken: 0 }
    }

    /// Takes bytes of the stream, in order.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame; `None` until all of its bytes are there.
    ///
    /// # Errors
    /// The reason why the bytes are no frame. A stream is of no use after that.
    #[expect(clippy::should_implement_trait, reason = "it can go on after `None`")]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        let rest = &self.bytes[self.taken..];
        let Some(header) = rest.first_chunk::<HEADER>() else { return Ok(None) };
        let (length, sum, cluster) = check(header, self.most)?;
        let end = HEADER + length;
        let Some(frame) = rest.get(..end) else { return Ok(None) };
        if crc32fast::hash(&frame[8..]) != sum {
            return Err(FrameError::Sum);
        }
        if cluster != self.cluster {
            return Err(FrameError::Cluster(cluster));
        }
        let (frame, left) =
            postcard::take_from_bytes(&frame[HEADER..]).map_err(|_| FrameError::Body)?;
        if !left.is_empty() {
            return Err(FrameError::Body);
        }
        self.taken += end;
        Ok(Some(frame))
    }
}

/// The length, the sum and the cluster in a header.
fn check(header: &[u8; HEADER], most: usize) -> Result<(usize, u32, u64), FrameError> {
    let four = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|nth| header[at + nth]));
    let version = u16::from_le_bytes([header[8], header[9]]);
    if version != VERSION {
        return Err(FrameError::Version(version));
    }
    let length = four(0) as usize;
    if length > most {
        return Err(FrameError::Length { found: length, most });
    }
    let cluster = u64::from(four(12)) | u64::from(four(16)) << 32;
    Ok((length, four(4), cluster))
}

/// Reason why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// It has another version of the format.
    Version(u16),
    /// It is longer than frames may be.
    Length {
        /// The bytes of its body.
        found: usize,
        /// The most that it may have.
        most: usize,
    },
    /// Its sum is wrong: bytes were changed on the way.
    Sum,
    /// It is of another cluster.
    Cluster(u64),
    /// Its body is none.
    Body,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Version(found) => {
                write!(f, "a frame of version {found}; expected version {VERSION}")
            }
            FrameError::Length { found, most } => {
                write!(f, "a frame of {found} bytes; expected at most {most}")
            }
            FrameError::Sum => f.write_str("a frame whose sum is wrong"),
            FrameError::Cluster(found) => write!(f, "a frame of another cluster, number {found}"),
            FrameError::Body => f.write_str("a frame whose body is none"),
        }
    }
}

impl core::error::Error for FrameError {}

/// Bytes as one piece, not byte by byte.
mod bytes {
    use alloc::vec::Vec;
    use core::fmt;

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_bytes(Bytes)
    }

    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }
}
