//! The trait of a checker: hooks, one for each kind of observation, called with the record of the run so far.
//!
//! [`Checkers`](super::checkers::Checkers) takes each step of a server apart into these observations, and documents
//! their order. A hook receives as arguments what it needs beside the record.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use super::Property;
use super::violation::Verdict;
use crate::checker::asked::Asked;
use crate::checker::chain::{Link, Seen};
use crate::checker::record::Record;
use crate::checker::server::Server;
use crate::mix::MixHasher;
use crate::model::{Entry, HardState, LogIndex, Message, NodeId, Snapshot, Term};
use crate::network::MessageId;
use crate::subject::{Answer, Applied, Effects, Event, LogWrite, Request, Token, View, Write};
use crate::time::Micros;

/// Counters: how often each property was exercised, that is, how often something was compared that could have
/// differed.
#[derive(Clone, Debug)]
pub(in crate::checker) struct Exercised([u64; Property::LAST]);

/// Nothing is judged by the counters, so they make no difference.
impl Hash for Exercised {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Exercised {
    /// Counters at zero.
    pub(in crate::checker) fn new() -> Exercised {
        Exercised([0; Property::LAST])
    }

    /// Counts one more exercise of a property.
    #[inline]
    pub(in crate::checker) fn count(&mut self, property: Property) {
        self.0[property as usize] += 1;
    }

    /// The count of a property.
    pub(in crate::checker) fn of(&self, property: Property) -> u64 {
        self.0[property as usize]
    }
}

/// The context of an observation: the server, and what is known of the run.
pub(in crate::checker) struct Context<'a> {
    pub(in crate::checker) record: &'a Record,
    /// The record of the server.
    pub(in crate::checker) server: &'a Server,
    /// The place of the server in the record.
    pub(in crate::checker) slot: usize,
    pub(in crate::checker) exercised: &'a mut Exercised,
}

impl<'a> Context<'a> {
    /// The context of an observation about the server at this place.
    #[inline(always)]
    pub(in crate::checker) fn of(
        record: &'a Record,
        slot: usize,
        exercised: &'a mut Exercised,
    ) -> Context<'a> {
        Context { record, server: &record.servers[slot], slot, exercised }
    }

    /// The server's name.
    #[inline]
    pub(in crate::checker) fn id(&self) -> NodeId {
        self.server.id
    }

    /// True if the server acts as a leader in a step after which it shows this.
    #[inline]
    pub(in crate::checker) fn leads(&self, after: &View) -> bool {
        self.record.leads(self.slot, after)
    }

    /// A property is put to the test.
    #[inline]
    pub(in crate::checker) fn count(&mut self, property: Property) {
        self.exercised.count(property);
    }
}

/// A boot.
pub(in crate::checker) struct Boot<'a> {
    /// True if it is the server's first boot.
    pub(in crate::checker) first: bool,
    /// The index up to which its state machine has kept what it applied.
    pub(in crate::checker) kept: Option<LogIndex>,
    /// The last entry of the snapshot on its disk.
    pub(in crate::checker) snapshot: Option<LogIndex>,
    /// The state that it shows.
    pub(in crate::checker) view: &'a View,
}

/// An entry that is new in a log, or with which one begins.
pub(in crate::checker) struct New<'a> {
    /// Its index in the log.
    pub(in crate::checker) index: u64,
    pub(in crate::checker) entry: &'a Entry,
    /// The links of the entry before it and of this one.
    pub(in crate::checker) previous: Link,
    pub(in crate::checker) link: Link,
    /// The answer of the record about an entry with this index and term.
    pub(in crate::checker) seen: Seen,
    /// The server's term.
    pub(in crate::checker) term: Term,
}

/// A commit index that advances.
pub(in crate::checker) struct Commit {
    /// The last entry.
    pub(in crate::checker) to: u64,
    /// The server's term, in which it leads if it does.
    pub(in crate::checker) term: Term,
    /// True if the server commits it as a leader.
    pub(in crate::checker) leads: bool,
    /// The numbers of configurations of its log in force before and after the step.
    pub(in crate::checker) configured: Range<usize>,
}

