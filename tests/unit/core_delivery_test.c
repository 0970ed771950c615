// SPDX-License-Identifier: EUPL-1.2
// How deliveries go on and end: order, leases, proof of receipt, rejection, expiry, full queues.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core_world.h"
#include "exchange.h"
#include "sluss/v1/log.pb-c.h"

static const enum who to_soc[] = {SOC}, to_both[] = {SOC, POL};

enum { OK = 0, INVALID_ARGUMENT = 3, NOT_FOUND = 5, EXHAUSTED = 8 };

#define RECEIVED SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED
#define REJECTED SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_REJECTED
#define STATE(name) SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_##name
#define KIND(name) SLUSS__V1__NOTICE_KIND__NOTICE_KIND_##name

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

static struct answer fetch_as(
    struct world *w, enum who who, uint64_t connection, const char *officer, uint32_t wait_ms, uint32_t max)
{
	Sluss__V1__FetchRequest request = SLUSS__V1__FETCH_REQUEST__INIT;
	request.officer_id = (char *)(uintptr_t)officer;
	request.wait_ms = wait_ms;
	request.max_messages = max;
	return call(w, SLUSS_METHOD_EXCHANGE_FETCH, who, connection, &request.base);
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

static struct answer notices_of(struct world *w, enum who who)
{
	Sluss__V1__FetchRequest request = SLUSS__V1__FETCH_REQUEST__INIT;
	request.with_notices = true;
	return call(w, SLUSS_METHOD_EXCHANGE_FETCH, who, 1, &request.base);
}

static struct answer status_of(struct world *w, enum who who, const struct sluss_id *message)
{
	Sluss__V1__GetStatusRequest request = SLUSS__V1__GET_STATUS_REQUEST__INIT;
	char id[SLUSS_ID_TEXT];
	request.message_id = (char *)(uintptr_t)sluss_id_format(message, id);
	struct answer answer = call(w, SLUSS_METHOD_EXCHANGE_GET_STATUS, who, 1, &request.base);
	assert_int_equal(answer.code, OK);
	return answer;
}

static size_t parts_of(struct world *w, const struct sluss_id *message)
{
	struct sluss_store *store;
	size_t found = 0;
	assert_int_equal(sluss_store_memory_open(w->db, SLUSS_STORE_READER, &store), SLUSS_STORE_OK);
	for (uint64_t index = 0; index < 200; index++)
		for (uint32_t part = 0; part < 4; part++) {
			struct sluss_store_blob blob = {0};
			struct sluss_id id = exchange_payload_id(index, message);
			found += sluss_store_get_payload(store, &id, part, &blob) == SLUSS_STORE_OK;
			sluss_store_blob_free(&blob);
		}
	sluss_store_close(&store);
	return found;
}

// ---- order

static void a_later_message_does_not_overtake(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	struct sluss_id first = send_expecting(w, &draft, OK), second = send_expecting(w, &draft, OK);
	struct answer got = fetch_as(w, SOC, 7, "", 0, 1);
	assert_int_equal(deliveries(&got)->n_deliveries, 1);
	assert_is(deliveries(&got)->deliveries[0], &first);
	// Another connection gets nothing of the case while the first message is with connection 7; that one may go on.
	assert_int_equal(fetch_count(w, SOC, 8), 0);
	struct answer more = fetch_as(w, SOC, 7, "", 0, 1);
	assert_int_equal(deliveries(&more)->n_deliveries, 1);
	assert_is(deliveries(&more)->deliveries[0], &second);
	answer_free(&more);
	answer_free(&got);
	// Its lease ends with the connection: both come again, the first one first.
	tell_closed(w, 7);
	got = fetch_as(w, SOC, 8, "", 0, 0);
	assert_int_equal(deliveries(&got)->n_deliveries, 2);
	assert_is(deliveries(&got)->deliveries[0], &first);
	assert_is(deliveries(&got)->deliveries[1], &second);
	answer_free(&got);
	// It ends with its time: the same.
	got = fetch_as(w, SOC, 9, "", 5000, 0);
	assert_true(deliveries(&got)->n_deliveries >= 1);
	assert_is(deliveries(&got)->deliveries[0], &first);
	// It ends with the acknowledgement.
	struct answer acked = acknowledge(w, SOC, deliveries(&got)->deliveries[0], RECEIVED);
	assert_int_equal(acked.code, OK);
	answer_free(&acked);
	answer_free(&got);
	tell_closed(w, 9);
	tell_closed(w, 8);
	got = fetch_as(w, SOC, 10, "", 0, 0);
	assert_int_equal(deliveries(&got)->n_deliveries, 1);
	assert_is(deliveries(&got)->deliveries[0], &second);
	answer_free(&got);
}

static void officers_do_not_wait_for_one_another(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1, .officer = "s1"};
	struct sluss_id first = send_expecting(w, &draft, OK);
	draft.officer = "s2";
	struct sluss_id second = send_expecting(w, &draft, OK);
	draft.officer = NULL;
	struct sluss_id third = send_expecting(w, &draft, OK);
	struct answer one = fetch_as(w, SOC, 7, "s1", 0, 1), two = fetch_as(w, SOC, 8, "s2", 0, 1);
	assert_is(deliveries(&one)->deliveries[0], &first);
	assert_is(deliveries(&two)->deliveries[0], &second);
	answer_free(&two);
	// What is for everybody waits for nobody in particular.
	struct answer three = fetch_as(w, SOC, 9, "s3", 0, 0);
	assert_int_equal(deliveries(&three)->n_deliveries, 1);
	assert_is(deliveries(&three)->deliveries[0], &third);
	answer_free(&three);
	assert_int_equal(fetch_count(w, SOC, 10), 0); // who takes everything waits for all of them
	answer_free(&one);
}

