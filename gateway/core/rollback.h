// SPDX-License-Identifier: EUPL-1.2
// Refuses to run on a database that is not what was signed last: an older copy, or another history. What was signed
// last is known from the second place (head.h) and, when they answer, from witnesses. The writer's own; see writer.h.
#ifndef SLUSS_CORE_ROLLBACK_H
#define SLUSS_CORE_ROLLBACK_H

#include "head.h"

struct sluss_writer;

// What the operator let pass with --accept-rollback, until it stands in the log.
struct sluss_restored {
	bool pending;
	bool forked;
	uint64_t signed_size, size;
	struct sluss_hash signed_root;
};

// Opens the second place, if there is one. False: error_out says why not.
SLUSS_MUST_CHECK bool sluss_rollback_open(struct sluss_writer *writer, struct sluss_store_error *error_out);

// Judges what `who` claims about the log that was just opened. OK: it holds, or the operator accepts that it does not
// (then LogRestored will be the next record). CORRUPT: error_out says what to do.
SLUSS_MUST_CHECK enum sluss_store_result sluss_rollback_claim(struct sluss_writer *writer, const char *who,
    uint64_t size, const struct sluss_hash *root, struct sluss_store_error *error_out);

// The same for what the second place says. Call it when the log is open and folded.
SLUSS_MUST_CHECK enum sluss_store_result sluss_rollback_check(
    struct sluss_writer *writer, struct sluss_store_error *error_out);

// Appends LogRestored when something was accepted. False: the batch is spoiled.
SLUSS_MUST_CHECK bool sluss_rollback_record(struct sluss_writer *writer);

// The newest checkpoint goes to the second place. Call it after each commit, before anything of it is released. False:
// it may not be there: nothing may be released.
SLUSS_MUST_CHECK bool sluss_rollback_note(struct sluss_writer *writer);

#endif
