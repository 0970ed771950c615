// SPDX-License-Identifier: EUPL-1.2
// The worker threads: they verify requests (signatures cost most of a Send) while the writer waits for the disk. What
// was refused goes straight back, the rest to the writer.
#ifndef SLUSS_CORE_WORKERS_H
#define SLUSS_CORE_WORKERS_H

#include "directory.h"
#include "queue.h"

struct sluss_workers;

struct sluss_verify_with; // request.h

// Starts `count` threads; the queues and what they verify with must outlive them. NULL: could not start.
SLUSS_MUST_CHECK struct sluss_workers *sluss_workers_start(size_t count, const struct sluss_verify_with *with,
    struct sluss_queue *to_writer, struct sluss_queue *to_intake);

// Hands requests over (a list linked by next).
void sluss_workers_push(struct sluss_workers *workers, struct sluss_item *first, struct sluss_item *last, size_t count);

// Finishes what waits, joins, frees. Takes NULL and nulls.
void sluss_workers_stop(struct sluss_workers **workers);

#endif
