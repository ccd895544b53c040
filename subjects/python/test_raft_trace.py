"""The lines that raft_trace writes. If RAFT_SIM names the program, it judges them as well."""

import json
import os
import subprocess
import tempfile
import unittest

from raft_trace import Trace


class Lines(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "n1.jsonl")

    def open(self):
        trace = Trace("n1", self.path)
        self.addCleanup(trace.close)
        return trace

    def lines(self):
        with open(self.path, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        for line in lines:
            self.assertEqual(line.pop("server"), "n1")
            self.assertIsInstance(line.pop("time"), int)
        return lines

    def test_each_event_is_a_line(self):
        trace = self.open()
        trace.follower(4)
        trace.candidate(5)
        trace.leader(5)
        trace.vote(6, "n2")
        trace.append(5, [{"term": 5}, {"term": 5, "command": "x"}])
        trace.append(7, [])
        trace.commit(6)
        trace.apply(6, term=5, command="x")
        trace.apply(7, digest=9)
        trace.snapshot(7, 5)
        trace.install(9, 6)
        trace.durable(12)
        expected = [
            {"event": "follower", "term": 4},
            {"event": "candidate", "term": 5},
            {"event": "leader", "term": 5},
            {"event": "vote", "term": 6, "candidate": "n2"},
            {"event": "append", "from": 5, "entries": [{"term": 5}, {"term": 5, "command": "x"}]},
            {"event": "append", "from": 7, "entries": []},
            {"event": "commit", "commitIndex": 6},
            {"event": "apply", "index": 6, "term": 5, "command": "x"},
            {"event": "apply", "index": 7, "digest": 9},
            {"event": "snapshot", "lastIncludedIndex": 7, "lastIncludedTerm": 5},
            {"event": "install", "lastIncludedIndex": 9, "lastIncludedTerm": 6},
            {"event": "durable", "events": 12},
        ]
        self.assertEqual(self.lines(), expected)

    def test_missing_arguments_of_a_start_are_left_out(self):
        trace = self.open()
        trace.start(current_term=3, last_log=(4, 2))
        trace.start(current_term=3, last_log=(4, 2), voted_for=None)
        trace.start(current_term=3, last_log=(4, 2), voted_for="n2", last_applied=0, voters=["n1"])
        always = {"event": "start", "currentTerm": 3, "lastLogIndex": 4, "lastLogTerm": 2}
        optional = [{}, {"votedFor": None}, {"votedFor": "n2", "lastApplied": 0, "voters": ["n1"]}]
        self.assertEqual(self.lines(), [{**always, **more} for more in optional])

    def test_a_file_is_gone_on_with_and_a_line_that_was_cut_off_is_dropped(self):
        self.open().leader(3)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write('{"server":"n1","ev')
        self.open().commit(4)
        self.assertEqual(self.lines(), [{"event": "leader", "term": 3}, {"event": "commit", "commitIndex": 4}])

    def test_it_is_a_trace(self):
        trace = self.open()
        trace.start(current_term=0, last_log=(0, 0), voted_for=None, voters=["n1"])
        trace.durable(1)
        trace.candidate(1)
        trace.leader(1)
        trace.append(1, [{"term": 1}, {"term": 1, "command": "x=1"}])
        trace.durable(4)
        trace.commit(2)
        trace.apply(1)
        trace.apply(2, term=1, command="x=1")
        trace.snapshot(2, 1)
        trace.start(current_term=1, last_log=(2, 1))
        trace.durable(1)
        trace.follower(1)
        self.assertEqual(len(self.lines()), 13)
        if "RAFT_SIM" in os.environ:
            judged = subprocess.run(
                [os.environ["RAFT_SIM"], "check-trace", self.path], capture_output=True, text=True, check=False
            )
            self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)


if __name__ == "__main__":
    unittest.main()
