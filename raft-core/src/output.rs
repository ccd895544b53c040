//! What a server wants done, parted by when it may be done.
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
//!     raft_core::Receipt { number: 1 } // the field is private
//! }
//! ```
//!
//! None to get two from one write, where one from each of two is fine:
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
//! And none to hand in the same receipt twice:
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

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use crate::message::Message;
use crate::types::{Entries, Entry, HardState, LogIndex, NodeId, Request, Term};

/// The outcome of one step. It borrows the node: take what it holds before the next step. What is left in
/// it is lost.
#[derive(Debug)]
pub struct Output<'a> {
    /// Messages that may be sent at once, in order. None of them waits for `write`. Drain them, or swap
    /// in an empty vector: the next step clears what it finds.
    pub messages: &'a mut Vec<Message>,
    /// What is to be made durable, if anything (Figure 2, persistent state). Writes are to become durable
    /// in the order of the steps.
    pub write: Option<Write>,
    /// Entries that became committed (§5.3): hand them to the state machine, in order. They are on the
    /// disks of a majority, which need not include this server's own: see [`Boot::applied`].
    ///
    /// [`Boot::applied`]: crate::Boot::applied
    pub apply: &'a [Entry],
    /// What clients are to be told. A request gets one answer at most; none if this server stops first,
    /// or never learns what became of it.
    pub answers: &'a mut Vec<(Request, Answer)>,
    /// A message that this step refused because no correct server sends it.
    pub refused: Option<Refusal>,
}

/// A change of the persistent state of Figure 2, to be made durable as a whole or not at all.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "messages wait for this write; make it durable and hand back its receipt"]
pub struct Write {
    number: u64,
    hard_state: Option<HardState>,
    log: Option<LogWrite>,
}

/// Replaces the log from an index on: `log[from..] = entries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogWrite {
    /// The first index written. What the disk has there and behind it goes.
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
        Receipt { number: self.number }
    }
}

/// Proof that a [`Write`] was given up as durable. Only [`Write::persisted`] makes one.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "what waits for the write is released by handing this back"]
pub struct Receipt {
    number: u64,
}

/// What a client is told of its request (§5.3, §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Committed and, with this step's `apply`, applied here.
    Committed,
    /// Another entry was committed at its index. It is not, and never will be.
    Superseded,
    /// Not taken: this server does not lead. It may know who does.
    NotLeader(Option<NodeId>),
    /// Not taken: the uncommitted entries are at [`Settings::uncommitted_limit`]. Try again later.
    ///
    /// [`Settings::uncommitted_limit`]: crate::Settings::uncommitted_limit
    Busy,
}

/// Why a message was refused: no correct server sends it. Nothing of it reaches the log, the votes or the
/// commit index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not for this server, or claims to be from it.
    WrongAddress,
    /// It comes from a server outside the cluster.
    UnknownSender(NodeId),
    /// An AppendEntries of the term that this server leads itself (§5.2: one leader a term).
    RivalLeader(NodeId),
    /// It would replace a committed entry (§5.4). The index is that of the first it would replace.
    TruncatesCommitted(LogIndex),
    /// Its entries don't follow one another, or their terms decrease or exceed the message's (§5.3).
    MalformedEntries,
    /// Its term or an index in it is beyond [`LARGEST`](crate::LARGEST).
    OutOfReach,
    /// It acknowledges an entry that this leader never had (§5.3). The index is that of the entry.
    AcknowledgesUnsent(LogIndex),
}

/// What a step has gathered so far, and what still waits for the disk.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) messages: Vec<Message>,
    pub(crate) answers: Vec<(Request, Answer)>,
    pub(crate) refused: Option<Refusal>,
    log: Option<LogWrite>,
    /// The number of the last write given out.
    issued: u64,
    /// Writes given out and not all durable: number, and whether its receipt is back.
    unsynced: VecDeque<(u64, bool)>,
    /// Promises and the write each waits for, in that order.
    held: VecDeque<(u64, Message)>,
    /// How many of them, the last ones, were made in this step.
    fresh: usize,
}

impl Outbox {
    /// Sends a message that promises nothing of this server's disk.
    pub(crate) fn send(&mut self, message: Message) {
        self.messages.push(message);
    }

    /// Sends a message that must not leave before everything written so far, this step included, is
    /// durable: a vote, an acknowledgement, a request for votes in a new term. A promise to oneself is
    /// one like any other.
    pub(crate) fn promise(&mut self, message: Message) {
        // As if this step wrote something; `finish` knows.
        self.held.push_back((self.issued + 1, message));
        self.fresh += 1;
    }

    /// Notes the change of the log of this step. A step changes the log once at most.
    pub(crate) fn write_log(&mut self, entries: Entries) {
        debug_assert!(self.log.is_none(), "a step writes the log once");
        self.log = entries.first().map(|first| first.index).map(|from| LogWrite { from, entries });
    }

    /// Ends the step: numbers its write, if there is one, and puts its promises behind what is unsynced.
    pub(crate) fn finish(&mut self, hard_state: Option<HardState>) -> Option<Write> {
        let log = self.log.take();
        let write = (hard_state.is_some() || log.is_some()).then(|| {
            self.issued += 1;
            self.unsynced.push_back((self.issued, false));
            Write { number: self.issued, hard_state, log }
        });
        let earlier = self.held.len() - self.fresh;
        if self.fresh > 0 && self.unsynced.is_empty() {
            self.messages.extend(self.held.drain(earlier..).map(|(_, message)| message));
        } else if write.is_none() {
            self.held.range_mut(earlier..).for_each(|(number, _)| *number = self.issued);
        }
        self.fresh = 0;
        write
    }

    /// Takes a receipt. Receipts may come in any order; a promise waits for *all* writes before it, since
    /// it speaks of the state that all of them make.
    pub(crate) fn persisted(&mut self, receipt: Receipt) {
        if let Some(write) = self.unsynced.iter_mut().find(|(number, _)| *number == receipt.number)
        {
            write.1 = true;
        }
        while self.unsynced.front().is_some_and(|(_, durable)| *durable) {
            self.unsynced.pop_front();
        }
    }

    /// The next promise whose writes are all durable. Those of terms before `term` are dropped: whoever
    /// waits for them would have to ignore them, and the state they speak of may be gone.
    pub(crate) fn release(&mut self, term: Term) -> Option<Message> {
        // A promise of this very step waits for a write that `finish` is yet to number.
        let first_unsynced = self.unsynced.front().map_or(self.issued + 1, |(number, _)| *number);
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
            Refusal::UnknownSender(from) => write!(f, "{from} is not a server of this cluster"),
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
