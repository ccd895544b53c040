//! Requests that wait for an answer. Each is answered once.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::mem;

use raft_core::{Answer, Command, Input, LogIndex, Once, Outcome, Rejection};

use super::Host;
use crate::event::{Busy, Outputs, Reply, Request, Ticket};
use crate::machine::Machine;

/// The first number of the host's own requests to the core; those of tickets are below.
const OWN: u64 = 1 << 63;

/// The requests that wait.
#[derive(Debug, Default)]
pub(super) struct Requests {
    waiting: BTreeMap<Ticket, Waiting>,
    /// The bytes of all of them.
    bytes: usize,
    /// The ticks at whose end they are answered in any case.
    deadlines: BTreeSet<(u64, Ticket)>,
    /// Reads of this turn.
    reads: Vec<Ticket>,
    /// Reads that wait for the cluster, by the core's request that they share.
    asked: BTreeMap<u64, Vec<Ticket>>,
    /// Reads that wait until the state machine is loaded.
    parked: Vec<Ticket>,
    /// The number of the host's own requests.
    own: u64,
}

#[derive(Debug)]
struct Waiting {
    kind: Kind,
    bytes: usize,
    deadline: Option<u64>,
}

/// Kind of a request, by its answers.
#[derive(Debug)]
enum Kind {
    /// Something that becomes an entry of the log: only the log tells its outcome.
    Entry,
    /// A question.
    Read(Vec<u8>),
    /// Something that this server does or does not.
    Task,
}

impl Requests {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The requests of a server in this life.
    pub(super) fn new(life: u64) -> Requests {
        // The upper half of a name is the life's: the multiplier spreads small numbers over it (Fibonacci hashing).
        let own = life.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33 << 32;
        Requests { own, ..Requests::default() }
    }

    /// A name for a request of the host's own, which no other life of the server has used.
    pub(super) fn own(&mut self) -> raft_core::Request {
        self.own += 1;
        raft_core::Request(OWN + self.own)
    }

    /// Removes a request, which is answered now. `None` if it was answered before.
    fn take(&mut self, ticket: Ticket) -> Option<Waiting> {
        let waiting = self.waiting.remove(&ticket)?;
        self.bytes -= waiting.bytes;
        if let Some(deadline) = waiting.deadline {
            self.deadlines.remove(&(deadline, ticket));
        }
        Some(waiting)
    }
}

impl<M: Machine> Host<M> {
    /// Takes a request.
    pub(super) fn request(
        &mut self,
        ticket: Ticket,
        deadline: Option<u32>,
        request: Request,
        outputs: &mut Outputs,
    ) {
        if let Some(reply) = self.turned_away(&request) {
            outputs.replies.push((ticket, reply));
            return;
        }
        let (kind, bytes) = match &request {
            Request::Command(command) | Request::Once { command, .. } => {
                (Kind::Entry, command.len())
            }
            Request::Register | Request::ChangeMembership { .. } => (Kind::Entry, 0),
            Request::Read(question) => (Kind::Read(question.clone()), question.len()),
            Request::StaleRead(question) => {
                let answer = self.machine.query(question);
                let reply = Reply::Read(self.node.applied(), answer);
                return outputs.replies.push((ticket, reply));
            }
            Request::TransferLeadership(_) | Request::Snapshot => (Kind::Task, 0),
        };
        let deadline = deadline.map(|ticks| self.ticks + u64::from(ticks));
        self.requests.deadlines.extend(deadline.map(|deadline| (deadline, ticket)));
        self.requests.bytes += bytes;
        self.requests.waiting.insert(ticket, Waiting { kind, bytes, deadline });
        let name = raft_core::Request(ticket.0);
        match request {
            Request::Command(command) => {
                let command = Command::from(&*command);
                self.step(Input::Propose { request: name, command }, outputs);
            }
            Request::Register => self.step(Input::Register { request: name }, outputs),
            Request::Once { session, serial, command } => {
                let once = Once { session, serial, command: Command::from(&*command) };
                self.step(Input::ProposeOnce { request: name, once }, outputs);
            }
            Request::ChangeMembership { voters, learners } => {
                let request = name;
                self.step(Input::ChangeMembership { request, voters, learners }, outputs);
            }
            Request::TransferLeadership(to) => {
                self.step(Input::TransferLeadership { request: name, to }, outputs);
            }
            Request::Read(_) => self.requests.reads.push(ticket),
            Request::StaleRead(_) => {}
            Request::Snapshot => self.take_snapshot(Some(ticket), outputs),
        }
    }

