//! A small player of hand-made histories for the tests of the checkers: moves that correct servers
//! make, and single observations with which a test goes astray.

mod given;
pub(super) mod moves;

use std::sync::Arc;

use super::checkers::Checkers;
use super::properties::Property;
use super::properties::violation::Violation;
use crate::model::{
    AppendReply, Body, Entries, Entry, HardState, LogIndex, Message, NodeId, Payload, Position,
    Snapshot, Term, length,
};
use crate::subject::{
    Applied, Capability, Effects, Event, LogWrite, Outcome, Role, Settings, Token, View, Write,
};

/// The verdict of the checkers on an observation.
pub(super) type Verdict = Result<(), Violation>;

/// Asserts that an observation raised exactly this alarm, in words that contain `words`.
#[track_caller]
pub(super) fn raises(verdict: Verdict, property: Property, words: &str) {
    let violation = verdict.expect_err("an alarm");
    assert_eq!(violation.property, property, "{violation}");
    assert!(violation.to_string().contains(words), "{violation}");
}

/// Asserts that an observation raised no alarm.
#[track_caller]
pub(super) fn silent(verdict: Verdict) {
    if let Err(violation) = verdict {
        panic!("a false alarm: {violation}");
    }
}

/// An entry whose command follows from its index and term, as Log Matching requires.
pub(super) fn entry(index: u64, term: u64) -> Entry {
    let index = LogIndex::new(index).expect("an index");
    let command = [index.get(), term].map(u64::to_le_bytes).concat();
    Entry { index, term: Term(term), payload: Payload::Command(command[..].into()) }
}

/// A write of a log, or of something else.
pub(super) fn writing(log: Option<LogWrite>) -> Write {
    Write { log, ..Write::new(Token(0)) }
}

/// The reply of a follower that has the entries up to `matched`.
pub(super) fn success(matched: u64) -> Body {
    Body::AppendEntriesReply {
        reply: AppendReply::Success { matched: LogIndex::new(matched) },
        round: 0,
    }
}

/// A heartbeat.
pub(super) fn heartbeat() -> Body {
    Body::AppendEntries { prev: None, entries: Entries::default(), commit: None, round: 0 }
}

/// A server as the history knows it.
#[derive(Default)]
pub(super) struct Known {
    pub(super) view: View,
    /// From the first entry on, also if a snapshot stands for the beginning.
    pub(super) log: Vec<Entry>,
    hard_state: HardState,
    snapshot: Option<Arc<Snapshot>>,
    disk: (HardState, Option<Arc<Snapshot>>, Vec<Entry>),
    in_flight: Vec<Write>,
}

impl Known {
    /// The number of entries that the snapshot stands for.
    fn base(&self) -> u64 {
        self.snapshot.as_ref().map_or(0, |snapshot| snapshot.last.index.get())
    }

    /// The entry of the latest configuration behind the snapshot, and up to an index.
    fn configuration(&self, up_to: u64) -> Option<LogIndex> {
        let log = self.log.iter().take_while(|entry| entry.index.get() <= up_to);
        let latest = log.filter(|entry| matches!(entry.payload, Payload::Membership(_))).last()?;
        Some(latest.index).filter(|index| index.get() > self.base())
    }

    /// The state that it shows when it boots.
    fn booted(&self) -> View {
        let HardState { term, voted_for } = self.hard_state;
        let base = LogIndex::new(self.base());
        let configuration = self.configuration(u64::MAX);
        let (commit, applied, snapshot) = (base, base, base);
        View { term, voted_for, commit, applied, snapshot, configuration, ..View::default() }
    }
}

/// A history: the servers so far, and the checkers that watched.
pub(super) struct History {
    pub(super) checkers: Checkers,
    servers: Vec<Known>,
    /// The event that the next step takes, if the rules are judged.
    pub(super) event: Option<Event>,
    /// True if servers use the latest configuration that they have applied, and not the latest in their logs.
    at_apply: bool,
}

impl History {
    /// Servers that boot from nothing.
    pub(super) fn new(servers: u32) -> History {
        History::given(&vec![(&[][..], 0, None); servers as usize])
    }

