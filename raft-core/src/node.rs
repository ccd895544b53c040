//! One server: takes an input, applies the rules for all servers, and hands it to its role.

use core::fmt;

use crate::input::{Boot, Input};
use crate::log::Log;
use crate::membership::Membership;
use crate::message::{AppendReply, Body, Message};
use crate::output::{Answer, Outbox, Output, Receipt, Refusal};
use crate::roles::{Candidate, Follower, Leader, Role, vote};
use crate::settings::SettingsError;
use crate::state::State;
use crate::types::{
    Command, Entries, Entry, HardState, LARGEST, LogIndex, NodeId, Position, Request, Term,
};

/// A Raft server. A pure function of its inputs: the same boot and the same steps give the same outputs,
/// on any machine.
#[derive(Debug)]
pub struct Node {
    state: State,
    role: Role,
}

impl Node {
    /// Starts a server from its durable state; as a follower (§5.2), which sends nothing.
    ///
    /// # Errors
    /// [`BootError`], the first thing found, if the settings, the cluster or the durable state make no
    /// sense. Nothing is repaired.
    pub fn boot(boot: Boot) -> Result<Node, BootError> {
        boot.settings.check().map_err(BootError::Settings)?;
        if boot.hard_state.term.0 > LARGEST {
            return Err(BootError::TermOutOfReach(boot.hard_state.term));
        }
        check_log(&boot.log, boot.hard_state.term)?;
        if boot.applied > boot.log.last().map(|entry| entry.index) {
            return Err(BootError::AppliedBeyondLog);
        }
        let membership = Membership::new(boot.servers).ok_or(BootError::Servers)?;
        if !membership.contains(boot.id) {
            return Err(BootError::NotAServer(boot.id));
        }
        let state = State {
            id: boot.id,
            settings: boot.settings,
            membership,
            hard_state: boot.hard_state,
            written: boot.hard_state,
            log: Log::new(boot.log),
            // What is applied was committed; how far else the log is, a leader will tell.
            commit: boot.applied,
            applied: boot.applied,
            waiting: <_>::default(),
            outbox: Outbox::default(),
        };
        let role = Role::Follower(Follower::new(&state));
        Ok(Node { state, role })
    }

    /// Takes one input and returns all that follows from it. Never blocks and returns no error: of an
    /// impossible message nothing reaches the log, the votes or the commit index ([`Output::refused`]).
    pub fn step(&mut self, input: Input) -> Output<'_> {
        self.state.outbox.messages.clear();
        self.state.outbox.answers.clear();
        self.state.outbox.refused = None;
        match input {
            Input::Tick => self.tick(),
            Input::Receive(message) => self.receive(message),
            Input::Propose { request, command } => self.propose(request, command),
            Input::Persisted(receipt) => self.persisted(receipt),
        }
        self.finish()
    }

    /// This server.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.state.id
    }

    /// Its role, and what belongs to it (Figure 4).
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// currentTerm and votedFor (Figure 2); perhaps not durable yet.
    #[must_use]
    pub fn hard_state(&self) -> HardState {
        self.state.hard_state
    }

    /// The log (Figure 2); its end is perhaps not durable yet.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.state.log
    }

    /// commitIndex (Figure 2); `None` is the paper's 0. Never goes back in the life of a node.
    #[must_use]
    pub fn commit(&self) -> Option<LogIndex> {
        self.state.commit
    }

    /// lastApplied (Figure 2): how far [`Output::apply`] has handed out the log, or [`Boot::applied`] did.
    /// `None` is the paper's 0.
    #[must_use]
    pub fn applied(&self) -> Option<LogIndex> {
        self.state.applied
    }

    /// The servers of the cluster.
    #[must_use]
    pub fn membership(&self) -> &Membership {
        &self.state.membership
    }

    /// The leader of the current term, if this server knows one (§5.2); itself if it leads.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        match &self.role {
            Role::Follower(follower) => follower.leader(),
            Role::Candidate(_) => None,
            Role::Leader(_) => Some(self.state.id),
        }
    }

    fn tick(&mut self) {
        let stand = match &mut self.role {
            Role::Follower(follower) => follower.tick(),
            Role::Candidate(candidate) => candidate.tick(),
            Role::Leader(leader) => {
                leader.tick(&mut self.state);
                false
            }
        };
        if stand {
            self.role = Role::Candidate(Candidate::stand(&mut self.state));
        }
    }

    fn propose(&mut self, request: Request, command: Command) {
        match &mut self.role {
            Role::Leader(leader) => leader.propose(&mut self.state, request, command),
            Role::Follower(_) | Role::Candidate(_) => {
                let answer = Answer::NotLeader(self.leader());
                self.state.outbox.answers.push((request, answer));
            }
        }
    }

    fn receive(&mut self, message: Message) {
        let refused = if message.to != self.state.id || message.from == self.state.id {
            Some(Refusal::WrongAddress)
        } else if !self.state.membership.contains(message.from) {
            Some(Refusal::UnknownSender(message.from))
        } else if message.is_out_of_reach() {
            Some(Refusal::OutOfReach)
        } else {
            None
        };
        match refused {
            Some(refusal) => self.state.outbox.refused = Some(refusal),
            None => self.handle(message),
        }
    }

    /// The disk has caught up: releases the promises that waited for it. Those to this server itself
    /// (its own vote, its own acknowledgement) arrive here and now.
    fn persisted(&mut self, receipt: Receipt) {
        self.state.outbox.persisted(receipt);
        while let Some(promise) = self.state.outbox.release(self.state.hard_state.term) {
            if promise.to == self.state.id {
                self.handle(promise);
            } else {
                self.state.outbox.send(promise);
            }
        }
    }

    /// Rules for all servers (§5.1), then whatever the message is about.
    fn handle(&mut self, Message { from, term, body, .. }: Message) {
        // If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
        // follower.
        if term > self.state.hard_state.term {
            self.adopt(term);
        }
        let current = term == self.state.hard_state.term;
        match body {
            Body::RequestVote { last } => self.request_vote(from, term, last),
            Body::RequestVoteReply { granted } if current && granted => self.vote_granted(from),
            Body::AppendEntries { prev, entries, commit } if current => {
                self.append_entries(from, (prev, entries, commit));
            }
            // AppendEntries 1 (§5.1): reply false if term < currentTerm.
            Body::AppendEntries { prev, .. } => {
                let prev = prev.map(|prev| prev.index);
                let reply = AppendReply::Refused { prev, conflict: None };
                self.state.promise(from, Body::AppendEntriesReply(reply));
            }
            Body::AppendEntriesReply(reply) if current => {
                if let Role::Leader(leader) = &mut self.role {
                    leader.append_reply(&mut self.state, from, reply);
                }
            }
            // §5.1: a reply of an older term says nothing about this one; a vote refused is no vote.
            Body::RequestVoteReply { .. } | Body::AppendEntriesReply(_) => {}
        }
    }

    /// §5.1: enters a later term as a follower that has not voted in it.
    fn adopt(&mut self, term: Term) {
        self.state.enter(term);
        match &mut self.role {
            Role::Follower(follower) => follower.new_term(),
            Role::Candidate(candidate) => {
                self.role = Role::Follower(Follower::resigned(candidate));
            }
            Role::Leader(_) => self.role = Role::Follower(Follower::new(&self.state)),
        }
    }

    fn request_vote(&mut self, from: NodeId, term: Term, last: Option<Position>) {
        let granted = vote(&mut self.state, from, term, last);
        if let (true, Role::Follower(follower)) = (granted, &mut self.role) {
            follower.reset_timer(&self.state);
        }
    }

    fn vote_granted(&mut self, voter: NodeId) {
        if let Role::Candidate(candidate) = &mut self.role
            && candidate.elected_by(&self.state, voter)
        {
            self.role = Role::Leader(Leader::elected(&mut self.state));
        }
    }

    fn append_entries(
        &mut self,
        from: NodeId,
        request: (Option<Position>, Entries, Option<LogIndex>),
    ) {
        match &mut self.role {
            Role::Follower(follower) => follower.append_entries(&mut self.state, from, request),
            // §5.2: if AppendEntries received from new leader: convert to follower.
            Role::Candidate(candidate) => {
                let mut follower = Follower::resigned(candidate);
                follower.append_entries(&mut self.state, from, request);
                self.role = Role::Follower(follower);
            }
            Role::Leader(_) => self.state.outbox.refused = Some(Refusal::RivalLeader(from)),
        }
    }

    /// Ends a step: what is to be written, applied and answered follows from what the rules changed.
    fn finish(&mut self) -> Output<'_> {
        let state = &mut self.state;
        // If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state machine
        // (§5.3).
        let applied = state.applied;
        if state.commit > applied {
            state.applied = state.commit;
            state.answer_decided();
        }
        let changed = state.hard_state != state.written;
        state.written = state.hard_state;
        let write = state.outbox.finish(changed.then_some(state.hard_state));
        Output {
            messages: &mut state.outbox.messages,
            write,
            apply: state.log.entries(applied, state.applied),
            answers: &mut state.outbox.answers,
            refused: state.outbox.refused,
        }
    }
}