    /// The answer to a request that is not taken; `None` if it is.
    fn turned_away(&self, request: &Request) -> Option<Reply> {
        if self.stopped {
            return Some(Reply::Stopped);
        }
        let limits = &self.options.limits;
        let (writes, bytes) = match request {
            Request::Command(bytes) | Request::Once { command: bytes, .. } => (true, bytes.len()),
            Request::Register | Request::ChangeMembership { .. } | Request::Snapshot => (true, 0),
            Request::Read(bytes) => (false, bytes.len()),
            Request::StaleRead(_) => {
                return self.is_loading().then_some(Reply::Busy(Busy::Loading));
            }
            Request::TransferLeadership(_) => (false, 0),
        };
        if self.requests.len() >= limits.requests {
            return Some(Reply::Busy(Busy::Requests));
        }
        if self.requests.bytes.saturating_add(bytes) > limits.bytes {
            return Some(Reply::Busy(Busy::Bytes));
        }
        (writes && self.is_full()).then_some(Reply::Busy(Busy::DiskFull))
    }

    /// Asks the cluster for the reads of this turn.
    pub(super) fn ask_for_reads(&mut self, outputs: &mut Outputs) {
        let reads = mem::take(&mut self.requests.reads);
        if !reads.is_empty() {
            let request = self.requests.own();
            self.requests.asked.insert(request.0, reads);
            self.step(Input::Read { request }, outputs);
        }
    }

    /// Takes an answer of the core.
    pub(super) fn answered(
        &mut self,
        request: raft_core::Request,
        answer: Answer,
        outputs: &mut Outputs,
    ) {
        if let Some(reads) = self.requests.asked.remove(&request.0) {
            return match answer {
                Answer::Readable(_) if self.is_loading() => self.requests.parked.extend(reads),
                Answer::Readable(_) => self.read(reads, outputs),
                Answer::Committed(_)
                | Answer::Done
                | Answer::Superseded
                | Answer::Unknown
                | Answer::NotLeader(_)
                | Answer::Busy
                | Answer::Transferring(_)
                | Answer::Rejected(_) => {
                    let reply = self.reply_of(answer);
                    reads.into_iter().for_each(|read| self.reply(read, reply.clone(), outputs));
                }
            };
        }
        if request.0 >= OWN {
            return self.compacted(answer, outputs);
        }
        let reply = self.reply_of(answer);
        self.reply(Ticket(request.0), reply, outputs);
    }

    /// Answers questions from the state machine as it is now.
    fn read(&mut self, reads: Vec<Ticket>, outputs: &mut Outputs) {
        let applied = self.node.applied();
        for ticket in reads {
            if let Some(Waiting { kind: Kind::Read(question), .. }) = self.requests.take(ticket) {
                let answer = self.machine.query(&question);
                outputs.replies.push((ticket, Reply::Read(applied, answer)));
            }
        }
    }

    /// Answers the reads that waited until the state machine was loaded.
    pub(super) fn read_parked(&mut self, outputs: &mut Outputs) {
        let parked = mem::take(&mut self.requests.parked);
        self.read(parked, outputs);
    }

    fn reply_of(&mut self, answer: Answer) -> Reply {
        match answer {
            Answer::Committed(index) => self.outcome(index),
            Answer::Readable(_) | Answer::Done => Reply::Done,
            Answer::Superseded => Reply::Superseded,
            Answer::Unknown => Reply::Unknown { leader: self.node.leader() },
            Answer::NotLeader(leader) => Reply::NotLeader { leader: leader.or(self.node.leader()) },
            Answer::Busy => Reply::Busy(Busy::Uncommitted),
            Answer::Transferring(to) => Reply::Busy(Busy::Transferring(to)),
            Answer::Rejected(rejection) => Reply::Rejected(rejection),
        }
    }

