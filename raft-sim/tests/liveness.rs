//! Liveness obligations once faults are over: a cluster that meets them is reported as such, one that does not is a
//! finding.

use raft_sim::checker::{Class, Property};
use raft_sim::model::{Body, Message};
use raft_sim::plan::{AdminClass, FaultClass, Healing, Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::{Liveness, Outcome, run};
use raft_sim::subject::{
    Answer, Boot, Capability, Effects, Event, Implementation, Role, Settings, Subject, View,
};

/// The reference core with an adapter that drops or adds effects.
#[derive(Debug)]
struct Spoiled(fn(&Event, &mut Effects));

struct Server(Box<dyn Subject>, fn(&Event, &mut Effects));

impl Implementation for Spoiled {
    fn name(&self) -> &str {
        "spoiled"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Reference.boot(boot)?;
        Ok((Box::new(Server(server, self.0)), view))
    }
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        self.0.step(event.clone(), effects);
        self.1(&event, effects);
    }
}

/// The reference core behind an adapter that refuses every change of the configuration.
#[derive(Debug)]
struct Refuses;

struct Refusing(Box<dyn Subject>, View);

impl Implementation for Refuses {
    fn name(&self) -> &str {
        "refuses"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Reference.boot(boot)?;
        Ok((Box::new(Refusing(server, view)), view))
    }
}

impl Subject for Refusing {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        if let Event::ChangeMembership(request, ..) = event {
            effects.answers.push((request, Answer::Rejected));
            effects.view = self.1;
            return;
        }
        self.0.step(event, effects);
        self.1 = effects.view;
    }
}

/// Five servers without faults, the seed's settings, and reads beside commands.
fn plan(seed: u64, healing: Healing) -> Plan {
    let plan_options = PlanOptions {
        servers: Some(5),
        duration_ms: Some(800),
        faults: Some(vec![FaultClass::Isolate]),
        admin_ops: Some(vec![AdminClass::Reads]),
        ..PlanOptions::default()
    };
    Plan { healing: Some(healing), ..Plan::draw(seed, &plan_options) }
}

fn outcome(plan: &Plan, implementation: &dyn Implementation) -> Outcome {
    run(plan, implementation, true, &mut ()).expect("it boots")
}

/// The properties that ten seeds violate; `None` where all held.
fn violated(spoil: fn(&Event, &mut Effects)) -> Vec<Option<Property>> {
    let seeds = 0..10;
    let outcomes = seeds.map(|seed| outcome(&plan(seed, Healing::whole()), &Spoiled(spoil)));
    outcomes.map(|outcome| outcome.violation.map(|(_, violation)| violation.property)).collect()
}

#[test]
fn a_cluster_that_is_whole_again_meets_every_goal_and_each_is_counted() {
    let plan_options =
        PlanOptions { servers: Some(3), duration_ms: Some(500), ..PlanOptions::default() };
    let healing = Healing { change: true, transfer: true, ..Healing::whole() };
    for seed in 0..10 {
        let plan = Plan { healing: Some(healing.clone()), ..Plan::draw(seed, &plan_options) };
        let outcome = outcome(&plan, &Reference);
        assert_eq!(outcome.violation, None, "seed {seed}");
        let Liveness::Met { took, .. } = outcome.liveness else {
            panic!("seed {seed}: {:?}", outcome.liveness)
        };
        for goal in Property::ALL.iter().filter(|goal| goal.class() == Class::Liveness) {
            assert!(took.iter().any(|(met, _)| *met == goal.name()), "{}", goal.name());
            assert!(outcome.exercised[*goal as usize] > 0, "{}", goal.name());
        }
    }
}

/// A change that is under way ends, but another one, to the configuration that there is, is refused.
#[test]
fn a_change_may_be_refused_and_is_not_exercised_then() {
    let healing = Healing { change: true, ..Healing::whole() };
    let outcome = outcome(&plan(0, healing), &Refuses);
    assert_eq!(outcome.violation, None);
    assert!(matches!(outcome.liveness, Liveness::Met { .. }), "{:?}", outcome.liveness);
    assert_eq!(outcome.exercised[Property::ChangeCompletes as usize], 0);
}

#[test]
fn a_minority_that_stays_down_leaves_the_obligations() {
    for seed in 0..10 {
        let plan = plan(seed, Healing { down: vec![1, 4], ..Healing::whole() });
        let Outcome { violation, liveness, .. } = outcome(&plan, &Reference);
        assert_eq!(violation, None);
        assert!(matches!(liveness, Liveness::Met { .. }), "seed {seed}: {liveness:?}");
    }
}

#[test]
fn without_a_connected_quorum_there_is_no_obligation() {
    let links = |cut: fn(u32, u32) -> bool| {
        let pairs = (1..=5).flat_map(|a| (1..=5).map(move |b| (a, b)));
        let cut = pairs.filter(|&(a, b)| a != b && cut(a, b)).collect();
        Healing { cut, ..Healing::whole() }
    };
    let majority_dead = Healing { down: vec![1, 2, 3], ..Healing::whole() };
    let chain = links(|a, b| a.abs_diff(b) != 1);
    for healing in [majority_dead, chain] {
        let Outcome { violation, liveness, .. } = outcome(&plan(3, healing), &Reference);
        assert_eq!(violation, None);
        assert!(matches!(liveness, Liveness::NoObligation(_)), "{liveness:?}");
    }
}

