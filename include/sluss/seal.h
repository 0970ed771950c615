// SPDX-License-Identifier: EUPL-1.2
// Sections, sealed from agency to agency: XChaCha20-Poly1305 (IETF) under a fresh key, the label's octets as associated data, the key sealed to each recipient
// (crypto_box_seal), a commitment to the key in the label, and the list of digests with decoys that the sender signs. See proto/sluss/v1/exchange.proto.
// Call sluss_crypto_init first. Any thread.
#ifndef SLUSS_SEAL_H
#define SLUSS_SEAL_H

#include "sluss/key.h"
#include "sluss/types.h"

enum {
	SLUSS_SECTION_KEY_BYTES = 32,
	SLUSS_SECTION_NONCE_BYTES = 24,
	SLUSS_SECTION_TAG_BYTES = 16,
	SLUSS_SECTION_OVERHEAD = SLUSS_SECTION_NONCE_BYTES + SLUSS_SECTION_TAG_BYTES, // ciphertext octets beyond the content's
	SLUSS_SEALED_KEY_BYTES = 80,
	SLUSS_SECTION_SALT_BYTES = 16,
	SLUSS_SECTIONS_MAX = 64,
	SLUSS_DIGESTS_STEP = 8,
	SLUSS_DIGESTS_MAX = SLUSS_SECTIONS_MAX + SLUSS_DIGESTS_STEP,
};

enum sluss_seal_result {
	SLUSS_SEAL_OK = 0,
	SLUSS_SEAL_NO_MEMORY,
	SLUSS_SEAL_NO_ROOM,      // the buffer is too small, or the content too long
	SLUSS_SEAL_BAD_KEY,      // a public key that cannot be sealed to
	SLUSS_SEAL_WRONG_KEY,    // the sealed key was not sealed to this key pair, or was changed
	SLUSS_SEAL_UNCOMMITTED,  // the key is not the one that the label commits to
	SLUSS_SEAL_TAMPERED,     // label or ciphertext were changed, or the ciphertext is too short
};

// A stable word for each result: "ok", "tampered" ...
const char *sluss_seal_result_name(enum sluss_seal_result result);

// ---- the key of one section

struct sluss_section_key; // guarded memory, wiped when freed

// A fresh random key. NULL: no memory.
SLUSS_MUST_CHECK struct sluss_section_key *sluss_section_key_new(void);
// Takes NULL; wipes and nulls.
void sluss_section_key_free(struct sluss_section_key **key);

// SectionHeader.key_commitment: SHA-256("sluss.v1.SectionKey" || key).
void sluss_section_key_commitment(const struct sluss_section_key *key, uint8_t commitment_out[SLUSS_HASH_BYTES]);

// SealedKey.sealed_key for one recipient. Errors: BAD_KEY.
SLUSS_MUST_CHECK enum sluss_seal_result sluss_section_key_seal(const struct sluss_section_key *key, const uint8_t recipient_public[SLUSS_KEY_BYTES],
    uint8_t sealed_out[SLUSS_SEALED_KEY_BYTES]);

// Opens a sealed key with the recipient's key pair. Errors: WRONG_KEY, NO_MEMORY; *key_out is then NULL. The caller frees it.
SLUSS_MUST_CHECK enum sluss_seal_result sluss_section_key_open(const struct sluss_sealing_key *mine, struct sluss_bytes sealed, struct sluss_section_key **key_out);

// ---- content

// Seals `content` under `key`, with `header` (the exact octets of the SectionHeader) as associated data: nonce || ciphertext || tag.
// Writes content.len + SLUSS_SECTION_OVERHEAD octets. A key seals one content only; it is fresh for each section. Errors: NO_ROOM.
SLUSS_MUST_CHECK enum sluss_seal_result sluss_section_seal(const struct sluss_section_key *key, struct sluss_bytes header, struct sluss_bytes content,
    uint8_t *ciphertext_out, size_t room, size_t *len_out);

// Opens: checks the commitment first, then decrypts and authenticates. `content_out` must hold ciphertext.len - SLUSS_SECTION_OVERHEAD octets; it is untouched
// or wiped unless the answer is OK. Errors: UNCOMMITTED, TAMPERED, NO_ROOM.
SLUSS_MUST_CHECK enum sluss_seal_result sluss_section_open(const struct sluss_section_key *key, struct sluss_bytes header, const uint8_t commitment[SLUSS_HASH_BYTES],
    struct sluss_bytes ciphertext, uint8_t *content_out, size_t room, size_t *len_out);

// ---- digests: what the sender signs of each section

struct sluss_digest {
	uint8_t b[SLUSS_HASH_BYTES];
};

// SHA-256("sluss.v1.Section" || SHA-256(header) || SHA-256(ciphertext)).
void sluss_section_digest(struct sluss_bytes header, struct sluss_bytes ciphertext, struct sluss_digest *digest_out);
// The same from the two inner hashes, for who has them already.
void sluss_section_digest_join(const uint8_t header_hash[SLUSS_HASH_BYTES], const uint8_t ciphertext_hash[SLUSS_HASH_BYTES], struct sluss_digest *digest_out);

// The same of a section with chunks; `root` is the RFC 6962 root over their hashes (chunk.h).
void sluss_chunked_digest_join(const uint8_t header_hash[SLUSS_HASH_BYTES], const uint8_t ciphertext_hash[SLUSS_HASH_BYTES], const uint8_t root[SLUSS_HASH_BYTES],
    struct sluss_digest *digest_out);

// Makes Envelope.section_digests from the real ones: adds 1 to 8 random decoys up to the next multiple of 8 and sorts ascending. `list_out` has room for
// SLUSS_DIGESTS_MAX. Returns how many; 0 when count is 0, above SLUSS_SECTIONS_MAX, or two are alike.
SLUSS_MUST_CHECK size_t sluss_digest_list_make(const struct sluss_digest *real, size_t count, struct sluss_digest list_out[SLUSS_DIGESTS_MAX]);

// Is this a well-formed list: a multiple of 8, at least 8, at most SLUSS_DIGESTS_MAX, strictly ascending?
SLUSS_MUST_CHECK bool sluss_digest_list_valid(const struct sluss_digest *list, size_t count);

// Where the digest stands in a valid list; count when it does not.
SLUSS_MUST_CHECK size_t sluss_digest_list_find(const struct sluss_digest *list, size_t count, const struct sluss_digest *digest);

#endif
