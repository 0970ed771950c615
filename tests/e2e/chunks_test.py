#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""100 MiB through the real programs: sent in chunks, cut in the middle and gone on with, fetched; nobody's memory grows with it. And a withdrawal in the middle of a
transfer: not one octet more, and nothing left in the store. Prints the high-water marks."""
import hashlib
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import uuid

import harness
from harness import SLUSS, wait_until

MIB = 1 << 20
SIZE = 100 * MIB
CHUNK = 256 << 10
CLIENT_MAX = 16 * MIB  # private memory that a client may ask for; beyond it malloc fails
GROWTH_MAX = 60 * MIB  # of one process, while 100 MiB pass; what it keeps is a few chunks, SQLite's pages and its log's


def memory(running):
    """High-water mark of each process, octets."""
    marks = {}
    for role, pid in running.pids().items():
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
        marks[role] = int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024
    return marks


def make_file(path):
    digest = hashlib.sha256()
    block = os.urandom(MIB)
    with path.open("wb") as out:
        for i in range(SIZE // MIB):
            piece = i.to_bytes(8, "big") + block[8:]
            digest.update(piece)
            out.write(piece)
    return digest.hexdigest()


def digest_of(path):
    digest = hashlib.sha256()
    with path.open("rb") as octets:
        while piece := octets.read(MIB):
            digest.update(piece)
    return digest.hexdigest()


def payload_rows(running):
    """Rows of payload in the gateway's database."""
    with sqlite3.connect(f"file:{next((running.state / 'db').glob('*.db'))}?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM payload").fetchone()[0]


class World:
    """School and social services, one case, a consent that attendance may be told."""

    def __init__(self, running):
        self.running = running
        self.soc = running.cli("soc-1", "social_services", "s1")
        self.sch = running.cli("sch-1", "school", "t1")
        opened = self.soc.run("case", "open", "--programme", "SSPF", "--subject", f"birth={harness.time.gmtime().tm_year - 20}-01-05,name=Alva Provsson,language=sv",
                              "--member", "soc-1=s1", "--member", "sch-1=t1", "--coordinator", "s1")["case"]
        self.case, self.person = opened["caseId"], opened["subjectPersonId"]
        for phase in ("inquiry", "enrolled"):
            self.soc.run("case", "phase", self.case, phase)
        text = running.folder / "text"
        text.write_text("Jag samtycker.")
        now = harness.time.time()
        self.consent = self.soc.run(
            "consent", "record", "--case", self.case, "--text-version", "1", "--language", "sv", "--text-file", text, "--grant",
            f"category=school_attendance,from=sch-1,to=soc-1,purpose=coordination,valid={harness.rfc3339(now - 60)}/{harness.rfc3339(now + 90 * 86400)}")["consentId"]
        self.soc.run("consent", "give", "--consent", self.consent, "--person", self.person, "--case", self.case)

    def send(self, path, state):
        return ["send", "--case", self.case, "--type", "AttendanceReport", "--to", "soc-1", "--resume", state, "--attach",
                f"category=school_attendance,purpose=coordination,claim=consent:{self.consent},file={path},media=video/mp4"]


def bounded(cli, words):
    """A command whose private memory is limited."""
    command = ["sh", "-c", f'ulimit -d {CLIENT_MAX // 1024}; exec "$@"', "sh", SLUSS, *words, "--json", "--profile", cli.profile, "--officer", cli.officer]
    return [str(w) for w in command]


def run(cli, *words):
    done = subprocess.run(bounded(cli, words), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout)


def cut_in_the_middle(cli, words, state, chunks):
    """Starts a command and kills it when it has sealed so many chunks; the state file grows by a hash with each."""
    command = bounded(cli, words)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: state.stat().st_size > 2000 + 32 * chunks, "the upload does not begin")
    process.send_signal(signal.SIGKILL)
    process.wait()


