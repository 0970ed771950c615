// SPDX-License-Identifier: EUPL-1.2
// The key that a browser made for one login: ECDSA on P-256 with SHA-256 (FIPS 186-5), as WebCrypto has it. Signatures
// are r || s, 64 octets (IEEE P1363, what SubtleCrypto.sign gives). Any thread.
#ifndef SLUSS_CORE_SESSION_KEY_H
#define SLUSS_CORE_SESSION_KEY_H

#include "sluss/types.h"

enum {
	SLUSS_SESSION_KEY_BYTES = 65, // uncompressed point (SEC 1 section 2.3.3)
	SLUSS_SESSION_SIGNATURE_BYTES = 64,
};

// Whether the octets are a point on the curve.
SLUSS_MUST_CHECK bool sluss_session_key_valid(struct sluss_bytes key);

// Whether `signature` is this key's over the parts, one after the other. `count` is at most 8. False also when memory
// is out.
SLUSS_MUST_CHECK bool sluss_session_key_verify(const uint8_t key[SLUSS_SESSION_KEY_BYTES],
    const struct sluss_bytes *parts, size_t count, struct sluss_bytes signature);

#endif
