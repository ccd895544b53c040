//! A relay over another transport: each packet goes to a few servers drawn at random, which pass it on, until it reaches the
//! one it is for. A cluster goes on this way over links that are cut, as long as there is a way around.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use raft_core::NodeId;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{Book, Inbox, Packet, Transport};

/// Servers that a packet is handed to at each hop.
const SPREAD: usize = 2;
/// Hops after which a packet is given up.
const HOPS: u8 = 4;
/// Packets that a server remembers, to take none twice.
const MEMORY: usize = 4096;

/// A packet on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Letter {
    from: NodeId,
    to: NodeId,
    number: u64,
    hops: u8,
    bytes: Vec<u8>,
}

/// Relay of one server.
#[derive(Debug)]
pub struct Gossip<T> {
    id: NodeId,
    below: Arc<T>,
    book: Book,
    numbers: AtomicU64,
    seen: Mutex<VecDeque<(NodeId, u64)>>,
}

impl<T: Transport> Gossip<T> {
    /// Starts a relay on `below`, whose inbox is the sending side of `arrivals`. To be called within a tokio runtime. `first`
    /// is the number of the first packet: one that no earlier life of this server has used, such as the time.
    #[must_use]
    pub fn start(
        id: NodeId,
        book: Book,
        first: u64,
        below: Arc<T>,
        mut arrivals: mpsc::Receiver<Packet>,
        inbox: Inbox,
    ) -> Arc<Gossip<T>> {
        let (numbers, seen) = (AtomicU64::new(first), Mutex::default());
        let relay = Arc::new(Gossip { id, below, book, numbers, seen });
        let arriving = Arc::downgrade(&relay);
        tokio::spawn(async move {
            while let Some(packet) = arrivals.recv().await {
                let Some(relay) = arriving.upgrade() else { return };
                if let Some(packet) = relay.take(&packet)
                    && inbox.send(packet).await.is_err()
                {
                    return;
                }
            }
        });
        relay
    }

    /// Takes a packet that arrives: returns it if it is for this server, else passes it on.
    fn take(&self, packet: &Packet) -> Option<Packet> {
        let mut letter: Letter = postcard::from_bytes(&packet.bytes).ok()?;
        let name = (letter.from, letter.number);
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.contains(&name) || letter.from == self.id {
                return None;
            }
            seen.push_back(name);
            if seen.len() > MEMORY {
                seen.pop_front();
            }
        }
        if letter.to == self.id {
            return Some(Packet { from: letter.from, to: letter.to, bytes: letter.bytes.into() });
        }
        if letter.hops > 0 {
            letter.hops -= 1;
            self.spread(&letter);
        }
        None
    }

    /// Hands a packet to a few servers.
    fn spread(&self, letter: &Letter) {
        let others = self.book.servers();
        let mut others: Vec<NodeId> =
            others.into_iter().filter(|id| ![self.id, letter.from].contains(id)).collect();
        let Ok(bytes) = postcard::to_allocvec(letter) else { return };
        let bytes: Arc<[u8]> = bytes.into();
        for nth in 0..SPREAD as u64 {
            if others.is_empty() {
                return;
            }
            let drawn = scramble(letter.number ^ (u64::from(self.id.0) << 40) ^ (nth << 32));
            let to = others.swap_remove((drawn % others.len() as u64) as usize);
            self.below.send(Packet { from: self.id, to, bytes: bytes.clone() });
        }
    }
}

impl<T: Transport> Transport for Gossip<T> {
    fn send(&self, packet: Packet) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let bytes = packet.bytes.to_vec();
        let letter = Letter { from: self.id, to: packet.to, number, hops: HOPS, bytes };
        self.spread(&letter);
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): numbers that follow one another become unlike.
fn scramble(value: u64) -> u64 {
    let mut bits = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
