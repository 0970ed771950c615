// SPDX-License-Identifier: EUPL-1.2
// The tables behind a decision: arrays whose elements stay, the table of keys, tables by id.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/keys.h"

enum { CASES = 40, KEYS = 300 };

// Few hashes, so that many keys meet.
static uint64_t hash_of(const void *context, uint32_t kase, uint64_t key)
{
	(void)context;
	return (key % 67 + kase / 4) * UINT64_C(0x9E3779B97F4A7C15);
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

static struct sluss_id id_of(uint64_t number)
{
	struct sluss_id id = {{1}};
	memcpy(id.b + 8, &number, sizeof(number));
	return id;
}

static int64_t until_of(uint64_t kase, uint64_t key)
{
	return (INT64_C(1) << 41) + (int64_t)(kase * KEYS + key);
}

static void check_key(const struct key_table *table, uint32_t kase, uint64_t key, bool there)
{
	uint32_t number = key_table_find(table, hash_of(NULL, kase, key), kase, key);
	assert_int_equal(number != SLUSS_NOWHERE, there);
	if (!there)
		return;
	const struct key_slot *slot = key_table_slot(table, number);
	struct sluss_id id = id_of(kase * KEYS + key);
	assert_int_equal(key_slot_key(slot), key);
	assert_int_equal(slot->kase, kase + 1);
	assert_int_equal(*key_table_newest(table, number), kase * KEYS + key);
	assert_int_equal(key_slot_until_ms(slot), until_of(kase, key));
	assert_true(sluss_id_equal(&slot->permits, &id));
}

// Keys of many cases in turn, while the table grows; each hash is that of several keys and of several cases.
static void keys_of_a_case_are_its_own(void **state)
{
	(void)state;
	struct key_table table = {0};
	uint32_t parts = 0;
	assert_int_equal(key_table_find(&table, 5, 0, 0), SLUSS_NOWHERE);
	for (uint64_t key = 0; key < KEYS; key++) {
		for (uint32_t kase = 0; kase < CASES; kase++) {
			uint64_t hash = hash_of(NULL, kase, key);
			if (key > UINT64_C(8) * kase)
				continue;
			assert_true(key_table_reserve(&table, 1, hash_of, NULL));
			assert_int_equal(key_table_find(&table, hash, kase, key), SLUSS_NOWHERE);
			uint32_t number = key_table_add(&table, hash, kase, key);
			assert_int_equal(*key_table_newest(&table, number), SLUSS_NOWHERE);
			assert_int_equal(key_slot_until_ms(key_table_slot(&table, number)), 0);
			struct sluss_id id = id_of(kase * KEYS + key);
			key_slot_permit(key_table_slot(&table, number), &id, until_of(kase, key));
			*key_table_newest(&table, number) = (uint32_t)(kase * KEYS + key);
			const struct key_part *part = &table.parts[number >> KEY_PLACES_LOG2];
			assert_true(part->count * 4 <= key_part_slots(part) * 3);
			parts |= UINT32_C(1) << (number >> KEY_PLACES_LOG2);
		}
	}
	for (uint32_t kase = 0; kase < CASES; kase++) {
		for (uint64_t key = 0; key < KEYS; key++)
			check_key(&table, kase, key, key <= UINT64_C(8) * kase);
	}
	assert_true(key_table_memory(&table) >= key_table_count(&table) * sizeof(struct key_slot));
	assert_int_equal(parts, UINT32_MAX);				    // each part has some
	assert_false(key_table_reserve(&table, UINT32_MAX, hash_of, NULL)); // more than positions tell apart
	key_table_clear(&table);
	assert_int_equal(key_table_memory(&table), 0);
}

static void what_a_key_permits_ends(void **state)
{
	(void)state;
	struct key_slot slot = {.key_until = UINT64_C(0xff0412345678) << 16, .kase = 1};
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

static uint64_t hash_of_id(uint64_t number)
{
	return number / 3 * UINT64_C(0x9E3779B97F4A7C15); // each hash three times
}

static void slots_are_found_by_id(void **state)
{
	(void)state;
	enum { COUNT = 3000 };
	struct sluss_id_table table;
	sluss_id_table_init(&table, CONSENT_SLOT_LOG2);
	struct sluss_id id = id_of(0);
	assert_null(sluss_id_table_find(&table, hash_of_id(0), &id));
	assert_int_equal(sluss_id_table_slots(&table), 0);
	for (uint32_t i = 0; i < COUNT; i++) {
		id = id_of(i);
		assert_true(sluss_id_table_reserve(&table, 1));
		assert_null(sluss_id_table_find(&table, hash_of_id(i), &id));
		uint32_t number = sluss_id_table_insert(&table, hash_of_id(i), &id, i);
		struct consent_slot *slot = (struct consent_slot *)(void *)sluss_id_table_at(&table, number);
		assert_int_equal(slot->kase, 0);
		slot->kase = i + 7;
		assert_true(table.count * 2 <= sluss_id_table_slots(&table));
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		id = id_of(i);
		const struct sluss_id_slot *slot = sluss_id_table_find(&table, hash_of_id(i), &id);
		assert_non_null(slot);
		assert_int_equal(slot->at, i + 1);
		assert_int_equal(((const struct consent_slot *)(const void *)slot)->kase, i + 7);
	}
	id = id_of(COUNT);
	assert_null(sluss_id_table_find(&table, hash_of_id(COUNT - 1), &id));
	assert_false(sluss_id_table_reserve(&table, UINT32_MAX));
	assert_true(sluss_id_table_memory(&table) >= COUNT * sizeof(struct consent_slot));
	sluss_id_table_clear(&table);
	assert_int_equal(sluss_id_table_memory(&table), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(elements_stay_where_they_are),
	    cmocka_unit_test(keys_of_a_case_are_its_own),
	    cmocka_unit_test(what_a_key_permits_ends),
	    cmocka_unit_test(slots_are_found_by_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
