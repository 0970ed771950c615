// SPDX-License-Identifier: EUPL-1.2
// Whatever takes the permission from what waits destroys it at once, and tells the sender; not only a withdrawal.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "core_world.h"
#include "policy/record.h"
#include "sluss/v1/case.pb-c.h"

enum { OK = 0 };

static const enum who to_soc[] = {SOC}, to_police[] = {POL};
static const struct draft plain = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	world_start(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	world_end(*state);
	free(*state);
	return 0;
}

// Nobody fetched; the octets are gone and the sender knows why.
static void expect_destroyed(
    struct world *w, const struct sluss_id *id, enum who recipient, Sluss__V1__ReasonCode reason)
{
	assert_false(has_payload(w, id));
	assert_int_equal(state_of(w, SCH, id, recipient), SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_WITHHELD);
	Sluss__V1__FetchRequest request = SLUSS__V1__FETCH_REQUEST__INIT;
	request.with_notices = true;
	struct answer answer = call(w, SLUSS_METHOD_EXCHANGE_FETCH, SCH, 50, &request.base);
	const Sluss__V1__FetchResponse *response = (const Sluss__V1__FetchResponse *)answer.message;
	assert_int_equal(answer.code, OK);
	assert_int_equal(response->n_notices, 1);
	assert_int_equal(response->notices[0]->kind, SLUSS__V1__NOTICE_KIND__NOTICE_KIND_WITHHELD);
	assert_int_equal(response->notices[0]->reason, reason);
	answer_free(&answer);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_PAYLOAD_DESTROYED), 1);
	assert_int_equal(count_records(w, SLUSS_REC_WITHHELD), 1);
}

static void act(struct world *w, enum sluss_method method, Sluss__V1__GrantAct what, Sluss__V1__ReasonCode reason)
{
	struct sluss_id other =
	    send_expecting(w, &(struct draft){.from = SCH, .to = to_police, .to_count = 1, .sections = 1}, OK);
	struct sluss_id id = send_expecting(w, &plain, OK);
	assert_true(has_payload(w, &id));
	struct answer answer = act_on_grant(w, method, what, &w->grant_soc);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_true(has_payload(w, &other)); // another grant carries it
	expect_destroyed(w, &id, SOC, reason);
}

static void a_refusal_destroys(void **state)
{
	act(*state, SLUSS_METHOD_CONSENT_REFUSE, SLUSS__V1__GRANT_ACT__GRANT_ACT_REFUSE,
	    SLUSS__V1__REASON_CODE__REASON_CODE_REFUSED);
}

static void a_pause_destroys(void **state)
{
	act(*state, SLUSS_METHOD_CONSENT_PAUSE, SLUSS__V1__GRANT_ACT__GRANT_ACT_PAUSE,
	    SLUSS__V1__REASON_CODE__REASON_CODE_PAUSED);
}

static void what_was_registered_by_mistake_destroys(void **state)
{
	act(*state, SLUSS_METHOD_CONSENT_REFUSE, SLUSS__V1__GRANT_ACT__GRANT_ACT_INVALIDATE,
	    SLUSS__V1__REASON_CODE__REASON_CODE_CONSENTER_MISSING);
}

static void giving_again_destroys_nothing(void **state)
{
	struct world *w = *state;
	struct sluss_id id = send_expecting(w, &plain, OK);
	struct answer answer =
	    act_on_grant(w, SLUSS_METHOD_CONSENT_GIVE, SLUSS__V1__GRANT_ACT__GRANT_ACT_GIVE, &w->grant_soc);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_true(has_payload(w, &id));
	assert_int_equal(fetch_count(w, SOC, 7), 1);
}

// A statement about the case by its coordinator.
static void change(struct world *w, enum sluss_method method, ProtobufCMessage *statement)
{
	struct answer answer;
	uint64_t number = ask_statement(w, method, SOC, 99, statement, NULL);
	assert_true(wait_answer(w, number, method, PATIENCE_MS, &answer));
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
}

