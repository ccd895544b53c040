"""What a Raft's author can count on from raft_subject, and the example as a cluster of three."""

import contextlib
import io
import json
import os
import random
import sys
import unittest

from broken import Broken
from example import Raft
from raft_subject import Child, Entry, Message, Refused, Server, View

HERE = os.path.dirname(os.path.abspath(__file__))
SETTINGS = {
    "seed": 7,
    "electionTimeout": [10, 20],
    "heartbeat": 1,
    "entriesPerMessage": 64,
    "bytesPerMessage": 1 << 20,
    "window": 1024,
    "uncommittedLimit": 3,
}


def boot(child, server=1, peers=(1, 2, 3), **disk):
    request = {"do": "boot", "server": server, "now": 0, "peers": list(peers), "settings": dict(SETTINGS)}
    return child.answer({**request, **disk})


class Scripted(Server):
    """Does in each step what the test sets: `on_tick` is the test's."""

    capabilities = ("slow-disk",)
    tick = None
    persisted = None
    message = None

    def on_boot(self, boot):
        self.boot = boot
        self.role = "follower"
        self.persisted_tokens = []

    def on_tick(self):
        type(self).tick(self)

    def on_persisted(self, token):
        self.persisted_tokens.append(token)
        if type(self).persisted:
            type(self).persisted(self, token)

    def on_message(self, message):
        type(self).message(self, message)

    def view(self):
        return View(self.role, 1)


def scripted(tick=None, persisted=None, message=None, capabilities=("slow-disk",)):
    """A booted server that does so, its child, and a way to step it, which gives the answer as raft-sim reads it."""
    body = {"tick": tick, "persisted": persisted, "message": message, "capabilities": capabilities}
    child = Child(type("Script", (Scripted,), body))
    boot(child)

    def step(do="tick", **fields):
        request = json.dumps({"do": do, "server": 1, "now": 5, **fields})
        return json.loads(child.text(json.loads(request)))

    return step


def hello(server):
    return Message("RequestVoteReply", to=2, term=1, voteGranted=server.now > 0)


