//! Justified Leadership.

use std::hash::Hash;

use super::Property;
use super::election_safety::is_leaders;
use crate::checker::properties::hooks::{Checker, Context, Step};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::quorum::{Servers, are_quorum, has_quorum, is_alone, names};
use crate::checker::record::Record;
use crate::checker::server::Server;
use crate::mix::MixHasher;
use crate::model::{Body, Message, Term};
use crate::subject::{Capability, Role};

/// Justified Leadership (Figure 2, §5.2): a candidate that receives votes from a majority of the servers becomes leader.
/// Received means that it has taken them; its own vote counts once that is durable. Only a leader sends the messages of
/// one. With CheckQuorum (dissertation §6.2) a leader steps down when it hears from no quorum: it does not lead for two of
/// the longest election timeouts, by its own clock, without a message of its term from each of one.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct JustifiedLeadership {
    /// The votes that each server has taken, S1 first.
    votes: Vec<Votes>,
    /// True if the implementation claims CheckQuorum.
    checks_quorum: bool,
    contacts: Vec<Contacts>,
}

/// The servers that a leader hears from.
#[derive(Clone, Copy, Debug, Default, Hash)]
struct Contacts {
    /// Ticks since the last election timeout was over.
    ticks: u32,
    /// The servers that it heard from since, and in the election timeout before.
    now: Servers,
    before: Option<Servers>,
    /// True if these are no quorum.
    alone: bool,
    /// The number of configurations that it had in force then.
    configured: usize,
}

/// The votes that a server has taken in the latest term of one.
#[derive(Clone, Copy, Debug, Default, Hash)]
struct Votes {
    term: Term,
    voters: Servers,
    /// The last term that it led.
    led: Term,
}

impl JustifiedLeadership {
    /// True if the server leads, with CheckQuorum.
    #[inline]
    fn watches_quorum(&self, at: &Context<'_>) -> bool {
        let Server { view, settings, .. } = at.server;
        self.checks_quorum && settings.check_quorum && view.role == Role::Leader
    }

    #[cold]
    fn unelected(at: &Context<'_>, message: &Message) -> Verdict {
        let (id, what, term) = (at.id(), message.body.with_article(), message.term);
        let detail = format!("{id} sent {what} of term {term}, which it does not lead");
        violated(Property::JustifiedLeadership, id, detail)
    }
}

impl Checker for JustifiedLeadership {
    fn new(record: &Record) -> JustifiedLeadership {
        let servers = record.servers.len();
        JustifiedLeadership {
            votes: vec![Votes::default(); servers],
            checks_quorum: record.claims.contains(&Capability::CheckQuorum) && !record.any_quorum,
            contacts: vec![Contacts::default(); servers],
        }
    }

    /// Votes count as long as a server stands, contacts as long as it leads and has to hear from a quorum.
    fn feed(&self, record: &Record, hasher: &mut MixHasher) {
        for (slot, server) in record.servers.iter().enumerate() {
            let (Votes { term, voters, led }, view) = (self.votes[slot], &server.view);
            let stands = view.role == Role::Candidate && term == view.term;
            (stands.then_some(voters), (led == view.term).then_some(led)).hash(hasher);
            let watched = self.checks_quorum && server.settings.check_quorum;
            let watched = watched && view.role == Role::Leader;
            watched.then_some(self.contacts[slot]).hash(hasher);
        }
    }

    #[inline]
    fn receives(&mut self, at: &mut Context<'_>, message: &Message) {
        if self.watches_quorum(at) && message.term == at.server.view.term {
            self.contacts[at.slot].now.insert(message.from);
        }
        if let Body::RequestVoteReply { granted: true } = message.body {
            let votes = &mut self.votes[at.slot];
            if message.term > votes.term {
                *votes = Votes { term: message.term, voters: Servers::default(), ..*votes };
            }
            if message.term == votes.term {
                votes.voters.insert(message.from);
            }
        }
    }

