//! What the oracles remember: a chain of hashes for every log, the entries ever seen, the entries
//! ever committed, and a few facts about each server.
//!
//! Nothing here judges. An index is a `u64` count of entries here, so that 0 can stand for "before
//! the first entry".

use std::collections::BTreeMap;

use crate::mix::{mix, mix_bytes};
use crate::subject::{LogWrite, View};
use crate::words::{Entry, HardState, NodeId, Payload, Position, Term};

/// One entry of a log, its hash standing for the entry and everything before it: two logs are the
/// same up to an index if their links there are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) term: Term,
    pub(super) hash: u64,
}

impl Link {
    /// What stands before the first entry of every log.
    pub(super) const START: Link = Link { term: Term(0), hash: 0 };

    /// The link of an entry that follows this one.
    #[inline]
    pub(super) fn then(self, entry: &Entry) -> Link {
        let hash = mix(self.hash, entry.term.0);
        let hash = match &entry.payload {
            // No command has this length, with which its bytes would begin.
            Payload::Noop => mix(hash, u64::MAX),
            Payload::Command(bytes) => mix_bytes(hash, bytes),
        };
        Link { term: entry.term, hash }
    }
}

/// A log as its links.
#[derive(Debug, Default)]
pub(super) struct Chain {
    links: Vec<Link>,
}

impl Chain {
    /// How many entries the log has.
    #[inline]
    pub(super) fn len(&self) -> u64 {
        self.links.len() as u64
    }

    /// The link at an index, `START` at 0; `None` past the end.
    #[inline]
    pub(super) fn at(&self, index: u64) -> Option<Link> {
        match index.checked_sub(1) {
            None => Some(Link::START),
            Some(place) => self.links.get(usize::try_from(place).ok()?).copied(),
        }
    }

    /// Puts a link at an index of the log or right behind its end.
    #[inline]
    pub(super) fn set(&mut self, index: u64, link: Link) {
        if index > self.len() {
            self.links.push(link);
        } else {
            self.links[(index - 1) as usize] = link;
        }
    }

    /// Cuts the log to at most so many entries.
    #[inline]
    pub(super) fn truncate(&mut self, len: u64) {
        self.links.truncate(usize::try_from(len).unwrap_or(usize::MAX));
    }

    /// Becomes the same as another chain.
    pub(super) fn copy(&mut self, other: &Chain) {
        self.links.clone_from(&other.links);
    }
}

/// What the table of all entries says about a link that is shown to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// No log had an entry of this index and term before.
    First,
    /// One had, with the same history.
    Same,
    /// One had, with another history.
    Different,
}

/// Every entry that was ever in a log, by index and term. As long as Log Matching holds these two
/// decide the link.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The first entry seen at each index: in most histories the only one.
    first: Vec<Link>,
    /// Entries of other terms at an index.
    more: BTreeMap<(u64, Term), u64>,
}

impl Table {
    /// Compares with the entry of that index and term, or remembers this one.
    #[inline]
    pub(super) fn record(&mut self, index: u64, link: Link) -> Seen {
        let place = (index - 1) as usize;
        let known = match self.first.get(place) {
            None => {
                self.first.push(link);
                return Seen::First;
            }
            Some(first) if first.term == link.term => first.hash,
            Some(_) => match self.more.insert((index, link.term), link.hash) {
                None => return Seen::First,
                Some(hash) => hash,
            },
        };
        if known == link.hash { Seen::Same } else { Seen::Different }
    }

    /// The link of an entry that was recorded before.
    #[inline]
    pub(super) fn link(&self, at: Position) -> Option<Link> {
        let place = (at.index.get() - 1) as usize;
        match self.first.get(place) {
            Some(first) if first.term == at.term => Some(*first),
            Some(_) => {
                let hash = *self.more.get(&(at.index.get(), at.term))?;
                Some(Link { term: at.term, hash })
            }
            None => None,
        }
    }
}

