//! What a scenario file says, as data: the header, then one statement after the other.
//!
//! Nothing here knows how the text looks (`parse`, `format`) or what happens when it is run (`run`).
//! Servers are always among those the header names, labels are always declared before use: the
//! parser has seen to both.

pub use crate::subject::Capability;
use crate::words::{NodeId, Term};

/// A whole file: its layout line by line (so that it can be written back with its comments), the
/// header gathered in one place, and the statements in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Every line of the file, in order.
    pub lines: Vec<Line>,
    /// What the header lines say.
    pub header: Header,
    /// The commands and expectations, in order.
    pub steps: Vec<Step>,
}

/// One line of the file, for writing it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Nothing but white space.
    Blank,
    /// A comment of its own, from its `#` on, with the indentation before the `#` cut off and what is
    /// behind it kept: drawings depend on it.
    Comment(String),
    /// A header line or a statement: its words with single spaces between them, and the comment behind
    /// it, if any, from its `#` on.
    Words(Vec<String>, Option<String>),
}

/// The lines before the first statement: what is tested, on whom, and from which state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `scenario TITLE`: one sentence of what holds.
    pub title: String,
    /// `paper SECTION, FIGURE …`: where it comes from, as written.
    pub paper: String,
    /// `servers S1 S2 …`: always S1 to Sn without gaps, 1 to 9 of them.
    pub servers: Vec<NodeId>,
    /// `requires CAPABILITY …`: what a subject must support, else the scenario is skipped.
    pub requires: Vec<Capability>,
    /// `violates PROPERTY`: a negative control; the last statement must raise this alarm, and nothing
    /// before it any.
    pub violates: Option<String>,
    /// `settings …`: what differs from the defaults of every subject.
    pub settings: Settings,
    /// `network …`: the weather for `run` and `within`; exact commands ignore it.
    pub network: Network,
    /// `state-machine durable`: what was applied survives a crash; by default it is rebuilt.
    pub durable_state_machine: bool,
    /// `given SERVER … log … term … vote …`: durable state at boot, one for every server named.
    pub given: Vec<Given>,
}

/// `settings`: only what the line names is set. Ticks are the servers' clock ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `election-timeout A..B`: ticks, the range it is drawn from.
    pub election_timeout: Option<(u32, u32)>,
    /// `heartbeat N`: ticks between a leader's heartbeats.
    pub heartbeat: Option<u32>,
    /// `entries-per-message N`: at most so many entries in one AppendEntries.
    pub entries_per_message: Option<u32>,
    /// `uncommitted-limit N`: a leader refuses proposals beyond so many uncommitted entries.
    pub uncommitted_limit: Option<u32>,
}

/// `network delay A..B ms|us [loss N%] [duplicate N%] [seed N]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The shortest and longest delay, in virtual microseconds, drawn evenly. Default 1 to 5 ms.
    pub delay: (u64, u64),
    /// Percent of messages lost. Default 0.
    pub loss: u32,
    /// Percent of messages delivered twice. Default 0.
    pub duplicate: u32,
    /// Seed of all draws, the election timeouts' included. Default 1.
    pub seed: u64,
}

impl Default for Network {
    fn default() -> Network {
        Network { delay: (1_000, 5_000), loss: 0, duplicate: 0, seed: 1 }
    }
}

/// What one server has on its disk when it boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Line of the file, from 1.
    pub line: u32,
    /// The server.
    pub server: NodeId,
    /// `log 1 1 2:x`: its entries in order.
    pub log: Vec<DrawnEntry>,
    /// `term N`: currentTerm; by default the term of the last entry, 0 for an empty log.
    pub term: Term,
    /// `vote S2`: votedFor in that term.
    pub vote: Option<NodeId>,
}

/// One entry as drawn in a figure: its term, and a label if the scenario speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnEntry {
    /// The term in the box.
    pub term: Term,
    /// The command in it, if named.
    pub label: Option<Label>,
}

/// A command's name in a scenario: lower-case letters, digits and `-`, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(pub String);

/// A statement and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Line of the file, from 1.
    pub line: u32,
    /// What to do or to check.
    pub statement: Statement,
}

