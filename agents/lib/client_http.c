// SPDX-License-Identifier: EUPL-1.2
// One Connect request over a kept-alive connection, again and again while that can help.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client_internal.h"

enum { BACKOFF_FIRST_MS = 20, BACKOFF_MAX_MS = 1000 };

int64_t client_monotonic_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail with this clock
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(unsigned ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	(void)nanosleep(&t, NULL); // an early end only means an earlier try
}

// A W3C traceparent (https://www.w3.org/TR/trace-context/), so that a call can be found in the gateway's event log.
static bool set_headers(struct sluss_client *c, unsigned timeout_ms)
{
	uint8_t ids[24];
	char hex[2 * sizeof(ids) + 1];
	char line[128];
	randombytes_buf(ids, sizeof(ids));
	(void)sodium_bin2hex(hex, sizeof(hex), ids, sizeof(ids));
	curl_slist_free_all(c->headers);
	c->headers = NULL;
	static const char *const fixed[] = {"Content-Type: application/proto", "Connect-Protocol-Version: 1", "Accept-Encoding: identity", "Expect:"};
	struct curl_slist *list = NULL;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]) + 2; i++) {
		const char *text = line;
		if (i < sizeof(fixed) / sizeof(fixed[0])) {
			text = fixed[i];
		} else if (i == sizeof(fixed) / sizeof(fixed[0])) {
			(void)snprintf(line, sizeof(line), "Connect-Timeout-Ms: %u", timeout_ms);
		} else {
			(void)snprintf(line, sizeof(line), "traceparent: 00-%.32s-%.16s-01", hex, hex + 32);
		}
		struct curl_slist *longer = curl_slist_append(list, text);
		if (longer == NULL) {
			curl_slist_free_all(list);
			return false;
		}
		list = longer;
	}
	c->headers = list;
	return curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, list) == CURLE_OK;
}

static enum sluss_client_result perform(struct sluss_client *c, long *status_out)
{
	c->answer.len = 0;
	c->answer_too_large = false;
	c->curl_text[0] = '\0';
	*status_out = 0;
	CURLcode code = curl_easy_perform(c->curl);
	if (c->answer_too_large) {
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "The answer is longer than %d octets.", CLIENT_ANSWER_MAX);
	}
	if (code != CURLE_OK) {
		return client_fail_curl(c, code);
	}
	(void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, status_out);
	return *status_out == 200 ? SLUSS_CLIENT_OK : client_fail_answer(c, *status_out);
}

static enum sluss_client_result one_try(struct sluss_client *c, long *status_out)
{
	enum sluss_client_result result = perform(c, status_out);
	if (result != SLUSS_CLIENT_OK) {
		return result;
	}
	char *type = NULL;
	(void)curl_easy_getinfo(c->curl, CURLINFO_CONTENT_TYPE, &type);
	if (type == NULL || strcmp(type, "application/proto") != 0) {
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "The answer's content type is %s instead of application/proto.", type == NULL ? "missing" : "another");
	}
	return SLUSS_CLIENT_OK;
}

// Tries again while that can help.
static enum sluss_client_result repeat(
    struct sluss_client *c, enum sluss_client_result (*once_more)(struct sluss_client *c, long *status_out), bool once)
{
	int64_t give_up = client_monotonic_ms() + (once ? 0 : c->retry_ms);
	unsigned pause = BACKOFF_FIRST_MS;
	for (;;) {
		long status = 0;
		enum sluss_client_result result = once_more(c, &status);
		if (result != SLUSS_CLIENT_UNAVAILABLE || (c->give_up != NULL && c->give_up(c->give_up_context)) || client_monotonic_ms() + pause >= give_up) {
			return result;
		}
		sleep_ms(pause / 2 + randombytes_uniform(pause)); // spread, so that many clients do not come back together
		pause = pause * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : pause * 2;
	}
}

enum sluss_client_result client_post(struct sluss_client *c, const char *path, struct sluss_bytes body, unsigned wait_ms, bool once)
{
	char url[1024];
	int n = snprintf(url, sizeof(url), "%s%s", c->url, path);
	unsigned timeout_ms = c->timeout_ms + wait_ms;
	static const uint8_t nothing[1];
	client_error_reset(c);
	if (n < 0 || (size_t)n >= sizeof(url) || !set_headers(c, timeout_ms) || curl_easy_setopt(c->curl, CURLOPT_URL, url) != CURLE_OK
	    || curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms) != CURLE_OK
	    || curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) != CURLE_OK
	    || curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body.data == NULL ? nothing : body.data) != CURLE_OK) {
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "The request cannot be set up.");
	}
	return repeat(c, one_try, once);
}

// A GET between POSTs: the handle is set back, because each POST finds it as the last one left it.
enum sluss_client_result sluss_client_file(struct sluss_client *c, const char *path, struct sluss_bytes *octets_out)
{
	char url[1024];
	int n = snprintf(url, sizeof(url), "%s/%s", c->url, path);
	*octets_out = (struct sluss_bytes){NULL, 0};
	client_error_reset(c);
	if (n < 0 || (size_t)n >= sizeof(url) || curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, NULL) != CURLE_OK
	    || curl_easy_setopt(c->curl, CURLOPT_URL, url) != CURLE_OK || curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L) != CURLE_OK
	    || curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms) != CURLE_OK) {
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "The request cannot be set up.");
	}
	enum sluss_client_result result = repeat(c, perform, false);
	if (curl_easy_setopt(c->curl, CURLOPT_POST, 1L) != CURLE_OK) {
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "The connection cannot be used on.");
	}
	if (result == SLUSS_CLIENT_OK) {
		*octets_out = (struct sluss_bytes){c->answer.data, c->answer.len};
	}
	return result;
}