    #[inline]
    fn ticks(&mut self, at: &mut Context<'_>) {
        if !self.watches_quorum(at) {
            return;
        }
        let (server, contacts) = (at.server, &mut self.contacts[at.slot]);
        contacts.ticks += 1;
        if contacts.ticks < server.settings.election_timeout.1 {
            return;
        }
        let configured = at.record.in_force(at.slot, &server.view);
        let Contacts { now, before, .. } = *contacts;
        let quorum = |before: Servers| {
            at.record.may_count_by(at.slot).any(|configured| {
                has_quorum(server.log.configurations.nth(configured).1, |voter| {
                    voter == server.id || now.contains(voter) || before.contains(voter)
                })
            })
        };
        let alone = before.is_some_and(|before| !quorum(before));
        // A server that came in the meantime could not be heard from all the time.
        let unchanged = configured == contacts.configured;
        let (alone, before) = (alone && unchanged, unchanged.then_some(now));
        *contacts = Contacts { before, alone, configured, ..Contacts::default() };
    }

    #[inline]
    fn elected(&mut self, at: &mut Context<'_>, term: Term) -> Verdict {
        let votes = &mut self.votes[at.slot];
        votes.led = term;
        let configured = at.record.in_force(at.slot, &at.server.view);
        self.contacts[at.slot] = Contacts { configured, ..Contacts::default() };
        if !at.record.announced {
            return Ok(());
        }
        at.count(Property::JustifiedLeadership);
        let server = at.server;
        let mut voters = if votes.term == term { votes.voters } else { Servers::default() };
        let own = server.durable.term == term && server.durable.voted_for == Some(server.id);
        let configured = at.record.in_force(at.slot, &server.view);
        let configuration = server.log.configurations.nth(configured).1;
        // No other server can be elected in a term of the only voter, whatever its disk has.
        if own || at.record.waits || is_alone(configuration, server.id) {
            voters.insert(server.id);
        }
        if at.record.any_quorum || are_quorum(configuration, voters) {
            return Ok(());
        }
        let id = server.id;
        let detail = format!(
            "{id} became leader of term {term} with the votes of {voters} of {}",
            names(configuration)
        );
        violated(Property::JustifiedLeadership, id, detail)
    }

    #[inline]
    fn stepped(&mut self, at: &mut Context<'_>, _: &Step<'_>) -> Verdict {
        let view = &at.server.view;
        if !self.contacts[at.slot].alone || view.role != Role::Leader {
            return Ok(());
        }
        let (id, term, ticks) = (at.id(), view.term, 2 * at.server.settings.election_timeout.1);
        let detail =
            format!("{id} leads term {term}, and has heard from no quorum for {ticks} ticks");
        violated(Property::JustifiedLeadership, id, detail)
    }

