// SPDX-License-Identifier: EUPL-1.2
// Deadlines of all connections: a binary heap ordered by timer_key_ms.
// Invariant: timer_key_ms <= deadline_ms. A deadline that moves later costs nothing: the key stays where it is, and the
// heap looks again when the key is due.
#include <stdlib.h>

#include "web/web_int.h"

static void place(struct web *web, size_t index, struct web_conn *conn)
{
	web->timers[index] = conn;
	conn->timer_index = index;
}

static void sift_up(struct web *web, size_t index)
{
	struct web_conn *conn = web->timers[index];
	while (index > 0) {
		size_t parent = (index - 1) / 2;
		if (web->timers[parent]->timer_key_ms <= conn->timer_key_ms)
			break;
		place(web, index, web->timers[parent]);
		index = parent;
	}
	place(web, index, conn);
}

static void sift_down(struct web *web, size_t index)
{
	struct web_conn *conn = web->timers[index];
	for (;;) {
		size_t child = 2 * index + 1;
		if (child >= web->timer_count)
			break;
		if (child + 1 < web->timer_count &&
		    web->timers[child + 1]->timer_key_ms < web->timers[child]->timer_key_ms)
			child++;
		if (web->timers[child]->timer_key_ms >= conn->timer_key_ms)
			break;
		place(web, index, web->timers[child]);
		index = child;
	}
	place(web, index, conn);
}

bool web_timer_add(struct web *web, struct web_conn *conn, int64_t deadline_ms)
{
	if (web->timer_count == web->timer_cap) {
		size_t cap = web->timer_cap == 0 ? 64 : 2 * web->timer_cap;
		struct web_conn **bigger = realloc(web->timers, cap * sizeof(*bigger));
		if (bigger == NULL)
			return false;
		web->timers = bigger;
		web->timer_cap = cap;
	}
	conn->deadline_ms = conn->timer_key_ms = deadline_ms;
	web->timers[web->timer_count] = conn;
	sift_up(web, web->timer_count++);
	return true;
}

void web_timer_remove(struct web *web, struct web_conn *conn)
{
	size_t index = conn->timer_index;
	struct web_conn *last = web->timers[--web->timer_count];
	if (last == conn)
		return;
	place(web, index, last);
	sift_up(web, index);
	sift_down(web, last->timer_index);
}

void web_timer_set(struct web *web, struct web_conn *conn, int64_t deadline_ms)
{
	conn->deadline_ms = deadline_ms;
	if (deadline_ms < conn->timer_key_ms) {
		conn->timer_key_ms = deadline_ms;
		sift_up(web, conn->timer_index);
	}
}

struct web_conn *web_timer_due(struct web *web)
{
	while (web->timer_count > 0 && web->timers[0]->timer_key_ms <= web->now_ms) {
		struct web_conn *conn = web->timers[0];
		if (conn->deadline_ms <= web->now_ms)
			return conn;
		conn->timer_key_ms = conn->deadline_ms;
		sift_down(web, 0);
	}
	return NULL;
}

int web_timer_wait(const struct web *web)
{
	if (web->timer_count == 0)
		return -1;
	int64_t left = web->timers[0]->timer_key_ms - web->now_ms;
	return left < 0 ? 0 : left > 1000 ? 1000 : (int)left;
}
