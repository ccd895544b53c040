//! What administrators ask for.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;

use super::faults::moment;
use super::servers::Servers;
use crate::plan::{Plan, Task, TaskClass, TaskKind, Whom, fit};
use crate::time::Micros;

/// Most tasks of a plan.
const MOST_TASKS: usize = 20;

/// Tasks of these classes for a plan of yours: they name its servers and are asked for within its duration. They do
/// not depend on the tasks that it has.
///
/// What clients do is no task, so [`TaskClass::Reads`] and [`TaskClass::Sessions`] have none: they are in
/// [`Clients`](crate::plan::Clients).
///
/// ```
/// use proptest::prelude::*;
/// use raft_sim::plan::{Plan, TaskClass, Wishes};
/// use raft_sim::strategies::tasks;
///
/// let quiet = Plan::draw(1, &Wishes { tasks: Some(vec![]), ..Wishes::default() });
/// proptest!(|(tasks in tasks(&quiet, &[TaskClass::Transfer]))| {
///     let plan = Plan { tasks, ..quiet.clone() };
///     prop_assert!(plan.tasks.iter().all(|task| task.at < plan.duration));
/// });
/// ```
pub fn tasks(plan: &Plan, classes: &[TaskClass]) -> impl Strategy<Value = Vec<Task>> + use<> {
    let servers = Servers::all(plan.clocks.len() as u32);
    let plan = plan.clone();
    any(servers, plan.duration, classes, |_| 1).prop_map(move |tasks| fit::tasks(tasks, &plan))
}

/// Tasks that may have to be fitted to a plan; some classes are likelier than others.
pub(super) fn any(
    servers: Servers,
    duration: Micros,
    classes: &[TaskClass],
    weight: impl Fn(TaskClass) -> u32,
) -> BoxedStrategy<Vec<Task>> {
    let kinds = classes.iter().filter_map(|&class| Some((weight(class), kind(class, servers)?)));
    let kinds: Vec<_> = kinds.collect();
    if kinds.is_empty() || duration == 0 {
        return Just(Vec::new()).boxed();
    }
    let task = (0..duration, moment(), whom(servers), Union::new_weighted(kinds));
    let task = task.prop_map(|(at, moment, of, kind)| Task { number: 0, at, moment, of, kind });
    vec(task, 0..=MOST_TASKS).boxed()
}

/// What is asked for in a class; `None` if it has no tasks.
fn kind(class: TaskClass, servers: Servers) -> Option<BoxedStrategy<TaskKind>> {
    Some(match class {
        TaskClass::Compaction => Just(TaskKind::Compaction).boxed(),
        TaskClass::Transfer => servers.one().prop_map(TaskKind::Transfer).boxed(),
        TaskClass::Membership => {
            prop_oneof![15 => membership(servers), 1 => senseless(servers)].boxed()
        }
        TaskClass::Reads | TaskClass::Sessions => return None,
    })
}

/// Each server votes, learns, or is left out; one of them votes.
fn membership(servers: Servers) -> impl Strategy<Value = TaskKind> {
    (vec(0..5_u8, servers.most as usize), servers.one()).prop_map(move |(places, voter)| {
        let place = |server: u32| if server == voter { 0 } else { places[server as usize - 1] };
        let placed = |wanted: std::ops::Range<u8>| {
            (1..=servers.most).filter(|server| wanted.contains(&place(*server))).collect()
        };
        TaskKind::Membership { voters: placed(0..3), learners: placed(3..4) }
    })
}

/// Nobody votes, somebody twice, or a voter learns as well: it is refused.
fn senseless(servers: Servers) -> impl Strategy<Value = TaskKind> {
    (servers.one(), 0..3_u8).prop_map(|(server, fault)| {
        let (voters, learners) = match fault {
            0 => (Vec::new(), vec![server]),
            1 => (vec![server, server], Vec::new()),
            _ => (vec![server], vec![server]),
        };
        TaskKind::Membership { voters, learners }
    })
}

fn whom(servers: Servers) -> impl Strategy<Value = Whom> {
    prop_oneof![
        2 => Just(Whom::Leader),
        1 => Just(Whom::Leaders),
        1 => Just(Whom::Everybody),
        1 => servers.one().prop_map(Whom::Server),
        1 => Just(Whom::Doer),
    ]
}