class Order(unittest.TestCase):
    def test_what_is_sent_after_a_save_waits_for_it_and_what_is_sent_before_does_not(self):
        def tick(server):
            server.send(hello(server))
            server.save(currentTerm=1, votedFor=2)
            server.send(hello(server))
            server.send_now(hello(server))

        answer = scripted(tick)()
        self.assertEqual(answer["writes"], [{"token": 1, "currentTerm": 1, "votedFor": 2}])
        self.assertEqual([message.get("after") for message in answer["messages"]], [None, 1, None])

    def test_a_message_is_sent_as_it_is_when_it_is_sent(self):
        def tick(server):
            log = [Entry(1, command="x")]
            message = Message("AppendEntries", to=2, term=1, entries=log, own={"round": [1]})
            for send in (server.send, server.send_now):
                for message.to in (2, 3):
                    send(message)
            server.save(currentTerm=1, votedFor=None)
            server.send(message)
            log.append(Entry(1, command="y"))
            message.own["round"].append(2)
            message.to, message.term = 1, 2

        sent = scripted(tick)()["messages"]
        self.assertEqual([message["to"] for message in sent], [2, 3, 2, 3, 3])
        for message in sent:
            message.pop("after", None)
            del message["to"]
            entries = [{"term": 1, "command": "x"}]
            self.assertEqual(message, {"type": "AppendEntries", "term": 1, "entries": entries, "own": {"round": [1]}})

    def test_a_reply_leaves_the_message_as_it_was(self):
        def message(server, call):
            answer = hello(server)
            server.reply(call, answer)
            server.send(answer)

        request = {"type": "RequestVote", "from": 2, "to": 1, "term": 1, "id": 9}
        sent = scripted(message=message)("receive", message=request)["messages"]
        self.assertEqual([message.get("re") for message in sent], [9, None])

    def test_a_write_of_an_earlier_step_is_waited_for_until_it_is_durable(self):
        def tick(server):
            if server._token == 0:
                server.save(from_=1, entries=[Entry(1, command="x")])
            server.send(hello(server))

        step = scripted(tick)
        self.assertEqual(step()["messages"][0]["after"], 1)
        self.assertEqual(step()["messages"][0]["after"], 1)
        self.assertEqual(step("persisted", token=1), {})
        self.assertNotIn("after", step()["messages"][0])

    def test_a_late_notice_of_an_earlier_write_takes_nothing_back(self):
        def tick(server):
            if server._token == 0:
                server.save(currentTerm=1, votedFor=None)
                server.save(currentTerm=2, votedFor=None)
            server.send(hello(server))

        step = scripted(tick)
        step()
        step("persisted", token=2)
        step("persisted", token=1)
        self.assertNotIn("after", step()["messages"][0])

    def test_without_slow_disk_only_a_save_of_the_same_step_is_waited_for(self):
        def tick(server):
            server.send(hello(server))
            server.save(currentTerm=1, votedFor=2)
            server.send(hello(server))

        step = scripted(tick, capabilities=())
        for token in (1, 2):
            answer = step(instant=True)
            self.assertEqual([message.get("after") for message in answer["messages"]], [None, token])
            self.assertNotIn("then", answer)

    def test_on_a_disk_that_takes_no_time_each_write_is_notified_in_order_and_those_made_on_the_way(self):
        def tick(server):
            server.save(currentTerm=1, votedFor=None)
            server.save(currentTerm=2, votedFor=None)

        def persisted(server, token):
            server.answer(token, "busy")
            if token == 2:
                server.save(currentTerm=3, votedFor=None)

        answer = scripted(tick, persisted)(instant=True)
        self.assertEqual([write["token"] for write in answer["writes"]], [1, 2])
        self.assertEqual([then["answers"][0]["request"] for then in answer["then"]], [1, 2, 3])
        self.assertEqual(answer["then"][1]["writes"][0]["token"], 3)

    def test_save_all_writes_what_has_changed(self):
        first, second, other = Entry(1, command="x"), Entry(1, command="y"), Entry(2, command="z")
        logs = [[first], [first], [first, second], [Entry(1, command="x"), other], []]
        states = zip([1, 1, 1, 2, 2], [None, None, None, 3, 3], logs)

        def tick(server):
            server.save_all(*next(states))

        step = scripted(tick)
        fields = lambda *entries: [vars(entry) for entry in entries]
        self.assertEqual(
            step()["writes"], [{"token": 1, "currentTerm": 1, "votedFor": None, "from": 1, "entries": fields(first)}]
        )
        self.assertEqual(step(), {})
        self.assertEqual(step()["writes"], [{"token": 2, "from": 2, "entries": fields(second)}])
        self.assertEqual(
            step()["writes"], [{"token": 3, "currentTerm": 2, "votedFor": 3, "from": 2, "entries": fields(other)}]
        )
        self.assertEqual(step()["writes"], [{"token": 4, "from": 1, "entries": []}])


    def test_entries_are_equal_whether_a_default_is_written_or_not(self):
        self.assertEqual(Entry(1, command="x"), Entry(1, command="x", type="command", serial=0, voters=[]))
        self.assertNotEqual(Entry(1, command="x"), Entry(1, command="x", session=2))
        members = dict(type="configuration", voters=[1, 2])
        self.assertEqual(Entry(1, **members), Entry(1, **{**members, "voters": (1, 2), "old": []}))
        self.assertNotEqual(Entry(1, **members), Entry(1, **{**members, "learners": [3]}))

    def test_a_write_may_truncate_first_and_have_a_blob_that_comes_back(self):
        def tick(server):
            server.save(truncate=3, entries=[Entry(1, command="x")], blob="mine")

        self.assertEqual(
            scripted(tick)()["writes"],
            [{"token": 1, "truncate": 3, "entries": [{"command": "x", "term": 1}], "blob": "mine"}],
        )
        child = Child(Scripted)
        boot(child, blob="mine", life=2, members=[1, 2], peers=())
        server = child._servers[1]
        self.assertEqual((server.boot.blob, server.boot.life, server.boot.now, server.boot.members), ("mine", 2, 0, [1, 2]))

    def test_a_step_says_the_states_on_its_way_and_what_was_swallowed(self):
        def tick(server):
            server.passed(View("candidate", 1))
            server.role = "leader"
            server.swallowed(IndexError("no entry 3"))

        answer = scripted(tick)()
        self.assertEqual([view["role"] for view in answer["views"]], ["candidate", "leader"])
        self.assertNotIn("view", answer)
        self.assertEqual(answer["swallowed"], "IndexError: no entry 3")


