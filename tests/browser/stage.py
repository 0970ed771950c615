# SPDX-License-Identifier: EUPL-1.2
"""A gateway with pages and people for the browser tests: starts the real programs, makes agencies, cases and consents, then does what the test asks for, a JSON line
each way on standard input and output. Ends when its input ends."""
import contextlib
import json
import os
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402
import lawworld  # noqa: E402
import provider  # noqa: E402

PORTAL = pathlib.Path(os.environ.get("SLUSS_PORTAL", harness.TOP / "gateway" / "portal" / "dist"))
NAMES = {"soc": "Socialtjänsten Söder", "pol": "Polisen Söder", "school": "Söderskolan", "health": "BUP Söder", "club": "Fryshuset", "evaluator": "FoU", "audit": "Granskaren"}


class Stage(lawworld.World):
    def __init__(self):
        self.provider = contextlib.ExitStack()
        self.context = harness.gateway(settings={"demo_clock": "true", "demo_clock_start": lawworld.START, "portal_dir": str(PORTAL), **self.staff(), **json.loads(os.environ.get("SLUSS_SETTINGS", "{}"))})
        self.gateway = self.context.__enter__()
        self.desks = {name: self.desk(name, kind) for name, kind in {**lawworld.TYPES, "audit": "auditor"}.items()}

    def close(self):
        super().close()
        self.provider.close()

    def staff(self):
        """Settings for officers who log in with a real identity provider, where its package is installed: the provider must know the pages' port before they are there."""
        if not provider.available():
            return {}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        provider.REDIRECT = f"https://localhost:{port}/login/return"
        url = self.provider.enter_context(provider.running())
        line = provider.issuer_line(url, url, name="staff", kind="staff", client_id="staff-ES256", officer_claim="officer", agency_claim="agency", agencies="soc,audit")
        return {"public_listen": f"127.0.0.1:{port}", "redirect_url": provider.REDIRECT, "issuer": line.split(" = ", 1)[1].strip()}

    def desk(self, name, kind):
        made = lawworld.Desk(self.gateway, name, self.gateway.folder / "agencies" / name, name + ".1")
        token = self.gateway.admin("AddAgency", {"agency_id": name, "type": "AGENCY_TYPE_" + kind.upper(), "display_name": NAMES[name],
                                                 "approver_officer_ids": [name + ".9"]})["token"]
        answer = made.enrol(token)
        assert answer.ok, (answer.code, answer.reason, answer.text)
        return made

    # ---- what a test may ask for

    def family(self, age=16, guardians=1, names=("Sam Testsson", "Vera Testsson", "Ove Testsson"), languages=("sv", "sv", "sv")):
        """A SIG case in inquiry with persons by name; ids."""
        import uuid
        case = lawworld.Case(str(uuid.uuid4()), str(uuid.uuid4()), [str(uuid.uuid4()) for _ in range(guardians)], None)
        persons = [{"person_id": p, "name": n, "language": lang} for p, n, lang in zip(case.persons, names, languages)]
        persons[0]["birth_date"] = self.born(age)
        answer = self.desks["soc"].state("CaseService/Open", "OpenCase", {
            "case_id": case.id, "programme": "SIG_YOUTH", "subject": persons[0], "guardians": persons[1:],
            "members": [{"agency_id": m, "contact_officer_ids": [m + ".1"] + (["soc.2"] if m == "soc" else [])} for m in ("soc", "pol", "school")],
            "coordinator_officer_ids": ["soc.1", "soc.2"]}, "CaseOpenRequest", "CaseOpenResponse")
        assert answer.ok, (answer.reason, answer.text)
        case.shown = answer.message["case"]
        assert self.change(case, "SetPhase", phase="PHASE_INQUIRY").ok
        self.cases[case.id] = case
        return {"case": case.id, "persons": case.persons}

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
