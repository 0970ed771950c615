// SPDX-License-Identifier: EUPL-1.2
// One request and its answer over a channel, waiting: for the administrator's command line and for tests. Not for event
// loops.
#ifndef SLUSS_IPC_CALL_H
#define SLUSS_IPC_CALL_H

#include "ipc/frame.h"

// Connects to a Unix stream socket at path. The descriptor (close-on-exec, blocking), or -1 with errno.
int sluss_ipc_connect(const char *path);

// Sends the request over fd (blocking or not) and waits for the CoreResponse with its request_id; other frames are
// skipped. Frames may have up to max_frame octets (0: the default). timeout_ms < 0 waits for ever; when the time is
// over: AGAIN. On OK *frame_out is the whole frame (body case RESPONSE), freed by the caller with sluss_ipc_frame_free;
// otherwise NULL and the channel must be closed.
enum sluss_ipc_status sluss_ipc_call(int fd, const Sluss__V1__CoreRequest *request, size_t max_frame, int timeout_ms,
    Sluss__V1__IpcFrame **frame_out) SLUSS_MUST_CHECK;

#endif
