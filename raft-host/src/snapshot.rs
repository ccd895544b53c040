//! The file of a snapshot: eight bytes that say so, the sum of what follows, the snapshot.

use alloc::vec::Vec;

use raft_core::Snapshot;

/// The first bytes of the file; the last of them is the version of the format.
const MAGIC: &[u8; 8] = b"raftsnp\x01";

pub(crate) fn encode(snapshot: &Snapshot) -> Vec<u8> {
    let encoded = postcard::to_allocvec(snapshot).unwrap_or_default();
    let mut bytes = MAGIC.to_vec();
    bytes.extend(crc32fast::hash(&encoded).to_le_bytes());
    bytes.extend(encoded);
    bytes
}

/// The snapshot in the file, if it is whole.
pub(crate) fn decode(bytes: &[u8]) -> Option<Snapshot> {
    let (sum, encoded) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
    if crc32fast::hash(encoded) != u32::from_le_bytes(*sum) {
        return None;
    }
    postcard::from_bytes(encoded).ok()
}
