//! The rules for servers that receive: a server that keeps the rules, next to one that does not.

use crate::checker::properties::Property;
use crate::checker::testing::{History, Verdict, entry, heartbeat, raises, silent, writing};
use crate::model::{
    AppendReply, Body, Chunk, Conflict, Entries, Entry, HardState, LogIndex, Message, NodeId,
    Payload, Position, Term,
};
use crate::subject::{Effects, Event, LogWrite, Role, Settings, Token, View, Write};

/// S1 of three servers in term 1, with a log of this length, is looked at.
fn three(settings: Settings, length: usize) -> History {
    let terms = vec![1; length];
    History::judged(&[settings; 3], &[(&terms, 1, None), (&[], 1, None), (&[], 1, None)])
}

/// S1 takes an event, and does this.
fn takes(history: &mut History, event: &Event, does: impl FnOnce(&mut Effects)) -> Verdict {
    history.checkers.takes(NodeId(1), event);
    history.step(1, does)
}

/// A message of S2 for S1.
fn from_2(term: u64, body: Body) -> Event {
    Event::Receive(Message::new(NodeId(2), NodeId(1), Term(term), body))
}

/// S1 answers S2.
fn replies(effects: &mut Effects, term: u64, body: Body) {
    effects.sends.push(Message::new(NodeId(1), NodeId(2), Term(term), body));
}

/// S1 shows a term and a vote, and writes them.
fn notes(effects: &mut Effects, token: u64, term: u64, vote: Option<u32>) {
    let hard_state = HardState { term: Term(term), voted_for: vote.map(NodeId) };
    effects.view = View { term: hard_state.term, voted_for: hard_state.voted_for, ..effects.view };
    let token = Token(token);
    effects.writes.push(Write { token, hard_state: Some(hard_state), ..writing(None) });
}

/// S1 stands for election.
fn stands(effects: &mut Effects, token: u64, term: u64) {
    notes(effects, token, term, Some(1));
    effects.view.role = Role::Candidate;
    effects.view.leader = None;
}

fn position(index: u64, term: u64) -> Position {
    Position { index: LogIndex::new(index).expect("an index"), term: Term(term) }
}

fn request(last: Option<Position>, transfer: bool) -> Body {
    Body::RequestVote { last, transfer }
}

fn vote(granted: bool) -> Body {
    Body::RequestVoteReply { granted }
}

fn success(index: u64) -> Body {
    let reply = AppendReply::Success { matched: LogIndex::new(index) };
    Body::AppendEntriesReply { reply, round: 0 }
}

/// S1 receives a heartbeat of S2, its leader.
fn follows(history: &mut History) {
    silent(takes(history, &from_2(1, heartbeat()), |effects| {
        effects.view.leader = Some(NodeId(2));
        replies(effects, 1, success(0));
    }));
}

/// `ticks` ticks pass at S1, which waits.
fn waits(history: &mut History, ticks: u32) {
    for _ in 0..ticks {
        silent(takes(history, &Event::Tick, |_| {}));
    }
}

/// S1's write is durable, and it is notified.
fn is_notified(history: &mut History, token: u64, does: impl FnOnce(&mut Effects)) -> Verdict {
    history.flush(1);
    takes(history, &Event::Persisted(Token(token)), does)
}

/// S1 asks S2 and S3 for their votes.
fn asks(effects: &mut Effects, term: u64) {
    for to in [NodeId(2), NodeId(3)] {
        let body = request(None, false);
        effects.sends.push(Message::new(NodeId(1), to, Term(term), body));
    }
}

#[test]
fn a_server_stands_between_its_shortest_and_its_longest_timeout() {
    let at = |ticks| {
        let mut history = three(Settings::default(), 0);
        follows(&mut history);
        waits(&mut history, ticks);
        takes(&mut history, &Event::Tick, |effects| stands(effects, 1, 2))
    };
    raises(at(8), Property::ElectionTimer, "S1 stands after 9 ticks");
    silent(at(9));
    silent(at(19));
}