/// S5 receives from S1 only, and S1 from all: without PreVote S5 deposes every leader, and there is no required.
/// With PreVote and CheckQuorum on all servers it is disregarded.
#[test]
fn a_server_that_may_disturb_is_an_excuse_unless_all_disregard_it() {
    let cut = [(2, 5), (3, 5), (4, 5)].into_iter().flat_map(|(a, b)| [(a, b), (b, a)]);
    let healing = Healing { cut: cut.collect(), ..Healing::whole() };
    for (loyal, required) in [(false, false), (true, true)] {
        let mut plan = plan(5, healing.clone());
        plan.exceptions.clear();
        plan.settings =
            Settings { pre_vote: loyal, check_quorum: loyal, lease_drift: None, ..plan.settings };
        let Outcome { violation, liveness, .. } = outcome(&plan, &Reference);
        assert_eq!(violation, None);
        assert_eq!(matches!(liveness, Liveness::Met { .. }), required, "{liveness:?}");
    }
}

#[test]
fn a_leader_without_heartbeats_is_not_followed_by_all() {
    let mute = |_: &Event, effects: &mut Effects| {
        let beats = |message: &Message| matches!(&message.body, Body::AppendEntries { entries, .. } if entries.is_empty());
        effects.sends.retain(|message| !beats(message));
    };
    // A follower gets missing entries one by one, and until then these requests replace heartbeats.
    let violated = violated(mute);
    let found = [Some(Property::LeaderEmerges), Some(Property::Convergence)];
    assert!(violated.iter().all(|property| found.contains(property)), "{violated:?}");
    assert!(violated.contains(&found[0]), "{violated:?}");
}

#[test]
fn commands_that_are_not_acknowledged_are_no_progress() {
    let silent = |_: &Event, effects: &mut Effects| {
        effects.answers.retain(|(_, answer)| !matches!(answer, Answer::Committed(_)));
    };
    assert_eq!(violated(silent), [Some(Property::Progress); 10]);
}

/// The target lacks the commands that were proposed right before the transfer, and the others do not elect it.
#[test]
fn a_transfer_whose_target_is_not_elected_is_found() {
    let hasty = |event: &Event, effects: &mut Effects| {
        if let (&Event::Transfer(_, to), Some(from), Role::Leader) =
            (event, effects.view.leader, effects.view.role)
        {
            let term = effects.view.term;
            effects.sends.push(Message::new(from, to, term, Body::TimeoutNow));
        }
    };
    let healing = Healing { transfer: true, ..Healing::whole() };
    let violated = |implementation: &dyn Implementation| {
        let outcomes = (0..10).map(|seed| outcome(&plan(seed, healing.clone()), implementation));
        outcomes
            .filter_map(|outcome| outcome.violation.map(|(_, violation)| violation.property))
            .collect::<Vec<Property>>()
    };
    assert_eq!(violated(&Reference), []);
    let violated = violated(&Spoiled(hasty));
    assert!(!violated.is_empty(), "nothing is violated");
    assert!(violated.iter().all(|property| *property == Property::TransferEnds), "{violated:?}");
}

#[test]
fn a_read_without_an_answer_is_found() {
    let forgets = |_: &Event, effects: &mut Effects| {
        effects.answers.retain(|(_, answer)| !matches!(answer, Answer::Read(_)));
    };
    assert_eq!(violated(forgets), [Some(Property::EverybodyAnswered); 10]);
}

#[test]
fn servers_that_answer_answers_never_drain_the_network() {
    let polite = |event: &Event, effects: &mut Effects| {
        if let Event::Receive(message) = event
            && matches!(message.body, Body::RequestVoteReply { granted: false })
        {
            let Message { from, to, term, .. } = message.clone();
            let body = Body::RequestVoteReply { granted: false };
            effects.sends.push(Message::new(to, from, term, body));
        } else if let Event::Tick = event
            && effects.sends.len() > 1
        {
            let mut message = effects.sends[0].clone();
            message.body = Body::RequestVoteReply { granted: false };
            effects.sends.push(message);
        }
    };
    let violated = violated(polite);
    assert!(violated.contains(&Some(Property::NetworkDrains)), "{violated:?}");
}

/// Requests that overtake one another replicate a log slowly, in up to 55 election timeouts, and that is not late. No
/// progress is due where no quorum is connected among itself, where a server that is cut off in part may disturb the
/// others, and where too few servers are up.
#[test]
fn slow_progress_is_not_late_and_a_cluster_in_pieces_is_an_excuse() {
    for (seed, excused) in
        [(4_001_437, false), (586_206, false), (756_658, true), (3_010, true), (3_017, true)]
    {
        let outcome = outcome(&Plan::draw(seed, &PlanOptions::default()), &Reference);
        assert_eq!(outcome.violation, None, "seed {seed}");
        let no_obligation = matches!(outcome.liveness, Liveness::NoObligation(_));
        assert_eq!(no_obligation, excused, "seed {seed}: {:?}", outcome.liveness);
    }
}

#[test]
fn a_run_in_which_each_entry_has_a_message_of_its_own_may_take_twice_as_many_steps() {
    let mut plan = Plan::draw(0, &PlanOptions::default());
    plan.exceptions.clear();
    plan.settings =
        Settings { bytes_per_message: 1 << 20, entries_per_message: 64, ..plan.settings };
    let bound = plan.most_steps();
    let (bytes, entries) = (plan.clients.size, 1);
    for settings in [
        Settings { bytes_per_message: bytes, ..plan.settings },
        Settings { entries_per_message: entries, ..plan.settings },
    ] {
        let alone = Plan { settings, ..plan.clone() };
        assert_eq!(alone.most_steps(), 2 * bound);
        let at_one_server = Plan { exceptions: vec![(1, settings)], ..plan.clone() };
        assert_eq!(at_one_server.most_steps(), 2 * bound);
    }
    assert_eq!(Plan { most_steps: Some(7), ..plan }.most_steps(), 7);
}
