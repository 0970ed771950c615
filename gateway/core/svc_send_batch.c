// SPDX-License-Identifier: EUPL-1.2
// ExchangeService.SendBatch: many envelopes under one signature over their Merkle root (RFC 6962). Each is read,
// decided, logged and answered as by Send; one that is wrong does not hinder the others. What a recipient gets carries
// the statement and the envelope's path to its root, so that it can be checked without the rest of the batch.
//
// The batch itself is not remembered: each envelope's id is, and a batch that comes again gives each its first answer.
#include <stdio.h>

#include "exchange.h"
#include "log_list.h"
#include "writer.h"

enum {
	BATCH_MAX = 256,
	BATCH_ENVELOPE_MAX = 64 << 10,
};

// What a refusal said, kept while the request goes on to the next item.
struct refusal {
	bool refused;
	enum sluss_code code;
	enum sluss_reason reason;
	const char *field, *explanation;
	size_t pair_count;
	Sluss__V1__PairDecision **pairs;
};

struct item {
	struct exchange_message *message; // NULL: refused when it was read
	struct sluss_statement_header header;
	struct refusal refusal;
	struct exchange_outcome outcome;
};

struct batch {
	struct item *items;
	size_t count;
};

// Takes the request's refusal away, so that the next item begins anew.
static struct refusal take_refusal(struct sluss_txn *txn)
{
	struct sluss_request *request = sluss_request_of(txn);
	struct refusal refusal = {request->refused, request->code, request->reason, request->field,
	    request->explanation, request->pair_count, request->pairs};
	request->refused = false;
	request->code = SLUSS_CODE_OK;
	request->reason = SLUSS_REASON_NONE;
	request->field = request->explanation = NULL;
	request->pair_count = 0;
	request->pairs = NULL;
	return refusal;
}

// ---- reading (worker thread)

static bool wrong(struct sluss_txn *txn, const char *field, const char *why)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, "%s", why);
	return false;
}

// The rules of Send for the envelope itself; its signature is the batch's.
static bool read_envelope(
    struct sluss_txn *txn, const Sluss__V1__BatchItem *given, struct item *item, Sluss__V1__Envelope **envelope_out)
{
	char field[SLUSS_STRICT_FIELD_MAX];
	const char *bad = "";
	ProtobufCMessage *message;
	struct sluss_bytes octets = {given->envelope.data, given->envelope.len};
	if (octets.len > BATCH_ENVELOPE_MAX)
		return wrong(txn, "envelope", "It is too long.");
	enum sluss_strict_result strict = sluss_strict_unpack(
	    &sluss__v1__envelope__descriptor, octets, sluss_arena_allocator(txn->arena), &message, field);
	if (strict != SLUSS_STRICT_OK)
		return wrong(txn, field, sluss_strict_result_name(strict));
	if (!sluss_statement_header_of(message, &item->header, &bad))
		return wrong(txn, bad, "A field of its header has no valid form.");
	if (strcmp(item->header.kind, sluss__v1__envelope__descriptor.name) != 0)
		return wrong(txn, "kind", "It is of another kind.");
	if (strcmp(item->header.authority, txn->authority) != 0)
		return wrong(txn, "authority", "It is meant for another gateway.");
	if (strcmp(item->header.agency_id, txn->header->agency_id) != 0 ||
	    strcmp(item->header.officer_id, txn->header->officer_id) != 0)
		return wrong(txn, "officer_id", "Agency and officer are those of the batch.");
	*envelope_out = (Sluss__V1__Envelope *)message;
	return true;
}

