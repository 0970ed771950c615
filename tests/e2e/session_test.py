# SPDX-License-Identifier: EUPL-1.2
"""One-time codes and what a session is bound to: its key, its counter, its owner, its end."""
import json
import subprocess
import unittest

import browser
import harness


def setUpModule():
    global context, gateway, soc, pol, case, person, guardian
    context = harness.gateway()
    gateway = context.__enter__()
    soc, pol = gateway.agency("soc", "social_services"), gateway.agency("pol", "police")
    guardian = "7f3a1d9e-6c1b-4b8e-9a57-3f1f0c7d2b11"
    case, person = soc.open_case([soc, pol], guardians=[{"person_id": guardian, "name": "Vera Testsson", "language": "so"}])


def tearDownModule():
    context.__exit__(None, None, None)


def new_browser():
    return browser.Browser(gateway, gateway.folder / "browsers")


def issue(to=None, by=None, **changes):
    return (by or soc).state("SessionService/IssueCode", "IssueCode", {"case_id": case, "person_id": to or person, **changes}, "IssueCodeRequest",
                             "IssueCodeResponse")


def code_for(to=None):
    answer = issue(to)
    assert answer.ok, (answer.code, answer.text)
    return answer.message["code"]


class Codes(unittest.TestCase):
    def refused(self, answer, reason="LOGIN_REFUSED", code="permission_denied"):
        self.assertFalse(answer.ok)
        self.assertEqual((answer.code, answer.reason), (code, reason), answer.text)

    def test_login_and_logout(self):
        b = new_browser()
        answer = b.enter_code(code_for(guardian))
        self.assertTrue(answer.ok, answer.body)
        self.assertEqual((b.session["person_id"], b.session["name"], b.session["language"]), (guardian, "Vera Testsson", "so"))
        again = b.call("SessionService/Get", "GetSessionRequest", {}, "GetSessionResponse")
        self.assertEqual(again.message["session"]["person_id"], guardian)
        self.assertTrue(b.call("SessionService/End", "EndSessionRequest", {}, "EndSessionResponse").ok)
        self.refused(b.call("SessionService/Get", "GetSessionRequest", {}, "GetSessionResponse"), "SESSION_UNKNOWN", "unauthenticated")
        events = [r["session"] for r in gateway.log(soc) if "session" in r]
        self.assertEqual([e.get("ended", False) for e in events][-2:], [False, True])
        self.assertNotIn(b"Vera", b"".join(gateway.entries(soc)[0]))

    def test_a_code_is_good_once(self):
        code = code_for()
        self.assertTrue(new_browser().enter_code(code).ok)
        self.refused(new_browser().enter_code(code))

    def test_a_new_code_voids_the_old(self):
        old, new = code_for(), code_for()
        self.refused(new_browser().enter_code(old))
        self.assertTrue(new_browser().enter_code(new).ok)

    def test_five_wrong_tries_void_a_code(self):
        code = code_for()
        for _ in range(5):
            self.refused(new_browser().enter_code(code[:-1] + ("0" if code[-1] != "0" else "1")))
        self.refused(new_browser().enter_code(code))

    def test_a_code_taken_on_the_way_is_of_no_use(self):
        code, honest, thief = code_for(), new_browser(), new_browser()
        self.refused(honest.enter_code(code, session_key=thief.public), "SIGNATURE_INVALID")
        self.assertTrue(honest.enter_code(code).ok)

    def test_who_may_issue(self):
        self.refused(issue(by=pol), "NOT_ENTITLED")
        self.refused(issue("00000000-0000-4000-8000-000000000001"), "NOT_FOUND", "not_found")
        self.refused(new_browser().enter_code("ZZZZZZ-0000-0000-0000-0000"))
        self.refused(new_browser().enter_code(code_for(), session_key=b"\4" + b"\7" * 64), "MALFORMED", "invalid_argument")


class Sessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = new_browser()
        assert cls.browser.enter_code(code_for()).ok

    def get(self, header=None, by=None):
        return (by or self.browser).call("SessionService/Get", "GetSessionRequest", {}, "GetSessionResponse", header)

    def unknown(self, answer):
        self.assertFalse(answer.ok)
        self.assertEqual((answer.code, answer.reason), ("unauthenticated", "SESSION_UNKNOWN"))

    def test_a_request_is_good_once(self):
        header = self.browser.header("SessionService/Get", b"")
        self.assertTrue(self.get(header).ok)
        self.unknown(self.get(header))

    def test_late_ones_may_come(self):
        first, second = (self.browser.header("SessionService/Get", b"") for _ in range(2))
        self.assertTrue(self.get(second).ok)
        self.assertTrue(self.get(first).ok)
        old = self.browser.header("SessionService/Get", b"")
        self.browser.counter += 64
        self.assertTrue(self.get().ok)
        self.unknown(self.get(old))

    def test_a_request_is_for_one_method_and_body(self):
        self.unknown(self.get(self.browser.header("SessionService/End", b"")))
        self.unknown(self.get(self.browser.header("SessionService/Get", b"\x08\x01")))

    def test_another_key(self):
        thief = new_browser()
        thief.session = self.browser.session
        self.unknown(self.get(by=thief))

    def test_no_session(self):
        self.unknown(self.get(by=new_browser()))

    def test_forms(self):
        good = self.browser.header("SessionService/Get", b"")
        session, counter, signature = good.split(".")
        for bad in ("", ".", "..", session, good + ".", f"{session}.0.{signature}", f"{session}.01.{signature}", f"{session}.-1.{signature}",
                    f"{session}.{'9' * 20}.{signature}", f"{session[:-1]}.{counter}.{signature}", f"{session}.{counter}.{signature}A"):
            with self.subTest(bad):
                answer = self.get(bad or " ")
                self.assertEqual((answer.status, answer.reason), (400, "MALFORMED"))
        self.assertTrue(self.get(good).ok)

    def test_a_person_is_no_agency(self):
        answer = self.browser.call("CaseService/List", "CaseListRequest", {}, "CaseListResponse")
        self.assertEqual((answer.code, answer.reason), ("permission_denied", "NOT_ENTITLED"))

    def end(self, *words, expect=0):
        """`sluss admin sessions end`: how many it ended, or its error."""
        done = subprocess.run([str(w) for w in (harness.SLUSS, "admin", "sessions", "end", *words, "--json", "--socket", gateway.state / "admin.sock")],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_the_operator_ends_sessions(self):
        mine, also_mine, theirs = (new_browser() for _ in range(3))
        for b, who in ((mine, person), (also_mine, person), (theirs, guardian)):
            self.assertTrue(b.enter_code(code_for(who)).ok)
        self.assertGreaterEqual(self.end("--person", person)["ended"], 2)
        self.unknown(self.get(by=mine))
        self.unknown(self.get(by=also_mine))
        self.assertTrue(self.get(by=theirs).ok)  # of another person
        self.assertEqual(self.end("--person", person).get("ended", 0), 0)
        self.assertEqual(self.end("--agency", "soc").get("ended", 0), 0)
        self.assertGreaterEqual(self.end("--all")["ended"], 1)
        self.unknown(self.get(by=theirs))
        for wrong in ((), ("--officer", "o1"), ("--all", "--person", person), ("--person", "x")):
            self.assertIn("error", self.end(*wrong, expect=3))
        ended = [r["session"] for r in gateway.log(soc) if "session" in r and r["session"].get("ended")]
        self.assertEqual(harness.uuid_text(ended[-1]["person"]), guardian)
        type(self).setUpClass()

    def test_a_session_ends_with_its_time(self):
        with harness.gateway(settings={"session_ms": 1000}) as brief:
            opener = brief.agency("soc", "social_services")
            opened, subject = opener.open_case([opener])
            code = opener.state("SessionService/IssueCode", "IssueCode", {"case_id": opened, "person_id": subject}, "IssueCodeRequest", "IssueCodeResponse").message["code"]
            b = browser.Browser(brief, brief.folder / "browsers")
            self.assertTrue(b.enter_code(code).ok)
            harness.wait_until(lambda: not self.get(by=b).ok, "the session goes on for ever")
            self.unknown(self.get(by=b))

    def test_sessions_end_with_core(self):
        self.assertTrue(self.get().ok)
        before = gateway.pids()["core"]
        gateway.kill("core")
        harness.wait_until(lambda: gateway.pids()["core"] != before and gateway.health(), "core does not come back")
        harness.wait_until(lambda: self.get().status == 401, "the session outlives core")
        self.unknown(self.get())
        type(self).setUpClass()


if __name__ == "__main__":
    unittest.main()
