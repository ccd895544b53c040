//! Justified Vote.

use std::hash::{Hash, Hasher};

use super::Property;
use super::candidate_log::end;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::quorum::{Servers, has_quorum};
use crate::checker::record::Record;
use crate::mix::MixHasher;
use crate::model::{Body, Message, NodeId, Position, Term};
use crate::subject::{Capability, Role, View};

/// Justified Vote (Figure 2, RequestVote; §5.4.1, dissertation §9.6): a server gives its vote only to a candidate that asked
/// for it in that term, and whose log is at least as up-to-date as its own. The same for a pre-vote, which stands for a
/// vote in the term after that of the request.
///
/// The log that counts is that when it took the request, or that when it votes.
///
/// With CheckQuorum (§6) a server that leads, or has heard from the leader of its term within its shortest election timeout,
/// gives neither, unless the leader wants the election; a loyal pre-vote is not given then either. A server that is set to
/// ask for pre-votes stands, and so votes for itself, only when a quorum has given them, or when its leader told it to.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct JustifiedVote {
    /// What each server, S1 first, was asked for in its term and later ones by each other one.
    votes: Vec<Vec<Vec<Asked>>>,
    pre_votes: Vec<Vec<Vec<Asked>>>,
    /// What each server needs to stand, S1 first.
    candidacies: Vec<Candidacy>,
    /// The capabilities that the implementation claims.
    checks_quorum: bool,
    is_loyal: bool,
    asks_first: bool,
}

/// What a server has taken in a term that lets it stand in a later one.
#[derive(Clone, Copy, Debug, Default, Hash)]
struct Candidacy {
    term: Term,
    pre_votes: Servers,
    /// True if the leader told it to stand.
    told: bool,
}

/// A request of a candidate that a server has taken.
#[derive(Clone, Copy, Debug, Default, Hash)]
struct Asked {
    term: Term,
    last: Option<Position>,
    /// True if the candidate's log was as up-to-date as the server's when the request was taken.
    up_to_date: bool,
    /// True if the server had promised a leader to give no vote then.
    promised: bool,
}

impl JustifiedVote {
    /// What lets a server stand, in its term.
    fn candidacy(&mut self, at: &Context<'_>) -> &mut Candidacy {
        let (candidacy, term) = (&mut self.candidacies[at.slot], at.server.view.term);
        if candidacy.term != term {
            *candidacy = Candidacy { term, ..Candidacy::default() };
        }
        candidacy
    }

    /// A server that is set to ask for pre-votes stands.
    fn check_candidacy(&self, at: &mut Context<'_>, after: &View) -> Verdict {
        if !self.asks_first || !at.server.settings.pre_vote || !at.record.announced {
            return Ok(());
        }
        at.count(Property::JustifiedVote);
        let (server, candidacy) = (at.server, &self.candidacies[at.slot]);
        let in_time = candidacy.term >= server.view.term;
        let quorum = at.record.may_count_by(at.slot).any(|configured| {
            has_quorum(server.log.configurations.nth(configured).1, |voter| {
                voter == server.id || in_time && candidacy.pre_votes.contains(voter)
            })
        });
        if quorum || in_time && candidacy.told {
            return Ok(());
        }
        let (id, term) = (server.id, after.term);
        let detail = format!("{id} stands for term {term} without the pre-votes of a quorum");
        violated(Property::JustifiedVote, id, detail)
    }

    #[cold]
    fn unjustified(at: &Context<'_>, to: NodeId, term: Term, what: &str, asked: &Asked) -> Verdict {
        let id = at.id();
        let why = if asked.promised {
            "though it leads, or has heard from a leader within its shortest election timeout"
                .to_owned()
        } else if asked.term == term || what == "pre-vote" && asked.term != Term(0) {
            let (theirs, own) = (end(asked.last), end(at.server.last()));
            format!("whose log ends with {theirs}, and its own with {own}")
        } else {
            "which did not ask for it".to_owned()
        };
        let detail = format!("{id} gave its {what} in term {term} to {to}, {why}");
        violated(Property::JustifiedVote, id, detail)
    }
}

impl Checker for JustifiedVote {
    fn new(record: &Record) -> JustifiedVote {
        let servers = record.servers.len();
        let none = vec![vec![Vec::new(); servers]; servers];
        let claims = |capability| record.claims.contains(&capability);
        JustifiedVote {
            votes: none.clone(),
            pre_votes: none,
            candidacies: vec![Candidacy::default(); servers],
            checks_quorum: claims(Capability::CheckQuorum),
            is_loyal: claims(Capability::LoyalPreVote),
            asks_first: claims(Capability::PreVote),
        }
    }

