//! Frames: whatever arrives, the decoder gives what was sent or one error.

use std::sync::Arc;

use proptest::prelude::*;
use raft_core::{
    AppendReply, Body, Chunk, Command, Entry, Membership, Message, NodeId, Payload, Position,
    Request, Term,
};
use raft_host::{Class, Decoder, Frame, FrameError, frame::encode};

use super::cluster::{CLUSTER, index};

const MOST: usize = 1 << 16;

fn frames() -> Vec<Frame> {
    let message =
        |body| Frame::Raft(Message { from: NodeId(1), to: NodeId(2), term: Term(300), body });
    let last = Some(Position { index: index(7), term: Term(2) });
    let entry = |number, payload| Entry { index: index(number), term: Term(3), payload };
    let entries = vec![
        entry(8, Payload::Noop),
        entry(9, Payload::Command(Command::from(&b"a longer command than fits in place"[..]))),
        entry(10, Payload::Register),
    ];
    let snapshot = Position { index: index(99), term: Term(1) };
    let chunk = Chunk {
        last: snapshot,
        membership: Arc::new(Membership::default()),
        cluster: CLUSTER,
        offset: 0,
        size: 3,
        data: Arc::from(&[1, 2, 3][..]),
    };
    let (from, to) = (NodeId(1), NodeId(3));
    vec![
        message(Body::RequestVote { last, transfer: false }),
        message(Body::AppendEntries {
            prev: last,
            entries: entries.into_iter().collect(),
            commit: None,
            round: 5,
        }),
        message(Body::AppendEntriesReply {
            reply: AppendReply::Success { matched: Some(index(u64::MAX >> 2)) },
            round: u64::MAX,
        }),
        message(Body::InstallSnapshot { chunk: Arc::new(chunk), round: 1 }),
        message(Body::ReadIndexReply { request: Request(1 << 63), index: index(1) }),
        Frame::Fetch { from, to, snapshot, at: 1 << 40 },
        Frame::Part { from, to, snapshot, at: 0, bytes: vec![0; 5_000] },
    ]
}

fn decoded(bytes: &[u8]) -> Result<Option<Frame>, FrameError> {
    let mut decoder = Decoder::new(CLUSTER, MOST);
    decoder.push(bytes);
    decoder.next()
}

#[test]
fn frames_arrive_as_they_were_sent_however_the_stream_is_cut() {
    let sent = frames();
    let stream: Vec<u8> = sent.iter().flat_map(|frame| encode(CLUSTER, frame)).collect();
    for size in [1, 7, 1_000, stream.len()] {
        let mut decoder = Decoder::new(CLUSTER, MOST);
        let mut arrived = Vec::new();
        for bytes in stream.chunks(size) {
            decoder.push(bytes);
            while let Some(frame) = decoder.next().expect("frames") {
                arrived.push(frame);
            }
        }
        assert_eq!(arrived, sent);
    }
}

#[test]
fn votes_and_heartbeats_are_urgent() {
    let classes: Vec<Class> = frames().iter().map(Frame::class).collect();
    let (urgent, bulk) = (Class::Urgent, Class::Bulk);
    assert_eq!(classes, [urgent, bulk, urgent, urgent, urgent, urgent, bulk]);
}

#[test]
fn a_frame_that_is_none_is_refused_with_a_reason() {
    let frame = encode(CLUSTER, &frames()[0]);
    assert_eq!(decoded(&encode(8, &frames()[0])), Err(FrameError::Cluster(8)));
    let large = encode(
        CLUSTER,
        &Frame::Part {
            from: NodeId(1),
            to: NodeId(2),
            snapshot: Position { index: index(1), term: Term(1) },
            at: 0,
            bytes: vec![0; MOST],
        },
    );
    // Before all of it is there.
    let Err(FrameError::Length { most: MOST, .. }) = decoded(&large[..100]) else {
        panic!("it is too long");
    };
    let mut other = frame.clone();
    other[8] = 9;
    assert_eq!(decoded(&other), Err(FrameError::Version(9)));
    for at in 0..frame.len() {
        let mut flipped = frame.clone();
        flipped[at] ^= 0x10;
        assert!(!matches!(decoded(&flipped), Ok(Some(_))), "byte {at}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_frame_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decoded(&bytes);
        // The same with a header that fits.
        let mut frame = encode(CLUSTER, &frames()[0]);
        frame.truncate(raft_host::frame::HEADER);
        frame.extend(&bytes);
        frame[..4].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
        let sum = crc32fast::hash(&frame[8..]);
        frame[4..8].copy_from_slice(&sum.to_le_bytes());
        match decoded(&frame) {
            Ok(Some(_)) | Err(FrameError::Body) => {}
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
