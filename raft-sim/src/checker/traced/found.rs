//! What a server of a trace found on its disk when it started.

use crate::model::{NodeId, Position, Term, length};
use crate::subject::{LogWrite, Write};

/// What a server says that it found on its disk when it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its term.
    pub term: Term,
    /// Its vote in this term; `None` if it does not say.
    pub voted_for: Option<Option<NodeId>>,
    /// The last entry of its log; `None` if that is empty.
    pub last: Option<Position>,
}

/// Where the log comes from that a server started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restarted {
    /// It is what its disk had.
    Kept,
    /// It is longer than what its disk is known to have had; other logs have the rest.
    Longer,
    /// Nobody told what is in it.
    Unknown,
}

/// What is left of a write that was torn where the log ends that a server found.
pub(super) fn torn(write: &Write, found: &Found) -> Option<Write> {
    let log = write.log.as_ref()?;
    let kept = length(found.last.map(|last| last.index)).checked_sub(log.from.get() - 1)?;
    let entries = log.entries.get(..usize::try_from(kept).ok()?)?;
    let log = Some(LogWrite { from: log.from, entries: entries.into() });
    Some(Write { log, snapshot: None, ..write.clone() })
}
