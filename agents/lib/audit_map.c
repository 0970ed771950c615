// SPDX-License-Identifier: EUPL-1.2
#include "audit_map.h"

#include <stdlib.h>

#include "policy/hash.h"

void audit_map_init(struct audit_map *map, const uint8_t key[16])
{
	*map = (struct audit_map){.room = 0};
	memcpy(map->key, key, sizeof(map->key));
}

void audit_map_clear(struct audit_map *map)
{
	free(map->slots);
	map->slots = NULL;
	map->room = map->count = 0;
}

static size_t home(const struct audit_map *map, const struct sluss_id *id)
{
	struct sluss_hash_key key = {map->key[0], map->key[1]};
	uint64_t words[2];
	memcpy(words, id->b, sizeof(words));
	return (size_t)sluss_hash_words(&key, words[0], words[1]) & (map->room - 1);
}

// The slot of the id, or the free one where it would stand. There is always a free one.
static size_t find(const struct audit_map *map, const struct sluss_id *id)
{
	size_t at = home(map, id);
	while (!sluss_id_is_none(&map->slots[at].id) && !sluss_id_equal(&map->slots[at].id, id))
		at = (at + 1) & (map->room - 1);
	return at;
}

uint32_t audit_map_get(const struct audit_map *map, const struct sluss_id *id)
{
	if (map->room == 0 || sluss_id_is_none(id))
		return AUDIT_NOWHERE;
	size_t at = find(map, id);
	return sluss_id_is_none(&map->slots[at].id) ? AUDIT_NOWHERE : map->slots[at].value;
}

static bool grow(struct audit_map *map)
{
	struct audit_map larger = *map;
	larger.room = map->room == 0 ? 64 : map->room * 2;
	larger.slots = calloc(larger.room, sizeof(*larger.slots));
	if (larger.slots == NULL)
		return false;
	for (size_t i = 0; i < map->room; i++) {
		if (!sluss_id_is_none(&map->slots[i].id))
			larger.slots[find(&larger, &map->slots[i].id)] = map->slots[i];
	}
	free(map->slots);
	*map = larger;
	return true;
}

bool audit_map_put(struct audit_map *map, const struct sluss_id *id, uint32_t value)
{
	if ((map->count + 1) * 4 > map->room * 3 && !grow(map))
		return false;
	size_t at = find(map, id);
	if (sluss_id_is_none(&map->slots[at].id))
		map->count++;
	map->slots[at] = (struct audit_map_slot){*id, value};
	return true;
}

void audit_map_remove(struct audit_map *map, const struct sluss_id *id)
{
	if (map->room == 0 || sluss_id_is_none(id))
		return;
	size_t gap = find(map, id);
	if (sluss_id_is_none(&map->slots[gap].id))
		return;
	map->count--;
	// What stands behind and may stand in the gap moves there (Knuth, volume 3, 6.4, algorithm R).
	for (size_t at = (gap + 1) & (map->room - 1); !sluss_id_is_none(&map->slots[at].id);
	     at = (at + 1) & (map->room - 1)) {
		size_t from = home(map, &map->slots[at].id);
		if (((at - from) & (map->room - 1)) < ((at - gap) & (map->room - 1)))
			continue;
		map->slots[gap] = map->slots[at];
		gap = at;
	}
	map->slots[gap] = (struct audit_map_slot){.value = 0};
}
