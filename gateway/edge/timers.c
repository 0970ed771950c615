// SPDX-License-Identifier: EUPL-1.2
// Deadlines. A class of waiting connections is a queue in the order of its deadlines: only heads are looked at.
#include "edge/loop.h"

enum {
	LONGEST_SLEEP_MS = 60000,
};

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int edge_loop_timeout(const struct edge_loop *loop)
{
	if (loop->ready != NULL)
		return 0;
	int64_t next = loop->now_ms + LONGEST_SLEEP_MS;
	for (size_t port = SLUSS_PORT_AGENCY; port <= SLUSS_PORT_PUBLIC; port++) {
		for (size_t wait = EDGE_WAIT_HANDSHAKE; wait < EDGE_WAIT_COUNT; wait++) {
			if (loop->waits[port][wait].head != NULL)
				next = earlier(next, loop->waits[port][wait].head->deadline_ms);
		}
	}
	if (loop->accept_paused_until_ms != 0)
		next = earlier(next, loop->accept_paused_until_ms);
	if (loop->stopping)
		next = earlier(next, earlier(loop->stop_by_ms, loop->now_ms + 20));
	// One more, because the coarse clock may be a tick behind epoll's.
	return next <= loop->now_ms ? 1 : (int)(next - loop->now_ms) + 1;
}

static void expire_one(struct edge_conn *conn)
{
	switch (conn->wait) {
	case EDGE_WAIT_HANDSHAKE:
		edge_loop_refused(conn->loop, "handshake took too long");
		edge_conn_reset(conn);
		return;
	case EDGE_WAIT_IDLE:
	case EDGE_WAIT_BUSY:
		edge_conn_close(conn);
		return;
	case EDGE_WAIT_STALLED:
		edge_conn_reset(conn);
		return;
	case EDGE_WAIT_LINGER:
		edge_conn_linger_tick(conn);
		return;
	case EDGE_WAIT_NONE:
	case EDGE_WAIT_COUNT:
		return;
	}
}

// Who is idle goes at once; who waits for an answer, or has not received it whole, has until stop_by_ms.
static void stop_some(struct edge_loop *loop)
{
	for (size_t port = SLUSS_PORT_AGENCY; port <= SLUSS_PORT_PUBLIC; port++) {
		while (loop->waits[port][EDGE_WAIT_HANDSHAKE].head != NULL)
			edge_conn_reset(loop->waits[port][EDGE_WAIT_HANDSHAKE].head);
		while (loop->waits[port][EDGE_WAIT_IDLE].head != NULL)
			edge_conn_close(loop->waits[port][EDGE_WAIT_IDLE].head);
	}
	uint32_t left = 0;
	for (size_t port = SLUSS_PORT_AGENCY; port <= SLUSS_PORT_PUBLIC; port++)
		left += atomic_load(&loop->shared->connections[port]);
	if (left == 0 || loop->now_ms >= loop->stop_by_ms)
		loop->ended = true;
}

void edge_loop_expire(struct edge_loop *loop)
{
	for (size_t port = SLUSS_PORT_AGENCY; port <= SLUSS_PORT_PUBLIC; port++) {
		for (size_t wait = EDGE_WAIT_HANDSHAKE; wait < EDGE_WAIT_COUNT; wait++) {
			struct edge_conn *conn;
			while ((conn = loop->waits[port][wait].head) != NULL && conn->deadline_ms <= loop->now_ms)
				expire_one(conn);
		}
	}
	if (loop->accept_paused_until_ms != 0 && loop->accept_paused_until_ms <= loop->now_ms && !loop->stopping)
		edge_loop_resume_accept(loop);
	if (loop->stopping)
		stop_some(loop);
}
