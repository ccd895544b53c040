//! The HTTP API, asked as any client would ask it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use raft_core::NodeId;
use raft_node::client::{Client, Options};
use raft_node::cluster::{Cluster, Plan};
use raft_node::types::{Joiner, Members, Written};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A cluster for one test, and its directory, which is gone afterwards.
struct World {
    runtime: Runtime,
    cluster: Option<Cluster>,
    data: PathBuf,
    agent: ureq::Agent,
}

/// What a server answered.
struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

impl World {
    fn new(name: &str, lines: &str) -> World {
        let data = std::env::temp_dir().join(format!("raft-node-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&data);
        let runtime = Runtime::new().expect("a runtime");
        let plan = Plan { lines: lines.to_string(), ..Plan::new(&data) };
        let cluster = runtime.block_on(Cluster::start(&plan)).expect("a cluster");
        runtime.block_on(cluster.leader()).expect("a leader");
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(20)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .build()
            .into();
        World { runtime, cluster: Some(cluster), data, agent }
    }

    fn change<T>(&mut self, change: impl AsyncFnOnce(&mut Cluster) -> T) -> T {
        self.runtime.block_on(change(self.cluster.as_mut().expect("it runs")))
    }

    fn api(&self, id: u32) -> String {
        let cluster = self.cluster.as_ref().expect("it runs");
        cluster.addresses()[&NodeId(id)].api.clone()
    }

    fn leader(&mut self) -> u32 {
        let cluster = self.cluster.as_ref().expect("it runs");
        self.runtime.block_on(cluster.leader()).expect("a leader").0
    }

    fn client(&self) -> Client {
        let cluster = self.cluster.as_ref().expect("it runs");
        Client::new(
            cluster.apis(),
            Options { patience: Duration::from_secs(30), ..Options::default() },
        )
        .expect("a client")
    }

    fn ask(
        &self,
        id: u32,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let uri = format!("http://{}{path}", self.api(id));
        let mut request = ureq::http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.agent.run(request.body(body).expect("a request")).expect("an answer");
        let (parts, mut body) = answer.into_parts();
        let body = body.read_to_vec().expect("a body");
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(cluster) = self.cluster.take() {
            self.runtime.block_on(cluster.stop());
        }
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

#[test]
fn a_key_is_set_read_compared_scanned_and_removed() {
    let mut world = World::new("key", "");
    let leader = world.leader();
    let put = world.ask(leader, "PUT", "/v1/keys/a%2Fb%20c", &[], b"one");
    assert_eq!((put.status, &put.json()["existed"]), (200, &json!(false)));
    let version = put.json()["index"].to_string();
    for id in 1..=3 {
        // Followers read linearizably, too.
        let get = world.ask(id, "GET", "/v1/keys/a%2Fb%20c", &[], b"");
        assert_eq!((get.status, &*get.body), (200, &b"one"[..]));
        assert_eq!(get.header("etag"), format!("\"{version}\""));
    }
    let swap = json!({ "expected": { "value": "one" }, "value": { "base64": "/w==" } });
    let swap = swap.to_string();
    let swapped = world.ask(leader, "POST", "/v1/cas/a%2Fb%20c", &[], swap.as_bytes());
    assert_eq!(swapped.status, 200);
    let refused = world.ask(leader, "POST", "/v1/cas/a%2Fb%20c", &[], swap.as_bytes());
    assert_eq!(
        (refused.status, refused.json()["actual"].clone()),
        (412, json!({ "base64": "/w==" }))
    );
    world.ask(leader, "PUT", "/v1/keys/a", &[], b"");
    let scan = world.ask(leader, "GET", "/v1/keys?prefix=a&limit=1", &[], b"").json();
    assert_eq!((&scan["items"][0]["key"], &scan["more"]), (&json!("a"), &json!(true)));
    assert_eq!(scan["items"][0]["value"], json!(""));
    let rest = world.ask(leader, "GET", "/v1/keys?prefix=a&after=a", &[], b"").json();
    assert_eq!((&rest["items"][0]["key"], &rest["more"]), (&json!("a/b c"), &json!(false)));
    assert_eq!(world.ask(leader, "DELETE", "/v1/keys/a", &[], b"").json()["existed"], json!(true));
    assert_eq!(world.ask(leader, "GET", "/v1/keys/a", &[], b"").status, 404);
}

#[test]
fn a_follower_redirects_or_forwards() {
    let mut world = World::new("redirect", "");
    let leader = world.leader();
    let follower = leader % 3 + 1;
    let answer = world.ask(follower, "PUT", "/v1/keys/k", &[], b"v");
    assert_eq!(answer.status, 307);
    assert_eq!(answer.header("location"), format!("http://{}/v1/keys/k", world.api(leader)));
    assert_eq!(answer.json()["leader"], json!(leader));
    drop(world);
    let mut world = World::new("forward", "follower = \"forward\"");
    let follower = world.leader() % 3 + 1;
    assert_eq!(world.ask(follower, "PUT", "/v1/keys/k", &[], b"v").status, 200);
    assert_eq!(world.ask(follower, "GET", "/v1/keys/k", &[], b"").body, b"v");
}

#[test]
fn a_command_under_a_serial_number_is_carried_out_once() {
    let mut world = World::new("once", "");
    let leader = world.leader();
    let session = world.ask(leader, "POST", "/v1/sessions", &[], b"").json()["session"].to_string();
    let put = |world: &World, leader: u32, serial: &str, value: &[u8]| {
        let headers = [("raft-session", &*session), ("raft-serial", serial)];
        let answer = world.ask(leader, "PUT", "/v1/keys/k", &headers, value);
        (answer.status, answer.json())
    };
    let (_, first) = put(&world, leader, "1", b"one");
    assert_eq!(put(&world, leader, "2", b"two").0, 200);
    // What was answered to the first is gone; what was answered to the second is not, also under another leader.
    assert_eq!(put(&world, leader, "1", b"one").0, 409);
    let again = put(&world, leader, "2", b"two");
    world.change(async |cluster| cluster.kill(NodeId(leader)).await);
    let mut client = world.client();
    client.put("other", b"").expect("two of three suffice");
    let next = world.leader();
    assert_ne!(next, leader);
    assert_eq!(put(&world, next, "2", b"two"), again);
    assert_ne!(first["index"], again.1["index"]);
    assert_eq!(client.get("k").expect("an answer"), Some(b"two".to_vec()));
}

#[test]
fn what_makes_no_sense_is_a_problem_and_no_panic() {
    let mut world = World::new("problems", "");
    let leader = world.leader();
    let long = format!("/v1/keys/{}", "k".repeat(2_000));
    let large = vec![0; (1 << 20) + 1];
    let session: &[(&str, &str)] = &[("raft-session", "77"), ("raft-serial", "1")];
    let half: &[(&str, &str)] = &[("raft-session", "77")];
    let word: &[(&str, &str)] = &[("raft-timeout-ms", "soon")];
    let no: &[(&str, &str)] = &[];
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a [u8], u16, &'a str);
    let cases: [Case<'_>; 20] = [
        ("GET", "/", no, b"", 404, "no-resource"),
        ("PATCH", "/v1/keys/k", no, b"", 405, "method-not-allowed"),
        ("GET", "/v1/keys/k?consistency=some", no, b"", 400, "malformed"),
        ("GET", "/v1/keys/%ff", no, b"", 400, "malformed"),
        ("GET", "/v1/keys?limit=0", no, b"", 400, "malformed"),
        ("GET", "/v1/keys?limit=many", no, b"", 400, "malformed"),
        ("GET", "/v1/keys?perfix=a", no, b"", 400, "malformed"),
        ("GET", &long, no, b"", 400, "malformed"),
        ("PUT", "/v1/keys/k", no, &large, 413, "too-large"),
        ("PUT", "/v1/keys/k", session, b"v", 410, "session-gone"),
        ("PUT", "/v1/keys/k", half, b"v", 400, "malformed"),
        ("PUT", "/v1/keys/k", word, b"v", 400, "malformed"),
        ("POST", "/v1/cas/k", no, b"{", 400, "malformed"),
        ("POST", "/v1/cas/k", no, br#"{"expected":{"base64":"?"},"value":null}"#, 400, "malformed"),
        ("POST", "/v1/cas/k", no, br#"{"expected":{},"value":null}"#, 400, "malformed"),
        ("GET", "/v1/log?from=0", no, b"", 400, "malformed"),
        ("PUT", "/v1/members", no, br#"{"voters":[]}"#, 400, "malformed"),
        ("PUT", "/v1/members", no, br#"{"voters":[1,9]}"#, 400, "malformed"),
        ("PUT", "/v1/members/4", no, br#"{"peer":"here","api":"there"}"#, 400, "malformed"),
        ("POST", "/v1/transfer", no, br#"{"to":9}"#, 409, "conflict"),
    ];
    for (method, path, headers, body, status, kind) in cases {
        let answer = world.ask(leader, method, path, headers, body);
        let problem = answer.json();
        assert_eq!(answer.status, status, "{method} {path}: {problem}");
        assert_eq!(problem["type"], format!("urn:raft-node:{kind}"), "{method} {path}: {problem}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], status);
    }
    // A body that goes on and on is not read to its end: the client sees the answer, or a broken connection.
    let huge = vec![0; 64 << 20];
    let uri = format!("http://{}/v1/keys/k", world.api(leader));
    let status = world.agent.put(uri).send(&huge[..]).map(|answer| answer.status().as_u16());
    assert!(status.as_ref().is_ok_and(|status| *status == 413) || status.is_err(), "{status:?}");
    assert_eq!(world.ask(leader, "PUT", "/v1/keys/k", &[], b"v").status, 200);
}

#[test]
fn a_token_is_asked_for() {
    let file = std::env::temp_dir().join(format!("raft-node-secret-{}", std::process::id()));
    std::fs::write(&file, "secret\n").expect("a file");
    let mut world = World::new("token", &format!("token_file = {file:?}"));
    let leader = world.leader();
    for headers in [&[][..], &[("authorization", "Bearer secreT")], &[("authorization", "secret")]]
    {
        let answer = world.ask(leader, "GET", "/v1/keys", headers, b"");
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"));
    }
    let right = [("authorization", "Bearer secret")];
    assert_eq!(world.ask(leader, "GET", "/v1/keys", &right, b"").status, 200);
    assert_eq!(world.ask(leader, "GET", "/health", &[], b"").status, 200);
    std::fs::remove_file(file).expect("it was there");
}

#[test]
fn servers_come_and_go_and_leadership_moves() {
    let mut world = World::new("members", "");
    let mut client = world.client();
    client.put("before", b"1").expect("written");
    let four = world.change(async |cluster| cluster.join(NodeId(4)).await).expect("it starts");
    let joiner = |learner| Joiner { peer: four.peer.clone(), api: four.api.clone(), learner };
    client.add(4, &joiner(true)).expect("added");
    assert_eq!(client.members().expect("members").learners, [4]);
    client.add(4, &joiner(false)).expect("promoted");
    client.transfer(4).expect("it leads");
    client.put("after", b"2").expect("written");
    let all: Vec<String> =
        client.scan("").expect("keys").into_iter().map(|item| item.key).collect();
    assert_eq!(all, ["after", "before"]);
    let stale = world.ask(4, "GET", "/v1/keys/before?consistency=stale", &[], b"");
    assert_eq!(stale.body, b"1");
    client.remove(1).expect("removed");
    let members = Members { voters: vec![2, 3, 4], ..Members::default() };
    assert_eq!(client.members().expect("members"), members);
    let joint = Members { voters: vec![1, 4], learners: vec![2], ..Members::default() };
    client.set_members(&joint).expect("changed, by joint consensus");
    assert_eq!(client.members().expect("members"), joint);
}

#[test]
fn a_watch_tells_each_change_once_and_in_order() {
    let mut world = World::new("watch", "");
    let leader = world.leader();
    let mut client = world.client();
    let Written { index, .. } = client.put("w/a", b"1").expect("written");
    let api = world.api(leader);
    let mut watcher = Client::new(vec![api], Options::default()).expect("a client");
    let mut changes = watcher.watch("w/", Some(index)).expect("a watch");
    client.put("other", b"").expect("written");
    client.put("w/b", b"2").expect("written");
    client.delete("w/a").expect("removed");
    let mut next = || {
        let change = changes.next().expect("another").expect("a change");
        (change.key, change.value.value)
    };
    assert_eq!(next(), ("w/a".to_string(), Some("1".to_string())));
    assert_eq!(next(), ("w/b".to_string(), Some("2".to_string())));
    assert_eq!(next(), ("w/a".to_string(), None));
}

#[test]
fn a_snapshot_takes_the_place_of_the_log_and_survives() {
    let mut world = World::new("snapshot", "");
    let mut client = world.client();
    for nth in 0..50 {
        client.put(&format!("k{nth}"), &[b'v'; 100]).expect("written");
    }
    let leader = world.leader();
    assert_eq!(world.ask(leader, "POST", "/v1/snapshot", &[], b"").status, 200);
    let log = world.ask(leader, "GET", "/v1/log", &[], b"").json();
    assert!(log["base"].as_u64() >= Some(50), "{log}");
    world.change(async |cluster| cluster.kill(NodeId(leader)).await);
    let started = world.change(async |cluster| cluster.restart(NodeId(leader)).await);
    started.expect("it starts again");
    assert_eq!(client.scan("k").expect("keys").len(), 50);
    let stale = world.ask(leader, "GET", "/v1/keys?prefix=k&consistency=stale", &[], b"").json();
    assert_eq!(stale["items"].as_array().map(Vec::len), Some(50));
}

#[test]
fn metrics_and_health_tell_the_state() {
    let mut world = World::new("metrics", "");
    let leader = world.leader();
    world.client().put("k", b"v").expect("written");
    let text =
        String::from_utf8(world.ask(leader, "GET", "/metrics", &[], b"").body).expect("text");
    assert!(text.contains("\nraft_is_leader 1\n"), "{text}");
    assert!(text.contains("raft_peer_matched_index{peer="), "{text}");
    let named = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).count();
    assert_eq!(named, text.lines().filter(|line| line.starts_with("# HELP ")).count());
    assert_eq!(world.ask(leader, "GET", "/health", &[], b"").json()["healthy"], json!(true));
}

/// Routes as the source has them: path and method.
fn routes() -> BTreeSet<(String, String)> {
    let source = include_str!("../src/api/mod.rs");
    let mut found = BTreeSet::new();
    for line in source.lines().filter_map(|line| line.trim().strip_prefix(".route(\"")) {
        let (path, handlers) = line.split_once('"').expect("a path");
        for method in ["get", "put", "post", "delete"] {
            if handlers.contains(&format!("{method}(")) {
                found.insert((path.replace("{*", "{"), method.to_string()));
            }
        }
    }
    found
}

#[test]
fn the_description_has_the_handlers_and_their_answers() {
    let mut world = World::new("openapi", "");
    let leader = world.leader();
    let document = world.ask(leader, "GET", "/openapi.json", &[], b"").json();
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            described.insert((path.clone(), method.clone()));
        }
    }
    assert_eq!(described, routes());
    world.client().put("k", b"v").expect("written");
    for (path, method) in
        described.iter().filter(|(path, method)| method == "get" && path != "/v1/watch")
    {
        let answer = world.ask(leader, "GET", &path.replace("{key}", "k"), &[], b"");
        assert_eq!(answer.status, 200, "{path}");
        let content = &document["paths"][path][method]["responses"]["200"]["content"];
        let (kind, content) =
            content.as_object().and_then(|all| all.iter().next()).expect("a kind");
        assert!(answer.header("content-type").starts_with(&**kind), "{path}: {kind}");
        if let Some(name) = content["schema"]["$ref"].as_str() {
            let name = name.rsplit('/').next().expect("a name");
            conforms(&document["components"]["schemas"], name, &answer.json());
        }
    }
}

/// Checks that an answer has the fields that its schema requires, and no other than it knows.
fn conforms(schemas: &Value, name: &str, answer: &Value) {
    let (schema, fields) = (&schemas[name], answer.as_object().expect("an object"));
    for required in schema["required"].as_array().expect("a list") {
        assert!(fields.contains_key(required.as_str().expect("a name")), "{name}: {required}");
    }
    for (field, value) in fields {
        let described = &schema["properties"][field];
        assert!(!described.is_null(), "{name} has no {field}");
        let nested = described["items"]["$ref"].as_str().or(described["$ref"].as_str());
        let nested = nested.and_then(|name| name.rsplit('/').next());
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for (nested, value) in
            nested.into_iter().flat_map(|it| values.iter().map(move |value| (it, value)))
        {
            conforms(schemas, nested, value);
        }
    }
}
