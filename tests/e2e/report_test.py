#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Reports for the evaluator through the whole gateway: who may ask, for which years, that small counts stay out, that a restart changes nothing, and that the look is in the log."""
import datetime
import unittest

import lawworld


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = lawworld.World()
        cls.addClassCleanup(cls.world.close)

    def ask(self, who="evaluator", programme="SSPF", year=2026):
        return self.world.desks[who].call("AuditService/GetReport", "GetReportRequest", {"programme": programme, "year": year}, "GetReportResponse")

    def refused(self, answer, code, field=""):
        self.assertFalse(answer.ok)
        self.assertEqual((answer.code, answer.field), (code, field))

    def close_groups(self, count, reason, years, follow_up):
        for _ in range(count):
            case = self.world.open(self.world.born(years), guardians=1)
            if follow_up:
                self.world.consent(case, self.world.draft("follow_up", "soc", ("evaluator",), purpose="PURPOSE_FOLLOW_UP"))
            for phase, more in (("CLOSING", {}), ("CLOSED", {"close_reason": reason})):
                moved = self.world.change(case, "SetPhase", phase="PHASE_" + phase, **more)
                self.assertTrue(moved.ok, getattr(moved, "text", ""))

    def test_report(self):
        world = self.world
        self.close_groups(5, "CLOSE_REASON_GOALS_MET", 13, follow_up=True)
        self.close_groups(4, "CLOSE_REASON_MOVED", 19, follow_up=False)
        self.close_groups(1, "CLOSE_REASON_SAFETY", 19, follow_up=False)
        self.refused(self.ask(), "invalid_argument", "year")  # it is not over
        world.step(datetime.datetime(2027, 1, 1, 0, 0, 1, tzinfo=lawworld.STOCKHOLM))
        self.close_groups(5, "CLOSE_REASON_GOALS_MET", 13, follow_up=False)  # counted in the next year
        for who in ("soc", "pol", "school"):
            self.refused(self.ask(who), "permission_denied")
        self.refused(self.ask(programme="SSPG"), "not_found", "programme")
        self.refused(self.ask(year=2027), "invalid_argument", "year")
        self.refused(self.ask(year=0), "invalid_argument", "year")
        first = self.ask().message
        self.assertEqual((first["published"], first["groups"], first["method"]), (True, 10, 1))
        tables = {t["name"]: [(c["name"], c["count"]) for c in t.get("cells", [])] for t in first["tables"]}
        self.assertEqual(tables["ages"], [("under_18", 5), ("18_and_over", 5)])  # nobody was 15 to 17
        self.assertEqual(tables["reasons_for_closing"], [("goals_met", 5), ("other_reasons", 5)])
        self.assertEqual(tables["follow_up"], [("opted_in", 5), ("not_opted_in", 5)])
        self.assertEqual(tables["months_in_group"], [])  # all of them under three months: zeros are counts under five
        empty = self.ask(programme="SIG_YOUTH").message
        self.assertEqual([empty.get(k) for k in ("published", "groups")], [None, None])
        self.assertFalse(any(t.get("cells") for t in empty["tables"]))
        world.gateway.kill("core")
        world.gateway.wait_ready()
        self.assertEqual(self.ask().message, first)
        self.assertGreaterEqual(sum(b"\x06report" in entry for entry in self.entries()), 3)

    def entries(self):
        start, found = 0, []
        while True:
            piece = self.world.desks["soc"].call("AuditService/Export", "ExportRequest", {"start": start, "count": 1000}, "ExportResponse").message.get("entries", [])
            if not piece:
                return found
            found += piece
            start += len(piece)


if __name__ == "__main__":
    unittest.main(verbosity=2)
