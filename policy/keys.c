// SPDX-License-Identifier: EUPL-1.2
// The tables of keys and the index of cases: growth and search.
#include "policy/keys.h"

#include <stdlib.h>

static const int64_t until_max = (INT64_C(1) << 48) - 1;

void key_slot_permit(struct key_slot *slot, const struct sluss_id *version, int64_t until_ms)
{
	uint64_t until = until_ms <= 0 ? 0 : (uint64_t)(until_ms < until_max ? until_ms : until_max);
	slot->key_until = (slot->key_until & ~UINT64_C(0xffff)) | until >> 32;
	slot->until = (uint32_t)until;
	slot->permits = until == 0 ? (struct sluss_id){0} : *version;
}

void key_pool_init(struct key_pool *pool)
{
	*pool = (struct key_pool){0};
	sluss_array_init(&pool->lines, sizeof(struct key_line));
}

void key_pool_clear(struct key_pool *pool)
{
	sluss_array_clear(&pool->lines);
	key_pool_init(pool);
}

static void let_go(struct key_pool *pool, uint32_t first, unsigned log2)
{
	memcpy(sluss_array_at(&pool->lines, first), &pool->vacant[log2], sizeof(uint32_t));
	pool->vacant[log2] = first;
}

// Lines that a larger block left out before itself, as blocks of their own.
static void keep_gap(struct key_pool *pool, uint32_t from, uint32_t to)
{
	if (from == 0)
		from = 1; // place 0 says "none"
	while (from < to) {
		unsigned log2 = (unsigned)__builtin_ctz(from);
		while (from + (UINT64_C(1) << log2) > to)
			log2--;
		let_go(pool, from, log2);
		from += UINT32_C(1) << log2;
	}
}

// A zeroed block, 0 when memory ran out.
static uint32_t take(struct key_pool *pool, unsigned log2)
{
	uint32_t first = pool->vacant[log2];
	if (first != 0) {
		uint8_t *block = sluss_array_at(&pool->lines, first);
		memcpy(&pool->vacant[log2], block, sizeof(uint32_t));
		memset(block, 0, sizeof(struct key_line) << log2);
		return first;
	}
	uint32_t before = pool->lines.count;
	first = sluss_array_append_block(&pool->lines, log2);
	if (first == SLUSS_NOWHERE)
		return 0;
	keep_gap(pool, before, first);
	return first;
}

static struct key_slot *vacant_slot(const struct key_pool *pool, const struct key_table *table, uint64_t hash)
{
	uint32_t mask = key_table_slots(table) - 1;
	for (uint32_t at = (uint32_t)hash;; at++) {
		struct key_slot *slot = key_slot_at(pool, table->first, at & mask);
		if (slot->newest == 0)
			return slot;
	}
}

bool key_table_reserve(
    struct key_pool *pool, struct key_table *table, size_t more, key_hash_fn *hash, const void *context)
{
	uint64_t needed = (uint64_t)table->count + more;
	if (needed * 8 <= (uint64_t)key_table_slots(table) * 5)
		return true;
	unsigned log2 = table->first == 0 ? 0 : table->lines_log2 + 1;
	while (needed * 8 > (UINT64_C(2) << log2) * 5) {
		if (++log2 >= KEY_BLOCKS - 2)
			return false;
	}
	struct key_table grown = {.first = take(pool, log2), .count = table->count, .lines_log2 = log2};
	if (grown.first == 0)
		return false;
	for (uint32_t i = 0; i < key_table_slots(table); i++) {
		const struct key_slot *slot = key_slot_at(pool, table->first, i);
		if (slot->newest != 0)
			*vacant_slot(pool, &grown, hash(context, key_slot_key(slot))) = *slot;
	}
	if (table->first != 0)
		let_go(pool, table->first, table->lines_log2);
	*table = grown;
	return true;
}

struct key_slot *key_table_find(const struct key_pool *pool, const struct key_table *table, uint64_t hash, uint64_t key)
{
	if (table->first == 0)
		return NULL;
	uint32_t mask = key_table_slots(table) - 1;
	for (uint32_t at = (uint32_t)hash;; at++) {
		struct key_slot *slot = key_slot_at(pool, table->first, at & mask);
		if (slot->newest == 0)
			return NULL;
		if (key_slot_key(slot) == key)
			return slot;
	}
}

struct key_slot *key_table_add(struct key_pool *pool, struct key_table *table, uint64_t hash, uint64_t key)
{
	struct key_slot *slot = vacant_slot(pool, table, hash);
	slot->key_until = key << 16;
	table->count++;
	return slot;
}

void case_index_clear(struct case_index *index)
{
	free(index->slots);
	*index = (struct case_index){0};
}

static void put(struct case_slot *slots, uint32_t mask, const struct case_slot *slot)
{
	uint32_t at = slot->hash & mask;
	while (slots[at].kase != 0)
		at = (at + 1) & mask;
	slots[at] = *slot;
}

bool case_index_reserve(struct case_index *index, size_t more)
{
	uint64_t room = index->slots == NULL ? 0 : (uint64_t)index->mask + 1;
	uint64_t needed = (uint64_t)index->count + more;
	// At most two thirds full.
	if (needed * 3 <= room * 2)
		return true;
	uint64_t grown = room == 0 ? 16 : room;
	while (needed * 3 > grown * 2)
		grown *= 2;
	if (grown > (UINT64_C(1) << 31))
		return false;
	struct case_slot *slots = sluss_table_alloc((size_t)grown * sizeof(*slots));
	if (slots == NULL)
		return false;
	memset(slots, 0, (size_t)grown * sizeof(*slots));
	for (uint64_t i = 0; i < room; i++) {
		if (index->slots[i].kase != 0)
			put(slots, (uint32_t)(grown - 1), &index->slots[i]);
	}
	free(index->slots);
	index->slots = slots;
	index->mask = (uint32_t)(grown - 1);
	return true;
}

void case_index_insert(struct case_index *index, uint64_t hash, uint32_t kase)
{
	put(index->slots, index->mask, &(struct case_slot){.hash = (uint32_t)(hash >> 32), .kase = kase + 1});
	index->count++;
}

void case_index_moved(struct case_index *index, uint64_t hash, uint32_t kase, const struct key_table *table)
{
	for (uint32_t at = (uint32_t)(hash >> 32) & index->mask; index->slots[at].kase != 0;
	     at = (at + 1) & index->mask) {
		if (index->slots[at].kase != kase + 1)
			continue;
		index->slots[at].first = table->first;
		index->slots[at].lines_log2 = table->lines_log2;
		return;
	}
}

size_t case_index_memory(const struct case_index *index)
{
	return index->slots == NULL ? 0 : ((size_t)index->mask + 1) * sizeof(*index->slots);
}
