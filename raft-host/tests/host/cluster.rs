//! Three servers in memory. Their disks do at once what they are told, unless a test says otherwise.

use std::collections::{BTreeMap, VecDeque};

use raft_core::{LogIndex, NodeId, Role};
use raft_host::{
    Decoder, Event, Failure, File, Frame, Frozen, Host, Lane, Machine, Operation, Options, Outputs,
    Reply, Request, Stopped, Ticket, Work,
};

pub(crate) const CLUSTER: u64 = 7;

/// A list of commands; a question is answered with their number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct List(pub(crate) Vec<Vec<u8>>);

impl Machine for List {
    type Frozen = Rest;

    fn apply(&mut self, _: LogIndex, command: &[u8]) -> Vec<u8> {
        self.0.push(command.to_vec());
        self.0.len().to_string().into_bytes()
    }

    fn query(&self, _: &[u8]) -> Vec<u8> {
        self.0.len().to_string().into_bytes()
    }

    fn freeze(&self) -> Rest {
        Rest(self.0.iter().cloned().collect())
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    fn load(&mut self, piece: &[u8]) -> Result<(), String> {
        self.0.push(piece.to_vec());
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct Rest(VecDeque<Vec<u8>>);

impl Frozen for Rest {
    fn next(&mut self) -> Option<Vec<u8>> {
        self.0.pop_front()
    }
}

pub(crate) type Files = BTreeMap<File, Vec<u8>>;

/// A server with its files.
pub(crate) struct Server {
    pub(crate) host: Host<List>,
    pub(crate) files: Files,
    /// The answer of the disk to operations with this text, in place of carrying them out.
    pub(crate) fails: Option<(&'static str, Failure)>,
    pub(crate) stopped: Option<Stopped>,
    /// True if no operation of the log ends.
    pub(crate) stalled: bool,
    /// Operations that were not carried out yet.
    kept: VecDeque<Operation>,
    /// The largest number of bytes in one operation.
    pub(crate) largest: usize,
}

/// Servers and the network between them.
pub(crate) struct Cluster {
    pub(crate) servers: Vec<Server>,
    pub(crate) frames: VecDeque<Vec<u8>>,
    pub(crate) replies: BTreeMap<u64, Reply>,
    /// Servers that hear and say nothing.
    pub(crate) cut_off: Vec<u32>,
    tickets: u64,
    lives: u64,
}

/// The options of a server: small segments and parts, so that there are many.
pub(crate) fn options(id: u32) -> Options {
    let mut options = Options::new(NodeId(id), CLUSTER, (1..=3).map(NodeId).collect());
    options.segment = 4_096;
    options.limits.part = 100;
    options
}

pub(crate) fn boot(options: Options, mut files: Files) -> Server {
    let (host, _) = Host::boot(options, &mut files, List::default()).expect("sound files");
    let kept = VecDeque::new();
    Server { host, files, fails: None, stopped: None, stalled: false, kept, largest: 0 }
}

/// Carries out an operation on files. Returns what it reads.
pub(crate) fn carry_out(files: &mut Files, work: &Work) -> Vec<u8> {
    match work {
        Work::Create { file, length } => {
            files.insert(*file, vec![0; *length as usize]);
        }
        Work::Write { file, at, bytes } => {
            let (content, at) = (files.get_mut(file).expect("it was created"), *at as usize);
            content.resize(content.len().max(at + bytes.len()), 0);
            content[at..at + bytes.len()].copy_from_slice(bytes);
        }
        Work::Sync { .. } | Work::SyncDirectory => {}
        Work::Rename { file, to } => {
            let content = files.remove(file).expect("it is there");
            files.insert(*to, content);
        }
        Work::Remove { file } => {
            files.remove(file);
        }
        Work::Read { file, at, length } => {
            let rest = &files[file][*at as usize..];
            return rest[..rest.len().min(*length as usize)].to_vec();
        }
    }
    Vec::new()
}

impl Cluster {
    /// Three servers, of which S1 leads.
    pub(crate) fn new() -> Cluster {
        Cluster::with(options)
    }

    /// Three servers with these options, of which S1 leads.
    pub(crate) fn with(options: impl Fn(u32) -> Options) -> Cluster {
        let servers = (1..=3).map(|id| boot(options(id), Files::new())).collect();
        let mut cluster = Cluster {
            servers,
            frames: VecDeque::new(),
            replies: BTreeMap::new(),
            cut_off: Vec::new(),
            tickets: 0,
            lives: 0,
        };
        while !matches!(cluster.host(1).node().role(), Role::Leader(_)) {
            cluster.handle(1, Event::Tick);
            cluster.settle();
        }
        cluster
    }

    pub(crate) fn host(&self, id: u32) -> &Host<List> {
        &self.servers[id as usize - 1].host
    }

    /// Hands an event to a server, and carries out what follows.
    pub(crate) fn handle(&mut self, id: u32, event: Event) {
        let mut outputs = Outputs::default();
        let server = &mut self.servers[id as usize - 1];
        server.host.handle(event, &mut outputs);
        let mut operations = std::mem::take(&mut server.kept);
        let mut stalled = VecDeque::new();
        loop {
            server.host.flush(&mut outputs);
            let Outputs { frames, operations: new, replies, stopped, observations: _ } =
                std::mem::take(&mut outputs);
            operations.extend(new);
            let frames = frames.into_iter().map(|frame| frame.bytes.to_vec());
            self.frames.extend(frames.filter(|_| !self.cut_off.contains(&id)));
            for (Ticket(ticket), reply) in replies {
                let earlier = self.replies.insert(ticket, reply);
                assert_eq!(earlier, None, "request {ticket} is answered twice");
            }
            server.stopped = server.stopped.take().or(stopped);
            let Some(operation) = operations.pop_front() else {
                server.kept = stalled;
                return;
            };
            if server.stalled && operation.lane == Lane::Log {
                stalled.push_back(operation);
                continue;
            }
            let fails = server.fails.clone();
            let fails = fails.filter(|(text, _)| operation.work.to_string().contains(text));
            if let Work::Write { bytes, .. } = &operation.work {
                server.largest = server.largest.max(bytes.len());
            }
            let (id, result) = match fails {
                Some((_, failure)) => (operation.id, Err(failure)),
                None => (operation.id, Ok(carry_out(&mut server.files, &operation.work))),
            };
            let no_space = result == Err(Failure::NoSpace);
            server.host.handle(Event::Done { operation: id, result }, &mut outputs);
            if no_space {
                stalled.push_back(operation);
                stalled.append(&mut operations);
            }
        }
    }

    /// Delivers everything, until nothing is in flight.
    pub(crate) fn settle(&mut self) {
        let mut decoder = Decoder::new(CLUSTER, 1 << 20);
        while let Some(bytes) = self.frames.pop_front() {
            decoder.push(&bytes);
            let frame = decoder.next().expect("a frame").expect("all of it");
            self.deliver(frame);
        }
    }

    pub(crate) fn deliver(&mut self, frame: Frame) {
        let to = frame.to().0;
        if !self.cut_off.contains(&to) {
            self.handle(to, Event::Receive(frame));
        }
    }

    /// Ticks the clock of S1, and delivers everything.
    pub(crate) fn tick(&mut self) {
        self.handle(1, Event::Tick);
        self.settle();
    }

    /// Asks a server for something. Returns the number of the request.
    pub(crate) fn ask(&mut self, id: u32, request: Request, deadline: Option<u32>) -> u64 {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.handle(id, Event::Request { ticket, deadline, request });
        self.tickets
    }

    /// Asks a server, delivers everything, and returns the answer.
    pub(crate) fn answer(&mut self, id: u32, request: Request) -> Reply {
        let ticket = self.ask(id, request, None);
        for _ in 0..5 {
            self.settle();
            if let Some(reply) = self.replies.get(&ticket) {
                return reply.clone();
            }
            self.tick();
        }
        panic!("request {ticket} is not answered");
    }

    /// Stops a server, and boots it from its files.
    pub(crate) fn restart(&mut self, id: u32) {
        let files = self.servers[id as usize - 1].files.clone();
        self.lives += 1;
        let mut options = options(id);
        options.life = self.lives;
        self.servers[id as usize - 1] = boot(options, files);
        self.handle(id, Event::Tick);
    }
}

pub(crate) fn command(text: &str) -> Request {
    Request::Command(text.as_bytes().to_vec())
}

pub(crate) fn index(number: u64) -> LogIndex {
    LogIndex::new(number).expect("an index")
}
