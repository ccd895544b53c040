//! The result of one bug, as data: a line of `tests/data/bug-zoo.jsonl`, from which the page is made.

use serde::{Deserialize, Serialize};

use super::{CAMPAIGNS, Judge};
use crate::evidence::{Failed, Hunt, Shrunk};

/// The result of one bug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub id: String,
    /// The scenarios that failed.
    pub scenarios: Vec<Failed>,
    /// The results of campaigns as any Raft is judged.
    pub any_raft: Search,
    /// The results of campaigns that judge by histories alone.
    pub histories: Search,
    /// The results of campaigns that judge by all rules.
    pub rules: Search,
}

impl Row {
    /// The results of one way to judge.
    #[must_use]
    pub fn search(&self, judge: Judge) -> &Search {
        match judge {
            Judge::AnyRaft => &self.any_raft,
            Judge::Histories => &self.histories,
            Judge::Rules => &self.rules,
        }
    }

    /// The first seed that violated a property, and the way to judge.
    #[must_use]
    pub fn first_found(&self) -> Option<(Judge, u64)> {
        let seed = |judge| self.search(judge).hunts.iter().find_map(Hunt::seed);
        Judge::ALL.into_iter().find_map(|judge| Some((judge, seed(judge)?)))
    }
}

/// The results of campaigns that differ in their seeds only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Each campaign.
    pub hunts: Vec<Hunt>,
    /// The shrunk first finding; `None` if there was none.
    pub shrunk: Option<Shrunk>,
}

impl Search {
    /// True if every campaign found something.
    #[must_use]
    pub fn is_found(&self) -> bool {
        !self.hunts.is_empty() && self.hunts.iter().all(|hunt| hunt.found.is_some())
    }

    /// The least, the median and the greatest of a number of the campaigns; `None` if most found nothing. Those that were
    /// left out after misses count as misses.
    #[must_use]
    pub fn range(&self, number: impl Fn(&Hunt) -> u64) -> Option<[u64; 3]> {
        let count = |hunt: &Hunt| hunt.found.as_ref().map_or(u64::MAX, |_| number(hunt));
        let mut numbers: Vec<u64> = self.hunts.iter().map(count).collect();
        if !self.is_found() {
            numbers.resize(CAMPAIGNS as usize, u64::MAX);
        }
        numbers.sort_unstable();
        let median = *numbers.get(numbers.len() / 2)?;
        (median < u64::MAX).then_some([numbers[0], median, *numbers.last()?])
    }
}
