//! Configuration of a server: from a file, the environment and flags, each of which overrides what comes before it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use raft_core::NodeId;
use serde::Deserialize;

use crate::tls::Files;

mod overrides;
#[cfg(test)]
mod tests;

pub use overrides::Overrides;

/// Configuration of one server, complete and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// This server.
    pub id: NodeId,
    /// The number of the cluster, the same on all of its servers.
    pub cluster: u64,
    /// The directory of this server alone.
    pub data: PathBuf,
    /// The servers of the first configuration, and those that this one must be able to reach.
    pub servers: BTreeMap<NodeId, Addresses>,
    /// True if this server is added to a cluster that runs: it waits until a leader sends it the log.
    pub join: bool,
    /// Ticks and timeouts.
    pub timing: Timing,
    /// Limits.
    pub limits: Limits,
    /// The way between servers.
    pub transport: Kind,
    /// Behaviour of a server that does not lead, asked by a client for what only a leader does.
    pub follower: Follower,
    /// TLS between servers, and of the API.
    pub tls: Tls,
    /// The bearer token that clients must show.
    pub token: Option<String>,
    /// True if addresses beyond loopback may be listened at without TLS or a token.
    pub allow_remote: bool,
    /// The file for events in the form of `raft-sim check-trace`.
    pub trace: Option<PathBuf>,
}

/// Addresses of a server, each `host:port`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// For other servers.
    pub peer: String,
    /// For clients.
    pub api: String,
}

impl Addresses {
    /// Checks that both are addresses.
    ///
    /// # Errors
    /// [`ConfigError`], with the one that is none.
    pub fn check(&self) -> Result<(), ConfigError> {
        for (name, address) in [("peer", &self.peer), ("api", &self.api)] {
            if !is_address(address) {
                let text =
                    format!("`{name}` is {address:?}; expected host:port, as 127.0.0.1:7101");
                return wrong(text);
            }
        }
        Ok(())
    }
}

/// Ticks and timeouts, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timing {
    /// Length of a tick.
    pub tick_ms: u32,
    /// Time between heartbeats.
    pub heartbeat_ms: u32,
    /// Shortest election timeout.
    pub election_min_ms: u32,
    /// Longest election timeout.
    pub election_max_ms: u32,
    /// Time after which a client's request is answered with "unknown".
    pub request_ms: u32,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            tick_ms: 10,
            heartbeat_ms: 30,
            election_min_ms: 150,
            election_max_ms: 300,
            request_ms: 5_000,
        }
    }
}

impl Timing {
    /// The length of a tick.
    #[must_use]
    pub fn tick(&self) -> Duration {
        Duration::from_millis(u64::from(self.tick_ms))
    }

    /// The ticks in this many milliseconds, at least one.
    #[must_use]
    pub fn ticks(&self, ms: u32) -> u32 {
        (ms / self.tick_ms.max(1)).max(1)
    }
}

/// Limits of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Length of a file of the log, in bytes.
    pub segment_bytes: u32,
    /// Bytes of log after which a snapshot is taken, and the log before it removed. Without it, on request alone.
    pub snapshot_bytes: Option<u64>,
    /// Client sessions that are remembered; the same on all servers.
    pub sessions: u32,
    /// Requests under way at a time, beyond which more are refused.
    pub requests: u32,
    /// Greatest difference in rate between the clocks of two servers, in percent, with which `lease` reads are answered
    /// without a round of heartbeats; without it they are `linearizable` reads.
    pub lease_drift_percent: Option<u32>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            segment_bytes: 16 << 20,
            snapshot_bytes: Some(64 << 20),
            sessions: 10_000,
            requests: 4_096,
            lease_drift_percent: None,
        }
    }
}

/// Way between servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Frames over TCP.
    #[default]
    Tcp,
    /// Frames over HTTP.
    Http,
    /// Frames over TCP, passed on by other servers.
    Gossip,
}

/// Behaviour of a server that does not lead and is asked for what only a leader does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Follower {
    /// Redirects the client to the leader (307).
    #[default]
    Redirect,
    /// Asks the leader itself, and hands its answer on.
    Forward,
}

