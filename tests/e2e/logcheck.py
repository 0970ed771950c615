# SPDX-License-Identifier: EUPL-1.2
"""What must hold in every log, read without the gateway's code: each function takes the decoded records and returns the places where it does not."""


def event(record):
    """(name, content) of a record."""
    return next((k, v) for k, v in record.items() if k not in ("at_ms", "nonce"))


def grants(records):
    """Grant id -> (case, category, sender, recipient, index where it was recorded)."""
    known = {}
    for index, record in enumerate(records):
        name, e = event(record)
        if name == "consent_recorded":
            for g in e["grants"]:
                known[g["grant"]] = (e["case_id"], g["category"], g["sender"], g["recipient"], index)
        elif name == "grant_status" and e.get("new_grants"):
            for old, new in zip(e["grants"], e["new_grants"]):
                known[new] = (*known[old][:4], index)
    return known


def covered(withdrawal, grant_id, grant):
    """Does a withdrawal close this grant?"""
    case, category, sender, recipient, _ = grant
    if withdrawal["case_id"] != case:
        return False
    scope = withdrawal["scope"]
    if scope == "LOG_SCOPE_GRANT":
        return withdrawal["grant"] == grant_id
    if scope == "LOG_SCOPE_CATEGORY":
        return withdrawal["category"] == category
    if scope == "LOG_SCOPE_AGENCY":
        return withdrawal["scope_agency"] in (sender, recipient)
    return scope == "LOG_SCOPE_ALL"


def used_after_withdrawal(records):
    """Indexes of releases and acceptances that rest on a grant which had been withdrawn."""
    known = grants(records)
    closed = set()
    wrong = []
    for index, record in enumerate(records):
        name, e = event(record)
        if name == "withdrawal":
            closed |= {g for g, of in known.items() if of[4] < index and covered(e, g, of)}
        elif name in ("released", "message_accepted"):
            wrong += [index for p in e["pairs"] if p.get("reason") == "REASON_CODE_OK_CONSENT" and closed & set(p["grounds"])]
    return wrong


def released_without_ground(records):
    """Indexes of releases with a pair that is not permitted or names no ground."""
    wrong = []
    for index, record in enumerate(records):
        name, e = event(record)
        if name == "released":
            for p in e["pairs"]:
                ok = p.get("reason", "").startswith("REASON_CODE_OK_")
                if not ok or p["reason"] == "REASON_CODE_OK_CONSENT" and not p["grounds"]:
                    wrong.append(index)
    return wrong


def time_runs_back(records):
    return [i for i in range(1, len(records)) if records[i].get("at_ms", 0) < records[i - 1].get("at_ms", 0)]


def accepted(records):
    """Message id -> indexes of its acceptance: more than one is a fault."""
    found = {}
    for index, record in enumerate(records):
        name, e = event(record)
        if name == "message_accepted":
            found.setdefault(e["message"], []).append(index)
    return found


def acknowledged(records):
    """(message, agency) -> indexes of its acknowledgement: more than one is a fault."""
    found = {}
    for index, record in enumerate(records):
        name, e = event(record)
        if name == "acknowledged":
            found.setdefault((e["message"], e["agency"]), []).append(index)
    return found


def handed_out(records):
    """(recipient, message, section, grounds, index) of all that was released."""
    for index, record in enumerate(records):
        name, e = event(record)
        if name == "released":
            for p in e["pairs"]:
                yield e["recipient"], e["message"], p.get("section", 0), set(p.get("grounds", [])), index


def asked_back(records):
    """(agency, message, section) of all recalls."""
    return {(e["agency"], item["message"], section) for name, e in map(event, records) if name == "recall_opened"
            for item in e.get("recalled", []) for section in item.get("sections", [])}


def received_but_not_asked_back(records):
    """(agency, message, section) that a withdrawal covers, that went out before it, and that nobody was asked to delete."""
    of_case, carried, wrong = {}, {}, set()
    for grant, of in grants(records).items():
        of_case.setdefault(of[0], []).append((grant, of))
    for who, message, section, grounds, at in handed_out(records):
        for ground in grounds:
            carried.setdefault(ground, []).append((at, (who, message, section)))
    for index, record in enumerate(records):
        name, e = event(record)
        if name == "withdrawal":
            closed = [g for g, of in of_case.get(e["case_id"], []) if of[4] < index and covered(e, g, of)]
            wrong |= {what for g in closed for at, what in carried.get(g, []) if at < index}
    return sorted(wrong - asked_back(records))


def asked_back_but_not_received(records):
    """(agency, message, section) of recalls that no release carried."""
    return sorted(asked_back(records) - {(who, message, section) for who, message, section, _, _ in handed_out(records)})