class Conversation(unittest.TestCase):
    def test_hello_tells_name_and_capabilities(self):
        child = Child(Raft)
        answer = child.answer({"do": "hello", "protocol": 1})
        self.assertEqual((answer["protocol"], answer["name"]), (1, "example in Python"))
        self.assertIn("no-op", answer["capabilities"])

    def test_the_view_is_told_when_it_changes(self):
        def tick(server):
            server.role = "candidate"

        step = scripted(tick)
        self.assertEqual(step()["view"]["role"], "candidate")
        self.assertEqual(step(), {})

    def test_whoever_gets_a_reply_gets_its_request_back(self):
        seen = []

        def message(server, message):
            seen.append(message)
            if message.type == "AppendEntries":
                server.reply(message, Message("AppendEntriesReply", to=message.from_, term=1, success=True, own={"my": 1}))

        step = scripted(message=message)
        request = {"type": "AppendEntries", "from": 2, "to": 1, "term": 1, "entries": [{"term": 1, "command": "x"}], "id": 9}
        reply = step("receive", message=request)["messages"][0]
        self.assertEqual((reply["re"], reply["own"]), (9, {"my": 1}))
        step("receive", message={**reply, "from": 1, "to": 2}, call=request)
        self.assertEqual(seen[1].own, {"my": 1})
        self.assertEqual(seen[1].call.entries, [Entry(1, command="x")])

    def test_fields_that_are_left_out_have_their_defaults(self):
        seen = []
        step = scripted(message=lambda server, message: seen.append(message))
        step("receive", message={"type": "AppendEntries", "from": 2, "to": 1, "term": 1})
        self.assertEqual((seen[0].prevLogIndex, seen[0].entries, seen[0].call, seen[0].from_), (0, (), None, 2))

    def test_a_field_that_does_not_exist_is_named(self):
        with self.assertRaisesRegex(TypeError, "no lastlogindex; it may have .*lastLogIndex"):
            Message("RequestVote", to=1, term=1, lastlogindex=3)
        with self.assertRaisesRegex(TypeError, "no cmd; it may have command"):
            Entry(1, cmd="x")

    def test_servers_share_nothing_and_reset_forgets_them(self):
        child = Child(Raft)
        boot(child, 1)
        boot(child, 2, currentTerm=4)
        self.assertEqual(boot(child, 1)["view"]["currentTerm"], 0)
        child.answer({"do": "reset", "seed": 1})
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(child.answer({"do": "tick", "server": 2})["status"], "crashed")

    def test_the_same_cluster_gets_the_same_draws(self):
        child = Child(Raft)
        draws = []
        for seed in (5, 6, 5):
            child.answer({"do": "reset", "seed": seed})
            draws.append(random.random())
        self.assertEqual(draws[0], draws[2])
        self.assertNotEqual(draws[0], draws[1])


class Calls:
    """The Raft of the README: it records its calls, and calls back."""

    def __init__(self, me, peers, state, storage, transport, seed):
        self.role, self.commit, self.applied, self.leader = "follower", 0, 0, None
        self.term, self.voted_for, self.log = state
        self.storage, self.transport = storage, transport
        self.calls = []

    def set_timing(self, election_timeout, heartbeat):
        self.calls.append((election_timeout, heartbeat))

    def tick(self):
        self.term += 1
        self.storage.persist(self.term, 1, [(1, "x")])
        self.transport.request_vote(2, self.term, 1, 1)
        self.transport.append_entries(2, self.term, 0, 0, [(1, "x"), (2, None)], 0)

    def submit(self, command, done):
        self.transport.deliver(1, (1, command))
        done(1)
        return True

    def serve_vote(self, *args):
        self.storage.persist(self.term, 2, [(1, "x")])
        return True

    def serve_append(self, *args):
        return args[4] == [(1, "x")]

    def append_returned(self, *args):
        self.calls.append(args)


