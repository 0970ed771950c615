// SPDX-License-Identifier: EUPL-1.2
// Answers: octets of a method's response, and errors in Connect's JSON form
// (https://connectrpc.com/docs/protocol#error-end-stream).
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "web/web_gzip.h"
#include "web/web_int.h"

// The answer to the connection's request; takes over the response. An earlier answer is dropped.
static void store(struct web_conn *conn, struct MHD_Response *response, unsigned status, const char *type, size_t len)
{
	struct web_request *request = conn->request;
	const char *cache =
	    request->cache_control != NULL && status == MHD_HTTP_OK ? request->cache_control : "no-store";
	if (response == NULL || MHD_add_response_header(response, "Content-Type", type) != MHD_YES ||
	    MHD_add_response_header(response, "Cache-Control", cache) != MHD_YES ||
	    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") != MHD_YES) {
		web_log(conn->web, "web_no_memory");
		if (response != NULL)
			MHD_destroy_response(response);
		response = NULL;
	}
	if (request->answer != NULL)
		MHD_destroy_response(request->answer);
	request->answer = response;
	request->answer_status = status;
	request->answer_len = len;
}

// A response whose octets release(owner) frees, now or when it is destroyed.
static struct MHD_Response *make(void *data, size_t len, void (*release)(void *), void *owner)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer_with_free_callback_cls(len, data, release, owner);
	if (response == NULL)
		release(owner);
	return response;
}

void web_reply_text(struct web_conn *conn, unsigned status, const char *text)
{
	char *copy = strdup(text);
	size_t len = strlen(text);
	store(conn, copy != NULL ? make(copy, len, free, copy) : NULL, status, "text/plain; charset=utf-8", len);
}

// https://www.w3.org/TR/CSP3/: nothing but the page's own files, no frame, no form that goes elsewhere.
static const struct {
	const char *name, *value;
} page_headers[] = {
    {"Content-Security-Policy",
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src "
	"'self'; "
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"},
    {"X-Frame-Options", "DENY"}, // for what does not know frame-ancestors
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
    {"Strict-Transport-Security", "max-age=31536000"},
};

static void keep(void *page)
{
	(void)page; // the pages outlive every answer
}

void web_reply_page(struct web_conn *conn, const struct web_page *page)
{
	bool compress = conn->request->accepts_gzip && page->compressed_len > 0;
	uint8_t *data = compress ? page->compressed : page->data;
	size_t len = compress ? page->compressed_len : page->len;
	store(conn, make(data, len, keep, NULL), MHD_HTTP_OK, page->type, len);
	struct MHD_Response *response = conn->request->answer;
	if (response == NULL)
		return;
	bool ok = MHD_add_response_header(response, "Vary", "Accept-Encoding") == MHD_YES &&
		  (!compress || MHD_add_response_header(response, "Content-Encoding", "gzip") == MHD_YES);
	for (size_t i = 0; ok && i < sizeof(page_headers) / sizeof(page_headers[0]); i++)
		ok = MHD_add_response_header(response, page_headers[i].name, page_headers[i].value) == MHD_YES;
	if (!ok) // never without its headers
		store(conn, NULL, 0, page->type, 0);
}

static void octets(struct web_conn *conn, unsigned status, void *data, size_t len, const char *type, bool may_compress,
    void (*release)(void *), void *owner)
{
	uint8_t *small;
	size_t small_len;
	may_compress = may_compress && conn->request->accepts_gzip && len >= conn->web->limits.compress_from;
	if (may_compress && web_gzip(data, len, &small, &small_len) == WEB_GZIP_OK) {
		release(owner);
		struct MHD_Response *response = make(small, small_len, free, small);
		if (response != NULL)
			MHD_add_response_header(response, "Content-Encoding", "gzip");
		store(conn, response, status, type, small_len);
		return;
	}
	static uint8_t nothing[1];
	store(conn, make(len > 0 ? data : nothing, len, release, owner), status, type, len);
}

void web_reply_octets(struct web_conn *conn, void *data, size_t len, const char *type, bool may_compress,
    void (*release)(void *), void *owner)
{
	octets(conn, MHD_HTTP_OK, data, len, type, may_compress, release, owner);
}

// {"type","value","debug"} of one Refusal.
static json_t *detail(const Sluss__V1__Refusal *refusal)
{
	size_t len = sluss__v1__refusal__get_packed_size(refusal);
	uint8_t *packed = malloc(len + 1);
	char *text = malloc(4 * ((len + 2) / 3) + 1);
	json_t *j = NULL;
	if (packed != NULL && text != NULL) {
		sluss__v1__refusal__pack(refusal, packed);
		sluss_base64_encode(packed, len, false, text);
		j = json_pack("{s:s, s:s, s:o*}", "type", "sluss.v1.Refusal", "value", text, "debug",
		    sluss_json_tree(&refusal->base));
	}
	free(packed);
	free(text);
	return j;
}

// The error body; NULL when memory is out. The caller frees it.
static char *error_body(const struct web_refusal *r)
{
	Sluss__V1__Refusal made;
	sluss__v1__refusal__init(&made);
	made.reason = r->reason;
	char field[sizeof(((struct sluss_json_error *)0)->field)],
	    text[256]; // protobuf-c wants pointers to non-const text
	snprintf(field, sizeof(field), "%s", r->field != NULL ? r->field : "");
	snprintf(text, sizeof(text), "%s", r->text != NULL ? r->text : "");
	made.field = field;
	made.explanation = text;
	const Sluss__V1__Refusal *refusal = r->detail != NULL ? r->detail : &made;
	json_t *d = detail(refusal);
	if (d == NULL)
		return NULL;
	// "?": a text of core's that is not UTF-8 would be a fault of ours, and is left out.
	json_t *message = json_string(r->text != NULL && r->text[0] != '\0' ? r->text : refusal->explanation);
	json_t *j = json_pack("{s:s, s:o*, s:[o]}", "code", sluss_code_name(r->code), "message", message, "details", d);
	char *body = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;
	json_decref(j);
	return body;
}

static unsigned status_of(const struct web_refusal *r)
{
	return r->http_status != 0 ? r->http_status : sluss_code_http_status(r->code);
}

void web_reply_refuse(struct web_conn *conn, const struct web_refusal *r)
{
	char *body = error_body(r);
	if (body == NULL) {
		store(conn, NULL, 0, "application/json", 0);
		return;
	}
	octets(conn, status_of(r), body, strlen(body), "application/json", true, free, body);
	if (r->header != NULL && conn->request->answer != NULL)
		MHD_add_response_header(conn->request->answer, r->header, r->header_value);
}

void web_reply_raw(struct web_conn *conn, const struct web_refusal *r)
{
	char *body = error_body(r);
	if (body != NULL && !conn->cut) {
		char head[320];
		int n = snprintf(head, sizeof(head),
		    "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nCache-Control: "
		    "no-store\r\nX-Content-Type-Options: nosniff\r\n"
		    "Connection: close\r\nContent-Length: %zu\r\n\r\n",
		    status_of(r), MHD_get_reason_phrase_for(status_of(r)), strlen(body));
		// A few hundred octets into an empty socket: whole, or the peer reads nothing and is not worth more.
		struct iovec part[2] = {
		    {.iov_base = head, .iov_len = (size_t)n}, {.iov_base = body, .iov_len = strlen(body)}};
		struct msghdr message = {.msg_iov = part, .msg_iovlen = 2};
		(void)!sendmsg(conn->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	free(body);
	web_conn_cut(conn);
}
