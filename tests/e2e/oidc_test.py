# SPDX-License-Identifier: EUPL-1.2
"""Login with an identity provider: a real one (npm oidc-provider), several issuers, and everything that can be wrong with what it sends."""
import base64
import contextlib
import json
import subprocess
import tempfile
import threading
import unittest

import browser
import harness
import outside
import provider
import wire


def setUpModule():
    if not provider.available():
        raise RuntimeError("no oidc-provider: gateway/portal/build brings it")  # not skipped: nobody would notice
    global gateway, soc, pol, case, person, between, secure, strange, url, subject_pin
    stack = contextlib.ExitStack()
    unittest.addModuleCleanup(stack.close)
    url = stack.enter_context(provider.running())
    between = stack.enter_context(contextlib.closing(provider.Between(url)))
    certificates = stack.enter_context(tempfile.TemporaryDirectory(prefix="sluss-"))
    ours, other = (outside.TlsAuthority(certificates, name) for name in ("ours", "other"))
    secure, strange = (stack.enter_context(contextlib.closing(provider.Between(url, ca.server(ca.name + "-idp", "IP:127.0.0.1")))) for ca in (ours, other))
    lines = [
        ("people", {"kind": "person", "client_id": "person-RS256", "person_claim": "personal_identity_number", "display": "E-legitimation å"}),
        ("people-ps", {"kind": "person", "client_id": "person-PS256", "person_claim": "personal_identity_number", "token": secure.url + "/token", "jwks": secure.url + "/jwks"}),
        ("staff", {"kind": "staff", "client_id": "staff-ES256", "officer_claim": "officer", "agency": "soc"}),
        ("all-staff", {"kind": "staff", "client_id": "secret-staff-EdDSA", "officer_claim": "officer", "agency_claim": "agency", "agencies": "soc,pol,gone",
                       "secret_file": "keys/idp-secret"}),
        ("strange", {"kind": "person", "client_id": "person-RS256", "person_claim": "personal_identity_number", "token": strange.url + "/token", "jwks": strange.url + "/jwks"}),
        ("down", {"kind": "person", "client_id": "person-RS256", "person_claim": "personal_identity_number", "token": "http://127.0.0.1:1/token"}),
    ]
    settings = "".join(provider.issuer_line(url, between.url, name=name, **pairs) for name, pairs in lines)
    settings += f"idp_ca = {ours.ca}\n"
    # Twice the same: one whose keys idp fetches, one whose keys are in a file.
    for name, keys in (("fetched", {}), ("pinned", {"jwks": None, "jwks_file": "keys/provider.json"})):
        settings += provider.issuer_line(url, between.url, name=name, kind="staff", client_id="staff-ES256", officer_claim="officer", agency="pol", **keys)
    _, provider_keys = between.pass_on("GET", "/jwks", None, {})
    gateway = stack.enter_context(provider.gateway(settings, files={"provider.json": provider_keys}))
    soc, pol = gateway.agency("soc", "social_services"), gateway.agency("pol", "police")
    gateway.agency("gone", "health")
    subject_pin = provider.pin("20080301", "238")
    case, person = soc.open_case([soc, pol], birth_date="2008-03-01", pin=subject_pin)


def new_browser():
    return provider.LoginBrowser(gateway, gateway.folder / "browsers")


class Oidc(unittest.TestCase):
    def setUp(self):
        between.mood = secure.mood = None

    def refused(self, answer, reason="LOGIN_REFUSED", code="permission_denied"):
        self.assertFalse(answer.ok, "let in")
        self.assertEqual((answer.code, answer.reason), (code, reason), answer.text)