class Readme(unittest.TestCase):
    def test_its_adapter_does_what_it_says(self):
        with open(os.path.join(HERE, "README.md"), encoding="utf-8") as file:
            code = file.read().split("```python\n")[1].split("```")[0]
        module = {"__name__": "adapter"}
        exec(code.replace("from my_raft import Raft", ""), module)
        module["Raft"] = Calls
        child = Child(module["Adapter"])
        boot(child, log=[{"term": 1, "command": "x"}])

        def step(do, **fields):
            return json.loads(child.text(json.loads(json.dumps({"do": do, "server": 1, "now": 5, **fields}))))

        answer = step("tick")
        self.assertEqual(answer["writes"], [{"token": 1, "currentTerm": 1, "votedFor": 1}])
        self.assertEqual([message["after"] for message in answer["messages"]], [1, 1])
        self.assertEqual(answer["messages"][1]["entries"], [{"term": 1, "command": "x"}, {"term": 2, "type": "no-op"}])
        self.assertEqual(step("propose", request=7, command="y")["answers"], [{"request": 7, "is": "committed", "index": 1}])
        asks = {"from": 2, "to": 1, "term": 1, "id": 3}
        vote = step("receive", message={**asks, "type": "RequestVote", "lastLogIndex": 1, "lastLogTerm": 1})
        self.assertEqual((vote["messages"][0]["voteGranted"], vote["messages"][0]["re"]), (True, 3))
        entries = {"type": "AppendEntries", "entries": [{"term": 1, "command": "x"}]}
        self.assertTrue(step("receive", message={**asks, **entries})["messages"][0]["success"])
        reply = {**asks, "type": "AppendEntriesReply", "success": True, "matchIndex": 5}
        step("receive", message=reply, call={**entries, "from": 1, "to": 2, "term": 1, "prevLogIndex": 4})
        self.assertEqual(child._servers[1].raft.calls, [([10, 20], 1), (2, 1, True, 5)])


class Trouble(unittest.TestCase):
    def setUp(self):
        self.stderr = io.StringIO()
        redirected = contextlib.redirect_stderr(self.stderr)
        redirected.__enter__()
        self.addCleanup(redirected.__exit__, None, None, None)

    def crashed(self, answer, what):
        self.assertEqual(answer["status"], "crashed")
        self.assertRegex(answer["reason"], what)
        self.assertIn("Traceback", self.stderr.getvalue())

    def test_an_exception_is_a_crash_that_says_what_and_where(self):
        def tick(server):
            return {}["nextIndex"]

        self.crashed(scripted(tick)(), r"^KeyError: 'nextIndex' \(test_raft_subject.py, line \d+, in tick\)$")

    def test_so_is_one_when_the_disk_is_done(self):
        def persisted(server, token):
            assert server.now == 0, "no such time"

        answer = scripted(lambda server: server.save(currentTerm=1, votedFor=None), persisted)(instant=True)
        self.assertEqual(answer["writes"][0]["token"], 1)
        self.crashed(answer["then"][0], "AssertionError: no such time")

    def test_so_is_a_server_that_ends_the_program(self):
        self.crashed(scripted(lambda server: sys.exit("out of disk"))(), "SystemExit: out of disk")

    def test_so_is_what_json_has_no_word_for(self):
        step = scripted(lambda server: server.send(Message("Other", to=2, term=1, own={1, 2})))
        self.crashed(step(), "can't be sent: JSON has no set")

    def test_so_is_what_would_be_lost_on_the_way(self):
        def changed(server):
            message = Message("TimeoutNow", to=2, term=1)
            message.lastLogindex = 3
            server.send(message)

        def twice(server):
            server.matched(2, 1)
            server.matched(3, 1)

        for tick, why in [
            (lambda server: server.save(votedFor=2), "votedFor without currentTerm"),
            (lambda server: server.save(entries=[Entry(1)]), "no index that they are written from"),
            (lambda server: server.answer(7, "not-leader", leder=2), "an answer has no leder"),
            (lambda server: server.apply(1, Entry(1), outcom="repeated"), "an applied entry has no outcom"),
            (changed, "a message that is sent has no lastLogindex"),
            (twice, "matched was called twice"),
        ]:
            self.crashed(scripted(tick)(), why)

    def test_a_server_may_refuse_to_boot(self):
        class Picky(Scripted):
            def on_boot(self, boot):
                raise Refused("no such log")

        self.assertEqual(boot(Child(Picky)), {"status": "refused", "reason": "no such log"})

    def test_a_server_says_nothing_while_it_boots(self):
        class Hasty(Scripted):
            def on_boot(self, boot):
                super().on_boot(boot)
                self.save(currentTerm=1, votedFor=None)

        self.crashed(boot(Child(Hasty)), "on_boot may not do anything yet, but did: writes")

    def test_what_is_not_filled_in_is_unsupported(self):
        answer = scripted()("transfer", request=3, to=2)
        self.assertEqual((answer["status"], answer["reason"]), ("unsupported", "can't transfer"))

    def refused(self, body, why):
        answer = Child(type("Claims", (Scripted,), body)).answer({"do": "hello", "protocol": 1})
        self.assertEqual(answer, {"status": "refused", "reason": why})

    def test_who_claims_slow_disk_must_hear_of_writes(self):
        why = "Claims.capabilities has slow-disk; expected that on_persisted is filled in"
        self.refused({"on_persisted": Server.on_persisted}, why)

    def test_a_text_is_not_a_tuple_of_capabilities(self):
        why = "Claims.capabilities is the text 'no-op'; expected a tuple of texts, as ('no-op',)"
        self.refused({"capabilities": ("no-op")}, why)


