"""The data that raft-sim and a Raft exchange, in Figure 2's terms: objects with the fields of the JSON that they come from."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional


class Record:
    """Named fields, which are those of the JSON object that it comes from. Missing ones have the default."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({fields})"

    @classmethod
    def _of(cls, fields: dict) -> Any:
        record = cls.__new__(cls)
        record.__dict__ = fields
        return record


class Entry(Record):
    """An entry of the log: `Entry(3, command="x")`, `Entry(3, type="no-op")`. A command is a text without meaning."""

    term: int
    type = "command"
    command = ""
    session = 0
    serial = 0
    voters: Any = ()
    old: Any = ()
    learners: Any = ()

    def __init__(self, term: int, **fields: Any) -> None:
        if not fields.keys() <= _ENTRY:
            raise TypeError(f"an entry has no {_unknown(fields, _ENTRY)}")
        fields["term"] = term
        self.__dict__ = fields

    def __eq__(self, other: object) -> bool:
        """A field that is missing in one may have its default in the other."""
        if not isinstance(other, Entry):
            return False
        if self.__dict__ == other.__dict__:
            return True
        return (
            self.term == other.term
            and self.command == other.command
            and self.type == other.type
            and (self.session, self.serial) == (other.session, other.serial)
            and (self.type != "configuration" or self._servers() == other._servers())
        )

    def _servers(self) -> tuple:
        return tuple(self.voters), tuple(self.old), tuple(self.learners)


class Message(Record):
    """A message: `Message("RequestVote", to=2, term=3, lastLogIndex=7, lastLogTerm=2)`.

    `term` is the sender's currentTerm. `from_` is the sender. `own` is yours: any JSON value, which comes with the message.
    If it is an answer that was sent with `reply`, `call` is the message that it answers, as it was sent.
    """

    type: str
    to: int
    term: int
    lastLogIndex = lastLogTerm = 0
    transfer = False
    voteGranted = False
    prevLogIndex = prevLogTerm = 0
    entries: Any = ()
    leaderCommit = 0
    round = 0
    success = False
    matchIndex = 0
    conflictIndex: Optional[int] = None
    conflictTerm: Optional[int] = None
    lastIncludedIndex = lastIncludedTerm = 0
    voters: Any = ()
    old: Any = ()
    learners: Any = ()
    offset = size = received = 0
    request = index = 0
    data = ""
    what = ""
    own: Any = None
    id: Optional[int] = None
    call: Optional[Message] = None

    def __init__(self, type: str, to: int, term: int, **fields: Any) -> None:
        if not fields.keys() <= _MESSAGE:
            raise TypeError(f"a message has no {_unknown(fields, _MESSAGE)}")
        fields["type"] = type
        fields["to"] = to
        fields["term"] = term
        self.__dict__ = fields

    @property
    def from_(self) -> int:
        """The sender."""
        return self.__dict__["from"]

    @classmethod
    def _of(cls, fields: dict) -> Message:
        if fields.get("entries"):
            fields["entries"] = [Entry._of(entry) for entry in fields["entries"]]
        message = cls.__new__(cls)
        message.__dict__ = fields
        return message


_ENTRY = frozenset(["type", "command", "session", "serial", "voters", "old", "learners"])
_MESSAGE = frozenset(name for name in vars(Message) if name[0] != "_") - {"from_", "id", "call"}
SENT = _MESSAGE | {"type", "to", "term", "re", "after"}
ANSWER = frozenset(["index", "session", "leader"])
OUTCOME = frozenset(["outcome", "session"])


def check(fields: Any, known: frozenset, what: str) -> None:
    """Fields that raft-sim does not know would be lost on the way."""
    if not fields.keys() <= known:
        raise TypeError(f"{what} has no {_unknown(fields, known)}")


def _unknown(fields: dict, known: frozenset) -> str:
    return f"{', '.join(sorted(fields.keys() - known))}; it may have {', '.join(sorted(known))}"


class View(NamedTuple):
    """A server's whole state, in Figure 2's terms."""

    role: str  # "follower", "candidate" or "leader"
    currentTerm: int
    votedFor: Optional[int] = None
    commitIndex: int = 0
    lastApplied: int = 0
    leader: Optional[int] = None
    snapshot: int = 0
    configuration: int = 0
    state: int = 0


class Settings(Record):
    """Timing and limits, in the server's own ticks. Take what you can: the timing always."""

    seed: int
    electionTimeout: list
    heartbeat: int
    entriesPerMessage: int
    bytesPerMessage: int
    window: int
    uncommittedLimit: int
    preVote = False
    checkQuorum = False
    leaseDrift: Optional[int] = None
    changes = "shortest"
    catchUpRounds = 10
    snapshotChunk = 1 << 16
    applyLimit: Optional[int] = None
    sessions = 1000


class Boot(Record):
    """The state that a server boots with: its durable state, and nothing else."""

    server: int
    now: int
    life = 1  # the number of this boot: 1 for the first, whatever is on the disk, and more after each crash
    peers: Any = ()  # the voters of the first configuration, this server among them; none for one that is added later
    members: Any = ()  # the voters of the first configuration, also for a server that is added later
    settings: Settings
    currentTerm = 0
    votedFor: Optional[int] = None
    blob: Optional[str] = None  # the latest that it wrote to disk
    snapshot: Optional[dict] = None
    log: Any = ()  # of Entry; the first has index 1, or the one behind the snapshot
    commitIndex = 0  # the latest that it wrote to disk
    applied = 0  # the index up to which a state machine that survives crashes has applied the log

    @classmethod
    def _of(cls, fields: dict) -> Boot:
        fields["settings"] = Settings._of(fields.get("settings", {}))
        fields["log"] = [Entry._of(entry) for entry in fields.get("log", ())]
        return super()._of(fields)
