//! Snapshots: taken from the state machine, served to other servers, fetched from them, and loaded into the state machine.
//! Each is a file; the core has its [handle](Handle) as the snapshot's data.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use raft_core::{
    Answer, Body, Chunk, Input, LogIndex, Message, NodeId, Position, Refusal, Rejection, Role,
    Sessions, Snapshot,
};

use super::Host;
use super::disk::Purpose;
use crate::disk::{File, Work};
use crate::event::{Busy, Observation, Outputs, Reply, Stopped, Ticket};
use crate::frame::Frame;
use crate::machine::{Frozen, Machine};
use crate::recovery::Damage;
use crate::snapshot::{Handle, Part, Reader, Writer};

/// Bytes that are gathered before they are written, and that are read at once.
const CHUNK: usize = 1 << 20;

/// Writes of a snapshot that is being fetched that may be under way.
const AHEAD: usize = 4;

/// The snapshots of a server.
#[derive(Debug)]
pub(super) struct Snapshots<F> {
    /// Those that are complete.
    files: BTreeMap<Position, Handle>,
    /// The one that the log on the disk names.
    in_force: Option<Position>,
    taking: Option<Taking<F>>,
    fetching: Option<Fetching>,
    loading: Option<Loading>,
}

/// A snapshot that is being taken.
#[derive(Debug)]
struct Taking<F> {
    last: Position,
    frozen: F,
    writer: Writer,
    /// The whole file, when all of it is given out.
    handle: Option<Handle>,
    /// The request that is answered at the end.
    ticket: Option<Ticket>,
}

/// A snapshot that is being fetched.
#[derive(Debug)]
struct Fetching {
    from: NodeId,
    last: Position,
    handle: Handle,
    /// Checks what arrives.
    reader: Reader,
    /// The message that installs it, for the core when the file is there.
    message: Message,
    /// True if nothing has arrived since the leader last sent that message.
    silent: bool,
    /// True if the next part was asked for.
    asked: bool,
    writes: usize,
}

/// A snapshot that the state machine is being loaded from.
#[derive(Debug)]
struct Loading {
    last: Position,
    reader: Reader,
    snapshot: Arc<Snapshot>,
}

impl<F> Snapshots<F> {
    /// The snapshots of a server that boots from this one.
    pub(super) fn new(in_force: Option<(Position, Handle)>) -> Snapshots<F> {
        Snapshots {
            files: in_force.into_iter().collect(),
            in_force: in_force.map(|(last, _)| last),
            taking: None,
            fetching: None,
            loading: None,
        }
    }

    pub(super) fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (Position, Handle)> + '_ {
        self.files.iter().map(|(last, handle)| (*last, *handle))
    }

    /// The log on the disk names this one from now on.
    pub(super) fn in_force(&mut self, last: Position) {
        self.in_force = Some(last);
    }
}

/// Taking.
impl<M: Machine> Host<M> {
    /// Takes a snapshot without being asked to, if there is something to take and nothing in the way.
    pub(super) fn snapshot_by_itself(&mut self, outputs: &mut Outputs) {
        let base = self.base().map(|snapshot| snapshot.last.index);
        let Snapshots { taking, loading, .. } = &self.snapshots;
        if taking.is_none() && loading.is_none() && self.node.applied() > base && !self.is_full() {
            self.take_snapshot(None, outputs);
        }
    }

    /// Takes a snapshot of what is applied.
    pub(super) fn take_snapshot(&mut self, ticket: Option<Ticket>, outputs: &mut Outputs) {
        let busy = match (&self.snapshots.taking, &self.snapshots.loading) {
            (Some(_), _) => Some(Busy::Snapshotting),
            (None, Some(_)) => Some(Busy::Loading),
            (None, None) => None,
        };
        if let Some(busy) = busy {
            ticket.into_iter().for_each(|ticket| self.reply(ticket, Reply::Busy(busy), outputs));
            return;
        }
        let applied = self.node.applied();
        let Some(last) = self.node.log().position(applied) else {
            return self.reject(ticket, Rejection::NotApplied(LogIndex::FIRST), outputs);
        };
        if self.base().is_some_and(|snapshot| snapshot.last.index >= last.index) {
            return self.reject(ticket, Rejection::AlreadyCompacted(last.index), outputs);
        }
        if self.snapshots.fetching.as_ref().is_some_and(|fetching| fetching.last == last) {
            // Both would write the same file.
            self.abandon_fetch(outputs);
        }
        let writer = Writer::new(self.options.cluster, last, &self.sessions.to_bytes());
        let frozen = self.machine.freeze();
        self.snapshots.taking = Some(Taking { last, frozen, writer, handle: None, ticket });
        let work = Work::Create { file: File::Partial(last), length: 0 };
        self.disk.bulk(work, Purpose::Take, outputs);
    }

