// SPDX-License-Identifier: EUPL-1.2
// The client: settings, any method, signed statements, checking of receipts.
#include <stdio.h>
#include <stdlib.h>

#include "client_internal.h"
#include "record.h"

bool sluss_client_global_init(void)
{
	return sluss_crypto_init() && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void sluss_client_global_cleanup(void)
{
	curl_global_cleanup();
}

// ---- opening

static size_t take(char *data, size_t size, size_t count, void *context)
{
	struct sluss_client *c = context;
	size_t len = size * count; // size is always 1 (CURLOPT_WRITEFUNCTION)
	if (len > CLIENT_ANSWER_MAX - c->answer.len) {
		c->answer_too_large = true;
		return 0;
	}
	if (len > c->answer.room - c->answer.len) {
		size_t room = (c->answer.len + len) * 2;
		uint8_t *bigger = realloc(c->answer.data, room);
		if (bigger == NULL) {
			return 0;
		}
		c->answer.data = bigger;
		c->answer.room = room;
	}
	memcpy(c->answer.data + c->answer.len, data, len);
	c->answer.len += len;
	return len;
}

static bool is_local(const char *url)
{
	return strncmp(url, "https://localhost", 17) == 0 || strncmp(url, "https://127.", 12) == 0 || strncmp(url, "https://[::1]", 13) == 0;
}

static int64_t system_now_ms(void *context)
{
	(void)context;
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	const struct sluss_client *c = context;
	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	return c->give_up(c->give_up_context) ? 1 : 0; // not 0: CURLE_ABORTED_BY_CALLBACK
}

static bool set_give_up(struct sluss_client *c)
{
	return c->give_up == NULL
	    || (curl_easy_setopt(c->curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK && curl_easy_setopt(c->curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK
	        && curl_easy_setopt(c->curl, CURLOPT_XFERINFODATA, c) == CURLE_OK);
}

static bool set_curl(struct sluss_client *c, const struct sluss_client_settings *s)
{
	CURL *h = c->curl;
	bool ok = curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK && curl_easy_setopt(h, CURLOPT_POST, 1L) == CURLE_OK
	    && curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK && curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK
	    && curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK
	    && curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) == CURLE_OK && curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK
	    && curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK && curl_easy_setopt(h, CURLOPT_CAINFO, s->ca_file) == CURLE_OK
	    && curl_easy_setopt(h, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK && curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK
	    && curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)(s->connect_timeout_ms == 0 ? 10000 : s->connect_timeout_ms)) == CURLE_OK
	    && curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take) == CURLE_OK && curl_easy_setopt(h, CURLOPT_WRITEDATA, c) == CURLE_OK
	    && curl_easy_setopt(h, CURLOPT_USERAGENT, "sluss/0.1.0") == CURLE_OK && curl_easy_setopt(h, CURLOPT_ERRORBUFFER, c->curl_text) == CURLE_OK;
	(void)curl_easy_setopt(h, CURLOPT_CAPATH, NULL); // only the pinned authority; not every TLS library of curl has the option
	if (ok && is_local(s->url)) {
		ok = curl_easy_setopt(h, CURLOPT_NOPROXY, "*") == CURLE_OK;
	}
	if (ok && s->certificate_file != NULL) {
		ok = curl_easy_setopt(h, CURLOPT_SSLCERT, s->certificate_file) == CURLE_OK && curl_easy_setopt(h, CURLOPT_SSLKEY, s->key_file) == CURLE_OK;
	}
	return ok;
}

static const char *check_settings(const struct sluss_client_settings *s)
{
	if (s->url == NULL || strncmp(s->url, "https://", 8) != 0) {
		return "the gateway's address must begin with https://";
	}
	if (s->ca_file == NULL) {
		return "no file with the certificate authority to believe (ca_file)";
	}
	if ((s->certificate_file == NULL) != (s->key_file == NULL)) {
		return "client certificate and key belong together";
	}
	if (s->authority == NULL || s->agency_id == NULL || !sluss_is_agency_id(s->agency_id, strlen(s->agency_id))) {
		return "authority or agency id missing or malformed";
	}
	if (s->officer_id == NULL || !sluss_is_officer_id(s->officer_id, strlen(s->officer_id))) {
		return "officer id missing or malformed";
	}
	return NULL;
}