    /// The outcome of the entry at this index, which was applied just now.
    fn outcome(&mut self, index: LogIndex) -> Reply {
        let applied = self.outcomes.binary_search_by_key(&index, |(index, _)| *index);
        let outcome =
            applied.ok().map(|at| mem::replace(&mut self.outcomes[at].1, Outcome::Nothing));
        match outcome {
            Some(Outcome::Executed(answer)) => Reply::Applied(index, Some(answer)),
            Some(Outcome::Repeated(answer)) => Reply::Applied(index, answer),
            Some(Outcome::Registered(session)) => Reply::Registered(index, session),
            Some(Outcome::Refused(_)) => Reply::NoSession(index),
            Some(Outcome::Nothing) => Reply::Changed(index),
            None => Reply::Unknown { leader: self.node.leader() },
        }
    }

    /// Answers a request, unless it was answered before.
    pub(super) fn reply(&mut self, ticket: Ticket, reply: Reply, outputs: &mut Outputs) {
        if self.requests.take(ticket).is_some() {
            outputs.replies.push((ticket, reply));
        }
    }

    /// Answers a request whose time is up.
    fn give_up(&mut self, ticket: Ticket, outputs: &mut Outputs) {
        let Some(waiting) = self.requests.take(ticket) else { return };
        let reply = match waiting.kind {
            Kind::Entry => Reply::Unknown { leader: self.node.leader() },
            Kind::Read(_) | Kind::Task => Reply::Expired,
        };
        outputs.replies.push((ticket, reply));
    }

    /// Answers the requests whose time is up.
    pub(super) fn expire(&mut self, outputs: &mut Outputs) {
        while let Some((deadline, ticket)) = self.requests.deadlines.first().copied()
            && deadline <= self.ticks
        {
            self.give_up(ticket, outputs);
        }
    }

    /// The server leads no longer, or another term. The outcome of what it took before depends on other leaders: clients do
    /// not wait for it for long.
    pub(super) fn lost_leadership(&mut self) {
        let Some(patience) = self.options.patience else { return };
        let latest = self.ticks + u64::from(patience);
        let Requests { waiting, deadlines, .. } = &mut self.requests;
        for (ticket, waiting) in waiting.iter_mut() {
            if matches!(waiting.kind, Kind::Entry) && waiting.deadline.is_none_or(|at| at > latest)
            {
                if let Some(deadline) = waiting.deadline.replace(latest) {
                    deadlines.remove(&(deadline, *ticket));
                }
                deadlines.insert((latest, *ticket));
            }
        }
    }

    /// Answers everything that waits: the server has stopped.
    pub(super) fn answer_all_stopped(&mut self, outputs: &mut Outputs) {
        for (ticket, waiting) in mem::take(&mut self.requests).waiting {
            let reply = match waiting.kind {
                Kind::Entry => Reply::Unknown { leader: None },
                Kind::Read(_) | Kind::Task => Reply::Stopped,
            };
            outputs.replies.push((ticket, reply));
        }
    }

    /// Rejects a request.
    pub(super) fn reject(
        &mut self,
        ticket: Option<Ticket>,
        rejection: Rejection,
        outputs: &mut Outputs,
    ) {
        if let Some(ticket) = ticket {
            self.reply(ticket, Reply::Rejected(rejection), outputs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lives_share_the_name_of_a_question() {
        let names = |life| {
            let mut requests = Requests::new(life);
            [requests.own(), requests.own(), requests.own()].map(|name| name.0)
        };
        let all: Vec<u64> = (1..=1_000).flat_map(names).collect();
        let different: BTreeSet<u64> = all.iter().copied().collect();
        assert_eq!(different.len(), all.len());
        assert!(all.iter().all(|name| *name > OWN), "tickets are below");
    }
}
