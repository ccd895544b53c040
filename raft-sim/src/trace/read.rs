//! Traces as JSON lines: one event per line, of one server or of several.
//!
//! A field that no event of its kind has is an error, so that a misspelled name is noticed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::event::{Event, Start, What};
use super::lines::check;
use super::{Error, Trace};
use crate::checker::Found;
use crate::history::fields::{Fields, NUMBER};
use crate::history::read::{Wrong, text};
use crate::model::{
    Command, Entry, LARGEST, LogIndex, Membership, NodeId, Payload, Position, Term,
};
use crate::subject::Role;

/// The largest number of servers in a cluster.
const SERVERS: usize = 64;
const SERVER: &str = "a server, by its name or number";
const EVENTS: &str = "start, follower, candidate, leader, vote, append, commit, apply, snapshot, \
                      install or durable";
const EXAMPLE: &str = "{\"server\":1,\"event\":\"leader\",\"term\":3}";
const ENTRIES: &str = "entries, as [{\"term\":3,\"command\":\"x\"}]";

/// Reads the files of one trace, each under its name.
///
/// # Errors
/// The first error, with its place.
pub fn read(files: &[(String, Vec<u8>)]) -> Result<Trace, Error> {
    let mut names = Names::default();
    let mut events = Vec::new();
    let mut cut = Vec::new();
    for (file, (_, bytes)) in files.iter().enumerate() {
        let text = text(bytes).map_err(|error| Error { file, error })?;
        let found = lines(text, file, &mut names, &mut events)
            .map_err(|wrong| Error { file, error: wrong.placed(text) })?;
        cut.extend(found.map(|line| (file, line)));
    }
    if events.is_empty() {
        let help = format!("an event: {EXAMPLE}");
        let error = Wrong::expected(0..0, "the trace is empty", &help).placed("");
        return Err(Error { file: 0, error });
    }
    let servers = names.settle(&mut events);
    let mut of_server = vec![Vec::new(); servers.len()];
    for event in events {
        of_server[event.server.0 as usize - 1].push(event);
    }
    let (base, has_logs) = check(&mut of_server, files)?;
    let files = files.iter().map(|(name, _)| name.clone()).collect();
    Ok(Trace { files, servers, events: of_server, base, has_logs, cut })
}

/// Reads the lines of a file. Returns the number of the last line if it is cut off.
fn lines(
    text: &str,
    file: usize,
    names: &mut Names,
    events: &mut Vec<Event>,
) -> Result<Option<u32>, Wrong> {
    let mut start = 0;
    for (before, whole) in text.split_inclusive('\n').enumerate() {
        let line = whole.trim();
        let from = start + (whole.len() - whole.trim_start().len());
        start += whole.len();
        if line.is_empty() {
            continue;
        }
        let number = u32::try_from(before + 1).unwrap_or(u32::MAX);
        let fields = match Fields::new(line, from, EXAMPLE) {
            Ok(fields) => fields,
            // The program that wrote it died in the middle of the line.
            Err(_) if !whole.ends_with('\n') && !is_whole(line) => return Ok(Some(number)),
            Err(wrong) => return Err(wrong),
        };
        events.push(event(&fields, file, number, names)?);
        if names.count() > SERVERS {
            return Err(Wrong::new(
                from..from + line.len(),
                format!("the trace names more than {SERVERS} servers"),
            ));
        }
    }
    Ok(None)
}

/// True if a line is JSON to its end, or wrong before its end.
fn is_whole(line: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(line).err().is_none_or(|error| !error.is_eof())
}

fn event(fields: &Fields<'_>, file: usize, line: u32, names: &mut Names) -> Result<Event, Wrong> {
    let name = fields.word("event", EVENTS)?;
    let known: &[&str] = match &*name {
        "start" => {
            &["currentTerm", "votedFor", "lastLogIndex", "lastLogTerm", "lastApplied", "voters"]
        }
        "follower" | "candidate" | "leader" => &["term"],
        "vote" => &["term", "candidate"],
        "append" => &["from", "entries"],
        "commit" => &["commitIndex"],
        "apply" => &["index", "term", "command", "digest", "voters", "outgoing", "learners"],
        "snapshot" | "install" => &["lastIncludedIndex", "lastIncludedTerm"],
        "durable" => &["events"],
        _ => return Err(fields.wrong("event", format!("unknown event `{name}`"), EVENTS)),
    };
    let all = [&["server", "event", "seq", "time"], known].concat();
    fields.only(
        &all,
        &format!("`{name}`"),
        &format!("server, event, seq, time, {}", known.join(", ")),
    )?;
    let server = fields.name("server", SERVER)?.ok_or_else(|| fields.missing("server", SERVER))?;
    let server = names.number(&server);
    let what = what(&name, fields, names)?;
    let time = fields.raw("time").map(Into::into);
    Ok(Event { server, file, line, time, seq: fields.number("seq")?, what })
}

