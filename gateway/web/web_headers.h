// SPDX-License-Identifier: EUPL-1.2
// What a Connect request's headers say. Pure functions over foreign text.
#ifndef SLUSS_WEB_HEADERS_H
#define SLUSS_WEB_HEADERS_H

#include "sluss/types.h"

// Header values as they came (they stay the HTTP library's); NULL when absent. `twice` names a header that came more
// than once though it may not.
struct web_headers {
	const char *content_type;
	const char *content_encoding;
	const char *content_length;
	const char *transfer_encoding;
	const char *accept_encoding;
	const char *connect_version;
	const char *connect_timeout;
	const char *traceparent;
	const char *expect;
	const char *host;
	const char *session;
	const char *twice;
	bool accepts_gzip; // one of the Accept-Encoding headers takes gzip
};

enum web_codec { WEB_CODEC_NONE = 0, WEB_CODEC_PROTO, WEB_CODEC_JSON };
enum web_coding { WEB_CODING_UNKNOWN = 0, WEB_CODING_IDENTITY, WEB_CODING_GZIP };

// Notes one header (value may be NULL for an empty one).
void web_headers_add(struct web_headers *headers, const char *name, const char *value);

// application/proto or application/json, with parameters; charset must be utf-8. NONE for everything else, also NULL.
enum web_codec web_codec_of(const char *content_type);

// "application/proto" and so on.
const char *web_codec_name(enum web_codec codec);

// Content-Encoding of a request; NULL and empty are identity.
enum web_coding web_coding_of(const char *content_encoding);

// Connect-Timeout-Ms: one to ten digits. False when it is something else.
bool web_timeout_of(const char *text, uint64_t *ms_out);

// Decimal Content-Length. False when it is no number or does not fit.
bool web_length_of(const char *text, uint64_t *length_out);

// An Accept-Encoding value that takes gzip (RFC 9110 section 12.5.3).
bool web_accepts_gzip(const char *accept_encoding);

// What the header Sluss-Session says (session.proto).
struct web_session {
	uint8_t id[32];
	uint64_t counter;
	uint8_t signature[64];
};

// "SESSION.COUNTER.SIGNATURE": base64url, a decimal number of one to nineteen digits without leading zero, base64url.
// False when it is anything else.
bool web_session_of(const char *text, struct web_session *session_out);

// The trace id of a W3C traceparent (https://www.w3.org/TR/trace-context/). False when the header is not valid: then it
// is as if it were absent.
bool web_trace_of(const char *traceparent, uint8_t trace_id_out[16]);

#endif
