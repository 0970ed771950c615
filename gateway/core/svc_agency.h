// SPDX-License-Identifier: EUPL-1.2
// What DirectoryService and AdminService share: the tokens that invite an agency, and how an agency is shown.
#ifndef SLUSS_CORE_SVC_AGENCY_H
#define SLUSS_CORE_SVC_AGENCY_H

#include "service.h"
#include "sluss/v1/admin.pb-c.h"
#include "sluss/v1/directory.pb-c.h"

enum {
	SLUSS_SIDE_TOKEN = 112,       // SHA-256 of the token -> end (i64 big-endian, Unix ms), packed AddAgencyRequest
	SLUSS_SIDE_AGENCY_NAME = 113, // agency id -> display name
	SVC_TOKEN_TEXT = 44,          // base64url of 32 octets, with NUL
};

// Makes a one-time token for what `invitation` says and keeps its hash. `token_out` is the only copy. False: refused.
SLUSS_MUST_CHECK bool svc_token_make(struct sluss_txn *txn, const Sluss__V1__AddAgencyRequest *invitation, int64_t until_ms, char token_out[SVC_TOKEN_TEXT]);

// What the token invites to, in the arena; NULL: refused (TOKEN_INVALID: unknown, used, over its time, or for another agency).
Sluss__V1__AddAgencyRequest *svc_token_read(struct sluss_txn *txn, const char *token, const char *agency_id);

// Uses the token up. False: refused.
SLUSS_MUST_CHECK bool svc_token_use(struct sluss_txn *txn, const char *token);

// An agency with its keys, newest first, in the arena; NULL: refused.
Sluss__V1__Agency *svc_agency(struct sluss_txn *txn, const char *agency_id);

#endif
