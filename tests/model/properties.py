# SPDX-License-Identifier: EUPL-1.2
"""Properties that hold in every world, tried on random ones with both implementations.

1. Without anybody's agreement nothing passes on consent.
2. A withdrawal or a refusal never widens access: what is permitted after it was permitted before it.
3. Another person who must agree never widens access.
4. The order of unrelated events does not matter.

Access is what a battery of questions gets: all questions of the world, asked again at one moment. A question that the
phase forbade is left out of 2 and 3, because a lost link puts the case to closing, which lets other message types
pass on their own grounds (rulings 9 and 10).
"""
import random

import random_worlds

AGREES = ("give", "resume")


def verb(line):
    return line.split(" ", 2)[1]


def battery(world, now):
    """The world's questions, all asked at that moment."""
    return ["%d %s" % (now, line.split(" ", 1)[1]) for line in world[1:] if verb(line) == "ask"]


def cut(world, rng):
    """A beginning of the world, and the greatest time in it."""
    stop = rng.randrange(len(world) // 2, len(world)) if len(world) > 3 else len(world)
    head = world[:stop]
    return head, max(int(line.split(" ", 1)[0]) for line in head[1:])


def cases_of(head):
    return {line.split(" ")[2]: line.split(" ")[3] for line in head[1:] if verb(line) == "open"}


def without_agreement(world, rng):
    lines = [line for line in world if line[0] == "W" or verb(line) not in AGREES]

    def holds(answers):
        return all(answer != "OK_CONSENT" for answer in answers)
    return lines, holds


def before_and_after(world, rng, act):
    """The battery, an act, the battery again; holds when nothing is permitted after it that was not before."""
    head, now = cut(world, rng)
    questions = battery(world, now)
    act = act(head, now)
    if act is None or not questions:
        return None
    lines = head + questions + [act] + questions

    def holds(answers):
        before = answers[len(head):len(head) + len(questions)]
        after = answers[len(head) + len(questions) + 1:]
        return all(not b.startswith("OK_") or a.startswith("OK_") or a == "PHASE_FORBIDS"
                   for a, b in zip(before, after))
    return lines, holds


def withdrawal(world, rng):
    def act(head, now):
        cases = cases_of(head)
        consents = [line.split(" ") for line in head[1:] if verb(line) == "consent"]
        if not cases or not consents:
            return None
        case = rng.choice(sorted(cases))
        person = int(cases[case]) + rng.choice((0, 0, 1, 2))
        consent = rng.choice(consents)[2]
        kind = rng.randrange(4)
        if kind == 0:
            return "%d refuse %s * %d" % (now, consent, person)
        if kind == 1:
            return "%d withdraw %s %d all" % (now, case, person)
        if kind == 2:
            return "%d withdraw %s %d agency %s" % (now, case, person, rng.choice("123"))
        return "%d refuse %s 0 %d" % (now, consent, person)
    return before_and_after(world, rng, act)


def another_person(world, rng):
    def act(head, now):
        cases = sorted(cases_of(head))
        more = rng.choice(("guardian %s 77", "assess %s guardians_and_subject"))
        return "%d %s" % (now, more % rng.choice(cases)) if cases else None
    return before_and_after(world, rng, act)


def related(left, right, cases, consents):
    """Whether two events may have to do with each other. Unrelated are two agreements, and what happens to different
    persons in different cases."""
    first, second = verb(left), verb(right)
    if first == second == "give":
        return False
    touched = []
    for line in (left, right):
        words = line.split(" ")
        if words[1] in ("give", "refuse", "pause", "narrow", "invalidate"):
            touched.append(consents.get(words[2]))
        elif words[1] in ("withdraw", "guardian", "unguardian", "assess", "protect", "setphase"):
            touched.append(words[2])
        elif words[1] == "consent":
            touched.append(words[3])
        else:
            return True
    persons = {cases.get(case) for case in touched}
    return len(persons) < 2 or None in persons


def swapped(world, rng):
    cases = cases_of(world)
    consents = {line.split(" ")[2]: line.split(" ")[3] for line in world[1:] if verb(line) == "consent"}
    places = [i for i in range(1, len(world) - 1)
              if world[i].split(" ", 1)[0] == world[i + 1].split(" ", 1)[0]
              and not related(world[i], world[i + 1], cases, consents)]
    if not places:
        return None
    place = rng.choice(places)
    other = world[:place] + [world[place + 1], world[place]] + world[place + 2:]

    def holds(answers):
        left, right = answers[:len(world)], answers[len(world):]
        right[place], right[place + 1] = right[place + 1], right[place]
        return left == right
    return world + other, holds


PROPERTIES = (("without agreement nothing passes on consent", without_agreement),
              ("a withdrawal or refusal never widens access", withdrawal),
              ("another required person never widens access", another_person),
              ("the order of unrelated events does not matter", swapped))


def trial(seed, number):
    """(name, lines, holds) for each property that the world has a place for."""
    world = random_worlds.world(seed, number)
    rng = random.Random(seed * 7919 + number)
    for name, prepare in PROPERTIES:
        prepared = prepare(list(world), rng)
        if prepared:
            yield (name,) + prepared


def check(seed, count, side):
    """How often each property was tried with that side (a function from lines to answers), and what broke it."""
    tried, broken = {}, []
    trials = [t for number in range(count) for t in trial(seed, number)]
    answers = iter(side([line for _, lines, _ in trials for line in lines]))
    for name, lines, holds in trials:
        got = [next(answers) for _ in lines]
        tried[name] = tried.get(name, 0) + 1
        if not holds(got):
            broken.append((name, lines, got))
    return tried, broken
