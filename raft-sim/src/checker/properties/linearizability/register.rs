//! When what clients see of a register is linearizable (Herlihy and Wing 1990).
//!
//! Each write has a value of its own, so each read names the write that it saw. Then no order needs to be searched
//! for (Gibbons and Korach 1997): of two values one comes before the other if an operation on it was over when one on
//! the other was asked for, and all is linearizable if and only if no two values come before each other and no read
//! ends before the write of what it saw begins. So it is judged as reads end, and never given up.

use std::collections::BTreeMap;

/// What a register holds: a number that stands for the write.
pub(super) type Value = u64;

/// What clients have seen of one register.
#[derive(Debug)]
pub(super) struct Register {
    /// How many things clients have done and heard.
    now: u64,
    /// In the order in which they were asked for.
    writes: Vec<Write>,
    zones: Zones,
    /// The latest write that each value can be from, of the first [`Register::named`] writes.
    names: BTreeMap<Value, usize>,
    named: usize,
    /// The latest write of each value that is written once, however often it is asked for.
    once: BTreeMap<Value, usize>,
}

/// A write.
#[derive(Debug)]
struct Write {
    value: Value,
    /// When it was first asked for.
    asked: u64,
    /// How many servers were asked for it that may have done it, or may do it yet.
    tries: u32,
    state: State,
    /// Its place among the zones.
    zone: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It may be done, now or later.
    Open,
    /// It is done, and its client knows.
    Done,
    /// It is certain that it was not done, and never will be.
    Failed,
    /// Another one was asked for since that has the same value. What is read may be from either: nothing follows.
    Ambiguous,
}

/// Everything that clients did with one value.
#[derive(Debug)]
struct Zone {
    /// The write, counted from 1; 0 if there was none.
    number: u64,
    /// When the first of its operations was over.
    seen: u64,
    /// When the last of them was asked for that is over, or is the write.
    asked: u64,
}

/// The values on which some operation is over, in the order in which the first was. The first zone is that of a
/// register that nobody has written.
#[derive(Debug)]
struct Zones {
    zones: Vec<Zone>,
    /// The greatest `asked` of the zones up to each of them: what was written long ago need not be looked at again.
    asked: Vec<u64>,
}

impl Zones {
    fn new() -> Zones {
        Zones { zones: vec![Zone { number: 0, seen: 0, asked: 0 }], asked: vec![0] }
    }

    /// An operation on a write's value is over. The place of its zone.
    fn see(&mut self, write: &mut Write, number: u64, now: u64) -> usize {
        *write.zone.get_or_insert_with(|| {
            let before = self.asked.last().copied().unwrap_or_default();
            self.asked.push(before.max(write.asked));
            self.zones.push(Zone { number, seen: now, asked: write.asked });
            self.zones.len() - 1
        })
    }

    /// An operation on the value of this zone is over that was asked for at this time.
    fn ask(&mut self, place: usize, asked: u64) {
        let zone = &mut self.zones[place];
        zone.asked = zone.asked.max(asked);
        self.asked[place..].iter_mut().take_while(|of| **of < asked).for_each(|of| *of = asked);
    }

    /// How many zones have an operation that was over by this time.
    fn over(&self, time: u64) -> usize {
        self.zones.partition_point(|zone| zone.seen < time)
    }

    /// The last of the first so many zones that can't come before this one.
    fn later(&self, place: usize, over: usize) -> Option<&Zone> {
        let seen = self.zones[place].seen;
        let later = |zone: &&Zone| zone.asked > seen;
        let (before, behind) = (place.min(over), (place + 1).min(over));
        let far = before.checked_sub(1).is_some_and(|last| self.asked[last] > seen);
        let near = self.zones[behind..over].iter().rfind(later);
        near.or_else(|| far.then(|| self.zones[..before].iter().rfind(later)).flatten())
    }
}

/// What asking for a write is, by the number of the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The beginning of an operation.
    Anew(u64),
    /// Part of one that is under way, or is done.
    Again(u64),
}

