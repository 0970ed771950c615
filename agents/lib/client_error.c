// SPDX-License-Identifier: EUPL-1.2
// What went wrong, in words and in the few kinds that a program can act on.
#include <stdarg.h>
#include <stdio.h>

#include "client_internal.h"

void client_error_reset(struct sluss_client *c)
{
	sluss_connect_error_clear(&c->connect);
	c->explanation[0] = '\0';
	c->error = (struct sluss_client_error){.code = "", .field = "", .explanation = c->explanation};
}

enum sluss_client_result client_fail(struct sluss_client *c, enum sluss_client_result result, const char *format, ...)
{
	client_error_reset(c);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(c->explanation, sizeof(c->explanation), format, args);
	va_end(args);
	c->error.result = result;
	return result;
}

// The peer's alert (RFC 8446 section 6) tells us that it does not take our certificate; in TLS 1.3 it comes with the first read.
static bool is_certificate_alert(const char *text)
{
	return strstr(text, "alert certificate") != NULL || strstr(text, "alert unknown ca") != NULL || strstr(text, "alert bad certificate") != NULL
	    || strstr(text, "alert access denied") != NULL;
}

enum sluss_client_result client_fail_curl(struct sluss_client *c, CURLcode code)
{
	const char *text = c->curl_text[0] != '\0' ? c->curl_text : curl_easy_strerror(code);
	if (is_certificate_alert(text)) {
		enum sluss_client_result result = client_fail(c, SLUSS_CLIENT_DENIED, "The gateway does not accept our certificate (%s).", text);
		c->error.reason = SLUSS_CERTIFICATE_UNKNOWN;
		c->error.code = "unauthenticated";
		return result;
	}
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "The gateway's certificate cannot be believed (%s).", text);
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		(void)client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "The connection's settings cannot be used (%s).", text);
		c->error.field = "settings";
		return SLUSS_CLIENT_BAD_REQUEST;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "The connection cannot be set up (%s).", text);
	default:
		return client_fail(c, SLUSS_CLIENT_UNAVAILABLE, "The gateway at %s cannot be reached (%s).", c->url, text);
	}
}

static enum sluss_client_result result_of_code(const char *code)
{
	static const struct {
		const char *code;
		enum sluss_client_result result;
	} table[] = {
		{"permission_denied", SLUSS_CLIENT_DENIED},
		{"unauthenticated", SLUSS_CLIENT_DENIED},
		{"invalid_argument", SLUSS_CLIENT_REFUSED},
		{"already_exists", SLUSS_CLIENT_REFUSED},
		{"not_found", SLUSS_CLIENT_REFUSED},
		{"failed_precondition", SLUSS_CLIENT_REFUSED},
		{"out_of_range", SLUSS_CLIENT_REFUSED},
		{"unimplemented", SLUSS_CLIENT_REFUSED},
		{"unavailable", SLUSS_CLIENT_UNAVAILABLE},
		{"resource_exhausted", SLUSS_CLIENT_UNAVAILABLE},
		{"deadline_exceeded", SLUSS_CLIENT_UNAVAILABLE},
		{"canceled", SLUSS_CLIENT_UNAVAILABLE},
		{"aborted", SLUSS_CLIENT_UNAVAILABLE},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].code, code) == 0) {
			return table[i].result;
		}
	}
	return SLUSS_CLIENT_INTERNAL;
}

enum sluss_client_result client_fail_answer(struct sluss_client *c, long http_status)
{
	struct sluss_connect_error answer;
	client_error_reset(c);
	if (!sluss_connect_error_parse((struct sluss_bytes){c->answer.data, c->answer.len}, &answer)) {
		const char *code = sluss_connect_code_of_status(http_status);
		(void)client_fail(c, result_of_code(code), "The answer is not one of a gateway (HTTP status %ld).", http_status);
		c->error.code = code;
		c->error.http_status = (unsigned)http_status;
		return c->error.result;
	}
	c->connect = answer;
	c->error.code = c->connect.code;
	c->error.http_status = (unsigned)http_status;
	c->error.result = result_of_code(c->connect.code);
	c->error.refusal = c->connect.refusal;
	if (c->connect.refusal != NULL) {
		const Sluss__V1__Refusal *refusal = c->connect.refusal;
		c->error.reason = (enum sluss_reason)refusal->reason;
		c->error.field = refusal->field;
		c->error.explanation = refusal->explanation;
	} else {
		c->error.explanation = c->connect.message;
	}
	// A request above the gateway's limit is no state of the gateway that passes.
	if (c->error.reason == SLUSS_TOO_LARGE) {
		c->error.result = SLUSS_CLIENT_REFUSED;
	}
	if (c->error.explanation[0] == '\0') {
		c->error.explanation = c->error.reason == SLUSS_REASON_NONE ? "The gateway gave no explanation." : sluss_reason_text(c->error.reason);
	}
	return c->error.result;
}
