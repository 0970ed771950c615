# SPDX-License-Identifier: EUPL-1.2
"""Reads the cases that a lawyer writes (README.md describes the format) and turns each into a world of the stream."""
import os
import re

import civil

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# The policies that a case may name, in the order in which both implementations get them.
POLICIES = ("sweden-sig", "example-sixteen", "example-strict", "early", "joined")

# The town of every case: these agencies are in the directory from the start; members are only those that a case names.
TOWN = (("social", "social_services"), ("social2", "social_services"), ("police", "police"), ("police2", "police"),
        ("school", "school"), ("school2", "school"), ("probation", "probation"), ("jobs", "employment"),
        ("clinic", "health"), ("home", "institution"), ("landlord", "housing"), ("club", "civil_society"),
        ("uni", "evaluator"))
START = "2026-01-01 09:00"
WINDOW = ("2026-01-01", "2027-01-01")
WHEN = r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d(?:\.\d{3})?)?(?: winter)?)?"


class Wrong(Exception):
    """A line that cannot be read; the message says where and why."""


def policy_paths():
    named = {name: os.path.join(ROOT, "policy", name + ".json") for name in POLICIES}
    for name in ("early", "joined"):
        named[name] = os.path.join(HERE, "policies", name + ".json")
    return [named[name] for name in POLICIES]


def moment(text):
    """Local time in Stockholm; "winter" means the second pass of the hour that the autumn change repeats."""
    parts = text.split(" ")
    year, month, day = civil.parse_date(parts[0])
    clock = (parts[1].split(":") + ["0"])[:3] if len(parts) > 1 else ["0", "0", "0"]
    ms = (int(clock[0]) * 60 + int(clock[1])) * 60_000 + round(float(clock[2]) * 1000)
    at = civil.utc_from_local(year, month, day, ms)
    return at + civil.HOUR_MS if parts[2:] == ["winter"] else at


