# SPDX-License-Identifier: EUPL-1.2
"""What is kept and told of acts: the signed statement behind an entry, a giver's copy in four languages, statutory notices, a guardian whom a section concerns; and what
other laws do to the same cases, acted out through the gateway."""
import datetime
import hashlib
import pathlib
import unittest
import uuid

import lawworld
import wire
from lawworld import months, stamp

TOP = pathlib.Path(__file__).resolve().parents[2]
DAY = datetime.timedelta(1)


worlds = {}  # those that change the law have a gateway of their own


def tearDownModule():
    for world in worlds.values():
        world.close()


class Law(unittest.TestCase):
    gateway = "swedish"

    @classmethod
    def setUpClass(cls):
        if cls.gateway not in worlds:
            worlds[cls.gateway] = lawworld.World()
            worlds[cls.gateway].reader = worlds[cls.gateway].gateway.auditor("reader")
        cls.world = worlds[cls.gateway]

    def refused(self, answer, reason, field):
        self.assertFalse(answer.ok, f"accepted, instead of {reason}")
        self.assertEqual((answer.reason, answer.field), (reason, field), answer.text)

    def accepted(self, answer):
        self.assertTrue(answer.ok, None if answer.ok else (answer.code, answer.reason, answer.field, answer.text))
        return answer.message

    def policy(self, name):
        self.world.gateway.admin("SetPolicy", {"policy": (TOP / "policy" / f"{name}.json").read_bytes()})

    def log(self):
        return self.world.gateway.log(self.world.reader)


class Evidence(Law):
    def entry(self, name, case):
        return [(i, e[name]) for i, e in enumerate(self.log()) if name in e and e[name].get("case_id") == uuid.UUID(case.id).bytes]

    def statement(self, by, index):
        return self.world.desks[by].ask_raw("ConsentService/GetStatement", {"log_index": index})

    def test_every_act_is_kept_as_it_was_signed(self):
        case = self.world.open(self.world.born(18), guardians=1)
        _, grants = self.world.consent(case, self.world.draft("enrolment", to=("pol",)), self.world.draft("needs", to=("school",)))
        self.accepted(self.world.act(case, "PAUSE", case.subject, grants[:1]))
        self.accepted(self.world.act(case, "REFUSE", case.subject, grants[1:]))
        self.accepted(self.world.change(case, "SetGuardians", guardians=[]))
        self.accepted(self.world.withdraw(case, case.subject, by="pol", everything=True))
        asked = self.accepted(self.world.request(case, "soc", "OSL-10-18a", "ACTION_PLAN", ["action_plan"], ["pol"], necessity="as a test"))
        kinds = {"case_opened": "OpenCase", "members_set": "OpenCase", "guardians_set": "SetGuardians", "phase_set": "SetPhase", "consent_recorded": "RecordConsent",
                 "grant_status": "ActOnGrants", "withdrawal": "WithdrawConsent", "statute_requested": "RequestStatutory"}
        for name, kind in kinds.items():
            with self.subTest(name):
                index, event = [(i, e) for i, e in self.entry(name, case) if not e.get("by_gateway")][-1]
                by = "pol" if name == "withdrawal" else "soc"
                shown = self.accepted(self.statement(by, index))
                octets = shown["statement"]["statement"]
                stated = wire.decode(kind, octets)
                self.assertEqual((stated["kind"], stated["agency_id"], stated["case_id"]), ("sluss.v1." + kind, by, case.id))
                self.assertEqual(hashlib.sha256(octets).digest(), event.get("statement_hash") or event["evidence_hash"])
                self.assertEqual(len(shown["signer_key"]), 32)
        # How a withdrawal was made is in the evidence; whoever leads the group may see it, another member may not.
        index, _ = self.entry("withdrawal", case)[0]
        self.assertEqual(wire.decode("WithdrawConsent", self.accepted(self.statement("soc", index))["statement"]["statement"])["obtained"], "OBTAINED_ORAL")
        self.refused(self.statement("school", index), "NOT_FOUND", "log_index")
        # Names stand in what opened the case; a statutory request is its own agency's alone.
        self.refused(self.statement("pol", self.entry("case_opened", case)[0][0]), "NOT_FOUND", "log_index")
        self.refused(self.statement("pol", self.entry("statute_requested", case)[0][0]), "NOT_FOUND", "log_index")
        self.refused(self.statement("soc", 0), "NOT_FOUND", "log_index")
        self.refused(self.statement("soc", 1 << 40), "NOT_FOUND", "log_index")
        self.assertTrue(asked["approval"]["approval_id"])

    def test_names_do_not_lie_open_in_the_store(self):
        self.world.open(self.world.born(18), guardians=1)
        for file in self.world.gateway.state.rglob("*"):
            if file.is_file():
                self.assertNotIn(b"Test Testsson", file.read_bytes(), file.name)

    def test_a_copy_for_the_giver(self):
        case = self.world.open(self.world.born(16), programme="SIG_YOUTH", guardians=1, phase="nominated")
        consent, grants = self.world.consent(case, self.world.draft("enrolment", to=("pol", "school")), by=[case.subject])
        words = {"sv": "du har sagt ja", "en": "you said yes", "ar": "قلت نعم", "so": "haa ayaad tiri"}
        for language, word in words.items():
            with self.subTest(language):
                shown = self.world.desks["soc"].ask("ConsentService/GetReceipt", {"consent_id": consent, "person_id": case.subject, "language": language})
                text, receipt = shown["text"], shown["receipt"]
                self.assertEqual(text.count(word), 2)
                for part in (consent, case.id, case.subject, "pol", "school", str(receipt["log_index"]), self.world.gateway.authority,
                             hashlib.sha256(receipt["log_entry"]).hexdigest()):
                    self.assertIn(part, text)
                self.assertNotIn("{", text)
                self.assertEqual(wire.decode("LogRecord", receipt["log_entry"])["consent_recorded"]["consent"], uuid.UUID(consent).bytes)
                self.assertIn("c2sp.org/tlog-proof", receipt["tlog_proof"])
        desk = self.world.desks["soc"]
        self.refused(desk.ask_raw("ConsentService/GetReceipt", {"consent_id": consent, "person_id": case.subject, "language": "de"}), "MALFORMED", "language")
        # Who said nothing has nothing to take home; who is no member sees no consent.
        self.refused(desk.ask_raw("ConsentService/GetReceipt", {"consent_id": consent, "person_id": case.guardians[0], "language": "sv"}), "NOT_FOUND", "consent_id")
        self.refused(self.world.desks["health"].ask_raw("ConsentService/GetReceipt", {"consent_id": consent, "person_id": case.subject, "language": "sv"}),
                     "NOT_FOUND", "consent_id")
        self.assertEqual(len(grants), 2)


