# SPDX-License-Identifier: EUPL-1.2
"""Everything foreign gets a Connect error with one of our reason codes and leaves no trace but its log record."""
import gzip
import json
import os
import subprocess
import time
import unittest
import uuid

import harness
import wire
from agency import Agency, Answer, KeyPair, key_id, timestamp

SEND = "ExchangeService/Send"


def setUpModule():
    global world
    world = World()


def tearDownModule():
    world.close()


class World:
    """Two agencies in one case with a consent, a third that is not in it."""

    def __init__(self):
        self.context = harness.gateway()
        self.gateway = self.context.__enter__()
        self.social = self.gateway.agency("soc-1", "social_services")
        self.school = self.gateway.agency("school-1", "school")
        self.stranger = self.gateway.agency("school-2", "school")
        self.case, self.person = self.social.open_case([self.social, self.school])
        for phase in ("PHASE_INQUIRY", "PHASE_ENROLLED"):
            moved = self.social.set_phase(self.case, phase)
            assert moved.ok, (moved.reason, moved.text)
        self.consent = self.social.consent(self.case, [self.person], [("action_plan", self.social, [self.school])])

    def close(self):
        self.context.__exit__(None, None, None)

    def message(self, **changes):
        return self.social.message(self.case, self.consent, [self.school], **changes)

    def log_size(self):
        return self.gateway.health()["log_size"]


