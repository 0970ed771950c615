// SPDX-License-Identifier: EUPL-1.2
// Inclusion proofs as text (C2SP tlog-proof): what a receipt carries. Reading one says nothing about its truth; see
// log_verify.h. No state, any thread.
#ifndef SLUSS_LOG_PROOF_H
#define SLUSS_LOG_PROOF_H

#include "log_hash.h"

enum {
	SLUSS_PROOF_HASHES_MAX = 64,
	SLUSS_PROOF_EXTRA_MAX = 4096, // octets of extra data that we read, after base64
	SLUSS_PROOF_TEXT_MAX = 128 * 1024,
};

struct sluss_proof {
	uint64_t index;
	size_t count;
	struct sluss_hash hashes[SLUSS_PROOF_HASHES_MAX]; // from the leaf's sibling up
	bool has_extra;
	size_t extra_len;
	uint8_t extra[SLUSS_PROOF_EXTRA_MAX]; // authenticated by nothing
	struct sluss_bytes checkpoint;	      // the whole note; points into the text parsed
};

// Octets that format needs for this many hashes and this checkpoint, without extra data.
size_t sluss_proof_room(size_t count, size_t checkpoint_len);

// Writes the text without extra data. Returns the octets written (no NUL is added), 0 when there is no room.
SLUSS_MUST_CHECK size_t sluss_proof_format(uint64_t index, const struct sluss_hash *hashes, size_t count,
    struct sluss_bytes checkpoint, char *text_out, size_t room);

// False: not a tlog-proof of version 1, or beyond our limits.
SLUSS_MUST_CHECK bool sluss_proof_parse(struct sluss_bytes text, struct sluss_proof *proof_out);

#endif
