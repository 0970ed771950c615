// SPDX-License-Identifier: EUPL-1.2
// The last checks before a request is executed, on the writer thread, and the memory of statements that were answered
// (idempotency).
//
// Invariant: a statement id is remembered in the same transaction as the records that the statement made. So either
// both survive, and a repetition gets the first answer, or neither, and a repetition is executed as if it were the
// first.
#include <stdlib.h>

#include "queue.h"
#include "writer.h"

enum {
	ANSWER_BARRIER = 1,
	ANSWER_RECEIPT = 2,
	ANSWER_HEAD = SLUSS_HASH_BYTES + 1 + SLUSS_ID_BYTES + 8 +
		      4, // hash, flags, case of the barrier, index and field of the receipt
};

static bool refuse(struct sluss_request *request, enum sluss_code code, enum sluss_reason reason, const char *field)
{
	sluss_txn_refuse(&request->txn, code, reason, field, NULL);
	return false;
}

// ---- who asks

static bool caller_is_good(struct sluss_writer *w, struct sluss_request *request)
{
	if (request->txn.port != SLUSS_PORT_AGENCY)
		return sluss_request_session_stands(request, w->sessions, w->directory);
	char agency[SLUSS_AGENCY_MAX + 1];
	const uint8_t *fingerprint = request->asked->certificate_fingerprint.data; // 32 octets: verify.c
	if (sluss_directory_certificate(w->directory, fingerprint, w->now_ms, agency, &request->txn.caller_type) &&
	    strcmp(agency, request->caller) == 0)
		return true;
	// Its time is over, or it was revoked since a worker looked: edge need not let it in again.
	struct sluss_word *note = sluss_word_new(SLUSS_ITEM_REVOKE, 1);
	memcpy(note->u.octets, fingerprint, SLUSS_HASH_BYTES);
	sluss_queue_push(w->to_intake, &note->item);
	return refuse(request, SLUSS_CODE_UNAUTHENTICATED, SLUSS_CERTIFICATE_UNKNOWN, NULL);
}

static bool key_is_good(struct sluss_writer *w, struct sluss_request *request)
{
	struct sluss_signer signer;
	if (request->txn.session != NULL)
		return true; // caller_is_good asked
	bool known = sluss_directory_signer(w->directory, request->txn.key_id, &signer);
	bool same = known && memcmp(signer.sign_key, request->signer.sign_key, sizeof(signer.sign_key)) == 0 &&
		    strcmp(signer.agency, request->header.agency_id) == 0;
	if (same && !signer.revoked && w->now_ms >= signer.from_ms && w->now_ms < signer.until_ms)
		return true;
	return refuse(request, SLUSS_CODE_PERMISSION_DENIED, SLUSS_KEY_UNKNOWN, "key_id");
}

// ---- statements that were answered

static uint64_t get_number(const uint8_t *octets, int len)
{
	uint64_t value = 0;
	for (int i = 0; i < len; i++)
		value = value << 8 | octets[i];
	return value;
}

static void put_number(uint8_t *octets, uint64_t value, int len)
{
	for (int i = len; i-- > 0; value >>= 8)
		octets[i] = (uint8_t)value;
}

// Gives the stored answer again.
static bool answer_again(struct sluss_request *request, uint64_t position)
{
	uint8_t key[SLUSS_ANSWER_KEY];
	struct sluss_bytes row;
	sluss_answer_key(position, &request->header.id, key);
	if (!sluss_txn_get_side(&request->txn, SLUSS_SIDE_ANSWER, (struct sluss_bytes){key, sizeof(key)}, &row))
		return false;
	if (row.data == NULL || row.len < ANSWER_HEAD)
		return refuse(request, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL);
	if (memcmp(row.data, request->txn.statement_hash, SLUSS_HASH_BYTES) != 0)
		return refuse(request, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "statement_id");
	const uint8_t *head = row.data + SLUSS_HASH_BYTES;
	request->body = (struct sluss_bytes){row.data + ANSWER_HEAD, row.len - ANSWER_HEAD};
	request->answered = true;
	struct sluss_id barrier;
	memcpy(barrier.b, head + 1, sizeof(barrier.b));
	if (head[0] & ANSWER_BARRIER)
		sluss_txn_barrier(&request->txn, &barrier);
	if (head[0] & ANSWER_RECEIPT)
		sluss_txn_receipt(&request->txn, get_number(head + 1 + SLUSS_ID_BYTES, 8),
		    (uint32_t)get_number(head + 1 + SLUSS_ID_BYTES + 8, 4));
	return false;
}

