//! InstallSnapshot, receiver implementation (Figure 13).

use super::appending::{follow, has};
use super::standing::{Answer, Incoming, LogChange, Reply};
use crate::checker::server::Server;
use crate::model::{AppendReply, Body, Chunk, LogIndex};

/// InstallSnapshot 2 to 8, by a server that has this much of a snapshot. False if no correct leader sends it.
pub(super) fn install(
    server: &Server,
    answer: &mut Answer,
    incoming: Incoming,
    (chunk, round): (&Chunk, u64),
) -> bool {
    follow(answer);
    let last = chunk.last;
    let length = chunk.data.len() as u64;
    if chunk.offset.saturating_add(length) > chunk.size || last.term > answer.standing.term {
        return false;
    }
    let commit = answer.standing.commit;
    answer.incoming = Some(incoming);
    if Some(last.index) <= commit {
        // What is committed here needs no snapshot, nor the parts of one.
        if let Incoming::Known(Some((known, _))) = incoming
            && Some(known.index) <= commit
        {
            answer.incoming = Some(Incoming::Known(None));
        }
        answer.reply = complete(last.index, round);
        return true;
    }
    let had = match incoming {
        Incoming::Unclear => {
            answer.log = LogChange::Any;
            answer.reply = Reply::Unclear;
            return true;
        }
        // Step 5: discard any existing or partial snapshot with a smaller index. A part of one is late.
        Incoming::Known(Some((known, _))) if known.index > last.index => return true,
        Incoming::Known(Some((known, had))) if known == last => had,
        // Step 2: create new snapshot file if first chunk.
        Incoming::Known(_) => 0,
    };
    // Steps 3 and 4: write data into snapshot file at given offset; reply and wait for more data chunks if done
    // is false. Parts come in order.
    let received = if chunk.offset == had { had + length } else { had };
    if received < chunk.size {
        answer.incoming = Some(Incoming::Known(Some((last, received))));
        answer.reply = Reply::One(Body::InstallSnapshotReply { last, received, round });
        return true;
    }
    answer.incoming = Some(Incoming::Known(None));
    answer.standing.commit = Some(last.index);
    // Step 6: if existing log entry has same index and term as snapshot's last included entry, retain log
    // entries following it and reply. Steps 7 and 8: else the snapshot takes the place of the log.
    if !has(server, last) {
        answer.standing.snapshot = Some(last.index);
        answer.log = LogChange::Any;
    }
    answer.reply = complete(last.index, round);
    true
}

/// The log, with the snapshot in place of its beginning, matches the leader's up to there.
fn complete(last: LogIndex, round: u64) -> Reply {
    let reply = AppendReply::Success { matched: Some(last) };
    Reply::One(Body::AppendEntriesReply { reply, round })
}