fn what(name: &str, fields: &Fields<'_>, names: &mut Names) -> Result<What, Wrong> {
    Ok(match name {
        "start" => What::Start(start(fields, names)?),
        "follower" => What::Role(Role::Follower, term(fields, "term")?),
        "candidate" => What::Role(Role::Candidate, term(fields, "term")?),
        "leader" => What::Role(Role::Leader, term(fields, "term")?),
        "vote" => {
            let candidate = fields.name("candidate", SERVER)?;
            let candidate = candidate.ok_or_else(|| fields.missing("candidate", SERVER))?;
            What::Vote(term(fields, "term")?, names.number(&candidate))
        }
        "append" => {
            let from = index(fields, "from")?;
            What::Append(from, entries(fields, from, names)?)
        }
        "commit" => What::Commit(index(fields, "commitIndex")?),
        "apply" => {
            let at = index(fields, "index")?;
            let term = match fields.has("term") {
                true => Some(term(fields, "term")?),
                false => None,
            };
            What::Apply(at, term, applied(fields, names)?)
        }
        "snapshot" => What::Snapshot(included(fields)?),
        "install" => What::Install(included(fields)?),
        _ => {
            let events = fields.number("events")?;
            What::Durable(events.ok_or_else(|| fields.missing("events", NUMBER))?)
        }
    })
}

fn start(fields: &Fields<'_>, names: &mut Names) -> Result<Start, Wrong> {
    let voted_for = match fields.has("votedFor") {
        true => Some(fields.name_or_null("votedFor", SERVER)?.map(|name| names.number(&name))),
        false => None,
    };
    let last = number(fields, "lastLogIndex")?;
    let last = match LogIndex::new(last) {
        Some(index) => Some(Position { index, term: term(fields, "lastLogTerm")? }),
        None => None,
    };
    let voters = fields.field::<Vec<Name>>("voters", "servers, as [1,2,3]")?;
    Ok(Start {
        found: Found { term: term(fields, "currentTerm")?, voted_for, last },
        applied: fields.number("lastApplied")?,
        voters: voters.map(|voters| names.all(&voters)),
    })
}

/// A number that can be a term or an index, or stands for none.
fn number(fields: &Fields<'_>, name: &str) -> Result<u64, Wrong> {
    let number = fields.number(name)?.ok_or_else(|| fields.missing(name, NUMBER))?;
    if number > LARGEST {
        return Err(fields.wrong(name, format!("{number} is too large"), "a number below 2⁶²"));
    }
    Ok(number)
}

fn term(fields: &Fields<'_>, name: &str) -> Result<Term, Wrong> {
    number(fields, name).map(Term)
}

fn index(fields: &Fields<'_>, name: &str) -> Result<LogIndex, Wrong> {
    let wrong = || fields.wrong(name, "there is no index 0", "an index, from 1 on");
    LogIndex::new(number(fields, name)?).ok_or_else(wrong)
}

fn included(fields: &Fields<'_>) -> Result<Position, Wrong> {
    let index = index(fields, "lastIncludedIndex")?;
    Ok(Position { index, term: term(fields, "lastIncludedTerm")? })
}

/// A server as a list has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Number(i64),
    Text(String),
}

/// A digest as a file has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Digest {
    Number(u64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    term: u64,
    command: Option<String>,
    digest: Option<Digest>,
    voters: Option<Vec<Name>>,
    outgoing: Option<Vec<Name>>,
    learners: Option<Vec<Name>>,
}

fn entries(fields: &Fields<'_>, from: LogIndex, names: &mut Names) -> Result<Vec<Entry>, Wrong> {
    let raw = fields.raw("entries").ok_or_else(|| fields.missing("entries", ENTRIES))?;
    let written: Vec<Written> = serde_json::from_str(raw).map_err(|error| {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let span = fields.span("entries");
        // The column of an error counts bytes from 1 on.
        let at = span.start + error.column().saturating_sub(1).min(span.len());
        Wrong::expected(at..at, format!("strange entries: {said}"), ENTRIES)
    })?;
    let strange = |what: String| fields.wrong("entries", what, ENTRIES);
    let mut next = Some(from);
    let mut entries = Vec::new();
    for written in written {
        let Some(index) = next.filter(|index| index.get() <= LARGEST && written.term <= LARGEST)
        else {
            return Err(strange("a term or an index is too large".to_owned()));
        };
        let Written { term, command, digest, voters, outgoing, learners } = written;
        let servers = [voters, outgoing, learners];
        let payload =
            payload(command, digest, servers, names).map_err(|what| strange(what.to_owned()))?;
        entries.push(Entry { index, term: Term(term), payload });
        next = Some(LogIndex::after(next));
    }
    Ok(entries)
}

