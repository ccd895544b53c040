//! The command line.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::client::{Client, ClientError, Options};
use crate::cluster::{Cluster, Plan};
use crate::config::Config;
use crate::types::{Joiner, Members, Value};

use crate::node::Node;
use crate::tls::Files;

mod args;
mod offline;
mod screen;

use args::{Change, Cli, Command, To};

/// Exit code of a key that is not there, or a compare-and-swap that found another value.
const NO: u8 = 1;
/// Exit code of wrong usage, a configuration that makes no sense, or data that is damaged.
const WRONG: u8 = 2;
/// Exit code of a cluster that gives no answer, or refuses.
const UNANSWERED: u8 = 3;

impl To {
    fn client(&self) -> Result<Client, Failure> {
        if !self.patience.is_finite() || self.patience <= 0.0 || self.patience > 1e6 {
            let text = "--patience: expected seconds, more than 0";
            return Err(Failure(WRONG, text.to_string()));
        }
        let token = match &self.token_file {
            Some(path) => Some(
                crate::config::token_of(path).map_err(|error| Failure(WRONG, error.to_string()))?,
            ),
            None => None,
        };
        let tls = match (&self.certificate, &self.key_file, &self.authority) {
            (Some(certificate), Some(key), Some(authority)) => Some(Files {
                certificate: certificate.clone(),
                key: key.clone(),
                authority: authority.clone(),
            }),
            _ => None,
        };
        let patience = Duration::from_secs_f64(self.patience);
        let client = Client::new(self.to.clone(), Options { patience, token, tls });
        client.map_err(Failure::from)
    }
}

/// An exit code, and what is printed with it.
#[derive(Debug)]
struct Failure(u8, String);

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        let code = match &error {
            ClientError::Unusable(_) => WRONG,
            ClientError::Refused(_) | ClientError::TimedOut { .. } | ClientError::Strange(_) => {
                UNANSWERED
            }
        };
        Failure(code, error.to_string())
    }
}

impl From<io::Error> for Failure {
    /// A reader that has gone, as `head` does, is the end of the work and no error.
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Failure(0, String::new())
        } else {
            Failure(UNANSWERED, error.to_string())
        }
    }
}

/// Runs the program with its arguments.
#[must_use]
pub fn run() -> ExitCode {
    match execute(Cli::parse().command) {
        Ok(code) => ExitCode::from(code),
        Err(Failure(code, text)) => {
            if !text.is_empty() {
                // Standard error may be closed.
                let _ = writeln!(io::stderr(), "error: {text}");
            }
            ExitCode::from(code)
        }
    }
}

fn execute(command: Command) -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    match command {
        Command::Demo { port, servers } => block_on("warn", demo(servers, port)),
        Command::Start { config, overrides } => {
            let config = Config::load(&config, &overrides)
                .map_err(|error| Failure(WRONG, error.to_string()))?;
            block_on("info", start(config))
        }
        Command::Get { key, stale, to } => {
            let mut client = to.client()?;
            let value = if stale { client.get_stale(&key)? } else { client.get(&key)? };
            let Some(value) = value else { return Ok(NO) };
            out.write_all(&value)?;
            out.write_all(b"\n")?;
            Ok(0)
        }
        Command::Put { key, value, to } => {
            let written = to.client()?.put(&key, value.as_bytes())?;
            writeln!(out, "index {}", written.index)?;
            Ok(0)
        }
        Command::Delete { key, to } => {
            let written = to.client()?.delete(&key)?;
            if written.existed {
                writeln!(out, "index {}", written.index)?;
            }
            Ok(if written.existed { 0 } else { NO })
        }
        Command::Cas { key, expected, value, absent, to } => {
            let (expected, value) = match value {
                Some(value) => (Some(expected), value),
                None => (None, expected),
            };
            debug_assert_eq!(absent, expected.is_none());
            let expected = expected.as_deref().map(str::as_bytes);
            match to.client()?.cas(&key, expected, Some(value.as_bytes()))? {
                Ok(written) => {
                    writeln!(out, "index {}", written.index)?;
                    Ok(0)
                }
                Err(Some(actual)) => {
                    writeln!(out, "holds {}", String::from_utf8_lossy(&actual))?;
                    Ok(NO)
                }
                Err(None) => {
                    writeln!(out, "is not there")?;
                    Ok(NO)
                }
            }
        }
        Command::Scan { prefix, to } => {
            for item in to.client()?.scan(&prefix)? {
                writeln!(out, "{}\t{}", item.key, shown(&item.value))?;
            }
            Ok(0)
        }
        Command::Watch { prefix, from, to } => {
            for change in to.client()?.watch(&prefix, from)? {
                let change = change?;
                match (&change.value.value, &change.value.base64) {
                    (None, None) => writeln!(out, "{}\tdelete\t{}", change.index, change.key)?,
                    _ => {
                        let value = shown(&change.value);
                        writeln!(out, "{}\tput\t{}\t{value}", change.index, change.key)?;
                    }
                }
                out.flush()?;
            }
            Err(Failure(UNANSWERED, "the server has ended the watch".to_string()))
        }
        Command::Members { action, to } => {
            let mut client = to.client()?;
            match action {
                None => {}
                Some(Change::Add { id, peer, api, learner }) => {
                    client.add(id, &Joiner { peer, api, learner })?;
                }
                Some(Change::Remove { id }) => {
                    client.remove(id)?;
                }
                Some(Change::Set { voters, learners }) => {
                    client.set_members(&Members { voters, learners, outgoing: Vec::new() })?;
                }
            }
            let Members { voters, learners, outgoing } = client.members()?;
            writeln!(out, "voters {}", numbers(&voters))?;
            if !outgoing.is_empty() {
                writeln!(out, "outgoing {}", numbers(&outgoing))?;
            }
            if !learners.is_empty() {
                writeln!(out, "learners {}", numbers(&learners))?;
            }
            Ok(0)
        }
        Command::Transfer { id, to } => {
            to.client()?.transfer(id)?;
            writeln!(out, "S{id} leads")?;
            Ok(0)
        }
        Command::Snapshot { to } => {
            to.client()?.snapshot()?;
            writeln!(out, "done")?;
            Ok(0)
        }
        Command::Status { watch, json, to } => {
            let mut client = to.client()?;
            // Servers that are not named are asked as well, if one that is named knows them.
            let found = client.discover();
            if watch {
                drop(out);
                screen::run(&mut client)?;
                return Ok(0);
            }
            screen::print(&mut client, json, &mut out)?;
            found?;
            Ok(0)
        }
        Command::Inspect { dir, entries } => offline::inspect(&dir, entries, &mut out),
        Command::Fsck { dir } => offline::fsck(&dir, &mut out),
    }
}