    /// Servers that boot from a log of these terms, a term and a vote.
    pub(super) fn given(states: &[(&[u64], u64, Option<u32>)]) -> History {
        let ids: Vec<NodeId> = (1..).map(NodeId).take(states.len()).collect();
        History::boot(Checkers::new(&ids), states)
    }

    /// Servers that boot from nothing, the first few of them as members of the cluster.
    pub(super) fn with_members(servers: u32, members: u32) -> History {
        let ids: Vec<NodeId> = (1..=servers).map(NodeId).collect();
        let checkers = Checkers::with_members(&ids, &ids[..members as usize]);
        History::boot(checkers, &vec![(&[][..], 0, None); servers as usize])
    }

    /// A history of servers that use the latest configuration that they have applied.
    pub(super) fn at_apply(servers: u32, members: u32) -> History {
        let mut history = History::with_members(servers, members);
        history.checkers = history.checkers.at_apply();
        history.at_apply = true;
        history
    }

    /// A history of servers with these settings that claim every capability.
    pub(super) fn judged(settings: &[Settings], states: &[(&[u64], u64, Option<u32>)]) -> History {
        History::claiming(&Capability::ALL, settings, states)
    }

    /// A history of servers with these settings that claim these capabilities.
    pub(super) fn claiming(
        capabilities: &[Capability],
        settings: &[Settings],
        states: &[(&[u64], u64, Option<u32>)],
    ) -> History {
        let ids: Vec<NodeId> = (1..).map(NodeId).take(states.len()).collect();
        let checkers = Checkers::of(capabilities, &ids, &ids, settings.to_vec());
        History::boot(checkers, states)
    }

    /// A history of servers with these settings that claim these capabilities and boot from nothing, the first few of them
    /// as members of the cluster.
    pub(super) fn claiming_with_members(
        capabilities: &[Capability],
        settings: &[Settings],
        members: usize,
    ) -> History {
        let ids: Vec<NodeId> = (1..).map(NodeId).take(settings.len()).collect();
        let checkers = Checkers::of(capabilities, &ids, &ids[..members], settings.to_vec());
        History::boot(checkers, &vec![(&[][..], 0, None); settings.len()])
    }

    fn boot(checkers: Checkers, states: &[(&[u64], u64, Option<u32>)]) -> History {
        let mut history = History { checkers, servers: Vec::new(), event: None, at_apply: false };
        for (id, (terms, term, vote)) in (1..).map(NodeId).zip(states) {
            let log: Vec<Entry> = (1..).zip(*terms).map(|(i, &t)| entry(i, t)).collect();
            let hard_state = HardState { term: Term(*term), voted_for: vote.map(NodeId) };
            let disk = (hard_state, None, log.clone());
            let mut known = Known { log, hard_state, disk, ..Known::default() };
            known.view = known.booted();
            let (log, view) = (&known.log, &known.view);
            silent(history.checkers.booted(id, hard_state, None, log, view.applied, view));
            history.servers.push(known);
        }
        history
    }

    pub(super) fn exercised(&self, property: Property) -> u64 {
        self.checkers.exercised(property)
    }

    pub(super) fn committed_len(&self) -> u64 {
        self.checkers.committed_len()
    }

    pub(super) fn at(&mut self, server: u32) -> &mut Known {
        &mut self.servers[server as usize - 1]
    }

    /// One step: the view as it was, changed by `change`, and what else that adds. The server uses the latest
    /// configuration in its log, unless `change` shows another.
    pub(super) fn step(&mut self, server: u32, change: impl FnOnce(&mut Effects)) -> Verdict {
        let known = self.at(server);
        let mut effects = Effects { view: known.view, ..Effects::default() };
        change(&mut effects);
        if let Some(event) = self.event.take() {
            self.checkers.takes(NodeId(server), &event);
        }
        let at_apply = self.at_apply;
        let known = self.at(server);
        for write in &effects.writes {
            known.hard_state = write.hard_state.unwrap_or(known.hard_state);
            known.snapshot = write.snapshot.clone().or(known.snapshot.take());
            if let Some(log) = &write.log {
                overwrite(&mut known.log, log);
            }
            known.in_flight.push(write.clone());
        }
        if effects.view.configuration == known.view.configuration {
            let up_to = if at_apply { length(effects.view.applied) } else { u64::MAX };
            effects.view.configuration = known.configuration(up_to);
        }
        known.view = effects.view;
        self.checkers.stepped(NodeId(server), &effects)
    }

