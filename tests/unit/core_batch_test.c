// SPDX-License-Identifier: EUPL-1.2
// SendBatch: one signature over many envelopes, each decided, answered, logged and provable alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core_world.h"
#include "log_list.h"
#include "log_verify.h"
#include "policy/record.h"

static const enum who to_soc[] = {SOC}, to_both[] = {SOC, POL};

enum { OK = 0, INVALID_ARGUMENT = 3, PERMISSION_DENIED = 7, COUNT = 5 };

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

// A batch of sealed messages as a request.
struct batch {
	Sluss__V1__SendRequest *requests[COUNT];
	Sluss__V1__BatchItem items[COUNT], *list[COUNT];
	Sluss__V1__SendBatchStatement statement;
	struct sluss_hash leaves[COUNT], root;
	struct sluss_stamp stamp;
	struct sluss_signed made;
	Sluss__V1__SignedStatement view;
	Sluss__V1__SendBatchRequest request;
};

static void batch_begin(struct batch *b, const struct sluss_sealed_message *sealed)
{
	for (size_t i = 0; i < COUNT; i++) {
		b->requests[i] = sluss__v1__send_request__unpack(NULL, sealed[i].request_len, sealed[i].request);
		assert_non_null(b->requests[i]);
		sluss__v1__batch_item__init(&b->items[i]);
		b->items[i].envelope = b->requests[i]->envelope->envelope;
		b->items[i].sections = b->requests[i]->sections;
		b->items[i].n_sections = b->requests[i]->n_sections;
		b->list[i] = &b->items[i];
		sluss_hash_leaf(b->items[i].envelope.data, b->items[i].envelope.len, &b->leaves[i]);
	}
	sluss_list_root(b->leaves, COUNT, &b->root);
	sluss__v1__send_batch_request__init(&b->request);
	b->request.items = b->list;
	b->request.n_items = COUNT;
}

static void batch_sign(struct world *w, struct batch *b)
{
	struct sluss_author author = {AUTHORITY, "sch-1", "t1", atomic_load(&w->now_ms)};
	struct sluss_id id;
	sluss_id_random(&id);
	sluss__v1__send_batch_statement__init(&b->statement);
	sluss_statement_stamp(&b->statement.base, &author, &id, &b->stamp);
	b->statement.root = (ProtobufCBinaryData){sizeof(b->root.b), b->root.b};
	b->statement.size = COUNT;
	sluss_signed_free(&b->made);
	assert_true(sluss_statement_sign(&b->statement.base, w->actors[SCH].sign, &b->made));
	sluss_signed_view(&b->made, &b->view);
	b->request.statement = &b->view;
}

static void batch_end(struct batch *b)
{
	for (size_t i = 0; i < COUNT; i++)
		sluss__v1__send_request__free_unpacked(b->requests[i], NULL);
	sluss_signed_free(&b->made);
}

static struct answer batch_send(struct world *w, struct batch *b)
{
	return call(w, SLUSS_METHOD_EXCHANGE_SEND_BATCH, SCH, 1, &b->request.base);
}

static const Sluss__V1__BatchAnswer *answer_at(const struct answer *answer, size_t i)
{
	assert_int_equal(answer->code, OK);
	const Sluss__V1__SendBatchResponse *response = (const Sluss__V1__SendBatchResponse *)answer->message;
	assert_int_equal(response->n_answers, COUNT);
	return response->answers[i];
}

static enum sluss_message_result open_as_soc(struct world *w, const Sluss__V1__Delivery *delivery)
{
	const struct sluss_sealing_key *keys[] = {w->actors[SOC].seal};
	struct sluss_reader reader = {AUTHORITY, "soc-1", keys, 1};
	struct sluss_opened_message *opened;
	enum sluss_message_result result = sluss_message_open(delivery, &reader, &opened);
	if (result == SLUSS_MESSAGE_OK) {
		assert_true(opened->usable);
		sluss_opened_message_free(&opened);
	}
	return result;
}

