"""A small, complete Raft under raft-sim: elections, replication and persistence, as Figure 2 of the paper reads.

Each rule says where it stands. What the paper leaves to the implementation (how many requests may be under way, and when to
send again) is in `Peer`, `Raft.replicate` and `Raft.on_refusal`. No configuration changes, no snapshots, no reads.
"""

from __future__ import annotations

from collections import deque
from hashlib import blake2b
from typing import Any

from raft_subject import Boot, Entry, Message, Refused, Server, View, main

FOLLOWER, CANDIDATE, LEADER = "follower", "candidate", "leader"


class Peer:
    """A leader's knowledge of one follower (Figure 2, volatile state on leaders)."""

    __slots__ = ("server", "nextIndex", "matchIndex", "probing", "asked", "recovered")

    def __init__(self, server: int, nextIndex: int) -> None:
        self.server = server
        self.nextIndex = nextIndex
        self.matchIndex = 0
        # While it is not known where the logs part, one request at a time finds out. Then they follow one another unanswered.
        self.probing = True
        # A probe is under way.
        self.asked = False
        # A refusal makes void what was sent, up to here. Until that is acknowledged there are probes only: else each of
        # the refusals behind it would have all of it sent again.
        self.recovered = 0


class Raft(Server):
    """One server."""

    name = "example in Python"
    # Beyond §5; then what Figure 2 says and another Raft may do otherwise; then how it uses its disk; then the rules that it keeps
    # to the letter in every step.
    capabilities = (
        *("forge", "reports", "no-op", "fast-backup", "tail-limit", "flow-control"),
        "figure-2",
        *("slow-disk", "parallel-disk", "disk-notices", "durable-state-machine", "apply-queue", "apply-ahead"),
        *("strict-timer", "strict-votes", "strict-appending"),
    )

    def on_boot(self, boot: Boot) -> None:
        """§5.2: when servers start up, they begin as followers. §5.5: after a crash too, from what is on disk."""
        if boot.applied > len(boot.log):
            raise Refused("the state machine has applied more than the log holds")
        self.settings = boot.settings
        self.others = [server for server in boot.peers if server != self.server]
        self.majority = len(boot.peers) // 2 + 1
        # Persistent state. Before the first entry is one that stands for "none".
        self.currentTerm, self.votedFor = boot.currentTerm, boot.votedFor
        self.log = [Entry(0), *boot.log]
        self.saved = (self.currentTerm, self.votedFor)
        # Volatile state. What a state machine that survives crashes has applied was committed.
        self.commitIndex = self.lastApplied = boot.applied
        self.role = FOLLOWER
        self.leader: int | None = None
        self.waiting: dict[int, list] = {}  # clients: index → [(term of the entry, request)]
        self.timeout_is_of = -1
        self.restart_timer()

    def view(self) -> View:
        """Figure 2's state."""
        return View(self.role, self.currentTerm, self.votedFor, self.commitIndex, self.lastApplied, self.leader)

    # Rules for all servers

    def on_message(self, message: Message) -> None:
        """Servers 2 (§5.1): if RPC request or response contains term T > currentTerm, set currentTerm = T, be a follower."""
        if message.term > self.currentTerm:
            self.step_down()
            self.currentTerm, self.votedFor = message.term, None
        if message.type in self.HANDLERS:
            getattr(self, self.HANDLERS[message.type])(message)
        self.keep()

    def step_down(self) -> None:
        """Becomes a follower that knows of no leader. Its election timer goes on, if it has one."""
        if self.role == LEADER:
            self.restart_timer()
        self.role, self.leader = FOLLOWER, None

    def keep(self) -> None:
        """Figure 2: persistent state is updated on stable storage before responding to RPCs."""
        if self.saved != (self.currentTerm, self.votedFor):
            self.saved = (self.currentTerm, self.votedFor)
            self.vote_token = self.save(currentTerm=self.currentTerm, votedFor=self.votedFor)

    def hold(self, type: str, to: int, **fields: Any) -> None:
        """Sends a message that rests on this server's disk: `send` holds it until the writes before it are durable."""
        self.keep()
        self.send(Message(type, to, self.currentTerm, **fields))

    def commit(self, index: int) -> None:
        """Servers 1 (§5.3): if commitIndex > lastApplied, increment lastApplied, apply log[lastApplied]."""
        self.commitIndex = max(self.commitIndex, index)
        if self.settings.applyLimit is None:
            self.apply_to(self.commitIndex)

    def on_apply(self) -> None:
        """Lets a slow state machine apply as many entries as its queue holds."""
        self.apply_to(min(self.commitIndex, self.lastApplied + (self.settings.applyLimit or 0)))

    def apply_to(self, index: int) -> None:
        """Leaders 2 (§5.3): respond after entry applied to state machine. Answers the clients that wait for this index."""
        while self.lastApplied < index:
            self.lastApplied += 1
            entry = self.log[self.lastApplied]
            self.apply(self.lastApplied, entry)
            for term, request in self.waiting.pop(self.lastApplied, ()):
                if term == entry.term:
                    self.answer(request, "committed", index=self.lastApplied)
                else:
                    self.answer(request, "superseded")

    # Elections (§5.2, §5.4.1)

    def restart_timer(self) -> None:
        """§5.2: chosen randomly from a fixed interval. Once for each term, and from nothing but the seed, so that
        timeouts stay the same when a run is shrunk."""
        self.elapsed = 0
        if self.timeout_is_of != self.currentTerm:
            self.timeout_is_of = self.currentTerm
            shortest, longest = self.settings.electionTimeout
            what = f"{self.settings.seed} {self.server} {self.currentTerm}".encode()
            drawn = int.from_bytes(blake2b(what, digest_size=8).digest(), "big")
            self.timeout = shortest + drawn % (longest - shortest + 1)

    def on_tick(self) -> None:
        """Followers 2, Candidates 4: if election timeout elapses. Leaders 1: heartbeats during idle periods."""
        self.elapsed += 1
        if self.role == LEADER:
            if self.elapsed >= self.settings.heartbeat:
                self.elapsed = 0
                self.send_heartbeats()
        elif self.elapsed >= self.timeout:
            self.stand()

    def stand(self, **more: Any) -> None:
        """Candidates 1: increment currentTerm, vote for self, reset election timer, send RequestVote to all others.

        `more` are fields of these requests beside those of the paper.
        """
        self.role, self.leader = CANDIDATE, None
        self.currentTerm, self.votedFor = self.currentTerm + 1, self.server
        self.votes: set[int] = set()
        self.restart_timer()
        self.keep()  # its own vote counts when this is durable
        last = len(self.log) - 1
        for server in self.others:
            self.hold("RequestVote", server, lastLogIndex=last, lastLogTerm=self.log[last].term, **more)

    def on_request_vote(self, message: Message) -> None:
        """RequestVote, receiver implementation."""
        # 1: reply false if term < currentTerm. 2: if votedFor is null or candidateId, and candidate's log is at least as
        # up-to-date as receiver's log, grant vote.
        candidate = message.from_
        granted = (
            message.term == self.currentTerm
            and self.votedFor in (None, candidate)
            and self.is_up_to_date(message.lastLogTerm, message.lastLogIndex)
        )
        if granted:
            self.votedFor = candidate
            self.restart_timer()
        self.hold("RequestVoteReply", candidate, voteGranted=granted)

    def is_up_to_date(self, lastLogTerm: int, lastLogIndex: int) -> bool:
        """§5.4.1: the log whose last entry has the later term is more up-to-date; if the same, the longer one."""
        return (lastLogTerm, lastLogIndex) >= (self.log[-1].term, len(self.log) - 1)

    def on_vote(self, message: Message) -> None:
        """The answer to a RequestVote. One of an older term counts for nothing (§5.1)."""
        if self.role == CANDIDATE and message.term == self.currentTerm and message.voteGranted:
            if message.from_ in self.others:
                self.voted(message.from_)

    def voted(self, server: int) -> None:
        """Candidates 2: if votes received from majority of servers: become leader."""
        self.votes.add(server)
        if len(self.votes) >= self.majority:
            self.lead()

    # Followers (§5.3)

    def on_append_entries(self, message: Message) -> None:
        """AppendEntries, receiver implementation."""
        leader, prev, new = message.from_, message.prevLogIndex, message.entries
        # 1: reply false if term < currentTerm.
        if message.term < self.currentTerm:
            return self.hold("AppendEntriesReply", leader, success=False, prevLogIndex=prev)
        # Election Safety: no other server leads this term.
        if self.role == LEADER:
            return self.report(f"S{leader} sends AppendEntries of the term that this server leads")
        # Candidates 3: if AppendEntries received from new leader: convert to follower.
        self.role, self.leader = FOLLOWER, leader
        self.restart_timer()
        terms = [message.prevLogTerm, *[entry.term for entry in new], message.term]
        if terms != sorted(terms):
            return self.report(f"S{leader} sends entries whose terms can't be")
        # 2: reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm.
        if prev >= len(self.log) or self.log[prev].term != message.prevLogTerm:
            return self.refuse(leader, prev)
        # 3: if an existing entry conflicts with a new one, delete the existing entry and all that follow it.
        # 4: append any new entries not already in the log. What is there already stays, with all behind it.
        for index, entry in enumerate(new, prev + 1):
            if index == len(self.log) or self.log[index].term != entry.term:
                if index <= self.commitIndex:
                    return self.report(f"S{leader} would replace entry {index}, which is committed")
                self.keep()  # first the term, then entries of it
                self.log[index:] = new[index - prev - 1 :]
                self.save(from_=index, entries=self.log[index:])
                break
        # 5: if leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry).
        last = prev + len(new)
        self.commit(min(message.leaderCommit, last))
        self.hold("AppendEntriesReply", leader, success=True, matchIndex=last)

    def refuse(self, leader: int, prev: int) -> None:
        """End of §5.3: the term of the conflicting entry and the first index stored for it; or where the log ends."""
        index, term = len(self.log), 0
        if prev < index:
            index, term = prev, self.log[prev].term
            while self.log[index - 1].term == term:
                index -= 1
        self.hold(
            "AppendEntriesReply", leader, success=False, prevLogIndex=prev, conflictIndex=index, conflictTerm=term
        )

    # Leaders (§5.3, §5.4.2)

    def lead(self) -> None:
        """Reinitialized after election: nextIndex to last log index + 1, matchIndex to 0. §8: a no-op comes first."""
        self.role, self.leader = LEADER, self.server
        self.elapsed = 0
        self.peers = {server: Peer(server, len(self.log)) for server in self.others}
        # Its own disk counts like any other's, when it has the entries (diss. §10.2.1).
        self.own_matchIndex = 0
        self.own_writes: deque = deque()  # (token, last index)
        self.append(Entry(self.currentTerm, type="no-op"))

    def append(self, entry: Entry) -> None:
        """Appends an entry, on disk and, without waiting for that, to the followers."""
        self.log.append(entry)
        last = len(self.log) - 1
        self.own_writes.append((self.save(from_=last, entries=[entry]), last))
        for peer in self.peers.values():
            self.replicate(peer)

    def on_propose(self, request: int, command: str) -> None:
        """Leaders 2: if command received from client: append entry to local log."""
        if self.role != LEADER:
            self.answer(request, "not-leader", leader=self.leader)
        elif len(self.log) - 1 - self.commitIndex >= self.settings.uncommittedLimit:
            self.answer(request, "busy")
        else:
            self.waiting.setdefault(len(self.log), []).append((self.currentTerm, request))
            self.append(Entry(self.currentTerm, command=command))

    def replicate(self, peer: Peer) -> None:
        """Leaders 3: if last log index ≥ nextIndex for a follower: send AppendEntries starting at nextIndex."""
        while peer.nextIndex < len(self.log) and not (peer.probing and peer.asked):
            room = self.settings.window
            if not peer.probing:
                room -= peer.nextIndex - 1 - peer.matchIndex
            most = min(room, self.settings.entriesPerMessage)
            if most <= 0:
                return
            entries = self.log[peer.nextIndex : peer.nextIndex + most]
            size = 0
            for count, entry in enumerate(entries):
                size += len(entry.command)
                if size > self.settings.bytesPerMessage and count > 0:
                    del entries[count:]
                    break
            self.append_entries(peer, entries)
            if peer.probing:
                peer.asked = True
            else:
                peer.nextIndex += len(entries)

    def send_heartbeats(self) -> None:
        """Leaders 1. Each speaks of the entry before nextIndex, so that a follower that lost a request says so."""
        for peer in self.peers.values():
            peer.asked = False
            self.append_entries(peer, [])

    def append_entries(self, peer: Peer, entries: list) -> None:
        """AppendEntries guarantees nothing about the leader's own disk."""
        prev = peer.nextIndex - 1
        self.send_now(
            Message(
                "AppendEntries",
                peer.server,
                self.currentTerm,
                prevLogIndex=prev,
                prevLogTerm=self.log[prev].term,
                entries=entries,
                leaderCommit=self.commitIndex,
            )
        )

    def on_append_reply(self, message: Message) -> None:
        """The answer to an AppendEntries. One of an older term says nothing of this one (§5.1)."""
        if self.role != LEADER or message.term < self.currentTerm:
            return
        peer = self.peers.get(message.from_)
        if peer is None or message.matchIndex >= len(self.log):
            return self.report(f"S{message.from_} acknowledges what it was not sent")
        if not message.success:
            # Without these it refused a request of an older term.
            if message.conflictIndex is not None and message.conflictTerm is not None:
                self.on_refusal(peer, message.prevLogIndex, message.conflictIndex, message.conflictTerm)
        elif message.matchIndex > peer.matchIndex:
            # If successful: update nextIndex and matchIndex for follower.
            peer.matchIndex = message.matchIndex
            peer.nextIndex = max(peer.nextIndex, peer.matchIndex + 1)
            peer.asked = False
            peer.probing = peer.matchIndex < peer.recovered
            self.advance_commit()
        self.matched(peer.server, peer.matchIndex)
        self.replicate(peer)

    def on_refusal(self, peer: Peer, prev: int, conflictIndex: int, conflictTerm: int) -> None:
        """If AppendEntries fails because of log inconsistency: decrement nextIndex and retry, a term at a time."""
        # A late refusal: of what is acknowledged by now, or of what is not under way any more.
        if prev <= peer.matchIndex or prev >= peer.nextIndex or (peer.probing and prev != peer.nextIndex - 1):
            return
        # If this log has the conflicting term the logs may agree up to its last entry, else nowhere in that term.
        retry = prev
        while self.log[retry].term > conflictTerm:
            retry -= 1
        retry = retry + 1 if self.log[retry].term == conflictTerm > 0 else conflictIndex
        if not peer.probing:
            peer.recovered = peer.nextIndex - 1
        peer.nextIndex = max(min(retry, prev), peer.matchIndex + 1)
        peer.probing, peer.asked = True, False

    def on_persisted(self, token: int) -> None:
        """The disk has what this server wrote: its own vote, or its own entries, count from now on."""
        if self.role == CANDIDATE and token >= self.vote_token:
            self.voted(self.server)
        elif self.role == LEADER and self.own_writes and self.own_writes[0][0] <= token:
            while self.own_writes and self.own_writes[0][0] <= token:
                self.own_matchIndex = self.own_writes.popleft()[1]
            self.advance_commit()

    def advance_commit(self) -> None:
        """Leaders 4: if there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and
        log[N].term == currentTerm: set commitIndex = N (§5.3, §5.4)."""
        matches = sorted([self.own_matchIndex, *[peer.matchIndex for peer in self.peers.values()]])
        index = matches[-self.majority]
        if index > self.commitIndex and self.log[index].term == self.currentTerm:
            self.commit(index)

    HANDLERS = {
        "RequestVote": "on_request_vote",
        "RequestVoteReply": "on_vote",
        "AppendEntries": "on_append_entries",
        "AppendEntriesReply": "on_append_reply",
    }


if __name__ == "__main__":
    main(Raft)
