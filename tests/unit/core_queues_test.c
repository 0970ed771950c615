// SPDX-License-Identifier: EUPL-1.2
// Queues that fill: each sender's share of one, and what the operator is told of what waits and why.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core_world.h"
#include "exchange.h"

static const enum who to_soc[] = {SOC};

enum { OK = 0, EXHAUSTED = 8 };

#define RECEIVED SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED
#define WHY(name) SLUSS__V1__QUEUE_REASON__QUEUE_REASON_##name

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	world_start(w);
	world_stop(w);
	w->with_admin = true;
	world_run(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	world_end(*state);
	free(*state);
	return 0;
}

static const Sluss__V1__FetchResponse *deliveries(const struct answer *answer)
{
	assert_int_equal(answer->code, OK);
	return (const Sluss__V1__FetchResponse *)answer->message;
}

static void assert_is(const Sluss__V1__Delivery *delivery, const struct sluss_id *id)
{
	char text[SLUSS_ID_TEXT];
	assert_string_equal(delivery->message_id, sluss_id_format(id, text));
}

static void acknowledge_ok(struct world *w, enum who who, const Sluss__V1__Delivery *delivery)
{
	struct answer acked = acknowledge(w, who, delivery, RECEIVED);
	assert_int_equal(acked.code, OK);
	answer_free(&acked);
}

// What one sender floods is its own share and what is common; the share of another is not touched.
static void a_flood_takes_no_room_of_others(void **state)
{
	struct world *w = *state;
	world_stop(w);
	w->config.queue_max_per_agency = 16;
	world_run(w);
	struct draft flood = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	struct draft calm = {.from = POL,
	    .to = to_soc,
	    .to_count = 1,
	    .sections = 1,
	    .category = "enrolment",
	    .type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_SUITABILITY_ASSESSMENT};
	struct sluss_id ids[16];
	size_t sent = 0;
	while (sent < 8)
		ids[sent++] = send_expecting(w, &flood, OK);
	struct sluss_sealed_message refused = seal(w, &flood);
	for (int round = 0; round < 2; round++) {
		struct answer answer = send_sealed(w, SCH, &refused);
		assert_int_equal(answer.code, EXHAUSTED);
		assert_non_null(
		    strstr(answer.response->refusal->explanation, "share of sch-1 in the queue of soc-1 is full"));
		answer_free(&answer);
		// There are three mailboxes from its first message on: a third of the other half is two.
		ids[sent++] = send_expecting(w, &calm, OK);
		world_stop(w); // who has what there is told by the log
		world_run(w);
	}
	struct sluss_sealed_message also = seal(w, &calm);
	struct answer answer = send_sealed(w, POL, &also);
	assert_int_equal(answer.code, EXHAUSTED);
	assert_non_null(strstr(answer.response->refusal->explanation, "share of pol-1"));
	answer_free(&answer);
	// In order of acceptance, and each place that becomes free can be taken again.
	struct answer got = fetch(w, SOC, 7, 0);
	assert_int_equal(deliveries(&got)->n_deliveries, sent);
	for (size_t i = 0; i < sent; i++)
		assert_is(deliveries(&got)->deliveries[i], &ids[i]);
	for (size_t i = 0; i < 4; i++)
		acknowledge_ok(w, SOC, deliveries(&got)->deliveries[i]);
	answer_free(&got);
	answer = send_sealed(w, SCH, &refused);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	answer = send_sealed(w, POL, &also);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	sluss_sealed_message_free(&refused);
	sluss_sealed_message_free(&also);
}

static void room_is_shared(void **state)
{
	(void)state;
	assert_true(sluss_shares_have_room(49, 49, 1, 100, 5)); // the common half
	assert_false(sluss_shares_have_room(50, 50, 1, 100, 5));
	assert_true(sluss_shares_have_room(50, 9, 1, 100, 5)); // the other half: a fifth of it
	assert_false(sluss_shares_have_room(50, 10, 1, 100, 5));
	assert_true(sluss_shares_have_room(0, 0, 100, 100, 5)); // one large message of somebody who has nothing there
	assert_true(sluss_shares_have_room(60, 0, 40, 100, 5));
	assert_false(sluss_shares_have_room(60, 0, 41, 100, 5)); // never more than the whole
	assert_false(sluss_shares_have_room(100, 0, 1, 100, 1000));
	assert_true(sluss_shares_have_room(99, 0, 1, 100, 1000)); // a share of less than one is one
	assert_true(sluss_shares_have_room(0, 0, 1, 1, 0));
}

