// SPDX-License-Identifier: EUPL-1.2
// Recalls within core: written with their cause, listed, answered once, and still there after a start.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core_world.h"
#include "policy/record.h"
#include "sluss/v1/recall.pb-c.h"

enum { OK = 0, INVALID_ARGUMENT = 3, NOT_FOUND = 5, FAILED_PRECONDITION = 9 };

static const enum who to_soc[] = {SOC};
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

static struct answer list(struct world *w, enum who who, bool answered)
{
	Sluss__V1__RecallListRequest request = SLUSS__V1__RECALL_LIST_REQUEST__INIT;
	request.include_answered = answered;
	struct answer answer = call(w, SLUSS_METHOD_RECALL_LIST, who, 60, &request.base);
	assert_int_equal(answer.code, OK);
	return answer;
}

static size_t count(struct world *w, enum who who, bool answered)
{
	struct answer answer = list(w, who, answered);
	size_t n = ((const Sluss__V1__RecallListResponse *)answer.message)->n_recalls;
	answer_free(&answer);
	return n;
}

static uint32_t attest(
    struct world *w, enum who who, const char *recall, Sluss__V1__RecallAnswer what, const char *ground)
{
	Sluss__V1__AttestRecall statement = SLUSS__V1__ATTEST_RECALL__INIT;
	statement.recall_id = (char *)(uintptr_t)recall;
	statement.answer = what;
	statement.kept_on_ground = (char *)(uintptr_t)ground;
	struct answer answer;
	uint64_t number = ask_statement(w, SLUSS_METHOD_RECALL_ATTEST, who, 61, &statement.base, NULL);
	assert_true(wait_answer(w, number, SLUSS_METHOD_RECALL_ATTEST, PATIENCE_MS, &answer));
	uint32_t code = answer.code;
	answer_free(&answer);
	return code;
}

// Social services received a message of the school's; then everything was withdrawn.
static struct sluss_id receive_and_withdraw(struct world *w)
{
	struct sluss_id id = send_expecting(w, &plain, OK);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	struct answer answer = withdraw(w, NULL);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	return id;
}

static void a_recall_is_listed_and_answered_once(void **state)
{
	struct world *w = *state;
	struct sluss_id id = receive_and_withdraw(w);
	char message[SLUSS_ID_TEXT], recall[SLUSS_ID_TEXT];
	struct answer answer = list(w, SOC, false);
	const Sluss__V1__RecallListResponse *response = (const Sluss__V1__RecallListResponse *)answer.message;
	assert_int_equal(response->n_recalls, 1);
	assert_int_equal(response->recalls[0]->n_message_ids, 1);
	assert_string_equal(response->recalls[0]->message_ids[0], sluss_id_format(&id, message));
	assert_string_equal(response->recalls[0]->categories[0], "school_attendance");
	memcpy(recall, response->recalls[0]->recall_id, sizeof(recall));
	answer_free(&answer);
	const Sluss__V1__RecallAnswer deleted = SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_DELETED,
				      kept = SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_KEPT;
	assert_int_equal(attest(w, SCH, recall, deleted, ""), NOT_FOUND);
	assert_int_equal(attest(w, SOC, "no id", deleted, ""), INVALID_ARGUMENT);
	assert_int_equal(attest(w, SOC, recall, kept, ""), INVALID_ARGUMENT);
	assert_int_equal(attest(w, SOC, recall, kept, "no-such-ground"), INVALID_ARGUMENT);
	assert_int_equal(attest(w, SOC, recall, deleted, "archives"), INVALID_ARGUMENT);
	assert_int_equal(attest(w, SOC, recall, kept, "archives"), OK);
	assert_int_equal(attest(w, SOC, recall, deleted, ""), FAILED_PRECONDITION);
	assert_int_equal(count(w, SOC, false), 0);
	world_stop(w);
	world_run(w); // folded again
	assert_int_equal(count(w, SOC, false), 0);
	assert_int_equal(count(w, SOC, true), 1);
	assert_int_equal(count(w, POL, false), 1); // for its mark
	assert_int_equal(count(w, SCH, true), 0);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_RECALL_OPENED), 2);
	assert_int_equal(count_records(w, SLUSS_REC_RECALL_ANSWERED), 1);
}

// Nobody asks anything; the writer writes it down by itself.
static void what_nobody_answers_becomes_overdue(void **state)
{
	struct world *w = *state;
	receive_and_withdraw(w);
	atomic_fetch_add(&w->now_ms, INT64_C(16) * 24 * 3600 * 1000);
	struct answer answer = list(w, SOC, false);
	answer_free(&answer); // its batch wrote the record; what is not durable yet is not shown
	answer = list(w, SOC, false);
	assert_true(((const Sluss__V1__RecallListResponse *)answer.message)->recalls[0]->overdue);
	answer_free(&answer);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_RECALL_OVERDUE), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_recall_is_listed_and_answered_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_nobody_answers_becomes_overdue, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
