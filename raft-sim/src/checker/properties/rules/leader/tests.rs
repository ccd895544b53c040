//! The rules for leaders: for each rule a history that raises exactly its alarm, next to one that keeps it.

use crate::checker::properties::Property;
use crate::checker::testing::moves::once;
use crate::checker::testing::{History, Verdict, entry, raises, silent, success, writing};
use crate::model::{
    Body, Entries, Entry, LogIndex, Message, NodeId, Payload, Position, SessionId, Term,
};
use crate::subject::{
    Answer, Applied, Effects, Event, LogWrite, Outcome, Request, Role, Settings, Token,
};

fn at(index: u64) -> LogIndex {
    LogIndex::new(index).expect("an index")
}

fn from(from: u32, to: u32, body: Body) -> Message {
    Message::new(NodeId(from), NodeId(to), Term(1), body)
}

/// An AppendEntries of S1, which leads term 1, with these entries from an index on.
fn append(to: u32, next: u64, entries: &[Entry], round: u64) -> Message {
    let prev = LogIndex::new(next - 1).map(|index| Position { index, term: Term(1) });
    let entries = Entries::from(entries);
    from(1, to, Body::AppendEntries { prev, entries, commit: None, round })
}

/// The same from a leader that has committed its no-op.
fn with_commit(mut message: Message) -> Message {
    if let Body::AppendEntries { commit, .. } = &mut message.body {
        *commit = LogIndex::new(1);
    }
    message
}

fn noop() -> Entry {
    Entry { payload: Payload::Noop, ..entry(1, 1) }
}

fn appends(effects: &mut Effects, entries: &[Entry]) {
    let entries = Entries::from(entries);
    let log = entries.first().map(|first| LogWrite { from: first.index, entries: entries.clone() });
    effects.writes.push(writing(log));
}

/// S1 has the votes that it needs to lead term 1 of three servers.
fn elected(settings: Settings) -> History {
    let mut history = History::judged(&[settings; 3], &[(&[][..], 0, None); 3]);
    history.stand(1, 1);
    history.grant(2, 1, 1);
    history
}

/// S1 leads term 1 of three servers, with a no-op that has been sent to all and is on no disk.
fn leading(settings: Settings) -> History {
    let mut history = elected(settings);
    silent(history.step(1, |effects| {
        effects.view.role = Role::Leader;
        effects.view.leader = Some(NodeId(1));
        appends(effects, &[noop()]);
        effects.sends = vec![append(2, 1, &[noop()], 0), append(3, 1, &[noop()], 0)];
    }));
    history
}

/// The same, and S2 has acknowledged the no-op, which S1 has on its disk and commits.
fn committed(settings: Settings) -> History {
    let mut history = leading(settings);
    history.event = Some(Event::Persisted(Token(0)));
    silent(history.step(1, |_| {}));
    history.flush(1);
    silent(history.write_entries(2, 1, &[noop()]));
    history.flush(2);
    silent(acknowledged(&mut history, 1, 1));
    history
}

/// S2 acknowledges so many entries, and S1 commits and applies up to an index.
fn acknowledged(history: &mut History, matched: u64, commit: u64) -> Verdict {
    history.event = Some(Event::Receive(from(2, 1, success(matched))));
    history.step(1, |effects| {
        effects.matched = Some((NodeId(2), at(matched)));
        let before = effects.view.applied.map_or(0, LogIndex::get);
        effects.view.commit = LogIndex::new(commit);
        effects.view.applied = effects.view.commit;
        let applied = |index| Applied {
            entry: if index == 1 { noop() } else { entry(index, 1) },
            outcome: if index == 1 { Outcome::Nothing } else { Outcome::Executed },
        };
        effects.applied = (before + 1..=commit).map(applied).collect();
    })
}

