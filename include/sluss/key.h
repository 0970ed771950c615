// SPDX-License-Identifier: EUPL-1.2
// An agency's keys: Ed25519 to sign (RFC 8032), X25519 to be sealed to. libsodium, no own constructions.
// Secret keys live in guarded memory (sodium_malloc) and are wiped when freed. Everything here may be called from any thread; one key may be used by several threads
// at once as long as nobody frees it.
#ifndef SLUSS_KEY_H
#define SLUSS_KEY_H

#include "sluss/types.h"

enum {
	SLUSS_KEY_BYTES = 32,       // public keys, and the secret seeds below
	SLUSS_SIGNATURE_BYTES = 64,
};

// Starts libsodium; call it once before anything else of this header and of seal.h. False: no randomness. May be called again.
SLUSS_MUST_CHECK bool sluss_crypto_init(void);

// Overwrites so that the compiler keeps it.
void sluss_wipe(void *data, size_t len);

// ---- key ids

enum sluss_key_use {
	SLUSS_KEY_USE_NONE = 0,
	SLUSS_KEY_USE_SIGN, // "sluss-key-v1"
	SLUSS_KEY_USE_SEAL, // "sluss-seal-v1"
};

// The first 8 octets of SHA-256(use's tag || public key), as 16 lower-case hexadecimal digits and NUL. Returns id_out.
const char *sluss_key_id(enum sluss_key_use use, const uint8_t public_key[SLUSS_KEY_BYTES], char id_out[SLUSS_KEY_ID_TEXT]);

// ---- signing

struct sluss_signing_key; // a key pair

// A new key, or the one of a stored seed (which the caller wipes). NULL: no memory.
SLUSS_MUST_CHECK struct sluss_signing_key *sluss_signing_key_new(void);
SLUSS_MUST_CHECK struct sluss_signing_key *sluss_signing_key_from_seed(const uint8_t seed[SLUSS_KEY_BYTES]);
// Takes NULL; wipes and nulls.
void sluss_signing_key_free(struct sluss_signing_key **key);
// The seed, for storing it; the caller wipes the copy.
void sluss_signing_key_seed(const struct sluss_signing_key *key, uint8_t seed_out[SLUSS_KEY_BYTES]);
// Owned by the key.
const uint8_t *sluss_signing_key_public(const struct sluss_signing_key *key);
const char *sluss_signing_key_id(const struct sluss_signing_key *key);

// Signs exactly these octets.
void sluss_sign(const struct sluss_signing_key *key, const void *octets, size_t len, uint8_t signature_out[SLUSS_SIGNATURE_BYTES]);

// True only when the signature has 64 octets and is this key's over exactly these octets (strict: small-order keys and non-canonical signatures are refused).
SLUSS_MUST_CHECK bool sluss_signature_verify(const uint8_t public_key[SLUSS_KEY_BYTES], const void *octets, size_t len, const uint8_t *signature, size_t signature_len);

// ---- proof that a new signing key is held (RotateKeys.possession_signature, EnrolRequest.possession_signature)
// Ed25519 over "sluss-possession-v1" || authority || 0x00 || agency id || 0x00 || signing key || sealing key. False: authority longer than 255 octets or
// agency id longer than SLUSS_AGENCY_MAX; for verify also: wrong signature.
SLUSS_MUST_CHECK bool sluss_possession_sign(const struct sluss_signing_key *key, const char *authority, const char *agency_id,
    const uint8_t sealing_public[SLUSS_KEY_BYTES], uint8_t signature_out[SLUSS_SIGNATURE_BYTES]);
SLUSS_MUST_CHECK bool sluss_possession_verify(const uint8_t signing_public[SLUSS_KEY_BYTES], const char *authority, const char *agency_id,
    const uint8_t sealing_public[SLUSS_KEY_BYTES], const uint8_t *signature, size_t signature_len);

// ---- sealing key of a recipient

struct sluss_sealing_key; // a key pair

SLUSS_MUST_CHECK struct sluss_sealing_key *sluss_sealing_key_new(void);
SLUSS_MUST_CHECK struct sluss_sealing_key *sluss_sealing_key_from_seed(const uint8_t seed[SLUSS_KEY_BYTES]);
void sluss_sealing_key_free(struct sluss_sealing_key **key);
void sluss_sealing_key_seed(const struct sluss_sealing_key *key, uint8_t seed_out[SLUSS_KEY_BYTES]);
const uint8_t *sluss_sealing_key_public(const struct sluss_sealing_key *key);
const char *sluss_sealing_key_id(const struct sluss_sealing_key *key);

// Opens crypto_box_seal octets that were sealed to this key pair; writes len - 48 octets. False: sealed to another, changed, or too short.
// For sections use sluss_section_key_open (seal.h).
SLUSS_MUST_CHECK bool sluss_sealing_key_open(const struct sluss_sealing_key *key, const uint8_t *sealed, size_t len, uint8_t *opened_out);

#endif
