"""The example in other styles: each does in a legal way of its own what the paper leaves open.

Scenarios may not require more than the paper says. Each style here must pass all those of section 5 that it claims to be able
to do: `python3 styles.py NAME`.
"""

import sys

from example import LEADER, Peer, Raft
from raft_subject import Boot, Message, main


class Heartbeats(Raft):
    """What is refused or lost is sent again with the next heartbeat, and not before."""

    name = "example that sends again with heartbeats only"

    refused = False

    def on_append_reply(self, message: Message) -> None:
        self.refused = not message.success
        super().on_append_reply(message)
        self.refused = False

    def replicate(self, peer: Peer) -> None:
        if not self.refused:
            super().replicate(peer)

    def send_heartbeats(self) -> None:
        super().send_heartbeats()
        for peer in self.peers.values():
            self.replicate(peer)


class Whole(Raft):
    """A request carries all that its follower lacks, however much: there is no limit of entries or bytes."""

    name = "example that sends everything in one message"
    capabilities = tuple(one for one in Raft.capabilities if one != "flow-control")

    def on_boot(self, boot: Boot) -> None:
        super().on_boot(boot)
        self.settings.entriesPerMessage = self.settings.bytesPerMessage = self.settings.window = 1 << 30


class Forgetful(Raft):
    """A leader that steps down forgets its clients: it tells them that it does not know."""

    name = "example that does not know after it steps down"

    def step_down(self) -> None:
        if self.role == LEADER:
            for waiting in self.waiting.values():
                for _, request in waiting:
                    self.answer(request, "unknown")
            self.waiting = {}
        super().step_down()


STYLES = {"heartbeats": Heartbeats, "whole": Whole, "forgetful": Forgetful}

if __name__ == "__main__":
    main(STYLES[sys.argv[1]])