/// One line of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `timeout S1 …`: the clock of each server in turn ticks until its election timeout elapses.
    Timeout(Vec<NodeId>),
    /// `elect S1`: its election timeout elapses, the network settles, and it must now lead.
    Elect(NodeId),
    /// `heartbeat S1`: a leader's clock ticks until it sends its heartbeats.
    Heartbeat(NodeId),
    /// `tick S1 … [N]` or `tick all [N]`: so many ticks (default 1) of each server's clock.
    Tick(Vec<NodeId>, u32),
    /// `settle`: whatever is in flight is delivered, oldest first, until nothing is; no clock ticks.
    Settle,
    /// `run DURATION`: time passes; clocks tick, messages take the delays of `network`.
    Run(Duration),
    /// `deliver MESSAGES`: now, whatever the network's weather.
    Deliver(Selection),
    /// `drop MESSAGES`: lost.
    Drop(Selection),
    /// `duplicate MESSAGES`: a copy of each is in flight as well.
    Duplicate(Selection),
    /// `hold S1 -> S2 [KIND]`: what is or will be in flight there stays until released or delivered.
    Hold(Selector),
    /// `release S1 -> S2 [KIND]`: ends the holds that cover these links, for that kind or all.
    Release(Selector),
    /// `forge S1 -> S2 MESSAGE`: puts a message in flight that S1 never sent.
    Forge(Forged),
    /// `crash S1 …`: the process dies with all that its disk had not made durable.
    Crash(Vec<NodeId>),
    /// `restart S1 …`: boots from what is durable.
    Restart(Vec<NodeId>),
    /// `stall S1`: its disk makes nothing durable until synced or unstalled.
    Stall(NodeId),
    /// `sync S1`: what a stalled disk was given so far becomes durable.
    Sync(NodeId),
    /// `unstall S1`: its disk is quick again, and catches up.
    Unstall(NodeId),
    /// `wipe S1`: the disk of a crashed server forgets everything (unsafe; for negative controls).
    Wipe(NodeId),
    /// `partition S1 S2 | S3 …`: two servers can talk if some group has both, so that overlapping
    /// groups make a bridge. Replaces what was cut before.
    Partition(Vec<Vec<NodeId>>),
    /// `isolate S1 …`: each of them can talk to nobody. Adds to what was cut before.
    Isolate(Vec<NodeId>),
    /// `cut S1 -> S2 …` one way, `cut S1 -- S2` both ways. Adds to what was cut before.
    Cut(Vec<Link>),
    /// `heal` all links, or `heal S1 -> S2`, `heal S1 -- S2` some of them.
    Heal(Option<Vec<Link>>),
    /// `propose S1 x …`: a client hands these commands to the server, one after the other.
    Propose(NodeId, Vec<Label>),
    /// `expect CONDITION`: holds now.
    Expect(Condition),
    /// `never CONDITION`: holds at no moment from here to the end.
    Never(Condition),
    /// `reach CONDITION`: holds now, or at some moment before the end.
    Reach(Condition),
    /// `within DURATION CONDITION`: time passes until it holds; too long is a failure of liveness.
    Within(Duration, Condition),
}

/// A length of virtual time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

/// What a duration is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `election-timeouts` (or `election-timeout`): the longest one of the settings.
    ElectionTimeouts,
    /// `heartbeats`: the leader's heartbeat interval.
    Heartbeats,
    /// `ticks` of a server's clock, 10 ms of virtual time.
    Ticks,
    /// `ms`: virtual milliseconds.
    Milliseconds,
}

/// One direction between two servers: `S1 -> S2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The sender.
    pub from: NodeId,
    /// The receiver, another server.
    pub to: NodeId,
}

/// The kinds of message of Figure 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `RequestVote`
    RequestVote,
    /// `RequestVoteReply`
    RequestVoteReply,
    /// `AppendEntries`, with or without entries
    AppendEntries,
    /// `Heartbeat`: an AppendEntries without entries
    Heartbeat,
    /// `AppendEntriesReply`
    AppendEntriesReply,
}

/// Messages by link, kind and content: `S1 -> S2 S3 AppendEntries term 2`. Left out means any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The links named: `S1 -> S2 S3` is two of them, as is `S2 S3 -> S1`. Never empty.
    pub links: Vec<Link>,
    /// The kind, if named.
    pub kind: Option<Kind>,
    /// What else it must say.
    pub details: Vec<Detail>,
}

/// A selector and which of the messages it finds are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The messages in question.
    pub selector: Selector,
    /// Which of them.
    pub which: Which,
}

/// Which of the messages in flight that a selector finds, on each of its links, are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Nothing said: exactly one matches on each link; none or several is an error.
    Only,
    /// `#2`: the second oldest on each link.
    Ordinal(u32),
    /// `all`: one or more on each link, oldest first.
    All,
}

