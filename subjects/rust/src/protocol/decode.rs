//! Lines of the protocol as the interface's types. A line is refused here if it is invalid by itself or names a
//! server that does not exist. The checkers decide if a server may do what its line says.

use std::sync::Arc;

use super::encode::plain_outcome;
use super::text;
use super::wire::{
    self, Entry, EntryKind, Is, Kind, Matched, Message, Outcome, Reply, Role, Snapshot, Text, View,
    Write,
};
use crate::{
    Answer, AppendReply, Applied, Body, CLUSTER, Chunk, Command, Conflict, Entries, HardState,
    LARGEST, LogIndex, LogWrite, Membership, NodeId, Once, Payload, Position, Request, SessionId,
    Term, Token,
};

/// The reason why a line is not one of the protocol.
pub type Refused = String;

/// The servers that a line may name.
#[derive(Clone, Copy, Debug)]
pub struct Cluster {
    /// The number of the last server. The servers are S1 up to this one.
    pub servers: u32,
}

impl Cluster {
    /// A server that exists; `None` for 0.
    ///
    /// # Errors
    /// If there is no such server.
    pub fn server(self, field: &str, server: Option<u32>) -> Result<Option<NodeId>, Refused> {
        match server {
            None | Some(0) => Ok(None),
            Some(number) if number <= self.servers => Ok(Some(NodeId(number))),
            Some(number) => {
                Err(format!("`{field}` is {number}; expected a server from 1 to {}", self.servers))
            }
        }
    }

    fn some_server(self, field: &str, server: Option<u32>) -> Result<NodeId, Refused> {
        self.server(field, server)?.ok_or_else(|| {
            format!("`{field}` is missing; expected a server from 1 to {}", self.servers)
        })
    }

    /// A message from this server. In a reply to `call`, missing fields are taken from `call` where they follow from
    /// it.
    ///
    /// # Errors
    /// If it is not a message of the protocol.
    pub fn message(
        self,
        from: NodeId,
        message: Message<'_>,
        call: Option<&crate::Message>,
    ) -> Result<crate::Message, Refused> {
        let to = self.some_server("to", message.to)?;
        let term = term("term", message.term)?;
        Ok(crate::Message::new(from, to, term, self.body(message, call.map(|call| &call.body))?))
    }

    fn body(self, message: Message<'_>, call: Option<&Body>) -> Result<Body, Refused> {
        let Some(kind) = message.kind else {
            return Err("a message has no `type`".to_string());
        };
        let round = message.round.unwrap_or(0);
        Ok(match kind {
            Kind::RequestVote => Body::RequestVote {
                last: last_log(&message)?,
                transfer: message.transfer.unwrap_or(false),
            },
            Kind::PreVote => Body::PreVote { last: last_log(&message)? },
            Kind::RequestVoteReply => {
                Body::RequestVoteReply { granted: message.vote_granted.unwrap_or(false) }
            }
            Kind::PreVoteReply => {
                Body::PreVoteReply { granted: message.vote_granted.unwrap_or(false) }
            }
            Kind::AppendEntries => {
                let fields = ["prevLogIndex", "prevLogTerm"];
                let prev = position(fields, message.prev_log_index, message.prev_log_term)?;
                let first = LogIndex::after(prev.map(|prev| prev.index));
                let entries = entries(first, message.entries.unwrap_or_default())?;
                let commit = index("leaderCommit", message.leader_commit)?;
                Body::AppendEntries { prev, entries, commit, round }
            }
            Kind::AppendEntriesReply => {
                Body::AppendEntriesReply { reply: append_reply(&message, call)?, round }
            }
            Kind::InstallSnapshot => Body::InstallSnapshot { chunk: chunk(message)?, round },
            Kind::InstallSnapshotReply => Body::InstallSnapshotReply {
                last: last_included(message.last_included_index, message.last_included_term)?,
                received: message.received.unwrap_or(0),
                round,
            },
            Kind::TimeoutNow => Body::TimeoutNow,
            Kind::ReadIndex => {
                Body::ReadIndex { request: wire::named(message.request.unwrap_or(0)) }
            }
            Kind::ReadIndexReply => Body::ReadIndexReply {
                request: wire::named(message.request.unwrap_or(0)),
                index: some_index("index", message.index)?,
            },
            Kind::Other => Body::Other { what: Arc::from(message.what.as_ref().map_or("", said)) },
        })
    }

