# SPDX-License-Identifier: EUPL-1.2
"""The Stockholm 2012 year as a list of steps, made from the city's published counts and a seed. Nothing here talks to a gateway; the same seed makes the same
steps. Nobody in it exists: names are drawn from the lists below, personal identity numbers have a birth number of the test series (980-999), schools are invented."""
import csv
import dataclasses
import datetime
import pathlib
import random

COUNTS = pathlib.Path(__file__).resolve().parent / "stockholm-2012.csv"
BEGIN = datetime.date(2011, 11, 1)
END = datetime.date(2012, 12, 31)
MEETING_DAYS = 28
CONSENT_DAYS = 365
FIRST_CONSENT = datetime.date(2012, 1, 9)
GIVEN_NAMES = ["Alva", "Björn", "Cilla", "David", "Elin", "Farid", "Gun", "Hodan", "Idris", "Jasmin", "Kalle", "Leyla", "Milo", "Nadja", "Olle", "Petra"]
FAMILY_NAMES = ["Provsson", "Exempelberg", "Testlund", "Mönsterby", "Övningsdal", "Påhittsson"]
CLOSE_REASONS = ["goals_met", "crime_goes_on", "goals_met", "moved", "placed_or_imprisoned", "goals_met", "wrong_programme"]


@dataclasses.dataclass(frozen=True)
class District:
    name: str
    code: str  # part of agency ids
    participants: int
    starting: int
    closed: int
    sentenced: int
    new_suspicion: int
    age_min: int
    age_max: int


@dataclasses.dataclass
class Participant:
    number: int  # from 1, over all districts
    district: District
    birth: datetime.date
    name: str
    identity_number: str
    guardians: list  # names
    starting: bool
    sentenced: bool
    suspected: bool
    alone: bool  # decides alone, by a recorded assessment of maturity
    follow_up: bool  # agreed to follow-up studies
    withdraws_in_part: bool
    withdraws_in_full: bool
    closes: str = ""  # reason, when the group ends otherwise
    faults: tuple = ()  # kinds of mistaken messages

    # Agencies of the case.
    @property
    def social(self):
        return f"soc-{self.district.code}"

    @property
    def police(self):
        return f"police-{self.district.code}"

    @property
    def school(self):
        return f"school-{self.district.code}"


@dataclasses.dataclass(frozen=True, order=True)
class Step:
    """One thing that somebody does. Ordered by day, then by participant, then by place in that participant's year."""
    day: datetime.date
    number: int
    place: int
    action: str = dataclasses.field(compare=False)
    what: dict = dataclasses.field(compare=False, default_factory=dict)


