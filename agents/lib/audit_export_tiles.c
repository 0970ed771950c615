// SPDX-License-Identifier: EUPL-1.2
// Hash tiles: those at the right edge lead to the signed root, and every full one to a hash in the tile above it, so
// that nothing is kept that the log did not sign.
#include "audit_export_impl.h"

struct sluss_hash export_hash_at(const uint8_t *hashes, size_t place)
{
	struct sluss_hash hash;
	memcpy(hash.b, hashes + place * SLUSS_HASH_BYTES, SLUSS_HASH_BYTES);
	return hash;
}

// The root over 2^n hashes.
static struct sluss_hash fold(const uint8_t *hashes, size_t count)
{
	struct sluss_hash nodes[WIDTH];
	for (size_t i = 0; i < count; i++)
		nodes[i] = export_hash_at(hashes, i);
	for (; count > 1; count /= 2) {
		for (size_t i = 0; i < count / 2; i++)
			sluss_hash_node(&nodes[2 * i], &nodes[2 * i + 1], &nodes[i]);
	}
	return nodes[0];
}

// The tile as the folder has it. False: not there, or of another width.
bool export_stored_tile(struct exporting *e, struct sluss_tile_name name, uint8_t hashes[TILE_OCTETS])
{
	char path[SLUSS_TILE_PATH_MAX];
	size_t len = 0;
	return sluss_tile_path_format(&name, path, sizeof(path)) && export_have(e, path, hashes, TILE_OCTETS, &len) &&
	       len == (size_t)name.width * SLUSS_HASH_BYTES;
}

static enum sluss_export_result fetch_tile(
    struct exporting *e, struct sluss_tile_name name, uint8_t hashes[TILE_OCTETS])
{
	char path[SLUSS_TILE_PATH_MAX];
	struct sluss_bytes octets;
	if (!sluss_tile_path_format(&name, path, sizeof(path)))
		return export_fail(e, SLUSS_EXPORT_UNVERIFIED, "The checkpoint's size has no tiles.");
	enum sluss_export_result result = export_get(e, path, &octets);
	if (result != SLUSS_EXPORT_OK)
		return result;
	if (octets.len != (size_t)name.width * SLUSS_HASH_BYTES)
		return export_fail(e, SLUSS_EXPORT_UNVERIFIED, "%s has not the length that it has to have.", path);
	memcpy(hashes, octets.data, octets.len);
	return SLUSS_EXPORT_OK;
}

static enum sluss_export_result keep_tile(
    struct exporting *e, struct sluss_tile_name name, const uint8_t hashes[TILE_OCTETS])
{
	char path[SLUSS_TILE_PATH_MAX];
	if (!sluss_tile_path_format(&name, path, sizeof(path)))
		return SLUSS_EXPORT_FOLDER;
	return export_put(e, path, (struct sluss_bytes){hashes, (size_t)name.width * SLUSS_HASH_BYTES});
}

// The root of the first `size` entries, from the beginnings of one tile a level; `read` gives each.
typedef enum sluss_export_result read_edge(
    struct exporting *e, uint64_t size, unsigned level, uint16_t width, uint8_t hashes[TILE_OCTETS]);

static enum sluss_export_result root_at(
    struct exporting *e, uint64_t size, read_edge *read, struct sluss_hash *root_out)
{
	bool some = false;
	sluss_hash_empty(root_out);
	for (unsigned level = 0; level < LEVELS; level++) {
		uint8_t hashes[TILE_OCTETS];
		uint16_t width = (uint16_t)((size >> (8 * level)) & (WIDTH - 1));
		if (width == 0)
			continue;
		enum sluss_export_result result = read(e, size, level, width, hashes);
		if (result != SLUSS_EXPORT_OK)
			return result;
		for (uint16_t bit = 1; bit < WIDTH; bit = (uint16_t)(bit << 1)) {
			if ((width & bit) == 0)
				continue;
			size_t first = (size_t)width & ~((size_t)bit * 2 - 1);
			struct sluss_hash node = fold(hashes + first * SLUSS_HASH_BYTES, bit);
			if (some)
				sluss_hash_node(&node, root_out, root_out);
			else
				*root_out = node;
			some = true;
		}
	}
	return SLUSS_EXPORT_OK;
}

