//! The content of a scenario file as data: the header, then one statement after the other.
//!
//! Nothing here knows how the text looks (`parse`, `print`) or what happens when it is run (`replay`).
//! Servers are always among those the header names, labels are always declared before use: the
//! parser has seen to both.

mod condition;
mod header;
mod message;
mod servers;
mod settings;

pub use condition::{Answer, Bound, Condition, Fact, Number, RoleWord};
pub use header::{Given, Header, HeaderItem, HeaderLine, Network, NetworkItem};
pub use message::{
    Detail, Drawn, Forged, ForgedBody, ForgedEntries, Kind, Link, Selection, Selector, Which,
};
pub use servers::{Servers, Target};
pub use settings::Settings;

use crate::model::{NodeId, Term};
pub use crate::subject::{Capability, Changes};

/// A whole file: its lines with their comments, and what the header lines come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The header lines, in order.
    pub header_lines: Vec<HeaderLine>,
    /// The content of all header lines together.
    pub header: Header,
    /// The commands and expectations, in order.
    pub steps: Vec<Step>,
    /// Comments and blank lines behind the last of these, as in [`Trivia::above`].
    pub end: Vec<String>,
}

impl Scenario {
    /// A scenario without comments, with the lines of its header.
    #[must_use]
    pub fn new(header: Header, steps: Vec<Step>) -> Scenario {
        Scenario { header_lines: header.lines(), header, steps, end: Vec::new() }
    }
}

/// The text around the words of a line that has no meaning: comments and blank lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trivia {
    /// The lines above it, in order: comments of their own, each from its `#` on; an empty one is a blank line.
    pub above: Vec<String>,
    /// The comment behind its words, from its `#` on.
    pub behind: Option<String>,
}

/// One entry as drawn in a figure: its term, and a label if the scenario speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnEntry {
    /// The term in the box.
    pub term: Term,
    /// The command in it, if named.
    pub label: Option<Label>,
}

/// The name of a command, of another request, or of a session: lower-case letters, digits and `-`,
/// beginning with a letter. Nothing has the same name as something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(pub String);

/// A statement and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Line of the file, from 1.
    pub line: u32,
    /// The command or expectation.
    pub statement: Statement,
    /// The comments around it.
    pub trivia: Trivia,
}

