// SPDX-License-Identifier: EUPL-1.2
// A store in memory, for tests: the same contract, nothing durable beyond the process. Several handles open one
// database, as they would a file. Threads: as store.h says; handles of one database may be used on different threads.
#ifndef SLUSS_STORE_MEMORY_H
#define SLUSS_STORE_MEMORY_H

#include "store.h"

struct sluss_memory_db; // opaque

// An empty database; NULL when there is no memory.
struct sluss_memory_db *sluss_memory_db_new(void);

// Frees it; every handle must be closed. Takes NULL and nulls.
void sluss_memory_db_free(struct sluss_memory_db **db);

// Opens a handle. AGAIN: there is a writer already.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_memory_open(
    struct sluss_memory_db *db, enum sluss_store_mode mode, struct sluss_store **store_out);

#endif