// strdup that also strips a last slash.
static char *copy_url(const char *url)
{
	char *copy = strdup(url);
	size_t len = copy == NULL ? 0 : strlen(copy);
	if (len > 0 && copy[len - 1] == '/') {
		copy[len - 1] = '\0';
	}
	return copy;
}

static bool copy_settings(struct sluss_client *c, const struct sluss_client_settings *s)
{
	c->url = copy_url(s->url);
	c->authority = strdup(s->authority);
	c->agency_id = strdup(s->agency_id);
	c->officer_id = strdup(s->officer_id);
	c->log_verifier_key = s->log_verifier_key == NULL ? NULL : strdup(s->log_verifier_key);
	c->signing_key = s->signing_key;
	c->sealing_keys = calloc(s->sealing_key_count + 1, sizeof(*c->sealing_keys));
	c->now_ms = s->now_ms == NULL ? system_now_ms : s->now_ms;
	c->now_context = s->now_context;
	c->give_up = s->give_up;
	c->give_up_context = s->give_up_context;
	c->timeout_ms = s->timeout_ms == 0 ? 30000 : s->timeout_ms;
	c->retry_ms = s->retry_ms;
	if (c->url == NULL || c->authority == NULL || c->agency_id == NULL || c->officer_id == NULL || c->sealing_keys == NULL
	    || (s->log_verifier_key != NULL && c->log_verifier_key == NULL)) {
		return false;
	}
	c->sealing_key_count = s->sealing_key_count;
	for (size_t i = 0; i < s->sealing_key_count; i++) {
		c->sealing_keys[i] = s->sealing_keys[i];
	}
	return true;
}

struct sluss_client *sluss_client_new(const struct sluss_client_settings *settings, const char **error_out)
{
	const char *problem = check_settings(settings);
	struct sluss_client *c = problem == NULL ? calloc(1, sizeof(*c)) : NULL;
	if (c != NULL) {
		client_error_reset(c);
		c->curl = curl_easy_init();
		if (c->curl == NULL || !copy_settings(c, settings) || !set_curl(c, settings) || !set_give_up(c)) {
			problem = "the connection cannot be set up";
			sluss_client_free(&c);
		}
	} else if (problem == NULL) {
		problem = "no memory";
	}
	if (error_out != NULL) {
		*error_out = problem;
	}
	return c;
}

void sluss_client_free(struct sluss_client **client)
{
	struct sluss_client *c = client == NULL ? NULL : *client;
	if (c == NULL) {
		return;
	}
	client_directory_clear(c);
	sluss_connect_error_clear(&c->connect);
	curl_easy_cleanup(c->curl);
	curl_slist_free_all(c->headers);
	free(c->url);
	free(c->authority);
	free(c->agency_id);
	free(c->officer_id);
	free(c->log_verifier_key);
	free(c->sealing_keys);
	free(c->answer.data);
	free(c);
	*client = NULL;
}

const struct sluss_client_error *sluss_client_last_error(const struct sluss_client *client)
{
	return &client->error;
}

bool sluss_client_set_officer(struct sluss_client *client, const char *officer_id)
{
	char *copy = strdup(officer_id);
	if (copy == NULL) {
		return false;
	}
	free(client->officer_id);
	client->officer_id = copy;
	return true;
}

int64_t sluss_client_now_ms(const struct sluss_client *client)
{
	return client->now_ms(client->now_context);
}

// ---- calling

// The receipt field of an answer, by name; NULL: its type has none, or it is not set.
static const Sluss__V1__Receipt *receipt_of(const ProtobufCMessage *message, bool *has_field_out)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "receipt");
	*has_field_out = field != NULL && field->descriptor == &sluss__v1__receipt__descriptor;
	return *has_field_out ? *(Sluss__V1__Receipt *const *)((uintptr_t)message + field->offset) : NULL;
}

// The receipt must hold, and its entry must be about what we asked: a valid receipt of something else is no answer.
static enum sluss_client_result check_receipt(
    struct sluss_client *c, const Sluss__V1__Receipt *receipt, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	enum sluss_receipt_verdict verdict = sluss_receipt_check(c->log_verifier_key, receipt, NULL);
	if (verdict != SLUSS_VERDICT_VALID) {
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "The answer's receipt does not hold: %s.", sluss_receipt_verdict_name(verdict));
	}
	if (statement != NULL && !sluss_record_fits((struct sluss_bytes){receipt->log_entry.data, receipt->log_entry.len}, statement, octets)) {
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "The answer's receipt is for another entry (%llu) than the one of this %s.",
		    (unsigned long long)receipt->log_index, statement->descriptor->short_name);
	}
	return SLUSS_CLIENT_OK;
}

