//! A server refuses to start from a state that no correct server leaves behind, and names the mistake.

use std::sync::Arc;

use raft_core::{
    Boot, Entry, HardState, LARGEST, LogIndex, Membership, Node, NodeId, Payload, Position,
    Settings, Snapshot, Term,
};

/// S1 of three with this log (index, term), in this term.
fn boot(log: &[(u64, u64)], term: u64) -> Boot {
    let entry = |&(index, term): &(u64, u64)| Entry {
        index: LogIndex::new(index).expect("an index"),
        term: Term(term),
        payload: Payload::Noop,
    };
    Boot {
        id: NodeId(1),
        cluster: 7,
        servers: vec![NodeId(1), NodeId(2), NodeId(3)],
        settings: Settings::default(),
        hard_state: HardState { term: Term(term), voted_for: None },
        snapshot: None,
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
    assert_eq!(refusal(boot(&[], LARGEST)), "starts");
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
    let servers = "the first configuration names a server twice";
    let twice = vec![NodeId(1), NodeId(2), NodeId(2)];
    assert_eq!(refusal(Boot { servers: twice, ..boot(&[], 0) }), servers);
    let others = vec![NodeId(2), NodeId(3)];
    let stranger = refusal(Boot { servers: others, ..boot(&[], 0) });
    assert_eq!(stranger, "S1 is not a server of its own cluster");
}

/// A server that is added later starts without knowing any other.
#[test]
fn a_server_outside_every_configuration_starts() {
    assert_eq!(refusal(Boot { servers: Vec::new(), ..boot(&[], 0) }), "starts");
}

/// A snapshot up to entry 3 of term 2, in the cluster with this number.
fn snapshot(cluster: u64) -> Option<Arc<Snapshot>> {
    snapshot_to(3, cluster)
}

fn snapshot_to(last: u64, cluster: u64) -> Option<Arc<Snapshot>> {
    let index = LogIndex::new(last).expect("an index");
    let membership = Membership { voters: vec![NodeId(1)], ..Membership::default() };
    Some(Arc::new(Snapshot {
        last: Position { index, term: Term(2) },
        membership: Arc::new(membership),
        cluster,
        data: Arc::from([]),
    }))
}

#[test]
fn a_snapshot_that_does_not_fit_is_refused() {
    let with = |cluster, log: &[(u64, u64)], term, applied| {
        let applied = LogIndex::new(applied);
        refusal(Boot { snapshot: snapshot(cluster), applied, ..boot(log, term) })
    };
    assert_eq!(with(7, &[(4, 2)], 2, 0), "starts");
    assert_eq!(with(7, &[], 2, 3), "starts");
    let foreign = "the snapshot is one of another cluster, number 8";
    assert_eq!(with(8, &[(4, 2)], 2, 0), foreign);
    let gap = "the log has a gap: entry 4 was to come, 5 came";
    assert_eq!(with(7, &[(5, 2)], 2, 0), gap);
    let overlap = "the log has a gap: entry 4 was to come, 1 came";
    assert_eq!(with(7, &[(1, 2)], 2, 0), overlap);
    let why = "terms never decrease along a log nor exceed currentTerm";
    let falling = format!("entry 4 has the impossible term 1: {why}");
    assert_eq!(with(7, &[(4, 1)], 2, 0), falling);
    let late = "the snapshot ends at 3/2, beyond currentTerm or out of reach";
    assert_eq!(with(7, &[], 1, 0), late);
    let behind = "the state machine has applied less than the snapshot stands for";
    assert_eq!(with(7, &[(4, 2)], 2, 2), behind);
    let to = |last| refusal(Boot { snapshot: snapshot_to(last, 7), ..boot(&[], 2) });
    assert_eq!(to(LARGEST), "starts");
    let far = format!("the snapshot ends at {}/2, beyond currentTerm or out of reach", LARGEST + 1);
    assert_eq!(to(LARGEST + 1), far);
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
        "entries, bytes per message, window, uncommitted limit, catch-up rounds, snapshot chunk and apply limit must be at least 1"
    );
    let apply = Settings { apply_limit: Some(0), ..Settings::default() };
    assert_eq!(with(apply), with(window));
    let lease = Settings { lease_drift: Some(10), ..Settings::default() };
    assert_eq!(with(lease), "lease reads need check-quorum");
    let wild = Settings { check_quorum: true, lease_drift: Some(1_000), ..Settings::default() };
    assert_eq!(
        with(wild),
        "with clocks that differ so much, the shortest election timeout leaves no time for a lease"
    );
}
