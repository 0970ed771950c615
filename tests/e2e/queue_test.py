# SPDX-License-Identifier: EUPL-1.2
"""100,000 messages wait in the gateway: nothing is lost, nothing comes twice, each case's come in order, and the operator sees what waits and why. The gateway's processes
are killed while they are sent, while they wait, and while they are fetched and acknowledged."""
import json
import os
import sqlite3
import subprocess
import sys
import unittest

import harness

MESSAGES = int(os.environ.get("SLUSS_QUEUE_MESSAGES", "100000"))
CASES = 8
PROGRAM = harness.BUILD / "tests" / "e2e" / "queue_client"


def run(running, plan, what):
    """queue_client to its end, with core killed under it when a third is done; its counts."""
    client = subprocess.Popen([PROGRAM, plan, what, str(MESSAGES), str(MESSAGES // 3)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with client:
        try:
            if client.stdout.readline() == "paused\n":
                running.kill("core")
            counts, errors = client.communicate("go on\n")
        finally:
            client.kill()
    if client.returncode != 0:
        raise AssertionError(f"queue_client {what}: {errors}\n{running.log_tail()}")
    return json.loads(counts)


class Queue(unittest.TestCase):
    def test_a_long_queue(self):
        with harness.gateway(settings={"queue_max_per_agency": 2 * MESSAGES}) as running:
            social, school = running.agency("soc-1", "social_services"), running.agency("school-1", "school")
            cases = []
            for _ in range(CASES):
                case, person = social.open_case([social, school])
                for phase in ("PHASE_INQUIRY", "PHASE_ENROLLED"):
                    self.assertTrue(social.set_phase(case, phase).ok)
                cases.append((case, person, social.consent(case, [person], [("action_plan", social, [school])])))
            plan = running.folder / "plan"
            harness.write_plan(plan, running, social, school, cases)
            sent = run(running, plan, "send")
            print(sent)
            self.assertEqual((sent["sent"], sent["accepted"]), (MESSAGES, MESSAGES))
            self.assertGreater(sent["reconnects"], 0)
            self.check_waiting(running, social, school, cases[0])

            running.kill("parent")  # and everything with it: what waits is in the store alone
            running.start()
            harness.write_plan(plan, running, social, school, cases)
            self.check_waiting(running, social, school, cases[0])

            taken = run(running, plan, "take")
            print(taken)
            self.assertEqual((taken["delivered"], taken["acknowledged"]), (MESSAGES, MESSAGES))
            self.assertGreater(taken["reconnects"], 0)
            health = running.health()
            self.assertEqual([health.get(k, 0) for k in ("accepted", "denied", "withheld", "rejected", "expired", "acknowledged", "waiting")],
                             [MESSAGES, 0, 0, 0, 0, MESSAGES, 0])
            self.assertGreaterEqual(health["released"], MESSAGES)
            self.assertEqual(running.admin("ListQueues"), {"queues": []})
            with sqlite3.connect(f"file:{next((running.state / 'db').glob('*.db'))}?mode=ro", uri=True) as db:
                self.assertEqual(db.execute("SELECT count(*) FROM payload").fetchone()[0], 0)

    def check_waiting(self, running, social, school, case):
        """What the operator sees; and no room for one more, which is refused to be sent again."""
        self.assertEqual([running.health().get(k, 0) for k in ("accepted", "waiting")], [MESSAGES, MESSAGES])
        [queue] = running.admin("ListQueues")["queues"]
        self.assertEqual((queue["recipient_agency_id"], queue["waiting"], queue.get("handed_out", 0), queue["why"]), ("school-1", MESSAGES, 0, "QUEUE_REASON_NOT_ASKED"))
        self.assertEqual([(s["agency_id"], s["waiting"]) for s in queue["senders"]], [("soc-1", MESSAGES)])
        social.connection = None
        refused = social.send(social.message(case[0], case[2], [school]))
        self.assertEqual((refused.code, refused.reason), ("resource_exhausted", "BUSY"))


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
