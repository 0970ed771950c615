// SPDX-License-Identifier: EUPL-1.2
#include "request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct sluss_request *sluss_request_new(struct sluss_arena *arena, const Sluss__V1__CoreRequest *asked)
{
	struct sluss_request *request = sluss_arena_alloc(arena, sizeof(*request));
	if (request == NULL) {
		sluss_arena_free(&arena);
		return NULL;
	}
	request->item.kind = SLUSS_ITEM_REQUEST;
	request->asked = asked;
	request->txn.arena = arena;
	request->txn.caller = request->caller;
	request->txn.connection_id = asked->connection_id;
	request->txn.port = asked->port <= SLUSS_PORT_ADMIN ? (enum sluss_port)asked->port : SLUSS_PORT_NONE;
	return request;
}

void sluss_request_free(struct sluss_request **request)
{
	if (*request == NULL)
		return;
	struct sluss_arena *arena = (*request)->txn.arena;
	*request = NULL;
	sluss_arena_free(&arena);
}

void sluss_request_forget(struct sluss_request *request)
{
	request->answered = request->refused = false;
	request->code = SLUSS_CODE_OK;
	request->reason = SLUSS_REASON_NONE;
	request->field = request->explanation = NULL;
	request->body = (struct sluss_bytes){0};
	request->pair_count = 0;
	request->has_receipt = request->carries_release = request->repeated = request->has_barrier = request->parked =
	    false;
	request->released_count = 0;
	request->appended = 0;
}

// ---- what services call

void sluss_txn_respond(struct sluss_txn *txn, const ProtobufCMessage *response)
{
	struct sluss_request *request = sluss_request_of(txn);
	size_t len = protobuf_c_message_get_packed_size(response);
	uint8_t *octets = sluss_arena_alloc(txn->arena, len);
	if (octets == NULL) {
		sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, "The answer is too large.");
		return;
	}
	protobuf_c_message_pack(response, octets);
	request->body = (struct sluss_bytes){octets, len};
	request->answered = true;
}

void sluss_txn_receipt(struct sluss_txn *txn, uint64_t index, uint32_t field)
{
	struct sluss_request *request = sluss_request_of(txn);
	request->has_receipt = true;
	request->receipt_index = index;
	request->receipt_field = field;
}

void sluss_txn_refuse(struct sluss_txn *txn, enum sluss_code code, enum sluss_reason reason, const char *field,
    const char *explanation, ...)
{
	struct sluss_request *request = sluss_request_of(txn);
	request->refused = true;
	request->code = code;
	request->reason = reason;
	request->field = field == NULL || field[0] == '\0' ? "" : sluss_arena_text(txn->arena, field);
	if (request->field == NULL)
		request->field = "";
	request->explanation = sluss_reason_text(reason);
	if (explanation == NULL)
		return;
	char text[512];
	va_list arguments;
	va_start(arguments, explanation);
	int len = vsnprintf(text, sizeof(text), explanation, arguments);
	va_end(arguments);
	const char *copy = len < 0 ? NULL : sluss_arena_text(txn->arena, text);
	if (copy != NULL)
		request->explanation = copy;
}

enum sluss_code sluss_code_of(enum sluss_reason reason)
{
	switch ((int)reason) {
	case SLUSS_MALFORMED:
	case SLUSS_TOO_LARGE:
	case SLUSS_VAGUE_CATEGORY:
	case SLUSS_VAGUE_RECIPIENT:
	case SLUSS_VAGUE_PURPOSE:
	case SLUSS_NO_END:
	case SLUSS_END_TOO_LATE:
	case SLUSS_NOT_NAMED_ALONE:
	case SLUSS_UNKNOWN_AGENCY:
	case SLUSS_UNKNOWN_CATEGORY:
	case SLUSS_DEFERRAL_UNARGUED:
		return SLUSS_CODE_INVALID_ARGUMENT;
	case SLUSS_UNAVAILABLE:
		return SLUSS_CODE_UNAVAILABLE;
	case SLUSS_CLOCK_SKEW:
	case SLUSS_OUTSIDE_PROGRAMME:
	case SLUSS_CLOSED_STATE:
	case SLUSS_ASSESSMENT_NOT_ALLOWED:
	case SLUSS_LOG_DIFFERS:
		return SLUSS_CODE_FAILED_PRECONDITION;
	case SLUSS_ID_REUSED:
		return SLUSS_CODE_ALREADY_EXISTS;
	case SLUSS_UNKNOWN_CASE:
	case SLUSS_NOT_FOUND:
		return SLUSS_CODE_NOT_FOUND;
	case SLUSS_LOGIN_EXPIRED:
		return SLUSS_CODE_FAILED_PRECONDITION;
	case SLUSS_SESSION_UNKNOWN:
	case SLUSS_CERTIFICATE_UNKNOWN:
		return SLUSS_CODE_UNAUTHENTICATED;
	case SLUSS_BUSY:
		return SLUSS_CODE_RESOURCE_EXHAUSTED;
	default:
		return SLUSS_CODE_PERMISSION_DENIED;
	}
}

