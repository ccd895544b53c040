//! Statements about the hosts of servers: their power, disks and state machines.

use super::start::settings;
use super::{Replay, Stop};
use crate::action::Action;
use crate::disk::{self, Survives};
use crate::model::{LogIndex, NodeId};
use crate::scenario::syntax::{Servers, Settings, Torn};
use crate::time::TICK;

impl Replay<'_> {
    pub(super) fn must_be_up(&self, server: NodeId) -> Result<(), Stop> {
        if self.world.server(server).is_up() {
            return Ok(());
        }
        Err(self.statement(format!("{server} is down; restart it first")))
    }

    pub(super) fn must_be_down(&self, server: NodeId) -> Result<(), Stop> {
        if self.world.server(server).is_up() {
            return Err(self.statement(format!("{server} is up; crash it first")));
        }
        Ok(())
    }

    /// A server that is to take a tick is up and not paused.
    pub(super) fn must_run(&self, server: NodeId) -> Result<(), Stop> {
        self.must_be_up(server)?;
        if self.world.server(server).is_paused() {
            return Err(self.statement(format!("{server} is paused; resume it first")));
        }
        Ok(())
    }

    pub(super) fn pause(&mut self, servers: &Servers, paused: bool) -> Result<(), Stop> {
        for server in self.each(servers)? {
            if paused {
                self.must_run(server)?;
            } else if !self.world.server(server).is_paused() {
                return Err(self.statement(format!("{server} is not paused")));
            }
            self.act(Action::Pause { server, paused })?;
        }
        Ok(())
    }

    /// The clocks of these servers tick at a rate in percent of the nominal one while time flows.
    pub(super) fn set_clock(&mut self, servers: &Servers, percent: u32) -> Result<(), Stop> {
        let tick = (TICK * 100 / u64::from(percent)).max(1);
        let mut servers = self.each(servers)?.into_iter();
        servers.try_for_each(|server| self.act(Action::SetTick { server, tick }).map(|_| ()))
    }

    pub(super) fn crash_torn(&mut self, server: NodeId, torn: Torn) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let disk = self.world.server(server).disk();
        let appended = disk.oldest_appends();
        let oldest = format!("the oldest write that is not durable on {server}");
        let nothing = match torn {
            _ if !disk.is_dirty() => {
                let message =
                    format!("all that {server} has written is durable; stall its disk first");
                return Err(self.statement(message));
            }
            Torn::Entries(entries) if appended > entries as usize => None,
            Torn::Entries(_) => Some(match appended {
                0 => format!("nothing to tear: {oldest} appends no entries"),
                1 => format!("nothing to tear: {oldest} appends 1 entry only"),
                _ => format!("nothing to tear: {oldest} appends {appended} entries only"),
            }),
            Torn::Snapshot if disk.oldest_has_snapshot() => None,
            Torn::Snapshot => Some(format!("nothing to tear: {oldest} has no snapshot")),
        };
        if let Some(why) = nothing {
            return Err(self.unable(why));
        }
        let torn = match torn {
            Torn::Entries(entries) => disk::Torn::Entries(entries as usize),
            Torn::Snapshot => disk::Torn::Snapshot,
        };
        let survives = Survives { writes: 0, torn: Some(torn) };
        self.act(Action::Crash { server, survives }).map(|_| ())
    }

    pub(super) fn reconfigure(&mut self, server: NodeId, added: Settings) -> Result<(), Stop> {
        self.must_be_down(server)?;
        let known = &mut self.settings[server.0 as usize - 1];
        *known = known.then(added);
        let settings = Box::new(settings(&self.scenario.header, *known, &self.claims));
        self.act(Action::Configure { server, settings }).map(|_| ())
    }

    pub(super) fn flush(&mut self, server: NodeId, writes: usize) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let unsynced = self.world.server(server).disk().unsynced();
        if unsynced == 0 {
            let message = format!("all that {server} has written is durable; stall its disk first");
            return Err(self.statement(message));
        }
        if unsynced < writes {
            return Err(self.unable(match unsynced {
                1 => format!("only 1 write of {server} is not durable"),
                _ => format!("only {unsynced} writes of {server} are not durable"),
            }));
        }
        self.act(Action::Flush { server, writes }).map(|_| ())
    }

    /// As many of the oldest writes become durable as it takes for the entry at an index to be.
    pub(super) fn flush_to(&mut self, server: NodeId, index: u64) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let disk = self.world.server(server).disk();
        let Some(writes) = LogIndex::new(index).and_then(|index| disk.writes_through(index)) else {
            let length = self.world.server(server).length();
            return Err(self.statement(if length < index {
                format!("{server} has no entry {index}: its log ends with {length}")
            } else {
                format!("entry {index} is durable on {server} already; stall its disk first")
            }));
        };
        self.act(Action::Flush { server, writes }).map(|_| ())
    }

    pub(super) fn tell(&mut self, server: NodeId, ordinal: usize) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let unnotified = self.world.server(server).unnotified().len();
        let Some(write) = self.world.server(server).unnotified().nth(ordinal - 1) else {
            if unnotified == 0 {
                return Err(self.statement(format!(
                    "{server} has been notified of all its durable writes; flush some first"
                )));
            }
            return Err(self.unable(match unnotified {
                1 => format!("there is only 1 durable write of which {server} has not been notified"),
                _ => format!(
                    "there are only {unnotified} durable writes of which {server} has not been notified"
                ),
            }));
        };
        self.act(Action::Notify { server, write }).map(|_| ())
    }

    pub(super) fn apply(&mut self, server: NodeId) -> Result<(), Stop> {
        self.must_be_up(server)?;
        if self.world.server(server).is_behind() {
            return self.act(Action::Apply { server }).map(|_| ());
        }
        Err(self.statement(format!("the state machine of {server} has applied all it was handed")))
    }
}
