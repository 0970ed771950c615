// SPDX-License-Identifier: EUPL-1.2
#include "wire.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

bool sluss_wire_open(struct sluss_wire *channel, int fd, size_t max_frame, bool accept_fds, int epoll_fd, uint64_t tag)
{
	*channel = (struct sluss_wire){.fd = fd};
	channel->reader = sluss_frame_reader_new(max_frame);
	channel->writer = sluss_frame_writer_new(max_frame, 0);
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
	int flags = fcntl(fd, F_GETFL);
	bool ok = channel->reader != NULL && channel->writer != NULL && flags >= 0 &&
		  fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
	if (!ok) {
		sluss_wire_close(channel);
		return false;
	}
	if (accept_fds)
		sluss_frame_reader_accept_fds(channel->reader);
	return true;
}

void sluss_wire_close(struct sluss_wire *channel)
{
	if (channel->fd >= 0)
		close(channel->fd); // leaves the epoll set with it: nobody else has this descriptor
	channel->fd = -1;
	sluss_frame_reader_free(&channel->reader);
	sluss_frame_writer_free(&channel->writer);
}

bool sluss_wire_push(struct sluss_wire *channel, const Sluss__V1__IpcFrame *frame)
{
	if (channel->fd < 0)
		return false;
	channel->dirty = true;
	return sluss_frame_writer_push(channel->writer, frame) == SLUSS_IPC_OK;
}

bool sluss_wire_flush(struct sluss_wire *channel, int epoll_fd, uint64_t tag)
{
	if (channel->fd < 0)
		return false;
	enum sluss_ipc_status status = sluss_frame_writer_flush(channel->writer, channel->fd);
	if (status != SLUSS_IPC_OK && status != SLUSS_IPC_AGAIN)
		return false;
	channel->dirty = false;
	bool wants_out = status == SLUSS_IPC_AGAIN;
	if (wants_out == channel->wants_out)
		return true;
	struct epoll_event event = {.events = wants_out ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.u64 = tag};
	channel->wants_out = wants_out;
	return epoll_ctl(epoll_fd, EPOLL_CTL_MOD, channel->fd, &event) == 0;
}
