//! Election timeouts (§5.2) are a function of seed, server and term, the same on every machine: the drawn values, and
//! the term whose timeout a server uses.

use raft_core::{Body, Boot, HardState, Input, Message, Node, NodeId, Role, Settings, Term, Write};

/// The first number of SplitMix64 from this state, as published by Steele, Lea and Flood (2014).
fn split_mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let first = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let second = (first ^ (first >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    second ^ (second >> 31)
}

#[test]
fn timeouts_are_drawn_by_a_published_generator() {
    // Known values: the first number of the generator from these states.
    assert_eq!(split_mix(0), 0xe220_a839_7b1d_cdaf);
    assert_eq!(split_mix(1_234_567), 6_457_827_717_110_365_317);
    let wide = Settings { election_timeout_max: u32::MAX, ..Settings::default() };
    for (seed, id, term) in [(1, 1, 0), (1, 1, 1), (1, 2, 1), (7, 2, 1), (u64::MAX, 9, 1 << 40)] {
        let drawn = split_mix(seed ^ split_mix(u64::from(id) ^ split_mix(term)));
        let expected = 10 + drawn % (u64::from(u32::MAX) - 9);
        let timeout = Settings { seed, ..wide }.election_timeout(NodeId(id), Term(term));
        assert_eq!(u64::from(timeout), expected, "seed {seed}, S{id}, term {term}");
    }
}

fn persist(node: &mut Node, write: Option<Write>) {
    if let Some(write) = write {
        node.step(Input::Persisted(write.persisted()));
    }
}

/// A follower that hears from the leader of a later term uses the timeout of that term, not an earlier one.
#[test]
fn a_follower_uses_the_timeout_of_its_term() {
    let settings =
        Settings { election_timeout_min: 50, election_timeout_max: 5_000, ..Settings::default() };
    let boot = Boot {
        id: NodeId(1),
        cluster: 7,
        servers: vec![NodeId(1), NodeId(2), NodeId(3)],
        settings,
        hard_state: HardState::default(),
        snapshot: None,
        log: Vec::new(),
        applied: None,
    };
    let mut node = Node::boot(boot).expect("a first boot");
    for term in [1, 2, 5] {
        let body =
            Body::AppendEntries { prev: None, entries: <_>::default(), commit: None, round: 1 };
        let message = Message { from: NodeId(2), to: NodeId(1), term: Term(term), body };
        let write = node.step(Input::Receive(message)).write;
        persist(&mut node, write);
        let timeout = settings.election_timeout(NodeId(1), Term(term));
        for _ in 1..timeout {
            node.step(Input::Tick);
        }
        assert!(matches!(node.role(), Role::Follower(_)), "term {term}");
        // The last tick is one more than a heartbeat allows: it goes on as a candidate of the next term.
        let write = node.step(Input::Tick).write;
        persist(&mut node, write);
        assert!(matches!(node.role(), Role::Candidate(_)), "term {term}");
    }
}
