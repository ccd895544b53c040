//! A part of the seeds: a range, or one shard of a range.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Some seeds: those of a range, or one shard of them. Seed `s` belongs to shard `s % of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// The first seed of the range.
    pub from: u64,
    /// The first seed after the range; `None` if the range has no end.
    pub to: Option<u64>,
    /// The shard, from 0.
    pub shard: u64,
    /// The number of shards, at least 1.
    pub of: u64,
}

/// All seeds.
impl Default for Part {
    fn default() -> Part {
        Part { from: 0, to: None, shard: 0, of: 1 }
    }
}

/// All seeds of a range.
impl From<Range<u64>> for Part {
    fn from(Range { start, end }: Range<u64>) -> Part {
        Part { from: start, to: Some(end), ..Part::default() }
    }
}

impl Part {
    /// Its seeds from this one on, in order.
    pub fn seeds(self, from: u64) -> impl Iterator<Item = u64> {
        let from = from.max(self.from);
        let skip = (self.of + self.shard - from % self.of) % self.of;
        let next = move |seed: &u64| seed.checked_add(self.of);
        std::iter::successors(from.checked_add(skip), next)
            .take_while(move |seed| *seed < self.end())
    }

    /// The number of its seeds before this one.
    #[must_use]
    pub fn before(self, seed: u64) -> u64 {
        let Some(first) = self.seeds(0).next() else { return 0 };
        seed.min(self.end()).saturating_sub(first).div_ceil(self.of)
    }

    /// The first seed after the range; the greatest number if the range has no end.
    #[must_use]
    pub fn end(self) -> u64 {
        self.to.unwrap_or(u64::MAX)
    }

    /// True if some seed belongs to both. Both must have the same number of shards.
    pub(super) fn overlaps(self, other: Part) -> bool {
        self.shard == other.shard && self.from < other.end() && other.from < self.end()
    }

    /// The same seeds in as few parts as possible: all shards of a range become that range, and adjacent ranges become
    /// one.
    pub(super) fn joined(mut parts: Vec<Part>) -> Vec<Part> {
        parts.sort_unstable();
        let mut whole: Vec<Part> = Vec::new();
        for shards in
            parts.chunk_by(|one, next| (one.from, one.to, one.of) == (next.from, next.to, next.of))
        {
            if shards.len() as u64 == shards[0].of {
                whole.push(Part { shard: 0, of: 1, ..shards[0] });
            } else {
                whole.extend(shards);
            }
        }
        let mut joined: Vec<Part> = Vec::new();
        for part in whole {
            match joined.last_mut() {
                Some(last)
                    if last.to == Some(part.from)
                        && (last.shard, last.of) == (part.shard, part.of) =>
                {
                    last.to = part.to;
                }
                Some(_) | None => joined.push(part),
            }
        }
        joined
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..", self.from)?;
        if let Some(to) = self.to {
            write!(f, "{to}")?;
        }
        if self.of > 1 {
            write!(f, ", shard {}/{}", self.shard, self.of)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Part = Part { from: 3, to: Some(20), shard: 0, of: 1 };

    #[test]
    fn every_seed_belongs_to_one_shard() {
        let mut seeds: Vec<u64> = Vec::new();
        for shard in 0..4 {
            let part = Part { shard, of: 4, ..WHOLE };
            assert_eq!(part.before(20), part.seeds(0).count() as u64, "{part}");
            assert!(part.seeds(9).eq(part.seeds(0).filter(|seed| *seed >= 9)), "{part}");
            seeds.extend(part.seeds(0));
        }
        seeds.sort_unstable();
        assert!(seeds.into_iter().eq(3..20));
        let last = Part { from: u64::MAX - 1, to: None, ..WHOLE };
        assert!(last.seeds(0).eq([u64::MAX - 1]), "it comes to an end at the last number there is");
    }

    #[test]
    fn parts_are_joined_where_nothing_is_missing() {
        let shard = |shard| Part { shard, of: 2, ..WHOLE };
        let next = Part { from: 20, to: Some(30), ..WHOLE };
        let whole = Part { to: Some(30), ..WHOLE };
        assert_eq!(Part::joined(vec![next, shard(1), shard(0)]), [whole]);
        assert_eq!(Part::joined(vec![shard(1), next]), [shard(1), next]);
        assert!(shard(1).overlaps(Part { from: 19, to: Some(22), ..shard(1) }));
        assert!(!shard(1).overlaps(shard(0)) && !WHOLE.overlaps(next));
        assert_eq!(shard(1).to_string(), "3..20, shard 1/2");
    }
}
