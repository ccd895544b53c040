//! What clients are told: a command in a session is executed once (19), and a read is as recent as all that
//! was told before (20).

use super::property::violated;
use super::state::Server;
use super::{Oracles, Property, Violation};
use crate::subject::{Answer, Event, Outcome, Request};
use crate::time::Micros;
use crate::words::{LogIndex, NodeId, Once};

/// A read that a server owes an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// The server that was asked.
    slot: usize,
    /// The highest index that any client had been told of by then.
    told: u64,
}

impl Oracles {
    /// A client asks a server for something; reported before the server hears of it.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn asked(&mut self, now: Micros, server: NodeId, event: &Event) {
        if let Event::Read(request) = event {
            let asked = Asked { slot: self.slot(server), told: self.told };
            self.reads.insert(*request, asked);
        }
        self.clients.ask(now, event);
    }

    /// A client is told what became of its request; reported after the step that says so.
    ///
    /// # Errors
    /// The property that does not hold.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn answered(
        &mut self,
        now: Micros,
        server: NodeId,
        request: Request,
        answer: &Answer,
    ) -> Result<(), Violation> {
        let slot = self.slot(server);
        // All that clients hear is part of their history, also what should not have been said.
        let heard = self.check_history(now, slot, request, answer);
        let asked = self.reads.remove(&request);
        let index = match *answer {
            Answer::Committed(index) | Answer::Registered(index, _) | Answer::NoSession(index) => {
                self.check_told(slot, index)?;
                index
            }
            Answer::Read(index) => {
                self.check_read(slot, index, asked)?;
                index
            }
            Answer::Done
            | Answer::Superseded
            | Answer::Unknown
            | Answer::NotLeader(_)
            | Answer::Busy
            | Answer::Rejected => return heard,
        };
        self.told = self.told.max(index.get());
        heard
    }

    /// The reads that a server owes will not be answered.
    pub(super) fn forget_reads(&mut self, slot: usize) {
        self.reads.retain(|_, asked| asked.slot != slot);
    }

    /// Exactly Once (§8, dissertation §6.3): a client is told that its request is committed when it is, and
    /// when the server that says so has applied it.
    fn check_told(&self, slot: usize, index: LogIndex) -> Result<(), Violation> {
        let Server { id, applied, .. } = self.servers[slot];
        let committed = self.ledger.len();
        if index.get() <= applied.min(committed) {
            return Ok(());
        }
        let detail = format!(
            "{id} told a client of index {index}, where it has applied {applied} and {committed} are \
             committed"
        );
        violated(Property::ExactlyOnce, id, detail)
    }

    /// Exactly Once (§8, dissertation §6.3): a command under a serial number of a session is executed at one
    /// index of the log, the same on every server, however often it is in the log.
    #[cold]
    pub(super) fn check_once(
        &mut self,
        slot: usize,
        index: u64,
        once: &Once,
        outcome: Outcome,
    ) -> Result<(), Violation> {
        let executed = match outcome {
            Outcome::Executed => true,
            Outcome::Nothing | Outcome::Repeated | Outcome::NoSession | Outcome::Registered(_) => {
                false
            }
        };
        let command = (once.session, once.serial);
        let Some(&known) = self.executed.get(&command) else {
            if executed {
                self.executed.insert(command, index);
            }
            return Ok(());
        };
        self.count(Property::ExactlyOnce);
        if !executed || known == index {
            return Ok(());
        }
        let id = self.servers[slot].id;
        let detail = format!(
            "{id} executed command {} of session {} at index {index}, which was executed at index {known}",
            once.serial, once.session.0
        );
        violated(Property::ExactlyOnce, id, detail)
    }

    /// Reads (§8, dissertation §6.4): a read returns no state from before what any client had been told of
    /// when it was asked. So all of it is linearizable: an answer to one client is past for every later
    /// request.
    fn check_read(
        &mut self,
        slot: usize,
        index: LogIndex,
        asked: Option<Asked>,
    ) -> Result<(), Violation> {
        let told = asked.map_or(0, |asked| asked.told);
        if told > 0 {
            self.count(Property::Reads);
        }
        let server = &self.servers[slot];
        let id = server.id;
        let breach = if index.get() < told {
            format!(
                "{id} answered a read from index {index}, when a client had been told of {told}"
            )
        } else if index.get() > server.applied {
            let applied = server.applied;
            format!("{id} answered a read from index {index}, and has applied {applied}")
        } else {
            return Ok(());
        };
        violated(Property::Reads, id, breach)
    }
}
