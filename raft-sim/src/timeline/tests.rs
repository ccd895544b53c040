//! Timelines of §5; `extensions` has everything beyond it.

mod extensions;

use std::borrow::Cow;

use super::*;
use crate::disk::Torn;
use crate::model::{
    AppendReply, Body, Entries, Entry, HardState, LogIndex, Own, Payload, Position, Term,
};
use crate::observation::Stored;
use crate::subject::{Effects, LogWrite, Settings, Token, View, Write};

const S1: NodeId = NodeId(1);
const S2: NodeId = NodeId(2);

fn index(number: u64) -> LogIndex {
    LogIndex::new(number).expect("not 0")
}

fn entry(number: u64, term: u64, command: &[u8]) -> Entry {
    Entry { index: index(number), term: Term(term), payload: Payload::Command(command.into()) }
}

fn append(entries: &[Entry]) -> Message {
    let prev = Position { index: index(4), term: Term(2) };
    Message {
        from: S1,
        to: S2,
        term: Term(3),
        own: Own::default(),
        body: Body::AppendEntries {
            prev: Some(prev),
            entries: Entries::from(entries),
            commit: Some(index(4)),
            round: 0,
        },
    }
}

fn write(from: u64, entries: &[Entry]) -> Write {
    let log = Some(LogWrite { from: index(from), entries: Entries::from(entries) });
    Write { log, ..Write::new(Token(1)) }
}

fn lines_of(recorder: Recorder) -> Vec<String> {
    let lines = recorder.into_lines();
    lines.iter().map(|line| line.to_string()).collect()
}

/// A server takes an event with these effects.
fn take(
    recorder: &mut Recorder,
    (time, server): (Micros, NodeId),
    event: &Event,
    (before, effects): (View, &Effects),
    length: u64,
) {
    let took = Observation::Took { server, event: Cow::Borrowed(event) };
    let changed = effects.view != before;
    let effects = Cow::Borrowed(effects);
    observe(recorder, time, &took);
    observe(
        recorder,
        time,
        &Observation::Stepped { server, before: Cow::Owned(before), length, effects, changed },
    );
}

fn observe(recorder: &mut Recorder, time: Micros, observation: &Observation<'_>) {
    recorder.observe(time, observation).expect("a recorder ends no run");
}

fn crash(lost: usize, torn: Option<Torn>) -> Observation<'static> {
    Observation::Crashed { server: S1, survived: 0, torn, lost, at_write: false }
}

fn boot(server: NodeId, view: View, again: bool, changed: bool) -> Observation<'static> {
    let hard_state = HardState::default();
    let disk = Stored { hard_state, snapshot: None, log: Cow::Borrowed(&[]) };
    let settings = Cow::Owned(Settings::default());
    Observation::Booted { server, again, disk, kept: None, settings, changed, view }
}

fn sent(message: &Message) -> Observation<'_> {
    Observation::Sent { message: Cow::Borrowed(message) }
}

/// The lines of a recorder of everything about one step of S2.
fn step(event: &Event, before: View, effects: &Effects, length: u64) -> Vec<String> {
    let mut recorder = Recorder::all();
    take(&mut recorder, (12_345, S2), event, (before, effects), length);
    lines_of(recorder)
}

#[test]
fn an_election_timeout_and_a_vote() {
    let before = View { term: Term(2), ..View::default() };
    let candidate = View { role: Role::Candidate, term: Term(3), voted_for: Some(S2), ..before };
    let effects = Effects { view: candidate, ..Effects::default() };
    assert_eq!(
        step(&Event::Tick, before, &effects, 0),
        [
            "   12.345 ms  S2  election timeout elapses: becomes candidate in term 3, votes for itself"
        ]
    );
    assert!(step(&Event::Tick, candidate, &effects, 0).is_empty());
    let asked = Message {
        from: S1,
        to: S2,
        term: Term(3),
        own: Own::default(),
        body: Body::RequestVote { last: None, transfer: false },
    };
    let voter = View { term: Term(3), voted_for: Some(S1), ..before };
    let effects = Effects { view: voter, ..Effects::default() };
    assert_eq!(
        step(&Event::Receive(asked), before, &effects, 0),
        ["   12.345 ms  S2 ← S1  RequestVote term 3, last none: enters term 3, \
             grants its vote to S1 in term 3"]
    );
}

#[test]
fn a_log_grows_is_replaced_and_cut() {
    let entries = [entry(5, 3, b"x")];
    let event = Event::Receive(append(&entries));
    let said = "   12.345 ms  S2 ← S1  AppendEntries term 3, prev 4/2, entries 5/3:x, commit 4";
    let mut effects = Effects { writes: vec![write(5, &entries)], ..Effects::default() };
    let text = |effects: &Effects, length| step(&event, View::default(), effects, length);
    assert_eq!(text(&effects, 4), [format!("{said}: appends 5/3:x")]);
    assert_eq!(text(&effects, 7), [format!("{said}: replaces its log from 5 on by 5/3:x")]);
    effects.writes = vec![write(5, &[])];
    assert_eq!(text(&effects, 7), [format!("{said}: deletes its log from 5 on")]);
    effects.writes = vec![write(4, &[entry(4, 3, &[0, 1])]), write(5, &entries)];
    assert_eq!(
        text(&effects, 4),
        [format!("{said}: replaces its log from 4 on by 4/3, appends 5/3:x")]
    );
}

