# SPDX-License-Identifier: EUPL-1.2
"""The fold over facts and time: the directory, cases, phases, links, forms of consent (DOMAIN sections 5, 8, 11). Choices
that DOMAIN leaves are marked "Reading" with their ruling."""
import heapq

import civil
from people import Case, OPEN_PHASES, Person, Refused, Version, Who


class Fold:
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
