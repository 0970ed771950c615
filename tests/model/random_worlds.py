#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Random small worlds in the format of STREAM.md: few persons, few keys, many things that happen to them.

    random_worlds.py --seed S --count N

The same seed and number give the same world. The cast is small on purpose, so that acts meet: two cases, a handful of
keys, times that fall on and beside birthdays and the ends of grants.
"""
import argparse
import random
import sys

import civil

AGENCIES = (("1", "social_services"), ("2", "police"), ("3", "school"), ("4", "probation"), ("5", "social_services"),
            ("6", "evaluator"), ("7", "civil_society"))
# What agencies usually want to share: category, sender, recipient, purpose, message types that may carry it.
KEYS = (("school_attendance", "3", "1", "coordination", ("AttendanceReport", "SchoolReport")),
        ("school_support", "3", "4", "coordination", ("SchoolReport",)),
        ("threat", "1", "2", "protection", ("ThreatAssessment",)),
        ("threat", "2", "1", "protection", ("ThreatAssessment",)),
        ("needs", "1", "2", "assessment", ("NeedsInventory", "CaseTransfer")),
        ("police_observation", "2", "1", "assessment", ("SuitabilityAssessment",)),
        ("housing", "1", "3", "assessment", ("NeedsInventory",)),
        ("identity_contact", "1", "5", "coordination", ("CaseTransfer",)),
        ("enrolment", "1", "3", "coordination", ("MeetingInvitation", "MeetingNotes")),
        ("follow_up", "1", "6", "follow_up", ("FollowUp",)),
        ("needs", "3", "1", "assessment", ("Referral", "ConcernReport")),
        ("action_plan", "1", "7", "coordination", ("ActionPlan",)))
CATEGORIES = sorted({key[0] for key in KEYS})
PURPOSES = ("coordination", "assessment", "protection", "follow_up")
MESSAGES = sorted({m for key in KEYS for m in key[4]} | {"SuitabilityRequest", "DeviationReport", "ProbationReport"})
PROVISIONS = ("OSL-10-18a", "OSL-10-18a", "OSL-10-2", "OSL-10-27", "OSL-10-28", "SoL-14-1", "OSL-99")
PHASES = ("nominated", "inquiry", "enrolled", "paused", "dormant", "closing", "closed")
PROGRAMMES = (("SIG_YOUTH", 12, 21), ("SIG_YOUTH", 12, 21), ("SIG_YOUTH", 12, 21), ("SSPF", 6, 21),
              ("SIG_YOUNG_ADULTS", 19, 30))
THRESHOLDS = (10, 12, 12, 15, 15, 16, 18, 18, 18, 19, 21)
YEAR = civil.utc_from_local(2026, 1, 1)
DAY = civil.DAY_MS


class Builder:
    def __init__(self, rng):
        self.rng = rng
        self.now = YEAR
        self.lines = []
        self.edges = []         # moments that are worth to stand on
        self.cases = []         # [case, person, guardians ever named]
        self.consents = []      # [consent, case, number of versions]
        self.keys = []          # (key, consent, case)
        self.approvals = []     # [approval, case, agency, key]
        self.law = 0
        self.persons = 0
        self.ages = {}
        self.pool = rng.sample(KEYS, rng.choice((2, 3, 4)))
        if rng.random() < 0.4:
            self.pool += KEYS[2:4]

    def emit(self, *parts):
        self.lines.append(" ".join((str(self.now),) + tuple(map(str, parts))))

    def step(self):
        """Time goes on, often not at all, often onto an edge or a millisecond beside it."""
        draw = self.rng.random()
        if draw < 0.45:
            return
        if draw < 0.75:
            later = sorted(e for e in self.edges if self.now < e < self.now + 120 * DAY)[:3]
            if later:
                self.now = max(self.now, self.rng.choice(later) + self.rng.choice((-1, 0, 0, 1)))
        elif draw < 0.98:
            self.now += self.rng.choice((1, 60_000, DAY, 3 * DAY, 10 * DAY, 25 * DAY))
        else:
            self.emit("phase", 1)
            self.now -= 1       # the clock goes back for one line
            self.ask()
            self.now += 1

    # -- the cast ------------------------------------------------------------------------------------------------

    def birth(self):
        rng = self.rng
        if rng.random() < 0.15:
            year = rng.choice((2000, 2004, 2008, 2012, 2016))
            date = (year, 2, 29)
        else:
            date = (2026 - rng.choice(THRESHOLDS), rng.choice((1, 1, 2, 2, 3, 4, 6, 10)), rng.randrange(2, 29))
        for years in (2025 - date[0], 2026 - date[0], 2027 - date[0]):
            self.edges.append(civil.birthday_ms(date, years))
        return "%04d-%02d-%02d" % date

    def open(self):
        rng = self.rng
        number = len(self.cases) + 1
        if number == 1 or rng.random() < 0.8:
            self.persons += 1
            person = self.persons * 10
            birth = self.birth()
            self.ages[person] = 2025 - int(birth[:4])
            self.emit("person", person, birth)
        else:
            person = self.cases[0][1]
        age = self.ages.setdefault(person, 0)
        fitting = [name for name, begin, end in PROGRAMMES if (6 if self.law == 3 and begin == 12 else begin) <= age < end]
        if age == 17 and rng.random() < 0.4:
            fitting = ["SSPF"]
        programme = rng.choice(fitting if rng.random() < 0.95 and fitting else [p[0] for p in PROGRAMMES])
        phase = rng.choice(("nominated", "inquiry", "inquiry"))
        self.emit("open", number, person, programme, 1, phase)
        guardians = [person + 1 + i for i in range(rng.choice((0, 1, 1, 2)))]
        for guardian in guardians:
            self.emit("guardian", number, guardian)
        for agency, _ in AGENCIES[1:]:
            if rng.random() < 0.9:
                self.emit("member", number, agency)
        self.cases.append([number, person, guardians])
        if rng.random() < 0.3:
            self.assess()
        if rng.random() < 0.85:
            if phase == "nominated":
                self.emit("setphase", number, "inquiry")
            if rng.random() < 0.9:
                self.emit("sent", number, "SuitabilityAssessment", 2)
            self.emit("setphase", number, "enrolled")

    def people(self, case):
        return [case[1]] + case[2]

    def anybody(self, case):
        rng = self.rng
        return rng.choice(self.people(case)) if rng.random() < 0.95 else 99

    def version(self):
        """(consent, version, case) of something that was recorded, seldom of something that was not."""
        consent = self.rng.choice(self.consents)
        version = self.rng.randrange(consent[2]) if self.rng.random() < 0.7 and consent[2] else "*"
        return consent[0], version, consent[1]

    # -- events --------------------------------------------------------------------------------------------------

    def consent(self):
        rng = self.rng
        case = rng.choice(self.cases)
        number = len(self.consents) + 1
        forms, versions = [], 0
        for _ in range(rng.choice((1, 1, 2, 3))):
            category, sender, receiver, purpose, _ = key = rng.choice(self.pool)
            receivers = [receiver]
            start = self.now + rng.choice((0, 0, 0, 0, 0, -DAY, 10 * DAY, 40 * DAY))
            end = start + rng.choice((20, 60, 80, 180, 180, 364) if self.law != 2 else (20, 60, 80)) * DAY
            flaw = rng.random()
            if flaw < 0.05 and self.consents:
                category, sender, purpose, end, receivers = rng.choice((
                    ("*", sender, purpose, end, receivers), ("?shoe", sender, purpose, end, receivers),
                    (category, "?99", purpose, end, receivers), (category, sender, "-", end, receivers),
                    (category, sender, purpose, "-", receivers), (category, sender, purpose, end, []),
                    (category, sender, purpose, end, ["*"]), (category, sender, purpose, end, ["?99"]),
                    (category, sender, purpose, end, [receiver, "7"] if receiver != "7" else ["7", "3"]),
                    (category, sender, purpose, civil.add_months(start, 12), receivers),
                    (category, sender, purpose, civil.add_months(start, 12) + 1, receivers),
                    (category, sender, purpose, start, receivers)))
            elif flaw < 0.15 and key[4][0] in ("AttendanceReport", "SchoolReport", "NeedsInventory", "MeetingInvitation"):
                receivers = [r for r in ("1", "2", "3", "4") if r != sender and rng.random() < 0.6] or receivers
            forms.append([category, sender, purpose, start, end, rng.choice((0, 0, 1)), len(receivers)] + receivers)
            self.edges.append(start)
            if isinstance(end, int):
                self.edges.append(end)
            versions += len(receivers)
            self.keys += [((category, sender, r, purpose, key[4]), number, case[0]) for r in receivers]
        self.emit("consent", number, case[0], len(forms), *[part for form in forms for part in form])
        self.consents.append([number, case, versions])
        if rng.random() < 0.7:
            people = self.people(case)
            if len(people) > 1 and rng.random() < (0.6 if self.ages.get(case[1], 0) in (11, 17) else 0.15):
                people = people[1:]
            for person in people:
                if rng.random() < 0.95:
                    self.emit("give", number, "*", person)

    def act(self, verb):
        consent, version, case = self.version()
        if verb == "resume" and version == "*":
            version = 0
        tail = []
        if verb == "narrow":
            tail = [self.rng.choice(("-", "-", self.now + 5 * DAY)), self.rng.choice(("-", self.now + 25 * DAY))]
        if verb == "resume":
            self.consents[consent - 1][2] += 1
        person = self.anybody(case)
        self.emit(verb, consent, version, person, *tail)

    def invalidate(self):
        self.emit("invalidate", *self.version()[:2])

    def withdraw(self):
        rng = self.rng
        consent, version, case = self.version()
        kind = rng.choice(("all", "grant", "consent", "category", "agency"))
        scope = {"all": (), "grant": (consent, version if version != "*" else 0), "consent": (consent,),
                 "category": (rng.choice(CATEGORIES),), "agency": (rng.choice("1234"),)}[kind]
        self.emit("withdraw", case[0], self.anybody(case), kind, *scope)

    def guardian(self):
        case = self.rng.choice(self.cases)
        if self.rng.random() < 0.5 and case[2]:
            self.emit("unguardian", case[0], self.rng.choice(case[2]))
        else:
            guardian = case[1] + self.rng.choice((1, 2, 3))
            if guardian not in case[2]:
                case[2].append(guardian)
            self.emit("guardian", case[0], guardian)

    def assess(self):
        case = self.rng.choice(self.cases)
        outcomes = {10: ("guardians_and_subject",), 11: ("guardians_and_subject",), 16: ("subject",), 17: ("subject",),
                    12: ("guardians",), 13: ("guardians",), 14: ("guardians",)}.get(self.ages.get(case[1]), ())
        if not outcomes or self.rng.random() < 0.2:
            outcomes = ("subject", "guardians", "guardians_and_subject")
        self.emit("assess", case[0], self.rng.choice(outcomes))

    def setphase(self):
        self.emit("setphase", self.rng.choice(self.cases)[0], self.rng.choice(PHASES[:-1] + PHASES[2:4]))

    def fact(self):
        rng = self.rng
        case = rng.choice(self.cases)[0]
        what = rng.randrange(4)
        if what == 0:
            self.emit("protect", case, rng.randrange(2))
        elif what == 1:
            self.emit(rng.choice(("member", "unmember")), case, rng.choice("2345"))
        else:
            self.emit(rng.choice(("contact", "contact", "uncontact")), case, rng.choice("1235"), rng.choice("12"))

    def request(self):
        rng = self.rng
        case = rng.choice(self.cases)
        key = rng.choice(self.pool)
        number = len(self.approvals) + 1
        message = rng.choice(("-", "-") + key[4])
        sender, receiver = (key[1], key[2]) if rng.random() < 0.9 else (key[2], key[1])
        provision = rng.choice(PROVISIONS)
        self.emit("request", number, case[0], provision, sender, 1, message, 0 if rng.random() < 0.15 else 1,
                  rng.choice(("now", "now", "now", "later", "unargued")), 1, receiver, 1, key[0])
        self.approvals.append((number, case, sender, key))
        for days in (7, 14, 30):
            self.edges.append(self.now + days * DAY)
        if rng.random() < 0.6:
            self.emit("approve", number, sender, 2)

    def approve(self):
        if self.approvals:
            number, _, sender, _ = self.rng.choice(self.approvals)
            self.emit(self.rng.choice(("approve", "approve", "disapprove")), number,
                      sender if self.rng.random() < 0.9 else "4", self.rng.choice((1, 2, 2, 2, 3)))

    def policy(self):
        self.law = self.rng.randrange(4)
        self.emit("policy", self.law)

    # -- questions -----------------------------------------------------------------------------------------------

    def ask(self):
        rng = self.rng
        key, consent, case = rng.choice(self.keys or [(self.pool[0], 1, 1)])
        category, sender, receiver, purpose, messages = key
        message = rng.choice(messages)
        approvals = [a for a in self.approvals if a[1][0] == case]
        if approvals and rng.random() < 0.5:
            approval = rng.choice(approvals)
            category, sender, receiver, purpose, messages = approval[3]
            message = rng.choice(messages)
        draw = rng.random()
        if draw < 0.22:
            what = rng.randrange(6)
            if what == 0:
                category = rng.choice(CATEGORIES)
            elif what == 1:
                sender = rng.choice("123")
            elif what == 2:
                receiver = rng.choice("1234567")
            elif what == 3:
                purpose = rng.choice(PURPOSES)
            elif what == 4:
                message = rng.choice(MESSAGES)
            else:
                category, purpose = rng.choice(CATEGORIES), rng.choice(PURPOSES)
        if rng.random() < 0.02:
            category, purpose = rng.choice((("-", purpose), (category, "-"), ("?shoe", purpose)))
        officer = rng.choice(("-", "1", "1", "2"))
        people = ["s"]
        draw = rng.random()
        if draw < 0.12 and len(self.cases) > 1:
            other = "k%d" % (3 - case)
            people = rng.choice((["s", other], [other]))
        elif draw < 0.2:
            people.append(rng.choice(("x", "g%d" % (self.cases[case - 1][1] + 1))))
        claims = []
        if rng.random() < (0.98 if not approvals else 0.7):
            claims.append("c%d" % consent)
        if people[-1][0] == "k" and rng.random() < 0.9:
            claims += ["c%d" % c[0] for c in self.consents if c[1][0] == 3 - case][:2]
            if people == [people[-1]]:
                claims = claims[1:]
        if approvals and rng.random() < 0.5:
            claims.append("a%d" % rng.choice(approvals)[0])
        elif rng.random() < 0.06:
            claims.append("p" + rng.choice(PROVISIONS))
        if message == "DeviationReport":
            category, purpose, people, claims = "-", "-", [], []
        if rng.random() < 0.01:
            case = "-"
        self.emit("ask" if rng.random() < 0.995 else "dead", case, message, sender, receiver, officer, category, purpose,
                  rng.randrange(2), len(people), *people, len(claims), *claims)


def world(seed, number):
    rng = random.Random(seed * 1_000_003 + number)
    build = Builder(rng)
    build.law = rng.choice((0, 0, 0, 0, 0, 3, 3, 3, 1, 2))
    build.emit("policy", build.law)
    for agency, kind in AGENCIES:
        build.emit("agency", agency, kind)
    for agency in "123":
        build.emit("officer", agency, 2, "approver")
    build.open()
    if rng.random() < 0.35:
        build.open()
    build.consent()
    events = ([lambda v=v: build.act(v) for v in ("give", "give", "give", "refuse", "pause", "resume", "narrow")]
              + [build.consent, build.consent, build.withdraw, build.guardian, build.assess, build.fact, build.request,
                 build.approve, build.setphase])
    for _ in range(rng.randrange(3, 14)):
        build.step()
        draw = rng.random()
        if draw < 0.02:
            build.policy()
        elif draw < 0.04:
            build.invalidate()
        else:
            rng.choice(events)()
        for _ in range(rng.choice((0, 1, 1, 2))):
            if rng.random() < 0.4:
                build.step()
            build.ask()
        if rng.random() < 0.25:
            build.emit("phase", rng.choice(build.cases)[0])
    return ["W %d" % number] + build.lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10)
    options = parser.parse_args()
    for number in range(options.count):
        print("\n".join(world(options.seed, number)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
