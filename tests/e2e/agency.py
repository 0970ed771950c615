# SPDX-License-Identifier: EUPL-1.2
"""An agency that speaks the contract by itself: own keys (openssl), own encoding (wire.py), plain HTTPS. Tests use it where they need octets that a well-behaved client
would not make, or keys that other programs are to use."""
import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import time
import types
import uuid

import wire


class Answer:
    """What came back: HTTP status, headers, and the message or the error."""

    def __init__(self, status, headers, body, name):
        self.status = status
        self.headers = headers
        self.body = body
        self.ok = status == 200
        if self.ok:
            self.message = wire.decode(name, body)
            return
        error = json.loads(body)
        self.code = error["code"]
        self.text = error.get("message", "")
        details = [d for d in error.get("details", []) if d["type"] == "sluss.v1.Refusal"]
        value = details[0]["value"] if details else ""
        self.refusal = wire.decode("Refusal", base64.b64decode(value + "=" * (-len(value) % 4))) if details else None
        self.reason = self.refusal["reason"].removeprefix("REASON_CODE_") if details and "reason" in self.refusal else None
        self.field = self.refusal.get("field", "") if details else ""


def key_id(tag, public):
    return hashlib.sha256(tag + public).digest()[:8].hex()


def timestamp(seconds):
    return {"seconds": int(seconds), "nanos": int(seconds % 1 * 1000) * 1000000}


def openssl(*arguments, octets=None):
    return subprocess.run(["openssl", *arguments], input=octets, check=True, capture_output=True).stdout


class KeyPair:
    """Ed25519 or X25519; the seed is the last 32 octets of the DER form (RFC 8410)."""

    def __init__(self, path, algorithm):
        self.path = path
        openssl("genpkey", "-algorithm", algorithm, "-out", str(path))
        self.seed = openssl("pkey", "-in", str(path), "-outform", "DER")[-32:]
        self.public = openssl("pkey", "-in", str(path), "-pubout", "-outform", "DER")[-32:]

    def sign(self, octets):
        # openssl signs files only: Ed25519 needs all octets at once.
        scratch = self.path.with_suffix(".octets")
        scratch.write_bytes(octets)
        return openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(self.path), "-in", str(scratch))


