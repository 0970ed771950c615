// SPDX-License-Identifier: EUPL-1.2
// The role's loop: one epoll set over the hand-over socket, the channel to core, libmicrohttpd's own epoll descriptor,
// and (for their peer's end only) all connections. A turn takes all events first and runs libmicrohttpd once, so that
// answers that came together are written together.
#include "web/web.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "web/web_int.h"

enum {
	EVENTS_AT_ONCE = 256,
	FAREWELL_TURNS = 50, // of at most 20 ms each: answers that are on their way when the role ends
};

void web_log(const struct web *web, const char *format, ...)
{
	if (web->config->log == NULL)
		return;
	char line[256];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	web->config->log(web->config->arg, line);
}

static void fill(uint32_t *value, uint32_t fallback, uint32_t max)
{
	if (*value == 0)
		*value = fallback;
	if (*value > max)
		*value = max;
}

static void fill_limits(struct sluss_web_limits *l)
{
	const uint32_t day_ms = 24 * 3600 * 1000;
	fill(&l->max_connections, 12000, 1000000);
	fill(&l->max_requests, 4096, 1 << 20);
	fill(&l->max_body, 1 << 20, 64 << 20);
	fill(&l->max_body_total, 64 << 20, 1 << 30);
	fill(&l->max_frame, SLUSS_FRAME_DEFAULT_MAX, 256 << 20);
	fill(&l->connection_memory, 16 << 10, 1 << 20);
	// What one request may have must fit into what all may have, and into a frame with its head.
	if (l->max_body_total < 8 * l->max_body)
		l->max_body_total = 8 * l->max_body;
	if (l->max_frame < l->max_body + (64 << 10))
		l->max_frame = l->max_body + (64 << 10);
	fill(&l->header_ms, 10000, day_ms);
	fill(&l->body_ms, 30000, day_ms);
	fill(&l->core_ms, 30000, day_ms);
	fill(&l->long_poll_ms, 60000, day_ms);
	fill(&l->write_ms, 30000, day_ms);
	fill(&l->idle_ms, 75000, day_ms);
	fill(&l->compress_from, 1024, UINT32_MAX);
}

static void read_clock(struct web *web)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	web->now_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool start_daemon(struct web *web)
{
	const struct sluss_web_limits *l = &web->limits;
	// libmicrohttpd's own time-out is the net below ours: a connection that does nothing at all for longer than any
	// phase may last.
	uint32_t longest_ms = l->idle_ms > l->write_ms ? l->idle_ms : l->write_ms;
	web->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
	    NULL, web_http_handle, web, MHD_OPTION_NOTIFY_CONNECTION, web_conn_notify, web, MHD_OPTION_NOTIFY_COMPLETED,
	    web_http_completed, web, MHD_OPTION_UNESCAPE_CALLBACK, web_http_unescape, web, MHD_OPTION_URI_LOG_CALLBACK,
	    web_http_uri, web, MHD_OPTION_CONNECTION_LIMIT, (unsigned)l->max_connections + 1,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)l->connection_memory, MHD_OPTION_CONNECTION_TIMEOUT,
	    longest_ms / 1000 + 5, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (web->daemon == NULL)
		return false;
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL || info->epoll_fd < 0)
		return false;
	web->mhd_fd = info->epoll_fd;
	return true;
}

static bool listen_to(struct web *web, int *fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = fd};
	return *fd < 0 || epoll_ctl(web->epoll_fd, EPOLL_CTL_ADD, *fd, &event) == 0;
}

static bool open_all(struct web *web, int *stop_fd)
{
	web->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (web->epoll_fd < 0 || !web_core_open(web) || !start_daemon(web))
		return false;
	return listen_to(web, &web->handover_fd) && listen_to(web, &web->core_fd) && listen_to(web, &web->mhd_fd) &&
	       listen_to(web, stop_fd);
}

// One event. Connections are freed only while libmicrohttpd runs, so that those of one batch stay valid.
static void on_event(struct web *web, const struct epoll_event *event, const int *stop_fd)
{
	void *source = event->data.ptr;
	if (source == &web->core_fd) {
		if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			web_core_readable(web);
	} else if (source == &web->mhd_fd) {
		web->mhd_has_work = true;
	} else if (source == &web->handover_fd) {
		if (!web_conn_accept(web))
			web->stopping = true;
	} else if (source == stop_fd) {
		web->stopping = true;
	} else {
		web_conn_peer_gone(source);
	}
}

static void run_http(struct web *web)
{
	MHD_run(web->daemon);
	MHD_UNSIGNED_LONG_LONG timeout_ms;
	web->mhd_has_work = MHD_get_timeout(web->daemon, &timeout_ms) == MHD_YES && timeout_ms == 0;
}

// One turn. False: the loop cannot go on.
static bool turn(struct web *web, const int *stop_fd, int longest_ms)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int timeout = web->mhd_has_work ? 0 : web_timer_wait(web);
	if (longest_ms >= 0 && (timeout < 0 || timeout > longest_ms))
		timeout = longest_ms;
	int count = epoll_wait(web->epoll_fd, events, EVENTS_AT_ONCE, timeout);
	if (count < 0 && errno != EINTR) {
		web_log(web, "web_epoll_failed errno=%d", errno);
		return false;
	}
	read_clock(web);
	for (int i = 0; i < count; i++)
		on_event(web, &events[i], stop_fd);
	struct web_conn *due;
	while ((due = web_timer_due(web)) != NULL)
		web_conn_expire(due);
	// Also when nothing is known to be there: its own time-outs are looked at in its run, at least once a second.
	if (web->mhd_has_work || count == 0)
		run_http(web);
	web_core_flush(web);
	return true;
}

// Whoever waits is told, and what is on its way gets a moment.
static void farewell(struct web *web, const int *stop_fd)
{
	epoll_ctl(web->epoll_fd, EPOLL_CTL_DEL, web->handover_fd, NULL);
	if (*stop_fd >= 0)
		epoll_ctl(web->epoll_fd, EPOLL_CTL_DEL, *stop_fd, NULL);
	web_core_fail_all(web);
	for (int i = 0; i < FAREWELL_TURNS && web->answering != NULL; i++)
		if (!turn(web, stop_fd, 20))
			return;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int sluss_web_main(const struct sluss_web_config *config)
{
	struct web web = {.config = config,
	    .limits = config->limits,
	    .epoll_fd = -1,
	    .handover_fd = config->handover_fd,
	    .core_fd = config->core_fd,
	    .mhd_fd = -1};
	int stop_fd = config->stop_fd, result = 1;
	fill_limits(&web.limits);
	read_clock(&web);
	if (!open_all(&web, &stop_fd))
		web_log(&web, "web_start_failed errno=%d", errno);
	else if (config->on_ready != NULL && config->on_ready(config->arg) != 0)
		web_log(&web, "web_not_ready");
	else
		result = 0;
	while (result == 0 && !web.stopping)
		if (!turn(&web, &stop_fd, -1))
			result = 1;
	if (web.daemon != NULL) {
		if (result == 0)
			farewell(&web, &stop_fd);
		MHD_stop_daemon(web.daemon);
	}
	web_core_close(&web);
	close_fd(&web.handover_fd);
	close_fd(&stop_fd);
	close_fd(&web.epoll_fd);
	free(web.timers);
	return result;
}
