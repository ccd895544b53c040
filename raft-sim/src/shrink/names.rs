//! The servers and the labels that a statement names.

use crate::model::NodeId;
use crate::scenario::syntax::{
    Condition, DrawnEntry, Fact, ForgedBody, ForgedEntries, Label, Link, Selector, Servers,
    Statement, Target,
};

/// Calls `see` with every server that a statement names, so that it can be changed.
pub(super) fn each_server(statement: &mut Statement, see: &mut dyn FnMut(&mut NodeId)) {
    match statement {
        Statement::Timeout(servers)
        | Statement::Pause(servers)
        | Statement::Resume(servers)
        | Statement::Clock(servers, _)
        | Statement::Tick(servers, _)
        | Statement::Crash(servers)
        | Statement::Settings(servers, _)
        | Statement::Restart(servers)
        | Statement::Isolate(servers)
        | Statement::Compact(servers) => servers.iter_mut().for_each(see),
        Statement::Elect(server)
        | Statement::Lie(server)
        | Statement::Wipe(server)
        | Statement::PauseApply(server)
        | Statement::Apply(server)
        | Statement::ResumeApply(server) => see(server),
        Statement::Heartbeat(server)
        | Statement::Stall(server)
        | Statement::Sync(server)
        | Statement::SyncNewest(server)
        | Statement::Unstall(server)
        | Statement::Flush(server, _)
        | Statement::FlushTo(server, _)
        | Statement::Tell(server, _)
        | Statement::CrashTorn(server, _)
        | Statement::Propose { server, .. }
        | Statement::Retry(server, _)
        | Statement::Register(server, _)
        | Statement::Read(server, _) => in_target(server, see),
        Statement::Change { server, voters, learners, .. } => {
            in_target(server, see);
            voters.iter_mut().chain(learners.iter_mut()).for_each(see);
        }
        Statement::Transfer { server, to, .. } => {
            in_target(server, see);
            see(to);
        }
        Statement::Repeat(_, statements) => {
            statements.iter_mut().for_each(|statement| each_server(statement, see));
        }
        Statement::Deliver(selection)
        | Statement::Drop(selection)
        | Statement::Duplicate(selection) => in_selector(&mut selection.selector, see),
        Statement::Hold(selector) | Statement::Release(selector) => in_selector(selector, see),
        Statement::Forge(forged) => {
            in_links(std::slice::from_mut(&mut forged.link), see);
            if let ForgedBody::AppendEntries { entries: ForgedEntries::As(server, ..), .. } =
                &mut forged.body
            {
                see(server);
            }
        }
        Statement::Partition(groups) => groups.iter_mut().flatten().for_each(see),
        Statement::Cut(links) | Statement::Heal(Some(links)) => in_links(links, see),
        Statement::Expect(condition)
        | Statement::Never(condition)
        | Statement::Reach(condition)
        | Statement::Within(_, condition) => in_condition(condition, see),
        Statement::Settle | Statement::Run(_) | Statement::Heal(None) => {}
    }
}

fn in_target(target: &mut Target, see: &mut dyn FnMut(&mut NodeId)) {
    match target {
        Target::Server(server) => see(server),
        Target::Leader => {}
    }
}

fn in_selector(selector: &mut Selector, see: &mut dyn FnMut(&mut NodeId)) {
    in_links(&mut selector.links, see);
}

fn in_links(links: &mut [Link], see: &mut dyn FnMut(&mut NodeId)) {
    for link in links {
        see(&mut link.from);
        see(&mut link.to);
    }
}

fn in_condition(condition: &mut Condition, see: &mut dyn FnMut(&mut NodeId)) {
    match condition {
        Condition::Not(condition) => in_condition(condition, see),
        Condition::Any(conditions) => {
            conditions.iter_mut().for_each(|condition| in_condition(condition, see));
        }
        Condition::Servers(servers, facts) => {
            servers.iter_mut().for_each(&mut *see);
            facts.iter_mut().for_each(|fact| in_fact(fact, see));
        }
        Condition::On(_, servers) => servers.iter_mut().for_each(see),
        Condition::InFlight(selector) => in_selector(selector, see),
        Condition::ALeader
        | Condition::NoLeader
        | Condition::OnMajority(_)
        | Condition::Committed(_)
        | Condition::Answered(..)
        | Condition::Sees(..)
        | Condition::Misses(..)
        | Condition::Quiet => {}
    }
}

