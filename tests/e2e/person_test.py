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

    def overview(self, by, **more):
        return self.accepted(by.call("PersonService/GetOverview", "GetOverviewRequest", more, "GetOverviewResponse"))

    def case_of(self, by, case, **more):
        found = [c for c in self.overview(by, **more).get("cases", []) if c["case_id"] == case.id]
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
        shown = self.shown(by, case, grants) if method == "Give" and "text_hash" not in changes else {}
        request = {"request_id": str(uuid.uuid4()), "case_id": case.id, "grant_ids": grants, **shown, **changes}
        return by.call("PersonService/" + method, "PersonActRequest", request, "PersonActResponse")

    def questions(self, by, case, language):
        """Text and version of each question that is open, by grant."""
        grants = (self.case_of(by, case, language=language) or {}).get("grants", [])
        return {g["grant_id"]: (g["question"], g["question_version"]) for g in grants if g.get("asked")}

    def shown(self, by, case, grants, language="sv"):
        asked = self.questions(by, case, language)
        text = "".join(asked.get(g, ("", ""))[0] for g in grants)
        version = next((v for _text, v in asked.values()), "")
        return {"text_version": version, "text_language": language, "text_hash": hashlib.sha256(text.encode()).digest()}

    def receipt(self, by, request_id, language="sv", case=None):
        return by.call("PersonService/GetReceipt", "PersonGetReceiptRequest", {"case_id": (case or self.case).id, "language": language, "request_id": request_id},
                       "PersonGetReceiptResponse")

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
        said = wire.decode("PersonActRequest", act["body"])
        self.assertEqual((said["text_language"], len(said["text_hash"])), ("sv", 32))
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
        shown = self.shown(self.subject, self.case, self.grants)
        first, again = (self.accepted(self.act(self.subject, "Give", self.case, self.grants, request_id=request_id, **shown)) for _ in range(2))
        self.assertEqual(first["receipt"]["log_index"], again["receipt"]["log_index"])
        self.refused(self.act(self.subject, "Refuse", self.case, self.grants, request_id=request_id), "ID_REUSED", "statement_id")
        self.refused(self.act(self.guardian, "Give", self.case, self.grants, request_id=request_id), "ID_REUSED", "statement_id")

    def test_a_yes_is_to_the_text_that_was_shown(self):
        grant = self.grants[0]
        mine, theirs = (self.questions(by, self.case, "sv")[grant] for by in (self.subject, self.guardian))
        self.assertRegex(mine[0], r"^\u2068soc\u2069 får berätta för \u2068pol\u2069 om det här: behov och styrkor\.\nFör att de ska kunna arbeta tillsammans\.\nDet gäller från \d+ [a-z]+ 2026, \d\d:\d\d till \d+ [a-z]+ 2026, ")
        self.assertIn("om \u2068Test Testsson\u2069 för \u2068pol\u2069", theirs[0])
        self.assertEqual(len({self.questions(self.subject, self.case, language)[grant][0] for language in ("sv", "en", "ar", "so")}), 4)
        self.assertNotIn("question", self.case_of(self.subject, self.case)["grants"][0])
        self.refused(self.subject.call("PersonService/GetOverview", "GetOverviewRequest", {"language": "de"}, "GetOverviewResponse"), "MALFORMED", "language")
        shown = self.shown(self.subject, self.case, self.grants)
        for wrong, field in (({"text_hash": b""}, "text_hash"), ({"text_hash": b"\7" * 32}, "text_hash"), ({"text_language": "en"}, "text_hash"),
                             ({"text_hash": hashlib.sha256(theirs[0].encode()).digest()}, "text_hash"), ({"text_version": "2025-9"}, "text_version"),
                             ({"text_language": ""}, "text_language")):
            self.refused(self.act(self.subject, "Give", self.case, self.grants, **{**shown, **wrong}), "MALFORMED", field)
        self.refused(self.act(self.subject, "Refuse", self.case, self.grants, **{**shown, "text_hash": b"\7" * 32}), "MALFORMED", "text_hash")
        self.assertEqual(world.standing(self.case)[grant], "CONSENTER_MISSING")
        self.accepted(self.act(self.subject, "Give", self.case, self.grants, **self.shown(self.subject, self.case, self.grants, "ar")))
        self.assertFalse(self.questions(self.subject, self.case, "sv"))

    def test_a_receipt_of_each_act(self):
        yes, stop = str(uuid.uuid4()), str(uuid.uuid4())
        given = self.accepted(self.act(self.subject, "Give", self.case, self.grants, request_id=yes))
        self.accepted(self.act(self.guardian, "Give", self.case, self.grants))
        world.send(self.case, "soc", "pol", "NEEDS_INVENTORY", ("needs", self.consent))
        world.take("pol")
        kept = self.accepted(self.receipt(self.subject, yes))
        self.assertEqual((kept["receipt_number"], kept["receipt"]["log_index"], kept["at"]), (given["receipt_number"], given["receipt"]["log_index"], given["at"]))
        for words in ("DU SA JA", f"Kvittots nummer: {given['receipt_number']}", "När: 2026-", "1. behov och styrkor", "Från: \u2068soc\u2069", "Till: \u2068pol\u2069",
                      hashlib.sha256(given["receipt"]["log_entry"]).hexdigest()):
            self.assertIn(words, kept["text"])
        done = self.accepted(self.withdraw(self.subject, everything=True, request_id=stop))
        texts = {language: self.accepted(self.receipt(self.subject, stop, language))["text"] for language in ("sv", "en", "ar", "so")}
        self.assertEqual(len(set(texts.values())), 4)
        for text in texts.values():
            self.assertIn(done["receipt_number"], text)
        self.assertRegex(texts["en"], r"(?s)YOU STOPPED SHARING.*1\. needs and strengths.*ASKED BACK.*   \u2068pol\u2069\n")
        # Somebody else's act, another case's, none, and one that was refused.
        other = world.open(world.born(16))
        for by, request_id, case in ((self.guardian, stop, self.case), (self.subject, str(uuid.uuid4()), self.case), (self.guardian, yes, self.case)):
            self.refused(self.receipt(by, request_id, case=case), "NOT_FOUND", "request_id")
        self.refused(self.receipt(self.subject, stop, case=other), "UNKNOWN_CASE", "case_id")
        self.refused(self.receipt(self.subject, stop, "de"), "MALFORMED", "language")

    def notices(self, by, case, **more):
        answer = self.accepted(by.call("PersonService/ListNotices", "PersonListNoticesRequest", {"case_id": case.id, **more}, "PersonListNoticesResponse"))
        return answer.get("notices", []), answer.get("next_page_token", "")

    def kinds(self, by, case):
        return [n["kind"].removeprefix("PERSON_NOTICE_KIND_") for n in self.notices(by, case)[0]]

    def test_notices(self):
        for who in (self.subject, self.guardian):
            self.accepted(self.act(who, "Give", self.case, self.grants))
        sent = world.send(self.case, "soc", "pol", "NEEDS_INVENTORY", ("needs", self.consent))
        world.take("pol")
        requests = [self.accepted(world.request(self.case, "soc", "OSL-10-18a", "SUITABILITY_REQUEST", ["enrolment"], ["pol"], necessity="to prevent crime", **more))["approval"]["approval_id"]
                    for more in ({}, {"defer_notice": True, "deferral_reasons": "he would warn others", "notice_at": stamp(world.now() + 7 * DAY)})]
        for request in requests:
            self.accepted(world.approve("soc", request, "soc.9"))
        self.assertEqual(self.kinds(self.subject, self.case), ["LAW", "GIVEN", "GIVEN", "ASKED", "PHASE"]) # the deferred one leaves no trace
        self.assertEqual(self.kinds(self.guardian, self.case), ["GIVEN", "GIVEN", "ASKED", "PHASE"])
        (law, theirs, mine, *_), _token = self.notices(self.subject, self.case)
        self.assertEqual((law["agency_id"], law["receiver_agency_ids"], law["categories"], law["provision"]), ("soc", ["pol"], ["enrolment"], "OSL-10-18a"))
        self.assertEqual((mine["own"], theirs.get("own", False), theirs["name"], theirs["categories"]), (True, False, "Test Testsson", ["needs"]))
        self.accepted(world.act(self.case, "NARROW", self.guardian_id(), self.grants, narrowed_until=stamp(world.now() + 5 * DAY)))
        self.accepted(world.withdraw(self.case, self.case.subject, everything=True))
        self.assertEqual(self.kinds(self.subject, self.case)[:3], ["RECALL_OPENED", "STOPPED", "NARROWED"])
        world.step(world.midnight(20))
        self.assertEqual(self.kinds(self.subject, self.case)[:3], ["RECALL_OVERDUE", "LAW", "RECALL_OPENED"])
        whole, pages, token = self.notices(self.subject, self.case)[0], [], ""
        while True:
            page, token = self.notices(self.subject, self.case, page_size=2, page_token=token)
            pages += page
            if not token:
                break
        self.assertEqual(pages, whole)
        # What is kept from a guardian's view is kept out of what was asked back, too.
        self.assertIn("RECALL_OVERDUE", self.kinds(self.guardian, self.case))
        limit = {"guardian_person_id": self.guardian_id(), "message_id": sent.id, "limited": True, "reasons": "harm to the minor"}
        self.accepted(world.change(self.case, "SetProtection", view_limits=[limit]))
        self.assertEqual([k for k in self.kinds(self.guardian, self.case) if k.startswith("RECALL")], [])
        self.assertIn("RECALL_OVERDUE", self.kinds(self.subject, self.case))
        self.accepted(world.change(self.case, "SetProtection", view_limits=[{**limit, "message_id": ""}]))
        self.assertEqual(self.kinds(self.guardian, self.case), [])

    def guardian_id(self):
        return self.case.guardians[0]

    def test_an_agreement_whose_time_is_over(self):
        for who in (self.subject, self.guardian):
            self.accepted(self.act(who, "Give", self.case, self.grants))
        world.step(world.midnight(40))
        subject = self.login(self.case, self.case.subject)
        (newest, *_), _token = self.notices(subject, self.case)
        self.assertEqual((newest["kind"], newest["agency_id"], newest["receiver_agency_ids"], newest["categories"]), ("PERSON_NOTICE_KIND_EXPIRED", "soc", ["pol"], ["needs"]))
        paged = [self.notices(subject, self.case, page_size=1)[0][0]["kind"]]
        self.assertEqual(paged, ["PERSON_NOTICE_KIND_EXPIRED"])

    def test_not_their_say(self):
        other = world.open(world.born(16))
        self.refused(self.act(self.login(other, other.subject), "Give", self.case, self.grants), "UNKNOWN_CASE", "case_id")
        _consent, foreign = world.consent(other, world.draft(), by=())
        self.assertFalse(self.act(self.subject, "Give", self.case, foreign).ok)
        self.refused(self.act(self.subject, "Give", self.case, []), "MALFORMED", "grant_ids")
        self.refused(self.act(self.subject, "Give", self.case, self.grants, request_id="1"), "MALFORMED", "request_id")


if __name__ == "__main__":
    unittest.main()
