# SPDX-License-Identifier: EUPL-1.2
"""What was received is asked back: by a withdrawal, at the end of the time for keeping, and when the case is closed. Who is asked for what, who may answer how, and what
happens when nobody does."""
import datetime
import unittest

import lawworld
import logcheck
from lawworld import seconds, stamp

DAY = datetime.timedelta(1)


def setUpModule():
    global world
    world = lawworld.World()


def tearDownModule():
    world.close()


def recalls(by, **fields):
    return world.desks[by].ask("RecallService/List", fields)["recalls"]


def attest(by, recall_id, answer="DELETED", **fields):
    return world.desks[by].state("RecallService/Attest", "AttestRecall", {"recall_id": recall_id, "answer": "RECALL_ANSWER_" + answer, **fields},
                                 "RecallAttestRequest", "RecallAttestResponse")


class Recall(unittest.TestCase):
    def refused(self, answer, reason, field):
        self.assertFalse(answer.ok, f"accepted, instead of {reason}")
        self.assertEqual((answer.reason, answer.field), (reason, field), answer.text)

    def accepted(self, answer):
        self.assertTrue(answer.ok, None if answer.ok else (answer.code, answer.reason, answer.field, answer.text))
        return answer.message

    def shared(self, **how):
        """A case in which the school and the police have received an action plan each, the police also attendance from the school."""
        case = world.open(world.born(18), guardians=0)
        consent, grants = world.consent(case, world.draft("action_plan", to=("school", "pol"), **how), world.draft("school_attendance", "school", ("pol",), **how),
                                        world.draft("enrolment", "pol", ("soc",), **how))
        plan = world.send(case, "soc", ["school", "pol"], "ACTION_PLAN", ("action_plan", consent))
        attendance = world.send(case, "school", "pol", "ATTENDANCE_REPORT", ("school_attendance", consent))
        self.accepted(plan)
        self.accepted(attendance)
        self.assertEqual(world.take("school"), [plan.id])
        self.assertEqual(world.take("pol"), [plan.id, attendance.id])
        return case, grants, plan.id, attendance.id

    def open_of(self, by, case):
        found = recalls(by, case_id=case.id)
        self.assertEqual([r for r in found if r["case_id"] != case.id], [])
        return [r for r in found if r["agency_id"] == by]

    def test_withdrawing_everything(self):
        case, _, plan, attendance = self.shared()
        answer = self.accepted(world.withdraw(case, case.subject, everything=True))
        self.assertEqual(sorted(answer["recalled_agency_ids"]), ["pol", "school"])
        school, = self.open_of("school", case)
        police, = self.open_of("pol", case)
        self.assertEqual(dict(zip(answer["recalled_agency_ids"], answer["recall_ids"])), {"pol": police["recall_id"], "school": school["recall_id"]})
        self.assertEqual((school["message_ids"], school["categories"], school.get("register_mark", False)), ([plan], ["action_plan"], False))
        self.assertEqual((sorted(police["message_ids"]), sorted(police["categories"])), (sorted([plan, attendance]), ["action_plan", "school_attendance"]))
        self.assertTrue(police["register_mark"])
        self.assertEqual(police["cause"], "RECALL_CAUSE_WITHDRAWAL")
        # Fourteen whole days after today, by the policy.
        self.assertEqual(seconds(police["due"]), world.midnight(15).timestamp())
        self.assertIn(("NOTICE_KIND_RECALL", school["recall_id"]), [(n["kind"], n.get("recall_id")) for n in world.notices("school", case)])

    def test_withdrawing_a_part(self):
        case, grants, plan, _ = self.shared()
        answer = self.accepted(world.withdraw(case, case.subject, grant_id=grants[0]))
        self.assertEqual(answer["recalled_agency_ids"], ["school"])
        self.assertEqual(self.open_of("pol", case), [])
        # The police go on with enrolment to social services: their mark still rests on a consent.
        answer = self.accepted(world.withdraw(case, case.subject, category="action_plan"))
        self.assertEqual(answer["recalled_agency_ids"], ["pol"])
        police, = self.open_of("pol", case)
        self.assertEqual((police["message_ids"], police.get("register_mark", False)), ([plan], False))
        # All that is left of the police goes: nothing is asked back twice, and now the mark is asked for.
        answer = self.accepted(world.withdraw(case, case.subject, scope_agency_id="pol"))
        self.assertEqual(answer["recalled_agency_ids"], ["pol"])
        last = self.open_of("pol", case)[-1]
        self.assertNotIn(plan, last["message_ids"])
        self.assertTrue(last["register_mark"])

    def test_nothing_received_nothing_recalled(self):
        case = world.open(world.born(18), guardians=0)
        consent, _ = world.consent(case, world.draft("action_plan", to=("school",)))
        self.accepted(world.send(case, "soc", "school", "ACTION_PLAN", ("action_plan", consent)))
        answer = self.accepted(world.withdraw(case, case.subject, everything=True))
        self.assertEqual((answer["messages_withheld"], answer.get("recalled_agency_ids", [])), (1, []))
        self.assertEqual(recalls("soc", case_id=case.id), [])

    def test_answers(self):
        case, *_ = self.shared()
        self.accepted(world.withdraw(case, case.subject, everything=True))
        school, = self.open_of("school", case)
        police, = self.open_of("pol", case)
        self.refused(attest("pol", school["recall_id"]), "NOT_FOUND", "recall_id")  # another agency's
        self.refused(attest("school", school["recall_id"], "UNSPECIFIED"), "MALFORMED", "answer")
        self.refused(attest("school", school["recall_id"], "KEPT"), "MALFORMED", "kept_on_ground")
        self.refused(attest("school", school["recall_id"], "KEPT", kept_on_ground="because"), "STATUTE_UNKNOWN", "kept_on_ground")
        self.refused(attest("school", school["recall_id"], kept_on_ground="archives"), "MALFORMED", "kept_on_ground")
        self.refused(attest("school", school["recall_id"], register_mark_answer="RECALL_ANSWER_DELETED"), "MALFORMED", "register_mark_answer")
        self.refused(attest("pol", police["recall_id"]), "MALFORMED", "register_mark_answer")
        self.refused(attest("pol", police["recall_id"], register_mark_answer="RECALL_ANSWER_KEPT"), "MALFORMED", "register_mark_kept_on_ground")
        answered = self.accepted(attest("school", school["recall_id"], "KEPT", kept_on_ground="archives"))
        self.assertEqual((answered["recall"]["answer"], answered["recall"]["kept_on_ground"]), ("RECALL_ANSWER_KEPT", "archives"))
        self.refused(attest("school", school["recall_id"]), "CLOSED_STATE", "recall_id")  # answered already
        answered = self.accepted(attest("pol", police["recall_id"], register_mark_answer="RECALL_ANSWER_KEPT", register_mark_kept_on_ground="police-data"))
        self.assertEqual((answered["recall"]["answer"], answered["recall"]["register_mark_answer"]), ("RECALL_ANSWER_DELETED", "RECALL_ANSWER_KEPT"))
        self.assertEqual([self.open_of("school", case), self.open_of("pol", case)], [[], []])
        self.assertEqual({r["agency_id"]: r["answer"] for r in recalls("soc", case_id=case.id, include_answered=True)},
                         {"school": "RECALL_ANSWER_KEPT", "pol": "RECALL_ANSWER_DELETED"})
        told = [(n["recall_id"], n["recipient_agency_id"]) for n in world.notices("soc", case) if n["kind"] == "NOTICE_KIND_RECALL_ANSWERED"]
        self.assertEqual(told, [(school["recall_id"], "school"), (police["recall_id"], "pol")])
        # The answer is a signed statement whose hash stands in the log.
        signed = world.desks["school"].ask("ConsentService/GetStatement", {"log_index": recalls("school", include_answered=True, case_id=case.id)[0]["answer_log_index"]})
        self.assertIn(b"archives", signed["statement"]["statement"])

    def test_overdue(self):
        case, *_ = self.shared()
        self.accepted(world.withdraw(case, case.subject, everything=True))
        school, = self.open_of("school", case)
        self.accepted(attest("pol", self.open_of("pol", case)[0]["recall_id"], register_mark_answer="RECALL_ANSWER_DELETED"))
        world.step(world.midnight(15) - datetime.timedelta(seconds=1))
        self.assertEqual(recalls("soc", case_id=case.id, overdue=True), [])
        world.step(world.midnight(1))
        self.assertEqual([r["recall_id"] for r in recalls("soc", case_id=case.id, overdue=True)], [school["recall_id"]])
        self.assertEqual([r["recall_id"] for r in recalls("school", overdue=True, case_id=case.id)], [school["recall_id"]])
        for who in ("soc", "school"):
            self.assertIn("NOTICE_KIND_RECALL_OVERDUE", [n["kind"] for n in world.notices(who, case)])
        late = self.accepted(attest("school", school["recall_id"]))["recall"]
        self.assertTrue(late["overdue"])
        self.assertEqual(recalls("soc", case_id=case.id, overdue=True), [])

    def test_the_time_for_keeping(self):
        case, grants, plan, _ = self.shared(until=stamp(world.midnight(3)))
        world.step(world.midnight(3 + 30) - datetime.timedelta(minutes=1))
        self.assertEqual(self.open_of("school", case), [])
        world.step(world.midnight(1) + datetime.timedelta(hours=1, minutes=30))  # a night of 25 hours may lie between
        school, = self.open_of("school", case)
        self.assertEqual((school["cause"], school["message_ids"]), ("RECALL_CAUSE_EXPIRY", [plan]))
        self.assertTrue(self.open_of("pol", case)[0]["register_mark"])
        world.step(world.midnight(2))
        self.assertEqual(len(self.open_of("school", case)), 1)  # once

    def test_a_renewed_consent_is_not_asked_back(self):
        case, *_ = self.shared(until=stamp(world.midnight(3)))
        world.step(world.midnight(2))
        world.consent(case, world.draft("action_plan", to=("school", "pol"), until=stamp(world.midnight(90))))
        world.step(world.midnight(3 + 32))
        self.assertEqual(self.open_of("school", case), [])

    def test_closing_the_case(self):
        case, _, plan, _ = self.shared()
        self.accepted(world.change(case, "SetPhase", phase="PHASE_CLOSING"))
        self.assertEqual(recalls("soc", case_id=case.id), [])
        self.accepted(world.change(case, "SetPhase", phase="PHASE_CLOSED", close_reason="CLOSE_REASON_GOALS_MET"))
        school, = self.open_of("school", case)
        police, = self.open_of("pol", case)
        self.assertEqual((school["cause"], school["message_ids"]), ("RECALL_CAUSE_CLOSING", [plan]))
        self.assertTrue(police["register_mark"])
        self.accepted(attest("school", school["recall_id"]))

    def test_who_may_look(self):
        case, *_ = self.shared()
        self.accepted(world.withdraw(case, case.subject, everything=True))
        self.assertEqual({r["agency_id"] for r in recalls("soc", case_id=case.id)}, {"school", "pol"})
        self.assertEqual({r["agency_id"] for r in recalls("school", case_id=case.id)}, {"school"})
        self.assertEqual({r["agency_id"] for r in recalls("soc")} - {"soc"}, set())
        self.assertEqual(recalls("health", case_id=case.id), [])
        auditor = world.gateway.auditor()
        answer = auditor.call("RecallService/List", "RecallListRequest", {"case_id": case.id}, "RecallListResponse")
        self.assertEqual({r["agency_id"] for r in self.accepted(answer)["recalls"]}, {"school", "pol"})

    def test_a_third_person_gets_it_back_too(self):
        """A section about two: the friend's withdrawal reaches what the other case's agency received."""
        case, friend = world.open(world.born(18), guardians=0), world.open(world.born(18), guardians=0)
        consent, _ = world.consent(case, world.draft("school_attendance", "school", ("soc",)))
        own, grants = world.consent(friend, world.draft("school_attendance", "school", ("soc",)))
        sent = world.send(case, "school", "soc", "ATTENDANCE_REPORT", ("school_attendance", [("consent", consent), ("consent", own)],
                                                                        {"concerned": [{"subject": True}, {"other_case_id": friend.id}]}))
        self.accepted(sent)
        self.assertEqual(world.take("soc"), [sent.id])
        self.assertEqual(self.accepted(world.withdraw(friend, friend.subject, grant_id=grants[0]))["recalled_agency_ids"], ["soc"])
        recall, = self.open_of("soc", friend)
        self.assertEqual(recall["message_ids"], [sent.id])
        self.assertEqual(self.open_of("soc", case), [])

    def test_what_a_statute_carried_is_not_asked_back(self):
        case = world.open(world.born(18), guardians=0)
        world.consent(case, world.draft("enrolment", "soc", ("pol",)))
        asked = self.accepted(world.request(case, "pol", "OSL-10-2", "THREAT_ASSESSMENT", ["threat"], ["soc"], necessity="needed to protect"))["approval"]["approval_id"]
        self.accepted(world.approve("pol", asked, "pol.9"))
        sent = world.send(case, "pol", "soc", "THREAT_ASSESSMENT", ("threat", [("approval", asked)], {"purpose": "PURPOSE_PROTECTION"}))
        self.accepted(sent)
        self.assertEqual(world.take("soc"), [sent.id])
        answer = self.accepted(world.withdraw(case, case.subject, everything=True))
        self.assertEqual(answer["recalled_agency_ids"], ["pol"])  # the mark only
        self.assertEqual(self.open_of("pol", case)[0].get("message_ids", []), [])


class TheLog(unittest.TestCase):
    def test_it_shows_that_everything_was_asked_back(self):
        """Runs last: what the tests above left in the log."""
        records = world.gateway.log(world.gateway.auditor("reader"))
        self.assertTrue(logcheck.asked_back(records))
        self.assertEqual(logcheck.received_but_not_asked_back(records), [])
        self.assertEqual(logcheck.asked_back_but_not_received(records), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
