// SPDX-License-Identifier: EUPL-1.2
// The Stockholm calendar: daylight-saving nights, leap days, months, birthdays (ruling 6).
#include "policy/calendar.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)

static struct sluss_date date(int32_t year, unsigned month, unsigned day)
{
	return (struct sluss_date){year, (uint8_t)month, (uint8_t)day};
}

static void assert_date(int64_t at_ms, int32_t year, unsigned month, unsigned day)
{
	struct sluss_date found = sluss_date_at(at_ms);
	assert_int_equal(found.year, year);
	assert_int_equal(found.month, month);
	assert_int_equal(found.day, day);
}

static void midnights(void **state)
{
	(void)state;
	// UTC instants of local midnight, from the definition: 22:00 UTC in summer, 23:00 in winter.
	static const struct {
		struct sluss_date date;
		int64_t utc_ms;
	} cases[] = {
	    {{1970, 1, 1}, -HOUR},
	    {{2012, 1, 1}, INT64_C(1325372400000)},
	    {{2012, 7, 1}, INT64_C(1341093600000)},
	    {{2026, 3, 29}, INT64_C(1774738800000)},  // the night of the change: still winter
	    {{2026, 3, 30}, INT64_C(1774821600000)},  // a day of 23 hours later
	    {{2026, 10, 25}, INT64_C(1792879200000)}, // still summer
	    {{2026, 10, 26}, INT64_C(1792969200000)}, // a day of 25 hours later
	    {{2024, 2, 29}, INT64_C(1709161200000)},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(sluss_date_begin_ms(cases[i].date), cases[i].utc_ms);
		assert_date(cases[i].utc_ms, cases[i].date.year, cases[i].date.month, cases[i].date.day);
		struct sluss_date before = sluss_date_at(cases[i].utc_ms - 1);
		assert_true(sluss_date_compare(before, cases[i].date) < 0);
	}
}

static void offsets_change_at_one_utc(void **state)
{
	(void)state;
	int64_t spring = INT64_C(1774746000000); // 2026-03-29 01:00 UTC
	int64_t autumn = INT64_C(1792890000000); // 2026-10-25 01:00 UTC
	assert_int_equal(sluss_local_offset_ms(spring - 1), HOUR);
	assert_int_equal(sluss_local_offset_ms(spring), 2 * HOUR);
	assert_int_equal(sluss_local_offset_ms(autumn - 1), 2 * HOUR);
	assert_int_equal(sluss_local_offset_ms(autumn), HOUR);
}

static void every_day_of_four_centuries_has_one_begin(void **state)
{
	(void)state;
	struct sluss_date day = date(1900, 1, 1);
	int64_t begin = sluss_date_begin_ms(day);
	for (unsigned i = 0; i < 146097; i++) {
		struct sluss_date found = sluss_date_at(begin);
		assert_true(sluss_date_valid(found));
		assert_int_equal(sluss_date_begin_ms(found), begin);
		int64_t next = sluss_date_begin_ms(sluss_date_at(begin + 36 * HOUR));
		assert_true(next - begin >= 23 * HOUR && next - begin <= 25 * HOUR);
		assert_true(sluss_date_compare(found, sluss_date_at(next)) < 0);
		assert_int_equal(sluss_date_compare(sluss_date_at(next - 1), found), 0);
		begin = next;
	}
	assert_date(begin, 2300, 1, 1);
}

