// SPDX-License-Identifier: EUPL-1.2
// Sealing and opening sections; digests with decoys.
#include "sluss/seal.h"

#include <sodium.h>
#include <stdlib.h>

#include "seal_key.h"


_Static_assert(SLUSS_SECTION_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(SLUSS_SECTION_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(SLUSS_SECTION_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(SLUSS_SEALED_KEY_BYTES == SLUSS_SECTION_KEY_BYTES + crypto_box_SEALBYTES, "sealed key");

const char *sluss_seal_result_name(enum sluss_seal_result result)
{
	switch (result) {
	case SLUSS_SEAL_OK:
		return "ok";
	case SLUSS_SEAL_NO_MEMORY:
		return "no memory";
	case SLUSS_SEAL_NO_ROOM:
		return "no room";
	case SLUSS_SEAL_BAD_KEY:
		return "public key cannot be sealed to";
	case SLUSS_SEAL_WRONG_KEY:
		return "sealed to another key";
	case SLUSS_SEAL_UNCOMMITTED:
		return "not the key that the label commits to";
	case SLUSS_SEAL_TAMPERED:
		return "tampered";
	}
	return "unknown";
}

// ---- section key

struct sluss_section_key *sluss_section_key_new(void)
{
	struct sluss_section_key *key = sodium_malloc(sizeof(*key));
	if (key != NULL) {
		randombytes_buf(key->b, sizeof(key->b));
	}
	return key;
}

void sluss_section_key_free(struct sluss_section_key **key)
{
	if (key != NULL) {
		sodium_free(*key);
		*key = NULL;
	}
}

void sluss_section_key_commitment(const struct sluss_section_key *key, uint8_t commitment_out[SLUSS_HASH_BYTES])
{
	static const char tag[] = "sluss.v1.SectionKey";
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)tag, sizeof(tag) - 1);
	crypto_hash_sha256_update(&state, key->b, sizeof(key->b));
	crypto_hash_sha256_final(&state, commitment_out);
	sodium_memzero(&state, sizeof(state));
}

enum sluss_seal_result sluss_section_key_seal(
    const struct sluss_section_key *key, const uint8_t recipient_public[SLUSS_KEY_BYTES], uint8_t sealed_out[SLUSS_SEALED_KEY_BYTES])
{
	if (crypto_box_seal(sealed_out, key->b, sizeof(key->b), recipient_public) != 0) {
		return SLUSS_SEAL_BAD_KEY;
	}
	return SLUSS_SEAL_OK;
}

enum sluss_seal_result sluss_section_key_open(const struct sluss_sealing_key *mine, struct sluss_bytes sealed, struct sluss_section_key **key_out)
{
	*key_out = NULL;
	if (sealed.len != SLUSS_SEALED_KEY_BYTES) {
		return SLUSS_SEAL_WRONG_KEY;
	}
	struct sluss_section_key *key = sodium_malloc(sizeof(*key));
	if (key == NULL) {
		return SLUSS_SEAL_NO_MEMORY;
	}
	if (!sluss_sealing_key_open(mine, sealed.data, sealed.len, key->b)) {
		sluss_section_key_free(&key);
		return SLUSS_SEAL_WRONG_KEY;
	}
	*key_out = key;
	return SLUSS_SEAL_OK;
}

// ---- content

enum sluss_seal_result sluss_section_seal(const struct sluss_section_key *key, struct sluss_bytes header, struct sluss_bytes content, uint8_t *ciphertext_out,
    size_t room, size_t *len_out)
{
	*len_out = 0;
	if (room < SLUSS_SECTION_OVERHEAD || content.len > room - SLUSS_SECTION_OVERHEAD) {
		return SLUSS_SEAL_NO_ROOM;
	}
	unsigned long long written = 0;
	randombytes_buf(ciphertext_out, SLUSS_SECTION_NONCE_BYTES);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(ciphertext_out + SLUSS_SECTION_NONCE_BYTES, &written, content.data, content.len, header.data, header.len, NULL,
	    ciphertext_out, key->b); // cannot fail
	*len_out = SLUSS_SECTION_NONCE_BYTES + (size_t)written;
	return SLUSS_SEAL_OK;
}

enum sluss_seal_result sluss_section_open(const struct sluss_section_key *key, struct sluss_bytes header, const uint8_t commitment[SLUSS_HASH_BYTES],
    struct sluss_bytes ciphertext, uint8_t *content_out, size_t room, size_t *len_out)
{
	*len_out = 0;
	uint8_t own[SLUSS_HASH_BYTES];
	sluss_section_key_commitment(key, own);
	if (sodium_memcmp(own, commitment, sizeof(own)) != 0) {
		return SLUSS_SEAL_UNCOMMITTED;
	}
	if (ciphertext.len < SLUSS_SECTION_OVERHEAD) {
		return SLUSS_SEAL_TAMPERED;
	}
	if (room < ciphertext.len - SLUSS_SECTION_OVERHEAD) {
		return SLUSS_SEAL_NO_ROOM;
	}
	unsigned long long written = 0;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(content_out, &written, NULL, ciphertext.data + SLUSS_SECTION_NONCE_BYTES,
	        ciphertext.len - SLUSS_SECTION_NONCE_BYTES, header.data, header.len, ciphertext.data, key->b)
	    != 0) {
		return SLUSS_SEAL_TAMPERED;
	}
	*len_out = (size_t)written;
	return SLUSS_SEAL_OK;
}

