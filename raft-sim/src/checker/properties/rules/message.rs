//! The effects of a message: whether a server takes it, the rules for all servers (Figure 2), and then those for
//! its kind.

use super::answer::{Answer, Contact, Reply};
use super::watch::{Asking, Watch};
use super::{Due, appending, elections, installing};
use crate::checker::quorum::contains;
use crate::checker::server::Server;
use crate::model::{Body, LARGEST, Message, length};
use crate::subject::Role;

impl Watch {
    /// The effects of a message on a server. If there are some, they are put into `due`.
    #[inline]
    pub(super) fn receives(
        &mut self,
        server: &Server,
        message: &Message,
        due: &mut Option<Answer>,
    ) -> Due {
        let before = &server.view;
        let Message { from, to, term, body, own: _ } = message;
        if *to != server.id || *from == server.id {
            return Due::Nothing;
        }
        // What a leader makes of replies is not judged here; a reply of a server outside the configuration may be
        // refused.
        let led = before.role == Role::Leader && *term <= before.term;
        if is_reply(body) && (led || !contains(server.log.configurations.latest().1, *from)) {
            return Due::Nothing;
        }
        if is_out_of_reach(message) {
            return Due::Nothing;
        }
        let answer = due.insert(Answer::new(message, *before));
        if server.settings.check_quorum
            && matches!(body, Body::RequestVote { transfer: false, .. } | Body::PreVote { .. })
        {
            match self.believes_in_a_leader(server) {
                // §6, diss. §4.2.3: servers disregard requests for their vote when they believe a current leader
                // exists, and do not update their term.
                Some(true) => {
                    answer.reply = Reply::Silence;
                    return Due::Answer;
                }
                Some(false) => {}
                None => return Due::Nothing,
            }
        }
        // If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower.
        let later = *term > before.term;
        if later {
            answer.enters(*term);
        }
        let current = *term == answer.view.term;
        let mut incoming = None;
        let contact = match body {
            Body::RequestVote { last, .. } => elections::request(server, answer, current, *last),
            Body::PreVote { last } => {
                // A server that was a leader until now believes in no leader.
                let led = later && before.role == Role::Leader;
                let believes = if led { Some(false) } else { self.believes_in_a_leader(server) };
                let Some(believes) = believes else { return Due::Nothing };
                elections::pre_vote(server, answer, current && !believes, *last)
            }
            Body::AppendEntries { prev, round, .. } if !current => {
                appending::refuse_old(answer, prev.map(|prev| prev.index), *round)
            }
            Body::InstallSnapshot { chunk, round } if !current => {
                appending::refuse_old(answer, Some(chunk.last.index), *round)
            }
            // A correct server sends none to the leader of the same term.
            Body::AppendEntries { .. } | Body::InstallSnapshot { .. }
                if answer.view.role == Role::Leader =>
            {
                return Due::Nothing;
            }
            Body::AppendEntries { prev, entries, commit, round } => {
                if !appending::append(server, answer, (*prev, entries, *commit, *round)) {
                    return Due::Unclear;
                }
                Contact::Leader
            }
            Body::InstallSnapshot { chunk, round } => {
                let had = if later { None } else { self.incoming };
                let Some(has) = installing::install(server, answer, had, (chunk, *round)) else {
                    return Due::Unclear;
                };
                incoming = Some(has);
                Contact::Leader
            }
            // §5.1: a message of an older term says nothing about this one.
            Body::RequestVoteReply { .. } | Body::PreVoteReply { .. } | Body::TimeoutNow
                if !current =>
            {
                answer.reply = Reply::Silence;
                Contact::Nothing
            }
            Body::RequestVoteReply { granted: true } => {
                if !self.voted_for(server, answer) {
                    return Due::Nothing;
                }
                Contact::Nothing
            }
            Body::PreVoteReply { granted: true } => {
                if !later && !self.supported(server, answer) {
                    return Due::Nothing;
                }
                Contact::Nothing
            }
            Body::TimeoutNow if answer.view.role != Role::Follower => return Due::Nothing,
            Body::TimeoutNow => {
                if elections::may_stand(server) {
                    answer.stands(server.id);
                }
                Contact::Nothing
            }
            // A vote refused is no vote.
            Body::RequestVoteReply { .. } | Body::PreVoteReply { .. } => Contact::Nothing,
            Body::AppendEntriesReply { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => {
                if !later {
                    return Due::Nothing;
                }
                Contact::Nothing
            }
        };
        self.moves(before, &answer.view);
        if contact != Contact::Nothing {
            self.timer.restart(answer.view.term);
            self.asking = Asking::No;
        }
        if contact == Contact::Leader {
            self.timer.believe(server.settings.election_timeout.0);
            self.incoming = incoming.unwrap_or(self.incoming);
        }
        Due::Answer
    }
}

/// True if the message answers one of a leader or a candidate.
#[inline]
fn is_reply(body: &Body) -> bool {
    matches!(
        body,
        Body::RequestVoteReply { .. }
            | Body::PreVoteReply { .. }
            | Body::AppendEntriesReply { .. }
            | Body::InstallSnapshotReply { .. }
    )
}

/// True if the message has a term or an index that no history reaches: it may be refused.
#[inline]
fn is_out_of_reach(message: &Message) -> bool {
    let index = match &message.body {
        Body::RequestVote { last, .. } | Body::PreVote { last } => last.map(|last| last.index),
        Body::AppendEntries { prev, .. } => prev.map(|prev| prev.index),
        Body::InstallSnapshot { chunk, .. } => Some(chunk.last.index),
        Body::AppendEntriesReply { .. } => return message.term.0 > LARGEST / 2,
        Body::RequestVoteReply { .. }
        | Body::PreVoteReply { .. }
        | Body::InstallSnapshotReply { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => None,
    };
    message.term.0 > LARGEST || length(index) > LARGEST
}
