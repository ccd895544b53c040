//! Statements, carried out one by one.

use super::{Replay, Stop};
use crate::action::Action;
use crate::disk::Survives;
use crate::model::NodeId;
use crate::scenario::syntax::{Servers, Statement, Target};
use crate::subject::Event;

impl Replay<'_> {
    pub(super) fn carry_out(&mut self, statement: &Statement) -> Result<(), Stop> {
        match statement {
            Statement::Timeout(servers) => {
                servers.iter().try_for_each(|&server| self.timeout(server))
            }
            Statement::Elect(server) => self.elect(*server),
            Statement::Heartbeat(server) => self.heartbeat(self.the(*server)?),
            Statement::Tick(servers, count) => {
                let servers = self.each(servers)?;
                for &server in &servers {
                    self.must_run(server)?;
                }
                for &server in servers.iter().cycle().take(servers.len() * *count as usize) {
                    self.tick(server)?;
                }
                Ok(())
            }
            Statement::Pause(servers) => self.pause(servers, true),
            Statement::Resume(servers) => self.pause(servers, false),
            Statement::Clock(servers, percent) => self.set_clock(servers, *percent),
            Statement::Settle => self.settle(),
            Statement::Run(duration) => self.flow(*duration, None).map(|_| ()),
            Statement::Deliver(selection) => self.deliver(selection),
            Statement::Drop(selection) => self.drop_messages(selection),
            Statement::Duplicate(selection) => self.duplicate(selection),
            Statement::Hold(selector) => {
                self.hold(selector);
                Ok(())
            }
            Statement::Release(selector) => self.release(selector),
            Statement::Forge(forged) => {
                let message = self.forged(forged)?;
                self.act(Action::Forge { message }).map(|_| ())
            }
            Statement::Crash(servers) => self.each(servers)?.into_iter().try_for_each(|server| {
                self.must_be_up(server)?;
                self.act(Action::Crash { server, survives: Survives::default() }).map(|_| ())
            }),
            Statement::CrashTorn(server, torn) => self.crash_torn(self.the(*server)?, *torn),
            Statement::Settings(servers, settings) => {
                servers.iter().try_for_each(|&server| self.reconfigure(server, *settings))
            }
            Statement::Restart(servers) => servers.iter().try_for_each(|&server| {
                self.must_be_down(server)?;
                self.act(Action::Restart { server }).map(|_| ())
            }),
            Statement::Stall(server) => self.stall(*server, true),
            Statement::Sync(server) => {
                let server = self.the(*server)?;
                self.act(Action::SyncAll { server }).map(|_| ())
            }
            Statement::SyncNewest(server) => {
                let server = self.the(*server)?;
                self.act(Action::SyncNewest { server }).map(|_| ())
            }
            Statement::Flush(server, writes) => self.flush(self.the(*server)?, *writes as usize),
            Statement::FlushTo(server, index) => self.flush_to(self.the(*server)?, *index),
            Statement::Tell(server, ordinal) => self.tell(self.the(*server)?, *ordinal as usize),
            Statement::Unstall(server) => self.stall(*server, false),
            &Statement::Lie(server) => self.act(Action::Lie { server, lies: true }).map(|_| ()),
            &Statement::Wipe(server) => {
                self.must_be_down(server)?;
                self.act(Action::Wipe { server }).map(|_| ())
            }
            Statement::Partition(groups) => self.partition(groups),
            Statement::Isolate(servers) => self.isolate(&self.each(servers)?),
            Statement::Cut(links) => self.set_links(links, true),
            Statement::Heal(Some(links)) => self.set_links(links, false),
            Statement::Heal(None) => self.heal_all(),
            Statement::Propose { server, commands, session } => {
                self.propose(self.the(*server)?, commands, session.as_ref())
            }
            Statement::Retry(server, label) => self.retry(self.the(*server)?, label),
            Statement::Register(server, label) => {
                self.ask(self.the(*server)?, label, Event::Register)
            }
            Statement::Read(server, label) => self.ask(self.the(*server)?, label, Event::Read),
            Statement::Change { server, label, voters, learners } => {
                let (voters, learners) = (voters.to_vec(), learners.to_vec());
                let change = |request| Event::ChangeMembership(request, voters, learners);
                self.ask(self.the(*server)?, label, change)
            }
            Statement::Transfer { server, label, to } => {
                self.ask(self.the(*server)?, label, |request| Event::Transfer(request, *to))
            }
            Statement::Compact(servers) => {
                self.each(servers)?.into_iter().try_for_each(|server| self.compact(server))
            }
            &Statement::PauseApply(server) => {
                self.must_be_up(server)?;
                self.act(Action::PauseApply { server, paused: true }).map(|_| ())
            }
            Statement::Apply(server) => self.apply(*server),
            &Statement::ResumeApply(server) => {
                self.must_be_up(server)?;
                self.act(Action::PauseApply { server, paused: false }).map(|_| ())
            }
            Statement::Repeat(times, statements) => {
                for _ in 0..*times {
                    for statement in statements {
                        self.carry_out(statement)?;
                        self.after_step()?;
                    }
                }
                Ok(())
            }
            Statement::Expect(condition) => self.expect(condition),
            Statement::Never(condition) => {
                self.never.push((self.line, condition.clone()));
                Ok(())
            }
            Statement::Reach(condition) => {
                self.reach.push((self.line, condition.clone(), false));
                Ok(())
            }
            Statement::Within(duration, condition) => self.within(*duration, condition),
        }
    }

    fn stall(&mut self, server: Target, stalled: bool) -> Result<(), Stop> {
        let server = self.the(server)?;
        self.act(Action::Stall { server, stalled }).map(|_| ())
    }

    /// The server that a statement is about.
    fn the(&self, target: Target) -> Result<NodeId, Stop> {
        match target {
            Target::Server(server) => Ok(server),
            Target::Leader => {
                let none = || self.statement("no live server leads; elect one first".to_owned());
                self.world.leader().ok_or_else(none)
            }
        }
    }

    /// The servers that a statement is about.
    pub(super) fn each(&self, servers: &Servers) -> Result<Vec<NodeId>, Stop> {
        if servers.is_leader() {
            return Ok(vec![self.the(Target::Leader)?]);
        }
        Ok(servers.to_vec())
    }
}
