//! What statements do to the hosts of servers: to their power, disks and state machines.

use super::start::settings;
use super::{Replay, Stop};
use crate::checker::Violation;
use crate::cluster::{Cluster, Survives};
use crate::scenario::syntax::Settings;
use crate::words::NodeId;

impl<'a> Replay<'a> {
    /// A disk or a state machine changes its pace.
    pub(super) fn host(
        &mut self,
        change: impl FnOnce(&mut Cluster<'a>) -> Result<(), Violation>,
    ) -> Result<(), Stop> {
        change(&mut self.cluster).map_err(|violation| Stop::Violation(self.line, violation))
    }

    pub(super) fn must_be_up(&self, server: NodeId) -> Result<(), Stop> {
        if self.cluster.server(server).is_up() {
            return Ok(());
        }
        Err(self.statement(format!("{server} is down; restart it first")))
    }

    pub(super) fn must_be_down(&self, server: NodeId) -> Result<(), Stop> {
        if self.cluster.server(server).is_up() {
            return Err(self.statement(format!("{server} is up; crash it first")));
        }
        Ok(())
    }

    pub(super) fn crash_torn(&mut self, server: NodeId, entries: usize) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let appended = self.cluster.server(server).disk().oldest_appends();
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
        self.cluster.crash(server, Survives { writes: 0, torn: Some(entries) });
        Ok(())
    }

    pub(super) fn reconfigure(&mut self, server: NodeId, added: Settings) -> Result<(), Stop> {
        self.must_be_down(server)?;
        let known = &mut self.settings[server.0 as usize - 1];
        *known = known.then(added);
        self.cluster.configure(server, settings(&self.scenario.header, *known));
        Ok(())
    }

    pub(super) fn flush(&mut self, server: NodeId, writes: usize) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let unsynced = self.cluster.server(server).disk().unsynced();
        if unsynced < writes {
            return Err(self.statement(match unsynced {
                0 => format!("all that {server} has written is durable; stall its disk first"),
                1 => format!("only 1 write of {server} is not durable"),
                _ => format!("only {unsynced} writes of {server} are not durable"),
            }));
        }
        self.cluster.flush(server, writes);
        Ok(())
    }

    pub(super) fn tell(&mut self, server: NodeId, ordinal: usize) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let unheard = self.cluster.server(server).unheard();
        if unheard < ordinal {
            return Err(self.statement(match unheard {
                0 => format!("{server} has heard of all its durable writes; flush some first"),
                1 => format!("there is only 1 durable write that {server} has not heard of"),
                _ => format!(
                    "there are only {unheard} durable writes that {server} has not heard of"
                ),
            }));
        }
        self.host(|cluster| cluster.tell(server, ordinal - 1).map(|_| ()))
    }

    pub(super) fn apply(&mut self, server: NodeId) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let applied = self.cluster.apply_once(server);
        if applied.map_err(|violation| Stop::Violation(self.line, violation))? {
            return Ok(());
        }
        Err(self.statement(format!("the state machine of {server} has applied all it was handed")))
    }
}