/// One line of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `timeout S1 …`: the clock of each server in turn ticks until its election timeout elapses.
    Timeout(Servers),
    /// `elect S1`: its election timeout elapses, the network settles, and it must now lead.
    Elect(NodeId),
    /// `heartbeat S1`: a leader's clock ticks until it sends its heartbeats.
    Heartbeat(Target),
    /// `pause S1 …`: nothing reaches it, nothing leaves it, and its clock stands, until it is resumed: a process that
    /// is not scheduled. Its disk goes on.
    Pause(Servers),
    /// `resume S1 …`: it goes on, and takes first all ticks that it missed, then what arrived meanwhile.
    Resume(Servers),
    /// `clock S1 … N%`: while time passes, its clock runs at this rate.
    Clock(Servers, u32),
    /// `tick S1 … [N]` or `tick all [N]`: N ticks (default 1) of each server's clock.
    Tick(Servers, u32),
    /// `settle`: whatever is in flight is delivered, oldest first, until nothing is; no clock ticks.
    Settle,
    /// `run DURATION`: time passes; clocks tick, messages take the delays of `network`.
    Run(Duration),
    /// `deliver MESSAGES`: now, whatever the network conditions.
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
    Crash(Servers),
    /// `crash S1 torn …`: the process dies in the middle of the oldest write that its disk had not made durable.
    CrashTorn(Target, Torn),
    /// `settings S1 …`: the next boot of these servers, which are down, has these settings too. Never the first
    /// statement: above all others the line belongs to the header.
    Settings(Servers, Settings),
    /// `restart S1 …`: boots from what is durable.
    Restart(Servers),
    /// `stall S1`: its disk makes nothing durable until synced or unstalled.
    Stall(Target),
    /// `sync S1`: what a stalled disk was given so far becomes durable.
    Sync(Target),
    /// `sync S1 newest`: what a stalled disk was given so far is durable, but the server is notified of the newest
    /// write only; `sync S1` notifies it of the others later.
    SyncNewest(Target),
    /// `flush S1 [N]`: N writes (default 1) of a stalled disk become durable, oldest first; the server is not
    /// notified.
    Flush(Target, u32),
    /// `flush S1 to 3`: as many writes of a stalled disk become durable, oldest first, as it takes for entry 3 to be;
    /// the server is not notified.
    FlushTo(Target, u64),
    /// `tell S1 [#N]`: the server is notified of a durable write of which it has not been notified: the oldest, or
    /// the N-th oldest.
    Tell(Target, u32),
    /// `unstall S1`: its disk is quick again, and catches up.
    Unstall(Target),
    /// `lie S1`: its disk says durable what the next crash of the server takes (unsafe; for negative controls).
    Lie(NodeId),
    /// `wipe S1`: the disk of a crashed server forgets everything (unsafe; for negative controls).
    Wipe(NodeId),
    /// `partition S1 S2 | S3 …`: two servers can talk if some group has both, so that overlapping
    /// groups make a bridge. Replaces what was cut before.
    Partition(Vec<Vec<NodeId>>),
    /// `isolate S1 …`: each of them can talk to no other server. Adds to what was cut before.
    Isolate(Servers),
    /// `cut S1 -> S2 …` one way, `cut S1 -- S2` both ways. Adds to what was cut before.
    Cut(Vec<Link>),
    /// `heal` all links, or `heal S1 -> S2`, `heal S1 -- S2` some of them.
    Heal(Option<Vec<Link>>),
    /// `propose S1 x … [session alice]`: a client hands these commands to the server, one after the
    /// other.
    Propose {
        /// The server.
        server: Target,
        /// The commands. Never empty.
        commands: Vec<Label>,
        /// The session of which they carry the next serial numbers (§8).
        session: Option<Label>,
    },
    /// `retry S2 x`: the client of this proposed command hands it to a server again, under the same
    /// serial number if it has a session.
    Retry(Target, Label),
    /// `register S1 alice`: a client opens this session, through the log (§8).
    Register(Target, Label),
    /// `read S2 r1`: a client asks to read without the log (§8).
    Read(Target, Label),
    /// `change S1 c1 to S1 S2 … [learners S4 …]`: an administrator asks for this configuration (§6), be
    /// it one that must be refused: there may be no voters, and a server may be named twice.
    Change {
        /// The server that is asked.
        server: Target,
        /// The request's name.
        label: Label,
        /// The future voters, as written.
        voters: Servers,
        /// The future learners, as written.
        learners: Servers,
    },
    /// `transfer S1 t1 to S2`: an administrator asks the leader to hand over to another server
    /// (diss. §3.10).
    Transfer {
        /// The server that is asked.
        server: Target,
        /// The request's name.
        label: Label,
        /// The future leader.
        to: NodeId,
    },
    /// `compact S1 …`: each state machine takes a snapshot of what it has applied, and the log up to
    /// there is discarded (§7).
    Compact(Servers),
    /// `pause-apply S1`: its state machine takes nothing until resumed.
    PauseApply(NodeId),
    /// `apply S1`: a state machine that is paused takes what it was handed so far.
    Apply(NodeId),
    /// `resume-apply S1`: its state machine takes what is committed again.
    ResumeApply(NodeId),
    /// `repeat N STATEMENT [then STATEMENT] …`: these, one after the other, N times. None of them declares a label, and
    /// none is `never`, `reach`, `settings` or `repeat`.
    Repeat(u32, Vec<Statement>),
    /// `expect CONDITION`: holds now.
    Expect(Condition),
    /// `never CONDITION`: holds at no time from here to the end.
    Never(Condition),
    /// `reach CONDITION`: holds now, or at some time before the end.
    Reach(Condition),
    /// `within DURATION CONDITION`: time passes until it holds; too long is a failure of liveness.
    Within(Duration, Condition),
}

/// The place at which a write is torn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Torn {
    /// `torn 2`: behind the first 2 of its entries; all else of it is there.
    Entries(u32),
    /// `torn snapshot`: in its snapshot. Term and vote are there; the snapshot, and what the write does to the log, are
    /// not.
    Snapshot,
}

/// A length of virtual time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    /// The number of units.
    pub count: u32,
    /// The unit.
    pub unit: Unit,
}

/// The unit of a duration.
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
