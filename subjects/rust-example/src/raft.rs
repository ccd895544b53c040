//! A Raft as Figure 2 of the paper has it: no more, and nothing of the testbed.
//!
//! It has no clock, no network and no disk. Its host calls one of [`tick`](Raft::tick), [`receive`](Raft::receive)
//! and [`propose`](Raft::propose), and carries out the [`Output`]: first it writes to the disk, then it sends the
//! messages. Messages to the server itself (its own vote, its own copy of an entry) are no exception: they come back
//! to it when the disk has them. As in the paper, index 0 is "none".

use std::collections::{BTreeMap, BTreeSet};

pub type Server = u32;
pub type Term = u64;
pub type Index = u64;

/// An entry of the log. The entry without a command is the one that a new leader begins with (§8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub term: Term,
    pub command: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub from: Server,
    pub to: Server,
    pub term: Term,
    pub rpc: Rpc,
}

/// The RPCs of Figure 2, and their results.
#[derive(Clone, Debug)]
pub enum Rpc {
    RequestVote {
        last_log_index: Index,
        last_log_term: Term,
    },
    Vote {
        granted: bool,
    },
    AppendEntries {
        prev_log_index: Index,
        prev_log_term: Term,
        entries: Vec<Entry>,
        commit: Index,
    },
    /// The log is the leader's up to there.
    Appended {
        match_index: Index,
    },
    /// It is not at prevLogIndex. `conflict` says where the logs part (end of §5.3); nothing to an older term.
    Refused {
        prev_log_index: Index,
        conflict: Option<Conflict>,
    },
}

/// The place where a follower's log departs from the leader's: the first index of the term of its entry at
/// prevLogIndex, or the index behind its last entry, and no term.
#[derive(Clone, Copy, Debug)]
pub struct Conflict {
    pub term: Option<Term>,
    pub index: Index,
}

/// In ticks.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub election_timeout: (u32, u32),
    pub heartbeat: u32,
    pub entries_per_message: usize,
    pub seed: u64,
}

#[derive(Clone, Debug)]
pub enum Role {
    Follower,
    Candidate { votes: BTreeSet<Server> },
    Leader { next_index: BTreeMap<Server, Index>, match_index: BTreeMap<Server, Index> },
}

/// The effects of one call.
#[derive(Debug, Default)]
pub struct Output {
    /// currentTerm and votedFor changed and are to be written.
    pub hard_state: bool,
    /// The first index of the log that changed, if any.
    pub log_from: Option<Index>,
    /// Messages to send when all that is on the disk.
    pub messages: Vec<Message>,
    /// Entries for the state machine, in order.
    pub applied: Vec<(Index, Entry)>,
    /// Clients' requests that are over, with their answers.
    pub answers: Vec<(u64, Answer)>,
}

#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Committed(Index),
    Superseded,
    NotLeader(Option<Server>),
}

/// One server.
#[derive(Debug)]
pub struct Raft {
    pub id: Server,
    peers: Vec<Server>,
    timing: Timing,
    // Persistent state (Figure 2).
    pub current_term: Term,
    pub voted_for: Option<Server>,
    log: Vec<Entry>,
    // Volatile state.
    pub role: Role,
    pub leader: Option<Server>,
    pub commit_index: Index,
    pub last_applied: Index,
    /// Ticks since the election timer or the leader's heartbeat timer began.
    elapsed: u32,
    election_timeout: u32,
    /// Requests of clients, by index, with the term of their entries.
    pending: BTreeMap<Index, Vec<(Term, u64)>>,
    out: Output,
}

impl Raft {
    /// A server that starts with what is on its disk.
    pub fn new(
        id: Server,
        peers: Vec<Server>,
        timing: Timing,
        (current_term, voted_for): (Term, Option<Server>),
        log: Vec<Entry>,
    ) -> Raft {
        let mut raft = Raft {
            id,
            peers,
            timing,
            current_term,
            voted_for,
            log,
            role: Role::Follower,
            leader: None,
            commit_index: 0,
            last_applied: 0,
            elapsed: 0,
            election_timeout: 0,
            pending: BTreeMap::new(),
            out: Output::default(),
        };
        raft.restart_election_timer();
        raft
    }

