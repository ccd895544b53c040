//! Faults of a plan: when each begins, which it is, and when it ends.

mod class;
mod kind;
mod target;
mod text;

use serde::{Deserialize, Serialize};

use super::Trigger;
use crate::time::{Micros, milliseconds};

pub use class::FaultClass;
pub(crate) use class::{Source, When};
pub(crate) use kind::{Aim, Facts, OnClock, OnMessage, Power};
pub use kind::{FaultKind, KindSort};
pub use target::{Direction, Target, TargetSort};
#[cfg(feature = "cli")]
pub(crate) use text::{count, names};

/// A fault: something that goes wrong for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The time at which it begins, or begins to wait for its trigger.
    pub at: Micros,
    /// The time at which it ends at the latest: links heal, held messages leave, the server restarts.
    /// A fault with a trigger lasts `until` − `at` from the step in which the trigger fires.
    pub until: Micros,
    /// The trigger that ends it before its time is up, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// What it waits for, until the run ends if need be. It begins the first time that this fires and there is a server to
    /// hit.
    #[serde(alias = "moment")]
    pub trigger: Option<Trigger>,
    /// The kind of the fault.
    pub kind: FaultKind,
}

/// The end of a fault at a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The trigger.
    pub trigger: Trigger,
    /// The servers at which it may fire.
    pub at: EndingAt,
}

/// The servers at which a trigger ends a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndingAt {
    /// Those that the fault has hit: of a link or a message, the receiver. All, if it hits all or groups.
    Affected,
    /// Any server.
    Any,
}

impl Fault {
    /// The fault in a cluster without this server, where servers with higher numbers have moved up by one. `None` if the
    /// fault is about that server.
    #[must_use]
    pub fn without(&self, server: u32) -> Option<Fault> {
        let mut fault = self.clone();
        match fault.kind.aim() {
            Aim::Groups(groups) => {
                for group in groups.iter_mut() {
                    *group = group.iter().filter_map(|other| behind(*other, server)).collect();
                }
            }
            Aim::Link(from, to) => {
                (*from, *to) = (behind(*from, server)?, behind(*to, server)?);
            }
            Aim::Server(other)
            | Aim::Target(Target::Server(other))
            | Aim::Around(Target::Server(other), _) => *other = behind(*other, server)?,
            Aim::Target(_) | Aim::Around(..) | Aim::All | Aim::Message => {}
        }
        Some(fault)
    }

    /// The fault as a row of the plan that `raft-sim run` prints.
    #[must_use]
    pub fn describe(&self) -> String {
        let Fault { at, until, trigger, kind, ending } = self;
        let (at, text) = (milliseconds(*at), kind.to_string());
        let early = ending.map_or(String::new(), |Ending { trigger, at }| {
            let whose = match at {
                EndingAt::Affected => "; ends once, at a server that it affects, ",
                EndingAt::Any => "; ends once ",
            };
            format!("{whose}{}", trigger.event())
        });
        match trigger {
            None => format!("{at:>12} to {:>12}  {text}{early}", milliseconds(*until)),
            Some(trigger) => {
                let length = milliseconds(until - self.at);
                format!("{at:>12} for {length:>11}  once {}: {text}{early}", trigger.event())
            }
        }
    }
}

/// The number of a server in a cluster without another one; `None` for that one.
pub(super) fn behind(server: u32, gone: u32) -> Option<u32> {
    (server != gone).then_some(if server > gone { server - 1 } else { server })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without S2, S3 is S2: and faults that were about S2 are gone.
    #[test]
    fn faults_can_do_without_a_server() {
        let fault = |kind| Fault { at: 1, until: 2, trigger: None, ending: None, kind };
        for (kind, without) in [
            (
                FaultKind::Partition(vec![vec![1, 2], vec![2, 3]]),
                Some(FaultKind::Partition(vec![vec![1], vec![2]])),
            ),
            (FaultKind::OneWay(1, 3), Some(FaultKind::OneWay(1, 2))),
            (FaultKind::Hold(2, 3), None),
            (FaultKind::Pause(Target::Server(3)), Some(FaultKind::Pause(Target::Server(2)))),
            (FaultKind::Pause(Target::Server(2)), None),
            (FaultKind::Pause(Target::Leader), Some(FaultKind::Pause(Target::Leader))),
        ] {
            assert_eq!(fault(kind).without(2), without.map(fault));
        }
    }

    #[test]
    fn a_fault_says_when_it_begins_and_what_it_waits_for() {
        let kind = FaultKind::Stall(Target::Actor);
        let at_once = Fault { at: 1_000, until: 3_500, trigger: None, ending: None, kind };
        let row = "    1.000 ms to     3.500 ms  stall the disk of this server";
        assert_eq!(at_once.describe(), row);
        let waits = Fault { trigger: Some(Trigger::Votes), ..at_once };
        let row = "    1.000 ms for    2.500 ms  once a server sends its vote: stall the disk of this server";
        assert_eq!(waits.describe(), row);
        let ending = |at| Some(Ending { trigger: Trigger::Boots, at });
        let (kind, trigger) = (FaultKind::HoldMessage, Some(Trigger::HandsOver));
        let late = Fault { kind, trigger, ending: ending(EndingAt::Affected), ..waits };
        let row = "    1.000 ms for    2.500 ms  once a leader hands over: hold this message; \
                   ends once, at a server that it affects, a server restarts";
        assert_eq!(late.describe(), row);
        let any = Fault { ending: ending(EndingAt::Any), ..late };
        assert!(any.describe().ends_with("hold this message; ends once a server restarts"));
    }
}
