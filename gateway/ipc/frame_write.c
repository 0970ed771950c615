// SPDX-License-Identifier: EUPL-1.2
// The writing half of a channel: frames are packed one behind the other into one buffer, so that all of a loop's turn
// leave in one send. Invariant: octets [start, end) of buf are whole frames, but for the front, whose beginning may
// have been sent.
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "ipc/frame.h"
#include "ipc/frame_fds.h"

enum {
	DEFAULT_QUEUED = 64 << 20,
	START_SIZE = 16 << 10,
	KEEP_SIZE = 1 << 20, // an empty buffer larger than this is given back
};

struct sluss_frame_writer {
	uint8_t *buf;
	size_t cap;
	size_t start;
	size_t end;
	size_t max_frame;
	size_t max_queued;
};

struct sluss_frame_writer *sluss_frame_writer_new(size_t max_frame, size_t max_queued)
{
	struct sluss_frame_writer *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->max_frame = max_frame == 0 ? SLUSS_FRAME_DEFAULT_MAX : max_frame;
	w->max_queued = max_queued == 0 ? DEFAULT_QUEUED : max_queued;
	return w;
}

void sluss_frame_writer_free(struct sluss_frame_writer **writer)
{
	if (*writer == NULL)
		return;
	free((*writer)->buf);
	free(*writer);
	*writer = NULL;
}

size_t sluss_frame_writer_waiting(const struct sluss_frame_writer *w)
{
	return w->end - w->start;
}

static bool make_room(struct sluss_frame_writer *w, size_t more)
{
	if (w->cap - w->end >= more)
		return true;
	size_t left = w->end - w->start;
	if (w->cap - left >= more && w->start >= left) { // moving costs less than what was sent
		if (left > 0)
			memcpy(w->buf, w->buf + w->start, left);
	} else {
		size_t cap = w->cap == 0 ? START_SIZE : w->cap;
		while (cap < left + more)
			cap *= 2;
		uint8_t *bigger = malloc(cap);
		if (bigger == NULL)
			return false;
		if (left > 0)
			memcpy(bigger, w->buf + w->start, left);
		free(w->buf);
		w->buf = bigger;
		w->cap = cap;
	}
	w->start = 0;
	w->end = left;
	return true;
}

enum sluss_ipc_status sluss_frame_writer_push(struct sluss_frame_writer *w, const Sluss__V1__IpcFrame *frame)
{
	size_t len = protobuf_c_message_get_packed_size(&frame->base);
	size_t whole = SLUSS_FRAME_PREFIX + len;
	if (len > w->max_frame || len > UINT32_MAX || whole > w->max_queued - (w->end - w->start))
		return SLUSS_IPC_TOO_LARGE;
	if (!make_room(w, whole))
		return SLUSS_IPC_NO_MEMORY;
	uint8_t *p = w->buf + w->end;
	p[0] = (uint8_t)(len >> 24);
	p[1] = (uint8_t)(len >> 16);
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	protobuf_c_message_pack(&frame->base, p + SLUSS_FRAME_PREFIX);
	w->end += whole;
	return SLUSS_IPC_OK;
}

static void sent(struct sluss_frame_writer *w, size_t n)
{
	w->start += n;
	if (w->start < w->end)
		return;
	w->start = w->end = 0;
	if (w->cap > KEEP_SIZE) {
		free(w->buf);
		w->buf = NULL;
		w->cap = 0;
	}
}

static enum sluss_ipc_status send_error(void)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return SLUSS_IPC_AGAIN;
	return errno == EPIPE || errno == ECONNRESET ? SLUSS_IPC_CLOSED : SLUSS_IPC_BROKEN;
}

enum sluss_ipc_status sluss_frame_writer_flush(struct sluss_frame_writer *w, int fd)
{
	while (w->start < w->end) {
		ssize_t n = send(fd, w->buf + w->start, w->end - w->start, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return send_error();
		}
		sent(w, (size_t)n);
	}
	return SLUSS_IPC_OK;
}

enum sluss_ipc_status sluss_frame_writer_send_fds(
    struct sluss_frame_writer *w, int fd, const Sluss__V1__IpcFrame *frame, const int *fds, size_t count)
{
	if (w->start < w->end)
		return SLUSS_IPC_AGAIN;
	enum sluss_ipc_status status = sluss_frame_writer_push(w, frame);
	if (status != SLUSS_IPC_OK)
		return status;
	ssize_t n = sluss_fd_send(fd, w->buf + w->start, w->end - w->start, fds, count);
	if (n < 0) {
		status = send_error();
		w->start = w->end = 0; // nothing of it left: the caller may try again
		return status;
	}
	sent(w, (size_t)n);
	return SLUSS_IPC_OK;
}

Sluss__V1__IpcFrame *sluss_ipc_frame_unpack(struct sluss_bytes octets)
{
	Sluss__V1__IpcFrame *frame = sluss__v1__ipc_frame__unpack(NULL, octets.len, octets.data);
	if (frame != NULL && frame->body_case == SLUSS__V1__IPC_FRAME__BODY__NOT_SET)
		sluss_ipc_frame_free(&frame);
	return frame;
}

void sluss_ipc_frame_free(Sluss__V1__IpcFrame **frame)
{
	if (*frame != NULL)
		sluss__v1__ipc_frame__free_unpacked(*frame, NULL);
	*frame = NULL;
}
