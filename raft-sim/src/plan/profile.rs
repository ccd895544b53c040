//! Profiles: the emphasis of a campaign's seeds. And the draw of a seed from its profile: the classes of faults and
//! admin operations that it may have.

use super::named::named;
use super::{AdminClass, FaultClass, PlanOptions};
use crate::rng::PlanRng;

named! {
    /// The emphasis of a run.
    #[derive(Default)]
    pub enum Profile {
        /// each seed draws one of the others, or some of everything
        #[default]
        Swarm = "swarm",
        /// links that are cut, held and slow
        Network = "network",
        /// elections: few servers, short crashes of leaders, late votes
        Elections = "elections",
        /// crashes in the middle of writes, slow and full disks
        Disk = "disk",
        /// servers that crash, pause, and restart with changed settings
        Process = "process",
        /// clocks that differ, stop and jump
        Clock = "clock",
        /// changes of the configuration
        Membership = "membership",
        /// snapshots, and very short logs
        Snapshots = "snapshots",
        /// reads, and clients that retry
        Clients = "clients",
        /// few faults, many requests
        Calm = "calm",
    }
}

impl Profile {
    /// The percentage of seeds that may have faults of a class.
    pub(crate) fn faults(self, class: FaultClass) -> u32 {
        match self {
            Profile::Swarm => 35,
            Profile::Calm => 5,
            Profile::Network
            | Profile::Elections
            | Profile::Disk
            | Profile::Process
            | Profile::Clock
            | Profile::Membership
            | Profile::Snapshots
            | Profile::Clients => {
                if class.profiles().contains(&self) {
                    70
                } else {
                    15
                }
            }
        }
    }

    /// The percentage of seeds that may have admin operations of a class.
    pub(crate) fn admin_ops(self, class: AdminClass) -> u32 {
        let about: &[AdminClass] = match self {
            Profile::Membership => &[AdminClass::Membership, AdminClass::Compaction],
            Profile::Snapshots => &[AdminClass::Compaction],
            Profile::Clients => &[AdminClass::Reads, AdminClass::Sessions, AdminClass::Transfer],
            Profile::Clock => &[AdminClass::Reads],
            Profile::Swarm | Profile::Calm => return 50,
            Profile::Network | Profile::Elections | Profile::Disk | Profile::Process => {
                return 30;
            }
        };
        if about.contains(&class) { 90 } else { 25 }
    }
}

/// The profile of a seed, and the classes that it may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The profile; `Swarm` is some of everything.
    pub profile: Profile,
    /// The classes of faults that may happen.
    pub faults: Vec<FaultClass>,
    /// The classes of operations that clients and administrators may make beside plain commands.
    pub admin_ops: Vec<AdminClass>,
}

impl Draw {
    /// The draw of a seed.
    #[must_use]
    pub fn of(seed: u64, plan_options: &PlanOptions) -> Draw {
        let mut rng = PlanRng::stream(seed, super::draw::DRAW);
        // Everything is drawn even if an option overrides it, so that an option changes only the part that it names.
        let mixed = rng.percent(35);
        let special = rng.pick(&Profile::ALL[1..]);
        let drawn = if mixed { Profile::Swarm } else { special };
        let profile =
            if plan_options.profile == Profile::Swarm { drawn } else { plan_options.profile };
        // A class is included if its number is low enough. Every profile uses the same numbers.
        let mut faults = Vec::new();
        for class in FaultClass::ALL {
            let drawn = rng.range(0, 99) < u64::from(profile.faults(class)) && class.is_fair();
            if plan_options.faults.as_ref().map_or(drawn, |requested| requested.contains(&class)) {
                faults.push(class);
            }
        }
        let mut admin_ops = Vec::new();
        for class in AdminClass::ALL {
            let drawn = rng.range(0, 99) < u64::from(profile.admin_ops(class));
            if plan_options.admin_ops.as_ref().map_or(drawn, |requested| requested.contains(&class))
            {
                admin_ops.push(class);
            }
        }
        Draw { profile, faults, admin_ops }
    }

    /// True if faults of a class may happen.
    #[must_use]
    pub fn has(&self, class: FaultClass) -> bool {
        self.faults.contains(&class)
    }

    /// True if operations of a class may happen.
    #[must_use]
    pub fn does(&self, class: AdminClass) -> bool {
        self.admin_ops.contains(&class)
    }
}