void sluss_txn_refuse_check(struct sluss_txn *txn, const struct sluss_refusal *refusal)
{
	sluss_txn_refuse(txn, sluss_code_of(refusal->reason), refusal->reason, refusal->field, NULL);
}

void sluss_txn_refuse_pairs(struct sluss_txn *txn, size_t count, Sluss__V1__PairDecision *const *pairs)
{
	struct sluss_request *request = sluss_request_of(txn);
	request->pairs = sluss_arena_copy(txn->arena, pairs, count * sizeof(*pairs));
	request->pair_count = request->pairs == NULL ? 0 : count;
}

bool sluss_txn_refused(const struct sluss_txn *txn)
{
	return sluss_request_of_const(txn)->refused;
}

// ---- the answer's octets

static size_t put_varint(uint8_t *out, uint64_t value)
{
	size_t len = 0;
	for (; value >= 0x80; value >>= 7)
		out[len++] = (uint8_t)(value | 0x80);
	out[len++] = (uint8_t)value;
	return len;
}

bool sluss_request_seal(struct sluss_request *request, const Sluss__V1__Receipt *receipt)
{
	if (receipt == NULL)
		return true;
	// A message's fields may stand in any order (protobuf encoding), so the receipt simply follows what was packed
	// before the commit.
	size_t receipt_len = sluss__v1__receipt__get_packed_size(receipt);
	uint8_t *octets = sluss_arena_alloc(request->txn.arena, request->body.len + receipt_len + 20);
	if (octets == NULL)
		return false;
	size_t len = request->body.len;
	if (len > 0)
		memcpy(octets, request->body.data, len);
	enum { LENGTH_DELIMITED = 2 };
	len += put_varint(octets + len, (uint64_t)request->receipt_field << 3 | LENGTH_DELIMITED);
	len += put_varint(octets + len, receipt_len);
	len += sluss__v1__receipt__pack(receipt, octets + len);
	request->body = (struct sluss_bytes){octets, len};
	return true;
}

void sluss_request_answer(const struct sluss_request *request, struct sluss_answer_frame *answer_out)
{
	sluss__v1__ipc_frame__init(&answer_out->frame);
	sluss__v1__core_response__init(&answer_out->response);
	answer_out->frame.body_case = SLUSS__V1__IPC_FRAME__BODY_RESPONSE;
	answer_out->frame.response = &answer_out->response;
	answer_out->response.request_id = request->asked->request_id;
	answer_out->response.code = (uint32_t)request->code;
	answer_out->response.carries_release = request->carries_release;
	if (!request->refused) {
		answer_out->response.body =
		    (ProtobufCBinaryData){.len = request->body.len, .data = (uint8_t *)(uintptr_t)request->body.data};
		return;
	}
	sluss__v1__refusal__init(&answer_out->refusal);
	answer_out->response.message = (char *)(uintptr_t)request->explanation;
	answer_out->response.refusal = &answer_out->refusal;
	answer_out->refusal.reason = (Sluss__V1__ReasonCode)request->reason;
	answer_out->refusal.field = (char *)(uintptr_t)request->field;
	answer_out->refusal.explanation = (char *)(uintptr_t)request->explanation;
	answer_out->refusal.n_pairs = request->pair_count;
	answer_out->refusal.pairs = request->pairs;
}
