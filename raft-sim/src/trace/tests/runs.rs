//! Traces of whole runs: those of the reference core are never accused, whatever is left out of them; those of servers
//! with planted bugs are.

use super::*;
use crate::mix::{below, mix};
use crate::model::{Command, LogIndex, Payload};
use crate::plan::{Plan, PlanOptions};
use crate::reference::Reference;
use crate::run::run;
use crate::subject::{
    Boot, Capability, Effects, Event as Happens, Implementation, Role, Subject, View,
};

type Lines = Vec<(NodeId, String)>;

/// The trace of a run without checkers.
fn traced(seed: u64, implementation: &dyn Implementation) -> Lines {
    let plan = Plan::draw(seed, &PlanOptions::default());
    let mut recorder = Recorder::of(&plan);
    run(&plan, implementation, false, &mut recorder).expect("it boots");
    recorder.into_lines()
}

fn judged(what: &str, lines: &[&String]) -> Judgement {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let trace = read(&[("t".to_owned(), text.into_bytes())])
        .unwrap_or_else(|error| panic!("{what}: {error:?}"));
    judge(&trace)
}

#[test]
fn runs_of_the_reference_core_are_never_accused() {
    let mut exercised = vec![0; Property::LAST];
    for seed in 0..24 {
        let lines = traced(seed, &Reference);
        let whole: Vec<&String> = lines.iter().map(|(_, line)| line).collect();
        let found = judged("whole", &whole);
        assert_eq!(found.violation, None, "seed {seed}");
        for (sum, count) in exercised.iter_mut().zip(&found.exercised) {
            *sum += count;
        }
        // Another order of servers is the same trace.
        let mut shuffled: Vec<(u64, &String)> = Vec::new();
        let mut clocks = [0; 65];
        for (id, line) in &lines {
            let clock: &mut u64 = &mut clocks[id.0 as usize];
            *clock += below(mix(mix(seed, *clock), u64::from(id.0)), 100);
            shuffled.push((*clock, line));
        }
        shuffled.sort_by_key(|(clock, _)| *clock);
        let shuffled: Vec<&String> = shuffled.into_iter().map(|(_, line)| line).collect();
        assert_eq!(judged("shuffled", &shuffled).exercised, found.exercised, "seed {seed}");
    }
    for property in JUDGED {
        assert!(exercised[property as usize] > 0, "{} was never checked", property.name());
    }
}

#[test]
fn missing_events_accuse_no_server() {
    for seed in 0..4 {
        let lines = traced(seed, &Reference);
        let draw = |what: u64, bound: usize| below(mix(mix(seed, what), 7), bound as u64) as usize;
        let mut counts = [0; 65];
        for (id, _) in &lines {
            counts[id.0 as usize] += 1;
        }
        let number = |until: usize| {
            let id = lines[until].0;
            lines[..until].iter().filter(|(other, _)| *other == id).count()
        };
        let part = |id: NodeId, of: usize| draw(u64::from(id.0), counts[id.0 as usize] / of + 1);
        let gone = NodeId(draw(99, 3) as u32 + 1);
        let keeps: [(&str, &dyn Fn(usize) -> bool); 5] = [
            ("a server", &|at| lines[at].0 != gone),
            ("half of the servers", &|at| draw(u64::from(lines[at].0.0), 2) == 0),
            ("ends", &|at| number(at) < part(lines[at].0, 1)),
            ("beginnings", &|at| number(at) >= part(lines[at].0, 1)),
            ("short beginnings", &|at| number(at) >= part(lines[at].0, 8)),
        ];
        for (what, keep) in keeps {
            let kept: Vec<&String> =
                (0..lines.len()).filter(|at| keep(*at)).map(|at| &lines[at].1).collect();
            if !kept.is_empty() {
                assert_eq!(judged(what, &kept).violation, None, "{what} of seed {seed}");
            }
        }
        let some = |nth: usize| {
            (0..KINDS.len()).filter(move |at| draw(1000 + nth as u64, 256) >> at & 1 == 1)
        };
        let mut left_out: Vec<Vec<&str>> = KINDS.iter().map(|kind| vec![*kind]).collect();
        left_out.extend((0..8).map(|nth| some(nth).map(|at| KINDS[at]).collect()));
        for kinds in left_out {
            let kept = without(&lines, &kinds);
            let kept: Vec<&String> = kept.iter().collect();
            assert_eq!(judged("some", &kept).violation, None, "{kinds:?} of seed {seed}");
        }
    }
}