fn shown(value: &Value) -> String {
    match (&value.value, &value.base64) {
        (Some(text), _) => text.clone(),
        (None, Some(base64)) => format!("base64:{base64}"),
        (None, None) => String::new(),
    }
}

fn numbers(servers: &[u32]) -> String {
    let names: Vec<String> = servers.iter().map(|id| format!("S{id}")).collect();
    names.join(" ")
}

/// Runs a server's tasks. Its log is that of `RUST_LOG`, or of this level.
fn block_on(log: &str, work: impl Future<Output = Result<u8, Failure>>) -> Result<u8, Failure> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(log));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    // A program that embeds this one may have a log of its own.
    let _ = log.try_init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(work)
}

async fn start(config: Config) -> Result<u8, Failure> {
    let mut node = Node::start(&config).await.map_err(|error| Failure(WRONG, error.to_string()))?;
    tracing::info!(id = %config.id, api = %config.own().api, peer = %config.own().peer, "started");
    tokio::select! {
        () = stopped() => {
            tracing::info!("stopping");
            node.stop().await;
            Ok(0)
        }
        () = node.ended() => Err(Failure(UNANSWERED, "the server has stopped; the log says why".to_string())),
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}

async fn demo(servers: u32, port: u16) -> Result<u8, Failure> {
    let data = std::env::temp_dir().join(format!("raft-node-demo-{}", std::process::id()));
    let plan = Plan { servers, port: Some(port), ..Plan::new(&data) };
    let started = Cluster::start(&plan).await;
    let cluster = started.map_err(|error| Failure(WRONG, error.to_string()))?;
    let leader = cluster.leader().await;
    let mut out = io::stdout();
    writeln!(out, "{servers} servers run in this process, with data in {}.", data.display())?;
    for (id, addresses) in cluster.addresses() {
        let leads = if leader == Some(id) { ", which leads" } else { "" };
        writeln!(out, "  {id}  http://{}{leads}", addresses.api)?;
    }
    let all = cluster.apis();
    let own = if all == ["127.0.0.1:8101", "127.0.0.1:8102", "127.0.0.1:8103"] {
        String::new()
    } else {
        format!("export RAFT_NODE_SERVERS={}\n  ", all.join(","))
    };
    let first = all.first().cloned().unwrap_or_default();
    writeln!(
        out,
        "\nTry in another terminal:\n  {own}raft-node put greeting hello\n  raft-node get greeting\n  \
         raft-node status --watch\n  raft-node transfer 2\n  \
         curl -L -X PUT --data hello http://{first}/v1/keys/greeting\n  \
         curl -L http://{first}/v1/keys/greeting\n\nCtrl-C ends it."
    )?;
    stopped().await;
    cluster.stop().await;
    std::fs::remove_dir_all(&data)?;
    Ok(0)
}
