//! What a scenario needs of an implementation: what it says, and what its settings and statements imply.

use crate::scenario::syntax::{Capability, ForgedBody, Header, Scenario, Settings, Statement};
use crate::subject::Changes;
use crate::words::NodeId;

/// Capabilities that an implementation must have, each once.
pub(super) fn needed(scenario: &Scenario) -> Vec<Capability> {
    let header = &scenario.header;
    let mut needed = header.requires.clone();
    if header.durable_state_machine {
        needed.push(Capability::DurableStateMachine);
    }
    header.settings.iter().for_each(|settings| of_settings(settings, &mut needed));
    for step in &scenario.steps {
        of_statement(header, &step.statement, &mut needed);
    }
    needed.sort_unstable();
    needed.dedup();
    needed
}

fn of_settings(settings: &Settings, needed: &mut Vec<Capability>) {
    let set = [
        (settings.uncommitted_limit.is_some(), Capability::TailLimit),
        (settings.pre_vote, Capability::PreVote),
        (settings.check_quorum, Capability::CheckQuorum),
        (settings.lease_reads.is_some(), Capability::LeaseReads),
        (settings.apply_queue.is_some(), Capability::ApplyQueue),
        (settings.sessions.is_some(), Capability::Sessions),
    ];
    needed.extend(set.into_iter().filter_map(|(is_set, of)| is_set.then_some(of)));
}

fn of_statement(header: &Header, statement: &Statement, needed: &mut Vec<Capability>) {
    match statement {
        Statement::Forge(forged) => {
            needed.push(Capability::Forge);
            needed.extend(of_forged(&forged.body));
        }
        Statement::Propose { session: Some(_), .. } | Statement::Register(..) => {
            needed.push(Capability::Sessions);
        }
        Statement::Read(..) => needed.push(Capability::Reads),
        Statement::Change { server, learners, .. } => {
            needed.push(of_change(header, *server));
            if !learners.is_empty() {
                needed.push(Capability::Learners);
            }
        }
        Statement::Transfer { .. } => needed.push(Capability::Transfer),
        Statement::Compact(_) => needed.push(Capability::Snapshots),
        Statement::PauseApply(_) | Statement::ResumeApply(_) => {
            needed.push(Capability::ApplyQueue);
        }
        Statement::SyncNewest(_) => needed.push(Capability::DiskNotices),
        Statement::Timeout(_)
        | Statement::Elect(_)
        | Statement::Heartbeat(_)
        | Statement::Tick(..)
        | Statement::Settle
        | Statement::Run(_)
        | Statement::Deliver(_)
        | Statement::Drop(_)
        | Statement::Duplicate(_)
        | Statement::Hold(_)
        | Statement::Release(_)
        | Statement::Crash(_)
        | Statement::Restart(_)
        | Statement::Stall(_)
        | Statement::Sync(_)
        | Statement::Unstall(_)
        | Statement::Wipe(_)
        | Statement::Partition(_)
        | Statement::Isolate(_)
        | Statement::Cut(_)
        | Statement::Heal(_)
        | Statement::Propose { session: None, .. }
        | Statement::Retry(..)
        | Statement::Expect(_)
        | Statement::Never(_)
        | Statement::Reach(_)
        | Statement::Within(..) => {}
    }
}

/// A server that is told to use joint consensus always does not change its configuration otherwise.
fn of_change(header: &Header, server: NodeId) -> Capability {
    match header.settings.get(server.0 as usize - 1).and_then(|settings| settings.changes) {
        Some(Changes::Joint) => Capability::Joint,
        Some(Changes::Single | Changes::Shortest) | None => Capability::Membership,
    }
}

fn of_forged(body: &ForgedBody) -> Option<Capability> {
    match body {
        ForgedBody::PreVote(_) | ForgedBody::PreVoteReply { .. } => Some(Capability::PreVote),
        ForgedBody::TimeoutNow | ForgedBody::RequestVote { transfer: true, .. } => {
            Some(Capability::Transfer)
        }
        ForgedBody::RequestVote { transfer: false, .. }
        | ForgedBody::RequestVoteReply { .. }
        | ForgedBody::AppendEntries { .. }
        | ForgedBody::AppendEntriesReply { .. } => None,
    }
}
