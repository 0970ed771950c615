// SPDX-License-Identifier: EUPL-1.2
// Growth of the state's containers.
#include "policy/table.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { LARGE_PAGES_FROM = 4 * 1024 * 1024, LARGE_PAGE = 2 * 1024 * 1024, PAGE = 4096 };

// With millions of grants most of a look-up is the search for the page; large pages halve it. Only a hint, and what it
// answers does not matter.
static void prefer_large_pages(void *block, size_t size)
{
	uintptr_t begin = ((uintptr_t)block + PAGE - 1) / PAGE * PAGE;
	uintptr_t end = ((uintptr_t)block + size) / PAGE * PAGE;
	if (size >= LARGE_PAGES_FROM)
		(void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

void sluss_array_init(struct sluss_array *array, size_t size, unsigned shift)
{
	*array = (struct sluss_array){.size = (uint32_t)size, .shift = shift};
}

void sluss_array_clear(struct sluss_array *array)
{
	for (uint32_t i = 0; i < array->chunk_count; i++)
		free(array->chunks[i]);
	free(array->chunks);
	sluss_array_init(array, array->size, array->shift);
}

static bool add_chunk(struct sluss_array *array)
{
	if (array->chunk_count == array->chunk_room) {
		uint32_t room = array->chunk_room == 0 ? 8 : array->chunk_room * 2;
		uint8_t **chunks = realloc(array->chunks, room * sizeof(*chunks));
		if (chunks == NULL)
			return false;
		array->chunks = chunks;
		array->chunk_room = room;
	}
	size_t size = (size_t)array->size << array->shift;
	// Elements are zeroed when they are appended: of a large chunk only what is used becomes memory.
	uint8_t *chunk = size < LARGE_PAGES_FROM
			     ? malloc(size)
			     : aligned_alloc(LARGE_PAGE, (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE);
	if (chunk == NULL)
		return false;
	prefer_large_pages(chunk, size);
	array->chunks[array->chunk_count++] = chunk;
	return true;
}

bool sluss_array_reserve(struct sluss_array *array, size_t more)
{
	uint64_t needed = (uint64_t)array->count + more;
	if (more > UINT32_MAX || needed > (uint64_t)SLUSS_NOWHERE - 2)
		return false;
	while (((uint64_t)array->chunk_count << array->shift) < needed) {
		if (!add_chunk(array))
			return false;
	}
	return true;
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
	return array->chunk_room * sizeof(*array->chunks) + ((size_t)array->chunk_count << array->shift) * array->size;
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
	uint64_t *slots = calloc((size_t)grown, sizeof(*slots));
	if (slots == NULL)
		return false;
	prefer_large_pages(slots, (size_t)grown * sizeof(*slots));
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

void sluss_index_replace(struct sluss_index *index, uint64_t hash, uint32_t old_position, uint32_t new_position)
{
	uint64_t slot = (hash & UINT64_C(0xFFFFFFFF00000000)) | (old_position + 1u);
	for (uint32_t at = place_of(slot) & index->mask; index->slots[at] != 0; at = (at + 1) & index->mask) {
		if (index->slots[at] == slot) {
			index->slots[at] = (hash & UINT64_C(0xFFFFFFFF00000000)) | (new_position + 1u);
			return;
		}
	}
}

size_t sluss_index_memory(const struct sluss_index *index)
{
	return index->slots == NULL ? 0 : ((size_t)index->mask + 1) * sizeof(*index->slots);
}
