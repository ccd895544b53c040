//! One server: raft-rs, and the application around it.

mod ready;
mod requests;

use std::collections::{BTreeMap, VecDeque};

use raft::eraftpb::Entry as Native;
use raft::{Config, ProgressState, RawNode, ReadOnlyOption, SnapshotStatus, StateRole};
use raft_sim::mix::{below, mix};
use raft_sim::model::{Body, Entries, LogIndex, Message, NodeId, Payload, Term};
use raft_sim::subject::{Boot, Effects, Event, Role, Settings, Subject, Token, View};

use crate::RaftRs;
use crate::message::{self, Place};
use crate::store::Store;
use requests::Requests;

/// A server.
pub(crate) struct Server {
    id: NodeId,
    application: RaftRs,
    settings: Settings,
    node: RawNode<Store>,
    /// currentTerm and votedFor as they were last written, and commitIndex.
    written: (u64, u64, u64),
    /// The number of its writes.
    writes: u64,
    /// Writes that are not known to be durable, each with the last `Ready` that is on the disk with it.
    unsynced: VecDeque<(Token, u64)>,
    /// The latest write of a term or vote, and the latest of a snapshot from the leader.
    hard_state: Option<Token>,
    restored: Option<Token>,
    /// Entries that are committed and not applied yet; only if the state machine may lag.
    queue: VecDeque<Native>,
    requests: Requests,
    /// Followers that are sent a snapshot, each with its number of ticks.
    snapshots: BTreeMap<u64, u32>,
    /// The election timeout of a term.
    timeout: (u64, usize),
    /// True if it has taken no step since its boot, which may have left something to do.
    fresh: bool,
    /// The entries that came with the message of this step, or were proposed in it.
    known: Option<Entries>,
    /// True if this step takes a message of an older term.
    stale: bool,
}

impl Server {
    /// Boots a server.
    ///
    /// # Errors
    /// raft-rs's error about these settings, or the reason why the snapshot can't be read.
    pub(crate) fn new(boot: Boot, application: RaftRs) -> Result<Server, String> {
        let store = Store::new(&boot)?;
        let hard_state = store.initial();
        let written = (hard_state.term, hard_state.vote, hard_state.commit);
        let config = config(boot.id, &boot.settings, store.applied());
        let logger = slog::Logger::root(slog::Discard, slog::o!());
        let node = RawNode::new(&config, store, &logger).map_err(|error| error.to_string())?;
        let mut server = Server {
            id: boot.id,
            application,
            settings: boot.settings,
            node,
            written,
            writes: 0,
            unsynced: VecDeque::new(),
            hard_state: None,
            restored: None,
            queue: VecDeque::new(),
            requests: Requests::default(),
            snapshots: BTreeMap::new(),
            timeout: (u64::MAX, 0),
            fresh: true,
            known: None,
            stale: false,
        };
        server.pin();
        Ok(server)
    }

    /// Its state, in Figure 2's words.
    pub(crate) fn view(&self) -> View {
        let raft = &self.node.raft;
        let store = self.node.store();
        let server = |number: u64| (number != 0).then(|| crate::configuration::name(number));
        let (configuration, _) = store.in_force();
        View {
            role: match raft.state {
                StateRole::Follower | StateRole::PreCandidate => Role::Follower,
                StateRole::Candidate => Role::Candidate,
                StateRole::Leader => Role::Leader,
            },
            term: Term(raft.term),
            voted_for: server(raft.vote),
            commit: LogIndex::new(raft.raft_log.committed),
            applied: LogIndex::new(store.applied()),
            leader: server(raft.leader_id),
            snapshot: LogIndex::new(store.base()),
            configuration: LogIndex::new(configuration).filter(|_| configuration > store.base()),
            state: store.digest(),
        }
    }

    fn leads(&self) -> bool {
        self.node.raft.state == StateRole::Leader
    }

