# SPDX-License-Identifier: EUPL-1.2
"""The policy file as data for rules.py. Only reading and look-up stand here; what the data means for a decision stands
in rules.py. The file is trusted to be well formed (policy/ has the checks for people)."""
import json

DAY_MS = 86_400_000


def words(values):
    """A list of names as a set; None stands for "any"."""
    return None if "any" in values else frozenset(values)


def allows(names, name):
    return names is None or name in names


class Row:
    """One line of a programme's table of who must agree: begin <= age < end."""
    __slots__ = ("begin", "end", "default", "outcomes")

    def __init__(self, data):
        self.begin = data["from"]
        self.end = 10_000 if data["until"] is None else data["until"]
        self.default = data["who"]
        self.outcomes = frozenset(data["assessment"])


class Message:
    """One message type: who is to be a member, and its rows of (from, to, categories, purposes)."""
    __slots__ = ("sender_member", "recipient_member", "about_nobody", "opens_case", "rows")

    def __init__(self, data):
        members = data.get("members", "both")
        self.sender_member = members in ("both", "sender")
        self.recipient_member = members == "both"
        self.about_nobody = not data.get("about_person", True)
        self.opens_case = data.get("opens_case", False)
        self.rows = []


class Provision:
    __slots__ = ("senders", "recipients", "categories", "messages", "ages", "necessity", "second_approver", "lasts_ms",
                 "may_defer", "unknown_age")

    def __init__(self, data):
        self.senders, self.recipients = words(data["from"]), words(data["to"])
        self.categories, self.messages = words(data["categories"]), words(data["messages"])
        self.ages = data["ages"] and (data["ages"]["from"], data["ages"]["until"])
        self.necessity, self.second_approver = data["necessity"], data["second_approver"]
        self.lasts_ms = data["approval_days"] * DAY_MS
        self.may_defer = data["may_defer_notice"]
        self.unknown_age = data["applies_to_unknown_age"]

    def covers(self, sender, recipient, category, message, age):
        """message "-": one that is not named yet."""
        return (allows(self.senders, sender) and allows(self.recipients, recipient)
                and allows(self.categories, category) and (message == "-" or allows(self.messages, message))
                and (self.ages is None or (self.unknown_age if age is None else self.ages[0] <= age < self.ages[1])))


class Law:
    def __init__(self, data):
        self.name = data["policy"]
        self.categories = frozenset(c["name"] for c in data["categories"])
        self.marked_categories = frozenset(c["name"] for c in data["categories"] if c.get("protected"))
        self.purposes = frozenset(data["purposes"])
        self.named_alone = frozenset(t["name"] for t in data["agency_types"] if t.get("named_alone"))
        self.vague = frozenset(data["consent"]["vague_words"]) | {"-"}
        self.max_months = data["consent"]["max_months"]
        self.guardians_enough = {"every": "every", "one": "any"}[data["consent"]["guardians"]]
        self.leap = {"feb_28": "02-28", "mar_1": "03-01"}[data["leap_day"]]
        self.programmes = {}
        self.thresholds = set()
        for programme in data["programmes"]:
            rows = [Row(row) for row in programme["who_must_agree"]]
            ages = (programme["ages"]["from"], programme["ages"]["until"])
            links = [tuple(sorted(link)) for link in programme["links"]]
            self.programmes[programme["name"]] = (ages, rows, links, frozenset(programme["before_enrolment"]))
            self.thresholds |= {row.begin for row in rows}
        self.thresholds.discard(0)
        self.messages = {}
        for data_row in data["messages"]:
            message = self.messages.setdefault(data_row["type"], Message(data_row))
            message.rows.append((words(data_row["from"]), words(data_row["to"]), words(data_row["categories"]),
                                 words(data_row.get("purposes", ["any"]))))
        everything = frozenset(self.messages)
        self.phases = {p["name"]: words(p["messages"]) or (everything if "any" in p["messages"] else frozenset())
                       for p in data["phases"]}
        self.phase_moves = {p["name"]: frozenset(p["next"]) for p in data["phases"]}
        self.provisions = {p["name"]: Provision(p) for p in data["provisions"]}

    def programme_ages(self, programme):
        found = self.programmes.get(programme)
        return found and found[0]

    def row(self, programme, age):
        for row in self.programmes[programme][1]:
            if row.begin <= age < row.end:
                return row
        raise LookupError("no row for that age")

    def links(self, programme):
        return self.programmes[programme][2]

    def phase_needs(self, programme, phase):
        return self.programmes[programme][3] if phase == "enrolled" else frozenset()

    @staticmethod
    def type_allows(message, sender, recipient, category, purpose):
        """Ruling 20: a row with several types may carry every category of the row. Reading: an agency that the directory
        does not know has no type, not even "any"."""
        if sender is None or recipient is None:
            return False
        for senders, recipients, categories, purposes in message.rows:
            if allows(senders, sender) and allows(recipients, recipient):
                if message.about_nobody or (allows(categories, category) and allows(purposes, purpose)):
                    return True
        return False


def load(path):
    with open(path, encoding="utf-8") as file:
        return Law(json.load(file))
