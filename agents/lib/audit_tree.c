// SPDX-License-Identifier: EUPL-1.2
// The tree in one pass (RFC 6962 section 2.1): from the leaf hashes every tile is made again and compared, octet by
// octet, with the export's; what is kept is one tile a level and one node a height, whatever the size.
#include "audit_impl.h"
#include "log_tile.h"

static void compare_tile(struct audit *audit, const struct audit_tree *tree, unsigned level, uint64_t number)
{
	uint8_t stored[AUDIT_WIDTH * SLUSS_HASH_BYTES];
	char path[SLUSS_TILE_PATH_MAX];
	size_t len = 0;
	const struct sluss_tile_name name = {
	    .level = (uint8_t)level, .index = number, .width = tree->tile[level].width};
	if (!sluss_tile_path_format(&name, path, sizeof(path)))
		return;
	size_t want = (size_t)name.width * SLUSS_HASH_BYTES;
	enum sluss_audit_read result = audit->source->read(audit->source->context, path, stored, sizeof(stored), &len);
	if (result == SLUSS_AUDIT_READ_ABSENT)
		audit_find(audit, SLUSS_AUDIT_FILE_MISSING, "%s is missing", path);
	else if (result != SLUSS_AUDIT_READ_OK || len != want || memcmp(stored, tree->tile[level].hashes, want) != 0)
		audit_find(audit, SLUSS_AUDIT_TILE_DIFFERS, "%s is not what the entries below it make", path);
}

static void add(struct audit *audit, struct audit_tree *tree, unsigned level, const struct sluss_hash *hash)
{
	if (level >= AUDIT_LEVELS)
		return;
	memcpy(
	    tree->tile[level].hashes + (size_t)tree->tile[level].width * SLUSS_HASH_BYTES, hash->b, SLUSS_HASH_BYTES);
	if (++tree->tile[level].width < AUDIT_WIDTH)
		return;
	compare_tile(audit, tree, level, tree->size >> (8 * (level + 1)));
	tree->tile[level].width = 0;
}

void audit_tree_push(struct audit *audit, struct audit_tree *tree, const struct sluss_hash *leaf)
{
	struct sluss_hash node = *leaf;
	unsigned height = 0;
	add(audit, tree, 0, leaf);
	for (; ((tree->size >> height) & 1) != 0; height++) {
		sluss_hash_node(&tree->edge[height], &node, &node);
		if ((height + 1) % 8 == 0)
			add(audit, tree, (height + 1) / 8, &node);
	}
	tree->edge[height] = node;
	tree->size++;
}

void audit_tree_finish(struct audit *audit, struct audit_tree *tree)
{
	for (unsigned level = 0; level < AUDIT_LEVELS; level++) {
		if (tree->tile[level].width > 0)
			compare_tile(audit, tree, level, tree->size >> (8 * (level + 1)));
	}
}

void audit_tree_root(const struct audit_tree *tree, struct sluss_hash *root_out)
{
	bool some = false;
	sluss_hash_empty(root_out);
	for (unsigned height = 0; height < 64; height++) {
		if (((tree->size >> height) & 1) == 0)
			continue;
		if (some)
			sluss_hash_node(&tree->edge[height], root_out, root_out);
		else
			*root_out = tree->edge[height];
		some = true;
	}
}