fn in_fact(fact: &mut Fact, see: &mut dyn FnMut(&mut NodeId)) {
    match fact {
        Fact::TermAs(server)
        | Fact::LogAs(server)
        | Fact::Vote(Some(server))
        | Fact::Next(server, _)
        | Fact::Match(server, _) => see(server),
        Fact::Members(servers) | Fact::Learners(servers) => servers.iter_mut().for_each(see),
        Fact::Role(_)
        | Fact::Up
        | Fact::Down
        | Fact::Term(_)
        | Fact::Vote(None)
        | Fact::Log { .. }
        | Fact::Holds(_)
        | Fact::Lacks(_)
        | Fact::Commit(_)
        | Fact::Committed(_)
        | Fact::Reported
        | Fact::Applied(_)
        | Fact::Joint
        | Fact::Snapshot(_)
        | Fact::Unsynced
        | Fact::Durable(_) => {}
    }
}

/// The servers that a statement names, with repetitions.
pub(super) fn servers(statement: &Statement) -> Vec<NodeId> {
    let mut servers = Vec::new();
    each_server(&mut statement.clone(), &mut |server| servers.push(*server));
    servers
}

/// Calls `see` with every group of servers in a statement that may be `all`, so that it can be changed.
pub(super) fn each_group(statement: &mut Statement, see: &mut dyn FnMut(&mut Servers)) {
    match statement {
        Statement::Timeout(servers)
        | Statement::Pause(servers)
        | Statement::Resume(servers)
        | Statement::Clock(servers, _)
        | Statement::Tick(servers, _)
        | Statement::Crash(servers)
        | Statement::Restart(servers)
        | Statement::Isolate(servers)
        | Statement::Compact(servers) => see(servers),
        Statement::Expect(condition)
        | Statement::Never(condition)
        | Statement::Reach(condition)
        | Statement::Within(_, condition) => group_in(condition, see),
        Statement::Repeat(_, statements) => {
            statements.iter_mut().for_each(|statement| each_group(statement, see));
        }
        Statement::Elect(_)
        | Statement::Heartbeat(_)
        | Statement::Settle
        | Statement::Run(_)
        | Statement::Deliver(_)
        | Statement::Drop(_)
        | Statement::Duplicate(_)
        | Statement::Hold(_)
        | Statement::Release(_)
        | Statement::Forge(_)
        | Statement::CrashTorn(..)
        | Statement::Settings(..)
        | Statement::Stall(_)
        | Statement::Sync(_)
        | Statement::SyncNewest(_)
        | Statement::Flush(..)
        | Statement::FlushTo(..)
        | Statement::Tell(..)
        | Statement::Unstall(_)
        | Statement::Lie(_)
        | Statement::Wipe(_)
        | Statement::Partition(_)
        | Statement::Cut(_)
        | Statement::Heal(_)
        | Statement::Propose { .. }
        | Statement::Retry(..)
        | Statement::Register(..)
        | Statement::Read(..)
        | Statement::Change { .. }
        | Statement::Transfer { .. }
        | Statement::PauseApply(_)
        | Statement::Apply(_)
        | Statement::ResumeApply(_) => {}
    }
}

fn group_in(condition: &mut Condition, see: &mut dyn FnMut(&mut Servers)) {
    match condition {
        Condition::Not(condition) => group_in(condition, see),
        Condition::Any(conditions) => {
            conditions.iter_mut().for_each(|condition| group_in(condition, see));
        }
        Condition::Servers(servers, _) | Condition::On(_, servers) => see(servers),
        Condition::ALeader
        | Condition::NoLeader
        | Condition::OnMajority(_)
        | Condition::Committed(_)
        | Condition::Answered(..)
        | Condition::Sees(..)
        | Condition::Misses(..)
        | Condition::InFlight(_)
        | Condition::Quiet => {}
    }
}

