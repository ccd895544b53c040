//! The interface between a Raft and the testbed `raft-sim`: the traits that an implementation in Rust provides to be
//! tested.
//!
//! An adapter translates. The testbed calls it with an [`Event`] (a tick, a message, a client's command, a write that
//! is durable), and it answers with [`Effects`] (messages, writes, entries applied, answers to clients) and a
//! [`View`] of the server's state. The testbed owns clocks, network and disks. So the adapter has no thread, no
//! socket, no file and no clock, and it is deterministic: the same events have the same effects.
//!
//! # What an adapter needs
//!
//! | Item | What it is |
//! |---|---|
//! | [`Implementation`] | a trait to implement: it has a name and capabilities, and boots servers |
//! | [`Subject`] | the other trait: one running server, which takes one step at a time |
//! | [`Boot`] | what a server starts from: its name, the cluster, [`Settings`], and what is on its disk |
//! | [`Event`] | what happens to a server in a step |
//! | [`Effects`] | what it did in the step: `writes`, `sends`, `held`, `applied`, `answers`, and the `view` |
//! | [`View`] | its state in Figure 2's words: role, currentTerm, votedFor, commitIndex, lastApplied |
//! | [`Write`] | one write to its disk, under a [`Token`]; a [`Held`] message leaves when that is durable |
//! | [`Message`], [`Body`] | the RPCs of Figure 2, requests and replies; [`Own`] carries what only your Raft understands |
//! | [`Answer`] | the answer to a client's request |
//! | [`Capability`] | what a Raft may have beyond §5 of the paper; scenarios and faults that need more are left out |
//!
//! The nouns ([`Term`], [`LogIndex`], [`Entry`], [`Snapshot`] and so on) are those of the crate `raft-core`. All of
//! it is plain data, and serde's.
//!
//! With that the Raft is under test in the adapter's own program: `raft_sim::cli::main_with` is the whole command
//! line, `raft_sim::harness` makes each scenario a test of `cargo test`. Only the tests depend on `raft-sim`; the
//! adapter depends on this crate. [`serve()`] makes a program of it that the command `raft-sim --subject` starts as a
//! child and talks to in JSON lines ([`protocol`]).
//!
//! # A small example
//!
//! A server that votes and never leads. It shows the rule that most bugs break: a vote is on the disk before another
//! server learns of it.
//!
//! ```
//! use raft_subject::*;
//!
//! struct Voters;
//!
//! impl Implementation for Voters {
//!     fn name(&self) -> &str {
//!         "voters"
//!     }
//!
//!     fn capabilities(&self) -> &[Capability] {
//!         // It goes on while its writes are under way.
//!         &[Capability::SlowDisk]
//!     }
//!
//!     fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
//!         let HardState { term, voted_for } = boot.hard_state;
//!         let last = boot.log.last().map(Entry::position);
//!         let voter = Voter { id: boot.id, term, voted_for, last, written: Token(0) };
//!         let view = voter.view();
//!         Ok((Box::new(voter), view))
//!     }
//! }
//!
//! struct Voter {
//!     id: NodeId,
//!     term: Term,
//!     voted_for: Option<NodeId>,
//!     last: Option<Position>,
//!     written: Token,
//! }
//!
//! impl Subject for Voter {
//!     fn step(&mut self, event: Event, effects: &mut Effects) {
//!         match event {
//!             Event::Receive(message) => self.receive(&message, effects),
//!             Event::Propose(request, _) => {
//!                 effects.answers.push((request, Answer::NotLeader(None)));
//!             }
//!             // Its clock ticks, a write is durable: a voter has nothing to do.
//!             _ => {}
//!         }
//!         effects.view = self.view();
//!     }
//! }
//!
//! impl Voter {
//!     fn receive(&mut self, message: &Message, effects: &mut Effects) {
//!         let before = (self.term, self.voted_for);
//!         if message.term > self.term {
//!             self.term = message.term;
//!             self.voted_for = None;
//!         }
//!         let Body::RequestVote { last, .. } = &message.body else { return };
//!         let newer = |last: Option<Position>| last.map(|last| (last.term, last.index));
//!         let granted = message.term == self.term
//!             && self.voted_for.is_none_or(|candidate| candidate == message.from)
//!             && newer(*last) >= newer(self.last);
//!         if granted {
//!             self.voted_for = Some(message.from);
//!         }
//!         if (self.term, self.voted_for) != before {
//!             self.written.0 += 1;
//!             let hard_state = HardState { term: self.term, voted_for: self.voted_for };
//!             effects.writes.push(Write { hard_state: Some(hard_state), ..Write::new(self.written) });
//!         }
//!         let reply = Body::RequestVoteReply { granted };
//!         let reply = Message::new(self.id, message.from, self.term, reply);
//!         match self.written {
//!             // All that the reply states was on the disk when the server booted.
//!             Token(0) => effects.sends.push(reply),
//!             // It leaves when the vote that it grants is durable.
//!             after => effects.held.push(Held { after, message: reply }),
//!         }
//!     }
//!
//!     fn view(&self) -> View {
//!         View { term: self.term, voted_for: self.voted_for, ..View::default() }
//!     }
//! }
//!
//! // A cluster of two boots, and S1 asks S2 for its vote.
//! let boot = Boot::new(NodeId(2), vec![NodeId(1), NodeId(2)]);
//! let (mut server, view) = Voters.boot(boot)?;
//! let ask = Body::RequestVote { last: None, transfer: false };
//! let ask = Message::new(NodeId(1), NodeId(2), Term(1), ask);
//! let mut effects = Effects { view, ..Effects::default() };
//! server.step(Event::Receive(ask), &mut effects);
//! assert_eq!(effects.view.voted_for, Some(NodeId(1)));
//! assert_eq!(effects.held[0].after, effects.writes[0].token);
//!
//! // The same as a child: here it only gets a `hello`.
//! let mut said = Vec::new();
//! serve(&Voters, &b"{\"do\":\"hello\",\"protocol\":1}\n"[..], &mut said)?;
//! assert!(said.starts_with(b"{\"protocol\":1,\"name\":\"voters\""));
//! # Ok::<(), String>(())
//! ```

mod capability;
mod message;
pub mod protocol;
mod subject;

pub use capability::Capability;
pub use message::{Body, Carried, Message, Own};
pub use protocol::serve;
pub use raft_core::{
    AppendReply, Chunk, Command, Conflict, Entries, Entry, HardState, LARGEST, LogIndex,
    Membership, NodeId, Once, Payload, Position, SessionId, Snapshot, Term, length,
};
pub use subject::{
    Answer, Applied, Boot, CLUSTER, Changes, Effects, Ended, Event, Held, Implementation, LogWrite,
    Micros, Outcome, Request, Role, Settings, Subject, Token, View, Write,
};