class Logins(Oidc):
    def test_where(self):
        listed = new_browser().call("SessionService/ListIssuers", "ListIssuersRequest", {}, "ListIssuersResponse").message
        self.assertEqual([(i["issuer_id"], i["display_name"]) for i in listed["issuers"]],
                         [("people", "E-legitimation å"), ("people-ps", "people-ps"), ("staff", "staff"), ("all-staff", "all-staff"), ("strange", "strange"), ("down", "down"), ("fetched", "fetched"), ("pinned", "pinned")])
        self.assertEqual({i["kind"] for i in listed["issuers"][2:4]}, {"SESSION_KIND_STAFF"})

    def test_person(self):
        for issuer in ("people", "people-ps"):
            b = new_browser()
            answer = b.log_in(issuer, subject_pin)
            self.assertTrue(answer.ok, answer.body)
            self.assertEqual((b.session["person_id"], b.session["issuer_id"], b.session["kind"]), (person, issuer, "SESSION_KIND_PERSON"))
            self.assertTrue(b.call("SessionService/Get", "GetSessionRequest", {}, "GetSessionResponse").ok)
        last = [r["session"] for r in gateway.log(soc) if "session" in r][-1]
        self.assertEqual(last["issuer"], "people-ps")
        self.assertNotIn(subject_pin.encode(), b"".join(gateway.entries(soc)[0]))
        # The ID token is kept, but not in clear: none begins as every JSON header in base64url does.
        kept = b"".join(file.read_bytes() for file in (gateway.state / "db").iterdir())
        self.assertNotIn(b"eyJ", kept)
        self.assertNotIn(subject_pin.encode(), kept)

    def test_staff(self):
        b = new_browser()
        self.assertTrue(b.log_in("staff", "o1@pol").ok)  # this issuer speaks for soc alone, whatever its token says
        self.assertEqual((b.session["agency_id"], b.session["officer_id"]), ("soc", "o1"))
        b = new_browser()
        self.assertTrue(b.log_in("all-staff", "o7@pol").ok)
        self.assertEqual((b.session["agency_id"], b.session["officer_id"]), ("pol", "o7"))
        self.assertTrue([h for path, h, _ in between.seen if path == "/token" and h.get("Authorization", "").startswith("Basic ")])

    def test_nobody_we_know(self):
        self.refused(new_browser().log_in("people", provider.pin("20090302", "238")))
        self.refused(new_browser().log_in("people", "somebody"))
        self.refused(new_browser().log_in("people", "o1@soc"))  # no such claim
        self.refused(new_browser().log_in("staff", subject_pin))
        self.refused(new_browser().log_in("all-staff", "o1@audit"))
        self.refused(new_browser().log_in("all-staff", "o 1@soc"))

    def test_forms(self):
        self.refused(new_browser().begin("nobody"), "NOT_FOUND", "not_found")
        self.refused(new_browser().begin("people", session_key=b"\4" + b"\7" * 64), "MALFORMED", "invalid_argument")
        b = new_browser()
        login_id, back = b.go("people", subject_pin)
        self.refused(b.finish("x", back), "MALFORMED", "invalid_argument")
        self.refused(b.finish(login_id, back, code=""), "MALFORMED", "invalid_argument")
        self.refused(b.finish("00000000-0000-4000-8000-000000000001", back), "LOGIN_EXPIRED", "failed_precondition")