    fn place(&self) -> Place<'_> {
        let (id, stale) = (self.id, self.stale);
        Place { id, term: self.node.raft.term, store: self.node.store(), stale }
    }

    /// Replaces the election timeout. raft-rs draws one from its own random numbers whenever a server's role begins.
    /// Here it is a function of seed, server and term, so that nothing in a run shifts when something else is taken
    /// out of it.
    fn pin(&mut self) {
        let raft = &mut self.node.raft;
        if self.timeout.0 != raft.term {
            let (shortest, longest) = self.settings.election_timeout;
            let server = mix(self.settings.seed, u64::from(self.id.0));
            let bits = mix(mix(server, raft.term), raft.term);
            let width = u64::from(longest.saturating_sub(shortest)) + 1;
            self.timeout = (raft.term, shortest as usize + below(bits, width) as usize);
        }
        let (_, timeout) = self.timeout;
        if raft.randomized_election_timeout() != timeout {
            raft.set_randomized_election_timeout(timeout);
        }
    }

    fn receive(&mut self, message: Message, effects: &mut Effects) {
        let from = message.from;
        let acknowledges = matches!(&message.body, Body::AppendEntriesReply { .. });
        if let Body::AppendEntries { entries, .. } = &message.body
            && !entries.is_empty()
        {
            self.known = Some(entries.clone());
        }
        self.stale = message.term.0 < self.node.raft.term;
        let Some(native) = message::native(message, self.place()) else { return };
        // The error means that the sender is unknown, and is of no use.
        let _ = self.node.step(native);
        if acknowledges && self.leads() {
            let progress = self.node.raft.prs().get(u64::from(from.0));
            let matched = progress.and_then(|progress| LogIndex::new(progress.matched));
            effects.matched = matched.map(|matched| (from, matched));
        }
    }

    /// The write, if it is not known to be durable.
    fn pending(&self, write: Option<Token>) -> Option<Token> {
        let oldest = self.unsynced.front().map(|(token, _)| *token);
        write.filter(|write| oldest.is_some_and(|oldest| oldest <= *write))
    }

    fn is_careful(&self) -> bool {
        self.application == RaftRs::Careful
    }

    /// True if raft-rs can stand for election now. While a snapshot is being written, raft-rs looks for entries that
    /// are gone. And it assumes that the winner has its whole log on its disk, which is not always so for the only
    /// voter.
    fn may_stand(&self) -> bool {
        let alone = self.node.raft.prs().is_singleton() && !self.leads();
        let written = !alone || self.unsynced.is_empty();
        written && self.pending(self.restored).is_none()
    }

    fn tick(&mut self, effects: &mut Effects) {
        if !self.is_careful() || self.may_stand() {
            self.node.tick();
        }
        let patience = self.settings.election_timeout.0;
        self.requests.tick(patience, effects);
        self.report_snapshots(patience);
    }

    /// Reports lost snapshots as failed. raft-rs sends nothing to a follower that it has sent a snapshot, until it
    /// learns the outcome. A network does not report it: a snapshot that was not acknowledged in this time has
    /// failed.
    fn report_snapshots(&mut self, patience: u32) {
        if !self.leads() {
            self.snapshots.clear();
            return;
        }
        let snapshots = &mut self.snapshots;
        let progress = self.node.raft.prs();
        snapshots.retain(|&server, _| {
            let progress = progress.get(server);
            progress.is_some_and(|progress| progress.state == ProgressState::Snapshot)
        });
        snapshots.values_mut().for_each(|ticks| *ticks += 1);
        let late = snapshots.iter().filter(|(_, ticks)| **ticks >= patience);
        let late: Vec<u64> = late.map(|(&server, _)| server).collect();
        for server in late {
            self.snapshots.remove(&server);
            self.node.report_snapshot(server, SnapshotStatus::Failure);
        }
    }

    /// A write is durable, and so are all before it.
    fn persisted(&mut self, token: Token) {
        let mut ready = None;
        while let Some((_, number)) = self.unsynced.pop_front_if(|(other, _)| *other <= token) {
            ready = Some(number);
        }
        if let Some(number) = ready {
            self.node.on_persist_ready(number);
            self.applied();
        }
    }
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        self.known = None;
        self.stale = false;
        // Nothing may be stepped before the rest of the boot is done.
        if std::mem::take(&mut self.fresh) {
            self.settle(effects);
        }
        match event {
            Event::Tick => self.tick(effects),
            Event::Receive(message) => self.receive(message, effects),
            Event::Propose(request, command) => {
                self.propose(request, Payload::Command(command), effects);
            }
            Event::Register(request) => self.propose(request, Payload::Register, effects),
            Event::ProposeOnce(request, once) => {
                self.propose(request, Payload::Once(once.into()), effects);
            }
            Event::Read(request) => self.read(request, effects),
            Event::ChangeMembership(request, voters, learners) => {
                self.change(request, voters, learners, effects);
            }
            Event::Transfer(request, to) => self.transfer(request, to, effects),
            Event::Compact(request) => self.compact(request, effects),
            Event::Apply => self.apply_queued(effects),
            Event::Persisted(token) => self.persisted(token),
        }
        self.pin();
        self.settle(effects);
        self.follow_up(effects);
        effects.view = self.view();
    }
}

fn config(id: NodeId, settings: &Settings, applied: u64) -> Config {
    let (shortest, longest) = settings.election_timeout;
    let leases = settings.lease_drift.is_some() && settings.check_quorum;
    Config {
        id: u64::from(id.0),
        election_tick: shortest as usize,
        heartbeat_tick: settings.heartbeat as usize,
        min_election_tick: shortest as usize,
        max_election_tick: longest as usize + 1,
        applied,
        max_size_per_msg: u64::from(settings.bytes_per_message),
        max_inflight_msgs: settings.window.max(1) as usize,
        check_quorum: settings.check_quorum,
        pre_vote: settings.pre_vote,
        read_only_option: if leases { ReadOnlyOption::LeaseBased } else { ReadOnlyOption::Safe },
        ..Config::default()
    }
}
