//! An implementation with a planted bug, to see how findings are told.

use crate::reference::Reference;
use crate::subject::Capability;
use crate::subject::{Boot, Effects, Event, Implementation, Role, Subject, View};

/// The reference core, but who becomes leader forgets its commit index, unless it had none.
#[derive(Debug)]
pub(super) struct Forgetful;

struct Server(Box<dyn Subject>);

impl Implementation for Forgetful {
    fn name(&self) -> &str {
        "forgetful"
    }

    fn capabilities(&self) -> &[Capability] {
        &[]
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