// ---- digests

void sluss_section_digest(struct sluss_bytes header, struct sluss_bytes ciphertext, struct sluss_digest *digest_out)
{
	uint8_t header_hash[SLUSS_HASH_BYTES], ciphertext_hash[SLUSS_HASH_BYTES];
	(void)crypto_hash_sha256(header_hash, header.data, header.len);
	(void)crypto_hash_sha256(ciphertext_hash, ciphertext.data, ciphertext.len);
	sluss_section_digest_join(header_hash, ciphertext_hash, digest_out);
}

void sluss_section_digest_join(const uint8_t header_hash[SLUSS_HASH_BYTES], const uint8_t ciphertext_hash[SLUSS_HASH_BYTES], struct sluss_digest *digest_out)
{
	static const char tag[] = "sluss.v1.Section";
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)tag, sizeof(tag) - 1);
	crypto_hash_sha256_update(&state, header_hash, SLUSS_HASH_BYTES);
	crypto_hash_sha256_update(&state, ciphertext_hash, SLUSS_HASH_BYTES);
	crypto_hash_sha256_final(&state, digest_out->b);
}

void sluss_chunked_digest_join(const uint8_t header_hash[SLUSS_HASH_BYTES], const uint8_t ciphertext_hash[SLUSS_HASH_BYTES], const uint8_t root[SLUSS_HASH_BYTES],
    struct sluss_digest *digest_out)
{
	static const char tag[] = "sluss.v1.ChunkedSection";
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)tag, sizeof(tag) - 1);
	crypto_hash_sha256_update(&state, header_hash, SLUSS_HASH_BYTES);
	crypto_hash_sha256_update(&state, ciphertext_hash, SLUSS_HASH_BYTES);
	crypto_hash_sha256_update(&state, root, SLUSS_HASH_BYTES);
	crypto_hash_sha256_final(&state, digest_out->b);
}

static int compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, SLUSS_HASH_BYTES);
}

static bool strictly_ascending(const struct sluss_digest *list, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (compare_digests(&list[i - 1], &list[i]) >= 0) {
			return false;
		}
	}
	return true;
}

size_t sluss_digest_list_make(const struct sluss_digest *real, size_t count, struct sluss_digest list_out[SLUSS_DIGESTS_MAX])
{
	if (count == 0 || count > SLUSS_SECTIONS_MAX) {
		return 0;
	}
	// Always at least one decoy, so that a recipient of 8 sections of 8 knows as little as one of 7.
	size_t total = (count / SLUSS_DIGESTS_STEP + 1) * SLUSS_DIGESTS_STEP;
	memcpy(list_out, real, count * sizeof(*real));
	randombytes_buf(&list_out[count], (total - count) * sizeof(*list_out));
	qsort(list_out, total, sizeof(*list_out), compare_digests);
	return strictly_ascending(list_out, total) ? total : 0;
}

bool sluss_digest_list_valid(const struct sluss_digest *list, size_t count)
{
	return count >= SLUSS_DIGESTS_STEP && count <= SLUSS_DIGESTS_MAX && count % SLUSS_DIGESTS_STEP == 0 && strictly_ascending(list, count);
}

size_t sluss_digest_list_find(const struct sluss_digest *list, size_t count, const struct sluss_digest *digest)
{
	const struct sluss_digest *found = bsearch(digest, list, count, sizeof(*list), compare_digests);
	return found == NULL ? count : (size_t)(found - list);
}
