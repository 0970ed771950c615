# SPDX-License-Identifier: EUPL-1.2
"""The fold over what persons and officers do: giving, refusing, withdrawing, pausing, narrowing, and statutory requests
(DOMAIN sections 5 and 6)."""
from fold import Fold
from people import GIVEN, REFUSED, Refused, WITHDRAWN


class Acts(Fold):
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
