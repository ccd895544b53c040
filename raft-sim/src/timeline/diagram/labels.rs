//! The texts of a diagram: messages in several lengths, and what happens to a server.

use crate::action::{Action, Change};
use crate::model::{AppendReply, Body, Message, NodeId, length};
use crate::subject::{Answer, Effects, Event, Role, View};

use super::super::messages::{body, entries, readable};

/// A message in its terms, the longest text first: whole, its kind and term, its kind in letters.
pub(super) fn message(message: &Message) -> [String; 4] {
    let term = message.term;
    let (kind, short) = match &message.body {
        Body::RequestVote { .. } => ("RequestVote", "RV"),
        Body::RequestVoteReply { granted: true } => ("vote granted", "yes"),
        Body::RequestVoteReply { granted: false } => ("vote refused", "no"),
        Body::PreVote { .. } => ("PreVote", "PV"),
        Body::PreVoteReply { granted: true } => ("pre-vote granted", "yes"),
        Body::PreVoteReply { granted: false } => ("pre-vote refused", "no"),
        Body::AppendEntries { entries, .. } if entries.is_empty() => ("AppendEntries", "AE"),
        Body::AppendEntries { .. } => ("AppendEntries+", "AE+"),
        Body::AppendEntriesReply { reply: AppendReply::Success { .. }, .. } => ("success", "ok"),
        Body::AppendEntriesReply { reply: AppendReply::Refused { .. }, .. } => ("refused", "no"),
        Body::InstallSnapshot { .. } => ("InstallSnapshot", "IS"),
        Body::InstallSnapshotReply { .. } => ("received", "ok"),
        Body::TimeoutNow => ("TimeoutNow", "TN"),
        Body::ReadIndex { .. } => ("ReadIndex", "RI"),
        Body::ReadIndexReply { .. } => ("read index", "ri"),
        Body::Other { what } => (&**what, "?"),
    };
    [body(message), format!("{kind} {term}"), format!("{short} {term}"), short.to_owned()]
}

