// SPDX-License-Identifier: EUPL-1.2
// Withdrawal is a line in time; delivery is decided again.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include "core_world.h"
#include "log_record.h"
#include "policy/record.h"
#include "queue.h"

static const enum who to_both[] = {SOC, POL};

enum { OK = 0, NOT_FOUND = 5, ALREADY_EXISTS = 6, PERMISSION_DENIED = 7, UNAVAILABLE = 14 };
enum { MAILBOX_MESSAGES = 120, REQUEST_MAX = 2 << 20 };

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

static const struct draft plain = {.from = SCH, .to = to_both, .to_count = 2, .sections = 1};

static void delivery_is_decided_again_when_time_has_passed(void **state)
{
	struct world *w = *state;
	struct sluss_id id = send_expecting(w, &plain, OK);
	assert_true(has_payload(w, &id));
	atomic_fetch_add(&w->now_ms, INT64_C(301) * 24 * 3600 * 1000); // the grants have ended
	assert_int_equal(fetch_count(w, SOC, 7), 0);
	assert_int_equal(state_of(w, SCH, &id, SOC), SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_WITHHELD);
	assert_int_equal(state_of(w, SCH, &id, POL), SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_WITHHELD); // unasked
	assert_int_equal(fetch_count(w, POL, 7), 0);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_WITHHELD), 2);
	assert_int_equal(count_records(w, SLUSS_REC_PAYLOAD_DESTROYED), 1); // only when nobody may have it any more
	assert_int_equal(count_records(w, SLUSS_REC_RELEASED), 0);
	assert_false(has_payload(w, &id));
}

// The named test against a delivery check that is skipped or a decision that is cached.
static void delivery_is_decided_again_after_a_pause(void **state)
{
	struct world *w = *state;
	struct sluss_id id = send_expecting(w, &plain, OK);
	struct answer answer =
	    act_on_grant(w, SLUSS_METHOD_CONSENT_PAUSE, SLUSS__V1__GRANT_ACT__GRANT_ACT_PAUSE, &w->grant_soc);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_int_equal(fetch_count(w, SOC, 7), 0);
	assert_int_equal(fetch_count(w, POL, 8), 1); // one recipient's denial does not hold back another's copy
	assert_int_equal(state_of(w, SCH, &id, SOC), SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_WITHHELD);
}

// More large messages than a request's memory holds: each is looked at in memory of its own.
static void a_full_mailbox_is_withdrawn_at_once(void **state)
{
	struct world *w = *state;
	struct draft large = plain;
	large.sections = 64;
	world_stop(w);
	w->config.request_max = REQUEST_MAX;
	world_run(w);
	for (int i = 0; i < MAILBOX_MESSAGES; i++)
		send_expecting(w, &large, OK);
	struct answer answer = withdraw(w, NULL);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_int_equal(fetch_count(w, SOC, 7), 0);
}

static void withdrawal_destroys_what_waits(void **state)
{
	struct world *w = *state;
	struct sluss_id id = send_expecting(w, &plain, OK);
	assert_true(has_payload(w, &id));
	struct answer answer = withdraw(w, NULL);
	assert_int_equal(answer.code, OK);
	const Sluss__V1__WithdrawResponse *response = (const Sluss__V1__WithdrawResponse *)answer.message;
	assert_int_equal(response->n_grant_ids, 4);
	assert_int_equal(response->messages_withheld, 2);
	assert_int_equal(response->n_recalled_agency_ids, 1); // nobody received anything; the police have their mark
	assert_string_equal(response->recalled_agency_ids[0], world_names[POL]);
	assert_int_equal(response->phase, SLUSS__V1__PHASE__PHASE_CLOSING); // the link to the police is gone (ruling 9)
	assert_non_null(response->receipt);
	answer_free(&answer);
	assert_int_equal(fetch_count(w, SOC, 7), 0);
	assert_int_equal(state_of(w, SCH, &id, POL), SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_WITHHELD);
	send_expecting(w, &plain, PERMISSION_DENIED);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_PAYLOAD_DESTROYED), 1);
	assert_false(has_payload(w, &id));
}

