//! Arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Overrides;

/// A Raft server, and what one needs to use it.
#[derive(Debug, Parser)]
#[command(name = "raft-node", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run three servers in this process, with data that is gone afterwards, and say what to try
    Demo {
        /// Port of the first server's API; the others have the next ones
        #[arg(long, default_value_t = 8101)]
        port: u16,
        /// Number of servers
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=9))]
        servers: u32,
    },
    /// Run a server of a cluster
    Start {
        /// Configuration file; docs/node.md has all of it
        #[arg(long, env = "RAFT_NODE_CONFIG", value_name = "FILE")]
        config: PathBuf,
        #[command(flatten)]
        overrides: Overrides,
    },
    /// Print the value of a key
    Get {
        /// Key
        key: String,
        /// Ask one server, which may be behind
        #[arg(long)]
        stale: bool,
        #[command(flatten)]
        to: To,
    },
    /// Set the value of a key
    Put {
        /// Key
        key: String,
        /// Value
        value: String,
        #[command(flatten)]
        to: To,
    },
    /// Remove a key
    Delete {
        /// Key
        key: String,
        #[command(flatten)]
        to: To,
    },
    /// Set a key if it holds what is expected
    Cas {
        /// Key
        key: String,
        /// Value that it must have; with --absent the new value
        expected: String,
        /// New value
        #[arg(required_unless_present = "absent", conflicts_with = "absent")]
        value: Option<String>,
        /// The key must not be there
        #[arg(long)]
        absent: bool,
        #[command(flatten)]
        to: To,
    },
    /// Print the keys with a prefix, and their values
    Scan {
        /// Prefix
        #[arg(default_value = "")]
        prefix: String,
        #[command(flatten)]
        to: To,
    },
    /// Print what changes, until interrupted
    Watch {
        /// Prefix of the keys
        #[arg(default_value = "")]
        prefix: String,
        /// First index of the log; without it, from now on
        #[arg(long)]
        from: Option<u64>,
        #[command(flatten)]
        to: To,
    },
    /// Print or change the servers of the cluster
    Members {
        #[command(subcommand)]
        action: Option<Change>,
        #[command(flatten)]
        to: To,
    },
    /// Let another server lead
    Transfer {
        /// Server
        id: u32,
        #[command(flatten)]
        to: To,
    },
    /// Let the server that is asked take a snapshot, and remove its log up to there
    Snapshot {
        #[command(flatten)]
        to: To,
    },
    /// Print the state of all servers
    Status {
        /// Show it on a screen, until `q` is pressed
        #[arg(long)]
        watch: bool,
        /// Print it as JSON
        #[arg(long, conflicts_with = "watch")]
        json: bool,
        #[command(flatten)]
        to: To,
    },
    /// Print what a data directory holds; the server need not run
    Inspect {
        /// Data directory of one server
        dir: PathBuf,
        /// Entries of the log that are printed, from the last one back
        #[arg(long, default_value_t = 10)]
        entries: usize,
    },
    /// Check a data directory: every record, every sum
    Fsck {
        /// Data directory of one server
        dir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Change {
    /// Add a server, which runs with --join
    Add {
        /// Its number
        id: u32,
        /// Its address for other servers
        #[arg(long)]
        peer: String,
        /// Its address for clients
        #[arg(long)]
        api: String,
        /// It receives the log without a vote
        #[arg(long)]
        learner: bool,
    },
    /// Remove a server
    Remove {
        /// Its number
        id: u32,
    },
    /// Change to a complete new configuration
    Set {
        /// Servers that vote
        #[arg(required = true)]
        voters: Vec<u32>,
        /// Servers that receive the log without a vote
        #[arg(long, value_delimiter = ',')]
        learners: Vec<u32>,
    },
}

/// The cluster that is asked.
#[derive(Clone, Debug, Args)]
pub(super) struct To {
    /// APIs of servers; some suffice
    #[arg(
        long,
        env = "RAFT_NODE_SERVERS",
        value_name = "HOST:PORT",
        value_delimiter = ',',
        default_value = "127.0.0.1:8101,127.0.0.1:8102,127.0.0.1:8103"
    )]
    pub(super) to: Vec<String>,
    /// Seconds after which it is given up
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS")]
    pub(super) patience: f64,
    /// File with the bearer token
    #[arg(long, env = "RAFT_NODE_TOKEN_FILE", value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// Certificate of the client, in PEM
    #[arg(long, requires_all = ["key_file", "authority"], value_name = "FILE")]
    pub(super) certificate: Option<PathBuf>,
    /// Private key of the client, in PEM
    #[arg(long, requires = "certificate", value_name = "FILE")]
    pub(super) key_file: Option<PathBuf>,
    /// Certificates of the authorities, in PEM
    #[arg(long, requires = "certificate", value_name = "FILE")]
    pub(super) authority: Option<PathBuf>,
}
