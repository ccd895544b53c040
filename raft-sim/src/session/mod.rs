//! A session: a run that is stepped forwards and backwards, changed at any step, and saved as a scenario.
//!
//! A *step* is one action on the world; step 0 is the cluster after it has booted. A *branch* is a run: branch 0 is the one
//! that was loaded, any other followed its parent up to a step and went on with an action of one's own. In the run of a
//! plan everything else goes on behind it, as the plan has it ([`Script`]); a scenario has nothing planned behind such an
//! action, so its branch ends there. States are copies of the world ([`World::fork`]) at some steps, and what happened
//! since, done again; of servers that can't be copied all is done again.
//!
//! `raft-sim debug` and the WebAssembly module are two faces of it.

mod acts;
mod by_hand;
mod choices;
mod save;
mod state;
#[cfg(test)]
mod tests;
mod track;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::action::Action;
use crate::checker::{Checkers, Violation};
use crate::model::NodeId;
use crate::network::MessageId;
use crate::observation::Observer;
use crate::plan::Plan;
use crate::run::{self, Script, run_scripted};
use crate::scenario::replay;
use crate::scenario::syntax::Scenario;
use crate::subject::Implementation;
use crate::time::Micros;
use crate::timeline::{self, Recorder};
use crate::world::{Design, Halt, World};

pub use choices::{Choice, in_words};
pub use save::Saved;
pub use state::{Cell, Flight, ServerState, State};
pub use track::Mark;

use state::Sent;
use track::Track;

/// A copy of the world is kept every this many steps.
const APART: usize = 64;
/// Most copies of one branch; then every second one is dropped.
const MOST: usize = 64;

/// The run that a session is about.
#[derive(Clone, Debug)]
pub enum Base {
    /// That of a plan.
    Plan(Box<Plan>),
    /// That of a scenario.
    Scenario(Box<Scenario>),
}

/// A run that is stepped, changed and saved.
pub struct Session<'a> {
    implementation: &'a dyn Implementation,
    base: Base,
    branches: Vec<Branch<'a>>,
}

/// One run of a session.
struct Branch<'a> {
    parent: Option<(usize, usize)>,
    /// The actions of one's own, each with its number.
    script: Script,
    track: Track,
    /// Copies of the world by their steps, with what was sent by then.
    copies: BTreeMap<usize, (World<'a, dyn Implementation + 'a>, Sent)>,
    /// The distance of two copies.
    apart: usize,
}

/// A branch in short.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Its number, from 0.
    pub branch: usize,
    /// The branch it was made from, and the step there.
    pub parent: Option<usize>,
    /// The step of its parent behind which it goes on by itself.
    pub forked: Option<usize>,
    /// The number of its steps.
    pub steps: usize,
    /// The number of servers.
    pub servers: usize,
    /// True if no property was violated.
    pub held: bool,
    /// The verdict, in one sentence.
    pub verdict: String,
    /// The violation that ended it.
    pub violation: Option<Violated>,
    /// The digest of its run, as 16 digits; `None` for a scenario.
    pub digest: Option<String>,
}

/// A violation, for programs.
#[derive(Clone, Debug, Serialize)]
pub struct Violated {
    /// The name of the property.
    pub property: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its section in the paper.
    pub section: &'static str,
    /// The server that showed it.
    pub server: NodeId,
    /// The sentence that names the servers.
    pub detail: String,
}

/// How often properties are violated from a step on, when chance is drawn anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Likelihood {
    /// The number of runs.
    pub runs: u64,
    /// Those in which all held.
    pub held: u64,
    /// Those that ended with a violation, by the name of the property.
    pub violated: BTreeMap<&'static str, u64>,
}