    /// A request counts until its vote is given, or its term is over; what lets a server stand, as long as it is in the
    /// term.
    fn feed(&self, record: &Record, hasher: &mut MixHasher) {
        for ((server, votes), pre_votes) in
            std::iter::zip(&record.servers, &self.votes).zip(&self.pre_votes)
        {
            let View { term, voted_for, .. } = server.view;
            let counts =
                |asked: &&Asked| asked.term > term || asked.term == term && voted_for.is_none();
            for asked in votes {
                asked.iter().filter(counts).for_each(|asked| asked.hash(hasher));
                hasher.write_u8(0);
            }
            let counts = |asked: &&Asked| asked.term.0.saturating_add(1) >= term.0;
            for asked in pre_votes {
                asked.iter().filter(counts).for_each(|asked| asked.hash(hasher));
                hasher.write_u8(0);
            }
        }
        for (server, candidacy) in std::iter::zip(&record.servers, &self.candidacies) {
            (candidacy.term >= server.view.term).then_some(candidacy).hash(hasher);
        }
    }

    #[inline]
    fn receives(&mut self, at: &mut Context<'_>, message: &Message) {
        let checks_quorum = self.checks_quorum && at.server.settings.check_quorum;
        let (table, last, promise) = match message.body {
            Body::RequestVote { last, transfer } => {
                (&mut self.votes, last, checks_quorum && !transfer)
            }
            Body::PreVote { last } => {
                // One of a later term ends the promise, unless it is disregarded.
                let loyal = self.is_loyal && message.term <= at.server.view.term;
                (&mut self.pre_votes, last, checks_quorum || loyal)
            }
            Body::PreVoteReply { granted: true } => {
                self.candidacy(at).pre_votes.insert(message.from);
                return;
            }
            Body::TimeoutNow => {
                self.candidacy(at).told |= message.term == at.server.view.term;
                return;
            }
            Body::RequestVoteReply { .. }
            | Body::PreVoteReply { granted: false }
            | Body::AppendEntries { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshot { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => return,
        };
        let Some(candidate) = at.record.find(message.from) else { return };
        let (server, term) = (at.server, message.term);
        let asked = &mut table[at.slot][candidate];
        // A pre-vote of the term before stands for a vote in this one.
        asked.retain(|asked| asked.term.0.saturating_add(1) >= server.view.term.0);
        let new = Asked {
            term,
            last,
            up_to_date: server.accepts(last),
            promised: promise && at.record.promises(at.slot),
        };
        match asked.iter_mut().find(|asked| asked.term == term) {
            Some(known) => {
                known.last = last;
                known.up_to_date |= new.up_to_date;
                known.promised &= new.promised;
            }
            None => asked.push(new),
        }
    }

    /// It gives its vote.
    #[inline]
    fn turns(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        let server = at.server;
        let before = (server.view.term, server.view.voted_for);
        if after.role == Role::Candidate && after.term > before.0 {
            self.check_candidacy(at, after)?;
        }
        let Some(candidate) = after.voted_for.filter(|candidate| *candidate != server.id) else {
            return Ok(());
        };
        if before == (after.term, after.voted_for) || !at.record.announced {
            return Ok(());
        }
        at.count(Property::JustifiedVote);
        let slot = at.record.find(candidate);
        let mut asked = slot.into_iter().flat_map(|slot| &self.votes[at.slot][slot]);
        let asked = asked.find(|asked| asked.term == after.term).copied().unwrap_or_default();
        let up_to_date = asked.up_to_date || server.accepts(asked.last);
        if asked.term == after.term && up_to_date && !asked.promised {
            return Ok(());
        }
        JustifiedVote::unjustified(at, candidate, after.term, "vote", &asked)
    }

    #[inline]
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        let Body::PreVoteReply { granted: true } = message.body else { return Ok(()) };
        at.count(Property::JustifiedVote);
        let (server, slot) = (at.server, at.record.find(message.to));
        let asked = slot.map_or(&[][..], |slot| &self.pre_votes[at.slot][slot]);
        let justified = |asked: &&Asked| {
            let in_time = asked.term.0.saturating_add(1) >= server.view.term.0;
            in_time && (asked.up_to_date || server.accepts(asked.last)) && !asked.promised
        };
        if asked.iter().any(|asked| justified(&asked)) {
            return Ok(());
        }
        let asked = asked.last().copied().unwrap_or_default();
        JustifiedVote::unjustified(at, message.to, server.view.term, "pre-vote", &asked)
    }

    /// It may come back in an earlier term.
    #[inline]
    fn crashed(&mut self, at: &mut Context<'_>) {
        self.votes[at.slot].iter_mut().for_each(Vec::clear);
        self.pre_votes[at.slot].iter_mut().for_each(Vec::clear);
        self.candidacies[at.slot] = Candidacy::default();
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, Verdict, heartbeat, raises, silent};
    use crate::model::{Body, LogIndex, NodeId, Position, Term};
    use crate::subject::{Capability, Event, Role, Settings, View};

    const CLAIMS: [Capability; 4] =
        [Capability::AtAppend, Capability::SlowDisk, Capability::PreVote, Capability::CheckQuorum];

    fn position(index: u64, term: u64) -> Option<Position> {
        LogIndex::new(index).map(|index| Position { index, term: Term(term) })
    }

    /// S2, with two entries of term 2, takes a request of S1 in term 3, and votes for this server in term 3.
    fn votes(last: Option<Position>, vote: u32) -> (History, Verdict) {
        let mut history = History::given(&[(&[1], 2, None), (&[2, 2], 2, None), (&[1], 2, None)]);
        history.takes(2, 1, 3, Body::RequestVote { last, transfer: false });
        let verdict = history.show(2, |view| {
            (view.term, view.voted_for) = (Term(3), Some(NodeId(vote)));
        });
        (history, verdict)
    }

    #[test]
    fn justified_vote_for_a_log_that_is_as_up_to_date() {
        for last in [position(2, 2), position(3, 2), position(1, 3)] {
            let (history, verdict) = votes(last, 1);
            silent(verdict);
            assert_eq!(history.exercised(Property::JustifiedVote), 1);
        }
        for last in [position(1, 2), position(9, 1), None] {
            let words = "S2 gave its vote in term 3 to S1, whose log ends with";
            raises(votes(last, 1).1, Property::JustifiedVote, words);
        }
    }

    #[test]
    fn justified_vote_for_a_server_that_did_not_ask() {
        let verdict = votes(position(2, 2), 3).1;
        let words = "S2 gave its vote in term 3 to S3, which did not ask for it";
        raises(verdict, Property::JustifiedVote, words);
    }

    #[test]
    fn justified_vote_pre_vote() {
        let grants = |term, last| {
            let mut history = votes(position(2, 2), 1).0;
            history.takes(2, 1, term, Body::PreVote { last });
            silent(history.show(2, |_| {}));
            history.makes(2, 1, 3, Body::PreVoteReply { granted: true })
        };
        silent(grants(3, position(2, 2)));
        let words =
            "S2 gave its pre-vote in term 3 to S1, whose log ends with 1/2, and its own with 2/2";
        raises(grants(3, position(1, 2)), Property::JustifiedVote, words);
        raises(grants(1, position(2, 2)), Property::JustifiedVote, "S2 gave its pre-vote");
    }

    /// With CheckQuorum S2 has heard from S1, the leader of term 1, this number of ticks ago, and is asked by S3.
    fn asked_after(ticks: u32, body: Body) -> History {
        let settings = Settings { check_quorum: true, pre_vote: true, ..Settings::default() };
        let mut history = History::claiming(&CLAIMS, &[settings; 3], &[(&[][..], 1, None); 3]);
        history.takes(2, 1, 1, heartbeat());
        silent(history.show(2, |_| {}));
        for _ in 0..ticks {
            history.event = Some(Event::Tick);
            silent(history.show(2, |_| {}));
        }
        history.takes(2, 3, if let Body::PreVote { .. } = body { 1 } else { 2 }, body);
        history
    }

    #[test]
    fn justified_vote_is_not_given_while_there_is_a_leader() {
        for (ticks, transfer, right) in [(9, false, false), (10, false, true), (9, true, true)] {
            let mut history = asked_after(ticks, Body::RequestVote { last: None, transfer });
            let verdict = history.show(2, |view| {
                *view = View { term: Term(2), voted_for: Some(NodeId(3)), ..View::default() };
            });
            let words =
                "S2 gave its vote in term 2 to S3, though it leads, or has heard from a leader";
            if right { silent(verdict) } else { raises(verdict, Property::JustifiedVote, words) }
        }
        let mut history = asked_after(9, Body::PreVote { last: None });
        silent(history.show(2, |_| {}));
        let verdict = history.makes(2, 3, 1, Body::PreVoteReply { granted: true });
        raises(
            verdict,
            Property::JustifiedVote,
            "S2 gave its pre-vote in term 1 to S3, though it leads",
        );
    }

    #[test]
    fn justified_vote_for_oneself_after_pre_votes() {
        for (body, right) in [
            (Body::PreVoteReply { granted: true }, true),
            (Body::PreVoteReply { granted: false }, false),
            (Body::TimeoutNow, true),
        ] {
            let mut history = asked_after(10, Body::PreVote { last: None });
            history.takes(2, 1, 1, body);
            let verdict = history.enter(2, Role::Candidate, 2, Some(2));
            let words = "S2 stands for term 2 without the pre-votes of a quorum";
            if right { silent(verdict) } else { raises(verdict, Property::JustifiedVote, words) }
        }
    }
}