    /// Writes the next pieces, or ends the file.
    pub(super) fn take_on(&mut self, outputs: &mut Outputs) {
        let Some(taking) = &mut self.snapshots.taking else { return };
        let (partial, file) = (File::Partial(taking.last), File::Snapshot(taking.last));
        if taking.handle.is_some() {
            self.disk.bulk(Work::Sync { file: partial }, Purpose::Nothing, outputs);
            self.disk.bulk(Work::Rename { file: partial, to: file }, Purpose::Nothing, outputs);
            return self.disk.bulk(Work::SyncDirectory, Purpose::Taken, outputs);
        }
        while taking.handle.is_none() && taking.writer.pending() < CHUNK {
            match taking.frozen.next() {
                Some(piece) => taking.writer.piece(&piece),
                None => taking.handle = Some(taking.writer.end()),
            }
        }
        let (at, bytes) = taking.writer.take();
        let work = Work::Write { file: partial, at, bytes: bytes.into() };
        self.disk.bulk(work, Purpose::Take, outputs);
    }

    /// The file is complete and durable: the core may discard the log up to there.
    pub(super) fn taken(&mut self, outputs: &mut Outputs) {
        let Some(Taking { last, handle: Some(handle), .. }) = self.snapshots.taking else { return };
        self.complete(last, handle, outputs);
        let (request, through) = (self.requests.own(), last.index);
        let data: Arc<[u8]> = Arc::from(handle.to_bytes().as_slice());
        self.step(Input::Compact { request, through, data }, outputs);
    }

    /// Takes the core's answer to a snapshot.
    pub(super) fn compacted(&mut self, answer: Answer, outputs: &mut Outputs) {
        let ticket = self.snapshots.taking.take().and_then(|taking| taking.ticket);
        if let Answer::Rejected(rejection) = answer {
            self.reject(ticket, rejection, outputs);
        } else if let Some(ticket) = ticket {
            self.reply(ticket, Reply::Done, outputs);
        }
    }

    fn complete(&mut self, last: Position, handle: Handle, outputs: &mut Outputs) {
        self.snapshots.files.insert(last, handle);
        if self.options.observe {
            outputs.observations.push(Observation::SnapshotComplete(last));
        }
    }

    /// Removes the snapshots that are no longer needed.
    pub(super) fn clean(&mut self, outputs: &mut Outputs) {
        let commit = self.node.commit();
        let known = |fetching: &Fetching| Some(fetching.last.index) <= commit;
        if self.snapshots.fetching.as_ref().is_some_and(known)
            && !self.disk.has(|purpose| purpose == Purpose::Fetched)
        {
            self.abandon_fetch(outputs);
        }
        if self.snapshots.files.len() < 2 {
            return;
        }
        // Any later one may be in a write that is under way, and is named by the log on the disk before an even later one is.
        let in_force = self.snapshots.in_force;
        let mut needed: BTreeSet<Position> = BTreeSet::new();
        needed.extend(self.snapshots.loading.as_ref().map(|loading| loading.last));
        needed.extend(self.snapshots.taking.as_ref().map(|taking| taking.last));
        needed.extend(self.snapshots.fetching.as_ref().map(|fetching| fetching.last));
        if let Role::Leader(leader) = self.node.role() {
            needed.extend(leader.installing());
        }
        let unused = |last: &&Position| Some(**last) < in_force && !needed.contains(last);
        let unused: Vec<Position> = self.snapshots.files.keys().filter(unused).copied().collect();
        for last in unused {
            self.snapshots.files.remove(&last);
            let work = Work::Remove { file: File::Snapshot(last) };
            self.disk.bulk(work, Purpose::Nothing, outputs);
        }
    }
}

/// Serving.
impl<M: Machine> Host<M> {
    /// Another server asks for a part of a snapshot.
    pub(super) fn serve(&mut self, to: NodeId, snapshot: Position, at: u64, outputs: &mut Outputs) {
        match self.snapshots.files.get(&snapshot) {
            Some(handle) if at < handle.size => {
                let serves = |purpose| matches!(purpose, Purpose::Serve(other, ..) if other == to);
                if !self.disk.has(serves) {
                    let (file, length) =
                        (File::Snapshot(snapshot), self.options.limits.part.max(1));
                    let purpose = Purpose::Serve(to, snapshot, at);
                    self.disk.bulk(Work::Read { file, at, length }, purpose, outputs);
                }
            }
            Some(_) | None => self.served(to, snapshot, at, Vec::new(), outputs),
        }
    }

