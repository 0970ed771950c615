# SPDX-License-Identifier: EUPL-1.2
"""PersonService: what a subject and a guardian see of their cases, and what is kept from them. Sessions are opened by one-time codes (session_test.py)."""
import datetime
import hashlib
import unittest
import uuid

import browser
import harness
import lawworld
import wire
from lawworld import code, stamp

DAY = datetime.timedelta(1)


def setUpModule():
    global world
    world = lawworld.World()


def tearDownModule():
    world.close()


class Pages(unittest.TestCase):
    def accepted(self, answer):
        self.assertTrue(answer.ok, None if answer.ok else (answer.code, answer.reason, answer.field, answer.text))
        return answer.message

    def refused(self, answer, reason, field=""):
        self.assertFalse(answer.ok, f"accepted, instead of {reason}")
        self.assertEqual((answer.reason, answer.field), (reason, field), answer.text)

    def login(self, case, person):
        issued = self.accepted(world.desks["soc"].state("SessionService/IssueCode", "IssueCode", {"case_id": case.id, "person_id": person}, "IssueCodeRequest",
                                                        "IssueCodeResponse"))
        made = browser.Browser(world.gateway, world.gateway.folder / "browsers")
        self.accepted(made.enter_code(issued["code"]))
        return made

    def overview(self, by):
        return self.accepted(by.call("PersonService/GetOverview", "GetOverviewRequest", {}, "GetOverviewResponse"))

    def case_of(self, by, case):
        found = [c for c in self.overview(by).get("cases", []) if c["case_id"] == case.id]
        return found[0] if found else None

    def disclosures(self, by, case, **more):
        return by.call("PersonService/ListDisclosures", "PersonListDisclosuresRequest", {"case_id": case.id, **more}, "PersonListDisclosuresResponse")

    def rows(self, by, case):
        """(released, category, reason) newest first."""
        return [(r.get("released", False), r["category"], code(r["reason"])) for r in self.accepted(self.disclosures(by, case)).get("disclosures", [])]


class Overview(Pages):
    @classmethod
    def setUpClass(cls):
        cls.case = world.open(world.born(16), guardians=2, programme="SIG_YOUTH", phase="inquiry")
        cls.consent, cls.grants = world.consent(cls.case, world.draft(), world.draft(sender="pol", to=("soc",)), by=())

    def test_what_each_is_asked(self):
        subject, guardian = self.login(self.case, self.case.subject), self.login(self.case, self.case.guardians[0])
        mine = self.case_of(subject, self.case)
        self.assertFalse(mine.get("acting_as_guardian", False))
        self.assertEqual([(g["grant_id"], g["asked"], code(g["standing"])) for g in mine["grants"]],
                         [(g, True, "CONSENTER_MISSING") for g in reversed(self.grants)])
        self.assertEqual([(o.get("subject", False), o["name"]) for o in mine["grants"][0]["others"]], [(False, "Test Testsson")] * 2)
        world.act(self.case, "GIVE", self.case.subject, [self.grants[0]])
        mine = {g["grant_id"]: g for g in self.case_of(subject, self.case)["grants"]}
        self.assertEqual(mine[self.grants[0]]["own_status"], "GRANT_STATUS_GIVEN")
        self.assertFalse(mine[self.grants[0]].get("asked", False))
        theirs = self.case_of(guardian, self.case)
        self.assertTrue(theirs["acting_as_guardian"])
        self.assertEqual(theirs["subject_name"], "Test Testsson")
        other = [o for g in theirs["grants"] if g["grant_id"] == self.grants[0] for o in g["others"] if o.get("subject")]
        self.assertEqual(other[0]["status"], "GRANT_STATUS_GIVEN")
        self.assertEqual(theirs["lead_agency_id"], "soc")
        named = {a["agency_id"]: a for a in self.overview(guardian)["agencies"]}
        self.assertEqual(named["pol"]["type"], "AGENCY_TYPE_POLICE")
        looks = [r["looked"] for r in world.gateway.log(world.desks["soc"]) if r.get("looked", {}).get("what") == "overview"]
        self.assertTrue(looks)

    def test_of_age(self):
        case = world.open(world.born(18, 3), guardians=1)
        guardian, subject = self.login(case, case.guardians[0]), self.login(case, case.subject)
        self.assertIsNotNone(self.case_of(guardian, case))
        world.step(world.midnight(3))
        self.assertIsNone(self.case_of(guardian, case))
        self.assertIsNotNone(self.case_of(subject, case))
        self.refused(self.disclosures(guardian, case), "UNKNOWN_CASE", "case_id")

    def test_a_guardian_who_is_none_any_more(self):
        case = world.open(world.born(13), guardians=1)
        guardian = self.login(case, case.guardians[0])
        self.assertIsNotNone(self.case_of(guardian, case))
        self.accepted(world.change(case, "SetGuardians", guardians=[]))
        self.assertIsNone(self.case_of(guardian, case))

    def test_somebody_elses_case(self):
        other = world.open(world.born(15))
        stranger = self.login(other, other.subject)
        self.assertIsNone(self.case_of(stranger, self.case))
        self.refused(self.disclosures(stranger, self.case), "UNKNOWN_CASE", "case_id")
        self.refused(stranger.call("PersonService/PreviewWithdraw", "PersonWithdrawRequest", {"case_id": self.case.id, "everything": True},
                                   "PersonPreviewWithdrawResponse"), "UNKNOWN_CASE", "case_id")

    def test_a_locked_login(self):
        case = world.open(world.born(16))
        subject, guardian = self.login(case, case.subject), self.login(case, case.guardians[0])
        self.accepted(world.change(case, "SetProtection", protected_identity=False, login_locked=True))
        self.refused(subject.call("PersonService/GetOverview", "GetOverviewRequest", {}, "GetOverviewResponse"), "SESSION_UNKNOWN")
        self.assertIsNotNone(self.case_of(guardian, case))
        issued = self.accepted(world.desks["soc"].state("SessionService/IssueCode", "IssueCode", {"case_id": case.id, "person_id": case.subject},
                                                        "IssueCodeRequest", "IssueCodeResponse"))
        self.refused(browser.Browser(world.gateway, world.gateway.folder / "browsers").enter_code(issued["code"]), "LOGIN_REFUSED")


