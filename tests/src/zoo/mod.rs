//! The zoo: bugs that Raft implementations really had, each planted in a copy of the reference core by small edits,
//! and hunted. The program `bug-zoo` does that and records how long it takes; the core carries no switch for any of
//! them.
//!
//! The mechanism of a bug is its source's; the edits are ours. One table for each part of the protocol.

mod clients;
mod disks;
mod membership;
pub mod page;
pub mod published;
mod replication;
pub mod row;
mod snapshots;
mod timers;
mod votes;

use std::time::Duration;

use row::{Row, Search};

use crate::evidence::{Hunt, load};
use crate::workshop::{Edit, Workshop};

/// The file of the results, a line for each bug, from the root of the repository.
pub const DATA: &str = "tests/data/bug-zoo.jsonl";

/// The page made of them.
pub const PAGE: &str = "docs/bug-zoo.md";

/// The number of campaigns that look for a bug, if one of them takes no longer than [`LONG`].
pub const CAMPAIGNS: u64 = 5;

/// A campaign that takes longer than this is not repeated.
pub const LONG: Duration = Duration::from_secs(120);

/// The time limit of a campaign that judges by histories alone.
pub const OUTSIDE_LIMIT: Duration = Duration::from_secs(40);

/// Edits that leave only the properties whose violation users of any Raft would call a failure: Figure 3, what
/// clients see, and progress; also Log Terms, No Panic and Bounded Steps, without which a run can't go on. A server's
/// disk, votes, configurations and the counting of its leader are not judged then, and none of the `rules` is
/// claimed. An implementation whose inside is unknown is judged like this.
pub const OUTSIDE: [Edit<'static>; 3] = [
    Edit {
        file: "raft-sim/src/reference/mod.rs",
        find: "&Capability::ALL
    }

    fn boot(",
        replace: "Capability::ABLE
    }

    fn boot(",
    },
    Edit {
        file: "raft-sim/src/reference/mod.rs",
        find: "&Capability::ALL
    }

    fn launch(",
        replace: "Capability::ABLE
    }

    fn launch(",
    },
    Edit {
        file: "raft-sim/src/checker/properties/violation.rs",
        find: "    Err(Violation::new(property, server, detail))
}",
        replace: "    let seen = matches!(
        property,
        Property::ElectionSafety
            | Property::LeaderAppendOnly
            | Property::LogMatching
            | Property::LeaderCompleteness
            | Property::StateMachineSafety
            | Property::ExactlyOnce
            | Property::Reads
    );
    if seen { Err(Violation::new(property, server, detail)) } else { Ok(()) }
}",
    },
];

/// One bug.
#[derive(Clone, Copy, Debug)]
pub struct Bug {
    /// Its name, in small letters with dashes.
    pub id: &'static str,
    /// The kinds of damage that it can do.
    pub tags: &'static [Tag],
    /// Its sources: trackers, papers, post-mortems.
    pub sources: &'static str,
    /// The wrong behaviour of the server.
    pub what: &'static str,
    /// The shortest known way to expose it, in a sentence.
    pub exposure: &'static str,
    /// The expected difficulty of finding it.
    pub expected: Difficulty,
    /// The edits that plant it.
    pub edits: &'static [Edit<'static>],
}

/// The kind of damage that a bug can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Safety.
    S,
    /// Liveness: progress after healing.
    L,
    /// Clients see it.
    C,
    /// Durability: what was acknowledged is lost.
    D,
    /// It violates an internal property only.
    I,
}

/// The difficulty of finding a bug at random: the number of seeds within which it should be found, in the median.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difficulty {
    /// Within 1,000 seeds.
    Shallow,
    /// Within 100,000 seeds.
    Medium,
    /// Within ten million seeds, or an hour on two cores.
    Deep,
}

impl Difficulty {
    /// The number of seeds within which it should be found, in the median.
    #[must_use]
    pub fn seeds(self) -> u64 {
        match self {
            Difficulty::Shallow => 1_000,
            Difficulty::Medium => 100_000,
            Difficulty::Deep => 10_000_000,
        }
    }
}

