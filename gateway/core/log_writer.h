// SPDX-License-Identifier: EUPL-1.2
// The log as the writer thread uses it: store, tree and checkpoint signature kept in step. One batch is one transaction
// of the store, one set of tiles, one signed checkpoint. Core's other writes of the same batch (payload, queue, side
// tables) go to the store between begin and commit.
//
//   sluss_log_begin -> sluss_log_append ... + sluss_store_put_... -> sluss_log_commit -> sluss_log_receipt for each
//   answer
//
// Invariant: tree and store agree outside a batch, and the newest checkpoint covers all that is in the store. A batch
// that did not commit leaves no trace in the tree; if the store latched (see store.h), close both, open again, and fold
// the state anew.
//
// Threads: as the store handle. Ownership: store and secret key are the caller's and outlive the log.
#ifndef SLUSS_LOG_WRITER_H
#define SLUSS_LOG_WRITER_H

#include "log_checkpoint.h"
#include "log_tree.h"
#include "store.h"

struct sluss_log; // opaque

// Opens the log that the store holds, or starts an empty one (its first batch publishes the first checkpoint). Checks
// that the newest checkpoint is signed by `key`, that its size is the store's and its root the tree's, and that each
// leaf of the newest tile is the hash of its record: else CORRUPT, with the reason. `key` has the log's origin as its
// name; `secret` is its libsodium secret key, best in sodium_malloc'ed memory.
SLUSS_MUST_CHECK enum sluss_store_result sluss_log_open(struct sluss_store *store, const struct sluss_note_key *key,
    const uint8_t *secret, struct sluss_store_error *error_out, struct sluss_log **log_out);

// Frees (a batch is rolled back). Takes NULL and nulls. Does not close the store.
void sluss_log_close(struct sluss_log **log);

SLUSS_MUST_CHECK enum sluss_store_result sluss_log_begin(struct sluss_log *log);

// Appends one entry (1 to 65,535 octets) and says its index.
SLUSS_MUST_CHECK enum sluss_store_result sluss_log_append(
    struct sluss_log *log, struct sluss_bytes entry, uint64_t *index_out);

// Writes tiles and a newly signed checkpoint, commits. OK: all of the batch is durable. Anything else: see
// sluss_store_commit; the tree is as before begin. A batch without entries commits the store's other writes and leaves
// the checkpoint as it is.
SLUSS_MUST_CHECK enum sluss_store_result sluss_log_commit(struct sluss_log *log);

// Drops the batch. Allowed at any time.
void sluss_log_rollback(struct sluss_log *log);

// Entries in the log, those of an open batch counted.
uint64_t sluss_log_size(const struct sluss_log *log);

// The newest signed checkpoint; empty before the first batch. Owned by the log, valid until the next commit.
struct sluss_bytes sluss_log_checkpoint(const struct sluss_log *log);

// The tree, for proofs of one's own.
struct sluss_tree *sluss_log_tree(struct sluss_log *log);

// Writes the tlog-proof of one entry against the newest checkpoint into `text_out` (data, len; no NUL). Only outside a
// batch. An entry of the last batch costs no read. NOT_FOUND: no such entry.
SLUSS_MUST_CHECK enum sluss_store_result sluss_log_receipt(
    struct sluss_log *log, uint64_t index, struct sluss_store_blob *text_out);

// The same against another checkpoint of this log, of `size` entries, with whatever signature lines it has. NOT_FOUND:
// it does not cover the entry.
SLUSS_MUST_CHECK enum sluss_store_result sluss_log_receipt_at(struct sluss_log *log, uint64_t index, uint64_t size,
    struct sluss_bytes checkpoint, struct sluss_store_blob *text_out);

// Reads tiles of a store for sluss_tree_open: a sluss_tree_read_fn whose context is the struct sluss_store.
bool sluss_log_read_tile(void *store, uint8_t level, uint64_t index, uint16_t width, uint8_t *hashes_out);

#endif
