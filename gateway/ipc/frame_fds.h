// SPDX-License-Identifier: EUPL-1.2
// Descriptors in transit (SCM_RIGHTS, unix(7)); internal to gateway/ipc.
#ifndef SLUSS_IPC_FRAME_FDS_H
#define SLUSS_IPC_FRAME_FDS_H

#include <sys/types.h>

#include "ipc/frame.h"

// Descriptors that came and were not taken yet; the queue owns them.
struct sluss_fd_queue {
	int fd[SLUSS_FRAME_MAX_FDS];
	size_t count;
};

void sluss_fd_queue_close(struct sluss_fd_queue *queue);
size_t sluss_fd_queue_take(struct sluss_fd_queue *queue, int *fds_out, size_t cap);

// recvmsg into buf; descriptors that come along are queued, close-on-exec. Returns as recv does. *status_out becomes
// MALFORMED when more came than there is room for (all of this message are closed then).
ssize_t sluss_fd_queue_recv(
    struct sluss_fd_queue *queue, int socket, void *buf, size_t cap, enum sluss_ipc_status *status_out);

// sendmsg of buf with count descriptors (1..SLUSS_FRAME_MAX_FDS). Returns as send does.
ssize_t sluss_fd_send(int socket, const void *buf, size_t len, const int *fds, size_t count);

#endif
