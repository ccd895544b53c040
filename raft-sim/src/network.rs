//! The network: the messages in flight, the state of the links, and the network conditions.
//!
//! The loss, duplication and delay of a message are a pure function of the seed and of the message's identity: its
//! link, and its sequence number on the link. The network reorders messages only by unequal delays.

mod kinds;
#[cfg(test)]
mod tests;

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::mix::{MixHasher, below, chance, mix};
use crate::model::{Message, NodeId};
use crate::time::Micros;

pub use kinds::Kinds;

/// The distribution of a message's delay, in virtual microseconds.
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
    /// Close to an exponential distribution with this mean: half of the messages arrive within two thirds of it, half
    /// of the others two thirds later, and so on; evenly in between.
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

/// The network conditions, which apply to every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// The delay of a message.
    pub delay: Delay,
    /// Messages that are lost, in parts per million.
    pub loss_ppm: u32,
    /// Messages that arrive twice, in parts per million.
    pub duplicate_ppm: u32,
}

/// The identity of a message in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MessageId {
    /// Its number among all messages of the run that were in flight, in order, from 1.
    pub number: u64,
    /// The slot in which the network keeps it.
    pub slot: u32,
}

/// The reason why a message was lost.
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
    /// Its identity.
    pub id: MessageId,
    /// True if it waits until its link is released, or it is delivered by hand.
    pub held: bool,
    /// True if its arrival is in the queue.
    scheduled: bool,
    /// The number from which its fate is drawn: a function of its link and its sequence number there.
    identity: u64,
}

/// A message in flight and how long it takes, for the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) message: MessageId,
    pub(crate) delay: Micros,
}

/// The fate of a message that is sent and not lost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    identity: u64,
    /// The time that it takes; `None` if it is held back, or to be moved by hand.
    pub(crate) delay: Option<Micros>,
    /// True if it is held back.
    pub(crate) held: bool,
    /// True if it is to arrive twice.
    pub(crate) repeated: bool,
    /// True if it is a copy.
    pub(crate) copy: bool,
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
    /// The link of each of `flights`, side by side so that those of one link are found fast.
    on: Vec<u32>,
    free: Vec<u32>,
    sent: u64,
}

