// SPDX-License-Identifier: EUPL-1.2
// The reading half of a channel.
// Invariant: octets [start, end) of buf are received and not yet given out; a frame given out lies before start and
// stays untouched until the next fill or feed moves or frees the buffer.
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/frame.h"
#include "ipc/frame_fds.h"

enum {
	START_SIZE = 64 << 10, // room for what one receive usually brings
	SHRINK_FROM = 4 * START_SIZE,
};

struct sluss_frame_reader {
	uint8_t *buf;
	size_t cap;
	size_t start;
	size_t end;
	size_t max_frame;
	bool was_full;
	bool takes_fds;
	struct sluss_fd_queue fds;
};

struct sluss_frame_reader *sluss_frame_reader_new(size_t max_frame)
{
	struct sluss_frame_reader *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->buf = malloc(START_SIZE);
	if (r->buf == NULL) {
		free(r);
		return NULL;
	}
	r->cap = START_SIZE;
	r->max_frame = max_frame == 0 ? SLUSS_FRAME_DEFAULT_MAX : max_frame;
	return r;
}

void sluss_frame_reader_free(struct sluss_frame_reader **reader)
{
	struct sluss_frame_reader *r = *reader;
	if (r == NULL)
		return;
	sluss_fd_queue_close(&r->fds);
	free(r->buf);
	free(r);
	*reader = NULL;
}

void sluss_frame_reader_accept_fds(struct sluss_frame_reader *r)
{
	r->takes_fds = true;
}

static uint32_t announced(const struct sluss_frame_reader *r)
{
	const uint8_t *p = r->buf + r->start;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// Room that the frame at the front needs in all, or the start size; never more than the limit allows.
static size_t wanted(const struct sluss_frame_reader *r)
{
	size_t need = START_SIZE;
	if (r->end - r->start >= SLUSS_FRAME_PREFIX) {
		size_t frame = SLUSS_FRAME_PREFIX + (size_t)announced(r);
		if (frame > need && frame <= SLUSS_FRAME_PREFIX + r->max_frame)
			need = frame;
	}
	return need;
}

// Moves what is left to the front and makes room for at least one octet more and for the whole frame that has begun.
static bool make_room(struct sluss_frame_reader *r, size_t more)
{
	size_t left = r->end - r->start;
	size_t need = wanted(r);
	if (need < left + more)
		need = left + more;
	bool shrink = r->cap > SHRINK_FROM && need <= START_SIZE;
	if (!shrink && r->cap - r->end >= more && r->cap - r->start >= need)
		return true;
	if (need > r->cap || shrink) {
		uint8_t *bigger = malloc(need);
		if (bigger == NULL)
			return false;
		if (left > 0)
			memcpy(bigger, r->buf + r->start, left);
		free(r->buf);
		r->buf = bigger;
		r->cap = need;
	} else if (left > 0) {
		memmove(r->buf, r->buf + r->start, left);
	}
	r->start = 0;
	r->end = left;
	return true;
}

enum sluss_ipc_status sluss_frame_reader_fill(struct sluss_frame_reader *r, int fd)
{
	if (!make_room(r, 1))
		return SLUSS_IPC_NO_MEMORY;
	size_t room = r->cap - r->end;
	ssize_t n;
	enum sluss_ipc_status status = SLUSS_IPC_OK;
	do {
		n = r->takes_fds ? sluss_fd_queue_recv(&r->fds, fd, r->buf + r->end, room, &status)
				 : recv(fd, r->buf + r->end, room, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	r->was_full = false;
	if (n < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return SLUSS_IPC_AGAIN;
		return errno == ECONNRESET ? SLUSS_IPC_CLOSED : SLUSS_IPC_BROKEN;
	}
	if (n == 0)
		return SLUSS_IPC_CLOSED;
	r->end += (size_t)n;
	r->was_full = (size_t)n == room;
	return status;
}

bool sluss_frame_reader_was_full(const struct sluss_frame_reader *r)
{
	return r->was_full;
}

enum sluss_ipc_status sluss_frame_reader_feed(struct sluss_frame_reader *r, const void *data, size_t len)
{
	if (len == 0)
		return SLUSS_IPC_OK;
	if (len > SIZE_MAX / 4 || !make_room(r, len))
		return SLUSS_IPC_NO_MEMORY;
	memcpy(r->buf + r->end, data, len);
	r->end += len;
	return SLUSS_IPC_OK;
}

enum sluss_ipc_status sluss_frame_reader_next(struct sluss_frame_reader *r, struct sluss_bytes *frame_out)
{
	size_t left = r->end - r->start;
	if (left < SLUSS_FRAME_PREFIX)
		return SLUSS_IPC_AGAIN;
	size_t len = announced(r);
	if (len > r->max_frame)
		return SLUSS_IPC_TOO_LARGE;
	if (left - SLUSS_FRAME_PREFIX < len)
		return SLUSS_IPC_AGAIN;
	frame_out->data = r->buf + r->start + SLUSS_FRAME_PREFIX;
	frame_out->len = len;
	r->start += SLUSS_FRAME_PREFIX + len;
	return SLUSS_IPC_OK;
}

size_t sluss_frame_reader_take_fds(struct sluss_frame_reader *r, int *fds_out, size_t cap)
{
	return sluss_fd_queue_take(&r->fds, fds_out, cap);
}
