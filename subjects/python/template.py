"""Copy this file and put your Raft in: comments in each method say what belongs there.

As it stands it is a follower that ignores messages and sends none: raft-sim can talk to it, and finds that no server leads.
"""

from raft_subject import Boot, Entry, Message, Server, View, main


class MyRaft(Server):
    """One server. Make one of your Raft's objects in `on_boot`, keep it in `self`, and pass events on to it."""

    name = "my-raft"

    # The capabilities of your Raft beyond the paper's §5: the names are in docs/subject-protocol.md. Begin with none. The first to
    # think of are "no-op" (a new leader appends one), "fast-backup" (a refusal says where the logs part), "forge" (it takes any
    # message that is described in Figure 2's terms, even with nothing of yours in `own`), and "slow-disk" (it goes on while
    # the disk writes; without it, `save` is a call that returns when all is durable).
    capabilities = ()

    def on_boot(self, boot: Boot) -> None:
        # Your Raft starts, from what its disk has: boot.currentTerm, boot.votedFor and boot.log, a list of Entry with
        # `term` and `command`. boot.peers are the voters of the first configuration, this one (boot.server) among them;
        # there are none for a server that is added later.
        # boot.settings.electionTimeout is [shortest, longest] in ticks, boot.settings.heartbeat a number of ticks. Draw
        # timeouts from a random.Random of your own, made of boot.settings.seed and self.server.
        self.term = boot.currentTerm
        self.vote = boot.votedFor
        self.log = boot.log

    def on_tick(self) -> None:
        # A tick of your timer: perhaps the election timeout has elapsed now, or a heartbeat is due. For a Raft that looks at
        # the clock, self.now is the time in microseconds, and a tick is 10 ms of it when nothing disturbs clocks.
        pass

    def on_message(self, message: Message) -> None:
        # A message: message.type says which, message.from_ who sent it, and fields are named as in Figure 2. Your own
        # message, if you sent one along, is message.own. If it is a reply that was sent with self.reply(call, …),
        # message.call is the request.
        #
        # Where your Raft writes to disk, call
        #     self.save(currentTerm=…, votedFor=…)          both, always
        #     self.save(from_=index, entries=[Entry(…)])    log[index:] = entries
        #     self.save_all(currentTerm, votedFor, log)     if it writes all of its state each time
        # and where it sends,
        #     self.send(Message("AppendEntriesReply", to=2, term=3, success=True, matchIndex=5, own=…))
        # in the same order. Messages after a save wait for the disk; those before it do not.
        pass

    def on_propose(self, request: int, command: str) -> None:
        # A client's command. The leader appends it, and answers when it is committed and applied:
        #     self.apply(index, entry)                             for each entry, in order
        #     self.answer(request, "committed", index=index)
        self.answer(request, "not-leader", leader=None)

    def view(self) -> View:
        # The state after each step, as your Raft has it.
        return View("follower", self.term, self.vote, commitIndex=0, lastApplied=0, leader=None)


if __name__ == "__main__":
    main(MyRaft)
