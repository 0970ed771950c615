# SPDX-License-Identifier: EUPL-1.2
"""Social services, police, a school and probation through the real programs: `sluss` for each agency, `slussd` between them, from enrolment to withdrawal."""
import json
import unittest

import harness
import logcheck
from harness import contents

DENIED, REFUSED, UNAVAILABLE, UNVERIFIED = 2, 3, 4, 5  # exit codes of sluss.1


def setUpModule():
    global world
    world = World()


def tearDownModule():
    world.context.__exit__(None, None, None)


class World:
    """Four agencies and one case: a girl of 16 with two guardians."""

    def __init__(self):
        self.context = harness.gateway()
        self.gateway = self.context.__enter__()
        self.social = self.gateway.cli("soc-1", "social_services", "s1", approvers=["s9"])
        self.police = self.gateway.cli("police-1", "police", "p1")
        self.school = self.gateway.cli("school-1", "school", "k1")
        self.probation = self.gateway.cli("probation-1", "probation", "f1")
        opened = self.social.run(
            "case", "open", "--programme", "SIG_YOUTH", "--subject", "birth=2010-03-05,name=Alva Provsson,language=sv", "--guardian", "name=Björn Provsson",
            "--guardian", "name=Cilla Provsson", "--member", "soc-1=s1+s2", "--member", "police-1=p1", "--member", "school-1=k1", "--member", "probation-1=f1",
            "--coordinator", "s1", "--coordinator", "s2")["case"]
        self.case = opened["caseId"]
        self.persons = [opened["subjectPersonId"], *opened["guardianPersonIds"]]
        self.consent = self.record(
            "category=school_attendance,from=school-1,to=soc-1+police-1,purpose=coordination", "category=police_observation,from=police-1,to=soc-1,purpose=coordination",
            "category=probation,from=probation-1,to=soc-1,purpose=coordination", "category=action_plan,from=soc-1,to=police-1+school-1+probation-1,purpose=coordination",
            "category=enrolment,from=soc-1,to=police-1,purpose=coordination")
        self.social.run("case", "phase", self.case, "inquiry")

    def record(self, *grants):
        now = harness.time.time()
        text = self.gateway.folder / "consent.txt"
        text.write_text("What we ask you to agree to.\n")
        valid = f"valid={harness.rfc3339(now - 60)}/{harness.rfc3339(now + 90 * 86400)}"
        options = [word for g in grants for word in ("--grant", f"{g},{valid}")]
        return self.social.run("consent", "record", "--case", self.case, "--text-version", "1", "--language", "sv", "--text-file", text, *options)["consentId"]

    def give(self, consent, person):
        return self.social.run("consent", "give", "--consent", consent, "--person", person, "--case", self.case)["grants"]


MESSAGES = {"police_observation": "SuitabilityAssessment", "crime_suspicion": "SuitabilityAssessment", "school_attendance": "AttendanceReport",
            "school_support": "SchoolReport", "probation": "ProbationReport", "action_plan": "ActionPlan", "threat": "ThreatAssessment"}


def section(category, claim=None, **more):
    return json.dumps({"category": category, "purpose": "coordination", "claim": claim or f"consent:{world.consent}",
                       "json": contents.of(category, MESSAGES[category], f"about {category}"), **more})


def pairs(answer):
    return [p["reason"].removeprefix("REASON_CODE_") for p in answer["pairs"]]


