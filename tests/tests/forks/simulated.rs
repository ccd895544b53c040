//! The simulator's server of the reference core.

use raft_core::{HardState, NodeId, Term};
use raft_sim::subject::{Effects, Event, Subject as _};
use raft_sim::{model, reference, subject};

use super::server::Bytes;

fn simulated(events: impl IntoIterator<Item = Event>) -> reference::Server {
    let boot = subject::Boot {
        id: NodeId(1),
        servers: (1..=3).map(NodeId).collect(),
        members: (1..=3).map(NodeId).collect(),
        life: 1,
        now: 0,
        settings: subject::Settings::default(),
        hard_state: HardState::default(),
        commit: None,
        blob: None,
        snapshot: None,
        log: Vec::new(),
        applied: None,
    };
    let (mut server, _) = reference::Server::boot(boot).expect("a first boot");
    for event in events {
        tell(&mut server, event);
    }
    server
}

/// Hands it an event, and then the notices that all its writes are durable. Returns its effects.
fn tell(server: &mut reference::Server, event: Event) -> String {
    let mut effects = Effects::default();
    server.step(event, &mut effects);
    let done = format!("{effects:?}");
    effects
        .writes
        .iter()
        .fold(done, |done, write| done + &tell(server, Event::Persisted(write.token)))
}

#[test]
fn a_simulated_server_is_forked_with_its_state_machine_and_its_disks_tokens() {
    let heartbeat = |term| {
        let body = model::Body::AppendEntries {
            prev: None,
            entries: <_>::default(),
            commit: None,
            round: 1,
        };
        Event::Receive(model::Message::new(NodeId(2), NodeId(1), Term(term), body))
    };
    let fingerprint = |server: &reference::Server| {
        let mut bytes = Bytes::default();
        server.feed(&mut bytes);
        bytes.0
    };
    let mut one = simulated([heartbeat(3)]);
    let mut two = simulated([heartbeat(1), heartbeat(2), heartbeat(3)]);
    assert_eq!(fingerprint(&one), fingerprint(&two), "of the writes only the names differ");
    let mut fork = one.clone();
    assert_eq!(tell(&mut one, heartbeat(4)), tell(&mut fork, heartbeat(4)));
    assert_eq!(fingerprint(&one), fingerprint(&fork));
    tell(&mut two, heartbeat(5));
    assert_ne!(fingerprint(&one), fingerprint(&two));
}
