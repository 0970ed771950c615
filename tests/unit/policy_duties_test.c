// SPDX-License-Identifier: EUPL-1.2
// What falls due by itself: statutory notices, answers to recalls, the end of the time for keeping.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "policy/calendar.h"
#include "policy_world.h"

#define GRANT pid('v', 1)
#define REQUEST pid('s', 1)
#define RECALL pid('r', 1)

static int set_up(void **state)
{
	static struct pworld world;
	pworld_open(&world);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	pworld_close(*state);
	return 0;
}

static void refused(struct pworld *world, struct sluss_record record)
{
	assert_int_equal(pworld_try(world, record), SLUSS_APPLY_INVALID);
}

// ---- notices

static void request(struct pworld *world, const char *provision, int64_t notify_ms)
{
	static const char *const to[] = {"pol"}, *const what[] = {"needs"};
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_STATUTE_REQUESTED,
				.u.statute_requested = {.request = REQUEST,
				    .case_id = CASE1,
				    .provision = provision,
				    .agency = "soc",
				    .officer = "o1",
				    .recipients = to,
				    .recipient_count = 1,
				    .categories = what,
				    .category_count = 1,
				    .necessity = true,
				    .deferred = notify_ms != 0,
				    .notify_ms = notify_ms}});
}

static void answer(struct pworld *world, enum sluss_record_type type)
{
	pworld_apply(world, (struct sluss_record){.type = type,
				.u.statute_approved = {.request = REQUEST, .agency = "soc", .officer = "o9"}});
}

static bool told(struct pworld *world, int64_t at_ms)
{
	struct sluss_record record = {.type = SLUSS_REC_STATUTE_NOTIFIED};
	if (!sluss_state_notice_due(world->state, at_ms, &record.u.statute_notified))
		return false;
	const struct sluss_id one = REQUEST, kase = CASE1, subject = SUBJECT;
	assert_true(sluss_id_equal(&record.u.statute_notified.request, &one));
	assert_true(sluss_id_equal(&record.u.statute_notified.case_id, &kase));
	assert_true(sluss_id_equal(&record.u.statute_notified.person, &subject));
	world->now_ms = at_ms;
	pworld_apply(world, record);
	assert_false(sluss_state_notice_due(world->state, at_ms + 1000 * DAY_MS, &record.u.statute_notified));
	record.u.statute_notified.request = REQUEST;
	refused(world, record); // once
	return true;
}

static void told_when_it_may_be_relied_on(void **state)
{
	struct pworld *world = *state;
	pworld_adult(world);
	request(world, "OSL-10-18a", 0);
	assert_false(told(world, world->now_ms + 100 * DAY_MS)); // nobody has approved it
	assert_int_equal(sluss_state_next_duty_ms(world->state), INT64_MAX);
	world->now_ms += DAY_MS;
	answer(world, SLUSS_REC_STATUTE_APPROVED);
	assert_int_equal(sluss_state_next_duty_ms(world->state), world->now_ms);
	assert_false(told(world, world->now_ms - 1));
	assert_true(told(world, world->now_ms));
	assert_int_equal(sluss_state_next_duty_ms(world->state), INT64_MAX);
}

static void told_at_once_without_a_second_officer(void **state)
{
	struct pworld *world = *state;
	pworld_adult(world);
	request(world, "SoL-14-1", 0);
	assert_true(told(world, world->now_ms));
}

static void told_at_the_end_of_a_deferral(void **state)
{
	struct pworld *world = *state;
	pworld_adult(world);
	const int64_t end_ms = world->now_ms + 5 * DAY_MS;
	request(world, "OSL-10-18a", end_ms);
	answer(world, SLUSS_REC_STATUTE_APPROVED);
	assert_int_equal(sluss_state_next_duty_ms(world->state), end_ms);
	assert_false(told(world, end_ms - 1));
	assert_true(told(world, end_ms));
}

static void never_told_of_a_refusal(void **state)
{
	struct pworld *world = *state;
	pworld_adult(world);
	request(world, "OSL-10-18a", 0);
	answer(world, SLUSS_REC_STATUTE_REFUSED);
	assert_false(told(world, world->now_ms + 100 * DAY_MS));
}

// ---- recalls

