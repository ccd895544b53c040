//! States from which no command can be committed any more.

use super::*;
use crate::model::Body;
use crate::subject::{Effects, Event};

/// The reference core, which hears no request for a vote of a term after the first.
struct Hoarse;

struct Deaf(Box<dyn Subject>);

impl Implementation for Hoarse {
    fn name(&self) -> &str {
        "hoarse"
    }

    fn capabilities(&self) -> &[Capability] {
        Implementation::capabilities(&Reference)
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Reference.boot(boot)?;
        Ok((Box::new(Deaf(server)), view))
    }
}

impl Subject for Deaf {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        let asked = if let Event::Receive(message) = &event {
            matches!(message.body, Body::RequestVote { .. }) && message.term.0 > 1
        } else {
            false
        };
        if !asked {
            self.0.step(event, effects);
        }
    }

    fn fork(&self) -> Option<Box<dyn Subject>> {
        Some(Box::new(Deaf(self.0.fork()?)))
    }

    fn fingerprint(&self) -> Option<u64> {
        self.0.fingerprint()
    }
}

#[test]
fn from_every_state_of_the_core_a_command_can_be_committed() {
    for bounds in reductions::small() {
        let live = Options { live: true, ..Options::new(bounds) };
        assert_eq!(counts(&live), counts(&Options::new(bounds)));
    }
}

#[test]
fn a_state_from_which_none_can_is_found_by_a_shortest_history() {
    let pair = Bounds { servers: 2, ..bounds(0, 0, 0) };
    assert_eq!(reductions::verdict(&Hoarse, &Options::new(pair)), None);
    let live = Options { live: true, ..Options::new(pair) };
    let End::Found(found) = explored(&Hoarse, &live).end else { panic!("it can't go on") };
    // Both stand for the first term, and neither hears of a later one.
    assert_eq!((&found.finding, found.actions), (&Finding::Trapped, 2));
    assert_eq!(found.scenario.matches("tick").count(), 2, "{}", found.scenario);
}
