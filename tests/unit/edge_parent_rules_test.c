// SPDX-License-Identifier: EUPL-1.2
// What the parent does when something happens, as tables: a row is an event and what must be decided next.
#include "parent_rules.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CORE SLUSS_ROLE_CORE
#define WEB SLUSS_ROLE_WEB
#define EDGE SLUSS_ROLE_EDGE
#define KILL_ALL (SLUSS_DO_KILL_CORE | SLUSS_DO_KILL_WEB | SLUSS_DO_KILL_EDGE)
#define KILL_FRONT (SLUSS_DO_KILL_WEB | SLUSS_DO_KILL_EDGE)

struct row {
	int64_t now_ms;
	enum sluss_parent_event event;
	enum sluss_role role;
	unsigned expected;
};

static struct sluss_parent_rules rules;

static void play(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t wake_ms;
		sluss_parent_rules_note(&rules, rows[i].event, rows[i].role, rows[i].now_ms);
		unsigned actions = sluss_parent_rules_decide(&rules, rows[i].now_ms, &wake_ms);
		if (actions != rows[i].expected)
			print_message("row %zu: decided %#x, expected %#x\n", i, actions, rows[i].expected);
		assert_int_equal(actions, rows[i].expected);
	}
}
#define PLAY(rows) play(rows, sizeof(rows) / sizeof(rows[0]))

static int start(void **state)
{
	(void)state;
	sluss_parent_rules_init(&rules, false, false);
	const struct row rows[] = {
	    {1000, SLUSS_PARENT_NONE, 0, SLUSS_DO_START_CORE},
	    {1001, SLUSS_PARENT_NONE, 0, SLUSS_DO_NOTHING}, // the front waits for core's word
	    {1100, SLUSS_PARENT_READY, CORE, SLUSS_DO_START_FRONT},
	    {1101, SLUSS_PARENT_NONE, 0, SLUSS_DO_NOTHING},
	};
	PLAY(rows);
	return 0;
}

static void test_core_dies_all_die(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_DIED, CORE, KILL_FRONT},
	    {50001, SLUSS_PARENT_DIED, WEB, SLUSS_DO_NOTHING}, // edge still lives: nothing starts
	    {50002, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_START_CORE},
	    {50003, SLUSS_PARENT_NONE, 0, SLUSS_DO_NOTHING},
	    {50100, SLUSS_PARENT_READY, CORE, SLUSS_DO_START_FRONT},
	};
	PLAY(rows);
}

static void test_web_dies_edge_dies_core_stays(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_DIED, WEB, SLUSS_DO_KILL_EDGE},
	    {50001, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_START_FRONT},
	};
	PLAY(rows);
}

static void test_edge_dies_web_dies_core_stays(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_KILL_WEB},
	    {50001, SLUSS_PARENT_DIED, WEB, SLUSS_DO_START_FRONT},
	};
	PLAY(rows);
}

static void test_core_asks_for_a_new_front(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_RESTART_FRONT, CORE, KILL_FRONT},
	    {50001, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_NOTHING},
	    {50002, SLUSS_PARENT_DIED, WEB, SLUSS_DO_START_FRONT},
	};
	PLAY(rows);
}

static void test_core_dies_while_the_front_restarts(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_DIED, WEB, SLUSS_DO_KILL_EDGE},
	    {50001, SLUSS_PARENT_DIED, CORE, SLUSS_DO_NOTHING},
	    {50002, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_START_CORE},
	};
	PLAY(rows);
}

static int start_with_courier(void **state)
{
	(void)state;
	sluss_parent_rules_init(&rules, true, false);
	const struct row rows[] = {
	    {1000, SLUSS_PARENT_NONE, 0, SLUSS_DO_START_CORE | SLUSS_DO_START_COURIER},
	    {1100, SLUSS_PARENT_READY, CORE, SLUSS_DO_START_FRONT},
	    {1101, SLUSS_PARENT_NONE, 0, SLUSS_DO_NOTHING},
	};
	PLAY(rows);
	return 0;
}

static void test_courier_dies_alone(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_DIED, SLUSS_ROLE_COURIER, SLUSS_DO_START_COURIER},
	    {50001, SLUSS_PARENT_DIED, SLUSS_ROLE_COURIER, SLUSS_DO_NOTHING}, // at once again: wait
	    {50011, SLUSS_PARENT_NONE, 0, SLUSS_DO_START_COURIER},
	};
	PLAY(rows);
}