class Case:
    def __init__(self, path, line, title):
        self.path, self.line, self.title = path, line, title
        self.lines = []             # (stream line, expected answer, number of the source line)
        self.now = moment("2000-01-01")     # the town is older than any case
        self.source = line
        self.names = {}             # let NAME: a line that is used more than once
        self.agencies = {}
        self.persons, self.pending, self.guardians = {}, [], {}
        self.cases, self.current = {}, None
        self.subject_case = {}      # person -> case number
        self.consents, self.sizes, self.approvals, self.officers = {}, {}, {}, {}
        for name, kind in TOWN:
            self.agencies[name] = str(len(self.agencies) + 1)
            self.emit("agency %s %s" % (self.agencies[name], kind))
        self.now = moment(START)

    def emit(self, text, expected="OK"):
        self.lines.append(("%d %s" % (self.now, text), expected, self.source))

    def stream(self, number):
        return ["W %d" % number] + [line for line, _, _ in self.lines]

    def expected(self, number):
        return ["W %d" % number] + [answer for _, answer, _ in self.lines]

    # -- names to numbers ----------------------------------------------------------------------------------------

    def agency(self, name):
        return self.agencies.get(name, name if name in ("-", "*") or name.startswith("?") else "?" + name)

    def person(self, name):
        return self.persons.setdefault(name, len(self.persons) + 1)

    def officer(self, text):
        name, agency = text.split("@")
        number = self.officers.setdefault((name, agency), len(self.officers) + 1)
        return self.agency(agency), str(number)

    def case(self, name):
        return self.cases[name] if name else self.current

    def consent(self, text):
        """C1 or C1/2 as (number, version)."""
        name, _, part = text.partition("/")
        return self.consents[name], str(int(part) - 1) if part else "*"

    # -- statements ----------------------------------------------------------------------------------------------

    def s_policy(self, name):
        self.emit("policy %d" % POLICIES.index(name))

    def s_at(self, when):
        self.now = moment(when)

    def s_person(self, name, birth):
        civil.parse_date(birth)
        self.emit("person %d %s" % (self.person(name), birth))

    def s_guardian(self, guardian, name, no_more, expected="OK"):
        number = self.subject_case.get(name)
        verb = "unguardian" if no_more else "guardian"
        self.guardians.setdefault(name, set()).add(guardian)
        if number is None:
            self.pending.append((guardian, name))
        else:
            self.emit("%s %d %d" % (verb, number, self.person(guardian)), expected)

    def s_open(self, programme, name, agencies, phase, case_name, expected="OK"):
        number = len(self.cases) + 1
        members = [a.strip() for a in agencies.split(",")]
        phase = phase or "enrolled"
        first = "nominated" if phase == "nominated" else "inquiry"
        self.cases[case_name or name] = number
        self.emit("open %d %d %s %s %s" % (number, self.person(name), programme, self.agency(members[0]), first),
                  expected)
        if expected != "OK":
            return
        self.current = self.current or number
        self.subject_case.setdefault(name, number)
        for member in members[1:]:
            self.emit("member %d %s" % (number, self.agency(member)))
        for guardian, subject in self.pending:
            if subject == name:
                self.emit("guardian %d %d" % (number, self.person(guardian)))
        self.pending = [p for p in self.pending if p[1] != name]
        steps = {"enrolled": ("enrolled",), "paused": ("enrolled", "paused"),
                 "dormant": ("enrolled", "paused", "dormant"), "closing": ("closing",),
                 "closed": ("closing", "closed")}.get(phase, ())
        if "enrolled" in steps:
            self.emit("sent %d SuitabilityAssessment %s" % (number, self.agency("police")))
        for step in steps:
            self.emit("setphase %d %s" % (number, step))

    def s_member(self, agency, no_more, case):
        self.emit("%s %d %s" % ("unmember" if no_more else "member", self.case(case), self.agency(agency)))

    def s_contact(self, officer, no_more, case):
        self.emit("%s %d %s %s" % (("uncontact" if no_more else "contact", self.case(case)) + self.officer(officer)))

    def s_approver(self, officer, no_more):
        self.emit("officer %s %s %s" % (self.officer(officer) + ("plain" if no_more else "approver",)))

    def s_protected(self, name, no_more):
        self.emit("protect %d %d" % (self.subject_case[name], 0 if no_more else 1))

    def s_assess(self, outcome, case, expected="OK"):
        self.emit("assess %d %s" % (self.case(case), outcome), expected)

    def s_sent(self, message, agency, case):
        self.emit("sent %d %s %s" % (self.case(case), message, self.agency(agency)))

    def s_phase(self, phase, case, expected="OK"):
        self.emit("setphase %d %s" % (self.case(case), phase), expected)

    def s_expect(self, phase, case):
        self.emit("phase %d" % self.case(case), phase)

    GRANT = re.compile(r"(\S+) from (\S+) to (.*?) for (\S+)(?: (%s|nothing) until (%s|never))?( marked)?$" % (WHEN, WHEN))

    def s_consent(self, name, case, grants, expected="OK"):
        number = self.consents.setdefault(name, len(self.consents) + 1)
        forms = []
        for text in grants.split(";"):
            if text.strip() == "nothing":
                continue
            match = self.GRANT.match(text.strip())
            if not match:
                raise Wrong("this is no grant: " + text)
            category, sender, receivers, purpose, start, end, mark = match.groups()
            start, end = (start, end) if start else WINDOW
            names = [] if receivers == "nobody" else [self.agency(r.strip()) for r in receivers.split(",")]
            forms.append(" ".join([self.word(category), self.agency(sender), self.word(purpose),
                                   "-" if start == "nothing" else str(moment(start)),
                                   "-" if end == "never" else str(moment(end)), "1" if mark else "0",
                                   str(len(names))] + names))
        self.emit(" ".join(["consent %d %d %d" % (number, self.case(case), len(forms))] + forms), expected)

    @staticmethod
    def word(text):
        return "-" if text == "none" else text

    def act(self, verb, consent, persons, expected, tail=""):
        number, version = self.consent(consent)
        for person in persons.split(","):
            self.emit("%s %d %s %d%s" % (verb, number, version, self.person(person.strip()), tail), expected)

    def s_give(self, consent, persons, expected="OK"):
        self.act("give", consent, persons, expected)

    def s_refuse(self, consent, persons, expected="OK"):
        self.act("refuse", consent, persons, expected)

    def s_pause(self, consent, persons, expected="OK"):
        self.act("pause", consent, persons, expected)

    def s_resume(self, consent, persons, expected="OK"):
        self.act("resume", consent, persons, expected)

    def s_narrow(self, consent, start, end, persons, expected="OK"):
        tail = " %s %s" % (moment(start) if start else "-", moment(end) if end else "-")
        self.act("narrow", consent, persons, expected, tail)

    def s_invalidate(self, consent, expected="OK"):
        self.emit("invalidate %d %s" % self.consent(consent), expected)

    def s_withdraw(self, kind, what, person, case, expected="OK"):
        number = self.case(case)
        if kind == "grant":
            scope = "grant %d %s" % self.consent(what)
        elif kind == "consent":
            scope = "consent %d" % self.consents[what]
        elif kind == "agency":
            scope = "agency " + self.agency(what)
        else:
            scope = kind + (" " + what if what else "")
        self.emit("withdraw %d %d %s" % (number, self.person(person), scope), expected)

    def s_request(self, name, provision, officer, receivers, categories, message, bare, notice, case, expected="OK"):
        number = self.approvals.setdefault(name, len(self.approvals) + 1)
        agency, officer = self.officer(officer)
        to = [self.agency(r.strip()) for r in receivers.split(",")]
        what = [c.strip() for c in categories.split(",")]
        parts = ["request", str(number), str(self.case(case)), provision, agency, officer, message or "-",
                 "0" if bare else "1", {"told later": "later", "deferral unargued": "unargued"}.get(notice, "now"),
                 str(len(to))] + to + [str(len(what))] + what
        self.emit(" ".join(parts), expected)

    def s_answer(self, verb, name, officer, expected="OK"):
        self.emit("%s %d %s %s" % ((verb, self.approvals[name]) + self.officer(officer)), expected)

    def concerned(self, name, case):
        if name == "stranger":
            return "x"
        if self.cases.get(name) == case or self.subject_case.get(name) == case:
            return "s"
        subject = [n for n, c in self.subject_case.items() if c == case]
        if name in self.guardians.get(subject[0] if subject else "", ()):
            return "g%d" % self.person(name)
        return "k%d" % self.subject_case[name]

    def claim(self, name):
        if name in self.consents:
            return "c%d" % self.consents[name]
        return "a%d" % self.approvals[name] if name in self.approvals else "p" + name

    def s_ask(self, message, label, sender, recipient, about, claims, arguing, broken, case, expected):
        number = 0 if case == "none" else self.case(case)
        category, purpose = ("-", "-") if label is None else (self.word(w) for w in label.strip().split(" for "))
        officer = "-"
        if "@" in recipient:
            recipient, officer = self.officer(recipient)
        else:
            recipient = self.agency(recipient)
        if label is None or about == "nobody":
            about = []
        else:
            about = [self.concerned(n.strip(), number) for n in about.split(",")] if about else ["s"]
        claims = [] if claims in (None, "nothing") else [self.claim(n.strip()) for n in claims.split(",")]
        parts = ["dead" if broken else "ask", str(number) if number else "-", message, self.agency(sender), recipient,
                 officer, category, purpose, "1" if arguing else "0", str(len(about))] + about
        self.emit(" ".join(parts + [str(len(claims))] + claims), expected)


