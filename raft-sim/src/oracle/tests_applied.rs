//! Configurations that are in force when they are applied: what counts by them, and which one that is.

use super::Property;
use super::tests_history::{History, Verdict, raises, silent};
use super::tests_moves::{configuration, members};
use crate::subject::{Applied, Outcome};
use crate::words::{LogIndex, Membership};

/// S1 leads term 1 of S1, S2 and S3, with an entry that it committed with S2's help and applied.
fn led() -> History {
    let mut history = History::at_apply(5, 3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    history.replicate(1, 2);
    silent(history.commit(1, 1));
    let first = history.at(1).log[0].clone();
    silent(history.apply(1, &[first]));
    history
}

/// S1 applies the configuration at an index, and shows it.
fn applies(history: &mut History, index: u64, membership: &Membership) -> Verdict {
    history.step(1, |effects| {
        let entry = configuration(index, 1, membership);
        effects.view.applied = Some(entry.index);
        effects.applied.push(Applied { entry, outcome: Outcome::Nothing });
    })
}

#[test]
fn the_configuration_before_decides_on_its_commitment() {
    let four = members(&[1, 2, 3, 4], &[]);
    let mut history = led();
    silent(history.configure(1, &four));
    history.replicate(1, 2);
    // On two servers: of three, which are in force, and not of four.
    silent(history.commit(1, 2));
    silent(applies(&mut history, 2, &four));
    history.propose(1);
    history.replicate(1, 2);
    let words = "up to index 3, which is on the disks of 2 servers of 4";
    raises(history.commit(1, 3), Property::QuorumDurability, words);
    // At append the same commit is one too early.
    let mut history = History::with_members(5, 3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    history.replicate(1, 2);
    silent(history.commit(1, 1));
    silent(history.configure(1, &four));
    history.replicate(1, 2);
    raises(history.commit(1, 2), Property::QuorumDurability, "2 servers of 4");
}

#[test]
fn one_is_not_used_before_it_is_applied() {
    let four = members(&[1, 2, 3, 4], &[]);
    let mut history = led();
    silent(history.configure(1, &four));
    let early = history.show(1, |view| view.configuration = LogIndex::new(2));
    let words = "S1 uses the configuration at index 2, and the latest that it has applied is at 0";
    raises(early, Property::Configurations, words);
    let mut history = led();
    silent(history.configure(1, &four));
    history.replicate(1, 2);
    silent(history.commit(1, 2));
    silent(applies(&mut history, 2, &four));
    assert!(history.exercised(Property::Configurations) > 0);
}

#[test]
fn the_next_waits_until_the_one_before_is_applied() {
    let [four, five] = [members(&[1, 2, 3, 4], &[]), members(&[1, 2, 3, 4, 5], &[])];
    let mut history = led();
    silent(history.configure(1, &four));
    history.replicate(1, 2);
    silent(history.commit(1, 2));
    let words = "while that at index 2 is not applied";
    raises(history.configure(1, &five), Property::Configurations, words);
    let mut history = led();
    silent(history.configure(1, &four));
    history.replicate(1, 2);
    silent(history.commit(1, 2));
    silent(applies(&mut history, 2, &four));
    silent(history.configure(1, &five));
    let apart = led().configure(1, &five);
    raises(apart, Property::Configurations, "whose quorums need not share a server");
}

#[test]
fn an_entry_of_the_own_term_need_not_be_committed() {
    let mut history = led();
    silent(history.commit(2, 1));
    let first = history.at(2).log[0].clone();
    silent(history.apply(2, &[first]));
    history.elect(2, 2, &[3]);
    silent(history.configure(2, &members(&[1, 2], &[])));
}
