# SPDX-License-Identifier: EUPL-1.2
"""The network between agents and gateway fails at every point of a request: each message is accepted once, arrives once, in order, and the counts agree."""
import pathlib
import sys
import unittest

import agentd
import harness

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "fakes"))
import proxy  # noqa: E402

KINDS = ("cut", "truncate", "repeat")
QUIET = {"status_first_ms": 3600000, "status_max_ms": 3600000}  # so that the octets counted are those of what is tested


def check(test, running, sender, receiver, ids):
    """What was handed in is what was accepted, delivered and acknowledged, in order."""
    got = receiver.take_all(len(ids))
    test.assertEqual([m["messageId"] for m in got], ids)
    health = running.health()
    test.assertEqual([health.get(k, 0) for k in ("accepted", "denied", "acknowledged", "waiting")], [len(ids), 0, len(ids), 0])
    counts = sender.counts()["out"]
    test.assertEqual(counts["accepted"] + counts["delivered"], len(ids), counts)
    test.assertEqual(receiver.counts()["in"]["done"], len(ids))


class Network(unittest.TestCase):
    def arm(self, network, number):
        """The next fault. A handshake with a client certificate is about 3 KB up and 2 KB down, a request and its answer 2 KB each: both are swept, on new connections and, every
        third time, on the one that is there."""
        direction = (proxy.UP, proxy.DOWN)[number % 2]
        there = number % 3 == 0
        if not there:
            network.drop_all()
        network.arm(direction, number * 137 % (1400 if there else 4000), KINDS[number // 2 % 3])

    def test_sending_through_cuts_at_every_point(self):
        with harness.gateway() as running, proxy.Proxy(running.agency_port) as network:
            world = agentd.World(running)
            world.add_case()
            with agentd.Agentd(world.social, url=network.url, receive="false", senders=1, **QUIET) as sender, agentd.Agentd(world.school) as receiver:
                ids = []
                for number in range(72):
                    self.arm(network, number)
                    ids.append(sender.send(world.notes(number))["messageId"])
                    sender.wait_state(ids[-1], "accepted", "delivered")
                print(f"faults that struck: {network.struck} of 72")
                self.assertGreater(network.struck, 35)
                check(self, running, sender, receiver, ids)

    def test_receiving_through_cuts_at_every_point(self):
        with harness.gateway(settings={"lease_ms": "150"}) as running, proxy.Proxy(running.agency_port) as network:
            world = agentd.World(running)
            world.add_case()
            with agentd.Agentd(world.social) as sender, agentd.Agentd(world.school, url=network.url, fetch_wait_ms=300, recall_period_ms=3600000, **QUIET) as receiver:
                ids = []
                for number in range(60):
                    self.arm(network, number)
                    ids.append(sender.send(world.notes(number))["messageId"])
                    harness.wait_until(lambda: receiver.counts()["in"]["ready"] == len(ids), "the message does not arrive")
                self.assertGreater(network.struck, 30)
                check(self, running, sender, receiver, ids)

    def test_delays(self):
        """Octets come few at a time; and they stop for longer than the agent waits and arrive later: before the agent's next try, or when that has been answered already."""
        with harness.gateway(settings={"lease_ms": "300"}) as running, proxy.Proxy(running.agency_port) as out, proxy.Proxy(running.agency_port) as back:
            world = agentd.World(running)
            world.add_case()
            with agentd.Agentd(world.social, url=out.url, receive="false", senders=1, **{**QUIET, "timeout_ms": 1000}) as sender, \
                    agentd.Agentd(world.school, url=back.url, fetch_wait_ms=300, recall_period_ms=3600000, **{**QUIET, "timeout_ms": 1000}) as receiver:
                ids = []

                def send():
                    ids.append(sender.send(world.notes(len(ids)))["messageId"])
                    return ids[-1]

                out.trickle = back.trickle = True
                for _ in range(4):
                    sender.wait_state(send(), "accepted", "delivered")
                harness.wait_until(lambda: receiver.counts()["in"]["ready"] == len(ids), "a message does not arrive")
                out.trickle = back.trickle = False

                def over(network):
                    network.drop_all()
                    harness.wait_until(lambda: not network.stalled, "a connection that nobody has is kept")

                # In the request. Its rest arrives before the agent can try again: then that is the message, and the next try gets its answer.
                out.late.clear()
                out.arm(proxy.UP, 900, "stall")
                send()
                harness.wait_until(lambda: out.struck, "nothing is sent")
                out.target = None
                harness.wait_until(out.given_up.is_set, "the agent waits for ever")
                out.late.set()
                harness.wait_until(lambda: running.health()["accepted"] == len(ids), "what comes late is lost")
                out.target = running.agency_port
                sender.wait_state(ids[-1], "accepted", "delivered")
                over(out)
                # Its rest arrives when the next try was answered.
                sender.wait_state(send(), "accepted", "delivered")
                out.late.clear()
                out.arm(proxy.UP, 900, "stall")
                sender.wait_state(send(), "accepted", "delivered")
                out.late.set()
                harness.wait_until(lambda: out.late_octets, "the gateway does not answer what comes late")
                over(out)
                # In the answer; in the handshake.
                for direction, octets in ((proxy.DOWN, 1100), (proxy.UP, 2000)):
                    out.arm(direction, octets, "stall")
                    sender.wait_state(send(), "accepted", "delivered")
                    over(out)
                # What is fetched and acknowledged: in an answer, and in a request.
                for direction, octets in ((proxy.DOWN, 700), (proxy.UP, 100)):
                    back.arm(direction, octets, "stall")
                    send()
                    harness.wait_until(back.given_up.is_set, "the agent waits for ever")
                    harness.wait_until(lambda: receiver.counts()["in"]["ready"] == len(ids), "the message does not arrive")
                    over(back)
                self.assertEqual((out.struck, back.struck), (4, 2))
                check(self, running, sender, receiver, ids)

    def test_gateway_away_for_an_hour(self):
        """Nothing is lost while nobody answers, not even when the agent starts anew; the operator sees what waits and why; then all goes out in order, signed anew where the
        signature has become too old."""
        with harness.gateway(settings={"demo_clock": "true"}) as running, proxy.Proxy(None) as network:
            clock = running.folder / "clock"
            began = int(harness.time.time())
            clock.write_text(harness.rfc3339(began))
            world = agentd.World(running)
            world.add_case()
            running.stop()
            sender = agentd.Agentd(world.social, url=network.url, retry_max_ms=50, demo_clock_file=clock).start()
            self.addCleanup(sender.stop)
            ids = [sender.send(world.notes(n))["messageId"] for n in range(40)]
            queue = harness.wait_until(lambda: (q := sender.get("/v1/queue"))["gateway"]["send"]["failures"] > 5 and q, "no failure is told")
            self.assertEqual(queue["counts"]["out"]["queued"], 40)
            self.assertEqual([w["messageId"] for w in queue["waiting"]], ids[:1])  # the others stand behind it
            self.assertIn("cannot be reached", queue["gateway"]["send"]["why"])
            sender.kill()
            sender.start()
            shown = harness.wait_until(lambda: "cannot be reached" in (text := self.status(sender)) and text, "the status does not say why")
            self.assertIn("queued 40", shown)
            running.start()
            running.admin("StepClock", {"to": {"seconds": began + 3600}})
            later = clock.with_suffix(".new")
            later.write_text(harness.rfc3339(began + 3600))
            later.rename(clock)
            network.target = running.agency_port
            with agentd.Agentd(world.school, url=network.url, demo_clock_file=clock) as receiver:
                for message_id in ids:
                    sender.wait_state(message_id, "delivered")
                check(self, running, sender, receiver, ids)
            self.assertEqual(sender.stop(), 0)

    def status(self, agent):
        done = agentd.subprocess.run([agentd.AGENTD, "--status", "--config", agent.config], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_clock_wrong(self):
        """A clock that is an hour off holds messages back and says so; once it is right they go out, signed anew. What waited sealed for longer than the gateway takes, too."""
        with harness.gateway() as running:
            world = agentd.World(running)
            world.add_case()
            clock = running.folder / "clock"
            clock.write_text(harness.rfc3339(harness.time.time() + 3600))
            with agentd.Agentd(world.social, demo_clock_file=clock, receive="false") as sender, agentd.Agentd(world.school) as receiver:
                ids = [sender.send(world.notes(n))["messageId"] for n in range(3)]
                waits = harness.wait_until(lambda: (m := sender.message(ids[0]))["attempts"] > 1 and m, "the message is not tried")
                self.assertEqual((waits["state"], waits["why"]["reason"]), ("sending", "CLOCK_SKEW"))
                self.assertEqual(running.health().get("accepted", 0), 0)
                clock.write_text(harness.rfc3339(harness.time.time()))
                for message_id in ids:
                    sender.wait_state(message_id, "delivered", "accepted")
                check(self, running, sender, receiver, ids)


if __name__ == "__main__":
    unittest.main(verbosity=2)
