//! Fates of messages, delays, holds and cuts.

use super::*;
use crate::model::{Body, Term};

fn message(from: u32, to: u32) -> Message {
    let body = Body::RequestVoteReply { granted: true };
    Message::new(NodeId(from), NodeId(to), Term(1), body)
}

/// Sends a message, and returns the delay of each copy that is not held.
fn send(network: &mut Network, from: u32, to: u32) -> Vec<Micros> {
    let message = message(from, to);
    let Ok(fate) = network.fate(&message) else { return Vec::new() };
    let copy = fate.repeated.then(|| network.fate_of_copy(&message, &fate));
    let fates = copy.into_iter().chain([fate]);
    let launch = |fate: Fate| {
        network.launch(message.clone(), &fate);
        fate.delay
    };
    fates.filter_map(launch).collect()
}

fn park(network: &mut Network, message: Message) {
    let fate = network.parked(&message, false).expect("its link is whole");
    network.launch(message, &fate);
}

/// The delays of messages from S1 to S2, with `others` messages to S3 before each. Empty if it is lost.
fn delays(others: usize) -> Vec<Vec<Micros>> {
    let delay = Delay::Uniform(1, 1_000_000);
    let conditions = Conditions { delay, loss_ppm: 300_000, duplicate_ppm: 300_000 };
    let mut network = Network::new(3, conditions, 7);
    let mut sent: Vec<Vec<Micros>> = Vec::new();
    for _ in 0..50 {
        for _ in 0..others {
            send(&mut network, 1, 3);
        }
        sent.push(send(&mut network, 1, 2));
    }
    sent
}

/// Messages on another link affect neither delays, nor losses, nor copies.
#[test]
fn the_fate_of_a_message_depends_on_its_link_and_number_alone() {
    let alone = delays(0);
    assert!(alone.iter().any(Vec::is_empty), "some are lost");
    assert!(alone.iter().any(|copies| copies.len() == 2), "some arrive twice");
    assert_eq!(delays(3), alone);
}

#[test]
fn what_is_held_waits_and_what_is_cut_is_lost() {
    let conditions = Conditions { delay: Delay::Fixed(5), loss_ppm: 0, duplicate_ppm: 0 };
    let mut network = Network::new(3, conditions, 7);
    network.hold(NodeId(1), NodeId(2), Kinds::ALL, true);
    assert!(send(&mut network, 1, 2).is_empty(), "a held message does not set out");
    network.cut(NodeId(1), NodeId(3), true);
    assert!(send(&mut network, 1, 3).is_empty(), "a link that is cut carries nothing");
    assert_eq!(network.in_flight().len(), 1);
    assert_eq!(network.hold(NodeId(1), NodeId(2), Kinds::ALL, false).len(), 1);
    let mut arrivals = Vec::new();
    network.set_out(|arrival| arrivals.push(arrival.message));
    assert_eq!(arrivals.len(), 1);
    assert!(network.arrives(arrivals[0]));
    assert_eq!(network.take(arrivals[0]).map(|flight| flight.message), Some(message(1, 2)));
    assert!(network.take(arrivals[0]).is_none());
}

#[test]
fn an_exponential_delay_halves_from_step_to_step_around_its_mean() {
    let drawn: Vec<Micros> =
        (0..100_000).map(|n| Delay::Exponential(3_000).draw(mix(7, n))).collect();
    let mean = drawn.iter().sum::<Micros>() / 100_000;
    assert!((2_950..3_050).contains(&mean), "{mean}");
    for step in 0..6_u64 {
        let longer = drawn.iter().filter(|&&delay| delay > step * 2_000).count() as u64;
        assert!(longer.abs_diff(100_000 >> step) < 1_000, "{longer} beyond {step} steps");
    }
}

#[test]
fn slownesses_of_a_link_add_up_and_end_one_by_one() {
    let conditions = Conditions { delay: Delay::Fixed(5), loss_ppm: 0, duplicate_ppm: 0 };
    let mut network = Network::new(3, conditions, 7);
    let delay = |network: &mut Network, to| send(network, 1, to);
    network.slow(NodeId(1), NodeId(2), 10, true);
    network.slow(NodeId(1), NodeId(2), 100, true);
    assert_eq!(delay(&mut network, 2), [115]);
    assert_eq!(delay(&mut network, 3), [5]);
    park(&mut network, message(1, 2));
    let mut parked = Vec::new();
    network.set_out(|arrival| parked.push(arrival.delay));
    assert_eq!(parked, [115]);
    network.slow(NodeId(1), NodeId(2), 10, false);
    assert_eq!(delay(&mut network, 2), [105]);
}

#[test]
fn a_hold_is_about_its_kinds_and_ends_alone() {
    let conditions = Conditions { delay: Delay::Fixed(5), loss_ppm: 0, duplicate_ppm: 0 };
    let mut network = Network::new(2, conditions, 7);
    let (from, to) = (NodeId(1), NodeId(2));
    let bodies =
        [Body::TimeoutNow, Body::PreVoteReply { granted: true }, message(1, 2).body.clone()];
    let send = |network: &mut Network| {
        let messages = bodies.iter().map(|body| Message { body: body.clone(), ..message(1, 2) });
        messages.for_each(|message| park(network, message));
    };
    let held = |network: &Network| {
        let held = network.in_flight().iter().map(|flight| flight.held).collect::<Vec<bool>>();
        [held[0], held[1], held[2]]
    };
    let votes = Kinds::REQUEST_VOTE_REPLY | Kinds::PRE_VOTE_REPLY;
    network.hold(from, to, votes, true);
    network.hold(from, to, Kinds::PRE_VOTE_REPLY, true);
    send(&mut network);
    assert_eq!(held(&network), [false, true, true]);
    network.hold(from, to, votes, false);
    assert_eq!(held(&network), [false, true, false], "the other hold is in force");
    network.hold(from, to, Kinds::PRE_VOTE_REPLY, false);
    assert_eq!(held(&network), [false; 3]);
    assert!(bodies.iter().all(|body| Kinds::ALL.contains(body)));
    assert!(!bodies.iter().any(|body| Kinds::NONE.contains(body)));
}
