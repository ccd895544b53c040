//! The record of logs: a chain of hashes for each log, all entries ever seen, and all entries ever committed.
//!
//! Nothing here judges. An index is a `u64` count of entries here, so that 0 can stand for "before
//! the first entry".

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mix::{mix, mix_bytes, mix_lists, mix_pair};
use crate::model::{Entry, Membership, Once, Payload, Position, Term};

/// One entry of a log, its hash standing for the entry and everything before it: two logs are the
/// same up to an index if their links there are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Link {
    pub(super) term: Term,
    pub(super) hash: u64,
}

impl Link {
    /// The link before the first entry of every log.
    pub(super) const START: Link = Link { term: Term(0), hash: 0 };

    /// The link of an entry that follows this one.
    #[inline]
    pub(super) fn then(self, entry: &Entry) -> Link {
        self.followed_by(entry.term, content(&entry.payload))
    }

    /// The link of an entry of this term and content that follows this one.
    #[inline]
    pub(super) fn followed_by(self, term: Term, content: u64) -> Link {
        Link { term, hash: mix_pair(self.hash, term.0, content) }
    }
}

/// A hash of what an entry carries.
#[inline]
pub(super) fn content(payload: &Payload) -> u64 {
    match payload {
        Payload::Command(bytes) => content_of_command(bytes),
        Payload::Once(once) => content_of_once(once),
        // No command has one of these lengths, with which its bytes would begin.
        Payload::Noop => mix(0, u64::MAX),
        Payload::Membership(membership) => {
            let lists = [&membership.voters, &membership.outgoing, &membership.learners];
            mix_lists(mix(0, u64::MAX - 1), lists.map(Vec::as_slice))
        }
        Payload::Register => mix(0, u64::MAX - 2),
    }
}

/// A hash of what an entry with a command carries.
#[inline]
pub(super) fn content_of_command(command: &[u8]) -> u64 {
    mix_bytes(0, command)
}

/// A hash of what an entry with a command under a session carries.
#[inline]
pub(super) fn content_of_once(once: &Once) -> u64 {
    let hash = mix_pair(mix(0, u64::MAX - 3), once.session.0, once.serial);
    mix_bytes(hash, &once.command)
}

/// The configurations of a log (§6).
#[derive(Clone, Debug, Hash)]
pub(super) struct Configurations {
    /// The configuration before the first entry.
    first: Arc<Membership>,
    /// The configurations among its entries, with their indexes.
    logged: Vec<(u64, Arc<Membership>)>,
}

impl Configurations {
    fn new(first: Arc<Membership>) -> Configurations {
        Configurations { first, logged: Vec::new() }
    }

    /// The number of entries that are configurations.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.logged.len()
    }

    /// The last of the first `count` configurations, and its index; for 0 the one before the first entry.
    #[inline]
    pub(super) fn nth(&self, count: usize) -> (u64, &Arc<Membership>) {
        match count.checked_sub(1).and_then(|place| self.logged.get(place)) {
            Some((index, membership)) => (*index, membership),
            None => (0, &self.first),
        }
    }

    /// The latest, and its index.
    #[inline]
    pub(super) fn latest(&self) -> (u64, &Arc<Membership>) {
        self.nth(self.logged.len())
    }

    /// The number of these entries at or before an index.
    pub(super) fn count_up_to(&self, index: u64) -> usize {
        self.logged.partition_point(|(other, _)| *other <= index)
    }

    /// The latest at or before an index.
    pub(super) fn up_to(&self, index: u64) -> &Arc<Membership> {
        self.nth(self.count_up_to(index)).1
    }

    /// The entry at this index, behind all others, is a configuration.
    pub(super) fn push(&mut self, index: u64, membership: &Arc<Membership>) {
        self.logged.push((index, membership.clone()));
    }

    /// Removes the configurations behind the first `len` entries.
    #[inline]
    pub(super) fn truncate(&mut self, len: u64) {
        while self.logged.last().is_some_and(|(index, _)| *index > len) {
            self.logged.pop();
        }
    }

    /// Copies the configurations of another log behind `from`, up to and including `to`.
    #[inline]
    fn extend(&mut self, other: &Configurations, from: u64, to: u64) {
        if other.latest().0 <= from {
            return;
        }
        let new = other.logged.iter().filter(|(index, _)| (from + 1..=to).contains(index));
        self.logged.extend(new.cloned());
    }
}

/// A log as its links, from the first entry on: also if a snapshot stands for the beginning. Of a trace that begins
/// in the middle they are known only behind `base`, which counts as the start.
#[derive(Clone, Debug, Hash)]
pub(super) struct Chain {
    base: u64,
    links: Vec<Link>,
    pub(super) configurations: Configurations,
}

impl Chain {
    /// An empty log.
    pub(super) fn new(first: Arc<Membership>) -> Chain {
        Chain { base: 0, links: Vec::new(), configurations: Configurations::new(first) }
    }

    /// Marks the content of the log, still empty, as unknown up to `base`.
    pub(super) fn begin_behind(&mut self, base: u64) {
        self.base = base;
    }

    /// The number of entries in the log.
    #[inline]
    pub(super) fn len(&self) -> u64 {
        self.base + self.links.len() as u64
    }

