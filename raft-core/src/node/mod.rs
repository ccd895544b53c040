//! One server: takes an input and hands it to its role. `receive` has the rules for all servers, which a
//! message meets first; `boot` checks what a server boots from; `text` shows a state.

mod boot;
mod receive;
mod text;

use alloc::sync::Arc;
use core::hash::Hasher;

pub use boot::BootError;

use crate::input::{Boot, Input};
use crate::log::Log;
use crate::output::{Answer, Output, Receipt};
use crate::roles::{Candidate, Cause, Follower, Leader, PreCandidate, Role};
use crate::state::{Belief, State};
use crate::types::{HardState, LogIndex, Membership, NodeId, Payload, Request, Snapshot};

/// A Raft server. A pure function of its inputs: the same boot and the same steps give the same outputs,
/// on any machine.
///
/// A clone is a fork of the whole history: from here on each of the two goes its own way. The writes that are
/// pending at the fork are pending in both. Each waits for a receipt of its own, so the host clones the
/// [`Write`](crate::Write) as well. A write issued after the fork is that of one server: the other ignores
/// its receipt.
#[derive(Clone, Debug)]
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
        let state = boot::state(boot)?;
        let role = Role::Follower(Follower::new(&state));
        Ok(Node { state, role })
    }

    /// Takes one input and returns all that follows from it. Never blocks and returns no error: nothing of
    /// an impossible message reaches the log, the votes or the commit index ([`Output::refused`]).
    #[inline]
    pub fn step(&mut self, input: Input) -> Output<'_> {
        self.state.outbox.messages.clear();
        self.state.outbox.answers.clear();
        self.state.outbox.refused = None;
        match input {
            Input::Tick => self.tick(),
            Input::Receive(message) => self.receive(message),
            Input::Propose { request, command } => self.lead(request, |leader, state| {
                leader.propose(state, request, Payload::Command(command));
            }),
            Input::Register { request } => self.lead(request, |leader, state| {
                leader.propose(state, request, Payload::Register);
            }),
            Input::ProposeOnce { request, once } => self.lead(request, |leader, state| {
                leader.propose(state, request, Payload::Once(Arc::new(once)));
            }),
            Input::Read { request } => self.read(request),
            Input::ChangeMembership { request, voters, learners } => {
                self.lead(request, |leader, state| {
                    leader.change_membership(state, request, voters, learners);
                });
            }
            Input::TransferLeadership { request, to } => self.lead(request, |leader, state| {
                leader.transfer_leadership(state, request, to);
            }),
            Input::Compact { request, through, data } => {
                self.state.compact(request, through, data);
            }
            Input::Applied(index) => self.state.has_applied(Some(index)),
            Input::Persisted(receipt) => self.persisted(receipt),
        }
        if let Role::Leader(leader) = &mut self.role
            && leader.is_over()
        {
            leader.resign(&mut self.state);
            self.role = Role::Follower(Follower::new(&self.state));
        }
        self.finish()
    }

    /// Feeds the hasher with all that later outputs depend on. Two servers that feed it alike give the same
    /// outputs for the same inputs, whatever their histories; only the receipts of their writes differ.
    ///
    /// No output depends on what this leaves out: messages already handed out, the numbers of writes, buffers
    /// kept for reuse, and how long ago things happened that are over. The bytes depend on the machine and
    /// on the version of this crate: compare fingerprints within one program.
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        let Node { state, role } = self;
        state.fingerprint(hasher);
        role.fingerprint(state, hasher);
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

    /// lastApplied (Figure 2): how far the state machine has applied the log. `None` is the paper's 0.
    #[must_use]
    pub fn applied(&self) -> Option<LogIndex> {
        self.state.applied
    }

    /// The configuration in force: the latest in the log, committed or not (§6).
    #[must_use]
    pub fn membership(&self) -> &Membership {
        self.state.membership()
    }

    /// The entry of the configuration in force; `None` if the log has none, and it is the snapshot's or the
    /// first.
    #[must_use]
    pub fn membership_index(&self) -> Option<LogIndex> {
        self.state.configurations.index()
    }

    /// The snapshot that stands for the beginning of the log, if there is one (§7).
    #[must_use]
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.state.snapshot.as_deref()
    }

    /// The leader of the current term, if this server knows one (§5.2); itself if it leads.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        match &self.role {
            Role::Follower(follower) => follower.leader(),
            Role::PreCandidate(_) | Role::Candidate(_) => None,
            Role::Leader(_) => Some(self.state.id),
        }
    }

    fn tick(&mut self) {
        let Node { state, role } = self;
        let timed_out = match role {
            Role::Follower(follower) => follower.tick(state),
            Role::PreCandidate(pre_candidate) => pre_candidate.tick(),
            Role::Candidate(candidate) => candidate.tick(),
            Role::Leader(leader) => return leader.tick(state),
        };
        state.belief.tick();
        // A learner waits, and so does a server that was removed (§6, diss. §4.2.1).
        if timed_out && state.configurations.may_stand(state.id, state.commit) {
            if state.settings.pre_vote {
                self.start_pre_vote();
            } else {
                self.stand(Cause::Timeout);
            }
        }
    }

    /// Asks for pre-votes before it stands (PreVote, diss. §9.6). A server that needs no other vote stands at once.
    fn start_pre_vote(&mut self) {
        self.leave_leader();
        let mut pre_candidate = PreCandidate::start(&mut self.state);
        if pre_candidate.supported_by(&self.state, self.state.id) {
            self.stand(Cause::Timeout);
        } else {
            self.role = Role::PreCandidate(pre_candidate);
        }
    }

    /// Stands for election (§5.2).
    fn stand(&mut self, cause: Cause) {
        self.leave_leader();
        self.state.belief = Belief::NoLeader;
        self.role = Role::Candidate(Candidate::stand(&mut self.state, cause));
    }

    /// Gives up the requests that this server, as a follower, has made of its leader.
    fn leave_leader(&mut self) {
        if let Role::Follower(follower) = &mut self.role {
            follower.abandon(&mut self.state);
        }
    }

    /// Hands a request to the leader, if this server leads; else answers with the leader that it knows.
    fn lead(&mut self, request: Request, task: impl FnOnce(&mut Leader, &mut State)) {
        match &mut self.role {
            Role::Leader(leader) => task(leader, &mut self.state),
            Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => {
                let answer = Answer::NotLeader(self.leader());
                self.state.answer(request, answer);
            }
        }
    }

    fn read(&mut self, request: Request) {
        match &mut self.role {
            Role::Follower(follower) => follower.read(&mut self.state, request),
            Role::Leader(leader) => leader.read(&mut self.state, request),
            Role::PreCandidate(_) | Role::Candidate(_) => {
                self.state.answer(request, Answer::NotLeader(None));
            }
        }
    }

    /// Takes a receipt: releases the held messages that waited for it. Those to this server itself (its own
    /// vote, its own acknowledgement) arrive here and now.
    fn persisted(&mut self, receipt: Receipt) {
        self.state.outbox.persisted(receipt);
        while let Some(held) = self.state.outbox.release(self.state.hard_state.term) {
            if held.to == self.state.id {
                self.handle(held);
            } else {
                self.state.outbox.send(held);
            }
        }
    }

    /// Ends a step: what is to be written, applied and answered follows from what the rules changed.
    #[inline]
    fn finish(&mut self) -> Output<'_> {
        let state = &mut self.state;
        let handed = state.hand_out();
        let changed = state.hard_state != state.written;
        state.written = state.hard_state;
        let write = state.outbox.finish(changed.then_some(state.hard_state));
        Output {
            messages: &mut state.outbox.messages,
            write,
            restore: state.outbox.restore.take(),
            apply: state.log.entries(handed, state.handed),
            answers: &mut state.outbox.answers,
            refused: state.outbox.refused,
        }
    }
}