/// A step that a server has done.
pub(in crate::checker) struct Step<'a> {
    /// The state before, if the step changed anything.
    pub(in crate::checker) before: Option<&'a View>,
    pub(in crate::checker) effects: &'a Effects,
}

/// The messages that a step makes: those that leave at once, then those that wait for a write.
pub(in crate::checker) fn made(effects: &Effects) -> impl Iterator<Item = &Message> {
    effects.sends.iter().chain(effects.held.iter().map(|held| &held.message))
}

/// A checker judges one property or a family of them. Each hook is called before the observation is on record, and
/// returns the violation, if a property does not hold.
///
/// The cost of a hook depends on what changed, not on how long the logs are.
#[expect(unused_variables, reason = "most checkers heed few of the hooks")]
pub(in crate::checker) trait Checker: Sized + Hash {
    /// The checker as a run begins: none of these servers has booted.
    fn new(record: &Record) -> Self;

    /// Feeds the hasher with what it remembers, as far as a later verdict can depend on it. `record` is that of the run.
    fn feed(&self, record: &Record, hasher: &mut MixHasher) {
        self.hash(hasher);
    }

    /// A server enters the run with this entry in its log.
    #[inline(always)]
    fn given(&mut self, at: &mut Context<'_>, new: &New<'_>) -> Verdict {
        Ok(())
    }

    /// A server boots. On record it is a follower of its term that has committed nothing; its disk is known.
    #[inline(always)]
    fn boots(&mut self, at: &mut Context<'_>, boot: &Boot<'_>) -> Verdict {
        Ok(())
    }

    /// A server boots, and what it shows to be committed is on record.
    #[inline(always)]
    fn booted(&mut self, at: &mut Context<'_>, boot: &Boot<'_>) -> Verdict {
        Ok(())
    }

    /// A step changes something: `after` is the state that the server shows after it. The hooks below are for the
    /// same step.
    #[inline(always)]
    fn moves(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        Ok(())
    }

    /// In this step its role, its term or its vote changes.
    #[inline(always)]
    fn turns(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        Ok(())
    }

    /// The server becomes leader of this term.
    #[inline(always)]
    fn elected(&mut self, at: &mut Context<'_>, term: Term) -> Verdict {
        Ok(())
    }

    /// It hands a term and a vote to its disk.
    #[inline(always)]
    fn writes_hard_state(&mut self, at: &mut Context<'_>, new: HardState) -> Verdict {
        Ok(())
    }

    /// It hands a snapshot to its disk, before the change of the log in the same write.
    #[inline(always)]
    fn writes_snapshot(
        &mut self,
        at: &mut Context<'_>,
        snapshot: &Snapshot,
        write: &Write,
        after: &View,
    ) -> Verdict {
        Ok(())
    }

    /// It changes its log.
    #[inline(always)]
    fn writes_log(&mut self, at: &mut Context<'_>, write: &LogWrite, after: &View) -> Verdict {
        Ok(())
    }

    /// It has this entry now, the next of the change.
    #[inline(always)]
    fn appends(&mut self, at: &mut Context<'_>, new: &New<'_>, after: &View) -> Verdict {
        Ok(())
    }

    /// The change is over, and on record; the log ends here.
    #[inline(always)]
    fn wrote_log(&mut self, at: &mut Context<'_>, end: u64) -> Verdict {
        Ok(())
    }

    /// Its commit index advances.
    #[inline(always)]
    fn commits(&mut self, at: &mut Context<'_>, commit: &Commit) -> Verdict {
        Ok(())
    }

    /// It has committed as a leader, and the record has it.
    #[inline(always)]
    fn committed(&mut self, at: &mut Context<'_>, commit: &Commit) -> Verdict {
        Ok(())
    }

    /// It has this snapshot. What it commits in the same step is on record.
    #[inline(always)]
    fn has_snapshot(&mut self, at: &mut Context<'_>, snapshot: &Snapshot) -> Verdict {
        Ok(())
    }

