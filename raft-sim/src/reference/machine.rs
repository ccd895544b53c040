//! The state machine of the reference core, and of any other core without one. It keeps sessions and a digest of all
//! executed commands, which is its whole state.

use std::sync::Arc;

use raft_core::Sessions;

use crate::mix::{mix, mix_bytes};
use crate::model::{Entry, Snapshot};
use crate::subject::{Applied, Outcome};

/// A state machine.
#[derive(Clone, Debug, Hash)]
pub struct Machine {
    sessions: Sessions,
    /// A digest of all executed commands, in order.
    executed: u64,
}

impl Machine {
    /// A state machine that has applied nothing and keeps at most `sessions` sessions.
    #[must_use]
    pub fn new(sessions: u32) -> Machine {
        Machine { sessions: Sessions::new(sessions), executed: 0 }
    }

    /// The state in a snapshot.
    ///
    /// # Errors
    /// If the snapshot's data is not what [`Machine::save`] gave.
    pub fn load(snapshot: &Snapshot) -> Result<Machine, String> {
        let (sessions, rest) =
            Sessions::from_bytes(&snapshot.data).map_err(|error| error.to_string())?;
        let executed = rest.try_into().map_err(|_| "the snapshot's data is cut off".to_string())?;
        Ok(Machine { sessions, executed: u64::from_le_bytes(executed) })
    }

    /// The state, for a snapshot.
    #[must_use]
    pub fn save(&self) -> Arc<[u8]> {
        let mut data = self.sessions.to_bytes();
        data.extend_from_slice(&self.executed.to_le_bytes());
        Arc::from(data)
    }

    /// Applies an entry.
    #[inline(always)]
    pub fn apply(&mut self, entry: &Entry) -> Applied {
        let Machine { sessions, executed } = self;
        let outcome = sessions.apply(entry, |command| {
            *executed = mix_bytes(*executed, command);
            Vec::new()
        });
        let outcome = match outcome {
            raft_core::Outcome::Nothing => Outcome::Nothing,
            raft_core::Outcome::Executed(_) => Outcome::Executed,
            raft_core::Outcome::Repeated(_) => Outcome::Repeated,
            raft_core::Outcome::Registered(session) => Outcome::Registered(session),
            raft_core::Outcome::Refused(_) => Outcome::NoSession,
        };
        Applied { entry: entry.clone(), outcome }
    }

    /// A digest of the state. Never 0, which means "no digest".
    #[must_use]
    pub fn digest(&self) -> u64 {
        mix(self.executed, 1) | 1
    }
}
