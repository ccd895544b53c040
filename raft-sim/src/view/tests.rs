//! The data of pages: it says what the simulator had, and what was planted can be found in it.
//!
//! `check` in `raft-sim/page` runs these tests first. They write their runs below `target/page`, with the states that the
//! page's own tests compare.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

use serde_json::{Value, json};

use super::{About, Recorder, Run, Shown, data, history, page};
use crate::checker::Property;
use crate::disk::{Disk, Torn};
use crate::history::{Limits, check, read};
use crate::model::{AppendReply, Body, Entry, LogIndex, Message, NodeId, Position, Term, length};
use crate::observation::{Observation, Observer, Stop};
use crate::plan::{Plan, PlanOptions};
use crate::reference::Reference;
use crate::run;
use crate::scenario::packaged::PACKAGED;
use crate::scenario::parse::parse;
use crate::scenario::replay::{Failure, Verdict, replay};
use crate::subject::{
    Answer, Boot, Capability, Effects, Event, Implementation, Role, Subject, Token, View,
};
use crate::time::Micros;

/// Observes what the servers of a run have, by the simulator's own disks.
#[derive(Default)]
struct States {
    servers: Vec<Known>,
    recorder: Recorder,
    /// The state after each record at which one is asked for.
    states: Vec<Value>,
    /// Of so many records one.
    every: u64,
}

#[derive(Default)]
struct Known {
    up: bool,
    view: View,
    disk: Disk,
}

impl States {
    fn server(&mut self, id: NodeId) -> &mut Known {
        let slot = id.0 as usize - 1;
        self.servers.resize_with(self.servers.len().max(slot + 1), Known::default);
        &mut self.servers[slot]
    }

    fn state(&self, record: u64) -> Value {
        let positions = |log: &[Entry]| -> Vec<String> {
            log.iter().map(|entry| entry.position().to_string()).collect()
        };
        let servers = self.servers.iter().map(|Known { up, view, disk }| {
            let role = ["follower", "candidate", "leader"][view.role as usize];
            let (state, log) = (disk.hard_state(), disk.written_log());
            json!({
                "up": up,
                "role": if *up { role } else { "down" },
                "term": if *up { view.term.0 } else { state.term.0 },
                "vote": if *up { view.voted_for } else { state.voted_for }.map_or(0, |id| id.0),
                "commit": if *up { length(view.commit) } else { 0 },
                "applied": if *up { length(view.applied) } else { 0 },
                "log": positions(&log),
                "snapshot": length(disk.written_snapshot().map(|it| it.last.index)),
                "diskTerm": state.term.0,
                "diskVote": state.voted_for.map_or(0, |id| id.0),
                "diskLog": positions(disk.log()),
                "unsynced": disk.unsynced(),
            })
        });
        json!({ "record": record, "servers": servers.collect::<Vec<Value>>() })
    }
}

impl Observer for States {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Booted { server, disk, view, .. } => {
                let known = self.server(*server);
                (known.up, known.view) = (true, *view);
                if disk.snapshot.is_none() {
                    known.disk = Disk::new(disk.hard_state, disk.log.to_vec());
                }
            }
            Observation::Stepped { server, effects, .. } => {
                let known = self.server(*server);
                known.view = effects.view;
                for write in &effects.writes {
                    known.disk.submit(write.clone(), None);
                }
            }
            Observation::Durable { server, write } => {
                let disk = &mut self.server(*server).disk;
                let kept = write.log.as_ref().map_or(0, |log| log.entries.len());
                let torn = if disk.oldest_has_snapshot() && write.snapshot.is_none() {
                    Some(Torn::Snapshot)
                } else {
                    (kept < disk.oldest_appends()).then_some(Torn::Entries(kept))
                };
                match torn {
                    None => disk.sync_next(Token(u64::MAX)),
                    Some(torn) => disk.tear(torn),
                };
            }
            Observation::Crashed { server, .. } => {
                let known = self.server(*server);
                known.up = false;
                known.disk.lose_unsynced();
            }
            _ => {}
        }
        self.recorder.observe(at, observation)?;
        let count = self.recorder.0.tape.count;
        let wanted = (self.states.len() as u64 + 1) * self.every;
        if count > wanted && !matches!(observation, Observation::Took { .. }) {
            self.states.push(self.state(count - 1));
        }
        Ok(())
    }
}

