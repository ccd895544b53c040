//! The capabilities that a scenario requires: those that it names, and those that its settings and statements
//! imply.

use crate::scenario::syntax::{
    Capability, ForgedBody, Scenario, Settings, Statement, Target, Torn,
};
use crate::subject::Changes;

/// Capabilities that an implementation must have, each once.
pub(super) fn needed(scenario: &Scenario) -> Vec<Capability> {
    let header = &scenario.header;
    let mut needed = header.requires.clone();
    if header.durable_state_machine {
        needed.push(Capability::DurableStateMachine);
    }
    header.settings.iter().for_each(|settings| of_settings(settings, &mut needed));
    let mut settings = header.settings.clone();
    for step in &scenario.steps {
        if let Statement::Settings(servers, added) = &step.statement {
            for (server, settings) in header.servers.iter().zip(&mut settings) {
                if servers.contains(server) {
                    *settings = settings.then(*added);
                }
            }
        }
        of_statement(&settings, &step.statement, &mut needed);
    }
    needed.sort_unstable();
    needed.dedup();
    needed
}

fn of_settings(settings: &Settings, needed: &mut Vec<Capability>) {
    needed.extend(settings.all().filter_map(|setting| setting.needs));
}

/// `known` are the settings of each server's next boot.
fn of_statement(known: &[Settings], statement: &Statement, needed: &mut Vec<Capability>) {
    match statement {
        Statement::Settings(_, settings) => of_settings(settings, needed),
        Statement::Forge(forged) => {
            needed.push(Capability::Forge);
            needed.extend(of_forged(&forged.body));
        }
        Statement::Propose { session: Some(_), .. } | Statement::Register(..) => {
            needed.push(Capability::Sessions);
        }
        Statement::Read(..) => needed.push(Capability::Reads),
        Statement::Change { server, learners, .. } => {
            needed.push(of_change(known, *server));
            if !learners.is_empty() {
                needed.push(Capability::Learners);
            }
        }
        Statement::Transfer { .. } => needed.push(Capability::Transfer),
        Statement::Compact(_) => needed.push(Capability::Snapshots),
        Statement::PauseApply(_) | Statement::Apply(_) | Statement::ResumeApply(_) => {
            needed.push(Capability::ApplyQueue);
        }
        Statement::Repeat(_, statements) => {
            statements.iter().for_each(|statement| of_statement(known, statement, needed));
        }
        Statement::CrashTorn(_, Torn::Snapshot) => needed.push(Capability::Snapshots),
        Statement::SyncNewest(_) | Statement::Tell(_, 2..) => {
            needed.extend([Capability::DiskNotices, Capability::SlowDisk]);
        }
        Statement::Stall(_) => needed.push(Capability::SlowDisk),
        Statement::Timeout(_)
        | Statement::Elect(_)
        | Statement::Heartbeat(_)
        | Statement::Tick(..)
        | Statement::Pause(_)
        | Statement::Resume(_)
        | Statement::Clock(..)
        | Statement::Settle
        | Statement::Run(_)
        | Statement::Deliver(_)
        | Statement::Drop(_)
        | Statement::Duplicate(_)
        | Statement::Hold(_)
        | Statement::Release(_)
        | Statement::Crash(_)
        | Statement::CrashTorn(_, Torn::Entries(_))
        | Statement::Restart(_)
        | Statement::Sync(_)
        | Statement::Flush(..)
        | Statement::FlushTo(..)
        | Statement::Tell(_, 0..=1)
        | Statement::Unstall(_)
        | Statement::Lie(_)
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

/// A server with `changes joint` changes its configuration by joint consensus only.
fn of_change(known: &[Settings], server: Target) -> Capability {
    let asked = match server {
        Target::Server(server) => known.get(server.0 as usize - 1..server.0 as usize),
        Target::Leader => Some(known),
    };
    let is_joint = |settings: &Settings| settings.values().changes == Changes::Joint;
    let all = asked.unwrap_or_default();
    if !all.is_empty() && all.iter().all(is_joint) {
        Capability::Joint
    } else {
        Capability::Membership
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