class Wrong(Oidc):
    def test_finished_twice(self):
        b = new_browser()
        login_id, back = b.go("people", subject_pin)
        self.assertTrue(b.finish(login_id, back).ok)
        self.refused(b.finish(login_id, back), "LOGIN_EXPIRED", "failed_precondition")

    def test_a_code_is_good_once(self):
        b = new_browser()
        _, back = b.go("people", subject_pin)
        second, other = b.go("people", subject_pin)
        self.refused(b.finish(second, {**back, "state": other["state"]}))  # another login's code: PKCE

    def test_another_state(self):
        b = new_browser()
        login_id, back = b.go("people", subject_pin)
        self.refused(b.finish(login_id, {**back, "state": back["state"][::-1]}))

    def test_another_browsers_key(self):
        honest, thief = new_browser(), new_browser()
        login_id, back = honest.go("people", subject_pin)
        self.refused(thief.finish(login_id, back))

    def test_another_persons_token(self):
        """The provider mixes up its answers: the nonce is another login's."""
        taken = []

        def keep(path, body, headers):
            if path != "/token":
                return None
            taken.append(between.pass_on("POST", path, body, headers))
            return taken[0]
        between.mood = keep
        self.assertTrue(new_browser().log_in("people", subject_pin).ok)
        self.refused(new_browser().log_in("people", subject_pin))
        self.assertEqual([t[0] for t in taken], [200, 200])

    def test_another_issuers_token(self):
        """Of the same provider, for another client."""
        taken = []

        def keep(path, body, headers):
            if path != "/token":
                return None
            taken.append(between.pass_on("POST", path, body, headers))
            return taken[0]
        between.mood = secure.mood = keep
        self.assertTrue(new_browser().log_in("people-ps", subject_pin).ok)
        self.refused(new_browser().log_in("people", subject_pin))

    def test_garbage(self):
        bad = [(200, b"garbage"), (200, b""), (200, b"{}"), (200, b'{"id_token":7}'), (200, b'{"id_token":"a.b.c"}'), (200, b'{"id_token":"' + b"a" * 20000 + b'"}'),
               (400, b'{"error":"invalid_grant"}'), (302, b"")]
        for answer in bad:
            between.mood = lambda path, body, headers, answer=answer: answer if path == "/token" else None
            self.refused(new_browser().log_in("people", subject_pin))

    def test_out_of_order(self):
        between.mood = lambda path, body, headers: (503, b"") if path == "/token" else None
        self.refused(new_browser().log_in("people", subject_pin), "UNAVAILABLE", "unavailable")
        self.refused(new_browser().log_in("down", subject_pin), "UNAVAILABLE", "unavailable")
        between.mood = None
        self.assertTrue(new_browser().log_in("people", subject_pin).ok)

    def test_slow(self):
        """While the provider thinks everything else goes on; the answer that comes late counts."""
        let_go = threading.Event()
        between.mood = lambda path, body, headers: let_go.wait(30) and None if path == "/token" else None
        b, answers = new_browser(), []
        login_id, back = b.go("people", subject_pin)
        waiting = threading.Thread(target=lambda: answers.append(b.finish(login_id, back)))
        waiting.start()
        try:
            harness.wait_until(lambda: any(path == "/token" for path, _, _ in between.seen), "nobody asks the provider")
            self.assertTrue(new_browser().begin("people").ok)
            self.assertTrue(soc.open_case([soc, pol])[0])
            self.assertEqual(answers, [])
        finally:
            let_go.set()
            waiting.join(30)
        self.assertTrue(answers[0].ok, answers[0].body)

    def test_over_tls(self):
        self.assertTrue(new_browser().log_in("people-ps", subject_pin).ok)
        self.assertIn("/token", [path for path, _, _ in secure.seen])
        self.refused(new_browser().log_in("strange", subject_pin), "UNAVAILABLE", "unavailable")
        self.assertEqual(strange.seen, [])  # the login's code was not given away

    def test_idp_dies(self):
        gateway.kill("idp")
        harness.wait_until(lambda: new_browser().log_in("people", subject_pin).ok, "idp does not come back")


