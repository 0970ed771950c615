// SPDX-License-Identifier: EUPL-1.2
// Tile paths and entry bundles.
#include "log_tile.h"

#include "log_text.h"

#include <stdio.h>

// ---- paths

bool sluss_tile_path_format(const struct sluss_tile_name *name, char *path_out, size_t room)
{
	char level[12] = "";
	char index[40];
	char width[12] = "";
	size_t at = sizeof(index) - 1;
	if (name->width == 0 || name->width > SLUSS_TILE_WIDTH ||
	    (name->level > SLUSS_TILE_LEVEL_MAX && name->level != SLUSS_TILE_LEVEL_ENTRIES))
		return false;
	if (name->level <= SLUSS_TILE_LEVEL_MAX)
		(void)snprintf(level, sizeof(level), "%u", name->level);
	if (name->width < SLUSS_TILE_WIDTH)
		(void)snprintf(width, sizeof(width), ".p/%u", name->width);
	// Groups of three digits, the last first; all but the last begin with x.
	index[at] = '\0';
	uint64_t rest = name->index;
	for (bool last = true; last || rest != 0; last = false) {
		if (!last)
			index[--at] = '/';
		for (int i = 0; i < 3; i++, rest /= 10)
			index[--at] = (char)('0' + rest % 10);
		if (!last)
			index[--at] = 'x';
	}
	int len = snprintf(
	    path_out, room, "tile/%s/%s%s", name->level > SLUSS_TILE_LEVEL_MAX ? "entries" : level, index + at, width);
	return len > 0 && (size_t)len < room;
}

// Takes the part up to the next slash off the front; the last part has none after it.
static bool next_part(struct sluss_bytes *rest, struct sluss_bytes *part_out, bool *more_out)
{
	const uint8_t *slash = rest->len == 0 ? NULL : memchr(rest->data, '/', rest->len);
	*part_out = *rest;
	*more_out = slash != NULL;
	if (slash == NULL) {
		rest->len = 0;
		return part_out->len > 0;
	}
	part_out->len = (size_t)(slash - rest->data);
	rest->data = slash + 1;
	rest->len -= part_out->len + 1;
	return part_out->len > 0;
}

// Three digits of an index.
static bool add_group(struct sluss_bytes group, uint64_t *index)
{
	if (group.len != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (group.data[i] < '0' || group.data[i] > '9' || __builtin_mul_overflow(*index, 10u, index) ||
		    __builtin_add_overflow(*index, (uint64_t)(group.data[i] - '0'), index))
			return false;
	}
	return true;
}

static bool parse_index(struct sluss_bytes *path, struct sluss_tile_name *name, bool *partial_out)
{
	static const char suffix[] = ".p";
	struct sluss_bytes part;
	bool more = true;
	bool last = false;
	*partial_out = false;
	name->index = 0;
	while (!last) {
		if (!more || !next_part(path, &part, &more))
			return false;
		last = part.data[0] != 'x';
		if (!last) {
			part.data++;
			part.len--;
		} else if (more && part.len == 3 + sizeof(suffix) - 1 && memcmp(part.data + 3, suffix, 2) == 0) {
			part.len = 3;
			*partial_out = true;
		}
		if (!add_group(part, &name->index))
			return false;
	}
	return more == *partial_out;
}

bool sluss_tile_path_parse(struct sluss_bytes path, struct sluss_tile_name *name_out)
{
	char again[SLUSS_TILE_PATH_MAX];
	struct sluss_bytes whole = path;
	struct sluss_bytes part;
	bool more = false;
	bool partial = false;
	uint64_t number = 0;
	if (path.len >= sizeof(again) || !sluss_text_skip(&path, "tile/") || !next_part(&path, &part, &more) || !more)
		return false;
	if (sluss_text_skip(&part, "entries"))
		number = SLUSS_TILE_LEVEL_ENTRIES;
	else if (!sluss_text_decimal(part, &number) || number > SLUSS_TILE_LEVEL_MAX)
		return false;
	name_out->level = (uint8_t)number;
	name_out->width = SLUSS_TILE_WIDTH;
	if (!parse_index(&path, name_out, &partial))
		return false;
	if (partial) {
		if (!sluss_text_decimal(path, &number) || number == 0 || number >= SLUSS_TILE_WIDTH)
			return false;
		name_out->width = (uint16_t)number;
	}
	// Leading groups of zeroes and the like: only what we would write ourselves.
	return sluss_tile_path_format(name_out, again, sizeof(again)) && strlen(again) == whole.len &&
	       memcmp(again, whole.data, whole.len) == 0;
}

uint16_t sluss_tile_width(uint8_t level, uint64_t index, uint64_t size)
{
	unsigned shift = level == SLUSS_TILE_LEVEL_ENTRIES ? 0 : 8u * level;
	uint64_t hashes = shift >= 64 ? 0 : size >> shift;
	if (index > hashes / SLUSS_TILE_WIDTH)
		return 0;
	uint64_t left = hashes - index * SLUSS_TILE_WIDTH;
	return left > SLUSS_TILE_WIDTH ? SLUSS_TILE_WIDTH : (uint16_t)left;
}

// ---- bundles

size_t sluss_bundle_put(struct sluss_bytes entry, uint8_t *out, size_t room)
{
	if (entry.len > SLUSS_BUNDLE_ENTRY_MAX || room < 2 || entry.len > room - 2)
		return 0;
	out[0] = (uint8_t)(entry.len >> 8);
	out[1] = (uint8_t)entry.len;
	if (entry.len > 0)
		memcpy(out + 2, entry.data, entry.len);
	return entry.len + 2;
}

bool sluss_bundle_next(struct sluss_bytes *bundle, struct sluss_bytes *entry_out)
{
	if (bundle->len < 2)
		return false;
	size_t len = (size_t)bundle->data[0] << 8 | bundle->data[1];
	if (len > bundle->len - 2)
		return false;
	*entry_out = (struct sluss_bytes){bundle->data + 2, len};
	bundle->data += len + 2;
	bundle->len -= len + 2;
	return true;
}