/// The content of an applied entry, if the event has it.
fn applied(fields: &Fields<'_>, names: &mut Names) -> Result<Option<Payload>, Wrong> {
    let command = fields.field::<String>("command", "a text")?;
    let digest = fields.field::<Digest>("digest", "a text or a whole number")?;
    let list = |name| fields.field::<Vec<Name>>(name, "servers, as [1,2,3]");
    let servers = [list("voters")?, list("outgoing")?, list("learners")?];
    let is_given = command.is_some() || digest.is_some() || servers.iter().any(Option::is_some);
    let payload = payload(command, digest, servers, names)
        .map_err(|what| fields.wrong("event", what, "either a command or a digest or voters"))?;
    Ok(is_given.then_some(payload))
}

/// The content of an entry; a no-op if the entry has none.
fn payload(
    command: Option<String>,
    digest: Option<Digest>,
    servers: [Option<Vec<Name>>; 3],
    names: &mut Names,
) -> Result<Payload, &'static str> {
    let bytes =
        |kind: &str, text: &str| Payload::Command(Command::from([kind, text].concat().as_bytes()));
    match (command, digest, servers) {
        (None, None, [None, None, None]) => Ok(Payload::Noop),
        (Some(command), None, [None, None, None]) => Ok(bytes("c", &command)),
        (None, Some(Digest::Text(digest)), [None, None, None]) => Ok(bytes("d", &digest)),
        (None, Some(Digest::Number(digest)), [None, None, None]) => {
            Ok(bytes("d", &digest.to_string()))
        }
        (None, None, [Some(voters), outgoing, learners]) => {
            let mut all = |list: Option<Vec<Name>>| names.all(&list.unwrap_or_default());
            let (voters, outgoing) = (all(Some(voters)), all(outgoing));
            let membership = Membership { voters, outgoing, learners: all(learners) };
            Ok(Payload::Membership(Arc::new(membership)))
        }
        _ => {
            Err("an entry carries a command, a digest or a configuration with voters, not several")
        }
    }
}

/// The names of servers, in the order of their first use.
#[derive(Default)]
struct Names {
    known: BTreeMap<Arc<str>, NodeId>,
}

impl Names {
    fn count(&self) -> usize {
        self.known.len()
    }

    /// The provisional number of a server, from 1 on.
    fn number(&mut self, name: &str) -> NodeId {
        if let Some(id) = self.known.get(name) {
            return *id;
        }
        let id = NodeId(u32::try_from(self.known.len()).unwrap_or(u32::MAX) + 1);
        self.known.insert(name.into(), id);
        id
    }

    fn all(&mut self, names: &[Name]) -> Vec<NodeId> {
        let text = |name: &Name| match name {
            Name::Number(number) => Cow::Owned(number.to_string()),
            Name::Text(text) => Cow::Owned(text.clone()),
        };
        let mut servers: Vec<NodeId> = names.iter().map(|name| self.number(&text(name))).collect();
        servers.sort_unstable();
        servers.dedup();
        servers
    }

    /// Gives every server its final number. If all names are numbers from 1 to 64, or S1 and so on, a server has the
    /// number of its name. Otherwise servers are numbered in the order of their names. Returns the names by number;
    /// `None` for a number that is not used.
    fn settle(self, events: &mut [Event]) -> Vec<Option<Arc<str>>> {
        let own = |name: &Arc<str>| -> Option<u32> {
            let number = name.strip_prefix('S').unwrap_or(name).parse().ok()?;
            (1..=SERVERS as u32).contains(&number).then_some(number)
        };
        let mut numbers: Option<Vec<u32>> = self.known.keys().map(own).collect();
        if let Some(own) = &numbers {
            let mut all = own.clone();
            all.sort_unstable();
            all.dedup();
            // `1` and `S1` would be two names.
            numbers = numbers.filter(|own| all.len() == own.len());
        }
        let numbers =
            numbers.unwrap_or_else(|| (1..=u32::try_from(self.known.len()).unwrap_or(0)).collect());
        let count = numbers.iter().copied().max().unwrap_or(0);
        let mut servers = vec![None; count as usize];
        let mut settled = BTreeMap::new();
        for ((name, first), number) in self.known.iter().zip(numbers) {
            settled.insert(*first, NodeId(number));
            servers[number as usize - 1] = Some(name.clone());
        }
        let mut change = |id: &mut NodeId| *id = settled[id];
        for event in events {
            change(&mut event.server);
            event.what.each_server(&mut change);
        }
        servers
    }
}