    /// A write, which must have this token.
    ///
    /// # Errors
    /// If it is not a write of the protocol.
    pub fn write(self, write: Write<'_>, token: Token) -> Result<crate::Write, Refused> {
        if write.token != Some(token.0) {
            let said = write.token.map_or("missing".to_string(), |token| token.to_string());
            return Err(format!("the `token` of a write is {said}; expected {}", token.0));
        }
        let hard_state = match (write.current_term, write.voted_for) {
            (None, None) => None,
            (None, Some(_)) => return Err("a write has `votedFor` without `currentTerm`".into()),
            (Some(_), vote) => Some(HardState {
                term: term("currentTerm", write.current_term)?,
                voted_for: self.server("votedFor", vote.flatten())?,
            }),
        };
        let commit = index("commitIndex", write.commit_index)?;
        let snapshot = write.snapshot.map(snapshot).transpose()?.map(Arc::new);
        let base = snapshot.as_ref().map(|snapshot| snapshot.last.index);
        let log = match (from(write.truncate, write.from, base)?, write.entries) {
            (None, None) => None,
            (None, Some(_)) => return Err("a write has `entries` without `from`".into()),
            (Some(from), said) => {
                Some(LogWrite { from, entries: entries(from, said.unwrap_or_default())? })
            }
        };
        let blob = write.blob.as_ref().map(blob);
        Ok(crate::Write { token, hard_state, commit, blob, snapshot, log })
    }

    /// The state of a server.
    ///
    /// # Errors
    /// If it is not a view of the protocol.
    pub fn view(self, view: &View) -> Result<crate::View, Refused> {
        Ok(crate::View {
            role: match view.role {
                None | Some(Role::Follower) => crate::Role::Follower,
                Some(Role::Candidate) => crate::Role::Candidate,
                Some(Role::Leader) => crate::Role::Leader,
            },
            term: term("currentTerm", view.current_term)?,
            voted_for: self.server("votedFor", view.voted_for.flatten())?,
            commit: index("commitIndex", view.commit_index)?,
            applied: index("lastApplied", view.last_applied)?,
            leader: self.server("leader", view.leader.flatten())?,
            snapshot: index("snapshot", view.snapshot)?,
            configuration: index("configuration", view.configuration)?,
            state: view.state.unwrap_or(0),
        })
    }

    /// An answer to a client.
    ///
    /// # Errors
    /// If it is not an answer of the protocol.
    pub fn answer(self, reply: &Reply) -> Result<(Request, Answer), Refused> {
        let (Some(request), Some(is)) = (reply.request, reply.is) else {
            return Err("an answer to a client has no `request` or no `is`".into());
        };
        let at = || some_index("index", reply.index);
        let answer = match is {
            Is::Committed => Answer::Committed(at()?),
            Is::Registered => Answer::Registered(at()?, session(reply.session)?),
            Is::NoSession => Answer::NoSession(at()?),
            Is::Read => Answer::Read(at()?),
            Is::Done => Answer::Done,
            Is::Superseded => Answer::Superseded,
            Is::Unknown => Answer::Unknown,
            Is::NotLeader => Answer::NotLeader(self.server("leader", reply.leader)?),
            Is::Busy => Answer::Busy,
            Is::Rejected => Answer::Rejected,
        };
        Ok((Request(wire::named(request)), answer))
    }

    /// An acknowledgement that a leader took.
    ///
    /// # Errors
    /// If it is not an acknowledgement of the protocol.
    pub fn matched(self, matched: &Matched) -> Result<(NodeId, LogIndex), Refused> {
        let server = self.some_server("server", matched.server)?;
        Ok((server, some_index("matchIndex", matched.match_index)?))
    }
}