// Of the two that speak outwards neither takes the other along.
static void test_idp_and_courier_are_two(void **state)
{
	(void)state;
	sluss_parent_rules_init(&rules, true, true);
	const struct row rows[] = {
	    {1000, SLUSS_PARENT_NONE, 0, SLUSS_DO_START_CORE | SLUSS_DO_START_COURIER | SLUSS_DO_START_IDP},
	    {1100, SLUSS_PARENT_READY, CORE, SLUSS_DO_START_FRONT},
	    {50000, SLUSS_PARENT_DIED, SLUSS_ROLE_IDP, SLUSS_DO_START_IDP},
	    {50001, SLUSS_PARENT_DIED, SLUSS_ROLE_IDP, SLUSS_DO_NOTHING}, // at once again: wait
	    {50002, SLUSS_PARENT_DIED, SLUSS_ROLE_COURIER, SLUSS_DO_START_COURIER},
	    {50011, SLUSS_PARENT_NONE, 0, SLUSS_DO_START_IDP},
	    {60000, SLUSS_PARENT_DIED, CORE, KILL_FRONT | SLUSS_DO_KILL_COURIER | SLUSS_DO_KILL_IDP},
	    {60001, SLUSS_PARENT_DIED, WEB, SLUSS_DO_NOTHING},
	    {60002, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_NOTHING},
	    {60003, SLUSS_PARENT_DIED, SLUSS_ROLE_COURIER, SLUSS_DO_NOTHING}, // idp still lives
	    {60004, SLUSS_PARENT_DIED, SLUSS_ROLE_IDP,
		SLUSS_DO_START_CORE | SLUSS_DO_START_COURIER | SLUSS_DO_START_IDP},
	};
	PLAY(rows);
}

static void test_courier_dies_with_core(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_DIED, CORE, KILL_FRONT | SLUSS_DO_KILL_COURIER},
	    {50001, SLUSS_PARENT_DIED, WEB, SLUSS_DO_NOTHING},
	    {50002, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_NOTHING}, // its courier still lives
	    {50003, SLUSS_PARENT_DIED, SLUSS_ROLE_COURIER, SLUSS_DO_START_CORE | SLUSS_DO_START_COURIER},
	};
	PLAY(rows);
}

static void test_front_dies_courier_stays(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_DIED, WEB, SLUSS_DO_KILL_EDGE},
	    {50001, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_START_FRONT},
	};
	PLAY(rows);
}

static void test_stop_with_courier(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_TERMINATE, 0, SLUSS_DO_KILL_COURIER | SLUSS_DO_TERM_EDGE},
	    {50001, SLUSS_PARENT_DIED, SLUSS_ROLE_COURIER, SLUSS_DO_NOTHING},
	    {50002, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_TERM_WEB},
	    {50003, SLUSS_PARENT_DIED, WEB, SLUSS_DO_STOP_CORE},
	    {50004, SLUSS_PARENT_DIED, CORE, SLUSS_DO_EXIT},
	};
	PLAY(rows);
	assert_int_equal(rules.exit_status, 0);
}

static void test_fatal_stops_everything(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_FATAL, CORE, KILL_ALL},
	    {50001, SLUSS_PARENT_DIED, CORE, SLUSS_DO_NOTHING},
	    {50002, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_NOTHING},
	    {50003, SLUSS_PARENT_DIED, WEB, SLUSS_DO_EXIT},
	};
	PLAY(rows);
	assert_int_equal(rules.exit_status, 1);
}

static void test_role_that_cannot_start_stops_everything(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_REFUSED, EDGE, SLUSS_DO_KILL_CORE | SLUSS_DO_KILL_WEB},
	    {50001, SLUSS_PARENT_DIED, CORE, SLUSS_DO_NOTHING},
	    {50003, SLUSS_PARENT_DIED, WEB, SLUSS_DO_EXIT},
	};
	PLAY(rows);
	assert_int_equal(rules.exit_status, 1);
}

static void test_orderly_stop(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_TERMINATE, 0, SLUSS_DO_TERM_EDGE},
	    {50001, SLUSS_PARENT_TERMINATE, 0, SLUSS_DO_NOTHING},
	    {50002, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_TERM_WEB},
	    {50003, SLUSS_PARENT_DIED, WEB, SLUSS_DO_STOP_CORE},
	    {50004, SLUSS_PARENT_DIED, CORE, SLUSS_DO_EXIT},
	};
	PLAY(rows);
	assert_int_equal(rules.exit_status, 0);
}

