//! Limits (28): bounds that any leader keeps, however it chooses what to send.

use std::hash::Hash;

use super::Property;
use super::hooks::{Checker, Context};
use super::violation::{Verdict, violated};
use crate::checker::quorum::contains;
use crate::checker::record::Record;
use crate::mix::MixHasher;
use crate::model::{Body, Entries, Message, NodeId, Term};
use crate::subject::{Capability, Role};

/// Limits (diss. §10.2, Figure 13): no AppendEntries has more entries than are set; no more entries of one follower are
/// unacknowledged than the window takes; no part of a snapshot is larger than a part may be. The bytes of commands are
/// not judged: a subject may see a shorter form of them.
///
/// Entries that a leader sends one behind the other, without an answer in between, are unacknowledged for certain.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct Limits {
    entries: bool,
    parts: bool,
    /// For each leader and each follower, S1 first: the entries sent since the last answer.
    unanswered: Vec<Vec<Run>>,
}

/// Entries sent one behind the other in a term, while this number of configurations was in the log.
#[derive(Clone, Copy, Debug, Default, Hash)]
struct Run {
    term: Term,
    configured: usize,
    first: u64,
    last: u64,
}

impl Checker for Limits {
    fn new(record: &Record) -> Limits {
        let claims = |capability| record.claims.contains(&capability);
        let servers = record.servers.len();
        Limits {
            entries: claims(Capability::FlowControl),
            parts: claims(Capability::SnapshotParts),
            unanswered: vec![vec![Run::default(); servers]; servers],
        }
    }

    /// A row counts as long as its leader leads the term.
    fn feed(&self, record: &Record, hasher: &mut MixHasher) {
        for (server, runs) in std::iter::zip(&record.servers, &self.unanswered) {
            let view = &server.view;
            let counts = |run: &&Run| view.role == Role::Leader && run.term == view.term;
            runs.iter().for_each(|run| Some(run).filter(counts).hash(hasher));
        }
    }

    #[inline]
    fn receives(&mut self, at: &mut Context<'_>, message: &Message) {
        if let Body::AppendEntriesReply { .. } | Body::InstallSnapshotReply { .. } = &message.body
            && let Some(follower) = at.record.find(message.from)
        {
            self.unanswered[at.slot][follower] = Run::default();
        }
    }

    #[inline]
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        if let Body::AppendEntries { entries, .. } = &message.body
            && self.entries
            && !entries.is_empty()
        {
            return self.entries(at, message, entries);
        }
        let Body::InstallSnapshot { chunk, .. } = &message.body else { return Ok(()) };
        if !self.parts {
            return Ok(());
        }
        at.count(Property::Limits);
        let (length, limit) = (chunk.data.len(), at.server.settings.snapshot_chunk);
        if length as u64 <= u64::from(limit) {
            return Ok(());
        }
        exceeds(at.id(), message, &format!("a part of {length} bytes, where one takes {limit}"))
    }
}

impl Limits {
    fn entries(&mut self, at: &mut Context<'_>, message: &Message, entries: &Entries) -> Verdict {
        at.count(Property::Limits);
        let settings = &at.server.settings;
        let (count, most) = (entries.len() as u64, u64::from(settings.entries_per_message));
        if count > most {
            let what = format!("{count} entries in one message, which takes {most}");
            return exceeds(at.id(), message, &what);
        }
        let configurations = &at.server.log.configurations;
        let Some(follower) = at.record.find(message.to) else { return Ok(()) };
        let first = entries[0].index.get();
        let last = first + count - 1;
        let run = &mut self.unanswered[at.slot][follower];
        let (term, configured) = (message.term, configurations.len());
        let goes_on = (run.term, run.configured, run.last + 1) == (term, configured, first);
        // What is known of a server that is no member yet may be forgotten, and begin anew.
        if !goes_on && !contains(configurations.latest().1, message.to) {
            return Ok(());
        }
        *run = Run { term, configured, first: if goes_on { run.first } else { first }, last };
        let unanswered = last + 1 - run.first;
        if unanswered > u64::from(settings.window) {
            let window = settings.window;
            let what = format!("{unanswered} entries without an answer; its window takes {window}");
            return exceeds(at.id(), message, &what);
        }
        Ok(())
    }
}

#[cold]
fn exceeds(id: NodeId, message: &Message, what: &str) -> Verdict {
    violated(Property::Limits, id, format!("{id} sends {} {what}", message.to))
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, Verdict, entry, raises, silent, success};
    use crate::model::{Body, Chunk, Entries, Entry, Message, NodeId, Position, Term};
    use crate::subject::{Event, Settings};

    fn led(settings: Settings) -> History {
        let mut history = History::judged(&[settings; 3], &[(&[][..], 0, None); 3]);
        history.elect(1, 1, &[2]);
        (0..8).for_each(|_| history.propose(1));
        history
    }

    /// S1 sends S2 the entries between two indexes, both included.
    fn sends(history: &mut History, from: u64, to: u64) -> Verdict {
        let entries: Vec<Entry> = (from..=to).map(|index| entry(index, 1)).collect();
        let entries = Entries::from(&entries[..]);
        message(history, Body::AppendEntries { prev: None, entries, commit: None, round: 0 })
    }

    fn message(history: &mut History, body: Body) -> Verdict {
        history.makes(1, 2, 1, body)
    }

    fn takes(history: &mut History, body: Body) {
        let message = Message::new(NodeId(2), NodeId(1), Term(1), body);
        history.event = Some(Event::Receive(message));
        silent(history.step(1, |_| {}));
    }

    #[test]
    fn a_message_has_no_more_entries_than_are_set() {
        let mut history = led(Settings { entries_per_message: 3, ..Settings::default() });
        silent(sends(&mut history, 1, 3));
        raises(sends(&mut history, 4, 7), Property::Limits, "S1 sends S2 4 entries in one message");
        assert_eq!(history.exercised(Property::Limits), 2);
    }

    #[test]
    fn the_window_bounds_what_is_sent_without_an_answer() {
        let mut history = led(Settings { window: 3, ..Settings::default() });
        silent(sends(&mut history, 1, 2));
        // What may be lost is sent again.
        silent(sends(&mut history, 1, 2));
        silent(sends(&mut history, 3, 3));
        takes(&mut history, success(2));
        silent(sends(&mut history, 4, 5));
        raises(sends(&mut history, 6, 7), Property::Limits, "4 entries without an answer");
    }

    #[test]
    fn a_part_of_a_snapshot_is_no_larger_than_is_set() {
        let part = |bytes: usize| {
            let last = Position { index: entry(1, 1).index, term: Term(1) };
            let data = vec![0; bytes].into();
            let membership = Default::default();
            let chunk = Chunk { last, membership, cluster: 1, offset: 0, size: 9, data };
            Body::InstallSnapshot { chunk: chunk.into(), round: 0 }
        };
        let mut history = led(Settings { snapshot_chunk: 4, ..Settings::default() });
        silent(message(&mut history, part(4)));
        raises(message(&mut history, part(5)), Property::Limits, "a part of 5 bytes");
    }
}
