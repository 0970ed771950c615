// SPDX-License-Identifier: EUPL-1.2
// Inside of the client, shared by its files.
#ifndef SLUSS_CLIENT_INTERNAL_H
#define SLUSS_CLIENT_INTERNAL_H

#include <curl/curl.h>

#include "connect_error.h"
#include "sluss/client.h"

enum {
	CLIENT_ANSWER_MAX = 17 << 20, // octets of an answer that we read: a bundle of the longest entries
	CLIENT_TEXT_MAX = 1024,
	CLIENT_DIRECTORY_MS = 60000, // how long a looked-up agency is believed
	CLIENT_DIRECTORY_MAX = 64,   // agencies kept; the oldest goes
	CLIENT_PROVED_MAX = 256,     // key bindings whose log entry was seen; the oldest goes
};

// Octets that grow up to a limit.
struct client_buffer {
	uint8_t *data;
	size_t len;
	size_t room;
};

// One agency's keys as the directory had them.
struct client_agency {
	char agency_id[SLUSS_AGENCY_MAX + 1];
	Sluss__V1__Agency *agency; // owned
	int64_t read_at_ms;        // monotonic
};

struct sluss_client {
	CURL *curl;
	struct curl_slist *headers;
	char curl_text[CURL_ERROR_SIZE];
	char *url;
	char *authority;
	char *agency_id;
	char *officer_id;
	char *log_verifier_key; // NULL: receipts are not checked
	const struct sluss_signing_key *signing_key;
	const struct sluss_sealing_key **sealing_keys; // own list, borrowed keys
	size_t sealing_key_count;
	int64_t (*now_ms)(void *context);
	void *now_context;
	bool (*give_up)(void *context);
	void *give_up_context;
	unsigned timeout_ms;
	unsigned retry_ms;
	struct client_buffer answer;
	bool answer_too_large;
	struct sluss_stamp stamp; // of the statement made last
	struct client_agency directory[CLIENT_DIRECTORY_MAX];
	size_t directory_count;
	uint8_t proved[CLIENT_PROVED_MAX][SLUSS_HASH_BYTES]; // hash of agency and keys, a ring
	size_t proved_count;                                 // ever added
	struct sluss_connect_error connect;
	char explanation[CLIENT_TEXT_MAX];
	struct sluss_client_error error;
};

// client_error.c: what the last call came to. Each returns `result`.
void client_error_reset(struct sluss_client *c);
enum sluss_client_result client_fail(struct sluss_client *c, enum sluss_client_result result, const char *format, ...) SLUSS_PRINTF(3, 4);
enum sluss_client_result client_fail_curl(struct sluss_client *c, CURLcode code);
enum sluss_client_result client_fail_answer(struct sluss_client *c, long http_status);

// client_http.c: one request with retries; the answer's octets are in c->answer when OK.
enum sluss_client_result client_post(struct sluss_client *c, const char *path, struct sluss_bytes body, unsigned wait_ms, bool once);
int64_t client_monotonic_ms(void);

// client.c: unpacks c->answer and checks its receipt; with a statement (NULL: none) also that the receipt's entry is the record of what was signed.
enum sluss_client_result client_answer(struct sluss_client *c, const ProtobufCMessageDescriptor *type, const ProtobufCMessage *statement, struct sluss_bytes octets,
    ProtobufCMessage **response_out);

// client_message.c
// Does directory and log have this signing key for the agency?
enum sluss_client_result client_check_key(struct sluss_client *c, const char *agency_id, ProtobufCBinaryData key, const char *message_id);
void client_directory_clear(struct sluss_client *c);

#endif
