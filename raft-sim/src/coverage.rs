//! Coverage: the features of Raft that a run has used, and how often. A campaign in which a feature was never used
//! has tested less than it seems to. Nothing is checked here.

mod feature;
mod situations;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::{Body, Entry, LogIndex, Membership, Message, NodeId, Payload, Term};
use crate::observation::{Observation, Observer, Stop, Stored};
use crate::requests::Open;
use crate::subject::{
    Answer, Effects, Event, Outcome, Request, Role, Settings, Token, View, Write,
};
use crate::time::Micros;

pub use feature::Feature;

/// Counts features.
#[derive(Clone, Debug)]
pub struct Coverage {
    counts: [u64; Feature::ALL.len()],
    servers: Vec<Watched>,
    /// The first configuration.
    first: Arc<Membership>,
    /// Up to here, entries were counted when they were committed, and when they were applied.
    committed: Option<LogIndex>,
    applied: Option<LogIndex>,
    /// The highest commit index of any server.
    commit: Option<LogIndex>,
    /// Unanswered requests of the kinds that count, each with the server that has it.
    asked: Open<(NodeId, Asked)>,
    /// The request of this very step.
    fresh: Option<Request>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Read,
    Change,
    Transfer,
    Compaction,
}

/// The state of one server, as far as it matters here.
#[derive(Clone, Debug, Default)]
struct Watched {
    view: View,
    settings: Settings,
    /// The durable writes of which it has not been notified, oldest first.
    unnotified: VecDeque<Token>,
    /// The configuration before all that are in its log.
    base: Arc<Membership>,
    /// Those in its log.
    logged: Vec<(LogIndex, Arc<Membership>)>,
    /// The term in which it last asked whether it could win.
    asking: Option<Term>,
    /// The term in which it stands for election because its leader sent TimeoutNow.
    handed_over: Option<Term>,
    /// True if it has a part of a snapshot.
    partial: bool,
    /// True if it is handing leadership over.
    moving: bool,
    /// The terms that it has led since it booted.
    led: Vec<Term>,
    /// True if it has restarted and learned of no commit since.
    restarted: bool,
}

impl Coverage {
    /// Counts for a cluster in which nothing has happened. `members` are the first configuration.
    #[must_use]
    pub fn new(servers: usize, members: &[NodeId]) -> Coverage {
        Coverage {
            counts: [0; Feature::ALL.len()],
            servers: vec![Watched::default(); servers],
            first: Membership { voters: members.to_vec(), ..Membership::default() }.into(),
            committed: None,
            applied: None,
            commit: None,
            asked: Open::default(),
            fresh: None,
        }
    }

    /// The number of times that a feature was used so far.
    #[must_use]
    pub fn count_of(&self, feature: Feature) -> u64 {
        self.counts[feature as usize]
    }

    fn count(&mut self, feature: Feature) {
        self.counts[feature as usize] += 1;
    }

    fn booted(
        &mut self,
        id: NodeId,
        disk: &Stored<'_>,
        settings: Settings,
        (view, restarted): (View, bool),
    ) {
        let base = disk.snapshot.as_ref().map(|snapshot| snapshot.membership.clone());
        self.servers[slot(id)] = Watched {
            view,
            settings,
            base: base.unwrap_or_else(|| self.first.clone()),
            logged: configurations(&disk.log).collect(),
            restarted,
            ..Watched::default()
        };
        self.asked.retain(|(server, _)| *server != id);
    }

    /// A server is notified of a durable write in a separate step.
    fn noticed(&mut self, id: NodeId, token: Token) {
        self.count(Feature::LateNotice);
        if self.servers[slot(id)].unnotified.front() != Some(&token) {
            self.count(Feature::EarlyNotice);
        }
    }

    /// A server's step changed its view.
    #[inline]
    fn moved(&mut self, id: NodeId, before: &View, effects: &Effects) {
        let after = &effects.view;
        let configured = after.configuration.is_some() || before.configuration.is_some();
        if configured || after.snapshot != before.snapshot {
            self.reconfigured(id, before, effects);
        }
        if effects.restored.is_some() {
            self.count(Feature::SnapshotInstalled);
            if std::mem::take(&mut self.servers[slot(id)].partial) {
                self.count(Feature::SnapshotInParts);
            }
        }
        if after.commit > before.commit {
            self.advanced(id, after);
        }
        if after.role != before.role {
            self.role_changed(id, before, after);
        }
        if after.commit > after.applied && before.commit == before.applied {
            self.count(Feature::ApplyLag);
        }
        let last = after.applied;
        if last > self.applied {
            self.applied(effects);
            self.applied = last;
        }
    }

