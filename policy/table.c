// SPDX-License-Identifier: EUPL-1.2
// Growth of the state's containers.
#include "policy/table.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { LARGE_PAGES_FROM = 512 * 1024, LARGE_PAGE = 2 * 1024 * 1024, LINE = 64 };

static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

// With millions of grants most of a look-up is the search for the page, so what is large asks for large pages. Only a
// hint, and what it answers does not matter. Every block begins at a cache line.
void *sluss_table_alloc(size_t size)
{
	bool large = size >= LARGE_PAGES_FROM;
	size_t unit = large ? LARGE_PAGE : LINE;
	size_t room = round_up(size, unit);
	void *block = aligned_alloc(unit, room);
	if (block != NULL && large)
		(void)madvise(block, room, MADV_HUGEPAGE);
	return block;
}

void sluss_array_init(struct sluss_array *array, size_t size)
{
	*array = (struct sluss_array){.size = (uint32_t)size};
}

void sluss_array_clear(struct sluss_array *array)
{
	for (uint32_t i = 0; i < array->chunk_count; i++)
		free(array->chunks[i]);
	sluss_array_init(array, array->size);
}

// Elements in the chunks before the n-th.
static uint64_t chunk_begin(uint32_t n)
{
	return n == 0 ? 0 : UINT64_C(1) << (n + SLUSS_ARRAY_FIRST_LOG2 - 1);
}

static bool add_chunk(struct sluss_array *array)
{
	uint64_t elements = chunk_begin(array->chunk_count + 1) - chunk_begin(array->chunk_count);
	// Elements are zeroed when they are appended: of a large chunk only what is used becomes memory.
	uint8_t *chunk = sluss_table_alloc((size_t)elements * array->size);
	if (chunk == NULL)
		return false;
	array->chunks[array->chunk_count++] = chunk;
	return true;
}

static bool reach(struct sluss_array *array, uint64_t needed)
{
	if (needed > (uint64_t)SLUSS_NOWHERE - 2)
		return false;
	while (chunk_begin(array->chunk_count) < needed) {
		if (!add_chunk(array))
			return false;
	}
	return true;
}

bool sluss_array_reserve(struct sluss_array *array, size_t more)
{
	return more <= UINT32_MAX && reach(array, (uint64_t)array->count + more);
}

uint32_t sluss_array_append(struct sluss_array *array)
{
	if (!sluss_array_reserve(array, 1))
		return SLUSS_NOWHERE;
	memset(sluss_array_at(array, array->count), 0, array->size);
	return array->count++;
}

size_t sluss_array_memory(const struct sluss_array *array)
{
	size_t sum = 0;
	for (uint32_t i = 0; i < array->chunk_count; i++) {
		uint64_t begin = chunk_begin(i), end = chunk_begin(i + 1);
		uint64_t used = array->count < begin ? 0 : (array->count < end ? array->count : end) - begin;
		size_t whole = (size_t)(end - begin) * array->size;
		sum += whole < LARGE_PAGES_FROM ? whole : round_up((size_t)used * array->size, LARGE_PAGE);
	}
	return sum;
}

void sluss_index_clear(struct sluss_index *index)
{
	free(index->slots);
	*index = (struct sluss_index){0};
}

static void put(uint64_t *slots, uint32_t mask, uint64_t slot, uint32_t start)
{
	uint32_t at = start & mask;
	while (slots[at] != 0)
		at = (at + 1) & mask;
	slots[at] = slot;
}

static uint32_t place_of(uint64_t slot)
{
	return (uint32_t)(slot >> 32);
}

bool sluss_index_reserve(struct sluss_index *index, size_t more)
{
	uint64_t room = index->slots == NULL ? 0 : (uint64_t)index->mask + 1;
	uint64_t needed = (uint64_t)index->count + more;
	// At most four fifths full.
	if (needed * 5 <= room * 4)
		return true;
	uint64_t grown = room == 0 ? 16 : room;
	while (needed * 5 > grown * 4)
		grown *= 2;
	if (grown > (UINT64_C(1) << 31))
		return false;
	uint64_t *slots = sluss_table_alloc((size_t)grown * sizeof(*slots));
	if (slots == NULL)
		return false;
	memset(slots, 0, (size_t)grown * sizeof(*slots));
	uint32_t mask = (uint32_t)(grown - 1);
	for (uint64_t i = 0; i < room; i++) {
		if (index->slots[i] != 0)
			put(slots, mask, index->slots[i], place_of(index->slots[i]));
	}
	free(index->slots);
	index->slots = slots;
	index->mask = mask;
	return true;
}

void sluss_index_insert(struct sluss_index *index, uint64_t hash, uint32_t position)
{
	uint64_t slot = (hash & UINT64_C(0xFFFFFFFF00000000)) | (position + 1u);
	put(index->slots, index->mask, slot, place_of(slot));
	index->count++;
}

size_t sluss_index_memory(const struct sluss_index *index)
{
	return index->slots == NULL ? 0 : ((size_t)index->mask + 1) * sizeof(*index->slots);
}

void sluss_id_table_init(struct sluss_id_table *table, unsigned size_log2)
{
	*table = (struct sluss_id_table){.size_log2 = size_log2};
}

void sluss_id_table_clear(struct sluss_id_table *table)
{
	free(table->slots);
	sluss_id_table_init(table, table->size_log2);
}

static uint32_t vacant(const struct sluss_id_table *table, uint32_t hash)
{
	uint32_t at = hash & table->mask;
	while (sluss_id_table_at(table, at)->at != 0)
		at = (at + 1) & table->mask;
	return at;
}

bool sluss_id_table_reserve(struct sluss_id_table *table, size_t more)
{
	uint64_t room = sluss_id_table_slots(table);
	uint64_t needed = (uint64_t)table->count + more;
	// At most half full: a search that has to go on waits for memory a second time.
	if (needed * 2 <= room)
		return true;
	uint64_t grown_to = room == 0 ? 16 : room;
	while (needed * 2 > grown_to)
		grown_to *= 2;
	if (grown_to > (UINT64_C(1) << 31))
		return false;
	struct sluss_id_table grown = *table;
	grown.slots = sluss_table_alloc((size_t)grown_to << table->size_log2);
	if (grown.slots == NULL)
		return false;
	memset(grown.slots, 0, (size_t)grown_to << table->size_log2);
	grown.mask = (uint32_t)(grown_to - 1);
	for (uint32_t i = 0; i < room; i++) {
		const struct sluss_id_slot *slot = sluss_id_table_at(table, i);
		if (slot->at != 0)
			memcpy(
			    sluss_id_table_at(&grown, vacant(&grown, slot->hash)), slot, (size_t)1 << table->size_log2);
	}
	free(table->slots);
	*table = grown;
	return true;
}

uint32_t sluss_id_table_insert(
    struct sluss_id_table *table, uint64_t hash, const struct sluss_id *id, uint32_t position)
{
	uint32_t number = vacant(table, (uint32_t)(hash >> 32));
	*sluss_id_table_at(table, number) =
	    (struct sluss_id_slot){.id = *id, .hash = (uint32_t)(hash >> 32), .at = position + 1};
	table->count++;
	return number;
}

size_t sluss_id_table_memory(const struct sluss_id_table *table)
{
	return (size_t)sluss_id_table_slots(table) << table->size_log2;
}
