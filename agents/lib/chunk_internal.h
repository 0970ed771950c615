// SPDX-License-Identifier: EUPL-1.2
// Inside of uploads and opened chunks, shared by the files that make, put, fetch and open them.
#ifndef SLUSS_CHUNK_INTERNAL_H
#define SLUSS_CHUNK_INTERNAL_H

#include "sluss/chunk.h"

struct sluss_upload {
	Sluss__V1__Section *section; // header, ciphertext, keys; owned. chunk_hashes is set when it is sent
	struct sluss_section_key *key;
	struct sluss_id message;
	uint8_t header_hash[SLUSS_HASH_BYTES];
	uint64_t octets;
	uint32_t total;
	uint32_t sealed; // chunks whose hash is known: the last of them may not have been put yet
	uint32_t put;	 // chunks that the gateway has said it has
	uint8_t hashes[SLUSS_CHUNKS_MAX][SLUSS_HASH_BYTES];
};

struct sluss_chunks {
	struct sluss_section_key *key;
	uint8_t header_hash[SLUSS_HASH_BYTES];
	uint64_t octets;
	uint32_t total;
	uint8_t hashes[SLUSS_CHUNKS_MAX][SLUSS_HASH_BYTES];
};

// message_seal.c: one section with chunks, for upload->message and these recipients, under upload->key. Fills
// upload->section.
enum sluss_message_result message_seal_upload(const struct sluss_section_draft *section,
    const struct sluss_recipient_draft *recipients, size_t recipient_count, struct sluss_upload *upload);

// chunk.c: do the chunks of this section fit its label and its hashes? *chunks_out (owned by the caller) takes `key`
// over when they do; NULL: no memory.
bool chunks_fit(const Sluss__V1__Section *section, const Sluss__V1__SectionHeader *header);
struct sluss_chunks *chunks_new(
    const Sluss__V1__Section *section, const Sluss__V1__SectionHeader *header, struct sluss_section_key **key);
void chunks_free(struct sluss_chunks **chunks);
// The digest that the envelope has of a section, with or without chunks. False: its chunk_hashes have no valid length.
bool chunks_section_digest(const Sluss__V1__Section *section, struct sluss_digest *digest_out);

#endif
