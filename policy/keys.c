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

void key_table_clear(struct key_table *table)
{
	free(table->lines);
	free(table->newest);
	*table = (struct key_table){0};
}

static uint32_t vacant(const struct key_table *table, uint64_t hash)
{
	for (uint32_t n = 0;; n++) {
		uint32_t line = key_table_line(table, hash, n);
		for (uint32_t i = 0; i < 2; i++) {
			if (table->lines[line].slots[i].kase == 0)
				return line * 2 + i;
		}
	}
}

static bool make(struct key_table *table, uint64_t lines)
{
	if (lines > UINT64_C(1) << 30)
		return false;
	size_t size = (size_t)lines * sizeof(struct key_line);
	*table = (struct key_table){.lines = sluss_table_alloc(size), .mask = (uint32_t)(lines - 1)};
	table->newest = sluss_table_alloc((size_t)lines * 2 * sizeof(uint32_t));
	if (table->lines == NULL || table->newest == NULL) {
		key_table_clear(table);
		return false;
	}
	memset(table->lines, 0, size);
	return true;
}

bool key_table_reserve(struct key_table *table, size_t more, key_hash_fn *hash, const void *context)
{
	uint64_t needed = (uint64_t)table->count + more;
	uint64_t slots = key_table_slots(table);
	// At most three quarters full.
	if (needed * 4 <= slots * 3)
		return true;
	uint64_t lines = slots == 0 ? 8 : slots / 2;
	while (needed * 4 > lines * 6)
		lines *= 2;
	struct key_table grown;
	if (!make(&grown, lines))
		return false;
	for (uint32_t from = 0; from < slots; from++) {
		const struct key_slot *slot = key_table_slot(table, from);
		if (slot->kase == 0)
			continue;
		uint32_t to = vacant(&grown, hash(context, slot->kase - 1, key_slot_key(slot)));
		*key_table_slot(&grown, to) = *slot;
		grown.newest[to] = table->newest[from];
	}
	grown.count = table->count;
	key_table_clear(table);
	*table = grown;
	return true;
}

uint32_t key_table_add(struct key_table *table, uint64_t hash, uint32_t kase, uint64_t key)
{
	uint32_t number = vacant(table, hash);
	*key_table_slot(table, number) = (struct key_slot){.key_until = key << 16, .kase = kase + 1};
	table->newest[number] = SLUSS_NOWHERE;
	table->count++;
	return number;
}

size_t key_table_memory(const struct key_table *table)
{
	return (size_t)key_table_slots(table) * (sizeof(struct key_slot) + sizeof(uint32_t));
}
