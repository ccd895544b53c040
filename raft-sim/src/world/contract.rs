//! The contract of the subject interface: the effects of every step must make sense. Checkers decide if Raft permits
//! them.

use super::Server;
use crate::model::{LogIndex, Membership, Message, NodeId, Payload};
use crate::subject::{Answer, Effects, Held, LogWrite, Request, Token, Write};

/// Checks that the effects of a server's step make sense. If they do not, the implementation or its adapter has a
/// bug, and carrying them out would do something unintended.
///
/// # Errors
/// The effect that makes no sense.
#[inline(always)]
pub(super) fn make_sense(
    id: NodeId,
    effects: &Effects,
    servers: usize,
    server: &mut Server,
) -> Result<(), String> {
    for write in &effects.writes {
        check_write(write, servers, server)?;
    }
    for held in &effects.held {
        check_held(held, server)?;
    }
    for message in &effects.sends {
        check_message(message, id, servers)?;
    }
    for held in &effects.held {
        check_message(&held.message, id, servers)?;
    }
    for (request, answer) in &effects.answers {
        check_answer(*request, answer, servers, server)?;
    }
    Ok(())
}

/// True if a server is one of this many.
#[inline]
fn exists(server: NodeId, servers: usize) -> bool {
    (1..=servers).contains(&(server.0 as usize))
}

fn check_write(write: &Write, servers: usize, server: &mut Server) -> Result<(), String> {
    let Token(token) = write.token;
    if write.token <= server.written {
        let Token(last) = server.written;
        return Err(format!("it names a write {token}; expected a token after {last}"));
    }
    server.written = write.token;
    if let Some((expected, found)) = write.log.as_ref().and_then(misnumbered) {
        return Err(format!("it writes entry {found} in the place of entry {expected}"));
    }
    let mut named = memberships(write).flat_map(servers_of);
    match named.find(|server| !exists(*server, servers)) {
        Some(unknown) => {
            Err(format!("it writes a configuration with {unknown}; there is no such server"))
        }
        None => Ok(()),
    }
}

fn check_held(held: &Held, server: &Server) -> Result<(), String> {
    if held.after <= server.written {
        return Ok(());
    }
    let (Token(after), Token(last)) = (held.after, server.written);
    Err(format!("a message waits for its write {after}; its latest is {last}"))
}

#[inline(always)]
fn check_message(message: &Message, id: NodeId, servers: usize) -> Result<(), String> {
    if message.from == id && exists(message.to, servers) {
        return Ok(());
    }
    Err(wrong_address(message, id))
}

#[cold]
fn wrong_address(message: &Message, id: NodeId) -> String {
    let Message { from, to, .. } = message;
    if *from != id {
        return format!("it sent a message in the name of {from}");
    }
    format!("it sent a message to {to}; there is no such server")
}

/// Most waiting requests that an error lists.
const MOST_LISTED: usize = 8;

fn check_answer(
    Request(number): Request,
    answer: &Answer,
    servers: usize,
    server: &mut Server,
) -> Result<(), String> {
    if let Answer::NotLeader(Some(leader)) = answer
        && !exists(*leader, servers)
    {
        return Err(format!("it names the leader {leader} to a client; there is no such server"));
    }
    if server.unanswered.remove(Request(number)).is_some() {
        return Ok(());
    }
    let mut waiting: Vec<String> =
        server.unanswered.names().map(|Request(number)| number.to_string()).collect();
    if waiting.len() > MOST_LISTED {
        let more = format!("and {} more", waiting.len() - MOST_LISTED);
        waiting.truncate(MOST_LISTED);
        waiting.push(more);
    } else if waiting.is_empty() {
        waiting.push("none".to_owned());
    }
    // What stands in braces may differ in violations of one symptom.
    let waiting = waiting.join(", ");
    Err(format!("it answers request {number}, which is not waiting for one {{waiting: {waiting}}}"))
}

/// The configurations in a write.
fn memberships(write: &Write) -> impl Iterator<Item = &Membership> {
    let entries = write.log.iter().flat_map(|log| log.entries.iter());
    let logged = entries.filter_map(|entry| match &entry.payload {
        Payload::Membership(membership) => Some(&**membership),
        Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_) => None,
    });
    logged.chain(write.snapshot.iter().map(|snapshot| &*snapshot.membership))
}

fn servers_of(membership: &Membership) -> impl Iterator<Item = NodeId> {
    let Membership { voters, outgoing, learners } = membership;
    [voters, outgoing, learners].into_iter().flatten().copied()
}

/// The first entry of a write that does not follow the one before: the index that it should have, and its own.
fn misnumbered(log: &LogWrite) -> Option<(LogIndex, LogIndex)> {
    let mut expected = log.from;
    for entry in log.entries.iter() {
        if entry.index != expected {
            return Some((expected, entry.index));
        }
        expected = LogIndex::after(Some(expected));
    }
    None
}
