//! Output of a step, parted by when it may be acted on.
//!
//! Figure 2 asks that persistent state be "updated on stable storage before responding to RPCs". Here
//! that is a matter of types. A step gives out the messages that may leave *now*, and one [`Write`]. What
//! the write has to precede (votes, acknowledgements, the server's vote for itself) stays inside the
//! core until the host turns the write into a [`Receipt`] and hands that back:
//!
//! ```
//! fn durable(write: raft_core::Write) -> raft_core::Receipt {
//!     write.persisted()
//! }
//! ```
//!
//! There is no other way to get a receipt:
//!
//! ```compile_fail,E0451
//! fn durable(_write: raft_core::Write) -> raft_core::Receipt {
//!     raft_core::Receipt { id: panic!() } // the field is private
//! }
//! ```
//!
//! A write gives one receipt, and two writes give two:
//!
//! ```
//! fn both(one: raft_core::Write, other: raft_core::Write) -> [raft_core::Receipt; 2] {
//!     [one.persisted(), other.persisted()]
//! }
//! ```
//!
//! ```compile_fail,E0382
//! fn both(one: raft_core::Write) -> [raft_core::Receipt; 2] {
//!     [one.persisted(), one.persisted()] // the write is given up
//! }
//! ```
//!
//! A receipt can be handed in once:
//!
//! ```
//! fn hand_in(node: &mut raft_core::Node, receipt: raft_core::Receipt) {
//!     node.step(raft_core::Input::Persisted(receipt));
//! }
//! ```
//!
//! ```compile_fail,E0382
//! fn hand_in(node: &mut raft_core::Node, receipt: raft_core::Receipt) {
//!     node.step(raft_core::Input::Persisted(receipt));
//!     node.step(raft_core::Input::Persisted(receipt)); // the receipt is handed in
//! }
//! ```
//!
//! A write that is dropped releases nothing, ever.
//!
//! A host that forks a server ([`Node`](crate::Node) is `Clone`) clones the pending writes with it. That forges
//! nothing: a receipt names the write and the server that issued it. It counts once, and only where that write
//! is pending: in that server, and in clones made meanwhile. Elsewhere it releases nothing.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use crate::message::Message;
use crate::types::{Entries, Entry, HardState, LogIndex, NodeId, Request, Snapshot, Term};

/// The outcome of one step. It borrows the node: take what it holds before the next step. What is left in
/// it is lost.
#[derive(Debug)]
pub struct Output<'a> {
    /// Messages that may be sent at once, in order. None of them waits for `write`. Drain them, or swap
    /// in an empty vector: the next step clears what it finds.
    pub messages: &'a mut Vec<Message>,
    /// Change that is to be made durable, if any (Figure 2, persistent state). Writes are to become durable
    /// in the order of the steps.
    pub write: Option<Write>,
    /// A snapshot that takes the place of the state machine's state (§7): load it, before `apply`.
    pub restore: Option<Arc<Snapshot>>,
    /// Entries that became committed (§5.3): hand them to the state machine, in order. They are on the
    /// disks of a majority, which need not include this server's own: see [`Boot::applied`].
    ///
    /// [`Boot::applied`]: crate::Boot::applied
    pub apply: &'a [Entry],
    /// Answers for clients. A request gets one at most; none if this server stops first, or never learns
    /// its outcome.
    pub answers: &'a mut Vec<(Request, Answer)>,
    /// Reason for which this step refused its message: no correct server sends it, or it replies to no
    /// request.
    pub refused: Option<Refusal>,
}

/// A change of the persistent state of Figure 2, to be made durable as a whole or not at all. It is cloned with
/// the server that waits for it: the clone waits for a receipt of its own.
#[derive(Clone, Debug)]
#[must_use = "messages wait for this write; make it durable and hand back its receipt"]
pub struct Write {
    id: WriteId,
    hard_state: Option<HardState>,
    snapshot: Option<Arc<Snapshot>>,
    log: Option<LogWrite>,
}

/// Replaces the log from an index on: `log[from..] = entries`, which may be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogWrite {
    /// The first index written. Entries that the disk has there and behind it go.
    pub from: LogIndex,
    /// The entries from there on.
    pub entries: Entries,
}

impl Write {
    /// The new currentTerm and votedFor, if they change.
    #[must_use]
    pub fn hard_state(&self) -> Option<HardState> {
        self.hard_state
    }

