//! What becomes of sessions, in the order of the log (32).

use std::collections::BTreeMap;

use super::Step;
use crate::checker::properties::Property;
use crate::checker::properties::violation::Violation;
use crate::model::{Entry, Once, Payload, SessionId};
use crate::subject::{Applied, Outcome, Settings};

/// The sessions after all entries that any state machine has applied, and what came of each entry.
#[derive(Debug)]
pub(super) struct Table {
    /// Most sessions kept; `None` if the servers do not agree, or a snapshot hides how it began.
    limit: Option<u32>,
    opened: u64,
    uses: u64,
    sessions: BTreeMap<SessionId, Session>,
    /// Of the entries from the first on.
    outcomes: Vec<Outcome>,
}

#[derive(Debug)]
struct Session {
    /// When it was opened, or a command came under it, last.
    last_use: u64,
    /// The highest serial number that was executed; `None` before the first.
    executed: Option<u64>,
}

impl Table {
    pub(super) fn new(settings: &[Settings]) -> Table {
        let first = settings.first().map(|settings| settings.sessions.max(1));
        let limit = first
            .filter(|first| settings.iter().all(|settings| settings.sessions.max(1) == *first));
        Table { limit, opened: 0, uses: 0, sessions: BTreeMap::new(), outcomes: Vec::new() }
    }

    /// Sessions (§8, diss. §6.3): what a state machine makes of an entry follows from the log alone. A command whose
    /// serial number is not above the last one of its session is not executed. A session that is opened beyond the limit
    /// takes the place of the one that was not used for longest.
    #[inline]
    pub(super) fn check(&mut self, step: &mut Step) -> Result<(), Violation> {
        let Some(limit) = self.limit else { return Ok(()) };
        for Applied { entry, outcome } in &step.effects.applied {
            let place = entry.index.get() as usize - 1;
            if place > self.outcomes.len() {
                // A snapshot with which the run began stands for what is between.
                self.limit = None;
                return Ok(());
            }
            if place == self.outcomes.len() {
                let expected = self.apply(limit, entry);
                self.outcomes.push(expected);
            }
            let expected = self.outcomes[place];
            if !matches!(expected, Outcome::Nothing) {
                step.count(Property::SessionRules);
            }
            if expected != *outcome {
                let what =
                    format!("makes {outcome:?} of entry {}, which is {expected:?}", entry.index);
                return Err(step.breach(Property::SessionRules, &what));
            }
        }
        Ok(())
    }

    fn apply(&mut self, limit: u32, entry: &Entry) -> Outcome {
        match &entry.payload {
            Payload::Noop | Payload::Membership(_) => Outcome::Nothing,
            Payload::Command(_) => Outcome::Executed,
            Payload::Register => self.open(limit),
            Payload::Once(once) => self.command(once),
        }
    }

    fn open(&mut self, limit: u32) -> Outcome {
        if self.sessions.len() as u64 >= u64::from(limit) {
            let idle = self.sessions.iter().min_by_key(|(_, session)| session.last_use);
            if let Some(id) = idle.map(|(id, _)| *id) {
                self.sessions.remove(&id);
            }
        }
        self.opened += 1;
        self.uses += 1;
        let session = Session { last_use: self.uses, executed: None };
        self.sessions.insert(SessionId(self.opened), session);
        Outcome::Registered(SessionId(self.opened))
    }

    fn command(&mut self, once: &Once) -> Outcome {
        self.uses += 1;
        let Some(session) = self.sessions.get_mut(&once.session) else {
            return Outcome::NoSession;
        };
        session.last_use = self.uses;
        if session.executed >= Some(once.serial) {
            return Outcome::Repeated;
        }
        session.executed = Some(once.serial);
        Outcome::Executed
    }
}