def pass_through(w, folder):
    """Send, cut, go on; fetch, cut, go on."""
    source = folder / "film.mp4"
    want = make_file(source)
    before = memory(w.running)
    state = folder / "upload.state"
    cut_in_the_middle(w.sch, w.send(source, state), state, 60)
    assert state.stat().st_mode & 0o077 == 0, "others may read the key of the upload"
    assert payload_rows(w.running) >= 50, "nothing was kept of the first try"
    sent = run(w.sch, *w.send(source, state))
    assert not state.exists()
    rows = payload_rows(w.running)
    assert rows == SIZE // CHUNK + 1, rows
    inbox = folder / "inbox"
    message = sent["messageId"]
    got = inbox / f"{message}.0.bin"
    inbox.mkdir()
    with got.open("wb") as part, source.open("rb") as octets:  # as an earlier fetch that was cut in the middle of a chunk left it
        part.write(octets.read(150 * CHUNK + 777))
    fetched = run(w.soc, "fetch", "--out", inbox, "--ack")["messages"][0]
    assert fetched["attachments"][0]["fileName"] == "film.mp4" and fetched["attachments"][0]["octets"] == SIZE, fetched["attachments"]
    assert digest_of(got) == want, "what came is not what was sent"
    assert payload_rows(w.running) == 0, "delivered payload is kept"
    status = w.sch.run("status", message)
    assert status["recipients"][0]["state"] == "DELIVERY_STATE_ACKNOWLEDGED"
    got.unlink()
    after = memory(w.running)
    print("high-water marks, MiB:", {role: (before[role] // MIB, after[role] // MIB) for role in after})
    for role in ("core", "web", "edge"):
        assert after[role] - before[role] < GROWTH_MAX, f"{role} grew with the file"
    return source


def hand_of(w, cli, officer):
    """An agency that was enrolled by the command line, speaking for itself."""
    made = harness.agency.Agency.__new__(harness.agency.Agency)
    made.gateway, made.id, made.officer, made.connection = w.running, cli.id, officer, None
    made.certificate, made.key = cli.profile / "client.crt", cli.profile / "client.key"
    return made


def withdraw_in_the_middle(w, folder, source):
    """A transfer under way, a reader that does not read, a withdrawal: the rest never comes."""
    with source.open("r+b") as out:
        out.truncate(20 * CHUNK)
    sent = w.sch.run(*w.send(source, folder / "second.state"))
    by_hand = hand_of(w, w.soc, "s1")
    deliveries = by_hand.fetch().message["deliveries"]
    assert [d["message_id"] for d in deliveries] == [sent["messageId"]]
    header_hash = hashlib.sha256(deliveries[0]["sections"][0]["header"]).digest()

    def ask(index):
        return by_hand.call("ExchangeService/GetChunk", "GetChunkRequest", {"message_id": sent["messageId"], "header_hash": header_hash, "index": index},
                            "GetChunkResponse")
    first = ask(0)
    assert first.ok and len(first.message["octets"]) == CHUNK + 40
    assert hashlib.sha256(b"\0" + first.message["octets"]).digest() == deliveries[0]["sections"][0]["chunk_hashes"][:32]

    # And an upload that is under way: what was put waits, too.
    header = harness.wire.encode("SectionHeader", {
        "kind": "sluss.v1.SectionHeader", "message_id": str(uuid.uuid4()), "salt": os.urandom(16), "category": "school_attendance", "purpose": "PURPOSE_COORDINATION",
        "concerned": [{"subject": True}], "claims": [{"consent_id": w.consent}], "payload_type": "sluss.v1.Attachment", "key_commitment": os.urandom(32),
        "chunk_count": 2, "chunked_octets": 2 * CHUNK})
    school = hand_of(w, w.sch, "t1")
    put = school.call("ExchangeService/PutChunk", "PutChunkRequest", {"header": header, "octets": os.urandom(CHUNK + 40)}, "PutChunkResponse")
    assert put.ok and put.message["chunks"] == 1, (put.code, put.text)
    rows = payload_rows(w.running)
    assert rows == 22, rows

    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", w.running.agency_port))
    with by_hand.tls().wrap_socket(raw, server_hostname="localhost") as slow:
        body = harness.wire.encode("GetChunkRequest", {"message_id": sent["messageId"], "header_hash": header_hash, "index": 1})
        slow.sendall(b"POST /sluss.v1.ExchangeService/GetChunk HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: %d\r\n\r\n"
                     % len(body) + body)
        taken = len(slow.recv(1000))  # it is on its way
        w.soc.run("consent", "withdraw", "--case", w.case, "--person", w.person, "--everything", "--obtained", "oral")
        try:
            while piece := slow.recv(65536):
                taken += len(piece)
        except OSError:
            pass  # reset
    assert taken < CHUNK, "the whole chunk came after the withdrawal"
    refused = ask(2)
    assert not refused.ok and refused.code == "not_found", refused.code
    assert not by_hand.fetch().message["deliveries"]
    assert payload_rows(w.running) == 0, "withdrawn payload is kept"
    gone = school.call("ExchangeService/GetUpload", "GetUploadRequest", {"header_hash": hashlib.sha256(header).digest()}, "GetUploadResponse")
    assert gone.code == "not_found", gone.code
    print(f"of a chunk under way {taken} octets were out when the withdrawal was acknowledged")


def main():
    with harness.gateway() as running:
        w = World(running)
        source = pass_through(w, running.folder)
        withdraw_in_the_middle(w, running.folder, source)


if __name__ == "__main__":
    main()
