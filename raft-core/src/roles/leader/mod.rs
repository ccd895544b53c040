//! Rules for leaders (§5.3, §5.4). `replication` has requests and replies, `rounds` the rounds of heartbeats,
//! `reads` the reads that rest on them, `change` changes of the configuration, `handover` leadership transfer.

mod change;
mod handover;
mod reads;
mod replication;
mod rounds;

use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use change::Change;
use handover::Handover;
use reads::{Asker, Reads};
use rounds::Rounds;

use crate::membership::reached_by_majority;
use crate::output::Answer;
use crate::progress::Progress;
use crate::state::{Belief, State};
use crate::types::{LogIndex, NodeId, Payload, Position, Request, length};

/// The server that leads its term (§5.2, §5.3).
#[derive(Clone, Debug)]
pub struct Leader {
    /// The servers that receive the log, in order, this one included.
    peers: Vec<Peer>,
    /// Ticks since it was elected.
    ticks: u64,
    /// Ticks since the last heartbeat.
    elapsed: u32,
    rounds: Rounds,
    reads: Reads,
    change: Option<Change>,
    handover: Option<Handover>,
    /// True once a handover was begun: its target may be elected at any time from then on.
    lease_void: bool,
    /// True if it is not to lead any longer.
    over: bool,
    /// Memory for the count of how far the servers are.
    reached: Vec<u64>,
}

/// A server that receives the log.
#[derive(Clone, Debug)]
struct Peer {
    server: NodeId,
    progress: Progress,
    /// True if it is counted among the voters, and in joint consensus among those of C_old.
    votes: bool,
    votes_outgoing: bool,
}

impl Leader {
    /// Creates the leader upon its election: nextIndex and matchIndex are reinitialized (Figure 2), and
    /// AppendEntries goes to each server. It brings a no-op, since a leader cannot commit before it has an
    /// entry of its own term (§5.4.2, §8).
    pub(crate) fn elected(state: &mut State) -> Leader {
        let mut leader = Leader {
            peers: Vec::new(),
            ticks: 0,
            elapsed: 0,
            rounds: Rounds::default(),
            reads: Reads::default(),
            change: None,
            handover: None,
            lease_void: false,
            over: false,
            reached: Vec::new(),
        };
        // There is a current leader as long as it leads (§6).
        state.belief = Belief::Itself;
        leader.refresh_peers(state);
        leader.append(state, Payload::Noop);
        leader
    }

    /// Feeds the hasher with all that later steps depend on. Ticks are counted backwards from now: how long this
    /// server has led decides nothing.
    pub(super) fn fingerprint(&self, state: &State, hasher: &mut impl Hasher) {
        let Leader {
            peers,
            ticks,
            elapsed,
            rounds,
            reads,
            change,
            handover,
            lease_void,
            // A leader for which this holds is none after the step.
            over: _,
            // Memory for reuse.
            reached: _,
        } = self;
        peers.len().hash(hasher);
        // Whose votes count follows from the configuration in force.
        for Peer { server, progress, votes: _, votes_outgoing: _ } in peers {
            (server, progress).hash(hasher);
        }
        (elapsed, reads).hash(hasher);
        rounds.fingerprint(&state.settings, *ticks, hasher);
        change.is_some().hash(hasher);
        if let Some(change) = change {
            change.fingerprint(*ticks, hasher);
        }
        handover.is_some().hash(hasher);
        if let Some(handover) = handover {
            handover.fingerprint(*ticks, hasher);
        }
        // Without leases there is none to be void.
        (*lease_void && state.settings.lease_drift.is_some()).hash(hasher);
    }

    /// Progress of a server that receives the log (Figure 2, volatile state on leaders). The leader's own
    /// progress, acknowledged when its own disk had the entries, counts like any other (diss. §10.2.1).
    #[must_use]
    pub fn progress(&self, server: NodeId) -> Option<&Progress> {
        self.peers.iter().find(|peer| peer.server == server).map(|peer| &peer.progress)
    }

