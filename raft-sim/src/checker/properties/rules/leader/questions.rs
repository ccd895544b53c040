//! Reads at followers, who ask their leader (diss. §6.4).

use super::Step;
use super::answers::Obligation;
use super::took::{RequestKind, Took};
use crate::checker::properties::Property;
use crate::checker::properties::violation::Violation;
use crate::model::Body;
use crate::subject::{Request, Role};

/// Reads of a follower that its leader has not answered.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// Those for which it has asked, under the name of the first.
    asked: Vec<Request>,
    /// Those that came since.
    unasked: Vec<Request>,
}

impl Questions {
    /// A follower asks for the reads that it was handed, one question at a time, with every tick again; and tells
    /// the clients when there is nobody left to ask. `quick` is whether it knows all its writes to be durable:
    /// else what it sends has to wait.
    pub(super) fn step(
        &mut self,
        step: &mut Step,
        took: &Took,
        reads: &mut Vec<(u64, Request)>,
        quick: bool,
    ) -> Result<(), Violation> {
        let mut ask = false;
        match took {
            Took::Asked(request, RequestKind::Read) if step.before.role != Role::Leader => {
                let follows = step.before.role == Role::Follower && step.before.leader.is_some();
                if !follows {
                    step.oblige(*request, Obligation::NotLeader(None));
                } else if self.asked.is_empty() {
                    self.asked.push(*request);
                    ask = true;
                } else {
                    self.unasked.push(*request);
                }
            }
            Took::Reply(name, index) if self.asked.first() == Some(&Request(*name)) => {
                reads.extend(self.asked.drain(..).map(|request| (index.get(), request)));
                std::mem::swap(&mut self.asked, &mut self.unasked);
                ask = true;
            }
            Took::Tick => ask = true,
            Took::Asked(..)
            | Took::Reply(..)
            | Took::Other
            | Took::Apply
            | Took::Persisted(_)
            | Took::Success(..)
            | Took::Refused(..)
            | Took::Part(..)
            | Took::Question(..)
            | Took::TimeoutNow => {}
        }
        if self.asked.is_empty() {
            return Ok(());
        }
        if step.after().term != step.before.term || step.after().leader.is_none() {
            for request in self.asked.drain(..).chain(self.unasked.drain(..)) {
                step.oblige(request, Obligation::NotLeader(None));
            }
            return Ok(());
        }
        if ask && quick { self.check_asked(step) } else { Ok(()) }
    }

    fn check_asked(&self, step: &mut Step) -> Result<(), Violation> {
        step.count(Property::Answering);
        let name = self.asked.first();
        let leader = step.after().leader;
        let asks = step.effects.sends.iter().any(|message| match &message.body {
            Body::ReadIndex { request } => {
                Some(message.to) == leader && Some(&Request(*request)) == name
            }
            Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
            | Body::AppendEntries { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshot { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::TimeoutNow
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => false,
        });
        if asks {
            return Ok(());
        }
        let what = "does not ask its leader from which index on it may answer a read";
        Err(step.breach(Property::Answering, what))
    }
}
