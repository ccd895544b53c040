//! Consistency of each server's events: a sequence that no program can produce, however broken, is an error of the
//! trace.

use std::collections::BTreeMap;

use super::Error;
use super::event::{Event, What};
use crate::history::read::{Wrong, text};
use crate::model::{NodeId, length};

/// Puts the events of each server in order and checks them. Returns the index up to which the content of the logs is
/// unknown, since the trace begins behind it, and whether the trace has logs at all.
pub(super) fn check(
    of_server: &mut [Vec<Event>],
    files: &[(String, Vec<u8>)],
) -> Result<(u64, bool), Error> {
    let has_logs = of_server.iter().flatten().any(|event| matches!(event.what, What::Append(..)));
    let mut base = 0;
    let mut voters = None;
    for events in of_server {
        if let Err((line, file, message)) = sort(events) {
            return Err(at(file, line, &message, files));
        }
        let mut server = Server::default();
        for event in events.iter() {
            let checked = server.take(&event.what).and_then(|()| same_voters(&mut voters, event));
            checked.map_err(|message| at(event.file, event.line, &message, files))?;
        }
        base = base.max(server.base);
    }
    Ok((if has_logs { base } else { 0 }, has_logs))
}

/// An error at a whole line.
fn at(file: usize, line: u32, message: &str, files: &[(String, Vec<u8>)]) -> Error {
    let text = files.get(file).and_then(|(_, bytes)| text(bytes).ok()).unwrap_or_default();
    let before = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
    let whole = text[before..].split('\n').next().unwrap_or_default();
    let from = before + (whole.len() - whole.trim_start().len());
    let span = from..from + whole.trim().len();
    Error { file, error: Wrong::new(span, message).placed(text) }
}

/// Sorts events by their numbers, if they have numbers.
fn sort(events: &mut [Event]) -> Result<(), (u32, usize, String)> {
    let numbered = events.iter().filter(|event| event.seq.is_some()).count();
    if numbered == 0 {
        return Ok(());
    }
    let mut seen = BTreeMap::new();
    for event in events.iter() {
        let Some(seq) = event.seq else {
            let message =
                format!("{} has a `seq` in other events, but not in this one", event.server);
            return Err((event.line, event.file, message));
        };
        if let Some(line) = seen.insert(seq, event.line) {
            let message = format!(
                "the second event of {} with the `seq` {seq}, after line {line}",
                event.server
            );
            return Err((event.line, event.file, message));
        }
    }
    events.sort_by_key(|event| event.seq);
    Ok(())
}

fn same_voters(voters: &mut Option<Vec<NodeId>>, event: &Event) -> Result<(), String> {
    let What::Start(start) = &event.what else { return Ok(()) };
    let Some(declared) = &start.voters else { return Ok(()) };
    if voters.get_or_insert_with(|| declared.clone()) == declared {
        return Ok(());
    }
    Err("the voters of the first configuration differ from those of an event before".to_owned())
}

/// Knowledge of one server.
#[derive(Default)]
struct Server {
    /// The largest number of entries that its log may have, once that is known.
    length: Option<u64>,
    /// The index up to which it may have entries that it did not report.
    base: u64,
    /// The number of events that it reported since it started.
    events: Option<u64>,
    durable: u64,
}

impl Server {
    /// Takes the next event, or says why it is impossible.
    fn take(&mut self, what: &What) -> Result<(), String> {
        if let Some(events) = &mut self.events {
            *events += 1;
        }
        match what {
            What::Start(start) => {
                let found = length(start.found.last.map(|last| last.index));
                if start.found.last.is_some_and(|last| last.term > start.found.term) {
                    return Err("the last entry is of a later term than the server".to_owned());
                }
                if self.length.is_none() {
                    self.base = self.base.max(found);
                }
                (self.length, self.events, self.durable) = (Some(found), Some(1), 0);
            }
            What::Append(from, entries) => {
                let before = from.get() - 1;
                match self.length {
                    None => self.base = self.base.max(before),
                    Some(length) if before > length => {
                        return Err(format!(
                            "entries from index {from} on, behind a log that ends at {length}: an event is \
                             missing"
                        ));
                    }
                    Some(_) => {}
                }
                self.length = Some(before + entries.len() as u64);
            }
            What::Commit(index) | What::Apply(index, ..) => self.has(index.get()),
            What::Snapshot(last) => self.has(last.index.get()),
            What::Install(last) => {
                self.has(last.index.get());
                self.length = self.length.map(|length| length.max(last.index.get()));
            }
            What::Durable(count) => self.durable(*count)?,
            What::Role(..) | What::Vote(..) => {}
        }
        Ok(())
    }

    /// Notes that it has an entry at this index, perhaps one that it did not report.
    fn has(&mut self, index: u64) {
        if self.length.is_none() {
            self.base = self.base.max(index);
        }
    }

    fn durable(&mut self, count: u64) -> Result<(), String> {
        let Some(events) = self.events else { return Ok(()) };
        if count >= events {
            let total = events - 1;
            return Err(format!("{count} events durable, of {total} since the server started"));
        }
        if count < self.durable {
            let before = self.durable;
            return Err(format!("{count} events durable, after {before} were"));
        }
        self.durable = count;
        Ok(())
    }
}
