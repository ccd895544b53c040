//! Implementations with planted bugs, to test how findings are reported.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::reference::Reference;
use crate::subject::Capability;
use crate::subject::{Boot, Effects, Event, Implementation, Role, Subject, View};

/// The reference core, except that a server that becomes leader forgets its commit index, unless it had none.
#[derive(Debug)]
pub(crate) struct Forgetful;

struct Server(Box<dyn Subject>);

impl Implementation for Forgetful {
    fn name(&self) -> &str {
        "forgetful"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Reference.boot(boot)?;
        Ok((Box::new(Server(server)), view))
    }
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        let before = effects.view;
        self.0.step(event, effects);
        if effects.view.role == Role::Leader && before.role != Role::Leader {
            effects.view.commit = None;
        }
    }
}

/// The reference core with two defects, of which the first stops every run: no vote is durable, and a server that becomes
/// leader forgets its commit index.
#[derive(Debug)]
pub(crate) struct Twofold;

struct Voteless(Box<dyn Subject>);

impl Implementation for Twofold {
    fn name(&self) -> &str {
        "twofold"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Reference.boot(boot)?;
        Ok((Box::new(Voteless(Box::new(Server(server)))), view))
    }
}

impl Subject for Voteless {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        self.0.step(event, effects);
        for hard_state in effects.writes.iter_mut().filter_map(|write| write.hard_state.as_mut()) {
            hard_state.voted_for = None;
        }
    }
}

/// The reference core, except that its timeouts depend on how many servers this value has booted before: two runs of a
/// plan differ.
#[derive(Debug, Default)]
pub(crate) struct Nondeterministic(AtomicU64);

impl Implementation for Nondeterministic {
    fn name(&self) -> &str {
        "nondeterministic"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, mut boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        boot.settings.seed ^= self.0.fetch_add(1, Ordering::Relaxed);
        Reference.boot(boot)
    }
}

/// The reference core, except that a server that has voted does not boot again.
#[derive(Debug)]
pub(crate) struct Ashamed;

impl Implementation for Ashamed {
    fn name(&self) -> &str {
        "ashamed"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        match boot.hard_state.voted_for {
            None => Reference.boot(boot),
            Some(target) => Err(format!("it has voted for {target}")),
        }
    }
}

/// The reference core, except that it panics at a command longer than any name in a scenario.
#[derive(Debug)]
pub(crate) struct Choosy;

struct Taker(Box<dyn Subject>);

impl Implementation for Choosy {
    fn name(&self) -> &str {
        "choosy"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Reference.boot(boot)?;
        Ok((Box::new(Taker(server)), view))
    }
}

impl Subject for Taker {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        if let Event::Propose(_, command) = &event {
            assert!(command.len() <= 8, "that is long");
        }
        self.0.step(event, effects);
    }
}

/// The reference core, except that a server that becomes leader for the fourth time since its boot forgets its commit
/// index.
#[derive(Debug)]
pub(crate) struct Rare;

struct Returning(Box<dyn Subject>, u32);

impl Implementation for Rare {
    fn name(&self) -> &str {
        "rare"
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::ABLE
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Reference.boot(boot)?;
        Ok((Box::new(Returning(server, 0)), view))
    }
}

impl Subject for Returning {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        let before = effects.view;
        self.0.step(event, effects);
        if effects.view.role == Role::Leader && before.role != Role::Leader {
            self.1 += 1;
            if self.1 == 4 {
                effects.view.commit = None;
            }
        }
    }
}