class Pinned(Oidc):
    """Whoever owns the role idp answers for the provider: its tokens, its keys. Where the settings hold the keys, that is of no use."""

    def forge(self):
        """From now on the provider's tokens name another officer, and are signed by a key that is the provider's own as far as /jwks says."""
        forger = new_browser()  # has a key on P-256
        kid = "test-ES256"
        x, y = forger.public[1:33], forger.public[33:]
        false_keys = {"keys": [{"kty": "EC", "crv": "P-256", "kid": kid, "x": browser.base64url(x), "y": browser.base64url(y)}]}

        def mood(path, body, headers):
            if path == "/jwks":
                return provider.answer_json(200, false_keys)
            status, octets = between.pass_on("POST", path, body, headers)
            claims = json.loads(base64.urlsafe_b64decode(json.loads(octets)["id_token"].split(".")[1] + "=="))
            signed = ".".join(browser.base64url(json.dumps(part).encode()) for part in ({"alg": "ES256", "kid": kid}, {**claims, "officer": "chief"}))
            return provider.answer_json(status, {"id_token": f"{signed}.{browser.base64url(forger.sign(signed.encode()))}"})
        between.mood = mood

    def test_false_keys(self):
        self.forge()
        fooled = new_browser()
        self.assertTrue(fooled.log_in("fetched", "o1@pol").ok)  # what pinning is for
        self.assertEqual(fooled.session["officer_id"], "chief")
        asked = sum(path == "/jwks" for path, _, _ in between.seen)
        self.refused(new_browser().log_in("pinned", "o1@pol"))
        between.mood = None
        honest = new_browser()
        self.assertTrue(honest.log_in("pinned", "o1@pol").ok)
        self.assertEqual(honest.session["officer_id"], "o1")
        self.assertEqual(sum(path == "/jwks" for path, _, _ in between.seen), asked)  # nobody fetches keys for it

    def test_the_log_says_which_keys(self):
        values = [value for r in gateway.log(soc) if "settings" in r for value in r["settings"]["values"]]
        self.assertEqual([v.split("=")[0] for v in values if ".jwks" in v and "pinned" in v], ["issuer.pinned.jwks_sha256"])
        self.assertFalse([v for v in values if "provider.json" in v])

    def test_a_file_that_others_write_is_refused(self):
        with tempfile.TemporaryDirectory(prefix="sluss-") as folder:
            other = harness.Gateway(folder)
            with other.settings.open("a") as file:
                file.write(f"redirect_url = {provider.REDIRECT}\n" + provider.issuer_line(
                    url, url, name="pinned", kind="staff", client_id="c", officer_claim="officer", agency="pol", jwks=None, jwks_file="keys/provider.json"))
            keys = other.state / "keys" / "provider.json"
            keys.write_bytes((gateway.state / "keys" / "provider.json").read_bytes())
            keys.chmod(0o666)
            done = subprocess.run([harness.SLUSSD, "--config", other.settings], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("must be a regular file that its owner alone can write", done.stdout)


class Staff(Oidc):
    """An officer's own statements, signed by the session's key, over the public port."""
    @classmethod
    def setUpClass(cls):
        between.mood = None
        cls.coordinator, cls.other, cls.police = new_browser(), new_browser(), new_browser()
        assert cls.coordinator.log_in("staff", "o1@soc").ok
        assert cls.other.log_in("staff", "o2@soc").ok
        assert cls.police.log_in("all-staff", "o1@pol").ok

    def phase(self, by, **changes):
        return by.state("CaseService/SetPhase", "SetPhase", {"case_id": case, "phase": "PHASE_INQUIRY"}, "CaseChangeRequest", "CaseChangeResponse", **changes)

    def persons(self, by):
        return by.call("CaseService/GetPersons", "CaseGetPersonsRequest", {"case_id": case}, "CaseGetPersonsResponse")

    def test_a_coordinator_acts(self):
        answer = self.phase(self.coordinator)
        self.assertTrue(answer.ok, answer.body)
        self.assertTrue(self.coordinator.call("CaseService/Get", "CaseGetRequest", {"case_id": case}, "CaseGetResponse").ok)
        self.assertTrue(self.coordinator.call("CaseService/List", "CaseListRequest", {}, "CaseListResponse").ok)
        self.assertTrue(self.coordinator.call("ConsentService/List", "ConsentListRequest", {"case_id": case}, "ConsentListResponse").ok)
        self.assertTrue(self.coordinator.call("StatutoryService/List", "StatutoryListRequest", {"case_id": case}, "StatutoryListResponse").ok)

    def test_who_may_not(self):
        self.refused(self.phase(self.other), "NOT_ENTITLED")
        self.refused(self.phase(self.police), "NOT_ENTITLED")
        self.refused(self.phase(self.other, officer_id="o1"), "SIGNATURE_INVALID")
        self.assertFalse(self.phase(self.police, agency_id="soc").ok)
        subject = new_browser()
        self.assertTrue(subject.log_in("people", subject_pin).ok)
        subject.session.update({"agency_id": "soc", "officer_id": "o1"})
        self.refused(self.phase(subject), "NOT_ENTITLED")
        self.refused(self.persons(subject), "NOT_ENTITLED")
        self.refused(self.phase(new_browser_with(self.coordinator)), "SESSION_UNKNOWN", "unauthenticated")

    def test_names_are_for_coordinators(self):
        answer = self.persons(self.coordinator)
        self.assertTrue(answer.ok, answer.body)
        self.assertEqual((answer.message["subject"]["name"], answer.message["subject"]["personal_identity_number"]), ("Test Testsson", subject_pin))
        self.refused(self.persons(self.other), "NOT_ENTITLED")
        self.refused(self.persons(self.police), "NOT_ENTITLED")
        looked = [r["looked"] for r in gateway.log(soc) if "looked" in r and r["looked"]["what"] == "persons"]
        self.assertEqual([entry["who"] for entry in looked], ["soc"])

    def test_sessions_are_ended(self):
        subject, officer = new_browser(), new_browser()
        self.assertTrue(subject.log_in("people", subject_pin).ok)
        self.assertTrue(officer.log_in("staff", "o9@soc").ok)
        get = ("SessionService/Get", "GetSessionRequest", {}, "GetSessionResponse")
        self.assertGreaterEqual(gateway.admin("EndSessions", {"person_id": person})["ended"], 1)
        self.refused(subject.call(*get), "SESSION_UNKNOWN", "unauthenticated")
        self.assertEqual(gateway.admin("EndSessions", {"agency_id": "soc", "officer_id": "o9"}), {"ended": 1})
        self.refused(officer.call(*get), "SESSION_UNKNOWN", "unauthenticated")
        self.assertTrue(self.coordinator.call(*get).ok)
        ended = [r["session"] for r in gateway.log(soc) if "session" in r][-1]
        self.assertEqual((ended["officer"], ended["ended"]), ("o9", True))
        for wrong in ({}, {"officer_id": "o1"}, {"everybody": True, "agency_id": "soc"}, {"person_id": "x"}, {"agency_id": "S"}):
            with self.assertRaises(ValueError):
                gateway.admin("EndSessions", wrong)

    def test_an_agency_that_leaves_takes_its_staff_along(self):
        officer, late = new_browser(), new_browser()
        self.assertTrue(officer.log_in("all-staff", "o1@gone").ok)
        begun = late.go("all-staff", "o2@gone")
        lists = ("CaseService/List", "CaseListRequest", {}, "CaseListResponse")
        self.assertTrue(officer.call(*lists).ok)
        header, header_again = (officer.header("CaseService/List", b"") for _ in range(2))
        gateway.admin("RevokeAgency", {"agency_id": "gone"})
        self.refused(officer.call(*lists, header), "SESSION_UNKNOWN", "unauthenticated")  # signed before it left
        self.refused(officer.call("SessionService/Get", "GetSessionRequest", {}, "GetSessionResponse"), "SESSION_UNKNOWN", "unauthenticated")
        self.refused(officer.call(*lists, header_again), "SESSION_UNKNOWN", "unauthenticated")
        self.refused(late.finish(*begun))  # nor does a login that had begun come to its end
        self.refused(new_browser().log_in("all-staff", "o1@gone"))
        self.assertTrue(self.police.call(*lists).ok)

    def test_a_statement_that_comes_again(self):
        """The very statement again does nothing twice; its id on another statement is refused, and so is the statement in another session."""
        def members(by, statement):
            return by.call("CaseService/SetMembers", "CaseChangeRequest", {"statement": statement}, "CaseChangeResponse")
        both = {"members": [{"agency_id": a, "contact_officer_ids": ["o1"]} for a in ("soc", "pol")], "coordinator_officer_ids": ["o1"]}
        stated = self.coordinator.statement("SetMembers", {"case_id": case, **both})
        before = gateway.health()["log_size"]
        first = members(self.coordinator, stated)
        self.assertTrue(first.ok, first.body)
        size = gateway.health()["log_size"]
        again = members(self.coordinator, stated)
        self.assertTrue(again.ok, again.body)
        self.assertEqual((again.message["receipt"]["log_index"], gateway.health()["log_size"], size > before), (first.message["receipt"]["log_index"], size, True))
        self.refused(members(self.other, stated), "KEY_UNKNOWN")
        same_id = wire.decode("SetMembers", stated["statement"])["statement_id"]
        self.refused(members(self.coordinator, self.coordinator.statement("SetMembers", {"case_id": case, **both, "statement_id": same_id, "officer_id": "o1", "members": both["members"][:1]})),
                     "ID_REUSED", "already_exists")
        forged = {**stated, "signature": bytes(64)}
        self.refused(members(self.coordinator, {**forged, "statement": self.coordinator.statement("SetMembers", {"case_id": case, **both})["statement"]}), "SIGNATURE_INVALID")
        self.assertEqual(gateway.health()["log_size"], size)

    def test_a_locked_person_is_out_at_once(self):
        locked_pin = provider.pin("20090302", "239")
        locked_case, _ = soc.open_case([soc, pol], birth_date="2009-03-02", pin=locked_pin)
        subject = new_browser()
        self.assertTrue(subject.log_in("people", locked_pin).ok)
        answer = self.coordinator.state("CaseService/SetProtection", "SetProtection", {"case_id": locked_case, "login_locked": True}, "CaseChangeRequest",
                                        "CaseChangeResponse")
        self.assertTrue(answer.ok, answer.body)
        self.refused(subject.call("SessionService/Get", "GetSessionRequest", {}, "GetSessionResponse"), "SESSION_UNKNOWN", "unauthenticated")
        self.refused(new_browser().log_in("people", locked_pin))


def new_browser_with(owner):
    """A thief: another's session id, a key of its own."""
    thief = new_browser()
    thief.session = owner.session
    return thief


if __name__ == "__main__":
    unittest.main(verbosity=2)