/// The index from which on a write replaces the log, if it changes it: it may remove the end of the log first, then
/// store a snapshot with this last entry, and then write entries.
fn from(
    truncate: Option<u64>,
    from: Option<u64>,
    base: Option<LogIndex>,
) -> Result<Option<LogIndex>, Refused> {
    let first = from.map(|_| some_index("from", from)).transpose()?;
    if truncate.is_none() {
        return Ok(first);
    }
    let removed = some_index("truncate", truncate)?.max(LogIndex::after(base));
    match first {
        Some(first) if first > removed => Err(format!(
            "`truncate` removes the log from {removed} on and `from` is {first}; expected entries without a gap"
        )),
        first => Ok(first.or(Some(removed))),
    }
}

fn append_reply(message: &Message<'_>, call: Option<&Body>) -> Result<AppendReply, Refused> {
    if message.success.unwrap_or(false) {
        let matched = match message.match_index {
            Some(_) => index("matchIndex", message.match_index)?,
            None => call.and_then(verified),
        };
        return Ok(AppendReply::Success { matched });
    }
    let prev = match (message.prev_log_index, call) {
        (None, Some(Body::AppendEntries { prev, .. })) => prev.map(|prev| prev.index),
        (index_said, _) => index("prevLogIndex", index_said)?,
    };
    let first = index("conflictIndex", message.conflict_index)?;
    let term = Some(term("conflictTerm", message.conflict_term)?).filter(|term| term.0 > 0);
    Ok(AppendReply::Refused { prev, conflict: first.map(|first| Conflict { term, first }) })
}