enum sluss_client_result client_answer(struct sluss_client *c, const ProtobufCMessageDescriptor *type, const ProtobufCMessage *statement, struct sluss_bytes octets,
    ProtobufCMessage **response_out)
{
	static const uint8_t nothing[1];
	// Unknown fields in answers are ignored (a newer gateway may say more); the gateway's text is checked where it is shown.
	ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, c->answer.len, c->answer.len == 0 ? nothing : c->answer.data);
	if (message == NULL) {
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "The answer is not a %s.", type->name);
	}
	bool has_field = false;
	const Sluss__V1__Receipt *receipt = receipt_of(message, &has_field);
	bool optional = type == &sluss__v1__get_proof_response__descriptor; // a consistency proof has none
	if (has_field && c->log_verifier_key != NULL && !(optional && receipt == NULL)) {
		enum sluss_client_result result = check_receipt(c, receipt, statement, octets);
		if (result != SLUSS_CLIENT_OK) {
			protobuf_c_message_free_unpacked(message, NULL);
			return result;
		}
	}
	*response_out = message;
	return SLUSS_CLIENT_OK;
}

// Packs and posts; the answer's octets are in client->answer when OK.
static enum sluss_client_result post_message(struct sluss_client *client, const char *path, const ProtobufCMessage *request, unsigned wait_ms)
{
	size_t len = protobuf_c_message_get_packed_size(request);
	uint8_t *octets = malloc(len + 1);
	if (octets == NULL) {
		return client_fail(client, SLUSS_CLIENT_INTERNAL, "No memory.");
	}
	len = protobuf_c_message_pack(request, octets);
	bool once = request->descriptor == &sluss__v1__enrol_request__descriptor; // its token is used up by success
	enum sluss_client_result result = client_post(client, path, (struct sluss_bytes){octets, len}, wait_ms, once);
	free(octets);
	return result;
}

enum sluss_client_result sluss_client_call(struct sluss_client *client, const char *path, const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
    unsigned wait_ms, ProtobufCMessage **response_out)
{
	*response_out = NULL;
	enum sluss_client_result result = post_message(client, path, request, wait_ms);
	return result == SLUSS_CLIENT_OK ? client_answer(client, type, NULL, (struct sluss_bytes){NULL, 0}, response_out) : result;
}

enum sluss_client_result sluss_client_state(struct sluss_client *client, const char *path, ProtobufCMessage *statement, const struct sluss_id *id,
    const ProtobufCMessageDescriptor *type, ProtobufCMessage **response_out)
{
	*response_out = NULL;
	if (client->signing_key == NULL) {
		return client_fail(client, SLUSS_CLIENT_BAD_REQUEST, "A statement needs the agency's signing key.");
	}
	struct sluss_id own;
	if (id == NULL) {
		sluss_id_random(&own);
	} else {
		own = *id;
	}
	struct sluss_author author = {client->authority, client->agency_id, client->officer_id, sluss_client_now_ms(client)};
	sluss_statement_stamp(statement, &author, &own, &client->stamp);
	struct sluss_signed octets;
	if (!sluss_statement_sign(statement, client->signing_key, &octets)) {
		return client_fail(client, SLUSS_CLIENT_INTERNAL, "No memory.");
	}
	Sluss__V1__SignedStatement view;
	sluss_signed_view(&octets, &view);
	// Every request with a statement has it as field 1 and nothing else, so that any of them packs to the same octets.
	Sluss__V1__ConsentRecordRequest request = SLUSS__V1__CONSENT_RECORD_REQUEST__INIT;
	request.statement = &view;
	enum sluss_client_result result = post_message(client, path, &request.base, 0);
	if (result == SLUSS_CLIENT_OK) {
		result = client_answer(client, type, statement, (struct sluss_bytes){octets.octets, octets.len}, response_out);
	}
	sluss_signed_free(&octets);
	return result;
}
