// SPDX-License-Identifier: EUPL-1.2
// The ordered map of the store in memory, against a sorted array.
#include "store_map.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
	KEYS = 64, // few, so that they are replaced and removed often
	STEPS = 20000,
};

struct model {
	bool there[KEYS];
	uint8_t value[KEYS];
};

// Keys of different lengths, in the order of their numbers: 0, 0 0, 0 1, 1, 1 0, 1 1 ...
static struct sluss_bytes key_of(unsigned number, uint8_t room[2])
{
	room[0] = (uint8_t)(number / 3);
	room[1] = (uint8_t)(number % 3 == 0 ? 0 : number % 3 - 1);
	return (struct sluss_bytes){room, number % 3 == 0 ? 1 : 2};
}

// The first key of the model that is not less (after: greater).
static unsigned model_seek(const struct model *model, unsigned number, bool after)
{
	for (unsigned at = number + (after ? 1 : 0); at < KEYS; at++) {
		if (model->there[at])
			return at;
	}
	return KEYS;
}

static void like_a_sorted_array(void **state)
{
	(void)state;
	struct store_map *map = store_map_new();
	struct model model = {{false}, {0}};
	uint8_t room[2];
	assert_non_null(map);
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned number = randombytes_uniform(KEYS);
		uint8_t value = (uint8_t)step;
		struct sluss_bytes key = key_of(number, room);
		if (randombytes_uniform(3) == 0) {
			store_map_remove(map, key);
			model.there[number] = false;
		} else {
			assert_true(store_map_put(map, key, (struct sluss_bytes){&value, 1}, step % 2 == 0));
			model.there[number] = true;
			model.value[number] = value;
		}
		unsigned from = randombytes_uniform(KEYS);
		bool after = randombytes_uniform(2) == 0;
		unsigned expected = model_seek(&model, from, after);
		const struct store_map_entry *entry = store_map_seek(map, key_of(from, room), after);
		assert_true((entry == NULL) == (expected == KEYS));
		if (entry != NULL) {
			assert_int_equal(store_map_compare(entry->key, key_of(expected, room)), 0);
			assert_int_equal(entry->value.data[0], model.value[expected]);
		}
	}
	store_map_clear(map);
	assert_null(store_map_seek(map, (struct sluss_bytes){NULL, 0}, false));
	store_map_free(&map);
	store_map_free(&map);
}

static void order_of_keys(void **state)
{
	(void)state;
	uint8_t a[2];
	uint8_t b[2];
	for (unsigned i = 0; i < KEYS; i++) {
		for (unsigned j = 0; j < KEYS; j++) {
			int order = store_map_compare(key_of(i, a), key_of(j, b));
			assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(like_a_sorted_array),
	    cmocka_unit_test(order_of_keys),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
