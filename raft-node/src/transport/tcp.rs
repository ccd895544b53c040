//! Packets over TCP: two connections to each server, one of which is for bulk alone, so that no heartbeat or vote waits
//! behind a snapshot.
//!
//! Each connection carries packets one way, has a bounded queue, and is made again when it breaks, later each time. While
//! there is none, packets are dropped.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use raft_core::NodeId;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use super::frame::{self, Hello, Reply, VERSION};
use super::{Book, Inbox, Packet, Transport};
use crate::tls::{BoxStream, Tls};

/// Packets that wait for a connection, at most.
const QUEUE: usize = 4096;
/// Packets of bulk that wait for a connection, at most.
const BULK_QUEUE: usize = 64;
/// Bytes that are gathered for one call of the operating system, about.
const GATHER: usize = 64 << 10;
/// Time that a greeting, a connection or a write may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Waits between tries to connect: the first, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// Connections from other servers at a time, at most.
const CONNECTIONS: usize = 512;

/// Identity of a server among its peers.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The number of the cluster.
    pub cluster: u64,
    /// This server.
    pub id: NodeId,
    /// The addresses of the others. Servers that are not in it are refused.
    pub book: Book,
}

impl Identity {
    fn hello(&self, to: NodeId) -> Hello {
        Hello { version: VERSION, cluster: self.cluster, from: self.id, to }
    }

    fn judge(&self, hello: Hello) -> Reply {
        if hello.version != VERSION {
            Reply::OtherVersion(VERSION)
        } else if hello.cluster != self.cluster {
            Reply::OtherCluster(self.cluster)
        } else if hello.to != self.id {
            Reply::OtherServer(self.id)
        } else if self.book.get(hello.from).is_none() {
            Reply::Unknown
        } else {
            Reply::Welcome
        }
    }
}

/// Transport over TCP. Its tasks end when it is dropped.
#[derive(Debug)]
pub struct Tcp {
    identity: Identity,
    tls: Option<Tls>,
    lanes: Mutex<BTreeMap<NodeId, Lanes>>,
    tasks: Mutex<JoinSet<()>>,
}

/// Queues of the two connections to a server.
#[derive(Clone, Debug)]
struct Lanes {
    quick: mpsc::Sender<Packet>,
    bulk: mpsc::Sender<Packet>,
}

impl Tcp {
    /// Starts to listen at `listener` and to hand what arrives to `inbox`. To be called within a tokio runtime.
    #[must_use]
    pub fn start(
        listener: TcpListener,
        identity: Identity,
        tls: Option<Tls>,
        inbox: Inbox,
    ) -> Arc<Tcp> {
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(listener, identity.clone(), tls.clone(), inbox));
        let (lanes, tasks) = (Mutex::default(), Mutex::new(tasks));
        Arc::new(Tcp { identity, tls, lanes, tasks })
    }

    fn lanes(&self, to: NodeId) -> Lanes {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let made = lanes.entry(to).or_insert_with(|| {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            let mut lane = |length| {
                let (sender, queue) = mpsc::channel(length);
                tasks.spawn(send(queue, self.identity.clone(), to, self.tls.clone()));
                sender
            };
            Lanes { quick: lane(QUEUE), bulk: lane(BULK_QUEUE) }
        });
        made.clone()
    }
}

impl Transport for Tcp {
    fn send(&self, packet: Packet) {
        let Lanes { quick, bulk } = self.lanes(packet.to);
        let lane = if packet.is_bulk() { bulk } else { quick };
        // A queue that is full drops the packet: Raft sends it again.
        let _ = lane.try_send(packet);
    }
}

/// Sends what is in the queue, on one connection after the other.
async fn send(mut queue: mpsc::Receiver<Packet>, identity: Identity, to: NodeId, tls: Option<Tls>) {
    let mut wait = BACK_OFF.0;
    let mut last = String::new();
    loop {
        match connect(&identity, to, tls.as_ref()).await {
            Ok(stream) => {
                info!(%to, "connected");
                (wait, last) = (BACK_OFF.0, String::new());
                match pump(&mut queue, stream).await {
                    Ok(()) => return,
                    Err(error) => warn!(%to, %error, "connection lost"),
                }
            }
            Err(error) => {
                // The same trouble is reported once, not at every try.
                let text = error.to_string();
                if text != last {
                    warn!(%to, error = %text, "can't connect");
                    last = text;
                }
            }
        }
        // What waited meanwhile is of no use to a server that comes back later.
        while queue.try_recv().is_ok() {}
        if queue.is_closed() {
            return;
        }
        sleep(wait).await;
        wait = (wait * 2).min(BACK_OFF.1);
    }
}

