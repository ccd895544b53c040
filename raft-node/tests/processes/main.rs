//! Servers in processes of their own, killed, paused, cut off and restarted while clients work. Every run ends in the checker
//! of histories, the checkers of traces, and a read of every write that was acknowledged.
//!
//! `RAFT_NODE_SECONDS` says how long each run takes, `RAFT_NODE_SEED` which faults there are. With the feature `bugs` writes
//! that are not synced are lost when a server is killed, and bugs are planted, which must be found. `raft-node/tests/namespace`
//! runs them with faults of the system as well.

mod clients;
mod judge;
mod namespace;
mod nemesis;
mod proxy;
mod rng;
mod servers;

use std::path::PathBuf;
use std::time::Duration;

use clients::Clients;
use judge::Verdict;
use nemesis::{Fault, Nemesis};
use servers::Servers;

/// A run: its servers, its faults, and its planted bug.
struct Run<'a> {
    name: &'a str,
    servers: u32,
    seconds: u64,
    faults: &'a [Fault],
    bug: Option<&'a str>,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}: a number")))
}

impl Run<'_> {
    /// Runs until its time is over, and judges.
    fn judge(&self) -> (Verdict, PathBuf) {
        let seed = number("RAFT_NODE_SEED").unwrap_or(1);
        let seconds = number("RAFT_NODE_SECONDS").unwrap_or(self.seconds);
        let directory = std::env::temp_dir().join(format!(
            "raft-node-processes-{}-{}",
            self.name,
            std::process::id()
        ));
        let mut environment = vec![("RAFT_NODE_VOLATILE", "1".to_string())];
        environment.extend(self.bug.map(|bug| ("RAFT_NODE_BUG", bug.to_string())));
        let mut servers = Servers::start(&directory, self.servers, seed, environment);
        let clients = Clients::start(5, &servers.apis(), seed);
        let mut nemesis = Nemesis::new(seed, self.faults);
        nemesis.run(&mut servers, Duration::from_secs(seconds));
        nemesis.end(&mut servers);
        let record = clients.stop();
        let verdict = judge::judge(&mut servers, &record);
        println!("{} {seconds} s, seed {seed}: {verdict}\n  {}", self.name, nemesis.summary());
        (verdict, directory)
    }

    /// Runs, and expects that all is well.
    fn holds(&self) {
        let (verdict, directory) = self.judge();
        assert!(verdict.violation.is_none(), "{verdict}\nsee {}", directory.display());
        assert!(verdict.operations > 100, "too little was done: {verdict}");
        if std::env::var_os("RAFT_NODE_KEEP").is_none() {
            let _ = std::fs::remove_dir_all(directory);
        }
    }

    /// Runs, and expects that the bug is found.
    #[cfg(feature = "bugs")]
    fn is_found(&self) {
        let (verdict, directory) = self.judge();
        assert!(verdict.violation.is_some(), "{:?} is not noticed: {verdict}", self.bug);
        if std::env::var_os("RAFT_NODE_KEEP").is_none() {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

#[test]
fn three_processes_under_all_faults() {
    let faults = &Fault::all();
    Run { name: "three", servers: 3, seconds: 20, faults, bug: None }.holds();
}

#[test]
fn five_processes_under_all_faults() {
    let faults = &Fault::all();
    Run { name: "five", servers: 5, seconds: 15, faults, bug: None }.holds();
}

#[cfg(feature = "bugs")]
#[test]
fn a_vote_that_is_not_durable_is_noticed() {
    let faults = &[Fault::KillVoter];
    Run { name: "lost-vote", servers: 3, seconds: 10, faults, bug: Some("lost-vote") }.is_found();
}

#[cfg(feature = "bugs")]
#[test]
fn an_acknowledgement_before_the_sync_is_noticed() {
    let faults = &[Fault::Kill];
    Run { name: "early-ack", servers: 3, seconds: 8, faults, bug: Some("early-ack") }.is_found();
}

#[cfg(feature = "bugs")]
#[test]
fn a_read_from_what_a_server_has_is_noticed() {
    let faults = &[Fault::Isolate, Fault::Slow];
    Run { name: "local-read", servers: 3, seconds: 8, faults, bug: Some("local-read") }.is_found();
}