class StatutoryNotices(Law):
    def told(self, case):
        return [n["approval_id"] for n in self.world.notices("soc", case) if n["kind"] == "NOTICE_KIND_STATUTE"]

    def ask(self, case, **more):
        return self.accepted(self.world.request(case, "soc", "OSL-10-18a", "ACTION_PLAN", ["action_plan"], ["pol"], necessity="needed", **more))["approval"]["approval_id"]

    def test_when_the_person_is_told(self):
        case = self.world.open(self.world.born(16))
        at_once, refused, later = self.ask(case), self.ask(case), self.ask(case, defer_notice=True, deferral_reasons="he would warn others",
                                                                         notice_at=stamp(self.world.now() + 5 * DAY))
        self.assertEqual(self.told(case), [])  # nobody has approved anything
        self.accepted(self.world.approve("soc", refused, "soc.9", approved=False))
        self.accepted(self.world.approve("soc", later, "soc.9"))
        self.accepted(self.world.approve("soc", at_once, "soc.9"))
        self.assertEqual(self.told(case), [at_once])
        self.world.step(self.world.now() + 5 * DAY - datetime.timedelta(minutes=5))
        self.assertEqual(self.told(case), [at_once])
        self.world.step(self.world.now() + datetime.timedelta(minutes=10))
        self.assertEqual(self.told(case), [at_once, later])
        events = [e["statute_notified"] for e in self.log() if "statute_notified" in e and e["statute_notified"]["case_id"] == uuid.UUID(case.id).bytes]
        self.assertEqual([(e["request"], e["person"]) for e in events],
                         [(uuid.UUID(r).bytes, uuid.UUID(case.subject).bytes) for r in (at_once, later)])


