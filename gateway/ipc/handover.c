// SPDX-License-Identifier: EUPL-1.2
#include "ipc/handover.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/frame_fds.h"

// The datagram: 8 octets connection id (big-endian), 1 port, 1 has_certificate, 32 fingerprint.
enum { HELLO_LEN = 8 + 1 + 1 + SLUSS_HASH_BYTES };

enum sluss_ipc_status sluss_handover_send(int handover_fd, const struct sluss_conn_hello *hello, int conn_fd)
{
	uint8_t octets[HELLO_LEN];
	for (int i = 0; i < 8; i++)
		octets[i] = (uint8_t)(hello->connection_id >> (56 - 8 * i));
	octets[8] = (uint8_t)hello->port_kind;
	octets[9] = hello->has_certificate;
	memcpy(octets + 10, hello->fingerprint, SLUSS_HASH_BYTES);
	ssize_t n = sluss_fd_send(handover_fd, octets, sizeof(octets), &conn_fd, 1);
	if (n == (ssize_t)sizeof(octets))
		return SLUSS_IPC_OK;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return SLUSS_IPC_AGAIN;
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN))
		return SLUSS_IPC_CLOSED;
	return SLUSS_IPC_BROKEN;
}

static bool decode(const uint8_t *octets, struct sluss_conn_hello *hello)
{
	*hello = (struct sluss_conn_hello){.port_kind = octets[8], .has_certificate = octets[9] == 1};
	for (int i = 0; i < 8; i++)
		hello->connection_id = hello->connection_id << 8 | octets[i];
	memcpy(hello->fingerprint, octets + 10, SLUSS_HASH_BYTES);
	if (hello->connection_id == 0 || octets[9] > 1)
		return false;
	if (hello->port_kind != SLUSS_PORT_AGENCY && hello->port_kind != SLUSS_PORT_PUBLIC)
		return false;
	static const uint8_t none[SLUSS_HASH_BYTES];
	bool empty = memcmp(hello->fingerprint, none, sizeof(none)) == 0;
	return hello->has_certificate != empty;
}

enum sluss_ipc_status sluss_handover_recv(int handover_fd, struct sluss_conn_hello *hello_out, int *conn_fd_out)
{
	uint8_t octets[HELLO_LEN + 1]; // one more, so that a longer datagram shows
	struct sluss_fd_queue fds = {0};
	enum sluss_ipc_status status = SLUSS_IPC_OK;
	ssize_t n;
	do {
		n = sluss_fd_queue_recv(&fds, handover_fd, octets, sizeof(octets), &status);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return SLUSS_IPC_AGAIN;
		return errno == ECONNRESET ? SLUSS_IPC_CLOSED : SLUSS_IPC_BROKEN;
	}
	if (n == 0 && fds.count == 0)
		return SLUSS_IPC_CLOSED;
	if (status != SLUSS_IPC_OK || n != HELLO_LEN || fds.count != 1 || !decode(octets, hello_out)) {
		sluss_fd_queue_close(&fds);
		return SLUSS_IPC_MALFORMED;
	}
	*conn_fd_out = fds.fd[0];
	return SLUSS_IPC_OK;
}
