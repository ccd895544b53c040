//! A receipt releases the messages that waited for its write, once, and in the server that issued it.

use raft_core::{Input, Settings};

use super::server::{append, fingerprint, request_vote, server};

#[test]
fn a_write_that_is_pending_at_a_fork_is_pending_in_both() {
    let mut original = server(Settings::default());
    assert!(original.step(request_vote(1)).messages.is_empty());
    let mut fork = original.clone();
    let vote = original.persist(0).messages;
    assert_eq!(vote.len(), 1);
    assert!(fork.step(Input::Tick).messages.is_empty(), "its own disk is not done");
    assert_eq!(fork.persist(0).messages, vote);
}

#[test]
fn a_receipt_of_another_server_releases_nothing() {
    let mut original = server(Settings::default());
    let mut forks = [original.clone(), original.clone(), server(Settings::default())];
    original.step(request_vote(1));
    let write = &original.pending[0];
    for fork in &mut forks {
        fork.step(request_vote(1));
        let before = fingerprint(&fork.node);
        let seen = fork.step(Input::Persisted(write.clone().persisted()));
        assert!(seen.messages.is_empty());
        assert_eq!(seen.fingerprint, before);
        assert_eq!(fork.persist(0).messages.len(), 1);
    }
}

#[test]
fn a_second_receipt_of_a_write_releases_nothing() {
    let mut server = server(Settings::default());
    server.step(request_vote(1));
    let write = server.pending[0].clone();
    assert_eq!(server.persist(0).messages.len(), 1);
    // The next write is still pending, and its reply held.
    server.step(append(1, 1, 0));
    let before = fingerprint(&server.node);
    let seen = server.step(Input::Persisted(write.persisted()));
    assert!(seen.messages.is_empty());
    assert_eq!(seen.fingerprint, before);
    assert_eq!(server.persist(0).messages.len(), 1);
}
