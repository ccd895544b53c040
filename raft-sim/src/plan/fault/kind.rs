//! Kinds of faults: the one place of all that is known of each. Running, printing, counting and shrinking a fault ask
//! [`FaultKind::aim`], [`FaultKind::facts`] and [`FaultKind::on_server`]; they name no kind. Drawing is in `class.rs`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::{count, leaders, lost, partition, survive, way};
use super::{Direction, Target};
use crate::action::{Action, Change};
use crate::disk::Survives;
use crate::model::NodeId;
use crate::network::Kinds;
use crate::plan::Plan;
use crate::plan::named::named;
use crate::subject::{Capability, Settings};
use crate::time::{Micros, milliseconds as ms};

/// The kind of a fault, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Only servers that share a group can talk. A server in several groups is a bridge; a server in none is alone.
    Partition(Vec<Vec<u32>>),
    /// Messages of the first server to the second are lost.
    OneWay(u32, u32),
    /// A server can't send, can't receive, or neither.
    Isolate(Target, Direction),
    /// The same, on and off: the links change after each such time (virtual microseconds).
    Flap(Target, Direction, Micros),
    /// Messages of the first server to the second stay in flight until the fault ends.
    Hold(u32, u32),
    /// Messages of these kinds that a server sends, that are sent to it, or both, stay in flight until the fault ends.
    #[serde(alias = "vault")]
    HoldKinds(Target, Direction, Kinds),
    /// Messages of the first server to the second take longer by this much (virtual microseconds).
    Slow(u32, u32, Micros),
    /// A server loses its power. Of its writes that were not durable, this survives.
    Crash(Target, Survives),
    /// All servers lose their power at once, and all that is not durable.
    CrashAll,
    /// A server loses its power with its next write, before that is durable. Of its writes, this survives.
    CrashAtWrite(Target, Survives),
    /// A server's disk is full: the server dies at each write, and the write is lost. It is started again and again.
    FullDisk(Target),
    /// A server's disk makes nothing durable until the fault ends.
    Stall(Target),
    /// A server is not scheduled. When it is again, its clock catches up first, then what was sent to it arrives.
    Pause(Target),
    /// A server's state machine applies nothing until the fault ends. Without effect unless there is a
    /// [`Settings::apply_limit`].
    #[serde(alias = "laze")]
    StallApply(Target),
    /// A server goes down, and boots with other settings, which it keeps.
    #[serde(alias = "renew")]
    RestartWith(u32, Box<Settings>),
    /// A server's clock ticks at this interval until the fault ends (virtual microseconds).
    Rate(Target, Micros),
    /// A server's clock jumps: this many ticks are due at once.
    Jump(Target, u32),
    /// A server's clock stands still.
    Freeze(Target),
    /// A server loses its power and its disk. Raft is not made for this.
    Wipe(Target),
    /// A server's disk reports writes durable that are not: a power loss, with which the fault ends, takes them. Raft is
    /// not made for this.
    Lie(Target),
    /// The message with which the trigger fires stays in flight until the fault ends.
    HoldMessage,
    /// A copy of the message with which the trigger fires arrives when the fault ends.
    RepeatMessage,
}

