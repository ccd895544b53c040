//! What the testbed asks of a Raft, and what it hears back. Any implementation can stand behind it.
//!
//! A [`Subject`] is one server. It is driven by [`Event`]s and answers with [`Effects`]: messages,
//! writes, what it applied, and a [`View`] of the state that Figure 2 names. It owns no clock, no
//! network and no disk: the testbed does, and may lose, delay and repeat. The interface can *express*
//! breaking the rules (a message that does not wait for the write it promises, for example): what
//! can't be expressed can't be caught.

use std::sync::Arc;

use raft_core::{
    Command, Entries, Entry, HardState, LogIndex, NodeId, Once, SessionId, Snapshot, Term,
};
use serde::{Deserialize, Serialize};

use crate::capability::Capability;
use crate::message::Message;

/// A moment of virtual time, or a span of it: microseconds.
pub type Micros = u64;

/// The cluster of every [`Snapshot`] in the testbed: the value of its field `cluster`.
pub const CLUSTER: u64 = 1;

/// An implementation under test: makes its servers.
pub trait Implementation {
    /// How reports call it.
    fn name(&self) -> &str;

    /// What it supports beyond §5 of the paper.
    fn capabilities(&self) -> &[Capability];

    /// Boots one server from what is durable; the first boot is one from nothing.
    ///
    /// # Errors
    /// Why the server refuses to start from this state or with these settings.
    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String>;

    /// A new cluster begins, whose draws while running come from this seed: called once, before its servers boot. If
    /// something stands behind each cluster that another one may not share, such as a process, what is given is the
    /// implementation for this cluster, and dropped at its end.
    ///
    /// # Errors
    /// Why there can be no cluster.
    fn enter(&self, seed: u64) -> Result<Option<Box<dyn Implementation + '_>>, String> {
        let _ = seed;
        Ok(None)
    }

    /// No cluster from here on is to share anything with one before: a process that has had clusters gets no other one.
    /// False if there is nothing that they share, as in a program's own memory, which can't be begun anew.
    fn start_over(&self) -> bool {
        false
    }
}

/// One running server. Dropping it is its crash.
pub trait Subject {
    /// Takes one event and adds what follows from it to `effects`, which comes in empty but for the
    /// view, which is to be brought up to date.
    fn step(&mut self, event: Event, effects: &mut Effects);

    /// A copy of the server: given the same events it does the same as this one from here on, and neither notices the
    /// other. `None` if there is no way to make one.
    fn fork(&self) -> Option<Box<dyn Subject>> {
        None
    }

    /// A digest of all that decides what the server does from here on: equal for two that would do the same if the same
    /// happened to them, and, as far as 64 bits go, different for others. What can't matter any more, such as how a state
    /// was reached, is left out. `None` if it can't be had.
    fn fingerprint(&self) -> Option<u64> {
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
}

/// What a server boots with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Boot {
    /// Its identity.
    pub id: NodeId,
    /// The voters of the first configuration, in order; none for a server that is added later.
    pub servers: Vec<NodeId>,
    /// When it boots, in virtual microseconds since the cluster began.
    pub now: Micros,
    /// Timing and limits.
    pub settings: Settings,
    /// Its persistent state (Figure 2).
    pub hard_state: HardState,
    /// The latest commitIndex that it wrote to its disk, if it ever does.
    pub commit: Option<LogIndex>,
    /// Its snapshot (§7), which its state machine starts from.
    pub snapshot: Option<Arc<Snapshot>>,
    /// Its log, from index 1, or the one behind the snapshot, on without gaps.
    pub log: Vec<Entry>,
    /// How far a state machine that survives crashes has applied the log.
    pub applied: Option<LogIndex>,
}

/// Timing and limits that a scenario or a plan sets. Ticks are the server's own clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Settings {
    /// Seed of the randomized election timeouts.
    pub seed: u64,
    /// Shortest and longest election timeout, in ticks (§5.2).
    pub election_timeout: (u32, u32),
    /// Ticks between a leader's heartbeats.
    pub heartbeat: u32,
    /// Most entries in one AppendEntries.
    pub entries_per_message: u32,
    /// Most entries a leader has in flight to one follower.
    pub window: u32,
    /// Most uncommitted entries a leader keeps before it refuses proposals.
    pub uncommitted_limit: u32,
    /// Most bytes of commands in one AppendEntries.
    pub bytes_per_message: u32,
    /// PreVote (diss. §9.6).
    pub pre_vote: bool,
    /// CheckQuorum, and votes disregarded while there is a leader (§6, diss. §6.2).
    pub check_quorum: bool,
    /// Lease reads (diss. §6.4.1): by how many percent clocks may differ in rate.
    pub lease_drift: Option<u32>,
    /// How configurations change (§6, diss. ch. 4).
    pub changes: Changes,
    /// Rounds in which a joining server may catch up (diss. §4.2.1).
    pub catch_up_rounds: u32,
    /// Most bytes of a snapshot in one InstallSnapshot (Figure 13).
    pub snapshot_chunk: u32,
    /// Most entries that a state machine may lag behind what it was handed; `None` applies at once.
    pub apply_limit: Option<u32>,
    /// Most sessions that a state machine keeps; the same on all servers (diss. §6.3).
    pub sessions: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            seed: 1,
            election_timeout: (10, 20),
            heartbeat: 1,
            entries_per_message: 64,
            window: 1024,
            uncommitted_limit: 65_536,
            bytes_per_message: 1 << 20,
            pre_vote: false,
            check_quorum: false,
            lease_drift: None,
            changes: Changes::Shortest,
            catch_up_rounds: 10,
            snapshot_chunk: 1 << 16,
            apply_limit: None,
            sessions: 1_000,
        }
    }
}

