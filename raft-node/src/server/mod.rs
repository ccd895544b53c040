//! A server: a host, driven by one task, with the disk, the clock and the network of an operating system.
//!
//! [`Server::start`] boots it. A [`Handle`] hands it requests: each is a future that ends with its answer. Nothing else
//! touches the host, and no lock is held over a file or a socket.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use raft_core::{Entry, LogIndex, NodeId, SessionId};
use raft_host::{Host, Machine, Reply, Request};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::config::{Addresses, Config};
use crate::disk::{Directory, Owner};
use crate::machine::replicated::{self, Replicated};
use crate::trace::Recorder;
use crate::transport::{Book, Inbox, Packet, Transport};

mod driver;
mod status;

pub use status::{News, Peer, Status};

/// Requests and packets that wait for the host, at most.
const QUEUE: usize = 8_192;
/// Time that a transfer of leadership may take when a server stops.
const HANDOVER: Duration = Duration::from_secs(2);

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    handle: Handle,
    task: JoinHandle<()>,
}

/// Way to a server's host. Clones lead to the same one.
#[derive(Clone, Debug)]
pub struct Handle {
    id: NodeId,
    deadline: Duration,
    tick: Duration,
    inputs: mpsc::Sender<Input>,
    news: watch::Receiver<News>,
}

/// Something that a handle wants of the host.
enum Input {
    Request { request: Request, deadline: u32, answer: oneshot::Sender<Reply> },
    Status(oneshot::Sender<Status>),
    Log { from: Option<LogIndex>, limit: usize, answer: oneshot::Sender<Vec<Entry>> },
    Stop,
}

/// Reason why a server does not start.
#[derive(Debug)]
pub struct StartError(pub String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// The two ends of what arrives: the transport's, and the one that a server is started with.
#[must_use]
pub fn inbox() -> (Inbox, mpsc::Receiver<Packet>) {
    mpsc::channel(QUEUE)
}

impl Server {
    /// Boots a server from its data directory, and lets it run. `book` is that of the transport, `arrivals` the other end of its
    /// inbox. To be called within a tokio runtime.
    ///
    /// # Errors
    /// If the directory is in use or damaged, or the state machine does not take its snapshot.
    pub fn start<M>(
        config: &Config,
        machine: M,
        transport: Arc<dyn Transport>,
        book: Book,
        arrivals: mpsc::Receiver<Packet>,
    ) -> Result<Server, StartError>
    where
        M: Machine + Send + 'static,
        M::Frozen: Send,
    {
        let wrong = |error: &dyn fmt::Display| StartError(error.to_string());
        let owner = Owner { cluster: config.cluster, server: config.id };
        let directory = Directory::open(&config.data, owner).map_err(|error| wrong(&error))?;
        let options = options(config);
        let voters = options.servers.clone();
        let (host, notes) = Host::boot(options, &mut directory.files(), Replicated::new(machine))
            .map_err(|error| {
            StartError(format!("data directory {}: {error}", directory.path().display()))
        })?;
        for note in notes {
            tracing::warn!("{note}");
        }
        let recorder = match &config.trace {
            Some(path) => Some(
                Recorder::start(path, host.node(), &voters)
                    .map_err(|error| StartError(format!("trace {}: {error}", path.display())))?,
            ),
            None => None,
        };
        let (inputs, queue) = mpsc::channel(QUEUE);
        let (report, news) = watch::channel(News::default());
        let driver =
            driver::Driver::new(config, host, transport, book, recorder, report, directory)
                .map_err(|error| wrong(&error))?;
        let handle = Handle {
            id: config.id,
            deadline: Duration::from_millis(u64::from(config.timing.request_ms)),
            tick: config.timing.tick(),
            inputs,
            news,
        };
        let task = tokio::spawn(driver.run(queue, arrivals));
        Ok(Server { handle, task })
    }

    /// A way to the server.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops the server: hands leadership over first, if it leads, and ends when all that it took is on the disk.
    pub async fn stop(self) {
        if let Ok(status) = self.handle.status().await
            && status.role == "leader"
            && let Some(to) = status.successor()
        {
            let request = Request::TransferLeadership(to);
            let reply = self.handle.request_within(request, HANDOVER).await;
            tracing::info!(%to, ?reply, "leadership handed over");
        }
        // It may have stopped by itself.
        let _ = self.handle.inputs.send(Input::Stop).await;
        let _ = self.task.await;
    }

    /// Waits until the server has stopped by itself, for a reason that it has logged.
    pub async fn ended(&mut self) {
        let _ = (&mut self.task).await;
    }

    /// Ends the server at once, as if its process were killed: nothing is handed over or said. For tests.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// What the host is told.
fn options(config: &Config) -> raft_host::Options {
    let settings = config.settings();
    let voters: Vec<NodeId> =
        if config.join { Vec::new() } else { config.servers.keys().copied().collect() };
    let mut options = raft_host::Options::new(config.id, config.cluster, voters);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    options.life = u64::try_from(since.as_nanos()).unwrap_or_default();
    options.settings = settings;
    options.sessions = config.limits.sessions;
    options.segment = config.limits.segment_bytes;
    options.snapshot_after = config.limits.snapshot_bytes;
    options.patience = Some(settings.election_timeout_max);
    options.limits.requests = config.limits.requests as usize;
    options.observe = config.trace.is_some();
    options
}

/// A request that has no answer: the server has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server has stopped")
    }
}