def districts():
    rows = csv.DictReader(line for line in COUNTS.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    plain = str.maketrans("åäöÅÄÖ", "aaoAAO")
    for row in rows:
        counts = [int(row[k]) for k in ("participants", "starting", "closed", "sentenced", "new_suspicion")]
        if counts[0] > 0:
            code = row["district"].split("-")[0].translate(plain).lower()
            yield District(row["district"], code, *counts, int(row["age_min"]), int(row["age_max"]))


def agencies():
    """Agency id -> (type, officers, approvers) of everybody who takes part."""
    found = {"probation-sthlm": ("probation", ["f1"], []), "evaluator-sthlm": ("evaluator", ["u1"], [])}
    for d in districts():
        found[f"soc-{d.code}"] = ("social_services", ["s1", "s2"], ["s9"])
        found[f"police-{d.code}"] = ("police", ["p1"], [])
        found[f"school-{d.code}"] = ("school", ["k1"], [])
    return found


def identity_number(birth, chance):
    """Twelve digits: birth date, birth number of the test series, check digit (Luhn over the last ten)."""
    digits = f"{birth:%Y%m%d}{chance.randrange(980, 1000)}"
    total = 0
    for place, digit in enumerate(digits[2:]):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def age(birth, day):
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def birth_date(age, chance):
    """Somebody who is `age` on the day of the first consents and has a birthday in the year after."""
    return datetime.date(FIRST_CONSENT.year - age - 1, 1, 10) + datetime.timedelta(days=chance.randrange(355))


def participants(seed):
    chance = random.Random(seed)
    people = []
    for d in districts():
        first = len(people) + 1
        numbers = range(first, first + d.participants)
        full = [n for n in numbers if n % 10 == 0]
        free = [n for n in numbers[d.starting:] if n % 5 != 0]
        ends = chance.sample(free, d.closed - len(full))
        sentenced = chance.sample(list(numbers), d.sentenced)
        suspected = chance.sample(list(numbers), d.new_suspicion)
        faulty = next(n for n in free if n not in ends)
        ages = {n: min(17, d.age_min + (n - first + chance.randrange(2)) % (d.age_max - d.age_min + 1)) for n in numbers}
        alone = [n for n in numbers if d.code == "spanga" and ages[n] == 17][::2]  # half of the 17-year-olds there
        for n in numbers:
            birth = birth_date(ages[n], chance)
            people.append(Participant(
                number=n, district=d, birth=birth, name=person_name(chance), identity_number=identity_number(birth, chance),
                guardians=[person_name(chance) for _ in range(chance.choice([1, 2, 2]))], starting=n - first < d.starting, sentenced=n in sentenced,
                suspected=n in suspected, alone=n in alone, follow_up=n % 3 == 0, withdraws_in_part=n % 5 == 0, withdraws_in_full=n in full,
                closes=CLOSE_REASONS[len([p for p in people if p.closes]) % len(CLOSE_REASONS)] if n in ends else "",
                faults=("recipient", "third person", "scope") if n == faulty else ()))
    return people


def person_name(chance):
    return f"{chance.choice(GIVEN_NAMES)} {chance.choice(FAMILY_NAMES)}"


def grants(p):
    """(category, sender, receivers, purpose): what this participant is asked to agree to."""
    asked = [
        ("enrolment", p.social, [p.police], "assessment"),
        ("crime_suspicion", p.police, [p.social], "assessment"),
        ("police_observation", p.police, [p.social], "assessment"),
        ("police_observation", p.police, [p.social], "coordination"),
        ("threat", p.police, [p.social], "protection"),
        ("needs", p.social, [p.police, p.school], "coordination"),
        ("action_plan", p.social, [p.police, p.school], "coordination"),
        ("enrolment", p.social, [p.police, p.school], "coordination"),
        ("meeting_notes", p.social, [p.police, p.school], "coordination"),
        ("school_attendance", p.school, [p.social], "coordination"),
    ]
    if p.sentenced:
        asked += [("probation", "probation-sthlm", [p.social], "coordination"), ("action_plan", p.social, ["probation-sthlm"], "coordination")]
    if p.follow_up:
        asked.append(("follow_up", p.social, ["evaluator-sthlm"], "follow_up"))
    return asked


def members(p):
    return [p.social, p.police, p.school] + (["probation-sthlm"] if p.sentenced else []) + (["evaluator-sthlm"] if p.follow_up else [])


class Diary:
    """Writes down one participant's steps."""

    def __init__(self, p):
        self.p = p
        self.steps = []

    def add(self, day, action, **what):
        self.steps.append(Step(day, self.p.number, len(self.steps), action, what))

    def send(self, day, sender, recipients, message_type, categories, purpose="coordination", expect="OK_CONSENT", **more):
        self.add(day, "send", sender=sender, recipients=recipients, type=message_type, categories=categories, purpose=purpose, expect=expect, **more)


def one_year(p, chance):
    """Everything that happens to one participant."""
    diary = Diary(p)
    referred = BEGIN + datetime.timedelta(days=6 + chance.randrange(60))
    consented = max(referred + datetime.timedelta(days=21), FIRST_CONSENT) + datetime.timedelta(days=chance.randrange(30))
    begin(diary, p, referred, consented)
    if p.starting:
        return diary.steps
    enrolled = consented + datetime.timedelta(days=14 + chance.randrange(10))
    enrol(diary, p, enrolled)
    meetings = chance.randint(9, 12)
    last = min(enrolled + datetime.timedelta(days=MEETING_DAYS * meetings), END - datetime.timedelta(days=12))
    part = enrolled + datetime.timedelta(days=MEETING_DAYS * 4 + 9) if p.withdraws_in_part else None
    full = enrolled + datetime.timedelta(days=MEETING_DAYS * 7 + 9) if p.withdraws_in_full else None
    ends = enrolled + datetime.timedelta(days=MEETING_DAYS * chance.randint(8, 9) + 5) if p.closes else None
    day = enrolled + datetime.timedelta(days=MEETING_DAYS)
    while day <= min(last, full or END, ends or END):
        meeting(diary, p, day, part)
        day += datetime.timedelta(days=MEETING_DAYS)
    mistakes(diary, p, enrolled + datetime.timedelta(days=40))
    if part:
        withdraw_in_part(diary, p, part)
    if full:
        withdraw_in_full(diary, p, full)
    if ends:
        close(diary, p, ends, p.closes)
    return diary.steps


def begin(diary, p, referred, consented):
    reporter = p.police if p.number % 2 else p.school
    category = "crime_suspicion" if reporter == p.police else "school_attendance"
    diary.send(referred, reporter, [p.social], "Referral", [category], provision="SoL-14-1", expect="OK_STATUTE")
    diary.add(referred + datetime.timedelta(days=3), "open")
    diary.add(consented, "consent")
    diary.add(consented, "phase", phase="inquiry")
    asked = consented + datetime.timedelta(days=2)
    diary.send(asked, p.social, [p.police], "SuitabilityRequest", ["enrolment"], "assessment")
    diary.send(asked + datetime.timedelta(days=5), p.police, [p.social], "SuitabilityAssessment", ["crime_suspicion", "police_observation"], "assessment")
    if p.suspected:
        diary.send(asked + datetime.timedelta(days=6), p.police, [p.social], "ThreatAssessment", ["threat"], "protection")
    diary.send(asked + datetime.timedelta(days=7), p.social, [p.police, p.school], "NeedsInventory", ["needs"])


def enrol(diary, p, day):
    diary.add(day, "phase", phase="enrolled")
    diary.send(day + datetime.timedelta(days=1), p.social, [p.police, p.school] + (["probation-sthlm"] if p.sentenced else []), "ActionPlan", ["action_plan"])


def meeting(diary, p, day, part):
    """Invitation, four weeks of attendance, what the police saw, and notes; what was withdrawn is not sent any more."""
    withdrawn = withdrawn_in_part(p) if part and day > part else ("", "")
    diary.send(day - datetime.timedelta(days=5), p.social, [p.police, p.school], "MeetingInvitation", ["enrolment"])
    if "school_attendance" not in withdrawn:
        for week in range(4):
            diary.send(day - datetime.timedelta(days=4), p.school, [p.social], "AttendanceReport", ["school_attendance"], week=week)
    if "police_observation" not in withdrawn:
        diary.send(day - datetime.timedelta(days=3), p.police, [p.social], "SuitabilityAssessment", ["police_observation"])
    if p.sentenced:
        diary.send(day - datetime.timedelta(days=2), "probation-sthlm", [p.social], "ProbationReport", ["probation"])
    diary.send(day + datetime.timedelta(days=2), p.social, [p.police, p.school], "MeetingNotes", ["meeting_notes"])


def mistakes(diary, p, day):
    """One message to a wrong recipient, one about a third person, one out of scope."""
    if "recipient" in p.faults:
        diary.send(day, p.school, [p.police], "AttendanceReport", ["school_attendance"], expect="WRONG_RECIPIENT")
    if "third person" in p.faults:
        diary.send(day, p.social, [p.police], "MeetingNotes", ["meeting_notes"], third_person=True, expect="THIRD_PARTY_MISSING")
    if "scope" in p.faults:
        diary.send(day, p.school, [p.social], "SchoolReport", ["school_support"], expect="WRONG_CATEGORY")


def withdrawn_in_part(p):
    """(kind of scope, what)."""
    return ("category", "school_attendance") if p.number % 10 else ("category", "police_observation")


def withdraw_in_part(diary, p, day):
    """A covered message waits when the withdrawal comes; one more is tried after it."""
    scope, what = withdrawn_in_part(p)
    if what == "school_attendance":
        covered = {"sender": p.school, "recipients": [p.social], "message_type": "AttendanceReport", "categories": [what]}
    else:
        covered = {"sender": p.police, "recipients": [p.social], "message_type": "SuitabilityAssessment", "categories": [what]}
    diary.send(day, **covered, leave=True)
    diary.add(day, "withdraw", scope=scope, value=what, by="guardian" if p.number % 10 == 0 and age(p.birth, day) < 18 else "subject")
    diary.send(day + datetime.timedelta(days=1), **covered, expect="WITHDRAWN")


def withdraw_in_full(diary, p, day):
    covered = {"sender": p.social, "recipients": [p.police, p.school], "message_type": "MeetingNotes", "categories": ["meeting_notes"]}
    diary.send(day, **covered, leave=True)
    diary.add(day, "withdraw", scope="everything", value="", by="subject")
    diary.send(day + datetime.timedelta(days=1), **covered, expect="WITHDRAWN")
    # A danger that the law lets social services tell the police, argued and approved by a second officer.
    later = day + datetime.timedelta(days=2)
    threat = {"sender": p.social, "recipients": [p.police], "message_type": "ThreatAssessment", "categories": ["threat"], "purpose": "protection"}
    diary.add(later, "statute", provision="OSL-10-18a", type="ThreatAssessment", categories=["threat"], recipients=[p.police])
    diary.send(later, **threat, approval=True, expect="STATUTE_UNAPPROVED")
    diary.add(later, "approve")
    diary.send(later, **threat, approval=True, expect="OK_STATUTE")
    diary.add(day + datetime.timedelta(days=9), "phase", phase="closed", reason="own_wish")


def close(diary, p, day, reason):
    diary.add(day, "phase", phase="closing")
    if p.follow_up:
        diary.send(day, p.social, ["evaluator-sthlm"], "FollowUp", ["follow_up"], "follow_up")
    diary.add(day + datetime.timedelta(days=7), "phase", phase="closed", reason=reason)


def year(seed):
    """(participants by number, all steps in order)."""
    people = participants(seed)
    chance = random.Random(f"{seed} steps")
    steps = sorted(step for p in people for step in one_year(p, chance))
    return {p.number: p for p in people}, steps
