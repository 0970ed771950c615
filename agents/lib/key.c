// SPDX-License-Identifier: EUPL-1.2
// Ed25519 and X25519 keys of an agency, in guarded memory.
#include "sluss/key.h"

#include <sodium.h>

// Both live in sodium_malloc memory as a whole, so that no copy of a secret lies elsewhere.
struct sluss_signing_key {
	uint8_t secret[crypto_sign_SECRETKEYBYTES]; // libsodium's form: seed || public key
	uint8_t public_key[SLUSS_KEY_BYTES];
	char id[SLUSS_KEY_ID_TEXT];
};

struct sluss_sealing_key {
	uint8_t seed[SLUSS_KEY_BYTES];
	uint8_t secret[crypto_box_SECRETKEYBYTES];
	uint8_t public_key[SLUSS_KEY_BYTES];
	char id[SLUSS_KEY_ID_TEXT];
};

static const char sign_tag[] = "sluss-key-v1";
static const char seal_tag[] = "sluss-seal-v1";
static const char possession_tag[] = "sluss-possession-v1";

bool sluss_crypto_init(void)
{
	return sodium_init() >= 0;
}

void sluss_wipe(void *data, size_t len)
{
	sodium_memzero(data, len);
}

const char *sluss_key_id(enum sluss_key_use use, const uint8_t public_key[SLUSS_KEY_BYTES], char id_out[SLUSS_KEY_ID_TEXT])
{
	const char *tag = use == SLUSS_KEY_USE_SIGN ? sign_tag : seal_tag;
	crypto_hash_sha256_state state;
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)tag, strlen(tag));
	crypto_hash_sha256_update(&state, public_key, SLUSS_KEY_BYTES);
	crypto_hash_sha256_final(&state, hash);
	return sodium_bin2hex(id_out, SLUSS_KEY_ID_TEXT, hash, (SLUSS_KEY_ID_TEXT - 1) / 2);
}

// ---- signing

struct sluss_signing_key *sluss_signing_key_from_seed(const uint8_t seed[SLUSS_KEY_BYTES])
{
	struct sluss_signing_key *key = sodium_malloc(sizeof(*key));
	if (key == NULL) {
		return NULL;
	}
	(void)crypto_sign_seed_keypair(key->public_key, key->secret, seed); // cannot fail
	sluss_key_id(SLUSS_KEY_USE_SIGN, key->public_key, key->id);
	(void)sodium_mprotect_readonly(key); // a guard against our own mistakes only
	return key;
}

struct sluss_signing_key *sluss_signing_key_new(void)
{
	uint8_t seed[SLUSS_KEY_BYTES];
	randombytes_buf(seed, sizeof(seed));
	struct sluss_signing_key *key = sluss_signing_key_from_seed(seed);
	sluss_wipe(seed, sizeof(seed));
	return key;
}

void sluss_signing_key_free(struct sluss_signing_key **key)
{
	if (key != NULL) {
		sodium_free(*key); // takes NULL, wipes
		*key = NULL;
	}
}

void sluss_signing_key_seed(const struct sluss_signing_key *key, uint8_t seed_out[SLUSS_KEY_BYTES])
{
	(void)crypto_sign_ed25519_sk_to_seed(seed_out, key->secret); // cannot fail
}

const uint8_t *sluss_signing_key_public(const struct sluss_signing_key *key)
{
	return key->public_key;
}

const char *sluss_signing_key_id(const struct sluss_signing_key *key)
{
	return key->id;
}

void sluss_sign(const struct sluss_signing_key *key, const void *octets, size_t len, uint8_t signature_out[SLUSS_SIGNATURE_BYTES])
{
	(void)crypto_sign_detached(signature_out, NULL, octets, len, key->secret); // cannot fail
}

bool sluss_signature_verify(const uint8_t public_key[SLUSS_KEY_BYTES], const void *octets, size_t len, const uint8_t *signature, size_t signature_len)
{
	return signature_len == SLUSS_SIGNATURE_BYTES && crypto_sign_verify_detached(signature, octets, len, public_key) == 0;
}

// ---- possession

