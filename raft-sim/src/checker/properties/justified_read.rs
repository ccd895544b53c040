//! Justified Read.

mod known;
mod memory;

use std::collections::{BTreeMap, VecDeque};

use super::Property;
use crate::checker::asked;
use crate::checker::properties::hooks::{Checker, Context, Step};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::quorum::has_quorum;
use crate::checker::record::Record;
use crate::model::{Body, Message, NodeId, Term, length};
use crate::network::MessageId;
use crate::subject::{Answer, Event, Request, Role};
use crate::time::Micros;

use known::{Known, Peer, Sent};

/// Justified Read (§8, dissertation §6.4): a read sees everything that was committed when it was requested, and the
/// server that answers it knows that. A leader knows it if it has committed an entry of its term and either has heard from a quorum since,
/// in answer to messages that it sent since, or holds a lease: each of a quorum has heard from it within its shortest
/// election timeout, by its own clock, so each of them refuses its vote to others. A server that does not lead asks a
/// leader first.
///
/// Time is counted in messages, so that "since" is exact.
#[derive(Clone, Debug)]
pub(in crate::checker) struct JustifiedRead {
    /// The number of messages sent and of reads requested so far.
    now: u64,
    /// Reads that are not answered yet: no more than servers themselves remember.
    asked: Vec<Asked>,
    /// The questions of followers (dissertation §6.4) to a leader, by its place: when it took them.
    questions: BTreeMap<(usize, NodeId, u64), u64>,
    /// Messages in flight that were sent while a read waited, by the slot in which the network keeps them: their
    /// numbers and times.
    in_flight: Vec<(u64, Sent)>,
    servers: Vec<Known>,
}

/// A read.
#[derive(Clone, Copy, Debug, Hash)]
struct Asked {
    request: Request,
    slot: usize,
    /// The time of the request.
    since: u64,
    /// True if the server led when it took it; `None` before that.
    led: Option<bool>,
    /// True once a leader could know that nothing newer was committed elsewhere: the server itself, or the one that it asked.
    confirmed: bool,
    /// True once it has taken a message.
    heard: bool,
}

impl JustifiedRead {
    /// True while something waits for which times matter.
    #[inline]
    fn is_watching(&self) -> bool {
        !self.asked.is_empty() || !self.questions.is_empty()
    }

    fn rest(&mut self) {
        if !self.is_watching() {
            self.in_flight.clear();
        }
    }

    /// A message is in flight while something waits. A copy that is made later counts as one of the last message.
    #[inline(never)]
    fn keep(&mut self, message: MessageId, from: usize, to: usize) {
        let slot = message.slot as usize;
        if self.in_flight.len() <= slot {
            self.in_flight.resize(slot + 1, Default::default());
        }
        self.in_flight[slot] = (message.number, self.servers[from].peers[to].sent);
    }

    /// A message has reached the server at this place while times of messages in flight are kept.
    #[inline(never)]
    fn arrives(&mut self, message: MessageId, to: usize) {
        let kept = self.in_flight.get(message.slot as usize);
        let known = &mut self.servers[to];
        if let Some((_, sent)) = kept.filter(|kept| kept.0 == message.number) {
            known.arrived.push_back((known.delivered, *sent));
        }
    }

    /// True if the server leads, or did until this step, and can know that nothing newer was committed elsewhere at that time.
    fn is_confirmed(&self, at: &Context<'_>, since: u64) -> bool {
        let (server, known) = (at.server, &self.servers[at.slot]);
        if known.led != server.view.term || !commits_own_term(at) {
            return false;
        }
        let term = known.led;
        let has_answered = |slot: usize| {
            let Peer { term: of, taken, .. } = known.peers[slot];
            of == term && taken.echoes > since
        };
        let lease = at.server.settings.lease_drift.is_some();
        let holds_lease = lease && known.handed_over != Some(term);
        let supports = |slot: usize| {
            let voter = &at.record.servers[slot];
            let timeout = voter.settings.election_timeout.0;
            let heard = voter.heard.filter(|heard| (heard.leader, heard.term) == (server.id, term));
            holds_lease && heard.is_some_and(|heard| heard.ticks < timeout)
        };
        let configurations = &server.log.configurations;
        at.record.any_quorum
            || at.record.may_count_by(at.slot).any(|configured| {
                let configuration = configurations.nth(configured).1;
                let quorum = |agrees: &dyn Fn(usize) -> bool| {
                    has_quorum(configuration, |voter| {
                        voter == server.id || at.record.find(voter).is_some_and(agrees)
                    })
                };
                quorum(&has_answered) || quorum(&supports)
            })
    }