    /// The new snapshot, if there is one (§7). It goes before the change of the log: entries up to the last
    /// that it stands for go, those behind it stay.
    #[must_use]
    pub fn snapshot(&self) -> Option<&Arc<Snapshot>> {
        self.snapshot.as_ref()
    }

    /// The change of the log, if it changes.
    #[must_use]
    pub fn log(&self) -> Option<&LogWrite> {
        self.log.as_ref()
    }

    /// Takes the change of the log out, for a host that hands it on to its disk as it is.
    #[must_use]
    pub fn take_log(&mut self) -> Option<LogWrite> {
        self.log.take()
    }

    /// Gives up the write in exchange for its receipt. Call this when it is durable: it survives a power
    /// loss from now on. Hand the receipt back as [`Input::Persisted`](crate::Input::Persisted).
    pub fn persisted(self) -> Receipt {
        Receipt { id: self.id }
    }
}

/// Proof that a [`Write`] was given up as durable. Only [`Write::persisted`] makes one.
#[derive(Debug)]
#[must_use = "what waits for the write is released by handing this back"]
pub struct Receipt {
    id: WriteId,
}

/// Identity of a write: a number, and the server that issued it.
#[derive(Clone, Debug)]
struct WriteId {
    number: u64,
    issuer: Arc<()>,
}

impl WriteId {
    /// Returns whether both are the same write of the same server.
    fn is(&self, other: &WriteId) -> bool {
        self.number == other.number && Arc::ptr_eq(&self.issuer, &other.issuer)
    }
}

/// Identity of a server from its boot or from the fork that made it: an address in memory, which is only
/// ever compared.
#[derive(Debug, Default)]
struct Issuer(Arc<()>);

impl Clone for Issuer {
    /// Makes a new identity: a clone issues its own writes.
    fn clone(&self) -> Issuer {
        Issuer::default()
    }
}

/// Answer to a client's request (§5.3, §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Committed at this index and, with this step's `apply`, applied here.
    Committed(LogIndex),
    /// A read: once the state machine here has applied this step's `apply`, it is recent enough. It has then
    /// applied this index.
    Readable(LogIndex),
    /// A transfer is over, since this server no longer leads; or a snapshot is taken.
    Done,
    /// Failed: another entry was committed at its index. It is not, and never will be.
    Superseded,
    /// Unknown: it may have been committed, or may yet be. Ask again, under the same serial number.
    Unknown,
    /// Not taken: this server does not lead. It may know the leader.
    NotLeader(Option<NodeId>),
    /// Not taken: the uncommitted entries are at [`Settings::uncommitted_limit`]. Try again later.
    ///
    /// [`Settings::uncommitted_limit`]: crate::Settings::uncommitted_limit
    Busy,
    /// Not taken: leadership is being handed to this server (diss. §3.10). Try again later, or there.
    Transferring(NodeId),
    /// Not done: it makes no sense, or can't be had.
    Rejected(Rejection),
}

/// Reason for which a request was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// A configuration without voters.
    NoVoters,
    /// A configuration that names this server twice.
    Duplicate(NodeId),
    /// More than one voter would come or go at once, and quorums of the two configurations might not share
    /// a server (diss. §4.1, Figure 10), with [`Changes::Single`](crate::Changes::Single).
    TooManyAtOnce,
    /// An earlier change of the configuration is not committed yet (§6, diss. §4.1).
    ChangePending,
    /// This leader has not committed an entry of its own term yet (diss. §4.1, corrected in 2015).
    NothingCommitted,
    /// This server did not catch up in time (diss. §4.2.1). The configuration is as it was.
    NotCaughtUp(NodeId),
    /// The server to lead is not in the configuration.
    UnknownServer(NodeId),
    /// The server to lead is a learner.
    NotAVoter(NodeId),
    /// The server to lead leads already.
    AlreadyLeads,
    /// Leadership is being handed to this server.
    TransferPending(NodeId),
    /// The server to lead was not elected within an election timeout. This one leads on (diss. §3.10).
    NotTransferred(NodeId),
    /// A snapshot up to this index or a later one is already there (§7).
    AlreadyCompacted(LogIndex),
    /// The state machine has not applied this entry yet (§7).
    NotApplied(LogIndex),
    /// This server was added later, and its log up to this entry does not hold the configuration, which a
    /// snapshot must (§7). Any later entry than the one that adds the server will do.
    ConfigurationUnknown(LogIndex),
}

