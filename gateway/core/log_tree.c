// SPDX-License-Identifier: EUPL-1.2
// The tree in memory: opening, batches, tiles. An append costs one inner hash on average and touches nothing but the
// newest tile of each level, so that it costs the same in a log of ten million entries as in an empty one.
#include "log_tree_impl.h"

#include <assert.h>
#include <stdlib.h>

// ---- tiles

void tree_tile_push(struct tree_tile *tile, const struct sluss_hash *hash)
{
	size_t place = tile->width++;
	tile->nodes[tile_node(0, place)] = *hash;
	// Each time a right sibling is complete, so is its parent.
	for (unsigned height = 0; height < TILE_HEIGHT && (place & 1) == 1; height++, place >>= 1)
		sluss_hash_node(&tile->nodes[tile_node(height, place - 1)], &tile->nodes[tile_node(height, place)],
		    &tile->nodes[tile_node(height + 1, place >> 1)]);
}

static struct tree_tile *tile_new(unsigned level, uint64_t index)
{
	struct tree_tile *tile = malloc(sizeof(*tile));
	if (tile == NULL)
		return NULL;
	tile->level = (uint8_t)level;
	tile->index = index;
	tile->width = 0;
	return tile;
}

// Index of the newest tile of a level in a tree of this size, and how wide it is.
static uint64_t newest_index(uint64_t size, unsigned level)
{
	return level + 1 == SLUSS_TREE_LEVELS ? 0 : size >> (TILE_HEIGHT * (level + 1));
}

static uint16_t newest_width(uint64_t size, unsigned level)
{
	return (uint16_t)((size >> (TILE_HEIGHT * level)) & (SLUSS_TREE_TILE_WIDTH - 1));
}

// ---- open and close

static enum sluss_tree_result load_newest(struct sluss_tree *tree, unsigned level)
{
	uint8_t hashes[SLUSS_TREE_TILE_WIDTH * SLUSS_HASH_BYTES];
	uint16_t width = newest_width(tree->size, level);
	struct tree_tile *tile = tile_new(level, newest_index(tree->size, level));
	tree->newest[level] = tile;
	if (tile == NULL)
		return SLUSS_TREE_MEMORY;
	if (width == 0)
		return SLUSS_TREE_OK;
	if (!tree->read_tile(tree->context, (uint8_t)level, tile->index, width, hashes))
		return SLUSS_TREE_UNREADABLE;
	for (uint16_t i = 0; i < width; i++) {
		struct sluss_hash hash;
		memcpy(hash.b, hashes + (size_t)i * SLUSS_HASH_BYTES, SLUSS_HASH_BYTES);
		tree_tile_push(tile, &hash);
	}
	return SLUSS_TREE_OK;
}

enum sluss_tree_result sluss_tree_open(
    uint64_t size, sluss_tree_read_fn *read_tile, void *context, struct sluss_tree **tree_out)
{
	*tree_out = NULL;
	struct sluss_tree *tree = calloc(1, sizeof(*tree));
	if (tree == NULL)
		return SLUSS_TREE_MEMORY;
	tree->read_tile = read_tile;
	tree->context = context;
	tree->size = size;
	tree->begin_size = size;
	enum sluss_tree_result result = SLUSS_TREE_OK;
	for (unsigned level = 0; level < SLUSS_TREE_LEVELS && result == SLUSS_TREE_OK; level++)
		result = load_newest(tree, level);
	if (result == SLUSS_TREE_OK)
		result = tree_compute_edges(tree);
	if (result == SLUSS_TREE_OK)
		*tree_out = tree;
	else
		sluss_tree_close(&tree);
	return result;
}

void sluss_tree_close(struct sluss_tree **tree_in)
{
	struct sluss_tree *tree = *tree_in;
	if (tree == NULL)
		return;
	for (unsigned level = 0; level < SLUSS_TREE_LEVELS; level++)
		free(tree->newest[level]);
	for (size_t i = 0; i < tree->filled_count; i++)
		free(tree->filled[i]);
	for (size_t i = 0; i < CACHE_TILES; i++)
		free(tree->cache[i]);
	free(tree->filled);
	free(tree->written);
	free(tree);
	*tree_in = NULL;
}

uint64_t sluss_tree_size(const struct sluss_tree *tree)
{
	return tree->size;
}

// ---- batches

void sluss_tree_begin(struct sluss_tree *tree)
{
	assert(!tree->in_batch);
	for (size_t i = 0; i < tree->filled_count; i++)
		free(tree->filled[i]);
	tree->filled_count = 0;
	tree->begin_size = tree->size;
	tree->in_batch = true;
}

