//! Faults: each class has a stream of its own, in which one comes after the other with pauses between. They may
//! overlap, and so may those of different classes. What a class draws is in `fault/class.rs`.

use super::{FAULTS, Scale};
use crate::model::NodeId;
use crate::plan::fault::{Facts, OnClock, OnMessage, Power, Source, When};
use crate::plan::{Ending, EndingAt, Fault, FaultClass, FaultKind, Plan, Profile, Target, Trigger};
use crate::rng::PlanRng;
use crate::time::Micros;

/// All faults of a plan that has servers and settings, in order.
pub(super) fn all(plan: &Plan, scale: &Scale) -> Vec<Fault> {
    let settings = |server: NodeId| plan.settings_of(server);
    let classes =
        FaultClass::ALL.into_iter().filter(|class| scale.draw.has(*class) && !class.is_condition());
    let mut faults: Vec<Fault> = classes
        .flat_map(|class| {
            let source = Source {
                rng: PlanRng::stream(plan.seed, FAULTS + class as u64),
                members: scale.members,
                joiners: scale.joiners,
                servers: plan.clocks.len() as u32,
                settings: &settings,
                turn: None,
            };
            Schedule { source, class, plan, profile: scale.draw.profile }.faults()
        })
        .collect();
    faults.sort_by_key(|fault| fault.at);
    faults
}

/// Draws the faults of one class.
struct Schedule<'a> {
    source: Source<'a>,
    class: FaultClass,
    plan: &'a Plan,
    profile: Profile,
}

impl Schedule<'_> {
    fn faults(mut self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let pause = self.source.rng.pick(match self.profile {
            Profile::Elections => &[100_000, 200_000, 400_000],
            Profile::Calm => &[600_000, 1_500_000],
            Profile::Swarm
            | Profile::Network
            | Profile::Disk
            | Profile::Process
            | Profile::Clock
            | Profile::Membership
            | Profile::Snapshots
            | Profile::Clients => &[100_000, 250_000, 600_000, 1_500_000],
        });
        self.source.turn = self.source.rng.percent(50).then_some(0);
        let mut at = self.source.rng.range(pause / 8, pause);
        while at < self.plan.duration {
            let length = self.length();
            let deposed =
                self.source.rng.pick(&[None, Some(Trigger::Leads), Some(Trigger::Commits)]);
            let trigger = trigger(&mut self.source.rng);
            let target = self.target(trigger);
            // There is one mostly when another one leads.
            let trigger = if target == Target::Deposed { deposed } else { trigger };
            let when = When { at, until: at + length, trigger, ending: None };
            let drawn = self.class.faults(&mut self.source, target, when);
            let ending = self.ending();
            let drawn = drawn.into_iter().filter(|fault| self.makes_sense(&fault.kind));
            faults.extend(drawn.map(|fault| ended(fault, ending)));
            at += self.source.rng.range(pause / 8, pause);
        }
        faults
    }

    /// Mostly short: many terms in little time.
    fn length(&mut self) -> Micros {
        let rng = &mut self.source.rng;
        let short = rng.pick(&[5_000, 20_000, 20_000, 60_000, 200_000]);
        let long = rng.pick(&[20_000, 60_000, 200_000, 200_000, 600_000]);
        let brief = self.class.is_brief() || self.profile == Profile::Elections;
        let most = if brief { short } else { long };
        rng.range(most / 4, most)
    }

    fn target(&mut self, trigger: Option<Trigger>) -> Target {
        let server = Target::Server(self.source.any());
        let place = Target::Follower(self.source.rng.range(0, 7) as u32);
        let role = self.source.rng.pick(&[
            Target::Leader,
            Target::Leader,
            Target::Leader,
            Target::Leader,
            place,
            server,
            server,
            Target::Candidate,
            Target::Voter,
            Target::Deposed,
            Target::Behind,
        ]);
        let own = self.source.rng.pick(&[
            Target::Actor,
            Target::Actor,
            Target::Actor,
            Target::Peer,
            role,
        ]);
        match trigger {
            None => role,
            Some(trigger) if own == Target::Peer && !trigger.has_peer() => Target::Actor,
            Some(_) => own,
        }
    }

    /// The end of a fault at a trigger, which is late if need be.
    fn ending(&mut self) -> Option<(Ending, Micros)> {
        let rng = &mut self.source.rng;
        let often = rng.pick(&[
            Trigger::Leads,
            Trigger::Leads,
            Trigger::Stands,
            Trigger::StepsDown,
            Trigger::Boots,
            Trigger::Installs,
            Trigger::Commits,
            Trigger::Answers,
        ]);
        let any = rng.pick(&Trigger::ALL);
        let trigger = if rng.percent(30) { any } else { often };
        let at = rng.pick(&[EndingAt::Affected, EndingAt::Affected, EndingAt::Any]);
        let late = rng.pick(&[0, 0, 100_000, 400_000]);
        rng.percent(25).then_some((Ending { trigger, at }, late))
    }

    /// One server alone has no links. Where there are leases, no fair clock leaves the bound that they assume.
    fn makes_sense(&self, kind: &FaultKind) -> bool {
        let Facts { clock, links, message, .. } = kind.facts();
        let leases = self.plan.settings.lease_drift.is_some();
        let bounded = clock != OnClock::Unbounded || !leases || !self.class.is_fair();
        let alone = links.is_none() && message == OnMessage::None;
        bounded && (alone || self.source.servers > 1)
    }
}

/// The fault with this end, if it has no other and leaves something to end: links, a message, or a server that is down.
/// A server that is down does nothing itself.
fn ended(fault: Fault, ending: Option<(Ending, Micros)>) -> Fault {
    let Facts { links, message, power, .. } = fault.kind.facts();
    let lasts = links.is_some() || message != OnMessage::None || power == Power::Off;
    let Some((ending, late)) = ending.filter(|_| lasts && fault.ending.is_none()) else {
        return fault;
    };
    let at = if power == Power::Off { EndingAt::Any } else { ending.at };
    Fault { until: fault.until + late, ending: Some(Ending { at, ..ending }), ..fault }
}

fn trigger(rng: &mut PlanRng) -> Option<Trigger> {
    let often = rng.pick(&[
        Trigger::Stands,
        Trigger::Votes,
        Trigger::Leads,
        Trigger::Leads,
        Trigger::Replicates,
        Trigger::Replicates,
        Trigger::Acknowledges,
        Trigger::Commits,
    ]);
    let any = rng.pick(&Trigger::ALL);
    let (waits, rare) = (rng.percent(45), rng.percent(50));
    waits.then_some(if rare { any } else { often })
}
