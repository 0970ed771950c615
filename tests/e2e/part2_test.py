# SPDX-License-Identifier: EUPL-1.2
"""Consents through the whole gateway: what is refused at recording (ruling 17), who must agree and when that changes, withdrawal with its consequences, pausing,
narrowing and resuming. Time passes by stepping a demo authority's clock."""
import datetime
import hashlib
import unittest
import uuid

import lawworld
from lawworld import months, stamp

DAY = datetime.timedelta(1)


def setUpModule():
    global world
    world = lawworld.World()


def tearDownModule():
    world.close()


class Law(unittest.TestCase):
    def refused(self, answer, reason, field):
        self.assertFalse(answer.ok, f"accepted, instead of {reason}")
        self.assertEqual((answer.reason, answer.field), (reason, field), answer.text)

    def accepted(self, answer):
        self.assertTrue(answer.ok, None if answer.ok else (answer.code, answer.reason, answer.field, answer.text))
        return answer.message


class VagueConsentIsRefused(Law):
    """Ruling 17, each reason with the path of the field."""

    @classmethod
    def setUpClass(cls):
        cls.case = world.open(world.born(16))

    def draft_refused(self, reason, field, at=0, **changes):
        good = [world.draft()] * at
        self.refused(world.record(self.case, *good, world.draft(**changes)), reason, f"grants[{at}].{field}")

    def test_vague_category(self):
        for word in ("", "*", "all", "any", "everything", "necessary", "school_*"):
            with self.subTest(word):
                self.draft_refused("VAGUE_CATEGORY", "category", category=word)
        self.refused(world.record(self.case), "VAGUE_CATEGORY", "grants")

    def test_unknown_category(self):
        self.draft_refused("UNKNOWN_CATEGORY", "category", at=2, category="horoscope")

    def test_vague_recipient(self):
        self.draft_refused("VAGUE_RECIPIENT", "receiver_agency_ids", to=())
        for word in ("*", "members", "all", "everyone", "", "pol*"):
            with self.subTest(word):
                self.draft_refused("VAGUE_RECIPIENT", "receiver_agency_ids[1]", to=("pol", word))
                self.draft_refused("VAGUE_RECIPIENT", "sender_agency_id", sender=word)

    def test_vague_purpose(self):
        self.draft_refused("VAGUE_PURPOSE", "purpose", at=1, purpose=None)

    def test_window(self):
        self.draft_refused("NO_END", "until", until=None)
        begin = world.now()
        self.draft_refused("END_TOO_LATE", "until", **{"from": stamp(begin), "until": stamp(months(begin, 12), 1)})
        self.draft_refused("MALFORMED", "from", **{"from": None})
        self.draft_refused("MALFORMED", "until", **{"from": stamp(begin), "until": stamp(begin)})
        self.accepted(world.record(self.case, world.draft(**{"from": stamp(begin), "until": stamp(months(begin, 12))})))

    def test_civil_society_stands_alone(self):
        self.draft_refused("NOT_NAMED_ALONE", "receiver_agency_ids[1]", to=("pol", "club"))
        self.draft_refused("NOT_NAMED_ALONE", "receiver_agency_ids[0]", to=("club", "pol"))
        self.accepted(world.record(self.case, world.draft(to=("club",))))

    def test_unknown_agency(self):
        self.draft_refused("UNKNOWN_AGENCY", "receiver_agency_ids[1]", to=("pol", "nobody-1"))
        self.draft_refused("UNKNOWN_AGENCY", "sender_agency_id", sender="nobody-1")

    def test_nothing_of_a_refused_consent_is_kept(self):
        before = world.standing(self.case)
        self.refused(world.record(self.case, world.draft(), world.draft(category="*")), "VAGUE_CATEGORY", "grants[1].category")
        self.assertEqual(world.standing(self.case), before)

    def test_outside_the_programme(self):
        self.refused(world.open(world.born(11), programme="SIG_YOUTH"), "OUTSIDE_PROGRAMME", "subject.birth_date")
        self.refused(world.open(world.born(16), programme="SIG_YOUNG_ADULTS"), "OUTSIDE_PROGRAMME", "subject.birth_date")
        self.refused(world.open(world.born(16), programme="NONE_SUCH"), "OUTSIDE_PROGRAMME", "programme")
        grown = world.open(world.born(21, 2))
        self.accepted(world.record(grown, world.draft()))
        world.step(world.midnight(2))
        self.refused(world.record(grown, world.draft()), "OUTSIDE_PROGRAMME", "case_id")

    def test_closed_case(self):
        case = world.open(world.born(16))
        self.accepted(world.change(case, "SetPhase", phase="PHASE_CLOSING"))
        self.accepted(world.change(case, "SetPhase", phase="PHASE_CLOSED", close_reason="CLOSE_REASON_GOALS_MET"))
        self.refused(world.record(case, world.draft()), "CLOSED_STATE", "case_id")

    def test_the_form_is_whole(self):
        for field, change in (("text_language", {"text_language": ""}), ("text_version", {"text_version": ""}), ("text_hash", {"obtained": "OBTAINED_PAPER"}),
                              ("obtained", {"obtained": "OBTAINED_UNSPECIFIED", "text_hash": bytes(32)}), ("obtained_at", {"obtained_at": stamp(world.now() + DAY)})):
            with self.subTest(field):
                self.refused(world.record(self.case, world.draft(), **change), "MALFORMED", field)


