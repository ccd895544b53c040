//! Terms, votes and timeouts: edits that break their rules.

use super::{BrokenRule, broken};

/// Rules for all servers, RequestVote, and the rules for followers and candidates.
pub(super) const BROKEN: &[BrokenRule] = &[
    broken(
        "higher-term-in-requests-ignored",
        "Figure 2 Servers 2",
        "an RPC request with a term T > currentTerm does not set currentTerm = T",
        "node/receive.rs",
        [
            "if term > self.state.hard_state.term {",
            "if term > self.state.hard_state.term && matches!(kind(&body), Kind::Reply) {",
        ],
    ),
    broken(
        "higher-term-in-responses-ignored",
        "Figure 2 Servers 2",
        "an RPC response with a term T > currentTerm does not set currentTerm = T",
        "node/receive.rs",
        [
            "if term > self.state.hard_state.term {",
            "if term > self.state.hard_state.term && !matches!(kind(&body), Kind::Reply) {",
        ],
    ),
    broken(
        "leader-outlives-its-term",
        "Figure 2 Servers 2",
        "a leader that sees a higher term adopts it, and stays leader",
        "node/receive.rs",
        [
            "Role::Leader(leader) => {
                leader.resign(&mut self.state);
                self.role = Role::Follower(Follower::new(&self.state));
            }",
            "Role::Leader(_) => {}",
        ],
    ),
    broken(
        "candidate-outlives-its-term",
        "Figure 2 Servers 2",
        "a candidate that sees a higher term adopts it, and stays candidate with its votes",
        "node/receive.rs",
        ["self.role = Role::Follower(Follower::resigned(candidate));", "let _ = candidate;"],
    ),
    broken(
        "vote-kept-in-a-new-term",
        "Figure 2 Servers 2",
        "the vote of the old term is taken for one of the new",
        "state.rs",
        ["self.hard_state = HardState { term, voted_for: None };", "self.hard_state.term = term;"],
    ),
    broken(
        "older-request-granted",
        "Figure 2 RequestVote 1",
        "a request for votes of a term < currentTerm is granted",
        "roles/voter.rs",
        [
            "term == state.hard_state.term
        && state.hard_state.voted_for",
            "term <= state.hard_state.term
        && state.hard_state.voted_for",
        ],
    ),
    broken(
        "two-votes-a-term",
        "Figure 2 RequestVote 2",
        "a vote is granted whatever votedFor is",
        "roles/voter.rs",
        ["state.hard_state.voted_for.is_none_or(|voted_for| voted_for == candidate)", "true"],
    ),
    broken(
        "vote-not-noted",
        "Figure 2 RequestVote 2",
        "votedFor is not set when a vote is granted",
        "roles/voter.rs",
        ["state.hard_state.voted_for = Some(candidate);", ""],
    ),
    broken(
        "log-not-compared",
        "Figure 2 RequestVote 2",
        "a vote is granted however old the candidate's log is",
        "roles/voter.rs",
        [
            ".is_none_or(|voted_for| voted_for == candidate)
        && at_least_as_up_to_date(last, state.log.last());",
            ".is_none_or(|voted_for| voted_for == candidate);",
        ],
    ),
    broken(
        "log-compared-by-term",
        "Figure 2 RequestVote 2",
        "logs with the same last term count as equally up-to-date, whatever their length",
        "roles/voter.rs",
        ["last.map(|last| (last.term, last.index))", "last.map(|last| last.term)"],
    ),
    broken(
        "refused-vote-resets-timer",
        "Figure 2 Followers 2",
        "the election timer starts anew although no vote was granted",
        "node/receive.rs",
        [
            "if !vote(&mut self.state, from, term, last) {
            return;
        }",
            "vote(&mut self.state, from, term, last);",
        ],
    ),
    broken(
        "new-term-resets-timer",
        "Figure 2 Followers 2",
        "the election timer starts anew because a higher term was seen",
        "node/receive.rs",
        [
            "Role::Follower(follower) => follower.new_term(&mut self.state),",
            "Role::Follower(follower) => {
                follower.new_term(&mut self.state);
                follower.reset_timer(&self.state);
            }",
        ],
    ),
    broken(
        "leader-does-not-reset-timer",
        "Figure 2 Followers 2",
        "AppendEntries from the current leader does not start the election timer anew",
        "roles/follower.rs",
        ["self.reset_timer(state);", ""],
    ),
    broken(
        "vote-does-not-reset-timer",
        "Figure 2 Followers 2",
        "granting a vote does not start the election timer anew",
        "node/receive.rs",
        [
            "Role::Follower(follower) => follower.reset_timer(&self.state),",
            "Role::Follower(_) => {}",
        ],
    ),
    broken(
        "timeout-not-random",
        "Figure 2 Candidates 1",
        "the election timeout is always the shortest (§5.2: chosen randomly)",
        "settings.rs",
        ["self.election_timeout_min + (bits % width) as u32", "self.election_timeout_min"],
    ),
    broken(
        "timeout-same-on-all-servers",
        "Figure 2 Candidates 1",
        "the election timeout is drawn, but all servers draw the same (§5.2)",
        "settings.rs",
        ["scramble(u64::from(id.0) ^ scramble(term.0))", "scramble(term.0)"],
    ),
    broken(
        "election-in-the-same-term",
        "Figure 2 Candidates 1",
        "a candidate does not increment currentTerm",
        "roles/candidate.rs",
        ["let term = state.hard_state.term.next();", "let term = state.hard_state.term;"],
    ),
    broken(
        "no-vote-for-self",
        "Figure 2 Candidates 1",
        "a candidate counts its own vote and does not note it: votedFor stays free",
        "roles/candidate.rs",
        ["state.hard_state.voted_for = Some(state.id);", ""],
    ),
    broken(
        "half-elects",
        "Figure 2 Candidates 2",
        "votes of half of the servers make a leader",
        "roles/candidate.rs",
        [
            "state.membership().has_quorum(|server| self.votes.contains(&server))",
            "self.votes.len() >= state.membership().voters.len() / 2",
        ],
    ),
    broken(
        "repeated-vote-counts",
        "Figure 2 Candidates 2",
        "a vote that arrives twice counts twice",
        "roles/candidate.rs",
        [
            "self.votes.insert(voter);
        state.membership().has_quorum(|server| self.votes.contains(&server))",
            "let again = !self.votes.insert(voter);
        self.votes.len() + usize::from(again) > state.membership().voters.len() / 2",
        ],
    ),
    broken(
        "refused-vote-counts",
        "Figure 2 Candidates 2",
        "a vote that was refused counts",
        "node/receive.rs",
        [
            "if current && granted {
                    self.vote_granted(from);",
            "if current {
                    let _ = granted;
                    self.vote_granted(from);",
        ],
    ),
    broken(
        "candidate-ignores-leader",
        "Figure 2 Candidates 3",
        "AppendEntries from the new leader does not make a candidate a follower: it is not answered",
        "node/receive.rs",
        [
            "Role::Candidate(candidate) => *role = Role::Follower(Follower::resigned(candidate)),",
            "Role::Candidate(_) => {}",
        ],
    ),
    broken(
        "candidate-obeys-and-stays",
        "Figure 2 Candidates 3",
        "a candidate does as the new leader says, and stays candidate",
        "node/receive.rs",
        [
            "} else if let Some(follower) = follow(role) {
                    follower.append_entries(",
            "} else if let Role::Candidate(candidate) = role {
                    let mut follower = Follower::resigned(candidate);
                    follower.append_entries(state, from, (prev, entries, commit, round));
                } else if let Some(follower) = follow(role) {
                    follower.append_entries(",
        ],
    ),
    broken(
        "vote-freed-by-new-leader",
        "Figure 2 Candidates 3",
        "a candidate that steps down for the leader of its term forgets its vote for itself",
        "node/receive.rs",
        [
            "Body::AppendEntries { prev, entries, commit, round } => {",
            "Body::AppendEntries { prev, entries, commit, round } => {
                if current && let Role::Candidate(_) = role {
                    state.hard_state.voted_for = None;
                }",
        ],
    ),
    broken(
        "split-vote-not-retried",
        "Figure 2 Candidates 4",
        "a candidate whose election timeout elapses waits on",
        "node/mod.rs",
        ["Role::Candidate(candidate) => candidate.tick(),", "Role::Candidate(_) => false,"],
    ),
];