/// The kinds of events that need not be written.
const KINDS: [&str; 8] =
    ["candidate", "vote", "commit", "apply", "leader", "append", "follower", "snapshot"];

/// All events but those of some kinds, with `durable` events counted anew.
fn without(lines: &Lines, kinds: &[&str]) -> Vec<String> {
    let mut counts: Vec<Vec<u64>> = vec![Vec::new(); 65];
    let mut kept = Vec::new();
    for (id, line) in lines {
        let mut value: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        let counts = &mut counts[id.0 as usize];
        if value["event"] == "start" {
            counts.clear();
        }
        if let Some(events) = value["events"].as_u64() {
            value["events"] = counts[events as usize - 1].into();
        }
        let keep = !kinds.iter().any(|kind| value["event"] == *kind);
        counts.push(counts.last().copied().unwrap_or(0) + u64::from(keep));
        if keep {
            kept.push(value.to_string());
        }
    }
    kept
}

/// The reference core with a bug.
struct Broken(Bug);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    /// Forgets its vote in a crash.
    ForgetsItsVote,
    /// S2 applies other commands.
    AppliesAnother,
    /// Leads the term in which it stands.
    ElectsItself,
    /// A follower commits what it has.
    CommitsAll,
}

struct Server {
    core: Box<dyn Subject>,
    bug: Bug,
    id: NodeId,
    /// The view of the core.
    view: View,
    /// The length of its log.
    length: u64,
}

impl Implementation for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn capabilities(&self) -> &[Capability] {
        Reference.capabilities()
    }

    fn boot(&self, mut boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        if self.0 == Bug::ForgetsItsVote {
            boot.hard_state.voted_for = None;
        }
        let (id, length) = (boot.id, 0);
        let (core, view) = Reference.boot(boot)?;
        Ok((Box::new(Server { core, bug: self.0, id, view, length }), view))
    }
}

impl Subject for Server {
    fn step(&mut self, event: Happens, effects: &mut Effects) {
        effects.view = self.view;
        self.core.step(event, effects);
        self.view = effects.view;
        for log in effects.writes.iter().filter_map(|write| write.log.as_ref()) {
            self.length = log.from.get() - 1 + log.entries.len() as u64;
        }
        match self.bug {
            Bug::ForgetsItsVote => {}
            Bug::AppliesAnother => {
                for applied in effects.applied.iter_mut().filter(|_| self.id == NodeId(2)) {
                    if let Payload::Command(command) = &mut applied.entry.payload {
                        *command = Command::from(&b"another"[..]);
                    }
                }
            }
            Bug::ElectsItself => {
                if effects.view.role == Role::Candidate {
                    effects.view.role = Role::Leader;
                }
            }
            Bug::CommitsAll => {
                if effects.view.role == Role::Follower {
                    effects.view.commit = effects.view.commit.max(LogIndex::new(self.length));
                }
            }
        }
    }
}

#[test]
fn servers_with_bugs_are_accused() {
    for (bug, expected) in [
        (Bug::ForgetsItsVote, &[Property::Monotonicity, Property::OneVotePerTerm][..]),
        (Bug::AppliesAnother, &[Property::StateMachineSafety]),
        (Bug::ElectsItself, &[Property::LegalRoles, Property::ElectionSafety]),
        (
            Bug::CommitsAll,
            &[
                Property::CommittedNeverTruncated,
                Property::StateMachineSafety,
                Property::Monotonicity,
                Property::LeaderCompleteness,
            ],
        ),
    ] {
        let seen = (0..60).find_map(|seed| {
            let lines = traced(seed, &Broken(bug));
            let lines: Vec<&String> = lines.iter().map(|(_, line)| line).collect();
            judged("broken", &lines).violation
        });
        let (violation, events) = seen.unwrap_or_else(|| panic!("no seed showed {bug:?}"));
        assert!(expected.contains(&violation.property), "{bug:?}: {violation}");
        assert!(!events.is_empty());
    }
}
