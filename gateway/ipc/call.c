// SPDX-License-Identifier: EUPL-1.2
#include "ipc/call.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int sluss_ipc_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	if (len >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, len);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static int64_t monotonic_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// Waits for the descriptor; AGAIN when the time is over.
static enum sluss_ipc_status wait_for(int fd, short events, int64_t until_ms)
{
	for (;;) {
		int timeout = -1;
		if (until_ms >= 0) {
			int64_t left = until_ms - monotonic_ms();
			timeout = left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
		}
		struct pollfd p = {.fd = fd, .events = events};
		int n = poll(&p, 1, timeout);
		if (n > 0)
			return SLUSS_IPC_OK;
		if (n == 0 && until_ms >= 0 && monotonic_ms() >= until_ms)
			return SLUSS_IPC_AGAIN;
		if (n < 0 && errno != EINTR)
			return SLUSS_IPC_BROKEN;
	}
}

static enum sluss_ipc_status send_request(
    int fd, const Sluss__V1__CoreRequest *request, size_t max_frame, int64_t until_ms)
{
	struct sluss_frame_writer *writer = sluss_frame_writer_new(max_frame, 0);
	if (writer == NULL)
		return SLUSS_IPC_NO_MEMORY;
	Sluss__V1__CoreRequest copy = *request; // the frame wants a pointer to a non-const message
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_REQUEST;
	frame.request = &copy;
	enum sluss_ipc_status status = sluss_frame_writer_push(writer, &frame);
	if (status == SLUSS_IPC_OK) {
		do {
			status = wait_for(fd, POLLOUT, until_ms);
			if (status == SLUSS_IPC_AGAIN)
				break;
			if (status == SLUSS_IPC_OK)
				status = sluss_frame_writer_flush(writer, fd);
		} while (status == SLUSS_IPC_AGAIN);
	}
	sluss_frame_writer_free(&writer);
	return status;
}

// The answer among the frames that are complete, if it is there.
static enum sluss_ipc_status look(
    struct sluss_frame_reader *reader, uint64_t request_id, Sluss__V1__IpcFrame **frame_out)
{
	for (;;) {
		struct sluss_bytes octets;
		enum sluss_ipc_status status = sluss_frame_reader_next(reader, &octets);
		if (status != SLUSS_IPC_OK)
			return status;
		Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
		if (frame == NULL)
			return SLUSS_IPC_MALFORMED;
		if (frame->body_case == SLUSS__V1__IPC_FRAME__BODY_RESPONSE &&
		    frame->response->request_id == request_id) {
			*frame_out = frame;
			return SLUSS_IPC_OK;
		}
		sluss_ipc_frame_free(&frame);
	}
}

enum sluss_ipc_status sluss_ipc_call(
    int fd, const Sluss__V1__CoreRequest *request, size_t max_frame, int timeout_ms, Sluss__V1__IpcFrame **frame_out)
{
	*frame_out = NULL;
	int64_t until_ms = timeout_ms < 0 ? -1 : monotonic_ms() + timeout_ms;
	enum sluss_ipc_status status = send_request(fd, request, max_frame, until_ms);
	if (status != SLUSS_IPC_OK)
		return status;
	struct sluss_frame_reader *reader = sluss_frame_reader_new(max_frame);
	if (reader == NULL)
		return SLUSS_IPC_NO_MEMORY;
	do {
		status = wait_for(fd, POLLIN, until_ms);
		if (status != SLUSS_IPC_OK)
			break;
		status = sluss_frame_reader_fill(reader, fd);
		if (status == SLUSS_IPC_OK)
			status = look(reader, request->request_id, frame_out);
	} while (status == SLUSS_IPC_AGAIN);
	sluss_frame_reader_free(&reader);
	return status;
}
