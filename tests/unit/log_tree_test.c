// SPDX-License-Identifier: EUPL-1.2
// The tree against a naive recursive one, taken word for word from RFC 6962 section 2.1, at all sizes from 0 to 1025.
#include "log_tree.h"
#include "log_verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	SIZES = 1025,
	TILES_MAX = 4096,
};

// ---- tiles in memory, as a store would keep them

struct tiles {
	struct {
		uint8_t level;
		uint64_t index;
		uint16_t width;
		uint8_t hashes[SLUSS_TREE_TILE_WIDTH * SLUSS_HASH_BYTES];
	} * list;
	size_t count;
	size_t reads, upper_reads; // of which above the leaves
};

static bool read_tile(void *context, uint8_t level, uint64_t index, uint16_t width, uint8_t *hashes_out)
{
	struct tiles *tiles = context;
	tiles->reads++;
	tiles->upper_reads += level > 0 ? 1 : 0;
	for (size_t i = 0; i < tiles->count; i++) {
		if (tiles->list[i].level == level && tiles->list[i].index == index && tiles->list[i].width >= width) {
			memcpy(hashes_out, tiles->list[i].hashes, (size_t)width * SLUSS_HASH_BYTES);
			return true;
		}
	}
	return false;
}

static void write_tile(struct tiles *tiles, const struct sluss_tree_tile *tile)
{
	size_t i = 0;
	while (i < tiles->count && !(tiles->list[i].level == tile->level && tiles->list[i].index == tile->index))
		i++;
	assert_true(i < TILES_MAX);
	if (i == tiles->count)
		tiles->count++;
	tiles->list[i].level = tile->level;
	tiles->list[i].index = tile->index;
	tiles->list[i].width = tile->width;
	memcpy(tiles->list[i].hashes, tile->hashes, (size_t)tile->width * SLUSS_HASH_BYTES);
}

static struct tiles tiles_new(void)
{
	struct tiles tiles = {0};
	tiles.list = calloc(TILES_MAX, sizeof(*tiles.list));
	assert_non_null(tiles.list);
	return tiles;
}

// Writes the batch and accepts it.
static void store_batch(struct sluss_tree *tree, struct tiles *tiles)
{
	const struct sluss_tree_tile *list = NULL;
	size_t count = 0;
	assert_int_equal(sluss_tree_finish(tree, &list, &count), SLUSS_TREE_OK);
	for (size_t i = 0; i < count; i++)
		write_tile(tiles, &list[i]);
	sluss_tree_accept(tree);
}

// ---- the naive tree

static struct sluss_hash leaf_of(uint64_t index)
{
	struct sluss_hash hash;
	uint8_t entry[8];
	for (int i = 0; i < 8; i++)
		entry[i] = (uint8_t)(index >> (8 * i));
	sluss_hash_leaf(entry, sizeof(entry), &hash);
	return hash;
}

static uint64_t split_of(uint64_t count)
{
	uint64_t split = 1;
	while (split * 2 < count)
		split *= 2;
	return split;
}

static struct sluss_hash naive_root(uint64_t from, uint64_t to)
{
	struct sluss_hash hash;
	if (from == to) {
		sluss_hash_empty(&hash);
		return hash;
	}
	if (to - from == 1)
		return leaf_of(from);
	uint64_t split = from + split_of(to - from);
	struct sluss_hash left = naive_root(from, split);
	struct sluss_hash right = naive_root(split, to);
	sluss_hash_node(&left, &right, &hash);
	return hash;
}

static size_t naive_path(uint64_t index, uint64_t from, uint64_t to, struct sluss_hash *out)
{
	if (to - from == 1)
		return 0;
	uint64_t split = from + split_of(to - from);
	size_t count;
	if (index < split) {
		count = naive_path(index, from, split, out);
		out[count] = naive_root(split, to);
	} else {
		count = naive_path(index, split, to, out);
		out[count] = naive_root(from, split);
	}
	return count + 1;
}

static size_t naive_subproof(uint64_t old, uint64_t from, uint64_t to, bool whole, struct sluss_hash *out)
{
	if (old == to) {
		if (whole)
			return 0;
		out[0] = naive_root(from, to);
		return 1;
	}
	uint64_t split = from + split_of(to - from);
	size_t count;
	if (old <= split) {
		count = naive_subproof(old, from, split, whole, out);
		out[count] = naive_root(split, to);
	} else {
		count = naive_subproof(old, split, to, false, out);
		out[count] = naive_root(from, split);
	}
	return count + 1;
}

