//! What came of one broken rule, as data: a line of `tests/data/broken-rules.jsonl`, from which the page is made.

use serde::{Deserialize, Serialize};

use crate::evidence::{Failed, Found, Hunt, Shrunk};

/// So many campaigns look for each broken rule.
pub const CAMPAIGNS: u64 = 5;

/// Each looks at so many seeds at most, and ends with the first finding.
pub const SEEDS: u64 = 2_000;

/// The first seed of a campaign.
#[must_use]
pub fn base(campaign: u64) -> u64 {
    campaign * 1_000_000
}

/// What came of one broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub id: String,
    /// The scenarios that failed: those about the rule first.
    pub scenarios: Vec<Failed>,
    /// What each campaign saw.
    pub campaigns: Vec<Campaign>,
    /// What the first finding was shrunk to; `None` if there was none.
    pub shrunk: Option<Shrunk>,
}

/// What one campaign saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Campaign {
    /// A property was violated.
    Found {
        /// By this seed.
        seed: u64,
        /// So many seeds had been run, this one included.
        after: u64,
        /// The property's name.
        property: String,
    },
    /// All seeds held.
    Nothing,
    /// It did not end, or not well, and was stopped.
    Stopped,
}

impl Row {
    /// After how many seeds the campaigns found it: the median. `None` if most did not.
    #[must_use]
    pub fn median(&self) -> Option<u64> {
        let mut after: Vec<u64> = self.campaigns.iter().map(Campaign::after).collect();
        after.sort_unstable();
        after.get(after.len() / 2).copied().filter(|after| *after <= SEEDS)
    }

    /// Whether a campaign found it.
    #[must_use]
    pub fn by_campaign(&self) -> bool {
        self.campaigns.iter().any(|campaign| *campaign != Campaign::Nothing)
    }
}

impl From<Hunt> for Campaign {
    fn from(hunt: Hunt) -> Campaign {
        match hunt.found {
            None => Campaign::Nothing,
            Some(Found::Stuck) => Campaign::Stopped,
            Some(Found::Violation { seed, property }) => {
                Campaign::Found { seed, after: seed - hunt.base + 1, property }
            }
        }
    }
}

impl Campaign {
    pub(super) fn after(&self) -> u64 {
        match self {
            Campaign::Found { after, .. } => *after,
            Campaign::Stopped => 1,
            Campaign::Nothing => u64::MAX,
        }
    }
}
