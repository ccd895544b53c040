//! Properties that steps share, so that shrinking leaves out many of them together.

use std::mem::{Discriminant, discriminant};

use super::names;
use crate::model::{Body, NodeId};
use crate::scenario::replay::Move;
use crate::scenario::syntax::Statement;

/// A property that many steps share, so that all of them may be left out together.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Class {
    /// A server is named.
    Server(NodeId),
    /// A message goes this way.
    Link(NodeId, NodeId),
    /// A message is of this kind.
    Kind(Discriminant<Body>),
    /// A message is empty.
    Heartbeat,
    /// A message is copied.
    Copy,
    /// A statement is of this kind.
    Keyword(Discriminant<Statement>),
    /// A statement of this kind is about this server.
    KeywordOf(Discriminant<Statement>, NodeId),
}

/// The classes of a step.
pub(super) fn classes(step: &Move) -> Vec<Class> {
    match step {
        Move::Deliver(message) | Move::Duplicate(message) => {
            let mut classes = vec![
                Class::Server(message.from),
                Class::Server(message.to),
                Class::Link(message.from, message.to),
                Class::Kind(discriminant(&message.body)),
            ];
            if matches!(&message.body, Body::AppendEntries { entries, .. } if entries.is_empty()) {
                classes.push(Class::Heartbeat);
            }
            if matches!(step, Move::Duplicate(_)) {
                classes.push(Class::Copy);
            }
            classes
        }
        Move::Do(statement) => {
            let keyword = discriminant(statement);
            let about = names::servers(statement);
            let servers = about.iter().map(|&server| Class::Server(server));
            let keywords = about.iter().map(|&server| Class::KeywordOf(keyword, server));
            servers.chain(keywords).chain([Class::Keyword(keyword)]).collect()
        }
    }
}

/// True for the delivery of a heartbeat, or of a reply.
pub(super) fn is_of_heartbeat(step: &Move) -> bool {
    let Move::Deliver(message) = step else { return false };
    if let Body::AppendEntries { entries, .. } = &message.body {
        return entries.is_empty();
    }
    matches!(message.body, Body::AppendEntriesReply { .. })
}

/// The servers that a step names.
pub(super) fn servers(step: &Move) -> Vec<NodeId> {
    match step {
        Move::Deliver(message) | Move::Duplicate(message) => vec![message.from, message.to],
        Move::Do(statement) => names::servers(statement),
    }
}
