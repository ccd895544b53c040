//! Client sessions (§8, diss. §6.3), by which a state machine executes a command once that is in the log
//! twice.
//!
//! Sessions are part of the replicated state: each host keeps them beside its state machine, shows them
//! every applied entry, and puts them into its snapshots. They depend on no clock: which sessions are
//! forgotten follows from the log, and so is the same everywhere.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use crate::types::{Command, Entry, Once, Payload, SessionId};

/// The sessions that a state machine remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sessions {
    /// Most sessions kept.
    limit: u32,
    /// The number of sessions ever opened, and of the last one.
    opened: u64,
    /// The number of session commands and registrations applied: the clock that sessions expire by.
    uses: u64,
    sessions: BTreeMap<SessionId, Session>,
}

/// One client's session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Session {
    last_use: u64,
    /// The highest serial number executed, and its result; `None` before the first.
    last: Option<(u64, Vec<u8>)>,
}

/// Outcome of an applied entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The entry carries nothing for the state machine.
    Nothing,
    /// The command was executed, with this result.
    Executed(Vec<u8>),
    /// The command had been executed before, with this result; `None` if its client has gone on to other
    /// commands since, and so had the result.
    Repeated(Option<Vec<u8>>),
    /// The entry opened this session.
    Registered(SessionId),
    /// The command was not executed.
    Refused(SessionError),
}

/// Reason for which a command in a session is not executed. It may have been executed before: that is not
/// known any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// The session was forgotten: others were opened or used more recently.
    Expired(SessionId),
    /// The session was never opened.
    NeverOpened(SessionId),
}

impl Sessions {
    /// Creates an empty store with room for `limit` sessions, at least 1. The limit is to be the same on
    /// every server.
    #[must_use]
    pub fn new(limit: u32) -> Sessions {
        Sessions { limit: limit.max(1), opened: 0, uses: 0, sessions: BTreeMap::new() }
    }

    /// Applies an entry. `execute` runs a command on the state machine and gives its result; it is called at
    /// most once, and not for a command that was executed before.
    #[inline]
    pub fn apply(&mut self, entry: &Entry, execute: impl FnOnce(&Command) -> Vec<u8>) -> Outcome {
        match &entry.payload {
            Payload::Noop | Payload::Membership(_) => Outcome::Nothing,
            Payload::Command(command) => Outcome::Executed(execute(command)),
            Payload::Register => Outcome::Registered(self.open()),
            Payload::Once(once) => self.apply_once(once, execute),
        }
    }

    fn apply_once(&mut self, once: &Once, execute: impl FnOnce(&Command) -> Vec<u8>) -> Outcome {
        let opened = self.opened;
        self.uses += 1;
        let Some(session) = self.sessions.get_mut(&once.session) else {
            let known = (1..=opened).contains(&once.session.0);
            return Outcome::Refused(if known {
                SessionError::Expired(once.session)
            } else {
                SessionError::NeverOpened(once.session)
            });
        };
        session.last_use = self.uses;
        let order = session.last.as_ref().map(|(serial, result)| (once.serial.cmp(serial), result));
        match order {
            Some((Ordering::Equal, result)) => Outcome::Repeated(Some(result.clone())),
            Some((Ordering::Less, _)) => Outcome::Repeated(None),
            Some((Ordering::Greater, _)) | None => {
                let result = execute(&once.command);
                session.last = Some((once.serial, result.clone()));
                Outcome::Executed(result)
            }
        }
    }

    /// Opens a session; the one that was not used for longest makes room for it.
    fn open(&mut self) -> SessionId {
        if self.sessions.len() >= self.limit as usize {
            let idle = self.sessions.iter().min_by_key(|(_, session)| session.last_use);
            if let Some(id) = idle.map(|(id, _)| *id) {
                self.sessions.remove(&id);
            }
        }
        self.opened += 1;
        self.uses += 1;
        let session = Session { last_use: self.uses, last: None };
        self.sessions.insert(SessionId(self.opened), session);
        SessionId(self.opened)
    }

    /// The sessions as bytes, for a snapshot.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut put = |number: u64| bytes.extend_from_slice(&number.to_le_bytes());
        [u64::from(self.limit), self.opened, self.uses, self.sessions.len() as u64]
            .into_iter()
            .for_each(&mut put);
        for (id, session) in &self.sessions {
            let mut put = |number: u64| bytes.extend_from_slice(&number.to_le_bytes());
            put(id.0);
            put(session.last_use);
            match &session.last {
                None => put(0),
                Some((serial, result)) => {
                    put(1);
                    put(*serial);
                    put(result.len() as u64);
                    bytes.extend_from_slice(result);
                }
            }
        }
        bytes
    }

    /// Reads what [`Sessions::to_bytes`] wrote; gives the bytes behind it as well.
    ///
    /// # Errors
    /// If the bytes end too early or are not such sessions.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Sessions, &[u8]), MalformedSessions> {
        let mut rest = bytes;
        let limit = u32::try_from(take_number(&mut rest)?).map_err(|_| MalformedSessions)?;
        let (opened, uses) = (take_number(&mut rest)?, take_number(&mut rest)?);
        let mut sessions = BTreeMap::new();
        for _ in 0..take_number(&mut rest)? {
            let id = SessionId(take_number(&mut rest)?);
            let last_use = take_number(&mut rest)?;
            let last = match take_number(&mut rest)? {
                0 => None,
                _ => {
                    let serial = take_number(&mut rest)?;
                    let length = take_number(&mut rest)?;
                    Some((serial, take(&mut rest, length)?.to_vec()))
                }
            };
            sessions.insert(id, Session { last_use, last });
        }
        Ok((Sessions { limit, opened, uses, sessions }, rest))
    }
}

/// Bytes that are no sessions, or not all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedSessions;

fn take<'a>(bytes: &mut &'a [u8], count: u64) -> Result<&'a [u8], MalformedSessions> {
    let count = usize::try_from(count).map_err(|_| MalformedSessions)?;
    let (taken, rest) = bytes.split_at_checked(count).ok_or(MalformedSessions)?;
    *bytes = rest;
    Ok(taken)
}

fn take_number(bytes: &mut &[u8]) -> Result<u64, MalformedSessions> {
    let (number, rest) = bytes.split_first_chunk().ok_or(MalformedSessions)?;
    *bytes = rest;
    Ok(u64::from_le_bytes(*number))
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SessionError::Expired(session) => write!(f, "session {} has expired", session.0),
            SessionError::NeverOpened(session) => {
                write!(f, "session {} was never opened", session.0)
            }
        }
    }
}

impl fmt::Display for MalformedSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are no sessions, or not all of them")
    }
}

impl core::error::Error for SessionError {}
impl core::error::Error for MalformedSessions {}