/// Calls `see` with every label in a statement, so that it can be changed.
pub(super) fn each_label(statement: &mut Statement, see: &mut dyn FnMut(&mut Label)) {
    match statement {
        Statement::Propose { commands, session, .. } => {
            commands.iter_mut().chain(session).for_each(see);
        }
        Statement::Retry(_, label)
        | Statement::Register(_, label)
        | Statement::Read(_, label)
        | Statement::Change { label, .. }
        | Statement::Transfer { label, .. } => see(label),
        Statement::Forge(forged) => {
            if let ForgedBody::AppendEntries { entries: ForgedEntries::Drawn(entries), .. } =
                &mut forged.body
            {
                labels_drawn(entries, see);
            }
        }
        Statement::Expect(condition)
        | Statement::Never(condition)
        | Statement::Reach(condition)
        | Statement::Within(_, condition) => labels_in(condition, see),
        Statement::Repeat(_, statements) => {
            statements.iter_mut().for_each(|statement| each_label(statement, see));
        }
        Statement::Timeout(_)
        | Statement::Pause(_)
        | Statement::Resume(_)
        | Statement::Clock(..)
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
        | Statement::CrashTorn(..)
        | Statement::Settings(..)
        | Statement::Restart(_)
        | Statement::Stall(_)
        | Statement::Sync(_)
        | Statement::SyncNewest(_)
        | Statement::Flush(..)
        | Statement::FlushTo(..)
        | Statement::Tell(..)
        | Statement::Unstall(_)
        | Statement::Lie(_)
        | Statement::Wipe(_)
        | Statement::Partition(_)
        | Statement::Isolate(_)
        | Statement::Cut(_)
        | Statement::Heal(_)
        | Statement::Compact(_)
        | Statement::PauseApply(_)
        | Statement::Apply(_)
        | Statement::ResumeApply(_) => {}
    }
}

fn labels_in(condition: &mut Condition, see: &mut dyn FnMut(&mut Label)) {
    match condition {
        Condition::Not(condition) => labels_in(condition, see),
        Condition::Any(conditions) => {
            conditions.iter_mut().for_each(|condition| labels_in(condition, see));
        }
        Condition::Servers(_, facts) => facts.iter_mut().for_each(|fact| labels_of(fact, see)),
        Condition::OnMajority(label)
        | Condition::On(label, _)
        | Condition::Committed(label)
        | Condition::Answered(label, _) => see(label),
        Condition::Sees(label, commands) | Condition::Misses(label, commands) => {
            std::iter::once(label).chain(commands).for_each(see);
        }
        Condition::ALeader | Condition::NoLeader | Condition::InFlight(_) | Condition::Quiet => {}
    }
}

fn labels_of(fact: &mut Fact, see: &mut dyn FnMut(&mut Label)) {
    match fact {
        Fact::Log { entries, .. } => labels_drawn(entries, see),
        Fact::Holds(labels)
        | Fact::Lacks(labels)
        | Fact::Committed(labels)
        | Fact::Applied(labels) => labels.iter_mut().for_each(see),
        Fact::Role(_)
        | Fact::Up
        | Fact::Down
        | Fact::Term(_)
        | Fact::TermAs(_)
        | Fact::Vote(_)
        | Fact::LogAs(_)
        | Fact::Commit(_)
        | Fact::Reported
        | Fact::Members(_)
        | Fact::Learners(_)
        | Fact::Joint
        | Fact::Snapshot(_)
        | Fact::Unsynced
        | Fact::Durable(_)
        | Fact::Next(..)
        | Fact::Match(..) => {}
    }
}

fn labels_drawn(entries: &mut [DrawnEntry], see: &mut dyn FnMut(&mut Label)) {
    entries.iter_mut().filter_map(|entry| entry.label.as_mut()).for_each(see);
}