    /// The clock ticks.
    pub fn tick(&mut self) -> Output {
        self.elapsed += 1;
        match self.role {
            Role::Leader { .. } if self.elapsed >= self.timing.heartbeat => {
                self.elapsed = 0;
                self.broadcast();
            }
            Role::Leader { .. } => {}
            // Followers, candidates (§5.2): if the election timeout elapses, start an election.
            Role::Follower | Role::Candidate { .. } if self.elapsed >= self.election_timeout => {
                self.stand();
            }
            Role::Follower | Role::Candidate { .. } => {}
        }
        self.output()
    }

    /// A client hands it a command, to be answered under the number of its request.
    pub fn propose(&mut self, request: u64, command: Vec<u8>) -> Output {
        if matches!(self.role, Role::Leader { .. }) {
            // Leaders (§5.3): append the entry to the local log, respond after it is applied.
            let index = self.append(Some(command));
            self.pending.entry(index).or_default().push((self.current_term, request));
            self.broadcast();
        } else {
            self.out.answers.push((request, Answer::NotLeader(self.leader)));
        }
        self.output()
    }

    /// A message arrives.
    pub fn receive(&mut self, message: Message) -> Output {
        let Message { from, term, rpc, .. } = message;
        // All servers (§5.1): a higher term makes it a follower.
        if term > self.current_term {
            self.current_term = term;
            self.voted_for = None;
            self.out.hard_state = true;
            self.leader = None;
            self.follow();
        }
        let is_current = term == self.current_term;
        match rpc {
            Rpc::RequestVote { last_log_index, last_log_term } => {
                let granted = is_current && self.grants(from, (last_log_term, last_log_index));
                self.send(from, Rpc::Vote { granted });
            }
            Rpc::AppendEntries { prev_log_index, prev_log_term, entries, commit } => {
                let prev = (prev_log_index, prev_log_term);
                let reply = if is_current {
                    self.append_entries(from, prev, entries, commit)
                } else {
                    // Reply false if term < currentTerm (§5.1).
                    Rpc::Refused { prev_log_index, conflict: None }
                };
                self.send(from, reply);
            }
            Rpc::Vote { granted } if is_current && granted => self.voted(from),
            Rpc::Appended { match_index } if is_current => self.appended(from, match_index),
            Rpc::Refused { prev_log_index, conflict } if is_current => {
                self.refused(from, prev_log_index, conflict);
            }
            Rpc::Vote { .. } | Rpc::Appended { .. } | Rpc::Refused { .. } => {}
        }
        self.output()
    }

    /// Entries from an index on.
    pub fn log_from(&self, index: Index) -> &[Entry] {
        &self.log[index as usize - 1..]
    }

    // Elections (§5.2, §5.4.1).

    /// On conversion to candidate: increment currentTerm, vote for self, send RequestVote to all.
    fn stand(&mut self) {
        self.current_term += 1;
        self.voted_for = Some(self.id);
        self.out.hard_state = true;
        self.leader = None;
        self.role = Role::Candidate { votes: BTreeSet::new() };
        self.restart_election_timer();
        let (last_log_term, last_log_index) = self.last();
        for peer in self.peers.clone() {
            if peer == self.id {
                self.send(peer, Rpc::Vote { granted: true });
            } else {
                self.send(peer, Rpc::RequestVote { last_log_index, last_log_term });
            }
        }
    }

    /// RequestVote 2: if votedFor is null or the candidate, and its log is at least as up-to-date, grant the vote.
    fn grants(&mut self, candidate: Server, its_last: (Term, Index)) -> bool {
        let free = self.voted_for.is_none_or(|voted_for| voted_for == candidate);
        if !free || its_last < self.last() {
            return false;
        }
        if self.voted_for.is_none() {
            self.voted_for = Some(candidate);
            self.out.hard_state = true;
        }
        self.restart_election_timer();
        true
    }