/// A client hands S1 a command, and S1 appends `new` and sends it, in that order, to S2 and S3 as these.
fn proposed(history: &mut History, new: &[Entry], sends: Vec<Message>) -> Verdict {
    let command = entry(1, 1).payload;
    let Payload::Command(command) = command else { unreachable!("a command") };
    history.event = Some(Event::Propose(Request(7), command));
    history.step(1, |effects| {
        if !new.is_empty() {
            appends(effects, new);
        }
        effects.sends = sends;
    })
}

#[test]
fn heartbeats_speak_of_the_entry_before_next_index() {
    let mut history = committed(Settings::default());
    let beats = |to, next| with_commit(append(to, next, &[], 1));
    history.event = Some(Event::Tick);
    silent(history.step(1, |effects| effects.sends = vec![beats(2, 2), beats(3, 1)]));
    history.event = Some(Event::Tick);
    raises(history.step(1, |_| {}), Property::Leading, "sends S2 0 heartbeats where 1 are due");
    let mut history = committed(Settings::default());
    history.event = Some(Event::Tick);
    let verdict = history.step(1, |effects| effects.sends = vec![beats(2, 1), beats(3, 1)]);
    raises(verdict, Property::Leading, "behind 0, where nextIndex is 2");
}

#[test]
fn limits_are_kept() {
    let few = Settings { uncommitted_limit: 1, ..Settings::default() };
    let sends = || vec![append(2, 2, &[entry(2, 1)], 0)];
    raises(
        proposed(&mut leading(few), &[entry(2, 1)], Vec::new()),
        Property::Limits,
        "takes a command",
    );
    // S3 has not acknowledged anything: what it was sent is to be answered first. S2 has, and the window is open.
    let mut history = committed(Settings::default());
    let sends = sends().into_iter().map(with_commit).collect();
    silent(proposed(&mut history, &[entry(2, 1)], sends));
    let narrow = Settings { window: 1, ..Settings::default() };
    let mut history = committed(narrow);
    let sends = || vec![with_commit(append(2, 2, &[entry(2, 1)], 0))];
    silent(proposed(&mut history, &[entry(2, 1)], sends()));
    let more = vec![with_commit(append(2, 3, &[entry(3, 1)], 0))];
    let verdict = proposed(&mut history, &[entry(3, 1)], more);
    raises(verdict, Property::Limits, "where the window has room for 0");
}

#[test]
fn what_a_majority_acknowledges_is_committed() {
    assert!(committed(Settings::default()).exercised(Property::Committing) > 0);
    let mut history = leading(Settings::default());
    history.event = Some(Event::Persisted(Token(0)));
    silent(history.step(1, |_| {}));
    history.flush(1);
    silent(history.write_entries(2, 1, &[noop()]));
    history.flush(2);
    let verdict = acknowledged(&mut history, 1, 0);
    raises(verdict, Property::Committing, "commits up to 0, where a majority has acknowledged 1");
}

#[test]
fn the_target_of_a_transfer_is_told_when_it_has_the_log() {
    let reported = |to| from(1, to, Body::TimeoutNow);
    let mut history = committed(Settings::default());
    history.event = Some(Event::Transfer(Request(9), NodeId(2)));
    silent(history.step(1, |effects| effects.sends = vec![reported(2)]));
    let mut history = committed(Settings::default());
    history.event = Some(Event::Transfer(Request(9), NodeId(3)));
    let verdict = history.step(1, |effects| effects.sends = vec![reported(3)]);
    raises(verdict, Property::HandingOver, "tells S3 to stand for election");
    let mut history = committed(Settings::default());
    history.event = Some(Event::Transfer(Request(9), NodeId(2)));
    raises(history.step(1, |_| {}), Property::HandingOver, "does not tell S2");
    let mut history = committed(Settings::default());
    history.event = Some(Event::Transfer(Request(9), NodeId(1)));
    raises(history.step(1, |_| {}), Property::Answering, "Rejected is due");
}

