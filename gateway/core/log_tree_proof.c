// SPDX-License-Identifier: EUPL-1.2
// Nodes, edges, root and proofs of the tree.
#include "log_tree_impl.h"

#include <stdlib.h>

// Heights that hold a tree of this size: 2^height > size - 1.
static unsigned bit_length(uint64_t value)
{
	return value == 0 ? 0 : 64u - (unsigned)__builtin_clzll(value);
}

static bool bit(uint64_t value, unsigned place)
{
	return (value >> place & 1) != 0;
}

// value mod 2^bits
static uint64_t low(uint64_t value, unsigned bits)
{
	return bits >= 64 ? value : value & ((UINT64_C(1) << bits) - 1);
}

// ---- nodes

static size_t cache_place(uint8_t level, uint64_t index)
{
	if (level == 0)
		return (size_t)(index % CACHE_LEAVES);
	return CACHE_LEAVES + (size_t)((index + (level - 1u) * 193) % CACHE_UPPER);
}

// Reads a full tile from outside into its place in the cache.
static enum sluss_tree_result load_tile(
    struct sluss_tree *tree, uint8_t level, uint64_t index, const struct tree_tile **tile_out)
{
	uint8_t hashes[SLUSS_TREE_TILE_WIDTH * SLUSS_HASH_BYTES];
	struct tree_tile **slot = &tree->cache[cache_place(level, index)];
	if (*slot != NULL && (*slot)->level == level && (*slot)->index == index && (*slot)->width != 0) {
		*tile_out = *slot;
		return SLUSS_TREE_OK;
	}
	if (!tree->read_tile(tree->context, level, index, SLUSS_TREE_TILE_WIDTH, hashes))
		return SLUSS_TREE_UNREADABLE;
	if (*slot == NULL && (*slot = malloc(sizeof(**slot))) == NULL)
		return SLUSS_TREE_MEMORY;
	(*slot)->level = level;
	(*slot)->index = index;
	(*slot)->width = 0;
	for (size_t i = 0; i < SLUSS_TREE_TILE_WIDTH; i++) {
		struct sluss_hash hash;
		memcpy(hash.b, hashes + i * SLUSS_HASH_BYTES, SLUSS_HASH_BYTES);
		tree_tile_push(*slot, &hash);
	}
	*tile_out = *slot;
	return SLUSS_TREE_OK;
}

static enum sluss_tree_result find_tile(
    struct sluss_tree *tree, uint8_t level, uint64_t index, const struct tree_tile **tile_out)
{
	*tile_out = tree->newest[level];
	if ((*tile_out)->index == index)
		return SLUSS_TREE_OK;
	for (size_t i = tree->filled_count; i-- > 0;) {
		*tile_out = tree->filled[i];
		if ((*tile_out)->level == level && (*tile_out)->index == index)
			return SLUSS_TREE_OK;
	}
	return load_tile(tree, level, index, tile_out);
}

enum sluss_tree_result tree_node(struct sluss_tree *tree, unsigned height, uint64_t place, struct sluss_hash *hash_out)
{
	unsigned inner = height % TILE_HEIGHT;
	unsigned bits = TILE_HEIGHT - inner; // of the place that tell nodes of one tile apart
	const struct tree_tile *tile = NULL;
	enum sluss_tree_result result = find_tile(tree, (uint8_t)(height / TILE_HEIGHT), place >> bits, &tile);
	if (result != SLUSS_TREE_OK)
		return result;
	uint64_t within = low(place, bits);
	if (((within + 1) << inner) > tile->width)
		return SLUSS_TREE_RANGE;
	*hash_out = tile->nodes[tile_node(inner, within)];
	return SLUSS_TREE_OK;
}

// ---- edges

// Goes from the edge of height - 1 (if there was one: `have`) to that of `height`, for the tree of `size` entries.
static enum sluss_tree_result climb(
    struct sluss_tree *tree, uint64_t size, unsigned height, bool *have, struct sluss_hash *edge)
{
	if (!bit(size, height - 1))
		return SLUSS_TREE_OK;
	struct sluss_hash left;
	enum sluss_tree_result result = tree_node(tree, height - 1, (size >> (height - 1)) - 1, &left);
	if (result != SLUSS_TREE_OK)
		return result;
	if (*have)
		sluss_hash_node(&left, edge, edge);
	else
		*edge = left;
	*have = true;
	return SLUSS_TREE_OK;
}

enum sluss_tree_result tree_compute_edges(struct sluss_tree *tree)
{
	struct sluss_hash edge = {0};
	bool have = false;
	unsigned top = bit_length(tree->size);
	for (unsigned height = 1; height <= top; height++) {
		enum sluss_tree_result result = climb(tree, tree->size, height, &have, &edge);
		if (result != SLUSS_TREE_OK)
			return result;
		tree->edges[height] = edge;
	}
	tree->edge_size = tree->size;
	return SLUSS_TREE_OK;
}

