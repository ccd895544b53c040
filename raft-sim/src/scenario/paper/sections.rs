//! The sections of the paper, and of the dissertation.

use super::{Item, item};

/// The sections of the paper that scenarios are about.
pub const SECTIONS: [Item; 11] = [
    item("§5.1", "terms, roles and the two RPCs"),
    item("§5.2", "leader election"),
    item("§5.3", "log replication"),
    item("§5.4.1", "who may be elected"),
    item("§5.4.2", "what counting replicas commits"),
    item("§5.4.3", "the argument for safety"),
    item("§5.5", "crashes of followers and candidates"),
    item("§5.6", "timing and availability"),
    item("§6", "changes of the configuration"),
    item("§7", "snapshots"),
    item("§8", "clients"),
];

/// The dissertation's chapters 3 to 6, and sections 9.6 and 10.2.
pub const DISSERTATION: [Item; 31] = [
    item("diss. §3.3", "terms, roles and the two RPCs"),
    item("diss. §3.4", "leader election"),
    item("diss. §3.5", "log replication"),
    item("diss. §3.6", "safety: who may be elected, what counting replicas commits, the argument"),
    item("diss. §3.7", "crashes of followers and candidates"),
    item("diss. §3.8", "what is durable, and restarts"),
    item("diss. §3.9", "timing and availability"),
    item("diss. §3.10", "handing leadership over"),
    item("diss. §4.1", "one server at a time; when a change may begin, and when it is in force"),
    item("diss. §4.2.1", "new servers catch up, in rounds, without a vote"),
    item("diss. §4.2.2", "removing the leader"),
    item("diss. §4.2.3", "servers that disturb"),
    item("diss. §4.2.4", "why the cluster stays available"),
    item("diss. §4.3", "any change at once: joint consensus"),
    item("diss. §4.4", "how a system uses it: bootstrapping, replacing servers"),
    item("diss. §5.1", "snapshots of a state machine in memory"),
    item("diss. §5.1.1", "taking snapshots while the state machine goes on"),
    item("diss. §5.1.2", "when to take a snapshot"),
    item("diss. §5.1.3", "saving, loading and sending"),
    item("diss. §5.2", "state machines on disk"),
    item("diss. §5.3", "incremental cleaning of the log"),
    item("diss. §5.4", "snapshots by the leader alone"),
    item("diss. §6.1", "finding the cluster"),
    item("diss. §6.2", "sending requests to the leader; leaders that lost their quorum step down"),
    item("diss. §6.3", "linearizable semantics: sessions"),
    item("diss. §6.4", "reads without the log"),
    item("diss. §6.4.1", "reads by clocks: leases"),
    item("diss. §9.6", "servers that rejoin: PreVote"),
    item("diss. §10.2", "state machines that take their time"),
    item("diss. §10.2.1", "the leader's disk in parallel with the followers'"),
    item("diss. §10.2.2", "batching and pipelining"),
];
