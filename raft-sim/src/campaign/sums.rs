//! The numbers of many runs, added up.

use serde::{Deserialize, Serialize};

use crate::mix::mix;
use crate::run::{Liveness, Outcome, Tally};

/// The number of times that something happened in all seeds together, and the number of seeds in which it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share(pub u64, pub u64);

/// The numbers of seeds that had to make progress after their faults, and that did not have to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Seeds with liveness obligations, met or not.
    #[serde(rename = "owed")]
    pub obligation: u64,
    /// Seeds without obligations: what remained broken does not leave a quorum.
    #[serde(rename = "not_owed")]
    pub no_obligation: u64,
}

/// The numbers of many runs, added up. The order of the runs does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// The number of seeds.
    pub seeds: u64,
    /// The number of their steps.
    pub steps: u64,
    /// The digest of all of their steps.
    #[serde(with = "hexadecimal")]
    pub digest: u64,
    /// The counts of requests, faults and crashes.
    pub tally: Tally,
    /// The numbers of seeds with and without liveness obligations.
    pub progress: Progress,
    /// The counts of how often each property was put to the test, at its number less one; empty before the first seed.
    pub exercised: Vec<Share>,
    /// The counts of how often each feature took part, in the order of
    /// [`Feature::ALL`](crate::coverage::Feature::ALL); empty before the first seed.
    pub features: Vec<Share>,
    /// The counts of how often each sort of fault hit, in the order of
    /// [`FaultSort::all`](crate::plan::FaultSort::all); empty before the first seed.
    pub faults: Vec<Share>,
}

impl Sums {
    /// Adds a seed. It has no outcome if a server did not boot.
    pub(super) fn add(&mut self, seed: u64, outcome: Option<&Outcome>) {
        let Some(outcome) = outcome else {
            self.seeds += 1;
            return;
        };
        let shares = |counts: &[u64]| {
            counts.iter().map(|count| Share(*count, u64::from(*count > 0))).collect()
        };
        let progress = match outcome.liveness {
            Liveness::Unasked => Progress::default(),
            Liveness::Met { .. } | Liveness::Violated => {
                Progress { obligation: 1, no_obligation: 0 }
            }
            Liveness::NoObligation(_) => Progress { obligation: 0, no_obligation: 1 },
        };
        self.join(&Sums {
            seeds: 1,
            steps: outcome.steps,
            digest: mix(seed, outcome.digest),
            tally: outcome.tally,
            progress,
            exercised: shares(&outcome.exercised),
            features: shares(&outcome.features),
            faults: shares(&outcome.faults),
        });
    }

    /// Adds the sums of other seeds.
    pub(super) fn join(&mut self, other: &Sums) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.digest = self.digest.wrapping_add(other.digest);
        let (sum, one) = (&mut self.tally, &other.tally);
        sum.proposed += one.proposed;
        sum.committed += one.committed;
        sum.superseded += one.superseded;
        sum.faults += one.faults;
        sum.crashes += one.crashes;
        sum.commit = sum.commit.max(one.commit);
        sum.term = sum.term.max(one.term);
        self.progress.obligation += other.progress.obligation;
        self.progress.no_obligation += other.progress.no_obligation;
        join(&mut self.exercised, &other.exercised);
        join(&mut self.features, &other.features);
        join(&mut self.faults, &other.faults);
    }
}

fn join(sums: &mut Vec<Share>, others: &[Share]) {
    sums.resize(sums.len().max(others.len()), Share::default());
    for (sum, other) in sums.iter_mut().zip(others) {
        sum.0 += other.0;
        sum.1 += other.1;
    }
}

/// A number of 64 bits as sixteen hexadecimal digits: many readers of JSON take a number for a floating-point one.
mod hexadecimal {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{number:016x}"))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<u64, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = |_| D::Error::custom(format!("`{text}` is no digest of sixteen digits"));
        u64::from_str_radix(&text, 16).map_err(wrong)
    }
}
