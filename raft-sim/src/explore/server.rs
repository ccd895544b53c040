//! The states of single servers, and their steps.
//!
//! A server's step depends on its own state and on what happens to it, and on nothing else. So each is done once, by the
//! real server in a real [`World`], and what comes of it is kept: the state behind it, the messages that it sends, and
//! what checkers observe. States and messages have numbers; two that behave alike have the same.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use super::admin::{Admin, in_force};
use super::arena::Arena;
use super::bounds::Bounds;
use super::event::Event;
use super::observed::Observed;
use super::perform::{Done, perform};
use super::symmetry::{self, Symmetry, renamed};
use crate::action::Action;
use crate::mix::{MixHasher, mix};
use crate::model::{Message, NodeId, Term};
use crate::network::MessageId;
use crate::observation::Observation;
use crate::subject::{Implementation, Role, Token};
use crate::world::{Halt, Part, World};

/// A state of a server.
pub(super) struct State {
    /// The server.
    pub(super) id: NodeId,
    /// Numbers that tell it from all others: as it is, and under each other way to name servers.
    pub(super) hashes: Box<[u128]>,
    /// Its term.
    pub(super) term: Term,
    /// True if it leads.
    pub(super) leads: bool,
    /// True if its latest configuration is C_old,new.
    pub(super) joint: bool,
    /// True if a write of it is pending.
    pub(super) dirty: bool,
}

/// A message that some server sent.
pub(super) struct Sent {
    pub(super) message: Message,
    /// Numbers that tell it from all others, as those of a state.
    pub(super) hashes: Box<[u128]>,
}

/// What comes of an event at a server.
pub(super) struct Step {
    /// False if the event is not possible in this state.
    pub(super) taken: bool,
    /// The state behind it.
    pub(super) to: u32,
    /// The messages that the server sends, in the order of their numbers.
    pub(super) sends: Box<[u32]>,
    /// What checkers observe.
    pub(super) observed: Box<[Observation<'static>]>,
}

/// All states, messages and steps so far.
pub(super) struct Tables {
    pub(super) states: Arena<State>,
    pub(super) messages: Arena<Sent>,
    pub(super) steps: Arena<Step>,
}

impl Tables {
    pub(super) fn new() -> Tables {
        Tables { states: Arena::new(), messages: Arena::new(), steps: Arena::new() }
    }
}

/// Does the steps of servers.
pub(super) struct Servers<'a> {
    world: World<'a, dyn Implementation + 'a>,
    /// True if a write that is pending has a name in what is observed.
    names_writes: bool,
    admin: &'a Admin,
    tables: &'a Tables,
    symmetry: Symmetry,
    parts: Vec<Part<dyn Implementation + 'a>>,
    /// Each state under each way to name servers.
    images: Vec<Box<[u32]>>,
    /// True if some server does something else than one of another name.
    asymmetric: bool,
    states: BTreeMap<u128, u32>,
    messages: BTreeMap<u128, u32>,
    steps: BTreeMap<(u32, u32), u32>,
}

/// The reason why an implementation can't be explored.
pub(super) const NO_FORK: &str =
    "its servers can't be copied and compared, which an exploration needs";

impl<'a> Servers<'a> {
    /// The servers of a world that has booted. Returns their states as well.
    ///
    /// # Errors
    /// They can't be copied or compared.
    pub(super) fn new(
        world: World<'a, dyn Implementation + 'a>,
        bounds: &Bounds,
        admin: &'a Admin,
        symmetry: Symmetry,
        tables: &'a Tables,
    ) -> Result<(Servers<'a>, Vec<u32>), String> {
        let mut servers = Servers {
            world,
            names_writes: bounds.slow_disks,
            admin,
            tables,
            symmetry,
            parts: Vec::new(),
            images: Vec::new(),
            asymmetric: false,
            states: BTreeMap::new(),
            messages: BTreeMap::new(),
            steps: BTreeMap::new(),
        };
        let mut first = Vec::new();
        for id in servers.world.ids() {
            let mut orbit = Vec::new();
            for way in servers.symmetry.ways() {
                let id = renamed(id, way);
                let part = Part::of(&servers.world, id).ok_or(NO_FORK)?;
                if part.fingerprint(0).is_none() {
                    return Err(NO_FORK.to_owned());
                }
                orbit.push((id, part));
            }
            first.push(servers.orbit(orbit)[0]);
        }
        Ok((servers, first))
    }

