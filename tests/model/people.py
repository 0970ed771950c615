# SPDX-License-Identifier: EUPL-1.2
"""What the fold keeps: persons, cases, versions of grants, and who must agree at a moment (DOMAIN sections 2 and 5)."""


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
