// SPDX-License-Identifier: EUPL-1.2
// Values that came more than once are found wherever they stand: in memory, on pages that went to the file, far apart,
// and when a part is looked through in several rounds; each once for every time that it came again, in order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit_impl.h"

struct found {
	size_t count;
	struct {
		uint32_t number;
		uint64_t first, again;
	} list[16];
};

static void note(void *to, const uint8_t value[AUDIT_SEEN_BYTES], uint64_t first, uint64_t again)
{
	struct found *found = to;
	assert_true(found->count < sizeof(found->list) / sizeof(found->list[0]));
	memcpy(&found->list[found->count].number, value, sizeof(uint32_t));
	found->list[found->count].first = first;
	found->list[found->count].again = again;
	found->count++;
}

static void add(struct audit_seen *seen, uint32_t number, uint64_t index)
{
	uint8_t value[AUDIT_SEEN_BYTES] = {0};
	memcpy(value, &number, sizeof(number));
	assert_true(audit_seen_add(seen, value, index));
}

static const uint64_t *again_of(const struct found *found, uint32_t number, uint64_t first, size_t nth)
{
	for (size_t i = 0; i < found->count; i++) {
		if (found->list[i].number == number && found->list[i].first == first && nth-- == 0)
			return &found->list[i].again;
	}
	fail_msg("%u is not reported that often", number);
	return NULL;
}

// `count` values; 7 comes again beside it, 100 after half of the others and at the end, the last one as well.
static void repeat(uint32_t count, size_t held_max)
{
	struct audit_seen *seen = audit_seen_new(held_max);
	struct found found = {0};
	assert_non_null(seen);
	for (uint32_t i = 0; i < count; i++) {
		add(seen, i, i);
		if (i == 7)
			add(seen, 7, 1000001);
		if (i == count / 2)
			add(seen, 100, 1000002);
	}
	add(seen, 100, 1000003);
	add(seen, count - 1, 1000004);
	assert_true(audit_seen_twice(seen, note, &found));
	assert_int_equal(found.count, 4);
	assert_int_equal(*again_of(&found, 7, 7, 0), 1000001);
	assert_int_equal(*again_of(&found, 100, 100, 0), 1000002);
	assert_int_equal(*again_of(&found, 100, 100, 1), 1000003);
	assert_int_equal(*again_of(&found, count - 1, count - 1, 0), 1000004);
	audit_seen_free(&seen);
	assert_null(seen);
}

static void found_in_memory(void **state)
{
	(void)state;
	repeat(1000, AUDIT_SEEN_HELD);
}

static void found_on_pages(void **state)
{
	(void)state;
	repeat(200000, AUDIT_SEEN_HELD);
}

static void found_in_rounds(void **state)
{
	(void)state;
	repeat(200000, 500);
}

static void nothing_twice(void **state)
{
	struct audit_seen *seen = audit_seen_new(AUDIT_SEEN_HELD);
	struct found found = {0};
	(void)state;
	assert_non_null(seen);
	assert_true(audit_seen_twice(seen, note, &found));
	for (uint32_t i = 0; i < 100000; i++)
		add(seen, i, i);
	assert_true(audit_seen_twice(seen, note, &found));
	assert_int_equal(found.count, 0);
	audit_seen_free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(found_in_memory),
	    cmocka_unit_test(found_on_pages),
	    cmocka_unit_test(found_in_rounds),
	    cmocka_unit_test(nothing_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
