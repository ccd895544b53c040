//! Whatever bytes arrive from a peer, the decoder gives frames or one error, and does so however the bytes are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use raft_core::{Body, Message, NodeId, Term};
use raft_host::{Decoder, Frame, FrameError, frame};

const CLUSTER: u64 = 7;
const MOST: usize = 1 << 16;

fn decoded(bytes: &[u8], piece: usize) -> (Vec<Frame>, Option<FrameError>) {
    let mut decoder = Decoder::new(CLUSTER, MOST);
    let mut frames = Vec::new();
    for piece in bytes.chunks(piece) {
        decoder.push(piece);
        loop {
            match decoder.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

/// The header of some frame of this cluster.
fn header() -> Vec<u8> {
    let body = Body::PreVoteReply { granted: true };
    let (from, to, term) = (NodeId(1), NodeId(2), Term(3));
    let mut bytes = frame::encode(CLUSTER, &Frame::Raft(Message { from, to, term, body }));
    bytes.truncate(frame::HEADER);
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    let _ = decoded(bytes, 16);
    // The same as the body of a frame whose header is right: else the sum stops nearly all.
    let mut framed = header();
    framed.extend(bytes);
    framed[..4].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
    let sum = crc32fast::hash(&framed[8..]);
    framed[4..8].copy_from_slice(&sum.to_le_bytes());
    let (frames, error) = decoded(&framed, framed.len());
    assert_eq!(decoded(&framed, 3), (frames.clone(), error));
    for frame in &frames {
        // What was understood is said again, and understood as the same.
        let again = frame::encode(CLUSTER, frame);
        assert_eq!(decoded(&again, again.len()), (vec![frame.clone()], None));
    }
});
