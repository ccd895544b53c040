//! Exploration: every history of a small cluster within bounds, of the real code. `docs/exploration.md` defines what is
//! explored, and what is counted.
//!
//! A server's step depends on that server alone, so each step of the code is done once, in a real
//! [`World`](crate::world::World), and kept (`server`). A state of the cluster is then a few numbers: the states of its
//! servers, the messages in flight, what was used up of the bounds, and the memory of the checkers (`worker`). The search
//! goes through them breadth first (`search`), judges every transition (`judge`), and knows of each state the one that it
//! was reached from (`visited`). A history that violates a property is done once more as an ordinary run, and becomes a scenario
//! (`counterexample`).

mod admin;
mod arena;
mod bounds;
mod cluster;
mod counterexample;
mod depth_first;
mod dump;
mod event;
mod frontier;
mod index;
mod judge;
mod live;
mod observed;
mod perform;
mod save;
mod search;
mod server;
mod sleep;
mod symmetry;
#[cfg(test)]
pub(crate) mod tests;
mod visited;
mod worker;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::subject::Implementation;

pub use bounds::Bounds;
pub use counterexample::Counterexample;
pub use depth_first::DepthFirst;
pub use frontier::Spill;
pub use judge::Finding;
pub use search::Reach;

use admin::Admin;
use cluster::{booted, cluster};
use judge::Memories;
use save::{Saved, save};
use search::{Ended, Position, search};
use server::{Servers, Tables};
use symmetry::Symmetry;
use visited::Visited;
use worker::Shared;

/// The options of an exploration.
#[derive(Clone, Debug)]
pub struct Options {
    /// The bounds.
    pub bounds: Bounds,
    /// The configurations that an administrator may ask for, each in the words of a scenario's `change`: `S1 S2 learners
    /// S3`. If there are none, the one in force with one voter more or less.
    pub to: Vec<String>,
    /// Settings of all servers, in the words of a scenario's `settings` line.
    pub settings: String,
    /// True if states in which the checkers remember different things are different states.
    pub histories: bool,
    /// True if a state from which no command can be committed any more is a finding.
    pub live: bool,
    /// What is left out because it can't change the verdict.
    pub reductions: Reductions,
    /// The folder for waiting states that do not fit into memory; without it all of them stay in memory.
    pub spill: Option<Spill>,
    /// The order, if it is depth first; else it is breadth first.
    pub depth_first: Option<DepthFirst>,
    /// The number of threads.
    pub threads: NonZeroUsize,
    /// True if all states are returned as text.
    pub dump: bool,
    /// The file for the search if it is stopped.
    pub save: Option<PathBuf>,
    /// The file of the search that goes on.
    pub resume: Option<PathBuf>,
}

impl Options {
    /// Options with these bounds and the default settings: breadth first on one thread, without reductions or files.
    #[must_use]
    pub fn new(bounds: Bounds) -> Options {
        Options {
            bounds,
            to: Vec::new(),
            settings: String::new(),
            histories: false,
            live: false,
            reductions: Reductions::default(),
            spill: None,
            depth_first: None,
            threads: NonZeroUsize::MIN,
            dump: false,
            save: None,
            resume: None,
        }
    }

    /// # Errors
    /// Two of them exclude each other.
    fn check(&self) -> Result<(), String> {
        let Options { histories, reductions: Reductions { symmetry, sleep_sets, .. }, .. } = *self;
        let files = self.save.is_some() || self.resume.is_some() || self.spill.is_some();
        let of_breadth = files || self.dump || sleep_sets || self.threads.get() > 1;
        let refused = if symmetry && !self.to.is_empty() {
            "the configurations to ask for name servers: symmetry takes names for no matter"
        } else if histories && symmetry {
            "what checkers remember has no other names: symmetry and histories exclude each other"
        } else if sleep_sets && (histories || symmetry) {
            "a sleep set is of one state, by its names: sleep sets exclude symmetry and histories"
        } else if self.depth_first.is_some() && of_breadth {
            "a search depth first has one thread, and no dump, files or sleep sets"
        } else if self.dump && self.resume.is_some() {
            "a saved search has not the text of all states: begin anew for a dump"
        } else {
            return self.depth_first.map_or(Ok(()), DepthFirst::check);
        };
        Err(refused.to_owned())
    }
}

/// What an exploration leaves out because it can't change the verdict. Nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reductions {
    /// True if states that differ by the names of servers alone are one state.
    pub symmetry: bool,
    /// True if a crash that changes nothing is judged, and not followed.
    pub skip_idle_crashes: bool,
    /// True if of actions that commute one order is taken.
    pub sleep_sets: bool,
}

/// The result of an exploration.
#[derive(Clone, Debug)]
pub struct Explored {
    /// How far it came.
    pub reach: Reach,
    /// The end.
    pub end: End,
    /// The number of new states of each depth.
    pub levels: Vec<u64>,
    /// The states of single servers, messages, and steps of servers that there were.
    pub parts: (usize, usize, usize),
    /// The memories of checkers that there were.
    pub memories: usize,
    /// All states that were taken as lines of text in order, if that was asked for.
    pub states: Vec<String>,
    /// The reason why a search that was stopped could not be saved, if that was asked for.
    pub unsaved: Option<String>,
}

