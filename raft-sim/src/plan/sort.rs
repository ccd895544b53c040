//! Sorts of faults: what a campaign counts, so that nobody takes for tested what never happened.

use super::named::named;
use super::{KindSort, TargetSort, Trigger};

/// Something about a fault that a campaign counts: what goes wrong, where, or when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultSort {
    /// A condition of a whole run: the run has it.
    Condition(ConditionSort),
    /// A kind of fault: it hits.
    Kind(KindSort),
    /// A target: a fault hits it.
    Target(TargetSort),
    /// A trigger: a fault begins when it fires.
    Trigger(Trigger),
    /// An admin operation is asked for when a trigger fires.
    AdminAtTrigger,
    /// A fault ends when a trigger fires.
    EndAtTrigger,
}

named! {
    /// A condition of a whole run.
    pub enum ConditionSort {
        /// messages are lost
        Loss = "messages lost",
        /// messages arrive twice
        Duplicate = "messages twice",
        /// writes take time
        SlowDisks = "slow disks",
        /// servers learn late of durable writes
        LateNotices = "late notices",
        /// clocks have different rates
        UnevenClocks = "uneven clocks",
    }
}

impl FaultSort {
    /// The number of sorts.
    pub const COUNT: usize = ConditionSort::ALL.len()
        + KindSort::ALL.len()
        + TargetSort::ALL.len()
        + Trigger::ALL.len()
        + 2;

    /// All sorts, in the order in which outcomes and files of results have their numbers: conditions, kinds, targets,
    /// triggers, admin operations.
    pub fn all() -> impl Iterator<Item = FaultSort> {
        let conditions = ConditionSort::ALL.into_iter().map(FaultSort::Condition);
        let kinds = KindSort::ALL.into_iter().map(FaultSort::Kind);
        let targets = TargetSort::ALL.into_iter().map(FaultSort::Target);
        let triggers = Trigger::ALL.into_iter().map(FaultSort::Trigger);
        let at_triggers = [FaultSort::AdminAtTrigger, FaultSort::EndAtTrigger];
        conditions.chain(kinds).chain(targets).chain(triggers).chain(at_triggers)
    }

    /// The sorts in the order of a list of this many numbers: this build's, or that of the builds before faults of
    /// messages and ends at triggers. `None` for any other number.
    pub(crate) fn listed(count: usize) -> Option<Vec<FaultSort>> {
        let known_before = |sort: &FaultSort| match sort {
            FaultSort::Kind(kind) => *kind < KindSort::HoldMessage,
            FaultSort::Trigger(trigger) => *trigger < Trigger::AsksPreVote,
            FaultSort::EndAtTrigger => false,
            FaultSort::Condition(_) | FaultSort::Target(_) | FaultSort::AdminAtTrigger => true,
        };
        let lists = [FaultSort::all().collect(), FaultSort::all().filter(known_before).collect()];
        lists.into_iter().find(|sorts: &Vec<FaultSort>| sorts.len() == count)
    }

    /// Its place among [all](FaultSort::all) sorts.
    #[must_use]
    pub fn place(self) -> usize {
        let kinds = ConditionSort::ALL.len();
        let targets = kinds + KindSort::ALL.len();
        let triggers = targets + TargetSort::ALL.len();
        match self {
            FaultSort::Condition(condition) => condition as usize,
            FaultSort::Kind(kind) => kinds + kind as usize,
            FaultSort::Target(target) => targets + target as usize,
            FaultSort::Trigger(trigger) => triggers + trigger as usize,
            FaultSort::AdminAtTrigger => FaultSort::COUNT - 2,
            FaultSort::EndAtTrigger => FaultSort::COUNT - 1,
        }
    }

    /// Its title in reports: `crashes in a write`.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            FaultSort::Condition(condition) => condition.name(),
            FaultSort::Kind(kind) => kind.name(),
            FaultSort::Target(target) => target.name(),
            FaultSort::Trigger(trigger) => trigger.title(),
            FaultSort::AdminAtTrigger => "admin operation at a trigger",
            FaultSort::EndAtTrigger => "fault that ends at a trigger",
        }
    }

    /// True unless it is something that Raft is not made for: a campaign that asks for nothing by name comes to it.
    #[must_use]
    pub fn is_fair(self) -> bool {
        match self {
            FaultSort::Kind(kind) => kind.is_fair(),
            FaultSort::Condition(_)
            | FaultSort::Target(_)
            | FaultSort::Trigger(_)
            | FaultSort::AdminAtTrigger
            | FaultSort::EndAtTrigger => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files of results have numbers in this order.
    #[test]
    fn each_sort_has_its_place() {
        for (place, sort) in FaultSort::all().enumerate() {
            assert_eq!(sort.place(), place, "{sort:?}");
        }
        assert_eq!(FaultSort::all().count(), FaultSort::COUNT);
        assert_eq!(FaultSort::Condition(ConditionSort::Loss).place(), 0);
        assert_eq!(FaultSort::Kind(KindSort::Crash).place(), 13);
    }
}