#[test]
fn a_leader_without_a_quorum_steps_down_in_time() {
    let settings = Settings {
        check_quorum: true,
        heartbeat: 3,
        election_timeout: (4, 4),
        ..Settings::default()
    };
    let ticked = |ticks: u64, last: &dyn Fn(&mut Effects)| {
        let mut history = leading(settings);
        for tick in 1..ticks {
            history.event = Some(Event::Tick);
            silent(history.step(1, |effects| {
                if tick == 3 {
                    effects.sends = vec![append(2, 1, &[], 1), append(3, 1, &[], 1)];
                }
            }));
        }
        history.event = Some(Event::Tick);
        history.step(1, |effects| last(effects))
    };
    let down = |effects: &mut Effects| {
        effects.view.role = Role::Follower;
        effects.view.leader = None;
    };
    silent(ticked(4, &down));
    raises(ticked(4, &|_| {}), Property::QuorumCheck, "leads on");
    raises(ticked(2, &down), Property::QuorumCheck, "steps down");
}

#[test]
fn a_configuration_names_its_voters_once() {
    let asks = |voters: &[u32], refuses: bool| {
        let mut history = committed(Settings::default());
        let voters = voters.iter().copied().map(NodeId).collect();
        history.event = Some(Event::ChangeMembership(Request(9), voters, Vec::new()));
        history.step(1, |effects| {
            if refuses {
                effects.answers = vec![(Request(9), Answer::Rejected)];
            }
        })
    };
    silent(asks(&[], true));
    silent(asks(&[1, 1, 2], true));
    raises(asks(&[], false), Property::Answering, "Rejected is due");
    raises(asks(&[1, 2], true), Property::ChangeRules, "does not append the configuration");
}

#[test]
fn sessions_expire_as_the_log_says() {
    let settings = Settings { sessions: 1, ..Settings::default() };
    let applies = |outcome: Outcome| {
        let mut history = committed(settings);
        let new = [
            Entry { payload: Payload::Register, ..entry(2, 1) },
            Entry { payload: Payload::Register, ..entry(3, 1) },
            once(4, 1, 1),
        ];
        for (number, entry) in (1..).zip(&new) {
            history.event = Some(Event::Register(Request(number)));
            let send = with_commit(append(2, entry.index.get(), std::slice::from_ref(entry), 0));
            silent(history.step(1, |effects| {
                appends(effects, std::slice::from_ref(entry));
                effects.sends = vec![send];
            }));
            history.event = Some(Event::Persisted(Token(0)));
            silent(history.step(1, |_| {}));
        }
        history.flush(1);
        silent(history.write_entries(2, 2, &new));
        history.flush(2);
        let opened = |session| Outcome::Registered(SessionId(session));
        let outcomes = [opened(1), opened(2), outcome];
        history.event = Some(Event::Receive(from(2, 1, success(4))));
        history.step(1, |effects| {
            effects.matched = Some((NodeId(2), at(4)));
            effects.view.commit = LogIndex::new(4);
            effects.view.applied = effects.view.commit;
            let applied = new.iter().zip(outcomes);
            effects.applied =
                applied.map(|(entry, outcome)| Applied { entry: entry.clone(), outcome }).collect();
            effects.answers = vec![
                (Request(1), Answer::Registered(at(2), SessionId(1))),
                (Request(2), Answer::Registered(at(3), SessionId(2))),
                (Request(3), Answer::NoSession(at(4))),
            ];
        })
    };
    silent(applies(Outcome::NoSession));
    raises(applies(Outcome::Executed), Property::SessionRules, "makes Executed of entry 4");
}

#[test]
fn who_does_not_lead_says_so() {
    let asks = |answer: Option<Answer>| {
        let mut history = History::judged(&[Settings::default(); 3], &[(&[][..], 0, None); 3]);
        history.event = Some(Event::Register(Request(9)));
        history.step(2, |effects| {
            effects.answers = answer.into_iter().map(|answer| (Request(9), answer)).collect();
        })
    };
    silent(asks(Some(Answer::NotLeader(None))));
    raises(asks(None), Property::Answering, "leaves request 9 without an answer");
    raises(asks(Some(Answer::Busy)), Property::Answering, "answers request 9 with Busy");
}