/// True if a message of this kind is routine: a heartbeat or a reply.
pub(super) fn is_routine(event: &Event) -> bool {
    let Event::Receive(message) = event else { return false };
    match &message.body {
        Body::AppendEntries { entries, .. } => entries.is_empty(),
        Body::RequestVoteReply { .. }
        | Body::PreVoteReply { .. }
        | Body::AppendEntriesReply { .. }
        | Body::InstallSnapshotReply { .. } => true,
        Body::RequestVote { .. }
        | Body::PreVote { .. }
        | Body::InstallSnapshot { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => false,
    }
}

/// A request of a client or an administrator.
pub(super) fn request(event: &Event) -> Option<String> {
    Some(match event {
        Event::Propose(_, command) => {
            format!("client: {}", readable(command).unwrap_or("command"))
        }
        Event::ProposeOnce(_, once) => {
            format!("client: {}", readable(&once.command).unwrap_or("command"))
        }
        Event::Register(_) => "client: a session".to_owned(),
        Event::Read(_) => "client: a read".to_owned(),
        Event::ChangeMembership(..) => "admin: change".to_owned(),
        Event::Transfer(_, to) => format!("admin: hand over to {to}"),
        Event::Compact(_) => "admin: snapshot".to_owned(),
        Event::Tick | Event::Receive(_) | Event::Persisted(_) | Event::Apply => return None,
    })
}

/// The visible effects of a step. `end` is the number of entries in the log before.
pub(super) fn notes(
    server: NodeId,
    event: &Event,
    before: &View,
    effects: &Effects,
    end: u64,
) -> Vec<String> {
    let after = &effects.view;
    let mut notes = Vec::new();
    notes.extend(effects.ended.is_some().then(|| "ends by itself".to_owned()));
    notes.extend(effects.refused.is_some().then(|| "refuses it".to_owned()));
    notes.extend(role(event, before, after));
    let voted = (before.term, before.voted_for) != (after.term, after.voted_for);
    let vote = after.voted_for.filter(|vote| voted && *vote != server);
    notes.extend(vote.map(|vote| format!("votes {vote}")));
    notes.extend(stored(effects, end));
    if before.commit != after.commit {
        notes.push(format!("commit {}", length(after.commit)));
    }
    notes.extend(effects.answers.iter().filter_map(|(_, given)| answer(*given)));
    notes
}

fn role(event: &Event, before: &View, after: &View) -> Option<String> {
    if (before.role, before.term) != (after.role, after.term) {
        let role = match after.role {
            Role::Follower => "follower",
            Role::Candidate => "candidate",
            Role::Leader => "LEADER",
        };
        return Some(format!("{role} {}", after.term));
    }
    // A pre-vote changes neither role nor term.
    (matches!(event, Event::Tick) && before.leader.is_some() && after.leader.is_none())
        .then(|| "timeout".to_owned())
}

/// A note for a narrow column: `F2` is a follower in term 2, `C2` a candidate, `L2` the leader, `for S1` a vote, `c 3` the
/// commit index.
pub(super) fn in_short(note: &str) -> String {
    const SHORT: [(&str, &str); 6] = [
        ("follower ", "F"),
        ("candidate ", "C"),
        ("LEADER ", "L"),
        ("votes ", "for "),
        ("commit ", "c "),
        ("restarts, term ", "up, T"),
    ];
    let short = SHORT
        .iter()
        .find_map(|(long, short)| note.strip_prefix(long).map(|rest| format!("{short}{rest}")));
    short.unwrap_or_else(|| note.replace(":no-op", ""))
}

/// The changes of log and snapshot.
fn stored(effects: &Effects, mut end: u64) -> Vec<String> {
    let mut notes = Vec::new();
    for write in &effects.writes {
        if let Some(snapshot) = &write.snapshot {
            notes.push(format!("snapshot {}", snapshot.last));
        }
        if let Some(log) = &write.log {
            if log.from.get() <= end && write.snapshot.is_none() {
                notes.push(format!("cuts {}..", log.from));
            }
            if !log.entries.is_empty() {
                notes.push(format!("+{}", entries(&log.entries)));
            }
            end = log.from.get() - 1 + log.entries.len() as u64;
        }
    }
    notes
}

/// An answer to a client or an administrator.
fn answer(answer: Answer) -> Option<String> {
    Some(match answer {
        Answer::Committed(index) => format!("done: {index}"),
        Answer::Registered(_, session) => format!("session {}", session.0),
        Answer::NoSession(_) => "no session".to_owned(),
        Answer::Read(index) => format!("read at {index}"),
        Answer::NotLeader(_) => "not leader".to_owned(),
        Answer::Superseded => "superseded".to_owned(),
        Answer::Unknown => "outcome unknown".to_owned(),
        Answer::Rejected => "rejected".to_owned(),
        Answer::Busy => "busy".to_owned(),
        Answer::Done => return None,
    })
}

/// A crash of a server.
pub(super) fn crash(lost: usize, torn: bool) -> Vec<String> {
    let writes = (lost > 0).then(|| format!("{lost} unsynced lost"));
    let torn = torn.then(|| "one torn".to_owned());
    ["CRASH".to_owned()].into_iter().chain(writes).chain(torn).collect()
}

/// An action that no observation about a server shows.
pub(super) fn action(action: &Action) -> Option<String> {
    Some(match action {
        Action::Links { changes } => {
            let texts: Vec<String> = changes
                .iter()
                .map(|link| {
                    let change = match link.change {
                        Change::Cut => "cut",
                        Change::Mend => "mended",
                        Change::Heal => "whole",
                        Change::Hold(_) => "held",
                        Change::Release(_) => "released",
                        Change::Slow(_) => "slow",
                        Change::Unslow(_) => "slow no more",
                    };
                    format!("{}→{} {change}", link.from, link.to)
                })
                .collect();
            texts.join(", ")
        }
        Action::Stall { server, stalled: true } => format!("{server}: its disk stalls"),
        Action::Stall { server, stalled: false } => format!("{server}: its disk resumes"),
        Action::Pause { server, paused: true } => format!("{server} is paused"),
        Action::Pause { server, paused: false } => format!("{server} resumes"),
        Action::PauseApply { server, paused: true } => format!("{server}: applies nothing"),
        Action::PauseApply { server, paused: false } => format!("{server}: applies again"),
        Action::FailWrites { server, fail: true } => format!("{server}: its writes fail"),
        Action::FailWrites { server, fail: false } => format!("{server}: its writes work"),
        Action::Freeze { server, frozen: true } => format!("{server}: its clock stops"),
        Action::Freeze { server, frozen: false } => format!("{server}: its clock goes on"),
        Action::Recover { .. } => "conditions become fair".to_owned(),
        Action::Tick { .. }
        | Action::Deliver { .. }
        | Action::Drop { .. }
        | Action::Duplicate { .. }
        | Action::SetHeld { .. }
        | Action::Forge { .. }
        | Action::Request { .. }
        | Action::Apply { .. }
        | Action::Sync { .. }
        | Action::Notify { .. }
        | Action::Flush { .. }
        | Action::SyncAll { .. }
        | Action::SyncNewest { .. }
        | Action::Lie { .. }
        | Action::Wipe { .. }
        | Action::Crash { .. }
        | Action::CrashAtWrite { .. }
        | Action::Configure { .. }
        | Action::Restart { .. }
        | Action::SetTick { .. }
        | Action::Jump { .. }
        | Action::Flow { .. }
        | Action::StopClocks => return None,
    })
}