    fn voted(&mut self, from: Server) {
        let quorum = self.peers.len() / 2 + 1;
        let Role::Candidate { votes } = &mut self.role else { return };
        votes.insert(from);
        if votes.len() < quorum {
            return;
        }
        // Votes from a majority: become leader. nextIndex starts behind the last entry, matchIndex at 0.
        let next = self.last().1 + 1;
        let each = |start: Index| self.peers.iter().map(|&peer| (peer, start)).collect();
        self.role = Role::Leader { next_index: each(next), match_index: each(0) };
        self.leader = Some(self.id);
        self.elapsed = 0;
        // It commits an entry of its own term before it can know what is committed (§8, §5.4.2).
        self.append(None);
        self.broadcast();
    }

    /// Timeouts are random (§5.2), and the same for the same seed, server and term.
    fn restart_election_timer(&mut self) {
        let (shortest, longest) = self.timing.election_timeout;
        let width = u64::from(longest - shortest) + 1;
        let mut bits = self.timing.seed ^ (u64::from(self.id) << 32) ^ self.current_term;
        for _ in 0..3 {
            // A step of SplitMix64: each bit of what goes in reaches each bit of what comes out.
            bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bits ^= bits >> 31;
        }
        self.election_timeout = shortest + (bits % width) as u32;
        self.elapsed = 0;
    }

    fn follow(&mut self) {
        if matches!(self.role, Role::Leader { .. }) {
            self.restart_election_timer();
        }
        self.role = Role::Follower;
    }

    // Followers (§5.3).

    fn append_entries(
        &mut self,
        leader: Server,
        (prev_log_index, prev_log_term): (Index, Term),
        entries: Vec<Entry>,
        leader_commit: Index,
    ) -> Rpc {
        if matches!(self.role, Role::Leader { .. }) {
            // There is one leader in a term (§5.2): no server sent this message.
            return Rpc::Refused { prev_log_index, conflict: None };
        }
        // Candidates: if AppendEntries comes from the new leader, convert to follower.
        self.follow();
        self.leader = Some(leader);
        self.restart_election_timer();
        // AppendEntries 2: reply false if the log has no entry at prevLogIndex with prevLogTerm.
        if self.term_at(prev_log_index) != Some(prev_log_term) {
            let conflict = Some(self.conflict_at(prev_log_index));
            return Rpc::Refused { prev_log_index, conflict };
        }
        let match_index = prev_log_index + entries.len() as Index;
        for (index, entry) in (prev_log_index + 1..).zip(entries) {
            // AppendEntries 3: an entry that conflicts goes, with all that follow it. 4: append what is not there yet.
            if self.term_at(index) != Some(entry.term) {
                self.log.truncate(index as usize - 1);
                self.log.push(entry);
                self.changed_from(index);
            }
        }
        // AppendEntries 5: commitIndex = min(leaderCommit, index of the last new entry).
        self.commit(leader_commit.min(match_index));
        Rpc::Appended { match_index }
    }

    /// The place where the log departs from one that has another entry, or any, at this index (end of §5.3).
    fn conflict_at(&self, index: Index) -> Conflict {
        match self.term_at(index) {
            None => Conflict { term: None, index: self.last().1 + 1 },
            Some(term) => {
                let first = self.log.partition_point(|entry| entry.term < term) as Index + 1;
                Conflict { term: Some(term), index: first }
            }
        }
    }

    // Leaders (§5.3, §5.4.2).

    /// Appends an entry of the current term, and acknowledges it as a follower does. Returns its index.
    fn append(&mut self, command: Option<Vec<u8>>) -> Index {
        self.log.push(Entry { term: self.current_term, command });
        let match_index = self.last().1;
        self.changed_from(match_index);
        self.send(self.id, Rpc::Appended { match_index });
        match_index
    }

    /// Sends every follower the entries that it lacks from nextIndex on, or a heartbeat if it lacks none.
    fn broadcast(&mut self) {
        for peer in self.peers.clone() {
            if peer != self.id {
                self.replicate(peer);
            }
        }
    }