impl<'a> Session<'a> {
    /// A session that begins with this run.
    ///
    /// # Errors
    /// A server does not boot.
    pub fn new(
        base: Base,
        implementation: &'a (dyn Implementation + 'a),
    ) -> Result<Session<'a>, String> {
        let mut base = base;
        if let Base::Scenario(scenario) = &mut base {
            // The violation that a negative control is there to show is what there is to see.
            scenario.header.violates = None;
        }
        let mut session = Session { implementation, base, branches: Vec::new() };
        let track = match &session.base {
            Base::Plan(plan) => Track::of_plan(plan, &Script::default(), implementation)?,
            Base::Scenario(scenario) => Track::of_scenario(scenario, implementation)?,
        };
        session.add(None, Script::default(), track)?;
        Ok(session)
    }

    fn add(
        &mut self,
        parent: Option<(usize, usize)>,
        script: Script,
        track: Track,
    ) -> Result<usize, String> {
        self.booted()?;
        self.branches.push(Branch { parent, script, track, copies: BTreeMap::new(), apart: APART });
        Ok(self.branches.len() - 1)
    }

    fn design(&self) -> Design {
        match &self.base {
            Base::Plan(plan) => run::design(plan),
            Base::Scenario(scenario) => {
                replay::design(&scenario.header, self.implementation.capabilities())
            }
        }
    }

    /// The checkers of its runs, which have observed nothing yet.
    pub(crate) fn checkers(&self) -> Checkers {
        let capabilities = self.implementation.capabilities();
        match &self.base {
            Base::Plan(plan) => run::checkers(plan, capabilities),
            Base::Scenario(scenario) => {
                replay::checkers(&scenario.header, &self.design(), capabilities)
            }
        }
    }

    /// The world at step 0.
    fn booted(&self) -> Result<(World<'a, dyn Implementation + 'a>, Sent), String> {
        let world = World::new(self.implementation, self.design(), &mut ());
        match world {
            Ok(world) => Ok((world, Sent::new(self.servers()))),
            Err(Halt::NoBoot { server, why }) => Err(format!("{server} does not boot: {why}")),
            Err(Halt::Stopped) => Err("the servers do not boot".to_owned()),
        }
    }

    /// The number of servers.
    #[must_use]
    pub fn servers(&self) -> usize {
        match &self.base {
            Base::Plan(plan) => plan.clocks.len(),
            Base::Scenario(scenario) => scenario.header.servers.len(),
        }
    }

    /// The implementation of its servers.
    #[must_use]
    pub fn implementation(&self) -> &'a dyn Implementation {
        self.implementation
    }

    /// The run that it began with.
    #[must_use]
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// The number of branches.
    #[must_use]
    pub fn branches(&self) -> usize {
        self.branches.len()
    }

    /// The number of steps of a branch.
    #[must_use]
    pub fn steps(&self, branch: usize) -> usize {
        self.branches.get(branch).map_or(0, |branch| branch.track.marks.len())
    }

    /// The steps of a branch: the mark of step *n* is at *n* - 1.
    #[must_use]
    pub fn marks(&self, branch: usize) -> &[Mark] {
        self.branches.get(branch).map_or(&[], |branch| &branch.track.marks)
    }

    /// The violation that a branch ends with.
    #[must_use]
    pub fn violation(&self, branch: usize) -> Option<&Violation> {
        self.branches.get(branch)?.track.violation.as_ref()
    }

    /// A branch in short.
    #[must_use]
    pub fn summary(&self, branch: usize) -> Option<Summary> {
        let Branch { parent, track, .. } = self.branches.get(branch)?;
        let violation = track.violation.as_ref().map(|violation| Violated {
            property: violation.property.name(),
            title: violation.property.title(),
            section: violation.property.section(),
            server: violation.server,
            detail: violation.detail.clone(),
        });
        Some(Summary {
            branch,
            parent: parent.map(|(parent, _)| parent),
            forked: parent.map(|(_, step)| step),
            steps: track.marks.len(),
            servers: self.servers(),
            held: violation.is_none(),
            verdict: track.verdict.clone(),
            violation,
            digest: track.digest.map(|digest| format!("{digest:016x}")),
        })
    }

    /// The world after a step, and what was sent by then. The branch must have the step.
    fn world(&mut self, branch: usize, step: usize) -> (World<'a, dyn Implementation + 'a>, Sent) {
        let copy = self.branches[branch].copies.range(..=step).next_back();
        let copy =
            copy.and_then(|(from, (world, sent))| Some((*from, world.fork()?, sent.clone())));
        let (from, mut world, mut sent) = copy.unwrap_or_else(|| {
            let (world, sent) = self.booted().expect("it has booted before");
            (0, world, sent)
        });
        let Branch { track, copies, apart, .. } = &mut self.branches[branch];
        for (place, mark) in track.marks.iter().enumerate().take(step).skip(from) {
            // The last action of a run that a violation ended: the world took part of it, as here.
            let _ = world.redo(mark.at, mark.action.clone(), mark.due, &mut sent);
            if (place + 1) % *apart == 0
                && let Some(copy) = world.fork()
            {
                copies.insert(place + 1, (copy, sent.clone()));
            }
        }
        if copies.len() > MOST {
            *apart *= 2;
            copies.retain(|step, _| step % *apart == 0);
        }
        (world, sent)
    }

    /// The state after a step; `None` if the branch has no such step.
    pub fn state(&mut self, branch: usize, step: usize) -> Option<State> {
        self.has(branch, step)?;
        let (world, sent) = self.world(branch, step);
        Some(State::of(step, &world, &sent))
    }

    fn has(&self, branch: usize, step: usize) -> Option<()> {
        (branch < self.branches.len() && step <= self.steps(branch)).then_some(())
    }

    /// What can be done after a step. Nothing at the end of a run that a violation ended.
    pub fn choices(&mut self, branch: usize, step: usize) -> Vec<Choice> {
        let ended = step == self.steps(branch) && self.violation(branch).is_some();
        if self.has(branch, step).is_none() || ended {
            return Vec::new();
        }
        let (world, _) = self.world(branch, step);
        choices::of(&world)
    }

    /// An action in words, as it is after a step of a branch.
    pub fn words(&mut self, branch: usize, step: usize, action: &Action) -> String {
        if self.has(branch, step).is_none() {
            return String::new();
        }
        let (world, _) = self.world(branch, step);
        in_words(action, &world)
    }

    /// The actions behind step `from`, up to step `to`, in words.
    pub fn words_between(&mut self, branch: usize, from: usize, to: usize) -> Vec<String> {
        if self.has(branch, from).is_none() {
            return Vec::new();
        }
        let (mut world, mut sent) = self.world(branch, from);
        let marks = self.branches[branch].track.marks.iter().take(to).skip(from);
        let words = marks.map(|mark| {
            let words = in_words(&mark.action, &world);
            let _ = world.redo(mark.at, mark.action.clone(), mark.due, &mut sent);
            words
        });
        words.collect()
    }

    /// The lines of the timeline for a step, without times.
    pub fn happened(&mut self, branch: usize, step: usize) -> Vec<String> {
        let Some(before) = step.checked_sub(1) else { return vec!["the servers boot".to_owned()] };
        let mut recorder = Recorder::all();
        self.observe(branch, before, step, &mut recorder);
        recorder.into_lines().into_iter().map(|line| line.text).collect()
    }

    /// Hands the boot of the cluster to an observer: what happened before step 0 was over.
    pub fn observe_boot(&self, observer: &mut impl Observer) {
        let _ = World::new(self.implementation, self.design(), observer);
    }

    /// Hands what happened from one step to another to an observer.
    pub fn observe(&mut self, branch: usize, from: usize, to: usize, observer: &mut dyn Observer) {
        if self.has(branch, from).is_none() {
            return;
        }
        let (mut world, _) = self.world(branch, from);
        let Branch { track, .. } = &self.branches[branch];
        let mut observer = observer;
        let to = to.min(track.marks.len());
        let first = track.between.partition_point(|(place, ..)| *place < from);
        let mut between = track.between[first..].iter().peekable();
        for (place, mark) in track.marks.iter().enumerate().take(to).skip(from) {
            while let Some((_, at, seen)) = between.next_if(|(before, ..)| *before <= place) {
                let _ = observer.observe(*at, seen);
            }
            let _ = world.redo(mark.at, mark.action.clone(), mark.due, &mut observer);
        }
        if to == track.marks.len() {
            for (_, at, seen) in between {
                let _ = observer.observe(*at, seen);
            }
        }
    }

    /// Does an action after a step: a new branch, whose number is returned.
    ///
    /// # Errors
    /// There is no such step, or nothing can be done there.
    pub fn apply(&mut self, branch: usize, step: usize, action: Action) -> Result<usize, String> {
        self.may_go_on(branch, step)?;
        self.checked(branch, step, &action)?;
        self.go_on(branch, step, vec![action])
    }

    fn may_go_on(&self, branch: usize, step: usize) -> Result<(), String> {
        self.has(branch, step).ok_or_else(|| format!("branch {branch} has no step {step}"))?;
        if step == self.steps(branch) && self.violation(branch).is_some() {
            return Err("the run ended here, with a violation; go a step back".to_owned());
        }
        Ok(())
    }

    /// The time of a step, in virtual microseconds.
    fn time_of(&self, branch: usize, step: usize) -> Micros {
        self.marks(branch)[..step].last().map_or(0, |mark| mark.at)
    }

    /// A new branch: the actions behind a step of another one.
    fn go_on(&mut self, branch: usize, step: usize, actions: Vec<Action>) -> Result<usize, String> {
        let mut script = self.branches[branch].script.clone();
        script.injected.retain(|(number, _)| *number < step as u64);
        script.injected.extend((step as u64..).zip(actions.iter().cloned()));
        let track = match &self.base {
            Base::Plan(plan) => Track::of_plan(plan, &script, self.implementation)?,
            Base::Scenario(scenario) => {
                let parent = &self.branches[branch].track;
                by_hand::track(scenario, parent, step, actions, self.implementation)?
            }
        };
        self.add(Some((branch, step)), script, track)
    }

    /// Checks that an action names servers and messages that are there.
    fn checked(&mut self, branch: usize, step: usize, action: &Action) -> Result<(), String> {
        let (world, _) = self.world(branch, step);
        choices::is_possible(action, &world)
    }

    /// How often properties are violated in the run of a branch when chance is drawn anew from a step on, with these seeds.
    ///
    /// # Errors
    /// There is no such step; nothing in a scenario depends on chance; a server does not boot.
    pub fn likelihood(
        &self,
        branch: usize,
        step: usize,
        seeds: std::ops::Range<u64>,
    ) -> Result<Likelihood, String> {
        self.has(branch, step).ok_or_else(|| format!("branch {branch} has no step {step}"))?;
        let Base::Plan(plan) = &self.base else {
            return Err("nothing in a scenario depends on chance".to_owned());
        };
        let mut script = self.branches[branch].script.clone();
        script.injected.retain(|(number, _)| *number < step as u64);
        let mut likelihood = Likelihood::default();
        for seed in seeds {
            script.anew = Some((step as u64, seed));
            let outcome = run_scripted(plan, self.implementation, &script, ())?;
            likelihood.runs += 1;
            match outcome.violation {
                None => likelihood.held += 1,
                Some((_, violation)) => {
                    *likelihood.violated.entry(violation.property.name()).or_default() += 1;
                }
            }
        }
        Ok(likelihood)
    }
}

/// A message in words, by its identity; `None` if it is not in flight.
fn message<L: crate::world::Launch + ?Sized>(
    world: &World<'_, L>,
    id: MessageId,
) -> Option<String> {
    world.network().flight(id).map(|flight| timeline::message(&flight.message))
}