/// Reason for which a message was refused. No correct server sends one like it, with one exception: a
/// server that is no longer in the configuration may reply late. Nothing of it reaches the log, the votes
/// or the commit index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not for this server, or claims to be from it.
    WrongAddress,
    /// A reply from a server that was sent no request: it is not in the configuration.
    UnknownSender(NodeId),
    /// An AppendEntries of the term that this server leads itself (§5.2: one leader a term).
    RivalLeader(NodeId),
    /// It would replace a committed entry (§5.4). The index is that of the first it would replace.
    TruncatesCommitted(LogIndex),
    /// Its entries don't follow one another, or their terms decrease or exceed the message's (§5.3).
    MalformedEntries,
    /// Its term or an index in it is beyond [`LARGEST`](crate::LARGEST).
    OutOfReach,
    /// A snapshot of another cluster (§7).
    ForeignSnapshot(u64),
    /// A part of a snapshot that reaches beyond its size.
    MalformedSnapshot,
    /// It acknowledges an entry that this leader never had (§5.3). The index is that of the entry.
    AcknowledgesUnsent(LogIndex),
}

/// Output that a step has gathered so far, and messages that wait for the disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) messages: Vec<Message>,
    pub(crate) answers: Vec<(Request, Answer)>,
    pub(crate) refused: Option<Refusal>,
    pub(crate) restore: Option<Arc<Snapshot>>,
    snapshot: Option<Arc<Snapshot>>,
    log: Option<LogWrite>,
    issuer: Issuer,
    /// The number of the last write given out.
    issued: u64,
    /// Writes given out, from the oldest on that is not durable.
    unsynced: VecDeque<Unsynced>,
    /// Held messages and the number of the write that each waits for, in that order.
    held: VecDeque<(u64, Message)>,
    /// Held messages of this step. They wait for its write, which `finish` is yet to number.
    fresh: Vec<Message>,
}

/// Write that was given out.
#[derive(Clone, Debug)]
struct Unsynced {
    id: WriteId,
    /// True if its receipt is back.
    durable: bool,
}

impl Outbox {
    /// Feeds the hasher with what waits for the disk, of a server in this term.
    pub(crate) fn fingerprint(&self, term: Term, hasher: &mut impl Hasher) {
        let Outbox {
            // Handed out. The next step clears what the host has left.
            messages: _,
            answers: _,
            refused: _,
            // Of a step under way: empty between steps.
            restore: _,
            snapshot: _,
            log: _,
            fresh: _,
            // Names of writes, of which only the order counts.
            issuer: _,
            issued: _,
            unsynced,
            held,
        } = self;
        // Writes are counted from the oldest that is not durable. One behind it that is durable makes no
        // difference any more.
        let pending = |last: u64| {
            let counts = |write: &&Unsynced| !write.durable && write.id.number <= last;
            unsynced.iter().filter(counts).count()
        };
        pending(self.issued).hash(hasher);
        // Those of earlier terms will be dropped.
        let held = held.iter().filter(|(_, message)| message.term >= term);
        held.clone().count().hash(hasher);
        held.for_each(|(number, message)| (pending(*number), message).hash(hasher));
    }

    /// Sends a message that does not depend on this server's disk.
    pub(crate) fn send(&mut self, message: Message) {
        self.messages.push(message);
    }

    /// Holds a message that must not leave before everything written so far, this step included, is
    /// durable: a vote, an acknowledgement, a request for votes in a new term. A message to this server
    /// itself is one like any other.
    pub(crate) fn hold(&mut self, message: Message) {
        self.fresh.push(message);
    }

    /// Notes the change of the log of this step, to which a second may only append.
    pub(crate) fn write_log(&mut self, from: LogIndex, entries: Entries) {
        self.log = Some(match self.log.take() {
            None => LogWrite { from, entries },
            Some(earlier) => {
                let all = earlier.entries.iter().chain(entries.iter()).cloned();
                LogWrite { from: earlier.from, entries: all.collect() }
            }
        });
    }

    /// Notes the snapshot of this step.
    pub(crate) fn write_snapshot(&mut self, snapshot: Arc<Snapshot>) {
        self.snapshot = Some(snapshot);
    }

