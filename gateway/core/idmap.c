// SPDX-License-Identifier: EUPL-1.2
// Invariant: at most two thirds of the places are taken; a place is free when its id is nil.
#include "idmap.h"

#include <sodium.h>
#include <stdlib.h>

enum { FIRST_ROOM = 1024 };

struct sluss_idmap_entry {
	struct sluss_id id;
	uint64_t value;
};

void sluss_idmap_init(struct sluss_idmap *map, const uint8_t hash_key[16])
{
	*map = (struct sluss_idmap){0};
	memcpy(map->hash_key, hash_key, sizeof(map->hash_key));
}

void sluss_idmap_free(struct sluss_idmap *map)
{
	free(map->entries);
	map->entries = NULL;
	map->room = map->count = 0;
}

static uint64_t hash_of(const struct sluss_idmap *map, const struct sluss_id *id)
{
	uint64_t hash;
	_Static_assert(sizeof(hash) == crypto_shorthash_BYTES && sizeof(map->hash_key) == crypto_shorthash_KEYBYTES,
	    "SipHash-2-4");
	crypto_shorthash((uint8_t *)&hash, id->b, sizeof(id->b), map->hash_key);
	return hash;
}

// The place of the id, or the free one where it belongs.
static struct sluss_idmap_entry *place_of(const struct sluss_idmap *map, const struct sluss_id *id)
{
	size_t mask = map->room - 1;
	for (size_t i = (size_t)hash_of(map, id) & mask;; i = (i + 1) & mask)
		if (sluss_id_is_none(&map->entries[i].id) || sluss_id_equal(&map->entries[i].id, id))
			return &map->entries[i];
}

static bool grow(struct sluss_idmap *map)
{
	struct sluss_idmap larger = *map;
	larger.room = map->room == 0 ? FIRST_ROOM : map->room * 2;
	larger.entries = calloc(larger.room, sizeof(*larger.entries));
	if (larger.entries == NULL)
		return false;
	for (size_t i = 0; i < map->room; i++)
		if (!sluss_id_is_none(&map->entries[i].id))
			*place_of(&larger, &map->entries[i].id) = map->entries[i];
	free(map->entries);
	*map = larger;
	return true;
}

bool sluss_idmap_put(struct sluss_idmap *map, const struct sluss_id *id, uint64_t value)
{
	if (sluss_id_is_none(id) || ((map->count + 1) * 3 > map->room * 2 && !grow(map)))
		return false;
	struct sluss_idmap_entry *entry = place_of(map, id);
	if (sluss_id_is_none(&entry->id))
		map->count++;
	*entry = (struct sluss_idmap_entry){*id, value};
	return true;
}

bool sluss_idmap_get(const struct sluss_idmap *map, const struct sluss_id *id, uint64_t *value_out)
{
	*value_out = 0;
	if (map->room == 0 || sluss_id_is_none(id))
		return false;
	const struct sluss_idmap_entry *entry = place_of(map, id);
	*value_out = entry->value;
	return !sluss_id_is_none(&entry->id);
}