named! {
    /// A kind of fault, as campaigns count it when it hits.
    pub enum KindSort {
        /// servers fall apart into groups without a common server
        Partition = "halves and minorities",
        /// servers fall apart into groups that share servers
        Bridge = "bridges, rings, chains",
        /// a link works in one direction only
        OneWay = "one-way cuts",
        /// a server is cut off, or half of it
        Isolate = "isolations",
        /// a server is cut off again and again
        Flap = "flapping links",
        /// the messages of a link are held back
        Hold = "held links",
        /// messages of some kinds are held back
        HoldKinds = "held kinds of messages",
        /// a link becomes slow
        Slow = "slow links",
        /// a server loses its power, and all that is not durable
        Crash = "crashes",
        /// of crashes: writes that were not durable survive whole
        CrashSaved = "of these, writes survive",
        /// of crashes: a part of a write survives
        CrashTorn = "of these, a torn write",
        /// all servers lose their power
        CrashAll = "crashes of all",
        /// a server loses its power before a write is durable
        CrashAtWrite = "crashes in a write",
        /// a server dies of a full disk
        FullDisk = "full disks",
        /// a disk makes nothing durable for a while
        Stall = "stalled disks",
        /// a server is not scheduled for a while
        Pause = "servers stopped",
        /// a state machine applies nothing for a while
        StallApply = "state machines stopped",
        /// a server restarts with other settings
        RestartWith = "changed settings",
        /// the rate of a clock changes for a while
        Rate = "changed clock rates",
        /// a clock jumps
        Jump = "clock jumps",
        /// a clock stands still for a while
        Freeze = "clocks that stand still",
        /// a disk forgets everything
        Wipe = "wiped disks",
        /// a disk reports durable what is not
        Lie = "lying disks",
        /// a single message is held back
        HoldMessage = "held messages",
        /// a single message arrives again
        RepeatMessage = "repeated messages",
    }
}

impl KindSort {
    /// True for what Raft is made for: a campaign that asks for nothing by name comes to it.
    #[must_use]
    pub fn is_fair(self) -> bool {
        !matches!(self, KindSort::Wipe | KindSort::Lie)
    }
}

/// The servers and links that a fault affects, to be read and changed.
#[derive(Debug)]
pub(crate) enum Aim<'a> {
    /// Every server.
    All,
    /// A server by number or role.
    Target(&'a mut Target),
    /// The links of a server by number or role.
    Around(&'a mut Target, &'a mut Direction),
    /// A server by number, never by role.
    Server(&'a mut u32),
    /// The link from the first server to the second.
    Link(&'a mut u32, &'a mut u32),
    /// The links between servers that share no group.
    Groups(&'a mut Vec<Vec<u32>>),
    /// The message with which the trigger fires.
    Message,
}

/// Facts about a fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// The sort under which a campaign counts its hits.
    pub(crate) sort: KindSort,
    /// The changes of each link that it affects: when it begins and when it ends.
    pub(crate) links: Option<[Change; 2]>,
    /// Its effect on the message with which its trigger fires.
    pub(crate) message: OnMessage,
    /// If its links come and go: the time after which they change.
    pub(crate) period: Option<Micros>,
    /// Its effect on the power of a server that it hits.
    pub(crate) power: Power,
    /// Its effect on the clock of a server that it hits.
    pub(crate) clock: OnClock,
    /// The capability that an implementation must have to be hit by it.
    pub(crate) needs: Option<Capability>,
}

/// The effect of a fault on the message with which its trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnMessage {
    /// It arrives in its time.
    None,
    /// It is held back until the fault ends.
    Held,
    /// A copy of it is held back until the fault ends.
    Repeated,
}

/// The effect of a fault on the power of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    /// The server runs on.
    On,
    /// The server is down until the fault ends.
    Off,
    /// The server dies at its next write, which is when the fault counts.
    DiesAtWrite,
    /// The server dies at each write, which is when the fault counts, and is started again after a while.
    DiesAtEachWrite,
}

/// The effect of a fault on a clock. Leases assume a bound on how far clocks differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnClock {
    /// The clock ticks as before.
    None,
    /// The clock ticks at another rate.
    Rate,
    /// The clock jumps or stands still: no bound holds.
    Unbounded,
}

impl Facts {
    /// Facts about a fault that affects neither links, nor messages, nor power, nor clocks, unless they say so.
    fn new(sort: KindSort) -> Facts {
        let (message, power, clock) = (OnMessage::None, Power::On, OnClock::None);
        Facts { sort, links: None, message, period: None, power, clock, needs: None }
    }
}

/// A cut of a link, and its end.
const CUT: Option<[Change; 2]> = Some([Change::Cut, Change::Mend]);

