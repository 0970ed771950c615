// SPDX-License-Identifier: EUPL-1.2
#include "courier/transfer.h"

#include <curl/curl.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

enum {
	CONNECT_MS = 5000,
	FIRST_ROOM = 4096,
	TYPE_MAX = 128,
};

struct sluss_transfer {
	CURL *curl;
	struct curl_slist *headers;
	uint64_t call_id;
	uint8_t *body; // what is sent
	uint8_t *data; // what comes back
	size_t len, room;
	bool too_long;
	char type[TYPE_MAX];
	char error[CURL_ERROR_SIZE];
};

// The answer grows up to its limit, whatever its Content-Length says.
static size_t take(char *octets, size_t one, size_t count, void *arg)
{
	struct sluss_transfer *t = arg;
	(void)one; // 1 by libcurl's contract
	if (count > SLUSS_COURIER_BODY_MAX - t->len) {
		t->too_long = true;
		return 0;
	}
	if (t->len + count > t->room) {
		size_t room = t->room == 0 ? FIRST_ROOM : t->room;
		while (room < t->len + count)
			room *= 2;
		uint8_t *data = realloc(t->data, room);
		if (data == NULL)
			return 0;
		t->data = data;
		t->room = room;
	}
	memcpy(t->data + t->len, octets, count);
	t->len += count;
	return count;
}

static bool set_headers(
    struct sluss_transfer *t, const struct sluss_courier_target *target, const Sluss__V1__CourierCall *call)
{
	char line[TYPE_MAX + 32];
	int n = snprintf(line, sizeof(line), call->content_type[0] == '\0' ? "Content-Type:" : "Content-Type: %s",
	    call->content_type);
	if (n < 0 || (size_t)n >= sizeof(line) || strpbrk(line, "\r\n") != NULL)
		return false;
	t->headers = curl_slist_append(NULL, line);
	// No "Expect: 100-continue": small servers do not answer it, and it would cost a second.
	struct curl_slist *more = t->headers == NULL ? NULL : curl_slist_append(t->headers, "Expect:");
	if (more != NULL && target->authorization[0] != '\0')
		more = curl_slist_append(t->headers, target->authorization);
	return more != NULL && curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
}

static bool set_body(struct sluss_transfer *t, const Sluss__V1__CourierCall *call)
{
	if (call->body.len == 0 && call->content_type[0] == '\0')
		return curl_easy_setopt(t->curl, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	t->body = malloc(call->body.len + 1);
	if (t->body == NULL)
		return false;
	if (call->body.len > 0)
		memcpy(t->body, call->body.data, call->body.len);
	return curl_easy_setopt(t->curl, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, (char *)t->body) == CURLE_OK &&
	       curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE, (long)call->body.len) == CURLE_OK;
}

// Only what the settings name: no redirect, no proxy from the environment, no other protocol, no cookies.
static bool set_limits(CURL *curl, uint32_t timeout_ms)
{
	long limit = timeout_ms == 0 || timeout_ms > SLUSS_COURIER_TIMEOUT_MAX_MS ? SLUSS_COURIER_TIMEOUT_MAX_MS
										  : (long)timeout_ms;
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, limit) == CURLE_OK;
}

static bool set_tls(CURL *curl, struct sluss_bytes ca)
{
	struct curl_blob blob = {.data = (void *)(uintptr_t)ca.data, .len = ca.len, .flags = CURL_BLOB_NOCOPY};
	bool good = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) == CURLE_OK;
	return good && (ca.len == 0 || curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK);
}

static bool set_up(struct sluss_transfer *t, const struct sluss_courier_target *target,
    const Sluss__V1__CourierCall *call, struct sluss_bytes ca)
{
	return curl_easy_setopt(t->curl, CURLOPT_URL, target->url) == CURLE_OK &&
	       curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK &&
	       curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
	       curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t) == CURLE_OK && set_limits(t->curl, call->timeout_ms) &&
	       set_tls(t->curl, ca) && set_headers(t, target, call) && set_body(t, call);
}

struct sluss_transfer *sluss_transfer_new(
    const struct sluss_courier_target *target, const Sluss__V1__CourierCall *call, struct sluss_bytes ca)
{
	struct sluss_transfer *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->call_id = call->call_id;
	t->curl = curl_easy_init();
	if (t->curl == NULL || !set_up(t, target, call, ca))
		sluss_transfer_free(&t);
	return t;
}

void sluss_transfer_free(struct sluss_transfer **transfer)
{
	struct sluss_transfer *t = *transfer;
	if (t == NULL)
		return;
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	free(t->body);
	free(t->data);
	free(t);
	*transfer = NULL;
}

void *sluss_transfer_handle(const struct sluss_transfer *transfer)
{
	return transfer->curl;
}

// Why a server's certificate was not believed. libcurl compares the name itself, once OpenSSL found nothing wrong, and
// leaves its first value (1) as the result then.
static const char *certificate_phrase(const struct sluss_transfer *t)
{
	long verdict = X509_V_ERR_APPLICATION_VERIFICATION;
	if (curl_easy_getinfo(t->curl, CURLINFO_SSL_VERIFYRESULT, &verdict) != CURLE_OK)
		verdict = X509_V_ERR_APPLICATION_VERIFICATION;
	switch (verdict) {
	case X509_V_OK:
	case X509_V_ERR_UNSPECIFIED:
		return "its certificate is for another name than the URL";
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "its certificate is not valid at this time";
	default:
		return "its certificate is not by an authority of the settings";
	}
}

// Our own words, never octets of the other side.
static const char *phrase(const struct sluss_transfer *t, CURLcode result)
{
	if (t->too_long)
		return "the answer is too long";
	if (result == CURLE_PEER_FAILED_VERIFICATION)
		return certificate_phrase(t);
	return curl_easy_strerror(result);
}

void sluss_transfer_answer(struct sluss_transfer *t, int result, Sluss__V1__CourierAnswer *answer_out)
{
	long status = 0;
	const char *type = NULL;
	sluss__v1__courier_answer__init(answer_out);
	answer_out->call_id = t->call_id;
	if (result != CURLE_OK || curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
	    status <= 0) {
		(void)snprintf(t->error, sizeof(t->error), "%s", phrase(t, (CURLcode)result));
		answer_out->error = t->error;
		return;
	}
	if (curl_easy_getinfo(t->curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || type == NULL)
		type = "";
	// A header may have any octets; a protobuf text has to be UTF-8.
	(void)snprintf(t->type, sizeof(t->type), "%.*s",
	    (int)strspn(type, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.+-;= "),
	    type);
	answer_out->status = (uint32_t)status;
	answer_out->content_type = t->type;
	answer_out->body = (ProtobufCBinaryData){.len = t->len, .data = t->data};
}