class Agency:
    """Keys, certificate and calls of one agency. `gateway` says authority, ports and CA file."""

    def __init__(self, gateway, agency_id, folder, officer="o1"):
        self.gateway = gateway
        self.id = agency_id
        self.officer = officer
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.signing = KeyPair(self.folder / "sign.pem", "ed25519")
        self.sealing = KeyPair(self.folder / "seal.pem", "x25519")
        self.certificate = self.folder / "client.crt"
        self.key = self.folder / "client.key"
        self.connection = None

    # ---- joining

    def certificate_request(self):
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(self.key),
                "-out", str(self.folder / "client.csr"), "-subj", f"/CN={self.id}")
        return (self.folder / "client.csr").read_text()

    def enrol_request(self, token, request=None):
        possession = b"sluss-possession-v1" + self.gateway.authority.encode() + b"\0" + self.id.encode() + b"\0" + self.signing.public + self.sealing.public
        token_id, secret, _log_hash = token.split(".")
        request = request or self.certificate_request()
        proof = b"sluss-enrol-v1" + possession.removeprefix(b"sluss-possession-v1") + hashlib.sha256(request.encode()).digest()
        mac = hmac.digest(base64.urlsafe_b64decode(secret + "="), proof, "sha256")
        return {"token_id": token_id, "token_mac": mac, "agency_id": self.id, "certificate_request": request, "signing_key": self.signing.public,
                "sealing_key": self.sealing.public, "possession_signature": self.signing.sign(possession)}

    def enrol(self, token):
        answer = self.call("DirectoryService/Enrol", "EnrolRequest", self.enrol_request(token), "EnrolResponse", port=self.gateway.public_port)
        if answer.ok:
            self.certificate.write_text(answer.message["certificate_chain"])
        return answer

    # ---- HTTP

    def tls(self, with_certificate=True):
        context = ssl.create_default_context(cafile=self.gateway.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if with_certificate and self.certificate.exists():
            context.load_cert_chain(self.certificate, self.key)
        return context

    def connect(self, port=None):
        return http.client.HTTPSConnection("localhost", port or self.gateway.agency_port, context=self.tls(), timeout=60)

    def post(self, path, body, content_type="application/proto", headers=None, connection=None, method="POST"):
        """One request on `connection`, or on this agency's own kept one. Returns (status, headers, body)."""
        if connection:
            return self.exchange(connection, method, path, body, content_type, headers)
        fresh = self.connection is None
        self.connection = self.connection or self.connect()
        try:
            return self.exchange(self.connection, method, path, body, content_type, headers)
        except (OSError, http.client.HTTPException):
            self.connection = None
            if fresh:
                raise
        return self.post(path, body, content_type, headers, None, method)  # it had been closed for idleness

    def exchange(self, connection, method, path, body, content_type, headers):
        try:
            connection.request(method, "/sluss.v1." + path, body, {"Content-Type": content_type, "Connect-Protocol-Version": "1", **(headers or {})})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise

    def call(self, path, request_name, request, response_name, port=None):
        connection = self.connect(port) if port else None
        octets = request if isinstance(request, bytes) else wire.encode(request_name, request)
        try:
            return Answer(*self.post(path, octets, connection=connection), response_name)
        finally:
            if connection:
                connection.close()

    # ---- statements

    def header(self, kind, **changes):
        """The first six fields of a statement."""
        return {"kind": "sluss.v1." + kind, "authority": self.gateway.authority, "statement_id": str(uuid.uuid4()), "agency_id": self.id,
                "officer_id": self.officer, "at": timestamp(time.time()), **changes}

    def signed(self, octets, field="statement"):
        return {field: octets, "signature": self.signing.sign(octets), "key_id": key_id(b"sluss-key-v1", self.signing.public)}

    def state(self, path, kind, fields, request_name, response_name, **changes):
        """Signs a statement of `kind` and posts it."""
        octets = wire.encode(kind, {**self.header(kind), **fields, **changes})
        return self.call(path, request_name, {"statement": self.signed(octets)}, response_name)

    # ---- messages

    def section(self, message_id, category, claims, recipients, content_len, /, content=None, **changes):
        """`content`: octets that are sealed as the contract says; else nobody can open it."""
        key = os.urandom(32)
        header = {"kind": "sluss.v1.SectionHeader", "message_id": message_id, "salt": os.urandom(16), "category": category, "purpose": "PURPOSE_COORDINATION",
                  "concerned": [{"subject": True}], "claims": claims, "payload_type": "sluss.v1.Note",
                  "key_commitment": os.urandom(32) if content is None else hashlib.sha256(b"sluss.v1.SectionKey" + key).digest(), **changes}
        keys = [{"recipient_agency_id": r.id, "sealed_key": os.urandom(80), "key_id": key_id(b"sluss-seal-v1", r.sealing.public)} for r in recipients]
        made = {"header": wire.encode("SectionHeader", {k: v for k, v in header.items() if v is not None}), "ciphertext": os.urandom(40 + content_len), "keys": keys}
        if content is not None:
            made["ciphertext"] = encrypt(key, made["header"], content)
            for sealed, r in zip(keys, recipients):
                sealed["sealed_key"] = seal_key(key, r.sealing.public)
        return made

    def envelope(self, case_id, message_type, recipients, sections, message_id, /, **changes):
        digests = [section_digest(s) for s in sections]
        digests += [os.urandom(32) for _ in range(8 - len(digests) % 8)]
        header = self.header("Envelope")
        del header["statement_id"]
        return {**header, "message_id": message_id, "message_type": message_type, "case_id": case_id,
                "recipients": [{"agency_id": r.id} for r in recipients], "section_digests": sorted(digests), **changes}

    def message(self, case_id, consent_id, recipients, category="action_plan", message_type="MESSAGE_TYPE_ACTION_PLAN", content_len=64, message_id=None,
                section=None, envelope=None):
        """A SendRequest as a dict; `section` and `envelope` change fields of the label and of the envelope."""
        message_id = message_id or str(uuid.uuid4())
        made = self.section(message_id, category, [{"consent_id": consent_id}], recipients, content_len, **(section or {}))
        octets = wire.encode("Envelope", self.envelope(case_id, message_type, recipients, [made], message_id, **(envelope or {})))
        return {"envelope": self.signed(octets, "envelope"), "sections": [made]}

    def recipient(self, agency_id):
        """Another agency as the directory names it, for `message`."""
        answer = self.call("DirectoryService/GetAgency", "GetAgencyRequest", {"agency_id": agency_id}, "GetAgencyResponse")
        return types.SimpleNamespace(id=agency_id, sealing=types.SimpleNamespace(public=answer.message["agency"]["keys"][0]["sealing_key"]))

    def send(self, request):
        return self.call("ExchangeService/Send", "SendRequest", request, "SendResponse")

    def fetch(self, wait_ms=0, max_messages=64):
        return self.call("ExchangeService/Fetch", "FetchRequest", {"max_messages": max_messages, "wait_ms": wait_ms}, "FetchResponse")

    def acknowledge(self, delivery):
        return self.state("ExchangeService/Acknowledge", "AcknowledgeDelivery",
                          {"message_id": delivery["message_id"], "envelope_hash": hashlib.sha256(delivery["envelope"]["envelope"]).digest(),
                           "outcome": "DELIVERY_OUTCOME_RECEIVED"}, "AcknowledgeRequest", "AcknowledgeResponse")

    # ---- cases and consents

    def open_case(self, members, programme="SSPF", birth_date="2006-03-01", guardians=(), pin=""):
        """Opens a case that this agency leads; returns (case id, subject's person id)."""
        case_id, person_id = str(uuid.uuid4()), str(uuid.uuid4())
        answer = self.state("CaseService/Open", "OpenCase", {
            "case_id": case_id, "programme": programme, "subject": {"person_id": person_id, "name": "Test Testsson", "birth_date": birth_date, "language": "sv",
                        "personal_identity_number": pin},
            "guardians": list(guardians), "members": [{"agency_id": m.id, "contact_officer_ids": [m.officer]} for m in members],
            "coordinator_officer_ids": [self.officer]}, "CaseOpenRequest", "CaseOpenResponse")
        assert answer.ok, (answer.code, answer.reason, answer.text)
        return case_id, person_id

    def set_phase(self, case_id, phase, **more):
        return self.state("CaseService/SetPhase", "SetPhase", {"case_id": case_id, "phase": phase, **more}, "CaseChangeRequest", "CaseChangeResponse")

    def record(self, case_id, grants, **changes):
        """Records a consent. `grants` are (category, sender, receivers) for coordination, for a month from a minute ago."""
        now = time.time()
        consent_id = str(uuid.uuid4())
        drafts = [{"category": c, "sender_agency_id": s.id, "receiver_agency_ids": [r.id for r in to], "purpose": "PURPOSE_COORDINATION",
                   "from": timestamp(now - 60), "until": timestamp(now + 30 * 86400)} for c, s, to in grants]
        return self.state("ConsentService/Record", "RecordConsent", {
            "consent_id": consent_id, "case_id": case_id, "text_version": "1", "text_language": "sv", "obtained": "OBTAINED_ORAL", "obtained_at": timestamp(now),
            "grants": drafts, **changes}, "ConsentRecordRequest", "ConsentRecordResponse")

    def act(self, method, case_id, person_id, grant_ids):
        return self.state(f"ConsentService/{method}", "ActOnGrants", {
            "case_id": case_id, "person_id": person_id, "act": "GRANT_ACT_" + method.upper(), "grant_ids": grant_ids, "obtained": "OBTAINED_ORAL",
            "obtained_at": timestamp(time.time())}, "ActRequest", "ActResponse")

    def consent(self, case_id, person_ids, grants):
        """A consent that everybody named has given; returns its id."""
        recorded = self.record(case_id, grants)
        assert recorded.ok, (recorded.code, recorded.reason, recorded.field, recorded.text)
        for person_id in person_ids:
            given = self.act("Give", case_id, person_id, [g["grant_id"] for g in recorded.message["grants"]])
            assert given.ok, (given.code, given.reason, given.text)
        return recorded.message["consent_id"]

    def withdraw(self, case_id, person_id, **scope):
        return self.state("ConsentService/Withdraw", "WithdrawConsent", {
            "case_id": case_id, "person_id": person_id, **(scope or {"everything": True}), "obtained": "OBTAINED_ORAL", "received_at": timestamp(time.time())},
            "WithdrawRequest", "WithdrawResponse")


def sodium():
    return ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")


def encrypt(key, label, content):
    """A section's content: XChaCha20-Poly1305 under a random nonce, bound to the label."""
    nonce = os.urandom(24)
    out = ctypes.create_string_buffer(len(content) + 16)
    length = ctypes.c_ulonglong()
    sodium().crypto_aead_xchacha20poly1305_ietf_encrypt(out, ctypes.byref(length), content, ctypes.c_ulonglong(len(content)), label, ctypes.c_ulonglong(len(label)), None,
                                                        nonce, key)
    return nonce + out.raw[:length.value]


def seal_key(key, public):
    out = ctypes.create_string_buffer(len(key) + 48)
    assert sodium().crypto_box_seal(out, key, ctypes.c_ulonglong(len(key)), public) == 0
    return out.raw


def section_digest(section):
    return hashlib.sha256(b"sluss.v1.Section" + hashlib.sha256(section["header"]).digest() + hashlib.sha256(section["ciphertext"]).digest()).digest()
