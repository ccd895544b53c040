//! The findings of a campaign: each symptom once, however many seeds show it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::checker::{Class, Property, claim, without_variables};
use crate::plan::Plan;
use crate::shrink::Shrunk;

/// The number of seeds of each symptom that are shrunk. The others are counted.
pub const CLOSELY: usize = 3;
/// The number of symptoms of each kind that are kept. Where messages never repeat there may be as many as seeds.
const MOST_SYMPTOMS: usize = 16;
/// The note of a finding whose search for a short scenario was ended.
const CUT: &str = "its scenario may not be the shortest: shrinking was ended before it was done";

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
    /// The reason why there is no scenario, or why it may not be the shortest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// True if it is still to be shrunk: that has not ended, or was interrupted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
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

    /// Keeps what it was shrunk to; `command` runs it once more.
    pub(super) fn keep(&mut self, shrunk: Shrunk, command: &str) {
        let scenario = shrunk.found_by(command);
        let cut = shrunk.is_cut.then(|| CUT.to_owned());
        self.note = shrunk.why.map(|why| format!("no scenario: {why}")).or(cut);
        self.scenario = scenario;
    }

    /// The name of a file for its plan.
    #[must_use]
    pub fn plan_file(&self) -> String {
        self.kind.plan_file(self.seed)
    }

    /// The kind, and the claim that went wrong: findings with the same are one.
    fn symptom(&self) -> (Kind, String) {
        let claim = match self.kind {
            Kind::Violation(property) => claim(property, &self.detail),
            Kind::Former(_) | Kind::NoBoot => without_variables(&self.detail),
            Kind::NotRepeatable => String::new(),
        };
        (self.kind, claim)
    }

    /// The number of lines of its scenario, without those that are comments; `None` if it has none.
    #[must_use]
    pub fn statements(&self) -> Option<usize> {
        let lines = self.scenario.as_deref()?.lines().map(str::trim);
        Some(lines.filter(|line| !line.is_empty() && !line.starts_with('#')).count())
    }
}

/// The findings of one symptom.
#[derive(Clone, Debug)]
pub struct Alike<'f> {
    /// Their kind.
    pub kind: Kind,
    /// The claim that went wrong, without what varies from run to run; empty if the kind alone is the symptom.
    pub claim: &'f str,
    /// The number of seeds that show it; of results read from a file, only those that were looked at closely.
    pub seeds: u64,
    /// Those that were or will be shrunk, at most [`CLOSELY`], in order of seeds; never empty.
    pub findings: Vec<&'f Finding>,
}

/// The findings so far, in order of seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The findings that were or will be shrunk, at most [`CLOSELY`] of a symptom.
    closely: Vec<Finding>,
    /// The place of each one's symptom.
    of: Vec<usize>,
    /// The symptoms, in the order in which they were found.
    symptoms: Vec<(Kind, String)>,
    /// The number of findings of each that were taken in.
    counts: Vec<u64>,
    /// The number of seeds of each kind.
    seeds: BTreeMap<Kind, u64>,
}

impl Findings {
    /// Findings, in order of seeds, and the number of seeds of each kind.
    pub(super) fn new(closely: Vec<Finding>, seeds: BTreeMap<Kind, u64>) -> Findings {
        let mut findings = Findings::default();
        for finding in closely {
            findings.take(finding);
        }
        Findings { seeds, ..findings }
    }

    /// Takes in the next seed's finding; returns it if it has a new symptom.
    pub(super) fn take(&mut self, finding: Finding) -> Option<&Finding> {
        let kind = finding.kind;
        *self.seeds.entry(kind).or_default() += 1;
        let symptom = finding.symptom();
        let known = self.symptoms.iter().position(|known| *known == symptom);
        if let Some(place) = known {
            self.counts[place] += 1;
        }
        let alike = |place: usize| self.of.iter().filter(|of| **of == place).count();
        let of_kind = self.symptoms.iter().filter(|(of, _)| *of == kind).count();
        if known.map_or(of_kind >= MOST_SYMPTOMS, |place| alike(place) >= CLOSELY) {
            return None;
        }
        self.of.push(known.unwrap_or(self.symptoms.len()));
        self.closely.push(finding);
        if known.is_some() {
            return None;
        }
        self.symptoms.push(symptom);
        self.counts.push(1);
        self.closely.last()
    }

