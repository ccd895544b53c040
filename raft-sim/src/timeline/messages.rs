//! Messages, entries and configurations as text.

use crate::model::{
    AppendReply, Body, Entry, Membership, Message, NodeId, Payload, Position, length,
};

/// If there are more entries than this, only the first, the last and their number are shown.
const MOST_ENTRIES: usize = 4;
/// A command of more bytes than this is not shown.
const LONGEST_COMMAND: usize = 32;

/// The content of a message, without its link: `AppendEntries term 3, prev 4/2, entries 5/3:x, commit 4`. An entry is
/// written as index/term.
pub(crate) fn body(message: &Message) -> String {
    let term = message.term;
    match &message.body {
        Body::RequestVote { last, transfer } => {
            let suffix = if *transfer { ", transfer" } else { "" };
            format!("RequestVote term {term}, last {}{suffix}", position(*last))
        }
        Body::PreVote { last } => format!("PreVote term {term}, last {}", position(*last)),
        Body::PreVoteReply { granted: true } => format!("PreVoteReply term {term}, granted"),
        Body::PreVoteReply { granted: false } => format!("PreVoteReply term {term}, refused"),
        Body::InstallSnapshot { chunk, .. } => format!(
            "InstallSnapshot term {term}, last {}, offset {}, {} of {} bytes",
            chunk.last,
            chunk.offset,
            chunk.data.len(),
            chunk.size
        ),
        Body::InstallSnapshotReply { last, received, .. } => {
            format!("InstallSnapshotReply term {term}, last {last}, received {received}")
        }
        Body::TimeoutNow => format!("TimeoutNow term {term}"),
        Body::ReadIndex { .. } => format!("ReadIndex term {term}"),
        Body::Other { what } => format!("{what}, term {term}"),
        Body::ReadIndexReply { index, .. } => format!("ReadIndexReply term {term}, index {index}"),
        Body::RequestVoteReply { granted: true } => {
            format!("RequestVoteReply term {term}, granted")
        }
        Body::RequestVoteReply { granted: false } => {
            format!("RequestVoteReply term {term}, refused")
        }
        Body::AppendEntries { prev, entries: new, commit, .. } => format!(
            "AppendEntries term {term}, prev {}, entries {}, commit {}",
            position(*prev),
            entries(new),
            length(*commit)
        ),
        Body::AppendEntriesReply { reply: AppendReply::Success { matched }, .. } => {
            format!("AppendEntriesReply term {term}, success, match {}", length(*matched))
        }
        Body::AppendEntriesReply { reply: AppendReply::Refused { prev, conflict }, .. } => {
            let prev = length(*prev);
            let parts = match conflict {
                None => String::new(),
                Some(conflict) => match conflict.term {
                    Some(of) => format!(", first entry of term {of} is {}", conflict.first),
                    None => format!(", log ends at {}", length(conflict.first.before())),
                },
            };
            format!("AppendEntriesReply term {term}, refused, prev {prev}{parts}")
        }
    }
}

/// A configuration: `{S1 S2 S3, learner S4}`; C_old,new is `{S1 S2 S3}+{S3 S4 S5}`.
pub(crate) fn configuration(membership: &Membership) -> String {
    let Membership { voters, outgoing, learners } = membership;
    let names = |servers: &[NodeId]| {
        let names: Vec<String> = servers.iter().map(NodeId::to_string).collect();
        names.join(" ")
    };
    let old = if outgoing.is_empty() { String::new() } else { format!("{{{}}}+", names(outgoing)) };
    let learners = match learners[..] {
        [] => String::new(),
        [learner] => format!(", learner {learner}"),
        [..] => format!(", learners {}", names(learners)),
    };
    format!("{old}{{{}{learners}}}", names(voters))
}

fn position(position: Option<Position>) -> String {
    position.map_or_else(|| "none".to_owned(), |position| position.to_string())
}

pub(super) fn entries(entries: &[Entry]) -> String {
    match entries {
        [] => "none".to_owned(),
        [first, .., last] if entries.len() > MOST_ENTRIES => {
            format!("{} to {} ({})", entry(first), entry(last), entries.len())
        }
        _ => entries.iter().map(entry).collect::<Vec<_>>().join(" "),
    }
}

/// An entry as index/term, and its command if that can be read.
pub(super) fn entry(entry: &Entry) -> String {
    let position = entry.position().to_string();
    match &entry.payload {
        Payload::Noop => position + ":no-op",
        Payload::Membership(membership) => format!("{position}:{}", configuration(membership)),
        Payload::Register => position + ":new-session",
        Payload::Once(once) => {
            let name = readable(&once.command).unwrap_or("command");
            format!("{position}:{name} (session {}, serial {})", once.session.0, once.serial)
        }
        Payload::Command(command) => match readable(command) {
            // A scenario's entry without a label carries its own position.
            Some(text) if text != position => format!("{position}:{text}"),
            Some(_) | None => position,
        },
    }
}

/// A command as text, if it is short and every byte of it is a printable ASCII character.
pub(crate) fn readable(command: &[u8]) -> Option<&str> {
    let shown =
        (1..=LONGEST_COMMAND).contains(&command.len()) && command.iter().all(u8::is_ascii_graphic);
    if shown { std::str::from_utf8(command).ok() } else { None }
}
