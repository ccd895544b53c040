//! Inputs and outputs of a host, as plain data.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use raft_core::{
    Entry, HardState, LogIndex, LogWrite, NodeId, Outcome, Position, Refusal, Rejection, SessionId,
};

use crate::disk::Operation;
use crate::frame::{Class, Frame};
use crate::recovery::Damage;

/// The driver's name for a request. The answer comes back under it. No two requests of one life of a server share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Something that happens to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its clock ticks once.
    Tick,
    /// A frame arrives.
    Receive(Frame),
    /// A client or an administrator asks for something.
    Request {
        /// The name under which it is answered.
        ticket: Ticket,
        /// Ticks after which it is answered in any case; `None` waits for as long as it takes.
        deadline: Option<u32>,
        /// The request.
        request: Request,
    },
    /// An operation of the disk is done, or can't be done.
    Done {
        /// Its number.
        operation: u64,
        /// The bytes that were read, none for other operations; or the reason why it is not done.
        result: Result<Vec<u8>, Failure>,
    },
    /// The state machine may apply what it was handed; only with [`apply_limit`](raft_core::Settings::apply_limit).
    Apply,
}

/// Reason why an operation of the disk is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no space. The driver keeps the operation, and those behind it in its lane, and carries it out later; it reports
    /// that as done. Meanwhile the server takes no writes. Of an operation that [can't be repeated](crate::Work::can_be_repeated)
    /// it is a failure like others.
    NoSpace,
    /// It failed. What the disk holds is unknown: the server [stops](Outputs::stopped).
    Io(String),
}

/// Request of a client or an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A command, which is carried out once or, if the client asks again, perhaps more often.
    Command(Vec<u8>),
    /// Opens a session.
    Register,
    /// A command of a session, which is carried out once however often the client asks (§8, diss. §6.3).
    Once {
        /// The session.
        session: SessionId,
        /// The number of the command, higher than all before in the session; the same if the client asks again.
        serial: u64,
        /// The command.
        command: Vec<u8>,
    },
    /// A question about the state machine as it is now: linearizable (§8, diss. §6.4).
    Read(Vec<u8>),
    /// A question about this server's state machine as it is, however old. Answered at once.
    StaleRead(Vec<u8>),
    /// Changes the configuration to these servers (§6, diss. ch. 4).
    ChangeMembership {
        /// The servers that vote.
        voters: Vec<NodeId>,
        /// The servers that receive the log without a vote.
        learners: Vec<NodeId>,
    },
    /// Lets another server lead (diss. §3.10).
    TransferLeadership(NodeId),
    /// Takes a snapshot of what is applied (§7).
    Snapshot,
}

/// Answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A command is committed at this index and applied, with this answer of the state machine. Of a command of a session that
    /// was carried out before, it is the answer of then, which is gone (`None`) if the client went on to other commands since.
    Applied(LogIndex, Option<Vec<u8>>),
    /// A session is open.
    Registered(LogIndex, SessionId),
    /// A command is committed at this index and not carried out: its session is gone, or never was.
    NoSession(LogIndex),
    /// The answer to a question, from the state after this index; `None` before the first.
    Read(Option<LogIndex>, Vec<u8>),
    /// A configuration is committed at this index.
    Changed(LogIndex),
    /// A transfer or a snapshot is done.
    Done,
    /// Another entry is committed in place of the command; it never will be.
    Superseded,
    /// A command may have been committed, or may yet be. A client of a session asks again with the same serial number.
    Unknown {
        /// The leader, if this server knows one.
        leader: Option<NodeId>,
    },
    /// Not taken, or a question that is not answered: this server does not lead.
    NotLeader {
        /// The leader, if this server knows one.
        leader: Option<NodeId>,
    },
    /// A question was not answered, or leadership not handed over, before the deadline.
    Expired,
    /// Not taken; later it may be.
    Busy(Busy),
    /// Not done: it makes no sense, or can't be had.
    Rejected(Rejection),
    /// The server has stopped: see [`Outputs::stopped`].
    Stopped,
}

