//! Exports: what is written can be read back, and is what the formats ask for.

use std::collections::BTreeMap;

use raft_sim::digest::Digest;
use raft_sim::export::lines::{Recorded, Writer, read};
use raft_sim::export::{About, End, chrome, shiviz};
use raft_sim::observation::Observer;
use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::{Outcome, run};
use serde_json::Value;

#[expect(dead_code, reason = "the pages that show whole outputs are others' tests")]
mod program;

use program::{root, said};

fn plan(seed: u64) -> Plan {
    Plan::draw(seed, &PlanOptions { duration_ms: Some(600), ..PlanOptions::default() })
}

fn about(plan: &Plan) -> About {
    About {
        name: format!("seed {}", plan.seed),
        subject: "raft-core".to_owned(),
        servers: plan.servers().count() as u32,
        faults: plan.faults.iter().map(|fault| fault.kind.to_string()).collect(),
    }
}

fn observed(plan: &Plan, observer: &mut impl Observer) -> Outcome {
    run(plan, &Reference, true, observer).expect("its servers boot")
}

fn end() -> End {
    End::without_violation("all held".to_owned())
}

fn lines(seed: u64) -> (Vec<u8>, Outcome) {
    let plan = plan(seed);
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, &about(&plan)).expect("memory takes it");
    let outcome = observed(&plan, &mut writer);
    writer.finish(end()).expect("memory takes it");
    (bytes, outcome)
}

#[test]
fn json_lines_are_read_back_as_they_were() {
    for seed in 0..8 {
        let (bytes, outcome) = lines(seed);
        let recorded = read(&bytes[..]).expect("it was just written");
        let mut digest = Digest::new(plan(seed).seed);
        recorded.replay(&mut digest).expect("a digest ends no run");
        assert_eq!(digest.value(), outcome.digest, "seed {seed}");
        let mut again = Vec::new();
        let mut writer = Writer::new(&mut again, &recorded.about).expect("memory takes it");
        recorded.replay(&mut writer).expect("memory takes it");
        writer.finish(recorded.end).expect("memory takes it");
        assert!(bytes == again, "seed {seed}");
    }
}

fn refused(text: &[u8]) -> (u64, String) {
    read(text).map(|Recorded { about, .. }| about).expect_err("it is refused")
}

#[test]
fn a_file_of_another_version_or_format_or_that_is_cut_is_refused() {
    let (bytes, _) = lines(0);
    let text = String::from_utf8(bytes).expect("it is text");
    let changed = |from: &str, to: &str| refused(text.replacen(from, to, 1).as_bytes());
    let version = changed("\"version\":1", "\"version\":2");
    let says = "version 2 of `raft-sim observations`, but this program reads version 1";
    assert_eq!(version, (1, says.to_owned()));
    let (line, why) = changed("raft-sim observations", "something");
    assert!(line == 1 && why.starts_with("the format is `something`; expected "), "{why}");
    let (line, why) = refused(b"MIT License\n");
    assert!(line == 1 && why.starts_with("the first line is no header; expected "), "{why}");
    assert!(refused(b"").1.starts_with("the file is empty; expected "));
    let count = text.lines().count();
    let whole: Vec<&str> = text.lines().collect();
    let (line, why) = refused(whole[..count - 1].join("\n").as_bytes());
    assert_eq!(line, count as u64 - 1);
    assert_eq!(why, "the file is cut off: its last line, with `end`, is missing");
    let (line, why) = refused(&text.as_bytes()[..text.find("\"took\"").expect("a step") + 3]);
    assert!(why.starts_with("the file is cut off: no observation of version 1: "), "{line}: {why}");
    let (_, why) = changed("\"type\":\"took\"", "\"type\":\"taken\"");
    assert!(why.starts_with("no observation of version 1: unknown variant `taken`"), "{why}");
    let without = [&whole[..5], &whole[6..]].concat().join("\n");
    let (line, why) = refused(without.as_bytes());
    assert_eq!(line, count as u64 - 1);
    assert!(why.ends_with(&format!("the file has {}", count - 3)), "{why}");
}

/// The events of a trace, without those that only name tracks.
fn trace(seed: u64) -> Vec<Value> {
    let plan = plan(seed);
    let mut recorder = chrome::Recorder::new(about(&plan));
    observed(&plan, &mut recorder);
    let trace = recorder.finish(&end());
    let events = trace["traceEvents"].as_array().expect("a list").clone();
    events.into_iter().filter(|event| event["ph"] != "M").collect()
}