// ---- what the operator is told

static struct answer queues(struct world *w, size_t count)
{
	Sluss__V1__ListQueuesRequest request = SLUSS__V1__LIST_QUEUES_REQUEST__INIT;
	struct answer answer = admin_call(w, SLUSS_METHOD_ADMIN_LIST_QUEUES, &request.base);
	assert_int_equal(answer.code, OK);
	assert_int_equal(((const Sluss__V1__ListQueuesResponse *)answer.message)->n_queues, count);
	return answer;
}

static const Sluss__V1__Queue *only_queue(const struct answer *answer)
{
	return ((const Sluss__V1__ListQueuesResponse *)answer->message)->queues[0];
}

static void assert_why(struct world *w, Sluss__V1__QueueReason why, uint64_t waiting, uint64_t handed_out)
{
	struct answer answer = queues(w, 1);
	const Sluss__V1__Queue *queue = only_queue(&answer);
	assert_int_equal(queue->why, why);
	assert_int_equal(queue->waiting, waiting);
	assert_int_equal(queue->handed_out, handed_out);
	assert_true(queue->explanation[0] != '\0');
	answer_free(&answer);
}

static void the_operator_sees_what_waits_and_why(void **state)
{
	struct world *w = *state;
	struct answer none = queues(w, 0);
	answer_free(&none);
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	int64_t began_ms = atomic_load(&w->now_ms);
	for (int i = 0; i < 3; i++) {
		(void)send_expecting(w, &draft, OK);
		atomic_fetch_add(&w->now_ms, 1000);
	}
	struct answer answer = queues(w, 1);
	const Sluss__V1__Queue *queue = only_queue(&answer);
	assert_string_equal(queue->recipient_agency_id, "soc-1");
	assert_int_equal(queue->waiting, 3);
	assert_int_equal(queue->octets, 3 * EXCHANGE_BLOCK);
	assert_int_equal(queue->oldest->seconds, began_ms / 1000);
	assert_null(queue->asked);
	assert_int_equal(queue->n_senders, 1);
	assert_string_equal(queue->senders[0]->agency_id, "sch-1");
	assert_int_equal(queue->senders[0]->waiting, 3);
	assert_int_equal(queue->senders[0]->octets, 3 * EXCHANGE_BLOCK);
	answer_free(&answer);
	assert_why(w, WHY(NOT_ASKED), 3, 0);

	struct answer got = fetch(w, SOC, 7, 0);
	assert_int_equal(deliveries(&got)->n_deliveries, 3);
	assert_why(w, WHY(NOT_ACKNOWLEDGED), 3, 3);
	acknowledge_ok(w, SOC, deliveries(&got)->deliveries[0]);
	tell_closed(w, 7);
	assert_why(w, WHY(NOT_ACKNOWLEDGED), 2, 0); // nobody has it any more, but it was handed out
	acknowledge_ok(w, SOC, deliveries(&got)->deliveries[1]);
	acknowledge_ok(w, SOC, deliveries(&got)->deliveries[2]);
	answer_free(&got);
	none = queues(w, 0);
	answer_free(&none);

	(void)send_expecting(w, &draft, OK);
	assert_why(w, WHY(BEING_FETCHED), 1, 0); // it asked just now
	atomic_fetch_add(&w->now_ms, INT64_C(3600) * 1000);
	assert_why(w, WHY(NOT_ASKED), 1, 0);
	answer = queues(w, 1);
	assert_non_null(only_queue(&answer)->asked);
	answer_free(&answer);

	Sluss__V1__RevokeKeysRequest lost = SLUSS__V1__REVOKE_KEYS_REQUEST__INIT;
	char soc[] = "soc-1";
	lost.agency_id = soc;
	answer = admin_call(w, SLUSS_METHOD_ADMIN_REVOKE_KEYS, &lost.base);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_why(w, WHY(NO_KEY), 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_flood_takes_no_room_of_others, set_up, tear_down),
	    cmocka_unit_test(room_is_shared),
	    cmocka_unit_test_setup_teardown(the_operator_sees_what_waits_and_why, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
