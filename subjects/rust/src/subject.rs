//! The subject interface: the events that the testbed hands to a Raft, and the effects that it gets back. Any
//! implementation can stand behind it.
//!
//! A [`Subject`] is one server. It is driven by [`Event`]s and answers with [`Effects`]: messages,
//! writes, what it applied, and a [`View`] of the state that Figure 2 names. It owns no clock, no
//! network and no disk: the testbed owns them, and may lose, delay and repeat. The interface can *express*
//! a broken rule (such as a message that does not wait for the write that it rests on): a bug that
//! can't be expressed can't be found.

use std::sync::Arc;

use raft_core::{
    Command, Entries, Entry, HardState, LogIndex, NodeId, Once, SessionId, Snapshot, Term,
};
use serde::{Deserialize, Serialize};

use crate::capability::Capability;
use crate::message::Message;
use crate::settings::Settings;

/// A point in virtual time, or a duration, in microseconds.
pub type Micros = u64;

/// The cluster of every [`Snapshot`] in the testbed: the value of its field `cluster`.
pub const CLUSTER: u64 = 1;

/// An implementation under test: makes its servers.
pub trait Implementation {
    /// The name that reports give it.
    fn name(&self) -> &str;

    /// The capabilities that it has beyond §5 of the paper.
    fn capabilities(&self) -> &[Capability];

    /// Boots one server from its durable state, which is empty at the first boot.
    ///
    /// # Errors
    /// The reason why the server refuses to start from this state or with these settings.
    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String>;

    /// Begins a new cluster, whose randomness comes from this seed. Called once, before its servers boot. If the
    /// cluster needs something of its own, such as a process, the result is the implementation for this cluster. It is
    /// dropped at the cluster's end.
    ///
    /// # Errors
    /// The reason why there can be no cluster.
    fn enter(&self, seed: u64) -> Result<Option<Box<dyn Implementation + '_>>, String> {
        let _ = seed;
        Ok(None)
    }

    /// Separates the clusters from here on from those before: a process that has served clusters serves no other one.
    /// False if that is impossible, as for the program's own memory, which can't be reset.
    fn start_over(&self) -> bool {
        false
    }
}

/// One running server. Dropping it is its crash.
pub trait Subject {
    /// Takes one event and adds its effects to `effects`. It comes in empty except for the
    /// view, which the step must update.
    fn step(&mut self, event: Event, effects: &mut Effects);

    /// A copy of the server. Given the same events it does the same as this one from here on. The two are
    /// independent. `None` if a copy is impossible.
    fn fork(&self) -> Option<Box<dyn Subject>> {
        None
    }

    /// A digest of the state that decides what the server does from here on: equal for two servers that would do the
    /// same on the same events, and, as far as 64 bits go, different for others. State that can't matter any more,
    /// such as the history, is left out. `None` if there is no digest.
    fn fingerprint(&self) -> Option<u64> {
        None
    }

    /// The state behind the fingerprint as one line of text, for readers who compare states. `None` if there is none.
    fn describe(&self) -> Option<String> {
        None
    }
}

impl Subject for Box<dyn Subject> {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        (**self).step(event, effects);
    }

    fn fork(&self) -> Option<Box<dyn Subject>> {
        (**self).fork()
    }

    fn fingerprint(&self) -> Option<u64> {
        (**self).fingerprint()
    }

    fn describe(&self) -> Option<String> {
        (**self).describe()
    }
}

/// The state and settings that a server boots with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Boot {
    /// Its identity.
    pub id: NodeId,
    /// The voters of the first configuration, in order; none for a server that is added later.
    pub servers: Vec<NodeId>,
    /// The voters of the first configuration, in order, also for a server that is added later.
    pub members: Vec<NodeId>,
    /// The number of this boot: 1 for the first, whatever is on its disk. A server that boots after a crash has a larger
    /// one.
    pub life: u64,
    /// The time of the boot, in virtual microseconds since the cluster began.
    pub now: Micros,
    /// Timing and limits.
    pub settings: Settings,
    /// Its persistent state (Figure 2).
    pub hard_state: HardState,
    /// The latest commitIndex that it wrote to its disk, if it ever does.
    pub commit: Option<LogIndex>,
    /// The latest data of its own that it wrote to its disk, if it ever does.
    pub blob: Option<Arc<[u8]>>,
    /// Its snapshot (§7), which its state machine starts from.
    pub snapshot: Option<Arc<Snapshot>>,
    /// Its log, from index 1, or the one behind the snapshot, on without gaps.
    pub log: Vec<Entry>,
    /// The index up to which a state machine that survives crashes has applied the log.
    pub applied: Option<LogIndex>,
}

