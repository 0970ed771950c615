# SPDX-License-Identifier: EUPL-1.2
"""Starts the gateway's real programs in a folder of their own and talks to them. Ports are the kernel's choice; everything is gone afterwards.

SLUSS_BUILD names the build tree (default build/release). SLUSS_KEEP=1 keeps the folder and says where it is."""
import base64
import contextlib
import hashlib
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid

import agency
import wire

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests" / "fakes"))
import contents  # noqa: E402
BUILD = pathlib.Path(os.environ.get("SLUSS_BUILD", TOP / "build" / "release"))
SLUSSD = BUILD / "slussd"
SLUSS = BUILD / "agents" / "cli" / "sluss"
POLICY = TOP / "policy" / "sweden-sig.json"
START_SECONDS = 30
ADMIN_METHODS = {"AddAgency": 161, "RevokeAgency": 162, "RevokeKeys": 168, "SetPolicy": 163, "StepClock": 164, "GetHealth": 165, "EndSessions": 169, "Backup": 166, "ErasePerson": 167, "ListQueues": 170}  # gateway/ipc/methods.h


def wait_until(true, what, seconds=START_SECONDS):
    """Calls `true` until it gives something that counts as true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, ValueError, KeyError):
            got = true()
            if got:
                return got
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


class Gateway:
    """One authority: its state folder, and its running slussd."""

    def __init__(self, folder, authority="sluss.test/e2e", settings=None):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.authority = authority
        self.process = None
        self.log_path = self.folder / "slussd.log"
        self.init(settings or {})

    def init(self, settings):
        chosen = {"agency_listen": "127.0.0.1:0", "public_listen": "127.0.0.1:0", **settings}
        sets = [word for key, value in chosen.items() for one in (value if isinstance(value, list) else [value]) for word in ("--set", f"{key}={one}")]
        subprocess.run([SLUSSD, "--init", "--authority", self.authority, "--state", self.state, "--policy", POLICY, *sets], check=True, stdout=subprocess.DEVNULL)
        self.settings = self.state / "slussd.conf"
        self.ca = self.state / "server-ca.crt"

    # ---- processes

    def start(self):
        (self.state / "ports").unlink(missing_ok=True)
        self.process = subprocess.Popen([SLUSSD, "--config", self.settings], stdout=self.log_path.open("ab"), stderr=subprocess.STDOUT)
        self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"slussd ended with {self.process.returncode}:\n{self.log_tail()}")
            ports = dict(line.split() for line in (self.state / "ports").read_text().splitlines())
            self.agency_port, self.public_port = int(ports["agency"]), int(ports["public"])
            return self.health()
        return wait_until(ready, f"slussd does not serve:\n{self.log_tail()}")

    def log_tail(self):
        return self.log_path.read_text(errors="replace")[-4000:] if self.log_path.exists() else ""

    def pids(self):
        return {name: int(pid) for name, pid in (line.split() for line in (self.state / "pids").read_text().splitlines())}

    def kill(self, role):
        """kill -9 of one role; the parent starts it again. Killing the parent takes the roles along: start() is the caller's. A role that is being started anew is
        waited for."""
        wait_until(lambda: os.kill(self.pids()[role], signal.SIGKILL) or True, f"no process to kill: {role}")
        if role == "parent":
            self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise RuntimeError(f"slussd does not end:\n{self.log_tail()}") from None

    # ---- the authority's own socket

    def admin(self, method, request=None):
        """One call of AdminService; returns the answer as a dict."""
        frame = wire.encode("IpcFrame", {"request": {"request_id": 1, "method": ADMIN_METHODS[method], "port": 3,
                                                     "body": wire.encode(method + "Request", request or {})}})
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            s.connect(str(self.state / "admin.sock"))
            s.sendall(struct.pack(">I", len(frame)) + frame)
            size = struct.unpack(">I", _read(s, 4))[0]
            response = wire.decode("IpcFrame", _read(s, size))["response"]
        if response.get("code", 0) != 0:
            raise ValueError(f"{method}: {response}")
        return wire.decode(method + "Response", response.get("body", b""))

    def health(self):
        return self.admin("GetHealth")

    def token(self, agency_id, agency_type, approvers=()):
        return self.admin("AddAgency", {"agency_id": agency_id, "type": "AGENCY_TYPE_" + agency_type.upper(), "display_name": agency_id,
                                        "approver_officer_ids": list(approvers)})["token"]

    # ---- agencies

    def agency(self, agency_id, agency_type, officer="o1", approvers=()):
        """An enrolled agency that speaks for itself (agency.py)."""
        made = agency.Agency(self, agency_id, self.folder / "agencies" / agency_id, officer)
        answer = made.enrol(self.token(agency_id, agency_type, approvers))
        assert answer.ok, (answer.code, answer.reason, answer.text)
        return made

    def auditor(self, agency_id="audit"):
        """An enrolled auditor: reviews the log, takes part in nothing."""
        return self.agency(agency_id, "auditor")

    def cli(self, agency_id, agency_type, officer, approvers=()):
        """The same through `sluss`."""
        made = Cli(self, agency_id, officer)
        made.enrol(self.token(agency_id, agency_type, approvers))
        return made

    def entries(self, by):
        """The octets of all log entries, in order, and the last checkpoint, as `by` exports them."""
        entries = []
        while True:
            answer = by.call("AuditService/Export", "ExportRequest", {"start": len(entries), "count": 4096}, "ExportResponse")
            assert answer.ok, (answer.code, answer.text)
            entries += answer.message["entries"]
            if len(entries) >= int(answer.message["checkpoint"].split("\n")[1]):
                return entries, answer.message["checkpoint"]
            assert answer.message["entries"], "an export that does not go on"

    def log(self, by):
        """All entries as LogRecord dicts. The tree that they make is the one that the checkpoint signs (RFC 6962 section 2.1)."""
        entries, checkpoint = self.entries(by)
        origin, size, root = checkpoint.split("\n")[:3]
        assert origin == self.authority, origin
        leaves = [hashlib.sha256(b"\0" + e).digest() for e in entries[:int(size)]]
        assert base64.b64encode(merkle_root(leaves)).decode() == root, "the log's root is not its entries'"
        return [wire.decode("LogRecord", e) for e in entries]


def merkle_root(leaves):
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256().digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + merkle_root(leaves[:split]) + merkle_root(leaves[split:])).digest()


def uuid_text(octets):
    return str(uuid.UUID(bytes=octets))


def _read(s, size):
    octets = b""
    while len(octets) < size:
        got = s.recv(size - len(octets))
        if not got:
            raise OSError("the admin socket closed")
        octets += got
    return octets


@contextlib.contextmanager
def gateway(**how):
    """A running gateway in a temporary folder."""
    folder = tempfile.mkdtemp(prefix="sluss-")
    running = None
    try:
        running = Gateway(folder, **how)
        yield running.start()
    finally:
        if running:
            running.stop()
        if os.environ.get("SLUSS_KEEP"):
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder)


def write_plan(path, running, sender, recipient, cases):
    """What race_client and bench_load are told (tests/client/plan.h). `cases` are (case id, person id, consent id or "")."""
    lines = [f"authority {running.authority}", f"ca {running.ca}", f"port {running.agency_port}"]
    for role, a in (("sender", sender), ("recipient", recipient)):
        lines.append(f"{role} {a.id} {a.certificate} {a.key} {a.officer} {a.signing.seed.hex()} {a.sealing.public.hex()}")
    lines += [f"case {' '.join(c)}" for c in cases]
    pathlib.Path(path).write_text("\n".join(lines) + "\n")


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Cli:
    """One agency's `sluss` with its profile folder."""

    def __init__(self, running, agency_id, officer="o1"):
        self.gateway = running
        self.id = agency_id
        self.officer = officer
        self.profile = running.folder / "profiles" / agency_id
        self.profile.parent.mkdir(exist_ok=True)

    def run(self, *words, expect=0, officer=None):
        """Runs one command with --json; returns its answer, or its error when another exit code is expected."""
        command = [str(word) for word in (SLUSS, *words, "--json", "--profile", self.profile, "--officer", officer or self.officer)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == expect, f"{command}: exit {done.returncode}, not {expect}\n{done.stdout}{done.stderr}"
        answer = json.loads(done.stdout) if done.stdout.strip() else {}
        return answer if expect == 0 else answer["error"]

    def enrol(self, token):
        self.run("agency", "enrol", "--url", f"https://localhost:{self.gateway.public_port}", "--agency-url", f"https://localhost:{self.gateway.agency_port}", "--ca",
                 self.gateway.ca, "--authority", self.gateway.authority, "--agency", self.id, "--token", token)


class Batch:
    """One `sluss batch`: many commands of many agencies over kept connections."""

    def __init__(self, profiles):
        self.process = subprocess.Popen([SLUSS, "batch", "--profiles", profiles], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, words):
        """(exit code, result or error)."""
        self.process.stdin.write(shlex.join(map(str, words)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"sluss batch ended at: {words}")
        answer = json.loads(line)
        return answer["exit"], answer.get("result" if answer["exit"] == 0 else "error", {})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.wait()