enum { POSSESSION_MAX = sizeof(possession_tag) + 256 + SLUSS_AGENCY_MAX + 1 + 2 * SLUSS_KEY_BYTES };

static size_t add(uint8_t *to, size_t at, const void *from, size_t len)
{
	memcpy(to + at, from, len);
	return at + len;
}

// The octets that are signed; 0 when a name is too long.
static size_t possession_octets(const char *authority, const char *agency_id, const uint8_t *signing_public, const uint8_t *sealing_public, uint8_t out[POSSESSION_MAX])
{
	size_t authority_len = strnlen(authority, 256);
	size_t agency_len = strnlen(agency_id, SLUSS_AGENCY_MAX + 1);
	if (authority_len > 255 || agency_len > SLUSS_AGENCY_MAX) {
		return 0;
	}
	size_t at = add(out, 0, possession_tag, sizeof(possession_tag) - 1);
	at = add(out, at, authority, authority_len + 1); // with its NUL
	at = add(out, at, agency_id, agency_len + 1);
	at = add(out, at, signing_public, SLUSS_KEY_BYTES);
	return add(out, at, sealing_public, SLUSS_KEY_BYTES);
}

bool sluss_possession_sign(const struct sluss_signing_key *key, const char *authority, const char *agency_id, const uint8_t sealing_public[SLUSS_KEY_BYTES],
    uint8_t signature_out[SLUSS_SIGNATURE_BYTES])
{
	uint8_t octets[POSSESSION_MAX];
	size_t len = possession_octets(authority, agency_id, key->public_key, sealing_public, octets);
	if (len == 0) {
		return false;
	}
	sluss_sign(key, octets, len, signature_out);
	return true;
}

bool sluss_possession_verify(const uint8_t signing_public[SLUSS_KEY_BYTES], const char *authority, const char *agency_id, const uint8_t sealing_public[SLUSS_KEY_BYTES],
    const uint8_t *signature, size_t signature_len)
{
	uint8_t octets[POSSESSION_MAX];
	size_t len = possession_octets(authority, agency_id, signing_public, sealing_public, octets);
	return len != 0 && sluss_signature_verify(signing_public, octets, len, signature, signature_len);
}

// ---- sealing key pair

struct sluss_sealing_key *sluss_sealing_key_from_seed(const uint8_t seed[SLUSS_KEY_BYTES])
{
	struct sluss_sealing_key *key = sodium_malloc(sizeof(*key));
	if (key == NULL) {
		return NULL;
	}
	memcpy(key->seed, seed, sizeof(key->seed));
	(void)crypto_box_seed_keypair(key->public_key, key->secret, seed); // cannot fail
	sluss_key_id(SLUSS_KEY_USE_SEAL, key->public_key, key->id);
	(void)sodium_mprotect_readonly(key);
	return key;
}

struct sluss_sealing_key *sluss_sealing_key_new(void)
{
	uint8_t seed[SLUSS_KEY_BYTES];
	randombytes_buf(seed, sizeof(seed));
	struct sluss_sealing_key *key = sluss_sealing_key_from_seed(seed);
	sluss_wipe(seed, sizeof(seed));
	return key;
}

void sluss_sealing_key_free(struct sluss_sealing_key **key)
{
	if (key != NULL) {
		sodium_free(*key);
		*key = NULL;
	}
}

void sluss_sealing_key_seed(const struct sluss_sealing_key *key, uint8_t seed_out[SLUSS_KEY_BYTES])
{
	memcpy(seed_out, key->seed, SLUSS_KEY_BYTES);
}

const uint8_t *sluss_sealing_key_public(const struct sluss_sealing_key *key)
{
	return key->public_key;
}

const char *sluss_sealing_key_id(const struct sluss_sealing_key *key)
{
	return key->id;
}

bool sluss_sealing_key_open(const struct sluss_sealing_key *key, const uint8_t *sealed, size_t len, uint8_t *opened_out)
{
	return len >= crypto_box_SEALBYTES && crypto_box_seal_open(opened_out, sealed, len, key->public_key, key->secret) == 0;
}