/// A committed entry and the lowest term in which a leader is known to have committed it, which is
/// not the entry's own term where it was committed by way of a later one (§5.4.2).
#[derive(Clone, Copy, Debug)]
struct Committed {
    link: Link,
    in_term: Term,
}

/// Everything that leaders committed. `in_term` does not decrease with the index: who commits an
/// entry commits those before it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<Committed>,
}

impl Ledger {
    /// How many entries are committed.
    #[inline]
    pub(super) fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The link at an index, `START` at 0; `None` if that is not committed.
    #[inline]
    pub(super) fn at(&self, index: u64) -> Option<Link> {
        match index.checked_sub(1) {
            None => Some(Link::START),
            Some(place) => self.entries.get(usize::try_from(place).ok()?).map(|entry| entry.link),
        }
    }

    /// How many entries, from the first on, were committed in terms below this one.
    pub(super) fn committed_before(&self, term: Term) -> u64 {
        self.entries.partition_point(|entry| entry.in_term < term) as u64
    }

    /// The leader of `term`, whose log agrees with this ledger as far as that goes, commits its log
    /// up to `to`.
    pub(super) fn commit(&mut self, log: &Chain, to: u64, term: Term) {
        let known = to.min(self.len()) as usize;
        for entry in self.entries[..known].iter_mut().rev() {
            if entry.in_term <= term {
                break;
            }
            entry.in_term = term;
        }
        let new = log.links.get(self.entries.len()..to as usize).unwrap_or_default();
        self.entries.extend(new.iter().map(|&link| Committed { link, in_term: term }));
    }
}

/// Who made the entries of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// The server that led the term when the first of them was written.
    Leader(NodeId),
    /// No leader was seen making them.
    Unknown,
    /// They were in a log from which the run began.
    Given,
}

/// The votes that a candidate was sent in the last term in which it stood.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Election {
    pub(super) term: Term,
    /// One bit for each voter.
    pub(super) voters: u64,
}

/// What is remembered about one server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) id: NodeId,
    /// Whether it booted before, so that its disk is known.
    pub(super) known: bool,
    /// Its state after its last step; the default one while it is down.
    pub(super) view: View,
    /// Its log as it sees it, writes in flight included.
    pub(super) log: Chain,
    /// Its log as a power loss would leave it.
    pub(super) durable_log: Chain,
    /// Its term and vote as a power loss would leave them.
    pub(super) durable: HardState,
    /// Its term and vote as last handed to its disk.
    pub(super) written: HardState,
    /// How many entries its state machine has.
    pub(super) applied: u64,
    /// Every vote it gave away, never forgotten; the last one is also in `last_vote`.
    pub(super) votes: BTreeMap<Term, NodeId>,
    pub(super) last_vote: Option<(Term, NodeId)>,
    /// The votes it was sent.
    pub(super) election: Election,
    /// The last term that is on record as led by it: spares looking that up for every message.
    pub(super) led: Option<Term>,
    /// The last term of whose entries it wrote one: its author is on record.
    pub(super) authored: Option<Term>,
}

impl Server {
    /// A server that did not boot yet.
    pub(super) fn new(id: NodeId) -> Server {
        Server {
            id,
            known: false,
            view: View::default(),
            log: Chain::default(),
            durable_log: Chain::default(),
            durable: HardState::default(),
            written: HardState::default(),
            applied: 0,
            votes: BTreeMap::new(),
            last_vote: None,
            election: Election::default(),
            led: None,
            authored: None,
        }
    }

    /// Only what is durable is left.
    pub(super) fn power_off(&mut self) {
        self.view = View::default();
        self.log.copy(&self.durable_log);
        self.written = self.durable;
    }

    /// A write of the log is durable. One that the table does not know raised an alarm when it was
    /// made, and is not followed further.
    pub(super) fn log_persisted(&mut self, write: &LogWrite, table: &Table) {
        let before = write.from.get() - 1;
        self.durable_log.truncate(before);
        for (index, entry) in (write.from.get()..).zip(write.entries.iter()) {
            let Some(link) = table.link(entry.position()) else {
                return;
            };
            self.durable_log.set(index, link);
        }
    }
}
