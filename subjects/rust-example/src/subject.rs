//! The Raft behind the subject interface: events become calls, and the effects of a call become those of the testbed.

use std::collections::VecDeque;

use raft_subject::{
    Answer, AppendReply, Applied, Body, Boot, Capability, Command, Effects, Event, HardState,
    Implementation, LogIndex, LogWrite, NodeId, Outcome, Payload, Position, Request, Role, Subject,
    Token, View, Write,
};

use crate::raft::{self, Conflict, Index, Message, Output, Raft, Rpc, Timing};

/// The implementation under test: makes servers.
pub struct Example;

/// The capabilities beyond §5, those of a Raft that keeps to Figures 2 and 4 where other Rafts have their own way, and the
/// rules that it keeps to the letter in every step.
const CAPABILITIES: [Capability; 14] = [
    Capability::Forge,
    Capability::NoOp,
    Capability::FastBackup,
    Capability::SlowDisk,
    Capability::SteadyTimer,
    Capability::PatientCandidates,
    Capability::OldTermReplies,
    Capability::CheckedHeartbeats,
    Capability::OldPrev,
    Capability::LazyCommit,
    Capability::VolatileCommit,
    Capability::StrictTimer,
    Capability::StrictVotes,
    Capability::StrictAppending,
];

impl Implementation for Example {
    fn name(&self) -> &str {
        "rust-example"
    }

    fn capabilities(&self) -> &[Capability] {
        &CAPABILITIES
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let timing = Timing {
            election_timeout: boot.settings.election_timeout,
            heartbeat: boot.settings.heartbeat,
            entries_per_message: boot.settings.entries_per_message as usize,
            seed: boot.settings.seed,
        };
        let peers = boot.servers.iter().map(|server| server.0).collect();
        let HardState { term, voted_for } = boot.hard_state;
        let hard_state = (term.0, voted_for.map(|server| server.0));
        let log = boot.log.iter().map(entry_in).collect();
        let raft = Raft::new(boot.id.0, peers, timing, hard_state, log);
        let server = Server { raft, written: 0, durable: 0, outbox: VecDeque::new() };
        let view = server.view();
        Ok((Box::new(server), view))
    }
}

/// One server, with the messages that wait for its disk.
struct Server {
    raft: Raft,
    /// The latest write, and the latest that is durable.
    written: u64,
    durable: u64,
    /// Messages, each with the write that it waits for.
    outbox: VecDeque<(u64, Message)>,
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        match event {
            Event::Tick => {
                let output = self.raft.tick();
                self.carry_out(output, effects);
            }
            Event::Receive(message) => {
                if let Some(message) = message_in(&message) {
                    let output = self.raft.receive(message);
                    self.carry_out(output, effects);
                }
            }
            Event::Propose(Request(request), command) => {
                let output = self.raft.propose(request, command.to_vec());
                self.carry_out(output, effects);
            }
            // With it all before it are durable.
            Event::Persisted(Token(token)) => self.durable = self.durable.max(token),
            // Requests that need other capabilities do not come.
            Event::Register(request)
            | Event::ProposeOnce(request, _)
            | Event::Read(request)
            | Event::ChangeMembership(request, ..)
            | Event::Transfer(request, _)
            | Event::Compact(request) => effects.answers.push((request, Answer::Rejected)),
            Event::Apply => {}
        }
        // Messages that waited for this write may leave. Those to the server itself are received at once.
        while let Some((_, message)) = self.outbox.pop_front_if(|(after, _)| *after <= self.durable)
        {
            if message.to == self.raft.id {
                let output = self.raft.receive(message);
                self.carry_out(output, effects);
            } else {
                effects.sends.push(message_out(message));
            }
        }
        effects.view = self.view();
    }
}

impl Server {
    /// Lets every message wait for all writes before it. That is what a Raft does that waits for its disk; this one
    /// can go on meanwhile (`slow-disk`).
    fn carry_out(&mut self, output: Output, effects: &mut Effects) {
        if output.hard_state || output.log_from.is_some() {
            self.written += 1;
            effects.writes.push(self.write(&output));
        }
        let after = self.written;
        self.outbox.extend(output.messages.into_iter().map(|message| (after, message)));
        for (index, entry) in output.applied {
            let outcome =
                if entry.command.is_some() { Outcome::Executed } else { Outcome::Nothing };
            effects
                .applied
                .extend(entry_out(index, &entry).map(|entry| Applied { entry, outcome }));
        }
        for (request, answer) in output.answers {
            let answer = match answer {
                raft::Answer::Committed(index) => LogIndex::new(index).map(Answer::Committed),
                raft::Answer::Superseded => Some(Answer::Superseded),
                raft::Answer::NotLeader(leader) => Some(Answer::NotLeader(leader.map(NodeId))),
            };
            effects.answers.extend(answer.map(|answer| (Request(request), answer)));
        }
    }

    fn write(&self, output: &Output) -> Write {
        let hard_state = output.hard_state.then_some(HardState {
            term: raft_subject::Term(self.raft.current_term),
            voted_for: self.raft.voted_for.map(NodeId),
        });
        let log = output.log_from.and_then(|from| {
            let entries = (from..).zip(self.raft.log_from(from));
            let entries: Vec<_> =
                entries.filter_map(|(index, entry)| entry_out(index, entry)).collect();
            Some(LogWrite { from: LogIndex::new(from)?, entries: entries.as_slice().into() })
        });
        Write { hard_state, log, ..Write::new(Token(self.written)) }
    }

