//! The network: what is in flight, which links are cut or held, and its conditions.
//!
//! Whether a message is lost or repeated and how long it takes is a pure function of the seed and of the
//! message's identity: its link, and the how-many-eth on that link it is. The network never reorders by
//! itself: unequal delays do.

mod kinds;

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::mix::{MixHasher, below, chance, mix};
use crate::model::{Message, NodeId};
use crate::time::Micros;

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
pub struct Conditions {
    /// How long a message takes.
    pub delay: Delay,
    /// Parts in a million that are lost.
    pub loss_ppm: u32,
    /// Parts in a million that arrive twice.
    pub duplicate_ppm: u32,
}

/// Names a message in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MessageId {
    /// Its number among all messages of the run that were in flight, in order, from 1.
    pub number: u64,
    /// Where the network keeps it.
    pub slot: u32,
}

/// Why a message was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// By chance, as the network's conditions have it.
    Chance,
    /// Its link is cut.
    Cut,
    /// Its receiver is down.
    Down,
    /// It was dropped by hand.
    Dropped,
}

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Flight {
    /// The message.
    pub message: Message,
    /// Its name.
    pub id: MessageId,
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
    pub(crate) message: MessageId,
    pub(crate) delay: Micros,
}

/// What becomes of a message that is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate<'a> {
    /// It is lost.
    Lost(&'a Message, Loss),
    /// It, or a copy of it, is in flight. It takes this long, or is held back.
    InFlight { id: MessageId, copy: bool, delay: Option<Micros> },
}