/// One direction between two servers.
#[derive(Clone, Copy, Debug)]
struct LinkState {
    /// The number of cuts in force.
    cut: u32,
    /// The kinds held back on it, by all holds together.
    held: Kinds,
    /// The additional delay of its messages.
    extra: Micros,
    seed: u64,
    /// The number of messages that it has carried.
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
            on: Vec::new(),
            free: Vec::new(),
            sent: 0,
        }
    }

    /// Draws the fates of messages that are sent from now on from another seed.
    pub(crate) fn draw_anew(&mut self, seed: u64) {
        for (link, state) in (0..).zip(&mut self.links) {
            state.seed = mix(seed, link);
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

    /// True if messages in this direction are lost.
    #[must_use]
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.links[self.link(from, to)].cut > 0
    }

    /// Mends every cut of one direction.
    pub(crate) fn heal(&mut self, from: NodeId, to: NodeId) {
        let link = self.link(from, to);
        self.links[link].cut = 0;
    }

    /// Adds a delay to one direction, or ends one such delay. Messages sent meanwhile take this much longer, in
    /// virtual microseconds.
    pub(crate) fn slow(&mut self, from: NodeId, to: NodeId, extra: Micros, slow: bool) {
        let link = self.link(from, to);
        let total = &mut self.links[link].extra;
        *total = if slow { *total + extra } else { total.saturating_sub(extra) };
    }

    /// Holds back messages of these kinds that are sent in one direction from now on, or ends one such hold. Messages
    /// that no other hold covers are released, and returned.
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

    /// Mends every link, releases all held messages and returns them, and sets the conditions from now on. No message
    /// in flight has an arrival then: those scheduled before are void.
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

    /// Decides the fate of a message that is sent, under the network's conditions.
    ///
    /// # Errors
    /// The reason why it is lost.
    #[inline(always)]
    pub(crate) fn fate(&mut self, message: &Message) -> Result<Fate, Loss> {
        let link = self.link(message.from, message.to);
        let state = &mut self.links[link];
        state.carried += 1;
        if state.cut > 0 {
            return Err(Loss::Cut);
        }
        let identity = mix(state.seed, state.carried);
        let held = !state.held.is_empty() && state.held.contains(&message.body);
        let Conditions { delay, loss_ppm, duplicate_ppm } = self.conditions;
        if loss_ppm > 0 && chance(mix(identity, 1), loss_ppm) {
            return Err(Loss::Chance);
        }
        let repeated = duplicate_ppm > 0 && chance(mix(identity, 2), duplicate_ppm);
        let delay = (!held).then(|| delay.draw(identity) + state.extra);
        Ok(Fate { identity, delay, held, repeated, copy: false })
    }

    /// The fate of the copy of a message that is to arrive twice.
    pub(crate) fn fate_of_copy(&self, message: &Message, fate: &Fate) -> Fate {
        let extra = self.links[self.link(message.from, message.to)].extra;
        let identity = mix(fate.identity, 3);
        let delay = fate.delay.map(|_| self.conditions.delay.draw(identity) + extra);
        Fate { identity, delay, copy: true, ..*fate }
    }

    /// The fate of a message that is to be delivered by hand or scheduled later.
    ///
    /// # Errors
    /// The reason why it is lost.
    pub(crate) fn parked(&mut self, message: &Message, copy: bool) -> Result<Fate, Loss> {
        let link = self.link(message.from, message.to);
        let state = &mut self.links[link];
        state.carried += 1;
        let LinkState { cut, held, seed, carried, .. } = *state;
        if cut > 0 {
            return Err(Loss::Cut);
        }
        let held = held.contains(&message.body);
        let identity = mix(seed, carried);
        Ok(Fate { identity, delay: None, held, repeated: false, copy })
    }

    /// Puts a message into a free slot, and returns its identity.
    #[inline(always)]
    pub(crate) fn launch(&mut self, message: Message, fate: &Fate) -> MessageId {
        self.sent += 1;
        let link = self.link(message.from, message.to) as u32;
        // A run whose messages in flight outgrow 2³² has outgrown memory long before.
        let slot = self.free.pop().unwrap_or_else(|| self.add_slot());
        let id = MessageId { number: self.sent, slot };
        let Fate { identity, delay, held, .. } = *fate;
        self.on[slot as usize] = link;
        self.flights[slot as usize] =
            Some(Flight { message, id, held, scheduled: delay.is_some(), identity });
        id
    }

    /// One more slot for a message.
    #[cold]
    fn add_slot(&mut self) -> u32 {
        self.flights.push(None);
        self.on.push(0);
        (self.flights.len() - 1) as u32
    }

    /// Schedules an arrival for every message in flight that is not held and has none, oldest first.
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

    /// True if a scheduled message arrives now. False if it was taken before, or is held by now; then it stays in
    /// flight.
    #[inline(always)]
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
    #[inline(always)]
    pub(crate) fn take(&mut self, id: MessageId) -> Option<Flight> {
        let slot = self.flights.get_mut(id.slot as usize)?;
        if slot.as_ref()?.id != id {
            return None;
        }
        self.free.push(id.slot);
        slot.take()
    }

    /// The messages in flight, oldest first.
    #[must_use]
    pub fn in_flight(&self) -> Vec<&Flight> {
        let mut flights: Vec<&Flight> = self.flights.iter().flatten().collect();
        flights.sort_unstable_by_key(|flight| flight.id);
        flights
    }

    /// The largest number of messages that were in flight at once.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        // A place that has been free is taken again before there is one more.
        self.flights.len()
    }

    /// The messages in flight, in arbitrary order.
    pub fn flights(&self) -> impl Iterator<Item = &Flight> {
        self.flights.iter().flatten()
    }

    /// The messages in flight in one direction, in arbitrary order.
    pub fn flights_on(&self, from: NodeId, to: NodeId) -> impl Iterator<Item = &Flight> {
        let link = self.link(from, to) as u32;
        let places = self.on.iter().enumerate().filter(move |(_, on)| **on == link);
        places.filter_map(|(slot, _)| self.flights[slot].as_ref())
    }

    /// Feeds the hasher with the messages in flight, as a set, and with the state of each link. Left out are the
    /// identities of messages, and the number of messages that a link has carried, since only chance depends on it.
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

    /// Holds back a message in flight, or releases it. False if that makes no difference.
    pub(crate) fn set_held(&mut self, id: MessageId, held: bool) -> bool {
        let Some(flight) = self.flight_mut(id) else { return false };
        std::mem::replace(&mut flight.held, held) != held
    }
}

/// The place of a link among those between `servers` servers.
fn place(servers: usize, from: NodeId, to: NodeId) -> usize {
    (from.0 as usize - 1) * servers + to.0 as usize - 1
}
