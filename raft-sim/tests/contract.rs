//! The contract of the subject interface with a linked Raft: effects that make no sense are refused, independent of
//! the checkers; and a server is notified of each of its writes.

use raft_sim::checker::Property;
use raft_sim::disk::SyncTime;
use raft_sim::model::{Entry, LogIndex, Membership, NodeId, Payload};
use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::subject::{
    Answer, Boot, Capability, Effects, Event, Held, Implementation, Subject, Token, View, Write,
};

/// The reference core with an adapter that changes the effects of its steps.
struct Adapted {
    mistake: fn(&mut Effects),
}

struct Server {
    core: Box<dyn Subject>,
    mistake: fn(&mut Effects),
}

impl Implementation for Adapted {
    fn name(&self) -> &str {
        "adapted"
    }

    fn capabilities(&self) -> &[Capability] {
        Reference.capabilities()
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (core, view) = Reference.boot(boot)?;
        Ok((Box::new(Server { core, mistake: self.mistake }), view))
    }
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        self.core.step(event, effects);
        (self.mistake)(effects);
    }
}

/// The error of a run whose adapter makes this mistake.
#[track_caller]
fn refused(mistake: fn(&mut Effects)) -> String {
    let plan = Plan::draw(1, &PlanOptions::default());
    let outcome = run(&plan, &Adapted { mistake }, true, &mut ()).expect("it boots");
    let (_, violation) = outcome.violation.expect("it is refused");
    assert_eq!(violation.property, Property::NoPanic);
    violation.detail
}

/// Replaces the entries of a step's writes.
fn rewrite(effects: &mut Effects, entry: fn(&Entry) -> Entry) {
    for log in effects.writes.iter_mut().filter_map(|write| write.log.as_mut()) {
        log.entries = log.entries.iter().map(entry).collect();
    }
}

#[test]
fn an_adapter_without_mistakes_is_not_refused() {
    let plan = Plan::draw(1, &PlanOptions::default());
    let outcome = run(&plan, &Adapted { mistake: |_| {} }, true, &mut ()).expect("it boots");
    assert_eq!(outcome.violation, None);
}

#[test]
fn tokens_of_writes_increase() {
    let detail = refused(|effects| effects.writes.extend(effects.writes.last().cloned()));
    assert!(detail.ends_with("crashed: it names a write 1; expected a token after 1"), "{detail}");
}

#[test]
fn entries_have_the_index_they_are_written_at() {
    let detail = refused(|effects| {
        rewrite(effects, |entry| Entry {
            index: LogIndex::after(Some(entry.index)),
            ..entry.clone()
        });
    });
    assert!(detail.ends_with("crashed: it writes entry 2 in the place of entry 1"), "{detail}");
}

#[test]
fn a_message_waits_for_an_existing_write() {
    let detail = refused(|effects| {
        let waits = |message| Held { after: Token(1_000_000), message };
        effects.held.extend(effects.sends.drain(..).map(waits));
    });
    assert!(
        detail.contains("crashed: a message waits for its write 1000000; its latest is "),
        "{detail}"
    );
}

#[test]
fn a_message_has_its_real_sender_and_an_existing_receiver() {
    let detail = refused(|effects| {
        effects
            .sends
            .iter_mut()
            .for_each(|message| std::mem::swap(&mut message.from, &mut message.to));
        effects.held.iter_mut().for_each(|held| held.message.from = NodeId(77));
    });
    assert!(detail.contains("crashed: it sent a message in the name of S"), "{detail}");
    let detail = refused(|effects| {
        effects.sends.iter_mut().for_each(|message| message.to = NodeId(0));
        effects.held.iter_mut().for_each(|held| held.message.to = NodeId(99));
    });
    assert!(detail.contains("crashed: it sent a message to S"), "{detail}");
    assert!(detail.ends_with("; there is no such server"), "{detail}");
}

#[test]
fn each_request_is_answered_once() {
    let detail = refused(|effects| effects.answers.extend_from_within(..));
    assert!(detail.contains("crashed: it answers request "), "{detail}");
    assert!(detail.contains(", which is not waiting for one {waiting: "), "{detail}");
    assert!(detail.ends_with('}'), "{detail}");
}

#[test]
fn a_client_is_redirected_to_an_existing_server() {
    let detail = refused(|effects| {
        for (_, answer) in &mut effects.answers {
            *answer = Answer::NotLeader(Some(NodeId(0)));
        }
    });
    assert!(
        detail.ends_with("crashed: it names the leader S0 to a client; there is no such server"),
        "{detail}"
    );
}

#[test]
fn configurations_name_existing_servers() {
    let detail = refused(|effects| {
        rewrite(effects, |entry| {
            let membership = Membership { voters: vec![NodeId(99)], ..Membership::default() };
            Entry { payload: Payload::Membership(membership.into()), ..entry.clone() }
        });
    });
    assert!(
        detail.ends_with("crashed: it writes a configuration with S99; there is no such server"),
        "{detail}"
    );
}

/// The reference core with a write of its own whenever it applies something.
struct Writer;

struct Writing {
    core: Box<dyn Subject>,
    /// The core's latest write, and the number of the adapter's own since.
    latest: u64,
    own: u64,
    /// True while it has not been notified of its own write.
    waits: bool,
}

/// The distance between the tokens of the core's writes; those in between are for the adapter's own.
const STRIDE: u64 = 1_000;

impl Implementation for Writer {
    fn name(&self) -> &str {
        "writer"
    }

    fn capabilities(&self) -> &[Capability] {
        Reference.capabilities()
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (core, view) = Reference.boot(boot)?;
        Ok((Box::new(Writing { core, latest: 0, own: 0, waits: false }), view))
    }
}

impl Subject for Writing {
    fn step(&mut self, mut event: Event, effects: &mut Effects) {
        let applies = matches!(event, Event::Apply);
        if let Event::Persisted(Token(name)) = &mut event {
            if *name % STRIDE > 0 {
                self.waits = false;
                return;
            }
            *name /= STRIDE;
        }
        assert!(!self.waits, "it takes {event:?}, and has not been notified of its write");
        self.core.step(event, effects);
        for write in &mut effects.writes {
            (self.latest, self.own) = (write.token.0, 0);
            write.token = Token(self.latest * STRIDE);
        }
        for held in &mut effects.held {
            held.after = Token(held.after.0 * STRIDE);
        }
        if applies {
            self.own += 1;
            self.waits = true;
            let token = Token(self.latest * STRIDE + self.own);
            let (hard_state, commit, snapshot, log) = (None, None, None, None);
            effects.writes.push(Write { hard_state, commit, snapshot, log, ..Write::new(token) });
        }
    }
}

#[test]
fn a_server_that_writes_while_it_applies_is_notified_at_once() {
    let mut plan = Plan::draw(1, &PlanOptions::default());
    (plan.faults, plan.healing, plan.apply_time) = (Vec::new(), None, 0);
    plan.sync = SyncTime { min: 0, max: 0, notice: 0 };
    plan.settings.apply_limit = Some(1);
    let outcome = run(&plan, &Writer, false, &mut ()).expect("it boots");
    assert_eq!(outcome.violation, None);
}
