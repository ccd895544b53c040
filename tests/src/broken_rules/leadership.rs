//! Leadership beyond §5.2: its transfer, PreVote and CheckQuorum. Edits that break their rules.

use super::{BrokenRule, broken};

/// Leadership transfer (diss. §3.10).
pub(super) const TRANSFER: &[BrokenRule] = &[
    broken(
        "timeout-now-not-sent-after-catching-up",
        "diss. §3.10",
        "a target that had to catch up gets no TimeoutNow when it has",
        "roles/leader/replication.rs",
        ["self.hand_over(state);", ""],
    ),
    broken(
        "proposals-during-a-transfer",
        "diss. §3.10",
        "a leader that hands over takes commands",
        "roles/leader/mod.rs",
        [
            "if let Some(handover) = &self.handover {",
            "if let Some(handover) = self.handover.as_ref().filter(|_| self.ticks == u64::MAX) {",
        ],
    ),
    broken(
        "transfer-never-given-up",
        "diss. §3.10",
        "a leader waits forever for the target to take over",
        "roles/leader/mod.rs",
        ["self.hand_over_in_time(state);", ""],
    ),
    broken(
        "transfer-to-any-server",
        "diss. §3.10",
        "a leader hands over to a server that is not in the configuration, or is a learner",
        "roles/leader/handover.rs",
        [
            "} else if !state.membership().contains(to) {
            Some(Rejection::UnknownServer(to))
        } else if !state.membership().is_voter(to) {
            Some(Rejection::NotAVoter(to))
        } else {",
            "} else {",
        ],
    ),
    broken(
        "second-transfer-drops-the-first",
        "diss. §3.10",
        "a transfer takes the place of the one under way, which is never answered",
        "roles/leader/handover.rs",
        [
            "if let Some(handover) = &self.handover {
            Some(Rejection::TransferPending(handover.to))
        } else if to",
            "if to",
        ],
    ),
    broken(
        "transfer-is-not-answered",
        "diss. §3.10",
        "a leader that has handed over does not say so",
        "roles/leader/mod.rs",
        ["state.answer(handover.request, Answer::Done);", "let _ = handover.request;"],
    ),
    broken(
        "timeout-now-ignored",
        "diss. §3.10",
        "a server that gets TimeoutNow goes on waiting",
        "node/receive.rs",
        ["self.timeout_now();", ""],
    ),
    broken(
        "timeout-now-asks-first",
        "diss. §3.10",
        "a server that gets TimeoutNow asks for pre-votes first",
        "node/receive.rs",
        [
            "self.stand(Cause::TimeoutNow);",
            "if self.state.settings.pre_vote {
                        self.start_pre_vote();
                    } else {
                        self.stand(Cause::TimeoutNow);
                    }",
        ],
    ),
    broken(
        "timeout-now-of-an-older-term-obeyed",
        "diss. §3.10",
        "a server stands because the leader of an older term wanted it to",
        "node/receive.rs",
        [
            "if current {
                    self.timeout_now();",
            "if current || term.0 > 0 {
                    self.timeout_now();",
        ],
    ),
    broken(
        "election-for-a-transfer-not-marked",
        "diss. §4.2.3",
        "the request for votes does not say that the leader wants it",
        "roles/candidate.rs",
        ["transfer: cause == Cause::TimeoutNow }", "transfer: cause != cause }"],
    ),
    broken(
        "every-election-marked-as-a-transfer",
        "diss. §4.2.3",
        "every request for votes says that the leader wants it",
        "roles/candidate.rs",
        ["transfer: cause == Cause::TimeoutNow }", "transfer: cause == cause }"],
    ),
    broken(
        "transfer-disregarded",
        "diss. §4.2.3",
        "a server that hears from a leader disregards the election that the leader wants, too",
        "node/receive.rs",
        [
            "Body::RequestVote { transfer: false, .. } | Body::PreVote",
            "Body::RequestVote { .. } | Body::PreVote",
        ],
    ),
];

