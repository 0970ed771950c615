# SPDX-License-Identifier: EUPL-1.2
"""A gateway with pages and people for the browser tests: starts the real programs, makes agencies, cases and consents, then does what the test asks for, a JSON line
each way on standard input and output. Ends when its input ends."""
import base64
import contextlib
import datetime
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402
import lawworld  # noqa: E402
import outside  # noqa: E402
import provider  # noqa: E402
import wire  # noqa: E402

PORTAL = pathlib.Path(os.environ.get("SLUSS_PORTAL", harness.TOP / "gateway" / "portal" / "dist"))
NAMES = {"soc": "Socialtjänsten Söder", "pol": "Polisen Söder", "school": "Söderskolan", "health": "BUP Söder", "club": "Fryshuset", "evaluator": "FoU", "audit": "Granskaren"}
# Put behind every name that somebody may choose: a page that takes it for markup runs it.
MARK = os.environ.get("SLUSS_MARK", "")


class Stage(lawworld.World):
    def __init__(self):
        self.provider = contextlib.ExitStack()
        self.context = harness.gateway(settings={"demo_clock": "true", "demo_clock_start": lawworld.START, "portal_dir": str(PORTAL), **self.staff(), **self.others(),
                                                 **json.loads(os.environ.get("SLUSS_SETTINGS", "{}"))})
        self.gateway = self.context.__enter__()
        if self.witness:
            self.witness.log_key = (self.gateway.state / "log.vkey").read_text().strip()
            self.witness.away = False
        self.desks = {name: self.desk(name, kind) for name, kind in {**lawworld.TYPES, "audit": "auditor"}.items()}

    def close(self):
        super().close()
        self.provider.close()

    def others(self):
        """Settings for a witness and a time-stamping authority, where a test wants them (SLUSS_OUTSIDE)."""
        self.witness = None
        if not os.environ.get("SLUSS_OUTSIDE"):
            return {}
        folder = self.provider.enter_context(tempfile.TemporaryDirectory(prefix="sluss-"))
        self.witness = self.provider.enter_context(contextlib.closing(outside.Witness(folder, "witness.example", 1)))
        self.witness.away = True  # until it knows the log's key
        authority = self.provider.enter_context(contextlib.closing(outside.TimestampAuthority(folder)))
        return {"witness": [self.witness.setting.split(" = ", 1)[1]], "witness_quorum": "1", "witness_period_ms": "300",
                "timestamp_url": authority.url, "timestamp_ca": str(authority.ca), "timestamp_period_ms": "300"}

    def staff(self):
        """Settings for officers who log in with a real identity provider, where its package is installed: the provider must know the pages' port before they are there."""
        if not provider.available():
            return {}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        provider.REDIRECT = f"https://localhost:{port}/login/return"
        url = self.provider.enter_context(provider.running())
        self.between = self.provider.enter_context(contextlib.closing(provider.Forger(url)))
        lines = [provider.issuer_line(url, self.between.url, name="staff", kind="staff", client_id="staff-ES256", officer_claim="officer", agency_claim="agency", agencies="soc,audit"),
                 provider.issuer_line(url, self.between.url, name="people", kind="person", client_id="person-RS256", person_claim="personal_identity_number",
                                      display=f"E-leg {MARK}")]
        return {"public_listen": f"127.0.0.1:{port}", "redirect_url": provider.REDIRECT, "issuer": [line.split(" = ", 1)[1].strip() for line in lines]}

    def desk(self, name, kind):
        made = lawworld.Desk(self.gateway, name, self.gateway.folder / "agencies" / name, name + ".1")
        token = self.gateway.admin("AddAgency", {"agency_id": name, "type": "AGENCY_TYPE_" + kind.upper(), "display_name": NAMES[name] + MARK,
                                                 "approver_officer_ids": [name + ".8", name + ".9"]})["token"]
        answer = made.enrol(token)
        assert answer.ok, (answer.code, answer.reason, answer.text)
        return made

    # ---- what a test may ask for

    def family(self, age=16, guardians=1, names=("Sam Testsson", "Vera Testsson", "Ove Testsson"), languages=("sv", "sv", "sv"), birth=None):
        """A SIG case in inquiry with persons by name; ids."""
        import uuid
        case = lawworld.Case(str(uuid.uuid4()), str(uuid.uuid4()), [str(uuid.uuid4()) for _ in range(guardians)], None)
        persons = [{"person_id": p, "name": n, "language": lang} for p, n, lang in zip(case.persons, names, languages)]
        persons[0]["birth_date"] = self.born(age)
        pin = ""
        if birth:  # then the person has a personal identity number too, and can log in with a provider
            pin = provider.pin(birth.replace("-", ""), "238")
            persons[0].update(birth_date=birth, personal_identity_number=pin)
        answer = self.desks["soc"].state("CaseService/Open", "OpenCase", {
            "case_id": case.id, "programme": "SIG_YOUTH", "subject": persons[0], "guardians": persons[1:],
            "members": [{"agency_id": m, "contact_officer_ids": [m + ".1"] + (["soc.2"] if m == "soc" else [])} for m in ("soc", "pol", "school")],
            "coordinator_officer_ids": ["soc.1", "soc.2"]}, "CaseOpenRequest", "CaseOpenResponse")
        assert answer.ok, (answer.reason, answer.text)
        case.shown = answer.message["case"]
        assert self.change(case, "SetPhase", phase="PHASE_INQUIRY").ok
        self.cases[case.id] = case
        return {"case": case.id, "persons": case.persons, "pin": pin}

    def code(self, case, person):
        answer = self.desks["soc"].state("SessionService/IssueCode", "IssueCode", {"case_id": case, "person_id": person}, "IssueCodeRequest", "IssueCodeResponse")
        assert answer.ok, (answer.reason, answer.text)
        return {"code": answer.message["code"]}

    def agree(self, case, drafts, by=()):
        """A consent; drafts are [category, sender, [receivers], purpose]."""
        made = [self.draft(category=c, sender=s, to=tuple(to), purpose=purpose) for c, s, to, purpose in drafts]
        consent, grants = self.consent(self.cases[case], *made, by=list(by))
        return {"consent": consent, "grants": grants}

    def give(self, case, person, grants):
        answer = self.act(self.cases[case], "GIVE", person, grants)
        return {"ok": answer.ok}

    def share(self, case, sender, to, message_type, category, consent, times=1, take=True):
        reasons = []
        for _ in range(times):
            reasons += self.send(self.cases[case], sender, tuple(to), message_type, (category, consent)).reasons
        if take:
            for name in to:
                self.take(name)
        return {"reasons": reasons}

    def many(self, case, consent, count):
        """So many disclosures from the police to social services, quickly: sent in batches by a program in C, fetched unopened."""
        plan = self.gateway.folder / "plan"
        harness.write_plan(plan, self.gateway, self.desks["pol"], self.desks["soc"], [(case, case, consent)])
        done = subprocess.run([harness.BUILD / "tests" / "bench" / "bench_load", plan, str(count), "4", "64", "-", "250"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        soc, request, fetched = self.desks["soc"], wire.encode("FetchRequest", {"max_messages": 64}), 0
        while fetched < count:
            status, _, body = soc.post("ExchangeService/Fetch", request)
            more = body.count(case.encode())  # each delivery's envelope names the case once; decoding them all here would take longer than all the rest
            assert status == 200 and more > 0, (status, body[:200])
            fetched += more
        return {"fetched": fetched}

    def statute(self, case, provision, message_type, category, to, necessity):
        """Social services use a provision: asked for, approved by another officer, used."""
        asked = self.request(self.cases[case], "soc", provision, message_type, [category], to, necessity=necessity)
        assert asked.ok, (asked.reason, asked.field, asked.text)
        approval = asked.message["approval"]["approval_id"]
        approved = self.approve("soc", approval, "soc.9")
        assert approved.ok, (approved.reason, approved.text)
        return self.share(case, "soc", to, message_type, category, [("approval", approval)])

    def stop(self, case, person):
        answer = self.withdraw(self.cases[case], person, everything=True)
        assert answer.ok, (answer.reason, answer.field, answer.text)
        return {}

    def mood(self, mood):
        """What the provider's tokens are from now on (provider.Forger)."""
        self.between.forge(mood)
        return {}

    def check_proof(self, index, proof, entry=None):
        """Exit status of `sluss audit check` for a tlog-proof of entry `index`, against the octets of that entry, or of another."""
        exported = self.desks["audit"].call("AuditService/Export", "ExportRequest", {"start": index if entry is None else entry, "count": 1}, "ExportResponse").message["entries"][0]
        files = {"proof": proof.encode(), "entry": exported}
        for name, octets in files.items():
            (self.gateway.folder / name).write_bytes(octets)
        key = (self.gateway.state / "log.vkey").read_text().strip()
        command = [harness.SLUSS, "audit", "check", self.gateway.folder / "proof", "--entry", self.gateway.folder / "entry", "--key", key]
        return {"status": subprocess.run(command, capture_output=True, check=False).returncode}

    def end_sessions(self):
        return self.gateway.admin("EndSessions", {"everybody": True})

    def outside(self):
        """Waits until what is in the log now has its cosignature and its date."""
        size = int(self.gateway.health()["log_size"])
        harness.wait_until(lambda: all(int(self.gateway.health().get(f, 0)) >= size for f in ("cosigned_size", "timestamped_size")), "no cosignature, or no timestamp")
        return {}

    def looks(self):
        """What was looked at, of all that the log has."""
        return {"looks": [r["looked"]["what"] for r in self.gateway.log(self.desks["audit"]) if "looked" in r]}

    def replayed(self, found):
        """The auditor reports a replay of the log as it is now, with so many releases without ground."""
        _, checkpoint = self.gateway.entries(self.desks["audit"])
        _, size, root = checkpoint.split("\n")[:3]
        findings = [{"finding_class": "AUDIT_CLASS_GROUND", "count": found}] if found else []
        answer = self.desks["audit"].state("AuditService/ReportReplay", "ReplayReport", {
            "size": int(size), "root": base64.b64decode(root), "findings": findings, "complete": True}, "ReportReplayRequest", "ReportReplayResponse")
        assert answer.ok, (answer.reason, answer.text)
        return {"size": int(size)}

    def share_by_law(self, case, sender, to, message_type, category, approval):
        sent = self.send(self.cases[case], sender, to, message_type, (category, [("approval", approval)]))
        self.take(to)
        return {"reasons": sent.reasons}

    def approval(self, case, by):
        """The newest statutory request of an agency."""
        return {"approval": self.desks[by].ask("StatutoryService/List", {"case_id": case})["approvals"][-1]["approval_id"]}

    def answer_law(self, by, approval, officer):
        answer = self.approve(by, approval, officer)
        return {"ok": answer.ok, "reason": "" if answer.ok else answer.reason}

    def take_over(self, case):
        """A case that was opened on the pages, under its id from now on."""
        shown = self.desks["soc"].ask("CaseService/Get", {"case_id": case})["case"]
        self.cases[case] = lawworld.Case(case, shown["subject_person_id"], shown["guardian_person_ids"], shown)
        return {"case": shown["case_id"], "persons": self.cases[case].persons}

    def shown(self, case):
        """The case and who must agree, as the gateway has it."""
        shown = self.desks["soc"].ask("CaseService/Get", {"case_id": case})["case"]
        return {"phase": shown["phase"], "required": shown.get("required_person_ids", []), "guardians": shown.get("guardian_person_ids", []),
                "members": {m["agency_id"]: m["contact_officer_ids"] for m in shown["members"]}, "protected": shown.get("protected_identity", False)}

    def consents(self, case):
        """How and when each consent was asked, oldest first."""
        kept = self.desks["soc"].ask("ConsentService/List", {"case_id": case})["consents"]
        kept.sort(key=lambda c: c["log_index"])
        return {"consents": [{"obtained": c["obtained"].removeprefix("OBTAINED_"), "text_language": c["text_language"],
                              "obtained_at": datetime.datetime.fromtimestamp(lawworld.seconds(c["obtained_at"]), lawworld.STOCKHOLM).isoformat(" ", "minutes")[:16]} for c in kept]}

    def contact(self, case, officer):
        """One more contact officer of social services."""
        members = [{"agency_id": m, "contact_officer_ids": officers + ([officer] if m == "soc" else [])} for m, officers in self.shown(case)["members"].items()]
        answer = self.change(self.cases[case], "SetMembers", members=members, coordinator_officer_ids=["soc.1", "soc.2"])
        assert answer.ok, (answer.reason, answer.text)
        return {}

    def log_size(self):
        return {"size": self.gateway.health()["log_size"]}

    def withdrawals(self):
        return {"count": self.gateway.health()["withdrawals"]}

    def standings(self, case):
        return {"standing": self.standing(self.cases[case])}

    def limit(self, case, guardian):
        """Keeps the guardian's whole view of the case from them."""
        answer = self.change(self.cases[case], "SetProtection", view_limits=[{"guardian_person_id": guardian, "limited": True, "reasons": "Harm to the minor"}])
        assert answer.ok, (answer.reason, answer.text)
        return {}

    def stop_core(self):
        import signal
        os.kill(self.gateway.pids()["core"], signal.SIGSTOP)
        return {}

    def go_on(self):
        import signal
        os.kill(self.gateway.pids()["core"], signal.SIGCONT)
        return {}

    def later(self, days):
        self.step(self.midnight(days))
        return {}


def main():
    stage = Stage()
    stage.cases = {}
    try:
        print(json.dumps({"url": f"https://localhost:{stage.gateway.public_port}", "ca": str(stage.gateway.ca), "folder": str(stage.gateway.folder)}), flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            try:
                answer = getattr(stage, asked.pop("do"))(**asked)
            except Exception as error:  # told to the test, which fails
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)
    finally:
        stage.close()


if __name__ == "__main__":
    main()
