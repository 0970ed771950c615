# SPDX-License-Identifier: EUPL-1.2
"""Agencies, cases and consents at a demo authority whose clock tests may step: what part2_test.py and part2_grounds_test.py act out. Everything is stated and signed
by agency.py; nothing here knows a rule of the law."""
import datetime
import uuid
import zoneinfo

import agency
import harness
import wire

START = "2026-03-02T09:00:00Z"
STOCKHOLM = zoneinfo.ZoneInfo("Europe/Stockholm")
TYPES = {"soc": "social_services", "pol": "police", "school": "school", "health": "health", "club": "civil_society", "evaluator": "evaluator"}


class Desk(agency.Agency):
    """An agency whose statements carry the gateway's own time, and that may speak through several officers."""

    def header(self, kind, **changes):
        return {**super().header(kind), "at": self.gateway.health()["now"], **changes}

    def ask(self, path, fields):
        """An unsigned read; the names of request and response follow from the method."""
        return self.ask_raw(path, fields).message

    def ask_raw(self, path, fields):
        service, method = path.split("Service/")
        return self.call(path, f"{service}{method}Request", fields, f"{service}{method}Response")


class Case:
    def __init__(self, case_id, subject, guardians, shown):
        self.id, self.subject, self.guardians, self.shown = case_id, subject, guardians, shown

    @property
    def persons(self):
        return [self.subject, *self.guardians]