    fn check(&self, at: &mut Context<'_>, asked: &Asked) -> Verdict {
        at.count(Property::JustifiedRead);
        let (id, term) = (at.id(), self.servers[at.slot].led);
        let breach = match asked {
            Asked { confirmed: true, .. }
            | Asked { led: Some(false), heard: true, .. }
            | Asked { led: None, .. } => return Ok(()),
            Asked { led: Some(true), .. } => {
                format!("answered a read before it was confirmed that it still led term {term}")
            }
            Asked { led: Some(false), .. } => {
                "does not lead, and answered a read without hearing from any server".to_owned()
            }
        };
        violated(Property::JustifiedRead, id, format!("{id} {breach}"))
    }
}

/// True if the leader has committed an entry of its term (§8).
fn commits_own_term(at: &Context<'_>) -> bool {
    let server = at.server;
    server.log.at(length(server.view.commit)).is_some_and(|link| link.term == server.view.term)
}

impl Checker for JustifiedRead {
    fn new(record: &Record) -> JustifiedRead {
        let servers = record.servers.len();
        let known = || Known {
            led: Term::default(),
            handed_over: None,
            delivered: 0,
            taken: 0,
            arrived: VecDeque::new(),
            peers: vec![Peer::default(); servers],
        };
        JustifiedRead {
            now: 0,
            asked: Vec::new(),
            questions: BTreeMap::new(),
            in_flight: Vec::new(),
            servers: record.servers.iter().map(|_| known()).collect(),
        }
    }

    #[inline]
    fn elected(&mut self, at: &mut Context<'_>, term: Term) -> Verdict {
        self.servers[at.slot].led = term;
        Ok(())
    }

    #[inline]
    fn asked(&mut self, at: &mut Context<'_>, _: Micros, event: &Event, _: &mut asked::Asked) {
        if let Event::Read(request) = event {
            self.now += 1;
            let since = self.now;
            let (request, slot) = (*request, at.slot);
            self.asked.push(Asked {
                request,
                slot,
                since,
                led: None,
                confirmed: false,
                heard: false,
            });
        }
    }

    #[inline]
    fn sent(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        if let Body::TimeoutNow = message.body {
            self.servers[at.slot].handed_over = Some(message.term);
        }
        if self.is_watching()
            && let Some(to) = at.record.find(message.to)
        {
            self.now += 1;
            let peer = &mut self.servers[at.slot].peers[to];
            let echoes = if peer.term == message.term { peer.taken.at } else { 0 };
            peer.sent = Sent { at: self.now, echoes };
        }
        Ok(())
    }

    #[inline]
    fn in_flight(&mut self, at: &mut Context<'_>, to: NodeId, message: MessageId) {
        if self.is_watching()
            && let Some(to) = at.record.find(to)
        {
            self.keep(message, at.slot, to);
        }
    }

    #[inline]
    fn delivered(&mut self, at: &mut Context<'_>, message: MessageId) {
        self.servers[at.slot].delivered += 1;
        if !self.in_flight.is_empty() {
            self.arrives(message, at.slot);
        }
    }

