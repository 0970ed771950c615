// SPDX-License-Identifier: EUPL-1.2
// One-time codes on paper (session.proto): six characters that name the code, sixteen (80 bits) that are its secret, in
// Crockford's base 32. Kept is only a key made of the secret; the code itself is shown once. Writer thread.
#ifndef SLUSS_CORE_LOGIN_CODE_H
#define SLUSS_CORE_LOGIN_CODE_H

#include "service.h"

enum {
	SLUSS_SIDE_CODE = 180,	      // the code's name -> row
	SLUSS_SIDE_CODE_PERSON = 181, // person id -> name of the code that is good now
	SLUSS_CODE_NAME = 6,	      // characters
	SLUSS_CODE_SECRET = 16,
	SLUSS_CODE_TEXT = 6 + 1 + 4 + 1 + 4 + 1 + 4 + 1 + 4 + 1, // as shown, with its NUL
};

// Makes a code for a person and voids the one before it. False: refused.
SLUSS_MUST_CHECK bool sluss_login_code_issue(struct sluss_txn *txn, const struct sluss_id *case_id,
    const struct sluss_id *person, int64_t until_ms, char code_out[SLUSS_CODE_TEXT]);

// Voids the code that is good now, if there is one. False: refused.
SLUSS_MUST_CHECK bool sluss_login_code_void(struct sluss_txn *txn, const struct sluss_id *person);

// Whether `mac` proves that the caller has the code (EnterCodeRequest.mac). A right one is used up. After five wrong
// ones the code is void. False: refused LOGIN_REFUSED, the same for every cause, or unavailable.
SLUSS_MUST_CHECK bool sluss_login_code_use(struct sluss_txn *txn, const char *name, struct sluss_bytes session_key,
    struct sluss_bytes mac, struct sluss_id *person_out);

#endif
