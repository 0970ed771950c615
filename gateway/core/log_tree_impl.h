// SPDX-License-Identifier: EUPL-1.2
// Inside the tree: what log_tree.c (batches) and log_tree_proof.c (nodes and proofs) share.
//
// A node is named by its height above the leaves and its place from the left: node (h, k) is the hash of entries [k <<
// h, (k + 1) << h), complete. It lies in the tile of level h / 8, whose inner nodes are kept, so that a proof only
// looks up. The edge (h) of a size n is the hash of the entries [n >> h << h, n) that do not fill a node of height h;
// it exists when n is no multiple of 2^h, and the root is the edge of the first height that holds the whole tree.
#ifndef SLUSS_LOG_TREE_IMPL_H
#define SLUSS_LOG_TREE_IMPL_H

#include "log_tree.h"

enum {
	TILE_HEIGHT = 8,
	TILE_NODES = 511,  // 256 + 128 + ... + 1
	CACHE_LEAVES = 64, // tiles of level 0
	// The levels above by themselves, or tiles of leaves would push them out: with ten million entries there are
	// 153, and all of them stay.
	CACHE_UPPER = 256,
	CACHE_TILES = CACHE_LEAVES + CACHE_UPPER,
	EDGES = 65,
};

struct tree_tile {
	uint8_t level;
	uint16_t width;
	uint64_t index;
	struct sluss_hash nodes[TILE_NODES]; // height 0 first
};

struct sluss_tree {
	sluss_tree_read_fn *read_tile;
	void *context;
	uint64_t size;
	struct tree_tile
	    *newest[SLUSS_TREE_LEVELS]; // the tile that the next hash of the level goes to; its width may be 0
	// The batch, open or the last one.
	bool in_batch;
	uint64_t begin_size;
	struct tree_tile **filled; // tiles that it filled; they left `newest`
	size_t filled_count;
	size_t filled_cap;
	struct sluss_tree_tile *written;
	size_t written_cap;
	// Edges of the tree of edge_size entries; those that exist.
	uint64_t edge_size;
	struct sluss_hash edges[EDGES];
	struct tree_tile *cache[CACHE_TILES];
};

// Where node (height, place) of a tile lies in its nodes.
static inline size_t tile_node(unsigned height, size_t place)
{
	return (512u - (512u >> height)) + place;
}

// Puts the next hash into a tile and makes the inner nodes that it completes.
void tree_tile_push(struct tree_tile *tile, const struct sluss_hash *hash);

// Looks up node (height, place), which must be complete in the tree; reads its tile if it is neither new nor cached.
SLUSS_MUST_CHECK enum sluss_tree_result tree_node(
    struct sluss_tree *tree, unsigned height, uint64_t place, struct sluss_hash *hash_out);

// Computes all edges of the tree as it is now.
SLUSS_MUST_CHECK enum sluss_tree_result tree_compute_edges(struct sluss_tree *tree);

#endif