/// PreVote (diss. §9.6).
pub(super) const PRE_VOTE: &[BrokenRule] = &[
    broken(
        "pre-vote-raises-the-term",
        "diss. §9.6",
        "a server enters the next term when it asks for pre-votes",
        "roles/candidate.rs",
        [
            "let request = Body::PreVote { last: state.log.last() };",
            "let next = state.hard_state.term.next();
        state.enter(next);
        let request = Body::PreVote { last: state.log.last() };",
        ],
    ),
    broken(
        "two-pre-votes-are-enough",
        "diss. §9.6",
        "a server stands as soon as one other would vote for it, however many servers there are",
        "roles/candidate.rs",
        [
            "self.supporters.insert(server);",
            "self.supporters.insert(server);
        if self.supporters.len() > 1 {
            return true;
        }",
        ],
    ),
    broken(
        "pre-vote-ignores-the-log",
        "diss. §9.6",
        "a pre-vote is given to a server whose log is not up-to-date",
        "roles/voter.rs",
        [
            "&& state.belief == Belief::NoLeader
        && at_least_as_up_to_date(last, state.log.last());",
            "&& state.belief == Belief::NoLeader
        && last <= last;",
        ],
    ),
    broken(
        "pre-vote-is-noted-as-a-vote",
        "diss. §9.6",
        "a server that gives a pre-vote sets votedFor",
        "roles/voter.rs",
        [
            "state.hold(candidate, Body::PreVoteReply { granted });",
            "if granted {
        state.hard_state.voted_for = Some(candidate);
    }
    state.hold(candidate, Body::PreVoteReply { granted });",
        ],
    ),
    broken(
        "pre-vote-only-without-a-vote",
        "diss. §9.6",
        "a server that has voted in its term gives no pre-vote for the next",
        "roles/voter.rs",
        [
            "&& state.belief == Belief::NoLeader",
            "&& state.belief == Belief::NoLeader && state.hard_state.voted_for.is_none()",
        ],
    ),
    broken(
        "pre-vote-resets-the-timer",
        "diss. §9.6",
        "a server that is asked for a pre-vote starts its own election timer anew",
        "node/receive.rs",
        [
            "Body::PreVote { last } => pre_vote(state, from, term, last),",
            "Body::PreVote { last } => {
                pre_vote(&mut self.state, from, term, last);
                if let Role::Follower(follower) = &mut self.role {
                    follower.reset_timer(&self.state);
                }
            }",
        ],
    ),
    broken(
        "pre-vote-only-among-those-who-ask",
        "diss. §9.6",
        "a server that does not ask for pre-votes itself does not answer those who do",
        "node/receive.rs",
        [
            "Body::PreVote { last } => pre_vote(",
            "Body::PreVote { .. } if !state.settings.pre_vote => {}
            Body::PreVote { last } => pre_vote(",
        ],
    ),
];

/// CheckQuorum (diss. §6.2), and requests for votes that are disregarded (§6, diss. §4.2.3).
pub(super) const CHECK_QUORUM: &[BrokenRule] = &[
    broken(
        "leader-without-a-quorum-stays",
        "diss. §6.2",
        "a leader does not step down when a majority stops answering it",
        "roles/leader/mod.rs",
        [
            "if state.settings.check_quorum && self.has_lost_quorum(state) {",
            "if self.ticks == u64::MAX {",
        ],
    ),
    broken(
        "leader-needs-every-answer",
        "diss. §6.2",
        "a leader that does not hear from all servers steps down",
        "roles/leader/rounds.rs",
        [
            "let confirmed = self.quorum(state, |progress| progress.round());",
            "let rounds = self.peers.iter().map(|peer| peer.progress.round());
        let confirmed = rounds.min().unwrap_or(self.rounds.latest);",
        ],
    ),
    broken(
        "leader-steps-down-too-soon",
        "diss. §6.2",
        "a leader steps down after one heartbeat interval without an answer",
        "roles/leader/rounds.rs",
        [
            "self.ticks - from >= u64::from(state.settings.election_timeout_max)",
            "self.ticks - from > u64::from(state.settings.heartbeat_interval)",
        ],
    ),
    broken(
        "no-request-disregarded",
        "Joint 6",
        "a server that hears from a leader adopts the term of a request for votes",
        "node/receive.rs",
        [
            "if self.disregards() {
                        return;
                    }",
            "",
        ],
    ),
    broken(
        "leader-obeys-requests-for-votes",
        "Joint 6",
        "a leader adopts the term of a request for votes though it hears from a majority",
        "roles/leader/mod.rs",
        ["state.belief = Belief::Itself;", ""],
    ),
    broken(
        "loyal-forever",
        "diss. §4.2.3",
        "a server that has heard from a leader once disregards all others",
        "node/mod.rs",
        ["state.belief.tick();", ""],
    ),
    broken(
        "loyal-to-a-candidate",
        "diss. §4.2.3",
        "a request for votes that is disregarded prolongs the time in which others are",
        "node/receive.rs",
        [
            "if self.disregards() {
                        return;",
            "if self.disregards() {
                        if let Belief::Leader { ticks_left } = &mut self.state.belief {
                            *ticks_left = self.state.settings.election_timeout_min;
                        }
                        return;",
        ],
    ),
    broken(
        "loyal-to-itself",
        "diss. §4.2.3",
        "a leader that has stepped down goes on disregarding requests for its vote",
        "roles/leader/mod.rs",
        ["state.belief = Belief::NoLeader;", ""],
    ),
];
