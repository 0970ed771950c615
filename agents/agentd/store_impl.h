// SPDX-License-Identifier: EUPL-1.2
// Inside of the store, shared by its files.
#ifndef SLUSS_AGENTD_STORE_IMPL_H
#define SLUSS_AGENTD_STORE_IMPL_H

#include <pthread.h>
#include <sqlite3.h>

#include "store.h"

enum {
	STORE_INLINE_MAX = 64 * 1024, // larger octets lie in a file
	STORE_OCTETS_MAX = 128 << 20,
	STORE_STATEMENTS = 96,
	STORE_CLAIMS = 32,
};

// Rows of table octets: whose, and of which kind.
enum store_kind {
	STORE_OUT = 1, // description or sealed message
	STORE_IN = 2,  // document of a delivery
};

struct agentd_store {
	pthread_mutex_t lock;
	sqlite3 *db;
	int lock_fd;
	char folder[4096];
	struct agentd_store_limits limits;
	struct {
		const char *sql;
		sqlite3_stmt *stmt;
	} cache[STORE_STATEMENTS];
	size_t cached;
	int64_t claimed[STORE_CLAIMS]; // messages that a sender works on; 0: free
	uint64_t waiting_out;	       // rows in QUEUED and SENDING
	uint64_t waiting_in;	       // rows in STORED, READY and HANDED
	uint64_t spool_number;
};

// A prepared statement, reset; kept by the address of its text, so pass literals only. NULL: store_fail says why.
sqlite3_stmt *store_query(struct agentd_store *s, const char *sql);
// Runs a statement that gives no row.
enum agentd_result store_run(struct agentd_store *s, sqlite3_stmt *q);
// OK: a row is there; NOT_FOUND: none.
enum agentd_result store_row(struct agentd_store *s, sqlite3_stmt *q);
// What the last error of SQLite means for the caller.
enum agentd_result store_fail(struct agentd_store *s);

enum agentd_result store_begin(struct agentd_store *s);
// Commits when `result` is OK, else rolls back and returns it.
enum agentd_result store_end(struct agentd_store *s, enum agentd_result result);

// Octets of a row. A file is written before the row that names it is committed, and removed after the commit that
// forgets it; what a crash leaves between is swept at start.
enum agentd_result store_octets_put(
    struct agentd_store *s, enum store_kind kind, int64_t owner, struct sluss_bytes octets);
enum agentd_result store_octets_get(
    struct agentd_store *s, enum store_kind kind, int64_t owner, uint8_t **octets_out, size_t *len_out);
enum agentd_result store_octets_drop(struct agentd_store *s, enum store_kind kind, int64_t owner);
// Files of rows that are gone for good.
void store_octets_remove(struct agentd_store *s);
// Every file that no row names.
enum agentd_result store_octets_sweep(struct agentd_store *s);

int64_t store_wall_ms(void);
struct sluss_id store_id(sqlite3_stmt *q, int column);
char *store_text(sqlite3_stmt *q, int column); // NULL for NULL
int store_bind_id(sqlite3_stmt *q, int at, const struct sluss_id *id);
int store_bind_text(sqlite3_stmt *q, int at, const char *text); // NULL binds NULL; the text must live until the step
bool store_is_claimed(const struct agentd_store *s, int64_t seq);

#endif
