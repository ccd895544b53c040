//! The findings of a campaign: each once, however many seeds show it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::checker::{Class, Property};
use crate::plan::Plan;

/// The number of seeds of each kind that are shrunk and compared. The others are counted.
pub const CLOSELY: usize = 3;

/// A kind of finding: what may be wrong with a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A property does not hold.
    Violation(Property),
    /// A property of a former version, read from a file of results, did not hold; its name.
    Former(&'static str),
    /// Two runs of the same plan differ: the implementation is nondeterministic, so other findings may not replay.
    NotRepeatable,
    /// A server refused to boot.
    NoBoot,
}

impl Kind {
    /// The name in options and files: `election-safety`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Violation(property) => property.name(),
            Kind::Former(name) => name,
            Kind::NotRepeatable => "not-repeatable",
            Kind::NoBoot => "no-boot",
        }
    }

    /// The name in reports: `Election Safety`.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Kind::Violation(property) => property.title(),
            Kind::Former(name) => name,
            Kind::NotRepeatable => "Not Repeatable",
            Kind::NoBoot => "No Boot",
        }
    }

    /// The section of the paper that states the property; empty if the paper states nothing of the kind, or the
    /// property is a former one.
    #[must_use]
    pub fn section(self) -> &'static str {
        match self {
            Kind::Violation(property) => property.section(),
            Kind::Former(_) | Kind::NotRepeatable | Kind::NoBoot => "",
        }
    }

    /// The name of a file for the plan of a finding of this kind.
    #[must_use]
    pub fn plan_file(self, seed: u64) -> String {
        format!("{}-{seed}.plan.json", self.name())
    }

    /// True if a finding of this kind can be shrunk.
    #[must_use]
    pub fn can_be_shrunk(self) -> bool {
        match self {
            Kind::Violation(_) => true,
            Kind::Former(_) | Kind::NotRepeatable | Kind::NoBoot => false,
        }
    }

    /// True if the only failure is one of liveness.
    #[must_use]
    pub fn is_liveness(self) -> bool {
        match self {
            Kind::Violation(property) => property.class() == Class::Liveness,
            Kind::Former(_) | Kind::NotRepeatable | Kind::NoBoot => false,
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
        let violation = Property::named(&name).map(Kind::Violation);
        let others = [Kind::NotRepeatable, Kind::NoBoot];
        violation
            .or_else(|| Property::former(&name).map(Kind::Former))
            .or_else(|| others.into_iter().find(|kind| kind.name() == name))
            .ok_or_else(|| serde::de::Error::custom(format!("no property is called `{name}`")))
    }
}

/// A finding: something wrong with a seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The seed.
    pub seed: u64,
    /// The kind of the finding.
    #[serde(rename = "property")]
    pub kind: Kind,
    /// The evidence, as a sentence.
    pub detail: String,
    /// The text of the scenario it was shrunk to.
    pub scenario: Option<String>,
    /// The number of runs of the campaign up to and including this one; 0 in older files.
    #[serde(default)]
    pub runs: u64,
    /// The number of steps of these runs.
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

    /// True if both are of one kind and their scenarios are the same apart from comments.
    fn is_like(&self, other: &Finding) -> bool {
        self.kind == other.kind && self.statements() == other.statements()
    }

    fn statements(&self) -> Option<Vec<&str>> {
        self.scenario.as_deref().map(without_comments)
    }
}

/// The lines of a scenario without comments on lines of their own: those name the seed.
fn without_comments(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// The findings so far, in order of seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The findings that were shrunk and compared, at most [`CLOSELY`] of a kind.
    pub(super) closely: Vec<Finding>,
    /// The number of seeds of each kind.
    pub(super) seeds: BTreeMap<Kind, u64>,
}

impl Findings {
    /// Takes in the next seed's finding; returns it if there was none like it before.
    pub(super) fn take(&mut self, finding: Finding) -> Option<&Finding> {
        *self.seeds.entry(finding.kind).or_default() += 1;
        if self.of(finding.kind).count() >= CLOSELY {
            return None;
        }
        let is_new = !self.closely.iter().any(|known| known.is_like(&finding));
        self.closely.push(finding);
        if is_new { self.closely.last() } else { None }
    }

    /// For the next seeds with findings of these kinds, in order: true if the finding is to be shrunk.
    pub(super) fn wanted(&self, kinds: &[Kind]) -> Vec<bool> {
        let before = |at: usize| kinds[..at].iter().filter(|kind| **kind == kinds[at]).count();
        let wanted = |at: usize| self.of(kinds[at]).count() + before(at) < CLOSELY;
        (0..kinds.len()).map(wanted).collect()
    }

    /// The findings, each group of equal ones once.
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

    /// The number of seeds of each kind.
    pub fn seeds(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.seeds.iter().map(|(kind, seeds)| (*kind, *seeds))
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Finding> {
        self.closely.iter().filter(move |finding| finding.kind == kind)
    }
}