    /// Entries were applied, some perhaps for the first time in the cluster.
    #[inline]
    fn applied(&mut self, effects: &Effects) {
        for applied in &effects.applied {
            if Some(applied.entry.index) <= self.applied {
                continue;
            }
            match applied.outcome {
                Outcome::Nothing | Outcome::Executed => {}
                Outcome::Repeated => self.count(Feature::CommandRepeated),
                Outcome::NoSession => self.count(Feature::SessionExpired),
                Outcome::Registered(_) => self.count(Feature::SessionOpened),
            }
        }
    }

    /// There are configurations in a server's log, or there were: perhaps a new one, perhaps one is committed.
    fn reconfigured(&mut self, id: NodeId, before: &View, effects: &Effects) {
        let server = &mut self.servers[slot(id)];
        effects.writes.iter().for_each(|write| server.wrote(write));
        let commit = effects.view.commit;
        if commit <= before.commit
            || server.logged.last().is_none_or(|(last, _)| Some(*last) <= self.committed)
        {
            return;
        }
        let logged = server.logged.clone();
        let mut previous = server.base.clone();
        for (index, membership) in logged {
            if Some(index) > self.committed && Some(index) <= commit {
                self.committed = Some(index);
                self.changed(&previous, &membership);
            }
            previous = membership;
        }
    }

    /// A configuration is committed.
    fn changed(&mut self, previous: &Membership, now: &Membership) {
        let joint = previous.is_joint();
        // C_old,new is half of a change.
        if !now.is_joint() {
            self.count(if joint { Feature::JointChange } else { Feature::SingleChange });
        }
        self.resized(if joint { &previous.outgoing } else { &previous.voters }, now);
        if now.learners.iter().any(|server| !previous.contains(*server)) {
            self.count(Feature::LearnerAdded);
        }
        if now.voters.iter().any(|server| previous.learners.contains(server)) {
            self.count(Feature::LearnerPromoted);
        }
    }

    fn role_changed(&mut self, id: NodeId, before: &View, after: &View) {
        let server = &mut self.servers[slot(id)];
        server.moving = false;
        match after.role {
            Role::Follower if before.role == Role::Leader && after.term == before.term => {
                let removed = !server.now().is_voter(id);
                self.count(if removed { Feature::LeaderRemoved } else { Feature::QuorumMissed });
            }
            Role::Follower => {}
            Role::Candidate => {
                if server.asking.take() == Some(before.term) {
                    self.count(Feature::PreVoteWon);
                }
            }
            Role::Leader => {
                let again = !server.led.is_empty();
                server.led.push(after.term);
                if again {
                    self.count(Feature::LeadsAgain);
                }
                let server = &mut self.servers[slot(id)];
                if server.handed_over.take() == Some(after.term) {
                    self.count(Feature::Transferred);
                }
            }
        }
    }

