//! A history that must not be, as an ordinary run and as a scenario.

use std::sync::mpsc;

use super::cluster::booted;
use super::event::Event;
use super::judge::Finding;
use super::server::{Servers, happen};
use super::visited::halves;
use super::worker::{Move, Question, Shared, Worker, Wrong};
use crate::action::Action;
use crate::observation::Observer;
use crate::scenario::parse::parse;
use crate::scenario::replay::{Verdict, replay};
use crate::scenario::source::Source;
use crate::scenario::syntax::Scenario;
use crate::shrink::Tracer;
use crate::subject::Implementation;
use crate::world::{Halt, World};

/// A history that must not be, the shortest there is within the bounds.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The reason.
    pub finding: Finding,
    /// The number of its actions.
    pub actions: usize,
    /// The text of the scenario.
    pub scenario: String,
    /// True if its replay fails in the same way.
    pub fails: bool,
}

/// The actions from the initial state to the history that must not be.
pub(super) fn path(
    shared: &Shared<'_>,
    servers: &mut Servers<'_>,
    first: &[u32],
    wrong: &Wrong,
) -> Vec<Move> {
    let initial = shared.fingerprint(first);
    let mut states = vec![wrong.before];
    while let Some(last) = states.last()
        && *last != initial
        && let Some((_, parent)) = shared.visited.find(halves(*last).1)
        && let Some((before, _)) = shared.visited.find(parent)
    {
        states.push(before);
    }
    let (sender, questions) = mpsc::channel::<Question>();
    let mut moves = Vec::new();
    let mut words = first.to_vec();
    for pair in states.iter().rev().collect::<Vec<_>>().windows(2) {
        let (from, to) = (*pair[0], *pair[1]);
        let mut found = None;
        std::thread::scope(|scope| {
            let (sender, words, found) = (sender.clone(), &words, &mut found);
            let thread = scope.spawn(move || {
                let mut worker = Worker::new(shared, sender);
                let _ = worker.expand(from, words, |successor| {
                    if successor.fingerprint == to && found.is_none() {
                        *found = Some((successor.action, successor.words.to_vec()));
                    }
                });
            });
            while !thread.is_finished() {
                if let Ok((state, event, answer)) = questions.try_recv() {
                    let _ = answer.send(servers.step(state, event));
                }
            }
        });
        let Some((action, next)) = found else { break };
        moves.push(action);
        words = next;
    }
    moves.push(wrong.last);
    moves
}

/// Does the actions in an ordinary world, and writes them down as a scenario.
///
/// # Errors
/// The servers do not boot, or do something else than before.
pub(super) fn replayed(
    implementation: &dyn Implementation,
    shared: &Shared<'_>,
    cluster: &Scenario,
    moves: Vec<Move>,
    finding: Finding,
) -> Result<Counterexample, String> {
    let mut titled = cluster.clone();
    (titled.header.title, titled.header.paper) = match &finding {
        Finding::Violated(violation) => {
            (violation.property.title().to_owned(), violation.property.section().to_owned())
        }
        Finding::NotBooted { .. } => ("A server boots from its disk".to_owned(), "§5.5".to_owned()),
    };
    let mut tracer = Tracer::of_scenario(&titled);
    let (mut world, judge) = booted(implementation, &shared.bounds, cluster)?;
    let mut observers = (&mut tracer, judge);
    let actions = moves.len();
    for action in moves {
        match step(&mut world, shared, action, &mut observers) {
            Ok(()) => {}
            Err(_) => break,
        }
    }
    let (_, judge) = observers;
    if judge.finding().as_ref() != Some(&finding) {
        return Err(format!(
            "a history was found that must not be, and done once more it is another: {finding:?}, {:?}",
            judge.finding()
        ));
    }
    let title = titled.header.title.clone();
    let scenario = tracer.scenario(&title, None, implementation).to_string();
    let fails = match parse(&Source::new("", &scenario)) {
        Ok(read) => match (replay(&read, implementation, &mut ()), &finding) {
            (Verdict::Failed(failure), Finding::Violated(violation)) => {
                failure.property == Some(violation.property)
            }
            (Verdict::Failed(_), Finding::NotBooted { .. }) => true,
            (Verdict::Passed | Verdict::Skipped(_), _) => false,
        },
        Err(_) => false,
    };
    Ok(Counterexample { finding, actions, scenario, fails })
}

/// Does an action in an ordinary world.
fn step(
    world: &mut World<'_, dyn Implementation + '_>,
    shared: &Shared<'_>,
    action: Move,
    observer: &mut impl Observer,
) -> Result<(), Halt> {
    let mut message = None;
    if let Event::Deliver(number) = action.event {
        let content = &shared.tables.messages.get(number).message;
        let flights = world.network().in_flight();
        message = flights.iter().find(|flight| flight.message == *content).map(|flight| flight.id);
        if action.again
            && let Some(message) = message
        {
            world.apply(Action::Duplicate { message }, observer)?;
        }
    }
    happen(world, &shared.bounds, action.server, action.event, message, observer)
}
