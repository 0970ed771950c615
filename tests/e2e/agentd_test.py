# SPDX-License-Identifier: EUPL-1.2
"""What an agent is to a case system: the local interface and who may use it, watched folders, refusals with their reasons, recalls, the witness."""
import hashlib
import http.client
import json
import os
import resource
import sqlite3
import stat
import subprocess
import unittest
import urllib.request
import uuid
from pathlib import Path

import agentd
import harness

import proxy  # noqa: E402

networks = []  # of the sender, of the receiver


def setUpModule():
    global running, world, sender, receiver, stack
    stack = harness.contextlib.ExitStack()
    running = stack.enter_context(harness.gateway(settings={"lease_ms": "300"}))
    world = agentd.World(running)
    world.add_case()
    sender = stack.enter_context(agentd.Agentd(world.social, folder="folder", listen="127.0.0.1:0", witness_listen="127.0.0.1:0"))
    receiver = stack.enter_context(agentd.Agentd(world.school, acknowledge_when_handled="true"))
    networks.extend(stack.enter_context(proxy.Proxy(running.agency_port)) for _ in range(2))


def tearDownModule():
    stack.close()


class Files(unittest.TestCase):
    """Files in chunks through two agents that are killed in the middle, in memory that does not grow with them."""
    SIZE = 20 << 20
    SMALL = 5 << 20
    MORE = 16 << 20  # private memory beyond what an agent has that does nothing: 8 MiB are SQLite's, the rest is connections'; less than the file
    PATIENCE = 150  # seconds

    @classmethod
    def tearDownClass(cls):
        for agent in (sender, receiver):
            agent.stop()
            agent.limits = None
            agent.write(gateway_url=f"https://localhost:{running.agency_port}")
            agent.start()

    def through(self, agent, network, bounded=True):
        """Starts the agent anew with its network between, and bounds its memory."""
        agent.stop()
        bounded = bounded and harness.BUILD.name not in ("asan", "tsan")  # sanitizers have memory of their own
        agent.limits = (lambda: resource.setrlimit(resource.RLIMIT_STACK, (512 << 10, resource.RLIM_INFINITY))) if bounded else None  # its threads' count as data
        agent.write(gateway_url=network.url)
        if bounded:
            self.begin(agent)
        else:
            agent.start()

    def begin(self, agent):
        agent.start()
        if agent.limits is None:
            return
        status = Path(f"/proc/{agent.process.pid}/status").read_text()
        data = int(status.split("VmData:")[1].split()[0]) << 10
        resource.prlimit(agent.process.pid, resource.RLIMIT_DATA, (data + self.MORE, data + self.MORE))

    def kill_in_the_middle(self, agent, network):
        harness.wait_until(lambda: network.stays, "nothing passes", self.PATIENCE)
        agent.kill()
        network.release()

    def make(self, path, size=SIZE):
        octets = os.urandom(1 << 16) * (size >> 16)
        path.write_bytes(octets)
        return octets

    def chunks_at_gateway(self):
        with sqlite3.connect(f"file:{next((running.state / 'db').glob('*.db'))}?mode=ro", uri=True) as db:
            return db.execute("SELECT count(*) FROM payload").fetchone()[0]

    def test_watched_folder_to_interface(self):
        up, down = networks
        self.through(sender, up)
        self.through(receiver, down)
        folder = sender.state / "state" / "folder"
        film = folder / "outbox" / "files" / "film.mp4"
        content = self.make(film)
        before = running.health().get("accepted", 0)
        up.arm(proxy.UP, self.SIZE * 2 // 5, "stay")
        down.arm(proxy.DOWN, self.SIZE * 2 // 5, "stay")
        description = world.notes(20)
        film_section = {**{k: description["sections"][0][k] for k in ("category", "purpose", "claim")}, "attach": "film.mp4", "media": "video/mp4"}
        description["sections"].append(film_section)
        Folders.put(self, "film.json", description, folder)
        self.kill_in_the_middle(sender, up)
        there = self.chunks_at_gateway()
        self.assertGreater(there, 10)
        film.unlink()  # the agent has its own
        up.arm(proxy.UP, self.SIZE * 2 // 5, "cut")  # on the way again, and once more cut
        self.begin(sender)
        self.kill_in_the_middle(receiver, down)
        self.assertFalse(up.armed())
        answer = json.loads(harness.wait_until(lambda: (folder / "sent" / "film.json.receipt").read_text(), "no receipt", self.PATIENCE))
        self.assertEqual(sender.spool(), [])
        down.arm(proxy.DOWN, self.SIZE * 2 // 5, "cut")
        self.begin(receiver)
        message = harness.wait_until(lambda: receiver.get("/v1/inbox?wait=5")["messages"], "nothing arrives", self.PATIENCE)[0]
        self.assertFalse(down.armed())
        section = message["sections"][1]
        self.assertEqual((message["messageId"], section["content"]["fileName"], section["file"]), (answer["messageId"], "film.mp4", f"{answer['messageId']}.0.bin"))
        status, got = receiver.call("GET", f"/v1/inbox/{answer['messageId']}/files/0")
        self.assertEqual((status, got == content), (200, True))
        self.assertEqual(receiver.call("GET", f"/v1/inbox/{answer['messageId']}/files/1")[0], 404)
        self.assertEqual([m["messageId"] for m in receiver.take_all(1)], [answer["messageId"]])
        self.assertEqual(receiver.call("GET", f"/v1/inbox/{answer['messageId']}/files/0")[0], 404)
        self.assertEqual(receiver.spool(), [])
        sender.wait_state(answer["messageId"], "delivered")
        self.assertEqual(running.health()["accepted"], before + 1)
        self.assertEqual(self.chunks_at_gateway(), 0)
        status, _ = sender.call("POST", "/v1/files", iter([content]), raw=True)  # within the same memory
        self.assertEqual(status, 201)

    def test_interface_to_watched_folder(self):
        """As above the other way, handed in through the socket piece by piece; the case system's answers got lost."""
        up, down = networks
        self.through(receiver, up, bounded=False)
        self.through(sender, down, bounded=False)
        content = self.make(running.folder / "scan.pdf", self.SMALL)

        def pieces():
            for at in range(0, len(content), 100000):
                yield content[at:at + 100000]
        for _ in range(2):
            status, handed_in = receiver.call("POST", "/v1/files", pieces(), raw=True)
            self.assertEqual((status, handed_in), (201, {"upload": hashlib.sha256(content).hexdigest(), "octets": self.SMALL}))
        self.assertEqual(len(receiver.spool()), 1)
        section = {"category": "school_attendance", "purpose": "coordination", "claim": f"consent:{world.consents[0]}", "upload": handed_in["upload"], "name": "scan.pdf"}
        description = {"id": str(uuid.uuid4()), "case": world.cases[0][0], "type": "AttendanceReport", "to": ["soc-1"], "sections": [section]}
        up.arm(proxy.UP, self.SMALL * 2 // 5, "stay")
        receiver.send(description)
        self.kill_in_the_middle(receiver, up)
        down.arm(proxy.DOWN, self.SMALL * 2 // 5, "stay")
        receiver.start()
        receiver.send(description, 200)
        self.kill_in_the_middle(sender, down)
        sender.start()
        inbox = sender.state / "state" / "folder" / "inbox"
        name = description["id"]
        document = json.loads(harness.wait_until(lambda: (inbox / f"{name}.json").read_text(), "nothing arrives", self.PATIENCE))
        self.assertEqual(document["sections"][0]["file"], f"{name}.0.bin")
        self.assertEqual((inbox / f"{name}.0.bin").read_bytes() == content, True)
        (inbox / f"{name}.json").unlink()
        harness.wait_until(lambda: sender.get(f"/v1/inbox/{name}")["state"] == "done", "its removal is not seen")
        self.assertEqual(sorted(p.name for p in inbox.iterdir()), [])
        self.assertEqual(sender.spool(), [])
        receiver.wait_state(name, "delivered")
        # The second time that it was handed in counts for one more message; then it is gone.
        second = receiver.send({**description, "id": str(uuid.uuid4())})["messageId"]
        receiver.wait_state(second, "accepted", "delivered", seconds=self.PATIENCE)
        self.assertEqual(receiver.spool(), [])
        self.assertEqual(receiver.send({**description, "id": str(uuid.uuid4())}, 400)["error"]["field"], "upload")
        harness.wait_until(lambda: (inbox / f"{second}.json").read_text(), "nothing arrives", self.PATIENCE)
        (inbox / f"{second}.json").unlink()
        harness.wait_until(lambda: sender.get(f"/v1/inbox/{second}")["state"] == "done", "its removal is not seen")

    def test_files_that_cannot_be_sent(self):
        section = {"category": "meeting_notes", "purpose": "coordination", "claim": f"consent:{world.consents[0]}"}
        for more, field in (({"attach": "../x"}, "attach"), ({"attach": "nothing"}, "attach"), ({"upload": "0" * 63, "name": "x"}, "upload"),
                            ({"upload": "0" * 64, "name": "x"}, "upload"), ({"upload": "0" * 64, "name": "x", "text": "y"}, "attach")):
            self.assertEqual(sender.send(world.notes(21, sections=[{**section, **more}]), 400)["error"]["field"], field, more)
        self.assertEqual(sender.call("POST", "/v1/files", b"", raw=True)[0], 400)
        self.assertEqual(sender.spool(), [])


class Interface(unittest.TestCase):
    def loopback(self, headers, path="/health"):
        port = int((sender.state / "state" / "port").read_text())
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.putrequest("GET", path, skip_host=True)
        for key, value in headers.items():
            connection.putheader(key, value.replace("PORT", str(port)))
        connection.endheaders()
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status

    def test_loopback_wants_token_and_own_name(self):
        token_file = sender.state / "state" / "token"
        self.assertEqual(stat.S_IMODE(token_file.stat().st_mode), 0o600)
        bearer = {"Authorization": "Bearer " + token_file.read_text()}
        self.assertEqual(self.loopback({"Host": "localhost:PORT", **bearer}), 200)
        self.assertEqual(self.loopback({"Host": "127.0.0.1:PORT", **bearer}), 200)
        self.assertEqual(self.loopback({"Host": "localhost:PORT"}), 401)
        self.assertEqual(self.loopback({"Host": "localhost:PORT", "Authorization": "Bearer " + "0" * 64}), 401)
        self.assertEqual(self.loopback({"Host": "rebound.example:PORT", **bearer}), 403)
        self.assertEqual(self.loopback({"Host": "localhost", **bearer}), 403)
        self.assertEqual(self.loopback({"Host": "localhost:PORT", "Origin": "https://page.example", **bearer}), 403)

    def test_socket_is_ours_alone(self):
        self.assertEqual(stat.S_IMODE((sender.state / "state" / "agent.sock").stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE((sender.state / "state" / "queue.db").stat().st_mode), 0o600)

    def test_requests_that_make_no_sense(self):
        for method, path, status in (("GET", "/", 404), ("GET", "/v1/messages", 405), ("DELETE", "/v1/queue", 405), ("GET", "/v1/messages/x", 404),
                                     ("GET", f"/v1/messages/{uuid.uuid4()}", 404), ("POST", f"/v1/inbox/{uuid.uuid4()}/ack", 404), ("GET", "/v1/inbox?max=x", 400),
                                     ("GET", "/" + "x" * 5000, 404)):
            self.assertEqual(sender.call(method, path)[0], status, path)
        for body in ("", "[]", "{", '{"case": 1}', '"x"'):
            status, answer = sender.call("POST", "/v1/messages", body, raw=True)
            self.assertEqual((status, answer["error"]["code"]), (400, "invalid_argument"), body)
        self.assertEqual(sender.call("POST", "/v1/messages", " " * (9 << 20), raw=True)[0], 413)

    def test_final_answers_are_final(self):
        refused = sender.send(world.not_ours())["messageId"]
        m = sender.wait_state(refused, "refused")
        self.assertEqual(m["why"]["reason"], "TYPE_FORBIDS")
        self.assertEqual(m["why"]["pairs"][0]["recipientAgencyId"], "school-1")
        unknown = sender.wait_state(sender.send(world.notes(1, to=["nobody-1"]))["messageId"], "refused")
        self.assertEqual(unknown["why"]["code"], "not_found")
        self.assertEqual(sender.get("/v1/queue")["waiting"], [])  # they hold back nothing
        accepted = sender.send(world.notes(2))["messageId"]
        self.assertIn("tlogProof", sender.wait_state(accepted, "accepted", "delivered")["receipt"])
        receiver.take_all(1)

    def test_same_id(self):
        description = world.notes(3, id=str(uuid.uuid4()))
        sender.send(description)
        sender.wait_state(description["id"], "accepted", "delivered")
        self.assertEqual(sender.send(description, 200)["messageId"], description["id"])
        self.assertEqual(sender.send({**description, "partial": True}, 409)["error"]["code"], "conflict")
        self.assertEqual([m["messageId"] for m in receiver.take_all(1)], [description["id"]])

    def test_rejection_reaches_the_sender(self):
        message_id = sender.send(world.notes(4))["messageId"]
        harness.wait_until(lambda: any(m["messageId"] == message_id for m in receiver.get("/v1/inbox?wait=1")["messages"]), "nothing arrives")
        answer = receiver.post(f"/v1/inbox/{message_id}/reject", {"explanation": "no such case here"})
        self.assertTrue(answer["senderIsTold"])
        m = sender.wait_state(message_id, "delivered")
        self.assertEqual(m["recipients"][0]["state"], "REJECTED")
        self.assertEqual(receiver.post(f"/v1/inbox/{message_id}/ack", expect=409)["error"]["code"], "conflict")
        notice = harness.wait_until(lambda: [n for n in sender.get("/v1/notices")["notices"] if n.get("messageId") == message_id], "no notice")
        self.assertTrue(notice)

    def test_watching(self):
        status, text = sender.call("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertIn('sluss_agentd_gateway_up{doing="send"} 1', text)
        self.assertTrue(sender.get("/health")["gatewayReached"])

    def test_second_agent_on_the_same_state(self):
        done = subprocess.run([agentd.AGENTD, "--config", sender.config], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another agent uses this state_dir", done.stderr)

    def test_settings(self):
        bad = running.folder / "bad.conf"
        bad.write_text("profile = /x\nlisten = 0.0.0.0:1\n")
        done = subprocess.run([agentd.AGENTD, "--check-config", "--config", bad], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("loopback", done.stderr)
        self.assertEqual(subprocess.run([agentd.AGENTD, "--check-config", "--config", sender.config], capture_output=True).returncode, 0)


class Folders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = sender.state / "state" / "folder"

    def put(self, name, description, folder=None):
        outbox = (folder or self.folder) / "outbox"
        part = outbox / f".{name}"
        part.write_text(json.dumps(description))
        part.rename(outbox / name)

    def test_sent_with_receipt(self):
        description = world.notes(5)
        section = description["sections"][0]
        (self.folder / "outbox" / "files" / "notes.json").write_text(json.dumps({**section.pop("json"), "notes": "from a file"}))
        section["file"] = "notes.json"
        self.put("mötet v12.json", description)
        answer = json.loads(harness.wait_until(lambda: (self.folder / "sent" / "mötet v12.json.receipt").read_text(), "no receipt"))
        self.assertEqual(answer["state"], "accepted")
        self.assertIn("tlogProof", answer["receipt"])
        harness.wait_until(lambda: (self.folder / "sent" / "mötet v12.json").exists(), "the file is not moved")
        got = receiver.take_all(1)[0]
        self.assertEqual((got["messageId"], got["sections"][0]["content"]["notes"]), (answer["messageId"], "from a file"))

    def test_rejected_with_reason(self):
        self.put("denied.json", world.not_ours())
        self.put("broken.json", {"case": "x"})
        for name, reason in (("denied", "TYPE_FORBIDS"), ("broken", "MALFORMED")):
            answer = json.loads(harness.wait_until(lambda: (self.folder / "rejected" / f"{name}.json.reason").read_text(), "no reason"))
            self.assertEqual(answer["reason"], reason)
            self.assertTrue(answer["explanation"])
            harness.wait_until(lambda: (self.folder / "rejected" / f"{name}.json").exists(), "the file is not moved")

    def test_only_complete_files_once(self):
        outbox = self.folder / "outbox"
        with (outbox / "slow.json").open("w") as slow:  # somebody writes without renaming
            text = json.dumps(world.notes(7))
            slow.write(text[:50])
            slow.flush()
            (outbox / "ignored.json.part").write_text(text)
            (outbox / ".hidden.json").write_text(text)
            os.symlink("/etc/passwd", outbox / "link.json")
            before = running.health().get("accepted", 0)
            self.put("other.json", world.notes(8))
            harness.wait_until(lambda: (self.folder / "sent" / "other.json").exists(), "the other file is not sent")
            self.assertTrue((outbox / "slow.json").exists())
            slow.write(text[50:])
        harness.wait_until(lambda: (self.folder / "sent" / "slow.json").exists(), "the slow file is not sent")
        self.assertEqual(running.health()["accepted"], before + 2)
        self.assertEqual(sorted(p.name for p in outbox.iterdir() if p.is_file() or p.is_symlink()), [".hidden.json", "ignored.json.part", "link.json"])
        for name in (".hidden.json", "ignored.json.part", "link.json"):
            (outbox / name).unlink()
        receiver.take_all(2)

    def test_inbox(self):
        reply = {"case": world.cases[0][0], "type": "AttendanceReport", "to": ["soc-1"],
                 "sections": [{"purpose": "coordination", "claim": f"consent:{world.consents[0]}", "payload": "AttendanceReport",
                               "json": {"week": "2026-W05", "lessonsPlanned": 20, "lessonsAttended": 18}}]}
        message_id = receiver.send(reply)["messageId"]
        path = self.folder / "inbox" / f"{message_id}.json"
        document = harness.wait_until(lambda: json.loads(path.read_text()), "nothing arrives")
        self.assertEqual(document["sections"][0]["content"]["lessonsAttended"], 18)
        path.unlink()
        harness.wait_until(lambda: sender.get(f"/v1/inbox/{message_id}")["state"] == "done", "its removal is not seen")


class Rules(unittest.TestCase):
    """Content that breaks rules is found on both sides; officers and permitted sections are kept apart."""

    @classmethod
    def setUpClass(cls):
        cls.other = running.agency("school-9", "school")
        opened = world.social.run("case", "open", "--programme", "SSPF", "--subject", f"birth={harness.time.gmtime().tm_year - 20}-01-05,name=Bo Provsson,language=sv",
                                  "--member", "soc-1=s1", "--member", "school-1=k1+k2", "--member", "school-9=o1", "--coordinator", "s1")["case"]
        cls.case = opened["caseId"]
        now = harness.time.time()
        valid = f"purpose=coordination,valid={harness.rfc3339(now - 60)}/{harness.rfc3339(now + 90 * 86400)}"
        text = running.folder / "consent-9.txt"
        text.write_text("What we ask you to agree to.\n")
        cls.consent = world.social.run("consent", "record", "--case", cls.case, "--text-version", "1", "--language", "sv", "--text-file", text, "--grant",
                                       f"category=school_attendance,from=school-9,to=soc-1,{valid}", "--grant",
                                       f"category=meeting_notes,from=soc-1,to=school-1,{valid}")["consentId"]
        world.social.run("consent", "give", "--consent", cls.consent, "--person", opened["subjectPersonId"], "--case", cls.case)
        for phase in ("inquiry", "enrolled"):
            world.social.run("case", "phase", cls.case, phase)

    def notes(self, word, *to, **more):
        section = {"purpose": "coordination", "claim": f"consent:{self.consent}", "json": harness.contents.of("meeting_notes", "MeetingNotes", word)}
        return {"case": self.case, "type": "MeetingNotes", "to": to, "sections": [section], **more}

    def raw(self, content, **envelope):
        """What school-9's own software sends, unchecked, to social services."""
        answer = self.other.send(self.other.message(
            self.case, self.consent, [self.other.recipient("soc-1")], "school_attendance", "MESSAGE_TYPE_ATTENDANCE_REPORT",
            section={"payload_type": "sluss.v1.AttendanceReport", "content": harness.wire.encode("AttendanceReport", content)}, envelope=envelope))
        self.assertTrue(answer.ok, answer.body)
        return answer.message["message_id"]

    def wait_handled(self, path, message_id):
        harness.wait_until(path.exists, f"it is not written there:\n{sender.log_tail()}")
        path.unlink()
        harness.wait_until(lambda: sender.get(f"/v1/inbox/{message_id}")["state"] == "done", "its removal is not seen")

    def test_received_content_is_judged_by_the_rules_of_its_type(self):
        inbox = sender.state / "state" / "folder" / "inbox"
        good = self.raw({"week": "2026-W05", "lessons_planned": 20, "lessons_attended": 18})
        self.wait_handled(inbox / f"{good}.json", good)
        bad = self.raw({"week": "2026-W05", "lessons_planned": 20, "lessons_attended": 21})

        def status():
            return self.other.call("ExchangeService/GetStatus", "GetStatusRequest", {"message_id": bad}, "GetStatusResponse").message["recipients"][0]
        rejected = harness.wait_until(lambda: (s := status())["state"] == "DELIVERY_STATE_REJECTED" and s, "it is not rejected")
        self.assertEqual(rejected["explanation"], "Section 1 (school_attendance) breaks a rule of its type at lessons_attended.")
        self.assertEqual(sender.get(f"/v1/inbox/{bad}")["state"], "unusable")
        reported = [r["mismatch_reported"] for r in running.log(running.auditor("audit-9")) if "mismatch_reported" in r]
        self.assertEqual(len(reported), 1, reported)

    def test_sent_content_is_judged_before_it_is_taken(self):
        report = {"@type": "sluss.v1.AttendanceReport", "week": "2026-W05", "lessonsPlanned": 20, "lessonsAttended": 21}
        section = {"purpose": "coordination", "claim": f"consent:{world.consents[0]}"}
        description = {"case": world.cases[0][0], "type": "AttendanceReport", "to": ["soc-1"]}
        error = receiver.send({**description, "sections": [{**section, "json": report}]}, 400)["error"]
        self.assertIn("lessons_attended: The number is 21", error["explanation"])
        error = receiver.send({**description, "sections": [{**section, "category": "school_attendance", "text": "was there"}]}, 400)["error"]
        self.assertIn("payload: a Note cannot stand in a message of type attendance_report; its content is an AttendanceReport", error["explanation"])

    def test_officers(self):
        """By the interface for one officer or for nobody in particular; in the folder of an officer who has one."""
        for officer in ("k1", "k2", None):
            sender.wait_state(sender.send(self.notes(officer or "all", "school-1" + (f":{officer}" if officer else "")))["messageId"], "accepted", "delivered")
        harness.wait_until(lambda: len(receiver.get("/v1/inbox")["messages"]) == 3, "not all arrive")

        def words(officer):
            return [harness.contents.word_of(m["sections"][0]["content"]) for m in receiver.get(f"/v1/inbox?officer={officer}")["messages"]]
        self.assertEqual([words("k1"), words("k2"), words("k3")], [["k1", "all"], ["k2", "all"], ["all"]])
        receiver.take_all(3)
        inbox = sender.state / "state" / "folder" / "inbox"
        (inbox / "s2").mkdir()
        self.addCleanup((inbox / "s2").rmdir)
        for officer, folder in (("s1", inbox), ("s2", inbox / "s2"), ("..", inbox)):
            message_id = self.raw({"week": "2026-W06"}, recipients=[{"agency_id": "soc-1", "officer_id": officer}])
            self.wait_handled(folder / f"{message_id}.json", message_id)

    def test_an_agent_for_one_officer(self):
        receiver.stop()
        with agentd.Agentd(world.school, "school-k1", officer="agent-k1", receive_for="k1") as first:
            two = sender.send(self.notes("for k2", "school-1:k2"))["messageId"]
            sender.wait_state(two, "accepted")
            one = sender.send(self.notes("for k1", "school-1:k1"))["messageId"]
            self.assertEqual([m["messageId"] for m in first.take_all(1)], [one])
            self.assertEqual(first.call("GET", f"/v1/inbox/{two}")[0], 404)
        receiver.start()
        self.assertEqual([m["messageId"] for m in receiver.take_all(1)], [two])

    def test_only_the_permitted_part(self):
        both = self.notes("permitted", "school-1", "school-9")
        both["sections"].append({"purpose": "coordination", "claim": f"consent:{self.consent}", "json": harness.contents.of("enrolment", "MeetingNotes", "denied")})
        refused = sender.wait_state(sender.send(both)["messageId"], "refused")
        self.assertEqual([p.get("permitted", False) for p in refused["why"]["pairs"]].count(True), 1)
        message_id = sender.send({**both, "partial": True})["messageId"]
        accepted = sender.wait_state(message_id, "accepted", "delivered")
        self.assertEqual({r["agencyId"]: r["state"] for r in accepted["recipients"]}.get("school-9", "DENIED"), "DENIED")
        got = receiver.take_all(1)[0]
        self.assertEqual((got["messageId"], got["usable"], [s["category"] for s in got["sections"]]), (message_id, True, ["meeting_notes"]))
        self.assertEqual(harness.contents.word_of(got["sections"][0]["content"]), "permitted")
        self.assertEqual(self.other.fetch().message.get("deliveries", []), [])
        delivered = sender.wait_state(message_id, "delivered")
        self.assertIn(("school-1", "ACKNOWLEDGED"), [(r["agencyId"], r["state"]) for r in delivered["recipients"]])


class Keys(unittest.TestCase):
    def test_rotation_is_noticed(self):
        world.school.run("agency", "keys", "--rotate")
        section = json.dumps(world.notes(10)["sections"][0])
        message_id = world.social.run("send", "--case", world.cases[0][0], "--type", "MeetingNotes", "--to", "school-1", "--section", section)["messageId"]
        harness.wait_until(lambda: "anew=1" in receiver.log_tail(), "the agent does not begin anew")
        old = sender.send(world.notes(11))["messageId"]  # sealed to the key before: its directory is a minute old at most
        sender.wait_state(old, "accepted", "delivered")
        harness.wait_until(lambda: receiver.get("/health")["status"] == "ok", "the agent does not come back")
        self.assertEqual([m["messageId"] for m in receiver.take_all(2)], [message_id, old])
        receiver.send({"case": world.cases[0][0], "type": "AttendanceReport", "to": ["soc-1"],
                       "sections": [{"purpose": "coordination", "claim": f"consent:{world.consents[0]}", "payload": "AttendanceReport",
                                     "json": {"week": "2026-W06", "lessonsPlanned": 20, "lessonsAttended": 18}}]})
        harness.wait_until(lambda: receiver.counts()["out"]["delivered"] + receiver.counts()["out"]["accepted"] > 0, "it cannot send with the new keys")


class Witness(unittest.TestCase):
    def ask(self, body):
        port = int((sender.state / "state" / "witness-port").read_text())
        request = urllib.request.Request(f"http://127.0.0.1:{port}/add-checkpoint", data=body.encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def test_cosigns_once_and_remembers(self):
        checkpoint = world.school.run("audit", "export", running.folder / "export") and (running.folder / "export" / "checkpoint").read_text()
        size = checkpoint.split("\n")[1]
        status, line = self.ask(f"old 0\n\n{checkpoint}")
        self.assertEqual(status, 200, line)
        self.assertTrue(line.startswith("\u2014 soc-1.sluss.test/e2e "), line)
        self.assertEqual(self.ask(f"old 0\n\n{checkpoint}"), (409, size + "\n"))
        self.assertEqual(self.ask("nonsense")[0], 400)
        key = (sender.state / "state" / "witness.vkey").read_text()
        self.assertTrue(key.startswith("soc-1.sluss.test/e2e+"))


class XRecall(unittest.TestCase):
    """Last: it ends the consent."""

    def test_held_content_goes_and_the_answer_is_given_when_told(self):
        message_id = sender.send(world.notes(9))["messageId"]
        harness.wait_until(lambda: receiver.call("GET", f"/v1/inbox/{message_id}")[0] == 200, "nothing arrives")
        self.assertIn("message", receiver.get(f"/v1/inbox/{message_id}"))
        network = networks[1]
        receiver.stop()
        receiver.write(gateway_url=network.url)
        network.arm(proxy.DOWN, 2 << 20, "stay")
        receiver.start()
        description = world.notes(12)
        film = sender.state / "state" / "folder" / "outbox" / "files" / "film.mp4"
        film.write_bytes(os.urandom(4 << 20))
        description["sections"].append({**{k: description["sections"][0][k] for k in ("category", "purpose", "claim")}, "attach": "film.mp4"})
        with_file = sender.send(description)["messageId"]
        harness.wait_until(lambda: network.stays, "nothing passes")
        self.assertEqual(len(receiver.spool()), 1)
        world.social.run("consent", "withdraw", "--case", world.cases[0][0], "--person", world.cases[0][1], "--everything", "--obtained", "oral")
        network.release()
        harness.wait_until(lambda: receiver.get(f"/v1/inbox/{message_id}")["state"] == "recalled", f"nothing is called back:\n{receiver.log_tail()}")
        self.assertNotIn("message", receiver.get(f"/v1/inbox/{message_id}"))
        harness.wait_until(lambda: receiver.spool() == [], f"what was fetched of a file is kept:\n{receiver.log_tail()}")
        self.assertEqual(receiver.call("GET", f"/v1/inbox/{with_file}")[0], 404)
        recall = [r for r in receiver.get("/v1/recalls")["recalls"] if message_id in r["recall"].get("messageIds", [])][0]
        self.assertFalse(recall["answered"])
        self.assertEqual(recall["deletedHere"], 1)
        path = f"/v1/recalls/{recall['recall']['recallId']}/answer"
        self.assertEqual(receiver.post(path, {"answer": "kept"}, 400)["error"]["field"], "answer")
        receiver.post(path, {"answer": "deleted"})
        self.assertEqual([r["answered"] for r in receiver.get("/v1/recalls")["recalls"] if r["recall"]["recallId"] == recall["recall"]["recallId"]], [True])


if __name__ == "__main__":
    unittest.main(verbosity=2)
