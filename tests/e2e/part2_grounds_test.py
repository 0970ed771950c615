# SPDX-License-Identifier: EUPL-1.2
"""Grounds other than the subject's own consent, through the whole gateway: third persons, the statutory path, phases, protected persons; what Evaluate says about all of
them; and policy files that change the law without a restart."""
import json
import pathlib
import subprocess
import tempfile
import unittest
import uuid

import harness
import lawworld
from harness import contents
from lawworld import code, stamp
from part2_test import DAY, Law

POLICIES = harness.TOP / "policy"


def setUpModule():
    global world
    world = lawworld.World()


def tearDownModule():
    world.close()


class ThirdPersons(Law):
    """Ruling 13: each person concerned needs a ground."""

    def setUp(self):
        self.case = world.open(world.born(18))
        self.consent, _ = world.consent(self.case, world.draft("school_attendance", "school", ("soc",)))
        self.friend = world.open(world.born(19))

    def ask(self, *concerned, claims=None):
        return world.send(self.case, "school", "soc", "ATTENDANCE_REPORT", ("school_attendance", claims or self.consent, {"concerned": list(concerned)}))

    def test_a_friend_needs_a_grant_of_his_own(self):
        both = ({"subject": True}, {"other_case_id": self.friend.id})
        self.assertEqual(self.ask(*both).reasons, ["THIRD_PARTY_MISSING"])
        world.consent(self.friend, world.draft("school_attendance", "school", ("pol",)))
        self.assertEqual(self.ask(*both).reasons, ["THIRD_PARTY_MISSING"])  # not to this recipient
        own, grants = world.consent(self.friend, world.draft("school_attendance", "school", ("soc",)))
        sent = self.ask(*both, claims=[("consent", self.consent), ("consent", own)])
        self.assertEqual((sent.reasons, len(sent.pairs[0]["ground_ids"])), (["OK_CONSENT"], 2))
        self.accepted(world.withdraw(self.friend, self.friend.subject, grant_id=grants[0]))
        self.assertNotIn(sent.id, world.take("soc"))
        self.assertEqual(world.status("school", sent.id), [("WITHHELD", "THIRD_PARTY_MISSING")])
        self.assertEqual(self.ask(*both).reasons, ["THIRD_PARTY_MISSING"])

    def test_a_friends_refusal_is_told_as_missing(self):
        _, grants = world.consent(self.friend, world.draft("school_attendance", "school", ("soc",)), by=[])
        self.accepted(world.act(self.friend, "REFUSE", self.friend.subject, grants))
        self.assertEqual(self.ask({"subject": True}, {"other_case_id": self.friend.id}).reasons, ["THIRD_PARTY_MISSING"])

    def test_others_only_by_statute(self):
        self.assertEqual(self.ask({"subject": True}, {"other_person": True}).reasons, ["THIRD_PARTY_MISSING"])
        asked = self.accepted(world.request(self.case, "school", "OSL-10-27", "ATTENDANCE_REPORT", ["school_attendance"], ["soc"], necessity="seen together"))["approval"]
        claims = [("consent", self.consent), ("approval", asked["approval_id"])]
        self.assertEqual(self.ask({"other_person": True}, claims=claims[1:]).reasons, ["THIRD_PARTY_MISSING"])
        self.accepted(world.approve("school", asked["approval_id"], "school.9"))
        self.assertEqual(self.ask({"subject": True}, {"other_person": True}, claims=claims).reasons, ["OK_STATUTE"])