/// Writes a file for the page's own tests.
fn keep(name: &str, text: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/page");
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join(name), text).expect("a file can be written");
}

fn drawn(seed: u64, options: &str) -> Plan {
    Plan::draw(seed, &PlanOptions::parse(options).expect("these are options"))
}

#[test]
fn the_states_of_a_run_are_exported_for_the_page() {
    for (seed, options) in [(42, ""), (7, "--faults crash,slow-disk,loss --servers 3")] {
        let plan = Plan { healing: None, ..drawn(seed, options) };
        let mut states = States { every: 90, ..States::default() };
        let outcome = run::run(&plan, &Reference, true, &mut states).expect("servers boot");
        assert_eq!(outcome.violation, None);
        let States { states, recorder, .. } = states;
        assert!(states.len() >= 50, "{}", states.len());
        let run =
            recorder.into_run(About { title: format!("seed {seed}"), ..About::of_plan(&plan) });
        keep(&format!("states-{seed}.html"), &page(&[run]));
        keep(&format!("states-{seed}.json"), &Value::from(states).to_string());
    }
}

#[test]
fn the_same_run_makes_the_same_page() {
    let made = || {
        let plan = drawn(7, "");
        let mut recorder = Recorder::new();
        run::run(&plan, &Reference, true, &mut recorder).expect("servers boot");
        data(&recorder.into_run(About::of_plan(&plan))).0
    };
    let text = made();
    assert_eq!(text, made());
    assert!(text.is_ascii() && !text.contains('<'), "nothing in it ends its block");
}

#[test]
fn twenty_thousand_observations_take_less_than_five_megabytes() {
    let plan = drawn(1, "");
    let mut recorder = Recorder::new();
    run::run(&plan, &Reference, true, &mut recorder).expect("servers boot");
    let run = recorder.into_run(About::of_plan(&plan));
    assert!(run.observations() > 15_000, "{}", run.observations());
    let page = page(&[run]);
    assert!(page.len() < 1_000_000, "{}", page.len());
}

#[test]
fn the_scenarios_are_exported_for_the_page() {
    let (mut runs, mut controls) = (Vec::new(), Vec::new());
    for packaged in PACKAGED {
        let source = packaged.source();
        let mut scenario = parse(&source).expect("the packaged scenarios parse");
        let is_control = scenario.header.violates.take().is_some();
        let mut recorder = Recorder::new();
        let verdict = replay(&scenario, &Reference, &mut recorder);
        let mut about = About::of_scenario(&scenario, source.text());
        match verdict {
            Verdict::Passed => runs.push(data(&recorder.into_run(about)).0),
            Verdict::Failed(Failure { message, .. }) if is_control => {
                about.violation = Some(Shown {
                    property: "a property".to_owned(),
                    section: String::new(),
                    detail: message,
                    server: 0,
                    liveness: false,
                });
                controls.push(data(&recorder.into_run(about)).0);
            }
            Verdict::Failed(failure) => panic!("{}: {}", packaged.path, failure.message),
            Verdict::Skipped(_) => {}
        }
    }
    assert!(runs.len() > 400, "{}", runs.len());
    assert!(controls.len() >= 4, "{}", controls.len());
    keep("controls.json", &format!("[{}]", controls.join(",")));
    keep("scenarios.json", &format!("[{}]", runs.join(",")));
}

