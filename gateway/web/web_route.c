// SPDX-License-Identifier: EUPL-1.2
// From verb, path and headers to a method, or to the refusal that the Connect protocol and our contract ask for
// (https://connectrpc.com/docs/protocol#unary-request). The order is that of the checks below: the first that fails
// answers.
#include <strings.h>

#include "web/web_int.h"

#define MALFORMED SLUSS__V1__REASON_CODE__REASON_CODE_MALFORMED

// What the checks work on.
struct route {
	struct web_conn *conn;
	const struct web_headers *headers;
	const char *url;
	const char *verb;
};

static bool refuse(struct route *r, const struct web_refusal *refusal)
{
	web_reply_refuse(r->conn, refusal);
	r->conn->request->settled = true;
	return false;
}

static bool refuse_shape(struct route *r, enum sluss_code code, const char *text)
{
	return refuse(r, &(struct web_refusal){.code = code, .reason = MALFORMED, .text = text});
}

static bool is_get(const char *verb)
{
	return strcmp(verb, "GET") == 0 || strcmp(verb, "HEAD") == 0;
}

static bool check_headers(struct route *r)
{
	if (r->headers->twice != NULL)
		return refuse_shape(r, SLUSS_CODE_INVALID_ARGUMENT, "A header that may come only once came twice.");
	if (r->headers->content_length != NULL && r->headers->transfer_encoding != NULL)
		return refuse_shape(
		    r, SLUSS_CODE_INVALID_ARGUMENT, "Content-Length and Transfer-Encoding contradict each other.");
	return true;
}

static bool check_path(struct route *r)
{
	struct web_conn *conn = r->conn;
	const struct sluss_method_info *method = sluss_method_by_path(r->url);
	if (method != NULL && (method->ports & SLUSS_PORT_BIT(conn->hello.port_kind)) != 0) {
		conn->request->method = method;
		return true;
	}
	if (web_file_is(r->url)) {
		conn->request->file = strdup(r->url + 1);
		conn->request->method = sluss_method_log_file();
		return true;
	}
	const struct web_page *page =
	    conn->hello.port_kind == SLUSS_PORT_PUBLIC ? web_pages_find(conn->web->config->pages, r->url) : NULL;
	if (page != NULL && is_get(r->verb)) {
		web_reply_page(conn, page);
		conn->request->settled = true;
		return false;
	}
	if (strcmp(r->url, "/health") == 0 && is_get(r->verb)) {
		bool up = conn->web->core_fd >= 0;
		web_reply_text(
		    conn, up ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, up ? "ok\n" : "core is not there\n");
		conn->request->settled = true;
		return false;
	}
	return refuse(r, &(struct web_refusal){.code = SLUSS_CODE_UNIMPLEMENTED,
			     .http_status = MHD_HTTP_NOT_FOUND,
			     .reason = SLUSS__V1__REASON_CODE__REASON_CODE_NOT_FOUND,
			     .text = "There is no such method on this port."});
}

static bool check_verb(struct route *r)
{
	bool file = r->conn->request->method == sluss_method_log_file();
	if (file ? is_get(r->verb) : strcmp(r->verb, "POST") == 0)
		return true;
	return refuse(
	    r, &(struct web_refusal){.code = SLUSS_CODE_UNIMPLEMENTED,
		   .http_status = MHD_HTTP_METHOD_NOT_ALLOWED,
		   .reason = MALFORMED,
		   .text = file ? "The log's files are read with GET or HEAD." : "Methods are called with POST.",
		   .header = "Allow",
		   .header_value = file ? "GET, HEAD" : "POST"});
}

static bool check_codec(struct route *r)
{
	struct web_request *request = r->conn->request;
	if (request->file != NULL)
		return true;
	enum web_codec codec = web_codec_of(r->headers->content_type);
	if (codec == WEB_CODEC_NONE)
		return refuse(r, &(struct web_refusal){.code = SLUSS_CODE_INVALID_ARGUMENT,
				     .http_status = MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
				     .reason = MALFORMED,
				     .text = "The content type must be application/proto or application/json.",
				     .header = "Accept-Post",
				     .header_value = "application/proto, application/json"});
	request->codec = codec;
	request->coding = web_coding_of(r->headers->content_encoding);
	if (request->coding == WEB_CODING_UNKNOWN)
		return refuse(r, &(struct web_refusal){.code = SLUSS_CODE_UNIMPLEMENTED,
				     .reason = MALFORMED,
				     .text = "The content encoding is not supported; supported are gzip and identity.",
				     .header = "Accept-Encoding",
				     .header_value = "gzip, identity"});
	return true;
}

