//! A server refuses to start from what no correct server leaves behind, and says what is wrong with it.

use raft_core::{Boot, Entry, HardState, LARGEST, LogIndex, Node, NodeId, Payload, Settings, Term};

/// S1 of three with this log (index, term), in this term.
fn boot(log: &[(u64, u64)], term: u64) -> Boot {
    let entry = |&(index, term): &(u64, u64)| Entry {
        index: LogIndex::new(index).expect("an index"),
        term: Term(term),
        payload: Payload::Noop,
    };
    Boot {
        id: NodeId(1),
        servers: vec![NodeId(1), NodeId(2), NodeId(3)],
        settings: Settings::default(),
        hard_state: HardState { term: Term(term), voted_for: None },
        log: log.iter().map(entry).collect(),
        applied: None,
    }
}

fn refusal(boot: Boot) -> String {
    Node::boot(boot).err().map_or("starts".to_string(), |error| error.to_string())
}

#[test]
fn a_sound_state_starts() {
    assert_eq!(refusal(boot(&[(1, 1), (2, 1), (3, 4)], 4)), "starts");
    assert_eq!(refusal(boot(&[], 0)), "starts");
}

#[test]
fn an_impossible_log_is_refused() {
    let gap = refusal(boot(&[(1, 1), (3, 1)], 1));
    assert_eq!(gap, "the log has a gap: entry 2 was to come, 3 came");
    let late = refusal(boot(&[(2, 1)], 1));
    assert_eq!(late, "the log has a gap: entry 1 was to come, 2 came");
    let why = "terms never decrease along a log nor exceed currentTerm";
    let falling = refusal(boot(&[(1, 2), (2, 1)], 2));
    assert_eq!(falling, format!("entry 2 has the impossible term 1: {why}"));
    let ahead = refusal(boot(&[(1, 3)], 2));
    assert_eq!(ahead, format!("entry 1 has the impossible term 3: {why}"));
    let beyond = Boot { applied: LogIndex::new(2), ..boot(&[(1, 1)], 1) };
    assert_eq!(refusal(beyond), "the state machine has applied more than the log holds");
    let far = refusal(boot(&[], LARGEST + 1));
    assert_eq!(far, format!("currentTerm {} is out of reach", LARGEST + 1));
}

#[test]
fn an_impossible_cluster_is_refused() {
    let servers = "the cluster must have at least one server, and each only once";
    assert_eq!(refusal(Boot { servers: Vec::new(), ..boot(&[], 0) }), servers);
    let twice = vec![NodeId(1), NodeId(2), NodeId(2)];
    assert_eq!(refusal(Boot { servers: twice, ..boot(&[], 0) }), servers);
    let others = vec![NodeId(2), NodeId(3)];
    let stranger = refusal(Boot { servers: others, ..boot(&[], 0) });
    assert_eq!(stranger, "S1 is not a server of its own cluster");
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let with = |settings| refusal(Boot { settings, ..boot(&[], 0) });
    let heartbeat = Settings { heartbeat_interval: 10, ..Settings::default() };
    assert_eq!(
        with(heartbeat),
        "the heartbeat interval must be at least one tick and below the shortest election timeout"
    );
    let range = Settings { election_timeout_min: 21, ..Settings::default() };
    assert_eq!(with(range), "the shortest election timeout is longer than the longest");
    let window = Settings { window: 0, ..Settings::default() };
    assert_eq!(
        with(window),
        "entries per message, window and uncommitted limit must be at least 1"
    );
}