// ---- how it ends

static void the_sender_gets_what_the_recipient_signed(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_both, .to_count = 2, .sections = 1};
	struct sluss_id id = send_expecting(w, &draft, OK);
	struct answer got = fetch(w, SOC, 7, 0);
	struct answer acked = acknowledge(w, SOC, deliveries(&got)->deliveries[0], RECEIVED);
	assert_int_equal(acked.code, OK);
	answer_free(&acked);
	answer_free(&got);
	world_stop(w); // kept, not only remembered
	world_run(w);
	struct answer status = status_of(w, SCH, &id);
	const Sluss__V1__GetStatusResponse *response = (const Sluss__V1__GetStatusResponse *)status.message;
	const Sluss__V1__RecipientStatus *soc = response->recipients[0], *pol = response->recipients[1];
	assert_int_equal(soc->state, STATE(ACKNOWLEDGED));
	assert_int_equal(pol->state, STATE(WAITING));
	assert_null(pol->statement);
	assert_null(pol->receipt);
	assert_memory_equal(soc->recipient_key.data, sluss_signing_key_public(w->actors[SOC].sign), 32);
	struct sluss_bytes octets = {soc->statement->statement.data, soc->statement->statement.len};
	struct sluss_bytes signature = {soc->statement->signature.data, soc->statement->signature.len};
	assert_true(sluss_statement_verify(soc->recipient_key.data, soc->statement->key_id, octets, signature));
	Sluss__V1__LogRecord *entry =
	    sluss__v1__log_record__unpack(NULL, soc->receipt->log_entry.len, soc->receipt->log_entry.data);
	uint8_t hash[32];
	crypto_hash_sha256(hash, octets.data, octets.len);
	assert_int_equal(entry->event_case, SLUSS__V1__LOG_RECORD__EVENT_ACKNOWLEDGED);
	assert_memory_equal(entry->acknowledged->statement_hash.data, hash, 32);
	assert_int_equal(entry->acknowledged->outcome, SLUSS__V1__LOG_OUTCOME__LOG_OUTCOME_RECEIVED);
	sluss__v1__log_record__free_unpacked(entry, NULL);
	assert_int_equal(soc->receipt->log_index, soc->log_index);
	assert_non_null(strstr(soc->receipt->tlog_proof, AUTHORITY));
	struct answer told = notices_of(w, SCH);
	const Sluss__V1__FetchResponse *notices = (const Sluss__V1__FetchResponse *)told.message;
	assert_int_equal(notices->n_notices, 1);
	assert_int_equal(notices->notices[0]->kind, KIND(RECEIVED));
	assert_string_equal(notices->notices[0]->recipient_agency_id, "soc-1");
	assert_int_equal(notices->notices[0]->log_index, soc->log_index);
	assert_memory_equal(notices->notices[0]->statement->statement.data, soc->statement->statement.data, octets.len);
	answer_free(&told);
	answer_free(&status);
}

