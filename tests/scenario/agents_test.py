# SPDX-License-Identifier: EUPL-1.2
"""Some of the year (year.py) through four agents, once as it should be and once with faults: connections cut at random places, agents and the gateway's processes
killed at random instants. Both end in the same state, message by message, as the log and the gateway's counts tell it."""
import collections
import importlib.machinery
import json
import os
import pathlib
import random
import sys
import tempfile
import unittest
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "fakes")]
import agentd  # noqa: E402
import harness  # noqa: E402
import proxy  # noqa: E402
from harness import contents  # noqa: E402
import year  # noqa: E402

play = importlib.machinery.SourceFileLoader("play", str(HERE / "play")).load_module()
DISTRICT = "spanga"
KINDS = ("cut", "truncate", "repeat")


def cast():
    """Participants of one district: one who withdraws in full, one about whom mistakes are made."""
    people, steps = year.year(2012)
    here = [p for p in people.values() if p.district.code == DISTRICT]
    chosen = [next(p for p in here if p.withdraws_in_full), next(p for p in here if p.faults)]
    numbers = {p.number for p in chosen}
    return people, [s for s in steps if s.number in numbers], {a for p in chosen for a in year.members(p)} - {"evaluator-sthlm"} | {"probation-sthlm"}


class AgentPlayer(play.Player):
    """As play.Player, but what is sent and received goes through agents; ids come from the seed, so that two runs can be compared."""

    def __init__(self, running, batch, people, agents, clock, chance):
        super().__init__(running, batch, people)
        self.agents = agents  # agency -> (Agentd, Proxy)
        self.clock = clock
        self.chance = chance  # of faults; None: there are none
        self.ids = random.Random("ids")
        self.transcript = []
        self.resting = set()
        self.faults = collections.Counter()

    def set_day(self, day):
        super().set_day(day)
        beside = self.clock.with_suffix(".new")
        beside.write_text(self.now)
        beside.rename(self.clock)

    def new_id(self):
        return str(uuid.UUID(int=self.ids.getrandbits(128), version=4))

    def trouble(self):
        if self.chance is None:
            return
        agent, network = self.agents[self.chance.choice(sorted(self.agents))]
        draw = self.chance.random()
        if draw < 0.35:
            if self.chance.random() < 0.5:
                network.drop_all()
            network.arm(self.chance.choice((proxy.UP, proxy.DOWN)), self.chance.randrange(4500), self.chance.choice(KINDS))
            self.faults["cut"] += 1
        elif draw < 0.43 and agent.id not in self.resting:
            agent.kill()
            agent.start()
            self.faults["agent killed"] += 1
        elif draw < 0.45:
            self.gateway.kill(self.chance.choice(("core", "web", "edge")))
            self.faults["gateway process killed"] += 1

    def run(self, agency, *words, **how):
        if self.chance is not None:
            self.gateway.wait_ready()  # the command line waits for the gateway only so long
        return super().run(agency, *words, **how)

    def do_send(self, p, step, sender, categories, purpose, expect, recipients, type=None, message_type=None, provision=None, approval=False, third_person=False,
                leave=False, week=0):
        case = self.cases.setdefault(p.number, self.new_id())
        claim = f"provision:{provision}" if provision else f"approval:{self.approvals[p.number]}" if approval else f"consent:{self.consents[p.number]}"
        sections = [{"category": c, "purpose": purpose, "claim": claim, "json": contents.of(c, type or message_type, f"{c}, week {week}")} for c in categories]
        for section in sections:
            section.update({"concerns": "subject+other"} if third_person else {})
            section.update({"necessity": "A threat that does not wait for a meeting."} if approval else {})
        description = {"id": self.new_id(), "case": case, "type": type or message_type, "to": recipients, "officer": self.officers[sender], "sections": sections}
        if leave:  # who is to take it is not there
            for r in recipients:
                self.agents[r][0].stop()
            self.resting |= set(recipients)
        self.trouble()
        agent = self.agents[sender][0]
        agent.send(description)
        self.trouble()
        got = agent.wait_state(description["id"], "accepted", "delivered", "refused")
        state = "refused" if got["state"] == "refused" else "accepted"
        self.transcript.append((len(self.transcript), str(step.day), sender, tuple(recipients), description["type"], description["id"], state, (got["why"] or {}).get("reason")))
        if (state == "accepted") != (expect in play.PERMITTED) or (state == "refused" and got["why"]["reason"] != expect):
            raise play.Wrong(f"participant {p.number}, {step.day}: {state} {got['why']} instead of {expect}")
        if state == "accepted" and not leave:
            for recipient in recipients:
                self.take(recipient, description["id"])

    def take(self, recipient, message_id):
        if recipient not in self.agents:
            self.run(recipient, "fetch", "--all", "--ack")
            return
        agent = self.agents[recipient][0]
        while True:
            messages = agent.get("/v1/inbox?wait=20")["messages"]
            if not messages:
                raise play.Wrong(f"{message_id} does not arrive at {recipient}:\n{agent.log_tail()}")
            for m in messages:
                agent.post(f"/v1/inbox/{m['messageId']}/ack")
                self.figures["messages fetched"] += 1
            if message_id in [m["messageId"] for m in messages]:
                return

    def do_withdraw(self, p, step, **what):
        super().do_withdraw(p, step, **what)
        for agency in self.resting:
            self.agents[agency][0].start()
        self.resting.clear()


