//! What a leader has (Figure 2, volatile state on leaders) as far as it follows from what it took and sent: 27, 29.

use std::collections::VecDeque;

use super::Step;
use super::answers::Obligation;
use super::change::Change;
use super::rounds::{Asker, Rounds};
use super::sends::Sent;
use super::took::{RequestKind, Took};
use super::transfer::Handover;
use crate::checker::properties::Property;
use crate::checker::properties::violation::Violation;
use crate::checker::quorum::contains;
use crate::model::{LogIndex, Membership, NodeId, Payload, Position, Term, length};
use crate::subject::{Request, Role, Token};

/// A leadership as it can be known from outside.
#[derive(Debug)]
pub(super) struct Lead {
    term: Term,
    /// It counts by the last of the first so many configurations in its log.
    pub(super) counts_by: usize,
    /// Each server that is or may become one of the cluster, S1 first.
    pub(super) peers: Vec<Peer>,
    /// Its commit index, as its acknowledgements one after the other move it.
    pub(super) commit: u64,
    /// Ticks since it was elected, and since its last heartbeat.
    pub(super) ticks: u64,
    pub(super) elapsed: u32,
    pub(super) rounds: Rounds,
    /// Reads that came before an entry of its term was committed.
    pub(super) early: Vec<Asker>,
    /// Who asked, the commit index then, and the round that has to be answered.
    pub(super) pending: VecDeque<(Asker, u64, u64)>,
    pub(super) change: Option<Change>,
    pub(super) handover: Option<Handover>,
    /// Whether a handover was ever begun: its target may be elected at any time from then on.
    pub(super) lease_void: bool,
    /// Writes with entries of its own, and the last entry that is durable with each.
    pub(super) own: VecDeque<(Token, u64)>,
}

/// What a leader knows of one server.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Whether it receives the log.
    pub(super) receives: bool,
    /// nextIndex and matchIndex.
    pub(super) next: u64,
    pub(super) matched: u64,
    /// The latest round of heartbeats that it has answered.
    pub(super) round: u64,
    /// A refusal while requests followed one another makes those of rounds before this one void.
    pub(super) void: u64,
    pub(super) replication: ReplicationState,
    /// Whether what it lacks is to be sent in this step, and whether all that may be was.
    pub(super) due: bool,
    pub(super) served: bool,
    /// Heartbeats sent in this step.
    pub(super) beats: u64,
}

/// How fast entries may be sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum ReplicationState {
    /// Where the logs part is not known: one request at a time, if none is under way.
    Probing(bool),
    /// Requests follow one another unanswered (diss. §10.2.1).
    Streaming,
    /// A snapshot goes first: its last entry, its size, how much has arrived, whether a part is under way.
    Installing(Position, u64, u64, bool),
}

impl Peer {
    fn new(last: u64) -> Peer {
        Peer {
            receives: true,
            next: last + 1,
            matched: 0,
            round: 0,
            void: 0,
            replication: ReplicationState::Probing(false),
            due: false,
            served: false,
            beats: 0,
        }
    }
}

/// What else a server owes after a step of its leadership.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Reads that wait until an index is applied.
    pub(super) reads: Vec<(u64, Request)>,
    /// Requests that wait for the entry at a place.
    pub(super) waiting: Vec<(Position, Request)>,
}

impl Lead {
    pub(super) fn term(&self) -> Term {
        self.term
    }

    /// Upon election: send initial empty AppendEntries RPCs to each server (Figure 2); and a no-op, since a leader
    /// cannot commit before it has an entry of its term (§8).
    pub(super) fn elected(step: &mut Step) -> Result<Lead, Violation> {
        step.count(Property::Leading);
        let mut lead = Lead {
            term: step.after().term,
            counts_by: step.server.log.configurations.len(),
            peers: Vec::new(),
            commit: length(step.after().commit),
            ticks: 0,
            elapsed: 0,
            rounds: Rounds::default(),
            early: Vec::new(),
            pending: VecDeque::new(),
            change: None,
            handover: None,
            lease_void: false,
            own: VecDeque::new(),
        };
        let mut new = step.effects.writes.iter().filter_map(|write| write.log.as_ref());
        let noop = new.next().is_some_and(
            |log| matches!(&log.entries[..], [entry] if entry.payload == Payload::Noop),
        );
        if !noop || step.last() != step.length + 1 {
            let what = format!("is elected in term {}, and does not append a no-op", lead.term);
            return Err(step.breach(Property::Leading, &what));
        }
        lead.refresh(step, step.configuration().1, step.length);
        lead.appended(step);
        lead.check_sends(step, &Sent::default())?;
        Ok(lead)
    }