#[test]
fn a_server_waits_no_longer_than_its_longest_timeout() {
    let mut history = three(Settings::default(), 0);
    waits(&mut history, 15);
    follows(&mut history);
    waits(&mut history, 19);
    raises(takes(&mut history, &Event::Tick, |_| {}), Property::ElectionTimer, "does not stand");
}

#[test]
fn a_vote_refused_does_not_start_the_timer_anew() {
    let mut history = three(Settings::default(), 1);
    waits(&mut history, 19);
    silent(takes(&mut history, &from_2(1, request(None, false)), |effects| {
        replies(effects, 1, vote(false));
    }));
    raises(takes(&mut history, &Event::Tick, |_| {}), Property::ElectionTimer, "20 ticks");
    assert!(history.exercised(Property::Voting) > 0);
}

#[test]
fn timeouts_are_not_all_the_same() {
    let mut history = three(Settings::default(), 0);
    let mut last = Ok(());
    for term in 2..=30 {
        waits(&mut history, 9);
        last = takes(&mut history, &Event::Tick, |effects| stands(effects, term, term));
        if last.is_err() {
            break;
        }
        silent(is_notified(&mut history, term, |effects| asks(effects, term)));
    }
    raises(last, Property::ElectionTimer, "all were the same");
}

#[test]
fn timeouts_that_differ_now_and_then_are_chosen_randomly() {
    let mut history = three(Settings::default(), 0);
    for term in 2..=60 {
        waits(&mut history, if term % 10 == 0 { 10 } else { 9 });
        silent(takes(&mut history, &Event::Tick, |effects| stands(effects, term, term)));
        silent(is_notified(&mut history, term, |effects| asks(effects, term)));
    }
    assert_eq!(history.exercised(Property::ElectionTimer), 59);
}

#[test]
fn a_vote_is_given_as_logs_and_terms_demand() {
    let given = |term, last, granted| {
        let mut history = three(Settings::default(), 1);
        let taken = takes(&mut history, &from_2(term, request(last, false)), |effects| {
            if granted {
                notes(effects, 1, term, Some(2));
            } else {
                replies(effects, 1, vote(false));
            }
        });
        taken.clone()?;
        if granted {
            is_notified(&mut history, 1, |effects| replies(effects, term, vote(true)))
        } else {
            taken
        }
    };
    let same = Some(position(1, 1));
    silent(given(1, same, true));
    silent(given(2, same, true));
    raises(given(1, same, false), Property::Voting, "took RequestVote of S2 in term 1");
    silent(given(1, None, false));
    raises(given(1, None, true), Property::JustifiedVote, "whose log ends with nothing");
    silent(given(0, same, false));
}

#[test]
fn a_vote_leaves_as_soon_as_it_is_known_to_be_durable() {
    let mut history = three(Settings::default(), 0);
    silent(takes(&mut history, &from_2(1, request(None, false)), |effects| {
        notes(effects, 1, 1, Some(2));
    }));
    silent(takes(&mut history, &from_2(1, request(None, false)), |_| {}));
    let once = is_notified(&mut history, 1, |effects| replies(effects, 1, vote(true)));
    raises(once, Property::Voting, "does not send RequestVoteReply");
}

#[test]
fn a_notice_of_a_write_out_of_order_counts_when_its_turn_comes() {
    let mut history = three(Settings::default(), 0);
    silent(takes(&mut history, &from_2(2, heartbeat()), |effects| {
        notes(effects, 1, 2, None);
        effects.view.leader = Some(NodeId(2));
    }));
    silent(takes(&mut history, &from_2(3, request(None, true)), |effects| {
        notes(effects, 2, 3, Some(2));
        effects.view.leader = None;
    }));
    silent(is_notified(&mut history, 2, |_| {}));
    let mut other = three(Settings::default(), 0);
    silent(takes(&mut other, &from_2(2, request(None, false)), |effects| {
        notes(effects, 1, 2, Some(2));
    }));
    silent(takes(&mut other, &from_2(2, request(None, false)), |effects| {
        notes(effects, 2, 2, Some(2))
    }));
    silent(is_notified(&mut other, 2, |_| {}));
    raises(
        is_notified(&mut other, 1, |_| {}),
        Property::Voting,
        "is notified that its writes are durable",
    );
}