IN_CASE = r"(?: in case (\S+))?"
STATEMENTS = [(re.compile(pattern + "$"), handler) for pattern, handler in (
    (r"policy (\S+)", Case.s_policy),
    (r"at (%s)" % WHEN, Case.s_at),
    (r"person (\S+) born (\S+)", Case.s_person),
    (r"guardian (\S+) of (\S+?)( no more)?", Case.s_guardian),
    (r"open (\S+) for (\S+) with (.*?)(?: in (\w+))?(?: as (\S+))?", Case.s_open),
    (r"member (\S+)( no more)?" + IN_CASE, Case.s_member),
    (r"contact (\S+@\S+)( no more)?" + IN_CASE, Case.s_contact),
    (r"approver (\S+@\S+)( no more)?", Case.s_approver),
    (r"protected (\S+)( no more)?", Case.s_protected),
    (r"assess (\S+)" + IN_CASE, Case.s_assess),
    (r"sent (\S+) by (\S+)" + IN_CASE, Case.s_sent),
    (r"phase (\S+)" + IN_CASE, Case.s_phase),
    (r"expect phase (\S+)" + IN_CASE, Case.s_expect),
    (r"consent (\S+?)%s: (.*)" % IN_CASE, Case.s_consent),
    (r"give (\S+) by (.*)", Case.s_give),
    (r"refuse (\S+) by (.*)", Case.s_refuse),
    (r"pause (\S+) by (.*)", Case.s_pause),
    (r"resume (\S+) by (.*)", Case.s_resume),
    (r"narrow (\S+)(?: from (%s))?(?: until (%s))? by (.*)" % (WHEN, WHEN), Case.s_narrow),
    (r"invalidate (\S+)", Case.s_invalidate),
    (r"withdraw (all|grant|consent|category|agency)(?: (\S+))? by (\S+)" + IN_CASE, Case.s_withdraw),
    (r"request (\S+) (\S+) by (\S+@\S+) to (.*?) for (.*?)(?: in (?!case)(\S+))?( without necessity)?"
     r"( told later| deferral unargued)?" + IN_CASE, Case.s_request),
    (r"(approve|disapprove) (\S+) by (\S+@\S+)", Case.s_answer),
    (r"ask (\S+)( \S+ for \S+)? from (\S+) to (\S+)(?: about (.*?))?(?: claiming (.*?))?( arguing necessity)?"
     r"( while the log is broken)?" + IN_CASE, Case.s_ask),
)]


