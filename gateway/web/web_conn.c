// SPDX-License-Identifier: EUPL-1.2
// Connections from edge: taking them over, watching for a peer that goes, ending them.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "web/web_int.h"

enum { ACCEPT_AT_ONCE = 64 };

static void watch(struct web *web, struct web_conn *conn)
{
	// Edge-triggered and only for the peer's end: one call for the life of a connection, and no wake-up for its
	// data. libmicrohttpd watches that itself, but not while the connection is suspended.
	struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = conn};
	if (epoll_ctl(web->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) != 0)
		web_log(web, "web_watch_failed errno=%d", errno);
}

// libmicrohttpd tells of a connection while MHD_add_connection runs, and when it has closed one.
void web_conn_notify(
    void *cls, struct MHD_Connection *mhd, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct web *web = cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		struct web_conn *conn = calloc(1, sizeof(*conn));
		if (conn == NULL)
			return; // no context: its first request is ended
		conn->web = web;
		conn->mhd = mhd;
		conn->fd = web->arriving_fd;
		conn->hello = *web->arriving;
		conn->phase = WEB_HEADERS; // edge hands over when the first octets have come
		if (!web_caller_join(conn)) {
			free(conn);
			return;
		}
		if (!web_timer_add(web, conn, web->now_ms + web->limits.header_ms)) {
			web_caller_leave(conn);
			free(conn);
			return;
		}
		watch(web, conn);
		web->connections++;
		*socket_context = conn;
		return;
	}
	struct web_conn *conn = *socket_context;
	if (conn == NULL)
		return;
	// By hand: as long as edge has not closed its copy of the descriptor, closing ours does not end the watch.
	if (epoll_ctl(web->epoll_fd, EPOLL_CTL_DEL, conn->fd, NULL) != 0)
		web_log(web, "web_unwatch_failed errno=%d", errno);
	web_conn_end_request(conn);
	web_timer_remove(web, conn);
	web_caller_leave(conn);
	web->connections--;
	*socket_context = NULL;
	free(conn);
}

struct web_conn *web_conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info != NULL ? info->socket_context : NULL;
}

static void hand_on(struct web *web, const struct sluss_conn_hello *hello, int fd)
{
	static const struct sockaddr_un nowhere = {.sun_family = AF_UNIX}; // says that TCP options are of no use
	int flags = fcntl(fd, F_GETFL);
	if (web->connections >= web->limits.max_connections || flags < 0 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
		web_log(web, "web_connection_refused connections=%zu", web->connections);
		close(fd);
		return;
	}
	web->arriving = hello;
	web->arriving_fd = fd;
	if (MHD_add_connection(web->daemon, fd, (const struct sockaddr *)&nowhere, sizeof(nowhere)) != MHD_YES)
		web_log(web, "web_connection_failed errno=%d", errno); // it has closed the descriptor
	web->arriving = NULL;
	web->mhd_has_work = true;
}

bool web_conn_accept(struct web *web)
{
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct sluss_conn_hello hello;
		int fd;
		switch (sluss_handover_recv(web->handover_fd, &hello, &fd)) {
		case SLUSS_IPC_OK:
			hand_on(web, &hello, fd);
			break;
		case SLUSS_IPC_AGAIN:
			return true;
		case SLUSS_IPC_MALFORMED:
		case SLUSS_IPC_TOO_LARGE:
		case SLUSS_IPC_NO_MEMORY:
			web_log(web, "web_handover_malformed");
			break;
		case SLUSS_IPC_CLOSED:
			return false;
		case SLUSS_IPC_BROKEN:
			web_log(web, "web_handover_broken errno=%d", errno);
			return errno == EMFILE || errno == ENFILE || errno == ENOBUFS;
		}
	}
	return true;
}

static void list_remove(struct web_conn *conn)
{
	if (conn->answering_link == NULL)
		return;
	*conn->answering_link = conn->answering_next;
	if (conn->answering_next != NULL)
		conn->answering_next->answering_link = conn->answering_link;
	conn->answering_link = NULL;
	conn->answering_next = NULL;
}

