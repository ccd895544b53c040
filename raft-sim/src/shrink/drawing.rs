//! A replay that begins later: the initial disks of the servers are drawn, as `given` logs.

use super::case::Case;
use crate::model::{Entry, HardState, NodeId, Payload, Term};
use crate::scenario::replay::{Durable, Move, durable};
use crate::scenario::syntax::{DrawnEntry, Given, Statement};
use crate::subject::Implementation;

/// The case without its first steps, from the logs, terms and votes that these leave on the disks; `None` if they
/// can't be drawn.
pub(super) fn after(case: &Case, cut: usize, implementation: &dyn Implementation) -> Option<Case> {
    let (before, rest) = case.moves.split_at(cut);
    let disks = durable(&case.scenario, before, implementation)?;
    let servers = case.scenario.header.servers.iter();
    let drawn: Option<Vec<Given>> =
        servers.zip(&disks).map(|(&server, disk)| given(server, disk)).collect();
    let given: Vec<Given> = drawn?.into_iter().filter(|given| given.term > Term(0)).collect();
    let pairs = given.iter().flat_map(|one| given.iter().map(move |other| (one, other)));
    if !pairs.clone().all(|(one, other)| match_up(&one.log, &other.log)) {
        return None;
    }
    let mut scenario = case.scenario.clone();
    scenario.header.given = given;
    // Disks and state machines keep their modes.
    let lasting = before
        .iter()
        .filter(|step| matches!(step, Move::Do(Statement::Stall(_) | Statement::PauseApply(_))));
    let moves = lasting.chain(rest).cloned().collect();
    Some(Case { scenario, moves })
}

/// The number of lines to read: statements, and drawn logs.
pub(super) fn lines(case: &Case) -> usize {
    let given = &case.scenario.header.given;
    let state = |given: &Given| (given.log.clone(), given.term, given.vote);
    let is_first =
        |&place: &usize| given[..place].iter().all(|one| state(one) != state(&given[place]));
    case.moves.len() + (0..given.len()).filter(is_first).count()
}

/// A server's durable state, if it consists of terms and commands only.
fn given(server: NodeId, (state, log): &Durable) -> Option<Given> {
    let HardState { term, voted_for } = *state;
    let plain = |entry: &Entry| match entry.payload {
        Payload::Noop | Payload::Command(_) => Some(DrawnEntry { term: entry.term, label: None }),
        Payload::Membership(_) | Payload::Register | Payload::Once(_) => None,
    };
    let log: Vec<DrawnEntry> = log.iter().map(plain).collect::<Option<_>>()?;
    let ascending = log.is_sorted_by_key(|entry| entry.term);
    let reached = log.last().is_none_or(|last| last.term <= term);
    (ascending && reached).then_some(Given { line: 1, server, log, term, vote: voted_for })
}

/// Log Matching (Figure 3).
fn match_up(one: &[DrawnEntry], other: &[DrawnEntry]) -> bool {
    let same = |place: &usize| one[*place].term == other[*place].term;
    let common = one.len().min(other.len());
    (0..common).rfind(same).is_none_or(|last| (0..last).all(|place| same(&place)))
}
