//! The program: what it refuses, and what it prints.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use raft_node::client::{Client, Options};

/// A directory for one test, and what runs in it.
struct Place {
    directory: PathBuf,
    children: Vec<Child>,
}

impl Place {
    fn new(name: &str) -> Place {
        let directory =
            std::env::temp_dir().join(format!("raft-node-cli-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).expect("a directory");
        Place { directory, children: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A configuration of one server at free ports; its API.
    fn configure(&self, lines: &str) -> String {
        let free =
            || TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port");
        let (peer, api) = (free(), free());
        let servers = format!("[servers]\n1 = {{ peer = \"{peer}\", api = \"{api}\" }}\n");
        let data = format!("data = {:?}\n", self.path("data"));
        fs::write(self.path("node.toml"), data + lines + &servers).expect("a file");
        api.to_string()
    }

    fn start(&mut self) {
        let child = program(&["start", "--id", "1", "--config"])
            .arg(self.path("node.toml"))
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        self.children.push(child);
    }

    fn kill(&mut self) {
        for mut child in self.children.drain(..) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts a server that is to be refused: its exit code, and what it says.
    fn refused(&self, more: &[&str]) -> (Option<i32>, String) {
        let output = program(&["start", "--id", "1", "--config"])
            .arg(self.path("node.toml"))
            .args(more)
            .output()
            .expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raft-node"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .env("RUST_LOG", "warn")
        .env_remove("RAFT_NODE_SERVERS");
    command
}

fn ask(api: &str, arguments: &[&str]) -> Output {
    program(arguments).args(["--to", api, "--patience", "30"]).output().expect("it ends")
}

fn printed(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn client(api: &str) -> Client {
    let options = Options { patience: Duration::from_secs(30), ..Options::default() };
    Client::new(vec![api.to_string()], options).expect("a client")
}

#[test]
fn each_command_does_what_it_says() {
    let mut place = Place::new("commands");
    let api = place.configure("");
    place.start();
    let run = |arguments: &[&str]| printed(&ask(&api, arguments));
    assert_eq!(run(&["put", "a", "one"]).0, Some(0));
    assert_eq!(run(&["get", "a"]), (Some(0), "one\n".to_string()));
    assert_eq!(run(&["get", "a", "--stale"]), (Some(0), "one\n".to_string()));
    assert_eq!(run(&["get", "b"]), (Some(1), String::new()));
    assert_eq!(run(&["cas", "a", "two", "three"]), (Some(1), "holds one\n".to_string()));
    assert_eq!(run(&["cas", "a", "one", "two"]).0, Some(0));
    assert_eq!(run(&["cas", "b", "new", "--absent"]).0, Some(0));
    assert_eq!(run(&["scan"]), (Some(0), "a\ttwo\nb\tnew\n".to_string()));
    assert_eq!(run(&["delete", "b"]).0, Some(0));
    assert_eq!(run(&["delete", "b"]), (Some(1), String::new()));
    assert_eq!(run(&["members"]), (Some(0), "voters S1\n".to_string()));
    assert_eq!(run(&["snapshot"]), (Some(0), "done\n".to_string()));
    let (code, status) = run(&["status"]);
    assert!(code == Some(0) && status.contains("leader") && status.contains("healthy"), "{status}");
    let (code, status) = run(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!((code, &status[0]["status"]["role"]), (Some(0), &"leader".into()));
    let refused = ask(&api, &["transfer", "7"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("S7 is not in the configuration"));
    let inspected = program(&["inspect"]).arg(place.path("data/1")).output().expect("it ends");
    let (code, text) = printed(&inspected);
    assert!(
        code == Some(0) && text.contains("server    S1 of cluster 1\nruns      yes\n"),
        "{text}"
    );
}

#[test]
fn no_server_there_is_an_error_and_no_endless_wait() {
    let output = program(&["get", "a", "--to", "127.0.0.1:1", "--patience", "0.2"])
        .output()
        .expect("it ends");
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("no answer in time: 127.0.0.1:1:"), "{text}");
    let output = program(&["get", "a", "--patience", "-1"]).output().expect("it ends");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_directory_is_for_one_process_and_one_server() {
    let mut place = Place::new("locked");
    let api = place.configure("");
    place.start();
    client(&api).put("a", b"1").expect("written");
    let own = ["--peer", "127.0.0.1:0", "--api", "127.0.0.1:0"];
    let (code, text) = place.refused(&own);
    assert!(code == Some(2) && text.contains("another process uses it"), "{text}");
    let (code, text) = place.refused(&[]);
    assert!(code == Some(2) && text.contains("can't listen at peer 127.0.0.1:"), "{text}");
    place.kill();
    let (code, text) = place.refused(&["--cluster", "2"]);
    assert!(code == Some(2) && text.contains("it belongs to S1 of cluster 1"), "{text}");
}

fn segment(directory: &Path) -> PathBuf {
    directory.join("data/1/log-0000000001.raft")
}

#[test]
fn a_flipped_bit_is_refused_with_its_place_and_a_torn_end_is_not() {
    let mut place = Place::new("damage");
    let api = place.configure("");
    place.start();
    let mut writer = client(&api);
    for nth in 0..20 {
        writer.put(&format!("k{nth}"), &[b'v'; 50]).expect("written");
    }
    place.kill();
    let fsck = |place: &Place| {
        let output = program(&["fsck"]).arg(place.path("data/1")).output().expect("it ends");
        let text = [output.stdout.clone(), output.stderr.clone()].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    };
    let (code, text) = fsck(&place);
    assert!(code == Some(0) && text.contains("sound"), "{text}");
    let sound = fs::read(segment(&place.directory)).expect("the log");
    let end = sound.iter().rposition(|byte| *byte != 0).expect("records") + 1;
    let mut flipped = sound.clone();
    flipped[end / 2] ^= 1;
    fs::write(segment(&place.directory), &flipped).expect("written");
    for (code, text) in [fsck(&place), place.refused(&[])] {
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("log-0000000001.raft is damaged at byte"), "{text}");
    }
    // The last record is torn by a loss of power: its end was never written.
    let mut torn = sound;
    torn[end - 3..].fill(0);
    fs::write(segment(&place.directory), &torn).expect("written");
    let (code, text) = fsck(&place);
    assert!(code == Some(0) && text.contains("a power loss tore the last record"), "{text}");
    place.start();
    assert_eq!(client(&api).get("k18").expect("an answer"), Some(vec![b'v'; 50]));
}

#[test]
fn a_snapshot_that_is_cut_off_is_refused() {
    let mut place = Place::new("snapshot");
    let api = place.configure("");
    place.start();
    let mut writer = client(&api);
    writer.put("k", &[b'v'; 5_000]).expect("written");
    writer.snapshot().expect("taken");
    place.kill();
    let files = fs::read_dir(place.path("data/1")).expect("a directory");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").path();
    let is_snapshot = |path: &PathBuf| path.to_string_lossy().contains("snapshot-");
    let snapshot = files.map(name).find(is_snapshot).expect("a snapshot");
    let bytes = fs::read(&snapshot).expect("the snapshot");
    fs::write(&snapshot, &bytes[..bytes.len() - 100]).expect("written");
    let (code, text) = place.refused(&[]);
    assert!(code == Some(2) && text.contains("snapshot-"), "{text}");
}

#[test]
fn what_is_wrong_in_a_configuration_is_named_with_its_file() {
    let place = Place::new("configuration");
    place.configure("colour = 1\n");
    let (code, text) = place.refused(&[]);
    assert!(code == Some(2) && text.contains("node.toml:") && text.contains("colour"), "{text}");
    place.configure("");
    let (code, text) = place.refused(&["--api", "0.0.0.0:0"]);
    assert!(code == Some(2) && text.contains("--allow-remote"), "{text}");
    let missing = program(&["start", "--config", "nowhere.toml"]).output().expect("it ends");
    assert!(String::from_utf8_lossy(&missing.stderr).contains("nowhere.toml: No such file"));
    let other = program(&["fsck"]).arg(&place.directory).output().expect("it ends");
    assert!(String::from_utf8_lossy(&other.stderr).contains("not the data directory of a server"));
}

#[test]
fn a_server_that_is_told_to_end_does_so_in_order() {
    let mut place = Place::new("end");
    let api = place.configure("");
    place.start();
    client(&api).put("a", b"1").expect("written");
    let mut child = place.children.pop().expect("it runs");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    let end = Instant::now() + Duration::from_secs(30);
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        assert!(Instant::now() < end, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_python_dictionary_is_kept_by_a_cluster() {
    let mut place = Place::new("python");
    let api = place.configure("");
    place.start();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let output = Command::new("python3").arg(folder.join("test_raft_dict.py")).arg(&api).output();
    let output = output.expect("python3 is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