static void a_phase_destroys(void **state)
{
	struct world *w = *state;
	struct sluss_id id = send_expecting(w, &plain, OK);
	Sluss__V1__SetPhase statement = SLUSS__V1__SET_PHASE__INIT;
	char case_id[SLUSS_ID_TEXT];
	sluss_id_format(&w->case_id, case_id);
	statement.case_id = case_id;
	statement.phase = SLUSS__V1__PHASE__PHASE_PAUSED;
	change(w, SLUSS_METHOD_CASE_SET_PHASE, &statement.base);
	expect_destroyed(w, &id, SOC, SLUSS__V1__REASON_CODE__REASON_CODE_PHASE_FORBIDS);
}

static void a_member_that_leaves_gets_nothing_that_waits(void **state)
{
	struct world *w = *state;
	struct sluss_id id =
	    send_expecting(w, &(struct draft){.from = SCH, .to = to_police, .to_count = 1, .sections = 1}, OK);
	Sluss__V1__SetMembers statement = SLUSS__V1__SET_MEMBERS__INIT;
	Sluss__V1__Member soc = SLUSS__V1__MEMBER__INIT, school = SLUSS__V1__MEMBER__INIT, *members[] = {&soc, &school};
	char case_id[SLUSS_ID_TEXT], s1[] = "s1", t1[] = "t1", *soc_officers[] = {s1}, *school_officers[] = {t1};
	sluss_id_format(&w->case_id, case_id);
	soc.agency_id = (char *)(uintptr_t)world_names[SOC];
	soc.contact_officer_ids = soc_officers;
	school.agency_id = (char *)(uintptr_t)world_names[SCH];
	school.contact_officer_ids = school_officers;
	soc.n_contact_officer_ids = school.n_contact_officer_ids = 1;
	statement.case_id = case_id;
	statement.members = members;
	statement.n_members = 2;
	statement.coordinator_officer_ids = soc_officers;
	statement.n_coordinator_officer_ids = 1;
	change(w, SLUSS_METHOD_CASE_SET_MEMBERS, &statement.base);
	expect_destroyed(w, &id, POL, SLUSS__V1__REASON_CODE__REASON_CODE_NOT_A_MEMBER);
}

// The links that the programme cannot do without end at the same instant: the phase is what denies first.
//
// Nobody asks anything: the writer wakes by itself when the grant's time is over.
static void an_end_destroys_while_nobody_asks(void **state)
{
	struct world *w = *state;
	struct sluss_id id = send_expecting(w, &plain, OK);
	// Just before the end: the writer now knows how long it may sleep.
	atomic_store(&w->now_ms, START_MS + WORLD_YEAR_MS - 1);
	assert_int_equal(fetch_count(w, POL, 7), 0);
	assert_true(has_payload(w, &id));
	atomic_store(&w->now_ms, START_MS + WORLD_YEAR_MS);
	const struct timespec pause = {.tv_nsec = 20000000};
	for (int ms = 0; ms < PATIENCE_MS && has_payload(w, &id); ms += 20)
		(void)nanosleep(&pause, NULL);
	expect_destroyed(w, &id, SOC, SLUSS__V1__REASON_CODE__REASON_CODE_PHASE_FORBIDS);
}

// The same after a start, which folds the log: the end is known from there.
static void an_end_is_remembered_over_a_start(void **state)
{
	struct world *w = *state;
	struct sluss_id id = send_expecting(w, &plain, OK);
	world_stop(w);
	atomic_store(&w->now_ms, START_MS + WORLD_YEAR_MS);
	world_run(w);
	assert_int_equal(fetch_count(w, POL, 7), 0); // another one's mailbox
	expect_destroyed(w, &id, SOC, SLUSS__V1__REASON_CODE__REASON_CODE_PHASE_FORBIDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_refusal_destroys, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_pause_destroys, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_was_registered_by_mistake_destroys, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(giving_again_destroys_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_phase_destroys, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_member_that_leaves_gets_nothing_that_waits, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_end_destroys_while_nobody_asks, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_end_is_remembered_over_a_start, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
