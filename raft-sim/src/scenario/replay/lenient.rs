//! Replays that skip steps that have lost their meaning: the message is not in flight, the server is down, or the
//! server that was to time out is a leader.
//!
//! The shrinker removes steps from a long replay and replays the rest. Therefore a delivery has its message instead
//! of a description of it, and delivers the most similar message on the same link.

use super::{Alarm, Failure, FailureKind, Replay, Stop, entered};
use crate::action::Action;
use crate::model::{AppendReply, Body, Entry, HardState, Message, Position, length};
use crate::network::{Flight, MessageId};
use crate::scenario::syntax::{Scenario, Statement};
use crate::subject::Implementation;

/// One step of a lenient replay. Its message is the content in the paper's terms, without the implementation's own
/// data in the original run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Deliver this message, or the most similar one.
    Deliver(Message),
    /// Put a copy of this message, or of the most similar one, in flight.
    Duplicate(Message),
    /// Any other statement.
    Do(Statement),
}

/// The result of a lenient replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The alarm, if there was one.
    pub alarm: Option<Alarm>,
    /// The steps that were carried out until then, with their actual messages.
    pub done: Vec<Move>,
    /// The number of steps that were skipped until then.
    pub left_out: usize,
    /// The number of events that servers took: the cost of the replay.
    pub steps: u64,
}

impl Attempt {
    /// A replay before its first step.
    fn new(alarm: Option<Alarm>) -> Attempt {
        Attempt { alarm, done: Vec::new(), left_out: 0, steps: 0 }
    }
}

/// The content of one server's disk.
pub type Durable = (HardState, Vec<Entry>);

/// Carries out the steps that can be carried out, to the first violation, or to the end if what the last step waits
/// for does not happen. Only the header of the scenario counts.
#[must_use]
pub fn attempt(
    scenario: &Scenario,
    moves: &[Move],
    implementation: &dyn Implementation,
) -> Attempt {
    match entered(scenario, implementation, &mut (), |mut replay| replay.carry_on(moves)) {
        Ok(attempt) => attempt,
        Err(Stop::Violation(_, violation)) => Attempt::new(Some(Alarm::Violation(violation))),
        Err(Stop::Failed(_) | Stop::Unable(..) | Stop::Expected) => Attempt::new(None),
    }
}

/// Returns these steps as statements: each delivery has the fewest words that select its message.
#[must_use]
pub fn in_words(
    scenario: &Scenario,
    moves: &[Move],
    implementation: &dyn Implementation,
) -> Vec<Statement> {
    let words = |replay: &Replay<'_>, found: &Found| match found {
        Found::Deliver(id, message) => Statement::Deliver(replay.shortest(message, *id)),
        Found::Duplicate(id, message) => Statement::Duplicate(replay.shortest(message, *id)),
        Found::Do(statement) => statement.clone(),
    };
    let all = entered(scenario, implementation, &mut (), |mut replay| {
        let mut statements = Vec::new();
        replay.attempt(moves, |replay, found| statements.push(words(replay, found)));
        statements
    });
    all.unwrap_or_default()
}

/// The content of the servers' disks after these steps, S1's first; `None` if one has a snapshot.
#[must_use]
pub fn durable(
    scenario: &Scenario,
    moves: &[Move],
    implementation: &dyn Implementation,
) -> Option<Vec<Durable>> {
    let held = |mut replay: Replay<'_>| {
        replay.carry_on(moves);
        let disks = replay.world.ids().map(|id| replay.world.server(id).disk());
        let held = disks.map(|disk| {
            disk.snapshot().is_none().then(|| (disk.hard_state(), disk.log().to_vec()))
        });
        held.collect()
    };
    entered(scenario, implementation, &mut (), held).ok()?
}

/// A step with its actual message in a replay.
enum Found {
    Deliver(MessageId, Message),
    Duplicate(MessageId, Message),
    Do(Statement),
}