static void test_orderly_stop_has_an_end(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_TERMINATE, 0, SLUSS_DO_TERM_EDGE},
	    {50000 + SLUSS_PARENT_STOP_MS, SLUSS_PARENT_NONE, 0, KILL_ALL},
	    {60000, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_NOTHING},
	    {60000, SLUSS_PARENT_DIED, WEB, SLUSS_DO_NOTHING},
	    {60000, SLUSS_PARENT_DIED, CORE, SLUSS_DO_EXIT},
	};
	PLAY(rows);
}

static void test_reload_starts_a_new_front(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_RELOAD, 0, KILL_FRONT},
	    {50001, SLUSS_PARENT_DIED, WEB, SLUSS_DO_NOTHING},
	    {50002, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_START_FRONT},
	};
	PLAY(rows);
}

static void test_ready_of_a_dead_core_counts_nothing(void **state)
{
	(void)state;
	const struct row rows[] = {
	    {50000, SLUSS_PARENT_DIED, CORE, KILL_FRONT},
	    {50001, SLUSS_PARENT_READY, CORE, SLUSS_DO_NOTHING},
	    {50001, SLUSS_PARENT_DIED, WEB, SLUSS_DO_NOTHING},
	    {50002, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_START_CORE},
	    {50003, SLUSS_PARENT_NONE, 0, SLUSS_DO_NOTHING},
	};
	PLAY(rows);
}

// Restarts that follow each other wait longer and longer, at most a second; a quiet time forgives.
static void test_back_off(void **state)
{
	(void)state;
	int64_t now = 100000;
	int64_t longest = 0;
	for (int i = 0; i < 20; i++) {
		int64_t wake_ms;
		sluss_parent_rules_note(&rules, SLUSS_PARENT_DIED, WEB, now);
		assert_int_equal(sluss_parent_rules_decide(&rules, now, &wake_ms), SLUSS_DO_KILL_EDGE);
		sluss_parent_rules_note(&rules, SLUSS_PARENT_DIED, EDGE, now);
		unsigned actions = sluss_parent_rules_decide(&rules, now, &wake_ms);
		int64_t waited = 0;
		if (actions == SLUSS_DO_NOTHING) {
			waited = wake_ms - now;
			now = wake_ms;
			actions = sluss_parent_rules_decide(&rules, now, &wake_ms);
		}
		assert_int_equal(actions, SLUSS_DO_START_FRONT);
		assert_true(i > 0 || waited == 0);
		assert_true(waited >= longest && waited <= SLUSS_PARENT_BACKOFF_MAX_MS);
		longest = waited;
		now++;
	}
	assert_int_equal(longest, SLUSS_PARENT_BACKOFF_MAX_MS);
	now += SLUSS_PARENT_QUIET_MS;
	const struct row rows[] = {
	    {now, SLUSS_PARENT_DIED, WEB, SLUSS_DO_KILL_EDGE},
	    {now, SLUSS_PARENT_DIED, EDGE, SLUSS_DO_START_FRONT},
	};
	PLAY(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_core_dies_all_die, start),
	    cmocka_unit_test_setup(test_web_dies_edge_dies_core_stays, start),
	    cmocka_unit_test_setup(test_edge_dies_web_dies_core_stays, start),
	    cmocka_unit_test_setup(test_core_asks_for_a_new_front, start),
	    cmocka_unit_test_setup(test_core_dies_while_the_front_restarts, start),
	    cmocka_unit_test_setup(test_courier_dies_alone, start_with_courier),
	    cmocka_unit_test(test_idp_and_courier_are_two),
	    cmocka_unit_test_setup(test_courier_dies_with_core, start_with_courier),
	    cmocka_unit_test_setup(test_front_dies_courier_stays, start_with_courier),
	    cmocka_unit_test_setup(test_stop_with_courier, start_with_courier),
	    cmocka_unit_test_setup(test_fatal_stops_everything, start),
	    cmocka_unit_test_setup(test_role_that_cannot_start_stops_everything, start),
	    cmocka_unit_test_setup(test_orderly_stop, start),
	    cmocka_unit_test_setup(test_orderly_stop_has_an_end, start),
	    cmocka_unit_test_setup(test_reload_starts_a_new_front, start),
	    cmocka_unit_test_setup(test_ready_of_a_dead_core_counts_nothing, start),
	    cmocka_unit_test_setup(test_back_off, start),
	};
	return cmocka_run_group_tests_name("edge_parent_rules", tests, NULL, NULL);
}