    /// Who receives the log now: what is known of those who stay is kept; of others nothing is known but that the
    /// log has so many entries.
    pub(super) fn refresh(&mut self, step: &Step, configuration: &Membership, last: u64) {
        let most = [&configuration.voters, &configuration.outgoing, &configuration.learners];
        let most = most.into_iter().flatten().map(|id| id.0).max().unwrap_or(0);
        let joiners = self.change.as_ref().map_or(&[][..], Change::joiners);
        let most = joiners.iter().map(|joiner| joiner.server.0).max().unwrap_or(0).max(most);
        for number in 1..=most.max(step.server.id.0).max(self.peers.len() as u32) {
            let id = NodeId(number);
            let receives = id == step.server.id
                || contains(configuration, id)
                || joiners.iter().any(|joiner| joiner.server == id);
            match self.peers.get_mut(number as usize - 1) {
                None => self.peers.push(Peer { receives, ..Peer::new(last) }),
                Some(peer) if receives && !peer.receives => *peer = Peer::new(last),
                Some(peer) => peer.receives = receives,
            }
        }
    }

    pub(super) fn peer(&mut self, server: NodeId) -> Option<&mut Peer> {
        let place = (server.0 as usize).checked_sub(1)?;
        self.peers.get_mut(place).filter(|peer| peer.receives)
    }

    pub(super) fn matched(&self, server: NodeId) -> u64 {
        let place = (server.0 as usize).wrapping_sub(1);
        self.peers.get(place).filter(|peer| peer.receives).map_or(0, |peer| peer.matched)
    }

    /// It has appended entries: everybody is to have them, and it acknowledges them itself when its disk has them.
    pub(super) fn appended(&mut self, step: &Step) {
        if let Some(write) = step.effects.writes.last() {
            self.own.push_back((write.token, step.last()));
        }
        self.peers.iter_mut().for_each(|peer| peer.due = true);
    }

    /// A step in the leader's term. `observed` is the last of its writes that it now knows to be durable.
    pub(super) fn step(
        &mut self,
        step: &mut Step,
        took: &Took,
        observed: Option<Token>,
    ) -> Result<News, Violation> {
        let mut news = News::default();
        let mut sent = Sent { round: self.rounds.latest(), ..Sent::default() };
        let grown = step.last() - step.length.min(step.last());
        let mut over = false;
        let answered = match took {
            Took::Success(from, _, round)
            | Took::Refused(from, _, round)
            | Took::Part(from, _, _, round) => self.answers_round(*from, *round),
            Took::Other
            | Took::Tick
            | Took::Apply
            | Took::Persisted(_)
            | Took::Question(..)
            | Took::Reply(..)
            | Took::TimeoutNow
            | Took::Asked(..) => false,
        };
        match took {
            Took::Tick => over = self.tick(step, &mut sent, &mut news)?,
            Took::Success(from, matched, _) => {
                self.success(step, *from, *matched, &mut sent, &mut news)?;
            }
            Took::Refused(from, refused, round) => self.refused(step, *from, *refused, *round),
            Took::Part(from, last, received, _) => self.part(*from, *last, *received),
            Took::Question(from, name) => {
                let asker = Asker::Follower(*from, *name);
                self.take_read(step, asker, &mut sent, &mut news);
            }
            Took::Persisted(_) => self.own_durable(step, observed, &mut sent, &mut news)?,
            Took::Asked(request, request_kind) => match request_kind {
                RequestKind::Entry => self.propose(step, *request, &mut news)?,
                RequestKind::Read => {
                    self.take_read(step, Asker::Client(*request), &mut sent, &mut news);
                }
                RequestKind::Transfer(to) => self.transfer(step, *request, *to),
                RequestKind::Change(voters, learners) => {
                    self.begin_change(step, *request, (voters, learners), &mut news)?;
                }
                RequestKind::Snapshot => {}
            },
            Took::Other | Took::Apply | Took::Reply(..) | Took::TimeoutNow => {}
        }
        if answered {
            self.round_answered(step, &mut sent, &mut news);
        }
        if grown > 0 && self.own.back().is_none_or(|(_, last)| *last < step.last()) {
            let what = "appends an entry that no client has proposed";
            return Err(step.breach(Property::Leading, what));
        }
        if self.commit != length(step.after().commit) {
            let (commit, shown) = (self.commit, length(step.after().commit));
            let what = format!("commits up to {shown}, where a majority has acknowledged {commit}");
            return Err(step.breach(Property::Committing, &what));
        }
        self.check_sends(step, &sent)?;
        self.check_reported(step)?;
        self.check_stays(step, over)?;
        Ok(news)
    }