class Statute(Law):
    """DOMAIN section 6: never called consent."""

    def setUp(self):
        self.case = world.open(world.born(18))

    def request(self, provision="OSL-10-18a", **more):
        return world.request(self.case, "soc", provision, "ACTION_PLAN", ["action_plan"], ["pol"], **{"necessity": "it cannot wait", **more})

    def send(self, approval, **more):
        return world.send(self.case, "soc", "pol", "ACTION_PLAN", ("action_plan", [("approval", approval)]), **more)

    def test_two_officers_and_a_time(self):
        approval = self.accepted(self.request())["approval"]["approval_id"]
        self.assertEqual(self.send(approval).reasons, ["STATUTE_UNAPPROVED"])
        self.refused(world.approve("soc", approval, "soc.1"), "NOT_ENTITLED", "officer_id")  # the same
        self.refused(world.approve("soc", approval, "soc.2"), "NOT_ENTITLED", "officer_id")  # without the role
        self.refused(world.approve("pol", approval, "pol.9"), "NOT_ENTITLED", "agency_id")
        shown = self.accepted(world.approve("soc", approval, "soc.9"))["approval"]
        self.assertEqual((shown["approved_by_officer_id"], round((lawworld.seconds(shown["valid_until"]) - world.now().timestamp()) / 86400)), ("soc.9", 14))
        self.refused(world.approve("soc", approval, "soc.9"), "CLOSED_STATE", "approval_id")
        sent = self.send(approval)
        self.assertEqual((sent.reasons, sent.pairs[0]["ground"], sent.pairs[0]["ground_ids"]), (["OK_STATUTE"], "GROUND_STATUTORY", [approval]))
        self.accepted(world.withdraw(self.case, self.case.subject, everything=True))  # stops no statutory ground (ruling 7)
        self.assertIn(sent.id, world.take("pol"))
        late = self.send(approval)
        world.step(world.now() + 14 * DAY)
        self.assertEqual(self.send(approval).reasons, ["STATUTE_EXPIRED"])
        self.assertNotIn(late.id, world.take("pol"))
        self.assertEqual(world.status("soc", late.id), [("WITHHELD", "STATUTE_EXPIRED")])
        records = [r["released"] for r in world.gateway.log(world.desks["evaluator"]) if "released" in r]
        grounds = [(p["reason"], p["provision"]) for r in records if harness.uuid_text(r["message"]) == sent.id for p in r["pairs"]]
        self.assertEqual([provision for _, provision in grounds], ["OSL-10-18a"])

    def test_a_refused_request_permits_nothing(self):
        approval = self.accepted(self.request())["approval"]["approval_id"]
        self.accepted(world.approve("soc", approval, "soc.9", approved=False))
        self.assertEqual(self.send(approval).reasons, ["STATUTE_UNAPPROVED"])

    def test_what_a_request_must_say(self):
        self.refused(self.request("OSL-99"), "STATUTE_UNKNOWN", "provision")
        self.refused(self.request(necessity=""), "STATUTE_NOT_APPLICABLE", "necessity")
        self.refused(world.request(self.case, "soc", "OSL-10-18a", "ACTION_PLAN", ["health"], ["pol"], necessity="x"), "STATUTE_NOT_APPLICABLE", "categories[0]")
        self.refused(world.request(self.case, "soc", "OSL-10-18a", "ACTION_PLAN", ["action_plan"], ["school"], necessity="x"), "STATUTE_NOT_APPLICABLE",
                     "receiver_agency_ids[0]")
        self.refused(world.request(self.case, "soc", "OSL-10-18a", "FOLLOW_UP", ["action_plan"], ["pol"], necessity="x"), "STATUTE_NOT_APPLICABLE", "message_type")
        self.refused(world.request(self.case, "pol", "OSL-10-18a", "ACTION_PLAN", ["action_plan"], ["soc"], necessity="x"), "STATUTE_NOT_APPLICABLE", "agency_id")
        self.refused(world.request(self.case, "soc", "OSL-10-18a", "ACTION_PLAN", [], ["pol"], necessity="x"), "VAGUE_CATEGORY", "categories")
        self.refused(world.request(self.case, "soc", "OSL-10-18a", "ACTION_PLAN", ["action_plan"], [], necessity="x"), "VAGUE_RECIPIENT", "receiver_agency_ids")

    def test_telling_the_person_later_is_argued(self):
        later = stamp(world.now() + 7 * DAY)
        self.refused(self.request(defer_notice=True, notice_at=later), "DEFERRAL_UNARGUED", "deferral_reasons")
        self.refused(self.request(defer_notice=True, deferral_reasons="he would warn others"), "DEFERRAL_UNARGUED", "notice_at")
        self.refused(self.request(defer_notice=True, deferral_reasons="he would warn others", notice_at=stamp(world.now() - DAY)), "DEFERRAL_UNARGUED", "notice_at")
        shown = self.accepted(self.request(defer_notice=True, deferral_reasons="he would warn others", notice_at=later))["approval"]
        self.assertEqual(shown["notice_at"], {k: v for k, v in later.items() if v})
        self.assertNotIn("notice_at", self.accepted(self.request())["approval"])

    def test_an_age_that_grew_out_of_the_law(self):
        self.case = world.open(world.born(21, 4), programme="SIG_YOUTH", phase="inquiry")
        approval = self.accepted(self.request())["approval"]["approval_id"]
        self.accepted(world.approve("soc", approval, "soc.9"))
        self.assertEqual(self.send(approval).reasons, ["OK_STATUTE"])
        world.step(world.midnight(4))
        self.assertEqual(self.send(approval).reasons, ["STATUTE_NOT_APPLICABLE"])

    def test_the_duty_to_report_needs_no_approval(self):
        child = world.open(world.born(14), phase="nominated")
        claim = [("provision", "SoL-14-1")]
        self.assertEqual(world.send(child, "school", "soc", "CONCERN_REPORT", ("school_attendance", claim)).reasons, ["OK_STATUTE"])
        self.assertEqual(world.send(child, "school", "soc", "ATTENDANCE_REPORT", ("school_attendance", claim)).reasons, ["STATUTE_NOT_APPLICABLE"])
        self.assertEqual(world.send(child, "soc", "pol", "ACTION_PLAN", ("action_plan", [("provision", "OSL-10-28")])).reasons, ["STATUTE_UNAPPROVED"])
        self.assertEqual(world.send(child, "soc", "pol", "ACTION_PLAN", ("action_plan", [("provision", "OSL-99")])).reasons, ["STATUTE_UNKNOWN"])

    def test_a_concern_report_opens_a_case(self):
        unknown = lawworld.Case(str(uuid.uuid4()), None, [], None)
        report = world.send(unknown, "health", "soc", "CONCERN_REPORT", ("health", [("provision", "SoL-14-1")]))
        self.assertEqual(report.reasons, ["OK_STATUTE"])
        self.assertIn(report.id, world.take("soc"))
        self.assertEqual(world.phase(unknown), "nominated")
        self.assertEqual(world.desks["health"].ask_raw("CaseService/Get", {"case_id": unknown.id}).reason, "UNKNOWN_CASE")  # the reporter learns no more

    def test_a_statement_about_nobody_passes_by_its_type(self):
        sent = world.send(self.case, "school", "soc", "DEVIATION_REPORT", ("", [], {"concerned": [], "category": None, "purpose": None, "claims": []}))
        self.assertEqual(sent.reasons, ["OK_TYPE"])


