// SPDX-License-Identifier: EUPL-1.2
// One framed channel of the intake: descriptor, reader, writer, and its place in the epoll set. Threads: the intake's.
#ifndef SLUSS_CORE_WIRE_H
#define SLUSS_CORE_WIRE_H

#include "ipc/frame.h"

struct sluss_wire {
	int fd; // -1: closed
	struct sluss_frame_reader *reader;
	struct sluss_frame_writer *writer;
	bool wants_out; // EPOLLOUT is asked for
	bool dirty;	// something was pushed since the last flush
};

// Takes the descriptor over, makes it non-blocking and adds it to the epoll set with `tag`. False: the descriptor is
// closed.
SLUSS_MUST_CHECK bool sluss_wire_open(
    struct sluss_wire *channel, int fd, size_t max_frame, bool accept_fds, int epoll_fd, uint64_t tag);
void sluss_wire_close(struct sluss_wire *channel);

// Puts a frame behind what waits. False: the channel is of no use any more.
SLUSS_MUST_CHECK bool sluss_wire_push(struct sluss_wire *channel, const Sluss__V1__IpcFrame *frame);
// Sends what waits. False: the channel is of no use any more.
SLUSS_MUST_CHECK bool sluss_wire_flush(struct sluss_wire *channel, int epoll_fd, uint64_t tag);

#endif