/// How a leader goes from one configuration to the next (§6, diss. ch. 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changes {
    /// One voter at a time, in one entry; more at once is refused.
    Single,
    /// Always by joint consensus, in two entries.
    Joint,
    /// In one entry if it can be, else by joint consensus.
    Shortest,
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
    /// The write with this token is durable. So are all before it; of some of them the server may hear later.
    Persisted(Token),
    /// A client opens a session (diss. §6.3).
    Register(Request),
    /// A client hands it a command to be executed once, perhaps not for the first time (§8, diss. §6.3).
    ProposeOnce(Request, Once),
    /// A client wants to read the state machine without an entry in the log (diss. §6.4).
    Read(Request),
    /// An administrator wants this configuration: voters and learners (§6, diss. ch. 4).
    ChangeMembership(Request, Vec<NodeId>, Vec<NodeId>),
    /// An administrator wants another server to lead (diss. §3.10).
    Transfer(Request, NodeId),
    /// Its state machine is to take a snapshot of what it has applied, in place of the log up to there (§7).
    Compact(Request),
    /// Its state machine takes what it was handed and has not applied yet; only with
    /// [`Settings::apply_limit`].
    Apply,
}

/// A client's request, answered under the same number. Never used twice in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Request(pub u64);

/// Names a write of one server, in the order in which it issued them since it booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Token(pub u64);

/// What a server did in one step. The testbed owns it and hands it in again, emptied. What makes no sense is refused, as if
/// the server had crashed with it: a token that is not later than the last, an entry in the place of another, a message for
/// a write that there is not, a name that is no server's, an answer to a request that does not wait for one.
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
    /// Clients answered.
    pub answers: Vec<(Request, Answer)>,
    /// A leader that took an acknowledgement: the follower, and its matchIndex now. `None` if there was none,
    /// or it can't be had.
    pub matched: Option<(NodeId, LogIndex)>,
    /// A message that was refused as impossible under the protocol, and why.
    pub refused: Option<String>,
    /// How the server came to its end by itself, if it did: it takes no step any more.
    pub ended: Option<Ended>,
    /// Set by the testbed, before the step: the disk takes no time now. What the server writes in this step is
    /// durable at its end, and it hears of that at once, unless it dies of the write.
    pub instant: bool,
    /// Set by the testbed, before the step: virtual microseconds since the cluster began. For a subject to tell; what
    /// it does depends on its ticks.
    pub now: Micros,
    /// The server's state after the step.
    pub view: View,
}

/// How a server came to its end by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ended {
    /// It crashed, and this is what it said.
    Crashed(String),
    /// It panicked in the step; the testbed says so of a server that is linked in. With what, and where.
    Panicked(String),
    /// It did not come back from the step, and this is how long it was waited for.
    Stuck(String),
}

/// An entry that a state machine applied, and what it made of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Applied {
    /// The entry.
    pub entry: Entry,
    /// What came of it.
    pub outcome: Outcome,
}

/// What a state machine made of an entry (diss. §6.3).
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

/// A write to stable storage: all of it becomes durable at once or not at all. But for one thing: a power loss
/// may tear it before anybody was promised anything of it, so that of the entries that it appends only the first
/// few are there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Write {
    /// Its name.
    pub token: Token,
    /// The new currentTerm and votedFor, if they change.
    pub hard_state: Option<HardState>,
    /// The new commitIndex, of an implementation that keeps it on its disk. In Figure 2 it is volatile.
    pub commit: Option<LogIndex>,
    /// The new snapshot, if there is one. It goes before the change of the log: entries up to the last that it
    /// stands for go, those behind it stay.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The change of the log, if any.
    pub log: Option<LogWrite>,
}

/// Replaces everything from an index on: `log[from..] = entries`, which may be none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogWrite {
    /// First index written; all that was there and behind it is gone.
    pub from: LogIndex,
    /// The new entries, from `from` on.
    pub entries: Entries,
}

/// A message that leaves when the server is told that a write is durable, before it does anything else: it could not
/// know any earlier that it may. A server may as well keep such messages to itself until then.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Held {
    /// The write it waits for.
    pub after: Token,
    /// The message.
    pub message: Message,
}

/// What a client is told about its request, by the server it was handed to.
///
/// Of a command, [`NoSession`](Answer::NoSession), [`Superseded`](Answer::Superseded),
/// [`NotLeader`](Answer::NotLeader), [`Busy`](Answer::Busy) and [`Rejected`](Answer::Rejected) say that it is certainly
/// never executed because of this request. A server that does not know that answers [`Unknown`](Answer::Unknown), or
/// not at all.
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
    /// Not taken, or given up: it makes no sense or can't be had.
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
    /// A digest of the state machine's state after `applied`; 0 if it can't be had.
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
            servers,
            now: 0,
            settings: Settings::default(),
            hard_state: HardState::default(),
            commit: None,
            snapshot: None,
            log: Vec::new(),
            applied: None,
        }
    }
}

impl Write {
    /// A write of nothing.
    #[must_use]
    pub fn new(token: Token) -> Write {
        Write { token, hard_state: None, commit: None, snapshot: None, log: None }
    }
}

impl Event {
    /// The request that it makes, if it is one.
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
}

impl Effects {
    /// Empties everything but the view and what the testbed sets, keeping the memory.
    pub fn clear(&mut self) {
        self.writes.clear();
        self.sends.clear();
        self.held.clear();
        self.restored = None;
        self.applied.clear();
        self.answers.clear();
        self.matched = None;
        self.refused = None;
        self.ended = None;
    }
}
