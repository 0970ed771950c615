// SPDX-License-Identifier: EUPL-1.2
// Memory for the record codec: filled from the front, forgotten as a whole, kept for the next time. Millions of entries
// are read with it, so nothing is cleared that need not be. One thread at a time.
#ifndef SLUSS_LOG_POOL_H
#define SLUSS_LOG_POOL_H

#include "sluss/types.h"

struct log_pool;

// NULL when memory ran out.
struct log_pool *log_pool_new(void);
// Takes NULL and nulls.
void log_pool_free(struct log_pool **pool);
// Forgets what was taken and keeps the memory.
void log_pool_reset(struct log_pool *pool);

// Octets, aligned to 16 and not cleared; NULL when memory ran out.
void *log_pool_take(struct log_pool *pool, size_t len);
// `count * size` cleared octets; NULL also when the product is too large.
void *log_pool_array(struct log_pool *pool, size_t count, size_t size);

#endif
