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
use crate::workshop::{Bound, Edit, Program, Switch, Variant, Workshop};

/// The file of the results, a line for each bug, from the root of the repository.
pub const DATA: &str = "tests/data/bug-zoo.jsonl";

/// The page made of them.
pub const PAGE: &str = "docs/bug-zoo.md";

/// The number of campaigns that look for a bug, for each way to judge.
pub const CAMPAIGNS: u64 = 5;

/// The first seed of the first campaign.
const FIRST: u64 = 0;

/// The bounds of a campaign.
pub const BOUND: Bound =
    Bound { seeds: 2_000, steps: 20_000_000, patience: Duration::from_secs(300) };

/// The way in which runs are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judge {
    /// As any Raft is judged: no rules are claimed.
    AnyRaft,
    /// By histories alone: by what users of any Raft would call a failure. That is Figure 3, what clients see, and
    /// progress; also Log Terms, No Panic and Bounded Steps, without which a run can't go on. A server's disk, votes,
    /// configurations and the counting of its leader are not judged, and no rules are claimed.
    Histories,
    /// By all properties, the rules included.
    Rules,
}

impl Judge {
    /// All of them, in the order of the page.
    pub const ALL: [Judge; 3] = [Judge::AnyRaft, Judge::Histories, Judge::Rules];

    /// The name of the variant of the program that judges so; `None` for the unchanged program.
    fn variant(self) -> Option<&'static str> {
        match self {
            Judge::AnyRaft => Some("any-raft"),
            Judge::Histories => Some("histories"),
            Judge::Rules => None,
        }
    }

    /// The edits that make the program judge so.
    #[must_use]
    pub fn edits(self) -> Vec<Edit<'static>> {
        match self {
            Judge::AnyRaft => NO_RULES.to_vec(),
            Judge::Histories => [&NO_RULES[..], &[HISTORIES]].concat(),
            Judge::Rules => Vec::new(),
        }
    }
}

/// Edits by which the core claims all capabilities but the rules.
const NO_RULES: [Edit<'static>; 2] = [
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
];

/// An edit that leaves only the properties of histories.
const HISTORIES: Edit<'static> = Edit {
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
};

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
    /// The edits that plant it, in bodies of functions.
    pub edits: &'static [Edit<'static>],
    /// The edits that make room for it: fields, functions, and what mentions these. They stand in the program whether
    /// the bug is planted or not, and alone change nothing.
    pub room: &'static [Edit<'static>],
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

