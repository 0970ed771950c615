// SPDX-License-Identifier: EUPL-1.2
// The table of keys: growth, and what a slot says.
#include "policy/keys.h"

#include <stdlib.h>

static const int64_t until_max = (INT64_C(1) << 48) - 1;

void key_slot_permit(struct key_slot *slot, const struct sluss_id *version, int64_t until_ms)
{
	uint64_t until = until_ms <= 0 ? 0 : (uint64_t)(until_ms < until_max ? until_ms : until_max);
	slot->key_until = (slot->key_until & ~UINT64_C(0xffff)) | until >> 32;
	slot->until = (uint32_t)until;
	slot->permits = until == 0 ? (struct sluss_id){0} : *version;
}

static void clear_part(struct key_part *part)
{
	free(part->lines);
	free(part->newest);
	*part = (struct key_part){0};
}

void key_table_clear(struct key_table *table)
{
	for (uint32_t i = 0; i < KEY_PARTS; i++)
		clear_part(&table->parts[i]);
}

// The place of the first vacant slot of a search.
static uint32_t vacant(const struct key_part *part, uint64_t hash)
{
	for (uint32_t n = 0;; n++) {
		uint32_t line = key_part_line(part, hash, n);
		for (uint32_t i = 0; i < 2; i++) {
			if (part->lines[line].slots[i].kase == 0)
				return line * 2 + i;
		}
	}
}

static bool make(struct key_part *part, uint64_t lines)
{
	if (lines >= UINT64_C(1) << (KEY_PLACES_LOG2 - 1)) // the last number of all says that there is none
		return false;
	size_t size = (size_t)lines * sizeof(struct key_line);
	*part = (struct key_part){.lines = sluss_table_alloc(size), .mask = (uint32_t)(lines - 1)};
	part->newest = sluss_table_alloc((size_t)lines * 2 * sizeof(uint32_t));
	if (part->lines == NULL || part->newest == NULL) {
		clear_part(part);
		return false;
	}
	memset(part->lines, 0, size);
	return true;
}

static bool reserve_part(struct key_part *part, size_t more, key_hash_fn *hash, const void *context)
{
	uint64_t needed = (uint64_t)part->count + more;
	uint64_t slots = key_part_slots(part);
	// At most three quarters full.
	if (needed * 4 <= slots * 3)
		return true;
	uint64_t lines = slots == 0 ? 4 : slots / 2;
	while (needed * 4 > lines * 6)
		lines *= 2;
	struct key_part grown;
	if (!make(&grown, lines))
		return false;
	for (uint32_t from = 0; from < slots; from++) {
		const struct key_slot *slot = &part->lines[from / 2].slots[from % 2];
		if (slot->kase == 0)
			continue;
		uint32_t to = vacant(&grown, hash(context, slot->kase - 1, key_slot_key(slot)));
		grown.lines[to / 2].slots[to % 2] = *slot;
		grown.newest[to] = part->newest[from];
	}
	grown.count = part->count;
	clear_part(part);
	*part = grown;
	return true;
}

bool key_table_reserve(struct key_table *table, size_t more, key_hash_fn *hash, const void *context)
{
	for (uint32_t i = 0; i < KEY_PARTS; i++) {
		if (!reserve_part(&table->parts[i], more, hash, context))
			return false;
	}
	return true;
}

uint32_t key_table_add(struct key_table *table, uint64_t hash, uint32_t kase, uint64_t key)
{
	struct key_part *part = &table->parts[key_part_of(hash)];
	uint32_t place = vacant(part, hash);
	part->lines[place / 2].slots[place % 2] = (struct key_slot){.key_until = key << 16, .kase = kase + 1};
	part->newest[place] = SLUSS_NOWHERE;
	part->count++;
	return key_part_of(hash) << KEY_PLACES_LOG2 | place;
}

uint32_t key_table_count(const struct key_table *table)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < KEY_PARTS; i++)
		count += table->parts[i].count;
	return count;
}

size_t key_table_memory(const struct key_table *table)
{
	size_t slots = 0;
	for (uint32_t i = 0; i < KEY_PARTS; i++)
		slots += key_part_slots(&table->parts[i]);
	return slots * (sizeof(struct key_slot) + sizeof(uint32_t));
}
