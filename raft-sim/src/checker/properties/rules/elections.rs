//! Votes and pre-votes: when they are given, which of them count, and when a server stands for election, or asks first
//! whether it could win it (Figure 2, diss. §4.2.2, §4.2.3, §9.6).

use super::answer::{Answer, Contact, LogChange, Reply};
use super::timer::Draws;
use super::watch::{Asking, Watch};
use super::{Breach, Judged, Step};
use crate::checker::properties::Property;
use crate::checker::quorum::{Servers, are_quorum};
use crate::checker::server::Server;
use crate::model::{Body, LogIndex, Membership, Message, NodeId, Position};
use crate::subject::Role;

/// RequestVote, receiver implementation: reply false if term < currentTerm; if votedFor is null or candidateId,
/// and candidate's log is at least as up-to-date as receiver's log, grant vote.
pub(super) fn request(
    server: &Server,
    answer: &mut Answer,
    current: bool,
    last: Option<Position>,
) -> Contact {
    let free = answer.view.voted_for.is_none_or(|voted_for| voted_for == answer.from);
    let granted = current && free && server.accepts(last);
    answer.reply = Reply::One(Body::RequestVoteReply { granted });
    if !granted {
        return Contact::Nothing;
    }
    answer.view.voted_for = Some(answer.from);
    Contact::Candidate
}

/// Diss. §9.6: would it vote for another in the next term? `free` if that one is in its term, and it knows of no
/// current leader.
pub(super) fn pre_vote(
    server: &Server,
    answer: &mut Answer,
    free: bool,
    last: Option<Position>,
) -> Contact {
    let granted = free && server.accepts(last);
    answer.reply = Reply::One(Body::PreVoteReply { granted });
    Contact::Nothing
}

/// True if a server may stand for election: a voter of the latest configuration in its log; or of the one before,
/// as long as the latest is not known to be committed (diss. §4.2.2).
pub(super) fn may_stand(server: &Server) -> bool {
    let configurations = &server.log.configurations;
    let (index, latest) = configurations.latest();
    is_voter(latest, server.id)
        || (LogIndex::new(index) > server.view.commit
            && is_voter(configurations.nth(configurations.len() - 1).1, server.id))
}

/// True if these are a majority of the latest configuration in a server's log, in joint consensus of both (§6).
pub(super) fn is_quorum(server: &Server, servers: Servers) -> bool {
    are_quorum(server.log.configurations.latest().1, servers)
}

/// True if a server's vote counts: in joint consensus, in either configuration.
fn is_voter(configuration: &Membership, server: NodeId) -> bool {
    configuration.voters.contains(&server) || configuration.outgoing.contains(&server)
}

impl Watch {
    /// True if it has to believe that there is a current leader (§6); `None` if that is not known.
    pub(super) fn believes_in_a_leader(&self, server: &Server) -> Option<bool> {
        if server.view.role == Role::Leader { Some(true) } else { self.timer.believes() }
    }

    /// A candidate receives a vote of its term: with those of a majority, it leads. False if it is not known which it
    /// has.
    pub(super) fn voted_for(&mut self, server: &Server, answer: &mut Answer) -> bool {
        if answer.view.role != Role::Candidate {
            return true;
        }
        let Some(votes) = &mut self.votes else { return false };
        votes.insert(answer.from);
        if is_quorum(server, *votes) {
            (answer.view.role, answer.view.leader) = (Role::Leader, Some(server.id));
            answer.log = LogChange::Any;
        }
        true
    }

    /// A server would vote for this one: if it asked, and a majority would, it stands. False if it is not clear
    /// whether it asked.
    pub(super) fn supported(&mut self, server: &Server, answer: &mut Answer) -> bool {
        if let Asking::Yes(supporters) = &mut self.asking {
            supporters.insert(answer.from);
            if is_quorum(server, *supporters) {
                answer.stands(server.id);
            }
        }
        self.asking != Asking::Unclear
    }

    /// A server has begun an election: its timer starts anew, it no longer believes in a leader, and it sends
    /// RequestVote to all other voters. Its own vote counts once it is durable.
    pub(super) fn stands(&mut self, step: &Step<'_>, transfer: bool) -> Result<(), Breach> {
        let (server, term) = (step.server, step.effects.view.term);
        self.timer.restart(term);
        self.timer.believe(0);
        (self.votes, self.asking) = (Some(Servers::default()), Asking::No);
        match self.unsynced.back() {
            Some((newest, _)) => {
                let body = Body::RequestVoteReply { granted: true };
                let own = Message::new(server.id, server.id, term, body);
                self.pending.push_back((*newest, own));
            }
            None => self.votes = Some(Servers::only(server.id)),
        }
        self.asks(step, &Body::RequestVote { last: server.last(), transfer })
    }

