// SPDX-License-Identifier: EUPL-1.2
// Checkpoints (C2SP tlog-checkpoint): a signed note that says how large the log is and what its root is. No state, no
// I/O, any thread.
#ifndef SLUSS_LOG_CHECKPOINT_H
#define SLUSS_LOG_CHECKPOINT_H

#include "log_hash.h"
#include "log_note.h"

enum {
	// Octets of a checkpoint as the log itself signs it: three lines, an empty one, one signature.
	SLUSS_CHECKPOINT_OWN_MAX = SLUSS_NOTE_NAME_MAX + 80 + SLUSS_NOTE_LINE_MAX,
};

struct sluss_checkpoint {
	struct sluss_bytes origin; // points into the octets parsed
	uint64_t size;
	struct sluss_hash root;
	struct sluss_bytes extensions; // further lines with their newlines; usually empty
};

// Writes "origin\nsize\nroot\n\n" and the log's signature line over the first three lines; the origin is key->name.
// Returns the octets written (no NUL is added), 0 when there is no room (SLUSS_CHECKPOINT_OWN_MAX is enough).
SLUSS_MUST_CHECK size_t sluss_checkpoint_sign(const struct sluss_note_key *key,
    const uint8_t secret[SLUSS_NOTE_SECRET_BYTES], uint64_t size, const struct sluss_hash *root, char *note_out,
    size_t room);

// Reads the text of a note (note.text). False: not a checkpoint. Says nothing about signatures.
SLUSS_MUST_CHECK bool sluss_checkpoint_parse(struct sluss_bytes text, struct sluss_checkpoint *checkpoint_out);

// Takes a note apart, reads its text, and demands a valid signature by the log's key and key->name as origin. True only
// when all holds.
SLUSS_MUST_CHECK bool sluss_checkpoint_open(
    struct sluss_bytes note, const struct sluss_note_key *key, struct sluss_checkpoint *checkpoint_out);

#endif