    /// A message leaves.
    #[inline]
    fn sent(&mut self, Message { from, term, body, .. }: &Message) {
        match body {
            Body::PreVote { .. } => self.servers[slot(*from)].asking = Some(*term),
            Body::PreVoteReply { granted: false } => self.count(Feature::PreVoteDenied),
            Body::RequestVote { transfer: true, .. } => {
                self.servers[slot(*from)].handed_over = Some(*term);
            }
            Body::InstallSnapshotReply { .. } => self.servers[slot(*from)].partial = true,
            Body::PreVoteReply { .. }
            | Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::AppendEntries { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshot { .. }
            | Body::TimeoutNow
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => {}
        }
    }

    /// A client or an administrator asks a server for something.
    fn asks(&mut self, id: NodeId, event: &Event) {
        let (request, kind) = match event {
            Event::Read(request) => (*request, Asked::Read),
            Event::ChangeMembership(request, ..) => (*request, Asked::Change),
            Event::Transfer(request, _) => (*request, Asked::Transfer),
            Event::Compact(request) => (*request, Asked::Compaction),
            Event::Tick
            | Event::Receive(_)
            | Event::Propose(..)
            | Event::Persisted(_)
            | Event::Register(_)
            | Event::ProposeOnce(..)
            | Event::Apply => return,
        };
        if kind == Asked::Read {
            self.read_asked(id);
        }
        self.asked.insert(request, (id, kind));
        self.fresh = Some(request);
    }

    /// The step with a request is over.
    #[inline]
    fn done(&mut self) {
        let Some(request) = self.fresh.take() else { return };
        if let Some((id, Asked::Transfer)) = self.asked.get(request) {
            self.servers[slot(*id)].moving = true;
        }
    }

    /// A server answers.
    #[inline]
    fn answered(&mut self, id: NodeId, request: Request, answer: &Answer) {
        if *answer == Answer::Busy && self.servers[slot(id)].moving {
            self.count(Feature::HeldOff);
        }
        if let Some((_, kind)) = self.asked.remove(request) {
            self.answered_watched(id, (request, kind), answer);
        }
    }

    fn answered_watched(&mut self, id: NodeId, (request, kind): (Request, Asked), answer: &Answer) {
        let at_once = self.fresh == Some(request);
        let server = &self.servers[slot(id)];
        let leads = server.view.role == Role::Leader;
        let lease = server.settings.lease_drift.is_some();
        if kind == Asked::Transfer {
            self.servers[slot(id)].moving = false;
        }
        let feature = match (kind, answer) {
            (Asked::Read, Answer::Read(_)) if leads && lease && at_once => Feature::LeaseRead,
            (Asked::Read, Answer::Read(_)) if leads && !lease && !at_once => Feature::LeaderRead,
            (Asked::Read, Answer::Read(_)) if !leads => Feature::FollowerRead,
            (Asked::Change, Answer::Rejected) if !at_once => Feature::CatchUpGivenUp,
            (Asked::Transfer, Answer::Rejected) if !at_once => Feature::TransferGivenUp,
            (Asked::Compaction, Answer::Done) => Feature::SnapshotTaken,
            (Asked::Read | Asked::Change | Asked::Transfer | Asked::Compaction, _) => return,
        };
        self.count(feature);
    }
}

impl Watched {
    /// The latest configuration in its log.
    fn now(&self) -> &Membership {
        self.logged.last().map_or(&self.base, |(_, now)| now)
    }

    /// Updates the configurations in a server's log with a write.
    fn wrote(&mut self, write: &Write) {
        if let Some(snapshot) = &write.snapshot {
            self.base = snapshot.membership.clone();
            self.logged.retain(|(index, _)| *index > snapshot.last.index);
        }
        if let Some(log) = &write.log {
            self.logged.retain(|(index, _)| *index < log.from);
            self.logged.extend(configurations(&log.entries));
        }
    }
}

fn configurations(entries: &[Entry]) -> impl Iterator<Item = (LogIndex, Arc<Membership>)> {
    entries.iter().filter_map(|entry| match &entry.payload {
        Payload::Membership(membership) => Some((entry.index, membership.clone())),
        Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_) => None,
    })
}

impl Observer for Coverage {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    #[inline(always)]
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Action { .. } => self.done(),
            Observation::Booted { server, disk, settings, view, again, .. } => {
                self.booted(*server, disk, **settings, (*view, *again));
            }
            Observation::Crashed { server, .. } => {
                self.servers[slot(*server)].view = View::default()
            }
            Observation::Delivered { content, .. } => self.delivered(content),
            Observation::Asked { server, event } => self.asks(*server, event),
            Observation::Step { server, event } => {
                if let Event::Persisted(token) = **event {
                    self.noticed(*server, token);
                }
            }
            Observation::Took { server, event } => {
                if let Event::Persisted(token) = **event {
                    self.servers[slot(*server)].unnotified.retain(|other| *other != token);
                }
            }
            Observation::Stepped { server, before, effects, changed: true, .. } => {
                self.servers[slot(*server)].view = effects.view;
                self.moved(*server, before, effects);
            }
            Observation::Answered { server, request, answer } => {
                self.answered(*server, *request, answer);
            }
            Observation::Durable { server, write } => {
                self.servers[slot(*server)].unnotified.push_back(write.token);
            }
            Observation::Sent { message } => self.sent(message),
            _ => {}
        }
        Ok(())
    }
}

fn slot(id: NodeId) -> usize {
    id.0 as usize - 1
}