    /// A part of a snapshot was read for another server.
    pub(super) fn served(
        &mut self,
        to: NodeId,
        snapshot: Position,
        at: u64,
        bytes: Vec<u8>,
        outputs: &mut Outputs,
    ) {
        let from = self.options.id;
        self.send(&Frame::Part { from, to, snapshot, at, bytes }, outputs);
    }
}

/// Fetching.
impl<M: Machine> Host<M> {
    /// Keeps a message back that installs a snapshot whose file is not here, and fetches that. Returns any other message, and in
    /// place of that one a message that has come from the same leader and brings nothing yet.
    pub(super) fn without_its_file(
        &mut self,
        message: Message,
        outputs: &mut Outputs,
    ) -> Option<Message> {
        let Body::InstallSnapshot { chunk, round } = &message.body else { return Some(message) };
        let Chunk { last, cluster, offset, size, .. } = **chunk;
        let current = message.term >= self.node.hard_state().term && message.to == self.options.id;
        let known = Some(last.index) <= self.node.commit()
            || self.node.log().term_at(last.index) == Some(last.term);
        if !current || known || cluster != self.options.cluster {
            return Some(message);
        }
        let whole = offset == 0 && size == chunk.data.len() as u64;
        let Some(handle) = Handle::from_bytes(&chunk.data).filter(|_| whole) else {
            if self.options.observe {
                outputs.observations.push(Observation::Refused(Refusal::MalformedSnapshot));
            }
            return None;
        };
        if self.snapshots.files.get(&last) == Some(&handle) {
            return Some(message);
        }
        let nothing = Arc::new(Chunk { data: Arc::default(), ..(**chunk).clone() });
        let body = Body::InstallSnapshot { chunk: nothing, round: *round };
        let heard = Message { body, ..message };
        self.fetch(message, last, handle, outputs);
        Some(heard)
    }

    fn fetch(&mut self, message: Message, last: Position, handle: Handle, outputs: &mut Outputs) {
        let from = message.from;
        if let Some(fetching) = &mut self.snapshots.fetching
            && (fetching.from, fetching.last, fetching.handle) == (from, last, handle)
        {
            fetching.message = message;
            if fetching.silent && fetching.writes == 0 {
                // The question or its answer was lost.
                fetching.asked = false;
                self.ask(outputs);
            } else {
                fetching.silent = true;
            }
            return;
        }
        if self.disk.has(|purpose| matches!(purpose, Purpose::Fetch | Purpose::Fetched)) {
            // The file of another one is being written: the leader sends the message again.
            return;
        }
        if self.snapshots.taking.as_ref().is_some_and(|taking| taking.last == last) {
            return;
        }
        self.abandon_fetch(outputs);
        let reader = Reader::new(self.options.cluster, last, handle);
        let (silent, asked, writes) = (false, true, 1);
        let fetching = Fetching { from, last, handle, reader, message, silent, asked, writes };
        self.snapshots.fetching = Some(fetching);
        let work = Work::Create { file: File::Partial(last), length: 0 };
        self.disk.bulk(work, Purpose::Fetch, outputs);
        self.send(
            &Frame::Fetch { from: self.options.id, to: from, snapshot: last, at: 0 },
            outputs,
        );
    }

    fn abandon_fetch(&mut self, outputs: &mut Outputs) {
        if let Some(Fetching { last, .. }) = self.snapshots.fetching.take() {
            let work = Work::Remove { file: File::Partial(last) };
            self.disk.bulk(work, Purpose::Nothing, outputs);
        }
    }

    /// Asks for the next part, unless that was done or the disk has enough to do.
    fn ask(&mut self, outputs: &mut Outputs) {
        let Some(fetching) = &mut self.snapshots.fetching else { return };
        if !fetching.asked && fetching.writes < AHEAD && fetching.reader.left() > 0 {
            fetching.asked = true;
            let (from, to, snapshot) = (self.options.id, fetching.from, fetching.last);
            let frame = Frame::Fetch { from, to, snapshot, at: fetching.reader.at() };
            self.send(&frame, outputs);
        }
    }