    #[inline]
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        if !is_leaders(&message.body) || self.votes[at.slot].led == message.term {
            return Ok(());
        }
        JustifiedLeadership::unelected(at, message)
    }

    /// It may come back in an earlier term.
    #[inline]
    fn crashed(&mut self, at: &mut Context<'_>) {
        self.votes[at.slot] = Votes::default();
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::members;
    use crate::checker::testing::{History, heartbeat, raises, silent, success};
    use crate::model::Body;
    use crate::subject::{Capability, Event, Role, Settings};

    const CLAIMS: [Capability; 3] =
        [Capability::AtAppend, Capability::SlowDisk, Capability::CheckQuorum];

    const VOTE: Body = Body::RequestVoteReply { granted: true };

    /// S1 of five stands in term 2, and takes votes of these terms from S2, S3 and so on; with the last it leads.
    fn leads_with(terms: &[u64]) -> (History, Result<(), crate::checker::Violation>) {
        let mut history = History::given(&[(&[][..], 1, None); 5]);
        history.stand(1, 2);
        let mut verdict = Ok(());
        for (at, (from, &term)) in (2..).zip(terms).enumerate() {
            history.takes(1, from, term, VOTE);
            let last = at + 1 == terms.len();
            verdict =
                history.show(1, |view| view.role = if last { Role::Leader } else { view.role });
        }
        (history, verdict)
    }

    #[test]
    fn justified_leadership_needs_a_quorum_of_the_term() {
        let (history, verdict) = leads_with(&[2, 2]);
        silent(verdict);
        assert_eq!(history.exercised(Property::JustifiedLeadership), 1);
        let words = "S1 became leader of term 2 with the votes of S1, S2 of S1 S2 S3 S4 S5";
        raises(leads_with(&[2]).1, Property::JustifiedLeadership, words);
        raises(leads_with(&[2, 1]).1, Property::JustifiedLeadership, words);
    }

    #[test]
    fn justified_leadership_own_vote_counts_once_it_is_durable() {
        let mut history = History::new(3);
        silent(history.enter(1, Role::Candidate, 1, Some(1)));
        history.takes(1, 2, 1, VOTE);
        let verdict = history.lead(1);
        raises(verdict, Property::JustifiedLeadership, "with the votes of S2 of S1 S2 S3");
    }

    /// With CheckQuorum, and timeouts of 10 to 20 ticks.
    /// Of a Raft that elects with two of four, and commits with three, or the other way round.
    #[test]
    fn flexible_quorums_are_not_counted() {
        let led = |claims: &[Capability]| {
            let mut history =
                History::claiming(claims, &[Settings::default(); 4], &[(&[][..], 0, None); 4]);
            history.stand(1, 1);
            history.grant(2, 1, 1);
            history.takes(1, 2, 1, VOTE);
            let verdict = history.lead(1);
            (history, verdict)
        };
        let words = "with the votes of S1, S2 of S1 S2 S3 S4";
        raises(led(&CLAIMS).1, Property::JustifiedLeadership, words);
        let (mut history, verdict) = led(&[&CLAIMS[..], &[Capability::FlexibleQuorums]].concat());
        silent(verdict);
        history.propose(1);
        history.replicate(1, 2);
        silent(history.commit(1, 1));
    }

    /// S1 ticks this often; before each tick `happens` does something. All verdicts but the last are silent.
    fn ticks(
        history: &mut History,
        count: u32,
        mut happens: impl FnMut(&mut History, u32),
    ) -> Result<(), crate::checker::Violation> {
        let mut verdict = Ok(());
        for tick in 0..count {
            happens(history, tick);
            silent(verdict);
            history.event = Some(Event::Tick);
            verdict = history.show(1, |_| {});
        }
        verdict
    }

    /// S1, which leads term 1, takes an answer of this server.
    fn hears_from(history: &mut History, server: u32) {
        history.takes(1, server, 1, success(0));
        silent(history.show(1, |_| {}));
    }

    fn is_right(verdict: Result<(), crate::checker::Violation>, right: bool) {
        if right {
            silent(verdict);
        } else {
            let words = "S1 leads term 1, and has heard from no quorum for 40 ticks";
            raises(verdict, Property::JustifiedLeadership, words);
        }
    }

    #[test]
    fn justified_leadership_ends_without_a_quorum() {
        let settings = Settings { check_quorum: true, ..Settings::default() };
        for (hears, right) in [(true, true), (false, false)] {
            let mut history = History::claiming(&CLAIMS, &[settings; 3], &[(&[][..], 0, None); 3]);
            history.elect(1, 1, &[2]);
            let verdict = ticks(&mut history, 40, |history, tick| {
                if hears && tick == 10 {
                    hears_from(history, 3);
                }
            });
            is_right(verdict, right);
        }
    }

    /// S1 of three hears from S2 alone, which is enough until S4 comes; the quorum of four has time to answer.
    #[test]
    fn justified_leadership_a_new_server_is_not_heard_from_before_it_came() {
        let settings = Settings { check_quorum: true, ..Settings::default() };
        for (count, right) in [(60, true), (80, false)] {
            let mut history = History::claiming_with_members(&CLAIMS, &[settings; 4], 3);
            history.elect(1, 1, &[2]);
            history.propose(1);
            history.replicate(1, 2);
            silent(history.commit(1, 1));
            let verdict = ticks(&mut history, count, |history, tick| {
                if tick == 25 {
                    silent(history.configure(1, &members(&[1, 2, 3, 4], &[])));
                    history.replicate(1, 2);
                    history.replicate(1, 3);
                    silent(history.commit(1, 2));
                }
                if tick % 10 == 0 {
                    hears_from(history, 2);
                }
            });
            is_right(verdict, right);
        }
    }

    #[test]
    fn justified_leadership_only_a_leader_sends_heartbeats() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        silent(history.makes(1, 2, 1, heartbeat()));
        let verdict = history.makes(2, 3, 1, heartbeat());
        let words = "S2 sent an AppendEntries of term 1, which it does not lead";
        raises(verdict, Property::JustifiedLeadership, words);
    }
}