// What a section says about another case's subject stops with that person's withdrawal: what waits, and what is under
// way.
static void a_third_person_withdraws_too(void **state)
{
	struct world *w = *state;
	const enum who to_soc[] = {SOC};
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1, .about_other_case = true};
	struct sluss_id first = send_expecting(w, &draft, OK);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	struct sluss_id second = send_expecting(w, &draft, OK);
	struct sluss_id own = send_expecting(w, &plain, OK); // about this case's subject only
	struct answer answer = withdraw_other(w);
	assert_int_equal(answer.code, OK);
	assert_int_equal(((const Sluss__V1__WithdrawResponse *)answer.message)->messages_withheld, 2);
	assert_int_equal(w->drops_web, 1);
	answer_free(&answer);
	assert_int_equal(state_of(w, SCH, &first, SOC), SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_WITHHELD);
	assert_int_equal(state_of(w, SCH, &second, SOC), SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_WITHHELD);
	assert_int_equal(state_of(w, SCH, &own, SOC), SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_WAITING);
	assert_false(has_payload(w, &second));
	send_expecting(w, &draft, PERMISSION_DENIED);
}

static void withdrawal_waits_for_both_words(void **state)
{
	struct world *w = *state;
	send_expecting(w, &plain, OK);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	w->web_obeys = w->edge_obeys = false;
	w->config.drop_timeout_ms = 300;
	struct answer answer;
	uint64_t number = ask_withdraw(w, NULL, 99);
	// Web is silent: no answer, edge is not asked, and after the time-out the parent is.
	assert_false(wait_answer(w, number, SLUSS_METHOD_CONSENT_WITHDRAW, 150, &answer));
	assert_int_equal(w->drops_web, 1);
	assert_int_equal(w->drops_edge, 0);
	assert_int_equal(w->front_restarts, 0);
	assert_false(wait_answer(w, number, SLUSS_METHOD_CONSENT_WITHDRAW, 600, &answer));
	assert_int_equal(w->front_restarts, 1);
	tell_front_new(w);
	// The old web's answer goes nowhere; asked again on the new one, the first answer comes, with nothing left to
	// wait for.
	answer = withdraw(w, NULL);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
}

static void both_give_their_word(void **state)
{
	struct world *w = *state;
	send_expecting(w, &plain, OK);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	struct sluss_id id;
	sluss_id_random(&id);
	struct answer answer = withdraw(w, &id);
	assert_int_equal(answer.code, OK);
	const Sluss__V1__WithdrawResponse *response = (const Sluss__V1__WithdrawResponse *)answer.message;
	assert_int_equal(response->n_recalled_agency_ids, 2); // the police for their mark
	assert_int_equal(response->n_recall_ids, 2);
	assert_true(strcmp(response->recalled_agency_ids[0], "soc-1") == 0 ||
		    strcmp(response->recalled_agency_ids[1], "soc-1") == 0);
	assert_int_equal(w->drops_web, 1);
	assert_int_equal(w->drops_edge, 1);
	uint64_t index = response->receipt->log_index;
	answer_free(&answer);
	// The same statement again: the first answer, and no second drop, because nothing of the case is under way.
	answer = withdraw(w, &id);
	assert_int_equal(answer.code, OK);
	assert_int_equal(((const Sluss__V1__WithdrawResponse *)answer.message)->receipt->log_index, index);
	assert_int_equal(w->drops_web, 1);
	answer_free(&answer);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_WITHDRAWAL), 1);
}

static void a_closed_connection_needs_no_word(void **state)
{
	struct world *w = *state;
	send_expecting(w, &plain, OK);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	tell_closed(w, 7);
	struct answer answer = withdraw(w, NULL);
	assert_int_equal(answer.code, OK);
	assert_int_equal(w->drops_web, 0);
	answer_free(&answer);
}

// Edge's word may come before the request that it is about has been executed.
static void a_connection_that_closed_before_carries_nothing(void **state)
{
	struct world *w = *state;
	send_expecting(w, &plain, OK);
	tell_closed(w, 7);
	struct answer answer = fetch(w, SCH, 5, 50); // by now the word was heard
	answer_free(&answer);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	assert_int_equal(fetch_count(w, SOC, 8), 1); // no lease for a connection that is gone
	tell_closed(w, 8);
	answer = fetch(w, SCH, 5, 50);
	answer_free(&answer);
	answer = withdraw(w, NULL);
	assert_int_equal(answer.code, OK);
	assert_int_equal(w->drops_web, 0);
	answer_free(&answer);
}

// Web dies while a withdrawal waits for its word: the parent replaces it anyway, nobody has to be killed.
static void a_front_that_is_being_replaced_is_not_killed(void **state)
{
	struct world *w = *state;
	send_expecting(w, &plain, OK);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	w->web_obeys = false;
	struct answer answer;
	uint64_t number = ask_withdraw(w, NULL, 99);
	assert_false(wait_answer(w, number, SLUSS_METHOD_CONSENT_WITHDRAW, 100, &answer));
	shutdown(w->web, SHUT_RDWR);
	struct timespec longer_than_the_timeout = {.tv_nsec = 600000000};
	nanosleep(&longer_than_the_timeout, NULL);
	tell_front_new(w);
	w->web_obeys = true;
	answer = withdraw(w, NULL);
	assert_int_equal(answer.code, OK);
	assert_int_equal(w->front_restarts, 0);
	answer_free(&answer);
}

