//! PreVote, CheckQuorum, timers: bugs that real implementations had.

use super::Difficulty::{Deep, Medium, Shallow};
use super::Tag::{I, L};
use super::{Bug, Edit};

pub(super) const BUGS: &[Bug] = &[
    Bug {
        id: "prevote-term-echo",
        tags: &[L],
        sources: "etcd#8243, mended by d4471b2; canonical/raft#279 and #281",
        what: "a request for pre-votes changes no term, and the answer has the term of its sender: if that was cut \
               off its term is an older one, and the answer is ignored. (As in the original, a request of an older \
               term is not answered at all; here the answer would carry the newer term, and end the matter.)",
        exposure: "of three servers C is cut off while terms go on; when it is back the leader dies, and the third asks C \
                   in vain for ever",
        expected: Medium,
        edits: &[NO_TERM_FROM_A_QUESTION, NO_ANSWER_TO_AN_OLDER_TERM],
        room: &[],
    },
    Bug {
        id: "prevote-two-cohorts",
        tags: &[L],
        sources: "etcd#8501, openraft#1796",
        what: "a request for pre-votes changes no term, and one of an older term is not answered: newer terms do not \
               spread",
        exposure: "the only server with the longest log has an older term than the others: they do not answer it, and it \
                   refuses them; 3 servers of which one is down (openraft: 6 voters, in the middle of a joint change)",
        expected: Deep,
        edits: &[
            NO_TERM_FROM_A_QUESTION,
            NO_ANSWER_TO_AN_OLDER_TERM,
            Edit {
                file: "raft-core/src/node/receive.rs",
                find: "if current && granted {
                    self.pre_vote_granted(from);",
                replace: "if granted {
                    self.pre_vote_granted(from);",
            },
        ],
        room: &[],
    },
    Bug {
        id: "leader-grants-prevote",
        tags: &[I],
        sources: "DaosRaft#70 (SandTable)",
        what: "a leader does not count as a server that hears from a leader: it grants pre-votes to others",
        exposure: "a follower that receives nothing asks its leader for a pre-vote; 8 steps, 476 states (SandTable)",
        expected: Shallow,
        edits: &[
            Edit {
                file: "raft-core/src/node/receive.rs",
                find: "if self.disregards() {",
                replace: "if self.disregards()
                        && !(matches!(message.body, Body::PreVote { .. })
                            && matches!(self.role, Role::Leader(_)))
                    {",
            },
            Edit {
                file: "raft-core/src/roles/voter.rs",
                find: "        && state.belief == Belief::NoLeader",
                replace: "        && (state.belief == Belief::NoLeader || state.belief == Belief::Itself)",
            },
        ],
        room: &[],
    },
    Bug {
        id: "no-checkquorum",
        tags: &[L],
        sources: "Cloudflare's outage of November 2020, as described by Howard and Abraham; openraft#2080 and #2083",
        what: "a leader stays leader although it receives answers from less than a quorum, while servers that hear \
               from it disregard requests for their votes",
        exposure: "of five servers one is dead; the leader reaches one follower, without which the others are no quorum",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/mod.rs",
            find: "if state.settings.check_quorum && self.has_lost_quorum(state) {",
            replace: "if false {",
        }],
        room: &[],
    },
    Bug {
        id: "no-prevote",
        tags: &[L],
        sources: "Cloudflare's outage of November 2020, as described by Howard and Abraham; old raft-rs#27 (a link \
                  that works one way)",
        what: "no server asks for pre-votes, and none disregards requests for votes because of a leader, though the \
               settings want both: terms are inflated and leaders deposed, for ever, though between two of them \
               something gets done. (Without PreVote in its settings no Raft has to make progress where links stay \
               cut, so the bug is a Raft whose settings have PreVote and that does not do it. What CheckQuorum \
               disregards would hide it; that stays where reads rest on leases, and for servers that were removed.)",
        exposure: "a server that receives nothing and can send to all stands again and again, and deposes every \
                   leader; in a chain of three the ends depose one another, until the middle is elected",
        expected: Medium,
        edits: &[
            Edit {
                file: "raft-core/src/node/mod.rs",
                find: "            if state.settings.pre_vote {",
                replace: "            if false {",
            },
            Edit {
                file: "raft-core/src/node/receive.rs",
                find: "if self.disregards() {",
                replace: "if self.disregards()
                        && (self.state.settings.lease_drift.is_some()
                            || !self.state.membership().contains(message.from))
                    {",
            },
        ],
        room: &[],
    },
    Bug {
        id: "disruptive-removed",
        tags: &[L],
        sources: "LogCabin#56, hashicorp/raft#12 and #524, canonical/raft#137",
        what: "a request for votes of a newer term is honoured although there is a leader, also one from a server that \
               was removed. (Where reads rest on leases it is not.)",
        exposure: "one of three is removed before it learns of that, and stands for election again and again",
        expected: Shallow,
        edits: &[Edit {
            file: "raft-core/src/node/receive.rs",
            find: "self.state.settings.check_quorum && self.state.belief != Belief::NoLeader",
            replace: "self.state.settings.lease_drift.is_some() && self.state.belief != Belief::NoLeader",
        }],
        room: &[],
    },
    Bug {
        id: "fixed-jitter",
        tags: &[L],
        sources: "canonical/raft#197 (a generator without a seed), hashicorp/raft#50, openraft#1838",
        what: "the generator of election timeouts has no seed: all servers draw the same ones",
        exposure: "two servers whose clocks tick together split the vote in every term",
        expected: Shallow,
        edits: &[Edit {
            file: "raft-core/src/settings.rs",
            find: "let bits = scramble(self.seed ^ scramble(u64::from(id.0) ^ scramble(term.0)));",
            replace: "let bits = scramble(scramble(term.0));",
        }],
        room: &[],
    },
];

/// PreVote as etcd has it: the request is no reason to enter its term.
const NO_TERM_FROM_A_QUESTION: Edit<'_> = Edit {
    file: "raft-core/src/node/receive.rs",
    find: "        if term > self.state.hard_state.term {",
    replace: "        if term > self.state.hard_state.term && !matches!(body, Body::PreVote { .. }) {",
};

/// A request for pre-votes of an older term is not answered; one of a later term is judged by the log alone.
const NO_ANSWER_TO_AN_OLDER_TERM: Edit<'_> = Edit {
    file: "raft-core/src/roles/voter.rs",
    find: "    let granted = term == state.hard_state.term
        && state.belief == Belief::NoLeader",
    replace: "    if term < state.hard_state.term {
        return;
    }
    let granted = state.belief == Belief::NoLeader",
};
