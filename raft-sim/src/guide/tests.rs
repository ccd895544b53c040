//! Tests of guides and abstract states.

use super::log::Log;
use super::state::{self, Server};
use super::*;
use crate::model::{Entries, Entry, LogIndex, NodeId, Payload, Term};
use crate::plan::{Fault, FaultKind, Target, fit};
use crate::reference::Reference;
use crate::run::run;
use crate::subject::{LogWrite, Role, Token, View, Write};

/// A write of entries of these terms after `behind` others.
fn write(behind: u64, terms: &[u64]) -> Write {
    let index = |number| LogIndex::new(number).expect("not 0");
    let entry = |(number, term): (u64, &u64)| Entry {
        index: index(number),
        term: Term(*term),
        payload: Payload::Noop,
    };
    let entries: Vec<Entry> = (behind + 1..).zip(terms).map(entry).collect();
    let log = LogWrite { from: index(behind + 1), entries: Entries::from(&entries[..]) };
    Write { log: Some(log), ..Write::new(Token(1)) }
}

fn log(writes: &[Write]) -> Log {
    let mut log = Log::default();
    writes.iter().for_each(|write| log.write(NodeId(1), write));
    log
}

#[test]
fn logs_have_in_common_what_comes_before_the_terms_part() {
    let one = log(&[write(0, &[1, 1, 2, 2, 2, 5])]);
    for (other, common) in [
        (log(&[]), 0),
        (log(&[write(0, &[1])]), 1),
        (log(&[write(0, &[1, 1, 2, 2, 2, 5, 5])]), 6),
        (log(&[write(0, &[1, 1, 2, 4, 4, 4])]), 3),
        (log(&[write(0, &[3, 3])]), 0),
        (log(&[write(0, &[1, 1, 4, 4]), write(2, &[2, 2])]), 4),
    ] {
        assert_eq!((one.common(&other), other.common(&one)), (common, common), "{other:?}");
    }
    assert_eq!(one.common(&one), 6);
    assert_eq!([0, 2, 3, 6, 7].map(|at| one.term(at)), [None, Some(1), Some(2), Some(5), None]);
}

fn server(role: Role, term: u64, terms: &[u64]) -> Server {
    let view = View { role, term: Term(term), ..View::default() };
    Server { view, up: true, log: log(&[write(0, terms)]), ..Server::default() }
}

#[test]
fn names_terms_and_indexes_do_not_make_another_state() {
    let leader = server(Role::Leader, 5, &[1, 5]);
    let deposed = server(Role::Leader, 2, &[1, 2, 2]);
    let follower = server(Role::Follower, 5, &[1]);
    let one = state::abstract_of(&[leader.clone(), deposed.clone(), follower.clone()]);
    let renamed = state::abstract_of(&[follower.clone(), leader, deposed]);
    assert_eq!(one, renamed);
    let later = [
        server(Role::Leader, 9, &[3, 3, 3, 9]),
        server(Role::Leader, 7, &[3, 3, 7]),
        server(Role::Follower, 9, &[3, 3, 3]),
    ];
    assert_eq!(one[0], state::abstract_of(&later)[0]);
    let whole = [server(Role::Leader, 5, &[1, 5]), server(Role::Leader, 2, &[1]), follower];
    assert_ne!(one[0], state::abstract_of(&whole)[0], "no log has parted from the leader's");
}

/// The states that the run of a plan reaches.
fn reached(plan: &Plan) -> Vec<Reached> {
    let mut seen = Seen::of(plan);
    let outcome = run(plan, &Reference, true, &mut seen).expect("it boots");
    assert_eq!(outcome.violation, None, "{plan:?}");
    seen.reached()
}

/// A guide that has seen the first seeds.
fn guide(generations: u64) -> (Guide, Vec<Draft>) {
    let plan_options =
        PlanOptions { duration_ms: Some(300), servers: Some(3), ..PlanOptions::default() };
    let mut guide = Guide::new(0, plan_options);
    let mut drafts = Vec::new();
    for generation in 0..generations {
        let first = generation * GENERATION as u64;
        let next: Vec<Draft> =
            (first..first + GENERATION as u64).map(|it| guide.plan(it)).collect();
        for draft in &next {
            guide.take(draft.clone(), &reached(&draft.plan));
        }
        drafts.extend(next);
    }
    (guide, drafts)
}

#[test]
fn changed_plans_are_as_fair_as_the_originals_and_a_correct_core_holds() {
    let (guide, drafts) = guide(4);
    let made: Vec<&Draft> = drafts.iter().filter(|draft| !draft.is_seed()).collect();
    assert!(made.len() > drafts.len() / 3, "{} of {}", made.len(), drafts.len());
    for Draft { plan, .. } in made {
        assert_eq!(plan.check(), Ok(()));
        assert_eq!(fit::faults(plan.faults.clone(), plan), plan.faults);
        assert_eq!(fit::admin_ops(plan.admin_ops.clone(), plan), plan.admin_ops);
    }
    assert!(guide.states() > 100 && guide.plans() > 50, "{} {}", guide.states(), guide.plans());
    assert_eq!(guide.seeds() as usize, drafts.iter().filter(|draft| draft.is_seed()).count());
}

#[test]
fn a_plan_that_goes_on_from_a_state_gets_there_as_before() {
    let mut others = 0;
    for seed in 0..20 {
        let [plan, donor] =
            [seed, seed + 100].map(|seed| Plan::draw(seed, &PlanOptions::default()));
        let all = reached(&plan);
        let from = all[all.len() / 2].at;
        let continued = mutate::continued(&plan, from, &donor, &mut PlanRng::new(seed));
        let again = reached(&continued);
        let before = |reached: &[Reached]| -> Vec<Reached> {
            reached.iter().copied().take_while(|reached| reached.at < from).collect()
        };
        assert_eq!(before(&again), before(&all), "seed {seed}");
        others += usize::from(again != all);
    }
    assert!(others > 15, "{others}");
}

#[test]
fn a_plan_that_names_unknown_servers_is_refused() {
    let plan = Plan::draw(1, &PlanOptions { servers: Some(3), ..PlanOptions::default() });
    assert_eq!(plan.check(), Ok(()));
    let stranger = Target::Server(plan.clocks.len() as u32 + 1);
    let kind = FaultKind::Pause(stranger);
    let faults = vec![Fault { at: 1, until: 2, trigger: None, ending: None, kind }];
    assert!(Plan { faults, ..plan.clone() }.check().is_err());
    assert!(Plan { members: 0, ..plan.clone() }.check().is_err());
    assert!(Plan { clocks: Vec::new(), ..plan }.check().is_err());
}
