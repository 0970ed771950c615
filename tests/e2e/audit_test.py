# SPDX-License-Identifier: EUPL-1.2
"""The auditor's commands against a gateway that runs: export (resumed, cut short, grown), verify with replay, prove, check, watch, FHIR. The log that was played is
clean; a changed one is not."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import uuid

import four_agencies_test as story
import harness
import wire
import witness_test

STRUCTURE, HISTORY = 20, 24  # 19 + class
USAGE, DENIED, INTERNAL = 1, 2, 6


def setUpModule():
    global world, audited
    world = story.world = story.World()
    # The story of four agencies, once; its own tests look at each step.
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(story.FourAgencies)
    result = unittest.TestResult()
    for test in suite:
        if "test_9" not in test.id():
            test.run(result)
    assert result.wasSuccessful(), result.failures + result.errors
    audited = world.gateway.cli("auditor-9", "auditor", "a1")


def tearDownModule():
    story.tearDownModule()


def sluss(*words):
    """(exit code, answer) of a command that needs no gateway and no profile."""
    done = subprocess.run([str(w) for w in (harness.SLUSS, *words, "--json", "--profile", "/nonexistent/profile")], capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout or "{}")


def entries_of(export):
    """The octets of all entries in an export's bundles."""
    entries = []
    for bundle in sorted(p for p in (export / "tile" / "entries").rglob("*") if p.is_file()):
        octets = bundle.read_bytes()
        while octets:
            end = 2 + int.from_bytes(octets[:2], "big")
            entries.append(octets[2:end])
            octets = octets[end:]
    return entries


