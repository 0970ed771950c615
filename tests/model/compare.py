#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Runs cases and random worlds through both implementations of the rules and reports where they part.

    compare.py cases [--runner PROGRAM] [FILE...]     the lawyers' tables: expected codes against both
    compare.py worlds --runner PROGRAM --seed S --count N [--jobs J]
    compare.py properties --runner PROGRAM --seed S --count N

Without --runner only rules.py answers. A difference is shown with the smallest world that still has it.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile

import casefile
import lawdata
import properties
import random_worlds
import rules

HERE = os.path.dirname(os.path.abspath(__file__))


def run(program, lines):
    """The program's answers; it reads the stream on stdin and gets the policy files as arguments."""
    with tempfile.TemporaryFile("w+") as stream:
        stream.write("\n".join(lines) + "\n")
        stream.seek(0)
        done = subprocess.run([program] + casefile.policy_paths(), stdin=stream, stdout=subprocess.PIPE, text=True,
                              check=False)
    if done.returncode:
        raise SystemExit("%s ended with %d" % (program, done.returncode))
    return done.stdout.splitlines()


def laws():
    return [lawdata.load(path) for path in casefile.policy_paths()]


# -- the lawyers' tables -------------------------------------------------------------------------------------------

def load_cases(files):
    return [case for path in files or sorted(glob.glob(os.path.join(HERE, "cases", "*.case")))
            for case in casefile.read(path)]


def check_cases(cases, answers_of):
    """The cases that got another answer than they expect, as (case, source line, expected, got)."""
    lines = [line for number, case in enumerate(cases) for line in case.stream(number)]
    answers = iter(answers_of(lines))
    failures = []
    for number, case in enumerate(cases):
        got = [next(answers) for _ in case.expected(number)]
        for (_, expected, source), answer in zip(case.lines, got[1:]):
            if expected != answer:
                failures.append((case, source, expected, answer))
                break
    return failures


def command_cases(options):
    cases = load_cases(options.files)
    titles = [case.title for case in cases]
    failed = 0
    for title in sorted({t for t in titles if titles.count(t) > 1}):
        print("two cases have the title: " + title)
        failed += 1
    law = laws()
    sides = [("rules.py", lambda lines: rules.answers(law, lines))]
    if options.runner:
        sides.append(("policy", lambda lines: run(options.runner, lines)))
    for name, side in sides:
        for case, source, expected, got in check_cases(cases, side):
            failed += 1
            print("%s:%d: %s\n    expected %s, %s says %s" % (os.path.relpath(case.path), source, case.title, expected,
                                                           name, got))
    questions = sum(" ask " in line for case in cases for line, _, _ in case.lines)
    print("%d cases, %d questions, %d lines, %d side(s): %d failure(s)" % (
        len(cases), questions, sum(len(case.lines) for case in cases), len(sides), failed))
    return 1 if failed else 0


# -- random worlds -------------------------------------------------------------------------------------------------

def first_difference(law, program, world):
    """(index of the line, rules.py's answer, the program's) or None."""
    for index, (left, right) in enumerate(zip(rules.answers(law, world), run(program, world))):
        if left != right:
            return index, left, right
    return None


def shrink(law, program, world):
    """Drops lines as long as the same two answers still stand against each other first."""
    found = first_difference(law, program, world)
    world = world[:found[0] + 1]
    step = max(1, len(world) // 2)
    while step:
        index = 1
        while index < len(world) - 1:
            smaller = world[:index] + world[index + step:]
            other = first_difference(law, program, smaller) if len(smaller) > 1 else None
            if other and other[1:] == found[1:]:
                world = smaller[:other[0] + 1]
            else:
                index += step
        step //= 2
    return world


def report(law, program, world):
    world = shrink(law, program, world)
    index, left, right = first_difference(law, program, world)
    print("\n".join(world[:index + 1]))
    print("    rules.py says %s, policy says %s\n" % (left, right))


def compare_part(program, seed, count, show):
    """Compares count worlds; returns how many differ, and prints the first of them."""
    law = laws()
    different, done, kinds = 0, 0, {}
    while done < count:
        batch = [random_worlds.world(seed, done + i) for i in range(min(2000, count - done))]
        lines = [line for world in batch for line in world]
        theirs = iter(run(program, lines))
        for world in batch:
            ours = rules.answers(law, world)
            pairs = [(a, next(theirs)) for a in ours]
            wrong = [pair for pair in pairs if pair[0] != pair[1]]
            if wrong:
                different += 1
                kinds.setdefault(wrong[0], []).append(world)
        done += len(batch)
    for pair, worlds in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print("rules.py %s, policy %s: %d world(s) of seed %d" % (pair + (len(worlds), seed)))
        if show > 0:
            show -= 1
            report(law, program, min(worlds, key=len))
    return different


def command_worlds(options):
    jobs = []
    share = -(-options.count // options.jobs)
    for job in range(options.jobs):
        command = [sys.executable, os.path.abspath(__file__), "part", "--runner", options.runner,
                   "--seed", str(options.seed + job), "--count", str(min(share, options.count - job * share)),
                   "--show", str(options.show)]
        jobs.append(subprocess.Popen(command))
    failed = [job.wait() for job in jobs]
    print("%d random worlds from seed %d: %s" % (options.count, options.seed,
                                                 "they differ" if any(failed) else "both agree"))
    return 1 if any(failed) else 0


def command_part(options):
    return 1 if compare_part(options.runner, options.seed, options.count, options.show) else 0


def command_properties(options):
    law = laws()
    sides = [("rules.py", lambda lines: rules.answers(law, lines))]
    if options.runner:
        sides.append(("policy", lambda lines: run(options.runner, lines)))
    failed = 0
    for side_name, side in sides:
        tried, broken = properties.check(options.seed, options.count, side)
        for name, number in sorted(tried.items()):
            wrong = [b for b in broken if b[0] == name]
            failed += len(wrong)
            print("%s: %s: %d tries, %d failures" % (side_name, name, number, len(wrong)))
            for _, lines, got in sorted(wrong, key=lambda b: len(b[1]))[:options.show]:
                print("\n".join("    %-14s %s" % pair for pair in zip(got, lines)))
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("cases", "worlds", "part", "properties"))
    parser.add_argument("files", nargs="*")
    parser.add_argument("--runner")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", type=int, default=3)
    options = parser.parse_args()
    return {"cases": command_cases, "worlds": command_worlds, "part": command_part,
            "properties": command_properties}[options.command](options)


if __name__ == "__main__":
    sys.exit(main())
