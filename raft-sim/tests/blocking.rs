//! A Raft that waits at each write, as most do that save to a file and go on.

use std::collections::VecDeque;

use raft_sim::checker::Property;
use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::subject::{
    Boot, Capability, Effects, Event, Held, Implementation, Subject, Token, View,
};

/// The reference core, made to block: all it does after a write comes in the same step. Its messages then wait for
/// the write, unless it is hasty.
struct Waiting {
    hasty: bool,
}

struct Server {
    core: Box<dyn Subject>,
    hasty: bool,
}

const CAPABILITIES: [Capability; 6] = [
    Capability::Forge,
    Capability::NoOp,
    Capability::PreVote,
    Capability::Membership,
    Capability::AtAppend,
    Capability::Snapshots,
];

impl Implementation for Waiting {
    fn name(&self) -> &str {
        "waiting"
    }

    fn capabilities(&self) -> &[Capability] {
        &CAPABILITIES
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (core, view) = Reference.boot(boot)?;
        Ok((Box::new(Server { core, hasty: self.hasty }), view))
    }
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        if let Event::Persisted(_) = event {
            return;
        }
        let mut durable: VecDeque<Token> = VecDeque::new();
        let mut latest = None;
        let mut next = Some(event);
        while let Some(event) = next {
            let mut more = Effects { view: effects.view, ..Effects::default() };
            self.core.step(event, &mut more);
            durable.extend(more.writes.iter().map(|write| write.token));
            effects.writes.append(&mut more.writes);
            match latest {
                Some(after) if !self.hasty => {
                    let held = more.sends.into_iter().map(|message| Held { after, message });
                    effects.held.extend(held);
                }
                Some(_) | None => effects.sends.append(&mut more.sends),
            }
            effects.restored = more.restored.or(effects.restored.take());
            effects.applied.append(&mut more.applied);
            effects.answers.append(&mut more.answers);
            effects.matched = more.matched.or(effects.matched);
            effects.refused = more.refused.or(effects.refused.take());
            effects.view = more.view;
            let reported = durable.pop_front();
            latest = reported.or(latest);
            next = reported.map(Event::Persisted);
        }
    }
}

/// The properties violated in the plans of these seeds, each once.
fn violated(implementation: &Waiting, seeds: std::ops::Range<u64>) -> Vec<Property> {
    let plan_options =
        PlanOptions { capabilities: Some(CAPABILITIES.to_vec()), ..PlanOptions::default() };
    let mut found = Vec::new();
    for seed in seeds {
        let outcome = run(&Plan::draw(seed, &plan_options), implementation, true, &mut ());
        let outcome = outcome.unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        if let Some((_, violation)) = outcome.violation
            && !found.contains(&violation.property)
        {
            found.push(violation.property);
        }
    }
    found
}

#[test]
fn a_raft_that_blocks_at_each_write_violates_nothing() {
    assert_eq!(violated(&Waiting { hasty: false }, 0..150), []);
}

#[test]
fn a_blocking_raft_that_sends_before_its_write_is_durable_is_found() {
    assert_eq!(violated(&Waiting { hasty: true }, 0..10), [Property::PersistBeforeSend]);
}
