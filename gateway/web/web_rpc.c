// SPDX-License-Identifier: EUPL-1.2
// A complete body on its way to core: decompressed, checked, and turned into the protobuf octets that core decides on.
// And core's answer on its way back.
#include <stdlib.h>

#include "web/proto_check.h"
#include "web/web_gzip.h"
#include "web/web_int.h"

static void refuse(
    struct web_conn *conn, enum sluss_code code, Sluss__V1__ReasonCode reason, const char *field, const char *text)
{
	web_reply_refuse(conn, &(struct web_refusal){.code = code, .reason = reason, .field = field, .text = text});
}

static void refuse_malformed(struct web_conn *conn, const struct sluss_json_error *error)
{
	refuse(conn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS__V1__REASON_CODE__REASON_CODE_MALFORMED, error->field,
	    error->text);
}

static void no_room(struct web_conn *conn)
{
	refuse(conn, SLUSS_CODE_RESOURCE_EXHAUSTED, SLUSS__V1__REASON_CODE__REASON_CODE_BUSY, NULL,
	    "The gateway is receiving too much at once; try again later.");
}

// Replaces the request's body; takes over data. False: refused, because there is no room for it.
static bool replace_body(struct web_conn *conn, uint8_t *data, size_t len)
{
	struct web_request *request = conn->request;
	free(request->body);
	request->body = data;
	request->body_len = len;
	if (web_caller_body(conn, len))
		return true;
	no_room(conn);
	return false;
}

static bool decompress(struct web_conn *conn)
{
	struct web_request *request = conn->request;
	uint8_t *out;
	size_t len;
	switch (web_gunzip(request->body, request->body_len, request->body_limit, &out, &len)) {
	case WEB_GZIP_OK:
		return replace_body(conn, out, len);
	case WEB_GZIP_MALFORMED:
		refuse(conn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS__V1__REASON_CODE__REASON_CODE_MALFORMED, NULL,
		    "The body is not gzip, or is cut off.");
		return false;
	case WEB_GZIP_TOO_LARGE:
		refuse(conn, SLUSS_CODE_RESOURCE_EXHAUSTED, SLUSS__V1__REASON_CODE__REASON_CODE_TOO_LARGE, NULL,
		    "The decompressed request is larger than this method takes.");
		return false;
	case WEB_GZIP_NO_MEMORY:
		break;
	}
	no_room(conn);
	return false;
}

static bool from_json(struct web_conn *conn)
{
	struct web_request *request = conn->request;
	struct sluss_json_error error;
	ProtobufCMessage *m =
	    sluss_json_to_message(request->method->request, (const char *)request->body, request->body_len, &error);
	if (m == NULL) {
		refuse_malformed(conn, &error);
		return false;
	}
	size_t len = protobuf_c_message_get_packed_size(m);
	uint8_t *packed = malloc(len + 1);
	if (packed != NULL)
		protobuf_c_message_pack(m, packed);
	protobuf_c_message_free_unpacked(m, NULL);
	if (packed != NULL)
		return replace_body(conn, packed, len);
	no_room(conn);
	return false;
}

static bool check_proto(struct web_conn *conn)
{
	struct web_request *request = conn->request;
	struct sluss_json_error error;
	if (sluss_proto_check(
		request->method->request, (struct sluss_bytes){request->body, request->body_len}, 0, &error))
		return true;
	refuse_malformed(conn, &error);
	return false;
}

// What core is told: how long the client still waits. False: it does not any more.
static bool time_left(struct web_conn *conn, uint32_t *timeout_ms_out)
{
	int64_t deadline_ms = conn->request->client_deadline_ms;
	int64_t left = deadline_ms - conn->web->now_ms;
	if (deadline_ms == INT64_MAX) {
		*timeout_ms_out = 0;
		return true;
	}
	*timeout_ms_out = left > UINT32_MAX ? UINT32_MAX : (uint32_t)left;
	return left > 0;
}