static void ages(void **state)
{
	(void)state;
	static const struct {
		struct sluss_date birth, on;
		enum sluss_leap_day rule;
		int age;
	} cases[] = {
	    {{2010, 5, 4}, {2026, 5, 3}, SLUSS_LEAP_DAY_FEB_28, 15},
	    {{2010, 5, 4}, {2026, 5, 4}, SLUSS_LEAP_DAY_FEB_28, 16},
	    {{2010, 5, 4}, {2010, 5, 4}, SLUSS_LEAP_DAY_FEB_28, 0},
	    {{2010, 5, 4}, {2010, 5, 3}, SLUSS_LEAP_DAY_FEB_28, SLUSS_AGE_UNKNOWN},
	    {{2008, 2, 29}, {2026, 2, 27}, SLUSS_LEAP_DAY_FEB_28, 17},
	    {{2008, 2, 29}, {2026, 2, 28}, SLUSS_LEAP_DAY_FEB_28, 18},
	    {{2008, 2, 29}, {2026, 2, 28}, SLUSS_LEAP_DAY_MAR_1, 17},
	    {{2008, 2, 29}, {2026, 3, 1}, SLUSS_LEAP_DAY_MAR_1, 18},
	    {{2008, 2, 29}, {2028, 2, 28}, SLUSS_LEAP_DAY_FEB_28, 19},
	    {{2008, 2, 29}, {2028, 2, 29}, SLUSS_LEAP_DAY_FEB_28, 20},
	    {{2010, 2, 30}, {2026, 1, 1}, SLUSS_LEAP_DAY_FEB_28, SLUSS_AGE_UNKNOWN},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(sluss_age_on(cases[i].birth, cases[i].on, cases[i].rule), cases[i].age);
}

static void birthdays_begin_at_local_midnight(void **state)
{
	(void)state;
	assert_int_equal(
	    sluss_birthday_ms(date(2008, 7, 1), 18, SLUSS_LEAP_DAY_FEB_28), sluss_date_begin_ms(date(2026, 7, 1)));
	assert_int_equal(sluss_birthday_ms(date(2008, 3, 29), 18, SLUSS_LEAP_DAY_FEB_28), INT64_C(1774738800000));
	assert_int_equal(
	    sluss_birthday_ms(date(2008, 2, 29), 18, SLUSS_LEAP_DAY_FEB_28), sluss_date_begin_ms(date(2026, 2, 28)));
	assert_int_equal(
	    sluss_birthday_ms(date(2008, 2, 29), 18, SLUSS_LEAP_DAY_MAR_1), sluss_date_begin_ms(date(2026, 3, 1)));
	assert_int_equal(
	    sluss_birthday_ms(date(2008, 2, 29), 20, SLUSS_LEAP_DAY_MAR_1), sluss_date_begin_ms(date(2028, 2, 29)));
}

static void months(void **state)
{
	(void)state;
	int64_t leap = sluss_date_begin_ms(date(2024, 2, 29)) + 10 * HOUR;
	assert_int_equal(sluss_add_months_ms(leap, 12), sluss_date_begin_ms(date(2025, 2, 28)) + 10 * HOUR);
	int64_t january = sluss_date_begin_ms(date(2026, 1, 31)) + 9 * HOUR;
	assert_int_equal(sluss_add_months_ms(january, 1), sluss_date_begin_ms(date(2026, 2, 28)) + 9 * HOUR);
	// The same wall time on the other side of a change of clocks.
	assert_int_equal(sluss_add_months_ms(january, 6), sluss_date_begin_ms(date(2026, 7, 31)) + 9 * HOUR);
	assert_int_equal(sluss_add_months_ms(january, -2), sluss_date_begin_ms(date(2025, 11, 30)) + 9 * HOUR);
	// 02:30 does not exist on 29 March 2026: the clock shows 03:30. It comes twice on 25 October: the first.
	int64_t half_past_two = sluss_date_begin_ms(date(2026, 2, 28)) + 5 * HOUR / 2;
	assert_date(sluss_add_months_ms(half_past_two + 24 * HOUR, 1), 2026, 4, 1);
	int64_t gap = sluss_date_begin_ms(date(2025, 3, 29)) + 5 * HOUR / 2;
	assert_int_equal(sluss_add_months_ms(gap, 12), sluss_date_begin_ms(date(2026, 3, 29)) + 5 * HOUR / 2);
	int64_t twice = sluss_date_begin_ms(date(2025, 10, 25)) + 5 * HOUR / 2;
	assert_int_equal(sluss_add_months_ms(twice, 12), sluss_date_begin_ms(date(2026, 10, 25)) + 5 * HOUR / 2);
}

static void texts(void **state)
{
	(void)state;
	struct sluss_date found;
	assert_true(sluss_date_parse("2008-02-29", &found));
	assert_int_equal(found.year, 2008);
	assert_int_equal(found.day, 29);
	static const char *const wrong[] = {"2007-02-29", "2008-2-29", "2008-02-29 ", "20080229", "2008-13-01",
	    "2008-00-01", "2008-01-00", "0000-01-01", "2008/01/01", "a008-01-01", "", "2008-01-"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(sluss_date_parse(wrong[i], &found));
		assert_int_equal(found.year, 0);
	}
	assert_false(sluss_date_parse(NULL, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(midnights),
	    cmocka_unit_test(offsets_change_at_one_utc),
	    cmocka_unit_test(every_day_of_four_centuries_has_one_begin),
	    cmocka_unit_test(ages),
	    cmocka_unit_test(birthdays_begin_at_local_midnight),
	    cmocka_unit_test(months),
	    cmocka_unit_test(texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
