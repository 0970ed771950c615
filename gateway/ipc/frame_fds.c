// SPDX-License-Identifier: EUPL-1.2
#include "ipc/frame_fds.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

// Room for one control message with all descriptors, aligned as the kernel wants it.
union control {
	char buf[CMSG_SPACE(SLUSS_FRAME_MAX_FDS * sizeof(int))];
	struct cmsghdr align;
};

void sluss_fd_queue_close(struct sluss_fd_queue *queue)
{
	for (size_t i = 0; i < queue->count; i++)
		close(queue->fd[i]);
	queue->count = 0;
}

size_t sluss_fd_queue_take(struct sluss_fd_queue *queue, int *fds_out, size_t cap)
{
	size_t n = queue->count < cap ? queue->count : cap;
	memcpy(fds_out, queue->fd, n * sizeof(int));
	queue->count -= n;
	memmove(queue->fd, queue->fd + n, queue->count * sizeof(int));
	return n;
}

// Moves the descriptors of one control message into the queue, or closes what has no room.
static bool keep(struct sluss_fd_queue *queue, const struct cmsghdr *c)
{
	bool fits = true;
	size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < count; i++) {
		int fd;
		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (queue->count < SLUSS_FRAME_MAX_FDS) {
			queue->fd[queue->count++] = fd;
		} else {
			close(fd);
			fits = false;
		}
	}
	return fits;
}

ssize_t sluss_fd_queue_recv(
    struct sluss_fd_queue *queue, int socket, void *buf, size_t cap, enum sluss_ipc_status *status_out)
{
	union control control;
	struct iovec iov = {.iov_base = buf, .iov_len = cap};
	struct msghdr msg = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof(control.buf)};
	ssize_t n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return n;
	bool fits = (msg.msg_flags & MSG_CTRUNC) == 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && !keep(queue, c))
			fits = false;
	*status_out = fits ? SLUSS_IPC_OK : SLUSS_IPC_MALFORMED;
	return n;
}

ssize_t sluss_fd_send(int socket, const void *buf, size_t len, const int *fds, size_t count)
{
	assert(count > 0 && count <= SLUSS_FRAME_MAX_FDS);
	union control control = {0};
	struct sluss_bytes octets = {.data = buf, .len = len};
	struct iovec iov = {.iov_len = len};
	memcpy(&iov.iov_base, &octets.data, sizeof(iov.iov_base)); // sendmsg does not write; iovec has no const
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	ssize_t n;
	do {
		n = sendmsg(socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n;
}
