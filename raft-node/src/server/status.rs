//! The state of a server, for those who look at it.

use std::collections::BTreeMap;

use raft_core::{LogIndex, Membership, Node, NodeId, Position, Role, length};

use crate::config::Addresses;

/// State of a server at one moment.
#[derive(Clone, Debug)]
pub struct Status {
    /// The server.
    pub id: NodeId,
    /// Its cluster.
    pub cluster: u64,
    /// `follower`, `pre-candidate`, `candidate` or `leader`.
    pub role: &'static str,
    /// Its current term.
    pub term: u64,
    /// Its vote in that term.
    pub voted_for: Option<NodeId>,
    /// The leader, if it knows one.
    pub leader: Option<NodeId>,
    /// Its commit index; 0 is none.
    pub commit: u64,
    /// The last index that its state machine has applied; 0 is none.
    pub applied: u64,
    /// The last entry of its log.
    pub last: Option<Position>,
    /// The last entry that its snapshot stands for.
    pub snapshot: Option<Position>,
    /// The configuration in force.
    pub membership: Membership,
    /// Addresses that the log has made known.
    pub addresses: BTreeMap<NodeId, Addresses>,
    /// Followers, if it leads.
    pub peers: Vec<Peer>,
    /// Milliseconds since it heard from its leader, if it follows one.
    pub heard_ms: Option<u64>,
    /// Its election timeout in this term, in milliseconds.
    pub election_ms: u64,
    /// Requests that wait for an answer.
    pub waiting: usize,
    /// True if the disk is full, and it takes no writes.
    pub full: bool,
    /// True while its state machine is loaded from a snapshot.
    pub loading: bool,
}

/// Knowledge of a leader about a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The server.
    pub id: NodeId,
    /// The last entry known to be on its disk; 0 is none.
    pub matched: u64,
    /// The next entry to be sent.
    pub next: u64,
}

impl Status {
    pub(super) fn of(node: &Node) -> Status {
        let membership = node.membership().clone();
        let servers =
            membership.voters.iter().chain(&membership.outgoing).chain(&membership.learners);
        let (role, peers) = match node.role() {
            Role::Follower(_) => ("follower", Vec::new()),
            Role::PreCandidate(_) => ("pre-candidate", Vec::new()),
            Role::Candidate(_) => ("candidate", Vec::new()),
            Role::Leader(leader) => {
                let mut peers: Vec<Peer> = servers
                    .filter(|id| **id != node.id())
                    .filter_map(|id| {
                        let progress = leader.progress(*id)?;
                        let (matched, next) = (length(progress.matched()), progress.next().get());
                        Some(Peer { id: *id, matched, next })
                    })
                    .collect();
                peers.sort_unstable_by_key(|peer| peer.id);
                peers.dedup();
                ("leader", peers)
            }
        };
        let hard_state = node.hard_state();
        Status {
            id: node.id(),
            cluster: 0,
            role,
            term: hard_state.term.0,
            voted_for: hard_state.voted_for,
            leader: node.leader(),
            commit: length(node.commit()),
            applied: length(node.applied()),
            last: node.log().last(),
            snapshot: node.log().base(),
            membership,
            addresses: BTreeMap::new(),
            peers,
            heard_ms: None,
            election_ms: 0,
            waiting: 0,
            full: false,
            loading: false,
        }
    }

    /// The voter that is best able to lead in place of this one.
    #[must_use]
    pub fn successor(&self) -> Option<NodeId> {
        let voters = self.peers.iter().filter(|peer| self.membership.voters.contains(&peer.id));
        voters.max_by_key(|peer| peer.matched).map(|peer| peer.id)
    }
}

/// What is new, for those who wait for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The current term.
    pub term: u64,
    /// The leader, if the server knows one.
    pub leader: Option<NodeId>,
    /// The last index that the state machine has applied.
    pub applied: Option<LogIndex>,
    /// True if the server leads.
    pub leads: bool,
}