/// A hold of messages of these kinds, and its end.
fn hold(kinds: Kinds) -> Option<[Change; 2]> {
    Some([Change::Hold(kinds), Change::Release(kinds)])
}

impl FaultKind {
    /// Takes out that a write is torn, for an implementation whose writes are whole or not there at all.
    pub(crate) fn tear_nothing(&mut self) {
        if let FaultKind::Crash(_, survives) | FaultKind::CrashAtWrite(_, survives) = self {
            survives.torn = None;
        }
    }

    /// The servers and links that it affects.
    pub(crate) fn aim(&mut self) -> Aim<'_> {
        match self {
            FaultKind::Partition(groups) => Aim::Groups(groups),
            FaultKind::OneWay(from, to)
            | FaultKind::Hold(from, to)
            | FaultKind::Slow(from, to, _) => Aim::Link(from, to),
            FaultKind::Isolate(target, direction)
            | FaultKind::Flap(target, direction, _)
            | FaultKind::HoldKinds(target, direction, _) => Aim::Around(target, direction),
            FaultKind::Crash(target, _)
            | FaultKind::CrashAtWrite(target, _)
            | FaultKind::FullDisk(target)
            | FaultKind::Stall(target)
            | FaultKind::Pause(target)
            | FaultKind::StallApply(target)
            | FaultKind::Rate(target, _)
            | FaultKind::Jump(target, _)
            | FaultKind::Freeze(target)
            | FaultKind::Wipe(target)
            | FaultKind::Lie(target) => Aim::Target(target),
            FaultKind::RestartWith(server, _) => Aim::Server(server),
            FaultKind::CrashAll => Aim::All,
            FaultKind::HoldMessage | FaultKind::RepeatMessage => Aim::Message,
        }
    }

    /// Facts about it.
    pub(crate) fn facts(&self) -> Facts {
        match self {
            FaultKind::Partition(groups) => {
                let sort = if overlap(groups) { KindSort::Bridge } else { KindSort::Partition };
                Facts { links: CUT, ..Facts::new(sort) }
            }
            FaultKind::OneWay(..) => Facts { links: CUT, ..Facts::new(KindSort::OneWay) },
            FaultKind::Isolate(..) => Facts { links: CUT, ..Facts::new(KindSort::Isolate) },
            FaultKind::Flap(.., period) => {
                Facts { links: CUT, period: Some(*period), ..Facts::new(KindSort::Flap) }
            }
            FaultKind::Hold(..) => Facts { links: hold(Kinds::ALL), ..Facts::new(KindSort::Hold) },
            FaultKind::HoldKinds(.., kinds) => {
                Facts { links: hold(*kinds), ..Facts::new(KindSort::HoldKinds) }
            }
            FaultKind::Slow(.., extra) => {
                let links = Some([Change::Slow(*extra), Change::Unslow(*extra)]);
                Facts { links, ..Facts::new(KindSort::Slow) }
            }
            FaultKind::Crash(..) => Facts { power: Power::Off, ..Facts::new(KindSort::Crash) },
            FaultKind::CrashAll => Facts { power: Power::Off, ..Facts::new(KindSort::CrashAll) },
            FaultKind::CrashAtWrite(..) => {
                Facts { power: Power::DiesAtWrite, ..Facts::new(KindSort::CrashAtWrite) }
            }
            FaultKind::FullDisk(_) => {
                Facts { power: Power::DiesAtEachWrite, ..Facts::new(KindSort::FullDisk) }
            }
            FaultKind::Stall(_) => {
                Facts { needs: Some(Capability::SlowDisk), ..Facts::new(KindSort::Stall) }
            }
            FaultKind::Pause(_) => Facts::new(KindSort::Pause),
            FaultKind::StallApply(_) => Facts::new(KindSort::StallApply),
            FaultKind::RestartWith(..) => {
                Facts { power: Power::Off, ..Facts::new(KindSort::RestartWith) }
            }
            FaultKind::Rate(..) => Facts { clock: OnClock::Rate, ..Facts::new(KindSort::Rate) },
            FaultKind::Jump(..) => {
                Facts { clock: OnClock::Unbounded, ..Facts::new(KindSort::Jump) }
            }
            FaultKind::Freeze(_) => {
                Facts { clock: OnClock::Unbounded, ..Facts::new(KindSort::Freeze) }
            }
            FaultKind::Wipe(_) => Facts { power: Power::Off, ..Facts::new(KindSort::Wipe) },
            FaultKind::Lie(_) => Facts::new(KindSort::Lie),
            FaultKind::HoldMessage => {
                Facts { message: OnMessage::Held, ..Facts::new(KindSort::HoldMessage) }
            }
            FaultKind::RepeatMessage => {
                Facts { message: OnMessage::Repeated, ..Facts::new(KindSort::RepeatMessage) }
            }
        }
    }

    /// The actions on a server that it hits: those with which it begins, in order, and those with which it ends. A
    /// restart at the end is left out while another fault keeps the server down.
    pub(crate) fn on_server(&self, server: NodeId, plan: &Plan) -> [Vec<Action>; 2] {
        let crash = |survives| Action::Crash { server, survives };
        let restart = Action::Restart { server };
        match self {
            FaultKind::Partition(_)
            | FaultKind::OneWay(..)
            | FaultKind::Isolate(..)
            | FaultKind::Flap(..)
            | FaultKind::Hold(..)
            | FaultKind::HoldKinds(..)
            | FaultKind::Slow(..)
            | FaultKind::HoldMessage
            | FaultKind::RepeatMessage => [vec![], vec![]],
            FaultKind::Crash(_, survives) => [vec![crash(*survives)], vec![restart]],
            FaultKind::CrashAll => [vec![crash(Survives::default())], vec![restart]],
            FaultKind::CrashAtWrite(_, survives) => {
                let at_write = |survives| Action::CrashAtWrite { server, survives };
                [vec![at_write(Some(*survives))], vec![at_write(None), restart]]
            }
            FaultKind::FullDisk(_) => {
                let full = |fail| Action::FailWrites { server, fail };
                [vec![full(true)], vec![full(false), restart]]
            }
            FaultKind::Stall(_) => {
                [true, false].map(|stalled| vec![Action::Stall { server, stalled }])
            }
            FaultKind::Pause(_) => {
                [true, false].map(|paused| vec![Action::Pause { server, paused }])
            }
            FaultKind::StallApply(_) => {
                [true, false].map(|paused| vec![Action::PauseApply { server, paused }])
            }
            FaultKind::RestartWith(_, settings) => {
                let configure = Action::Configure { server, settings: settings.clone() };
                [vec![crash(Survives::default()), configure], vec![restart]]
            }
            FaultKind::Rate(_, tick) => {
                let before = plan.clocks[server.0 as usize - 1].tick;
                [*tick, before].map(|tick| vec![Action::SetTick { server, tick }])
            }
            FaultKind::Jump(_, ticks) => [vec![Action::Jump { server, ticks: *ticks }], vec![]],
            FaultKind::Freeze(_) => {
                [true, false].map(|frozen| vec![Action::Freeze { server, frozen }])
            }
            FaultKind::Wipe(_) => {
                [vec![crash(Survives::default()), Action::Wipe { server }], vec![restart]]
            }
            FaultKind::Lie(_) => {
                let lies = Action::Lie { server, lies: true };
                [vec![lies], vec![crash(Survives::default()), restart]]
            }
        }
    }

    /// The sort under which a campaign counts its hits.
    #[must_use]
    pub fn sort(&self) -> KindSort {
        self.facts().sort
    }

    /// The server that it hits, by number or role; `None` if it hits all servers or links between given ones.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        match self.clone().aim() {
            Aim::Target(target) | Aim::Around(target, _) => Some(*target),
            Aim::Server(server) => Some(Target::Server(*server)),
            Aim::All | Aim::Link(..) | Aim::Groups(_) | Aim::Message => None,
        }
    }
}

