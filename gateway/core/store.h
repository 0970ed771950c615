// SPDX-License-Identifier: EUPL-1.2
// The store: the one place where core keeps what must survive. Records of the log, tiles and checkpoint of its tree,
// payload that waits, the delivery queue, and side tables for what may be erased. SQLite (default), memory (tests),
// fault (tests); a PostgreSQL store fits the same interface.
//
// Invariants that every implementation keeps (tests/contract runs one suite on all of them):
//  - Everything between begin and commit happens as a whole or not at all. Commit returns OK only when it is on stable
//  storage.
//  - Records are numbered 0, 1, 2 ... without a gap; none is ever changed or removed.
//  - Nothing becomes visible to another handle before its commit.
//  - A write that failed spoils its transaction: commit then rolls back and returns the first failure. Nobody can
//  commit half by not looking.
//  - A commit that did not return OK, and any UNCERTAIN or CORRUPT, latches the handle: every later call returns the
//  same result until the store is
//    closed and opened again. After a failed fsync a retry can report success for data that is lost (FACTS: stop, do
//    not retry).
//  - A payload or side value that was erased or replaced cannot be read back from the store's files once
//    sluss_store_scrub has returned OK: no octet of it, and nothing to decrypt it with, is left in database, log or
//    free pages. Ids and keys are not covered: take random ids, or keyed hashes.
//
// Threads: a handle belongs to one thread at a time. One writer handle a store (a second one, in this process or
// another, gets AGAIN at open); any number of reader handles, each call of which sees the newest committed state. A
// callback must not call the handle that called it.
//
// Ownership: octets handed in are only read during the call. Octets handed to a callback are valid during the callback.
// A blob belongs to the caller.
#ifndef SLUSS_STORE_H
#define SLUSS_STORE_H

#include "sluss/types.h"

enum sluss_store_result {
	SLUSS_STORE_OK = 0,
	SLUSS_STORE_AGAIN,     // somebody else holds it; nothing was done, the same call may succeed later
	SLUSS_STORE_UNCERTAIN, // it may or may not have happened; only reopening tells. Stop, never retry
	SLUSS_STORE_FULL,      // no room; it did not happen
	SLUSS_STORE_CORRUPT,   // what is stored cannot be right (or is not ours); it did not happen
	SLUSS_STORE_NOT_FOUND, // no such thing; not a failure, spoils nothing
	SLUSS_STORE_INVALID,   // the caller broke this contract (write without begin, over a cap, on a reader); it did
			       // not happen
};

enum sluss_store_mode {
	SLUSS_STORE_READER = 0,
	SLUSS_STORE_WRITER, // creates an empty store where there is none
};

enum {
	SLUSS_STORE_RECORD_MAX =
	    65535, // octets of a record: the length prefix of an entry bundle has 16 bits (C2SP tlog-tiles)
	SLUSS_STORE_TILE_WIDTH = 256, // hashes of a full tile
	SLUSS_STORE_CHECKPOINT_MAX = 64 * 1024,
	SLUSS_STORE_PAYLOAD_MAX = 1024 * 1024, // octets of one part of a payload
	SLUSS_STORE_PARTS_MAX = 1024,	       // parts of a payload, numbered from 0
	SLUSS_STORE_QUEUE_STATE_MAX = 1024,    // octets of the state of one delivery
	SLUSS_STORE_SIDE_KEY_MAX = 128,
	SLUSS_STORE_SIDE_VALUE_MAX = 1024 * 1024,
	SLUSS_STORE_SIDE_PLAIN = 0x8000, // kinds with this bit: see side tables
};

struct sluss_store; // opaque

// Octets that the caller owns; kept and grown from call to call. Starts as {0}.
struct sluss_store_blob {
	uint8_t *data;
	size_t len;
	size_t cap;
};

// Frees the octets and sets the blob to {0}. Wipes them first: they may have been payload.
void sluss_store_blob_free(struct sluss_store_blob *blob);

// A word for a log line: "ok", "again", "uncertain" ...
const char *sluss_store_result_name(enum sluss_store_result result);

// ---- open and close

// What is wrong, for people (never with data in it).
struct sluss_store_error {
	char text[640];
};

// Opens the store that `url` names: "sqlite:/path/to/file.db". Checks what it finds (own kind of file, known version,
// durable settings) and refuses to run on anything else. AGAIN: another writer has it. CORRUPT: not ours, or settings
// did not hold. NOT_FOUND: a reader found nothing.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_open(
    const char *url, enum sluss_store_mode mode, struct sluss_store_error *error_out, struct sluss_store **store_out);

// Rolls back what is open, closes, frees. Takes NULL and nulls.
void sluss_store_close(struct sluss_store **store);

// Why the last call on this handle failed. Owned by the handle, valid until the next call. Never NULL.
const char *sluss_store_error_text(const struct sluss_store *store);

// ---- transactions (writer only)

// AGAIN: a reader from outside is in the way; nothing was done.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_begin(struct sluss_store *store);

// Makes everything since begin durable. OK: it is on stable storage. Anything else latches the handle; UNCERTAIN: it
// may come back after the next open; every other result: it did not happen. Always ends the transaction.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_commit(struct sluss_store *store);

// Drops everything since begin. Also allowed on a latched handle and without a transaction (then it does nothing).
void sluss_store_rollback(struct sluss_store *store);

// ---- the log's records

// How many records there are; within a transaction its own are counted.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_size(struct sluss_store *store, uint64_t *size_out);

