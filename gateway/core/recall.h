// SPDX-License-Identifier: EUPL-1.2
// What was received is asked back: by a withdrawal, at the end of the time for keeping, and when a case is closed
// (DOMAIN section 5, policy/README.md). Each agency that received something on a grant that carries nothing any more
// gets a recall, written in the transaction of its cause. Threads: the writer's.
#ifndef SLUSS_CORE_RECALL_H
#define SLUSS_CORE_RECALL_H

#include "policy/record.h"
#include "service.h"

struct sluss_writer;

// Hears of each recall that is made, in order. False: no memory.
typedef bool sluss_recall_fn(void *context, const struct sluss_rec_recall_opened *opened);

// Makes the recalls of a case after its cause was appended. `withdrawal` NULL when it is none; `made` may be NULL.
// False: the batch is spoiled.
SLUSS_MUST_CHECK bool sluss_recall_open(struct sluss_writer *writer, const struct sluss_id *case_id,
    enum sluss_recall_cause cause, const struct sluss_id *withdrawal, sluss_recall_fn *made, void *context);
// For services: false has refused the request.
SLUSS_MUST_CHECK bool sluss_txn_recall(struct sluss_txn *txn, const struct sluss_id *case_id,
    enum sluss_recall_cause cause, const struct sluss_id *withdrawal, sluss_recall_fn *made, void *context);

#endif