class Disclosures(Pages):
    @classmethod
    def setUpClass(cls):
        cls.case = world.open(world.born(16), guardians=1)
        cls.consent, _grants = world.consent(cls.case, world.draft(category="action_plan"))

    def test_shared_and_refused(self):
        case = world.open(world.born(16), guardians=1)
        consent, _grants = world.consent(case, world.draft(category="action_plan"), world.draft(category="threat", sender="pol", to=("soc",)))
        subject = self.login(case, case.subject)
        world.send(case, "soc", "pol", "ACTION_PLAN", ("action_plan", consent))
        world.take("pol")
        world.send(case, "pol", "soc", "THREAT_ASSESSMENT", ("threat", consent))
        world.take("soc")
        world.send(case, "soc", "school", "ACTION_PLAN", ("action_plan", consent))
        self.assertEqual(self.rows(subject, case), [(False, "action_plan", "WRONG_RECIPIENT"), (True, "threat", "OK_CONSENT"), (True, "action_plan", "OK_CONSENT")])
        first = self.accepted(self.disclosures(subject, case, page_size=1))
        second = self.accepted(self.disclosures(subject, case, page_size=2, page_token=first["next_page_token"]))
        self.assertEqual([r["category"] for r in first["disclosures"] + second["disclosures"]], ["action_plan", "threat", "action_plan"])
        last = self.accepted(self.disclosures(subject, case, page_token=second["next_page_token"])) if second.get("next_page_token") else {}
        self.assertFalse(last.get("disclosures"))
        self.refused(self.disclosures(subject, case, page_token="-1"), "MALFORMED", "page_token")

    def test_a_limited_view(self):
        case = world.open(world.born(16), guardians=1)
        consent, _grants = world.consent(case, world.draft(category="action_plan"))
        guardian, subject = self.login(case, case.guardians[0]), self.login(case, case.subject)
        hidden = world.send(case, "soc", "pol", "ACTION_PLAN", ("action_plan", consent))
        world.send(case, "soc", "pol", "ACTION_PLAN", ("action_plan", consent))
        world.take("pol")
        limit = {"guardian_person_id": case.guardians[0], "message_id": hidden.id, "limited": True, "reasons": "harm to the minor"}
        self.accepted(world.change(case, "SetProtection", view_limits=[limit]))
        self.assertEqual((len(self.rows(guardian, case)), len(self.rows(subject, case))), (1, 2))
        self.accepted(world.change(case, "SetProtection", view_limits=[{**limit, "message_id": ""}]))
        self.assertEqual((len(self.rows(guardian, case)), len(self.rows(subject, case))), (0, 2))
        seen = self.case_of(guardian, case)
        self.assertTrue(seen["view_limited"])
        self.assertFalse(seen.get("grants") or seen.get("members"))

    def test_told_later(self):
        case = world.open(world.born(16), guardians=1, programme="SIG_YOUTH", phase="inquiry")
        subject = self.login(case, case.subject)
        later = stamp(world.now() + 7 * DAY)
        request = self.accepted(world.request(case, "soc", "OSL-10-18a", "SUITABILITY_REQUEST", ["enrolment"], ["pol"], necessity="to prevent crime", defer_notice=True,
                                              deferral_reasons="he would warn others", notice_at=later))["approval"]["approval_id"]
        self.accepted(world.approve("soc", request, "soc.9"))
        self.assertEqual(world.send(case, "soc", "pol", "SUITABILITY_REQUEST", ("enrolment", [("approval", request)])).reasons, ["OK_STATUTE"])
        world.take("pol")
        self.assertEqual(self.rows(subject, case), [])
        world.step(world.midnight(8))
        self.assertEqual(self.rows(subject, case), [(True, "enrolment", "OK_STATUTE")])

    def test_in_a_friends_case(self):
        friend = world.open(world.born(16), guardians=1)
        own, _grants = world.consent(friend, world.draft(category="action_plan"))
        subject = self.login(friend, friend.subject)
        sent = world.send(self.case, "soc", "pol", "ACTION_PLAN",
                          ("action_plan", [("consent", self.consent), ("consent", own)], {"concerned": [{"subject": True}, {"other_case_id": friend.id}]}),
                          ("action_plan", self.consent))
        self.assertEqual(sent.reasons, ["OK_CONSENT", "OK_CONSENT"])
        world.take("pol")
        self.assertEqual(self.rows(subject, friend), [(True, "action_plan", "OK_CONSENT")])