/// Bugs that are planted in the reference core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    /// A vote for another server is not written to the disk.
    VoteNotWritten,
    /// A vote goes to any candidate, whatever its log.
    AnyLog,
    /// A leader takes what it appends for acknowledged by all.
    CommitsAlone,
    /// A candidate takes a refusal for a vote.
    CountsRefusals,
    /// A server that becomes leader forgets its commit index.
    ForgetsCommit,
    /// Servers answer reads from their applied state, without asking a leader.
    StaleReads,
}

/// The times and servers of the steps in which a bug acted.
type Acts = Rc<RefCell<Vec<(Micros, u32)>>>;

struct Planted(Bug, Acts);

struct Server {
    core: Box<dyn Subject>,
    id: NodeId,
    servers: Vec<NodeId>,
    bug: Bug,
    acts: Acts,
}

impl Implementation for Planted {
    fn name(&self) -> &str {
        "planted"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (id, servers, Planted(bug, acts)) = (boot.id, boot.members.clone(), self);
        let (core, view) = Implementation::boot(&Reference, boot)?;
        Ok((Box::new(Server { core, id, servers, bug: *bug, acts: acts.clone() }), view))
    }
}

/// A candidate's log that is more up-to-date than any.
const BEST: Option<Position> = Some(Position { index: LogIndex::FIRST, term: Term(1_000_000) });

impl Subject for Server {
    fn step(&mut self, mut event: Event, effects: &mut Effects) {
        if let (Event::Read(request), Bug::StaleReads, Some(applied)) =
            (&event, self.bug, effects.view.applied)
        {
            effects.answers.push((*request, Answer::Read(applied)));
            return;
        }
        let (before, honest) = (effects.view, self.core.fork());
        if let (Event::Receive(message), Some(mut honest)) = (&mut event, honest) {
            let mut right =
                Effects { view: before, instant: effects.instant, ..Effects::default() };
            let original = Event::Receive(message.clone());
            match (&mut message.body, self.bug) {
                (Body::RequestVote { last, .. }, Bug::AnyLog) => *last = BEST,
                (Body::RequestVoteReply { granted }, Bug::CountsRefusals) => *granted = true,
                _ => {}
            }
            honest.step(original, &mut right);
            self.core.step(event, effects);
            if right.view.voted_for != effects.view.voted_for
                || right.view.role != effects.view.role
            {
                self.acts(effects.now);
            }
        } else {
            self.core.step(event, effects);
        }
        let after = effects.view;
        match self.bug {
            Bug::VoteNotWritten => {
                let (id, mut acts) = (self.id, false);
                for state in effects.writes.iter_mut().filter_map(|write| write.hard_state.as_mut())
                {
                    if state.voted_for.is_some_and(|candidate| candidate != id) {
                        (state.voted_for, acts) = (None, true);
                    }
                }
                if acts {
                    self.acts(effects.now);
                }
            }
            Bug::CommitsAlone if after.role == Role::Leader => {
                let appended = effects.writes.iter().filter_map(|write| write.log.as_ref());
                let Some(matched) = appended.filter_map(|log| log.entries.last()).next_back()
                else {
                    return;
                };
                let matched = Some(matched.index);
                for from in self.servers.clone().into_iter().filter(|from| *from != self.id) {
                    let reply = AppendReply::Success { matched };
                    let body = Body::AppendEntriesReply { reply, round: 0 };
                    let message = Message::new(from, self.id, after.term, body);
                    self.core.step(Event::Receive(message), effects);
                }
                effects.matched = None;
                if effects.view.commit != after.commit {
                    self.acts(effects.now);
                }
            }
            Bug::ForgetsCommit if after.role == Role::Leader && before.role != Role::Leader => {
                if effects.view.commit.take().is_some() {
                    self.acts(effects.now);
                }
            }
            Bug::AnyLog
            | Bug::CountsRefusals
            | Bug::CommitsAlone
            | Bug::ForgetsCommit
            | Bug::StaleReads => {}
        }
    }
}

impl Server {
    fn acts(&self, now: Micros) {
        self.acts.borrow_mut().push((now, self.id.0));
    }
}