class FourAgencies(unittest.TestCase):
    """One story; the tests run in the order of their names."""

    def send(self, sender, message_type, to, *sections, expect=0, options=()):
        words = [word for s in sections for word in ("--section", s)]
        return sender.run("send", "--case", world.case, "--type", message_type, "--to", to, *words, *options, expect=expect)

    def test_1_nothing_passes_before_everybody_agreed(self):
        observation = section("police_observation")
        for person in world.persons:
            error = self.send(world.police, "SuitabilityAssessment", "soc-1", observation, expect=DENIED)
            self.assertEqual(error["reason"], "CONSENTER_MISSING")
            grants = world.give(world.consent, person)
        self.assertTrue(all(g["standing"] == "REASON_CODE_OK_CONSENT" for g in grants))
        error = world.social.run("case", "phase", world.case, "enrolled", expect=DENIED)  # not before the police's assessment
        self.assertEqual(error["reason"], "PHASE_FORBIDS")
        self.assertEqual(pairs(self.send(world.police, "SuitabilityAssessment", "soc-1", observation)), ["OK_CONSENT"])
        world.social.run("fetch", "--all", "--ack")
        world.social.run("case", "phase", world.case, "enrolled")

    def test_2_each_agency_sends_what_was_agreed(self):
        table = ((world.school, "AttendanceReport", "soc-1+police-1", "school_attendance", ["OK_CONSENT"] * 2),
                 (world.police, "SuitabilityAssessment", "soc-1", "police_observation", ["OK_CONSENT"]),
                 (world.probation, "ProbationReport", "soc-1", "probation", ["OK_CONSENT"]),
                 (world.social, "ActionPlan", "police-1+school-1+probation-1", "action_plan", ["OK_CONSENT"] * 3))
        for sender, message_type, to, category, expected in table:
            answer = self.send(sender, message_type, to, section(category))
            self.assertEqual(pairs(answer), expected)
            self.assertIn("tlogProof", answer["receipt"])
        for recipient, categories in ((world.social, ["police_observation", "probation", "school_attendance"]), (world.police, ["action_plan", "school_attendance"]),
                                      (world.school, ["action_plan"]), (world.probation, ["action_plan"])):
            got = recipient.run("fetch", "--all", "--ack")["messages"]
            opened = sorted((s["category"], contents.word_of(s["content"])) for m in got for s in m["sections"])
            self.assertEqual(opened, [(c, f"about {c}") for c in categories])
            self.assertEqual(recipient.run("fetch")["messages"], [])

    def test_3_evaluate_has_no_effect(self):
        before = world.gateway.health()
        answer = world.school.run("evaluate", "--case", world.case, "--type", "AttendanceReport", "--to", "police-1", "--section", section("school_attendance"))
        self.assertEqual((answer["wouldBeAccepted"], pairs(answer)), (True, ["OK_CONSENT"]))
        answer = world.police.run("evaluate", "--case", world.case, "--type", "SuitabilityAssessment", "--to", "soc-1", "--section", section("crime_suspicion"))
        self.assertEqual(pairs(answer), ["WRONG_CATEGORY"])
        after = world.gateway.health()
        self.assertEqual([after.get(k, 0) for k in ("accepted", "denied", "waiting")], [before.get(k, 0) for k in ("accepted", "denied", "waiting")])

    def test_4_one_denied_pair_stops_a_message_unless_partial(self):
        both = (section("school_attendance"), section("school_support"))
        error = self.send(world.school, "SchoolReport", "soc-1", *both, expect=DENIED)
        self.assertEqual(pairs(error), ["OK_CONSENT", "WRONG_CATEGORY"])
        answer = self.send(world.school, "SchoolReport", "soc-1", *both, options=["--partial"])
        self.assertEqual(pairs(answer), ["OK_CONSENT", "WRONG_CATEGORY"])
        got = world.social.run("fetch", "--all", "--ack")["messages"]
        self.assertEqual([[s["category"] for s in m["sections"]] for m in got], [["school_attendance"]])

    def test_5_statutory_ground_needs_two_officers(self):
        asked = world.social.run("statute", "request", "--case", world.case, "--provision", "OSL-10-18a", "--type", "ThreatAssessment", "--category", "threat", "--to",
                                 "police-1", "--necessity", "a threat that cannot wait")["approval"]["approvalId"]
        threat = section("threat", claim=f"approval:{asked}", necessity="a threat that cannot wait")
        self.assertEqual(self.send(world.social, "ThreatAssessment", "police-1", threat, expect=DENIED)["reason"], "STATUTE_UNAPPROVED")
        world.social.run("statute", "approve", asked, officer="s1", expect=DENIED)
        world.social.run("statute", "approve", asked, officer="s9")
        answer = self.send(world.social, "ThreatAssessment", "police-1", threat)
        self.assertEqual((pairs(answer), answer["pairs"][0]["ground"]), (["OK_STATUTE"], "GROUND_STATUTORY"))
        world.police.run("fetch", "--all", "--ack")

    def test_6_withdrawal_stops_what_it_covers(self):
        queued = self.send(world.school, "AttendanceReport", "police-1", section("school_attendance"))["messageId"]
        withdrawn = world.social.run("consent", "withdraw", "--case", world.case, "--person", world.persons[1], "--category", "school_attendance", "--obtained", "oral")
        self.assertEqual((len(withdrawn["grantIds"]), withdrawn["messagesWithheld"]), (2, 1))
        self.assertEqual(sorted(withdrawn["recalledAgencyIds"]), ["police-1", "soc-1"])
        self.assertEqual(world.police.run("fetch")["messages"], [])
        status = world.school.run("status", queued)["recipients"]
        self.assertEqual([r["state"] for r in status], ["DELIVERY_STATE_WITHHELD"])
        self.assertEqual(self.send(world.school, "AttendanceReport", "soc-1", section("school_attendance"), expect=DENIED)["reason"], "WITHDRAWN")
        self.assertEqual(pairs(self.send(world.police, "SuitabilityAssessment", "soc-1", section("police_observation"))), ["OK_CONSENT"])

    def test_7_losing_a_link_closes_the_case(self):
        withdrawn = world.social.run("consent", "withdraw", "--case", world.case, "--person", world.persons[0], "--everything")
        self.assertEqual(withdrawn["phase"], "PHASE_CLOSING")
        self.assertEqual(world.social.run("case", "show", world.case)["case"]["phase"], "PHASE_CLOSING")
        world.social.run("fetch", "--all", "--ack")
        world.social.run("case", "phase", world.case, "closed", "--reason", "own_wish")

    def test_8_the_log_proves_it(self):
        verified = world.school.run("audit", "verify")
        records = world.gateway.log(world.gateway.agency("auditor-1", "evaluator"))
        self.assertLessEqual(int(verified["size"]), len(records))
        for fault in (logcheck.used_after_withdrawal, logcheck.released_without_ground, logcheck.time_runs_back,
                      logcheck.received_but_not_asked_back, logcheck.asked_back_but_not_received):
            self.assertEqual(fault(records), [], fault.__name__)
        text = json.dumps(records, default=repr)
        for secret in ("Provsson", "2010-03-05", "a threat that cannot wait", "about action_plan"):
            self.assertNotIn(secret, text)

    def test_8_each_side_lists_what_it_may_see(self):
        def listed(by):
            return [(d["senderAgencyId"], d["recipientAgencyId"], d["category"], d["reason"].removeprefix("REASON_CODE_")) for d in by.run("audit", "list")["disclosures"]]
        sent, received = listed(world.school), listed(world.police)
        self.assertIn(("school-1", "police-1", "school_attendance", "OK_CONSENT"), sent)
        self.assertIn(("school-1", "soc-1", "school_support", "WRONG_CATEGORY"), sent)
        self.assertIn(("school-1", "police-1", "school_attendance", "WITHDRAWN"), sent)  # withheld
        self.assertIn(("school-1", "police-1", "school_attendance", "OK_CONSENT"), received)
        # A recipient cannot tell "denied" or "withheld" from "nothing was sent".
        self.assertEqual({reason for sender, *_, reason in received if sender != "police-1"}, {"OK_CONSENT", "OK_STATUTE"})
        self.assertFalse([d for d in sent if "school-1" not in d[:2]])
        looks = [r for r in world.gateway.log(world.gateway.agency("auditor-2", "evaluator")) if "looked" in r]
        self.assertGreaterEqual(len(looks), 2)

    def test_9_it_is_all_there_after_a_restart(self):
        before = world.gateway.health()
        world.gateway.stop()
        world.gateway.start()
        after = world.gateway.health()
        for count in ("accepted", "denied", "released", "withheld", "acknowledged", "withdrawals", "cases"):
            self.assertEqual(after.get(count, 0), before.get(count, 0), count)
        self.assertGreaterEqual(after["log_size"], before["log_size"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