static struct sluss_record recall(struct pworld *world, const struct sluss_id *grants, size_t count)
{
	return (struct sluss_record){.type = SLUSS_REC_RECALL_OPENED,
	    .u.recall_opened = {.recall = RECALL,
		.case_id = CASE1,
		.agency = "pol",
		.due_ms = world->now_ms + 10 * DAY_MS,
		.cause = SLUSS_RECALL_EXPIRY,
		.grants = grants,
		.grant_count = count}};
}

static void a_recall_becomes_overdue_once(void **state)
{
	struct pworld *world = *state;
	struct sluss_recall_view view;
	struct sluss_record late = {.type = SLUSS_REC_RECALL_OVERDUE, .u.recall_overdue = {RECALL}};
	struct sluss_record answered = {.type = SLUSS_REC_RECALL_ANSWERED,
	    .u.recall_answered = {.recall = RECALL, .agency = "pol", .deleted = true, .mark_removed = true}};
	struct sluss_id due;
	pworld_adult(world);
	const struct sluss_id id = RECALL, foreign = pid('v', 77);
	refused(world, late);
	refused(world, recall(world, &foreign, 1)); // no grant of this case
	const int64_t due_ms = world->now_ms + 10 * DAY_MS;
	pworld_apply(world, recall(world, NULL, 0));
	assert_int_equal(sluss_state_next_duty_ms(world->state), due_ms);
	assert_false(sluss_state_recall_due(world->state, due_ms - 1, &due));
	assert_true(sluss_state_recall_due(world->state, due_ms, &due));
	assert_true(sluss_id_equal(&due, &id));
	world->now_ms = due_ms;
	pworld_apply(world, late);
	refused(world, late);
	assert_false(sluss_state_recall_due(world->state, due_ms + DAY_MS, &due));
	pworld_apply(world, answered);
	refused(world, answered); // an answer is final
	assert_true(sluss_recall_find(world->state, &id, &view));
	assert_true(view.overdue && view.answered && view.mark_removed && view.answered_seq > view.seq);
	assert_int_equal(view.cause, SLUSS_RECALL_EXPIRY);
}

static void what_is_answered_in_time_is_never_overdue(void **state)
{
	struct pworld *world = *state;
	struct sluss_id due;
	pworld_adult(world);
	pworld_apply(world, recall(world, NULL, 0));
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_RECALL_ANSWERED,
				.u.recall_answered = {.recall = RECALL, .agency = "pol", .provision = "archives"}});
	assert_false(sluss_state_recall_due(world->state, world->now_ms + 100 * DAY_MS, &due));
	refused(world, (struct sluss_record){.type = SLUSS_REC_RECALL_OVERDUE, .u.recall_overdue = {RECALL}});
}

// ---- the time for keeping

static void release(struct pworld *world)
{
	static struct sluss_id grant;
	grant = GRANT;
	const struct sluss_pair pair = {.recipient = "pol",
	    .reason = SLUSS_OK_CONSENT,
	    .ground = SLUSS_GROUND_CONSENT,
	    .grounds = &grant,
	    .ground_count = 1};
	pworld_apply(world,
	    (struct sluss_record){.type = SLUSS_REC_RELEASED,
		.u.released = {
		    .message = pid('m', 1), .case_id = CASE1, .recipient = "pol", .pairs = &pair, .pair_count = 1}});
}

static int64_t end_of_grant(struct pworld *world)
{
	struct sluss_grant_view view;
	const struct sluss_id grant = GRANT;
	assert_true(sluss_grant_find(world->state, &grant, world->now_ms, &view));
	return view.until_ms;
}

static bool too_long(struct pworld *world, int64_t at_ms)
{
	struct sluss_id found;
	const struct sluss_id kase = CASE1, grant = GRANT;
	bool due = sluss_state_kept_too_long(world->state, at_ms, &found);
	assert_true(!due || sluss_id_equal(&found, &kase));
	assert_int_equal(sluss_grant_kept_too_long(world->state, &grant, at_ms), due);
	return due;
}

static void kept_for_thirty_days_after_the_end(void **state)
{
	struct pworld *world = *state;
	const struct sluss_id grant = GRANT;
	pworld_adult(world);
	const int64_t end_ms = end_of_grant(world) + 30 * DAY_MS;
	assert_false(too_long(world, end_ms + DAY_MS)); // nothing was received
	release(world);
	assert_int_equal(sluss_state_next_duty_ms(world->state), end_ms);
	assert_false(too_long(world, end_ms - 1));
	assert_true(too_long(world, end_ms));
	world->now_ms = end_ms;
	pworld_apply(world, recall(world, &grant, 1));
	assert_false(too_long(world, end_ms + 1000 * DAY_MS)); // asked back once
	struct sluss_grant_view view;
	assert_true(sluss_grant_find(world->state, &grant, world->now_ms, &view));
	assert_true(view.received && view.recalled);
}