impl Replay<'_> {
    /// Carries out the steps that can be carried out.
    pub(super) fn carry_on(&mut self, moves: &[Move]) -> Attempt {
        self.attempt(moves, |_, _| {})
    }

    /// Calls `each` before every step that is carried out.
    fn attempt(&mut self, moves: &[Move], mut each: impl FnMut(&Self, &Found)) -> Attempt {
        let mut attempt = Attempt::new(None);
        for (step, left) in moves.iter().zip((0..moves.len()).rev()) {
            let Some(found) = self.find(step) else {
                attempt.left_out += 1;
                continue;
            };
            each(self, &found);
            let (found, carried_out) = match found {
                Found::Deliver(id, message) => {
                    (Move::Deliver(message), self.step(Action::Deliver { message: id }))
                }
                Found::Duplicate(id, message) => {
                    let copied = self.act(Action::Duplicate { message: id });
                    (Move::Duplicate(message), copied.map(|_| ()))
                }
                Found::Do(statement) => {
                    let done = self.carry_out(&statement).and_then(|()| self.after_step());
                    (Move::Do(statement), done)
                }
            };
            match carried_out {
                Ok(()) => attempt.done.push(found),
                Err(Stop::Failed(Failure { kind: FailureKind::Liveness, .. })) if left == 0 => {
                    attempt.done.push(found);
                    attempt.alarm = Some(Alarm::Overdue);
                }
                Err(Stop::Failed(_) | Stop::Unable(..) | Stop::Expected) => attempt.left_out += 1,
                Err(Stop::Violation(_, violation)) => {
                    attempt.done.push(found);
                    attempt.alarm = Some(Alarm::Violation(violation));
                    break;
                }
            }
        }
        attempt.steps = self.folds.digest.steps();
        attempt
    }

    /// The step with its actual message here.
    fn find(&self, step: &Move) -> Option<Found> {
        Some(match step {
            Move::Deliver(wanted) => {
                let flight = self.most_like(wanted)?;
                Found::Deliver(flight.id, flight.message.said())
            }
            Move::Duplicate(wanted) => {
                let flight = self.most_like(wanted)?;
                Found::Duplicate(flight.id, flight.message.said())
            }
            Move::Do(statement) => Found::Do(statement.clone()),
        })
    }

    /// Of the messages of one kind in flight on a link to a server that is up, the one that is most like this
    /// one; the newest of several, as it is most likely to be about what is going on.
    fn most_like(&self, wanted: &Message) -> Option<&Flight> {
        if !self.world.server(wanted.to).is_up() {
            return None;
        }
        let gist = Gist::of(wanted);
        let on_link = self.world.network().flights_on(wanted.from, wanted.to);
        let alike = on_link.filter_map(|flight| {
            let likeness = gist.likeness(&Gist::of(&flight.message))?;
            Some((likeness, flight.id, flight))
        });
        alike.max_by_key(|(likeness, id, _)| (*likeness, *id)).map(|(_, _, flight)| flight)
    }
}

/// The content of a message, as far as it can be compared between replays: commands, snapshots and requests are
/// named anew in each.
struct Gist {
    kind: u8,
    /// The weightiest first.
    says: [u64; 6],
}

impl Gist {
    fn of(message: &Message) -> Gist {
        let term = message.term.0;
        let (kind, says) = match &message.body {
            Body::RequestVote { last, transfer } => {
                (1, [u64::from(*transfer), term, place(*last), 0, 0, 0])
            }
            Body::RequestVoteReply { granted } => (2, [u64::from(*granted), term, 0, 0, 0, 0]),
            Body::PreVote { last } => (3, [0, term, place(*last), 0, 0, 0]),
            Body::PreVoteReply { granted } => (4, [u64::from(*granted), term, 0, 0, 0, 0]),
            Body::AppendEntries { prev, entries, commit, round } => {
                let count = entries.len() as u64;
                (5, [u64::from(count > 0), term, place(*prev), count, length(*commit), *round])
            }
            Body::AppendEntriesReply { reply: AppendReply::Success { matched }, round } => {
                (6, [1, term, length(*matched), 0, 0, *round])
            }
            Body::AppendEntriesReply { reply: AppendReply::Refused { prev, conflict }, round } => {
                let first = length(conflict.map(|conflict| conflict.first));
                (6, [0, term, length(*prev), first, 0, *round])
            }
            Body::InstallSnapshot { chunk, round } => {
                (7, [0, term, place(Some(chunk.last)), chunk.offset, 0, *round])
            }
            Body::InstallSnapshotReply { last, received, round } => {
                (8, [0, term, place(Some(*last)), *received, 0, *round])
            }
            Body::TimeoutNow => (9, [0, term, 0, 0, 0, 0]),
            Body::ReadIndex { .. } => (10, [0, term, 0, 0, 0, 0]),
            Body::ReadIndexReply { index, .. } => (11, [0, term, index.get(), 0, 0, 0]),
            Body::Other { .. } => (12, [0, term, 0, 0, 0, 0]),
        };
        Gist { kind, says }
    }

    /// On which points two messages of one kind agree.
    fn likeness(&self, other: &Gist) -> Option<[bool; 6]> {
        let agree = |point: usize| self.says[point] == other.says[point];
        (self.kind == other.kind).then(|| std::array::from_fn(agree))
    }
}

/// Index and term as one number.
fn place(position: Option<Position>) -> u64 {
    position.map_or(0, |position| position.index.get() << 32 | position.term.0)
}