    /// The places of the findings that are still to be shrunk: those of one symptom together.
    pub(super) fn pending(&self) -> Vec<usize> {
        let mut places: Vec<usize> =
            (0..self.closely.len()).filter(|place| self.closely[*place].pending).collect();
        places.sort_by_key(|place| self.of[*place]);
        places
    }

    /// The first of these places of each symptom.
    pub(super) fn first_pending(&self) -> Vec<usize> {
        let mut places = self.pending();
        places.dedup_by_key(|place| self.of[*place]);
        places
    }

    /// Leaves the findings as they are whose symptom has a scenario of at most this number of lines.
    pub(super) fn settle(&mut self, lines: usize) {
        for place in self.pending() {
            let shortest = self.shortest(self.of[place]).and_then(Finding::statements);
            if shortest.is_some_and(|shortest| shortest <= lines) {
                self.closely[place].pending = false;
            }
        }
    }

    /// The finding at a place.
    pub(super) fn at(&self, place: usize) -> &Finding {
        &self.closely[place]
    }

    /// Replaces the finding at a place by what became of it.
    pub(super) fn replace(&mut self, place: usize, finding: Finding) {
        self.closely[place] = finding;
    }

    /// The findings that were or will be shrunk, in order of seeds.
    pub(super) fn closely(&self) -> &[Finding] {
        &self.closely
    }

    /// Of the findings with the symptom of the one at this place, the one to show: that with the shortest scenario.
    pub(super) fn shown(&self, place: usize) -> &Finding {
        self.shortest(self.of[place]).unwrap_or(&self.closely[place])
    }

    /// The findings with different symptoms: of each symptom the finding with the shortest scenario.
    pub fn distinct(&self) -> impl Iterator<Item = &Finding> {
        (0..self.symptoms.len()).filter_map(|symptom| self.shortest(symptom))
    }

    /// True if the findings at both places have the same symptom.
    pub(super) fn alike(&self, one: usize, other: usize) -> bool {
        self.of[one] == self.of[other]
    }

    /// Of each symptom the first finding, and the one with the shortest scenario.
    pub fn symptoms(&self) -> impl Iterator<Item = (&Finding, &Finding)> {
        (0..self.symptoms.len()).filter_map(|symptom| {
            let first = self.of.iter().position(|of| *of == symptom)?;
            Some((&self.closely[first], self.shortest(symptom)?))
        })
    }

    /// The findings of each symptom, in the order in which the symptoms were found.
    pub fn alike_each(&self) -> impl Iterator<Item = Alike<'_>> {
        (0..self.symptoms.len()).map(|symptom| {
            let all = std::iter::zip(&self.of, &self.closely).filter(|(of, _)| **of == symptom);
            let (kind, claim) = &self.symptoms[symptom];
            let findings = all.map(|(_, finding)| finding).collect();
            Alike { kind: *kind, claim, seeds: self.counts[symptom], findings }
        })
    }

    /// The number of symptoms.
    #[must_use]
    pub fn count(&self) -> usize {
        self.symptoms.len()
    }

    /// The number of seeds of each kind.
    pub fn seeds(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.seeds.iter().map(|(kind, seeds)| (*kind, *seeds))
    }

    fn shortest(&self, symptom: usize) -> Option<&Finding> {
        let alike = std::iter::zip(&self.of, &self.closely).filter(|(of, _)| **of == symptom);
        let length = |finding: &&Finding| finding.statements().unwrap_or(usize::MAX);
        alike.map(|(_, finding)| finding).min_by_key(length)
    }
}
