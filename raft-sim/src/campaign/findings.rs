//! What a campaign found: each thing once, however many seeds come upon it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::checker::{Class, Property};
use crate::plan::Plan;

/// So many seeds of each kind are looked at closely: shrunk, and told apart. The others are counted.
pub const CLOSELY: usize = 3;

/// What may be wrong with a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A property does not hold.
    Violation(Property),
    /// The same plan ran twice, and not the same. The implementation is not a function of what it is told, so what
    /// else is found can't be replayed.
    NotRepeatable,
    /// A server refused to boot.
    NoBoot,
}

impl Kind {
    /// How options and files write it: `election-safety`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Violation(property) => property.name(),
            Kind::NotRepeatable => "not-repeatable",
            Kind::NoBoot => "no-boot",
        }
    }

    /// How reports write it: `Election Safety`.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Kind::Violation(property) => property.title(),
            Kind::NotRepeatable => "Not Repeatable",
            Kind::NoBoot => "No Boot",
        }
    }

    /// Where the paper states what is violated; empty where it is not the paper's business.
    #[must_use]
    pub fn section(self) -> &'static str {
        match self {
            Kind::Violation(property) => property.section(),
            Kind::NotRepeatable | Kind::NoBoot => "",
        }
    }

    /// The name of a file for the plan of a finding of this kind.
    #[must_use]
    pub fn plan_file(self, seed: u64) -> String {
        format!("{}-{seed}.plan.json", self.name())
    }

    /// Whether there is something to shrink.
    #[must_use]
    pub fn can_be_shrunk(self) -> bool {
        match self {
            Kind::Violation(_) => true,
            Kind::NotRepeatable | Kind::NoBoot => false,
        }
    }

    /// Whether nothing but progress was missing.
    #[must_use]
    pub fn is_liveness(self) -> bool {
        match self {
            Kind::Violation(property) => property.class() == Class::Liveness,
            Kind::NotRepeatable | Kind::NoBoot => false,
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        let name = String::deserialize(deserializer)?;
        let violations = Property::ALL.into_iter().map(Kind::Violation);
        let mut kinds = violations.chain([Kind::NotRepeatable, Kind::NoBoot]);
        kinds
            .find(|kind| kind.name() == name)
            .ok_or_else(|| serde::de::Error::custom(format!("no property is called `{name}`")))
    }
}

/// Something wrong with a seed that was looked at closely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The seed.
    pub seed: u64,
    /// What is wrong.
    #[serde(rename = "property")]
    pub kind: Kind,
    /// How that was seen, as a sentence.
    pub detail: String,
    /// The text of the scenario it was shrunk to.
    pub scenario: Option<String>,
    /// How many runs the campaign had made by then, this one included; 0 in files that do not tell.
    #[serde(default)]
    pub runs: u64,
    /// How many steps these took.
    #[serde(default)]
    pub steps: u64,
    /// The plan, if it is not that of the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Box<Plan>>,
}

impl Finding {
    /// The name of a file for its scenario.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}-{}.raft", self.kind.name(), self.seed)
    }

    /// The name of a file for its plan.
    #[must_use]
    pub fn plan_file(&self) -> String {
        self.kind.plan_file(self.seed)
    }

    /// Whether it is the same thing, come upon by another seed: comments apart the scenarios are the same.
    fn is_like(&self, other: &Finding) -> bool {
        self.kind == other.kind && self.statements() == other.statements()
    }

    fn statements(&self) -> Option<Vec<&str>> {
        self.scenario.as_deref().map(without_comments)
    }
}

/// A scenario without the comments on lines of their own. Those tell of the seed.
fn without_comments(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// What was found so far, in order of seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The seeds that were looked at closely, [`CLOSELY`] of a kind at most.
    pub(super) closely: Vec<Finding>,
    /// How many seeds there were of each kind.
    pub(super) seeds: BTreeMap<Kind, u64>,
}

impl Findings {
    /// Takes in the next seed's finding; `Some` if there was none like it before.
    pub(super) fn take(&mut self, finding: Finding) -> Option<&Finding> {
        *self.seeds.entry(finding.kind).or_default() += 1;
        if self.of(finding.kind).count() >= CLOSELY {
            return None;
        }
        let is_new = !self.closely.iter().any(|known| known.is_like(&finding));
        self.closely.push(finding);
        if is_new { self.closely.last() } else { None }
    }

    /// Of seeds of these kinds that come next, in this order: which are to be looked at closely?
    pub(super) fn wanted(&self, kinds: &[Kind]) -> Vec<bool> {
        let before = |at: usize| kinds[..at].iter().filter(|kind| **kind == kinds[at]).count();
        let wanted = |at: usize| self.of(kinds[at]).count() + before(at) < CLOSELY;
        (0..kinds.len()).map(wanted).collect()
    }

    /// The findings, each of those that are alike once.
    pub fn distinct(&self) -> impl Iterator<Item = &Finding> {
        let is_new = |at: usize, finding: &Finding| {
            !self.closely[..at].iter().any(|known| known.is_like(finding))
        };
        self.closely
            .iter()
            .enumerate()
            .filter(move |(at, finding)| is_new(*at, finding))
            .map(|(_, it)| it)
    }

    /// How many seeds there were of each kind.
    pub fn seeds(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.seeds.iter().map(|(kind, seeds)| (*kind, *seeds))
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Finding> {
        self.closely.iter().filter(move |finding| finding.kind == kind)
    }
}
