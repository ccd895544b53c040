//! The hosted core, as a subject.

use std::cell::Cell;

use raft_host::{BootError, File, Host, Options, Work};

use super::Hosted;
use super::device::Device;
use super::files::{Files, flipped};
use super::server::{Digest, founded};
use crate::model::{Command, Entry, HardState, LogIndex, NodeId, Payload, Term};
use crate::plan::{Plan, PlanOptions};
use crate::run::run;
use crate::subject::{Boot, CLUSTER, Implementation};

fn entry(index: u64, command: &str) -> Entry {
    let payload = Payload::Command(Command::from(command.as_bytes()));
    Entry { index: LogIndex::new(index).expect("an index"), term: Term(1), payload }
}

fn host(files: &Files) -> Result<Host<Digest>, BootError> {
    let options = Options { segment: 4_096, ..Options::new(NodeId(1), CLUSTER, vec![NodeId(1)]) };
    Host::boot(options, &mut files.clone(), Digest::default()).map(|(host, _)| host)
}

/// A disk on which a server has written its term and vote, and then this many commands, each in a write of its own.
fn written(commands: u64) -> Device {
    let mut device = Device::default();
    device.boot(1, Files::new());
    let mut host = host(&Files::new()).expect("nothing is there");
    let mut outputs = raft_host::Outputs::default();
    let mut asked = 0;
    for _ in 0..200 {
        host.handle(raft_host::Event::Tick, &mut outputs);
        host.flush(&mut outputs);
        while !outputs.operations.is_empty() {
            for operation in std::mem::take(&mut outputs.operations) {
                let result = Ok(device.carry_out(operation.work, host.written()));
                host.handle(
                    raft_host::Event::Done { operation: operation.id, result },
                    &mut outputs,
                );
            }
            host.flush(&mut outputs);
        }
        if host.node().commit().is_some() && asked < commands {
            asked += 1;
            let request = raft_host::Request::Command(vec![b'x'; asked as usize * 37 % 700]);
            let ticket = raft_host::Ticket(asked);
            host.handle(
                raft_host::Event::Request { ticket, deadline: None, request },
                &mut outputs,
            );
        }
    }
    device
}

#[test]
fn a_power_loss_keeps_the_writes_that_survived_and_no_more() {
    // The first two are its vote and the entry with which it leads.
    let device = written(40);
    let mut lengths = std::collections::BTreeSet::new();
    for survived in 0..42 {
        for key in 0..40 {
            let files = device.lose_power(survived, key);
            let host = host(&files).unwrap_or_else(|why| panic!("{survived}, {key}: {why}"));
            let entries = host.node().log().last_index().map_or(0, LogIndex::get);
            assert_eq!(entries, survived.saturating_sub(1), "{survived}, {key}");
            lengths.insert(
                files
                    .values()
                    .map(|content| content.iter().filter(|byte| **byte != 0).count())
                    .sum::<usize>(),
            );
        }
    }
    assert!(lengths.len() > 300, "records are torn at {} places", lengths.len());
}

#[test]
fn a_flipped_bit_is_refused_or_changes_nothing() {
    let files = written(40).lose_power(42, 1);
    let last = host(&files).expect("it is whole").node().log().last_index();
    let refused = Cell::new(0);
    for key in 0..500 {
        let files = flipped(&files, key).expect("there is something to flip");
        match host(&files) {
            Err(BootError::Damage(_)) => refused.set(refused.get() + 1),
            Err(other) => panic!("{other}"),
            Ok(host) => assert_eq!(host.node().log().last_index(), last),
        }
    }
    assert!(refused.get() > 400, "{} of 500 are refused", refused.get());
}

#[test]
fn a_server_that_begins_with_a_log_has_it() {
    let hard_state = HardState { term: Term(3), voted_for: Some(NodeId(2)) };
    let log = vec![entry(1, "a"), entry(2, "b")];
    let servers = vec![NodeId(1), NodeId(2)];
    let boot = Boot { hard_state, log: log.clone(), ..Boot::new(NodeId(1), servers) };
    let files = founded(&boot);
    assert!(files.keys().all(|file| matches!(file, File::Segment(1))));
    let host = host(&files).expect("it is sound");
    assert_eq!(host.node().hard_state(), hard_state);
    assert_eq!(host.node().log().entries(None, host.node().log().last_index()), log);
}

#[test]
fn a_full_cluster_holds_over_its_disks_of_bytes() {
    for seed in 0..6 {
        let plan = Plan::draw(seed, &PlanOptions::default()).limited(Hosted.capabilities());
        let outcome = run(&plan, &Hosted, true, &mut ()).expect("every server boots");
        assert_eq!(outcome.violation, None, "seed {seed}");
    }
}

/// What is not synced is lost, whoever asked for it.
#[test]
fn what_was_never_synced_need_not_survive() {
    let mut device = Device::default();
    device.boot(1, Files::new());
    let file = File::Segment(1);
    device.carry_out(Work::Create { file, length: 10 }, 0);
    device.carry_out(Work::Write { file, at: 0, bytes: [1; 10].as_slice().into() }, 0);
    let kept: Vec<Files> = (0..50).map(|key| device.lose_power(0, key)).collect();
    assert!(kept.iter().any(Files::is_empty));
    assert!(kept.iter().any(|files| files.get(&file).is_some_and(|content| content == &[1; 10])));
    assert!(kept.iter().any(|files| files.get(&file).is_some_and(|content| content != &[1; 10])));
}
