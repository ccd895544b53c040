//! Strategies for numbers of servers, and for servers.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::plan::Target;

/// Most servers of a first configuration.
const MOST_MEMBERS: u32 = 9;
/// Most plans have at least this many servers.
const MANY: u32 = 3;

/// The number of servers in the first configuration, unless an option sets it: any, from one to five mostly.
pub(super) fn members(requested: Option<u32>) -> BoxedStrategy<u32> {
    match requested {
        Some(members) => Just(members).boxed(),
        None => prop_oneof![
            2 => Just(1_u32),
            2 => Just(2_u32),
            5 => Just(3_u32),
            2 => Just(4_u32),
            3 => Just(5_u32),
            1 => 6..=MOST_MEMBERS,
        ]
        .boxed(),
    }
}

/// The servers that a plan may have. Drawn parts about a server that the plan does not have are dropped later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Servers {
    /// The largest number of servers.
    pub(super) most: u32,
    /// The number of the first servers, which nearly every plan has.
    pub(super) first: u32,
}

impl Servers {
    /// Up to `members` servers in the first configuration, and `joiners` more.
    pub(super) fn up_to(members: Option<u32>, joiners: u32) -> Servers {
        let first = members.unwrap_or(MANY);
        Servers { most: members.unwrap_or(MOST_MEMBERS) + joiners, first }
    }

    /// Exactly this many servers.
    pub(super) fn all(servers: u32) -> Servers {
        Servers { most: servers, first: servers }
    }

    /// One of them.
    pub(super) fn one(self) -> impl Strategy<Value = u32> + Clone {
        prop_oneof![3 => 1..=self.first, 1 => 1..=self.most]
    }

    /// A link: two servers, different unless there is only one.
    pub(super) fn two(self) -> impl Strategy<Value = (u32, u32)> + Clone {
        let next = move |server: u32| server % self.first.max(2).min(self.most) + 1;
        (self.one(), self.one())
            .prop_map(move |(from, to)| (from, if to == from { next(from) } else { to }))
    }

    /// Groups of servers that can talk: two sides that may overlap (a bridge) and may leave servers out; or each
    /// server with the next one (a chain).
    pub(super) fn groups(self) -> impl Strategy<Value = Vec<Vec<u32>>> {
        let chain = (1..=self.most).map(|server| vec![server, server % self.most + 1]).collect();
        let sides = |sides: Vec<u8>| {
            let group = |bit| {
                let named = (1..).zip(&sides).filter(move |(_, side)| **side & bit != 0);
                named.map(|(server, _)| server).collect()
            };
            vec![group(1), group(2)]
        };
        prop_oneof![
            // Few servers are on both sides.
            3 => vec(1..=2_u8, self.most as usize).prop_map(sides),
            2 => vec(0..=3_u8, self.most as usize).prop_map(sides),
            1 => Just(chain),
        ]
    }

    /// The target of a fault.
    pub(super) fn target(self) -> impl Strategy<Value = Target> + Clone {
        let roles = vec![Target::Candidate, Target::Voter, Target::Deposed, Target::Behind];
        prop_oneof![
            2 => self.one().prop_map(Target::Server),
            3 => Just(Target::Leader),
            1 => (0..8_u32).prop_map(Target::Follower),
            1 => prop::sample::select(roles),
            2 => Just(Target::Actor),
            1 => Just(Target::Peer),
        ]
    }
}
