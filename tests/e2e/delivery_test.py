#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""How deliveries end, through the real programs: proof of receipt, rejection, expiry, order over connections, batches, restarts, one sender's flood; and the
counts agree."""
import hashlib
import time

import harness
from harness import wait_until


def chosen(notices, kind):
    return [n for n in notices if n["kind"] == "NOTICE_KIND_" + kind]


def main():
    with harness.gateway(settings={"lease_ms": 60000, "queue_max_per_agency": 16}) as running:
        soc, sch = running.agency("soc-1", "social_services"), running.agency("sch-1", "school")
        pol = running.agency("pol-1", "police")
        case, person = soc.open_case([soc, sch, pol])
        assert soc.set_phase(case, "PHASE_INQUIRY").ok and soc.set_phase(case, "PHASE_ENROLLED").ok
        consent = soc.consent(case, [person], [("action_plan", soc, [sch]), ("school_attendance", sch, [soc]), ("enrolment", pol, [soc])])
        accepted = delivered = acknowledged = rejected = 0

        def send(**envelope):
            nonlocal accepted
            request = sch.message(case, consent, [soc], "school_attendance", "MESSAGE_TYPE_ATTENDANCE_REPORT", envelope=envelope)
            answer = sch.send(request)
            assert answer.ok, (answer.code, answer.reason, answer.text)
            accepted += 1
            return answer.message["message_id"], request

        # Received: the sender gets what the recipient signed, with the log's receipt, also after a restart of everything.
        first, request = send()
        got = soc.fetch().message["deliveries"]
        assert [d["message_id"] for d in got] == [first]
        delivered += 1
        assert soc.acknowledge(got[0]).ok
        acknowledged += 1
        running.stop()
        running.start()
        soc.connection = sch.connection = None
        status = sch.call("ExchangeService/GetStatus", "GetStatusRequest", {"message_id": first}, "GetStatusResponse").message["recipients"][0]
        assert status["state"] == "DELIVERY_STATE_ACKNOWLEDGED" and status["recipient_key"] == soc.signing.public, status
        entry = harness.wire.decode("LogRecord", status["receipt"]["log_entry"])["acknowledged"]
        assert entry["statement_hash"] == hashlib.sha256(status["statement"]["statement"]).digest()
        assert harness.wire.decode("AcknowledgeDelivery", status["statement"]["statement"])["message_id"] == first
        again = sch.send(request)  # a duplicate, long settled: the first answer
        assert again.ok and again.message["message_id"] == first

        # Rejected: the sender hears why, and it does not come again.
        second, _ = send()
        got = soc.fetch().message["deliveries"]
        delivered += 1
        said = soc.state("ExchangeService/Acknowledge", "AcknowledgeDelivery", {
            "message_id": second, "envelope_hash": hashlib.sha256(got[0]["envelope"]["envelope"]).digest(), "outcome": "DELIVERY_OUTCOME_REJECTED",
            "explanation": "It does not open."}, "AcknowledgeRequest", "AcknowledgeResponse")
        assert said.ok
        rejected += 1
        assert not soc.fetch().message["deliveries"]

        # Expired in silence: nobody asks for anything; the sender who waits for notices is told.
        third, _ = send(expires=harness.agency.timestamp(time.time() + 1))
        position = len(running.log(sch))
        waited = sch.call("ExchangeService/Fetch", "FetchRequest", {"with_notices": True, "notices_from": position, "wait_ms": 20000}, "FetchResponse")
        notice = chosen(waited.message["notices"], "EXPIRED")[0]
        assert notice["message_id"] == third and notice["recipient_agency_id"] == "soc-1"
        assert not soc.fetch().message["deliveries"]
        told = sch.call("ExchangeService/Fetch", "FetchRequest", {"with_notices": True}, "FetchResponse").message["notices"]
        assert [n["message_id"] for n in chosen(told, "RECEIVED")] == [first]
        assert [(n["message_id"], n["explanation"]) for n in chosen(told, "REJECTED")] == [(second, "It does not open.")]

        # Order: what is with one connection holds back the later ones of its case, until that connection is gone.
        ids = [send()[0] for _ in range(3)]
        one = soc.fetch(max_messages=1).message["deliveries"]
        assert [d["message_id"] for d in one] == ids[:1]
        soc.connection.close()
        soc.connection = None
        got = wait_until(lambda: soc.fetch().message["deliveries"], "the lease of a closed connection does not end")
        assert [d["message_id"] for d in got] == ids, "a later message overtook"
        for d in got:
            assert soc.acknowledge(d).ok
        delivered += 3
        acknowledged += 3

        # A flood: the school fills what is common of the queue to social services and its own share, and is refused. The police are not.
        ids = [send()[0] for _ in range(8)]
        request = sch.message(case, consent, [soc], "school_attendance", "MESSAGE_TYPE_ATTENDANCE_REPORT")
        refused = sch.send(request)
        assert (refused.status, refused.code, refused.reason) == (429, "resource_exhausted", "BUSY"), (refused.status, refused.code, refused.reason)
        assert "The share of sch-1 in the queue of soc-1 is full: 8 of its messages wait there." in refused.text, refused.text
        calm = pol.send(pol.message(case, consent, [soc], "enrolment", "MESSAGE_TYPE_SUITABILITY_ASSESSMENT"))
        assert calm.ok, (calm.code, calm.reason, calm.text)
        shown = harness.subprocess.run([harness.SLUSS, "admin", "queues", "--socket", running.state / "admin.sock"], capture_output=True, text=True, check=True).stdout
        assert "soc-1: 9 messages wait" in shown and "from sch-1: 8" in shown and "from pol-1: 1" in shown and "the agency asks for messages" in shown, shown
        got = soc.fetch().message["deliveries"]
        assert [d["message_id"] for d in got] == [*ids, calm.message["message_id"]]
        assert soc.acknowledge(got[0]).ok and soc.acknowledge(got[1]).ok
        assert sch.send(request).ok  # nothing was lost: the same octets, as soon as there is room
        got += soc.fetch().message["deliveries"]
        assert all(soc.acknowledge(d).ok for d in got[2:]) and len(got) == 10
        accepted += 2
        delivered += 10
        acknowledged += 10

        health = running.health()
        assert (health["accepted"], health["acknowledged"], health["rejected"], health["expired"], health.get("waiting", 0)) == (
            accepted, acknowledged, rejected, 1, 0), health
        assert accepted == delivered + 1
        log = running.log(soc)
        assert sum("acknowledged" in r for r in log) == acknowledged + rejected and sum("expired" in r for r in log) == 1


main()