class Phases(Law):
    def test_a_phase_stops_types_but_no_statute(self):
        case = world.open(world.born(18))
        consent, _ = world.consent(case, world.draft("action_plan"), world.draft("threat"), world.draft("enrolment"))
        approval = self.accepted(world.request(case, "soc", "OSL-10-18a", "ACTION_PLAN", ["action_plan"], ["pol"], necessity="x"))["approval"]["approval_id"]
        self.accepted(world.approve("soc", approval, "soc.9"))
        allowed = {"ENROLLED": ("OK_CONSENT", "OK_CONSENT", "OK_CONSENT"), "PAUSED": ("PHASE_FORBIDS", "OK_CONSENT", "PHASE_FORBIDS"),
                   "DORMANT": ("PHASE_FORBIDS", "OK_CONSENT", "OK_CONSENT"), "CLOSING": ("PHASE_FORBIDS", "OK_CONSENT", "PHASE_FORBIDS"),
                   "CLOSED": ("PHASE_FORBIDS", "PHASE_FORBIDS", "PHASE_FORBIDS")}
        for phase, reasons in allowed.items():
            with self.subTest(phase):
                if phase != "ENROLLED":
                    reason = {"close_reason": "CLOSE_REASON_MOVED"} if phase == "CLOSED" else {}
                    self.accepted(world.change(case, "SetPhase", phase="PHASE_" + phase, **reason))
                sent = [world.send(case, "soc", "pol", kind, (category, consent)).reasons[0]
                        for kind, category in (("ACTION_PLAN", "action_plan"), ("THREAT_ASSESSMENT", "threat"), ("MEETING_INVITATION", "enrolment"))]
                self.assertEqual(tuple(sent), reasons)
                self.assertEqual(world.send(case, "soc", "pol", "ACTION_PLAN", ("action_plan", [("approval", approval)])).reasons, ["OK_STATUTE"])
        self.refused(world.change(case, "SetPhase", phase="PHASE_ENROLLED"), "CLOSED_STATE", "phase")

    def test_types_have_their_senders_receivers_and_categories(self):
        case = world.open(world.born(18))
        consent, _ = world.consent(case, world.draft("threat", "school", ("pol",)), world.draft("needs", "soc", ("pol",)), world.draft("action_plan", "soc", ("school",)))
        self.assertEqual(world.send(case, "school", "pol", "THREAT_ASSESSMENT", ("threat", consent)).reasons, ["TYPE_FORBIDS"])
        self.assertEqual(world.send(case, "soc", "pol", "ACTION_PLAN", ("needs", consent)).reasons, ["TYPE_FORBIDS"])
        self.assertEqual(world.send(case, "soc", "health", "ACTION_PLAN", ("action_plan", consent)).reasons, ["NOT_A_MEMBER"])
        self.assertEqual(world.send(case, "soc", "school", "ACTION_PLAN", ("action_plan", consent)).reasons, ["OK_CONSENT"])


