// SPDX-License-Identifier: EUPL-1.2
// The orderly end of a connection: close_notify (RFC 8446 section 6.1), FIN, then wait until the client's kernel has
// acknowledged everything. Only then may the socket stop lingering for zero seconds; until then DropTransfers or a kill
// can still purge what the kernel holds.
#include "edge/loop.h"

#include <errno.h>
#include <linux/sockios.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	DRAIN_MS = 2000, // how long a client may take to answer our FIN with its own
	DRAIN_ROUNDS = 8,
};

// Sends close_notify. False: not yet, or the connection is gone.
static bool say_goodbye(struct edge_conn *conn)
{
	if (conn->ssl == NULL || SSL_is_init_finished(conn->ssl) != 1)
		return true; // a failed handshake has its alert already
	ERR_clear_error();
	int result = SSL_shutdown(conn->ssl);
	if (result >= 0)
		return true;
	int error = SSL_get_error(conn->ssl, result);
	ERR_clear_error();
	if (error != SSL_ERROR_WANT_WRITE) {
		edge_conn_reset(conn);
		return false;
	}
	if (conn->wait != EDGE_WAIT_STALLED)
		edge_conn_wait(conn, EDGE_WAIT_STALLED);
	edge_conn_interest(conn, &conn->client, EPOLLOUT);
	return false;
}

void edge_conn_close(struct edge_conn *conn)
{
	struct edge_loop *loop = conn->loop;
	if (conn->state == EDGE_CONN_DEAD || conn->state == EDGE_CONN_LINGER)
		return;
	if (conn->down.len > 0 || conn->handover_waits) {
		edge_conn_reset(conn);
		return;
	}
	conn->state = EDGE_CONN_FLUSH;
	if (conn->web.fd >= 0)
		(void)close(conn->web.fd);
	conn->web.fd = -1;
	if (conn->registered)
		edge_registry_leave(loop->shared->registry, conn->fingerprint);
	conn->registered = false;
	if (!say_goodbye(conn))
		return;
	if (shutdown(conn->client.fd, SHUT_WR) != 0) {
		edge_conn_reset(conn);
		return;
	}
	SSL_free(conn->ssl);
	conn->ssl = NULL;
	conn->state = EDGE_CONN_LINGER;
	conn->linger_since_ms = loop->now_ms;
	conn->lingering_octets = 0;
	conn->read_ended = false; // from here on it means FIN
	edge_conn_wait(conn, EDGE_WAIT_LINGER);
	edge_conn_interest(conn, &conn->client, EPOLLIN);
}

// What the client still sends is read and forgotten: unread octets would make the kernel reset the connection.
void edge_conn_linger_event(struct edge_conn *conn)
{
	for (int round = 0; round < DRAIN_ROUNDS; round++) {
		ssize_t n = recv(conn->client.fd, conn->loop->scratch, EDGE_SCRATCH, MSG_DONTWAIT);
		if (n > 0 || (n < 0 && errno == EINTR))
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			edge_conn_reset(conn);
			return;
		}
		conn->read_ended = true;
		// Both sides are shut: epoll would say so again and again.
		(void)epoll_ctl(conn->loop->epoll_fd, EPOLL_CTL_DEL, conn->client.fd, NULL);
		edge_conn_linger_tick(conn);
		return;
	}
}

static void leave_to_kernel(struct edge_conn *conn)
{
	struct linger off = {0};
	(void)setsockopt(conn->client.fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
	edge_conn_reset(conn);
}

void edge_conn_linger_tick(struct edge_conn *conn)
{
	struct edge_loop *loop = conn->loop;
	int waiting = 0;
	if (ioctl(conn->client.fd, SIOCOUTQ, &waiting) != 0) {
		edge_conn_reset(conn);
		return;
	}
	if (waiting != conn->lingering_octets)
		conn->linger_since_ms = loop->now_ms;
	conn->lingering_octets = waiting;
	int64_t quiet_ms = loop->now_ms - conn->linger_since_ms;
	if (waiting == 0 && (conn->read_ended || quiet_ms >= DRAIN_MS))
		leave_to_kernel(conn);
	else if (waiting > 0 && quiet_ms >= (int64_t)loop->shared->config->write_timeout_ms)
		edge_conn_reset(conn);
	else
		edge_conn_wait(conn, EDGE_WAIT_LINGER);
}
