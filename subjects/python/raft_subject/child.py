"""The conversation with raft-sim: one line for each line. docs/subject-protocol.md describes the lines."""

from __future__ import annotations

import gc
import json
import os
import random
import sys
from typing import Any

from .server import Refused, Server, Unsupported, crashed
from .model import Record

PROTOCOL = 1

_STEPS = {
    "tick": lambda server, request: server.on_tick(),
    "receive": Server._receive,
    "propose": Server._propose,
    "persisted": Server._persisted,
    "apply": lambda server, request: server.on_apply(),
    "read": lambda server, request: server.on_read(request["request"]),
    "register": lambda server, request: server.on_register(request["request"]),
    "change": lambda server, request: server.on_change(
        request["request"], request.get("voters", []), request.get("learners", [])
    ),
    "transfer": lambda server, request: server.on_transfer(request["request"], request["to"]),
    "compact": lambda server, request: server.on_compact(request["request"]),
}


class Child:
    """All servers of a cluster, in one process: one answer for each request."""

    def __init__(self, server_class: type[Server]) -> None:
        self._class = server_class
        self._servers: dict[int, Server] = {}

    def answer(self, request: dict) -> dict:
        """The answer to a request. An exception in a server is one too: the server crashed."""
        do = request.get("do", "")
        try:
            step = _STEPS.get(do)
            if step is not None:
                return self._servers[request["server"]]._step(request, step)
            if do == "boot":
                server = self._servers[request["server"]] = self._class()
                return server._start(request)
            if do == "reset":
                # For a Raft that draws from `random`: the same cluster gets the same draws.
                random.seed(request.get("seed", 0))
                self._servers.clear()
                return {}
            if do == "hello":
                return self._hello()
            raise Unsupported(do)
        except Refused as error:
            return {"status": "refused", "reason": str(error)}
        except Unsupported as error:
            return {"status": "unsupported", "reason": f"can't {error}"}
        except (Exception, SystemExit) as error:
            return crashed(error)

    def _hello(self) -> dict:
        """The name and capabilities of the Raft. Mistakes in them are reported before any other request."""
        capabilities = self._class.capabilities
        where = f"{self._class.__name__}.capabilities"
        if isinstance(capabilities, str):
            raise Refused(f"{where} is the text {capabilities!r}; expected a tuple of texts, as ({capabilities!r},)")
        if "slow-disk" in capabilities and self._class.on_persisted is Server.on_persisted:
            raise Refused(f"{where} has slow-disk; expected that on_persisted is filled in")
        return {"protocol": PROTOCOL, "name": self._class.name, "capabilities": list(capabilities)}

    def text(self, request: dict) -> str:
        """The same, as the line that raft-sim reads."""
        answer = self.answer(request)
        try:
            return _encode(answer)
        except (TypeError, ValueError, RecursionError) as error:
            return _encode(crashed(error))


def _as_fields(thing: Any) -> dict:
    """The fields of an object that `json` can't encode by itself."""
    if isinstance(thing, Record):
        return thing.__dict__
    raise TypeError(f"{thing!r} can't be sent: JSON has no {type(thing).__name__}")


_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=_as_fields).encode


def main(server_class: type[Server]) -> None:
    """Answers raft-sim until it has no more to ask."""
    child = Child(server_class)
    # The standard output is for answers alone: all other output goes to the standard error, also text that was printed
    # before and is still buffered.
    requests, answers = sys.stdin.buffer, open(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout.flush()
    sys.stdout = sys.stderr
    if requests.isatty():
        print("This program answers raft-sim: raft-sim test --subject 'python3 …'. Waiting for its requests.")
    decode = json.JSONDecoder().decode
    # Objects that exist by now stay: the collector need not look at them again.
    gc.freeze()
    for line in requests:
        try:
            request = decode(line.decode())
        except ValueError as error:
            sys.exit(f"no request: {error}; expected an object of JSON on one line")
        answers.write(child.text(request).encode())
        answers.write(b"\n")
        answers.flush()
