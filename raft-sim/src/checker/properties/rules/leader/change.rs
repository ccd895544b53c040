//! Changes of the configuration (33, §6, diss. ch. 4).

use super::Step;
use super::answers::Obligation;
use super::lead::{Lead, News};
use crate::checker::properties::Property;
use crate::checker::properties::violation::Violation;
use crate::checker::quorum::names;
use crate::model::{LogIndex, Membership, NodeId, Position, length};
use crate::subject::{Changes, Request};

/// A change under way: until its last entry is in the log.
#[derive(Debug)]
pub(super) struct Change {
    request: Request,
    /// What is wanted, and who has yet to catch up; `None` when C_old,new is in the log.
    catching_up: Option<(Membership, Vec<Joiner>)>,
}

/// A new voter that catches up in rounds (diss. §4.2.1).
#[derive(Debug)]
pub(super) struct Joiner {
    pub(super) server: NodeId,
    rounds: u32,
    /// The last entry of this round, and the tick at which it began.
    end: u64,
    began: u64,
}

impl Change {
    pub(super) fn joiners(&self) -> &[Joiner] {
        self.catching_up.as_ref().map_or(&[], |(_, joiners)| joiners)
    }

    /// Its leader leads no longer. While servers catch up, no other server has learned of the change.
    pub(super) fn abandon(self, step: &mut Step) {
        let obligation = match self.catching_up {
            Some(_) => Obligation::NotLeader(None),
            None => Obligation::Unknown,
        };
        step.count(Property::ChangeRules);
        step.oblige(self.request, obligation);
    }
}

/// How many voters come or go.
fn distance(current: &Membership, wanted: &Membership) -> usize {
    let gone = current.voters.iter().filter(|server| !wanted.voters.contains(server));
    let new = wanted.voters.iter().filter(|server| !current.voters.contains(server));
    gone.count() + new.count()
}

impl Lead {
    /// An administrator wants these voters and learners. It is refused at once if there are no voters, if a
    /// server is named twice, if another change is not committed, if nothing of this term is, or if more than one
    /// voter comes or goes and only one may.
    pub(super) fn begin_change(
        &mut self,
        step: &mut Step,
        request: Request,
        (voters, learners): (&[NodeId], &[NodeId]),
        news: &mut News,
    ) -> Result<(), Violation> {
        step.count(Property::ChangeRules);
        if self.handover.is_some() {
            step.oblige(request, Obligation::Busy);
            return Ok(());
        }
        let (mut voters, mut learners) = (voters.to_vec(), learners.to_vec());
        voters.sort_unstable();
        learners.sort_unstable();
        let mut all = [&voters[..], &learners[..]].concat();
        all.sort_unstable();
        let twice = all.windows(2).any(|pair| pair[0] == pair[1]);
        let wanted = Membership { voters, outgoing: Vec::new(), learners };
        let commit = length(step.before.commit);
        let (at, current) = step.old_configuration();
        let pending = self.change.is_some() || !current.outgoing.is_empty() || at > commit;
        let many = step.settings.changes == Changes::Single && distance(current, &wanted) > 1;
        let refused = wanted.voters.is_empty() || twice || pending || !step.in_term(commit) || many;
        if refused {
            step.oblige(request, Obligation::Rejected);
            if step.last() > step.length {
                let what = format!("takes a change to {} that is to be refused", names(&wanted));
                return Err(step.breach(Property::ChangeRules, &what));
            }
            return Ok(());
        }
        let new = wanted.voters.iter().filter(|server| !current.voters.contains(server));
        let joiner = |&server| Joiner { server, rounds: 1, end: step.length, began: self.ticks };
        let joiners = new.map(joiner).collect();
        self.change = Some(Change { request, catching_up: Some((wanted, joiners)) });
        self.refresh(step, step.old_configuration().1, step.length);
        self.peers.iter_mut().for_each(|peer| peer.due = true);
        self.catch_up(step, step.length, news)
    }

