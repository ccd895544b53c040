//! Conditions: facts that are true or false of a cluster at a given time.

use super::{DrawnEntry, Label, Selector, Servers};
use crate::model::NodeId;

/// A condition that is true or false of a cluster at a given time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `not CONDITION`; never of [`Condition::Any`].
    Not(Box<Condition>),
    /// `CONDITION or CONDITION …`: at least one holds. Two or more, and none of them [`Condition::Any`].
    Any(Vec<Condition>),
    /// `S1 S2 FACT …`, `all FACT …` or `leader FACT …`: each fact of each server. False of the leader if there is none.
    Servers(Servers, Vec<Fact>),
    /// `a leader`: some live server is leader, and no other of its term or a later one is.
    ALeader,
    /// `no leader`: no live server is leader.
    NoLeader,
    /// `x on a majority`: the logs (volatile) of more than half of the servers hold the command.
    OnMajority(Label),
    /// `x on S1 S2 …`: the logs of exactly these servers hold the command.
    On(Label, Servers),
    /// `x committed`: the commit index of some live server covers it.
    Committed(Label),
    /// `x ANSWER`: the answer that the client or administrator of the request received.
    Answered(Label, Answer),
    /// `r1 sees x …`: the read was answered, from a state in which these commands are applied.
    Sees(Label, Vec<Label>),
    /// `r1 misses x …`: the read was answered, from a state in which none of these commands is applied.
    Misses(Label, Vec<Label>),
    /// `message SELECTOR`: at least one such message is in flight.
    InFlight(Selector),
    /// `quiet`: no message is in flight, held ones included.
    Quiet,
}

/// The answer that a client or an administrator received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `acknowledged`: done; of a command, committed and applied
    Acknowledged,
    /// `refused`: not taken (no leader here, over a limit, or not allowed)
    Refused,
    /// `failed`: taken, and certain never to be done
    Failed,
    /// `pending`: taken, and not answered yet
    Pending,
    /// `unknown`: the server can't tell whether it was or will be committed
    Unknown,
    /// `expired`: its session is gone
    Expired,
}

/// A fact about one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// `leader`, `follower`, `candidate`
    Role(RoleWord),
    /// `up`
    Up,
    /// `down`
    Down,
    /// `term N [at least|at most]`
    Term(Number),
    /// `term as S2`
    TermAs(NodeId),
    /// `vote S2` or `vote none`: votedFor in the current term
    Vote(Option<NodeId>),
    /// `log 1 1 2:x [...]`: the whole log; with `...`, how it begins. `log none`: empty.
    Log {
        /// The entries drawn.
        entries: Vec<DrawnEntry>,
        /// `...`: more may follow
        open: bool,
    },
    /// `log as S2`: the same entries
    LogAs(NodeId),
    /// `holds x y`: these commands are in the log
    Holds(Vec<Label>),
    /// `lacks x y`: none of these commands is in the log
    Lacks(Vec<Label>),
    /// `commit N [at least|at most]`: commit index, 0 for none
    Commit(Number),
    /// `committed x y`: the commit index covers these commands in its log
    Committed(Vec<Label>),
    /// `reported`: it has reported a message that no correct server sends
    Reported,
    /// `applied x y` or `applied none`: the state machine of this incarnation has applied exactly these
    /// commands, in this order
    Applied(Vec<Label>),
    /// `members S1 …` or `members none`: the voters of the configuration in force there are exactly these
    Members(Servers),
    /// `learners S4 …` or `learners none`: its learners are exactly these
    Learners(Servers),
    /// `joint`: the configuration in force there is C_old,new
    Joint,
    /// `snapshot N [at least|at most]`: last included index of its snapshot, 0 for none
    Snapshot(Number),
    /// `unsynced`: its disk was given a write that is not durable
    Unsynced,
    /// `durable N [at least|at most]`: last index of the log on its disk that is durable, 0 for none
    Durable(Number),
    /// `next S2 N [at least|at most]`: the first entry of the latest AppendEntries that it sent there in its term,
    /// prevLogIndex + 1; 0 for none
    Next(NodeId, Number),
    /// `match S2 N [at least|at most]`: the last entry that it was told in its term to be in the log there; 0 for none
    Match(NodeId, Number),
}

/// A role of Figure 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleWord {
    /// `follower`
    Follower,
    /// `candidate`
    Candidate,
    /// `leader`
    Leader,
}

/// `N`, `N at least`, `N at most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub value: u64,
    /// The comparison.
    pub bound: Bound,
}

/// A comparison with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// exactly
    Exactly,
    /// `at least`
    AtLeast,
    /// `at most`
    AtMost,
}
