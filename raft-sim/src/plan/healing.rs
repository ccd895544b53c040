//! The phase after the faults of a run: they end, and the cluster must make progress. It is drawn from its own
//! stream, so that a seed has the same network conditions, faults and admin operations with and without it.

use serde::{Deserialize, Serialize};

use super::{AdminClass, FaultClass, Plan, PlanOptions};
use crate::rng::PlanRng;

/// The phase in which a cluster recovers: all faults end, network conditions become fair, and clients and
/// administrators make no requests. The fields have what stays broken on purpose. See `docs/liveness.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Healing {
    /// Servers that stay down, or go down now.
    pub down: Vec<u32>,
    /// Links that stay cut: nothing gets from the first server to the second.
    pub cut: Vec<(u32, u32)>,
    /// True if commands of clients are demanded.
    #[serde(default = "demanded", skip_serializing_if = "is_demanded")]
    pub commands: bool,
    /// The number of longest election timeouts that each goal may take, in addition to the time for transferring
    /// entries.
    pub patience: u32,
    /// True if one more change of the configuration is demanded.
    pub change: bool,
    /// True if one more transfer of leadership is demanded.
    pub transfer: bool,
}

fn demanded() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
fn is_demanded(commands: &bool) -> bool {
    *commands
}

impl Healing {
    /// A healing that leaves nothing broken and demands only commands.
    #[must_use]
    pub fn whole() -> Healing {
        Healing {
            down: Vec::new(),
            cut: Vec::new(),
            commands: true,
            patience: PATIENCE,
            change: false,
            transfer: false,
        }
    }
}

/// The number of election timeouts that each goal may take. `docs/liveness.md` has the longest times measured.
const PATIENCE: u32 = 30;
/// The stream of a seed from which healing is drawn.
const STREAM: u64 = 0x6865_616c;

/// Draws the healing of a plan, or `None`: the run ends with its faults.
pub(super) fn draw(plan: &Plan, plan_options: &PlanOptions) -> Option<Healing> {
    let mut rng = PlanRng::stream(plan.seed, STREAM);
    let servers = plan.clocks.len() as u32;
    let may =
        |class| plan_options.faults.as_ref().is_none_or(|requested| requested.contains(&class));
    let asks = |class| plan.admin_ops.iter().any(|admin_op| admin_op.kind.class() == class);
    let fate = rng.range(0, 99);
    let mut healing = Healing {
        change: asks(AdminClass::Membership),
        transfer: asks(AdminClass::Transfer),
        ..Healing::whole()
    };
    let order = shuffled(&mut rng, servers);
    let dead = rng.range(1, u64::from(plan.members.saturating_sub(1) / 2)) as usize;
    let cut = remains(&mut rng, &order);
    match fate {
        0..3 => return None,
        3..20 if may(FaultClass::Crash) && plan.members > 2 => {
            healing.down = order[..dead].to_vec();
            healing.down.sort_unstable();
        }
        20..34 if may(FaultClass::Partition) && servers > 2 => healing.cut = cut,
        _ => {}
    }
    Some(healing)
}

fn shuffled(rng: &mut PlanRng, servers: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (1..=servers).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, rng.range(0, last as u64) as usize);
    }
    order
}

/// The links that a partial topology lacks, in order.
fn remains(rng: &mut PlanRng, order: &[u32]) -> Vec<(u32, u32)> {
    let last = order.len().saturating_sub(1);
    let middle = order.len() / 2;
    // The places of two servers in `order` decide if they can talk.
    let talk: fn(usize, usize, usize, usize) -> bool = match rng.range(0, 5) {
        // One server is alone.
        0 => |a, b, _, _| a != 0 && b != 0,
        // Two sides.
        1 => |a, b, middle, _| (a < middle) == (b < middle),
        // Two sides that share a server.
        2 => |a, b, middle, _| (a <= middle && b <= middle) || (a >= middle && b >= middle),
        // A chain.
        3 => |a, b, _, _| a.abs_diff(b) == 1,
        // One server can talk to one other only.
        4 => |a, b, _, last| (a != 0 && b != 0) || a == last || b == last,
        // One server receives nothing from another.
        _ => |a, b, _, _| (a, b) != (0, 1),
    };
    let places = || 0..order.len();
    let pairs = places().flat_map(|a| places().map(move |b| (a, b)));
    let cut = pairs.filter(|&(a, b)| a != b && !talk(a, b, middle, last));
    let mut cut: Vec<(u32, u32)> = cut.map(|(a, b)| (order[a], order[b])).collect();
    cut.sort_unstable();
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_clusters_are_whole_some_lack_a_minority_and_few_lack_links() {
        let (mut whole, mut down, mut cut, mut none) = (0, 0, 0, 0);
        for seed in 0..1_000 {
            let plan = Plan::draw(seed, &PlanOptions::default());
            let servers = plan.clocks.len() as u32;
            let Some(healing) = &plan.healing else {
                none += 1;
                continue;
            };
            assert!(healing.down.len() as u32 * 2 < plan.members.max(1), "{healing:?}");
            assert!(healing.down.iter().all(|server| (1..=servers).contains(server)));
            let links = healing.cut.iter();
            let known = |server: u32| (1..=servers).contains(&server);
            assert!(links.clone().all(|&(a, b)| a != b && known(a) && known(b)), "{healing:?}");
            match (healing.down.is_empty(), healing.cut.is_empty()) {
                (true, true) => whole += 1,
                (false, _) => down += 1,
                (true, false) => cut += 1,
            }
        }
        assert!(whole > down && down > 0 && cut > 0 && none > 0, "{whole} {down} {cut} {none}");
    }

    #[test]
    fn what_may_not_go_wrong_before_does_not_stay_broken() {
        let plan_options = PlanOptions { faults: Some(Vec::new()), ..PlanOptions::default() };
        for seed in 0..200 {
            let healing = Plan::draw(seed, &plan_options).healing;
            assert!(
                healing.is_none_or(|healing| healing.down.is_empty() && healing.cut.is_empty())
            );
        }
    }
}