/// The end of an exploration.
#[derive(Clone, Debug)]
pub enum End {
    /// Every history within the bounds was taken, and all properties held.
    Exhausted,
    /// It was stopped.
    Stopped,
    /// The states that wait could not be written or read: the reason.
    Failed(String),
    /// A history violates a property.
    Found(Box<Counterexample>),
}

impl Explored {
    /// A bound of the probability that two different states, or two parts of them, were taken for one.
    #[must_use]
    pub fn collision(&self) -> f64 {
        let pairs = |count: f64, bits: i32| count * count / 2_f64.powi(bits + 1);
        let (servers, messages, _) = self.parts;
        // A subject's own fingerprint has 64 bits, and so has that of a memory.
        let states = pairs(self.reach.distinct as f64, 128) + pairs(messages as f64, 128);
        states + pairs(servers as f64, 64) + pairs(self.memories as f64, 64)
    }
}

/// Explores every history of an implementation within bounds. `watch` is asked now and then: true ends it.
///
/// # Errors
/// The implementation can't be explored: its servers can't be copied or compared, or do not boot. The options exclude each
/// other, or their settings or configurations are none. A saved search can't be read, or is of another exploration.
pub fn explore(
    implementation: &dyn Implementation,
    options: &Options,
    watch: &mut dyn FnMut(&Reach) -> bool,
) -> Result<Explored, String> {
    let Options { bounds, ref settings, histories, reductions, threads, dump, .. } = *options;
    options.check()?;
    let cluster = cluster(&bounds, settings)?;
    let admin = Admin::new(&cluster, &options.to)?;
    let subject = save::Subject::new(implementation.name(), options);
    let saved = options.resume.as_ref().map(|path| Saved::open(path, &subject)).transpose()?;
    if let Some(path) = &options.save {
        save::check(path)
            .map_err(|error| format!("{}: cannot be written: {error}", path.display()))?;
    }
    let (world, judge) = booted(implementation, &bounds, &cluster, &mut ())?;
    let tables = Tables::new();
    let symmetry =
        if reductions.symmetry { Symmetry::all(&bounds) } else { Symmetry::none(&bounds) };
    let ways = symmetry.len();
    let (mut servers, states) = Servers::new(world, &bounds, &admin, symmetry, &tables)?;
    let memories = Memories::new(judge);
    let kept = dump.then(|| Mutex::new(Vec::new()));
    let shared = Shared {
        bounds,
        admin: &admin,
        histories,
        live: options.live,
        reductions,
        ways,
        tables: &tables,
        memories,
        visited: Visited::new(reductions.sleep_sets),
        spill: options.spill.clone(),
        kept,
    };
    let first: Vec<u32> = [0, 0].into_iter().chain(states).collect();
    let (at, ended) = if let Some(order) = options.depth_first {
        let (reach, ended) = depth_first::search(&shared, &mut servers, &first, order, watch);
        (Position { reach, ..Position::empty() }, ended)
    } else {
        let from = match saved {
            Some(saved) => saved.load(&shared, &mut servers)?,
            None => Position::first(&shared, &first),
        };
        search(&shared, &mut servers, from, threads, watch)
    };
    if servers.is_asymmetric() {
        return Err(
            "a server does something else than one of another name: explore it without symmetry"
                .to_owned(),
        );
    }
    let (reach, levels) = (at.reach, at.levels.clone());
    let is_open = matches!(ended, Ended::Stopped | Ended::Failed(_));
    let unsaved = options.save.as_ref().filter(|_| is_open).and_then(|path| {
        let saved = save(path, subject, &shared, &servers, at);
        saved.err().map(|error| format!("{}: cannot be written: {error}", path.display()))
    });
    let found = |path, finding| {
        let found = counterexample::replayed(implementation, &shared, &cluster, path, finding);
        found.map(|found| End::Found(Box::new(found)))
    };
    let end = match ended {
        Ended::Exhausted => End::Exhausted,
        Ended::Stopped => End::Stopped,
        Ended::Failed(why) => End::Failed(why),
        Ended::Wrong(wrong) => {
            let (path, finding) = counterexample::path(&shared, &mut servers, &first, *wrong);
            found(path, finding)?
        }
        Ended::Path(path, finding) => found(path, finding)?,
    };
    let (parts, memories) = (servers.sizes(), shared.memories.len());
    let kept = shared.kept.as_ref().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner));
    let kept = kept.iter().flat_map(|kept| kept.iter());
    let lines =
        kept.flat_map(|chunk| chunk.states().map(|(_, words)| words.to_vec()).collect::<Vec<_>>());
    let mut states: Vec<String> =
        lines.map(|words| dump::line(&shared, &servers, &words)).collect();
    states.sort_unstable();
    Ok(Explored { reach, end, levels, parts, memories, states, unsaved })
}