    fn replicate(&mut self, to: Server) {
        let Role::Leader { next_index, .. } = &self.role else { return };
        let Some(&next) = next_index.get(&to) else { return };
        let prev_log_index = next - 1;
        let prev_log_term = self.term_at(prev_log_index).unwrap_or_default();
        let entries = self.log_from(next).iter().take(self.timing.entries_per_message);
        let (entries, commit) = (entries.cloned().collect(), self.commit_index);
        self.send(to, Rpc::AppendEntries { prev_log_index, prev_log_term, entries, commit });
    }

    /// If successful: update nextIndex and matchIndex of the follower.
    fn appended(&mut self, from: Server, acknowledged: Index) {
        let last = self.last().1;
        let Role::Leader { next_index, match_index } = &mut self.role else { return };
        let (Some(next), Some(matched)) = (next_index.get_mut(&from), match_index.get_mut(&from))
        else {
            return;
        };
        // A late acknowledgement says nothing new.
        if acknowledged <= *matched || acknowledged > last {
            return;
        }
        *matched = acknowledged;
        *next = (*next).max(acknowledged + 1);
        let lacks_more = *next <= last && from != self.id;
        // If there is an N > commitIndex that a majority of matchIndex has reached, and log[N].term == currentTerm: set
        // commitIndex = N (§5.3, §5.4).
        let mut matched: Vec<Index> = match_index.values().copied().collect();
        matched.sort_unstable();
        let majority = matched[(matched.len() - 1) / 2];
        if majority > self.commit_index && self.term_at(majority) == Some(self.current_term) {
            self.commit(majority);
        }
        if lacks_more {
            self.replicate(from);
        }
    }

    /// If it fails because of log inconsistency: decrement nextIndex and retry; by a whole term at once (end of §5.3).
    fn refused(&mut self, from: Server, prev_log_index: Index, conflict: Option<Conflict>) {
        let Some(Conflict { term, index }) = conflict else { return };
        // The leader's last entry of that term, if it has one.
        let end = self.log.partition_point(|entry| Some(entry.term) <= term) as Index;
        let its_own = term.is_some() && self.term_at(end) == term;
        let Role::Leader { next_index, match_index } = &mut self.role else { return };
        let (Some(next), Some(matched)) = (next_index.get_mut(&from), match_index.get(&from))
        else {
            return;
        };
        // Only the latest request counts: a refusal may be late.
        if prev_log_index + 1 != *next {
            return;
        }
        let back = if its_own { end + 1 } else { index };
        *next = back.min(prev_log_index).max(matched + 1);
        self.replicate(from);
    }

    // All servers.

    /// If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] (§5.3).
    fn commit(&mut self, index: Index) {
        self.commit_index = self.commit_index.max(index);
        while self.last_applied < self.commit_index {
            self.last_applied += 1;
            let index = self.last_applied;
            let entry = self.log[index as usize - 1].clone();
            for (term, request) in self.pending.remove(&index).unwrap_or_default() {
                let is_its_own = term == entry.term;
                let answer = if is_its_own { Answer::Committed(index) } else { Answer::Superseded };
                self.out.answers.push((request, answer));
            }
            self.out.applied.push((index, entry));
        }
    }

    /// Term and index of the last entry, in the order in which §5.4.1 compares them.
    fn last(&self) -> (Term, Index) {
        (self.log.last().map_or(0, |entry| entry.term), self.log.len() as Index)
    }

    /// The term of an entry: 0 for index 0, `None` if the entry is missing.
    fn term_at(&self, index: Index) -> Option<Term> {
        match index {
            0 => Some(0),
            _ => self.log.get(index as usize - 1).map(|entry| entry.term),
        }
    }

    fn changed_from(&mut self, index: Index) {
        let from = self.out.log_from.map_or(index, |from| from.min(index));
        self.out.log_from = Some(from);
    }

    fn send(&mut self, to: Server, rpc: Rpc) {
        let message = Message { from: self.id, to, term: self.current_term, rpc };
        self.out.messages.push(message);
    }

    fn output(&mut self) -> Output {
        std::mem::take(&mut self.out)
    }
}