/// Whether a log found on disk is one: indexes from 1 on without a gap, terms that never decrease and
/// never exceed currentTerm.
fn check_log(log: &[Entry], current: Term) -> Result<(), BootError> {
    let mut before = None;
    let mut term = Term(0);
    for entry in log {
        let expected = LogIndex::after(before);
        if entry.index != expected {
            return Err(BootError::LogGap { expected, found: entry.index });
        }
        if entry.term < term || entry.term > current {
            return Err(BootError::LogTerm { index: entry.index, term: entry.term });
        }
        before = Some(entry.index);
        term = entry.term;
    }
    Ok(())
}

/// Why a server does not start. What is found on the disk is no state that Figure 2 can reach, or the host
/// asks for a cluster or settings that can't work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootError {
    /// The settings contradict each other.
    Settings(SettingsError),
    /// The cluster has no servers, or names one twice.
    Servers,
    /// The server to boot is not one of the cluster.
    NotAServer(NodeId),
    /// The log is not numbered from 1 on without gaps.
    LogGap {
        /// The index that was to come.
        expected: LogIndex,
        /// The one that came.
        found: LogIndex,
    },
    /// An entry's term is lower than its predecessor's, or higher than currentTerm.
    LogTerm {
        /// Where.
        index: LogIndex,
        /// The term found there.
        term: Term,
    },
    /// The state machine has applied more than the log holds.
    AppliedBeyondLog,
    /// currentTerm is beyond [`LARGEST`].
    TermOutOfReach(Term),
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BootError::Settings(error) => error.fmt(f),
            BootError::Servers => {
                f.write_str("the cluster must have at least one server, and each only once")
            }
            BootError::NotAServer(id) => write!(f, "{id} is not a server of its own cluster"),
            BootError::LogGap { expected, found } => {
                write!(f, "the log has a gap: entry {expected} was to come, {found} came")
            }
            BootError::LogTerm { index, term } => {
                write!(
                    f,
                    "entry {index} has the impossible term {term}: terms never decrease along a log nor exceed currentTerm"
                )
            }
            BootError::AppliedBeyondLog => {
                f.write_str("the state machine has applied more than the log holds")
            }
            BootError::TermOutOfReach(term) => write!(f, "currentTerm {term} is out of reach"),
        }
    }
}

impl core::error::Error for BootError {}
