// SPDX-License-Identifier: EUPL-1.2
// The root that the log had at a size, from the export's hash tiles (RFC 6962 section 2.1, C2SP tlog-tiles): one tile a
// level. Whether those tiles are what the entries make is looked at where they are filled (audit_tree.c).
#include "audit_impl.h"
#include "log_tile.h"

static bool read_tile(struct audit *audit, unsigned level, uint64_t index, size_t needed, uint8_t *hashes_out)
{
	char path[SLUSS_TILE_PATH_MAX];
	size_t len = 0;
	const struct sluss_tile_name name = {.level = (uint8_t)level,
	    .index = index,
	    .width = sluss_tile_width((uint8_t)level, index, audit->report->size)};
	return name.width >= needed && sluss_tile_path_format(&name, path, sizeof(path)) &&
	       audit->source->read(audit->source->context, path, hashes_out, AUDIT_WIDTH * SLUSS_HASH_BYTES, &len) ==
		   SLUSS_AUDIT_READ_OK &&
	       len == (size_t)name.width * SLUSS_HASH_BYTES;
}

// The complete node over `count` (a power of two) hashes of a tile.
static struct sluss_hash node_of(const uint8_t *hashes, size_t count)
{
	struct sluss_hash row[AUDIT_WIDTH / 2];
	if (count == 1) {
		memcpy(row[0].b, hashes, SLUSS_HASH_BYTES);
		return row[0];
	}
	for (size_t i = 0; i < count / 2; i++) {
		struct sluss_hash left, right;
		memcpy(left.b, hashes + 2 * i * SLUSS_HASH_BYTES, SLUSS_HASH_BYTES);
		memcpy(right.b, hashes + (2 * i + 1) * SLUSS_HASH_BYTES, SLUSS_HASH_BYTES);
		sluss_hash_node(&left, &right, &row[i]);
	}
	for (size_t width = count / 2; width > 1; width /= 2)
		for (size_t i = 0; i < width / 2; i++)
			sluss_hash_node(&row[2 * i], &row[2 * i + 1], &row[i]);
	return row[0];
}

bool audit_root_at(struct audit *audit, uint64_t size, struct sluss_hash *root_out)
{
	uint8_t hashes[AUDIT_WIDTH * SLUSS_HASH_BYTES];
	bool any = false;
	if (size > audit->report->size)
		return false;
	sluss_hash_empty(root_out);
	for (unsigned level = 0; level < AUDIT_LEVELS; level++) {
		// Of the tile in which this size ends: the hashes before the end, one complete node for each bit.
		uint64_t nodes = size >> (8 * level);
		size_t left = (size_t)(nodes % AUDIT_WIDTH);
		if (left > 0 && !read_tile(audit, level, nodes / AUDIT_WIDTH, left, hashes))
			return false;
		for (size_t span = 1; span <= left; span *= 2) {
			if ((left & span) == 0)
				continue;
			size_t first = (left & ~(span - 1)) - span;
			struct sluss_hash node = node_of(hashes + first * SLUSS_HASH_BYTES, span), right = *root_out;
			if (any)
				sluss_hash_node(&node, &right, root_out);
			else
				*root_out = node;
			any = true;
		}
	}
	return true;
}
