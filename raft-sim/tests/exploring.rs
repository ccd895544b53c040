//! The parts of a world that an explorer needs: the enabled actions, copies that go on as the original, and a
//! fingerprint that differs for worlds with different futures, not for different pasts.

use raft_sim::action::Action;
use raft_sim::digest::Digest;
use raft_sim::disk::SyncTime;
use raft_sim::mix::{below, mix};
use raft_sim::model::{NodeId, Term};
use raft_sim::network::{Conditions, Delay};
use raft_sim::observation::{Observation, Observer, Stop};
use raft_sim::reference::Reference;
use raft_sim::subject::{Implementation, Role};
use raft_sim::time::{Micros, TICK};
use raft_sim::world::{Design, Launch, Next, Start, World};

const SERVERS: [NodeId; 3] = [NodeId(1), NodeId(2), NodeId(3)];

/// Three servers whose writes are durable at once.
fn world<L: Launch + ?Sized>(launch: &L) -> World<'_, L> {
    let start = || Start { tick: TICK, first_tick: TICK, ..Start::default() };
    let design = Design {
        servers: SERVERS.iter().map(|_| start()).collect(),
        members: SERVERS.to_vec(),
        seed: 7,
        conditions: Conditions { delay: Delay::Uniform(500, 9_000), loss_ppm: 0, duplicate_ppm: 0 },
        sync: SyncTime { min: 0, max: 0, notice: 0 },
        apply_time: 0,
        durable_state_machine: false,
    };
    World::new(launch, design, &mut ()).expect("the reference core boots")
}

/// A server's clock ticks until it stands for election.
fn stand(world: &mut World<'_, Reference>, server: NodeId) {
    while world.server(server).view().role != Role::Candidate {
        assert!(world.apply(Action::Tick { server }, &mut ()).expect("nothing ends it"));
    }
}

/// Delivers the only message on a link.
fn deliver(world: &mut World<'_, Reference>, from: NodeId, to: NodeId) {
    let ids: Vec<_> = world.network().flights_on(from, to).map(|flight| flight.id).collect();
    let [message] = ids[..] else { panic!("there is one message from {from} to {to}") };
    assert!(world.apply(Action::Deliver { message }, &mut ()).expect("nothing ends it"));
}

/// A digest of what happens to a world from here on, for a virtual second in which time flows.
fn flow<L: Launch + ?Sized>(mut world: World<'_, L>) -> u64 {
    let mut digest = Digest::new(0);
    world.apply(Action::Flow { flows: true }, &mut digest).expect("nothing ends it");
    let until = world.now() + 1_000_000;
    while let Some(next) = world.next(until) {
        if let Next::Action(action) = next {
            world.apply(action, &mut digest).expect("nothing ends it");
        }
    }
    digest.value()
}

#[test]
fn a_copy_goes_on_as_the_original_and_neither_notices_the_other() {
    let mut original = world(&Reference);
    stand(&mut original, SERVERS[0]);
    let (one, other) = (original.clone(), original.fork().expect("the core can be copied"));
    let alone = flow(one);
    assert_eq!(flow(other), alone);
    stand(&mut original, SERVERS[1]);
    assert_ne!(flow(original), alone, "another server stands, too");
    let implementation: &dyn Implementation = &Reference;
    assert!(world(implementation).fork().is_some(), "so can a server of a type that is not known");
}

#[test]
fn worlds_are_equal_whatever_the_order_of_their_past() {
    let voted = |order: [NodeId; 2]| {
        let mut world = world(&Reference);
        stand(&mut world, SERVERS[0]);
        order.into_iter().for_each(|voter| deliver(&mut world, SERVERS[0], voter));
        world
    };
    let [one, mut other] = [[SERVERS[1], SERVERS[2]], [SERVERS[2], SERVERS[1]]].map(voted);
    let fingerprint = one.fingerprint().expect("the core has one");
    assert_eq!(other.fingerprint(), Some(fingerprint));
    let last = other.network().in_flight()[1].id;
    other.apply(Action::Duplicate { message: last }, &mut ()).expect("nothing ends it");
    assert_ne!(other.fingerprint(), Some(fingerprint), "one more message is in flight");
    let mut ticked = one.clone();
    ticked.apply(Action::Tick { server: SERVERS[1] }, &mut ()).expect("nothing ends it");
    assert_ne!(ticked.fingerprint(), Some(fingerprint), "an election timer has gone on");
}

/// One of the actions that are enabled; a crash or a copy only now and then.
fn any<L: Launch + ?Sized>(world: &World<'_, L>, bits: u64) -> Action {
    let mut enabled = world.enabled();
    if below(mix(bits, 1), 20) > 0 {
        enabled.retain(|action| !matches!(action, Action::Crash { .. } | Action::Duplicate { .. }));
    }
    enabled.swap_remove(below(bits, enabled.len() as u64) as usize)
}

/// Every random walk over enabled actions can do each of them, and reaches elections and crashes.
#[test]
fn every_enabled_action_can_be_applied() {
    let (mut terms, mut crashes) = (Term(0), 0);
    for seed in 0..20 {
        let mut world = world(&Reference);
        for step in 0..400 {
            let action = any(&world, mix(seed, step));
            crashes += u32::from(matches!(action, Action::Crash { .. }));
            assert!(world.apply(action.clone(), &mut ()).expect("nothing ends it"), "{action:?}");
        }
        let views = SERVERS.map(|server| world.server(server).view().term);
        terms = terms.max(*views.iter().max().expect("there are three"));
    }
    assert!(terms > Term(3) && crashes > 10, "{terms:?}, {crashes} crashes");
}

/// Serializes each observation and reads it again.
#[derive(Default)]
struct Written(usize);

impl Observer for Written {
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        let text = serde_json::to_string(observation).expect("an observation is plain data");
        let read: Observation<'static> = serde_json::from_str(&text).expect("it can be read");
        assert_eq!(&read, observation, "{text}");
        self.0 += 1;
        Ok(())
    }
}

#[test]
fn observations_and_actions_are_plain_data() {
    let mut written = Written::default();
    let mut world = world(&Reference);
    for step in 0..2_000 {
        let action = any(&world, mix(1, step));
        world.apply(action, &mut written).expect("nothing ends it");
    }
    assert!(written.0 > 5_000, "{} observations", written.0);
}
