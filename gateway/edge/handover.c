// SPDX-License-Identifier: EUPL-1.2
// Gives a connection's plain side to web, once the client has sent something worth reading.
#include "edge/loop.h"
#include "ipc/handover.h"
#include "log_event.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PAIR_BUFFER = 128 * 1024, // octets each way between edge and web; what one slow client can hold
};

static bool send_hello(struct edge_conn *conn)
{
	struct sluss_conn_hello hello = {
	    .connection_id = conn->id, .port_kind = conn->port, .has_certificate = conn->registered};
	memcpy(hello.fingerprint, conn->fingerprint, sizeof(hello.fingerprint));
	struct edge_loop *loop = conn->loop;
	enum sluss_ipc_status status = sluss_handover_send(loop->handover.fd, &hello, conn->web_end);
	if (status == SLUSS_IPC_AGAIN)
		return false;
	if (status == SLUSS_IPC_BROKEN && errno == ETOOMANYREFS) {
		edge_loop_refused(loop, "too many descriptors on their way to web");
		edge_conn_reset(conn);
		return true;
	}
	if (status != SLUSS_IPC_OK) {
		edge_loop_end(loop, 1, "web is gone");
		edge_conn_reset(conn);
		return true;
	}
	(void)close(conn->web_end);
	conn->web_end = -1;
	conn->handed_over = true;
	return true;
}

void edge_conn_hand_over(struct edge_conn *conn, const uint8_t *data, size_t len)
{
	struct edge_loop *loop = conn->loop;
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
		edge_loop_refused(loop, "no descriptor for web");
		edge_conn_reset(conn);
		return;
	}
	int size = PAIR_BUFFER;
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	conn->web.fd = pair[0];
	conn->web_end = pair[1];
	conn->state = EDGE_CONN_RELAY;
	if (!edge_loop_watch(loop, &conn->web, EPOLLIN) ||
	    send(conn->web.fd, data, len, MSG_NOSIGNAL) != (ssize_t)len) {
		edge_conn_reset(conn);
		return;
	}
	edge_conn_wait(conn, EDGE_WAIT_BUSY);
	if (send_hello(conn))
		return;
	conn->handover_waits = true;
	loop->handovers_waiting++;
	edge_conn_interest(conn, &conn->client, 0);
}

bool edge_conn_hand_over_again(struct edge_conn *conn)
{
	if (!send_hello(conn))
		return false;
	if (conn->state == EDGE_CONN_DEAD)
		return true;
	conn->handover_waits = false;
	conn->loop->handovers_waiting--;
	edge_conn_interest(conn, &conn->client, EPOLLIN);
	edge_loop_mark_ready(conn->loop, conn);
	return true;
}