// ---- tests

static void hex(const char *text, struct sluss_hash *out)
{
	for (size_t i = 0; i < SLUSS_HASH_BYTES; i++) {
		char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
		out->b[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
}

// The test vectors that the reference implementation of RFC 6962 (certificate-transparency, merkletree tests) uses.
static void known_roots(void **state)
{
	(void)state;
	static const char *const entries[] = {"", "\x00", "\x10", "\x20\x21", "\x30\x31", "\x40\x41\x42\x43",
	    "\x50\x51\x52\x53\x54\x55\x56\x57", "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
	static const size_t lens[] = {0, 1, 1, 2, 2, 4, 8, 16};
	static const char *const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
	struct tiles tiles = tiles_new();
	struct sluss_tree *tree = NULL;
	struct sluss_hash root;
	struct sluss_hash expected;
	assert_int_equal(sluss_tree_open(0, read_tile, &tiles, &tree), SLUSS_TREE_OK);
	for (size_t i = 0; i <= 8; i++) {
		sluss_tree_root(tree, &root);
		hex(roots[i], &expected);
		assert_memory_equal(root.b, expected.b, SLUSS_HASH_BYTES);
		if (i == 8)
			break;
		struct sluss_hash leaf;
		sluss_hash_leaf(entries[i], lens[i], &leaf);
		sluss_tree_begin(tree);
		assert_int_equal(sluss_tree_append(tree, &leaf), SLUSS_TREE_OK);
		store_batch(tree, &tiles);
	}
	sluss_tree_close(&tree);
	free(tiles.list);
}

// The proof of one entry in one tree is the naive one, verifies, and does not verify when anything in it is changed.
static void check_proof(
    struct sluss_tree *tree, uint64_t index, uint64_t size, const struct sluss_hash *root, bool naive)
{
	struct sluss_tree_proof proof;
	struct sluss_hash expected[64];
	struct sluss_hash leaf = leaf_of(index);
	assert_int_equal(sluss_tree_prove(tree, index, size, &proof), SLUSS_TREE_OK);
	assert_true(sluss_verify_inclusion(&leaf, index, size, proof.hashes, proof.count, root));
	if (!naive)
		return;
	assert_int_equal(proof.count, naive_path(index, 0, size, expected));
	assert_memory_equal(proof.hashes, expected, proof.count * SLUSS_HASH_BYTES);
	for (size_t i = 0; i < proof.count; i++) {
		proof.hashes[i].b[index % 32] ^= 1;
		assert_false(sluss_verify_inclusion(&leaf, index, size, proof.hashes, proof.count, root));
		proof.hashes[i].b[index % 32] ^= 1;
	}
	leaf.b[7] ^= 0x80;
	assert_false(sluss_verify_inclusion(&leaf, index, size, proof.hashes, proof.count, root));
	leaf.b[7] ^= 0x80;
	assert_false(sluss_verify_inclusion(&leaf, index + 1, size, proof.hashes, proof.count, root));
	assert_false(sluss_verify_inclusion(&leaf, index, size, proof.hashes, proof.count + 1, root));
	if (proof.count > 0)
		assert_false(sluss_verify_inclusion(&leaf, index, size, proof.hashes, proof.count - 1, root));
}

static void check_consistency(struct sluss_tree *tree, uint64_t old, uint64_t size, const struct sluss_hash *roots)
{
	struct sluss_tree_consistency proof;
	struct sluss_hash expected[SLUSS_TREE_CONSISTENCY_MAX];
	assert_int_equal(sluss_tree_prove_consistency(tree, old, size, &proof), SLUSS_TREE_OK);
	assert_true(sluss_verify_consistency(old, &roots[old], size, &roots[size], proof.hashes, proof.count));
	if (old == 0 || old == size) {
		assert_int_equal(proof.count, 0);
		return;
	}
	assert_int_equal(proof.count, naive_subproof(old, 0, size, true, expected));
	assert_memory_equal(proof.hashes, expected, proof.count * SLUSS_HASH_BYTES);
	for (size_t i = 0; i < proof.count; i++) {
		proof.hashes[i].b[old % 32] ^= 4;
		assert_false(sluss_verify_consistency(old, &roots[old], size, &roots[size], proof.hashes, proof.count));
		proof.hashes[i].b[old % 32] ^= 4;
	}
	assert_false(sluss_verify_consistency(old, &roots[old - 1], size, &roots[size], proof.hashes, proof.count));
	assert_false(sluss_verify_consistency(old, &roots[old], size, &roots[size - 1], proof.hashes, proof.count));
}

// Which entries of a tree are worth a naive proof: the ends, and some between.
static bool worth(uint64_t index, uint64_t size)
{
	return size <= 40 || index < 2 || index + 2 >= size || (index * 7919 + size) % 97 == 0;
}

// One entry a batch; at each size root, all inclusion proofs, consistency with a selection, and a tree opened anew.
static void all_sizes(void **state)
{
	(void)state;
	static struct sluss_hash roots[SIZES + 1];
	struct tiles tiles = tiles_new();
	struct sluss_tree *tree = NULL;
	assert_int_equal(sluss_tree_open(0, read_tile, &tiles, &tree), SLUSS_TREE_OK);
	for (uint64_t size = 0; size <= SIZES; size++) {
		if (size > 0) {
			struct sluss_hash leaf = leaf_of(size - 1);
			sluss_tree_begin(tree);
			assert_int_equal(sluss_tree_append(tree, &leaf), SLUSS_TREE_OK);
			store_batch(tree, &tiles);
		}
		sluss_tree_root(tree, &roots[size]);
		struct sluss_hash expected = naive_root(0, size);
		assert_memory_equal(roots[size].b, expected.b, SLUSS_HASH_BYTES);
		for (uint64_t index = 0; index < size; index++)
			check_proof(tree, index, size, &roots[size], worth(index, size));
		for (uint64_t old = 0; old <= size; old++) {
			if (worth(old, size))
				check_consistency(tree, old, size, roots);
		}
		struct sluss_tree *again = NULL;
		struct sluss_hash root;
		assert_int_equal(sluss_tree_open(size, read_tile, &tiles, &again), SLUSS_TREE_OK);
		sluss_tree_root(again, &root);
		assert_memory_equal(root.b, roots[size].b, SLUSS_HASH_BYTES);
		sluss_tree_close(&again);
	}
	// Older sizes from the newest tree.
	for (uint64_t size = 1; size <= SIZES; size++) {
		struct sluss_hash root;
		assert_int_equal(sluss_tree_root_at(tree, size, &root), SLUSS_TREE_OK);
		assert_memory_equal(root.b, roots[size].b, SLUSS_HASH_BYTES);
		check_proof(tree, size / 3, size, &roots[size], true);
		check_consistency(tree, size / 2, size, roots);
	}
	sluss_tree_close(&tree);
	free(tiles.list);
}

// Batches of many sizes, cancelled now and then, give the tree that single appends give; proofs of a batch read
// nothing.
static void batches_and_cancel(void **state)
{
	(void)state;
	static const size_t lengths[] = {1, 2, 255, 256, 257, 3, 600, 1, 66000, 254, 1, 1};
	struct tiles tiles = tiles_new();
	struct sluss_tree *tree = NULL;
	uint64_t size = 0;
	assert_int_equal(sluss_tree_open(0, read_tile, &tiles, &tree), SLUSS_TREE_OK);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct sluss_hash before;
		struct sluss_hash after;
		sluss_tree_root(tree, &before);
		for (int attempt = 0; attempt < 2; attempt++) {
			sluss_tree_begin(tree);
			for (size_t j = 0; j < lengths[i]; j++) {
				struct sluss_hash leaf = leaf_of(attempt == 0 ? 999999 : size + j);
				assert_int_equal(sluss_tree_append(tree, &leaf), SLUSS_TREE_OK);
			}
			if (attempt == 1)
				break;
			const struct sluss_tree_tile *list = NULL;
			size_t count = 0;
			if (i % 2 == 0)
				assert_int_equal(sluss_tree_finish(tree, &list, &count), SLUSS_TREE_OK);
			sluss_tree_cancel(tree);
			sluss_tree_root(tree, &after);
			assert_memory_equal(before.b, after.b, SLUSS_HASH_BYTES);
			assert_int_equal(sluss_tree_size(tree), size);
		}
		store_batch(tree, &tiles);
		uint64_t begin = size;
		size += lengths[i];
		struct sluss_hash expected = naive_root(0, size);
		sluss_tree_root(tree, &after);
		assert_memory_equal(after.b, expected.b, SLUSS_HASH_BYTES);
		size_t reads = tiles.reads;
		for (uint64_t index = begin; index < size; index += 1 + lengths[i] / 100)
			check_proof(tree, index, size, &after, false);
		assert_int_equal(tiles.reads, reads);
		check_proof(tree, begin / 2, size, &after, false);
	}
	sluss_tree_close(&tree);
	free(tiles.list);
}

// Proofs of entries all over a log read each tile above the leaves once, however many tiles of leaves they read.
static void upper_tiles_stay(void **state)
{
	(void)state;
	struct tiles tiles = tiles_new();
	struct sluss_tree *tree = NULL;
	struct sluss_tree_proof proof;
	uint64_t size = 0;
	assert_int_equal(sluss_tree_open(0, read_tile, &tiles, &tree), SLUSS_TREE_OK);
	for (int batch = 0; batch < 2; batch++) {
		sluss_tree_begin(tree);
		for (size_t i = 0; i < (batch == 0 ? 66000 : 1); i++) {
			struct sluss_hash leaf = leaf_of(size++);
			assert_int_equal(sluss_tree_append(tree, &leaf), SLUSS_TREE_OK);
		}
		store_batch(tree, &tiles);
	}
	for (uint64_t index = 0; index < 2 * size; index += 256)
		assert_int_equal(sluss_tree_prove(tree, index % size, size, &proof), SLUSS_TREE_OK);
	assert_true(tiles.reads > 256);
	assert_int_equal(tiles.upper_reads, 1);
	sluss_tree_close(&tree);
	free(tiles.list);
}

// What must be refused: ranges outside, a tree whose tiles are missing or too narrow.
static void refusals(void **state)
{
	(void)state;
	struct tiles tiles = tiles_new();
	struct sluss_tree *tree = NULL;
	struct sluss_tree_proof proof;
	struct sluss_tree_consistency consistency;
	struct sluss_hash root;
	assert_int_equal(sluss_tree_open(0, read_tile, &tiles, &tree), SLUSS_TREE_OK);
	assert_int_equal(sluss_tree_prove(tree, 0, 0, &proof), SLUSS_TREE_RANGE);
	sluss_tree_begin(tree);
	for (uint64_t i = 0; i < 300; i++) {
		struct sluss_hash leaf = leaf_of(i);
		assert_int_equal(sluss_tree_append(tree, &leaf), SLUSS_TREE_OK);
	}
	store_batch(tree, &tiles);
	assert_int_equal(sluss_tree_prove(tree, 300, 300, &proof), SLUSS_TREE_RANGE);
	assert_int_equal(sluss_tree_prove(tree, 0, 301, &proof), SLUSS_TREE_RANGE);
	assert_int_equal(sluss_tree_prove_consistency(tree, 301, 300, &consistency), SLUSS_TREE_RANGE);
	assert_int_equal(sluss_tree_root_at(tree, 301, &root), SLUSS_TREE_RANGE);
	sluss_tree_close(&tree);
	assert_int_equal(sluss_tree_open(301, read_tile, &tiles, &tree), SLUSS_TREE_UNREADABLE);
	assert_null(tree);
	// The full tile is needed only for a proof.
	assert_int_equal(sluss_tree_open(300, read_tile, &tiles, &tree), SLUSS_TREE_OK);
	for (size_t i = 0; i < tiles.count; i++) {
		if (tiles.list[i].level == 0 && tiles.list[i].index == 0)
			tiles.list[i].width = 255;
	}
	assert_int_equal(sluss_tree_prove(tree, 5, 300, &proof), SLUSS_TREE_UNREADABLE);
	assert_int_equal(sluss_tree_prove(tree, 299, 300, &proof), SLUSS_TREE_OK);
	sluss_tree_close(&tree);
	free(tiles.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_roots),
	    cmocka_unit_test(all_sizes),
	    cmocka_unit_test(batches_and_cancel),
	    cmocka_unit_test(upper_tiles_stay),
	    cmocka_unit_test(refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