class BeforeAWithdrawal(Pages):
    def preview(self, by, case, **scope):
        return self.accepted(by.call("PersonService/PreviewWithdraw", "PersonWithdrawRequest", {"case_id": case.id, **scope}, "PersonPreviewWithdrawResponse"))

    def test_consequences(self):
        case = world.open(world.born(16), guardians=1, programme="SIG_YOUTH", phase="inquiry")
        consent, grants = world.consent(case, world.draft(), world.draft(sender="pol", to=("soc",), category="threat"), world.draft(category="needs", to=("pol", "school")))
        subject = self.login(case, case.subject)
        for _ in range(2):
            world.send(case, "soc", ("pol", "school"), "NEEDS_INVENTORY", ("needs", consent))
        self.assertEqual(len(world.take("pol")), 2)
        told = self.preview(subject, case, category="needs")
        self.assertEqual((sorted(told["grant_ids"]), told["messages_waiting"], told["recalled_agency_ids"], told["phase"], told["affects_others"]),
                         (sorted(grants[2:]), 2, ["pol"], "PHASE_INQUIRY", True))
        told = self.preview(subject, case, agency_id="pol")
        self.assertEqual((len(told["grant_ids"]), told.get("messages_waiting", 0), told["phase"]), (3, 0, "PHASE_CLOSING"))
        self.assertEqual(self.preview(subject, case, everything=True)["messages_waiting"], 2)
        before = world.standing(case)
        self.assertEqual(set(before.values()), {"OK_CONSENT"})
        done = self.accepted(world.withdraw(case, case.subject, category="needs"))
        self.assertEqual((sorted(done["grant_ids"]), done["messages_withheld"], done["recalled_agency_ids"]), (sorted(grants[2:]), 2, ["pol"]))

    def test_nothing_said(self):
        case = world.open(world.born(16))
        subject = self.login(case, case.subject)
        self.refused(subject.call("PersonService/PreviewWithdraw", "PersonWithdrawRequest", {"case_id": case.id}, "PersonPreviewWithdrawResponse"), "MALFORMED", "scope")


