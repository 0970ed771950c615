// SPDX-License-Identifier: EUPL-1.2
// The round of a loop: wait, handle each event, read on where octets lie inside OpenSSL, look at deadlines, tell core
// who is gone, bury the dead.
#include "edge/loop.h"
#include "log_event.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
	EVENTS_MAX = 256,
	STOP_MS = 2000, // for answers that are under way when the gateway stops
};

static int64_t monotonic_ms(void)
{
	struct timespec now;
	if (clock_gettime(CLOCK_MONOTONIC_COARSE, &now) != 0)
		abort(); // cannot fail with this clock
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Unique for the life of the gateway, over restarts of edge too: they start at the present microsecond and no edge gets
// a connection each microsecond.
static uint64_t first_id(uint32_t index)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_REALTIME, &now);
	uint64_t us = (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
	return us << EDGE_ID_LOOP_BITS | index;
}

bool edge_loop_watch(struct edge_loop *loop, struct edge_source *source, uint32_t interest)
{
	struct epoll_event event = {.events = interest, .data.ptr = source};
	source->interest = interest;
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) == 0;
}

void edge_loop_end(struct edge_loop *loop, int exit_status, const char *why)
{
	if (loop->ended)
		return;
	loop->ended = true;
	loop->exit_status = exit_status;
	if (exit_status != 0)
		sluss_event(SLUSS_EVENT_WARNING, "edge-ends", "why=\"%s\"", why);
	edge_loop_tell_all(loop, EDGE_MAIL_ABORT);
}

void edge_loop_stop(struct edge_loop *loop)
{
	if (loop->stopping)
		return;
	loop->stopping = true;
	loop->stop_by_ms = loop->now_ms + STOP_MS;
	for (size_t i = 0; i < 2; i++) {
		if (loop->listeners[i].fd >= 0 && loop->accept_paused_until_ms == 0)
			(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->listeners[i].fd, NULL);
	}
}

// ---- open