async fn connect(identity: &Identity, to: NodeId, tls: Option<&Tls>) -> io::Result<BoxStream> {
    let address = identity
        .book
        .get(to)
        .ok_or_else(|| io::Error::other(format!("no address of {to} is known")))?;
    let reached = timeout(PATIENCE, async {
        let stream = TcpStream::connect(&address).await?;
        stream.set_nodelay(true)?;
        give_up_early(&stream)?;
        let mut stream: BoxStream = match tls {
            Some(tls) => tls.connect(&address, stream).await?,
            None => Box::new(stream),
        };
        let reply = frame::greet(&mut stream, identity.hello(to)).await?;
        Ok((stream, reply))
    });
    let at = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
    let (stream, reply) = match reached.await {
        Ok(reached) => reached.map_err(at)?,
        Err(_) => return Err(at(io::Error::other("no greeting in five seconds"))),
    };
    match reply {
        Reply::Welcome => Ok(stream),
        Reply::OtherVersion(_)
        | Reply::OtherCluster(_)
        | Reply::OtherServer(_)
        | Reply::Unknown => Err(at(io::Error::other(format!("refused: {reply}")))),
    }
}

/// Ends a connection when what was sent is not acknowledged for a while. Otherwise, when a link is whole again after it was cut
/// for long, TCP may take minutes to try it.
#[cfg(target_os = "linux")]
fn give_up_early(stream: &TcpStream) -> io::Result<()> {
    rustix::net::sockopt::set_tcp_user_timeout(stream, PATIENCE.as_millis() as u32)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn give_up_early(_stream: &TcpStream) -> io::Result<()> {
    Ok(())
}

/// Sends until the queue is closed, or the connection breaks.
async fn pump(queue: &mut mpsc::Receiver<Packet>, mut stream: BoxStream) -> io::Result<()> {
    let mut bytes = Vec::new();
    while let Some(packet) = queue.recv().await {
        bytes.clear();
        frame::append(&mut bytes, &packet.bytes);
        while bytes.len() < GATHER
            && let Ok(packet) = queue.try_recv()
        {
            frame::append(&mut bytes, &packet.bytes);
        }
        let written = timeout(PATIENCE, async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        });
        written.await.map_err(|_| io::Error::other("a write took more than five seconds"))??;
    }
    Ok(())
}

async fn listen(listener: TcpListener, identity: Identity, tls: Option<Tls>, inbox: Inbox) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, say: others may be given back soon.
                warn!(%error, "can't accept a connection");
                sleep(BACK_OFF.1).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            warn!(%address, "refused: {CONNECTIONS} connections are open");
            continue;
        };
        let (identity, tls, inbox) = (identity.clone(), tls.clone(), inbox.clone());
        connections.spawn(async move {
            if let Err(error) = receive(stream, &identity, tls.as_ref(), inbox).await {
                warn!(%address, %error, "connection from a peer ended");
            }
            drop(place);
        });
    }
}

/// Hands what arrives on a connection to the inbox.
async fn receive(
    stream: TcpStream,
    identity: &Identity,
    tls: Option<&Tls>,
    inbox: Inbox,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let greeted = timeout(PATIENCE, async {
        let mut stream: BoxStream = match tls {
            Some(tls) => tls.accept(stream).await?,
            None => Box::new(stream),
        };
        let own = identity.hello(identity.id);
        let from = frame::welcome(&mut stream, own, |hello| identity.judge(hello)).await?;
        io::Result::Ok((stream, from))
    });
    let (stream, from) =
        greeted.await.map_err(|_| io::Error::other("no greeting in five seconds"))??;
    let from = from.map_err(|(hello, reply)| {
        let Hello { version, cluster, from, to } = hello;
        let asked = format!("{from} of cluster {cluster}, version {version}, asks for {to}");
        io::Error::other(format!("refused: {asked}; told it: {reply}"))
    })?;
    debug!(%from, "connection accepted");
    let mut stream = tokio::io::BufReader::with_capacity(GATHER, stream);
    while let Some(bytes) = frame::read(&mut stream).await? {
        let packet = Packet { from, to: identity.id, bytes: bytes.into() };
        if inbox.send(packet).await.is_err() {
            break;
        }
    }
    Ok(())
}
