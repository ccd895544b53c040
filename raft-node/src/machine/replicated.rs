//! A state machine together with the addresses of servers, which are replicated by the same log: a server that is added is
//! known to all others once its address is applied.

use std::collections::BTreeMap;

use raft_core::{LogIndex, NodeId};
use raft_host::{Frozen, Machine};
use serde::{Deserialize, Serialize};

use crate::config::Addresses;

/// First byte of a command, or of a piece of a snapshot.
const MACHINE: u8 = 0;
const ADDRESS: u8 = 1;

/// A machine, and the addresses.
#[derive(Debug)]
pub(crate) struct Replicated<M> {
    machine: M,
    addresses: BTreeMap<NodeId, Addresses>,
}

/// Address of one server, as a command.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    server: NodeId,
    peer: String,
    api: String,
}

/// The command that carries a command of the machine.
pub(crate) fn command(bytes: &[u8]) -> Vec<u8> {
    let mut command = Vec::with_capacity(bytes.len() + 1);
    command.push(MACHINE);
    command.extend_from_slice(bytes);
    command
}

/// The command that makes the addresses of a server known.
pub(crate) fn address(server: NodeId, addresses: &Addresses) -> Vec<u8> {
    let Addresses { peer, api } = addresses.clone();
    tagged(ADDRESS, &Entry { server, peer, api })
}

/// The command of the machine that is in a command.
pub(crate) fn inner(command: &[u8]) -> Option<&[u8]> {
    match command.split_first() {
        Some((&MACHINE, rest)) => Some(rest),
        Some(_) | None => None,
    }
}

fn tagged(tag: u8, content: &impl Serialize) -> Vec<u8> {
    // Writing to memory can't fail.
    postcard::to_extend(content, vec![tag]).unwrap_or_default()
}

impl<M> Replicated<M> {
    pub(crate) fn new(machine: M) -> Replicated<M> {
        Replicated { machine, addresses: BTreeMap::new() }
    }

    /// The addresses that the log has.
    pub(crate) fn addresses(&self) -> &BTreeMap<NodeId, Addresses> {
        &self.addresses
    }
}

impl<M: Machine> Machine for Replicated<M> {
    type Frozen = Pieces<M::Frozen>;

    fn apply(&mut self, index: LogIndex, command: &[u8]) -> Vec<u8> {
        match command.split_first() {
            Some((&MACHINE, rest)) => self.machine.apply(index, rest),
            Some((&ADDRESS, rest)) => {
                if let Ok(Entry { server, peer, api }) = postcard::from_bytes(rest) {
                    self.addresses.insert(server, Addresses { peer, api });
                }
                Vec::new()
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn query(&self, question: &[u8]) -> Vec<u8> {
        self.machine.query(question)
    }

    fn freeze(&self) -> Pieces<M::Frozen> {
        let addresses = self.addresses.iter().map(|(server, addresses)| {
            let Addresses { peer, api } = addresses.clone();
            Entry { server: *server, peer, api }
        });
        let first = Some(tagged(ADDRESS, &addresses.collect::<Vec<Entry>>()));
        Pieces { first, rest: self.machine.freeze() }
    }

    fn clear(&mut self) {
        self.machine.clear();
        self.addresses.clear();
    }

    fn load(&mut self, piece: &[u8]) -> Result<(), String> {
        match piece.split_first() {
            Some((&MACHINE, rest)) => self.machine.load(rest),
            Some((&ADDRESS, rest)) => {
                let entries: Vec<Entry> =
                    postcard::from_bytes(rest).map_err(|error| format!("no addresses: {error}"))?;
                for Entry { server, peer, api } in entries {
                    self.addresses.insert(server, Addresses { peer, api });
                }
                Ok(())
            }
            Some(_) | None => Err("a piece of no known kind".to_string()),
        }
    }
}

/// Both at one moment.
#[derive(Debug)]
pub(crate) struct Pieces<F> {
    first: Option<Vec<u8>>,
    rest: F,
}

impl<F: Frozen> Frozen for Pieces<F> {
    fn next(&mut self) -> Option<Vec<u8>> {
        self.first.take().or_else(|| self.rest.next().map(|piece| command(&piece)))
    }
}