impl std::error::Error for Ended {}

impl Handle {
    /// The server.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Hands in a request of the host, and waits for its answer, at most as long as a request may take. Commands are those of
    /// [`Handle::command`] and [`Handle::once`].
    pub async fn request(&self, request: Request) -> Reply {
        self.request_within(request, self.deadline).await
    }

    /// The same, with a deadline.
    pub async fn request_within(&self, request: Request, deadline: Duration) -> Reply {
        let ticks = deadline.as_millis() / self.tick.as_millis().max(1);
        let deadline = u32::try_from(ticks).unwrap_or(u32::MAX).max(1);
        let (answer, reply) = oneshot::channel();
        if self.inputs.send(Input::Request { request, deadline, answer }).await.is_err() {
            return Reply::Stopped;
        }
        // The host answers each request, unless it ends; a command that it took is then unknown.
        reply.await.unwrap_or(Reply::Unknown { leader: None })
    }

    /// Hands in a command of the state machine, which is carried out once, unless it is handed in again.
    pub async fn command(&self, command: &[u8]) -> Reply {
        self.request(Request::Command(replicated::command(command))).await
    }

    /// Hands in a command of a session, which is carried out once, however often it is handed in with this serial number (§8, diss. §6.3).
    pub async fn once(&self, session: SessionId, serial: u64, command: &[u8]) -> Reply {
        let command = replicated::command(command);
        self.request(Request::Once { session, serial, command }).await
    }

    /// Makes the addresses of a server known to all, through the log.
    pub async fn introduce(&self, server: NodeId, addresses: &Addresses) -> Reply {
        self.request(Request::Command(replicated::address(server, addresses))).await
    }

    /// The state of the server now.
    ///
    /// # Errors
    /// If it has stopped.
    pub async fn status(&self) -> Result<Status, Ended> {
        let (answer, status) = oneshot::channel();
        self.inputs.send(Input::Status(answer)).await.map_err(|_| Ended)?;
        status.await.map_err(|_| Ended)
    }

    /// Entries of the log from an index on, or its last ones; at most `limit`.
    ///
    /// # Errors
    /// If the server has stopped.
    pub async fn log(&self, from: Option<LogIndex>, limit: usize) -> Result<Vec<Entry>, Ended> {
        let (answer, entries) = oneshot::channel();
        self.inputs.send(Input::Log { from, limit, answer }).await.map_err(|_| Ended)?;
        entries.await.map_err(|_| Ended)
    }

    /// What is new: a receiver that is told when leader or applied index change.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<News> {
        self.news.clone()
    }
}

/// The command of the state machine in an entry of the log, if it has one.
#[must_use]
pub fn command_of(entry: &Entry) -> Option<&[u8]> {
    match &entry.payload {
        raft_core::Payload::Command(command) => replicated::inner(command),
        raft_core::Payload::Once(once) => replicated::inner(&once.command),
        raft_core::Payload::Noop
        | raft_core::Payload::Membership(_)
        | raft_core::Payload::Register => None,
    }
}

/// Addresses of the servers in the configuration file, without this one's, as a book for its transport.
#[must_use]
pub fn book(config: &Config) -> Book {
    let others = config.servers.iter().filter(|(id, _)| **id != config.id);
    let addresses: BTreeMap<NodeId, String> =
        others.map(|(id, addresses)| (*id, addresses.peer.clone())).collect();
    Book::new(addresses)
}
