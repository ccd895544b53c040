//! Statements about the hosts of servers: their power, disks and state machines.

use super::start::settings;
use super::{Replay, Stop};
use crate::action::Action;
use crate::disk::Survives;
use crate::model::NodeId;
use crate::scenario::syntax::Settings;

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

    pub(super) fn crash_torn(&mut self, server: NodeId, entries: usize) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let appended = self.world.server(server).disk().oldest_appends();
        if appended <= entries {
            let oldest = "the oldest write that is not durable";
            let message = match appended {
                0 => format!("nothing to tear: {oldest} on {server}, if any, appends no entries"),
                1 => format!("nothing to tear: {oldest} on {server} appends 1 entry only"),
                _ => {
                    format!("nothing to tear: {oldest} on {server} appends {appended} entries only")
                }
            };
            return Err(self.statement(message));
        }
        let survives = Survives { writes: 0, torn: Some(entries) };
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
        if unsynced < writes {
            return Err(self.statement(match unsynced {
                0 => format!("all that {server} has written is durable; stall its disk first"),
                1 => format!("only 1 write of {server} is not durable"),
                _ => format!("only {unsynced} writes of {server} are not durable"),
            }));
        }
        self.act(Action::Flush { server, writes }).map(|_| ())
    }

    pub(super) fn tell(&mut self, server: NodeId, ordinal: usize) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let unnotified = self.world.server(server).unnotified().len();
        let Some(write) = self.world.server(server).unnotified().nth(ordinal - 1) else {
            return Err(self.statement(match unnotified {
                0 => format!("{server} has been notified of all its durable writes; flush some first"),
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
