// SPDX-License-Identifier: EUPL-1.2
// SendBatch: many sealed messages under one signature, each answer checked by itself.
#include <stdlib.h>

#include "batch.h"
#include "client_internal.h"
#include "record.h"

enum { BATCH_MAX = 256 };

// What a batch needs until its answer was read.
struct batch {
	Sluss__V1__SendRequest *requests[BATCH_MAX]; // owned
	Sluss__V1__Envelope *envelopes[BATCH_MAX];   // owned
	Sluss__V1__BatchItem items[BATCH_MAX];
	Sluss__V1__BatchItem *list[BATCH_MAX];
	size_t count;
};

static void batch_free(struct batch *batch)
{
	for (size_t i = 0; batch != NULL && i < batch->count; i++) {
		if (batch->requests[i] != NULL) {
			sluss__v1__send_request__free_unpacked(batch->requests[i], NULL);
		}
		if (batch->envelopes[i] != NULL) {
			sluss__v1__envelope__free_unpacked(batch->envelopes[i], NULL);
		}
	}
	free(batch);
}

static bool read_one(struct batch *batch, size_t i, const struct sluss_sealed_message *sealed)
{
	Sluss__V1__SendRequest *request = sluss__v1__send_request__unpack(NULL, sealed->request_len, sealed->request);
	batch->requests[i] = request;
	if (request == NULL || request->envelope == NULL) {
		return false;
	}
	const ProtobufCBinaryData *octets = &request->envelope->envelope;
	batch->envelopes[i] = sluss__v1__envelope__unpack(NULL, octets->len, octets->data);
	sluss__v1__batch_item__init(&batch->items[i]);
	batch->items[i].envelope = *octets;
	batch->items[i].sections = request->sections;
	batch->items[i].n_sections = request->n_sections;
	batch->list[i] = &batch->items[i];
	return batch->envelopes[i] != NULL;
}

// Signs the root and posts. The answer's octets are in c->answer when OK.
static enum sluss_client_result sign_and_post(struct sluss_client *c, const struct batch *batch)
{
	uint8_t(*leaves)[SLUSS_HASH_BYTES] = calloc(batch->count, sizeof(*leaves));
	uint8_t root[SLUSS_HASH_BYTES];
	Sluss__V1__SendBatchStatement statement = SLUSS__V1__SEND_BATCH_STATEMENT__INIT;
	struct sluss_author author = {c->authority, c->agency_id, c->officer_id, sluss_client_now_ms(c)};
	struct sluss_id id;
	struct sluss_signed octets;
	if (leaves == NULL) {
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "No memory.");
	}
	sluss_batch_root(batch->list, batch->count, leaves, root);
	free(leaves);
	sluss_id_random(&id);
	sluss_statement_stamp(&statement.base, &author, &id, &c->stamp);
	statement.root = (ProtobufCBinaryData){sizeof(root), root};
	statement.size = (uint32_t)batch->count;
	if (!sluss_statement_sign(&statement.base, c->signing_key, &octets)) {
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "No memory.");
	}
	Sluss__V1__SignedStatement view;
	Sluss__V1__SendBatchRequest request = SLUSS__V1__SEND_BATCH_REQUEST__INIT;
	sluss_signed_view(&octets, &view);
	request.statement = &view;
	request.items = (Sluss__V1__BatchItem **)(uintptr_t)batch->list;
	request.n_items = batch->count;
	size_t len = sluss__v1__send_batch_request__get_packed_size(&request);
	uint8_t *body = malloc(len);
	enum sluss_client_result result = SLUSS_CLIENT_INTERNAL;
	if (body == NULL) {
		(void)client_fail(c, result, "No memory.");
	} else {
		(void)sluss__v1__send_batch_request__pack(&request, body);
		result =
		    client_post(c, "/sluss.v1.ExchangeService/SendBatch", (struct sluss_bytes){body, len}, 0, false);
	}
	free(body);
	sluss_signed_free(&octets);
	return result;
}

static enum sluss_client_result check_answer(
    struct sluss_client *c, const struct batch *batch, size_t i, const Sluss__V1__BatchAnswer *answer)
{
	if (answer->answer_case == SLUSS__V1__BATCH_ANSWER__ANSWER_REFUSED) {
		return SLUSS_CLIENT_OK;
	}
	if (answer->answer_case != SLUSS__V1__BATCH_ANSWER__ANSWER_ACCEPTED ||
	    strcmp(answer->accepted->message_id, batch->envelopes[i]->message_id) != 0) {
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "Answer %zu is about another message.", i);
	}
	const Sluss__V1__Receipt *receipt = answer->accepted->receipt;
	if (c->log_verifier_key == NULL) {
		return SLUSS_CLIENT_OK;
	}
	enum sluss_receipt_verdict verdict = sluss_receipt_check(c->log_verifier_key, receipt, NULL);
	if (verdict != SLUSS_VERDICT_VALID) {
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "The receipt of answer %zu does not hold: %s.", i,
		    sluss_receipt_verdict_name(verdict));
	}
	struct sluss_bytes octets = {batch->items[i].envelope.data, batch->items[i].envelope.len};
	if (!sluss_record_fits((struct sluss_bytes){receipt->log_entry.data, receipt->log_entry.len},
		&batch->envelopes[i]->base, octets)) {
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "The receipt of answer %zu is for another entry.", i);
	}
	return SLUSS_CLIENT_OK;
}

static enum sluss_client_result read_answers(
    struct sluss_client *c, const struct batch *batch, Sluss__V1__SendBatchResponse **out)
{
	Sluss__V1__SendBatchResponse *response =
	    sluss__v1__send_batch_response__unpack(NULL, c->answer.len, c->answer.data);
	if (response == NULL || response->n_answers != batch->count) {
		if (response != NULL) {
			sluss__v1__send_batch_response__free_unpacked(response, NULL);
		}
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "The answer is not that to a batch of %zu.", batch->count);
	}
	for (size_t i = 0; i < batch->count; i++) {
		enum sluss_client_result result = check_answer(c, batch, i, response->answers[i]);
		if (result != SLUSS_CLIENT_OK) {
			sluss__v1__send_batch_response__free_unpacked(response, NULL);
			return result;
		}
	}
	*out = response;
	return SLUSS_CLIENT_OK;
}

enum sluss_client_result sluss_client_send_batch(
    struct sluss_client *c, const struct sluss_sealed_message *sealed, size_t count, Sluss__V1__SendBatchResponse **out)
{
	*out = NULL;
	if (c->signing_key == NULL || count == 0 || count > BATCH_MAX) {
		return client_fail(c, SLUSS_CLIENT_BAD_REQUEST,
		    "A batch has 1 to %d messages and needs the agency's signing key.", BATCH_MAX);
	}
	struct batch *batch = calloc(1, sizeof(*batch));
	enum sluss_client_result result =
	    batch == NULL ? client_fail(c, SLUSS_CLIENT_INTERNAL, "No memory.") : SLUSS_CLIENT_OK;
	for (size_t i = 0; result == SLUSS_CLIENT_OK && i < count; i++) {
		batch->count++;
		if (!read_one(batch, i, &sealed[i])) {
			result = client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "Sealed message %zu cannot be read.", i);
		}
	}
	if (result == SLUSS_CLIENT_OK) {
		result = sign_and_post(c, batch);
	}
	if (result == SLUSS_CLIENT_OK) {
		result = read_answers(c, batch, out);
	}
	batch_free(batch);
	return result;
}
