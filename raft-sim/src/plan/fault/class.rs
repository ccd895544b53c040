//! Classes of faults: what a run may have, what `--faults` names, and what kinds of faults are drawn of each.

use super::{Direction, Ending, EndingAt, Fault, FaultKind, Target};
use crate::disk::{Survives, Torn};
use crate::model::NodeId;
use crate::network::Kinds;
use crate::plan::named::named;
use crate::plan::settings::restarted;
use crate::plan::{Profile, Trigger};
use crate::rng::PlanRng;
use crate::subject::Settings;
use crate::time::{Micros, TICK};

named! {
    /// A class of faults that a run may have.
    pub enum FaultClass {
        /// messages are lost
        Loss = "loss",
        /// messages arrive twice
        Duplicate = "duplicate",
        /// halves, minorities, bridges and rings
        Partition = "partition",
        /// links that work in one direction only
        OneWay = "one-way",
        /// one server, often the leader, is cut off
        Isolate = "isolate",
        /// one server is cut off again and again
        Flap = "flap",
        /// messages of a link are held back and arrive late
        Hold = "hold",
        /// messages of some kinds are held back and arrive late
        HoldKinds = "filtered-hold" | "vault",
        /// links become slow
        SlowLink = "slow-link",
        /// servers lose their power and restart
        Crash = "crash",
        /// the same in the middle of a write
        CrashAtWrite = "crash-at-write",
        /// disks are full for a while
        FullDisk = "full-disk",
        /// writes take time to become durable
        SlowDisk = "slow-disk",
        /// servers are stopped for a while, or their state machines
        Pause = "pause",
        /// servers restart with other settings
        RestartWith = "restart-with-settings" | "renew",
        /// clocks run at different rates, stand still and jump
        Clock = "clock",
        /// disks forget everything: Raft is not made for this
        Wipe = "wipe",
        /// disks lie about what is durable: Raft is not made for this
        Lie = "lie",
        /// clocks differ by more than leases allow: Raft is not made for this
        Skew = "skew",
        /// a single message is held back or repeated, often until its receiver has another role
        LateMessage = "late-message",
        /// a leader loses its leadership and regains it, and what is left of the earlier one arrives
        Regain = "regain",
    }
}

impl FaultClass {
    /// True for what Raft is made for. Other classes are drawn only where they are asked for by name.
    #[must_use]
    pub fn is_fair(self) -> bool {
        !matches!(self, FaultClass::Wipe | FaultClass::Lie | FaultClass::Skew)
    }

    /// True for conditions of the network, which last a whole run: the class has no faults that begin and end.
    pub(crate) fn is_condition(self) -> bool {
        matches!(self, FaultClass::Loss | FaultClass::Duplicate)
    }

    /// True for faults that are mostly short: many restarts in little time.
    pub(crate) fn is_brief(self) -> bool {
        matches!(
            self,
            FaultClass::Crash
                | FaultClass::CrashAtWrite
                | FaultClass::RestartWith
                | FaultClass::Pause
                | FaultClass::Wipe
        )
    }

