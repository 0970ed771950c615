#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""The rules of DOMAIN a second time: a fold over events, and decide(question).

Written from DOMAIN.md alone, never from policy/*.c: its worth is that nobody who wrote the one read the other. Law
(thresholds, rows, provisions) comes from the policy file through lawdata.py; rules stand here. Where DOMAIN leaves a
choice, the choice and its ruling stand as a comment marked "Reading".

    rules.py POLICY.json... < STREAM        answers a stream of worlds (STREAM.md), one line each
    rules.py --to-world FILE.case...        writes cases as a stream
"""
import heapq
import sys

import civil
import lawdata

GIVEN, REFUSED, WITHDRAWN = "GIVEN", "REFUSED", "WITHDRAWN"
OPEN_PHASES = ("nominated", "inquiry", "enrolled", "paused", "dormant")


class Refused(Exception):
    """A recording that is refused (ruling 17); the code is its only argument."""


class Version:
    """One version of one grant key (ruling 1)."""
    __slots__ = ("consent", "key", "start", "end", "mark", "said", "paused", "withdrawn", "refused",
                 "invalid", "took_over", "last")

    def __init__(self, consent, key, start, end, mark):
        self.consent, self.key, self.start, self.end, self.mark = consent, key, start, end, mark
        self.said = {}              # person -> GIVEN or REFUSED or WITHDRAWN
        self.paused = False
        self.withdrawn = self.refused = self.invalid = False
        self.took_over = False
        self.last = None            # whether guardians were asked when it was last complete; None: it never was

    def closed(self):
        return self.withdrawn or self.refused or self.invalid


class Person:
    __slots__ = ("number", "birth", "guardians", "protected", "cases")

    def __init__(self, number, birth):
        self.number, self.birth, self.guardians, self.protected, self.cases = number, birth, set(), False, []


class Case:
    __slots__ = ("number", "person", "programme", "phase", "former", "members", "contacts", "assessment",
                 "sent", "keys", "linked", "asked")

    def __init__(self, number, person, programme, agency, phase):
        self.number, self.person, self.programme = number, person, programme
        self.phase, self.former = phase, None
        self.members, self.contacts = {agency}, set()
        self.assessment = None      # (who, first age of the band, first age after it)
        self.sent = set()           # message types that were accepted in the case
        self.asked = {}             # role -> why it is asked since it was not; whether custody changed since then
        self.keys = {}              # (category, sender, recipient, purpose) -> versions, oldest first
        self.linked = set()         # links that were active in both directions at some time


NO_CASE = Case(0, Person(0, None), "", "", "nominated")


class Who:
    """Who must agree in a case at a moment."""
    __slots__ = ("age", "ask_guardians", "ask_subject", "guardians", "subject", "enough")

    def people(self):
        found = set(self.guardians) if self.ask_guardians else set()
        if self.ask_subject:
            found.add(self.subject)
        return found

    def missing(self, version):
        """The requirements that are not met: the subject, a guardian, or 0 for "some guardian at all"."""
        said, gaps = version.said, []
        if self.ask_subject and said.get(self.subject) != GIVEN:
            gaps.append(self.subject)
        if self.ask_guardians:
            if not self.guardians:
                gaps.append(0)      # ruling 4: an empty set never completes
            else:
                absent = [g for g in self.guardians if said.get(g) != GIVEN]
                if self.enough == "any":
                    if len(absent) == len(self.guardians):
                        gaps += absent
                else:
                    gaps += absent
        if not self.ask_subject and not self.ask_guardians:
            gaps.append(0)
        return gaps


class World:
    def __init__(self, laws):
        self.laws, self.law, self.leap = laws, laws[0], laws[0].leap
        self.now = -(1 << 62)
        self.agencies, self.approvers = {}, set()
        self.persons, self.cases = {}, {}
        self.consents = {}          # consent -> (case, [[Version...] for each grant])
        self.approvals = {}
        self.moments = []           # heap of (time, case): birthdays, first and last moments of grants

    # -- the fold over time ------------------------------------------------------------------------------------

    def advance(self, now):
        """Everything that time alone brings up to and with now, in its order: birthdays, begin and end of grants."""
        while self.moments and self.moments[0][0] <= now:
            moment, number = heapq.heappop(self.moments)
            self.settle(self.cases[number], moment, "age")
        self.now = now

    def watch(self, case, *moments):
        for moment in moments:
            if moment > self.now:
                heapq.heappush(self.moments, (moment, case.number))

    def watch_birthdays(self, case):
        for years in self.law.thresholds:
            self.watch(case, civil.birthday_ms(case.person.birth, years, self.leap))

    def age(self, case, now):
        if case.person.birth is None:
            return None
        return civil.age_on(case.person.birth, civil.local_date(now), self.leap)

    def who(self, case, now):
        """DOMAIN section 5, "Who must agree"; ruling 15: by the policy in force now."""
        found = Who()
        found.age = age = self.age(case, now)
        row = self.law.row(case.programme, age)
        asked = row.default
        # Ruling 6: an assessment holds within the band in which it was made; a programme's own rule stands above it
        # (such a programme's rows offer no outcome). Reading: a new policy that draws the band otherwise, or whose row
        # does not offer the outcome, ends it.
        if case.assessment:
            outcome, begin, end = case.assessment
            if (begin, end) == (row.begin, row.end) and outcome in row.outcomes:
                asked = outcome
        found.ask_guardians = asked in ("guardians", "guardians_and_subject")
        found.ask_subject = asked in ("subject", "guardians_and_subject")
        found.guardians, found.subject = case.person.guardians, case.person.number
        found.enough = self.law.guardians_enough
        return found

    def settle(self, case, now, why="other"):
        """Let versions take over (rulings 1 and 19), note what is complete (ruling 4), lose links (ruling 9). why tells
        what brought us here: time alone ("age"), custody, or something else."""
        who = self.who(case, now)
        if why == "custody":
            case.asked["custody"] = True
        for role, asked in (("subject", who.ask_subject), ("guardians", who.ask_guardians)):
            if asked and not case.asked.get(role):
                case.asked[role] = why
                if role == "guardians":
                    case.asked["custody"] = False
            elif not asked:
                case.asked[role] = None
        for versions in case.keys.values():
            for version in versions:
                if version.closed() or who.missing(version):
                    continue
                version.last = who.ask_guardians
                # Reading of ruling 19: a version that is already past its end does not take over any more.
                if version.start <= now < version.end:
                    version.took_over = True
        self.settle_links(case, who, now)

    def settle_links(self, case, who, now):
        """Reading of ruling 9: a link is a pair of agency types with two directions; it was once active when both had
        an active grant at the same moment. A pause is not among the causes (withdrawal, lapse, expiry), so a
        paused grant still holds its link."""
        for link in self.law.links(case.programme):
            held = all(self.direction_held(case, who, now, a, b) for a, b in (link, link[::-1]))
            if held:
                case.linked.add(link)
            elif link in case.linked and case.phase in OPEN_PHASES:
                case.former, case.phase = case.phase, "closing"

    def direction_held(self, case, who, now, sender_type, recipient_type, paused_too=True):
        for (_, sender, recipient, _), versions in case.keys.items():
            if self.agencies.get(sender) == sender_type and self.agencies.get(recipient) == recipient_type:
                live = self.live(versions, who, now)
                if live and (paused_too or not live.paused):
                    return True
        return False

    @staticmethod
    def live(versions, who, now):
        """The version in force, complete and in its window, paused or not; None when there is none. In force is the
        newest that ever took over (rulings 1 and 19): what it replaced does not come back when it lapses or ends."""
        for version in reversed(versions):
            if version.took_over and not version.invalid:
                if version.closed() or not version.start <= now < version.end or who.missing(version):
                    return None
                return version
        return None

    # -- facts and events; each returns nothing or raises Refused ----------------------------------------------

    def case_of(self, token):
        return self.cases[int(token)]

    def do_policy(self, now, number):
        self.law = self.laws[int(number)]
        for case in self.cases.values():
            self.settle(case, now)
        # Reading: where the new policy moves the birthday of 29 February forward to now, that is a change of age.
        ages = {case.number: self.age(case, now) for case in self.cases.values()}
        self.leap = self.law.leap
        for case in self.cases.values():
            self.watch_birthdays(case)
            self.settle(case, now, "age" if self.age(case, now) > ages[case.number] else "other")

    def do_agency(self, now, agency, kind):
        self.agencies[agency] = kind

    def do_officer(self, now, agency, officer, role):
        if role == "approver":
            self.approvers.add((agency, officer))
        else:
            self.approvers.discard((agency, officer))

    def do_person(self, now, person, birth):
        self.persons[int(person)] = Person(int(person), civil.parse_date(birth))

    def do_protect(self, now, case, on):
        self.case_of(case).person.protected = on == "1"

    def do_guardian(self, now, case, guardian):
        person = self.case_of(case).person
        if int(guardian) in person.guardians:
            return
        person.guardians = person.guardians | {int(guardian)}
        for case in person.cases:
            self.settle(case, now, "custody")

    def do_unguardian(self, now, case, guardian):
        person = self.case_of(case).person
        if int(guardian) not in person.guardians:
            return
        person.guardians = person.guardians - {int(guardian)}
        for case in person.cases:
            self.settle(case, now, "custody")

    def do_open(self, now, number, person, programme, agency, phase):
        person = self.persons[int(person)]
        case = Case(int(number), person, programme, agency, phase)
        self.check_programme(case, now)
        self.cases[case.number] = case
        person.cases.append(case)
        self.watch_birthdays(case)
        self.settle(case, now)

    def check_programme(self, case, now):
        """Ruling 6: programme ages are checked when a case is opened and a consent recorded."""
        limits = self.law.programme_ages(case.programme)
        if limits is None or not limits[0] <= self.age(case, now) < limits[1]:
            raise Refused("OUTSIDE_PROGRAMME")

    def do_member(self, now, case, agency):
        self.case_of(case).members.add(agency)

    def do_unmember(self, now, case, agency):
        self.case_of(case).members.discard(agency)

    def do_contact(self, now, case, agency, officer):
        self.case_of(case).contacts.add((agency, officer))

    def do_uncontact(self, now, case, agency, officer):
        self.case_of(case).contacts.discard((agency, officer))

    def do_sent(self, now, case, message, sender):
        self.case_of(case).sent.add(message)

    def do_setphase(self, now, case, phase):
        case = self.case_of(case)
        if case.phase == "closed":
            raise Refused("CLOSED_STATE")
        if case.phase == "closing" and phase != "closed":
            # Ruling 9: back to the former phase, once every link is active again. Reading: a case that was put to
            # closing by hand goes back in the same way.
            who = self.who(case, now)
            whole = all(self.direction_held(case, who, now, *pair, paused_too=False)
                        for link in self.law.links(case.programme) for pair in (link, link[::-1]))
            if phase != case.former or not whole:
                raise Refused("PHASE_FORBIDS")
        elif phase not in self.law.phase_moves[case.phase]:
            raise Refused("PHASE_FORBIDS")
        # Section 8: the police suitability assessment precedes enrolment.
        if not self.law.phase_needs(case.programme, phase) <= case.sent:
            raise Refused("PHASE_FORBIDS")
        if phase == "closing":
            case.former = case.phase
        case.phase = phase
        self.settle(case, now)

    def do_assess(self, now, case, outcome):
        case = self.case_of(case)
        row = self.law.row(case.programme, self.age(case, now))
        # Reading: where there is something to assess, an assessment may also find that the default is right.
        if outcome not in row.outcomes and not (row.outcomes and outcome == row.default):
            raise Refused("ASSESSMENT_NOT_ALLOWED")
        case.assessment = (outcome, row.begin, row.end)
        self.settle(case, now)

    def do_consent(self, now, consent, case, count, *rest):
        case = self.case_of(case)
        forms, at = [], 0
        for _ in range(int(count)):
            category, sender, purpose, start, end, mark, receivers = rest[at:at + 7]
            at += 7
            forms.append((category, sender, purpose, start, end, mark == "1", rest[at:at + int(receivers)]))
            at += int(receivers)
        if case.phase == "closed":
            raise Refused("CLOSED_STATE")
        self.check_programme(case, now)
        for form in forms:
            self.check_form(case, form)
        grants = []
        for category, sender, purpose, start, end, mark, receivers in forms:
            for receiver in receivers:
                key = (category, sender, receiver, purpose)
                grants.append(self.add_version(case, int(consent), key, int(start), int(end), mark))
        self.consents[int(consent)] = (case, grants)
        self.settle(case, now)

    def add_version(self, case, consent, key, start, end, mark):
        version = Version(consent, key, start, end, mark)
        case.keys.setdefault(key, []).append(version)
        self.watch(case, start, end)
        return version

    def check_form(self, case, form):
        """Section 5 rule 1 and ruling 17, in the order category, sender, receivers, purpose, end."""
        category, sender, purpose, start, end, _, receivers = form
        if category in self.law.vague:
            raise Refused("VAGUE_CATEGORY")
        if category not in self.law.categories:
            raise Refused("UNKNOWN_CATEGORY")
        if sender in self.law.vague:
            raise Refused("VAGUE_RECIPIENT")
        if sender not in self.agencies:
            raise Refused("UNKNOWN_AGENCY")
        if not receivers or any(r in self.law.vague for r in receivers):
            raise Refused("VAGUE_RECIPIENT")
        if any(r not in self.agencies for r in receivers):
            raise Refused("UNKNOWN_AGENCY")
        if len(receivers) > 1 and any(self.agencies[r] in self.law.named_alone for r in receivers):
            raise Refused("NOT_NAMED_ALONE")
        if purpose not in self.law.purposes:
            raise Refused("VAGUE_PURPOSE")
        if sender in receivers or start == "-":     # Reading: said nowhere, a form that makes no sense
            raise Refused("MALFORMED")
        if end == "-":
            raise Refused("NO_END")
        if int(end) <= int(start):
            raise Refused("MALFORMED")
        if int(end) > civil.add_months(int(start), self.law.max_months):
            raise Refused("END_TOO_LATE")

    # -- acts of persons ---------------------------------------------------------------------------------------

    def versions_of(self, consent, grant):
        case, versions = self.consents[int(consent)]
        if grant == "*":
            return case, versions
        if int(grant) >= len(versions):
            raise KeyError(grant)
        return case, [versions[int(grant)]]

    def entitled(self, case, person, now):
        """Ruling 5: an act by one who is not required at that moment is refused at recording."""
        if int(person) not in self.who(case, now).people():
            raise Refused("NOT_ENTITLED")

    def do_give(self, now, consent, grant, person):
        case, versions = self.versions_of(consent, grant)
        # Ruling 5 speaks of who withdraws or refuses. Reading: the subject or a registered guardian may agree before
        # it is asked of them (a participant of SSPF at 17, for the day of turning 18).
        if int(person) != case.person.number and int(person) not in case.person.guardians:
            raise Refused("NOT_ENTITLED")
        for version in versions:
            self.refuse_closed(version, now)
        for version in versions:
            version.said[int(person)] = GIVEN
        self.settle(case, now)

    @staticmethod
    def refuse_closed(version, now):
        """Section 5: a closed state never reopens. Reading: what is past its end is closed, too; what a newer version
        replaced is not, but an act on it has no effect. Refusing and withdrawing are never late: they only narrow."""
        if version.withdrawn or version.refused or version.invalid or now >= version.end:
            raise Refused("CLOSED_STATE")

    def do_refuse(self, now, consent, grant, person):
        case, versions = self.versions_of(consent, grant)
        self.entitled(case, person, now)
        for version in versions:
            version.said[int(person)] = REFUSED
            version.refused = True
        self.settle(case, now)

    def select(self, case, selector):
        """The keys that a selector covers; ruling 7: an agency as sender and as receiver."""
        kind = selector[0]
        if kind == "all":
            return list(case.keys)
        if kind == "consent":
            return {v.key for v in self.versions_of(selector[1], "*")[1]}
        if kind == "category":
            return [k for k in case.keys if k[0] == selector[1]]
        if kind == "agency":
            return [k for k in case.keys if selector[1] in (k[1], k[2])]
        return {v.key for v in self.versions_of(selector[1], selector[2])[1]}

    def do_withdraw(self, now, case, person, *selector):
        case = self.case_of(case)
        keys = self.select(case, selector)
        self.entitled(case, person, now)
        # Ruling 1: withdrawal closes the key, versions in waiting included. Reading: every version up to now stands as
        # WITHDRAWN, also one that was refused, was replaced or is past its end, so that the key's reason is one.
        for key in keys:
            for version in case.keys[key]:
                if not version.invalid:
                    version.withdrawn = True
                    version.said[int(person)] = WITHDRAWN
        self.settle(case, now)

    def do_pause(self, now, consent, grant, person):
        """Reading: a pause holds the version that it names; a version in waiting takes over unpaused when all have given
        it, who paused the old one included."""
        case, versions = self.versions_of(consent, grant)
        self.entitled(case, person, now)
        for version in versions:
            self.refuse_closed(version, now)
        for version in versions:
            version.paused = True
        self.settle(case, now)

    def do_resume(self, now, consent, grant, person):
        """Section 5: resuming needs all of them and is a new version. It begins now, has the old one's key, end and
        mark, and the agreement of the person who asks for it."""
        case, versions = self.versions_of(consent, grant)
        self.entitled(case, person, now)
        for version in versions:
            self.refuse_closed(version, now)
            if not version.paused:
                raise Refused("MALFORMED")
        for version in list(versions):
            fresh = self.add_version(case, int(consent), version.key, now, version.end, version.mark)
            fresh.said[int(person)] = GIVEN
            self.consents[int(consent)][1].append(fresh)
        self.settle(case, now)

    def do_narrow(self, now, consent, grant, person, start, end):
        """Section 5: anyone required may narrow, at once. Reading: what would widen, what changes nothing and what
        leaves an empty window is malformed, not cut down."""
        case, versions = self.versions_of(consent, grant)
        self.entitled(case, person, now)
        windows = []
        for version in versions:
            self.refuse_closed(version, now)
            begin = version.start if start == "-" else int(start)
            until = version.end if end == "-" else int(end)
            if begin < version.start or until > version.end or until <= begin or start == end == "-":
                raise Refused("MALFORMED")
            windows.append((begin, until))
        for version, (begin, until) in zip(versions, windows):
            version.start, version.end = begin, until
            self.watch(case, begin, until)
        self.settle(case, now)

    def do_invalidate(self, now, consent, grant):
        """The version was registered by mistake: it never counted, and it is no withdrawal. Reading: so it never replaced
        anything, and the version that it stood in front of is in force as if it had not been."""
        case, versions = self.versions_of(consent, grant)
        if any(version.invalid for version in versions):
            raise Refused("CLOSED_STATE")
        for version in versions:
            version.invalid = True
        self.settle(case, now)

    # -- the statutory path ------------------------------------------------------------------------------------

    def do_request(self, now, approval, case, provision, agency, officer, message, necessity, notice, *rest):
        case = self.case_of(case)
        receivers = rest[1:1 + int(rest[0])]
        categories = rest[2 + len(receivers):]
        # Reading of ruling 14: what could never carry a disclosure is refused with the same codes when it is asked for.
        law = self.law.provisions.get(provision)
        if law is None:
            raise Refused("STATUTE_UNKNOWN")
        if not receivers:
            raise Refused("VAGUE_RECIPIENT")
        if not categories:
            raise Refused("VAGUE_CATEGORY")
        kinds = {self.agencies.get(r) for r in receivers}
        if (law.necessity and necessity != "1") or not all(
                law.covers(self.agencies.get(agency), kind, category, message, self.age(case, now))
                for kind in kinds for category in categories):
            raise Refused("STATUTE_NOT_APPLICABLE")
        if notice == "unargued" or (notice == "later" and not law.may_defer):      # ruling 14
            raise Refused("DEFERRAL_UNARGUED")
        self.approvals[int(approval)] = {
            "case": case, "provision": provision, "agency": agency, "officer": officer, "message": message,
            "necessity": necessity == "1", "receivers": receivers, "categories": categories,
            "requested": now, "approved": None, "denied": False}

    def answer_request(self, approval, agency, officer):
        request = self.approvals[int(approval)]
        # Ruling 14: another officer of the same agency with the approver's role.
        if agency != request["agency"] or officer == request["officer"] or (agency, officer) not in self.approvers:
            raise Refused("NOT_ENTITLED")
        if request["denied"] or request["approved"] is not None:
            raise Refused("CLOSED_STATE")
        return request

    def do_approve(self, now, approval, agency, officer):
        self.answer_request(approval, agency, officer)["approved"] = now

    def do_disapprove(self, now, approval, agency, officer):
        self.answer_request(approval, agency, officer)["denied"] = True

    def statute(self, case, now, claim, question):
        """Ruling 14, one claimed approval or provision. Reading: the four codes are tried in the order in which the
        ruling names them."""
        request = None
        if claim[0] == "a":
            request = self.approvals.get(int(claim[1:]))
            if request is None:
                return "STATUTE_UNAPPROVED"     # Reading: what nobody recorded nobody approved
            name = request["provision"]
        else:
            name = claim[1:]
        provision = self.law.provisions.get(name)
        if provision is None:
            return "STATUTE_UNKNOWN"
        necessity = question.necessity
        if request:
            # Reading: what another agency or another case was approved is no approval here.
            if request["case"] is not case or request["agency"] != question.sender:
                return "STATUTE_UNAPPROVED"
            necessity = request["necessity"]
            if (request["message"] not in ("-", question.message)
                    or question.recipient not in request["receivers"]
                    or question.category not in request["categories"]):
                return "STATUTE_NOT_APPLICABLE"
        if not provision.covers(self.agencies.get(question.sender), self.agencies.get(question.recipient),
                                question.category, question.message, self.age(case, now)):
            return "STATUTE_NOT_APPLICABLE"
        if provision.necessity and not necessity:
            return "STATUTE_NOT_APPLICABLE"
        if request is None:
            return "STATUTE_UNAPPROVED" if provision.second_approver else "OK_STATUTE"
        begin = request["requested"]
        if provision.second_approver:
            if request["approved"] is None:
                return "STATUTE_UNAPPROVED"
            begin = request["approved"]
        elif request["denied"]:
            return "STATUTE_UNAPPROVED"
        if now >= begin + provision.lasts_ms:
            return "STATUTE_EXPIRED"
        return "OK_STATUTE"

    # -- the decision ------------------------------------------------------------------------------------------

    def decide(self, question, now):
        """Section 7 with the order of checks of section 11: the first that fails gives the code."""
        law = self.law
        row = law.messages.get(question.message)
        if row is None:
            return "MALFORMED"
        case = self.cases.get(int(question.case.replace("-", "0")))
        if case is None and row.opens_case:
            case = NO_CASE              # ruling 11: it opens one in nominated
        if not row.about_nobody and self.malformed(case, question):
            return "MALFORMED"
        if now < self.now or not question.log_usable:
            return "UNAVAILABLE"
        if case is None:                # Reading: nobody is a member of a case that does not exist
            return "NOT_A_MEMBER"
        if row.sender_member and question.sender not in case.members:
            return "NOT_A_MEMBER"
        if row.recipient_member and question.recipient not in case.members:
            return "NOT_A_MEMBER"
        consents = [c for c in question.claims if c[0] == "c"]
        statutes = [c for c in question.claims if c[0] != "c"]
        return self.decide_rest(case, row, question, consents, statutes, now)

    def malformed(self, case, question):
        if question.category not in self.law.categories or question.purpose not in self.law.purposes:
            return True
        if not question.concerned or not question.claims:       # ruling 18
            return True
        own = {case.number if case else 0} | {int(c[1:]) for c in question.concerned if c[0] == "k"}
        for claim in question.claims:
            if claim[0] == "c":
                held = self.consents.get(int(claim[1:]))
                if held is None or held[0].number not in own:
                    return True
        return False

    def decide_rest(self, case, row, question, consents, statutes, now):
        law = self.law
        sender_type = self.agencies.get(question.sender)
        recipient_type = self.agencies.get(question.recipient)

        # Protection (section 9, ruling 16): officers are named on both paths, the mark is asked of consent only.
        # Reading: the rule holds for the case's subject and for every concerned subject of another case, each by the
        # contact officers of that person's own case.
        if not row.about_nobody:
            others = [self.cases.get(int(c[1:])) for c in question.concerned if c[0] == "k"]
            for held in [case] + [other for other in others if other]:
                named = question.recipient in held.members and (question.recipient, question.officer) in held.contacts
                if held.person.protected and not named:
                    return "PROTECTED"
        if not law.type_allows(row, sender_type, recipient_type, question.category, question.purpose):
            if not row.about_nobody and not statutes and consents and self.unmarked(case, question, now):
                return "PROTECTED"      # protection comes before type
            return "TYPE_FORBIDS"
        if row.about_nobody:
            # Ruling 12: no section about a person, so one that has a category is of another type.
            if question.category != "-" or question.concerned:
                return "TYPE_FORBIDS"
            if question.message not in law.phases[case.phase]:
                return "PHASE_FORBIDS"
            return "OK_TYPE"

        forbidden = None                # why consent cannot carry it, whoever agreed
        if self.unmarked(case, question, now):
            forbidden = "PROTECTED"
        elif question.message not in law.phases[case.phase]:
            forbidden = "PHASE_FORBIDS"
        by_consent = {}
        if consents and not forbidden:
            by_consent = self.consent_ground(case, question, now)
            if all(code == "OK_CONSENT" for code in by_consent.values()):
                return "OK_CONSENT"
        codes = [self.statute(case, now, claim, question) for claim in statutes]
        if "OK_STATUTE" in codes:
            return "OK_STATUTE"
        # Rulings 13, 14, 18: the subject's code is the consent's if one was claimed, else the statute's. Reading: a person
        # beside the subject who has no ground is THIRD_PARTY_MISSING, on either path.
        if consents and forbidden:
            return forbidden
        if "s" in question.concerned and by_consent.get("s") != "OK_CONSENT":
            return by_consent["s"] if consents else codes[0]
        return "THIRD_PARTY_MISSING"

    def unmarked(self, case, question, now):
        """Ruling 16: for a protected subject the categories of the policy's list need a grant that says so."""
        if question.category not in self.law.marked_categories:
            return False
        for concerned in question.concerned:
            held = case if concerned == "s" else self.cases.get(int(concerned[1:])) if concerned[0] == "k" else None
            if held is None or not held.person.protected:
                continue
            key = (question.category, question.sender, question.recipient, question.purpose)
            versions = [v for v in held.keys.get(key, ()) if not v.invalid]
            live = self.live(versions, self.who(held, now), now)
            if not versions or not (live or versions[-1]).mark:
                return True
        return False

    def consent_ground(self, case, question, now):
        """Each person concerned needs an active grant of their own (rulings 13 and 18). Reading of ruling 18: stating
        a consent opens this path; what permits is the active grant of the key, whichever version holds it."""
        key = (question.category, question.sender, question.recipient, question.purpose)
        codes = {}
        for concerned in question.concerned:
            held = case if concerned == "s" else self.cases.get(int(concerned[1:])) if concerned[0] == "k" else None
            if held is NO_CASE:
                codes[concerned] = "NO_GRANT"
            else:
                codes[concerned] = self.standing(held, key, self.who(held, now), now) if held else "THIRD_PARTY_MISSING"
        return codes

    def standing(self, case, key, who, now):
        """OK_CONSENT or why not, for one key of one case (rulings 2 to 4)."""
        versions = [v for v in case.keys.get(key, ()) if not v.invalid]
        if not versions:
            return self.near_miss(case, key, who, now)
        live = self.live(versions, who, now)
        if live and not live.paused:
            return "OK_CONSENT"
        newest = versions[-1]
        if newest.withdrawn:
            return "WITHDRAWN"
        if newest.refused:
            return "REFUSED"
        if now >= newest.end:
            return "EXPIRED"
        if now < newest.start:
            return "NOT_YET"
        gaps = who.missing(newest)
        age = custody = False
        if gaps and newest.last is not None:
            age, custody = self.causes(case, gaps, newest.last, who)
        if age:
            return "AGE_LAPSED"
        if custody:
            return "CUSTODY_LAPSED"
        if newest.paused:
            return "PAUSED"
        return "CONSENTER_MISSING"

    def causes(self, case, gaps, last, who):
        """Ruling 4, (age, custody): why what was complete is not any more. Reading: a person who is missing now and was
        not asked then is missing because of age when a birthday brought it about that he or she is asked, else
        because of an assessment or a new policy (then neither is true and the code is CONSENTER_MISSING); a
        guardian who is missing while guardians were asked then too, or after guardians came or went since they are
        asked, is missing because of custody."""
        last_guardians_asked = last
        age = custody = False
        for gap in gaps:
            if gap == who.subject and who.ask_subject:
                age = age or case.asked["subject"] == "age"
            elif not last_guardians_asked and case.asked["guardians"] == "age":
                age = True
            elif last_guardians_asked or case.asked["custody"]:
                custody = True
        return age, custody

    def near_miss(self, case, key, who, now):
        """Ruling 3. Reading: "live" is active now, that is, it would permit."""
        found = set()
        for other, versions in case.keys.items():
            parts = [i for i in range(4) if other[i] != key[i]]
            if len(parts) == 1:
                live = self.live(versions, who, now)
                if live and not live.paused:
                    found.add(parts[0])
        for part, code in ((2, "WRONG_RECIPIENT"), (0, "WRONG_CATEGORY"), (3, "WRONG_PURPOSE"), (1, "WRONG_SENDER")):
            if part in found:
                return code
        return "NO_GRANT"

    # -- the stream --------------------------------------------------------------------------------------------

    def ask(self, now, tokens, log_usable):
        question = Question(tokens, log_usable)
        if now > self.now:
            self.advance(now)
        return self.decide(question, now)

    def answer(self, line):
        tokens = line.split(" ")
        now, verb = int(tokens[0]), tokens[1]
        if verb in ("ask", "dead"):
            return self.ask(now, tokens[2:], verb == "ask")
        if now < self.now:
            return "UNAVAILABLE"
        self.advance(now)
        try:
            if verb == "phase":
                return self.case_of(tokens[2]).phase
            getattr(self, "do_" + verb)(now, *tokens[2:])
        except Refused as refusal:
            return refusal.args[0]
        except KeyError:            # names something that an earlier refused line would have made
            return "SKIPPED"
        return "OK"


class Question:
    """May this one section go to this one recipient?"""
    __slots__ = ("case", "message", "sender", "recipient", "officer", "category", "purpose", "necessity", "concerned",
                 "claims", "log_usable")

    def __init__(self, tokens, log_usable):
        self.log_usable = log_usable
        self.case, self.message = tokens[0], tokens[1]
        self.sender, self.recipient, self.officer, self.category, self.purpose = tokens[2:7]
        self.necessity = tokens[7] == "1"
        count = int(tokens[8])
        self.concerned = tokens[9:9 + count]
        self.claims = tokens[10 + count:]


def answers(laws, lines):
    """One answer for each line that gets one."""
    world = World(laws)
    for line in lines:
        line = line.rstrip("\n")
        if not line or line[0] == "#":
            continue
        if line[0] == "W":
            world = World(laws)
            yield line
        else:
            yield world.answer(line)


def main(arguments):
    if arguments[:1] == ["--to-world"]:
        import casefile
        for number, path in enumerate(arguments[1:]):
            for case in casefile.read(path):
                print("\n".join(case.stream(number)))
        return 0
    laws = [lawdata.load(path) for path in arguments]
    for answer in answers(laws, sys.stdin):
        print(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
