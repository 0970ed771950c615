// SPDX-License-Identifier: EUPL-1.2
// Verifying what the log says, with nothing but the octets at hand: no store, no I/O, no state, any thread. Used by
// core, libsluss and the offline verifier. Algorithms: RFC 9162 sections 2.1.3.2 (inclusion) and 2.1.4.2 (consistency).
#ifndef SLUSS_LOG_VERIFY_H
#define SLUSS_LOG_VERIFY_H

#include "log_checkpoint.h"
#include "log_hash.h"
#include "log_proof.h"

// Does the proof lead from the leaf hash of entry `index` to the root of a tree of `size` entries?
SLUSS_MUST_CHECK bool sluss_verify_inclusion(const struct sluss_hash *leaf, uint64_t index, uint64_t size,
    const struct sluss_hash *hashes, size_t count, const struct sluss_hash *root);

// Does the proof show that the tree of `size` and `root` begins with that of `old_size` and `old_root`?
SLUSS_MUST_CHECK bool sluss_verify_consistency(uint64_t old_size, const struct sluss_hash *old_root, uint64_t size,
    const struct sluss_hash *root, const struct sluss_hash *hashes, size_t count);

// Why a receipt was not believed. 0 is never a yes by itself: SLUSS_RECEIPT_VALID is.
enum sluss_receipt_result {
	SLUSS_RECEIPT_NONE = 0,
	SLUSS_RECEIPT_VALID,
	SLUSS_RECEIPT_UNREADABLE,    // the text is no tlog-proof, or its checkpoint is none
	SLUSS_RECEIPT_WRONG_LOG,     // the origin is another
	SLUSS_RECEIPT_BAD_SIGNATURE, // no valid signature by the log's key
	SLUSS_RECEIPT_NOT_INCLUDED,  // the proof does not lead from this entry to the root
};

// The whole check of a receipt: `text` is a tlog-proof, `entry` the octets of the log entry, `key` the log's key;
// key->name is the origin expected. On VALID, `index_out` and `size_out` (each may be NULL) say where the entry stands
// in how large a log.
SLUSS_MUST_CHECK enum sluss_receipt_result sluss_verify_receipt(struct sluss_bytes text, struct sluss_bytes entry,
    const struct sluss_note_key *key, uint64_t *index_out, uint64_t *size_out);

// A stable word for each result: "valid", "unreadable" ...
const char *sluss_receipt_result_name(enum sluss_receipt_result result);

#endif
