//! The situations that random plans came to seldom before they were brought about: each is reached by some of a few
//! hundred seeds, and what ends at a trigger does so then.

use std::collections::BTreeMap;

use raft_sim::coverage::Feature;
use raft_sim::model::{Body, NodeId};
use raft_sim::network::{Conditions, Delay, MessageId};
use raft_sim::observation::{Observation, Observer, Stop};
use raft_sim::plan::{
    AdminKind, AdminOp, AdminTarget, Direction, Ending, EndingAt, Fault, FaultKind, Plan,
    PlanOptions, Profile, Target, Trigger,
};
use raft_sim::reference::Reference;
use raft_sim::run::{Outcome, run};
use raft_sim::subject::{Event, Role, Settings};
use raft_sim::time::Micros;

/// A calm plan of this many servers with default settings, in which clients write and nothing else happens.
fn calm(servers: u32) -> Plan {
    let plan_options = PlanOptions {
        servers: Some(servers),
        duration_ms: Some(2_000),
        profile: Profile::Calm,
        faults: Some(Vec::new()),
        admin_ops: Some(Vec::new()),
        ..PlanOptions::default()
    };
    let mut plan = Plan::draw(3, &plan_options);
    plan.settings = Settings { seed: plan.settings.seed, ..Settings::default() };
    plan.exceptions.clear();
    plan.conditions = Conditions { delay: Delay::Fixed(1_000), loss_ppm: 0, duplicate_ppm: 0 };
    plan.healing = None;
    plan
}

fn outcome(plan: &Plan, observer: &mut Seen) -> Outcome {
    let outcome = run(plan, &Reference, true, observer).expect("the plan boots");
    assert_eq!(outcome.violation, None);
    outcome
}

/// What happened to messages and leaders, and when.
#[derive(Default)]
struct Seen {
    /// The messages that a fault held, and when each was held and released.
    held: Vec<(MessageId, Micros)>,
    released: Vec<(MessageId, Micros)>,
    delivered: BTreeMap<MessageId, Micros>,
    /// Each time that a server became leader.
    leads: Vec<(NodeId, Micros)>,
    /// Each read, and whether its server led then.
    reads: Vec<(NodeId, bool)>,
    roles: BTreeMap<NodeId, Role>,
    /// The votes delivered.
    votes: usize,
}

impl Observer for Seen {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Held { message, held: true } => self.held.push((*message, at)),
            Observation::Held { message, held: false } => self.released.push((*message, at)),
            Observation::Delivered { message, content } => {
                self.delivered.insert(*message, at);
                let vote = matches!(content.body, Body::RequestVoteReply { granted: true });
                self.votes += usize::from(vote);
            }
            Observation::Stepped { server, before, effects, .. } => {
                if before.role != Role::Leader && effects.view.role == Role::Leader {
                    self.leads.push((*server, at));
                }
                self.roles.insert(*server, effects.view.role);
            }
            Observation::Asked { server, event } if matches!(**event, Event::Read(_)) => {
                self.reads.push((*server, self.roles.get(server) == Some(&Role::Leader)));
            }
            _ => {}
        }
        Ok(())
    }
}

/// A few hundred seeds come to each of the situations, but for the rarest.
#[test]
fn seeds_come_to_every_situation() {
    let situations = &Feature::ALL[Feature::DeposedRead as usize..];
    let rare = [Feature::OldSnapshotReply, Feature::OneToThree, Feature::ThreeToOne];
    let mut counts = vec![0; Feature::ALL.len()];
    for seed in 0..250 {
        let plan = Plan::draw(seed, &PlanOptions::default());
        let outcome = run(&plan, &Reference, false, &mut ()).expect("a drawn plan boots");
        for (sum, count) in counts.iter_mut().zip(outcome.features) {
            *sum += count;
        }
    }
    let never = |feature: &&Feature| counts[**feature as usize] == 0 && !rare.contains(feature);
    let never: Vec<&Feature> = situations.iter().filter(never).collect();
    assert!(never.is_empty(), "no seed comes to {never:?}");
}

