// SPDX-License-Identifier: EUPL-1.2
// Who gets in: new sockets under the caps on all and on the public port, and finished handshakes under the cap of their
// certificate.
#include "edge/loop.h"
#include "log_event.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ACCEPTS_MAX = 64,      // new connections before others have their turn
	ACCEPT_PAUSE_MS = 100, // out of descriptors: the kernel's backlog holds the others
	REFUSED_EVENT_MS = 1000,
};

void edge_loop_refused(struct edge_loop *loop, const char *why)
{
	loop->refused++;
	if (loop->now_ms - loop->refused_told_ms < REFUSED_EVENT_MS)
		return;
	sluss_event(SLUSS_EVENT_INFO, "connections-refused", "count=%llu last=\"%s\"",
	    (unsigned long long)loop->refused, why != NULL ? why : "unknown");
	loop->refused = 0;
	loop->refused_told_ms = loop->now_ms;
}

static bool cut_oldest(struct edge_loop *loop, enum sluss_port port, enum edge_wait wait)
{
	struct edge_conn *conn = loop->waits[port][wait].head;
	if (conn == NULL)
		return false;
	edge_conn_reset(conn);
	return true;
}

// Ends one connection for a new one. A public client never drives out an agency; unfinished handshakes go first, then
// who has been idle longest.
static bool make_room(struct edge_loop *loop, enum sluss_port port)
{
	static const enum edge_wait order[] = {EDGE_WAIT_HANDSHAKE, EDGE_WAIT_IDLE, EDGE_WAIT_LINGER};
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (cut_oldest(loop, SLUSS_PORT_PUBLIC, order[i]))
			return true;
		if (port == SLUSS_PORT_AGENCY && cut_oldest(loop, SLUSS_PORT_AGENCY, order[i]))
			return true;
	}
	return false;
}

static bool is_full(struct edge_loop *loop, enum sluss_port port)
{
	struct edge_shared *shared = loop->shared;
	uint32_t from_public = atomic_load(&shared->connections[SLUSS_PORT_PUBLIC]);
	uint32_t all = atomic_load(&shared->connections[SLUSS_PORT_AGENCY]) + from_public;
	uint32_t max = shared->config->connections_max;
	return all >= max || (port == SLUSS_PORT_PUBLIC && from_public >= (max + 3) / 4);
}

static bool prepare_socket(int fd)
{
	struct linger purge = {.l_onoff = 1, .l_linger = 0};
	int on = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &purge, sizeof(purge)) == 0;
}

static void take(struct edge_loop *loop, int fd, enum sluss_port port)
{
	if (!prepare_socket(fd) || (is_full(loop, port) && !make_room(loop, port))) {
		edge_loop_refused(loop, "full");
		(void)close(fd);
		return;
	}
	if (edge_conn_new(loop, fd, port) == NULL)
		edge_loop_refused(loop, "no memory");
}

static void pause_accept(struct edge_loop *loop)
{
	for (size_t i = 0; i < 2; i++) {
		if (loop->listeners[i].fd >= 0)
			(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->listeners[i].fd, NULL);
	}
	loop->accept_paused_until_ms = loop->now_ms + ACCEPT_PAUSE_MS;
}

void edge_loop_resume_accept(struct edge_loop *loop)
{
	loop->accept_paused_until_ms = 0;
	uint32_t exclusive = loop->shared->loops_count > 1 ? EPOLLEXCLUSIVE : 0u;
	for (size_t i = 0; i < 2; i++) {
		if (loop->listeners[i].fd >= 0 && !edge_loop_watch(loop, &loop->listeners[i], EPOLLIN | exclusive))
			edge_loop_end(loop, 1, "cannot listen");
	}
}

void edge_loop_accept(struct edge_loop *loop, struct edge_source *listener)
{
	enum sluss_port port = listener == &loop->listeners[0] ? SLUSS_PORT_AGENCY : SLUSS_PORT_PUBLIC;
	for (int i = 0; i < ACCEPTS_MAX && loop->accept_paused_until_ms == 0; i++) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			take(loop, fd, port);
			continue;
		}
		if (errno == EAGAIN)
			return;
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			edge_loop_refused(loop, "out of descriptors or memory");
			(void)make_room(loop, port);
			pause_accept(loop);
			return;
		}
		// Others are errors of that one connection (accept(2)).
	}
}

// ---- after the handshake

static struct edge_conn *longest_idle(struct edge_loop *loop, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	struct edge_conn *conn = loop->waits[SLUSS_PORT_AGENCY][EDGE_WAIT_IDLE].head;
	while (conn != NULL && (!conn->registered || memcmp(conn->fingerprint, fingerprint, SLUSS_HASH_BYTES) != 0))
		conn = conn->wait_next;
	return conn;
}

static enum edge_registry_result join(struct edge_conn *conn)
{
	struct edge_registry *registry = conn->loop->shared->registry;
	enum edge_registry_result result = edge_registry_join(registry, conn->fingerprint);
	if (result != EDGE_REGISTRY_FULL)
		return result;
	struct edge_conn *victim = longest_idle(conn->loop, conn->fingerprint);
	if (victim == NULL)
		return result;
	edge_conn_close(victim);
	return edge_registry_join(registry, conn->fingerprint);
}

bool edge_conn_admit(struct edge_conn *conn)
{
	if (conn->port == SLUSS_PORT_PUBLIC) {
		edge_conn_wait(conn, EDGE_WAIT_IDLE);
		return true;
	}
	if (!edge_tls_fingerprint(conn->ssl, conn->fingerprint)) {
		edge_conn_reset(conn);
		return false;
	}
	enum edge_registry_result result = join(conn);
	if (result == EDGE_REGISTRY_OK) {
		conn->registered = true;
		edge_conn_wait(conn, EDGE_WAIT_IDLE);
		return true;
	}
	edge_loop_refused(
	    conn->loop, result == EDGE_REGISTRY_FULL ? "certificate has too many connections" : "certificate revoked");
	edge_conn_close(conn);
	return false;
}
