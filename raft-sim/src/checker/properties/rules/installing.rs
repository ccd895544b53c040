//! InstallSnapshot, receiver implementation (Figure 13).

use super::answer::{Answer, LogChange, Reply};
use super::appending::has;
use crate::checker::server::Server;
use crate::model::{AppendReply, Body, Chunk, LogIndex, Position};

/// The snapshot of which a server has parts, and the bytes of it; `None` if that is not known.
type Incoming = Option<Option<(Position, u64)>>;

/// InstallSnapshot 2 to 8, by a server that has this much of a snapshot: how much it has then. `None` if no correct
/// leader sends it.
pub(super) fn install(
    server: &Server,
    answer: &mut Answer,
    incoming: Incoming,
    (chunk, round): (&Chunk, u64),
) -> Option<Incoming> {
    answer.follows();
    let last = chunk.last;
    let length = chunk.data.len() as u64;
    if chunk.offset.saturating_add(length) > chunk.size || last.term > answer.view.term {
        return None;
    }
    let commit = answer.view.commit;
    if Some(last.index) <= commit {
        // What is committed here needs no snapshot, nor the parts of one.
        answer.reply = complete(last.index, round);
        let kept =
            |(known, had): (Position, u64)| (Some(known.index) > commit).then_some((known, had));
        return Some(incoming.map(|parts| parts.and_then(kept)));
    }
    let had = match incoming {
        None => {
            answer.log = LogChange::Any;
            answer.reply = Reply::Unclear;
            return Some(None);
        }
        // Step 5: discard any existing or partial snapshot with a smaller index. A part of one is late.
        Some(Some((known, _))) if known.index > last.index => return Some(incoming),
        Some(Some((known, had))) if known == last => had,
        // Step 2: create new snapshot file if first chunk.
        Some(_) => 0,
    };
    // Steps 3 and 4: write data into snapshot file at given offset; reply and wait for more data chunks if done
    // is false. Parts come in order.
    let received = if chunk.offset == had { had + length } else { had };
    if received < chunk.size {
        answer.reply = Reply::One(Body::InstallSnapshotReply { last, received, round });
        return Some(Some(Some((last, received))));
    }
    answer.view.commit = Some(last.index);
    // Step 6: if existing log entry has same index and term as snapshot's last included entry, retain log
    // entries following it and reply. Steps 7 and 8: else the snapshot takes the place of the log.
    if !has(server, last) {
        answer.view.snapshot = Some(last.index);
        answer.log = LogChange::Any;
    }
    answer.reply = complete(last.index, round);
    Some(Some(None))
}

/// The log, with the snapshot in place of its beginning, matches the leader's up to there.
fn complete(last: LogIndex, round: u64) -> Reply {
    let reply = AppendReply::Success { matched: Some(last) };
    Reply::One(Body::AppendEntriesReply { reply, round })
}
