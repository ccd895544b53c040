//! What each property says, as the title of a scenario that violates it.

use crate::oracle::Property;

/// One sentence of what must hold.
pub(super) fn sentence(property: Property) -> &'static str {
    match property {
        Property::ElectionSafety => "At most one leader in a term",
        Property::OneVotePerTerm => "A server votes for at most one candidate in a term",
        Property::LeaderAppendOnly => "A leader never overwrites or deletes entries of its log",
        Property::LogMatching => {
            "Two logs with an entry of the same index and term are the same up to it"
        }
        Property::LeaderCompleteness => "Leaders of later terms hold what was committed before",
        Property::StateMachineSafety => {
            "No two servers commit or apply different entries at one index"
        }
        Property::CommittedNeverTruncated => {
            "A server never truncates what it knows to be committed"
        }
        Property::CommitOwnTerm => {
            "A leader commits by counting replicas only of entries of its own term"
        }
        Property::QuorumDurability => "What a leader commits is on the disks of a majority",
        Property::Monotonicity => "Term, vote, commit index and last applied do not go back",
        Property::LogTerms => "Terms do not decrease along a log nor exceed the server's own",
        Property::FollowerMatchesLeader => {
            "A follower that reports success has the leader's log up to there"
        }
        Property::MatchIndex => "What a leader takes to be on a follower's disk is there",
        Property::NoRivalEntry => {
            "A candidate with a majority of the votes has no rival's entry of its term anywhere"
        }
        Property::LegalRoles => "Roles change along the arrows of Figure 4 only",
        Property::Snapshots => {
            "A snapshot stands for what is committed and applied, and says what it comes to"
        }
        Property::Configurations => {
            "Configurations change one after another, and their quorums share a server"
        }
        Property::PersistBeforeSend => "No message leaves before what it promises is durable",
        Property::ExactlyOnce => {
            "A command in a session is executed once, and clients are told of what is applied"
        }
        Property::Reads => "A read is as recent as all that clients were told of before",
        Property::NoPanic => "A server does not come to an end by itself",
        Property::BoundedSteps => "A run comes to its end within a bounded number of steps",
        Property::ElectionTimer => "Who hears from no leader and gives no vote stands in time",
        Property::Voting => "A request for a vote is answered as log and term demand",
        Property::Appending => "An AppendEntries is answered as log and term demand",
        Property::Installing => "An InstallSnapshot is answered as the receiver's state demands",
        Property::Leading => "A leader speaks to every other server, from nextIndex on",
        Property::Limits => "No message and no leader exceeds the limits that are set",
        Property::Committing => "What a majority holds is committed and applied at once",
        Property::HandingOver => "A leader hands over in the order of the dissertation",
        Property::QuorumCheck => "A leader that hears from no quorum steps down, and no other",
        Property::SessionRules => "Sessions open, are used and expire in the order of the log",
        Property::ChangeRules => "A change of the configuration is carried on as it should be",
        Property::Answering => "Clients and administrators are told what is so, once it is",
        Property::LeaderEmerges => "A leader is elected once a quorum can talk",
        Property::Progress => "What a client proposes is committed once a quorum can talk",
        Property::Convergence => "All who can be reached come to hold and apply the same log",
        Property::ChangeCompletes => "A change of the configuration comes to an end",
        Property::TransferEnds => "A transfer of leadership comes to an end",
        Property::EverybodyAnswered => "Whoever asked a server that lives is answered",
        Property::NetworkDrains => "Between heartbeats nothing is left to be said",
        Property::Linearizability => "Clients see what they would see of one register",
    }
}