// Appends `count` records as numbers first, first + 1 ... `first` must be the size: otherwise the caller's view and the
// store differ, and the result is CORRUPT (it also catches a second gateway that wrote in between). Each 1 to
// SLUSS_STORE_RECORD_MAX octets. Cost a record does not depend on the size.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_append(
    struct sluss_store *store, uint64_t first, const struct sluss_bytes *records, size_t count);

// Called for each record in order. Return false to stop early (the read still returns OK).
typedef bool sluss_store_record_fn(void *context, uint64_t index, struct sluss_bytes record);

// Reads `count` records from `first`. NOT_FOUND if the range does not end within the log (none is handed out then);
// CORRUPT if one is missing.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_read(
    struct sluss_store *store, uint64_t first, uint64_t count, sluss_store_record_fn *each, void *context);

// ---- the log's tree

// A tile (C2SP tlog-tiles): `width` hashes of 32 octets, 1 to 256. A partial tile is the beginning of the full one, so
// only the widest is kept.
struct sluss_store_tile {
	uint8_t level; // 0 to 63; 0 holds leaf hashes
	uint64_t index;
	uint16_t width;
	const uint8_t *hashes;
};

// Writes a tile in place of a narrower one. CORRUPT if a wider one is there: a tree never shrinks.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_put_tile(
    struct sluss_store *store, const struct sluss_store_tile *tile);

// Reads the widest tile known into `hashes_out` (room for SLUSS_STORE_TILE_WIDTH * 32 octets).
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_get_tile(
    struct sluss_store *store, uint8_t level, uint64_t index, uint8_t *hashes_out, uint16_t *width_out);

// The newest signed checkpoint (the whole note). Put replaces it.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_put_checkpoint(struct sluss_store *store, struct sluss_bytes note);
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_get_checkpoint(
    struct sluss_store *store, struct sluss_store_blob *note_out);

// ---- payload: sealed sections that wait for delivery. A table of what is there now, not of all messages

// Stores one part, up to SLUSS_STORE_PAYLOAD_MAX octets. CORRUPT if the part exists: payload is never changed, only
// erased. Parts go to rising places in the file; finding one by id costs an index over what waits now (ids that begin
// with a log index, big-endian, keep even that flat).
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_put_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_bytes payload);
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_get_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_store_blob *payload_out);

// Destroys one part: zeros over its octets, then away with it. NOT_FOUND: it was not there.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_erase_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part);

// Destroys every part of an id; `count_out` (may be NULL) says how many there were. OK also when there was none.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_erase_payloads(
    struct sluss_store *store, const struct sluss_id *id, uint32_t *count_out);

// ---- the delivery queue: one row for each message that an agency still has to fetch or acknowledge

struct sluss_store_delivery {
	const char *agency; // recipient, up to SLUSS_AGENCY_MAX octets
	uint64_t sequence;  // place in the agency's queue; the log index of the acceptance serves
	struct sluss_id message;
	struct sluss_id case_id;
	struct sluss_bytes state; // what core wants to remember of it
};

// Writes a row in place of the one with the same (agency, sequence), if there is one.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_put_delivery(
    struct sluss_store *store, const struct sluss_store_delivery *delivery);

SLUSS_MUST_CHECK enum sluss_store_result sluss_store_delete_delivery(
    struct sluss_store *store, const char *agency, uint64_t sequence);

// Called for each row in order of (agency, sequence). Return false to stop.
typedef bool sluss_store_delivery_fn(void *context, const struct sluss_store_delivery *delivery);

// Walks the queue of one agency from `from_sequence` on; with agency NULL the queues of all (from_sequence then counts
// for none and must be 0).
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_each_delivery(struct sluss_store *store, const char *agency,
    uint64_t from_sequence, sluss_store_delivery_fn *each, void *context);

// ---- side tables: (kind, key) -> value, for names, encrypted identity numbers, answers by idempotency key, policies,
// tokens

// `kind` is core's own number of a table, 1 to 65535. Rows lie in the order of (kind, key as octets); keys that rise (a
// time or a log index first) cost the same at any size, random keys cost more as a table grows: keep such tables small,
// or give the key a rising beginning. Values can be erased for sure, which costs each some microseconds; kinds from
// SLUSS_STORE_SIDE_PLAIN up are spared that, for what names nobody (answers by idempotency key, policies).
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_put_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_bytes value);
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_get_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_store_blob *value_out);

// Destroys a row as erase_payload does. NOT_FOUND: it was not there.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_erase_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key);

// Called for each row in order of the key. Return false to stop.
typedef bool sluss_store_side_fn(void *context, struct sluss_bytes key, struct sluss_bytes value);

// Walks one kind from the first key that is not less than `from` ({NULL, 0}: from the start).
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_each_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes from, sluss_store_side_fn *each, void *context);

// ---- care

// Makes a copy of the newest committed state as a new file at `path`; a reader may do it while the writer writes. What
// is erased later is not erased there. INVALID: this kind of store has no files. On a failure a part of the copy may be
// left at `path`.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_copy(struct sluss_store *store, const char *path);

// Makes sure that no octet of what was erased by committed transactions is left in the store's files (database,
// write-ahead log, free pages). The writer only, outside a transaction. The store does it by itself within some seconds
// of an erasure; call it where the word "destroyed" is given to somebody. AGAIN: a reader holds an older view; try
// again.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_scrub(struct sluss_store *store);

#endif
