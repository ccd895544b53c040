//! A run of entries that is shared.

use alloc::sync::Arc;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;

use super::Entry;

/// Run of consecutive entries that is shared, not copied: a leader hands the same one to its disk and to
/// all of its followers. Reads as a slice.
#[derive(Clone, Default)]
pub struct Entries {
    shared: Option<Arc<[Entry]>>,
    start: u32,
    end: u32,
}

impl Entries {
    /// The part of this run from its `skip`-th entry on (0 is all of it); empty past the end.
    #[must_use]
    pub fn skip(&self, skip: usize) -> Entries {
        self.part(skip, self.len())
    }

    /// The entries at `from..to` of this run, counted within it and cut to what there is.
    pub(crate) fn part(&self, from: usize, to: usize) -> Entries {
        let to = to.min(self.len());
        if from >= to {
            return Entries::default();
        }
        // Both are within the run, whose length fits.
        let (start, end) = (self.start + from as u32, self.start + to as u32);
        Entries { shared: self.shared.clone(), start, end }
    }
}

impl From<&[Entry]> for Entries {
    /// Shares a copy of these entries; of the first 2³² − 1, should there be more.
    fn from(entries: &[Entry]) -> Entries {
        if entries.is_empty() {
            return Entries::default();
        }
        let end = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        Entries { shared: Some(Arc::from(entries)), start: 0, end }
    }
}

impl FromIterator<Entry> for Entries {
    /// Shares these entries; of the first 2³² − 1, should there be more.
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Entries {
        let shared: Arc<[Entry]> = entries.into_iter().collect();
        let end = u32::try_from(shared.len()).unwrap_or(u32::MAX);
        Entries { shared: Some(shared).filter(|_| end > 0), start: 0, end }
    }
}

impl From<Entry> for Entries {
    fn from(entry: Entry) -> Entries {
        Entries { shared: Some(Arc::new([entry])), start: 0, end: 1 }
    }
}

impl Deref for Entries {
    type Target = [Entry];

    #[inline]
    fn deref(&self) -> &[Entry] {
        let range = self.start as usize..self.end as usize;
        self.shared.as_ref().map_or(&[], |shared| &shared[range])
    }
}

impl PartialEq for Entries {
    fn eq(&self, other: &Entries) -> bool {
        **self == **other
    }
}

impl Eq for Entries {}

impl Hash for Entries {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