    #[inline]
    fn receives(&mut self, at: &mut Context<'_>, message: &Message) {
        let arrived = self.servers[at.slot].takes();
        let view = &at.server.view;
        let asks = matches!(message.body, Body::ReadIndex { .. });
        if !self.is_watching() && !asks {
            return;
        }
        let sent = arrived.unwrap_or_default();
        let known = &mut self.servers[at.slot];
        let Some(from) = at.record.find(message.from).filter(|_| message.term >= view.term) else {
            return;
        };
        // One that may be disregarded, its term included, takes nothing away.
        if let Body::RequestVote { .. } | Body::PreVote { .. } = message.body {
            return;
        }
        let peer = &mut known.peers[from];
        if message.term != peer.term {
            *peer = Peer { term: message.term, taken: Sent::default(), ..*peer };
        }
        peer.taken.at = peer.taken.at.max(sent.at);
        peer.taken.echoes = peer.taken.echoes.max(sent.echoes);
        for asked in self.asked.iter_mut().filter(|asked| asked.slot == at.slot) {
            asked.heard = true;
            asked.confirmed |= matches!(message.body, Body::ReadIndexReply { .. });
        }
        if let Body::ReadIndex { request } = message.body
            && view.role == Role::Leader
        {
            self.now += 1;
            self.questions.entry((at.slot, message.from, request)).or_insert(self.now);
        }
    }

    #[inline]
    fn reads(&mut self, at: &mut Context<'_>, request: Request) {
        let led = at.server.view.role == Role::Leader;
        let asked = self.asked.iter_mut().filter(|asked| asked.request == request);
        asked.for_each(|asked| asked.led = Some(led));
    }

    #[inline]
    fn stepped(&mut self, at: &mut Context<'_>, _: &Step<'_>) -> Verdict {
        if self.asked.is_empty() {
            return Ok(());
        }
        let mut asked = std::mem::take(&mut self.asked);
        // What is not confirmed for one time is not for a later one.
        let mut until = u64::MAX;
        for read in asked.iter_mut().filter(|read| read.slot == at.slot && !read.confirmed) {
            read.confirmed = read.since < until && self.is_confirmed(at, read.since);
            if !read.confirmed {
                until = until.min(read.since);
            }
        }
        self.asked = asked;
        Ok(())
    }

