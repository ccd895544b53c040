//! What a replay hears itself: the commands that each state machine applies.

use std::cell::RefCell;
use std::rc::Rc;

use crate::cluster::{Heard, Listener};
use crate::time::Micros;
use crate::words::{LogIndex, Payload};

/// What each server's state machine has applied: index and command.
pub(super) type Applied = Rc<RefCell<Vec<Vec<(LogIndex, String)>>>>;

/// Hears what state machines apply, and passes everything on.
pub(super) struct Ears<'a> {
    pub(super) applied: Applied,
    /// Whether what was applied survives a crash.
    pub(super) durable: bool,
    pub(super) listener: Option<&'a mut dyn Listener>,
}

impl Listener for Ears<'_> {
    fn hear(&mut self, now: Micros, heard: &Heard<'_>) {
        match heard {
            Heard::Step { server, effects, .. } => {
                let applied = &mut self.applied.borrow_mut()[server.0 as usize - 1];
                for entry in &effects.applied {
                    if let Payload::Command(command) = &entry.payload {
                        let name = String::from_utf8_lossy(command).into_owned();
                        applied.push((entry.index, name));
                    }
                }
            }
            Heard::Booted(server, view) => {
                let applied = &mut self.applied.borrow_mut()[server.0 as usize - 1];
                applied.retain(|(index, _)| self.durable && Some(*index) <= view.applied);
            }
            Heard::Sent(_) | Heard::Durable(..) | Heard::Crashed(..) | Heard::Statement(_) => {}
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(now, heard);
        }
    }
}
