//! The network: what is in flight, which links are cut or held, and the weather.
//!
//! Whether a message is lost or repeated and how long it takes is a pure function of the seed and of the
//! message's identity: its link, and the how-many-eth on that link it is. The network never reorders by
//! itself: unequal delays do.

use serde::{Deserialize, Serialize};

use crate::mix::{below, chance, mix};
use crate::time::Micros;
use crate::words::{Message, NodeId};

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
    /// Per link: how many faults cut it, how many hold it, its seed, and how many messages it has carried.
    links: Vec<LinkState>,
    flights: Vec<Option<Flight>>,
    free: Vec<u32>,
    sent: u64,
}

#[derive(Clone, Copy, Debug)]
struct LinkState {
    cut: u32,
    held: u32,
    seed: u64,
    carried: u64,
}

impl Network {
    /// A whole network without messages.
    pub(crate) fn new(servers: usize, weather: Weather, seed: u64) -> Network {
        let links = (0..servers * servers)
            .map(|link| LinkState { cut: 0, held: 0, seed: mix(seed, link as u64), carried: 0 })
            .collect();
        Network { servers, weather, links, flights: Vec::new(), free: Vec::new(), sent: 0 }
    }

    fn link(&self, from: NodeId, to: NodeId) -> usize {
        (from.0 as usize - 1) * self.servers + to.0 as usize - 1
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

    /// Holds back what is sent in one direction from now on, or ends one hold of it. A hold that ends
    /// lets go of the messages it held: they are as if just sent.
    pub fn hold(&mut self, from: NodeId, to: NodeId, hold: bool) {
        let link = self.link(from, to);
        let count = &mut self.links[link].held;
        *count = if hold { *count + 1 } else { count.saturating_sub(1) };
        if *count == 0 {
            for flight in self.flights.iter_mut().flatten() {
                if flight.message.from == from && flight.message.to == to {
                    flight.held = false;
                }
            }
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
        let held = state.held > 0;
        let Weather { delay, loss_ppm, duplicate_ppm } = self.weather;
        if loss_ppm > 0 && chance(mix(identity, 1), loss_ppm) {
            return;
        }
        if duplicate_ppm > 0 && chance(mix(identity, 2), duplicate_ppm) {
            let identity = mix(identity, 3);
            let (slot, number) = self.launch(message.clone(), identity, held, !held);
            if !held {
                arrives(Arrival { slot, number, delay: delay.draw(identity) });
            }
        }
        let (slot, number) = self.launch(message, identity, held, !held);
        if !held {
            arrives(Arrival { slot, number, delay: delay.draw(identity) });
        }
    }

    /// Puts a message in flight without weather, to be delivered by hand or scheduled later.
    pub(crate) fn park(&mut self, message: Message) {
        let link = self.link(message.from, message.to);
        let state = &mut self.links[link];
        state.carried += 1;
        let LinkState { cut, held, seed, carried } = *state;
        if cut == 0 {
            self.launch(message, mix(seed, carried), held > 0, false);
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
        let flight = Flight { message, number: self.sent, held, scheduled, identity };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.flights[slot as usize] = Some(flight);
                slot
            }
            None => {
                self.flights.push(Some(flight));
                // A run whose messages in flight outgrow 2³² has outgrown memory long before.
                (self.flights.len() - 1) as u32
            }
        };
        (slot, self.sent)
    }

    /// Schedules whatever is in flight, not held and has no arrival yet; oldest first.
    pub(crate) fn schedule_parked(&mut self, mut arrives: impl FnMut(Arrival)) {
        let mut parked: Vec<Arrival> = Vec::new();
        for (slot, flight) in (0..).zip(&mut self.flights) {
            if let Some(flight) = flight
                && !flight.held
                && !flight.scheduled
            {
                flight.scheduled = true;
                let delay = self.weather.delay.draw(mix(flight.identity, 4));
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

    /// Takes a message in flight out by its number.
    pub fn take_number(&mut self, number: u64) -> Option<Message> {
        let of_number =
            |flight: &Option<Flight>| flight.as_ref().is_some_and(|flight| flight.number == number);
        let slot = self.flights.iter().position(of_number)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Body, Term};

    fn message(from: u32, to: u32) -> Message {
        let body = Body::RequestVoteReply { granted: true };
        Message { from: NodeId(from), to: NodeId(to), term: Term(1), body }
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
        network.hold(NodeId(1), NodeId(2), true);
        network.send(message(1, 2), |_| panic!("a held message does not set out"));
        network.cut(NodeId(1), NodeId(3), true);
        network.send(message(1, 3), |_| panic!("a link that is cut carries nothing"));
        assert_eq!(network.in_flight().len(), 1);
        network.hold(NodeId(1), NodeId(2), false);
        let mut arrivals = Vec::new();
        network.schedule_parked(|arrival| arrivals.push(arrival));
        assert_eq!(arrivals.len(), 1);
        let Arrival { slot, number, .. } = arrivals[0];
        assert_eq!(network.arrive(slot, number), Some(message(1, 2)));
        assert_eq!(network.arrive(slot, number), None);
    }
}
