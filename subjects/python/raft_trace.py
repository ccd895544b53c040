"""Writes the events of one server of a running cluster, for `raft-sim check-trace`.

    trace = Trace("n1", "n1.jsonl")
    trace.start(current_term=0, last_log=(0, 0), voted_for=None, voters=["n1", "n2", "n3"])
    trace.candidate(1)
    trace.leader(1)
    trace.append(1, [{"term": 1}, {"term": 1, "command": "x=1"}])
    trace.commit(2)
    trace.apply(2, term=1, command="x=1")

Write each event once it is on stable storage, and before another server or a client can learn of it: before the answer to
the RPC, before the messages of the candidate or the leader. Any thread may write; hold the lock that guards your Raft's
state while you do, so that events come in the order in which they happened. docs/traces.md has the format.
"""

import json
import os
import threading
import time


#: The default of an argument that is left out. `None` means something else: that there is no vote.
UNSAID = object()


class Trace:
    """The trace of one server. Each event is a line, written at once.

    If the file exists, events are appended: a server that starts again opens the same file, and writes `start`. For a new
    trace delete the old file.
    """

    def __init__(self, server, path):
        self._server = server
        self._lock = threading.Lock()
        self._file = open(path, "ab+", buffering=0)
        self._drop_cut_line()

    def _drop_cut_line(self):
        """Drops the rest of a line in the middle of which the server died."""
        self._file.seek(0)
        whole = self._file.read().rfind(b"\n") + 1
        self._file.truncate(whole)
        self._file.seek(0, os.SEEK_END)

    def _write(self, event, **fields):
        line = {"server": self._server, "event": event, "time": time.time_ns(), **fields}
        with self._lock:
            self._file.write((json.dumps(line) + "\n").encode())

    def start(self, current_term, last_log, voted_for=UNSAID, last_applied=None, voters=None):
        """The server starts with this on its disk; `last_log` is the last entry's (index, term), (0, 0) if there is none.

        `voted_for` is None if it has not voted in this term; leave it out if it is unknown. `last_applied` is the index up to
        which its state machine has applied the log, if known. `voters` are those of the first configuration: give them if the
        configuration never changes, or if you write the entries that change it.
        """
        fields = {} if voted_for is UNSAID else {"votedFor": voted_for}
        optional = {"lastApplied": last_applied, "voters": voters}
        fields.update({name: value for name, value in optional.items() if value is not None})
        index, term = last_log
        self._write("start", currentTerm=current_term, lastLogIndex=index, lastLogTerm=term, **fields)

    def follower(self, term):
        """It becomes follower, or comes to a new term as one."""
        self._write("follower", term=term)

    def candidate(self, term):
        """It stands for election, and votes for itself."""
        self._write("candidate", term=term)

    def leader(self, term):
        """It is elected."""
        self._write("leader", term=term)

    def vote(self, term, candidate):
        """It votes for another server."""
        self._write("vote", term=term, candidate=candidate)

    def append(self, index, entries):
        """It puts entries into its log from this index on; whatever was there from that index on is gone.

        An entry is {"term": 3} with "command" or "digest", or, if it is a configuration, "voters", "outgoing" (C_old)
        and "learners".
        """
        self._write("append", **{"from": index, "entries": entries})

    def commit(self, commit_index):
        """Its commitIndex is this now."""
        self._write("commit", commitIndex=commit_index)

    def apply(self, index, **entry):
        """Its state machine applies an entry, given as in `append`; here `term` may be left out, too."""
        self._write("apply", index=index, **entry)

    def snapshot(self, index, term):
        """It takes a snapshot of its own up to here."""
        self._write("snapshot", lastIncludedIndex=index, lastIncludedTerm=term)

    def install(self, index, term):
        """It installs a snapshot that its leader sent."""
        self._write("install", lastIncludedIndex=index, lastIncludedTerm=term)

    def durable(self, events):
        """This number of its events since its last `start`, the start included, is on stable storage.

        If you write this once, write it behind each `start`, and on all servers: no other event then means that something is
        durable.
        """
        self._write("durable", events=events)

    def close(self):
        """Closes the file."""
        self._file.close()
