//! What a host may set, and the election timeout drawn from it.

use core::fmt;

use crate::types::{NodeId, Term};

/// Timing and limits of one server (§5.6). A tick is whatever the host makes it: the core only counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Most entries in one AppendEntries (§5.3), at least 1. Their size in bytes is not limited. Default 64.
    pub entries_per_message: u32,
    /// Most entries sent to a follower and not yet acknowledged by it, at least 1 (diss. §10.2.1). Default
    /// 1,024.
    pub window: u32,
    /// Most uncommitted entries in a leader's log, at least 1; proposals beyond are answered with
    /// [`Answer::Busy`](crate::Answer::Busy). Default 65,536.
    pub uncommitted_limit: u32,
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
        }
    }
}

impl Settings {
    /// Whether the settings can work together.
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
        if self.entries_per_message == 0 || self.window == 0 || self.uncommitted_limit == 0 {
            return Err(SettingsError::ZeroLimit);
        }
        Ok(())
    }

    /// The election timeout of a server in a term, in ticks (§5.2: chosen randomly from an interval).
    ///
    /// A pure function, so that a history does not shift when something else in it is taken away. Each
    /// election has its own term, so each draws anew; no tick draws.
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
                "entries per message, window and uncommitted limit must be at least 1"
            }
        })
    }
}

impl core::error::Error for SettingsError {}