class WhoMustAgree(Law):
    def required(self, case):
        return set(world.required(case))

    def test_by_age_and_programme(self):
        table = (  # age, programme, phase's members do not matter; who
            (8, "SSPF", "guardians"), (11, "SSPF", "guardians"), (16, "SSPF", "guardians"), (18, "SSPF", "subject"),
            (12, "SIG_YOUTH", "both"), (14, "SIG_YOUTH", "both"), (15, "SIG_YOUTH", "both"), (17, "SIG_YOUTH", "both"), (18, "SIG_YOUTH", "subject"),
            (20, "SIG_YOUTH", "subject"), (19, "SIG_YOUNG_ADULTS", "subject"), (29, "SIG_YOUNG_ADULTS", "subject"))
        for years, programme, who in table:
            with self.subTest(f"{years} in {programme}"):
                case = world.open(world.born(years), programme=programme, phase="nominated")
                self.assertEqual(self.required(case), set({"guardians": case.guardians, "both": case.persons, "subject": [case.subject]}[who]))

    def assess(self, case, outcome, **more):
        return world.change(case, "AssessMaturity", outcome="MATURITY_OUTCOME_" + outcome, **{
            "assessor_officer_id": "soc.1", "assessed_on": world.now().date().isoformat(), "reasons": "a talk about what it means", **more})

    def test_assessment_of_maturity(self):
        table = ((13, "SIG_YOUTH", "GUARDIANS_ALONE", True), (13, "SIG_YOUTH", "SUBJECT_ALONE", False), (16, "SIG_YOUTH", "SUBJECT_ALONE", True),
                 (16, "SIG_YOUTH", "GUARDIANS_ALONE", False), (19, "SIG_YOUTH", "GUARDIANS_AND_SUBJECT", False), (16, "SSPF", "SUBJECT_ALONE", False))
        for years, programme, outcome, allowed in table:
            with self.subTest(f"{years} in {programme}: {outcome}"):
                case = world.open(world.born(years), programme=programme, phase="nominated")
                answer = self.assess(case, outcome)
                if not allowed:
                    self.refused(answer, "ASSESSMENT_NOT_ALLOWED", "outcome")
                    continue
                self.accepted(answer)
                self.assertEqual(self.required(case), set(case.guardians if outcome == "GUARDIANS_ALONE" else [case.subject]))

    def test_an_assessment_is_whole(self):
        case = world.open(world.born(16), programme="SIG_YOUTH", phase="nominated")
        for field, value in (("reasons", ""), ("assessor_officer_id", ""), ("assessed_on", ""), ("assessed_on", (world.now() + 2 * DAY).date().isoformat())):
            self.refused(self.assess(case, "SUBJECT_ALONE", **{field: value}), "MALFORMED", field)
        self.refused(world.change(case, "AssessMaturity", officer="soc.9", outcome="MATURITY_OUTCOME_SUBJECT_ALONE"), "NOT_ENTITLED", "officer_id")

    def test_nothing_before_everybody_has_agreed(self):
        case = world.open(world.born(16), programme="SIG_YOUTH", phase="inquiry")
        consent, grants = world.consent(case, world.draft(), by=[])
        for person in case.persons:
            self.assertEqual(world.send(case, "soc", "pol", "SUITABILITY_REQUEST", ("enrolment", consent)).reasons, ["CONSENTER_MISSING"])
            self.accepted(world.act(case, "GIVE", person, grants))
        self.assertEqual(world.send(case, "soc", "pol", "SUITABILITY_REQUEST", ("enrolment", consent)).reasons, ["OK_CONSENT"])

    def test_a_new_guardian_is_asked(self):
        case = world.open(world.born(14), guardians=1)
        _, grants = world.consent(case, world.draft())
        self.assertEqual(world.standing(case)[grants[0]], "OK_CONSENT")
        second = str(uuid.uuid4())
        shown = self.accepted(world.change(case, "SetGuardians", guardians=[lawworld.person(g) for g in (*case.guardians, second)]))["case"]
        self.assertEqual(set(shown["required_person_ids"]), {*case.guardians, second})
        self.assertEqual(world.standing(case)[grants[0]], "CUSTODY_LAPSED")
        self.accepted(world.act(case, "GIVE", second, grants))
        self.assertEqual(world.standing(case)[grants[0]], "OK_CONSENT")
        self.accepted(world.change(case, "SetGuardians", guardians=[]))
        self.assertEqual(world.standing(case)[grants[0]], "CUSTODY_LAPSED")  # nobody is left to stand for it

    def test_a_second_guardian_refuses(self):
        case = world.open(world.born(14))
        consent, grants = world.consent(case, world.draft())
        _, later = world.consent(case, world.draft("needs"), by=case.guardians[:1])
        self.accepted(world.act(case, "REFUSE", case.guardians[1], later))
        self.assertEqual((world.standing(case)[grants[0]], world.standing(case)[later[0]]), ("OK_CONSENT", "REFUSED"))
        self.refused(world.act(case, "GIVE", case.guardians[1], later), "CLOSED_STATE", "grant_ids[0]")
        self.assertEqual(world.send(case, "soc", "pol", "NEEDS_INVENTORY", ("needs", consent)).reasons, ["REFUSED"])

    def test_eighteen_at_local_midnight(self):
        case = world.open(world.born(18, 3))
        consent, grants = world.consent(case, world.draft())
        queued = world.send(case, "soc", "pol", "MEETING_INVITATION", ("enrolment", consent))
        self.accepted(queued)
        midnight = world.midnight(3)
        world.step(midnight - datetime.timedelta(seconds=40))
        self.assertEqual(world.standing(case)[grants[0]], "OK_CONSENT")
        world.step(midnight)
        self.assertEqual((world.standing(case)[grants[0]], self.required(case)), ("AGE_LAPSED", {case.subject}))
        self.assertNotIn(queued.id, world.take("pol"))
        self.assertEqual(world.status("soc", queued.id), [("WITHHELD", "AGE_LAPSED")])
        self.refused(world.withdraw(case, case.guardians[0], everything=True), "NOT_ENTITLED", "person_id")
        self.accepted(world.act(case, "GIVE", case.subject, grants))
        self.assertEqual(world.standing(case)[grants[0]], "OK_CONSENT")

    def test_an_assessment_ends_with_its_age_band(self):
        case = world.open(world.born(15, 5), programme="SIG_YOUTH", phase="inquiry")
        self.accepted(self.assess(case, "GUARDIANS_ALONE"))
        _, grants = world.consent(case, world.draft())
        self.assertEqual(world.standing(case)[grants[0]], "OK_CONSENT")
        world.step(world.midnight(5))
        self.assertEqual((world.standing(case)[grants[0]], self.required(case)), ("AGE_LAPSED", set(case.persons)))


