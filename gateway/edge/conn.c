// SPDX-License-Identifier: EUPL-1.2
// Life and death of a connection, and the question whether anything of it is still under way.
#include "edge/loop.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct edge_conn *edge_conn_new(struct edge_loop *loop, int fd, enum sluss_port port)
{
	struct edge_conn *conn = calloc(1, sizeof(*conn));
	if (conn == NULL) {
		(void)close(fd);
		return NULL;
	}
	conn->loop = loop;
	conn->state = EDGE_CONN_HANDSHAKE;
	conn->port = (uint8_t)port;
	conn->web_end = -1;
	conn->client = (struct edge_source){.kind = EDGE_SOURCE_CLIENT, .fd = fd, .owner = conn};
	conn->web = (struct edge_source){.kind = EDGE_SOURCE_WEB, .fd = -1, .owner = conn};
	if (!edge_loop_watch(loop, &conn->client, EPOLLIN)) {
		(void)close(fd);
		free(conn);
		return NULL;
	}
	conn->id = loop->next_id;
	loop->next_id += 1u << EDGE_ID_LOOP_BITS;
	edge_loop_add_id(loop, conn);
	atomic_fetch_add(&loop->shared->connections[port], 1);
	edge_conn_wait(conn, EDGE_WAIT_HANDSHAKE);
	return conn;
}

static int64_t duration(const struct sluss_edge_config *config, enum edge_wait wait)
{
	switch (wait) {
	case EDGE_WAIT_HANDSHAKE:
		return config->handshake_timeout_ms;
	case EDGE_WAIT_IDLE:
	case EDGE_WAIT_BUSY:
		return config->idle_timeout_ms;
	case EDGE_WAIT_STALLED:
		return config->write_timeout_ms;
	case EDGE_WAIT_LINGER:
		return 100; // between two looks at the kernel's send buffer
	case EDGE_WAIT_NONE:
	case EDGE_WAIT_COUNT:
		break;
	}
	return 0;
}

void edge_conn_wait(struct edge_conn *conn, enum edge_wait wait)
{
	struct edge_loop *loop = conn->loop;
	if (conn->wait != EDGE_WAIT_NONE)
		edge_queue_remove(&loop->waits[conn->port][conn->wait], conn);
	conn->wait = wait;
	if (wait == EDGE_WAIT_NONE)
		return;
	conn->deadline_ms = loop->now_ms + duration(loop->shared->config, wait);
	edge_queue_append(&loop->waits[conn->port][wait], conn);
}

void edge_conn_interest(struct edge_conn *conn, struct edge_source *source, uint32_t interest)
{
	if (source->fd < 0 || source->interest == interest)
		return;
	struct epoll_event event = {.events = interest, .data.ptr = source};
	if (epoll_ctl(conn->loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) == 0)
		source->interest = interest;
	else
		edge_conn_reset(conn); // it would hang for ever
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void edge_conn_reset(struct edge_conn *conn)
{
	struct edge_loop *loop = conn->loop;
	if (conn->state == EDGE_CONN_DEAD)
		return;
	conn->state = EDGE_CONN_DEAD;
	edge_conn_wait(conn, EDGE_WAIT_NONE);
	SSL_free(conn->ssl); // says nothing to the peer
	conn->ssl = NULL;
	// The client's socket first: its buffers are purged before anybody hears that the connection is gone.
	close_fd(&conn->client.fd);
	close_fd(&conn->web.fd);
	close_fd(&conn->web_end);
	if (conn->handover_waits)
		loop->handovers_waiting--;
	free(conn->up.data);
	free(conn->down.data);
	conn->up = (struct edge_rest){0};
	conn->down = (struct edge_rest){0};
	if (conn->registered)
		edge_registry_leave(loop->shared->registry, conn->fingerprint);
	conn->registered = false;
	edge_loop_remove_id(loop, conn);
	atomic_fetch_sub(&loop->shared->connections[conn->port], 1);
	if (conn->handed_over)
		edge_loop_note_closed(loop, conn->id);
	// Events of this round may still point here: the loop frees it at the round's end. `hash_next` is free to carry
	// the list.
	conn->hash_next = loop->graveyard;
	loop->graveyard = conn;
}

bool edge_conn_is_clean(const struct edge_conn *conn)
{
	int waiting = 0;
	if (conn->down.len > 0)
		return false;
	if (conn->web.fd >= 0 && (ioctl(conn->web.fd, FIONREAD, &waiting) != 0 || waiting != 0))
		return false;
	return ioctl(conn->client.fd, SIOCOUTQ, &waiting) == 0 && waiting == 0;
}