// What stands for the envelope's own signature in what is kept and delivered.
static bool make_proof(struct sluss_txn *txn, const Sluss__V1__SendBatchRequest *request,
    const struct sluss_hash *leaves, size_t index, struct exchange_message *m)
{
	struct sluss_hash path[SLUSS_LIST_PATH_MAX];
	size_t count = sluss_list_path(leaves, request->n_items, index, path);
	Sluss__V1__SignedEnvelope *outer = sluss_arena_alloc(txn->arena, sizeof(*outer));
	Sluss__V1__BatchProof *proof = sluss_arena_alloc(txn->arena, sizeof(*proof));
	ProtobufCBinaryData *hashes = sluss_arena_array(txn->arena, count, sizeof(*hashes));
	struct sluss_hash *kept = sluss_arena_copy(txn->arena, path, count * sizeof(*path));
	if (outer == NULL || proof == NULL || hashes == NULL || kept == NULL)
		return wrong(txn, NULL, "The batch is too large.");
	sluss__v1__signed_envelope__init(outer);
	outer->envelope = request->items[index]->envelope;
	outer->key_id = request->statement->key_id;
	sluss__v1__batch_proof__init(proof);
	proof->statement = request->statement;
	proof->index = (uint32_t)index;
	for (size_t i = 0; i < count; i++)
		hashes[i] = (ProtobufCBinaryData){SLUSS_HASH_BYTES, kept[i].b};
	proof->path = hashes;
	proof->n_path = count;
	m->signed_envelope = outer;
	m->batch = proof;
	return true;
}

static void read_item(struct sluss_txn *txn, const Sluss__V1__SendBatchRequest *request,
    const struct sluss_hash *leaves, size_t index, struct item *item)
{
	const Sluss__V1__BatchItem *given = request->items[index];
	Sluss__V1__Envelope *envelope;
	struct sluss_hash hash;
	if (read_envelope(txn, given, item, &envelope))
		item->message = exchange_read(txn, envelope, given->n_sections, given->sections, true);
	if (item->message != NULL && !make_proof(txn, request, leaves, index, item->message))
		item->message = NULL;
	if (item->message != NULL) {
		sluss_hash_octets(given->envelope.data, given->envelope.len, &hash);
		memcpy(item->message->envelope_hash, hash.b, sizeof(hash.b));
	}
	item->refusal = take_refusal(txn);
}

void exchange_send_batch_prepare(struct sluss_txn *txn)
{
	const Sluss__V1__SendBatchRequest *request = (const Sluss__V1__SendBatchRequest *)txn->request;
	const Sluss__V1__SendBatchStatement *statement = (const Sluss__V1__SendBatchStatement *)txn->statement;
	size_t count = request->n_items;
	struct sluss_hash root;
	if (count == 0 || count > BATCH_MAX || statement->size != count) {
		(void)wrong(txn, "items", "A batch has 1 to 256 items, as many as its statement says.");
		return;
	}
	struct batch *batch = sluss_arena_alloc(txn->arena, sizeof(*batch));
	struct item *items = sluss_arena_array(txn->arena, count, sizeof(*items));
	struct sluss_hash *leaves = sluss_arena_array(txn->arena, count, sizeof(*leaves));
	if (batch == NULL || items == NULL || leaves == NULL) {
		(void)wrong(txn, NULL, "The batch is too large.");
		return;
	}
	for (size_t i = 0; i < count; i++)
		sluss_hash_leaf(request->items[i]->envelope.data, request->items[i]->envelope.len, &leaves[i]);
	sluss_list_root(leaves, count, &root);
	if (statement->root.len != sizeof(root.b) || memcmp(statement->root.data, root.b, sizeof(root.b)) != 0) {
		(void)wrong(txn, "statement.root", "It is not the Merkle root of these envelopes.");
		return;
	}
	for (size_t i = 0; i < count; i++)
		read_item(txn, request, leaves, i, &items[i]);
	*batch = (struct batch){items, count};
	txn->prepared = batch;
}

// ---- deciding (writer thread)

static bool clock_fits(const struct sluss_txn *txn, int64_t at_ms)
{
	int64_t off = at_ms - txn->now_ms;
	int64_t most = sluss_request_of_const(txn)->writer->config.clock_skew_max_ms;
	return off <= most && off >= -most;
}

// New, or an id that stands for these octets already, or for others.
static void send_item(struct sluss_txn *txn, struct item *item)
{
	struct sluss_world *world = sluss_writer_of(txn)->world;
	uint32_t number = sluss_messages_find(world->messages, &item->message->message);
	uint64_t position;
	struct sluss_record record;
	if (number != SLUSS_NOWHERE) {
		if (!exchange_record(txn, number, &record))
			return;
		if (memcmp(record.u.message_accepted.envelope_hash, item->message->envelope_hash, SLUSS_HASH_BYTES) !=
		    0)
			sluss_txn_refuse(txn, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "message_id", NULL);
		else
			exchange_send_again(txn, number, &item->outcome);
	} else if (sluss_idmap_get(&world->answers, &item->message->message, &position)) {
		sluss_txn_refuse(txn, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "message_id", NULL);
	} else if (!clock_fits(txn, txn->header->at_ms) || !clock_fits(txn, item->header.at_ms)) {
		sluss_txn_refuse(txn, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_CLOCK_SKEW, "at", NULL);
	} else {
		exchange_send_new(txn, item->message, &item->outcome);
	}
}

