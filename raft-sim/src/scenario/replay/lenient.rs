//! Replays in which a step that has lost its meaning is left out: the message it is about is not in flight, its
//! server is down, who was to time out leads.
//!
//! Whoever takes steps out of a long replay wants to know what becomes of the rest. A delivery therefore shows
//! its message instead of describing it, and delivers what is most like it on the same link.

use super::{Alarm, Failure, FailureKind, Replay, Stop, entered};
use crate::action::Action;
use crate::model::{AppendReply, Body, Entry, HardState, Message, Position, length};
use crate::network::{Flight, MessageId};
use crate::scenario::syntax::{Scenario, Statement};
use crate::subject::Implementation;

/// One step of a lenient replay. Its message is what a message says, whatever the implementation carried along in the run
/// that it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// This message is delivered, or the one most like it.
    Deliver(Message),
    /// A copy of this message, or of the one most like it, is in flight as well.
    Duplicate(Message),
    /// Anything else.
    Do(Statement),
}

/// How a lenient replay went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was wrong, if anything was.
    pub alarm: Option<Alarm>,
    /// What was carried out until then, with the messages that there were.
    pub done: Vec<Move>,
    /// How many steps were left out until then.
    pub left_out: usize,
    /// How much happened to servers: what the replay cost.
    pub steps: u64,
}

impl Attempt {
    /// Nothing was done yet.
    fn new(alarm: Option<Alarm>) -> Attempt {
        Attempt { alarm, done: Vec::new(), left_out: 0, steps: 0 }
    }
}

/// What one server's disk holds.
pub type Durable = (HardState, Vec<Entry>);

/// Carries out what can be carried out, to the first violation, or to the end if what the last step waits for does
/// not come about. Of the scenario only the header counts.
#[must_use]
pub fn attempt(
    scenario: &Scenario,
    moves: &[Move],
    implementation: &dyn Implementation,
) -> Attempt {
    match entered(scenario, implementation, &mut (), |mut replay| replay.carry_on(moves)) {
        Ok(attempt) => attempt,
        Err(Stop::Violation(_, violation)) => Attempt::new(Some(Alarm::Violation(violation))),
        Err(Stop::Failed(_) | Stop::Expected) => Attempt::new(None),
    }
}

/// These steps as statements: each delivery says what it takes to mean just its message, and no more.
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

/// What the servers' disks hold after these steps, S1's first; `None` if there is a snapshot among it.
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

/// A step with the message that it comes to in a replay.
enum Found {
    Deliver(MessageId, Message),
    Duplicate(MessageId, Message),
    Do(Statement),
}

impl Replay<'_> {
    /// Carries out what can be carried out.
    pub(super) fn carry_on(&mut self, moves: &[Move]) -> Attempt {
        self.attempt(moves, |_, _| {})
    }

    /// `each` learns of every step that is about to be carried out.
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
                Err(Stop::Failed(_) | Stop::Expected) => attempt.left_out += 1,
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

    /// A step with the message that it comes to here.
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

/// What a message says, as far as it can be compared between replays: commands, snapshots and requests are
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