    /// If a client hands it a command: append entry to local log (Figure 2); unless it hands over, or too many
    /// entries are not committed.
    fn propose(
        &mut self,
        step: &mut Step,
        request: Request,
        news: &mut News,
    ) -> Result<(), Violation> {
        let uncommitted = step.length - length(step.before.commit).min(step.length);
        let grown = step.last() - step.length.min(step.last());
        let limit = u64::from(step.settings.uncommitted_limit);
        let (property, refuse) = if self.handover.is_some() {
            (Property::HandingOver, true)
        } else {
            (Property::Limits, uncommitted >= limit)
        };
        if refuse {
            step.count(property);
            step.oblige(request, Obligation::Busy);
            if grown > 0 {
                let what = format!(
                    "takes a command while it hands over, or has {uncommitted} uncommitted entries of {limit}"
                );
                return Err(step.breach(property, &what));
            }
            return Ok(());
        }
        if grown != 1 {
            let what = "does not append the command that a client hands it";
            return Err(step.breach(Property::Answering, what));
        }
        self.appended(step);
        let index = LogIndex::new(step.last()).unwrap_or(LogIndex::FIRST);
        news.waiting.push((Position { index, term: self.term }, request));
        Ok(())
    }

    /// Who leads its term does so until it loses its quorum or commits a configuration without itself (§6).
    fn check_stays(&self, step: &mut Step, over: bool) -> Result<(), Violation> {
        let leads = step.after().role == Role::Leader;
        let commit = length(step.after().commit);
        let (index, configuration) = step.configuration();
        let votes = configuration.voters.contains(&step.server.id)
            || configuration.outgoing.contains(&step.server.id);
        let out = commit > length(step.before.commit)
            && index <= commit
            && configuration.outgoing.is_empty()
            && !votes;
        if out {
            step.count(Property::ChangeRules);
        }
        let breach = if over && leads {
            (
                Property::QuorumCheck,
                "leads on, though no round of heartbeats of the last election timeout was answered by a quorum",
            )
        } else if out && leads {
            (
                Property::ChangeRules,
                "leads on, though it has committed a configuration without itself",
            )
        } else if !over && !out && !leads {
            let votes_not = !votes && step.configuration().0 > step.old_configuration().0;
            let property = if votes_not { Property::ChangeRules } else { Property::QuorumCheck };
            (property, "steps down, though its term is not over and it has lost no quorum")
        } else {
            return Ok(());
        };
        Err(step.breach(breach.0, breach.1))
    }

    /// The server leads no longer: each request that only a leader can serve is answered.
    pub(super) fn resign(&mut self, step: &mut Step) {
        let pending = self.pending.drain(..).map(|(asker, ..)| asker);
        for asker in self.early.drain(..).chain(pending) {
            if let Asker::Client(request) = asker {
                step.oblige(request, Obligation::NotLeader(None));
            }
        }
        if let Some(change) = self.change.take() {
            change.abandon(step);
        }
        if let Some(handover) = self.handover.take() {
            step.oblige(handover.request, Obligation::Done);
        }
    }
}
