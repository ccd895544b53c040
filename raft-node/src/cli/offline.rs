//! Data directories of servers that need not run: what is in them, and whether it is as it was written.

use std::io::Write;
use std::path::Path;

use raft_core::{Entry, Payload, length};
use raft_host::{Files as _, JournalOptions, Recovered, recover};

use super::{Failure, WRONG};
use crate::disk::{Owner, Reader, is_locked};

/// A directory that was read whole.
struct Found {
    owner: Owner,
    recovered: Recovered,
    /// The pieces of its snapshot, and their bytes.
    pieces: (u64, u64),
}

/// Reads all of a directory. Every record and every piece is checked by that.
fn read(dir: &Path) -> Result<Found, Failure> {
    let wrong = |text: String| Failure(WRONG, format!("{}: {text}", dir.display()));
    let owner = Owner::of(dir).map_err(|error| Failure(WRONG, error.to_string()))?;
    let owner = owner.ok_or_else(|| wrong("not the data directory of a server".to_string()))?;
    let Owner { cluster, server } = owner;
    // The length of a segment matters to those that are begun alone.
    let options = JournalOptions { cluster, server, segment: 1 << 20 };
    let mut pieces = (0, 0);
    let recovered = recover(options, &mut Reader::new(dir), &mut |piece| {
        pieces = (pieces.0 + 1, pieces.1 + piece.len() as u64);
        Ok(())
    });
    let recovered = recovered.map_err(|error| wrong(error.to_string()))?;
    Ok(Found { owner, recovered, pieces })
}

/// Prints what a directory holds.
pub(super) fn inspect(dir: &Path, entries: usize, out: &mut impl Write) -> Result<u8, Failure> {
    let Found { owner, recovered, pieces } = read(dir)?;
    let Recovered { hard_state, snapshot, log, notes, .. } = recovered;
    writeln!(out, "server    {} of cluster {}", owner.server, owner.cluster)?;
    writeln!(out, "runs      {}", if is_locked(dir) { "yes" } else { "no" })?;
    writeln!(out, "term      {}", hard_state.term)?;
    let vote = hard_state.voted_for.map_or("none".to_string(), |id| id.to_string());
    writeln!(out, "vote      {vote}")?;
    match &snapshot {
        Some(snapshot) => {
            let (pieces, bytes) = pieces;
            writeln!(out, "snapshot  up to {}, {pieces} pieces, {bytes} bytes", snapshot.last)?;
        }
        None => writeln!(out, "snapshot  none")?,
    }
    let base = length(snapshot.map(|snapshot| snapshot.last.index));
    writeln!(out, "log       {} entries, from {} on", log.len(), base + 1)?;
    for note in notes {
        writeln!(out, "note      {note}")?;
    }
    for entry in log.iter().skip(log.len().saturating_sub(entries)) {
        writeln!(out, "  {}  {}", entry.position(), kind(entry))?;
    }
    Ok(0)
}

fn kind(entry: &Entry) -> String {
    match &entry.payload {
        Payload::Noop => "no-op".to_string(),
        Payload::Command(command) => format!("command, {} bytes", command.len()),
        Payload::Membership(membership) => {
            let names: Vec<String> = membership.voters.iter().map(ToString::to_string).collect();
            format!("configuration {}", names.join(" "))
        }
        Payload::Register => "opens a session".to_string(),
        Payload::Once(once) => {
            let (session, serial) = (once.session.0, once.serial);
            format!("command {serial} of session {session}, {} bytes", once.command.len())
        }
    }
}

/// Checks a directory, and says what was checked.
pub(super) fn fsck(dir: &Path, out: &mut impl Write) -> Result<u8, Failure> {
    let files = Reader::new(dir).list().map_err(|error| Failure(WRONG, error))?;
    let Found { recovered, pieces, .. } = read(dir)?;
    for note in &recovered.notes {
        writeln!(out, "{note}")?;
    }
    let bytes: u64 = files.iter().map(|(_, length)| length).sum();
    writeln!(
        out,
        "{}: sound; {} files, {bytes} bytes, {} entries, {} pieces of a snapshot",
        dir.display(),
        files.len(),
        recovered.log.len(),
        pieces.0
    )?;
    Ok(0)
}
