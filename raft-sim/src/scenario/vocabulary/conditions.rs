//! The words of conditions.

use super::{Help, Part, Words, words};

words! {
    /// The words that begin a fact about a server, and the parts of its given state.
    FactWord in ServerFact {
        Leader = "leader": "SERVERS leader",
            "its role is leader (Figure 4)",
            "expect S1 leader";
        Follower = "follower": "SERVERS follower",
            "its role is follower (Figure 4)",
            "expect S1 S2 follower term 3";
        Candidate = "candidate": "SERVERS candidate",
            "its role is candidate (Figure 4)",
            "expect S1 candidate";
        Up = "up": "SERVERS up",
            "its process runs",
            "expect all up";
        Down = "down": "SERVERS down",
            "its process does not run",
            "expect S1 down";
        Term = "term": "SERVERS term N [at least|at most] | SERVERS term as SERVER",
            "currentTerm",
            "expect S1 term 3 at least";
        Vote = "vote": "SERVERS vote SERVER|none",
            "votedFor in the current term",
            "expect S1 vote S2";
        Log = "log": "SERVERS log TERM[:LABEL] … [...] | SERVERS log none | SERVERS log as SERVER",
            "the terms of the whole log, with labels where they matter; with `...`, how it begins; as: the same entries",
            "expect S1 log 1 1 2:x";
        Holds = "holds": "SERVERS holds LABEL …",
            "these commands are in its log",
            "expect S1 holds x y";
        Lacks = "lacks": "SERVERS lacks LABEL …",
            "none of these commands is in its log",
            "expect S1 lacks x y";
        Commit = "commit": "SERVERS commit N [at least|at most]",
            "commitIndex, 0 for none",
            "expect S1 commit 3 at least";
        Committed = "committed": "SERVERS committed LABEL …",
            "its commitIndex covers these commands",
            "expect S1 committed x y";
        Reported = "reported": "SERVERS reported",
            "it has reported a message that no correct server sends",
            "expect S1 reported";
        Applied = "applied": "SERVERS applied LABEL …|none",
            "exactly these commands were executed, in this order, since it booted; those that led to a snapshot count if \
             it was restored from it",
            "expect S1 applied x y";
        Members = "members": "SERVERS members SERVERS|none",
            "exactly these vote in the configuration in force there (§6)",
            "expect S1 members S1 S2 S3";
        Learners = "learners": "SERVERS learners SERVERS|none",
            "exactly these are its learners",
            "expect S1 learners none";
        Joint = "joint": "SERVERS joint",
            "the configuration in force there is C_old,new (§6)",
            "expect not S1 joint";
        Snapshot = "snapshot": "SERVERS snapshot N [at least|at most]",
            "lastIncludedIndex of its snapshot, 0 for none",
            "expect S1 snapshot 3";
        Unsynced = "unsynced": "SERVERS unsynced",
            "its disk was given a write that is not durable",
            "expect S1 unsynced";
        Durable = "durable": "SERVERS durable N [at least|at most]",
            "the last index of the log that is durable on its disk, 0 for none",
            "expect S1 durable 2";
        Next = "next": "SERVERS next SERVER N [at least|at most]",
            "nextIndex of a leader for another server, as its latest AppendEntries shows it: prevLogIndex + 1; 0 if it \
             has sent none in its term",
            "expect S1 next S2 3";
        Match = "match": "SERVERS match SERVER N [at least|at most]",
            "matchIndex of a leader for another server: the last entry that it was told in its term to be in the log \
             there; 0 for none",
            "expect S1 match S2 2";
    }
}

words! {
    /// The words of a condition on a label.
    LabelWord in RequestFact {
        On = "on": "LABEL on SERVERS | LABEL on a majority",
            "the logs of exactly these servers hold the command, or those of more than half of the voters",
            "expect x on S1 S2";
        Committed = "committed": "LABEL committed",
            "some live server's commitIndex covers the command",
            "expect x committed";
        Acknowledged = "acknowledged": "LABEL acknowledged",
            "the answer was that it is done; of a command, that it is committed and applied",
            "expect x acknowledged";
        Refused = "refused": "LABEL refused",
            "the answer was that it was not accepted, or given up: no leader here, over a limit, or not possible",
            "expect x refused";
        Failed = "failed": "LABEL failed",
            "the answer was that it will never be committed",
            "expect x failed";
        Pending = "pending": "LABEL pending",
            "it was accepted, and is not answered yet",
            "expect x pending";
        Unknown = "unknown": "LABEL unknown",
            "the answer was that the server can't know whether it was or will be committed",
            "expect x unknown";
        Expired = "expired": "LABEL expired",
            "the answer was that its session is gone, and so the command was not executed",
            "expect x expired";
        Sees = "sees": "LABEL sees LABEL …",
            "the read was answered, from a state in which these commands are applied",
            "expect r1 sees x y";
        Misses = "misses": "LABEL misses LABEL …",
            "the read was answered, from a state in which none of these commands is applied",
            "expect r1 misses x";
    }
}

/// Conditions that begin with other words.
pub(super) const OTHERS: &[Help] = &[
    Help {
        name: "a leader",
        part: Part::Condition,
        form: "a leader",
        meaning: "some live server is leader, and no other one of its term or a later one is",
        example: "within 2 election-timeouts a leader",
    },
    Help {
        name: "no leader",
        part: Part::Condition,
        form: "no leader",
        meaning: "no live server is leader",
        example: "expect no leader",
    },
    Help {
        name: "message",
        part: Part::Condition,
        form: "message LINK [KIND] [CONTENT …]",
        meaning: "at least one such message is in flight",
        example: "expect message S2 -> S1 RequestVoteReply granted",
    },
    Help {
        name: "quiet",
        part: Part::Condition,
        form: "quiet",
        meaning: "no message is in flight, held ones included",
        example: "expect quiet",
    },
    Help {
        name: "not",
        part: Part::Condition,
        form: "not CONDITION",
        meaning: "the condition does not hold",
        example: "expect not x committed",
    },
    Help {
        name: "or",
        part: Part::Condition,
        form: "CONDITION or CONDITION …",
        meaning: "at least one of these conditions holds; `not` belongs to the one that it stands before",
        example: "expect x failed or x unknown",
    },
    Help {
        name: "leader",
        part: Part::Condition,
        form: "leader FACT … | STATEMENT leader …",
        meaning: "in place of a server: the live leader of the highest term; `the leader` is the same",
        example: "propose leader z",
    },
];