#[test]
fn a_follower_of_a_leader_disregards_requests_for_its_vote_for_the_shortest_timeout() {
    let settings = Settings { check_quorum: true, ..Settings::default() };
    let asked = |ticks, transfer, obeys| {
        let mut history = three(settings, 0);
        follows(&mut history);
        waits(&mut history, ticks);
        takes(&mut history, &from_2(2, request(None, transfer)), |effects| {
            if obeys {
                notes(effects, 1, 2, Some(2));
                effects.view.leader = None;
            }
        })
    };
    silent(asked(9, false, false));
    raises(asked(9, false, true), Property::JustifiedVote, "though it leads");
    raises(asked(9, true, false), Property::Voting, "instead of Follower of term 2");
    silent(asked(10, false, true));
    raises(asked(10, false, false), Property::Voting, "instead of Follower of term 2");
}

#[test]
fn a_candidate_leads_with_the_votes_of_a_majority_and_not_before() {
    let no_op = || {
        let noop = Entry { payload: Payload::Noop, ..entry(1, 2) };
        let (from, entries) = (noop.index, Entries::from(noop));
        let body =
            Body::AppendEntries { prev: None, entries: entries.clone(), commit: None, round: 0 };
        let sent = move |to| Message::new(NodeId(1), NodeId(to), Term(2), body.clone());
        (writing(Some(LogWrite { from, entries })), sent)
    };
    let elected = |durable, term, leads| {
        let mut history = three(Settings::default(), 0);
        waits(&mut history, 9);
        silent(takes(&mut history, &Event::Tick, |effects| stands(effects, 1, 2)));
        if durable {
            silent(is_notified(&mut history, 1, |effects| asks(effects, 2)));
        }
        takes(&mut history, &from_2(term, vote(true)), |effects| {
            if leads {
                effects.view.role = Role::Leader;
                effects.view.leader = Some(NodeId(1));
                let (write, sent) = no_op();
                effects.writes.push(write);
                effects.sends.extend([2, 3].map(sent));
            }
        })
    };
    silent(elected(true, 2, true));
    raises(elected(true, 2, false), Property::Voting, "instead of Leader of term 2");
    silent(elected(false, 2, false));
    for unelected in [elected(false, 2, true), elected(true, 1, true)] {
        raises(
            unelected,
            Property::JustifiedLeadership,
            "S1 became leader of term 2 with the votes of S",
        );
    }
}

#[test]
fn a_server_that_is_set_to_asks_before_it_stands() {
    let settings = Settings { pre_vote: true, ..Settings::default() };
    let begins = |does: fn(&mut Effects)| {
        let mut history = three(settings, 0);
        waits(&mut history, 12);
        let taken = takes(&mut history, &Event::Tick, does);
        (taken, history)
    };
    raises(
        begins(|effects| stands(effects, 1, 2)).0,
        Property::JustifiedVote,
        "without the pre-votes",
    );
    let asks = |effects: &mut Effects| {
        for to in [NodeId(2), NodeId(3)] {
            let body = Body::PreVote { last: None };
            effects.sends.push(Message::new(NodeId(1), to, Term(1), body));
        }
    };
    let (asked, mut history) = begins(asks);
    silent(asked);
    let granted = from_2(1, Body::PreVoteReply { granted: true });
    raises(takes(&mut history, &granted, |_| {}), Property::Voting, "Candidate of term 2");
    let (_, mut history) = begins(asks);
    silent(takes(&mut history, &granted, |effects| stands(effects, 1, 2)));
}

