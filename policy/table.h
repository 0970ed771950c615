// SPDX-License-Identifier: EUPL-1.2
// The containers of the state: a growing array whose elements never move, an open-addressing index from a hash to a
// position, and a table by id whose slots hold more than the position. Inside of policy/. Allocation results are
// checked; a failed growth leaves the container as it was.
#ifndef SLUSS_POLICY_TABLE_H
#define SLUSS_POLICY_TABLE_H

#include "sluss/types.h"

// Position of nothing.
#define SLUSS_NOWHERE UINT32_MAX

enum {
	SLUSS_ARRAY_FIRST_LOG2 = 8, // elements of the first chunk
	SLUSS_ARRAY_CHUNKS = 33 - SLUSS_ARRAY_FIRST_LOG2,
};

// Elements of one size that never move. Position 0 is the first. Chunk 0 has 2^8 elements, each later one as many as
// all before it together: the chunk of a position is found without a table, and a large array lies in few large blocks.
struct sluss_array {
	uint8_t *chunks[SLUSS_ARRAY_CHUNKS];
	uint32_t count;
	uint32_t chunk_count;
	uint32_t size;
};

void sluss_array_init(struct sluss_array *array, size_t size);
void sluss_array_clear(struct sluss_array *array);
// Makes room for `more` elements, so that the next appends cannot fail.
SLUSS_MUST_CHECK bool sluss_array_reserve(struct sluss_array *array, size_t more);
// Appends a zeroed element; SLUSS_NOWHERE when memory or positions ran out.
SLUSS_MUST_CHECK uint32_t sluss_array_append(struct sluss_array *array);
// Octets that are in use; of a large chunk the part that was never touched is no memory yet.
size_t sluss_array_memory(const struct sluss_array *array);

static inline void *sluss_array_at(const struct sluss_array *array, uint32_t position)
{
	unsigned top = 31u - (unsigned)__builtin_clz(position | ((1u << SLUSS_ARRAY_FIRST_LOG2) - 1));
	uint32_t begin = top < SLUSS_ARRAY_FIRST_LOG2 ? 0 : UINT32_C(1) << top;
	return array->chunks[top - (SLUSS_ARRAY_FIRST_LOG2 - 1)] + (size_t)(position - begin) * array->size;
}

// A block of memory that begins at a cache line, a large one on large pages; not zeroed. NULL when there is none;
// free() lets it go.
SLUSS_MUST_CHECK void *sluss_table_alloc(size_t size);

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

// Where a walk begins, for fetching ahead: __builtin_prefetch() of it. (A function that did the fetching would change
// nothing that gcc knows of, and is left out by it.)
static inline const void *sluss_index_begin(const struct sluss_index *index, uint64_t hash)
{
	return index->slots == NULL ? NULL : &index->slots[(uint32_t)(hash >> 32) & index->mask];
}

// A table by id. Each slot begins with this and goes on with what its owner reads of the element: where it lies follows
// from the id alone, so one wait for memory finds and answers. Slots are 2^size_log2 octets and cross no cache line.
// Nothing is ever deleted; slots move when the table grows.
struct sluss_id_slot {
	struct sluss_id id;
	uint32_t hash; // the upper half: says where the slot belongs
	uint32_t at;   // position of the element + 1; 0: empty
};

struct sluss_id_table {
	uint8_t *slots;
	uint32_t mask; // slots - 1
	uint32_t count;
	uint32_t size_log2;
};

void sluss_id_table_init(struct sluss_id_table *table, unsigned size_log2);
void sluss_id_table_clear(struct sluss_id_table *table);
SLUSS_MUST_CHECK bool sluss_id_table_reserve(struct sluss_id_table *table, size_t more);
// The number of the new slot, zeroed beyond its beginning. The caller has reserved, and knows that the id is not in it.
uint32_t sluss_id_table_insert(
    struct sluss_id_table *table, uint64_t hash, const struct sluss_id *id, uint32_t position);
size_t sluss_id_table_memory(const struct sluss_id_table *table);

static inline struct sluss_id_slot *sluss_id_table_at(const struct sluss_id_table *table, uint32_t number)
{
	return (struct sluss_id_slot *)(void *)(table->slots + ((size_t)number << table->size_log2));
}

static inline uint32_t sluss_id_table_slots(const struct sluss_id_table *table)
{
	return table->slots == NULL ? 0 : table->mask + 1;
}

// The slot of an id, or NULL.
static inline struct sluss_id_slot *sluss_id_table_find(
    const struct sluss_id_table *table, uint64_t hash, const struct sluss_id *id)
{
	if (table->slots == NULL)
		return NULL;
	for (uint32_t at = (uint32_t)(hash >> 32);; at++) {
		struct sluss_id_slot *slot = sluss_id_table_at(table, at & table->mask);
		if (slot->at == 0)
			return NULL;
		if (sluss_id_equal(&slot->id, id))
			return slot;
	}
}

// Where the search for an id begins, for fetching ahead.
static inline const void *sluss_id_table_begin(const struct sluss_id_table *table, uint64_t hash)
{
	return table->slots == NULL ? NULL : sluss_id_table_at(table, (uint32_t)(hash >> 32) & table->mask);
}

#endif