class Withdrawal(Law):
    """DOMAIN section 5: at any time, wholly or in part, by any one of those who must agree."""

    def case(self):
        """A case whose school sends to police and social services, with two other grants that a partial withdrawal must leave."""
        case = world.open(world.born(14))
        case.consent, case.grants = world.consent(
            case, world.draft("school_attendance", "school", ("soc", "pol")), world.draft("school_support", "school", ("soc",)), world.draft("enrolment", "soc", ("pol",)))
        return case

    def left(self, case):
        """Which of the four grants still permit."""
        standing = world.standing(case)
        for grant in case.grants:
            self.assertIn(standing[grant], ("OK_CONSENT", "WITHDRAWN"))
        return [standing[grant] == "OK_CONSENT" for grant in case.grants]

    def test_scopes(self):
        table = (("grant", lambda c: {"grant_id": c.grants[1]}, [True, False, True, True]), ("category", lambda c: {"category": "school_attendance"}, [False, False, True, True]),
                 ("agency as sender", lambda c: {"scope_agency_id": "school"}, [False, False, False, True]),
                 ("agency as receiver", lambda c: {"scope_agency_id": "pol"}, [True, False, True, False]),
                 ("agency as both", lambda c: {"scope_agency_id": "soc"}, [False, True, False, False]), ("everything", lambda c: {"everything": True}, [False] * 4))
        for name, scope, left in table:
            with self.subTest(name):
                case = self.case()
                answer = self.accepted(world.withdraw(case, case.guardians[1], **scope(case)))
                self.assertEqual(self.left(case), left)
                self.assertEqual(set(answer["grant_ids"]), {g for g, still in zip(case.grants, left) if not still})
                self.refused(world.act(case, "GIVE", case.guardians[1], [case.grants[left.index(False)]]), "CLOSED_STATE", "grant_ids[0]")

    def test_scope_is_said(self):
        case = self.case()
        self.refused(world.withdraw(case, case.guardians[0]), "MALFORMED", "scope")
        self.refused(world.withdraw(case, case.guardians[0], everything=False), "MALFORMED", "scope")
        self.refused(world.withdraw(case, case.guardians[0], category="horoscope"), "UNKNOWN_CATEGORY", "category")
        self.refused(world.withdraw(case, case.guardians[0], scope_agency_id="nobody-1"), "UNKNOWN_AGENCY", "scope_agency_id")
        self.refused(world.withdraw(case, case.guardians[0], grant_id=str(uuid.uuid4())), "NOT_FOUND", "grant_id")
        self.assertEqual(self.left(case), [True] * 4)

    def test_who_may(self):
        for years, programme, who in ((16, "SIG_YOUTH", lambda c: c.persons), (14, "SSPF", lambda c: c.guardians), (18, "SIG_YOUTH", lambda c: [c.subject])):
            members = world.open(world.born(years), programme=programme, phase="inquiry")
            for person in (*members.persons, str(uuid.uuid4())):
                case = world.open(world.born(years), programme=programme, phase="inquiry")
                _, grants = world.consent(case, world.draft())
                person = case.persons[members.persons.index(person)] if person in members.persons else person
                with self.subTest(f"{years} in {programme}, person {(case.persons + [person]).index(person)}"):
                    answer = world.withdraw(case, person, everything=True)
                    if person in who(case):
                        self.accepted(answer)
                    else:
                        self.refused(answer, "NOT_ENTITLED", "person_id")
                    self.assertEqual(world.standing(case)[grants[0]], "WITHDRAWN" if person in who(case) else "OK_CONSENT")

    def test_any_member_records_it_with_evidence(self):
        case, desk, stated = self.case(), world.desks["school"], []
        sign = desk.signed
        desk.signed = lambda octets: (stated.append(octets), sign(octets))[1]
        self.accepted(world.withdraw(case, case.guardians[0], by="school", category="school_support"))
        desk.signed = sign
        self.assertEqual(self.left(case), [True, True, False, True])
        stranger = world.withdraw(case, case.guardians[0], by="health", everything=True)
        self.refused(stranger, "UNKNOWN_CASE", "case_id")
        self.assertEqual((stranger.status, self.left(case)), (404, [True, True, False, True]))
        records = world.gateway.log(world.desks["evaluator"])
        records = [r["withdrawal"] for r in records if "withdrawal" in r and lawworld.harness.uuid_text(r["withdrawal"]["case_id"]) == case.id]
        self.assertEqual([(r["agency"], r["officer"], r["channel"], r["evidence_hash"]) for r in records],
                         [("school", "school.1", "LOG_CHANNEL_ORAL", hashlib.sha256(stated[0]).digest())])

    def octets_in_store(self, octets):
        """Whether pieces of these octets stand in any file of the state folder (database, its write-ahead log, anything else). The store encrypts what it may have to
        erase, so they never should; that the keys are destroyed is tests/contract's to show."""
        files = [path.read_bytes() for path in world.gateway.state.rglob("*") if path.is_file()]
        return any(octets[at:at + 24] in content for content in files for at in range(0, len(octets) - 24, 8))

    def test_what_waits_is_destroyed_and_the_sender_told(self):
        case = self.case()
        request = world.message(case, "school", ["soc", "pol"], "ATTENDANCE_REPORT", ("school_attendance", case.consent))
        self.accepted(world.hand_in("school", request))
        sealed = request["sections"][0]["ciphertext"]
        answer = self.accepted(world.withdraw(case, case.guardians[1], category="school_attendance"))
        self.assertEqual((answer["messages_withheld"], answer.get("recalled_agency_ids", [])), (2, []))
        self.assertFalse(self.octets_in_store(sealed), "sealed octets of a destroyed message stand in the store")
        for octets in [k["sealed_key"] for k in request["sections"][0]["keys"]] + [request["sections"][0]["header"]]:
            self.assertFalse(self.octets_in_store(octets), "a key or label of a destroyed message stands in the store")
        for by in ("soc", "pol"):
            self.assertNotIn(request["id"], world.take(by))
        self.assertEqual(world.status("school", request["id"]), [("WITHHELD", "WITHDRAWN")] * 2)
        told = [(n["kind"], n["message_id"], n["recipient_agency_id"], lawworld.code(n["reason"])) for n in world.notices("school", case)]
        self.assertEqual(sorted(told), [("NOTICE_KIND_WITHHELD", request["id"], to, "WITHDRAWN") for to in ("pol", "soc")])
        self.assertEqual([n["kind"] for n in world.notices("soc", case)], ["NOTICE_KIND_WITHDRAWAL"])
        self.assertEqual(world.notices("pol", case), [])  # a recipient does not learn that something was withheld

    def test_one_recipient_keeps_what_the_other_loses(self):
        case = self.case()
        both = world.send(case, "school", ["soc", "pol"], "ATTENDANCE_REPORT", ("school_attendance", case.consent))
        self.accepted(world.withdraw(case, case.guardians[1], scope_agency_id="pol"))
        self.assertNotIn(both.id, world.take("pol"))
        self.assertIn(both.id, world.take("soc"))
        self.assertEqual(sorted(world.status("school", both.id)), [("ACKNOWLEDGED", ""), ("WITHHELD", "WITHDRAWN")])

    def test_what_another_ground_carries_goes_on(self):
        case = self.case()
        other, _ = world.consent(case, world.draft("enrolment", "soc", ("school",)))
        sent = world.send(case, "soc", "school", "MEETING_INVITATION", ("enrolment", [("consent", case.consent), ("consent", other)]))
        self.accepted(sent)
        self.accepted(world.withdraw(case, case.guardians[0], scope_agency_id="pol"))
        self.assertIn(sent.id, world.take("school"))

    def test_who_had_received_is_recalled(self):
        case = self.case()
        world.send(case, "school", "pol", "ATTENDANCE_REPORT", ("school_attendance", case.consent))
        world.take("pol")
        answer = self.accepted(world.withdraw(case, case.guardians[0], everything=True))
        self.assertEqual((answer["recalled_agency_ids"], answer.get("messages_withheld", 0)), (["pol"], 0))

    def test_the_police_link_closes_the_case_and_opens_it_again(self):
        links = (world.draft("police_observation", "pol", ("soc",)), world.draft("enrolment", "soc", ("pol",)))
        case = world.open(world.born(19), programme="SIG_YOUTH", phase="inquiry")
        world.consent(case, *links)
        answer = self.accepted(world.withdraw(case, case.subject, category="police_observation"))
        self.assertEqual((answer["phase"], world.phase(case)), ("PHASE_CLOSING", "closing"))
        self.assertEqual([(n["kind"], n.get("phase")) for n in world.notices("soc", case)], [("NOTICE_KIND_WITHDRAWAL", None), ("NOTICE_KIND_PHASE", "PHASE_CLOSING")])
        self.refused(world.change(case, "SetPhase", phase="PHASE_INQUIRY"), "PHASE_FORBIDS", "phase")
        _, grants = world.consent(case, links[0], by=[])
        self.refused(world.change(case, "SetPhase", phase="PHASE_INQUIRY"), "PHASE_FORBIDS", "phase")
        self.accepted(world.act(case, "GIVE", case.subject, grants))
        self.refused(world.change(case, "SetPhase", phase="PHASE_ENROLLED"), "PHASE_FORBIDS", "phase")
        self.assertEqual(self.accepted(world.change(case, "SetPhase", phase="PHASE_INQUIRY"))["case"]["phase"], "PHASE_INQUIRY")

    def test_a_link_that_expires_closes_the_case(self):
        case = world.open(world.born(19), programme="SIG_YOUTH", phase="inquiry")
        soon = stamp(world.now() + datetime.timedelta(hours=2))
        world.consent(case, world.draft("police_observation", "pol", ("soc",), until=soon), world.draft("enrolment", "soc", ("pol",)))
        world.step(world.now() + datetime.timedelta(hours=3))
        self.assertEqual(world.phase(case), "closing")

    def test_a_silent_stretch_is_gone_through_instant_by_instant(self):
        # Lost after two hours, there again after four; nobody asks before the fifth: the case closes as it would have had somebody asked.
        case = world.open(world.born(19), programme="SIG_YOUTH", phase="inquiry")
        hours = lambda n: stamp(world.now() + datetime.timedelta(hours=n))
        world.consent(case, world.draft("police_observation", "pol", ("soc",), until=hours(2)), world.draft("enrolment", "soc", ("pol",)))
        world.consent(case, world.draft("police_observation", "pol", ("soc",), **{"from": hours(4)}))
        self.assertEqual(world.phase(case), "inquiry")
        world.step(world.now() + datetime.timedelta(hours=5))
        self.assertEqual(world.phase(case), "closing")


