//! Records: how a change of a server's durable state stands in a segment.
//!
//! ```text
//! 0        4        8        12       16       20                          20 + length
//! ├────────┼────────┼────────┼────────┼────────┼───────────────────────┬───┤
//! │ length │segment │durable │ sum    │ sum of │ body                  │END│
//! │        │        │        │of body │ header │                       │   │
//! ```
//!
//! All numbers are little-endian and take four bytes. The sum of the body is over the sum of the record before as well, so
//! that a record stands behind one record only. `durable` is the place in the segment before which everything was on stable
//! storage when the record was made. A record that is damaged before this place has been acknowledged, and is never taken for
//! one that was torn.
//!
//! Unwritten space is zero. No byte of a body is likely to be, and [`END`] never is: a part that is zero was not written.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use raft_core::{Entries, HardState, LogIndex, NodeId, Snapshot};
use serde::{Deserialize, Serialize};

/// The bytes of a header.
pub(crate) const HEADER: usize = 20;

/// The last byte of each record.
pub(crate) const END: u8 = 0xa5;

/// The bytes that a disk writes as one.
pub(crate) const SECTOR: usize = 512;

/// The version of the format.
pub(crate) const VERSION: u16 = 1;

/// The sum that the first record of the first segment stands behind.
pub(crate) const FIRST: u32 = 0;

/// Mask for the bytes of a body: runs of zeros are common in data, and mean unwritten space on a disk.
const MASK: u8 = 0x5a;

/// A record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Record {
    /// The first record of a segment: the state before it.
    Begin(Begin),
    /// One write of the core, as a whole.
    Change(Change),
}

/// The beginning of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begin {
    /// The version of the format.
    pub(crate) version: u16,
    /// The number of the cluster.
    pub(crate) cluster: u64,
    /// The server.
    pub(crate) server: NodeId,
    /// The sum of the last record of the segment before.
    pub(crate) behind: u32,
    /// Term and vote.
    pub(crate) hard_state: HardState,
    /// The snapshot, with the [handle](crate::snapshot::Handle) of its file as its data.
    pub(crate) base: Option<Arc<Snapshot>>,
    /// The index of the last entry.
    pub(crate) last: Option<LogIndex>,
}

/// A write of the core. What does not change is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Term and vote.
    pub(crate) hard_state: Option<HardState>,
    /// A snapshot that is complete in its file, with the handle of the file as its data.
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    /// The entries from an index on; what was there and behind it goes.
    pub(crate) log: Option<(LogIndex, Entries)>,
}

/// Where the next record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The segment.
    pub(crate) segment: u32,
    /// The place in it, in bytes.
    pub(crate) at: u32,
    /// The sum of the record before.
    pub(crate) behind: u32,
}

/// A header that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    /// The bytes of the body, with [`END`].
    pub(crate) length: usize,
    pub(crate) durable: u32,
    sum: u32,
}

pub(crate) fn sum(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}

/// Appends a record to `bytes`, which end at `place`, and moves the place behind it. Everything in the segment before `durable`
/// is durable by now.
pub(crate) fn append(bytes: &mut Vec<u8>, place: &mut Place, durable: u32, record: &Record) {
    let start = bytes.len();
    bytes.resize(start + HEADER, 0);
    // Nothing of a record is without an encoding, and memory is all it takes.
    let encoded = postcard::to_allocvec(record).unwrap_or_default();
    bytes.extend(encoded.iter().map(|byte| byte ^ MASK));
    bytes.push(END);
    let (header, body) = bytes[start..].split_at_mut(HEADER);
    let behind = sum(&[&place.behind.to_le_bytes(), body]);
    let numbers = [body.len() as u32, place.segment, durable, behind];
    for (slot, number) in header.chunks_exact_mut(4).zip(numbers) {
        slot.copy_from_slice(&number.to_le_bytes());
    }
    let of_header = sum(&[&header[..16]]);
    header[16..].copy_from_slice(&of_header.to_le_bytes());
    place.at += (bytes.len() - start) as u32;
    place.behind = behind;
}

/// The header at a place of a segment, if it is whole.
pub(crate) fn header(bytes: &[u8], at: usize, segment: u32) -> Option<Header> {
    let header: &[u8; HEADER] = bytes.get(at..)?.first_chunk()?;
    let number = |nth: usize| {
        let bytes = [0, 1, 2, 3].map(|byte| header[4 * nth + byte]);
        u32::from_le_bytes(bytes)
    };
    let whole = number(4) == sum(&[&header[..16]]) && number(1) == segment && number(0) > 0;
    whole.then(|| Header { length: number(0) as usize, durable: number(2), sum: number(3) })
}

/// The records in bytes that begin with one, as stretches of these, up to the first that is not whole.
pub fn records(bytes: &[u8], segment: u32) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    core::iter::from_fn(move || {
        let end = at + HEADER + header(bytes, at, segment)?.length;
        let start = core::mem::replace(&mut at, end);
        (end <= bytes.len()).then_some(start..end)
    })
}

/// The sum of the record before the first one of a segment, as that says itself.
pub(crate) fn behind(bytes: &[u8], segment: u32) -> Option<u32> {
    let header = header(bytes, 0, segment)?;
    let (_, encoded) = bytes.get(HEADER..HEADER.checked_add(header.length)?)?.split_last()?;
    let encoded: Vec<u8> = encoded.iter().map(|byte| byte ^ MASK).collect();
    match postcard::from_bytes(&encoded).ok()? {
        Record::Begin(begin) => Some(begin.behind),
        Record::Change(_) => None,
    }
}

/// The record at a place, which moves behind it. `None`, and the place stays, if there is no whole record that stands behind the one before.
pub(crate) fn read(bytes: &[u8], place: &mut Place) -> Option<Record> {
    let at = place.at as usize;
    let header = header(bytes, at, place.segment)?;
    let end = (at + HEADER).checked_add(header.length)?;
    let body = bytes.get(at + HEADER..end)?;
    if sum(&[&place.behind.to_le_bytes(), body]) != header.sum {
        return None;
    }
    let (_, encoded) = body.split_last()?;
    let encoded: Vec<u8> = encoded.iter().map(|byte| byte ^ MASK).collect();
    let record = postcard::from_bytes(&encoded).ok()?;
    *place = Place { at: end as u32, behind: header.sum, ..*place };
    Some(record)
}

/// True if the record at a place, which is not whole, looks like one that a power loss tore: a part of it was never
/// written.
pub(crate) fn is_torn(bytes: &[u8], at: usize, segment: u32) -> bool {
    let end =
        header(bytes, at, segment).map_or(at + HEADER + 1, |header| at + HEADER + header.length);
    // The file, or what was written of it, ends before the record does.
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    if written < end {
        return true;
    }
    // A sector of it is as it was before.
    let mut sector = at / SECTOR * SECTOR;
    while sector < end {
        let bytes = &bytes[sector.max(at)..(sector + SECTOR).min(bytes.len())];
        if bytes.iter().all(|byte| *byte == 0) {
            return true;
        }
        sector += SECTOR;
    }
    false
}

/// True if a record behind this place was made when what is at the place was durable.
pub(crate) fn was_durable(bytes: &[u8], at: usize, segment: u32) -> bool {
    (at + 1..bytes.len().saturating_sub(HEADER - 1))
        .filter_map(|later| header(bytes, later, segment))
        .any(|header| header.durable as usize > at)
}
