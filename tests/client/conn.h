// SPDX-License-Identifier: EUPL-1.2
// One non-blocking HTTPS connection with a client certificate, for tests and load: TLS runs over memory, so that the
// caller decides how many octets are taken from the kernel and knows how many had arrived. One request in flight. One
// thread.
#ifndef SLUSS_TEST_CONN_H
#define SLUSS_TEST_CONN_H

#include <openssl/ssl.h>

#include "sluss/types.h"

struct conn;

enum conn_event {
	CONN_NONE = 0, // nothing to tell yet
	CONN_READY,    // the handshake is done: a request may be sent
	CONN_ANSWER,   // a whole answer is there: see conn_answer
	CONN_CLOSED,   // closed, reset or unusable; only conn_free is left
};

// What the gateway answered. Points into the connection; gone with the next request.
struct conn_answer {
	int status; // HTTP
	struct sluss_bytes body;
};

// A client context that trusts `ca` only and shows certificate and key (PEM files). Exits with a message when a file is
// no good.
SSL_CTX *conn_context_new(const char *ca, const char *certificate, const char *key);

// Connects to 127.0.0.1 and starts the handshake. `receive_buffer`: the kernel's for this socket, 0 = its default.
// Exits when out of resources.
struct conn *conn_new(SSL_CTX *context, uint16_t port, int receive_buffer);
// Takes NULL; nulls.
void conn_free(struct conn **conn);

// To wait for: readable always, writable while conn_unsent.
int conn_fd(const struct conn *conn);
// Has the kernel not taken all of the request yet?
bool conn_unsent(const struct conn *conn);

// Puts a request on its way: POST of `body` as application/proto to `method` ("sluss.v1.ExchangeService/Send").
void conn_post(struct conn *conn, const char *method, struct sluss_bytes body);

// Writes what waits, takes at most `limit` octets from the kernel in one read, says what that led to.
enum conn_event conn_step(struct conn *conn, size_t limit);

struct conn_answer conn_answer(const struct conn *conn);

// Octets in the kernel's receive buffer (FIONREAD): arrived, not taken.
size_t conn_pending(const struct conn *conn);

// Octets of the answer under way (head and body, in clear) that conn_step has taken so far; 0 between answers.
size_t conn_partial(const struct conn *conn);

#endif