/// Something that happens to a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Event {
    /// Its clock ticks once.
    Tick,
    /// A message reaches it.
    Receive(Message),
    /// A client hands it a command.
    Propose(Request, Command),
    /// The write with this token is durable. So are all before it; some of their notifications may come later.
    Persisted(Token),
    /// A client opens a session (diss. §6.3).
    Register(Request),
    /// A client hands it a command to be executed once, perhaps not for the first time (§8, diss. §6.3).
    ProposeOnce(Request, Once),
    /// A client requests a read of the state machine without an entry in the log (diss. §6.4).
    Read(Request),
    /// An administrator requests this configuration: voters and learners (§6, diss. ch. 4).
    ChangeMembership(Request, Vec<NodeId>, Vec<NodeId>),
    /// An administrator requests that another server lead (diss. §3.10).
    Transfer(Request, NodeId),
    /// An administrator requests a snapshot of the applied state, in place of the log up to there (§7).
    Compact(Request),
    /// Its state machine applies the entries that it was handed and has not applied yet; only with
    /// [`Settings::apply_limit`].
    Apply,
}

/// A client's request, answered under the same number. Never used twice in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Request(pub u64);

/// Names a write of one server, in the order in which it issued them since it booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Token(pub u64);

/// The effects of one step of a server. The testbed owns them and hands them in again, emptied. Invalid effects are
/// refused, as if the server had crashed: a token that is not later than the last, an entry in the place of another,
/// a message that waits for a write that does not exist, an unknown server, an answer to a request that does not wait
/// for one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Effects {
    /// Writes, in the order in which they are to become durable.
    pub writes: Vec<Write>,
    /// Messages that leave at once, in order.
    pub sends: Vec<Message>,
    /// Messages that wait for a write.
    pub held: Vec<Held>,
    /// A snapshot that took the place of the state machine's state (§7), before `applied`.
    pub restored: Option<Arc<Snapshot>>,
    /// Entries that the state machine applied, in order.
    pub applied: Vec<Applied>,
    /// Answers to clients.
    pub answers: Vec<(Request, Answer)>,
    /// The acknowledgement that a leader took: the follower, and its matchIndex now. `None` if there was none,
    /// or if it is unknown.
    pub matched: Option<(NodeId, LogIndex)>,
    /// The reason why a message was refused as impossible under the protocol.
    pub refused: Option<String>,
    /// The exception, panic or failed assertion that the implementation caught itself in the step, and went on. The
    /// testbed reports it like a crash.
    pub swallowed: Option<String>,
    /// The states that the server went through in this step before it reached `view`, in order: for a library that takes
    /// several things in one step. Empty if it took one.
    #[serde(default)]
    pub passed: Vec<View>,
    /// The way in which the server ended by itself, if it did. It takes no more steps then.
    pub ended: Option<Ended>,
    /// Set by the testbed, before the step: true if the disk takes no time now. Writes of this step are
    /// durable at its end, and the server is notified at once, unless it dies of the write.
    pub instant: bool,
    /// Set by the testbed, before the step: virtual microseconds since the cluster began. For the subject's own
    /// reports; its behaviour depends on its ticks.
    pub now: Micros,
    /// The server's state after the step.
    pub view: View,
}

/// The way in which a server ended by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ended {
    /// It crashed, with this message.
    Crashed(String),
    /// It panicked in the step, with this message and place. The testbed reports this for a server that is linked in.
    Panicked(String),
    /// It did not return from the step. The text says how long the testbed waited.
    Stuck(String),
}

/// An entry that a state machine applied, with the outcome.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Applied {
    /// The entry.
    pub entry: Entry,
    /// The outcome.
    pub outcome: Outcome,
}

/// The outcome of applying an entry (diss. §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// It carries nothing for the state machine.
    Nothing,
    /// Its command was executed.
    Executed,
    /// Its command had been executed before, under the same serial number.
    Repeated,
    /// Its session is gone, or never was: the command was not executed.
    NoSession,
    /// It opened this session.
    Registered(SessionId),
}

/// A write to stable storage: all of it becomes durable at once or not at all. There is one exception: a power loss
/// may tear it before any message rests on it, so that of the entries that it appends only the first
/// few are there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Write {
    /// Its name.
    pub token: Token,
    /// The new currentTerm and votedFor, if they change.
    pub hard_state: Option<HardState>,
    /// The new commitIndex, of an implementation that keeps it on its disk. In Figure 2 it is volatile.
    pub commit: Option<LogIndex>,
    /// The new data of its own, of an implementation that keeps more than Figure 2 has: it is given back at the next
    /// boot, and the testbed does not look into it. `None` leaves the data as it was.
    pub blob: Option<Arc<[u8]>>,
    /// The new snapshot, if there is one. It is written before the change of the log: entries up to the last that it
    /// stands for are removed, those behind it stay.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The change of the log, if any.
    pub log: Option<LogWrite>,
}

