//! Explorations of the reference core, and of one that forgets.

mod depth_first;
mod live;
mod reductions;

use super::*;
use crate::reference::Reference;
use crate::subject::{Boot, Capability, Subject, View};

/// The bounds of three servers and one term, with these numbers of commands, crashes and duplicates.
pub(crate) fn bounds(entries: u8, crashes: u8, duplicates: u8) -> Bounds {
    Bounds {
        servers: 3,
        joiners: 0,
        terms: 1,
        entries,
        crashes,
        duplicates,
        heartbeats: 0,
        reads: 0,
        members: 0,
        snapshots: 0,
        transfers: 0,
        timeouts: None,
        slow_disks: false,
    }
}

pub(crate) fn explored(implementation: &dyn Implementation, options: &Options) -> Explored {
    explore(implementation, options, &mut |_| false).expect("it can be explored")
}

/// Generated, distinct and depth of bounds that are exhausted.
fn counts(options: &Options) -> (u64, u64, u32) {
    let Explored { reach, end, .. } = explored(&Reference, options);
    assert!(matches!(end, End::Exhausted), "{end:?}");
    (reach.generated, reach.distinct, reach.depth)
}

#[test]
fn the_counts_are_those_of_the_model() {
    assert_eq!(counts(&Options::new(bounds(0, 0, 0))), (8_845, 2_596, 16));
    assert_eq!(counts(&Options::new(bounds(1, 0, 0))), (29_320, 8_395, 20));
}

#[test]
fn the_counts_do_not_depend_on_the_number_of_threads() {
    let one = Options::new(Bounds { servers: 2, terms: 2, ..bounds(1, 1, 1) });
    let two = Options { threads: NonZeroUsize::new(2).expect("more than none"), ..one.clone() };
    assert_eq!(counts(&one), counts(&two));
}

#[test]
fn configurations_that_are_listed_are_asked_for() {
    // One change of one voter, in each way that there is: as a list it is the same.
    let one = Options::new(Bounds {
        servers: 2,
        joiners: 1,
        heartbeats: 1,
        members: 1,
        ..bounds(0, 0, 0)
    });
    let to = ["S1", "S2", "S1 S2 S3"].map(str::to_owned).to_vec();
    let listed = Options { to: to.clone(), ..one.clone() };
    assert_eq!(counts(&listed), counts(&one));
    let fewer = Options { to: to[..2].to_vec(), ..one.clone() };
    assert!(counts(&fewer) < counts(&one));
    // Both voters at once are replaced by way of C_old,new, and a learner is no voter.
    let joint =
        Options { to: vec!["S3".to_owned(), "S1 S2 learners S3".to_owned()], dump: true, ..one };
    let states = explored(&Reference, &joint).states;
    let some = |text: &str| states.iter().any(|state| state.contains(text));
    assert!(some("1:{S3 outgoing S1 S2}"), "{states:#?}");
    assert!(some("1:{S1 S2 learners S3}"), "{states:#?}");
}

#[test]
fn without_crashes_what_the_checkers_remember_follows_from_the_state() {
    let worlds = Options::new(bounds(1, 0, 0));
    let histories = Options { histories: true, ..worlds.clone() };
    assert_eq!(counts(&worlds), counts(&histories));
    let worlds = Options::new(Bounds { servers: 2, ..bounds(1, 1, 0) });
    let histories = Options { histories: true, ..worlds.clone() };
    assert!(counts(&worlds) < counts(&histories));
}

#[test]
fn by_whatever_names_there_are_as_many_states_as_theory_demands() {
    let names = Options::new(Bounds { terms: 2, servers: 2, ..bounds(1, 1, 0) });
    let reductions = Reductions { symmetry: true, ..Reductions::default() };
    let one = Options { reductions, ..names.clone() };
    let (_, all, depth) = counts(&names);
    let (_, orbits, same) = counts(&one);
    assert_eq!(depth, same);
    // Two servers have two ways to be named; a state that is its own image is alone.
    assert!(2 * orbits >= all && orbits < all, "{orbits} of {all}");
    // S1 and S2 do the same in each state: the states that are their own images are those that remain.
    let dumped = |options: &Options| {
        let options = Options { dump: true, ..options.clone() };
        explored(&Reference, &options).states.len() as u64
    };
    assert_eq!((dumped(&names), dumped(&one)), (all, orbits));
}

#[test]
fn every_distinct_state_is_one_line_of_the_dump() {
    let options = Options { dump: true, ..Options::new(Bounds { servers: 2, ..bounds(1, 1, 1) }) };
    let Explored { reach, states, .. } = explored(&Reference, &options);
    let mut different = states.clone();
    different.dedup();
    assert_eq!(different.len() as u64, reach.distinct);
    assert_eq!(states.len(), different.len());
    let server = |number: u32| {
        format!(
            "S{number} follower term=0 vote=none log=[] snapshot=none base={{S1 S2}} commit=0 \
             leader=none believes=none waiting=[]"
        )
    };
    let unused = "entries=0 duplicates=0 crashes=0 heartbeats=0 reads=0 members=0 snapshots=0 \
                  transfers=0 timeouts=0";
    let first = format!("{} | {} |  | {unused}", server(1), server(2));
    assert!(states.contains(&first), "{first}");
}

/// The reference core, whose servers forget their votes when they crash.
pub(crate) struct Forgetful;

impl Implementation for Forgetful {
    fn name(&self) -> &str {
        "forgetful"
    }

    fn capabilities(&self) -> &[Capability] {
        Implementation::capabilities(&Reference)
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let mut boot = boot;
        boot.hard_state.voted_for = None;
        Reference.boot(boot)
    }
}

#[test]
fn a_shortest_history_is_found_and_is_a_scenario_that_fails() {
    let options = Options::new(bounds(1, 1, 1));
    let End::Found(found) = explored(&Forgetful, &options).end else { panic!("it forgets") };
    // A server stands, and crashes.
    assert_eq!(found.actions, 2);
    assert!(found.fails, "{}", found.scenario);
    assert!(found.scenario.contains("crash"), "{}", found.scenario);
    let reductions = Reductions { symmetry: true, ..Reductions::default() };
    let symmetric = Options { reductions, ..options };
    let End::Found(found) = explored(&Forgetful, &symmetric).end else { panic!("it forgets") };
    assert!(found.actions == 2 && found.fails, "{}", found.scenario);
}
