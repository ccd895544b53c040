//! Settings of a server, and the election timeout drawn from them.

use core::fmt;

use crate::types::{NodeId, Term};

/// Timing and limits of one server (§5.6). A tick is whatever the host makes it: the core only counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Seed of the randomized election timeouts. Servers may share one: the server's identity is mixed in.
    pub seed: u64,
    /// Shortest election timeout, in ticks (§5.2). Default 10.
    pub election_timeout_min: u32,
    /// Longest election timeout, in ticks (§5.2). Default 20.
    pub election_timeout_max: u32,
    /// Ticks between a leader's heartbeats, at least 1 and below the shortest election timeout (§5.2,
    /// §5.6). Default 1.
    pub heartbeat_interval: u32,
    /// Most entries in one AppendEntries (§5.3), at least 1. Default 64.
    pub entries_per_message: u32,
    /// Most bytes of commands in one AppendEntries, at least 1; a single entry may have more. Default 2²⁰.
    pub bytes_per_message: u32,
    /// Most entries sent to a follower and not yet acknowledged by it, at least 1 (diss. §10.2.1). Default
    /// 1,024.
    pub window: u32,
    /// Most uncommitted entries in a leader's log, at least 1; proposals beyond are answered with
    /// [`Answer::Busy`](crate::Answer::Busy). Default 65,536.
    pub uncommitted_limit: u32,
    /// True if a server asks for pre-votes before it stands for election (PreVote, diss. §9.6). All servers
    /// reply to such questions, so it may differ between them. Default false.
    pub pre_vote: bool,
    /// True if a leader steps down when no majority has answered for an election timeout (diss. §6.2), and
    /// a server disregards requests for its vote as long as it hears from a leader (§6, diss. §4.2.3).
    /// Default false.
    pub check_quorum: bool,
    /// The greatest difference in rate between the clocks of two servers, in percent, with which a leader
    /// answers reads from its lease (diss. §6.4.1): beyond, such reads may be stale. Needs `check_quorum`
    /// on every server. Default `None`: no lease reads.
    pub lease_drift: Option<u32>,
    /// The way in which configurations change (§6, diss. ch. 4). Default [`Changes::Shortest`].
    pub changes: Changes,
    /// Rounds in which a joining server may catch up before the change is given up (diss. §4.2.1), at
    /// least 1. Default 10.
    pub catch_up_rounds: u32,
    /// Most bytes of a snapshot in one InstallSnapshot (Figure 13), at least 1. Default 2¹⁶.
    pub snapshot_chunk: u32,
    /// Most entries that the state machine may have been handed and not applied yet, at least 1; the host
    /// then reports how far it is ([`Input::Applied`](crate::Input::Applied)). Default `None`: what a step
    /// hands out is applied with that step.
    pub apply_limit: Option<u32>,
}

/// Way in which a leader goes from one configuration to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Changes {
    /// One voter at a time, in one entry (diss. §4.1); asked for more at once, it refuses.
    Single,
    /// Always by joint consensus, in two entries (§6).
    Joint,
    /// The shortest way: one entry if at most one voter comes or goes, else joint consensus.
    Shortest,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            seed: 1,
            election_timeout_min: 10,
            election_timeout_max: 20,
            heartbeat_interval: 1,
            entries_per_message: 64,
            window: 1_024,
            uncommitted_limit: 65_536,
            bytes_per_message: 1 << 20,
            pre_vote: false,
            check_quorum: false,
            lease_drift: None,
            changes: Changes::Shortest,
            catch_up_rounds: 10,
            snapshot_chunk: 1 << 16,
            apply_limit: None,
        }
    }
}

impl Settings {
    /// Checks that the settings can work together.
    ///
    /// # Errors
    /// The first setting that can't, as a [`SettingsError`].
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.election_timeout_min > self.election_timeout_max {
            return Err(SettingsError::EmptyElectionTimeout);
        }
        if self.heartbeat_interval == 0 || self.heartbeat_interval >= self.election_timeout_min {
            return Err(SettingsError::HeartbeatNotBelowElectionTimeout);
        }
        let limits = [
            self.entries_per_message,
            self.bytes_per_message,
            self.window,
            self.uncommitted_limit,
            self.catch_up_rounds,
            self.snapshot_chunk,
            self.apply_limit.unwrap_or(1),
        ];
        if limits.contains(&0) {
            return Err(SettingsError::ZeroLimit);
        }
        if self.lease_drift.is_some() && !self.check_quorum {
            return Err(SettingsError::LeaseWithoutCheckQuorum);
        }
        if self.lease_drift.is_some() && self.lease() == 0 {
            return Err(SettingsError::LeaseTooShort);
        }
        Ok(())
    }

    /// The length of a lease (diss. §6.4.1): the ticks after it sent a round of heartbeats, which a
    /// majority answered, in which a leader may answer reads; 0 if it may not.
    ///
    /// The servers that answered disregard requests for their vote for `election_timeout_min` of their own
    /// ticks, the first of which may be just due. In that time, at the allowed difference in rate, this
    /// many of the leader's ticks end.
    pub(crate) fn lease(&self) -> u32 {
        let Some(drift) = self.lease_drift else { return 0 };
        let ticks = u64::from(self.election_timeout_min.saturating_sub(1)) * 100;
        // No more than `election_timeout_min`.
        (ticks / (100 + u64::from(drift))) as u32
    }

    /// The election timeout of a server in a term, in ticks (§5.2: chosen randomly from an interval).
    ///
    /// A pure function, so that a history does not shift when a part of it is taken away. Each election has
    /// its own term, so each draws anew; no tick draws.
    ///
    /// # Panics
    /// Perhaps, or the timeout is out of range, for settings that [`Settings::check`] refuses.
    #[must_use]
    pub fn election_timeout(&self, id: NodeId, term: Term) -> u32 {
        let width = u64::from(self.election_timeout_max - self.election_timeout_min) + 1;
        let bits = scramble(self.seed ^ scramble(u64::from(id.0) ^ scramble(term.0)));
        // The remainder is below `width`, which fits.
        self.election_timeout_min + (bits % width) as u32
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
fn scramble(value: u64) -> u64 {
    let mut bits = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Settings that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// The shortest election timeout is longer than the longest.
    EmptyElectionTimeout,
    /// The heartbeat interval is zero, or so long that followers would time out between heartbeats.
    HeartbeatNotBelowElectionTimeout,
    /// A limit of zero would let nothing through.
    ZeroLimit,
    /// Leases rest on what `check_quorum` makes servers do.
    LeaseWithoutCheckQuorum,
    /// The difference between clocks leaves no time in which a lease would hold.
    LeaseTooShort,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SettingsError::EmptyElectionTimeout => {
                "the shortest election timeout is longer than the longest"
            }
            SettingsError::HeartbeatNotBelowElectionTimeout => {
                "the heartbeat interval must be at least one tick and below the shortest election timeout"
            }
            SettingsError::ZeroLimit => {
                "entries, bytes per message, window, uncommitted limit, catch-up rounds, snapshot chunk and apply limit must be at least 1"
            }
            SettingsError::LeaseWithoutCheckQuorum => "lease reads need check-quorum",
            SettingsError::LeaseTooShort => {
                "with clocks that differ so much, the shortest election timeout leaves no time for a lease"
            }
        })
    }
}

impl core::error::Error for SettingsError {}