class ProtectedPersons(Law):
    """DOMAIN section 9, ruling 16."""

    def setUp(self):
        self.case = world.open(world.born(18), protected_identity=True)

    def send(self, consent, to, category="needs", message_type="NEEDS_INVENTORY"):
        return world.send(self.case, "soc", [to], message_type, (category, consent)).reasons

    def test_an_officer_by_name(self):
        consent, _ = world.consent(self.case, world.draft("needs"))
        for officer, reason in ((None, "PROTECTED"), ("pol.7", "PROTECTED"), ("pol.1", "OK_CONSENT")):
            self.assertEqual(self.send(consent, ("pol", officer)), [reason])

    def test_where_he_lives_needs_a_mark(self):
        unmarked, _ = world.consent(self.case, world.draft("housing"))
        self.assertEqual(self.send(unmarked, ("pol", "pol.1"), "housing"), ["PROTECTED"])
        marked, _ = world.consent(self.case, world.draft("housing", protected_mark=True))
        self.assertEqual(self.send(marked, ("pol", "pol.1"), "housing"), ["OK_CONSENT"])
        self.assertEqual(self.send(marked, ("pol", None), "housing"), ["PROTECTED"])

    def test_statute_names_officers_too(self):
        approval = self.accepted(world.request(self.case, "soc", "OSL-10-18a", "ACTION_PLAN", ["action_plan"], ["pol"], necessity="x"))["approval"]["approval_id"]
        self.accepted(world.approve("soc", approval, "soc.9"))
        for officer, reason in ((None, "PROTECTED"), ("pol.1", "OK_STATUTE")):
            self.assertEqual(self.send([("approval", approval)], ("pol", officer), "action_plan", "ACTION_PLAN"), [reason])

    def test_what_waits_when_protection_begins(self):
        self.accepted(world.change(self.case, "SetProtection", protected_identity=False))
        consent, _ = world.consent(self.case, world.draft("needs"))
        sent = world.send(self.case, "soc", "pol", "NEEDS_INVENTORY", ("needs", consent))
        self.accepted(sent)
        self.accepted(world.change(self.case, "SetProtection", protected_identity=True))
        self.assertNotIn(sent.id, world.take("pol"))
        self.assertEqual(world.status("soc", sent.id), [("WITHHELD", "PROTECTED")])

    def test_a_disclosure_is_kept_from_a_guardian(self):
        case = world.open(world.born(14))
        other = world.open(world.born(18))
        consent, _ = world.consent(case, world.draft("needs"))
        sent = world.send(case, "soc", "pol", "NEEDS_INVENTORY", ("needs", consent))
        elsewhere = world.send(other, "soc", "pol", "NEEDS_INVENTORY", ("needs", world.consent(other, world.draft("needs"))[0]))
        self.assertTrue(sent.ok and elsewhere.ok)
        reasons = "the father hit him when he last heard of it"

        def limit(officer="soc.1", **fields):
            return world.change(case, "SetProtection", officer=officer, view_limits=[
                {"guardian_person_id": case.guardians[1], "message_id": sent.id, "limited": True, "reasons": reasons},
                {"guardian_person_id": case.guardians[0], "limited": True, "reasons": reasons, **fields}])
        before = world.gateway.health()["log_size"]
        self.refused(limit(reasons=""), "MALFORMED", "view_limits[1].reasons")
        self.refused(limit(guardian_person_id=case.subject), "NOT_FOUND", "view_limits[1].guardian_person_id")
        self.refused(limit(message_id=elsewhere.id), "NOT_FOUND", "view_limits[1].message_id")
        self.refused(limit(officer="soc.9"), "NOT_ENTITLED", "officer_id")
        self.assertEqual(world.gateway.health()["log_size"], before)  # all or nothing
        self.accepted(limit())
        stand = world.desks["soc"].ask("CaseService/GetPersons", {"case_id": case.id})["view_limits"]
        self.assertCountEqual([(li["guardian_person_id"], li.get("message_id", ""), li["limited"], li.get("reasons", "")) for li in stand],
                              [(case.guardians[1], sent.id, True, ""), (case.guardians[0], "", True, "")])
        self.accepted(world.change(case, "SetProtection", view_limits=[{"guardian_person_id": case.guardians[0], "limited": False, "reasons": "he moved"}]))
        stand = world.desks["soc"].ask("CaseService/GetPersons", {"case_id": case.id})["view_limits"]
        self.assertEqual([li["guardian_person_id"] for li in stand], [case.guardians[1]])
        self.assertEqual(set(world.required(case)), set(case.guardians))  # who must agree stays
        records = world.gateway.log(world.desks["evaluator"])
        kept = [r["view_limited"] for r in records if "view_limited" in r and harness.uuid_text(r["view_limited"]["case_id"]) == case.id]
        self.assertEqual([(harness.uuid_text(r["guardian"]), harness.uuid_text(r["message"]) if "message" in r else None, r.get("limited", False), len(r["reasons_hash"]))
                          for r in kept], [(case.guardians[1], sent.id, True, 32), (case.guardians[0], None, True, 32), (case.guardians[0], None, False, 32)])
        self.assertNotIn(reasons, json.dumps(records, default=repr))
        self.assertFalse(any(reasons.encode() in f.read_bytes() for f in world.gateway.state.rglob("*") if f.is_file()))
        world.gateway.stop()
        world.gateway.start()  # the log folds to the same state
        for desk in world.desks.values():
            desk.connection = None
        self.assertEqual(set(world.required(case)), set(case.guardians))

    def test_a_case_shows_itself_to_members_only(self):
        for desk, ok in (("pol", True), ("health", False)):
            self.assertEqual(world.desks[desk].ask_raw("CaseService/Get", {"case_id": self.case.id}).ok, ok)
            listed = [c["case_id"] for c in world.desks[desk].ask("CaseService/List", {"page_size": 1000})["cases"]]
            self.assertEqual(self.case.id in listed, ok)