/// The network between servers S1…Sn.
#[derive(Clone, Debug)]
pub struct Network {
    servers: usize,
    conditions: Conditions,
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
    pub(crate) fn new(servers: usize, conditions: Conditions, seed: u64) -> Network {
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
            conditions,
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
    pub(crate) fn cut(&mut self, from: NodeId, to: NodeId, cut: bool) {
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
    pub(crate) fn heal(&mut self, from: NodeId, to: NodeId) {
        let link = self.link(from, to);
        self.links[link].cut = 0;
    }

    /// One direction gets slower by so much once more, or one such slowness ends: messages that are sent
    /// meanwhile take so much longer. Virtual microseconds.
    pub(crate) fn slow(&mut self, from: NodeId, to: NodeId, extra: Micros, slow: bool) {
        let link = self.link(from, to);
        let total = &mut self.links[link].extra;
        *total = if slow { *total + extra } else { total.saturating_sub(extra) };
    }

    /// Holds back messages of these kinds that are sent in one direction from now on, or ends one such hold.
    /// What it held and no other hold does is set free; returns that.
    pub(crate) fn hold(
        &mut self,
        from: NodeId,
        to: NodeId,
        kinds: Kinds,
        hold: bool,
    ) -> Vec<MessageId> {
        let link = self.link(from, to);
        if hold {
            self.holds.push((link, kinds));
        } else if let Some(place) = self.holds.iter().position(|&other| other == (link, kinds)) {
            self.holds.swap_remove(place);
        }
        let here = self.holds.iter().filter(|(other, _)| *other == link);
        let held = here.fold(Kinds::NONE, |held, (_, kinds)| held | *kinds);
        self.links[link].held = held;
        let mut free = Vec::new();
        if !hold {
            for flight in self.flights.iter_mut().flatten() {
                let Message { from: sender, to: receiver, body, .. } = &flight.message;
                if (*sender, *receiver) == (from, to) && flight.held && !held.contains(body) {
                    flight.held = false;
                    free.push(flight.id);
                }
            }
        }
        free
    }

    /// Mends every link, sets free all that is held, and has these conditions from now on; returns what was held. What is in
    /// flight has no arrival then: one that was scheduled comes too late, or finds the message gone.
    pub(crate) fn calm(&mut self, conditions: Conditions) -> Vec<MessageId> {
        self.conditions = conditions;
        for link in &mut self.links {
            (link.cut, link.held, link.extra) = (0, Kinds::NONE, 0);
        }
        let mut free = Vec::new();
        for flight in self.flights.iter_mut().flatten() {
            flight.scheduled = false;
            if std::mem::take(&mut flight.held) {
                free.push(flight.id);
            }
        }
        free
    }

    /// Puts a message on its way, under the network's conditions. `each` learns what becomes of it, and of its copy if there
    /// is one.
    ///
    /// # Errors
    /// What `each` returns; nothing else becomes of the message then.
    #[inline]
    pub(crate) fn send<E>(
        &mut self,
        message: Message,
        mut each: impl FnMut(Fate<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let link = self.link(message.from, message.to);
        let state = &mut self.links[link];
        state.carried += 1;
        if state.cut > 0 {
            return each(Fate::Lost(&message, Loss::Cut));
        }
        let identity = mix(state.seed, state.carried);
        let held = !state.held.is_empty() && state.held.contains(&message.body);
        let extra = state.extra;
        let Conditions { delay, loss_ppm, duplicate_ppm } = self.conditions;
        if loss_ppm > 0 && chance(mix(identity, 1), loss_ppm) {
            return each(Fate::Lost(&message, Loss::Chance));
        }
        let time = |identity| (!held).then(|| delay.draw(identity) + extra);
        if duplicate_ppm > 0 && chance(mix(identity, 2), duplicate_ppm) {
            let identity = mix(identity, 3);
            let id = self.launch(message.clone(), identity, held, !held);
            each(Fate::InFlight { id, copy: true, delay: time(identity) })?;
        }
        let id = self.launch(message, identity, held, !held);
        each(Fate::InFlight { id, copy: false, delay: time(identity) })
    }

    /// Puts a message in flight, to be delivered by hand or scheduled later. `each` as in [`Network::send`].
    ///
    /// # Errors
    /// What `each` returns.
    pub(crate) fn park<E>(
        &mut self,
        message: Message,
        each: impl FnOnce(Fate<'_>, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        let link = self.link(message.from, message.to);
        let state = &mut self.links[link];
        state.carried += 1;
        let LinkState { cut, held, seed, carried, .. } = *state;
        if cut > 0 {
            return each(Fate::Lost(&message, Loss::Cut), false);
        }
        let held = held.contains(&message.body);
        let id = self.launch(message, mix(seed, carried), held, false);
        each(Fate::InFlight { id, copy: false, delay: None }, held)
    }

    /// Puts a message into a free slot; returns its name.
    fn launch(
        &mut self,
        message: Message,
        identity: u64,
        held: bool,
        scheduled: bool,
    ) -> MessageId {
        self.sent += 1;
        let tag = (self.sent, self.link(message.from, message.to) as u32);
        // A run whose messages in flight outgrow 2³² has outgrown memory long before.
        let slot = self.free.pop().unwrap_or(self.flights.len() as u32);
        let id = MessageId { number: self.sent, slot };
        let flight = Flight { message, id, held, scheduled, identity };
        if slot as usize == self.flights.len() {
            self.flights.push(Some(flight));
            self.tags.push(tag);
        } else {
            self.flights[slot as usize] = Some(flight);
            self.tags[slot as usize] = tag;
        }
        id
    }

    /// Whatever is in flight, not held and has no arrival yet gets one; oldest first.
    pub(crate) fn set_out(&mut self, mut arrives: impl FnMut(Arrival)) {
        let mut parked: Vec<Arrival> = Vec::new();
        let (links, servers) = (&self.links, self.servers);
        for flight in self.flights.iter_mut().flatten() {
            if !flight.held && !flight.scheduled {
                flight.scheduled = true;
                let Message { from, to, .. } = flight.message;
                let extra = links[place(servers, from, to)].extra;
                let delay = self.conditions.delay.draw(mix(flight.identity, 4)) + extra;
                parked.push(Arrival { message: flight.id, delay });
            }
        }
        parked.sort_unstable_by_key(|arrival| arrival.message);
        parked.into_iter().for_each(&mut arrives);
    }

    /// Whether a message arrives now that was on its way: not if it was taken before, nor if it is held by now; then it
    /// stays.
    #[inline]
    pub(crate) fn arrives(&mut self, id: MessageId) -> bool {
        let Some(flight) = self.flight_mut(id) else { return false };
        if flight.held {
            flight.scheduled = false;
        }
        !flight.held
    }

    fn flight_mut(&mut self, id: MessageId) -> Option<&mut Flight> {
        let flight = self.flights.get_mut(id.slot as usize)?.as_mut()?;
        (flight.id == id).then_some(flight)
    }

    /// A message in flight.
    #[must_use]
    pub fn flight(&self, id: MessageId) -> Option<&Flight> {
        let flight = self.flights.get(id.slot as usize)?.as_ref()?;
        (flight.id == id).then_some(flight)
    }

    /// Takes a message in flight out.
    #[inline]
    pub(crate) fn take(&mut self, id: MessageId) -> Option<Message> {
        let flight = self.flights.get_mut(id.slot as usize)?.take_if(|flight| flight.id == id)?;
        self.free.push(id.slot);
        Some(flight.message)
    }

    /// What is in flight, oldest first.
    #[must_use]
    pub fn in_flight(&self) -> Vec<&Flight> {
        let mut flights: Vec<&Flight> = self.flights.iter().flatten().collect();
        flights.sort_unstable_by_key(|flight| flight.id);
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

    /// Feeds the hasher with what is in flight, as a set, and with the state of each link. Names of messages are left out, and
    /// what only chance depends on: how many messages a link has carried.
    pub(crate) fn fingerprint(&self, hasher: &mut impl Hasher) {
        let of = |flight: &Flight| {
            let mut hasher = MixHasher::default();
            (&flight.message, flight.held).hash(&mut hasher);
            hasher.finish()
        };
        let mut flights: Vec<u64> = self.flights().map(of).collect();
        flights.sort_unstable();
        flights.hash(hasher);
        for LinkState { cut, held, extra, seed: _, carried: _ } in &self.links {
            (cut, held, extra).hash(hasher);
        }
        let mut holds = self.holds.clone();
        holds.sort_unstable_by_key(|(link, kinds)| (*link, kinds.bits()));
        holds.hash(hasher);
    }

    /// Holds back a message in flight, or sets it free. False if that makes no difference.
    pub(crate) fn set_held(&mut self, id: MessageId, held: bool) -> bool {
        let Some(flight) = self.flight_mut(id) else { return false };
        std::mem::replace(&mut flight.held, held) != held
    }
}

/// Where a link is among those between so many servers.
fn place(servers: usize, from: NodeId, to: NodeId) -> usize {
    (from.0 as usize - 1) * servers + to.0 as usize - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Term};

    fn message(from: u32, to: u32) -> Message {
        let body = Body::RequestVoteReply { granted: true };
        Message::new(NodeId(from), NodeId(to), Term(1), body)
    }

    /// Sends a message, and tells how long each of its copies takes that is not held.
    fn send(network: &mut Network, from: u32, to: u32) -> Vec<Micros> {
        let mut delays = Vec::new();
        let sent: Result<(), ()> = network.send(message(from, to), |fate| {
            match fate {
                Fate::Lost(..) => {}
                Fate::InFlight { delay, .. } => delays.extend(delay),
            }
            Ok(())
        });
        sent.expect("nothing ends it");
        delays
    }

    fn park(network: &mut Network, message: Message) {
        let sent: Result<(), ()> = network.park(message, |_, _| Ok(()));
        sent.expect("nothing ends it");
    }

    /// The delays of what S1 sends to S2, with so many messages to S3 in between. Empty is lost.
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
        assert_eq!(network.take(arrivals[0]), Some(message(1, 2)));
        assert_eq!(network.take(arrivals[0]), None);
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
            let messages =
                bodies.iter().map(|body| Message { body: body.clone(), ..message(1, 2) });
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
}
