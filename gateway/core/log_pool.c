// SPDX-License-Identifier: EUPL-1.2
// A pool of chunks.
#include "log_pool.h"

#include <stdlib.h>

enum {
	CHUNK_BYTES = 64 * 1024,
	ALIGN = 16,
};

struct chunk {
	struct chunk *next;
	size_t used;
	size_t room;
	_Alignas(ALIGN) uint8_t octets[];
};

struct log_pool {
	struct chunk *first;
	struct chunk *current;
};

static struct chunk *chunk_new(size_t len)
{
	size_t room = len > CHUNK_BYTES ? len : CHUNK_BYTES;
	struct chunk *chunk = malloc(sizeof(*chunk) + room);
	if (chunk != NULL)
		*chunk = (struct chunk){.room = room};
	return chunk;
}

struct log_pool *log_pool_new(void)
{
	struct log_pool *pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		return NULL;
	pool->first = pool->current = chunk_new(CHUNK_BYTES);
	if (pool->first == NULL) {
		free(pool);
		return NULL;
	}
	return pool;
}

void log_pool_free(struct log_pool **pool)
{
	if (*pool == NULL)
		return;
	for (struct chunk *chunk = (*pool)->first; chunk != NULL;) {
		struct chunk *next = chunk->next;
		free(chunk);
		chunk = next;
	}
	free(*pool);
	*pool = NULL;
}

void log_pool_reset(struct log_pool *pool)
{
	for (struct chunk *chunk = pool->first; chunk != NULL; chunk = chunk->next)
		chunk->used = 0;
	pool->current = pool->first;
}

void *log_pool_take(struct log_pool *pool, size_t len)
{
	size_t rounded = (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (rounded < len)
		return NULL;
	struct chunk *chunk = pool->current;
	while (chunk->room - chunk->used < rounded) {
		if (chunk->next == NULL && (chunk->next = chunk_new(rounded)) == NULL)
			return NULL;
		chunk = chunk->next;
		pool->current = chunk;
	}
	void *octets = chunk->octets + chunk->used;
	chunk->used += rounded;
	return octets;
}

void *log_pool_array(struct log_pool *pool, size_t count, size_t size)
{
	size_t len = 0;
	if (__builtin_mul_overflow(count, size, &len))
		return NULL;
	void *octets = log_pool_take(pool, len);
	return octets == NULL ? NULL : memset(octets, 0, len);
}
