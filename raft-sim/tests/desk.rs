//! The desk at which a session is asked in JSON, as the WebAssembly module offers it.

use raft_sim::desk::Desk;
use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::subject::{Answer, Boot, Capability, Effects, Event, Implementation, Subject, View};
use serde_json::{Value, json};

fn ask(desk: &mut Desk<'_>, request: &Value) -> Value {
    let answer = desk.ask(&request.to_string());
    serde_json::from_str(&answer).expect("an answer is JSON")
}

fn options(capabilities: bool) -> PlanOptions {
    let known = capabilities.then(|| Implementation::capabilities(&Reference).to_vec());
    let mut options = PlanOptions { capabilities: known, ..PlanOptions::default() };
    (options.servers, options.duration_ms) = (Some(3), Some(500));
    options
}

fn loaded() -> Desk<'static> {
    let mut desk = Desk::new(&Reference);
    let load =
        json!({ "op": "load", "seed": "7", "options": { "servers": "3", "duration": "500" } });
    let summary = ask(&mut desk, &load);
    assert_eq!(summary["error"], Value::Null, "{summary}");
    desk
}

#[test]
fn the_run_of_a_seed_has_the_digest_of_the_program() {
    let mut desk = loaded();
    let plan = Plan::draw(7, &options(true));
    let outcome = run(&plan, &Reference, true, ()).expect("its servers boot");
    let branches = ask(&mut desk, &json!({ "op": "branches" }));
    let summary = &branches["branches"][0];
    assert_eq!(summary["digest"], format!("{:016x}", outcome.digest));
    assert_eq!((&summary["held"], &summary["parent"]), (&json!(true), &Value::Null));
    // The same plan by itself is the same run.
    let of_plan = ask(&mut desk, &json!({ "op": "load", "plan": plan }));
    assert_eq!(of_plan["digest"], summary["digest"]);
}

