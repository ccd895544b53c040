"""Puts a Raft written in Python under raft-sim. README.md next to this file is the way in.

Make a subclass of `Server`, fill in the methods that begin with `on_`, and call `main` with it. raft-sim calls these
methods; in them you call `save`, `send`, `apply` and `answer` to report what your Raft did. There is nothing else: no clock, no
network, no disk and no thread, since raft-sim owns them.

Names are those of Figure 2 of the Raft paper, spelled as there, and index 0 is "none". docs/subject-protocol.md describes
each. This module makes no decision that belongs to a Raft.
"""

from .child import PROTOCOL, Child, main
from .server import Refused, Server, Unsupported
from .model import Boot, Entry, Message, Settings, View

__all__ = [
    "PROTOCOL",
    "Boot",
    "Child",
    "Entry",
    "Message",
    "Refused",
    "Server",
    "Settings",
    "Unsupported",
    "View",
    "main",
]