static void a_rejection_ends_it_and_says_why(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 2};
	struct sluss_id id = send_expecting(w, &draft, OK);
	struct answer got = fetch(w, SOC, 7, 0);
	struct answer rejected = acknowledge(w, SOC, deliveries(&got)->deliveries[0], REJECTED);
	assert_int_equal(rejected.code, OK);
	answer_free(&rejected);
	// Said once: another word does not change it.
	struct answer later = acknowledge(w, SOC, deliveries(&got)->deliveries[0], RECEIVED);
	assert_int_equal(later.code, OK);
	answer_free(&later);
	answer_free(&got);
	struct answer status = status_of(w, SCH, &id);
	const Sluss__V1__RecipientStatus *soc = ((const Sluss__V1__GetStatusResponse *)status.message)->recipients[0];
	assert_int_equal(soc->state, STATE(REJECTED));
	assert_string_equal(soc->explanation, "It does not open.");
	assert_non_null(soc->statement);
	answer_free(&status);
	struct answer told = notices_of(w, SCH);
	const Sluss__V1__FetchResponse *notices = (const Sluss__V1__FetchResponse *)told.message;
	assert_int_equal(notices->n_notices, 1);
	assert_int_equal(notices->notices[0]->kind, KIND(REJECTED));
	assert_string_equal(notices->notices[0]->explanation, "It does not open.");
	answer_free(&told);
	tell_closed(w, 7);
	assert_int_equal(fetch_count(w, SOC, 8), 0);
	world_stop(w);
	assert_int_equal(parts_of(w, &id), 0);
}

static void what_nobody_acknowledges_expires(void **state)
{
	struct world *w = *state;
	const int64_t hour = 3600 * 1000;
	struct draft draft = {
	    .from = SCH, .to = to_both, .to_count = 2, .sections = 2, .expires_ms = atomic_load(&w->now_ms) + hour};
	struct sluss_id id = send_expecting(w, &draft, OK);
	struct answer soc_got = fetch(w, SOC, 7, 0), pol_got = fetch(w, POL, 8, 0);
	struct answer acked = acknowledge(w, POL, deliveries(&pol_got)->deliveries[0], RECEIVED);
	assert_int_equal(acked.code, OK);
	answer_free(&acked);
	answer_free(&pol_got);
	tell_closed(w, 7);
	atomic_fetch_add(&w->now_ms, hour - 1);
	assert_int_equal(fetch_count(w, SOC, 9), 1);
	tell_closed(w, 9);
	atomic_fetch_add(&w->now_ms, 1);
	assert_int_equal(fetch_count(w, SOC, 10), 0);
	assert_int_equal(state_of(w, SCH, &id, SOC), STATE(EXPIRED));
	assert_int_equal(state_of(w, SCH, &id, POL), STATE(ACKNOWLEDGED));
	struct answer told = notices_of(w, SCH);
	const Sluss__V1__FetchResponse *notices = (const Sluss__V1__FetchResponse *)told.message;
	assert_int_equal(notices->n_notices, 2);
	assert_int_equal(notices->notices[1]->kind, KIND(EXPIRED));
	assert_string_equal(notices->notices[1]->recipient_agency_id, "soc-1");
	answer_free(&told);
	// It has been read all the same: what the recipient says then still counts.
	acked = acknowledge(w, SOC, deliveries(&soc_got)->deliveries[0], RECEIVED);
	assert_int_equal(acked.code, OK);
	answer_free(&acked);
	answer_free(&soc_got);
	assert_int_equal(state_of(w, SCH, &id, SOC), STATE(ACKNOWLEDGED));
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_EXPIRED), 1);
	assert_int_equal(count_records(w, SLUSS_REC_PAYLOAD_DESTROYED), 1);
	assert_int_equal(parts_of(w, &id), 0);
	world_run(w); // the fold gives the same
	assert_int_equal(state_of(w, SCH, &id, SOC), STATE(ACKNOWLEDGED));
	// One that would be over already is refused, and not for ever.
	draft.id = (struct sluss_id){{1}};
	(void)send_expecting(w, &draft, INVALID_ARGUMENT);
	draft.expires_ms = 0;
	(void)send_expecting(w, &draft, OK);
}