class EvaluateSaysWhatSendWould(Law):
    """The same answers as Send, and what it says would change them does."""

    def check(self, sender, make, deed, reason, remedy):
        request = make()
        told = world.evaluate(sender, request)
        self.assertEqual(([code(p["reason"]) for p in told["pairs"]], told.get("would_be_accepted", False)), ([reason], False))
        self.assertIn(remedy, told["what_would_change"][0])
        sent = world.hand_in(sender, request)
        self.assertEqual(sent.pairs, told["pairs"])
        deed()
        request = make()
        told = world.evaluate(sender, request)
        self.assertEqual((told.get("would_be_accepted", False), told["what_would_change"]), (True, ["Nothing has to change."]), told)
        sent = world.hand_in(sender, request)
        self.assertEqual((sent.ok, sent.pairs), (True, told["pairs"]))

    def setUp(self):
        self.case = world.open(world.born(14))
        self.consent = None

    def plan(self):
        return world.message(self.case, "soc", "pol", "ACTION_PLAN", ("action_plan", self.consent))

    def agree(self, *drafts):
        self.consent, self.grants = world.consent(self.case, *drafts or [world.draft("action_plan")])

    def test_who_has_not_agreed(self):
        self.consent, grants = world.consent(self.case, world.draft("action_plan"), by=self.case.guardians[:1])
        self.check("soc", self.plan, lambda: world.act(self.case, "GIVE", self.case.guardians[1], grants), "CONSENTER_MISSING", "have not agreed yet")

    def test_paused(self):
        self.agree()
        world.act(self.case, "PAUSE", self.case.guardians[0], self.grants)

        def resume():
            new = self.accepted(world.act(self.case, "RESUME", self.case.guardians[0], self.grants))["grants"]
            self.accepted(world.act(self.case, "GIVE", self.case.guardians[1], [new[0]["grant_id"]]))
        self.check("soc", self.plan, resume, "PAUSED", "resumes")

    def test_a_new_consent(self):
        for reason, draft in (("WRONG_CATEGORY", world.draft("needs")), ("WRONG_RECIPIENT", world.draft("action_plan", to=("school",))),
                              ("WRONG_PURPOSE", world.draft("action_plan", purpose="PURPOSE_ASSESSMENT")), ("WRONG_SENDER", world.draft("action_plan", "school")),
                              ("NO_GRANT", world.draft("needs", to=("school",)))):
            with self.subTest(reason):
                self.case = world.open(world.born(14))
                self.agree(draft)
                self.check("soc", self.plan, self.agree, reason, "A new consent for exactly this")

    def test_withdrawn(self):
        self.agree()
        world.withdraw(self.case, self.case.guardians[0], everything=True)
        self.check("soc", self.plan, self.agree, "WITHDRAWN", "A new consent for exactly this")

    def test_not_yet(self):
        begin = world.now() + DAY
        self.agree(world.draft("action_plan", **{"from": stamp(begin)}))
        self.check("soc", self.plan, lambda: world.step(begin), "NOT_YET", "Wait until the grant begins")

    def test_phase(self):
        self.case = world.open(world.born(14), phase="inquiry")
        self.agree()
        self.check("soc", self.plan, lambda: world.change(self.case, "SetPhase", phase="PHASE_ENROLLED"), "PHASE_FORBIDS", "moves the case to a phase")

    def test_no_member(self):
        self.agree(world.draft("action_plan", to=("health",)))
        members = [{"agency_id": a, "contact_officer_ids": [a + ".1"]} for a in ("soc", "pol", "health")]
        self.check("soc", lambda: world.message(self.case, "soc", "health", "ACTION_PLAN", ("action_plan", self.consent)),
                   lambda: self.accepted(world.change(self.case, "SetMembers", members=members, coordinator_officer_ids=["soc.1"])), "NOT_A_MEMBER", "adds the agency")

    def test_third_person(self):
        friend = world.open(world.born(19))
        self.agree()
        self.check("soc", lambda: world.message(self.case, "soc", "pol", "ACTION_PLAN", (
            "action_plan", self.consent, {"concerned": [{"subject": True}, {"other_case_id": friend.id}]})),
            lambda: world.consent(friend, world.draft("action_plan")), "THIRD_PARTY_MISSING", "A grant of the other person's own")

    def test_second_officer(self):
        approval = self.accepted(world.request(self.case, "soc", "OSL-10-18a", "ACTION_PLAN", ["action_plan"], ["pol"], necessity="x"))["approval"]["approval_id"]
        self.check("soc", lambda: world.message(self.case, "soc", "pol", "ACTION_PLAN", ("action_plan", [("approval", approval)])),
                   lambda: world.approve("soc", approval, "soc.9"), "STATUTE_UNAPPROVED", "approved by a second officer")

    def test_named_officer(self):
        self.agree()
        world.change(self.case, "SetProtection", protected_identity=True)
        named = []
        self.check("soc", lambda: world.message(self.case, "soc", [("pol", "pol.1" if named else None)], "ACTION_PLAN", ("action_plan", self.consent)),
                   lambda: named.append(True), "PROTECTED", "Address a contact officer")


    def test_asked_again_after_it_was_sent(self):
        self.agree()
        request = self.plan()
        self.accepted(world.hand_in("soc", request))
        world.act(self.case, "PAUSE", self.case.guardians[0], self.grants)
        told = world.evaluate("soc", request)
        self.assertEqual([code(p["reason"]) for p in told["pairs"]], ["PAUSED"])

    def test_through_the_program(self):
        desk = world.gateway.cli("soc-cli", "social_services", "c1")
        desk.now = ("--now", world.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
        opened = desk.run("case", "open", "--programme", "SSPF", "--subject", f"birth={world.born(14)},name=A", "--guardian", "name=B", "--member", "soc-cli=c1",
                          "--member", "pol=pol.1", "--coordinator", "c1", *desk.now)["case"]
        window = "/".join((world.now() + d * DAY).strftime("%Y-%m-%dT%H:%M:%SZ") for d in (-1, 30))
        consent = desk.run("consent", "record", "--case", opened["caseId"], "--text-version", "1", "--language", "sv", "--obtained", "oral", "--grant",
                           f"category=threat,from=soc-cli,to=pol,purpose=protection,valid={window}", *desk.now)
        section = json.dumps({"purpose": "protection", "claim": f"consent:{consent['consentId']}", "json": contents.of("threat", "ThreatAssessment")})
        told = desk.run("policy", "explain", "--case", opened["caseId"], "--type", "ThreatAssessment", "--to", "pol", "--section", section, *desk.now)
        self.assertEqual([(p["reason"], p.get("groundIds", [])) for p in told["pairs"]], [("REASON_CODE_PHASE_FORBIDS", [])])
        desk.run("case", "phase", opened["caseId"], "inquiry", *desk.now)
        told = desk.run("policy", "explain", "--case", opened["caseId"], "--type", "ThreatAssessment", "--to", "pol", "--section", section, *desk.now)
        self.assertEqual([(p["reason"], p.get("groundIds", [])) for p in told["pairs"]], [("REASON_CODE_CONSENTER_MISSING", [consent["grants"][0]["grantId"]])])
        self.assertEqual(told["whatWouldChange"], ["The persons who have not agreed yet give the grant."])
        guardian = opened["guardianPersonIds"][0]
        desk.run("case", "protect", opened["caseId"], "off", "--hide-from", guardian, "--reasons", "harm", *desk.now)
        self.assertEqual(desk.run("case", "protect", opened["caseId"], "off", "--hide-from", opened["subjectPersonId"], "--reasons", "harm", *desk.now, expect=3)["field"],
                         "view_limits[0].guardian_person_id")
        desk.run("case", "protect", opened["caseId"], "off", "--show-to", guardian, "--reasons", "over", *desk.now)


class PolicyFiles(Law):
    def sluss(self, *words):
        done = subprocess.run([str(w) for w in (harness.SLUSS, *words, "--json")], capture_output=True, text=True, timeout=60)
        return done.returncode, json.loads(done.stdout)

    def put(self, name):
        code_, answer = self.sluss("admin", "policy", "set", POLICIES / name, "--socket", world.gateway.state / "admin.sock")
        self.assertEqual(code_, 0, answer)

    def test_check_names_lines(self):
        text = (POLICIES / "sweden-sig.json").read_text()
        for before, after in (('"max_months": 12', '"max_months": 12,'), ('"name": "enrolled"', '"name": "enroled"'), ('"from": 15, "until": 18', '"from": 16, "until": 18'),
                              ('["social_services", "police"]', '["social_services", "polis"]')):
            with self.subTest(after), tempfile.TemporaryDirectory() as folder:
                self.assertIn(before, text)
                broken = pathlib.Path(folder) / "broken.json"
                broken.write_text(text.replace(before, after, 1))
                exit_code, answer = self.sluss("policy", "check", broken)
                errors = [r for r in answer["error"]["remarks"] if r["kind"] == "error"]
                line = text[:text.index(before)].count("\n") + 1
                self.assertEqual(exit_code, 3)
                self.assertTrue(any(abs(e["line"] - line) <= 1 for e in errors), (line, errors))
        for name in ("sweden-sig.json", "example-sixteen.json", "example-strict.json"):
            self.assertEqual(self.sluss("policy", "check", POLICIES / name)[0], 0)

    def test_another_law_without_restart(self):
        sixteen, fourteen = (world.open(world.born(years), programme="SIG_YOUTH", phase="inquiry") for years in (16, 14))
        _, alone = world.consent(sixteen, world.draft(), by=[sixteen.subject])
        _, one = world.consent(fourteen, world.draft(), by=[fourteen.subject, fourteen.guardians[0]])
        self.assertEqual((world.standing(sixteen)[alone[0]], world.standing(fourteen)[one[0]]), ("CONSENTER_MISSING", "CONSENTER_MISSING"))
        pids = world.gateway.pids()
        try:
            self.put("example-sixteen.json")
            self.assertEqual((world.standing(sixteen)[alone[0]], world.standing(fourteen)[one[0]]), ("OK_CONSENT", "OK_CONSENT"))
            self.assertEqual(world.required(sixteen), [sixteen.subject])
            self.assertTrue(world.gateway.health()["policy_id"].startswith("example-sixteen"))
        finally:
            self.put("sweden-sig.json")
        self.assertNotEqual(world.standing(sixteen)[alone[0]], "OK_CONSENT")
        self.assertEqual(world.gateway.pids(), pids)
        named = [r["policy_set"]["name"] for r in world.gateway.log(world.desks["evaluator"]) if "policy_set" in r]
        self.assertEqual([n.split()[0].split("/")[0] for n in named[-3:]], ["sweden-sig", "example-sixteen", "sweden-sig"])

    def test_a_broken_policy_is_not_put_in_force(self):
        before = world.gateway.health()
        with self.assertRaises(ValueError):
            world.gateway.admin("SetPolicy", {"policy": b'{"format": 1}'})
        after = world.gateway.health()
        self.assertEqual((after["policy_id"], after["log_size"]), (before["policy_id"], before["log_size"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
