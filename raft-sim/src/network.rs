//! The network: what is in flight, which links are cut or held, and the weather.
//!
//! Whether a message is lost or repeated and how long it takes is a pure function of the seed and of the
//! message's identity: its link, and the how-many-eth on that link it is. The network never reorders by
//! itself: unequal delays do.

mod kinds;

use serde::{Deserialize, Serialize};

use crate::mix::{below, chance, mix};
use crate::time::Micros;
use crate::words::{Message, NodeId};

pub use kinds::Kinds;

/// How long a message takes, in virtual microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delay {
    /// Always the same.
    Fixed(Micros),
    /// Drawn evenly from a range, ends included.
    Uniform(Micros, Micros),
    /// Drawn evenly from a range; one message in eight takes twice as long, one in 64 four times, and so
    /// on up to 64 times.
    HeavyTail(Micros, Micros),
    /// Falls off as an exponential distribution of this mean does: half of the messages are through within
    /// two thirds of it, half of the others two thirds later, and so on; evenly in between.
    Exponential(Micros),
}

impl Delay {
    fn draw(self, bits: u64) -> Micros {
        let even = |low: Micros, high: Micros| low + below(bits, high.saturating_sub(low) + 1);
        match self {
            Delay::Fixed(delay) => delay,
            Delay::Uniform(low, high) => even(low, high),
            // `below` used the high bits; the low ones are still unspent.
            Delay::HeavyTail(low, high) => {
                even(low, high) << ((bits & 0x3_ffff).trailing_zeros() / 3).min(6)
            }
            Delay::Exponential(mean) => {
                let half = mean * 2 / 3;
                half * u64::from(bits.trailing_zeros().min(16)) + even(0, half)
            }
        }
    }
}

/// What the network does to every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weather {
    /// How long a message takes.
    pub delay: Delay,
    /// Parts in a million that are lost.
    pub loss_ppm: u32,
    /// Parts in a million that arrive twice.
    pub duplicate_ppm: u32,
}

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Flight {
    /// The message.
    pub message: Message,
    /// Its number among all messages of the run, in the order of sending.
    pub number: u64,
    /// Stays where it is until its link is released, or it is delivered by hand.
    pub held: bool,
    /// Has an arrival in the queue.
    scheduled: bool,
    /// What is drawn for it: a function of its link, and of how many messages that carried before.
    identity: u64,
}

/// A message in flight and how long it takes, for the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) slot: u32,
    pub(crate) number: u64,
    pub(crate) delay: Micros,
}

/// The network between servers S1…Sn.
#[derive(Debug)]
pub struct Network {
    servers: usize,
    weather: Weather,
    links: Vec<LinkState>,
    /// The holds in force, each with its link.
    holds: Vec<(usize, Kinds)>,
    flights: Vec<Option<Flight>>,
    /// The number and the link of each of `flights`, side by side so that they are found fast.
    tags: Vec<(u64, u32)>,
    free: Vec<u32>,
    sent: u64,
}

/// One direction between two servers.
#[derive(Clone, Copy, Debug)]
struct LinkState {
    /// How many faults cut it.
    cut: u32,
    /// What is held back on it, by all holds together.
    held: Kinds,
    /// How much longer messages take.
    extra: Micros,
    seed: u64,
    /// How many messages it has carried.
    carried: u64,
}

impl Network {
    /// A whole network without messages.
    pub(crate) fn new(servers: usize, weather: Weather, seed: u64) -> Network {
        let links = (0..servers * servers)
            .map(|link| LinkState {
                cut: 0,
                held: Kinds::NONE,
                extra: 0,
                seed: mix(seed, link as u64),
                carried: 0,
            })
            .collect();
        Network {
            servers,
            weather,
            links,
            holds: Vec::new(),
            flights: Vec::new(),
            tags: Vec::new(),
            free: Vec::new(),
            sent: 0,
        }
    }

    fn link(&self, from: NodeId, to: NodeId) -> usize {
        place(self.servers, from, to)
    }

