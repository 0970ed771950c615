// SPDX-License-Identifier: EUPL-1.2
// The Merkle tree of the log (RFC 6962 section 2.1), kept as tiles (C2SP tlog-tiles): append in batches, root,
// inclusion and consistency proofs.
//
// What is in memory, whatever the size of the log: the newest tile of each level with its inner nodes (16 KiB a level,
// four levels for four thousand million entries), the tiles that the last batch touched, and a small cache of older
// tiles that proofs asked for. Everything else is read through `read_tile`. The proof of an entry of the last batch
// needs no read.
//
// A batch: begin, append ..., finish (gives the tiles to write and the new root), then accept when the store committed,
// or cancel when it did not: then the tree is as before begin. Between finish and accept, proofs and the root are those
// of the new tree.
//
// Threads: a tree belongs to one thread at a time. Others make their own over their own store handle; opening one reads
// at most one tile a level. Ownership: the tree owns its memory; tiles of a batch are valid until the next begin,
// cancel or close.
#ifndef SLUSS_LOG_TREE_H
#define SLUSS_LOG_TREE_H

#include "log_hash.h"

enum sluss_tree_result {
	SLUSS_TREE_OK = 0,
	SLUSS_TREE_RANGE,      // index or size outside the tree; nothing was done
	SLUSS_TREE_UNREADABLE, // a tile could not be read, or is narrower than the tree needs
	SLUSS_TREE_MEMORY,     // no memory; nothing was done
};

enum {
	SLUSS_TREE_TILE_WIDTH = 256, // hashes of a full tile
	SLUSS_TREE_LEVELS = 8,	     // levels of tiles: 256^8 entries
	SLUSS_TREE_PROOF_MAX = 64,   // hashes of the longest inclusion proof
	SLUSS_TREE_CONSISTENCY_MAX = 66,
};

// Hands out the first `width` hashes (32 octets each, concatenated) of a tile into `hashes_out`. True when all of them
// are there. Called on the thread that called the tree.
typedef bool sluss_tree_read_fn(void *context, uint8_t level, uint64_t index, uint16_t width, uint8_t *hashes_out);

struct sluss_tree; // opaque

// Opens the tree of `size` entries whose tiles `read_tile` knows. An empty tree reads nothing.
SLUSS_MUST_CHECK enum sluss_tree_result sluss_tree_open(
    uint64_t size, sluss_tree_read_fn *read_tile, void *context, struct sluss_tree **tree_out);

// Frees. Takes NULL and nulls.
void sluss_tree_close(struct sluss_tree **tree);

// Entries in the tree, those of an open batch counted.
uint64_t sluss_tree_size(const struct sluss_tree *tree);

// The root of the tree as it is now. Not while a batch is between begin and finish.
void sluss_tree_root(const struct sluss_tree *tree, struct sluss_hash *root_out);

// ---- batches

// Starts a batch. The one before must have been accepted or cancelled.
void sluss_tree_begin(struct sluss_tree *tree);

// Appends the leaf hash of the next entry; its index is what sluss_tree_size said before. After MEMORY the batch can
// only be cancelled.
SLUSS_MUST_CHECK enum sluss_tree_result sluss_tree_append(struct sluss_tree *tree, const struct sluss_hash *leaf);

// A tile that the batch made or widened.
struct sluss_tree_tile {
	uint8_t level;
	uint64_t index;
	uint16_t width;	       // 1 to 256
	const uint8_t *hashes; // width * 32 octets; owned by the tree
};

// Ends the appending: says which tiles are to be written. `tiles_out` is owned by the tree.
SLUSS_MUST_CHECK enum sluss_tree_result sluss_tree_finish(
    struct sluss_tree *tree, const struct sluss_tree_tile **tiles_out, size_t *count_out);

// The tiles are durable: the batch stays.
void sluss_tree_accept(struct sluss_tree *tree);

// They are not: everything since begin is forgotten. Allowed at any time, also without a batch.
void sluss_tree_cancel(struct sluss_tree *tree);

// ---- proofs

struct sluss_tree_proof {
	uint64_t index;
	uint64_t size;
	size_t count;
	struct sluss_hash hashes[SLUSS_TREE_PROOF_MAX]; // from the leaf's sibling up (RFC 6962 section 2.1.1)
};

// Proves that entry `index` stands in the tree of its first `size` entries. RANGE: index >= size, or size larger than
// the tree.
SLUSS_MUST_CHECK enum sluss_tree_result sluss_tree_prove(
    struct sluss_tree *tree, uint64_t index, uint64_t size, struct sluss_tree_proof *proof_out);

struct sluss_tree_consistency {
	uint64_t old_size;
	uint64_t size;
	size_t count;
	struct sluss_hash hashes[SLUSS_TREE_CONSISTENCY_MAX]; // RFC 6962 section 2.1.2
};

// Proves that the first `size` entries begin with the first `old_size`. Old size 0 and old size = size give a proof
// without hashes.
SLUSS_MUST_CHECK enum sluss_tree_result sluss_tree_prove_consistency(
    struct sluss_tree *tree, uint64_t old_size, uint64_t size, struct sluss_tree_consistency *proof_out);

// The root that the tree had at `size`.
SLUSS_MUST_CHECK enum sluss_tree_result sluss_tree_root_at(
    struct sluss_tree *tree, uint64_t size, struct sluss_hash *root_out);

#endif