static void each_is_judged_alone(void **state)
{
	struct world *w = *state;
	struct sluss_sealed_message sealed[COUNT];
	for (size_t i = 0; i < COUNT; i++) {
		struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1 + i % 2};
		if (i == 1)
			draft.category = "school_support"; // nobody agreed to that
		if (i == 3)
			draft = (struct draft){.from = SCH, .to = to_both, .to_count = 2, .sections = 1};
		sealed[i] = seal(w, &draft);
	}
	struct batch b = {0};
	batch_begin(&b, sealed);
	b.items[2].sections[0]->ciphertext.data[50] ^= 1; // its digest is not in its envelope any more
	batch_sign(w, &b);
	struct answer answer = batch_send(w, &b);
	uint64_t indexes[COUNT] = {0};
	for (size_t i = 0; i < COUNT; i++) {
		const Sluss__V1__BatchAnswer *one = answer_at(&answer, i);
		if (i == 1 || i == 2) {
			assert_int_equal(one->answer_case, SLUSS__V1__BATCH_ANSWER__ANSWER_REFUSED);
			assert_int_equal(one->refused->reason, i == 1
								   ? SLUSS__V1__REASON_CODE__REASON_CODE_WRONG_CATEGORY
								   : SLUSS__V1__REASON_CODE__REASON_CODE_MALFORMED);
			assert_int_equal(one->refused->n_pairs, i == 1 ? 2 : 0);
			continue;
		}
		assert_int_equal(one->answer_case, SLUSS__V1__BATCH_ANSWER__ANSWER_ACCEPTED);
		assert_int_equal(one->accepted->n_pairs, i == 3 ? 2 : 1 + i % 2);
		indexes[i] = one->accepted->receipt->log_index;
		assert_non_null(strstr(one->accepted->receipt->tlog_proof, AUTHORITY));
	}
	answer_free(&answer);

	// Again, later and after a restart: each its first answer; what was malformed is refused anew.
	atomic_fetch_add(&w->now_ms, 3600 * 1000);
	world_stop(w);
	world_run(w);
	answer = batch_send(w, &b);
	for (size_t i = 0; i < COUNT; i++) {
		const Sluss__V1__BatchAnswer *one = answer_at(&answer, i);
		if (i == 1 || i == 2)
			assert_int_equal(one->answer_case, SLUSS__V1__BATCH_ANSWER__ANSWER_REFUSED);
		else
			assert_int_equal(one->accepted->receipt->log_index, indexes[i]);
	}
	answer_free(&answer);
	// One of them by itself: the same message.
	answer = send_sealed(w, SCH, &sealed[0]);
	assert_int_equal(answer.code, OK);
	assert_int_equal(((const Sluss__V1__SendResponse *)answer.message)->receipt->log_index, indexes[0]);
	answer_free(&answer);

	answer = fetch(w, SOC, 7, 0);
	const Sluss__V1__FetchResponse *got = (const Sluss__V1__FetchResponse *)answer.message;
	assert_int_equal(got->n_deliveries, 3);
	for (size_t i = 0; i < 3; i++) {
		Sluss__V1__Delivery *d = got->deliveries[i];
		assert_non_null(d->batch);
		assert_int_equal(d->envelope->signature.len, 0);
		assert_int_equal(open_as_soc(w, d), SLUSS_MESSAGE_OK);
		d->batch->index ^= 1;
		assert_int_equal(open_as_soc(w, d), SLUSS_MESSAGE_BAD_SIGNATURE);
		d->batch->index ^= 1;
		d->batch->path[0].data[5] ^= 1;
		assert_int_equal(open_as_soc(w, d), SLUSS_MESSAGE_BAD_SIGNATURE);
		d->batch->path[0].data[5] ^= 1;
		d->batch->statement->signature.data[5] ^= 1;
		assert_int_equal(open_as_soc(w, d), SLUSS_MESSAGE_BAD_SIGNATURE);
		d->batch->statement->signature.data[5] ^= 1;
		d->batch->n_path--;
		assert_int_equal(open_as_soc(w, d), SLUSS_MESSAGE_BAD_SIGNATURE);
		d->batch->n_path++;
	}
	struct answer acked =
	    acknowledge(w, SOC, got->deliveries[0], SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED);
	assert_int_equal(acked.code, OK);
	answer_free(&acked);
	answer_free(&answer);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_MESSAGE_ACCEPTED), 3);
	assert_int_equal(count_records(w, SLUSS_REC_MESSAGE_DENIED), 1);
	batch_end(&b);
	for (size_t i = 0; i < COUNT; i++)
		sluss_sealed_message_free(&sealed[i]);
}