    /// Ends the step: numbers its write, if there is one, and puts its held messages behind the unsynced
    /// writes.
    #[inline]
    pub(crate) fn finish(&mut self, hard_state: Option<HardState>) -> Option<Write> {
        let write = if hard_state.is_some() || self.log.is_some() || self.snapshot.is_some() {
            self.issued += 1;
            let id = WriteId { number: self.issued, issuer: self.issuer.0.clone() };
            self.unsynced.push_back(Unsynced { id: id.clone(), durable: false });
            let (log, snapshot) = (self.log.take(), self.snapshot.take());
            Some(Write { id, hard_state, snapshot, log })
        } else {
            None
        };
        if self.unsynced.is_empty() {
            if self.messages.is_empty() {
                core::mem::swap(&mut self.messages, &mut self.fresh);
            } else {
                self.messages.append(&mut self.fresh);
            }
        } else if !self.fresh.is_empty() {
            let number = self.issued;
            self.held.extend(self.fresh.drain(..).map(|message| (number, message)));
        }
        write
    }

    /// Takes a receipt. Receipts may come in any order; a held message waits for *all* writes before it,
    /// since it speaks of the state that all of them make.
    pub(crate) fn persisted(&mut self, receipt: Receipt) {
        if let Some(write) = self.unsynced.iter_mut().find(|write| write.id.is(&receipt.id)) {
            write.durable = true;
        }
        while self.unsynced.front().is_some_and(|write| write.durable) {
            self.unsynced.pop_front();
        }
    }

    /// The next held message whose writes are all durable. Those of terms before `term` are dropped: their
    /// receivers would have to ignore them, and the state they speak of may be gone.
    pub(crate) fn release(&mut self, term: Term) -> Option<Message> {
        let first_unsynced = self.unsynced.front().map_or(self.issued + 1, |write| write.id.number);
        loop {
            let (number, _) = self.held.front()?;
            if *number >= first_unsynced {
                return None;
            }
            let (_, message) = self.held.pop_front()?;
            if message.term >= term {
                return Some(message);
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::WrongAddress => {
                f.write_str("not addressed to this server, or in its own name")
            }
            Refusal::UnknownSender(from) => {
                write!(f, "{from} answers, and is not in the configuration")
            }
            Refusal::ForeignSnapshot(cluster) => {
                write!(f, "the snapshot is one of another cluster, number {cluster}")
            }
            Refusal::MalformedSnapshot => {
                f.write_str("a part of a snapshot reaches beyond its size")
            }
            Refusal::RivalLeader(from) => {
                write!(f, "{from} sends AppendEntries in a term that this server leads")
            }
            Refusal::TruncatesCommitted(index) => {
                write!(f, "it would replace the committed entry {index}")
            }
            Refusal::MalformedEntries => {
                f.write_str("its entries do not follow one another in index and term")
            }
            Refusal::OutOfReach => f.write_str("its term or an index in it is out of reach"),
            Refusal::AcknowledgesUnsent(index) => {
                write!(f, "it acknowledges entry {index}, which this leader never had")
            }
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejection::NoVoters => f.write_str("a configuration must have at least one voter"),
            Rejection::Duplicate(server) => write!(f, "the configuration names {server} twice"),
            Rejection::TooManyAtOnce => f.write_str("more than one voter would come or go at once"),
            Rejection::ChangePending => {
                f.write_str("an earlier change of the configuration is not committed yet")
            }
            Rejection::NothingCommitted => {
                f.write_str("this leader has not committed an entry of its own term yet")
            }
            Rejection::NotCaughtUp(server) => write!(f, "{server} did not catch up in time"),
            Rejection::UnknownServer(server) => write!(f, "{server} is not in the configuration"),
            Rejection::NotAVoter(server) => write!(f, "{server} is a learner"),
            Rejection::AlreadyLeads => f.write_str("this server leads already"),
            Rejection::TransferPending(server) => {
                write!(f, "leadership is being handed to {server}")
            }
            Rejection::NotTransferred(server) => {
                write!(f, "{server} was not elected within an election timeout")
            }
            Rejection::AlreadyCompacted(index) => {
                write!(f, "there is a snapshot up to entry {index} already")
            }
            Rejection::NotApplied(index) => {
                write!(f, "the state machine has not applied entry {index} yet")
            }
            Rejection::ConfigurationUnknown(index) => {
                write!(f, "the log up to entry {index} does not tell the configuration")
            }
        }
    }
}
