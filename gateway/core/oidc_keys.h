// SPDX-License-Identifier: EUPL-1.2
// An identity provider's public keys: a JWK Set (RFC 7517), as its jwks endpoint gives it. Keys that we cannot use
// (another curve, for encryption, too short) are left out. Any thread; immutable once read.
#ifndef SLUSS_CORE_OIDC_KEYS_H
#define SLUSS_CORE_OIDC_KEYS_H

#include "sluss/types.h"

enum {
	SLUSS_OIDC_KEYS_MAX = 32, // more are not looked at
	SLUSS_OIDC_KEYS_OCTETS = 128 * 1024,
	SLUSS_OIDC_KID_MAX = 256,
};

// What a key's type allows (RFC 7518, RFC 8037); never `none`, never a MAC.
enum sluss_oidc_alg {
	SLUSS_OIDC_ALG_NONE = 0,
	SLUSS_OIDC_RS256,
	SLUSS_OIDC_PS256,
	SLUSS_OIDC_ES256,
	SLUSS_OIDC_EDDSA,
};

struct sluss_oidc_keys;

// NULL: not a JWK Set, none of its keys is usable, or no memory.
SLUSS_MUST_CHECK struct sluss_oidc_keys *sluss_oidc_keys_read(struct sluss_bytes json);
// A file with them, from its beginning: `issuer`'s jwks_file. Who may write it decides who gets in, so it must be a
// regular file that only its owner can write. sha256_out: of its octets, in hexadecimal. NULL: why_out says what is
// wrong.
enum { SLUSS_OIDC_KEYS_SHA256 = 65 };
SLUSS_MUST_CHECK struct sluss_oidc_keys *sluss_oidc_keys_load(
    int fd, char sha256_out[SLUSS_OIDC_KEYS_SHA256], const char **why_out);
// Takes NULL and nulls.
void sluss_oidc_keys_free(struct sluss_oidc_keys **keys);
size_t sluss_oidc_keys_count(const struct sluss_oidc_keys *keys);
bool sluss_oidc_keys_has(const struct sluss_oidc_keys *keys, const char *kid);

// The algorithm of a JWS header's `alg`; NONE: none that we take.
enum sluss_oidc_alg sluss_oidc_alg_of(const char *name);

// Whether the key named `kid` is of a type (and, where it says so, for the algorithm) that fits, and made this
// signature (as a JWS has it) over the octets.
SLUSS_MUST_CHECK bool sluss_oidc_keys_verify(const struct sluss_oidc_keys *keys, const char *kid,
    enum sluss_oidc_alg alg, struct sluss_bytes octets, struct sluss_bytes signature);

#endif
