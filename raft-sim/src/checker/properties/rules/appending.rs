//! AppendEntries, receiver implementation (Figure 2, end of §5.3).

use super::answer::{Answer, Contact, LogChange, Reply};
use crate::checker::server::Server;
use crate::model::{AppendReply, Body, Conflict, Entry, LogIndex, Position, length};

/// The content of an AppendEntries: `prev`, `entries`, `commit`, and the round.
pub(super) type Request<'a> = (Option<Position>, &'a [Entry], Option<LogIndex>, u64);

/// AppendEntries 1 (§5.1), InstallSnapshot 1 (§7): reply false if term < currentTerm.
pub(super) fn refuse_old(answer: &mut Answer, prev: Option<LogIndex>, round: u64) -> Contact {
    let reply = AppendReply::Refused { prev, conflict: None };
    answer.reply = Reply::One(Body::AppendEntriesReply { reply, round });
    Contact::Nothing
}

/// AppendEntries 2 to 5. False if no correct leader sends it.
#[inline]
pub(super) fn append(server: &Server, answer: &mut Answer, request: Request<'_>) -> bool {
    let (prev, entries, leader_commit, round) = request;
    answer.follows();
    if !well_formed(prev, entries, answer) {
        return false;
    }
    // Step 2: reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm.
    if let Some(prev) = prev
        && !has(server, prev)
    {
        let conflict = Some(conflict(server, prev));
        let reply = AppendReply::Refused { prev: Some(prev.index), conflict };
        answer.reply = Reply::One(Body::AppendEntriesReply { reply, round });
        return true;
    }
    // Steps 3 and 4: entries that conflict go, with all that follow them; those that are there stay.
    let present = entries.iter().take_while(|entry| has(server, entry.position())).count();
    if let Some(first) = entries.get(present) {
        if Some(first.index) <= answer.view.commit {
            return false;
        }
        answer.log = LogChange::From(first.index, entries.len() - present);
    }
    // Step 5: if leaderCommit > commitIndex, commitIndex = min(leaderCommit, index of last new entry).
    let verified = entries.last().map(|entry| entry.index).or(prev.map(|prev| prev.index));
    answer.view.commit = answer.view.commit.max(leader_commit.min(verified));
    let reply = AppendReply::Success { matched: verified };
    answer.reply = Reply::One(Body::AppendEntriesReply { reply, round });
    true
}

/// True if a log has this entry. Entries that a snapshot covers are committed, and the same in every leader's log.
#[inline]
pub(super) fn has(server: &Server, position: Position) -> bool {
    let index = position.index.get();
    index < length(server.view.snapshot)
        || server.log.at(index).is_some_and(|link| link.term == position.term)
}

/// The place where this log parts from one that has `prev` (end of §5.3): the term of the conflicting entry and the
/// first index stored for it, or the end of the log.
fn conflict(server: &Server, prev: Position) -> Conflict {
    match server.log.at(prev.index.get()) {
        Some(link) => {
            let first = server.log.first_of_term(link.term, length(server.view.snapshot));
            Conflict { term: Some(link.term), first: LogIndex::after(LogIndex::new(first - 1)) }
        }
        None => {
            let first = LogIndex::after(LogIndex::new(server.log.len()));
            Conflict { term: None, first }
        }
    }
}

/// True if the entries follow `prev` and one another, in terms that a leader of this term can have.
#[inline]
fn well_formed(prev: Option<Position>, entries: &[Entry], answer: &Answer) -> bool {
    let mut before = prev;
    for entry in entries {
        let follows = entry.index == LogIndex::after(before.map(|before| before.index));
        if !follows || before.is_some_and(|before| before.term > entry.term) {
            return false;
        }
        before = Some(entry.position());
    }
    before.is_none_or(|last| last.term <= answer.view.term)
}
