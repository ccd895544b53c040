//! Votes and pre-votes, those who give them and those who ask for them (Figure 2, diss. §4.2.3, §9.6).

use super::standing::{Answer, LogChange, Observes, Reply};
use super::{Asking, Watch, bit};
use crate::checker::properties::Property;
use crate::checker::quorum::has_quorum;
use crate::checker::server::Server;
use crate::model::{Body, LogIndex, Membership, Message, NodeId, Position};
use crate::subject::{Effects, Role};

/// RequestVote, receiver implementation: reply false if term < currentTerm; if votedFor is null or candidateId,
/// and candidate's log is at least as up-to-date as receiver's log, grant vote.
pub(super) fn request(server: &Server, answer: &mut Answer, current: bool, last: Option<Position>) {
    let free = answer.standing.voted_for.is_none_or(|voted_for| voted_for == answer.from);
    let granted = current && free && is_up_to_date(server, last);
    if granted {
        answer.standing.voted_for = Some(answer.from);
        answer.observes = Observes::Candidate;
    }
    answer.reply = Reply::One(Body::RequestVoteReply { granted });
}

/// Diss. §9.6: would it vote for another in the next term? `free` if that one is in its term, and it knows of no
/// current leader.
pub(super) fn pre_vote(server: &Server, answer: &mut Answer, free: bool, last: Option<Position>) {
    let granted = free && is_up_to_date(server, last);
    answer.reply = Reply::One(Body::PreVoteReply { granted });
}

/// §5.4.1: the log whose last entry has the later term is more up-to-date; if the terms are the same, the longer
/// log is.
fn is_up_to_date(server: &Server, candidate: Option<Position>) -> bool {
    let order = |last: Option<Position>| last.map(|last| (last.term, last.index));
    order(candidate) >= order(last(server))
}

/// The last entry of a log.
pub(super) fn last(server: &Server) -> Option<Position> {
    let length = server.log.len();
    let term = server.log.at(length)?.term;
    LogIndex::new(length).map(|index| Position { index, term })
}

/// Whether a server may stand for election: a voter of the latest configuration in its log; or of the one before,
/// as long as the latest is not known to be committed (diss. §4.2.2).
pub(super) fn may_stand(server: &Server) -> bool {
    let configurations = &server.log.configurations;
    let (index, latest) = configurations.latest();
    is_voter(latest, server.id)
        || (LogIndex::new(index) > server.view.commit
            && is_voter(configurations.nth(configurations.len() - 1).1, server.id))
}

/// Whether these are a majority of the latest configuration in a server's log, in joint consensus of both (§6).
pub(super) fn is_quorum(server: &Server, servers: u64) -> bool {
    let configuration = server.log.configurations.latest().1;
    has_quorum(configuration, |server| servers & bit(server) != 0)
}

/// Whether a server's vote counts: in joint consensus, in either configuration.
fn is_voter(configuration: &Membership, server: NodeId) -> bool {
    configuration.voters.contains(&server) || configuration.outgoing.contains(&server)
}

/// The voters of a configuration, each once.
fn voters(configuration: &Membership) -> impl Iterator<Item = NodeId> + '_ {
    let outgoing = configuration.outgoing.iter();
    let others = outgoing.filter(|server| !configuration.voters.contains(server));
    configuration.voters.iter().chain(others).copied()
}

impl Watch {
    /// A candidate receives a vote of its term: with those of a majority, it leads.
    pub(super) fn voted_for(&self, server: &Server, answer: &mut Answer, voter: u64) {
        answer.vote = voter;
        if is_quorum(server, self.votes | voter) {
            answer.standing.role = Role::Leader;
            answer.standing.leader = Some(server.id);
            answer.log = LogChange::Any;
        }
    }

    /// A server would vote for this one: if it asked, and a majority would, it stands. False if it is not clear
    /// whether it asked.
    pub(super) fn supported(&self, server: &Server, answer: &mut Answer, supporter: u64) -> bool {
        match self.asking {
            Asking::No => true,
            Asking::Unclear => false,
            Asking::Yes(supporters) => {
                answer.supporter = supporter;
                if is_quorum(server, supporters | supporter) {
                    answer.stands(server.id);
                }
                true
            }
        }
    }

    /// A server has begun an election: its timer starts anew, it no longer believes in a leader, and it sends
    /// RequestVote to all other voters. Its own vote counts once it is durable.
    pub(super) fn stands(
        &mut self,
        server: &Server,
        transfer: bool,
        effects: &Effects,
    ) -> Result<(), (Property, String)> {
        self.timer.restart(effects.view.term);
        self.timer.believe(0);
        self.votes = 0;
        self.asking = Asking::No;
        self.asks(server, &Body::RequestVote { last: last(server), transfer }, effects)?;
        let body = Body::RequestVoteReply { granted: true };
        let own = Message::new(server.id, server.id, effects.view.term, body);
        match self.unsynced.back() {
            Some((newest, _)) => self.obligation.push_back((*newest, own)),
            None => self.votes = bit(server.id),
        }
        Ok(())
    }

    /// A server asks for pre-votes: its timer starts anew, and it sends PreVote to all other voters.
    pub(super) fn begins_to_ask(
        &mut self,
        server: &Server,
        effects: &Effects,
    ) -> Result<(), (Property, String)> {
        self.timer.restart(effects.view.term);
        self.asking = Asking::Yes(bit(server.id));
        self.asks(server, &Body::PreVote { last: last(server) }, effects)
    }

    fn asks(
        &mut self,
        server: &Server,
        body: &Body,
        effects: &Effects,
    ) -> Result<(), (Property, String)> {
        for to in voters(server.log.configurations.latest().1) {
            if to != server.id && !self.oblige(server.id, to, body, effects) {
                return Err((
                    Property::Voting,
                    format!("wants to lead, and does not send {body:?} to {to}"),
                ));
            }
        }
        Ok(())
    }
}
