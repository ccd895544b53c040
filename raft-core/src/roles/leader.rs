//! Rules for leaders (§5.3, §5.4).

use alloc::vec::Vec;

use crate::message::{AppendReply, Body, Conflict};
use crate::output::{Answer, Refusal};
use crate::progress::Progress;
use crate::state::State;
use crate::types::{Command, LogIndex, NodeId, Payload, Request, length};

/// The server that leads its term (§5.2, §5.3).
#[derive(Debug)]
pub struct Leader {
    /// Every other server and what is known of it.
    followers: Vec<(NodeId, Progress)>,
    /// How far its own log is durable: its own acknowledgement counts like any other (diss. §10.2.1).
    own_match: Option<LogIndex>,
    /// Ticks since the last heartbeat.
    elapsed: u32,
    /// Memory for counting how far the servers are.
    reached: Vec<Option<LogIndex>>,
}

impl Leader {
    /// Upon election: nextIndex and matchIndex are reinitialized (Figure 2), and AppendEntries goes to each
    /// server. It brings a no-op, since a leader cannot commit before it has an entry of its own term
    /// (§5.4.2, §8).
    pub(crate) fn elected(state: &mut State) -> Leader {
        let fresh = Progress::new(state.log.last_index());
        let others = state.membership.servers().iter().filter(|&&server| server != state.id);
        let mut leader = Leader {
            followers: others.map(|&server| (server, fresh)).collect(),
            own_match: None,
            elapsed: 0,
            reached: Vec::new(),
        };
        leader.append(state, Payload::Noop);
        leader
    }

    /// What this leader knows of its followers, in order of the servers (Figure 2, volatile state on
    /// leaders).
    #[must_use]
    pub fn followers(&self) -> &[(NodeId, Progress)] {
        &self.followers
    }

    /// The last index up to which its own log is known to be durable in this term (diss. §10.2.1); `None`
    /// until its first entry of the term is.
    #[must_use]
    pub fn own_match(&self) -> Option<LogIndex> {
        self.own_match
    }

    /// If command received from client: append entry to local log; respond after entry applied to state
    /// machine (§5.3).
    pub(crate) fn propose(&mut self, state: &mut State, request: Request, command: Command) {
        let uncommitted = length(state.log.last_index()) - length(state.commit);
        if uncommitted >= u64::from(state.settings.uncommitted_limit) {
            state.outbox.answers.push((request, Answer::Busy));
            return;
        }
        self.append(state, Payload::Command(command));
        if let Some(position) = state.log.last() {
            state.wait_for(position, request);
        }
    }

    /// Appends an entry of its own term, sends it on, and acknowledges it to itself once it is durable.
    /// A leader never overwrites or deletes entries in its log (§5.3, Leader Append-Only).
    fn append(&mut self, state: &mut State, payload: Payload) {
        let entries = state.log.append(state.hard_state.term, payload);
        state.outbox.write_log(entries);
        let matched = state.log.last_index();
        let reply = AppendReply::Success { matched };
        state.promise(state.id, Body::AppendEntriesReply(reply));
        for (follower, progress) in &mut self.followers {
            replicate(state, *follower, progress);
        }
    }

    /// One tick passes. Sends heartbeats during idle periods to prevent election timeouts (§5.2). One
    /// speaks of the entry before `nextIndex`, so that a follower that lost a request says so.
    pub(crate) fn tick(&mut self, state: &mut State) {
        self.elapsed += 1;
        if self.elapsed < state.settings.heartbeat_interval {
            return;
        }
        self.elapsed = 0;
        for (follower, progress) in &mut self.followers {
            progress.heartbeat();
            let prev = state.log.position(progress.next().before());
            let body = Body::AppendEntries { prev, entries: <_>::default(), commit: state.commit };
            state.send(*follower, body);
        }
    }

    /// The answer to an AppendEntries of this term arrives.
    pub(crate) fn append_reply(&mut self, state: &mut State, from: NodeId, reply: AppendReply) {
        match reply {
            AppendReply::Success { matched } => self.acknowledged(state, from, matched),
            AppendReply::Refused { prev, conflict } => self.refused(state, from, prev, conflict),
        }
    }

    /// If successful: update nextIndex and matchIndex for follower (§5.3).
    fn acknowledged(&mut self, state: &mut State, from: NodeId, matched: Option<LogIndex>) {
        if matched > state.log.last_index() {
            state.outbox.refused = matched.map(Refusal::AcknowledgesUnsent);
            return;
        }
        let news = match self.follower(from) {
            Some(progress) => progress.acknowledged(matched),
            None => {
                self.own_match = self.own_match.max(matched);
                true
            }
        };
        if news && matched > state.commit {
            self.advance_commit(state);
        }
        if let Some(progress) = self.follower(from) {
            replicate(state, from, progress);
        }
    }

    /// If AppendEntries fails because of log inconsistency: decrement nextIndex and retry (§5.3), a term
    /// at a time rather than an entry at a time.
    fn refused(
        &mut self,
        state: &mut State,
        from: NodeId,
        prev: Option<LogIndex>,
        conflict: Option<Conflict>,
    ) {
        let (Some(progress), Some(conflict)) = (self.follower(from), conflict) else {
            return;
        };
        // If this log has entries of the follower's conflicting term, the logs may agree up to the last
        // of them. If not, none of the follower's entries of that term can stay.
        let ours = conflict.term.and_then(|term| state.log.last_of_term(term));
        let retry = ours.map_or(conflict.first, |last| LogIndex::after(Some(last)));
        if progress.refused(prev, retry) {
            replicate(state, from, progress);
        }
    }

    /// If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and
    /// log[N].term == currentTerm: set commitIndex = N (§5.3, §5.4).
    ///
    /// §5.4.2: only entries of the leader's own term are committed by counting replicas; entries before
    /// them are committed with them (Figure 8).
    fn advance_commit(&mut self, state: &mut State) {
        let followers = self.followers.iter().map(|(_, progress)| progress.matched());
        self.reached.clear();
        self.reached.extend(followers);
        self.reached.push(self.own_match);
        let index = state.membership.majority_index(&mut self.reached);
        let term = index.and_then(|index| state.log.term_at(index));
        if term == Some(state.hard_state.term) {
            state.commit_up_to(index);
        }
    }

    fn follower(&mut self, server: NodeId) -> Option<&mut Progress> {
        let mut followers = self.followers.iter_mut();
        followers.find(|(follower, _)| *follower == server).map(|(_, progress)| progress)
    }
}

/// If last log index ≥ nextIndex for a follower: send AppendEntries with log entries starting at
/// nextIndex (§5.3), as many requests as its pace allows.
fn replicate(state: &mut State, to: NodeId, progress: &mut Progress) {
    loop {
        let limit = progress.room(state.settings.window).min(state.settings.entries_per_message);
        if limit == 0 || Some(progress.next()) > state.log.last_index() {
            return;
        }
        let entries = state.log.share(progress.next(), limit);
        let prev = state.log.position(progress.next().before());
        progress.sent(entries.len() as u64);
        let body = Body::AppendEntries { prev, entries, commit: state.commit };
        state.send(to, body);
    }
}
