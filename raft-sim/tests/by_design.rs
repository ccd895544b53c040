//! What an implementation does by design is no finding: plans do not draw what it can't do, and scenarios that suppose
//! otherwise are skipped.

use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::scenario::packaged::PACKAGED;
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::replay::{Skip, Verdict, replay};
use raft_sim::scenario::source::Source;
use raft_sim::subject::{Answer, Boot, Capability, Effects, Event, Implementation, Subject, View};

/// The reference core, in which these facts are so by design, and which does not say so unless it claims them.
struct Designed {
    facts: Vec<Capability>,
    claims: Vec<Capability>,
}

struct Server {
    core: Box<dyn Subject>,
    takes_commands: bool,
}

impl Designed {
    fn claiming(facts: &[Capability]) -> Designed {
        let claims = [&Capability::ALL[..], facts].concat();
        Designed { facts: facts.to_vec(), claims }
    }

    fn silent(facts: &[Capability]) -> Designed {
        Designed { claims: Capability::ALL.to_vec(), ..Designed::claiming(facts) }
    }
}

impl Implementation for Designed {
    fn name(&self) -> &str {
        "designed"
    }

    fn capabilities(&self) -> &[Capability] {
        &self.claims
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let settings = boot.settings.by_design(&self.facts);
        let (core, view) = Reference.boot(Boot { settings, ..boot })?;
        let takes_commands = !self.facts.contains(&Capability::NoClients);
        Ok((Box::new(Server { core, takes_commands }), view))
    }
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        if !self.takes_commands
            && let Event::Propose(request, _) | Event::Register(request) = event
        {
            effects.answers.push((request, Answer::Rejected));
        } else {
            self.core.step(event, effects);
        }
    }
}

/// The number of scenarios that pass and fail, of every fifth packaged one and of those about limits.
fn test(raft: &Designed) -> (usize, usize) {
    let verdict = |source: &Source| replay(&parse(source).expect("it parses"), raft, &mut ());
    let limits = PACKAGED.iter().filter(|packaged| packaged.path.contains("10.2-performance"));
    let some = PACKAGED.iter().step_by(5).chain(limits);
    let verdicts: Vec<Verdict> = some.map(|packaged| verdict(&packaged.source())).collect();
    let count = |is: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| is(verdict)).count();
    (
        count(|verdict| *verdict == Verdict::Passed),
        count(|verdict| matches!(verdict, Verdict::Failed(_))),
    )
}

#[test]
fn scenarios_that_suppose_otherwise_are_skipped_and_not_failed() {
    for (fact, at_least) in [
        (Capability::AlwaysPreVote, 50),
        (Capability::AlwaysCheckQuorum, 70),
        (Capability::OneEntry, 90),
        (Capability::NoClients, 20),
    ] {
        let (passed, failed) = test(&Designed::claiming(&[fact]));
        assert!(passed >= at_least && failed == 0, "{fact}: {passed} passed, {failed} failed");
        let (_, failed) = test(&Designed::silent(&[fact]));
        assert!(failed > 0, "{fact} makes no difference");
    }
}

fn skipped(fact: Capability, statements: &str) -> bool {
    let text = format!("scenario A title\npaper §5\nservers S1 S2 S3\n{statements}");
    let scenario = parse(&Source::new("t.raft", &text)).unwrap_or_else(|error| panic!("{error}"));
    replay(&scenario, &Designed::claiming(&[fact]), &mut ())
        == Verdict::Skipped(Skip::Lacks(vec![fact]))
}

#[test]
fn a_scenario_is_skipped_for_what_it_asks_for() {
    let change = "elect S1\nchange S1 c to S1 S2\nsettle\n";
    let refuses = Capability::RefusesEmptyChange;
    assert!(!skipped(refuses, change));
    assert!(skipped(refuses, "elect S1\nchange S1 c to S3 S1 S2\n"));
    assert!(skipped(refuses, &format!("{change}change S1 d to S2 S1\n")));
    let request = "forge S1 -> S2 RequestVote term 1 last none\n";
    assert!(!skipped(Capability::NoForgedReplies, request));
    let reply = "forge S1 -> S2 RequestVoteReply term 1 granted\n";
    assert!(skipped(Capability::NoForgedReplies, reply));
    assert!(skipped(Capability::FlexibleQuorums, "elect S1\n"));
    assert!(!skipped(Capability::NoClients, "elect S1\n"));
    assert!(skipped(Capability::NoClients, "elect S1\npropose S1 x\n"));
    assert!(skipped(Capability::AlwaysPreVote, "timeout S1\nexpect S1 candidate\n"));
    assert!(!skipped(Capability::AlwaysPreVote, "elect S1\n"));
    let heartbeats = Capability::SendsWithHeartbeats;
    assert!(!skipped(heartbeats, "elect S1\npropose S1 x\ndeliver S1 -> S2 AppendEntries\n"));
    assert!(!skipped(heartbeats, "elect S1\npropose S1 x\nsettle\nexpect x acknowledged\n"));
    assert!(skipped(
        heartbeats,
        "elect S1\npropose S1 x\nhold S1 -> S2\nrelease S1 -> S2\ntick S1\nexpect quiet\n"
    ));
}

#[test]
fn plans_draw_nothing_that_can_not_be_and_a_correct_raft_holds() {
    let facts = [
        Capability::AlwaysPreVote,
        Capability::AlwaysCheckQuorum,
        Capability::OneEntry,
        Capability::NoClients,
    ];
    for facts in [&facts[..3], &facts[..]] {
        let raft = Designed::claiming(facts);
        let capabilities = Some(raft.claims.clone());
        let plan_options = PlanOptions { capabilities, ..PlanOptions::default() };
        for seed in 0..8 {
            let plan = Plan::draw(seed, &plan_options);
            for server in plan.servers() {
                let settings = plan.settings_of(server);
                assert!(settings.pre_vote && settings.check_quorum, "seed {seed}");
                assert_eq!(settings.entries_per_message, 1, "seed {seed}");
            }
            let outcome = run(&plan, &raft, true, &mut ()).expect("its servers boot");
            assert_eq!(outcome.violation, None, "seed {seed}");
            let some = !facts.contains(&Capability::NoClients);
            assert!(some || outcome.tally.proposed == 0, "seed {seed}");
        }
    }
}
