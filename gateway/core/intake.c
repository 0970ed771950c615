// SPDX-License-Identifier: EUPL-1.2
#include "intake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "intake_impl.h"
#include "log_event.h"

enum {
	EVENTS = 64,
	FILLS = 16, // receives from one channel before the others get their turn
	WAIT_MS = 1000,
};

// ---- start and end

static bool watch(struct sluss_intake *in, int fd, enum tag tag)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)tag};
	return fd < 0 || epoll_ctl(in->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

struct sluss_intake *sluss_intake_new(
    const struct sluss_core_config *config, struct sluss_queue *queue, struct sluss_queue *to_writer)
{
	struct sluss_intake *in = calloc(1, sizeof(*in));
	if (in == NULL)
		return NULL;
	*in = (struct sluss_intake){.config = *config,
	    .queue = queue,
	    .to_writer = to_writer,
	    .generation = 1,
	    .admin_listen_fd = config->admin_listen_fd};
	in->control.fd = in->web.fd = in->edge.fd = in->courier.fd = in->idp.fd = -1;
	for (size_t i = 0; i < INTAKE_ADMINS; i++)
		in->admins[i].channel.fd = -1;
	in->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	bool ok = in->epoll_fd >= 0 && watch(in, queue->event_fd, TAG_QUEUE) &&
		  watch(in, in->admin_listen_fd, TAG_ADMIN_LISTEN) &&
		  (config->control_fd < 0 ||
		      sluss_wire_open(&in->control, config->control_fd, 0, true, in->epoll_fd, TAG_CONTROL)) &&
		  (config->web_fd < 0 ||
		      sluss_wire_open(&in->web, config->web_fd, config->max_frame, false, in->epoll_fd, TAG_WEB)) &&
		  (config->edge_fd < 0 ||
		      sluss_wire_open(&in->edge, config->edge_fd, config->max_frame, false, in->epoll_fd, TAG_EDGE));
	// The admin socket is shared with nobody, but a client may leave between poll and accept: never wait in accept.
	if (ok && in->admin_listen_fd >= 0)
		ok = fcntl(in->admin_listen_fd, F_SETFL, O_NONBLOCK) == 0;
	if (!ok)
		sluss_intake_free(&in);
	return in;
}

void sluss_intake_free(struct sluss_intake **intake)
{
	struct sluss_intake *in = *intake;
	if (in == NULL)
		return;
	sluss_wire_close(&in->control);
	sluss_wire_close(&in->web);
	sluss_wire_close(&in->edge);
	sluss_wire_close(&in->courier);
	sluss_wire_close(&in->idp);
	for (size_t i = 0; i < INTAKE_ADMINS; i++)
		sluss_wire_close(&in->admins[i].channel);
	if (in->admin_listen_fd >= 0)
		close(in->admin_listen_fd);
	if (in->epoll_fd >= 0)
		close(in->epoll_fd);
	free(in);
	*intake = NULL;
}

void intake_stop(struct sluss_intake *in)
{
	if (!in->stopping)
		sluss_queue_push(in->to_writer, &sluss_word_new(SLUSS_ITEM_STOP, 0)->item);
	in->stopping = true;
}

// ---- web and edge come and go

void intake_front_lost(struct sluss_intake *in)
{
	if (in->web.fd < 0 && in->edge.fd < 0)
		return;
	sluss_event(SLUSS_EVENT_WARNING, "front-lost", NULL);
	sluss_queue_push(in->to_writer, &sluss_word_new(SLUSS_ITEM_FRONT_LOST, 0)->item);
	sluss_wire_close(&in->web);
	sluss_wire_close(&in->edge);
	// The parent sees their end as well and brings new ones; without a parent nothing can come any more.
	if (in->control.fd < 0)
		intake_stop(in);
}

void intake_front_new(struct sluss_intake *in, int web_fd, int edge_fd)
{
	sluss_wire_close(&in->web);
	sluss_wire_close(&in->edge);
	in->generation++;
	// First the word, then the first frame of the new ones.
	struct sluss_word *word = sluss_word_new(SLUSS_ITEM_FRONT_NEW, 0);
	word->generation = in->generation;
	sluss_queue_push(in->to_writer, &word->item);
	bool web = sluss_wire_open(&in->web, web_fd, in->config.max_frame, false, in->epoll_fd, TAG_WEB);
	bool edge = sluss_wire_open(&in->edge, edge_fd, in->config.max_frame, false, in->epoll_fd, TAG_EDGE);
	if (!web || !edge)
		intake_front_lost(in);
}

void intake_courier_lost(struct sluss_intake *in, uint64_t tag)
{
	struct sluss_wire *wire = tag == TAG_IDP ? &in->idp : &in->courier;
	if (wire->fd < 0)
		return;
	sluss_event(SLUSS_EVENT_WARNING, tag == TAG_IDP ? "idp-lost" : "courier-lost", NULL);
	sluss_wire_close(wire);
	enum sluss_item_kind word = tag == TAG_IDP ? SLUSS_ITEM_IDP_LOST : SLUSS_ITEM_OUTSIDE_LOST;
	sluss_queue_push(in->to_writer, &sluss_word_new(word, 0)->item);
}

void intake_courier_new(struct sluss_intake *in, uint64_t tag, int fd)
{
	intake_courier_lost(in, tag);
	if (!sluss_wire_open(
		tag == TAG_IDP ? &in->idp : &in->courier, fd, in->config.max_frame, false, in->epoll_fd, tag))
		sluss_event(SLUSS_EVENT_WARNING, tag == TAG_IDP ? "idp-lost" : "courier-lost", NULL);
}

// ---- the admin socket

static void accept_admin(struct sluss_intake *in)
{
	int fd = accept4(in->admin_listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	bool allowed =
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && (peer.uid == 0 || peer.uid == getuid());
	size_t place = 0;
	while (place < INTAKE_ADMINS && in->admins[place].channel.fd >= 0)
		place++;
	if (!allowed || place == INTAKE_ADMINS) {
		sluss_event(SLUSS_EVENT_WARNING, "admin-refused", "uid=%lld full=%d",
		    allowed ? (long long)peer.uid : -1LL, place == INTAKE_ADMINS);
		close(fd);
		return;
	}
	if (sluss_wire_open(
		&in->admins[place].channel, fd, in->config.max_frame, false, in->epoll_fd, TAG_ADMIN + place))
		in->admins[place].id = ++in->last_admin;
}

// ---- reading

static bool handle(struct sluss_intake *in, uint64_t tag, struct sluss_bytes frame)
{
	if (tag == TAG_CONTROL)
		return intake_frame_control(in, frame);
	if (tag == TAG_EDGE)
		return intake_frame_edge(in, frame);
	if (tag == TAG_COURIER || tag == TAG_IDP)
		return intake_frame_courier(in, tag, frame);
	return intake_frame_request(in, frame, tag == TAG_WEB ? 0 : in->admins[tag - TAG_ADMIN].id);
}

// False: the channel has ended.
static bool read_channel(struct sluss_intake *in, struct sluss_wire *channel, uint64_t tag)
{
	for (int i = 0; i < FILLS; i++) {
		enum sluss_ipc_status status = sluss_frame_reader_fill(channel->reader, channel->fd);
		if (status == SLUSS_IPC_AGAIN)
			return true;
		if (status != SLUSS_IPC_OK)
			return false;
		bool more = sluss_frame_reader_was_full(channel->reader);
		struct sluss_bytes frame;
		while ((status = sluss_frame_reader_next(channel->reader, &frame)) == SLUSS_IPC_OK)
			if (!handle(in, tag, frame))
				return false;
		if (status != SLUSS_IPC_AGAIN)
			return false;
		if (!more)
			return true;
	}
	return true;
}

static struct sluss_wire *channel_of(struct sluss_intake *in, uint64_t tag)
{
	if (tag == TAG_CONTROL)
		return &in->control;
	if (tag == TAG_WEB)
		return &in->web;
	if (tag == TAG_EDGE)
		return &in->edge;
	if (tag == TAG_COURIER)
		return &in->courier;
	if (tag == TAG_IDP)
		return &in->idp;
	return &in->admins[tag - TAG_ADMIN].channel;
}

static void end_channel(struct sluss_intake *in, uint64_t tag)
{
	if (tag == TAG_WEB || tag == TAG_EDGE) {
		intake_front_lost(in);
		return;
	}
	if (tag == TAG_COURIER || tag == TAG_IDP) {
		intake_courier_lost(in, tag);
		return;
	}
	sluss_wire_close(channel_of(in, tag));
	if (tag == TAG_CONTROL)
		intake_stop(in); // the parent is gone
	else
		in->admins[tag - TAG_ADMIN].id = 0;
}

static void on_event(struct sluss_intake *in, uint64_t tag, uint32_t events)
{
	if (tag == TAG_QUEUE) {
		uint64_t count;
		ssize_t got = read(in->queue->event_fd, &count, sizeof(count));
		(void)got; // AGAIN: somebody else's round took it
		return;
	}
	if (tag == TAG_ADMIN_LISTEN) {
		accept_admin(in);
		return;
	}
	struct sluss_wire *channel = channel_of(in, tag);
	if (channel->fd < 0)
		return; // closed earlier in this round
	if ((events & EPOLLOUT) != 0)
		channel->dirty = true;
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !read_channel(in, channel, tag))
		end_channel(in, tag);
}

static void flush(struct sluss_intake *in, uint64_t tag)
{
	struct sluss_wire *channel = channel_of(in, tag);
	if (channel->fd >= 0 && channel->dirty && !sluss_wire_flush(channel, in->epoll_fd, tag))
		end_channel(in, tag);
}

bool sluss_intake_run(struct sluss_intake *in, struct sluss_workers *workers)
{
	in->workers = workers;
	while (!in->stopped) {
		struct epoll_event events[EVENTS];
		int count = epoll_wait(in->epoll_fd, events, EVENTS, WAIT_MS);
		if (count < 0 && errno != EINTR)
			return false;
		for (int i = 0; i < count; i++)
			on_event(in, events[i].data.u64, events[i].events);
		intake_hand_over(in);
		intake_answers(in);
		flush(in, TAG_CONTROL);
		flush(in, TAG_WEB);
		flush(in, TAG_EDGE);
		flush(in, TAG_COURIER);
		flush(in, TAG_IDP);
		for (size_t i = 0; i < INTAKE_ADMINS; i++)
			flush(in, TAG_ADMIN + i);
	}
	return !in->failed;
}