void exchange_send_batch(struct sluss_txn *txn)
{
	struct batch *batch = txn->prepared;
	struct sluss_request *request = sluss_request_of(txn);
	unsigned appended = request->appended;
	for (size_t i = 0; i < batch->count; i++) {
		struct item *item = &batch->items[i];
		if (item->message == NULL)
			continue;
		request->appended = 0; // one item's records do not make another's half a request
		send_item(txn, item);
		item->refusal = take_refusal(txn);
		if (item->refusal.refused && item->refusal.code == SLUSS_CODE_UNAVAILABLE && request->appended > 0)
			sluss_batch_spoil(sluss_writer_of(txn), "batch", "an item failed half done");
		appended += request->appended;
		if (sluss_writer_of(txn)->spoiled) {
			sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
			break;
		}
	}
	request->appended = appended;
	Sluss__V1__SendBatchResponse nothing = SLUSS__V1__SEND_BATCH_RESPONSE__INIT;
	if (!sluss_txn_refused(txn))
		sluss_txn_respond(txn, &nothing.base); // finish says what came of it
}

// ---- answering (after the commit)

static Sluss__V1__BatchAnswer *answer_of(struct sluss_txn *txn, const struct item *item)
{
	Sluss__V1__BatchAnswer *answer = sluss_arena_alloc(txn->arena, sizeof(*answer));
	Sluss__V1__Refusal *refused = sluss_arena_alloc(txn->arena, sizeof(*refused));
	Sluss__V1__SendResponse *accepted = sluss_arena_alloc(txn->arena, sizeof(*accepted));
	Sluss__V1__Receipt *receipt = sluss_arena_alloc(txn->arena, sizeof(*receipt));
	char *id = sluss_arena_alloc(txn->arena, SLUSS_ID_TEXT);
	if (answer == NULL || refused == NULL || accepted == NULL || receipt == NULL || id == NULL)
		return NULL;
	sluss__v1__batch_answer__init(answer);
	if (item->refusal.refused) {
		sluss__v1__refusal__init(refused);
		refused->reason = (Sluss__V1__ReasonCode)item->refusal.reason;
		refused->field = (char *)(uintptr_t)item->refusal.field;
		refused->explanation = (char *)(uintptr_t)item->refusal.explanation;
		refused->pairs = item->refusal.pairs;
		refused->n_pairs = item->refusal.pair_count;
		answer->answer_case = SLUSS__V1__BATCH_ANSWER__ANSWER_REFUSED;
		answer->refused = refused;
		return answer;
	}
	sluss__v1__send_response__init(accepted);
	sluss_id_format(&item->message->message, id);
	accepted->message_id = id;
	accepted->pairs = item->outcome.pairs;
	accepted->n_pairs = item->outcome.pair_count;
	if (!sluss_batch_receipt(sluss_writer_of(txn), txn->arena, item->outcome.index, receipt))
		return NULL;
	accepted->receipt = receipt;
	answer->answer_case = SLUSS__V1__BATCH_ANSWER__ANSWER_ACCEPTED;
	answer->accepted = accepted;
	return answer;
}

void exchange_send_batch_finish(struct sluss_txn *txn)
{
	const struct batch *batch = txn->prepared;
	Sluss__V1__SendBatchResponse response = SLUSS__V1__SEND_BATCH_RESPONSE__INIT;
	response.answers = sluss_arena_array(txn->arena, batch->count, sizeof(*response.answers));
	for (size_t i = 0; response.answers != NULL && i < batch->count; i++) {
		response.answers[i] = answer_of(txn, &batch->items[i]);
		if (response.answers[i] == NULL)
			response.answers = NULL;
	}
	response.n_answers = batch->count;
	if (response.answers == NULL)
		sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
	else
		sluss_txn_respond(txn, &response.base);
}
