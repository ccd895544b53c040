//! Rounds of heartbeats, and what rests on them: reads (34, diss. §6.4), leases (diss. §6.4.1), CheckQuorum (31,
//! diss. §6.2).

use std::collections::VecDeque;

use super::Step;
use super::lead::{Lead, News};
use super::sends::Sent;
use crate::checker::properties::Property;
use crate::checker::properties::violation::Violation;
use crate::model::{Membership, NodeId};
use crate::subject::{Request, Settings};

/// Rounds of heartbeats, numbered from 1 on in the leader's term.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    latest: u64,
    /// Rounds that no quorum has answered, and the tick at which each began; the old ones are forgotten.
    open: VecDeque<(u64, u64)>,
    /// The latest round that a quorum has answered, and the tick at which it began.
    answered: u64,
    answered_from: Option<u64>,
}

/// Who wants to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    Client(Request),
    /// A follower, and its name for the question.
    Follower(NodeId, u64),
}

impl Rounds {
    pub(super) fn latest(&self) -> u64 {
        self.latest
    }

    fn begin(&mut self, tick: u64, memory: u64) {
        self.latest += 1;
        self.open.push_back((self.latest, tick));
        while self.open.front().is_some_and(|(_, began)| began + memory < tick) {
            self.open.pop_front();
        }
    }

    fn answered(&mut self, round: u64) -> bool {
        if round <= self.answered {
            return false;
        }
        self.answered = round;
        while let Some((_, began)) = self.open.pop_front_if(|(open, _)| *open <= round) {
            self.answered_from = Some(began);
        }
        true
    }
}

/// For how many ticks a leader may count on those who answered a round: they disregard other candidates for the
/// shortest election timeout, the first tick of which may be due, and clocks may differ by `drift` percent.
fn lease(settings: &Settings) -> u64 {
    let Some(drift) = settings.lease_drift else { return 0 };
    u64::from(settings.election_timeout.0.saturating_sub(1)) * 100 / (100 + u64::from(drift))
}

/// The highest number that a quorum of the configuration has reached.
pub(super) fn reached(configuration: &Membership, of: impl Fn(NodeId) -> u64) -> u64 {
    let by = |servers: &[NodeId]| {
        let mut numbers: Vec<u64> = servers.iter().map(|&server| of(server)).collect();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        numbers.get(servers.len() / 2).copied().unwrap_or(u64::MAX)
    };
    by(&configuration.voters).min(by(&configuration.outgoing))
}

impl Lead {
    /// One tick: heartbeats during idle periods (Figure 2), unless the quorum is lost. True if it is: an election
    /// timeout has passed since the last round began that a quorum has answered.
    pub(super) fn tick(
        &mut self,
        step: &mut Step,
        sent: &mut Sent,
        news: &mut News,
    ) -> Result<bool, Violation> {
        self.ticks += 1;
        self.elapsed += 1;
        self.catch_up(step, step.length, news)?;
        self.hand_over_in_time(step);
        let silent = self.ticks - self.rounds.answered_from.unwrap_or(0);
        if step.settings.check_quorum {
            step.count(Property::QuorumCheck);
            if silent >= u64::from(step.settings.election_timeout.1) {
                return Ok(true);
            }
        }
        if self.elapsed >= step.settings.heartbeat {
            self.elapsed = 0;
            self.begin_round(step, sent, news);
        }
        Ok(false)
    }

    fn begin_round(&mut self, step: &mut Step, sent: &mut Sent, news: &mut News) {
        self.rounds.begin(self.ticks, u64::from(step.settings.election_timeout.1));
        sent.beats += 1;
        let (own, latest) = (step.server.id, self.rounds.latest);
        if self.answers_round(own, latest) {
            self.round_answered(step, sent, news);
        }
    }

    /// A server has answered a request of this round: in it, that took this one for its leader. True if that is
    /// news.
    pub(super) fn answers_round(&mut self, from: NodeId, round: u64) -> bool {
        let round = round.min(self.rounds.latest);
        let Some(peer) = self.peer(from) else { return false };
        let news = peer.round < round;
        peer.round = round.max(peer.round);
        news
    }

    /// Somebody has answered a later round than before: perhaps a quorum has, now.
    pub(super) fn round_answered(&mut self, step: &mut Step, sent: &mut Sent, news: &mut News) {
        let configuration = step.server.log.configurations.nth(self.counts_by).1;
        let answered = reached(configuration, |server| {
            let place = (server.0 as usize).wrapping_sub(1);
            self.peers.get(place).filter(|peer| peer.receives).map_or(0, |peer| peer.round)
        });
        if !self.rounds.answered(answered) {
            return;
        }
        while let Some((asker, index, _)) =
            self.pending.pop_front_if(|(_, _, round)| *round <= answered)
        {
            confirm(asker, index, sent, news);
        }
        self.read_round(step, sent, news);
    }

    /// Reads wait for a round that begins after they came; those that come while one is under way share the next.
    fn read_round(&mut self, step: &mut Step, sent: &mut Sent, news: &mut News) {
        let latest = self.rounds.latest;
        if !self.pending.is_empty() && self.pending.iter().all(|(_, _, round)| *round > latest) {
            self.begin_round(step, sent, news);
        }
    }

    /// A read comes: it is confirmed by the lease or by a round that begins now or later, once an entry of the
    /// leader's term is committed. A follower asks again until it is answered.
    pub(super) fn take_read(
        &mut self,
        step: &mut Step,
        asker: Asker,
        sent: &mut Sent,
        news: &mut News,
    ) {
        let known = |other: &Asker| *other == asker;
        if self.early.iter().any(known) || self.pending.iter().any(|(other, ..)| known(other)) {
            return;
        }
        let commit = self.commit;
        if !step.in_term(commit) {
            self.early.push(asker);
            return;
        }
        step.count(Property::Answering);
        let lease = lease(step.settings);
        let from = self.rounds.answered_from.filter(|_| !self.lease_void);
        if from.is_some_and(|from| self.ticks < from + lease) {
            return confirm(asker, commit, sent, news);
        }
        self.pending.push_back((asker, commit, self.rounds.latest + 1));
        self.read_round(step, sent, news);
    }

    /// The commit index moved: once an entry of its term is committed, early reads begin.
    pub(super) fn early_reads(&mut self, step: &mut Step, sent: &mut Sent, news: &mut News) {
        if !self.early.is_empty() && step.in_term(self.commit) {
            for asker in std::mem::take(&mut self.early) {
                self.take_read(step, asker, sent, news);
            }
        }
    }

    /// The reads of followers that are confirmed are answered now, and no others (34).
    pub(super) fn check_replies(
        &self,
        step: &Step,
        replies: &[(NodeId, u64, u64)],
        sent: &Sent,
    ) -> Result<(), Violation> {
        if let Some((to, ..)) = sent.confirmed.iter().find(|reply| !replies.contains(reply)) {
            let what = format!(
                "does not answer a read of {to}, though a quorum has answered a round since"
            );
            return Err(step.breach(Property::Answering, &what));
        }
        if let Some((to, ..)) = replies.iter().find(|reply| !sent.confirmed.contains(reply)) {
            let what =
                format!("answers a read of {to} before it is known that it still led when it came");
            return Err(step.breach(Property::Answering, &what));
        }
        Ok(())
    }
}

/// It is certain that nothing newer than `index` had been committed when the read came.
fn confirm(asker: Asker, index: u64, sent: &mut Sent, news: &mut News) {
    match asker {
        Asker::Client(request) => news.reads.push((index, request)),
        Asker::Follower(to, name) => sent.confirmed.push((to, name, index)),
    }
}
