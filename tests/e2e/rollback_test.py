# SPDX-License-Identifier: EUPL-1.2
"""A gateway refuses to run on a database that is not what it signed last: an older copy (with and without its write-ahead log), another history, a cut-off file; and two
gateways never share one. What the operator accepts on purpose stands in the log."""
import base64
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness


class Rollback(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluss-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.second = self.folder / "elsewhere" / "head"
        self.second.parent.mkdir()
        self.gateway = harness.Gateway(self.folder, settings={"secondary_head_file": self.second})
        self.social = None
        self.addCleanup(self.halt)
        self.db = self.gateway.state / "db"

    def halt(self):
        """Stops; a connection that is still open would be waited for."""
        if self.social and self.social.connection:
            self.social.connection.close()
            self.social.connection = None
        self.gateway.stop()

    def write(self, count=1):
        """`count` records and their commits."""
        for _ in range(count):
            answer = self.social.call("AuditService/ListDisclosures", "ListDisclosuresRequest", {}, "ListDisclosuresResponse")
            self.assertTrue(answer.ok)

    def begin(self):
        self.gateway.start()
        self.social = self.gateway.agency("soc-1", "social_services")
        self.write(3)

    def copy(self, name, leave_out=()):
        """A copy of the database as it is on the disk; the gateway may run."""
        shutil.copytree(self.db, self.folder / name, ignore=shutil.ignore_patterns(*leave_out))

    def put_back(self, name):
        shutil.rmtree(self.db)
        shutil.copytree(self.folder / name, self.db)

    def size(self):
        return int(self.gateway.health()["log_size"])

    def refused(self, *options):
        """Starts slussd, which must end by itself; what it said."""
        done = subprocess.run([harness.SLUSSD, "--config", self.gateway.settings, *options], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        return done.stdout + done.stderr

    def accept(self):
        """Starts with the operator's word for it."""
        (self.gateway.state / "ports").unlink(missing_ok=True)
        self.gateway.process = subprocess.Popen([harness.SLUSSD, "--config", self.gateway.settings, "--accept-rollback"],
                                                stdout=self.gateway.log_path.open("ab"), stderr=subprocess.STDOUT)
        self.gateway.wait_ready()

    def restored(self):
        return [r["restored"] for r in self.gateway.log(self.social) if "restored" in r]

    def head(self):
        """(size, root) of the newest head in the second place."""
        octets = self.second.read_bytes()
        notes = [octets[at:at + 4096].rstrip(b"\0").decode() for at in (0, 4096)]
        return max((int(n.split("\n")[1]), base64.b64decode(n.split("\n")[2])) for n in notes if n)

    def test_head_follows_every_commit(self):
        self.begin()
        for _ in range(5):
            self.write()
            self.assertEqual(self.head()[0], self.size())
        before = self.gateway.pids()["core"]
        self.gateway.kill("core")  # and it goes on
        harness.wait_until(lambda: self.gateway.pids()["core"] != before and self.gateway.health(), "core is there again")
        self.social.connection = None
        self.write()
        self.assertEqual(self.head()[0], self.size())
        self.halt()
        self.gateway.start()
        self.assertEqual(self.restored(), [])

    def test_older_database_without_its_log(self):
        self.begin()
        self.halt()
        self.copy("old")
        self.gateway.start()
        self.write(4)
        signed, root = self.head()
        self.halt()
        self.put_back("old")
        said = self.refused()
        self.assertIn(f"signed head of {signed} entries", said)
        self.assertIn("it is an older copy", said)
        self.assertIn("slussd --accept-rollback", said)
        # On purpose: it goes on, and says so for ever.
        self.accept()
        records = self.restored()
        self.assertEqual(len(records), 1)
        self.assertEqual((records[0]["signed_size"], records[0]["signed_root"]), (signed, root))
        self.assertLess(records[0]["size"], signed)
        self.assertNotIn("forked", {k for k, v in records[0].items() if v})
        self.assertEqual(self.head()[0], self.size())
        self.halt()
        self.gateway.start()  # once was enough
        self.assertEqual(len(self.restored()), 1)

    def test_older_database_with_its_log(self):
        self.begin()
        self.copy("old")  # as it runs, with what lies in the write-ahead log
        self.write(4)
        self.halt()
        self.put_back("old")
        self.assertIn("it is an older copy", self.refused())

    def test_newer_database_whose_log_is_lost(self):
        self.begin()
        self.write(4)
        self.copy("torn", leave_out=("*-wal", "*-shm"))
        self.halt()
        self.put_back("torn")
        said = self.refused()
        self.assertTrue("it is an older copy" in said or "cannot be trusted" in said or "cannot be opened" in said, said)

    def test_another_history(self):
        self.begin()
        self.halt()
        self.copy("old")
        self.gateway.start()
        self.write(2)
        second = self.second.read_bytes()
        signed = self.head()[0]
        self.halt()
        # The same start, gone on otherwise, until it has more entries than what was signed.
        self.put_back("old")
        self.second.unlink()
        self.accept()
        self.write(signed)
        self.halt()
        self.second.write_bytes(second)
        said = self.refused()
        self.assertIn("its history is another one", said)
        self.accept()
        records = self.restored()
        self.assertTrue(records[-1]["forked"])
        self.assertEqual(records[-1]["signed_size"], signed)

    def test_second_place_lost_or_damaged(self):
        self.begin()
        self.halt()
        whole = self.second.read_bytes()
        self.second.unlink()
        self.assertIn("is empty, though this log was kept in one before", self.refused())
        self.second.write_bytes(b"x" * 8192)
        self.assertIn("holds no head that this log signed", self.refused())
        # One slot torn: the other counts, and the database may be ahead of it.
        newer = 0 if whole[:4096] > whole[4096:] else 4096
        self.second.write_bytes(whole[:newer] + b"y" * 100 + whole[newer + 100:])
        self.gateway.start()
        self.assertEqual(self.restored(), [])
        self.assertEqual(self.head()[0], self.size())

    def test_turned_on_later(self):
        text = self.gateway.settings.read_text()
        self.gateway.settings.write_text("\n".join(line for line in text.splitlines() if not line.startswith("secondary_head_file")) + "\n")
        self.begin()
        self.assertFalse(self.second.exists())
        self.halt()
        self.gateway.settings.write_text(text)
        self.gateway.start()
        self.assertEqual(self.head()[0], self.size())
        settings = [r["settings"]["values"] for r in self.gateway.log(self.social) if "settings" in r]
        self.assertEqual([[v for v in s if v.startswith("secondary_head=")] for s in settings], [["secondary_head=false"], ["secondary_head=true"]])
        self.assertIn("lease_ms=30000", settings[0])

    def test_truncated_database(self):
        self.begin()
        self.halt()
        path = self.db / "sluss.db"
        path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])
        said = self.refused()
        self.assertIn("core-recovery", said)
        self.assertNotIn("gateway-ready", said)

    def test_two_gateways(self):
        self.begin()
        # On one state folder.
        self.assertIn("already-running", self.refused())
        # On one database, by a folder of its own that leads to it.
        (self.folder / "other").mkdir()
        other = harness.Gateway(self.folder / "other", settings={"secondary_head_file": self.folder / "other.head"})
        shutil.rmtree(other.state / "db")
        (other.state / "db").symlink_to(self.db)
        for key in ("log.key", "data.key"):
            shutil.copy(self.gateway.state / "keys" / key, other.state / "keys" / key)
        self.gateway, running = other, self.gateway
        self.addCleanup(running.stop)
        said = self.refused()
        self.assertIn("Is another gateway running on it?", said)
        # On one second place.
        (other.state / "db").unlink()
        (other.state / "db").mkdir()
        other.settings.write_text(other.settings.read_text().replace(str(self.folder / "other.head"), str(self.second)))
        self.assertIn("another gateway uses this file", self.refused())
        self.gateway = running
        self.write()


if __name__ == "__main__":
    unittest.main()
