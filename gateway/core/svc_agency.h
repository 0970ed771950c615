// SPDX-License-Identifier: EUPL-1.2
// What DirectoryService and AdminService share: the tokens that invite an agency, and how an agency is shown.
#ifndef SLUSS_CORE_SVC_AGENCY_H
#define SLUSS_CORE_SVC_AGENCY_H

#include "service.h"
#include "sluss/enrol.h"
#include "sluss/v1/admin.pb-c.h"
#include "sluss/v1/directory.pb-c.h"

enum {
	SLUSS_SIDE_TOKEN = 112,	      // token id -> end (i64 big-endian, Unix ms), secret, packed AddAgencyRequest
	SLUSS_SIDE_AGENCY_NAME = 113, // agency id -> display name
};

// Makes a one-time token for what `invitation` says. The caller wipes its text. False: refused.
SLUSS_MUST_CHECK bool svc_token_make(struct sluss_txn *txn, const Sluss__V1__AddAgencyRequest *invitation,
    int64_t until_ms, char token_out[SLUSS_ENROL_TOKEN_TEXT]);

// What the request's token invites to, in the arena; NULL: refused (TOKEN_INVALID: unknown, used, over its time, for
// another agency, or the MAC does not fit the keys that came).
Sluss__V1__AddAgencyRequest *svc_token_read(struct sluss_txn *txn, const Sluss__V1__EnrolRequest *request);

// Uses the token up. False: refused.
SLUSS_MUST_CHECK bool svc_token_use(struct sluss_txn *txn, const char *token_id);

// What was revoked so far: how many records, and the last one's index.
struct svc_revoked {
	uint32_t records;
	uint64_t index;
};

// Revokes what still counts of a binding: its signing key (unless it is `kept_sign_key`, may be NULL) and its
// certificate. False: refused.
SLUSS_MUST_CHECK bool svc_revoke_binding(struct sluss_txn *txn, const char *agency_id, size_t binding,
    const uint8_t *kept_sign_key, struct svc_revoked *revoked);

// An agency with its keys, newest first, in the arena; NULL: refused.
Sluss__V1__Agency *svc_agency(struct sluss_txn *txn, const char *agency_id);

#endif
