//! Boot of a server: checks what it boots from, and makes its first state.

use alloc::vec::Vec;
use core::fmt;

use crate::input::Boot;
use crate::log::Log;
use crate::membership::Configurations;
use crate::output::Outbox;
use crate::settings::SettingsError;
use crate::state::{Belief, State};
use crate::types::{Entry, HardState, LARGEST, LogIndex, Membership, NodeId, Position, Term};

/// The state that a server begins with.
pub(super) fn state(boot: Boot) -> Result<State, BootError> {
    boot.settings.check().map_err(BootError::Settings)?;
    if boot.hard_state.term.0 > LARGEST {
        return Err(BootError::TermOutOfReach(boot.hard_state.term));
    }
    let snapshot = boot.snapshot;
    let base = snapshot.as_ref().map(|snapshot| snapshot.last);
    if let Some(snapshot) = &snapshot
        && snapshot.cluster != boot.cluster
    {
        return Err(BootError::ForeignSnapshot(snapshot.cluster));
    }
    if let Some(last) = base
        && (last.term > boot.hard_state.term || last.index.get() > LARGEST)
    {
        return Err(BootError::SnapshotTerm(last));
    }
    check_log(base, &boot.log, boot.hard_state.term)?;
    let log = Log::new(base, boot.log);
    let base = base.map(|base| base.index);
    if boot.applied > log.last_index() {
        return Err(BootError::AppliedBeyondLog);
    }
    if boot.applied.is_some() && boot.applied < base {
        return Err(BootError::AppliedBeforeSnapshot);
    }
    let first = first_configuration(boot.id, boot.servers)?;
    let first = snapshot.as_ref().map_or(first.into(), |snapshot| snapshot.membership.clone());
    let mut configurations = Configurations::new(first);
    configurations.replaced(log.entries(base, log.last_index()));
    let applied = boot.applied.or(base);
    // A server that has been here before may have answered a leader that reads by its lease, and not know it.
    let pristine = boot.hard_state == HardState::default();
    let belief = if boot.settings.lease_drift.is_some() && !pristine {
        Belief::Leader { ticks_left: boot.settings.election_timeout_min }
    } else {
        Belief::NoLeader
    };
    Ok(State {
        id: boot.id,
        cluster: boot.cluster,
        settings: boot.settings,
        configurations,
        hard_state: boot.hard_state,
        written: boot.hard_state,
        log,
        snapshot,
        // What is applied was committed; how far else the log is, a leader will tell.
        commit: applied,
        handed: applied,
        applied,
        belief,
        waiting: <_>::default(),
        reads: <_>::default(),
        outbox: Outbox::default(),
    })
}

/// The first configuration, the same on all servers in it (diss. §4.4); without voters, that of a server
/// which is added later.
fn first_configuration(id: NodeId, servers: Vec<NodeId>) -> Result<Membership, BootError> {
    if servers.is_empty() {
        return Ok(Membership::default());
    }
    let first = Membership::new(servers, Vec::new()).map_err(|_| BootError::Servers)?;
    if first.is_voter(id) { Ok(first) } else { Err(BootError::NotAServer(id)) }
}

/// Checks that a log found on disk is one: indexes from the one behind the snapshot on without a gap, terms
/// that never decrease and never exceed currentTerm.
fn check_log(base: Option<Position>, log: &[Entry], current: Term) -> Result<(), BootError> {
    let mut before = base.map(|base| base.index);
    let mut term = base.map_or(Term(0), |base| base.term);
    for entry in log {
        let expected = LogIndex::after(before);
        if entry.index != expected {
            return Err(BootError::LogGap { expected, found: entry.index });
        }
        if entry.term < term || entry.term > current {
            return Err(BootError::LogTerm { index: entry.index, term: entry.term });
        }
        before = Some(entry.index);
        term = entry.term;
    }
    Ok(())
}

/// Reason for which a server does not start: the disk has no state that Figure 2 can reach, or the host
/// asks for a cluster or settings that can't work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootError {
    /// The settings contradict each other.
    Settings(SettingsError),
    /// The first configuration names a server twice.
    Servers,
    /// The server to boot is not one of the cluster.
    NotAServer(NodeId),
    /// The snapshot is one of another cluster.
    ForeignSnapshot(u64),
    /// The snapshot's last entry has a higher term than currentTerm, or is out of reach.
    SnapshotTerm(Position),
    /// The log is not numbered from 1, or the index behind the snapshot, on without gaps.
    LogGap {
        /// The index that was to come.
        expected: LogIndex,
        /// The index that came.
        found: LogIndex,
    },
    /// An entry's term is lower than its predecessor's, or higher than currentTerm.
    LogTerm {
        /// The index of the entry.
        index: LogIndex,
        /// The term found there.
        term: Term,
    },
    /// The state machine has applied more than the log holds.
    AppliedBeyondLog,
    /// The state machine has applied less than the snapshot stands for, and the log in between is gone.
    AppliedBeforeSnapshot,
    /// currentTerm is beyond [`LARGEST`].
    TermOutOfReach(Term),
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BootError::Settings(error) => error.fmt(f),
            BootError::Servers => f.write_str("the first configuration names a server twice"),
            BootError::ForeignSnapshot(cluster) => {
                write!(f, "the snapshot is one of another cluster, number {cluster}")
            }
            BootError::SnapshotTerm(last) => {
                write!(f, "the snapshot ends at {last}, beyond currentTerm or out of reach")
            }
            BootError::NotAServer(id) => write!(f, "{id} is not a server of its own cluster"),
            BootError::LogGap { expected, found } => {
                write!(f, "the log has a gap: entry {expected} was to come, {found} came")
            }
            BootError::LogTerm { index, term } => {
                write!(
                    f,
                    "entry {index} has the impossible term {term}: terms never decrease along a log nor exceed currentTerm"
                )
            }
            BootError::AppliedBeyondLog => {
                f.write_str("the state machine has applied more than the log holds")
            }
            BootError::AppliedBeforeSnapshot => {
                f.write_str("the state machine has applied less than the snapshot stands for")
            }
            BootError::TermOutOfReach(term) => write!(f, "currentTerm {term} is out of reach"),
        }
    }
}

impl core::error::Error for BootError {}
