//! Changes of the configuration: edits that break their rules.

use super::{BrokenRule, broken};

/// §6 and the dissertation's chapter 4.
pub(super) const BROKEN: &[BrokenRule] = &[
    broken(
        "many-voters-in-one-entry",
        "diss. §4.1",
        "a leader that changes one voter at a time takes several, in one entry",
        "roles/leader/change.rs",
        [
            "if state.settings.changes == Changes::Single && current.distance(&wanted) > 1 {",
            "if false {",
        ],
    ),
    broken(
        "replacement-counts-as-one-voter",
        "diss. §4.1",
        "a voter that comes and one that goes are counted as one",
        "membership.rs",
        ["gone.count() + new.count()", "gone.count().max(new.count())"],
    ),
    broken(
        "joint-consensus-skipped",
        "diss. §4.3",
        "a leader that is to change by joint consensus appends C_new at once",
        "roles/leader/change.rs",
        ["Changes::Joint => true,", "Changes::Joint => false,"],
    ),
    broken(
        "own-configuration-not-in-force",
        "Joint 1",
        "a leader goes on with the old configuration when it appends a new one",
        "state.rs",
        [
            "let entries = self.log.append(self.hard_state.term, payload);
        self.configurations.replaced(&entries);",
            "let entries = self.log.append(self.hard_state.term, payload);",
        ],
    ),
    broken(
        "followers-configuration-not-in-force",
        "Joint 1",
        "a follower goes on with the old configuration when it appends a new one",
        "state.rs",
        [
            "self.log.replace(&entries);
        self.configurations.replaced(&entries);",
            "self.log.replace(&entries);",
        ],
    ),
    broken(
        "configuration-outlives-its-entry",
        "Joint 1",
        "a configuration is in force though its entry was deleted",
        "membership.rs",
        ["while self.index().is_some_and(|index| index >= first.index) {", "while false {"],
    ),
    broken(
        "configuration-forgotten-at-restart",
        "Joint 1",
        "a server that restarts has the configuration it booted with first",
        "node/boot.rs",
        ["configurations.replaced(log.entries(base, log.last_index()));", ""],
    ),
    broken(
        "commitment-of-c-new-by-c-old",
        "Joint 1",
        "a leader that appends a configuration counts by the one before",
        "roles/leader/change.rs",
        [
            "let position = state.append(Payload::Membership(membership.into()));
        self.refresh_peers(state);",
            "let position = state.append(Payload::Membership(membership.into()));",
        ],
    ),
    broken(
        "elected-by-c-new-alone",
        "Joint 2",
        "a majority of C_new is enough to be elected",
        "membership.rs",
        [
            "majority(&self.voters) && (self.outgoing.is_empty() || majority(&self.outgoing))",
            "majority(&self.voters)",
        ],
    ),
    broken(
        "elected-by-c-old-alone",
        "Joint 2",
        "a majority of C_old is enough to be elected, as long as C_old,new is in force",
        "membership.rs",
        [
            "majority(&self.voters) && (self.outgoing.is_empty() || majority(&self.outgoing))",
            "majority(if self.outgoing.is_empty() { &self.voters } else { &self.outgoing })",
        ],
    ),
    broken(
        "elected-by-a-majority-of-all",
        "Joint 2",
        "a majority of the servers of C_old and C_new together is enough to be elected",
        "membership.rs",
        [
            "majority(&self.voters) && (self.outgoing.is_empty() || majority(&self.outgoing))",
            "majority(&self.everyone())",
        ],
    ),
    broken(
        "committed-by-c-new-alone",
        "Joint 2",
        "what a majority of C_new has is committed",
        "roles/leader/mod.rs",
        ["new.min(reached_by_majority(&mut self.reached))", "new"],
    ),
    broken(
        "committed-by-c-old-alone",
        "Joint 2",
        "what a majority of C_old has is committed, as long as C_old,new is in force",
        "roles/leader/mod.rs",
        [
            "new.min(reached_by_majority(&mut self.reached))",
            "reached_by_majority(&mut self.reached)",
        ],
    ),
    broken(
        "c-new-at-once",
        "Joint 3",
        "C_new is appended behind C_old,new at once, before that is committed",
        "roles/leader/change.rs",
        [
            "self.append_configuration(state, Membership { outgoing, ..wanted });",
            "self.append_configuration(state, Membership { outgoing, ..wanted.clone() });
            self.append_configuration(state, wanted);",
        ],
    ),
    broken(
        "c-new-by-its-author-alone",
        "Joint 3",
        "a new leader does not finish the change that it finds in its log",
        "roles/leader/change.rs",
        ["if current.is_joint() {", "if current.is_joint() && self.change.is_some() {"],
    ),
    broken(
        "leader-outside-c-new-stays",
        "Joint 4",
        "a leader that is not in C_new leads on when C_new is committed",
        "roles/leader/change.rs",
        ["self.over = true;", ""],
    ),
    broken(
        "leader-outside-c-new-steps-down-at-once",
        "Joint 4",
        "a leader steps down when it appends a configuration without itself",
        "roles/leader/change.rs",
        [
            "let position = state.append(Payload::Membership(membership.into()));",
            "self.over = !membership.is_voter(state.id);
        let position = state.append(Payload::Membership(membership.into()));",
        ],
    ),
    broken(
        "leader-outside-c-new-counts-itself",
        "Joint 4",
        "a leader that is not in the configuration counts itself for commitment",
        "roles/leader/mod.rs",
        [
            "votes: membership.voters.contains(&server),",
            "votes: membership.voters.contains(&server) || server == state.id,",
        ],
    ),
    broken(
        "outside-c-new-never-stands",
        "diss. §4.2.2",
        "a server that is not in its latest configuration does not stand, though that is not committed",
        "membership.rs",
        [
            "self.current().is_voter(server) || (self.index() > commit && before.is_voter(server))",
            "self.current().is_voter(server)",
        ],
    ),
    broken(
        "learner-of-c-new-left-out-of-c-old",
        "Joint 2",
        "a leader that is a learner in C_new does not count in C_old",
        "roles/leader/mod.rs",
        [
            "votes_outgoing: membership.outgoing.contains(&server),",
            "votes_outgoing: membership.outgoing.contains(&server) && !membership.learners.contains(&server),",
        ],
    ),
    broken(
        "joiners-counted",
        "Joint 5",
        "servers that catch up are counted for commitment",
        "roles/leader/mod.rs",
        [
            "votes: membership.voters.contains(&server),",
            "votes: membership.voters.contains(&server) || !(membership.contains(server) || server == state.id),",
        ],
    ),
    broken(
        "joiners-sent-nothing",
        "Joint 5",
        "servers that are to catch up are not sent the log",
        "roles/leader/mod.rs",
        ["servers.extend(self.change.iter().flat_map(Change::joiners));", ""],
    ),
    broken(
        "joiners-taken-for-complete",
        "diss. §4.2.1",
        "matchIndex of a server that joins begins at the leader's last entry",
        "roles/leader/mod.rs",
        [
            "let fresh = Progress::new(state.log.last_index());",
            "let mut fresh = Progress::new(state.log.last_index());
        if !self.peers.is_empty() {
            fresh.acknowledged(state.log.last_index());
        }",
        ],
    ),
    broken(
        "first-round-is-enough",
        "diss. §4.2.1",
        "a new server has caught up after its first round, however long that took",
        "roles/leader/change.rs",
        ["if self.ticks - joiner.began < patience {", "if self.ticks >= joiner.began {"],
    ),
    broken(
        "rounds-without-end",
        "diss. §4.2.1",
        "a new server may have any number of rounds to catch up",
        "roles/leader/change.rs",
        ["if joiner.rounds > settings.catch_up_rounds || spent {", "if spent {"],
    ),
    broken(
        "change-never-given-up",
        "diss. §4.2.1",
        "a leader that is deposed does not answer the client of the change under way",
        "roles/leader/mod.rs",
        ["change.abandon(state);", "let _ = change;"],
    ),
    broken(
        "learner-counted",
        "diss. §4.2.1",
        "a learner is counted for commitment",
        "roles/leader/mod.rs",
        [
            "votes: membership.voters.contains(&server),",
            "votes: membership.voters.contains(&server) || membership.learners.contains(&server),",
        ],
    ),
    broken(
        "any-vote-counts",
        "diss. §4.2.1",
        "a candidate counts the votes of servers that are no voters",
        "roles/candidate.rs",
        [
            "state.membership().has_quorum(|server| self.votes.contains(&server))",
            "self.votes.len() >= crate::membership::majority(state.membership().voters.len())",
        ],
    ),
    broken(
        "waiting-server-makes-its-own-cluster",
        "diss. §4.4",
        "a server that waits to be added takes itself for the first configuration",
        "node/boot.rs",
        [
            "return Ok(Membership::default());",
            "return Ok(Membership { voters: alloc::vec![id], ..Membership::default() });",
        ],
    ),
    broken(
        "request-from-outside-refused",
        "diss. §4.1",
        "requests of servers outside one's own configuration are refused",
        "node/receive.rs",
        [
            "match kind(&message.body) {",
            "match kind(&message.body) {
                Kind::Candidacy | Kind::Other if !self.may_reply(message.from) => {
                    Some(Refusal::UnknownSender(message.from))
                }",
        ],
    ),
    broken(
        "vote-for-members-alone",
        "diss. §4.1",
        "a server votes only for those that its own configuration names",
        "roles/voter.rs",
        [
            "let granted = term == state.hard_state.term
        && state.hard_state.voted_for",
            "let granted = term == state.hard_state.term
        && (state.membership().contains(candidate) || state.membership().voters.is_empty())
        && state.hard_state.voted_for",
        ],
    ),
    broken(
        "only-voters-vote",
        "diss. §4.1",
        "a server that is in no configuration does not vote",
        "roles/voter.rs",
        [
            "let granted = term == state.hard_state.term
        && state.hard_state.voted_for",
            "let granted = term == state.hard_state.term
        && state.membership().is_voter(state.id)
        && state.hard_state.voted_for",
        ],
    ),
    broken(
        "leader-outside-not-followed",
        "diss. §4.1",
        "AppendEntries of a leader that a server's own configuration does not name is ignored",
        "roles/follower.rs",
        [
            "let (prev, entries, leader_commit, round) = request;",
            "let (prev, entries, leader_commit, round) = request;
        if !state.membership().voters.is_empty() && !state.membership().contains(leader) {
            return;
        }",
        ],
    ),
    broken(
        "removed-server-disturbs",
        "diss. §4.2.3",
        "a server handles a RequestVote within the shortest election timeout after a message from its leader",
        "node/receive.rs",
        [
            "if self.disregards() {
                        return;
                    }",
            "",
        ],
    ),
    broken(
        "no-leader-believed-in",
        "Joint 6",
        "servers do not remember that they hear from a leader",
        "roles/follower.rs",
        ["state.belief = Belief::Leader { ticks_left: state.settings.election_timeout_min };", ""],
    ),
];
