"""A subject in Python as a process: its standard output is the conversation, whatever else is printed."""

import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LOUD = """
import os, subprocess
import raft_subject, template

print("import")

class Loud(template.MyRaft):
    def on_tick(self):
        print("print")
        os.write(1, b"write\\n")
        subprocess.run(["echo", "child"])

raft_subject.main(Loud)
"""


class Process(unittest.TestCase):
    def test_it_answers_line_by_line_whatever_is_printed_and_ends_with_its_input(self):
        requests = [
            {"do": "hello", "protocol": 1},
            {"do": "reset", "seed": 1},
            {"do": "boot", "server": 1, "now": 0, "peers": [1], "settings": {}},
            {"do": "tick", "server": 1, "now": 1},
            {"do": "propose", "server": 1, "now": 2, "request": 7, "command": "x"},
        ]
        lines = "".join(json.dumps(request) + "\n" for request in requests)
        # What is printed while modules are imported is caught only if Python keeps it for a while.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        run = subprocess.run(
            [sys.executable, "-c", LOUD],
            cwd=HERE,
            env=env,
            input=lines,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        answers = [json.loads(line) for line in run.stdout.splitlines()]
        self.assertEqual(len(answers), len(requests))
        self.assertEqual(answers[0]["name"], "my-raft")
        self.assertEqual(answers[2]["view"]["role"], "follower")
        self.assertEqual(answers[3], {})
        self.assertEqual(answers[4]["answers"][0]["is"], "not-leader")
        self.assertEqual(run.stderr, "import\nprint\nwrite\nchild\n")


if __name__ == "__main__":
    unittest.main()
