// SPDX-License-Identifier: EUPL-1.2
// Invariant: blocks form a list, newest first; `used` never passes `room` in any block, and `total` counts the room of
// all blocks.
#include "arena.h"

#include <stdlib.h>

enum {
	ALIGN = 16,
	FIRST_BLOCK = 8 * 1024, // a request of 2 KiB and its answer fit
	LARGEST_STEP = 256 * 1024,
};

struct block {
	struct block *next;
	size_t room, used;
	_Alignas(ALIGN) uint8_t octets[];
};

struct sluss_arena {
	ProtobufCAllocator allocator;
	size_t max, total;
	struct block *blocks;
};

static void *take(struct sluss_arena *arena, size_t len);

// protobuf-c writes all of what it takes, as with malloc.
static void *protobuf_alloc(void *arena, size_t len)
{
	return take(arena, len);
}

static void protobuf_free(void *arena, void *data)
{
	(void)arena;
	(void)data;
}

static struct block *block_new(struct sluss_arena *arena, size_t room)
{
	if (room > arena->max - arena->total)
		return NULL;
	struct block *block = malloc(sizeof(*block) + room); // sluss_arena_alloc zeroes what it gives out
	if (block == NULL)
		return NULL;
	block->room = room;
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->total += room;
	return block;
}

struct sluss_arena *sluss_arena_new(size_t max)
{
	struct sluss_arena *arena = calloc(1, sizeof(*arena));
	if (arena == NULL)
		return NULL;
	arena->max = max;
	arena->allocator =
	    (ProtobufCAllocator){.alloc = protobuf_alloc, .free = protobuf_free, .allocator_data = arena};
	return arena;
}

void sluss_arena_free(struct sluss_arena **arena)
{
	if (*arena == NULL)
		return;
	for (struct block *block = (*arena)->blocks; block != NULL;) {
		struct block *next = block->next;
		free(block);
		block = next;
	}
	free(*arena);
	*arena = NULL;
}

// Room that is not zeroed.
static void *take(struct sluss_arena *arena, size_t len)
{
	if (len > arena->max)
		return NULL;
	size_t rounded = (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	struct block *block = arena->blocks;
	if (block == NULL || block->room - block->used < rounded) {
		size_t room = arena->total == 0 ? FIRST_BLOCK : arena->total;
		if (room > LARGEST_STEP)
			room = LARGEST_STEP;
		if (room < rounded)
			room = rounded;
		block = block_new(arena, room);
		if (block == NULL && room > rounded)
			block = block_new(arena, rounded);
		if (block == NULL)
			return NULL;
	}
	void *data = block->octets + block->used;
	block->used += rounded;
	return data;
}

void *sluss_arena_alloc(struct sluss_arena *arena, size_t len)
{
	void *data = take(arena, len);
	return data == NULL ? NULL : memset(data, 0, len);
}

void *sluss_arena_array(struct sluss_arena *arena, size_t count, size_t size)
{
	size_t len;
	if (__builtin_mul_overflow(count, size, &len))
		return NULL;
	return sluss_arena_alloc(arena, len);
}

void *sluss_arena_copy(struct sluss_arena *arena, const void *data, size_t len)
{
	void *copy = take(arena, len);
	if (copy != NULL && len > 0)
		memcpy(copy, data, len);
	return copy;
}

char *sluss_arena_text(struct sluss_arena *arena, const char *text)
{
	return sluss_arena_copy(arena, text, strlen(text) + 1);
}

ProtobufCAllocator *sluss_arena_allocator(struct sluss_arena *arena)
{
	return &arena->allocator;
}
