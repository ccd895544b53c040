//! The state that a server of a trace found on its disk when it started.

use crate::model::{NodeId, Position, Term, length};
use crate::subject::{LogWrite, Write};

/// The state that a server reports to have found on its disk when it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its term.
    pub term: Term,
    /// Its vote in this term; `None` if it does not say.
    pub voted_for: Option<Option<NodeId>>,
    /// The last entry of its log; `None` if that is empty.
    pub last: Option<Position>,
}

/// The origin of the log with which a server started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restarted {
    /// It is what its disk had.
    Kept,
    /// It is longer than the log that its disk is known to have had; other logs have the rest.
    Longer,
    /// No server reported its content.
    Unknown,
}

/// The rest of a write that was torn at the end of the log that a server found.
pub(super) fn torn(write: &Write, found: &Found) -> Option<Write> {
    let log = write.log.as_ref()?;
    let kept = length(found.last.map(|last| last.index)).checked_sub(log.from.get() - 1)?;
    let entries = log.entries.get(..usize::try_from(kept).ok()?)?;
    let log = Some(LogWrite { from: log.from, entries: entries.into() });
    Some(Write { log, snapshot: None, ..write.clone() })
}