bool sluss_writer_remember(struct sluss_writer *w, struct sluss_request *request)
{
	struct sluss_arena *arena = request->txn.arena;
	uint8_t *row = sluss_arena_alloc(arena, ANSWER_HEAD + request->body.len);
	if (row == NULL)
		return sluss_batch_spoil(w, "remember", "no memory");
	memcpy(row, request->txn.statement_hash, SLUSS_HASH_BYTES);
	uint8_t *head = row + SLUSS_HASH_BYTES;
	head[0] = (uint8_t)((request->has_barrier ? ANSWER_BARRIER : 0) | (request->has_receipt ? ANSWER_RECEIPT : 0));
	memcpy(head + 1, request->barrier_case.b, SLUSS_ID_BYTES);
	put_number(head + 1 + SLUSS_ID_BYTES, request->receipt_index, 8);
	put_number(head + 1 + SLUSS_ID_BYTES + 8, request->receipt_field, 4);
	if (request->body.len > 0)
		memcpy(row + ANSWER_HEAD, request->body.data, request->body.len);
	uint8_t key[SLUSS_ANSWER_KEY];
	uint64_t position = w->world->size;
	sluss_answer_key(position, &request->header.id, key);
	if (!sluss_txn_put_side(&request->txn, SLUSS_SIDE_ANSWER, (struct sluss_bytes){key, sizeof(key)},
		(struct sluss_bytes){row, ANSWER_HEAD + request->body.len}))
		return false;
	return sluss_idmap_put(&w->world->answers, &request->header.id, position) ||
	       sluss_batch_spoil(w, "remember", "no memory");
}

bool sluss_txn_answer(
    struct sluss_txn *txn, const struct sluss_id *id, struct sluss_bytes *body_out, uint64_t *index_out)
{
	uint8_t key[SLUSS_ANSWER_KEY];
	uint64_t position;
	struct sluss_bytes row;
	struct sluss_id barrier;
	if (!sluss_idmap_get(&sluss_writer_of(txn)->world->answers, id, &position))
		return false;
	sluss_answer_key(position, id, key);
	if (!sluss_txn_get_side(txn, SLUSS_SIDE_ANSWER, (struct sluss_bytes){key, sizeof(key)}, &row) ||
	    row.data == NULL || row.len < ANSWER_HEAD)
		return false;
	const uint8_t *head = row.data + SLUSS_HASH_BYTES;
	if ((head[0] & ANSWER_RECEIPT) == 0)
		return false;
	memcpy(barrier.b, head + 1, sizeof(barrier.b));
	if (head[0] & ANSWER_BARRIER)
		sluss_txn_barrier(txn, &barrier);
	*body_out = (struct sluss_bytes){row.data + ANSWER_HEAD, row.len - ANSWER_HEAD};
	*index_out = get_number(head + 1 + SLUSS_ID_BYTES, 8);
	return true;
}

// True: it was seen and is answered or refused, or execute has to answer it again (request->repeated).
static bool seen_before(struct sluss_writer *w, struct sluss_request *request)
{
	bool own = (request->service->flags & SLUSS_SERVICE_OWN_REPEAT) != 0;
	uint32_t message = sluss_messages_find(w->world->messages, &request->header.id);
	uint64_t position;
	if (message != SLUSS_NOWHERE) {
		struct sluss_record record;
		if (!own) {
			refuse(request, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "statement_id");
		} else if (!sluss_batch_record(
			       w, request->txn.arena, sluss_messages_at(w->world->messages, message)->index, &record)) {
			refuse(request, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL);
		} else if (memcmp(record.u.message_accepted.envelope_hash, request->txn.statement_hash,
			       SLUSS_HASH_BYTES) != 0) {
			refuse(request, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "message_id");
		} else {
			request->repeated = true;
		}
		return true;
	}
	if (!sluss_idmap_get(&w->world->answers, &request->header.id, &position))
		return false;
	if (own)
		refuse(request, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "message_id");
	else
		(void)answer_again(request, position);
	return true;
}

// ---- all of it

bool sluss_writer_admit(struct sluss_writer *w, struct sluss_request *request)
{
	if (w->spoiled || w->down)
		return refuse(request, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL);
	if (!caller_is_good(w, request))
		return false;
	bool is_signed = request->service->statement != NULL;
	bool has_id = is_signed || (request->service->flags & SLUSS_SERVICE_REQUEST_ID) != 0;
	if (has_id && (request->service->flags & SLUSS_SERVICE_REPEATABLE) == 0 && seen_before(w, request))
		return request->repeated && !request->refused;
	if (w->now_ms < sluss_state_time_ms(w->world->state))
		return refuse(request, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL);
	if (!is_signed)
		return true;
	if (!key_is_good(w, request))
		return false;
	if ((request->service->flags & SLUSS_SERVICE_OWN_CLOCK) != 0)
		return true;
	int64_t off = request->header.at_ms - w->now_ms;
	if (off > (int64_t)w->config.clock_skew_max_ms || off < -(int64_t)w->config.clock_skew_max_ms)
		return refuse(request, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_CLOCK_SKEW, "at");
	return true;
}
