//! Simpler statements in place of others, and a cluster with one server less.

use crate::model::{Body, NodeId};
use crate::scenario::replay::Move;
use crate::scenario::syntax::{Header, Label, Statement};

/// Simpler statements that may replace a step, which is one of `all`.
pub(super) fn shorter(step: &Move, all: &[Move]) -> Vec<Statement> {
    match step {
        Move::Do(Statement::Tick(servers, count)) if servers.len() == 1 => {
            let fewer = (*count > 1).then(|| Statement::Tick(servers.clone(), 1));
            let named =
                [Statement::Timeout(servers.clone()), Statement::Heartbeat(servers[0].into())];
            named.into_iter().chain(fewer).collect()
        }
        Move::Do(Statement::Propose { server, commands, session: Some(_) }) => {
            let (server, commands) = (*server, commands.clone());
            vec![Statement::Propose { server, commands, session: None }]
        }
        Move::Do(Statement::Retry(server, label)) => {
            let commands = vec![unused(label, all)];
            vec![Statement::Propose { server: *server, commands, session: None }]
        }
        Move::Deliver(message) if message.body == Body::TimeoutNow => {
            vec![Statement::Timeout(vec![message.to].into())]
        }
        Move::Do(_) | Move::Deliver(_) | Move::Duplicate(_) => Vec::new(),
    }
}

/// An unused label, similar to this one.
fn unused(label: &Label, all: &[Move]) -> Label {
    let proposes = |label: &Label| {
        all.iter().any(|step| match step {
            Move::Do(Statement::Propose { commands, .. }) => commands.contains(label),
            Move::Do(_) | Move::Deliver(_) | Move::Duplicate(_) => false,
        })
    };
    let mut label = label.clone();
    while proposes(&label) {
        label.0.push_str("-again");
    }
    label
}

/// Removes a server from a cluster; those after it are renumbered.
pub(super) fn without(header: &mut Header, gone: NodeId) {
    header.settings.remove(gone.0 as usize - 1);
    header.servers.pop();
    header.outside.retain(|&server| server != gone);
    header.given.retain(|given| given.server != gone);
    let outside = header.outside.iter_mut();
    for server in outside.chain(header.given.iter_mut().map(|given| &mut given.server)) {
        *server = renumbered(*server, gone);
    }
    for given in &mut header.given {
        given.vote = given.vote.filter(|&vote| vote != gone).map(|vote| renumbered(vote, gone));
    }
}

pub(super) fn renumbered(server: NodeId, gone: NodeId) -> NodeId {
    NodeId(server.0 - u32::from(server > gone))
}
