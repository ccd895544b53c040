//! What clients of a run did and heard, as a history that any checker of registers can judge.

use std::collections::{BTreeMap, BTreeSet};

use crate::checker::{ClientEvent, Operation, What};
use crate::history::{Call, Event, History, Kind};
use crate::model::SessionId;

/// The history of what clients did and heard. Each command writes its number. A process has one operation at a time:
/// a session is one for as long as nothing of it is left open; whoever has none takes the lowest number that is free.
pub(super) fn history(reported: &[ClientEvent]) -> History {
    let mut history = History::default();
    let mut processes = Processes::default();
    for ClientEvent { at, operation, what } in reported {
        let kind = match what {
            What::Asks(_) => Kind::Invoke,
            What::Written | What::Read(_) => Kind::Ok,
            What::Failed => Kind::Fail,
            What::Unknown => Kind::Info,
        };
        let process = match what {
            What::Asks(session) => Some(processes.begins(*operation, *session)),
            What::Written | What::Read(_) | What::Failed => processes.ends(*operation),
            What::Unknown => processes.open.remove(operation).map(|(process, _)| process),
        };
        let Some(process) = process else { continue };
        let call = match operation {
            Operation::Write(number) => Call::Write(*number as i64),
            Operation::Read(_) => Call::Read(match what {
                What::Read(number) => number.map(|number| number as i64),
                What::Asks(_) | What::Written | What::Failed | What::Unknown => None,
            }),
        };
        let event = Event { process, kind, key: None, call, time: Some(*at) };
        history.push(event).expect("a process begins when it is free, and ends what it began");
    }
    history
}

/// Who is at what.
#[derive(Default)]
struct Processes {
    /// The process of each operation under way, and its session.
    open: BTreeMap<Operation, (u64, Option<SessionId>)>,
    /// Those that are free, without a session and with.
    free: BTreeSet<u64>,
    sessions: BTreeMap<SessionId, u64>,
    /// How many there are.
    count: u64,
}

impl Processes {
    fn begins(&mut self, operation: Operation, session: Option<SessionId>) -> u64 {
        let free = match session {
            Some(session) => self.sessions.remove(&session),
            None => self.free.pop_first(),
        };
        let process = free.unwrap_or(self.count);
        self.count += u64::from(free.is_none());
        self.open.insert(operation, (process, session));
        process
    }

    fn ends(&mut self, operation: Operation) -> Option<u64> {
        let (process, session) = self.open.remove(&operation)?;
        match session {
            Some(session) => _ = self.sessions.insert(session, process),
            None => _ = self.free.insert(process),
        }
        Some(process)
    }
}