class Guardians(Law):
    def test_a_section_that_concerns_a_guardian(self):
        """DOMAIN section 5, 2: a consent lifts only the secrecy that protects who gave it."""
        case = self.world.open(self.world.born(16), guardians=1)
        consent, _ = self.world.consent(case, self.world.draft("school_attendance", "school", ("soc",)))
        mother = {"guardian_person_id": case.guardians[0]}
        ask = lambda *who, claims=consent: self.world.send(case, "school", "soc", "ATTENDANCE_REPORT", ("school_attendance", claims, {"concerned": list(who)}))
        self.accepted(ask({"subject": True}))
        # That she gave the consent as a guardian says nothing of what is known about herself.
        self.assertEqual(ask({"subject": True}, mother).reasons, ["THIRD_PARTY_MISSING"])
        asked = self.accepted(self.world.request(case, "school", "OSL-10-27", "ATTENDANCE_REPORT", ["school_attendance"], ["soc"], necessity="seen together"))
        self.accepted(self.world.approve("school", asked["approval"]["approval_id"], "school.9"))
        both = [("consent", consent), ("approval", asked["approval"]["approval_id"])]
        sent = ask({"subject": True}, mother, claims=both)
        self.assertEqual(sent.reasons, ["OK_STATUTE"])
        self.assertIn(sent.id, self.world.take("soc"))
        # As the subject of a case of her own she can agree, and is named by that case.
        own = self.world.open(self.world.born(19))
        agreed, _ = self.world.consent(own, self.world.draft("school_attendance", "school", ("soc",)))
        sent = ask({"subject": True}, {"other_case_id": own.id}, claims=[("consent", consent), ("consent", agreed)])
        self.assertEqual(sent.reasons, ["OK_CONSENT"])


class WhatWaits(Law):
    """Destroyed as soon as nothing carries it, also when nobody fetches; the sender is told why."""

    def waiting(self, **how):
        case = self.world.open(self.world.born(**how), guardians=1)
        consent, grants = self.world.consent(case, self.world.draft("action_plan", to=("school",)))
        sent = self.world.send(case, "soc", "school", "ACTION_PLAN", ("action_plan", consent))
        self.accepted(sent)
        return case, grants, sent

    def withheld(self, case, sent, reason):
        self.assertEqual(self.world.status("soc", sent.id), [("WITHHELD", reason)])
        told = [(n["message_id"], lawworld.code(n["reason"])) for n in self.world.notices("soc", case) if n["kind"] == "NOTICE_KIND_WITHHELD"]
        self.assertEqual(told, [(sent.id, reason)])
        destroyed = [e["payload_destroyed"] for e in self.log() if "payload_destroyed" in e]
        self.assertIn(uuid.UUID(sent.id).bytes, [e["message"] for e in destroyed])

    def test_a_birthday(self):
        case, _, sent = self.waiting(years=18, days=1)
        self.world.step(self.world.midnight(1))
        self.withheld(case, sent, "AGE_LAPSED")

    def test_a_new_guardian(self):
        case, _, sent = self.waiting(years=12)
        self.accepted(self.world.change(case, "SetGuardians", guardians=[lawworld.person(case.guardians[0]), lawworld.person(str(uuid.uuid4()))]))
        self.withheld(case, sent, "CUSTODY_LAPSED")

    def test_narrowing(self):
        case, grants, sent = self.waiting(years=12)
        self.accepted(self.world.act(case, "NARROW", case.guardians[0], grants, narrowed_from=stamp(self.world.now() + DAY)))
        self.withheld(case, sent, "NOT_YET")

    def test_the_end(self):
        case, _, sent = self.waiting(years=12)
        self.world.step(self.world.now() + 31 * DAY)
        self.withheld(case, sent, "EXPIRED")