#[test]
fn a_chrome_trace_nests_its_slices_and_ends_its_flows_where_messages_arrive() {
    for seed in 0..8 {
        let mut now = 0;
        let mut open: BTreeMap<u64, u32> = BTreeMap::new();
        // The end of the last step of each track, and the flows that have begun.
        let (mut steps, mut flows) = (BTreeMap::new(), BTreeMap::new());
        for event in trace(seed) {
            let at = event["ts"].as_u64().expect("a time");
            assert!(at >= now, "{event}");
            now = at;
            let track = event["tid"].as_u64().unwrap_or_default();
            match event["ph"].as_str().expect("a phase") {
                "B" => *open.entry(track).or_default() += 1,
                "E" => {
                    let depth = open.get_mut(&track).filter(|depth| **depth > 0);
                    *depth.unwrap_or_else(|| panic!("{event}")) -= 1;
                }
                "X" => {
                    let before = steps.insert(track, at + event["dur"].as_u64().expect("a span"));
                    assert!(before <= Some(at), "steps overlap: {event}");
                }
                "s" => assert_eq!(flows.insert(event["id"].to_string(), at), None, "{event}"),
                "f" => {
                    let sent = flows.remove(&event["id"].to_string()).expect("it was sent");
                    assert!(sent <= at && steps.get(&track) == Some(&(at + 1)), "{event}");
                }
                "b" | "e" | "C" | "i" => {}
                other => panic!("{other}: {event}"),
            }
        }
        assert!(open.values().all(|depth| *depth == 0), "a slice has no end");
    }
}

#[test]
fn the_clocks_for_shiviz_are_vector_clocks() {
    let mut arrivals = 0;
    for seed in 0..8 {
        let plan = plan(seed);
        let mut recorder = shiviz::Recorder::new(plan.servers().count());
        observed(&plan, &mut recorder);
        let lines = recorder.into_lines();
        let mut known: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for event in lines.chunks(2) {
            let (host, clock) = event[0].split_once(' ').expect("a server and its clock");
            let clock: BTreeMap<String, u64> = serde_json::from_str(clock).expect("JSON");
            let before = known.get(host).cloned().unwrap_or_default();
            let own = |clock: &BTreeMap<String, u64>| clock.get(host).copied().unwrap_or(0);
            assert_eq!(own(&clock), own(&before) + 1, "{event:?}");
            assert!(before.iter().all(|(of, count)| clock[of] >= *count), "{event:?}");
            for (of, count) in clock.iter().filter(|(of, _)| *of != host) {
                let happened = known.get(of).and_then(|clock| clock.get(of));
                assert!(happened >= Some(count), "{event:?}: it knows the future");
            }
            if let Some((sender, _)) =
                event[1].strip_prefix("from ").and_then(|text| text.split_once(':'))
            {
                assert!(clock.contains_key(sender), "{event:?}");
                arrivals += 1;
            }
            known.insert(host.to_owned(), clock);
        }
    }
    assert!(arrivals > 1_000, "{arrivals} messages arrived");
}

#[test]
fn the_command_writes_and_reads_back() {
    let folder = std::env::temp_dir().join(format!("raft-sim-export-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (code, out, err) = said(&folder, &["export", "figure-8-e", "--out", "run.jsonl"]);
    assert_eq!((code, &*out), (0, ""));
    assert!(err.ends_with(": passed\n"), "{err}");
    let (code, _, err) = said(&folder, &["export", "figure-8-e", "--out", "run.jsonl"]);
    assert!(code == 2 && err.contains("already exists"), "{err}");
    for format in ["jsonl", "chrome", "shiviz"] {
        let (code, direct, _) = said(&folder, &["export", "figure-8-e", "--format", format]);
        let (_, read, _) = said(&folder, &["export", "--lines", "run.jsonl", "--format", format]);
        assert!(code == 0 && direct == read, "{format}");
    }
    let license = root().join("LICENSE-MIT");
    let (code, _, err) = said(&folder, &["export", "--lines", &license.to_string_lossy()]);
    assert!(code == 2 && err.contains("LICENSE-MIT:1: the first line is no header"), "{err}");
    let (code, _, err) = said(&folder, &["export", "--lines", "run.jsonl", "--seed", "1"]);
    assert!(code == 2 && err.contains("cannot be used with"), "{err}");
    std::fs::remove_dir_all(&folder).expect("it is there");
}
