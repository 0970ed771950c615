#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Many messages under one signature, through the real programs: each accepted or refused by itself, each provable by its recipient alone, none twice."""
import hashlib
import json
import tempfile

import harness
from chunks_test import World
from harness import contents

MESSAGES = 20


def check_by_hand(delivery):
    """The recipient's proof with nothing of ours: RFC 6962 from the envelope to the root, then the signature by openssl."""
    proof = delivery["batch"]
    statement = harness.wire.decode("SendBatchStatement", proof["statement"]["statement"])
    node, index, last = hashlib.sha256(b"\0" + delivery["envelope"]["envelope"]).digest(), proof.get("index", 0), statement["size"] - 1
    for sibling in proof["path"]:
        if index & 1 or index == last:
            node = hashlib.sha256(b"\1" + sibling + node).digest()
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    assert node == statement["root"] and last == 0, "the path does not lead to the root"
    with tempfile.TemporaryDirectory() as folder:
        for name, octets in (("statement", proof["statement"]["statement"]), ("signature", proof["statement"]["signature"]),
                             ("key", bytes.fromhex("302a300506032b6570032100") + delivery["sender_key"])):
            with open(f"{folder}/{name}", "wb") as out:
                out.write(octets)
        harness.agency.openssl("pkeyutl", "-verify", "-pubin", "-inkey", f"{folder}/key", "-keyform", "DER", "-rawin", "-in", f"{folder}/statement", "-sigfile",
                               f"{folder}/signature")


def main():
    with harness.gateway() as running:
        w = World(running)
        sealed = []
        for i in range(MESSAGES):
            path = running.folder / f"{i}.sealed"
            category = "school_support" if i == 7 else "school_attendance"  # nobody agreed to that
            content = json.dumps({"category": category, "purpose": "coordination", "claim": f"consent:{w.consent}",
                                  "json": contents.of(category, "AttendanceReport", f"week {i}")})
            w.sch.run("send", "--only-seal", "--save", path, "--case", w.case, "--type", "AttendanceReport", "--to", "soc-1", "--section", content)
            sealed += ["--batch", path]
        indexes = []
        for _ in range(2):  # the second time each gets its first answer again
            command = [str(x) for x in (harness.SLUSS, "send", *sealed, "--json", "--profile", w.sch.profile, "--officer", "t1")]
            done = harness.subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 2, (done.returncode, done.stderr)
            answers = harness.json.loads(done.stdout)["answers"]
            assert [("accepted" in a) for a in answers] == [i != 7 for i in range(MESSAGES)], answers
            indexes.append([a["accepted"]["receipt"]["logIndex"] for a in answers if "accepted" in a])
        assert indexes[0] == indexes[1] and len(set(indexes[0])) == MESSAGES - 1

        by_hand = harness.agency.Agency.__new__(harness.agency.Agency)  # the enrolled social services, speaking for itself
        by_hand.gateway, by_hand.id, by_hand.officer, by_hand.connection = running, "soc-1", "s1", None
        by_hand.certificate, by_hand.key = w.soc.profile / "client.crt", w.soc.profile / "client.key"
        deliveries = by_hand.fetch().message["deliveries"]
        assert len(deliveries) == MESSAGES - 1
        for d in deliveries:
            assert not d["envelope"].get("signature")
            check_by_hand(d)
        by_hand.connection.close()
        got = harness.wait_until(lambda: w.soc.run("fetch", "--all", "--ack")["messages"], "the lease of a closed connection does not end")
        assert [contents.word_of(m["sections"][0]["content"]) for m in got] == [f"week {i}" for i in range(MESSAGES) if i != 7]
        assert running.health()["accepted"] == running.health()["acknowledged"] == MESSAGES - 1
        log = running.log(by_hand)
        accepted = [r["message_accepted"] for r in log if "message_accepted" in r]
        assert len(accepted) == MESSAGES - 1 and len({m["batch_hash"] for m in accepted}) == 1


main()