// The edge of some height in the tree of its first `size` entries. It must exist.
static enum sluss_tree_result edge_at(
    struct sluss_tree *tree, uint64_t size, unsigned height, struct sluss_hash *edge_out)
{
	unsigned top = bit_length(size);
	if (height > top)
		height = top; // nothing is left of the tree's beginning
	if (size == tree->edge_size) {
		*edge_out = tree->edges[height];
		return SLUSS_TREE_OK;
	}
	bool have = false;
	enum sluss_tree_result result = SLUSS_TREE_OK;
	for (unsigned h = 1; h <= height && result == SLUSS_TREE_OK; h++)
		result = climb(tree, size, h, &have, edge_out);
	return result;
}

void sluss_tree_root(const struct sluss_tree *tree, struct sluss_hash *root_out)
{
	if (tree->edge_size == 0)
		sluss_hash_empty(root_out);
	else
		*root_out = tree->edges[bit_length(tree->edge_size)];
}

enum sluss_tree_result sluss_tree_root_at(struct sluss_tree *tree, uint64_t size, struct sluss_hash *root_out)
{
	if (size > tree->size)
		return SLUSS_TREE_RANGE;
	if (size == 0) {
		sluss_hash_empty(root_out);
		return SLUSS_TREE_OK;
	}
	return edge_at(tree, size, bit_length(size), root_out);
}

// ---- proofs

enum sluss_tree_result sluss_tree_prove(
    struct sluss_tree *tree, uint64_t index, uint64_t size, struct sluss_tree_proof *proof_out)
{
	proof_out->count = 0;
	if (size > tree->size || index >= size)
		return SLUSS_TREE_RANGE;
	proof_out->index = index;
	proof_out->size = size;
	// From the leaf up: the sibling is a complete node, the edge, or not there at all (then the path goes up
	// unchanged).
	for (unsigned height = 0; height < 64 && (size - 1) >> height != 0; height++) {
		uint64_t sibling = (index >> height) ^ 1;
		enum sluss_tree_result result;
		struct sluss_hash *hash = &proof_out->hashes[proof_out->count];
		if (sibling < size >> height)
			result = tree_node(tree, height, sibling, hash);
		else if (sibling == size >> height && low(size, height) != 0)
			result = edge_at(tree, size, height, hash);
		else
			continue;
		if (result != SLUSS_TREE_OK)
			return result;
		proof_out->count++;
	}
	return SLUSS_TREE_OK;
}

// Adds the hash of entries [low_end, high_end), a node or an edge of the tree of `size` entries, to the proof.
static enum sluss_tree_result add_range(
    struct sluss_tree *tree, uint64_t size, uint64_t low_end, uint64_t high_end, struct sluss_tree_consistency *proof)
{
	struct sluss_hash *hash = &proof->hashes[proof->count++];
	unsigned height = bit_length(high_end - low_end - 1);
	if (high_end - low_end == UINT64_C(1) << height)
		return tree_node(tree, height, low_end >> height, hash);
	return edge_at(tree, size, height, hash);
}

// SUBPROOF of RFC 6962 section 2.1.2 for the entries [from, to) and the old end `old`; `whole`: the verifier knows the
// old root itself.
static enum sluss_tree_result subproof(
    struct sluss_tree *tree, uint64_t old, uint64_t from, uint64_t to, bool whole, struct sluss_tree_consistency *proof)
{
	if (old == to)
		return whole ? SLUSS_TREE_OK : add_range(tree, proof->size, from, to, proof);
	// The largest power of two smaller than the number of entries.
	uint64_t split = from + (UINT64_C(1) << (bit_length(to - from - 1) - 1));
	enum sluss_tree_result result;
	if (old <= split) {
		result = subproof(tree, old, from, split, whole, proof);
		return result == SLUSS_TREE_OK ? add_range(tree, proof->size, split, to, proof) : result;
	}
	result = subproof(tree, old, split, to, false, proof);
	return result == SLUSS_TREE_OK ? add_range(tree, proof->size, from, split, proof) : result;
}

enum sluss_tree_result sluss_tree_prove_consistency(
    struct sluss_tree *tree, uint64_t old_size, uint64_t size, struct sluss_tree_consistency *proof_out)
{
	proof_out->count = 0;
	if (size > tree->size || old_size > size)
		return SLUSS_TREE_RANGE;
	proof_out->old_size = old_size;
	proof_out->size = size;
	if (old_size == 0 || old_size == size)
		return SLUSS_TREE_OK;
	return subproof(tree, old_size, 0, size, true, proof_out);
}