    /// The link at an index, `START` at 0; `None` past the end.
    #[inline]
    pub(super) fn at(&self, index: u64) -> Option<Link> {
        match index.checked_sub(self.base + 1) {
            None => Some(Link::START),
            Some(place) => self.links.get(usize::try_from(place).ok()?).copied(),
        }
    }

    /// The first index behind `after` whose entry is of `term` or a later one; the one after the last entry if
    /// none is.
    pub(super) fn first_of_term(&self, term: Term, after: u64) -> u64 {
        let behind = self.links.get((after - self.base) as usize..).unwrap_or_default();
        after + 1 + behind.partition_point(|link| link.term < term) as u64
    }

    /// Puts a link at an index of the log or right behind its end.
    #[inline]
    pub(super) fn set(&mut self, index: u64, link: Link) {
        if index > self.len() {
            self.links.push(link);
        } else {
            self.links[(index - self.base - 1) as usize] = link;
        }
    }

    /// Cuts the log to at most this number of entries.
    #[inline]
    pub(super) fn truncate(&mut self, len: u64) {
        let kept = len.saturating_sub(self.base);
        self.links.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
        self.configurations.truncate(len);
    }

    /// Becomes the same as another chain.
    pub(super) fn copy(&mut self, other: &Chain) {
        self.base = other.base;
        self.links.clone_from(&other.links);
        self.configurations.clone_from(&other.configurations);
    }

    /// A snapshot of the first `last` committed entries takes the place of the log up to there. What is
    /// behind it stays if it follows these entries, else it goes.
    #[cold]
    pub(super) fn adopt(&mut self, ledger: &Ledger, last: u64) {
        // A server that began without a configuration gets the first one from a snapshot.
        self.configurations.first.clone_from(&ledger.configurations.first);
        let Some(committed) = ledger.entries.get(..last.saturating_sub(ledger.base) as usize)
        else {
            return;
        };
        if self.at(last) == ledger.at(last) {
            return;
        }
        let mut same = last.min(self.len());
        while self.at(same) != ledger.at(same) {
            same -= 1;
        }
        self.truncate(same);
        let new = &committed[(same - ledger.base) as usize..];
        self.links.extend(new.iter().map(|entry| entry.link));
        self.configurations.extend(&ledger.configurations, same, last);
    }
}

/// The answer of the table of all entries about a link that it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Table {
    /// Entries are known behind this index only.
    base: u64,
    /// The first entry seen at each index: in most histories the only one.
    first: Vec<Link>,
    /// Entries of other terms at an index.
    more: BTreeMap<(u64, Term), u64>,
}

impl Table {
    /// Marks the content of all logs up to `base` as unknown.
    pub(super) fn begin_behind(&mut self, base: u64) {
        self.base = base;
    }

    /// Compares with the entry of that index and term, or remembers this one.
    #[inline]
    pub(super) fn record(&mut self, index: u64, link: Link) -> Seen {
        let place = (index - self.base - 1) as usize;
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
        let place = at.index.get().checked_sub(self.base + 1)? as usize;
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
#[derive(Clone, Copy, Debug, Hash)]
struct Committed {
    link: Link,
    in_term: Term,
}

/// The ledger of everything that leaders committed. `in_term` does not decrease with the index: a leader that
/// commits an entry commits those before it.
#[derive(Clone, Debug, Hash)]
pub(super) struct Ledger {
    /// The index up to which the committed entries are unknown; it counts as the start.
    base: u64,
    entries: Vec<Committed>,
    pub(super) configurations: Configurations,
}

impl Ledger {
    /// Nothing is committed; the cluster has this configuration.
    pub(super) fn new(first: Arc<Membership>) -> Ledger {
        Ledger { base: 0, entries: Vec::new(), configurations: Configurations::new(first) }
    }

    /// Marks the committed entries up to `base` as unknown.
    pub(super) fn begin_behind(&mut self, base: u64) {
        self.base = base;
    }

    /// The number of committed entries.
    #[inline]
    pub(super) fn len(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    /// The link at an index, `START` at 0; `None` if that is not committed.
    #[inline]
    pub(super) fn at(&self, index: u64) -> Option<Link> {
        match index.checked_sub(self.base + 1) {
            None => Some(Link::START),
            Some(place) => self.entries.get(usize::try_from(place).ok()?).map(|entry| entry.link),
        }
    }

    /// The number of entries, from the first on, that were committed in terms below this one.
    pub(super) fn committed_before(&self, term: Term) -> u64 {
        self.base + self.entries.partition_point(|entry| entry.in_term < term) as u64
    }

    /// The index up to which the committed entries are unknown.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// The leader of `term`, whose log agrees with this ledger as far as that goes, commits its log
    /// up to `to`.
    pub(super) fn commit(&mut self, log: &Chain, to: u64, term: Term) {
        let known = (to.min(self.len()) - self.base) as usize;
        for entry in self.entries[..known].iter_mut().rev() {
            if entry.in_term <= term {
                break;
            }
            entry.in_term = term;
        }
        self.configurations.extend(&log.configurations, self.len(), to);
        let end = (to - self.base) as usize;
        let new = log.links.get(self.entries.len()..end).unwrap_or_default();
        self.entries.extend(new.iter().map(|&link| Committed { link, in_term: term }));
    }
}
