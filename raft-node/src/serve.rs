//! The HTTP server: routes at a socket, with or without TLS.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tracing::{debug, error, warn};

use crate::tls::{BoxStream, Tls};

/// Time that a client may take to begin TLS.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections that wait for the server.
const QUEUE: usize = 64;

/// Serves the routes until `ended` says that it is over; requests under way are answered.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    mut ended: watch::Receiver<bool>,
) {
    let over = async move {
        // A sender that is gone ends it as well.
        let _ = ended.wait_for(|ended| *ended).await;
    };
    let served = match tls {
        None => {
            let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
                // Answers are short, and must not wait for more.
                if let Err(error) = stream.set_nodelay(true) {
                    debug!(%error, "no TCP_NODELAY");
                }
            });
            axum::serve(listener, router).with_graceful_shutdown(over).await
        }
        Some(tls) => {
            let listener = Secure::start(listener, tls);
            axum::serve(listener, router).with_graceful_shutdown(over).await
        }
    };
    if let Err(error) = served {
        error!(%error, "the API has ended");
    }
}

/// Connections on which TLS has begun.
struct Secure {
    address: io::Result<SocketAddr>,
    begun: mpsc::Receiver<(BoxStream, SocketAddr)>,
}

impl Secure {
    /// Accepts in a task of its own; each handshake is one, too, so that no client waits for another.
    fn start(listener: TcpListener, tls: Tls) -> Secure {
        let (sender, begun) = mpsc::channel(QUEUE);
        let address = listener.local_addr();
        tokio::spawn(async move {
            while !sender.is_closed() {
                let accepted = tokio::select! {
                    () = sender.closed() => return,
                    accepted = listener.accept() => accepted,
                };
                let (stream, address) = match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        warn!(%error, "can't accept a connection");
                        sleep(PATIENCE / 5).await;
                        continue;
                    }
                };
                let (tls, sender) = (tls.clone(), sender.clone());
                tokio::spawn(async move {
                    match timeout(PATIENCE, tls.accept(stream)).await {
                        // The server may have ended.
                        Ok(Ok(stream)) => drop(sender.send((stream, address)).await),
                        Ok(Err(error)) => debug!(%address, %error, "no TLS"),
                        Err(_) => debug!(%address, "no TLS in five seconds"),
                    }
                });
            }
        });
        Secure { address, begun }
    }
}

impl axum::serve::Listener for Secure {
    type Io = BoxStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (BoxStream, SocketAddr) {
        match self.begun.recv().await {
            Some(begun) => begun,
            // The task that accepts ends with this, not before.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.address {
            Ok(address) => Ok(*address),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        }
    }
}