/// The first run in which a bug is seen later than it acts, or, if there is none, as it acts. Properties that see it at
/// once are set aside.
fn planted(bug: Bug) -> (Run, Vec<(Micros, u32)>, bool) {
    let mut at_once = None;
    for seed in 0..60 {
        let mut plan = drawn(seed, "--servers 3 --faults crash,loss,partition");
        for _ in 0..8 {
            let planted = Planted(bug, Acts::default());
            let mut recorder = Recorder::new();
            let outcome = run::run(&plan, &planted, true, &mut recorder).expect("servers boot");
            let acts = planted.1.take();
            let Some((time, violation)) = &outcome.violation else { break };
            if acts.is_empty() || violation.property == Property::NoPanic {
                break;
            }
            let about = About {
                title: format!("{bug:?}, seed {seed}"),
                violation: Some(Shown::of(violation)),
                ..About::of_plan(&plan)
            };
            let run = recorder.into_run(about);
            let now = acts.iter().any(|(at, server)| at == time && *server == violation.server.0);
            // A commit index that goes back is seen at once, whatever is set aside.
            if !now || bug == Bug::ForgetsCommit {
                return (run, acts, !now);
            }
            plan.set_aside.push(violation.property);
            at_once.get_or_insert((run, acts, false));
        }
    }
    at_once.expect("a planted bug is found")
}

#[test]
fn runs_with_planted_bugs_are_exported_for_the_page() {
    let bugs = [
        Bug::VoteNotWritten,
        Bug::AnyLog,
        Bug::CommitsAlone,
        Bug::CountsRefusals,
        Bug::ForgetsCommit,
    ];
    let mut all = Vec::new();
    for bug in bugs {
        let (run, acts, later) = planted(bug);
        let file = format!("planted-{bug:?}.html");
        all.push(json!({ "file": file, "acts": acts, "later": later }));
        keep(&file, &page(&[run]));
    }
    let later = all.iter().filter(|row| row["later"] == true).count();
    assert!(later >= 3, "most are seen only later than they act: {all:?}");
    keep("planted.json", &Value::from(all).to_string());
}

#[test]
fn a_run_with_a_stale_read_shows_the_operations_that_contradict_it() {
    for seed in 0..60 {
        let mut plan = drawn(seed, "--servers 3 --faults crash,partition");
        plan.clients.reads = 50;
        for _ in 0..8 {
            let planted = Planted(Bug::StaleReads, Acts::default());
            let mut recorder = Recorder::new();
            let (outcome, clients) =
                run::recorded(&plan, &planted, &mut recorder).expect("servers boot");
            let Some((_, violation)) = &outcome.violation else { break };
            if violation.property != Property::Linearizability {
                plan.set_aside.push(violation.property);
                continue;
            }
            let title = format!("stale read, seed {seed}");
            let violation = Some(Shown::of(violation));
            let mut about = About { title, violation, ..About::of_plan(&plan) };
            recorder.explain(&clients, &mut about);
            assert!(about.conflict.is_some() && !about.lanes.is_empty(), "seed {seed}");
            return keep("stale-read.html", &page(&[recorder.into_run(about)]));
        }
    }
    panic!("no seed shows it");
}

#[test]
fn histories_are_exported_for_the_page() {
    for (name, lanes) in [("stale-read.jsonl", 3), ("legal.edn", 2)] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/histories").join(name);
        let bytes = fs::read(&path).expect("the file is there");
        let clients = read(&bytes).expect("it is a history");
        let verdict = check(&clients, &Limits::default());
        let run = history(&clients, &verdict, name.to_owned(), String::new());
        assert_eq!(run.observations(), clients.events().len() as u64);
        assert!(run.about.lanes.len() >= lanes, "{:?}", run.about.lanes);
        assert_eq!(run.about.conflict.is_some(), name == "stale-read.jsonl");
        keep(&format!("history-{name}.html"), &page(&[run]));
    }
}
