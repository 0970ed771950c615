#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""The rules of DOMAIN a second time: a fold over events, and decide(question).

Written from DOMAIN.md, not from policy/*.c: its worth is that it is another mind's reading. Law (thresholds, rows,
provisions) comes from the policy file through lawdata.py; rules stand here (the decision), in fold.py (facts and time)
and acts.py (what persons and officers do). Where DOMAIN leaves a choice, it stands as a comment marked "Reading"
with its ruling; policy/README.md lists the same choices, settled after both were written.

    rules.py POLICY.json... < STREAM        answers a stream of worlds (STREAM.md), one line each
    rules.py --to-world FILE.case...        writes cases as a stream
"""
import sys

import lawdata
from acts import Acts
from people import NO_CASE, Refused


class World(Acts):
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