class World:
    def __init__(self, **settings):
        self.context = harness.gateway(settings={"demo_clock": "true", "demo_clock_start": START, **settings})
        self.gateway = self.context.__enter__()
        self.desks = {name: self.desk(name, kind) for name, kind in TYPES.items()}

    def close(self):
        self.context.__exit__(None, None, None)

    def desk(self, name, kind):
        made = Desk(self.gateway, name, self.gateway.folder / "agencies" / name, name + ".1")
        answer = made.enrol(self.gateway.token(name, kind, [name + ".9"]))
        assert answer.ok, (answer.code, answer.reason, answer.text)
        return made

    # ---- time

    def now(self):
        return datetime.datetime.fromtimestamp(seconds(self.gateway.health()["now"]), datetime.timezone.utc)

    def step(self, to):
        self.gateway.admin("StepClock", {"to": agency.timestamp(to.timestamp())})

    def midnight(self, days):
        """Local midnight that many days from today."""
        day = self.now().astimezone(STOCKHOLM).date() + datetime.timedelta(days)
        return datetime.datetime.combine(day, datetime.time(), STOCKHOLM)

    def born(self, years, days=0):
        """Birth date of one who becomes `years` in `days` days (today: 0)."""
        day = self.now().astimezone(STOCKHOLM).date() + datetime.timedelta(days)
        return day.replace(year=day.year - years).isoformat()

    # ---- cases

    def open(self, birth, guardians=2, programme="SSPF", phase="enrolled", members=("soc", "pol", "school"), **more):
        """A case of social services; the officer NAME.1 of each member is its contact officer, soc.1 and soc.2 lead."""
        case = Case(str(uuid.uuid4()), str(uuid.uuid4()), [str(uuid.uuid4()) for _ in range(guardians)], None)
        answer = self.desks["soc"].state("CaseService/Open", "OpenCase", {
            "case_id": case.id, "programme": programme, "subject": person(case.subject, birth), "guardians": [person(g) for g in case.guardians],
            "members": [{"agency_id": m, "contact_officer_ids": [m + ".1"] + (["soc.2"] if m == "soc" else [])} for m in members],
            "coordinator_officer_ids": ["soc.1", "soc.2"], **more}, "CaseOpenRequest", "CaseOpenResponse")
        if not answer.ok:
            return answer
        case.shown = answer.message["case"]
        for step in {"nominated": [], "inquiry": ["inquiry"], "enrolled": ["inquiry", "enrolled"]}[phase]:
            moved = self.change(case, "SetPhase", phase="PHASE_" + step.upper())
            assert moved.ok, (moved.reason, moved.text)
        return case

    def change(self, case, method, officer="soc.1", kind=None, **fields):
        return self.desks["soc"].state(f"CaseService/{method}", kind or method, {"case_id": case.id, **fields}, "CaseChangeRequest", "CaseChangeResponse",
                                       officer_id=officer)

    def phase(self, case):
        return self.desks["soc"].ask("CaseService/Get", {"case_id": case.id})["case"]["phase"].removeprefix("PHASE_").lower()

    # ---- consents

    def draft(self, category="enrolment", sender="soc", to=("pol",), **more):
        """A grant for coordination, from a minute ago and for a month; `more` changes fields, None leaves one out."""
        now = self.now()
        made = {"category": category, "sender_agency_id": sender, "receiver_agency_ids": list(to), "purpose": "PURPOSE_COORDINATION",
                "from": stamp(now - datetime.timedelta(minutes=1)), "until": stamp(now + datetime.timedelta(30)), **more}
        return {k: v for k, v in made.items() if v is not None}

    def record(self, case, *drafts, **changes):
        return self.desks["soc"].state("ConsentService/Record", "RecordConsent", {
            "consent_id": str(uuid.uuid4()), "case_id": case.id, "text_version": "1", "text_language": "sv", "obtained": "OBTAINED_ORAL",
            "obtained_at": self.gateway.health()["now"], "grants": list(drafts), **changes}, "ConsentRecordRequest", "ConsentRecordResponse")

    def act(self, case, act, person_id, grant_ids, **more):
        method = {"INVALIDATE": "Refuse", "NARROW": "Pause"}.get(act, act.capitalize())
        return self.desks["soc"].state(f"ConsentService/{method}", "ActOnGrants", {
            "case_id": case.id, "person_id": person_id, "act": "GRANT_ACT_" + act, "grant_ids": grant_ids, "obtained": "OBTAINED_ORAL",
            "obtained_at": self.gateway.health()["now"], **more}, "ActRequest", "ActResponse")

    def consent(self, case, *drafts, by=None):
        """A consent that `by` (default: who must agree today) have given; (consent id, grant ids)."""
        answer = self.record(case, *drafts)
        assert answer.ok, (answer.reason, answer.field, answer.text)
        grants = [g["grant_id"] for g in answer.message["grants"]]
        for who in self.required(case) if by is None else by:
            given = self.act(case, "GIVE", who, grants)
            assert given.ok, (given.reason, given.field, given.text)
        return answer.message["consent_id"], grants

    def required(self, case):
        return self.desks["soc"].ask("CaseService/Get", {"case_id": case.id})["case"]["required_person_ids"]

    def withdraw(self, case, person_id, by="soc", **scope):
        return self.desks[by].state("ConsentService/Withdraw", "WithdrawConsent", {
            "case_id": case.id, "person_id": person_id, **scope, "obtained": "OBTAINED_ORAL", "received_at": self.gateway.health()["now"]},
            "WithdrawRequest", "WithdrawResponse")

    def standing(self, case):
        """Reason code of each grant by its id."""
        consents = self.desks["soc"].ask("ConsentService/List", {"case_id": case.id})["consents"]
        return {g["grant_id"]: code(g["standing"]) for c in consents for g in c["grants"]}

    # ---- messages

    def message(self, case, sender, to, message_type, *sections, officer=None, partial=False):
        """A SendRequest. Each section is (category, claims) or (category, claims, changes of its label)."""
        desk, message_id = self.desks[sender], str(uuid.uuid4())
        recipients = [r if isinstance(r, tuple) else (r, None) for r in ([to] if isinstance(to, str) else to)]
        desks = [self.desks[r] for r, _ in recipients]
        made = [desk.section(message_id, s[0], claims_of(s[1]), desks, 200, **(s[2] if len(s) > 2 else {})) for s in sections]
        envelope = desk.envelope(case.id, "MESSAGE_TYPE_" + message_type, desks, made, message_id, officer_id=officer or desk.officer, partial_delivery=partial,
                                 recipients=[{"agency_id": r, **({"officer_id": o} if o else {})} for r, o in recipients])
        return {"envelope": desk.signed(wire.encode("Envelope", envelope), "envelope"), "sections": made, "id": message_id}

    def send(self, *what, **how):
        """Sends; the answer, with the reasons of all pairs in `reasons`."""
        return self.hand_in(what[1], self.message(*what, **how))

    def hand_in(self, sender, request):
        answer = self.desks[sender].send({k: v for k, v in request.items() if k != "id"})
        pairs = answer.message["pairs"] if answer.ok else (answer.refusal or {}).get("pairs", [])
        answer.pairs, answer.reasons, answer.id = pairs, [code(p["reason"]) for p in pairs], request["id"]
        return answer

    def evaluate(self, sender, request):
        answer = self.desks[sender].call("ExchangeService/Evaluate", "EvaluateRequest", {k: v for k, v in request.items() if k != "id"}, "EvaluateResponse")
        assert answer.ok, (answer.code, answer.reason, answer.text)
        return answer.message

    def fetch(self, by, **fields):
        answer = self.desks[by].call("ExchangeService/Fetch", "FetchRequest", {"max_messages": 64, **fields}, "FetchResponse")
        assert answer.ok, (answer.code, answer.reason, answer.text)
        return answer.message

    def take(self, by):
        """Fetches and acknowledges everything; the ids."""
        ids = []
        while deliveries := self.fetch(by)["deliveries"]:
            for delivery in deliveries:
                answer = self.desks[by].acknowledge(delivery)
                assert answer.ok, (answer.code, answer.reason, answer.text)
                ids.append(delivery["message_id"])
        return ids

    def notices(self, by, case):
        got, at = [], 0
        while notices := (answer := self.fetch(by, with_notices=True, notices_from=at))["notices"]:
            got += notices
            at = answer["next_notice"]
        return [n for n in got if n.get("case_id") == case.id]

    def status(self, by, message_id):
        answer = self.desks[by].call("ExchangeService/GetStatus", "GetStatusRequest", {"message_id": message_id}, "GetStatusResponse")
        return [(r["state"].removeprefix("DELIVERY_STATE_"), code(r.get("reason", ""))) for r in answer.message["recipients"]]

    # ---- the statutory path

    def request(self, case, by, provision, message_type, categories, to, **more):
        return self.desks[by].state("StatutoryService/Request", "RequestStatutory", {
            "approval_id": str(uuid.uuid4()), "case_id": case.id, "provision": provision, "message_type": "MESSAGE_TYPE_" + message_type, "categories": categories,
            "receiver_agency_ids": to, **more}, "StatutoryChangeRequest", "StatutoryChangeResponse")

    def approve(self, by, approval_id, officer, approved=True):
        return self.desks[by].state("StatutoryService/Approve", "ApproveStatutory", {"approval_id": approval_id, "approved": approved}, "StatutoryChangeRequest",
                                    "StatutoryChangeResponse", officer_id=officer)


def person(person_id, birth=None):
    return {"person_id": person_id, "name": "Test Testsson", "language": "sv", **({"birth_date": birth} if birth else {})}


def claims_of(claims):
    """A consent id stands for itself; else (kind, value) pairs."""
    return [{"consent_id": claims}] if isinstance(claims, str) else [{f"{kind}_id" if kind != "provision" else kind: value} for kind, value in claims]


def code(reason):
    return str(reason).removeprefix("REASON_CODE_")


def seconds(time):
    return time.get("seconds", 0) + time.get("nanos", 0) / 1e9


def stamp(moment, ms=0):
    """A Timestamp, `ms` later, exact to the millisecond."""
    total = round(moment.timestamp() * 1000) + ms
    return {"seconds": total // 1000, "nanos": total % 1000 * 1000000}


def months(moment, count):
    """The same local day and hour that many months later."""
    local = moment.astimezone(STOCKHOLM)
    year, month = divmod(local.year * 12 + local.month - 1 + count, 12)
    return local.replace(year=year, month=month + 1)
