// SPDX-License-Identifier: EUPL-1.2
// What proved at a login who somebody was: kept sealed beside the log, which has a salted hash of it. Writer thread.
#ifndef SLUSS_CORE_SESSION_EVIDENCE_H
#define SLUSS_CORE_SESSION_EVIDENCE_H

#include "policy/record.h"
#include "service.h"
#include "sessions.h"

enum {
	SLUSS_SIDE_SESSION = 182,  // SHA-256 of the session's public key -> key, salt, what proved who it is (sealed)
	SLUSS_SIDE_SESSIONS = 183, // person id -> keys of their rows in SIDE_SESSION, oldest first
	SLUSS_EVIDENCE_EACH = 256, // logins of a person whose proof is kept; of older ones only the log's hash stays
};

// Keeps it, and fills key_hash and evidence_hash of the record. False: refused.
SLUSS_MUST_CHECK bool sluss_session_evidence_keep(struct sluss_txn *txn, const struct sluss_session *session,
    struct sluss_bytes evidence, struct sluss_rec_session *record);

// Destroys all that is kept of a person's logins. False: refused.
SLUSS_MUST_CHECK bool sluss_session_evidence_erase(struct sluss_txn *txn, const struct sluss_id *person);

#endif