    /// A part of a snapshot arrives.
    pub(super) fn part(
        &mut self,
        from: NodeId,
        snapshot: Position,
        at: u64,
        bytes: &[u8],
        outputs: &mut Outputs,
    ) {
        let Some(fetching) = &mut self.snapshots.fetching else { return };
        let expected = (fetching.from, fetching.last, fetching.reader.at());
        if expected != (from, snapshot, at) || fetching.reader.left() == 0 {
            return;
        }
        let usable = !bytes.is_empty() && bytes.len() as u64 <= fetching.reader.left();
        fetching.reader.push(bytes);
        if !usable || !check(&mut fetching.reader) {
            // It is there no more, or not what the leader's core has: the leader sends the message again.
            return self.abandon_fetch(outputs);
        }
        (fetching.silent, fetching.asked) = (false, false);
        fetching.writes += 1;
        let (partial, file) = (File::Partial(snapshot), File::Snapshot(snapshot));
        let complete = fetching.reader.left() == 0;
        self.disk.bulk(
            Work::Write { file: partial, at, bytes: Arc::from(bytes) },
            Purpose::Fetch,
            outputs,
        );
        if complete {
            self.disk.bulk(Work::Sync { file: partial }, Purpose::Nothing, outputs);
            self.disk.bulk(Work::Rename { file: partial, to: file }, Purpose::Nothing, outputs);
            self.disk.bulk(Work::SyncDirectory, Purpose::Fetched, outputs);
        }
        self.ask(outputs);
    }

    /// A part of the snapshot that is being fetched is written.
    pub(super) fn fetch_on(&mut self, outputs: &mut Outputs) {
        if let Some(fetching) = &mut self.snapshots.fetching {
            fetching.writes = fetching.writes.saturating_sub(1);
            self.ask(outputs);
        }
    }

    /// The file is complete and durable: the core may install the snapshot.
    pub(super) fn fetched(&mut self, outputs: &mut Outputs) {
        let Some(Fetching { last, handle, message, .. }) = self.snapshots.fetching.take() else {
            return;
        };
        self.complete(last, handle, outputs);
        self.step(Input::Receive(message), outputs);
    }
}

/// Checks what has arrived of a file. False if it is not as it was written.
fn check(reader: &mut Reader) -> bool {
    loop {
        match reader.next() {
            Ok(Part::Piece(_)) => {}
            Ok(Part::More | Part::Complete(_)) => return true,
            Err(_) => return false,
        }
    }
}

/// Loading.
impl<M: Machine> Host<M> {
    /// A snapshot takes the place of the state machine's state.
    pub(super) fn load(&mut self, snapshot: Arc<Snapshot>, outputs: &mut Outputs) {
        let last = snapshot.last;
        let Some(handle) = Handle::from_bytes(&snapshot.data) else { return };
        self.machine.clear();
        let reader = Reader::new(self.options.cluster, last, handle);
        self.snapshots.loading = Some(Loading { last, reader, snapshot });
        self.read_more(last, 0, outputs);
    }

    fn read_more(&mut self, last: Position, at: u64, outputs: &mut Outputs) {
        let work = Work::Read { file: File::Snapshot(last), at, length: CHUNK as u32 };
        self.disk.bulk(work, Purpose::Load(last), outputs);
    }

    /// A part of the file is read.
    pub(super) fn load_on(&mut self, last: Position, bytes: &[u8], outputs: &mut Outputs) {
        let Some(loading) = &mut self.snapshots.loading else { return };
        if loading.last != last {
            return;
        }
        loading.reader.push(bytes);
        let damage = |(at, reason): (u64, &str)| {
            let (file, reason) = (File::Snapshot(last), reason.into());
            Stopped::Snapshot(Damage { file, at, reason })
        };
        let stopped = loop {
            match loading.reader.next() {
                Ok(Part::More) if bytes.is_empty() => {
                    break damage((loading.reader.at(), "it ends too early"));
                }
                Ok(Part::More) => {
                    let at = loading.reader.at();
                    return self.read_more(last, at, outputs);
                }
                Ok(Part::Piece(piece)) => {
                    if let Err(reason) = self.machine.load(&piece) {
                        break Stopped::Machine(reason);
                    }
                }
                Ok(Part::Complete(sessions)) => match Sessions::from_bytes(&sessions) {
                    Ok((sessions, [])) => {
                        self.sessions = sessions;
                        let loaded = self.snapshots.loading.take().map(|loading| loading.snapshot);
                        if self.options.observe {
                            outputs.observations.extend(loaded.map(Observation::Restored));
                        }
                        self.step(Input::Applied(last.index), outputs);
                        return self.read_parked(outputs);
                    }
                    Ok(_) | Err(_) => break damage((0, "it has no sessions")),
                },
                Err(wrong) => break damage(wrong),
            }
        };
        self.stop(stopped, outputs);
    }
}
