//! The door: what the testbed asks of a Raft, and what it hears back. Any implementation can stand
//! behind it.
//!
//! A [`Subject`] is one server. It is driven by [`Event`]s and answers with [`Effects`]: messages,
//! writes, what it applied, and a [`View`] of the state that Figure 2 names. It owns no clock, no
//! network and no disk: the testbed does, and may lose, delay and repeat. The door can *express*
//! breaking the rules (a message that does not wait for the write it promises, for example): what
//! can't be expressed can't be caught.

use crate::words::{Command, Entries, Entry, HardState, LogIndex, Message, NodeId, Term};

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
}

/// Something an implementation may or may not be able to do. In a scenario's `requires` line it has the
/// name quoted here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// `forge`: takes a message that no server sent, described in Figure 2's words.
    Forge,
    /// `no-op`: a new leader appends an entry of its own term at once (§8).
    NoOp,
    /// `tail-limit`: refuses proposals over a limit of uncommitted entries.
    TailLimit,
    /// `durable-state-machine`: can be restarted with commands already applied.
    DurableStateMachine,
    /// `fast-backup`: a refused AppendEntries tells where the logs part (end of §5.3).
    FastBackup,
    /// `reports`: tells of a message that no correct server sends.
    Reports,
}

/// One running server. Dropping it is its crash.
pub trait Subject {
    /// Takes one event and adds what follows from it to `effects`, which comes in empty but for the
    /// view, which is to be brought up to date.
    fn step(&mut self, event: Event, effects: &mut Effects);
}

/// What a server boots with.
#[derive(Clone, Debug)]
pub struct Boot {
    /// Its identity.
    pub id: NodeId,
    /// All servers of the cluster, itself included, in order.
    pub servers: Vec<NodeId>,
    /// Timing and limits.
    pub settings: Settings,
    /// Its persistent state (Figure 2).
    pub hard_state: HardState,
    /// Its log, from index 1 on without gaps.
    pub log: Vec<Entry>,
    /// How far a state machine that survives crashes has applied the log.
    pub applied: Option<LogIndex>,
}

/// Timing and limits that a scenario or a plan sets. Ticks are the server's own clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
        }
    }
}

/// Something that happens to a server.
#[derive(Clone, Debug)]
pub enum Event {
    /// Its clock ticks once.
    Tick,
    /// A message reaches it.
    Receive(Message),
    /// A client hands it a command.
    Propose(Request, Command),
    /// The write with this token, and all before it, are durable.
    Persisted(Token),
}

/// A client's request, answered under the same number. Never used twice in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request(pub u64);

/// Names a write of one server, in the order in which it issued them since it booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(pub u64);

/// What a server did in one step. The testbed owns it and hands it in again, emptied.
#[derive(Debug, Default)]
pub struct Effects {
    /// Writes, in the order in which they are to become durable.
    pub writes: Vec<Write>,
    /// Messages that leave at once, in order.
    pub sends: Vec<Message>,
    /// Messages that wait for a write.
    pub held: Vec<Held>,
    /// Entries handed to the state machine, in order.
    pub applied: Vec<Entry>,
    /// Clients answered.
    pub answers: Vec<(Request, Answer)>,
    /// A message that was refused as impossible under the protocol, and why.
    pub refused: Option<String>,
    /// The server's state after the step.
    pub view: View,
}

/// A write to stable storage: all of it becomes durable at once or not at all.
#[derive(Clone, Debug)]
pub struct Write {
    /// Its name.
    pub token: Token,
    /// The new currentTerm and votedFor, if they change.
    pub hard_state: Option<HardState>,
    /// The change of the log, if any.
    pub log: Option<LogWrite>,
}

/// Replaces everything from an index on: `log[from..] = entries`.
#[derive(Clone, Debug)]
pub struct LogWrite {
    /// First index written; all that was there and behind it is gone.
    pub from: LogIndex,
    /// The new entries, from `from` on.
    pub entries: Entries,
}

/// A message that leaves only when a write is durable. A server may as well keep such messages to itself
/// until it hears of the write.
#[derive(Clone, Debug)]
pub struct Held {
    /// The write it waits for.
    pub after: Token,
    /// The message.
    pub message: Message,
}

/// What a client is told about its request, by the server it was handed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Committed, and applied on this server.
    Committed,
    /// Another entry is committed in its place; it never will be.
    Superseded,
    /// Not taken: this server is not the leader. It knows of this one.
    NotLeader(Option<NodeId>),
    /// Not taken: too many entries are uncommitted.
    Busy,
}

/// A server's state in Figure 2's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
}

/// A role of Figure 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Follows a leader or waits for one.
    #[default]
    Follower,
    /// Asks for votes.
    Candidate,
    /// Leads its term.
    Leader,
}

impl Effects {
    /// Empties everything but the view, keeping the memory.
    pub fn clear(&mut self) {
        self.writes.clear();
        self.sends.clear();
        self.held.clear();
        self.applied.clear();
        self.answers.clear();
        self.refused = None;
    }
}
