# SPDX-License-Identifier: EUPL-1.2
"""Plants one mistake at a time in core and requires that the test named for it fails. The build tree (SLUSS_BUILD) is only read: the changed file is compiled with the
tree's own command into a folder of its own and linked in front of the libraries. Whole gateways with such a mistake relay against the rules: the log that they write
betrays them to an untouched `sluss audit verify`."""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import time
import unittest

import harness

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SLUSS_BUILD", TOP / "build" / "release"))
CORE = "gateway/core"

# What decides again at delivery.
AT_DELIVERY = "if (!decide_pair(txn, &question, s, &pair))"
# The pair as it was when the message was accepted.
FROM_ACCEPTANCE = """(void)question;
		for (size_t i = 0; i < record->pair_count; i++)
			if (record->pairs[i].section == s && strcmp(record->pairs[i].recipient, recipient->agency) == 0)
				pair = record->pairs[i];
		if (pair.recipient == NULL)"""

MUTANTS = (  # name, file, what stands there, what is put in its place, test program, test that must fail
    ("the decision at delivery is skipped", "exchange_decide.c", "if (exchange_permits(pair.reason))\n\t\t\tjudgement_out->permitted",
     "if (s < record->section_count)\n\t\t\tjudgement_out->permitted", "core_withdraw_test", "delivery_is_decided_again_when_time_has_passed"),
    ("the decision of acceptance is used again", "exchange_decide.c", AT_DELIVERY, FROM_ACCEPTANCE, "core_withdraw_test", "delivery_is_decided_again_after_a_pause"),
    ("withdrawal does not wait for what is under way", "svc_withdraw.c", "\tsluss_txn_barrier(txn, &withdrawal->case_id);\n", "", "core_withdraw_test",
     "withdrawal_waits_for_both_words"),
    ("what waits is left where it is", "stop.c", "if (judgement.denied_count == 0)", "if (judgement.denied_count < 65)", "core_withdraw_test",
     "withdrawal_destroys_what_waits"),
    ("a refusal leaves what waits until somebody fetches", "stop.c", "return status->act != SLUSS_ACT_GIVE ||", "return status->act == SLUSS_ACT_WITHDRAW &&", "core_stop_test",
     "a_refusal_destroys"),
    ("the end of a grant leaves what waits until somebody asks", "writer.c", "\tif (list == NULL)\n\t\ttend(w);\n", "\t(void)tend;\n", "core_stop_test",
     "an_end_destroys_while_nobody_asks"),
    ("a withdrawal asks nothing back", "recall.c", "return grant->standing == SLUSS_WITHDRAWN;", "return false;", "core_withdraw_test", "both_give_their_word"),
    ("withheld octets stay in the store", "exchange_decide.c", "return exchange_payload_erase(txn, message, before) && ", "(void)before;\n\treturn ", "core_withdraw_test",
     "withdrawal_destroys_what_waits"),
    ("a denied message is accepted", "svc_send.c", "if (d.permitted == d.count || (m->partial && d.permitted > 0 && !d.unavailable))", "if (d.count > 0)", "core_exchange_test",
     "denied_is_logged_with_every_pair"),
)


def command_of(target):
    """The last command that ninja runs for a target, as words."""
    lines = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", target], capture_output=True, text=True, check=True).stdout.splitlines()
    words = shlex.split(lines[-1])
    return words[words.index("&&") + 1:-2] if words[0] == ":" else words


def compile_changed(folder, source, library, text):
    """The object of a changed source file of the tree."""
    changed, made = folder / pathlib.Path(source).name, folder / (pathlib.Path(source).name + ".o")
    changed.write_text(text)
    target = f"{pathlib.Path(source).parent}/CMakeFiles/{library}.dir/{changed.name}.o"
    replaced = {str(TOP / source): str(changed), target: str(made), target + ".d": str(folder / "deps")}
    words = [replaced.get(w, w) for w in command_of(target)] + [f"-I{(TOP / source).parent}", "-Wno-error"]
    subprocess.run(words, cwd=BUILD, check=True, capture_output=True, text=True)
    return made


def link_with(folder, program, objects):
    """A program of the tree with these objects in front of its libraries."""
    result = folder / pathlib.Path(program).name
    words = command_of(program)
    at = words.index("-o")
    words = words[:at] + [*map(str, objects), "-o", str(result)] + words[at + 2:]
    subprocess.run(words, cwd=BUILD, check=True, capture_output=True, text=True)
    return result


def build(folder, file, text, program):
    """The test program with the changed file in it."""
    return link_with(folder, "tests/" + program, [compile_changed(folder, f"{CORE}/{file}", "sluss_core", text)])


def failed_tests(program, until=None):
    """Names of the tests that failed; one in which the program dies or never ends counts. Goes no further than to the failure of `until`."""
    with tempfile.TemporaryFile() as out:
        running = subprocess.Popen(["stdbuf", "-oL", program], cwd=TOP, stdout=out, stderr=subprocess.STDOUT)
        end = time.monotonic() + 120  # seconds; on a machine with nothing else to do it takes five

        def names(state):
            return re.findall(r"\[ *" + state + r" *\] (\w+)", os.pread(out.fileno(), 1 << 20, 0).decode())
        while running.poll() is None and time.monotonic() < end and until not in names("FAILED"):
            time.sleep(0.05)
        whole = running.poll() in (0, 1) or until in names("FAILED")
        running.kill()
        running.wait()
        failed = set(names("FAILED"))
        return failed if whole else failed | (set(names("RUN")[-1:]) - set(names("OK")))


