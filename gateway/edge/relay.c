// SPDX-License-Identifier: EUPL-1.2
// Octets between client and web. Each direction goes through the loop's scratch buffer; only what the other side does
// not take is kept, and then the giving side is not read until it is gone (back-pressure).
#include "edge/loop.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
	ROUNDS_MAX = 8, // scratch buffers of one connection before others have their turn
};

static bool keep_rest(struct edge_conn *conn, struct edge_rest *rest, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len);
	if (copy == NULL) {
		edge_conn_reset(conn);
		return false;
	}
	memcpy(copy, data, len);
	*rest = (struct edge_rest){.data = copy, .len = len};
	return true;
}

static void drop_rest(struct edge_rest *rest)
{
	free(rest->data);
	*rest = (struct edge_rest){0};
}

// ---- client -> web

// Returns how many octets web took; all of them when web takes nothing more for good.
static size_t send_up(struct edge_conn *conn, const uint8_t *data, size_t len)
{
	size_t sent = 0;
	while (sent < len && !conn->up_refused) {
		ssize_t n = send(conn->web.fd, data + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN)
			return sent;
		else if (errno != EINTR)
			conn->up_refused = true; // web's answer and its end still come on the other way
	}
	return len;
}

static void forward_up(struct edge_conn *conn, const uint8_t *data, size_t len)
{
	if (conn->state == EDGE_CONN_OPEN) {
		edge_conn_hand_over(conn, data, len);
		return;
	}
	size_t sent = send_up(conn, data, len);
	if (conn->wait != EDGE_WAIT_STALLED)
		edge_conn_wait(conn, EDGE_WAIT_BUSY);
	if (sent == len || !keep_rest(conn, &conn->up, data + sent, len - sent))
		return;
	edge_conn_interest(conn, &conn->client, conn->client.interest & ~(uint32_t)EPOLLIN);
	edge_conn_interest(conn, &conn->web, conn->web.interest | EPOLLOUT);
}

static void flush_up(struct edge_conn *conn)
{
	size_t sent = send_up(conn, conn->up.data + conn->up.offset, conn->up.len);
	conn->up.offset += sent;
	conn->up.len -= sent;
	if (conn->up.len > 0)
		return;
	drop_rest(&conn->up);
	edge_conn_interest(conn, &conn->web, conn->web.interest & ~(uint32_t)EPOLLOUT);
	edge_conn_interest(conn, &conn->client, conn->client.interest | EPOLLIN);
	if (conn->state != EDGE_CONN_DEAD)
		edge_loop_mark_ready(conn->loop, conn);
}

// The client's close_notify: to HTTP that is a client that left. Web cancels what is under way; what it had answered
// still goes out.
static void end_of_client(struct edge_conn *conn)
{
	conn->read_ended = true;
	if (conn->state != EDGE_CONN_RELAY) {
		edge_conn_close(conn);
		return;
	}
	edge_conn_interest(conn, &conn->client, conn->client.interest & ~(uint32_t)EPOLLIN);
	if (conn->state == EDGE_CONN_RELAY)
		(void)shutdown(conn->web.fd, SHUT_WR);
}

static void read_failed(struct edge_conn *conn, int error)
{
	switch (error) {
	case SSL_ERROR_WANT_READ:
		return;
	case SSL_ERROR_WANT_WRITE: // the answer to a key update
		edge_conn_interest(conn, &conn->client, conn->client.interest | EPOLLOUT);
		return;
	case SSL_ERROR_ZERO_RETURN:
		end_of_client(conn);
		return;
	default: // FIN without close_notify (a truncation), RST, octets that are no TLS
		ERR_clear_error();
		edge_conn_reset(conn);
	}
}

