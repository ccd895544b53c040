//! What a replay hears itself: what each server applies, and what it reports.

use std::cell::RefCell;
use std::rc::Rc;

use crate::cluster::{Heard, Listener};
use crate::time::Micros;
use crate::words::{LogIndex, Payload};

/// What one server was heard to do.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// What its state machine has applied: index and command.
    pub(super) applied: Vec<(LogIndex, String)>,
    /// Whether it told of a message that no correct server sends.
    pub(super) reported: bool,
}

/// What each server was heard to do, S1 first.
pub(super) type AllKnown = Rc<RefCell<Vec<Known>>>;

/// Hears what servers apply and report, and passes everything on.
pub(super) struct Ears<'a> {
    pub(super) known: AllKnown,
    /// Whether what was applied survives a crash.
    pub(super) durable: bool,
    pub(super) listener: Option<&'a mut dyn Listener>,
}

impl Listener for Ears<'_> {
    fn hear(&mut self, now: Micros, heard: &Heard<'_>) {
        match heard {
            Heard::Step { server, effects, .. } => {
                let known = &mut self.known.borrow_mut()[server.0 as usize - 1];
                known.reported |= effects.refused.is_some();
                for entry in &effects.applied {
                    if let Payload::Command(command) = &entry.payload {
                        let name = String::from_utf8_lossy(command).into_owned();
                        known.applied.push((entry.index, name));
                    }
                }
            }
            Heard::Booted(server, view) => {
                let known = &mut self.known.borrow_mut()[server.0 as usize - 1];
                known.applied.retain(|(index, _)| self.durable && Some(*index) <= view.applied);
            }
            Heard::Sent(_) | Heard::Durable(..) | Heard::Crashed(..) | Heard::Statement(_) => {}
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(now, heard);
        }
    }
}
