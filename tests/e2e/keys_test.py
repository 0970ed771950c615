# SPDX-License-Identifier: EUPL-1.2
"""Keys that change, are lost, or go: rotation with overlap, revocation and joining again, an agency that leaves. What was signed stays verifiable, what was sealed
to an old key stays readable where that key is."""
import json
import shutil
import subprocess
import unittest

import harness
import logcheck
from harness import contents

DENIED, REFUSED, UNAVAILABLE = 2, 3, 4  # exit codes of sluss.1


def setUpModule():
    global world
    world = World()


def tearDownModule():
    world.context.__exit__(None, None, None)


class World:
    """Social services and a school share about one young adult."""

    def __init__(self):
        self.context = harness.gateway()
        self.gateway = self.context.__enter__()
        self.onlooker = self.gateway.agency("clinic-1", "health")
        self.social = self.gateway.cli("soc-1", "social_services", "s1")
        self.school = self.gateway.cli("school-1", "school", "k1")
        opened = self.social.run(
            "case", "open", "--programme", "SSPF", "--subject", f"birth={harness.time.gmtime().tm_year - 19}-01-01,name=Alva Provsson,language=sv", "--member", "soc-1=s1", "--member",
            "school-1=k1", "--coordinator", "s1")["case"]
        self.case = opened["caseId"]
        text = self.gateway.folder / "consent.txt"
        text.write_text("What we ask you to agree to.\n")
        now = harness.time.time()
        valid = f"purpose=coordination,valid={harness.rfc3339(now - 60)}/{harness.rfc3339(now + 90 * 86400)}"
        self.consent = self.social.run(
            "consent", "record", "--case", self.case, "--text-version", "1", "--language", "sv", "--text-file", text, "--grant",
            f"category=school_attendance,from=school-1,to=soc-1,{valid}", "--grant", f"category=needs,from=soc-1,to=school-1,{valid}")["consentId"]
        self.social.run("consent", "give", "--consent", self.consent, "--person", opened["subjectPersonId"], "--case", self.case)
        for phase in ("inquiry", "enrolled"):
            self.social.run("case", "phase", self.case, phase)

    def send(self, sender, text, expect=0):
        to_school = sender.id == "soc-1"
        category, message_type = ("needs", "NeedsInventory") if to_school else ("school_attendance", "AttendanceReport")
        section = {"category": category, "purpose": "coordination", "claim": f"consent:{self.consent}", "json": contents.of(category, message_type, text)}
        return sender.run("send", "--case", self.case, "--type", message_type, "--to",
                          "school-1" if to_school else "soc-1", "--section", json.dumps(section), expect=expect)

    def read(self, recipient):
        """What waits, opened: envelope signature, digests and seals are checked on the way."""
        return [contents.word_of(s["content"]) for m in recipient.run("fetch", "--all", "--ack")["messages"] for s in m["sections"]]

    def copy_of(self, who, name):
        """The same agency with the profile as it is now."""
        other = harness.Cli(self.gateway, who.id, who.officer)
        other.profile = self.gateway.folder / name
        shutil.copytree(who.profile, other.profile)
        return other

    def events(self):
        return [logcheck.event(r) for r in self.gateway.log(self.onlooker)]

    def admin(self, *words):
        return json.loads(subprocess.run([str(w) for w in (harness.SLUSS, "admin", *words, "--json", "--socket", self.gateway.state / "admin.sock")],
                                         capture_output=True, text=True, check=True).stdout)


def key_id(who):
    return who.run("agency", "keys")["signingKeyId"]