// The records that lie in OpenSSL together, so that web gets them in one piece: clients often send a request's head and
// body as two. Returns how many octets; error_out says why it stopped, SSL_ERROR_NONE when there is no more or no room.
static size_t read_records(struct edge_conn *conn, uint8_t *out, int *error_out)
{
	size_t len = 0;
	do {
		size_t n = 0;
		ERR_clear_error();
		int result = SSL_read_ex(conn->ssl, out + len, EDGE_SCRATCH - len, &n);
		*error_out = result == 1 ? SSL_ERROR_NONE : SSL_get_error(conn->ssl, result);
		len += n;
	} while (*error_out == SSL_ERROR_NONE && len < EDGE_SCRATCH && SSL_has_pending(conn->ssl) != 0);
	return len;
}

static void read_client(struct edge_conn *conn)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		bool may_read = (conn->state == EDGE_CONN_OPEN || conn->state == EDGE_CONN_RELAY) &&
				conn->up.len == 0 && !conn->handover_waits && !conn->read_ended;
		if (!may_read)
			return;
		int error = SSL_ERROR_NONE;
		size_t len = read_records(conn, conn->loop->scratch, &error);
		if (len > 0)
			forward_up(conn, conn->loop->scratch, len);
		if (conn->state == EDGE_CONN_DEAD)
			return;
		// The end comes after all octets before it: OpenSSL tells it again when web has taken them.
		if (error == SSL_ERROR_ZERO_RETURN && (conn->up.len > 0 || conn->handover_waits))
			return;
		if (error != SSL_ERROR_NONE) {
			read_failed(conn, error);
			return;
		}
		if (SSL_has_pending(conn->ssl) == 0)
			return;
	}
	edge_loop_mark_ready(conn->loop, conn);
}

// ---- web -> client

// Returns how many octets OpenSSL took, SIZE_MAX when the connection is gone.
static size_t send_down(struct edge_conn *conn, const uint8_t *data, size_t len)
{
	size_t sent = 0;
	while (sent < len) {
		size_t n = 0;
		ERR_clear_error();
		int result = SSL_write_ex(conn->ssl, data + sent, len - sent, &n);
		if (result == 1) {
			sent += n;
			continue;
		}
		int error = SSL_get_error(conn->ssl, result);
		if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ)
			return sent;
		ERR_clear_error();
		edge_conn_reset(conn);
		return SIZE_MAX;
	}
	return sent;
}

static void forward_down(struct edge_conn *conn, const uint8_t *data, size_t len)
{
	size_t sent = send_down(conn, data, len);
	if (sent == SIZE_MAX)
		return;
	if (sent == len) {
		edge_conn_wait(conn, EDGE_WAIT_IDLE);
		return;
	}
	if (!keep_rest(conn, &conn->down, data + sent, len - sent))
		return;
	edge_conn_wait(conn, EDGE_WAIT_STALLED);
	edge_conn_interest(conn, &conn->web, conn->web.interest & ~(uint32_t)EPOLLIN);
	edge_conn_interest(conn, &conn->client, conn->client.interest | EPOLLOUT);
}

static void flush_down(struct edge_conn *conn)
{
	size_t sent = send_down(conn, conn->down.data + conn->down.offset, conn->down.len);
	if (sent == SIZE_MAX)
		return;
	conn->down.offset += sent;
	conn->down.len -= sent;
	if (conn->down.len > 0) {
		if (sent > 0)
			edge_conn_wait(conn, EDGE_WAIT_STALLED);
		return;
	}
	drop_rest(&conn->down);
	edge_conn_wait(conn, EDGE_WAIT_IDLE);
	edge_conn_interest(conn, &conn->client, conn->client.interest & ~(uint32_t)EPOLLOUT);
	if (conn->web_ended)
		edge_loop_mark_ready(conn->loop, conn);
	else
		edge_conn_interest(conn, &conn->web, conn->web.interest | EPOLLIN);
}

static void read_web(struct edge_conn *conn)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		if (conn->state != EDGE_CONN_RELAY || conn->down.len > 0)
			return;
		ssize_t n = recv(conn->web.fd, conn->loop->scratch, EDGE_SCRATCH, MSG_DONTWAIT);
		if (n > 0) {
			forward_down(conn, conn->loop->scratch, (size_t)n);
			if (n < EDGE_SCRATCH && !conn->web_ended)
				return; // the rest, if any, makes the next event
		} else if (n == 0 || errno == ECONNRESET || errno == EPIPE) {
			edge_conn_close(conn);
			return;
		} else if (errno != EINTR) {
			return;
		}
	}
	if (conn->web_ended)
		edge_loop_mark_ready(conn->loop, conn);
}

