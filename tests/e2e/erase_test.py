# SPDX-License-Identifier: EUPL-1.2
"""What is erased is gone from every file of the gateway: database, write-ahead log, free pages; and the log never had it. Markers go in as names, numbers, necessity,
reasons, payload; a withdrawal, an acknowledgement and AdminService.ErasePerson take them out again. Backups are made while it runs, and hold what was there then."""
import hashlib
import os
import pathlib
import subprocess
import unittest
import uuid

import agency
import browser
import harness

def pin():
    """A number of its own for each person, with a right check digit."""
    digits = f"060301{int.from_bytes(os.urandom(2), 'big') % 980:03}"
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(digits))
    return "20" + digits + str(-total % 10)


def marker(what):
    return f"MARK-{what}-{uuid.uuid4().hex}"


class Authority(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(harness.tempfile.mkdtemp(prefix="sluss-"))
        cls.addClassCleanup(harness.shutil.rmtree, cls.folder)
        cls.backups = cls.folder / "backups"
        cls.backups.mkdir()
        cls.gateway = harness.Gateway(cls.folder, settings={"backup_dir": cls.backups}).start()
        cls.addClassCleanup(cls.gateway.stop)
        cls.social = cls.gateway.agency("soc-1", "social_services", approvers=["o9"])
        cls.police = cls.gateway.agency("police-1", "police")

    # ---- the world

    def open_case(self, name, guardian):
        case_id, person_id, guardian_id = (str(uuid.uuid4()) for _ in range(3))
        answer = self.social.state("CaseService/Open", "OpenCase", {
            "case_id": case_id, "programme": "SSPF",
            "subject": {"person_id": person_id, "name": name, "birth_date": "2006-03-01", "personal_identity_number": pin(), "language": "sv"},
            "guardians": [{"person_id": guardian_id, "name": guardian, "birth_date": "1970-01-02", "language": "sv"}],
            "members": [{"agency_id": m.id, "contact_officer_ids": [m.officer]} for m in (self.social, self.police)],
            "coordinator_officer_ids": [self.social.officer]}, "CaseOpenRequest", "CaseOpenResponse")
        self.assertTrue(answer.ok, getattr(answer, "text", None))
        return case_id, person_id, guardian_id

    def say(self, who, path, kind, fields, request, response):
        answer = who.state(path, kind, fields, request, response)
        self.assertTrue(answer.ok, (kind, getattr(answer, "reason", None), getattr(answer, "text", None)))
        return answer.message

    def remains(self, *octets):
        """Which of these stand in any file of the state folder but the keys, in clear."""
        found = []
        for path in self.gateway.state.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.parent.name != "keys":
                content = path.read_bytes()
                found += [(str(path.name), o) for o in octets if o in content]
        return found

    def stored(self, needle):
        """True when the octets stand in the database or its write-ahead log."""
        return [name for name, _ in self.remains(needle)]

    def rows(self, query="SELECT kind, key, value FROM side"):
        """Rows as somebody reads them who has the database; by default of the side tables: (kind, key, value)."""
        import sqlite3
        with harness.tempfile.TemporaryDirectory() as copy:
            for path in (self.gateway.state / "db").glob("sluss.db*"):
                harness.shutil.copy(path, copy)
            db = sqlite3.connect(pathlib.Path(copy) / "sluss.db")
            rows = db.execute(query).fetchall()
            db.close()
        return rows


class Erase(Authority):
    def test_1_nothing_personal_lies_in_clear_and_payload_goes_with_its_ground(self):
        names = [marker("name"), marker("guardian")]
        case_id, person_id, _ = self.open_case(*names)
        self.social.set_phase(case_id, "PHASE_INQUIRY")
        self.social.set_phase(case_id, "PHASE_ENROLLED")
        consent = self.social.consent(case_id, [person_id], [("action_plan", self.social, [self.police])])
        # Payload that waits: its sealed octets are in the store until the withdrawal.
        request = self.social.message(case_id, consent, [self.police], content_len=3000)
        self.assertTrue(self.social.send(request).ok)
        reasons = marker("reasons")
        self.assertEqual(self.remains(*[m.encode() for m in names]), [])  # never in clear
        answer = self.social.withdraw(case_id, person_id)
        self.assertTrue(answer.ok, getattr(answer, "text", None))
        piece = request["sections"][0]["ciphertext"][100:140]
        self.assertEqual(self.remains(piece, reasons.encode(), *[m.encode() for m in names]), [])
        # The entries of the log say none of it, also not encrypted: there is nothing of that length in them.
        entries, _ = self.gateway.entries(self.social)
        for entry in entries:
            for m in names:
                self.assertNotIn(m.encode(), entry)
                self.assertNotIn(m[:12].encode(), entry)

    def test_2_a_person_is_erased(self):
        case_id, person_id, guardian_id = self.open_case(marker("name"), marker("guardian"))
        self.say(self.social, "CaseService/SetProtection", "SetProtection", {
            "case_id": case_id, "protected_identity": True, "login_locked": False,
            "view_limits": [{"guardian_person_id": guardian_id, "limited": True, "reasons": marker("reasons")}]}, "CaseChangeRequest", "CaseChangeResponse")
        person, statements = uuid.UUID(person_id).bytes, 125
        before = self.rows()
        self.assertIn((100, person), [(k, key) for k, key, _ in before])
        told = {value for k, key, value in before if k in (100, 110, 125)}
        entries_before, _ = self.gateway.entries(self.social)
        backup = self.gateway.admin("Backup")
        # While the case is open the person is needed.
        with self.assertRaisesRegex(ValueError, "is not closed"):
            self.gateway.admin("ErasePerson", {"person_id": person_id})
        with self.assertRaisesRegex(ValueError, "no such person"):
            self.gateway.admin("ErasePerson", {"person_id": str(uuid.uuid4())})
        for phase, more in (("PHASE_CLOSING", {}), ("PHASE_CLOSED", {"close_reason": "CLOSE_REASON_GOALS_MET"})):
            answer = self.social.set_phase(case_id, phase, **more)
            self.assertTrue(answer.ok, getattr(answer, "text", None))
        told |= {value for k, key, value in self.rows() if k in (100, 110, 125)}
        mine = {value for k, key, value in self.rows() if (k, key) == (100, person)}
        self.assertEqual(len(self.stored(min(mine)[:48])) > 0, True)  # the search finds what is there
        kept = len([1 for k, _, _ in self.rows() if k == statements])
        erased = self.gateway.admin("ErasePerson", {"person_id": person_id})
        self.assertGreaterEqual(erased["texts"], 4)  # opened, protected, its reasons, two phases
        after = self.rows()
        self.assertNotIn((100, person), [(k, key) for k, key, _ in after])
        self.assertLess(len([1 for k, _, _ in after if k == statements]), kept)
        self.assertEqual([k for k, _, _ in after if k == 110], [])
        gone = told - {value for _, _, value in after}
        self.assertTrue(mine <= gone)
        # No octet of the rows that are gone, encrypted as they were, is left in any file.
        self.assertEqual(self.remains(*[g[:48] for g in gone if len(g) >= 48], *[g[-32:] for g in gone if len(g) >= 64]), [])
        # The guardian is still there, and can go as well.
        self.assertIn((100, uuid.UUID(guardian_id).bytes), [(k, key) for k, key, _ in after])
        self.gateway.admin("ErasePerson", {"person_id": guardian_id})
        # The tree is as it was, and says what happened.
        entries, _ = self.gateway.entries(self.social)
        self.assertEqual(entries[:len(entries_before)], entries_before)
        log = self.gateway.log(self.social)
        self.assertEqual([r["person_erased"]["person"] for r in log if "person_erased" in r], [person, uuid.UUID(guardian_id).bytes])
        # A start afterwards folds it all, and the other case still works.
        self.social.connection.close()
        self.social.connection = None
        self.gateway.stop()
        self.gateway.start()
        self.open_case(marker("name"), marker("guardian"))
        self.check_backup(backup, entries_before, told, person)

    def check_backup(self, backup, entries, told, person):
        path = pathlib.Path(backup["path"])
        self.assertEqual(path.parent, self.backups)
        note = path.with_suffix(".checkpoint").read_text().split("\n")
        self.assertEqual((int(note[1]), int(backup["log_size"])), (len(entries), len(entries)))
        records = [r["backup"] for r in self.gateway.log(self.social) if "backup" in r]
        self.assertEqual([(r["size"], r["root"]) for r in records], [(len(entries), backup["log_root"])])
        self.assertEqual(harness.merkle_root([hashlib.sha256(b"\0" + e).digest() for e in entries]), backup["log_root"])
        self.assertIn(person, path.read_bytes())  # what is erased later is the operator's to delete
        self.assertEqual([p.name for p in self.backups.iterdir() if p.suffix not in (".db", ".checkpoint")], [])
        # The gateway runs on the copy, when the operator puts it in place.
        self.social.connection.close()
        self.social.connection = None
        self.gateway.stop()
        for old in (self.gateway.state / "db").glob("sluss.db*"):
            old.unlink()
        harness.shutil.copy(path, self.gateway.state / "db" / "sluss.db")
        self.gateway.start()
        again, _ = self.gateway.entries(self.social)
        self.assertEqual(again[:len(entries)], entries)


class Waiting(Authority):
    def send_by_statute(self, case_id):
        """A message that a closed case does not stop; its id, and its payload as the database has it (encrypted)."""
        approval = self.say(self.social, "StatutoryService/Request", "RequestStatutory", {
            "approval_id": str(uuid.uuid4()), "case_id": case_id, "provision": "OSL-10-18a", "message_type": "MESSAGE_TYPE_ACTION_PLAN", "categories": ["action_plan"],
            "receiver_agency_ids": [self.police.id], "necessity": marker("necessity")}, "StatutoryChangeRequest", "StatutoryChangeResponse")["approval"]["approval_id"]
        answer = self.social.state("StatutoryService/Approve", "ApproveStatutory", {"approval_id": approval, "approved": True}, "StatutoryChangeRequest",
                                   "StatutoryChangeResponse", officer_id="o9")
        self.assertTrue(answer.ok, getattr(answer, "text", None))
        before, message_id = self.payloads(), str(uuid.uuid4())
        section = self.social.section(message_id, "action_plan", [{"approval_id": approval}], [self.police], 3000)
        envelope = self.social.envelope(case_id, "MESSAGE_TYPE_ACTION_PLAN", [self.police], [section], message_id)
        answer = self.social.send({"envelope": self.social.signed(agency.wire.encode("Envelope", envelope), "envelope"), "sections": [section]})
        self.assertTrue(answer.ok, getattr(answer, "text", None))
        return message_id, self.payloads() - before

    def payloads(self):
        return {data for data, in self.rows("SELECT data FROM payload")}

    def test_what_waits_and_who_is_logged_in_go_with_the_person(self):
        case_id, person_id, _ = self.open_case(marker("name"), marker("guardian"))
        other_case, other_person, _ = self.open_case(marker("name"), marker("guardian"))
        browsers = []
        for case, person in ((case_id, person_id), (other_case, other_person)):
            for phase in ("PHASE_INQUIRY", "PHASE_ENROLLED"):
                self.assertTrue(self.social.set_phase(case, phase).ok)
            code = self.say(self.social, "SessionService/IssueCode", "IssueCode", {"case_id": case, "person_id": person}, "IssueCodeRequest", "IssueCodeResponse")["code"]
            browsers.append(browser.Browser(self.gateway, self.folder / "browsers"))
            self.assertTrue(browsers[-1].enter_code(code).ok)
        (message_id, mine), (_, others) = self.send_by_statute(case_id), self.send_by_statute(other_case)
        for phase, more in (("PHASE_CLOSING", {}), ("PHASE_CLOSED", {"close_reason": "CLOSE_REASON_GOALS_MET"})):
            self.assertTrue(self.social.set_phase(case_id, phase, **more).ok)
        look = lambda b: b.call("SessionService/Get", "GetSessionRequest", {}, "GetSessionResponse")
        self.assertEqual([look(b).ok for b in browsers], [True, True])
        self.assertEqual((self.payloads(), len(mine), len(others)), (mine | others, 1, 1))  # closing did not stop it
        self.gateway.admin("ErasePerson", {"person_id": person_id})
        self.assertEqual([look(b).ok for b in browsers], [False, True])
        self.assertEqual(self.payloads(), others)
        self.assertEqual(self.remains(*[octets[-32:] for octets in mine]), [])
        status = self.social.call("ExchangeService/GetStatus", "GetStatusRequest", {"message_id": message_id}, "GetStatusResponse")
        self.assertEqual([r["state"] for r in status.message["recipients"]], ["DELIVERY_STATE_EXPIRED"])
        self.assertEqual(len(self.police.fetch().message["deliveries"]), 1)  # the other person's
        # An auditor finds nothing wrong with it.
        export = self.folder / "export"
        self.gateway.cli("auditor-9", "auditor", "a1").run("audit", "export", export)
        done = subprocess.run([harness.SLUSS, "audit", "verify", export, "--profile", "/nonexistent/profile"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
