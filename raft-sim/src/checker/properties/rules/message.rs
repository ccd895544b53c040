//! The effects of a message: whether a server takes it, the rules for all servers (Figure 2), and then those for
//! its kind.

use std::fmt;

use super::watch::{Asking, Watch};
use super::{Due, appending, elections, installing};
use crate::checker::properties::Property;
use crate::checker::quorum::contains;
use crate::checker::server::Server;
use crate::model::{Body, LARGEST, LogIndex, Message, NodeId, Term, length};
use crate::subject::{Effects, Role, Settings, View};

/// The effects of a message on its receiver.
#[derive(Debug)]
pub(super) struct Answer {
    /// The property whose rules these are.
    pub(super) property: Property,
    pub(super) from: NodeId,
    term: Term,
    kind: &'static str,
    /// The receiver's state afterwards.
    pub(super) view: View,
    pub(super) reply: Reply,
    pub(super) log: LogChange,
    /// True if the receiver stands for election, and if its leader called on it to.
    pub(super) stands: bool,
    pub(super) called: bool,
}

/// The reply to a message.
#[derive(Debug)]
pub(super) enum Reply {
    /// There is none, or it is not judged here.
    None,
    /// This one.
    One(Body),
    /// Nothing is sent and nothing written.
    Silence,
    /// It depends on how much of a snapshot the receiver had, which is not clear.
    Unclear,
}

/// The change of the receiver's log by a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogChange {
    None,
    /// It is replaced from this index on, by this number of entries.
    From(LogIndex, usize),
    /// It is not judged here.
    Any,
}

/// The sender of a message, as far as it counts for the receiver's election timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contact {
    Nothing,
    /// A candidate, to which it gives its vote.
    Candidate,
    /// The current leader.
    Leader,
}

impl Answer {
    /// A message that changes nothing.
    #[inline]
    fn new(message: &Message, view: View) -> Answer {
        Answer {
            property: property_of(&message.body),
            from: message.from,
            term: message.term,
            kind: message.body.name(),
            view,
            reply: Reply::None,
            log: LogChange::None,
            stands: false,
            called: matches!(message.body, Body::TimeoutNow),
        }
    }

    /// The receiver enters a later term, in which it follows no leader yet and has not voted.
    fn enters(&mut self, term: Term) {
        self.view = View { term, role: Role::Follower, voted_for: None, leader: None, ..self.view };
    }

    /// The receiver stands for election: it increments its term and votes for itself.
    pub(super) fn stands(&mut self, server: NodeId) {
        self.enters(self.view.term.next());
        (self.view.role, self.view.voted_for) = (Role::Candidate, Some(server));
        self.stands = true;
    }

    /// §5.2: a server that receives a message from the leader of its term follows it.
    #[inline]
    pub(super) fn follows(&mut self) {
        (self.view.role, self.view.leader) = (Role::Follower, Some(self.from));
    }
}