// Web has closed its end while the client takes nothing. epoll would say so again and again: it is not asked any more,
// the rest is read when the client has made room.
static void web_ended(struct edge_conn *conn)
{
	conn->web_ended = true;
	(void)epoll_ctl(conn->loop->epoll_fd, EPOLL_CTL_DEL, conn->web.fd, NULL);
}

void edge_conn_ready(struct edge_conn *conn)
{
	if (conn->web_ended)
		read_web(conn);
	if (conn->state != EDGE_CONN_DEAD)
		read_client(conn);
}

// ---- events

// In OpenSSL a write that wanted to be repeated comes first: a key update's answer may hang behind it.
static void client_writable(struct edge_conn *conn)
{
	if (conn->down.len > 0) {
		flush_down(conn);
		return;
	}
	edge_conn_interest(conn, &conn->client, conn->client.interest & ~(uint32_t)EPOLLOUT);
	if (conn->state != EDGE_CONN_DEAD)
		read_client(conn);
}

static void handshake(struct edge_conn *conn)
{
	if (conn->ssl == NULL) {
		const struct edge_tls *tls = &conn->loop->shared->tls;
		SSL_CTX *ctx = conn->port == SLUSS_PORT_AGENCY ? tls->agency : tls->public_port;
		conn->ssl = edge_tls_new(ctx, conn->client.fd, &conn->peer);
		if (conn->ssl == NULL) {
			edge_conn_reset(conn);
			return;
		}
	}
	ERR_clear_error();
	int result = SSL_do_handshake(conn->ssl);
	if (result == 1) {
		conn->state = EDGE_CONN_OPEN;
		edge_conn_interest(conn, &conn->client, EPOLLIN);
		if (edge_conn_admit(conn) && conn->state == EDGE_CONN_OPEN && SSL_has_pending(conn->ssl) != 0)
			edge_loop_mark_ready(conn->loop, conn);
		return;
	}
	int error = SSL_get_error(conn->ssl, result);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		edge_conn_interest(conn, &conn->client, error == SSL_ERROR_WANT_WRITE ? EPOLLOUT : EPOLLIN);
		return;
	}
	unsigned long code = ERR_get_error();
	edge_loop_refused(conn->loop, code != 0 ? ERR_reason_error_string(code) : "client left in the handshake");
	ERR_clear_error();
	edge_conn_close(conn); // the client gets to read the alert
}

void edge_conn_client_event(struct edge_conn *conn, uint32_t events)
{
	switch (conn->state) {
	case EDGE_CONN_HANDSHAKE:
		handshake(conn);
		return;
	case EDGE_CONN_OPEN:
	case EDGE_CONN_RELAY:
		if ((events & (EPOLLERR | EPOLLHUP)) != 0 && (events & EPOLLIN) == 0) {
			edge_conn_reset(conn);
			return;
		}
		if ((events & EPOLLOUT) != 0)
			client_writable(conn);
		if ((events & EPOLLIN) != 0 && conn->state != EDGE_CONN_DEAD)
			read_client(conn);
		return;
	case EDGE_CONN_FLUSH:
		if ((events & (EPOLLERR | EPOLLHUP)) != 0)
			edge_conn_reset(conn);
		else
			edge_conn_close(conn);
		return;
	case EDGE_CONN_LINGER:
		edge_conn_linger_event(conn);
		return;
	case EDGE_CONN_NONE:
	case EDGE_CONN_DEAD:
		return;
	}
}

void edge_conn_web_event(struct edge_conn *conn, uint32_t events)
{
	if (conn->state != EDGE_CONN_RELAY)
		return;
	if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0 && conn->up.len > 0)
		flush_up(conn);
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || conn->state != EDGE_CONN_RELAY)
		return;
	if (conn->down.len == 0)
		read_web(conn);
	else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		web_ended(conn);
}
