//! A register and the check that a history of it is linearizable (Herlihy and Wing 1990).
//!
//! Each write has a value of its own, so each read names the write that it saw. Then no order needs to be searched
//! for (Gibbons and Korach 1997). A value comes before another one if an operation on it ended before an operation
//! on the other one began. The history is linearizable if and only if no two values come before each other and no
//! read ends before the write of its value begins. So it is judged as reads end, and the check never gives up.

use std::collections::BTreeMap;

/// The content of a register: a number that identifies the write.
pub(super) type Value = u64;

/// The history of one register, as clients see it.
#[derive(Clone, Debug, Hash)]
pub(super) struct Register {
    /// The number of begins and ends of operations so far: the time.
    now: u64,
    /// The writes, in the order in which they were requested.
    writes: Vec<Write>,
    zones: Zones,
    /// The latest write that each value can be from, of the first [`Register::named`] writes.
    names: BTreeMap<Value, usize>,
    named: usize,
    /// The latest write of each value that is written once, however often it is requested.
    once: BTreeMap<Value, usize>,
}

/// A write.
#[derive(Clone, Debug, Hash)]
struct Write {
    value: Value,
    /// The time of its first request.
    asked: u64,
    /// The number of its requests that may have been executed, or may be later.
    tries: u32,
    state: State,
    /// Its place among the zones.
    zone: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    /// It may be done, now or later.
    Open,
    /// It is done, and its client knows.
    Done,
    /// It is certain that it was not done, and never will be.
    Failed,
    /// A later write has the same value. A read may have seen either: nothing follows from it.
    Ambiguous,
}

/// All operations on one value.
#[derive(Clone, Debug, Hash)]
struct Zone {
    /// The write, counted from 1; 0 if there was none.
    number: u64,
    /// The time at which the first of its operations ended.
    seen: u64,
    /// The latest begin of its operations that have ended, the write included even if it has not.
    asked: u64,
}

/// The values on which some operation has ended, in the order of their first ends. The first zone is that of a
/// register without a write.
#[derive(Clone, Debug, Hash)]
struct Zones {
    zones: Vec<Zone>,
    /// The greatest `asked` of the zones up to each of them: old zones need not be looked at again.
    asked: Vec<u64>,
}

impl Zones {
    fn new() -> Zones {
        Zones { zones: vec![Zone { number: 0, seen: 0, asked: 0 }], asked: vec![0] }
    }

    /// Notes that an operation on a write's value has ended. Returns the place of its zone.
    fn see(&mut self, write: &mut Write, number: u64, now: u64) -> usize {
        *write.zone.get_or_insert_with(|| {
            let before = self.asked.last().copied().unwrap_or_default();
            self.asked.push(before.max(write.asked));
            self.zones.push(Zone { number, seen: now, asked: write.asked });
            self.zones.len() - 1
        })
    }

    /// Notes that an operation on the value of this zone has ended that began at this time.
    fn ask(&mut self, place: usize, asked: u64) {
        let zone = &mut self.zones[place];
        zone.asked = zone.asked.max(asked);
        self.asked[place..].iter_mut().take_while(|of| **of < asked).for_each(|of| *of = asked);
    }

    /// The number of zones with an operation that ended before this time.
    fn over(&self, time: u64) -> usize {
        self.zones.partition_point(|zone| zone.seen < time)
    }

    /// The last of the first `over` zones that can't come before this one.
    fn later(&self, place: usize, over: usize) -> Option<&Zone> {
        let seen = self.zones[place].seen;
        let later = |zone: &&Zone| zone.asked > seen;
        let (before, behind) = (place.min(over), (place + 1).min(over));
        let far = before.checked_sub(1).is_some_and(|last| self.asked[last] > seen);
        let near = self.zones[behind..over].iter().rfind(later);
        near.or_else(|| far.then(|| self.zones[..before].iter().rfind(later)).flatten())
    }
}

/// The kind of a write request, with the number of the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Proposed {
    /// The beginning of an operation.
    Anew(u64),
    /// Part of one that is under way, or is done.
    Again(u64),
}

/// The reason why a history is not linearizable. Writes are identified by their numbers, 0 if there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Breach {
    /// A read saw a value that no client wrote.
    Invented,
    /// A read saw a write that had failed for certain.
    Failed(u64),
    /// A write was reported to have failed for certain, after a read had seen it.
    Denied(u64),
    /// A read saw the write `read`, though it began after the later write `by` had ended.
    Overwritten { read: u64, by: u64 },
}

impl Register {
    /// A register without a write.
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

    /// Adds a value that the register may have from the beginning on.
    pub(super) fn given(&mut self, value: Value) {
        self.begin(value, 0);
    }

    /// Begins a write, whatever was requested before. Returns the number of the write, counted from 1.
    pub(super) fn write(&mut self, value: Value) -> u64 {
        self.now += 1;
        self.begin(value, self.now)
    }

    /// Begins a write that is executed once, however often it is requested.
    pub(super) fn write_once(&mut self, value: Value) -> Proposed {
        let known = self.once.get(&value).map(|&place| (place, &mut self.writes[place]));
        match known {
            Some((place, write)) if write.state != State::Failed => {
                write.tries += 1;
                Proposed::Again(place as u64 + 1)
            }
            Some(_) | None => {
                self.once.insert(value, self.writes.len());
                Proposed::Anew(self.write(value))
            }
        }
    }

    fn begin(&mut self, value: Value, asked: u64) -> u64 {
        self.writes.push(Write { value, asked, tries: 1, state: State::Open, zone: None });
        self.writes.len() as u64
    }

    /// Ends a write: its client knows that it is executed. False if the write had ended before.
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

    /// A request for a write has failed: it was not executed and never will be. True if the write has failed with
    /// that: no other request for it may have been executed.
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

    /// Begins a read, and returns the time.
    pub(super) fn read(&mut self) -> u64 {
        self.now += 1;
        self.now
    }

    /// Ends a read that began at this time and saw a value, or that there is none. Returns the number of the write,
    /// and the number of other values on which an operation had ended before: one of them might have come later.
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

    /// The place of the latest write of a value. If a read may have seen an earlier write of the same value, the
    /// latest one is ambiguous.
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
