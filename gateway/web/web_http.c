// SPDX-License-Identifier: EUPL-1.2
// libmicrohttpd's side of a request: it calls web_http_handle once with the headers, then for each piece of the body,
// then once more at its end, and again when a suspended connection was resumed.
#include <stdlib.h>
#include <strings.h>

#include "web/web_int.h"

enum { FIRST_BODY = 4 << 10 };

size_t web_http_unescape(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text);
}

void *web_http_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	(void)cls;
	(void)uri;
	struct web_conn *conn = web_conn_of(mhd);
	if (conn != NULL && conn->phase == WEB_IDLE)
		web_conn_phase(conn, WEB_HEADERS, conn->web->now_ms + conn->web->limits.header_ms);
	return NULL;
}

static enum MHD_Result each_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	web_headers_add(cls, name, value);
	return MHD_YES;
}

// Gives the stored answer to libmicrohttpd.
static enum MHD_Result queue(struct web_conn *conn)
{
	struct web_request *request = conn->request;
	if (request->answer == NULL)
		return MHD_NO; // memory was out
	// The slowest client that is put up with takes 16 KiB a second.
	int64_t patience_ms = conn->web->limits.write_ms + (int64_t)(request->answer_len / 16);
	web_conn_phase(conn, WEB_WRITING, conn->web->now_ms + patience_ms);
	enum MHD_Result result = MHD_queue_response(conn->mhd, request->answer_status, request->answer);
	MHD_destroy_response(request->answer);
	request->answer = NULL;
	return result;
}

// Whether a body that nobody wants is worth being read, so that the connection can live on.
static bool worth_reading(const struct web_headers *headers)
{
	uint64_t length = 0;
	if (headers->transfer_encoding != NULL || headers->expect != NULL)
		return false;
	if (headers->content_length == NULL)
		return true;
	return web_length_of(headers->content_length, &length) && length <= WEB_DISCARD_MAX;
}

static enum MHD_Result begin(struct web_conn *conn, const char *url, const char *verb)
{
	struct web *web = conn->web;
	struct web_headers headers = {0};
	uint64_t length;
	MHD_get_connection_values(conn->mhd, MHD_HEADER_KIND, each_header, &headers);
	conn->request = calloc(1, sizeof(*conn->request));
	if (conn->request == NULL)
		return MHD_NO;
	web_caller_request(conn, true);
	web_conn_phase(conn, WEB_BODY, web->now_ms + web->limits.body_ms);
	if (!web_route(conn, url, verb, &headers))
		return MHD_NO;
	if (conn->request->settled)
		return worth_reading(&headers) ? MHD_YES : queue(conn);
	conn->request->body_most = conn->request->body_limit;
	if (headers.content_length != NULL && web_length_of(headers.content_length, &length))
		conn->request->body_most = (size_t)length; // within the limit, or it would have been refused
	return MHD_YES;
}

static enum MHD_Result refuse_now(struct web_conn *conn, Sluss__V1__ReasonCode reason, const char *text)
{
	const struct web_refusal refusal = {.code = SLUSS_CODE_RESOURCE_EXHAUSTED, .reason = reason, .text = text};
	web_reply_raw(conn, &refusal);
	return MHD_NO;
}

// Room for need octets: doubling, but no more than the body says it has.
static enum MHD_Result make_room(struct web_conn *conn, size_t need)
{
	struct web_request *request = conn->request;
	size_t cap = request->body_cap == 0 ? FIRST_BODY : request->body_cap * 2;
	while (cap < need)
		cap *= 2;
	if (cap > request->body_most)
		cap = request->body_most;
	uint8_t *bigger = realloc(request->body, cap);
	if (bigger == NULL)
		return MHD_NO;
	request->body = bigger;
	if (web_caller_body(conn, cap))
		return MHD_YES;
	return refuse_now(conn, SLUSS__V1__REASON_CODE__REASON_CODE_BUSY,
	    "The gateway is receiving too much at once; try again later.");
}

static enum MHD_Result take_body(struct web_conn *conn, const char *data, size_t len)
{
	struct web_request *request = conn->request;
	if (len > request->body_most - request->body_len)
		return refuse_now(conn, SLUSS__V1__REASON_CODE__REASON_CODE_TOO_LARGE,
		    "The request is larger than this method takes.");
	if (len > request->body_cap - request->body_len && make_room(conn, request->body_len + len) != MHD_YES)
		return MHD_NO;
	memcpy(request->body + request->body_len, data, len);
	request->body_len += len;
	return MHD_YES;
}

static enum MHD_Result end_of_body(struct web_conn *conn)
{
	if (!conn->request->settled) {
		if (conn->peer_gone)
			return MHD_NO; // nobody would read the answer
		web_rpc_ask(conn);
		if (conn->phase == WEB_WAITING) {
			MHD_suspend_connection(conn->mhd);
			return MHD_YES;
		}
	}
	return queue(conn);
}

enum MHD_Result web_http_handle(void *cls, struct MHD_Connection *mhd, const char *url, const char *verb,
    const char *version, const char *upload, size_t *upload_len, void **request_context)
{
	(void)cls;
	(void)version;
	(void)request_context;
	struct web_conn *conn = web_conn_of(mhd);
	if (conn == NULL || conn->cut)
		return MHD_NO;
	if (conn->request == NULL)
		return begin(conn, url, verb);
	if (*upload_len > 0) {
		enum MHD_Result result = conn->request->settled ? MHD_YES : take_body(conn, upload, *upload_len);
		*upload_len = 0;
		return result;
	}
	switch (conn->phase) {
	case WEB_BODY:
		return end_of_body(conn);
	case WEB_ANSWERED:
		return conn->peer_gone ? MHD_NO : queue(conn);
	case WEB_WAITING:
	case WEB_WRITING:
		return MHD_YES;
	case WEB_IDLE:
	case WEB_HEADERS:
	case WEB_PHASE_NONE:
		break;
	}
	return MHD_NO;
}

void web_http_completed(
    void *cls, struct MHD_Connection *mhd, void **request_context, enum MHD_RequestTerminationCode code)
{
	(void)cls;
	(void)request_context;
	(void)code;
	struct web_conn *conn = web_conn_of(mhd);
	if (conn == NULL)
		return;
	web_conn_end_request(conn);
	web_conn_phase(conn, WEB_IDLE, conn->web->now_ms + conn->web->limits.idle_ms);
	if (conn->peer_gone)
		web_conn_cut(conn);
}
