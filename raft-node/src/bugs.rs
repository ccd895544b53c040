//! For tests alone: a disk that loses what is not synced when the process is killed, as all disks do when the power fails,
//! and bugs that the tests must find.

use std::io;

use raft_host::{Request, Work};

/// Environment variable by which writes are lost unless they are synced.
const VOLATILE: &str = "RAFT_NODE_VOLATILE";
/// Environment variable that plants a bug.
const BUG: &str = "RAFT_NODE_BUG";
/// Bytes of a record that has a term and a vote, and no entry, at most.
const VOTE: usize = 32;
/// Writes that the bug `early-ack` keeps in memory, at most.
const KEPT: usize = 64;

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    /// A term or a vote is acknowledged before it is durable.
    LostVote,
    /// Everything is acknowledged before it is durable.
    EarlyAck,
    /// A server answers a linearizable read from what it has.
    LocalRead,
}

fn bug() -> Option<Bug> {
    match std::env::var(BUG).as_deref() {
        Ok("lost-vote") => Some(Bug::LostVote),
        Ok("early-ack") => Some(Bug::EarlyAck),
        Ok("local-read") => Some(Bug::LocalRead),
        Ok(_) | Err(_) => None,
    }
}

/// A cache of writes, which is lost with the process.
#[derive(Debug)]
pub(crate) struct Volatile {
    bug: Option<Bug>,
    cached: Vec<Work>,
}

impl Volatile {
    /// A cache, if the environment asks for one.
    pub(crate) fn from_environment() -> Option<Volatile> {
        std::env::var_os(VOLATILE).map(|_| Volatile { bug: bug(), cached: Vec::new() })
    }

    pub(crate) fn work(
        &mut self,
        work: &Work,
        really: &mut impl FnMut(&Work) -> io::Result<Vec<u8>>,
    ) -> io::Result<Vec<u8>> {
        match work {
            Work::Write { .. } => {
                self.cached.push(work.clone());
                Ok(Vec::new())
            }
            Work::Sync { .. } if self.forgets() => Ok(Vec::new()),
            Work::Create { .. }
            | Work::Sync { .. }
            | Work::SyncDirectory
            | Work::Rename { .. }
            | Work::Remove { .. }
            | Work::Read { .. } => {
                for write in self.cached.drain(..) {
                    really(&write)?;
                }
                really(work)
            }
        }
    }

    /// Returns whether the planted bug leaves out this sync.
    fn forgets(&self) -> bool {
        let votes = |work: &Work| matches!(work, Work::Write { bytes, .. } if bytes.len() <= VOTE);
        match self.bug {
            Some(Bug::LostVote) => self.cached.iter().all(votes),
            Some(Bug::EarlyAck) => self.cached.len() < KEPT,
            Some(Bug::LocalRead) | None => false,
        }
    }
}

/// The request that a server with the bug `local-read` takes it for.
pub(crate) fn read_locally(request: Request) -> Request {
    if bug() != Some(Bug::LocalRead) {
        return request;
    }
    let Request::Read(question) = request else { return request };
    Request::StaleRead(question)
}
