// SPDX-License-Identifier: EUPL-1.2
// An ordered map from octets to octets (skip list), for the store in memory. One thread at a time.
#ifndef SLUSS_STORE_MAP_H
#define SLUSS_STORE_MAP_H

#include "sluss/types.h"

struct store_map;

struct store_map_entry {
	struct sluss_bytes key;
	struct sluss_bytes value;
	bool gone; // a deletion that waits for its commit
};

struct store_map *store_map_new(void);
void store_map_free(struct store_map **map);
// Empties it.
void store_map_clear(struct store_map *map);

// Puts a copy in place of what is there. False: no memory.
SLUSS_MUST_CHECK bool store_map_put(struct store_map *map, struct sluss_bytes key, struct sluss_bytes value, bool gone);

// Removes and wipes an entry; nothing happens when there is none.
void store_map_remove(struct store_map *map, struct sluss_bytes key);

// The first entry whose key is not less than `key` (after: greater); NULL past the end. Valid until that entry is
// changed.
const struct store_map_entry *store_map_seek(const struct store_map *map, struct sluss_bytes key, bool after);

// Which of two keys comes first: < 0, 0, > 0.
int store_map_compare(struct sluss_bytes a, struct sluss_bytes b);

#endif
