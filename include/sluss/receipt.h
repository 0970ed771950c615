// SPDX-License-Identifier: EUPL-1.2
// Checking what the disclosure log says, offline, with nothing but the log's pinned verifier key: leaf hash and inclusion (RFC 6962 section 2.1), C2SP tlog-proof
// and checkpoint, Ed25519 signature. No state, no I/O, any thread. sluss_crypto_init must have been called.
#ifndef SLUSS_RECEIPT_H
#define SLUSS_RECEIPT_H

#include "sluss/types.h"
#include "sluss/v1/common.pb-c.h"

// What was found. Only VALID is a yes.
enum sluss_receipt_verdict {
	SLUSS_VERDICT_NONE = 0,
	SLUSS_VERDICT_VALID,
	SLUSS_VERDICT_BAD_KEY,       // the verifier key itself cannot be read
	SLUSS_VERDICT_UNREADABLE,    // no tlog-proof, or no checkpoint in it
	SLUSS_VERDICT_WRONG_LOG,     // of another log
	SLUSS_VERDICT_BAD_SIGNATURE, // not signed by the pinned key
	SLUSS_VERDICT_NOT_INCLUDED,  // the proof does not lead from this entry to the root
	SLUSS_VERDICT_OTHER_INDEX,   // proves another index than Receipt.log_index says
};

const char *sluss_receipt_verdict_name(enum sluss_receipt_verdict verdict);

// What a checkpoint says.
struct sluss_log_head {
	uint64_t size;
	uint8_t root[SLUSS_HASH_BYTES];
};

// The whole check of a receipt. `verifier_key` is signed-note text ("name+hash+base64"), its name the log's origin. On VALID `head_out` (may be NULL) is the
// head of the log that the proof leads to.
SLUSS_MUST_CHECK enum sluss_receipt_verdict sluss_receipt_check(
    const char *verifier_key, const Sluss__V1__Receipt *receipt, struct sluss_log_head *head_out);

// Opens a signed checkpoint. Answers VALID, BAD_KEY or BAD_SIGNATURE (also for a text that is no checkpoint of this log).
SLUSS_MUST_CHECK enum sluss_receipt_verdict sluss_checkpoint_check(const char *verifier_key, struct sluss_bytes checkpoint, struct sluss_log_head *head_out);

// Does the log with head `now` begin with all that the log with head `then` had? `hashes` as in GetProofResponse.consistency (RFC 6962 section 2.1.2).
SLUSS_MUST_CHECK bool sluss_consistency_check(
    const struct sluss_log_head *then, const struct sluss_log_head *now, const struct sluss_bytes *hashes, size_t count);

// ---- the root of a log that somebody downloads entry by entry

// Holds the roots of the full subtrees so far, left to right: the bits of `size` say which exist. Zero it to start.
struct sluss_log_sum {
	uint64_t size;
	uint8_t roots[64][SLUSS_HASH_BYTES];
};

// Adds the next entry's octets.
void sluss_log_sum_add(struct sluss_log_sum *sum, struct sluss_bytes entry);

// The head of the entries so far.
void sluss_log_sum_head(const struct sluss_log_sum *sum, struct sluss_log_head *head_out);

#endif