// Takes the full newest tile of a level away and puts an empty one in its place.
static enum sluss_tree_result start_tile(struct sluss_tree *tree, unsigned level)
{
	if (tree->filled_count == tree->filled_cap) {
		size_t cap = tree->filled_cap == 0 ? 16 : tree->filled_cap * 2;
		struct tree_tile **grown = realloc(tree->filled, cap * sizeof(struct tree_tile *));
		if (grown == NULL)
			return SLUSS_TREE_MEMORY;
		tree->filled = grown;
		tree->filled_cap = cap;
	}
	struct tree_tile *next = tile_new(level, tree->newest[level]->index + 1);
	if (next == NULL)
		return SLUSS_TREE_MEMORY;
	tree->filled[tree->filled_count++] = tree->newest[level];
	tree->newest[level] = next;
	return SLUSS_TREE_OK;
}

enum sluss_tree_result sluss_tree_append(struct sluss_tree *tree, const struct sluss_hash *leaf)
{
	assert(tree->in_batch);
	struct sluss_hash hash = *leaf;
	for (unsigned level = 0; level < SLUSS_TREE_LEVELS; level++) {
		struct tree_tile *tile = tree->newest[level];
		tree_tile_push(tile, &hash);
		if (tile->width < SLUSS_TREE_TILE_WIDTH)
			break;
		hash = tile->nodes[tile_node(TILE_HEIGHT, 0)];
		enum sluss_tree_result result = start_tile(tree, level);
		if (result != SLUSS_TREE_OK)
			return result;
	}
	tree->size++;
	return SLUSS_TREE_OK;
}

// Names a tile among those to be written.
static void add_written(struct sluss_tree *tree, const struct tree_tile *tile, size_t *count)
{
	tree->written[(*count)++] = (struct sluss_tree_tile){
	    .level = tile->level, .index = tile->index, .width = tile->width, .hashes = tile->nodes[0].b};
}

enum sluss_tree_result sluss_tree_finish(
    struct sluss_tree *tree, const struct sluss_tree_tile **tiles_out, size_t *count_out)
{
	assert(tree->in_batch);
	size_t room = tree->filled_count + SLUSS_TREE_LEVELS;
	if (room > tree->written_cap) {
		struct sluss_tree_tile *grown = realloc(tree->written, room * sizeof(*grown));
		if (grown == NULL)
			return SLUSS_TREE_MEMORY;
		tree->written = grown;
		tree->written_cap = room;
	}
	size_t count = 0;
	for (size_t i = 0; i < tree->filled_count; i++)
		add_written(tree, tree->filled[i], &count);
	for (unsigned level = 0; level < SLUSS_TREE_LEVELS; level++) {
		const struct tree_tile *tile = tree->newest[level];
		bool touched = tile->index != newest_index(tree->begin_size, level) ||
			       tile->width != newest_width(tree->begin_size, level);
		if (touched && tile->width > 0)
			add_written(tree, tile, &count);
	}
	enum sluss_tree_result result = tree_compute_edges(tree);
	if (result != SLUSS_TREE_OK)
		return result;
	*tiles_out = tree->written;
	*count_out = count;
	return SLUSS_TREE_OK;
}

void sluss_tree_accept(struct sluss_tree *tree)
{
	assert(tree->in_batch && tree->edge_size == tree->size);
	tree->in_batch = false;
}

void sluss_tree_cancel(struct sluss_tree *tree)
{
	if (!tree->in_batch)
		return;
	// The tile that was newest at begin is still newest, or is the first one filled on its level. Its nodes beyond
	// the old width are written anew.
	for (size_t i = 0; i < tree->filled_count; i++) {
		struct tree_tile *tile = tree->filled[i];
		if (tile->index == newest_index(tree->begin_size, tile->level)) {
			free(tree->newest[tile->level]);
			tree->newest[tile->level] = tile;
		} else {
			free(tile);
		}
	}
	tree->filled_count = 0;
	tree->size = tree->begin_size;
	for (unsigned level = 0; level < SLUSS_TREE_LEVELS; level++)
		tree->newest[level]->width = newest_width(tree->size, level);
	tree->in_batch = false;
	// All that the edges need is in the newest tiles: nothing is read, nothing can fail.
	enum sluss_tree_result result = tree_compute_edges(tree);
	assert(result == SLUSS_TREE_OK);
	(void)result;
}