static void edge_that_is_silent_is_killed(void **state)
{
	struct world *w = *state;
	send_expecting(w, &plain, OK);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	w->edge_obeys = false;
	struct answer answer;
	uint64_t number = ask_withdraw(w, NULL, 99);
	assert_false(wait_answer(w, number, SLUSS_METHOD_CONSENT_WITHDRAW, 900, &answer));
	assert_int_equal(w->drops_edge, 1);
	assert_int_equal(w->front_restarts, 1);
}

struct order {
	uint64_t withdrawal, last_release, last_accepted;
};

static bool note_order(void *context, uint64_t index, struct sluss_bytes entry)
{
	struct order *order = context;
	struct sluss_codec *codec = sluss_codec_new();
	struct sluss_record record;
	assert_int_equal(sluss_record_decode(codec, entry, &record, NULL), SLUSS_CODEC_OK);
	if (record.type == SLUSS_REC_WITHDRAWAL)
		order->withdrawal = index;
	if (record.type == SLUSS_REC_RELEASED)
		order->last_release = index;
	if (record.type == SLUSS_REC_MESSAGE_ACCEPTED)
		order->last_accepted = index;
	sluss_codec_free(&codec);
	return true;
}

// Many requests at once, verified by several threads and written in batches: all are answered, and the withdrawal is a
// line in the log.
static void a_withdrawal_amid_many_requests_is_a_line(void **state)
{
	struct world *w = *state;
	enum { EACH = 120 };
	static struct sluss_sealed_message sealed[2 * EACH];
	uint64_t numbers[2 * EACH], fetches[2 * EACH], line = 0;
	for (size_t i = 0; i < 2 * EACH; i++)
		sealed[i] = seal(w, &plain);
	Sluss__V1__FetchRequest request = SLUSS__V1__FETCH_REQUEST__INIT;
	request.wait_ms = 300;
	for (size_t i = 0; i < 2 * EACH; i++) {
		if (i == EACH)
			line = ask_withdraw(w, NULL, 9999);
		numbers[i] = ask(w, SLUSS_METHOD_EXCHANGE_SEND, SCH, 1, sealed[i].request, sealed[i].request_len);
		fetches[i] = i % 4 == 0 ? ask_message(w, SLUSS_METHOD_EXCHANGE_FETCH, i % 8 == 0 ? SOC : POL, 100 + i,
					      &request.base)
					: 0;
	}
	struct answer answer;
	size_t accepted = 0, denied = 0;
	assert_true(wait_answer(w, line, SLUSS_METHOD_CONSENT_WITHDRAW, 10000, &answer));
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	for (size_t i = 0; i < 2 * EACH; i++) {
		if (wait_answer(w, numbers[i], SLUSS_METHOD_EXCHANGE_SEND, 10000, &answer)) {
			accepted += answer.code == OK;
			denied += answer.code == PERMISSION_DENIED;
			answer_free(&answer);
		}
		if (fetches[i] != 0 && wait_answer(w, fetches[i], SLUSS_METHOD_EXCHANGE_FETCH, 10000, &answer))
			answer_free(&answer);
		sluss_sealed_message_free(&sealed[i]);
	}
	assert_int_equal(accepted + denied, 2 * EACH);
	assert_true(denied > 0);
	world_stop(w);
	struct order order = {0};
	struct sluss_store *store;
	uint64_t size;
	assert_int_equal(sluss_store_memory_open(w->db, SLUSS_STORE_READER, &store), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_size(store, &size), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_read(store, 0, size, note_order, &order), SLUSS_STORE_OK);
	sluss_store_close(&store);
	assert_true(
	    order.withdrawal != 0 && order.last_release < order.withdrawal && order.last_accepted < order.withdrawal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(delivery_is_decided_again_when_time_has_passed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(delivery_is_decided_again_after_a_pause, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_full_mailbox_is_withdrawn_at_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(withdrawal_destroys_what_waits, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_third_person_withdraws_too, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(withdrawal_waits_for_both_words, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(both_give_their_word, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_closed_connection_needs_no_word, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_connection_that_closed_before_carries_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_front_that_is_being_replaced_is_not_killed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(edge_that_is_silent_is_killed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_withdrawal_amid_many_requests_is_a_line, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
