//! A scenario up to a step, and an action of one's own behind it.

use super::track::{Mark, Track};
use crate::action::Action;
use crate::checker::{Checkers, NoPanic};
use crate::observation::{Observation, Observer, Stop};
use crate::scenario::replay::{checkers, design};
use crate::scenario::syntax::Scenario;
use crate::subject::Implementation;
use crate::time::Micros;
use crate::world::{Halt, World};

/// The checkers of such a run.
struct Judges {
    no_panic: NoPanic,
    checkers: Checkers,
}

impl Observer for Judges {
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.no_panic.observe(at, observation)?;
        self.checkers.observe(at, observation)
    }
}

/// The actions of a branch up to a step, then some of one's own, judged by the checkers.
pub(super) fn track(
    scenario: &Scenario,
    parent: &Track,
    step: usize,
    actions: Vec<Action>,
    implementation: &dyn Implementation,
) -> Result<Track, String> {
    let (header, capabilities) = (&scenario.header, implementation.capabilities());
    let design = design(header, capabilities);
    let checkers = checkers(header, &design, capabilities);
    let mut judges = Judges { no_panic: NoPanic::default(), checkers };
    let world = World::new(implementation, design, &mut judges);
    let mut world = world.map_err(|_| "a server does not boot".to_owned())?;
    let mut marks: Vec<Mark> = parent.marks[..step].to_vec();
    let between = parent.between.iter().filter(|(place, ..)| *place < step).cloned().collect();
    let (at, line) = marks.last().map_or((0, None), |mark| (mark.at, mark.line));
    let own = |action| Mark { at, action, due: false, injected: true, line };
    marks.extend(actions.into_iter().map(own));
    let mut done = 0;
    for mark in &marks {
        done += 1;
        match world.redo(mark.at, mark.action.clone(), mark.due, &mut judges) {
            Ok(_) => {}
            Err(Halt::Stopped) => break,
            Err(Halt::NoBoot { server, why }) => {
                return Err(format!("{server} does not boot: {why}"));
            }
        }
    }
    // What is behind a violation never happened.
    marks.truncate(done);
    let violation = judges.no_panic.violation.or(judges.checkers.violation().cloned());
    let verdict = violation.as_ref().map_or("all held".to_owned(), ToString::to_string);
    Ok(Track { marks, between, violation, verdict, digest: None })
}
