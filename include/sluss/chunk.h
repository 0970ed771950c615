// SPDX-License-Identifier: EUPL-1.2
// Sections whose content comes in chunks: files of up to 100 MiB, sealed and opened in constant memory. The section's
// ciphertext holds a sluss.v1.Attachment, which says what the chunks are; each chunk is sealed by itself under the
// section's key, with its place as associated data. See proto/sluss/v1/exchange.proto. sluss_crypto_init must have been
// called. An upload belongs to one thread at a time.
#ifndef SLUSS_CHUNK_H
#define SLUSS_CHUNK_H

#include "sluss/message.h"
#include "sluss/seal.h"

enum {
	SLUSS_CHUNK_BYTES = 256 << 10, // content of every chunk but the last
	SLUSS_CHUNKS_MAX = 400,	       // of one section: 100 MiB
	SLUSS_CHUNK_SEALED_MAX = SLUSS_CHUNK_BYTES + SLUSS_SECTION_OVERHEAD,
};

// How many chunks so many octets make; 0: none, or more than SLUSS_CHUNKS_MAX.
uint32_t sluss_chunk_count(uint64_t octets);
// Octets of one chunk's content; 0: there is no such chunk.
size_t sluss_chunk_len(uint64_t octets, uint32_t index);

// ---- one chunk

// Seals under a fresh nonce: nonce || ciphertext || tag. `last`: no chunk follows. Writes content.len +
// SLUSS_SECTION_OVERHEAD octets. Errors: NO_ROOM.
SLUSS_MUST_CHECK enum sluss_seal_result sluss_chunk_seal(const struct sluss_section_key *key,
    const uint8_t header_hash[SLUSS_HASH_BYTES], uint32_t index, bool last, struct sluss_bytes content,
    uint8_t *octets_out, size_t room, size_t *len_out);
// Errors: TAMPERED (also when it is another chunk of the same section), NO_ROOM; content_out is then untouched or
// wiped.
SLUSS_MUST_CHECK enum sluss_seal_result sluss_chunk_open(const struct sluss_section_key *key,
    const uint8_t header_hash[SLUSS_HASH_BYTES], uint32_t index, bool last, struct sluss_bytes octets,
    uint8_t *content_out, size_t room, size_t *len_out);

// Section.chunk_hashes, one entry: SHA-256(0x00 || octets), the leaf hash of RFC 6962.
void sluss_chunk_hash(struct sluss_bytes octets, uint8_t hash_out[SLUSS_HASH_BYTES]);
// The section's digest with chunks: SHA-256("sluss.v1.ChunkedSection" || header_hash || ciphertext_hash || RFC 6962
// root over `hashes`). `count` at least 1.
void sluss_chunked_digest(const uint8_t header_hash[SLUSS_HASH_BYTES], const uint8_t ciphertext_hash[SLUSS_HASH_BYTES],
    const uint8_t *hashes, size_t count, struct sluss_digest *digest_out);

// ---- sending: sluss_client_upload_new, sluss_client_upload, then a message draft with section.upload

// What is to be sent. All pointers stay the caller's.
struct sluss_attachment_draft {
	struct sluss_section_draft
	    section; // category (needed), purpose, concerned, claims, necessity; content and upload are not looked at
	const char *file_name;	// for people, without folders
	const char *media_type; // NULL: application/octet-stream
	uint64_t octets;	// of the content, 1 to 100 MiB
};

// A section on its way: label, key, the key sealed to each recipient, hashes of the chunks so far. Holds a secret key
// in guarded memory.
struct sluss_upload;

SLUSS_MUST_CHECK enum sluss_message_result sluss_upload_new(const struct sluss_attachment_draft *draft,
    const struct sluss_id *message_id, const struct sluss_recipient_draft *recipients, size_t recipient_count,
    struct sluss_upload **upload_out);
// Takes NULL; wipes and nulls.
void sluss_upload_free(struct sluss_upload **upload);
// All of it as octets, to go on after the program ended: with the secret key, so keep them as keys are kept and destroy
// them when the message was sent. The caller wipes and frees them. NULL: no memory.
SLUSS_MUST_CHECK uint8_t *sluss_upload_save(const struct sluss_upload *upload, size_t *len_out);
// NULL: not such octets, or no memory.
SLUSS_MUST_CHECK struct sluss_upload *sluss_upload_load(struct sluss_bytes octets);
struct sluss_id sluss_upload_message(const struct sluss_upload *upload);
uint64_t sluss_upload_octets(const struct sluss_upload *upload);
// Is every chunk sealed and put?
bool sluss_upload_complete(const struct sluss_upload *upload);

// `done` of `total` chunks are over.
typedef bool sluss_progress_fn(void *context, uint32_t done, uint32_t total);

// ---- receiving: sluss_client_download with an opened section

// Key and hashes of an opened section's chunks; belongs to the section. Holds a secret key in guarded memory.
struct sluss_chunks;
// SHA-256 of the section's label, which names its chunks.
const uint8_t *sluss_chunks_header_hash(const struct sluss_chunks *chunks);
uint32_t sluss_chunks_count(const struct sluss_chunks *chunks);
uint64_t sluss_chunks_octets(const struct sluss_chunks *chunks);

#endif