static void narrowing_ends_it_earlier(void **state)
{
	struct pworld *world = *state;
	static struct sluss_id grant;
	grant = GRANT;
	pworld_adult(world);
	release(world);
	assert_false(too_long(world, world->now_ms + 60 * DAY_MS));
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
				.u.grant_status = {.case_id = CASE1,
				    .act = SLUSS_ACT_NARROW,
				    .person = SUBJECT,
				    .grants = &grant,
				    .grant_count = 1,
				    .until_ms = world->now_ms + 10 * DAY_MS}});
	assert_false(too_long(world, world->now_ms + 40 * DAY_MS - 1));
	assert_true(too_long(world, world->now_ms + 40 * DAY_MS));
}

static void another_law_keeps_another_time(void **state)
{
	struct pworld *world = *state;
	pworld_adult(world);
	release(world);
	const int64_t end_ms = end_of_grant(world);
	assert_false(too_long(world, end_ms + DAY_MS));
	pworld_policy(world, 2); // example-strict: not a day
	assert_false(too_long(world, end_ms - 1));
	assert_true(too_long(world, end_ms));
}

// A newer version that took over carries on: its end counts.
static void a_renewed_consent_is_kept(void **state)
{
	struct pworld *world = *state;
	struct sluss_grant newer = pgrant(pid('v', 2));
	pworld_adult(world);
	release(world);
	const int64_t end_ms = end_of_grant(world);
	newer.until_ms = end_ms + 50 * DAY_MS;
	pworld_consent(world, CASE1, pid('c', 2), 1, &newer);
	pworld_give(world, CASE1, SUBJECT, pid('v', 2));
	assert_false(too_long(world, end_ms + 80 * DAY_MS - 1));
	assert_true(too_long(world, end_ms + 80 * DAY_MS));
}

// ---- the policy's part

static void due_dates(void **state)
{
	struct pworld *world = *state;
	static const struct {
		struct sluss_date day, due;
	} table[] = {
	    {{2026, 1, 10}, {2026, 1, 25}},  // fourteen whole days, and the midnight that ends the last
	    {{2026, 3, 20}, {2026, 4, 4}},   // a night of 23 hours between
	    {{2026, 10, 20}, {2026, 11, 4}}, // one of 25
	    {{2027, 12, 31}, {2028, 1, 15}},
	    {{2028, 2, 20}, {2028, 3, 6}},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int64_t begin_ms = sluss_date_begin_ms(table[i].day);
		int64_t due_ms = sluss_date_begin_ms(table[i].due);
		assert_int_equal(sluss_policy_recall_due_ms(world->policies[0], begin_ms), due_ms);
		assert_int_equal(sluss_policy_recall_due_ms(world->policies[0], begin_ms + 22 * 3600000), due_ms);
		assert_int_not_equal(sluss_policy_recall_due_ms(world->policies[0], begin_ms - 1), due_ms);
	}
	assert_true(sluss_policy_may_keep(world->policies[0], "archives"));
	assert_false(sluss_policy_may_keep(world->policies[0], "archive"));
	assert_false(sluss_policy_may_keep(world->policies[0], ""));
	assert_true(sluss_policy_register_mark(world->policies[0], SLUSS_AGENCY_POLICE));
	assert_false(sluss_policy_register_mark(world->policies[0], SLUSS_AGENCY_SCHOOL));
	assert_non_null(sluss_policy_keep_ground(world->policies[0], 0));
	assert_null(sluss_policy_keep_ground(world->policies[0], 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(told_when_it_may_be_relied_on, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(told_at_once_without_a_second_officer, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(told_at_the_end_of_a_deferral, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(never_told_of_a_refusal, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_recall_becomes_overdue_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_answered_in_time_is_never_overdue, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(kept_for_thirty_days_after_the_end, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(narrowing_ends_it_earlier, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(another_law_keeps_another_time, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_renewed_consent_is_kept, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(due_dates, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
