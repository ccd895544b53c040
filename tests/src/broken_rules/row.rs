//! The result of one broken rule, as data: a line of `tests/data/broken-rules.jsonl`, from which the page is made.

use serde::{Deserialize, Serialize};

use crate::evidence::{Failed, Found, Hunt, Shrunk};

/// The number of campaigns that look for each broken rule.
pub const CAMPAIGNS: u64 = 5;

/// The largest number of seeds of a campaign, which ends with its first finding.
pub const SEEDS: u64 = 2_000;

/// The first seed of a campaign.
#[must_use]
pub fn base(campaign: u64) -> u64 {
    campaign * 1_000_000
}

/// The result of one broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub id: String,
    /// The scenarios that failed: those about the rule first.
    pub scenarios: Vec<Failed>,
    /// The result of each campaign.
    pub campaigns: Vec<Campaign>,
    /// The shrunk first finding; `None` if there was none.
    pub shrunk: Option<Shrunk>,
}

/// The result of one campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Campaign {
    /// A property was violated.
    Found {
        /// The seed that violated it.
        seed: u64,
        /// The number of seeds that had been run, this one included.
        after: u64,
        /// The property's name.
        property: String,
    },
    /// No seed violated a property.
    Nothing,
    /// It did not end and was stopped, or it crashed.
    Stopped,
}

impl Row {
    /// The number of seeds after which the campaigns found it: the median. `None` if most did not.
    #[must_use]
    pub fn median(&self) -> Option<u64> {
        let mut after: Vec<u64> = self.campaigns.iter().map(Campaign::after).collect();
        after.sort_unstable();
        after.get(after.len() / 2).copied().filter(|after| *after <= SEEDS)
    }

    /// True if a campaign found it.
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