class Acts(Pages):
    def act(self, by, method, case, grants, **changes):
        request = {"request_id": str(uuid.uuid4()), "case_id": case.id, "grant_ids": grants, "text_version": "1", "text_language": "sv", "text_hash": b"\7" * 32, **changes}
        return by.call("PersonService/" + method, "PersonActRequest", request, "PersonActResponse")

    def setUp(self):
        self.case = world.open(world.born(16), guardians=1, programme="SIG_YOUTH", phase="inquiry")
        self.consent, self.grants = world.consent(self.case, world.draft(category="needs"), by=())
        self.subject, self.guardian = self.login(self.case, self.case.subject), self.login(self.case, self.case.guardians[0])

    def test_agreeing(self):
        done = self.accepted(self.act(self.subject, "Give", self.case, self.grants))
        self.assertEqual(world.standing(self.case)[self.grants[0]], "CONSENTER_MISSING")
        self.accepted(self.act(self.guardian, "Give", self.case, self.grants))
        self.assertEqual(world.standing(self.case)[self.grants[0]], "OK_CONSENT")
        self.assertRegex(done["receipt_number"], r"^2026-\d{6}$")
        index = int(done["receipt"]["log_index"])
        entry = wire.decode("LogRecord", done["receipt"]["log_entry"])["grant_status"]
        self.assertEqual((harness.uuid_text(entry["person"]), entry["channel"], entry.get("agency", "")), (self.case.subject, "LOG_CHANNEL_ELECTRONIC", ""))
        kept = self.accepted(world.desks["soc"].call("ConsentService/GetStatement", "ConsentGetStatementRequest", {"log_index": index}, "ConsentGetStatementResponse"))
        self.assertEqual(hashlib.sha256(kept["statement"]["statement"]).digest(), entry["statement_hash"])
        act = wire.decode("SessionAct", kept["statement"]["statement"])
        self.assertEqual((act["path"], act["session_key"]), ("/sluss.v1.PersonService/Give", self.subject.public))
        self.assertEqual(wire.decode("PersonActRequest", act["body"])["grant_ids"], self.grants)
        self.subject.verify(kept["statement"]["signature"], b"sluss-session-v1\0", act["authority"].encode() + b"\0", act["path"].encode() + b"\0",
                            int(act["counter"]).to_bytes(8, "big"), hashlib.sha256(act["body"]).digest())

    def test_refusing_is_final(self):
        self.accepted(self.act(self.subject, "Refuse", self.case, self.grants))
        self.assertEqual(world.standing(self.case)[self.grants[0]], "REFUSED")
        self.refused(self.act(self.subject, "Give", self.case, self.grants), "CLOSED_STATE", "grant_ids[0]")

    def withdraw(self, by, **more):
        return by.call("PersonService/Withdraw", "PersonWithdrawRequest", {"request_id": str(uuid.uuid4()), "case_id": self.case.id, **more}, "PersonWithdrawResponse")

    def test_withdrawing(self):
        for who in (self.subject, self.guardian):
            self.accepted(self.act(who, "Give", self.case, self.grants))
        for _ in range(2):
            self.assertTrue(world.send(self.case, "soc", "pol", "NEEDS_INVENTORY", ("needs", self.consent)).ok)
            self.assertEqual(len(world.fetch("pol", max_messages=1)["deliveries"]), 1)
        request_id = str(uuid.uuid4())
        done = self.accepted(self.withdraw(self.subject, category="needs", request_id=request_id))
        self.assertEqual((done["grant_ids"], done["recalled_agency_ids"], done["phase"]), (self.grants, ["pol"], "PHASE_INQUIRY"))
        self.assertEqual(world.standing(self.case)[self.grants[0]], "WITHDRAWN")
        again = self.accepted(self.withdraw(self.subject, category="needs", request_id=request_id))
        self.assertEqual(again["receipt_number"], done["receipt_number"])
        recalls = self.accepted(self.subject.call("PersonService/ListRecalls", "PersonListRecallsRequest", {"case_id": self.case.id}, "PersonListRecallsResponse"))["recalls"]
        self.assertEqual([(r["agency_id"], r.get("answered", False), r.get("overdue", False)) for r in recalls], [("pol", False, False)])
        self.assertFalse(world.fetch("pol").get("deliveries"))

    def test_sent_twice(self):
        request_id = str(uuid.uuid4())
        first, again = (self.accepted(self.act(self.subject, "Give", self.case, self.grants, request_id=request_id)) for _ in range(2))
        self.assertEqual(first["receipt"]["log_index"], again["receipt"]["log_index"])
        self.refused(self.act(self.subject, "Refuse", self.case, self.grants, request_id=request_id), "ID_REUSED", "statement_id")
        self.refused(self.act(self.guardian, "Give", self.case, self.grants, request_id=request_id), "ID_REUSED", "statement_id")

    def test_not_their_say(self):
        other = world.open(world.born(16))
        self.refused(self.act(self.login(other, other.subject), "Give", self.case, self.grants), "UNKNOWN_CASE", "case_id")
        _consent, foreign = world.consent(other, world.draft(), by=())
        self.assertFalse(self.act(self.subject, "Give", self.case, foreign).ok)
        self.refused(self.act(self.subject, "Give", self.case, []), "MALFORMED", "grant_ids")
        self.refused(self.act(self.subject, "Give", self.case, self.grants, request_id="1"), "MALFORMED", "request_id")


if __name__ == "__main__":
    unittest.main()
