// SPDX-License-Identifier: EUPL-1.2
// Names and contents of the log's static resources (C2SP tlog-tiles): tile paths, and entry bundles. No state, no I/O,
// any thread.
#ifndef SLUSS_LOG_TILE_H
#define SLUSS_LOG_TILE_H

#include "sluss/types.h"

enum {
	SLUSS_TILE_WIDTH = 256,
	SLUSS_TILE_LEVEL_MAX = 63,
	SLUSS_TILE_LEVEL_ENTRIES = 255, // stands for "entries" in place of a level
	SLUSS_TILE_PATH_MAX = 64,	// room for any path, with NUL
	SLUSS_BUNDLE_ENTRY_MAX = 65535, // the length prefix has 16 bits
};

// Which tile or bundle. Width 256 is a full one; a partial one has 1 to 255.
struct sluss_tile_name {
	uint8_t level; // 0 to 63, or SLUSS_TILE_LEVEL_ENTRIES
	uint64_t index;
	uint16_t width;
};

// Writes "tile/<L>/<N>[.p/<W>]" or "tile/entries/<N>[.p/<W>]" with NUL. False: no such tile, or no room.
SLUSS_MUST_CHECK bool sluss_tile_path_format(const struct sluss_tile_name *name, char *path_out, size_t room);

// Reads such a path; exactly one spelling of each is accepted. Whether the log has the tile is another question
// (sluss_tile_width).
SLUSS_MUST_CHECK bool sluss_tile_path_parse(struct sluss_bytes path, struct sluss_tile_name *name_out);

// How wide the tile is in a log of `size` entries: 0 when it has none there (empty tiles are never served), 256 when
// full. For a bundle the level is that of entries. A partial tile of a smaller, once published size is the beginning of
// this one.
uint16_t sluss_tile_width(uint8_t level, uint64_t index, uint64_t size);

// Appends one entry to a bundle: length as 16 bits, big-endian, then the octets. Returns the octets written, 0 when
// there is no room or the entry is too long.
SLUSS_MUST_CHECK size_t sluss_bundle_put(struct sluss_bytes entry, uint8_t *out, size_t room);

// Takes the next entry off the front of `bundle` (which is shortened). False: nothing left, or the bundle is cut off
// (then bundle->len is not 0).
SLUSS_MUST_CHECK bool sluss_bundle_next(struct sluss_bytes *bundle, struct sluss_bytes *entry_out);

#endif
