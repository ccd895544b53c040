//! Votes and pre-votes: when they are given, and which of them count (Figure 2, diss. §4.2.3, §9.6).

use super::standing::{Answer, Contact, Reply, bit};
use crate::checker::quorum::has_quorum;
use crate::checker::server::Server;
use crate::model::{Body, LogIndex, Membership, NodeId, Position};

/// RequestVote, receiver implementation: reply false if term < currentTerm; if votedFor is null or candidateId,
/// and candidate's log is at least as up-to-date as receiver's log, grant vote.
pub(super) fn request(server: &Server, answer: &mut Answer, current: bool, last: Option<Position>) {
    let free = answer.standing.voted_for.is_none_or(|voted_for| voted_for == answer.from);
    let granted = current && free && is_up_to_date(server, last);
    if granted {
        answer.standing.voted_for = Some(answer.from);
        answer.contact = Contact::Candidate;
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
pub(super) fn is_quorum(server: &Server, servers: u64) -> bool {
    let configuration = server.log.configurations.latest().1;
    has_quorum(configuration, |server| servers & bit(server) != 0)
}

/// True if a server's vote counts: in joint consensus, in either configuration.
fn is_voter(configuration: &Membership, server: NodeId) -> bool {
    configuration.voters.contains(&server) || configuration.outgoing.contains(&server)
}

/// The voters of a configuration, each once.
pub(super) fn voters(configuration: &Membership) -> impl Iterator<Item = NodeId> + '_ {
    let outgoing = configuration.outgoing.iter();
    let others = outgoing.filter(|server| !configuration.voters.contains(server));
    configuration.voters.iter().chain(others).copied()
}