    /// The next step, of this server, takes a message.
    pub(super) fn takes(&mut self, server: u32, from: u32, term: u64, body: Body) {
        let message = Message::new(NodeId(from), NodeId(server), Term(term), body);
        self.event = Some(Event::Receive(message));
    }

    /// A server takes a tick and makes a message.
    pub(super) fn makes(&mut self, server: u32, to: u32, term: u64, body: Body) -> Verdict {
        self.event = Some(Event::Tick);
        let message = Message::new(NodeId(server), NodeId(to), Term(term), body);
        self.step(server, |effects| effects.sends.push(message))
    }

    /// A step that changes the view alone.
    pub(super) fn show(&mut self, server: u32, change: impl FnOnce(&mut View)) -> Verdict {
        self.step(server, |effects| change(&mut effects.view))
    }

    /// A step to a term and a vote, with the write that they need.
    pub(super) fn enter(
        &mut self,
        server: u32,
        role: Role,
        term: u64,
        vote: Option<u32>,
    ) -> Verdict {
        let hard_state = HardState { term: Term(term), voted_for: vote.map(NodeId) };
        self.step(server, |effects| {
            effects.view.role = role;
            effects.view.term = hard_state.term;
            effects.view.voted_for = hard_state.voted_for;
            effects.writes.push(Write { hard_state: Some(hard_state), ..writing(None) });
        })
    }

    /// Everything in flight to the disk of a server becomes durable.
    pub(super) fn flush(&mut self, server: u32) {
        let known = &mut self.servers[server as usize - 1];
        for write in known.in_flight.drain(..) {
            self.checkers.persisted(NodeId(server), &write);
        }
        known.disk = (known.hard_state, known.snapshot.clone(), known.log.clone());
    }

    /// A message leaves.
    pub(super) fn send(&mut self, from: u32, to: u32, term: u64, body: Body) -> Verdict {
        let (from, to) = (NodeId(from), NodeId(to));
        self.checkers.sent(&Message::new(from, to, Term(term), body))
    }

    /// The vote request of a server leaves.
    pub(super) fn ask(&mut self, server: u32, term: u64) -> Verdict {
        let last = self.at(server).log.last().map(Entry::position);
        let to = if server == 1 { 2 } else { 1 };
        self.send(server, to, term, Body::RequestVote { last, transfer: false })
    }

    /// A granted vote leaves.
    pub(super) fn vote(&mut self, voter: u32, candidate: u32, term: u64) -> Verdict {
        self.send(voter, candidate, term, Body::RequestVoteReply { granted: true })
    }

    /// A write of entries of these terms from an index on, in flight to the disk.
    pub(super) fn write(&mut self, server: u32, from: u64, terms: &[u64]) -> Verdict {
        let entries: Vec<Entry> = (from..).zip(terms).map(|(i, &t)| entry(i, t)).collect();
        self.write_entries(server, from, &entries)
    }

    /// A write of any entries.
    pub(super) fn write_entries(&mut self, server: u32, from: u64, entries: &[Entry]) -> Verdict {
        let from = LogIndex::new(from).expect("an index");
        let log = Some(LogWrite { from, entries: Entries::from(entries) });
        self.step(server, |effects| effects.writes.push(writing(log)))
    }

    /// The commit index of a server moves.
    pub(super) fn commit(&mut self, server: u32, index: u64) -> Verdict {
        self.show(server, |view| view.commit = LogIndex::new(index))
    }

    /// A server applies entries.
    pub(super) fn apply(&mut self, server: u32, entries: &[Entry]) -> Verdict {
        self.step(server, |effects| {
            effects.view.applied = entries.last().map(|entry| entry.index);
            let applied =
                |entry: &Entry| Applied { entry: entry.clone(), outcome: Outcome::Executed };
            effects.applied = entries.iter().map(applied).collect();
        })
    }

    pub(super) fn crash(&mut self, server: u32) {
        self.checkers.crashed(NodeId(server));
        let known = self.at(server);
        known.in_flight.clear();
        (known.hard_state, known.snapshot, known.log) = known.disk.clone();
    }

