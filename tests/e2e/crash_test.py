# SPDX-License-Identifier: EUPL-1.2
"""kill -9 of each process at random during 2,000 sends: what was acknowledged is there once, what was delivered took effect once, and the log holds."""
import collections
import os
import random
import threading
import time
import unittest

import harness
import logcheck

SENDS = int(os.environ.get("SLUSS_CRASH_SENDS", "2000"))
SENDERS = 4
PATIENCE = 60  # seconds that a client tries again
PACE = 0.01  # seconds between two sends of one sender, so that the kills fall among them on a fast machine too


class Sender(threading.Thread):
    """Sends its share one after the other; repeats the same octets until it gets an answer, as any client does."""

    def __init__(self, agency, requests):
        super().__init__(daemon=True)
        self.agency = agency
        self.requests = requests
        self.receipts = {}  # message id -> log index, as acknowledged
        self.failure = None

    def run(self):
        try:
            for message_id, request in self.requests:
                answer = insist(lambda: self.agency.send(request))
                self.receipts[message_id] = answer.message["receipt"]["log_index"]
                time.sleep(PACE)
        except Exception as failure:  # told to the test, which fails with it
            self.failure = failure


class Receiver(threading.Thread):
    """Fetches and acknowledges until it is told to stop and nothing is left; keeps how often each message came and was acknowledged."""

    def __init__(self, agency):
        super().__init__(daemon=True)
        self.agency = agency
        self.seen = collections.Counter()
        self.acknowledged = set()
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        try:
            while True:
                last = self.stopping.is_set()
                deliveries = insist(lambda: self.agency.fetch(wait_ms=200)).message["deliveries"]
                for delivery in deliveries:
                    self.seen[delivery["message_id"]] += 1
                    self.take(delivery)
                if last and not deliveries:
                    return
        except Exception as failure:
            self.failure = failure

    def take(self, delivery):
        if delivery["message_id"] in self.acknowledged:
            raise AssertionError("a message came again after its acknowledgement")
        insist(lambda: self.agency.acknowledge(delivery), "NOT_FOUND")
        self.acknowledged.add(delivery["message_id"])


def insist(call, fine=None):
    """Asks again while the gateway is away. Any other refusal is a failure, but for the reason `fine`: an acknowledgement whose answer was lost ended the delivery."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            answer = call()
            if answer.ok or answer.reason == fine:
                return answer
            if answer.code != "unavailable":
                raise AssertionError(f"{answer.status} {answer.code} {answer.reason} {answer.text}")
        except (OSError, harness.agency.http.client.HTTPException):
            pass
        if time.monotonic() > end:
            raise AssertionError("the gateway did not come back")
        time.sleep(0.02)


class Crash(unittest.TestCase):
    def test_kill_each_process_during_sends(self):
        seed = os.environ.get("SLUSS_CRASH_SEED") or str(random.SystemRandom().randrange(1 << 31))
        print(f"seed {seed} (SLUSS_CRASH_SEED repeats the order of kills)")
        chance = random.Random(seed)
        with harness.gateway() as running:
            social = running.agency("soc-1", "social_services")
            school = running.agency("school-1", "school")
            case, person = social.open_case([social, school])
            for phase in ("PHASE_INQUIRY", "PHASE_ENROLLED"):
                self.assertTrue(social.set_phase(case, phase).ok)
            consent = social.consent(case, [person], [("action_plan", social, [school])])
            messages = self.make_messages(social, case, consent, school)
            senders = [Sender(self.again(social), messages[i::SENDERS]) for i in range(SENDERS)]
            receiver = Receiver(school)
            for thread in (receiver, *senders):
                thread.start()
            kills = self.kill_while_alive(running, senders, chance)
            for sender in senders:
                sender.join()
            receiver.stopping.set()
            receiver.join()
            for thread in (receiver, *senders):
                if thread.failure:
                    raise thread.failure
            print(f"kills: {dict(kills)}, came more than once: {sum(1 for n in receiver.seen.values() if n > 1)}")
            self.assertTrue(all(kills[role] > 0 for role in ("core", "web", "edge", "parent")), kills)
            self.check(running, social, senders, receiver)

    def make_messages(self, social, case, consent, school):
        made = []
        for _ in range(SENDS):
            request = social.message(case, consent, [school], content_len=1000)
            made.append((harness.wire.decode("SectionHeader", request["sections"][0]["header"])["message_id"], request))
        return made

    def again(self, agency):
        """The same agency with a connection of its own."""
        other = object.__new__(type(agency))
        other.__dict__ = {**agency.__dict__, "connection": None}
        return other

    def kill_while_alive(self, running, senders, chance):
        kills = collections.Counter()
        while any(s.is_alive() for s in senders):
            time.sleep(chance.uniform(0.2, 1.0))
            missing = [r for r in ("core", "web", "edge", "parent") if not kills[r]]
            role = chance.choice(missing or ["core", "web", "edge", "core", "web", "edge", "parent"])
            running.kill(role)
            kills[role] += 1
            if role == "parent":
                running.start()
            running.wait_ready()
        return kills

    def check(self, running, social, senders, receiver):
        records = running.log(social)
        accepted = logcheck.accepted(records)
        acknowledged = logcheck.acknowledged(records)
        receipts = {m: i for s in senders for m, i in s.receipts.items()}
        ids = {harness.uuid_text(m): indexes for m, indexes in accepted.items()}
        self.assertEqual(len(receipts), SENDS)
        self.assertEqual({m: [i] for m, i in receipts.items()}, ids)                      # nothing acknowledged is lost, and nothing twice
        self.assertEqual(receiver.acknowledged, set(receipts))                            # all arrived
        self.assertEqual(len(acknowledged), SENDS)
        self.assertEqual([a for a, indexes in acknowledged.items() if len(indexes) > 1], [])  # in effect once
        self.assertEqual(logcheck.time_runs_back(records), [])
        self.assertEqual(logcheck.released_without_ground(records), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