def refused(test, who):
    """Neither let in nor, if it were, believed: a refused handshake is no answer, a refused request is a denial."""
    command = [str(w) for w in (harness.SLUSS, "agency", "list", "--json", "--profile", who.profile, "--officer", who.officer)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    test.assertIn(done.returncode, (DENIED, UNAVAILABLE), done.stdout + done.stderr)


class Keys(unittest.TestCase):
    """One story; the tests run in the order of their names."""

    def test_1_rotation_overlaps(self):
        first = world.copy_of(world.school, "school-first")
        early = world.send(world.school, "signed with the first key")
        world.send(world.social, "sealed to the first key")
        world.school.run("agency", "keys", "--rotate", "--overlap-hours", "24")
        self.assertNotEqual(key_id(first), key_id(world.school))
        self.assertNotEqual((first.profile / "client.crt").read_text(), (world.school.profile / "client.crt").read_text())
        self.assertNotEqual((first.profile / "client.key").read_text(), (world.school.profile / "client.key").read_text())
        self.assertEqual([p.name for p in world.school.profile.iterdir() if ".next." in p.name], [])

        # Through the overlap both count: the old certificate lets in, the old key signs, the new one opens what was sealed to the old one.
        world.send(first, "signed with the first key, in the overlap")
        world.send(world.school, "signed with the second key")
        world.send(world.social, "sealed to the second key")
        self.assertEqual(world.read(world.school), ["sealed to the first key", "sealed to the second key"])
        second = world.copy_of(world.school, "school-second")
        world.school.run("agency", "keys", "--rotate", "--overlap-hours", "0")

        # Without an overlap the old ones end at once. What they signed while they counted is still read, and its receipt still holds.
        for old in (first, second):
            refused(self, old)
        error = self.sign_with(second)
        self.assertEqual(error["reason"], "KEY_UNKNOWN")
        self.assertEqual(world.read(world.social), ["signed with the first key", "signed with the first key, in the overlap", "signed with the second key"])
        self.verify(early)

    def test_2_a_lost_key_is_refused_at_once(self):
        lost = world.copy_of(world.school, "school-lost")
        early = world.send(world.school, "signed with the key that was lost")
        world.send(world.social, "sealed before the loss")
        answer = world.admin("key", "revoke", "school-1", "--key", key_id(lost))
        self.assertEqual(answer["records"], 2)
        self.assertEqual(world.admin("key", "revoke", "school-1", "--key", key_id(lost)).get("records", 0), 0)
        refused(self, lost)
        revoked = [e for name, e in world.events() if name == "key_revoked"]
        self.assertIn(key_id(lost), [e.get("key_id") for e in revoked])
        self.assertTrue(any(not e.get("key_id") and len(e["certificate"]) == 32 for e in revoked))

        world.school.run("agency", "enrol", "--url", f"https://localhost:{world.gateway.public_port}", "--agency-url",
                         f"https://localhost:{world.gateway.agency_port}", "--ca", world.gateway.ca, "--authority", world.gateway.authority, "--agency", "school-1",
                         "--again", "--token", world.gateway.token("school-1", "school"))
        self.assertNotEqual(key_id(lost), key_id(world.school))
        refused(self, lost)
        self.assertEqual(self.sign_with(lost)["reason"], "KEY_UNKNOWN")
        world.send(world.social, "sealed after the loss")
        self.assertEqual(world.read(world.school), ["sealed before the loss", "sealed after the loss"])
        world.send(world.school, "signed after the loss")
        self.assertEqual(world.read(world.social), ["signed with the key that was lost", "signed after the loss"])
        self.verify(early)

    def test_3_an_agency_that_leaves(self):
        gone = world.copy_of(world.school, "school-gone")
        world.send(world.school, "never read by social services")
        waiting = world.send(world.social, "never read by the school")
        answer = world.admin("agency", "revoke", "school-1")
        self.assertEqual(answer["deliveriesWithheld"], 2)
        refused(self, gone)
        self.assertEqual(world.read(world.social), [])
        self.assertEqual(world.gateway.health().get("waiting", 0), 0)
        events = world.events()
        after = [name for name, _ in events][[name for name, _ in events].index("agency_left"):]
        self.assertEqual(sorted(n for n in after if n in ("withheld", "payload_destroyed", "released")), ["payload_destroyed"] * 2 + ["withheld"] * 2)
        # The case remembers who took part; the directory who that was, and with which keys.
        members = world.social.run("case", "show", world.case)["case"]["members"]
        self.assertIn("school-1", [m["agencyId"] for m in members])
        shown = world.social.run("agency", "show", "school-1")["agency"]
        self.assertTrue(shown["left"])
        self.assertEqual(len(shown["keys"]), 4)
        self.assertEqual(world.send(world.social, "to nobody", expect=REFUSED)["reason"], "UNKNOWN_AGENCY")
        self.verify(waiting)

    def sign_with(self, old):
        """A statement signed by an old key that comes in through the door of the new certificate."""
        thief = world.copy_of(old, f"thief-{old.profile.name}")
        for name in ("client.crt", "client.key"):
            shutil.copy(world.school.profile / name, thief.profile / name)
        return world.send(thief, "signed with an old key", expect=DENIED)

    def verify(self, answer):
        """Offline: the receipt against the log's key."""
        path = world.gateway.folder / "receipt.json"
        path.write_text(json.dumps(answer["receipt"]))
        world.social.run("audit", "verify", "--receipt", path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
