//! The contract of the subject interface: the effects of every step must make sense. Checkers decide if Raft permits
//! them.

use super::Server;
use crate::model::{LogIndex, Membership, NodeId, Payload};
use crate::subject::{Answer, Effects, LogWrite, Token, Write};

/// Checks that the effects of a server's step make sense. If they do not, the implementation or its adapter has a
/// bug, and carrying them out would do something unintended.
///
/// # Errors
/// The effect that makes no sense.
#[inline]
pub(super) fn make_sense(
    id: NodeId,
    effects: &Effects,
    servers: usize,
    server: &mut Server,
) -> Result<(), String> {
    let refuse = Err::<(), String>;
    let exists = |server: NodeId| (1..=servers).contains(&(server.0 as usize));
    let none = format_args!("there is no such server");
    for write in &effects.writes {
        let Token(token) = write.token;
        if write.token <= server.written {
            let Token(last) = server.written;
            return refuse(format!("it names a write {token}; expected a token after {last}"));
        }
        server.written = write.token;
        if let Some((expected, found)) = write.log.as_ref().and_then(misnumbered) {
            return refuse(format!("it writes entry {found} in the place of entry {expected}"));
        }
        let mut named = memberships(write).flat_map(servers_of);
        if let Some(unknown) = named.find(|server| !exists(*server)) {
            return refuse(format!("it writes a configuration with {unknown}; {none}"));
        }
    }
    let Token(last) = server.written;
    let held = effects.held.iter();
    if let Some(held) = held.clone().find(|held| held.after > server.written) {
        let Token(after) = held.after;
        return refuse(format!("a message waits for its write {after}; its latest is {last}"));
    }
    for message in effects.sends.iter().chain(held.map(|held| &held.message)) {
        if message.from != id {
            return refuse(format!("it sent a message in the name of {}", message.from));
        }
        if !exists(message.to) {
            return refuse(format!("it sent a message to {}; {none}", message.to));
        }
    }
    for (request, answer) in &effects.answers {
        if let Answer::NotLeader(Some(leader)) = answer
            && !exists(*leader)
        {
            return refuse(format!("it names the leader {leader} to a client; {none}"));
        }
        if !server.unanswered.remove(request) {
            let number = request.0;
            return refuse(format!("it answers request {number}, which is not waiting for one"));
        }
    }
    Ok(())
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