    /// True if some server does something else than one of another name would: then names matter.
    pub(super) fn is_asymmetric(&self) -> bool {
        self.asymmetric
    }

    /// The numbers of states, messages and steps so far.
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        (self.states.len(), self.messages.len(), self.steps.len())
    }

    /// The steps that were done, in this order: the state and the code of the event of each.
    pub(super) fn done(&self) -> Vec<(u32, u32)> {
        let mut done: Vec<_> = self.steps.iter().map(|(key, number)| (*number, *key)).collect();
        done.sort_unstable();
        done.into_iter().map(|(_, key)| key).collect()
    }

    /// True if there are such a state and such an event.
    pub(super) fn knows(&self, state: u32, event: Event) -> bool {
        let known = |message: u32| (message as usize) < self.messages.len();
        (state as usize) < self.parts.len()
            && if let Event::Deliver(message) = event { known(message) } else { true }
    }

    /// A number that tells what all steps came to.
    pub(super) fn behavior(&self, sum: u64) -> u64 {
        let prints = [&self.states, &self.messages].into_iter().flatten();
        let prints = prints.map(|(print, number)| (*print as u64, *number));
        let step = |number: u32| (1, self.tables.steps.get(number).to);
        let steps = (0..self.steps.len() as u32).map(step);
        prints
            .chain(steps)
            .fold(sum, |sum, (print, number)| mix(mix(sum, print), u64::from(number)))
    }

    /// A state's server with its surroundings.
    pub(super) fn part(&self, state: u32) -> &Part<dyn Implementation + 'a> {
        &self.parts[state as usize]
    }

    /// The numbers of a state under all ways to name servers.
    fn orbit(&mut self, orbit: Vec<(NodeId, Part<dyn Implementation + 'a>)>) -> Box<[u32]> {
        let names_writes = self.names_writes;
        let hash = |(id, part): &(NodeId, Part<_>)| {
            let Token(written) = part.server().written();
            let names = if names_writes { mix(7, written) } else { 0 };
            let half =
                |salt: u64| part.fingerprint(salt << 8 | u64::from(id.0)).unwrap_or_default();
            (u128::from(half(1)) << 64 | u128::from(half(2))) ^ u128::from(names)
        };
        let hashes: Vec<u128> = orbit.iter().map(hash).collect();
        if let Some(number) = self.states.get(&hashes[0]) {
            let images = self.images[*number as usize].clone();
            let known = |(image, hash): (&u32, &u128)| self.states.get(hash) == Some(image);
            self.asymmetric |= !std::iter::zip(&images, &hashes).all(known);
            return images;
        }
        let mut numbers = Vec::new();
        for ((id, part), hash) in orbit.into_iter().zip(&hashes) {
            let next = self.parts.len() as u32;
            let number = *self.states.entry(*hash).or_insert(next);
            numbers.push(number);
            if number < next {
                continue;
            }
            let (view, disk) = (part.server().view(), part.server().disk());
            let (term, dirty) = (view.term, disk.is_dirty());
            let leads = part.server().is_up() && view.role == Role::Leader;
            let joint = in_force(part.server()).is_some_and(|latest| latest.is_joint());
            let before = numbers.len() - 1;
            let hashes = self.behind(before, |way| hashes[way]);
            self.tables.states.put(number, State { id, hashes, term, leads, joint, dirty });
            self.parts.push(part);
            self.images.push(Box::default());
        }
        for (before, number) in numbers.iter().enumerate() {
            let images = self.behind(before, |way| numbers[way]);
            self.images[*number as usize] = images;
        }
        numbers.into()
    }

    /// What belongs to each way to name servers, seen from where one way leads.
    fn behind<T>(&self, before: usize, of: impl Fn(usize) -> T) -> Box<[T]> {
        (0..self.symmetry.len()).map(|after| of(self.symmetry.composed(after, before))).collect()
    }

    /// The number of a message.
    fn message(&mut self, message: Message) -> u32 {
        let hash = |message: &Message| {
            let half = |salt: u64| {
                let mut hasher = MixHasher::default();
                (salt, message).hash(&mut hasher);
                hasher.finish()
            };
            u128::from(half(3)) << 64 | u128::from(half(4))
        };
        let next = self.messages.len() as u32;
        let number = *self.messages.entry(hash(&message)).or_insert(next);
        if number == next {
            let ways = self.symmetry.ways().iter();
            let hashes = ways.map(|way| hash(&symmetry::message(&message, way))).collect();
            self.tables.messages.put(number, Sent { message, hashes });
        }
        number
    }

    /// An event under another way to name servers.
    fn renamed(&mut self, event: Event, way: usize) -> Event {
        let names = &self.symmetry.ways()[way];
        match event {
            Event::Deliver(number) => {
                let message = &self.tables.messages.get(number).message;
                let message = symmetry::message(message, names);
                Event::Deliver(self.message(message))
            }
            Event::Change(server, number) => Event::Change(renamed(server, names), number),
            Event::Transfer(server, number) => Event::Transfer(renamed(server, names), number),
            Event::Timeout
            | Event::Propose(_)
            | Event::Crash
            | Event::Heartbeat
            | Event::Read(_)
            | Event::Compact(_)
            | Event::Reconfigure(..)
            | Event::Write => event,
        }
    }

    /// The number of a step. With it, the steps of the same server under all other names are done.
    pub(super) fn step(&mut self, state: u32, event: Event) -> u32 {
        let key = (state, event.code());
        if let Some(number) = self.steps.get(&key) {
            return *number;
        }
        let (mut orbit, mut made) = (Vec::new(), Vec::new());
        for way in 0..self.symmetry.len() {
            let state = self.images[state as usize][way];
            let event = self.renamed(event, way);
            let id = self.tables.states.get(state).id;
            let (part, step) = self.make(state, event);
            orbit.push((id, part));
            made.push(((state, event.code()), step));
        }
        let numbers = self.orbit(orbit);
        for ((key, step), to) in made.into_iter().zip(numbers) {
            let next = self.steps.len() as u32;
            if *self.steps.entry(key).or_insert(next) == next {
                self.tables.steps.put(next, Step { to, ..step });
            }
        }
        self.steps[&key]
    }

    /// Does a step: the server behind it, and all else that comes of it.
    fn make(&mut self, state: u32, event: Event) -> (Part<dyn Implementation + 'a>, Step) {
        let id = self.tables.states.get(state).id;
        let fork = |part: &Part<_>| part.fork().expect("it could be copied before");
        let mut part = fork(&self.parts[state as usize]);
        part.exchange(&mut self.world, id);
        let mut observed = Observed::default();
        // A server that does not boot is judged by what was observed of it.
        let possible = self.act(id, event, &mut observed).unwrap_or(true);
        let flights = self.world.network().in_flight().into_iter();
        let sent: Vec<(MessageId, Message)> =
            flights.map(|flight| (flight.id, flight.message.clone())).collect();
        for (message, _) in &sent {
            let _ = self.world.apply(Action::Drop { message: *message }, &mut ());
        }
        part.exchange(&mut self.world, id);
        if !(possible || observed.is_end()) {
            let none =
                Step { taken: false, to: 0, sends: Box::default(), observed: Box::default() };
            return (fork(&self.parts[state as usize]), none);
        }
        let mut names: BTreeMap<MessageId, u32> = BTreeMap::new();
        for (place, message) in sent {
            let number = self.message(message);
            names.insert(place, number);
        }
        let taken = if let Event::Deliver(number) = event { Some(number) } else { None };
        observed.rename(|id| match names.get(&id).copied().or(taken) {
            Some(number) => MessageId { number: u64::from(number), slot: number },
            None => id,
        });
        let mut sends: Vec<u32> = names.into_values().collect();
        sends.sort_unstable();
        (part, Step { taken: true, to: 0, sends: sends.into(), observed: observed.0.into() })
    }
}

impl Servers<'_> {
    /// Lets an event happen to a server. False if it is not possible.
    fn act(&mut self, id: NodeId, event: Event, observed: &mut Observed) -> Result<bool, Halt> {
        let mut message = None;
        if let Event::Deliver(number) = event {
            let forged = self.tables.messages.get(number).message.clone();
            self.world.apply(Action::Forge { message: forged }, &mut ())?;
            message = self.world.network().in_flight().first().map(|flight| flight.id);
        }
        let done = perform(&mut self.world, self.admin, id, event, message, observed)?;
        Ok(match done {
            Done::Yes => true,
            Done::No => false,
            Done::Asked(request) => !observed.refuses(request),
        })
    }
}