class ANewLaw(Law):
    gateway = "changing"

    def test_old_releases_stay_judged_by_the_law_of_their_time(self):
        world = self.world
        self.policy("sweden-sig")
        case = world.open(world.born(11), guardians=1)  # SSPF asks the guardians only; the strict law asks who is 10 as well
        consent, _ = world.consent(case, world.draft("action_plan", to=("pol",)))
        before = world.send(case, "soc", "pol", "ACTION_PLAN", ("action_plan", consent))
        self.assertEqual(world.take("pol"), [before.id])
        waiting = world.send(case, "soc", "pol", "ACTION_PLAN", ("action_plan", consent))
        self.accepted(waiting)
        self.policy("example-strict")
        # What waited is decided by the law in force, what was handed out by that of its time.
        self.assertEqual(world.status("soc", waiting.id), [("WITHHELD", "CONSENTER_MISSING")])
        self.assertEqual(world.status("soc", before.id)[0][0], "ACKNOWLEDGED")
        self.assertEqual(world.send(case, "soc", "pol", "ACTION_PLAN", ("action_plan", consent)).reasons, ["CONSENTER_MISSING"])
        log = self.log()
        laws = [i for i, e in enumerate(log) if "policy_set" in e][-2:]
        self.assertEqual([log[i]["policy_set"]["hash"] for i in laws],
                         [hashlib.sha256((TOP / "policy" / f"{p}.json").read_bytes()).digest() for p in ("sweden-sig", "example-strict")])
        released = [i for i, e in enumerate(log) if "released" in e and e["released"]["message"] == uuid.UUID(before.id).bytes]
        self.assertTrue(all(laws[0] < i < laws[1] for i in released))
        self.assertEqual([p["reason"] for p in log[released[0]]["released"]["pairs"]], ["REASON_CODE_OK_CONSENT"])
        self.policy("sweden-sig")
        self.accepted(world.send(case, "soc", "pol", "ACTION_PLAN", ("action_plan", consent)))


class TheStrictLaw(Law):
    """policy/example-strict.json through the real programs."""
    gateway = "changing"

    def test_acted_out(self):
        world = self.world
        self.policy("example-strict")
        child = world.open(world.born(10), guardians=1)
        self.assertEqual(set(world.required(child)), set(child.persons))  # has a say from 10
        self.refused(world.open(world.born(9), programme="SIG_YOUTH", guardians=1), "OUTSIDE_PROGRAMME", "subject.birth_date")
        begin = world.now()
        long = {"from": stamp(begin), "until": stamp(months(begin, 3), 1)}
        self.refused(world.record(child, world.draft(**long)), "END_TOO_LATE", "grants[0].until")
        consent, grants = world.consent(child, world.draft("action_plan", to=("pol",), **{"from": stamp(begin), "until": stamp(months(begin, 3))}),
                                        world.draft("gang_affiliation", "pol", ("soc",)))
        sent = world.send(child, "soc", "pol", "ACTION_PLAN", ("action_plan", consent))
        self.assertEqual(world.take("pol"), [sent.id])
        self.refused(world.change(child, "AssessMaturity", outcome="MATURITY_OUTCOME_GUARDIANS_ALONE", assessor_officer_id="soc.1",
                                  assessed_on=world.now().date().isoformat(), reasons="a talk"), "ASSESSMENT_NOT_ALLOWED", "outcome")
        self.refused(world.request(child, "soc", "OSL-10-27", "ACTION_PLAN", ["action_plan"], ["pol"], necessity="x"), "STATUTE_UNKNOWN", "provision")
        # The child takes it back: seven days to answer, by this law.
        self.accepted(world.withdraw(child, child.subject, grant_id=grants[0]))
        recall, = world.desks["pol"].ask("RecallService/List", {"case_id": child.id})["recalls"]
        self.assertEqual(lawworld.seconds(recall["due"]), world.midnight(8).timestamp())
        self.assertEqual(world.send(child, "soc", "pol", "ACTION_PLAN", ("action_plan", consent)).reasons, ["WITHDRAWN"])


class TheLawOfSixteen(Law):
    """policy/example-sixteen.json through the real programs."""
    gateway = "changing"

    def test_acted_out(self):
        world = self.world
        self.policy("example-sixteen")
        grown = world.open(world.born(16), programme="SIG_YOUTH", phase="nominated")
        self.assertEqual(world.required(grown), [grown.subject])
        young = world.open(world.born(16, 2), programme="SIG_YOUTH", phase="nominated")
        self.assertNotEqual(world.required(young), [young.subject])
        # One of two guardians is enough.
        case = world.open(world.born(13))
        _, grants = world.consent(case, world.draft("action_plan", to=("pol",)), by=[])
        self.assertEqual(world.standing(case)[grants[0]], "CONSENTER_MISSING")
        for who in [case.guardians[0]] + [p for p in world.required(case) if p == case.subject]:
            self.accepted(world.act(case, "GIVE", who, grants))
        self.assertEqual(world.standing(case)[grants[0]], "OK_CONSENT")
        self.accepted(world.withdraw(case, case.guardians[1], grant_id=grants[0]))
        self.assertEqual(world.standing(case)[grants[0]], "WITHDRAWN")
        world.step(world.midnight(2))
        self.assertEqual(world.required(young), [young.subject])


if __name__ == "__main__":
    unittest.main(verbosity=2)
