# SPDX-License-Identifier: EUPL-1.2
"""The log as files over HTTPS (C2SP tlog-tiles), read with curl as anybody may read it: paths, headers, verbs, who may have what, and that the files make the tree that the
checkpoint signs. An auditor sees all of it, and takes part in nothing."""
import base64
import datetime
import hashlib
import json
import subprocess
import unittest
import uuid

import harness

FOREVER = "max-age=31536000, immutable"


def setUpModule():
    global world
    world = World()


def tearDownModule():
    world.context.__exit__(None, None, None)


def hashes(octets):
    return [octets[i:i + 32] for i in range(0, len(octets), 32)]


def tile_path(level, index):
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/" + "/".join(groups)


class World:
    """A case, a consent, a message that is denied, and then looks until the log has more than two tiles."""

    def __init__(self):
        self.context = harness.gateway()
        self.gateway = self.context.__enter__()
        self.social = self.gateway.agency("soc-1", "social_services")
        self.police = self.gateway.agency("police-1", "police")
        self.audit = self.gateway.auditor()
        self.case, self.person = self.social.open_case([self.social, self.police])
        self.social.set_phase(self.case, "PHASE_INQUIRY")
        self.social.set_phase(self.case, "PHASE_ENROLLED")
        self.consent = self.social.consent(self.case, [self.person], [("action_plan", self.social, [self.police])])
        for category in ("action_plan", "health"):
            self.social.send(self.social.message(self.case, self.consent, [self.police], category=category))
        self.police.fetch()
        while int(self.gateway.health()["log_size"]) < 520:
            self.look(page_size=1)

    def look(self, by=None, **how):
        return (by or self.audit).call("AuditService/ListDisclosures", "ListDisclosuresRequest", how, "ListDisclosuresResponse")

    def get(self, path, by=None, verb="GET", options=()):
        """(status, headers in lower case, body) of one curl; as nobody on the public port, or as an agency on the agencies' port."""
        port = self.gateway.agency_port if by else self.gateway.public_port
        certificate = ["--cert", by.certificate, "--key", by.key] if by else []
        shape = ["--head"] if verb == "HEAD" else ["-X", verb] if verb != "GET" else []
        done = subprocess.run(["curl", "-sS", "-i", "--path-as-is", "--cacert", self.gateway.ca, *certificate, *shape, *options, f"https://localhost:{port}/{path}"],
                              capture_output=True, check=True, timeout=60)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        return int(first.split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}, body

    def checkpoint(self):
        status, _, note = self.get("checkpoint")
        assert status == 200, status
        origin, size, root = note.decode().split("\n")[:3]
        assert origin == self.gateway.authority
        return int(size), base64.b64decode(root)


