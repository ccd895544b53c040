//! A history that violates a property, as an ordinary run and as a scenario.

use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::cluster::booted;
use super::event::{Event, Move};
use super::judge::Finding;
use super::live;
use super::perform::happen;
use super::server::Servers;
use super::sleep::Sleep;
use super::visited::halves;
use super::worker::{Question, Shared, Successor, Worker, Wrong};
use crate::action::Action;
use crate::observation::Observer;
use crate::parallel::beside;
use crate::scenario::parse::parse;
use crate::scenario::replay::{Verdict, replay};
use crate::scenario::source::Source;
use crate::scenario::syntax::Scenario;
use crate::shrink::Tracer;
use crate::subject::Implementation;
use crate::world::{Halt, World};

/// The time between two looks if a thread has finished.
const PAUSE: Duration = Duration::from_millis(1);

/// A shortest history within the bounds that violates a property.
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

/// The actions from the initial state to the violation, and the reason. Where servers have several names,
/// those on the way may be others than those that were found.
pub(super) fn path(
    shared: &Shared<'_>,
    servers: &mut Servers<'_>,
    first: &[u32],
    wrong: Wrong,
) -> (Vec<Move>, Finding) {
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
    let mut worker = Worker::new(shared, sender);
    let (mut moves, mut words) = (Vec::new(), first.to_vec());
    let mut from = initial;
    for to in states.into_iter().rev().skip(1) {
        let (next, _) = expanded(&mut worker, servers, &questions, (from, &words));
        let next = next.into_iter().find(|(_, fingerprint, _)| *fingerprint == to);
        let Some((action, _, behind)) = next else { break };
        moves.push(action);
        (words, from) = (behind, to);
    }
    let (_, again) = expanded(&mut worker, servers, &questions, (from, &words));
    let Wrong { last, finding, .. } = again.unwrap_or(wrong);
    moves.extend(last);
    (moves, finding)
}

/// An action, and the fingerprint and the words of the state that it leads to.
type Next = (Move, u128, Vec<u32>);

/// Lets a worker expand a state, and does the steps that it asks for. Returns the actions with what they lead to, and the
/// history that violates a property, if there is one.
fn expanded(
    worker: &mut Worker<'_>,
    servers: &mut Servers<'_>,
    questions: &Receiver<Question>,
    (from, words): (u128, &[u32]),
) -> (Vec<Next>, Option<Wrong>) {
    let found = Mutex::new((Vec::new(), None));
    let work = |worker: &mut &mut Worker<'_>| {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, end) = &mut *found;
        let expanded = live::expand(worker, (from, words), Sleep::default(), |successor| {
            let Successor { action, fingerprint, words, asleep: _ } = successor;
            next.push((action, fingerprint, words.to_vec()));
        });
        *end = expanded.err().map(|wrong| *wrong);
    };
    beside(&mut [worker], work, || {
        if let Ok((state, event, answer)) = questions.recv_timeout(PAUSE) {
            // A thread that asks waits for the answer.
            let _ = answer.send(servers.step(state, event));
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
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
        Finding::Trapped => ("A command can still be committed".to_owned(), "§5.2".to_owned()),
        Finding::Unfinished => ("A change can still end".to_owned(), "§6".to_owned()),
    };
    let mut tracer = Tracer::of_scenario(&titled);
    let (mut world, judge) = booted(implementation, &shared.bounds, cluster, &mut tracer)?;
    let mut observers = (&mut tracer, judge);
    let actions = moves.len();
    for action in moves {
        match step(&mut world, shared, action, &mut observers) {
            Ok(()) => {}
            Err(_) => break,
        }
    }
    let (_, judge) = observers;
    let expected = Some(&finding).filter(|finding| !finding.is_trap());
    if judge.finding().as_ref() != expected {
        return Err(format!(
            "the replay of a history that violates a property ends differently: {finding:?}, {:?}",
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
            (Verdict::Failed(_), Finding::Trapped | Finding::Unfinished) => false,
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
    happen(world, shared.admin, action.server, action.event, message, observer)
}
