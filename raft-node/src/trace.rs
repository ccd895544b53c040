//! The trace of a server: what it does, in Figure 2's terms, one line for each event, for `raft-sim check-trace`.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use raft_core::{Entry, LogIndex, Node, NodeId, Payload, Role, length};
use raft_host::Observation;
use serde_json::{Value, json};

/// Writes the events of one server to a file, behind those that are there.
#[derive(Debug)]
pub struct Recorder {
    server: NodeId,
    file: BufWriter<fs::File>,
    seen: Seen,
    /// The number of events since the start.
    count: u64,
    /// Writes that are not durable, each with its last event.
    pending: Vec<(u64, u64)>,
    /// The last index that was applied after the turn before.
    applied: Option<LogIndex>,
    /// The last index of the log after the turn before.
    last: Option<LogIndex>,
}

/// Part of a server's state that events tell changes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    role: &'static str,
    term: u64,
    voted_for: Option<NodeId>,
    commit: Option<LogIndex>,
}

impl Seen {
    fn of(node: &Node) -> Seen {
        let role = match node.role() {
            // A server that asks for pre-votes is still a follower in its term.
            Role::Follower(_) | Role::PreCandidate(_) => "follower",
            Role::Candidate(_) => "candidate",
            Role::Leader(_) => "leader",
        };
        let hard_state = node.hard_state();
        let (term, voted_for) = (hard_state.term.0, hard_state.voted_for);
        Seen { role, term, voted_for, commit: node.commit() }
    }
}

impl Recorder {
    /// Opens the file, and writes that the server starts, as `node` is after its boot. `voters` is the first configuration.
    ///
    /// # Errors
    /// Those of the file.
    pub fn start(path: &Path, node: &Node, voters: &[NodeId]) -> io::Result<Recorder> {
        let mut file = fs::OpenOptions::new().create(true).append(true).read(true).open(path)?;
        end_line(&mut file)?;
        let (file, server) = (BufWriter::new(file), node.id());
        let seen = Seen::of(node);
        let (count, pending, applied) = (0, Vec::new(), node.applied());
        let last = node.log().last_index();
        let mut recorder = Recorder { server, file, seen, count, pending, applied, last };
        let last = node.log().last();
        let mut fields = json!({
            "currentTerm": seen.term,
            "votedFor": seen.voted_for.map(|id| id.0),
            "lastLogIndex": length(last.map(|last| last.index)),
            "lastLogTerm": last.map_or(0, |last| last.term.0),
            "lastApplied": length(node.applied()),
        });
        if !voters.is_empty() {
            fields["voters"] = numbers(voters);
        }
        recorder.tell("start", fields)?;
        recorder.tell("durable", json!({ "events": 1 }))?;
        recorder.file.flush()?;
        Ok(recorder)
    }

    /// Writes what a turn has changed: what the host observed, and how its core is now.
    ///
    /// # Errors
    /// Those of the file.
    pub fn turn(&mut self, node: &Node, observations: &[Observation]) -> io::Result<()> {
        let (before, after) = (self.seen, Seen::of(node));
        self.seen = after;
        // A server that steps down because of what it commits has led until then.
        let led = before.role == "leader" && before.term == after.term;
        if !led {
            self.role(before, after)?;
        }
        // What became durable was written in an earlier turn.
        let is_durable = |it: &&Observation| matches!(it, Observation::Durable(_));
        for observation in observations.iter().filter(is_durable) {
            self.observe(observation)?;
        }
        // A leader may append because of what it commits; a follower commits what it has appended.
        let mut commit = (before.commit < after.commit).then_some(after.commit).flatten();
        let early = led && commit <= self.last;
        for observation in observations.iter().filter(|it| !is_durable(it)) {
            let applies = matches!(observation, Observation::Applied(..));
            if let Some(index) = commit.take_if(|_| early || applies) {
                self.tell("commit", json!({ "commitIndex": index.get() }))?;
            }
            self.observe(observation)?;
        }
        if let Some(index) = commit {
            self.tell("commit", json!({ "commitIndex": index.get() }))?;
        }
        if led {
            self.role(before, after)?;
        }
        self.last = node.log().last_index();
        self.applied = node.applied();
        Ok(())
    }

