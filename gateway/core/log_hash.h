// SPDX-License-Identifier: EUPL-1.2
// The hashes of the log's tree: RFC 6962 section 2.1 over SHA-256. No state, any thread.
#ifndef SLUSS_LOG_HASH_H
#define SLUSS_LOG_HASH_H

#include "sluss/types.h"

// A SHA-256 hash.
struct sluss_hash {
	uint8_t b[SLUSS_HASH_BYTES];
};

static inline bool sluss_hash_equal(const struct sluss_hash *a, const struct sluss_hash *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

// Plain SHA-256 of the octets.
void sluss_hash_octets(const void *data, size_t len, struct sluss_hash *hash_out);

// H(0x00 || entry): the leaf hash of an entry.
void sluss_hash_leaf(const void *entry, size_t len, struct sluss_hash *hash_out);

// H(0x01 || left || right): an inner node. `hash_out` may be one of the two.
void sluss_hash_node(const struct sluss_hash *left, const struct sluss_hash *right, struct sluss_hash *hash_out);

// The root of a tree without entries: SHA-256 of nothing.
void sluss_hash_empty(struct sluss_hash *hash_out);

#endif
