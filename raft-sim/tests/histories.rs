//! Clients of a run see one register: checked read by read while it runs, and by the search of `raft_sim::history`
//! afterwards.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use raft_sim::checker::Property;
use raft_sim::history::{self, Call, History, Kind, Limits, Verdict};
use raft_sim::plan::{Plan, Profile};
use raft_sim::reference::Reference;
use raft_sim::run::recorded;
use raft_sim::scenario::replay::{Verdict as Replayed, replay};
use raft_sim::subject::{
    Answer, Boot, Capability, Effects, Event, Implementation, Request, Role, Subject, View,
};

use common::parsed;

/// The reference core with an adapter that changes the answers to clients.
struct ChangedAnswers(fn() -> Box<dyn ChangeAnswers>);

trait ChangeAnswers {
    fn change(&mut self, event: Option<Request>, before: Role, effects: &mut Effects);
}

struct Server(Box<dyn Subject>, Box<dyn ChangeAnswers>);

impl Implementation for ChangedAnswers {
    fn name(&self) -> &str {
        "changed-answers"
    }

    fn capabilities(&self) -> &[Capability] {
        &[
            Capability::Forge,
            Capability::AtAppend,
            Capability::Reads,
            Capability::Sessions,
            Capability::DiskNotices,
            Capability::SlowDisk,
        ]
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Reference.boot(boot)?;
        Ok((Box::new(Server(server, (self.0)())), view))
    }
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        let (before, request) = (effects.view.role, event.request());
        self.0.step(event, effects);
        self.1.change(request, before, effects);
    }
}

/// A leader that steps down answers all waiting clients that it does not lead, which they take for a failure. Their
/// entries may be committed all the same.
#[derive(Default)]
struct Denies {
    waiting: BTreeSet<Request>,
    denied: BTreeSet<Request>,
}

impl ChangeAnswers for Denies {
    fn change(&mut self, request: Option<Request>, before: Role, effects: &mut Effects) {
        self.waiting.extend(request);
        effects.answers.retain(|(request, _)| {
            self.waiting.remove(request);
            !self.denied.contains(request)
        });
        if before == Role::Leader && effects.view.role != Role::Leader {
            let denied = std::mem::take(&mut self.waiting);
            let answers = denied.iter().map(|&request| (request, Answer::NotLeader(None)));
            effects.answers.extend(answers);
            self.denied.extend(denied);
        }
    }
}

/// A short run whose clients read and write a lot.
fn plan(seed: u64) -> Plan {
    common::plan(Profile::Clients, seed)
}

fn judged(history: &History) -> Verdict {
    history::check(history, &Limits::default())
}

/// The number of reads in a history that saw a written value.
fn reads(history: &History) -> usize {
    let saw = |event: &&history::Event| {
        event.kind == Kind::Ok && matches!(event.call, Call::Read(Some(_)))
    };
    history.events().iter().filter(saw).count()
}

#[test]
fn histories_of_the_reference_are_legal_for_the_search_too() {
    let mut seen = 0;
    for seed in 0..30 {
        let (outcome, clients) = recorded(&plan(seed), &Reference, &mut ()).expect("it boots");
        assert_eq!(outcome.violation, None);
        assert_eq!(judged(&clients.history), Verdict::Linearizable, "seed {seed}");
        seen += reads(&clients.history);
    }
    assert!(seen > 500, "{seen} reads");
}

#[test]
fn a_reported_failure_that_happened_is_found_in_the_history() {
    let denies = ChangedAnswers(|| Box::new(Denies::default()));
    for seed in 0..400 {
        let (outcome, clients) = recorded(&plan(seed), &denies, &mut ()).expect("it boots");
        let property = outcome.violation.map(|(_, violation)| violation.property);
        match (property, judged(&clients.history)) {
            (Some(Property::Linearizability), Verdict::Illegal(_)) => return,
            (None, Verdict::Linearizable) => {}
            (property, verdict) => panic!("seed {seed}: {property:?}, {verdict:?}"),
        }
    }
    panic!("no seed shows it");
}

#[test]
fn a_finding_shrinks_to_a_scenario_that_shows_it() {
    let denies = ChangedAnswers(|| Box::new(Denies::default()));
    let (_, shrunk) = common::shrunk(&plan, 0, Property::Linearizability, &denies);
    let text = shrunk.scenario.expect("exact steps show it");
    let Replayed::Failed(failure) = replay(&parsed(&text), &denies, &mut ()) else {
        panic!("it passes:\n{text}")
    };
    assert!(failure.message.starts_with("Linearizability"), "{text}");
    assert!(shrunk.steps <= 20, "{text}");
}

#[test]
fn the_file_of_a_run_is_legal_and_a_broken_copy_is_not() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("histories");
    // A file of the last run would not be overwritten.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    let raft_sim = |args: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_raft-sim"));
        program.current_dir(&folder).args(args).assert()
    };
    let seed = ["run", "--seed", "3", "--profile", "clients", "--admin", "reads,sessions"];
    raft_sim(&[&seed[..], &["--history", "legal.jsonl"]].concat()).success();
    raft_sim(&["check", "legal.jsonl"]).success();
    let text = fs::read_to_string(folder.join("legal.jsonl")).expect("it was written");
    let read = |line: &&str| line.contains(r#""type":"ok","f":"read""#);
    let last = text.lines().rfind(read).expect("there is a read");
    let (first, _) = last.split_once(r#""value":"#).expect("what was read");
    let broken = text.replace(last, &format!("{first}\"value\":1000000}}"));
    fs::write(folder.join("broken.jsonl"), broken).expect("the file can be written");
    raft_sim(&["check", "broken.jsonl"]).code(1);
}
