// SPDX-License-Identifier: EUPL-1.2
// Merkle trees over a list that is all in memory (RFC 6962 section 2.1): the envelopes of a batch, the chunks of a
// section. Not the log, which lives in tiles (log_tree.h). Any thread; no state.
#ifndef SLUSS_LOG_LIST_H
#define SLUSS_LOG_LIST_H

#include "log_hash.h"

enum { SLUSS_LIST_PATH_MAX = 32 }; // hashes of the longest path

// The root over `count` leaf hashes; of none SHA-256 of nothing.
void sluss_list_root(const struct sluss_hash *leaves, size_t count, struct sluss_hash *root_out);

// The inclusion path of leaf `index` (section 2.1.1), for sluss_verify_inclusion. Returns how many hashes; index must
// be below count.
size_t sluss_list_path(
    const struct sluss_hash *leaves, size_t count, size_t index, struct sluss_hash path_out[SLUSS_LIST_PATH_MAX]);

#endif