class Audit(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluss-audit-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.export = self.folder / "export"

    def make_export(self):
        return audited.run("audit", "export", self.export)

    def test_a_played_log_is_clean(self):
        made = self.make_export()
        code, answer = sluss("audit", "verify", self.export)
        self.assertEqual((code, answer["findings"]), (0, []), json.dumps(answer, indent=1)[:3000])
        self.assertTrue(answer["replayed"] and answer["complete"])
        self.assertEqual(answer["size"], made["size"])
        self.assertGreater(answer["decisions"], 20)
        health = world.gateway.health()
        self.assertEqual([answer[k] for k in ("accepted", "denied", "released", "withheld")], [health[k] for k in ("accepted", "denied", "released", "withheld")])

    def test_progress_on_a_terminal_only(self):
        made = self.make_export()
        command = [str(w) for w in (harness.SLUSS, "audit", "verify", self.export, "--profile", "/nonexistent/profile")]
        ours, theirs = os.openpty()
        shown = ""
        try:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=theirs, timeout=60, check=True)
            os.write(theirs, b"END")  # what is shown comes when it comes
            while not shown.endswith("END"):
                shown += os.read(ours, 4096).decode()
        finally:
            os.close(ours)
            os.close(theirs)
        self.assertIn(f"\rverifying [####################] {made['size']} of {made['size']}", shown)
        self.assertTrue(shown.endswith("\r\x1b[KEND"), shown)  # and nothing of it stays
        piped = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        self.assertNotIn("verifying", piped.stdout + piped.stderr)

    def test_export_goes_on_where_it_was(self):
        first = self.make_export()
        world.school.run("audit", "list")  # each look is an entry
        entries = next(p for p in (self.export / "tile" / "entries").rglob("*") if p.is_file())
        entries.write_bytes(entries.read_bytes()[:-1])  # cut short
        second = self.make_export()
        self.assertEqual(second["formerSize"], first["size"])
        self.assertGreater(second["size"], first["size"])
        code, answer = sluss("audit", "verify", self.export)
        self.assertEqual((code, answer["findings"]), (0, []))

    def test_a_changed_octet_is_found(self):
        self.make_export()
        entries = next(p for p in (self.export / "tile" / "entries").rglob("*") if p.is_file())
        octets = bytearray(entries.read_bytes())
        octets[len(octets) // 2] ^= 1
        entries.write_bytes(octets)
        code, answer = sluss("audit", "verify", self.export)
        self.assertEqual(code, STRUCTURE)
        self.assertIn("structure", answer["counts"])
        self.assertFalse(answer["complete"])

    def test_a_folder_that_knew_another_log(self):
        self.make_export()
        older = (self.export / "checkpoint").read_text()
        key = (self.export / "keys" / "log.vkey").read_text().strip()
        (self.export / "checkpoint").write_text(older.replace(older.split("\n")[1], str(int(older.split("\n")[1]) + 1), 1))
        error = audited.run("audit", "export", self.export, expect=5)
        self.assertIn("another log", error["explanation"])
        code, _ = sluss("audit", "verify", self.export, "--key", key)
        self.assertEqual(code, 21)  # signature

    def test_list_of_one_person_is_complete(self):
        self.make_export()
        code, answer = sluss("audit", "verify", self.export, "--subject", world.persons[0])
        self.assertEqual(code, 0)
        self.assertTrue(answer["complete"])
        listed = [(d["senderAgencyId"], d["recipientAgencyId"], d["category"]) for d in answer["list"]]
        self.assertIn(("school-1", "police-1", "school_attendance"), listed)
        self.assertTrue(all(d["decidedAgain"] for d in answer["list"]))
        self.assertEqual(len(listed), answer["disclosures"])
        # The same, counted from the entries alone.
        self.assertEqual(sorted((d["logIndex"], d["recipientAgencyId"], d["category"]) for d in answer["list"]), self.released_about(world.case))
        code, answer = sluss("audit", "verify", self.export, "--subject", world.persons[1])
        self.assertEqual((code, answer["disclosures"]), (0, 0))  # a guardian whom no section concerns

    def released_about(self, case):
        """(index, recipient, category) of every section that was released in a case."""
        sections, released = {}, []
        for index, record in enumerate(wire.decode("LogRecord", e) for e in entries_of(self.export)):
            if "message_accepted" in record:
                sections[record["message_accepted"]["message"]] = [s["category"] for s in record["message_accepted"]["sections"]]
            if "released" in record and record["released"]["case_id"] == uuid.UUID(case).bytes:
                released += [(index, p["recipient"], sections[record["released"]["message"]][p.get("section", 0)]) for p in record["released"]["pairs"]
                             if p["reason"].startswith("REASON_CODE_OK_")]
        return sorted(released)

    def test_a_list_with_a_gap_says_which(self):
        """A bundle that is cut off in the middle, and one that is not there: the list is not complete, and the entries that are missing are named."""
        size = self.make_export()["size"]
        bundle = sorted(p for p in (self.export / "tile" / "entries").rglob("*") if p.is_file())[-1]
        whole, first = bundle.read_bytes(), (size - 1) // 256 * 256
        whole_entries = entries_of(self.export)
        kept = sum(2 + len(e) for e in whole_entries[first:first + 5])
        for octets, begin in ((whole[:kept + 3], first + 5), (None, first)):
            bundle.write_bytes(octets) if octets is not None else bundle.unlink()
            code, answer = sluss("audit", "verify", self.export, "--subject", world.persons[0])
            self.assertEqual((code, answer["complete"], answer["gap"]), (STRUCTURE, False, {"from": begin, "until": size}))
        bundle.write_bytes(whole)
        code, answer = sluss("audit", "verify", self.export, "--subject", world.persons[0])
        self.assertEqual((code, answer["complete"], "gap" in answer), (0, True, False))

    def test_proofs(self):
        self.make_export()
        key = (self.export / "keys" / "log.vkey").read_text().strip()
        receipt, proof = self.folder / "receipt.json", self.folder / "proof"
        for source in (("--export", self.export), ()):
            audited.run("audit", "prove", 7, "--out", receipt, "--proof", proof, *source)
            code, answer = sluss("audit", "check", receipt, "--key", key)
            self.assertEqual((code, answer["logIndex"], answer["verdict"]), (0, 7, "valid"))
            self.assertTrue(proof.read_text().startswith("c2sp.org/tlog-proof@v1\n"))
        kept = json.loads(receipt.read_text())
        entry = self.folder / "entry"
        entry.write_bytes(__import__("base64").b64decode(kept["logEntry"]))
        code, _ = sluss("audit", "check", proof, "--entry", entry, "--key", key)
        self.assertEqual(code, 0)
        entry.write_bytes(entry.read_bytes() + b"x")
        code, _ = sluss("audit", "check", proof, "--entry", entry, "--key", key)
        self.assertEqual(code, 5)
        code, answer = sluss("audit", "verify", self.export, "--receipt", receipt, "--key", key)
        self.assertEqual((code, answer["findings"][0]["kind"]), (HISTORY, "history-differs"))  # the receipt is younger than the export
        self.make_export()
        code, _ = sluss("audit", "verify", self.export, "--receipt", receipt, "--key", key)
        self.assertEqual(code, 0)

    def test_watch(self):
        first = audited.run("audit", "watch", "--once")
        world.school.run("audit", "list")
        second = audited.run("audit", "watch", "--once")
        self.assertGreater(second["size"], first["size"])

    def test_replays_are_reported(self):
        def reported():
            self.make_export()
            records = [wire.decode("LogRecord", e) for e in entries_of(self.export)]
            return [(e["size"], e["agency"], e.get("complete", False)) for e in (r["replay_reported"] for r in records if "replay_reported" in r)]
        made = self.make_export()
        audited.run("audit", "verify", self.export, "--report")
        self.assertEqual(reported()[-1], (made["size"], "auditor-9", True))
        self.assertEqual(world.school.run("audit", "verify", self.export, "--report", expect=DENIED)["reason"], "NOT_ENTITLED")
        self.assertEqual(audited.run("audit", "verify", "--report", expect=USAGE)["field"], "report")
        before = len(reported())
        for _ in range(2):
            audited.run("audit", "watch", "--once", "--replay", self.folder / "watched")
        self.assertEqual(len(reported()), before + 2)
        code, answer = sluss("audit", "verify", self.folder / "watched")
        self.assertEqual((code, answer["findings"]), (0, []))
        # What is wrong in the export is reported too.
        bundle = next(p for p in (self.folder / "watched" / "tile" / "entries").rglob("*") if p.is_file())
        bundle.write_bytes(bundle.read_bytes() + b"x")
        done = subprocess.run([harness.SLUSS, "audit", "verify", self.folder / "watched", "--report", "--json", "--profile", audited.profile, "--officer", "a1"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, STRUCTURE, done.stderr)
        self.assertEqual(reported()[-1][1:], ("auditor-9", False))

    def test_watch_cosigns(self):
        folder = pathlib.Path(tempfile.mkdtemp(dir=world.gateway.folder))
        for _ in range(2):
            audited.run("audit", "watch", "--once", "--cosign", folder)
            note = (folder / "checkpoint").read_text()
            self.assertEqual(note.split("\n")[0], world.gateway.authority)
            self.assertEqual(len(note.split("\n\n")[1].splitlines()), 2)  # the log's line and ours
            world.school.run("audit", "list")
        text, lines = note.encode().split(b"\n\n")
        key = (folder / "witness.vkey").read_text().strip()
        self.assertTrue(witness_test.openssl_verifies(key, text + b"\n", lines.splitlines()[1]))
        self.assertFalse(witness_test.openssl_verifies(key, text + b"\n", lines.splitlines()[1][:-8] + b"AAAAAAA="))
        # A witness never cosigns what does not continue what it remembers.
        remembered = next(p for p in folder.iterdir() if len(p.name) == 64)
        lines = note.split("\n")
        remembered.write_text("\n".join([lines[0], "1000000", *lines[2:]]))
        self.assertIn("remembers cannot be read", audited.run("audit", "watch", "--once", "--cosign", folder, expect=INTERNAL)["explanation"])

    def test_fhir(self):
        self.make_export()
        out = self.folder / "events.ndjson"
        done = subprocess.run([harness.SLUSS, "audit", "fhir", self.export, "--out", out, "--profile", "/nonexistent/p"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        events = [json.loads(line) for line in out.read_text().splitlines()]
        _, answer = sluss("audit", "verify", self.export)
        self.assertEqual(len(events), 2 * answer["disclosures"])
        self.assertEqual(len({e["id"] for e in events}), len(events))
        for e in events:
            self.check_balp(e)

    def check_balp(self, e):
        """Required elements and fixed codes of IHE BALP 1.1.4, Privacy Disclosure at Source / at Recipient."""
        at_source = e["meta"]["profile"] == ["https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source"]
        if not at_source:
            self.assertEqual(e["meta"]["profile"], ["https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Recipient"])
        dcm = "http://dicom.nema.org/resources/ontology/DCM"
        self.assertEqual(e["resourceType"], "AuditEvent")
        self.assertRegex(e["id"], r"^[A-Za-z0-9\-.]{1,64}$")
        self.assertEqual((e["type"]["system"], e["type"]["code"]), (dcm, "110106" if at_source else "110107"))
        self.assertEqual([(s["system"], s["code"]) for s in e["subtype"]], [("http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose")])
        self.assertEqual(e["action"], "R" if at_source else "C")
        self.assertRegex(e["recorded"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(e["outcome"], "0")
        self.assertNotIn("modifierExtension", e)
        agents = {a["type"]["coding"][0]["code"]: a for a in e["agent"]}
        self.assertEqual(sorted(agents), ["110152", "110153"])
        for a in agents.values():
            self.assertTrue(a["type"]["coding"][0]["system"] == dcm and a["who"]["identifier"]["value"] and a["network"]["address"])
            self.assertIsInstance(a["requestor"], bool)
        self.assertEqual(e["source"]["observer"], agents["110153" if at_source else "110152"]["who"])
        patient, data = e["entity"]
        types, roles = "http://terminology.hl7.org/CodeSystem/audit-entity-type", "http://terminology.hl7.org/CodeSystem/object-role"
        self.assertEqual((patient["type"]["system"], patient["type"]["code"], patient["role"]["system"], patient["role"]["code"]), (types, "1", roles, "1"))
        self.assertEqual(patient["what"]["identifier"]["value"], f"urn:uuid:{world.persons[0]}")
        self.assertEqual((data["type"]["code"], data["role"]["code"]), ("2", "4"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