// Right edge of the checkpoint's own size: partial tiles, from the folder or fetched.
static enum sluss_export_result read_own_edge(
    struct exporting *e, uint64_t size, unsigned level, uint16_t width, uint8_t hashes[TILE_OCTETS])
{
	struct sluss_tile_name name = {.level = (uint8_t)level, .index = size >> (8 * (level + 1)), .width = width};
	if (export_stored_tile(e, name, hashes)) {
		e->report->kept++;
		return SLUSS_EXPORT_OK;
	}
	enum sluss_export_result result = fetch_tile(e, name, hashes);
	return result != SLUSS_EXPORT_OK ? result : keep_tile(e, name, hashes);
}

// Right edge of a former size: the beginning of a tile that the folder has now, partial or full.
static enum sluss_export_result read_former_edge(
    struct exporting *e, uint64_t size, unsigned level, uint16_t width, uint8_t hashes[TILE_OCTETS])
{
	struct sluss_tile_name name = {.level = (uint8_t)level, .index = size >> (8 * (level + 1))};
	name.width = sluss_tile_width(name.level, name.index, e->head.size);
	if (name.width >= width && export_stored_tile(e, name, hashes))
		return SLUSS_EXPORT_OK;
	return export_fail(e, SLUSS_EXPORT_FOLDER, "A tile of level %u is not in %s.", level, e->options->folder);
}

static enum sluss_export_result edges(struct exporting *e)
{
	struct sluss_hash root;
	enum sluss_export_result result = root_at(e, e->head.size, read_own_edge, &root);
	if (result != SLUSS_EXPORT_OK || sluss_hash_equal(&root, &e->head.root))
		return result;
	// One of them may be left from an export of a log that was another: fetched anew next time.
	for (unsigned level = 0; level < LEVELS; level++) {
		char path[SLUSS_TILE_PATH_MAX];
		struct sluss_tile_name name = {.level = (uint8_t)level, .index = e->head.size >> (8 * (level + 1))};
		name.width = (uint16_t)((e->head.size >> (8 * level)) & (WIDTH - 1));
		if (name.width > 0 && sluss_tile_path_format(&name, path, sizeof(path)) &&
		    export_drop(e, path) != SLUSS_EXPORT_OK)
			return SLUSS_EXPORT_FOLDER;
	}
	return export_fail(e, SLUSS_EXPORT_UNVERIFIED, "The tiles do not lead to the signed root.");
}

// What a full tile has to fold to: a hash in the tile above it.
static bool expected_hash(struct exporting *e, unsigned level, uint64_t index, struct sluss_hash *hash_out)
{
	struct sluss_tile_name name = {.level = (uint8_t)(level + 1), .index = index / WIDTH};
	name.width = sluss_tile_width(name.level, name.index, e->head.size);
	bool same = e->above.there && e->above.name.level == name.level && e->above.name.index == name.index;
	if (!same) {
		e->above.there = export_stored_tile(e, name, e->above.hashes);
		e->above.name = name;
	}
	*hash_out = export_hash_at(e->above.hashes, (size_t)(index % WIDTH));
	return e->above.there;
}

static enum sluss_export_result full_tile(struct exporting *e, unsigned level, uint64_t index)
{
	uint8_t hashes[TILE_OCTETS];
	struct sluss_hash wanted, made;
	struct sluss_tile_name name = {.level = (uint8_t)level, .index = index, .width = WIDTH};
	if (!expected_hash(e, level, index, &wanted))
		return export_fail(
		    e, SLUSS_EXPORT_FOLDER, "The tile above level %u is not in %s.", level, e->options->folder);
	if (export_stored_tile(e, name, hashes)) {
		made = fold(hashes, WIDTH);
		if (sluss_hash_equal(&made, &wanted)) {
			e->report->kept++;
			return SLUSS_EXPORT_OK;
		}
	}
	enum sluss_export_result result = fetch_tile(e, name, hashes);
	if (result != SLUSS_EXPORT_OK)
		return result;
	made = fold(hashes, WIDTH);
	if (!sluss_hash_equal(&made, &wanted))
		return export_fail(e, SLUSS_EXPORT_UNVERIFIED,
		    "Tile %llu of level %u is not the one that the root is made of.", (unsigned long long)index, level);
	return keep_tile(e, name, hashes);
}

enum sluss_export_result export_tiles(struct exporting *e)
{
	enum sluss_export_result result = edges(e);
	for (unsigned level = LEVELS - 1; level-- > 0;) {
		uint64_t count = e->head.size >> (8 * (level + 1));
		for (uint64_t index = 0; result == SLUSS_EXPORT_OK && index < count; index++) {
			result = full_tile(e, level, index);
			export_step(e);
		}
	}
	return result;
}

enum sluss_export_result export_former_root(struct exporting *e, uint64_t size, struct sluss_hash *root_out)
{
	return root_at(e, size, read_former_edge, root_out);
}