    /// Cuts one direction between two servers once more, or mends one cut of it.
    pub fn cut(&mut self, from: NodeId, to: NodeId, cut: bool) {
        let link = self.link(from, to);
        let count = &mut self.links[link].cut;
        *count = if cut { *count + 1 } else { count.saturating_sub(1) };
    }

    /// Whether messages of this direction are lost.
    #[must_use]
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.links[self.link(from, to)].cut > 0
    }

    /// Mends every cut of one direction.
    pub fn heal(&mut self, from: NodeId, to: NodeId) {
        let link = self.link(from, to);
        self.links[link].cut = 0;
    }

    /// One direction gets slower by so much once more, or one such slowness ends: messages that are sent
    /// meanwhile take so much longer. Virtual microseconds.
    pub fn slow(&mut self, from: NodeId, to: NodeId, extra: Micros, slow: bool) {
        let link = self.link(from, to);
        let total = &mut self.links[link].extra;
        *total = if slow { *total + extra } else { total.saturating_sub(extra) };
    }

    /// Holds back messages of these kinds that are sent in one direction from now on, or ends one such hold.
    /// What it held and no other hold does is let go: it is as if just sent.
    pub fn hold(&mut self, from: NodeId, to: NodeId, kinds: Kinds, hold: bool) {
        let link = self.link(from, to);
        if hold {
            self.holds.push((link, kinds));
        } else if let Some(place) = self.holds.iter().position(|&other| other == (link, kinds)) {
            self.holds.swap_remove(place);
        }
        let here = self.holds.iter().filter(|(other, _)| *other == link);
        let held = here.fold(Kinds::NONE, |held, (_, kinds)| held | *kinds);
        self.links[link].held = held;
        if !hold {
            for flight in self.flights.iter_mut().flatten() {
                let Message { from: sender, to: receiver, body, .. } = &flight.message;
                if (*sender, *receiver) == (from, to) && !held.contains(body) {
                    flight.held = false;
                }
            }
        }
    }

    /// Mends every link, lets go of all that is held, and changes the weather. What is in flight has no arrival
    /// then: one that was scheduled comes too late, or finds the message gone.
    pub(crate) fn calm(&mut self, weather: Weather) {
        self.weather = weather;
        for link in &mut self.links {
            (link.cut, link.held, link.extra) = (0, Kinds::NONE, 0);
        }
        for flight in self.flights.iter_mut().flatten() {
            (flight.held, flight.scheduled) = (false, false);
        }
    }

    /// Puts a message on its way, in the network's weather. `arrives` is told of each copy that will get
    /// through and is not held: none, one or two.
    #[inline]
    pub(crate) fn send(&mut self, message: Message, mut arrives: impl FnMut(Arrival)) {
        let link = self.link(message.from, message.to);
        let state = &mut self.links[link];
        state.carried += 1;
        if state.cut > 0 {
            return;
        }
        let identity = mix(state.seed, state.carried);
        let held = !state.held.is_empty() && state.held.contains(&message.body);
        let extra = state.extra;
        let Weather { delay, loss_ppm, duplicate_ppm } = self.weather;
        if loss_ppm > 0 && chance(mix(identity, 1), loss_ppm) {
            return;
        }
        if duplicate_ppm > 0 && chance(mix(identity, 2), duplicate_ppm) {
            let identity = mix(identity, 3);
            let (slot, number) = self.launch(message.clone(), identity, held, !held);
            if !held {
                arrives(Arrival { slot, number, delay: delay.draw(identity) + extra });
            }
        }
        let (slot, number) = self.launch(message, identity, held, !held);
        if !held {
            arrives(Arrival { slot, number, delay: delay.draw(identity) + extra });
        }
    }

    /// Puts a message in flight without weather, to be delivered by hand or scheduled later.
    pub(crate) fn park(&mut self, message: Message) {
        let link = self.link(message.from, message.to);
        let state = &mut self.links[link];
        state.carried += 1;
        let LinkState { cut, held, seed, carried, .. } = *state;
        if cut == 0 {
            let held = held.contains(&message.body);
            self.launch(message, mix(seed, carried), held, false);
        }
    }

    /// Puts a message into a free slot; returns that and the message's number.
    fn launch(
        &mut self,
        message: Message,
        identity: u64,
        held: bool,
        scheduled: bool,
    ) -> (u32, u64) {
        self.sent += 1;
        let tag = (self.sent, self.link(message.from, message.to) as u32);
        let flight = Flight { message, number: self.sent, held, scheduled, identity };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.flights[slot as usize] = Some(flight);
                self.tags[slot as usize] = tag;
                slot
            }
            None => {
                self.flights.push(Some(flight));
                self.tags.push(tag);
                // A run whose messages in flight outgrow 2³² has outgrown memory long before.
                (self.flights.len() - 1) as u32
            }
        };
        (slot, self.sent)
    }

    /// Schedules whatever is in flight, not held and has no arrival yet; oldest first.
    pub(crate) fn schedule_parked(&mut self, mut arrives: impl FnMut(Arrival)) {
        let mut parked: Vec<Arrival> = Vec::new();
        let (links, servers) = (&self.links, self.servers);
        for (slot, flight) in (0..).zip(&mut self.flights) {
            if let Some(flight) = flight
                && !flight.held
                && !flight.scheduled
            {
                flight.scheduled = true;
                let Message { from, to, .. } = flight.message;
                let extra = links[place(servers, from, to)].extra;
                let delay = self.weather.delay.draw(mix(flight.identity, 4)) + extra;
                parked.push(Arrival { slot, number: flight.number, delay });
            }
        }
        parked.sort_unstable_by_key(|arrival| arrival.number);
        parked.into_iter().for_each(&mut arrives);
    }

    /// Takes the message out that arrives in this slot under this number; `None` if it was taken before,
    /// or is held by now (then it stays), or its link is cut by now (then it is lost).
    #[inline]
    pub(crate) fn arrive(&mut self, slot: u32, number: u64) -> Option<Message> {
        let flight = self.flights.get_mut(slot as usize)?.as_mut()?;
        if flight.number != number {
            return None;
        }
        if flight.held {
            flight.scheduled = false;
            return None;
        }
        let (from, to) = (flight.message.from, flight.message.to);
        let cut = self.is_cut(from, to);
        let message = self.take(slot)?;
        (!cut).then_some(message)
    }

    fn take(&mut self, slot: u32) -> Option<Message> {
        let flight = self.flights.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(flight.message)
    }

    /// What is in flight, oldest first.
    #[must_use]
    pub fn in_flight(&self) -> Vec<&Flight> {
        let mut flights: Vec<&Flight> = self.flights.iter().flatten().collect();
        flights.sort_unstable_by_key(|flight| flight.number);
        flights
    }

    /// How many messages there have been in flight at once, at most.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        // A place that has been free is taken again before there is one more.
        self.flights.len()
    }

    /// What is in flight, in no order that means anything.
    pub fn flights(&self) -> impl Iterator<Item = &Flight> {
        self.flights.iter().flatten()
    }

    /// What is in flight in one direction, in no order that means anything.
    pub fn flights_on(&self, from: NodeId, to: NodeId) -> impl Iterator<Item = &Flight> {
        let link = self.link(from, to) as u32;
        let places = self.tags.iter().enumerate().filter(move |(_, tag)| tag.1 == link);
        places.filter_map(|(slot, _)| self.flights[slot].as_ref())
    }

    /// Takes a message in flight out by its number.
    pub fn take_number(&mut self, number: u64) -> Option<Message> {
        let slot = self.tags.iter().position(|tag| tag.0 == number)?;
        self.take(slot as u32)
    }

    /// Marks messages in flight as held, or lets them go.
    pub fn set_held(&mut self, mut held: impl FnMut(&Message) -> Option<bool>) {
        for flight in self.flights.iter_mut().flatten() {
            if let Some(held) = held(&flight.message) {
                flight.held = held;
            }
        }
    }
}

