//! Configurations: translation between the testbed's and raft-rs's.
//!
//! raft-rs's entries say what changes. The resulting configuration depends on the one before. So each entry that is
//! proposed through the subject interface carries the result along in its context, which raft-rs leaves to the
//! application.

use protobuf::Message as _;
use raft::eraftpb::{
    ConfChangeSingle, ConfChangeTransition, ConfChangeType, ConfChangeV2, ConfState, Entry,
};
use raft_sim::model::{Membership, NodeId};

/// A configuration of raft-rs. It leaves joint consensus by itself.
pub(crate) fn conf_state(membership: &Membership) -> ConfState {
    let Membership { voters, outgoing, learners } = membership;
    let mut state = ConfState::default();
    state.set_voters(numbers(voters));
    state.set_voters_outgoing(numbers(outgoing));
    // A server that still votes in C_old becomes a learner when joint consensus ends.
    let (next, now): (Vec<NodeId>, Vec<NodeId>) =
        learners.iter().partition(|learner| outgoing.contains(learner));
    state.set_learners(numbers(&now));
    state.set_learners_next(numbers(&next));
    state.auto_leave = !outgoing.is_empty();
    state
}

/// A configuration of the testbed.
pub(crate) fn membership(state: &ConfState) -> Membership {
    let learners = [state.get_learners(), state.get_learners_next()].concat();
    Membership {
        voters: names(state.get_voters()),
        outgoing: names(state.get_voters_outgoing()),
        learners: names(&learners),
    }
}

/// The change from one configuration to these voters and learners. A change of nothing adds a voter that is there
/// already: an empty change means leaving joint consensus in raft-rs.
pub(crate) fn change(
    from: &Membership,
    voters: &[NodeId],
    learners: &[NodeId],
    transition: ConfChangeTransition,
) -> ConfChangeV2 {
    let single = |kind: ConfChangeType| {
        move |&server: &NodeId| {
            let mut single = ConfChangeSingle::default();
            single.set_change_type(kind);
            single.node_id = u64::from(server.0);
            single
        }
    };
    let new_voters = voters.iter().filter(|server| !from.voters.contains(server));
    let new_learners = learners.iter().filter(|server| !from.learners.contains(server));
    let gone = from.voters.iter().chain(&from.learners);
    let gone = gone.filter(|server| !voters.contains(server) && !learners.contains(server));
    let changes = new_voters
        .map(single(ConfChangeType::AddNode))
        .chain(new_learners.map(single(ConfChangeType::AddLearnerNode)))
        .chain(gone.map(single(ConfChangeType::RemoveNode)));
    let mut changes: Vec<ConfChangeSingle> = changes.collect();
    if changes.is_empty() {
        changes.extend(voters.first().map(single(ConfChangeType::AddNode)));
    }
    let mut change = ConfChangeV2::default();
    change.set_changes(changes.into());
    change.set_transition(transition);
    change
}

/// The configuration after a change; `None` if the change is invalid.
pub(crate) fn next(
    from: &Membership,
    mut voters: Vec<NodeId>,
    mut learners: Vec<NodeId>,
    joint: bool,
) -> Option<Membership> {
    voters.sort_unstable();
    learners.sort_unstable();
    let mut all = [&voters[..], &learners].concat();
    all.sort_unstable();
    let twice = all.windows(2).any(|pair| pair[0] == pair[1]);
    let outgoing = if joint { from.voters.clone() } else { Vec::new() };
    (!voters.is_empty() && !twice).then_some(Membership { voters, outgoing, learners })
}

/// The changes by which a server without a configuration comes to know one: a server that is added later and gets the
/// log from its beginning. raft-rs expects all servers to begin with the same configuration, or with a snapshot.
pub(crate) fn from_nothing(membership: &Membership) -> Vec<ConfChangeV2> {
    let Membership { voters, outgoing, learners } = membership;
    let empty = Membership::default();
    let auto = ConfChangeTransition::Auto;
    let first = if outgoing.is_empty() { voters } else { outgoing };
    let mut steps: Vec<ConfChangeV2> =
        first.iter().map(|&voter| change(&empty, &[voter], &[], auto)).collect();
    if outgoing.is_empty() {
        steps.extend(learners.iter().map(|&learner| change(&empty, &[], &[learner], auto)));
    } else {
        let old = Membership { voters: outgoing.clone(), ..Membership::default() };
        steps.push(change(&old, voters, learners, ConfChangeTransition::Implicit));
    }
    steps
}

/// The context of an entry that leads to a configuration.
pub(crate) fn context(membership: &Membership) -> Vec<u8> {
    bytes(&conf_state(membership))
}

/// Data and context of the entry that leads from one configuration to the next.
pub(crate) fn proposal(before: &Membership, next: &Membership) -> (Vec<u8>, Vec<u8>) {
    let context = if leaves(before, next) { Vec::new() } else { context(next) };
    (bytes(&between(before, next)), context)
}

/// The change that leads from one configuration to the next.
pub(crate) fn between(before: &Membership, next: &Membership) -> ConfChangeV2 {
    if leaves(before, next) {
        return ConfChangeV2::default();
    }
    let transition = match next.outgoing.is_empty() {
        true => ConfChangeTransition::Auto,
        false => ConfChangeTransition::Implicit,
    };
    change(before, &next.voters, &next.learners, transition)
}

/// True if this step leaves joint consensus.
fn leaves(before: &Membership, next: &Membership) -> bool {
    !before.outgoing.is_empty() && next.outgoing.is_empty()
}

pub(crate) fn bytes(message: &impl protobuf::Message) -> Vec<u8> {
    // Writing to memory fails only if a required field is missing, and none is.
    message.write_to_bytes().unwrap_or_default()
}

/// The configuration that an entry leads to, if it carries one. The entry that leaves joint consensus, which raft-rs
/// appends by itself, does not: it leads to C_new of the configuration before.
pub(crate) fn of_entry(entry: &Entry, before: &Membership) -> Membership {
    let mut state = ConfState::default();
    if !entry.context.is_empty() && state.merge_from_bytes(&entry.context).is_ok() {
        return membership(&state);
    }
    Membership { outgoing: Vec::new(), ..before.clone() }
}

fn numbers(servers: &[NodeId]) -> Vec<u64> {
    servers.iter().map(|server| u64::from(server.0)).collect()
}

fn names(numbers: &[u64]) -> Vec<NodeId> {
    let mut names: Vec<NodeId> = numbers.iter().map(|&number| name(number)).collect();
    names.sort_unstable();
    names
}

/// The name of a server. Every server's number fits.
pub(crate) fn name(number: u64) -> NodeId {
    NodeId(u32::try_from(number).unwrap_or(u32::MAX))
}
