//! Time that flows: what is due next.

use super::{World, slot};
use crate::action::Action;
use crate::model::NodeId;
use crate::network::{Arrival, MessageId};
use crate::subject::Token;
use crate::time::{Micros, Queue};

use super::Launch;

/// What is scheduled. What is scheduled for an earlier life of a server is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Arrival(MessageId),
    Tick { server: u32, life: u32 },
    Synced { server: u32, life: u32, token: Token },
    Notice { server: u32, life: u32, token: Token },
    Apply { server: u32, life: u32 },
    Alarm(u64),
}

/// What is due.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// This happens now: it is to be [applied](World::apply).
    Action(Action),
    /// An alarm that the driver set; what it means is the driver's business.
    Alarm(u64),
    /// What was scheduled is void: its server has died since, its clock stands still, its message was taken or is held.
    Void,
}

impl<L: Launch + ?Sized> World<'_, L> {
    /// Sets an alarm of the driver: [`World::next`] tells its number at this time. Of what is due at the same time comes
    /// first what was scheduled first.
    pub fn set_alarm(&mut self, time: Micros, number: u64) {
        self.queue.push(time, Due::Alarm(number));
    }

    /// What is due next, up to and including `until`, and it is that time now; `None` if nothing is, and then it is `until`.
    #[inline]
    pub fn next(&mut self, until: Micros) -> Option<Next> {
        let Some((time, due)) = self.queue.pop(until) else {
            self.now = until;
            return None;
        };
        self.now = time;
        Some(Next::Action(match due {
            Due::Arrival(message) if self.network.arrives(message) => Action::Deliver { message },
            Due::Tick { server, life } if self.servers[server as usize].life == life => {
                if self.stopped {
                    return Some(Next::Void);
                }
                let state = &mut self.servers[server as usize];
                state.next_tick = time + state.tick;
                self.queue.push(state.next_tick, due);
                if state.frozen {
                    return Some(Next::Void);
                }
                Action::Tick { server: NodeId(server + 1) }
            }
            Due::Synced { server, life, token } if self.servers[server as usize].life == life => {
                Action::Sync { server: NodeId(server + 1), through: token }
            }
            Due::Notice { server, life, token } if self.servers[server as usize].life == life => {
                Action::Notify { server: NodeId(server + 1), write: token }
            }
            Due::Apply { server, life } if self.servers[server as usize].life == life => {
                let state = &mut self.servers[server as usize];
                state.applying = false;
                if state.apply_paused {
                    return Some(Next::Void);
                }
                Action::Apply { server: NodeId(server + 1) }
            }
            Due::Alarm(number) => return Some(Next::Alarm(number)),
            Due::Arrival(_)
            | Due::Tick { .. }
            | Due::Synced { .. }
            | Due::Notice { .. }
            | Due::Apply { .. } => return Some(Next::Void),
        }))
    }

    /// Clocks tick, messages travel and disks sync by themselves from now on; what is in flight and not held sets out now. Or
    /// what is sent from now on stays in flight; what is scheduled stays so.
    pub(super) fn set_flowing(&mut self, flows: bool) {
        if self.flowing == flows {
            return;
        }
        self.flowing = flows;
        if !flows {
            return;
        }
        self.set_out();
        let World { queue, now, servers, .. } = self;
        for (index, server) in servers.iter_mut().enumerate() {
            if server.is_up() && !server.ticking {
                server.ticking = true;
                server.next_tick = server.next_tick.max(*now);
                let due = Due::Tick { server: index as u32, life: server.life };
                queue.push(server.next_tick, due);
            }
        }
    }

    /// What is in flight, not held and not on its way sets out, if time flows.
    pub(super) fn set_out(&mut self) {
        if self.flowing {
            let World { network, queue, now, .. } = self;
            network.set_out(|Arrival { message, delay }| {
                schedule(queue, *now, message, delay);
            });
        }
    }

    /// A server's clock ticks next after its interval, if time flows.
    pub(super) fn start_clock(&mut self, id: NodeId) {
        let server = &mut self.servers[slot(id)];
        server.ticking = self.flowing;
        if self.flowing {
            server.next_tick = self.now + server.tick;
            let due = Due::Tick { server: id.0 - 1, life: server.life };
            self.queue.push(server.next_tick, due);
        }
    }
}

/// Schedules an arrival; gives its time.
#[inline]
pub(super) fn schedule(
    queue: &mut Queue<Due>,
    now: Micros,
    message: MessageId,
    delay: Micros,
) -> Micros {
    let time = now + delay;
    queue.push(time, Due::Arrival(message));
    time
}