/// Reason why a request is not taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// As many requests wait as may wait: [`Limits::requests`](crate::Limits::requests).
    Requests,
    /// They have as many bytes as they may have: [`Limits::bytes`](crate::Limits::bytes).
    Bytes,
    /// As many entries are uncommitted as may be: [`uncommitted_limit`](raft_core::Settings::uncommitted_limit).
    Uncommitted,
    /// Leadership is being handed to this server.
    Transferring(NodeId),
    /// The disk is full.
    DiskFull,
    /// The state machine is being loaded from a snapshot.
    Loading,
    /// A snapshot is being taken.
    Snapshotting,
}

/// What is to be done, in this order within each field. The driver takes everything out of it before the next event.
#[derive(Debug, Default)]
pub struct Outputs {
    /// Frames to be sent, in any way that may lose them.
    pub frames: Vec<Outgoing>,
    /// Operations of the disk.
    pub operations: Vec<Operation>,
    /// Answers to requests. Each is answered once.
    pub replies: Vec<(Ticket, Reply)>,
    /// What happened, for a trace; empty unless [`Options::observe`](crate::Options::observe) is set.
    pub observations: Vec<Observation>,
    /// The reason why the server has stopped, from then on: it does nothing any more, and all requests are answered.
    pub stopped: Option<Stopped>,
}

/// A frame on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The server it is for.
    pub to: NodeId,
    /// The urgency.
    pub class: Class,
    /// The frame as bytes: what [`frame::encode`](crate::frame::encode) makes.
    pub bytes: Arc<[u8]>,
}

/// Something that happened in a server, for those who record or judge it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// The core changed its persistent state (Figure 2). Writes are counted from 1 on in the life of a server.
    Wrote {
        /// The number of the write.
        number: u64,
        /// The new currentTerm and votedFor, if they change.
        hard_state: Option<HardState>,
        /// The snapshot that takes the place of the beginning of the log, if there is a new one.
        snapshot: Option<Arc<raft_core::Snapshot>>,
        /// The change of the log.
        log: Option<LogWrite>,
    },
    /// All writes up to this one are durable, and the core was told.
    Durable(u64),
    /// A snapshot from a leader has taken the place of the state machine's state: all of it is loaded.
    Restored(Arc<raft_core::Snapshot>),
    /// The state machine has applied an entry.
    Applied(Entry, Outcome),
    /// A frame was refused as one that no correct server sends.
    Refused(Refusal),
    /// A snapshot of the entries up to this one is complete on the disk, whether or not it will be used.
    SnapshotComplete(Position),
}

/// Reason why a server has stopped by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// An operation of the disk failed. What was written since the last sync may be there or not, and a further sync may
    /// report success without it (`fsyncgate`): only what a boot finds is certain.
    Disk {
        /// The operation, in words.
        operation: String,
        /// The reason that the driver gave.
        reason: String,
    },
    /// A snapshot that was complete is not as it was written.
    Snapshot(Damage),
    /// The state machine does not take a piece of a snapshot.
    Machine(String),
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Busy::Requests => f.write_str("too many requests wait"),
            Busy::Bytes => f.write_str("the requests that wait are too large"),
            Busy::Uncommitted => f.write_str("too many entries are uncommitted"),
            Busy::Transferring(to) => write!(f, "leadership is being handed to {to}"),
            Busy::DiskFull => f.write_str("the disk is full"),
            Busy::Loading => f.write_str("the state machine is being loaded from a snapshot"),
            Busy::Snapshotting => f.write_str("a snapshot is being taken"),
        }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Disk { operation, reason } => {
                write!(f, "the disk failed to {operation}: {reason}")
            }
            Stopped::Snapshot(damage) => damage.fmt(f),
            Stopped::Machine(reason) => {
                write!(f, "the state machine does not take a snapshot: {reason}")
            }
        }
    }
}