class BadInput(unittest.TestCase):
    def refused(self, answer, status, code, reason, field=None):
        self.assertEqual((answer.status, getattr(answer, "code", "ok"), getattr(answer, "reason", None)), (status, code, reason))
        if field is not None:
            self.assertEqual(answer.field, field)

    def leaves_no_trace(self):
        """A context in which the log may not grow."""
        test = self

        class Unchanged:
            def __enter__(self):
                self.size = world.log_size()

            def __exit__(self, kind, *_):
                if kind is None:
                    test.assertEqual(world.log_size(), self.size)
        return Unchanged()

    def raw(self, body, path=SEND, **how):
        return Answer(*world.social.post(path, body, **how), "SendResponse")

    # ---- a good one first: the table below changes one thing each

    def test_good_message_passes(self):
        answer = world.social.send(world.message())
        self.assertTrue(answer.ok, answer.body)
        self.assertEqual([p["reason"] for p in answer.message["pairs"]], ["REASON_CODE_OK_CONSENT"])
        self.assertIn("c2sp.org/tlog-proof", answer.message["receipt"]["tlog_proof"])

    # ---- octets

    def test_malformed(self):
        with self.leaves_no_trace():
            for body in (b"\xff\xff\xff", b"\x0a\x05ab", b"\x00", os.urandom(500), b"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"):
                self.refused(self.raw(body), 400, "invalid_argument", "MALFORMED")

    def test_empty(self):
        with self.leaves_no_trace():
            self.refused(self.raw(b""), 400, "invalid_argument", "MALFORMED")

    def test_truncated_at_every_kind_of_place(self):
        octets = wire.encode("SendRequest", world.message())
        with self.leaves_no_trace():
            for size in sorted({1, 2, 3, 10, 100, *range(200, len(octets), len(octets) // 12), len(octets) - 1}):
                answer = self.raw(octets[:size])
                self.assertEqual(answer.status, 400, size)
                self.assertEqual(answer.reason, "MALFORMED", size)

    def test_too_large(self):
        with self.leaves_no_trace():
            answer = self.raw(wire.encode("SendRequest", world.message(content_len=1 << 20)))
            self.assertEqual((answer.code, answer.reason), ("resource_exhausted", "TOO_LARGE"))

    def test_too_large_after_decompression(self):
        bomb = gzip.compress(b"\0" * (64 << 20))
        with self.leaves_no_trace():
            answer = self.raw(bomb, headers={"Content-Encoding": "gzip"})
            self.assertEqual((answer.code, answer.reason), ("resource_exhausted", "TOO_LARGE"))

    def test_broken_gzip(self):
        good = gzip.compress(wire.encode("SendRequest", world.message()))
        with self.leaves_no_trace():
            for body in (good[:-10], good[:20] + b"\xff" * 20 + good[40:], b"not gzip at all"):
                self.refused(self.raw(body, headers={"Content-Encoding": "gzip"}), 400, "invalid_argument", "MALFORMED")

    def test_deep(self):
        body = b""
        for _ in range(5000):
            body = wire.field(1, body)
            if len(body) > 500000:
                break
        with self.leaves_no_trace():
            self.refused(self.raw(body), 400, "invalid_argument", "MALFORMED")
            deep = b'{"envelope":' * 5000 + b"{}" + b"}" * 5000
            self.refused(self.raw(deep, content_type="application/json"), 400, "invalid_argument", "MALFORMED")

    def test_bad_json(self):
        with self.leaves_no_trace():
            for body in (b"{", b"[]", b"nul", b'{"envelope": 5}', b'{"envelope": {"envelope": "*"}}', b'{"sections": {}}', b"\xff{}", b'{"envelope": {"keyId": "\xc3("}}'):
                self.refused(self.raw(body, content_type="application/json"), 400, "invalid_argument", "MALFORMED")

    def test_unknown_fields_outside_are_ignored_inside_refused(self):
        octets = wire.encode("SendRequest", world.message())
        self.assertTrue(self.raw(octets + wire.field(1000, b"from the future")).ok)
        request = world.message()
        signed = request["envelope"]["envelope"] + wire.field(1000, b"from the future")
        request["envelope"] = world.social.signed(signed, "envelope")
        with self.leaves_no_trace():
            self.refused(world.social.send(request), 400, "invalid_argument", "MALFORMED")

    def test_unknown_field_in_label(self):
        request = world.message()
        section = request["sections"][0]
        section["header"] += wire.field(1000, b"x")
        self.assertEqual(world.social.send(request).status, 400)

    # ---- signatures

    def test_wrong_signature(self):
        with self.leaves_no_trace():
            request = world.message()
            request["envelope"]["signature"] = os.urandom(64)
            self.refused(world.social.send(request), 403, "permission_denied", "SIGNATURE_INVALID")
            request = world.message()
            request["envelope"]["signature"] = request["envelope"]["signature"][:63]
            answer = world.social.send(request)
            self.assertIn(answer.reason, ("SIGNATURE_INVALID", "MALFORMED"))

    def test_changed_after_signing(self):
        request = world.message()
        octets = request["envelope"]["envelope"]
        request["envelope"]["envelope"] = octets[:-1] + bytes([octets[-1] ^ 1])
        with self.leaves_no_trace():
            self.refused(world.social.send(request), 403, "permission_denied", "SIGNATURE_INVALID")

    def test_changed_section(self):
        for change in ("header", "ciphertext"):
            request = world.message()
            octets = request["sections"][0][change]
            request["sections"][0][change] = octets[:-1] + bytes([octets[-1] ^ 1])
            with self.leaves_no_trace():
                self.refused(world.social.send(request), 400, "invalid_argument", "MALFORMED")

    def test_key_of_another_agency(self):
        """The school signs what says it comes from social services, over its own connection and over theirs."""
        envelope = wire.decode("Envelope", world.message()["envelope"]["envelope"])
        octets = wire.encode("Envelope", envelope)
        with self.leaves_no_trace():
            for via in (world.school, world.social):
                request = world.message()
                request["envelope"] = world.school.signed(octets, "envelope")
                answer = via.send(request)
                self.assertEqual(answer.code, "permission_denied")
                self.assertIn(answer.reason, ("SIGNATURE_INVALID", "KEY_UNKNOWN"))

    def test_certificate_of_another_agency(self):
        """Well signed by social services, but posted over the school's connection."""
        with self.leaves_no_trace():
            answer = world.school.send(world.message())
            self.assertEqual(answer.code, "permission_denied")

    def test_unknown_key(self):
        stray = KeyPair(world.gateway.folder / "stray.pem", "ed25519")
        request = world.message()
        octets = request["envelope"]["envelope"]
        request["envelope"] = {"envelope": octets, "signature": stray.sign(octets), "key_id": key_id(b"sluss-key-v1", stray.public)}
        with self.leaves_no_trace():
            self.refused(world.social.send(request), 403, "permission_denied", "KEY_UNKNOWN")

    def test_statement_of_another_kind(self):
        """A signed withdrawal posted as an act on grants, and a statement for another gateway."""
        fields = {"case_id": world.case, "person_id": world.person, "everything": True, "obtained": "OBTAINED_ORAL", "received_at": timestamp(time.time())}
        octets = wire.encode("WithdrawConsent", {**world.social.header("WithdrawConsent"), **fields})
        with self.leaves_no_trace():
            answer = world.social.call("ConsentService/Give", "ActRequest", {"statement": world.social.signed(octets)}, "ActResponse")
            self.refused(answer, 400, "invalid_argument", "MALFORMED")
            answer = world.social.state("ConsentService/Withdraw", "WithdrawConsent", fields, "WithdrawRequest", "WithdrawResponse", authority="sluss.other/e2e")
            self.refused(answer, 400, "invalid_argument", "MALFORMED", "authority")

    # ---- ids and time

    def test_repeated_send_gets_the_first_answer(self):
        request = world.message()
        first = world.social.send(request)
        with self.leaves_no_trace():
            again = world.social.send(request)
        self.assertTrue(first.ok and again.ok)
        self.assertEqual(again.message["receipt"]["log_index"], first.message["receipt"]["log_index"])
        self.assertEqual(again.message["receipt"]["log_entry"], first.message["receipt"]["log_entry"])

    def test_replayed_id_with_other_content(self):
        message_id = str(uuid.uuid4())
        self.assertTrue(world.social.send(world.message(message_id=message_id)).ok)
        with self.leaves_no_trace():
            self.refused(world.social.send(world.message(message_id=message_id)), 409, "already_exists", "ID_REUSED")

    def test_clock_off(self):
        with self.leaves_no_trace():
            for seconds in (-400, 400, -86400, 86400 * 400):
                answer = world.social.send(world.message(envelope={"at": timestamp(time.time() + seconds)}))
                self.refused(answer, 400, "failed_precondition", "CLOCK_SKEW")
        for seconds in (-200, 200):
            self.assertTrue(world.social.send(world.message(envelope={"at": timestamp(time.time() + seconds)})).ok)

    # ---- cases and members

    def test_unknown_case(self):
        with self.leaves_no_trace():
            answer = world.social.send(world.message(envelope={"case_id": str(uuid.uuid4())}))
        self.refused(answer, 404, "not_found", "UNKNOWN_CASE")

    def test_case_of_others_looks_unknown(self):
        unknown = world.stranger.call("CaseService/Get", "CaseGetRequest", {"case_id": str(uuid.uuid4())}, "CaseGetResponse")
        others = world.stranger.call("CaseService/Get", "CaseGetRequest", {"case_id": world.case}, "CaseGetResponse")
        self.refused(others, 404, "not_found", "UNKNOWN_CASE")
        self.assertEqual(others.body, unknown.body)
        mine = world.stranger.message(world.case, world.consent, [world.school])
        self.refused(world.stranger.send(mine), 404, "not_found", "UNKNOWN_CASE")

    def test_recipient_not_a_member(self):
        answer = world.social.send(world.social.message(world.case, world.consent, [world.stranger]))
        self.refused(answer, 403, "permission_denied", "NOT_A_MEMBER")
        self.assertEqual([p["reason"] for p in answer.refusal["pairs"]], ["REASON_CODE_NOT_A_MEMBER"])

    def test_labels(self):
        for section, reason in (({"category": "gossip"}, "MALFORMED"), ({"category": ""}, "MALFORMED"), ({"purpose": "PURPOSE_UNSPECIFIED"}, "MALFORMED"),
                                ({"claims": []}, "MALFORMED"), ({"purpose": "PURPOSE_ASSESSMENT"}, "WRONG_PURPOSE"),
                                ({"concerned": [{"subject": True}, {"other_person": True}]}, "THIRD_PARTY_MISSING")):
            with self.subTest(section):
                answer = world.social.send(world.message(section=section))
                self.assertFalse(answer.ok)
                self.assertEqual(answer.reason, reason)

    # ---- certificates

    def test_certificate_unknown(self):
        """A certificate of another authority is not let in; one of ours that no agency has is told so."""
        folder = world.gateway.folder / "unknown"
        folder.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "k.pem", "-out",
                        folder / "c.pem", "-subj", "/CN=soc-1", "-days", "2"], check=True, capture_output=True)
        self.no_entry(folder / "c.pem", folder / "k.pem")
        self.no_entry(None, None)

    def test_certificate_of_ours_that_nobody_enrolled(self):
        certificate, key = self.issue("nobody", 2)
        status, body = self.try_certificate(certificate, key)
        self.assertEqual((status, json.loads(body)["code"]), (401, "unauthenticated"))

    def test_certificate_expired(self):
        self.no_entry(*self.issue("expired", -1))

    def test_certificate_revoked(self):
        gone = world.gateway.agency("school-9", "school")
        self.assertTrue(gone.fetch().ok)
        world.gateway.admin("RevokeAgency", {"agency_id": "school-9"})
        if gone.connection:
            gone.connection.close()
            gone.connection = None
        try:
            answer = gone.fetch()
        except OSError:
            return
        self.refused(answer, 401, "unauthenticated", "CERTIFICATE_UNKNOWN")

    def issue(self, name, days):
        """A certificate under the gateway's client CA, made beside the gateway; `days` may be negative."""
        keys = world.gateway.state / "keys"
        folder = world.gateway.folder / name
        folder.mkdir()
        run = lambda *a: subprocess.run(["openssl", *map(str, a)], check=True, capture_output=True)
        run("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "k.pem", "-out", folder / "r.pem", "-subj", "/CN=soc-1")
        if days > 0:
            run("x509", "-req", "-in", folder / "r.pem", "-CA", keys / "client-ca.crt", "-CAkey", keys / "client-ca.key", "-days", days, "-out", folder / "c.pem")
        else:
            (folder / "index").write_text("")
            (folder / "serial").write_text("4242\n")
            (folder / "ca.cnf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nserial={folder}/serial\nnew_certs_dir={folder}\ndefault_md=sha256\n"
                                           "policy=p\n[p]\ncommonName=supplied\n")
            run("ca", "-batch", "-config", folder / "ca.cnf", "-cert", keys / "client-ca.crt", "-keyfile", keys / "client-ca.key", "-in", folder / "r.pem", "-out",
                folder / "c.pem", "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-notext")
        return folder / "c.pem", folder / "k.pem"

    def try_certificate(self, certificate, key):
        guest = Agency.__new__(Agency)
        guest.gateway = world.gateway
        guest.certificate, guest.key = (certificate, key) if certificate else (world.gateway.folder / "none", None)
        connection = guest.connect()
        try:
            connection.request("POST", "/sluss.v1.ExchangeService/Fetch", b"", {"Content-Type": "application/proto"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def no_entry(self, certificate, key):
        with self.assertRaises(OSError):
            self.try_certificate(certificate, key)

    # ---- enrolment

    def test_enrolment_tokens(self):
        token = world.gateway.token("school-5", "school")
        right = Agency(world.gateway, "school-5", world.gateway.folder / "agencies" / "school-5")
        request = right.enrol_request(token)
        enrol = lambda r: right.call("DirectoryService/Enrol", "EnrolRequest", r, "EnrolResponse", port=world.gateway.public_port)
        with self.leaves_no_trace():
            self.refused(enrol({**request, "token_id": "made-up"}), 400, "invalid_argument", "MALFORMED")
            self.refused(enrol({**request, "token_id": str(uuid.uuid4())}), 403, "permission_denied", "TOKEN_INVALID")
            self.refused(enrol({**request, "token_mac": os.urandom(32)}), 403, "permission_denied", "TOKEN_INVALID")
            self.refused(enrol({**request, "agency_id": "school-6"}), 403, "permission_denied", "TOKEN_INVALID")
            self.refused(enrol({**request, "possession_signature": os.urandom(64)}), 403, "permission_denied", "SIGNATURE_INVALID")
            self.refused(enrol(right.enrol_request(token, "-----BEGIN NONSENSE-----")), 400, "invalid_argument", "MALFORMED")
            # Whoever sees the request on its way cannot put other keys, or another certificate request, in the place of the agency's.
            thief = Agency(world.gateway, "school-5", world.gateway.folder / "agencies" / "thief")
            theirs = thief.enrol_request(token)
            for changed in ({**theirs, "token_mac": request["token_mac"]}, {**request, "certificate_request": theirs["certificate_request"]}):
                self.refused(enrol(changed), 403, "permission_denied", "TOKEN_INVALID")
        self.assertTrue(enrol(request).ok)
        self.refused(enrol({**request, "sealing_key": os.urandom(32)}), 403, "permission_denied", "TOKEN_INVALID")

    def test_agency_methods_are_not_on_the_public_port(self):
        status, _, body = world.social.post("ExchangeService/Fetch", b"", connection=world.social.connect(world.gateway.public_port))
        self.assertIn((status, json.loads(body)["code"]), ((404, "unimplemented"), (401, "unauthenticated"), (501, "unimplemented")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
