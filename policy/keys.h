// SPDX-License-Identifier: EUPL-1.2
// Where a decision begins: the case of an id, and in that case the key of a grant (category, sender, recipient,
// purpose). Inside of policy/.
//
// With a million grants every step from one element to the next is a wait for memory, so the way of a permitted pair is
// short. The slot of a case in the index says where its table of keys lies; case and key are fetched at the same time.
// The slot of a key holds the answer itself: the version that permits and the instant up to which no mere passing of
// time changes that. Neither is a cache: both are folded with the records.
//
// Invariants:
// - A key has one slot in its case's table; `newest` points at the newest version.
// - At an instant t from the last record on (the state's time), with t < until, `permits` is the version that stands
//   for the key and its standing is OK_CONSENT. until 0: nothing is said, look at the versions.
// - The table's place in a case's index slot is a hint for fetching ahead; the case itself has the truth.
#ifndef SLUSS_POLICY_KEYS_H
#define SLUSS_POLICY_KEYS_H

#include "policy/table.h"

struct key_slot {
	struct sluss_id permits;
	uint64_t key_until; // the key's 48 bits, the upper 16 bits of until
	uint32_t until;	    // the lower 32 bits
	uint32_t newest;    // position + 1; 0: an empty slot
};
_Static_assert(sizeof(struct key_slot) == 32, "two slots a line");

struct key_line {
	_Alignas(64) struct key_slot slots[2];
};

// The keys of one case: 2^lines_log2 lines of the pool from `first` on, open addressing, at most five eighths full.
struct key_table {
	uint32_t first; // 0: none yet
	uint32_t count;
	uint32_t lines_log2;
};

enum { KEY_BLOCKS = 32 };

// Lines of all cases. A table that grew gives its block back to `vacant`, by size; the first four octets of a vacant
// block are the place of the next one.
struct key_pool {
	struct sluss_array lines;
	uint32_t vacant[KEY_BLOCKS];
};

struct case_slot {
	uint32_t hash; // the upper half
	uint32_t kase; // position + 1; 0: empty
	uint32_t first, lines_log2;
};

struct case_index {
	struct case_slot *slots;
	uint32_t mask;
	uint32_t count;
};

static inline uint64_t key_slot_key(const struct key_slot *slot)
{
	return slot->key_until >> 16;
}

static inline int64_t key_slot_until_ms(const struct key_slot *slot)
{
	return (int64_t)((slot->key_until & 0xffffu) << 32 | slot->until);
}

// until_ms <= 0 says nothing. An end beyond the 48 bits (the year 10889) is said to come sooner, which is no lie.
void key_slot_permit(struct key_slot *slot, const struct sluss_id *version, int64_t until_ms);

void key_pool_init(struct key_pool *pool);
void key_pool_clear(struct key_pool *pool);

static inline struct key_slot *key_slot_at(const struct key_pool *pool, uint32_t first, uint32_t slot)
{
	return &((struct key_line *)sluss_array_at(&pool->lines, first + slot / 2))->slots[slot % 2];
}

static inline uint32_t key_table_slots(const struct key_table *table)
{
	return table->first == 0 ? 0 : UINT32_C(2) << table->lines_log2;
}

// Fetches where a key's search begins.
static inline void key_table_prefetch(const struct key_pool *pool, const struct key_table *table, uint64_t hash)
{
	if (table->first == 0)
		return;
	uint32_t slot = (uint32_t)hash & (key_table_slots(table) - 1);
	__builtin_prefetch(key_slot_at(pool, table->first, slot));
	__builtin_prefetch(key_slot_at(pool, table->first, (slot + 2) & (key_table_slots(table) - 1)));
}

// The hash of a key that is in a table, for laying it out anew.
typedef uint64_t key_hash_fn(const void *context, uint64_t key);

// Makes room for `more` keys. A table that moves is laid out anew; positions of slots end there.
SLUSS_MUST_CHECK bool key_table_reserve(
    struct key_pool *pool, struct key_table *table, size_t more, key_hash_fn *hash, const void *context);
// The slot of a key, or NULL. Look-ups take the hash's lower half.
struct key_slot *key_table_find(
    const struct key_pool *pool, const struct key_table *table, uint64_t hash, uint64_t key);
// A slot for a key that is not in it yet; the caller has reserved.
struct key_slot *key_table_add(struct key_pool *pool, struct key_table *table, uint64_t hash, uint64_t key);

void case_index_clear(struct case_index *index);
SLUSS_MUST_CHECK bool case_index_reserve(struct case_index *index, size_t more);
void case_index_insert(struct case_index *index, uint64_t hash, uint32_t kase); // the caller has reserved
size_t case_index_memory(const struct case_index *index);
// The table of a case moved.
void case_index_moved(struct case_index *index, uint64_t hash, uint32_t kase, const struct key_table *table);

// Walks the cases whose hash may be this one: start with *probe = 0, NULL at the end; the caller compares ids.
static inline const struct case_slot *case_index_next(const struct case_index *index, uint64_t hash, uint32_t *probe)
{
	if (index->slots == NULL)
		return NULL;
	for (;;) {
		const struct case_slot *slot = &index->slots[((uint32_t)(hash >> 32) + *probe) & index->mask];
		if (slot->kase == 0)
			return NULL;
		(*probe)++;
		if (slot->hash == (uint32_t)(hash >> 32))
			return slot;
	}
}

static inline void case_index_prefetch(const struct case_index *index, uint64_t hash)
{
	if (index->slots != NULL)
		__builtin_prefetch(&index->slots[(uint32_t)(hash >> 32) & index->mask]);
}

#endif
