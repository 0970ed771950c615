// SPDX-License-Identifier: EUPL-1.2
// Inside of the store, shared by its files.
#ifndef SLUSS_AGENTD_STORE_IMPL_H
#define SLUSS_AGENTD_STORE_IMPL_H

#include <pthread.h>
#include <sqlite3.h>

#include "store_files.h"

enum {
	STORE_INLINE_MAX = 64 * 1024, // larger octets lie in a file
	STORE_OCTETS_MAX = 128 << 20,
	STORE_STATEMENTS = 128,
	STORE_CLAIMS = 32,
	STORE_PATH_OCTETS = 4096 + 128,
};

// Rows of table octets: whose, and of which kind.
enum store_kind {
	STORE_OUT = 1,	       // description or sealed message
	STORE_IN = 2,	       // document of a delivery
	STORE_DESCRIPTION = 3, // of a sealed message with files: should the gateway lose their chunks
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

// What was received: document and files.
enum agentd_result store_received_drop(struct agentd_store *s, int64_t seq);
// What a call on a file that failed means (errno).
enum agentd_result store_file_error(void);
bool store_spool_sync(const struct agentd_store *s);
// A fresh name in the spool.
void store_spool_name(struct agentd_store *s, char name_out[AGENTD_SPOOL_NAME]);

// Files of messages (store_files.c, store_passing.c). All of them inside a transaction.
enum agentd_result store_files_put(
    struct agentd_store *s, enum store_kind kind, int64_t owner, uint32_t place, const char *name, uint64_t octets);
enum agentd_result store_files_drop(struct agentd_store *s, enum store_kind kind, int64_t owner);
// Files become those of a message to be sent. NOT_FOUND: one that was to be handed in before is not there.
enum agentd_result store_files_take(
    struct agentd_store *s, int64_t owner, const struct agentd_file *files, size_t count);
// What was fetched for a message becomes its own.
enum agentd_result store_files_arrive(struct agentd_store *s, int64_t owner, const struct agentd_arrival *a);
// The file goes after the commit, unless a row still names it.
enum agentd_result store_file_unneeded(struct agentd_store *s, const char *name);
enum agentd_result store_uploads_prune(struct agentd_store *s, int64_t before_ms);
enum agentd_result store_incoming_drop(struct agentd_store *s, const struct sluss_id *message);
enum agentd_result store_incoming_prune(struct agentd_store *s, int64_t before_ms);
// A message with files is about to be sealed: its description stays beside the sealed octets.
enum agentd_result store_description_keep(struct agentd_store *s, int64_t seq);

int64_t store_wall_ms(void);
struct sluss_id store_id(sqlite3_stmt *q, int column);
char *store_text(sqlite3_stmt *q, int column); // NULL for NULL
int store_bind_id(sqlite3_stmt *q, int at, const struct sluss_id *id);
int store_bind_text(sqlite3_stmt *q, int at, const char *text); // NULL binds NULL; the text must live until the step
bool store_is_claimed(const struct agentd_store *s, int64_t seq);

#endif
