# SPDX-License-Identifier: EUPL-1.2
"""A running sluss-agentd with its folder, and what a case system says to it over its socket."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess

import harness
from harness import contents

AGENTD = harness.BUILD / "agents" / "agentd" / "sluss-agentd"
# Pauses short enough that a failure is over before a test is: what is tested is what happens, not how long it takes.
QUICK = {"retry_first_ms": 10, "retry_max_ms": 100, "status_first_ms": 20, "status_max_ms": 200, "recall_period_ms": 200, "fetch_wait_ms": 500, "timeout_ms": 5000,
         "rescan_ms": 200, "settle_ms": 0}
if harness.BUILD.name in ("asan", "tsan"):
    QUICK["sandbox"] = "off"  # the leak checker traces the process


class LocalConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout=30):
        super().__init__("agent", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Agentd:
    """One agent of an enrolled agency (harness.Cli)."""

    def __init__(self, cli, name=None, url=None, environment=None, limits=None, **settings):
        self.cli = cli
        self.id = cli.id
        self.state = cli.gateway.folder / "agents" / (name or cli.id)
        self.state.mkdir(parents=True)
        self.process = None
        self.environment = environment or {}
        self.limits = limits
        self.log_path = self.state / "agentd.log"
        self.config = self.state / "agentd.conf"
        self.settings = {"profile": cli.profile, "state_dir": self.state / "state", "officer": cli.officer, **QUICK, **settings}
        if url:
            self.settings["gateway_url"] = url
        self.write()

    def write(self, **changes):
        self.settings.update(changes)
        self.config.write_text("".join(f"{k} = {v}\n" for k, v in self.settings.items()))

    # ---- process

    def launch(self):
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen([AGENTD, "--config", self.config], stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **self.environment},
                                            preexec_fn=self.limits)
        return self

    def start(self):
        self.launch()

        def ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"sluss-agentd ended with {self.process.returncode}:\n{self.log_tail()}")
            return self.get("/health")["status"] == "ok"
        harness.wait_until(ready, f"sluss-agentd does not serve:\n{self.log_tail()}")
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise RuntimeError(f"sluss-agentd does not end:\n{self.log_tail()}") from None
        return self.process.returncode if self.process else None

    def log_tail(self):
        return self.log_path.read_text(errors="replace")[-4000:] if self.log_path.exists() else ""

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # ---- what a case system says

    def call(self, method, path, body=None, headers=None, raw=False):
        """(status, answer)."""
        connection = LocalConnection(self.state / "state" / "agent.sock")
        try:
            connection.request(method, path, None if body is None else body if raw else json.dumps(body), headers or {})
            response = connection.getresponse()
            octets = response.read()
            kind = response.getheader("Content-Type")
            return response.status, json.loads(octets) if kind == "application/json" else octets if kind == "application/octet-stream" else octets.decode()
        finally:
            connection.close()

    def get(self, path):
        status, answer = self.call("GET", path)
        assert status == 200, (path, status, answer)
        return answer

    def post(self, path, body=None, expect=200):
        status, answer = self.call("POST", path, {} if body is None else body)
        assert status == expect, (path, status, answer)
        return answer

    def send(self, description, expect=202):
        return self.post("/v1/messages", description, expect)

    def message(self, message_id):
        return self.get(f"/v1/messages/{message_id}")

    def spool(self):
        """Files that are here with messages."""
        return [p for p in (self.state / "state" / "spool").iterdir()]

    def counts(self):
        return self.get("/v1/queue")["counts"]

    def wait_state(self, message_id, *states, seconds=harness.START_SECONDS):
        try:
            return harness.wait_until(lambda: (m := self.message(message_id))["state"] in states and m, "", seconds)
        except TimeoutError:
            raise TimeoutError(f"message {message_id} does not become {states}: {self.message(message_id)}\n{self.get('/v1/queue')}\n{self.log_tail()}") from None

    def take_all(self, count=None):
        """Takes what is there (or until `count` messages came) and acknowledges it; ids and documents in order."""
        got = []
        while True:
            wait = 5 if count is not None and len(got) < count else 0
            messages = self.get(f"/v1/inbox?wait={wait}&max=256")["messages"]
            for m in messages:
                got.append(m)
                self.post(f"/v1/inbox/{m['messageId']}/ack")
            if not messages and (count is None or len(got) >= count):
                return got
            if not messages:
                raise AssertionError(f"{len(got)} of {count} messages came\n{self.log_tail()}")


class World:
    """A gateway with a school and social services that may write to each other about one case; agents as the test wants them."""

    def __init__(self, running):
        self.gateway = running
        self.social = running.cli("soc-1", "social_services", "s1")
        self.school = running.cli("school-1", "school", "k1")
        self.cases = []
        self.consents = []

    def add_case(self):
        opened = self.social.run("case", "open", "--programme", "SSPF", "--subject", f"birth={harness.time.gmtime().tm_year - 20}-01-05,name=Alva Provsson,language=sv",
                                 "--member", "soc-1=s1", "--member", "school-1=k1", "--coordinator", "s1")["case"]
        case = opened["caseId"]
        now = harness.time.time()
        text = self.gateway.folder / "consent.txt"
        text.write_text("What we ask you to agree to.\n")
        valid = f"valid={harness.rfc3339(now - 60)}/{harness.rfc3339(now + 90 * 86400)}"
        grants = ("category=school_attendance,from=school-1,to=soc-1,purpose=coordination", "category=meeting_notes,from=soc-1,to=school-1,purpose=coordination",
                  "category=action_plan,from=soc-1,to=school-1,purpose=coordination")
        options = [word for g in grants for word in ("--grant", f"{g},{valid}")]
        consent = self.social.run("consent", "record", "--case", case, "--text-version", "1", "--language", "sv", "--text-file", text, *options)["consentId"]
        self.social.run("consent", "give", "--consent", consent, "--person", opened["subjectPersonId"], "--case", case)
        for phase in ("inquiry", "enrolled"):
            self.social.run("case", "phase", case, phase)
        self.cases.append((case, opened["subjectPersonId"]))
        self.consents.append(consent)
        return case, consent

    def not_ours(self, case=0):
        """What only a school may send, from social services: the gateway refuses it."""
        section = {"purpose": "coordination", "claim": f"consent:{self.consents[case]}", "json": contents.of("school_attendance", "AttendanceReport")}
        return {"case": self.cases[case][0], "type": "AttendanceReport", "to": ["school-1"], "sections": [section]}

    def notes(self, number, case=0, **more):
        """Social services' message `number` to the school."""
        return {"case": self.cases[case][0], "type": "MeetingNotes", "to": ["school-1"],
                "sections": [{"category": "meeting_notes", "purpose": "coordination", "claim": f"consent:{self.consents[case]}",
                              "json": contents.of("meeting_notes", "MeetingNotes", f"note {number}")}], **more}