/// What is not linearizable. Writes are told by their numbers, 0 if there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breach {
    /// A read saw what nobody wrote.
    Invented,
    /// A read saw a write that had failed for certain.
    Failed(u64),
    /// A write failed for certain that had been read.
    Denied(u64),
    /// A read saw one write, though it began after another was over that came later.
    Overwritten { read: u64, by: u64 },
}

impl Register {
    /// One that nobody has written.
    pub(super) fn new() -> Register {
        Register {
            now: 0,
            writes: Vec::new(),
            zones: Zones::new(),
            names: BTreeMap::new(),
            named: 0,
            once: BTreeMap::new(),
        }
    }

    /// A value that may be there from the beginning on.
    pub(super) fn given(&mut self, value: Value) {
        self.begin(value, 0);
    }

    /// A client asks for a write, whatever was asked for before. The number of the write, counted from 1.
    pub(super) fn write(&mut self, value: Value) -> u64 {
        self.now += 1;
        self.begin(value, self.now)
    }

    /// A client asks for a write that is done once, however many servers are asked for it.
    pub(super) fn write_once(&mut self, value: Value) -> Asked {
        let known = self.once.get(&value).map(|&place| (place, &mut self.writes[place]));
        match known {
            Some((place, write)) if write.state != State::Failed => {
                write.tries += 1;
                Asked::Again(place as u64 + 1)
            }
            Some(_) | None => {
                self.once.insert(value, self.writes.len());
                Asked::Anew(self.write(value))
            }
        }
    }

    fn begin(&mut self, value: Value, asked: u64) -> u64 {
        self.writes.push(Write { value, asked, tries: 1, state: State::Open, zone: None });
        self.writes.len() as u64
    }

    /// A client is told that its write is done. False if that is no news.
    pub(super) fn done(&mut self, number: u64) -> bool {
        self.now += 1;
        let write = &mut self.writes[number as usize - 1];
        let open = write.state == State::Open;
        if open {
            write.state = State::Done;
            self.zones.see(write, number, self.now);
        }
        open
    }

    /// A client is told that a server that it asked for a write has not done it, and never will. True if the write
    /// has failed with that: no other server may have done it.
    pub(super) fn failed(&mut self, number: u64) -> Result<bool, Breach> {
        self.now += 1;
        let write = &mut self.writes[number as usize - 1];
        if write.state != State::Open {
            return Ok(false);
        }
        write.tries -= 1;
        if write.tries > 0 {
            return Ok(false);
        }
        if write.zone.is_some() {
            return Err(Breach::Denied(number));
        }
        write.state = State::Failed;
        Ok(true)
    }

    /// A client asks for a read, at the time that is returned.
    pub(super) fn read(&mut self) -> u64 {
        self.now += 1;
        self.now
    }

    /// A read that was asked for at this time saw a value, or that there is none. The number of the write, and of how
    /// many other values an operation was over before: one of them might have come later.
    pub(super) fn saw(&mut self, asked: u64, value: Option<Value>) -> Result<(u64, usize), Breach> {
        self.now += 1;
        let place = match value {
            None => 0,
            Some(value) => {
                let write = self.named(value).ok_or(Breach::Invented)?;
                let number = write as u64 + 1;
                let write = &mut self.writes[write];
                match write.state {
                    State::Failed => return Err(Breach::Failed(number)),
                    State::Ambiguous => return Ok((number, 0)),
                    State::Open | State::Done => self.zones.see(write, number, self.now),
                }
            }
        };
        let number = self.zones.zones[place].number;
        let over = self.zones.over(asked);
        if let Some(later) = self.zones.later(place, over) {
            return Err(Breach::Overwritten { read: number, by: later.number });
        }
        self.zones.ask(place, asked);
        Ok((number, over - usize::from(place < over)))
    }

    /// The place of the latest write of a value. If an earlier one of the same value may be what is read as well, it
    /// is ambiguous.
    fn named(&mut self, value: Value) -> Option<usize> {
        for place in self.named..self.writes.len() {
            let earlier = self.names.insert(self.writes[place].value, place);
            if earlier.is_some_and(|earlier| self.writes[earlier].state != State::Failed) {
                self.writes[place].state = State::Ambiguous;
            }
        }
        self.named = self.writes.len();
        self.names.get(&value).copied()
    }
}
