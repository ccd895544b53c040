//! Raft as a pure function: a consensus protocol that owns no clock, no network, no disk and no dice.
//!
//! A server is a [`Node`]. It is driven by its *host*, which owns all of these things: the host hands it
//! one [`Input`] at a time, and [`Node::step`] returns an [`Output`] that says what is to be sent, written,
//! applied and answered. The same boot and the same inputs give the same outputs on any machine.
//!
//! Sections and figures are those of *In Search of an Understandable Consensus Algorithm (Extended
//! Version)*; "diss." is *Consensus: Bridging Theory and Practice*, the dissertation behind it.
//!
//! - [Raft, from the beginning](#raft-from-the-beginning)
//! - [How a host drives it](#how-a-host-drives-it)
//! - [A complete host](#a-complete-host)
//! - [Where the rules of Figures 2 and 13 stand](#where-the-rules-of-figures-2-and-13-stand)
//!
//! # Raft, from the beginning
//!
//! Several servers each keep a copy of one state machine (§2). If all of them apply the same commands in
//! the same order, all copies stay the same. Raft settles that order. It keeps the commands in a *log*,
//! one copy on each server, and tells each server up to where its log is *committed*: decided for good,
//! and to be applied.
//!
//! Raft decides by *majorities*: more than half of all servers ([`Membership::has_quorum`]). Two majorities
//! of one cluster always share a server, and every argument below rests on that. Of three servers one may
//! be down, of five two, and the rest carries on. Messages may be lost, repeated, delayed and reordered;
//! servers may stop at any moment and come back with what is on their disks. Servers that lie, and disks
//! that forget, are not what Raft is made for.
//!
//! ## Terms (§5.1)
//!
//! Time is cut into *terms*, numbered upwards ([`Term`]). A term begins with an election and has one leader
//! or none. Every [`Message`] carries its sender's term. A server that sees a later term enters it as a follower
//! (`node/receive.rs`, `adopt`); one that sees an earlier term knows that the message is old, and refuses the
//! request or ignores the reply (`handle`). So a leader that was cut off learns that it is deposed from the first
//! message that gets through.
//!
//! ## Elections (§5.2)
//!
//! A server is a [`Follower`], a [`Candidate`] or a [`Leader`] ([`Role`], Figure 4). All start as
//! followers. A leader sends heartbeats. A follower that hears none for an *election timeout* enters a new
//! term as candidate, votes for itself and asks all others for their votes ([`Body::RequestVote`]). Each
//! server gives one vote a term, to the first that asks with a log that is [good enough](#election-restriction-541)
//! (`roles/voter.rs`). A candidate with the votes of a majority leads its term. There can't be two: their
//! majorities would share a server, and it voted once.
//!
//! If several stand at once, perhaps none of them wins. They time out again and stand in a later term. Timeouts
//! are spread over an interval, so that mostly one server is first and wins before the others stand. Here
//! the spread is a pure function of seed, server and term ([`Settings::election_timeout`]).
//!
//! ## The log and the consistency check (§5.3)
//!
//! Clients hand their commands to the leader. It appends each to its own [`Log`] as an [`Entry`] with the
//! next index and its own term, and never changes or removes one (*Leader Append-Only*). It sends new
//! entries to the followers ([`Body::AppendEntries`]) together with index and term of the entry just
//! before them (`prev`, a [`Position`]). A follower that has no such entry refuses. One that has it takes
//! the new entries, and removes what contradicts them (`roles/follower.rs`).
//!
//! By induction this makes *Log Matching* hold: two logs with an entry of the same index and term are
//! the same up to that entry. So a follower's log is mended by finding the last place where it agrees with
//! the leader's. The leader keeps for each follower which entry to send next and up to where the logs are
//! known to match ([`Progress`]). When it is refused it steps back, a term at a time thanks to
//! what the refusal tells ([`Conflict`], end of §5.3), and tries again.
//!
//! ## Commitment, and why only entries of the own term (§5.3, §5.4.2)
//!
//! A leader that knows an entry *of its own term* on the disks of a majority has committed it, with all
//! entries before it (`roles/leader/mod.rs`, `advance_commit`). The next AppendEntries tell the followers.
//!
//! Counting replicas is not enough for an entry of an earlier term. This is Figure 8, with the terms
//! of the entries in brackets:
//!
//! ```text
//! S1     [1][2]   leads term 2, gets its entry to S2, crashes
//! S2     [1][2]
//! S3 S4  [1]      elect S5 in term 3
//! S5     [1][3]   appends an entry, gets it to no other server, crashes
//! ```
//!
//! Now S1 returns, leads term 4 and gets `[2]` to S3: it is on a majority. But if S1 crashes again, S5 can
//! win term 5 with the votes of S3 and S4, since its last entry has the later term, and replace `[2]` by
//! `[3]` everywhere. Once S1 has an entry of term 4 on a majority, S5 can't win any more, and both that
//! entry and `[2]` are safe. A new leader therefore appends an empty entry at once ([`Payload::Noop`],
//! §8): with it, whatever it holds from before is committed too.
//!
//! ## Election restriction (§5.4.1)
//!
//! A server refuses its vote to a candidate whose log is less *up-to-date* than its own: whose last entry
//! has an earlier term, or the same term and a lower index (`roles/voter.rs`). That is what keeps S5 from
//! winning above, and what carries the safety argument.
//!
//! ## Why it is safe (Figure 3, §5.4.3)
//!
//! *Leader Completeness*: what was committed in a term is in the logs of the leaders of all later terms.
//! Suppose not. Take the first later leader that lacks an entry which the leader of term T committed. A
//! majority had that entry, a majority voted for the new leader, and they share a server: the *voter*.
//!
//! - The voter took the entry before it voted. Afterwards it was in a later term than T, and would have
//!   refused it.
//! - It still had the entry when it voted. Every leader in between had it too, and followers remove only
//!   what contradicts a leader.
//! - So the new leader's log was at least as up-to-date as one with the entry. If their last entries have
//!   the same term, the new leader's log is at least as long and, by Log Matching, has the entry. If
//!   the new leader's last entry has a later term, some leader between made it, one that has
//!   the committed entry; by Log Matching again, so does the new leader. Either way it does not lack it.
//!
//! *State Machine Safety* follows: no server commits, and so no server applies, another entry at that index.
//!
//! ## Crashes, and what must be durable (§5.5, Figure 2)
//!
//! A server that forgets its vote could vote twice; one that forgets an entry which it acknowledged could
//! undo what was committed. So currentTerm, votedFor ([`HardState`]) and the log must be durable *before*
//! others hear of them. Here that is a matter of types. The state that a message speaks of is handed out as a
//! [`Write`], and the message is held inside the core until the host gives the write back as a [`Receipt`].
//! The leader is no exception: its vote for itself and its own copy of an entry count when its disk has
//! them. It need not wait for its disk to send entries on (diss. §10.2.1).
//!
//! All the rest is volatile. A restarted server is a follower that knows of nothing committed but what its
//! state machine has kept ([`Boot::applied`]). The requests are idempotent, so a server that gets no reply
//! sends them again.
//!
//! ## Timing (§5.6)
//!
//! Safety never depends on time. Progress does: a message and a disk write must take much less than an
//! election timeout, and that must be much less than the time between failures. The core counts ticks
//! ([`Input::Tick`]); how long a tick is, the host decides. [`Settings`] are in ticks.
//!
//! ## Changing the servers (§6, diss. ch. 4)
//!
//! The servers of the cluster, the *configuration* ([`Membership`]), are an entry of the log like any other, with
//! one difference: it is in force on each server as soon as it is in its log, committed or not, and goes
//! out of force if it is cut off (`membership.rs`, `Configurations`). No server can know when all others have
//! it. So what must hold is that a majority of the old configuration and one of the new share a server;
//! else each could elect a leader of the same term (Figure 10). There are two ways to see to that:
//!
//! - One voter comes or goes at a time (diss. §4.1): majorities of such neighbours always share a server.
//! - *Joint consensus* (§6, Figure 11): between C_old and C_new comes C_old,new, in which everything needs a
//!   majority of both. Once it is committed, the leader of then appends C_new.
//!
//! [`Settings::changes`] says which. A change begins only when the one before is committed, and after the
//! leader has committed an entry of its own term: two leaders of different terms might otherwise each change
//! a configuration that the other has not seen (a flaw of the first published rule, mended in 2015).
//!
//! New voters first receive the log without being counted, until they are close enough not to hold up
//! commitment (`roles/leader/change.rs`); a server may also stay without a vote, as a *learner*. A leader
//! that is not in C_new manages the cluster until C_new is committed, without counting itself, and steps down
//! then. A server that was removed, and does not know, may stand for election again and again:
//! `check_quorum` makes the others disregard it.
//!
//! If the leader fails in the middle: while new voters catch up, only it knew of the change, which is gone.
//! Once an entry of the change is in the log, it is committed or cut off like any entry. Once C_old,new is
//! committed, any later leader has it, and completes it.
//!
//! ## Snapshots (§7, diss. ch. 5)
//!
//! The log would grow for ever. When the state machine's state after some applied entry is written down,
//! the log up to that entry can go ([`Input::Compact`], Figure 12): the [`Snapshot`] stands for it, with the
//! entry's index and term for the consistency check, and the configuration of then. A follower that still
//! needs discarded entries is sent the snapshot, part by part ([`Body::InstallSnapshot`], Figure 13;
//! `roles/install.rs`).
//!
//! ## Reads (§8, diss. ch. 6)
//!
//! A read needs no entry in the log, but the leader has to be sure of two things: what is committed (it knows
//! once an entry of its own term is), and that it had not been replaced when the read came. For the second
//! it waits for a round of heartbeats that a majority answers after the read came ([`Input::Read`],
//! `roles/leader/reads.rs`); reads that come together share a round. A follower asks the leader for the index
//! and reads once it has applied it. With [`Settings::lease_drift`] a leader trusts in clocks instead: the
//! servers that answered a round lately do not vote for another for a while.
//!
//! ## Clients that ask twice (§8, diss. §6.3)
//!
//! A client that hears nothing can't know whether its command was executed, and asks again. To execute it
//! once, it opens a session through the log ([`Input::Register`]) and numbers its commands
//! ([`Input::ProposeOnce`]). The state machines keep, in [`Sessions`], what each client had last: the same
//! everywhere, since only the log decides about it.
//!
//! ## Leaders that come and go quietly (diss. §3.10, §6.2, §9.6)
//!
//! - [`Input::TransferLeadership`]: a leader brings another server up to date and makes it stand at once.
//! - [`Settings::pre_vote`]: a server asks whether it could win before it enters a new term, so that one which
//!   was cut off does not depose the leader when it is back.
//! - [`Settings::check_quorum`]: a leader that no majority answers steps down, and servers that hear from
//!   a leader disregard requests for their vote.
//!
//! # How a host drives it
//!
//! Boot a node from what is on its disk ([`Node::boot`]); a first boot is one from nothing. Then, for each
//! thing that happens, call [`Node::step`] and do what its [`Output`] says:
//!
//! | Field | The host |
//! |---|---|
//! | [`messages`](Output::messages) | sends them, at once and in any way that may lose them. |
//! | [`write`](Output::write) | makes it durable as a whole, behind all earlier ones, and only then turns it into its receipt ([`Write::persisted`]) and hands that back ([`Input::Persisted`]). Several writes may share one sync. Meanwhile the node takes other inputs. |
//! | [`restore`](Output::restore) | loads the snapshot into its state machine, in place of what that had. |
//! | [`apply`](Output::apply) | applies the entries to its state machine, in order. |
//! | [`answers`](Output::answers) | sends them to its clients. A client that hears nothing, because the server crashed or was cut off, can't know the outcome of its command. |
//! | [`refused`](Output::refused) | counts or logs it: a message that no correct server sends. |
//!
//! At regular times it hands in [`Input::Tick`]. With the default [`Settings`] a leader sends heartbeats on
//! every tick and an election timeout is 10 to 20 ticks, so a tick should be no shorter than a message and
//! a write take together.
//!
//! If the power fails, drop the node. Its writes that were not durable are gone, with all messages that
//! waited for them, and no other server has heard of them.
//!
//! To fork a server, for a search through what might happen, clone the [`Node`] with its pending writes.
//! [`Node::fingerprint`] says whether two servers will behave alike.
//!
//! # A complete host
//!
//! Three servers in memory. Their disks are quick: a write is durable before the next input from outside.
//!
//! ```
//! use raft_core::*;
//! use std::collections::VecDeque;
//!
//! struct Server {
//!     node: Node,
//!     disk: (HardState, Vec<Entry>),
//!     applied: Vec<Payload>,
//!     answers: Vec<(Request, Answer)>,
//! }
//!
//! fn boot(id: NodeId, disk: (HardState, Vec<Entry>)) -> Server {
//!     let servers = vec![NodeId(1), NodeId(2), NodeId(3)];
//!     let (settings, (hard_state, log)) = (Settings::default(), disk.clone());
//!     let boot = Boot { id, cluster: 1, servers, settings, hard_state, snapshot: None, log, applied: None };
//!     let node = Node::boot(boot).expect("what it wrote makes sense");
//!     Server { node, disk, applied: Vec::new(), answers: Vec::new() }
//! }
//!
//! impl Server {
//!     fn step(&mut self, input: Input, network: &mut VecDeque<Message>) {
//!         let Output { messages, write, apply, answers, .. } = self.node.step(input);
//!         network.extend(messages.drain(..));
//!         self.applied.extend(apply.iter().map(|entry| entry.payload.clone()));
//!         self.answers.append(answers);
//!         let Some(write) = write else { return };
//!         if let Some(hard_state) = write.hard_state() {
//!             self.disk.0 = hard_state;
//!         }
//!         if let Some(LogWrite { from, entries }) = write.log() {
//!             self.disk.1.truncate(length(from.before()) as usize);
//!             self.disk.1.extend_from_slice(entries);
//!         }
//!         // On a real disk the write is synced here. Then what waited for it may leave.
//!         self.step(Input::Persisted(write.persisted()), network);
//!     }
//! }
//!
//! /// Ticks every clock once and carries messages until none is left.
//! fn tick(servers: &mut [Server], network: &mut VecDeque<Message>) {
//!     for server in servers.iter_mut() {
//!         server.step(Input::Tick, network);
//!     }
//!     while let Some(message) = network.pop_front() {
//!         servers[message.to.0 as usize - 1].step(Input::Receive(message), network);
//!     }
//! }
//!
//! let leads = |server: &Server| matches!(server.node.role(), Role::Leader(_));
//! let mut servers = [1, 2, 3].map(|number| boot(NodeId(number), Default::default()));
//! let mut network = VecDeque::new();
//! // Within a few election timeouts a leader is elected.
//! let elected = (0..100).find_map(|_| {
//!     tick(&mut servers, &mut network);
//!     servers.iter().position(leads)
//! });
//! let leader = elected.expect("a leader");
//!
//! let (request, command) = (Request(1), b"x = 1".as_slice().into());
//! servers[leader].step(Input::Propose { request, command }, &mut network);
//! tick(&mut servers, &mut network); // the entry reaches a majority: it is committed
//! tick(&mut servers, &mut network); // a heartbeat tells the followers
//!
//! let index = LogIndex::new(2).expect("an index"); // behind the no-op
//! assert_eq!(servers[leader].answers, [(request, Answer::Committed(index))]);
//! for server in &servers {
//!     assert_eq!(server.applied, [Payload::Noop, Payload::Command(b"x = 1".as_slice().into())]);
//! }
//!
//! // The leader loses its power and comes back from its disk: with its log, as a follower.
//! servers[leader] = boot(servers[leader].node.id(), servers[leader].disk.clone());
//! assert!(matches!(servers[leader].node.role(), Role::Follower(_)));
//! assert_eq!(servers[leader].node.log().last_index(), Some(index));
//! ```
//!
//! # Where the rules of Figures 2 and 13 stand
//!
//! Each stands once, with the paper's words above it.
//!
//! | Rule | Where |
//! |---|---|
//! | State: currentTerm, votedFor, log\[\] | [`HardState`], [`Log`]; gathered in `state.rs`, `State` |
//! | State: commitIndex, lastApplied | `state.rs`, `State`; read by [`Node::commit`], [`Node::applied`] |
//! | State: nextIndex\[\], matchIndex\[\] | [`Progress`], one for each server that receives the log: [`Leader::progress`] |
//! | AppendEntries RPC: arguments, results | [`Body::AppendEntries`], [`AppendReply`] |
//! | AppendEntries 1: older term | `node/receive.rs`, `handle` |
//! | AppendEntries 2 to 5: check, remove, append, commit | `roles/follower.rs`, `append_entries` |
//! | RequestVote RPC: arguments, results | [`Body::RequestVote`], [`Body::RequestVoteReply`] |
//! | RequestVote 1 and 2: older term, one vote, up-to-date log | `roles/voter.rs`, `vote` |
//! | All servers: apply what is committed | `state.rs`, `hand_out` |
//! | All servers: a later term makes a follower | `node/receive.rs`, `adopt` |
//! | Followers: respond | `roles/follower.rs`, `append_entries`; `roles/voter.rs`, `vote` |
//! | Followers: election timeout | `roles/follower.rs`, `tick` |
//! | Candidates: start an election | `roles/candidate.rs`, `stand` |
//! | Candidates: votes of a majority | `roles/candidate.rs`, `elected_by` |
//! | Candidates: a new leader | `node/receive.rs`, `follow` |
//! | Candidates: election timeout | `roles/candidate.rs`, `tick` |
//! | Leaders: first AppendEntries | `roles/leader/mod.rs`, `elected` |
//! | Leaders: heartbeats | `roles/leader/mod.rs`, `tick` |
//! | Leaders: a client's command | `roles/leader/mod.rs`, `propose`; answered in `state.rs`, `has_applied` |
//! | Leaders: send from nextIndex | `roles/leader/replication.rs`, `replicate` |
//! | Leaders: success and refusal | `roles/leader/replication.rs`, `acknowledged` and `refused` |
//! | Leaders: advance commitIndex | `roles/leader/mod.rs`, `advance_commit` |
//! | Figure 13: InstallSnapshot, receiver | `roles/install.rs`, `install_snapshot`; step 1 in `node/receive.rs`, `handle` |
//! | Figure 13: InstallSnapshot, sender | `roles/leader/replication.rs`, `send_snapshot` |
//! | "Updated on stable storage before responding" | `output.rs`, `Outbox`: [`Write`], [`Receipt`] |
#![no_std]

extern crate alloc;

mod input;
mod log;
mod membership;
mod message;
mod node;
mod output;
mod progress;
mod roles;
mod sessions;
mod settings;
mod state;
mod types;

pub use input::{Boot, Input};
pub use log::Log;
pub use message::{AppendReply, Body, Conflict, Message};
pub use node::{BootError, Node};
pub use output::{Answer, LogWrite, Output, Receipt, Refusal, Rejection, Write};
pub use progress::Progress;
pub use roles::{Candidate, Follower, Leader, PreCandidate, Role};
pub use sessions::{MalformedSessions, Outcome, SessionError, Sessions};
pub use settings::{Changes, Settings, SettingsError};
pub use types::{
    Chunk, Command, Entries, Entry, HardState, LARGEST, LogIndex, Membership, NodeId, Once,
    Payload, Position, Request, SessionId, Snapshot, Term, length,
};
