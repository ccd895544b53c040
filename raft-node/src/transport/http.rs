//! Packets over HTTP, for networks that let nothing else through: `POST /raft` with frames as its body. A thread for each
//! server sends what waits for it; the other side is a small HTTP server.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use raft_core::NodeId;
use tokio::net::TcpListener;
use tracing::warn;

use super::frame::{self, VERSION};
use super::tcp::Identity;
use super::{Inbox, Packet, Transport};

/// Packets that wait for a request, at most.
const QUEUE: usize = 1024;
/// Bytes of one request, about.
const GATHER: usize = 1 << 20;
/// Bytes of one request, at most.
const BODY: usize = 2 * frame::LARGEST;
/// Time that a request may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Transport over HTTP.
#[derive(Debug)]
pub struct Http {
    identity: Identity,
    queues: Mutex<BTreeMap<NodeId, SyncSender<Packet>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Http {
    /// Starts to listen at `listener` and to hand what arrives to `inbox`. To be called within a tokio runtime.
    #[must_use]
    pub fn start(listener: TcpListener, identity: Identity, inbox: Inbox) -> Arc<Http> {
        let app = Router::new()
            .route("/raft", post(receive))
            .layer(DefaultBodyLimit::max(BODY))
            .with_state((identity.clone(), inbox));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                warn!(%error, "the HTTP server for peers ended");
            }
        });
        Arc::new(Http { identity, queues: Mutex::default(), server })
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Transport for Http {
    fn send(&self, packet: Packet) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.entry(packet.to).or_insert_with(|| {
            let (sender, queue) = sync_channel(QUEUE);
            let (identity, to) = (self.identity.clone(), packet.to);
            // Ends when the transport, and with it the sender, is dropped.
            thread::spawn(move || send(&queue, &identity, to));
            sender
        });
        let _ = queue.try_send(packet);
    }
}

/// Sends what is in the queue, one request after the other.
fn send(queue: &Receiver<Packet>, identity: &Identity, to: NodeId) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
    let mut last = String::new();
    while let Ok(packet) = queue.recv() {
        let mut bytes = Vec::new();
        frame::append(&mut bytes, &packet.bytes);
        while bytes.len() < GATHER
            && let Ok(packet) = queue.try_recv()
        {
            frame::append(&mut bytes, &packet.bytes);
        }
        let Some(address) = identity.book.get(to) else { continue };
        let sent = agent
            .post(format!("http://{address}/raft"))
            .header("raft-version", VERSION.to_string())
            .header("raft-cluster", identity.cluster.to_string())
            .header("raft-from", identity.id.0.to_string())
            .header("raft-to", to.0.to_string())
            .send(&bytes[..]);
        match sent {
            Ok(_) => last.clear(),
            Err(error) => {
                let text = error.to_string();
                if text != last {
                    warn!(%to, %address, error = %text, "can't send");
                    last = text;
                }
            }
        }
    }
}

async fn receive(
    State((identity, inbox)): State<(Identity, Inbox)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, (StatusCode, String)> {
    let refuse = |text: String| (StatusCode::FORBIDDEN, text);
    let number = |name: &str| -> Result<u64, (StatusCode, String)> {
        let value = headers.get(name).and_then(|value| value.to_str().ok()?.parse().ok());
        value.ok_or_else(|| (StatusCode::BAD_REQUEST, format!("expected a number in {name}")))
    };
    if number("raft-version")? != u64::from(VERSION) {
        return Err(refuse(format!("this server speaks version {VERSION}")));
    }
    if number("raft-cluster")? != identity.cluster {
        return Err(refuse(format!("this server belongs to cluster {}", identity.cluster)));
    }
    if number("raft-to")? != u64::from(identity.id.0) {
        return Err(refuse(format!("this server is {}", identity.id)));
    }
    let from = u32::try_from(number("raft-from")?).unwrap_or(u32::MAX);
    let from = NodeId(from);
    if identity.book.get(from).is_none() {
        return Err(refuse(format!("{from} is not known here")));
    }
    let mut rest = &body[..];
    let malformed = |error: io::Error| (StatusCode::BAD_REQUEST, error.to_string());
    while let Some(bytes) = frame::take(&mut rest).map_err(malformed)? {
        let packet = Packet { from, to: identity.id, bytes: bytes.into() };
        if inbox.send(packet).await.is_err() {
            return Err((StatusCode::SERVICE_UNAVAILABLE, "this server stops".to_string()));
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
