// SPDX-License-Identifier: EUPL-1.2
// An ID token (OpenID Connect Core 1.0 section 2): a JWS in compact form (RFC 7515 section 3.1), checked by all of
// section 3.1.3.7 and more strictly: `kid` is required, JSON names must not stand twice, nothing critical, and every
// claim must have its one right type. No state; any thread.
#ifndef SLUSS_CORE_OIDC_TOKEN_H
#define SLUSS_CORE_OIDC_TOKEN_H

#include "oidc_keys.h"
#include "sluss/types.h"

enum {
	SLUSS_OIDC_TOKEN_MAX = 16384, // characters
	SLUSS_OIDC_CLAIM_MAX = 256,   // octets of a claim that says who somebody is
	SLUSS_OIDC_SKEW_S = 60,	      // by how much clocks may differ
	SLUSS_OIDC_AGE_S = 600,	      // a token is not older than a login may last
};

// What this token must be.
struct sluss_oidc_expect {
	const char *issuer;
	const char *client_id;
	const char *nonce;
	const char *acr; // "" = any
	int64_t now_s;	 // real time, Unix seconds
};

// What was wrong, for the event log; people are told one and the same thing.
enum sluss_oidc_result {
	SLUSS_OIDC_NONE = 0, // nothing was checked
	SLUSS_OIDC_OK,
	SLUSS_OIDC_MALFORMED,
	SLUSS_OIDC_ALGORITHM,	// one that we do not take
	SLUSS_OIDC_KEY_UNKNOWN, // its kid is not among the keys: they may have to be fetched anew
	SLUSS_OIDC_SIGNATURE,
	SLUSS_OIDC_ISSUER,
	SLUSS_OIDC_AUDIENCE,
	SLUSS_OIDC_TIME, // expired, not yet valid, or issued at another time
	SLUSS_OIDC_NONCE,
	SLUSS_OIDC_ACR,
	SLUSS_OIDC_NO_MEMORY,
};
const char *sluss_oidc_result_name(enum sluss_oidc_result result);

struct sluss_oidc_claims;

// Checks a token. *claims_out is set when the result is OK, else NULL; the caller frees it. `keys` may be NULL: every
// kid is unknown then.
SLUSS_MUST_CHECK enum sluss_oidc_result sluss_oidc_verify(struct sluss_bytes token, const struct sluss_oidc_keys *keys,
    const struct sluss_oidc_expect *expect, struct sluss_oidc_claims **claims_out);
void sluss_oidc_claims_free(struct sluss_oidc_claims **claims);
// A claim that is a text of 1 to SLUSS_OIDC_CLAIM_MAX octets; NULL otherwise. Lives as long as the claims.
const char *sluss_oidc_claim(const struct sluss_oidc_claims *claims, const char *name);

// The `id_token` of a token endpoint's answer (section 3.1.3.3), copied into token_out (room SLUSS_OIDC_TOKEN_MAX + 1).
// False: not such an answer.
SLUSS_MUST_CHECK bool sluss_oidc_id_token(struct sluss_bytes json, char *token_out);

#endif