    /// New voters catch up, in rounds: each brings what the log had when it began, of `last` entries. One that
    /// takes less than an election timeout is the last. When all have caught up, the configuration is appended at
    /// once, and not before; if one has had its rounds, or their time, the change is given up.
    pub(super) fn catch_up(
        &mut self,
        step: &mut Step,
        last: u64,
        news: &mut News,
    ) -> Result<(), Violation> {
        if self.handover.is_some() {
            return Ok(());
        }
        let Some(mut change) = self.change.take() else { return Ok(()) };
        let Some((_, joiners)) = &mut change.catching_up else {
            self.change = Some(change);
            return Ok(());
        };
        let patience = u64::from(step.settings.election_timeout.1);
        let rounds = step.settings.catch_up_rounds;
        let (ticks, mut late) = (self.ticks, false);
        joiners.retain_mut(|joiner| {
            while self.matched(joiner.server) >= joiner.end {
                if ticks - joiner.began < patience {
                    return false;
                }
                joiner.rounds += 1;
                joiner.end = last;
                joiner.began = ticks;
            }
            late |= joiner.rounds > rounds || ticks - joiner.began >= patience * u64::from(rounds);
            true
        });
        let waits = !joiners.is_empty();
        if late {
            step.count(Property::ChangeRules);
            step.oblige(change.request, Obligation::Rejected);
            self.refresh(step, step.configuration().1, step.last());
            return Ok(());
        }
        if waits {
            self.change = Some(change);
            return Ok(());
        }
        self.append_change(step, change, news)
    }

    /// Everybody has caught up: the new configuration, or C_old,new, is in the log now.
    fn append_change(
        &mut self,
        step: &mut Step,
        change: Change,
        news: &mut News,
    ) -> Result<(), Violation> {
        let Some((wanted, _)) = change.catching_up else { return Ok(()) };
        let current = step.old_configuration().1;
        let joint = match step.settings.changes {
            Changes::Single => false,
            Changes::Joint => true,
            Changes::Shortest => distance(current, &wanted) > 1,
        };
        let outgoing = if joint { current.voters.clone() } else { Vec::new() };
        let next = Membership { outgoing, ..wanted };
        self.check_configuration(step, &next, change.request, joint, news)
    }

    /// §6: once C_old,new is committed, the leader, whoever it is, appends C_new at once.
    pub(super) fn configuration_committed(
        &mut self,
        step: &mut Step,
        news: &mut News,
    ) -> Result<(), Violation> {
        let (index, current) = step.old_configuration();
        if current.outgoing.is_empty() || index > self.commit || self.counts_by > step.configured {
            return Ok(());
        }
        let Membership { voters, learners, .. } = current.clone();
        let next = Membership { voters, outgoing: Vec::new(), learners };
        match self.change.take() {
            Some(change) => self.check_configuration(step, &next, change.request, false, news),
            None => self.check_appended(step, &next),
        }
    }

    fn check_configuration(
        &mut self,
        step: &mut Step,
        next: &Membership,
        request: Request,
        joint: bool,
        news: &mut News,
    ) -> Result<(), Violation> {
        self.check_appended(step, next)?;
        if joint {
            self.change = Some(Change { request, catching_up: None });
        } else if let Some(index) = LogIndex::new(step.last()) {
            news.waiting.push((Position { index, term: self.term() }, request));
        }
        Ok(())
    }

    /// The last entry is this configuration, new in this step.
    fn check_appended(&mut self, step: &mut Step, next: &Membership) -> Result<(), Violation> {
        step.count(Property::ChangeRules);
        let (index, configuration) = step.configuration();
        if configuration != next || index != step.last() || index <= step.length {
            let what = format!("does not append the configuration {}", names(next));
            return Err(step.breach(Property::ChangeRules, &what));
        }
        self.counts_by = step.server.log.configurations.len();
        self.appended(step);
        self.refresh(step, step.configuration().1, step.last());
        Ok(())
    }
}