/// The old leader's acknowledgement is on its way until its receiver leads again.
#[test]
fn a_held_message_is_released_when_its_receiver_leads_again() {
    let fault = |at, until, trigger, ending, kind| Fault { at, until, trigger, ending, kind };
    let ends = |trigger| Some(Ending { trigger, at: EndingAt::Affected });
    let mut plan = calm(3);
    plan.faults = vec![
        fault(
            500_000,
            2_000_000,
            Some(Trigger::Acknowledges),
            ends(Trigger::Leads),
            FaultKind::HoldMessage,
        ),
        // The leader is cut off until it steps down, stands at once, and leads again.
        fault(
            520_000,
            1_900_000,
            None,
            ends(Trigger::StepsDown),
            FaultKind::Isolate(Target::Leader, Direction::Outgoing),
        ),
        fault(520_000, 520_001, Some(Trigger::StepsDown), None, FaultKind::Jump(Target::Actor, 20)),
    ];
    let mut seen = Seen::default();
    let outcome = outcome(&plan, &mut seen);
    let [first, .., last] = &seen.leads[..] else { panic!("one leader: {:?}", seen.leads) };
    assert_eq!(first.0, last.0, "the first leader leads again: {:?}", seen.leads);
    let (message, held) = seen.held[0];
    assert!(held < last.1);
    let released = seen.released.iter().find(|(other, _)| *other == message);
    assert_eq!(released, Some(&(message, last.1)), "it is released when it leads");
    assert!(seen.delivered[&message] > last.1);
    assert!(outcome.features[Feature::OldReply as usize] > 0);
    assert!(outcome.features[Feature::LeadsAgain as usize] > 0);
}

/// A copy arrives at the end, and the message itself in its time.
#[test]
fn a_message_is_repeated() {
    let mut plan = calm(2);
    let votes = |plan: &Plan| {
        let mut seen = Seen::default();
        outcome(plan, &mut seen);
        (seen.votes, seen.leads.len())
    };
    assert_eq!(votes(&plan), (1, 1));
    plan.faults = vec![Fault {
        at: 0,
        until: 300_000,
        trigger: Some(Trigger::Votes),
        ending: None,
        kind: FaultKind::RepeatMessage,
    }];
    assert_eq!(votes(&plan), (2, 1));
}

/// A read waits for a leader that another one has deposed, and is made there.
#[test]
fn a_read_is_asked_of_a_deposed_leader() {
    let mut plan = calm(3);
    plan.faults = vec![Fault {
        at: 500_000,
        until: 1_500_000,
        trigger: None,
        ending: None,
        kind: FaultKind::Isolate(Target::Leader, Direction::Both),
    }];
    plan.admin_ops = vec![AdminOp {
        number: 0,
        at: 0,
        trigger: Some(Trigger::Commits),
        of: AdminTarget::One(Target::Deposed),
        kind: AdminKind::Read,
    }];
    let mut seen = Seen::default();
    let outcome = outcome(&plan, &mut seen);
    let [(old, _), (new, _)] = seen.leads[..] else { panic!("two leaders: {:?}", seen.leads) };
    assert_ne!(old, new);
    assert_eq!(seen.reads, [(old, true)]);
    assert_eq!(outcome.features[Feature::DeposedRead as usize], 1);
}

/// A Raft that does not claim reads is not asked to read, with whatever trigger.
#[test]
fn no_read_is_asked_of_a_raft_without_reads() {
    let reads = |plan: &Plan| plan.admin_ops.iter().any(|it| it.kind == AdminKind::Read);
    let some = (0..50).map(|seed| Plan::draw(seed, &PlanOptions::default())).find(reads);
    let some = some.expect("some seed reads");
    assert!(!reads(&some.limited(&[])));
}