class Year(unittest.TestCase):
    def test_ends_the_same_with_faults(self):
        seed = os.environ.get("SLUSS_AGENTS_SEED") or str(random.SystemRandom().randrange(1 << 31))
        print(f"seed {seed} (SLUSS_AGENTS_SEED repeats the faults)")
        calm, none = self.play(None)
        stormy, faults = self.play(random.Random(seed))
        for number, day, sender, recipients, kind, message_id, state, why in stormy["transcript"]:
            print(number, day, sender, "->", ",".join(recipients), kind, message_id, state, why or "")
        print(f"{len(calm['transcript'])} messages through {len(calm['agents'])} agents; faults: {dict(faults)}")
        self.assertFalse(none)
        self.assertGreater(sum(faults.values()), 20)
        self.assertGreaterEqual(len(calm["agents"]), 4)
        for part in calm:
            self.assertEqual(calm[part], stormy[part], part)
        self.assertGreater(calm["health"]["withheld"], 0)
        self.assertGreater(calm["health"]["denied"], 0)

    def play(self, chance):
        people, steps, agencies = cast()
        with tempfile.TemporaryDirectory(prefix="sluss-agents-") as folder, harness.contextlib.ExitStack() as stack:
            running = harness.Gateway(folder, authority=play.AUTHORITY,
                                      settings={"demo_clock": "true", "demo_clock_start": f"{year.BEGIN}T00:00:00Z", "lease_ms": "1000"}).start()
            stack.callback(running.stop)
            agents, clock = {}, running.folder / "clock"
            for agency in sorted(agencies) + ["evaluator-sthlm"]:
                kind, officers, approvers = year.agencies()[agency]
                cli = harness.Cli(running, agency, officers[0])
                cli.enrol(running.token(agency, kind, approvers))
                if agency != "evaluator-sthlm":
                    network = stack.enter_context(proxy.Proxy(running.agency_port))
                    agents[agency] = (stack.enter_context(agentd.Agentd(cli, url=network.url, demo_clock_file=clock, fetch_wait_ms=2000)), network)
            with harness.Batch(running.folder / "profiles") as batch:
                player = AgentPlayer(running, batch, people, agents, clock, chance)
                self.through(player, steps)
                player.chance = None
                running.wait_ready()
                for *_, sender, _recipients, _type, message_id, state, _reason in player.transcript:
                    if state == "accepted":
                        agents[sender][0].wait_state(message_id, "delivered")
                return self.end(running, player), player.faults

    def through(self, player, steps):
        day = None
        for step in steps:
            if step.day != day:
                day = step.day
                player.gateway.wait_ready()
                player.set_day(day)
            player.step(step)

    def end(self, running, player):
        """What is left: for each message what became of it for each recipient; what the log holds; what the gateway counts."""
        outcomes = {}
        for *_, sender, _recipients, _type, message_id, _state, _reason in player.transcript:
            m = player.agents[sender][0].message(message_id)
            outcomes[message_id] = (m["state"], sorted((r["agencyId"], r["state"], r.get("reason")) for r in m["recipients"] or []))
        records = running.log(running.agency("auditor-1", "auditor"))
        events = collections.Counter()
        released = set()
        for record in records:
            kind = next(k for k, v in record.items() if isinstance(v, dict))
            if kind == "released":
                released.add((record[kind]["message"], record[kind]["recipient"]))
            elif kind not in ("clock_stepped", "looked", "restart"):
                events[kind] += 1
        health = running.health()
        counts = {k: health.get(k, 0) for k in ("accepted", "denied", "withheld", "acknowledged", "withdrawals", "waiting")}
        agents = {a: {k: v for k, v in agent.counts()["in"].items()} for a, (agent, _) in player.agents.items()}
        return {"transcript": player.transcript, "outcomes": outcomes, "health": counts, "denied": health["denied_by_reason"], "released": released, "log": dict(events),
                "agents": agents, "figures": dict(player.figures)}


if __name__ == "__main__":
    unittest.main(verbosity=2)
