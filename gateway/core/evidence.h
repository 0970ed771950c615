// SPDX-License-Identifier: EUPL-1.2
// The signed statements behind entries of the log, kept as they came: who wants to see the signed act finds it by the
// statement_hash of its entry. They may name persons, so they lie encrypted in a side table that can be erased.
// Threads: the writer's.
#ifndef SLUSS_CORE_EVIDENCE_H
#define SLUSS_CORE_EVIDENCE_H

#include "service.h"
#include "sluss/v1/common.pb-c.h"

// The hash of the statement behind a record, NULL: records of this type have none. Zeros: there is none.
const uint8_t *sluss_evidence_hash(const struct sluss_record *record);
// Writes the hash of the request's statement into the record. False: it has no place for one, or nothing was stated.
bool sluss_evidence_stamp(const struct sluss_txn *txn, struct sluss_record *record);
// Keeps the request's signed statement; keeping it again changes nothing. False: refused.
SLUSS_MUST_CHECK bool sluss_evidence_keep(struct sluss_txn *txn);
// The signed statement with this hash, in the arena; *signed_out NULL: none is kept, or it was erased. False: refused.
SLUSS_MUST_CHECK bool sluss_evidence_read(
    struct sluss_txn *txn, const uint8_t hash[SLUSS_HASH_BYTES], Sluss__V1__SignedStatement **signed_out);

// Destroys the signed statement with this hash; *was_there_out says whether there was one. False: refused.
SLUSS_MUST_CHECK bool sluss_evidence_erase(
    struct sluss_txn *txn, const uint8_t hash[SLUSS_HASH_BYTES], bool *was_there_out);

#endif
