// SPDX-License-Identifier: EUPL-1.2
// A table from ids to a 64-bit number: 24 octets an entry, open addressing, keyed hash (SipHash-2-4) so that nobody can
// choose ids that collide. Nothing is ever taken out. Threads: one at a time.
#ifndef SLUSS_CORE_IDMAP_H
#define SLUSS_CORE_IDMAP_H

#include "sluss/types.h"

struct sluss_idmap {
	uint8_t hash_key[16];
	struct sluss_idmap_entry *entries;
	size_t room, count; // room is a power of two, or 0
};

void sluss_idmap_init(struct sluss_idmap *map, const uint8_t hash_key[16]);
void sluss_idmap_free(struct sluss_idmap *map);
// Adds or replaces. False: no memory, the map is as before. The nil id is refused.
SLUSS_MUST_CHECK bool sluss_idmap_put(struct sluss_idmap *map, const struct sluss_id *id, uint64_t value);
SLUSS_MUST_CHECK bool sluss_idmap_get(const struct sluss_idmap *map, const struct sluss_id *id, uint64_t *value_out);

#endif