/// Where a link is among those between so many servers.
fn place(servers: usize, from: NodeId, to: NodeId) -> usize {
    (from.0 as usize - 1) * servers + to.0 as usize - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Body, Term};

    fn message(from: u32, to: u32) -> Message {
        let body = Body::RequestVoteReply { granted: true };
        Message::new(NodeId(from), NodeId(to), Term(1), body)
    }

    /// The delays of what S1 sends to S2, with so many messages to S3 in between. Empty is lost.
    fn delays(others: usize) -> Vec<Vec<Micros>> {
        let delay = Delay::Uniform(1, 1_000_000);
        let weather = Weather { delay, loss_ppm: 300_000, duplicate_ppm: 300_000 };
        let mut network = Network::new(3, weather, 7);
        let mut sent = Vec::new();
        for _ in 0..50 {
            for _ in 0..others {
                network.send(message(1, 3), |_| {});
            }
            let mut copies = Vec::new();
            network.send(message(1, 2), |arrival| copies.push(arrival.delay));
            sent.push(copies);
        }
        sent
    }

    /// What is sent elsewhere decides nothing here: neither delays, nor losses, nor copies.
    #[test]
    fn the_fate_of_a_message_depends_on_its_link_and_number_alone() {
        let alone = delays(0);
        assert!(alone.iter().any(Vec::is_empty), "some are lost");
        assert!(alone.iter().any(|copies| copies.len() == 2), "some arrive twice");
        assert_eq!(delays(3), alone);
    }

    #[test]
    fn what_is_held_waits_and_what_is_cut_is_lost() {
        let weather = Weather { delay: Delay::Fixed(5), loss_ppm: 0, duplicate_ppm: 0 };
        let mut network = Network::new(3, weather, 7);
        network.hold(NodeId(1), NodeId(2), Kinds::ALL, true);
        network.send(message(1, 2), |_| panic!("a held message does not set out"));
        network.cut(NodeId(1), NodeId(3), true);
        network.send(message(1, 3), |_| panic!("a link that is cut carries nothing"));
        assert_eq!(network.in_flight().len(), 1);
        network.hold(NodeId(1), NodeId(2), Kinds::ALL, false);
        let mut arrivals = Vec::new();
        network.schedule_parked(|arrival| arrivals.push(arrival));
        assert_eq!(arrivals.len(), 1);
        let Arrival { slot, number, .. } = arrivals[0];
        assert_eq!(network.arrive(slot, number), Some(message(1, 2)));
        assert_eq!(network.arrive(slot, number), None);
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
        let weather = Weather { delay: Delay::Fixed(5), loss_ppm: 0, duplicate_ppm: 0 };
        let mut network = Network::new(3, weather, 7);
        let delay = |network: &mut Network, to| {
            let mut delays = Vec::new();
            network.send(message(1, to), |arrival| delays.push(arrival.delay));
            delays
        };
        network.slow(NodeId(1), NodeId(2), 10, true);
        network.slow(NodeId(1), NodeId(2), 100, true);
        assert_eq!(delay(&mut network, 2), [115]);
        assert_eq!(delay(&mut network, 3), [5]);
        network.park(message(1, 2));
        let mut parked = Vec::new();
        network.schedule_parked(|arrival| parked.push(arrival.delay));
        assert_eq!(parked, [115]);
        network.slow(NodeId(1), NodeId(2), 10, false);
        assert_eq!(delay(&mut network, 2), [105]);
    }

    #[test]
    fn a_hold_is_about_its_kinds_and_ends_alone() {
        let weather = Weather { delay: Delay::Fixed(5), loss_ppm: 0, duplicate_ppm: 0 };
        let mut network = Network::new(2, weather, 7);
        let (from, to) = (NodeId(1), NodeId(2));
        let bodies =
            [Body::TimeoutNow, Body::PreVoteReply { granted: true }, message(1, 2).body.clone()];
        let send = |network: &mut Network| {
            let messages =
                bodies.iter().map(|body| Message { body: body.clone(), ..message(1, 2) });
            messages.for_each(|message| network.send(message, |_| {}));
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
}
