// SPDX-License-Identifier: EUPL-1.2
// One arena a request: everything that a request needs while it is under way is allocated here and freed at once.
// Alignment 16. Not thread-safe; a request is on one thread at a time.
#ifndef SLUSS_CORE_ARENA_H
#define SLUSS_CORE_ARENA_H

#include <protobuf-c/protobuf-c.h>

#include "sluss/types.h"

struct sluss_arena;

// An arena that may grow to `max` octets in all. NULL when memory is out.
SLUSS_MUST_CHECK struct sluss_arena *sluss_arena_new(size_t max);
// Takes NULL; wipes nothing (what is secret does not belong here) and nulls.
void sluss_arena_free(struct sluss_arena **arena);

// Zeroed octets, or NULL when the arena is at its limit or memory is out. 0 octets give a valid pointer.
SLUSS_MUST_CHECK void *sluss_arena_alloc(struct sluss_arena *arena, size_t len);
// `count * size` octets, zeroed, with the product checked.
SLUSS_MUST_CHECK void *sluss_arena_array(struct sluss_arena *arena, size_t count, size_t size);
// A copy; of text with its NUL.
SLUSS_MUST_CHECK void *sluss_arena_copy(struct sluss_arena *arena, const void *data, size_t len);
SLUSS_MUST_CHECK char *sluss_arena_text(struct sluss_arena *arena, const char *text);

// For protobuf-c: allocates here; its free does nothing. Owned by the arena.
ProtobufCAllocator *sluss_arena_allocator(struct sluss_arena *arena);

#endif
