// SPDX-License-Identifier: EUPL-1.2
// The token that invites an agency. It goes from the authority to the agency outside the gateway and never travels to it: the agency proves with a MAC that it holds the
// secret, over the very keys that it enrols. So whoever owns the processes that parse TLS and HTTP can neither use the token nor put other keys in its place. The token
// also says which log key to expect, so that the answer cannot bring another.
// Any thread; no state.
#ifndef SLUSS_ENROL_H
#define SLUSS_ENROL_H

#include "sluss/id.h"
#include "sluss/key.h"
#include "sluss/types.h"

enum {
	SLUSS_ENROL_SECRET_BYTES = 32,
	SLUSS_ENROL_LOG_HASH_BYTES = 16,
	SLUSS_ENROL_MAC_BYTES = 32,
	SLUSS_ENROL_TOKEN_TEXT = 36 + 1 + 43 + 1 + 32 + 1, // "UUID.SECRET.LOGHASH" with its NUL: base64url without padding, then hexadecimal
};

struct sluss_enrol_token {
	struct sluss_id id;
	uint8_t secret[SLUSS_ENROL_SECRET_BYTES];
	uint8_t log_hash[SLUSS_ENROL_LOG_HASH_BYTES]; // first octets of SHA-256 of the log's verifier key text
};

// A new token for a log key (signed-note verifier key text).
void sluss_enrol_token_new(const char *log_verifier_key, struct sluss_enrol_token *token_out);

// Returns text_out. The caller wipes both.
const char *sluss_enrol_token_format(const struct sluss_enrol_token *token, char text_out[SLUSS_ENROL_TOKEN_TEXT]);

// False: not a token.
SLUSS_MUST_CHECK bool sluss_enrol_token_parse(const char *text, struct sluss_enrol_token *token_out);

// Does the token stand for this log key?
SLUSS_MUST_CHECK bool sluss_enrol_token_fits_log(const struct sluss_enrol_token *token, const char *log_verifier_key);

// HMAC-SHA-256 (RFC 2104) under the secret over "sluss-enrol-v1" || authority || 0x00 || agency id || 0x00 || signing key || sealing key ||
// SHA-256(certificate request as sent).
void sluss_enrol_mac(const uint8_t secret[SLUSS_ENROL_SECRET_BYTES], const char *authority, const char *agency_id,
    const uint8_t signing_public[SLUSS_KEY_BYTES], const uint8_t sealing_public[SLUSS_KEY_BYTES], const char *certificate_request,
    uint8_t mac_out[SLUSS_ENROL_MAC_BYTES]);

// Compares in constant time.
SLUSS_MUST_CHECK bool sluss_enrol_mac_equal(const uint8_t mac[SLUSS_ENROL_MAC_BYTES], const uint8_t *other, size_t other_len);

#endif
