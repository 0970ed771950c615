// SPDX-License-Identifier: EUPL-1.2
// Envelopes under one signature (SendBatch): the sender's side makes the statement, the recipient's checks that an
// envelope was one of them. Any thread; no state.
#ifndef SLUSS_BATCH_H
#define SLUSS_BATCH_H

#include "sluss/statement.h"
#include "sluss/v1/exchange.pb-c.h"

// The Merkle root (RFC 6962) over the envelopes of a batch. `leaves` is room for `count` hashes of 32 octets.
void sluss_batch_root(Sluss__V1__BatchItem *const *items, size_t count, uint8_t (*leaves)[SLUSS_HASH_BYTES],
    uint8_t root_out[SLUSS_HASH_BYTES]);

// Does the proof lead from these envelope octets to a statement that `sender_key` signed for this authority?
// `header_out` then is the statement's.
SLUSS_MUST_CHECK bool sluss_batch_proof_check(const Sluss__V1__BatchProof *proof,
    const uint8_t sender_key[SLUSS_KEY_BYTES], struct sluss_bytes envelope, struct sluss_statement_header *header_out);

#endif