#[test]
fn entries_are_taken_refused_and_committed_as_figure_2_says() {
    // Its state machine takes its time.
    let lagging = Settings { apply_limit: Some(9), ..Settings::default() };
    let append = |prev| Body::AppendEntries {
        prev: Some(prev),
        entries: Entries::from(&[entry(prev.index.get() + 1, 2)][..]),
        commit: LogIndex::new(3),
        round: 0,
    };
    let taken = |prev, does: &dyn Fn(&mut Effects)| {
        let log = &[1, 1][..];
        let states = [(log, 2, None), (log, 1, None), (log, 1, None)];
        let mut history = History::judged(&[lagging; 3], &states);
        history.elect(2, 2, &[3]);
        history.propose(2);
        history.replicate(2, 3);
        silent(history.commit(2, 3));
        takes(&mut history, &from_2(2, append(prev)), |effects| {
            effects.view.leader = Some(NodeId(2));
            does(effects);
        })
    };
    let write = |effects: &mut Effects| {
        let from = LogIndex::after(LogIndex::new(2));
        let log = LogWrite { from, entries: Entries::from(&[entry(3, 2)][..]) };
        effects.writes.push(writing(Some(log)));
    };
    let (there, beyond) = (position(2, 1), position(5, 2));
    silent(taken(there, &|effects| {
        write(effects);
        effects.view.commit = LogIndex::new(3);
    }));
    raises(taken(there, &write), Property::Appending, "commit 0 instead of");
    let elsewhere = |effects: &mut Effects| {
        let from = LogIndex::after(LogIndex::new(1));
        let log = LogWrite { from, entries: Entries::from(&[entry(2, 1), entry(3, 2)][..]) };
        effects.writes.push(writing(Some(log)));
        effects.view.commit = LogIndex::new(3);
    };
    raises(taken(there, &elsewhere), Property::Appending, "its log does not change by From");
    silent(taken(beyond, &|effects| {
        let conflict = Some(Conflict { term: None, first: LogIndex::after(LogIndex::new(2)) });
        let reply = AppendReply::Refused { prev: LogIndex::new(5), conflict };
        replies(effects, 2, Body::AppendEntriesReply { reply, round: 0 });
    }));
    raises(taken(beyond, &|_| {}), Property::Appending, "does not answer");
}

#[test]
fn a_message_of_a_leader_of_an_older_term_is_answered() {
    let reported = |does: fn(&mut Effects)| {
        let mut history = three(Settings::default(), 0);
        takes(&mut history, &from_2(0, heartbeat()), does)
    };
    let refuse = |effects: &mut Effects| {
        let reply = AppendReply::Refused { prev: None, conflict: None };
        replies(effects, 1, Body::AppendEntriesReply { reply, round: 0 });
    };
    silent(reported(refuse));
    raises(reported(|_| {}), Property::Appending, "does not answer");
    raises(
        reported(|effects| effects.view.leader = Some(NodeId(2))),
        Property::KnownLeader,
        "shows S2",
    );
}

#[test]
fn parts_of_a_snapshot_add_up() {
    let part = |last, offset| {
        let chunk = Chunk {
            last: position(last, 1),
            membership: Default::default(),
            cluster: 1,
            offset,
            size: 6,
            data: [0; 2].into(),
        };
        from_2(1, Body::InstallSnapshot { chunk: chunk.into(), round: 0 })
    };
    let has = |effects: &mut Effects, received| {
        effects.view.leader = Some(NodeId(2));
        let last = position(9, 1);
        replies(effects, 1, Body::InstallSnapshotReply { last, received, round: 0 });
    };
    let mut history = three(Settings::default(), 0);
    silent(takes(&mut history, &part(9, 0), |effects| has(effects, 2)));
    // A late part of an older one changes nothing.
    silent(takes(&mut history, &part(8, 0), |_| {}));
    silent(takes(&mut history, &part(9, 0), |effects| has(effects, 2)));
    let anew = takes(&mut history, &part(9, 2), |effects| has(effects, 2));
    raises(anew, Property::Installing, "received: 4");
    assert_eq!(history.exercised(Property::Installing), 3);
}

#[test]
fn answers_commit_nothing_without_a_leader() {
    let answered = |does: fn(&mut Effects)| {
        let states = [(&[1, 1][..], 2, None), (&[1][..], 1, None), (&[1][..], 1, None)];
        let mut history = History::judged(&[Settings::default(); 3], &states);
        history.elect(2, 2, &[3]);
        history.propose(2);
        history.replicate(2, 3);
        silent(history.commit(2, 2));
        takes(&mut history, &from_2(2, success(2)), does)
    };
    silent(answered(|_| {}));
    let commits = |effects: &mut Effects| effects.view.commit = Some(LogIndex::FIRST);
    raises(answered(commits), Property::JustifiedCommit, "S1 committed up to index 1");
}