    pub(super) fn wipe(&mut self, server: u32) {
        self.checkers.wiped(NodeId(server));
        *self.at(server) = Known::default();
    }

    /// A correct restart.
    pub(super) fn restart(&mut self, server: u32) -> Verdict {
        let view = self.at(server).booted();
        self.restart_as(server, view)
    }

    /// A restart that shows any view.
    pub(super) fn restart_as(&mut self, server: u32, view: View) -> Verdict {
        self.restart_keeping(server, view.applied, view)
    }

    /// A restart of a server whose state machine has kept what it applied up to here.
    pub(super) fn restart_keeping(
        &mut self,
        server: u32,
        kept: Option<LogIndex>,
        view: View,
    ) -> Verdict {
        let known = &mut self.servers[server as usize - 1];
        known.view = view;
        let (snapshot, log) = (known.snapshot.as_deref(), &known.log[known.base() as usize..]);
        self.checkers.booted(NodeId(server), known.hard_state, snapshot, log, kept, &view)
    }

    /// The state of a server that boots in this term, with this vote, and has applied entries up to this index.
    pub(super) fn booted_at(term: u64, vote: u32, applied: Option<LogIndex>) -> View {
        let voted_for = Some(NodeId(vote));
        View { term: Term(term), voted_for, commit: applied, applied, ..View::default() }
    }

    /// A correct server stands for election and asks for votes.
    #[track_caller]
    pub(super) fn stand(&mut self, server: u32, term: u64) {
        silent(self.enter(server, Role::Candidate, term, Some(server)));
        self.flush(server);
        silent(self.ask(server, term));
    }

    /// A correct server enters a term as follower and grants its vote.
    #[track_caller]
    pub(super) fn grant(&mut self, voter: u32, candidate: u32, term: u64) {
        silent(self.enter(voter, Role::Follower, term, Some(candidate)));
        self.flush(voter);
        silent(self.vote(voter, candidate, term));
    }

    /// A candidate becomes leader.
    pub(super) fn lead(&mut self, server: u32) -> Verdict {
        self.show(server, |view| view.role = Role::Leader)
    }

    /// A correct election.
    #[track_caller]
    pub(super) fn elect(&mut self, server: u32, term: u64, voters: &[u32]) {
        self.stand(server, term);
        for &voter in voters {
            self.grant(voter, server, term);
        }
        silent(self.lead(server));
        silent(self.send(server, if server == 1 { 2 } else { 1 }, term, heartbeat()));
    }

    /// A leader appends an entry of its term and has it on its disk.
    #[track_caller]
    pub(super) fn propose(&mut self, leader: u32) {
        let known = self.at(leader);
        let (index, term) = (known.log.len() as u64 + 1, known.view.term.0);
        silent(self.write(leader, index, &[term]));
        self.flush(leader);
    }

    /// A correct follower takes the leader's log from where they part, and acknowledges it.
    #[track_caller]
    pub(super) fn replicate(&mut self, leader: u32, follower: u32) {
        let (term, log) = (self.at(leader).view.term.0, self.at(leader).log.clone());
        if self.at(follower).view.term.0 < term {
            silent(self.enter(follower, Role::Follower, term, None));
        }
        let theirs = &self.at(follower).log;
        let same = log.iter().zip(theirs).take_while(|(a, b)| a == b).count();
        silent(self.write_entries(follower, same as u64 + 1, &log[same..]));
        self.flush(follower);
        silent(self.send(follower, leader, term, success(log.len() as u64)));
    }

    /// S1 leads term 1 of three servers, with two entries that it committed with S2's help.
    pub(super) fn two_committed() -> History {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history.propose(1);
        history.propose(1);
        history.replicate(1, 2);
        silent(history.commit(1, 2));
        history
    }

    /// The last entry of a server.
    pub(super) fn last(&mut self, server: u32) -> Option<Position> {
        self.at(server).log.last().map(Entry::position)
    }

    /// The commit index of a server, as a number.
    pub(super) fn committed(&mut self, server: u32) -> u64 {
        length(self.at(server).view.commit)
    }
}

fn overwrite(log: &mut Vec<Entry>, write: &LogWrite) {
    log.truncate(write.from.get() as usize - 1);
    log.extend(write.entries.iter().cloned());
}
