//! A server, its disk, and their outputs.

use std::hash::Hasher;
use std::sync::Arc;

use raft_core::{
    Answer, Body, Boot, Entry, HardState, Input, LogIndex, LogWrite, Message, Node, NodeId,
    Payload, Refusal, Request, Settings, Snapshot, Term, Write,
};

/// The bytes that a fingerprint is made of.
#[derive(Default)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

pub(crate) fn fingerprint(node: &Node) -> Vec<u8> {
    let mut bytes = Bytes::default();
    node.fingerprint(&mut bytes);
    bytes.0
}

/// The outputs of a step.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) messages: Vec<Message>,
    pub(crate) hard_state: Option<HardState>,
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    pub(crate) log: Option<LogWrite>,
    pub(crate) restore: Option<Arc<Snapshot>>,
    pub(crate) applied: Vec<Entry>,
    pub(crate) answers: Vec<(Request, Answer)>,
    pub(crate) refused: Option<Refusal>,
    pub(crate) fingerprint: Vec<u8>,
}

/// A server, and the writes that its disk has not made durable.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) node: Node,
    pub(crate) pending: Vec<Write>,
}

impl Server {
    pub(crate) fn step(&mut self, input: Input) -> Seen {
        let output = self.node.step(input);
        let write = output.write.as_ref();
        let mut seen = Seen {
            messages: core::mem::take(output.messages),
            hard_state: write.and_then(Write::hard_state),
            snapshot: write.and_then(Write::snapshot).cloned(),
            log: write.and_then(Write::log).cloned(),
            restore: output.restore,
            applied: output.apply.to_vec(),
            answers: core::mem::take(output.answers),
            refused: output.refused,
            fingerprint: Vec::new(),
        };
        self.pending.extend(output.write);
        seen.fingerprint = fingerprint(&self.node);
        seen
    }

    /// Makes the write of this rank durable: the receipt releases the messages that waited for it.
    pub(crate) fn persist(&mut self, rank: usize) -> Seen {
        let receipt = self.pending.remove(rank).persisted();
        self.step(Input::Persisted(receipt))
    }
}

pub(crate) fn first_boot(id: u32, settings: Settings) -> Boot {
    Boot {
        id: NodeId(id),
        cluster: 7,
        servers: (1..=3).map(NodeId).collect(),
        settings,
        hard_state: HardState::default(),
        snapshot: None,
        log: Vec::new(),
        applied: None,
    }
}

pub(crate) fn boot(id: u32, settings: Settings) -> Node {
    Node::boot(first_boot(id, settings)).expect("a first boot")
}

/// S1 of three, and inputs from S2.
pub(crate) fn server(settings: Settings) -> Server {
    Server { node: boot(1, settings), pending: Vec::new() }
}

pub(crate) fn message(term: u64, body: Body) -> Input {
    Input::Receive(Message { from: NodeId(2), to: NodeId(1), term: Term(term), body })
}

pub(crate) fn request_vote(term: u64) -> Input {
    message(term, Body::RequestVote { last: None, transfer: false })
}

/// AppendEntries of this term with entries of term 1 up to this index; the first of them are committed.
pub(crate) fn append(term: u64, last: u64, committed: u64) -> Input {
    let entry = |index| {
        let index = LogIndex::new(index).expect("an index");
        Entry { index, term: Term(1), payload: Payload::Noop }
    };
    let (entries, commit) = ((1..=last).map(entry).collect(), LogIndex::new(committed));
    message(term, Body::AppendEntries { prev: None, entries, commit, round: 1 })
}

/// Takes these inputs, and is notified after each that all is durable.
pub(crate) fn after(mut server: Server, inputs: impl IntoIterator<Item = Input>) -> Server {
    for input in inputs {
        server.step(input);
        while !server.pending.is_empty() {
            server.persist(0);
        }
    }
    server
}