/// The fault in the plan that is printed, in the words of the scenario language where it has some.
impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultKind::Partition(groups) => f.write_str(&partition(groups)),
            FaultKind::OneWay(from, to) => write!(f, "cut S{from} -> S{to}"),
            FaultKind::Isolate(target, direction) => {
                write!(f, "isolate {target}{}", lost(*direction))
            }
            FaultKind::Flap(target, direction, period) => {
                let (lost, every) = (lost(*direction), ms(*period));
                write!(f, "isolate {target}{lost}, on and off every {every}")
            }
            FaultKind::Hold(from, to) => write!(f, "hold S{from} -> S{to}"),
            FaultKind::HoldKinds(target, direction, kinds) => {
                write!(f, "hold {kinds} {} {target}", way(*direction))
            }
            FaultKind::Slow(from, to, extra) => {
                write!(f, "S{from} -> S{to} takes {} more", ms(*extra))
            }
            FaultKind::Crash(target, survives) => {
                write!(f, "crash {target}{}", survive(*survives))
            }
            FaultKind::CrashAll => f.write_str("crash all"),
            FaultKind::CrashAtWrite(target, survives) => {
                write!(f, "crash {target} at its next write{}", survive(*survives))
            }
            FaultKind::FullDisk(target) => write!(f, "the disk of {target} is full"),
            FaultKind::Stall(target) => write!(f, "stall the disk of {target}"),
            FaultKind::Pause(target) => write!(f, "stop {target}"),
            FaultKind::StallApply(target) => write!(f, "stop the state machine of {target}"),
            FaultKind::RestartWith(server, settings) => {
                write!(f, "restart S{server} with other settings: {}", leaders(settings))
            }
            FaultKind::Rate(target, tick) => {
                write!(f, "the clock of {target} ticks every {}", ms(*tick))
            }
            FaultKind::Jump(target, ticks) => {
                write!(f, "the clock of {target} jumps by {}", count(*ticks, "tick", "ticks"))
            }
            FaultKind::Freeze(target) => write!(f, "the clock of {target} stands still"),
            FaultKind::Wipe(target) => write!(f, "wipe {target}"),
            FaultKind::Lie(target) => write!(f, "the disk of {target} lies"),
            FaultKind::HoldMessage => f.write_str("hold this message"),
            FaultKind::RepeatMessage => f.write_str("a copy of this message arrives at the end"),
        }
    }
}

/// Tells whether a server is in two groups.
fn overlap(groups: &[Vec<u32>]) -> bool {
    let mut servers: Vec<u32> = groups.iter().flatten().copied().collect();
    servers.sort_unstable();
    servers.windows(2).any(|two| two[0] == two[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Torn;

    #[test]
    fn faults_are_described_in_the_language_of_scenarios() {
        for (kind, text) in [
            (FaultKind::Partition(vec![vec![1, 2], vec![2, 3], vec![]]), "partition S1 S2 | S2 S3"),
            (
                FaultKind::Isolate(Target::Leader, Direction::Incoming),
                "isolate the leader: what is sent to it is lost",
            ),
            (
                FaultKind::Crash(
                    Target::Server(2),
                    Survives { writes: 1, torn: Some(Torn::Entries(1)) },
                ),
                "crash S2: at most 1 write under way survives, and the next one is torn after 1 entry",
            ),
            (
                FaultKind::HoldKinds(
                    Target::Peer,
                    Direction::Incoming,
                    Kinds::REQUEST_VOTE | Kinds::TIMEOUT_NOW,
                ),
                "hold RequestVote, TimeoutNow to the other server",
            ),
        ] {
            assert_eq!(kind.to_string(), text);
        }
    }
}