    /// A leader answers a follower's question.
    #[inline]
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        let Body::ReadIndexReply { request, index } = message.body else { return Ok(()) };
        let Some(since) = self.questions.remove(&(at.slot, message.to, request)) else {
            return Ok(());
        };
        at.count(Property::JustifiedRead);
        let confirmed = self.is_confirmed(at, since);
        self.rest();
        if confirmed {
            return Ok(());
        }
        let (id, to, term) = (at.id(), message.to, message.term);
        let detail = format!(
            "{id} told {to} to read from index {index} before a quorum confirmed that it still led term {term}"
        );
        violated(Property::JustifiedRead, id, detail)
    }

    #[inline]
    fn answered(
        &mut self,
        at: &mut Context<'_>,
        _: Micros,
        request: Request,
        answer: &Answer,
        _: &asked::Asked,
    ) -> Verdict {
        let place = self.asked.iter().position(|asked| asked.request == request);
        let Some(place) = place else { return Ok(()) };
        let asked = self.asked.swap_remove(place);
        let verdict = match answer {
            Answer::Read(_) => self.check(at, &asked),
            Answer::Committed(_)
            | Answer::Registered(..)
            | Answer::NoSession(_)
            | Answer::Done
            | Answer::Superseded
            | Answer::Unknown
            | Answer::NotLeader(_)
            | Answer::Busy
            | Answer::Rejected => Ok(()),
        };
        self.rest();
        verdict
    }

    /// Its pending reads and questions will not be answered. What it has promised to a leader holds over its restart.
    #[inline]
    fn crashed(&mut self, at: &mut Context<'_>) {
        let slot = at.slot;
        self.asked.retain(|asked| asked.slot != slot);
        self.questions.retain(|(leader, ..), _| *leader != slot);
        self.servers[slot].taken = self.servers[slot].delivered;
        self.servers[slot].arrived.clear();
        self.rest();
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::once;
    use crate::checker::testing::{History, Verdict, heartbeat, raises, silent, success};
    use crate::model::{Body, LogIndex, Message, NodeId, Term};
    use crate::network::MessageId;
    use crate::subject::{Answer, Event, Outcome, Request, Settings};

    /// A message is sent, arrives and is taken.
    fn passes(history: &mut History, number: u64, from: u32, to: u32, body: Body) {
        silent(history.send(from, to, 1, body.clone()));
        history.checkers.in_flight(NodeId(from), NodeId(to), id(number));
        arrives(history, number, from, to, body);
    }

    fn arrives(history: &mut History, number: u64, from: u32, to: u32, body: Body) {
        history.checkers.delivered(NodeId(to), id(number));
        let message = Message::new(NodeId(from), NodeId(to), Term(1), body);
        history.event = Some(Event::Receive(message));
        silent(history.show(to, |_| {}));
    }

    fn id(number: u64) -> MessageId {
        MessageId { number, slot: number as u32 }
    }

    /// S1 leads term 1 of three servers, and has committed and applied its log.
    fn led() -> History {
        let mut history = History::twice();
        silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
        silent(history.apply_as(1, once(2, 1, 5), Outcome::Repeated));
        history
    }

    /// This server is asked for a read.
    fn asks(history: &mut History, server: u32) {
        history.ask_read(server, 2);
        history.event = Some(Event::Read(Request(2)));
        silent(history.show(server, |_| {}));
    }

    fn asked() -> History {
        let mut history = led();
        asks(&mut history, 1);
        history
    }

    fn answers(history: &mut History) -> Verdict {
        history.answer(1, 2, Answer::Read(LogIndex::new(2).expect("an index")))
    }

    const WORDS: &str = "S1 answered a read before it was confirmed that it still led term 1";

    #[test]
    fn justified_read_after_a_round_of_heartbeats() {
        let mut history = asked();
        passes(&mut history, 1, 1, 2, heartbeat());
        passes(&mut history, 2, 2, 1, success(2));
        silent(answers(&mut history));
        assert_eq!(history.exercised(Property::JustifiedRead), 1);
    }

    #[test]
    fn justified_read_without_any_confirmation() {
        raises(answers(&mut asked()), Property::JustifiedRead, WORDS);
    }

    /// The answer of S2 arrives after the read, but is one to a heartbeat that was sent before it.
    #[test]
    fn justified_read_by_an_answer_to_an_earlier_message() {
        let mut history = led();
        silent(history.send(1, 2, 1, heartbeat()));
        history.checkers.in_flight(NodeId(1), NodeId(2), id(1));
        asks(&mut history, 1);
        arrives(&mut history, 1, 1, 2, heartbeat());
        passes(&mut history, 2, 2, 1, success(2));
        raises(answers(&mut history), Property::JustifiedRead, WORDS);
    }

    /// Under a lease: S2 has heard from S1 within its shortest election timeout.
    #[test]
    fn justified_read_under_a_lease() {
        for (ticks, right) in [(9, true), (10, false)] {
            let mut history = led();
            for server in 1..=3 {
                let settings = Settings { lease_drift: Some(10), ..Settings::default() };
                history.checkers.configured(NodeId(server), settings);
            }
            passes(&mut history, 1, 1, 2, heartbeat());
            for _ in 0..ticks {
                history.event = Some(Event::Tick);
                silent(history.show(2, |_| {}));
            }
            asks(&mut history, 1);
            if right {
                silent(answers(&mut history));
            } else {
                raises(answers(&mut history), Property::JustifiedRead, WORDS);
            }
        }
    }

    #[test]
    fn justified_read_of_a_follower_that_asks_nobody() {
        let mut history = led();
        silent(history.apply_as(2, once(1, 1, 5), Outcome::Executed));
        asks(&mut history, 2);
        let verdict = history.answer(2, 2, Answer::Read(LogIndex::FIRST));
        let words = "S2 does not lead, and answered a read without hearing from any server";
        raises(verdict, Property::JustifiedRead, words);
    }

    /// A leader answers a follower's question at once.
    #[test]
    fn justified_read_index_before_a_round() {
        let mut history = asked();
        passes(&mut history, 1, 2, 1, Body::ReadIndex { request: 7 });
        let index = LogIndex::new(2).expect("an index");
        let verdict = history.makes(1, 2, 1, Body::ReadIndexReply { request: 7, index });
        let words =
            "S1 told S2 to read from index 2 before a quorum confirmed that it still led term 1";
        raises(verdict, Property::JustifiedRead, words);
    }
}