/// The index up to which the receiver's log matches the leader's, if it accepts the call.
fn verified(call: &Body) -> Option<LogIndex> {
    match call {
        Body::AppendEntries { prev, entries, .. } => {
            let last = entries.last().map(|entry| entry.index);
            last.or(prev.map(|prev| prev.index))
        }
        Body::InstallSnapshot { chunk, .. } => Some(chunk.last.index),
        Body::RequestVote { .. }
        | Body::RequestVoteReply { .. }
        | Body::PreVote { .. }
        | Body::PreVoteReply { .. }
        | Body::AppendEntriesReply { .. }
        | Body::InstallSnapshotReply { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => None,
    }
}

fn chunk(message: Message<'_>) -> Result<Arc<Chunk>, Refused> {
    Ok(Arc::new(Chunk {
        last: last_included(message.last_included_index, message.last_included_term)?,
        membership: membership(message.voters, message.old, message.learners),
        cluster: CLUSTER,
        offset: message.offset.unwrap_or(0),
        size: message.size.unwrap_or(0),
        data: Arc::from(text::data(message.data.as_ref().map_or("", said))),
    }))
}

/// Entries from this index on.
pub(super) fn entries(first: LogIndex, said: Vec<Entry<'_>>) -> Result<Entries, Refused> {
    let mut index = first;
    let mut entries = Vec::with_capacity(said.len());
    for one in said {
        entries.push(entry(index, one)?);
        index = LogIndex::after(Some(index));
    }
    Ok(match entries.len() {
        1 => entries.pop().map_or_else(Entries::default, Entries::from),
        _ => entries.into_iter().collect(),
    })
}

/// The entry at this index.
fn entry(index: LogIndex, entry: Entry<'_>) -> Result<crate::Entry, Refused> {
    let term = term("term", entry.term)?;
    let payload = match entry.kind {
        Some(EntryKind::NoOp) => Payload::Noop,
        Some(EntryKind::Register) => Payload::Register,
        Some(EntryKind::Configuration) => {
            Payload::Membership(membership(entry.voters, entry.old, entry.learners))
        }
        None | Some(EntryKind::Command) => {
            let Some(text) = &entry.command else {
                return Err("an entry has neither a `command` nor another `type`".into());
            };
            let command = command(text);
            match (entry.session, entry.serial) {
                (None, None) => Payload::Command(command),
                (name, serial) => Payload::Once(Arc::new(Once {
                    session: session(name)?,
                    serial: serial.unwrap_or(0),
                    command,
                })),
            }
        }
    };
    Ok(crate::Entry { index, term, payload })
}

/// An entry that was applied.
///
/// # Errors
/// If it is not an entry of the protocol.
pub fn applied(applied: Entry<'_>) -> Result<Applied, Refused> {
    let (outcome, name) = (applied.outcome, applied.session);
    let entry = entry(some_index("index", applied.index)?, applied)?;
    let outcome = match outcome {
        None => plain_outcome(&entry.payload),
        Some(Outcome::Nothing) => crate::Outcome::Nothing,
        Some(Outcome::Executed) => crate::Outcome::Executed,
        Some(Outcome::Repeated) => crate::Outcome::Repeated,
        Some(Outcome::NoSession) => crate::Outcome::NoSession,
        Some(Outcome::Registered) => crate::Outcome::Registered(session(name)?),
    };
    Ok(Applied { entry, outcome })
}

pub(super) fn snapshot(snapshot: Snapshot<'_>) -> Result<crate::Snapshot, Refused> {
    Ok(crate::Snapshot {
        last: last_included(snapshot.last_included_index, snapshot.last_included_term)?,
        membership: membership(snapshot.voters, snapshot.old, snapshot.learners),
        cluster: CLUSTER,
        data: Arc::from(text::data(snapshot.data.as_ref().map_or("", said))),
    })
}

/// Data of an implementation's own.
pub(super) fn blob(text: &Text<'_>) -> Arc<[u8]> {
    Arc::from(text::data(said(text)))
}

pub(super) fn command(text: &Text<'_>) -> Command {
    text::command(said(text))
}

fn said<'t>(text: &'t Text<'_>) -> &'t str {
    &text.0
}

fn membership(
    voters: Option<Vec<u32>>,
    old: Option<Vec<u32>>,
    learners: Option<Vec<u32>>,
) -> Arc<Membership> {
    let [voters, outgoing, learners] = [voters, old, learners].map(servers);
    Arc::new(Membership { voters, outgoing, learners })
}

pub(super) fn servers(servers: Option<Vec<u32>>) -> Vec<NodeId> {
    servers.unwrap_or_default().into_iter().map(NodeId).collect()
}

pub(super) fn session(session: Option<u64>) -> Result<SessionId, Refused> {
    session.map(SessionId).ok_or_else(|| "`session` is missing".to_string())
}

fn last_log(message: &Message<'_>) -> Result<Option<Position>, Refused> {
    position(["lastLogIndex", "lastLogTerm"], message.last_log_index, message.last_log_term)
}

fn last_included(index: Option<u64>, of_term: Option<u64>) -> Result<Position, Refused> {
    let index = some_index("lastIncludedIndex", index)?;
    Ok(Position { index, term: term("lastIncludedTerm", of_term)? })
}

fn position(
    [index_field, term_field]: [&str; 2],
    of_index: Option<u64>,
    of_term: Option<u64>,
) -> Result<Option<Position>, Refused> {
    let (index, term) = (index(index_field, of_index)?, term(term_field, of_term)?);
    Ok(index.map(|index| Position { index, term }))
}

/// A term; 0 if it is missing.
pub(super) fn term(field: &str, term: Option<u64>) -> Result<Term, Refused> {
    Ok(Term(reachable(field, term.unwrap_or(0))?))
}

/// An index; `None` for 0 or if it is missing.
pub(super) fn index(field: &str, index: Option<u64>) -> Result<Option<LogIndex>, Refused> {
    Ok(LogIndex::new(reachable(field, index.unwrap_or(0))?))
}

fn some_index(field: &str, of_index: Option<u64>) -> Result<LogIndex, Refused> {
    index(field, of_index)?
        .ok_or_else(|| format!("`{field}` is 0 or missing; expected an index, from 1 on"))
}

/// A number small enough to count on from.
fn reachable(field: &str, number: u64) -> Result<u64, Refused> {
    if number > LARGEST {
        return Err(format!("`{field}` is {number}; expected at most {LARGEST}"));
    }
    Ok(number)
}
