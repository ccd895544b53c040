//! The core in its host, `raft-host`, behind the subject interface: the program that runs on real machines, but for sockets, files
//! and clock. Its disk is files of bytes (`device`), below the one of the world.
//!
//! The world decides which writes survive a crash; the bytes follow. What was written before is read back as the host wrote it. Of
//! what comes behind the first write that is lost, any part may be there: a record is torn at any byte, what was not synced is there
//! or not, a rename is undone. Now and then a server boots from a disk with a flipped bit first: it must refuse, and then boots from
//! the intact disk, as if an operator had a mirror. A server that does not notice goes on with what it has read.
//!
//! All this is decided by identity: by what was written, not by how often something was drawn before.

mod device;
mod files;
mod refusal;
mod server;
mod tear;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use device::Device;
use files::{Files, flipped};
use refusal::Refusal;
use server::Server;

use crate::mix::{below, mix, mix_bytes};
use crate::model::{NodeId, length};
use crate::subject::{Boot, Capability, Implementation, Subject, View};

/// The core in its host.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hosted;

/// What is so of the core in its host. The rules are not among it: a full disk delays answers.
const CLAIMS: [Capability; Capability::ABLE.len()] = {
    let mut claims = [Capability::WholeWrites; Capability::ABLE.len()];
    claims[1] = Capability::FetchesSnapshots;
    let (mut from, mut to) = (0, 2);
    while from < Capability::ABLE.len() {
        let claim = Capability::ABLE[from];
        from += 1;
        // The state machine is in memory, and snapshots go from host to host as files.
        if !matches!(claim, Capability::DurableStateMachine | Capability::SnapshotParts) {
            claims[to] = claim;
            to += 1;
        }
    }
    claims
};

impl Implementation for Hosted {
    fn name(&self) -> &str {
        "raft-host"
    }

    fn capabilities(&self) -> &[Capability] {
        &CLAIMS
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        Cluster::new(1).boot(boot)
    }

    fn enter(&self, seed: u64) -> Result<Option<Box<dyn Implementation + '_>>, String> {
        Ok(Some(Box::new(Cluster::new(seed))))
    }
}

/// The disks of a cluster.
struct Cluster {
    /// True if disks are full now and then.
    fills: bool,
    disks: RefCell<BTreeMap<NodeId, Rc<RefCell<Device>>>>,
}

impl Cluster {
    fn new(seed: u64) -> Cluster {
        Cluster { fills: seed.is_multiple_of(2), disks: RefCell::default() }
    }
}

impl Implementation for Cluster {
    fn name(&self) -> &str {
        Hosted.name()
    }

    fn capabilities(&self) -> &[Capability] {
        &CLAIMS
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let device = self.disks.borrow_mut().entry(boot.id).or_default().clone();
        let files = found(&device.borrow(), &boot);
        let key = files.values().fold(boot.life, |key, content| mix_bytes(key, content));
        let damaged = (below(mix(key, 3), 4) == 0).then(|| flipped(&files, mix(key, 4)));
        if let Some(damaged) = damaged.flatten()
            && let Ok(booted) = Server::boot(&boot, device.clone(), damaged, self.fills)
        {
            return Ok((Box::new(booted.0), booted.1));
        }
        Ok(match Server::boot(&boot, device, files, self.fills) {
            Ok((server, view)) => (Box::new(server), view),
            Err(why) => {
                let (server, view) = Refusal::new(&why, &boot);
                (Box::new(server), view)
            }
        })
    }
}

/// The files that a server finds: those of its last life after the power loss, or some with which it begins.
fn found(device: &Device, boot: &Boot) -> Files {
    let mark = boot.blob.as_deref().and_then(|blob| {
        let (life, write) = blob.split_first_chunk::<8>()?;
        Some((u64::from_le_bytes(*life), u64::from_le_bytes(write.try_into().ok()?)))
    });
    let is_empty = boot.snapshot.is_none()
        && boot.log.is_empty()
        && boot.hard_state == crate::model::HardState::default();
    let key = mix(u64::from(boot.id.0), boot.life);
    match mark {
        Some((life, write)) if life == device.life() => device.lose_power(write, key),
        // Nothing of its last life has survived.
        Some(_) => device.lose_power(0, key),
        None if is_empty && !device.began_empty() => Files::new(),
        None if is_empty || !device.began_empty() => device.lose_power(0, key),
        None => server::founded(boot),
    }
}

/// The number of entries of a log on a disk, with those of its snapshot.
fn entries(boot: &Boot) -> u64 {
    length(boot.snapshot.as_ref().map(|snapshot| snapshot.last.index)) + boot.log.len() as u64
}
