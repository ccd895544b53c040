//! Subjects in processes of their own, in any language: the testbed's side of the protocol of
//! `docs/subject-protocol.md`. [`serve()`] is the other side, for any implementation in Rust.
//!
//! A [`Process`] is an [`Implementation`]. For each cluster it takes a child from its pool, or starts a new one. The
//! child hosts all servers of the cluster and returns to the pool at its end. A child that breaks the rules of the
//! protocol ends the servers of its cluster ([`Ended`]), and is never used again.
//!
//! A run stays a function of its plan and its implementation. It does not matter which child answers, on which core,
//! or how long it takes, except that a child that takes too long is stuck.

mod child;
mod command;
mod cores;
mod host;
mod last_words;
mod reaper;
mod record;
mod replaying;
mod watchdog;

use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use child::Child;
use cores::{Bound, Cores};
use host::{Entered, Host};
use raft_subject::protocol::wire::{self, Hello, PROTOCOL, Request, Status, Verb};
use watchdog::Watchdog;

use crate::scenario::parse::nearest;
use crate::scenario::syntax::Header;
use crate::subject::{Boot, Capability, Ended, Implementation, Subject, View};

pub use crate::subject::serve;
pub use raft_subject::protocol::wire::LONGEST;
pub use record::Record;
pub use replaying::Replaying;

/// Consecutive timeouts after which the subject is abandoned. Each further one would take as long.
const MOST_HANGS: u32 = 3;

/// The time that a child may take to answer, on the wall clock, and the length of its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The limit for each request except the first.
    pub answer: Duration,
    /// The limit for the first request, `hello`: an interpreter may have to start.
    pub hello: Duration,
    /// The largest number of bytes of an answer.
    pub line: usize,
}

impl Default for Limits {
    /// 10 seconds, 30 for `hello`, and 1 MiB.
    fn default() -> Limits {
        Limits { answer: Duration::from_secs(10), hello: Duration::from_secs(30), line: 1 << 20 }
    }
}

/// An implementation whose servers live in child processes. Dropping it and its copies, which share them, ends them.
#[derive(Clone, Debug)]
pub struct Process {
    pool: Arc<Pool>,
    said: Said,
}

/// The name and capabilities that a child claims.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    name: String,
    capabilities: Vec<Capability>,
}

/// The children that belong to no cluster.
#[derive(Debug)]
struct Pool {
    words: Vec<String>,
    limits: Limits,
    record: Option<Record>,
    free: Mutex<Vec<Child>>,
    /// The number of consecutive clusters with a timeout.
    hangs: AtomicU32,
    cores: Arc<Cores>,
    /// Must end after the children.
    watchdog: Watchdog,
}

/// A child for a cluster.
struct Taken {
    child: Child,
    bound: Option<Bound>,
    /// True if no cluster has used it before.
    is_new: bool,
}

impl Process {
    /// Starts a command, split into words as by a shell, and asks it for its name and capabilities.
    ///
    /// # Errors
    /// A one-line message: the command is empty, it can't be started, or it does not answer as the protocol expects.
    pub fn start(command: &str) -> Result<Process, String> {
        Process::start_within(command, Limits::default())
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// As [`Process::start`].
    pub fn start_within(command: &str, limits: Limits) -> Result<Process, String> {
        Process::start_recorded(command, limits, None)
    }

    /// The same, with a record of all that is said.
    ///
    /// # Errors
    /// As [`Process::start`].
    pub fn start_recorded(
        command: &str,
        limits: Limits,
        record: Option<Record>,
    ) -> Result<Process, String> {
        let whole = |why: String| format!("the subject `{command}`: {why}");
        let words = command::words(command).map_err(whole)?;
        let pool = Pool {
            words,
            limits,
            record,
            free: Mutex::default(),
            hangs: AtomicU32::new(0),
            cores: Arc::new(Cores::new()),
            watchdog: Watchdog::start(limits.answer).map_err(whole)?,
        };
        let (child, said, bound) = pool.start().map_err(whole)?;
        pool.give_back(child);
        drop(bound);
        Ok(Process { pool: Arc::new(pool), said })
    }

    fn host(&self, seed: u64, servers: u32) -> Result<Host, String> {
        let is_notified = self.said.can(Capability::SlowDisk);
        loop {
            let Taken { child, bound, is_new } = self.pool.take(&self.said)?;
            let host = Host::new(child, (seed, servers), self.pool.clone(), bound, is_notified);
            // A failure of a child in an earlier cluster is not the fault of this one.
            if is_new || host.is_ready() {
                return Ok(host);
            }
        }
    }
}

impl Implementation for Process {
    fn name(&self) -> &str {
        &self.said.name
    }

    fn capabilities(&self) -> &[Capability] {
        &self.said.capabilities
    }

    /// A server in a child of its own; the others, also those that join its cluster later, are elsewhere.
    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        host::boot(&Rc::new(self.host(0, Header::MOST_SERVERS)?.into()), &boot)
    }