#[test]
fn a_branch_is_made_looked_at_and_saved() {
    let mut desk = loaded();
    let step = 900;
    let enabled = ask(&mut desk, &json!({ "op": "enabled", "branch": 0, "step": step }));
    let choices = enabled["enabled"].as_array().expect("a list");
    let crash = choices.iter().find(|choice| choice["text"] == "crash S2").expect("S2 is up");
    let apply = json!({ "op": "apply", "branch": 0, "step": step, "action": crash["action"] });
    let branch = ask(&mut desk, &apply);
    assert_eq!(
        (&branch["branch"], &branch["parent"], &branch["forked"]),
        (&json!(1), &json!(0), &json!(step))
    );
    let state = ask(&mut desk, &json!({ "op": "state", "branch": 1, "step": step + 1 }));
    assert_eq!(state["servers"][1]["up"], json!(false), "{state}");
    for field in [
        "role", "term", "vote", "commit", "applied", "snapshot", "log", "durable", "unsynced",
        "next", "match",
    ] {
        assert!(state["servers"][0].get(field).is_some(), "{field}");
    }
    let steps =
        ask(&mut desk, &json!({ "op": "steps", "branch": 1, "from": step, "to": step + 2 }));
    let steps = steps["steps"].as_array().expect("a list");
    assert_eq!(
        steps.iter().map(|it| it["step"].as_u64()).collect::<Vec<_>>(),
        [Some(900), Some(901), Some(902)]
    );
    assert_eq!((&steps[1]["text"], &steps[1]["injected"]), (&json!("crash S2"), &json!(true)));
    let lines =
        ask(&mut desk, &json!({ "op": "observations", "branch": 1, "from": step, "to": step + 1 }));
    let lines = lines["lines"].as_array().expect("a list");
    assert!(lines[0].as_str().is_some_and(|line| line.contains(r#""type":"action""#)), "{lines:?}");
    let page = ask(&mut desk, &json!({ "op": "page", "branches": [1, 0] }));
    let page = page["page"].as_str().expect("a page");
    assert_eq!(page.matches("class=\"run\"").count(), 2);
    let saved = ask(&mut desk, &json!({ "op": "save", "branch": 1, "step": step + 1 }));
    assert_eq!((&saved["same"], &saved["verdict"]), (&json!(true), &json!("passed")), "{saved}");
    let likely = json!({ "op": "likelihood", "branch": 1, "step": step, "runs": 3, "first": 10 });
    assert_eq!(ask(&mut desk, &likely), json!({ "runs": 3, "held": 3, "violated": {} }));
}

#[test]
fn a_request_that_is_wrong_is_answered_with_the_reason() {
    let mut desk = Desk::new(&Reference);
    let state = json!({ "op": "state", "branch": 0, "step": 0 });
    assert_eq!(ask(&mut desk, &state)["error"], "nothing is loaded");
    let mut desk = loaded();
    for (request, why) in [
        (json!({ "op": "dance" }), "unknown variant `dance`"),
        (json!({ "op": "state", "branch": 0 }), "missing field `step`"),
        (json!({ "op": "state", "branch": 0, "step": 1_000_000 }), "branch 0 has no step 1000000"),
        (json!({ "op": "load" }), "load takes a seed, a plan or a scenario"),
        (json!({ "op": "load", "seed": "many" }), "`many` is no seed"),
        (
            json!({ "op": "load", "seed": "1", "options": { "colour": "red" } }),
            "there is no option `colour`",
        ),
        (json!({ "op": "load", "seed": "1", "options": { "servers": "0" } }), "servers: "),
        (json!({ "op": "load", "scenario": "nonsense" }), "scenario:1:1: "),
        (
            json!({ "op": "likelihood", "branch": 0, "step": 0, "runs": 5_000, "first": 0 }),
            "at most 1000 runs",
        ),
        (
            json!({ "op": "apply", "branch": 0, "step": 0, "action": { "type": "tick", "server": 9 } }),
            "no server S9",
        ),
    ] {
        let answer = ask(&mut desk, &request);
        assert!(
            answer["error"].as_str().is_some_and(|error| error.contains(why)),
            "{request}: {answer}"
        );
    }
    // What was loaded is still there.
    assert_eq!(ask(&mut desk, &state)["step"], 0);
    assert_eq!(ask(&mut desk, &json!({ "op": "version" }))["version"], 1);
}

#[test]
fn a_run_is_made_from_an_empty_cluster_and_drawn() {
    let mut desk = Desk::new(&Reference);
    let scenario = "scenario  Three servers\npaper     §5\nservers   S1 S2 S3\n";
    let summary = ask(&mut desk, &json!({ "op": "load", "scenario": scenario }));
    assert_eq!(summary["steps"], 0);
    let stands = ask(&mut desk, &json!({ "op": "time-out", "branch": 0, "step": 0, "server": 2 }));
    let step = stands["steps"].as_u64().expect("a number");
    assert!(step >= 10, "{stands}");
    let leads = ask(&mut desk, &json!({ "op": "deliver-all", "branch": 1, "step": step }));
    assert_eq!(leads["held"], true);
    let state = ask(
        &mut desk,
        &json!({ "op": "state", "branch": leads["branch"], "step": leads["steps"] }),
    );
    assert_eq!(state["servers"][1]["role"], "Leader");
    let drawn = ask(&mut desk, &json!({ "op": "data", "branch": leads["branch"] }));
    let data: Value = serde_json::from_str(drawn["data"].as_str().expect("a text")).expect("JSON");
    assert_eq!(data["servers"], 3);
    assert_eq!(drawn["sum"].as_str().map(str::len), Some(8));
    let none = ask(&mut desk, &json!({ "op": "time-out", "branch": 0, "step": 0, "server": 9 }));
    assert_eq!(none["error"], "there is no server S9");
}

/// The reference core with a bug: servers answer reads from their applied state, without asking a leader.
struct Stale;

struct Server(Box<dyn Subject>);

impl Implementation for Stale {
    fn name(&self) -> &str {
        "stale"
    }

    fn capabilities(&self) -> &[Capability] {
        Reference.capabilities()
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Reference.boot(boot)?;
        Ok((Box::new(Server(server)), view))
    }
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        if let (Event::Read(request), Some(applied)) = (&event, effects.view.applied) {
            effects.answers.push((*request, Answer::Read(applied)));
        } else {
            self.0.step(event, effects);
        }
    }
}

#[test]
fn a_scenario_with_a_stale_read_is_drawn_with_the_operations_that_contradict_each_other() {
    let mut set_aside = String::new();
    for _ in 0..8 {
        let scenario = format!(
            "scenario  A stale read\npaper     §8\nservers   S1 S2 S3\n{set_aside}\nelect S1\npropose S1 x\n\
             settle\nread S3 r\n"
        );
        let mut desk = Desk::new(&Stale);
        let summary = ask(&mut desk, &json!({ "op": "load", "scenario": scenario }));
        let property = summary["violation"]["property"].as_str();
        let property = property.unwrap_or_else(|| panic!("{summary}")).to_owned();
        if property != "linearizability" {
            let first = if set_aside.is_empty() { "set-aside" } else { "" };
            set_aside += &format!("{first} {property}");
            continue;
        }
        let drawn = ask(&mut desk, &json!({ "op": "data", "branch": 0 }));
        let data = drawn["data"].as_str().expect("a text");
        let data: Value = serde_json::from_str(data).expect("JSON");
        let operations = data["conflict"]["operations"].as_array().expect("a list");
        let texts: Vec<&Value> = operations.iter().map(|operation| &operation["text"]).collect();
        assert_eq!(texts, ["write 1", "read nothing"]);
        return;
    }
    panic!("other properties are violated first: {set_aside}");
}