def statement(case, text, expected):
    for pattern, handler in STATEMENTS:
        match = pattern.match(text)
        if match:
            groups = [g.strip() if g and handler is not Case.s_ask else g for g in match.groups()]
            if expected is None:
                if handler is Case.s_ask:
                    raise Wrong("a question needs => and a code")
                handler(case, *groups)
            else:
                handler(case, *groups, expected)
            return
    raise Wrong("this line cannot be read")


def read(path):
    """Yields the cases of a file; raises Wrong with file and line."""
    case, common, gathering = None, [], False
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            text = line.strip() if line.startswith("case:") else line.split("#")[0].strip()
            if not text:
                continue
            if text == "every case:":
                common, gathering = [], True
            elif text.startswith("case:"):
                if case:
                    yield case
                case, gathering = Case(path, number, text[5:].strip()), False
                for at, part in common:
                    perform(case, at, part)
            elif gathering:
                common.append((number, text))
            elif case is None:
                raise Wrong("%s:%d: a file begins with case: or every case:" % (path, number))
            else:
                perform(case, number, text)
    if case:
        yield case


def perform(case, number, line):
    """One line of a case."""
    case.source = number
    try:
        if line.startswith("let "):
            name, _, text = line[4:].partition(":")
            case.names[name.strip()] = text.strip()
            return
        text, _, expected = (part.strip() for part in line.partition("=>"))
        first, _, rest = text.partition(" ")
        if first in case.names:
            text = (case.names[first] + " " + rest).strip()
        for part in split_statements(text):
            statement(case, part, expected or None)
    except (Wrong, KeyError, ValueError, TypeError, AttributeError) as error:
        raise Wrong("%s:%d: %s: %s" % (case.path, number, error, line)) from error


def split_statements(text):
    """Several short statements may stand on one line, parted by "; " (never in a consent, where it parts grants)."""
    if text.startswith("consent "):
        return [text]
    return [part.strip() for part in text.split(";")]
