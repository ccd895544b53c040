//! Bodies of requests and answers, the same for the server and its clients.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// Header with the number of a client's session.
pub const SESSION: &str = "raft-session";
/// Header with the serial number of a command in its session.
pub const SERIAL: &str = "raft-serial";
/// Header with the time that a request may take, in milliseconds.
pub const TIMEOUT: &str = "raft-timeout-ms";
/// Header of a request that a follower hands on to the leader.
pub const FORWARDED: &str = "raft-forwarded";
/// Header with the index of the log after which an answer was given.
pub const INDEX: &str = "raft-index";

/// Bytes of a value: a text if they are one, else base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The bytes in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Value {
        match std::str::from_utf8(bytes) {
            Ok(text) => Value { value: Some(text.to_string()), base64: None },
            Err(_) => Value { value: None, base64: Some(STANDARD.encode(bytes)) },
        }
    }
}

impl Value {
    /// The bytes; `None` if there is neither form.
    ///
    /// # Errors
    /// If the base64 is none.
    pub fn bytes(&self) -> Result<Option<Vec<u8>>, base64::DecodeError> {
        match (&self.value, &self.base64) {
            (Some(text), _) => Ok(Some(text.clone().into_bytes())),
            (None, Some(base64)) => STANDARD.decode(base64).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// Answer to a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The index of the command in the log: the version of the value from now on.
    pub index: u64,
    /// True if the key was there before.
    pub existed: bool,
}

/// Compare-and-swap: sets the key to `value` if it holds `expected`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    /// The value that the key must have; `null` if it must not be there.
    pub expected: Option<Value>,
    /// The new value; `null` to remove the key.
    pub value: Option<Value>,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The key.
    pub key: String,
    /// The value.
    #[serde(flatten)]
    pub value: Value,
    /// The index of the command that set it.
    pub version: u64,
}

/// Keys with a prefix, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// The keys.
    pub items: Vec<Item>,
    /// True if there are more behind them: ask again, `after` the last one.
    pub more: bool,
}

/// A change of a key, one line of a watch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The index of the command.
    pub index: u64,
    /// The key.
    pub key: String,
    /// The new value; neither form if the key was removed.
    #[serde(flatten)]
    pub value: Value,
}

/// A session that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its number.
    pub session: u64,
}

/// Servers of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// Those that vote.
    pub voters: Vec<u32>,
    /// Those that receive the log without a vote.
    #[serde(default)]
    pub learners: Vec<u32>,
    /// The voters of the configuration before, while joint consensus lasts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outgoing: Vec<u32>,
}

/// A server to be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joiner {
    /// Its address for other servers.
    pub peer: String,
    /// Its address for clients.
    pub api: String,
    /// True if it is to receive the log without a vote.
    #[serde(default)]
    pub learner: bool,
}

/// A transfer of leadership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The server that is to lead.
    pub to: u32,
}

/// Index of an administrator's change in the log, if it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The index.
    pub index: Option<u64>,
}

/// Entry of the log, for readers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its index.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// Its kind: `noop`, `command`, `membership`, `register`.
    pub kind: String,
    /// Its content in words.
    pub text: String,
    /// True if it is committed.
    pub committed: bool,
}

/// Part of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The index before the first entry that the server has: the last that its snapshot stands for, or 0.
    pub base: u64,
    /// The commit index.
    pub commit: u64,
    /// The entries.
    pub entries: Vec<LogEntry>,
}

/// Addresses of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its number.
    pub id: u32,
    /// Its address for other servers.
    pub peer: String,
    /// Its address for clients.
    pub api: String,
}

/// State of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its number.
    pub id: u32,
    /// The number of its cluster.
    pub cluster: u64,
    /// `follower`, `pre-candidate`, `candidate` or `leader`.
    pub role: String,
    /// Its current term.
    pub term: u64,
    /// Its vote in that term.
    pub voted_for: Option<u32>,
    /// The leader, if it knows one.
    pub leader: Option<u32>,
    /// Its commit index.
    pub commit: u64,
    /// The last index that its state machine has applied.
    pub applied: u64,
    /// The last index of its log.
    pub last: u64,
    /// The last index that its snapshot stands for.
    pub snapshot: u64,
    /// The configuration in force.
    pub members: Members,
    /// The addresses of the servers that it knows.
    pub servers: Vec<Server>,
    /// Followers, if it leads.
    pub peers: Vec<Peer>,
    /// Milliseconds since it heard from its leader, if it follows one.
    pub heard_ms: Option<u64>,
    /// Its election timeout in this term, in milliseconds.
    pub election_ms: u64,
    /// Requests that wait for an answer.
    pub waiting: u64,
    /// True if it knows a leader, its disk has space, and its state machine is loaded.
    pub healthy: bool,
    /// True if its disk is full, and it takes no writes.
    pub disk_full: bool,
    /// The last entries of its log.
    pub recent: Vec<LogEntry>,
}

/// Knowledge of a leader about a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The server.
    pub id: u32,
    /// The last index known to be on its disk.
    pub matched: u64,
    /// The next index to be sent.
    pub next: u64,
}

/// Health of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// True if it can be asked.
    pub healthy: bool,
    /// The leader, if it knows one.
    pub leader: Option<u32>,
}

/// A problem, as RFC 9457 has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Its kind: `urn:raft-node:` and a word.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its kind in words.
    pub title: String,
    /// The status of HTTP.
    pub status: u16,
    /// What is wrong here.
    pub detail: String,
    /// The leader, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<u32>,
    /// The value that a key holds instead of the expected one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
}