    fn view(&self) -> View {
        View {
            role: match self.raft.role {
                raft::Role::Follower => Role::Follower,
                raft::Role::Candidate { .. } => Role::Candidate,
                raft::Role::Leader { .. } => Role::Leader,
            },
            term: raft_subject::Term(self.raft.current_term),
            voted_for: self.raft.voted_for.map(NodeId),
            commit: LogIndex::new(self.raft.commit_index),
            applied: LogIndex::new(self.raft.last_applied),
            leader: self.raft.leader.map(NodeId),
            ..View::default()
        }
    }
}

// Messages, out and in. The paper's terms describe them completely. So nothing is carried along beside them, and a
// message that no server sent can be understood as well.

fn message_out(message: Message) -> raft_subject::Message {
    let body = match message.rpc {
        Rpc::RequestVote { last_log_index, last_log_term } => {
            Body::RequestVote { last: position(last_log_index, last_log_term), transfer: false }
        }
        Rpc::Vote { granted } => Body::RequestVoteReply { granted },
        Rpc::AppendEntries { prev_log_index, prev_log_term, entries, commit } => {
            let entries = (prev_log_index + 1..).zip(&entries);
            let entries: Vec<_> =
                entries.filter_map(|(index, entry)| entry_out(index, entry)).collect();
            Body::AppendEntries {
                prev: position(prev_log_index, prev_log_term),
                entries: entries.as_slice().into(),
                commit: LogIndex::new(commit),
                round: 0,
            }
        }
        Rpc::Appended { match_index } => {
            let reply = AppendReply::Success { matched: LogIndex::new(match_index) };
            Body::AppendEntriesReply { reply, round: 0 }
        }
        Rpc::Refused { prev_log_index, conflict } => {
            let conflict = conflict.and_then(|Conflict { term, index }| {
                let first = LogIndex::new(index)?;
                Some(raft_subject::Conflict { term: term.map(raft_subject::Term), first })
            });
            let reply = AppendReply::Refused { prev: LogIndex::new(prev_log_index), conflict };
            Body::AppendEntriesReply { reply, round: 0 }
        }
    };
    raft_subject::Message::new(
        NodeId(message.from),
        NodeId(message.to),
        raft_subject::Term(message.term),
        body,
    )
}

/// `None` for a kind of message that it does not know.
fn message_in(message: &raft_subject::Message) -> Option<Message> {
    let rpc = match &message.body {
        Body::RequestVote { last, .. } => {
            let (last_log_index, last_log_term) = index_and_term(*last);
            Rpc::RequestVote { last_log_index, last_log_term }
        }
        Body::RequestVoteReply { granted } => Rpc::Vote { granted: *granted },
        Body::AppendEntries { prev, entries, commit, .. } => {
            let (prev_log_index, prev_log_term) = index_and_term(*prev);
            let entries = entries.iter().map(entry_in).collect();
            let commit = index(*commit);
            Rpc::AppendEntries { prev_log_index, prev_log_term, entries, commit }
        }
        Body::AppendEntriesReply { reply: AppendReply::Success { matched }, .. } => {
            Rpc::Appended { match_index: index(*matched) }
        }
        Body::AppendEntriesReply { reply: AppendReply::Refused { prev, conflict }, .. } => {
            let conflict = conflict.map(|raft_subject::Conflict { term, first }| Conflict {
                term: term.map(|term| term.0),
                index: first.get(),
            });
            Rpc::Refused { prev_log_index: index(*prev), conflict }
        }
        Body::PreVote { .. }
        | Body::PreVoteReply { .. }
        | Body::InstallSnapshot { .. }
        | Body::InstallSnapshotReply { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => return None,
    };
    Some(Message { from: message.from.0, to: message.to.0, term: message.term.0, rpc })
}

/// `None` for index 0, which no entry has.
fn entry_out(index: Index, entry: &raft::Entry) -> Option<raft_subject::Entry> {
    let payload = match &entry.command {
        Some(command) => Payload::Command(Command::from(command.as_slice())),
        None => Payload::Noop,
    };
    Some(raft_subject::Entry {
        index: LogIndex::new(index)?,
        term: raft_subject::Term(entry.term),
        payload,
    })
}

fn entry_in(entry: &raft_subject::Entry) -> raft::Entry {
    let command = match &entry.payload {
        Payload::Command(command) => Some(command.to_vec()),
        Payload::Noop | Payload::Membership(_) | Payload::Register | Payload::Once(_) => None,
    };
    raft::Entry { term: entry.term.0, command }
}

fn position(index: Index, term: raft::Term) -> Option<Position> {
    Some(Position { index: LogIndex::new(index)?, term: raft_subject::Term(term) })
}

fn index_and_term(position: Option<Position>) -> (Index, raft::Term) {
    position.map_or((0, 0), |position| (position.index.get(), position.term.0))
}

fn index(index: Option<LogIndex>) -> Index {
    index.map_or(0, LogIndex::get)
}
