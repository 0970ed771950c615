# SPDX-License-Identifier: EUPL-1.2
"""Every event is in the log: a table of what happens in and around a gateway, each line acted out and then looked for among the entries that it made. The union of the
table is LogRecord's list of events, so that a new one has to find its line here. The verifier accepts the log of all of it."""
import base64
import datetime
import hashlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import agency
import browser
import harness
import lawworld
import wire
from lawworld import stamp

DAY = datetime.timedelta(1)

# What happens (in the words), who acts it out (a method of Story), what has to be in the log then.
TABLE = (
    ("the first start", "begin", ("genesis", "policy_set", "settings")),
    ("agencies are invited and join", "join", ("agency_invited", "agency_enrolled", "approvers_set")),
    ("a case is opened", "open_case", ("case_opened", "person_age", "guardians_set", "members_set")),
    ("phases", "phases", ("phase_set",)),
    ("consent is recorded and given", "agree", ("consent_recorded", "grant_status")),
    ("members", "members", ("members_set",)),
    ("guardians", "guardians", ("guardians_set",)),
    ("maturity", "maturity", ("maturity_assessed",)),
    ("protection, and what is kept from a guardian", "protect", ("protection_set", "view_limited")),
    ("a decision that permits", "permitted", ("message_accepted",)),
    ("a release", "released", ("released",)),
    ("an acknowledgement, and content that does not fit its label", "acknowledged", ("acknowledged", "mismatch_reported")),
    ("a decision that denies", "denied", ("message_denied",)),
    ("a statutory request", "asked", ("statute_requested",)),
    ("it is approved, and the person is told", "approved", ("statute_approved", "statute_notified")),
    ("one is refused", "not_approved", ("statute_refused",)),
    ("a message that nobody fetches in time", "expires", ("expired", "payload_destroyed", "clock_step")),
    ("a withdrawal, while a message waits and another was received", "withdrawn", ("withdrawal", "withheld", "payload_destroyed", "recall_opened")),
    ("a recall is answered", "answered", ("recall_answered",)),
    ("one is not", "overdue", ("recall_overdue", "clock_step")),
    ("a code is handed out", "code", ("code_issued",)),
    ("a person logs in", "login", ("session",)),
    ("a person looks at the disclosures", "person_looks", ("looked",)),
    ("a person logs out", "logout", ("session",)),
    ("an agency looks at the disclosures", "agency_looks", ("looked",)),
    ("an auditor looks at the disclosures", "auditor_looks", ("looked",)),
    ("an auditor looks at a case, counts, recalls, how the log stands", "auditor_looks_on", ("looked",)),
    ("new keys", "rotated", ("keys_rotated",)),
    ("keys are revoked", "revoked", ("key_revoked",)),
    ("an agency leaves", "left", ("agency_left",)),
    ("another policy", "policy", ("policy_set",)),
    ("an auditor replayed the log", "replayed", ("replay_reported",)),
    ("a person is erased", "erased", ("person_erased",)),
    ("a backup", "backup", ("backup",)),
    ("a restart", "restart", ("restart",)),
    ("a restart with other settings", "other_settings", ("restart", "settings")),
    ("an old copy of the database is put back", "restored", ("restart", "restored")),
)
# The rest: a name that was kept for logins and is not written (they are `session`), and what needs a machine whose clock is set (tests/unit/core_rollback_test.c).
ELSEWHERE = {"login", "clock_jumped"}


