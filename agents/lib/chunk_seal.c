// SPDX-License-Identifier: EUPL-1.2
// One chunk: how long it is, sealing and opening it. Its place is part of the associated data, so that no chunk passes
// for another, and the last one for none before.
#include <sodium.h>

#include "seal_key.h"
#include "sluss/chunk.h"

enum { PLACE = SLUSS_HASH_BYTES + 4 + 1 };

uint32_t sluss_chunk_count(uint64_t octets)
{
	return octets > (uint64_t)SLUSS_CHUNKS_MAX * SLUSS_CHUNK_BYTES
		   ? 0
		   : (uint32_t)((octets + SLUSS_CHUNK_BYTES - 1) / SLUSS_CHUNK_BYTES);
}

size_t sluss_chunk_len(uint64_t octets, uint32_t index)
{
	uint32_t count = sluss_chunk_count(octets);
	if (index >= count) {
		return 0;
	}
	return index + 1 < count ? SLUSS_CHUNK_BYTES : (size_t)(octets - (uint64_t)index * SLUSS_CHUNK_BYTES);
}

static void place_of(const uint8_t header_hash[SLUSS_HASH_BYTES], uint32_t index, bool last, uint8_t place_out[PLACE])
{
	memcpy(place_out, header_hash, SLUSS_HASH_BYTES);
	for (int i = 0; i < 4; i++) {
		place_out[SLUSS_HASH_BYTES + i] = (uint8_t)(index >> (24 - 8 * i));
	}
	place_out[SLUSS_HASH_BYTES + 4] = last ? 1 : 0;
}

enum sluss_seal_result sluss_chunk_seal(const struct sluss_section_key *key,
    const uint8_t header_hash[SLUSS_HASH_BYTES], uint32_t index, bool last, struct sluss_bytes content,
    uint8_t *octets_out, size_t room, size_t *len_out)
{
	uint8_t place[PLACE];
	unsigned long long written = 0;
	*len_out = 0;
	if (room < SLUSS_SECTION_OVERHEAD || content.len > room - SLUSS_SECTION_OVERHEAD) {
		return SLUSS_SEAL_NO_ROOM;
	}
	place_of(header_hash, index, last, place);
	randombytes_buf(octets_out, SLUSS_SECTION_NONCE_BYTES); // 192 bits: never twice under one key
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(octets_out + SLUSS_SECTION_NONCE_BYTES, &written, content.data,
	    content.len, place, sizeof(place), NULL, octets_out,
	    key->b); // cannot fail
	*len_out = SLUSS_SECTION_NONCE_BYTES + (size_t)written;
	return SLUSS_SEAL_OK;
}

enum sluss_seal_result sluss_chunk_open(const struct sluss_section_key *key,
    const uint8_t header_hash[SLUSS_HASH_BYTES], uint32_t index, bool last, struct sluss_bytes octets,
    uint8_t *content_out, size_t room, size_t *len_out)
{
	uint8_t place[PLACE];
	unsigned long long written = 0;
	*len_out = 0;
	if (octets.len < SLUSS_SECTION_OVERHEAD) {
		return SLUSS_SEAL_TAMPERED;
	}
	if (room < octets.len - SLUSS_SECTION_OVERHEAD) {
		return SLUSS_SEAL_NO_ROOM;
	}
	place_of(header_hash, index, last, place);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(content_out, &written, NULL,
		octets.data + SLUSS_SECTION_NONCE_BYTES, octets.len - SLUSS_SECTION_NONCE_BYTES, place, sizeof(place),
		octets.data, key->b) != 0) {
		return SLUSS_SEAL_TAMPERED;
	}
	*len_out = (size_t)written;
	return SLUSS_SEAL_OK;
}
