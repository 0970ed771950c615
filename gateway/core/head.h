// SPDX-License-Identifier: EUPL-1.2
// The second place: a small file on other storage that says what the log signed last, so that a state_dir that was put
// back to an older copy, or to another history, is noticed at start.
//
// Two slots of 4096 octets, each with a whole checkpoint (signed note) and zeros behind it; a new one overwrites the
// older slot. The signature shows a torn write; the larger size is the newer. One pwrite and one fdatasync of a file
// whose length does not change is all that a commit pays.
//
// Invariant: what the file says is durable before anything of that commit leaves the gateway. It may be behind the
// database by the commits that nobody has heard of, never ahead.
//
// Threads: the writer's.
#ifndef SLUSS_CORE_HEAD_H
#define SLUSS_CORE_HEAD_H

#include "log_checkpoint.h"
#include "log_writer.h"
#include "store.h"

struct sluss_head; // opaque

// Takes over the descriptor (open for reading and writing) and locks the file. NULL: error_out says why (another
// gateway uses it, it cannot be read, no memory). A file of length 0 is given its length.
SLUSS_MUST_CHECK struct sluss_head *sluss_head_open(
    int fd, const struct sluss_note_key *key, struct sluss_store_error *error_out);
void sluss_head_close(struct sluss_head **head);

enum sluss_head_state {
	SLUSS_HEAD_NONE = 0, // nothing was ever written
	SLUSS_HEAD_GOOD,
	SLUSS_HEAD_DAMAGED, // there are octets, but no checkpoint of this log in them
};

// What the file says: size and root when GOOD.
enum sluss_head_state sluss_head_newest(const struct sluss_head *head, uint64_t *size_out, struct sluss_hash *root_out);

// Writes a checkpoint durably; nothing when it is the newest one there already. False: it may or may not be there.
SLUSS_MUST_CHECK bool sluss_head_write(struct sluss_head *head, struct sluss_bytes note);
// The same in place of all that is there: the operator accepted an older log.
SLUSS_MUST_CHECK bool sluss_head_replace(struct sluss_head *head, struct sluss_bytes note);

// ---- comparing a claim with the log

// Somebody (the second place, a witness) says: this log had `size` entries with this root.
enum sluss_head_claim {
	SLUSS_HEAD_CLAIM_NONE = 0,
	SLUSS_HEAD_CLAIM_HOLDS,	 // the log's first `size` entries have that root
	SLUSS_HEAD_CLAIM_AHEAD,	 // the log has fewer entries: it is an older copy
	SLUSS_HEAD_CLAIM_FORKED, // the log's first `size` entries have another root
	SLUSS_HEAD_CLAIM_BROKEN, // a tile could not be read
};

// Outside a batch.
SLUSS_MUST_CHECK enum sluss_head_claim sluss_head_judge(
    struct sluss_log *log, uint64_t size, const struct sluss_hash *root);

// Says what is wrong and what to do, for people; `who` is the source ("secondary_head_file", "The witness NAME").
void sluss_head_explain(
    enum sluss_head_claim claim, const char *who, uint64_t claimed, uint64_t has, struct sluss_store_error *error_out);

#endif
