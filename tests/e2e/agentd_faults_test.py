# SPDX-License-Identifier: EUPL-1.2
"""Agents are killed at any instant, disks are full, two agents are one agency: nothing is lost, nothing comes twice, the counts agree."""
import os
import pathlib
import random
import resource
import sys
import unittest
import uuid

import agentd
import harness
from agentd_network_test import QUIET, check

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "fakes"))
import proxy  # noqa: E402

FULL = 65536  # octets: less than the gateway's write-ahead log has after a start, so that neither it nor the database can grow
ROUNDS = int(os.environ.get("SLUSS_AGENTD_KILLS", "25"))


def file_limit(octets):
    """The longest file that a process may write, as a disk would have it that has no more room; None: no limit."""
    return (resource.RLIM_INFINITY if octets is None else octets, resource.RLIM_INFINITY)


class Faults(unittest.TestCase):
    def test_killed_at_any_instant(self):
        """kill -9 of both agents over and over, while a case system hands in what it has (again where it got no answer) and another takes what comes."""
        seed = os.environ.get("SLUSS_AGENTD_SEED") or str(random.SystemRandom().randrange(1 << 31))
        print(f"seed {seed} (SLUSS_AGENTD_SEED repeats the instants)")
        chance = random.Random(seed)
        with harness.gateway(settings={"lease_ms": "100"}) as running:
            world = agentd.World(running)
            world.add_case()
            sender, receiver = agentd.Agentd(world.social), agentd.Agentd(world.school)
            agents = [sender.start(), receiver.start()]
            for agent in agents:
                self.addCleanup(agent.stop)
            ids, taken = [], []
            for number in range(ROUNDS):
                for _ in range(chance.randrange(1, 8)):
                    self.hand_in(sender, world, ids)
                if chance.random() < 0.5:
                    taken += [m["messageId"] for m in self.take(receiver)]
                harness.time.sleep(chance.random() * 0.06)  # the instant that the seed chooses
                for agent in chance.sample(agents, chance.randrange(1, 3)):
                    agent.kill()
                    agent.start()
            for message_id in ids:
                sender.wait_state(message_id, "accepted", "delivered")
            taken += [m["messageId"] for m in receiver.take_all(len(ids) - len(taken))]
            self.assertEqual(taken, ids)
            self.assertEqual(receiver.spool(), [])
            health = running.health()
            self.assertEqual([health.get(k, 0) for k in ("accepted", "denied", "acknowledged", "waiting")], [len(ids), 0, len(ids), 0])
            for message_id in ids:
                sender.wait_state(message_id, "delivered")
            self.assertEqual(sender.counts()["out"]["delivered"], len(ids))
            self.assertEqual(receiver.counts()["in"]["done"], len(ids))
            self.assertEqual(sender.spool(), [])

    def test_killed_at_each_step(self):
        """kill -9 of the agent at a step that the network holds still: every step of sending, then every step of receiving."""
        quiet = {**QUIET, "recall_period_ms": 3600000}
        with harness.gateway(settings={"lease_ms": "60000"}) as running, proxy.Proxy(running.agency_port) as out, proxy.Proxy(running.agency_port) as back:
            world = agentd.World(running)
            world.add_case()
            sender = agentd.Agentd(world.social, url=out.url, receive="false", senders=1, **quiet).start()
            receiver = agentd.Agentd(world.school, url=back.url, **{**quiet, "fetch_wait_ms": 20000}).start()
            for agent in (sender, receiver):
                self.addCleanup(agent.kill)
            ids = []

            def send(until=("accepted", "delivered")):
                ids.append(sender.send(world.notes(len(ids)))["messageId"])
                if until:
                    sender.wait_state(ids[-1], *until)

            def arrived():
                harness.wait_until(lambda: receiver.counts()["in"]["ready"] == len(ids), "the message does not arrive")

            def killed(agent, network):
                agent.kill()
                network.drop_all()
                harness.wait_until(lambda: not network.stalled, "a connection is left")
                agent.start()

            # Taken, and not tried yet.
            out.target = None
            send(until=None)
            killed(sender, out)
            out.target = running.agency_port
            sender.wait_state(ids[-1], "accepted", "delivered")
            # The request is under way; then the answer to it is.
            for direction, octets, accepted in ((proxy.UP, 900, 0), (proxy.DOWN, 100, 1)):
                send()
                before = len(ids)
                out.arm(direction, octets, "stall")
                send(until=None)
                harness.wait_until(lambda: not out.armed(), "nothing is sent")
                harness.wait_until(lambda: running.health()["accepted"] == before + accepted, "it was not accepted")
                killed(sender, out)
                sender.wait_state(ids[-1], "accepted", "delivered")
            # It was accepted, and the agent knows that.
            killed(sender, out)
            self.assertIn(sender.message(ids[-1])["state"], ("accepted", "delivered"))
            arrived()

            # What was fetched is under way.
            back.arm(proxy.DOWN, 700, "stall")
            send()
            harness.wait_until(lambda: not back.armed(), "nothing is handed out")
            killed(receiver, back)
            arrived()
            send()
            arrived()
            # It is stored, and its acknowledgement does not go; then the gateway has that, and the answer is under way.
            for answered in (False, True):
                harness.wait_until(lambda: back.asking() == 1, "nobody asks for messages")
                back.hold(idle=True)  # all but the one that asks
                send()
                harness.wait_until(lambda: receiver.counts()["in"]["stored"] == 1, "nothing is stored")
                if answered:
                    back.arm(proxy.DOWN, 10, "stall")
                    back.release()
                    harness.wait_until(lambda: running.health()["acknowledged"] == len(ids), "it was not acknowledged")
                killed(receiver, back)
                back.release()
                arrived()
                send()
                arrived()
            # The case system was given it, and has not said so.
            self.assertEqual([m["messageId"] for m in receiver.get("/v1/inbox?max=256")["messages"]], ids)
            killed(receiver, back)
            check(self, running, sender, receiver, ids)

    def hand_in(self, sender, world, ids):
        message_id = str(uuid.uuid4())
        description = world.notes(len(ids), id=message_id)
        if len(ids) % 5 == 0:  # a file of three chunks with it
            content = message_id.encode() * (600000 // 36)
            handed_in = sender.call("POST", "/v1/files", content, raw=True)[1]
            description["sections"].append({**{k: description["sections"][0][k] for k in ("category", "purpose", "claim")}, "upload": handed_in["upload"], "name": "a file"})
        sender.send(description)
        status, answer = sender.call("POST", "/v1/messages", description)  # as after an answer that got lost
        self.assertEqual((status, answer["messageId"]), (200, message_id))
        ids.append(message_id)

    def take(self, receiver):
        messages = receiver.get("/v1/inbox?max=256")["messages"]
        for m in messages:
            if len(m["sections"]) > 1:
                content = receiver.call("GET", f"/v1/inbox/{m['messageId']}/files/0")[1]
                self.assertEqual(content == m["messageId"].encode() * (600000 // 36), True)
            receiver.post(f"/v1/inbox/{m['messageId']}/ack")
        return messages

    def test_full_disk_at_the_agents(self):
        with harness.gateway(settings={"lease_ms": "200"}) as running:
            world = agentd.World(running)
            world.add_case()
            running.stop()  # so that what is taken stays
            limited = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, file_limit(2000000))
            sender = agentd.Agentd(world.social, limits=limited).start()
            self.addCleanup(sender.stop)
            ids = []
            while True:
                status, answer = sender.call("POST", "/v1/messages", world.notes(len(ids), id=str(uuid.uuid4())))
                if status != 202:
                    break
                ids.append(answer["messageId"])
            self.assertEqual((status, answer["error"]["code"]), (429, "resource_exhausted"))
            self.assertGreater(len(ids), 10)
            self.assertEqual(sender.counts()["out"]["queued"], len(ids))
            self.assertIn("store-full", sender.log_tail())
            resource.prlimit(sender.process.pid, resource.RLIMIT_FSIZE, file_limit(None))  # somebody makes room
            running.start()
            sender.stop()
            sender.write(gateway_url=f"https://localhost:{running.agency_port}")
            sender.limits = None
            sender.start()
            receiver = agentd.Agentd(world.school, url=f"https://localhost:{running.agency_port}", limits=limited).start()
            self.addCleanup(receiver.stop)
            for message_id in ids:
                sender.wait_state(message_id, "accepted", "delivered")
            harness.wait_until(lambda: receiver.counts()["in"]["ready"] == len(ids) or "store-full" in receiver.log_tail(), "nothing arrives")
            resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE, file_limit(None))
            check(self, running, sender, receiver, ids)

    def test_full_disk_at_the_gateway(self):
        with harness.gateway() as running, proxy.Proxy(running.agency_port) as network:
            world = agentd.World(running)
            world.add_case()
            with agentd.Agentd(world.social, url=network.url, timeout_ms=1000) as sender:
                before = running.pids()
                for role in ("core", "parent"):
                    resource.prlimit(running.pids()[role], resource.RLIMIT_FSIZE, file_limit(FULL))
                ids = [sender.send(world.notes(n))["messageId"] for n in range(60)]
                waits = harness.wait_until(lambda: (q := sender.get("/v1/queue"))["gateway"]["send"]["failures"] > 1 and q, "the gateway has room")
                self.assertGreater(sum(waits["counts"]["out"][s] for s in ("queued", "sending")), 0)
                self.assertEqual(running.pids(), before)  # no role died of it: core answers that it cannot
                for name, pid in running.pids().items():
                    try:
                        resource.prlimit(pid, resource.RLIMIT_FSIZE, file_limit(None))
                    except ProcessLookupError:
                        pass  # its end is what the full disk did
                if running.process.poll() is not None:
                    running.start()
                running.stop()
                running.start()
                network.target = running.agency_port
                with agentd.Agentd(world.school, url=network.url) as receiver:
                    for message_id in ids:
                        sender.wait_state(message_id, "delivered")
                    check(self, running, sender, receiver, ids)

    def test_two_agents_of_one_agency(self):
        """One of them is cut off between storing a message and acknowledging it: the other gets it, and the first erases its copy unseen."""
        with harness.gateway(settings={"lease_ms": "200"}) as running, proxy.Proxy(running.agency_port) as network:
            world = agentd.World(running)
            world.add_case()
            with agentd.Agentd(world.social) as sender, agentd.Agentd(world.school, "school-a", url=network.url, officer="agent-a", recall_period_ms=3600000) as first:
                one = sender.send(world.notes(1))["messageId"]
                harness.wait_until(lambda: first.counts()["in"]["ready"] == 1, "nothing arrives")
                network.hold()  # the connection that acknowledges is the newest: it was made for the first message
                two = sender.send(world.notes(2))["messageId"]
                harness.wait_until(lambda: first.counts()["in"]["stored"] == 1, "nothing is stored")
                with agentd.Agentd(world.school, "school-b", officer="agent-b") as second:
                    got = second.take_all(1)
                    self.assertEqual([m["messageId"] for m in got], [two])
                    network.release()
                    harness.wait_until(lambda: first.counts()["in"]["elsewhere"] == 1, "the first does not hear that it was second")
                    self.assertEqual([m["messageId"] for m in first.take_all(1)], [one])
                    ids = [sender.send(world.notes(n))["messageId"] for n in range(3, 63)]
                    for message_id in ids:
                        sender.wait_state(message_id, "delivered")
                    parts = [[m["messageId"] for m in a.take_all()] for a in (first, second)]
                    self.assertEqual(sorted(parts[0] + parts[1]), sorted(ids))
                    for part in parts:
                        self.assertEqual(part, [m for m in ids if m in part])  # each in order
                    self.assertEqual(running.health()["acknowledged"], 62)


if __name__ == "__main__":
    unittest.main(verbosity=2)