/// Bugs that the histories of [`OUTSIDE_LIMIT`] do not show in the median, and why.
pub const UNSEEN: &[(&str, &str)] = &[
    ("vote-volatile", "two crashes and an old vote have to come together in one term"),
    (
        "torn-hardstate",
        "a crash between two writes of one server, and the same candidate, with an older log, once more in that \
         term",
    ),
    ("no-regrant", "a candidate here never asks twice in a term: it costs one election at most"),
    (
        "leader-grants-prevote",
        "no consequence: the request for a vote itself is disregarded all the same",
    ),
    (
        "no-prevote",
        "leaders are deposed again and again, and each lasts long enough to meet the next obligation",
    ),
    (
        "match-regress",
        "what is counted too late is counted in the end: only matchIndex itself goes back",
    ),
    (
        "append-aba",
        "an entry has to be replaced while its write is late, and its server to crash before the second write",
    ),
    (
        "ongaro-2015",
        "three elections, two changes, each known to certain servers only; a public fuzzer took 1.8 million \
         executions with the commands scripted",
    ),
    (
        "leave-joint-early",
        "a leader has to die at a certain point of a change, and both sides to elect",
    ),
    (
        "snap-stale-config",
        "a snapshot in the middle of a change, and then votes that only the stale one makes enough",
    ),
    (
        "install-nonatomic",
        "a crash between two writes of one server; two campaigns of three found a server that did not boot",
    ),
    (
        "lease-vs-transfer",
        "the old leader has to get a read between the election and learning of it",
    ),
    (
        "lease-clock",
        "clocks at both ends of what is allowed, a late answer, an election and a read, all in one lease",
    ),
    ("learner-campaigns", "a learner that leads is as good a leader: only the rule is broken"),
];

const TABLES: &[(&str, &[Bug])] = &[
    ("Votes, terms, hard state", votes::BUGS),
    ("PreVote, CheckQuorum, timers", timers::BUGS),
    ("Replication, commit", replication::BUGS),
    ("Disks, and what is applied", disks::BUGS),
    ("Membership", membership::BUGS),
    ("Snapshots", snapshots::BUGS),
    ("Reads, leases, transfer, clients", clients::BUGS),
];

/// The tables, with their titles, in the order of the page.
#[must_use]
pub fn tables() -> &'static [(&'static str, &'static [Bug])] {
    TABLES
}

/// All bugs, in the order of the page.
pub fn all() -> impl Iterator<Item = &'static Bug> {
    TABLES.iter().flat_map(|(_, bugs)| *bugs)
}

impl Bug {
    /// Plants it in a copy and hunts it: with the scenarios, then with campaigns of at most `limit` each, then with
    /// campaigns that judge by histories alone.
    ///
    /// # Errors
    /// An edit that does not fit or does not build, a file or a program that fails.
    pub fn hunted(
        &self,
        workshop: &Workshop,
        suite: &[(String, String)],
        limit: Duration,
    ) -> Result<Row, String> {
        let named = |error| format!("{}: {error}", self.id);
        let all =
            |workshop: &Workshop| Ok((workshop.failed(suite, "")?, self.search(workshop, limit)?));
        let (scenarios, all) = workshop.planted(self.edits, all).map_err(named)?;
        let edits = [self.edits, &OUTSIDE].concat();
        let outside = |workshop: &Workshop| self.search(workshop, limit.min(OUTSIDE_LIMIT));
        let outside = workshop.planted(&edits, outside).map_err(named)?;
        Ok(Row { id: self.id.to_owned(), scenarios, all, outside })
    }

    /// Plants it and checks quickly whether it is still caught: by some scenario, if one is known to catch it, and by
    /// one campaign from the seed `base` on, within the expected number of seeds. Returns what is missing, if
    /// anything is.
    ///
    /// # Errors
    /// An edit that does not fit or does not build, a file or a program that fails.
    pub fn escapes(
        &self,
        workshop: &Workshop,
        suite: &[(String, String)],
        known: Option<&Row>,
        base: u64,
    ) -> Result<Option<String>, String> {
        let caught = known.is_some_and(|row| !row.scenarios.is_empty());
        let seeds = self.expected.seeds();
        let ask = |workshop: &Workshop| {
            if caught && workshop.failed(suite, "")?.is_empty() {
                return Ok(Some("no scenario catches it any more".to_owned()));
            }
            let hunt = workshop.hunt(base, seeds, &[], LONG)?;
            let missed = || format!("not found in {} seeds from {base} on", hunt.seeds);
            Ok(hunt.found.is_none().then(missed))
        };
        workshop.planted(self.edits, ask).map_err(|error| format!("{}: {error}", self.id))
    }

    fn search(&self, workshop: &Workshop, limit: Duration) -> Result<Search, String> {
        let mut hunts: Vec<Hunt> = Vec::new();
        for number in 0..CAMPAIGNS {
            let hopeless =
                |hunt: &Hunt| hunt.found.is_none() || u128::from(hunt.millis) >= LONG.as_millis();
            if hunts.iter().any(hopeless) {
                break;
            }
            let (base, seeds) = (number * 100_000_000, Difficulty::Deep.seeds());
            hunts.push(workshop.hunt(base, seeds, &[], limit)?);
        }
        let shrunk = match hunts.iter().find_map(Hunt::seed) {
            Some(seed) => workshop.shrunk(seed, &[])?,
            None => None,
        };
        Ok(Search { hunts, shrunk })
    }
}

/// The recorded results.
///
/// # Errors
/// A file that can't be read, or a line that is not a result.
pub fn rows() -> Result<Vec<Row>, String> {
    load(DATA)
}
