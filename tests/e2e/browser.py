# SPDX-License-Identifier: EUPL-1.2
"""What a browser does in a session (proto/sluss/v1/session.proto), without a browser: a P-256 key of its own (openssl), the signed header, statements of staff."""
import base64
import hashlib
import hmac
import http.client
import pathlib
import ssl
import struct
import time
import uuid

import agency
import wire


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def raw_signature(der):
    """r || s of an ECDSA signature in DER."""
    assert der[0] == 0x30
    at, halves = 2, b""
    for _ in range(2):
        length = der[at + 1]
        halves += der[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + length
    return halves


class Browser:
    """One browser: a key for one login, and what it does with it. `folder` is for the key."""

    def __init__(self, gateway, folder):
        self.gateway = gateway
        self.path = pathlib.Path(folder) / f"browser-{uuid.uuid4()}.pem"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        agency.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(self.path))
        self.public = agency.openssl("pkey", "-in", str(self.path), "-pubout", "-outform", "DER")[-65:]
        self.session = None
        self.counter = 0

    def sign(self, *parts):
        return raw_signature(agency.openssl("dgst", "-sha256", "-sign", str(self.path), octets=b"".join(parts)))

    def verify(self, signature, *parts):
        """Raises unless it is this browser's signature; by openssl."""
        def integer(octets):
            octets = octets.lstrip(b"\0") or b"\0"
            octets = b"\0" + octets if octets[0] > 0x7F else octets
            return b"\2" + bytes([len(octets)]) + octets
        body = integer(signature[:32]) + integer(signature[32:])
        file = self.path.with_suffix(".sig")
        file.write_bytes(b"\x30" + bytes([len(body)]) + body)
        agency.openssl("dgst", "-sha256", "-prverify", str(self.path), "-signature", str(file), octets=b"".join(parts))

    def connect(self):
        context = ssl.create_default_context(cafile=self.gateway.ca)
        return http.client.HTTPSConnection("localhost", self.gateway.public_port, context=context, timeout=30)

    def header(self, path, body, counter=None):
        if counter is None:
            self.counter += 1
            counter = self.counter
        signed = (b"sluss-session-v1\0", self.gateway.authority.encode() + b"\0", b"/sluss.v1." + path.encode() + b"\0", struct.pack(">Q", counter),
                  hashlib.sha256(body).digest())
        return f"{base64url(self.session['session_id'])}.{counter}.{base64url(self.sign(*signed))}"

    def post(self, path, body, headers):
        connection = self.connect()
        try:
            connection.request("POST", "/sluss.v1." + path, body, {"Content-Type": "application/proto", "Connect-Protocol-Version": "1", **headers})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def call(self, path, request_name, request, response_name, header=None):
        """One call in the session; `header` replaces the one that is right."""
        body = wire.encode(request_name, request)
        headers = {}
        if self.session or header:
            headers["Sluss-Session"] = header or self.header(path, body)
        return agency.Answer(*self.post(path, body, headers), response_name)

    def enter_code(self, code, **changes):
        name, secret = code[:6], code[6:].replace("-", "")
        key = hashlib.sha256(b"sluss-code-v1\0" + secret.encode()).digest()
        authority = self.gateway.authority.encode() + b"\0"
        mac = hmac.digest(key, authority + name.encode() + b"\0" + self.public, "sha256")
        request = {"code_id": name, "session_key": self.public, "mac": mac,
                   "signature": self.sign(b"sluss-login-v1\0", authority, name.encode() + b"\0", mac), **changes}
        answer = self.call("SessionService/EnterCode", "EnterCodeRequest", request, "FinishLoginResponse")
        if answer.ok:
            self.session = answer.message["session"]
        return answer

    def state(self, path, kind, fields, request_name, response_name, **changes):
        """A statement of staff, in a request."""
        return self.call(path, request_name, {"statement": self.statement(kind, {**fields, **changes})}, response_name)

    def statement(self, kind, fields):
        """A statement of staff, signed by the session's key."""
        header = {"kind": "sluss.v1." + kind, "authority": self.gateway.authority, "statement_id": str(uuid.uuid4()), "agency_id": self.session["agency_id"],
                  "officer_id": self.session["officer_id"], "at": agency.timestamp(time.time())}
        octets = wire.encode(kind, {**header, **fields})
        return {"statement": octets, "signature": self.sign(b"sluss-statement-v1\0", octets), "key_id": "session:" + base64url(self.session["session_id"])}
