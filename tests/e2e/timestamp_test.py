# SPDX-License-Identifier: EUPL-1.2
"""Timestamps (RFC 3161) over the log's checkpoints: `openssl ts -verify` accepts what is served, a lying authority is not believed, and without timestamps for too long
nothing is relayed."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness
import outside


class World:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sluss-")
        self.gateway = self.authority = None
        try:
            self.authority = outside.TimestampAuthority(self.folder)
            self.gateway = harness.Gateway(self.folder, settings={
                "timestamp_url": self.authority.url + "/tsa", "timestamp_ca": self.authority.ca, "timestamp_period_ms": 300, "timestamp_gap_max_ms": 2000})
            self.gateway.start()
        except BaseException:
            self.close()
            raise
        self.social = self.gateway.agency("soc-1", "social_services")
        self.police = self.gateway.agency("police-1", "police")
        self.case, self.person = self.social.open_case([self.social, self.police])
        self.social.set_phase(self.case, "PHASE_INQUIRY")
        self.social.set_phase(self.case, "PHASE_ENROLLED")
        self.consent = self.social.consent(self.case, [self.person], [("action_plan", self.social, [self.police])])

    def close(self):
        if self.gateway:
            self.gateway.stop()
        if self.authority:
            self.authority.close()
        shutil.rmtree(self.folder)

    def send(self):
        return self.social.send(self.social.message(self.case, self.consent, [self.police]))

    def get(self, path):
        return subprocess.run(["curl", "-sS", "--fail", "--cacert", self.gateway.ca, f"https://localhost:{self.gateway.public_port}/{path}"], check=True, capture_output=True,
                              timeout=60).stdout

    def until(self, true, what):
        """The health for which it holds."""
        def good():
            health = self.gateway.health()
            return health if true(health) else None
        return harness.wait_until(good, what)

    def until_stamped(self):
        """All that is in the log now has its date."""
        size = int(self.gateway.health()["log_size"])
        return self.until(lambda h: int(h.get("timestamped_size", 0)) >= size and not h.get("relaying_stopped"), "the log has no timestamp")

    def until_event(self, text):
        harness.wait_until(lambda: text in self.gateway.log_path.read_text(errors="replace"), f"no event: {text}")

    def verify(self, note, reply):
        """By openssl alone: over the note's text, by the served CA. In a folder of its own: the authority goes on answering in its folder meanwhile."""
        with tempfile.TemporaryDirectory(prefix="sluss-") as folder:
            for name, octets in (("text", note[:note.index(b"\n\n") + 1]), ("reply", reply), ("ca", self.get("keys/tsa.pem"))):
                (pathlib.Path(folder) / name).write_bytes(octets)
            return subprocess.run(["openssl", "ts", "-verify", "-data", "text", "-in", "reply", "-CAfile", "ca"], cwd=folder, capture_output=True, check=False).returncode == 0


class Timestamps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def setUp(self):
        self.world.authority.lie = None
        self.world.authority.away = False
        self.world.until_stamped()

    def test_openssl_accepts_what_is_served(self):
        self.assertTrue(self.world.send().ok)
        self.world.until_stamped()
        sizes = [line.split()[0] for line in self.world.get("checkpoints/").decode().splitlines() if line.endswith(" t")]
        self.assertGreaterEqual(len(sizes), 1)
        for size in sizes:
            note, reply = self.world.get(f"checkpoints/{size}"), self.world.get(f"timestamps/{size}.tsr")
            self.assertEqual(note.split(b"\n")[1].decode(), size)
            self.assertTrue(self.world.verify(note, reply), size)
            self.assertFalse(self.world.verify(note.replace(b"\n", b"x\n", 1), reply))

    def test_a_lying_authority_is_not_believed(self):
        for lie, why in (("imprint", "it is over something else (imprint)"), ("nonce", "it answers another query (nonce)"),
                         ("signer", "its certificate does not lead to timestamp_ca, or is not for time-stamping")):
            with self.subTest(lie):
                before = self.world.until_stamped()
                self.world.authority.lie = lie
                self.assertTrue(self.world.send().ok)
                self.world.until_event(f'timestamp-failed status=200 why="{why}"')
                health = self.world.until(lambda h: h.get("relaying_stopped"), "relaying does not stop")
                self.assertLess(int(health["timestamped_size"]), int(health["log_size"]))
                self.assertGreaterEqual(int(health["timestamped_size"]), int(before["timestamped_size"]))
                self.world.authority.lie = None
                self.world.until_stamped()

    def test_without_timestamps_nothing_is_relayed(self):
        self.world.authority.away = True
        health = self.world.until(lambda h: h.get("relaying_stopped"), "relaying does not stop")
        self.assertIn("the log's newest timestamp is older than it may be (2000 ms)", health["relaying_stopped"])
        answer = self.world.send()
        self.assertEqual((answer.status, answer.code), (503, "unavailable"))
        self.assertIn("newest timestamp is older", answer.text)
        self.world.authority.away = False
        self.world.until_stamped()
        self.assertTrue(self.world.send().ok)

    # After a restart the stored timestamp counts by its own date.
    def test_restart(self):
        size = int(self.world.until_stamped()["timestamped_size"])
        self.world.authority.away = True
        self.world.gateway.stop()
        self.world.gateway.start()
        self.assertGreaterEqual(int(self.world.gateway.health().get("timestamped_size", 0)), size)
        self.assertTrue(self.world.verify(self.world.get(f"checkpoints/{size}"), self.world.get(f"timestamps/{size}.tsr")))
        self.world.authority.away = False
        self.world.until_stamped()


if __name__ == "__main__":
    unittest.main()
