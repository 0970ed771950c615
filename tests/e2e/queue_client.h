// SPDX-License-Identifier: EUPL-1.2
// One agency's connections, each with at most one request under way that is asked again, the same octets, until it is
// answered: over resets, restarts of the gateway and `unavailable`, as any client does. One thread. Exits with a
// message at any other refusal.
#ifndef SLUSS_TEST_QUEUE_CLIENT_H
#define SLUSS_TEST_QUEUE_CLIENT_H

#include "conn.h"
#include "message.h"
#include "plan.h"

struct link {
	struct conn *conn;
	const char *method;
	struct octets request; // under way; no data: idle
	uint64_t asked_at;     // client's ticks, when it was posted the last time
	size_t about;	       // the caller's own
	bool ready;
};

struct client {
	SSL_CTX *context;
	uint16_t port;
	struct link *links;
	size_t count;
	uint64_t ticks; // counts what is posted and answered, so that it can be told what came before what
	unsigned reconnects;
};

void client_open(struct client *client, const struct plan *plan, const struct plan_agency *as, size_t links);
void client_close(struct client *client);
// Takes the octets over. The link is idle.
void client_ask(struct client *client, size_t link, const char *method, struct octets request);
// Waits for something to happen and calls `take` for each answer; the link is idle then.
void client_step(struct client *client, void (*take)(void *arg, size_t link, struct sluss_bytes body), void *arg);

// How many messages, how they are numbered: message n is the one with place n / cases of case n % cases; a case's
// messages are sent and come in the order of their numbers. The number stands in the message's id.
struct run {
	struct plan plan;
	size_t count, pause_at; // 0: no pause
};
struct sluss_id run_id(size_t number);
// The number of a message, or a failure.
size_t run_number(const struct run *run, const char *message_id);

// Pauses once, when so many are done.
void run_pause(struct run *run, size_t done);

int queue_send(struct run *run);
int queue_take(struct run *run);

int64_t queue_now_ms(void);
_Noreturn void queue_fail(const char *what);

#endif