class PauseAndNarrow(Law):
    """Anyone who must agree narrows or pauses; widening and resuming need all of them and make a new version; a closed state never reopens."""

    def setUp(self):
        self.case = world.open(world.born(14))
        self.consent, self.grants = world.consent(self.case, world.draft())
        self.one, self.other = self.case.guardians

    def standing(self, grant=None):
        return world.standing(self.case)[grant or self.grants[0]]

    def reasons(self):
        return world.send(self.case, "soc", "pol", "MEETING_INVITATION", ("enrolment", self.consent)).reasons

    def test_paused_by_one_resumed_by_all(self):
        queued = world.send(self.case, "soc", "pol", "MEETING_INVITATION", ("enrolment", self.consent))
        self.accepted(queued)
        self.accepted(world.act(self.case, "PAUSE", self.one, self.grants))
        self.assertEqual((self.standing(), self.reasons()), ("PAUSED", ["PAUSED"]))
        self.assertNotIn(queued.id, world.take("pol"))
        new = self.accepted(world.act(self.case, "RESUME", self.one, self.grants))["grants"]
        self.assertEqual([lawworld.code(g["standing"]) for g in new], ["CONSENTER_MISSING"])
        self.assertNotEqual(new[0]["grant_id"], self.grants[0])
        self.assertEqual(self.reasons(), ["CONSENTER_MISSING"])  # the newest version's reason (ruling 2)
        self.accepted(world.act(self.case, "GIVE", self.other, [new[0]["grant_id"]]))
        self.assertEqual(self.reasons(), ["OK_CONSENT"])

    def test_what_is_not_paused_is_not_resumed(self):
        self.refused(world.act(self.case, "RESUME", self.one, self.grants), "MALFORMED", "grant_ids[0]")
        self.refused(world.act(self.case, "PAUSE", self.case.subject, self.grants), "NOT_ENTITLED", "person_id")

    def test_narrowed_by_one(self):
        shown = self.accepted(world.act(self.case, "NARROW", self.one, self.grants, narrowed_until=stamp(world.now() + DAY)))["grants"][0]
        self.assertEqual(lawworld.code(shown["standing"]), "OK_CONSENT")
        self.refused(world.act(self.case, "NARROW", self.one, self.grants, narrowed_until=stamp(world.now() + 2 * DAY)), "MALFORMED", "narrowed_until")
        self.refused(world.act(self.case, "NARROW", self.one, self.grants), "MALFORMED", "narrowed_until")
        self.refused(world.act(self.case, "PAUSE", self.one, self.grants, narrowed_until=stamp(world.now())), "MALFORMED", "narrowed_from")
        world.step(world.now() + DAY + datetime.timedelta(minutes=1))
        self.assertEqual((self.standing(), self.reasons()), ("EXPIRED", ["EXPIRED"]))
        self.refused(world.act(self.case, "GIVE", self.one, self.grants), "CLOSED_STATE", "grant_ids[0]")

    def test_a_later_beginning(self):
        self.accepted(world.act(self.case, "NARROW", self.one, self.grants, narrowed_from=stamp(world.now() + DAY)))
        self.assertEqual(self.reasons(), ["NOT_YET"])
        world.step(world.now() + DAY + datetime.timedelta(minutes=1))
        self.assertEqual(self.reasons(), ["OK_CONSENT"])

    def test_refusing_the_new_version_leaves_the_old(self):
        _, new = world.consent(self.case, world.draft(until=stamp(world.now() + 90 * DAY)), by=[self.one])
        self.assertEqual((self.standing(), self.reasons()), ("OK_CONSENT", ["OK_CONSENT"]))
        self.accepted(world.act(self.case, "REFUSE", self.other, new))
        self.assertEqual((self.standing(), self.standing(new[0]), self.reasons()), ("OK_CONSENT", "REFUSED", ["OK_CONSENT"]))
        self.refused(world.act(self.case, "GIVE", self.other, new), "CLOSED_STATE", "grant_ids[0]")

    def test_withdrawal_closes_versions_in_waiting(self):
        _, new = world.consent(self.case, world.draft(until=stamp(world.now() + 90 * DAY)), by=[self.one])
        self.accepted(world.withdraw(self.case, self.one, grant_id=self.grants[0]))
        self.assertEqual((self.standing(), self.standing(new[0])), ("WITHDRAWN", "WITHDRAWN"))
        for act in ("GIVE", "PAUSE", "RESUME"):
            self.refused(world.act(self.case, act, self.other, new), "CLOSED_STATE", "grant_ids[0]")
        self.consent, again = world.consent(self.case, world.draft())
        self.assertEqual((self.standing(), self.standing(again[0]), self.reasons()), ("WITHDRAWN", "OK_CONSENT", ["OK_CONSENT"]))

    def test_misregistered_is_not_withdrawn(self):
        self.accepted(world.act(self.case, "INVALIDATE", self.one, self.grants))
        self.assertEqual((self.standing(), self.reasons()), ("CONSENTER_MISSING", ["CONSENTER_MISSING"]))
        self.accepted(world.act(self.case, "GIVE", self.one, self.grants))  # this time in earnest
        self.assertEqual(self.standing(), "OK_CONSENT")
        counted = world.gateway.health().get("withdrawals", 0)
        records = [r for r in world.gateway.log(world.desks["evaluator"]) if "withdrawal" in r]
        self.assertEqual(len(records), counted)  # a misregistration is no withdrawal
        self.assertEqual([n for n in world.notices("soc", self.case) if n["kind"] == "NOTICE_KIND_WITHDRAWAL"], [])

    def test_an_act_fits_its_method(self):
        fields = {"case_id": self.case.id, "person_id": self.one, "grant_ids": self.grants, "obtained": "OBTAINED_ORAL", "obtained_at": world.gateway.health()["now"]}
        answer = world.desks["soc"].state("ConsentService/Pause", "ActOnGrants", {**fields, "act": "GRANT_ACT_GIVE"}, "ActRequest", "ActResponse")
        self.refused(answer, "MALFORMED", "act")
        self.refused(world.act(self.case, "GIVE", self.one, []), "MALFORMED", "grant_ids")


if __name__ == "__main__":
    unittest.main(verbosity=2)
