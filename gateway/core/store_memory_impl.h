// SPDX-License-Identifier: EUPL-1.2
// Inside the store in memory: what store_memory.c (database, records, transactions) and store_memory_rows.c (everything
// with a key) share.
#ifndef SLUSS_STORE_MEMORY_IMPL_H
#define SLUSS_STORE_MEMORY_IMPL_H

#include "store_impl.h"
#include "store_map.h"
#include "store_memory.h"

#include <pthread.h>

// Records, each with its own copy.
struct memory_records {
	struct sluss_bytes *list;
	size_t count;
	size_t cap;
};

struct sluss_memory_db {
	pthread_mutex_t mutex; // all below
	struct store_map *map;
	struct memory_records records;
	bool has_writer;
};

struct memory_store {
	struct sluss_store base; // must be first
	struct sluss_store_ops ops;
	struct sluss_memory_db *db;
	struct store_map *changes;   // writer only
	struct memory_records added; // writer only
};

static inline struct memory_store *memory_of(struct sluss_store *store)
{
	return (struct memory_store *)store;
}

// FULL, with its reason.
static inline enum sluss_store_result memory_full(struct sluss_store *store)
{
	return sluss_store_fail(store, SLUSS_STORE_FULL, "no memory");
}

// The operations of store_memory_rows.c, set into the table of store_memory.c.
void memory_rows(struct sluss_store_ops *ops);

#endif
