# SPDX-License-Identifier: EUPL-1.2
"""1,000 rounds of withdraw racing send and fetch: no covered octet after the acknowledgement (race_client looks), no release after its withdrawal in the log."""
import collections
import json
import os
import random
import subprocess
import sys
import unittest

import harness
import logcheck

ROUNDS = int(os.environ.get("SLUSS_RACE_ROUNDS", "1000"))
CASES = 20
PROGRAM = harness.BUILD / "tests" / "e2e" / "race_client"


class Race(unittest.TestCase):
    def test_withdraw_races_send_and_fetch(self):
        with harness.gateway() as running:
            social = running.agency("soc-1", "social_services")
            school = running.agency("school-1", "school")
            cases = []
            for _ in range(CASES):
                case, person = social.open_case([social, school])
                for phase in ("PHASE_INQUIRY", "PHASE_ENROLLED"):
                    self.assertTrue(social.set_phase(case, phase).ok)
                cases.append((case, person, ""))
            plan = running.folder / "plan"
            harness.write_plan(plan, running, social, school, cases)
            seed = os.environ.get("SLUSS_RACE_SEED") or str(random.SystemRandom().randrange(1 << 31))
            print(f"seed {seed} (SLUSS_RACE_SEED repeats it)")
            done = subprocess.run([PROGRAM, plan, str(ROUNDS), seed], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, f"{done.stdout}{done.stderr}\n{running.log_tail()}")
            counts = json.loads(done.stdout)
            records = running.log(social)
            names = collections.Counter(logcheck.event(r)[0] for r in records)
            print(counts, dict(names))

            self.assertEqual(counts["rounds"], ROUNDS)
            self.assertEqual(names["withdrawal"], ROUNDS)
            self.assertEqual(logcheck.used_after_withdrawal(records), [])
            self.assertEqual(logcheck.released_without_ground(records), [])
            self.assertEqual(logcheck.received_but_not_asked_back(records), [])
            self.assertEqual(logcheck.asked_back_but_not_received(records), [])
            # The race was one: both sides won often, and transfers were cut half way.
            for count in ("delivered", "sends_accepted", "sends_denied", "withheld"):
                self.assertGreater(counts[count], ROUNDS // 50, count)
            self.assertGreater(counts["cut"], 0)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
