//! The effects of a message: whether a server takes it, the rules for all servers (Figure 2), and then those for
//! its kind.

use super::standing::{self, Answer, Incoming, Reply, bit};
use super::watch::Watch;
use super::{appending, installing, voting};
use crate::checker::quorum::contains;
use crate::checker::server::Server;
use crate::model::{Body, Message};
use crate::subject::{Role, Settings};

/// The requirement on a step.
#[derive(Debug, Default)]
#[expect(clippy::large_enum_variant, reason = "there is one; a box would be one for each step")]
pub(super) enum Due {
    /// Nothing is judged.
    #[default]
    Nothing,
    /// The server received a message that no correct server sends, and its effects are not known.
    Unclear,
    /// A tick passes.
    Tick,
    /// The server received a message, with these effects.
    Answer(Answer),
    /// The server is notified of a durable write.
    Durable,
}

impl Watch {
    /// The effects of a message on a server.
    #[inline]
    pub(super) fn receives(&self, server: &Server, settings: &Settings, message: &Message) -> Due {
        let before = &self.before;
        let Message { from, to, term, body, own: _ } = message;
        if *to != server.id || *from == server.id || standing::is_out_of_reach(message) {
            return Due::Nothing;
        }
        if standing::is_reply(body) {
            // Replies to a leader are judged elsewhere; and a reply of a server outside the configuration may be
            // refused.
            let led = before.role == Role::Leader && *term <= before.term;
            if led || !contains(server.log.configurations.latest().1, *from) {
                return Due::Nothing;
            }
        }
        let mut answer = Answer::new(standing::property_of(body), message, *before);
        if settings.check_quorum && standing::is_candidacy(body) {
            match self.believes_in_a_leader() {
                // §6, diss. §4.2.3: servers disregard requests for their vote when they believe a current leader
                // exists, and do not update their term.
                Some(true) => {
                    answer.reply = Reply::Silence;
                    return Due::Answer(answer);
                }
                Some(false) => {}
                None => return Due::Nothing,
            }
        }
        // If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower.
        if *term > before.term {
            answer.standing.enter(*term);
        }
        match body {
            Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
            | Body::TimeoutNow => self.of_elections(server, answer, message),
            Body::AppendEntries { .. } | Body::InstallSnapshot { .. } => {
                self.of_leaders(server, answer, message)
            }
            Body::AppendEntriesReply { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => {
                if *term > before.term {
                    Due::Answer(answer)
                } else {
                    Due::Nothing
                }
            }
        }
    }

    /// The effects of the requests of candidates, of the replies to them, and of a TimeoutNow.
    fn of_elections(&self, server: &Server, mut answer: Answer, message: &Message) -> Due {
        let Message { from, term, body, .. } = message;
        let current = *term == answer.standing.term;
        let later = *term > self.before.term;
        match body {
            Body::RequestVote { last, .. } => voting::request(server, &mut answer, current, *last),
            Body::PreVote { last } => {
                // A server that was a leader until now believes in no leader.
                let led = later && self.before.role == Role::Leader;
                let believes = if led { Some(false) } else { self.believes_in_a_leader() };
                let Some(believes) = believes else { return Due::Nothing };
                voting::pre_vote(server, &mut answer, current && !believes, *last);
            }
            // §5.1: a message of an older term says nothing about this one.
            _ if !current => answer.reply = Reply::Silence,
            Body::RequestVoteReply { granted: true } => {
                if answer.standing.role == Role::Candidate {
                    self.voted_for(server, &mut answer, bit(*from));
                }
            }
            Body::PreVoteReply { granted: true } => {
                if !later && !self.supported(server, &mut answer, bit(*from)) {
                    return Due::Nothing;
                }
            }
            Body::TimeoutNow if answer.standing.role != Role::Follower => return Due::Nothing,
            Body::TimeoutNow => {
                if voting::may_stand(server) {
                    answer.stands(server.id);
                }
            }
            // A vote refused is no vote.
            Body::RequestVoteReply { .. }
            | Body::PreVoteReply { .. }
            | Body::AppendEntries { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshot { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => {}
        }
        Due::Answer(answer)
    }

    /// The effects of messages of leaders. A correct server sends none to the leader of the same term.
    #[inline]
    fn of_leaders(&self, server: &Server, mut answer: Answer, message: &Message) -> Due {
        if message.term < answer.standing.term {
            appending::refuse_old(&mut answer, &message.body);
            return Due::Answer(answer);
        }
        if answer.standing.role == Role::Leader {
            return Due::Nothing;
        }
        let makes_sense = match &message.body {
            Body::AppendEntries { prev, entries, commit, round } => {
                appending::append(server, &mut answer, (*prev, entries, *commit, *round))
            }
            Body::InstallSnapshot { chunk, round } => {
                let later = message.term > self.before.term;
                let incoming = if later { Incoming::Unclear } else { self.incoming };
                installing::install(server, &mut answer, incoming, (chunk, *round))
            }
            Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::TimeoutNow
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => true,
        };
        if makes_sense { Due::Answer(answer) } else { Due::Unclear }
    }
}