    fn asks(&mut self, step: &Step<'_>, body: &Body) -> Result<(), Breach> {
        let Membership { voters, outgoing, .. } = &**step.server.log.configurations.latest().1;
        let others = outgoing.iter().filter(|server| !voters.contains(server));
        for to in voters.iter().chain(others).filter(|to| **to != step.server.id) {
            if !self.answers(step, *to, body) {
                let detail = format!("is due to ask for votes, and does not send {body:?} to {to}");
                return Err((Property::Voting, detail));
            }
        }
        Ok(())
    }

    /// A tick has passed: a server that receives nothing from a leader and gives no vote stands, or asks for
    /// pre-votes, when its timeout elapses.
    #[inline]
    pub(super) fn check_tick(&mut self, draws: &mut Draws, step: &Step<'_>) -> Judged {
        let Step { server, before, effects, .. } = *step;
        let after = &effects.view;
        self.moves(before, after);
        if before.role == Role::Leader {
            return Ok(None);
        }
        self.timer.tick();
        let stood = after.role == Role::Candidate && after.term != before.term;
        let pre_votes =
            || step.effects.sends.iter().any(|sent| matches!(sent.body, Body::PreVote { .. }));
        let asked =
            !stood && (before.role != after.role || before.leader != after.leader || pre_votes());
        if stood || asked {
            let timely = self.check_begun(draws, step, stood);
            self.incoming = None;
            let asked = if stood { self.stands(step, false) } else { self.begins_to_ask(step) };
            return timely.and(asked).map(|()| Some(Property::ElectionTimer));
        }
        if (before.term, before.voted_for) != (after.term, after.voted_for) {
            let now = after.term;
            return Err((Property::ElectionTimer, format!("is in term {now}, and does not stand")));
        }
        let (shortest, longest) = step.server.settings.election_timeout;
        let elapsed = self.timer.elapsed;
        if elapsed.is_some_and(|elapsed| elapsed < shortest) || !may_stand(server) {
            return Ok(None);
        }
        // A server that asks for pre-votes may do so behind a write, and then it can't be seen yet.
        let hidden = before.role == Role::Follower && before.leader.is_none();
        if step.server.settings.pre_vote && !self.unsynced.is_empty() && hidden {
            self.timer.elapsed = None;
            (self.asking, self.incoming) = (Asking::Unclear, None);
            return Ok(None);
        }
        let Some(elapsed) = elapsed else { return Ok(None) };
        if elapsed >= longest {
            let detail = format!(
                "received nothing from a leader and gave no vote for {elapsed} ticks, and does not stand; its longest election timeout is {longest}"
            );
            return Err((Property::ElectionTimer, detail));
        }
        draws.passed(server.id, self.timer.started_in, elapsed - shortest);
        Ok(None)
    }

    /// A server asks for pre-votes: its timer starts anew, and it sends PreVote to all other voters.
    fn begins_to_ask(&mut self, step: &Step<'_>) -> Result<(), Breach> {
        self.timer.restart(step.effects.view.term);
        self.asking = Asking::Yes(Servers::only(step.server.id));
        self.asks(step, &Body::PreVote { last: step.server.last() })
    }

    /// Checks that a server that begins an election or a pre-vote was due to do so.
    fn check_begun(
        &mut self,
        draws: &mut Draws,
        step: &Step<'_>,
        stood: bool,
    ) -> Result<(), Breach> {
        let server = step.server;
        let verb = if stood { "stands" } else { "asks for pre-votes" };
        let (shortest, longest) = step.server.settings.election_timeout;
        if step.judged.has(Property::ElectionTimer) {
            let early = |detail| Err((Property::ElectionTimer, detail));
            if !may_stand(server) {
                return early(format!("{verb}, and is no voter"));
            }
            if let Some(elapsed) = self.timer.elapsed {
                if elapsed < shortest {
                    return early(format!(
                        "{verb} after {elapsed} ticks; its shortest election timeout is {shortest}"
                    ));
                }
                let left = u64::from(longest.saturating_sub(elapsed)) + 1;
                let drawn = draws.ran_out(server.id, &mut self.timer, elapsed - shortest, left);
                drawn.or_else(early)?;
            }
        }
        let alone = is_quorum(server, Servers::only(server.id));
        if stood == (step.server.settings.pre_vote && !alone) {
            let due =
                if stood { "is to ask for pre-votes first" } else { "is not to ask for pre-votes" };
            return Err((Property::Voting, format!("{verb}, and {due}")));
        }
        Ok(())
    }
}