class Cluster:
    """Servers of an example, in a child, on disks that take no time and a network that loses nothing."""

    def __init__(self, raft, logs):
        self.child = Child(raft)
        self.views = {}
        self.answers = {}
        self.flying = []
        peers = range(1, len(logs) + 1)
        for server, log in zip(peers, logs):
            entries = [{"term": term, "command": "x"} for term in log]
            term = max(log, default=0)
            self.take(server, boot(self.child, server, peers, currentTerm=term, log=entries))

    def take(self, server, answer):
        self.views[server] = answer.get("view", self.views.get(server))
        self.flying += [{**message, "from": server} for message in answer.get("messages", [])]
        self.answers.update({given["request"]: given for given in answer.get("answers", [])})
        for then in answer.get("then", []):
            self.take(server, then)

    def step(self, server, **request):
        request = {"server": server, "now": 0, "instant": True, **request}
        self.take(server, json.loads(self.child.text(json.loads(json.dumps(request)))))

    def elect(self, server):
        while self.views[server]["role"] == "follower":
            self.step(server, do="tick")
        self.settle()

    def settle(self):
        while self.flying:
            message = self.flying.pop(0)
            self.step(message["to"], do="receive", message=message)

    def all(self, field):
        return [view[field] for view in self.views.values()]


class Example(unittest.TestCase):
    def test_three_servers_elect_a_leader_and_commit(self):
        cluster = Cluster(Raft, [[], [], []])
        cluster.elect(2)
        self.assertEqual(cluster.all("role"), ["follower", "leader", "follower"])
        self.assertEqual(cluster.all("leader"), [2, 2, 2])
        cluster.step(2, do="propose", request=1, command="a")
        cluster.step(1, do="propose", request=2, command="b")
        cluster.settle()
        cluster.step(2, do="tick")
        cluster.settle()
        self.assertEqual(cluster.all("lastApplied"), [2, 2, 2])
        self.assertEqual(cluster.answers[1], {"request": 1, "is": "committed", "index": 2})
        self.assertEqual(cluster.answers[2], {"request": 2, "is": "not-leader", "leader": 2})

    def test_who_lacks_entries_is_elected_only_by_the_broken_one(self):
        for raft, role in ((Raft, "candidate"), (Broken, "leader")):
            cluster = Cluster(raft, [[], [1], [1]])
            cluster.elect(1)
            self.assertEqual(cluster.views[1]["role"], role)


if __name__ == "__main__":
    unittest.main()
