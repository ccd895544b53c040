//! Power losses at any time: what was acknowledged is there afterwards, and nothing that was never written.

use std::collections::BTreeMap;

use raft_host::{Journal, recover};

use super::disk::{Disk, Numbers};
use super::server::{Durable, OPTIONS, happen};

/// Runs a server on a disk for some power losses; returns how often a torn record was cut.
fn live(seed: u64) -> usize {
    let mut numbers = Numbers(seed);
    let mut disk = Disk::default();
    let mut journal = Journal::create(OPTIONS);
    let mut node = Durable::default().boot();
    // The states after the last write that is durable, and after each write since.
    let mut states = vec![Durable::default()];
    let mut torn = 0;
    let mut operations = Vec::new();
    for _ in 0..400 {
        match numbers.below(40) {
            0 => {
                // The power goes; what is not carried out by now never is.
                operations.clear();
                disk.lose_power(&mut numbers);
                let recovered = recover(OPTIONS, &disk.files());
                let recovered = recovered.unwrap_or_else(|damage| panic!("seed {seed}: {damage}"));
                let state = Durable::of(&recovered);
                let found = states.iter().any(|written| *written == state);
                assert!(found, "seed {seed}: recovered {state:#?}\nof {states:#?}");
                torn += usize::from(recovered.torn.is_some());
                node = state.clone().boot();
                states = vec![state];
                journal = recovered.journal;
            }
            1..20 => {
                if let Some(write) = happen(&mut node, &mut numbers) {
                    states.push(states[states.len() - 1].after(&write));
                    journal.submit(write);
                }
            }
            _ => {
                operations.extend(journal.operations());
                if operations.is_empty() {
                    continue;
                }
                disk.carry_out(operations.remove(0));
                for receipt in journal.done() {
                    node.step(raft_core::Input::Persisted(receipt));
                    states.remove(0);
                }
            }
        }
    }
    torn
}

#[test]
fn what_was_acknowledged_survives_any_power_loss() {
    let torn: usize = (0..200).map(live).sum();
    assert!(torn > 100, "only {torn} records were torn");
}

#[test]
fn an_empty_directory_is_a_new_server() {
    let recovered = recover(OPTIONS, &BTreeMap::new()).expect("nothing is damaged");
    assert_eq!(Durable::of(&recovered), Durable::default());
    assert_eq!(recovered.torn, None);
}
