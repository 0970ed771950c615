// SPDX-License-Identifier: EUPL-1.2
// What a call on a channel between the gateway's own processes can answer.
#ifndef SLUSS_IPC_STATUS_H
#define SLUSS_IPC_STATUS_H

enum sluss_ipc_status {
	SLUSS_IPC_OK = 0,
	SLUSS_IPC_AGAIN,     // nothing (more) to be had now; wait for the descriptor
	SLUSS_IPC_CLOSED,    // the other side closed the channel in order
	SLUSS_IPC_TOO_LARGE, // a frame, or what waits to be written, would exceed its limit; the channel is of no use
			     // any more
	SLUSS_IPC_MALFORMED, // octets that no honest peer sends; the channel is of no use any more
	SLUSS_IPC_NO_MEMORY, // nothing was changed
	SLUSS_IPC_BROKEN,    // the system call failed; errno says why
};

// A short English word for event logs, for instance "too_large". Never NULL.
const char *sluss_ipc_status_name(enum sluss_ipc_status status);

#endif