    /// A snapshot takes the place of its state machine's state.
    #[inline(always)]
    fn restores(&mut self, at: &mut Context<'_>, snapshot: &Snapshot) -> Verdict {
        Ok(())
    }

    /// Its state machine applies an entry.
    #[inline(always)]
    fn applies(&mut self, at: &mut Context<'_>, applied: &Applied, after: &View) -> Verdict {
        Ok(())
    }

    /// All that it applies in this step is on record; of a boot, what it starts with.
    #[inline(always)]
    fn applied(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        Ok(())
    }

    /// All of the step is on record but what it shows.
    #[inline(always)]
    fn shows(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        Ok(())
    }

    /// It takes its log up to this index to be on another server's disk.
    #[inline(always)]
    fn matches(&mut self, at: &mut Context<'_>, other: NodeId, matched: LogIndex) -> Verdict {
        Ok(())
    }

    /// It is about to take a message; [`stepped`](Checker::stepped) follows.
    #[inline(always)]
    fn receives(&mut self, at: &mut Context<'_>, message: &Message) {}

    /// Its clock is about to tick; [`stepped`](Checker::stepped) follows.
    #[inline(always)]
    fn ticks(&mut self, at: &mut Context<'_>) {}

    /// It is about to be notified that a write is durable; [`stepped`](Checker::stepped) follows.
    #[inline(always)]
    fn notified(&mut self, at: &mut Context<'_>, token: Token) {}

    /// It is about to take the request to read; [`stepped`](Checker::stepped) follows.
    #[inline(always)]
    fn reads(&mut self, at: &mut Context<'_>, request: Request) {}

    /// It has taken an event, and all effects are on record.
    #[inline(always)]
    fn stepped(&mut self, at: &mut Context<'_>, step: &Step<'_>) -> Verdict {
        Ok(())
    }

    /// A step that was [announced](Record::announced) makes this message, which leaves now or when a write is durable. All
    /// else that the step changes is on record.
    #[inline(always)]
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        Ok(())
    }

    /// A message leaves it that is its vote for a candidate.
    #[inline(always)]
    fn votes(&mut self, at: &mut Context<'_>, term: Term, candidate: NodeId) -> Verdict {
        Ok(())
    }

    /// A message leaves it that acknowledges the receiver's log up to an index.
    #[inline(always)]
    fn acknowledges(
        &mut self,
        at: &mut Context<'_>,
        message: &Message,
        matched: LogIndex,
    ) -> Verdict {
        Ok(())
    }

    /// A message leaves it that only the leader of a term sends.
    #[inline(always)]
    fn leads(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        Ok(())
    }

    /// A message leaves it, of any kind: one of the three hooks before may have been called for it.
    #[inline(always)]
    fn sent(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        Ok(())
    }

    /// The message that it sent last, or a copy of one that it sent, is in flight to another server.
    #[inline(always)]
    fn in_flight(&mut self, at: &mut Context<'_>, to: NodeId, message: MessageId) {}

    /// A message in flight reaches it; if it is up, [`receives`](Checker::receives) follows.
    #[inline(always)]
    fn delivered(&mut self, at: &mut Context<'_>, message: MessageId) {}

    /// A client or an administrator is about to send it a request. What a checker remembers of it goes into `asked`.
    #[inline(always)]
    fn asked(&mut self, at: &mut Context<'_>, now: Micros, event: &Event, asked: &mut Asked) {}

    /// A client or an administrator is answered; `asked` is what was remembered of the request. All answers are part of the
    /// clients' history: this hook of every checker is called, even if another one reports a violation.
    #[inline(always)]
    fn answered(
        &mut self,
        at: &mut Context<'_>,
        now: Micros,
        request: Request,
        answer: &Answer,
        asked: &Asked,
    ) -> Verdict {
        Ok(())
    }

    /// It lost its power, perhaps its disk as well.
    #[inline(always)]
    fn crashed(&mut self, at: &mut Context<'_>) {}
}
