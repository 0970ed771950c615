// SPDX-License-Identifier: EUPL-1.2
// Inside the SQLite store: what store_sqlite.c (open, settings, transactions), store_sqlite_log.c and
// store_sqlite_rows.c (the tables) and store_sqlite_care.c (write-ahead log) share. No other file includes it.
#ifndef SLUSS_STORE_SQLITE_H
#define SLUSS_STORE_SQLITE_H

#include "store_impl.h"

#include <sqlite3.h>

enum sqlite_statement {
	ST_BEGIN = 0,
	ST_COMMIT,
	ST_ROLLBACK,
	ST_SIZE,
	ST_APPEND,
	ST_READ,
	ST_PUT_TILE,
	ST_GET_TILE,
	ST_PUT_CHECKPOINT,
	ST_GET_CHECKPOINT,
	ST_PUT_PAYLOAD,
	ST_GET_PAYLOAD,
	ST_DELETE_PAYLOAD,
	ST_DELETE_PAYLOADS,
	ST_PUT_DELIVERY,
	ST_DELETE_DELIVERY,
	ST_EACH_DELIVERY,
	ST_EVERY_DELIVERY,
	ST_PUT_SIDE,
	ST_GET_SIDE,
	ST_DELETE_SIDE,
	ST_EACH_SIDE,
	ST_ADD_SLAB,
	ST_PUT_SLAB,
	ST_GET_SLAB,
	ST_ALL_SLABS,
	ST_COUNT
};

struct sqlite_shred; // keys of what can be erased; store_sqlite_shred.c
struct sqlite_care; // the thread that keeps the write-ahead log short; store_sqlite_care.c

struct sqlite_store {
	struct sluss_store base; // must be first
	sqlite3 *db;
	sqlite3_stmt *statements[ST_COUNT];
	int lock_fd;		  // writer only: flock'ed while the handle lives
	uint64_t size;		  // writer only: records, those of the open transaction counted
	uint64_t size_at_begin;	  // writer only
	bool erased;		  // writer only: the open transaction erased something
	struct sqlite_care *care; // writer only
	struct sqlite_shred *shred; // writer only
};

static inline struct sqlite_store *sqlite_of(struct sluss_store *store)
{
	return (struct sqlite_store *)store;
}

// What an SQLite error code means here; notes its text.
enum sluss_store_result sqlite_failed(struct sqlite_store *s, int code, const char *doing);

// A statement ready to be bound. Prepares it on its first use; NULL when that fails.
sqlite3_stmt *sqlite_take(struct sqlite_store *s, enum sqlite_statement which);

// Runs a bound statement that returns no row, and resets it.
enum sluss_store_result sqlite_run(struct sqlite_store *s, sqlite3_stmt *statement, const char *doing);

// The operations on the log (store_sqlite_log.c) and on everything else (store_sqlite_rows.c).
enum sluss_store_result sqlite_size(struct sluss_store *store, uint64_t *size_out);
enum sluss_store_result sqlite_append(
    struct sluss_store *store, uint64_t first, const struct sluss_bytes *records, size_t count);
enum sluss_store_result sqlite_read(
    struct sluss_store *store, uint64_t first, uint64_t count, sluss_store_record_fn *each, void *context);
enum sluss_store_result sqlite_put_tile(struct sluss_store *store, const struct sluss_store_tile *tile);
enum sluss_store_result sqlite_get_tile(
    struct sluss_store *store, uint8_t level, uint64_t index, uint8_t *hashes_out, uint16_t *width_out);
enum sluss_store_result sqlite_copy(struct sluss_store *store, const char *path); // store_sqlite_copy.c
enum sluss_store_result sqlite_put_checkpoint(struct sluss_store *store, struct sluss_bytes note);
enum sluss_store_result sqlite_get_checkpoint(struct sluss_store *store, struct sluss_store_blob *note_out);
enum sluss_store_result sqlite_put_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_bytes payload);
enum sluss_store_result sqlite_get_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_store_blob *payload_out);
enum sluss_store_result sqlite_erase_payload(struct sluss_store *store, const struct sluss_id *id, uint32_t part);
enum sluss_store_result sqlite_erase_payloads(
    struct sluss_store *store, const struct sluss_id *id, uint32_t *count_out);
enum sluss_store_result sqlite_put_delivery(struct sluss_store *store, const struct sluss_store_delivery *delivery);
enum sluss_store_result sqlite_delete_delivery(struct sluss_store *store, const char *agency, uint64_t sequence);
enum sluss_store_result sqlite_each_delivery(struct sluss_store *store, const char *agency, uint64_t from_sequence,
    sluss_store_delivery_fn *each, void *context);
enum sluss_store_result sqlite_put_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_bytes value);
enum sluss_store_result sqlite_get_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_store_blob *value_out);
enum sluss_store_result sqlite_erase_side(struct sluss_store *store, uint16_t kind, struct sluss_bytes key);
enum sluss_store_result sqlite_each_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes from, sluss_store_side_fn *each, void *context);

// ---- erasable values: each encrypted under a key of its own (store_sqlite_shred.c)

// Encrypts a value under a new key. `sealed_out` is valid until the next call.
enum sluss_store_result sqlite_seal(
    struct sqlite_store *s, struct sluss_bytes value, int64_t *slot_out, struct sluss_bytes *sealed_out);

// Decrypts with the key that was read beside it, in the same statement.
enum sluss_store_result sqlite_unseal(
    struct sqlite_store *s, struct sluss_bytes sealed, struct sluss_bytes key, struct sluss_store_blob *value_out);

// Destroys the key of a slot.
enum sluss_store_result sqlite_shred_slot(struct sqlite_store *s, int64_t slot);

// With the transaction: begin, keys into their table (before COMMIT, and before anything is read), rollback.
void sqlite_shred_begin(struct sqlite_store *s);
enum sluss_store_result sqlite_shred_flush(struct sqlite_store *s);
void sqlite_shred_rollback(struct sqlite_store *s);

enum sluss_store_result sqlite_shred_open(struct sqlite_store *s);
void sqlite_shred_close(struct sqlite_store *s);

// ---- the write-ahead log's thread

// Starts it with its own connection to the file. OK, or why not (text in error_out).
SLUSS_MUST_CHECK enum sluss_store_result sqlite_care_start(
    const char *path, sqlite3 *writer, struct sluss_store_error *error_out, struct sqlite_care **care_out);

// Stops and frees it. Takes NULL and nulls.
void sqlite_care_stop(struct sqlite_care **care);

// The writer says that it wants to write, and waits while the log is being shortened. False: an earlier checkpoint
// failed; stop.
SLUSS_MUST_CHECK bool sqlite_care_enter(struct sqlite_care *care);

// The writer's transaction has ended; `erased` when it committed an erasure.
void sqlite_care_leave(struct sqlite_care *care, bool erased);

// Empties the write-ahead log now and waits for it. OK, AGAIN or UNCERTAIN.
SLUSS_MUST_CHECK enum sluss_store_result sqlite_care_scrub(struct sqlite_care *care);

// Opens a connection with the settings that every connection of ours has. On failure `db_out` may still have to be
// closed.
SLUSS_MUST_CHECK int sqlite_connect(const char *path, int flags, sqlite3 **db_out);

#endif
