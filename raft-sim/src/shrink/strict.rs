//! Turns steps into statements for a strict replay: each message gets a description, and several statements are
//! merged where the language permits it.

use super::obligation::violated;
use super::patience::{Patience, TEXT};
use crate::checker::{Symptom, Violation};
use crate::model::NodeId;
use crate::scenario::replay::{Move, alarm, in_words};
use crate::scenario::syntax::{
    Scenario, Selection, Selector, Servers, Statement, Step, Trivia, Which,
};
use crate::subject::Implementation;

/// Most replays of one text. What could still be merged by then stays apart.
const MOST_REPLAYS: u64 = 1_000;

/// The scenario, its violation, and the number of replays it took; `None` if a strict replay does not have the symptom.
pub(super) fn scenario(
    scenario: &Scenario,
    moves: &[Move],
    symptom: &Symptom,
    implementation: &dyn Implementation,
    patience: &dyn Patience,
) -> Option<(Scenario, Violation, u64)> {
    // That of the words, and that of the whole text.
    let mut replays = 2;
    let replayed = |statements: &[Statement]| {
        let scenario = with(scenario, statements);
        let seen = violated(symptom, alarm(&scenario, implementation)?)?;
        Some((scenario, seen))
    };
    let mut statements = in_words(scenario, moves, implementation);
    let mut best = replayed(&statements)?;
    let mut place = 0;
    while place + 1 < statements.len() {
        let ways = together(&statements[place], &statements[place + 1]);
        let merged = ways.into_iter().find_map(|one| {
            if replays >= MOST_REPLAYS || patience.used() >= TEXT {
                return None;
            }
            replays += 1;
            let merged = [&statements[..place], &[one], &statements[place + 2..]].concat();
            replayed(&merged).map(|result| (merged, result))
        });
        match merged {
            Some((fewer, result)) => {
                (statements, best) = (fewer, result);
                // It may now be possible to merge it with the one before it.
                place = place.saturating_sub(1);
            }
            None => place += 1,
        }
    }
    let (scenario, violation) = best;
    Some((scenario, violation, replays))
}

/// The scenario with these statements, a line each.
fn with(scenario: &Scenario, statements: &[Statement]) -> Scenario {
    let step = |(line, statement): (u32, &Statement)| Step {
        line,
        statement: statement.clone(),
        trivia: Trivia::default(),
    };
    Scenario { steps: (1..).zip(statements).map(step).collect(), ..scenario.clone() }
}

/// Statements that may replace two, in several ways.
fn together(one: &Statement, next: &Statement) -> Vec<Statement> {
    if let (Statement::Deliver(one), Statement::Deliver(next)) = (one, next) {
        return deliveries(one, next).into_iter().map(Statement::Deliver).collect();
    }
    if let (Statement::Drop(one), Statement::Drop(next)) = (one, next) {
        return deliveries(one, next).into_iter().map(Statement::Drop).collect();
    }
    if let (
        Statement::Propose { server, commands, session },
        Statement::Propose { server: other, commands: more, session: its },
    ) = (one, next)
        && server == other
        && session == its
    {
        let (commands, session) = ([&commands[..], more].concat(), session.clone());
        return vec![Statement::Propose { server: *server, commands, session }];
    }
    if let (Statement::Tick(servers, count), Statement::Tick(others, more)) = (one, next) {
        if servers == others {
            return vec![Statement::Tick(servers.clone(), count + more)];
        }
        let apart = count == more && !servers.iter().any(|server| others.contains(server));
        let both = || Statement::Tick([&servers[..], others].concat().into(), *count);
        return apart.then(both).into_iter().collect();
    }
    if let (Some((server, beats)), Some((other, more))) = (beats(one), beats(next))
        && server == other
    {
        return vec![Statement::Tick(vec![server].into(), beats + more)];
    }
    if let (Statement::Flush(server, count), Statement::Flush(other, more)) = (one, next)
        && server == other
    {
        return vec![Statement::Flush(*server, count + more)];
    }
    if let (Statement::Flush(server, _), Statement::Tell(other, 1)) = (one, next)
        && server == other
    {
        return vec![Statement::Sync(*server)];
    }
    let (Some((say, servers)), Some((same, more))) = (of_servers(one), of_servers(next)) else {
        return Vec::new();
    };
    let alike = say(Servers::default()) == same(Servers::default());
    let apart = !servers.iter().any(|server| more.contains(server));
    if alike && apart { vec![say([servers, more].concat().into())] } else { Vec::new() }
}

/// The server of heartbeats and their number, where each tick of a leader is one: two of them may be merged.
fn beats(statement: &Statement) -> Option<(NodeId, u32)> {
    if let Statement::Heartbeat(server) = statement {
        return Some((server.server()?, 1));
    }
    if let Statement::Tick(servers, count) = statement
        && servers.len() == 1
    {
        return Some((servers[0], *count));
    }
    None
}

/// The constructor of a statement about several servers, and its servers.
type OfServers<'a> = (fn(Servers) -> Statement, &'a [NodeId]);

/// A statement that may name several servers.
fn of_servers(statement: &Statement) -> Option<OfServers<'_>> {
    if let Statement::Crash(servers) = statement {
        return Some((Statement::Crash, servers));
    }
    if let Statement::Restart(servers) = statement {
        return Some((Statement::Restart, servers));
    }
    if let Statement::Timeout(servers) = statement {
        return Some((Statement::Timeout, servers));
    }
    if let Statement::Compact(servers) = statement {
        return Some((Statement::Compact, servers));
    }
    None
}

/// Two deliveries as one: all of one kind on one link, or the same on several links.
fn deliveries(one: &Selection, next: &Selection) -> Vec<Selection> {
    let (mine, other) = (&one.selector, &next.selector);
    if mine.kind != other.kind {
        return Vec::new();
    }
    if mine.links == other.links {
        let mut selector = mine.clone();
        selector.details.retain(|detail| other.details.contains(detail));
        return vec![Selection { selector, which: Which::All }];
    }
    let links = [&mine.links[..], &other.links].concat();
    let from_one = links.iter().all(|link| link.from == links[0].from);
    let to_one = links.iter().all(|link| link.to == links[0].to);
    if !(from_one || to_one) || mine.links.iter().any(|link| other.links.contains(link)) {
        return Vec::new();
    }
    let mut details = mine.details.clone();
    details.retain(|detail| other.details.contains(detail));
    let mut ways = Vec::new();
    for details in [details, mine.details.clone()] {
        let selector = Selector { links: links.clone(), details, ..mine.clone() };
        ways.push(Selection { selector, which: one.which });
    }
    ways
}
