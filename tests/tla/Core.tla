-------------------------------- MODULE Core --------------------------------
(* The model of `docs/exploration.md`, written a second time: what a server of `raft-core` does at the     *)
(* settings of an exploration, what the network does, and what the bounds permit. TLC counts its states;   *)
(* `raft-sim explore` counts those of the code. `compare` runs both, and the counts must be equal.         *)
(*                                                                                                         *)
(* It says *what* the code does, not how: no memory, no buffers, no order where there is none.             *)
(* Its granularity is the code's: one action is one event at one server, with all that follows from it at  *)
(* that server once its writes are durable (disks are instant).                                            *)
(*                                                                                                         *)
(* Not in it: slow disks, PreVote, CheckQuorum, leases. Limits that no small history reaches (the window,  *)
(* the size of a message or of a part of a snapshot, the patience with a server that joins) are not there  *)
(* either: all that a server lacks goes into one message.                                                  *)
(*                                                                                                         *)
(* A caution for whoever edits it: TLC takes each side of a disjunction, and each value of an existential  *)
(* quantifier, that stands in an action for a transition of its own. Counts stay right because all choices *)
(* are in `Next`; everything below is made of expressions and of conditions in `IF`.                       *)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS
    Voters,      \* number of the servers of the first configuration
    Joiners,     \* number of further servers, which boot without a configuration
    Terms,       \* the highest term
    Entries,     \* most commands proposed
    Duplicates,  \* most messages delivered that stay in flight
    Crashes,     \* most crashes
    Heartbeats,  \* most heartbeats
    Reads,       \* most reads
    Members,     \* most changes of the configuration
    Snapshots,   \* most snapshots
    Transfers,   \* most requests to hand leadership to another server
    Timeouts     \* most election timeouts; 0 if only the terms bound them

VARIABLES
    server,      \* server -> its state
    flight,      \* message in flight -> how many copies of it
    used         \* bounded action -> how often it was taken

vars == <<server, flight, used>>

Servers == 1..(Voters + Joiners)

None == 0        \* no server, no index, no term: all of these count from 1

-----------------------------------------------------------------------------
(* Numbers and bags. *)

Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a > b THEN a ELSE b
Greatest(S) == CHOOSE a \in S : \A b \in S : b <= a

Bag(S) == [m \in S |-> 1]
Count(bag, m) == IF m \in DOMAIN bag THEN bag[m] ELSE 0
Sum(a, b) ==
    IF DOMAIN b = {} THEN a
    ELSE [m \in DOMAIN a \cup DOMAIN b |-> Count(a, m) + Count(b, m)]
Without(bag, m) ==
    IF bag[m] > 1 THEN [bag EXCEPT ![m] = @ - 1]
    ELSE [other \in DOMAIN bag \ {m} |-> bag[other]]

-----------------------------------------------------------------------------
(* Logs. An entry is its term and its content: the command of this number, or the configuration of these   *)
(* voters, or neither, which is the no-op of a new leader. A position is <<index, term>>.                  *)

Noop(term) == [term |-> term, command |-> None, voters |-> {}]
Command(term, number) == [term |-> term, command |-> number, voters |-> {}]
Configuration(term, voters) == [term |-> term, command |-> None, voters |-> voters]

Nowhere == <<None, None>>

(* A snapshot: the position of its last entry, the configuration and the commands up to there. The         *)
(* commands are a set: in every log they stand in the order of their numbers.                              *)
NoSnapshot == [last |-> Nowhere, voters |-> {}, commands |-> {}]

(* A server `s` has the entries behind its snapshot in `s.log`; these are all indexes. *)
Start(s) == s.snapshot.last[1]
LastIndex(s) == Start(s) + Len(s.log)
Indexes(s) == (Start(s) + 1)..LastIndex(s)
Entry(s, index) == s.log[index - Start(s)]
EntriesFrom(s, index) == SubSeq(s.log, index - Start(s), Len(s.log))
EntriesUpTo(s, index) == SubSeq(s.log, 1, index - Start(s))

(* The last entry in the snapshot still has a term; those before it are known to be committed. *)
TermAt(s, index) ==
    IF index \in Indexes(s) THEN Entry(s, index).term
    ELSE IF index = Start(s) THEN s.snapshot.last[2] ELSE None
Position(s, index) == IF TermAt(s, index) = None THEN Nowhere ELSE <<index, TermAt(s, index)>>
Last(s) == Position(s, LastIndex(s))
Has(s, position) ==
    IF TermAt(s, position[1]) = None THEN position[1] < Start(s) ELSE Position(s, position[1]) = position

(* Section 5.4.1: the later last term wins; in the same term, the longer log. *)
AtLeastAsUpToDate(one, other) ==
    IF one[2] = other[2] THEN one[1] >= other[1] ELSE one[2] > other[2]

-----------------------------------------------------------------------------
(* Configurations (section 6). The latest one in the log is in force, committed or not. Before it comes    *)
(* that of the snapshot, or the first one; a server that joins has none.                                   *)

FirstConfiguration(id) == IF id <= Voters THEN 1..Voters ELSE {}

ConfigurationIndexes(s) == {index \in Indexes(s) : Entry(s, index).voters # {}}

(* The index of the latest configuration up to an index; None if it is in no entry that the log has. *)
LatestUpTo(s, last) == Greatest({index \in ConfigurationIndexes(s) : index <= last} \cup {None})
ConfigurationIndex(s) == LatestUpTo(s, LastIndex(s))

ConfigurationUpTo(id, s, last) ==
    IF LatestUpTo(s, last) # None THEN Entry(s, LatestUpTo(s, last)).voters
    ELSE IF s.snapshot # NoSnapshot THEN s.snapshot.voters ELSE FirstConfiguration(id)
InForce(id, s) == ConfigurationUpTo(id, s, LastIndex(s))

(* The configuration before the one in force. *)
BeforeInForce(id, s) ==
    IF ConfigurationIndex(s) = None THEN InForce(id, s) ELSE ConfigurationUpTo(id, s, ConfigurationIndex(s) - 1)

(* Dissertation 4.2.2: a voter may stand; and one that is removed by an entry not known to be committed. *)
MayStand(id, s) ==
    IF id \in InForce(id, s) THEN TRUE
    ELSE ConfigurationIndex(s) > s.commit /\ id \in BeforeInForce(id, s)

IsQuorum(S, voters) == 2 * Cardinality(S \cap voters) > Cardinality(voters)

(* The highest number that a majority of the voters has reached. *)
ReachedByMajority(voters, number) ==
    Greatest({number[v] : v \in {w \in voters : IsQuorum({u \in voters : number[u] >= number[w]}, voters)}})

-----------------------------------------------------------------------------
(* The state of a server. Parts that belong to another role have their empty value. *)

NoChange == [request |-> None, voters |-> {}, joiner |-> None, end |-> None, age |-> 0]
NoHandover == [request |-> None, to |-> None, sent |-> FALSE, age |-> 0]

Booted ==
    [role |-> "follower", term |-> 0, vote |-> None, log |-> <<>>, snapshot |-> NoSnapshot,
     commit |-> None,
     leader |-> None,        \* the leader that it knows of; itself if it leads
     believes |-> "none",    \* in a current leader: "none", "leader", "itself" (dissertation 4.2.3)
     waiting |-> {},         \* requests that wait: <<index, term, request>>
     votes |-> {},           \* a candidate's votes
     peers |-> <<>>,         \* a leader's knowledge of the servers that receive the log
     latest |-> 0,           \* its latest round of heartbeats
     confirmed |-> 0,        \* the latest round that a quorum has answered
     early |-> <<>>,         \* reads from before an entry of its term was committed: their requests
     pending |-> <<>>,       \* reads that wait for a round of heartbeats: <<request, index, round>>
     change |-> NoChange,    \* the change under way, while a new voter catches up
     handover |-> NoHandover]    \* leadership on its way to another server

(* A leader's progress of a server at the election (Figure 2), or when the server joins. *)
Fresh(s) ==
    [next |-> LastIndex(s) + 1, matched |-> None, round |-> 0, void |-> 0,
     state |-> "probing",         \* or "streaming" or "installing"
     inFlight |-> FALSE,          \* while it probes or installs: a request is in flight
     installing |-> NoSnapshot]   \* the snapshot on its way

(* A step under way: the server, its state, what it sends, and what it holds for itself until its own      *)
(* write is durable (its own vote, its own acknowledgement). `over`: it is not to lead any longer.         *)
Begin(id) == [id |-> id, s |-> server[id], sends |-> <<>>, own |-> <<>>, over |-> FALSE]

(* Sends a message of the current term; one to itself is held. *)
Send(x, m) ==
    IF m.to = x.id THEN [x EXCEPT !.own = Append(@, m)] ELSE [x EXCEPT !.sends = Sum(@, Bag({m}))]

-----------------------------------------------------------------------------
(* Messages. *)

RequestVote(x, to, transfer) ==
    [kind |-> "RequestVote", from |-> x.id, to |-> to, term |-> x.s.term, last |-> Last(x.s),
     transfer |-> transfer]
TimeoutNow(x, to) ==
    [kind |-> "TimeoutNow", from |-> x.id, to |-> to, term |-> x.s.term]
RequestVoteReply(x, to, granted) ==
    [kind |-> "RequestVoteReply", from |-> x.id, to |-> to, term |-> x.s.term, granted |-> granted]
AppendEntries(x, to, prev, entries) ==
    [kind |-> "AppendEntries", from |-> x.id, to |-> to, term |-> x.s.term, prev |-> prev,
     entries |-> entries, commit |-> x.s.commit, round |-> x.s.latest]

InstallSnapshot(x, to, snapshot) ==
    [kind |-> "InstallSnapshot", from |-> x.id, to |-> to, term |-> x.s.term, snapshot |-> snapshot,
     round |-> x.s.latest]

(* One kind for both results: `refused` tells them apart. `conflict` is the first index of the term that   *)
(* conflicts, and that term; <<index, None>> if the log ends before; Nowhere if the request is of an       *)
(* older term.                                                                                             *)
Reply(x, to, refused, matched, prev, conflict, round) ==
    [kind |-> "AppendEntriesReply", from |-> x.id, to |-> to, term |-> x.s.term, refused |-> refused,
     matched |-> matched, prev |-> prev, conflict |-> conflict, round |-> round]
Success(x, to, matched, round) == Reply(x, to, FALSE, matched, None, Nowhere, round)
Refused(x, to, prev, conflict, round) == Reply(x, to, TRUE, None, prev, conflict, round)

-----------------------------------------------------------------------------
(* Replication: a leader sends to these servers what they lack, as far as it may send now. If the next     *)
(* entry is discarded, its snapshot goes first (section 7); the one that it began with, until that has     *)
(* arrived.                                                                                                *)

Replicate(x, to) ==
    LET s == x.s
        peers == s.peers
        lacks == {p \in (to \cap DOMAIN peers) \ {x.id} : peers[p].next <= LastIndex(s) /\ ~peers[p].inFlight}
        isDiscarded(p) == peers[p].next <= Start(s)
        sent(p) ==
            IF isDiscarded(p)
            THEN [peers[p] EXCEPT !.state = "installing", !.inFlight = TRUE,
                                  !.installing = IF @ = NoSnapshot THEN s.snapshot ELSE @]
            ELSE IF peers[p].state = "streaming" THEN [peers[p] EXCEPT !.next = LastIndex(s) + 1]
            ELSE [peers[p] EXCEPT !.inFlight = TRUE]
        request(p) ==
            IF isDiscarded(p) THEN InstallSnapshot(x, p, sent(p).installing)
            ELSE AppendEntries(x, p, Position(s, peers[p].next - 1), EntriesFrom(s, peers[p].next))
    IN  IF lacks = {} THEN x
        ELSE [x EXCEPT !.sends = Sum(@, Bag({request(p) : p \in lacks})),
                       !.s.peers = [p \in DOMAIN peers |-> IF p \in lacks THEN sent(p) ELSE peers[p]]]

(* The servers that receive the log: those of the configuration in force, the leader, one that joins. *)
RefreshPeers(x) ==
    LET known == x.s.peers
        joining == {x.s.change.joiner} \ {None}
        all == InForce(x.id, x.s) \cup {x.id} \cup joining
    IN  [x EXCEPT !.s.peers = [p \in all |-> IF p \in DOMAIN known THEN known[p] ELSE Fresh(x.s)]]

(* A new entry at the end of a leader's log. It acknowledges it to itself once it is durable. *)
InLog(x, entry) == [x EXCEPT !.s.log = Append(@, entry)]
SentOn(x) == Replicate(Send(x, Success(x, x.id, LastIndex(x.s), x.s.latest)), Servers)

AppendEntry(x, entry) == SentOn(InLog(x, entry))
AppendConfiguration(x, voters) == SentOn(RefreshPeers(InLog(x, Configuration(x.s.term, voters))))

(* The client of the last entry waits. *)
Wait(x, request) == [x EXCEPT !.s.waiting = @ \cup {<<LastIndex(x.s), x.s.term, request>>}]

-----------------------------------------------------------------------------
(* Roles. *)

(* What a leader knows, and a candidate's votes, go with the role. *)
AsFollower(s) ==
    [s EXCEPT !.role = "follower", !.leader = None, !.votes = {}, !.peers = <<>>, !.latest = 0,
              !.confirmed = 0, !.early = <<>>, !.pending = <<>>, !.change = NoChange,
              !.handover = NoHandover,
              !.believes = IF s.role = "leader" THEN "none" ELSE @]

(* Section 5.1: a later term makes a follower of any server. The belief in a leader outlives the term. *)
Adopt(x, term) == [x EXCEPT !.s = [AsFollower(@) EXCEPT !.term = term, !.vote = None]]

(* Section 5.2: an election. `transfer`: the leader wanted it. *)
Stand(x, transfer) ==
    LET s == [AsFollower(x.s) EXCEPT !.role = "candidate", !.term = @ + 1, !.vote = x.id, !.believes = "none"]
        y == [x EXCEPT !.s = s]
        others == InForce(x.id, s) \ {x.id}
    IN  Send([y EXCEPT !.sends = Bag({RequestVote(y, to, transfer) : to \in others})],
             RequestVoteReply(y, x.id, TRUE))

(* A new leader begins with a no-op (section 8). *)
Elected(x) ==
    LET s == [x.s EXCEPT !.role = "leader", !.leader = x.id, !.believes = "itself", !.votes = {}]
        y == RefreshPeers([x EXCEPT !.s = s])
    IN  AppendEntry(y, Noop(y.s.term))

-----------------------------------------------------------------------------
(* A leader's rules. *)

(* Dissertation 6.4: a round of heartbeats. A request that probes may have been lost: another may follow.   *)
(* The latest round that a quorum has answered confirms that this server led when the round began. Reads    *)
(* that waited for it are answered; those that came since need the next round.                             *)
RECURSIVE ConfirmRound(_)

BeginRound(x) ==
    LET round == x.s.latest + 1
        y == [x EXCEPT !.s.latest = round,
                       !.s.peers = [p \in DOMAIN @ |->
                            [@[p] EXCEPT !.inFlight = @ /\ p = x.id,
                                         !.round = IF p = x.id THEN round ELSE @]]]
        known(p) == Position(x.s, x.s.peers[p].next - 1)
        \* If that entry is discarded: the last one in the snapshot.
        prev(p) == IF known(p) = Nowhere THEN x.s.snapshot.last ELSE known(p)
        heartbeats == {AppendEntries(y, p, prev(p), <<>>) : p \in DOMAIN y.s.peers \ {x.id}}
    IN  ConfirmRound([y EXCEPT !.sends = Sum(@, Bag(heartbeats))])

ReadRound(x) ==
    LET pending == x.s.pending
        underWay == \E i \in 1..Len(pending) : pending[i][3] <= x.s.latest
    IN  IF pending = <<>> \/ underWay THEN x ELSE BeginRound(x)

ConfirmRound(x) ==
    LET s == x.s
        voters == InForce(x.id, s)
        round == ReachedByMajority(voters, [v \in voters |-> s.peers[v].round])
        waits(read) == read[3] > round
    IN  IF round <= s.confirmed THEN x
        ELSE ReadRound([x EXCEPT !.s.confirmed = round, !.s.pending = SelectSeq(@, waits)])

HasCommittedInTerm(s) == TermAt(s, s.commit) = s.term

(* Before an entry of its term is committed, a leader's commit index is not known to be current. *)
TakeRead(x, request) ==
    IF HasCommittedInTerm(x.s)
    THEN ReadRound([x EXCEPT !.s.pending = Append(@, <<request, x.s.commit, x.s.latest + 1>>)])
    ELSE [x EXCEPT !.s.early = Append(@, request)]

RECURSIVE TakeReads(_, _)
TakeReads(x, requests) ==
    IF requests = <<>> THEN x ELSE TakeReads(TakeRead(x, Head(requests)), Tail(requests))

(* Section 5.4.2: by counting replicas, only entries of the leader's own term are committed. A leader that *)
(* is not in a committed configuration leads no longer.                                                    *)
AdvanceCommit(x) ==
    LET s == x.s
        voters == InForce(x.id, s)
        index == ReachedByMajority(voters, [v \in voters |-> s.peers[v].matched])
        removed == ConfigurationIndex(s) <= index /\ x.id \notin voters
    IN  IF index > s.commit /\ TermAt(s, index) = s.term
        THEN TakeReads([x EXCEPT !.s.commit = index, !.s.early = <<>>, !.over = removed], s.early)
        ELSE x

(* A new voter that has what the log had when the change began has caught up: the configuration follows.   *)
(* (Dissertation 4.2.1. A round that takes as long as an election timeout would not do: no history has     *)
(* that many heartbeats.)                                                                                  *)
CatchUp(x) ==
    LET change == x.s.change
        lags == change.joiner # None /\ x.s.peers[change.joiner].matched < change.end
    IN  IF change = NoChange \/ lags \/ x.s.handover # NoHandover THEN x
        ELSE Wait(AppendConfiguration([x EXCEPT !.s.change = NoChange], change.voters), change.request)

(* Dissertation 3.10: once the target has all of the log, it is told to stand for election at once. *)
HandOver(x) ==
    LET to == x.s.handover.to
    IN  IF to = None \/ x.s.handover.sent \/ x.s.peers[to].matched # LastIndex(x.s) THEN x
        ELSE Send([x EXCEPT !.s.handover.sent = TRUE], TimeoutNow(x, to))

(* An acknowledgement that is repeated or late changes nothing. *)
Acknowledged(x, p, matched) ==
    LET progress == x.s.peers[p]
        y == [x EXCEPT !.s.peers[p] = [@ EXCEPT !.matched = matched, !.next = Max(@, matched + 1),
                                                !.state = "streaming", !.inFlight = FALSE,
                                                !.installing = NoSnapshot]]
        z == IF matched > y.s.commit THEN AdvanceCommit(y) ELSE y
    IN  IF matched > LastIndex(x.s) THEN x
        ELSE IF matched <= progress.matched THEN Replicate(x, {p})
        ELSE Replicate(HandOver(CatchUp(z)), {p})

(* The end of section 5.3: where to try next. Old refusals are told from new ones, else each of several    *)
(* that follow one lost request would make the leader send everything again.                               *)
Retry(s, progress, prev, conflict) ==
    LET same == {index \in Indexes(s) : Entry(s, index).term = conflict[2]}
        ours == IF same = {} THEN conflict[1] ELSE Greatest(same) + 1
        retry == IF conflict[2] = None THEN conflict[1] ELSE Max(ours, progress.matched + 1)
    \* Discarded entries are committed: the follower may have them. The snapshot is for one that does not have
    \* its last entry.
    IN  IF prev > Start(s) THEN Max(retry, Start(s) + 1) ELSE retry

(* While a snapshot is on its way refusals are expected. *)
IsOldRefusal(progress, prev, retry, round) ==
    CASE progress.state = "streaming" ->
            \/ round < progress.void
            \/ prev <= progress.matched
            \/ retry <= progress.matched
            \/ prev >= progress.next
      [] progress.state = "probing" ->
            \/ prev # progress.next - 1
            \/ prev <= progress.matched
      [] progress.state = "installing" -> TRUE

TakeRefusal(x, p, prev, conflict, round) ==
    LET progress == x.s.peers[p]
        retry == Retry(x.s, progress, prev, conflict)
        next == Max(Min(Max(prev, 1), retry), progress.matched + 1)
        void == IF progress.state = "streaming" THEN x.s.latest + 1 ELSE progress.void
        back == [progress EXCEPT !.next = next, !.void = void, !.state = "probing", !.inFlight = FALSE]
    IN  IF ~IsOldRefusal(progress, prev, retry, round) THEN Replicate([x EXCEPT !.s.peers[p] = back], {p})
        \* One that needs the snapshot refuses every heartbeat: the occasion to send it again.
        ELSE IF progress.next <= Start(x.s) THEN Replicate(x, {p})
        ELSE x

TakeAppendReply(x, m) ==
    LET p == m.from
        round == Min(m.round, x.s.latest)
        news == round > x.s.peers[p].round
        y == [x EXCEPT !.s.peers[p].round = Max(@, round)]
        z == IF m.refused THEN TakeRefusal(y, p, m.prev, m.conflict, m.round)
             ELSE Acknowledged(y, p, m.matched)
    IN  IF m.refused /\ m.conflict = Nowhere THEN x
        ELSE IF p \notin DOMAIN x.s.peers THEN x
        ELSE IF news THEN ConfirmRound(z) ELSE z

-----------------------------------------------------------------------------
(* Receivers of requests. *)

(* RequestVote, receiver implementation (Figure 2). *)
TakeRequestVote(x, m) ==
    LET granted == /\ m.term = x.s.term
                   /\ x.s.vote \in {None, m.from}
                   /\ AtLeastAsUpToDate(m.last, Last(x.s))
        y == IF granted THEN [x EXCEPT !.s.vote = m.from] ELSE x
    IN  Send(y, RequestVoteReply(y, m.from, granted))

TakeVote(x, voter) ==
    LET y == [x EXCEPT !.s.votes = @ \cup {voter}]
    IN  IF IsQuorum(y.s.votes, InForce(x.id, x.s)) THEN Elected(y) ELSE y

(* The place where this log parts from one that has `prev`; Nowhere if it has that entry as well. *)
ConflictAt(s, prev) ==
    LET term == TermAt(s, prev[1])
        before == {index \in Indexes(s) : Entry(s, index).term < term}
    IN  IF prev = Nowhere \/ Has(s, prev) THEN Nowhere
        ELSE IF term = None THEN <<LastIndex(s) + 1, None>>
        ELSE <<Start(s) + Cardinality(before) + 1, term>>

(* The current leader was heard of. *)
Follows(x, leader) ==
    [x EXCEPT !.s = [AsFollower(@) EXCEPT !.leader = leader, !.believes = "leader"]]

(* AppendEntries of the current term, receiver implementation (Figure 2). *)
TakeAppendEntries(x, m) ==
    LET y == Follows(x, m.from)
        s == y.s
        index(i) == m.prev[1] + i
        verified == index(Len(m.entries))
        conflict == ConflictAt(s, m.prev)
        \* Entries that are there already are left alone: from the first that is not there on, they are new.
        lacks == {i \in 1..Len(m.entries) : ~Has(s, <<index(i), m.entries[i].term>>)}
        first == CHOOSE i \in lacks : \A j \in lacks : i <= j
        log == IF lacks = {} THEN s.log
               ELSE EntriesUpTo(s, index(first) - 1) \o SubSeq(m.entries, first, Len(m.entries))
        z == [y EXCEPT !.s.log = log, !.s.commit = Max(@, Min(m.commit, verified))]
        cutsCommitted == lacks # {} /\ index(first) <= s.commit
    IN  IF conflict # Nowhere THEN Send(y, Refused(y, m.from, m.prev[1], conflict, m.round))
        ELSE IF cutsCommitted THEN y
        ELSE Send(z, Success(z, m.from, verified, m.round))

(* InstallSnapshot of the current term, receiver implementation (Figure 13). It arrives in one part. *)
TakeSnapshot(x, m) ==
    LET y == Follows(x, m.from)
        last == m.snapshot.last
        \* The log stays if it has the snapshot's last entry: those up to it are committed then.
        kept == [y EXCEPT !.s.commit = last[1]]
        z == IF last[1] <= y.s.commit THEN y
             ELSE IF Has(y.s, last) THEN kept
             ELSE [kept EXCEPT !.s.log = <<>>, !.s.snapshot = m.snapshot]
    IN  Send(z, Success(z, m.from, last[1], m.round))

-----------------------------------------------------------------------------
(* The way of a message (`node/receive.rs`). *)

Handle(x, m) ==
    LET y == IF m.term > x.s.term THEN Adopt(x, m.term) ELSE x
        current == m.term = y.s.term
    IN  CASE m.kind = "RequestVote" -> TakeRequestVote(y, m)
          [] m.kind = "RequestVoteReply" ->
                IF current /\ m.granted /\ y.s.role = "candidate" THEN TakeVote(y, m.from) ELSE y
          [] m.kind = "AppendEntries" ->
                IF ~current THEN Send(y, Refused(y, m.from, m.prev[1], Nowhere, m.round))
                ELSE IF y.s.role = "leader" THEN y
                ELSE TakeAppendEntries(y, m)
          [] m.kind = "InstallSnapshot" ->
                IF ~current THEN Send(y, Refused(y, m.from, m.snapshot.last[1], Nowhere, m.round))
                ELSE IF y.s.role = "leader" THEN y
                ELSE TakeSnapshot(y, m)
          [] m.kind = "AppendEntriesReply" ->
                IF current /\ y.s.role = "leader" THEN TakeAppendReply(y, m) ELSE y
          [] m.kind = "TimeoutNow" ->
                IF current /\ y.s.role = "follower" /\ MayStand(y.id, y.s) THEN Stand(y, TRUE) ELSE y

(* A reply is refused, its term included, from a server that this one sends no requests. *)
Receive(x, m) ==
    LET isReply == m.kind \in {"RequestVoteReply", "AppendEntriesReply"}
    IN  IF isReply /\ m.from \notin InForce(x.id, x.s) \cup DOMAIN x.s.peers THEN x ELSE Handle(x, m)

(* The end of a step: a leader that is over becomes a follower, committed entries are applied and their    *)
(* clients answered. Then the write is durable, and what was held for it arrives at the server itself: at  *)
(* most one message, since a step appends at most one entry. That is a step again.                         *)
RECURSIVE Settled(_)
Settled(x) ==
    LET s == IF x.over THEN AsFollower(x.s) ELSE x.s
        y == [x EXCEPT !.over = FALSE,
                       !.s = [s EXCEPT !.waiting = {w \in @ : w[1] > s.commit}]]
    IN  IF y.own = <<>> THEN y ELSE Settled(Handle([y EXCEPT !.own = Tail(@)], Head(y.own)))

-----------------------------------------------------------------------------
(* Actions. *)

(* A step of a server: its state, and what it sends, added to what stays in flight. *)
Step(x, stays) ==
    LET y == Settled(x)
    IN  /\ server' = [server EXCEPT ![x.id] = y.s]
        /\ flight' = Sum(stays, y.sends)

Use(what) == used' = [used EXCEPT ![what] = @ + 1]

Timeout(id) ==
    /\ server[id].role # "leader"
    /\ server[id].term < Terms
    /\ MayStand(id, server[id]) = TRUE
    /\ IF Timeouts = 0 THEN TRUE ELSE used.timeouts < Timeouts
    /\ Step(Stand(Begin(id), FALSE), flight)
    /\ IF Timeouts = 0 THEN UNCHANGED used ELSE Use("timeouts")

(* While leadership is handed over nothing is appended: the request is answered, and used up. *)
Propose(id) ==
    LET number == used.entries + 1
        x == Begin(id)
        proposed == Wait(AppendEntry(x, Command(x.s.term, number)), number)
    IN  /\ server[id].role = "leader"
        /\ number <= Entries
        /\ Step(IF x.s.handover = NoHandover THEN proposed ELSE x, flight)
        /\ Use("entries")

Deliver(m) ==
    /\ Step(Receive(Begin(m.to), m), Without(flight, m))
    /\ UNCHANGED used

Duplicate(m) ==
    /\ used.duplicates < Duplicates
    /\ Step(Receive(Begin(m.to), m), flight)
    /\ Use("duplicates")

(* Term, vote, log and snapshot are on the disk. What the snapshot stands for was committed. *)
Crash(id) ==
    LET s == server[id]
        booted == [Booted EXCEPT !.term = s.term, !.vote = s.vote, !.log = s.log, !.snapshot = s.snapshot,
                                 !.commit = Start(s)]
    IN  /\ used.crashes < Crashes
        /\ server' = [server EXCEPT ![id] = booted]
        /\ UNCHANGED flight
        /\ Use("crashes")

(* A tick of a leader. What is under way grows older. *)
Tick(x) ==
    LET older(what, nothing) == IF what = nothing THEN what ELSE [what EXCEPT !.age = @ + 1]
    IN  BeginRound([x EXCEPT !.s.change = older(@, NoChange), !.s.handover = older(@, NoHandover)])

Heartbeat(id) ==
    /\ server[id].role = "leader"
    /\ used.heartbeats < Heartbeats
    /\ Step(Tick(Begin(id)), flight)
    /\ Use("heartbeats")

(* Requests of different kinds have different numbers, as in the explorer. *)
ReadRequest == 100 + used.reads + 1
ChangeRequest == 200 + used.members + 1
TransferRequest == 400 + used.transfers + 1

Read(id) ==
    /\ server[id].role = "leader"
    /\ used.reads < Reads
    /\ Step(TakeRead(Begin(id), ReadRequest), flight)
    /\ Use("reads")

(* One change at a time, and none before an entry of the leader's term is committed (dissertation 4.1). *)
TakesChange(s) ==
    /\ s.change = NoChange
    /\ ConfigurationIndex(s) <= s.commit
    /\ HasCommittedInTerm(s)

BeginChange(x, other, voters) ==
    LET added == other \in voters
        change == [request |-> ChangeRequest, voters |-> voters, joiner |-> IF added THEN other ELSE None,
                   end |-> IF added THEN LastIndex(x.s) ELSE None, age |-> 0]
    IN  CatchUp(Replicate(RefreshPeers([x EXCEPT !.s.change = change]), Servers))

Change(id, other) ==
    LET s == server[id]
        \* A server that joins, and knows no configuration yet, does not lead.
        current == InForce(id, s)
        voters == IF other \in current THEN current \ {other} ELSE current \cup {other}
        x == Begin(id)
        busy == x.s.handover # NoHandover
    IN  /\ server[id].role = "leader"
        /\ used.members < Members
        /\ voters # {}
        /\ (busy \/ TakesChange(x.s)) = TRUE
        /\ Step(IF busy THEN x ELSE BeginChange(x, other, voters), flight)
        /\ Use("members")

Transfer(id, other) ==
    LET x == Begin(id)
        handover == [request |-> TransferRequest, to |-> other, sent |-> FALSE, age |-> 0]
    IN  /\ x.s.role = "leader"
        /\ used.transfers < Transfers
        /\ x.s.handover = NoHandover
        /\ other \in InForce(id, x.s) \ {id}
        /\ Step(HandOver([x EXCEPT !.s.handover = handover]), flight)
        /\ Use("transfers")

(* A server is asked for a snapshot of what it has applied. It must know the configuration up to there. *)
Compact(id) ==
    LET s == server[id]
        voters == ConfigurationUpTo(id, s, s.commit)
        commands == {Entry(s, index).command : index \in (Start(s) + 1)..s.commit} \ {None}
        snapshot == [last |-> Position(s, s.commit), voters |-> voters,
                     commands |-> s.snapshot.commands \cup commands]
    IN  /\ used.snapshots < Snapshots
        /\ s.commit > Start(s)
        /\ voters # {}
        /\ server' = [server EXCEPT ![id].log = EntriesFrom(s, s.commit + 1), ![id].snapshot = snapshot]
        /\ UNCHANGED flight
        /\ Use("snapshots")

Init ==
    /\ server = [id \in Servers |-> Booted]
    /\ flight = <<>>
    /\ used = [entries |-> 0, duplicates |-> 0, crashes |-> 0, heartbeats |-> 0, reads |-> 0,
               members |-> 0, snapshots |-> 0, transfers |-> 0, timeouts |-> 0]

Next ==
    \/ \E id \in Servers : Timeout(id)
    \/ \E id \in Servers : Propose(id)
    \/ \E id \in Servers : Crash(id)
    \/ \E id \in Servers : Heartbeat(id)
    \/ \E id \in Servers : Read(id)
    \/ \E id, other \in Servers : Change(id, other)
    \/ \E id \in Servers : Compact(id)
    \/ \E id, other \in Servers : Transfer(id, other)
    \/ \E m \in DOMAIN flight : Deliver(m)
    \/ \E m \in DOMAIN flight : Duplicate(m)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* Figure 3, as a check of the model itself. *)

ElectionSafety ==
    \A a, b \in Servers :
        (server[a].role = "leader" /\ server[b].role = "leader" /\ server[a].term = server[b].term) => a = b

(* Of entries that both logs have. *)
LogMatching ==
    \A a, b \in Servers : \A i, j \in Indexes(server[a]) \cap Indexes(server[b]) :
        (i <= j /\ TermAt(server[a], j) = TermAt(server[b], j)) => Entry(server[a], i) = Entry(server[b], i)

StateMachineSafety ==
    \A a, b \in Servers : \A i \in Indexes(server[a]) \cap Indexes(server[b]) :
        i <= Min(server[a].commit, server[b].commit) => Entry(server[a], i) = Entry(server[b], i)
=============================================================================
