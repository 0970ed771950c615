# SPDX-License-Identifier: EUPL-1.2
"""The log's witnesses: a quorum cosigns, and messages are relayed only while it does; a gateway that is behind a witness, or that has another history, does not run."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import agentd
import harness
import outside

SETTINGS = "witness_quorum = 2\nwitness_period_ms = 200\nwitness_gap_max_ms = 1500\n"


class World:
    """A gateway whose log two witnesses cosign."""

    def __init__(self, settings=SETTINGS, authority=False):
        self.authority = None
        self.folder = tempfile.mkdtemp(prefix="sluss-")
        self.gateway = None
        self.witnesses = []
        try:
            self.witnesses = [outside.Witness(self.folder, name, number) for number, name in enumerate(("skola.w.example", "polis.w.example"), 1)]
            self.gateway = harness.Gateway(self.folder)
            key = (self.gateway.state / "log.vkey").read_text().strip()
            for witness in self.witnesses:
                witness.log_key = key
            if authority:
                self.authority = outside.TimestampAuthority(self.folder)
                settings += f"timestamp_url = {self.authority.url}\ntimestamp_ca = {self.authority.ca}\ntimestamp_period_ms = 300\n"
            with self.gateway.settings.open("a") as file:
                file.write(settings + "".join(w.setting + "\n" for w in self.witnesses))
            self.gateway.start()
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.gateway:
            self.gateway.stop()
        for server in (*self.witnesses, *filter(None, [self.authority])):
            server.close()
        shutil.rmtree(self.folder)

    def people(self):
        self.social = self.gateway.agency("soc-1", "social_services")
        self.police = self.gateway.agency("police-1", "police")
        self.case, self.person = self.social.open_case([self.social, self.police])
        self.social.set_phase(self.case, "PHASE_INQUIRY")
        self.social.set_phase(self.case, "PHASE_ENROLLED")
        self.consent = self.social.consent(self.case, [self.person], [("action_plan", self.social, [self.police])])

    def send(self):
        return self.social.send(self.social.message(self.case, self.consent, [self.police]))

    def look(self):
        """A record in the log, whoever is away."""
        return self.social.call("AuditService/ListDisclosures", "ListDisclosuresRequest", {"page_size": 1}, "ListDisclosuresResponse")

    def get(self, path):
        return subprocess.run(["curl", "-sS", "--fail", "--cacert", self.gateway.ca, f"https://localhost:{self.gateway.public_port}/{path}"], check=True, capture_output=True,
                              timeout=60).stdout

    def until(self, true, what):
        """The health for which it holds."""
        def good():
            health = self.gateway.health()
            return health if true(health) else None
        return harness.wait_until(good, what)

    def until_cosigned(self):
        """Everything that is in the log now."""
        size = int(self.gateway.health()["log_size"])
        return self.until(lambda h: int(h.get("cosigned_size", 0)) >= size and not h.get("relaying_stopped"), "the log is not cosigned")

    def until_stopped(self):
        return self.until(lambda h: h.get("relaying_stopped"), "relaying does not stop")

    def ends(self, event):
        """slussd gives up by itself, and says why."""
        status = self.gateway.process.wait(60)
        return status, [line for line in self.gateway.log_path.read_text(errors="replace").splitlines() if f" {event} " in line]


def openssl_verifies(key, text, line):
    """C2SP tlog-cosignature, with nothing of ours."""
    name, key_id, raw = key.split("+", 2)
    octets = base64.b64decode(line.split(b" ")[2])
    public = base64.b64decode(raw)
    assert public[0] == 4 and octets[:4].hex() == key_id == hashlib.sha256(name.encode() + b"\n" + public).digest()[:4].hex()
    when = int.from_bytes(octets[4:12], "big")
    assert abs(when - time.time()) < 300, when
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for what, data in (("key", bytes.fromhex("302a300506032b6570032100") + public[1:]), ("sig", octets[12:]), ("text", f"cosignature/v1\ntime {when}\n".encode() + text)):
            paths[what] = os.path.join(folder, what)
            with open(paths[what], "wb") as file:
                file.write(data)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", paths["key"], "-keyform", "DER", "-in", paths["text"], "-sigfile", paths["sig"]],
                              capture_output=True, check=False)
    return done.returncode == 0


class Witnesses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(authority=True)
        cls.world.people()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def setUp(self):
        self.world.until_cosigned()

    def test_checkpoint_carries_the_cosignatures(self):
        note = self.world.get("checkpoint")
        text, lines = note.split(b"\n\n")
        lines = lines.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[0].startswith("— ".encode() + self.world.gateway.authority.encode() + b" "))
        for witness, line in zip(self.world.witnesses, lines[1:]):
            self.assertTrue(openssl_verifies(witness.key, text + b"\n", line))
            self.assertFalse(openssl_verifies(witness.key, text + b"x\n", line))
        self.assertEqual(self.world.get("keys/witnesses").decode().split(), [w.key for w in self.world.witnesses])
        self.assertEqual(self.world.get("keys/quorum"), b"2\n")
        size = int(text.split(b"\n")[1])
        self.assertIn(str(size), self.world.get("checkpoints/").decode().split())

    def test_proof_leads_to_a_cosigned_checkpoint(self):
        answer = self.world.send()
        self.assertTrue(answer.ok, answer.body)
        index = int(answer.message["receipt"]["log_index"])
        # What nobody has cosigned yet has the log's own signature only.
        self.assertGreaterEqual(answer.message["receipt"]["tlog_proof"].count("\n— "), 1)
        self.world.until(lambda h: int(h["cosigned_size"]) > index, "the message is not cosigned")
        proof = self.world.social.call("AuditService/GetProof", "GetProofRequest", {"log_index": index}, "GetProofResponse").message["receipt"]["tlog_proof"]
        self.assertEqual(proof.count("\n— "), 3)
        self.assertTrue(proof.startswith(f"c2sp.org/tlog-proof@v1\nindex {index}\n"))
        text, lines = proof.split("\n\n")[1:3]
        for witness, line in zip(self.world.witnesses, lines.splitlines()[1:]):
            self.assertTrue(openssl_verifies(witness.key, text.encode() + b"\n", line.encode()))

    def test_an_auditor_verifies_all_of_it(self):
        self.assertTrue(self.world.send().ok)
        self.world.until_cosigned()
        self.world.until(lambda h: int(h.get("timestamped_size", 0)) > 0, "no timestamp")
        auditor = self.world.gateway.cli("auditor-1", "auditor", "a1")
        export = pathlib.Path(self.world.folder) / "export"
        auditor.run("audit", "export", export)
        done = subprocess.run([harness.SLUSS, "audit", "verify", export, "--json"], capture_output=True, text=True, timeout=60, check=False)
        answer = json.loads(done.stdout)
        self.assertEqual((done.returncode, answer["findings"], answer["cosignedSize"]), (0, [], answer["size"]))
        self.assertGreaterEqual(answer["timestamps"], 1)
        # Whoever hands it on leaves out a witness, and needs one fewer: the log's settings know better.
        keys = export / "keys" / "witnesses"
        keys.write_text(keys.read_text().splitlines()[0] + "\n")
        (export / "keys" / "quorum").write_text("1\n")
        note = export / "checkpoint"
        note.write_text("".join(line for line in note.read_text().splitlines(True) if not line.startswith("— polis.w.example ")))
        done = subprocess.run([harness.SLUSS, "audit", "verify", export, "--json"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual({f["kind"] for f in json.loads(done.stdout)["findings"]}, {"key-differs"}, done.stdout)

    def test_an_auditor_sees_how_the_log_stands(self):
        auditor = self.world.gateway.auditor("audit-2")
        self.world.until_cosigned()
        ask = ("AuditService/GetLogHealth", "GetLogHealthRequest", {}, "GetLogHealthResponse")
        health = auditor.call(*ask).message
        self.assertEqual(([w["name"] for w in health["witnesses"]], [w["state"] for w in health["witnesses"]], health["witness_quorum"]),
                         (["skola.w.example", "polis.w.example"], ["cosigned"] * 2, 2))
        self.assertEqual(health["checkpoint"].split("\n")[:2], [self.world.gateway.authority, str(health["size"])])
        self.assertFalse(health.get("relaying_stopped", False))
        self.assertLess(abs(int(health["cosigned_at"]["seconds"]) - time.time()), 300)
        self.assertEqual(self.world.police.call(*ask).code, "permission_denied")

    def test_without_a_quorum_nothing_is_relayed(self):
        self.assertTrue(self.world.send().ok)
        self.world.witnesses[1].away = True
        health = self.world.until_stopped()
        self.assertEqual([w["state"] for w in health["witnesses"]], ["cosigned", "it cannot answer now"])
        answer = self.world.send()
        self.assertEqual((answer.status, answer.code, answer.reason), (503, "unavailable", "UNAVAILABLE"))
        self.assertIn("Relaying has stopped: 2 of the log's 2 witnesses", answer.text)
        answer = self.world.police.fetch()
        self.assertEqual((answer.status, answer.code), (503, "unavailable"))
        # What takes away is always taken.
        case, person = self.world.social.open_case([self.world.social, self.world.police])
        self.world.social.consent(case, [person], [("action_plan", self.world.social, [self.world.police])])
        answer = self.world.social.withdraw(case, person)
        self.assertTrue(answer.ok, answer.body)
        self.assertTrue(self.world.gateway.health().get("relaying_stopped"))
        self.world.witnesses[1].away = False
        self.world.until_cosigned()
        self.assertTrue(self.world.send().ok)
        answer = self.world.police.fetch()
        self.assertTrue(answer.ok and len(answer.message["deliveries"]) >= 2, answer.body)
        for delivery in answer.message["deliveries"]:
            self.world.police.acknowledge(delivery)
        events = self.world.gateway.log_path.read_text()
        self.assertIn(" relaying-stopped ", events)
        self.assertIn(" relaying-resumed ", events)
        self.assertIn(" witness-failed witness=polis.w.example", events)

    def test_courier_dies_alone(self):
        before = self.world.gateway.pids()
        self.world.gateway.kill("courier")
        harness.wait_until(lambda: self.world.gateway.pids()["courier"] != before["courier"] and self.world.gateway.pids()["courier"] != 0, "no new courier")
        self.world.look()
        self.world.until_cosigned()
        self.assertEqual({k: v for k, v in self.world.gateway.pids().items() if k != "courier"}, {k: v for k, v in before.items() if k != "courier"})
        self.assertTrue(self.world.send().ok)


class OldDatabase(unittest.TestCase):
    """A copy of the whole state, put back after witnesses saw more."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.social = self.world.gateway.agency("soc-1", "social_services")
        self.world.until_cosigned()
        self.world.gateway.stop()
        self.copy = os.path.join(self.world.folder, "copy")
        shutil.copytree(self.world.gateway.state, self.copy, symlinks=True)
        self.world.gateway.start()
        for _ in range(20):
            self.assertTrue(self.world.look().ok)
        self.size = int(self.world.until_cosigned()["cosigned_size"])
        self.world.gateway.stop()
        shutil.rmtree(self.world.gateway.state)
        shutil.copytree(self.copy, self.world.gateway.state, symlinks=True)

    def test_behind_a_witness_it_does_not_run(self):
        try:
            self.world.gateway.start()
        except RuntimeError:
            pass  # it may have ended already
        status, events = self.world.ends("witness-ahead")
        self.assertEqual(status, 1)
        self.assertTrue(any(f"has cosigned {self.size} entries of this log" in e and "Put back the newest copy" in e for e in events), self.world.gateway.log_tail())

    def test_a_copy_that_went_on_does_not_run(self):
        for witness in self.world.witnesses:
            witness.away = True
        self.world.gateway.start()
        self.world.until_stopped()  # from the start: nobody has said that this is the newest
        while int(self.world.gateway.health()["log_size"]) <= self.size:
            self.assertTrue(self.world.look().ok)
        for witness in self.world.witnesses:
            witness.away = False
        status, events = self.world.ends("witness-fork")
        self.assertEqual(status, 1)
        self.assertTrue(any("another history of this log" in e for e in events), self.world.gateway.log_tail())


