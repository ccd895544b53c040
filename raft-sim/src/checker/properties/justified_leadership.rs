//! Justified Leadership.

use super::Property;
use crate::checker::properties::hooks::{Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::quorum::{Servers, has_quorum, names};
use crate::checker::record::Record;
use crate::model::{Body, Message, Term};
use crate::subject::Event;

/// Justified Leadership (Figure 2, §5.2): a candidate that receives votes from a majority of the servers becomes leader.
/// Received means that it has taken them; its own vote counts once that is durable. Only a leader sends the messages of
/// one.
#[derive(Debug)]
pub(in crate::checker) struct JustifiedLeadership {
    /// The votes that each server has taken, S1 first.
    votes: Vec<Votes>,
}

/// The votes that a server has taken in the latest term of one.
#[derive(Clone, Copy, Debug, Default)]
struct Votes {
    term: Term,
    voters: Servers,
    /// The last term that it led.
    led: Term,
}

impl JustifiedLeadership {
    fn unelected(at: &Context<'_>, message: &Message) -> Verdict {
        let (id, name, term) = (at.id(), message.body.name(), message.term);
        let article = if matches!(message.body, Body::TimeoutNow) { "a" } else { "an" };
        let detail = format!("{id} sent {article} {name} of term {term}, which it does not lead");
        violated(Property::JustifiedLeadership, id, detail)
    }
}

impl Checker for JustifiedLeadership {
    fn new(record: &Record) -> JustifiedLeadership {
        JustifiedLeadership { votes: vec![Votes::default(); record.servers.len()] }
    }

    #[inline]
    fn takes(&mut self, at: &mut Context<'_>, event: &Event) {
        if let Event::Receive(message) = event
            && let Body::RequestVoteReply { granted: true } = message.body
        {
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
    fn elected(&mut self, at: &mut Context<'_>, term: Term) -> Verdict {
        let votes = &mut self.votes[at.slot];
        votes.led = term;
        if !at.record.announced {
            return Ok(());
        }
        at.count(Property::JustifiedLeadership);
        let server = at.server();
        let mut voters = if votes.term == term { votes.voters } else { Servers::default() };
        let own = server.durable.term == term && server.durable.voted_for == Some(server.id);
        if own || at.record.waits {
            voters.insert(server.id);
        }
        let configured = at.record.in_force(at.slot, &server.view);
        let configuration = server.log.configurations.nth(configured).1;
        if has_quorum(configuration, |voter| voters.contains(voter)) {
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
    fn makes(&mut self, at: &mut Context<'_>, message: &Message) -> Verdict {
        match message.body {
            Body::AppendEntries { .. } | Body::InstallSnapshot { .. } | Body::TimeoutNow => {
                let led = self.votes[at.slot].led == message.term;
                if led { Ok(()) } else { JustifiedLeadership::unelected(at, message) }
            }
            Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, heartbeat, raises, silent};
    use crate::model::Body;
    use crate::subject::Role;

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
