// SPDX-License-Identifier: EUPL-1.2
// Counts of months: what counts where, and when a month begins.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "month_counts.h"

static const int64_t january = INT64_C(1769900399999);	// 2026-01-31T22:59:59.999Z
static const int64_t february = INT64_C(1769904000000); // 2026-02-01T00:00:00Z

static void test_counts(void **state)
{
	(void)state;
	struct sluss_months months = {0};
	struct sluss_pair pairs[] = {{.reason = SLUSS_OK_CONSENT, .ground = SLUSS_GROUND_CONSENT},
	    {.reason = SLUSS_OK_STATUTE, .ground = SLUSS_GROUND_STATUTORY}, {.reason = SLUSS_NO_GRANT}};
	struct sluss_record denied = {.type = SLUSS_REC_MESSAGE_DENIED, .at_ms = january};
	struct sluss_record released = {.type = SLUSS_REC_RELEASED, .at_ms = february};
	struct sluss_record withdrawal = {.type = SLUSS_REC_WITHDRAWAL, .at_ms = february};
	struct sluss_record restart = {.type = SLUSS_REC_RESTART, .at_ms = february * 2};
	denied.u.message_denied.pairs = released.u.released.pairs = pairs;
	denied.u.message_denied.pair_count = 3;
	released.u.released.pair_count = 2;
	assert_true(sluss_months_apply(&months, &denied));
	assert_true(sluss_months_apply(&months, &released));
	assert_true(sluss_months_apply(&months, &withdrawal));
	assert_true(sluss_months_apply(&months, &restart)); // says nothing, makes no month
	assert_int_equal(months.count, 2);
	assert_int_equal(months.months[0].month, 2026 * 12);
	assert_int_equal(months.months[0].denied, 1);
	assert_int_equal(months.months[0].released, 0);
	assert_int_equal(months.months[1].month, 2026 * 12 + 1);
	assert_int_equal(months.months[1].released, 2);
	assert_int_equal(months.months[1].statutory, 1);
	assert_int_equal(months.months[1].withdrawals, 1);
	sluss_months_free(&months);
	assert_int_equal(months.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