class Agent(unittest.TestCase):
    """sluss-agentd is a witness."""

    def test_it_cosigns(self):
        with harness.gateway() as gateway, agentd.Agentd(gateway.cli("skola-1", "school", "o1"), witness_listen="127.0.0.1:0") as agent:
            state = agent.state / "state"
            port = harness.wait_until(lambda: (state / "witness-port").read_text().strip(), "the agent is no witness")
            key = (state / "witness.vkey").read_text().strip()
            gateway.stop()
            with gateway.settings.open("a") as file:
                file.write(f"witness = {key} http://127.0.0.1:{port}\nwitness_quorum = 1\nwitness_period_ms = 200\nwitness_gap_max_ms = 60000\n")
            gateway.start()
            harness.wait_until(lambda: int(gateway.health().get("cosigned_size", 0)) > 0, "the agent does not cosign")
            note = subprocess.run(["curl", "-sS", "--fail", "--cacert", gateway.ca, f"https://localhost:{gateway.public_port}/checkpoint"], check=True, capture_output=True,
                                  timeout=60).stdout
            text, lines = note.split(b"\n\n")
            self.assertTrue(openssl_verifies(key, text + b"\n", lines.splitlines()[1]))


class OverTls(unittest.TestCase):
    """Witnesses and a time-stamping authority behind https: believed when their certificates lead to courier_ca and are for the URL's host, and else named."""

    def test_certificates(self):
        folder = tempfile.mkdtemp(prefix="sluss-")
        self.addCleanup(shutil.rmtree, folder)
        ours, other = (outside.TlsAuthority(folder, name) for name in ("ours", "other"))
        hosts = {"good.w.example": ours.server("good", "IP:127.0.0.1"), "name.w.example": ours.server("name", "IP:127.0.0.2,DNS:w.example"),
                 "ca.w.example": other.server("ca", "IP:127.0.0.1")}
        witnesses = [outside.Witness(folder, name, number, tls) for number, (name, tls) in enumerate(hosts.items(), 1)]
        authority = outside.TimestampAuthority(folder, ours.server("tsa-https", "IP:127.0.0.1"))
        for server in (*witnesses, authority):
            self.addCleanup(server.close)
        gateway = harness.Gateway(folder, settings={"timestamp_url": authority.url, "timestamp_ca": authority.ca, "timestamp_period_ms": 300, "courier_ca": ours.ca})
        with gateway.settings.open("a") as file:
            file.write("witness_quorum = 1\nwitness_period_ms = 200\n" + "".join(w.setting + "\n" for w in witnesses))
        for witness in witnesses:
            witness.log_key = (gateway.state / "log.vkey").read_text().strip()
        self.addCleanup(gateway.stop)
        gateway.start()
        health = harness.wait_until(lambda: next((h for h in [gateway.health()] if int(h.get("timestamped_size", 0)) > 0
                                                  and [w.get("state") for w in h["witnesses"]] == ["cosigned", "it cannot be reached", "it cannot be reached"]), None),
                                    "nobody answers over https")
        self.assertGreater(int(health["cosigned_size"]), 0)
        events = gateway.log_path.read_text(errors="replace")
        for name, why in (("name.w.example", "its certificate is for another name than the URL"),
                          ("ca.w.example", "its certificate is not by an authority of the settings")):
            self.assertIn(f'witness-failed witness={name} status=0 what="it cannot be reached" why="{why}"', events)
        self.assertEqual([w.asked for w in witnesses[1:]], [0, 0])  # not an octet came through


class WrongKey(unittest.TestCase):
    def test_it_does_not_start(self):
        folder = tempfile.mkdtemp(prefix="sluss-")
        self.addCleanup(shutil.rmtree, folder)
        gateway = harness.Gateway(folder)
        with gateway.settings.open("a") as file:
            file.write("witness = a.example+00000000+BAAA http://127.0.0.1:1\n")
        done = subprocess.run([harness.SLUSSD, "--config", gateway.settings], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("needs a verifier key as the witness gives it (name+id+key); this is none: a.example+00000000+BAAA", done.stderr)


if __name__ == "__main__":
    unittest.main()