/// Files of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// Between servers: both sides show a certificate.
    pub peer: Option<Files>,
    /// Of the API: clients show a certificate, too.
    pub api: Option<Files>,
}

/// Configuration as the file has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    id: Option<u32>,
    #[serde(default = "one")]
    cluster: u64,
    #[serde(default)]
    data: Option<PathBuf>,
    #[serde(default)]
    servers: BTreeMap<String, Addresses>,
    #[serde(default)]
    join: bool,
    #[serde(default)]
    timing: Timing,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    transport: Kind,
    #[serde(default)]
    follower: Follower,
    #[serde(default)]
    tls: Tls,
    #[serde(default)]
    token_file: Option<PathBuf>,
    #[serde(default)]
    allow_remote: bool,
    #[serde(default)]
    trace: Option<PathBuf>,
}

fn one() -> u64 {
    1
}

/// Configuration that can't be used: where it comes from, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

fn wrong<T>(text: impl Into<String>) -> Result<T, ConfigError> {
    Err(ConfigError(text.into()))
}

impl Config {
    /// Reads a file, and lets the overrides have their way.
    ///
    /// # Errors
    /// [`ConfigError`], if the file can't be read or does not make sense, with its name and line.
    pub fn load(path: &Path, overrides: &Overrides) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError(format!("{}: {error}", path.display())))?;
        Config::parse(&text, overrides)
            .map_err(|ConfigError(text)| ConfigError(format!("{}: {text}", path.display())))
    }

    /// Reads the text of a file, and lets the overrides have their way.
    ///
    /// # Errors
    /// [`ConfigError`], as [`Config::load`].
    pub fn parse(text: &str, overrides: &Overrides) -> Result<Config, ConfigError> {
        let file: File =
            toml::from_str(text).map_err(|error| ConfigError(error.to_string().trim().into()))?;
        let Some(id) = overrides.id.or(file.id) else {
            return wrong("no server is named: use --id, RAFT_NODE_ID, or `id` in the file");
        };
        let id = NodeId(id);
        let mut servers = servers(file.servers)?;
        if let Some(own) = servers.get_mut(&id) {
            own.peer = overrides.peer.clone().unwrap_or_else(|| own.peer.clone());
            own.api = overrides.api.clone().unwrap_or_else(|| own.api.clone());
        } else if let (Some(peer), Some(api)) = (&overrides.peer, &overrides.api) {
            servers.insert(id, Addresses { peer: peer.clone(), api: api.clone() });
        } else {
            let text = format!("[servers] has no `{}`, which is this server", id.0);
            return wrong(text);
        }
        let token_file = overrides.token_file.clone().or(file.token_file);
        let token = match (&overrides.token, token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(path)) => Some(token_of(&path)?),
            (None, None) => None,
        };
        let data = overrides.data.clone().or(file.data);
        let timing = Timing {
            tick_ms: overrides.tick_ms.unwrap_or(file.timing.tick_ms),
            heartbeat_ms: overrides.heartbeat_ms.unwrap_or(file.timing.heartbeat_ms),
            election_min_ms: overrides.election_min_ms.unwrap_or(file.timing.election_min_ms),
            election_max_ms: overrides.election_max_ms.unwrap_or(file.timing.election_max_ms),
            request_ms: overrides.request_ms.unwrap_or(file.timing.request_ms),
        };
        let config = Config {
            id,
            cluster: overrides.cluster.unwrap_or(file.cluster),
            data: data.unwrap_or_else(|| PathBuf::from("data")).join(id.0.to_string()),
            servers,
            join: file.join || overrides.join,
            timing,
            limits: file.limits,
            transport: overrides.transport.unwrap_or(file.transport),
            follower: overrides.follower.unwrap_or(file.follower),
            tls: file.tls,
            token,
            allow_remote: file.allow_remote || overrides.allow_remote,
            trace: overrides.trace.clone().or(file.trace),
        };
        config.check()?;
        Ok(config)
    }

    /// This server's addresses.
    #[must_use]
    pub fn own(&self) -> &Addresses {
        &self.servers[&self.id]
    }

    /// Settings of the core.
    #[must_use]
    pub fn settings(&self) -> raft_core::Settings {
        let timing = &self.timing;
        raft_core::Settings {
            seed: self.cluster,
            election_timeout_min: timing.ticks(timing.election_min_ms),
            election_timeout_max: timing.ticks(timing.election_max_ms),
            heartbeat_interval: timing.ticks(timing.heartbeat_ms),
            entries_per_message: 1_024,
            bytes_per_message: 256 << 10,
            window: 8_192,
            snapshot_chunk: 256 << 10,
            pre_vote: true,
            check_quorum: true,
            lease_drift: self.limits.lease_drift_percent,
            ..raft_core::Settings::default()
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.id.0 == 0 {
            return wrong("`id` must be at least 1");
        }
        let timing = &self.timing;
        for (name, ms) in [
            ("tick_ms", timing.tick_ms),
            ("heartbeat_ms", timing.heartbeat_ms),
            ("request_ms", timing.request_ms),
        ] {
            if ms == 0 {
                return wrong(format!("`timing.{name}` must be at least 1"));
            }
        }
        if let Err(error) = self.settings().check() {
            return wrong(format!("[timing] or [limits]: {error}"));
        }
        if !(4 << 10..=1 << 30).contains(&self.limits.segment_bytes) {
            return wrong("`limits.segment_bytes` must be from 4096 to 1073741824");
        }
        let mut seen: BTreeMap<&str, String> = BTreeMap::new();
        for (id, addresses) in &self.servers {
            addresses.check().map_err(|ConfigError(text)| ConfigError(format!("{id}: {text}")))?;
            for (name, address) in [("peer", &addresses.peer), ("api", &addresses.api)] {
                let place = format!("`{name}` of {id}");
                if address.ends_with(":0") {
                    continue;
                }
                if let Some(other) = seen.insert(address, place.clone()) {
                    return wrong(format!("{place} is {address}, which is {other} already"));
                }
            }
        }
        self.check_reach()
    }

    /// Refuses to listen beyond loopback without protection.
    fn check_reach(&self) -> Result<(), ConfigError> {
        if self.allow_remote {
            return Ok(());
        }
        let own = self.own();
        let api = self.tls.api.is_some();
        for (name, address, safe) in
            [("peer", &own.peer, self.tls.peer.is_some()), ("api", &own.api, api)]
        {
            if !safe && !is_loopback(address) {
                return wrong(format!(
                    "`{name}` is {address}, which others than this machine can reach, without [tls.{name}]; \
                     set that, or --allow-remote if the network is trusted"
                ));
            }
        }
        Ok(())
    }
}

fn servers(file: BTreeMap<String, Addresses>) -> Result<BTreeMap<NodeId, Addresses>, ConfigError> {
    let mut servers = BTreeMap::new();
    for (name, addresses) in file {
        match name.parse::<u32>() {
            Ok(id) if id > 0 && id.to_string() == name => {
                servers.insert(NodeId(id), addresses);
            }
            Ok(_) | Err(_) => {
                let text = format!("[servers] has {name:?}; expected a number from 1 on");
                return wrong(text);
            }
        }
    }
    Ok(servers)
}

pub(crate) fn token_of(path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError(format!("token_file {}: {error}", path.display())))?;
    let token = text.trim();
    if token.is_empty() || token.contains(char::is_whitespace) {
        return wrong(format!("token_file {}: expected one token without spaces", path.display()));
    }
    Ok(token.to_string())
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// Returns whether an address can be reached from this machine alone. A name counts if all that it stands for does.
fn is_loopback(address: &str) -> bool {
    let Ok(all) = address.to_socket_addrs() else { return false };
    let all: Vec<IpAddr> = all.map(|address| address.ip()).collect();
    !all.is_empty() && all.iter().all(IpAddr::is_loopback)
}