#[test]
fn a_command_is_shown_only_if_it_can_be_read() {
    let shown = |command: &[u8]| messages::body(&append(&[entry(5, 3, command)]));
    assert!(shown(b"first-write").contains("entries 5/3:first-write,"));
    for hidden in [&b""[..], b"\x1b[31m", b"a b", "é".as_bytes(), &[b'x'; 33], b"5/3"] {
        assert!(shown(hidden).contains("entries 5/3,"), "{hidden:?}");
    }
    let many: Vec<Entry> = (5..=9).map(|number| entry(number, 3, b"x")).collect();
    assert!(messages::body(&append(&many)).contains("entries 5/3:x to 9/3:x (5),"));
}

#[test]
fn a_sent_message_is_told_but_is_not_among_the_last_steps() {
    let reply = Message {
        from: S1,
        to: S2,
        term: Term(3),
        own: Own::default(),
        body: Body::AppendEntriesReply {
            reply: AppendReply::Success { matched: Some(index(5)) },
            round: 0,
        },
    };
    let mut all = Recorder::all();
    observe(&mut all, 0, &sent(&reply));
    assert_eq!(
        lines_of(all),
        ["    0.000 ms  S1 → S2  AppendEntriesReply term 3, success, match 5"]
    );
    let mut last = Recorder::last(2);
    observe(&mut last, 0, &sent(&reply));
    for lost in 0..4 {
        observe(&mut last, lost, &crash(lost as usize, None));
    }
    assert_eq!(
        lines_of(last),
        [
            "    0.002 ms  S1  crashes, losing 2 writes that were not durable",
            "    0.003 ms  S1  crashes, losing 3 writes that were not durable"
        ]
    );
}

#[test]
fn a_write_that_is_durable_at_once_needs_no_line() {
    let before = View::default();
    let effects = Effects { writes: vec![write(1, &[entry(1, 1, b"x")])], ..Effects::default() };
    let durable = Write {
        hard_state: Some(HardState { term: Term(1), voted_for: None }),
        ..write(1, &[entry(1, 1, b"x")])
    };
    let lines = |between: Option<Observation<'_>>, later| {
        let mut recorder = Recorder::all();
        take(&mut recorder, (0, S1), &Event::Tick, (before, &effects), 0);
        if let Some(between) = between {
            observe(&mut recorder, 0, &between);
        }
        let durable = Observation::Durable { server: S1, write: Cow::Borrowed(&durable) };
        observe(&mut recorder, later, &durable);
        recorder.into_lines().len()
    };
    assert_eq!(lines(None, 0), 1);
    assert_eq!(lines(None, 5), 2, "a slow disk");
    assert_eq!(
        lines(Some(Observation::Statement { line: 9 }), 0),
        2,
        "a stalled disk that is synced"
    );
    assert_eq!(phrases::durable(&durable), "durable: term 1, vote none, log 1/1:x");
}

#[test]
fn milestones_have_the_first_and_the_last_commit() {
    let mut recorder = Recorder::milestones();
    let mut before = View::default();
    for (time, committed) in [(1, 1), (2, 2), (3, 5)] {
        let after = View { commit: Some(index(committed)), ..before };
        let effects = Effects { view: after, ..Effects::default() };
        take(&mut recorder, (time, S1), &Event::Tick, (before, &effects), 0);
        before = after;
    }
    observe(&mut recorder, 4, &crash(0, None));
    observe(&mut recorder, 5, &boot(S2, before, false, false));
    observe(&mut recorder, 6, &boot(S2, before, true, false));
    assert_eq!(
        lines_of(recorder),
        [
            "    0.001 ms  S1  commit index 0 → 1",
            "    0.003 ms  S1  commit index 2 → 5",
            "    0.004 ms  S1  crashes",
            "    0.006 ms  S2  restarts in term 0, vote none, last applied 0"
        ],
        "the first boot is no restart"
    );
}

#[test]
fn a_message_that_arrives_within_its_statement_has_one_line() {
    let message = append(&[]);
    let event = Event::Receive(message.clone());
    let (view, effects) = (View::default(), Effects::default());
    let arrives = |recorder: &mut Recorder| take(recorder, (0, S2), &event, (view, &effects), 4);
    let mut recorder = Recorder::all();
    observe(&mut recorder, 0, &Observation::Statement { line: 5 });
    observe(&mut recorder, 0, &sent(&message));
    arrives(&mut recorder);
    observe(&mut recorder, 0, &sent(&message));
    observe(&mut recorder, 0, &Observation::Statement { line: 6 });
    arrives(&mut recorder);
    assert_eq!(recorder.statements(), [5, 6]);
    let lines = recorder.into_lines();
    let said = "AppendEntries term 3, prev 4/2, entries none, commit 4";
    assert_eq!(
        texts(&lines),
        ["S2 ← S1", "S1 → S2", "S2 ← S1"].map(|link| format!("{link}  {said}"))
    );
    assert_eq!(
        lines.iter().map(|line| line.statement).collect::<Vec<_>>(),
        [Some(5), Some(5), Some(6)]
    );
}

#[test]
fn a_long_timeline_keeps_both_ends() {
    let line = |time| Line { time, statement: None, text: String::new() };
    let lines: Vec<Line> = (0..10).map(line).collect();
    let (head, left_out, tail) = ends(&lines, 5);
    assert_eq!((head, left_out, tail), (&lines[..2], 5, &lines[7..]));
    assert_eq!(ends(&lines, 10), (&lines[..], 0, &lines[10..]));
}