    /// The profiles that are about it, in whose runs it is likely.
    pub(crate) fn profiles(self) -> &'static [Profile] {
        match self {
            FaultClass::Loss
            | FaultClass::Duplicate
            | FaultClass::OneWay
            | FaultClass::Flap
            | FaultClass::SlowLink => &[Profile::Network],
            FaultClass::Partition => &[Profile::Network, Profile::Membership],
            FaultClass::Isolate => &[
                Profile::Network,
                Profile::Elections,
                Profile::Clock,
                Profile::Membership,
                Profile::Snapshots,
                Profile::Clients,
            ],
            FaultClass::Hold => &[Profile::Network, Profile::Elections, Profile::Snapshots],
            FaultClass::HoldKinds => &[Profile::Network, Profile::Elections, Profile::Clients],
            FaultClass::Crash => &[
                Profile::Elections,
                Profile::Disk,
                Profile::Process,
                Profile::Membership,
                Profile::Snapshots,
                Profile::Clients,
            ],
            FaultClass::CrashAtWrite | FaultClass::FullDisk | FaultClass::SlowDisk => {
                &[Profile::Disk]
            }
            FaultClass::Pause => &[Profile::Process, Profile::Clock],
            FaultClass::RestartWith => &[Profile::Process],
            FaultClass::Clock => &[Profile::Clock],
            FaultClass::LateMessage => {
                &[Profile::Network, Profile::Elections, Profile::Membership, Profile::Clients]
            }
            FaultClass::Regain => &[Profile::Elections, Profile::Snapshots, Profile::Clients],
            FaultClass::Wipe | FaultClass::Lie | FaultClass::Skew => &[],
        }
    }

    /// Draws faults of the class: one mostly, which hits this target if it is one that hits a target, or a few that
    /// belong together. None for conditions.
    pub(crate) fn faults(self, source: &mut Source<'_>, target: Target, when: When) -> Vec<Fault> {
        let When { at, mut until, mut trigger, mut ending } = when;
        if self == FaultClass::Regain {
            return source.regain(at);
        }
        if self == FaultClass::LateMessage {
            trigger = Some(trigger.filter(|it| it.has_peer()).unwrap_or(source.message()));
            ending = ending.or(Some(source.receiver_does()));
            until += source.rng.range(0, 500_000);
        }
        let kind = self.draw(source, target);
        kind.map(|kind| Fault { at, until, trigger, ending, kind }).into_iter().collect()
    }

    /// Draws a fault of the class that hits this target, if it is one that hits a target. `None` for conditions, and for
    /// a class whose faults belong together.
    fn draw(self, source: &mut Source<'_>, target: Target) -> Option<FaultKind> {
        Some(match self {
            FaultClass::Loss | FaultClass::Duplicate | FaultClass::Regain => return None,
            FaultClass::Partition => FaultKind::Partition(source.groups()),
            FaultClass::OneWay => {
                let (from, to) = source.link();
                FaultKind::OneWay(from, to)
            }
            FaultClass::Isolate => FaultKind::Isolate(target, source.direction()),
            FaultClass::Flap => {
                let period = source.rng.pick(&[5_000, 20_000, 50_000, 150_000]);
                FaultKind::Flap(target, source.direction(), period)
            }
            FaultClass::Hold => {
                let (from, to) = source.link();
                FaultKind::Hold(from, to)
            }
            FaultClass::HoldKinds => {
                FaultKind::HoldKinds(target, source.direction(), source.kinds())
            }
            FaultClass::SlowLink => {
                let (from, to) = source.link();
                FaultKind::Slow(from, to, source.rng.pick(&[5_000, 30_000, 100_000, 400_000]))
            }
            FaultClass::Crash if source.rng.percent(10) => FaultKind::CrashAll,
            FaultClass::Crash => FaultKind::Crash(target, source.survives()),
            FaultClass::CrashAtWrite => FaultKind::CrashAtWrite(target, source.survives()),
            FaultClass::FullDisk => FaultKind::FullDisk(target),
            FaultClass::SlowDisk => FaultKind::Stall(target),
            FaultClass::Pause if source.rng.percent(30) => FaultKind::StallApply(target),
            FaultClass::Pause => FaultKind::Pause(target),
            FaultClass::RestartWith => {
                let server = source.next();
                let before = (source.settings)(NodeId(server));
                let settings = restarted(&mut source.rng, before);
                FaultKind::RestartWith(server, Box::new(settings))
            }
            FaultClass::Clock => source.clock(target, TICK * 8 / 10, TICK * 12 / 10),
            FaultClass::Skew => source.clock(target, TICK / 4, TICK * 4),
            FaultClass::Wipe => FaultKind::Wipe(target),
            FaultClass::Lie => FaultKind::Lie(target),
            FaultClass::LateMessage if source.rng.percent(40) => FaultKind::RepeatMessage,
            FaultClass::LateMessage => FaultKind::HoldMessage,
        })
    }
}

