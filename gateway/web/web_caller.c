// SPDX-License-Identifier: EUPL-1.2
// Who shares web's bounded room: one account for each client certificate, one for all of the public port. A caller gets
// a quarter at most, so that none can keep the others out. Accounts live as long as a connection of theirs.
#include <stdlib.h>

#include "web/web_int.h"

enum { SHARE = 4, LEAST_REQUESTS = 2 };

struct web_caller {
	struct web_caller *next;	       // in its bucket
	uint8_t fingerprint[SLUSS_HASH_BYTES]; // zeros: the public port
	size_t connections;
	size_t requests;
	size_t body_total;
};

static struct web_caller **bucket_of(struct web *web, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	return &web->callers[fingerprint[0]]; // a SHA-256 is even enough
}

bool web_caller_join(struct web_conn *conn)
{
	struct web_caller **bucket = bucket_of(conn->web, conn->hello.fingerprint), *c = *bucket;
	while (c != NULL && memcmp(c->fingerprint, conn->hello.fingerprint, sizeof(c->fingerprint)) != 0)
		c = c->next;
	if (c == NULL) {
		c = calloc(1, sizeof(*c));
		if (c == NULL)
			return false;
		memcpy(c->fingerprint, conn->hello.fingerprint, sizeof(c->fingerprint));
		c->next = *bucket;
		*bucket = c;
	}
	c->connections++;
	conn->caller = c;
	return true;
}

void web_caller_leave(struct web_conn *conn)
{
	struct web_caller *c = conn->caller, **link = bucket_of(conn->web, c->fingerprint);
	conn->caller = NULL;
	if (--c->connections > 0)
		return;
	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	free(c);
}

void web_caller_request(struct web_conn *conn, bool begins)
{
	conn->web->requests += begins ? 1 : (size_t)-1;
	conn->caller->requests += begins ? 1 : (size_t)-1;
}

bool web_caller_has_room(const struct web_conn *conn)
{
	const struct web *web = conn->web;
	size_t share = web->limits.max_requests / SHARE;
	if (share < LEAST_REQUESTS)
		share = LEAST_REQUESTS;
	return web->requests <= web->limits.max_requests && conn->caller->requests <= share;
}

bool web_caller_body(struct web_conn *conn, size_t cap)
{
	struct web *web = conn->web;
	size_t before = conn->request->body_cap;
	if (cap > before) {
		size_t more = cap - before;
		if (web->body_total + more > web->limits.max_body_total ||
		    conn->caller->body_total + more > web->limits.max_body_total / SHARE)
			return false;
	}
	web->body_total += cap - before; // may wrap around downwards, as it should
	conn->caller->body_total += cap - before;
	conn->request->body_cap = cap;
	return true;
}

void web_caller_body_gone(struct web_conn *conn)
{
	conn->web->body_total -= conn->request->body_cap;
	conn->caller->body_total -= conn->request->body_cap;
	conn->request->body_cap = 0;
}