    /// Snapshots on their way to servers, those that are to join included, by their last entries. A host that keeps
    /// snapshots in files still needs the files of these, even if there is a newer one.
    pub fn installing(&self) -> impl Iterator<Item = Position> + '_ {
        self.peers.iter().filter_map(|peer| peer.progress.installing())
    }

    /// The highest index known to be replicated on a server (`matchIndex`, Figure 2).
    fn matched(&self, server: NodeId) -> Option<LogIndex> {
        self.progress(server).and_then(Progress::matched)
    }

    /// Returns whether it is not to lead any longer, though its term is not over.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// Ends its leadership: answers the requests that only a leader can serve.
    pub(crate) fn resign(&mut self, state: &mut State) {
        state.belief = Belief::NoLeader;
        self.reads.abandon(state);
        if let Some(change) = self.change.take() {
            change.abandon(state);
        }
        if let Some(handover) = self.handover.take() {
            state.answer(handover.request, Answer::Done);
        }
    }

    /// If command received from client: append entry to local log; respond after entry applied to state
    /// machine (§5.3).
    pub(crate) fn propose(&mut self, state: &mut State, request: Request, payload: Payload) {
        let uncommitted = length(state.log.last_index()) - length(state.commit);
        if let Some(handover) = &self.handover {
            state.answer(request, Answer::Transferring(handover.to));
        } else if uncommitted >= u64::from(state.settings.uncommitted_limit) {
            state.answer(request, Answer::Busy);
        } else if let Some(position) = self.append(state, payload) {
            state.wait_for(position, request);
        }
    }

    /// Appends an entry of its own term, sends it on, and acknowledges it to itself once it is durable.
    /// A leader never overwrites or deletes entries in its log (§5.3, Leader Append-Only).
    fn append(&mut self, state: &mut State, payload: Payload) -> Option<Position> {
        let position = state.append(payload);
        self.acknowledge_own(state);
        self.replicate_to_all(state);
        position
    }

    /// Counts a tick. Sends heartbeats during idle periods to prevent election timeouts (§5.2).
    pub(crate) fn tick(&mut self, state: &mut State) {
        self.ticks += 1;
        self.elapsed += 1;
        self.catch_up(state);
        self.hand_over_in_time(state);
        if state.settings.check_quorum && self.has_lost_quorum(state) {
            self.over = true;
        } else if self.elapsed >= state.settings.heartbeat_interval {
            self.elapsed = 0;
            self.begin_round(state);
        }
    }

    /// Follows a change of the configuration in force, or of the servers that join: keeps the progress of
    /// servers that stay. Of a new server, nextIndex is initialized as at an election.
    fn refresh_peers(&mut self, state: &State) {
        let membership = state.membership();
        let mut servers = membership.everyone();
        servers.push(state.id);
        servers.extend(self.change.iter().flat_map(Change::joiners));
        servers.sort_unstable();
        servers.dedup();
        let fresh = Progress::new(state.log.last_index());
        let known = core::mem::take(&mut self.peers);
        let progress = |server| {
            let known = known.iter().find(|peer| peer.server == server);
            known.map_or_else(|| fresh.clone(), |peer| peer.progress.clone())
        };
        self.peers.extend(servers.into_iter().map(|server| Peer {
            server,
            progress: progress(server),
            votes: membership.voters.contains(&server),
            votes_outgoing: membership.outgoing.contains(&server),
        }));
    }

    /// If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and
    /// log[N].term == currentTerm: set commitIndex = N (§5.3, §5.4).
    ///
    /// §5.4.2: only entries of the leader's own term are committed by counting replicas; entries before
    /// them are committed with them (Figure 8).
    fn advance_commit(&mut self, state: &mut State) {
        let index = self.quorum(state, |progress| length(progress.matched()));
        let index = LogIndex::new(index);
        let term = index.and_then(|index| state.log.term_at(index));
        if term == Some(state.hard_state.term) && index > state.commit {
            state.commit_up_to(index);
            self.reads_may_begin(state);
            self.configuration_may_be_committed(state);
        }
    }

    /// The highest number that a majority of the voters has reached; in joint consensus, a majority of
    /// either configuration (§6).
    fn quorum(&mut self, state: &State, of: impl Fn(&Progress) -> u64) -> u64 {
        self.reached.clear();
        let voters = self.peers.iter().filter(|peer| peer.votes);
        self.reached.extend(voters.map(|peer| of(&peer.progress)));
        let new = reached_by_majority(&mut self.reached);
        if !state.membership().is_joint() {
            return new;
        }
        self.reached.clear();
        let voters = self.peers.iter().filter(|peer| peer.votes_outgoing);
        self.reached.extend(voters.map(|peer| of(&peer.progress)));
        new.min(reached_by_majority(&mut self.reached))
    }

    /// A server that receives the log.
    fn peer(&mut self, server: NodeId) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|peer| peer.server == server)
    }

    /// Takes a client's read.
    pub(crate) fn read(&mut self, state: &mut State, request: Request) {
        self.take_read(state, Asker::Client(request));
    }

    /// Takes a follower's ReadIndex, for one of its clients.
    pub(crate) fn read_index(&mut self, state: &mut State, follower: NodeId, request: Request) {
        self.take_read(state, Asker::Follower(follower, request));
    }
}

/// A leader's knowledge as text: `peers={S1 next=2 …; S2 …} rounds=latest/confirmed`, and the reads that wait, a change
/// and a handover, if there are any.
impl fmt::Display for Leader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("peers={")?;
        for (place, Peer { server, progress, .. }) in self.peers.iter().enumerate() {
            let between = if place > 0 { "; " } else { "" };
            write!(f, "{between}{server} {progress}")?;
        }
        write!(f, "}} rounds={}/{}", self.rounds.latest(), self.rounds.confirmed())?;
        if self.reads != Reads::default() {
            write!(f, " reads={:?}", self.reads)?;
        }
        if let Some(change) = &self.change {
            write!(f, " change={change:?}")?;
        }
        match &self.handover {
            Some(handover) => write!(f, " {handover}"),
            None => Ok(()),
        }
    }
}
