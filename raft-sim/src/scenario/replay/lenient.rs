//! Replays in which a step that has lost its meaning is left out: the message it is about is not in flight, its
//! server is down, who was to time out leads.
//!
//! Whoever takes steps out of a long replay wants to know what becomes of the rest. A delivery therefore shows
//! its message instead of describing it, and delivers what is most like it on the same link.

use super::ears::Ears;
use super::{Alarm, Failure, FailureKind, Replay, Stop};
use crate::network::Flight;
use crate::scenario::syntax::{Scenario, Statement};
use crate::subject::Implementation;
use crate::words::{AppendReply, Body, Entry, HardState, Message, Position, length};

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
    let mut ears = Ears::of(scenario, None);
    match Replay::start(scenario, implementation, &mut ears) {
        Ok(mut replay) => replay.carry_on(moves),
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
    let mut statements = Vec::new();
    let mut ears = Ears::of(scenario, None);
    if let Ok(mut replay) = Replay::start(scenario, implementation, &mut ears) {
        replay.attempt(moves, |replay, step, number| {
            let selection = |message| replay.shortest(message, number);
            statements.push(match step {
                Move::Deliver(message) => Statement::Deliver(selection(message)),
                Move::Duplicate(message) => Statement::Duplicate(selection(message)),
                Move::Do(statement) => statement.clone(),
            });
        });
    }
    statements
}

/// What the servers' disks hold after these steps, S1's first; `None` if there is a snapshot among it.
#[must_use]
pub fn durable(
    scenario: &Scenario,
    moves: &[Move],
    implementation: &dyn Implementation,
) -> Option<Vec<Durable>> {
    let mut ears = Ears::of(scenario, None);
    let mut replay = Replay::start(scenario, implementation, &mut ears).ok()?;
    replay.carry_on(moves);
    let disks = replay.cluster.ids().map(|id| replay.cluster.server(id).disk());
    let held = disks
        .map(|disk| disk.snapshot().is_none().then(|| (disk.hard_state(), disk.log().to_vec())));
    held.collect()
}

impl<'a> Replay<'a> {
    /// Carries out what can be carried out.
    pub(super) fn carry_on(&mut self, moves: &'a [Move]) -> Attempt {
        self.attempt(moves, |_, _, _| {})
    }

    /// `each` hears of every step that is about to be carried out, with the number of its message, 0 if it
    /// has none.
    fn attempt(
        &mut self,
        moves: &'a [Move],
        mut each: impl FnMut(&Replay<'a>, &Move, u64),
    ) -> Attempt {
        let mut attempt = Attempt::new(None);
        for (step, left) in moves.iter().zip((0..moves.len()).rev()) {
            let Some((found, number)) = self.find(step) else {
                attempt.left_out += 1;
                continue;
            };
            each(self, &found, number);
            let carried_out = match step {
                Move::Deliver(_) => self.arrive(number),
                Move::Duplicate(_) => {
                    self.copy(number);
                    Ok(())
                }
                Move::Do(statement) => self.carry_out(statement).and_then(|()| self.after_step()),
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
        attempt.steps = self.cluster.steps();
        attempt
    }

    /// A step with the message that it comes to here, and the number of that; 0 if it is about none.
    fn find(&self, step: &Move) -> Option<(Move, u64)> {
        match step {
            Move::Deliver(wanted) => {
                let flight = self.most_like(wanted)?;
                Some((Move::Deliver(flight.message.said()), flight.number))
            }
            Move::Duplicate(wanted) => {
                let flight = self.most_like(wanted)?;
                Some((Move::Duplicate(flight.message.said()), flight.number))
            }
            Move::Do(_) => Some((step.clone(), 0)),
        }
    }

    /// Of the messages of one kind in flight on a link to a server that is up, the one that is most like this
    /// one; the newest of several, as it is most likely to be about what is going on.
    fn most_like(&self, wanted: &Message) -> Option<&Flight> {
        if !self.cluster.server(wanted.to).is_up() {
            return None;
        }
        let gist = Gist::of(wanted);
        let on_link = self.cluster.network.flights_on(wanted.from, wanted.to);
        let alike = on_link.filter_map(|flight| {
            let likeness = gist.likeness(&Gist::of(&flight.message))?;
            Some((likeness, flight.number, flight))
        });
        alike.max_by_key(|(likeness, number, _)| (*likeness, *number)).map(|(_, _, flight)| flight)
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