static void the_gateway_has_a_limit_of_its_own(void **state)
{
	struct world *w = *state;
	world_stop(w);
	w->config.delivery_expiry_hours = 1;
	world_run(w);
	const int64_t hour = 3600 * 1000;
	struct draft draft = {
	    .from = SCH, .to = to_soc, .to_count = 1, .sections = 1, .expires_ms = atomic_load(&w->now_ms) + 48 * hour};
	struct sluss_id ids[300];
	for (size_t i = 0; i < 300; i++)
		ids[i] = send_expecting(w, &draft, OK);
	world_stop(w);
	w->config.delivery_expiry_hours = 24 * 400; // what was accepted under one limit keeps it
	atomic_fetch_add(&w->now_ms, hour);
	world_run(w);
	assert_int_equal(fetch_count(w, SOC, 7), 0); // none of them, however many expire in one go
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(state_of(w, SCH, &ids[i], SOC), STATE(EXPIRED));
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_EXPIRED), 300);
	assert_int_equal(count_records(w, SLUSS_REC_RELEASED), 0);
}

// Nobody asks for anything: core looks at its clock by itself.
static void it_expires_in_silence(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	draft.expires_ms = atomic_load(&w->now_ms) + 1000;
	(void)send_expecting(w, &draft, OK);
	atomic_fetch_add(&w->now_ms, 990);
	Sluss__V1__FetchRequest request = SLUSS__V1__FETCH_REQUEST__INIT;
	request.with_notices = true;
	request.wait_ms = 5000;
	uint64_t number = ask_message(w, SLUSS_METHOD_EXCHANGE_FETCH, SCH, 1, &request.base); // waits for a notice
	atomic_fetch_add(&w->now_ms, 100);
	struct answer told;
	assert_true(wait_answer(w, number, SLUSS_METHOD_EXCHANGE_FETCH, PATIENCE_MS, &told));
	const Sluss__V1__FetchResponse *notices = (const Sluss__V1__FetchResponse *)told.message;
	assert_int_equal(notices->n_notices, 1);
	assert_int_equal(notices->notices[0]->kind, KIND(EXPIRED));
	answer_free(&told);
}

// ---- full queues

static void a_full_queue_refuses_and_loses_nothing(void **state)
{
	struct world *w = *state;
	world_stop(w);
	w->config.delivery_queue_octets_max = 7 * 4096; // half of it, and nothing more of the sender's own share
	world_run(w);
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	for (int i = 0; i < 3; i++)
		(void)send_expecting(w, &draft, OK);
	struct sluss_sealed_message sealed = seal(w, &draft);
	for (int round = 0; round < 2; round++) {
		struct answer answer = send_sealed(w, SCH, &sealed);
		assert_int_equal(answer.code, EXHAUSTED);
		assert_int_equal(answer.reason, SLUSS__V1__REASON_CODE__REASON_CODE_BUSY);
		answer_free(&answer);
		world_stop(w); // the bound holds over a restart
		world_run(w);
	}
	struct answer got = fetch(w, SOC, 7, 0);
	assert_int_equal(deliveries(&got)->n_deliveries, 3);
	struct answer acked = acknowledge(w, SOC, deliveries(&got)->deliveries[1], RECEIVED);
	assert_int_equal(acked.code, OK);
	answer_free(&acked);
	answer_free(&got);
	struct answer answer = send_sealed(w, SCH, &sealed); // the same octets: not refused for ever
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	sluss_sealed_message_free(&sealed);
	tell_closed(w, 7);
	assert_int_equal(fetch_count(w, SOC, 8), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_later_message_does_not_overtake, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(officers_do_not_wait_for_one_another, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_sender_gets_what_the_recipient_signed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_rejection_ends_it_and_says_why, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_nobody_acknowledges_expires, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_gateway_has_a_limit_of_its_own, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(it_expires_in_silence, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_full_queue_refuses_and_loses_nothing, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