static bool check_connect(struct route *r)
{
	if (r->headers->connect_version != NULL && strcmp(r->headers->connect_version, "1") != 0)
		return refuse_shape(r, SLUSS_CODE_INVALID_ARGUMENT, "Connect-Protocol-Version must be 1.");
	uint64_t timeout_ms;
	if (r->headers->connect_timeout == NULL)
		return true;
	if (!web_timeout_of(r->headers->connect_timeout, &timeout_ms))
		return refuse_shape(
		    r, SLUSS_CODE_INVALID_ARGUMENT, "Connect-Timeout-Ms must be a number of one to ten digits.");
	r->conn->request->client_deadline_ms = r->conn->web->now_ms + (int64_t)timeout_ms;
	return true;
}

static bool check_caller(struct route *r)
{
	// Whose session it is that comes on the public port is core's to judge.
	if (r->conn->hello.has_certificate || !r->conn->request->method->needs_certificate ||
	    r->conn->hello.port_kind == SLUSS_PORT_PUBLIC)
		return true;
	return refuse(r, &(struct web_refusal){.code = SLUSS_CODE_UNAUTHENTICATED,
			     .reason = SLUSS__V1__REASON_CODE__REASON_CODE_CERTIFICATE_UNKNOWN,
			     .text = "This method needs an agency's client certificate."});
}

static bool check_session(struct route *r)
{
	struct web_request *request = r->conn->request;
	if (r->headers->session == NULL)
		return true;
	request->has_session = web_session_of(r->headers->session, &request->session);
	if (!request->has_session)
		return refuse_shape(r, SLUSS_CODE_INVALID_ARGUMENT,
		    "Sluss-Session must be SESSION.COUNTER.SIGNATURE, as session.proto says.");
	// What was signed are the octets of the protobuf message: there must be nothing to convert.
	if (request->codec != WEB_CODEC_PROTO || request->coding != WEB_CODING_IDENTITY)
		return refuse_shape(r, SLUSS_CODE_INVALID_ARGUMENT,
		    "A request with Sluss-Session must be application/proto without compression.");
	return true;
}

static bool check_room(struct route *r)
{
	struct web *web = r->conn->web;
	struct web_request *request = r->conn->request;
	uint32_t own = request->method->max_body, all = web->limits.max_body;
	request->body_limit = own != 0 && own < all ? own : all;
	uint64_t length;
	if (r->headers->content_length != NULL) {
		if (!web_length_of(r->headers->content_length, &length))
			return refuse_shape(r, SLUSS_CODE_INVALID_ARGUMENT, "Content-Length is no number.");
		if (length > request->body_limit)
			return refuse(r, &(struct web_refusal){.code = SLUSS_CODE_RESOURCE_EXHAUSTED,
					     .reason = SLUSS__V1__REASON_CODE__REASON_CODE_TOO_LARGE,
					     .text = "The request is larger than this method takes."});
	}
	if (!web_caller_has_room(r->conn))
		return refuse(r, &(struct web_refusal){.code = SLUSS_CODE_RESOURCE_EXHAUSTED,
				     .reason = SLUSS__V1__REASON_CODE__REASON_CODE_BUSY,
				     .text = "Too many requests are under way; try again later."});
	return true;
}

bool web_route(struct web_conn *conn, const char *url, const char *verb, const struct web_headers *headers)
{
	struct web_request *request = conn->request;
	struct route r = {.conn = conn, .headers = headers, .url = url, .verb = verb};
	request->client_deadline_ms = INT64_MAX;
	request->accepts_gzip = headers->accepts_gzip;
	request->has_trace = web_trace_of(headers->traceparent, request->trace_id);
	bool good = check_headers(&r) && check_path(&r) && check_verb(&r) && check_codec(&r) && check_connect(&r) &&
		    check_caller(&r) && check_session(&r) && check_room(&r);
	bool file_lost = request->method == sluss_method_log_file() && request->file == NULL; // memory is out
	return (good && !file_lost) || request->answer != NULL;
}