    /// Hands all lines to the operating system: before others hear of what they say.
    ///
    /// # Errors
    /// Those of the file.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn role(&mut self, before: Seen, after: Seen) -> io::Result<()> {
        let term = json!({ "term": after.term });
        if (before.role, before.term) != (after.role, after.term) {
            if after.role == "leader" && (before.role, before.term) != ("candidate", after.term) {
                self.tell("candidate", term.clone())?;
            }
            self.tell(after.role, term)?;
        }
        let voted = (before.term, before.voted_for) != (after.term, after.voted_for);
        if let Some(candidate) =
            after.voted_for.filter(|candidate| voted && *candidate != self.server)
        {
            self.tell("vote", json!({ "term": after.term, "candidate": candidate.0 }))?;
        }
        Ok(())
    }

    fn observe(&mut self, observation: &Observation) -> io::Result<()> {
        match observation {
            Observation::Wrote { number, hard_state: _, snapshot, log } => {
                if let Some(snapshot) = snapshot {
                    let last = snapshot.last;
                    // Its own snapshot is of what it has applied.
                    let own = Some(last.index) <= self.applied;
                    let name = if own { "snapshot" } else { "install" };
                    let fields = json!({
                        "lastIncludedIndex": last.index.get(),
                        "lastIncludedTerm": last.term.0,
                    });
                    self.tell(name, fields)?;
                }
                if let Some(log) = log {
                    let entries: Vec<Value> = log.entries.iter().map(carried).collect();
                    self.tell("append", json!({ "from": log.from.get(), "entries": entries }))?;
                }
                self.pending.push((*number, self.count));
            }
            Observation::Durable(number) => {
                let durable = self.pending.iter().filter(|(write, _)| write <= number);
                if let Some(events) = durable.map(|(_, events)| *events).max() {
                    self.pending.retain(|(write, _)| write > number);
                    self.tell("durable", json!({ "events": events }))?;
                }
            }
            Observation::Applied(entry, _) => {
                let mut fields = carried(entry);
                fields["index"] = json!(entry.index.get());
                self.tell("apply", fields)?;
            }
            Observation::Restored(_)
            | Observation::Refused(_)
            | Observation::SnapshotComplete(_) => {}
        }
        Ok(())
    }

    fn tell(&mut self, event: &str, mut fields: Value) -> io::Result<()> {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        fields["server"] = json!(self.server.0);
        fields["event"] = json!(event);
        fields["time"] = json!(time.as_micros() as u64);
        writeln!(self.file, "{fields}")?;
        self.count += 1;
        Ok(())
    }
}

/// Cuts off a last line that was not written to its end, when the server was killed.
fn end_line(file: &mut fs::File) -> io::Result<()> {
    let text = {
        let mut text = Vec::new();
        io::Read::read_to_end(file, &mut text)?;
        text
    };
    let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if end < text.len() { file.set_len(end as u64) } else { Ok(()) }
}

fn numbers(servers: &[NodeId]) -> Value {
    servers.iter().map(|id| id.0).collect::<Vec<u32>>().into()
}

/// An entry as traces have it. Commands are told by a sum: all servers write the same one alike.
fn carried(entry: &Entry) -> Value {
    let term = entry.term.0;
    let sum = |bytes: &[u8]| format!("{:08x}.{}", crc32fast::hash(bytes), bytes.len());
    match &entry.payload {
        Payload::Noop => json!({ "term": term }),
        Payload::Command(command) => json!({ "term": term, "digest": sum(command) }),
        Payload::Membership(membership) => json!({
            "term": term,
            "voters": numbers(&membership.voters),
            "outgoing": numbers(&membership.outgoing),
            "learners": numbers(&membership.learners),
        }),
        Payload::Register => json!({ "term": term, "digest": "register" }),
        Payload::Once(once) => {
            let digest = format!("{}.{}.{}", once.session.0, once.serial, sum(&once.command));
            json!({ "term": term, "digest": digest })
        }
    }
}
