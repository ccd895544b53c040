//! Runs a plan: chooses the actions of clients, administrators and faults, and lets time flow in between.
//!
//! [`run`] is what a campaign does with each seed: the run, judged and counted. [`drive`] is the run alone.

mod admin_ops;
mod answers;
mod clients;
mod driver;
mod faults;
mod healing;
mod history;
mod judge;
mod links;
mod obligation;

use serde::{Deserialize, Serialize};

use crate::checker::{Checkers, Violation};
use crate::history::History;
use crate::model::NodeId;
use crate::observation::Observer;
use crate::plan::Plan;
use crate::subject::Implementation;
use crate::time::Micros;
use crate::world::Launch;

pub use driver::{Driven, drive};
pub use healing::Liveness;

use driver::not_booted;
use history::history;
use judge::Judge;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Digest of all of its steps.
    pub digest: u64,
    /// Deliveries, ticks, requests and the like: each thing that happened to a server.
    pub steps: u64,
    /// The property that was violated, and when; the run ended there.
    pub violation: Option<(Micros, Violation)>,
    /// How often each property was put to the test, in the order of [`Property::ALL`].
    pub exercised: Vec<u64>,
    /// How often each feature took part, in the order of [`Feature::ALL`].
    pub features: Vec<u64>,
    /// How often each sort of fault hit, in the order of [`FaultSort::all`](crate::plan::FaultSort::all); of those that last the whole run, whether there was any.
    pub faults: Vec<u64>,
    /// For each fault of the plan, then for each of its tasks, whether it ever began.
    pub fired: Vec<bool>,
    /// What happened, in numbers.
    pub tally: Tally,
    /// Whether it made the progress that it owed.
    pub liveness: Liveness,
}

/// What happened, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Commands that clients handed in.
    pub proposed: u64,
    /// Of these, answered as committed.
    pub committed: u64,
    /// Of these, answered as superseded by another entry, or with no answer to be had.
    pub superseded: u64,
    /// Faults that found whom to hit.
    pub faults: u64,
    /// Servers that crashed.
    pub crashes: u64,
    /// The highest commit index that any server reached.
    pub commit: u64,
    /// The highest term that any server reached.
    pub term: u64,
}

/// Runs a plan to its end or to the first violation. Without `judged` that is a server's own end at most: no checker
/// observes. `observer` observes all before it is judged.
///
/// # Errors
/// Why a server did not boot: nothing was run, or no further.
pub fn run(
    plan: &Plan,
    implementation: &dyn Implementation,
    judged: bool,
    observer: &mut dyn Observer,
) -> Result<Outcome, String> {
    let own = implementation.enter(plan.seed).map_err(|why| not_booted(NodeId(1), &why))?;
    run_on(plan, own.as_deref().unwrap_or(implementation), judged, observer)
}

/// The same with servers of a type that is known when the testbed is compiled: the run is compiled as one piece.
///
/// # Errors
/// Why a server did not boot.
pub fn run_on<L: Launch + ?Sized>(
    plan: &Plan,
    launch: &L,
    judged: bool,
    observer: impl Observer,
) -> Result<Outcome, String> {
    let mut observers = (observer, Judge::new(plan, launch.capabilities(), judged));
    let driven = drive(plan, launch, &mut observers);
    observers.1.outcome(driven)
}

/// The same as [`run`], judged, with the history of its clients.
///
/// # Errors
/// Why a server did not boot.
pub fn recorded(
    plan: &Plan,
    implementation: &dyn Implementation,
    observer: &mut dyn Observer,
) -> Result<(Outcome, History), String> {
    let own = implementation.enter(plan.seed).map_err(|why| not_booted(NodeId(1), &why))?;
    let launch = own.as_deref().unwrap_or(implementation);
    let mut judge = Judge::new(plan, launch.capabilities(), true);
    if let Some(checkers) = &mut judge.checkers {
        checkers.record();
    }
    let driven = drive(plan, launch, &mut (observer, &mut judge));
    let outcome = judge.outcome(driven)?;
    let reported = judge.checkers.as_ref().map_or(&[][..], Checkers::reported);
    Ok((outcome, history(reported)))
}
