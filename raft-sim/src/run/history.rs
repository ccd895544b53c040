//! The requests and answers of a run's clients, as a history for any checker of registers.

use std::collections::{BTreeMap, BTreeSet};

use crate::checker::{ClientEvent, Operation, What};
use crate::history::{Call, Event, History, Kind, Value};
use crate::model::SessionId;
use crate::subject::Request;

/// The history of a run's clients, and where its events come from.
#[derive(Clone, Debug, Default)]
pub struct ClientHistory {
    /// The requests and answers. Each command writes its number. A process has one operation at a time: a session is one
    /// process as long as none of its operations stays open; an operation without a session takes the free process with
    /// the lowest number.
    pub history: History,
    /// For each event of the history, the request that was sent, or answered.
    pub requests: Vec<Request>,
}

impl ClientHistory {
    /// The history of what clients did, as [`Checkers`](crate::checker::Checkers) report it.
    ///
    /// # Panics
    /// If the events are not those of a run from its beginning on.
    #[must_use]
    pub fn of(events: &[ClientEvent]) -> ClientHistory {
        let mut clients = ClientHistory::default();
        let mut processes = Processes::default();
        for event in events {
            clients.add(&mut processes, event);
        }
        clients
    }

    fn add(&mut self, processes: &mut Processes, event: &ClientEvent) {
        let ClientEvent { at, operation, request, what } = event;
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
        let Some(process) = process else { return };
        let call = match operation {
            Operation::Write(number) => Call::Write(Some(Value::from(*number as i64))),
            Operation::Read(_) => Call::Read(match what {
                What::Read(number) => number.map(|number| Value::from(number as i64)),
                What::Asks(_) | What::Written | What::Failed | What::Unknown => None,
            }),
        };
        let time = Some(*at);
        let event = Event { process, kind, key: None, call, version: None, time };
        self.history.push(event).expect("a process begins when it is free, and ends what it began");
        self.requests.push(*request);
    }
}

/// The processes of a history.
#[derive(Default)]
struct Processes {
    /// The process of each operation under way, and its session.
    open: BTreeMap<Operation, (u64, Option<SessionId>)>,
    /// The free ones, without a session and with.
    free: BTreeSet<u64>,
    sessions: BTreeMap<SessionId, u64>,
    /// The number of processes.
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