static void list_add(struct web_conn *conn)
{
	struct web *web = conn->web;
	if (conn->answering_link != NULL)
		return;
	conn->answering_next = web->answering;
	conn->answering_link = &web->answering;
	if (web->answering != NULL)
		web->answering->answering_link = &conn->answering_next;
	web->answering = conn;
}

void web_conn_phase(struct web_conn *conn, enum web_phase phase, int64_t deadline_ms)
{
	conn->phase = phase;
	web_timer_set(conn->web, conn, deadline_ms);
	if (phase == WEB_ANSWERED || phase == WEB_WRITING)
		list_add(conn);
	else
		list_remove(conn);
}

void web_conn_cut(struct web_conn *conn)
{
	if (conn->cut)
		return;
	conn->cut = true;
	shutdown(conn->fd, SHUT_RDWR);
	conn->web->mhd_has_work = true;
}

void web_conn_resume(struct web_conn *conn)
{
	web_conn_phase(conn, WEB_ANSWERED, conn->web->now_ms + conn->web->limits.write_ms);
	MHD_resume_connection(conn->mhd);
	conn->web->mhd_has_work = true;
}

void web_conn_peer_gone(struct web_conn *conn)
{
	conn->peer_gone = true;
	switch (conn->phase) {
	case WEB_WAITING:
		web_core_cancel(conn);
		web_conn_resume(conn);
		return;
	case WEB_ANSWERED:
	case WEB_WRITING:
		return; // the answer's end looks again
	case WEB_IDLE:
	case WEB_HEADERS:
	case WEB_BODY:
	case WEB_PHASE_NONE:
		// libmicrohttpd does not see the end when it came together with octets: a read that fills less than its
		// buffer makes it wait for the next edge, and none comes. Our own shutdown is one.
		web_conn_cut(conn);
		return;
	}
}

// A request whose headers or body did not come in time.
static void too_slow(struct web_conn *conn, const char *text)
{
	const struct web_refusal refusal = {.code = SLUSS_CODE_DEADLINE_EXCEEDED,
	    .http_status = MHD_HTTP_REQUEST_TIMEOUT,
	    .reason = SLUSS__V1__REASON_CODE__REASON_CODE_MALFORMED,
	    .text = text};
	web_reply_raw(conn, &refusal);
}

static void waited_too_long(struct web_conn *conn)
{
	struct web_refusal refusal = {.code = SLUSS_CODE_UNAVAILABLE,
	    .reason = SLUSS__V1__REASON_CODE__REASON_CODE_UNAVAILABLE,
	    .text = "The gateway did not decide in time; nothing is certain, ask again."};
	if (conn->request->client_deadline_ms <= conn->web->now_ms) {
		refusal.code = SLUSS_CODE_DEADLINE_EXCEEDED;
		refusal.text = "The time that Connect-Timeout-Ms gave is over; nothing is certain, ask again.";
	}
	web_core_cancel(conn);
	web_reply_refuse(conn, &refusal);
	web_conn_resume(conn);
}

void web_conn_expire(struct web_conn *conn)
{
	// Whatever happens, the connection is due again only after a while: closing is libmicrohttpd's, in its next
	// run.
	web_timer_set(conn->web, conn, conn->web->now_ms + conn->web->limits.write_ms);
	switch (conn->phase) {
	case WEB_HEADERS:
		too_slow(conn, "The headers did not come in time.");
		return;
	case WEB_BODY:
		too_slow(conn, "The body did not come in time.");
		return;
	case WEB_WAITING:
		waited_too_long(conn);
		return;
	case WEB_IDLE:
	case WEB_ANSWERED:
	case WEB_WRITING:
	case WEB_PHASE_NONE:
		web_conn_cut(conn);
		return;
	}
}

void web_conn_end_request(struct web_conn *conn)
{
	struct web_request *request = conn->request;
	list_remove(conn);
	if (request == NULL)
		return;
	web_core_cancel(conn);
	if (request->answer != NULL)
		MHD_destroy_response(request->answer);
	web_caller_body_gone(conn);
	web_caller_request(conn, false);
	free(request->body);
	free(request->file);
	free(request);
	conn->request = NULL;
}
