// SPDX-License-Identifier: EUPL-1.2
// The worker threads: they verify requests (signatures cost most of a Send) while the writer waits for the disk. What
// was refused goes straight back, the rest to the writer.
#ifndef SLUSS_CORE_WORKERS_H
#define SLUSS_CORE_WORKERS_H

#include "directory.h"
#include "queue.h"

struct sluss_workers;

struct sluss_verify_with; // request.h
struct sluss_files;

struct sluss_workers_config {
	size_t count; // threads
	const struct sluss_verify_with *with;
	struct sluss_queue *to_writer, *to_intake;
	// The log's files, which workers serve alone, each through a reader of its own of this store. No URL: the
	// writer serves them.
	struct sluss_files *files;
	const char *store_url;
	const char *backup_dir; // where copies of the store go; NULL or "": nowhere
};

// Starts the threads; the queues, the files and what they verify with must outlive them. NULL: could not start.
SLUSS_MUST_CHECK struct sluss_workers *sluss_workers_start(const struct sluss_workers_config *config);

// Hands requests over (a list linked by next).
void sluss_workers_push(struct sluss_workers *workers, struct sluss_item *first, struct sluss_item *last, size_t count);

// Finishes what waits, joins, frees. Takes NULL and nulls.
void sluss_workers_stop(struct sluss_workers **workers);

#endif
