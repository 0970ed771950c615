// SPDX-License-Identifier: EUPL-1.2
// From an id to a number, with removal: open addressing over a keyed hash, because the ids come from outside. Grows
// with what is in it now. Inside the verification; one thread.
#ifndef SLUSS_AGENTS_AUDIT_MAP_H
#define SLUSS_AGENTS_AUDIT_MAP_H

#include "sluss/types.h"

enum { AUDIT_NOWHERE = UINT32_MAX };

struct audit_map {
	uint64_t key[2]; // random
	struct audit_map_slot {
		struct sluss_id id; // none: free
		uint32_t value;
	} * slots;
	size_t room, count; // room: a power of two, or 0
};

void audit_map_init(struct audit_map *map, const uint8_t key[16]);
void audit_map_clear(struct audit_map *map);
// AUDIT_NOWHERE when it is not there.
uint32_t audit_map_get(const struct audit_map *map, const struct sluss_id *id);
// Adds or changes; the id is not none. False: no memory.
SLUSS_MUST_CHECK bool audit_map_put(struct audit_map *map, const struct sluss_id *id, uint32_t value);
void audit_map_remove(struct audit_map *map, const struct sluss_id *id);

#endif