/// Bugs that most campaigns do not find where they are judged in these ways, and why.
pub const UNSEEN: &[(&str, &[Judge], &str)] = &[
    (
        "learner-no-vote",
        &[Judge::AnyRaft],
        "the votes of the others must be no majority, and progress be due: seen after 200 to 2,200 seeds",
    ),
    (
        "no-checkquorum",
        &[Judge::AnyRaft],
        "the leader must be left one follower without which the others are no quorum, until progress is due: seen \
         after 3,600 to 14,500 seeds",
    ),
    (
        "vote-volatile",
        &[Judge::Histories],
        "two crashes and an old vote have to come together in one term",
    ),
    (
        "torn-hardstate",
        &[Judge::Histories],
        "a crash between two writes of one server, and the same candidate, with an older log, once more in that \
         term",
    ),
    (
        "no-regrant",
        &[Judge::AnyRaft, Judge::Histories],
        "a candidate here never asks twice in a term: it costs one election at most",
    ),
    (
        "leader-grants-prevote",
        &[Judge::AnyRaft, Judge::Histories],
        "no consequence: the request for a vote itself is disregarded all the same",
    ),
    (
        "no-prevote",
        &[Judge::AnyRaft, Judge::Histories],
        "leaders are deposed again and again, and each lasts long enough to meet the next obligation",
    ),
    (
        "match-regress",
        &[Judge::Histories],
        "what is counted too late is counted in the end: only matchIndex itself goes back",
    ),
    (
        "append-aba",
        &[Judge::AnyRaft, Judge::Histories],
        "an entry has to be replaced while its write is late, and its server to crash before the second write",
    ),
    (
        "id-reuse-wiped",
        &[Judge::AnyRaft, Judge::Histories, Judge::Rules],
        "a server has to be added, removed, to crash, and to vote again for a candidate that lags: seen after 58 to \
         3,600 seeds",
    ),
    (
        "ongaro-2015",
        &[Judge::Histories],
        "three elections, two changes, each known to certain servers only; a public fuzzer took 1.8 million \
         executions with the commands scripted",
    ),
    (
        "leave-joint-early",
        &[Judge::Histories],
        "a leader has to die at a certain point of a change, and both sides to elect",
    ),
    (
        "snap-stale-config",
        &[Judge::Histories],
        "a snapshot in the middle of a change, and then votes that only the stale one makes enough",
    ),
    (
        "install-nonatomic",
        &[Judge::Histories],
        "a crash between two writes of one server; two campaigns of three found a server that did not boot",
    ),
    (
        "lease-vs-transfer",
        &[Judge::Histories],
        "the old leader has to get a read between the election and learning of it",
    ),
    (
        "lease-clock",
        &[Judge::Histories],
        "clocks at both ends of what is allowed, a late answer, an election and a read, all in one lease",
    ),
    (
        "learner-campaigns",
        &[Judge::Histories],
        "a learner that leads is as good a leader: only the rule is broken",
    ),
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

/// Builds a copy with these bugs and all ways to judge.
///
/// # Errors
/// A bug that does not fit or does not build, or a scenario that fails although nothing is planted.
pub fn workshop(name: &str, bugs: &[&Bug], suite: &[(String, String)]) -> Result<Workshop, String> {
    let mut variants = Vec::new();
    for bug in bugs {
        variants.push(bug.variant()?);
    }
    for judge in Judge::ALL {
        if let Some(name) = judge.variant() {
            variants.push(Variant::new(name, Switch::Judged, &judge.edits(), &[])?);
        }
    }
    let workshop = Workshop::open(name, variants)?;
    workshop.program(&[]).check(suite)?;
    Ok(workshop)
}

impl Bug {
    /// The variant of the program in which it is planted.
    ///
    /// # Errors
    /// An edit that does not fit.
    pub fn variant(&self) -> Result<Variant, String> {
        Variant::new(self.id, Switch::Planted, self.edits, self.room)
    }

    /// The program in which it is planted, judged in this way.
    #[must_use]
    pub fn planted(&self, workshop: &Workshop, judge: Judge) -> Program {
        let names = [Some(self.id), judge.variant()];
        workshop.program(&names.into_iter().flatten().collect::<Vec<&str>>())
    }

    /// Hunts it: with the scenarios, then with campaigns for each way to judge.
    ///
    /// # Errors
    /// A program that fails.
    pub fn hunted(&self, workshop: &Workshop, suite: &[(String, String)]) -> Result<Row, String> {
        let named = |error| format!("{}: {error}", self.id);
        let search = |judge| search(&self.planted(workshop, judge)).map_err(named);
        let scenarios = self.planted(workshop, Judge::Rules).failed(suite, "").map_err(named)?;
        Ok(Row {
            id: self.id.to_owned(),
            scenarios,
            any_raft: search(Judge::AnyRaft)?,
            histories: search(Judge::Histories)?,
            rules: search(Judge::Rules)?,
        })
    }

    /// Checks quickly that it is still caught: by some scenario, if one is known to catch it, and as any Raft is judged
    /// by the first campaign, if that found it. The seeds are always the same, so that a commit that loses a bug is the
    /// one that is told. Returns what is missing, if anything is.
    ///
    /// # Errors
    /// A program that fails.
    pub fn escapes(
        &self,
        workshop: &Workshop,
        suite: &[(String, String)],
        known: &Row,
    ) -> Result<Option<String>, String> {
        let named = |error| format!("{}: {error}", self.id);
        let program = self.planted(workshop, Judge::AnyRaft);
        if !known.scenarios.is_empty() {
            let all = self.planted(workshop, Judge::Rules);
            if all.failed(suite, "").map_err(named)?.is_empty() {
                return Ok(Some("no scenario catches it any more".to_owned()));
            }
        }
        let first = known.any_raft.hunts.first();
        if first.is_none_or(|hunt| hunt.found.is_none()) {
            return Ok(None);
        }
        let hunt = program.hunt(FIRST, BOUND, &[]).map_err(named)?;
        let missed = || format!("not found in {} seeds from {FIRST} on", hunt.seeds);
        Ok(hunt.found.is_none().then(missed))
    }
}

fn search(program: &Program) -> Result<Search, String> {
    let mut hunts: Vec<Hunt> = Vec::new();
    for number in 0..CAMPAIGNS {
        // The others can't make it a bug that most campaigns find.
        let missed = hunts.iter().filter(|hunt| hunt.found.is_none()).count() as u64;
        if missed > CAMPAIGNS / 2 {
            break;
        }
        hunts.push(program.hunt(FIRST + number * 100_000_000, BOUND, &[])?);
    }
    let shrunk = match hunts.iter().find_map(Hunt::seed) {
        Some(seed) => program.shrunk(seed, &[])?,
        None => None,
    };
    Ok(Search { hunts, shrunk })
}

/// The recorded results.
///
/// # Errors
/// A file that can't be read, or a line that is not a result.
pub fn rows() -> Result<Vec<Row>, String> {
    load(DATA)
}
