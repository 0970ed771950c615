// SPDX-License-Identifier: EUPL-1.2
// The index of cases: entries newest first over many blocks, persons' cases, messages that touch another case.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "case_index.h"

enum { CASES = 3, PLACES = 200 };

static struct sluss_id id(uint8_t kind, uint8_t number)
{
	return (struct sluss_id){{kind, number}};
}

static void apply(struct sluss_case_index *index, const struct sluss_record *record, uint64_t place)
{
	assert_true(sluss_case_index_apply(index, NULL, record, place)); // none of these records asks the state
}

static void test_entries(void **state)
{
	(void)state;
	static const uint8_t key[16] = {1};
	struct sluss_case_index *index = sluss_case_index_new(key);
	for (uint64_t place = 0; place < PLACES; place++) {
		struct sluss_record record = {.type = SLUSS_REC_PHASE_SET};
		record.u.phase_set.case_id = id('c', (uint8_t)(place % CASES));
		apply(index, &record, place);
	}
	for (uint64_t before = 0; before <= PLACES; before++) {
		struct sluss_id wanted = id('c', 1);
		struct sluss_case_cursor cursor;
		uint64_t place, next = 0;
		for (uint64_t i = 1; i < before; i += CASES)
			next = i;
		sluss_case_entries(index, &wanted, before, &cursor);
		for (; next > 0 && before > 1; next = next > CASES ? next - CASES : 0) {
			assert_true(sluss_case_entry_next(&cursor, &place));
			assert_int_equal(place, next);
		}
		assert_false(sluss_case_entry_next(&cursor, &place));
	}
	struct sluss_id unknown = id('c', 9);
	struct sluss_case_cursor none;
	uint64_t place;
	sluss_case_entries(index, &unknown, UINT64_MAX, &none);
	assert_false(sluss_case_entry_next(&none, &place));
	sluss_case_index_free(&index);
	assert_null(index);
}

static void test_persons(void **state)
{
	(void)state;
	static const uint8_t key[16] = {2};
	struct sluss_case_index *index = sluss_case_index_new(key);
	struct sluss_id person = id('p', 1), guardians[] = {id('p', 2), id('p', 1)}, found;
	for (uint8_t i = 0; i < CASES; i++) {
		struct sluss_record opened = {.type = SLUSS_REC_CASE_OPENED};
		opened.u.case_opened.case_id = id('c', i);
		opened.u.case_opened.subject = person;
		apply(index, &opened, i);
		apply(index, &opened, (uint64_t)CASES + i); // taken in hand: still one link
	}
	struct sluss_record set = {.type = SLUSS_REC_GUARDIANS_SET};
	set.u.guardians_set.case_id = id('c', 7);
	set.u.guardians_set.guardians = guardians;
	set.u.guardians_set.guardian_count = 2;
	apply(index, &set, 10);
	assert_true(sluss_person_case(index, &guardians[0], 0, &found));
	assert_int_equal(found.b[1], 7);
	assert_false(sluss_person_case(index, &guardians[0], 1, &found));
	for (size_t i = 0; i < CASES + 1; i++)
		assert_true(sluss_person_case(index, &person, i, &found));
	assert_int_equal(found.b[1], 0);
	assert_false(sluss_person_case(index, &person, CASES + 1, &found));
	sluss_case_index_free(&index);
}

static void test_touched(void **state)
{
	(void)state;
	static const uint8_t key[16] = {3};
	struct sluss_case_index *index = sluss_case_index_new(key);
	struct sluss_concerned friend = {.kind = SLUSS_CONCERNED_OTHER_CASE, .ref = id('c', 2)};
	struct sluss_section_label label = {.concerned = &friend, .concerned_count = 1};
	struct sluss_record accepted = {.type = SLUSS_REC_MESSAGE_ACCEPTED}, released = {.type = SLUSS_REC_RELEASED};
	struct sluss_rec_message *message = &accepted.u.message_accepted;
	message->message = released.u.released.message = id('m', 1);
	message->case_id = released.u.released.case_id = id('c', 1);
	message->sections = &label;
	message->section_count = 1;
	apply(index, &accepted, 4);
	apply(index, &released, 5);
	for (uint8_t i = 1; i <= 2; i++) {
		struct sluss_id case_id = id('c', i);
		struct sluss_case_cursor cursor;
		uint64_t place = 0;
		sluss_case_entries(index, &case_id, UINT64_MAX, &cursor);
		assert_true(sluss_case_entry_next(&cursor, &place));
		assert_int_equal(place, 5);
		assert_true(sluss_case_entry_next(&cursor, &place));
		assert_int_equal(place, 4);
		assert_false(sluss_case_entry_next(&cursor, &place));
	}
	sluss_case_index_free(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_entries),
	    cmocka_unit_test(test_persons),
	    cmocka_unit_test(test_touched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
