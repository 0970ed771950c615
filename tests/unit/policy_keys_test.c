// SPDX-License-Identifier: EUPL-1.2
// The tables behind a decision: arrays whose elements stay, tables of keys that grow and give their blocks back, the
// index of cases.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/keys.h"

enum { CASES = 40, KEYS = 300 };

// Few hashes, so that many keys meet.
static uint64_t hash_of(const void *context, uint64_t key)
{
	return (key % 7) * UINT64_C(0x9E3779B97F4A7C15) ^ *(const uint64_t *)context;
}

static void elements_stay_where_they_are(void **state)
{
	(void)state;
	enum { COUNT = 5000 };
	struct sluss_array array;
	uint64_t *first[COUNT];
	sluss_array_init(&array, sizeof(uint64_t));
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_int_equal(sluss_array_append(&array), i);
		first[i] = sluss_array_at(&array, i);
		assert_int_equal(*first[i], 0);
		*first[i] = i;
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_ptr_equal(sluss_array_at(&array, i), first[i]);
		assert_int_equal(*first[i], i);
	}
	assert_true(sluss_array_memory(&array) >= COUNT * sizeof(uint64_t));
	assert_false(sluss_array_reserve(&array, UINT32_MAX));
	sluss_array_clear(&array);
	assert_int_equal(sluss_array_memory(&array), 0);
}

static void blocks_lie_side_by_side(void **state)
{
	(void)state;
	struct sluss_array array;
	sluss_array_init(&array, 64);
	for (unsigned log2 = 0; log2 < 14; log2++) {
		for (unsigned again = 0; again < 3; again++) {
			uint32_t at = sluss_array_append_block(&array, log2);
			assert_true(at != 0 && at != SLUSS_NOWHERE && at % (1u << log2) == 0);
			uint8_t *begin = sluss_array_at(&array, at);
			assert_ptr_equal(sluss_array_at(&array, at + (1u << log2) - 1), begin + (64u << log2) - 64);
			assert_int_equal((uintptr_t)begin % 64, 0);
		}
	}
	sluss_array_clear(&array);
}

static struct sluss_id id_of(uint64_t number)
{
	struct sluss_id id = {{1}};
	memcpy(id.b + 8, &number, sizeof(number));
	return id;
}

static void check_table(const struct key_pool *pool, const struct key_table *table, uint64_t kase, unsigned count)
{
	for (uint64_t key = 0; key < KEYS; key++) {
		const struct key_slot *slot = key_table_find(pool, table, hash_of(&kase, key), key);
		assert_int_equal(slot != NULL, key < count);
		if (slot == NULL)
			continue;
		struct sluss_id id = id_of(kase * KEYS + key);
		assert_int_equal(key_slot_key(slot), key);
		assert_int_equal(slot->newest, kase * KEYS + key + 1);
		assert_int_equal(key_slot_until_ms(slot), (int64_t)(INT64_C(1) << 41) + (int64_t)key);
		assert_true(sluss_id_equal(&slot->permits, &id));
	}
}

// Many cases grow in turn: their blocks lie among one another, and what one gives back another takes.
static void keys_of_a_case_are_its_own(void **state)
{
	(void)state;
	struct key_pool pool;
	struct key_table tables[CASES] = {0};
	key_pool_init(&pool);
	for (uint64_t key = 0; key < KEYS; key++) {
		for (uint64_t kase = 0; kase < CASES; kase++) {
			struct key_table *table = &tables[kase];
			if (key > 8 * kase)
				continue;
			assert_true(key_table_reserve(&pool, table, 1, hash_of, &kase));
			struct key_slot *slot = key_table_add(&pool, table, hash_of(&kase, key), key);
			struct sluss_id id = id_of(kase * KEYS + key);
			slot->newest = (uint32_t)(kase * KEYS + key + 1);
			key_slot_permit(slot, &id, (INT64_C(1) << 41) + (int64_t)key);
			assert_true(table->count * 8 <= key_table_slots(table) * 5);
		}
	}
	for (uint64_t kase = 0; kase < CASES; kase++)
		check_table(&pool, &tables[kase], kase, kase * 8 + 1 < KEYS ? (unsigned)kase * 8 + 1 : KEYS);
	// Cases that grow all at the same time leave their former blocks, half as large each, and the gaps before
	// aligned ones; a new case takes from these before the pool grows.
	size_t needed = 0;
	for (unsigned i = 0; i < CASES; i++)
		needed += (size_t)1 << tables[i].lines_log2;
	assert_true(pool.lines.count < 3 * needed);
	uint32_t count = pool.lines.count;
	struct key_table late = {0};
	uint64_t kase = CASES;
	assert_true(key_table_reserve(&pool, &late, 10, hash_of, &kase));
	assert_int_equal(pool.lines.count, count);
	key_pool_clear(&pool);
}

static void what_a_key_permits_ends(void **state)
{
	(void)state;
	struct key_slot slot = {.key_until = UINT64_C(0xff0412345678) << 16, .newest = 1};
	struct sluss_id id = id_of(7);
	key_slot_permit(&slot, &id, INT64_MAX); // beyond what fits: sooner
	assert_int_equal(key_slot_until_ms(&slot), (INT64_C(1) << 48) - 1);
	assert_int_equal(key_slot_key(&slot), UINT64_C(0xff0412345678));
	key_slot_permit(&slot, &id, INT64_C(1767225600123));
	assert_int_equal(key_slot_until_ms(&slot), INT64_C(1767225600123));
	assert_true(sluss_id_equal(&slot.permits, &id));
	for (int64_t never = 0; never > -2; never--) {
		key_slot_permit(&slot, &id, never);
		assert_int_equal(key_slot_until_ms(&slot), 0);
		assert_true(sluss_id_is_none(&slot.permits));
	}
	assert_int_equal(key_slot_key(&slot), UINT64_C(0xff0412345678));
}

static void cases_are_found_by_hash(void **state)
{
	(void)state;
	enum { COUNT = 3000 };
	struct case_index index = {0};
	uint32_t probe = 0;
	assert_null(case_index_next(&index, 5, &probe));
	for (uint32_t i = 0; i < COUNT; i++) {
		uint64_t hash = (uint64_t)(i / 3) * UINT64_C(0x9E3779B97F4A7C15); // each hash three times
		assert_true(case_index_reserve(&index, 1));
		case_index_insert(&index, hash, i);
		case_index_moved(&index, hash, i, &(struct key_table){.first = i + 10, .lines_log2 = i % 5});
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		uint64_t hash = (uint64_t)(i / 3) * UINT64_C(0x9E3779B97F4A7C15);
		unsigned found = 0;
		probe = 0;
		for (const struct case_slot *slot; (slot = case_index_next(&index, hash, &probe)) != NULL;) {
			assert_int_equal(slot->first, slot->kase - 1 + 10);
			assert_int_equal(slot->lines_log2, (slot->kase - 1) % 5);
			found += slot->kase == i + 1;
		}
		assert_int_equal(found, 1);
	}
	assert_true(case_index_memory(&index) >= COUNT * sizeof(struct case_slot));
	case_index_clear(&index);
	assert_int_equal(case_index_memory(&index), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(elements_stay_where_they_are),
	    cmocka_unit_test(blocks_lie_side_by_side),
	    cmocka_unit_test(keys_of_a_case_are_its_own),
	    cmocka_unit_test(what_a_key_permits_ends),
	    cmocka_unit_test(cases_are_found_by_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