    fn enter(&self, seed: u64) -> Result<Option<Box<dyn Implementation + '_>>, String> {
        Ok(Some(Box::new(Entered::new(self, self.host(seed, 0)?))))
    }

    fn start_over(&self) -> bool {
        let used =
            std::mem::take(&mut *self.pool.free.lock().unwrap_or_else(PoisonError::into_inner));
        drop(used);
        true
    }
}

impl Said {
    fn can(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

impl Pool {
    /// A child for a cluster of this thread, on the thread's core, or on the least used core.
    fn take(&self, said: &Said) -> Result<Taken, String> {
        if self.hangs.load(Ordering::Relaxed) >= MOST_HANGS {
            let limit = self.limits.answer;
            return Err(format!(
                "{MOST_HANGS} clusters in a row had no answer within {limit:?}: it is not asked any more"
            ));
        }
        let here = self.cores.here();
        let free = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let fit = (0..free.len()).filter(|&at| here.is_none() || free[at].core == here);
            let place = fit.min_by_key(|&at| self.cores.threads(free[at].core));
            place.map(|place| free.swap_remove(place))
        };
        if let Some(child) = free {
            let bound = self.cores.bind(child.core);
            return Ok(Taken { child, bound, is_new: false });
        }
        let (child, says, bound) = self.start()?;
        if says != *said {
            return Err(format!("another process of it says {says:?}; the first said {said:?}"));
        }
        Ok(Taken { child, bound, is_new: true })
    }

    fn start(&self) -> Result<(Child, Said, Option<Bound>), String> {
        let bound = self.cores.bind(None);
        let core = bound.as_ref().map(Bound::core);
        let record = self.record.as_ref().map(Record::child);
        let mut child = Child::start(&self.words, core, self.limits.line, record, &self.watchdog)?;
        let said = hello(&mut child, self.limits)?;
        Ok((child, said, bound))
    }

    /// Takes back a child whose cluster is gone. The child must have answered every request.
    fn give_back(&self, child: Child) {
        self.hangs.store(0, Ordering::Relaxed);
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(child);
    }
}

/// Asks a child for its name and capabilities.
fn hello(child: &mut Child, limits: Limits) -> Result<Said, String> {
    let request =
        Request { verb: Some(Verb::Hello), protocol: Some(PROTOCOL), ..Request::default() };
    let answer: Hello<'_> = child.ask(&request, limits.hello).map_err(why)?;
    if let Some(Status::Crashed | Status::Unsupported | Status::Refused) = answer.status {
        let reason = answer.reason.map_or("it did not say why".into(), |reason| reason.0);
        return Err(format!("it refuses `hello`: {reason}"));
    }
    match answer.protocol {
        Some(PROTOCOL) => {}
        Some(other) => {
            return Err(format!("it speaks version {other} of the protocol; expected {PROTOCOL}"));
        }
        None => return Err(format!("it does not say `protocol`; expected {PROTOCOL}")),
    }
    let capabilities = answer.capabilities.unwrap_or_default();
    let known =
        |word: &wire::Text<'_>| Capability::all_named(&word.0).ok_or_else(|| unknown(&word.0));
    let claims: Vec<Vec<Capability>> = capabilities.iter().map(known).collect::<Result<_, _>>()?;
    let mut capabilities = claims.concat();
    capabilities.sort_unstable();
    capabilities.dedup();
    if let Some(why) = contradiction(&capabilities) {
        return Err(why);
    }
    let name = answer.name.map(|name| name.0.trim().to_string()).unwrap_or_default();
    if name.is_empty() {
        return Err("it does not say its `name`".to_string());
    }
    Ok(Said { name, capabilities })
}

/// The first claim that can't be true without another one, as an error message.
fn contradiction(claims: &[Capability]) -> Option<String> {
    let holds = |claim: &&Capability| {
        let needed = claim.rests_on();
        needed.is_empty() || needed.iter().any(|other| claims.contains(other))
    };
    let claim = claims.iter().find(|claim| !holds(claim))?;
    let words: Vec<&str> = claim.rests_on().iter().map(|other| other.word()).collect();
    Some(format!(
        "it claims `{claim}`, and not {}, without which it can't be so",
        words.join(" or ")
    ))
}

/// The error message for an unknown capability.
fn unknown(word: &str) -> String {
    let all = Capability::ALL.into_iter().chain(Capability::DESIGN);
    let words: Vec<&str> = all.map(Capability::word).collect();
    match nearest(word, words.iter().copied()) {
        Some(meant) => format!("there is no capability `{word}`; did you mean `{meant}`?"),
        None => format!(
            "there is no capability `{word}`; expected some of figure-2, rules, {}",
            words.join(", ")
        ),
    }
}

/// The end of a child as an error message, where no server was asked for.
fn why(ended: Ended) -> String {
    match ended {
        Ended::Crashed(why) | Ended::Panicked(why) | Ended::Stuck(why) => why,
    }
}