class Mutants(unittest.TestCase):
    def failed(self, file, text, program, until=None):
        with tempfile.TemporaryDirectory(prefix="sluss-mutant-") as folder:
            return failed_tests(build(pathlib.Path(folder), file, text, program), until)

    def test_each_is_caught_by_its_named_test(self):
        texts = {file: (TOP / CORE / file).read_text() for _, file, *_ in MUTANTS}
        for _, file, there, *_ in MUTANTS:
            self.assertEqual(texts[file].count(there), 1, f"{file} has changed: {there}")
        with concurrent.futures.ThreadPoolExecutor(len(MUTANTS)) as pool:  # they mostly wait
            runs = [pool.submit(self.failed, file, texts[file].replace(there, instead), program, test) for _, file, there, instead, program, test in MUTANTS]
        for (name, *_, test), run in zip(MUTANTS, runs):
            with self.subTest(name):
                self.assertIn(test, run.result())

    def test_without_a_mistake_nothing_fails(self):
        """The same way of building, with nothing changed."""
        for file, program in (("exchange_decide.c", "core_withdraw_test"), ("svc_send.c", "core_exchange_test")):
            with self.subTest(file):
                self.assertEqual(self.failed(file, (TOP / CORE / file).read_text(), program), set())


# A decision that permits everything, on no ground.
DENY = """	decision->verdict = SLUSS_VERDICT_DENY;
	decision->reason = reason;
	decision->ground = SLUSS_GROUND_NONE;"""
PERMIT = """	(void)reason;
	decision->verdict = SLUSS_VERDICT_PERMIT;
	decision->reason = SLUSS_OK_CONSENT;
	decision->ground = SLUSS_GROUND_CONSENT;"""
DECIDE = ("policy/decide.c", "sluss_policy", DENY, PERMIT)
# What waits stays when its ground is withdrawn, and is handed out as it was decided once.
STAYS = (f"{CORE}/stop.c", "sluss_core", *MUTANTS[3][2:4])
ONCE = (f"{CORE}/exchange_decide.c", "sluss_core", AT_DELIVERY, FROM_ACCEPTANCE)


class Gateways(unittest.TestCase):
    """Whole programs with a mistake in them."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluss-mutant-"))
        cls.addClassCleanup(harness.shutil.rmtree, cls.folder)
        cls.decide = cls.changed(*DECIDE)

    @classmethod
    def changed(cls, source, library, there, instead):
        text = (TOP / source).read_text()
        assert text.count(there) == 1, f"{source} has changed: {there}"
        return compile_changed(cls.folder, source, library, text.replace(there, instead))

    def play(self, slussd):
        """A message on a grant and one without; the first waits when everything is withdrawn, the second is fetched before, the first after. The export of the log."""
        self.addCleanup(setattr, harness, "SLUSSD", harness.SLUSSD)
        harness.SLUSSD = slussd
        with harness.gateway() as gateway:
            soc, pol, sch = gateway.agency("soc-1", "social_services"), gateway.agency("pol-1", "police"), gateway.agency("sch-1", "school")
            case, person = soc.open_case([soc, pol, sch])
            for phase in ("INQUIRY", "ENROLLED"):
                self.assertTrue(soc.set_phase(case, "PHASE_" + phase).ok)
            consent = soc.consent(case, [person], [("action_plan", soc, [pol])])
            for to in (pol, sch):
                soc.send(soc.message(case, consent, [to]))
            sch.fetch()
            self.assertTrue(soc.withdraw(case, person).ok)
            pol.fetch()
            export = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
            gateway.cli("audit-1", "auditor", "a1").run("audit", "export", export)
        return export

    def kinds(self, export, sluss=harness.SLUSS):
        done = subprocess.run([sluss, "audit", "verify", export, "--json", "--profile", "/nonexistent/profile"], capture_output=True, text=True, timeout=60)
        return {f["kind"] for f in json.loads(done.stdout)["findings"]}

    def test_a_gateway_that_permits_everything(self):
        found = self.kinds(self.play(link_with(self.folder, "slussd", [self.decide])))
        self.assertLessEqual({"accepted-without-ground", "released-without-ground", "released-after-withdrawal"}, found)

    def test_a_gateway_that_goes_on_after_a_withdrawal(self):
        folder = self.folder / "on"
        folder.mkdir()
        found = self.kinds(self.play(link_with(folder, "slussd", [self.changed(*STAYS), self.changed(*ONCE)])))
        self.assertLessEqual({"not-withheld", "released-after-withdrawal"}, found)
        self.assertNotIn("accepted-without-ground", found)

    def test_an_honest_gateway_and_a_wrong_verifier(self):
        export = self.play(harness.SLUSSD)
        self.assertEqual(self.kinds(export), set())
        wrong = self.kinds(export, link_with(self.folder, "agents/cli/sluss", [self.decide]))
        self.assertIn("denied-though-permitted", wrong)


if __name__ == "__main__":
    unittest.main(verbosity=2)