static int open_signals(void)
{
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

static bool watch_all(struct edge_loop *loop)
{
	edge_loop_resume_accept(loop);
	bool good =
	    !loop->ended && edge_loop_watch(loop, &loop->mail, EPOLLIN) && edge_loop_watch(loop, &loop->handover, 0);
	if (loop->index == 0)
		good = good && edge_loop_watch(loop, &loop->core, EPOLLIN) &&
		       edge_loop_watch(loop, &loop->signals, EPOLLIN);
	return good;
}

bool edge_loop_open(struct edge_loop *loop, struct edge_shared *shared, uint32_t index)
{
	const struct sluss_edge_config *config = shared->config;
	loop->shared = shared;
	loop->index = index;
	loop->next_id = first_id(index);
	loop->now_ms = monotonic_ms();
	loop->refused_told_ms = loop->now_ms - 60000;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->listeners[0] = (struct edge_source){.kind = EDGE_SOURCE_LISTEN, .fd = config->agency_listen_fd};
	loop->listeners[1] = (struct edge_source){.kind = EDGE_SOURCE_LISTEN, .fd = config->public_listen_fd};
	loop->handover = (struct edge_source){.kind = EDGE_SOURCE_HANDOVER, .fd = config->handover_fd};
	loop->core = (struct edge_source){.kind = EDGE_SOURCE_CORE, .fd = config->core_fd};
	loop->mail = (struct edge_source){.kind = EDGE_SOURCE_MAIL, .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
	loop->signals = (struct edge_source){.kind = EDGE_SOURCE_SIGNAL, .fd = index == 0 ? open_signals() : -1};
	if (index == 0) {
		loop->reader = sluss_frame_reader_new(0);
		loop->writer = sluss_frame_writer_new(0, 0);
		if (loop->reader == NULL || loop->writer == NULL || loop->signals.fd < 0)
			return false;
	}
	return loop->epoll_fd >= 0 && loop->mail.fd >= 0 && watch_all(loop);
}

// ---- run

static void dispatch(struct edge_loop *loop, struct edge_source *source, uint32_t events)
{
	switch (source->kind) {
	case EDGE_SOURCE_LISTEN:
		edge_loop_accept(loop, source);
		return;
	case EDGE_SOURCE_CORE:
		edge_loop_core_event(loop, events);
		return;
	case EDGE_SOURCE_HANDOVER:
		if ((events & (EPOLLHUP | EPOLLERR)) != 0)
			edge_loop_end(loop, loop->stopping ? 0 : 1, "web is gone");
		return;
	case EDGE_SOURCE_MAIL:
		edge_loop_read_mail(loop);
		return;
	case EDGE_SOURCE_SIGNAL: {
		struct signalfd_siginfo info;
		if (read(source->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
			edge_loop_stop(loop);
			edge_loop_tell_all(loop, EDGE_MAIL_STOP);
		}
		return;
	}
	case EDGE_SOURCE_CLIENT:
		edge_conn_client_event(source->owner, events);
		return;
	case EDGE_SOURCE_WEB:
		edge_conn_web_event(source->owner, events);
		return;
	case EDGE_SOURCE_NONE:
		return;
	}
}

static void read_on(struct edge_loop *loop)
{
	struct edge_conn *conn = loop->ready;
	loop->ready = NULL;
	while (conn != NULL) {
		struct edge_conn *next = conn->ready_next;
		conn->in_ready = false;
		if (conn->state != EDGE_CONN_DEAD)
			edge_conn_ready(conn);
		conn = next;
	}
}

// Connections that web's queue had no room for: all of them are in the class of those who wait for an answer.
static void hand_over_waiting(struct edge_loop *loop)
{
	bool room = true;
	for (size_t port = SLUSS_PORT_AGENCY; port <= SLUSS_PORT_PUBLIC; port++) {
		struct edge_conn *next = loop->waits[port][EDGE_WAIT_BUSY].head;
		while (next != NULL && room && loop->handovers_waiting > 0) {
			struct edge_conn *conn = next;
			next = conn->wait_next;
			if (conn->handover_waits)
				room = edge_conn_hand_over_again(conn);
		}
	}
}

static void watch_handover(struct edge_loop *loop)
{
	uint32_t interest = loop->handovers_waiting > 0 ? EPOLLOUT : 0u;
	if (interest == loop->handover.interest)
		return;
	struct epoll_event event = {.events = interest, .data.ptr = &loop->handover};
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, loop->handover.fd, &event) != 0)
		edge_loop_end(loop, 1, "epoll");
	loop->handover.interest = interest;
}

// Who is in the list of ready connections stays until it has been walked.
static void bury(struct edge_loop *loop)
{
	struct edge_conn **at = &loop->graveyard;
	while (*at != NULL) {
		struct edge_conn *conn = *at;
		if (conn->in_ready) {
			at = &conn->hash_next;
			continue;
		}
		*at = conn->hash_next;
		free(conn);
	}
}

void edge_loop_run(struct edge_loop *loop)
{
	struct epoll_event events[EVENTS_MAX];
	while (!loop->ended) {
		int count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, edge_loop_timeout(loop));
		if (count < 0 && errno != EINTR) {
			edge_loop_end(loop, 1, "epoll");
			return;
		}
		loop->now_ms = monotonic_ms();
		for (int i = 0; i < count; i++)
			dispatch(loop, events[i].data.ptr, events[i].events);
		read_on(loop);
		if (loop->handovers_waiting > 0)
			hand_over_waiting(loop);
		watch_handover(loop);
		edge_loop_expire(loop);
		edge_loop_tell_closed(loop);
		bury(loop);
	}
}

// ---- close

static void close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

void edge_loop_close(struct edge_loop *loop)
{
	for (size_t port = SLUSS_PORT_AGENCY; port <= SLUSS_PORT_PUBLIC; port++) {
		for (size_t wait = EDGE_WAIT_HANDSHAKE; wait < EDGE_WAIT_COUNT; wait++) {
			while (loop->waits[port][wait].head != NULL)
				edge_conn_reset(loop->waits[port][wait].head);
		}
	}
	while (loop->ready != NULL) {
		loop->ready->in_ready = false;
		loop->ready = loop->ready->ready_next;
	}
	bury(loop);
	while (loop->mail_first != NULL) {
		struct edge_mail *mail = loop->mail_first;
		loop->mail_first = mail->next;
		free(mail->ids);
		free(mail); // a drop in it may be in other letters too: the process ends, it is left alone
	}
	free(loop->closed);
	sluss_frame_reader_free(&loop->reader);
	sluss_frame_writer_free(&loop->writer);
	close_fd(loop->epoll_fd);
	close_fd(loop->mail.fd);
	close_fd(loop->signals.fd);
}
