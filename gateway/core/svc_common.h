// SPDX-License-Identifier: EUPL-1.2
// What the services share: reading fields of statements with a refusal that names the field, and writing views of the state as messages of the contract.
// Everything made here lies in the request's arena. Writer thread (the readers of fields also in prepare).
#ifndef SLUSS_CORE_SVC_COMMON_H
#define SLUSS_CORE_SVC_COMMON_H

#include "service.h"
#include "sluss/v1/case.pb-c.h"
#include "sluss/v1/consent.pb-c.h"

// ---- reading. False: refused (MALFORMED with the field's path).

SLUSS_MUST_CHECK bool svc_read_id(struct sluss_txn *txn, const char *text, const char *field, struct sluss_id *id_out);
SLUSS_MUST_CHECK bool svc_read_time(
    struct sluss_txn *txn, const Google__Protobuf__Timestamp *time, const char *field, int64_t *ms_out);
// How an act was obtained: named, and not later than now.
SLUSS_MUST_CHECK bool svc_read_obtained(struct sluss_txn *txn, Sluss__V1__Obtained obtained, const Google__Protobuf__Timestamp *at,
    enum sluss_channel *channel_out, int64_t *obtained_ms_out);
// A path like "members[3].agency_id", in the arena.
const char *svc_path(struct sluss_txn *txn, const char *format, ...) SLUSS_PRINTF(2, 3);
// The page token of a list that goes from the newest entry back: the place before which the page begins, in decimal; empty: the end of the log.
SLUSS_MUST_CHECK bool svc_read_place(struct sluss_txn *txn, const char *token, uint64_t *before_out);
// Free text of a statement: 1 to `max` octets.
SLUSS_MUST_CHECK bool svc_read_text(struct sluss_txn *txn, const char *text, const char *field, size_t max);

// Whether an agency leads the group: one of its officers is a coordinator.
bool svc_leads(const struct sluss_state *state, const struct sluss_id *case_id, const char *agency);

// ---- who may. False: refused. An agency that is no member gets the same answer as for a case that does not exist.

// The caller is a member of the case.
SLUSS_MUST_CHECK bool svc_need_member(struct sluss_txn *txn, const struct sluss_id *case_id, struct sluss_case_view *view_out);
// The signing officer is a contact officer (a coordinator is one) of the caller in this case.
SLUSS_MUST_CHECK bool svc_need_contact(struct sluss_txn *txn, const struct sluss_id *case_id, struct sluss_case_view *view_out);
// The signing officer leads the group.
SLUSS_MUST_CHECK bool svc_need_coordinator(struct sluss_txn *txn, const struct sluss_id *case_id, struct sluss_case_view *view_out);

// This agency (which is known to the state) is no auditor: those review the log and take part in nothing.
SLUSS_MUST_CHECK bool svc_no_auditor(struct sluss_txn *txn, const char *agency, const char *field);

// ---- writing. NULL: refused as unavailable (the arena is full).

char *svc_id_text(struct sluss_txn *txn, const struct sluss_id *id);
// NULL for 0 and INT64_MAX, which stand for "none".
Google__Protobuf__Timestamp *svc_time(struct sluss_txn *txn, int64_t ms);
Sluss__V1__Case *svc_case(struct sluss_txn *txn, const struct sluss_id *case_id);
Sluss__V1__Grant *svc_grant(struct sluss_txn *txn, const struct sluss_grant_view *view);
// Refuses as `unavailable` and returns false: for what the arena could not give.
bool svc_no_memory(struct sluss_txn *txn);

#endif