class LogServe(unittest.TestCase):
    def test_checkpoint_and_key_verify(self):
        status, headers, note = world.get("checkpoint")
        self.assertEqual((status, headers["content-type"], headers["cache-control"]), (200, "text/plain; charset=utf-8", "no-store"))
        status, _, vkey = world.get("keys/log.vkey")
        self.assertEqual(status, 200)
        name, key_id, key = vkey.decode().strip().split("+", 2)
        self.assertEqual(name, world.gateway.authority)
        text, signature = note.split(b"\n\n")
        octets = base64.b64decode(signature.split(b" ")[2])
        self.assertEqual(octets[:4].hex(), key_id)
        raw = base64.b64decode(key)[1:]
        folder = world.gateway.folder
        (folder / "log.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + raw)
        (folder / "log.sig").write_bytes(octets[4:])
        (folder / "log.text").write_bytes(text + b"\n")
        subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", folder / "log.der", "-keyform", "DER", "-in", folder / "log.text", "-sigfile",
                        folder / "log.sig"], check=True, capture_output=True)

    def test_tiles_and_bundles_make_the_tree(self):
        size, root = world.checkpoint()
        self.assertGreater(size, 512)
        leaves, entries = [], []
        for index in range((size + 255) // 256):
            width = min(256, size - index * 256)
            part = "" if width == 256 else f".p/{width}"
            status, headers, octets = world.get(tile_path(0, index) + part)
            self.assertEqual((status, headers["content-type"]), (200, "application/octet-stream"))
            self.assertIn(FOREVER, headers["cache-control"])
            leaves += hashes(octets)
            status, headers, bundle = world.get(tile_path("entries", index) + part, by=world.audit)
            self.assertEqual(status, 200)
            self.assertEqual(headers["cache-control"], "private, " + FOREVER)
            while bundle:
                length = int.from_bytes(bundle[:2], "big")
                entries.append(bundle[2:2 + length])
                bundle = bundle[2 + length:]
        self.assertEqual([hashlib.sha256(b"\0" + e).digest() for e in entries], leaves)
        self.assertEqual(harness.merkle_root(leaves), root)
        status, _, octets = world.get(f"tile/1/000.p/{size // 256}")
        self.assertEqual(hashes(octets), [harness.merkle_root(leaves[i:i + 256]) for i in range(0, size - 255, 256)])

    def test_every_partial_tile_of_a_published_size(self):
        whole = hashes(world.get("tile/0/000")[2])
        for width in (1, 2, 3, 100, 254, 255):
            self.assertEqual(hashes(world.get(f"tile/0/000.p/{width}")[2]), whole[:width])
        one = world.get("tile/entries/000.p/1", by=world.police)[2]
        self.assertEqual(len(one), 2 + int.from_bytes(one[:2], "big"))

    def test_what_is_not_there(self):
        size, _ = world.checkpoint()
        last = size // 256
        for path in (f"tile/0/{last:03}", f"tile/0/{last:03}.p/255", f"tile/0/{last + 1:03}.p/1", "tile/1/000", "tile/2/000", "tile/2/000.p/1", "tile/63/000.p/1",
                     "tile/0/x001/000.p/1", "keys/witnesses", "keys/log.key", "keys/", "checkpoints/7", "timestamps/7.tsr", "checkpoint/", "checkpoint.txt"):
            self.assertEqual(world.get(path)[0], 404, path)
        self.assertEqual(world.get("checkpoints/")[::2], (200, b""))

    def test_other_spellings_are_refused(self):
        for path in ("tile/00/000", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/",
                     "tile/0/000/", "tile/0/000.p", "tile/64/000", "tile/-1/000", "tile/+0/000", "tile/0/%30%30%30", "tile/0/001/000", "tile/0/X001/000", "tile//000",
                     "tile/", "tile/8/0/000", "tile/0/../0/000", "tile/0/x18446744073709551616/000", "checkpoints/07", "checkpoints/-1", "timestamps/07.tsr", "timestamps/7"):
            status, headers, body = world.get(path)
            self.assertEqual(status, 400, path)
            self.assertEqual(headers["content-type"], "application/json")
            self.assertIn(b"MALFORMED", body)

    def test_verbs(self):
        for path in ("checkpoint", "tile/0/000", "keys/log.vkey"):
            for verb in ("POST", "PUT", "DELETE", "OPTIONS"):
                status, headers, _ = world.get(path, verb=verb)
                self.assertEqual((status, headers["allow"]), (405, "GET, HEAD"), (path, verb))
            status, headers, body = world.get(path, verb="HEAD")
            self.assertEqual((status, body), (200, b""))
            self.assertEqual(int(headers["content-length"]), len(world.get(path)[2]))

    def test_entries_and_policies_are_for_agencies_and_auditors(self):
        policy = "policies/" + hashlib.sha256(harness.POLICY.read_bytes()).hexdigest() + ".json"
        for path in ("tile/entries/000", "tile/entries/000.p/3", policy):
            self.assertEqual(world.get(path)[0], 404, path)
            for by in (world.audit, world.social):
                self.assertEqual(world.get(path, by=by)[0], 200, path)
        self.assertEqual(world.get(policy, by=world.audit)[2], harness.POLICY.read_bytes())
        for path in ("policies/" + "0" * 64 + ".json",):
            self.assertEqual(world.get(path, by=world.audit)[0], 404)
        for path in ("policies/x.json", "policies/" + "A" * 64 + ".json", policy + "x"):
            self.assertEqual(world.get(path, by=world.audit)[0], 400)
        # A revoked agency's certificate opens nothing.
        gone = world.gateway.agency("gone-1", "school")
        self.assertEqual(world.get("tile/entries/000.p/1", by=gone)[0], 200)
        world.gateway.admin("RevokeAgency", {"agency_id": "gone-1"})
        with self.assertRaises(subprocess.CalledProcessError):
            world.get("tile/entries/000.p/1", by=gone)

    def test_bundles_compress(self):
        _, headers, body = world.get("tile/entries/000", by=world.audit, options=["-H", "Accept-Encoding: gzip"])
        self.assertEqual(headers.get("content-encoding"), "gzip")
        self.assertLess(len(body), len(world.get("tile/entries/000", by=world.audit)[2]))
        self.assertNotIn("content-encoding", world.get("tile/0/000", options=["-H", "Accept-Encoding: gzip"])[1])

    def test_looks_are_logged_once_a_connection(self):
        def looks():
            return [r["looked"]["what"] for r in world.gateway.log(world.social) if "looked" in r and r["looked"].get("who") == "police-1"]
        before = looks()
        url = f"https://localhost:{world.gateway.agency_port}/tile/"
        subprocess.run(["curl", "-sSf", "--cacert", world.gateway.ca, "--cert", world.police.certificate, "--key", world.police.key,
                        url + "entries/000", url + "entries/001", url + "entries/000.p/5", url + "0/000"], check=True, capture_output=True, timeout=60)
        self.assertEqual(looks()[len(before):], ["entries"])
        world.get("checkpoint", by=world.police)
        world.get("tile/0/000", by=world.police)
        self.assertEqual(looks()[len(before):], ["entries"])

    def test_an_auditor_sees_all_disclosures(self):
        rows = world.look(page_size=1000, case_id=world.case).message["disclosures"]
        self.assertEqual([(r["category"], r["reason"]) for r in rows],
                         [("health", "REASON_CODE_TYPE_FORBIDS"), ("action_plan", "REASON_CODE_OK_CONSENT")])
        stranger = world.gateway.agency("stranger-1", "school")
        self.assertEqual(world.look(by=stranger, case_id=world.case).code, "not_found")
        self.assertEqual(world.look(by=stranger).message.get("disclosures", []), [])
        proof = world.audit.call("AuditService/GetProof", "GetProofRequest", {"log_index": 5}, "GetProofResponse")
        self.assertTrue(proof.ok)

    def test_a_case_in_order(self):
        """GetTimeline: the newest first, in pages; without names; for auditors only."""
        def ask(by=world.audit, **how):
            return by.call("AuditService/GetTimeline", "GetTimelineRequest", {"case_id": world.case, **how}, "GetTimelineResponse")
        whole = ask(page_size=1000).message["entries"]
        events = [e["event"] for e in whole]
        for event in ("case_opened", "members_set", "phase_set", "consent_recorded", "grant_status", "message_accepted", "message_denied", "released"):
            self.assertIn(event, events)
        self.assertEqual(sorted((int(e["log_index"]) for e in whole), reverse=True), [int(e["log_index"]) for e in whole])
        opened = json.loads(whole[events.index("case_opened")]["json"])["caseOpened"]
        self.assertEqual(base64.b64decode(opened["caseId"]), uuid.UUID(world.case).bytes)
        self.assertNotIn("Testsson", "".join(e["json"] for e in whole))
        first = ask(page_size=2).message
        second = ask(page_size=2, page_token=first["next_page_token"]).message
        found = [int(e["log_index"]) for e in first["entries"] + second["entries"]]
        self.assertEqual(found, sorted(found, reverse=True))
        self.assertEqual(len(set(found)), 4)
        self.assertEqual(ask(by=world.police).reason, "NOT_ENTITLED")
        self.assertEqual(ask(page_token="x").reason, "MALFORMED")

    def test_a_reported_replay(self):
        """An auditor's word enters the log and the health; it has to be about this log, and an auditor's."""
        def report(by=world.audit, size=None, root=None, findings=(), **how):
            own_size, own_root = world.checkpoint()
            fields = {"size": own_size if size is None else size, "root": own_root if root is None else root, "findings": list(findings), **how}
            return by.state("AuditService/ReportReplay", "ReplayReport", fields, "ReportReplayRequest", "ReportReplayResponse")

        def health():
            return world.audit.call("AuditService/GetLogHealth", "GetLogHealthRequest", {}, "GetLogHealthResponse").message
        self.assertNotIn("replayed_at", health())
        size, root = world.checkpoint()
        world.look(page_size=1)
        answer = report(size=size, root=root, complete=True)  # an earlier size is as good
        self.assertTrue(answer.ok, getattr(answer, "text", ""))
        now = health()
        self.assertEqual((int(now["replayed_size"]), now["replayed_by"], now["replay_complete"], now.get("replay_findings", 0)), (size, "audit", True, 0))
        ground = {"finding_class": "AUDIT_CLASS_GROUND", "count": 2}
        payload = {"finding_class": "AUDIT_CLASS_PAYLOAD", "count": 3}
        self.assertTrue(report(findings=[ground, payload]).ok)
        last = health()
        self.assertEqual((last["replay_findings"], last.get("replay_complete", False)), (5, False))
        logged = [r["replay_reported"] for r in world.gateway.log(world.audit) if "replay_reported" in r]
        self.assertEqual([(e["agency"], e["officer"], [f["count"] for f in e["findings"]]) for e in logged], [("audit", "o1", []), ("audit", "o1", [2, 3])])
        self.assertEqual((logged[0]["size"], logged[0]["root"]), (size, root))
        refused = {
            "another root": (report(root=hashlib.sha256(b"").digest()), "LOG_DIFFERS", "root"), "longer than the log": (report(size=10 ** 9), "LOG_DIFFERS", "size"),
            "another size": (report(size=size - 1, root=root), "LOG_DIFFERS", "root"), "no auditor": (report(by=world.police), "NOT_ENTITLED", ""),
            "nothing": (report(size=0), "MALFORMED", "size"), "no root": (report(root=b"x"), "MALFORMED", "root"),
            "twice": (report(findings=[ground, ground]), "MALFORMED", "findings[1].finding_class"),
            "none found": (report(findings=[{"finding_class": "AUDIT_CLASS_ORDER"}]), "MALFORMED", "findings[0].count")}
        for what, (answer, reason, field) in refused.items():
            self.assertEqual((answer.ok, answer.reason, answer.field), (False, reason, field), what)
        self.assertEqual(health()["replayed_at"], last["replayed_at"])

    def test_counts_of_months(self):
        counts = world.audit.call("AuditService/GetCounts", "GetCountsRequest", {}, "GetCountsResponse").message
        month = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m")
        self.assertEqual([(m["month"], m["released"], m["denied"]) for m in counts["months"]], [(month, 1, 1)])
        self.assertEqual(world.social.call("AuditService/GetCounts", "GetCountsRequest", {}, "GetCountsResponse").reason, "NOT_ENTITLED")

    def test_an_auditor_takes_part_in_nothing(self):
        members = {"case_id": world.case, "members": [{"agency_id": a.id, "contact_officer_ids": [a.officer]} for a in (world.social, world.police, world.audit)],
                   "coordinator_officer_ids": [world.social.officer]}
        tries = {
            "member": world.social.state("CaseService/SetMembers", "SetMembers", members, "CaseChangeRequest", "CaseChangeResponse"),
            "recipient": world.social.send(world.social.message(world.case, world.consent, [world.audit])),
            "sender": world.audit.send(world.audit.message(world.case, world.consent, [world.social])),
            "concern": world.audit.send(world.audit.message(world.case, world.consent, [world.social], message_type="MESSAGE_TYPE_CONCERN_REPORT")),
            "receives by grant": world.social.record(world.case, [("action_plan", world.social, [world.audit])]),
            "sends by grant": world.social.record(world.case, [("action_plan", world.audit, [world.social])])}
        for what, answer in tries.items():
            self.assertFalse(answer.ok, what)
            if what != "sender":  # it is told that it knows no such case
                self.assertEqual(answer.reason, "NOT_ENTITLED", (what, answer.text))
        self.assertIn("audit is an auditor", tries["member"].text)

    def test_filters(self):
        """Each filter alone lets the rows through that it names."""
        def seen(**how):
            return sorted(r["category"] for r in world.look(page_size=1000, case_id=world.case, **how).message.get("disclosures", []))
        self.assertEqual(seen(), ["action_plan", "health"])
        for how, expected in (({"category": "health"}, ["health"]), ({"which": 1}, ["action_plan"]), ({"which": 2}, ["health"]),
                              ({"reason": "REASON_CODE_OK_CONSENT"}, ["action_plan"]), ({"ground": "GROUND_CONSENT"}, ["action_plan"]),
                              ({"sender_agency_id": "police-1"}, []), ({"sender_agency_id": "soc-1"}, ["action_plan", "health"]),
                              ({"recipient_agency_id": "police-1", "which": 2}, ["health"]), ({"recipient_agency_id": "soc-1"}, [])):
            self.assertEqual(seen(**how), expected, how)


if __name__ == "__main__":
    unittest.main()
