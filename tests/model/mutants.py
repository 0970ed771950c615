#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Breaks policy/ on purpose, one small fault at a time, and checks that a named case of the lawyers' tables notices.

    mutants.py [NAME...]

The faults stand in mutants/*.mutant: a file of policy/, a text that must stand in it exactly once (however its lines are
broken), what the fault makes of it, and the title of the case that must notice. When policy/ is rewritten and a text is not found, the test
fails, so that no fault is forgotten. Compiled in a temporary folder; nothing in the tree is touched.

Two faults of the gateway live in core, not here: a delivery that does not decide again, and a decision that is kept.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import casefile
import compare

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = casefile.ROOT
FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-O1", "-w"]


def read_mutant(path):
    """name:, file: and case: lines, then "find:" and "replace:" blocks whose lines begin with a bar."""
    mutant, block = {}, None
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                continue
            if block and (line.startswith("|") or not line.strip()):
                mutant[block] += line[1:] if line.startswith("|") else ""
                continue
            key, _, value = line.rstrip("\n").partition(":")
            block = key if key in ("find", "replace") else None
            mutant[key] = "" if block else value.strip()
    for block in ("find", "replace"):
        mutant[block] = mutant.get(block, "").rstrip("\n")
    missing = [key for key in ("name", "file", "case", "find") if not mutant.get(key)]
    if missing:
        raise SystemExit("%s: %s is missing" % (path, ", ".join(missing)))
    return mutant


def compile_file(compiler, source, target, include):
    subprocess.run([compiler] + FLAGS + ["-I" + include, "-I" + ROOT, "-I" + os.path.join(ROOT, "include"), "-c", source,
                                         "-o", target], check=True)


def sources():
    return (glob.glob(os.path.join(ROOT, "policy", "*.c")) + glob.glob(os.path.join(HERE, "*.c"))
            + [os.path.join(ROOT, "agents", "lib", name) for name in ("id.c", "reason.c")])


class Bench:
    """The untouched objects, compiled once; a mutant replaces one of them."""

    def __init__(self, folder, compiler):
        self.folder, self.compiler = folder, compiler
        self.objects = {}
        waiting = []
        for source in sources():
            target = os.path.join(folder, os.path.relpath(source, ROOT).replace(os.sep, "_") + ".o")
            self.objects[os.path.relpath(source, ROOT)] = target
            waiting.append((source, target))
        while waiting:
            running = [subprocess.Popen([compiler] + FLAGS + ["-I" + ROOT, "-I" + os.path.join(ROOT, "include"), "-c", s,
                                                              "-o", t]) for s, t in waiting[:2]]
            waiting = waiting[2:]
            if any(process.wait() for process in running):
                raise SystemExit("the untouched sources do not compile")

    def link(self, replaced):
        program = os.path.join(self.folder, "world_runner")
        objects = [replaced.get(name, target) for name, target in self.objects.items()]
        subprocess.run([self.compiler] + objects + ["-ljansson", "-o", program], check=True)
        return program

    def program(self, mutant):
        """The runner with the fault in it; None when its text is not there exactly once."""
        name = "policy/" + mutant["file"]
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            text = file.read()
        found = list(re.finditer(r"\s+".join(re.escape(word) for word in mutant["find"].split()), text))
        if len(found) != 1:
            return None
        begin, end = found[0].span()
        changed = os.path.join(self.folder, mutant["file"])
        with open(changed, "w", encoding="utf-8") as file:
            file.write(text[:begin] + mutant["replace"].strip() + text[end:])
        target = changed + ".mutant.o"
        compile_file(self.compiler, changed, target, os.path.join(ROOT, "policy"))
        return self.link({name: target})


def answers(program, lines):
    """The program's answers, filled up when the fault makes it stop."""
    done = subprocess.run([program] + casefile.policy_paths(), input="\n".join(lines) + "\n", stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    found = done.stdout.splitlines()
    return found + ["STOPPED"] * (len(lines) - len(found))


def main(wanted):
    cases = compare.load_cases([])
    titles = {case.title: case for case in cases}
    mutants = [read_mutant(path) for path in sorted(glob.glob(os.path.join(HERE, "mutants", "*.mutant")))]
    mutants = [m for m in mutants if not wanted or m["name"] in wanted]
    folder = tempfile.mkdtemp(prefix="sluss-mutants-")
    failed = 0
    try:
        bench = Bench(folder, os.environ.get("CC", "cc"))
        if compare.check_cases(cases, lambda lines: answers(bench.link({}), lines)):
            raise SystemExit("the untouched policy fails cases: look at those first")
        for mutant in mutants:
            if mutant["case"] not in titles:
                verdict = "NO SUCH CASE: " + mutant["case"]
            else:
                program = bench.program(mutant)
                if program is None:
                    verdict = "TEXT NOT FOUND exactly once in " + mutant["file"]
                else:
                    noticed = compare.check_cases(cases, lambda lines, p=program: answers(p, lines))
                    named = any(case.title == mutant["case"] for case, _, _, _ in noticed)
                    verdict = "caught" if named else "NOT CAUGHT by its case (%d others notice)" % len(noticed)
                    if named:
                        verdict += ", %d case(s) notice" % len(noticed)
            if not verdict.startswith("caught"):
                failed += 1
            print("%-45s %s" % (mutant["name"], verdict))
    finally:
        shutil.rmtree(folder)
    print("%d mutants, %d not caught" % (len(mutants), failed))
    return 1 if failed or not mutants else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