/// The time of a fault, as in [`Fault`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct When {
    pub(crate) at: Micros,
    pub(crate) until: Micros,
    pub(crate) trigger: Option<Trigger>,
    pub(crate) ending: Option<Ending>,
}

/// A source of faults for one cluster.
pub(crate) struct Source<'a> {
    /// The generator that it draws from.
    pub(crate) rng: PlanRng,
    /// The number of servers in the first configuration.
    pub(crate) members: u32,
    /// The number of additional servers if configurations change.
    pub(crate) joiners: u32,
    /// The number of servers.
    pub(crate) servers: u32,
    /// The settings of each server.
    pub(crate) settings: &'a dyn Fn(NodeId) -> Settings,
    /// The server that had its turn last, 0 for none, if servers take turns.
    pub(crate) turn: Option<u32>,
}

impl Source<'_> {
    /// Any server; one that waits to be added as well, if there are such.
    pub(crate) fn any(&mut self) -> u32 {
        let member = self.rng.range(1, u64::from(self.members)) as u32;
        let all = u64::from(self.members + self.joiners);
        let server = self.rng.range(1, all) as u32;
        if server <= self.servers { server } else { member }
    }

    /// Any server, or the next one if servers take turns.
    fn next(&mut self) -> u32 {
        let any = self.any();
        let servers = self.servers;
        self.turn.as_mut().map_or(any, |turn| {
            *turn = *turn % servers + 1;
            *turn
        })
    }

    /// A link from one server to another.
    fn link(&mut self) -> (u32, u32) {
        let (from, to, other) = (self.any(), self.any(), self.any());
        let next = from % self.servers + 1;
        (
            from,
            if to != from {
                to
            } else if other != from {
                other
            } else {
                next
            },
        )
    }

    fn direction(&mut self) -> Direction {
        self.rng.pick(&[Direction::Both, Direction::Both, Direction::Outgoing, Direction::Incoming])
    }

    fn survives(&mut self) -> Survives {
        let writes = self.rng.pick(&[0, 0, 1, 2]) as usize;
        let torn = self.rng.pick(&[0, 0, 1, 2]) as usize;
        Survives { writes, torn: self.rng.percent(50).then_some(Torn::Entries(torn)) }
    }

    /// Sides of a partition, as groups of servers that can talk to each other.
    fn groups(&mut self) -> Vec<Vec<u32>> {
        let all = self.servers;
        let bridge = self.any();
        let shape = self.rng.range(0, 9);
        let sides: Vec<bool> = (0..16).map(|_| self.rng.percent(50)).collect();
        let side = |of: bool| {
            let on = |server: u32| sides[server as usize % sides.len()] == of;
            (1..=all).filter(|&server| on(server) || shape >= 8 && server == bridge).collect()
        };
        let next = |server: u32| vec![server, server % all + 1];
        match shape {
            // Each with the next one: a ring, and the same without one link.
            0 => (1..=all).map(next).collect(),
            1 => (1..all).map(next).collect(),
            // Everybody alone.
            2 => Vec::new(),
            _ => vec![side(true), side(false)],
        }
    }

    /// Kinds of messages of one conversation: requests, replies, or both.
    fn kinds(&mut self) -> Kinds {
        let (requests, replies) = self.rng.pick(&[
            (Kinds::REQUEST_VOTE, Kinds::REQUEST_VOTE_REPLY),
            (Kinds::REQUEST_VOTE, Kinds::REQUEST_VOTE_REPLY),
            (Kinds::PRE_VOTE, Kinds::PRE_VOTE_REPLY),
            (Kinds::APPEND_ENTRIES, Kinds::APPEND_ENTRIES_REPLY),
            (Kinds::APPEND_ENTRIES, Kinds::APPEND_ENTRIES_REPLY),
            (Kinds::INSTALL_SNAPSHOT, Kinds::INSTALL_SNAPSHOT_REPLY),
            (Kinds::TIMEOUT_NOW, Kinds::REQUEST_VOTE),
            (Kinds::READ_INDEX, Kinds::READ_INDEX_REPLY),
        ]);
        match self.rng.range(0, 3) {
            0 => requests,
            1 => requests | replies,
            _ => replies,
        }
    }

    /// A message that matters when it arrives late.
    fn message(&mut self) -> Trigger {
        self.rng.pick(&[
            Trigger::Acknowledges,
            Trigger::Acknowledges,
            Trigger::RefusesPreVote,
            Trigger::RefusesPreVote,
            Trigger::HandsOver,
            Trigger::HandsOver,
            Trigger::Votes,
            Trigger::Replicates,
            Trigger::SendsSnapshot,
            Trigger::AcknowledgesSnapshot,
            Trigger::AsksPreVote,
            Trigger::AsksToRead,
        ])
    }

    /// The end of a fault at something that the receiver of a message does.
    fn receiver_does(&mut self) -> Ending {
        let trigger = self.rng.pick(&[
            Trigger::Leads,
            Trigger::Leads,
            Trigger::Leads,
            Trigger::Stands,
            Trigger::StepsDown,
            Trigger::Installs,
            Trigger::Boots,
            Trigger::Truncates,
        ]);
        Ending { trigger, at: EndingAt::Affected }
    }

    /// A leader is deposed soon after it has sent something, and stands again as soon as it is; what was on its way in
    /// its earlier leadership stays in flight until it leads again.
    fn regain(&mut self, at: Micros) -> Vec<Fault> {
        let replies = Kinds::APPEND_ENTRIES_REPLY | Kinds::INSTALL_SNAPSHOT_REPLY;
        let requests = Kinds::APPEND_ENTRIES | Kinds::INSTALL_SNAPSHOT | Kinds::TIMEOUT_NOW;
        let sends = self.rng.pick(&[
            Trigger::Replicates,
            Trigger::Replicates,
            Trigger::SendsSnapshot,
            Trigger::HandsOver,
        ]);
        let (way, kinds) = self.rng.pick(&[
            (Direction::Incoming, replies),
            (Direction::Incoming, replies),
            (Direction::Incoming, Kinds::INSTALL_SNAPSHOT_REPLY),
            (Direction::Outgoing, Kinds::TIMEOUT_NOW | Kinds::INSTALL_SNAPSHOT),
            (Direction::Both, requests | replies),
        ]);
        let length = self.rng.range(150_000, 800_000);
        let soon = at + self.rng.pick(&[0, 2_000, 10_000, 40_000]);
        let ends = |trigger| Some(Ending { trigger, at: EndingAt::Affected });
        // Its clock jumps by the longest election timeout, and it stands.
        let (_, timeout) = (self.settings)(NodeId(1)).election_timeout;
        let hold = FaultKind::HoldKinds(Target::Actor, way, kinds);
        let depose = if self.rng.percent(50) {
            let kind = FaultKind::Jump(Target::Peer, timeout);
            Fault { at: soon, until: soon + 1, trigger: Some(sends), ending: None, kind }
        } else {
            let kind = FaultKind::Isolate(Target::Leader, Direction::Outgoing);
            let until = soon + length / 2;
            Fault { at: soon, until, trigger: None, ending: ends(Trigger::StepsDown), kind }
        };
        let (until, stand) = (soon + 1, FaultKind::Jump(Target::Actor, timeout));
        let trigger = Some(Trigger::StepsDown);
        vec![
            Fault {
                at,
                until: at + length,
                trigger: Some(sends),
                ending: ends(Trigger::Leads),
                kind: hold,
            },
            depose,
            Fault { at: soon, until, trigger, ending: None, kind: stand },
        ]
    }

    /// Another rate within these bounds (virtual microseconds between ticks), a jump, or a standstill.
    fn clock(&mut self, target: Target, fastest: Micros, slowest: Micros) -> FaultKind {
        let tick = self.rng.range(fastest, slowest);
        let ticks = self.rng.range(1, 30) as u32;
        match self.rng.range(0, 2) {
            0 => FaultKind::Rate(target, tick),
            1 => FaultKind::Jump(target, ticks),
            _ => FaultKind::Freeze(target),
        }
    }
}