/// A replacement of the log from an index on: `log[from..] = entries`, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogWrite {
    /// The first index written. Everything from there on is replaced.
    pub from: LogIndex,
    /// The new entries, from `from` on.
    pub entries: Entries,
}

/// A held message: it leaves when the server is notified that a write is durable, before the server does anything else,
/// since the server can't know earlier that it may. A server may as well hold such messages itself until then.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Held {
    /// The write it waits for.
    pub after: Token,
    /// The message.
    pub message: Message,
}

/// The answer to a client's request, from the server that the request was handed to.
///
/// For a command, [`NoSession`](Answer::NoSession), [`Superseded`](Answer::Superseded),
/// [`NotLeader`](Answer::NotLeader), [`Busy`](Answer::Busy) and [`Rejected`](Answer::Rejected) mean that it is
/// certainly never executed because of this request. A server that does not know that answers
/// [`Unknown`](Answer::Unknown), or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Answer {
    /// Committed at this index, and applied on this server.
    Committed(LogIndex),
    /// A session is open, by the entry at this index.
    Registered(LogIndex, SessionId),
    /// Committed at this index, and not executed: its session is gone, or never was.
    NoSession(LogIndex),
    /// A read: answered from the state after this index.
    Read(LogIndex),
    /// A transfer or a snapshot is done.
    Done,
    /// Another entry is committed in its place; it never will be.
    Superseded,
    /// It may or may not be committed, now or later.
    Unknown,
    /// Not taken: this server is not the leader. It knows of this one.
    NotLeader(Option<NodeId>),
    /// Not taken: too many entries are uncommitted, or leadership is being handed over.
    Busy,
    /// Not taken, or given up: it is invalid or impossible.
    Rejected,
}

/// A server's state in Figure 2's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct View {
    /// Follower, candidate or leader (Figure 4).
    pub role: Role,
    /// currentTerm
    pub term: Term,
    /// votedFor
    pub voted_for: Option<NodeId>,
    /// commitIndex; `None` is the paper's 0.
    pub commit: Option<LogIndex>,
    /// lastApplied; `None` is the paper's 0.
    pub applied: Option<LogIndex>,
    /// The leader of this term, if it knows one.
    pub leader: Option<NodeId>,
    /// The last entry that its snapshot stands for (§7).
    pub snapshot: Option<LogIndex>,
    /// The entry of the configuration in force; `None` if it is the first one, or that of the snapshot.
    pub configuration: Option<LogIndex>,
    /// A digest of the state machine's state after `applied`; 0 if there is none.
    pub state: u64,
}

/// A role of Figure 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Follows a leader or waits for one.
    #[default]
    Follower,
    /// Asks for votes.
    Candidate,
    /// Leads its term.
    Leader,
}

impl Boot {
    /// The first boot of a server, with an empty disk and default settings.
    #[must_use]
    pub fn new(id: NodeId, servers: Vec<NodeId>) -> Boot {
        Boot {
            id,
            members: servers.clone(),
            servers,
            life: 1,
            now: 0,
            settings: Settings::default(),
            hard_state: HardState::default(),
            commit: None,
            blob: None,
            snapshot: None,
            log: Vec::new(),
            applied: None,
        }
    }
}

impl Write {
    /// An empty write.
    #[must_use]
    pub fn new(token: Token) -> Write {
        Write { token, hard_state: None, commit: None, blob: None, snapshot: None, log: None }
    }
}

impl Event {
    /// The number of the client's request, if the event is one.
    #[must_use]
    pub fn request(&self) -> Option<Request> {
        match self {
            Event::Propose(request, _)
            | Event::Register(request)
            | Event::ProposeOnce(request, _)
            | Event::Read(request)
            | Event::ChangeMembership(request, ..)
            | Event::Transfer(request, _)
            | Event::Compact(request) => Some(*request),
            Event::Tick | Event::Receive(_) | Event::Persisted(_) | Event::Apply => None,
        }
    }

    /// The message that arrived, if the event is one.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        match self {
            Event::Receive(message) => Some(message),
            Event::Tick
            | Event::Propose(..)
            | Event::Register(_)
            | Event::ProposeOnce(..)
            | Event::Read(_)
            | Event::ChangeMembership(..)
            | Event::Transfer(..)
            | Event::Compact(_)
            | Event::Persisted(_)
            | Event::Apply => None,
        }
    }
}

impl Effects {
    /// Empties everything except the view and the fields that the testbed sets. Memory is kept.
    pub fn clear(&mut self) {
        self.writes.clear();
        self.sends.clear();
        self.held.clear();
        self.restored = None;
        self.applied.clear();
        self.answers.clear();
        self.matched = None;
        self.refused = None;
        self.swallowed = None;
        self.passed.clear();
        self.ended = None;
    }
}