static void the_signature_covers_all_of_them(void **state)
{
	struct world *w = *state;
	struct sluss_sealed_message sealed[COUNT];
	for (size_t i = 0; i < COUNT; i++) {
		struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
		sealed[i] = seal(w, &draft);
	}
	struct batch b = {0};
	batch_begin(&b, sealed);
	batch_sign(w, &b);
	// In another order, one fewer, none.
	b.list[0] = &b.items[1];
	b.list[1] = &b.items[0];
	struct answer answer = batch_send(w, &b);
	assert_int_equal(answer.code, INVALID_ARGUMENT);
	answer_free(&answer);
	b.list[0] = &b.items[0];
	b.list[1] = &b.items[1];
	b.request.n_items = COUNT - 1;
	answer = batch_send(w, &b);
	assert_int_equal(answer.code, INVALID_ARGUMENT);
	answer_free(&answer);
	b.request.n_items = COUNT;
	b.made.signature[3] ^= 1;
	answer = batch_send(w, &b);
	assert_int_equal(answer.code, PERMISSION_DENIED);
	assert_int_equal(answer.reason, SLUSS__V1__REASON_CODE__REASON_CODE_SIGNATURE_INVALID);
	answer_free(&answer);
	b.made.signature[3] ^= 1;
	// Too late for all of them, and nothing was decided before.
	atomic_fetch_add(&w->now_ms, 3600 * 1000);
	answer = batch_send(w, &b);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(
		    answer_at(&answer, i)->refused->reason, SLUSS__V1__REASON_CODE__REASON_CODE_CLOCK_SKEW);
	answer_free(&answer);
	// Signed anew for the new time, envelopes too.
	for (size_t i = 0; i < COUNT; i++) {
		struct sluss_author author = {AUTHORITY, "sch-1", "t1", atomic_load(&w->now_ms)};
		assert_int_equal(
		    sluss_sealed_message_renew(&sealed[i], &author, w->actors[SCH].sign), SLUSS_MESSAGE_OK);
	}
	batch_end(&b);
	b = (struct batch){0};
	batch_begin(&b, sealed);
	batch_sign(w, &b);
	answer = batch_send(w, &b);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(answer_at(&answer, i)->answer_case, SLUSS__V1__BATCH_ANSWER__ANSWER_ACCEPTED);
	answer_free(&answer);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_MESSAGE_ACCEPTED), COUNT);
	batch_end(&b);
	for (size_t i = 0; i < COUNT; i++)
		sluss_sealed_message_free(&sealed[i]);
}

// An envelope of another officer, or one message twice in a batch.
static void a_batch_vouches_for_its_own_officer_only(void **state)
{
	struct world *w = *state;
	struct sluss_sealed_message sealed[COUNT];
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	for (size_t i = 0; i < COUNT; i++)
		sealed[i] = seal(w, &draft);
	struct sluss_author other = {AUTHORITY, "sch-1", "t2", atomic_load(&w->now_ms)};
	Sluss__V1__SendRequest *request =
	    sluss__v1__send_request__unpack(NULL, sealed[1].request_len, sealed[1].request);
	Sluss__V1__Envelope *envelope =
	    sluss__v1__envelope__unpack(NULL, request->envelope->envelope.len, request->envelope->envelope.data);
	struct batch b = {0};
	batch_begin(&b, sealed);
	free(envelope->officer_id);
	envelope->officer_id = strdup(other.officer_id);
	uint8_t octets[4096];
	b.items[1].envelope = (ProtobufCBinaryData){sluss__v1__envelope__pack(envelope, octets), octets};
	b.items[4] = b.items[3];
	sluss_hash_leaf(octets, b.items[1].envelope.len, &b.leaves[1]);
	b.leaves[4] = b.leaves[3];
	sluss_list_root(b.leaves, COUNT, &b.root);
	batch_sign(w, &b);
	struct answer answer = batch_send(w, &b);
	assert_int_equal(answer_at(&answer, 1)->answer_case, SLUSS__V1__BATCH_ANSWER__ANSWER_REFUSED);
	assert_string_equal(answer_at(&answer, 1)->refused->field, "officer_id");
	assert_int_equal(
	    answer_at(&answer, 3)->accepted->receipt->log_index, answer_at(&answer, 4)->accepted->receipt->log_index);
	answer_free(&answer);
	sluss__v1__envelope__free_unpacked(envelope, NULL);
	sluss__v1__send_request__free_unpacked(request, NULL);
	batch_end(&b);
	for (size_t i = 0; i < COUNT; i++)
		sluss_sealed_message_free(&sealed[i]);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_MESSAGE_ACCEPTED), 3);
}

static void paths_lead_to_the_root(void **state)
{
	(void)state;
	struct sluss_hash leaves[70], root, path[SLUSS_LIST_PATH_MAX];
	for (uint8_t i = 0; i < 70; i++)
		sluss_hash_leaf(&i, 1, &leaves[i]);
	for (size_t count = 1; count <= 70; count++) {
		sluss_list_root(leaves, count, &root);
		for (size_t i = 0; i < count; i++) {
			size_t n = sluss_list_path(leaves, count, i, path);
			assert_true(sluss_verify_inclusion(&leaves[i], i, count, path, n, &root));
			assert_false(sluss_verify_inclusion(&leaves[(i + 1) % 70], i, count, path, n, &root));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths_lead_to_the_root),
	    cmocka_unit_test_setup_teardown(each_is_judged_alone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_signature_covers_all_of_them, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_batch_vouches_for_its_own_officer_only, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