void web_rpc_ask(struct web_conn *conn)
{
	struct web_request *request = conn->request;
	uint32_t timeout_ms;
	if (request->file != NULL) {
		web_file_ask(conn);
		return;
	}
	if (!time_left(conn, &timeout_ms)) {
		refuse(conn, SLUSS_CODE_DEADLINE_EXCEEDED, SLUSS__V1__REASON_CODE__REASON_CODE_UNAVAILABLE, NULL,
		    "The time that Connect-Timeout-Ms gave is over; nothing was done.");
		return;
	}
	if (request->coding == WEB_CODING_GZIP && request->body_len > 0 && !decompress(conn))
		return;
	if (!(request->codec == WEB_CODEC_JSON ? from_json(conn) : check_proto(conn)))
		return;
	if (!web_core_ask(conn, (struct sluss_bytes){request->body, request->body_len}, timeout_ms)) {
		web_rpc_unavailable(conn);
		return;
	}
	free(request->body); // core has it
	request->body = NULL;
	web_caller_body_gone(conn);
	web_rpc_wait(conn);
}

void web_rpc_unavailable(struct web_conn *conn)
{
	refuse(conn, SLUSS_CODE_UNAVAILABLE, SLUSS__V1__REASON_CODE__REASON_CODE_UNAVAILABLE, NULL,
	    "The gateway cannot decide now; nothing was done, try again later.");
}

void web_rpc_wait(struct web_conn *conn)
{
	const struct web_request *request = conn->request;
	int64_t patience_ms =
	    conn->web->limits.core_ms + (request->method->long_poll ? conn->web->limits.long_poll_ms : 0);
	int64_t deadline_ms = conn->web->now_ms + patience_ms;
	web_conn_phase(
	    conn, WEB_WAITING, request->client_deadline_ms < deadline_ms ? request->client_deadline_ms : deadline_ms);
}

static void release_frame(void *owner)
{
	Sluss__V1__IpcFrame *frame = owner;
	sluss_ipc_frame_free(&frame);
}

// The response message as JSON. False: core's octets are no such message (a fault of ours), or memory is out.
static bool answer_json(struct web_conn *conn, const ProtobufCBinaryData *body)
{
	ProtobufCMessage *m = protobuf_c_message_unpack(conn->request->method->response, NULL, body->len, body->data);
	size_t len = 0;
	char *text = m != NULL ? sluss_json_from_message(m, 0, &len) : NULL;
	if (m != NULL)
		protobuf_c_message_free_unpacked(m, NULL);
	if (text == NULL)
		return false;
	web_reply_octets(conn, text, len, "application/json", true, free, text);
	return true;
}

void web_rpc_refused(struct web_conn *conn, const Sluss__V1__CoreResponse *response)
{
	struct web_refusal refusal = {.code = SLUSS_CODE_UNKNOWN,
	    .reason = SLUSS__V1__REASON_CODE__REASON_CODE_UNAVAILABLE,
	    .text = response->message,
	    .detail = response->refusal};
	if (response->code <= SLUSS_CODE_UNAUTHENTICATED)
		refusal.code = (enum sluss_code)response->code;
	web_reply_refuse(conn, &refusal);
}

bool web_rpc_answer(struct web_conn *conn, Sluss__V1__IpcFrame **frame)
{
	const Sluss__V1__CoreResponse *response = (*frame)->response;
	const struct sluss_method_info *method = conn->request->method;
	bool answered = true;
	if (response->code != SLUSS_CODE_OK) {
		web_rpc_refused(conn, response);
	} else if (conn->request->file != NULL) {
		answered = web_file_answer(conn, response);
	} else if (conn->request->codec == WEB_CODEC_PROTO) {
		// The frame stays as it is and is freed with the answer: the body is not copied again.
		web_reply_octets(conn, response->body.data, response->body.len, "application/proto", !method->sealed,
		    release_frame, *frame);
		*frame = NULL;
	} else if (!answer_json(conn, &response->body)) {
		web_log(conn->web, "web_answer_unreadable method=%s", sluss_method_name(method));
		refuse(conn, SLUSS_CODE_INTERNAL, SLUSS__V1__REASON_CODE__REASON_CODE_UNAVAILABLE, NULL,
		    "The gateway's answer could not be written.");
	}
	sluss_ipc_frame_free(frame);
	return answered;
}
