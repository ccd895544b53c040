"""One server under test: its events, its effects, and their order. It makes no decision that belongs to a Raft."""

from __future__ import annotations

import copy
import operator
import os
import traceback
from typing import Any, Optional

from .model import ANSWER, OUTCOME, SENT, Boot, Entry, Message, View, check

HERE = os.path.dirname(__file__)


class Refused(Exception):
    """Raise it in `on_boot`, with a reason, if the server can't boot from what it is given."""


class Unsupported(Exception):
    """Your Raft can't do this, and does not claim it in `capabilities`."""


class Server:
    """One server. Fill in what begins with `on_`, and `view`; call the rest.

    Keep all state in the object: a class attribute or a global that changes would be shared by servers that share nothing.
    `self.server` is who it is, 1 for S1, and `self.now` the virtual time in microseconds.
    """

    #: The name of your Raft in reports.
    name = "raft"
    #: Its capabilities: see the table in docs/subject-protocol.md.
    capabilities: tuple = ()

    server: int
    now: int

    # The methods that raft-sim calls.

    def on_boot(self, boot: Boot) -> None:
        """It boots from its durable state, as a follower: at first from nothing, later after each crash. It sends nothing yet."""
        raise NotImplementedError("on_boot is to be filled in")

    def on_tick(self) -> None:
        """Its clock ticks once. All of Raft's timing is counted in these."""
        raise NotImplementedError("on_tick is to be filled in")

    def on_message(self, message: Message) -> None:
        """A message reaches it."""
        raise NotImplementedError("on_message is to be filled in")

    def on_propose(self, request: int, command: str) -> None:
        """A client hands it a command, to be answered under the name `request`."""
        raise NotImplementedError("on_propose is to be filled in")

    def view(self) -> View:
        """Its state, asked for after each step."""
        raise NotImplementedError("view is to be filled in")

    def on_persisted(self, token: int) -> None:
        """The write `token` is durable, and all before it. Only with the capability `slow-disk`."""
        raise NotImplementedError("who claims slow-disk fills in on_persisted")

    def on_apply(self) -> None:
        """The state machine applies the entries that it was handed and has not applied yet (`apply-queue`)."""
        raise Unsupported("apply")

    def on_read(self, request: int) -> None:
        """A client reads without an entry in the log (`reads`)."""
        raise Unsupported("read")

    def on_register(self, request: int) -> None:
        """A client opens a session (`sessions`)."""
        raise Unsupported("register")

    def on_propose_once(self, request: int, command: str, session: int, serial: int) -> None:
        """A command to be executed once (`sessions`)."""
        raise Unsupported("propose in a session")

    def on_change(self, request: int, voters: list, learners: list) -> None:
        """An administrator requests this configuration (`membership`, `joint`)."""
        raise Unsupported("change")

    def on_transfer(self, request: int, to: int) -> None:
        """An administrator requests that another server lead (`transfer`)."""
        raise Unsupported("transfer")

    def on_compact(self, request: int) -> None:
        """The state machine is to take a snapshot in place of the log (`snapshots`)."""
        raise Unsupported("compact")

    # The methods that you call.

    def save(
        self,
        *,
        currentTerm: Optional[int] = None,
        votedFor: Optional[int] = None,
        commitIndex: Optional[int] = None,
        truncate: Optional[int] = None,
        from_: Optional[int] = None,
        entries: Any = (),
        snapshot: Optional[dict] = None,
        blob: Optional[str] = None,
    ) -> int:
        """Writes to disk: currentTerm and votedFor (always together), `log[from_:] = entries`, a snapshot, commitIndex, if your
        Raft keeps that on its disk (in Figure 2 it is volatile), and `blob`, a text of your own that comes back in `boot.blob`.
        `truncate` cuts the log off from this index on, before all else, for a Raft that does so and appends in one write.

        Returns the token that `on_persisted` gets for it. Writes become durable in the order in which you make them.
        Without `slow-disk` the call is one that blocks: go on as if it were durable.
        """
        if currentTerm is None and votedFor is not None:
            raise TypeError("save was given votedFor without currentTerm: they are written together")
        if from_ is None and truncate is None and entries:
            raise TypeError("save was given entries and no index that they are written from (from_)")
        self._token += 1
        write: dict = {"token": self._token}
        if currentTerm is not None:
            write["currentTerm"] = currentTerm
            write["votedFor"] = votedFor
        if commitIndex is not None:
            write["commitIndex"] = commitIndex
        if truncate is not None:
            write["truncate"] = truncate
            write["entries"] = list(entries)
        if from_ is not None:
            write["from"] = from_
            write["entries"] = list(entries)
        if blob is not None:
            write["blob"] = blob
        if snapshot is not None:
            write["snapshot"] = snapshot
        self._list("writes").append(write)
        return self._token

    def save_all(self, currentTerm: int, votedFor: Optional[int], log: list) -> int:
        """For a Raft that writes all of its state each time: writes what has changed. `log` has an `Entry` for index 1 and on.

        Returns the token of the latest write, which is an earlier one if nothing has changed.
        """
        old_term, old_vote, old_log = self._saved
        changes: dict = {}
        if (currentTerm, votedFor) != (old_term, old_vote):
            changes.update(currentTerm=currentTerm, votedFor=votedFor)
        same = _same(log, old_log)
        if not same == len(log) == len(old_log):
            changes.update(from_=same + 1, entries=log[same:])
        self._saved = (currentTerm, votedFor, list(log))
        return self.save(**changes) if changes else self._token

    def send(self, message: Message) -> None:
        """Sends a message, as it is now, once everything is durable that was saved before, in this step or an earlier one: the
        state that the message rests on is then on disk. If no write is under way it leaves at once.

        It does not wait for data that is saved *after* this call, as with a real disk.
        """
        self._post(message, self._under_way())

    def send_now(self, message: Message) -> None:
        """Sends a message, as it is now, at once, whatever is durable. Right for a message that guarantees nothing, such as a
        leader's AppendEntries."""
        self._post(message, 0)

    def reply(self, call: Message, message: Message) -> None:
        """Sends the answer to a message that was received. Its receiver finds that message in `message.call`."""
        self._post(message, self._under_way(), re=call.id)

    def apply(self, index: int, entry: Entry, **outcome: Any) -> None:
        """The state machine applied an entry. `outcome="repeated"` and the like are for sessions."""
        check(outcome, OUTCOME, "an applied entry")
        self._list("applied").append({**entry.__dict__, "index": index, **outcome})

    def restore(self) -> None:
        """The snapshot of the latest write took the place of the state machine's state."""
        self._out["restored"] = True

    def answer(self, request: int, what: str, **more: Any) -> None:
        """Answers a client: `answer(7, "committed", index=4)`, `answer(7, "not-leader", leader=2)`."""
        check(more, ANSWER, "an answer")
        self._list("answers").append({"request": request, "is": what, **more})

    def matched(self, server: int, matchIndex: int) -> None:
        """A leader took an acknowledgement of this follower, whose matchIndex is now this. Optional; there is nothing to say of
        a matchIndex of 0."""
        if "matched" in self._out:
            raise RuntimeError("matched was called twice in a step, which takes one message")
        if matchIndex > 0:
            self._out["matched"] = {"server": server, "matchIndex": matchIndex}

    def report(self, reason: str) -> None:
        """It refused a message that no correct server sends (`reports`)."""
        self._out["refused"] = "; ".join(filter(None, [self._out.get("refused"), reason]))

    def passed(self, view: View) -> None:
        """The server was in this state on its way through the step, for a Raft that takes several things at once: one that
        stands and wins in one step was a candidate in between. The state after the step is not to be said."""
        self._list("views").append(view)

    def swallowed(self, exception: Any) -> None:
        """Your Raft caught this exception itself and went on. raft-sim reports it like a crash."""
        what = f"{type(exception).__name__}: {exception}" if isinstance(exception, BaseException) else str(exception)
        self._out["swallowed"] = "; ".join(filter(None, [self._out.get("swallowed"), what]))

    # Internals.

    _out: dict  # the answer to this step
    _token = 0  # of the latest write
    _durable = 0  # of the latest write that is known to be durable
    _seen: Optional[View] = None  # the view that raft-sim got last

    def _under_way(self) -> int:
        """The latest write, if it is not known to be durable; else 0."""
        return self._token if self._token > self._durable else 0

    def _post(self, message: Message, after: int, **more: Any) -> None:
        """Puts a copy of a message into the answer: the message may be used again, and its lists may grow."""
        fields = {**message.__dict__, **more}
        check(fields, SENT, "a message that is sent")
        if fields.get("entries"):
            fields["entries"] = list(fields["entries"])
        if fields.get("own") is not None:
            fields["own"] = copy.deepcopy(fields["own"])
        if after:
            fields["after"] = after
        self._list("messages").append(fields)

    def _list(self, name: str) -> list:
        """A list of the answer, which has no empty lists."""
        items = self._out.get(name)
        if items is None:
            items = self._out[name] = []
        return items

    def _finish(self) -> dict:
        """The answer to this step, with the view if it changed."""
        out = self._out
        view = self.view()
        passed = out.get("views")
        if passed:
            out["views"] = [dict(zip(View._fields, each)) for each in (*passed, view)]
            self._seen = view
        elif view != self._seen:
            self._seen = view
            out["view"] = dict(zip(View._fields, view))
        self._out = {}
        return out

    def _start(self, request: dict) -> dict:
        self.server = request["server"]
        self.now = request.get("now", 0)
        self._out = {}
        boot = Boot._of(request)
        self._saved = (boot.currentTerm, boot.votedFor, list(boot.log))
        self.on_boot(boot)
        if self._out:
            raise RuntimeError(f"on_boot may not do anything yet, but did: {', '.join(self._out)}")
        return self._finish()

    def _step(self, request: dict, step: Any) -> dict:
        self.now = request.get("now", 0)
        written = self._token
        step(self, request)
        answer = self._finish()
        if "slow-disk" not in self.capabilities:
            self._durable = self._token
        elif self._token > written and request.get("instant"):
            answer["then"] = self._notify(written)
        return answer

    def _notify(self, written: int) -> list:
        """Notifies it at once of its writes behind `written`, and of those made on the way, since the disk takes no time."""
        then: list = []
        try:
            while written < self._token:
                written += 1
                self._durable = written
                self.on_persisted(written)
                then.append(self._finish())
        except (Exception, SystemExit) as error:
            then.append(crashed(error))
        return then

    def _persisted(self, request: dict) -> None:
        token = request["token"]
        # The notification of an earlier write may come later (`disk-notices`).
        if token > self._durable:
            self._durable = token
        self.on_persisted(token)

    def _receive(self, request: dict) -> None:
        message = Message._of(request["message"])
        if "call" in request:
            message.call = Message._of(request["call"])
        self.on_message(message)

    def _propose(self, request: dict) -> None:
        if request.get("session"):
            self.on_propose_once(request["request"], request["command"], request["session"], request["serial"])
        else:
            self.on_propose(request["request"], request["command"])


_fields = operator.attrgetter("__dict__")


def _same(log: list, old_log: list) -> int:
    """How many entries two logs have in common at their beginning."""
    # Mostly one is the beginning of the other, often of the same entries. No step of this is one of the interpreter's.
    if all(map(operator.is_, log, old_log)) or all(map(operator.eq, map(_fields, log), map(_fields, old_log))):
        return min(len(log), len(old_log))
    same = 0
    for new, old in zip(log, old_log):
        if new is not old and new != old:
            break
        same += 1
    return same


_shown: set[str] = set()


def crashed(error: BaseException) -> dict:
    """Reports an error with its place. The whole traceback goes to the terminal, once: a crash is replayed many times."""
    frames = traceback.extract_tb(error.__traceback__)
    where = next((frame for frame in reversed(frames) if os.path.dirname(frame.filename) != HERE), frames[-1])
    place = f"{os.path.basename(where.filename)}, line {where.lineno}, in {where.name}"
    if place not in _shown:
        _shown.add(place)
        traceback.print_exception(type(error), error, error.__traceback__)
    return {"status": "crashed", "reason": f"{type(error).__name__}: {error} ({place})"}
