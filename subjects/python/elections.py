"""The example with what the dissertation adds to elections: PreVote, CheckQuorum, and the transfer of leadership.

It shows how a Raft grows: each feature is a setting, and a capability that brings its scenarios.
"""

from __future__ import annotations

from example import FOLLOWER, LEADER, Raft
from raft_subject import Boot, Message, main


class Elections(Raft):
    """One server."""

    name = "example in Python, with more about elections"
    capabilities = (*Raft.capabilities, "pre-vote", "loyal-pre-vote", "check-quorum", "transfer")

    def on_boot(self, boot: Boot) -> None:
        self.loyal = 0  # ticks for which it believes that there is a leader
        self.handover: dict | None = None
        super().on_boot(boot)

    def restart_timer(self) -> None:
        super().restart_timer()
        self.supporters: set[int] | None = None  # servers that would vote for it, while it asks

    def step_down(self) -> None:
        if self.role == LEADER:
            self.loyal = 0
        self.supporters = None
        if self.handover:
            self.answer(self.handover["request"], "done")
            self.handover = None
        super().step_down()

    def on_tick(self) -> None:
        longest = self.settings.electionTimeout[1]
        if self.role == LEADER:
            self.ticks += 1
            # Diss. §6.2: a leader steps down if an election timeout elapses without a majority having answered.
            recent = sum(self.ticks - answered < longest for answered in self.answered.values())
            if self.settings.checkQuorum and recent + 1 < self.majority:
                return self.step_down()
            if self.handover and self.ticks - self.handover["began"] >= longest:
                # Diss. §3.10: if it does not come about within an election timeout, this server leads on.
                self.answer(self.handover["request"], "rejected")
                self.handover = None
            return super().on_tick()
        self.loyal = max(0, self.loyal - 1)
        if self.settings.preVote and self.elapsed + 1 >= self.timeout:
            self.ask()
        else:
            super().on_tick()

    def ask(self) -> None:
        """PreVote (diss. §9.6): asks whether it could win before it stands. Neither term nor vote change."""
        self.role, self.leader = FOLLOWER, None
        self.restart_timer()
        self.supporters = set()
        last = len(self.log) - 1
        for server in self.others:
            self.hold("PreVote", server, lastLogIndex=last, lastLogTerm=self.log[last].term)
        self.supported(self.server)

    def on_pre_vote(self, message: Message) -> None:
        """It would vote, if the log is good enough and there is no leader to be loyal to."""
        granted = (
            message.term == self.currentTerm
            and self.loyal == 0
            and self.role != LEADER
            and self.is_up_to_date(message.lastLogTerm, message.lastLogIndex)
        )
        self.hold("PreVoteReply", message.from_, voteGranted=granted)

    def on_pre_vote_reply(self, message: Message) -> None:
        """A server says if it would vote for this one."""
        if message.term == self.currentTerm and message.voteGranted and message.from_ in self.others:
            self.supported(message.from_)

    def supported(self, server: int) -> None:
        """If a majority would vote for it, it stands."""
        if self.supporters is not None:
            self.supporters.add(server)
            if len(self.supporters) >= self.majority:
                self.stand()

    def stand(self, **more: object) -> None:
        self.loyal = 0
        super().stand(**more)

    def on_message(self, message: Message) -> None:
        """§6, diss. §4.2.3: a server that believes that there is a leader disregards requests for its vote, unless that leader
        asked for the election. This would not be live if leaders without a quorum did not step down."""
        candidacy = message.type == "PreVote" or message.type == "RequestVote" and not message.transfer
        if not (candidacy and self.settings.checkQuorum and (self.loyal > 0 or self.role == LEADER)):
            super().on_message(message)

    def on_append_entries(self, message: Message) -> None:
        super().on_append_entries(message)
        if self.role == FOLLOWER and self.leader == message.from_ and message.term == self.currentTerm:
            self.loyal = self.settings.electionTimeout[0]

    def lead(self) -> None:
        self.ticks = 0
        self.answered = {server: 0 for server in self.others}
        super().lead()

    def on_append_reply(self, message: Message) -> None:
        if self.role == LEADER and message.term == self.currentTerm and message.from_ in self.answered:
            self.answered[message.from_] = self.ticks
        super().on_append_reply(message)
        self.hand_over()

    def on_propose(self, request: int, command: str) -> None:
        if self.handover:
            self.answer(request, "busy")
        else:
            super().on_propose(request, command)

    def on_transfer(self, request: int, to: int) -> None:
        """Diss. §3.10: proposals wait, the target is brought up to date, and then asked to stand."""
        if self.role != LEADER:
            self.answer(request, "not-leader", leader=self.leader)
        elif self.handover or to not in self.peers:
            self.answer(request, "rejected")
        else:
            self.handover = {"request": request, "to": to, "began": self.ticks, "asked": False}
            self.hand_over()

    def hand_over(self) -> None:
        """Asks the target to stand at once, when it has all of the log."""
        over = self.handover
        if over and not over["asked"] and self.peers[over["to"]].matchIndex == len(self.log) - 1:
            over["asked"] = True
            self.send_now(Message("TimeoutNow", over["to"], self.currentTerm))

    def on_timeout_now(self, message: Message) -> None:
        """The leader asks this server to stand."""
        if self.role == FOLLOWER and message.term == self.currentTerm:
            self.stand(transfer=True)

    HANDLERS = {
        **Raft.HANDLERS,
        "PreVote": "on_pre_vote",
        "PreVoteReply": "on_pre_vote_reply",
        "TimeoutNow": "on_timeout_now",
    }


if __name__ == "__main__":
    main(Elections)
