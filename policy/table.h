// SPDX-License-Identifier: EUPL-1.2
// The two containers of the state: a growing array whose elements never move, and an open-addressing index from a hash
// to a position. Inside of policy/. Allocation results are checked; a failed growth leaves the container as it was.
#ifndef SLUSS_POLICY_TABLE_H
#define SLUSS_POLICY_TABLE_H

#include "sluss/types.h"

// Position of nothing.
#define SLUSS_NOWHERE UINT32_MAX

// Elements of one size in chunks of 2^shift. Position 0 is the first.
struct sluss_array {
	uint8_t **chunks;
	uint32_t count;
	uint32_t chunk_count, chunk_room;
	uint32_t size;
	uint32_t shift;
};

void sluss_array_init(struct sluss_array *array, size_t size, unsigned shift);
void sluss_array_clear(struct sluss_array *array);
// Makes room for `more` elements, so that the next appends cannot fail.
SLUSS_MUST_CHECK bool sluss_array_reserve(struct sluss_array *array, size_t more);
// Appends a zeroed element; SLUSS_NOWHERE when memory or positions ran out.
SLUSS_MUST_CHECK uint32_t sluss_array_append(struct sluss_array *array);
size_t sluss_array_memory(const struct sluss_array *array);

static inline void *sluss_array_at(const struct sluss_array *array, uint32_t position)
{
	return array->chunks[position >> array->shift] + (size_t)(position & ((1u << array->shift) - 1)) * array->size;
}

// Slots hold the upper half of the hash and the position + 1; 0 is empty. The upper half alone says where a slot
// belongs, so that the table grows without looking at the elements. Nothing is ever deleted, so there are no
// tombstones.
struct sluss_index {
	uint64_t *slots;
	uint32_t mask; // slots - 1
	uint32_t count;
};

void sluss_index_clear(struct sluss_index *index);
SLUSS_MUST_CHECK bool sluss_index_reserve(struct sluss_index *index, size_t more);
// The caller has reserved, and knows that no equal element is in it.
void sluss_index_insert(struct sluss_index *index, uint64_t hash, uint32_t position);
// Replaces the position of an element that is in it.
void sluss_index_replace(struct sluss_index *index, uint64_t hash, uint32_t old_position, uint32_t new_position);
size_t sluss_index_memory(const struct sluss_index *index);

// Walks the positions whose hash may be this one: start with *probe = 0, stop at SLUSS_NOWHERE; the caller compares the
// elements.
static inline uint32_t sluss_index_next(const struct sluss_index *index, uint64_t hash, uint32_t *probe)
{
	if (index->slots == NULL)
		return SLUSS_NOWHERE;
	for (;;) {
		uint64_t slot = index->slots[((uint32_t)(hash >> 32) + *probe) & index->mask];
		if (slot == 0)
			return SLUSS_NOWHERE;
		(*probe)++;
		if ((uint32_t)(slot >> 32) == (uint32_t)(hash >> 32))
			return (uint32_t)slot - 1;
	}
}

// The first position whose hash may be this one, unverified; for fetching ahead.
static inline uint32_t sluss_index_guess(const struct sluss_index *index, uint64_t hash)
{
	uint32_t probe = 0;
	return sluss_index_next(index, hash, &probe);
}

static inline void sluss_index_prefetch(const struct sluss_index *index, uint64_t hash)
{
	if (index->slots != NULL)
		__builtin_prefetch(&index->slots[(uint32_t)(hash >> 32) & index->mask]);
}

#endif