class Story:
    """One gateway. Each method does one thing."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluss-"))
        (self.folder / "backups").mkdir()
        self.world = lawworld.World(backup_dir=self.folder / "backups", secondary_head_file=self.folder / "head")
        self.gateway = self.world.gateway
        self.auditor = self.world.desk("auditor", "auditor")

    def close(self):
        self.stop()
        self.world.close()
        shutil.rmtree(self.folder)

    def ok(self, answer):
        assert answer.ok, (answer.code, answer.reason, answer.field, answer.text)
        return answer.message

    def events(self):
        """(name, content) of all entries."""
        return [next((k, v) for k, v in r.items() if k not in ("at_ms", "nonce")) for r in self.gateway.log(self.auditor)]

    def start_anew(self):
        self.stop()
        self.gateway.start()

    def stop(self):
        """Without connections, for which it would wait."""
        for desk in (*self.world.desks.values(), self.auditor):
            if desk.connection:
                desk.connection.close()
            desk.connection = None
        self.gateway.stop()

    # ---- agencies, cases, consent: made with the world, and looked for from its first entry

    def begin(self):
        pass

    def join(self):
        token = self.gateway.token("late", "housing", ["late.9"])
        self.late = lawworld.Desk(self.gateway, "late", self.gateway.folder / "agencies" / "late", "late.1")
        self.ok(self.late.enrol(token))
        invited = [e for n, e in self.events() if n == "agency_invited"][-1]
        assert (invited["agency"], invited["type"], invited["approvers"]) == ("late", "AGENCY_TYPE_HOUSING", ["late.9"]), invited
        for part in token.split("."):
            assert part.encode() not in b"".join(self.gateway.entries(self.auditor)[0])

    def open_case(self):
        self.case = self.world.open(self.world.born(16), guardians=1, phase="nominated")

    def phases(self):
        for phase in ("INQUIRY", "ENROLLED"):
            self.ok(self.world.change(self.case, "SetPhase", phase="PHASE_" + phase))

    def agree(self):
        w = self.world
        self.consent, self.grants = w.consent(self.case, w.draft("action_plan", to=("school", "pol")), w.draft("enrolment", "pol", ("soc",)), w.draft("enrolment", "soc", ("pol",)))

    def members(self):
        members = [{"agency_id": m, "contact_officer_ids": [m + ".1"] + (["soc.2"] if m == "soc" else [])} for m in ("soc", "pol", "school", "health")]
        self.ok(self.world.change(self.case, "SetMembers", members=members, coordinator_officer_ids=["soc.1", "soc.2"]))

    def guardians(self):
        self.ok(self.world.change(self.case, "SetGuardians", guardians=[lawworld.person(g) for g in self.case.guardians]))

    def maturity(self):
        child = self.world.open(self.world.born(13), guardians=1, programme="SIG_YOUTH", phase="nominated")
        self.ok(self.world.change(child, "AssessMaturity", outcome="MATURITY_OUTCOME_GUARDIANS_ALONE", assessor_officer_id="soc.1", assessed_on="2026-03-01",
                                  reasons="as a test"))

    def protect(self):
        for limited in (True, False):
            limit = {"guardian_person_id": self.case.guardians[0], "limited": limited, "reasons": "as a test"}
            self.ok(self.world.change(self.case, "SetProtection", protected_identity=False, view_limits=[limit]))

    # ---- messages

    def send(self, to, **how):
        return self.world.send(self.case, "soc", to, "ACTION_PLAN", ("action_plan", self.consent), **how)

    def permitted(self):
        self.ok(self.send(["school", "pol"]))

    def released(self):
        self.deliveries = {by: self.world.fetch(by)["deliveries"][0] for by in ("school", "pol")}

    def acknowledged(self):
        for by, delivery in self.deliveries.items():
            more = {"mismatched_categories": ["action_plan"]} if by == "pol" else {}
            self.ok(self.world.desks[by].state("ExchangeService/Acknowledge", "AcknowledgeDelivery", {
                "message_id": delivery["message_id"], "envelope_hash": hashlib.sha256(delivery["envelope"]["envelope"]).digest(),
                "outcome": "DELIVERY_OUTCOME_RECEIVED", **more}, "AcknowledgeRequest", "AcknowledgeResponse"))

    def denied(self):
        assert self.send(["health"]).reasons == ["WRONG_RECIPIENT"]

    def expires(self):
        desk, w = self.world.desks["soc"], self.world
        request = desk.message(self.case.id, self.consent, [w.desks["school"]], "action_plan", "MESSAGE_TYPE_ACTION_PLAN", envelope={"expires": stamp(w.now() + DAY)})
        self.ok(desk.send(request))
        w.step(w.now() + 2 * DAY)
        assert not w.fetch("school")["deliveries"]

    # ---- the statutory path, withdrawal, recall

    def ask(self):
        answer = self.world.request(self.case, "soc", "OSL-10-18a", "ACTION_PLAN", ["action_plan"], ["pol"], necessity="as a test")
        return self.ok(answer)["approval"]["approval_id"]

    def asked(self):
        self.approval = self.ask()

    def approved(self):
        self.ok(self.world.approve("soc", self.approval, "soc.9"))
        self.world.fetch("soc")  # whatever comes next tells

    def not_approved(self):
        self.ok(self.world.approve("soc", self.ask(), "soc.9", approved=False))

    def withdrawn(self):
        self.ok(self.send(["school"]))
        self.ok(self.world.withdraw(self.case, self.case.guardians[0], everything=True))

    def recall(self, by):
        return self.world.desks[by].ask("RecallService/List", {"case_id": self.case.id})["recalls"][0]["recall_id"]

    def answered(self):
        self.ok(self.world.desks["school"].state("RecallService/Attest", "AttestRecall", {"recall_id": self.recall("school"), "answer": "RECALL_ANSWER_DELETED"},
                                                 "RecallAttestRequest", "RecallAttestResponse"))

    def overdue(self):
        self.world.step(self.world.midnight(16))
        self.world.fetch("pol")

    # ---- persons

    def code(self):
        answer = self.world.desks["soc"].state("SessionService/IssueCode", "IssueCode", {"case_id": self.case.id, "person_id": self.case.subject}, "IssueCodeRequest",
                                               "IssueCodeResponse")
        self.one_time = self.ok(answer)["code"]

    def login(self):
        self.browser = browser.Browser(self.gateway, self.gateway.folder / "browsers")
        self.ok(self.browser.enter_code(self.one_time))

    def person_looks(self):
        self.ok(self.browser.call("PersonService/ListDisclosures", "PersonListDisclosuresRequest", {"case_id": self.case.id}, "PersonListDisclosuresResponse"))

    def logout(self):
        self.ok(self.browser.call("SessionService/End", "EndSessionRequest", {}, "EndSessionResponse"))

    # ---- looks

    def agency_looks(self):
        self.ok(self.world.desks["soc"].call("AuditService/ListDisclosures", "ListDisclosuresRequest", {}, "ListDisclosuresResponse"))

    def auditor_looks(self):
        self.ok(self.auditor.call("AuditService/ListDisclosures", "ListDisclosuresRequest", {}, "ListDisclosuresResponse"))

    def auditor_looks_on(self):
        before = len(self.events())
        for method, fields in (("GetTimeline", {"case_id": self.case.id}), ("GetCounts", {}), ("GetLogHealth", {})):
            self.ok(self.auditor.call("AuditService/" + method, method + "Request", fields, method + "Response"))
        self.auditor.ask("RecallService/List", {"overdue": True})
        assert len([e for n, e in self.events()[before:] if n == "looked" and e["what"] != "entries"]) == 4

    # ---- keys, policy, the operator

    def rotated(self):
        signing = agency.KeyPair(self.late.folder / "sign-2.pem", "ed25519")
        possession = b"sluss-possession-v1" + self.gateway.authority.encode() + b"\0late\0" + signing.public + self.late.sealing.public
        self.ok(self.late.state("DirectoryService/RotateKeys", "RotateKeys", {
            "signing_key": signing.public, "sealing_key": self.late.sealing.public, "possession_signature": signing.sign(possession), "overlap_hours": 1},
            "RotateKeysRequest", "RotateKeysResponse"))

    def revoked(self):
        self.gateway.admin("RevokeKeys", {"agency_id": "late"})

    def left(self):
        self.gateway.admin("RevokeAgency", {"agency_id": "late"})

    def policy(self):
        self.gateway.admin("SetPolicy", {"policy": (harness.TOP / "policy" / "example-strict.json").read_bytes()})
        self.gateway.admin("SetPolicy", {"policy": harness.POLICY.read_bytes()})

    def replayed(self):
        _, checkpoint = self.gateway.entries(self.auditor)
        _, size, root = checkpoint.split("\n")[:3]
        self.ok(self.auditor.state("AuditService/ReportReplay", "ReplayReport", {"size": int(size), "root": base64.b64decode(root), "complete": True},
                                   "ReportReplayRequest", "ReportReplayResponse"))

    def erased(self):
        for phase, more in (("CLOSING", {}), ("CLOSED", {"close_reason": "CLOSE_REASON_OWN_WISH"})):
            answer = self.world.change(self.case, "SetPhase", phase="PHASE_" + phase, **more)
            assert answer.ok or phase == "CLOSING", (answer.reason, answer.text)  # the withdrawal moved it there
        self.gateway.admin("ErasePerson", {"person_id": self.case.subject})

    def backup(self):
        self.gateway.admin("Backup")

    def restart(self):
        self.start_anew()

    def other_settings(self):
        with self.gateway.settings.open("a") as file:
            file.write("lease_ms = 61000\n")
        self.start_anew()

    def restored(self):
        self.verify()
        self.stop()
        shutil.copytree(self.gateway.state / "db", self.folder / "old")
        self.gateway.start()
        self.agency_looks()
        self.stop()
        shutil.rmtree(self.gateway.state / "db")
        shutil.copytree(self.folder / "old", self.gateway.state / "db")
        (self.gateway.state / "ports").unlink(missing_ok=True)
        with self.gateway.log_path.open("ab") as out:
            self.gateway.process = subprocess.Popen([harness.SLUSSD, "--config", self.gateway.settings, "--accept-rollback"], stdout=out, stderr=subprocess.STDOUT)
        self.gateway.wait_ready()

    def verify(self):
        """The verifier finds the overdue recall in all of this, and nothing else."""
        reader = self.gateway.cli("reader", "auditor", "a1")
        reader.run("audit", "export", self.folder / "export")
        done = subprocess.run([harness.SLUSS, "audit", "verify", self.folder / "export", "--json"], capture_output=True, text=True, timeout=60)
        findings = [(f["kind"], f["text"]) for f in json.loads(done.stdout)["findings"]]
        assert {kind for kind, _ in findings} == {"recall-overdue"}, findings


class Events(unittest.TestCase):
    def test_every_event_of_the_table(self):
        story = Story()
        self.addCleanup(story.close)
        seen = 0
        for what, act, expected in TABLE:
            with self.subTest(what):
                getattr(story, act)()
                events = [name for name, _ in story.events()]
                begins, seen = (0 if act in ("begin", "join") else seen), len(events)
                for name in expected:
                    self.assertIn(name, events[begins:])

    def test_the_table_is_whole(self):
        """No event of the contract without its line, and no line about an event that there is not."""
        events = {f.name for f in wire.schema().messages["sluss.v1.LogRecord"]} - {"at_ms", "nonce"}
        self.assertEqual({name for _, _, names in TABLE for name in names} | ELSEWHERE, events)


if __name__ == "__main__":
    unittest.main()