impl Watch {
    /// The effects of a message on a server.
    #[inline]
    pub(super) fn receives(
        &mut self,
        server: &Server,
        settings: &Settings,
        message: &Message,
    ) -> Due {
        let before = self.before;
        let Message { from, to, term, body, own: _ } = message;
        if *to != server.id || *from == server.id || is_out_of_reach(message) {
            return Due::Nothing;
        }
        // What a leader makes of replies is not judged here; a reply of a server outside the configuration may be
        // refused.
        let led = before.role == Role::Leader && *term <= before.term;
        if is_reply(body) && (led || !contains(server.log.configurations.latest().1, *from)) {
            return Due::Nothing;
        }
        let mut answer = Answer::new(message, before);
        if settings.check_quorum
            && matches!(body, Body::RequestVote { transfer: false, .. } | Body::PreVote { .. })
        {
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
        let later = *term > before.term;
        if later {
            answer.enters(*term);
        }
        let current = *term == answer.view.term;
        let mut incoming = None;
        let contact = match body {
            Body::RequestVote { last, .. } => {
                elections::request(server, &mut answer, current, *last)
            }
            Body::PreVote { last } => {
                // A server that was a leader until now believes in no leader.
                let led = later && before.role == Role::Leader;
                let believes = if led { Some(false) } else { self.believes_in_a_leader() };
                let Some(believes) = believes else { return Due::Nothing };
                elections::pre_vote(server, &mut answer, current && !believes, *last)
            }
            Body::AppendEntries { .. } | Body::InstallSnapshot { .. } if !current => {
                answer.reply = appending::refuse_old(body);
                Contact::Nothing
            }
            // A correct server sends none to the leader of the same term.
            Body::AppendEntries { .. } | Body::InstallSnapshot { .. }
                if answer.view.role == Role::Leader =>
            {
                return Due::Nothing;
            }
            Body::AppendEntries { prev, entries, commit, round } => {
                if !appending::append(server, &mut answer, (*prev, entries, *commit, *round)) {
                    return Due::Unclear;
                }
                Contact::Leader
            }
            Body::InstallSnapshot { chunk, round } => {
                let had = if later { None } else { self.incoming };
                let Some(has) = installing::install(server, &mut answer, had, (chunk, *round))
                else {
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
                if !self.voted_for(server, &mut answer) {
                    return Due::Nothing;
                }
                Contact::Nothing
            }
            Body::PreVoteReply { granted: true } => {
                if !later && !self.supported(server, &mut answer) {
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
        self.moves(&answer.view);
        if contact != Contact::Nothing {
            self.timer.restart(answer.view.term);
            self.asking = Asking::No;
        }
        if contact == Contact::Leader {
            self.timer.believe(settings.election_timeout.0);
            self.incoming = incoming.unwrap_or(self.incoming);
        }
        Due::Answer(answer)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { kind, from, term, .. } = self;
        write!(f, "{kind} of {from} in term {term}")
    }
}

impl LogChange {
    #[inline]
    pub(super) fn is_that_of(self, effects: &Effects) -> bool {
        let mut written = effects.writes.iter().filter_map(|write| write.log.as_ref());
        match self {
            LogChange::None => written.next().is_none(),
            LogChange::Any => true,
            LogChange::From(index, count) => {
                written.any(|log| log.from == index && log.entries.len() == count)
            }
        }
    }
}

impl fmt::Display for LogChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogChange::None => f.write_str("its log stays as it is"),
            LogChange::From(index, count) => {
                write!(f, "its log goes on from {index} with {count} entries of the message")
            }
            LogChange::Any => f.write_str("its log may change"),
        }
    }
}

/// True if a server shows what is due; if it is not clear how much of a snapshot it had, the indexes aside.
#[inline]
pub(super) fn stays(due: &View, shown: &View, unclear: bool) -> bool {
    (due.role, due.term, due.voted_for, due.leader)
        == (shown.role, shown.term, shown.voted_for, shown.leader)
        && (unclear || (due.commit, due.snapshot) == (shown.commit, shown.snapshot))
}

/// A server's state in words.
#[cold]
pub(super) fn shown(view: &View) -> String {
    let of = |what: &str, server: Option<NodeId>| {
        server.map_or(String::new(), |server| format!(" {what} {server}"))
    };
    let (vote, leader) = (of("with its vote for", view.voted_for), of("under", view.leader));
    let (commit, snapshot) = (length(view.commit), length(view.snapshot));
    let View { role, term, .. } = view;
    format!("{role:?} of term {term}{vote}{leader}, snapshot {snapshot}, commit {commit}")
}

/// The property whose rules decide the effects of a message.
#[inline]
pub(super) fn property_of(body: &Body) -> Property {
    match body {
        Body::RequestVote { .. }
        | Body::RequestVoteReply { .. }
        | Body::PreVote { .. }
        | Body::PreVoteReply { .. }
        | Body::TimeoutNow => Property::Voting,
        Body::AppendEntries { .. }
        | Body::AppendEntriesReply { .. }
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => Property::Appending,
        Body::InstallSnapshot { .. } | Body::InstallSnapshotReply { .. } => Property::Installing,
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