/// Something a message says, in Figure 2's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// `term N`
    Term(Term),
    /// `granted`: a RequestVoteReply with voteGranted
    Granted,
    /// `refused`: a RequestVoteReply without it, or an AppendEntriesReply with success = false
    Refused,
    /// `success`: an AppendEntriesReply with success = true
    Success,
    /// `prev I/T` or `prev none`: prevLogIndex and prevLogTerm
    Prev(Option<Drawn>),
    /// `last I/T` or `last none`: lastLogIndex and lastLogTerm of a RequestVote
    Last(Option<Drawn>),
    /// `entries N`: how many entries it carries
    Entries(u32),
    /// `commit N`: leaderCommit, 0 for none
    Commit(u64),
    /// `match N`: the last index an AppendEntriesReply acknowledges, 0 for none
    Match(u64),
}

/// `I/T`: an entry by index and term, inside a message only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Index, from 1.
    pub index: u64,
    /// Term.
    pub term: Term,
}

/// `forge S1 -> S2 …`: a message spelled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forged {
    /// From whom it claims to be, and to whom.
    pub link: Link,
    /// Its term.
    pub term: Term,
    /// The rest.
    pub body: ForgedBody,
}

/// What a forged message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgedBody {
    /// `RequestVote term N last I/T|none`
    RequestVote(Option<Drawn>),
    /// `RequestVoteReply term N granted|refused`
    RequestVoteReply {
        /// `granted`
        granted: bool,
    },
    /// `AppendEntries term N prev I/T|none entries [1 2:x …|none] commit N`
    AppendEntries {
        /// prevLogIndex and prevLogTerm
        prev: Option<Drawn>,
        /// the entries, drawn as a log
        entries: Vec<DrawnEntry>,
        /// leaderCommit, 0 for none
        commit: u64,
    },
    /// `AppendEntriesReply term N success match N`, or `… term N refused`
    AppendEntriesReply {
        /// The acknowledged index (0 for none), or `None` if refused.
        matched: Option<u64>,
    },
}

/// Something that is true or false of a cluster at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `not CONDITION`
    Not(Box<Condition>),
    /// `S1 S2 FACT …` or `all FACT …`: each fact of each server.
    Servers(Vec<NodeId>, Vec<Fact>),
    /// `a leader`: some live server is leader, and no other of its term or a later one is.
    ALeader,
    /// `no leader`: no live server is leader.
    NoLeader,
    /// `x on a majority`: the logs (volatile) of more than half of the servers hold the command.
    OnMajority(Label),
    /// `x on S1 S2 …`: the logs of exactly these servers hold the command.
    On(Label, Vec<NodeId>),
    /// `x committed`: the commit index of some live server covers it.
    Committed(Label),
    /// `x ANSWER`: what the client that proposed it was told.
    Answered(Label, Answer),
    /// `message SELECTOR`: at least one such message is in flight.
    InFlight(Selector),
    /// `quiet`: no message is in flight, held ones included.
    Quiet,
}

/// What a client was told of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `acknowledged`: committed and applied
    Acknowledged,
    /// `refused`: not taken (no leader here, or over a limit)
    Refused,
    /// `failed`: taken, and certain never to be committed
    Failed,
    /// `pending`: taken, and no word since
    Pending,
}

/// A fact about one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// `leader`, `follower`, `candidate`
    Role(RoleWord),
    /// `up`
    Up,
    /// `down`
    Down,
    /// `term N [at least|at most]`
    Term(Number),
    /// `term as S2`
    TermAs(NodeId),
    /// `vote S2` or `vote none`: votedFor in the current term
    Vote(Option<NodeId>),
    /// `log 1 1 2:x [...]`: the whole log; with `...`, how it begins. `log none`: empty.
    Log {
        /// The entries drawn.
        entries: Vec<DrawnEntry>,
        /// `...`: more may follow
        open: bool,
    },
    /// `log as S2`: the same entries
    LogAs(NodeId),
    /// `holds x y`: these commands are in the log
    Holds(Vec<Label>),
    /// `lacks x y`: none of these commands is in the log
    Lacks(Vec<Label>),
    /// `commit N [at least|at most]`: commit index, 0 for none
    Commit(Number),
    /// `committed x y`: the commit index covers these commands in its log
    Committed(Vec<Label>),
    /// `reported`: it has told of a message that no correct server sends
    Reported,
    /// `applied x y` or `applied none`: the state machine of this incarnation has applied exactly these
    /// commands, in this order
    Applied(Vec<Label>),
}

/// A role of Figure 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleWord {
    /// `follower`
    Follower,
    /// `candidate`
    Candidate,
    /// `leader`
    Leader,
}

/// `N`, `N at least`, `N at most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub value: u64,
    /// How it compares.
    pub bound: Bound,
}

/// How a number is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// exactly
    Exactly,
    /// `at least`
    AtLeast,
    /// `at most`
    AtMost,
}
