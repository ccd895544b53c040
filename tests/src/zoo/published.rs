//! Published figures of other tools for the same bugs, to compare with those of this zoo.

/// A bug that SandTable found (EuroSys 2024, its table of bugs): a model checker that goes through a specification
/// breadth first, on 20 threads, with two or three servers.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// The name in that paper: system and number.
    pub name: &'static str,
    /// The same bug in the zoo.
    pub bug: &'static str,
    /// The time that it took.
    pub time: &'static str,
    /// The least number of steps of the specification that lead to it.
    pub depth: u32,
    /// The number of different states seen by then.
    pub states: u64,
}

/// All bugs in that table that the zoo has.
pub const SANDTABLE: &[Published] = &[
    published("PySyncObj#3", "next-not-above-match", "7 s", 18, 189_725),
    published("PySyncObj#4", "match-regress", "35 s", 25, 1_512_679),
    published("PySyncObj#5", "figure8", "2 min", 14, 2_364_779),
    published("WRaft#1", "prev0-sentinel", "9 min", 22, 5_954_049),
    published("WRaft#2", "snap-boundary", "22 min", 20, 20_955_790),
    published("WRaft#4", "term-regress-snap", "39 min", 23, 48_338_241),
    published("WRaft#7", "next-not-above-match", "8 min", 23, 7_401_586),
    published("DaosRaft#1", "leader-grants-prevote", "5 s", 8, 476),
    published("RaftOS#1", "match-regress", "5 s", 10, 60_101),
    published("RaftOS#2", "trunc-any-append", "4 s", 9, 19_455),
    published("RaftOS#4", "commit-break", "4 min", 14, 16_938_773),
    published("Xraft#1", "stale-vote", "3 s", 8, 3_534),
    published("Xraft-KV#1", "local-read", "15 s", 10, 124_409),
];

const fn published(
    name: &'static str,
    bug: &'static str,
    time: &'static str,
    depth: u32,
    states: u64,
) -> Published {
    Published { name, bug, time, depth, states }
}
